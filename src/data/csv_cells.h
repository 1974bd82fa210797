/* The rows of a CSV file into columns. */
#ifndef TL_DATA_CSV_CELLS_H
#define TL_DATA_CSV_CELLS_H

#include "data/infer.h"
#include "text/csv.h"

typedef struct tl__csv_columns {
    tl__csv *csv;                /* at the first row */
    tl__infer_rules *rules;
    tl__infer *columns;          /* with the same number of rows each */
    size_t count;
    tl__arena *words;
    int64_t limit;               /* rows that the columns may then have; 0: all */
} tl__csv_columns;

/* All rows, or as many as the limit says; each column takes one value a row. *rows: how many came. */
TL_PRIV tl_status tl__csv_cells(const tl__csv_columns *into, size_t *rows, tl_error *error);

#endif
