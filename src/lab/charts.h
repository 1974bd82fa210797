/* Pictures that need the model and its data: what they show is written into the run's folder as numbers, so that
 * whoever draws them later needs neither. */
#ifndef TL_LAB_CHARTS_H
#define TL_LAB_CHARTS_H

#include "data/dataset.h"
#include "model/model.h"
#include "plot/chart.h"

/* Into root: forecast: [...] of a forecast's first targets, each with the last window of the test part (or of
 * validation): what came before, what came then, the forecast, its interval where the loss has quantiles, and the naive
 * one; predicted: [...] of a regression, actual and predicted values of at most 512 rows. Nothing of a
 * classification. */
TL_PRIV tl_status tl__charts_data(const tl_model *model, const tl_dataset *data, tl__builder *builder, tl_value *root,
                                  tl_error *error);
/* FOLDER/data.json, and FOLDER/forecast_TARGET.svg for each forecast in it. *count: pictures. */
TL_PRIV tl_status tl__charts_write(tl_context *context, const tl_value *data, const char *folder, int *count,
                                   tl_error *error);
/* Both, with a line in the log where there are pictures. */
TL_PRIV tl_status tl__charts_make(tl_context *context, const tl_model *model, const tl_dataset *data,
                                  const char *folder, tl_error *error);
/* Are these formats of pictures? */
TL_PRIV tl_status tl__picture_formats(const char *formats, tl_error *error);
/* A picture as FOLDER/NAME.FORMAT in each of the formats, "svg,png,pdf". */
TL_PRIV tl_status tl__picture_save(tl_context *context, const tl__picture *picture, const char *folder,
                                   const char *name, const char *formats, tl_error *error);

#endif
