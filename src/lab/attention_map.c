/* Rows go through a network that keeps what its way back would need; then each head of each row is asked. Sums are in
 * double, in the order of the rows. */
#include "lab/attention_map.h"

#include "base/math.h"
#include "lab/maps.h"
#include "nn/layer.h"
#include "nn/network.h"

enum { ATTENTION_MAP_BLOCK = 16 };

static size_t attention_map_heads(const tl_model *model, int node, size_t *queries, size_t *keys)
{
    const tl__graph_node *of = &model->graph.nodes[node];
    const tl__site site = {&model->graph, of, of->settings};
    return of->layer && of->layer->heads ? of->layer->heads(&site, queries, keys) : 0;
}

TL_PRIV size_t tl__attention_layers(const tl_model *model)
{
    size_t count = 0, queries, keys;
    for (int i = 0; i < model->graph.count; i++) count += attention_map_heads(model, i, &queries, &keys) > 0;
    return count;
}

static tl_status attention_map_room(const tl_model *model, tl__arena *arena, tl__attention_maps *out, tl_error *error)
{
    size_t queries, keys, cells;
    out->count = 0;
    out->layers = tl__arena_push_zero(arena, tl__attention_layers(model) + 1, sizeof *out->layers);
    if (!out->layers) return tl__fail_memory(error, sizeof *out->layers);
    for (int i = 0; i < model->graph.count; i++) {
        size_t heads = attention_map_heads(model, i, &queries, &keys);
        tl__attention_layer *layer = &out->layers[out->count];
        if (heads == 0) continue;
        if (!tl__size_mul(heads, queries, &cells) || !tl__size_mul(cells, keys, &cells))
            return tl__fail_memory(error, SIZE_MAX);
        *layer = (tl__attention_layer){.node = i, .name = model->graph.nodes[i].name, .heads = heads,
                                       .queries = queries, .keys = keys};
        layer->mean = tl__arena_push_zero(arena, cells, sizeof *layer->mean);
        layer->entropy = tl__arena_push_zero(arena, heads, sizeof *layer->entropy);
        layer->distance = tl__arena_push_zero(arena, heads, sizeof *layer->distance);
        layer->rows = tl__arena_push_zero(arena, queries, sizeof *layer->rows);
        if (!layer->mean || !layer->entropy || !layer->distance || !layer->rows)
            return tl__fail_memory(error, cells * sizeof *layer->mean);
        out->count++;
    }
    return TL_OK;
}

/* One head of one row, of which the first `queries` positions are real. */
static void attention_map_add(tl__attention_layer *layer, size_t head, const float *weights, size_t queries)
{
    double *mean = layer->mean + head * layer->queries * layer->keys;
    for (size_t i = 0; i < queries; i++) {
        size_t seen = 0;
        for (size_t j = 0; j < layer->keys; j++) {
            double w = (double)weights[i * layer->keys + j];
            mean[i * layer->keys + j] += w;
            layer->distance[head] += w * (double)(i > j ? i - j : j - i);
            if (!(w > 0)) continue;
            layer->entropy[head] -= w * tl__log(w);
            seen++;
        }
        if (head == 0 && seen > 0) layer->most_entropy += tl__log((double)seen);
    }
}

static void attention_map_row(tl__attention_layer *layer, tl__network *network, const tl__rows *batch, size_t row,
                              size_t steps, float *weights)
{
    size_t queries = layer->queries;
    if (batch->lengths && queries == steps) queries = tl__size_min(queries, (size_t)batch->lengths[row]);
    for (size_t h = 0; h < layer->heads; h++) {
        tl__network_attention(network, batch, layer->node, row, h, weights);
        attention_map_add(layer, h, weights, queries);
    }
    for (size_t i = 0; i < queries; i++) layer->rows[i]++;
}

static void attention_map_means(tl__attention_layer *layer)
{
    double all = 0;
    for (size_t i = 0; i < layer->queries; i++) all += (double)layer->rows[i];
    if (all > 0) layer->most_entropy /= all;
    for (size_t h = 0; h < layer->heads && all > 0; h++) {
        double *mean = layer->mean + h * layer->queries * layer->keys;
        layer->entropy[h] /= all;
        layer->distance[h] /= all;
        for (size_t i = 0; i < layer->queries; i++)
            for (size_t j = 0; j < layer->keys && layer->rows[i]; j++)
                mean[i * layer->keys + j] /= (double)layer->rows[i];
    }
}

static tl_status attention_map_run(const tl__explained *e, tl__network *network, float *weights,
                                   tl__attention_maps *maps, tl_error *error)
{
    for (size_t first = 0; first < e->rows; first += ATTENTION_MAP_BLOCK) {
        const float *outputs;
        tl__rows batch = {.inputs = e->inputs + first * e->features,
                          .rows = tl__size_min(ATTENTION_MAP_BLOCK, e->rows - first),
                          .lengths = e->lengths ? e->lengths + first : NULL, .evaluate = true};
        TL_TRY(tl__network_forward_training(network, e->model->context->pool, &batch, &outputs, error));
        for (size_t row = 0; row < batch.rows; row++)
            for (size_t l = 0; l < maps->count; l++)
                attention_map_row(&maps->layers[l], network, &batch, row, e->past, weights);
    }
    for (size_t l = 0; l < maps->count; l++) attention_map_means(&maps->layers[l]);
    return TL_OK;
}

TL_PRIV tl_status tl__attention_maps_of(const tl__explained *explained, tl__arena *arena, tl__attention_maps *out,
                                        tl_error *error)
{
    const tl_model *model = explained->model;
    tl__explaining network;
    size_t most = 0;
    TL_TRY(attention_map_room(model, arena, out, error));
    for (size_t l = 0; l < out->count; l++)
        most = tl__size_max(most, out->layers[l].queries * out->layers[l].keys);
    if (most == 0) return TL_OK;
    float *weights = tl__arena_push_zero(arena, most, sizeof *weights);
    if (!weights) return tl__fail_memory(error, most * sizeof *weights);
    tl_status status = tl__explaining_open(model, ATTENTION_MAP_BLOCK, true, &network, error);
    if (status == TL_OK) status = attention_map_run(explained, network.network, weights, out, error);
    tl__explaining_close(model, &network);
    return status;
}

/* The key that gets most over all positions. */
static size_t attention_map_peak(const tl__attention_layer *layer, const double *mean)
{
    size_t best = 0;
    double most = -1;
    for (size_t j = 0; j < layer->keys; j++) {
        double sum = 0;
        for (size_t i = 0; i < layer->queries; i++) sum += mean[i * layer->keys + j];
        if (sum > most) most = sum, best = j;
    }
    return best;
}

TL_PRIV void tl__attention_put(tl__builder *builder, tl_value *parent, const tl__explained *explained,
                               const tl__attention_maps *maps)
{
    tl_value *list = tl__put_list(builder, parent, "layers");
    for (size_t l = 0; l < maps->count && list; l++) {
        const tl__attention_layer *layer = &maps->layers[l];
        bool steps = layer->queries == layer->keys && layer->keys == explained->past;
        tl_value *map = tl__put_map(builder, list, NULL);
        tl__put_text(builder, map, "layer", layer->name);
        tl__put_integer(builder, map, "queries", (int64_t)layer->queries);
        tl__put_integer(builder, map, "keys", (int64_t)layer->keys);
        if (steps) {
            tl__put_number(builder, map, "first", tl__explained_step(explained, 0));
            tl__put_number(builder, map, "last", tl__explained_step(explained, layer->keys - 1));
        }
        tl__put_number(builder, map, "entropy_of_all_alike", tl__map_figure(layer->most_entropy));
        tl_value *heads = tl__put_list(builder, map, "heads");
        for (size_t h = 0; h < layer->heads && heads; h++) {
            const double *mean = layer->mean + h * layer->queries * layer->keys;
            size_t peak = attention_map_peak(layer, mean);
            tl_value *head = tl__put_map(builder, heads, NULL);
            tl__put_integer(builder, head, "head", (int64_t)h);
            tl__put_number(builder, head, "entropy", tl__map_figure(layer->entropy[h]));
            if (layer->queries == layer->keys)
                tl__put_number(builder, head, "distance", tl__map_figure(layer->distance[h]));
            tl__put_number(builder, head, "looks_at", steps ? tl__explained_step(explained, peak) : (double)(peak + 1));
            tl__map_put(builder, head, "map", mean, layer->queries, layer->keys, TL__MAP_MOST);
        }
    }
}
