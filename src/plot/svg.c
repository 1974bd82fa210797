/* The canvas as SVG 1.1. Inks are written as the light colours, for every reader of SVG, and as classes, for the style
 * sheet of dark pages, which holds the inks that were used. */
#include "plot/canvas.h"

typedef struct svg_own {
    bool used[TL__INKS][2];      /* for strokes and for fills */
} svg_own;

static void svg_put_text(tl__buffer *out, const char *text)
{
    while (*text) {
        const char *from = text;
        uint32_t code = tl__text_next(&text);
        const char *name = code == '&' ? "&amp;" : code == '<' ? "&lt;" : code == '>' ? "&gt;" : NULL;
        if (name) tl__buffer_text(out, name);
        else if (code == 0xfffd) tl__buffer_text(out, "\xef\xbf\xbd");
        else if (code >= ' ' && code != 0x7f && (code < 0xfffe || code > 0xffff) && (code < 0x80 || code > 0x9f))
            tl__buffer_add(out, from, (size_t)(text - from));
    }
}

static void svg_ink(tl__canvas *canvas, const char *property, int ink)
{
    svg_own *own = canvas->own;
    if (ink < 0 || ink >= TL__INKS) ink = TL__INK_TEXT;
    if (own) own->used[ink][property[0] == 'f'] = true;
    if (canvas->part) tl__buffer_format(canvas->out, " class=\"%c%d\"", property[0], ink);
    else tl__buffer_format(canvas->out, " %s=\"#%06x\" class=\"%c%d\"", property, tl__ink_colour(ink, false),
                           property[0], ink);
}

static void svg_begin(tl__canvas *canvas)
{
    tl__buffer *out = canvas->out;
    if (!canvas->part) {
        canvas->own = tl__alloc_zero(out->heap, 1, sizeof(svg_own));
        if (!canvas->own) out->failed = true;
    }
    tl__buffer_format(out, "<svg%s width=\"%.0f\" height=\"%.0f\" viewBox=\"0 0 %.0f %.0f\" role=\"img\" "
                      "font-family=\"Helvetica,Arial,sans-serif\">\n",
                      canvas->part ? "" : " xmlns=\"http://www.w3.org/2000/svg\"", canvas->width, canvas->height,
                      canvas->width, canvas->height);
    tl__buffer_text(out, "<title>");
    svg_put_text(out, canvas->title ? canvas->title : "");
    tl__buffer_text(out, "</title>\n");
    if (canvas->description) {
        tl__buffer_text(out, "<desc>");
        svg_put_text(out, canvas->description);
        tl__buffer_text(out, "</desc>\n");
    }
    tl__buffer_text(out, "<rect width=\"100%\" height=\"100%\"");
    svg_ink(canvas, "fill", TL__INK_PAPER);
    tl__buffer_text(out, "/>\n");
}

/* To a tenth of a point. */
static void svg_points(tl__buffer *out, const tl__point *points, size_t count)
{
    tl__buffer_text(out, " d=\"M");
    for (size_t i = 0; i < count; i++) tl__buffer_format(out, "%s%.1f %.1f", i ? "L" : "", points[i].x, points[i].y);
}

static void svg_line(tl__canvas *canvas, const tl__point *points, size_t count, const tl__stroke *stroke)
{
    tl__buffer *out = canvas->out;
    tl__buffer_text(out, "<path fill=\"none\"");
    svg_ink(canvas, "stroke", stroke->ink);
    tl__buffer_format(out, " stroke-width=\"%.2g\" stroke-linejoin=\"round\"%s", stroke->width,
                      stroke->dashed ? " stroke-dasharray=\"5 3\"" : "");
    if (stroke->opacity > 0 && stroke->opacity < 1) tl__buffer_format(out, " opacity=\"%.2g\"", stroke->opacity);
    svg_points(out, points, count);
    tl__buffer_text(out, "\"/>\n");
}

static void svg_area(tl__canvas *canvas, const tl__point *points, size_t count, int ink, double opacity)
{
    tl__buffer *out = canvas->out;
    tl__buffer_text(out, "<path");
    if (opacity < 1) tl__buffer_format(out, " fill-opacity=\"%.2g\"", opacity);
    svg_ink(canvas, "fill", ink);
    svg_points(out, points, count);
    tl__buffer_text(out, "Z\"/>\n");
}

static void svg_dot(tl__canvas *canvas, tl__point at, double radius, int ink, double opacity)
{
    tl__buffer_format(canvas->out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%.2g\"", at.x, at.y, radius);
    if (opacity < 1) tl__buffer_format(canvas->out, " fill-opacity=\"%.2g\"", opacity);
    svg_ink(canvas, "fill", ink);
    tl__buffer_text(canvas->out, "/>\n");
}

static void svg_text(tl__canvas *canvas, tl__point at, const tl__text_style *style, const char *text)
{
    static const char *const anchors[] = {"start", "middle", "end"};
    tl__buffer *out = canvas->out;
    tl__buffer_format(out, "<text x=\"%.1f\" y=\"%.1f\" font-size=\"%.3g\"", at.x, at.y, style->size);
    svg_ink(canvas, "fill", style->ink);
    if (style->anchor) tl__buffer_format(out, " text-anchor=\"%s\"", anchors[style->anchor]);
    if (style->bold) tl__buffer_text(out, " font-weight=\"bold\"");
    if (style->upwards) tl__buffer_format(out, " transform=\"rotate(-90 %.1f %.1f)\"", at.x, at.y);
    tl__buffer_text(out, ">");
    svg_put_text(out, text);
    tl__buffer_text(out, "</text>\n");
}

static void svg_rule(tl__buffer *out, int ink, bool fill, bool dark)
{
    tl__buffer_format(out, ".%c%d{%s:#%06x}", fill ? 'f' : 's', ink, fill ? "fill" : "stroke",
                      tl__ink_colour(ink, dark));
}

static void svg_end(tl__canvas *canvas)
{
    svg_own *own = canvas->own;
    if (own) {
        tl__buffer_text(canvas->out, "<style>@media(prefers-color-scheme:dark){");
        for (int ink = 0; ink < TL__INKS; ink++)
            for (int fill = 0; fill < 2; fill++)
                if (own->used[ink][fill]) svg_rule(canvas->out, ink, fill == 1, true);
        tl__buffer_text(canvas->out, "}</style>\n");
    }
    tl__buffer_text(canvas->out, "</svg>\n");
    tl__free(canvas->out->heap, own, sizeof *own);
    canvas->own = NULL;
}

TL_PRIV void tl__svg_style(tl__buffer *out)
{
    for (int dark = 0; dark < 2; dark++) {
        if (dark) tl__buffer_text(out, "@media screen and (prefers-color-scheme:dark){\n");
        for (int ink = 0; ink < TL__INKS; ink++)
            for (int fill = 0; fill < 2; fill++) svg_rule(out, ink, fill == 1, dark);
        tl__buffer_text(out, dark ? "}\n" : "\n");
    }
}

TL_PRIV const tl__canvas_format *tl__canvas_svg(void)
{
    static const tl__canvas_format format = {"svg", svg_begin, NULL, svg_line, svg_area, svg_dot, svg_text, svg_end};
    return &format;
}
