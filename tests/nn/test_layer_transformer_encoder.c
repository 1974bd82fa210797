/* The composite of an encoder and the positions before it: names, shapes, mistakes, sines and cosines. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "kernels/kernels.h"
#include "support/nets.h"

static void test_names_are_pytorchs(void **state)
{
    static const char *const names[] = {
        "e_0_self_attn.in_proj_weight", "e_0_self_attn.in_proj_bias", "e_0_self_attn.out_proj.weight",
        "e_0_self_attn.out_proj.bias", "e_0_norm1.weight", "e_0_norm1.bias", "e_0_linear1.weight", "e_0_linear1.bias",
        "e_0_linear2.weight", "e_0_linear2.bias", "e_0_norm2.weight", "e_0_norm2.bias", "e_1_self_attn.in_proj_weight"};
    net n;
    (void)state;
    tl__plan_options options = net_options(2);
    net_init(&n);
    net_make(&n, "[{type: input, shape: [5, 6]}, {type: transformer_encoder, name: e, heads: 3, num_layers: 2}]",
             &options);
    for (size_t i = 0; i < TL_COUNT(names); i++)
        assert_string_equal(tl__plan_tensor(n.plan, (int)i)->name, names[i]);
    assert_int_equal(tl__plan_tensor_count(n.plan), 24);
    assert_int_equal(tl__plan_tensor(n.plan, 6)->dim[0], 24);   /* four times the features */
    assert_true(tl__graph_find(&n.graph, "e_1_dropout2") > 0);
    assert_string_equal(n.graph.nodes[tl__graph_output(&n.graph)].name, "e");
    net_free(&n);
}

static void test_mistakes_are_told_where_they_stand(void **state)
{
    net n;
    tl_error error = {0};
    (void)state;
    net_init(&n);
    assert_int_not_equal(net_layers(&n.graph, "[{type: input, shape: [5, 6]}, {type: transformer_encoder, heads: 4}]",
                                    &error), TL_OK);
    assert_non_null(strstr(error.message, "needs as many features as its `heads` divide evenly"));
    assert_int_equal(error.line, 1);
    net_free(&n);
    net_init(&n);
    assert_int_not_equal(net_layers(&n.graph, "[{type: input, nodes: 6}, {type: transformer_encoder, heads: 2}]",
                                    &error), TL_OK);
    assert_non_null(strstr(error.message, "needs [time, features]"));
    net_free(&n);
}

static void test_sines_and_cosines(void **state)
{
    enum { TIME = 50, FEATURES = 7 };
    static float x[TIME * FEATURES];
    const float *out;
    net n;
    (void)state;
    tl__plan_options options = net_options(1);
    net_init(&n);
    net_make(&n, "[{type: input, shape: [50, 7]}, {type: positional_encoding, name: p}]", &options);
    net_fill(x, TIME * FEATURES, 6);
    assert_int_equal(tl__network_forward(n.network, NULL, x, 1, &out), TL_OK);
    for (int t = 0; t < TIME; t++)
        for (int j = 0; j < FEATURES; j++) {
            double angle = t / pow(10000.0, (double)(j / 2 * 2) / FEATURES);
            double p = j % 2 ? cos(angle) : sin(angle);
            assert_true(fabs((double)out[t * FEATURES + j] - (double)x[t * FEATURES + j] - p) < 3e-7);
        }
    assert_int_equal(tl__plan_trained_floats(n.plan), 0);
    net_free(&n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_are_pytorchs),
        cmocka_unit_test(test_mistakes_are_told_where_they_stand),
        cmocka_unit_test(test_sines_and_cosines)
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
