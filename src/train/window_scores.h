/* Scores of forecasts, and of naive forecasts of the same windows, summed batch by batch: predictions of overlapping
 * windows are too many to be held. In the network's unit, as the field reports them, and in the targets' own. */
#ifndef TL_TRAIN_WINDOW_SCORES_H
#define TL_TRAIN_WINDOW_SCORES_H

#include "data/windows.h"
#include "metrics/forecast_score.h"

enum { TL__FORECAST_MODEL, TL__FORECAST_REPEAT_LAST, TL__FORECAST_SEASONAL, TL__FORECASTS };

typedef enum tl__window_detail {
    TL__WINDOWS_ERRORS,          /* the model's errors alone: what an epoch's validation asks for */
    TL__WINDOWS_NAIVE,           /* and those of naive forecasts */
    TL__WINDOWS_ALL              /* and all figures in the targets' own units */
} tl__window_detail;

/* Sums in the network's unit, which every epoch asks for. */
typedef struct tl__window_errors {
    double squares, absolute, numbers;
} tl__window_errors;

typedef struct tl__window_scores {
    const tl_dataset *data;
    size_t quantiles;                      /* outputs per number */
    tl__window_detail detail;
    bool seasonal;                         /* so far every window has a season before it */
    tl__window_errors errors[TL__FORECASTS];
    tl__forecast_score scaled, own[TL__FORECASTS];    /* of TL__WINDOWS_ALL; scaled: the model's, step by step */
    size_t capacity;                       /* windows of the largest part */
    float *gains;                          /* [naive forecasts, squared and absolute, capacity]: by how much the
                                              model's mean error of a window is larger */
    float *naive;                          /* [outputs] of one window */
    float *truth, *predicted, *levels;     /* of one window in own units: [outputs], [outputs], [outputs, quantiles] */
    float *last;                           /* [targets] */
    double *naive_errors;                  /* [spans, targets] of the training part in own units, for mase */
} tl__window_scores;

/* quantiles: outputs per number; levels: of the quantiles, NULL: not known. */
TL_PRIV void tl__window_scores_carve(tl__carver *carver, tl__window_scores *scores, const tl_dataset *data,
                                     size_t quantiles, const double *levels, size_t capacity);
TL_PRIV void tl__window_scores_begin(tl__window_scores *scores, tl__window_detail detail);
/* Windows from `first` on: targets and predicted [count, outputs], raw [count, outputs, quantiles]. */
TL_PRIV void tl__window_scores_add(tl__window_scores *scores, tl_part part, size_t first, size_t count,
                                   const float *targets, const float *predicted, const float *raw);
/* Of the model's errors in the network's unit. */
TL_PRIV double tl__window_mse(const tl__window_errors *errors);
TL_PRIV double tl__window_mae(const tl__window_errors *errors);
/* Everything as entries of a map: errors in the network's unit, also `by_step`; `original`: in the targets' own, also
 * `by_target` and `by_series`; `intervals` of quantiles; `baselines`: both naive forecasts; `against`: the difference
 * to the better of them, and the interval in which it lies. heap: for that. */
TL_PRIV tl_status tl__window_scores_put(tl__heap *heap, tl__builder *builder, tl_value *map,
                                        const tl__window_scores *scores);
/* The public figures of the naive forecasts. */
TL_PRIV void tl__window_scores_give(const tl__window_scores *scores, tl_scores *out);

#endif
