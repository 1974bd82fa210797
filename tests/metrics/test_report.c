/* The classification report, letter by letter as scikit-learn prints it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "metrics/metrics.h"

static void report(const int32_t *truth, const int32_t *predicted, size_t rows, size_t classes, const char *const *names,
                   const char *want)
{
    tl__heap heap;
    tl__buffer out;
    int64_t counts[16] = {0};
    tl__heap_init(&heap, NULL, 0);
    tl__buffer_init(&out, &heap);
    assert_true(tl__confusion_add(counts, classes, truth, predicted, rows));
    tl__class_report(&out, counts, classes, names);
    assert_false(out.failed);
    assert_string_equal(out.data, want);
    tl__buffer_free(&out);
    assert_int_equal(heap.in_use, 0);
}

static void test_named(void **state)
{
    const int32_t truth[] = {0, 1, 2, 2, 2}, predicted[] = {0, 0, 2, 2, 1};
    const char *const names[] = {"class 0", "class 1", "class 2"};
    (void)state;
    report(truth, predicted, 5, 3, names,
           "              precision    recall  f1-score   support\n"
           "\n"
           "     class 0       0.50      1.00      0.67         1\n"
           "     class 1       0.00      0.00      0.00         1\n"
           "     class 2       1.00      0.67      0.80         3\n"
           "\n"
           "    accuracy                           0.60         5\n"
           "   macro avg       0.50      0.56      0.49         5\n"
           "weighted avg       0.70      0.60      0.61         5\n");
}

static void test_numbered_and_wide(void **state)
{
    const int32_t truth[] = {0, 1}, predicted[] = {0, 1};
    const char *const names[] = {"a name beyond the column", "b"};
    (void)state;
    report(truth, predicted, 2, 2, NULL,
           "              precision    recall  f1-score   support\n"
           "\n"
           "           0       1.00      1.00      1.00         1\n"
           "           1       1.00      1.00      1.00         1\n"
           "\n"
           "    accuracy                           1.00         2\n"
           "   macro avg       1.00      1.00      1.00         2\n"
           "weighted avg       1.00      1.00      1.00         2\n");
    report(truth, predicted, 2, 2, names,
           "                          precision    recall  f1-score   support\n"
           "\n"
           "a name beyond the column       1.00      1.00      1.00         1\n"
           "                       b       1.00      1.00      1.00         1\n"
           "\n"
           "                accuracy                           1.00         2\n"
           "               macro avg       1.00      1.00      1.00         2\n"
           "            weighted avg       1.00      1.00      1.00         2\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_named), cmocka_unit_test(test_numbered_and_wide)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
