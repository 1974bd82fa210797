/* The context: allocator, log, clock, kernels, pool and default seed. Nothing else in the library is global, so
 * any number of contexts can live in any threads. Made and freed in par/context.c, which knows all its parts. */
#ifndef TL_BASE_CONTEXT_H
#define TL_BASE_CONTEXT_H

#include "base/memory.h"

struct tl__kernels;
struct tl__pool;

struct tl_context {
    tl__heap heap;
    uint64_t seed;
    int threads;                          /* workers, the caller's thread included; at least 1 */
    const struct tl__kernels *kernels;    /* kernels/kernels.h */
    struct tl__pool *pool;                /* par/pool.h; NULL: one thread */
    tl_log_fn *log;
    void *log_user;
    tl_log_level log_level;
    int64_t (*clock)(void *user);         /* microseconds since 1970-01-01 UTC; NULL: the system's */
    void *clock_user;
    size_t own_bytes;                     /* of this struct */
    _Atomic int cancelled;                /* tl_cancel was called; whoever stops for it sets it back to 0 */
};

/* Shall what goes on come to its end? Any thread. */
static inline bool tl__cancelled(const tl_context *context) { return context->cancelled != 0; }

/* One line to the user's log function, if it listens at this level. */
TL_PRIV void tl__log_line(tl_context *context, tl_log_level level, const char *format, ...) TL_PRINTF(3, 4);

#endif
