/* train:predict of a forecast: the steps after the end of each series of a file. */
#ifndef TL_LAB_COMMAND_FORECAST_H
#define TL_LAB_COMMAND_FORECAST_H

#include "lab/command_model.h"

/* options->data NULL: the data that the model was trained on. */
TL_PRIV tl_status tl__forecast_file(tl__trained *trained, const tl_options *options, tl__tree *tree, tl_error *error);
/* The quantiles of training.loss as they were written, as texts in the arena; numbers where they are not known; ""
 * where count is 1. */
TL_PRIV tl_status tl__quantile_labels(const tl__trained *trained, tl__arena *arena, size_t count, const char ***out,
                                      tl_error *error);

#endif
