/* Random numbers by counting: a draw is a function of (seed, purpose, node, step, row, element) and of nothing
 * else, so that no order of calls, thread or tile can change it. Philox4x32-10 (Salmon et al., SC'11). */
#ifndef TL_BASE_RANDOM_H
#define TL_BASE_RANDOM_H

#include "base/base.h"

/* What a draw is for; part of the key. New purposes are appended, numbers never change. */
typedef enum tl__purpose {
    TL__DRAW_INIT = 1,        /* initial weights: node = hash of the tensor's name */
    TL__DRAW_DROPOUT = 2,
    TL__DRAW_SHUFFLE = 3,     /* order of rows: step = epoch */
    TL__DRAW_SPLIT = 4,
    TL__DRAW_SEARCH = 5,      /* step = trial */
    TL__DRAW_GENERATE = 6,    /* synthetic data */
    TL__DRAW_USER = 7,
    TL__DRAW_AUGMENT = 8,     /* images of a training batch: step = epoch, row = position in the part */
    TL__DRAW_NOISE = 9,       /* of layers that add it */
    TL__DRAW_BOOTSTRAP = 10,  /* step = draw */
    TL__DRAW_VALIDATE = 11,   /* noise on inputs: step = draw, row = position in the part */
    TL__DRAW_EXPLAIN = 12     /* order of the rows of a shuffled column: node = column, step = repeat */
} tl__purpose;

typedef struct tl__random {
    uint32_t key[2];
    uint32_t counter[4];   /* [0] element/4, [1] row, [2] step, [3] node */
} tl__random;

/* The published function: 10 rounds. */
TL_PRIV void tl__philox(uint32_t out[4], const uint32_t counter[4], const uint32_t key[2]);

/* A stream: key from seed and purpose, counter words from node, step and row; elements count up. */
TL_PRIV void tl__random_init(tl__random *random, uint64_t seed, tl__purpose purpose, uint32_t node, uint32_t step,
                             uint32_t row);
TL_PRIV uint32_t tl__random_u32(const tl__random *random, uint32_t element);     /* any element, any order */
TL_PRIV float tl__random_uniform(const tl__random *random, uint32_t element);    /* [0, 1), multiples of 2^-24 */
TL_PRIV float tl__random_normal(const tl__random *random, uint32_t element);     /* Box-Muller with own log, sin, cos */
/* Uniform on 0..n-1 without bias (Lemire's multiply, 64 bits from elements 2e and 2e+1). n > 0. */
TL_PRIV uint32_t tl__random_below(const tl__random *random, uint32_t element, uint32_t n);
/* A permutation of 0..n-1 by Fisher-Yates over elements 0..n-1. */
TL_PRIV void tl__random_permutation(const tl__random *random, uint32_t *out, uint32_t n);

#endif
