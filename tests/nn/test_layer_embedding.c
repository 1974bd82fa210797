/* Embedding: rows of the table by code, what is no code, the sums of repeated codes against a plain loop for every way
 * the batch may be cut, and the code that is not learned. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "kernels/kernels.h"
#include "support/nets.h"

enum { ROWS = 9, CODES = 3, COUNT = 5, SIZE = 70 };

static void fill_codes(float *x, size_t count)
{
    static const float codes[] = {0, 4, 4, 2, 1.75f, 5, -1, 3e9f, 0.5f, 4, 2};
    for (size_t i = 0; i < count; i++) x[i] = i == 12 ? NAN : codes[i % TL_COUNT(codes)];
}

static int code_of(float x) { return x >= 0 && x < COUNT ? (int)x : -1; }

static void make(net *n, const char *layers, int shards)
{
    tl__plan_options options = net_options(ROWS);
    options.shards = shards;
    options.input_gradient = true;
    net_init(n);
    net_make(n, layers, &options);
}

static void test_vectors_by_code(void **state)
{
    float x[ROWS * CODES];
    const float *out;
    net n;
    (void)state;
    make(&n, "[{type: input, nodes: 3}, {type: embedding, count: 5, size: 70}]", 1);
    fill_codes(x, ROWS * CODES);
    assert_int_equal(tl__network_forward(n.network, NULL, x, ROWS, &out), TL_OK);
    const float *table = net_tensor(&n, "embedding_1.weight", NULL);
    for (size_t i = 0; i < ROWS * CODES; i++)
        for (size_t j = 0; j < SIZE; j++)
            assert_true(out[i * SIZE + j] == (code_of(x[i]) < 0 ? 0 : table[code_of(x[i]) * SIZE + (int)j]));
    net_free(&n);
}

static void test_repeated_codes_are_summed(void **state)
{
    static float x[ROWS * CODES], d_out[ROWS * CODES * SIZE], value[8][SIZE];
    (void)state;
    for (int shards = 1; shards <= 8; shards *= 2) {
        net n;
        const float *out, *dx;
        tl_error error = {0};
        const tl__tensor *tensor;
        make(&n, "[{type: input, nodes: 3}, {type: embedding, count: 5, size: 70, padding_idx: 2}]", shards);
        fill_codes(x, ROWS * CODES);
        net_fill(d_out, ROWS * CODES * SIZE, 5);
        tl__rows batch = {.inputs = x, .rows = ROWS};
        assert_int_equal(tl__network_forward_training(n.network, NULL, &batch, &out, &error), TL_OK);
        assert_int_equal(tl__network_backward_from(n.network, NULL, &batch, d_out, &dx), TL_OK);
        net_tensor(&n, "embedding_1.weight", &tensor);
        const float *gradient = tl__network_gradients(n.network) + tensor->offset;
        for (int code = 0; code < COUNT; code++) {
            memset(value, 0, sizeof value);
            for (int piece = 0; piece < shards; piece++) {
                size_t at = CODES * tl__piece(ROWS, (size_t)shards, (size_t)piece);
                size_t end = CODES * tl__piece(ROWS, (size_t)shards, (size_t)piece + 1);
                for (; at < end; at++)
                    for (size_t j = 0; j < SIZE && code_of(x[at]) == code && code != 2; j++)
                        value[piece][j] = value[piece][j] + d_out[at * SIZE + j];
            }
            for (int step = 1; step < shards; step *= 2)
                for (int piece = 0; piece < shards; piece += 2 * step)
                    for (size_t j = 0; j < SIZE; j++) value[piece][j] = value[piece][j] + value[piece + step][j];
            for (size_t j = 0; j < SIZE; j++) assert_true(gradient[code * SIZE + (int)j] == value[0][j]);
        }
        for (size_t i = 0; i < ROWS * CODES; i++) assert_true(dx[i] == 0);
        net_free(&n);
    }
}

static void test_padding_starts_as_zeros(void **state)
{
    net n;
    (void)state;
    make(&n, "[{type: input, nodes: 3}, {type: embedding, count: 5, size: 70, padding_idx: 2}]", 1);
    const float *table = net_tensor(&n, "embedding_1.weight", NULL);
    double squares = 0;
    for (size_t i = 0; i < COUNT * SIZE; i++) {
        squares += (double)table[i] * (double)table[i];
        assert_true((table[i] == 0) == (i / SIZE == 2));
    }
    assert_true(squares > 0.8 * 4 * SIZE && squares < 1.2 * 4 * SIZE);   /* N(0, 1) */
    net_free(&n);
}

static void test_shapes(void **state)
{
    net n;
    tl_error error = {0};
    (void)state;
    net_init(&n);
    assert_int_equal(net_layers(&n.graph, "[{type: input, shape: [4, 2]}, {type: embedding, count: 3, size: 5}]",
                                &error), TL_OK);
    assert_int_equal(tl__graph_output_shape(&n.graph)->dim[0], 4);
    assert_int_equal(tl__graph_output_shape(&n.graph)->dim[1], 10);
    net_free(&n);
    net_init(&n);
    assert_int_not_equal(net_layers(&n.graph, "[{type: input, nodes: 4}, {type: embedding, count: 3, size: 5, "
                                    "padding_idx: 3}]", &error), TL_OK);
    assert_non_null(strstr(error.message, "needs a `padding_idx` that is one of its codes"));
    net_free(&n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors_by_code),
        cmocka_unit_test(test_repeated_codes_are_summed),
        cmocka_unit_test(test_padding_starts_as_zeros),
        cmocka_unit_test(test_shapes)
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
