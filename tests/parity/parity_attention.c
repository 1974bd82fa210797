/* Cases of attention: the result and the weights of the heads come from one layer, side by side, so that gradients of
 * both can be fed at once. A mask over keys is the lengths of the sequences. */
#include <stdio.h>

#include "kernels/kernels.h"
#include "parity/parity_list.h"
#include "parity/parity_network.h"

typedef struct attention_case {
    size_t rows, queries, keys, width, heads;
} attention_case;

/* Between [row, query, width + heads * keys] and y [row, query, width] with weights [row, head, query, key]. */
static void attention_turn(const attention_case *c, float *both, float *y, float *weights, bool apart)
{
    size_t columns = c->width + c->heads * c->keys;
    for (size_t r = 0; r < c->rows * c->queries; r++) {
        for (size_t i = 0; i < c->width; i++) {
            float *ours = both + r * columns + i, *file = y + r * c->width + i;
            *(apart ? file : ours) = *(apart ? ours : file);
        }
        for (size_t h = 0; h < c->heads; h++)
            for (size_t k = 0; k < c->keys; k++) {
                float *ours = both + r * columns + c->width + h * c->keys + k;
                float *file = weights +
                              ((r / c->queries * c->heads + h) * c->queries + r % c->queries) * c->keys + k;
                *(apart ? file : ours) = *(apart ? ours : file);
            }
    }
}

/* NULL: no mask. */
static int32_t *attention_lengths(parity *p, const attention_case *c)
{
    float *mask = parity_floats(p, "input.mask_key_padding", NULL);
    if (!mask) return NULL;
    int32_t *lengths = tl__arena_push(parity_arena(p), c->rows * sizeof *lengths);
    for (size_t r = 0; lengths && r < c->rows; r++) {
        size_t length = 0;
        while (length < c->keys && mask[r * c->keys + length] == 0) length++;
        for (size_t k = length; k < c->keys; k++)
            if (mask[r * c->keys + k] == 0) parity_missing(p, "a mask that is not the end of a sequence");
        lengths[r] = (int32_t)length;
    }
    return lengths;
}

static void attention_run(parity_net *net, const attention_case *c)
{
    parity *p = net->p;
    tl_error error = {0};
    const float *out, *dx;
    size_t size = c->rows * c->queries * c->width, weights = c->rows * c->heads * c->queries * c->keys;
    float *both = tl__arena_push(parity_arena(p), (size + weights) * sizeof *both);
    float *y = tl__arena_push(parity_arena(p), size * sizeof *y);
    float *w = tl__arena_push(parity_arena(p), weights * sizeof *w);
    tl__rows batch = {.inputs = parity_floats(p, "input.x", NULL), .rows = c->rows, .lengths = attention_lengths(p, c)};
    if (tl__network_forward_training(net->network, NULL, &batch, &out, &error) != TL_OK) {
        parity_broken(p, error.message);
        return;
    }
    memcpy(both, out, (size + weights) * sizeof *both);
    attention_turn(c, both, y, w, true);
    parity_tensor(p, "output.y", y, size);
    parity_tensor(p, "output.weights", w, weights);
    attention_turn(c, both, parity_floats(p, "upstream.y", NULL), parity_floats(p, "upstream.weights", NULL), false);
    tl__network_backward_from(net->network, NULL, &batch, both, &dx);
    parity_tensor(p, "grad.input.x", dx, size);
    parity_net_compare(net, "grad.param", tl__network_gradients(net->network), true);
}

void parity_attention(parity *p)
{
    const tl__tensor_view *x = parity_view(p, "input.x"), *w = parity_view(p, "output.weights");
    char layers[300];
    parity_net net;
    if (parity_view(p, "input.memory")) {
        parity_missing(p, "two inputs");
        return;
    }
    attention_case c = {x->shape[0], x->shape[1], w->shape[3], x->shape[2], w->shape[1]};
    snprintf(layers, sizeof layers, "[{type: input, shape: [%zu, %zu]}, {name: layer, type: attention, heads: %zu, "
             "causal: %s, weights: true}]", c.queries, c.width, c.heads,
             strcmp(tl_value_text(parity_spec(p, "mask"), "none"), "causal") == 0 ? "true" : "false");
    parity_net_init(&net, p, c.rows);
    net.options.input_gradient = true;
    net.short_names = true;
    if (parity_net_make(&net, layers)) attention_run(&net, &c);
    parity_net_free(&net);
}

/* A layer of PyTorch's encoder: our nodes are called layer_self_attn, layer_linear1 and so on. */
void parity_encoder(parity *p)
{
    const tl__tensor_view *x = parity_view(p, "input.x");
    tl_error error = {0};
    const float *out, *dx;
    char layers[400];
    parity_net net;
    snprintf(layers, sizeof layers, "[{type: input, shape: [%zu, %zu]}, {name: layer, type: transformer_encoder, "
             "heads: %d, feedforward: %d, norm: %s, activation: %s, causal: %s, dropout: %.17g}]",
             x->shape[1], x->shape[2], (int)tl_value_integer(parity_spec(p, "heads"), 0),
             (int)tl_value_integer(parity_spec(p, "dim_feedforward"), 0),
             tl_value_bool(parity_spec(p, "norm_first"), false) ? "pre" : "post",
             tl_value_text(parity_spec(p, "activation"), "?"),
             strcmp(tl_value_text(parity_spec(p, "mask"), "none"), "causal") == 0 ? "true" : "false",
             tl_value_number(parity_spec(p, "dropout"), 0));
    parity_net_init(&net, p, x->shape[0]);
    net.options.input_gradient = true;
    net.prefix = "layer_";
    if (parity_net_make(&net, layers)) {
        tl__rows batch = {.inputs = parity_floats(p, "input.x", NULL), .rows = x->shape[0]};
        if (tl__network_forward_training(net.network, NULL, &batch, &out, &error) != TL_OK)
            parity_broken(p, error.message);
        parity_tensor(p, "output.y", out, x->count);
        tl__network_backward_from(net.network, NULL, &batch, parity_floats(p, "upstream.y", NULL), &dx);
        parity_tensor(p, "grad.input.x", dx, x->count);
        parity_net_compare(&net, "grad.param", tl__network_gradients(net.network), true);
    }
    parity_net_free(&net);
}
