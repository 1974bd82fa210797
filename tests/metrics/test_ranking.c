/* ROC and precision-recall: the examples of scikit-learn's documentation, ties, corners, memory that runs out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "metrics/metrics.h"
#include "support/failing.h"

#include <math.h>

static const int32_t truth[] = {0, 0, 1, 1};
static const double scores[] = {0.1, 0.4, 0.35, 0.8};

static void near(double got, double want)
{
    if (!(fabs(got - want) <= 1e-12)) fail_msg("%.17g is not %.17g", got, want);
}

static double auc(const int32_t *classes, const double *values, size_t rows)
{
    tl__heap heap;
    double out = -1.0;
    tl__heap_init(&heap, NULL, 0);
    assert_int_equal(tl__roc_auc(&heap, classes, tl__of_doubles(values), rows, 1, 0, 1, &out), TL_OK);
    assert_int_equal(heap.in_use, 0);
    return out;
}

static void test_documented(void **state)
{
    tl__heap heap;
    tl__curve curve;
    double value;
    const double x[] = {0.0, 0.0, 0.5, 0.5, 1.0}, y[] = {0.0, 0.5, 0.5, 1.0, 1.0}, at[] = {INFINITY, 0.8, 0.4, 0.35, 0.1};
    (void)state;
    tl__heap_init(&heap, NULL, 0);
    near(auc(truth, scores, 4), 0.75);
    assert_int_equal(tl__average_precision(&heap, truth, tl__of_doubles(scores), 4, 1, 0, 1, &value), TL_OK);
    near(value, 0.5 + 0.5 * 2.0 / 3.0);
    assert_int_equal(tl__roc_curve(&heap, truth, tl__of_doubles(scores), 4, 1, 0, 1, 0, &curve), TL_OK);
    assert_int_equal(curve.count, 5);
    for (size_t i = 0; i < 5; i++) {
        near(curve.x[i], x[i]);
        near(curve.y[i], y[i]);
        assert_true(curve.threshold[i] == at[i]);
    }
    near(tl__curve_area(&curve), 0.75);
    tl__curve_free(&heap, &curve);
    assert_int_equal(tl__precision_recall_curve(&heap, truth, tl__of_doubles(scores), 4, 1, 0, 1, 0, &curve), TL_OK);
    near(curve.y[0], 1.0);
    near(curve.x[0], 0.0);
    near(curve.x[4], 1.0);
    near(curve.y[4], 0.5);
    tl__curve_free(&heap, &curve);
    assert_int_equal(heap.in_use, 0);
}

static void test_ties_and_corners(void **state)
{
    const double tied[] = {0.3, 0.3, 0.3, 0.3}, half[] = {0.1, 0.5, 0.5, 0.9}, broken[] = {0.1, NAN, 0.3, 0.4};
    const double infinite[] = {-INFINITY, 0.0, 1.0, INFINITY};
    const int32_t positive[] = {1, 1, 1, 1}, negative[] = {0, 0, 0, 0}, some[] = {0, -1, -1, 1};
    tl__heap heap;
    tl__curve curve;
    double value;
    (void)state;
    tl__heap_init(&heap, NULL, 0);
    near(auc(truth, tied, 4), 0.5);
    near(auc(truth, half, 4), (1.0 + 0.5 + 1.0 + 1.0) / 4.0);
    near(auc(truth, infinite, 4), 1.0);
    near(auc(some, scores, 4), 1.0);               /* rows without a class do not count */
    assert_true(isnan(auc(positive, scores, 4)));
    assert_true(isnan(auc(negative, scores, 4)));
    assert_true(isnan(auc(truth, broken, 4)));
    assert_true(isnan(auc(truth, scores, 0)));
    assert_int_equal(tl__average_precision(&heap, negative, tl__of_doubles(scores), 4, 1, 0, 1, &value), TL_OK);
    assert_true(isnan(value));
    assert_int_equal(tl__average_precision(&heap, positive, tl__of_doubles(scores), 4, 1, 0, 1, &value), TL_OK);
    near(value, 1.0);
    assert_int_equal(tl__roc_curve(&heap, positive, tl__of_doubles(scores), 4, 1, 0, 1, 0, &curve), TL_OK);
    assert_int_equal(curve.count, 0);
    tl__curve_free(&heap, &curve);
    assert_int_equal(heap.in_use, 0);
}

/* Against the definition: the share of pairs in the right order. */
static void test_pairs(void **state)
{
    int32_t classes[61];
    double values[61];
    uint32_t random = 9;
    (void)state;
    for (int round = 0; round < 20; round++) {
        double right = 0.0, pairs = 0.0;
        size_t rows = 2 + (size_t)round * 3;
        for (size_t i = 0; i < rows; i++) {
            random = random * 1664525u + 1013904223u;
            values[i] = (double)(random >> 28) / 16.0;   /* many ties */
            classes[i] = (int32_t)(random >> 20 & 1);
        }
        classes[0] = 0, classes[1] = 1;
        for (size_t i = 0; i < rows; i++)
            for (size_t j = 0; j < rows; j++)
                if (classes[i] == 1 && classes[j] == 0) {
                    right += values[i] > values[j] ? 1.0 : values[i] < values[j] ? 0.0 : 0.5;
                    pairs += 1.0;
                }
        near(auc(classes, values, rows), right / pairs);
    }
}

/* Any numbers: floats are ranked as the doubles of the same value are, both by the definition; -0 ties with 0. */
static void test_numbers(void **state)
{
    enum { ROWS = 400 };
    static float floats[ROWS];
    static double doubles[ROWS];
    static int32_t classes[ROWS];
    uint32_t random = 77;
    double right = 0.0, pairs = 0.0, values[2], precisions[2];
    tl__curve curves[2];
    tl__heap heap;
    (void)state;
    tl__heap_init(&heap, NULL, 0);
    for (size_t i = 0; i < ROWS; i++) {
        random = random * 1664525u + 1013904223u;
        classes[i] = (int32_t)(random >> 13 & 1);
        floats[i] = ldexpf((float)(int32_t)(random >> 8) - 8388608.0f, -(int)(random >> 3 & 31) * 5);
        if (i % 7 == 0) floats[i] = i % 2 ? -0.0f : 0.0f;
        if (i % 31 == 0) floats[i] = i % 2 ? INFINITY : -INFINITY;
        doubles[i] = (double)floats[i];
    }
    for (size_t i = 0; i < ROWS; i++)
        for (size_t j = 0; j < ROWS; j++) {
            if (classes[i] != 1 || classes[j] != 0) continue;
            right += floats[i] > floats[j] ? 1.0 : floats[i] < floats[j] ? 0.0 : 0.5;
            pairs += 1.0;
        }
    for (int d = 0; d < 2; d++) {
        const tl__reals numbers = d ? tl__of_doubles(doubles) : tl__of_floats(floats);
        const size_t before = heap.in_use;
        tl__ranking ranking;
        assert_int_equal(tl__ranking_new(&heap, classes, numbers, ROWS, 1, 0, 1, &ranking), TL_OK);
        assert_int_equal(heap.in_use - before, tl__ranking_bytes(ROWS));
        values[d] = tl__ranking_auc(&ranking);
        precisions[d] = tl__ranking_precision(&ranking);
        assert_int_equal(tl__ranking_roc(&heap, &ranking, 0, &curves[d]), TL_OK);
        tl__ranking_free(&heap, &ranking);
    }
    near(values[0], right / pairs);
    assert_true(values[0] == values[1] && precisions[0] == precisions[1]);
    assert_int_equal(curves[0].count, curves[1].count);
    for (size_t i = 0; i < curves[0].count; i++) {
        assert_true(curves[0].x[i] == curves[1].x[i] && curves[0].y[i] == curves[1].y[i]);
        assert_true(curves[0].threshold[i] == curves[1].threshold[i]);
        assert_true(i < 2 || curves[0].threshold[i] < curves[0].threshold[i - 1]);
    }
    for (int d = 0; d < 2; d++) tl__curve_free(&heap, &curves[d]);
    assert_int_equal(heap.in_use, 0);
}

static void test_thinning(void **state)
{
    enum { ROWS = 1000 };
    static int32_t classes[ROWS];
    static double values[ROWS];
    tl__heap heap;
    tl__curve curve;
    (void)state;
    tl__heap_init(&heap, NULL, 0);
    for (size_t i = 0; i < ROWS; i++) classes[i] = i * 7 % 3 == 0, values[i] = (double)(i * 31 % 997);
    assert_int_equal(tl__roc_curve(&heap, classes, tl__of_doubles(values), ROWS, 1, 0, 1, 50, &curve), TL_OK);
    assert_int_equal(curve.count, 50);
    near(curve.x[0] + curve.y[0], 0.0);
    near(curve.x[49] + curve.y[49], 2.0);
    for (size_t i = 1; i < 50; i++) assert_true(curve.x[i] >= curve.x[i - 1] && curve.y[i] >= curve.y[i - 1]);
    tl__curve_free(&heap, &curve);
    assert_int_equal(heap.in_use, 0);
}

/* Several classes: a class without rows is left out of the mean. */
static void test_classes(void **state)
{
    const int32_t three[] = {0, 0, 1, 1};
    const double p[] = {0.7, 0.2, 0.1, 0.4, 0.5, 0.1, 0.2, 0.7, 0.1, 0.6, 0.3, 0.1};
    tl__heap heap;
    double per_class[3], macro, weighted, pairs;
    (void)state;
    tl__heap_init(&heap, NULL, 0);
    assert_int_equal(tl__auc(&heap, three, tl__of_doubles(p), 4, 3, false, per_class, &macro), TL_OK);
    near(per_class[0], 0.75);
    near(per_class[1], 0.75);
    assert_true(isnan(per_class[2]));
    near(macro, 0.75);
    assert_int_equal(tl__auc(&heap, three, tl__of_doubles(p), 4, 3, true, NULL, &weighted), TL_OK);
    near(weighted, 0.75);
    assert_int_equal(tl__auc_one_vs_one(&heap, three, tl__of_doubles(p), 4, 3, &pairs), TL_OK);
    near(pairs, 0.75);
    assert_int_equal(tl__auc(&heap, three, tl__of_doubles(p), 0, 3, false, NULL, &macro), TL_OK);
    assert_true(isnan(macro));
}

static tl_status scenario(tl__heap *heap, void *user)
{
    tl__curve curve;
    double value;
    (void)user;
    TL_TRY(tl__average_precision(heap, truth, tl__of_doubles(scores), 4, 1, 0, 1, &value));
    TL_TRY(tl__roc_curve(heap, truth, tl__of_doubles(scores), 4, 1, 0, 1, 0, &curve));
    tl__curve_free(heap, &curve);
    return TL_OK;
}

static void test_memory(void **state)
{
    (void)state;
    assert_int_equal(failing_sweep(scenario, NULL), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_documented), cmocka_unit_test(test_ties_and_corners), cmocka_unit_test(test_pairs),
        cmocka_unit_test(test_thinning),   cmocka_unit_test(test_classes),          cmocka_unit_test(test_memory),
        cmocka_unit_test(test_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
