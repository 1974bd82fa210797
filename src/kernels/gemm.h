/* A region of the matrix product: what gemm.inc.h hands from the chains to the epilogue. */
#ifndef TL_KERNELS_GEMM_H
#define TL_KERNELS_GEMM_H

#include "kernels/leaves.h"

/* A region of c: where it lies, how large it is, and where its chains live. */
typedef struct tl__region {
    size_t i, j, rows, columns;
    float *chains;
    size_t ld;
    bool in_place;           /* they live in c */
} tl__region;

#endif
