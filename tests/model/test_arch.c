/* Named architectures: each, for many shapes of data, gives the graph that its own layers give when a user lists them,
 * and one that fits the data; what it cannot be is told with its name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/text.h"
#include "model/arch.h"
#include "text/bind.h"
#include "text/yaml.h"

typedef struct built {
    tl_context *context;
    tl__tree *tree;
    tl__arena arena;
    tl__network_settings network;
    tl__graph graph;
    tl_error error;
    tl_status status;
} built;

static void read_block(built *b, const char *yaml)
{
    memset(b, 0, sizeof *b);
    b->context = tl_context_new(NULL);
    tl__arena_init(&b->arena, &b->context->heap);
    assert_int_equal(tl__tree_new(&b->context->heap, "net.yaml", &b->tree), TL_OK);
    if (tl__yaml_parse(b->tree, yaml, strlen(yaml), &b->error) != TL_OK) fail_msg("%s\n%s", yaml, b->error.message);
    if (tl__bind(tl__network_rows(), &b->network, &b->tree->root, "net.yaml", "network", &b->arena, &b->error) != TL_OK)
        fail_msg("%s", b->error.message);
}

static void build(built *b, const char *yaml, const tl__fit *fit)
{
    read_block(b, yaml);
    b->status = tl__network_build(b->context, &b->network, 0.25, fit, "net.yaml", &b->graph, &b->error);
}

static void finish(built *b)
{
    tl__graph_free(&b->graph);
    tl__arena_free(&b->arena);
    tl__tree_free(b->tree);
    tl_context_free(b->context);
}

/* A graph as text, with all names, inputs and settings. */
static void text_of(const built *b, tl__buffer *out)
{
    tl__tree *tree;
    tl__builder builder;
    assert_int_equal(tl__tree_new(&b->context->heap, NULL, &tree), TL_OK);
    tl__builder_init(&builder, tree);
    tl__graph_put(&b->graph, &builder, tl__put_map(&builder, NULL, NULL), "layers");
    tl__json_write(out, &tree->root, 0);
    tl__tree_free(tree);
}

static tl__fit rows_of(size_t features, size_t outputs)
{
    return (tl__fit){.input = {1, {features}}, .outputs = outputs};
}

static tl__fit forecast_of(size_t input_size, size_t horizon, size_t channels, size_t targets, size_t future,
                           size_t quantiles)
{
    tl__fit fit = {.outputs = horizon * targets * quantiles,
                   .series = {.input_size = input_size, .horizon = horizon, .channels = channels, .targets = targets,
                              .future = future, .quantiles = quantiles}};
    fit.input = future ? (tl__shape){1, {input_size * channels + horizon * future}}
                       : (tl__shape){2, {input_size, channels}};
    return fit;
}

/* Settings of their own, and those of the network block. */
static const struct { const char *name, *own, *shared; } variants[] = {
    {"mlp", "", ""}, {"mlp", "", ", hidden_size: [5, 7], activation: tanh"},
    {"mlp", "", ", hidden_size: 3, num_layers: 3"}, {"cnn", ", filters: 8", ""},
    {"cnn", ", filters: [3, 5], pool_size: 1, batch_norm: true", ""},
    {"cnn", ", filters: 4, pool_size: 1", ", hidden_size: [9, 7], activation: tanh"}, {"lstm", "", ""},
    {"lstm", ", bidirectional: true", ""}, {"lstm", "", ", hidden_size: [5, 3]"},
    {"lstm", ", dropout: 0.2", ", hidden_size: 7, num_layers: 2"}, {"gru", "", ""},
    {"gru", "", ", hidden_size: 5, num_layers: 3"}, {"lstm_cnn", "", ""},
    {"lstm_cnn", ", filters: 3, kernel_size: 5", ""}, {"lstm_cnn", "", ", hidden_size: 5, num_layers: 2"},
    {"lstm_transformer_cnn", "", ""}, {"lstm_transformer_cnn", ", heads: 2, summary: flatten, dropout: 0", ""},
    {"tcn", "", ""}, {"tcn", ", kernel_size: 2, dropout: 0.1, dilation_base: 3", ""},
    {"transformer", "", ", hidden_size: 12, num_layers: 1"},
    {"transformer", ", heads: 8, norm: pre, summary: flatten", ""}, {"nhits", "", ""},
    {"nhits", ", pool_size: [3, 1], downsample: [4, 2], blocks: 5, pooling: average, interpolation: nearest", ""},
    {"nhits", ", pool_size: 2, downsample: 1, level: none, covariates: false", ""}, {"nbeats", "", ""},
    {"nbeats", ", blocks: 9, level: none", ""},
    {"nbeats", ", stacks: [trend, seasonality, generic], blocks: 2, degree: 1", ""},
    {"nbeats", ", stacks: trend, blocks: 1", ""}, {"dlinear", "", ""}, {"dlinear", ", kernel: 5, individual: true", ""},
    {"nlinear", "", ""}, {"nlinear", ", individual: true", ""},
    {"mlp", "", ", normalization: last"}, {"mlp", "", ", normalization: instance, hidden_size: 5"},
    {"lstm", "", ", normalization: none"}, {"gru", ", bidirectional: true", ", normalization: last"},
    {"cnn", ", filters: 4, pool_size: 1", ", normalization: instance"}, {"lstm_cnn", "", ", normalization: last"},
    {"tcn", "", ", normalization: instance"}, {"transformer", "", ", normalization: last, hidden_size: 8"},
    {"lstm_transformer_cnn", "", ", normalization: none"}, {"dlinear", "", ", normalization: instance"},
    {"dlinear", ", individual: true", ", normalization: last"}, {"nlinear", "", ", normalization: instance"},
    {"nhits", ", level: none", ", normalization: instance"}, {"nbeats", "", ", normalization: last"},
};

/* The listed layers are the architecture: the same graph, of the right size at its end. */
static void check_variant(const char *name, const char *own, const char *shared, const tl__fit *fit)
{
    built named, listed;
    tl__buffer layers, yaml, a, b;
    char block[300];
    snprintf(block, sizeof block, "{model: {type: %s%s}%s}", name, own, shared);
    build(&named, block, fit);
    if (named.status != TL_OK) fail_msg("%s on %zu of %d: %s", block, fit->input.dim[0], fit->input.rank, named.error.message);
    assert_int_equal(tl__shape_size(tl__graph_output_shape(&named.graph)), fit->outputs);
    tl__buffer_init(&layers, &named.context->heap);
    tl__buffer_init(&yaml, &named.context->heap);
    tl__buffer_init(&a, &named.context->heap);
    tl__buffer_init(&b, &named.context->heap);
    assert_int_equal(tl__arch_write(&named.context->heap, &named.network, fit, "net.yaml", &layers, &named.error), TL_OK);
    if (strstr(shared, "tanh")) tl__buffer_text(&yaml, "activation: tanh\n");
    tl__buffer_format(&yaml, "layers:\n%.*s", (int)layers.size, layers.data);
    build(&listed, yaml.data, fit);
    if (listed.status != TL_OK) fail_msg("%s\n%s", yaml.data, listed.error.message);
    text_of(&named, &a);
    text_of(&listed, &b);
    assert_int_equal(a.size, b.size);
    assert_memory_equal(a.data, b.data, a.size);
    tl__buffer_free(&layers);
    tl__buffer_free(&yaml);
    tl__buffer_free(&a);
    tl__buffer_free(&b);
    finish(&listed);
    finish(&named);
}

static void test_each(void **state)
{
    (void)state;
    const tl__fit fits[] = {rows_of(4, 3), rows_of(1, 1), forecast_of(30, 12, 3, 2, 0, 1), forecast_of(17, 1, 1, 1, 0, 1),
                            forecast_of(20, 7, 2, 1, 3, 1), forecast_of(26, 5, 3, 3, 0, 3), forecast_of(6, 2, 70, 70, 0, 1),
                            {.input = {3, {28, 28, 1}}, .outputs = 10, .classes = 10},
                            {.input = {2, {60, 16}}, .outputs = 4, .classes = 4}};
    const tl__family *family = tl__arch_family();
    for (size_t i = 0; i < family->count; i++) {
        const tl__arch *arch = (const tl__arch *)(const void *)tl__family_member(family, i);
        int used = 0;
        assert_non_null(arch->head.help);
        for (size_t v = 0; v < TL_COUNT(variants); v++)
            for (size_t f = 0; f < TL_COUNT(fits) && strcmp(variants[v].name, arch->head.name) == 0; f++) {
                if (strstr(variants[v].shared, "normalization") && !fits[f].series.input_size) continue;
                if (arch->input == TL__ARCH_FORECAST && !fits[f].series.input_size) continue;
                if (arch->input == TL__ARCH_SERIES && fits[f].input.rank != 2 && !fits[f].series.input_size) continue;
                if (strcmp(arch->head.name, "cnn") == 0 && fits[f].input.rank == 1 && !fits[f].series.input_size) continue;
                check_variant(arch->head.name, variants[v].own, variants[v].shared, &fits[f]);
                used++;
            }
        if (used == 0) fail_msg("no variant of %s was built", arch->head.name);
    }
}

static void test_mistakes(void **state)
{
    (void)state;
    tl__fit fit = rows_of(4, 3);
    built b;
    build(&b, "{model: transfromer}", &fit);
    assert_int_equal(b.status, TL_BAD_CONFIG);
    assert_non_null(strstr(b.error.message, "unknown architecture 'transfromer'"));
    assert_string_equal(b.error.setting, "network.model");
    finish(&b);
    build(&b, "{model: mlp, hidden_size: [3, 4, 5], num_layers: 2}", &fit);
    assert_non_null(strstr(b.error.message, "network.num_layers is 2 but network.hidden_size lists 3 sizes"));
    finish(&b);
    build(&b, "{model: mlp, layers: [output]}", &fit);
    assert_non_null(strstr(b.error.message, "network.model is 'mlp' and network.layers lists layers"));
    finish(&b);
    build(&b, "{model: mlp, normalization: last}", &fit);
    assert_non_null(strstr(b.error.message, "network.model mlp has a normalization, which is for windows with a horizon"));
    finish(&b);
    build(&b, "{layers: [output], normalization: last}", &fit);
    assert_non_null(strstr(b.error.message, "network.normalization is for a named model"));
    assert_string_equal(b.error.setting, "network.normalization");
    finish(&b);
    build(&b, "{model: {type: mlp, depth: 3}}", &fit);
    assert_non_null(strstr(b.error.message, "network.model.depth"));
    assert_int_equal(b.error.line, 1);
    finish(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_each), cmocka_unit_test(test_mistakes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
