/* Steps of making a data set that dataset.c and apply.c share. */
#ifndef TL_DATA_DATASET_BUILD_H
#define TL_DATA_DATASET_BUILD_H

#include "data/dataset.h"
#include "data/roles.h"

TL_PRIV tl_status tl__dataset_new(tl_context *context, tl__table *table, tl__table *test, tl_dataset **out);

/* Room for columns, maps, labels or targets of a source, in the data set's arena. */
TL_PRIV tl_status tl__source_room(tl_dataset *dataset, tl__rows_of *source, tl_error *error);
/* The columns that the pipeline's inputs are in this table, by name; a file without names and with just the input
 * columns: by position. */
TL_PRIV tl_status tl__source_columns(tl_dataset *dataset, tl__rows_of *source, tl_error *error);
/* Missing cells of the inputs by data.missing: a mistake, or filled forward, or left for later. */
TL_PRIV tl_status tl__source_check(tl_dataset *dataset, tl__rows_of *source, const tl__data_settings *settings,
                                   tl_error *error);
/* source->incomplete of a stored table. */
TL_PRIV tl_status tl__source_incomplete(tl_dataset *dataset, tl__rows_of *source, tl_error *error);
/* Adds the cells of a part whose word the pipeline does not know to what was left out. */
TL_PRIV tl_status tl__part_count_unknown(tl_dataset *dataset, const tl__part_rows *part, tl_error *error);
/* Columns of stored tables that were taken into memory leave it. */
TL_PRIV void tl__dataset_let_go(tl_dataset *dataset);
/* Codes to words, bytes to normalised values; counts cells with words that the pipeline does not know. */
TL_PRIV tl_status tl__source_maps(tl_dataset *dataset, tl__rows_of *source, tl_error *error);
/* Row weights from a column. */
TL_PRIV tl_status tl__source_weights(tl_dataset *dataset, tl__rows_of *source, const tl__column *column,
                                     tl_error *error);
/* A sentence for the user. */
TL_PRIV tl_status tl__dataset_note(tl_dataset *dataset, const char *format, ...) TL_PRINTF(2, 3);
/* Rows of a part, and its class counts. */
TL_PRIV tl_status tl__part_new(tl_dataset *dataset, tl_part part, const tl__rows_of *from, size_t count,
                               tl_error *error);
TL_PRIV void tl__part_count_classes(tl_dataset *dataset, tl_part part);
/* Hashes of columns and of the whole. */
TL_PRIV tl_status tl__dataset_hash(tl_dataset *dataset, tl_error *error);
/* Is a cell of the inputs missing in this row? */
TL_PRIV bool tl__row_has_missing(const tl__rows_of *source, size_t inputs, size_t row);

#endif
