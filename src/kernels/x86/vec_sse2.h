/* Four lanes: SSE2, which has no fma: V_FMA multiplies, then adds, and the class is `unfused`.
 * The words are those of base/vec_scalar.h and kernels/set.inc.h. */
#define VN 4
#define V __m128
#define M __m128
#define I __m128i
#define GEMM_ROWS 4
#define GEMM_WIDE 2
#define GEMM_MASKED 0
#define CONV_ROWS 8
#define GEMM_LINE_1 8
#define GEMM_LINE_2 4
#define GEMM_LINE_3 4

INLINE(__m128) sse2_first(size_t n)
{
    static const int32_t ones[8] = {-1, -1, -1, -1, 0, 0, 0, 0};
    return _mm_castsi128_ps(_mm_loadu_si128((const __m128i *)(const void *)(ones + 4 - n)));
}

INLINE(__m128) sse2_load_part(const float *p, size_t n)
{
    __m128 v = n & 1 ? _mm_load_ss(p + (n & 2)) : _mm_setzero_ps();
    if (n & 2) v = _mm_movelh_ps(_mm_castsi128_ps(_mm_loadl_epi64((const __m128i *)(const void *)p)), v);
    return v;
}

INLINE(void) sse2_store_part(float *p, __m128 v, size_t n)
{
    if (n & 2) {
        _mm_storel_epi64((__m128i *)(void *)p, _mm_castps_si128(v));
        p += 2;
        v = _mm_movehl_ps(v, v);
    }
    if (n & 1) _mm_store_ss(p, v);
}

INLINE(__m128) sse2_widen(const uint8_t *p)
{
    int32_t bytes;
    memcpy(&bytes, p, 4);
    __m128i v = _mm_unpacklo_epi8(_mm_cvtsi32_si128(bytes), _mm_setzero_si128());
    return _mm_cvtepi32_ps(_mm_unpacklo_epi16(v, _mm_setzero_si128()));
}

#define V_SET(x) _mm_set1_ps(x)
#define V_LOAD(p) _mm_loadu_ps(p)
#define V_LOAD_PART(p, n) sse2_load_part(p, n)
#define V_STORE(p, v) _mm_storeu_ps(p, v)
#define V_STORE_PART(p, v, n) sse2_store_part(p, v, n)
#define V_FIRST(v, n) _mm_and_ps(sse2_first(n), v)
#define V_LOAD_U8(p) sse2_widen(p)
#define V_ADD(a, b) _mm_add_ps(a, b)
#define V_SUB(a, b) _mm_sub_ps(a, b)
#define V_MUL(a, b) _mm_mul_ps(a, b)
#define V_DIV(a, b) _mm_div_ps(a, b)
#define V_SQRT(a) _mm_sqrt_ps(a)
#define V_FMA(a, b, c) _mm_add_ps(_mm_mul_ps(a, b), c)
#define V_MIN(a, b) _mm_min_ps(a, b)
#define V_MAX(a, b) _mm_max_ps(a, b)
#define V_LT(a, b) _mm_cmplt_ps(a, b)
#define V_LE(a, b) _mm_cmple_ps(a, b)
#define V_EQ(a, b) _mm_cmpeq_ps(a, b)
#define V_SELECT(m, a, b) sse2_select(m, a, b)
#define V_OF(i) _mm_castsi128_ps(i)
#define V_FROM_I(i) _mm_cvtepi32_ps(i)
#define I_OF(v) _mm_castps_si128(v)
#define I_SET(x) _mm_set1_epi32(x)
#define I_ADD(a, b) _mm_add_epi32(a, b)
#define I_SUB(a, b) _mm_sub_epi32(a, b)
#define I_AND(a, b) _mm_and_si128(a, b)
#define I_OR(a, b) _mm_or_si128(a, b)
#define I_XOR(a, b) _mm_xor_si128(a, b)
#define I_SHL(a, n) _mm_slli_epi32(a, n)
#define I_SHR(a, n) _mm_srli_epi32(a, n)
#define I_SAR(a, n) _mm_srai_epi32(a, n)

INLINE(__m128) sse2_select(__m128 m, __m128 a, __m128 b) { return _mm_or_ps(_mm_and_ps(m, a), _mm_andnot_ps(m, b)); }

INLINE(float) sse2_fold(__m128 v)
{
    v = _mm_add_ps(v, _mm_movehl_ps(v, v));
    return _mm_cvtss_f32(_mm_add_ss(v, _mm_shuffle_ps(v, v, 1)));
}
#define V_SUM(v) sse2_fold(v)

#define I_COUNTERS _mm_setr_epi32(0, 1, 2, 3)
#define I_WIDE(high, low, a, k)                                                                              \
    do {                                                                                                     \
        const __m128i k_ = _mm_set1_epi32((int32_t)(k)), lower_ = _mm_set_epi32(0, -1, 0, -1);               \
        const __m128i even_ = _mm_mul_epu32(a, k_), odd_ = _mm_mul_epu32(_mm_srli_epi64(a, 32), k_);         \
        low = _mm_or_si128(_mm_and_si128(even_, lower_), _mm_slli_epi64(odd_, 32));                          \
        high = _mm_or_si128(_mm_srli_epi64(even_, 32), _mm_andnot_si128(lower_, odd_));                      \
    } while (0)

INLINE(void) sse2_quads(__m128i word[4])
{
    __m128i a = _mm_unpacklo_epi32(word[0], word[1]), b = _mm_unpackhi_epi32(word[0], word[1]);
    __m128i c = _mm_unpacklo_epi32(word[2], word[3]), d = _mm_unpackhi_epi32(word[2], word[3]);
    word[0] = _mm_unpacklo_epi64(a, c);
    word[1] = _mm_unpackhi_epi64(a, c);
    word[2] = _mm_unpacklo_epi64(b, d);
    word[3] = _mm_unpackhi_epi64(b, d);
}
#define I_QUADS(word) sse2_quads(word)

INLINE(void) sse2_transpose(float *out, size_t ldout, const float *in, size_t ldin)
{
    __m128i q[4] = {I_OF(V_LOAD(in)), I_OF(V_LOAD(in + ldin)), I_OF(V_LOAD(in + 2 * ldin)),
                 I_OF(V_LOAD(in + 3 * ldin))};
    sse2_quads(q);
    for (size_t p = 0; p < 4; p++) V_STORE(out + p * ldout, V_OF(q[p]));
}
#define TRANSPOSE_FOUR(out, ldout, in, ldin) sse2_transpose(out, ldout, in, ldin)

INLINE(void) sse2_four_load(__m128 v[4], const float *in, size_t ld, const float *last)
{
    __m128i q[4] = {I_OF(V_LOAD(in)), I_OF(V_LOAD(in + ld)), I_OF(V_LOAD(in + 2 * ld)), I_OF(V_LOAD(last))};
    sse2_quads(q);
    for (size_t i = 0; i < 4; i++) v[i] = V_OF(q[i]);
}
#define FOUR_LOAD(v, in, ld, last) sse2_four_load(v, in, ld, last)

INLINE(void) sse2_four_store(float *out, size_t ld, float *last, const __m128 v[4])
{
    __m128i q[4] = {I_OF(v[0]), I_OF(v[1]), I_OF(v[2]), I_OF(v[3])};
    sse2_quads(q);
    for (size_t i = 0; i < 3; i++) V_STORE(out + i * ld, V_OF(q[i]));
    V_STORE(last, V_OF(q[3]));
}
#define FOUR_STORE(out, ld, last, v) sse2_four_store(out, ld, last, v)
