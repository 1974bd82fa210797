/* Threads that share out numbered tasks. What a task computes depends on its number and never on who runs it, so
 * the number of threads cannot change a result. */
#ifndef TL_PAR_POOL_H
#define TL_PAR_POOL_H

#include "base/context.h"

typedef void tl__task_fn(void *user, size_t task, int worker);   /* worker: 0..threads-1, picks its scratch */

typedef struct tl__pool tl__pool;
TL_PRIV tl_status tl__pool_new(tl__heap *heap, int threads, tl__pool **out);
TL_PRIV void tl__pool_free(tl__heap *heap, tl__pool *pool);

/* Run tasks 0..count-1 and return when all are done. With one thread, or a NULL pool, or count 1, it is a loop. The
 * caller works too. While a job of the pool runs, a second one (from another thread, or from inside a task that keeps
 * nothing in its worker's scratch) is a loop of its caller, as worker 0. */
TL_PRIV void tl__parallel_for(tl__pool *pool, size_t count, tl__task_fn *run, void *user);
/* Is a job of so many tasks worth handing over? work: what it takes on one thread, in floating-point operations of a
 * large matrix product (250 to the nanosecond on a fast core; slower ones hand over a little late). An activation takes
 * about 50 of them for a number, a pass over arrays in the cache 10 to 20. */
/* With TL_SHARE_ALL, which tests define, all that can be handed over pays. */
TL_PRIV bool tl__pool_pays(tl__pool *pool, size_t count, double work);
/* Wakes the workers for the next job that pays, whether or not it does while they sleep. */
TL_PRIV void tl__pool_rouse(tl__pool *pool);
TL_PRIV int tl__pool_threads(const tl__pool *pool);   /* NULL: 1 */

#endif
