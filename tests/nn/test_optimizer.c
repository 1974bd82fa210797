/* The optimizers: what all members of the family keep, walked over the list, and single steps by hand. Runs of several
 * steps against PyTorch are in tests/parity. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/text.h"
#include "nn/optimizer.h"

#include <math.h>

enum { COUNT = 100, SETTINGS = 128 };

typedef struct setup {
    const tl__optimizer *optimizer;
    _Alignas(16) char settings[SETTINGS];
    float weights[COUNT], gradient[COUNT], state[TL__OPTIMIZER_STATES][COUNT];
    float *arrays[TL__OPTIMIZER_STATES];
} setup;

static void set(setup *s, const char *name, double value)
{
    for (const tl__field *row = s->optimizer->head.rows; row->name; row++) {
        if (!tl__same_text(row->name, name)) continue;
        char *at = s->settings + row->offset;
        if (row->kind == TL__FIELD_BOOL) *(bool *)(void *)at = value != 0.0;
        else *(double *)(void *)at = value;
        return;
    }
    fail_msg("no setting %s", name);
}

static void make(setup *s, const tl__optimizer *optimizer)
{
    uint32_t random = 5;
    memset(s, 0, sizeof *s);
    s->optimizer = optimizer;
    assert_true(optimizer->head.settings_size <= SETTINGS);
    tl__field_defaults(optimizer->head.rows, s->settings);
    for (size_t i = 0; i < COUNT; i++) {
        random = random * 1664525u + 1013904223u;
        s->weights[i] = (float)(random >> 8) / 8388608.0f - 1.0f;
        random = random * 1664525u + 1013904223u;
        s->gradient[i] = (float)(random >> 8) / 8388608.0f - 1.0f;
    }
    for (int k = 0; k < TL__OPTIMIZER_STATES; k++) s->arrays[k] = s->state[k];
    tl__optimizer_start(optimizer, s->settings, s->arrays, COUNT);
}

static void step_with(setup *s, const tl__kernels *kernels, tl__optimizer_request request, size_t cut)
{
    tl__optimizer_factors factors;
    s->optimizer->prepare(s->settings, &request, &factors);
    s->optimizer->apply(kernels, &factors, s->weights, s->arrays, cut, s->gradient + cut, COUNT - cut);
    s->optimizer->apply(kernels, &factors, s->weights, s->arrays, 0, s->gradient, cut);
}

static void step(setup *s, int64_t number, double rate, double l2)
{
    step_with(s, tl__kernels_choose(NULL), (tl__optimizer_request){.step = number, .learning_rate = rate, .l2 = l2}, 0);
}

static void walk(void (*check)(const tl__optimizer *optimizer))
{
    const tl__family *family = tl__optimizer_family();
    for (size_t i = 0; i < family->count; i++)
        check((const tl__optimizer *)(const void *)tl__family_member(family, i));
}

/* Every member with all its arrays: momentum, centered and the like. */
static void make_full(setup *s, const tl__optimizer *optimizer)
{
    make(s, optimizer);
    for (const tl__field *row = optimizer->head.rows; row->name; row++) {
        if (tl__same_text(row->name, "momentum")) set(s, "momentum", 0.9);
        if (tl__same_text(row->name, "centered")) set(s, "centered", 1.0);
        if (tl__same_text(row->name, "amsgrad")) set(s, "amsgrad", 1.0);
    }
}

static void check_bits(const tl__optimizer *optimizer)
{
    static setup want, got;
    make_full(&want, optimizer);
    for (int64_t t = 1; t <= 8; t++) step(&want, t, 0.01, 0.1);
    for (size_t k = 0; tl__kernels_list(k); k++) {
        if (tl__kernels_list(k)->numeric_class != tl__kernels_choose(NULL)->numeric_class) continue;
        make_full(&got, optimizer);
        for (int64_t t = 1; t <= 8; t++)
            step_with(&got, tl__kernels_list(k), (tl__optimizer_request){.step = t, .learning_rate = 0.01, .l2 = 0.1},
                      (size_t)t * 7);
        assert_memory_equal(want.weights, got.weights, sizeof want.weights);
        assert_memory_equal(want.state, got.state, sizeof want.state);
    }
}

static void test_any_split_and_kernel_gives_the_same_bits(void **state)
{
    (void)state;
    walk(check_bits);
}

static void test_power(void **state)
{
    static const double betas[] = {0.0, 1e-50, 0.5, 0.9, 0.95, 0.99, 0.999, 0.9999};
    (void)state;
    for (size_t b = 0; b < TL_COUNT(betas); b++) {
        assert_true(tl__optimizer_power(betas[b], 0) == 1.0);
        assert_true(tl__optimizer_power(betas[b], 1) == (betas[b] < 1e-40 ? 0.0 : betas[b]));
        for (int64_t n = 1; n < 3000000; n += n / 7 + 1) {
            double want = 1.0 - pow(betas[b], (double)n), got = 1.0 - tl__optimizer_power(betas[b], n);
            if (!(fabs(got - want) <= 1e-12 * want)) fail_msg("%g^%lld: %.17g", betas[b], (long long)n, got);
        }
    }
    assert_true(tl__optimizer_power(0.999, INT64_MAX) == 0.0);
}

/* Every member walks down a bowl: w^2 / 2 has gradient w. */
static void check_descent(const tl__optimizer *optimizer)
{
    static setup s;
    double before = 0.0, after = 0.0;
    make_full(&s, optimizer);
    for (size_t i = 0; i < COUNT; i++) before += fabs((double)s.weights[i]);
    for (int64_t t = 1; t <= 300; t++) {
        memcpy(s.gradient, s.weights, sizeof s.gradient);
        step(&s, t, 0.02, 0.0);
    }
    for (size_t i = 0; i < COUNT; i++) after += fabs((double)s.weights[i]);
    if (!(after < 0.6 * before)) fail_msg("%s: from %g to %g", optimizer->head.name, before, after);
}

static void test_descent(void **state)
{
    (void)state;
    walk(check_descent);
}

static void check_names(const tl__optimizer *optimizer)
{
    static setup s;
    make_full(&s, optimizer);
    int count = optimizer->states(s.settings);
    assert_in_range(count, 1, TL__OPTIMIZER_STATES);
    for (int a = 0; a < count; a++)
        for (int b = 0; b < a; b++)
            assert_string_not_equal(optimizer->state_name(s.settings, a), optimizer->state_name(s.settings, b));
    assert_non_null(tl__optimizer_weight_decay(optimizer, s.settings));
    assert_int_equal(tl__optimizer_check(optimizer, s.settings, NULL), TL_OK);
}

static void test_state_names(void **state)
{
    (void)state;
    walk(check_names);
}

/* The clip factor is applied to the gradient before everything else. */
static void check_scale(const tl__optimizer *optimizer)
{
    static setup want, got;
    make_full(&want, optimizer);
    make_full(&got, optimizer);
    for (size_t i = 0; i < COUNT; i++) want.gradient[i] *= 0.25f;
    step(&want, 1, 0.01, 0.0);
    step_with(&got, tl__kernels_choose(NULL),
              (tl__optimizer_request){.step = 1, .learning_rate = 0.01, .gradient_scale = 0.25}, 0);
    assert_memory_equal(want.weights, got.weights, sizeof want.weights);
}

static void test_gradient_scale(void **state)
{
    (void)state;
    walk(check_scale);
}

static void test_sgd(void **state)
{
    static setup s;
    tl_error error = {0};
    (void)state;
    make(&s, tl__optimizer_find("sgd", NULL));
    assert_int_equal(s.optimizer->states(s.settings), 0);
    s.weights[0] = 1.0f, s.gradient[0] = 2.0f;
    step(&s, 1, 0.25, 0.5);
    assert_true(s.weights[0] == 1.0f - 0.25f * (2.0f + 0.5f * 1.0f));
    make(&s, s.optimizer);
    set(&s, "momentum", 0.5);
    assert_int_equal(s.optimizer->states(s.settings), 1);
    assert_string_equal(s.optimizer->state_name(s.settings, 0), "momentum_buffer");
    s.weights[0] = 1.0f, s.gradient[0] = 2.0f;
    step(&s, 1, 0.25, 0.0);
    assert_true(s.weights[0] == 0.5f && s.state[0][0] == 2.0f);
    step(&s, 2, 0.25, 0.0);
    assert_true(s.weights[0] == 0.5f - 0.25f * 3.0f);
    step_with(&s, tl__kernels_choose(NULL), (tl__optimizer_request){.step = 3, .learning_rate = 0.0, .momentum = 0.25}, 0);
    assert_true(s.state[0][0] == 0.25f * 3.0f + 2.0f);   /* a schedule's momentum */
    set(&s, "nesterov", 1.0);
    assert_int_equal(tl__optimizer_check(s.optimizer, s.settings, &error), TL_OK);
    set(&s, "momentum", 0.0);
    assert_int_equal(tl__optimizer_check(s.optimizer, s.settings, &error), TL_BAD_CONFIG);
    assert_non_null(strstr(error.message, "nesterov needs a momentum"));
}

/* The first step of Adam has the length of the rate, whatever the gradient. */
static void test_adam_first_step(void **state)
{
    static setup s;
    const float gradients[] = {1e-4f, -3.0f, 1e4f};
    (void)state;
    make(&s, tl__optimizer_find("adam", NULL));
    for (size_t i = 0; i < 3; i++) s.weights[i] = 0.0f, s.gradient[i] = gradients[i];
    step(&s, 1, 0.01, 0.0);
    for (size_t i = 0; i < 3; i++)
        assert_float_equal(s.weights[i], gradients[i] > 0 ? -0.01f : 0.01f, i == 0 ? 2e-6f : 2e-9f);
}

/* AdamW shrinks by weight decay and l2 together, with no gradient; Adam takes them as a gradient. */
static void test_decay(void **state)
{
    static setup s;
    (void)state;
    make(&s, tl__optimizer_find("adamw", NULL));
    assert_true(*tl__optimizer_weight_decay(s.optimizer, s.settings) == 0.01);
    memset(s.gradient, 0, sizeof s.gradient);
    s.weights[0] = 2.0f;
    step(&s, 1, 0.1, 0.49);
    assert_float_equal(s.weights[0], 2.0f * (1.0f - 0.1f * 0.5f), 1e-7f);
    assert_true(s.state[0][0] == 0.0f);
    make(&s, tl__optimizer_find("adam", NULL));
    assert_true(*tl__optimizer_weight_decay(s.optimizer, s.settings) == 0.0);
    memset(s.gradient, 0, sizeof s.gradient);
    s.weights[0] = 2.0f;
    step(&s, 1, 0.1, 0.5);
    assert_float_equal(s.weights[0], 1.9f, 1e-6f);
    assert_float_equal(s.state[0][0], 0.1f, 1e-7f);
}

/* Moments of a weight without gradient decay to exactly 0, never through subnormals. */
static void check_moments(const tl__optimizer *optimizer)
{
    static setup s;
    make_full(&s, optimizer);
    if (tl__same_text(optimizer->head.name, "adagrad")) return;   /* its sums never fall */
    step(&s, 1, 1e-3, 0.0);
    memset(s.gradient, 0, sizeof s.gradient);
    for (int64_t t = 2; t <= 3000; t++) {
        step(&s, t, 1e-3, 0.0);
        for (int k = 0; k < optimizer->states(s.settings); k++)
            for (size_t i = 0; i < COUNT; i += 33)
                assert_false(s.state[k][i] != 0.0f && fabs((double)s.state[k][i]) < 0x1p-120);
    }
    assert_true(s.state[0][0] == 0.0f || !tl__same_text(optimizer->head.name, "adam"));
}

static void test_moments_become_zero(void **state)
{
    (void)state;
    walk(check_moments);
}

static void test_names_and_places(void **state)
{
    static setup s;
    tl_error error = {0};
    (void)state;
    assert_null(tl__optimizer_find("adm", &error));
    assert_non_null(strstr(error.message, "did you mean 'adam'?"));
    make(&s, tl__optimizer_find("amsgrad", NULL));
    assert_int_equal(s.optimizer->states(s.settings), 3);
    assert_string_equal(s.optimizer->state_name(s.settings, 2), "max_exp_avg_sq");
    assert_true(*tl__optimizer_momentum(s.optimizer, s.settings) == 0.9);
    make(&s, tl__optimizer_find("adagrad", NULL));
    assert_null(tl__optimizer_momentum(s.optimizer, s.settings));
    set(&s, "initial_accumulator_value", 0.5);
    tl__optimizer_start(s.optimizer, s.settings, s.arrays, COUNT);
    assert_true(s.state[0][0] == 0.5f && s.state[0][COUNT - 1] == 0.5f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_power),
        cmocka_unit_test(test_any_split_and_kernel_gives_the_same_bits),
        cmocka_unit_test(test_descent),
        cmocka_unit_test(test_state_names),
        cmocka_unit_test(test_gradient_scale),
        cmocka_unit_test(test_sgd),
        cmocka_unit_test(test_adam_first_step),
        cmocka_unit_test(test_decay),
        cmocka_unit_test(test_moments_become_zero),
        cmocka_unit_test(test_names_and_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
