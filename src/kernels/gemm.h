/* The regions that a matrix product's call is cut into, and its scratch: filled by gemm.inc.h. */
#ifndef TL_KERNELS_GEMM_H
#define TL_KERNELS_GEMM_H

#include "kernels/leaves.h"

typedef struct tl__regions {
    size_t rows, columns;    /* of a region */
    size_t across, down;     /* regions side by side and below each other: one task each */
    bool scratch;            /* the chains live in scratch */
    bool copy_a;             /* rows of a lie a multiple of 4 KiB apart and would evict each other from the cache */
    size_t copy_at, values_at, floats;   /* scratch: a strip of b, then rows of a, then regions, columns apart */
} tl__regions;

/* A region of c: where it lies, how large it is, and where its chains live. */
typedef struct tl__region {
    size_t i, j, rows, columns;
    float *chains;
    size_t ld;
} tl__region;

#endif
