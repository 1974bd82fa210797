/* Where the time of a training goes: of a run's own network and data, each layer forward and backward, the update, the
 * wait for rows; of an epoch validation and, as the run itself counted it, the output of files; beside what the machine
 * gives at most. Measured after the run, so it costs the run nothing. */
#include "base/text.h"
#include "lab/folder.h"
#include "lab/path.h"
#include "lab/session.h"
#include "nn/network_parts.h"
#include "port/port.h"
#include "train/trainer.h"

#define PROFILE_NANOSECONDS 2e8      /* to measure for, at most some steps longer */
enum { PROFILE_STEPS = 200, PROFILE_PEAK = 512 };

typedef struct profile_state {
    tl_context *context;
    tl__arena arena;
    tl__run_place place;
    tl__config *config;
    tl__session session;
    tl__builder *builder;
    tl__profile each;                /* nanoseconds */
    double data, step, parts, peak;
    size_t steps, rows, epoch_steps;
    double validation;               /* seconds of one; 0: there is none */
} profile_state;

/* ---- the machine ---- */

/* GFLOP/s of a matrix product that is large enough to be as fast as they get here. */
static tl_status profile_peak(profile_state *p, tl_error *error)
{
    tl__graph graph;
    tl__plan *plan = NULL;
    tl__network *network = NULL;
    const tl_setting nodes[] = {{.name = "nodes", .number = PROFILE_PEAK}};
    const int input = 0;
    tl_layer_description dense = {"dense", &input, 1, nodes, 1};
    const tl__shape shape = {1, {PROFILE_PEAK, 0, 0}};
    tl__plan_options options = {.kernels = p->context->kernels, .workers = tl__pool_threads(p->context->pool),
                                .max_rows = PROFILE_PEAK, .own_parameters = true};
    float *x = tl__arena_push_zero(&p->arena, PROFILE_PEAK * PROFILE_PEAK, sizeof *x);
    const float *y;
    if (!x) return tl__fail_memory(error, PROFILE_PEAK * PROFILE_PEAK * sizeof *x);
    tl__graph_init(&graph, &p->context->heap, NULL);
    tl_status status = tl__graph_add_input(&graph, NULL, &shape, error);
    if (status == TL_OK) status = tl__graph_add_description(&graph, &dense, error);
    if (status == TL_OK) status = tl__plan_new(&p->context->heap, &graph, &options, &plan, error);
    if (status == TL_OK) status = tl__network_new(&p->context->heap, plan, NULL, &network, error);
    for (int i = 0; status == TL_OK && i < 12; i++) {
        int64_t begun = tl__ticks();
        status = tl__network_forward(network, p->context->pool, x, PROFILE_PEAK, &y);
        double speed = 2.0 * PROFILE_PEAK * PROFILE_PEAK * PROFILE_PEAK / (double)(tl__ticks() - begun);
        p->peak = speed > p->peak ? speed : p->peak;
    }
    if (network) tl__network_free(&p->context->heap, network);
    if (plan) tl__plan_free(&p->context->heap, plan);
    tl__graph_free(&graph);
    return status;
}

/* ---- the training ---- */

static tl_status profile_step(profile_state *p, tl__trainer *trainer, const tl__batch *batch, tl_error *error)
{
    tl__step_result result;
    tl__rows rows = {.inputs = batch->inputs, .targets = batch->targets, .weights = batch->weights,
                     .lengths = batch->lengths, .rows = batch->rows};
    tl__update update = {.step = 1, .learning_rate = 1e-30, .l2 = trainer->settings->optimization.l2_reg,
                         .clip_norm = trainer->settings->optimization.gradient_clip};
    tl__pool *pool = p->context->pool;
    if (batch->labels) {
        for (size_t i = 0; i < batch->rows; i++) trainer->labels[i] = (float)batch->labels[i];
        rows.targets = trainer->labels;
    }
    int64_t begun = tl__ticks();
    TL_TRY(tl__network_step(trainer->network, pool, &rows, &update, &result, error));
    p->step += (double)(tl__ticks() - begun);
    TL_TRY(tl__network_profile(trainer->network, pool, &rows, &update, &p->each, error));
    p->steps++;
    p->rows += batch->rows;
    return TL_OK;
}

static tl_status profile_steps(profile_state *p, tl__trainer *trainer, tl_error *error)
{
    int64_t begun = tl__ticks();
    for (uint32_t epoch = 0; p->steps < PROFILE_STEPS; epoch++) {
        tl__batches_start(trainer->batches, epoch, 0);
        for (;;) {
            int64_t asked = tl__ticks();
            const tl__batch *batch = tl__batches_next(trainer->batches);
            p->data += (double)(tl__ticks() - asked);
            if (!batch) break;
            TL_TRY(profile_step(p, trainer, batch, error));
            if (p->steps >= PROFILE_STEPS || (double)(tl__ticks() - begun) > PROFILE_NANOSECONDS) return TL_OK;
        }
        TL_TRY(tl__batches_failure(trainer->batches, error));
    }
    return TL_OK;
}

static tl_status profile_train(profile_state *p, tl_error *error)
{
    tl__train_settings settings = p->config->settings.train;
    settings.training.accumulation = 1;
    tl__trainer_options options = {.settings = &settings, .file = p->config->path,
                                   .seed = (uint64_t)p->config->settings.seed};
    tl__trainer *trainer;
    TL_TRY(tl__trainer_new(p->session.model, p->session.data, &options, &trainer, error));
    tl_status status = tl__trainer_prepare(trainer, error);
    p->epoch_steps = (size_t)tl__trainer_epoch_steps(trainer);
    if (status == TL_OK) status = profile_steps(p, trainer, error);
    if (status == TL_OK && tl_dataset_rows(p->session.data, TL_VALIDATION)) {
        int64_t begun = tl__ticks();
        status = tl__evaluator_run(&trainer->evaluator, TL_VALIDATION);
        p->validation = (double)(tl__ticks() - begun) * 1e-9;
        if (status != TL_OK) tl__fail(error, status, "%s", tl__evaluator_why(&trainer->evaluator, status));
    }
    tl__trainer_free(trainer);
    return status;
}

/* ---- the table ---- */

static double profile_flops(const profile_state *p, const char *layer)
{
    const tl__plan *plan = p->session.model->plan;
    tl__plan_line line;
    for (int i = 0; i < tl__plan_line_count(plan); i++) {
        tl__plan_line_at(plan, i, &line);
        if (tl__same_text(line.name, layer)) return line.flops;
    }
    return 0;
}

static void profile_put_row(const profile_state *p, tl_value *list, const char *name, const char *phase, double time,
                            double flops)
{
    double each = time / (double)p->steps;
    tl_value *map = tl__put_map(p->builder, list, NULL);
    tl__put_text(p->builder, map, "name", name);
    tl__put_text(p->builder, map, "phase", phase);
    tl__put_number(p->builder, map, "microseconds", each * 1e-3);
    tl__put_number(p->builder, map, "share", time / p->parts);
    if (!(flops > 0) || !(time > 0)) return;
    double speed = flops * (double)p->rows / time;
    tl__put_number(p->builder, map, "gflops", speed);
    tl__put_number(p->builder, map, "of_peak", p->peak > 0 ? speed / p->peak : 0);
}

static void profile_put_advice(const profile_state *p, tl_value *root, double speed)
{
    tl_value *list = tl__put_list(p->builder, root, "suggestions");
    const tl__train_settings *s = &p->config->settings.train;
    double epoch = p->step / (double)p->steps * 1e-9 * (double)tl_dataset_rows(p->session.data, TL_TRAIN) /
                   ((double)p->rows / (double)p->steps);
    char text[240];
    if (p->data > 0.2 * p->parts) {
        tl__format(text, sizeof text, "%.0f %% of a step waits for rows: data.workers: %lld -> %lld",
                   100 * p->data / p->parts, (long long)p->config->settings.data.workers,
                   (long long)p->config->settings.data.workers + 2);
        tl__put_text(p->builder, list, NULL, text);
    }
    if (speed < 0.3 * p->peak && s->training.batch_size < 256) {
        tl__format(text, sizeof text, "products of so few rows use %.0f %% of the machine: training.batch_size: "
                   "%lld -> %lld (changes results; raise training.learning_rate with it)", 100 * speed / p->peak,
                   (long long)s->training.batch_size, 4 * (long long)s->training.batch_size);
        tl__put_text(p->builder, list, NULL, text);
    }
    if (p->context->threads == 1 && speed >= 0.3 * p->peak)
        tl__put_text(p->builder, list, NULL, "one thread does all of it: --threads 0 uses all processors");
    if (p->validation > 0.5 * epoch && p->validation > 0)
        tl__put_text(p->builder, list, NULL, "validation takes long beside an epoch: a smaller data.split.validation, "
                     "or a larger training.validation_batch_size");
}

/* An epoch as the parts say, and as the run itself had it. */
static void profile_put_epoch(const profile_state *p, tl_value *root)
{
    tl__tree *status;
    if (tl__run_state(p->context, p->place.folder, &status, NULL) != TL_OK) return;
    const tl_value *result = tl_value_get(&status->root, "result");
    double epochs = tl_value_number(tl_value_get(result, "epochs"), 0);
    tl_value *map = epochs > 0 ? tl__put_map(p->builder, root, "epoch") : NULL;
    if (map) {
        double output = tl_value_number(tl_value_get(result, "output_seconds"), 0);
        tl__put_integer(p->builder, map, "steps", (int64_t)p->epoch_steps);
        tl__put_number(p->builder, map, "steps_seconds",
                       1e-9 * (p->step + p->data) / (double)p->steps * (double)p->epoch_steps);
        tl__put_number(p->builder, map, "validation_seconds", p->validation);
        tl__put_number(p->builder, map, "output_seconds", output / epochs);
        tl__put_number(p->builder, map, "run_seconds", tl_value_number(tl_value_get(result, "seconds"), 0) / epochs);
    }
    tl__tree_free(status);
}

static void profile_put(profile_state *p, tl_value *root)
{
    const tl__graph *graph = &p->session.model->graph;
    double flops = 0;
    tl_value *list = tl__put_list(p->builder, root, "rows");
    p->parts = p->each.loss + p->each.update + p->data;
    for (int i = 0; i < graph->count; i++) p->parts += p->each.forward[i] + p->each.backward[i];
    for (int i = 0; i < graph->count; i++) {
        const char *name = graph->nodes[i].name;
        double own = profile_flops(p, name);
        if (!(p->each.forward[i] > 0)) continue;
        bool first = graph->nodes[i].inputs[0] == 0;     /* the data wants no gradient */
        flops += first ? 2 * own : 3 * own;
        profile_put_row(p, list, name, "forward", p->each.forward[i], own);
        profile_put_row(p, list, name, "backward", p->each.backward[i], first ? own : 2 * own);
    }
    profile_put_row(p, list, "loss", "loss", p->each.loss, 0);
    profile_put_row(p, list, "optimizer", "update", p->each.update, 0);
    profile_put_row(p, list, "data", "wait", p->data, 0);
    double speed = flops * (double)p->rows / (p->step + p->data);
    tl__put_integer(p->builder, root, "steps", (int64_t)p->steps);
    tl__put_integer(p->builder, root, "batch_size", p->config->settings.train.training.batch_size);
    tl__put_number(p->builder, root, "step_microseconds", p->step / (double)p->steps * 1e-3);
    tl__put_number(p->builder, root, "parts_microseconds", (p->parts - p->data) / (double)p->steps * 1e-3);
    tl__put_number(p->builder, root, "validation_seconds", p->validation);
    profile_put_epoch(p, root);
    tl__put_number(p->builder, root, "gflops", speed);
    tl__put_number(p->builder, root, "peak_gflops", p->peak);
    tl__put_integer(p->builder, root, "threads", p->context->threads);
    profile_put_advice(p, root, speed);
}

static tl_status profile_all(profile_state *p, const char *run, const tl_options *options, tl_error *error)
{
    TL_TRY(tl__run_find(p->context, &p->arena, run, options, &p->place, error));
    if (!p->place.folder)
        return tl__fail(error, TL_INVALID, "%s is not the folder of a run; its config and data are needed.", run);
    TL_TRY(tl__config_read_for(p->context, p->place.folder, options->set, options->set_count, options->out, &p->config,
                               error));
    TL_TRY(tl__session_open(p->context, p->config, NULL, &p->session, error));
    size_t nodes = (size_t)p->session.model->graph.count;
    p->each.forward = tl__arena_push_zero(&p->arena, nodes, sizeof *p->each.forward);
    p->each.backward = tl__arena_push_zero(&p->arena, nodes, sizeof *p->each.backward);
    if (!p->each.forward || !p->each.backward) return tl__fail_memory(error, nodes * sizeof *p->each.forward);
    TL_TRY(profile_peak(p, error));
    TL_TRY(profile_train(p, error));
    tl_value *root = tl__put_map(p->builder, NULL, NULL);
    tl__put_text(p->builder, root, "run", p->place.folder);
    profile_put(p, root);
    const char *file = tl__path_join(&p->arena, p->place.folder, "profile.json");
    if (!file || p->builder->failed) return tl__fail_memory(error, 256);
    return tl__json_save(p->context, root, file, false, error);
}

TL_API tl_status tl_profile(tl_context *context, const char *run, const tl_options *options, tl_value **out,
                            tl_error *error)
{
    static const tl_options defaults = TL_OPTIONS;
    tl__tree *tree;
    tl__builder builder;
    if (tl__tree_new(&context->heap, NULL, &tree) != TL_OK) return tl__fail_memory(error, sizeof *tree);
    tl__builder_init(&builder, tree);
    profile_state p = {.context = context, .builder = &builder};
    tl__arena_init(&p.arena, &context->heap);
    tl_status status = profile_all(&p, run, options ? options : &defaults, error);
    tl__session_close(&p.session);
    tl__config_free(p.config);
    tl__arena_free(&p.arena);
    if (status == TL_OK) *out = &tree->root;
    else tl__tree_free(tree);
    return status;
}
