/* The inner loop of the matrix product's full-width tiles (8 columns, 1 to 4 rows) on ARMv7, in assembly: the compilers
 * move every pointer by an instruction of its own, which the loads do for nothing. The chains are loaded from c, or
 * begin at 0, and are stored to c; gemm_tile.inc.h takes them from there. No include guard.
 *   q0..q7 chains, two for each row; q8, q9 a row of b; q10..q13 an element of each row of a in all lanes.
 * One pointer and its step serve c, b and c again: without optimisation there are nine registers. */

#define NEON_V7_FMA(left, right, a) "vfma.f32 q" #left ", q8, q" #a "\n\tvfma.f32 q" #right ", q9, q" #a "\n\t"
#define NEON_V7_FMA_1 NEON_V7_FMA(0, 1, 10)
#define NEON_V7_FMA_2 NEON_V7_FMA_1 NEON_V7_FMA(2, 3, 11)
#define NEON_V7_FMA_3 NEON_V7_FMA_2 NEON_V7_FMA(4, 5, 12)
#define NEON_V7_FMA_4 NEON_V7_FMA_3 NEON_V7_FMA(6, 7, 13)

#define NEON_V7_A_1 "vld1.32 {d20[], d21[]}, [%[a0]], %[next]\n\t"
#define NEON_V7_A_2 NEON_V7_A_1 "vld1.32 {d22[], d23[]}, [%[a1]], %[next]\n\t"
#define NEON_V7_A_3 NEON_V7_A_2 "vld1.32 {d24[], d25[]}, [%[a2]], %[next]\n\t"
#define NEON_V7_A_4 NEON_V7_A_3 "vld1.32 {d26[], d27[]}, [%[a3]], %[next]\n\t"
#define NEON_V7_TERM(rows) "vld1.32 {d16-d19}, [%[at]], %[step]\n\t" NEON_V7_A_##rows NEON_V7_FMA_##rows

#define NEON_V7_EACH_1(what) what " {d0-d3}, [%[at]], %[step]\n\t"
#define NEON_V7_EACH_2(what) NEON_V7_EACH_1(what) what " {d4-d7}, [%[at]], %[step]\n\t"
#define NEON_V7_EACH_3(what) NEON_V7_EACH_2(what) what " {d8-d11}, [%[at]], %[step]\n\t"
#define NEON_V7_EACH_4(what) NEON_V7_EACH_3(what) what " {d12-d15}, [%[at]], %[step]\n\t"

/* k > 0 terms, a multiple of 8; element i, p of a at a + i*stride_i + p*stride_p. */
#define NEON_V7_DEFINE_TILE(rows)                                                                              \
    static inline void neon_v7_tile_##rows(size_t k, const float *a, size_t stride_i, size_t stride_p,         \
                                           const float *b, size_t ldb, float *c, size_t ldc, bool go_on)       \
    {                                                                                                          \
        static const float zeros[8];                                                                           \
        const float *a0 = a, *a1 = a + stride_i, *a2 = a1 + stride_i, *a3 = a2 + stride_i;                     \
        const float *at = go_on ? c : zeros;                                                                   \
        const size_t step_b = ldb * sizeof *b, step_c = ldc * sizeof *c;                                       \
        size_t step = go_on ? step_c : 0;                                                                      \
        __asm__ volatile(NEON_V7_EACH_##rows("vld1.32")                                                        \
                         "ldr %[at], %[b]\n\t"                                                                 \
                         "ldr %[step], %[step_b]\n"                                                            \
                         "1:\n\t"                                                                              \
                         NEON_V7_TERM(rows) NEON_V7_TERM(rows) NEON_V7_TERM(rows) NEON_V7_TERM(rows)           \
                         NEON_V7_TERM(rows) NEON_V7_TERM(rows) NEON_V7_TERM(rows) NEON_V7_TERM(rows)           \
                         "subs %[k], %[k], #8\n\t"                                                             \
                         "bne 1b\n\t"                                                                          \
                         "ldr %[at], %[c]\n\t"                                                                 \
                         "ldr %[step], %[step_c]\n\t" NEON_V7_EACH_##rows("vst1.32")                           \
                         : [k] "+r"(k), [a0] "+r"(a0), [a1] "+r"(a1), [a2] "+r"(a2), [a3] "+r"(a3),            \
                           [at] "+r"(at), [step] "+r"(step)                                                    \
                         : [next] "r"(stride_p * sizeof *a), [b] "m"(b), [c] "m"(c), [step_b] "m"(step_b),     \
                           [step_c] "m"(step_c)                                                                \
                         : "cc", "memory", "q0", "q1", "q2", "q3", "q4", "q5", "q6", "q7", "q8", "q9", "q10",  \
                           "q11", "q12", "q13");                                                               \
    }
NEON_V7_DEFINE_TILE(1)
NEON_V7_DEFINE_TILE(2)
NEON_V7_DEFINE_TILE(3)
NEON_V7_DEFINE_TILE(4)

/* k rows of 8 columns, ldb apart, to rows that follow each other. */
static inline void neon_v7_tile_copy(size_t k, const float *b, size_t ldb, float *out)
{
    for (; k >= 4; k -= 4)
        __asm__ volatile("vld1.32 {d0-d3}, [%[b]], %[step]\n\tvld1.32 {d4-d7}, [%[b]], %[step]\n\t"
                         "vld1.32 {d8-d11}, [%[b]], %[step]\n\tvld1.32 {d12-d15}, [%[b]], %[step]\n\t"
                         "vst1.32 {d0-d3}, [%[out]]!\n\tvst1.32 {d4-d7}, [%[out]]!\n\t"
                         "vst1.32 {d8-d11}, [%[out]]!\n\tvst1.32 {d12-d15}, [%[out]]!\n\t"
                         : [b] "+r"(b), [out] "+r"(out)
                         : [step] "r"(ldb * sizeof *b)
                         : "memory", "q0", "q1", "q2", "q3", "q4", "q5", "q6", "q7");
    for (; k > 0; k--, b += ldb, out += 8) memcpy(out, b, 8 * sizeof *out);
}
