/* Gradients in figures, and cut to size. Sums of squares have a fixed order: a tensor is cut into blocks of 4,096
 * numbers, each summed in the kernels' fixed lanes, blocks and then tensors added in their order in double. */
#ifndef TL_NN_CLIP_H
#define TL_NN_CLIP_H

#include "base/base.h"

struct tl__kernels;

/* Sum of squares of a tensor's gradient; inf or NaN when one is in it, or when it is beyond a double. */
TL_PRIV double tl__sum_of_squares(const struct tl__kernels *kernels, const float *values, size_t count);
/* The same for blocks first..end-1 of 4,096 numbers each, one double per block, so that blocks are tasks; adding them
 * in order gives tl__sum_of_squares. */
TL_PRIV void tl__sum_of_squares_blocks(const struct tl__kernels *kernels, const float *values, size_t count,
                                       size_t first, size_t end, double *out);
enum { TL__SQUARES_BLOCK = 4096 };

/* min(1, limit / (norm + 1e-6)), as torch.nn.utils.clip_grad_norm_ has it; 1 when limit is 0 (no limit). norm: root of
 * the sum of all tensors' sums of squares. */
TL_PRIV float tl__clip_factor(double norm, double limit);
/* g *= factor; nothing to do for 1. */
TL_PRIV void tl__clip_scale(const struct tl__kernels *kernels, float *gradient, size_t count, float factor);
/* Every entry to [-limit, limit]; NaN stays. */
TL_PRIV void tl__clip_value(const struct tl__kernels *kernels, float *gradient, size_t count, float limit);

/* Figures over elements. */
typedef struct tl__gradient_figures {
    double sum_absolute;             /* sum of |g| */
    double max_absolute;             /* NaN when there is one */
    size_t count;
} tl__gradient_figures;
/* Adds a tensor's figures to *figures (zeroed before the first). */
TL_PRIV void tl__gradient_figures_add(const float *gradient, size_t count, tl__gradient_figures *figures);

#endif
