/* The group functions: exp, log and what is made of them, over arrays in the second cache. */
#include "peer.h"

#include <stdio.h>

enum { FUNCTIONS_COUNT = 32768 };

typedef enum functions_kind {
    FUNCTIONS_ACTIVATE, FUNCTIONS_SOFTMAX, FUNCTIONS_LOGSUMEXP, FUNCTIONS_SINGLE
} functions_kind;

static const struct {
    functions_kind kind;
    const char *name, *torch;       /* torch: what peers.py calls; NULL: nothing like it */
    tl__activation activation;
    size_t columns;
    float (*single)(float x);
} functions_cases[] = {
    {FUNCTIONS_LOGSUMEXP, "exp (as the log of a row's sum)", "logsumexp", TL__IDENTITY, 4096, NULL},
    {FUNCTIONS_ACTIVATE, "log(1 + exp(x)) (softplus)", "softplus", TL__SOFTPLUS, 0, NULL},
    {FUNCTIONS_ACTIVATE, "tanh", "tanh", TL__TANH, 0, NULL},
    {FUNCTIONS_ACTIVATE, "sigmoid", "sigmoid", TL__SIGMOID, 0, NULL},
    {FUNCTIONS_ACTIVATE, "silu", "silu", TL__SILU, 0, NULL},
    {FUNCTIONS_ACTIVATE, "gelu", "gelu", TL__GELU, 0, NULL},
    {FUNCTIONS_ACTIVATE, "gelu_tanh", "gelu_tanh", TL__GELU_TANH, 0, NULL},
    {FUNCTIONS_ACTIVATE, "elu", "elu", TL__ELU, 0, NULL},
    {FUNCTIONS_SOFTMAX, "softmax over 10 columns", "softmax", TL__IDENTITY, 10, NULL},
    {FUNCTIONS_SOFTMAX, "softmax over 1024 columns", "softmax", TL__IDENTITY, 1024, NULL},
    {FUNCTIONS_SINGLE, "exp one number a call", NULL, TL__IDENTITY, 0, tl__expf},
    {FUNCTIONS_SINGLE, "log one number a call", NULL, TL__IDENTITY, 0, tl__logf},
};

static void functions_label(size_t index, char out[BENCH_NAME])
{
    snprintf(out, BENCH_NAME, "%s", functions_cases[index].name);
}

typedef struct functions_work {
    const tl__kernels *kernels;
    size_t index, count, rows;
    float *x, *y;
} functions_work;

static void functions_once(functions_work *work)
{
    size_t columns = functions_cases[work->index].columns;
    tl__activation activation = functions_cases[work->index].activation;
    switch (functions_cases[work->index].kind) {
    case FUNCTIONS_ACTIVATE:
        work->kernels->activate(activation, tl__activation_default(activation), 0, work->y, work->x, work->count);
        break;
    case FUNCTIONS_SOFTMAX: work->kernels->softmax(work->y, work->x, work->rows, columns); break;
    case FUNCTIONS_LOGSUMEXP: work->kernels->logsumexp(work->y, work->x, work->rows, columns); break;
    case FUNCTIONS_SINGLE:
        for (size_t i = 0; i < work->count; i++) work->y[i] = functions_cases[work->index].single(work->x[i]);
        break;
    }
}

static double functions_ours(void *user, size_t times)
{
    double begun = bench_seconds();
    for (size_t i = 0; i < times; i++) functions_once(user);
    return bench_seconds() - begun;
}

static void functions_run(bench *b, size_t index)
{
    bench_row row = bench_begin(b, &bench_group_functions, index);
    size_t columns = functions_cases[index].columns, rows = columns ? FUNCTIONS_COUNT / columns : 1;
    functions_work work = {.kernels = b->kernels, .index = index, .rows = rows,
                           .count = columns ? rows * columns : FUNCTIONS_COUNT};
    bench_team team = {0};
    char each[24];
    size_t bytes = 2 * FUNCTIONS_COUNT * sizeof(float);
    work.x = tl__alloc_aligned(&b->heap, bytes);
    if (!work.x) {
        bench_fail(b, "functions: out of memory");
        return;
    }
    work.y = work.x + FUNCTIONS_COUNT;
    bool positive = functions_cases[index].single == tl__logf;
    for (size_t i = 0; i < FUNCTIONS_COUNT; i++)
        work.x[i] = (float)(i * 2654435761u % 65536) / 8192.0f - (positive ? -0.1f : 4.0f);
    row.work = (double)work.count;
    row.unit = "elements/s";
    bench_team_add(&team, "trainlib", functions_ours, &work);
    if (functions_cases[index].torch)
        bench_team_peer(b, &team, 1, "torch", "torch", "function-torch %s %zu %zu", functions_cases[index].torch, rows,
                        work.count / rows);
    if (bench_measure(b, &row, team.workers, team.count)) {
        bench_series_close(&row.ours.seconds);
        bench_time_text(each, row.ours.seconds.median / (double)work.count);
        snprintf(row.note, sizeof row.note, "%s each", each);
        bench_report(b, &row);
    }
    bench_team_end(&team);
    tl__free_aligned(&b->heap, work.x, bytes);
}

const bench_group bench_group_functions = {
    "functions", "exp, log and what is made of them, over arrays",
    sizeof functions_cases / sizeof functions_cases[0], functions_label, functions_run,
};
