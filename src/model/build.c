/* Building. Layers go into the graph in the order of the list; a dropout node is put behind each hidden layer, and
 * later layers that name the hidden layer in `from` are led to its dropout. */
#include "model/build.h"

#include "base/text.h"
#include "model/arch.h"
#include "text/yaml.h"

struct build {
    const tl__network_settings *settings;
    const tl_value *list;      /* the layers */
    const char *path;          /* "network.layers"; "network.model": they are not the user's own */
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
    graph->nodes[dropout].drops = true;
    build->behind[node] = dropout;
    build->behind[dropout] = dropout;
    return TL_OK;
}

/* Layers that no user has listed have no places. */
static void build_forget_places(tl_value *value)
{
    value->line = value->column = value->key_line = value->key_column = 0;
    for (tl_value *child = value->first; child; child = child->next) build_forget_places(child);
}

static bool build_is_listed(const struct build *build) { return build->list == build->settings->layers; }

/* Do listed layers end in outputs for several heads? The outputs of a named architecture are those of all heads. */
static bool build_has_heads(const struct build *build)
{
    return build->fit->head_count > 0 && build->settings->layers && build->settings->layers->kind != TL_NULL;
}

static tl_status build_add(struct build *build, const tl_value *layer, int position, bool last)
{
    tl__graph *graph = build->graph;
    int first = graph->count;
    TL_TRY(tl__graph_add_value(graph, layer, build->path, build_is_listed(build) ? position : -1, build->error));
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
    bool last = !layer->next && !build_has_heads(build) &&
                (build_is_type(layer, "dense") || build_is_type(layer, "hidden"));
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

/* Layers that take rows of features: a list that begins with them is given images flat. A graph of a forecast is
 * given its steps. */
static bool build_begins_flat(const tl_value *item)
{
    static const char *const keep[] = {"activation", "dropout", "batch_norm", "layer_norm"};
    for (; item; item = item->next) {
        bool kept = false;
        if (build_is_type(item, "dense") || build_is_type(item, "hidden") || build_is_type(item, "output")) return true;
        for (size_t i = 0; i < TL_COUNT(keep); i++) kept = kept || build_is_type(item, keep[i]);
        if (!kept) return false;
    }
    return false;
}

static tl_status build_input(struct build *build, const tl_value *layer)
{
    tl__graph *graph = build->graph;
    const tl__shape flat = {.rank = 1, .dim = {tl__shape_size(&build->fit->input)}};
    const bool as_it_is = build->fit->series.input_size > 0 ||
                          !build_begins_flat(layer ? layer->next : build->list->first);
    const tl__shape *shape = as_it_is ? &build->fit->input : &flat;
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

static tl_status build_add_map(struct build *build, tl_value *map, int line, int column)
{
    if (!map || build->builder.failed) return tl__fail_memory(build->error, 64);
    map->line = line;
    map->column = column;
    return build_add(build, map, -1, false);
}

/* The output of a head; of a forecast as [steps, numbers], so that heads stand side by side in each step. */
static tl_status build_head_output(struct build *build, const tl__fit_head *head, const char *from)
{
    tl__builder *builder = &build->builder;
    const size_t steps = build->fit->head_steps;
    tl_value *map = tl__put_map(builder, build->maps, NULL);
    tl__put_text(builder, map, "type", "output");
    tl__put_text(builder, map, "name", head->name);
    tl__put_integer(builder, map, "nodes", (int64_t)(head->outputs * steps));
    if (from) tl__put_text(builder, map, "from", from);
    TL_TRY(build_add_map(build, map, head->line, head->column));
    if (steps == 1 || build->fit->head_count == 1) return TL_OK;
    map = tl__put_map(builder, build->maps, NULL);
    tl__put_text(builder, map, "type", "reshape");
    tl_value *shape = tl__put_list(builder, map, "shape");
    tl__put_integer(builder, shape, NULL, (int64_t)steps);
    tl__put_integer(builder, shape, NULL, (int64_t)head->outputs);
    return build_add_map(build, map, head->line, head->column);
}

/* The layers of a head, which begin at the node `from`, then its output; *end is the last. */
static tl_status build_head(struct build *build, const tl__fit_head *head, int from, int *end)
{
    tl__builder *builder = &build->builder;
    const tl_value *own = head->layers && head->layers->kind == TL_LIST ? head->layers->first : NULL;
    const char *start = build->graph->nodes[from].name;
    if (head->layers && head->layers->kind != TL_LIST && head->layers->kind != TL_NULL)
        return tl__fail_at(build->error, TL_BAD_CONFIG, build->file, head->layers->line, head->layers->column, "heads",
                           "the layers of a head are a list, [{type: hidden, nodes: 16}]");
    for (; own; own = own->next) {
        tl_value *map = tl__put_map(builder, build->maps, NULL);
        if (own->kind != TL_MAP) tl__put_copy(builder, map, "type", own);
        for (const tl_value *item = own->kind == TL_MAP ? own->first : NULL; item; item = item->next)
            tl__put_copy(builder, map, item->key, item);
        if (start && map && !tl__value_child(map, "from")) tl__put_text(builder, map, "from", start);
        TL_TRY(build_add_map(build, map, own->line, own->column));
        start = NULL;
    }
    TL_TRY(build_head_output(build, head, start));
    *end = build->graph->count - 1;
    return TL_OK;
}

/* The listed layer of this name, from `item` on; NULL: there is none. */
static const tl_value *build_named_layer(const tl_value *item, const char *name, const tl_value *end)
{
    for (; item && item != end; item = item->next) {
        const tl_value *own = item->kind == TL_MAP ? tl__value_child(item, "name") : NULL;
        if (tl__same_text(tl_value_text(own, ""), name)) return item;
    }
    return NULL;
}

/* A layer that reads itself or one behind it: what a cycle looks like in a list. */
static tl_status build_check_order(const struct build *build)
{
    const tl_value *list = build->list->first;
    int position = 0;
    for (const tl_value *item = list; item; item = item->next, position++) {
        const tl_value *from = item->kind == TL_MAP ? tl__value_child(item, "from") : NULL;
        const tl_value *one = from && from->kind == TL_LIST ? from->first : from;
        for (; one; one = from->kind == TL_LIST ? one->next : NULL) {
            const char *name = tl_value_text(one, "");
            const tl_value *later = build_named_layer(list, name, item) ? NULL : build_named_layer(item, name, NULL);
            char where[64] = "itself";
            if (!later) continue;
            if (later != item) tl__format(where, sizeof where, "'%.24s' of line %d, behind it", name, later->line);
            return tl__fail_at(build->error, TL_BAD_CONFIG, build->file, one->line, one->column, "network.layers",
                               "network.layers[%d] '%s' reads %s; a layer reads those before it, so that no cycle "
                               "arises; change the order or its `from:`", position,
                               tl_value_text(tl__value_child(item, "type"), "?"), where);
        }
    }
    return TL_OK;
}

/* A layer that no other reads and that is not the output: more likely a slip than a wish. */
static tl_status build_check_readers(const struct build *build)
{
    const tl__graph *graph = build->graph;
    for (int i = 0; i < graph->count; i++) {
        const tl__graph_node *node = &graph->nodes[i];
        if (node->uses > 0 || i == tl__graph_output(graph)) continue;
        if (node->input_count == 1 && build->behind[node->inputs[0]] == i) node = &graph->nodes[node->inputs[0]];
        char label[96], shape[96];
        tl__node_label(label, sizeof label, node);
        tl__shape_text(shape, sizeof shape, &node->shape);
        return tl__fail_at(build->error, TL_BAD_CONFIG, build->file, node->line, node->column, "network.layers",
                           "%s gives %s to no other layer; name '%s' in the `from:` of one, or leave the layer out",
                           label, shape, node->name);
    }
    return TL_OK;
}

/* All heads over the last listed layer, and their outputs side by side. */
static tl_status build_heads(struct build *build, const tl_value *last)
{
    const tl__fit *fit = build->fit;
    int ends[TL__NODE_INPUTS], from = build->graph->count - 1, joined;
    if (build_is_type(last, "output"))
        return tl__fail_at(build->error, TL_BAD_CONFIG, build->file, last->line, last->column, "network.layers",
                           "network.layers ends with an output, and heads make outputs of their own; leave it out");
    build->path = "heads";
    for (int h = 0; h < fit->head_count; h++) TL_TRY(build_head(build, &fit->heads[h], from, &ends[h]));
    joined = ends[0];
    if (fit->head_count > 1)
        TL_TRY(tl__graph_add_node(build->graph, "concatenate", ends, fit->head_count, NULL, &joined, build->error));
    tl__graph_set_output(build->graph, joined);
    TL_TRY(tl__graph_check(build->graph, build->error));
    TL_TRY(build_check_readers(build));
    return build_check_output(build, NULL, 0);
}

static tl_status build_layers(struct build *build)
{
    const tl_value *list = build->list, *item = list->first, *last = NULL;
    if (list->kind != TL_LIST || list->count == 0)
        return tl__fail_at(build->error, TL_BAD_CONFIG, build->file, list->line, list->column, "network.layers",
                           "network.layers must be a list of layers, each with its type");
    int position = 0;
    bool has_input = build_is_type(item, "input");
    TL_TRY(build_check_order(build));
    TL_TRY(build_input(build, has_input ? item : NULL));
    if (has_input) item = item->next, position = 1;
    for (; item; item = item->next, position++) {
        last = item;
        const tl_value *layer = build_completed(build, item);
        if (!layer) return tl__fail_memory(build->error, 64);
        TL_TRY(build_add(build, layer, position, !item->next && !build_has_heads(build)));
    }
    if (!last)
        return tl__fail_at(build->error, TL_BAD_CONFIG, build->file, list->line, list->column, "network.layers",
                           "network.layers has no layer but the input; add one, at least {type: output}");
    if (build_has_heads(build)) return build_heads(build, last);
    TL_TRY(tl__graph_check(build->graph, build->error));
    TL_TRY(build_check_readers(build));
    return build_check_output(build, last, position - 1);
}

/* The layers of a named architecture, as if they were listed. Their mistakes are told at network.model. */
static tl_status build_named(struct build *build)
{
    tl__heap *heap = build->graph->heap;
    tl__tree *tree;
    tl__buffer text;
    for (int h = 0; h < build->fit->head_count; h++)
        if (build->fit->heads[h].layers)
            return tl__fail_at(build->error, TL_BAD_CONFIG, build->file, build->fit->heads[h].line,
                               build->fit->heads[h].column, "heads", "a head has layers of its own beside "
                               "network.layers only; 'train:configure --expand' lists the layers of a model");
    tl__buffer_init(&text, heap);
    TL_TRY(tl__tree_new(heap, NULL, &tree));
    tl_status status = tl__arch_write(heap, build->settings, build->fit, build->file, &text, build->error);
    if (status == TL_OK) status = tl__yaml_parse(tree, text.data, text.size, build->error);
    if (status == TL_OK) {
        build_forget_places(&tree->root);
        build->list = &tree->root;
        build->path = "network.model";
        status = build_layers(build);
        if (status != TL_OK && build->error && !build->error->setting[0])
            tl__format(build->error->setting, sizeof build->error->setting, "network.model");
    }
    tl__buffer_free(&text);
    tl__tree_free(tree);
    return status;
}

static bool build_has_layers(const tl__network_settings *settings)
{
    return settings->layers && settings->layers->kind != TL_NULL;
}

static tl_status build_refuse_both(const tl__network_settings *settings, const char *file, tl_error *error)
{
    if (!build_has_layers(settings)) return TL_OK;
    if (settings->normalization != TL__NORMALIZATION_AUTO)
        return tl__fail_at(error, TL_BAD_CONFIG, file, 0, 0, "network.normalization", "network.normalization is for "
                           "a named model; in network.layers write instance_norm before and reverse_norm behind");
    if (!settings->model.name) return TL_OK;
    return tl__fail_at(error, TL_BAD_CONFIG, file, 0, 0, "network.model", "network.model is '%s' and network.layers "
                       "lists layers; keep one of them", settings->model.name);
}

static tl_status build_graph(struct build *build)
{
    TL_TRY(build_refuse_both(build->settings, build->file, build->error));
    if (!build_has_layers(build->settings)) return build_named(build);
    build->list = build->settings->layers;
    build->path = "network.layers";
    return build_layers(build);
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

static tl_status build_check_named(tl_context *context, const tl__network_settings *settings, const char *file,
                                   tl_error *error)
{
    const tl__arch *arch;
    void *own;
    tl__arena arena;
    tl__arena_init(&arena, &context->heap);
    tl_status status = tl__arch_bind(settings, file, &arena, &arch, &own, error);
    tl__arena_free(&arena);
    return status;
}

TL_PRIV tl_status tl__network_check(tl_context *context, const tl__network_settings *settings, const char *file,
                                    tl_error *error)
{
    const tl_value *list = settings->layers;
    const tl__fit fit = {.outputs = 1};    /* any number will do */
    tl__graph graph;
    struct build build = {.settings = settings, .fit = &fit, .file = file, .graph = &graph, .error = error};
    tl_status status = build_refuse_both(settings, file, error);
    if (status == TL_OK && !build_has_layers(settings)) status = build_check_named(context, settings, file, error);
    if (status != TL_OK) return status;
    if (!list || list->kind != TL_LIST) return TL_OK;
    status = build_begin(&build, context);
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
