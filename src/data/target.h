/* The task, the classes, and the target of each row. */
#ifndef TL_DATA_TARGET_H
#define TL_DATA_TARGET_H

#include "data/dataset.h"
#include "data/pipeline.h"
#include "data/roles.h"

/* Classification or regression, as demanded or as the target shows: text, two values, or at most 20 different whole
 * numbers with 5 rows each on average are classes. */
TL_PRIV tl_status tl__target_task(const tl__table *table, const tl__roles *roles, const tl__data_settings *settings,
                                  bool *classification, tl_error *error);
/* Classes, names of the target columns, positive and background class into the pipeline. Shift and scale of a
 * regression are fitted later. */
TL_PRIV tl_status tl__target_describe(const tl__table *table, const tl__roles *roles, const tl__data_settings *settings,
                                      tl__pipeline *pipeline, tl_error *error);
/* labels [rows] (-1: missing, -2: a class that the pipeline does not have) or targets [rows, outputs] (NaN: missing) of
 * the target columns; a class among several targets as its number, -2 likewise. */
TL_PRIV void tl__target_encode(const tl__table *table, const size_t *columns, const tl__pipeline *pipeline,
                               int32_t *labels, float *targets);
/* The first target of a row whose class the pipeline does not have; SIZE_MAX: none. */
TL_PRIV size_t tl__target_unknown(const tl__rows_of *source, const tl__pipeline *pipeline, size_t row);
/* Name of the class in a row: a word, or a number in print. */
TL_PRIV const char *tl__target_name(const tl__column *column, size_t row, char scratch[32]);

#endif
