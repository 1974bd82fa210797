/* Networks that are lists of layers: a hybrid of convolution, LSTM and Transformer, and NHITS. Each layer says which it
 * reads, 0 being the input; peers.py has the same ones under the same names. */
#include "net.h"

#include <stdio.h>

static const net_listed listed[] = {
    {"hybrid-60-32", {60, 32}, 3, false, {
        {"conv1d", "filters: 32, kernel_size: 3, padding: same, activation: relu", {0}},
        {"lstm", "units: 64, output: sequence", {1}},
        {"transformer_encoder", "heads: 4, feedforward: 128, dropout: 0, activation: relu", {2}},
        {"global_avg_pool", "", {3}},
        {"output", "nodes: 3", {4}}}},
    {"transformer-60-64", {60, 64}, 3, false, {
        {"transformer_encoder", "heads: 4, feedforward: 128, dropout: 0, activation: relu", {0}},
        {"global_avg_pool", "", {1}},
        {"output", "nodes: 3", {2}}}},
    {"nhits-168-24", {168}, 24, true, {
        {"slice", "axis: -1, first: -1", {0}},
        {"interpolate", "axis: -1, size: 24, mode: nearest", {1}},
        {"reshape", "shape: [168, 1]", {0}},
        {"max_pool", "kernel_size: 2", {3}},
        {"flatten", "", {4}},
        {"dense", "nodes: 512, activation: relu", {5}},
        {"dense", "nodes: 512, activation: relu", {6}},
        {"dense", "nodes: 174, activation: none", {7}},
        {"slice", "axis: -1, count: 168", {8}},
        {"subtract", "", {0, 9}},
        {"slice", "axis: -1, first: 168", {8}},
        {"interpolate", "axis: -1, size: 24", {11}},
        {"reshape", "shape: [168, 1]", {10}},
        {"max_pool", "kernel_size: 2", {13}},
        {"flatten", "", {14}},
        {"dense", "nodes: 512, activation: relu", {15}},
        {"dense", "nodes: 512, activation: relu", {16}},
        {"dense", "nodes: 180, activation: none", {17}},
        {"slice", "axis: -1, count: 168", {18}},
        {"subtract", "", {10, 19}},
        {"slice", "axis: -1, first: 168", {18}},
        {"interpolate", "axis: -1, size: 24", {21}},
        {"dense", "nodes: 512, activation: relu", {20}},
        {"dense", "nodes: 512, activation: relu", {23}},
        {"dense", "nodes: 24, activation: none", {24}},
        {"add", "", {2, 12, 22, 25}}}},
};

const net_listed *net_listed_at(net_list which) { return &listed[which]; }

int net_listed_inputs(const net_item *layer)
{
    int count = 1;
    while (count < NET_READS && layer->from[count]) count++;
    return count;
}

bool net_listed_yaml(const net_listed *network, int i, char *text, size_t room)
{
    if (i == 0) {
        const size_t *in = network->input;
        if (in[1]) snprintf(text, room, "{type: input, name: n0, shape: [%zu, %zu]}", in[0], in[1]);
        else snprintf(text, room, "{type: input, name: n0, nodes: %zu}", in[0]);
        return true;
    }
    if (i > NET_LISTED || !network->layers[i - 1].type) return false;
    const net_item *layer = &network->layers[i - 1];
    size_t used = (size_t)snprintf(text, room, "{type: %s, name: n%d, from: [", layer->type, i);
    for (int k = 0; k < net_listed_inputs(layer); k++)
        used += (size_t)snprintf(text + used, room - used, "%sn%d", k ? ", " : "", layer->from[k]);
    snprintf(text + used, room - used, "]%s%s}", layer->settings[0] ? ", " : "", layer->settings);
    return true;
}

tl_node net_listed_graph(const net_listed *network, tl_graph *graph)
{
    tl_node made[NET_LISTED + 1];
    char settings[60];
    int i = 0;
    made[0] = tl_graph_input(graph, "x", network->input[0] * (network->input[1] ? network->input[1] : 1));
    if (network->input[1]) {
        snprintf(settings, sizeof settings, "shape: [%zu, %zu]", network->input[0], network->input[1]);
        made[0] = tl_graph_add(graph, "reshape", made[0], settings);
    }
    for (; i < NET_LISTED && network->layers[i].type; i++) {
        const net_item *layer = &network->layers[i];
        tl_node from[NET_READS];
        int count = net_listed_inputs(layer);
        for (int k = 0; k < count; k++) from[k] = made[layer->from[k]];
        made[i + 1] = tl_graph_join(graph, layer->type, from, (size_t)count, layer->settings);
    }
    return network->regression ? made[i] : tl_graph_add(graph, "softmax", made[i], NULL);
}
