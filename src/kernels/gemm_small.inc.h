/* Template: matrix products so small that setting out to compute them takes longer than the sums: a step of a network
 * of some hundred weights is a handful of these. The whole of c is one task and nothing is stored before its epilogue:
 * blocks of eight rows (then four, two, one) and one vector of columns, or one row and two vectors, whose chains, bias
 * and relu stay in registers. Rows of b are read where they lie, but for the transposed form. */

enum { SET(SMALL_WORK) = 1 << 13 };   /* multiply-adds; with more, the tiles of all rows are faster */

FN(bool) SET(gemm_is_small)(const tl__gemm *call, const tl__gemm_plan *plan)
{
    const size_t work = SET(SMALL_WORK);
    return plan->tasks == 1 && !plan->values && call->m <= work && call->n <= work &&
           call->k <= work && call->m * call->n <= work && call->m * call->n * call->k <= work &&
           !(call->m == 1 && call->n >= GEMM_LINE_1 / 2 * VN) &&
           !(call->b_transposed && call->k * tl__size_round(call->n, VN) > plan->copy_at);
}

#define SMALL_1(X) X(0)
#define SMALL_2(X) SMALL_1(X) X(1)
#define SMALL_4(X) SMALL_2(X) X(2) X(3)
#define SMALL_8(X) SMALL_4(X) X(4) X(5) X(6) X(7)
#define SMALL_START(r) V acc##r = ZERO;
#define SMALL_FMA(r) acc##r = V_FMA(V_SET(a[(r) * stride_i]), y, acc##r);
#define SMALL_END(r) SET(small_end)(call, i + (r), j, acc##r, count, ends);

/* Whether the epilogue of a call is one that `small_end` knows. */
INLINE(bool) SET(small_ends)(const tl__gemm *call)
{
    return (call->activation == TL__RELU || call->activation == TL__IDENTITY) && call->pre == NULL;
}

/* The epilogue of a vector of c and its place. */
INLINE(void) SET(small_end)(const tl__gemm *call, size_t i, size_t j, V x, size_t count, bool ends)
{
    if (ends && call->bias != NULL) x = V_ADD(x, LOAD(call->bias + j));
    if (ends && call->activation == TL__RELU) {
        const V by = call->saved != NULL ? LOAD(call->saved + i * call->ldsaved + j) : x;
        x = V_SELECT(V_LE(by, ZERO), ZERO, x);
    }
    STORE(call->c + i * call->ldc + j, x);
}

#define DEFINE_SMALL(rows)                                                                                          \
    INLINE(void) SET(small_rows_##rows)(const tl__gemm *call, const float *b, size_t ldb, size_t i, size_t j,       \
                                        size_t count, bool ends)                                                    \
    {                                                                                                               \
        const size_t stride_i = call->a_transposed ? 1 : call->lda, stride_p = call->a_transposed ? call->lda : 1;  \
        const float *a = call->a + i * stride_i;                                                                    \
        b += j;                                                                                                     \
        SMALL_##rows(SMALL_START)                                                                                   \
        for (size_t p = call->k; p > 0; p--, a += stride_p, b += ldb) {                                             \
            const V y = LOAD(b);                                                                                    \
            SMALL_##rows(SMALL_FMA)                                                                                 \
        }                                                                                                           \
        SMALL_##rows(SMALL_END)                                                                                     \
    }
DEFINE_SMALL(1)
DEFINE_SMALL(2)
DEFINE_SMALL(4)
DEFINE_SMALL(8)

/* One row, a whole vector and the next. */
INLINE(void) SET(small_pair)(const tl__gemm *call, const float *b, size_t ldb, size_t i, size_t j, size_t count,
                             bool ends)
{
    const size_t stride_i = call->a_transposed ? 1 : call->lda, stride_p = call->a_transposed ? call->lda : 1;
    const float *a = call->a + i * stride_i;
    V acc0 = ZERO, acc1 = ZERO;
    b += j;
    for (size_t p = call->k; p > 0; p--, a += stride_p, b += ldb) {
        const V x = V_SET(*a);
        acc0 = V_FMA(x, V_LOAD(b), acc0);
        acc1 = V_FMA(x, LOAD(b + VN), acc1);
    }
    SET(small_end)(call, i, j, acc0, VN, ends);
    SET(small_end)(call, i, j + VN, acc1, count, ends);
}

/* All rows of one vector of columns. */
INLINE(void) SET(small_column)(const tl__gemm *call, const float *b, size_t ldb, size_t j, size_t count, bool ends)
{
    size_t i = 0;
    for (; i + 8 <= call->m; i += 8) SET(small_rows_8)(call, b, ldb, i, j, count, ends);
    if (call->m & 4) SET(small_rows_4)(call, b, ldb, i, j, count, ends);
    i += call->m & 4;
    if (call->m & 2) SET(small_rows_2)(call, b, ldb, i, j, count, ends);
    i += call->m & 2;
    if (call->m & 1) SET(small_rows_1)(call, b, ldb, i, j, count, ends);
}

FN(void) SET(gemm_small)(const tl__gemm *call, const tl__gemm_plan *plan, size_t task, void *scratch)
{
    const bool ends = SET(small_ends)(call);
    const float *b = call->b;
    size_t ldb = call->ldb, j = 0;
    (void)task;
    if (call->b_transposed) {
        ldb = tl__size_round(call->n, VN);
        SET(pack_b)(scratch, ldb, call->b, call->ldb, true, call->k, call->n);
        b = scratch;
    }
    if (call->m == 1)
        for (; j + VN < call->n; j += 2 * VN)
            SET(small_pair)(call, b, ldb, 0, j, tl__size_min(VN, call->n - j - VN), ends);
    for (; j + VN <= call->n; j += VN) SET(small_column)(call, b, ldb, j, VN, ends);
    if (VN > 1 && j < call->n) SET(small_column)(call, b, ldb, j, call->n - j, ends);
    if (ends) return;
    const tl__region all = {.rows = call->m, .columns = call->n, .chains = call->c, .ld = call->ldc};
    SET(gemm_finish)(call, plan, &all);
}

#undef SMALL_1
#undef SMALL_2
#undef SMALL_4
#undef SMALL_8
#undef SMALL_START
#undef SMALL_FMA
#undef SMALL_END
#undef DEFINE_SMALL
