/* The network of the training groups. Inputs are uniform in [0, 1), classes are drawn, weights begin uniform within
 * 1 / sqrt(inputs of the layer), as PyTorch begins them; all from counters, so every run has the same. */
#define _POSIX_C_SOURCE 200809L    /* mkstemp */
#include "net.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nn/loss.h"
#include "nn/optimizer.h"
#include "text/bind.h"
#include "text/yaml.h"

int net_layer_count(const net_shape *shape)
{
    int count = 0;
    while (count < NET_LAYERS && shape->nodes[count]) count++;
    return count;
}

/* Numbers of a step of a recurrent layer. */
static size_t net_features(const net_shape *shape) { return shape->nodes[0] / shape->time; }

void net_name(const net_shape *shape, char out[BENCH_NAME])
{
    size_t used = 0;
    if (shape->listed) {
        snprintf(out, BENCH_NAME, "%s batch %zu", net_listed_at(shape->which)->name, shape->batch);
        return;
    }
    if (shape->recurrent) {
        snprintf(out, BENCH_NAME, "%s-%zu-%zu-%zu-%zu batch %zu", shape->recurrent, shape->time, net_features(shape),
                 shape->units, shape->nodes[1], shape->batch);
        return;
    }
    if (shape->side)
        used = (size_t)snprintf(out, BENCH_NAME, "cnn-%zu-%zu-%zu", shape->side, shape->filters[0], shape->filters[1]);
    for (int i = shape->side ? 1 : 0; i < net_layer_count(shape); i++)
        used += (size_t)snprintf(out + used, BENCH_NAME - used, "%s%zu", used ? "-" : "", shape->nodes[i]);
    snprintf(out + used, BENCH_NAME - used, " batch %zu", shape->batch);
}

size_t net_parameters(const net_shape *shape)
{
    size_t sum = 0;
    for (int i = 1; i < net_layer_count(shape); i++) sum += (shape->nodes[i - 1] + 1) * shape->nodes[i];
    return sum;
}

size_t net_outputs(const net_shape *shape) { return shape->nodes[net_layer_count(shape) - 1]; }

double net_flops(const net *n)
{
    const net_shape *shape = &n->shape;
    double sum = 0;
    if (shape->listed) {
        tl__plan_line line;
        for (int i = 0; i < tl__plan_line_count(n->plan); i++) {
            tl__plan_line_at(n->plan, i, &line);
            sum += line.flops;
        }
        return 3.0 * sum * (double)shape->batch;
    }
    if (shape->recurrent) {
        double gates = shape->recurrent[0] == 'l' ? 4 : 3, units = (double)shape->units;
        double both = units + (double)net_features(shape);
        return (double)shape->batch * (2.0 * gates * units * (double)shape->time * (2.0 * both + units) +
                                       6.0 * units * (double)shape->nodes[1]);
    }
    if (shape->side) {   /* the first convolution has no gradient of its input */
        double filters = (double)(shape->filters[0] * shape->filters[1]), batch = (double)shape->batch;
        size_t first = shape->side - 2, second = first / 2 - 2, flat = second / 2 * (second / 2) * shape->filters[1];
        return 2.0 * 9.0 * batch * (2.0 * (double)(first * first * shape->filters[0]) +
                                    3.0 * filters * (double)(second * second)) +
               6.0 * batch * (double)(flat * shape->nodes[1] + shape->nodes[1] * shape->nodes[2]);
    }
    for (int i = 1; i < net_layer_count(shape); i++)
        sum += 2.0 * (double)(shape->nodes[i - 1] * shape->nodes[i] * shape->batch) * (i == 1 ? 2 : 3);
    return sum;
}

const char *net_image_layer(const net_shape *shape, int i, char *settings, size_t room)
{
    static const char *const types[] = {"conv2d", "max_pool", "conv2d", "max_pool", "flatten"};
    settings[0] = 0;
    if (i % 2 == 0 && i < 4)
        snprintf(settings, room, "filters: %zu, kernel_size: 3, activation: relu", shape->filters[i / 2]);
    return types[i];
}

/* Layer i in YAML; false: there are no more. */
static bool net_layer(const net_shape *shape, int i, char *text, size_t room)
{
    int count = net_layer_count(shape);
    if (shape->listed) return net_listed_yaml(net_listed_at(shape->which), i, text, room);
    if (shape->recurrent && i < 2) {
        if (i == 0) snprintf(text, room, "{type: input, shape: [%zu, %zu]}", shape->time, net_features(shape));
        else snprintf(text, room, "{type: %s, units: %zu}", shape->recurrent, shape->units);
        return true;
    }
    if (shape->recurrent) i--;
    if (shape->side && i <= NET_IMAGE_LAYERS) {
        char settings[60];
        const char *type = i > 0 ? net_image_layer(shape, i - 1, settings, sizeof settings) : NULL;
        if (!type) snprintf(text, room, "{type: input, shape: [%zu, %zu, 1]}", shape->side, shape->side);
        else snprintf(text, room, "{type: %s%s%s}", type, settings[0] ? ", " : "", settings);
        return true;
    }
    if (shape->side) i -= NET_IMAGE_LAYERS;
    if (i >= count) return false;
    snprintf(text, room, "{type: %s, nodes: %zu}",
             i == 0 ? "input" : i < count - 1 ? "dense, activation: relu" : "output", shape->nodes[i]);
    return true;
}

static bool net_build_graph(net *n)
{
    tl__tree *tree;
    tl_error error = {0};
    char text[160];
    if (tl__tree_new(n->heap, "bench", &tree) != TL_OK) return false;
    bool good = true;
    for (int i = 0; good && net_layer(&n->shape, i, text, sizeof text); i++) {
        good = tl__yaml_parse(tree, text, strlen(text), &error) == TL_OK &&
               tl__graph_add_value(&n->graph, &tree->root, "network", i, &error) == TL_OK;
    }
    tl__tree_free(tree);
    if (!good) fprintf(stderr, "bench: %s\n", error.message);
    return good;
}

/* A loss's or optimizer's settings, all at their defaults. */
static void *net_defaults(net *n, const tl__member_head *head)
{
    tl_error error = {0};
    void *block = tl__arena_push_zero(&n->arena, 1, head->settings_size + 1);
    if (block && head->rows && tl__bind(head->rows, block, NULL, NULL, "", &n->arena, &error) != TL_OK) return NULL;
    return block;
}

static float net_uniform(uint32_t stream, size_t element)
{
    tl__random random;
    tl__random_init(&random, 1, TL__DRAW_GENERATE, stream, (uint32_t)((uint64_t)element >> 32), 0);
    return tl__random_uniform(&random, (uint32_t)element);
}

static bool net_regression(const net_shape *shape) { return shape->listed && net_listed_at(shape->which)->regression; }

/* Numbers of a row's target: its class, or all that is to be told. */
static size_t net_target_width(const net_shape *shape) { return net_regression(shape) ? net_outputs(shape) : 1; }

static bool net_fill(net *n)
{
    size_t rows = NET_BATCHES * n->shape.batch, features = n->shape.nodes[0], classes = net_outputs(&n->shape);
    size_t width = net_target_width(&n->shape);
    n->inputs = tl__alloc_aligned(n->heap, rows * features * sizeof(float));
    n->targets = tl__alloc_aligned(n->heap, rows * width * sizeof(float));
    if (!n->inputs || !n->targets) return false;
    for (size_t i = 0; i < rows * features; i++) n->inputs[i] = net_uniform(1, i);
    for (size_t i = 0; i < rows * width; i++)
        n->targets[i] = width > 1 ? net_uniform(2, i) : (float)(size_t)(net_uniform(2, i) * (float)classes);
    float *parameters = tl__network_parameters(n->network);
    for (int t = 0; t < tl__plan_tensor_count(n->plan); t++) {
        const tl__tensor *tensor = tl__plan_tensor(n->plan, t);
        float *file = tl__alloc(n->heap, tensor->size * sizeof(float));
        if (!file) return false;
        float bound = 1.0f / tl__sqrt((float)(tensor->fan_in ? tensor->fan_in : tensor->dim[0]));
        for (size_t i = 0; i < tensor->size; i++) file[i] = (2.0f * net_uniform(10 + (uint32_t)t, i) - 1.0f) * bound;
        tl__tensor_from_file(tensor, parameters + tensor->offset, file);
        tl__free(n->heap, file, tensor->size * sizeof(float));
    }
    return true;
}

bool net_make(net *n, bench *b, const net_shape *shape, const tl__kernels *kernels, int threads)
{
    tl_error error = {0};
    *n = (net){.heap = &b->heap, .shape = *shape, .learning_rate = 1e-4};
    tl__graph_init(&n->graph, n->heap, "bench");
    tl__arena_init(&n->arena, n->heap);
    const tl__loss *loss = tl__loss_find(net_regression(shape) ? "mae" : "cross_entropy", &error);
    const tl__optimizer *optimizer = tl__optimizer_find("adam", &error);
    tl__plan_options options = {
        .kernels = kernels, .workers = threads, .training = true, .max_rows = shape->batch, .own_parameters = true,
        .loss = loss, .loss_settings = net_defaults(n, &loss->head), .optimizer = optimizer,
        .optimizer_settings = net_defaults(n, &optimizer->head), .seed = 1,
        .target_width = net_regression(shape) ? net_outputs(shape) : 0,
    };
    bool good = options.loss_settings && options.optimizer_settings && net_build_graph(n) &&
                tl__plan_new(n->heap, &n->graph, &options, &n->plan, &error) == TL_OK &&
                tl__network_new(n->heap, n->plan, NULL, &n->network, &error) == TL_OK && net_fill(n) &&
                (threads < 2 || tl__pool_new(n->heap, threads, &n->pool) == TL_OK);
    if (!good) bench_fail(b, "the network could not be made: %s", error.message[0] ? error.message : "out of memory");
    return good;
}

void net_free(net *n)
{
    size_t rows = NET_BATCHES * n->shape.batch;
    if (n->inputs) tl__free_aligned(n->heap, n->inputs, rows * n->shape.nodes[0] * sizeof(float));
    if (n->targets) tl__free_aligned(n->heap, n->targets, rows * net_target_width(&n->shape) * sizeof(float));
    tl__pool_free(n->heap, n->pool);
    tl__network_free(n->heap, n->network);
    tl__plan_free(n->heap, n->plan);
    tl__graph_free(&n->graph);
    tl__arena_free(&n->arena);
}

enum { NET_NORMS = 10 };    /* the trainer looks at the gradients' norms in every so many steps */

double net_train(void *user, size_t steps)
{
    net *n = user;
    tl_error error = {0};
    double begun = bench_seconds();
    for (size_t i = 0; i < steps; i++) {
        size_t first = (size_t)(n->steps % NET_BATCHES) * n->shape.batch;
        tl__rows batch = {.inputs = n->inputs + first * n->shape.nodes[0],
                          .targets = n->targets + first * net_target_width(&n->shape),
                          .rows = n->shape.batch, .step = (uint32_t)n->steps};
        tl__update update = {.step = n->steps + 1, .learning_rate = n->learning_rate,
                             .want_norms = n->steps % NET_NORMS == 0};
        tl__step_result result;
        if (tl__network_step(n->network, n->pool, &batch, &update, &result, &error) != TL_OK) {
            fprintf(stderr, "bench: %s\n", error.message);
            return -1;
        }
        n->loss = result.loss;
        n->steps++;
    }
    return bench_seconds() - begun;
}

/* ---- peers ---- */

static bool net_write_tensors(net *n, FILE *file)
{
    for (int t = 0; t < tl__plan_tensor_count(n->plan); t++) {
        const tl__tensor *tensor = tl__plan_tensor(n->plan, t);
        float *values = tl__alloc(n->heap, tensor->size * sizeof(float));
        if (!values) return false;
        tl__tensor_to_file(tensor, values, tl__network_parameters(n->network) + tensor->offset);
        bool whole = fwrite(values, sizeof(float), tensor->size, file) == tensor->size;
        tl__free(n->heap, values, tensor->size * sizeof(float));
        if (!whole) return false;
    }
    return true;
}

bool net_write(net *n, char *path, size_t room)
{
    const char *folder = getenv("TMPDIR");
    size_t rows = NET_BATCHES * n->shape.batch, count = rows * n->shape.nodes[0];
    size_t targets = rows * net_target_width(&n->shape);
    snprintf(path, room, "%s/trainlib-bench-XX" "XX" "XX", folder && folder[0] ? folder : "/tmp");
    int number = mkstemp(path);
    FILE *file = number >= 0 ? fdopen(number, "wb") : NULL;
    if (!file) return false;
    bool whole = fwrite(n->inputs, sizeof(float), count, file) == count &&
                 fwrite(n->targets, sizeof(float), targets, file) == targets && net_write_tensors(n, file);
    return fclose(file) == 0 && whole;
}

void net_peers(net *n, bench *b, bench_team *team, int threads, int which)
{
    char path[300] = "", nodes[BENCH_NAME];
    if (!b->options.peers) return;
    net_name(&n->shape, nodes);
    nodes[strcspn(nodes, " ")] = 0;
    if (net_write(n, path, sizeof path)) {
        for (int flush = 0; flush < 2; flush++)
            if (which & (flush ? NET_TORCH_FLUSH : NET_TORCH))
                bench_team_peer(b, team, threads, "torch", flush ? "torch, flush to zero" : "torch",
                                "step-torch %s %s %zu %d %g %d", path, nodes, n->shape.batch, NET_BATCHES,
                                n->learning_rate, flush);
        if (which & NET_SKLEARN)
            bench_team_peer(b, team, threads, "scikit-learn", "scikit-learn", "step-sklearn %s %s %zu %d %g", path,
                            nodes, n->shape.batch, NET_BATCHES, n->learning_rate);
    } else {
        bench_fail(b, "the data for the peers could not be written to %s; is there room?", path);
    }
    if (path[0]) remove(path);
}

void net_compare(net *n, bench_team *team, bench_row *row)
{
    enum { STEPS = 50 };
    static const double tolerance = 1e-3;    /* another order of sums makes some 1e-6 of it */
    if (team->count < 2 || net_train(n, STEPS) < 0) return;
    for (int w = 1; w < team->count; w++) {
        bench_result *peer = &row->peers[w - 1];
        bench_job *job = team->workers[w].user;
        if (bench_job_run(job, STEPS) < 0) return;
        double loss = bench_job_value(job), apart = loss - n->loss;
        peer->compared = true;
        peer->difference = (apart < 0 ? -apart : apart) / n->loss;
        peer->alike = peer->difference <= tolerance;
    }
}
