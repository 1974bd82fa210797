/* Template: one whole set, its table (table.inc.h) once for each size of caches. The including file has defined SET,
 * FN, INLINE, SET_NAME, SET_CLASS, the words of base/vec_scalar.h, and beyond them
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

static const tl__kernels SET(set)[TL__CACHES_COUNT] = {
    {
#define SET_CACHES TL__CACHES_SMALL
#define SET_PLAN SET_GEMM(gemm_plan_small)
#include "kernels/table.inc.h"
    }, {
#define SET_CACHES TL__CACHES_MIDDLE
#define SET_PLAN SET_GEMM(gemm_plan_middle)
#include "kernels/table.inc.h"
    }, {
#define SET_CACHES TL__CACHES_LARGE
#define SET_PLAN SET_GEMM(gemm_plan_large)
#include "kernels/table.inc.h"
    },
};

#include "kernels/set_end.h"
