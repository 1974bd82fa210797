/* One head of attention over one sequence, in tiles over its queries: a block of queries holds all its scores at a
 * time, so scratch grows with the sequence and not with its square. Kernels and chains: kernels/kernels.h; which blocks
 * there are decides nothing about the bits. */
#ifndef TL_NN_ATTENTION_H
#define TL_NN_ATTENTION_H

#include "base/random.h"
#include "kernels/kernels.h"

typedef struct tl__attention {
    const tl__kernels *kernels;
    size_t queries, keys;            /* positions; of keys only those that are real: a sequence's length */
    size_t padded;                   /* keys with those that are not: their weights, dk and dv are 0 */
    size_t width;                    /* of the head */
    size_t block;                    /* queries of a tile: of tl__attention_block for the longest sequence */
    bool causal;
    float scale;
    const float *q, *k, *v;          /* rows ldq, ldk, ldk apart */
    size_t ldq, ldk;
    float *largest, *inverse;        /* per query: written by forward, read by backward */
    float *out;                      /* written by forward; rows ldout apart */
    size_t ldout;
    float rate;                      /* of dropout on the weights; 0: none */
    tl__random random;               /* key j and query i: element 65536*j + i */
    float *weights;                  /* query i's weights at i*ldweights; or NULL */
    size_t ldweights;
    const float *d_out;              /* rows ldout apart */
    const float *d_weights;          /* as weights; or NULL */
    float *dq, *dk, *dv;             /* rows as q, k, v */
    float *delta;                    /* per query: scratch between the parts of the way back */
} tl__attention;

/* What one call of tl__attention_backward makes: the gradients of queries (and delta), of keys and values, or all in
 * one, which is less work but cannot be cut. Keys need delta of all queries. */
typedef enum tl__attention_part {
    TL__ATTENTION_QUERIES = 1,
    TL__ATTENTION_KEYS = 2,
    TL__ATTENTION_ALL = 3
} tl__attention_part;

/* A multiple of 16. Scratch in bytes, for as many keys or fewer, and whether it serves the way back, too. */
TL_PRIV size_t tl__attention_block(size_t queries, size_t keys);
TL_PRIV size_t tl__attention_scratch(const tl__attention *call, bool backward);

/* Queries [first, end); first is a multiple of the block. */
TL_PRIV void tl__attention_forward(const tl__attention *call, size_t first, size_t end, void *scratch);
/* Of TL__ATTENTION_QUERIES: queries [first, end). Of TL__ATTENTION_KEYS: keys [first, end). Of all: 0 and no end. first
 * is a multiple of the block. */
TL_PRIV void tl__attention_backward(const tl__attention *call, tl__attention_part part, size_t first, size_t end,
                                    void *scratch);

#endif
