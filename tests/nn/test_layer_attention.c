/* The weights of attention that explanations ask for: those that the layer puts beside its result, and PyTorch's. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "kernels/kernels.h"
#include "support/nets.h"

enum { TIME = 37, WIDTH = 6, HEADS = 3, ROWS = 2 };

/* Both of the same layer: with the weights beside the result, and without. */
static void compare(const char *more, const int32_t *lengths)
{
    static float x[ROWS * TIME * WIDTH], map[TIME * TIME];
    char yaml[256];
    const float *out;
    tl_error error = {0};
    for (int threads = 1; threads <= 3; threads += 2) {
        net n;
        tl__plan_options options = net_options(ROWS);
        net_init(&n);
        snprintf(yaml, sizeof yaml, "[{type: input, shape: [%d, %d]}, {type: attention, name: a, heads: %d, "
                 "weights: true%s}]", TIME, WIDTH, HEADS, more);
        options.input_gradient = true;
        net_make(&n, yaml, &options);
        net_fill(x, ROWS * TIME * WIDTH, 5);
        tl__rows batch = {.inputs = x, .rows = ROWS, .lengths = lengths, .evaluate = true};
        assert_int_equal(tl__network_forward_training(n.network, NULL, &batch, &out, &error), TL_OK);
        int node = tl__graph_find(&n.graph, "a");
        tl__site site = {&n.graph, &n.graph.nodes[node], n.graph.nodes[node].settings};
        size_t queries, keys;
        assert_int_equal(n.graph.nodes[node].layer->heads(&site, &queries, &keys), HEADS);
        assert_int_equal(queries, TIME);
        assert_int_equal(keys, TIME);
        for (size_t r = 0; r < ROWS; r++)
            for (size_t h = 0; h < HEADS; h++) {
                tl__network_attention(n.network, &batch, node, r, h, map);
                for (size_t i = 0; i < TIME; i++)
                    assert_memory_equal(map + i * TIME, out + (r * TIME + i) * (WIDTH + HEADS * TIME) + WIDTH +
                                        h * TIME, TIME * sizeof(float));
            }
        net_free(&n);
    }
}

static void test_the_weights_of_the_pass(void **state)
{
    const int32_t lengths[ROWS] = {TIME, 11};
    (void)state;
    compare("", NULL);
    compare(", causal: true", NULL);
    compare(", dropout: 0.5", NULL);    /* of training only */
    compare("", lengths);
}

/* Numbers by a formula that Python has too: (7 * i mod 23 - 11) / 16. */
static void fill(float *values, size_t count, size_t from)
{
    for (size_t i = 0; i < count; i++) values[i] = (float)((int)((7 * (i + from)) % 23) - 11) / 16.0f;
}

static void set(net *n, const char *name, size_t from)
{
    const tl__tensor *tensor;
    float *values = net_tensor(n, name, &tensor), file[64];
    fill(file, tensor->size, from);
    for (size_t i = 0; i < tensor->dim[0]; i++)
        for (size_t j = 0; j < (tensor->rank > 1 ? tensor->dim[1] : 1); j++)
            values[i * tensor->stride[0] + (tensor->rank > 1 ? j * tensor->stride[1] : 0)] =
                file[i * (tensor->rank > 1 ? tensor->dim[1] : 1) + j];
}

/* torch 2.13: nn.MultiheadAttention(4, 2, batch_first=True) with these weights, x [1, 3, 4] by the formula from 5;
 * need_weights, average_attn_weights=False; then the same with an attn_mask above the diagonal. */
static void test_pytorchs_weights(void **state)
{
    static const double wanted[2][18] = {
        {0.26238109, 0.33609624, 0.40152267, 0.21710965, 0.34051461, 0.44237574, 0.21735700, 0.33693497, 0.44570803,
         0.47308533, 0.26034484, 0.26656984, 0.35889534, 0.32138240, 0.31972226, 0.38198602, 0.31080736, 0.30720662},
        {1.00000000, 0.00000000, 0.00000000, 0.38934757, 0.61065243, 0.00000000, 0.21735700, 0.33693497, 0.44570803,
         1.00000000, 0.00000000, 0.00000000, 0.52757178, 0.47242822, 0.00000000, 0.38198602, 0.31080736, 0.30720662}
    };
    (void)state;
    for (int causal = 0; causal < 2; causal++) {
        net n;
        float x[12], map[9];
        const float *out;
        tl_error error = {0};
        tl__plan_options options = net_options(1);
        net_init(&n);
        net_make(&n, causal ? "[{type: input, shape: [3, 4]}, {type: attention, name: a, heads: 2, causal: true}]"
                            : "[{type: input, shape: [3, 4]}, {type: attention, name: a, heads: 2}]", &options);
        set(&n, "a.in_proj_weight", 0);
        set(&n, "a.in_proj_bias", 3);
        fill(x, 12, 5);
        tl__rows batch = {.inputs = x, .rows = 1, .evaluate = true};
        assert_int_equal(tl__network_forward_training(n.network, NULL, &batch, &out, &error), TL_OK);
        for (size_t h = 0; h < 2; h++) {
            tl__network_attention(n.network, &batch, tl__graph_find(&n.graph, "a"), 0, h, map);
            for (size_t i = 0; i < 9; i++) assert_true(fabs((double)map[i] - wanted[causal][9 * h + i]) < 2e-7);
        }
        net_free(&n);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_weights_of_the_pass),
        cmocka_unit_test(test_pytorchs_weights)
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
