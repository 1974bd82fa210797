/* Initial weights. A tensor's numbers are drawn by its name (base/random.h), so adding, removing or reordering layers does
 * not change the others' weights. Biases start at 0, scales of norms at 1.
 *
 * `auto` is he_uniform for layers that end in relu, leaky_relu, elu, gelu, gelu_tanh or silu, and xavier_uniform else. */
#ifndef TL_NN_INIT_H
#define TL_NN_INIT_H

#include "base/base.h"

/* Words of a row of kind TL__FIELD_CHOICE, and what they mean, with a = fan_in, b = fan_out:
 *   xavier_uniform (xavier, glorot, glorot_uniform)  U(-r, r), r = sqrt(6 / (a + b))     Glorot and Bengio 2010
 *   xavier_normal (glorot_normal)                    N(0, 2 / (a + b))
 *   he_uniform (he, kaiming, kaiming_uniform)        U(-r, r), r = sqrt(6 / a)           He et al. 2015
 *   he_normal (kaiming_normal)                       N(0, 2 / a)
 *   lecun_uniform (lecun)                            U(-r, r), r = sqrt(3 / a)           LeCun et al. 1998
 *   lecun_normal                                     N(0, 1 / a)
 *   orthogonal                                       rows (or columns) orthonormal       Saxe et al. 2014
 *   pytorch                                          U(-r, r), r = sqrt(1 / a), biases too: torch.nn.Linear's default
 *   zeros, ones */
#define TL__INIT_WORDS                                                                                                  \
    {"auto", "xavier", "xavier_uniform", "xavier_normal", "he", "he_uniform", "he_normal", "lecun", "lecun_uniform",    \
     "lecun_normal", "orthogonal", "pytorch", "zeros", "ones", "glorot", "glorot_uniform", "glorot_normal", "kaiming",  \
     "kaiming_uniform", "kaiming_normal", NULL}

typedef enum tl__init_kind {
    TL__INIT_ZEROS, TL__INIT_ONES, TL__INIT_XAVIER_UNIFORM, TL__INIT_XAVIER_NORMAL, TL__INIT_HE_UNIFORM,
    TL__INIT_HE_NORMAL, TL__INIT_LECUN_UNIFORM, TL__INIT_LECUN_NORMAL, TL__INIT_ORTHOGONAL, TL__INIT_PYTORCH
} tl__init_kind;

/* Of a word's index; `activation` (index of nn/activation.h) decides `auto`. */
TL_PRIV tl__init_kind tl__init_of(int word, int activation);
/* The index of `word`, or -1. */
TL_PRIV int tl__init_word(const char *word);

/* Fill the tensor `name`, a matrix [out, in] (others: out = 1). Draw i is element i in file order; with `transposed` the
 * matrix lies in memory as [in, out]. */
TL_PRIV void tl__init_fill(tl__init_kind kind, uint64_t seed, const char *name, size_t out, size_t in, size_t fan_in,
                           size_t fan_out, bool transposed, float *values);

#endif
