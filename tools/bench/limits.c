/* The machine's own limits, measured in the run that is compared with them: multiply-adds per second of each
 * instruction set, bytes per second from each level of the memory, and a spin to another core and back. A limit is the
 * best that was seen; a row of one thread beside the multiply-adds measures them again in turns with its own work, as
 * the clock of a processor changes by some percent from one tenth of a second to the next. */
#include "bench.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "port/port.h"

enum { LIMITS_REPEATS = 11 };

/* ---- one or two threads that begin together ---- */

typedef struct limits_job {
    void (*run)(struct limits_job *job, int thread);
    int threads, set;
    size_t rounds, count;
    float *a, *b, *c;
    atomic_int ready, done;
} limits_job;

static void limits_meet(atomic_int *counter, int threads)
{
    atomic_fetch_add(counter, 1);
    while (atomic_load(counter) < threads) tl__thread_pause();
}

static void limits_second(void *user)
{
    limits_job *job = user;
    bench_pin_other();
    limits_meet(&job->ready, job->threads);
    job->run(job, 1);
    atomic_fetch_add(&job->done, 1);
}

/* Seconds; below 0: a thread could not be started. */
static double limits_time(bench *b, limits_job *job)
{
    tl__thread *thread = NULL;
    atomic_store(&job->ready, 0);
    atomic_store(&job->done, 0);
    if (job->threads > 1 && tl__thread_start(&b->heap, limits_second, job, &thread) != TL_OK) return -1;
    limits_meet(&job->ready, job->threads);
    double begun = bench_seconds();
    job->run(job, 0);
    while (atomic_load(&job->done) < job->threads - 1) tl__thread_pause();
    double seconds = bench_seconds() - begun;
    if (thread) tl__thread_join(&b->heap, thread);
    return seconds;
}

/* The best time of a round, with rounds chosen so that a repeat takes 10 ms: a limit is what the machine can do. */
static double limits_best(bench *b, limits_job *job)
{
    bench_series series = {0};
    job->rounds = 1;
    bench_pin(true);
    while (limits_time(b, job) < 0.002) job->rounds *= 2;
    job->rounds *= 4;
    for (int r = 0; r < LIMITS_REPEATS; r++) bench_series_add(&series, limits_time(b, job) / (double)job->rounds);
    bench_pin(false);
    bench_series_close(&series);
    return series.least;
}

/* ---- multiply-adds ---- */

static int limits_set(const char *name)
{
    for (int s = 0; s < BENCH_SETS; s++)
        if (strcmp(name, bench_set_names[s]) == 0) return s;
    return -1;
}

static void limits_run_peak(limits_job *job, int thread)
{
    (void)thread;
    bench_loop_peak(job->set, job->rounds * 1000);
}

static bool limits_can_run(const char *set)
{
    const tl__kernels *kernels;
    for (size_t i = 0; (kernels = tl__kernels_list(i)) != NULL; i++)
        if (strcmp(kernels->name, set) == 0) return true;
    return false;
}

double bench_peak(bench *b, const char *set, int threads)
{
    int s = limits_set(set);
    if (b->options.times > 0 || s < 0 || threads < 1 || threads > BENCH_THREADS || !limits_can_run(set)) return 0;
    double *kept = &b->limits.peak[s][threads - 1];
    if (*kept == 0) {
        limits_job job = {.run = limits_run_peak, .threads = threads, .set = s};
        double work = bench_loop_peak(s, 1000) * threads;
        if (work > 0) *kept = work / limits_best(b, &job);
    }
    return *kept;
}

void bench_limit_peak(bench *b, bench_row *row)
{
    row->limit = bench_peak(b, row->simd, row->threads);
    row->limit_in_turns = row->threads == 1 && row->limit > 0;
    snprintf(row->limit_name, sizeof row->limit_name, "%s peak", row->simd);
}

void bench_limit_turn(bench *b, bench_row *row)
{
    const double rounds = 1000, seconds = 0.004;
    int s = limits_set(row->simd);
    if (!row->limit_in_turns) return;
    double best = bench_peak(b, row->simd, 1), work = bench_loop_peak(s, (size_t)rounds);
    size_t times = (size_t)(seconds * best / work) + 1;
    double begun = bench_seconds();
    for (size_t i = 0; i < times; i++) bench_loop_peak(s, (size_t)rounds);
    bench_series_add(&row->limit_turns, (double)times * work / (bench_seconds() - begun));
}

/* ---- memory ---- */

const char *bench_level_name(int level)
{
    static const char *const names[BENCH_LEVELS] = {"L1", "L2", "L3", "memory"};
    return names[level];
}

int bench_level(size_t bytes)
{
    for (int level = 0; level < BENCH_MEMORY; level++)
        if (bytes <= bench_cache_bytes(level + 1)) return level;
    return BENCH_MEMORY;
}

/* All three arrays together, for each thread: half of a level, a quarter of the shared one, and eight times that for
 * the memory. */
static size_t limits_floats(int level, int threads)
{
    size_t bytes = level == BENCH_MEMORY ? 4 * bench_cache_bytes(3) : bench_cache_bytes(level + 1) / 2;
    if (level >= BENCH_L3) bytes /= (size_t)threads;
    if (level == BENCH_MEMORY && bytes < 96u << 20) bytes = 96u << 20;
    return bytes / 3 / 4 / 64 * 64;
}

static void limits_run_triad(limits_job *job, int thread)
{
    size_t first = job->count * (size_t)thread;
    bench_loop_triad(job->set, job->a + first, job->b + first, job->c + first, job->count, job->rounds);
}

double bench_triad(bench *b, int level, int threads)
{
    if (b->options.times > 0 || threads < 1 || threads > BENCH_THREADS) return 0;
    double *kept = &b->limits.triad[level][threads - 1];
    if (*kept > 0) return *kept;
    limits_job job = {.run = limits_run_triad, .threads = threads, .count = limits_floats(level, threads)};
    while (job.set < BENCH_SETS - 1 && !limits_can_run(bench_set_names[job.set])) job.set++;
    size_t floats = job.count * (size_t)threads, gap = 1024, bytes = (3 * floats + 3 * gap) * sizeof(float);
    float *block = tl__alloc_aligned(&b->heap, bytes);
    if (!block) return 0;
    for (size_t i = 0; i < bytes / sizeof(float); i++) block[i] = 1.0f;
    job.a = block;
    job.b = block + floats + gap / 4;    /* apart, so that the three do not fall on the same lines of a cache */
    job.c = block + 2 * floats + gap / 2;
    *kept = 12.0 * (double)floats / limits_best(b, &job);
    tl__free_aligned(&b->heap, block, bytes);
    return *kept;
}

void bench_limit_triad(bench *b, bench_row *row, size_t bytes)
{
    int level = bench_level(bytes / (size_t)row->threads);
    row->limit = bench_triad(b, level, row->threads);
    snprintf(row->limit_name, sizeof row->limit_name, "triad in %s", bench_level_name(level));
}

/* ---- a spin to another core and back ---- */

enum { LIMITS_SPINS = 20000 };

static void limits_run_spin(limits_job *job, int thread)
{
    for (int i = 0; i < LIMITS_SPINS; i++) {
        if (thread == 0) atomic_store(&job->done, 2 * i + 1 + 1000);
        while (atomic_load(&job->done) != 2 * i + 1 + 1000 + (thread == 0)) continue;
        if (thread == 1) atomic_store(&job->done, 2 * i + 2 + 1000);
    }
    if (thread == 0) atomic_store(&job->done, 0);
    else while (atomic_load(&job->done) != 0) continue;
}

double bench_round_trip(bench *b)
{
    if (b->limits.round_trip > 0 || bench_cores() < 2) return b->limits.round_trip;
    bench_series series = {0};
    limits_job job = {.run = limits_run_spin, .threads = 2, .rounds = 1};
    bench_pin(true);
    for (int r = 0; r < LIMITS_REPEATS; r++) bench_series_add(&series, limits_time(b, &job) / LIMITS_SPINS);
    bench_pin(false);
    bench_series_close(&series);
    return b->limits.round_trip = series.least;
}
