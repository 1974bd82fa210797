/* The loops behind the machine's limits, one for each instruction set: twelve independent chains of multiply-adds that
 * stay in registers, and the triad a = b + s*c with the widest registers. */
#include "bench.h"

#if defined(__x86_64__) || defined(__i386__)
#  include <immintrin.h>
#elif defined(__ARM_NEON)
#  include <arm_neon.h>
#endif

const char *const bench_set_names[BENCH_SETS] = {"avx512", "avx2", "sse2", "neon"};

#define LOOPS_TWELVE(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11)

/* One loop: `type` registers of `lanes` floats, ONE gives a register of equal floats. The empty assembler lines keep
 * the compiler from folding the chains or dropping them. */
#define LOOPS_PEAK(name, attribute, type, lanes, constraint, ONE)                                                    \
    attribute static double name(size_t rounds)                                                                      \
    {                                                                                                                \
        type x = ONE(0.999f), y = ONE(0.001f);                                                                       \
        LOOPS_TWELVE(LOOPS_DECLARE_##lanes)                                                                          \
        for (size_t i = 0; i < rounds; i++) {                                                                        \
            LOOPS_TWELVE(LOOPS_STEP_##lanes)                                                                         \
            __asm__ volatile("" : "+" constraint(a0), "+" constraint(a1));                                           \
        }                                                                                                            \
        LOOPS_TWELVE(LOOPS_KEEP_##lanes)                                                                             \
        return (double)rounds * 12 * lanes * 2;                                                                      \
    }

#if defined(__x86_64__) || defined(__i386__)
#  define LOOPS_DECLARE_16(i) __m512 a##i = _mm512_set1_ps((float)i);
#  define LOOPS_STEP_16(i) a##i = _mm512_fmadd_ps(a##i, x, y);
#  define LOOPS_KEEP_16(i) __asm__ volatile("" : : "v"(a##i));
LOOPS_PEAK(loops_avx512, __attribute__((target("avx512f"), noinline)), __m512, 16, "v", _mm512_set1_ps)
#  define LOOPS_DECLARE_8(i) __m256 a##i = _mm256_set1_ps((float)i);
#  define LOOPS_STEP_8(i) a##i = _mm256_fmadd_ps(a##i, x, y);
#  define LOOPS_KEEP_8(i) __asm__ volatile("" : : "x"(a##i));
LOOPS_PEAK(loops_avx2, __attribute__((target("avx2,fma"), noinline)), __m256, 8, "x", _mm256_set1_ps)
#  define LOOPS_DECLARE_4(i) __m128 a##i = _mm_set1_ps((float)i);
#  define LOOPS_STEP_4(i) a##i = _mm_add_ps(_mm_mul_ps(a##i, x), y);
#  define LOOPS_KEEP_4(i) __asm__ volatile("" : : "x"(a##i));
LOOPS_PEAK(loops_sse2, __attribute__((target("sse2"), noinline)), __m128, 4, "x", _mm_set1_ps)
#elif defined(__ARM_NEON) && defined(__ARM_FEATURE_FMA)
#  define LOOPS_DECLARE_4(i) float32x4_t a##i = vdupq_n_f32((float)i);
#  define LOOPS_STEP_4(i) a##i = vfmaq_f32(a##i, y, x);
#  define LOOPS_KEEP_4(i) __asm__ volatile("" : : "w"(a##i));
LOOPS_PEAK(loops_neon, __attribute__((noinline)), float32x4_t, 4, "w", vdupq_n_f32)
#endif

double bench_loop_peak(int set, size_t rounds)
{
#if defined(__x86_64__) || defined(__i386__)
    if (set == 0) return loops_avx512(rounds);
    if (set == 1) return loops_avx2(rounds);
    if (set == 2) return loops_sse2(rounds);
#elif defined(__ARM_NEON) && defined(__ARM_FEATURE_FMA)
    if (set == 3) return loops_neon(rounds);
#endif
    (void)set, (void)rounds;
    return 0;
}

/* count: a multiple of 64; arrays on 64-byte lines. */
#define LOOPS_TRIAD(name, attribute, type, lanes)                                                                    \
    attribute static void name(float *a, const float *b, const float *c, size_t count, size_t rounds)                \
    {                                                                                                                \
        type *ta = (type *)(void *)a;                                                                                \
        const type *tb = (const type *)(const void *)b, *tc = (const type *)(const void *)c;                         \
        for (size_t r = 0; r < rounds; r++) {                                                                        \
            for (size_t i = 0; i < count / (lanes); i += 4) {                                                        \
                ta[i] = tb[i] + 3.0f * tc[i];                                                                        \
                ta[i + 1] = tb[i + 1] + 3.0f * tc[i + 1];                                                            \
                ta[i + 2] = tb[i + 2] + 3.0f * tc[i + 2];                                                            \
                ta[i + 3] = tb[i + 3] + 3.0f * tc[i + 3];                                                            \
            }                                                                                                        \
            __asm__ volatile("" : : "r"(a) : "memory");                                                              \
        }                                                                                                            \
    }

typedef float loops_v4 __attribute__((vector_size(16), may_alias));
LOOPS_TRIAD(loops_triad_4, __attribute__((noinline)), loops_v4, 4)
#if defined(__x86_64__) || defined(__i386__)
typedef float loops_v8 __attribute__((vector_size(32), may_alias));
typedef float loops_v16 __attribute__((vector_size(64), may_alias));
LOOPS_TRIAD(loops_triad_8, __attribute__((target("avx2"), noinline)), loops_v8, 8)
LOOPS_TRIAD(loops_triad_16, __attribute__((target("avx512f"), noinline)), loops_v16, 16)
#endif

void bench_loop_triad(int set, float *a, const float *b, const float *c, size_t count, size_t rounds)
{
#if defined(__x86_64__) || defined(__i386__)
    if (set == 0) loops_triad_16(a, b, c, count, rounds);
    else if (set == 1) loops_triad_8(a, b, c, count, rounds);
    else loops_triad_4(a, b, c, count, rounds);
#else
    (void)set;
    loops_triad_4(a, b, c, count, rounds);
#endif
}
