/* Errors of forecasts, and of naive forecasts of the same windows, summed batch by batch: predictions of overlapping
 * windows are too many to be held. */
#ifndef TL_TRAIN_WINDOW_SCORES_H
#define TL_TRAIN_WINDOW_SCORES_H

#include "data/windows.h"

enum { TL__FORECAST_OWN, TL__FORECAST_REPEAT_LAST, TL__FORECAST_SEASONAL, TL__FORECASTS };

typedef struct tl__window_errors {
    double squares, absolute;              /* in the network's unit */
    double own_squares, own_absolute;      /* in the targets' own units */
} tl__window_errors;

typedef struct tl__window_scores {
    double numbers;                        /* windows times horizon times targets */
    bool naive_too;                        /* sum those of naive forecasts as well */
    bool seasonal;                         /* so far every window has a season before it */
    tl__window_errors of[TL__FORECASTS];
    double inside;                         /* numbers between their lowest and highest quantile */
    size_t quantiles;                      /* outputs per number */
    float *naive;                          /* [outputs] of one window */
} tl__window_scores;

TL_PRIV void tl__window_scores_carve(tl__carver *carver, tl__window_scores *scores, const tl_dataset *data);
TL_PRIV void tl__window_scores_begin(tl__window_scores *scores, bool naive_too, size_t quantiles);
/* Windows from `first` on: targets and predicted [count, outputs], raw [count, outputs, quantiles]. */
TL_PRIV void tl__window_scores_add(tl__window_scores *scores, const tl_dataset *data, tl_part part, size_t first,
                                   size_t count, const float *targets, const float *predicted, const float *raw);
/* mse, mae and rmse into a map, in the network's unit; `original`: in the targets' own; `baselines`: both naive
 * ones. */
TL_PRIV void tl__window_scores_put(tl__builder *builder, tl_value *map, const tl__window_scores *scores,
                                   const tl_dataset *data);
/* The public figures of the naive forecasts. */
TL_PRIV void tl__window_scores_give(const tl__window_scores *scores, tl_scores *out);

#endif
