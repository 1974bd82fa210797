/* Nodes of a graph: added one by one, each with its shape worked out and its defaults resolved on the spot. Everything
 * here works without an allocator and without a parser; graph_read.c is the side that reads settings. */
#include "nn/graph_add.h"

#include "base/text.h"
#include "nn/layer.h"
#include "nn/loss.h"

TL_PRIV size_t tl__shape_size(const tl__shape *shape)
{
    size_t size = 1;
    for (int i = 0; i < shape->rank; i++) size *= shape->dim[i];
    return size;
}

TL_PRIV bool tl__shape_same(const tl__shape *a, const tl__shape *b)
{
    if (a->rank != b->rank) return false;
    for (int i = 0; i < a->rank; i++)
        if (a->dim[i] != b->dim[i]) return false;
    return true;
}

TL_PRIV void tl__shape_text(char *out, size_t size, const tl__shape *shape)
{
    size_t used = tl__format(out, size, "[");
    for (int i = 0; i < shape->rank && used < size; i++)
        used += tl__format(out + used, size - used, i ? ", %zu" : "%zu", shape->dim[i]);
    if (used < size) tl__format(out + used, size - used, "]");
}

TL_PRIV void tl__graph_init(tl__graph *graph, tl__heap *heap, const char *file)
{
    memset(graph, 0, sizeof *graph);
    graph->heap = heap;
    graph->file = file;
    graph->output = -1;
    tl__arena_init(&graph->arena, heap);
}

TL_PRIV void tl__graph_init_fixed(tl__graph *graph, tl__graph_node *nodes, int capacity, void *settings, size_t size)
{
    memset(graph, 0, sizeof *graph);
    graph->nodes = nodes;
    graph->capacity = capacity;
    graph->store.base = settings;
    graph->store_size = size;
    graph->output = -1;
}

TL_PRIV void tl__graph_free(tl__graph *graph)
{
    if (!graph || !graph->heap) return;
    tl__free(graph->heap, graph->nodes, (size_t)graph->capacity * sizeof *graph->nodes);
    tl__free(graph->heap, graph->mistake, sizeof *graph->mistake);
    tl__arena_free(&graph->arena);
    tl__graph_init(graph, graph->heap, NULL);
}

TL_PRIV void *tl__graph_store(tl__graph *graph, size_t size)
{
    if (graph->heap) return tl__arena_push_zero(&graph->arena, 1, size);
    size_t begin = tl__size_round(graph->store.used, 16);
    if (begin > graph->store_size || size > graph->store_size - begin) return NULL;
    graph->store.used = begin + size;
    return memset(graph->store.base + begin, 0, size);
}

static tl_status graph_room(tl__graph *graph, tl_error *error)
{
    if (graph->count < graph->capacity) return TL_OK;
    if (graph->count >= TL__MAX_NODES)
        return tl__fail(error, TL_OUT_OF_RANGE, "The network has more than %d layers.", TL__MAX_NODES);
    if (!graph->heap) return TL_OUT_OF_MEMORY;
    int capacity = graph->capacity ? 2 * graph->capacity : 8;
    size_t old = (size_t)graph->capacity * sizeof *graph->nodes, size = (size_t)capacity * sizeof *graph->nodes;
    tl__graph_node *nodes = tl__resize(graph->heap, graph->nodes, old, size);
    if (!nodes) return tl__fail_memory(error, size);
    graph->nodes = nodes;
    graph->capacity = capacity;
    return TL_OK;
}

TL_PRIV int tl__graph_find(const tl__graph *graph, const char *name)
{
    for (int i = 0; i < graph->count; i++)
        if (tl__same_text(graph->nodes[i].name, name)) return i;
    return -1;
}

TL_PRIV void tl__node_label(char *out, size_t size, const tl__graph_node *node)
{
    if (node->position >= 0)
        tl__format(out, size, "network.layers[%d] '%s'", node->position, node->common->type);
    else
        tl__format(out, size, "layer '%s'", node->name[0] ? node->name : node->common->type);
}

/* "'dense_1' (line 20) gives [128] and 'x' gives [4]" */
static void graph_gives(char *out, size_t size, const tl__graph *graph, const tl__graph_node *node)
{
    size_t used = 0;
    out[0] = 0;
    for (int i = 0; i < node->input_count && used < size; i++) {
        const tl__graph_node *from = &graph->nodes[node->inputs[i]];
        char shape[96], line[24] = "";
        tl__shape_text(shape, sizeof shape, &from->shape);
        if (from->line > 0) tl__format(line, sizeof line, " (line %d)", from->line);
        used += tl__format(out + used, size - used, "%s'%s'%s gives %s", i ? " and " : "", from->name, line, shape);
    }
}

TL_PRIV tl_status tl__graph_mistake(const tl__graph *graph, const tl__graph_node *node, tl_status status,
                                    const char *text, tl_error *error)
{
    char label[96], setting[48] = "";
    for (const tl__open_composite *open = graph->open; open; open = open->outer)    /* a part as what is listed */
        if (open->node->line == node->line && open->node->column == node->column) node = open->node;
    tl__node_label(label, sizeof label, node);
    if (node->position >= 0) tl__format(setting, sizeof setting, "network.layers[%d]", node->position);
    return tl__fail_at(error, status, graph->file, node->line, node->column, setting[0] ? setting : NULL, "%s %s",
                       label,
                       text);
}

static bool graph_taken(const tl__graph *graph, const char *name)
{
    for (const tl__open_composite *open = graph->open; open; open = open->outer)
        if (tl__same_text(open->node->name, name)) return true;
    return tl__graph_find(graph, name) >= 0;
}

TL_PRIV tl_status tl__graph_name(const tl__graph *graph, tl__graph_node *node, tl_error *error)
{
    const char *name = node->common->name;
    char text[128];
    if (name) {
        size_t size = strlen(name);
        if (size == 0 || size >= TL__NODE_NAME) {
            tl__format(text, sizeof text, "has a name of %zu bytes; a name has 1 to %d", size, TL__NODE_NAME - 1);
            return tl__graph_mistake(graph, node, TL_BAD_CONFIG, text, error);
        }
        if (tl__graph_find(graph, name) >= 0) {
            tl__format(text, sizeof text, "has the name '%s', which an earlier layer has; give it another", name);
            return tl__graph_mistake(graph, node, TL_EXISTS, text, error);
        }
        memcpy(node->name, name, size + 1);
        return TL_OK;
    }
    for (int number = 1;; number++) {
        tl__format(text, sizeof text, "%s_%d", node->layer->head.name, number);
        if (!graph_taken(graph, text)) break;
    }
    memcpy(node->name, text, strlen(text) + 1);
    return TL_OK;
}

/* Whether it is hidden, and its activation and initialization without `auto`. */
static tl_status graph_defaults(const tl__graph *graph, tl__graph_node *node, tl_error *error)
{
    const tl__layer_common *common = node->common;
    bool output = tl__same_text(common->type, "output");
    bool takes_default = node->layer->default_activation && !output;
    node->activation = common->activation;
    if (!node->layer->takes_activation && common->activation != TL__ACTIVATION_AUTO)
        return tl__graph_mistake(graph, node, TL_BAD_CONFIG,
                             "takes no activation; put a layer of that type behind it, as {type: relu}", error);
    if (node->activation == TL__ACTIVATION_AUTO && takes_default) {
        node->activation = graph->activation;
        if (node->activation == TL__ACTIVATION_AUTO) node->activation = tl__activation_word("relu");
    }
    if (node->activation == TL__ACTIVATION_AUTO) node->activation = tl__activation_word("identity");
    tl__activation_use use = tl__activation_of(node->activation, -1, -1);
    node->hidden = takes_default && !graph->open && &node->layer->head == tl__layer_dense() &&
                   !tl__activation_is_identity(&use);
    node->initialization = common->initialization ? common->initialization : graph->initialization;
    return TL_OK;
}

TL_PRIV tl_status tl__graph_count_inputs(const tl__graph *graph, const tl__graph_node *node, tl_error *error)
{
    const tl__layer *layer = node->layer;
    char text[96];
    if (node->input_count >= layer->inputs_min && node->input_count <= layer->inputs_max) return TL_OK;
    const char *what = layer->inputs_max == 0 ? "no input" : layer->inputs_max == 1 ? "one input" :
                       layer->inputs_min == 1 ? "at least one input" : "at least two inputs, in its `from:`,";
    tl__format(text, sizeof text, "needs %s but has %d", what, node->input_count);
    return tl__graph_mistake(graph, node, TL_BAD_SHAPE, text, error);
}

static tl_status graph_shape(const tl__graph *graph, tl__graph_node *node, tl_error *error)
{
    const tl__layer *layer = node->layer;
    tl__site site = {graph, node, node->settings};
    char gives[320], text[512];
    if (!layer->shape)
        return tl__graph_mistake(graph, node, TL_UNSUPPORTED, "stands for other layers; list those", error);
    TL_TRY(tl__graph_count_inputs(graph, node, error));
    graph_gives(gives, sizeof gives, graph, node);
    const char *needs = layer->shape(&site, &node->shape);
    if (needs) {
        tl__format(text, sizeof text, gives[0] ? "%s but %s" : "%s", needs, gives);
        return tl__graph_mistake(graph, node, TL_BAD_SHAPE, text, error);
    }
    size_t size = sizeof(float);
    for (int i = 0; i < node->shape.rank; i++)
        if (!tl__size_mul(size, node->shape.dim[i], &size) || size > SIZE_MAX / 16)
            return tl__graph_mistake(graph, node, TL_OUT_OF_RANGE, "has more outputs than this machine can address",
                                     error);
    return TL_OK;
}

TL_PRIV tl_status tl__graph_append(tl__graph *graph, const tl__graph_node *given, int *out, tl_error *error)
{
    TL_TRY(graph_room(graph, error));
    tl__graph_node *node = &graph->nodes[graph->count];
    *node = *given;
    node->uses = 0;
    node->name[0] = 0;
    TL_TRY(tl__graph_name(graph, node, error));
    TL_TRY(graph_defaults(graph, node, error));
    TL_TRY(graph_shape(graph, node, error));
    for (int i = 0; i < node->input_count; i++) graph->nodes[node->inputs[i]].uses++;
    if (out) *out = graph->count;
    graph->count++;
    return TL_OK;
}

TL_PRIV tl_status tl__graph_add_input(tl__graph *graph, const char *name, const tl__shape *shape, tl_error *error)
{
    tl__layer_common *common = tl__graph_store(graph, sizeof *common);
    tl__input_settings *settings = tl__graph_store(graph, sizeof *settings);
    int64_t *dims = tl__graph_store(graph, sizeof *dims * TL__SHAPE_RANK);
    if (!common || !settings || !dims) return tl__fail_memory(error, sizeof *common + sizeof *settings);
    common->type = "input";
    common->alpha = common->threshold = -1;
    common->rate_factor = 1;
    if (name && graph->heap) {
        common->name = tl__arena_text(&graph->arena, name);
        if (!common->name) return tl__fail_memory(error, strlen(name));
    } else {
        common->name = name;
    }
    for (int i = 0; i < shape->rank; i++) dims[i] = (int64_t)shape->dim[i];
    settings->shape.count = (size_t)shape->rank;
    settings->shape.items = dims;
    tl__graph_node node = {.layer = (const tl__layer *)(const void *)tl__layer_input(), .common = common,
                           .settings = settings, .position = -1};
    return tl__graph_append(graph, &node, NULL, error);
}

TL_PRIV void tl__graph_set_output(tl__graph *graph, int node)
{
    tl__graph_node *output = &graph->nodes[node];
    graph->output = node;
    output->hidden = false;
    if (output->layer->takes_activation && output->common->activation == TL__ACTIVATION_AUTO)
        output->activation = tl__activation_word("identity");
}

/* Settings of a node lie in the graph's own memory. */
TL_PRIV void tl__graph_freeze(tl__graph *graph, int node)
{
    tl__layer_common *common = (tl__layer_common *)(uintptr_t)graph->nodes[node].common;
    common->frozen = true;
}

TL_PRIV void tl__graph_set_rate_factor(tl__graph *graph, int node, double factor)
{
    tl__layer_common *common = (tl__layer_common *)(uintptr_t)graph->nodes[node].common;
    common->rate_factor = factor;
}

TL_PRIV int tl__graph_output(const tl__graph *graph)
{
    return graph->output >= 0 ? graph->output : graph->count - 1;
}

TL_PRIV tl_status tl__graph_settle_link(tl__graph *graph, const tl__loss *loss, tl_error *error)
{
    static const char *const words[] = {"none", "softmax", "sigmoid"};   /* of tl__link */
    tl__graph_node *output = &graph->nodes[tl__graph_output(graph)];
    tl__link link = tl__loss_link(loss, tl__shape_size(&output->shape)), named = TL__LINK_NONE;
    char text[224];
    if (output->activation == tl__activation_word("softmax")) named = TL__LINK_SOFTMAX;
    if (output->activation == tl__activation_word("sigmoid")) named = TL__LINK_SIGMOID;
    if (link == TL__LINK_NONE || named == TL__LINK_NONE) return TL_OK;
    if (named != link) {
        tl__format(text, sizeof text, "has the activation %s, but training.loss %s makes probabilities of its outputs "
                   "by %s; leave the activation out", words[named], loss->head.name, words[link]);
        return tl__graph_mistake(graph, output, TL_BAD_CONFIG, text, error);
    }
    output->activation = tl__activation_word("identity");
    return TL_OK;
}

TL_PRIV tl_status tl__graph_check(const tl__graph *graph, tl_error *error)
{
    if (graph->failed != TL_OK) {
        if (error && graph->mistake) *error = *graph->mistake;
        return graph->failed;
    }
    if (graph->count == 0)
        return tl__fail_at(error, TL_BAD_CONFIG, graph->file, 0, 0, "network.layers", "The network has no layers.");
    if (graph->nodes[0].input_count != 0)
        return tl__fail_at(error, TL_BAD_CONFIG, graph->file, 0, 0, "network.layers",
                           "The network has no input; begin with {type: input, nodes: N}.");
    for (int i = 1; i < graph->count; i++)
        if (graph->nodes[i].input_count == 0)
            return tl__graph_mistake(graph, &graph->nodes[i], TL_UNSUPPORTED,
                                 "is a second input; a network has one, the first layer", error);
    return TL_OK;
}

TL_PRIV const tl__shape *tl__graph_input_shape(const tl__graph *graph)
{
    return &graph->nodes[0].shape;
}

TL_PRIV const tl__shape *tl__graph_output_shape(const tl__graph *graph)
{
    return &graph->nodes[tl__graph_output(graph)].shape;
}
