/* Four lanes: NEON of ARMv7, for the chains of the matrix product only: it flushes subnormals to 0 and cannot divide.
 * The words are those of base/vec_scalar.h that vector.inc.h and gemm.inc.h need. */
#define VN 4
#define V float32x4_t
#define M uint32x4_t
#define GEMM_ROWS 4
#define GEMM_WIDE 2
#define GEMM_MASKED 0
#define GEMM_LINE_1 8
#define GEMM_LINE_2 4
#define GEMM_LINE_3 4

INLINE(float32x4_t) neon_v7_load_part(const float *p, size_t n)
{
    float32x4_t v = vdupq_n_f32(0.0f);
    if (n & 2) v = vcombine_f32(vld1_f32(p), vget_high_f32(v));
    if (n == 1) v = vld1q_lane_f32(p, v, 0);
    if (n == 3) v = vld1q_lane_f32(p + 2, v, 2);
    return v;
}

INLINE(void) neon_v7_store_part(float *p, float32x4_t v, size_t n)
{
    if (n & 2) vst1_f32(p, vget_low_f32(v));
    if (n == 1) vst1q_lane_f32(p, v, 0);
    if (n == 3) vst1q_lane_f32(p + 2, v, 2);
}

#define V_SET(x) vdupq_n_f32(x)
#define V_LOAD(p) vld1q_f32(p)
#define V_LOAD_PART(p, n) neon_v7_load_part(p, n)
#define V_STORE(p, v) vst1q_f32(p, v)
#define V_STORE_PART(p, v, n) neon_v7_store_part(p, v, n)
#define V_ADD(a, b) vaddq_f32(a, b)
#define V_FMA(a, b, c) vfmaq_f32(c, a, b)
#define V_MAX(a, b) vbslq_f32(vcgtq_f32(a, b), a, b)
#define V_LT(a, b) vcltq_f32(a, b)
#define V_SELECT(m, a, b) vbslq_f32(m, a, b)

INLINE(void) neon_v7_transpose(float *out, size_t ldout, const float *in, size_t ldin)
{
    const float32x4x2_t a = vtrnq_f32(V_LOAD(in), V_LOAD(in + ldin));
    const float32x4x2_t b = vtrnq_f32(V_LOAD(in + 2 * ldin), V_LOAD(in + 3 * ldin));
    for (size_t p = 0; p < 2; p++) {
        V_STORE(out + p * ldout, vcombine_f32(vget_low_f32(a.val[p]), vget_low_f32(b.val[p])));
        V_STORE(out + (2 + p) * ldout, vcombine_f32(vget_high_f32(a.val[p]), vget_high_f32(b.val[p])));
    }
}
#define TRANSPOSE_FOUR(out, ldout, in, ldin) neon_v7_transpose(out, ldout, in, ldin)

#include "kernels/arm/tile_neon_v7.h"
#define TILE_FAST(rows)                                                                                        \
    if (wide == GEMM_WIDE && !masked && k >= 8) {                                                              \
        const size_t whole = k & ~(size_t)7;                                                                   \
        neon_v7_tile_##rows(whole, a, stride_i, stride_p, b, ldb, c, ldc, go_on);                              \
        a += whole * stride_p;                                                                                 \
        b += whole * ldb;                                                                                      \
        k -= whole;                                                                                            \
        go_on = true;                                                                                          \
        if (k == 0 && TILE_IS_STORE) return;                                                                   \
    }
#define TILE_COPY(k, b, ldb, out) neon_v7_tile_copy(k, b, ldb, out)
