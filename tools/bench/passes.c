/* The group kernels: passes over arrays that the memory bounds; bytes per second beside the triad's, from the level of
 * the memory where their arrays live. */
#include "bench.h"

#include <stdio.h>
#include <string.h>

typedef enum passes_kind {
    PASSES_ADAM, PASSES_LAYER_NORM, PASSES_LAYER_NORM_BACKWARD, PASSES_DROPOUT, PASSES_CROSS_ENTROPY,
    PASSES_COLUMN_SUMS, PASSES_SUM_SQUARES, PASSES_RELU_BACKWARD
} passes_kind;

/* arrays: of rows x columns floats that are read or written; moved: how many of them cross the processor. */
static const struct {
    passes_kind kind;
    const char *name;
    size_t rows, columns;
    int arrays, moved;
} passes_cases[] = {
    {PASSES_ADAM, "adam", 16, 256, 4, 7},
    {PASSES_ADAM, "adam", 918, 256, 4, 7},
    {PASSES_ADAM, "adam", 64, 262144, 4, 7},
    {PASSES_LAYER_NORM, "layer norm", 512, 256, 2, 2},
    {PASSES_LAYER_NORM_BACKWARD, "layer norm back", 512, 256, 3, 3},
    {PASSES_DROPOUT, "dropout", 512, 256, 2, 2},
    {PASSES_CROSS_ENTROPY, "cross entropy with gradient", 512, 10, 2, 2},
    {PASSES_CROSS_ENTROPY, "cross entropy with gradient", 512, 256, 2, 2},
    {PASSES_COLUMN_SUMS, "column sums", 512, 256, 1, 1},
    {PASSES_SUM_SQUARES, "sum of squares", 512, 256, 1, 1},
    {PASSES_RELU_BACKWARD, "relu back", 512, 256, 3, 3},
};

static void passes_label(size_t index, char out[BENCH_NAME])
{
    snprintf(out, BENCH_NAME, "%s %zux%zu", passes_cases[index].name, passes_cases[index].rows,
             passes_cases[index].columns);
}

typedef struct passes_work {
    const tl__kernels *kernels;
    passes_kind kind;
    size_t rows, columns;
    float *array[4];
    float *small[4];          /* of a row or a column */
    int32_t *classes;
    volatile float sink;
} passes_work;

static void passes_once(passes_work *w)
{
    static const tl__adam adam = {1e-6f, 0.1f, 0.999f, 0.001f, 1.0f, 1e-8f, 1.0f, 0.0f, 1.0f};
    const tl__kernels *k = w->kernels;
    size_t rows = w->rows, columns = w->columns, n = rows * columns;
    tl__random random;
    switch (w->kind) {
    case PASSES_ADAM: k->adam(&adam, w->array[0], w->array[1], w->array[2], w->array[3], NULL, n); break;
    case PASSES_LAYER_NORM:
        k->layer_norm(w->array[0], w->small[0], w->small[1], w->array[1], w->small[2], w->small[3], 1e-5f, rows,
                      columns);
        break;
    case PASSES_LAYER_NORM_BACKWARD:
        k->layer_norm_backward(w->array[0], w->array[1], w->array[2], w->small[0], w->small[1], w->small[2], rows,
                               columns);
        break;
    case PASSES_DROPOUT:
        tl__random_init(&random, 1, TL__DRAW_DROPOUT, 1, 1, 0);
        k->dropout(w->array[0], w->array[1], rows, columns, 0.5f, &random, 0);
        break;
    case PASSES_CROSS_ENTROPY:
        k->cross_entropy(&(tl__cross_entropy){.rows = rows, .columns = columns, .x = w->array[1],
                                              .classes = w->classes, .gradient_scale = 1.0f, .loss = w->small[0],
                                              .gradient = w->array[0]});
        break;
    case PASSES_COLUMN_SUMS:
        k->column_sums(w->small[0], w->array[0], rows, columns, (tl__cut){1, 1}, 0, columns);
        break;
    case PASSES_SUM_SQUARES: w->sink = k->sum_squares(w->array[0], n, 1); break;
    case PASSES_RELU_BACKWARD: k->activate_backward(TL__RELU, 0, 0, w->array[0], w->array[1], w->array[2], n); break;
    }
}

static double passes_ours(void *user, size_t times)
{
    double begun = bench_seconds();
    for (size_t i = 0; i < times; i++) passes_once(user);
    return bench_seconds() - begun;
}

/* One block for all arrays, each beginning on a line of its own. */
static size_t passes_place(passes_work *w, int arrays, float *block)
{
    enum { GAP = 16 };
    size_t n = (w->rows * w->columns + 15) / 16 * 16 + GAP, small = (w->rows + w->columns + 15) / 16 * 16, at = 0;
    for (int a = 0; a < arrays; a++, at += n) w->array[a] = block + at;
    for (int s = 0; s < 4; s++, at += small) w->small[s] = block + at;
    w->classes = (int32_t *)(void *)(block + at);
    return (at + small) * sizeof(float);
}

static void passes_run(bench *b, size_t index)
{
    bench_row row = bench_begin(b, &bench_group_kernels, index);
    passes_work w = {.kernels = b->kernels, .kind = passes_cases[index].kind, .rows = passes_cases[index].rows,
                     .columns = passes_cases[index].columns};
    size_t n = w.rows * w.columns;
    static float none[1];
    size_t bytes = passes_place(&w, passes_cases[index].arrays, none);
    float *block = tl__alloc_aligned(&b->heap, bytes);
    if (!block) {
        bench_fail(b, "kernels %s: out of memory", row.name);
        return;
    }
    for (size_t i = 0; i < bytes / sizeof(float); i++) block[i] = (float)(i * 2654435761u % 1000) / 1000 + 0.001f;
    passes_place(&w, passes_cases[index].arrays, block);
    for (size_t i = 0; i < w.rows; i++) w.classes[i] = (int32_t)(i % w.columns);
    row.work = (double)(n * (size_t)passes_cases[index].moved * sizeof(float));
    row.unit = "B/s";
    bench_limit_triad(b, &row, n * (size_t)passes_cases[index].arrays * sizeof(float));
    if (bench_measure(b, &row, &(bench_worker){"trainlib", passes_ours, &w}, 1)) bench_report(b, &row);
    tl__free_aligned(&b->heap, block, bytes);
}

const bench_group bench_group_kernels = {
    "kernels", "passes over arrays that the memory bounds", sizeof passes_cases / sizeof passes_cases[0], passes_label,
    passes_run,
};
