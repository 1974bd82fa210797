/* Rows of a forecast: windows of the series, made when they are needed. */
#ifndef TL_DATA_WINDOWS_H
#define TL_DATA_WINDOWS_H

#include "data/dataset.h"
#include "data/series.h"

/* As tl__dataset_gather: inputs [count, features], targets [count, outputs], each may be NULL. */
TL_PRIV void tl__windows_gather(const tl_dataset *dataset, tl_part part, const uint32_t *order, size_t first,
                                size_t count, float *inputs, float *targets);
/* The step that a window's targets begin with, in the part's series. */
TL_PRIV size_t tl__window_origin(const tl_dataset *dataset, tl_part part, size_t index);
/* Naive forecasts of a window in the network's unit, out [horizon, targets]: the last step again and again, and the
 * last season; false: the series has no whole season before the window. */
TL_PRIV void tl__window_repeat_last(const tl_dataset *dataset, tl_part part, size_t index, float *out);
TL_PRIV bool tl__window_seasonal(const tl_dataset *dataset, tl_part part, size_t index, float *out);
/* The scaling of a window's series. */
TL_PRIV size_t tl__window_set(const tl_dataset *dataset, tl_part part, size_t index);
/* In place, values [count, horizon, targets] of windows from `first` on: from the network's unit to the targets'
 * own. */
TL_PRIV void tl__windows_restore(const tl_dataset *dataset, tl_part part, size_t first, size_t count, float *values);

#endif
