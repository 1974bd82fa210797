/* Cases of rnn, lstm and gru. A case's inputs become one row, [x | h0 | c0], which slices take apart; every layer of a
 * stack gives all it has, and the network's row is [y | h_n of every layer | c_n of every layer]. */
#include <stdio.h>

#include "kernels/kernels.h"
#include "parity/parity_list.h"
#include "parity/parity_network.h"

typedef struct recurrent_case {
    size_t rows, time, in, units, layers, directions;
    bool lstm, initial;
    const char *type;
} recurrent_case;

enum { RECURRENT_TEXT = 4000 };

static size_t recurrent_width(const recurrent_case *c) { return c->directions * c->units; }

static void recurrent_write(char *out, const recurrent_case *c)
{
    size_t width = recurrent_width(c), steps = c->time * width, used = 0, states = c->layers * width;
    size_t row = c->time * c->in + (c->initial ? states * (c->lstm ? 2 : 1) : 0);
#define ADD(...) used += (size_t)snprintf(out + used, RECURRENT_TEXT - used, __VA_ARGS__)
    ADD("[{type: input, name: row, nodes: %zu}, {type: slice, from: row, count: %zu}, "
        "{type: reshape, name: y0, shape: [%zu, %zu]}", row, c->time * c->in, c->time, c->in);
    for (size_t l = 0; l < c->layers; l++) {
        size_t at = c->time * c->in + l * width;
        if (c->initial) ADD(", {type: slice, name: h%zu, from: row, first: %zu, count: %zu}", l, at, width);
        if (c->initial && c->lstm)
            ADD(", {type: slice, name: c%zu, from: row, first: %zu, count: %zu}", l, at + states, width);
        ADD(", {type: %s, name: l%zu, from: [y%zu", c->type, l, l);
        if (c->initial) ADD(", h%zu", l);
        if (c->initial && c->lstm) ADD(", c%zu", l);
        ADD("], units: %zu, bidirectional: %s, output: all}", c->units, c->directions > 1 ? "true" : "false");
        ADD(", {type: slice, name: s%zu, from: l%zu, count: %zu}", l, l, steps);
        ADD(", {type: reshape, name: y%zu, shape: [%zu, %zu]}", l + 1, c->time, width);
        ADD(", {type: slice, name: hn%zu, from: l%zu, first: %zu, count: %zu}", l, l, steps, width);
        if (c->lstm) ADD(", {type: slice, name: cn%zu, from: l%zu, first: %zu}", l, l, steps + width);
    }
    ADD(", {type: concatenate, from: [s%zu", c->layers - 1);
    for (size_t l = 0; l < c->layers; l++) ADD(", hn%zu", l);
    for (size_t l = 0; l < c->layers && c->lstm; l++) ADD(", cn%zu", l);
    ADD("]}]");
#undef ADD
}

/* Between a part of all rows, from `at` on, and the case's tensor: [rows, size], or states [layers*directions, rows,
 * units], which in a row are [layers*directions, units]. */
static void recurrent_move(const recurrent_case *c, float *rows, size_t row, size_t at, size_t size, float *tensor,
                           bool states, bool to_rows)
{
    for (size_t r = 0; r < c->rows; r++)
        for (size_t i = 0; i < size; i++) {
            size_t place = states ? (i / c->units * c->rows + r) * c->units + i % c->units : r * size + i;
            if (to_rows) rows[r * row + at + i] = tensor[place];
            else tensor[place] = rows[r * row + at + i];
        }
}

static void recurrent_compare(parity *p, const recurrent_case *c, float *rows, size_t row, size_t at, size_t size,
                              const char *name, bool states)
{
    float *tensor = tl__arena_push(parity_arena(p), c->rows * size * sizeof *tensor);
    if (!tensor || !parity_view(p, name)) return;
    recurrent_move(c, rows, row, at, size, tensor, states, false);
    parity_tensor(p, name, tensor, c->rows * size);
}

static void recurrent_take(parity *p, const recurrent_case *c, float *rows, size_t row, size_t at, size_t size,
                           const char *name, bool states)
{
    float *tensor = parity_floats(p, name, NULL);
    if (tensor) recurrent_move(c, rows, row, at, size, tensor, states, true);
}

static void recurrent_run(parity *p, parity_net *net, const recurrent_case *c)
{
    size_t x = c->time * c->in, states = c->layers * recurrent_width(c), y = c->time * recurrent_width(c);
    size_t in = tl__shape_size(tl__graph_input_shape(&net->graph));
    size_t out = tl__shape_size(tl__graph_output_shape(&net->graph));
    float *inputs = tl__arena_push_zero(parity_arena(p), c->rows * in, sizeof(float));
    float *upstream = tl__arena_push_zero(parity_arena(p), c->rows * out, sizeof(float));
    tl_error error = {0};
    const float *got, *slopes;
    if (!inputs || !upstream) return;
    recurrent_take(p, c, inputs, in, 0, x, "input.x", false);
    recurrent_take(p, c, inputs, in, x, states, "input.h0", true);
    recurrent_take(p, c, inputs, in, x + states, states, "input.c0", true);
    recurrent_take(p, c, upstream, out, 0, y, "upstream.y", false);
    recurrent_take(p, c, upstream, out, y, states, "upstream.h_n", true);
    recurrent_take(p, c, upstream, out, y + states, states, "upstream.c_n", true);
    tl__rows batch = {.inputs = inputs, .rows = c->rows};
    if (tl__network_forward_training(net->network, NULL, &batch, &got, &error) != TL_OK)
        parity_broken(p, error.message);
    float *values = tl__arena_push(parity_arena(p), c->rows * (in > out ? in : out) * sizeof *values);
    if (!values) return;
    memcpy(values, got, c->rows * out * sizeof *values);
    recurrent_compare(p, c, values, out, 0, y, "output.y", false);
    recurrent_compare(p, c, values, out, y, states, "output.h_n", true);
    recurrent_compare(p, c, values, out, y + states, states, "output.c_n", true);
    tl__network_backward_from(net->network, NULL, &batch, upstream, &slopes);
    memcpy(values, slopes, c->rows * in * sizeof *values);
    recurrent_compare(p, c, values, in, 0, x, "grad.input.x", false);
    recurrent_compare(p, c, values, in, x, states, "grad.input.h0", true);
    recurrent_compare(p, c, values, in, x + states, states, "grad.input.c0", true);
    parity_net_compare(net, "grad.param", tl__network_gradients(net->network), true);
}

void parity_recurrent(parity *p)
{
    const tl__tensor_view *x = parity_view(p, "input.x");
    recurrent_case c = {.rows = x->shape[0], .time = x->shape[1], .in = x->shape[2],
                        .units = (size_t)tl_value_integer(parity_spec(p, "hidden_size"), 1),
                        .layers = (size_t)tl_value_integer(parity_spec(p, "num_layers"), 1),
                        .directions = tl_value_bool(parity_spec(p, "bidirectional"), false) ? 2 : 1,
                        .initial = tl_value_bool(parity_spec(p, "initial_state"), false),
                        .type = tl_value_text(parity_spec(p, "layer"), "?")};
    char layers[RECURRENT_TEXT];
    parity_net net;
    c.lstm = strcmp(c.type, "lstm") == 0;
    recurrent_write(layers, &c);
    parity_net_init(&net, p, c.rows);
    net.options.input_gradient = true;
    net.stack = "";
    if (parity_net_make(&net, layers)) recurrent_run(p, &net, &c);
    parity_net_free(&net);
}
