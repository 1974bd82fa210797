/* What loaders share, and their functions. */
#ifndef TL_DATA_LOADER_H
#define TL_DATA_LOADER_H

#include "data/infer.h"
#include "data/table.h"

#define X(name) TL_PRIV const tl__member_head *tl__loader_##name(void);
#include "data/loader_list.h"
#undef X

/* The kind that a column must be read as: data.types by name or position, then what is known from another table. */
TL_PRIV tl_status tl__loader_kind(const tl__source *source, const char *name, size_t position, size_t columns,
                                  tl__column_kind *out, tl_error *error);
/* An array [shape[0], ...] of a binary format as columns: more than two dimensions make one vector column, two a column
 * each, one a single column. */
typedef struct tl__loader_array {
    const size_t *shape;
    int dims;
    double (*at)(const void *array, size_t index);   /* element in C order */
    const void *array;
    bool whole;                  /* integers */
    const unsigned char *bytes;  /* not NULL: the elements are bytes in C order and lie here */
} tl__loader_array;
TL_PRIV tl_status tl__loader_put_array(const tl__source *source, tl__table *into, const tl__loader_array *array,
                                       tl_error *error);

#endif
