/* Figures of confusion matrices: published examples and the corners. More numbers, against scikit-learn, are in
 * tests/parity. */
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

/* The examples of Wikipedia's "Cohen's kappa" (20, 5, 10, 15) and "Phi coefficient" (cats: 6, 2; dogs: 1, 3). */
static void test_published(void **state)
{
    const int64_t votes[] = {20, 5, 10, 15}, cats[] = {6, 2, 1, 3};
    tl__class_summary s;
    (void)state;
    tl__class_summarize(votes, 2, -1, &s);
    near(s.kappa, 0.4);
    near(s.accuracy, 0.7);
    tl__class_summarize(cats, 2, -1, &s);
    near(s.mcc, 16.0 / sqrt(8.0 * 4.0 * 5.0 * 7.0));
}

static void test_by_hand(void **state)
{
    /* true 0: 3 right, 1 as 1; true 1: 2 right, 2 as 2; true 2 does not occur */
    const int64_t counts[] = {3, 1, 0, 0, 2, 2, 0, 0, 0};
    tl__class_figures f[3];
    tl__class_summary s;
    (void)state;
    tl__class_figures_of(counts, 3, f);
    near(f[0].precision, 1.0);
    near(f[0].recall, 0.75);
    near(f[1].precision, 2.0 / 3.0);
    near(f[1].recall, 0.5);
    near(f[1].f1, 4.0 / 7.0);
    near(f[2].precision, 0.0);   /* predicted twice, never right */
    near(f[2].recall, 0.0);      /* nothing to find: zero_division 0 */
    near(f[2].f1, 0.0);
    near(f[1].false_positive_rate, 0.25);
    near(f[2].false_positive_rate, 0.25);
    assert_int_equal(f[2].support, 0);
    assert_int_equal(f[2].predicted, 2);
    tl__class_summarize(counts, 3, -1, &s);
    assert_int_equal(s.rows, 8);
    near(s.accuracy, 5.0 / 8.0);
    near(s.balanced_accuracy, (0.75 + 0.5) / 2.0);   /* over the classes that occur */
    near(s.recall_macro, (0.75 + 0.5) / 3.0);        /* over all */
    near(s.recall_weighted, 5.0 / 8.0);
    near(s.recognition_rate, (0.75 + 0.5) / 2.0);
    near(s.false_positive_rate, (0.0 + 0.25 + 0.25) / 3.0);
    tl__class_summarize(counts, 3, 0, &s);
    near(s.recognition_rate, 0.5);                   /* without the background class */
}

static void test_corners(void **state)
{
    const int64_t none[] = {0, 0, 0, 0}, one[] = {7}, same[] = {5, 0, 0, 0};
    tl__class_summary s;
    (void)state;
    tl__class_summarize(none, 2, -1, &s);
    assert_int_equal(s.rows, 0);
    assert_true(isnan(s.accuracy) && isnan(s.f1_macro) && isnan(s.mcc) && isnan(s.recognition_rate));
    tl__class_summarize(one, 1, -1, &s);
    near(s.accuracy, 1.0);
    near(s.mcc, 0.0);
    assert_true(isnan(s.kappa) && isnan(s.kappa_quadratic));
    tl__class_summarize(one, 1, 0, &s);
    assert_true(isnan(s.recognition_rate));          /* all is background */
    tl__class_summarize(same, 2, -1, &s);
    near(s.balanced_accuracy, 1.0);
    assert_true(isnan(s.kappa));
}

static void test_predicted_classes(void **state)
{
    const float p[] = {0.5f, 0.5f, 0.2f, 0.8f, 0.9f, 0.1f}, broken[] = {NAN, 0.1f, 0.1f, NAN};
    const double one[] = {0.5, 0.500001, 0.0};
    int32_t out[3];
    (void)state;
    tl__predicted_classes(tl__of_floats(p), 3, 2, out);
    assert_true(out[0] == 0 && out[1] == 1 && out[2] == 0);   /* ties: the first */
    tl__predicted_classes(tl__of_doubles(one), 3, 1, out);
    assert_true(out[0] == 0 && out[1] == 1 && out[2] == 0);
    tl__predicted_classes(tl__of_floats(broken), 2, 2, out);
    assert_true(out[0] == 0 && out[1] == 0);
    tl__predicted_classes(tl__of_floats(NULL), 0, 2, out);
}

static void test_counting(void **state)
{
    const int32_t truth[] = {0, 1, -1, 1, 5, 0}, predicted[] = {0, 0, 1, 1, 1, 9};
    int64_t counts[4] = {0}, classes[2];
    (void)state;
    assert_false(tl__confusion_add(counts, 2, truth, predicted, 6));
    assert_true(counts[0] == 1 && counts[1] == 0 && counts[2] == 1 && counts[3] == 1);
    assert_true(tl__confusion_add(counts, 2, truth, predicted, 4));   /* a row without a class is no mistake */
    assert_true(counts[0] == 2);
    tl__class_counts(truth, 6, 2, classes);
    assert_true(classes[0] == 2 && classes[1] == 2);
}

static void test_weights_and_balance(void **state)
{
    const int64_t counts[] = {90, 10, 0}, equal[] = {4, 4}, none[] = {0, 0};
    double w[3];
    (void)state;
    tl__balanced_weights(counts, 3, w);
    near(w[0] + w[1], 2.0);          /* B4: they sum to the number of classes (that occur) */
    near(w[1] / w[0], 9.0);
    near(w[2], 0.0);
    tl__balanced_weights_plain(counts, 3, w);
    near(w[0], 100.0 / (2.0 * 90.0));
    near(w[1], 5.0);
    tl__balanced_weights(equal, 2, w);
    near(w[0], 1.0);
    tl__balanced_weights(none, 2, w);
    near(w[0], 0.0);
    near(tl__class_balance(equal, 2), 1.0);
    near(tl__class_balance(counts, 2), 1.0 - 40.0 / 50.0);
    near(tl__class_balance(counts, 3), 0.0);   /* std / mean is above 1 */
    assert_true(isnan(tl__class_balance(none, 2)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published), cmocka_unit_test(test_by_hand),
        cmocka_unit_test(test_corners),   cmocka_unit_test(test_predicted_classes),
        cmocka_unit_test(test_counting),  cmocka_unit_test(test_weights_and_balance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
