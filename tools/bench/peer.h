/* Other packages doing the same work: those of Python in a process of their own (peers.py) that is asked line by line,
 * those of C by dlopen. None is needed to build or to run; what is not installed is named once and left out. */
#ifndef TOOLS_BENCH_PEER_H
#define TOOLS_BENCH_PEER_H

#include "bench.h"

/* Work of one row that a package's process holds. */
typedef struct bench_job {
    bench *b;
    int threads;
    char id[16];
    double p99;              /* of the last run, where the work has one */
} bench_job;

/* Who does a row: ours first. */
typedef struct bench_team {
    bench_worker workers[1 + BENCH_PEERS];
    int count;
    bench_job jobs[BENCH_PEERS];
} bench_team;

void bench_team_add(bench_team *team, const char *name, double (*run)(void *user, size_t times), void *user);
/* A package's work, "gemm-torch 256 256 256 0 0"; NULL, and nothing is added, without --peers, where the package is not
 * installed, and after a failure, which is said. */
bench_job *bench_team_peer(bench *b, bench_team *team, int threads, const char *package, const char *name,
                           const char *format, ...) TL_PRINTF(6, 7);
/* The peers let go of their work. */
void bench_team_end(bench_team *team);
/* "value": what the work gave; NaN: it did not say. */
double bench_job_value(bench_job *job);
double bench_job_run(void *job, size_t times);

bool bench_peers_have(const bench *b, const char *package);    /* false without --peers */
/* Which packages there are, in words; said at the top of the table. */
void bench_peers_head(bench *b);
void bench_peers_end(bench *b);

/* --- blas.c, zlib.c: libraries of C --- */
typedef void bench_sgemm(int order, int a_transposed, int b_transposed, int m, int n, int k, float alpha,
                         const float *a, int lda, const float *b, int ldb, float beta, float *c, int ldc);
/* OpenBLAS with so many threads; NULL: not installed. */
bench_sgemm *bench_openblas(bench *b, int threads);

typedef struct bench_zlib bench_zlib;
const bench_zlib *bench_zlib_open(bench *b);    /* NULL: not installed */
/* A gzip file whose content fills `room` exactly. */
bool bench_zlib_inflate(const bench_zlib *zlib, const unsigned char *bytes, size_t size, unsigned char *out,
                        size_t room);

#endif
