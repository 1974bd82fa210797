/* What charts have in common: a box of a page with a title, a legend above the plot, a pair of axes with their grid and
 * labels. Laid out from the widths of the words, then drawn; the plot is what is left in the middle. */
#ifndef TL_PLOT_FRAME_H
#define TL_PLOT_FRAME_H

#include "base/math.h"
#include "plot/axis.h"
#include "plot/chart.h"

enum { TL__FRAME_TITLE = 15, TL__FRAME_TEXT = 12, TL__FRAME_SMALL = 11, TL__FRAME_LEGEND = 40 };

typedef enum tl__swatch {
    TL__SWATCH_LINE, TL__SWATCH_BAND, TL__SWATCH_DOT, TL__SWATCH_BOX,
    TL__SWATCH_NONE              /* words alone */
} tl__swatch;

typedef struct tl__legend_item {
    const char *name;
    tl__swatch kind;
    int ink;
    bool dashed;
} tl__legend_item;

typedef struct tl__frame {
    /* set by the chart */
    tl__canvas *canvas;
    tl__box box;
    const char *title, *x_label, *y_label;
    tl__plot_axis x, y;
    bool x_log, y_log;
    bool no_x, no_y;             /* no axis there */
    bool x_grid;                 /* lines at the ticks of x, too */
    bool square;                 /* the plot is as high as wide */
    const char *const *names;    /* of rows, instead of y: [name_count], from the top */
    size_t name_count;
    double right_room;           /* beside the plot, for a scale of colours */
    double below_room;           /* between the plot and its x labels */
    tl__legend_item legend[TL__FRAME_LEGEND];
    size_t legend_count;
    const tl__chart_mark *marks; /* lines across at x with labels above the plot; levels belong into the legend */
    size_t mark_count;
    /* by tl__frame_layout */
    double left, right, top, bottom;    /* of the plot on the page */
    double legend_left, legend_right;
    double name_width;
    int mark_rows;
} tl__frame;

TL_PRIV void tl__frame_legend(tl__frame *frame, const char *name, tl__swatch kind, int ink, bool dashed);
/* The levels among the marks, as lines of the legend. */
TL_PRIV void tl__frame_legend_levels(tl__frame *frame);
TL_PRIV void tl__frame_layout(tl__frame *frame);
TL_PRIV void tl__frame_draw(const tl__frame *frame);     /* all but the data; before it */
TL_PRIV void tl__frame_marks(const tl__frame *frame);    /* behind it */
TL_PRIV tl__point tl__frame_at(const tl__frame *frame, double x, double y);
/* Beyond 1e300 the arithmetic of axes would overflow; such numbers are treated like infinities and NaN. */
static inline bool tl__frame_number(double value) { return tl__abs(value) <= 1e300; }
TL_PRIV bool tl__frame_has(const tl__frame *frame, double x, double y);    /* numbers that its axes can show */
/* The middle of row i of n, and its height. */
TL_PRIV double tl__frame_row(const tl__frame *frame, size_t i, size_t n, double *height);
/* In the place of data that are not there. */
TL_PRIV void tl__frame_empty(const tl__frame *frame, const char *words);

/* Widens low..high by a number; NaN and infinities change nothing. Begin with tl__range_begin. */
TL_PRIV void tl__range_begin(double *low, double *high);
TL_PRIV void tl__range_take(double value, bool log, double *low, double *high);

/* An axis over low..high with as many ticks as a length has room for. */
TL_PRIV void tl__frame_axis(tl__plot_axis *axis, tl__axis_kind kind, double low, double high, double length,
                            bool widen);

#endif
