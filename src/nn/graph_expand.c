/* Composites become plain layers here, while the graph is read. */
#include "nn/expand.h"
#include "nn/graph_add.h"

#include "base/text.h"
#include "text/yaml.h"

#ifndef TL_FREESTANDING

enum { EXPAND_DEPTH = 16, EXPAND_NAME = 160 };

static int expand_failed(tl__expansion *out, tl_status status)
{
    out->status = status;
    return -1;
}

TL_PRIV void tl__expand_refuse(tl__expansion *out, const char *needs)
{
    if (out->status == TL_OK) out->status = tl__graph_mistake(out->graph, out->node, TL_BAD_SHAPE, needs, out->error);
}

TL_PRIV void tl__expand_activation(const tl__expansion *out, char text[TL__EXPAND_ACTIVATION])
{
    static const char *const words[] = TL__ACTIVATION_WORDS;
    const tl__layer_common *common = out->node->common;
    const char *word = common->activation == TL__ACTIVATION_AUTO ? "none" : words[common->activation];
    size_t used = tl__format(text, TL__EXPAND_ACTIVATION, "activation: %s", word);
    if (common->alpha >= 0)
        used += tl__format(text + used, TL__EXPAND_ACTIVATION - used, ", alpha: %g", common->alpha);
    if (common->threshold >= 0)
        tl__format(text + used, TL__EXPAND_ACTIVATION - used, ", threshold: %g", common->threshold);
}

/* Mistakes in what a program wrote are told where the composite stands. */
static void expand_places(tl_value *value, const tl__graph_node *node)
{
    value->line = value->key_line = node->line;
    value->column = value->key_column = node->column;
    for (tl_value *child = value->first; child; child = child->next) expand_places(child, node);
}

static int expand_add(tl__expansion *out, tl__buffer *text, const int *from, int count)
{
    tl__tree *tree;
    int added = -1;
    if (text->failed) return expand_failed(out, tl__fail_memory(out->error, text->size));
    tl_status status = tl__tree_new(out->graph->heap, out->graph->file, &tree);
    if (status != TL_OK) return expand_failed(out, tl__fail_memory(out->error, sizeof *tree));
    status = tl__yaml_parse(tree, text->data, text->size, out->error);
    TL_ASSERT(status == TL_OK || status == TL_OUT_OF_MEMORY);
    if (status == TL_OK) {
        expand_places(&tree->root, out->node);
        status = tl__graph_add_inside(out, &tree->root, out->path, -1, from, count, &added);
    }
    tl__tree_free(tree);
    if (status != TL_OK) return expand_failed(out, status);
    return out->newest = added;
}

TL_PRIV int tl__expand(tl__expansion *out, const char *part, const int *from, int count, const char *settings, ...)
{
    char name[EXPAND_NAME];
    va_list list;
    tl__buffer text;
    if (out->status != TL_OK) return -1;
    tl__buffer_init(&text, out->graph->heap);
    tl__format(name, sizeof name, part ? "%s_%s" : "%s", out->node->name, part);
    tl__buffer_text(&text, "{name: ");
    tl__json_string(&text, name, strlen(name));
    tl__buffer_text(&text, ", ");
    va_start(list, settings);
    size_t size = tl__format_list(NULL, 0, settings, list);
    va_end(list);
    if (tl__buffer_reserve(&text, size + 1)) {
        va_start(list, settings);
        tl__format_list(text.data + text.size, size + 1, settings, list);
        va_end(list);
        text.size += size;
    }
    tl__buffer_text(&text, "}");
    int added = expand_add(out, &text, from ? from : &out->newest, from ? count : 1);
    tl__buffer_free(&text);
    return added;
}

TL_PRIV int tl__expand_list(tl__expansion *out, const char *key, const tl_value *layers, int from)
{
    char path[EXPAND_NAME];
    int position = 0;
    if (out->status != TL_OK) return -1;
    tl__format(path, sizeof path, "%s.%s", out->path, key);
    if (!layers || layers->kind != TL_LIST)
        return expand_failed(out, tl__fail_at(out->error, TL_BAD_CONFIG, out->graph->file, out->node->line,
                                              out->node->column, path, "%s must be a list of layers, each with its "
                                              "type", path));
    out->newest = from;
    for (const tl_value *layer = layers->first; layer; layer = layer->next, position++) {
        tl_status status = tl__graph_add_inside(out, layer, path, position, NULL, 0, &out->newest);
        if (status != TL_OK) return expand_failed(out, status);
    }
    return out->newest;
}

static void expand_undo(tl__graph *graph, int count)
{
    while (graph->count > count) {
        const tl__graph_node *node = &graph->nodes[--graph->count];
        for (int i = 0; i < node->input_count; i++) graph->nodes[node->inputs[i]].uses--;
    }
}

TL_PRIV tl_status tl__graph_expand(tl__graph *graph, tl__graph_node *node, const char *path, int *out, tl_error *error)
{
    const tl__layer *layer = node->layer;
    tl__open_composite open = {node, graph->open, graph->open ? graph->open->depth + 1 : 1};
    int first = graph->count;
    TL_TRY(tl__graph_name(graph, node, error));
    TL_TRY(tl__graph_count_inputs(graph, node, error));
    if (!layer->takes_activation && node->common->activation != TL__ACTIVATION_AUTO)
        return tl__graph_mistake(graph, node, TL_BAD_CONFIG,
                                 "takes no activation; put a layer of that type behind it, as {type: relu}", error);
    if (open.depth > EXPAND_DEPTH)
        return tl__graph_mistake(graph, node, TL_OUT_OF_RANGE, "stands inside too many layers that stand inside each "
                                 "other", error);
    tl__expansion expansion = {.graph = graph, .node = node, .path = path, .newest = node->inputs[0], .error = error};
    tl__site site = {graph, node, node->settings};
    graph->open = &open;
    layer->expand(&site, &expansion);
    graph->open = open.outer;
    if (expansion.status != TL_OK) {
        expand_undo(graph, first);
        return expansion.status;
    }
    if (out && graph->count > first) *out = graph->count - 1;
    return TL_OK;
}

#endif
