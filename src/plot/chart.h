/* The kinds of charts: plain arrays in, marks on a canvas out. Every kind takes empty data, one value, NaN (left out),
 * equal values, and numbers of any size. Legends stand outside of the plot, so that they cover nothing.
 *
 * A chart is drawn into a box of a page (tl__picture_draw), or as a file of its own (tl__picture_file). Arrays and
 * texts are read while it is drawn only. */
#ifndef TL_PLOT_CHART_H
#define TL_PLOT_CHART_H

#include "base/error.h"
#include "plot/canvas.h"

/* ---- lines, bands and points over a pair of axes ---- */

typedef enum tl__chart_kind {
    TL__CHART_LINE,
    TL__CHART_BAND,              /* between y and high */
    TL__CHART_POINTS,
    TL__CHART_STEPS              /* holds each value until the next x */
} tl__chart_kind;

/* NaN in y interrupts a line. */
typedef struct tl__chart_series {
    const char *name;            /* in the legend; NULL: not there */
    tl__chart_kind kind;
    const double *x, *y, *high;
    size_t count;
    int colour;                  /* 0..TL__SERIES_COLOURS - 1 */
    bool dashed;
    double opacity;              /* of lines and points; 0: as 1 */
} tl__chart_series;

/* A dashed line across the plot with a word beside it. */
typedef struct tl__chart_mark {
    double at;                   /* x, or y of a level; NaN: not drawn */
    const char *label;           /* NULL: none */
    bool level;                  /* at a y, from left to right */
} tl__chart_mark;

typedef struct tl__chart {
    const char *title, *x_label, *y_label;    /* labels with their unit; NULL or "": none */
    bool x_times;                             /* x is seconds since 1970-01-01 UTC */
    const tl__chart_series *series;
    size_t count;
    const tl__chart_mark *marks;
    size_t mark_count;
    bool x_log, y_log;                        /* values of 0 and below are left out */
    double x_low, x_high, y_low, y_high;      /* what an axis must hold at least; both 0: its data */
    bool y_percent;                           /* y is a share of 1, shown in percent */
    bool square;                              /* as high as wide */
    bool diagonal;                            /* a muted line from corner to corner: chance, or perfect agreement */
} tl__chart;

/* ---- bars ---- */

/* One row a name, from the top; of several groups each row has a bar of each. */
typedef struct tl__bars {
    const char *title, *x_label;
    const char *const *names;    /* [count] */
    size_t count;
    const char *const *groups;   /* [group_count], in the legend; NULL: none */
    size_t group_count;          /* 0: as 1 */
    const double *values;        /* [count, group_count] */
    const double *low, *high;    /* the ends of error bars, as values; NULL: none */
    const tl__chart_mark *marks; /* at x */
    size_t mark_count;
    size_t most;                 /* rows that are shown, the others are counted below; 0: 30 */
    bool percent;
} tl__bars;

/* How often values occur. Either `values`, or `counts` between `edges`. */
typedef struct tl__histogram_chart {
    const char *title, *x_label, *y_label;
    const double *values;
    size_t count;                /* of values, or of counts */
    const double *edges, *counts;    /* [count + 1], [count] */
    size_t bins;                 /* of values; 0: by their spread (Freedman and Diaconis) */
    const tl__chart_mark *marks;
    size_t mark_count;
} tl__histogram_chart;

/* ---- colours for numbers ---- */

typedef struct tl__heat_map {
    const char *title, *x_label, *y_label;
    const char *value_label;     /* of the scale of colours; NULL: no scale is drawn */
    const double *values;        /* [rows, columns]; NaN: an empty cell */
    size_t rows, columns;
    const char *const *row_names, *const *column_names;    /* NULL: none */
    double x_first, x_last, y_first, y_last;    /* what the middles of the first and last column and row (from the top)
                                                   are; then a side has an axis of numbers. Both equal: it has none */
    const double *numbers;       /* written into the cells where they fit; NULL: none */
    double low, high;            /* of the scale; both 0: the data's, of a signed one even about 0 */
    bool is_signed;              /* two colours on either side of 0 */
    bool percent;                /* values are shares of 1 */
    bool square;                 /* cells as high as wide */
} tl__heat_map;

/* ---- what a classifier can do ---- */

typedef struct tl__rate_curve {
    const char *name;
    const double *x, *y;         /* false and true positive rate; recall and precision */
    size_t count;
    double area;                 /* shown beside the name; NaN: not */
} tl__rate_curve;

typedef enum tl__rate_kind { TL__RATE_ROC, TL__RATE_PRECISION_RECALL } tl__rate_kind;

/* Beyond eight curves the first seven keep a colour and the rest are one muted group. */
typedef struct tl__rate_curves {
    const char *title;
    tl__rate_kind kind;
    const tl__rate_curve *curves;
    size_t count;
    double base;                 /* precision of guessing, a level; NaN: none */
} tl__rate_curves;

/* How often the top class was right, in bins of how sure the model was; below, how many rows each bin has. */
typedef struct tl__reliability {
    const char *title;
    const double *confidence, *accuracy, *counts;    /* [bins]; mean confidence, share of hits, rows */
    size_t bins;
    double error;                /* expected calibration error, shown; NaN: not */
} tl__reliability;

/* ---- spread ---- */

/* Each group a row of dots, with a box from the lower to the upper quartile and a line at the median from five values
 * on. */
typedef struct tl__spread {
    const char *title, *x_label;
    const char *const *names;    /* [count] */
    const double *const *values; /* [count] arrays */
    const size_t *sizes;
    size_t count;
    const double *means, *low, *high;    /* [count]: in the place of boxes a bar from low to high with the mean; NaN: no
                                            bar, or no mean. NULL: boxes */
    const tl__chart_mark *marks; /* at x */
    size_t mark_count;
    bool percent;
} tl__spread;

/* ---- many settings at once ---- */

typedef struct tl__parallel_axis {
    const char *name;
    const double *values;        /* [lines]; NaN: the line has a gap; of words their number 0.. */
    const char *const *words;    /* [word_count]; NULL: numbers */
    size_t word_count;
    bool log;
} tl__parallel_axis;

typedef struct tl__parallel {
    const char *title;
    const tl__parallel_axis *axes;
    size_t count, lines;
    const double *scores;        /* [lines]: colours them; NaN: muted */
    const char *score_label;
    bool lower_is_better;
    size_t best;                 /* drawn last and boldly; >= lines: none */
} tl__parallel;

/* ---- pictures: a chart of any kind ---- */

typedef void tl__draw(const void *chart, tl__canvas *canvas, tl__box box);
TL_PRIV void tl__chart_draw(const void *chart, tl__canvas *canvas, tl__box box);          /* tl__chart */
TL_PRIV void tl__bars_draw(const void *bars, tl__canvas *canvas, tl__box box);            /* tl__bars */
TL_PRIV void tl__histogram_draw(const void *histogram, tl__canvas *canvas, tl__box box);
TL_PRIV void tl__heat_map_draw(const void *map, tl__canvas *canvas, tl__box box);
TL_PRIV void tl__rate_curves_draw(const void *curves, tl__canvas *canvas, tl__box box);
TL_PRIV void tl__reliability_draw(const void *reliability, tl__canvas *canvas, tl__box box);
TL_PRIV void tl__spread_draw(const void *spread, tl__canvas *canvas, tl__box box);
TL_PRIV void tl__parallel_draw(const void *parallel, tl__canvas *canvas, tl__box box);
TL_PRIV void tl__panels_draw(const void *panels, tl__canvas *canvas, tl__box box);        /* tl__panels */

typedef struct tl__picture {
    tl__draw *draw;              /* of the chart's kind */
    const void *chart;
    const char *title, *description;     /* for readers that do not see it; NULL: none */
    double width, height;        /* points; 0: 720 by 360 */
} tl__picture;

/* Several pictures in a grid, with a heading. */
typedef struct tl__panels {
    const char *title;
    const tl__picture *pictures;
    size_t count, columns;       /* columns 0: 2 */
} tl__panels;

typedef struct tl__picture_options {
    double scale;                /* png: pixels of a point; 0: 2 */
    bool dark, part;             /* see tl__canvas */
} tl__picture_options;

/* The bytes of a file with the picture, appended to out. options NULL: none. Out of memory shows in out->failed. */
TL_PRIV void tl__picture_file(const tl__picture *picture, const tl__canvas_format *format,
                              const tl__picture_options *options, tl__buffer *out);

#endif
