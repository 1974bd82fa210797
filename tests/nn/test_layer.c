/* Every layer of the list, by its examples: gradients against central differences, equal bits for all threads and kernel
 * sets, plans that are exact. A new layer is tested by its line in layer_list.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "kernels/kernels.h"
#include "nn/plan_parts.h"
#include "support/nets.h"

enum { ROWS = 7 };

/* input -> example, or input -> one dense per input -> example, where it has several. */
static void build(net *n, const tl__layer *layer, const tl__layer_example *example)
{
    tl_error error = {0};
    char text[200];
    tl__tree *tree;
    int from[2] = {0, 0};
    tl__shape shape = example->in[0];
    if (example->inputs > 1) shape.dim[shape.rank - 1] = 3;
    net_init(n);
    assert_int_equal(tl__graph_add_input(&n->graph, "x", &shape, &error), TL_OK);
    for (int k = 0; k < example->inputs && example->inputs > 1; k++) {
        snprintf(text, sizeof text, "[{type: dense, nodes: %d, activation: tanh, from: x}]",
                 (int)example->in[k].dim[example->in[k].rank - 1]);
        assert_int_equal(net_layers(&n->graph, text, &error), TL_OK);
        from[k] = k + 1;
    }
    snprintf(text, sizeof text, "{%s}", example->settings);
    assert_int_equal(tl__tree_new(&n->heap, NULL, &tree), TL_OK);
    assert_int_equal(tl__yaml_parse(tree, text, strlen(text), &error), TL_OK);
    if (tl__graph_add_node(&n->graph, layer->head.name, from, example->inputs, &tree->root, NULL, &error) != TL_OK)
        fail_msg("%s %s: %s", layer->head.name, example->settings, error.message);
    tl__tree_free(tree);
}

/* A network with one pass done: outputs, gradients of parameters and inputs, in arrays of the caller's. */
typedef struct run {
    net net;
    tl__rows batch;
    size_t in, out;
    float *x, *upstream, *dx, *y;
} run;

static void run_start(run *r, const tl__layer *layer, const tl__layer_example *example, size_t rows,
                      const tl__kernels *kernels, int threads, int shards)
{
    build(&r->net, layer, example);
    tl__plan_options options = net_options(rows);
    options.kernels = kernels;
    options.workers = threads;
    options.shards = shards;
    options.input_gradient = true;
    net_make(&r->net, NULL, &options);
    r->in = rows * tl__shape_size(tl__graph_input_shape(&r->net.graph));
    r->out = rows * tl__shape_size(tl__graph_output_shape(&r->net.graph));
    r->x = calloc(r->in, sizeof(float));
    r->dx = calloc(r->in, sizeof(float));
    r->upstream = calloc(r->out, sizeof(float));
    r->y = calloc(r->out, sizeof(float));
    net_fill(r->x, r->in, 1);
    net_fill(r->upstream, r->out, 2);
    /* parameters that are constants at the start would hide mistakes */
    for (int t = 0; t < tl__plan_tensor_count(r->net.plan); t++) {
        const tl__tensor *tensor = tl__plan_tensor(r->net.plan, t);
        float *values = tl__network_parameters(r->net.network) + tensor->offset;
        if (tensor->rank < 2) {
            net_fill(values, tensor->size, 10 + (uint32_t)t);
            for (size_t i = 0; i < tensor->size; i++) values[i] = 0.75f + 0.5f * values[i];
        }
    }
    r->batch = (tl__rows){.inputs = r->x, .rows = rows, .step = 3, .first_row = 5};
}

static double run_forward(run *r)
{
    const float *out;
    tl_error error = {0};
    if (tl__network_forward_training(r->net.network, r->net.pool, &r->batch, &out, &error) != TL_OK)
        fail_msg("%s", error.message);
    double sum = 0;
    for (size_t i = 0; i < r->out; i++) sum += (double)out[i] * (double)r->upstream[i];
    if (out != r->y) memcpy(r->y, out, r->out * sizeof(float));
    return sum;
}

static void run_backward(run *r)
{
    const float *dx = NULL;
    run_forward(r);
    assert_int_equal(tl__network_backward_from(r->net.network, r->net.pool, &r->batch, r->upstream, &dx), TL_OK);
    assert_non_null(dx);
    memcpy(r->dx, dx, r->in * sizeof(float));
}

static void run_end(run *r)
{
    free(r->x);
    free(r->dx);
    free(r->upstream);
    free(r->y);
    net_free(&r->net);
}

static double distance(double a, double b) { return a < b ? b - a : a - b; }

/* Does the difference over `step` agree? kink: only that of one side does. */
static bool slope_agrees(run *r, float *place, double analytic, float step, bool *kink, double slopes[3])
{
    float old = *place;
    double middle = run_forward(r);
    *place = old + step;
    double above = run_forward(r);
    *place = old - step;
    double below = run_forward(r);
    *place = old;
    slopes[0] = (above - below) / (2 * (double)step);
    slopes[1] = (middle - below) / (double)step;
    slopes[2] = (above - middle) / (double)step;
    double tolerance = 2e-3 * (1 + distance(slopes[0], 0)) + 1e-6 / (double)step;
    *kink = distance(slopes[1], analytic) <= 2 * tolerance || distance(slopes[2], analytic) <= 2 * tolerance;
    return distance(slopes[0], analytic) <= tolerance;
}

/* Compare an analytic derivative with central differences; where the function bends much, with closer ones. */
static void check_slope(run *r, const char *what, float *place, double analytic, int *kinks)
{
    double slopes[3];
    bool kink;
    if (slope_agrees(r, place, analytic, 0.0078125f, &kink, slopes)) return;
    if (slope_agrees(r, place, analytic, 0.0009765625f, &kink, slopes)) return;
    if (kink) ++*kinks;
    else fail_msg("%s: derivative %g, differences say %g (left %g, right %g)", what, analytic, slopes[0], slopes[1],
                  slopes[2]);
}

static void check_gradients(const tl__layer *layer, const tl__layer_example *example, size_t rows)
{
    run r;
    int kinks = 0;
    char what[160];
    run_start(&r, layer, example, rows, tl__kernels_choose(NULL), 1, 1);
    float *parameters = tl__network_parameters(r.net.network);
    size_t trained = tl__plan_trained_floats(r.net.plan), all = tl__plan_parameter_floats(r.net.plan);
    float *gradients = calloc(trained + 1, sizeof(float)), *saved = calloc(all + 1, sizeof(float));
    run_backward(&r);
    memcpy(gradients, tl__network_gradients(r.net.network), trained * sizeof(float));
    memcpy(saved, parameters, all * sizeof(float));
    size_t count = 0;
    for (size_t i = 0; i < r.in; i++, count++) {
        snprintf(what, sizeof what, "%s {%s}, %zu rows, input %zu", layer->head.name, example->settings, rows, i);
        memcpy(parameters + trained, saved + trained, (all - trained) * sizeof(float));
        check_slope(&r, what, &r.x[i], (double)r.dx[i], &kinks);
    }
    for (int t = 0; t < tl__plan_tensor_count(r.net.plan); t++) {
        const tl__tensor *tensor = tl__plan_tensor(r.net.plan, t);
        for (size_t i = 0; i < tensor->size && tensor->trained; i++, count++) {
            snprintf(what, sizeof what, "%s {%s}, %zu rows, %s %zu", layer->head.name, example->settings, rows,
                     tensor->name, i);
            check_slope(&r, what, parameters + tensor->offset + i, (double)gradients[tensor->offset + i], &kinks);
        }
    }
    assert_true((size_t)kinks * 10 <= count);
    free(gradients);
    free(saved);
    run_end(&r);
}

static void each_example(void (*check)(const tl__layer *layer, const tl__layer_example *example))
{
    const tl__family *family = tl__layer_family();
    for (size_t i = 0; i < family->count; i++) {
        const tl__layer *layer = (const tl__layer *)(const void *)tl__family_member(family, i);
        for (int k = 0; k < layer->example_count; k++) check(layer, &layer->examples[k]);
        if (layer->inputs_max > 0) assert_true(layer->example_count > 0);
        assert_non_null(layer->head.help);
        assert_true(layer->state_size <= TL__LAYER_STATE);
    }
}

static bool takes_rows(const tl__layer *layer, const tl__layer_example *example, size_t rows)
{
    net n;
    build(&n, layer, example);
    const tl__graph_node *node = &n.graph.nodes[n.graph.count - 1];
    tl__site site = {&n.graph, node, node->settings};
    bool takes = !layer->refuses || !layer->refuses(&site, rows);
    net_free(&n);
    return takes;
}

static void gradients_of(const tl__layer *layer, const tl__layer_example *example)
{
    static const size_t rows[] = {1, 3, 6};
    for (size_t i = 0; i < TL_COUNT(rows); i++)
        if (takes_rows(layer, example, rows[i])) check_gradients(layer, example, rows[i]);
}

static void test_gradients(void **state)
{
    (void)state;
    each_example(gradients_of);
}

static void same_bits(const tl__layer *layer, const tl__layer_example *example)
{
    static const int threads[] = {1, 2, 3, 7};
    run expected;
    run_start(&expected, layer, example, ROWS, tl__kernels_choose("scalar"), 1, 4);
    run_backward(&expected);
    for (size_t k = 0; tl__kernels_list(k); k++) {
        const tl__kernels *kernels = tl__kernels_list(k);
        if (kernels->numeric_class != tl__kernels_choose("scalar")->numeric_class) continue;
        for (size_t t = 0; t < TL_COUNT(threads); t++) {
            run got;
            run_start(&got, layer, example, ROWS, kernels, threads[t], 4);
            run_backward(&got);
            assert_memory_equal(got.y, expected.y, got.out * sizeof(float));
            assert_memory_equal(got.dx, expected.dx, got.in * sizeof(float));
            assert_memory_equal(tl__network_gradients(got.net.network), tl__network_gradients(expected.net.network),
                                tl__plan_trained_floats(got.net.plan) * sizeof(float));
            run_end(&got);
        }
    }
    run_end(&expected);
}

static void test_same_bits(void **state)
{
    (void)state;
    each_example(same_bits);
}

/* Positions after a sequence's end: is number i of a row (its first axis has `time` positions) one of them? */
static bool is_padding(size_t i, size_t row_size, size_t time, const int32_t *lengths)
{
    return i % row_size / (row_size / time) >= (size_t)lengths[i / row_size];
}

/* Sequences of unequal length: what stands after their ends changes no bit of what comes out at real positions nor of
 * any gradient, and no gradient goes there. */
static void ignores_padding(const tl__layer *layer, const tl__layer_example *example)
{
    static const int32_t lengths[ROWS] = {3, 1, 2, 3, 2, 1, 1};
    run r[2];
    const tl__shape *shape;
    net n;
    build(&n, layer, example);
    const tl__graph_node *node = &n.graph.nodes[n.graph.count - 1];
    tl__site site = {&n.graph, node, node->settings};
    bool skipped = example->in[0].rank != 2 || example->in[0].dim[0] < 3 || !layer->forward ||
                   (layer->identity && layer->identity(&site, true));
    net_free(&n);
    if (skipped) return;
    for (int k = 0; k < 2; k++) {
        run_start(&r[k], layer, example, ROWS, tl__kernels_choose(NULL), 1, 4);
        r[k].batch.lengths = lengths;
        shape = tl__graph_input_shape(&r[k].net.graph);
        for (size_t i = 0; i < r[k].in; i++)
            if (is_padding(i, r[k].in / ROWS, shape->dim[0], lengths)) r[k].x[i] = k ? 1e4f : -3.0f;
    }
    tl__graph *graph = &r[0].net.graph;
    size_t time = graph->nodes[graph->count - 1].shape.dim[0];
    site = (tl__site){graph, &graph->nodes[graph->count - 1], graph->nodes[graph->count - 1].settings};
    bool timed = layer->keeps_time && layer->keeps_time(&site);
    for (int k = 0; k < 2; k++) {
        for (size_t i = 0; i < r[k].out && timed; i++)
            if (is_padding(i, r[k].out / ROWS, time, lengths)) r[k].upstream[i] = 0;
        run_backward(&r[k]);
    }
    for (size_t i = 0; i < r[0].out; i++)
        if (!timed || !is_padding(i, r[0].out / ROWS, time, lengths))
            assert_memory_equal(&r[0].y[i], &r[1].y[i], sizeof(float));
    assert_memory_equal(tl__network_gradients(r[0].net.network), tl__network_gradients(r[1].net.network),
                        tl__plan_trained_floats(r[0].net.plan) * sizeof(float));
    for (size_t i = 0; i < r[0].in; i++) {
        if (is_padding(i, r[0].in / ROWS, shape->dim[0], lengths)) assert_true(r[0].dx[i] == 0 && r[1].dx[i] == 0);
        else assert_memory_equal(&r[0].dx[i], &r[1].dx[i], sizeof(float));
    }
    run_end(&r[0]);
    run_end(&r[1]);
}

static void test_ignores_padding(void **state)
{
    (void)state;
    each_example(ignores_padding);
}

/* What carve counts is what it places: blocks end exactly where the next ones begin, and one byte less is refused. */
static void exact_plan(const tl__layer *layer, const tl__layer_example *example)
{
    net n;
    build(&n, layer, example);
    tl__plan_options options = net_options(ROWS);
    tl__plan_totals totals;
    tl_error error = {0};
    tl__network *network;
    assert_int_equal(tl__plan_new(&n.heap, &n.graph, &options, &n.plan, &error), TL_OK);
    tl__plan_totals_of(n.plan, &totals);
    assert_true(totals.values <= totals.values_unshared);
    unsigned char *memory = malloc(totals.network + 64);
    memset(memory + totals.network, 0xa5, 64);
    assert_int_equal(tl__network_place(memory, totals.network - 1, n.plan, NULL, &network), TL_OUT_OF_MEMORY);
    assert_int_equal(tl__network_place(memory, totals.network, n.plan, NULL, &network), TL_OK);
    tl__plan_initialize(n.plan, 1, tl__network_parameters(network));
    float *x = calloc(ROWS * tl__shape_size(tl__graph_input_shape(&n.graph)), sizeof(float));
    const float *out;
    tl__rows batch = {.inputs = x, .rows = ROWS};
    assert_int_equal(tl__network_forward_training(network, NULL, &batch, &out, &error), TL_OK);
    for (int i = 0; i < 64; i++) assert_int_equal(memory[totals.network + (size_t)i], 0xa5);
    free(x);
    free(memory);
    net_free(&n);
}

static void test_exact_plan(void **state)
{
    (void)state;
    each_example(exact_plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gradients),
        cmocka_unit_test(test_same_bits),
        cmocka_unit_test(test_ignores_padding),
        cmocka_unit_test(test_exact_plan)
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
