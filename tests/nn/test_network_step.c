/* One call for a whole step gives the bits of learn and update: for all optimizers, in all ways that a network can be made,
 * on any threads and kernels; and when a gradient is not finite, nothing has changed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "nn/network_parts.h"
#include "support/nets.h"

#define PLAIN "[{type: input, nodes: 6}, {type: hidden, nodes: 33, activation: relu}, "                                \
              "{type: hidden, nodes: 17, activation: gelu}, {type: output, nodes: 3}]"
#define MIXED "[{type: input, nodes: 6}, {type: hidden, nodes: 40, activation: silu}, {type: batch_norm}, "            \
              "{type: dropout, rate: 0.2}, {type: hidden, nodes: 9, activation: tanh, bias: false}, "                  \
              "{type: layer_norm}, {type: output, nodes: 3}]"
#define FROZEN "[{type: input, nodes: 6}, {type: hidden, nodes: 20}, {type: hidden, nodes: 20, frozen: true}, "        \
               "{type: batch_norm, frozen: true}, {type: output, nodes: 3}]"
#define SLOWER "[{type: input, nodes: 6}, {type: hidden, nodes: 20, rate_factor: 0.25}, {type: hidden, nodes: 20}, "   \
               "{type: layer_norm, rate_factor: 3}, {type: output, nodes: 3, rate_factor: 0.25}]"
/* several readers of one layer, sums of their gradients, a dense layer over time steps */
#define GRAPH "[{type: input, nodes: 6}, {type: dense, name: a, nodes: 12, activation: tanh}, "                        \
              "{type: dense, name: b, nodes: 12, activation: elu, from: a}, {type: add, name: s, from: [a, b, a]}, "   \
              "{type: flatten, name: f}, {type: concatenate, name: c, from: [f, s, b]}, {type: output, nodes: 3}]"
#define UNUSED "[{type: input, nodes: 6}, {type: dense, name: a, nodes: 12}, {type: dense, nodes: 2}, "                \
               "{type: output, nodes: 3, from: a}]"
/* tasks for the pool, several regions of a product */
#define WIDE "[{type: input, nodes: 6}, {type: dense, nodes: 700, activation: relu}, {type: dense, nodes: 310}, "      \
             "{type: output, nodes: 3}]"

/* derivatives of curved activations, applied by products that are computed as their transpose */
#define CURVED "[{type: input, nodes: 6}, {type: dense, nodes: 200, activation: tanh}, "                               \
               "{type: dense, nodes: 110, activation: gelu}, {type: output, nodes: 3}]"

enum { BATCH = 24, FEATURES = 6 };

typedef struct setup {
    const char *layers, *optimizer, *settings;
    const tl__kernels *kernels;
    int threads, shards;
    size_t max_rows;
    bool as_is_fastest;         /* else even the smallest network streams */
    tl__update update;
} setup;

typedef struct outcome {
    float *arrays;              /* parameters, then the optimizer's */
    size_t size;
    double losses[8];
    tl__step_result last;
    bool streamed;
} outcome;

static float x[BATCH * FEATURES], y[BATCH];

static void make_data(void)
{
    net_fill(x, BATCH * FEATURES, 4);
    for (int i = 0; i < BATCH; i++) y[i] = (float)((i * 7 + 1) % 3);
}

static void keep_arrays(net *n, outcome *out)
{
    size_t parameters = tl__plan_parameter_floats(n->plan), trained = tl__plan_trained_floats(n->plan);
    int states = tl__network_state_count(n->network);
    out->size = (parameters + (size_t)states * trained) * sizeof(float);
    out->arrays = malloc(out->size);
    memcpy(out->arrays, tl__network_parameters(n->network), parameters * sizeof(float));
    for (int i = 0; i < states; i++)
        memcpy(out->arrays + parameters + (size_t)i * trained, tl__network_state(n->network, i),
               trained * sizeof(float));
}

static tl_status take_step(net *n, bool whole, const tl__rows *batch, const tl__update *update,
                           tl__step_result *result, tl_error *error)
{
    if (whole) return tl__network_step(n->network, n->pool, batch, update, result, error);
    tl_status status = tl__network_learn(n->network, n->pool, batch, error);
    return status != TL_OK ? status : tl__network_update(n->network, n->pool, update, result, error);
}

static outcome run(const setup *s, bool whole)
{
    net n;
    outcome out = {0};
    tl_error error = {0};
    tl__plan_options options = net_options(s->max_rows ? s->max_rows : BATCH);
    net_init(&n);
    if (s->kernels) options.kernels = s->kernels;
    options.workers = s->threads;
    options.shards = s->shards;
    if (s->as_is_fastest) options.stream_floats = 0;
    net_loss(&n, &options, "cross_entropy", "", 0);
    net_optimizer(&n, &options, s->optimizer, s->settings);
    net_make(&n, s->layers, &options);
    for (int i = 0; i < 6; i++) {
        size_t rows = i < 3 ? BATCH : (size_t)(BATCH - 3 * i), calls = n.heap.calls;
        tl__rows batch = {.inputs = x, .targets = y, .rows = rows, .step = (uint32_t)i};
        tl__update update = s->update;
        update.step = i + 1;
        update.learning_rate = 0.02;
        n.network->gradients[0] = 7;
        if (take_step(&n, whole, &batch, &update, &out.last, &error) != TL_OK) fail_msg("%s", error.message);
        assert_int_equal(n.heap.calls, calls);
        out.losses[i] = out.last.loss;
        out.streamed = n.network->gradients[0] == 7;
    }
    keep_arrays(&n, &out);
    net_free(&n);
    return out;
}

static void compare(const setup *s, bool streams)
{
    outcome plain = run(s, false), whole = run(s, true);
    assert_int_equal(plain.size, whole.size);
    assert_memory_equal(plain.arrays, whole.arrays, plain.size);
    assert_memory_equal(plain.losses, whole.losses, sizeof plain.losses);
    assert_false(plain.streamed);
    assert_int_equal(whole.streamed, streams);
    if (!streams) assert_memory_equal(&plain.last, &whole.last, sizeof plain.last);
    free(plain.arrays);
    free(whole.arrays);
}

static void test_same_bits_with_every_optimizer(void **state)
{
    static const char *const networks[] = {PLAIN, MIXED, FROZEN, SLOWER, GRAPH};
    static const char *const optimizers[][2] = {
        {"sgd", ""}, {"sgd", "momentum: 0.9, nesterov: true, weight_decay: 0.01"},
        {"rmsprop", "momentum: 0.5, centered: true"}, {"adagrad", "initial_accumulator_value: 0.1"}, {"adam", ""},
        {"adamw", ""}, {"amsgrad", "weight_decay: 0.1"}, {"nadam", ""}, {"radam", ""}};
    (void)state;
    make_data();
    for (size_t k = 0; k < TL_COUNT(networks); k++)
        for (size_t o = 0; o < TL_COUNT(optimizers); o++)
            for (int l2 = 0; l2 < 2; l2++)
                for (int shards = 1; shards <= 4; shards *= 4) {
                    setup s = {.layers = networks[k], .optimizer = optimizers[o][0], .settings = optimizers[o][1],
                               .threads = 1, .shards = shards, .update = {.l2 = l2 ? 0.01 : 0}};
                    compare(&s, true);
                }
}

static void test_same_bits_on_threads_and_sets(void **state)
{
    static const char *const networks[] = {MIXED, WIDE, CURVED};
    (void)state;
    make_data();
    for (size_t k = 0; k < TL_COUNT(networks); k++) {
        outcome expected[2] = {{0}, {0}};
        for (size_t set = 0; tl__kernels_list(set); set++)
            for (int threads = 1; threads <= 3; threads++) {
                setup s = {.layers = networks[k], .optimizer = "adam", .settings = "", .shards = 2,
                           .kernels = tl__kernels_list(set), .threads = threads, .update = {.l2 = 0.001}};
                outcome got = run(&s, true), *want = &expected[s.kernels->numeric_class];
                assert_true(got.streamed);
                if (!want->arrays) *want = run(&s, false);
                assert_memory_equal(got.arrays, want->arrays, want->size);
                free(got.arrays);
            }
        free(expected[0].arrays);
        free(expected[1].arrays);
    }
}

/* Norms, figures and limits need all gradients at once; a plan for very many rows does not keep what streaming needs;
 * weights that nothing reads decay; and where there are few weights, streaming takes longer than it saves. */
static void test_steps_that_do_not_stream(void **state)
{
    static const tl__update updates[] = {{.want_norms = true}, {.want_figures = true}, {.clip_norm = 0.3},
                                         {.clip_norm = 0.01, .clip_largest = true}, {.clip_value = 0.001}};
    (void)state;
    make_data();
    for (size_t i = 0; i < TL_COUNT(updates); i++) {
        setup s = {.layers = MIXED, .optimizer = "adam", .settings = "", .threads = 1, .update = updates[i]};
        compare(&s, false);
    }
    setup many = {.layers = MIXED, .optimizer = "adam", .settings = "", .threads = 2, .max_rows = 5000};
    compare(&many, false);
    setup unused = {.layers = UNUSED, .optimizer = "adamw", .settings = "", .threads = 1, .update = {.l2 = 0.1}};
    compare(&unused, false);
    setup small = {.layers = PLAIN, .optimizer = "adam", .settings = "", .threads = 1, .as_is_fastest = true};
    compare(&small, false);
    setup large = {.layers = WIDE, .optimizer = "adam", .settings = "", .threads = 1, .as_is_fastest = true};
    compare(&large, true);
}

/* dense_1 makes numbers of size 1 from inputs of size `inputs`; the output layer's weights are `behind`. */
static void make_steep(net *n, float *rows, float inputs, float behind)
{
    tl__plan_options options = net_options(BATCH);
    const tl__tensor *tensor;
    net_init(n);
    net_loss(n, &options, "mae", "", 1);
    net_optimizer(n, &options, "adam", "");
    net_make(n, "[{type: input, nodes: 6}, {type: dense, nodes: 8, activation: none}, {type: output, nodes: 1}]",
             &options);
    for (int i = 0; i < BATCH * FEATURES; i++) rows[i] = x[i] * inputs;
    float *first = net_tensor(n, "dense_1.weight", &tensor), *second = net_tensor(n, "dense_2.weight", NULL);
    for (size_t i = 0; i < tensor->size; i++) first[i] /= inputs;
    for (int i = 0; i < 8; i++) second[i] = behind;
}

/* The output layer's gradients are fine, those of the layer before it overflow: neither layer may have moved. */
static void test_not_finite_changes_nothing(void **state)
{
    float rows[BATCH * FEATURES];
    char messages[2][sizeof ((tl_error *)0)->message];
    (void)state;
    make_data();
    for (int whole = 0; whole < 2; whole++) {
        net n;
        tl_error error = {0};
        tl__step_result result;
        make_steep(&n, rows, 1e33f, 1e8f);
        outcome before = {0}, after = {0};
        tl__rows batch = {.inputs = rows, .targets = y, .rows = BATCH};
        tl__update update = {.step = 1, .learning_rate = 0.1};
        keep_arrays(&n, &before);
        assert_int_equal(take_step(&n, whole, &batch, &update, &result, &error), TL_NOT_FINITE);
        assert_non_null(strstr(error.message, "weight gradients of layer 'dense_1'"));
        keep_arrays(&n, &after);
        assert_memory_equal(before.arrays, after.arrays, before.size);
        memcpy(messages[whole], error.message, sizeof error.message);
        tl__network_forget(n.network);

        /* a loss, a weight and an input that are not finite */
        static const char *const places[] = {"inputs", "weights of layer 'dense_2'"};
        for (int i = 0; i < 2; i++) {
            float *place = i ? net_tensor(&n, "dense_2.weight", NULL) + 3 : rows + 5, old = *place;
            *place = tl__bits_float(0x7fc00000u);
            memset(&error, 0, sizeof error);
            assert_int_equal(take_step(&n, whole, &batch, &update, &result, &error), TL_NOT_FINITE);
            assert_non_null(strstr(error.message, places[i]));
            *place = old;
            tl__network_forget(n.network);
        }
        free(before.arrays);
        free(after.arrays);
        net_free(&n);
    }
    assert_string_equal(messages[0], messages[1]);
}

/* Finite gradients that the bound cannot vouch for: the plain way is taken, with its bits. */
static void test_beyond_the_bound(void **state)
{
    static const float sizes[] = {1e9f, 1e15f, 1e20f, 1e28f};
    float rows[BATCH * FEATURES];
    (void)state;
    make_data();
    for (size_t i = 0; i < TL_COUNT(sizes); i++) {
        outcome out[2] = {{0}, {0}};
        for (int whole = 0; whole < 2; whole++) {
            net n;
            tl_error error = {0};
            make_steep(&n, rows, sizes[i], 1);
            for (int s = 0; s < 3; s++) {
                tl__rows batch = {.inputs = rows, .targets = y, .rows = BATCH, .step = (uint32_t)s};
                tl__update update = {.step = s + 1, .learning_rate = 1e-25};
                n.network->gradients[0] = 7;
                if (take_step(&n, whole, &batch, &update, &out[whole].last, &error) != TL_OK)
                    fail_msg("%s", error.message);
            }
            assert_int_equal(n.network->gradients[0] == 7, whole && sizes[i] < 1e12f);
            keep_arrays(&n, &out[whole]);
            net_free(&n);
        }
        assert_memory_equal(out[0].arrays, out[1].arrays, out[0].size);
        assert_memory_equal(&out[0].last.loss, &out[1].last.loss, sizeof(double));
        free(out[0].arrays);
        free(out[1].arrays);
    }
}

/* The two ways of taking steps can take turns; a step leaves no gradients for another update. */
static void test_turns(void **state)
{
    (void)state;
    make_data();
    outcome out[2] = {{0}, {0}};
    for (int mixed = 0; mixed < 2; mixed++) {
        net n;
        tl_error error = {0};
        tl__plan_options options = net_options(BATCH);
        net_init(&n);
        net_loss(&n, &options, "cross_entropy", "", 0);
        net_optimizer(&n, &options, "adam", "");
        net_make(&n, MIXED, &options);
        for (int i = 0; i < 8; i++) {
            tl__rows batch = {.inputs = x, .targets = y, .rows = i == 6 ? 0 : BATCH, .step = (uint32_t)i};
            tl__update update = {.step = i + 1, .learning_rate = 0.01, .want_norms = i == 3};
            if (take_step(&n, mixed && i != 2, &batch, &update, &out[mixed].last, &error) != TL_OK)
                fail_msg("%s", error.message);
            if (i == 3) assert_true(out[mixed].last.gradient_norm > 0 && tl__network_norm(n.network, 0) > 0);
            if (i == 4 && mixed) {
                assert_int_equal(tl__network_update(n.network, NULL, &update, &out[1].last, &error), TL_INVALID);
            }
        }
        keep_arrays(&n, &out[mixed]);
        net_free(&n);
    }
    assert_memory_equal(out[0].arrays, out[1].arrays, out[0].size);
    free(out[0].arrays);
    free(out[1].arrays);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_bits_with_every_optimizer), cmocka_unit_test(test_same_bits_on_threads_and_sets),
        cmocka_unit_test(test_steps_that_do_not_stream), cmocka_unit_test(test_not_finite_changes_nothing),
        cmocka_unit_test(test_beyond_the_bound), cmocka_unit_test(test_turns)
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
