/* Some rows of a stored table in memory, as columns: what reads a table column by column reads a window the same way.
 *
 * Rows are read in runs: rows that stand near each other in the file come with one read, those between them are passed
 * over. A window has its own memory and no other state, so each thread may have one. */
#ifndef TL_DATA_WINDOW_H
#define TL_DATA_WINDOW_H

#include "data/store.h"

enum { TL__WINDOW_READ = 1 << 18 };    /* bytes of a read at most, or one row */

typedef struct tl__window {
    const tl__table *table;        /* with a store */
    size_t capacity;               /* rows */
    size_t count;                  /* columns */
    size_t *numbers;               /* [count] which columns of the table they are */
    tl__column *columns;           /* [count] with values for `capacity` rows */
    const tl__column **list;       /* [count] pointers to them */
    unsigned char *bytes;          /* what was read last; windows of one user may share it */
    size_t room;
    size_t block_size;             /* of tl__window_new */
} tl__window;

/* Rows that a window of a pass over the table should have: about as many as one read brings. */
TL_PRIV size_t tl__window_rows(const tl__table *table);
/* A window on these columns of a table (NULL: on all). share: whose buffer for reading it uses, or NULL for its own.
 * The same calls with and without a base, in the same order, give the same places. */
TL_PRIV void tl__window_carve(tl__carver *carver, const tl__table *table, const tl__column *const *columns,
                              size_t count, size_t capacity, const tl__window *share, tl__window *out);
/* The same in a block of the heap. */
TL_PRIV tl_status tl__window_new(tl_context *context, const tl__table *table, const tl__column *const *columns,
                                 size_t count, size_t capacity, tl__window **out, tl_error *error);
TL_PRIV void tl__window_free(tl_context *context, tl__window *window);

/* The table's rows rows[0..count) to the window's rows at, at + 1, ...; NULL: rows first, first + 1, ... */
TL_PRIV tl_status tl__window_load(tl__window *window, size_t at, const uint32_t *rows, size_t first, size_t count,
                                  tl_error *error);

/* All values of a stored column into memory; and out of it again. */
TL_PRIV tl_status tl__column_take_in(tl__table *table, tl__column *column, tl_error *error);
TL_PRIV void tl__column_let_go(tl__table *table, tl__column *column);

#endif
