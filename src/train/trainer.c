/* Making a trainer: sizes become a plan, the plan becomes blocks.
 *
 * Blocks of a run: the network's (nn/plan.h), the batches' (data/batch.h), one for all else (trainer_carve lists it),
 * and the reserve. They are asked for together, before the first step, and freed together. */
#include "train/trainer.h"

#include "base/math.h"
#include "base/text.h"
#include "kernels/kernels.h"
#include "port/port.h"
#include "text/bind.h"
#include "text/yaml.h"

static bool trainer_classifies(const tl_dataset *data)
{
    return data->pipeline->classification;
}

/* ---- the plan ---- */

TL_PRIV size_t tl__trainer_floats(const tl__trainer *trainer)
{
    return tl__plan_parameter_floats(trainer->plan);
}

static void trainer_carve(tl__carver *carver, tl__trainer *trainer)
{
    size_t floats = tl__trainer_floats(trainer);
    bool classes = trainer_classifies(trainer->data);
    trainer->labels = TL_CARVE(carver, float, classes ? trainer->step_rows : 0);
    trainer->output_scale = TL_CARVE(carver, double, trainer->data->pipeline->outputs);
    trainer->buffers = TL_CARVE(carver, float, floats - tl__plan_trained_floats(trainer->plan));
    trainer->best = TL_CARVE(carver, float, trainer->keep == TL__KEEP_LAST ? 0 : floats);
    if (trainer->keep == TL__KEEP_LAST) trainer->best = NULL;
    trainer->history = TL_CARVE(carver, tl__epoch, trainer->history_size);
    trainer->ring.floats = floats;
    tl__ring_carve(carver, &trainer->ring, trainer->options.folder == NULL);
    size_t rows = classes && trainer->validation ? trainer->data->part[TL_VALIDATION].count : 0;
    trainer->kept = TL_CARVE(carver, float, rows);
    if (rows == 0) trainer->kept = NULL;
    tl__evaluator_carve(carver, &trainer->evaluator);
}

static tl_status trainer_plan(tl__trainer *trainer, tl_error *error)
{
    const tl__training_settings *training = &trainer->settings->training;
    const tl_dataset *data = trainer->data;
    tl_context *context = trainer->context;
    size_t rows = data->part[TL_TRAIN].count, largest = 0;
    for (int part = 0; part < TL__PARTS; part++) largest = tl__size_max(largest, data->part[part].count);
    size_t evaluation = training->validation_batch_size ? (size_t)training->validation_batch_size
                                                        : (size_t)training->batch_size;
    trainer->step_rows = tl__size_min(trainer->step_rows, rows);
    tl__evaluator_init(&trainer->evaluator, trainer->model, data, trainer->loss, trainer->loss_settings, evaluation,
                       largest);
    int64_t shards = training->gradient_shards > training->accumulation ? training->gradient_shards :
        training->accumulation;
    size_t accumulation = (size_t)training->accumulation;
    tl__plan_options options = {
        .kernels = context->kernels, .workers = tl__pool_threads(context->pool), .training = true,
        .max_rows = tl__size_max(1, (trainer->step_rows + accumulation - 1) / accumulation),
        .evaluation_rows = trainer->evaluator.batch, .shards = (int)shards, .accumulation = (int)accumulation,
        .recompute = training->recompute,
        .loss = trainer->loss, .loss_settings = trainer->loss_settings,
        .target_width = trainer_classifies(data) ? 0 : data->pipeline->outputs, .optimizer = trainer->optimizer,
        .optimizer_settings = trainer->optimizer_settings, .seed = trainer->options.seed,
    };
    TL_TRY(tl__plan_new(&context->heap, &trainer->model->graph, &options, &trainer->plan, error));
    trainer->batch_options = (tl__batch_options){
        .part = TL_TRAIN, .batch_size = trainer->step_rows, .shuffle = data->shuffle,
        .shuffle_block = data->shuffle_block, .drop_last = training->drop_last, .workers = data->workers,
        .cache_bytes = data->cache_bytes, .augment = true,
    };
    trainer->steps = training->drop_last ? rows / trainer->step_rows :
        (rows + trainer->step_rows - 1) / trainer->step_rows;
    trainer->history_size = (size_t)(training->epochs < TL__HISTORY ? training->epochs : TL__HISTORY);
    tl__carver carver = {0};
    trainer_carve(&carver, trainer);
    if (carver.overflow) return tl__fail_memory(error, SIZE_MAX);
    trainer->block_size = carver.used;
    return TL_OK;
}

/* The reserve holds what sorting for the area under the curve takes, or a checkpoint: it is grown until one fits. The
 * trial's memory is never more than the plan's. */
static tl_status trainer_plan_reserve(tl__trainer *trainer, tl_error *error)
{
    tl__heap *heap = &trainer->context->heap;
    size_t ranking = trainer_classifies(trainer->data) ? tl__ranking_bytes(trainer->evaluator.capacity) : 0;
    size_t size = tl__size_max(tl__size_min(ranking, SIZE_MAX / 2), 8192);
    tl_status status = TL_OK;
    if (trainer->options.folder) {
        for (;; size += size / 4) {
            tl__reserve reserve;
            void *block = tl__alloc_aligned(heap, size);
            if (!block) return tl__fail_memory(error, size);
            tl__reserve_init(&reserve, block, size);
            status = tl__checkpoint_measure(trainer, &reserve, NULL);
            tl__free_aligned(heap, block, size);
            if (status != TL_OUT_OF_MEMORY) break;
        }
    }
    trainer->reserve_size = size + 1024;    /* numbers of a later checkpoint may have more digits */
    return status == TL_OK ? TL_OK : tl__fail(error, status, "a checkpoint could not be prepared: %s",
                                              tl_status_text(status));
}

static void trainer_line(tl__memory *memory, const char *name, size_t bytes)
{
    if (bytes == 0 || memory->count == TL__MEMORY_LINES) return;
    memory->lines[memory->count++] = (tl__memory_line){name, bytes};
    memory->total += bytes;
}

static size_t trainer_aligned(size_t bytes) { return bytes ? bytes + TL__ALIGNED_EXTRA : 0; }

/* Lines of what is asked for at the start of the run, after what is in use already. */
static void trainer_memory(const tl__trainer *trainer, tl__memory *out)
{
    tl__plan_totals totals;
    size_t floats = tl__trainer_floats(trainer) * sizeof(float), used = trainer->context->heap.in_use;
    size_t data = trainer->data->bytes;
    *out = (tl__memory){.count = 0};
    tl__plan_totals_of(trainer->plan, &totals);
    trainer_line(out, "data", data);
    trainer_line(out, "parameters", trainer_aligned(floats));
    trainer_line(out, "settings, graph and plan", used - data - trainer_aligned(floats));
    trainer_line(out, "gradients", totals.gradients);
    trainer_line(out, "optimizer state", totals.state);
    trainer_line(out, "activations", totals.values);
    trainer_line(out, "scratch", totals.scratch);
    trainer_line(out, "network", totals.network - totals.gradients - totals.state - totals.values - totals.scratch);
    trainer_line(out, "batches", tl__batches_bytes(trainer->data, &trainer->batch_options));
    size_t copy = trainer->keep == TL__KEEP_LAST ? 0 : floats;
    size_t ring = trainer->options.folder ? 0 : trainer->ring.slots * floats;
    trainer_line(out, "best weights", copy);
    trainer_line(out, "weights of the last epochs", ring);
    trainer_line(out, "history and evaluation", trainer_aligned(trainer->block_size) - copy - ring);
    trainer_line(out, "analytics", tl__analytics_bytes(trainer));
    trainer_line(out, "reserve for checkpoints and reports", trainer_aligned(trainer->reserve_size));
}

TL_PRIV void tl__trainer_memory(const tl__trainer *trainer, tl__memory *out)
{
    if (trainer->prepared) *out = trainer->memory;
    else trainer_memory(trainer, out);
}

TL_PRIV const tl__plan *tl__trainer_plan(const tl__trainer *trainer)
{
    return trainer->plan;
}

/* ---- life ---- */

static tl_status trainer_copy_text(tl__trainer *trainer, const char **text, tl_error *error)
{
    if (!*text) return TL_OK;
    const char *copy = tl__arena_text(&trainer->arena, *text);
    if (!copy) return tl__fail_memory(error, strlen(*text) + 1);
    *text = copy;
    return TL_OK;
}

static tl_status trainer_describe(tl__trainer *trainer, tl_error *error);

static tl_status trainer_fill(tl__trainer *trainer, tl_error *error)
{
    TL_TRY(trainer_copy_text(trainer, &trainer->options.folder, error));
    TL_TRY(trainer_copy_text(trainer, &trainer->options.model_id, error));
    TL_TRY(trainer_copy_text(trainer, &trainer->options.run, error));
    TL_TRY(trainer_copy_text(trainer, &trainer->options.file, error));
    TL_TRY(tl__trainer_bind(trainer, error));
    TL_TRY(tl__model_set_pipeline(trainer->model, trainer->data->pipeline, error));
    trainer->model->link = trainer->loss->link;
    TL_TRY(trainer_describe(trainer, error));
    TL_TRY(trainer_plan(trainer, error));
    TL_TRY(tl__analytics_plan(trainer, error));
    return trainer_plan_reserve(trainer, error);
}

/* The settings that results depend on, for the model's file. */
static tl_status trainer_describe(tl__trainer *trainer, tl_error *error)
{
    tl__tree *tree;
    tl__builder builder;
    tl_status status = tl__tree_new(&trainer->context->heap, NULL, &tree);
    if (status != TL_OK) return tl__fail_memory(error, sizeof *tree);
    tl__builder_init(&builder, tree);
    tl_value *root = tl__put_map(&builder, NULL, NULL);
    tl__training_settings training = trainer->settings->training;
    training.loss.name = trainer->loss->head.name;
    tl__unbind(&builder, root, "training", tl__training_rows(), &training, TL__RESULT);
    tl__unbind(&builder, root, "optimization", tl__optimization_rows(), &trainer->settings->optimization, TL__RESULT);
    tl__put_integer(&builder, root, "seed", (int64_t)trainer->options.seed);
    status = builder.failed ? TL_OUT_OF_MEMORY : tl__model_set_settings(trainer->model, root);
    if (status == TL_OK) trainer->settings_text = tl__arena_text(&trainer->arena, trainer->model->settings);
    if (trainer->options.folder && status == TL_OK) {
        tl__buffer text;
        tl__buffer_init(&text, &trainer->context->heap);
        const tl_value *data = tl__dataset_describe(&builder, root, "data", trainer->data);
        if (!builder.failed) tl__json_write(&text, data, 0);
        if (!builder.failed && !text.failed) trainer->data_text = tl__arena_text(&trainer->arena, text.data);
        tl__buffer_free(&text);
        if (!trainer->data_text) status = TL_OUT_OF_MEMORY;
    }
    tl__tree_free(tree);
    return status == TL_OK && trainer->settings_text ? TL_OK : tl__fail_memory(error, 0);
}

TL_PRIV tl_status tl__trainer_new(tl_model *model, const tl_dataset *data, const tl__trainer_options *options,
                                  tl__trainer **out, tl_error *error)
{
    tl_context *context = model->context;
    tl__trainer *trainer = tl__alloc_zero(&context->heap, 1, sizeof *trainer);
    if (!trainer) return tl__fail_memory(error, sizeof *trainer);
    trainer->context = context;
    trainer->model = model;
    trainer->data = data;
    trainer->live = *options->settings;
    trainer->settings = &trainer->live;
    trainer->options = *options;
    trainer->stopped = trainer->trigger = "";
    tl__arena_init(&trainer->arena, &context->heap);
    tl_status status = trainer_fill(trainer, error);
    if (status != TL_OK) tl__trainer_free(trainer);
    else *out = trainer;
    return status;
}

static void trainer_free_reserve(tl__trainer *trainer)
{
    if (trainer->reserve_block)
        tl__free_aligned(&trainer->context->heap, trainer->reserve_block, trainer->reserve_size);
    trainer->reserve_block = NULL;
}

static void trainer_release(tl__trainer *trainer)
{
    tl__heap *heap = &trainer->context->heap;
    trainer_free_reserve(trainer);
    tl__batches_free(trainer->batches);
    if (trainer->network) tl__network_free(heap, trainer->network);
    trainer->batches = NULL;
    trainer->network = NULL;
}

static void trainer_free_block(tl__trainer *trainer)
{
    if (trainer->block) tl__free_aligned(&trainer->context->heap, trainer->block, trainer->block_size);
    trainer->block = NULL;
}

TL_PRIV void tl__trainer_keep_records(tl__trainer *trainer)
{
    trainer_release(trainer);
    if (tl__trainer_records(trainer)) trainer_free_block(trainer);    /* else its history is all that there is */
}

TL_PRIV void tl__trainer_free(tl__trainer *trainer)
{
    if (!trainer) return;
    tl__heap *heap = &trainer->context->heap;
    trainer_release(trainer);
    trainer_free_block(trainer);
    tl__analytics_free(trainer);
    if (trainer->plan) tl__plan_free(heap, trainer->plan);
    tl__arena_free(&trainer->arena);
    tl__free(heap, trainer, sizeof *trainer);
}

static tl_status trainer_allocate(tl__trainer *trainer, tl_error *error)
{
    tl__heap *heap = &trainer->context->heap;
    TL_TRY(tl__network_new(heap, trainer->plan, trainer->model->parameters, &trainer->network, error));
    TL_TRY(tl__batches_new(trainer->data, &trainer->batch_options, &trainer->batches, error));
    trainer->block = tl__alloc_aligned(heap, trainer->block_size);
    if (!trainer->block) return tl__fail_memory(error, trainer->block_size);
    trainer->reserve_block = tl__alloc_aligned(heap, trainer->reserve_size);
    return trainer->reserve_block ? TL_OK : tl__fail_memory(error, trainer->reserve_size);
}

TL_PRIV tl_status tl__trainer_prepare(tl__trainer *trainer, tl_error *error)
{
    if (trainer->prepared) return TL_OK;
    const tl__pipeline *pipeline = trainer->data->pipeline;
    tl_error inner = {0};
    trainer_memory(trainer, &trainer->memory);
    tl_status status = trainer_allocate(trainer, &inner);
    if (status != TL_OK) {
        trainer_release(trainer);
        trainer_free_block(trainer);
        if (status == TL_OUT_OF_MEMORY)
            return tl__fail(error, status, "training needs %zu bytes in all, and there is not so much memory; make "
                            "training.batch_size or the network smaller", trainer->memory.total);
        return tl__fail(error, status, "%s", inner.message);
    }
    memset(trainer->block, 0, trainer->block_size);
    tl__carver carver = {.base = trainer->block};
    trainer_carve(&carver, trainer);
    for (size_t i = 0; i < trainer->ring.slots; i++) trainer->ring.slot[i].epoch = -1;
    for (size_t i = 0; i < pipeline->outputs; i++)
        trainer->output_scale[i] = pipeline->target_scale && !pipeline->forecast ? pipeline->target_scale[i] : 1;
    trainer->evaluator.network = trainer->network;
    tl__reserve_init(&trainer->reserve, trainer->reserve_block, trainer->reserve_size);
    tl__analytics_prepare(trainer);
    const tl_context *context = trainer->context;    /* member by member: another thread may be writing `cancelled` */
    trainer->shadow = (tl_context){.heap = trainer->reserve.heap, .seed = context->seed, .threads = 1,
                                   .kernels = context->kernels, .clock = context->clock,
                                   .clock_user = context->clock_user};
    trainer->prepared = true;
    return TL_OK;
}

/* ---- state and results ---- */

TL_PRIV void tl__trainer_save_state(tl__trainer *trainer)
{
    tl__train_state *state = &trainer->state;
    state->reference = trainer->stopping.reference;
    state->bad = (double)trainer->stopping.bad;
    state->trigger = (double)trainer->stopping.trigger;
    state->by_ratio = trainer->stopping.by_ratio;
    state->best_value = trainer->best_epoch.value;
    state->best_epoch = (double)trainer->best_epoch.epoch;
    state->rate = trainer->plateau.rate;
    state->plateau_best = trainer->plateau.best;
    state->plateau_bad = (double)trainer->plateau.bad;
    state->cooldown = (double)trainer->plateau.cooldown;
    state->reductions = (double)trainer->plateau.reductions;
}

TL_PRIV void tl__trainer_load_state(tl__trainer *trainer)
{
    const tl__train_state *state = &trainer->state;
    trainer->stopping.reference = state->reference;
    trainer->stopping.bad = (int64_t)state->bad;
    trainer->stopping.trigger = (int64_t)state->trigger;
    trainer->stopping.by_ratio = state->by_ratio != 0;
    trainer->best_epoch.value = state->best_value;
    trainer->best_epoch.epoch = (int64_t)state->best_epoch;
    trainer->plateau = (tl__schedule_state){state->rate, state->plateau_best, (int64_t)state->plateau_bad,
                                            (int64_t)state->cooldown, (int64_t)state->reductions};
}

TL_PRIV void tl__trainer_result(const tl__trainer *trainer, tl__train_result *out)
{
    tl__plan_totals totals;
    double seconds = trainer->state.seconds + trainer->state.epoch_seconds - trainer->seconds_before;
    tl__plan_totals_of(trainer->plan, &totals);
    *out = (tl__train_result){
        .stopped = trainer->stopped, .trigger = trainer->trigger, .epochs = (int64_t)trainer->state.epoch,
        .best_epoch = trainer->best_epoch.epoch, .kept_epoch = trainer->kept_epoch, .seconds = seconds,
        .samples_per_second = seconds > 0 ? trainer->session_samples / seconds : 0,
        .parameters = (int64_t)totals.parameter_count, .memory_bytes = trainer->memory.total,
        .output_seconds = trainer->output_seconds,
    };
}

TL_PRIV size_t tl__trainer_epochs(const tl__trainer *trainer)
{
    return (size_t)trainer->state.history;
}

TL_PRIV const tl__epoch *tl__trainer_epoch(const tl__trainer *trainer, size_t index)
{
    return index < tl__trainer_epochs(trainer) ? &trainer->history[index] : NULL;
}

TL_PRIV const float *tl__trainer_parameters(const tl__trainer *trainer)
{
    return trainer->model->parameters;
}

TL_PRIV const float *tl__trainer_predictions(const tl__trainer *trainer, size_t *count)
{
    const tl__evaluator *evaluator = &trainer->evaluator;
    if (!trainer->validation) return NULL;
    *count = tl__size_min(evaluator->rows, evaluator->held) * evaluator->outputs;
    return evaluator->predicted;
}

static tl_status trainer_evaluate(tl__trainer *trainer, tl_part part, tl_error *error)
{
    tl_status status = tl__evaluator_run(&trainer->evaluator, part);
    return status == TL_OK ? TL_OK : tl__fail(error, status, "evaluating failed: %s",
                                              tl__evaluator_why(&trainer->evaluator, status));
}

TL_PRIV tl_status tl__trainer_score(tl__trainer *trainer, tl_part part, tl_scores *out, tl_error *error)
{
    TL_TRY(tl__trainer_prepare(trainer, error));
    tl__scores_clear(out);
    if (trainer->data->part[part].count == 0) return TL_OK;
    TL_TRY(trainer_evaluate(trainer, part, error));
    tl_status status = tl__evaluator_scores(&trainer->evaluator, &trainer->reserve.heap, out);
    return status == TL_OK ? TL_OK : tl__fail_memory(error, tl__ranking_bytes(trainer->evaluator.rows));
}

TL_PRIV tl_status tl__trainer_record(tl__trainer *trainer, tl_part part, tl__builder *builder, tl_value *parent,
                                     const char *key, tl_scores *out, tl_error *error)
{
    TL_TRY(tl__trainer_prepare(trainer, error));
    tl__scores_clear(out);
    if (trainer->data->part[part].count == 0) {
        tl__put_integer(builder, tl__put_map(builder, parent, key), "samples", 0);
        return builder->failed ? tl__fail_memory(error, 64) : TL_OK;
    }
    TL_TRY(trainer_evaluate(trainer, part, error));
    tl_status status = tl__evaluator_record(&trainer->evaluator, &trainer->context->heap, builder, parent, key, out);
    tl_value *map = status == TL_OK && part == TL_VALIDATION && trainer->kept ? parent->last : NULL;
    double stability = map ? tl__stability_index(trainer->kept, trainer->evaluator.rows, (size_t)trainer->state.epoch)
                           : 0;
    if (map && stability == stability) tl__put_number(builder, map, "stability_index", stability);
    return status == TL_OK ? TL_OK : tl__fail_memory(error, tl__ranking_bytes(trainer->evaluator.rows));
}

TL_PRIV void tl__trainer_classes(const tl__trainer *trainer, const int32_t **truth, const int32_t **predicted)
{
    *truth = trainer->evaluator.truth;
    *predicted = trainer->evaluator.predicted_classes;
}

TL_PRIV void tl__trainer_release(tl__trainer *trainer)
{
    trainer_free_reserve(trainer);
    tl__reserve_init(&trainer->reserve, NULL, 0);
    tl__batches_free(trainer->batches);
    trainer->batches = NULL;
}
