/* The group step: whole training steps with Adam, forward to new weights. */
#include "net.h"

#include <stdio.h>
#include <string.h>

static const struct {
    net_shape shape;
    const char *simd;    /* NULL: the run's */
} step_cases[] = {
    {NET_DENSE(32, 784, 256, 128, 10), NULL}, {NET_DENSE(64, 784, 256, 128, 10), NULL},
    {NET_DENSE(128, 784, 256, 128, 10), NULL},
    {NET_DENSE(512, 784, 256, 128, 10), NULL}, {NET_DENSE(16, 4, 16, 3), NULL}, {NET_DENSE(32, 24, 32, 16, 3), NULL},
    {NET_DENSE(64, 784, 256, 128, 10), "avx2"}, {NET_DENSE(64, 784, 256, 128, 10), "sse2"},
    {NET_RECURRENT("lstm", 64, 60, 16, 64, 3), NULL}, {NET_RECURRENT("gru", 64, 60, 16, 64, 3), NULL},
    {NET_IMAGES(64, 28, 8, 16, 64, 10), NULL}, {NET_OF_LIST(64, NET_TRANSFORMER, 3840, 3), NULL},
    {NET_OF_LIST(64, NET_HYBRID, 1920, 3), NULL}, {NET_OF_LIST(256, NET_NHITS, 168, 24), NULL},
};

static void step_label(size_t index, char out[BENCH_NAME])
{
    net_name(&step_cases[index].shape, out);
    if (step_cases[index].simd) {
        strcat(out, " on ");
        strcat(out, step_cases[index].simd);
    }
}

/* Each takes the same steps before the clock starts: what a long run is like, not its first moments. */
static bool step_settle(const net_shape *shape, const bench_team *team)
{
    const size_t steps = shape->listed ? 100 : 500;    /* long ones are settled sooner */
    for (int w = 0; w < team->count; w++)
        if (team->workers[w].run(team->workers[w].user, steps) < 0) return false;
    return true;
}

static void step_run(bench *b, size_t index)
{
    const net_shape *shape = &step_cases[index].shape;
    const tl__kernels *kernels = step_cases[index].simd ? tl__kernels_choose(step_cases[index].simd) : b->kernels;
    bench_row row = bench_begin(b, &bench_group_step, index);
    bench_team team = {0};
    net ours;
    if (step_cases[index].simd && strcmp(kernels->name, step_cases[index].simd) != 0) return;    /* not here */
    row.simd = kernels->name;
    row.threads = b->options.threads;
    row.work = (double)shape->batch;
    row.unit = "samples/s";
    bench_limit_peak(b, &row);
    row.target = 0.1;
    if (net_make(&ours, b, shape, kernels, row.threads)) {
        row.limit_work = net_flops(&ours);
        bench_team_add(&team, "trainlib", net_train, &ours);
        int sklearn = shape->recurrent || shape->side || shape->listed ? 0 : NET_SKLEARN;
        net_peers(&ours, b, &team, row.threads, NET_TORCH + NET_TORCH_FLUSH + sklearn);
        net_compare(&ours, &team, &row);
        if (step_settle(shape, &team) && bench_measure(b, &row, team.workers, team.count)) bench_report(b, &row);
        bench_team_end(&team);
    }
    net_free(&ours);
}

const bench_group bench_group_step = {
    "step", "whole training steps with Adam, forward to new weights", sizeof step_cases / sizeof step_cases[0],
    step_label, step_run,
};
