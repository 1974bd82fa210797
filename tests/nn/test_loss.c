/* The losses: what all members of the family keep, walked over the list, and the rules of one or the other. Their
 * numbers against PyTorch are in tests/parity. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/text.h"
#include "kernels/kernels.h"
#include "nn/loss.h"

#include <math.h>

enum { ROWS = 9, WIDTH = 6, SETTINGS = 256 };

/* One loss with settings and data that fit it. */
typedef struct setup {
    const tl__loss *loss;
    _Alignas(16) char settings[SETTINGS];
    tl__loss_call call;
    float outputs[ROWS * WIDTH], targets[ROWS * WIDTH], weights[ROWS], gradient[ROWS * WIDTH], losses[ROWS];
    float class_weights[WIDTH];
} setup;

static float draw(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return (float)(*state >> 8) / 8388608.0f - 1.0f;
}

static tl__loss_common *common(setup *s) { return (tl__loss_common *)(void *)s->settings; }

/* Is this a loss over probabilities, whose targets are shares that add up to 1? */
static bool is_distribution(const tl__loss *loss)
{
    return loss->link == TL__LINK_SOFTMAX && !(loss->fits & TL__FITS_CLASSES);
}

static void make(setup *s, const tl__loss *loss, bool classes)
{
    uint32_t state = 7;
    memset(s, 0, sizeof *s);
    s->loss = loss;
    tl__field_defaults(loss->head.rows, s->settings);
    size_t width = tl__loss_width(loss, s->settings, classes ? 3 : 2, classes);
    for (size_t i = 0; i < ROWS * width; i++) {
        s->outputs[i] = 3.0f * draw(&state);
        s->targets[i] = loss->link == TL__LINK_SIGMOID ? (float)(draw(&state) > 0.0f) : 2.0f * draw(&state);
    }
    for (size_t i = 0; i < ROWS; i++) {
        s->weights[i] = 1.5f + draw(&state);
        if (classes) s->targets[i] = (float)(i % width);
        if (is_distribution(loss)) s->targets[2 * i] = 0.25f, s->targets[2 * i + 1] = 0.75f;
    }
    s->call = (tl__loss_call){.kernels = tl__kernels_choose(NULL), .settings = s->settings, .outputs = s->outputs,
                              .width = width, .targets = s->targets, .target_width = classes ? 0 : 2,
                              .weights = s->weights, .scale = 1.0, .gradient = s->gradient, .row_losses = s->losses};
}

/* Runs the check for each member and each kind of targets that it fits. */
static void walk(void (*check)(setup *s))
{
    static setup s;
    const tl__family *family = tl__loss_family();
    for (size_t i = 0; i < family->count; i++) {
        const tl__loss *loss = (const tl__loss *)(const void *)tl__family_member(family, i);
        assert_true(loss->head.settings_size <= SETTINGS);
        if (loss->fits & TL__FITS_CLASSES) make(&s, loss, true), check(&s);
        if (loss->fits & TL__FITS_VALUES) make(&s, loss, false), check(&s);
    }
}

static double total(setup *s)
{
    s->loss->rows(&s->call, 0, ROWS);
    return tl__loss_sum(s->losses, ROWS);
}

/* Central differences; outputs and targets are such that no kink lies between the two points. */
static void check_gradient(setup *s)
{
    const float step = 0.0078125f;
    float gradient[ROWS * WIDTH];
    total(s);
    memcpy(gradient, s->gradient, sizeof gradient);
    for (size_t i = 0; i < ROWS * s->call.width; i++) {
        const float old = s->outputs[i];
        s->outputs[i] = old + step;
        const double above = total(s);
        s->outputs[i] = old - step;
        const double below = total(s);
        s->outputs[i] = old;
        const double slope = (above - below) / (2.0 * (double)step);
        if (fabs(slope - (double)gradient[i]) > 3e-3 * (1.0 + fabs(slope)))
            fail_msg("%s: gradient %zu is %g, differences give %g", s->loss->head.name, i, (double)gradient[i], slope);
    }
}

static void test_gradient(void **state)
{
    (void)state;
    walk(check_gradient);
}

static void check_ranges(setup *s)
{
    float gradient[ROWS * WIDTH], losses[ROWS];
    total(s);
    memcpy(gradient, s->gradient, sizeof gradient);
    memcpy(losses, s->losses, sizeof losses);
    memset(s->gradient, 0x5a, sizeof s->gradient);
    memset(s->losses, 0x5a, sizeof s->losses);
    s->loss->rows(&s->call, 4, ROWS);
    s->loss->rows(&s->call, 0, 1);
    s->loss->rows(&s->call, 1, 1);
    s->loss->rows(&s->call, 1, 4);
    assert_memory_equal(gradient, s->gradient, ROWS * s->call.width * sizeof *gradient);
    assert_memory_equal(losses, s->losses, sizeof losses);
    for (size_t k = 0; tl__kernels_list(k); k++) {
        if (tl__kernels_list(k)->numeric_class != s->call.kernels->numeric_class) continue;
        s->call.kernels = tl__kernels_list(k);
        total(s);
        assert_memory_equal(gradient, s->gradient, ROWS * s->call.width * sizeof *gradient);
        assert_memory_equal(losses, s->losses, sizeof losses);
    }
    s->call.gradient = NULL;
    total(s);
    assert_memory_equal(losses, s->losses, sizeof losses);
    s->call.gradient = s->outputs;   /* in place */
    total(s);
    assert_memory_equal(gradient, s->outputs, ROWS * s->call.width * sizeof *gradient);
}

static void test_any_split_and_kernel_gives_the_same_bits(void **state)
{
    (void)state;
    walk(check_ranges);
}

static void check_weights(setup *s)
{
    float losses[ROWS], gradient[ROWS * WIDTH];
    s->call.weights = NULL;
    total(s);
    memcpy(losses, s->losses, sizeof losses);
    memcpy(gradient, s->gradient, sizeof gradient);
    for (size_t i = 0; i < ROWS; i++) s->weights[i] = i == 3 ? 0.0f : 2.0f;
    s->call.weights = s->weights;
    s->call.scale = 0.5;
    total(s);
    for (size_t i = 0; i < ROWS; i++) {
        assert_float_equal(s->losses[i], i == 3 ? 0.0f : 2.0f * losses[i], 0.0);
        for (size_t j = i * s->call.width; j < (i + 1) * s->call.width; j++)
            assert_float_equal(s->gradient[j], i == 3 ? 0.0f : gradient[j], 0.0);
    }
}

static void test_row_weights_and_scale(void **state)
{
    (void)state;
    walk(check_weights);
}

static void check_not_finite(setup *s)
{
    s->outputs[2 * s->call.width] = NAN;
    assert_true(isnan(total(s)));
    assert_true(isnan(s->losses[2]));
    assert_true(isnan(s->gradient[2 * s->call.width]));
    assert_true(isfinite(s->losses[1]));
    assert_true(isfinite(s->losses[3]));
}

static void test_nan_is_handed_on(void **state)
{
    (void)state;
    walk(check_not_finite);
}

/* What a mean divides by: parts add up to the whole, and sum divides by nothing. */
static void check_denominator(setup *s)
{
    const size_t tw = s->call.target_width, skip = 4 * (tw ? tw : 1);
    const tl__loss *l = s->loss;
    double all = tl__loss_denominator(l, s->settings, s->call.width, s->targets, tw, s->weights, ROWS);
    double head = tl__loss_denominator(l, s->settings, s->call.width, s->targets, tw, s->weights, 4);
    double tail = tl__loss_denominator(l, s->settings, s->call.width, s->targets + skip, tw, s->weights + 4, ROWS - 4);
    assert_true(fabs(all - head - tail) < 1e-12 * all);
    double plain = tl__loss_denominator(l, s->settings, s->call.width, s->targets, tw, NULL, ROWS);
    assert_true(plain == (l->per_element ? (double)(ROWS * s->call.width) : (double)ROWS));
    assert_true(tl__loss_is_mean(s->settings));
    common(s)->reduction = TL__REDUCE_SUM;
    assert_false(tl__loss_is_mean(s->settings));
    assert_true(tl__loss_denominator(l, s->settings, s->call.width, s->targets, tw, s->weights, ROWS) == 1.0);
}

static void test_denominators(void **state)
{
    (void)state;
    walk(check_denominator);
}

/* A class number below 0 leaves the row out; one that is too large makes its loss NaN. */
static void check_class_numbers(setup *s)
{
    if (s->call.target_width) return;
    s->targets[1] = -1.0f;
    s->targets[5] = 50.0f;
    total(s);
    assert_true(s->losses[1] == 0.0f);
    assert_true(isnan(s->losses[5]));
    for (size_t j = 0; j < s->call.width; j++) assert_true(s->gradient[s->call.width + j] == 0.0f);
    double rows = tl__loss_denominator(s->loss, s->settings, s->call.width, s->targets, 0, NULL, ROWS);
    assert_true(rows == (double)(ROWS - 2) * (s->loss->per_element ? (double)s->call.width : 1.0));
}

static void test_class_numbers(void **state)
{
    (void)state;
    walk(check_class_numbers);
}

/* Logits of 10,000 either way: no overflow, and the loss is the difference of the logits. */
static void test_huge_logits(void **state)
{
    static setup s;
    const char *const names[] = {"cross_entropy", "binary_cross_entropy", "focal"};
    (void)state;
    for (size_t k = 0; k < TL_COUNT(names); k++) {
        make(&s, tl__loss_find(names[k], NULL), true);
        s.call.weights = NULL;
        for (size_t i = 0; i < ROWS; i++)
            for (size_t j = 0; j < 3; j++) s.outputs[3 * i + j] = j == i % 3 ? 1e4f : -1e4f;
        assert_true(total(&s) == 0.0);
        for (size_t i = 0; i < ROWS * 3; i++) assert_true(s.gradient[i] == 0.0f);
        for (size_t i = 0; i < ROWS * 3; i++) s.outputs[i] = -s.outputs[i];
        const double wrong = total(&s) / ROWS, want = names[k][0] == 'b' ? 3e4 : 2e4;
        if (names[k][0] == 'c') assert_true(fabs(wrong - 2e4 - 0.6931472) < 0.01);
        else assert_true(fabs(wrong - want) < 1.0);
        for (size_t i = 0; i < ROWS * 3; i++) assert_true(isfinite(s.gradient[i]));
    }
}

/* A loss by hand, at round numbers. */
static void test_values(void **state)
{
    static const struct { const char *name; float e, loss, slope; } rows[] = {
        {"mse", 3.0f, 9.0f, 6.0f},        {"mae", -2.0f, 2.0f, -1.0f},       {"mae", 0.0f, 0.0f, 0.0f},
        {"huber", 0.5f, 0.125f, 0.5f},    {"huber", -3.0f, 2.5f, -1.0f},     {"smooth_l1", 0.5f, 0.125f, 0.5f},
        {"smooth_l1", 2.0f, 1.5f, 1.0f},  {"log_cosh", 0.0f, 0.0f, 0.0f},    {"log_cosh", 100.0f, 99.306853f, 1.0f},
        {"log_cosh", 0.001f, 5e-7f, 1e-3f},
    };
    static setup s;
    (void)state;
    for (size_t i = 0; i < TL_COUNT(rows); i++) {
        make(&s, tl__loss_find(rows[i].name, NULL), false);
        s.call.weights = NULL;
        s.outputs[0] = 1.0f + rows[i].e, s.targets[0] = 1.0f;
        s.outputs[1] = s.targets[1];
        if (rows[i].e == 0.001f) s.outputs[0] = rows[i].e, s.targets[0] = 0.0f;
        s.loss->rows(&s.call, 0, 1);
        assert_float_equal(s.losses[0], rows[i].loss, 2e-6f * rows[i].loss);
        assert_float_equal(s.gradient[0], rows[i].slope, 1e-6);
    }
}

static void set(setup *s, const char *name, double value)
{
    for (const tl__field *row = s->loss->head.rows; row->name; row++)
        if (tl__same_text(row->name, name)) *(double *)(void *)(s->settings + row->offset) = value;
}

static void compare(setup *s, size_t rows, size_t target_width, const float *losses, const float *gradient)
{
    s->call.weights = NULL;
    s->call.target_width = target_width;
    s->call.scale = 1.0 / tl__loss_denominator(s->loss, s->settings, s->call.width, s->targets, target_width, NULL, rows);
    s->loss->rows(&s->call, 0, rows);
    if (losses) {
        for (size_t i = 0; i < rows; i++) assert_float_equal(s->losses[i], losses[i], 2e-6f);
    }
    for (size_t i = 0; i < rows * s->call.width; i++) assert_float_equal(s->gradient[i], gradient[i], 1e-6f);
}

/* Settings that the cases of tests/parity do not have, by PyTorch 2.13: pos_weight, class weights with label smoothing,
 * kl_div of a log-softmax. */
static void test_settings_against_pytorch(void **state)
{
    static setup s;
    const float logits[] = {0.5f, -1.5f, 3.0f, -4.0f, 1.0f, 0.25f}, shares[] = {0.2f, 0.3f, 0.5f, 0.0f, 1.0f, 0.0f};
    const double weights[] = {2.0, 0.5, 1.0};
    float class_weights[3];
    (void)state;
    make(&s, tl__loss_find("binary_cross_entropy", NULL), true);
    set(&s, "positive_weight", 3.0);
    common(&s)->reduction = TL__REDUCE_SUM;
    s.call.width = 1;
    memcpy(s.outputs, logits, sizeof logits);
    s.targets[0] = s.targets[3] = 1.0f, s.targets[1] = s.targets[2] = 0.0f;
    compare(&s, 4, 0, (const float[]){1.42223096f, 0.20141327f, 3.04858732f, 12.05444908f},
            (const float[]){-1.13262200f, 0.18242553f, 0.95257413f, -2.94604135f});
    make(&s, tl__loss_find("cross_entropy", NULL), true);
    set(&s, "label_smoothing", 0.2);
    common(&s)->class_weights = (tl__float_list){3, weights};
    assert_true(tl__loss_class_weights(s.loss, s.settings, 3, NULL, NULL, class_weights));
    memcpy(s.outputs, logits, sizeof logits);
    s.targets[0] = 0.0f, s.targets[1] = 1.0f;
    compare(&s, 2, 0, NULL, (const float[]){-0.63826931f, -0.00588123f, 0.64415050f,
                                            -0.05217930f, -0.00205853f, 0.05423782f});
    assert_true(fabs(tl__loss_sum(s.losses, 2) / 2.5 - 2.2445068359375) < 1e-6);
    make(&s, tl__loss_find("kl_div", NULL), false);
    s.call.width = 3;
    memcpy(s.outputs, logits, sizeof logits);
    memcpy(s.targets, shares, sizeof shares);
    compare(&s, 2, 3, NULL, (const float[]){-0.02081878f, -0.04830634f, 0.06912513f,
                                            0.00075924f, -0.05398588f, 0.05322664f});
    assert_true(fabs(tl__loss_sum(s.losses, 2) / 6.0 - 0.21681459248065948) < 1e-6);
}

static void test_quantile_width_and_ties(void **state)
{
    static setup s;
    (void)state;
    make(&s, tl__loss_find("quantile", NULL), false);
    assert_int_equal(s.call.width, 6);   /* two targets, three quantiles */
    assert_int_equal(tl__loss_width(s.loss, s.settings, SIZE_MAX / 2, false), 0);
    s.call.weights = NULL;
    for (size_t j = 0; j < 6; j++) s.outputs[j] = s.targets[j / 3] = 1.0f;
    s.loss->rows(&s.call, 0, 1);
    assert_true(s.losses[0] == 0.0f);
    const float ties[] = {0.4f, 0.0f, -0.4f};
    for (size_t j = 0; j < 6; j++) assert_float_equal(s.gradient[j], ties[j % 3], 1e-7);
}

/* Sums: the tree against its definition, and blocks of 4,096. */
static double tree(const double *values, size_t count)
{
    size_t left = 1;
    if (count == 0) return 0.0;
    if (count == 1) return values[0];
    while (2 * left < count) left *= 2;
    return tree(values, left) + tree(values + left, count - left);
}

static void test_sums(void **state)
{
    static float losses[41000];
    double values[20], copy[20];
    uint32_t random = 3;
    (void)state;
    for (size_t n = 0; n <= 20; n++) {
        for (size_t i = 0; i < n; i++) copy[i] = values[i] = (double)draw(&random) * (i % 3 ? 1e12 : 1.0);
        assert_true(tl__tree_add(copy, n) == tree(values, n));
    }
    for (size_t i = 0; i < TL_COUNT(losses); i++) losses[i] = draw(&random) * (i % 5 ? 1.0f : 1e20f);
    const size_t lengths[] = {0, 1, 4095, 4096, 4097, 12288, 20481, 41000};
    for (size_t k = 0; k < TL_COUNT(lengths); k++) {
        size_t blocks = 0;
        for (size_t at = 0; at < lengths[k]; at += 4096, blocks++) {
            values[blocks] = 0.0;
            for (size_t i = at; i < lengths[k] && i < at + 4096; i++) values[blocks] += (double)losses[i];
        }
        assert_true(tl__loss_sum(losses, lengths[k]) == tree(values, blocks));
    }
}

static void test_class_weights(void **state)
{
    static setup s;
    float out[3];
    const double given[] = {1.0, 2.0, 3.0}, balanced[] = {0.5, 1.0, 1.5}, own[] = {4.0, 5.0, 6.0};
    (void)state;
    make(&s, tl__loss_find("cross_entropy", NULL), true);
    assert_false(tl__loss_class_weights(s.loss, s.settings, 3, NULL, balanced, out));
    assert_null(common(&s)->weights);
    assert_true(tl__loss_class_weights(s.loss, s.settings, 3, given, balanced, out));
    assert_true(common(&s)->weights == out && out[2] == 3.0f);
    common(&s)->class_weights = (tl__float_list){3, own};
    assert_true(tl__loss_class_weights(s.loss, s.settings, 3, given, balanced, out));
    assert_true(out[0] == 4.0f);
    assert_true(tl__loss_denominator(s.loss, s.settings, 3, s.targets, 0, NULL, 3) == 15.0);
}

static void expect_mistake(const char *name, size_t width, size_t targets, bool classes, const char *words)
{
    static setup s;
    tl_error error = {0};
    const tl__loss *loss = tl__loss_find(name, NULL);
    memset(&s, 0, sizeof s);
    tl__field_defaults(loss->head.rows, s.settings);
    tl_status status = tl__loss_check(loss, s.settings, width, targets, classes, &error);
    if (!words) {
        assert_int_equal(status, TL_OK);
        return;
    }
    assert_int_not_equal(status, TL_OK);
    if (!strstr(error.message, words)) fail_msg("\"%s\" is not in \"%s\"", words, error.message);
}

static void test_checks(void **state)
{
    tl_error error = {0};
    (void)state;
    expect_mistake("mse", 2, 2, false, NULL);
    expect_mistake("mse", 3, 2, false, "3 outputs but the loss mse needs 2");
    expect_mistake("mse", 3, 3, true, "mse does not fit a target of classes");
    expect_mistake("cross_entropy", 1, 1, false, "does not fit a target of numbers");
    expect_mistake("cross_entropy", 10, 10, true, NULL);
    expect_mistake("cross_entropy", 1, 1, true, "one class only");
    expect_mistake("focal", 1, 2, true, NULL);
    expect_mistake("focal", 2, 2, true, NULL);
    expect_mistake("binary_cross_entropy", 1, 2, true, NULL);
    expect_mistake("binary_cross_entropy", 2, 2, true, "needs 1");
    expect_mistake("binary_cross_entropy", 5, 5, false, NULL);
    expect_mistake("quantile", 3, 1, false, NULL);
    expect_mistake("quantile", 1, 1, false, "needs 3");
    static setup s;
    const double unsorted[] = {0.5, 0.5}, two[] = {1.0, 2.0};
    make(&s, tl__loss_find("quantile", NULL), false);
    for (const tl__field *row = s.loss->head.rows; row->name; row++)
        if (tl__same_text(row->name, "quantiles"))
            *(tl__float_list *)(void *)(s.settings + row->offset) = (tl__float_list){2, unsorted};
    assert_int_equal(tl__loss_width(s.loss, s.settings, 3, false), 6);
    assert_int_equal(tl__loss_check(s.loss, s.settings, 6, 3, false, &error), TL_BAD_CONFIG);
    make(&s, tl__loss_find("cross_entropy", NULL), true);
    common(&s)->class_weights = (tl__float_list){2, two};
    assert_int_equal(tl__loss_check(s.loss, s.settings, 3, 3, true, NULL), TL_BAD_CONFIG);
    memset(&error, 0, sizeof error);
    assert_null(tl__loss_find("crossentropie", &error));
    assert_non_null(strstr(error.message, "unknown loss 'crossentropie'"));
    assert_ptr_equal(tl__loss_find("bce", NULL), tl__loss_find("binary_cross_entropy", NULL));
    assert_string_equal(tl__loss_default(true)->head.name, "cross_entropy");
    assert_string_equal(tl__loss_default(false)->head.name, "mse");
}

static void test_links(void **state)
{
    const tl__kernels *kernels = tl__kernels_choose(NULL);
    const float outputs[] = {0.0f, 0.0f, 1e4f, -1e4f};
    float out[8];
    (void)state;
    tl__link_apply(kernels, TL__LINK_SOFTMAX, outputs, 2, 2, out, 2);
    assert_true(out[0] == 0.5f && out[1] == 0.5f && out[2] == 1.0f && out[3] == 0.0f);
    tl__link_apply(kernels, TL__LINK_SIGMOID, outputs, 4, 1, out, 2);
    assert_true(out[0] == 0.5f && out[1] == 0.5f && out[4] == 0.0f && out[5] == 1.0f && out[6] == 1.0f && out[7] == 0.0f);
    tl__link_apply(kernels, TL__LINK_SIGMOID, outputs, 1, 4, out, 4);
    assert_true(out[0] == 0.5f && out[2] == 1.0f && out[3] == 0.0f);
    tl__link_apply(kernels, TL__LINK_NONE, outputs, 2, 2, out, 2);
    assert_memory_equal(out, outputs, sizeof outputs);
    assert_int_equal(tl__loss_link(tl__loss_find("focal", NULL), 1), TL__LINK_SIGMOID);
    assert_int_equal(tl__loss_link(tl__loss_find("focal", NULL), 2), TL__LINK_SOFTMAX);
    assert_int_equal(tl__loss_link(tl__loss_find("mae", NULL), 1), TL__LINK_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gradient),
        cmocka_unit_test(test_any_split_and_kernel_gives_the_same_bits),
        cmocka_unit_test(test_row_weights_and_scale),
        cmocka_unit_test(test_nan_is_handed_on),
        cmocka_unit_test(test_denominators),
        cmocka_unit_test(test_class_numbers),
        cmocka_unit_test(test_huge_logits),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_settings_against_pytorch),
        cmocka_unit_test(test_quantile_width_and_ties),
        cmocka_unit_test(test_sums),
        cmocka_unit_test(test_class_weights),
        cmocka_unit_test(test_checks),
        cmocka_unit_test(test_links),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
