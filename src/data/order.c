/* Streams of the generator: the pieces of an epoch take row UINT32_MAX, the rows of window w take row w, so the one
 * window of a part that is not cut has the stream (seed, part, epoch). */
#include "data/order.h"

#include "base/random.h"

TL_PRIV tl__order tl__order_of(size_t rows, size_t block)
{
    bool whole = block == 0 || block >= rows;
    tl__order order = {.rows = rows, .piece = whole ? rows : block / TL__ORDER_PIECES, .each = TL__ORDER_PIECES};
    if (order.piece == 0) order.piece = 1;
    if (!whole && block < TL__ORDER_PIECES) order.each = block;
    order.pieces = rows / order.piece + (rows % order.piece != 0);
    order.windows = order.pieces / order.each + (order.pieces % order.each != 0);
    return order;
}

static size_t order_piece_rows(const tl__order *order, uint32_t piece)
{
    size_t first = piece * order->piece;
    return first + order->piece < order->rows ? order->piece : order->rows - first;
}

/* Numbers of the pieces of a window in the list. */
static size_t order_end(const tl__order *order, size_t window)
{
    size_t end = (window + 1) * order->each;
    return end < order->pieces ? end : order->pieces;
}

TL_PRIV void tl__order_draw(const tl__order *order, uint64_t seed, uint32_t part, uint32_t epoch, uint32_t *pieces)
{
    tl__random random;
    if (order->pieces == 0) return;
    tl__random_init(&random, seed, TL__DRAW_SHUFFLE, part, epoch, UINT32_MAX);
    tl__random_permutation(&random, pieces, (uint32_t)order->pieces);
    for (size_t window = 0; window < order->windows; window++) {
        size_t begin = window * order->each, end = order_end(order, window);
        for (size_t i = begin + 1; i < end; i++) {
            uint32_t piece = pieces[i];
            size_t at = i;
            for (; at > begin && pieces[at - 1] > piece; at--) pieces[at] = pieces[at - 1];
            pieces[at] = piece;
        }
    }
}

TL_PRIV size_t tl__order_window_rows(const tl__order *order, const uint32_t *pieces, size_t window)
{
    size_t rows = 0;
    for (size_t i = window * order->each; i < order_end(order, window); i++) rows += order_piece_rows(order, pieces[i]);
    return rows;
}

/* Only the last piece of the part may be short, and it comes last in its window. */
TL_PRIV size_t tl__order_window(const tl__order *order, const uint32_t *pieces, uint64_t seed, uint32_t part,
                                uint32_t epoch, size_t window, uint32_t *out)
{
    tl__random random;
    size_t rows = tl__order_window_rows(order, pieces, window);
    const uint32_t *own = pieces + window * order->each, size = (uint32_t)order->piece;
    if (rows == 0) return 0;
    tl__random_init(&random, seed, TL__DRAW_SHUFFLE, part, epoch, (uint32_t)window);
    tl__random_permutation(&random, out, (uint32_t)rows);
    for (size_t i = 0; i < rows; i++) out[i] = own[out[i] / size] * size + out[i] % size;
    return rows;
}

TL_PRIV size_t tl__order_place(const tl__order *order, const uint32_t *pieces, size_t window, uint32_t position)
{
    const uint32_t *own = pieces + window * order->each, wanted = position / (uint32_t)order->piece;
    size_t i = 0;
    while (own[i] != wanted) i++;
    return i * order->piece + position % (uint32_t)order->piece;
}

TL_PRIV size_t tl__order_piece(const tl__order *order, const uint32_t *pieces, size_t window, size_t i,
                               size_t *position)
{
    size_t at = window * order->each + i;
    if (i >= order->each || at >= order->pieces) return 0;
    *position = pieces[at] * order->piece;
    return order_piece_rows(order, pieces[at]);
}
