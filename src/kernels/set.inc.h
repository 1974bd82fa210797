/* Template: one whole set. The including file has defined SET, FN, INLINE, SET_NAME, SET_CLASS, the words of
 * base/vec_scalar.h, and beyond them
 *   GEMM_ROWS, GEMM_WIDE    the tile of the matrix product, in rows and vectors
 *   GEMM_MASKED             1 where V_LOAD_PART is one instruction: edges of b are then read where they lie
 *   GEMM_LINE_1, _2, _3     vectors of products of one, two and three rows; each 4, 8 or 16
 *   SET_NARROW              optional: a set of half as many lanes, for layers of few channels
 *   CONV_ROWS               rows of a convolution's tile of one vector: 4, 8 or 14
 *   V_FIRST(v, n)           the first n lanes, the others 0; n in 0..VN
 *   I_COUNTERS, I_WIDE, I_QUADS (optimizer.inc.h); FOUR_LOAD, FOUR_STORE (short_rows.inc.h; where VN > 1)
 *   V_SUM, TRANSPOSE_FOUR(out, ldout, in, ldin)   optional; the latter: four columns of VN rows become four rows
 * Everything is undefined at the end. */
#include "base/math.inc.h"
#include "kernels/vector.inc.h"
#include "kernels/elementwise.inc.h"
#include "kernels/reduce.inc.h"
#include "kernels/short_rows.inc.h"
#include "kernels/rows.inc.h"
#include "kernels/attention.inc.h"
#include "kernels/optimizer.inc.h"
#include "kernels/gemm.inc.h"
#include "kernels/conv.inc.h"
#include "kernels/pooling.inc.h"
#include "kernels/recurrent.inc.h"

#ifndef SET_GEMM
#  define SET_GEMM(name) SET(name)   /* a set may bring its own matrix product */
#endif

static const tl__kernels SET(set) = {
    .name = SET_NAME,
    .numeric_class = SET_CLASS,
    .gemm_plan = SET_GEMM(gemm_plan),
    .conv_plan = SET(conv_plan),
    .conv_gradient_plan = SET(conv_gradient_plan),
    .conv_turn = SET(conv_turn),
    .max_pool = SET(max_pool),
    .max_pool_backward = SET(max_pool_backward),
    .avg_pool = SET(avg_pool),
    .avg_pool_backward = SET(avg_pool_backward),
    .activate = SET(activate),
    .activate_backward = SET(activate_backward),
    .add = SET(add),
    .multiply = SET(multiply),
    .multiply_add = SET(multiply_add),
    .scale = SET(scale),
    .axpy = SET(axpy),
    .clamp = SET(clamp),
    .fill = SET(fill),
    .copy = SET(copy),
    .copy_rows = SET(copy_rows),
    .add_bias = SET(add_bias),
    .normalize = SET(normalize),
    .normalize_columns = SET(normalize_columns),
    .line_u8 = SET(line_u8),
    .one_hot = SET(one_hot),
    .sum = SET(sum),
    .sum_squares = SET(sum_squares),
    .dot = SET(dot),
    .max = SET(max),
    .any_nonfinite = SET(any_nonfinite),
    .column_sums = SET(column_sums),
    .column_dots = SET(column_dots),
    .column_square_deviations = SET(column_square_deviations),
    .row_moments = SET(row_moments),
    .softmax = SET(softmax),
    .log_softmax = SET(log_softmax),
    .logsumexp = SET(logsumexp),
    .softmax_backward = SET(softmax_backward),
    .log_softmax_backward = SET(log_softmax_backward),
    .cross_entropy = SET(cross_entropy),
    .layer_norm = SET(layer_norm),
    .layer_norm_backward = SET(layer_norm_backward),
    .layer_norm_sums = SET(layer_norm_sums),
    .batch_norm_sums = SET(batch_norm_sums),
    .batch_norm = SET(batch_norm),
    .batch_norm_backward = SET(batch_norm_backward),
    .dropout = SET(dropout),
    .attention_weights = SET(attention_weights),
    .attention_slopes = SET(attention_slopes),
    .attention_triangle = SET(attention_triangle),
    .recurrent_plan = SET(recurrent_plan),
    .recurrent_pack = SET(recurrent_pack),
    .recurrent_forward = SET(recurrent_forward),
    .recurrent_backward = SET(recurrent_backward),
    .sgd = SET(sgd),
    .rmsprop = SET(rmsprop),
    .adagrad = SET(adagrad),
    .adam = SET(adam),
};

#include "kernels/set_end.h"
