/* Searches over a function of one's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/context.h"
#include "base/math.h"
#include "support/failing.h"

static double branin(const double *x)
{
    const double pi = 3.14159265358979323846, t = x[1] - 5.1 / (4 * pi * pi) * x[0] * x[0] + 5 / pi * x[0] - 6;
    return t * t + 10 * (1 - 1 / (8 * pi)) * tl__cos(x[0]) + 10;
}

/* The minimum of Branin's function is 0.397887; 40 trials come within 0.02 of it, and the same every time. */
static void test_branin(void **state)
{
    (void)state;
    double found[2];
    for (int turn = 0; turn < 2; turn++) {
        tl_context *context = tl_context_new(NULL);
        tl_search *search;
        double x[2], loss;
        int64_t trial, best;
        assert_int_equal(tl_search_new(context, "method: bayesian, parameters: {x: {min: -5, max: 10}, y: {min: 0, max: 15}}",
                                       1, &search, NULL), TL_OK);
        assert_int_equal(tl_search_best(search, NULL, NULL, NULL, NULL), TL_NOT_FOUND);
        for (int i = 0; i < 40; i++) {
            assert_int_equal(tl_search_ask(search, &trial, x, NULL), TL_OK);
            assert_int_equal(trial, i);
            assert_int_equal(tl_search_tell(search, trial, i == 7 ? 0.0 / 0.0 : branin(x), NULL), TL_OK);
        }
        assert_int_equal(tl_search_best(search, &best, x, &loss, NULL), TL_OK);
        assert_true(loss < 0.397887 + 0.02 && loss == branin(x) && best != 7);
        assert_int_equal(tl_search_tell(search, 40, 1, NULL), TL_INVALID);
        found[turn] = loss;
        tl_search_free(search);
        tl_context_free(context);
    }
    assert_true(found[0] == found[1]);
}

/* Values are those of the lists; what is asked twice before it is told differs. */
static void test_values(void **state)
{
    (void)state;
    tl_context *context = tl_context_new(NULL);
    tl_search *search;
    tl_error error = {0};
    double x[4], other[4];
    int64_t trial;
    assert_int_equal(tl_search_new(context, "method: tpe, parameters: {size: [16, 32, 64], kind: [adam, sgd], rate: {min: -4, "
                                   "max: -2, scale: log10}, share: {min: 0, max: 0.5, step: 0.25}}", 1, &search, &error), TL_OK);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(tl_search_ask(search, &trial, x, NULL), TL_OK);
        assert_true((x[0] == 16 || x[0] == 32 || x[0] == 64) && (x[1] == 0 || x[1] == 1) && x[2] >= 1e-4 && x[2] <= 1e-2 &&
                    (x[3] == 0 || x[3] == 0.25 || x[3] == 0.5));
        assert_int_equal(tl_search_ask(search, &trial, other, NULL), TL_OK);
        assert_true(x[2] != other[2]);
        tl_search_tell(search, trial - 1, x[3] + x[1], NULL);
        tl_search_tell(search, trial, other[3] + other[1], NULL);
    }
    tl_search_best(search, NULL, x, other, NULL);
    assert_true(x[3] == 0 && x[1] == 0 && other[0] == 0);
    tl_search_free(search);
    assert_int_equal(tl_search_new(context, "parameters: {x: 3}", 1, &search, &error), TL_BAD_CONFIG);
    assert_non_null(strstr(error.message, "a list of values or a range"));
    tl_context_free(context);
}

static tl_status scenario(tl__heap *heap, void *user)
{
    (void)user;
    tl_context context = {.heap = *heap};
    tl_search *search;
    tl_error error = {0};
    double x[1];
    int64_t trial;
    tl_status status = tl_search_new(&context, "method: tpe, parameters: {x: {min: 0, max: 1}}", 1, &search, &error);
    if (status != TL_OK) return status;
    for (int i = 0; i < 70 && status == TL_OK; i++) {
        status = tl_search_ask(search, &trial, x, &error);
        if (status == TL_OK) status = tl_search_tell(search, trial, x[0], &error);
    }
    tl_search_free(search);
    *heap = context.heap;
    return status;
}

static void test_memory(void **state)
{
    (void)state;
    assert_true(failing_sweep(scenario, NULL) > 60);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_branin), cmocka_unit_test(test_values),
                                       cmocka_unit_test(test_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
