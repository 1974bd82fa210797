/* One lane, for a set: base/vec_scalar.h and what sets need beyond it. */
#include "base/vec_scalar.h"
#define V_FIRST(v, n) ((n) > 0 ? (v) : 0.0f)
#define GEMM_ROWS 4
#define GEMM_WIDE 4
#define GEMM_MASKED 0
#define CONV_ROWS 4
#define GEMM_LINE_1 8
#define GEMM_LINE_2 4
#define GEMM_LINE_3 4
#define I_COUNTERS 0
#define I_WIDE(high, low, a, k)                                         \
    do {                                                                \
        const uint64_t wide_ = (uint64_t)(uint32_t)(a) * (k);           \
        high = (int32_t)(uint32_t)(wide_ >> 32);                        \
        low = (int32_t)(uint32_t)wide_;                                 \
    } while (0)
#define I_QUADS(word) ((void)(word))   /* one counter's words are in order */
