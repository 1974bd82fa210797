/* Building. Layers go into the graph in the order of the list; a dropout node is put behind each hidden layer, and
 * later layers that name the hidden layer in `from` are led to its dropout. */
#include "model/build.h"

#include "base/text.h"
#include "text/value.h"

struct build {
    const tl__network_settings *settings;
    const tl__fit *fit;
    double dropout;
    const char *file;
    tl__graph *graph;
    int *behind;               /* [nodes]: the dropout behind a node, or the node itself */
    tl__tree *tree;            /* maps that the list does not have */
    tl__builder builder;
    tl_value *maps;            /* a list of them */
    tl_error *error;
};

static bool build_is_type(const tl_value *layer, const char *type)
{
    const char *text = layer->kind == TL_MAP ? tl_value_text(tl__value_child(layer, "type"), NULL)
                                             : tl_value_text(layer, NULL);
    return text && strcmp(text, type) == 0;
}

/* Dropout behind the newest node, when it is a hidden layer. */
static tl_status build_drop(struct build *build)
{
    tl__graph *graph = build->graph;
    int node = graph->count - 1, dropout;
    if (build->dropout <= 0 || !graph->nodes[node].hidden) return TL_OK;
    tl_value *map = tl__put_map(&build->builder, build->maps, NULL);
    tl__put_number(&build->builder, map, "rate", build->dropout);
    if (build->builder.failed) return tl__fail_memory(build->error, 64);
    TL_TRY(tl__graph_add_node(graph, "dropout", &node, 1, map, &dropout, build->error));
    build->behind[node] = dropout;
    build->behind[dropout] = dropout;
    return TL_OK;
}

static tl_status build_add(struct build *build, const tl_value *layer, int position, bool last)
{
    tl__graph *graph = build->graph;
    int first = graph->count;
    TL_TRY(tl__graph_add_value(graph, layer, "network.layers", position, build->error));
    for (int i = first; i < graph->count; i++) {
        tl__graph_node *node = &graph->nodes[i];
        build->behind[i] = i;
        for (int k = 0; k < node->input_count; k++) {
            int from = node->inputs[k], to = build->behind[from];
            if (to == from) continue;
            node->inputs[k] = to;
            graph->nodes[from].uses--;
            graph->nodes[to].uses++;
        }
    }
    if (!last) return build_drop(build);
    tl__graph_set_output(graph, graph->count - 1);
    return TL_OK;
}

/* The layer's map, with `nodes` put in when it is the output, by its type or as the last one, and leaves them out.
 * NULL: out of memory. */
static const tl_value *build_completed(struct build *build, const tl_value *layer)
{
    bool last = !layer->next && (build_is_type(layer, "dense") || build_is_type(layer, "hidden"));
    if ((!last && !build_is_type(layer, "output")) || (layer->kind == TL_MAP && tl__value_child(layer, "nodes")))
        return layer;
    tl__builder *builder = &build->builder;
    tl_value *map = tl__put_map(builder, build->maps, NULL);
    if (layer->kind != TL_MAP) tl__put_copy(builder, map, "type", layer);
    for (const tl_value *item = layer->kind == TL_MAP ? layer->first : NULL; item; item = item->next)
        tl__put_copy(builder, map, item->key, item);
    tl__put_integer(builder, map, "nodes", (int64_t)build->fit->outputs);
    if (builder->failed) return NULL;
    map->line = layer->line;
    map->column = layer->column;
    return map;
}

static tl_status build_input(struct build *build, const tl_value *layer)
{
    tl__graph *graph = build->graph;
    const tl__shape *shape = &build->fit->input;
    const tl_value *nodes = layer ? tl__value_child(layer, "nodes") : NULL;
    build->behind[0] = 0;
    if (!layer || layer->kind != TL_MAP || (!nodes && !tl__value_child(layer, "shape"))) {
        const char *name = layer ? tl_value_text(tl__value_child(layer, "name"), NULL) : NULL;
        return tl__graph_add_input(graph, name, shape, build->error);
    }
    TL_TRY(tl__graph_add_value(graph, layer, "network.layers", 0, build->error));
    size_t size = tl__shape_size(tl__graph_input_shape(graph)), wanted = tl__shape_size(shape);
    if (size == wanted) return TL_OK;
    if (!nodes) nodes = layer;
    return tl__fail_at(build->error, TL_BAD_CONFIG, build->file, nodes->line, nodes->column, "network.layers[0].nodes",
                       "network.layers[0].nodes is %zu but the data has %zu input columns; leave nodes out to take the "
                       "data's number", size, wanted);
}

/* Does the network end as the data and the loss want it? layer: the last one of the list, or NULL. */
static tl_status build_check_output(const struct build *build, const tl_value *layer, int position)
{
    size_t size = tl__shape_size(tl__graph_output_shape(build->graph)), wanted = build->fit->outputs;
    if (size == wanted) return TL_OK;
    const tl_value *nodes = layer && layer->kind == TL_MAP ? tl__value_child(layer, "nodes") : NULL;
    const tl_value *place = nodes ? nodes : layer;
    char setting[64];
    tl__format(setting, sizeof setting, "network.layers[%d]%s", position, nodes ? ".nodes" : "");
    const char *what = build->fit->classes ? "classes" : wanted == 1 ? "target column" : "target columns";
    size_t has = build->fit->classes ? build->fit->classes : wanted;
    const char *remedy = nodes ? "leave nodes out to take the right number" : "add a layer {type: output}";
    if (has == wanted)
        return tl__fail_at(build->error, TL_BAD_CONFIG, build->file, place ? place->line : 0, place ? place->column : 0,
                           setting, "%s is %zu but the data has %zu %s; %s", setting, size, has, what, remedy);
    return tl__fail_at(build->error, TL_BAD_CONFIG, build->file, place ? place->line : 0, place ? place->column : 0,
                       setting, "%s is %zu but training.loss needs %zu outputs for %zu %s; %s", setting, size, wanted,
                       has,
                       what, remedy);
}

static tl_status build_layers(struct build *build)
{
    const tl_value *list = build->settings->layers, *item = list->first, *last = NULL;
    if (list->kind != TL_LIST || list->count == 0)
        return tl__fail_at(build->error, TL_BAD_CONFIG, build->file, list->line, list->column, "network.layers",
                           "network.layers must be a list of layers, each with its type");
    int position = 0;
    bool has_input = build_is_type(item, "input");
    TL_TRY(build_input(build, has_input ? item : NULL));
    if (has_input) item = item->next, position = 1;
    for (; item; item = item->next, position++) {
        last = item;
        const tl_value *layer = build_completed(build, item);
        if (!layer) return tl__fail_memory(build->error, 64);
        TL_TRY(build_add(build, layer, position, !item->next));
    }
    if (!last)
        return tl__fail_at(build->error, TL_BAD_CONFIG, build->file, list->line, list->column, "network.layers",
                           "network.layers has no layer but the input; add one, at least {type: output}");
    TL_TRY(tl__graph_check(build->graph, build->error));
    return build_check_output(build, last, position - 1);
}

/* Rows of several axes as one of features, for networks of dense layers. */
static tl_status build_flatten(struct build *build)
{
    if (build->fit->input.rank <= 1) return TL_OK;
    tl_value *map = tl__put_map(&build->builder, build->maps, NULL);
    tl__put_text(&build->builder, map, "type", "flatten");
    if (build->builder.failed) return tl__fail_memory(build->error, 64);
    return build_add(build, map, -1, false);
}

/* `model: mlp`: hidden layers of the sizes given, then the output. */
static tl_status build_mlp(struct build *build)
{
    static const int64_t usual[] = {64, 32};
    const tl__network_settings *settings = build->settings;
    size_t listed = settings->hidden_size.count, layers = (size_t)settings->num_layers;
    const int64_t *sizes = listed ? settings->hidden_size.items : usual;
    if (listed == 0) listed = layers ? 1 : TL_COUNT(usual);
    if (layers == 0) layers = listed;
    if (listed != 1 && listed != layers)
        return tl__fail_at(build->error, TL_BAD_CONFIG, build->file, 0, 0, "network.num_layers",
                           "network.num_layers is %zu but network.hidden_size lists %zu sizes; give one size for all "
                           "layers, or one for each", layers, listed);
    TL_TRY(build_input(build, NULL));
    TL_TRY(build_flatten(build));
    for (size_t i = 0; i <= layers; i++) {
        tl_value *map = tl__put_map(&build->builder, build->maps, NULL);
        int64_t nodes = i == layers ? (int64_t)build->fit->outputs : sizes[listed == 1 ? 0 : i];
        tl__put_text(&build->builder, map, "type", i == layers ? "output" : "dense");
        tl__put_integer(&build->builder, map, "nodes", nodes);
        if (build->builder.failed) return tl__fail_memory(build->error, 64);
        TL_TRY(build_add(build, map, -1, i == layers));
    }
    return tl__graph_check(build->graph, build->error);
}

static const struct build_model { const char *name; tl_status (*build)(struct build *); } build_models[] = {
    {"mlp", build_mlp},
};

static bool build_has_layers(const tl__network_settings *settings)
{
    return settings->layers && settings->layers->kind != TL_NULL;
}

/* The named architecture; NULL with the mistake told. */
static const struct build_model *build_find(const tl__network_settings *settings, const char *file, tl_error *error)
{
    if (settings->model && build_has_layers(settings)) {
        tl__fail_at(error, TL_BAD_CONFIG, file, 0, 0, "network.model", "network.model is '%s' and network.layers lists "
                    "layers; keep one of them", settings->model);
        return NULL;
    }
    for (size_t i = 0; i < TL_COUNT(build_models); i++)
        if (!settings->model || strcmp(settings->model, build_models[i].name) == 0) return &build_models[i];
    tl__fail_at(error, TL_BAD_CONFIG, file, 0, 0, "network.model", "network.model is '%s', which is not a known "
                "architecture; known: mlp. Or list the layers under network.layers", settings->model);
    return NULL;
}

static tl_status build_graph(struct build *build)
{
    if (!build->settings->model && build_has_layers(build->settings)) return build_layers(build);
    const struct build_model *model = build_find(build->settings, build->file, build->error);
    return model ? model->build(build) : TL_BAD_CONFIG;
}

static tl_status build_begin(struct build *build, tl_context *context)
{
    const tl__network_settings *settings = build->settings;
    tl__graph_init(build->graph, &context->heap, build->file);
    build->graph->activation = settings->activation;
    build->graph->initialization = settings->initialization;
    TL_TRY(tl__tree_new(&context->heap, build->file, &build->tree));
    tl__builder_init(&build->builder, build->tree);
    build->maps = tl__put_list(&build->builder, NULL, NULL);
    build->behind = tl__arena_push_zero(&build->tree->arena, TL__MAX_NODES, sizeof *build->behind);
    return build->behind ? TL_OK : tl__fail_memory(build->error, TL__MAX_NODES * sizeof *build->behind);
}

TL_PRIV tl_status tl__network_check(tl_context *context, const tl__network_settings *settings, const char *file,
                                    tl_error *error)
{
    const tl_value *list = settings->layers;
    const tl__fit fit = {.outputs = 1};    /* any number will do */
    tl__graph graph;
    struct build build = {.settings = settings, .fit = &fit, .file = file, .graph = &graph, .error = error};
    if (settings->model && !build_find(settings, file, error)) return TL_BAD_CONFIG;
    if (!list || list->kind != TL_LIST) return TL_OK;
    tl_status status = build_begin(&build, context);
    int position = 0;
    for (const tl_value *item = list->first; item && status != TL_OUT_OF_MEMORY; item = item->next, position++) {
        const tl_value *layer = build_completed(&build, item);
        tl_status found = layer ? tl__graph_check_value(&graph, layer, "network.layers", position, error)
                                : tl__fail_memory(error, 64);
        if (found != TL_OK) status = found;
    }
    tl__tree_free(build.tree);
    tl__graph_free(&graph);
    return status;
}

TL_PRIV tl_status tl__network_build(tl_context *context, const tl__network_settings *settings, double dropout,
                                    const tl__fit *fit, const char *file, tl__graph *graph, tl_error *error)
{
    struct build build = {.settings = settings, .fit = fit, .dropout = dropout, .file = file, .graph = graph,
                          .error = error};
    tl_status status = build_begin(&build, context);
    if (status == TL_OK) status = build_graph(&build);
    tl__tree_free(build.tree);
    return status;
}
