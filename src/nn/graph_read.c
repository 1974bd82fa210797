/* Nodes from settings. A layer's settings are two structs that lie one behind the other, tl__layer_common and its own;
 * their rows are put together into one list with shifted offsets, so that a layer's map is read, checked and written as
 * one block and a wrong word is compared with all that could be meant. */
#include "nn/graph_add.h"

#include "base/text.h"
#include "nn/expand.h"
#include "nn/layer.h"

enum { GRAPH_ROWS = 40, GRAPH_PATH = 192, GRAPH_OWN_OFFSET = (sizeof(tl__layer_common) + 15) / 16 * 16 };

static const char *const graph_activations[] = TL__ACTIVATION_WORDS;
static const char *const graph_initializations[] = TL__INIT_WORDS;
static const char *const graph_normalizations[] = TL__NORMALIZATION_WORDS;

static const tl__field graph_common_rows[] = {
    {.name = "type", .kind = TL__FIELD_TEXT, .flags = TL__RESULT, .offset = offsetof(tl__layer_common, type),
     .help = "which layer it is"},
    {.name = "name", .kind = TL__FIELD_TEXT, .flags = TL__RESULT, .offset = offsetof(tl__layer_common, name),
     .help = "what other layers and the file of weights call it; default: its type and a number"},
    {.name = "from", .kind = TL__FIELD_TEXT_LIST, .flags = TL__RESULT, .offset = offsetof(tl__layer_common, from),
     .help = "names of the layers that it reads; default: the one before"},
    {.name = "activation", .kind = TL__FIELD_CHOICE, .flags = TL__RESULT | TL__TUNE,
     .offset = offsetof(tl__layer_common, activation), .choices = graph_activations,
     .help = "what its outputs go through; auto: network.activation in hidden layers, none in others"},
    {.name = "alpha", .kind = TL__FIELD_FLOAT, .flags = TL__RESULT | TL__TUNE | TL__AUTO,
     .offset = offsetof(tl__layer_common, alpha), .fallback = -1, .max = 1e6,
     .help = "the activation's own number: slope of leaky_relu (0.01), alpha of elu (1), beta of softplus (1), "
             "limit of hardtanh (1)"},
    {.name = "threshold", .kind = TL__FIELD_FLOAT, .flags = TL__RESULT | TL__AUTO | TL__OPEN_MIN,
     .offset = offsetof(tl__layer_common, threshold), .fallback = -1, .max = 1e6,
     .help = "of softplus: where beta * x is above it, the output is x (20)"},
    {.name = "initialization", .kind = TL__FIELD_CHOICE, .flags = TL__RESULT | TL__TUNE,
     .offset = offsetof(tl__layer_common, initialization), .choices = graph_initializations,
     .help = "how its weights start; auto: network.initialization"},
    {.name = "frozen", .kind = TL__FIELD_BOOL, .flags = TL__RESULT, .offset = offsetof(tl__layer_common, frozen),
     .help = "keeps its weights in training"},
    {.name = "rate_factor", .kind = TL__FIELD_FLOAT, .flags = TL__RESULT | TL__TUNE | TL__LOG | TL__OPEN_MIN,
     .offset = offsetof(tl__layer_common, rate_factor), .fallback = 1, .min = 0, .max = 1e6,
     .help = "its weights learn with training.learning_rate times this"},
    {.name = NULL}
};

static const tl__field graph_network_rows[] = {
    {.name = "model", .kind = TL__FIELD_MEMBER, .flags = TL__RESULT | TL__TUNE,
     .offset = offsetof(tl__network_settings, model), .family = "architecture",
     .help = "a named architecture; its settings stand beside it or in a map, {type: mlp}; default: the layers"},
    {.name = "layers", .kind = TL__FIELD_TREE, .flags = TL__RESULT, .offset = offsetof(tl__network_settings, layers),
     .help = "the layers, from the input to the output"},
    {.name = "activation", .kind = TL__FIELD_CHOICE, .flags = TL__RESULT | TL__TUNE,
     .offset = offsetof(tl__network_settings, activation), .choices = graph_activations,
     .tune = "[relu, gelu, silu, tanh]",
     .help = "of hidden layers that name none; auto: relu"},
    {.name = "initialization", .kind = TL__FIELD_CHOICE, .flags = TL__RESULT | TL__TUNE,
     .offset = offsetof(tl__network_settings, initialization), .choices = graph_initializations,
     .help = "of layers that name none; auto: pytorch, uniform in +-1/sqrt(inputs)"},
    {.name = "hidden_size", .kind = TL__FIELD_INT_LIST, .flags = TL__RESULT | TL__TUNE,
     .offset = offsetof(tl__network_settings, hidden_size), .min = 1, .max = 1048576, .unit = "units",
     .tune = "{min: 16, max: 512, scale: log}",
     .help = "of a named architecture: one size for all hidden layers, or one for each; default: its own"},
    {.name = "input_shape", .kind = TL__FIELD_INT_LIST, .flags = TL__RESULT,
     .offset = offsetof(tl__network_settings, input_shape), .min = 1, .max = 1073741824,
     .help = "of a named architecture: [time, features] or [height, width, channels] of a row; default: as the data "
             "has it"},
    {.name = "normalization", .kind = TL__FIELD_CHOICE, .flags = TL__RESULT | TL__TUNE,
     .offset = offsetof(tl__network_settings, normalization), .choices = graph_normalizations,
     .help = "of a named architecture that forecasts: what each series loses before the network reads a window, and "
             "its forecast gets back: its last value, or its mean and deviation over the window (instance; Kim and "
             "others, 2022); auto: last, but none for dlinear, nlinear and nbeats"},
    {.name = "num_layers", .kind = TL__FIELD_INT, .flags = TL__RESULT | TL__TUNE,
     .offset = offsetof(tl__network_settings, num_layers), .fallback = 0, .min = 0, .max = 1000, .unit = "layers",
     .tune = "{min: 1, max: 4}",
     .help = "of a named architecture: hidden layers; 0: as many as hidden_size has, or its own number"},
    {.name = NULL}
};

TL_PRIV const tl__field *tl__network_rows(void) { return graph_network_rows; }

/* The rows of both structs; gives the size of both. */
static size_t graph_rows(const tl__layer *layer, tl__field out[GRAPH_ROWS])
{
    size_t count = 0;
    for (const tl__field *row = graph_common_rows; row->name; row++) out[count++] = *row;
    if (layer->head.rows)
        for (const tl__field *row = layer->head.rows; row->name; row++) {
            TL_ASSERT(count + 1 < GRAPH_ROWS);
            out[count] = *row;
            out[count++].offset += GRAPH_OWN_OFFSET;
        }
    memset(&out[count], 0, sizeof out[count]);
    return GRAPH_OWN_OFFSET + layer->head.settings_size;
}

/* The layer of a type's name; the name of an activation is the layer `activation` of that kind. */
static const tl__layer *graph_layer(const char *type, bool *is_activation, const char *file, int line, int column,
                                    const char *setting, tl_error *error)
{
    *is_activation = tl__activation_word(type) > 0;
    if (*is_activation) type = "activation";
    return (const tl__layer *)(const void *)tl__family_find(tl__layer_family(), type, file, line, column, setting,
                                                            error);
}

static tl__graph_node graph_node(const tl__layer *layer, unsigned char *block, int line, int column, int position)
{
    tl__graph_node node = {.layer = layer, .line = line, .column = column, .position = position};
    node.common = (const void *)block;
    node.settings = block + GRAPH_OWN_OFFSET;
    return node;
}

static tl_status graph_from(const tl__graph *graph, tl__graph_node *node, const char *const *from, size_t count,
                            tl_error *error)
{
    if (count > TL__NODE_INPUTS)
        return tl__fail_at(error, TL_OUT_OF_RANGE, graph->file, node->line, node->column, NULL,
                           "A layer reads at most %d others; '%s' names %zu.", TL__NODE_INPUTS, node->common->type,
                           count);
    for (size_t i = 0; i < count; i++) {
        int index = tl__graph_find(graph, from[i]);
        if (index < 0) {
            char label[96];
            tl__suggestion near = {from[i], NULL, 0};
            for (int k = 0; k < graph->count; k++) tl__suggest(&near, graph->nodes[k].name);
            const char *last = graph->count ? graph->nodes[graph->count - 1].name : "";
            tl__node_label(label, sizeof label, node);
            return tl__fail_at(error, TL_NOT_FOUND, graph->file, node->line, node->column, "from",
                               "%s reads '%s', and no layer before it has that name%s%s%s.", label, from[i],
                               near.best ? "; did you mean '" : *last ? "; the one before it is '" : "",
                               near.best ? near.best : last, near.best ? "'?" : *last ? "'" : "");
        }
        node->inputs[i] = index;
    }
    node->input_count = (int)count;
    return TL_OK;
}

static int64_t *graph_setting_items(tl__graph *graph, const tl__int_list *list)
{
    int64_t *items = tl__graph_store(graph, (list->count + 1) * sizeof *items);
    if (items && list->count) memcpy(items, list->items, list->count * sizeof *items);
    return items;
}

/* The index of a word among the row's, or -1. */
static int graph_choice(const tl__field *row, const char *word)
{
    for (int choice = 0; row->choices[choice]; choice++)
        if (tl__same_text(row->choices[choice], word)) return choice;
    return -1;
}

/* One setting of a description into its place; a list's items come as settings of the same name. */
static tl_status graph_set(tl__graph *graph, const tl__field *row, void *place, const tl_setting *setting)
{
    bool whole = setting->number == (double)(int64_t)setting->number;
    int choice = setting->text && row->choices ? graph_choice(row, setting->text) : -1;
    if (row->kind == TL__FIELD_INT || row->kind == TL__FIELD_FLOAT || row->kind == TL__FIELD_INT_LIST)
        if (setting->number < row->min || (row->max != 0 && setting->number > row->max)) return TL_OUT_OF_RANGE;
    if (row->kind == TL__FIELD_INT && whole) {
        *(int64_t *)place = (int64_t)setting->number;
    } else if (row->kind == TL__FIELD_FLOAT) {
        *(double *)place = setting->number;
    } else if (row->kind == TL__FIELD_BOOL) {
        *(bool *)place = setting->number != 0;
    } else if (row->kind == TL__FIELD_TEXT && setting->text) {
        *(const char **)place = setting->text;
    } else if (row->kind == TL__FIELD_CHOICE && choice >= 0) {
        *(int *)place = choice;
    } else if (row->kind == TL__FIELD_INT_LIST && whole && (choice >= 0 || !setting->text)) {
        tl__int_list *list = place;
        int64_t *items = graph_setting_items(graph, list);
        if (!items) return TL_OUT_OF_MEMORY;
        items[list->count++] = choice >= 0 ? -1 - choice : (int64_t)setting->number;
        list->items = items;
    } else {
        return TL_BAD_CONFIG;
    }
    return TL_OK;
}

TL_PRIV tl_status tl__graph_add_description(tl__graph *graph, const tl_layer_description *description, tl_error *error)
{
    tl__field rows[GRAPH_ROWS];
    bool activation;
    const tl__layer *layer = graph_layer(description->type, &activation, NULL, 0, 0, NULL, error);
    if (!layer) return TL_NOT_FOUND;
    size_t size = graph_rows(layer, rows);
    unsigned char *block = tl__graph_store(graph, size);
    if (!block) return tl__fail_memory(error, size);
    tl__field_defaults(rows, block);
    tl__layer_common *common = (void *)block;
    common->type = activation ? "activation" : description->type;
    if (activation) common->activation = tl__activation_word(description->type);
    for (int i = 0; i < description->setting_count; i++) {
        const tl_setting *setting = &description->settings[i];
        const tl__field *row = tl__field_find(rows, setting->name, strlen(setting->name), NULL);
        tl_status status = row ? graph_set(graph, row, block + row->offset, setting) : TL_BAD_CONFIG;
        if (status != TL_OK)
            return tl__fail(error, status, "Layer %d (%s): the setting '%s' is not one it takes.", graph->count,
                            description->type, setting->name);
    }
    tl__graph_node node = graph_node(layer, block, 0, 0, -1);
    if (description->input_count < 0 || description->input_count > TL__NODE_INPUTS)
        return tl__fail(error, TL_OUT_OF_RANGE, "A layer reads at most %d others.", TL__NODE_INPUTS);
    for (int i = 0; i < description->input_count; i++) {
        if (description->inputs[i] < 0 || description->inputs[i] >= graph->count)
            return tl__fail(error, TL_BAD_CONFIG, "Layer %d reads layer %d, which does not come before it.",
                            graph->count,
                            description->inputs[i]);
        node.inputs[i] = description->inputs[i];
    }
    node.input_count = description->input_count;
    return tl__graph_append(graph, &node, NULL, error);
}

TL_PRIV size_t tl__graph_settings_bytes(const tl_layer_description *layers, int count)
{
    size_t total = 0;
    for (int i = 0; i < count; i++) {
        tl__field rows[GRAPH_ROWS];
        bool activation;
        const tl__layer *layer = graph_layer(layers[i].type, &activation, NULL, 0, 0, NULL, NULL);
        if (!layer) continue;
        total = tl__size_round(total, 16) + graph_rows(layer, rows);
        size_t items = 0;
        for (int k = 0; k < layers[i].setting_count; k++) {
            const tl__field *row = tl__field_find(rows, layers[i].settings[k].name, strlen(layers[i].settings[k].name),
                                                  NULL);
            if (row && row->kind == TL__FIELD_INT_LIST)
                total = tl__size_round(total, 16) + (++items) * sizeof(int64_t);
        }
    }
    return total;
}

#ifndef TL_FREESTANDING

#include "text/bind.h"

/* A node of a map (or of NULL: no settings) whose type is known and stands at `place` (or NULL); inputs are resolved by
 * the caller. */
static tl_status graph_bind(tl__graph *graph, const char *type, const tl_value *place, const tl_value *map,
                            const char *path, int position, tl__graph_node *out, tl_error *error)
{
    tl__field rows[GRAPH_ROWS];
    bool activation;
    const tl__layer *layer = graph_layer(type, &activation, graph->file, place ? place->line : 0,
                                         place ? place->column : 0, path, error);
    if (!layer) return TL_BAD_CONFIG;
    size_t size = graph_rows(layer, rows);
    unsigned char *block = tl__graph_store(graph, size);
    if (!block) return tl__fail_memory(error, size);
    TL_TRY(tl__bind(rows, block, map, graph->file, path, &graph->arena, error));
    tl__layer_common *common = (void *)block;
    if (activation) common->activation = tl__activation_word(type);
    common->type = activation ? "activation" : tl__arena_text(&graph->arena, type);
    if (!common->type) return tl__fail_memory(error, strlen(type));
    *out = graph_node(layer, block, map ? map->line : 0, map ? map->column : 0, position);
    return TL_OK;
}

static tl_status graph_place(tl__graph *graph, tl__graph_node *node, const char *path, int *out, tl_error *error)
{
    int first = graph->count;
    if (node->layer->expand) TL_TRY(tl__graph_expand(graph, node, path, out, error));
    return graph->count > first ? TL_OK : tl__graph_append(graph, node, out, error);
}

TL_PRIV tl_status tl__graph_add_node(tl__graph *graph, const char *type, const int *from, int from_count,
                                     const tl_value *settings, int *out, tl_error *error)
{
    tl__graph_node node;
    TL_TRY(graph_bind(graph, type, NULL, settings, type, -1, &node, error));
    if (from_count > TL__NODE_INPUTS)
        return tl__fail(error, TL_OUT_OF_RANGE, "A layer reads at most %d others.", TL__NODE_INPUTS);
    for (int i = 0; i < from_count; i++) {
        if (from[i] < 0 || from[i] >= graph->count)
            return tl__fail(error, TL_INVALID, "Layer '%s' reads layer %d, and the graph has %d.", type, from[i],
                            graph->count);
        node.inputs[i] = from[i];
    }
    node.input_count = from_count;
    return graph_place(graph, &node, type, out, error);
}

static void graph_path(char *out, size_t size, const char *path, int position)
{
    tl__format(out, size, position >= 0 ? "%s[%d]" : "%s", path, position);
}

static tl_status graph_read(tl__graph *graph, const tl_value *layer, const char *path, int position,
                            tl__graph_node *out, tl_error *error)
{
    char place[GRAPH_PATH];
    const tl_value *said = layer->kind == TL_MAP ? tl__value_child(layer, "type") : layer;
    graph_path(place, sizeof place, path, position);
    if (!said || !said->text || said->kind == TL_LIST || said->kind == TL_MAP)
        return tl__fail_at(error, TL_BAD_CONFIG, graph->file, layer->line, layer->column, place,
                           "%s has no type; a layer is {type: dense, nodes: 64} or the like.", place);
    TL_TRY(graph_bind(graph, said->text, said, layer->kind == TL_MAP ? layer : NULL, place, position, out, error));
    out->line = layer->line;
    out->column = layer->column;
    return TL_OK;
}

/* The lists of layers in a composite's settings. */
static tl_status graph_check_inside(tl__graph *graph, const tl__graph_node *node, const char *path, tl_error *error)
{
    tl_status status = TL_OK;
    for (const tl__field *row = node->layer->expand ? node->layer->head.rows : NULL; row && row->name; row++) {
        if (row->kind != TL__FIELD_TREE) continue;
        const tl_value *const *list = (const void *)((const unsigned char *)node->settings + row->offset);
        char place[GRAPH_PATH];
        int position = 0;
        tl__format(place, sizeof place, "%s.%s", path, row->name);
        if (!*list || (*list)->kind != TL_LIST) continue;
        for (const tl_value *layer = (*list)->first; layer && status != TL_OUT_OF_MEMORY; layer = layer->next) {
            tl_status found = tl__graph_check_value(graph, layer, place, position++, error);
            if (found != TL_OK) status = found;
        }
    }
    return status;
}

TL_PRIV tl_status tl__graph_check_value(tl__graph *graph, const tl_value *layer, const char *path, int position,
                                        tl_error *error)
{
    tl__graph_node node;
    char place[GRAPH_PATH];
    TL_TRY(graph_read(graph, layer, path, position, &node, error));
    graph_path(place, sizeof place, path, position);
    return graph_check_inside(graph, &node, place, error);
}

/* Its inputs: those of its `from`, else `newest` (-1: none). */
static tl_status graph_inputs(const tl__graph *graph, tl__graph_node *node, int newest, tl_error *error)
{
    if (node->common->from.count)
        return graph_from(graph, node, node->common->from.items, node->common->from.count, error);
    if (newest >= 0 && node->layer->inputs_max > 0) {
        node->inputs[0] = newest;
        node->input_count = 1;
    }
    return TL_OK;
}

TL_PRIV tl_status tl__graph_add_value(tl__graph *graph, const tl_value *layer, const char *path, int position,
                                      tl_error *error)
{
    tl__graph_node node;
    char place[GRAPH_PATH];
    TL_TRY(graph_read(graph, layer, path, position, &node, error));
    TL_TRY(graph_inputs(graph, &node, graph->count - 1, error));
    graph_path(place, sizeof place, path, position);
    return graph_place(graph, &node, place, NULL, error);
}

TL_PRIV tl_status tl__graph_add_inside(tl__expansion *within, const tl_value *layer, const char *path, int position,
                                       const int *from, int count, int *out)
{
    tl__graph *graph = within->graph;
    tl__graph_node node;
    char place[GRAPH_PATH];
    TL_TRY(graph_read(graph, layer, path, position, &node, within->error));
    node.position = -1;
    /* the block behind the pointer is this graph's own */
    tl__layer_common *common = (void *)((unsigned char *)node.settings - GRAPH_OWN_OFFSET);
    common->frozen |= within->node->common->frozen;
    if (!common->initialization) common->initialization = within->node->common->initialization;
    if (!from) TL_TRY(graph_inputs(graph, &node, within->newest, within->error));
    for (int i = 0; from && i < count; i++) node.inputs[i] = from[i];
    if (from) node.input_count = count;
    graph_path(place, sizeof place, path, position);
    return graph_place(graph, &node, place, out, within->error);
}

TL_PRIV void tl__graph_put(const tl__graph *graph, tl__builder *builder, tl_value *parent, const char *key)
{
    tl_value *list = tl__put_list(builder, parent, key);
    for (int i = 0; list && i < graph->count; i++) {
        const tl__graph_node *node = &graph->nodes[i];
        const char *from[TL__NODE_INPUTS];
        tl__field rows[GRAPH_ROWS];
        size_t size = graph_rows(node->layer, rows);
        unsigned char *block = tl__arena_push(&builder->tree->arena, size);
        if (!block) {
            builder->failed = true;
            return;
        }
        memcpy(block, node->common, sizeof *node->common);
        if (node->layer->head.settings_size)
            memcpy(block + GRAPH_OWN_OFFSET, node->settings, node->layer->head.settings_size);
        tl__layer_common *common = (void *)block;
        common->name = node->name;
        for (int k = 0; k < node->input_count; k++) from[k] = graph->nodes[node->inputs[k]].name;
        common->from.count = (size_t)node->input_count;
        common->from.items = from;
        common->activation = node->layer->takes_activation ? node->activation : TL__ACTIVATION_AUTO;
        common->initialization = node->initialization;
        tl__unbind(builder, list, NULL, rows, block, 0);
    }
}

#endif
