/* Sequences of unequal length as rows of a data set: the table holds their steps, a row each, and a column says whose
 * step it is. Nothing is copied: a sequence is a list of rows, and stands in all arrays of rows (parts, labels,
 * targets, weights) at the first of them, its head. Features of a row of the network are [max_length, features of a
 * step], 0 behind the sequence's end. */
#ifndef TL_DATA_SEQUENCE_H
#define TL_DATA_SEQUENCE_H

#include "data/dataset_build.h"

typedef struct tl__sequences {
    const tl__column *ids;       /* of texts: its codes are the numbers of the sequences */
    size_t count;
    uint32_t *begin;             /* [count + 1] of its steps */
    uint32_t *rows;              /* [begin[count]] of the table, in their order */
    size_t longest;              /* before they were cut */
    size_t cut, empty;           /* sequences that were longer than max_length; that have no step left */
} tl__sequences;

/* The rows of a source as sequences by the column that names them, each in the order of `time` (NULL: as they stand);
 * and a column's missing cells take the value before them in their sequence. */
TL_PRIV tl_status tl__sequences_order(tl_dataset *dataset, tl__rows_of *source, const tl__column *ids,
                                      const tl__column *time, tl_error *error);
TL_PRIV void tl__sequences_fill_forward(const tl__rows_of *source, tl__column *column);
/* Steps with missing cells are left out where `drop`; of what is left, pipeline->sequence->max_length steps are kept
 * (0: it becomes the length of the longest). */
TL_PRIV tl_status tl__sequences_cut(tl_dataset *dataset, tl__rows_of *source, bool drop, tl_error *error);
/* A column that must have one value for each sequence. */
TL_PRIV tl_status tl__sequences_constant(const tl__rows_of *source, const tl__column *column, const char *setting,
                                         tl_error *error);

/* The steps of the sequence whose head is this row. */
TL_PRIV const uint32_t *tl__sequence_steps(const tl__rows_of *source, uint32_t head, size_t *count);
TL_PRIV const char *tl__sequence_name(const tl__rows_of *source, uint32_t head);
/* All steps of a part, in the heap: *bytes to free. */
TL_PRIV tl_status tl__sequences_steps(const tl_dataset *dataset, const tl__part_rows *part, uint32_t **out,
                                      size_t *count, size_t *bytes, tl_error *error);
TL_PRIV tl_status tl__sequences_note(tl_dataset *dataset, const tl__rows_of *source);

/* A table of one row per sequence, data.sequence.table: those of its columns that the settings name become columns of
 * the steps. Rows to predict (`lenient`) can do without: a table that cannot be read, or knows none of them, is
 * left. */
TL_PRIV tl_status tl__sequences_join(tl__table *table, const tl__data_settings *settings, const char *folder,
                                     bool lenient, tl_error *error);

#endif
