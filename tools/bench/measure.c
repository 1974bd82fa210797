/* Measuring: repeats that alternate between the workers, so that whatever the machine does meanwhile meets all of them
 * alike; the median and the spread of what one operation takes. */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "port/port.h"

double bench_seconds(void) { return (double)tl__ticks() * 1e-9; }

void bench_series_add(bench_series *series, double value)
{
    if (series->count < BENCH_REPEATS) series->value[series->count++] = value;
}

double bench_share(const bench_row *row)
{
    double work = row->limit_work > 0 ? row->limit_work : row->work;
    return row->limit > 0 ? work / row->ours.seconds.median / row->limit : 0;
}

static int measure_order(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void bench_series_close(bench_series *series)
{
    double sorted[BENCH_REPEATS];
    int n = series->count;
    if (n == 0) return;
    memcpy(sorted, series->value, (size_t)n * sizeof *sorted);
    qsort(sorted, (size_t)n, sizeof *sorted, measure_order);
    series->least = sorted[0];
    series->most = sorted[n - 1];
    series->median = n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
}

bench_row bench_begin(bench *b, const bench_group *group, size_t index)
{
    bench_row row = {.simd = b->kernels->name, .threads = 1};
    snprintf(row.group, sizeof row.group, "%s", group->name);
    group->label(index, row.name);
    return row;
}

/* How many operations fill the target: doubled until a quarter of it is reached, then in proportion. Warms up, too. */
static size_t measure_times(const bench_worker *worker, double target)
{
    size_t times = 1;
    for (;;) {
        double seconds = worker->run(worker->user, times);
        if (seconds < 0) return 0;
        if (seconds >= target / 4) {
            double wanted = (double)times * target / seconds;
            return wanted < 1 ? 1 : (size_t)wanted;
        }
        times *= 2;
    }
}

bool bench_measure(bench *b, bench_row *row, const bench_worker *workers, int count)
{
    double target = row->target > 0 ? row->target : 0.04;
    size_t times[1 + BENCH_PEERS];
    bench_result *results[1 + BENCH_PEERS];
    bench_pin(row->threads == 1);
    for (int w = 0; w < count; w++) {
        results[w] = w == 0 ? &row->ours : &row->peers[w - 1];
        snprintf(results[w]->name, sizeof results[w]->name, "%s", workers[w].name);
        times[w] = b->options.times > 0 ? (size_t)b->options.times
                   : row->times > 0   ? row->times
                                      : measure_times(&workers[w], target);
        if (times[w] == 0) return bench_fail(b, "%s %s: %s failed", row->group, row->name, workers[w].name), false;
    }
    row->peer_count = count - 1;
    double begun = bench_others_begin(b);
    for (int r = 0; r < b->options.repeat; r++) {
        for (int w = 0; w < count; w++) {
            double seconds = workers[w].run(workers[w].user, times[w]);
            if (seconds < 0) return bench_fail(b, "%s %s: %s failed", row->group, row->name, workers[w].name), false;
            bench_series_add(&results[w]->seconds, seconds / (double)times[w]);
        }
        bench_limit_turn(b, row);
    }
    row->others = bench_others_end(b, begun);
    bench_pin(false);
    return true;
}

void bench_report(bench *b, bench_row *row)
{
    bench_series_close(&row->ours.seconds);
    bench_series_close(&row->limit_turns);
    if (row->limit_turns.count > 0) row->limit = row->limit_turns.median;
    for (int p = 0; p < row->peer_count; p++) bench_series_close(&row->peers[p].seconds);
    if (b->row_count == b->row_room) {
        size_t room = b->row_room ? 2 * b->row_room : 64;
        bench_row *rows = tl__resize(&b->heap, b->rows, b->row_room * sizeof *rows, room * sizeof *rows);
        if (!rows) {
            bench_fail(b, "out of memory");
            return;
        }
        b->rows = rows;
        b->row_room = room;
    }
    b->rows[b->row_count++] = *row;
    bench_print_row(b, row);
}
