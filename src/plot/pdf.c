/* The canvas as PDF 1.4 (ISO 32000-1): vectors, the standard fonts Helvetica and Helvetica-Bold in WinAnsi's letters,
 * one compressed stream a page. Nothing in it tells a time, so equal drawings are equal files.
 *
 * Objects 1 to 5 are the catalog, the tree of pages, the two fonts and the document's words; then come two a page, the
 * page and its stream; the last is the table of opacities that were used. */
#include "base/deflate.h"
#include "plot/canvas.h"

enum { PDF_CATALOG = 1, PDF_PAGES, PDF_FONT, PDF_BOLD, PDF_INFO, PDF_FIRST_PAGE, PDF_PAGES_MOST = 1000,
       PDF_OPACITIES = 101 };

typedef struct pdf_own {
    tl__buffer page;             /* what is drawn on the page at work */
    size_t start;                /* of the file in out */
    size_t pages;
    size_t offsets[PDF_FIRST_PAGE + 2 * PDF_PAGES_MOST + 1];
    double widths[PDF_PAGES_MOST], heights[PDF_PAGES_MOST];
    bool opacity[PDF_OPACITIES]; /* in hundredths */
} pdf_own;

/* WinAnsi's letter of a character; '?' for what it does not have. */
static unsigned char pdf_letter(uint32_t code)
{
    static const struct { uint16_t code; unsigned char letter; } others[] = {
        {0x20ac, 128}, {0x201a, 130}, {0x192, 131}, {0x201e, 132}, {0x2026, 133}, {0x2020, 134}, {0x2021, 135},
        {0x2c6, 136}, {0x2030, 137}, {0x160, 138}, {0x2039, 139}, {0x152, 140}, {0x17d, 142}, {0x2018, 145},
        {0x2019, 146}, {0x201c, 147}, {0x201d, 148}, {0x2022, 149}, {0x2013, 150}, {0x2014, 151}, {0x2dc, 152},
        {0x2122, 153}, {0x161, 154}, {0x203a, 155}, {0x153, 156}, {0x17e, 158}, {0x178, 159}, {0x3bc, 181},
        {0x2212, 150},
    };
    if ((code >= ' ' && code <= '~') || (code >= 0xa0 && code <= 0xff)) return (unsigned char)code;
    for (size_t i = 0; i < TL_COUNT(others); i++)
        if (others[i].code == code) return others[i].letter;
    return code < ' ' ? ' ' : '?';
}

static void pdf_put_text(tl__buffer *out, const char *text)
{
    tl__buffer_char(out, '(');
    for (uint32_t code; (code = tl__text_next(&text)) != 0;) {
        unsigned char letter = pdf_letter(code);
        if (code == 0x2192) tl__buffer_char(out, '-'), letter = '>';    /* an arrow */
        if (letter == '(' || letter == ')' || letter == '\\') tl__buffer_char(out, '\\');
        if (letter <= '~') tl__buffer_char(out, (char)letter);
        else tl__buffer_format(out, "\\%d%d%d", letter >> 6, letter >> 3 & 7, letter & 7);
    }
    tl__buffer_char(out, ')');
}

/* A text for readers' windows: UTF-16, in hex. */
static void pdf_put_words(tl__buffer *out, const char *text)
{
    tl__buffer_text(out, "<feff");
    for (uint32_t code; (code = tl__text_next(&text)) != 0;) {
        if (code < 0x10000) {
            tl__buffer_format(out, "%02x%02x", code >> 8, code & 255);
            continue;
        }
        uint32_t high = 0xd800 + ((code - 0x10000) >> 10), low = 0xdc00 + ((code - 0x10000) & 0x3ff);
        tl__buffer_format(out, "%02x%02x%02x%02x", high >> 8, high & 255, low >> 8, low & 255);
    }
    tl__buffer_char(out, '>');
}

static void pdf_object(tl__canvas *canvas, size_t number)
{
    pdf_own *own = canvas->own;
    own->offsets[number] = canvas->out->size - own->start;
    tl__buffer_format(canvas->out, "%zu 0 obj\n", number);
}

static void pdf_colour(tl__buffer *out, uint32_t colour, const char *operator)
{
    tl__buffer_format(out, "%.3f %.3f %.3f %s\n", (colour >> 16 & 255) / 255.0, (colour >> 8 & 255) / 255.0,
                      (colour & 255) / 255.0, operator);
}

static void pdf_at(tl__canvas *canvas, tl__point at, const char *operator)
{
    pdf_own *own = canvas->own;
    tl__buffer_format(&own->page, "%.2f %.2f %s\n", at.x, canvas->height - at.y, operator);
}

static void pdf_paper(tl__canvas *canvas)
{
    pdf_own *own = canvas->own;
    if (!canvas->dark) return;
    pdf_colour(&own->page, tl__ink_colour(TL__INK_PAPER, true), "rg");
    tl__buffer_format(&own->page, "0 0 %.2f %.2f re f\n", canvas->width, canvas->height);
}

static void pdf_begin(tl__canvas *canvas)
{
    pdf_own *own = tl__alloc_zero(canvas->out->heap, 1, sizeof *own);
    canvas->own = own;
    if (!own) {
        canvas->out->failed = true;
        return;
    }
    own->start = canvas->out->size;
    tl__buffer_init(&own->page, canvas->out->heap);
    tl__buffer_text(canvas->out, "%PDF-1.4\n%\xe2\xe3\xcf\xd3\n");
    pdf_paper(canvas);
}

/* The page at work goes into the file. */
static void pdf_put_page(tl__canvas *canvas)
{
    pdf_own *own = canvas->own;
    tl__buffer *out = canvas->out, packed;
    tl__buffer_init(&packed, out->heap);
    tl__zlib(&packed, (const unsigned char *)own->page.data, own->page.size);
    if (packed.failed || own->page.failed || own->pages == PDF_PAGES_MOST) out->failed = true;
    if (!out->failed) {
        size_t number = PDF_FIRST_PAGE + 2 * own->pages;
        pdf_object(canvas, number + 1);
        tl__buffer_format(out, "<</Length %zu/Filter/FlateDecode>>stream\n", packed.size);
        tl__buffer_add(out, packed.data, packed.size);
        tl__buffer_text(out, "\nendstream\nendobj\n");
        own->widths[own->pages] = canvas->width;
        own->heights[own->pages++] = canvas->height;
    }
    tl__buffer_free(&packed);
    tl__buffer_clear(&own->page);
}

static void pdf_page(tl__canvas *canvas)
{
    if (!canvas->own) return;
    pdf_put_page(canvas);
    pdf_paper(canvas);
}

static void pdf_opacity(tl__canvas *canvas, double opacity)
{
    pdf_own *own = canvas->own;
    int percent = opacity >= 1 || opacity <= 0 ? 100 : (int)(opacity * 100 + 0.5);
    own->opacity[percent] = true;
    tl__buffer_format(&own->page, "/G%d gs\n", percent);
}

static void pdf_line(tl__canvas *canvas, const tl__point *points, size_t count, const tl__stroke *stroke)
{
    pdf_own *own = canvas->own;
    if (!own || count < 2) return;
    pdf_opacity(canvas, stroke->opacity);
    pdf_colour(&own->page, tl__ink_colour(stroke->ink, canvas->dark), "RG");
    tl__buffer_format(&own->page, "%.2f w 1 j %s d\n", stroke->width, stroke->dashed ? "[5 3] 0" : "[] 0");
    for (size_t i = 0; i < count; i++) pdf_at(canvas, points[i], i ? "l" : "m");
    tl__buffer_text(&own->page, "S\n");
}

static void pdf_area(tl__canvas *canvas, const tl__point *points, size_t count, int ink, double opacity)
{
    pdf_own *own = canvas->own;
    if (!own || count < 3) return;
    pdf_opacity(canvas, opacity);
    pdf_colour(&own->page, tl__ink_colour(ink, canvas->dark), "rg");
    for (size_t i = 0; i < count; i++) pdf_at(canvas, points[i], i ? "l" : "m");
    tl__buffer_text(&own->page, "f\n");
}

/* Four curves of Bezier, whose handles are 0.5523 of the radius long. */
static void pdf_dot(tl__canvas *canvas, tl__point at, double radius, int ink, double opacity)
{
    static const double way[4][2] = {{1, 0}, {0, 1}, {-1, 0}, {0, -1}};
    pdf_own *own = canvas->own;
    if (!own) return;
    double y = canvas->height - at.y, handle = 0.5522847498 * radius;
    pdf_opacity(canvas, opacity);
    pdf_colour(&own->page, tl__ink_colour(ink, canvas->dark), "rg");
    tl__buffer_format(&own->page, "%.2f %.2f m\n", at.x + radius, y);
    for (int i = 0; i < 4; i++) {
        const double *a = way[i], *b = way[(i + 1) % 4];
        tl__buffer_format(&own->page, "%.2f %.2f %.2f %.2f %.2f %.2f c\n", at.x + a[0] * radius + b[0] * handle,
                          y + a[1] * radius + b[1] * handle, at.x + b[0] * radius + a[0] * handle,
                          y + b[1] * radius + a[1] * handle, at.x + b[0] * radius, y + b[1] * radius);
    }
    tl__buffer_text(&own->page, "f\n");
}

static void pdf_text(tl__canvas *canvas, tl__point at, const tl__text_style *style, const char *text)
{
    pdf_own *own = canvas->own;
    if (!own || *text == '\0') return;
    double width = tl__text_width(text, style->size, style->bold);
    double back = style->anchor == TL__ANCHOR_MIDDLE ? width / 2 : style->anchor == TL__ANCHOR_END ? width : 0;
    if (style->upwards) at.y += back;
    else at.x -= back;
    pdf_opacity(canvas, 1);
    pdf_colour(&own->page, tl__ink_colour(style->ink, canvas->dark), "rg");
    tl__buffer_format(&own->page, "BT /F%d %.2f Tf %s %.2f %.2f Tm ", style->bold, style->size,
                      style->upwards ? "0 1 -1 0" : "1 0 0 1", at.x, canvas->height - at.y);
    pdf_put_text(&own->page, text);
    tl__buffer_text(&own->page, " Tj ET\n");
}

TL_PRIV void tl__pdf_zoom(tl__canvas *canvas, tl__point to, double zoom)
{
    pdf_own *own = canvas->own;
    if (own)
        tl__buffer_format(&own->page, "q %.4f 0 0 %.4f %.2f %.2f cm\n", zoom, zoom, to.x,
                          canvas->height - to.y - zoom * canvas->height);
}

TL_PRIV void tl__pdf_zoom_end(tl__canvas *canvas)
{
    pdf_own *own = canvas->own;
    if (own) tl__buffer_text(&own->page, "Q\n");
}

static void pdf_put_tree(tl__canvas *canvas)
{
    pdf_own *own = canvas->own;
    tl__buffer *out = canvas->out;
    size_t opacities = PDF_FIRST_PAGE + 2 * own->pages;
    pdf_object(canvas, PDF_CATALOG);
    tl__buffer_format(out, "<</Type/Catalog/Pages %d 0 R/Lang(en)/ViewerPreferences<</DisplayDocTitle true>>>>\n"
                      "endobj\n", PDF_PAGES);
    pdf_object(canvas, PDF_PAGES);
    tl__buffer_format(out, "<</Type/Pages/Count %zu/Kids[", own->pages);
    for (size_t i = 0; i < own->pages; i++) tl__buffer_format(out, "%zu 0 R ", PDF_FIRST_PAGE + 2 * i);
    tl__buffer_text(out, "]>>\nendobj\n");
    for (int bold = 0; bold < 2; bold++) {
        pdf_object(canvas, bold ? PDF_BOLD : PDF_FONT);
        tl__buffer_format(out, "<</Type/Font/Subtype/Type1/BaseFont/Helvetica%s/Encoding/WinAnsiEncoding>>\nendobj\n",
                          bold ? "-Bold" : "");
    }
    pdf_object(canvas, PDF_INFO);
    tl__buffer_text(out, "<</Title");
    pdf_put_words(out, canvas->title ? canvas->title : "");
    if (canvas->description) {
        tl__buffer_text(out, "/Subject");
        pdf_put_words(out, canvas->description);
    }
    tl__buffer_text(out, "/Producer(trainlib " TL_VERSION ")>>\nendobj\n");
    for (size_t i = 0; i < own->pages; i++) {
        pdf_object(canvas, PDF_FIRST_PAGE + 2 * i);
        tl__buffer_format(out, "<</Type/Page/Parent %d 0 R/MediaBox[0 0 %.2f %.2f]/Contents %zu 0 R/Resources<</Font"
                          "<</F0 %d 0 R/F1 %d 0 R>>/ExtGState %zu 0 R>>/Group<</S/Transparency/CS/DeviceRGB>>>>\n"
                          "endobj\n", PDF_PAGES, own->widths[i], own->heights[i], PDF_FIRST_PAGE + 2 * i + 1, PDF_FONT,
                          PDF_BOLD, opacities);
    }
    pdf_object(canvas, opacities);
    tl__buffer_text(out, "<<");
    for (int i = 0; i < PDF_OPACITIES; i++)
        if (own->opacity[i]) tl__buffer_format(out, "/G%d<</ca %.2f/CA %.2f>>", i, i / 100.0, i / 100.0);
    tl__buffer_text(out, ">>\nendobj\n");
}

static void pdf_end(tl__canvas *canvas)
{
    pdf_own *own = canvas->own;
    tl__buffer *out = canvas->out;
    if (!own) return;
    pdf_put_page(canvas);
    pdf_put_tree(canvas);
    size_t objects = PDF_FIRST_PAGE + 2 * own->pages + 1, table = out->size - own->start;
    tl__buffer_format(out, "xref\n0 %zu\n0000000000 65535 f \n", objects);
    for (size_t i = 1; i < objects; i++) tl__buffer_format(out, "%010zu 00000 n \n", own->offsets[i]);
    tl__buffer_format(out, "trailer\n<</Size %zu/Root %d 0 R/Info %d 0 R>>\nstartxref\n%zu\n%%%%EOF\n", objects,
                      PDF_CATALOG, PDF_INFO, table);
    tl__buffer_free(&own->page);
    tl__free(out->heap, own, sizeof *own);
    canvas->own = NULL;
}

TL_PRIV const tl__canvas_format *tl__canvas_pdf(void)
{
    static const tl__canvas_format format = {"pdf", pdf_begin, pdf_page, pdf_line, pdf_area, pdf_dot, pdf_text,
                                             pdf_end};
    return &format;
}
