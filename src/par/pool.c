/* The pool of threads.
 *
 * A job is a function and a number of tasks. Each thread has a share of consecutive tasks, the same ones whenever the
 * same job comes again, so that what it wrote is still in its own core's cache; a thread that is through with its share
 * goes on with the others'. A share's ticket, one 64-bit word, holds the job's number and how many of its tasks are not
 * yet taken; taking one is a compare-and-swap, so a thread that comes late finds nothing to take and can touch nothing
 * of the next job. The caller waits for tasks, never for threads: one that the system does not run delays nobody,
 * unless it was stopped in the middle of a task.
 *
 * Both sides wait in the same way: they look again and again for a moment (where there are more threads than
 * processors, they offer theirs instead), then they sleep. Who sleeps says so in the very word that the other writes: a
 * worker in its ticket, the caller in the workers' counts of finished tasks; so nobody asks who sleeps, and no wake-up
 * is missed.
 *
 * Workers start at the first job of several tasks. All memory is asked for in tl__pool_new. */
#include "par/pool.h"
#include "port/port.h"

#if !defined(TL_FREESTANDING) && !defined(TL_NO_THREADS)

#include <stdatomic.h>

/* A line: two of x86's, which fetches them in pairs. Looking for so long covers the gaps between the jobs of a training
 * step and from step to step (5 to 100 us); waking a sleeper takes 5 to 30 us of both sides. */
enum { POOL_LINE = 128, POOL_SPIN_NS = 150000, POOL_LOOKS = 32, POOL_YIELDS = 20 };

/* Handing a job to a worker that looks takes 0.12 us where cores share a cache and 0.5 where they do not, the caller's
 * look at the last task as long again: measured over steps of 5 us to 2 ms, tasks of 1 us in all still gain a little
 * and those of 2 us never lose. A sleeper is woken for what keeps one core busy for 60 us, in one job or in several
 * that found it asleep. */
enum { POOL_WORTH = 1 << 19, POOL_WAKE = 1 << 24 };

#define POOL_LEFT ((uint64_t)UINT32_MAX)   /* of a ticket: tasks not taken */
#define POOL_ASLEEP ((uint64_t)1 << 32)    /* its worker sleeps, or is about to */
#define POOL_STOP ((uint64_t)1 << 33)      /* its worker ends */
#define POOL_JOB ((uint64_t)1 << 34)       /* the job's number counts in these */
#define POOL_CALLER 1u                     /* of a count: the caller sleeps, or is about to */
#define POOL_DONE 2u                       /* tasks count in these */

/* What the caller writes and the worker reads. */
typedef struct pool_share {
    _Atomic uint64_t ticket;
    uint32_t end;                  /* one past its last task; this and the rest: stable while a task is not done */
    tl__task_fn *run;
    void *user;
    unsigned char apart[POOL_LINE - sizeof(uint64_t) - sizeof(void *) - 2 * sizeof(void *)];
} pool_share;

/* What the worker writes and the caller reads. */
typedef struct pool_worker {
    _Atomic uint32_t done;         /* tasks of all jobs so far, and POOL_CALLER */
    int index;
    tl__pool *pool;
    tl__event *wake;
    void *thread;
    unsigned char apart[POOL_LINE - 2 * sizeof(uint32_t) - 3 * sizeof(void *)];
} pool_worker;

struct tl__pool {
    int threads;
    int helpers, started;          /* workers wanted, and running; as busy's owner sees them */
    bool crowded;                  /* more threads than processors */
    size_t bytes;                  /* of this block, shares, workers and threads included */
    pool_share *shares;            /* of all threads; the first is the caller's */
    pool_worker *workers;
    tl__event *finished;           /* for a caller that sleeps */
    _Atomic uint32_t alone;        /* work of the jobs that were not worth waking the workers */
    uint64_t job;
    uint32_t helped;               /* tasks of all jobs so far that were not the caller's, in POOL_DONE */
    atomic_bool busy;              /* a job is being run */
};

/* ---- waiting ---- */

typedef struct pool_patience {
    int looks;
    int64_t began;
} pool_patience;

/* A moment between two looks; false when it is time to sleep. */
static bool pool_linger(const tl__pool *pool, pool_patience *patience)
{
    int looks = ++patience->looks;
    if (pool->crowded) {
        tl__thread_yield();
        return looks < POOL_YIELDS;
    }
    tl__thread_pause();
    if (looks % POOL_LOOKS != 0) return true;
    if (looks == POOL_LOOKS) patience->began = tl__ticks();
    return tl__ticks() - patience->began < POOL_SPIN_NS;
}

/* ---- tasks ---- */

/* Takes and runs tasks of a share until none is left; gives their number. */
static uint32_t pool_work_share(pool_share *share, int worker)
{
    uint32_t ran = 0;
    uint64_t ticket = atomic_load_explicit(&share->ticket, memory_order_acquire);
    while ((ticket & POOL_LEFT) != 0) {
        if (!atomic_compare_exchange_weak(&share->ticket, &ticket, ticket - 1)) continue;
        share->run(share->user, share->end - (size_t)(ticket & POOL_LEFT), worker);
        ran++;
        ticket = atomic_load_explicit(&share->ticket, memory_order_acquire);
    }
    return ran;
}

/* Until no task is left in any share: the own one first, then the others'. */
static uint32_t pool_work(const tl__pool *pool, int worker)
{
    uint32_t all = 0;
    for (int i = 0; i < pool->threads; i++) {
        int share = worker + i < pool->threads ? worker + i : worker + i - pool->threads;
        uint32_t ran = pool_work_share(&pool->shares[share], worker);
        all += ran;
        if (worker > 0 && ran > 0 &&
            (atomic_fetch_add(&pool->workers[worker - 1].done, ran * POOL_DONE) & POOL_CALLER) != 0)
            tl__event_signal(pool->finished);
    }
    return all;
}

/* ---- workers ---- */

static void pool_wait_for_work(pool_worker *worker)
{
    _Atomic uint64_t *word = &worker->pool->shares[worker->index].ticket;
    pool_patience patience = {0};
    uint64_t ticket;
    do {
        ticket = atomic_load_explicit(word, memory_order_acquire);
        if ((ticket & (POOL_LEFT | POOL_STOP)) != 0) return;
    } while (pool_linger(worker->pool, &patience));
    unsigned seen = tl__event_value(worker->wake);
    if (!atomic_compare_exchange_strong(word, &ticket, ticket | POOL_ASLEEP)) return;
    while ((atomic_load(word) & POOL_ASLEEP) != 0) {
        tl__event_wait(worker->wake, seen);
        seen = tl__event_value(worker->wake);
    }
}

static void pool_worker_run(void *user)
{
    pool_worker *worker = user;
    const _Atomic uint64_t *word = &worker->pool->shares[worker->index].ticket;
    while ((atomic_load(word) & POOL_STOP) == 0) {
        pool_work(worker->pool, worker->index);
        pool_wait_for_work(worker);
    }
}

/* A new word for a worker, which is woken if it sleeps. */
static void pool_tell(tl__pool *pool, int worker, uint64_t ticket)
{
    uint64_t before = atomic_exchange(&pool->shares[worker].ticket, ticket);
    if (worker > 0 && (before & POOL_ASLEEP) != 0) tl__event_signal(pool->workers[worker - 1].wake);
}

/* A system that gives no more threads makes it slower, not wrong. */
static void pool_start(tl__pool *pool)
{
    while (pool->started < pool->helpers) {
        pool_worker *worker = &pool->workers[pool->started];
        if (tl__thread_start_at(worker->thread, pool_worker_run, worker) == TL_OK) pool->started++;
        else pool->helpers = pool->started;
    }
}

/* ---- life ---- */

/* The pool's block; with a base, placed. */
static tl__pool *pool_carve(tl__carver *carver, size_t threads)
{
    tl__pool *pool = TL_CARVE(carver, tl__pool, 1);
    pool_share *shares = TL_CARVE(carver, pool_share, threads);
    pool_worker *workers = TL_CARVE(carver, pool_worker, threads - 1);
    for (size_t i = 0; i + 1 < threads; i++) {
        void *thread = TL_CARVE(carver, unsigned char, tl__thread_bytes());
        if (carver->base) workers[i].thread = thread;
    }
    if (!carver->base) return NULL;
    pool->shares = shares;
    pool->workers = workers;
    return pool;
}

TL_PRIV tl_status tl__pool_new(tl__heap *heap, int threads, tl__pool **out)
{
    tl__carver carver = {0};
    size_t count = threads < 1 ? 1 : (size_t)threads;
    pool_carve(&carver, count);
    size_t bytes = carver.used;
    void *block = tl__alloc_aligned(heap, bytes);
    *out = NULL;
    if (block == NULL) return TL_OUT_OF_MEMORY;
    memset(block, 0, bytes);
    carver = (tl__carver){.base = block};
    tl__pool *pool = pool_carve(&carver, count);
    pool->threads = (int)count;
    pool->bytes = bytes;
    pool->crowded = threads > tl__cpu_count();
    tl_status status = tl__event_new(heap, &pool->finished);
    for (; status == TL_OK && pool->helpers < pool->threads - 1; pool->helpers++) {
        pool_worker *worker = &pool->workers[pool->helpers];
        worker->pool = pool;
        worker->index = pool->helpers + 1;
        status = tl__event_new(heap, &worker->wake);
    }
    if (status != TL_OK) tl__pool_free(heap, pool);
    else *out = pool;
    return status;
}

TL_PRIV void tl__pool_free(tl__heap *heap, tl__pool *pool)
{
    if (pool == NULL) return;
    for (int i = 0; i < pool->started; i++) {
        pool_tell(pool, i + 1, POOL_STOP);
        tl__thread_wait(pool->workers[i].thread);
    }
    for (int i = 0; i < pool->threads - 1; i++) tl__event_free(heap, pool->workers[i].wake);
    tl__event_free(heap, pool->finished);
    tl__free_aligned(heap, pool, pool->bytes);
}

TL_PRIV int tl__pool_threads(const tl__pool *pool) { return pool == NULL ? 1 : pool->threads; }

/* ---- jobs ---- */

TL_PRIV bool tl__pool_pays(tl__pool *pool, size_t count, double work)
{
    if (pool == NULL || count <= 1 || pool->threads <= 1) return false;
#ifdef TL_SHARE_ALL
    return true;
#endif
    if (work < POOL_WORTH) return false;
    if (pool->started > 0 && (atomic_load_explicit(&pool->shares[1].ticket, memory_order_relaxed) & POOL_ASLEEP) == 0)
        return true;
    uint32_t more = work < POOL_WAKE ? (uint32_t)work : POOL_WAKE;
    if (atomic_fetch_add_explicit(&pool->alone, more, memory_order_relaxed) + more < POOL_WAKE) return false;
    atomic_store_explicit(&pool->alone, 0, memory_order_relaxed);
    return true;
}

TL_PRIV void tl__pool_rouse(tl__pool *pool)
{
    if (pool != NULL) atomic_store_explicit(&pool->alone, POOL_WAKE, memory_order_relaxed);
}

static void pool_serial(size_t count, tl__task_fn *run, void *user)
{
    for (size_t i = 0; i < count; i++) run(user, i, 0);
}

/* Of all workers, in POOL_DONE; `mark` is set in each count as it is read. */
static uint32_t pool_done(tl__pool *pool, uint32_t mark)
{
    uint32_t all = 0;
    for (int i = 0; i < pool->started; i++) {
        _Atomic uint32_t *done = &pool->workers[i].done;
        all += (mark ? atomic_fetch_or(done, mark) : atomic_load_explicit(done, memory_order_acquire)) & ~POOL_CALLER;
    }
    return all;
}

/* Until the workers have done so many tasks. */
static void pool_wait_for_done(tl__pool *pool, uint32_t done)
{
    pool_patience patience = {0};
    do {
        if (pool_done(pool, 0) == done) return;
    } while (pool_linger(pool, &patience));
    for (;;) {
        unsigned seen = tl__event_value(pool->finished);
        if (pool_done(pool, POOL_CALLER) == done) break;
        tl__event_wait(pool->finished, seen);
    }
    for (int i = 0; i < pool->started; i++) atomic_fetch_and(&pool->workers[i].done, ~POOL_CALLER);
}

TL_PRIV void tl__parallel_for(tl__pool *pool, size_t count, tl__task_fn *run, void *user)
{
    if (pool == NULL || pool->threads <= 1 || count <= 1 || count >= POOL_LEFT || atomic_exchange(&pool->busy, true)) {
        pool_serial(count, run, user);
        return;
    }
    if (pool->started < pool->helpers) pool_start(pool);
    size_t shares = tl__size_min(count, (size_t)pool->started + 1), begin = 0;
    pool->job += POOL_JOB;
    for (size_t i = 0; i < shares; i++) {
        size_t size = count / shares + (i < count % shares);
        pool->shares[i].end = (uint32_t)(begin + size);
        pool->shares[i].run = run;
        pool->shares[i].user = user;
        pool_tell(pool, (int)i, pool->job | size);
        begin += size;
    }
    pool->helped += ((uint32_t)count - pool_work(pool, 0)) * POOL_DONE;
    pool_wait_for_done(pool, pool->helped);
    atomic_store(&pool->busy, false);
}

#undef POOL_LEFT
#undef POOL_ASLEEP
#undef POOL_STOP
#undef POOL_JOB
#undef POOL_CALLER
#undef POOL_DONE

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
TL_PRIV void tl__pool_rouse(tl__pool *pool) { (void)pool; }
TL_PRIV bool tl__pool_pays(tl__pool *pool, size_t count, double work)
{
    (void)pool; (void)count; (void)work;
    return false;
}
TL_PRIV void tl__parallel_for(tl__pool *pool, size_t count, tl__task_fn *run, void *user)
{
    (void)pool;
    for (size_t i = 0; i < count; i++) run(user, i, 0);
}

#endif
