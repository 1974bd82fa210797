/* The canvas as SVG 1.1 with a style sheet, which gives the inks their colours, for light pages and for dark ones. */
#include "plot/canvas.h"

static void svg_put_text(tl__buffer *out, const char *text)
{
    for (; *text; text++) {
        const char *name = *text == '&' ? "&amp;" : *text == '<' ? "&lt;" : *text == '>' ? "&gt;" : NULL;
        if (name) tl__buffer_format(out, "%s", name);
        else if ((unsigned char)*text >= ' ') tl__buffer_format(out, "%c", *text);
    }
}

enum { SVG_INKS = TL__INK_SERIES + TL__SERIES_COLOURS };

/* paper, text, muted, grid, then the series; on light and on dark pages. */
static const char *svg_colour(int ink, bool dark)
{
    static const char light[SVG_INKS][8] = {"#ffffff", "#1a1a1a", "#555555", "#e3e3e3", "#0072b2", "#d55e00",
                                            "#009e73", "#cc79a7", "#b58900", "#56b4e9", "#333333", "#e69f00"};
    static const char night[SVG_INKS][8] = {"#16181c", "#eeeeee", "#aaaaaa", "#33363c", "#56b4e9", "#ff8c42",
                                            "#2fc79a", "#e39cc4", "#f0e442", "#0c8ed6", "#dddddd", "#e69f00"};
    return dark ? night[ink] : light[ink];
}

static int svg_known(int ink)
{
    return ink < TL__INK_SERIES ? ink : TL__INK_SERIES + (ink - TL__INK_SERIES) % TL__SERIES_COLOURS;
}

/* The light colour as it stands, for every reader of SVG; a class for the style sheet of dark pages. */
static void svg_ink(tl__buffer *out, const char *property, int ink)
{
    ink = svg_known(ink);
    tl__buffer_format(out, " %s=\"%s\" class=\"%c%d\"", property, svg_colour(ink, false), property[0], ink);
}

static void svg_begin(tl__canvas *canvas, const char *title)
{
    tl__buffer *out = canvas->out;
    tl__buffer_format(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" "
                      "viewBox=\"0 0 %.0f %.0f\" role=\"img\" font-family=\"Helvetica,Arial,sans-serif\">\n<title>",
                      canvas->width, canvas->height, canvas->width, canvas->height);
    svg_put_text(out, title);
    tl__buffer_format(out, "</title>\n<style>@media(prefers-color-scheme:dark){");
    for (int ink = 0; ink < SVG_INKS; ink++)
        tl__buffer_format(out, ".f%d{fill:%s}.s%d{stroke:%s}", ink, svg_colour(ink, true), ink, svg_colour(ink, true));
    tl__buffer_format(out, "}</style>\n<rect width=\"100%%\" height=\"100%%\"");
    svg_ink(out, "fill", TL__INK_PAPER);
    tl__buffer_format(out, "/>\n");
}

static void svg_points(tl__buffer *out, const tl__point *points, size_t count)
{
    tl__buffer_format(out, " d=\"M");
    for (size_t i = 0; i < count; i++) tl__buffer_format(out, "%s%.1f %.1f", i ? "L" : "", points[i].x, points[i].y);
}

static void svg_line(tl__canvas *canvas, const tl__point *points, size_t count, int ink, double width, bool dashed)
{
    tl__buffer *out = canvas->out;
    tl__buffer_format(out, "<path fill=\"none\"");
    svg_ink(out, "stroke", ink);
    tl__buffer_format(out, " stroke-width=\"%.2g\" stroke-linejoin=\"round\"%s", width,
                      dashed ? " stroke-dasharray=\"5 3\"" : "");
    svg_points(out, points, count);
    tl__buffer_format(out, "\"/>\n");
}

static void svg_area(tl__canvas *canvas, const tl__point *points, size_t count, int ink, double opacity)
{
    tl__buffer *out = canvas->out;
    tl__buffer_format(out, "<path fill-opacity=\"%.2g\"", opacity);
    svg_ink(out, "fill", ink);
    svg_points(out, points, count);
    tl__buffer_format(out, "Z\"/>\n");
}

static void svg_dot(tl__canvas *canvas, tl__point at, double radius, int ink)
{
    tl__buffer_format(canvas->out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%.2g\"", at.x, at.y, radius);
    svg_ink(canvas->out, "fill", ink);
    tl__buffer_format(canvas->out, "/>\n");
}

static void svg_text(tl__canvas *canvas, tl__point at, const tl__text_style *style, const char *text)
{
    static const char *const anchors[] = {"start", "middle", "end"};
    tl__buffer *out = canvas->out;
    tl__buffer_format(out, "<text x=\"%.1f\" y=\"%.1f\" font-size=\"%.3g\"", at.x, at.y, style->size);
    svg_ink(out, "fill", style->ink);
    if (style->anchor) tl__buffer_format(out, " text-anchor=\"%s\"", anchors[style->anchor]);
    if (style->bold) tl__buffer_format(out, " font-weight=\"bold\"");
    if (style->upwards) tl__buffer_format(out, " transform=\"rotate(-90 %.1f %.1f)\"", at.x, at.y);
    tl__buffer_format(out, ">");
    svg_put_text(out, text);
    tl__buffer_format(out, "</text>\n");
}

static void svg_end(tl__canvas *canvas) { tl__buffer_format(canvas->out, "</svg>\n"); }

TL_PRIV const tl__canvas_format *tl__canvas_svg(void)
{
    static const tl__canvas_format format = {"svg", svg_begin, svg_line, svg_area, svg_dot, svg_text, svg_end};
    return &format;
}
