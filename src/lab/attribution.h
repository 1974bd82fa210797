/* What a model's predictions hang on.
 *
 * The features of a row are looked at as cells: steps of time by columns of the user's file. A row of a table has one
 * step; a window has those of its past and then those that are known ahead; a sequence has its own.
 *
 * Permutation importance (Breiman, 2001): how much worse a figure gets when some cells of the rows are shuffled, all in
 * the same way, which breaks their tie with the target and leaves everything else: all steps of a column, or all
 * columns of a few steps. The features that a category became are one cell.
 *
 * Integrated gradients (Sundararajan, Taly and Yan, 2017): of a row x and a baseline b, feature i gets
 * (x_i - b_i) * mean over the way from b to x of dF/dx_i, F being the network's output for the row's predicted class
 * (its logit), or of a target in the network's unit, the mean of its steps (of quantiles the middle one). The way is
 * cut into `steps` pieces and looked at in their middles. The parts add up to F(x) - F(b); what is lacking is the
 * convergence delta. */
#ifndef TL_LAB_ATTRIBUTION_H
#define TL_LAB_ATTRIBUTION_H

#include "data/dataset.h"
#include "metrics/metrics.h"
#include "model/model.h"

/* Rows of a part as the network sees them, and their truth. */
typedef struct tl__explained {
    const tl_model *model;
    const tl_dataset *data;
    tl_part part;
    size_t rows, features, width;    /* width: numbers that are predicted of a row */
    size_t outputs;                  /* of its truth */
    size_t steps, columns, past;     /* past: steps before those that are known ahead */
    uint32_t *from;                  /* [rows] places in the part */
    float *inputs;                   /* [rows, features] */
    int32_t *lengths;                /* [rows] steps of a sequence; NULL: all have all */
    int32_t *truth;                  /* [rows] of classes, else NULL */
    float *values;                   /* [rows, outputs], else NULL; of forecasts in the network's unit */
    void *block;
    size_t size;
} tl__explained;

/* The rows at these places of the part; from NULL: `count` of them at most, evenly apart, fewer where they take more
 * than about 256 MiB. */
TL_PRIV tl_status tl__explained_new(const tl_model *model, const tl_dataset *data, tl_part part, const uint32_t *from,
                                    size_t count, tl__explained *out, tl_error *error);
TL_PRIV void tl__explained_free(tl__explained *explained);
/* The features of a column at a step; 0: it has none there. */
TL_PRIV size_t tl__explained_cell(const tl__explained *explained, size_t step, size_t column, size_t *offset);
TL_PRIV const char *tl__explained_column(const tl__explained *explained, size_t column);
/* The number by which users know a step: of a window -96 to -1, and from 0 on those that are forecast; of a sequence
 * from 1. */
TL_PRIV double tl__explained_step(const tl__explained *explained, size_t step);

/* Cells that are shuffled together: steps [first, end) of a column, or of all. */
typedef struct tl__cells {
    size_t column;                   /* SIZE_MAX: all */
    size_t first, end;
} tl__cells;

typedef struct tl__importance_figure {
    double mean, deviation;          /* of the drop, over the repeats; the deviation of all of them (n) */
} tl__importance_figure;

/* out: [count]. *base: the figure as it is. */
TL_PRIV tl_status tl__permutation_importance(const tl__explained *explained, const tl__metric *metric,
                                             const tl__cells *cells, size_t count, size_t repeats, uint64_t seed,
                                             double *base, tl__importance_figure *out, tl_error *error);

/* Is told of every row: the parts of its features, the class or target that was explained, and the delta. */
typedef void tl__attribution_fn(void *user, size_t row, const double *parts, uint32_t target, double delta);

/* baseline: [features]. target: of values the one that is explained. */
TL_PRIV tl_status tl__integrated_gradients(const tl__explained *explained, const float *baseline, size_t steps,
                                           size_t target, tl__attribution_fn *take, void *user, tl_error *error);

/* A network over the model's weights for so many rows at once; with a way back, to be made and freed here. */
typedef struct tl__explaining {
    tl__plan *plan;
    tl__network *network;
} tl__explaining;
TL_PRIV tl_status tl__explaining_open(const tl_model *model, size_t rows, bool back, tl__explaining *out,
                                      tl_error *error);
TL_PRIV void tl__explaining_close(const tl_model *model, tl__explaining *explaining);

#endif
