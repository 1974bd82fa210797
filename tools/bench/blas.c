/* OpenBLAS, found when the program runs. */
#define _GNU_SOURCE    /* dlopen; setenv */
#include "peer.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bench_sgemm *bench_openblas(bench *b, int threads)
{
    static const char *const names[] = {"libopenblas.so.0", "libopenblas.so", "libopenblas.dylib"};
    if (!b->options.peers || b->no_openblas) return NULL;
    for (size_t n = 0; n < sizeof names / sizeof names[0] && !b->openblas; n++) {
        setenv("OPENBLAS_NUM_THREADS", "2", 0);
        b->openblas = dlopen(names[n], RTLD_NOW | RTLD_LOCAL);
    }
    if (!b->openblas) {
        b->no_openblas = true;
        printf("openblas is not installed and left out: apt install libopenblas0, or the like\n");
        return NULL;
    }
    bench_sgemm *sgemm;
    void (*limit)(int);
    void *found = dlsym(b->openblas, "cblas_sgemm"), *setter = dlsym(b->openblas, "openblas_set_num_threads");
    memcpy(&sgemm, &found, sizeof sgemm);    /* POSIX: functions and data have one kind of pointer */
    memcpy(&limit, &setter, sizeof limit);
    if (!found || !setter) return NULL;
    limit(threads);
    return sgemm;
}
