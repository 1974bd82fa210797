/* The group long: 5,000 steps of a network whose units die. Their moments decay, and where they become subnormal
 * numbers each step gets slower; the last 500 steps should take as long as the first. */
#include "net.h"

#include <stdio.h>
#include <string.h>

enum { LONG_PART = 500, LONG_STEPS = 5000 };

static const net_shape long_shape = NET_DENSE(32, 784, 256, 128, 10);
static const double long_rate = 0.01;    /* high: many relus stop in the first steps, for good */

static void long_label(size_t index, char out[BENCH_NAME])
{
    char name[BENCH_NAME];
    (void)index;
    net_name(&long_shape, name);
    snprintf(out, BENCH_NAME, "%.40s %d steps", name, LONG_STEPS);
}

/* One training of all 5,000 steps: what one step takes at the beginning and at the end. */
static bool long_train(const bench_worker *worker, bench_series *first, bench_series *last)
{
    double begin = worker->run(worker->user, LONG_PART);
    double between = begin < 0 ? -1 : worker->run(worker->user, LONG_STEPS - 2 * LONG_PART);
    double end = between < 0 ? -1 : worker->run(worker->user, LONG_PART);
    bench_series_add(first, begin / LONG_PART);
    bench_series_add(last, end / LONG_PART);
    return end >= 0;
}

/* Everyone trains once, from the same weights. */
static bool long_repeat(bench *b, bench_row *first, bench_row *last)
{
    bench_team team = {0};
    net ours;
    bool good = net_make(&ours, b, &long_shape, b->kernels, 1);
    ours.learning_rate = long_rate;
    if (good) {
        bench_team_add(&team, "trainlib", net_train, &ours);
        net_peers(&ours, b, &team, 1, NET_TORCH + NET_TORCH_FLUSH);
        first->peer_count = last->peer_count = 0;
        for (int w = 0; w < team.count && good; w++) {
            bench_result *begin = w ? &first->peers[first->peer_count++] : &first->ours;
            bench_result *end = w ? &last->peers[last->peer_count++] : &last->ours;
            snprintf(begin->name, sizeof begin->name, "%s", team.workers[w].name);
            snprintf(end->name, sizeof end->name, "%s", team.workers[w].name);
            good = long_train(&team.workers[w], &begin->seconds, &end->seconds);
        }
        bench_team_end(&team);
    }
    net_free(&ours);
    return good;
}

static void long_slowdown(const bench_row *first, bench_row *last)
{
    size_t used = (size_t)snprintf(last->note, sizeof last->note, "a step at the end takes");
    for (int p = -1; p < last->peer_count; p++) {
        const bench_result *begin = p < 0 ? &first->ours : &first->peers[p], *end = p < 0 ? &last->ours
                                                                                          : &last->peers[p];
        if (used < sizeof last->note)
            used += (size_t)snprintf(last->note + used, sizeof last->note - used, "%s %s %.2f", p < 0 ? "" : ",",
                                     begin->name, end->seconds.median / begin->seconds.median);
    }
    if (used < sizeof last->note) snprintf(last->note + used, sizeof last->note - used, " times as long");
}

static void long_run(bench *b, size_t index)
{
    bench_row first = bench_begin(b, &bench_group_long, index), last = first;
    snprintf(first.name, sizeof first.name, "the first %d of %d steps", LONG_PART, LONG_STEPS);
    snprintf(last.name, sizeof last.name, "the last %d of %d steps", LONG_PART, LONG_STEPS);
    first.work = last.work = (double)long_shape.batch;
    first.unit = last.unit = "samples/s";
    bench_pin(true);
    double begun = bench_others_begin(b);
    bool good = true;
    for (int r = 0; r < b->options.repeat && good; r++) good = long_repeat(b, &first, &last);
    first.others = last.others = bench_others_end(b, begun);
    bench_pin(false);
    if (!good) {
        bench_fail(b, "long: a training failed");
        return;
    }
    bench_report(b, &first);
    last.limit = last.work / first.ours.seconds.median;
    snprintf(last.limit_name, sizeof last.limit_name, "the first %d", LONG_PART);
    for (int p = 0; p < last.peer_count; p++) bench_series_close(&last.peers[p].seconds);
    bench_series_close(&last.ours.seconds);
    long_slowdown(&first, &last);
    bench_report(b, &last);
}

const bench_group bench_group_long = {
    "long", "5,000 steps of a network whose units die: no slow-down by subnormal numbers", 1, long_label, long_run,
};
