/* The order of the rows in an epoch: a function of (seed, part, epoch) and of the settings, of nothing else.
 *
 * The positions 0..rows-1 of a part are cut into pieces of consecutive positions. The pieces are drawn in a random
 * order; 16 of them at a time make a window, and the rows of a window are permuted among each other. So rows near each
 * other in the file come from 16 places of it, and a reader needs one window in memory, never the part. A block that
 * holds the whole part makes one window of one piece: a permutation of all rows. */
#ifndef TL_DATA_ORDER_H
#define TL_DATA_ORDER_H

#include "base/base.h"

enum { TL__ORDER_PIECES = 16 };    /* of a window */

typedef struct tl__order {
    size_t rows;
    size_t piece;                  /* rows of a piece; the part's last may be shorter */
    size_t pieces;                 /* of the part */
    size_t each;                   /* pieces of a window; the last window may have fewer */
    size_t windows;
} tl__order;

/* block: rows of a window at most; 0, or no less than rows: all. */
TL_PRIV tl__order tl__order_of(size_t rows, size_t block);
/* The pieces [order->pieces] of an epoch, window after window, ascending in each. */
TL_PRIV void tl__order_draw(const tl__order *order, uint64_t seed, uint32_t part, uint32_t epoch, uint32_t *pieces);
/* Rows of a window. */
TL_PRIV size_t tl__order_window_rows(const tl__order *order, const uint32_t *pieces, size_t window);
/* The positions of a window's rows in the order in which they come; gives their number. */
TL_PRIV size_t tl__order_window(const tl__order *order, const uint32_t *pieces, uint64_t seed, uint32_t part,
                                uint32_t epoch, size_t window, uint32_t *out);
/* The pieces of a window lie one after the other, piece i from place i * order->piece on: where a position stands
 * there; and piece i, its first position and rows (0: the window has no piece i). */
TL_PRIV size_t tl__order_place(const tl__order *order, const uint32_t *pieces, size_t window, uint32_t position);
TL_PRIV size_t tl__order_piece(const tl__order *order, const uint32_t *pieces, size_t window, size_t i,
                               size_t *position);

#endif
