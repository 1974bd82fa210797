/* The pool: each task once, whatever the numbers of tasks and threads. */
#include "par/pool.h"
#include "port/port.h"
#include "support/failing.h"

#include <setjmp.h>
#include <cmocka.h>
#include <stdatomic.h>
#include <time.h>

enum { MOST = 5000 };

struct work {
    unsigned hits[MOST];          /* written by the task's own runner only */
    int threads;
    atomic_int wrong_worker;
    atomic_int inside[64];        /* runs per worker at this moment: never two with one number */
};

static struct work work;

static void run_task(void *user, size_t task, int worker)
{
    struct work *w = user;
    if (worker < 0 || worker >= w->threads || atomic_fetch_add(&w->inside[worker], 1) != 0) atomic_store(&w->wrong_worker, 1);
    w->hits[task]++;
    if (task % 97 == 0) tl__thread_yield();
    atomic_fetch_sub(&w->inside[worker], 1);
}

static void each_task_once(void **state)
{
    static const int threads[] = {1, 2, 3, 7};
    static const size_t counts[] = {0, 1, 2, 3, 7, 64, 1000, MOST};
    (void)state;
    for (size_t t = 0; t < TL_COUNT(threads); t++) {
        tl__heap heap;
        tl__pool *pool;
        tl__heap_init(&heap, NULL, 0);
        assert_int_equal(tl__pool_new(&heap, threads[t], &pool), TL_OK);
        assert_int_equal(tl__pool_threads(pool), threads[t]);
        size_t calls = heap.calls;
        for (int round = 0; round < 40; round++) {
            size_t count = counts[(size_t)round % TL_COUNT(counts)];
            memset(&work, 0, sizeof work);
            work.threads = threads[t];
            tl__parallel_for(pool, count, run_task, &work);
            for (size_t i = 0; i < MOST; i++) assert_int_equal(work.hits[i], i < count ? 1 : 0);
            assert_int_equal(atomic_load(&work.wrong_worker), 0);
            if (round % 10 == 9) tl__sleep(2000);    /* the workers fall asleep */
        }
        assert_int_equal(heap.calls, calls);         /* jobs take no memory, the first neither */
        tl__pool_free(&heap, pool);
        assert_int_equal(heap.in_use, 0);
    }
}

static void add_task(void *user, size_t task, int worker)
{
    (void)worker;
    atomic_fetch_add((atomic_size_t *)user, task + 1);
}

static void many_small_jobs(void **state)
{
    tl__heap heap;
    tl__pool *pool;
    (void)state;
    tl__heap_init(&heap, NULL, 0);
    assert_int_equal(tl__pool_new(&heap, 3, &pool), TL_OK);
    for (size_t job = 0; job < 3000; job++) {
        atomic_size_t sum;
        atomic_init(&sum, 0);
        size_t count = 2 + job % 9;
        tl__parallel_for(pool, count, add_task, &sum);
        assert_int_equal(atomic_load(&sum), count * (count + 1) / 2);
    }
    tl__pool_free(&heap, pool);
}

struct nested {
    tl__pool *pool;
    atomic_size_t sums[50];
};

static void outer_task(void *user, size_t task, int worker)
{
    struct nested *nested = user;
    (void)worker;
    tl__parallel_for(nested->pool, task + 2, add_task, &nested->sums[task]);
}

static void job_in_a_job(void **state)
{
    tl__heap heap;
    static struct nested nested;
    (void)state;
    tl__heap_init(&heap, NULL, 0);
    assert_int_equal(tl__pool_new(&heap, 3, &nested.pool), TL_OK);
    for (size_t round = 1; round <= 20; round++) {
        tl__parallel_for(nested.pool, TL_COUNT(nested.sums), outer_task, &nested);
        for (size_t i = 0; i < TL_COUNT(nested.sums); i++)
            assert_int_equal(atomic_load(&nested.sums[i]), round * (i + 2) * (i + 3) / 2);
    }
    tl__pool_free(&heap, nested.pool);
}

struct caller {
    tl__pool *pool;
    atomic_size_t sum;
};

static void call_often(void *user)
{
    struct caller *caller = user;
    for (int i = 0; i < 500; i++) tl__parallel_for(caller->pool, 9, add_task, &caller->sum);
}

static void two_callers(void **state)
{
    tl__heap heap;
    struct caller callers[2];
    tl__thread *thread;
    (void)state;
    tl__heap_init(&heap, NULL, 0);
    assert_int_equal(tl__pool_new(&heap, 3, &callers[0].pool), TL_OK);
    callers[1].pool = callers[0].pool;
    for (int i = 0; i < 2; i++) atomic_init(&callers[i].sum, 0);
    assert_int_equal(tl__thread_start(&heap, call_often, &callers[1], &thread), TL_OK);
    call_often(&callers[0]);
    tl__thread_join(&heap, thread);
    for (int i = 0; i < 2; i++) assert_int_equal(atomic_load(&callers[i].sum), 500 * 45);
    tl__pool_free(&heap, callers[0].pool);
}

/* A task that takes longer than anybody looks for its end: the caller falls asleep and is woken. */
static void long_task(void *user, size_t task, int worker)
{
    (void)worker;
    if (task % 2 == 1) tl__sleep(2000);
    atomic_fetch_add((atomic_size_t *)user, task + 1);
}

static void the_caller_sleeps(void **state)
{
    static const int threads[] = {2, 3, 7};
    (void)state;
    for (size_t t = 0; t < TL_COUNT(threads); t++) {
        tl__heap heap;
        tl__pool *pool;
        tl__heap_init(&heap, NULL, 0);
        assert_int_equal(tl__pool_new(&heap, threads[t], &pool), TL_OK);
        for (size_t job = 0; job < 20; job++) {
            atomic_size_t sum;
            atomic_init(&sum, 0);
            tl__parallel_for(pool, 2 + job % 5, long_task, &sum);
            assert_int_equal(atomic_load(&sum), (2 + job % 5) * (3 + job % 5) / 2);
        }
        tl__pool_free(&heap, pool);
    }
}

/* Processor time of the whole process while its pool has nothing to do. */
static void waiting_costs_nothing(void **state)
{
    tl__heap heap;
    tl__pool *pool;
    atomic_size_t sum;
    (void)state;
    atomic_init(&sum, 0);
    tl__heap_init(&heap, NULL, 0);
    assert_int_equal(tl__pool_new(&heap, 4, &pool), TL_OK);
    for (int i = 0; i < 10; i++) tl__parallel_for(pool, 100, add_task, &sum);
    tl__sleep(50000);
    clock_t before = clock();
    tl__sleep(400000);
    assert_true(clock() - before < CLOCKS_PER_SEC / 10);
    tl__pool_free(&heap, pool);
}

static void what_pays(void **state)
{
    tl__heap heap;
    tl__pool *pool;
    atomic_size_t sum;
    (void)state;
    atomic_init(&sum, 0);
    tl__heap_init(&heap, NULL, 0);
    assert_int_equal(tl__pool_new(&heap, 2, &pool), TL_OK);
    assert_false(tl__pool_pays(NULL, 100, 1e12));
    assert_false(tl__pool_pays(pool, 1, 1e12));
#ifndef TL_SHARE_ALL
    assert_false(tl__pool_pays(pool, 2, 1000));
    assert_false(tl__pool_pays(pool, 2, 1e6));      /* the worker sleeps; */
    tl__pool_rouse(pool);
    assert_true(tl__pool_pays(pool, 2, 1e6));       /* it is to be woken, */
    assert_false(tl__pool_pays(pool, 2, 1e6));
    assert_true(tl__pool_pays(pool, 2, 1e12));      /* or is for so much; */
    int jobs = 0;
    while (!tl__pool_pays(pool, 2, 1e6)) jobs++;    /* several small jobs are much, too */
    assert_true(jobs > 5 && jobs < 50);
#endif
    tl__parallel_for(pool, 2, add_task, &sum);
    tl__pool_free(&heap, pool);
    tl__pool_rouse(NULL);
}

static void without_a_pool(void **state)
{
    atomic_size_t sum;
    (void)state;
    atomic_init(&sum, 0);
    tl__parallel_for(NULL, 10, add_task, &sum);
    assert_int_equal(atomic_load(&sum), 55);
    assert_int_equal(tl__pool_threads(NULL), 1);
    tl__pool_free(NULL, NULL);
}

static void never_used(void **state)
{
    tl__heap heap;
    tl__pool *pool;
    (void)state;
    tl__heap_init(&heap, NULL, 0);
    assert_int_equal(tl__pool_new(&heap, 4, &pool), TL_OK);
    tl__pool_free(&heap, pool);
    assert_int_equal(heap.in_use, 0);
}

static tl_status scenario(tl__heap *heap, void *user)
{
    tl__pool *pool;
    (void)user;
    tl_status status = tl__pool_new(heap, 4, &pool);
    if (status == TL_OK) tl__pool_free(heap, pool);
    return status;
}

static void out_of_memory(void **state)
{
    (void)state;
    assert_true(failing_sweep(scenario, NULL) >= 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_task_once), cmocka_unit_test(many_small_jobs), cmocka_unit_test(without_a_pool),
        cmocka_unit_test(job_in_a_job), cmocka_unit_test(two_callers),
        cmocka_unit_test(the_caller_sleeps), cmocka_unit_test(waiting_costs_nothing), cmocka_unit_test(what_pays),
        cmocka_unit_test(never_used), cmocka_unit_test(out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
