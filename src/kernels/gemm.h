/* What the parts of the matrix product hand to each other: gemm.inc.h (regions, packing), gemm_tile.inc.h (tiles). */
#ifndef TL_KERNELS_GEMM_H
#define TL_KERNELS_GEMM_H

#include "kernels/leaves.h"

/* What of a large product stays where: a step of `depth` terms of so many columns of b in the third-level cache, so
 * many floats of a in the second. Never in the bits. */
typedef struct tl__gemm_blocks {
    size_t depth, floats, columns;
} tl__gemm_blocks;

static inline tl__gemm_blocks tl__gemm_blocks_of(unsigned caches)
{
    static const tl__gemm_blocks blocks[TL__CACHES_COUNT] = {
        [TL__CACHES_SMALL] = {256, 32 * 1024, 512},
        [TL__CACHES_MIDDLE] = {512, 64 * 1024, 1024},
        [TL__CACHES_LARGE] = {1024, 128 * 1024, 1024},
    };
    return blocks[caches];
}

/* What a tile does with its finished chains: stores them; adds a bias, applies relu and stores; multiplies by the
 * derivative of relu and stores. */
typedef enum tl__tile_end { TL__TILE_STORE, TL__TILE_FORWARD, TL__TILE_BACKWARD } tl__tile_end;

/* c[rows, columns] (+)= a * b over k terms: a[i*stride_i + p*stride_p], b in rows that are ldb apart. */
typedef struct tl__tile {
    size_t k;
    const float *a;
    size_t stride_i, stride_p;
    const float *b;
    size_t ldb;
    float *pack;              /* a packing tile's copy of b's columns */
    float *c;
    size_t ldc;
    size_t columns;
    const float *next;        /* where the next tile begins in c, ... */
    size_t ahead;             /* ... and how many of its rows are worth fetching */
    bool go_on;               /* the chains so far lie in c */
    tl__tile_end end;
    const float *bias;        /* of this tile's columns, or NULL */
    float cut;                /* forward: values up to this become 0; NaN: none */
    const float *saved;       /* backward */
    size_t ldsaved;
} tl__tile;

/* A region of c: where it lies, how large it is, and where its chains live. */
typedef struct tl__region {
    size_t i, j, rows, columns;
    size_t tiles, least, more;   /* below each other, of `least` rows, the first `more` of one more */
    float *chains;
    size_t ld;
    size_t begin;             /* of the leaf */
    bool done;                /* the tiles have applied the epilogue */
} tl__region;

#endif
