/* The choice between the pool and one thread, on times that are made up. */
#include "par/choice.h"

#include <setjmp.h>
#include <cmocka.h>

enum { US = 1000, MS = 1000000 };

/* Runs for so long; how much of that time was spent in the slower way. */
static double run(tl__choice *choice, int64_t with_pool, int64_t alone, int64_t time)
{
    int64_t slow = 0, all = 0;
    while (all < time) {
        int64_t took = choice->alone ? alone : with_pool;
        if (choice->alone == (with_pool < alone)) slow += took;
        all += took;
        tl__choice_note(choice, took);
    }
    return (double)slow / (double)all;
}

static void the_faster_way_is_kept(void **state)
{
    static const int64_t sizes[] = {5 * US, 200 * US, 3 * MS, 100 * MS, 5000LL * MS};
    (void)state;
    for (size_t i = 0; i < TL_COUNT(sizes); i++)
        for (int faster = 0; faster < 2; faster++) {
            tl__choice choice = {0};
            int64_t pool = faster ? sizes[i] : 2 * sizes[i], alone = faster ? 2 * sizes[i] : sizes[i];
            run(&choice, pool, alone, 40 * sizes[i] + 40 * MS);      /* it finds out */
            assert_true(run(&choice, pool, alone, 2000 * sizes[i] + 2000LL * MS) < 0.05);
            assert_true(run(&choice, pool, alone, 20000 * sizes[i] + 20000LL * MS) < 0.02);
        }
}

static void a_change_is_seen(void **state)
{
    tl__choice choice = {0};
    (void)state;
    run(&choice, 120 * US, 200 * US, 100000LL * MS);
    assert_false(choice.alone && !choice.trial);
    assert_true(run(&choice, 400 * US, 200 * US, 200LL * MS) < 0.2);      /* another program took a core */
    run(&choice, 400 * US, 200 * US, 30000LL * MS);
    assert_true(run(&choice, 120 * US, 200 * US, 30000LL * MS) < 0.25);   /* and gave it back */
    assert_true(run(&choice, 120 * US, 200 * US, 2000LL * MS) < 0.05);
}

static void no_gain_is_no_reason(void **state)
{
    tl__choice choice = {0};
    (void)state;
    run(&choice, 100 * US, 100 * US, 100LL * MS);
    int64_t alone = 0, all = 0;
    for (int i = 0; i < 100000; i++, all++) {
        alone += choice.alone;
        tl__choice_note(&choice, 100 * US);
    }
    assert_true(alone * 10 > all * 9);
}

static void begin_and_end(void **state)
{
    tl__heap heap;
    tl__pool *pool;
    tl__choice choice = {0};
    (void)state;
    tl__heap_init(&heap, NULL, 0);
    assert_int_equal(tl__pool_new(&heap, 2, &pool), TL_OK);
    assert_ptr_equal(tl__choice_begin(&choice, pool, false), pool);       /* not measured */
    tl__choice_end(&choice);
    assert_null(tl__choice_begin(&choice, NULL, true));
    tl__choice_end(&choice);
    assert_false(choice.begun);
    assert_ptr_equal(tl__choice_begin(&choice, pool, true), pool);
    tl__choice_end(&choice);
    assert_true(choice.begun);
    choice.alone = true;
    assert_null(tl__choice_begin(&choice, pool, true));
    tl__pool_free(&heap, pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_faster_way_is_kept), cmocka_unit_test(a_change_is_seen),
        cmocka_unit_test(no_gain_is_no_reason), cmocka_unit_test(begin_and_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
