/* Template: the matrix product (rule 2 of kernels.h).
 *
 * A task is a region of c. For each leaf of the chain (a block of k), for each step of at most GEMM_DEPTH terms, for
 * each strip of c one tile wide: the strip of b is packed where that pays, then tiles of up to GEMM_ROWS rows and
 * GEMM_WIDE vectors (or one) run down the region, their chains in registers, loaded from c and stored to c between
 * steps, which is exact. With one leaf the chains live in c itself; with more they live in scratch, one region for
 * each value on the stack of leaves.h. GEMM_ROWS and GEMM_WIDE are the set's; tile and region are not part of the
 * contract.
 * GEMM_CHAINS_ONLY leaves out the epilogue, SET_GEMM (set.inc.h) the functions that another instance provides. */

enum {
    SET(TILE_COLUMNS) = GEMM_WIDE * VN,
    SET(GEMM_DEPTH) = 320,                       /* the strip of b stays in the first-level cache */
    SET(COPY_STRIDE) = SET(GEMM_DEPTH) + 16,     /* of rows of a that are copied; no multiple of 4 KiB */
    SET(REGION_ROWS) = 168 / GEMM_ROWS * GEMM_ROWS,
    SET(REGION_COLUMNS) = 256,
    SET(SHARD_ROWS) = 84 / GEMM_ROWS * GEMM_ROWS,      /* of calls with several leaves */
    SET(SHARD_COLUMNS) = 128,
    SET(TAKE_ROWS) = 4 * GEMM_ROWS,              /* of what is handed over: strips of b are used where they lie, ... */
    SET(TAKE_COLUMNS) = 4096,                    /* ... rows are whole, so that its taker reads along its arrays, ... */
    SET(TAKE_FLOATS) = 56 * 1024,                /* ... and it is in the second-level cache */
    SET(TASK_WORK) = 1 << 19                     /* multiply-adds that are worth a task of their own */
};

/* c[rows, columns] (+)= a * b over k terms: a[i*stride_i + p*stride_p]; b in rows of full vectors, ldb apart. */
typedef void SET(tile_fn)(size_t k, const float *a, size_t stride_i, size_t stride_p, const float *b, size_t ldb,
                          float *c, size_t ldc, size_t columns, bool go_on);

#define TILE_ROWS_1(X) X(0)
#define TILE_ROWS_2(X) TILE_ROWS_1(X) X(1)
#define TILE_ROWS_3(X) TILE_ROWS_2(X) X(2)
#define TILE_ROWS_4(X) TILE_ROWS_3(X) X(3)
#define TILE_ROWS_5(X) TILE_ROWS_4(X) X(4)
#define TILE_ROWS_6(X) TILE_ROWS_5(X) X(5)
#define TILE_ROWS_7(X) TILE_ROWS_6(X) X(6)
#define TILE_ROWS_8(X) TILE_ROWS_7(X) X(7)
#define TILE_ROWS_9(X) TILE_ROWS_8(X) X(8)
#define TILE_ROWS_10(X) TILE_ROWS_9(X) X(9)
#define TILE_ROWS_11(X) TILE_ROWS_10(X) X(10)
#define TILE_ROWS_12(X) TILE_ROWS_11(X) X(11)
#define TILE_ROWS_13(X) TILE_ROWS_12(X) X(12)
#define TILE_ROWS_14(X) TILE_ROWS_13(X) X(13)
#define TILE_COUNTS_4(X) X(1) X(2) X(3) X(4)
#define TILE_COUNTS_6(X) TILE_COUNTS_4(X) X(5) X(6)
#define TILE_COUNTS_8(X) TILE_COUNTS_6(X) X(7) X(8)
#define TILE_COUNTS_14(X) TILE_COUNTS_8(X) X(9) X(10) X(11) X(12) X(13) X(14)
#define TILE_PASTE_(a, b) a##b
#define TILE_PASTE(a, b) TILE_PASTE_(a, b)
#define TILE_COUNTS TILE_PASTE(TILE_COUNTS_, GEMM_ROWS)

/* X(i, j) for the vectors after the first one. */
#if GEMM_WIDE == 2
#  define TILE_MORE(X, i) X(i, 1)
#elif GEMM_WIDE == 3
#  define TILE_MORE(X, i) X(i, 1) X(i, 2)
#else
#  define TILE_MORE(X, i) X(i, 1) X(i, 2) X(i, 3)
#endif

#define TILE_START(i, j)                                                                                       \
    acc[i][j] = go_on ? SET(load_lane)(c + i * ldc, (j) * VN, SET(left)(columns, (j) * VN)) : ZERO;
#define TILE_B(i, j) y[j] = V_LOAD(b + (j) * VN);
#define TILE_FMA(i, j) acc[i][j] = V_FMA(x, y[j], acc[i][j]);
#define TILE_END(i, j)                                                                                         \
    {                                                                                                          \
        const size_t count = SET(left)(columns, (j) * VN);                                                     \
        if (count > 0) STORE(c + i * ldc + (j) * VN, acc[i][j]);                                               \
    }
#define TILE_START_ROW(i) TILE_START(i, 0) if (wide) { TILE_MORE(TILE_START, i) }
#define TILE_END_ROW(i) TILE_END(i, 0) if (wide) { TILE_MORE(TILE_END, i) }
/* Three rows share a pointer: x86 has not got fourteen. */
#define TILE_ROW(i)                                                                                            \
    {                                                                                                          \
        const V x = V_SET(row[i / 3][i % 3 * step]);                                                           \
        TILE_FMA(i, 0) if (wide) { TILE_MORE(TILE_FMA, i) }                                                    \
    }
#define TILE_POINTERS(i) if (i % 3 == 0) row[i / 3] = a + i * step;
#define TILE_ADVANCE(i) if (i % 3 == 0) row[i / 3] += stride_p;

#define DEFINE_TILE(rows, name, is_wide, row_step)                                                             \
    FN(void) SET(name##_##rows)(size_t k, const float *a, size_t stride_i, size_t stride_p, const float *b,    \
                                size_t ldb, float *c, size_t ldc, size_t columns, bool go_on)                  \
    {                                                                                                          \
        const bool wide = is_wide;                                                                             \
        const size_t step = row_step;                                                                          \
        const float *row[5];                                                                                   \
        V acc[rows][GEMM_WIDE], y[GEMM_WIDE];                                                                  \
        (void)stride_i;                                                                                        \
        TILE_ROWS_##rows(TILE_POINTERS)                                                                        \
        TILE_ROWS_##rows(TILE_START_ROW)                                                                       \
        for (size_t p = 0; p < k; p++) {                                                                       \
            TILE_B(0, 0) if (wide) { TILE_MORE(TILE_B, 0) }                                                    \
            TILE_ROWS_##rows(TILE_ROW)                                                                         \
            TILE_ROWS_##rows(TILE_ADVANCE)                                                                     \
            b += ldb;                                                                                          \
        }                                                                                                      \
        TILE_ROWS_##rows(TILE_END_ROW)                                                                         \
    }
#define TILE_FORMS(rows)                                                                                       \
    DEFINE_TILE(rows, tile_wide_strided, true, stride_i)                                                       \
    DEFINE_TILE(rows, tile_wide_unit, true, 1)                                                                 \
    DEFINE_TILE(rows, tile_narrow_strided, false, stride_i)                                                    \
    DEFINE_TILE(rows, tile_narrow_unit, false, 1)
TILE_COUNTS(TILE_FORMS)

/* One row and LINE vectors of columns, for a batch of one: b is read as it lies. */
#define LINE_START(j) acc[j] = go_on ? V_LOAD(c + (j) * VN) : ZERO;
#define LINE_FMA(j) acc[j] = V_FMA(x, V_LOAD(b + (j) * VN), acc[j]);
#define LINE_END(j) V_STORE(c + (j) * VN, acc[j]);
#define EACH_OF_LINE(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7)
FN(void) SET(line)(size_t k, const float *a, size_t stride_p, const float *b, size_t ldb, float *c, bool go_on)
{
    V acc[8];
    EACH_OF_LINE(LINE_START)
    for (size_t p = 0; p < k; p++, a += stride_p, b += ldb) {
        const V x = V_SET(*a);
        EACH_OF_LINE(LINE_FMA)
    }
    EACH_OF_LINE(LINE_END)
}
#undef LINE_START
#undef LINE_FMA
#undef LINE_END
#undef EACH_OF_LINE

INLINE(SET(tile_fn) *) SET(tile)(bool wide, bool unit, size_t rows)
{
#define TILE_NAME(rows)                                                \
    {SET(tile_narrow_strided_##rows), SET(tile_narrow_unit_##rows),    \
     SET(tile_wide_strided_##rows), SET(tile_wide_unit_##rows)},
    static SET(tile_fn) *const tiles[][4] = {TILE_COUNTS(TILE_NAME)};
#undef TILE_NAME
    return tiles[rows - 1][wide * 2 + unit];
}

#ifndef SET_GEMM
static void SET(gemm_run)(const tl__gemm *call, const tl__gemm_plan *plan, size_t task, void *scratch);
#ifndef GEMM_CHAINS_ONLY
static void SET(gemm_small)(const tl__gemm *call, const tl__gemm_plan *plan, size_t task, void *scratch);
static bool SET(gemm_is_small)(const tl__gemm *call, const tl__gemm_plan *plan);
#endif

FN(void) SET(gemm_plan)(const tl__gemm *call, tl__gemm_plan *plan)
{
    const size_t pieces = call->pieces > 0 ? call->pieces : 1;
    size_t values = call->accumulate || call->take != NULL;
    if (pieces > 1 || call->k > TL__BLOCK) {   /* at most as many as the two counters of leaves.h have digits */
        values = 2;
        for (size_t p = pieces; p > 1; p /= 2) values++;
        for (size_t blocks = (call->k / pieces + TL__BLOCK) / TL__BLOCK + 1; blocks > 0; blocks /= 2) values++;
    }
    *plan = (tl__gemm_plan){.run = SET(gemm_run), .scratch = values > 0};
    plan->copy_a = !call->a_transposed && call->lda % 1024 == 0 && call->m > 4 && call->n > 2 * SET(TILE_COLUMNS);
    const size_t most = call->take ? SET(TAKE_COLUMNS) : plan->scratch ? SET(SHARD_COLUMNS) : SET(REGION_COLUMNS);
    plan->columns = tl__size_max(SET(TILE_COLUMNS), tl__size_round(tl__size_min(call->n, most), SET(TILE_COLUMNS)));
    plan->rows = plan->scratch ? SET(SHARD_ROWS) : SET(REGION_ROWS);
    if (call->take) {
        const size_t fit = SET(TAKE_FLOATS) / (pieces > 1 ? 4u : 1u) / plan->columns / GEMM_ROWS * GEMM_ROWS;
        plan->rows = call->n <= SET(TILE_COLUMNS) ? SET(REGION_ROWS) : SET(TAKE_ROWS);
        plan->rows = tl__size_max(GEMM_ROWS, tl__size_min(plan->rows, fit));
    }
    plan->rows = tl__size_max(1, tl__size_min(call->m, plan->rows));
    plan->copy_at = SET(GEMM_DEPTH) * SET(TILE_COLUMNS);
    plan->values_at = plan->copy_at + (plan->copy_a ? tl__size_min(call->m, SET(REGION_ROWS)) * SET(COPY_STRIDE) : 0);
    plan->scratch_bytes = (plan->values_at + values * plan->rows * plan->columns) * sizeof(float);
    for (;;) {
        plan->across = (call->n + plan->columns - 1) / plan->columns;
        plan->down = (call->m + plan->rows - 1) / plan->rows;
        const size_t half = tl__size_round(plan->columns / 2, SET(TILE_COLUMNS));
        if (plan->across * plan->down >= 16 || plan->rows * plan->columns / 2 * call->k < SET(TASK_WORK)) break;
        if (half < plan->columns && plan->columns >= plan->rows / 2 && !call->take) plan->columns = half;
        else if (plan->rows >= 2 * GEMM_ROWS) plan->rows = (plan->rows / 2 + GEMM_ROWS - 1) / GEMM_ROWS * GEMM_ROWS;
        else break;
    }
    plan->tasks = plan->across * plan->down;
#ifndef GEMM_CHAINS_ONLY
    if (SET(gemm_is_small)(call, plan)) plan->run = SET(gemm_small);
#endif
    plan->by_columns = call->n >= (call->a_transposed ? call->k : call->m);
}
#endif

/* Rows p of b, columns [0, columns), filled up with zeros to `width`. */
INLINE(void) SET(pack_b)(float *out, size_t width, const float *b, size_t ldb, bool transposed, size_t k,
                         size_t columns)
{
    if (!transposed) {
        for (size_t p = 0; p < k; p++, out += width, b += ldb)
            for (size_t j = 0; j < width; j += VN)
                V_STORE(out + j, SET(load_lane)(b, j, SET(left)(columns, j)));
        return;
    }
    for (size_t j = 0; j < width; j++) {
        size_t p = 0;
#ifdef TRANSPOSE_BLOCK
        if (j % VN == 0 && j + VN <= columns) {
            for (; p + VN <= k; p += VN) TRANSPOSE_BLOCK(out + p * width + j, width, b + j * ldb + p, ldb);
            for (; p < k; p++)
                for (size_t lane = 0; lane < VN; lane++) out[p * width + j + lane] = b[(j + lane) * ldb + p];
            j += VN - 1;
            continue;
        }
#endif
        for (; p < k; p++) out[p * width + j] = j < columns ? b[j * ldb + p] : 0.0f;
    }
}

/* out[rows, columns] (+)= a * b over the terms [begin, end). */
FN(void) SET(gemm_step)(const tl__gemm *call, size_t i0, size_t rows, size_t j0, size_t columns, size_t begin,
                        size_t end, float *out, size_t ld, float *strip, float *copy, bool go_on)
{
    size_t stride_i = call->a_transposed ? 1 : call->lda;
    const size_t stride_p = call->a_transposed ? call->lda : 1;
    const size_t stride_b = call->b_transposed ? 1 : call->ldb;
    const size_t tiles = (rows + GEMM_ROWS - 1) / GEMM_ROWS;
    const float *a = call->a + i0 * stride_i + begin * stride_p;
    if (copy != NULL) {
        for (size_t row = 0; row < rows; row++)
            EACH_VECTOR(end - begin, STORE(copy + row * SET(COPY_STRIDE) + i, LOAD(a + row * stride_i + i)););
        a = copy;
        stride_i = SET(COPY_STRIDE);
    }
    size_t j = 0;
    if (rows == 1 && !call->b_transposed)
        for (; columns - j >= 8 * VN; j += 8 * VN)
            SET(line)(end - begin, a, stride_p, call->b + begin * call->ldb + j0 + j, call->ldb, out + j, go_on);
    for (; j < columns; j += SET(TILE_COLUMNS)) {
        const size_t width = tl__size_min(columns - j, SET(TILE_COLUMNS));
        const bool wide = width > VN;
        const float *b = call->b + begin * stride_b + (j0 + j) * (call->b_transposed ? call->ldb : 1);
        size_t ldb = call->ldb;
        if (call->b_transposed || width % (wide ? SET(TILE_COLUMNS) : VN) != 0 || tiles > 4) {
            ldb = wide ? SET(TILE_COLUMNS) : VN;
            SET(pack_b)(strip, ldb, b, call->ldb, call->b_transposed, end - begin, width);
            b = strip;
        }
        for (size_t tile = 0; tile < tiles; tile++) {
            const size_t top = rows * tile / tiles, height = rows * (tile + 1) / tiles - top;
            SET(tile)(wide, call->a_transposed, height)(end - begin, a + top * stride_i, stride_i, stride_p, b, ldb,
                                                        out + top * ld + j, ld, width, go_on);
        }
    }
}

/* One leaf: steps of even length. */
FN(void) SET(gemm_leaf)(const tl__gemm *call, size_t i0, size_t rows, size_t j0, size_t columns, size_t begin,
                        size_t end, float *out, size_t ld, float *strip, float *copy)
{
    const size_t k = end - begin, steps = tl__size_max(1, (k + SET(GEMM_DEPTH) - 1) / SET(GEMM_DEPTH));
    for (size_t step = 0; step < steps; step++)
        SET(gemm_step)(call, i0, rows, j0, columns, begin + k * step / steps, begin + k * (step + 1) / steps, out, ld,
                       strip, copy, step > 0);
}

/* All chains of a task's region, without the epilogue. */
FN(tl__region) SET(gemm_chains)(const tl__gemm *call, const tl__gemm_plan *plan, size_t task, float *scratch)
{
    const size_t down = plan->by_columns ? task % plan->down : task / plan->across;
    const size_t across = plan->by_columns ? task / plan->down : task % plan->across;
    tl__region at = {.i = down * plan->rows, .j = across * plan->columns};
    float *copy = plan->copy_a ? scratch + plan->copy_at : NULL, *values = scratch + plan->values_at;
    at.rows = tl__size_min(plan->rows, call->m - at.i);
    at.columns = tl__size_min(plan->columns, call->n - at.j);
    if (!plan->scratch) {
        at.chains = call->c + at.i * call->ldc + at.j;
        at.ld = call->ldc;
        at.in_place = true;
        SET(gemm_leaf)(call, at.i, at.rows, at.j, at.columns, 0, call->k, at.chains, at.ld, scratch, copy);
        return at;
    }
    const size_t size = plan->rows * plan->columns;
    tl__leaves walk = tl__leaves_start(call->k, call->pieces);
    at.ld = call->take != NULL ? at.columns : plan->columns;
    do {
        float *top = values + (size_t)walk.depth * size;
        SET(gemm_leaf)(call, at.i, at.rows, at.j, at.columns, walk.begin, walk.end, top, at.ld, scratch, copy);
        for (int merges = tl__leaves_merges(&walk); merges > 0; merges--, top -= size)
            for (size_t row = 0; row < at.rows; row++) {
                float *below = top - size + row * at.ld;
                EACH_VECTOR(at.columns, STORE(below + i, V_ADD(LOAD(below + i), LOAD(below + size + i))););
            }
    } while (tl__leaves_next(&walk));
    at.chains = values;
    return at;
}

#ifndef GEMM_CHAINS_ONLY
/* The epilogue of one row of a region; x holds the chains and may be c's row. */
FN(void) SET(gemm_epilogue)(const tl__gemm *call, size_t i, size_t j, float *x, size_t columns)
{
    float *c = call->take == NULL ? call->c + i * call->ldc + j : x;
    if (call->bias != NULL) SET(add)(x, x, call->bias + j, columns);
    if (call->pre != NULL) SET(copy)(call->pre + i * call->ldpre + j, x, columns);
    if (call->saved != NULL)
        SET(activate_backward)(call->activation, call->parameter, x, x, call->saved + i * call->ldsaved + j, columns);
    else if (call->activation != TL__IDENTITY)
        SET(activate)(call->activation, call->parameter, x, x, columns);
    if (call->accumulate) SET(add)(c, c, x, columns);
    else if (x != c) SET(copy)(c, x, columns);
}

FN(void) SET(gemm_finish)(const tl__gemm *call, const tl__region *at)
{
    const bool plain = call->bias == NULL && call->pre == NULL && call->saved == NULL &&
                       call->activation == TL__IDENTITY;
    for (size_t row = 0; row < at->rows && !(plain && (at->in_place || call->take != NULL)); row++)
        SET(gemm_epilogue)(call, at->i + row, at->j, at->chains + row * at->ld, at->columns);
    if (call->take == NULL) return;
    const size_t rows = at->columns == call->n ? at->rows : 1;
    for (size_t row = 0; row < at->rows; row += rows)
        call->take(call->take_user, at->i + row, at->j, at->chains + row * at->ld, rows * at->columns);
}

#ifndef SET_GEMM
#include "kernels/gemm_small.inc.h"

FN(void) SET(gemm_run)(const tl__gemm *call, const tl__gemm_plan *plan, size_t task, void *scratch)
{
    const tl__region at = SET(gemm_chains)(call, plan, task, scratch);
    SET(gemm_finish)(call, &at);
}
#endif
#endif

#undef TILE_ROWS_1
#undef TILE_ROWS_2
#undef TILE_ROWS_3
#undef TILE_ROWS_4
#undef TILE_ROWS_5
#undef TILE_ROWS_6
#undef TILE_ROWS_7
#undef TILE_ROWS_8
#undef TILE_ROWS_9
#undef TILE_ROWS_10
#undef TILE_ROWS_11
#undef TILE_ROWS_12
#undef TILE_ROWS_13
#undef TILE_ROWS_14
#undef TILE_COUNTS_4
#undef TILE_COUNTS_6
#undef TILE_COUNTS_8
#undef TILE_COUNTS_14
#undef TILE_PASTE_
#undef TILE_PASTE
#undef TILE_COUNTS
#undef TILE_MORE
#undef TILE_START
#undef TILE_B
#undef TILE_FMA
#undef TILE_END
#undef TILE_START_ROW
#undef TILE_END_ROW
#undef TILE_ROW
#undef TILE_POINTERS
#undef TILE_ADVANCE
#undef DEFINE_TILE
#undef TILE_FORMS
