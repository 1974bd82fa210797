/* The pure part of searches: the normal distribution, the Gaussian process against scikit-learn, Parzen densities against
 * scipy, axes, rules that stop, importance against closed forms, and what every method owes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/context.h"
#include "base/math.h"
#include "base/text.h"
#include "lab/gaussian.h"
#include "lab/importance.h"
#include "lab/search_method.h"
#include "lab/search_method_list.h"
#include "lab/search_stop.h"
#include "lab/tpe.h"

static tl_context *context;
static size_t held;                 /* bytes of a fresh context */

static int setup(void **state)
{
    (void)state;
    context = tl_context_new(NULL);
    held = tl_context_memory(context);
    return context ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    assert_int_equal(tl_context_memory(context), held);
    tl_context_free(context);
    return 0;
}

static void near(double got, double wanted, double tolerance)
{
    double size = wanted < 0 ? -wanted : wanted;
    if (!(tl__abs(got - wanted) <= tolerance * (size > 1e-290 ? size : 1))) fail_msg("%.17g, not %.17g", got, wanted);
}

/* scipy.stats.norm, and mpmath with 50 digits. */
static void test_normal(void **state)
{
    (void)state;
    static const double shares[][2] = {{-10, 7.6198530241604696e-24}, {-3.5, 0.00023262907903552502},
                                       {-1, 0.15865525393145707}, {0, 0.5}, {0.3, 0.61791142218895256},
                                       {2.9, 0.99813418669961596}, {3.1, 0.99903239678678168}, {6, 0.9999999990134123}};
    static const double places[][2] = {{1e-200, -30.205594179579641}, {1e-12, -7.0344838253011313},
                                       {.01, -2.3263478740408408}, {.3, -0.52440051270804089}, {.5, 0},
                                       {.9, 1.2815515655446004}, {.9999, 3.7190164854557088}};
    static const double gains[][2] = {{3, 1.0987396653277078}, {0, -0.91893853320467274}, {-0.5, -1.6205162643873199},
                                      {-1, -2.4851210257126413}, {-1.5, -3.5299359208057099},
                                      {-2.9, -7.5208464928878732}, {-3.1, -8.2273293935727492},
                                      {-10, -55.553122036122356}, {-29, -428.1570826442731}, {-31, -488.29002339783721},
                                      {-100, -5010.1295788002498}};
    for (size_t i = 0; i < TL_COUNT(shares); i++) near(tl__normal_share(shares[i][0]), shares[i][1], 2e-14);
    for (size_t i = 0; i < TL_COUNT(places); i++)
        if (tl__abs(tl__normal_place(places[i][0]) - places[i][1]) > 1e-12 * (1 + tl__abs(places[i][1])))
            fail_msg("%.17g: %.17g", places[i][0], tl__normal_place(places[i][0]));
    for (size_t i = 0; i < TL_COUNT(gains); i++) near(tl__log_improvement(gains[i][0]), gains[i][1], 1e-11);
    assert_true(tl__normal_share(-40) == 0 && tl__normal_share(40) == 1);
}

/* GaussianProcessRegressor(1.5 * Matern([0.4, 0.9], nu=2.5) + WhiteKernel(0.01)) on five points. */
static void test_gaussian(void **state)
{
    (void)state;
    static const double x[] = {.1, .2, .4, .9, .5, .5, .8, .1, .95, .7}, y[] = {.3, -1.2, .7, 1.1, -.4};
    static const double slope[] = {0.372169228462903, -3.63395128401152, 1.19737751751389, 0.0728856265057677};
    static const double at[][4] = {{.3, .3, 0.585151180362114, 0.17380324537938},
                                   {.5, .5, 0.667597724461041, 0.0096853042648526},
                                   {1, 1, -0.734742819674896, 0.224655817607762}};
    double memory[512], got[4], mean, variance;
    tl__gaussian g;
    assert_true(tl__gaussian_doubles(6, 2) <= TL_COUNT(memory));
    tl__gaussian_place(&g, 6, 2, memory);
    memcpy(g.points, x, sizeof x);
    memcpy(g.targets, y, sizeof y);
    g.count = 5;
    g.length[0] = .4, g.length[1] = .9, g.signal = 1.5, g.noise = .01;
    near(tl__gaussian_slope(&g, got), -8.1191282850459, 1e-12);
    for (int i = 0; i < 4; i++) near(got[i], slope[i], 1e-11);
    for (size_t i = 0; i < TL_COUNT(at); i++) {
        tl__gaussian_at(&g, at[i], &mean, &variance);
        near(mean, at[i][2], 1e-11);
        near(variance, at[i][3], 1e-10);
    }
    /* A point that gives what is expected of it changes no mean. */
    double point[2] = {.3, .3}, before, after;
    tl__gaussian_at(&g, at[2], &before, &variance);
    tl__gaussian_at(&g, point, &mean, &variance);
    tl__gaussian_add(&g, point, mean);
    tl__gaussian_at(&g, at[2], &after, &variance);
    near(after, before, 1e-10);
    /* The fitted one is at least as likely as where it began. */
    g.count = 5;
    tl__gaussian_fit(&g);
    assert_true(tl__gaussian_solve(&g) > -8.2);
}

/* Sums of scipy.stats.truncnorm and scipy.stats.norm.cdf. */
static void test_tpe(void **state)
{
    (void)state;
    tl__space mixed = {2, {{.kind = TL__AXIS_REAL, .min = 0, .max = 1}, {.kind = TL__AXIS_CHOICE, .max = 2}}};
    tl__space whole = {1, {{.kind = TL__AXIS_WHOLE, .max = 9}}};
    static double places[] = {.2, 1, .6, 0, .9, 1}, widths[8], logs[12], middle[] = {.25, .75};
    static const double cases[][3] = {{.5, 0, -0.973017271252025}, {.25, 1, -0.913632676077275},
                                      {1, 2, -1.60508639482081}};
    static const double counted[][2] = {{0, -2.44614029683436}, {3, -2.23593965569353}, {9, -2.44614029683436}};
    tl__tpe tpe = {&mixed, 3, places, widths, logs};
    tl__tpe_widths(&tpe);
    near(widths[0], .4, 1e-12);
    near(widths[4], .3, 1e-12);
    for (size_t i = 0; i < TL_COUNT(cases); i++) near(tl__tpe_log_density(&tpe, cases[i]), cases[i][2], 1e-12);
    tpe = (tl__tpe){&whole, 2, middle, widths, logs};
    tl__tpe_widths(&tpe);
    double sum = 0;
    for (size_t i = 0; i < TL_COUNT(counted); i++) near(tl__tpe_log_density(&tpe, counted[i]), counted[i][1], 1e-12);
    for (double v = 0; v < 10; v++) sum += tl__exp(tl__tpe_log_density(&tpe, &v));
    near(sum, 1, 1e-12);
}

static void test_axes(void **state)
{
    (void)state;
    tl__space_axis log = {.kind = TL__AXIS_REAL, .log = true, .min = 1e-4, .max = 1e-2};
    assert_true(tl__axis_value(&log, 0) == 1e-4 && tl__axis_value(&log, 1) == 1e-2 && tl__axis_value(&log, .5) == 1e-3);
    assert_true(tl__axis_value(&log, -3) == 1e-4 && tl__axis_value(&log, 3) == 1e-2);
    near(tl__axis_unit(&log, 1e-3), .5, 1e-12);
    tl__space_axis whole = {.kind = TL__AXIS_WHOLE, .log = true, .min = 1, .max = 64};
    assert_true(tl__axis_value(&whole, 0) == 1 && tl__axis_value(&whole, 1) == 64);
    for (double v = 1; v <= 64; v++) assert_true(tl__axis_value(&whole, tl__axis_unit(&whole, v)) == v);
    tl__space_axis one = {.kind = TL__AXIS_WHOLE};
    assert_true(tl__axis_value(&one, .7) == 0 && tl__axis_unit(&one, 0) == .5 && tl__axis_count(&one) == 1);
}

/* Who goes on: closed forms on small lists. */
static void test_stop(void **state)
{
    (void)state;
    double values[] = {5, 1, 4, 0.0 / 0.0, 3, 2};
    tl__stop_rule median = {TL__STOP_MEDIAN, 2, 3, 5, 20}, asha = {TL__STOP_ASHA, 2, 3, 0, 20};
    assert_false(tl__stop_now(&median, values, 6, 3));
    assert_true(tl__stop_now(&median, values, 5, 3.01));
    assert_false(tl__stop_now(&median, values, 4, 9));    /* 4 came so far, 5 are wanted */
    assert_true(tl__stop_now(&median, values, 0, 0.0 / 0.0));
    /* 5 others and this one: the best 2 go on. */
    assert_false(tl__stop_now(&asha, values, 5, 1.5));
    assert_true(tl__stop_now(&asha, values, 5, 2.5));
    assert_false(tl__stop_now(&asha, values, 1, 9));      /* 2 trials have no third */
    for (int64_t epoch = 1; epoch <= 20; epoch++) {
        assert_int_equal(tl__stop_rung(&asha, 0, epoch), epoch == 2 || epoch == 6 || epoch == 18);
        assert_int_equal(tl__stop_rung(&median, 0, epoch), epoch >= 2 && epoch < 20);
    }
    tl__stop_rule bands = {TL__STOP_HYPERBAND, 2, 3, 0, 20};
    assert_true(tl__stop_rung(&bands, 3, 2) && !tl__stop_rung(&bands, 4, 2) && tl__stop_rung(&bands, 4, 6));
    assert_true(tl__stop_peers(&bands, 1, 4) && !tl__stop_peers(&bands, 1, 3) && tl__stop_peers(&asha, 1, 3));
}

/* f = 3a + b over the unit square: 9/10 and 1/10 of the variance. f = [name is 0] + 0 * a: all the name's. a * b after
 * centring: nothing by itself. */
static void test_importance(void **state)
{
    (void)state;
    enum { N = 900 };
    tl__space space = {3, {{.kind = TL__AXIS_REAL, .max = 1, .key = 1}, {.kind = TL__AXIS_REAL, .max = 1, .key = 2},
                           {.kind = TL__AXIS_CHOICE, .max = 3, .key = 3}}};
    static double points[N * 3], losses[N];
    double shares[3];
    tl__search_view view = {.heap = &context->heap, .space = &space, .seed = 1};
    for (int i = 0; i < N; i++) {
        tl__search_spread(&view, i, points + 3 * i);
        losses[i] = 3 * points[3 * i] + points[3 * i + 1];
    }
    assert_int_equal(tl__importance(&context->heap, &space, points, losses, N, 1, shares, NULL), TL_OK);
    assert_true(tl__abs(shares[0] - .9) < .03 && tl__abs(shares[1] - .1) < .03 && shares[2] < .01);
    for (int i = 0; i < N; i++) losses[i] = points[3 * i + 2] == 0 ? 1 : 0;
    losses[5] = 0.0 / 0.0;
    assert_int_equal(tl__importance(&context->heap, &space, points, losses, N, 1, shares, NULL), TL_OK);
    assert_true(shares[2] > .98 && shares[0] < .01 && shares[1] < .01);
    for (int i = 0; i < N; i++) losses[i] = (points[3 * i] - .5) * (points[3 * i + 1] - .5);
    assert_int_equal(tl__importance(&context->heap, &space, points, losses, N, 1, shares, NULL), TL_OK);
    assert_true(shares[0] + shares[1] + shares[2] < .2);
    assert_int_equal(tl__importance(&context->heap, &space, points, losses, 3, 1, shares, NULL), TL_OK);
    assert_true(shares[0] == 0);
}

/* Every method: proposals lie in the space, follow from the seed, and differ with it; failed trials and equal losses do
 * not trouble it; memory comes back. */
static void test_all_methods(void **state)
{
    (void)state;
    tl__space space = {4, {{.kind = TL__AXIS_REAL, .log = true, .min = 1e-4, .max = 1, .key = 1},
                           {.kind = TL__AXIS_WHOLE, .min = 2, .max = 9, .key = 2}, {.kind = TL__AXIS_CHOICE, .max = 2, .key = 3},
                           {.kind = TL__AXIS_WHOLE, .key = 4}}};
    enum { N = 24, AXES = 4 };
    for (size_t m = 0; m < tl__search_family()->count; m++) {
        const tl__search_method *method = tl__search_method_at(m);
        for (int kind = 0; kind < 3; kind++) {    /* losses: a bowl with failures, all equal, all failed */
            double points[3][N * AXES] = {{0}}, losses[N];
            for (int run = 0; run < 3; run++)
                for (int64_t first = 0; first < N; first += 4) {
                    tl__search_view view = {&context->heap, &space, run < 2 ? 7 : 8, first, (size_t)first, points[run], losses};
                    double *out = points[run] + first * AXES;
                    assert_int_equal(method->propose(&view, 4, out, NULL), TL_OK);
                    for (int i = 0; i < 4; i++) {
                        const double *p = out + i * AXES;
                        if (&method->head != tl__search_grid()) assert_true(p[0] >= 1e-4 && p[0] <= 1);
                        assert_true(p[1] >= 2 && p[1] <= 9 && p[1] == tl__floor(p[1]));
                        assert_true(p[2] >= 0 && p[2] <= 2 && p[2] == tl__floor(p[2]) && p[3] == 0);
                        double away = tl__log(p[0]) + 4;
                        losses[first + i] = kind == 0 ? ((first + i) % 5 == 1 ? 0.0 / 0.0 : away * away + p[2]) : kind == 1
                                                ? 1 : 0.0 / 0.0;
                    }
                }
            assert_memory_equal(points[0], points[1], sizeof points[0]);
            if (&method->head != tl__search_grid()) assert_true(memcmp(points[0], points[2], sizeof points[0]) != 0);
        }
    }
}

/* Under the second name only: every method leaves it in its middle elsewhere, and learns where it is best. */
static void test_conditions(void **state)
{
    (void)state;
    enum { N = 40, AXES = 3 };
    tl__space space = {AXES, {{.kind = TL__AXIS_CHOICE, .max = 1, .key = 1},
                              {.kind = TL__AXIS_REAL, .max = 1, .key = 2, .under = 1, .when = 2},
                              {.kind = TL__AXIS_WHOLE, .min = 1, .max = 8, .key = 3, .under = 1, .when = 1}}};
    for (size_t m = 1; m < tl__search_family()->count; m++) {
        double points[N * AXES], losses[N], best = 9;
        int second = 0;
        for (int64_t i = 0; i < N; i++) {
            tl__search_view view = {&context->heap, &space, 3, i, (size_t)i, points, losses};
            double *p = points + i * AXES;
            assert_int_equal(tl__search_propose(tl__search_method_at(m), &view, 1, p, NULL), TL_OK);
            if (p[0] == 0) assert_true(p[1] == .5);
            else assert_true(p[2] == 5);
            assert_true(tl__space_counts(&space, 1, p) == (p[0] == 1) && tl__space_counts(&space, 2, p) == (p[0] == 0));
            losses[i] = p[0] == 1 ? (p[1] - .2) * (p[1] - .2) : .5 + p[2] / 100;
            second += p[0] == 1;
            if (losses[i] < best) best = losses[i];
        }
        assert_true(best < .002 && second > 8 && (!tl__search_method_at(m)->learns || second > 22));
    }
}

/* Conditional densities: of a trial that lacks the axis its kernel is flat there (as wide as the cube). Sums of
 * scipy.stats.truncnorm. */
static void test_tpe_conditions(void **state)
{
    (void)state;
    tl__space space = {2, {{.kind = TL__AXIS_CHOICE, .max = 1}, {.kind = TL__AXIS_REAL, .max = 1, .under = 1, .when = 2}}};
    static double places[] = {0, 0, 1, .3, 1, .8}, widths[8], logs[12];
    places[1] = 0.0 / 0.0;
    tl__tpe tpe = {&space, 3, places, widths, logs};
    tl__tpe_widths(&tpe);
    static const double cases[][3] = {{0, .5, -0.8556661100577202}, {1, .4, -0.4831308968064642}};
    for (size_t i = 0; i < TL_COUNT(cases); i++) near(tl__tpe_log_density(&tpe, cases[i]), cases[i][2], 1e-9);
}

/* What counts in half of the trials explains its share of the variance of all. */
static void test_importance_conditions(void **state)
{
    (void)state;
    enum { N = 1200 };
    tl__space space = {3, {{.kind = TL__AXIS_CHOICE, .max = 1, .key = 1}, {.kind = TL__AXIS_REAL, .max = 1, .key = 2},
                           {.kind = TL__AXIS_REAL, .max = 1, .key = 3, .under = 1, .when = 1}}};
    static double points[N * 3], losses[N];
    double shares[3];
    tl__search_view view = {.heap = &context->heap, .space = &space, .seed = 1};
    for (int i = 0; i < N; i++) {
        double *p = points + 3 * i;
        tl__search_spread(&view, i, p);
        tl__space_settle(&space, p);
        losses[i] = p[0] + (p[0] == 0 ? p[2] - .5 : 0);    /* variances: 1/4 of the name, 1/2 * 1/12 of the other */
    }
    assert_int_equal(tl__importance(&context->heap, &space, points, losses, N, 1, shares, NULL), TL_OK);
    if (!(tl__abs(shares[0] - 6. / 7) < .05 && shares[1] < .07 && tl__abs(shares[2] - 1. / 7) < .02))
        fail_msg("%g %g %g", shares[0], shares[1], shares[2]);
}

/* The best place at a corner is found, though methods look inside first. */
static void test_corner(void **state)
{
    (void)state;
    enum { N = 40 };
    tl__space space = {2, {{.kind = TL__AXIS_REAL, .max = 1, .key = 1}, {.kind = TL__AXIS_REAL, .max = 1, .key = 2}}};
    for (size_t m = 2; m < tl__search_family()->count; m++) {
        double points[N * 2], losses[N], best = 9;
        for (int64_t i = 0; i < N; i++) {
            tl__search_view view = {&context->heap, &space, 5, i, (size_t)i, points, losses};
            double *p = points + 2 * i;
            assert_int_equal(tl__search_propose(tl__search_method_at(m), &view, 1, p, NULL), TL_OK);
            losses[i] = p[0] + 1 - p[1];
            if (losses[i] < best) best = losses[i];
        }
        assert_true(best < (tl__same_text(tl__search_method_at(m)->head.name, "bayesian") ? 1e-6 : .1));
    }
}

/* More points than the Gaussian process keeps. */
static void test_many(void **state)
{
    (void)state;
    enum { N = 300 };
    tl__space space = {1, {{.kind = TL__AXIS_REAL, .max = 1, .key = 1}}};
    static double points[N], losses[N];
    double out[2];
    for (int i = 0; i < N; i++) points[i] = i * 7 % N / (double)N, losses[i] = tl__abs(points[i] - .337);
    for (size_t m = 2; m < tl__search_family()->count; m++) {
        tl__search_view view = {&context->heap, &space, 1, N, N, points, losses};
        assert_int_equal(tl__search_method_at(m)->propose(&view, 2, out, NULL), TL_OK);
        assert_true(tl__abs(out[0] - .337) < .1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_normal, setup, teardown),
        cmocka_unit_test_setup_teardown(test_gaussian, setup, teardown),
        cmocka_unit_test_setup_teardown(test_tpe, setup, teardown),
        cmocka_unit_test_setup_teardown(test_axes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_stop, setup, teardown),
        cmocka_unit_test_setup_teardown(test_importance, setup, teardown),
        cmocka_unit_test_setup_teardown(test_all_methods, setup, teardown),
        cmocka_unit_test_setup_teardown(test_conditions, setup, teardown),
        cmocka_unit_test_setup_teardown(test_tpe_conditions, setup, teardown),
        cmocka_unit_test_setup_teardown(test_importance_conditions, setup, teardown),
        cmocka_unit_test_setup_teardown(test_corner, setup, teardown),
        cmocka_unit_test_setup_teardown(test_many, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
