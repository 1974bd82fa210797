/* Graphs by hand: the public functions over nn/graph.h. A mistake is kept in the graph and told by tl_model_new; until
 * then every further node is refused, so that calls can be written in a row. */
#include "model/model.h"
#include "nn/activation.h"
#include "nn/layer.h"
#include "text/yaml.h"

struct tl_graph {
    tl_context *context;
    tl__graph graph;
};

TL_API tl_status tl_graph_new(tl_context *context, tl_graph **out)
{
    tl_graph *graph = tl__alloc_zero(&context->heap, 1, sizeof *graph);
    if (!graph) return TL_OUT_OF_MEMORY;
    graph->context = context;
    tl__graph_init(&graph->graph, &context->heap, NULL);
    *out = graph;
    return TL_OK;
}

TL_API void tl_graph_free(tl_graph *graph)
{
    if (!graph) return;
    tl__graph_free(&graph->graph);
    tl__free(&graph->context->heap, graph, sizeof *graph);
}

/* Keep the first mistake. Without memory for its text the status alone is kept. */
static tl_node graph_refuse(tl__graph *graph, tl_status status, const tl_error *error)
{
    if (graph->failed != TL_OK) return -1;
    graph->failed = status;
    graph->mistake = tl__alloc(graph->heap, sizeof *graph->mistake);
    if (graph->mistake) *graph->mistake = *error;
    return -1;
}

TL_API tl_node tl_graph_input(tl_graph *graph, const char *name, size_t features)
{
    return tl_graph_input_shaped(graph, name, &features, 1);
}

TL_API tl_node tl_graph_input_shaped(tl_graph *graph, const char *name, const size_t *sizes, size_t count)
{
    tl__shape shape = {.rank = (int)count};
    tl_error error = {0};
    bool good = count >= 1 && count <= TL__SHAPE_RANK;
    if (graph->graph.failed != TL_OK) return -1;
    for (size_t i = 0; good && i < count; i++) {
        shape.dim[i] = sizes[i];
        good = sizes[i] > 0;
    }
    tl_status status = good ? tl__graph_add_input(&graph->graph, name, &shape, &error)
                            : tl__fail(&error, TL_BAD_SHAPE,
                                       "an input needs at least one feature, and has at most three sizes");
    return status == TL_OK ? graph->graph.count - 1 : graph_refuse(&graph->graph, status, &error);
}

TL_API tl_node tl_graph_join(tl_graph *graph, const char *type, const tl_node *from, size_t count, const char *settings)
{
    tl__graph *nodes = &graph->graph;
    tl__heap *heap = &graph->context->heap;
    tl_error error = {0};
    tl__tree *tree;
    tl__buffer flow;
    int node = -1;
    if (nodes->failed != TL_OK) return -1;
    for (size_t i = 0; i < count; i++)
        if (from[i] < 0 || from[i] >= nodes->count)
            return graph_refuse(nodes, tl__fail(&error, TL_INVALID,
                                                "the layer '%s' reads a node that is not in the graph",
                                                type), &error);
    if (count > TL__NODE_INPUTS)
        return graph_refuse(nodes, tl__fail(&error, TL_OUT_OF_RANGE, "the layer '%s' reads %zu nodes; at most %d", type,
                                            count,
                                            TL__NODE_INPUTS), &error);
    if (tl__tree_new(heap, "settings", &tree) != TL_OK)
        return graph_refuse(nodes, tl__fail_memory(&error, sizeof *tree), &error);
    tl__buffer_init(&flow, heap);
    tl__buffer_format(&flow, "{%s}", settings ? settings : "");
    tl_status status = flow.failed ? tl__fail_memory(&error, flow.size)
                                   : tl__yaml_parse(tree, flow.data, flow.size, &error);
    if (status == TL_OK) status = tl__graph_add_node(nodes, type, from, (int)count, &tree->root, &node, &error);
    tl__buffer_free(&flow);
    tl__tree_free(tree);
    return status == TL_OK ? node : graph_refuse(nodes, status, &error);
}

TL_API tl_node tl_graph_add(tl_graph *graph, const char *type, tl_node from, const char *settings)
{
    return tl_graph_join(graph, type, &from, 1, settings);
}

/* A copy with all settings written out, so that it owns everything it says. */
static tl_status graph_copy(tl_context *context, const tl__graph *graph, tl_node output, tl__graph *out,
                            tl_error *error)
{
    tl__tree *tree;
    tl__builder builder;
    tl__graph_init(out, &context->heap, NULL);
    if (tl__tree_new(&context->heap, NULL, &tree) != TL_OK) return tl__fail_memory(error, sizeof *tree);
    tl__builder_init(&builder, tree);
    tl_value *root = tl__put_map(&builder, NULL, NULL);
    tl__graph_put(graph, &builder, root, "layers");
    tl_status status = builder.failed ? tl__fail_memory(error, 0) : TL_OK;
    const tl_value *layers = status == TL_OK ? root->first : NULL;
    for (const tl_value *layer = layers ? layers->first : NULL; layer && status == TL_OK; layer = layer->next)
        status = tl__graph_add_value(out, layer, "layers", -1, error);
    tl__tree_free(tree);
    if (status != TL_OK) {
        tl__graph_free(out);
        return status;
    }
    /* The copy names the activation that the node has so far; as the output it has none by default. */
    tl__graph_set_output(out, output);
    if (graph->nodes[output].layer->takes_activation && graph->nodes[output].common->activation == TL__ACTIVATION_AUTO)
        out->nodes[output].activation = tl__activation_word("identity");
    return TL_OK;
}

TL_API tl_status tl_model_new(tl_context *context, const tl_graph *graph, tl_node output, tl_model **out,
                              tl_error *error)
{
    const tl__graph *nodes = &graph->graph;
    tl__graph copy;
    if (nodes->failed != TL_OK) {
        if (error && nodes->mistake) *error = *nodes->mistake;
        return nodes->mistake ? nodes->failed : tl__fail(error, nodes->failed, "%s", tl_status_text(nodes->failed));
    }
    if (output < 0 || output >= nodes->count)
        return tl__fail(error, TL_INVALID, "the output is not a node of the graph; pass what tl_graph_add gave");
    TL_TRY(graph_copy(context, nodes, output, &copy, error));
    return tl__model_make(context, &copy, NULL, context->seed, out, error);
}
