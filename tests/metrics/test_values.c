/* Regression and series figures: the examples of scikit-learn's documentation, by hand, and corners. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/math.h"
#include "metrics/metrics.h"
#include "metrics/student.h"

#include <math.h>

static void near(double got, double want)
{
    if (!(fabs(got - want) <= 1e-12 * (1.0 + fabs(want)))) fail_msg("%.17g is not %.17g", got, want);
}

static tl__value_figures figures(const double *truth, const double *predicted, size_t rows, size_t outputs, double *r2)
{
    tl__value_figures f;
    tl__value_figures_of(tl__of_doubles(truth), tl__of_doubles(predicted), rows, outputs, r2, &f);
    return f;
}

static void test_documented(void **state)
{
    const double truth[] = {3.0, -0.5, 2.0, 7.0}, predicted[] = {2.5, 0.0, 2.0, 8.0};
    const double truth2[] = {0.5, 1, -1, 1, 7, -6}, predicted2[] = {0, 2, -1, 2, 8, -5};
    double r2[2];
    (void)state;
    tl__value_figures f = figures(truth, predicted, 4, 1, NULL);
    near(f.mse, 0.375);
    near(f.mae, 0.5);
    near(f.rmse, sqrt(0.375));
    near(f.r2, 0.9486081370449679);
    near(f.explained_variance, 0.9571734475374732);
    near(f.mape, 0.3273809523809524);
    near(f.max_error, 1.0);
    near(f.wape, 2.0 / 12.5);
    f = figures(truth2, predicted2, 3, 2, r2);
    near(f.mse, 0.7083333333333334);
    near(f.mae, 0.75);
    near(f.r2_weighted, 0.938256658595642);
    near(r2[0], 0.9654377880184332);
    near(r2[1], 0.9081632653061225);
}

static void test_corners(void **state)
{
    const double flat[] = {2.0, 2.0}, missed[] = {2.0, 3.0}, zero[] = {0.0, 0.0}, broken[] = {NAN, 2.0};
    double r2 = 5.0;
    (void)state;
    near(figures(flat, flat, 2, 1, NULL).r2, 1.0);
    near(figures(flat, missed, 2, 1, NULL).r2, 0.0);
    tl__value_figures f = figures(zero, zero, 2, 1, NULL);
    near(f.smape, 0.0);
    near(f.mape, 0.0);
    assert_true(isnan(f.wape));
    f = figures(flat, broken, 2, 1, NULL);
    assert_true(isnan(f.mse) && isnan(f.mae) && isnan(f.r2) && isnan(f.max_error));
    f = figures(flat, flat, 0, 1, &r2);
    assert_true(isnan(f.mse) && isnan(f.r2) && isnan(f.max_error) && isnan(r2));
    near(figures(flat, missed, 1, 1, NULL).mse, 0.0);
}

static void test_series(void **state)
{
    const double series[] = {1.0, 3.0, 2.0, 5.0, 4.0};
    const double truth[] = {10.0, 12.0, 11.0, 11.0}, predicted[] = {0.0, 11.0, 13.0, 11.0};
    (void)state;
    near(tl__mase(2.0, tl__of_doubles(series), 5, 1), 2.0 / ((2.0 + 1.0 + 3.0 + 1.0) / 4.0));
    near(tl__mase(2.0, tl__of_doubles(series), 5, 2), 2.0 / ((1.0 + 2.0 + 2.0) / 3.0));
    assert_true(isnan(tl__mase(2.0, tl__of_doubles(series), 5, 5)));
    assert_true(isnan(tl__mase(2.0, tl__of_doubles(series), 5, 0)));
    /* up as said; down but up was said; unchanged as said */
    near(tl__direction(tl__of_doubles(truth), tl__of_doubles(predicted), 4, 1, 0), 2.0 / 3.0);
    assert_true(isnan(tl__direction(tl__of_doubles(truth), tl__of_doubles(predicted), 1, 1, 0)));
    near(tl__pinball(tl__of_doubles(truth), tl__of_doubles(predicted), 2, 0.1), 0.1 * (10.0 + 1.0) / 2.0);
    near(tl__pinball(tl__of_doubles(predicted), tl__of_doubles(truth), 2, 0.1), 0.9 * (10.0 + 1.0) / 2.0);
    near(tl__coverage(tl__of_doubles(truth), tl__of_doubles(predicted), tl__of_doubles(truth), 4), 0.75);
    near(tl__pearson(tl__of_doubles(series), tl__of_doubles(series), 5, 1, 0), 1.0);
    assert_true(isnan(tl__pearson(tl__of_doubles(series), tl__of_doubles(series), 1, 1, 0)));
}

static void test_median(void **state)
{
    const double truth[] = {5.0, 1.0, 4.0, 2.0, 3.0}, zero[] = {0.0, 0.0, 0.0, 0.0, 0.0}, broken[] = {NAN, 0.0};
    tl__heap heap, tight;
    double out;
    (void)state;
    tl__heap_init(&heap, NULL, 0);
    const size_t rows[] = {5, 4, 1};
    const double want[] = {3.0, 3.0, 5.0};   /* four: between 2 and 4 */
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(tl__median_error(&heap, tl__of_doubles(truth), tl__of_doubles(zero), rows[i], &out), TL_OK);
        near(out, want[i]);
    }
    assert_int_equal(tl__median_error(&heap, tl__of_doubles(truth), tl__of_doubles(broken), 2, &out), TL_OK);
    assert_true(isnan(out));
    assert_int_equal(tl__median_error(&heap, tl__of_doubles(truth), tl__of_doubles(zero), 0, &out), TL_OK);
    assert_true(isnan(out));
    assert_int_equal(heap.in_use, 0);
    tl__heap_init(&tight, NULL, 8);
    assert_int_equal(tl__median_error(&tight, tl__of_doubles(truth), tl__of_doubles(zero), 5, &out), TL_OUT_OF_MEMORY);
}

/* scipy.stats.t.ppf(0.975, n) */
static void test_student(void **state)
{
    static const double known[][2] = {{1, 12.706204736174694}, {2, 4.302652729749462},   {7, 2.364624251592784},
                                      {30, 2.0422724563012378}, {31, 2.039513446396408}, {40, 2.021075390306273},
                                      {100, 1.9839715185235518}, {1000, 1.9623390808264083}};
    (void)state;
    for (size_t i = 0; i < TL_COUNT(known); i++) {
        double off = tl__student((size_t)known[i][0]) / known[i][1] - 1;
        assert_true(off < 1e-6 && off > -1e-6);
    }
    assert_false(tl__is_finite_d(tl__student(0)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_documented), cmocka_unit_test(test_corners), cmocka_unit_test(test_series),
        cmocka_unit_test(test_median),     cmocka_unit_test(test_student),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
