/* Log loss, Brier score, top-k, confidence and calibration by hand, groups and stability, and their corners. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "metrics/metrics.h"

#include <math.h>

static void near(double got, double want)
{
    if (!(fabs(got - want) <= 1e-12)) fail_msg("%.17g is not %.17g", got, want);
}

static const int32_t truth[] = {0, 1, 1, -1};
static const double p[] = {0.9, 0.1, 0.2, 0.8, 0.6, 0.4, 0.5, 0.5};

static void test_log_loss(void **state)
{
    const double certain[] = {1.0, 0.0, 0.0, 1.0}, scaled[] = {9.0, 1.0};
    const int32_t right[] = {0, 1}, wrong[] = {1, 0};
    (void)state;
    near(tl__log_loss(truth, tl__of_doubles(p), 4, 2), -(log(0.9) + log(0.8) + log(0.4)) / 3.0);
    near(tl__log_loss(right, tl__of_doubles(certain), 2, 2), 0.0);
    near(tl__log_loss(wrong, tl__of_doubles(certain), 2, 2), 52.0 * log(2.0));   /* clipped, not infinite */
    near(tl__log_loss(truth, tl__of_doubles(scaled), 1, 2), -log(0.9));          /* rows are normalised */
    assert_true(isnan(tl__log_loss(truth, tl__of_doubles(p), 0, 2)));
}

static void test_brier(void **state)
{
    (void)state;
    near(tl__brier(truth, tl__of_doubles(p), 4, 2, true), (0.01 + 0.04 + 0.36) / 3.0);
    near(tl__brier(truth, tl__of_doubles(p), 4, 2, false), 2.0 * (0.01 + 0.04 + 0.36) / 3.0);
    assert_true(isnan(tl__brier(truth, tl__of_doubles(p), 0, 2, false)));
}

static void test_top(void **state)
{
    const double tied[] = {0.25, 0.25, 0.25, 0.25};
    const int32_t second[] = {1};
    (void)state;
    near(tl__top_accuracy(truth, tl__of_doubles(p), 4, 2, 1), 2.0 / 3.0);
    near(tl__top_accuracy(truth, tl__of_doubles(p), 4, 2, 2), 1.0);
    near(tl__top_accuracy(second, tl__of_doubles(tied), 1, 4, 1), 0.0);
    near(tl__top_accuracy(second, tl__of_doubles(tied), 1, 4, 2), 1.0);
}

static void test_confidence(void **state)
{
    tl__confidence_figures f;
    double entropy = 0.0;
    (void)state;
    for (size_t i = 0; i < 6; i++) entropy -= p[i] * log(p[i]);
    tl__confidence(truth, tl__of_doubles(p), 3, 2, &f);
    near(f.mean, (0.9 + 0.8 + 0.6) / 3.0);
    near(f.high, 2.0 / 3.0);
    near(f.entropy, entropy / 3.0);
    near(f.distribution[2], 1.0 / 3.0);   /* bins (low, high]: 0.6 is in (0.4, 0.6], 0.8 in (0.6, 0.8] */
    near(f.distribution[3], 1.0 / 3.0);
    near(f.distribution[4], 1.0 / 3.0);
    near(f.calibration_error, (0.1 + 0.2 + 0.6) / 3.0);
    tl__confidence(NULL, tl__of_doubles(p), 3, 2, &f);
    assert_true(isnan(f.calibration_error));
    near(f.high, 2.0 / 3.0);
    tl__confidence(truth, tl__of_doubles(p), 0, 2, &f);
    assert_true(isnan(f.mean) && isnan(f.entropy) && f.distribution[0] == 0.0);
}

/* A bin's error is of its means: two rows of 0.6, one right, are off by 0.1. */
static void test_calibration(void **state)
{
    const double two[] = {0.6, 0.4, 0.6, 0.4}, edges[] = {1.0, 0.0, 0.0, 1.0};
    const int32_t half[] = {0, 1}, right[] = {0, 1};
    (void)state;
    near(tl__calibration_error(half, tl__of_doubles(two), 2, 2, 15), 0.1);
    near(tl__calibration_error(right, tl__of_doubles(edges), 2, 2, 15), 0.0);
    near(tl__calibration_error(half, tl__of_doubles(two), 2, 2, 1000), 0.1);   /* at most 100 bins */
    assert_true(isnan(tl__calibration_error(half, tl__of_doubles(two), 0, 2, 15)));
}

static void test_stability(void **state)
{
    /* rows: steady; changed long ago; changed last; changed 4 epochs ago, so over the last five it is not steady */
    const int32_t history[8][4] = {{1, 9, 3, 0}, {1, 2, 3, 0}, {1, 2, 3, 0}, {1, 2, 3, 0},
                                   {1, 2, 3, 1048575}, {1, 2, 3, 1048575}, {1, 2, 3, 1048575}, {1, 2, 0, 1048575}};
    const double shares[8] = {1, 0.75, 0.75, 0.75, 0.5, 0.75 - 0.0, 0.75, 0.5};
    float kept[4] = {0};
    (void)state;
    assert_true(isnan(tl__stability_index(kept, 4, 0)) && isnan(tl__stability_index(kept, 0, 3)));
    for (size_t e = 0; e < 8; e++) {
        tl__stability_add(kept, history[e], 4);
        near(tl__stability_index(kept, 4, e + 1), shares[e]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_log_loss),   cmocka_unit_test(test_brier),       cmocka_unit_test(test_top),
        cmocka_unit_test(test_confidence), cmocka_unit_test(test_calibration), cmocka_unit_test(test_stability),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
