/* The benchmark: how fast the library is on this machine, beside what the machine itself can do and beside other
 * packages, measured in one run.
 *
 * A group is one file with a table of cases; main.c has the list. A case fills a row: it describes the work, hands
 * bench_measure the workers who do it (ours first, then the peers), and the repeats alternate between them. The row
 * then has a median and a spread for each, and goes into the text table, the CSV and the JSON file.
 *
 * The program sees the library's private headers, as the tests do. It needs POSIX. */
#ifndef TOOLS_BENCH_BENCH_H
#define TOOLS_BENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/memory.h"
#include "kernels/kernels.h"
#include "par/pool.h"

enum { BENCH_REPEATS = 99, BENCH_PEERS = 5, BENCH_NAME = 64 };

/* --- measure.c: one row --- */

/* Who does the work. run does it `times` times and gives the seconds that took in all; below 0: it failed. */
typedef struct bench_worker {
    const char *name;
    double (*run)(void *user, size_t times);
    void *user;
} bench_worker;

typedef struct bench_series {
    int count;
    double value[BENCH_REPEATS];      /* seconds of one operation */
    double median, least, most;
} bench_series;

typedef struct bench_result {
    char name[24];
    bench_series seconds;
    bool compared, alike;             /* the results of the same work were compared, and agree */
    double difference;                /* relative */
} bench_result;

typedef struct bench_row {
    char group[16], name[BENCH_NAME];
    const char *section;              /* rows of one section get a geometric mean; NULL: none */
    const char *simd;
    int threads;
    double work;                      /* of one operation, in `unit` times seconds */
    const char *unit;                 /* "FLOP/s", "B/s", "samples/s", "elements/s" */
    double limit;                     /* the machine's own speed, in units of limit_work; 0: none is known */
    double limit_work;                /* of one operation; 0: as work */
    char limit_name[40];
    bool limit_in_turns;              /* the limit is the median of limit_turns */
    bench_series limit_turns;         /* in units of limit_work, one value for each repeat */
    double target;                    /* seconds of one repeat; 0: the usual */
    size_t times;                     /* operations of one repeat; 0: as many as the target takes */
    bench_result ours, peers[BENCH_PEERS];
    int peer_count;
    double others;                    /* cores that other processes used meanwhile */
    char note[160];
} bench_row;

/* --- the whole --- */

typedef struct bench_options {
    const char *filter;               /* parts of "GROUP NAME", separated by commas; NULL: all */
    const char *simd;                 /* NULL: the best */
    const char *csv, *json, *data;
    int repeat, threads, times;       /* times: operations of a repeat, 0: as many as fill its time */
    bool peers, list, help;
} bench_options;

#define BENCH_LOUD 0.1    /* cores in use by others that make a row doubtful */
enum { BENCH_SETS = 4, BENCH_LEVELS = 4, BENCH_THREADS = 2 };

/* The machine's own limits, measured when first asked for; 0: not yet. */
typedef struct bench_limits {
    double peak[BENCH_SETS][BENCH_THREADS];
    double triad[BENCH_LEVELS][BENCH_THREADS];
    double round_trip;
} bench_limits;

/* Python packages at work, limited to so many threads (peer.c). */
typedef struct bench_process {
    long id;
    FILE *to, *from;
    bool broken;
} bench_process;

typedef struct bench {
    bench_options options;
    const char *program;              /* argv[0] */
    tl__heap heap;
    const tl__kernels *kernels;
    bench_limits limits;
    bench_row *rows;
    size_t row_count, row_room;
    bool failed;
    char group_shown[16];
    bench_process processes[BENCH_THREADS];
    char packages[400];               /* " torch 2.13.0 numpy 2.1.0 " */
    void *openblas;
    bool no_openblas;
} bench;

typedef struct bench_group {
    const char *name, *help;
    size_t count;
    void (*label)(size_t index, char out[BENCH_NAME]);    /* the case's name */
    void (*run)(bench *b, size_t index);
} bench_group;

/* A sentence on standard error; the program goes on and ends with status 1. */
void bench_fail(bench *b, const char *format, ...) TL_PRINTF(2, 3);

/* A row to fill: zeroed, named after the case, with the kernel set of the run and one thread. */
bench_row bench_begin(bench *b, const bench_group *group, size_t index);
/* Fills the row's series; workers[0] is ours. False: it failed, and that was said. */
bool bench_measure(bench *b, bench_row *row, const bench_worker *workers, int count);
/* Keeps and prints a row whose series are filled. */
void bench_report(bench *b, bench_row *row);

void bench_series_add(bench_series *series, double value);
void bench_series_close(bench_series *series);
double bench_seconds(void);
double bench_share(const bench_row *row);     /* of the row's limit; 0: there is none */

/* --- machine.c --- */
void bench_machine_line(char *out, size_t room, const bench *b);
const char *bench_compiler(void);
size_t bench_cache_bytes(int level);          /* of the data cache of level 1, 2, 3 */
int bench_cores(void);
double bench_others_begin(const bench *b);
double bench_others_end(const bench *b, double begun);        /* cores that others used since; below 0: not known */
int bench_core(void);                         /* the core of rows of one thread */
void bench_pin(bool one_core);                /* this thread to that core, or to all again */
void bench_pin_other(void);                   /* this thread to another core than that one */

/* --- limits.c --- */
/* FLOP/s of fused multiply-adds (of multiplications and additions where the set has no other); 0: not known. */
double bench_peak(bench *b, const char *set, int threads);
enum { BENCH_L1, BENCH_L2, BENCH_L3, BENCH_MEMORY };
double bench_triad(bench *b, int level, int threads);         /* bytes/s of a[i] = b[i] + s*c[i] */
int bench_level(size_t bytes);                                /* where a working set lives */
const char *bench_level_name(int level);
double bench_round_trip(bench *b);                            /* seconds of a spin to another core and back */
/* The row's limit: a share of the multiply-adds, or of the triad where `bytes` live. */
void bench_limit_peak(bench *b, bench_row *row);
void bench_limit_turn(bench *b, bench_row *row);              /* measures it once more, where that is in turns */
void bench_limit_triad(bench *b, bench_row *row, size_t bytes);

/* --- limits_loops.c: the loops themselves, for each instruction set --- */
extern const char *const bench_set_names[BENCH_SETS];
double bench_loop_peak(int set, size_t rounds);               /* FLOPs done; 0: not in this build */
void bench_loop_triad(int set, float *a, const float *b, const float *c, size_t count, size_t rounds);

/* --- report.c --- */
void bench_print_head(bench *b);
void bench_print_row(bench *b, const bench_row *row);
void bench_print_summary(const bench *b);
bool bench_write_files(bench *b);
char *bench_time_text(char out[24], double seconds);
char *bench_rate_text(char out[32], double rate, const char *unit);

/* --- the groups --- */
#define BENCH_GROUP(name) extern const bench_group bench_group_##name;
#include "groups.h"
#undef BENCH_GROUP

#endif
