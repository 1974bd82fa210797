/* Sixteen lanes: AVX-512 F, BW, DQ and VL. The words are those of base/vec_scalar.h and kernels/set.inc.h. */
#define VN 16
#define V __m512
#define M __mmask16
#define I __m512i
#define GEMM_ROWS 14
#define GEMM_WIDE 2
#define GEMM_MASKED 1
#define CONV_ROWS 14
#define GEMM_LINE_1 16
#define GEMM_LINE_2 8
#define GEMM_LINE_3 8

INLINE(__mmask16) avx512_first(size_t n) { return (__mmask16)((1u << n) - 1u); }

#define V_SET(x) _mm512_set1_ps(x)
#define V_LOAD(p) _mm512_loadu_ps(p)
#define V_LOAD_PART(p, n) _mm512_maskz_loadu_ps(avx512_first(n), p)
#define V_STORE(p, v) _mm512_storeu_ps(p, v)
#define V_STORE_PART(p, v, n) _mm512_mask_storeu_ps(p, avx512_first(n), v)
#define V_FIRST(v, n) _mm512_maskz_mov_ps(avx512_first(n), v)
#define V_LOAD_U8(p) _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)(const void *)(p))))
#define V_ADD(a, b) _mm512_add_ps(a, b)
#define V_SUB(a, b) _mm512_sub_ps(a, b)
#define V_MUL(a, b) _mm512_mul_ps(a, b)
#define V_DIV(a, b) _mm512_div_ps(a, b)
#define V_SQRT(a) _mm512_sqrt_ps(a)
#define V_FMA(a, b, c) _mm512_fmadd_ps(a, b, c)
#define V_MIN(a, b) _mm512_min_ps(a, b)
#define V_MAX(a, b) _mm512_max_ps(a, b)
#define V_LT(a, b) _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ)
#define V_LE(a, b) _mm512_cmp_ps_mask(a, b, _CMP_LE_OQ)
#define V_EQ(a, b) _mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ)
#define V_SELECT(m, a, b) _mm512_mask_blend_ps(m, b, a)
#define V_OF(i) _mm512_castsi512_ps(i)
#define V_FROM_I(i) _mm512_cvtepi32_ps(i)
#define I_OF(v) _mm512_castps_si512(v)
#define I_SET(x) _mm512_set1_epi32(x)
#define I_ADD(a, b) _mm512_add_epi32(a, b)
#define I_SUB(a, b) _mm512_sub_epi32(a, b)
#define I_AND(a, b) _mm512_and_si512(a, b)
#define I_OR(a, b) _mm512_or_si512(a, b)
#define I_XOR(a, b) _mm512_xor_si512(a, b)
#define I_SHL(a, n) _mm512_slli_epi32(a, n)
#define I_SHR(a, n) _mm512_srli_epi32(a, n)
#define I_SAR(a, n) _mm512_srai_epi32(a, n)

INLINE(float) avx512_fold(__m512 v)
{
    __m256 a = _mm256_add_ps(_mm512_castps512_ps256(v), _mm512_extractf32x8_ps(v, 1));
    __m128 b = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    b = _mm_add_ps(b, _mm_movehl_ps(b, b));
    return _mm_cvtss_f32(_mm_add_ss(b, _mm_shuffle_ps(b, b, 1)));
}
#define V_SUM(v) avx512_fold(v)

#define I_COUNTERS _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15)
#define I_WIDE(high, low, a, k)                                                                      \
    do {                                                                                             \
        const __m512i k_ = _mm512_set1_epi32((int32_t)(k)), even_ = _mm512_mul_epu32(a, k_);         \
        const __m512i odd_ = _mm512_mul_epu32(_mm512_srli_epi64(a, 32), k_);                         \
        low = _mm512_mullo_epi32(a, k_);                                                             \
        high = _mm512_mask_blend_epi32((__mmask16)0xaaaa, _mm512_srli_epi64(even_, 32), odd_);       \
    } while (0)

INLINE(void) avx512_quads(__m512i word[4])
{
    __m512i a = _mm512_unpacklo_epi32(word[0], word[1]), b = _mm512_unpackhi_epi32(word[0], word[1]);
    __m512i c = _mm512_unpacklo_epi32(word[2], word[3]), d = _mm512_unpackhi_epi32(word[2], word[3]);
    word[0] = _mm512_unpacklo_epi64(a, c);
    word[1] = _mm512_unpackhi_epi64(a, c);
    word[2] = _mm512_unpacklo_epi64(b, d);
    word[3] = _mm512_unpackhi_epi64(b, d);
}
#define I_QUADS(word) avx512_quads(word)

/* Four columns of sixteen rows: rows q, 4+q, 8+q, 12+q in one register. */
INLINE(__m512) avx512_gather_rows(const float *in, size_t ld)
{
    __m512 v = _mm512_castps128_ps512(_mm_loadu_ps(in));
    v = _mm512_insertf32x4(v, _mm_loadu_ps(in + 4 * ld), 1);
    v = _mm512_insertf32x4(v, _mm_loadu_ps(in + 8 * ld), 2);
    return _mm512_insertf32x4(v, _mm_loadu_ps(in + 12 * ld), 3);
}

INLINE(void) avx512_transpose(float *out, size_t ldout, const float *in, size_t ldin)
{
    __m512i q[4];
    for (size_t i = 0; i < 4; i++) q[i] = I_OF(avx512_gather_rows(in + i * ldin, ldin));
    avx512_quads(q);
    for (size_t p = 0; p < 4; p++) V_STORE(out + p * ldout, V_OF(q[p]));
}
#define TRANSPOSE_FOUR(out, ldout, in, ldin) avx512_transpose(out, ldout, in, ldin)

INLINE(void) avx512_four_load(__m512 v[4], const float *in, size_t ld, const float *last)
{
    __m512i q[4];
    q[0] = I_OF(avx512_gather_rows(in, ld));
    q[1] = I_OF(avx512_gather_rows(in + ld, ld));
    q[2] = I_OF(avx512_gather_rows(in + 2 * ld, ld));
    __m512 w = _mm512_castps128_ps512(_mm_loadu_ps(in + 3 * ld));
    w = _mm512_insertf32x4(w, _mm_loadu_ps(in + 7 * ld), 1);
    w = _mm512_insertf32x4(w, _mm_loadu_ps(in + 11 * ld), 2);
    q[3] = I_OF(_mm512_insertf32x4(w, _mm_loadu_ps(last), 3));
    avx512_quads(q);
    for (size_t i = 0; i < 4; i++) v[i] = V_OF(q[i]);
}
#define FOUR_LOAD(v, in, ld, last) avx512_four_load(v, in, ld, last)

INLINE(void) avx512_four_store(float *out, size_t ld, float *last, const __m512 v[4])
{
    __m512i q[4] = {I_OF(v[0]), I_OF(v[1]), I_OF(v[2]), I_OF(v[3])};
    avx512_quads(q);
    for (size_t i = 0; i < 4; i++) _mm_storeu_ps(out + i * ld, _mm512_castps512_ps128(V_OF(q[i])));
    for (size_t i = 0; i < 4; i++) _mm_storeu_ps(out + (4 + i) * ld, _mm512_extractf32x4_ps(V_OF(q[i]), 1));
    for (size_t i = 0; i < 4; i++) _mm_storeu_ps(out + (8 + i) * ld, _mm512_extractf32x4_ps(V_OF(q[i]), 2));
    for (size_t i = 0; i < 3; i++) _mm_storeu_ps(out + (12 + i) * ld, _mm512_extractf32x4_ps(V_OF(q[i]), 3));
    _mm_storeu_ps(last, _mm512_extractf32x4_ps(V_OF(q[3]), 3));
}
#define FOUR_STORE(out, ld, last, v) avx512_four_store(out, ld, last, v)
