/* The group peak: the machine's own limits as rows of their own. */
#include "bench.h"

#include <stdio.h>

enum { PEAK_SETS, PEAK_TRIADS, PEAK_SPIN };

static const struct { int kind, which, threads; } peak_cases[] = {
    {PEAK_SETS, 0, 1}, {PEAK_SETS, 0, 2}, {PEAK_SETS, 1, 1}, {PEAK_SETS, 1, 2},
    {PEAK_SETS, 2, 1}, {PEAK_SETS, 2, 2}, {PEAK_SETS, 3, 1}, {PEAK_SETS, 3, 2},
    {PEAK_TRIADS, BENCH_L1, 1}, {PEAK_TRIADS, BENCH_L1, 2}, {PEAK_TRIADS, BENCH_L2, 1}, {PEAK_TRIADS, BENCH_L2, 2},
    {PEAK_TRIADS, BENCH_L3, 1}, {PEAK_TRIADS, BENCH_L3, 2}, {PEAK_TRIADS, BENCH_MEMORY, 1},
    {PEAK_TRIADS, BENCH_MEMORY, 2}, {PEAK_SPIN, 0, 2},
};

static void peak_label(size_t index, char out[BENCH_NAME])
{
    const char *threads = peak_cases[index].threads == 1 ? "1 thread" : "2 threads";
    int which = peak_cases[index].which;
    if (peak_cases[index].kind == PEAK_SETS)
        snprintf(out, BENCH_NAME, "multiply-adds %s on %s", bench_set_names[which], threads);
    else if (peak_cases[index].kind == PEAK_TRIADS)
        snprintf(out, BENCH_NAME, "triad in %s on %s", bench_level_name(which), threads);
    else
        snprintf(out, BENCH_NAME, "spin to another core and back");
}

static void peak_run(bench *b, size_t index)
{
    int which = peak_cases[index].which, threads = peak_cases[index].threads;
    bench_row row = bench_begin(b, &bench_group_peak, index);
    double rate = 0;
    row.threads = threads;
    row.work = 1e9;
    if (threads > bench_cores()) return;
    if (peak_cases[index].kind == PEAK_SETS) {
        row.unit = "FLOP/s";
        row.simd = bench_set_names[which];
        rate = bench_peak(b, row.simd, threads);
    } else if (peak_cases[index].kind == PEAK_TRIADS) {
        row.unit = "B/s";
        rate = bench_triad(b, which, threads);
    } else {
        row.unit = "/s";
        row.work = 1;
        double seconds = bench_round_trip(b);
        rate = seconds > 0 ? 1 / seconds : 0;
    }
    if (rate <= 0) return;
    snprintf(row.ours.name, sizeof row.ours.name, "machine");
    bench_series_add(&row.ours.seconds, row.work / rate);
    bench_report(b, &row);
}

const bench_group bench_group_peak = {
    "peak", "what the machine itself can do: multiply-adds, memory, another core",
    sizeof peak_cases / sizeof peak_cases[0], peak_label, peak_run,
};
