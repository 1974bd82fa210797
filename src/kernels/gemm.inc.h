/* Template: the matrix product (rule 2 of kernels.h): how it is cut. The innermost loops are in gemm_tile.inc.h.
 *
 * A task is a region of c. For each leaf of the chain (a block of k), for each step of at most `depth` terms, tiles
 * are computed one by one, their chains in registers, loaded from c and stored to c between steps, which is exact.
 * With one leaf the chains live in c itself; with more they live in scratch, one region for each value on the stack of
 * leaves.h. Sizes of tiles, steps and regions are not part of the contract.
 *   Few rows: nothing is packed; strips of b, one tile wide, are read where they lie, and tiles run down a strip.
 *   Many rows: a step's strips of b are packed, to lie in the second-level cache, and tiles run across the region, so
 *   that the rows of a stay in the first level; they are copied there first where their distance makes them evict each
 *   other.
 * GEMM_CHAINS_ONLY leaves out the epilogue, SET_GEMM (set.inc.h) the functions that another instance provides. */
#include "kernels/gemm_tile.inc.h"

enum {
    SET(TILE_COLUMNS) = GEMM_WIDE * VN,
    SET(COPY_ROWS) = (GEMM_ROWS + VN - 1) / VN * VN,
    SET(DIRECT_TILES) = 4,                       /* rows of tiles up to which packing b does not pay */
    SET(DIRECT_DEPTH) = 1024,                    /* terms of a step when b is not packed */
    SET(PACKED_ROWS) = 1120,                     /* of a region when it is (tl__gemm_blocks has the rest) */
    SET(FAR) = 1024,                             /* rows so many floats apart lie in a page of their own each */
    SET(NEAR) = 8192,                            /* floats of b that stay in the first-level cache */
    SET(LEAF_ROWS) = 84 / GEMM_ROWS * GEMM_ROWS, /* of calls whose chains live in scratch */
    SET(LEAF_COLUMNS) = 128,
    SET(TAKE_ROWS) = 4 * GEMM_ROWS,              /* of what is handed over: strips of b are used where they lie, ... */
    SET(TAKE_COLUMNS) = 4096,                    /* ... rows are whole, so that its taker reads along its arrays, ... */
    SET(TAKE_FLOATS) = 56 * 1024,                /* ... and it is in the second-level cache */
    SET(TASKS) = 16,
    SET(PACKED_TASKS) = 8,                       /* fewer, larger ones pack the same numbers less often */
    SET(TASK_WORK) = 1 << 19                     /* multiply-adds that are worth a task of their own */
};

INLINE(size_t) SET(parts)(size_t n, size_t size) { return n / size + (n % size != 0); }

#ifndef SET_GEMM
static void SET(gemm_run)(const tl__gemm *call, const tl__gemm_plan *plan, size_t task, void *scratch);

/* Regions of at most the plan's rows and columns, smaller where there is work for more tasks and threads for them. */
FN(void) SET(gemm_cut)(const tl__gemm *call, tl__gemm_plan *plan)
{
    const double work = (double)call->m * (double)call->n * (double)call->k / SET(TASK_WORK);
    const bool large = plan->packs_b && call->take == NULL;
    const size_t many = !large ? SET(TASKS) : call->workers == 2 ? SET(PACKED_TASKS) / 2 : SET(PACKED_TASKS);
    const size_t most = call->workers == 1 ? 1 : many;
    const size_t want = work < (double)most ? (size_t)work : most;
    size_t across = tl__size_max(1, SET(parts)(call->n, plan->columns));
    size_t down = tl__size_max(1, SET(parts)(call->m, plan->rows));
    for (;;) {
        plan->columns = tl__size_max(1, tl__size_round(SET(parts)(call->n, across), SET(TILE_COLUMNS)));
        plan->rows = tl__size_max(1, SET(parts)(call->m, down));
        if (across * down >= want) break;
        const bool wide = plan->columns >= 2 * SET(TILE_COLUMNS) && call->take == NULL;
        if (plan->packs_b && wide && plan->columns > plan->rows) across *= 2;
        else if (plan->rows >= (wide ? 16 : 2) * GEMM_ROWS) down *= 2;
        else if (wide) across *= 2;
        else break;
    }
    plan->across = SET(parts)(call->n, plan->columns);
    plan->down = SET(parts)(call->m, plan->rows);
    plan->tasks = plan->across * plan->down;
    plan->by_columns = call->n >= (call->a_transposed ? call->k : call->m);
}

/* The largest regions: of what is packed, of what lives in scratch, of what is handed over. */
FN(void) SET(gemm_limit)(const tl__gemm *call, tl__gemm_plan *plan)
{
    size_t rows = call->m, columns = call->n;
    if (call->take != NULL) {
        columns = tl__size_round(tl__size_min(columns, SET(TAKE_COLUMNS)), SET(TILE_COLUMNS));
        rows = SET(TAKE_FLOATS) / (plan->leaves ? 4u : 1u) / tl__size_max(columns, 1) / GEMM_ROWS * GEMM_ROWS;
        rows = tl__size_min(rows, columns <= SET(TILE_COLUMNS) ? SET(PACKED_ROWS) : SET(TAKE_ROWS));
        rows = tl__size_min(call->m, tl__size_max(GEMM_ROWS, rows));
    } else if (plan->values) {
        rows = tl__size_min(rows, SET(LEAF_ROWS));
        columns = tl__size_min(columns, SET(LEAF_COLUMNS));
    }
    if (plan->packs_b) {
        rows = tl__size_min(rows, SET(PACKED_ROWS));
        const size_t most = tl__gemm_blocks_of(plan->caches).columns;
        columns = tl__size_min(columns, call->take != NULL ? SET(TAKE_COLUMNS) : most);
    }
    plan->rows = tl__size_max(1, rows);
    plan->columns = tl__size_round(tl__size_max(1, columns), SET(TILE_COLUMNS));
}

FN(void) SET(gemm_plan_straight)(const tl__gemm *call, tl__caches caches, tl__gemm_plan *plan)
{
    const tl__gemm_blocks blocks = tl__gemm_blocks_of(caches);
    const size_t pieces = tl__size_max(1, call->cut.pieces), unit = tl__size_max(1, call->cut.unit);
    size_t values = 1;
    *plan = (tl__gemm_plan){.run = SET(gemm_run), .caches = (uint8_t)caches};
    plan->leaves = pieces > 1 || call->k > TL__BLOCK;
    plan->values = plan->leaves || call->accumulate || call->take != NULL || call->go_on;
    plan->packs_b = call->b_transposed || (!GEMM_MASKED && call->n % VN != 0) ||
                    (call->m > SET(DIRECT_TILES) * GEMM_ROWS && (!GEMM_MASKED || call->ldb >= SET(FAR)));
    plan->depth = plan->packs_b ? blocks.depth : SET(DIRECT_DEPTH);
    SET(gemm_limit)(call, plan);
    const size_t k = tl__size_min(call->k, plan->depth);
    plan->block = tl__size_max(1, blocks.floats / SET(COPY_ROWS) / tl__size_max(k, 1));
    plan->copies_a = plan->packs_b && call->n > 4 * SET(TILE_COLUMNS) && call->m >= VN && call->lda >= SET(FAR) &&
                     (call->a_transposed || GEMM_ROWS <= VN);
    /* No less than with fewer terms, of which there may be one leaf. */
    tl__gemm_plan shorter = {.leaves = pieces > 1, .packs_b = plan->packs_b, .caches = plan->caches,
                             .values = pieces > 1 || call->accumulate || call->take != NULL || call->go_on};
    SET(gemm_limit)(call, &shorter);
    const size_t tiles = SET(parts)(shorter.rows, GEMM_ROWS);
    plan->copy_at = plan->packs_b ? k * (tiles > plan->block ? shorter.columns : SET(TILE_COLUMNS)) : 0;
    plan->values_at = plan->copy_at;
    if (plan->copies_a)
        plan->values_at += tl__size_max(k, tl__size_min(k * tiles, blocks.floats / SET(COPY_ROWS))) * SET(COPY_ROWS);
    if (plan->leaves) {   /* at most as many as the two counters of leaves.h have digits */
        const size_t most = (call->k / pieces + unit - 1 + TL__BLOCK) / TL__BLOCK + 1;
        values = 2;
        for (size_t p = pieces; p > 1; p /= 2) values++;
        for (size_t b = most; b > 0; b /= 2) values++;
    }
    size_t floats = values * plan->rows * plan->columns;
    if (shorter.values) floats = tl__size_max(floats, shorter.rows * shorter.columns);
    plan->scratch_bytes = (plan->values_at + (plan->values ? floats : 0)) * sizeof(float);
    SET(gemm_cut)(call, plan);
    plan->by_rows = !plan->packs_b && call->k * plan->columns <= SET(NEAR);
}
#endif

/* Rows p of b, columns [0, columns), filled up with zeros to whole vectors; rows of `out` are `width` apart. */
INLINE(void) SET(pack_b)(float *out, size_t width, const float *b, size_t ldb, bool transposed, size_t k,
                         size_t columns)
{
    if (!transposed && columns == width) {
        for (size_t p = 0; p < k; p++, out += width, b += ldb)
            for (size_t j = 0; j < width; j += VN) V_STORE(out + j, V_LOAD(b + j));
        return;
    }
    if (!transposed) {
        for (size_t p = 0; p < k; p++, out += width, b += ldb)
            for (size_t j = 0; j < columns; j += VN)
                V_STORE(out + j, SET(load_lane)(b, j, SET(left)(columns, j)));
        return;
    }
    for (size_t j = 0; j < columns; j += VN) {
        size_t p = 0;
        const size_t lanes = SET(left)(columns, j);
#ifdef TRANSPOSE_FOUR
        if (lanes == VN) {
            float *to = out + j;
            for (const float *from = b + j * ldb; p + 4 <= k; p += 4, from += 4, to += 4 * width)
                TRANSPOSE_FOUR(to, width, from, ldb);
        }
#endif
        for (; p < k; p++)
            for (size_t lane = 0; lane < VN; lane++)
                out[p * width + j + lane] = lane < lanes ? b[(j + lane) * ldb + p] : 0.0f;
    }
}

/* Where the first of so many last rows of a lies in their copy: a transposition takes VN rows, so some before them. */
INLINE(size_t) SET(copy_shift)(const tl__gemm *call, size_t last)
{
#ifdef TRANSPOSE_FOUR
    if (!call->a_transposed && last < VN) return VN - last;
#endif
    (void)call, (void)last;
    return 0;
}

/* Rows of a from i on, of the terms [begin, begin + k): out[p * COPY_ROWS + shift + row]. */
FN(void) SET(copy_a)(float *out, const tl__gemm *call, size_t i0, size_t rows, size_t begin, size_t k)
{
    const size_t stride = SET(COPY_ROWS), shift = SET(copy_shift)(call, call->m - i0);
    size_t p = 0;
    if (call->a_transposed) {
        const float *a = call->a + begin * call->lda + i0;
        for (; p < k; p++, a += call->lda) EACH_VECTOR(rows, STORE(out + p * stride + i, LOAD(a + i)););
        return;
    }
    const float *a = call->a + (i0 - shift) * call->lda + begin;
#ifdef TRANSPOSE_FOUR
    for (; p + 4 <= k; p += 4) TRANSPOSE_FOUR(out + p * stride, stride, a + p, call->lda);
#endif
    for (; p < k; p++)
        for (size_t row = shift; row < shift + rows; row++) out[p * stride + row] = a[row * call->lda + p];
}

/* What the tiles can do themselves: bias, then relu; or the derivative of relu alone. */
INLINE(bool) SET(gemm_end)(const tl__gemm *call, tl__tile *t)
{
#ifdef GEMM_CHAINS_ONLY
    (void)call, (void)t;
    return false;
#else
    const bool relu = call->activation == TL__RELU;
    if ((!relu && call->activation != TL__IDENTITY) || call->pre != NULL) return false;
    if (call->saved != NULL && (!relu || call->bias != NULL)) return false;
    if (call->saved != NULL) t->end = TL__TILE_BACKWARD;
    else if (relu || call->bias != NULL) t->end = TL__TILE_FORWARD;
    t->cut = relu ? 0.0f : tl__nan();
    t->ldsaved = call->ldsaved;
    return true;
#endif
}

/* The first row of a tile of the region: all tiles are of even height. */
INLINE(size_t) SET(gemm_top)(const tl__region *at, size_t tile)
{
    return at->least * tile + tl__size_min(tile, at->more);
}

/* One tile, columns from j of the region; a strip of b as t says, which may be packed by it. */
INLINE(void) SET(gemm_tile)(const tl__gemm *call, const tl__region *at, tl__tile *t, size_t top, size_t height,
                            size_t j)
{
    t->c = at->chains + top * at->ld + j;
    t->columns = tl__size_min(at->columns - j, SET(TILE_COLUMNS));
    t->bias = call->bias != NULL ? call->bias + at->j + j : NULL;
    if (t->end == TL__TILE_BACKWARD) t->saved = call->saved + (at->i + top) * call->ldsaved + at->j + j;
    if (t->pack == NULL) {
        SET(tile)(height, t->columns)(t);
        return;
    }
    SET(tile_packing)(height)(t);
    t->b = t->pack;
    t->ldb = SET(TILE_COLUMNS);
    t->pack = NULL;
}

/* A region of one to three rows, as far as its lines reach; gives the columns done. */
INLINE(size_t) SET(gemm_lines)(const tl__region *at, tl__tile *t)
{
    const tl__tile from = *t;
    size_t j = 0;
    for (int half = 0; half < 2; half++) {
        const SET(line) line = SET(line_of)(at->rows, half);
        for (; at->columns - j >= line.columns; j += line.columns) {
            t->b = from.b + j;
            t->c = at->chains + j;
            line.run(t);
        }
    }
    t->b = from.b;
    return j;
}

/* The tile after this one: the strip's next, or one of the strip beside it. */
FN(void) SET(gemm_ahead)(const tl__region *at, tl__tile *t, size_t j, size_t tile, bool beside)
{
    const size_t top = SET(gemm_top)(at, tile);
    if (beside) j += SET(TILE_COLUMNS);
    t->ahead = j < at->columns ? SET(gemm_top)(at, tile + 1) - top : 0;
    if (t->ahead > 0) t->next = at->chains + top * at->ld + j;
}

/* The tiles [first, last) of one strip of b, which t holds. */
INLINE(void) SET(gemm_strip)(const tl__gemm *call, const tl__gemm_plan *plan, const tl__region *at, tl__tile *t,
                              size_t j, size_t first, size_t last, const float *copy)
{
    const bool far = plan->packs_b && at->ld >= SET(FAR);
    const float *a = t->a;
    const size_t size = t->k * SET(COPY_ROWS);
    t->ahead = 0;
    for (size_t tile = first, top = SET(gemm_top)(at, first), height; tile < last; tile++, top += height) {
        height = at->least + (tile < at->more);
        t->a = plan->copies_a ? copy + (tile - first) * size + SET(copy_shift)(call, call->m - at->i - top)
                              : a + top * t->stride_i;
        if (far) SET(gemm_ahead)(at, t, j, tile + 1 < last ? tile + 1 : first, tile + 1 == last);
        SET(gemm_tile)(call, at, t, top, height, j);
    }
    t->a = a;
}

/* All tiles of a region for the terms [begin, end). */
FN(void) SET(gemm_step)(const tl__gemm *call, const tl__gemm_plan *plan, tl__region *at, size_t begin, size_t end,
                        bool last, float *scratch)
{
    const size_t k = end - begin, width = SET(TILE_COLUMNS);
    const size_t blocks = SET(parts)(at->tiles, plan->block), block = SET(parts)(at->tiles, blocks);
    const size_t stride_i = call->a_transposed ? 1 : call->lda, stride_p = call->a_transposed ? call->lda : 1;
    const size_t strip = call->b_transposed ? width * call->ldb : width;   /* from one to the next */
    const float *b = call->b_transposed ? call->b + begin + at->j * call->ldb : call->b + begin * call->ldb + at->j;
    float *copy = scratch + plan->copy_at;
    tl__tile t = {.k = k, .a = call->a + at->i * stride_i + begin * stride_p, .stride_i = stride_i,
                  .stride_p = stride_p, .b = b, .ldb = call->ldb, .ldc = at->ld,
                  .go_on = begin > at->begin || call->go_on};
    const bool lines = at->rows <= 3 && at->columns >= GEMM_LINE_1 * VN / 2 && !plan->packs_b;
    if (last && !plan->leaves && !lines) at->done = SET(gemm_end)(call, &t);
    if (plan->by_rows && !lines) {
        const float *a = t.a;
        for (size_t tile = 0, top = 0, height; tile < at->tiles; tile++, top += height) {
            height = at->least + (tile < at->more);
            t.a = a + top * stride_i;
            for (size_t j = 0; j < at->columns; j += width) {
                t.b = b + j;
                SET(gemm_tile)(call, at, &t, top, height, j);
            }
        }
        return;
    }
    if (plan->copies_a) {
        t.stride_i = 1;
        t.stride_p = SET(COPY_ROWS);
    }
    for (size_t first = 0; first < at->tiles; first += block) {
        const size_t past = tl__size_min(at->tiles, first + block);
        for (size_t tile = first; plan->copies_a && tile < past; tile++) {
            const size_t top = SET(gemm_top)(at, tile);
            SET(copy_a)(copy + (tile - first) * k * SET(COPY_ROWS), call, at->i + top,
                        SET(gemm_top)(at, tile + 1) - top, begin, k);
        }
        for (size_t j = lines ? SET(gemm_lines)(at, &t) : 0; j < at->columns; j += width) {
            const size_t columns = tl__size_min(at->columns - j, width);
            float *pack = scratch + (plan->packs_b && blocks > 1 ? j * k : 0);   /* where the next block finds it */
            t.b = lines ? b + j : b + j / width * strip;   /* lines end anywhere */
            t.ldb = call->ldb;
            if (plan->packs_b && first == 0 && !call->b_transposed && columns == width && past > 1) {
                t.pack = pack;
            } else if (plan->packs_b) {
                if (first == 0) SET(pack_b)(pack, width, t.b, call->ldb, call->b_transposed, k, columns);
                t.b = pack;
                t.ldb = width;
            }
            SET(gemm_strip)(call, plan, at, &t, j, first, past, copy);
        }
    }
}

/* One leaf: steps of even length. */
FN(void) SET(gemm_leaf)(const tl__gemm *call, const tl__gemm_plan *plan, tl__region *at, size_t begin, size_t end,
                        float *scratch)
{
    const size_t k = end - begin, steps = tl__size_max(1, (k + plan->depth - 1) / plan->depth);
    at->begin = begin;
    for (size_t step = 0; step < steps; step++)
        SET(gemm_step)(call, plan, at, begin + k * step / steps, begin + k * (step + 1) / steps, step + 1 == steps,
                       scratch);
}

/* All chains of a task's region; of several leaves in a stack of values. */
FN(tl__region) SET(gemm_chains)(const tl__gemm *call, const tl__gemm_plan *plan, size_t task, float *scratch)
{
    const size_t down = plan->by_columns ? task % plan->down : task / plan->across;
    const size_t across = plan->by_columns ? task / plan->down : task % plan->across;
    tl__region at = {.i = down * plan->rows, .j = across * plan->columns};
    float *values = scratch + plan->values_at;
    at.rows = tl__size_min(plan->rows, call->m - at.i);
    at.columns = tl__size_min(plan->columns, call->n - at.j);
    at.tiles = SET(parts)(at.rows, GEMM_ROWS);
    at.least = at.rows / at.tiles;
    at.more = at.rows % at.tiles;
    at.chains = plan->values ? values : call->c + at.i * call->ldc + at.j;
    at.ld = !plan->values ? call->ldc : call->take != NULL ? at.columns : plan->columns;
    for (size_t row = 0; row < at.rows && call->go_on; row++) {   /* c itself stays: a set may have to begin again */
        const float *c = call->c + (at.i + row) * call->ldc + at.j;
        EACH_VECTOR(at.columns, STORE(at.chains + row * at.ld + i, LOAD(c + i)););
    }
    if (!plan->leaves) {
        SET(gemm_leaf)(call, plan, &at, 0, call->k, scratch);
        return at;
    }
    const size_t size = plan->rows * plan->columns;
    tl__leaves walk = tl__leaves_start(call->k, call->cut);
    do {
        at.chains = values + (size_t)walk.depth * size;
        SET(gemm_leaf)(call, plan, &at, walk.begin, walk.end, scratch);
        for (int merges = tl__leaves_merges(&walk); merges > 0; merges--, at.chains -= size)
            for (size_t row = 0; row < at.rows; row++) {
                float *below = at.chains - size + row * at.ld;
                EACH_VECTOR(at.columns, STORE(below + i, V_ADD(LOAD(below + i), LOAD(below + size + i))););
            }
    } while (tl__leaves_next(&walk));
    at.chains = values;
    return at;
}

#ifndef GEMM_CHAINS_ONLY
/* The epilogue of one row of a region; x holds the chains and may be c's row. */
FN(void) SET(gemm_epilogue)(const tl__gemm *call, size_t i, size_t j, float *x, size_t columns, bool done)
{
    float *c = call->take == NULL ? call->c + i * call->ldc + j : x;
    if (!done) {
        if (call->bias != NULL) SET(add)(x, x, call->bias + j, columns);
        if (call->pre != NULL) SET(copy)(call->pre + i * call->ldpre + j, x, columns);
        if (call->saved != NULL)
            SET(activate_backward)(call->activation, call->parameter, call->limit, x, x,
                                   call->saved + i * call->ldsaved + j, columns);
        else if (call->activation != TL__IDENTITY)
            SET(activate)(call->activation, call->parameter, call->limit, x, x, columns);
    }
    if (call->accumulate) SET(add)(c, c, x, columns);
    else if (x != c) SET(copy)(c, x, columns);
}

FN(void) SET(gemm_finish)(const tl__gemm *call, const tl__gemm_plan *plan, const tl__region *at)
{
    const bool done = at->done || (call->bias == NULL && call->pre == NULL && call->saved == NULL &&
                                   call->activation == TL__IDENTITY);
    for (size_t row = 0; row < at->rows && !(done && (!plan->values || call->take != NULL)); row++)
        SET(gemm_epilogue)(call, at->i + row, at->j, at->chains + row * at->ld, at->columns, done);
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
    SET(gemm_finish)(call, plan, &at);
}
#endif
#endif

#ifndef SET_GEMM
#ifndef GEMM_CHAINS_ONLY
#include "kernels/gemm_turn.inc.h"
#endif

FN(void) SET(gemm_plan_for)(const tl__gemm *call, tl__caches caches, tl__gemm_plan *plan)
{
    SET(gemm_plan_straight)(call, caches, plan);
#ifndef GEMM_CHAINS_ONLY
    if (SET(gemm_is_small)(call, plan)) plan->run = SET(gemm_small);
    SET(gemm_turn)(call, plan);
#endif
}

/* The same for each size of caches. */
#define GEMM_PLAN(name, caches)                                                                                \
    FN(void) SET(name)(const tl__gemm *call, tl__gemm_plan *plan) { SET(gemm_plan_for)(call, caches, plan); }
GEMM_PLAN(gemm_plan_small, TL__CACHES_SMALL)
GEMM_PLAN(gemm_plan_middle, TL__CACHES_MIDDLE)
GEMM_PLAN(gemm_plan_large, TL__CACHES_LARGE)
#undef GEMM_PLAN
#endif
