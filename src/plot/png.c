/* The canvas as pixels. Upright and level lines and boxes are moved to whole pixels, so that they stay sharp. */
#include "base/math.h"
#include "plot/font.h"
#include "text/png_write.h"

enum { PNG_MOST = 16384 };    /* pixels of a side */

typedef struct png_own {
    tl__raster raster;
    double scale;
} png_own;

static double png_whole(double x) { return tl__floor(x + 0.5); }

static void png_begin(tl__canvas *canvas)
{
    png_own *own = tl__alloc_zero(canvas->out->heap, 1, sizeof *own);
    canvas->own = own;
    if (!own) {
        canvas->out->failed = true;
        return;
    }
    own->scale = canvas->scale > 0 ? canvas->scale : 2;
    double width = png_whole(canvas->width * own->scale), height = png_whole(canvas->height * own->scale);
    if (width >= 1 && height >= 1 && width <= PNG_MOST && height <= PNG_MOST)
        tl__raster_init(&own->raster, canvas->out->heap, (size_t)width, (size_t)height,
                        tl__ink_colour(TL__INK_PAPER, canvas->dark));
    else own->raster.failed = true;
}

static void png_fill(tl__canvas *canvas, int ink, double opacity)
{
    png_own *own = canvas->own;
    tl__raster_fill(&own->raster, tl__ink_colour(ink, canvas->dark), opacity);
}

static bool png_ready(const tl__canvas *canvas)
{
    const png_own *own = canvas->own;
    return own && !own->raster.failed;
}

/* In pieces that share a point, so that points need no memory. */
static void png_line(tl__canvas *canvas, const tl__point *points, size_t count, const tl__stroke *stroke)
{
    enum { PIECE = 256 };
    tl__point piece[PIECE];
    png_own *own = canvas->own;
    if (!png_ready(canvas) || count < 2) return;
    double scale = own->scale, width = stroke->width * scale;
    bool level = count == 2 && points[0].y == points[1].y, upright = count == 2 && points[0].x == points[1].x;
    if (level || upright) width = width < 1.5 ? 1 : png_whole(width);
    double half = width / 2 - tl__floor(width / 2);    /* a line of odd width has its middle in a pixel's */
    for (size_t i = 0; i + 1 < count;) {
        size_t used = 0;
        for (; used < PIECE && i < count; used++, i++)
            piece[used] = (tl__point){points[i].x * scale, points[i].y * scale};
        for (size_t k = 0; k < used && level; k++) piece[k].y = tl__floor(piece[k].y + 0.5 - half) + half;
        for (size_t k = 0; k < used && upright; k++) piece[k].x = tl__floor(piece[k].x + 0.5 - half) + half;
        tl__raster_stroke(&own->raster, piece, used, width, false, stroke->dashed ? 5 * scale : 0, 3 * scale);
        if (i < count) i--;
        else break;
    }
    png_fill(canvas, stroke->ink, stroke->opacity > 0 ? stroke->opacity : 1);
}

static void png_area(tl__canvas *canvas, const tl__point *points, size_t count, int ink, double opacity)
{
    enum { PIECE = 512 };
    tl__point piece[PIECE];
    png_own *own = canvas->own;
    if (!png_ready(canvas) || count > PIECE) return;
    for (size_t i = 0; i < count; i++) piece[i] = (tl__point){points[i].x * own->scale, points[i].y * own->scale};
    bool box = count == 4 && points[0].y == points[1].y && points[1].x == points[2].x && points[2].y == points[3].y &&
               points[3].x == points[0].x;
    for (size_t i = 0; box && i < count; i++) piece[i] = (tl__point){png_whole(piece[i].x), png_whole(piece[i].y)};
    tl__raster_polygon(&own->raster, piece, count);
    png_fill(canvas, ink, opacity);
}

static void png_dot(tl__canvas *canvas, tl__point at, double radius, int ink, double opacity)
{
    png_own *own = canvas->own;
    if (!png_ready(canvas)) return;
    tl__raster_circle(&own->raster, (tl__point){at.x * own->scale, at.y * own->scale}, radius * own->scale);
    png_fill(canvas, ink, opacity);
}

static void png_text(tl__canvas *canvas, tl__point at, const tl__text_style *style, const char *text)
{
    png_own *own = canvas->own;
    if (!png_ready(canvas)) return;
    double width = tl__text_width(text, style->size, style->bold);
    double back = style->anchor == TL__ANCHOR_MIDDLE ? width / 2 : style->anchor == TL__ANCHOR_END ? width : 0;
    if (style->upwards) at.y += back;
    else at.x -= back;
    tl__font_text(&own->raster, (tl__point){at.x * own->scale, at.y * own->scale}, text, style->size * own->scale,
                  style->bold, style->upwards);
    png_fill(canvas, style->ink, 1);
}

static void png_end(tl__canvas *canvas)
{
    png_own *own = canvas->own;
    if (!own) return;
    if (own->raster.failed) canvas->out->failed = true;
    else tl__png_write(canvas->out, &own->raster.pixels);
    tl__raster_free(&own->raster);
    tl__free(canvas->out->heap, own, sizeof *own);
    canvas->own = NULL;
}

TL_PRIV const tl__canvas_format *tl__canvas_png(void)
{
    static const tl__canvas_format format = {"png", png_begin, NULL, png_line, png_area, png_dot, png_text, png_end};
    return &format;
}
