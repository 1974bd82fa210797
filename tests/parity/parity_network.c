/* Cases that are whole networks: optimizers over two dense layers, and small classifiers. Every case checks outputs, the loss,
 * all gradients, and parameters, optimizer state and losses over five steps on one batch. */
#include "parity/parity_network.h"

#include <stdio.h>

#include "kernels/kernels.h"
#include "parity/parity_list.h"
#include "text/bind.h"
#include "text/yaml.h"

void parity_net_init(parity_net *net, parity *p, size_t rows)
{
    memset(net, 0, sizeof *net);
    net->p = p;
    tl__graph_init(&net->graph, parity_heap(p), NULL);
    net->options = (tl__plan_options){.kernels = parity_kernels(p), .workers = 1, .training = true, .max_rows = rows,
                                      .own_parameters = true};
}

static tl__tree *network_yaml(parity *p, const char *text)
{
    tl__tree *tree = NULL;
    tl_error error = {0};
    if (tl__tree_new(parity_heap(p), NULL, &tree) != TL_OK) return NULL;
    if (tl__yaml_parse(tree, text, strlen(text), &error) == TL_OK) return tree;
    parity_broken(p, error.message);
    tl__tree_free(tree);
    return NULL;
}

void *parity_settings(parity *p, const tl__member_head *head, const char *settings)
{
    char text[600];
    tl_error error = {0};
    snprintf(text, sizeof text, "{%s}", settings);
    tl__tree *tree = network_yaml(p, text);
    void *block = tl__arena_push_zero(parity_arena(p), 1, head->settings_size + 1);
    if (tree && tl__bind(head->rows, block, &tree->root, NULL, head->name, parity_arena(p), &error) != TL_OK) {
        parity_broken(p, error.message);
        block = NULL;
    }
    tl__tree_free(tree);
    return tree ? block : NULL;
}

/* The case's name of a tensor. */
static void network_name(const parity_net *net, char *out, size_t size, const char *prefix, const tl__tensor *tensor)
{
    const char *dot = strchr(tensor->name, '.');
    size_t skip = net->prefix && strncmp(tensor->name, net->prefix, strlen(net->prefix)) == 0 ? strlen(net->prefix) : 0;
    bool layer = net->stack && tensor->name[0] == 'l' && tensor->name[2] == '.';
    if (!layer) {
        snprintf(out, size, "%s.%s", prefix, net->short_names ? dot + 1 : tensor->name + skip);
        char *part = strstr(out, ".e0_");
        if (!part) part = strstr(out, ".e1_");
        if (part) part[3] = '.';     /* a composite's part, of a network of several */
        return;
    }
    snprintf(out, size, "%s.%s%s", prefix, net->stack, dot + 1);
    char *number = strstr(out, "_l0");
    if (number) number[2] = tensor->name[1];
}

static void network_load(parity_net *net)
{
    for (int t = 0; t < tl__plan_tensor_count(net->plan); t++) {
        const tl__tensor *tensor = tl__plan_tensor(net->plan, t);
        char name[200];
        size_t count = 0;
        network_name(net, name, sizeof name, "param", tensor);
        float *values = parity_floats(net->p, name, &count);
        network_name(net, name, sizeof name, "buffer", tensor);
        if (!values) values = parity_floats(net->p, name, &count);
        if (values && count == tensor->size)
            tl__tensor_from_file(tensor, tl__network_parameters(net->network) + tensor->offset, values);
        else
            parity_broken(net->p, name);
    }
}

bool parity_net_make(parity_net *net, const char *layers)
{
    tl_error error = {0};
    tl__tree *tree = network_yaml(net->p, layers);
    if (!tree) return false;
    tl_status status = TL_OK;
    for (const tl_value *layer = tree->root.first; layer && status == TL_OK; layer = layer->next)
        status = tl__graph_add_value(&net->graph, layer, "layers", -1, &error);
    tl__tree_free(tree);
    if (status == TL_OK) status = tl__plan_new(parity_heap(net->p), &net->graph, &net->options, &net->plan, &error);
    if (status == TL_OK) status = tl__network_new(parity_heap(net->p), net->plan, NULL, &net->network, &error);
    if (status == TL_OK) network_load(net);
    else parity_broken(net->p, error.message);
    return status == TL_OK;
}

void parity_net_free(parity_net *net)
{
    tl__network_free(parity_heap(net->p), net->network);
    tl__plan_free(parity_heap(net->p), net->plan);
    tl__graph_free(&net->graph);
}

void parity_net_compare(parity_net *net, const char *prefix, const float *arrays, bool trained_only)
{
    for (int t = 0; t < tl__plan_tensor_count(net->plan); t++) {
        const tl__tensor *tensor = tl__plan_tensor(net->plan, t);
        char name[200];
        if (trained_only && !tensor->trained) continue;
        float *file = tl__arena_push(parity_arena(net->p), tensor->size * sizeof *file);
        if (!file) return;
        tl__tensor_to_file(tensor, file, arrays + tensor->offset);
        network_name(net, name, sizeof name, prefix, tensor);
        parity_tensor(net->p, name, file, tensor->size);
    }
}

/* ---- Steps */

typedef struct network_step_case {
    const char *layers, *stack;
    const char *loss, *loss_settings;
    bool classes;
    const char *optimizer, *optimizer_settings;
    tl__update update;
    const double *rates;             /* of the learning rate, step by step; NULL: all 1 */
} network_step_case;

static void network_compare_state(parity_net *net, int step)
{
    for (int s = 0; s < tl__network_state_count(net->network); s++) {
        char prefix[100];
        snprintf(prefix, sizeof prefix, "step%d.state.%s", step,
                 net->options.optimizer->state_name(net->options.optimizer_settings, s));
        parity_net_compare(net, prefix, tl__network_state(net->network, s), true);
    }
}

static void network_steps(parity *p, const network_step_case *c)
{
    const tl__tensor_view *x = parity_view(p, "input.x"), *target = parity_view(p, "target");
    parity_net net;
    tl_error error = {0};
    parity_net_init(&net, p, x->shape[0]);
    net.options.loss = tl__loss_find(c->loss, &error);
    net.options.optimizer = tl__optimizer_find(c->optimizer, &error);
    if (!net.options.loss || !net.options.optimizer) {
        parity_missing(p, c->optimizer);
        return;
    }
    net.options.target_width = c->classes ? 0 : target->shape[1];
    net.stack = c->stack;
    void *loss_settings = parity_settings(p, &net.options.loss->head, c->loss_settings);
    net.options.loss_settings = loss_settings;
    net.options.optimizer_settings = parity_settings(p, &net.options.optimizer->head, c->optimizer_settings);
    float class_weights[16];
    double balanced[16];
    size_t classes = c->classes ? parity_view(p, "output.y")->shape[1] : 0;
    for (size_t k = 0; k < classes; k++) balanced[k] = 1;
    if (classes) tl__loss_class_weights(net.options.loss, loss_settings, classes, NULL, balanced, class_weights);
    if (net.options.loss_settings && net.options.optimizer_settings && parity_net_make(&net, c->layers)) {
        float losses[8] = {0}, *inputs = parity_floats(p, "input.x", NULL), *targets = parity_floats(p, "target", NULL);
        tl__rows batch = {.inputs = inputs, .targets = targets, .rows = x->shape[0]};
        size_t steps = parity_view(p, "step_losses")->count;
        for (size_t step = 1; step <= steps && step <= 8; step++) {
            tl__update update = c->update;
            tl__step_result result;
            char prefix[32];
            update.step = (int64_t)step;
            if (c->rates) update.learning_rate *= c->rates[step - 1];
            if (tl__network_learn(net.network, NULL, &batch, &error) != TL_OK) parity_broken(p, error.message);
            if (step == 1) {
                parity_tensor(p, "output.y", tl__network_output(net.network), parity_view(p, "output.y")->count);
                parity_net_compare(&net, "grad.param", tl__network_gradients(net.network), true);
            }
            if (tl__network_update(net.network, NULL, &update, &result, &error) != TL_OK)
                parity_broken(p, error.message);
            losses[step - 1] = (float)result.loss;
            if (step == 1) parity_tensor(p, "loss", losses, 1);
            snprintf(prefix, sizeof prefix, "step%zu.param", step);
            parity_net_compare(&net, prefix, tl__network_parameters(net.network), false);
            network_compare_state(&net, (int)step);
        }
        parity_tensor(p, "step_losses", losses, steps);
    }
    parity_net_free(&net);
}

/* "dense(4,8) fc1, tanh, dense(8,3) fc2" with {"name": "adam", "lr": 0.01, "betas": [0.8, 0.99], ...}. */
void parity_optimizer(parity *p)
{
    const tl_value *given = parity_spec(p, "optimizer");
    const tl__tensor_view *first = parity_view(p, "param.fc1.weight"), *second = parity_view(p, "param.fc2.weight");
    char layers[300], settings[400] = "", name[40];
    size_t used = 0;
    network_step_case c = {.layers = layers, .loss = "mse", .loss_settings = "", .optimizer = name,
                           .optimizer_settings = settings};
    snprintf(name, sizeof name, "%s", tl_value_text(tl__value_child(given, "name"), "?"));
    for (const tl_value *item = given->first; item; item = item->next) {
        if (strcmp(item->key, "name") == 0) continue;
        if (strcmp(item->key, "lr") == 0) c.update.learning_rate = tl_value_number(item, 0);
        else if (strcmp(item->key, "clip_norm") == 0) c.update.clip_norm = tl_value_number(item, 0);
        else if (strcmp(item->key, "clip_value") == 0) c.update.clip_value = tl_value_number(item, 0);
        else if (strcmp(item->key, "norm_type") == 0)
            c.update.clip_largest = strcmp(tl_value_text(item, ""), "inf") == 0;
        else if (strcmp(item->key, "betas") == 0)
            used += (size_t)snprintf(settings + used, sizeof settings - used, "%sbeta1: %.17g, beta2: %.17g",
                                     used ? ", " : "", tl_value_number(tl_value_at(item, 0), 0),
                                     tl_value_number(tl_value_at(item, 1), 0));
        else if (item->kind == TL_BOOL)
            used += (size_t)snprintf(settings + used, sizeof settings - used, "%s%s: %s", used ? ", " : "", item->key,
                                     tl_value_bool(item, false) ? "true" : "false");
        else
            used += (size_t)snprintf(settings + used, sizeof settings - used, "%s%s: %.17g", used ? ", " : "",
                                     item->key, tl_value_number(item, 0));
    }
    snprintf(layers, sizeof layers,
             "[{type: input, nodes: %zu}, {type: dense, name: fc1, nodes: %zu, activation: tanh}, "
             "{type: output, name: fc2, nodes: %zu}]", first->shape[1], first->shape[0], second->shape[0]);
    network_steps(p, &c);
}

void parity_mlp(parity *p)
{
    const char *network = tl_value_text(parity_spec(p, "network"), "?");
    if (strcmp(network, "dense fc1 -> relu -> dense fc2 -> relu -> dense fc3") == 0) {
        network_step_case c = {
            .layers = "[{type: input, nodes: 5}, {type: dense, name: fc1, nodes: 16, activation: relu}, "
                      "{type: dense, name: fc2, nodes: 8, activation: relu}, {type: output, name: fc3, nodes: 3}]",
            .loss = "cross_entropy", .loss_settings = "", .classes = true, .optimizer = "adam", .optimizer_settings = "",
            .update = {.learning_rate = 0.01}};
        network_steps(p, &c);
    } else if (strcmp(network, "dense fc1 -> gelu(exact) -> layernorm ln -> dense fc2") == 0) {
        network_step_case c = {
            .layers = "[{type: input, nodes: 4}, {type: dense, name: fc1, nodes: 12, activation: gelu}, "
                      "{type: layer_norm, name: ln}, {type: output, name: fc2, nodes: 3}]",
            .loss = "focal", .loss_settings = "gamma: 2, alpha: [0.25, 1.0, 2.0]", .classes = true, .optimizer = "sgd",
            .optimizer_settings = "momentum: 0.9, nesterov: true, weight_decay: 0.001",
            .update = {.learning_rate = 0.1}};
        network_steps(p, &c);
    } else {
        parity_missing(p, network);
    }
}

/* Recurrent networks: stacks of one layer, l0 and l1. */
void parity_recurrent_network(parity *p)
{
    const char *network = tl_value_text(parity_spec(p, "network"), "?");
    if (strncmp(network, "2-layer gru", 11) == 0) {
        network_step_case c = {
            .layers = "[{type: input, shape: [6, 3]}, {type: gru, name: l0, units: 6, output: sequence}, "
                      "{type: gru, name: l1, units: 6}, {type: output, name: fc, nodes: 2}]",
            .stack = "gru.", .loss = "cross_entropy", .loss_settings = "class_weights: [1, 2]", .classes = true,
            .optimizer = "adamw", .optimizer_settings = "weight_decay: 0.01", .update = {.learning_rate = 0.01}};
        network_steps(p, &c);
    } else if (strncmp(network, "bidirectional 2-layer lstm", 26) == 0) {
        network_step_case c = {
            .layers = "[{type: input, shape: [7, 3]}, {type: lstm, name: l0, units: 5, bidirectional: true, "
                      "output: sequence}, {type: lstm, name: l1, units: 5, bidirectional: true}, "
                      "{type: output, name: fc, nodes: 12}]",
            .stack = "lstm.", .loss = "quantile", .loss_settings = "quantiles: [0.1, 0.5, 0.9]", .optimizer = "adam",
            .optimizer_settings = "", .update = {.learning_rate = 0.01, .clip_norm = 1}};
        network_steps(p, &c);
    } else {
        network_step_case c = {
            .layers = "[{type: input, shape: [2, 10]}, {type: permute, axes: [1, 0]}, {type: conv1d, name: c, "
                      "filters: 4, kernel_size: 3, padding: same, activation: silu}, {type: lstm, name: lstm, units: 6}, "
                      "{type: output, name: fc, nodes: 2}]",
            .loss = "huber", .loss_settings = "", .optimizer = "rmsprop", .optimizer_settings = "alpha: 0.99",
            .update = {.learning_rate = 0.01}};
        network_steps(p, &c);
    }
}

void parity_cnn(parity *p)
{
    network_step_case c = {
        .layers = "[{type: input, shape: [8, 8, 1]}, {type: conv2d, name: c1, filters: 4, kernel_size: 3, padding: 1, bias: "
                  "false, activation: none}, {type: batch_norm, name: bn}, relu, {type: max_pool}, {type: conv2d, name: c2, "
                  "filters: 6, kernel_size: 3, padding: 1, activation: relu}, {type: max_pool}, {type: permute, axes: "
                  "[2, 0, 1]}, flatten, {type: output, name: fc, nodes: 5}]",
        .loss = "cross_entropy", .loss_settings = "label_smoothing: 0.1", .classes = true, .optimizer = "adam",
        .optimizer_settings = "", .update = {.learning_rate = 0.005}};
    network_steps(p, &c);
}

void parity_transformer(parity *p)
{
    static const double warm_up[] = {0.1, 0.4, 0.7, 1, 1, 1, 1, 1};
    network_step_case c = {
        .layers = "[{type: input, nodes: 6}, {type: embedding, name: emb, count: 11, size: 8}, {type: transformer_encoder, "
                  "name: e0, heads: 2, feedforward: 16, dropout: 0, norm: pre, activation: gelu}, {type: "
                  "transformer_encoder, name: e1, heads: 2, feedforward: 16, dropout: 0, norm: pre, activation: gelu}, "
                  "{type: global_avg_pool}, {type: output, name: fc, nodes: 3}]",
        .loss = "cross_entropy", .loss_settings = "", .classes = true, .optimizer = "adamw",
        .optimizer_settings = "eps: 0.0001, weight_decay: 0.01", .update = {.learning_rate = 0.005, .clip_norm = 1},
        .rates = warm_up};
    network_steps(p, &c);
}

void parity_dlinear(parity *p)
{
    network_step_case c = {
        .layers = "[{type: input, nodes: 16, name: x}, {type: moving_average, name: mean, kernel: 5}, "
                  "{type: subtract, name: rest, from: [x, mean]}, {type: output, name: seasonal, nodes: 6}, "
                  "{type: output, name: trend, from: mean, nodes: 6}, {type: add, from: [seasonal, trend]}]",
        .loss = "mse", .loss_settings = "", .optimizer = "sgd", .optimizer_settings = "",
        .update = {.learning_rate = 0.05}};
    network_steps(p, &c);
}

/* A block of N-HiTS over the layer `in` of `input` steps: its backcast and its forecast of `horizon` steps. */
typedef struct network_block {
    const char *in, *name, *pooling;
    int input, horizon, pool, downsample, hidden[2];
} network_block;

static size_t network_put_block(char *out, size_t size, const network_block *b)
{
    int pooled = (b->input + b->pool - 1) / b->pool, knots = b->horizon / b->downsample;
    if (knots < 1) knots = 1;
    return (size_t)snprintf(out, size,
        "{type: reshape, from: %s, shape: [%d, 1]}, {type: %s_pool, kernel_size: %d, ceil_mode: true}, {type: reshape, "
        "shape: [%d]}, {type: dense, name: %s0, nodes: %d, activation: relu}, {type: dense, name: %s2, nodes: %d, "
        "activation: relu}, {type: output, name: %s4, nodes: %d}, {type: slice, name: %sbackcast, count: %d}, {type: "
        "slice, from: %s4, first: %d}, {type: interpolate, name: %sforecast, size: %d}",
        b->in, b->input, b->pooling, b->pool, pooled, b->name, b->hidden[0], b->name, b->hidden[1], b->name,
        b->input + knots, b->name, b->input, b->name, b->input, b->name, b->horizon);
}

void parity_nhits_block(parity *p)
{
    char layers[2000];
    parity_net net;
    tl_error error = {0};
    network_block block = {.in = "x", .name = "net.", .pooling = tl_value_text(parity_spec(p, "pooling"), "?"),
                           .input = (int)tl_value_integer(parity_spec(p, "input"), 0),
                           .horizon = (int)tl_value_integer(parity_spec(p, "horizon"), 0),
                           .pool = (int)tl_value_integer(parity_spec(p, "pool"), 0),
                           .downsample = (int)tl_value_integer(parity_spec(p, "downsample"), 0)};
    const tl__tensor_view *x = parity_view(p, "input.x");
    size_t rows = x->shape[0], wide = (size_t)(block.input + block.horizon);
    for (int i = 0; i < 2; i++)
        block.hidden[i] = (int)tl_value_integer(tl_value_at(parity_spec(p, "hidden"), (size_t)i), 0);
    size_t used = (size_t)snprintf(layers, sizeof layers, "[{type: input, nodes: %d, name: x}, ", block.input);
    used += network_put_block(layers + used, sizeof layers - used, &block);
    snprintf(layers + used, sizeof layers - used, ", {type: concatenate, from: [net.backcast, net.forecast]}]");
    parity_net_init(&net, p, rows);
    net.options.input_gradient = true;
    if (parity_net_make(&net, layers)) {
        const float *y, *dx, *parts[2] = {parity_floats(p, "upstream.backcast", NULL),
                                          parity_floats(p, "upstream.forecast", NULL)};
        static const char *const names[] = {"output.backcast", "output.forecast"};
        size_t sizes[] = {(size_t)block.input, (size_t)block.horizon};
        float *upstream = tl__arena_push(parity_arena(p), rows * wide * sizeof *upstream);
        float *part = tl__arena_push(parity_arena(p), rows * wide * sizeof *part);
        tl__rows batch = {.inputs = parity_floats(p, "input.x", NULL), .rows = rows};
        if (tl__network_forward_training(net.network, NULL, &batch, &y, &error) != TL_OK)
            parity_broken(p, error.message);
        for (size_t k = 0, at = 0; k < 2; at += sizes[k++]) {
            for (size_t r = 0; r < rows; r++) {
                memcpy(part + r * sizes[k], y + r * wide + at, sizes[k] * sizeof *part);
                memcpy(upstream + r * wide + at, parts[k] + r * sizes[k], sizes[k] * sizeof *part);
            }
            parity_tensor(p, names[k], part, rows * sizes[k]);
        }
        tl__network_backward_from(net.network, NULL, &batch, upstream, &dx);
        parity_tensor(p, "grad.input.x", dx, x->count);
        parity_net_compare(&net, "grad.param", tl__network_gradients(net.network), true);
    }
    parity_net_free(&net);
}

void parity_nhits(parity *p)
{
    static const int pools[] = {8, 4, 1}, downsamples[] = {6, 3, 1};
    char layers[4000], in[24] = "x";
    size_t used = (size_t)snprintf(layers, sizeof layers, "[{type: input, nodes: 24, name: x}, {type: slice, first: -1}, "
                                   "{type: interpolate, name: level, size: 12, mode: nearest}");
    for (int i = 0; i < 3; i++) {
        char name[24];
        snprintf(name, sizeof name, "blocks.%d.net.", i);
        network_block block = {in, name, "max", 24, 12, pools[i], downsamples[i], {16, 16}};
        used += (size_t)snprintf(layers + used, sizeof layers - used, ", ");
        used += network_put_block(layers + used, sizeof layers - used, &block);
        used += (size_t)snprintf(layers + used, sizeof layers - used, ", {type: subtract, name: rest%d, from: [%s, "
                                 "%sbackcast]}", i, in, name);
        snprintf(in, sizeof in, "rest%d", i);
    }
    snprintf(layers + used, sizeof layers - used, ", {type: add, from: [level, blocks.0.net.forecast, "
             "blocks.1.net.forecast, blocks.2.net.forecast]}]");
    network_step_case c = {.layers = layers, .loss = "mae", .loss_settings = "", .optimizer = "adam",
                           .optimizer_settings = "", .update = {.learning_rate = 0.01}};
    network_steps(p, &c);
}
