/* Clock, calendar, process, threads. */
#include "port/port.h"
#include "support/failing.h"
#include "support/files.h"

#include <setjmp.h>
#include <cmocka.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static int64_t fixed_clock(void *user) { return *(int64_t *)user; }

static void clocks(void **state)
{
    tl_context context;
    int64_t fixed = 1234567;
    (void)state;
    memset(&context, 0, sizeof context);
    int64_t before = (int64_t)time(NULL), now = tl__now(&context) / 1000000, after = (int64_t)time(NULL);
    assert_true(now >= before - 1 && now <= after + 1);
    context.clock = fixed_clock;
    context.clock_user = &fixed;
    assert_int_equal(tl__now(&context), 1234567);
    int64_t start = tl__ticks();
    tl__sleep(2000);
    assert_true(tl__ticks() - start >= 2000000);
}

static void calendar(void **state)
{
    static const struct { int64_t seconds; const char *iso, *compact; } days[] = {
        {0, "1970-01-01T00:00:00Z", "19700101_000000"}, {1763720100, "2025-11-21T10:15:00Z", "20251121_101500"},
        {951782400, "2000-02-29T00:00:00Z", "20000229_000000"}, {4107542399, "2100-02-28T23:59:59Z", "21000228_235959"},
        {4107542400, "2100-03-01T00:00:00Z", "21000301_000000"}, {-1, "1969-12-31T23:59:59Z", "19691231_235959"},
        {253402300799, "9999-12-31T23:59:59Z", "99991231_235959"},
    };
    char text[24];
    (void)state;
    for (size_t i = 0; i < TL_COUNT(days); i++) {
        tl__time_iso(text, days[i].seconds * 1000000 + (days[i].seconds < 0 ? 0 : 999999));
        assert_string_equal(text, days[i].iso);
        tl__time_compact(text, days[i].seconds * 1000000);
        assert_string_equal(text, days[i].compact);
    }
}

static void process(void **state)
{
    (void)state;
    assert_true(tl__cpu_count() >= 1);
    assert_true(tl__process_peak() > 100000);
    assert_true(tl__process_id() > 0);
    assert_true(tl__process_alive(tl__process_id()));
    assert_false(tl__process_alive(0));
    assert_false(tl__process_alive(-5));
    assert_string_equal(tl__environment("PATH"), getenv("PATH"));
    assert_null(tl__environment("TRAINLIB_NO_SUCH_VARIABLE"));
}

#ifdef __linux__

/* What a control group allows: the least quota on the way up, in whole processors. */
static void quotas(void **state)
{
    static const struct { const char *groups, *file, *text; int cpus; } cases[] = {
        {"0::/\n", NULL, NULL, 0}, {"0::/\n", "cpu.max", "max 100000\n", 0}, {"0::/\n", "cpu.max", "200000 100000\n", 2},
        {"0::/\n", "cpu.max", "150000 100000\n", 2}, {"0::/\n", "cpu.max", "1000 100000\n", 1},
        {"0::/\n", "cpu.max", "99999999999999 100\n", 1024}, {"0::/\n", "cpu.max", "", 0}, {"0::/\n", "cpu.max", "7", 0},
        {"0::/\n", "cpu.max", "nonsense\n", 0}, {"0::/a/b\n", "a/cpu.max", "300000 100000\n", 3},
        {"0::/a/b\n", "a/b/cpu.max", "400000 100000\n", 3}, {"0::/other\n", "cpu.max", "max 100000\n", 0},
        {"4:memory:/\n3:cpuset:/\n2:cpu,cpuacct:/x\n0::/\n", "cpu/x/cpu.cfs_quota_us", "250000\n", 0},
        {"2:cpu,cpuacct:/x\n", "cpu/x/cpu.cfs_period_us", "100000\n", 3}, {"2:cpuacct:/x\n", NULL, NULL, 0},
        {"2:cpu:/gone/from/here", "cpu/cpu.cfs_quota_us", "-1\n", 0}, {"", NULL, NULL, 0}, {"junk", NULL, NULL, 0},
        {"1:\n:\n::\n", NULL, NULL, 0},
    };
    char folder[256], command[900];
    (void)state;
    files_begin(folder);
    snprintf(command, sizeof command, "mkdir -p %s/a/b %s/cpu/x", folder, folder);
    assert_int_equal(files_run(command, NULL, 0), 0);
    for (size_t i = 0; i < TL_COUNT(cases); i++) {
        const char *groups = files_text(folder, "groups", cases[i].groups);
        if (cases[i].file != NULL) files_text(folder, cases[i].file, cases[i].text);
        if (tl__cgroup_cpus(groups, folder) != cases[i].cpus)
            fail_msg("case %zu: %d processors, not %d", i, tl__cgroup_cpus(groups, folder), cases[i].cpus);
    }
    assert_int_equal(tl__cgroup_cpus(files_path(folder, "no such file"), folder), 0);
    files_end(folder);
}

#endif

struct meeting {
    tl__mutex *mutex;
    tl__event *event;
    long count;
    atomic_int arrived;
};

static void add_many(void *user)
{
    struct meeting *meeting = user;
    unsigned seen = 0;
    for (int i = 0; i < 10000; i++) {
        tl__mutex_lock(meeting->mutex);
        meeting->count++;
        tl__mutex_unlock(meeting->mutex);
    }
    atomic_fetch_add(&meeting->arrived, 1);
    while (tl__event_value(meeting->event) < 2) {
        seen = tl__event_value(meeting->event);
        if (seen < 2) tl__event_wait(meeting->event, seen);
    }
}

static void threads_locks_events(void **state)
{
    tl__heap heap;
    tl__thread *threads[3];
    struct meeting meeting = {0};
    (void)state;
    tl__heap_init(&heap, NULL, 0);
    assert_int_equal(tl__mutex_new(&heap, &meeting.mutex), TL_OK);
    assert_int_equal(tl__event_new(&heap, &meeting.event), TL_OK);
    for (int i = 0; i < 3; i++) assert_int_equal(tl__thread_start(&heap, add_many, &meeting, &threads[i]), TL_OK);
    while (atomic_load(&meeting.arrived) < 3) tl__thread_yield();
    tl__event_signal(meeting.event);
    tl__event_signal(meeting.event);
    for (int i = 0; i < 3; i++) tl__thread_join(&heap, threads[i]);
    assert_int_equal(meeting.count, 30000);
    assert_int_equal(tl__event_value(meeting.event), 2);
    tl__thread_join(&heap, NULL);
    tl__event_free(&heap, meeting.event);
    tl__event_free(&heap, NULL);
    tl__mutex_free(&heap, meeting.mutex);
    tl__mutex_free(&heap, NULL);
    assert_int_equal(heap.in_use, 0);
}

static void nothing(void *user) { (void)user; }

static tl_status scenario(tl__heap *heap, void *user)
{
    tl__mutex *mutex = NULL;
    tl__event *event = NULL;
    tl__thread *thread = NULL;
    (void)user;
    tl_status status = tl__mutex_new(heap, &mutex);
    if (status == TL_OK) status = tl__event_new(heap, &event);
    if (status == TL_OK) status = tl__thread_start(heap, nothing, NULL, &thread);
    tl__thread_join(heap, thread);
    tl__event_free(heap, event);
    tl__mutex_free(heap, mutex);
    return status;
}

static void out_of_memory(void **state)
{
    (void)state;
    assert_int_equal(failing_sweep(scenario, NULL), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clocks), cmocka_unit_test(calendar), cmocka_unit_test(process),
#ifdef __linux__
        cmocka_unit_test(quotas),
#endif
        cmocka_unit_test(threads_locks_events), cmocka_unit_test(out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
