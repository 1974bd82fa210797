/* Four lanes: NEON of AArch64, which keeps subnormals and divides (that of ARMv7 does neither).
 * The words are those of base/vec_scalar.h and kernels/set.inc.h. */
#define VN 4
#define V float32x4_t
#define M uint32x4_t
#define I int32x4_t
#define GEMM_ROWS 6
#define GEMM_WIDE 4
#define GEMM_MASKED 0
#define CONV_ROWS 14
#define GEMM_LINE_1 16
#define GEMM_LINE_2 8
#define GEMM_LINE_3 8

INLINE(uint32x4_t) neon_first(size_t n)
{
    static const uint32_t ones[8] = {~0u, ~0u, ~0u, ~0u, 0, 0, 0, 0};
    return vld1q_u32(ones + 4 - n);
}

INLINE(float32x4_t) neon_load_part(const float *p, size_t n)
{
    float32x4_t v = vdupq_n_f32(0.0f);
    if (n & 2) v = vcombine_f32(vld1_f32(p), vget_high_f32(v));
    if (n == 1) v = vld1q_lane_f32(p, v, 0);
    if (n == 3) v = vld1q_lane_f32(p + 2, v, 2);
    return v;
}

INLINE(void) neon_store_part(float *p, float32x4_t v, size_t n)
{
    if (n & 2) vst1_f32(p, vget_low_f32(v));
    if (n == 1) vst1q_lane_f32(p, v, 0);
    if (n == 3) vst1q_lane_f32(p + 2, v, 2);
}

INLINE(float32x4_t) neon_widen(const uint8_t *p)
{
    uint32_t bytes;
    memcpy(&bytes, p, 4);
    return vcvtq_f32_u32(vmovl_u16(vget_low_u16(vmovl_u8(vreinterpret_u8_u32(vdup_n_u32(bytes))))));
}

#define V_SET(x) vdupq_n_f32(x)
#define V_LOAD(p) vld1q_f32(p)
#define V_LOAD_PART(p, n) neon_load_part(p, n)
#define V_STORE(p, v) vst1q_f32(p, v)
#define V_STORE_PART(p, v, n) neon_store_part(p, v, n)
#define V_FIRST(v, n) vreinterpretq_f32_u32(vandq_u32(neon_first(n), vreinterpretq_u32_f32(v)))
#define V_LOAD_U8(p) neon_widen(p)
#define V_ADD(a, b) vaddq_f32(a, b)
#define V_SUB(a, b) vsubq_f32(a, b)
#define V_MUL(a, b) vmulq_f32(a, b)
#define V_DIV(a, b) vdivq_f32(a, b)
#define V_SQRT(a) vsqrtq_f32(a)
#define V_FMA(a, b, c) vfmaq_f32(c, a, b)
#define V_MIN(a, b) vbslq_f32(vcltq_f32(a, b), a, b)
#define V_MAX(a, b) vbslq_f32(vcgtq_f32(a, b), a, b)
#define V_LT(a, b) vcltq_f32(a, b)
#define V_LE(a, b) vcleq_f32(a, b)
#define V_EQ(a, b) vceqq_f32(a, b)
#define V_SELECT(m, a, b) vbslq_f32(m, a, b)
#define V_OF(i) vreinterpretq_f32_s32(i)
#define V_FROM_I(i) vcvtq_f32_s32(i)
#define I_OF(v) vreinterpretq_s32_f32(v)
#define I_SET(x) vdupq_n_s32(x)
#define I_ADD(a, b) vaddq_s32(a, b)
#define I_SUB(a, b) vsubq_s32(a, b)
#define I_AND(a, b) vandq_s32(a, b)
#define I_OR(a, b) vorrq_s32(a, b)
#define I_XOR(a, b) veorq_s32(a, b)
#define I_SHL(a, n) vshlq_n_s32(a, n)
#define I_SHR(a, n) vreinterpretq_s32_u32(vshrq_n_u32(vreinterpretq_u32_s32(a), n))
#define I_SAR(a, n) vshrq_n_s32(a, n)

INLINE(float) neon_fold(float32x4_t v)
{
    float32x2_t h = vadd_f32(vget_low_f32(v), vget_high_f32(v));
    return vget_lane_f32(h, 0) + vget_lane_f32(h, 1);
}
#define V_SUM(v) neon_fold(v)

INLINE(int32x4_t) neon_counters(void)
{
    static const int32_t counters[4] = {0, 1, 2, 3};
    return vld1q_s32(counters);
}
#define I_COUNTERS neon_counters()
#define I_WIDE(high, low, a, k)                                                                     \
    do {                                                                                            \
        const uint32x4_t a_ = vreinterpretq_u32_s32(a);                                             \
        const uint32x4_t lower_ = vreinterpretq_u32_u64(vmull_n_u32(vget_low_u32(a_), k));          \
        const uint32x4_t upper_ = vreinterpretq_u32_u64(vmull_n_u32(vget_high_u32(a_), k));         \
        low = vreinterpretq_s32_u32(vuzp1q_u32(lower_, upper_));                                    \
        high = vreinterpretq_s32_u32(vuzp2q_u32(lower_, upper_));                                   \
    } while (0)

INLINE(void) neon_quads(int32x4_t word[4])
{
    int32x4_t a = vzip1q_s32(word[0], word[2]), b = vzip2q_s32(word[0], word[2]);
    int32x4_t c = vzip1q_s32(word[1], word[3]), d = vzip2q_s32(word[1], word[3]);
    word[0] = vzip1q_s32(a, c);
    word[1] = vzip2q_s32(a, c);
    word[2] = vzip1q_s32(b, d);
    word[3] = vzip2q_s32(b, d);
}
#define I_QUADS(word) neon_quads(word)

INLINE(void) neon_transpose(float *out, size_t ldout, const float *in, size_t ldin)
{
    int32x4_t q[4] = {I_OF(V_LOAD(in)), I_OF(V_LOAD(in + ldin)), I_OF(V_LOAD(in + 2 * ldin)),
                 I_OF(V_LOAD(in + 3 * ldin))};
    neon_quads(q);
    for (size_t p = 0; p < 4; p++) V_STORE(out + p * ldout, V_OF(q[p]));
}
#define TRANSPOSE_FOUR(out, ldout, in, ldin) neon_transpose(out, ldout, in, ldin)

INLINE(void) neon_four_load(float32x4_t v[4], const float *in, size_t ld, const float *last)
{
    int32x4_t q[4] = {I_OF(V_LOAD(in)), I_OF(V_LOAD(in + ld)), I_OF(V_LOAD(in + 2 * ld)), I_OF(V_LOAD(last))};
    neon_quads(q);
    for (size_t i = 0; i < 4; i++) v[i] = V_OF(q[i]);
}
#define FOUR_LOAD(v, in, ld, last) neon_four_load(v, in, ld, last)

INLINE(void) neon_four_store(float *out, size_t ld, float *last, const float32x4_t v[4])
{
    int32x4_t q[4] = {I_OF(v[0]), I_OF(v[1]), I_OF(v[2]), I_OF(v[3])};
    neon_quads(q);
    for (size_t i = 0; i < 3; i++) V_STORE(out + i * ld, V_OF(q[i]));
    V_STORE(last, V_OF(q[3]));
}
#define FOUR_STORE(out, ld, last, v) neon_four_store(out, ld, last, v)

#ifndef __AARCH64EB__
#include "kernels/arm/tile_neon.h"
#define TILE_FAST(rows)                                                                                        \
    if (wide == GEMM_WIDE && !masked && k >= 4 && (stride_p == 1 || stride_i == 1)) {                          \
        const size_t whole = k & ~(size_t)3;                                                                   \
        neon_tile_##rows(whole, a, stride_p == 1 ? stride_i : stride_p, stride_p != 1, b, ldb, c, ldc, go_on); \
        a += whole * stride_p;                                                                                 \
        b += whole * ldb;                                                                                      \
        k -= whole;                                                                                            \
        go_on = true;                                                                                          \
        if (k == 0 && TILE_IS_STORE) return;                                                                   \
    }
#define TILE_COPY(k, b, ldb, out) neon_tile_copy(k, b, ldb, out)
#endif
