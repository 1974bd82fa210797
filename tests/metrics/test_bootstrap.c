/* The bootstrap against an independent one (Philox and the resampling written in Python, means and quantiles by numpy), and
 * against what is known of means. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/random.h"
#include "metrics/forecast_score.h"
#include "support/failing.h"

#include <math.h>

enum { VALUES = 101 };

static double values[VALUES];

/* Each is like the one before it. */
static void make_values(void)
{
    uint32_t state = 9;
    double x = 0;
    for (int i = 0; i < VALUES; i++) {
        state = state * 1664525u + 1013904223u;
        x = 0.7 * x + (double)(state >> 8) * 0x1p-24 - 0.49;
        values[i] = x;
    }
}

static void near(double got, double want)
{
    if (!(fabs(got - want) <= 1e-12 * (1.0 + fabs(want)))) fail_msg("%.17g is not %.17g", got, want);
}

static tl__bootstrap bootstrap(const double *of, size_t count, const tl__bootstrap_options *options)
{
    tl__heap heap;
    tl__bootstrap out;
    tl__heap_init(&heap, NULL, 0);
    assert_int_equal(tl__bootstrap_mean(&heap, tl__of_doubles(of), count, options, &out), TL_OK);
    assert_int_equal(heap.in_use, 0);
    return out;
}

static void test_against_numpy(void **state)
{
    static const struct { tl__bootstrap_options options; double mean, low, high, below; } cases[] = {
        {{.block = 7, .draws = 200, .seed = 42}, -0.015600739221073768, -0.11186924529236662, 0.10050141512124877, 0.57},
        {{.block = 1, .draws = 200, .seed = 42, .level = 0.9}, -0.015600739221073768, -0.0633153374455242,
         0.04493046561886831, 0.595},
        {{.block = 500, .draws = 50, .seed = 1099511627779u, .level = 0.5}, -0.015600739221073768,
         -0.015600739221073768, -0.01560073922107376, 1.0},
    };
    (void)state;
    make_values();
    for (size_t i = 0; i < TL_COUNT(cases); i++) {
        const tl__bootstrap got = bootstrap(values, VALUES, &cases[i].options);
        near(got.mean, cases[i].mean);
        near(got.low, cases[i].low);
        near(got.high, cases[i].high);
        near(got.below, cases[i].below);
    }
}

/* Independent normal numbers: 1.96 standard errors, give or take 0.13 by the number of draws; and of 200 such intervals about 190 hold the true mean. */
static void test_known_intervals(void **state)
{
    enum { COUNT = 400 };
    static double normal[COUNT];
    const tl__bootstrap_options options = {.draws = 400};
    int holds = 0;
    (void)state;
    for (uint32_t round = 0; round < 200; round++) {
        tl__random random;
        tl__random_init(&random, 3, TL__DRAW_USER, 0, round, 0);
        double sum = 0.0, squares = 0.0;
        for (uint32_t i = 0; i < COUNT; i++) {
            normal[i] = (double)tl__random_normal(&random, i);
            sum += normal[i];
            squares += normal[i] * normal[i];
        }
        const double mean = sum / COUNT, error = sqrt((squares / COUNT - mean * mean) / COUNT);
        const tl__bootstrap got = bootstrap(normal, COUNT, &options);
        assert_true(fabs(got.high - mean - 1.96 * error) < 0.6 * error);
        assert_true(fabs(mean - got.low - 1.96 * error) < 0.6 * error);
        holds += got.low <= 0.0 && 0.0 <= got.high;
    }
    assert_in_range(holds, 180, 199);
}

/* Neighbours that are alike: blocks widen the interval. */
static void test_blocks(void **state)
{
    (void)state;
    make_values();
    const tl__bootstrap single = bootstrap(values, VALUES, &(tl__bootstrap_options){.block = 1});
    const tl__bootstrap blocks = bootstrap(values, VALUES, &(tl__bootstrap_options){.block = 10});
    assert_true(blocks.high - blocks.low > 1.4 * (single.high - single.low));
}

static void test_corners(void **state)
{
    const double same[] = {-0.5, -0.5, -0.5}, broken[] = {1.0, NAN};
    const tl__bootstrap_options options = {.block = 2};
    (void)state;
    tl__bootstrap got = bootstrap(same, 3, &options);
    assert_true(got.mean == -0.5 && got.low == -0.5 && got.high == -0.5 && got.below == 1.0);
    got = bootstrap(same, 1, &options);
    assert_true(got.mean == -0.5 && got.low == -0.5 && got.high == -0.5);
    got = bootstrap(same, 0, &options);
    assert_true(isnan(got.mean) && isnan(got.low) && isnan(got.high) && isnan(got.below));
    got = bootstrap(broken, 2, &options);
    assert_true(isnan(got.mean) && isnan(got.low));
    got = bootstrap(same, 3, &(tl__bootstrap_options){.draws = 1});
    assert_true(got.low == -0.5 && got.high == -0.5);
}

static tl_status scenario(tl__heap *heap, void *user)
{
    tl__bootstrap out;
    (void)user;
    return tl__bootstrap_mean(heap, tl__of_doubles(values), VALUES, &(tl__bootstrap_options){.draws = 10}, &out);
}

static void test_memory(void **state)
{
    tl__heap heap;
    tl__bootstrap out;
    (void)state;
    assert_int_equal(failing_sweep(scenario, NULL), 1);
    tl__heap_init(&heap, NULL, 0);
    if (sizeof(size_t) > 4) return;
    assert_int_equal(tl__bootstrap_mean(&heap, tl__of_doubles(values), SIZE_MAX / 8,
                                        &(tl__bootstrap_options){.draws = 1}, &out), TL_OUT_OF_MEMORY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_numpy), cmocka_unit_test(test_known_intervals), cmocka_unit_test(test_blocks),
        cmocka_unit_test(test_corners),       cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
