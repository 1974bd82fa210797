/* Pictures in the run's folder. */
#ifndef TL_LAB_CHARTS_H
#define TL_LAB_CHARTS_H

#include "data/dataset.h"
#include "model/model.h"

/* Of a forecast: charts/forecast_TARGET.svg for the first targets, each with the last window of the test part (or of
 * validation): what came before, what came then, the forecast, its interval where the loss has quantiles, and the naive
 * one. *count is how many were written; 0 where the data is no series. */
TL_PRIV tl_status tl__charts_forecast(const tl_model *model, const tl_dataset *data, const char *folder, int *count,
                                      tl_error *error);

#endif
