#include "support/nets.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/text.h"
#include "kernels/kernels.h"
#include "text/bind.h"

static tl__tree *net_tree(tl__heap *heap, const char *text)
{
    tl__tree *tree;
    tl_error error = {0};
    assert_int_equal(tl__tree_new(heap, "test.yaml", &tree), TL_OK);
    if (tl__yaml_parse(tree, text, strlen(text), &error) != TL_OK) fail_msg("%s", error.message);
    return tree;
}

tl_status net_layers(tl__graph *graph, const char *yaml, tl_error *error)
{
    tl__tree *tree = net_tree(graph->heap, yaml);
    tl_status status = TL_OK;
    int position = 0;
    for (const tl_value *layer = tree->root.first; layer && status == TL_OK; layer = layer->next)
        status = tl__graph_add_value(graph, layer, "network.layers", position++, error);
    tl__tree_free(tree);
    return status;
}

tl__plan_options net_options(size_t rows)
{
    return (tl__plan_options){.kernels = tl__kernels_choose(NULL), .workers = 1, .training = true, .max_rows = rows,
                              .own_parameters = true, .stream_floats = 1, .seed = 7};
}

static const void *net_settings(net *n, const tl__member_head *head, const char *settings)
{
    char text[300];
    tl_error error = {0};
    snprintf(text, sizeof text, "{%s}", settings ? settings : "");
    tl__tree *tree = net_tree(&n->heap, text);
    void *block = tl__arena_push_zero(&n->arena, 1, head->settings_size + 1);
    if (head->rows && tl__bind(head->rows, block, &tree->root, NULL, "", &n->arena, &error) != TL_OK)
        fail_msg("%s", error.message);
    tl__tree_free(tree);
    return block;
}

void net_loss(net *n, tl__plan_options *options, const char *name, const char *settings, size_t target_width)
{
    options->loss = tl__loss_find(name, NULL);
    assert_non_null(options->loss);
    options->loss_settings = net_settings(n, &options->loss->head, settings);
    options->target_width = target_width;
}

void net_optimizer(net *n, tl__plan_options *options, const char *name, const char *settings)
{
    options->optimizer = tl__optimizer_find(name, NULL);
    assert_non_null(options->optimizer);
    options->optimizer_settings = net_settings(n, &options->optimizer->head, settings);
}

void net_init(net *n)
{
    memset(n, 0, sizeof *n);
    tl__heap_init(&n->heap, NULL, 0);
    tl__graph_init(&n->graph, &n->heap, "test.yaml");
    tl__arena_init(&n->arena, &n->heap);
}

void net_make(net *n, const char *yaml, const tl__plan_options *options)
{
    tl_error error = {0};
    if (yaml && net_layers(&n->graph, yaml, &error) != TL_OK) fail_msg("%s", error.message);
    if (tl__plan_new(&n->heap, &n->graph, options, &n->plan, &error) != TL_OK) fail_msg("%s", error.message);
    if (tl__network_new(&n->heap, n->plan, NULL, &n->network, &error) != TL_OK) fail_msg("%s", error.message);
    tl__plan_initialize(n->plan, 1, tl__network_parameters(n->network));
    if (options->workers > 1) assert_int_equal(tl__pool_new(&n->heap, options->workers, &n->pool), TL_OK);
}

void net_free(net *n)
{
    tl__pool_free(&n->heap, n->pool);
    tl__network_free(&n->heap, n->network);
    tl__plan_free(&n->heap, n->plan);
    tl__graph_free(&n->graph);
    tl__arena_free(&n->arena);
    assert_int_equal(n->heap.in_use, 0);
}

void net_fill(float *values, size_t count, uint32_t stream)
{
    tl__random random;
    tl__random_init(&random, 99, TL__DRAW_GENERATE, stream, 0, 0);
    for (size_t i = 0; i < count; i++) values[i] = 2.0f * tl__random_uniform(&random, (uint32_t)i) - 1.0f;
}

float *net_tensor(net *n, const char *name, const tl__tensor **tensor)
{
    for (int t = 0; t < tl__plan_tensor_count(n->plan); t++) {
        const tl__tensor *found = tl__plan_tensor(n->plan, t);
        if (strcmp(found->name, name) != 0) continue;
        if (tensor) *tensor = found;
        return tl__network_parameters(n->network) + found->offset;
    }
    fail_msg("no tensor %s", name);
    return NULL;
}
