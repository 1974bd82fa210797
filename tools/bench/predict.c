/* The group predict: one row at a time through tl_predict, each call timed by itself; the row's time is the median call
 * (p50), the note has the slowest of a hundred (p99). What reading the clock takes is measured and taken off. */
#include "net.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/model.h"
#include "port/port.h"

static const net_shape predict_shapes[] = {
    NET_DENSE(1, 784, 256, 128, 10), NET_DENSE(1, 4, 16, 3), NET_DENSE(1, 24, 32, 16, 3),
    NET_RECURRENT("lstm", 1, 60, 16, 64, 3), NET_RECURRENT("gru", 1, 60, 16, 64, 3), NET_IMAGES(1, 28, 8, 16, 64, 10),
    NET_OF_LIST(1, NET_TRANSFORMER, 3840, 3), NET_OF_LIST(1, NET_HYBRID, 1920, 3), NET_OF_LIST(1, NET_NHITS, 168, 24),
};

enum { PREDICT_CALLS = 4000 };

static void predict_label(size_t index, char out[BENCH_NAME])
{
    net_name(&predict_shapes[index], out);
    strcpy(strchr(out, ' '), " one row p50");
}

typedef struct predict_work {
    tl_predictor *predictor;
    const float *input;
    float output[32];
    int64_t nanoseconds[PREDICT_CALLS], clock;
    bench_series p99;
} predict_work;

static int predict_order(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* What two readings of the clock are apart when nothing lies between them. */
static int64_t predict_clock(predict_work *work)
{
    for (int i = 0; i < PREDICT_CALLS; i++) {
        int64_t begun = tl__ticks();
        work->nanoseconds[i] = tl__ticks() - begun;
    }
    qsort(work->nanoseconds, PREDICT_CALLS, sizeof work->nanoseconds[0], predict_order);
    return work->nanoseconds[PREDICT_CALLS / 2];
}

static double predict_ours(void *user, size_t times)
{
    predict_work *work = user;
    for (int i = 0; i < PREDICT_CALLS; i++) {
        int64_t begun = tl__ticks();
        if (tl_predict(work->predictor, work->input, 1, work->output) != TL_OK) return -1;
        work->nanoseconds[i] = tl__ticks() - begun;
    }
    qsort(work->nanoseconds, PREDICT_CALLS, sizeof work->nanoseconds[0], predict_order);
    bench_series_add(&work->p99, (double)(work->nanoseconds[PREDICT_CALLS * 99 / 100] - work->clock) * 1e-9);
    return (double)(work->nanoseconds[PREDICT_CALLS / 2] - work->clock) * 1e-9 * (double)times;
}

/* The network of `n` as a model, with its weights and a softmax at the end. */
static tl_status predict_model(tl_context *context, const net *n, tl_model **out, tl_error *error)
{
    tl_graph *graph;
    char settings[60];
    int last = net_layer_count(&n->shape) - 1;
    TL_TRY(tl_graph_new(context, &graph));
    tl_node node = n->shape.listed ? net_listed_graph(net_listed_at(n->shape.which), graph)
                                   : tl_graph_input(graph, "x", n->shape.nodes[0]);
    if (n->shape.recurrent) {
        snprintf(settings, sizeof settings, "shape: [%zu, -1]", n->shape.time);
        node = tl_graph_add(graph, "reshape", node, settings);
        snprintf(settings, sizeof settings, "units: %zu", n->shape.units);
        node = tl_graph_add(graph, n->shape.recurrent, node, settings);
    }
    if (n->shape.side) {
        snprintf(settings, sizeof settings, "shape: [%zu, %zu, 1]", n->shape.side, n->shape.side);
        node = tl_graph_add(graph, "reshape", node, settings);
        for (int i = 0; i < NET_IMAGE_LAYERS; i++) {
            const char *type = net_image_layer(&n->shape, i, settings, sizeof settings);
            node = tl_graph_add(graph, type, node, settings);
        }
    }
    for (int i = 1; i <= last && !n->shape.listed; i++) {
        snprintf(settings, sizeof settings, "nodes: %zu, activation: %s", n->shape.nodes[i],
                 i < last ? "relu" : "softmax");
        node = tl_graph_add(graph, "dense", node, settings);
    }
    tl_status status = tl_model_new(context, graph, node, out, error);
    tl_graph_free(graph);
    if (status == TL_OK)
        memcpy((*out)->parameters, tl__network_parameters(n->network),
               tl__plan_parameter_floats((*out)->plan) * sizeof(float));
    return status;
}

/* onnxruntime, where it and the package that makes its files are here. */
static bench_job *predict_peer(bench *b, bench_team *team, net *n)
{
    char path[300] = "", nodes[BENCH_NAME];
    bench_job *job = NULL;
    if (!bench_peers_have(b, "onnxruntime") || !bench_peers_have(b, "onnx")) return NULL;
    net_name(&n->shape, nodes);
    nodes[strcspn(nodes, " ")] = 0;
    if (net_write(n, path, sizeof path))
        job = bench_team_peer(b, team, 1, "onnxruntime", "onnxruntime", "predict-onnxruntime %s %s %d", path, nodes,
                              NET_BATCHES);
    if (path[0]) remove(path);
    return job;
}

static void predict_compare(const predict_work *work, bench_job *job, bench_result *peer)
{
    double value = bench_job_value(job), apart = (double)work->output[0] - value;
    peer->compared = true;
    peer->difference = (apart < 0 ? -apart : apart) / value;
    peer->alike = peer->difference <= 1e-5;
}

static void predict_measure(bench *b, bench_row *row, net *n, predict_work *work)
{
    bench_team team = {0};
    char ours[24], theirs[24];
    work->input = n->inputs;
    work->clock = predict_clock(work);
    bench_team_add(&team, "trainlib", predict_ours, work);
    bench_job *job = predict_peer(b, &team, n);
    row->times = PREDICT_CALLS;
    if (bench_measure(b, row, team.workers, team.count)) {
        bench_series_close(&work->p99);
        size_t used = (size_t)snprintf(row->note, sizeof row->note, "p99 %s", bench_time_text(ours, work->p99.median));
        if (job) {
            predict_compare(work, job, &row->peers[0]);
            bench_time_text(theirs, job->p99);
            snprintf(row->note + used, sizeof row->note - used, ", onnxruntime's %s", theirs);
        }
        bench_report(b, row);
    }
    bench_team_end(&team);
}

static void predict_run(bench *b, size_t index)
{
    const net_shape *shape = &predict_shapes[index];
    bench_row row = bench_begin(b, &bench_group_predict, index);
    tl_context_options options = TL_CONTEXT_OPTIONS;
    tl_context *context = NULL;
    tl_model *model = NULL;
    tl_error error = {0};
    net n;
    predict_work *work = tl__alloc_zero(&b->heap, 1, sizeof *work);
    row.work = 1;
    row.unit = "rows/s";
    options.threads = 1;
    options.simd = b->options.simd;
    bool made = net_make(&n, b, shape, b->kernels, 1);
    if (made && work && tl_context_make(&options, &context, &error) == TL_OK &&
        predict_model(context, &n, &model, &error) == TL_OK &&
        tl_predictor_new(model, 1, &work->predictor, &error) == TL_OK)
        predict_measure(b, &row, &n, work);
    else if (made)
        bench_fail(b, "predict %s: %s", row.name, error.message[0] ? error.message : "out of memory");
    if (work) tl_predictor_free(work->predictor);
    tl_model_free(model);
    tl_context_free(context);
    tl__free(&b->heap, work, sizeof *work);
    net_free(&n);
}

const bench_group bench_group_predict = {
    "predict", "one row at a time through tl_predict, p50 and p99",
    sizeof predict_shapes / sizeof predict_shapes[0], predict_label, predict_run,
};
