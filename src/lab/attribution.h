/* What a model's predictions hang on.
 *
 * Permutation importance (Breiman, 2001): how much worse a figure gets when the rows of one column are shuffled, which
 * breaks its tie with the target and leaves everything else. Columns are those of the user's file; all features that a
 * category became are shuffled as one.
 *
 * Integrated gradients (Sundararajan, Taly and Yan, 2017): of a row x and a baseline b, feature i gets
 * (x_i - b_i) * mean over the way from b to x of dF/dx_i, F being the network's output for the row's predicted class
 * (its logit), or the first target in the network's unit. The way is cut into `steps` pieces and looked at in their
 * middles. The parts add up to F(x) - F(b); what is lacking is the convergence delta. The baseline is the mean of the
 * training rows. */
#ifndef TL_LAB_ATTRIBUTION_H
#define TL_LAB_ATTRIBUTION_H

#include "data/dataset.h"
#include "metrics/metrics.h"
#include "model/model.h"

/* Rows of a part as the network sees them, and their truth. */
typedef struct tl__explained {
    const tl_model *model;
    size_t rows, features, width;    /* width: predictions of a row */
    float *inputs;                   /* [rows, features] */
    int32_t *truth;                  /* [rows] of classes, else NULL */
    float *values;                   /* [rows, width] of values, else NULL */
    void *block;
    size_t size;
} tl__explained;

/* At most `most` rows of the part, evenly apart. */
TL_PRIV tl_status tl__explained_new(const tl_model *model, const tl_dataset *data, tl_part part, size_t most,
                                    tl__explained *out, tl_error *error);
TL_PRIV void tl__explained_free(tl__explained *explained);

typedef struct tl__importance_figure {
    double mean, deviation;          /* of the drop, over the repeats; the deviation of all of them (n) */
} tl__importance_figure;

/* out: [inputs of the pipeline]. *base: the figure as it is. */
TL_PRIV tl_status tl__permutation_importance(const tl__explained *explained, const tl__metric *metric, size_t repeats,
                                             uint64_t seed, double *base, tl__importance_figure *out, tl_error *error);

/* out: [rows, features]; targets: [rows], the output that was explained; deltas: [rows]. baseline: [features]. */
TL_PRIV tl_status tl__integrated_gradients(const tl__explained *explained, const float *baseline, size_t steps,
                                           double *out, uint32_t *targets, double *deltas, tl_error *error);

#endif
