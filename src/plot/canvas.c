/* Measures of texts, so that labels can be placed before anything is drawn: Helvetica's widths in thousandths of its
 * size, from Adobe's font metrics. And what every format shares. */
#include "plot/canvas.h"

TL_PRIV uint32_t tl__text_next(const char **text)
{
    const unsigned char *p = (const unsigned char *)*text;
    int more = *p < 0x80 ? 0 : *p >= 0xf0 ? 3 : *p >= 0xe0 ? 2 : *p >= 0xc2 ? 1 : -1;
    uint32_t code = more <= 0 ? *p : *p & (0x3fu >> more);
    if (*p == 0) return 0;
    p++;
    for (int i = 0; i < more; i++, p++) {
        if ((*p & 0xc0) != 0x80) more = -1;
        else code = code << 6 | (*p & 0x3f);
        if (more < 0) break;
    }
    *text = (const char *)p;
    return more < 0 || code > 0x10ffff ? 0xfffd : code;
}

/* Of a character in thousandths: those of ASCII from the table, letters with accents as wide as most. */
static int canvas_width_of(uint32_t code)
{
    static const uint16_t widths[] = {    /* from the blank to the tilde */
        278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556,
        556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778,
        722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278,
        278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556,
        556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
    };
    static const struct { uint16_t code, width; } others[] = {
        {0xa0, 278}, {0xb0, 400}, {0xb1, 584}, {0xb2, 333}, {0xb3, 333}, {0xb5, 556}, {0xb7, 278}, {0xd7, 584},
        {0xf7, 584}, {0x3bc, 556}, {0x2013, 556}, {0x2014, 1000}, {0x2018, 222}, {0x2019, 222}, {0x201c, 333},
        {0x201d, 333}, {0x2022, 350}, {0x2026, 1000}, {0x2192, 1000}, {0x2212, 584}, {0x2264, 549}, {0x2265, 549},
    };
    if (code >= ' ' && code <= '~') return widths[code - ' '];
    if (code >= 0xcc && code <= 0xcf) return 278;
    if (code >= 0xec && code <= 0xef) return 278;
    if (code >= 0xc0 && code <= 0xde && code != 0xd7) return code >= 0xd2 && code <= 0xd8 ? 778 : 722;
    for (size_t i = 0; i < TL_COUNT(others); i++)
        if (others[i].code == code) return others[i].width;
    return 556;
}

TL_PRIV double tl__text_width(const char *text, double size, bool bold)
{
    int64_t total = 0;
    for (uint32_t code; (code = tl__text_next(&text)) != 0;) total += canvas_width_of(code);
    return (double)total * size / 1000.0 * (bold ? 1.06 : 1.0);
}

TL_PRIV void tl__text_fit(char *out, size_t size, const char *text, double points, bool bold, double width)
{
    static const char ellipsis[] = "\xe2\x80\xa6";
    const char *at = text, *cut = text;
    double factor = points / 1000.0 * (bold ? 1.06 : 1.0), used = 0, room = width - 1000.0 * factor;
    if (size == 0) return;
    while (used <= width && (size_t)(at - text) < size) {
        const char *before = at;
        uint32_t code = tl__text_next(&at);
        if (code == 0) {
            memcpy(out, text, (size_t)(before - text) + 1);
            return;
        }
        if (used <= room && (size_t)(before - text) + sizeof ellipsis <= size) cut = before;
        used += canvas_width_of(code) * factor;
    }
    while (cut > text && cut[-1] == ' ') cut--;
    size_t kept = (size_t)(cut - text);
    memcpy(out, text, kept);
    if (kept + sizeof ellipsis <= size) memcpy(out + kept, ellipsis, sizeof ellipsis);
    else out[kept] = '\0';
}

TL_PRIV const tl__canvas_format *tl__canvas_find(const char *name)
{
    const tl__canvas_format *all[] = {tl__canvas_svg(), tl__canvas_png(), tl__canvas_pdf()};
    for (size_t i = 0; i < TL_COUNT(all); i++)
        if (strcmp(all[i]->name, name) == 0) return all[i];
    return NULL;
}

TL_PRIV void tl__draw_line(tl__canvas *canvas, double x0, double y0, double x1, double y1, int ink, double width)
{
    const tl__point points[] = {{x0, y0}, {x1, y1}};
    const tl__stroke stroke = {.ink = ink, .width = width};
    canvas->format->line(canvas, points, 2, &stroke);
}

TL_PRIV void tl__draw_box(tl__canvas *canvas, tl__box box, int ink, double opacity)
{
    double right = box.x + box.width, below = box.y + box.height;
    const tl__point points[] = {{box.x, box.y}, {right, box.y}, {right, below}, {box.x, below}};
    canvas->format->area(canvas, points, 4, ink, opacity);
}

TL_PRIV void tl__draw_text(tl__canvas *canvas, double x, double y, double size, int ink, tl__anchor anchor,
                           const char *text)
{
    const tl__text_style style = {.size = size, .ink = ink, .anchor = anchor};
    canvas->format->text(canvas, (tl__point){x, y}, &style, text);
}
