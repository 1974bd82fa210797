/* What the parts of the convolution hand to each other: conv.inc.h (bands, parts), conv_tile.inc.h (tiles). */
#ifndef TL_KERNELS_CONV_H
#define TL_KERNELS_CONV_H

#include "kernels/gemm.h"

/* c[rows, columns] (+)= a * b over ny * nx * n terms. Row i of a is at a + i / 3 * stride_three + i % 3 * stride_i. */
typedef struct tl__conv_tile {
    size_t ny, nx, n;
    const float *a;
    size_t stride_i, stride_three;
    size_t a_y, a_x, stride_p;
    const float *b;
    size_t b_y, b_x, ldb;
    float *c;
    size_t ldc, columns;
    bool go_on;               /* the chains so far lie in c */
    tl__tile_end end;
    const float *bias;        /* of this tile's columns, or NULL */
    float cut;                /* forward: values up to this become 0; NaN: none */
    const float *saved;       /* backward; with the strides of c */
    size_t ldsaved;
} tl__conv_tile;

/* Rows of a sample's source, with zeros at both sides where columns are read that do not exist. */
typedef struct tl__conv_band {
    const float *at;          /* row `first`, column -left */
    size_t first, left, row;  /* row: floats from row to row */
} tl__conv_band;

/* Columns that are read before the first and after the last that exist. */
static inline size_t tl__conv_left(const tl__conv_axis *x) { return x->pad > 0 ? (size_t)x->pad : 0; }
static inline size_t tl__conv_right(const tl__conv_axis *x)
{
    ptrdiff_t last = (ptrdiff_t)((x->out - 1) * x->step + (x->taps - 1) * x->spread) - x->pad;
    return last >= (ptrdiff_t)x->in ? (size_t)last + 1 - x->in : 0;
}

/* The source row that tap k of position i reads; it may not exist. */
static inline ptrdiff_t tl__conv_row(const tl__conv_axis *axis, size_t i, size_t k)
{
    return (ptrdiff_t)(i * axis->step + k * axis->spread) - axis->pad;
}

/* Taps [from, to) of position i whose row exists. */
static inline size_t tl__conv_taps(const tl__conv_axis *axis, size_t i, size_t *to)
{
    size_t from = 0;
    *to = axis->taps;
    while (from < axis->taps && tl__conv_row(axis, i, from) < 0) from++;
    while (*to > from && tl__conv_row(axis, i, *to - 1) >= (ptrdiff_t)axis->in) --*to;
    return from;
}

/* Of positions [from, to) those whose row exists for tap k. */
static inline void tl__conv_positions(const tl__conv_axis *axis, size_t k, size_t *from, size_t *to)
{
    while (*from < *to && tl__conv_row(axis, *from, k) < 0) ++*from;
    while (*to > *from && tl__conv_row(axis, *to - 1, k) >= (ptrdiff_t)axis->in) --*to;
}

#endif
