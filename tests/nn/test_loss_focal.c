/* The focal loss against its definition in double (Lin et al., 2017, formula 5), its alphas, and its limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "kernels/kernels.h"
#include "nn/loss.h"

#include <math.h>

enum { ROWS = 5, SETTINGS = 256 };

static const tl__loss *focal(void *settings, double gamma)
{
    const tl__loss *loss = tl__loss_find("focal", NULL);
    memset(settings, 0, SETTINGS);
    tl__field_defaults(loss->head.rows, settings);
    for (const tl__field *row = loss->head.rows; row->name; row++)
        if (row->name[0] == 'g') *(double *)(void *)((char *)settings + row->offset) = gamma;
    return loss;
}

static void set_alpha(const tl__loss *loss, void *settings, size_t count, const double *items)
{
    for (const tl__field *row = loss->head.rows; row->name; row++)
        if (row->name[0] == 'a')
            *(tl__float_list *)(void *)((char *)settings + row->offset) = (tl__float_list){count, items};
}

static const float logits[ROWS * 3] = {0.1f, -1.2f, 2.0f, 3.0f, 0.5f, -0.5f, -2.0f, 1.0f, 0.0f,
                                       8.0f, -8.0f, 1.0f, 0.3f, 0.2f, 0.1f};
static const float classes[ROWS] = {2, 1, 0, 0, 1};

static void run(const tl__loss *loss, void *settings, size_t width, const float *outputs, float *gradient, float *losses)
{
    tl__loss_call call = {.kernels = tl__kernels_choose(NULL), .settings = settings, .outputs = outputs, .width = width,
                          .targets = classes, .scale = 1.0, .gradient = gradient, .row_losses = losses};
    loss->rows(&call, 0, ROWS);
}

static void test_definition(void **state)
{
    const double gammas[] = {0.0, 0.5, 1.0, 2.0, 2.5, 5.0}, alpha[] = {0.5, 1.0, 2.0};
    (void)state;
    for (size_t k = 0; k < TL_COUNT(gammas); k++) {
        _Alignas(16) char settings[SETTINGS];
        float gradient[ROWS * 3], losses[ROWS], weights[3];
        const tl__loss *loss = focal(settings, gammas[k]);
        set_alpha(loss, settings, 3, alpha);
        assert_true(tl__loss_class_weights(loss, settings, 3, NULL, NULL, weights));
        run(loss, settings, 3, logits, gradient, losses);
        for (size_t i = 0; i < ROWS; i++) {
            double sum = 0.0, p[3];
            size_t t = (size_t)classes[i];
            for (size_t j = 0; j < 3; j++) sum += exp((double)logits[3 * i + j]);
            for (size_t j = 0; j < 3; j++) p[j] = exp((double)logits[3 * i + j]) / sum;
            const double q = 1.0 - p[t], want = -alpha[t] * pow(q, gammas[k]) * log(p[t]);
            assert_true(fabs((double)losses[i] - want) <= 1e-6 + 2e-6 * want);
            const double slope = alpha[t] * (gammas[k] * pow(q, gammas[k] - 1.0) * p[t] * log(p[t]) - pow(q, gammas[k]));
            for (size_t j = 0; j < 3; j++) {
                double g = slope * ((j == t ? 1.0 : 0.0) - p[j]);
                assert_true(fabs((double)gradient[3 * i + j] - g) <= 2e-6 + 5e-6 * fabs(g));
            }
        }
    }
}

/* gamma 0 and alpha 1 is the plain cross entropy. */
static void test_plain_is_cross_entropy(void **state)
{
    _Alignas(16) char settings[SETTINGS], plain[SETTINGS] = {0};
    float gradient[ROWS * 3], losses[ROWS], wanted[ROWS * 3], wanted_losses[ROWS], weights[3];
    const double ones[] = {1.0, 1.0, 1.0};
    const tl__loss *loss = focal(settings, 0.0), *entropy = tl__loss_find("cross_entropy", NULL);
    (void)state;
    set_alpha(loss, settings, 3, ones);
    assert_true(tl__loss_class_weights(loss, settings, 3, NULL, NULL, weights));
    run(loss, settings, 3, logits, gradient, losses);
    tl__field_defaults(entropy->head.rows, plain);
    run(entropy, plain, 3, logits, wanted, wanted_losses);
    for (size_t i = 0; i < ROWS; i++) assert_float_equal(losses[i], wanted_losses[i], 1e-6f);
    for (size_t i = 0; i < ROWS * 3; i++) assert_float_equal(gradient[i], wanted[i], 1e-6f);
}

/* One output z is two outputs 0 and z. */
static void test_one_output_is_two(void **state)
{
    const float one[ROWS] = {0.4f, -2.0f, 3.0f, 0.0f, -9.0f};
    float two[ROWS * 2] = {0}, gradient1[ROWS], losses1[ROWS], gradient2[ROWS * 2], losses2[ROWS], weights[2];
    _Alignas(16) char settings[SETTINGS];
    const tl__loss *loss = focal(settings, 2.0);
    (void)state;
    assert_true(tl__loss_class_weights(loss, settings, 2, NULL, NULL, weights));
    for (size_t i = 0; i < ROWS; i++) two[2 * i + 1] = one[i];
    run(loss, settings, 1, one, gradient1, losses1);
    run(loss, settings, 2, two, gradient2, losses2);
    for (size_t i = 1; i < ROWS; i++) {   /* row 0 has class 2 */
        assert_float_equal(losses1[i], losses2[i], 1e-6f);
        assert_float_equal(gradient1[i], gradient2[2 * i + 1], 1e-6f);
    }
    assert_true(isnan(losses1[0]) && isnan(losses2[0]));
}

static void test_alphas(void **state)
{
    const double scalar[] = {0.75}, list[] = {0.2, 0.8, 0.5}, balanced[] = {0.5, 1.0, 1.5}, given[] = {3.0, 4.0, 5.0};
    _Alignas(16) char settings[SETTINGS];
    float w[3];
    const tl__loss *loss = focal(settings, 2.0);
    tl_error error = {0};
    (void)state;
    assert_true(tl__loss_class_weights(loss, settings, 2, NULL, balanced, w));   /* nothing said: [0.25, 0.75] */
    assert_true(w[0] == 0.25f && w[1] == 0.75f);
    assert_true(tl__loss_class_weights(loss, settings, 3, NULL, balanced, w));   /* more classes: balanced */
    assert_true(w[0] == 0.5f && w[2] == 1.5f);
    assert_false(tl__loss_class_weights(loss, settings, 3, NULL, NULL, w));
    assert_true(tl__loss_class_weights(loss, settings, 3, given, balanced, w));  /* training.class_weights */
    assert_true(w[0] == 3.0f);
    set_alpha(loss, settings, 1, scalar);
    assert_true(tl__loss_class_weights(loss, settings, 2, given, balanced, w));
    assert_true(w[0] == 0.25f && w[1] == 0.75f);
    assert_true(tl__loss_class_weights(loss, settings, 3, given, balanced, w));
    assert_true(w[0] == 0.75f && w[2] == 0.75f);
    set_alpha(loss, settings, 3, list);
    assert_true(tl__loss_class_weights(loss, settings, 3, NULL, balanced, w));
    assert_true(w[0] == 0.2f && w[1] == 0.8f && w[2] == 0.5f);
    assert_int_equal(tl__loss_check(loss, settings, 3, 3, true, &error), TL_OK);
    assert_int_equal(tl__loss_check(loss, settings, 4, 4, true, &error), TL_BAD_CONFIG);
    assert_non_null(strstr(error.message, "3 alphas but the target has 4 classes"));
}

/* A row that is right beyond doubt: loss and gradient 0, for gammas below 1 too; and beyond doubt wrong: finite. */
static void test_certain_rows(void **state)
{
    const double gammas[] = {0.0, 0.3, 1.0, 2.0};
    (void)state;
    for (size_t k = 0; k < TL_COUNT(gammas); k++) {
        _Alignas(16) char settings[SETTINGS];
        float outputs[ROWS * 3], gradient[ROWS * 3], losses[ROWS];
        const tl__loss *loss = focal(settings, gammas[k]);
        for (size_t i = 0; i < ROWS * 3; i++) outputs[i] = i % 3 == (size_t)classes[i / 3] ? 1e4f : -1e4f;
        run(loss, settings, 3, outputs, gradient, losses);
        for (size_t i = 0; i < ROWS; i++) assert_true(losses[i] == 0.0f);
        for (size_t i = 0; i < ROWS * 3; i++) assert_true(gradient[i] == 0.0f);
        for (size_t i = 0; i < ROWS * 3; i++) outputs[i] = -outputs[i];
        run(loss, settings, 3, outputs, gradient, losses);
        for (size_t i = 0; i < ROWS; i++) assert_true(losses[i] >= 2e4f && isfinite(losses[i]));
        for (size_t i = 0; i < ROWS * 3; i++) assert_true(isfinite(gradient[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_definition),      cmocka_unit_test(test_plain_is_cross_entropy),
        cmocka_unit_test(test_one_output_is_two), cmocka_unit_test(test_alphas),
        cmocka_unit_test(test_certain_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
