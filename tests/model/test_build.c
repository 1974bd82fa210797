/* From the network block to a graph: what it says, what it leaves out, and what is told when it does not fit the data. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "model/build.h"
#include "text/bind.h"
#include "text/yaml.h"

struct built {
    tl_context *context;
    tl__tree *tree;
    tl__arena arena;
    tl__network_settings settings;
    tl__graph graph;
    tl_error error;
    tl_status status;
};

static void build(struct built *b, const char *yaml, double dropout, size_t inputs, size_t outputs, size_t classes)
{
    tl__fit fit = {.input = {1, {inputs}}, .outputs = outputs, .classes = classes};
    memset(b, 0, sizeof *b);
    b->context = tl_context_new(NULL);
    tl__arena_init(&b->arena, &b->context->heap);
    assert_int_equal(tl__tree_new(&b->context->heap, "net.yaml", &b->tree), TL_OK);
    if (tl__yaml_parse(b->tree, yaml, strlen(yaml), &b->error) != TL_OK) fail_msg("%s", b->error.message);
    if (tl__bind(tl__network_rows(), &b->settings, &b->tree->root, "net.yaml", "network", &b->arena, &b->error) != TL_OK)
        fail_msg("%s", b->error.message);
    b->status = tl__network_build(b->context, &b->settings, dropout, &fit, "net.yaml", &b->graph, &b->error);
}

static void finish(struct built *b)
{
    tl__graph_free(&b->graph);
    tl__arena_free(&b->arena);
    tl__tree_free(b->tree);
    tl_context_free(b->context);
}

static void expect_nodes(const struct built *b, const char *const *types, const size_t *sizes, int count)
{
    if (b->status != TL_OK) fail_msg("%s", b->error.message);
    assert_int_equal(b->graph.count, count);
    for (int i = 0; i < count; i++) {
        assert_string_equal(((const tl__member_head *)(const void *)b->graph.nodes[i].layer)->name, types[i]);
        assert_int_equal(tl__shape_size(&b->graph.nodes[i].shape), sizes[i]);
    }
}

/* The block of requirement A1, word for word. */
static void test_the_standing_example(void **state)
{
    (void)state;
    struct built b;
    build(&b, "layers:\n  - type: \"input\"\n    nodes: 128\n  - type: \"hidden\"\n    nodes: 256\n  - type: \"output\"\n"
              "    nodes: 64\nactivation: \"relu\"\ninitialization: \"xavier\"\n", 0.2, 128, 64, 0);
    expect_nodes(&b, (const char *const[]){"input", "dense", "dropout", "dense"}, (const size_t[]){128, 256, 256, 64}, 4);
    assert_int_equal(b.graph.nodes[3].inputs[0], 2);
    finish(&b);
}

static void test_sizes_from_the_data(void **state)
{
    (void)state;
    struct built b;
    build(&b, "layers: [{type: hidden, nodes: 5}, {type: output}]", 0, 7, 3, 3);
    expect_nodes(&b, (const char *const[]){"input", "dense", "dense"}, (const size_t[]){7, 5, 3}, 3);
    finish(&b);
    build(&b, "layers: [input, {type: hidden, nodes: 5}, output]", 0, 7, 3, 3);
    expect_nodes(&b, (const char *const[]){"input", "dense", "dense"}, (const size_t[]){7, 5, 3}, 3);
    finish(&b);
    build(&b, "layers: [output, softmax]", 0, 7, 3, 3);
    expect_nodes(&b, (const char *const[]){"input", "dense", "activation"}, (const size_t[]){7, 3, 3}, 3);
    finish(&b);
    build(&b, "layers: [output]", 0, 7, 3, 3);
    expect_nodes(&b, (const char *const[]){"input", "dense"}, (const size_t[]){7, 3}, 2);
    finish(&b);
}

static void test_mlp(void **state)
{
    (void)state;
    struct built b;
    build(&b, "{model: mlp, hidden_size: [64, 32]}", 0, 4, 3, 3);
    expect_nodes(&b, (const char *const[]){"input", "dense", "dense", "dense"}, (const size_t[]){4, 64, 32, 3}, 4);
    finish(&b);
    build(&b, "{hidden_size: 10, num_layers: 3}", 0.5, 4, 1, 0);
    expect_nodes(&b, (const char *const[]){"input", "dense", "dropout", "dense", "dropout", "dense", "dropout", "dense"},
                 (const size_t[]){4, 10, 10, 10, 10, 10, 10, 1}, 8);
    finish(&b);
    build(&b, "{hidden_size: [3, 4], num_layers: 3}", 0, 4, 1, 0);
    assert_int_equal(b.status, TL_BAD_CONFIG);
    assert_non_null(strstr(b.error.message, "network.num_layers is 3 but network.hidden_size lists 2"));
    finish(&b);
    build(&b, "{model: transfromer}", 0, 4, 1, 0);
    assert_int_equal(b.status, TL_BAD_CONFIG);
    assert_non_null(strstr(b.error.message, "unknown architecture"));
    finish(&b);
}

/* Dropout stands between a hidden layer and all that read it, also by name. */
static void test_dropout_behind_names(void **state)
{
    (void)state;
    struct built b;
    build(&b, "layers: [{type: hidden, nodes: 5, name: a}, {type: hidden, nodes: 5, name: b}, {type: add, from: [a, b]}, "
              "{type: output}]", 0.1, 7, 3, 3);
    expect_nodes(&b, (const char *const[]){"input", "dense", "dropout", "dense", "dropout", "add", "dense"},
                 (const size_t[]){7, 5, 5, 5, 5, 5, 3}, 7);
    assert_int_equal(b.graph.nodes[5].inputs[0], 2);
    assert_int_equal(b.graph.nodes[5].inputs[1], 4);
    finish(&b);
}

/* A composite reads the dropout behind a hidden layer, and has none of its own behind it or inside. */
static void test_dropout_around_composites(void **state)
{
    (void)state;
    struct built b;
    build(&b, "layers: [{type: hidden, nodes: 5, name: a}, {type: residual, name: r, layers: [{type: hidden, nodes: 5}]}, "
              "{type: add, from: [a, r]}, {type: output}]", 0.1, 7, 3, 3);
    expect_nodes(&b, (const char *const[]){"input", "dense", "dropout", "dense", "add", "add", "dense"},
                 (const size_t[]){7, 5, 5, 5, 5, 5, 3}, 7);
    assert_int_equal(b.graph.nodes[3].inputs[0], 2);
    assert_int_equal(b.graph.nodes[4].inputs[0], 3);
    assert_int_equal(b.graph.nodes[4].inputs[1], 2);
    assert_int_equal(b.graph.nodes[5].inputs[0], 2);
    assert_int_equal(b.graph.nodes[5].inputs[1], 4);
    assert_int_equal(b.graph.nodes[1].uses, 1);
    assert_int_equal(b.graph.nodes[2].uses, 3);
    finish(&b);
}

static void expect_mistake(const char *yaml, size_t inputs, size_t outputs, size_t classes, int line, const char *sentence)
{
    struct built b;
    build(&b, yaml, 0, inputs, outputs, classes);
    assert_int_not_equal(b.status, TL_OK);
    if (!strstr(b.error.message, sentence)) fail_msg("%s\nlacks: %s", b.error.message, sentence);
    assert_int_equal(b.error.line, line);
    finish(&b);
}

static void test_mistakes(void **state)
{
    (void)state;
    expect_mistake("layers:\n  - {type: input, nodes: 128}\n  - {type: output, nodes: 2}\n", 64, 2, 2, 2,
                   "network.layers[0].nodes is 128 but the data has 64 input columns");
    expect_mistake("layers:\n  - {type: input, nodes: 64}\n  - {type: output, nodes: 2}\n", 64, 10, 10, 3,
                   "network.layers[1].nodes is 2 but the data has 10 classes");
    expect_mistake("layers:\n  - {type: output, nodes: 2}\n", 64, 1, 0, 2,
                   "network.layers[0].nodes is 2 but the data has 1 target column;");
    expect_mistake("layers:\n  - {type: output, nodes: 2}\n", 64, 1, 2, 2, "training.loss needs 1 outputs for 2 classes");
    expect_mistake("layers:\n  - {type: hidden, nodes: 5, name: a}\n  - {type: hidden, nodes: 6, from: input_1, name: b}\n"
                   "  - {type: output, from: a}\n", 4, 1, 0, 3,
                   "network.layers[1] 'hidden' gives [6] to no other layer; name 'b' in the `from:` of one");
    expect_mistake("layers:\n  - {type: hidden, nodes: 5}\n  - {type: add, from: [dense_1, b]}\n"
                   "  - {type: hidden, nodes: 5, name: b}\n  - {type: output}\n", 4, 1, 0, 3,
                   "network.layers[1] 'add' reads 'b' of line 4, behind it; a layer reads those before it");
    expect_mistake("layers:\n  - {type: hidden, nodes: 5, name: a, from: a}\n  - {type: output}\n", 4, 1, 0, 2,
                   "network.layers[0] 'hidden' reads itself");
    expect_mistake("layers:\n  - {type: hidden, nodes: 5}\n  - {type: reshape, shape: [2, 2]}\n  - {type: output}\n", 4, 1,
                   0, 3, "'reshape' needs a `shape` of as many numbers as the input has but 'dense_1' (line 2) gives [5]");
    expect_mistake("layers: []", 4, 1, 0, 1, "network.layers must be a list of layers");
    expect_mistake("layers: [{type: input, nodes: 4}]", 4, 1, 0, 1, "no layer but the input");
    expect_mistake("layers:\n  - {type: dens, nodes: 4}\n", 4, 1, 0, 2, "dense");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_standing_example), cmocka_unit_test(test_sizes_from_the_data), cmocka_unit_test(test_mlp),
        cmocka_unit_test(test_dropout_behind_names), cmocka_unit_test(test_dropout_around_composites),
        cmocka_unit_test(test_mistakes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
