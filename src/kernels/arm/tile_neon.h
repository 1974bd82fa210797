/* The inner loop of the matrix product's full-width tiles (16 columns, 1 to 6 rows) on AArch64, in assembly: the
 * compilers either broadcast each element of a, which an fma by element makes needless, or run out of registers. The
 * chains are loaded from c, or begin at 0, and are stored to c; gemm_tile.inc.h takes them from there. No include
 * guard.
 *   v0..v23 chains, four for each row
 *   rows of a: per 4 terms v24..v29 a quad of each row, v30 and v31 half of a row of b at a time;
 *   columns of a: per term v28 and v29 the rows' elements, v24..v27 a row of b. */

#define NEON_FMA(chain, b, a, lane) "fmla v" #chain ".4s, v" #b ".4s, v" #a ".s[" #lane "]\n\t"

#define NEON_LEFT_1(q) NEON_FMA(0, 30, 24, q) NEON_FMA(1, 31, 24, q)
#define NEON_LEFT_2(q) NEON_LEFT_1(q) NEON_FMA(4, 30, 25, q) NEON_FMA(5, 31, 25, q)
#define NEON_LEFT_3(q) NEON_LEFT_2(q) NEON_FMA(8, 30, 26, q) NEON_FMA(9, 31, 26, q)
#define NEON_LEFT_4(q) NEON_LEFT_3(q) NEON_FMA(12, 30, 27, q) NEON_FMA(13, 31, 27, q)
#define NEON_LEFT_5(q) NEON_LEFT_4(q) NEON_FMA(16, 30, 28, q) NEON_FMA(17, 31, 28, q)
#define NEON_LEFT_6(q) NEON_LEFT_5(q) NEON_FMA(20, 30, 29, q) NEON_FMA(21, 31, 29, q)
#define NEON_RIGHT_1(q) NEON_FMA(2, 30, 24, q) NEON_FMA(3, 31, 24, q)
#define NEON_RIGHT_2(q) NEON_RIGHT_1(q) NEON_FMA(6, 30, 25, q) NEON_FMA(7, 31, 25, q)
#define NEON_RIGHT_3(q) NEON_RIGHT_2(q) NEON_FMA(10, 30, 26, q) NEON_FMA(11, 31, 26, q)
#define NEON_RIGHT_4(q) NEON_RIGHT_3(q) NEON_FMA(14, 30, 27, q) NEON_FMA(15, 31, 27, q)
#define NEON_RIGHT_5(q) NEON_RIGHT_4(q) NEON_FMA(18, 30, 28, q) NEON_FMA(19, 31, 28, q)
#define NEON_RIGHT_6(q) NEON_RIGHT_5(q) NEON_FMA(22, 30, 29, q) NEON_FMA(23, 31, 29, q)
#define NEON_TERM(rows, q)                                                                      \
    "ld1 {v30.4s, v31.4s}, [%[b]], #32\n\t" NEON_LEFT_##rows(q)                                 \
    "ld1 {v30.4s, v31.4s}, [%[b]], %[rest]\n\t" NEON_RIGHT_##rows(q)

#define NEON_QUADS_1 "ld1 {v24.4s}, [%[a0]], #16\n\t"
#define NEON_QUADS_2 NEON_QUADS_1 "ld1 {v25.4s}, [%[a1]], #16\n\t"
#define NEON_QUADS_3 NEON_QUADS_2 "ld1 {v26.4s}, [%[a2]], #16\n\t"
#define NEON_QUADS_4 NEON_QUADS_3 "ld1 {v27.4s}, [%[a3]], #16\n\t"
#define NEON_QUADS_5 NEON_QUADS_4 "ld1 {v28.4s}, [%[a4]], #16\n\t"
#define NEON_QUADS_6 NEON_QUADS_5 "ld1 {v29.4s}, [%[a5]], #16\n\t"

#define NEON_ROW(c0, c1, c2, c3, a, lane) \
    NEON_FMA(c0, 24, a, lane) NEON_FMA(c1, 25, a, lane) NEON_FMA(c2, 26, a, lane) NEON_FMA(c3, 27, a, lane)
#define NEON_ACROSS_1 NEON_ROW(0, 1, 2, 3, 28, 0)
#define NEON_ACROSS_2 NEON_ACROSS_1 NEON_ROW(4, 5, 6, 7, 28, 1)
#define NEON_ACROSS_3 NEON_ACROSS_2 NEON_ROW(8, 9, 10, 11, 29, 0)
#define NEON_ACROSS_4 NEON_ACROSS_2 NEON_ROW(8, 9, 10, 11, 28, 2) NEON_ROW(12, 13, 14, 15, 28, 3)
#define NEON_ACROSS_5 NEON_ACROSS_4 NEON_ROW(16, 17, 18, 19, 29, 0)
#define NEON_ACROSS_6 NEON_ACROSS_5 NEON_ROW(20, 21, 22, 23, 29, 1)
#define NEON_ELEMENTS_1 "ld1 {v28.s}[0], [%[a0]], %[lda]\n\t"
#define NEON_ELEMENTS_2 "ld1 {v28.2s}, [%[a0]], %[lda]\n\t"
#define NEON_ELEMENTS_3 "ldr s29, [%[a0], #8]\n\t" NEON_ELEMENTS_2
#define NEON_ELEMENTS_4 "ld1 {v28.4s}, [%[a0]], %[lda]\n\t"
#define NEON_ELEMENTS_5 "ldr s29, [%[a0], #16]\n\t" NEON_ELEMENTS_4
#define NEON_ELEMENTS_6 "ldr d29, [%[a0], #16]\n\t" NEON_ELEMENTS_4
#define NEON_COLUMN(rows) \
    NEON_ELEMENTS_##rows "ld1 {v24.4s, v25.4s, v26.4s, v27.4s}, [%[b]], %[ldb]\n\t" NEON_ACROSS_##rows

#define NEON_BEGIN_1 "ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[from]], %[step]\n\t"
#define NEON_BEGIN_2 NEON_BEGIN_1 "ld1 {v4.4s, v5.4s, v6.4s, v7.4s}, [%[from]], %[step]\n\t"
#define NEON_BEGIN_3 NEON_BEGIN_2 "ld1 {v8.4s, v9.4s, v10.4s, v11.4s}, [%[from]], %[step]\n\t"
#define NEON_BEGIN_4 NEON_BEGIN_3 "ld1 {v12.4s, v13.4s, v14.4s, v15.4s}, [%[from]], %[step]\n\t"
#define NEON_BEGIN_5 NEON_BEGIN_4 "ld1 {v16.4s, v17.4s, v18.4s, v19.4s}, [%[from]], %[step]\n\t"
#define NEON_BEGIN_6 NEON_BEGIN_5 "ld1 {v20.4s, v21.4s, v22.4s, v23.4s}, [%[from]], %[step]\n\t"
#define NEON_END_1 "st1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[c]], %[ldc]\n\t"
#define NEON_END_2 NEON_END_1 "st1 {v4.4s, v5.4s, v6.4s, v7.4s}, [%[c]], %[ldc]\n\t"
#define NEON_END_3 NEON_END_2 "st1 {v8.4s, v9.4s, v10.4s, v11.4s}, [%[c]], %[ldc]\n\t"
#define NEON_END_4 NEON_END_3 "st1 {v12.4s, v13.4s, v14.4s, v15.4s}, [%[c]], %[ldc]\n\t"
#define NEON_END_5 NEON_END_4 "st1 {v16.4s, v17.4s, v18.4s, v19.4s}, [%[c]], %[ldc]\n\t"
#define NEON_END_6 NEON_END_5 "st1 {v20.4s, v21.4s, v22.4s, v23.4s}, [%[c]], %[ldc]\n\t"

#define NEON_CLOBBERS                                                                                              \
    "cc", "memory", "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11", "v12", "v13", "v14", \
        "v15", "v16", "v17", "v18", "v19", "v20", "v21", "v22", "v23", "v24", "v25", "v26", "v27", "v28", "v29",   \
        "v30", "v31"

/* k > 0 terms, a multiple of 4; row i of a at a + i*lda, or with `across` term p at a + p*lda. */
#define NEON_DEFINE_TILE(rows)                                                                                     \
    static inline void neon_tile_##rows(size_t k, const float *a, size_t lda, bool across, const float *b,         \
                                        size_t ldb, float *c, size_t ldc, bool go_on)                              \
    {                                                                                                              \
        static const float zeros[16];                                                                              \
        const float *from = go_on ? c : zeros, *a0 = a, *a1 = a + lda, *a2 = a1 + lda, *a3 = a2 + lda,             \
                    *a4 = a3 + lda, *a5 = a4 + lda;                                                                \
        const size_t step = go_on ? ldc * sizeof *c : 0, rest = (ldb - 8) * sizeof *b;                             \
        if (across)                                                                                                \
            __asm__ volatile(NEON_BEGIN_##rows "1:\n\t"                                                            \
                             NEON_COLUMN(rows) NEON_COLUMN(rows) NEON_COLUMN(rows) NEON_COLUMN(rows)               \
                             "subs %[k], %[k], #4\n\t"                                                             \
                             "b.ne 1b\n\t" NEON_END_##rows                                                         \
                             : [k] "+r"(k), [a0] "+r"(a0), [b] "+r"(b), [from] "+r"(from), [c] "+r"(c)             \
                             : [lda] "r"(lda * sizeof *a), [ldb] "r"(ldb * sizeof *b), [step] "r"(step),           \
                               [ldc] "r"(ldc * sizeof *c)                                                          \
                             : NEON_CLOBBERS);                                                                     \
        else                                                                                                       \
            __asm__ volatile(NEON_BEGIN_##rows "1:\n\t" NEON_QUADS_##rows                                          \
                             NEON_TERM(rows, 0) NEON_TERM(rows, 1) NEON_TERM(rows, 2) NEON_TERM(rows, 3)           \
                             "subs %[k], %[k], #4\n\t"                                                             \
                             "b.ne 1b\n\t" NEON_END_##rows                                                         \
                             : [k] "+r"(k), [a0] "+r"(a0), [a1] "+r"(a1), [a2] "+r"(a2), [a3] "+r"(a3),            \
                               [a4] "+r"(a4), [a5] "+r"(a5), [b] "+r"(b), [from] "+r"(from), [c] "+r"(c)           \
                             : [rest] "r"(rest), [step] "r"(step), [ldc] "r"(ldc * sizeof *c)                      \
                             : NEON_CLOBBERS);                                                                     \
    }
NEON_DEFINE_TILE(1)
NEON_DEFINE_TILE(2)
NEON_DEFINE_TILE(3)
NEON_DEFINE_TILE(4)
NEON_DEFINE_TILE(5)
NEON_DEFINE_TILE(6)

/* k rows of 16 columns, ldb apart, to rows that follow each other. */
static inline void neon_tile_copy(size_t k, const float *b, size_t ldb, float *out)
{
    for (; k >= 4; k -= 4)
        __asm__ volatile("ld1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[b]], %[step]\n\t"
                         "ld1 {v4.4s, v5.4s, v6.4s, v7.4s}, [%[b]], %[step]\n\t"
                         "ld1 {v16.4s, v17.4s, v18.4s, v19.4s}, [%[b]], %[step]\n\t"
                         "ld1 {v20.4s, v21.4s, v22.4s, v23.4s}, [%[b]], %[step]\n\t"
                         "st1 {v0.4s, v1.4s, v2.4s, v3.4s}, [%[out]], #64\n\t"
                         "st1 {v4.4s, v5.4s, v6.4s, v7.4s}, [%[out]], #64\n\t"
                         "st1 {v16.4s, v17.4s, v18.4s, v19.4s}, [%[out]], #64\n\t"
                         "st1 {v20.4s, v21.4s, v22.4s, v23.4s}, [%[out]], #64\n\t"
                         : [b] "+r"(b), [out] "+r"(out)
                         : [step] "r"(ldb * sizeof *b)
                         : NEON_CLOBBERS);
    for (; k > 0; k--, b += ldb, out += 16) memcpy(out, b, 16 * sizeof *out);
}
