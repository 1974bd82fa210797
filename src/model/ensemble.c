/* Building: the members' graphs are written as trees, renamed, and read into one graph; then their tensors are copied.
 * A layer reads a few others at most, so many members are averaged in groups whose weights are their sizes. */
#include "model/ensemble.h"

#include "base/text.h"
#include "text/yaml.h"

static tl_status ensemble_pipeline_text(const tl_model *model, tl__buffer *out)
{
    tl__tree *tree;
    tl__builder builder;
    TL_TRY(tl__tree_new(&model->context->heap, NULL, &tree));
    tl__builder_init(&builder, tree);
    const tl_value *root = tl__pipeline_put(&builder, NULL, NULL, model->pipeline);
    if (!builder.failed) tl__json_write(out, root, 0);
    bool failed = builder.failed || out->failed;
    tl__tree_free(tree);
    return failed ? TL_OUT_OF_MEMORY : TL_OK;
}

static tl_status ensemble_check_one(const tl_model *first, const tl_model *member, const char *first_name,
                                    const char *name, tl_error *error)
{
    tl__heap *heap = &first->context->heap;
    tl__buffer a, b;
    tl__buffer_init(&a, heap);
    tl__buffer_init(&b, heap);
    tl_status status = ensemble_pipeline_text(first, &a);
    if (status == TL_OK) status = ensemble_pipeline_text(member, &b);
    bool same = status == TL_OK && a.size == b.size && memcmp(a.data, b.data, a.size) == 0;
    tl__buffer_free(&a);
    tl__buffer_free(&b);
    if (status != TL_OK) return tl__fail_memory(error, a.size + b.size);
    if (!same)
        return tl__fail(error, TL_BAD_DATA, "%s and %s were trained on other rows, columns or scales; members of a "
                        "network of several see one training part: set data.split.seed, so that training.seed does not "
                        "change it, or keep them apart as a list of models with --output NAME.json.", first_name, name);
    if (first->link != member->link ||
        !tl__shape_same(tl__graph_output_shape(&first->graph), tl__graph_output_shape(&member->graph)))
        return tl__fail(error, TL_BAD_DATA, "%s and %s predict by other losses or in other shapes; an ensemble needs "
                        "members of one kind.", first_name, name);
    return TL_OK;
}

/* "m3_" before a name; all members read the one input. */
static tl_status ensemble_name(char out[TL__NODE_NAME], size_t member, const char *name, const tl_model *model,
                               tl_error *error)
{
    bool input = strcmp(name, model->graph.nodes[0].name) == 0;
    size_t size = input ? tl__format(out, TL__NODE_NAME, "input")
                        : tl__format(out, TL__NODE_NAME, "m%zu_%s", member + 1, name);
    if (size < TL__NODE_NAME) return TL_OK;
    return tl__fail(error, TL_OUT_OF_RANGE, "the layer's name '%s' is too long for an ensemble; give it a shorter one.",
                    name);
}

/* A layer of a member with its new names. */
static tl_status ensemble_layer(tl__builder *builder, tl_value *list, const tl_value *layer, size_t member,
                                const tl_model *model, tl_error *error)
{
    char name[TL__NODE_NAME];
    tl_value *map = tl__put_map(builder, list, NULL);
    for (const tl_value *item = layer->first; item; item = item->next) {
        if (strcmp(item->key, "name") == 0) {
            TL_TRY(ensemble_name(name, member, tl_value_text(item, ""), model, error));
            tl__put_text(builder, map, "name", name);
        } else if (strcmp(item->key, "from") == 0) {
            tl_value *from = tl__put_list(builder, map, "from");
            const tl_value *one = item->kind == TL_LIST ? item->first : item;
            for (; one; one = item->kind == TL_LIST ? one->next : NULL) {
                TL_TRY(ensemble_name(name, member, tl_value_text(one, ""), model, error));
                tl__put_text(builder, from, NULL, name);
            }
        } else {
            tl__put_copy(builder, map, item->key, item);
        }
    }
    return builder->failed ? tl__fail_memory(error, 64) : TL_OK;
}

static tl_status ensemble_member(tl__builder *builder, tl_value *scratch, tl__graph *graph, size_t member,
                                 const tl_model *model, tl_error *error)
{
    tl_value *own = tl__put_map(builder, scratch, NULL), *list = tl__put_list(builder, scratch, NULL);
    tl__graph_put(&model->graph, builder, own, "layers");
    if (builder->failed) return tl__fail_memory(error, 64);
    const tl_value *layer = own->first ? own->first->first : NULL;
    for (layer = layer ? layer->next : NULL; layer; layer = layer->next) {    /* the first is the input */
        TL_TRY(ensemble_layer(builder, list, layer, member, model, error));
        TL_TRY(tl__graph_add_value(graph, list->last, "layers", -1, error));
    }
    return TL_OK;
}

/* The mean of nodes that stand for `weights` members each. */
static tl_status ensemble_average(tl__builder *builder, tl_value *scratch, tl__graph *graph, const char *over,
                                  const int *nodes, const size_t *weights, size_t count, int *out, tl_error *error)
{
    tl_value *map = tl__put_map(builder, scratch, NULL);
    tl__put_text(builder, map, "over", over);
    tl_value *list = tl__put_list(builder, map, "weights");
    for (size_t i = 0; i < count; i++) tl__put_number(builder, list, NULL, (double)weights[i]);
    if (builder->failed) return tl__fail_memory(error, 64);
    return tl__graph_add_node(graph, "average", nodes, (int)count, map, out, error);
}

static tl_status ensemble_join(tl__builder *builder, tl_value *scratch, tl__graph *graph, const char *over, int *nodes,
                               size_t count, tl_error *error)
{
    size_t weights[TL__ENSEMBLE_MEMBERS];
    for (size_t i = 0; i < count; i++) weights[i] = 1;
    do {
        size_t groups = 0;
        for (size_t first = 0; first < count; first += TL__NODE_INPUTS, groups++) {
            size_t size = tl__size_min(TL__NODE_INPUTS, count - first), weight = 0;
            for (size_t i = 0; i < size; i++) weight += weights[first + i];
            int node;
            TL_TRY(ensemble_average(builder, scratch, graph, over, nodes + first, weights + first, size, &node, error));
            nodes[groups] = node;
            weights[groups] = weight;
        }
        count = groups;
    } while (count > 1);
    tl__graph_set_output(graph, nodes[0]);
    return TL_OK;
}

static tl_status ensemble_graph(tl__builder *builder, tl_model *const *members, size_t count, tl__graph *graph,
                                tl_error *error)
{
    static const char *const over[] = {"values", "softmax", "sigmoid"};    /* of tl__link */
    int nodes[TL__ENSEMBLE_MEMBERS];
    tl_value *scratch = tl__put_list(builder, NULL, NULL);
    TL_TRY(tl__graph_add_input(graph, "input", tl__graph_input_shape(&members[0]->graph), error));
    for (size_t m = 0; m < count; m++) {
        char name[TL__NODE_NAME + 24];
        const tl__graph *own = &members[m]->graph;
        TL_TRY(ensemble_member(builder, scratch, graph, m, members[m], error));
        tl__format(name, sizeof name, "m%zu_%s", m + 1, own->nodes[tl__graph_output(own)].name);
        nodes[m] = tl__graph_find(graph, name);
        if (nodes[m] < 0) return tl__fail(error, TL_INVALID, "a member has no layer but its input.");
        graph->nodes[nodes[m]].activation = own->nodes[tl__graph_output(own)].activation;
    }
    return ensemble_join(builder, scratch, graph, over[members[0]->link], nodes, count, error);
}

static void ensemble_weights(tl_model *ensemble, tl_model *const *members, size_t count)
{
    int at = 0;
    for (size_t m = 0; m < count; m++)
        for (int t = 0; t < tl__plan_tensor_count(members[m]->plan); t++, at++) {
            const tl__tensor *from = tl__plan_tensor(members[m]->plan, t), *to = tl__plan_tensor(ensemble->plan, at);
            memcpy(ensemble->parameters + to->offset, members[m]->parameters + from->offset,
                   from->size * sizeof(float));
        }
}

TL_PRIV tl_status tl__ensemble_make(tl_context *context, tl_model *const *members, const char *const *names,
                                    size_t count, tl_model **out, tl_error *error)
{
    tl__tree *tree;
    tl__builder builder;
    tl__graph graph;
    if (count < 2 || count > TL__ENSEMBLE_MEMBERS)
        return tl__fail(error, TL_OUT_OF_RANGE, "an ensemble has 2 to %d members, not %zu.", TL__ENSEMBLE_MEMBERS,
                        count);
    for (size_t m = 1; m < count; m++)
        TL_TRY(ensemble_check_one(members[0], members[m], names[0], names[m], error));
    if (tl__tree_new(&context->heap, NULL, &tree) != TL_OK) return tl__fail_memory(error, sizeof *tree);
    tl__builder_init(&builder, tree);
    tl__graph_init(&graph, &context->heap, NULL);
    tl_status status = ensemble_graph(&builder, members, count, &graph, error);
    tl__tree_free(tree);
    if (status == TL_OK) status = tl__model_make(context, &graph, members[0]->pipeline, 0, out, error);
    else tl__graph_free(&graph);
    if (status != TL_OK) return status;
    ensemble_weights(*out, members, count);
    (*out)->link = members[0]->link;
    return TL_OK;
}
