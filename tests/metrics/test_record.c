/* Metrics to JSON and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "metrics/record.h"
#include "support/failing.h"
#include "text/yaml.h"

#include <math.h>

static const int32_t truth[] = {0, 0, 1, 1};
static const double p[] = {0.9, 0.1, 0.6, 0.4, 0.65, 0.35, 0.2, 0.8};
static const double y[] = {3.0, -0.5, 2.0, 7.0}, predicted[] = {2.5, 0.0, 2.0, 8.0};
static const char *const names[] = {"hold", "buy"};

static void check(const tl__tree *tree, tl_scores *scores)
{
    const tl_value *test = tl_value_get(&tree->root, "test");
    assert_string_equal(tl_value_text(tl_value_get(test, "per_class[1].class"), ""), "buy");
    assert_int_equal(tl_value_integer(tl_value_get(test, "confusion[1][0]"), -1), 1);
    assert_true(tl_value_number(tl_value_get(test, "per_class[1].recall"), -1.0) == 0.5);
    assert_true(fabs(tl_value_number(tl_value_get(test, "log_loss"), 0.0) +
                     (log(0.9) + log(0.6) + log(0.35) + log(0.8)) / 4.0) < 1e-12);
    assert_true(tl_value_count(tl_value_get(test, "confidence_distribution")) == 5);
    assert_int_equal(tl_value_count(tl_value_get(test, "roc")), 1);
    assert_string_equal(tl_value_text(tl_value_get(test, "roc[0].class"), ""), "buy");
    assert_int_equal(tl_value_count(tl_value_get(test, "roc[0].threshold")), 5);
    assert_true(tl_value_number(tl_value_get(test, "roc[0].threshold[1]"), 0.0) == 0.8);
    assert_true(tl_value_number(tl_value_get(test, "roc[0].true_positive_rate[1]"), 0.0) == 0.5);
    assert_true(tl_value_number(tl_value_get(test, "roc[0].false_positive_rate[4]"), 0.0) == 1.0);
    tl__record_read(test, &scores[0]);
    tl__record_read(tl_value_get(&tree->root, "values"), &scores[1]);
}

/* The tree of both kinds, as text and read again. */
static tl_status scenario(tl__heap *heap, void *user)
{
    const tl__scored classes = {.rows = 4, .classes = 2, .truth = truth, .probabilities = tl__of_doubles(p),
                                .background = -1, .positive = -1};
    const tl__scored values = {.rows = 4, .outputs = 1, .values = tl__of_doubles(y),
                               .predicted = tl__of_doubles(predicted)};
    tl__tree *tree, *again = NULL;
    tl__builder builder;
    tl__buffer text;
    TL_TRY(tl__tree_new(heap, NULL, &tree));
    tl__builder_init(&builder, tree);
    tl__buffer_init(&text, heap);
    tl__put_map(&builder, NULL, NULL);
    tl_status status = tl__record_classes(heap, &builder, &tree->root, "test", &classes, names, NULL);
    if (status == TL_OK) status = tl__record_values(heap, &builder, &tree->root, "values", &values, NULL);
    if (status == TL_OK) {
        tl__json_write(&text, &tree->root, 2);
        status = text.failed ? TL_OUT_OF_MEMORY : tl__tree_new(heap, NULL, &again);
    }
    if (status == TL_OK) status = tl__json_parse(again, text.data, text.size, NULL);
    if (status == TL_OK && user) check(again, user);
    tl__buffer_free(&text);
    if (again) tl__tree_free(again);
    tl__tree_free(tree);
    return status;
}

static void test_round_trip(void **state)
{
    tl_scores scores[2];
    tl__heap heap;
    (void)state;
    tl__heap_init(&heap, NULL, 0);
    assert_int_equal(scenario(&heap, scores), TL_OK);
    assert_int_equal(heap.in_use, 0);
    assert_int_equal(scores[0].samples, 4);
    assert_true(scores[0].accuracy == 0.75 && scores[0].auc == 0.75 && scores[0].balanced_accuracy == 0.75);
    assert_true(isnan(scores[0].mse) && isnan(scores[0].loss));
    assert_true(scores[1].mse == 0.375 && scores[1].mae == 0.5 && isnan(scores[1].accuracy));
}

/* Classes by number, a series with its intervals, and a matrix that is too large to be told. */
static void test_other_forms(void **state)
{
    enum { CLASSES = 101 };
    static double many[2 * CLASSES];
    const tl__scored classes = {.rows = 4, .classes = 2, .truth = truth, .probabilities = tl__of_doubles(p),
                                .background = -1};
    const tl__scored large = {.rows = 2, .classes = CLASSES, .truth = truth, .probabilities = tl__of_doubles(many),
                              .background = -1};
    const tl__scored values = {.rows = 4, .outputs = 1, .values = tl__of_doubles(y),
                               .predicted = tl__of_doubles(predicted), .low = tl__of_doubles(predicted),
                               .high = tl__of_doubles(y), .series = tl__of_doubles(y), .series_length = 4, .season = 1};
    tl__tree *tree;
    tl__builder builder;
    tl__heap heap;
    tl_value *map;
    (void)state;
    tl__heap_init(&heap, NULL, 0);
    assert_int_equal(tl__tree_new(&heap, NULL, &tree), TL_OK);
    tl__builder_init(&builder, tree);
    tl__put_map(&builder, NULL, NULL);
    assert_int_equal(tl__record_classes(&heap, &builder, &tree->root, "a", &classes, NULL, &map), TL_OK);
    assert_int_equal(tl_value_integer(tl_value_get(map, "per_class[1].class"), -1), 1);
    assert_int_equal(tl__record_classes(&heap, &builder, &tree->root, "b", &large, NULL, &map), TL_OK);
    assert_null(tl_value_get(map, "confusion"));
    assert_true(tl_value_number(tl_value_get(map, "accuracy"), -1.0) == 1.0);
    assert_int_equal(tl__record_values(&heap, &builder, &tree->root, "c", &values, &map), TL_OK);
    assert_true(tl_value_number(tl_value_get(map, "coverage"), -1.0) == 0.5);   /* 3 and 2; not -0.5 and 7 */
    assert_true(fabs(tl_value_number(tl_value_get(map, "mase"), -1.0) - 0.5 / (11.0 / 3.0)) < 1e-12);
    tl__tree_free(tree);
    assert_int_equal(heap.in_use, 0);
}

static void test_nothing_there(void **state)
{
    tl_scores scores;
    (void)state;
    tl__record_read(NULL, &scores);
    assert_int_equal(scores.samples, 0);
    assert_true(isnan(scores.accuracy) && isnan(scores.r2));
}

static void test_memory(void **state)
{
    (void)state;
    assert_true(failing_sweep(scenario, NULL) > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_round_trip), cmocka_unit_test(test_other_forms),
                                       cmocka_unit_test(test_nothing_there),
                                       cmocka_unit_test(test_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
