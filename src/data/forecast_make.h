/* Making the data set of a forecast: its rows are windows. */
#ifndef TL_DATA_FORECAST_MAKE_H
#define TL_DATA_FORECAST_MAKE_H

#include "data/dataset_build.h"
#include "data/series.h"

/* The rest of tl__dataset_make: pipeline, series and parts from the table of source[0]. */
TL_PRIV tl_status tl__forecast_make(tl_dataset *dataset, const tl__data_settings *settings, tl_error *error);
/* The rest of tl__dataset_apply: all windows of the table whose targets are known are the TL_TEST part. */
TL_PRIV tl_status tl__forecast_apply_table(tl_dataset *dataset, tl_error *error);
/* The steps of a table through a forecast's columns, neither cleaned nor with features. */
TL_PRIV tl_status tl__forecast_grid(const tl__pipeline *pipeline, const tl__table *table, tl__grid *out,
                                    tl_error *error);
/* Names and kinds of the columns that it reads, in the arena. */
TL_PRIV tl_status tl__forecast_kinds(const tl__forecast *forecast, tl__arena *arena, tl__kinds *out, tl_error *error);
/* What was found in the grid, as sentences. */
TL_PRIV tl_status tl__forecast_notes(tl_dataset *dataset, const tl__grid *grid);

#endif
