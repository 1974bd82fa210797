/* Recomputation: the bits of a plain plan, however the nodes are cut, with less memory; nothing is allocated. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "kernels/kernels.h"
#include "nn/plan_parts.h"
#include "support/nets.h"

enum { ROWS = 12, FEATURES = 24, STEPS = 4, CASES = 4 };

static const char *const networks[CASES] = {
    "[{type: input, nodes: 24}, {type: dense, nodes: 30, activation: gelu}, {type: dropout, rate: 0.2}, {type: dense, "
    "nodes: 30, activation: relu}, {type: dropout, rate: 0.1}, {type: dense, nodes: 30, activation: silu}, {type: "
    "dense, nodes: 30, activation: tanh}, {type: output, nodes: 3}]",
    /* every way that gradients meet, and what is committed after the forward pass */
    "[{type: input, nodes: 24}, {type: dense, name: a, nodes: 12, activation: tanh}, {type: layer_norm, name: n, "
    "from: a}, {type: dense, name: b, nodes: 12, activation: silu, from: n}, {type: add, name: s, from: [a, b, a]}, "
    "{type: batch_norm, name: bn}, {type: gelu, name: r}, {type: flatten, name: f}, {type: concatenate, name: c, "
    "from: [f, s]}, {type: batch_norm, name: last}, {type: output, nodes: 3, from: last}]",
    "[{type: input, shape: [6, 4]}, positional_encoding, {type: transformer_encoder, heads: 2, num_layers: 3}, "
    "{type: transformer_encoder, heads: 1, norm: pre, causal: true}, flatten, {type: output, nodes: 3}]",
    "[{type: input, shape: [6, 4]}, {type: dense, nodes: 8, frozen: true, activation: gelu}, {type: residual, layers: "
    "[layer_norm, {type: dense, nodes: 8, activation: elu}]}, {type: attention, heads: 2, causal: true}, flatten, "
    "{type: batch_norm, frozen: true}, {type: output, nodes: 3}]"};

typedef struct data {
    float x[ROWS * FEATURES], y[ROWS];
} data;

static void make(net *n, const char *layers, bool recompute, int segments)
{
    tl__plan_options options = net_options(ROWS);
    options.recompute = recompute;
    options.segments = segments;
    options.input_gradient = true;
    net_init(n);
    net_loss(n, &options, "cross_entropy", "", 0);
    net_optimizer(n, &options, "adam", "");
    net_make(n, layers, &options);
}

static tl_status step(net *n, const data *d, int number, tl_error *error)
{
    tl__rows batch = {.inputs = d->x, .targets = d->y, .rows = ROWS - (size_t)number % 2, .step = (uint32_t)number};
    tl__update update = {.step = number + 1, .learning_rate = 0.01};
    tl__step_result result;
    return tl__network_step(n->network, n->pool, &batch, &update, &result, error);
}

static void fill(data *d)
{
    net_fill(d->x, ROWS * FEATURES, 3);
    for (int i = 0; i < ROWS; i++) d->y[i] = (float)(i % 3);
}

static void test_same_bits_for_all_cuts(void **state)
{
    data d;
    (void)state;
    fill(&d);
    for (int c = 0; c < CASES; c++) {
        net plain;
        tl_error error = {0};
        const float *x[2];
        tl__rows batch = {.inputs = d.x, .rows = ROWS};
        float upstream[ROWS * 3];
        net_fill(upstream, ROWS * 3, 9);
        make(&plain, networks[c], false, 0);
        for (int s = 0; s < STEPS; s++) assert_int_equal(step(&plain, &d, s, &error), TL_OK);
        assert_int_equal(tl__network_forward_training(plain.network, NULL, &batch, &x[0], &error), TL_OK);
        assert_int_equal(tl__network_backward_from(plain.network, NULL, &batch, upstream, &x[0]), TL_OK);
        for (int segments = 0; segments <= plain.graph.count; segments++) {
            net n;
            make(&n, networks[c], true, segments);
            size_t in_use = n.heap.in_use;
            for (int s = 0; s < STEPS; s++) assert_int_equal(step(&n, &d, s, &error), TL_OK);
            assert_int_equal(tl__network_forward_training(n.network, NULL, &batch, &x[1], &error), TL_OK);
            assert_int_equal(tl__network_backward_from(n.network, NULL, &batch, upstream, &x[1]), TL_OK);
            assert_int_equal(n.heap.in_use, in_use);
            assert_memory_equal(x[1], x[0], sizeof d.x);
            assert_memory_equal(tl__network_gradients(n.network), tl__network_gradients(plain.network),
                                tl__plan_trained_floats(n.plan) * sizeof(float));
            assert_memory_equal(tl__network_parameters(n.network), tl__network_parameters(plain.network),
                                tl__plan_parameter_floats(n.plan) * sizeof(float));
            net_free(&n);
        }
        net_free(&plain);
    }
}

static tl__plan_totals totals_of(const char *layers, bool recompute)
{
    net n;
    tl__plan_totals totals;
    make(&n, layers, recompute, 0);
    tl__plan_totals_of(n.plan, &totals);
    net_free(&n);
    return totals;
}

static void test_memory(void **state)
{
    (void)state;
    for (int c = 0; c < CASES; c++)
        assert_true(totals_of(networks[c], true).values <= totals_of(networks[c], false).values);
    const char *deep = "[{type: input, shape: [40, 16]}, {type: transformer_encoder, heads: 2, num_layers: 12}, "
                       "flatten, {type: output, nodes: 3}]";
    tl__plan_totals plain = totals_of(deep, false), less = totals_of(deep, true);
    assert_true(less.values * 3 < plain.values);
    assert_int_equal(less.parameters, plain.parameters);
    assert_int_equal(plain.network - plain.values, less.network - less.values);
}

static void test_nan_is_found(void **state)
{
    data d;
    (void)state;
    fill(&d);
    for (int recompute = 0; recompute < 2; recompute++) {
        net n;
        tl_error error = {0};
        make(&n, networks[2], recompute, 5);
        net_tensor(&n, "transformer_encoder_1_1_linear1.weight", NULL)[3] = NAN;
        assert_int_equal(step(&n, &d, 0, &error), TL_NOT_FINITE);
        assert_non_null(strstr(error.message, "transformer_encoder_1_1_linear1"));
        net_free(&n);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_bits_for_all_cuts),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_nan_is_found)
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
