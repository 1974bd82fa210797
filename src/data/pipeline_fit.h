/* Fitting a pipeline: everything that is learned from data before the network is. Only the rows that are given
 * count. */
#ifndef TL_DATA_PIPELINE_FIT_H
#define TL_DATA_PIPELINE_FIT_H

#include "data/pipeline.h"
#include "data/settings.h"
#include "data/table.h"

/* One input of `pipeline` from a column. missing_allowed: cells of other rows may be missing (a fill is needed). */
TL_PRIV tl_status tl__fit_input(tl__pipeline *pipeline, tl__input *input, const tl__column *column,
                                const uint32_t *rows,
                                size_t count, const tl__data_settings *settings, tl_error *error);
/* All inputs of `pipeline` from stored columns [input_count]: window by window, the same sums. No order statistics. */
TL_PRIV tl_status tl__fit_stored(tl__pipeline *pipeline, const tl__table *table, const tl__column *const *columns,
                                 const uint32_t *rows, size_t count, const tl__data_settings *settings,
                                 tl_error *error);
/* target_shift and target_scale of a regression from targets [*, outputs] at `rows`. */
TL_PRIV tl_status tl__fit_targets(tl__pipeline *pipeline, const float *targets, const uint32_t *rows, size_t count,
                                  int normalize, tl_error *error);
/* Mean and population deviation of values; 0 and 0 of none. */
TL_PRIV void tl__fit_moments(const float *values, size_t count, double *mean, double *deviation);
/* Shift and scale of values by TL__NORMALIZE_*; robust sorts them, with `scratch` [count]. */
TL_PRIV void tl__fit_numbers(float *values, float *scratch, size_t count, int normalize, double *shift, double *scale);

#endif
