/* Weights and short trainings. A trial is the run's own training with another learning rate, without schedule, early
 * stopping and files, for a third of its epochs at most. A trial that stands still (its rate moves nothing) gives the
 * gradients of one set of weights over all rows. */
#include "lab/diagnosis.h"

#include "base/math.h"
#include "base/text.h"
#include "nn/activation.h"
#include "nn/layer.h"
#include "nn/network_parts.h"
#include "train/history.h"
#include "train/trainer.h"

#define PROBE_STILL 1e-30
#define PROBE_FLOPS 4e10            /* of one trial */
enum { PROBE_EPOCHS = 20, PROBE_STEPS = 600 };

static bool probe_has_weights(const tl__plan *plan, const char *layer)
{
    const tl__graph *graph = tl__plan_graph(plan);
    for (int i = 0; i < tl__plan_tensor_count(plan); i++) {
        const tl__tensor *tensor = tl__plan_tensor(plan, i);
        if (tensor->rank >= 2 && tensor->trained && tl__same_text(graph->nodes[tensor->node].name, layer)) return true;
    }
    return false;
}

static tl__activation probe_activation(const tl__graph_node *node)
{
    return tl__activation_of(node->activation, node->common->alpha, node->common->threshold).kind;
}

/* Units whose outputs have two ends. An LSTM's and a GRU's are not looked at: their gates are meant to close. */
static bool probe_squashes(const tl__graph *graph, int at)
{
    const tl__graph_node *node = &graph->nodes[at];
    const char *type = node->layer->head.name;
    tl__activation kind = probe_activation(node);
    if (at == tl__graph_output(graph) || tl__same_text(type, "lstm") || tl__same_text(type, "gru")) return false;
    return kind == TL__SIGMOID || kind == TL__TANH;
}

static bool probe_is_relu(const tl__graph *graph, const char *layer)
{
    int node = tl__graph_find(graph, layer);
    return node >= 0 && probe_activation(&graph->nodes[node]) == TL__RELU;
}

/* ---- still ---- */

static void probe_read_still(const tl__trainer *trainer, tl__still_evidence *out)
{
    const tl__records *records = tl__trainer_records(trainer);
    const tl__plan *plan = tl__trainer_plan(trainer);
    double units = 0, dead = 0;
    if (!records || records->count == 0) return;
    const tl__record *record = tl__records_at(records, records->count - 1);
    out->known = true;
    out->loss = record->epoch.train_loss;
    out->first = out->last = out->weakest = out->norm = tl__nan_d();
    double squares = 0;
    for (size_t i = 0; i < records->layers; i++) {
        const tl__layer_record *layer = tl__records_layer(records, records->count - 1, i);
        const char *name = records->layer_names[i];
        squares += layer->gradient_norm * layer->gradient_norm;
        if (probe_is_relu(tl__plan_graph(plan), name) && layer->dead_units == layer->dead_units) {
            int node = tl__graph_find(tl__plan_graph(plan), name);
            const tl__shape *shape = &tl__plan_graph(plan)->nodes[node].shape;
            double count = (double)shape->dim[shape->rank - 1];
            units += count;
            dead += count * layer->dead_units;
            if (layer->dead_units > out->dead_worst) out->dead_worst = layer->dead_units, out->dead_name = name;
        }
        if (!probe_has_weights(plan, name) || !(layer->norm > 0)) continue;
        double share = layer->gradient_norm / layer->norm;
        out->layers++;
        if (out->first != out->first) out->first = share;
        out->last = share;
        if (!(out->weakest <= share)) out->weakest = share, out->weakest_name = name;
    }
    out->norm = tl__sqrt_d(squares);
    out->dead = units > 0 ? dead / units : 0;
}

/* ---- saturation ---- */

enum { PROBE_BATCHES = 8 };

typedef struct probe_ends {
    const tl__graph *graph;
    double *ends, *counts;           /* [nodes] */
    int batches;
} probe_ends;

static void probe_count_ends(void *user, int at, const float *values, size_t count)
{
    probe_ends *p = user;
    if (!probe_squashes(p->graph, at)) return;
    bool sigmoid = probe_activation(&p->graph->nodes[at]) == TL__SIGMOID;
    float low = sigmoid ? 0.01f : -0.98f, high = sigmoid ? 0.99f : 0.98f;
    for (size_t i = 0; i < count; i++) p->ends[at] += values[i] < low || values[i] > high;
    p->counts[at] += (double)count;
}

static tl_status probe_on_batch(void *user, const tl__trainer *trainer, const tl_progress *progress, tl_error *error)
{
    probe_ends *p = user;
    (void)progress, (void)error;
    if (p->batches++ < PROBE_BATCHES) tl__network_visit(trainer->network, &trainer->network->last, probe_count_ends, p);
    return TL_OK;
}

static void probe_read_ends(const probe_ends *p, tl__still_evidence *out)
{
    double ends = 0, counts = 0;
    out->saturated_worst = 0;
    for (int i = 0; i < p->graph->count; i++) {
        if (p->counts[i] == 0) continue;
        ends += p->ends[i];
        counts += p->counts[i];
        if (p->ends[i] / p->counts[i] < out->saturated_worst) continue;
        out->saturated_worst = p->ends[i] / p->counts[i];
        out->saturated_name = p->graph->nodes[i].name;
    }
    out->saturated = counts > 0 ? ends / counts : 0;
}

/* ---- one training ---- */

static tl_status probe_train(tl__evidence *e, double rate, int64_t epochs, double *loss, tl__still_evidence *still,
                              tl_error *error)
{
    const tl__config_settings *s = &e->config->settings;
    tl__train_settings settings = s->train;
    tl__trainer *trainer;
    tl_error inner = {0};
    settings.training.learning_rate = rate;
    settings.training.epochs = epochs;
    settings.training.keep = TL__KEEP_LAST;
    settings.training.lr_scheduler = (tl__member){0};
    settings.training.checkpoint = (tl__checkpoint_settings){0};
    settings.optimization.early_stopping.present = false;
    tl__trainer_options options = {.settings = &settings, .file = e->config->path, .seed = (uint64_t)s->seed,
                                   .analytics = still != NULL, .sampling = 1};
    probe_ends ends = {.graph = &e->session->model->graph};
    const tl__listener listener = {.batch = probe_on_batch, .user = &ends};
    *loss = tl__nan_d();
    if (still && e->squash) {
        size_t nodes = (size_t)ends.graph->count;
        ends.ends = tl__arena_push_zero(e->arena, nodes, sizeof *ends.ends);
        ends.counts = tl__arena_push_zero(e->arena, nodes, sizeof *ends.counts);
        if (!ends.ends || !ends.counts) return tl__fail_memory(error, nodes * sizeof *ends.ends);
        options.listeners = &listener;
        options.listener_count = 1;
    }
    TL_TRY(tl__trainer_new(e->session->model, e->session->data, &options, &trainer, error));
    tl_status status = tl__trainer_run(trainer, &inner);
    size_t count = tl__trainer_epochs(trainer);
    if (status == TL_OK && count) *loss = tl__trainer_epoch(trainer, count - 1)->train_loss;
    if (still && status == TL_OK) probe_read_still(trainer, still);
    if (still && e->squash && status == TL_OK) probe_read_ends(&ends, still);
    tl__trainer_free(trainer);
    if (status == TL_NOT_FINITE) return TL_OK;
    return status == TL_OK ? TL_OK : tl__fail(error, status, "%s", inner.message);
}

/* ---- weights ---- */

static void probe_weights(tl__evidence *e, const tl__plan *plan, const float *parameters)
{
    const tl__graph *graph = tl__plan_graph(plan);
    e->gain = e->gain_least = tl__nan_d();
    for (int i = 0; i < tl__plan_tensor_count(plan); i++) {
        const tl__tensor *tensor = tl__plan_tensor(plan, i);
        const tl__graph_node *node = &graph->nodes[tensor->node];
        const char *type = node->layer->head.name;
        if (tensor->rank < 2 || !tensor->trained || tensor->fan_in == 0 || tl__same_text(type, "embedding") ||
            tl__same_text(type, "positional_encoding") || tl__same_text(type, "basis"))
            continue;
        double squares = 0;
        bool equal = true;
        for (size_t k = 0; k < tensor->size; k++) {
            float w = parameters[tensor->offset + tl__tensor_place(tensor, k)];
            squares += (double)w * (double)w;
            equal = equal && !(w < parameters[tensor->offset]) && !(w > parameters[tensor->offset]);
        }
        double gain = tl__sqrt_d(squares / (double)tensor->size * (double)tensor->fan_in);
        if (!(e->gain >= gain)) e->gain = gain, e->gain_name = node->name;
        if (!(e->gain_least <= gain)) e->gain_least = gain, e->gain_least_name = node->name;
        bool hidden = tensor->node != tl__graph_output(graph);
        if (!equal || !hidden || tensor->dim[0] < 2 || tensor->size < 2) continue;
        e->equal_weights = true;
        e->equal_name = node->name;
    }
}

static void probe_network(tl__evidence *e, const tl__graph *graph)
{
    for (int i = 0; i < graph->count; i++) {
        const tl__graph_node *node = &graph->nodes[i];
        if (node->uses == 0) continue;
        if (node->hidden && node->position >= 0 && (!e->narrow || node->shape.dim[0] < e->narrow_nodes)) {
            e->narrow = tl__arena_format(e->arena, "network.layers[%d].nodes", node->position);
            e->narrow_nodes = node->shape.dim[node->shape.rank - 1];
        }
        tl__activation kind = probe_activation(&graph->nodes[i]);
        if (kind == TL__RELU) e->relu = true;
        if (probe_squashes(graph, i)) e->squash = true;
        const char *type = node->layer->head.name;
        if (tl__same_text(type, "reverse_norm") || tl__same_text(type, "subtract")) e->levelled = true;
    }
}

static double probe_moved(const float *a, const float *b, size_t count)
{
    double apart = 0, size = 0;
    for (size_t i = 0; i < count; i++) {
        double d = (double)a[i] - (double)b[i];
        apart += d * d;
        size += (double)b[i] * (double)b[i];
    }
    return size > 0 ? tl__sqrt_d(apart / size) : tl__nan_d();
}

/* ---- all of it ---- */

static int64_t probe_epochs(const tl__evidence *e, double flops)
{
    double epoch = 3 * flops * (double)e->data.rows;
    int64_t batch = e->config->settings.train.training.batch_size, most = PROBE_EPOCHS;
    int64_t steps = ((int64_t)e->data.rows + batch - 1) / batch, run = (int64_t)e->epochs;
    int64_t wanted = e->config->settings.train.training.epochs;
    if (run < 3 && tl__same_text(e->stopped, "nan")) run = wanted;
    if (run == 0) run = wanted;
    most = run / 3 < most ? run / 3 : most;
    most = PROBE_STEPS / steps < most ? PROBE_STEPS / steps : most;
    if (most < 1) most = 1;
    while (most > 1 && (double)most * epoch > PROBE_FLOPS) most--;
    return (double)most * epoch > 4 * PROBE_FLOPS ? 0 : most;
}

typedef struct probe_run { float *initial, *parameters; size_t bytes; } probe_run;

static tl_status probe_all(tl__evidence *e, const probe_run *r, const float *last, tl_error *error)
{
    static const double rates[TL__TRIALS] = {0.001, 0.01, 0.1, 10, 100, 1000};
    double own = e->config->settings.train.training.learning_rate, loss;
    if (e->trial_epochs == 0) return TL_OK;
    TL_TRY(probe_train(e, PROBE_STILL, 1, &loss, &e->start, error));
    memcpy(r->parameters, r->initial, r->bytes);
    TL_TRY(probe_train(e, own, e->trial_epochs, &e->own, NULL, error));
    memcpy(r->parameters, r->initial, r->bytes);
    for (int i = 0; i < TL__TRIALS; i++) {
        e->trials[i].rate = rates[i];
        TL_TRY(probe_train(e, own * rates[i], e->trial_epochs, &e->trials[i].loss, NULL, error));
        memcpy(r->parameters, r->initial, r->bytes);
    }
    if (!last) return TL_OK;
    memcpy(r->parameters, last, r->bytes);
    return probe_train(e, PROBE_STILL, 1, &loss, &e->end, error);
}

TL_PRIV tl_status tl__diagnose_trials(tl__evidence *evidence, const float *last, tl_error *error)
{
    tl_model *model = evidence->session->model;
    tl__plan_totals totals;
    size_t floats = tl__plan_parameter_floats(model->plan);
    probe_run run = {.parameters = model->parameters, .bytes = floats * sizeof(float)};
    tl__plan_totals_of(model->plan, &totals);
    run.initial = tl__arena_push(evidence->arena, run.bytes + 1);
    if (!run.initial) return tl__fail_memory(error, run.bytes);
    memcpy(run.initial, run.parameters, run.bytes);
    evidence->parameters = totals.parameter_count;
    evidence->moved = last ? probe_moved(last, run.initial, tl__plan_trained_floats(model->plan)) : tl__nan_d();
    evidence->trial_epochs = probe_epochs(evidence, totals.flops);
    probe_weights(evidence, model->plan, run.initial);
    probe_network(evidence, &model->graph);
    return probe_all(evidence, &run, last, error);
}
