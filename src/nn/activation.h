/* Words for activations in settings, and an activation as layers apply it: the kernels' kinds, and softmax
 * and log_softmax, which work on whole rows and so cannot be fused into a matrix product. */
#ifndef TL_NN_ACTIVATION_H
#define TL_NN_ACTIVATION_H

#include "kernels/kernels.h"

/* The choices of a row of kind TL__FIELD_CHOICE: index 0 is `auto`, then the kernels' kinds, then those of whole rows,
 * then other words for identity. */
#define TL__ACTIVATION_WORD(constant, name) name,
#define TL__ACTIVATION_WORDS \
    {"auto", TL__ACTIVATIONS(TL__ACTIVATION_WORD) "softmax", "log_softmax", "none", "linear", NULL}
enum { TL__ACTIVATION_AUTO = 0 };

typedef enum tl__row_activation {
    TL__ROWS_NONE, TL__ROWS_SOFTMAX, TL__ROWS_LOG_SOFTMAX, TL__ROWS_COUNT
} tl__row_activation;

typedef struct tl__activation_use {
    tl__activation kind;     /* TL__IDENTITY where `rows` says something */
    float parameter, limit;
    tl__row_activation rows;
} tl__activation_use;

/* Of a word's index; 0 is identity here, since whoever has a default has put it in before. alpha and
 * threshold below 0: the default. */
TL_PRIV tl__activation_use tl__activation_of(int word, double alpha, double threshold);
/* The index of `word`, or -1. */
TL_PRIV int tl__activation_word(const char *word);
TL_PRIV bool tl__activation_is_identity(const tl__activation_use *use);
/* Does the way back need the pre-activation (true) or the output? */
TL_PRIV bool tl__activation_keeps_pre(const tl__activation_use *use);
/* y = act(x) and dx = dy * act'(saved), rows of `columns`; in place allowed. */
TL_PRIV void tl__activation_forward(const tl__kernels *kernels, const tl__activation_use *use, float *y, const float *x,
                                    size_t rows, size_t columns);
TL_PRIV void tl__activation_backward(const tl__kernels *kernels, const tl__activation_use *use, float *dx,
                                     const float *dy, const float *saved, size_t rows, size_t columns);

#endif
