/* The pool of threads.
 *
 * A job is a function and a number of tasks. One 64-bit word, the ticket, holds the job's number and how many tasks are
 * not yet taken; taking a task is one compare-and-swap, so a worker that comes late finds nothing to take and can touch
 * nothing of the next job. The caller waits for tasks, never for workers: one that the system does not run delays
 * nobody.
 *
 * Workers start at the first job of several tasks; between jobs they spin for a moment (not when there are more of them
 * than processors), offer the processor, then sleep. All memory is asked for in tl__pool_new. */
#include "par/pool.h"
#include "port/port.h"

#if !defined(TL_FREESTANDING) && !defined(TL_NO_THREADS)

#include <stdatomic.h>

enum { POOL_SPINS = 2000, POOL_YIELDS = 20, POOL_LINE = 64 };
#define POOL_TASKS ((uint64_t)UINT32_MAX)

typedef struct pool_worker {
    tl__pool *pool;
    int index;
    void *thread;
} pool_worker;

struct tl__pool {
    int threads;
    int helpers, started;          /* workers wanted, and running; as busy's owner sees them */
    int spins;                     /* pauses before a thread offers its processor */
    size_t bytes;                  /* of this block, workers and threads included */
    tl__task_fn *run;              /* of the job; stable while a task of it is not done */
    void *user;
    uint32_t count;
    pool_worker *workers;
    tl__event *wake;
    atomic_int sleepers;
    atomic_bool stop;
    atomic_bool busy;              /* a job is being run */
    unsigned char apart_1[POOL_LINE];
    _Atomic uint64_t ticket;       /* job << 32 | tasks not taken */
    unsigned char apart_2[POOL_LINE];
    atomic_uint_fast32_t done;     /* tasks */
};

/* Takes and runs tasks until none is left; false when there was none. */
static bool pool_work(tl__pool *pool, int worker)
{
    bool any = false;
    uint64_t ticket = atomic_load(&pool->ticket);
    while ((ticket & POOL_TASKS) != 0) {
        if (!atomic_compare_exchange_weak(&pool->ticket, &ticket, ticket - 1)) continue;
        pool->run(pool->user, pool->count - (size_t)(ticket & POOL_TASKS), worker);
        atomic_fetch_add(&pool->done, 1);
        any = true;
        ticket = atomic_load(&pool->ticket);
    }
    return any;
}

static bool pool_has_work(tl__pool *pool) { return (atomic_load(&pool->ticket) & POOL_TASKS) != 0; }

static void pool_wait_for_work(tl__pool *pool)
{
    for (int i = 0; i < pool->spins + POOL_YIELDS; i++) {
        if (pool_has_work(pool) || atomic_load(&pool->stop)) return;
        if (i < pool->spins) tl__thread_pause();
        else tl__thread_yield();
    }
    unsigned seen = tl__event_value(pool->wake);
    atomic_fetch_add(&pool->sleepers, 1);
    if (!pool_has_work(pool) && !atomic_load(&pool->stop)) tl__event_wait(pool->wake, seen);
    atomic_fetch_sub(&pool->sleepers, 1);
}

static void pool_worker_run(void *user)
{
    pool_worker *worker = user;
    while (!atomic_load(&worker->pool->stop))
        if (!pool_work(worker->pool, worker->index)) pool_wait_for_work(worker->pool);
}

TL_PRIV tl_status tl__pool_new(tl__heap *heap, int threads, tl__pool **out)
{
    size_t each = tl__size_round(tl__thread_bytes(), 16), helpers = (size_t)(threads > 1 ? threads - 1 : 0);
    size_t own = tl__size_round(sizeof(tl__pool), 16), table = tl__size_round(helpers * sizeof(pool_worker), 16);
    size_t bytes = own + table + helpers * each;
    tl__pool *pool = tl__alloc_zero(heap, bytes, 1);
    *out = NULL;
    if (pool == NULL) return TL_OUT_OF_MEMORY;
    pool->threads = threads < 1 ? 1 : threads;
    pool->helpers = (int)helpers;
    pool->bytes = bytes;
    pool->spins = threads <= tl__cpu_count() ? POOL_SPINS : 0;
    pool->workers = (pool_worker *)(void *)((unsigned char *)pool + own);
    for (size_t i = 0; i < helpers; i++)
        pool->workers[i] = (pool_worker){pool, (int)i + 1, (unsigned char *)pool + own + table + i * each};
    if (tl__event_new(heap, &pool->wake) != TL_OK) {
        tl__free(heap, pool, bytes);
        return TL_OUT_OF_MEMORY;
    }
    *out = pool;
    return TL_OK;
}

TL_PRIV void tl__pool_free(tl__heap *heap, tl__pool *pool)
{
    if (pool == NULL) return;
    atomic_store(&pool->stop, true);
    tl__event_signal(pool->wake);
    for (int i = 0; i < pool->started; i++) tl__thread_wait(pool->workers[i].thread);
    tl__event_free(heap, pool->wake);
    tl__free(heap, pool, pool->bytes);
}

TL_PRIV int tl__pool_threads(const tl__pool *pool) { return pool == NULL ? 1 : pool->threads; }

/* A system that gives no more threads makes it slower, not wrong. */
static void pool_start(tl__pool *pool)
{
    while (pool->started < pool->helpers) {
        pool_worker *worker = &pool->workers[pool->started];
        if (tl__thread_start_at(worker->thread, pool_worker_run, worker) == TL_OK) pool->started++;
        else pool->helpers = pool->started;
    }
}

static void pool_serial(size_t count, tl__task_fn *run, void *user)
{
    for (size_t i = 0; i < count; i++) run(user, i, 0);
}

TL_PRIV void tl__parallel_for(tl__pool *pool, size_t count, tl__task_fn *run, void *user)
{
    if (pool == NULL || pool->threads <= 1 || count <= 1 || count >= POOL_TASKS || atomic_exchange(&pool->busy, true)) {
        pool_serial(count, run, user);
        return;
    }
    if (pool->started < pool->helpers) pool_start(pool);
    pool->run = run;
    pool->user = user;
    pool->count = (uint32_t)count;
    atomic_store(&pool->done, 0);
    uint64_t job = (atomic_load(&pool->ticket) >> 32) + 1;
    atomic_store(&pool->ticket, job << 32 | count);
    if (atomic_load(&pool->sleepers) > 0) tl__event_signal(pool->wake);
    pool_work(pool, 0);
    for (int spins = 0; atomic_load(&pool->done) != count; spins++) {
        if (spins < pool->spins) tl__thread_pause();
        else tl__thread_yield();
    }
    atomic_store(&pool->busy, false);
}

#undef POOL_TASKS

#else

TL_PRIV tl_status tl__pool_new(tl__heap *heap, int threads, tl__pool **out)
{
    (void)heap;
    (void)threads;
    *out = NULL;
    return TL_OK;
}
TL_PRIV void tl__pool_free(tl__heap *heap, tl__pool *pool) { (void)heap; (void)pool; }
TL_PRIV int tl__pool_threads(const tl__pool *pool) { (void)pool; return 1; }
TL_PRIV void tl__parallel_for(tl__pool *pool, size_t count, tl__task_fn *run, void *user)
{
    (void)pool;
    for (size_t i = 0; i < count; i++) run(user, i, 0);
}

#endif
