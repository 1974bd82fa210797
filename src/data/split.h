/* Dividing rows into training, validation and test part. Pure: a function of its arguments. */
#ifndef TL_DATA_SPLIT_H
#define TL_DATA_SPLIT_H

#include "base/error.h"
#include "base/memory.h"
#include "data/settings.h"

/* What the rows are divided by. All arrays are [rows] and belong to candidates, not to the table. */
typedef struct tl__split_input {
    size_t rows;
    const int32_t *labels;     /* classes 0..classes-1; NULL: a regression */
    size_t classes;
    const uint32_t *groups;    /* group numbers from 0, without gaps; NULL: none */
    size_t group_count;
    const double *times;       /* NULL: the order of the rows */
    bool test_elsewhere;       /* data.test_file: no test part is taken */
    uint64_t seed;
} tl__split_input;

/* part[i] becomes 0, 1 or 2 (tl_part), or 3 for rows that no part takes (split.train smaller than the rest). order,
 * when not NULL, becomes the rows in time order (method time), else 0, 1, 2, ... */
TL_PRIV tl_status tl__split(tl__heap *heap, const tl__split_settings *settings, const tl__split_input *input,
                            unsigned char *part, uint32_t *order, tl_error *error);

#endif
