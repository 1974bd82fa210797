/* Forecasts scored window by window, so that the predictions of a test part need not be held: sums in double, in the
 * order of the windows, for each step of the horizon, each channel, each series and all together. Beside them: naive
 * forecasts of the same windows to be scored the same way, and an interval for how much better one is.
 *
 *     carve a score per forecast (the model's, each naive one); begin; add window after window; read figures.
 *
 * A window's arrays are [horizon, channels]. A truth that is NaN is not counted. */
#ifndef TL_METRICS_FORECAST_SCORE_H
#define TL_METRICS_FORECAST_SCORE_H

#include "metrics/metrics.h"

typedef struct tl__forecast_shape {
    size_t horizon, channels;
    size_t series;                   /* that windows come from; 0: not told apart */
    size_t level_count;
    const double *levels;            /* of the quantiles, ascending, in (0, 1); kept */
    bool errors_only;                /* mse, mae, rmse and what levels give; all else is NaN */
} tl__forecast_shape;

typedef struct tl__forecast_score {
    tl__forecast_shape shape;
    size_t width;                    /* sums of a row */
    double *rows;                    /* [1 + horizon + channels + series, width] */
    double *window, *inverse;        /* of the one at work: its row [width], and 1 / scale [channels] */
    size_t windows;
} tl__forecast_score;

/* Sizes must have been checked to be in memory's reach as a window is; the carver tells when they are not. */
TL_PRIV void tl__forecast_score_carve(tl__carver *carver, tl__forecast_score *score, const tl__forecast_shape *shape);
TL_PRIV void tl__forecast_score_begin(tl__forecast_score *score);   /* no windows */

typedef struct tl__forecast_window {
    tl__reals truth, predicted;
    tl__reals quantiles;             /* [horizon, channels, levels]; absent without levels */
    tl__reals last;                  /* [channels]: the values before the window, for the direction; absent: none */
    tl__reals scale;                 /* [channels]: tl__naive_error of the training part, for mase; absent: none */
    size_t series;                   /* its number; from shape.series on: of none of them */
} tl__forecast_window;

/* Mean errors of the window, for intervals; NaN where it has no truth at all. */
typedef struct tl__window_loss { double absolute, squared; } tl__window_loss;
TL_PRIV tl__window_loss tl__forecast_score_add(tl__forecast_score *score, const tl__forecast_window *window);
/* The windows of another part of the same data, of the same shape, as if they had come after one's own; sums are added
 * as they are, so that parts give the same bits in the same order of merging. */
TL_PRIV void tl__forecast_score_merge(tl__forecast_score *score, const tl__forecast_score *other);

typedef enum tl__forecast_by { TL__BY_ALL, TL__BY_STEP, TL__BY_CHANNEL, TL__BY_SERIES } tl__forecast_by;

/* NaN where nothing is counted, or where something is not given. */
typedef struct tl__forecast_figures {
    double numbers;                  /* counted */
    double mse, mae, rmse;           /* rmse = sqrt(mse) */
    double mape;                     /* fraction, |e| / max(|y|, 2.2e-16) */
    double smape;                    /* percent: 200 * mean(|e| / (|y| + |p|)); 0 / 0 counts 0 */
    double wape;                     /* sum |e| / sum |y| */
    double mase;                     /* mean |e| * (1 / scale); channels whose scale is 0 or NaN are left out */
    double direction;                /* share with sign(y - last) = sign(p - last) */
    double pinball;                  /* mean over the levels */
} tl__forecast_figures;
/* index: of the step, channel or series; 0 of TL__BY_ALL. */
TL_PRIV void tl__forecast_score_figures(const tl__forecast_score *score, tl__forecast_by by, size_t index,
                                        tl__forecast_figures *out);
TL_PRIV double tl__forecast_score_pinball(const tl__forecast_score *score, tl__forecast_by by, size_t index,
                                          size_t level);

/* Between the i-th level from below and the i-th from above; i below level_count / 2. */
typedef struct tl__forecast_interval {
    double nominal;                  /* difference of the two levels */
    double coverage;                 /* share of truth within, bounds included */
    double width;                    /* mean distance of the bounds */
} tl__forecast_interval;
TL_PRIV void tl__forecast_score_interval(const tl__forecast_score *score, tl__forecast_by by, size_t index, size_t i,
                                         tl__forecast_interval *out);

/* ---- naive forecasts (metrics/naive.c): history [length, channels] up to the window, out [horizon, channels] ---- */

/* The last step again and again. length at least 1. */
TL_PRIV void tl__naive_last(tl__reals history, size_t length, size_t channels, size_t horizon, double *out);
/* The last season again and again: out[h] = history[length - season + h % season]. False: there is no whole season. */
TL_PRIV bool tl__naive_seasonal(tl__reals history, size_t length, size_t channels, size_t season, size_t horizon,
                                double *out);
/* Of one channel of a training series [length, channels]: mean |x_t - x_(t-season)|, over pairs without a NaN. NaN
 * where there is no pair. Season 1 is the error of repeating the last value. */
TL_PRIV double tl__naive_error(tl__reals series, size_t length, size_t channels, size_t channel, size_t season);

/* ---- how sure is a difference (metrics/bootstrap.c) ---- */

/* Resamples of whole blocks, since neighbouring windows are alike (circular block bootstrap, Politis and Romano 1992).
 * A draw joins blocks from places drawn by (seed, draw, place) until it is as long as the original. */
typedef struct tl__bootstrap_options {
    size_t block;                    /* windows of a block, at least the horizon over the stride; 0: 1 */
    uint32_t draws;                  /* 0: 2,000 */
    double level;                    /* of the interval; 0: 0.95 */
    uint64_t seed;
} tl__bootstrap_options;

typedef struct tl__bootstrap {
    double mean;                     /* of all values */
    double low, high;                /* the interval for it: quantiles of the draws' means, linear between two */
    double below;                    /* share of the draws whose mean is below 0 */
} tl__bootstrap;
/* Of values [count], in the order of time. To compare two forecasts, values are the differences of their losses of
 * each window. All NaN where there are no values or one is NaN. Scratch: count + 1 + 2 draws doubles of the heap. */
TL_PRIV tl_status tl__bootstrap_mean(tl__heap *heap, tl__reals values, size_t count,
                                     const tl__bootstrap_options *options, tl__bootstrap *out);

#endif
