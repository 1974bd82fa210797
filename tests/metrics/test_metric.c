/* The metrics by name: every one gives a number where it is defined, NaN where it is not, and likes perfect predictions
 * better than poor ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "metrics/metrics.h"

#include <math.h>

static const int32_t truth[] = {0, 1, 2, 0, 1, 2};
static const double perfect[] = {1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 0, 1};
static const double poor[] = {0.2, 0.5, 0.3, 0.4, 0.3, 0.3, 0.6, 0.2, 0.2, 0.5, 0.3, 0.2, 0.1, 0.8, 0.1, 0.3, 0.4, 0.3};
static const double values[] = {1, 2, 4, 3, 5, 6}, off[] = {1.5, 1, 4, 4, 4, 9}, low[] = {0, 0, 0, 0, 0, 0};

static tl__scored scored_classes(const double *p)
{
    return (tl__scored){.rows = 6, .classes = 3, .truth = truth, .probabilities = tl__of_doubles(p), .background = -1};
}

static tl__scored scored_values(const double *p)
{
    return (tl__scored){.rows = 6, .outputs = 1, .values = tl__of_doubles(values), .predicted = tl__of_doubles(p),
                        .low = tl__of_doubles(low), .high = tl__of_doubles(p), .series = tl__of_doubles(values),
                        .series_length = 6, .season = 1};
}

static void test_all(void **state)
{
    const tl__family *family = tl__metric_family();
    tl__heap heap;
    (void)state;
    tl__heap_init(&heap, NULL, 0);
    for (size_t i = 0; i < family->count; i++) {
        const tl__metric *metric = (const tl__metric *)(const void *)tl__family_member(family, i);
        const char *name = metric->head.name;
        tl__scored best = metric->of_classes ? scored_classes(perfect) : scored_values(values);
        tl__scored worse = metric->of_classes ? scored_classes(poor) : scored_values(off), none = best;
        double at_best, at_worse, at_none;
        assert_int_equal(metric->value(&heap, &best, &at_best), TL_OK);
        assert_int_equal(metric->value(&heap, &worse, &at_worse), TL_OK);
        none.rows = 0;
        assert_int_equal(metric->value(&heap, &none, &at_none), TL_OK);
        if (!isfinite(at_best) || !isfinite(at_worse)) fail_msg("%s is not a number", name);
        if (!isnan(at_none)) fail_msg("%s of nothing is %g", name, at_none);
        if (!(metric->more_is_better ? at_best > at_worse : at_best < at_worse))
            fail_msg("%s: perfect %g, poor %g", name, at_best, at_worse);
        assert_true(strlen(metric->head.help) > 10);
        assert_ptr_equal(tl__metric_find(name, NULL), metric);
    }
    assert_int_equal(heap.in_use, 0);
}

static void test_names(void **state)
{
    tl_error error = {0};
    (void)state;
    assert_string_equal(tl__metric_find("ece", NULL)->head.name, "calibration_error");
    assert_string_equal(tl__metric_find("roc_auc", NULL)->head.name, "auc");
    assert_null(tl__metric_find("balanced_acuracy", &error));
    assert_non_null(strstr(error.message, "did you mean 'balanced_accuracy'?"));
}

static void test_memory(void **state)
{
    const tl__scored scored = scored_classes(poor);
    tl__heap tight;
    double out;
    (void)state;
    tl__heap_init(&tight, NULL, 16);
    assert_int_equal(tl__metric_find("accuracy", NULL)->value(&tight, &scored, &out), TL_OUT_OF_MEMORY);
    assert_int_equal(tl__metric_find("auc", NULL)->value(&tight, &scored, &out), TL_OUT_OF_MEMORY);
    assert_int_equal(tight.in_use, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_all), cmocka_unit_test(test_names),
                                       cmocka_unit_test(test_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
