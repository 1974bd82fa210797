/* The schedules at round places, their corners, and what all of them keep. Whole courses against PyTorch are in
 * tests/parity. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/text.h"
#include "nn/schedule.h"

#include <math.h>

enum { SETTINGS = 256 };

typedef struct setup {
    const tl__schedule *schedule;
    _Alignas(16) char settings[SETTINGS];
    tl__schedule_state state;
    int64_t epochs, steps_per_epoch;
} setup;

static void make(setup *s, const char *name)
{
    memset(s, 0, sizeof *s);
    s->schedule = tl__schedule_find(name, NULL);
    assert_non_null(s->schedule);
    assert_true(s->schedule->head.settings_size <= SETTINGS);
    tl__field_defaults(s->schedule->head.rows, s->settings);
    tl__schedule_start(&s->state);
    s->epochs = 100;
    s->steps_per_epoch = 10;
}

static void set(setup *s, const char *name, double value)
{
    for (const tl__field *row = s->schedule->head.rows; row->name; row++) {
        if (!tl__same_text(row->name, name)) continue;
        char *at = s->settings + row->offset;
        if (row->kind == TL__FIELD_INT) *(int64_t *)(void *)at = (int64_t)value;
        else if (row->kind == TL__FIELD_CHOICE) *(int *)(void *)at = (int)value;
        else if (row->kind == TL__FIELD_BOOL) *(bool *)(void *)at = value != 0.0;
        else *(double *)(void *)at = value;
        return;
    }
    fail_msg("no setting %s", name);
}

static tl__schedule_point at_step(setup *s, int64_t step)
{
    tl__schedule_point point;
    const tl__schedule_time time = {0.1, step / s->steps_per_epoch, s->epochs, step, s->epochs * s->steps_per_epoch};
    tl__schedule_at(s->schedule, s->settings, &time, &s->state, &point);
    return point;
}

static double at_epoch(setup *s, int64_t epoch) { return at_step(s, epoch * s->steps_per_epoch).learning_rate; }

static void near(double got, double want)
{
    if (!(fabs(got - want) <= 1e-15 + 1e-13 * fabs(want))) fail_msg("%.17g is not %.17g", got, want);
}

static void test_all(void **state)
{
    static setup s;
    const tl__family *family = tl__schedule_family();
    (void)state;
    for (size_t i = 0; i < family->count; i++) {
        make(&s, tl__family_member(family, i)->name);
        assert_int_equal(tl__schedule_check(s.schedule, s.settings, NULL), TL_OK);
        for (int64_t step = 0; step < 3000; step++) {   /* beyond the end of the run too */
            tl__schedule_point p = at_step(&s, step), again = at_step(&s, step);
            assert_true(p.learning_rate >= 0.0 && p.learning_rate <= 0.1 + 1e-12);
            assert_true(p.momentum >= 0.0 && p.momentum < 1.0);
            assert_memory_equal(&p, &again, sizeof p);
        }
        set(&s, "warmup", 5);
        double full = at_epoch(&s, 5), first = at_step(&s, 0).learning_rate;
        assert_true(first > 0.0 && first <= 0.1 * full * 1.001);
    }
}

static void test_defaults_are_those_of_the_guide(void **state)
{
    static setup s;
    (void)state;
    make(&s, "cosine");
    near(at_epoch(&s, 0), 0.1);
    near(at_epoch(&s, 50), 1e-6 + (0.1 - 1e-6) / 2.0);
    near(at_epoch(&s, 100), 1e-6);
    make(&s, "step");
    near(at_epoch(&s, 29), 0.1);
    near(at_epoch(&s, 30), 0.01);
    near(at_epoch(&s, 60), 0.001);
    make(&s, "reduce_on_plateau");
    for (int epoch = 0; epoch < 7; epoch++) {
        near(at_epoch(&s, epoch), 0.1);
        tl__schedule_report(s.schedule, s.settings, 0.1, 1.0, &s.state);
    }
    near(at_epoch(&s, 7), 0.05);   /* the first value is the best, six more are not better */
    for (int epoch = 0; epoch < 1000; epoch++) tl__schedule_report(s.schedule, s.settings, 0.1, 1.0, &s.state);
    near(at_epoch(&s, 8), 1e-6);
}

static void test_warm_up(void **state)
{
    static setup s;
    (void)state;
    make(&s, "cosine_annealing");
    set(&s, "warmup", 4);
    set(&s, "warmup_start", 0.2);
    near(at_epoch(&s, 0), 0.02);
    near(at_epoch(&s, 2), 0.06);
    near(at_epoch(&s, 4), 0.1);
    near(at_epoch(&s, 54), 1e-6 + (0.1 - 1e-6) / 2.0);
    set(&s, "per", TL__PER_STEP);   /* now four steps, and t_max is 100 steps */
    near(at_step(&s, 2).learning_rate, 0.06);
    near(at_step(&s, 104).learning_rate, 1e-6);
    make(&s, "polynomial");
    set(&s, "warmup", 20);          /* auto length: what is left of the run */
    near(at_epoch(&s, 60), 0.05);
    near(at_epoch(&s, 100), 0.0);
}

static void test_one_cycle(void **state)
{
    static setup s;
    (void)state;
    make(&s, "one_cycle");
    near(at_step(&s, 0).learning_rate, 0.004);
    near(at_step(&s, 0).momentum, 0.95);
    near(at_step(&s, 299).learning_rate, 0.1);   /* 0.3 of 1,000 steps, less one */
    near(at_step(&s, 299).momentum, 0.85);
    near(at_step(&s, 999).learning_rate, 4e-7);
    near(at_step(&s, 5000).learning_rate, 4e-7);
    set(&s, "cycle_momentum", 0);
    assert_true(at_step(&s, 0).momentum == 0.0);
    set(&s, "anneal", 1);
    near(at_step(&s, 0).learning_rate, 0.004);
    near(at_step(&s, 649).learning_rate, (0.1 + 4e-7) / 2.0);
    s.epochs = 1, s.steps_per_epoch = 1;         /* a run of one step */
    assert_true(isfinite(at_step(&s, 0).learning_rate));
}

static void test_plateau(void **state)
{
    static setup s;
    const double nan = NAN;
    (void)state;
    make(&s, "plateau");
    set(&s, "patience", 1);
    const double metrics[] = {nan, nan, 3.0, 2.0, 2.0};   /* NaN is never an improvement */
    for (size_t i = 0; i < TL_COUNT(metrics); i++) tl__schedule_report(s.schedule, s.settings, 0.1, metrics[i], &s.state);
    near(at_epoch(&s, 0), 0.05);
    assert_int_equal(s.state.reductions, 1);
    tl__schedule_report(s.schedule, s.settings, 0.1, 2.0, &s.state);
    near(at_epoch(&s, 0), 0.025);
    make(&s, "plateau");
    set(&s, "patience", 0);
    set(&s, "mode", 1);             /* larger is better */
    set(&s, "cooldown", 2);
    const double rises[] = {0.5, 0.6, 0.6, 0.1, 0.1, 0.1};
    for (size_t i = 0; i < TL_COUNT(rises); i++) tl__schedule_report(s.schedule, s.settings, 0.1, rises[i], &s.state);
    assert_int_equal(s.state.reductions, 2);
    make(&s, "constant");
    tl__schedule_report(s.schedule, s.settings, 0.1, 1.0, &s.state);   /* does not listen */
    near(at_epoch(&s, 3), 0.1);
}

static void test_restarts(void **state)
{
    static setup s;
    (void)state;
    make(&s, "warm_restarts");
    near(at_epoch(&s, 10), 0.1);
    near(at_epoch(&s, 15), 0.05);
    near(at_epoch(&s, 1000000), 0.1);
    set(&s, "t_mult", 2);
    near(at_epoch(&s, 10), 0.1);
    near(at_epoch(&s, 20), 0.05);
    near(at_epoch(&s, 30), 0.1);
}

static void test_milestones(void **state)
{
    static setup s;
    tl_error error = {0};
    int64_t items[] = {2, 5};
    (void)state;
    make(&s, "multi_step");
    for (const tl__field *row = s.schedule->head.rows; row->name; row++)
        if (tl__same_text(row->name, "milestones"))
            *(tl__int_list *)(void *)(s.settings + row->offset) = (tl__int_list){2, items};
    near(at_epoch(&s, 1), 0.1);
    near(at_epoch(&s, 2), 0.01);
    near(at_epoch(&s, 5), 0.001);
    assert_int_equal(tl__schedule_check(s.schedule, s.settings, &error), TL_OK);
    items[0] = 7;
    assert_int_equal(tl__schedule_check(s.schedule, s.settings, &error), TL_BAD_CONFIG);
    assert_non_null(strstr(error.message, "7 stands before 5"));
    assert_null(tl__schedule_find("cosin", &error));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all),       cmocka_unit_test(test_defaults_are_those_of_the_guide),
        cmocka_unit_test(test_warm_up),   cmocka_unit_test(test_one_cycle),
        cmocka_unit_test(test_plateau),   cmocka_unit_test(test_restarts),
        cmocka_unit_test(test_milestones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
