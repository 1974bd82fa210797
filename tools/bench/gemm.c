/* The group gemm: matrix products, square ones and those of training 784-256-128-10. */
#include "peer.h"

#include <stdio.h>
#include <string.h>

typedef enum gemm_form { GEMM_PLAIN, GEMM_FORWARD, GEMM_WEIGHTS, GEMM_INPUTS } gemm_form;
static const char *const gemm_form_names[] = {"", "forward", "weight gradient", "input gradient"};

/* The dense layer from `in` to `out` over `rows` rows; a square product is forward with all three equal. */
typedef struct gemm_case {
    gemm_form form;
    size_t rows, in, out;
    const char *simd;    /* NULL: the run's */
} gemm_case;

#define GEMM_BATCH(rows)                                                                                           \
    {GEMM_FORWARD, rows, 784, 256, NULL}, {GEMM_WEIGHTS, rows, 784, 256, NULL},                                   \
    {GEMM_FORWARD, rows, 256, 128, NULL}, {GEMM_WEIGHTS, rows, 256, 128, NULL},                                   \
    {GEMM_INPUTS, rows, 256, 128, NULL}, {GEMM_FORWARD, rows, 128, 10, NULL},                                     \
    {GEMM_WEIGHTS, rows, 128, 10, NULL}, {GEMM_INPUTS, rows, 128, 10, NULL}
#define GEMM_SQUARES(simd)                                                                                         \
    {GEMM_PLAIN, 256, 256, 256, simd}, {GEMM_PLAIN, 512, 512, 512, simd}, {GEMM_PLAIN, 1024, 1024, 1024, simd},    \
    {GEMM_PLAIN, 2048, 2048, 2048, simd}

static const gemm_case gemm_cases[] = {
    GEMM_SQUARES(NULL), GEMM_BATCH(32), GEMM_BATCH(64), GEMM_BATCH(128), GEMM_BATCH(256), GEMM_SQUARES("avx2"),
};

static void gemm_label(size_t index, char out[BENCH_NAME])
{
    const gemm_case *c = &gemm_cases[index];
    if (c->form == GEMM_PLAIN)
        snprintf(out, BENCH_NAME, "%zux%zux%zu%s%s", c->rows, c->out, c->in, c->simd ? " on " : "",
                 c->simd ? c->simd : "");
    else
        snprintf(out, BENCH_NAME, "batch %zu %zu to %zu %s", c->rows, c->in, c->out, gemm_form_names[c->form]);
}

/* ---- ours ---- */

typedef struct gemm_work {
    const tl__kernels *kernels;
    tl__gemm call;
    tl__gemm_plan plan;
    tl__pool *pool;
    unsigned char *scratch;
    size_t scratch_bytes;       /* of each worker */
} gemm_work;

static void gemm_task(void *user, size_t task, int worker)
{
    gemm_work *work = user;
    work->plan.run(&work->call, &work->plan, task, work->scratch + (size_t)worker * work->scratch_bytes);
}

static double gemm_ours(void *user, size_t times)
{
    gemm_work *work = user;
    double begun = bench_seconds();
    for (size_t i = 0; i < times; i++) tl__parallel_for(work->pool, work->plan.tasks, gemm_task, work);
    return bench_seconds() - begun;
}

/* ---- OpenBLAS; the others' layout is that of their own dense layer, W [out, in] ---- */

typedef struct gemm_blas {
    bench_sgemm *sgemm;
    int m, n, k;
    bool a_transposed, b_transposed;
    const float *a, *b;
    float *c;
} gemm_blas;

static double gemm_openblas(void *user, size_t times)
{
    enum { ROWS = 101, PLAIN = 111, TRANSPOSED = 112 };
    gemm_blas *g = user;
    double begun = bench_seconds();
    for (size_t i = 0; i < times; i++)
        g->sgemm(ROWS, g->a_transposed ? TRANSPOSED : PLAIN, g->b_transposed ? TRANSPOSED : PLAIN, g->m, g->n, g->k, 1,
                 g->a, g->a_transposed ? g->m : g->k, g->b, g->b_transposed ? g->k : g->n, 0, g->c, g->n);
    return bench_seconds() - begun;
}

/* y = x WT, dW = dzT x, dx = dz W. */
static gemm_blas gemm_theirs(const gemm_case *c)
{
    int rows = (int)c->rows, in = (int)c->in, out = (int)c->out;
    switch (c->form) {
    case GEMM_FORWARD: return (gemm_blas){.m = rows, .n = out, .k = in, .b_transposed = true};
    case GEMM_WEIGHTS: return (gemm_blas){.m = out, .n = in, .k = rows, .a_transposed = true};
    case GEMM_INPUTS: return (gemm_blas){.m = rows, .n = in, .k = out};
    default: return (gemm_blas){.m = rows, .n = out, .k = in};
    }
}

/* Ours and the peers that are here, one after the other; then the row. */
static void gemm_contest(bench *b, bench_row *row, const gemm_case *c, gemm_work *work)
{
    static const char *const packages[] = {"torch", "numpy"};
    bench_team team = {0};
    gemm_blas blas = gemm_theirs(c);
    bench_team_add(&team, "trainlib", gemm_ours, work);
    for (int p = 0; p < 2 && !c->simd; p++)
        bench_team_peer(b, &team, row->threads, packages[p], packages[p], "gemm-%s %d %d %d %d %d", packages[p], blas.m,
                        blas.n, blas.k, blas.a_transposed, blas.b_transposed);
    blas.sgemm = c->simd ? NULL : bench_openblas(b, row->threads);
    blas.a = work->call.a;
    blas.b = work->call.b;
    blas.c = work->call.c;
    if (blas.sgemm) bench_team_add(&team, "openblas", gemm_openblas, &blas);
    if (bench_measure(b, row, team.workers, team.count)) bench_report(b, row);
    bench_team_end(&team);
}

/* ---- a row ---- */

/* a and b as the dense layer has them: x [rows, in], W [in, out], dz [rows, out]. */
static tl__gemm gemm_call(const gemm_case *c, const float *a, const float *b, float *out)
{
    switch (c->form) {
    case GEMM_WEIGHTS:
        return (tl__gemm){.m = c->in, .n = c->out, .k = c->rows, .a = a, .lda = c->in, .a_transposed = true, .b = b,
                          .ldb = c->out, .c = out, .ldc = c->out};
    case GEMM_INPUTS:
        return (tl__gemm){.m = c->rows, .n = c->in, .k = c->out, .a = a, .lda = c->out, .b = b, .ldb = c->out,
                          .b_transposed = true, .c = out, .ldc = c->in};
    default:
        return (tl__gemm){.m = c->rows, .n = c->out, .k = c->in, .a = a, .lda = c->in, .b = b, .ldb = c->out,
                          .c = out, .ldc = c->out};
    }
}

static void gemm_run(bench *b, size_t index)
{
    const gemm_case *c = &gemm_cases[index];
    bench_row row = bench_begin(b, &bench_group_gemm, index);
    gemm_work work = {.kernels = c->simd ? tl__kernels_choose(c->simd) : b->kernels};
    if (c->simd && strcmp(work.kernels->name, c->simd) != 0) return;    /* not on this machine */
    row.simd = work.kernels->name;
    row.threads = b->options.threads;
    row.work = 2.0 * (double)c->rows * (double)c->in * (double)c->out;
    row.unit = "FLOP/s";
    row.section = c->simd ? "squares on a lower set" : c->form == GEMM_PLAIN ? "squares" : "shapes of training";
    bench_limit_peak(b, &row);

    size_t largest = c->rows * c->in;
    if (c->rows * c->out > largest) largest = c->rows * c->out;
    if (c->in * c->out > largest) largest = c->in * c->out;
    size_t room = (largest + 1024) * sizeof(float), bytes = 3 * room;
    float *block = tl__alloc_aligned(&b->heap, bytes);
    if (!block || (row.threads > 1 && tl__pool_new(&b->heap, row.threads, &work.pool) != TL_OK)) {
        bench_fail(b, "gemm %s: out of memory", row.name);
    } else {
        for (size_t i = 0; i < bytes / sizeof(float); i++) block[i] = (float)(i * 2654435761u % 1000) / 1000 - 0.5f;
        work.call = gemm_call(c, block, block + room / sizeof(float), block + 2 * (room / sizeof(float)));
        work.call.workers = (size_t)row.threads;
        work.kernels->gemm_plan(&work.call, &work.plan);
        work.scratch_bytes = (work.plan.scratch_bytes + 63) / 64 * 64;
        size_t scratch = work.scratch_bytes * (size_t)row.threads + 64;
        work.scratch = tl__alloc_aligned(&b->heap, scratch);
        if (work.scratch) gemm_contest(b, &row, c, &work);
        tl__free_aligned(&b->heap, work.scratch, scratch);
    }
    tl__pool_free(&b->heap, work.pool);
    if (block) tl__free_aligned(&b->heap, block, bytes);
}

const bench_group bench_group_gemm = {
    "gemm", "matrix products: square ones, and those of training 784-256-128-10",
    sizeof gemm_cases / sizeof gemm_cases[0], gemm_label, gemm_run,
};
