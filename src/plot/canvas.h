/* What charts are drawn on: a page of points (1/72 inch), the origin at its top left. Colours are named by what they
 * mean, so that a page can have a light and a dark dress; a canvas turns them into its format. */
#ifndef TL_PLOT_CANVAS_H
#define TL_PLOT_CANVAS_H

#include "base/memory.h"

enum { TL__SERIES_COLOURS = 8 };

typedef enum tl__ink {
    TL__INK_PAPER,
    TL__INK_TEXT,
    TL__INK_MUTED,              /* labels of ticks */
    TL__INK_GRID,
    TL__INK_SERIES              /* + 0..TL__SERIES_COLOURS - 1: Okabe and Ito's palette, told apart by all eyes */
} tl__ink;

typedef enum tl__anchor { TL__ANCHOR_START, TL__ANCHOR_MIDDLE, TL__ANCHOR_END } tl__anchor;

typedef struct tl__point { double x, y; } tl__point;

typedef struct tl__text_style {
    double size;                /* points */
    int ink;
    tl__anchor anchor;
    bool bold, upwards;         /* upwards: turned by a quarter to the left */
} tl__text_style;

typedef struct tl__canvas tl__canvas;
typedef struct tl__canvas_format {
    const char *name;           /* "svg" */
    /* title: for readers that do not see the picture. */
    void (*begin)(tl__canvas *canvas, const char *title);
    void (*line)(tl__canvas *canvas, const tl__point *points, size_t count, int ink, double width, bool dashed);
    void (*area)(tl__canvas *canvas, const tl__point *points, size_t count, int ink, double opacity);
    void (*dot)(tl__canvas *canvas, tl__point at, double radius, int ink);
    /* at: the foot of the first letter, of the middle or of the last, by the anchor. */
    void (*text)(tl__canvas *canvas, tl__point at, const tl__text_style *style, const char *text);
    void (*end)(tl__canvas *canvas);
} tl__canvas_format;

struct tl__canvas {
    const tl__canvas_format *format;
    double width, height;
    tl__buffer *out;            /* the file's bytes; its `failed` tells of memory */
};

TL_PRIV const tl__canvas_format *tl__canvas_svg(void);

/* Width of a text in points, in a sans-serif of Helvetica's widths. */
TL_PRIV double tl__text_width(const char *text, double size, bool bold);

#endif
