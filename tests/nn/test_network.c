/* Whole networks: steps that allocate nothing, accumulation that equals one big batch, bits that do not depend on threads
 * and kernel sets, plans that share memory, and the search for the layer where a NaN began. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "kernels/kernels.h"
#include "nn/plan_parts.h"
#include "support/nets.h"

#define MLP "[{type: input, nodes: 6}, {type: hidden, nodes: 32, activation: relu}, {type: dropout, rate: 0.2}, "  \
            "{type: hidden, nodes: 17, activation: gelu}, {type: output, nodes: 3}]"
/* a residual branch, two readers of one layer, side by side, norms: every way that gradients meet */
#define GRAPH "[{type: input, nodes: 6}, {type: dense, name: a, nodes: 12, activation: tanh}, "                      \
              "{type: layer_norm, name: n, from: a}, {type: dense, name: b, nodes: 12, activation: silu, from: n}, " \
              "{type: add, name: s, from: [a, b, a]}, {type: batch_norm, name: bn}, {type: gelu, name: r}, "         \
              "{type: flatten, name: f}, {type: concatenate, name: c, from: [f, s]}, {type: dense, name: unused, "   \
              "nodes: 2, from: a}, {type: output, nodes: 3, from: c}]"
/* several rows in a sample */
#define STEPS "[{type: input, shape: [3, 2]}, {type: dense, nodes: 5, activation: tanh}, {type: layer_norm}, "        \
              "{type: flatten}, {type: output, nodes: 3}]"

enum { BATCH = 24, FEATURES = 6, CLASSES = 3 };

typedef struct data {
    float x[BATCH * FEATURES], y[BATCH];
} data;

static void make_data(data *d, uint32_t stream)
{
    net_fill(d->x, BATCH * FEATURES, stream);
    for (int i = 0; i < BATCH; i++) {
        float a = d->x[i * FEATURES] + d->x[i * FEATURES + 1];
        d->y[i] = a > 0.3f ? 2.0f : a > -0.3f ? 1.0f : 0.0f;
    }
}

static void classifier(net *n, const char *yaml, tl__plan_options *options)
{
    net_init(n);
    net_loss(n, options, "cross_entropy", "", 0);
    net_optimizer(n, options, "adam", "");
    net_make(n, yaml, options);
}

static double step(net *n, const data *d, size_t rows, int64_t number)
{
    tl__rows batch = {.inputs = d->x, .targets = d->y, .rows = rows, .step = (uint32_t)number};
    tl__update update = {.step = number + 1, .learning_rate = 0.01, .l2 = 0.001, .clip_norm = 1.0};
    tl__step_result result;
    tl_error error = {0};
    if (tl__network_learn(n->network, n->pool, &batch, &error) != TL_OK) fail_msg("%s", error.message);
    if (tl__network_update(n->network, n->pool, &update, &result, &error) != TL_OK) fail_msg("%s", error.message);
    return result.loss;
}

static void test_learns_without_allocating(void **state)
{
    (void)state;
    static const char *const networks[] = {MLP, GRAPH};
    for (size_t k = 0; k < TL_COUNT(networks); k++) {
        net n;
        data d;
        make_data(&d, 1);
        tl__plan_options options = net_options(BATCH);
        classifier(&n, networks[k], &options);
        double first = step(&n, &d, BATCH, 0), last = first;
        size_t calls = n.heap.calls;
        for (int i = 1; i < 100; i++) last = step(&n, &d, BATCH, i);
        assert_int_equal(n.heap.calls, calls);
        assert_true(last < 0.5 * first);
        net_free(&n);
    }
}

/* Train ten steps, the last ones short, and keep all parameters. */
static float *trained(const char *yaml, const tl__kernels *kernels, int threads, int shards, size_t *size)
{
    net n;
    data d;
    make_data(&d, 2);
    tl__plan_options options = net_options(BATCH);
    options.kernels = kernels;
    options.workers = threads;
    options.shards = shards;
    classifier(&n, yaml, &options);
    for (int i = 0; i < 10; i++) step(&n, &d, i < 7 ? BATCH : (size_t)(BATCH - i), i);
    *size = tl__plan_parameter_floats(n.plan) * sizeof(float);
    float *out = malloc(*size);
    memcpy(out, tl__network_parameters(n.network), *size);
    net_free(&n);
    return out;
}

/* All sets of a numeric class, on any threads, give the bits of the class's first set on one thread. */
static void test_same_bits(void **state)
{
    (void)state;
    static const int threads[] = {1, 2, 3, 7};
    static const char *const networks[] = {MLP, GRAPH};
    for (size_t k = 0; k < TL_COUNT(networks); k++) {
        float *expected[2] = {NULL, NULL};
        size_t size;
        for (size_t s = 0; tl__kernels_list(s); s++)
            for (size_t t = 0; t < TL_COUNT(threads); t++) {
                float **want = &expected[tl__kernels_list(s)->numeric_class];
                float *got = trained(networks[k], tl__kernels_list(s), threads[t], 4, &size);
                if (*want) assert_memory_equal(got, *want, size);
                if (*want) free(got);
                else *want = got;
            }
        free(expected[0]);
        free(expected[1]);
    }
}

/* Wide enough for the pool to be used. */
static void test_same_bits_on_the_pool(void **state)
{
    (void)state;
    static const char wide[] = "[{type: input, nodes: 6}, {type: dense, nodes: 700, activation: elu}, {type: batch_norm}, "
                               "{type: dropout, rate: 0.1}, {type: dense, nodes: 300, activation: gelu}, "
                               "{type: layer_norm}, {type: output, nodes: 3}]";
    size_t size, other;
    float *expected = trained(wide, tl__kernels_choose(NULL), 1, 1, &size);
    float *got = trained(wide, tl__kernels_choose(NULL), 3, 1, &other);
    assert_memory_equal(got, expected, size);
    free(expected);
    free(got);
}

static double loss_of(net *n, const tl__rows *batch)
{
    tl__update update = {.step = 1};
    tl__step_result result;
    tl_error error = {0};
    tl__network_forget(n->network);
    if (tl__network_learn(n->network, n->pool, batch, &error) != TL_OK) fail_msg("%s", error.message);
    if (tl__network_update(n->network, n->pool, &update, &result, &error) != TL_OK) fail_msg("%s", error.message);
    return result.loss;
}

/* The gradient of every parameter of a graph in which paths part and meet, against differences of the loss: a buffer that
 * was given away too early would show here. */
static void test_gradients_of_a_graph(void **state)
{
    (void)state;
    net n;
    data d;
    make_data(&d, 8);
    tl__plan_options options = net_options(BATCH);
    net_init(&n);
    net_loss(&n, &options, "cross_entropy", "", 0);
    net_make(&n, GRAPH, &options);
    tl__rows batch = {.inputs = d.x, .targets = d.y, .rows = BATCH};
    size_t trained_floats = tl__plan_trained_floats(n.plan), checked = 0;
    float *gradients = malloc(trained_floats * sizeof(float)), *parameters = tl__network_parameters(n.network);
    loss_of(&n, &batch);
    memcpy(gradients, tl__network_gradients(n.network), trained_floats * sizeof(float));
    for (int t = 0; t < tl__plan_tensor_count(n.plan); t++) {
        const tl__tensor *tensor = tl__plan_tensor(n.plan, t);
        for (size_t i = 0; i < tensor->size && tensor->trained; i++, checked++) {
            float *place = parameters + tensor->offset + i, old = *place;
            *place = old + 0.00390625f;
            double above = loss_of(&n, &batch);
            *place = old - 0.00390625f;
            double below = loss_of(&n, &batch);
            *place = old;
            double gap = (above - below) / 0.0078125 - (double)gradients[tensor->offset + i];
            if (gap > 2e-3 || gap < -2e-3)
                fail_msg("%s[%zu]: gradient %g, differences %g", tensor->name, i, (double)gradients[tensor->offset + i],
                         (above - below) / 0.0078125);
        }
    }
    assert_true(checked > 300);
    free(gradients);
    net_free(&n);
}

/* Steps of `rows` rows in `micro` micro-batches. */
static float *accumulated(const char *yaml, int micro, int shards, size_t rows, size_t *size)
{
    net n;
    data d;
    make_data(&d, 3);
    tl__plan_options options = net_options(BATCH);
    options.shards = shards;
    options.accumulation = micro;
    classifier(&n, yaml, &options);
    for (int s = 0; s < 5; s++) {
        tl__update update = {.step = s + 1, .learning_rate = 0.01, .clip_norm = 0.5};
        tl__step_result result;
        tl_error error = {0};
        for (int i = 0; i < micro; i++) {
            size_t first = tl__piece(rows, (size_t)micro, (size_t)i), end = tl__piece(rows, (size_t)micro, (size_t)i + 1);
            tl__rows batch = {.inputs = d.x + first * FEATURES, .targets = d.y + first, .rows = end - first,
                              .step = (uint32_t)s, .first_row = first,
                              .denominator = tl__network_denominator(n.network, d.y, NULL, rows)};
            if (tl__network_learn(n.network, NULL, &batch, &error) != TL_OK) fail_msg("%s", error.message);
        }
        if (tl__network_update(n.network, NULL, &update, &result, &error) != TL_OK) fail_msg("%s", error.message);
    }
    *size = tl__plan_parameter_floats(n.plan) * sizeof(float);
    float *out = malloc(*size);
    memcpy(out, tl__network_parameters(n.network), *size);
    net_free(&n);
    return out;
}

static void test_accumulation_is_one_big_batch(void **state)
{
    (void)state;
    static const char *const networks[] = {MLP, STEPS};
    for (size_t k = 0; k < TL_COUNT(networks); k++)
        for (int shards = 1; shards <= 8; shards *= 2)
            for (size_t rows = 1; rows <= BATCH; rows += 4) {
                size_t size, other;
                float *whole = accumulated(networks[k], 1, shards, rows, &size);
                for (int micro = 1; micro <= shards; micro *= 2) {
                    float *parts = accumulated(networks[k], micro, shards, rows, &other);
                    assert_memory_equal(parts, whole, size);
                    free(parts);
                }
                free(whole);
            }
}

static void test_shards_are_part_of_the_numerics(void **state)
{
    (void)state;
    size_t size, other;
    float *one = accumulated(MLP, 1, 1, BATCH, &size), *eight = accumulated(MLP, 1, 8, BATCH, &other);
    assert_memory_not_equal(one, eight, size);
    for (size_t i = 0; i < size / sizeof(float); i++) assert_true(one[i] - eight[i] < 1e-3f && eight[i] - one[i] < 1e-3f);
    free(one);
    free(eight);
}

/* Evaluation is the same in any batches, and dropout is off in it. */
static void test_evaluation(void **state)
{
    (void)state;
    net n;
    data d;
    float whole[BATCH * CLASSES];
    const float *out;
    make_data(&d, 4);
    tl__plan_options options = net_options(BATCH);
    options.evaluation_rows = 5;
    classifier(&n, MLP, &options);
    assert_int_equal(tl__network_forward(n.network, NULL, d.x, 6, &out), TL_OUT_OF_RANGE);
    for (size_t i = 0; i < BATCH; i++) {
        assert_int_equal(tl__network_forward(n.network, NULL, d.x + i * FEATURES, 1, &out), TL_OK);
        memcpy(whole + i * CLASSES, out, CLASSES * sizeof(float));
    }
    double sum = 0, denominator = 0;
    for (size_t i = 0; i < BATCH; i += 5) {
        tl__rows batch = {.inputs = d.x + i * FEATURES, .targets = d.y + i, .rows = tl__size_min(5, BATCH - i)};
        assert_int_equal(tl__network_evaluate(n.network, NULL, &batch, &out, &sum, &denominator), TL_OK);
        assert_memory_equal(out, whole + i * CLASSES, batch.rows * CLASSES * sizeof(float));
    }
    assert_true(denominator == BATCH);
    assert_true(sum > 0);
    net_free(&n);
}

/* A frozen layer keeps its weights and costs no gradients; the others train. */
static void test_frozen(void **state)
{
    (void)state;
    net n;
    data d;
    const tl__tensor *tensor;
    float before[32 * 6], after[32];
    make_data(&d, 5);
    tl__plan_options options = net_options(BATCH);
    classifier(&n, "[{type: input, nodes: 6}, {type: dense, nodes: 32, frozen: true}, {type: output, nodes: 3}]", &options);
    float *frozen = net_tensor(&n, "dense_1.weight", &tensor);
    assert_false(tensor->trained);
    assert_true(tensor->offset >= tl__plan_trained_floats(n.plan));
    memcpy(before, frozen, sizeof before);
    float *trains = net_tensor(&n, "dense_2.weight", NULL);
    memcpy(after, trains, sizeof after);
    for (int i = 0; i < 3; i++) step(&n, &d, BATCH, i);
    assert_memory_equal(frozen, before, sizeof before);
    assert_memory_not_equal(trains, after, sizeof after);
    net_free(&n);
}

static void test_not_finite(void **state)
{
    (void)state;
    net n;
    data d;
    tl_error error = {0};
    tl__step_result result;
    make_data(&d, 6);
    tl__plan_options options = net_options(BATCH);
    classifier(&n, MLP, &options);
    tl__rows batch = {.inputs = d.x, .targets = d.y, .rows = BATCH};
    float *weight = net_tensor(&n, "dense_2.weight", NULL), old = weight[3];
    weight[3] = tl__bits_float(0x7fc00000u);
    assert_int_equal(tl__network_learn(n.network, NULL, &batch, &error), TL_NOT_FINITE);
    assert_non_null(strstr(error.message, "weights of layer 'dense_2'"));
    weight[3] = old;

    /* weights so large that the outputs overflow */
    float *first = net_tensor(&n, "dense_1.weight", NULL), *second = net_tensor(&n, "dense_2.weight", NULL);
    for (size_t i = 0; i < 6 * 32; i++) first[i] = 1e30f;
    for (size_t i = 0; i < 32 * 17; i++) second[i] = 1e30f;
    memset(&error, 0, sizeof error);
    assert_int_equal(tl__network_learn(n.network, NULL, &batch, &error), TL_NOT_FINITE);
    assert_non_null(strstr(error.message, "outputs of layer 'dense_2'"));

    d.x[7] = tl__bits_float(0x7f800000u);
    memset(&error, 0, sizeof error);
    assert_int_equal(tl__network_learn(n.network, NULL, &batch, &error), TL_NOT_FINITE);
    assert_non_null(strstr(error.message, "inputs"));
    tl__update update = {.step = 1, .learning_rate = 0.1};
    assert_int_equal(tl__network_update(n.network, NULL, &update, &result, &error), TL_INVALID);
    net_free(&n);
}

/* The statistics of a feature that is always zero end at zero, not in subnormals. */
static void test_running_statistics_settle(void **state)
{
    (void)state;
    net n;
    data d;
    make_data(&d, 9);
    tl__plan_options options = net_options(BATCH);
    classifier(&n, "[{type: input, nodes: 6}, {type: batch_norm}, {type: output, nodes: 3}]", &options);
    for (int i = 0; i < BATCH; i++) d.x[i * FEATURES + 2] = 0;
    float *mean = net_tensor(&n, "batch_norm_1.running_mean", NULL);
    float *variance = net_tensor(&n, "batch_norm_1.running_var", NULL);
    mean[2] = -1;
    for (int i = 0; i < 1000; i++) {
        step(&n, &d, BATCH, i);
        assert_true(mean[2] <= -0x1p-120f || mean[2] == 0);
        assert_true(variance[2] >= 0x1p-120f || variance[2] == 0);
    }
    assert_true(mean[2] == 0 && variance[2] == 0 && variance[1] > 0.1f);
    net_free(&n);
}

/* Statistics of the batch are those of real steps: mean and variance in double over them alone. */
static void test_batch_norm_leaves_padding_out(void **state)
{
    enum { LONGEST = 3, COLUMNS = 2, SEQUENCES = 4, REAL = 7 };
    static const int32_t lengths[SEQUENCES] = {3, 1, 2, 1};
    (void)state;
    net n;
    const float *out;
    tl_error error = {0};
    float x[SEQUENCES * LONGEST * COLUMNS];
    net_init(&n);
    tl__plan_options options = net_options(SEQUENCES);
    net_make(&n, "[{type: input, shape: [3, 2]}, {type: batch_norm, name: bn}]", &options);
    net_fill(x, TL_COUNT(x), 5);
    tl__rows batch = {.inputs = x, .rows = SEQUENCES, .lengths = lengths};
    assert_int_equal(tl__network_forward_training(n.network, NULL, &batch, &out, &error), TL_OK);
    const float *running = net_tensor(&n, "bn.running_var", NULL);
    for (int c = 0; c < COLUMNS; c++) {
        double sum = 0, squares = 0;
        for (int r = 0; r < SEQUENCES; r++)
            for (int t = 0; t < lengths[r]; t++) sum += (double)x[(r * LONGEST + t) * COLUMNS + c];
        for (int r = 0; r < SEQUENCES; r++)
            for (int t = 0; t < lengths[r]; t++) {
                double apart = (double)x[(r * LONGEST + t) * COLUMNS + c] - sum / REAL;
                squares += apart * apart;
            }
        assert_true(tl__abs((double)running[c] - (0.9 + 0.1 * squares / (REAL - 1))) < 1e-6);
        for (int i = 0; i < SEQUENCES * LONGEST; i++) {
            double y = ((double)x[i * COLUMNS + c] - sum / REAL) / tl__sqrt_d(squares / REAL + 1e-5);
            bool real = i % LONGEST < lengths[i / LONGEST];
            assert_true(tl__abs((double)out[i * COLUMNS + c] - (real ? y : 0.0)) < 1e-5);
        }
    }
    net_free(&n);
}

static void test_batch_norm_refuses_one_row(void **state)
{
    (void)state;
    net n;
    data d;
    tl_error error = {0};
    make_data(&d, 7);
    tl__plan_options options = net_options(BATCH);
    classifier(&n, GRAPH, &options);
    tl__rows batch = {.inputs = d.x, .targets = d.y, .rows = 1};
    assert_int_equal(tl__network_learn(n.network, NULL, &batch, &error), TL_BAD_DATA);
    assert_non_null(strstr(error.message, "'bn'"));
    assert_non_null(strstr(error.message, "training.drop_last"));
    batch.rows = BATCH + 1;
    assert_int_equal(tl__network_learn(n.network, NULL, &batch, &error), TL_OUT_OF_RANGE);
    const int32_t none[2] = {1, 0}, more[2] = {1, FEATURES + 1};
    batch.rows = 2;
    batch.lengths = none;
    assert_int_equal(tl__network_learn(n.network, NULL, &batch, &error), TL_OUT_OF_RANGE);
    assert_non_null(strstr(error.message, "Row 1 of a batch has a sequence of 0 steps; it can have 1 to 6."));
    batch.lengths = more;
    assert_int_equal(tl__network_learn(n.network, NULL, &batch, &error), TL_OUT_OF_RANGE);
    net_free(&n);
}

/* No two buffers of overlapping lifetime share bytes: poison what is free, and results stay. Here: sharing saves a lot in a
 * deep network and evaluation needs two layers at a time. */
static void test_plan_shares_memory(void **state)
{
    (void)state;
    net n;
    tl__plan_totals training, evaluation;
    net_init(&n);
    assert_int_equal(net_layers(&n.graph, "[{type: input, nodes: 64}]", NULL), TL_OK);
    for (int i = 0; i < 20; i++)
        assert_int_equal(net_layers(&n.graph, "[{type: dense, nodes: 64}]", NULL), TL_OK);
    tl__plan_options options = net_options(32);
    tl_error error = {0};
    assert_int_equal(tl__plan_new(&n.heap, &n.graph, &options, &n.plan, &error), TL_OK);
    tl__plan_totals_of(n.plan, &training);
    tl__plan_free(&n.heap, n.plan);
    options.training = false;
    options.evaluation_rows = 32;
    assert_int_equal(tl__plan_new(&n.heap, &n.graph, &options, &n.plan, &error), TL_OK);
    tl__plan_totals_of(n.plan, &evaluation);
    assert_int_equal(evaluation.values, 2 * 32 * 64 * sizeof(float));
    assert_int_equal(evaluation.gradients + evaluation.state, 0);
    /* 20 outputs are kept for the way back; gradients need two more at a time */
    assert_int_equal(training.values, 22 * 32 * 64 * sizeof(float));
    assert_int_equal(training.parameter_count, 20 * (64 * 64 + 64));
    assert_int_equal(training.network, training.own + training.parameters + training.gradients + training.state +
                                           training.values + training.scratch + 63);
    assert_true(training.flops >= 20 * 2.0 * 64 * 64);
    net_free(&n);
}

/* Failing the n-th allocation of everything, until it goes through: each failure is told and leaks nothing. */
typedef struct failing_heap {
    int left;
} failing_heap;

static void *failing_resize(void *user, void *block, size_t old_size, size_t new_size)
{
    failing_heap *failing = user;
    (void)old_size;
    if (new_size == 0) {
        free(block);
        return NULL;
    }
    if (failing->left-- <= 0) return NULL;
    return realloc(block, new_size);
}

static void test_out_of_memory(void **state)
{
    (void)state;
    tl_status status = TL_OUT_OF_MEMORY;
    for (int n = 0; status == TL_OUT_OF_MEMORY; n++) {
        failing_heap failing = {n};
        tl_allocator allocator = {failing_resize, &failing};
        tl__heap heap;
        tl__graph graph;
        tl__plan *plan = NULL;
        tl__network *network = NULL;
        tl__shape shape = {1, {6}};
        int from = 0;
        tl__plan_options options = net_options(BATCH);
        tl__heap_init(&heap, &allocator, 0);
        tl__graph_init(&graph, &heap, NULL);
        status = tl__graph_add_input(&graph, "x", &shape, NULL);
        for (int i = 0; i < 12 && status == TL_OK; i++)
            status = tl__graph_add_node(&graph, "relu", &from, 1, NULL, NULL, NULL);
        if (status == TL_OK) status = tl__plan_new(&heap, &graph, &options, &plan, NULL);
        if (status == TL_OK) status = tl__network_new(&heap, plan, NULL, &network, NULL);
        tl__network_free(&heap, network);
        tl__plan_free(&heap, plan);
        tl__graph_free(&graph);
        assert_int_equal(heap.in_use, 0);
        assert_true(n < 100);
    }
    assert_int_equal(status, TL_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_learns_without_allocating), cmocka_unit_test(test_same_bits),
        cmocka_unit_test(test_same_bits_on_the_pool), cmocka_unit_test(test_gradients_of_a_graph),
        cmocka_unit_test(test_accumulation_is_one_big_batch),
        cmocka_unit_test(test_shards_are_part_of_the_numerics), cmocka_unit_test(test_evaluation),
        cmocka_unit_test(test_frozen), cmocka_unit_test(test_not_finite),
        cmocka_unit_test(test_running_statistics_settle),
        cmocka_unit_test(test_batch_norm_refuses_one_row), cmocka_unit_test(test_batch_norm_leaves_padding_out), cmocka_unit_test(test_plan_shares_memory),
        cmocka_unit_test(test_out_of_memory)
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
