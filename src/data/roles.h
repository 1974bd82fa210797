/* What each column of a table is for, and which rows can be used. */
#ifndef TL_DATA_ROLES_H
#define TL_DATA_ROLES_H

#include "data/settings.h"
#include "data/table.h"

enum { TL__ROLE_INPUT, TL__ROLE_TARGET, TL__ROLE_WEIGHT, TL__ROLE_GROUP, TL__ROLE_TIME, TL__ROLE_SEQUENCE,
       TL__ROLE_DROPPED, TL__ROLE_DATE, TL__ROLE_EMPTY };

typedef struct tl__roles {
    tl__heap *heap;
    size_t column_count;
    unsigned char *of;           /* [column_count] TL__ROLE_* */
    size_t *targets;             /* [target_count] column numbers, in the order of data.target */
    size_t target_count;
    size_t input_count;
    size_t weight, group, time, sequence;  /* column numbers; SIZE_MAX: none */
} tl__roles;

/* Frees itself when it fails. */
TL_PRIV tl_status tl__roles_find(const tl__table *table, const tl__data_settings *settings, tl__roles *out,
                                 tl_error *error);
TL_PRIV void tl__roles_free(tl__roles *roles);

/* Missing cells of an input column by data.missing: fail reports the first one. Infinite values are a mistake in any
 * case. `what` is "column". */
TL_PRIV tl_status tl__column_check(const tl__table *table, const tl__column *column, bool missing_allowed,
                                   tl_error *error);
/* data.missing: forward, on one column: each missing cell takes the value before it; those at the start stay. `order`
 * (NULL: as they stand) is the sequence of the rows. */
TL_PRIV void tl__column_fill_forward(tl__column *column, size_t rows, const uint32_t *order);

#endif
