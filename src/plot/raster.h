/* Pictures of pixels from shapes: closed outlines are filled, lines become outlines. Coverage is counted on 16 lines of
 * a row, on each of them exactly, and overlapping pieces of one shape are one surface (non-zero winding). */
#ifndef TL_PLOT_RASTER_H
#define TL_PLOT_RASTER_H

#include "plot/canvas.h"
#include "text/pixels.h"

typedef struct tl__raster_edge { double x0, y0, x1, y1; int wind; } tl__raster_edge;    /* y0 < y1 */

/* A shape is gathered edge by edge, then filled. All coordinates in pixels. */
typedef struct tl__raster {
    tl__heap *heap;
    tl__pixels pixels;           /* 3 channels */
    tl__raster_edge *edges;
    size_t count, capacity;
    float *cover;                /* [width + 2] */
    bool failed;                 /* out of memory */
} tl__raster;

TL_PRIV void tl__raster_init(tl__raster *raster, tl__heap *heap, size_t width, size_t height, uint32_t colour);
TL_PRIV void tl__raster_free(tl__raster *raster);

TL_PRIV void tl__raster_polygon(tl__raster *raster, const tl__point *points, size_t count);
TL_PRIV void tl__raster_circle(tl__raster *raster, tl__point at, double radius);
/* A line of this width along the points; round where it bends and, if wanted, at its ends. dash, gap: their lengths; 0:
 * none. */
TL_PRIV void tl__raster_stroke(tl__raster *raster, const tl__point *points, size_t count, double width, bool round,
                               double dash, double gap);
/* Fills what was gathered and forgets it. */
TL_PRIV void tl__raster_fill(tl__raster *raster, uint32_t colour, double opacity);

#endif
