/* Charts of lines, bands and points over one pair of axes. The legend stands above the plot, so it covers nothing. */
#ifndef TL_PLOT_CHART_H
#define TL_PLOT_CHART_H

#include "plot/canvas.h"

typedef enum tl__chart_kind {
    TL__CHART_LINE,
    TL__CHART_BAND,              /* between y and high */
    TL__CHART_POINTS
} tl__chart_kind;

/* Arrays are read while it is drawn only; NaN in y interrupts a line. */
typedef struct tl__chart_series {
    const char *name;            /* in the legend; NULL: not there */
    tl__chart_kind kind;
    const double *x, *y, *high;
    size_t count;
    int colour;                  /* 0..TL__SERIES_COLOURS - 1 */
    bool dashed;
} tl__chart_series;

typedef struct tl__chart {
    const char *title, *x_label, *y_label;    /* labels with their unit; NULL or "": none */
    bool x_times;                             /* x is seconds since 1970-01-01 UTC */
    const tl__chart_series *series;
    size_t count;
    double mark;                              /* a vertical line at this x, where a forecast begins; NaN: none */
} tl__chart;

/* Draws on a whole canvas. Out of memory shows in canvas->out->failed. */
TL_PRIV void tl__chart_draw(const tl__chart *chart, tl__canvas *canvas);

#endif
