/* Graphs: names, defaults and shapes; every mistake with its place and remedy; the three ways to the same nodes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "nn/plan_parts.h"
#include "support/nets.h"

static void expect_mistake(const char *yaml, tl_status status, int line, const char *words)
{
    net n;
    tl_error error = {0};
    net_init(&n);
    tl_status got = net_layers(&n.graph, yaml, &error);
    if (got == TL_OK) got = tl__graph_check(&n.graph, &error);
    if (got != status || !strstr(error.message, words) || error.line != line)
        fail_msg("%s\n gives %d at line %d: %s\n wanted %d at line %d with: %s", yaml, (int)got, error.line, error.message,
                 (int)status, line, words);
    net_free(&n);
}

static void test_mistakes(void **state)
{
    (void)state;
    expect_mistake("- {type: input, shape: [4, 4, 3]}\n- {type: dense, nodes: 8}\n", TL_BAD_SHAPE, 2,
                   "network.layers[1] 'dense' needs [features] or [time, features] (a flatten layer makes that) but "
                   "'input_1' (line 1) gives [4, 4, 3]");
    expect_mistake("- {type: input, nodes: 4}\n- {type: dens, nodes: 8}\n", TL_BAD_CONFIG, 2, "did you mean 'dense'");
    expect_mistake("- {type: input, nodes: 4}\n- {type: dense, node: 8}\n", TL_BAD_CONFIG, 2, "nodes");
    expect_mistake("- {type: input, nodes: 4}\n- {type: dense, nodes: 0}\n", TL_BAD_CONFIG, 2, "nodes");
    expect_mistake("- {type: input, nodes: 4}\n- {type: dense}\n", TL_BAD_CONFIG, 2, "nodes");
    expect_mistake("- {type: input, nodes: 4}\n- {type: dense, nodes: 3, name: a}\n- {type: dense, nodes: 2, from: [b]}\n",
                   TL_NOT_FOUND, 3, "reads 'b', and no layer before it has that name");
    expect_mistake("- {type: input, nodes: 4}\n- {type: dense, nodes: 3, name: a}\n- {type: relu, name: a}\n", TL_EXISTS, 3,
                   "'a', which an earlier layer has");
    expect_mistake("- {type: input, nodes: 4}\n- {type: layer_norm, activation: relu}\n", TL_BAD_CONFIG, 2,
                   "takes no activation");
    expect_mistake("- {type: input, nodes: 4}\n- {type: add}\n", TL_BAD_SHAPE, 2, "at least two inputs");
    expect_mistake("- {type: input, nodes: 4, name: x}\n- {type: dense, nodes: 3, name: a}\n- {type: add, from: [x, a]}\n",
                   TL_BAD_SHAPE, 3, "needs inputs of one shape but 'x' (line 1) gives [4] and 'a' (line 2) gives [3]");
    expect_mistake("- {type: input, nodes: 4}\n- {type: dense, nodes: 3}\n- {type: input, nodes: 2}\n", TL_UNSUPPORTED, 3,
                   "second input");
    expect_mistake("- {type: input}\n", TL_BAD_SHAPE, 1, "nodes: N");
    expect_mistake("- {type: input, nodes: 4}\n- 3\n", TL_BAD_CONFIG, 2, "unknown layer '3'");
    expect_mistake("- {nodes: 4}\n", TL_BAD_CONFIG, 1, "has no type");
    expect_mistake("- {type: input, nodes: 4}\n- {type: dense, nodes: 3, name: "
                   "a_name_that_is_longer_than_forty_characters}\n", TL_BAD_CONFIG, 2, "a name has 1 to 39");
    expect_mistake("[]", TL_BAD_CONFIG, 0, "no layers");
}

static void test_names_and_defaults(void **state)
{
    (void)state;
    net n;
    tl_error error = {0};
    net_init(&n);
    n.graph.activation = tl__activation_word("tanh");
    if (net_layers(&n.graph, "[{type: input, nodes: 4}, {type: hidden, nodes: 5}, flatten, {type: dense, nodes: 6, "
                             "activation: silu}, {type: relu}, {type: output, nodes: 2}]", &error) != TL_OK)
        fail_msg("%s", error.message);
    const tl__graph_node *nodes = n.graph.nodes;
    static const char *const names[] = {"input_1", "dense_1", "flatten_1", "dense_2", "activation_1", "dense_3"};
    static const char *const activations[] = {"identity", "tanh", "identity", "silu", "relu", "identity"};
    static const bool hidden[] = {false, true, false, true, false, false};
    assert_int_equal(n.graph.count, 6);
    for (int i = 0; i < 6; i++) {
        assert_string_equal(nodes[i].name, names[i]);
        assert_int_equal(nodes[i].activation, tl__activation_word(activations[i]));
        assert_int_equal(nodes[i].hidden, hidden[i]);
    }
    assert_int_equal(tl__shape_size(tl__graph_output_shape(&n.graph)), 2);
    net_free(&n);
}

/* Same layers, names, inputs, shapes and settings. */
static void expect_same(const tl__graph *a, const tl__graph *b)
{
    assert_int_equal(a->count, b->count);
    for (int i = 0; i < a->count; i++) {
        const tl__graph_node *x = &a->nodes[i], *y = &b->nodes[i];
        assert_ptr_equal(x->layer, y->layer);
        assert_string_equal(x->name, y->name);
        assert_int_equal(x->input_count, y->input_count);
        for (int k = 0; k < x->input_count; k++) assert_int_equal(x->inputs[k], y->inputs[k]);
        assert_true(tl__shape_same(&x->shape, &y->shape));
        assert_int_equal(x->activation, y->activation);
        assert_int_equal(x->initialization, y->initialization);
        assert_true(x->common->alpha >= y->common->alpha && x->common->alpha <= y->common->alpha);
        assert_int_equal(x->common->frozen, y->common->frozen);
        if (x->input_count) assert_memory_equal(x->settings, y->settings, x->layer->head.settings_size);
    }
}

static const char mixed[] =
    "[{type: input, shape: [3, 4], name: x}, {type: dense, nodes: 4, name: a, activation: leaky_relu, alpha: 0.2, "
    "initialization: orthogonal}, {type: layer_norm, axes: 2, eps: 0.001, frozen: true}, {type: add, from: [a, "
    "layer_norm_1]}, {type: flatten}, {type: dropout, rate: 0.125}, {type: batch_norm, momentum: 0.5}, {type: output, "
    "nodes: 2, bias: false}]";

static void test_written_and_read_back(void **state)
{
    (void)state;
    net n;
    tl__graph copy;
    tl_error error = {0};
    tl__tree *tree;
    tl__builder builder;
    net_init(&n);
    if (net_layers(&n.graph, mixed, &error) != TL_OK) fail_msg("%s", error.message);
    assert_int_equal(tl__tree_new(&n.heap, NULL, &tree), TL_OK);
    tl__builder_init(&builder, tree);
    tl_value *root = tl__put_map(&builder, NULL, NULL);
    tl__graph_put(&n.graph, &builder, root, "layers");
    assert_false(builder.failed);

    /* through JSON, as in a model file */
    tl__buffer text;
    tl__tree *again;
    tl__buffer_init(&text, &n.heap);
    tl__json_write(&text, &tree->root, 0);
    assert_int_equal(tl__tree_new(&n.heap, NULL, &again), TL_OK);
    assert_int_equal(tl__json_parse(again, text.data, text.size, &error), TL_OK);
    tl__graph_init(&copy, &n.heap, NULL);
    for (const tl_value *layer = tl__value_child(&again->root, "layers")->first; layer; layer = layer->next)
        if (tl__graph_add_value(&copy, layer, "layers", -1, &error) != TL_OK) fail_msg("%s\n%s", text.data, error.message);
    expect_same(&n.graph, &copy);
    tl__graph_free(&copy);
    tl__buffer_free(&text);
    tl__tree_free(again);
    tl__tree_free(tree);
    net_free(&n);
}

static const int from_0[] = {0}, from_1[] = {1}, from_12[] = {1, 2}, from_3[] = {3}, from_4[] = {4}, from_5[] = {5},
                 from_6[] = {6};
static const tl_setting input_settings[] = {{"name", 0, "x"}, {"shape", 3, NULL}, {"shape", 4, NULL}},
    dense_settings[] = {{"nodes", 4, NULL}, {"name", 0, "a"}, {"activation", 0, "leaky_relu"}, {"alpha", 0.2, NULL},
                        {"initialization", 0, "orthogonal"}},
    norm_settings[] = {{"axes", 2, NULL}, {"eps", 0.001, NULL}, {"frozen", 1, NULL}},
    dropout_settings[] = {{"rate", 0.125, NULL}}, batch_settings[] = {{"momentum", 0.5, NULL}},
    output_settings[] = {{"nodes", 2, NULL}, {"bias", 0, NULL}};
static const tl_layer_description described[] = {
    {"input", NULL, 0, input_settings, 3}, {"dense", from_0, 1, dense_settings, 5},
    {"layer_norm", from_1, 1, norm_settings, 3}, {"add", from_12, 2, NULL, 0}, {"flatten", from_3, 1, NULL, 0},
    {"dropout", from_4, 1, dropout_settings, 1}, {"batch_norm", from_5, 1, batch_settings, 1},
    {"output", from_6, 1, output_settings, 2}};

static tl_status describe(tl__graph *graph, tl__graph_node *nodes, void *memory, size_t size)
{
    tl_status status = TL_OK;
    tl__graph_init_fixed(graph, nodes, TL_COUNT(described), memory, size);
    for (size_t i = 0; i < TL_COUNT(described) && status == TL_OK; i++)
        status = tl__graph_add_description(graph, &described[i], NULL);
    return status;
}

/* Without an allocator, in memory of exactly the bytes that were told; and it runs in one block. */
static void test_descriptions(void **state)
{
    (void)state;
    net n;
    tl_error error = {0};
    tl__graph fixed;
    tl__graph_node nodes[TL_COUNT(described)];
    size_t size = tl__graph_settings_bytes(described, TL_COUNT(described));
    unsigned char *memory = malloc(size);
    net_init(&n);
    if (net_layers(&n.graph, mixed, &error) != TL_OK) fail_msg("%s", error.message);
    assert_int_equal(describe(&fixed, nodes, memory, size - 1), TL_OUT_OF_MEMORY);
    assert_int_equal(describe(&fixed, nodes, memory, size), TL_OK);
    expect_same(&n.graph, &fixed);

    tl__plan_options options = net_options(4);
    tl__plan *plan;
    tl__network *network;
    tl__plan_totals totals;
    void *plan_memory = malloc(tl__plan_size(&fixed));
    assert_int_equal(tl__plan_place(plan_memory, tl__plan_size(&fixed) - 1, &fixed, &options, &plan, &error),
                     TL_OUT_OF_MEMORY);
    assert_int_equal(tl__plan_place(plan_memory, tl__plan_size(&fixed), &fixed, &options, &plan, &error), TL_OK);
    tl__plan_totals_of(plan, &totals);
    void *block = malloc(totals.network);
    assert_int_equal(tl__network_place(block, totals.network, plan, NULL, &network), TL_OK);
    float x[12] = {0};
    const float *out;
    assert_int_equal(tl__network_forward(network, NULL, x, 1, &out), TL_OK);
    free(block);
    free(plan_memory);
    free(memory);
    net_free(&n);
}

static void test_wrong_descriptions(void **state)
{
    (void)state;
    static const int later[] = {1};
    static const tl_setting none[] = {{"nodes", 0, NULL}}, half[] = {{"nodes", 1.5, NULL}}, odd[] = {{"node", 3, NULL}},
        word[] = {{"nodes", 3, NULL}, {"activation", 0, "relo"}}, good[] = {{"nodes", 3, NULL}};
    static const tl_layer_description wrong[] = {
        {"dens", from_0, 1, good, 1}, {"dense", from_0, 1, none, 1}, {"dense", from_0, 1, half, 1},
        {"dense", from_0, 1, odd, 1}, {"dense", from_0, 1, word, 2}, {"dense", later, 1, good, 1},
        {"dense", from_0, 1, NULL, 0}, {"dense", NULL, 0, good, 1}};
    for (size_t i = 0; i < TL_COUNT(wrong); i++) {
        tl__graph graph;
        tl__graph_node nodes[2];
        double memory[100];
        tl_error error = {0};
        tl__graph_init_fixed(&graph, nodes, 2, memory, sizeof memory);
        assert_int_equal(tl__graph_add_description(&graph, &described[0], &error), TL_OK);
        assert_int_not_equal(tl__graph_add_description(&graph, &wrong[i], &error), TL_OK);
        assert_true(error.message[0] != 0);
        assert_int_equal(graph.count, 1);
    }
}

/* Sizes that no machine has are refused, not wrapped around. */
static void test_too_large(void **state)
{
    (void)state;
    net n;
    tl_error error = {0};
    net_init(&n);
    tl__plan_options options = net_options(SIZE_MAX / 100000);
    assert_int_equal(net_layers(&n.graph, "[{type: input, nodes: 1000000}, {type: flatten}, {type: relu}]", &error), TL_OK);
    assert_int_equal(tl__plan_new(&n.heap, &n.graph, &options, &n.plan, &error), TL_OUT_OF_RANGE);
    assert_non_null(strstr(error.message, "training.batch_size"));
    net_free(&n);
    net_init(&n);
    memset(&error, 0, sizeof error);
    options = net_options(1);
    assert_int_equal(net_layers(&n.graph, "[{type: input, nodes: 100000}, {type: dense, nodes: 100000}]", &error),
                     TL_OK);
    assert_int_equal(tl__plan_new(&n.heap, &n.graph, &options, &n.plan, &error), TL_OUT_OF_RANGE);
    assert_non_null(strstr(error.message, "dense_1.weight"));
    net_free(&n);
}

static const char composites[] =
    "- {type: input, nodes: 4, name: x}\n"
    "- {type: dense, nodes: 3, name: a}\n"
    "- type: residual\n"
    "  name: 'b \"lock'\n"
    "  from: x\n"
    "  frozen: true\n"
    "  initialization: orthogonal\n"
    "  activation: tanh\n"
    "  layers:\n"
    "    - {type: hidden, nodes: 5, initialization: he}\n"
    "    - {type: residual, layers: [{type: dense, nodes: 5}, relu]}\n"
    "- {type: residual, layers: []}\n"
    "- {type: add, from: ['b \"lock', residual_2]}\n";

/* Plain layers with names of the composite's; the last has its own. */
static void test_composites(void **state)
{
    (void)state;
    static const struct { const char *name, *type; int input_count, inputs[2]; bool frozen; const char *init; } wanted[] = {
        {"x", "input", 0, {0}, false, "auto"}, {"a", "dense", 1, {0}, false, "auto"},
        {"dense_1", "dense", 1, {0}, true, "he"}, {"dense_2", "dense", 1, {2}, true, "orthogonal"},
        {"activation_1", "activation", 1, {3}, true, "orthogonal"},
        {"residual_1", "add", 2, {4, 2}, true, "orthogonal"}, {"b \"lock_project", "dense", 1, {0}, true, "orthogonal"},
        {"b \"lock_sum", "add", 2, {5, 6}, true, "orthogonal"}, {"b \"lock", "activation", 1, {7}, true, "orthogonal"},
        {"residual_2", "add", 2, {8, 8}, false, "auto"}, {"add_1", "add", 2, {8, 9}, false, "auto"}};
    static const char *const words[] = TL__INIT_WORDS;
    net n;
    tl_error error = {0};
    net_init(&n);
    if (net_layers(&n.graph, composites, &error) != TL_OK) fail_msg("%s", error.message);
    assert_int_equal(n.graph.count, TL_COUNT(wanted));
    for (int i = 0; i < n.graph.count; i++) {
        const tl__graph_node *node = &n.graph.nodes[i];
        assert_string_equal(node->name, wanted[i].name);
        assert_string_equal(node->layer->head.name, wanted[i].type);
        assert_int_equal(node->input_count, wanted[i].input_count);
        for (int k = 0; k < node->input_count; k++) assert_int_equal(node->inputs[k], wanted[i].inputs[k]);
        assert_int_equal(node->common->frozen, wanted[i].frozen);
        assert_string_equal(words[node->common->initialization], wanted[i].init);
        assert_int_equal(node->hidden, i == 1);
    }
    assert_int_equal(n.graph.nodes[8].uses, 3);
    assert_int_equal(n.graph.nodes[3].line, 11);
    assert_int_equal(n.graph.nodes[7].line, 3);
    net_free(&n);
}

/* A mistake inside leaves the graph as it was and names the composite's line, or the listed layer's own. */
static void test_composite_mistakes(void **state)
{
    (void)state;
    net n;
    tl_error error = {0};
    char deep[1000] = "[{type: input, nodes: 4}, ";
    static const char inner[] =
        "- {type: input, shape: [3, 4]}\n"
        "- type: residual\n"
        "  layers:\n"
        "    - {type: dense, nodes: 4}\n"
        "    - {type: flatten}\n";
    expect_mistake(inner, TL_BAD_SHAPE, 2, "network.layers[1] 'residual' needs inputs of one shape but 'flatten_1' (line 5) gives "
                   "[12] and 'input_1' (line 1) gives [3, 4]");
    expect_mistake("- {type: input, nodes: 4}\n- {type: residual, layers: [{type: dense, node: 4}]}\n", TL_BAD_CONFIG, 2,
                   "network.layers[1].layers[0].node");
    expect_mistake("- {type: input, nodes: 4}\n- {type: residual, layers: 4}\n", TL_BAD_CONFIG, 2,
                   "network.layers[1].layers must be a list of layers");
    expect_mistake("- {type: input, nodes: 4}\n- {type: residual}\n", TL_BAD_CONFIG, 2, "layers");
    expect_mistake("- {type: input, nodes: 4, name: x}\n- {type: residual, name: x, layers: []}\n", TL_EXISTS, 2,
                   "'x', which an earlier layer has");
    expect_mistake("- {type: input, nodes: 4}\n- {type: residual, layers: [], from: [input_1, input_1]}\n", TL_BAD_SHAPE,
                   2, "needs one input but has 2");
    expect_mistake("- {type: input, nodes: 4}\n- {type: residual, layers: [{type: dense, nodes: 4, name: "
                   "a_name_that_is_longer_than_forty_characters}]}\n", TL_BAD_CONFIG, 2, "a name has 1 to 39");
    for (int i = 0; i < 17; i++) strcat(deep, "{type: residual, layers: [");
    for (int i = 0; i < 17; i++) strcat(deep, "]}");
    strcat(deep, "]");
    expect_mistake(deep, TL_OUT_OF_RANGE, 1, "inside too many layers");

    net_init(&n);
    assert_int_equal(net_layers(&n.graph, inner, &error), TL_BAD_SHAPE);
    assert_int_equal(n.graph.count, 1);
    assert_int_equal(n.graph.nodes[0].uses, 0);
    net_free(&n);
}

/* What is too large for the heap is a status, wherever it happens. */
static void test_composite_without_memory(void **state)
{
    (void)state;
    int refused = 0;
    for (size_t limit = 256;; limit += 64) {
        net n;
        tl_error error = {0};
        net_init(&n);
        n.heap.limit = limit;
        tl__tree *tree;
        tl_status status = tl__tree_new(&n.heap, "test.yaml", &tree);
        if (status == TL_OK) {
            status = tl__yaml_parse(tree, composites, sizeof composites - 1, &error);
            for (const tl_value *layer = tree->root.first; layer && status == TL_OK; layer = layer->next)
                status = tl__graph_add_value(&n.graph, layer, "network.layers", 0, &error);
            tl__tree_free(tree);
        }
        net_free(&n);
        if (status == TL_OK) break;
        assert_int_equal(status, TL_OUT_OF_MEMORY);
        refused++;
    }
    assert_true(refused > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mistakes), cmocka_unit_test(test_names_and_defaults),
        cmocka_unit_test(test_written_and_read_back), cmocka_unit_test(test_descriptions),
        cmocka_unit_test(test_wrong_descriptions), cmocka_unit_test(test_too_large),
        cmocka_unit_test(test_composites), cmocka_unit_test(test_composite_mistakes),
        cmocka_unit_test(test_composite_without_memory)
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
