/* Cases of one layer: its output, and gradients of inputs and parameters for a given gradient of the output. Axes of the
 * file's images and series, [row, channel, ...], become our [row, ..., channel] on the way in and back on the way out. */
#include <stdio.h>

#include "kernels/kernels.h"
#include "parity/parity_list.h"
#include "parity/parity_network.h"

/* [rows, channels, ...] as the view has it to [rows, ..., channels], or back. */
static float *layer_turn(parity *p, const float *values, const tl__tensor_view *view, bool back)
{
    size_t rows = view->shape[0], channels = view->shape[1], inner = view->count / (rows * channels);
    float *out = tl__arena_push(parity_arena(p), rows * channels * inner * sizeof *out);
    for (size_t r = 0; out && r < rows; r++)
        for (size_t c = 0; c < channels; c++)
            for (size_t i = 0; i < inner; i++) {
                size_t file = (r * channels + c) * inner + i, ours = (r * inner + i) * channels + c;
                if (back) out[file] = values[ours];
                else out[ours] = values[file];
            }
    return out;
}

static void layer_input(char *out, size_t size, const tl__tensor_view *x, bool channels_first)
{
    size_t used = (size_t)snprintf(out, size, "{type: input, shape: [");
    for (size_t i = channels_first ? 2 : 1; i < x->rank; i++)
        used += (size_t)snprintf(out + used, size - used, "%zu, ", x->shape[i]);
    if (channels_first) used += (size_t)snprintf(out + used, size - used, "%zu, ", x->shape[1]);
    if (x->rank == 1) used += (size_t)snprintf(out + used, size - used, "1, ");
    snprintf(out + used - 2, size - used + 2, "]}");
}

void parity_layer(parity *p, const char *layer, bool channels_first)
{
    const tl__tensor_view *x = parity_view(p, "input.x"), *y = parity_view(p, "output.y");
    size_t rows = x->shape[0];
    char input[120], layers[500];
    parity_net net;
    channels_first = channels_first && x->rank > 2;
    layer_input(input, sizeof input, x, channels_first);
    snprintf(layers, sizeof layers, "[%s, {name: layer, %s}]", input, layer);
    parity_net_init(&net, p, rows);
    net.options.input_gradient = true;
    net.short_names = true;
    if (parity_net_make(&net, layers)) {
        tl_error error = {0};
        const float *out, *dx;
        float *inputs = parity_floats(p, "input.x", NULL), *upstream = parity_floats(p, "upstream.y", NULL);
        if (channels_first) {
            inputs = layer_turn(p, inputs, x, false);
            upstream = layer_turn(p, upstream, y, false);
        }
        const char *mode = tl_value_text(tl__value_child(parity_json(p), "mode"), "train");
        tl__rows batch = {.inputs = inputs, .rows = rows, .evaluate = strcmp(mode, "eval") == 0};
        if (tl__network_forward_training(net.network, NULL, &batch, &out, &error) != TL_OK)
            parity_broken(p, error.message);
        parity_tensor(p, "output.y", channels_first ? layer_turn(p, out, y, true) : out, y->count);
        tl__network_backward_from(net.network, NULL, &batch, upstream, &dx);
        parity_tensor(p, "grad.input.x", channels_first ? layer_turn(p, dx, x, true) : dx,
                      x->count);
        parity_net_compare(&net, "grad.param", tl__network_gradients(net.network), true);
        parity_net_compare(&net, "after_forward.buffer", tl__network_parameters(net.network), false);
        if (batch.evaluate) {
            tl__network_forward(net.network, NULL, inputs, rows, &out);
            parity_tensor(p, "output.y", channels_first ? layer_turn(p, out, y, true) : out,
                          y->count);
        }
    }
    parity_net_free(&net);
}

void parity_dense(parity *p)
{
    char layer[160];
    snprintf(layer, sizeof layer, "type: dense, nodes: %d, bias: %s, activation: none",
             (int)tl_value_integer(parity_spec(p, "out_features"), 0),
             tl_value_bool(parity_spec(p, "bias"), true) ? "true" : "false");
    parity_layer(p, layer, false);
}

void parity_activation(parity *p)
{
    const char *kind = tl_value_text(parity_spec(p, "activation"), "?");
    const tl_value *alpha = parity_spec(p, "negative_slope"), *threshold = parity_spec(p, "threshold");
    char layer[160];
    if (!alpha) alpha = parity_spec(p, "alpha");
    if (!alpha) alpha = parity_spec(p, "beta");
    if (!alpha) alpha = parity_spec(p, "max");
    if (strcmp(kind, "gelu") == 0 && strcmp(tl_value_text(parity_spec(p, "approximate"), "none"), "tanh") == 0)
        kind = "gelu_tanh";
    int used = snprintf(layer, sizeof layer, "type: activation, activation: %s", kind);
    if (alpha)
        used += snprintf(layer + used, sizeof layer - (size_t)used, ", alpha: %.17g", tl_value_number(alpha, 0));
    if (threshold)
        snprintf(layer + used, sizeof layer - (size_t)used, ", threshold: %.17g", tl_value_number(threshold, 0));
    parity_layer(p, layer, false);
}

void parity_dropout(parity *p)
{
    char layer[80];
    snprintf(layer, sizeof layer, "type: dropout, rate: %.17g", tl_value_number(parity_spec(p, "p"), 0));
    parity_layer(p, layer, false);
}

void parity_batch_norm(parity *p)
{
    char layer[160];
    snprintf(layer, sizeof layer, "type: batch_norm, momentum: %.17g, eps: %.17g, affine: %s",
             tl_value_number(parity_spec(p, "momentum"), 0), tl_value_number(parity_spec(p, "eps"), 0),
             tl_value_bool(parity_spec(p, "affine"), true) ? "true" : "false");
    parity_layer(p, layer, true);
}

void parity_layer_norm(parity *p)
{
    char layer[160];
    snprintf(layer, sizeof layer, "type: layer_norm, axes: %zu, eps: %.17g, affine: %s",
             tl_value_count(parity_spec(p, "normalized_shape")), tl_value_number(parity_spec(p, "eps"), 0),
             tl_value_bool(parity_spec(p, "affine"), true) ? "true" : "false");
    parity_layer(p, layer, false);
}

void parity_interpolate(parity *p)
{
    char layer[160];
    snprintf(layer, sizeof layer, "type: interpolate, axis: -1, size: %d, mode: %s",
             (int)tl_value_integer(parity_spec(p, "size"), 0), tl_value_text(parity_spec(p, "mode"), "?"));
    parity_layer(p, layer, false);
}

void parity_embedding(parity *p)
{
    char layer[160];
    const tl_value *padding = parity_spec(p, "padding_idx");
    snprintf(layer, sizeof layer, "type: embedding, count: %d, size: %d, padding_idx: %d",
             (int)tl_value_integer(parity_spec(p, "num"), 0), (int)tl_value_integer(parity_spec(p, "dim"), 0),
             (int)tl_value_integer(padding, -1));
    parity_layer(p, layer, false);
}
