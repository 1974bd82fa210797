/* Attention's products, block by block of queries.
 *
 * Without a mask each product of a block is one matrix product; sums over queries go on from block to block (go_on).
 * Under a causal mask no hidden number may enter a chain, not even times zero: groups of ATTENTION_GROUP queries take
 * the keys before the group by a matrix product and those of the group itself by the triangle; keys the other way
 * round. */
#include "nn/attention.h"

enum { ATTENTION_GROUP = 16, ATTENTION_MOST = 64, ATTENTION_FLOATS = 1 << 15 };

/* A block of scores: queries [first, first + queries), keys [from, from + keys). */
typedef struct attention_tile {
    const tl__attention *call;
    size_t first, queries, from, keys;
    float *x, *d;                   /* scores, then weights; their gradient. [keys, queries], rows ld apart */
    size_t ld;
    void *scratch;                  /* of the matrix products */
} attention_tile;

TL_PRIV size_t tl__attention_block(size_t queries, size_t keys)
{
    size_t most = ATTENTION_FLOATS / tl__size_max(keys, 1) / ATTENTION_GROUP * ATTENTION_GROUP;
    most = tl__size_max(ATTENTION_GROUP, tl__size_min(most, ATTENTION_MOST));
    size_t blocks = queries / most + (queries % most != 0);      /* even ones */
    return tl__size_max(ATTENTION_GROUP, tl__size_round(queries / tl__size_max(blocks, 1), ATTENTION_GROUP));
}

static void attention_gemm(const tl__kernels *kernels, const tl__gemm *call, void *scratch)
{
    tl__gemm_plan plan;
    if (call->m == 0 || call->n == 0) return;
    kernels->gemm_plan(call, &plan);
    for (size_t task = 0; task < plan.tasks; task++) plan.run(call, &plan, task, scratch);
}

/* A chain of any length is not cut: steps that go on. */
static void attention_chain(const tl__kernels *kernels, tl__gemm *call, void *scratch)
{
    size_t k = call->k, a_step = call->a_transposed ? call->lda : 1;
    for (size_t begin = 0; begin == 0 || begin < k; begin += TL__BLOCK) {
        call->k = tl__size_min(TL__BLOCK, k - begin);
        attention_gemm(kernels, call, scratch);
        call->a += call->k * a_step;
        call->b += call->k * call->ldb;
        call->go_on = true;
    }
}

/* x = rows of k times queries' rows. */
static void attention_scores(const attention_tile *t, float *x, const float *k, const float *q, size_t ldq)
{
    const tl__attention *call = t->call;
    tl__gemm scores = {.m = t->keys, .n = t->queries, .k = call->width, .a = k + t->from * call->ldk, .lda = call->ldk,
                       .b = q + t->first * ldq, .ldb = ldq, .b_transposed = true, .c = x, .ldc = t->ld};
    attention_gemm(call->kernels, &scores, t->scratch);
}

/* Sums over keys, to the rows of queries: c = x^T b, b rows of keys. */
static void attention_over_keys(const attention_tile *t, float *c, size_t ldc, const float *x, const float *b)
{
    const tl__attention *call = t->call;
    size_t group = call->causal ? ATTENTION_GROUP : tl__size_max(t->queries, 1);
    c += t->first * ldc;
    b += t->from * call->ldk;
    for (size_t i = 0; i < t->queries; i += group) {
        size_t rows = tl__size_min(group, t->queries - i);
        size_t keys = call->causal ? tl__size_min(t->keys, t->first + i) : t->keys;
        tl__gemm product = {.m = rows, .n = call->width, .k = keys, .a = x + i, .lda = t->ld, .a_transposed = true,
                            .b = b, .ldb = call->ldk, .c = c + i * ldc, .ldc = ldc};
        attention_chain(call->kernels, &product, t->scratch);
        if (keys < t->keys && call->causal)
            call->kernels->attention_triangle(c + i * ldc, ldc, x + keys * t->ld + i, t->ld, b + keys * call->ldk,
                                              call->ldk, tl__size_min(rows, t->keys - keys), rows, call->width, false);
    }
}

/* Sums over queries, to the rows of keys: c = x b, b rows of queries; goes on from the queries before. */
static void attention_over_queries(const attention_tile *t, float *c, const float *x, const float *b, size_t ldb)
{
    const tl__attention *call = t->call;
    size_t ldc = call->ldk, earlier = !call->causal ? t->keys : t->first < t->from ? 0 : t->first - t->from;
    c += t->from * ldc;
    b += t->first * ldb;
    earlier = tl__size_min(earlier, t->keys);
    tl__gemm product = {.m = earlier, .n = call->width, .k = t->queries, .a = x, .lda = t->ld, .b = b, .ldb = ldb,
                        .c = c, .ldc = ldc, .go_on = call->causal || t->first > 0};
    attention_gemm(call->kernels, &product, t->scratch);
    for (size_t j = earlier; j < t->keys; j += ATTENTION_GROUP) {
        size_t rows = tl__size_min(ATTENTION_GROUP, t->keys - j), i = j - earlier;
        size_t queries = tl__size_min(ATTENTION_GROUP, t->queries - i);
        call->kernels->attention_triangle(c + j * ldc, ldc, x + j * t->ld + i, t->ld, b + i * ldb, ldb, rows, queries,
                                          call->width, true);
        product = (tl__gemm){.m = rows, .n = call->width, .k = t->queries - i - queries,
                             .a = x + j * t->ld + i + queries, .lda = t->ld, .b = b + (i + queries) * ldb, .ldb = ldb,
                             .c = c + j * ldc, .ldc = ldc, .go_on = true};
        if (product.k > 0) attention_gemm(call->kernels, &product, t->scratch);
    }
}

/* Dropout by (key, query), whatever the block. A counter is four elements. */
static void attention_dropout(const attention_tile *t, float *x)
{
    const tl__attention *call = t->call;
    tl__random random = call->random;
    if (!(call->rate > 0)) return;
    for (size_t j = 0; j < t->keys; j++, x += t->ld) {
        random.counter[0] = call->random.counter[0] + (uint32_t)((t->from + j) << 14) + (uint32_t)(t->first / 4);
        call->kernels->dropout(x, x, 1, t->queries, call->rate, &random, random.counter[1]);
    }
}

/* The block of queries from `first`, with keys [from, end); scratch for two arrays on the way back. */
static attention_tile attention_tile_at(const tl__attention *call, size_t first, size_t from, size_t end, void *scratch)
{
    size_t block = call->block;
    attention_tile t = {.call = call, .first = first, .from = from, .x = scratch, .ld = block};
    t.queries = tl__size_min(block, call->queries - first);
    if (call->causal) end = tl__size_min(end, first + t.queries);
    t.keys = end - from;
    return t;
}

TL_PRIV size_t tl__attention_scratch(const tl__attention *call, bool backward)
{
    size_t block = call->block, bytes = 0, rest = call->queries % block;
    const size_t sizes[] = {tl__size_min(block, call->queries), rest};
    for (int go_on = 0; go_on < 2; go_on++)
        for (int size = 0; size < 2; size++) {
            const size_t n = sizes[size];
            const tl__gemm calls[] = {
                {.m = call->keys, .n = n, .k = call->width, .lda = call->ldk, .ldb = call->ldq, .b_transposed = true,
                 .ldc = block},
                {.m = call->keys, .n = n, .k = call->width, .lda = call->ldk, .ldb = call->ldout, .b_transposed = true,
                 .ldc = block},
                {.m = n, .n = call->width, .k = tl__size_min(call->keys, TL__BLOCK), .lda = block,
                 .a_transposed = true, .ldb = call->ldk, .ldc = tl__size_max(call->ldout, call->ldq),
                 .go_on = go_on != 0},
                {.m = call->keys, .n = call->width, .k = n, .lda = block, .ldb = call->ldq, .ldc = call->ldk,
                 .go_on = go_on != 0},
                {.m = call->keys, .n = call->width, .k = n, .lda = block, .ldb = call->ldout, .ldc = call->ldk,
                 .go_on = go_on != 0}
            };
            for (size_t i = 0; i < TL_COUNT(calls); i++) {
                tl__gemm_plan plan;
                call->kernels->gemm_plan(&calls[i], &plan);
                bytes = tl__size_max(bytes, plan.scratch_bytes);
            }
        }
    return tl__size_round(bytes, 64) + (backward ? 2 : 1) * call->keys * block * sizeof(float);
}

TL_PRIV void tl__attention_forward(const tl__attention *call, size_t first, size_t end, void *scratch)
{
    for (; first < end; first += call->block) {
        attention_tile t = attention_tile_at(call, first, 0, call->keys, scratch);
        t.scratch = t.x + call->keys * t.ld;
        attention_scores(&t, t.x, call->k, call->q, call->ldq);
        call->kernels->attention_weights(t.x, t.ld, call->largest + first, call->inverse + first, t.keys, t.queries,
                                         call->causal, first, call->scale);
        attention_dropout(&t, t.x);
        for (size_t i = 0; call->weights && i < t.queries; i++)
            for (size_t j = 0; j < call->padded; j++)
                call->weights[(first + i) * call->ldweights + j] = j < t.keys ? t.x[j * t.ld + i] : 0.0f;
        attention_over_keys(&t, call->out, call->ldout, t.x, call->v);
    }
}

/* One block of queries with the keys [from, end). */
static void attention_back(const tl__attention *call, tl__attention_part part, size_t first, size_t from, size_t end,
                           void *scratch)
{
    attention_tile t = attention_tile_at(call, first, from, end, scratch);
    t.d = t.x + call->keys * t.ld;
    t.scratch = t.d + call->keys * t.ld;
    attention_scores(&t, t.x, call->k, call->q, call->ldq);
    attention_scores(&t, t.d, call->v, call->d_out, call->ldout);
    for (size_t i = 0; call->d_weights && i < t.queries; i++)
        for (size_t j = 0; j < t.keys; j++)
            t.d[j * t.ld + i] += call->d_weights[(first + i) * call->ldweights + from + j];
    attention_dropout(&t, t.d);
    call->kernels->attention_slopes(t.x, t.d, t.ld, call->largest + first, call->inverse + first, call->delta + first,
                                    part == TL__ATTENTION_KEYS, t.keys, t.queries, call->causal, first - from,
                                    call->scale);
    if (part & TL__ATTENTION_QUERIES) attention_over_keys(&t, call->dq, call->ldq, t.d, call->k);
    if (!(part & TL__ATTENTION_KEYS)) return;
    attention_over_queries(&t, call->dk, t.d, call->q, call->ldq);
    attention_dropout(&t, t.x);
    attention_over_queries(&t, call->dv, t.x, call->d_out, call->ldout);
}

TL_PRIV void tl__attention_backward(const tl__attention *call, tl__attention_part part, size_t first, size_t end,
                                    void *scratch)
{
    if (part == TL__ATTENTION_QUERIES) {
        for (; first < end; first += call->block) attention_back(call, part, first, 0, call->keys, scratch);
        return;
    }
    size_t from = first, real = tl__size_min(end, call->keys);
    for (size_t i = call->causal ? first : 0; i < call->queries && from < real; i += call->block)
        attention_back(call, part, i, from, real, scratch);
    /* what no query sees */
    if (call->causal) real = tl__size_min(real, call->queries);
    end = tl__size_min(end, call->padded);
    for (size_t j = tl__size_max(from, real); j < end; j++) {
        memset(call->dk + j * call->ldk, 0, call->width * sizeof(float));
        memset(call->dv + j * call->ldk, 0, call->width * sizeof(float));
    }
}
