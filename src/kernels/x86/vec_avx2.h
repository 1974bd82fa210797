/* Eight lanes: AVX2 and FMA. The words are those of base/vec_scalar.h and kernels/set.inc.h. */
#define VN 8
#define V __m256
#define M __m256
#define I __m256i
#define GEMM_ROWS 6
#define GEMM_WIDE 2
#define GEMM_MASKED 1
#define CONV_ROWS 14
#define GEMM_LINE_1 8
#define GEMM_LINE_2 4
#define GEMM_LINE_3 4

/* All ones in the first n lanes. */
INLINE(__m256i) avx2_first(size_t n)
{
    static const int32_t ones[16] = {-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0};
    return _mm256_loadu_si256((const __m256i *)(const void *)(ones + 8 - n));
}

#define V_SET(x) _mm256_set1_ps(x)
#define V_LOAD(p) _mm256_loadu_ps(p)
#define V_LOAD_PART(p, n) _mm256_maskload_ps(p, avx2_first(n))
#define V_STORE(p, v) _mm256_storeu_ps(p, v)
#define V_STORE_PART(p, v, n) _mm256_maskstore_ps(p, avx2_first(n), v)
#define V_FIRST(v, n) _mm256_and_ps(_mm256_castsi256_ps(avx2_first(n)), v)
#define V_LOAD_U8(p) _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)(p))))
#define V_ADD(a, b) _mm256_add_ps(a, b)
#define V_SUB(a, b) _mm256_sub_ps(a, b)
#define V_MUL(a, b) _mm256_mul_ps(a, b)
#define V_DIV(a, b) _mm256_div_ps(a, b)
#define V_SQRT(a) _mm256_sqrt_ps(a)
#define V_FMA(a, b, c) _mm256_fmadd_ps(a, b, c)
#define V_MIN(a, b) _mm256_min_ps(a, b)
#define V_MAX(a, b) _mm256_max_ps(a, b)
#define V_LT(a, b) _mm256_cmp_ps(a, b, _CMP_LT_OQ)
#define V_LE(a, b) _mm256_cmp_ps(a, b, _CMP_LE_OQ)
#define V_EQ(a, b) _mm256_cmp_ps(a, b, _CMP_EQ_OQ)
#define V_SELECT(m, a, b) _mm256_blendv_ps(b, a, m)
#define V_OF(i) _mm256_castsi256_ps(i)
#define V_FROM_I(i) _mm256_cvtepi32_ps(i)
#define I_OF(v) _mm256_castps_si256(v)
#define I_SET(x) _mm256_set1_epi32(x)
#define I_ADD(a, b) _mm256_add_epi32(a, b)
#define I_SUB(a, b) _mm256_sub_epi32(a, b)
#define I_AND(a, b) _mm256_and_si256(a, b)
#define I_OR(a, b) _mm256_or_si256(a, b)
#define I_XOR(a, b) _mm256_xor_si256(a, b)
#define I_SHL(a, n) _mm256_slli_epi32(a, n)
#define I_SHR(a, n) _mm256_srli_epi32(a, n)
#define I_SAR(a, n) _mm256_srai_epi32(a, n)

INLINE(float) avx2_fold(__m256 v)
{
    __m128 b = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    b = _mm_add_ps(b, _mm_movehl_ps(b, b));
    return _mm_cvtss_f32(_mm_add_ss(b, _mm_shuffle_ps(b, b, 1)));
}
#define V_SUM(v) avx2_fold(v)

#define I_COUNTERS _mm256_setr_epi32(0, 2, 4, 6, 1, 3, 5, 7)
#define I_WIDE(high, low, a, k)                                                                 \
    do {                                                                                        \
        const __m256i k_ = _mm256_set1_epi32((int32_t)(k)), even_ = _mm256_mul_epu32(a, k_);    \
        const __m256i odd_ = _mm256_mul_epu32(_mm256_srli_epi64(a, 32), k_);                    \
        low = _mm256_mullo_epi32(a, k_);                                                        \
        high = _mm256_blend_epi32(_mm256_srli_epi64(even_, 32), odd_, 0xaa);                    \
    } while (0)

INLINE(void) avx2_quads(__m256i word[4])
{
    __m256i a = _mm256_unpacklo_epi32(word[0], word[1]), b = _mm256_unpackhi_epi32(word[0], word[1]);
    __m256i c = _mm256_unpacklo_epi32(word[2], word[3]), d = _mm256_unpackhi_epi32(word[2], word[3]);
    word[0] = _mm256_unpacklo_epi64(a, c);
    word[1] = _mm256_unpackhi_epi64(a, c);
    word[2] = _mm256_unpacklo_epi64(b, d);
    word[3] = _mm256_unpackhi_epi64(b, d);
}
#define I_QUADS(word) avx2_quads(word)

INLINE(__m256i) avx2_gather_rows(const float *in, size_t ld)
{
    __m256 v = _mm256_castps128_ps256(_mm_loadu_ps(in));
    return _mm256_castps_si256(_mm256_insertf128_ps(v, _mm_loadu_ps(in + 4 * ld), 1));
}

/* Four columns of eight rows: rows q and 4+q in one register. */
INLINE(void) avx2_transpose(float *out, size_t ldout, const float *in, size_t ldin)
{
    __m256i q[4];
    for (size_t i = 0; i < 4; i++) q[i] = avx2_gather_rows(in + i * ldin, ldin);
    avx2_quads(q);
    for (size_t p = 0; p < 4; p++) V_STORE(out + p * ldout, V_OF(q[p]));
}
#define TRANSPOSE_FOUR(out, ldout, in, ldin) avx2_transpose(out, ldout, in, ldin)

INLINE(void) avx2_four_load(__m256 v[4], const float *in, size_t ld, const float *last)
{
    __m256i q[4];
    q[0] = avx2_gather_rows(in, ld);
    q[1] = avx2_gather_rows(in + ld, ld);
    q[2] = avx2_gather_rows(in + 2 * ld, ld);
    __m256 w = _mm256_castps128_ps256(_mm_loadu_ps(in + 3 * ld));
    q[3] = I_OF(_mm256_insertf128_ps(w, _mm_loadu_ps(last), 1));
    avx2_quads(q);
    for (size_t i = 0; i < 4; i++) v[i] = V_OF(q[i]);
}
#define FOUR_LOAD(v, in, ld, last) avx2_four_load(v, in, ld, last)

INLINE(void) avx2_four_store(float *out, size_t ld, float *last, const __m256 v[4])
{
    __m256i q[4] = {I_OF(v[0]), I_OF(v[1]), I_OF(v[2]), I_OF(v[3])};
    avx2_quads(q);
    for (size_t i = 0; i < 4; i++) _mm_storeu_ps(out + i * ld, _mm256_castps256_ps128(V_OF(q[i])));
    for (size_t i = 0; i < 3; i++) _mm_storeu_ps(out + (4 + i) * ld, _mm256_extractf128_ps(V_OF(q[i]), 1));
    _mm_storeu_ps(last, _mm256_extractf128_ps(V_OF(q[3]), 1));
}
#define FOUR_STORE(out, ld, last, v) avx2_four_store(out, ld, last, v)
