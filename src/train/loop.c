/* The loop: epochs of steps, validation after each, and what follows from it.
 *
 * Everything that decides what comes next stands in trainer->state (and in arrays that checkpoints hold), so a run that
 * stops between any two steps and goes on from its checkpoint takes the same steps with the same numbers. The end of an
 * epoch is one unit: a run stopped after an epoch's last step, before its validation, validates when it goes on. */
#include "train/trainer.h"

#include "base/math.h"
#include "base/text.h"
#include "kernels/kernels.h"
#include "port/port.h"
#include "train/alerts.h"

enum {
    LOOP_SAMPLING = 10,         /* gradient norms are looked at in every so many steps, and in an epoch's last, unless
                                   options.sampling says else */
    LOOP_LOOK = 1000000,        /* nanoseconds: about how often the clock is looked at ... */
    LOOP_STRIDE = 1023          /* ... but at least every so many steps and one */
};

/* ---- a step ---- */

static void loop_begin_epoch(tl__trainer *trainer)
{
    tl__train_state *state = &trainer->state;
    state->loss_sum = state->samples = state->hits = state->error_sum = state->batches = 0;
    state->norm_sum = state->norm_max = state->norm_count = 0;
    state->element_mean = state->element_max = 0;
    state->epoch_seconds = 0;
}

/* For what happens some times a second: short steps do not each ask for the time. */
static void loop_look(tl__trainer *trainer)
{
    if (trainer->unlooked > 0) {
        trainer->unlooked--;
        return;
    }
    int64_t now = tl__ticks();
    trainer->stride = now - trainer->now < LOOP_LOOK ? 2 * trainer->stride + 1 : 0;
    if (trainer->stride > LOOP_STRIDE) trainer->stride = LOOP_STRIDE;
    trainer->unlooked = trainer->stride;
    trainer->now = now;
}

/* The class that a row of outputs names: the first largest; of one output the class 1 when it is above 0. Selections
 * without branches, which could not be foreseen. */
static int32_t loop_class(const float *row, size_t width)
{
    float most = row[0];
    size_t top = width == 1 && most > 0;
    for (size_t j = 1; j < width; j++) {
        bool more = row[j] > most;
        most = more ? row[j] : most;
        top = more ? j : top;
    }
    return (int32_t)top;
}

/* Hits, or absolute errors in the target's unit, of rows whose outputs the network has just computed. */
static void loop_count(tl__trainer *trainer, const float *outputs, const tl__batch *batch, size_t first, size_t rows)
{
    tl__train_state *state = &trainer->state;
    size_t width = trainer->evaluator.width, columns = trainer->evaluator.outputs;
    if (batch->labels) {
        size_t hits = 0;
        for (size_t i = 0; i < rows; i++)
            hits += batch->labels[first + i] == loop_class(outputs + i * width, width);
        state->hits += (double)hits;
        for (size_t i = 0; trainer->analytics.counts && i < rows; i++)
            tl__analytics_predicted(&trainer->analytics, batch->labels[first + i],
                                    loop_class(outputs + i * width, width));
        tl__analytics_outputs(trainer, outputs, rows);
        return;
    }
    const tl__pipeline *pipeline = trainer->data->pipeline;
    size_t per_target = pipeline->target_classes ? 1 : width / columns;
    for (size_t i = 0; i < rows; i++) {
        const float *row = outputs + i * width;
        for (size_t j = 0; j < columns; j++) {
            size_t classes = tl__target_classes(pipeline, pipeline->target_classes ? j : 0);
            double wanted = (double)batch->targets[(first + i) * columns + j];
            if (!classes) state->error_sum += tl__abs((double)row[per_target / 2] - wanted) * trainer->output_scale[j];
            row += classes ? classes : per_target;
        }
    }
}

/* Norms per tensor: avg = total / number of tensors, max = largest. */
static void loop_norms(tl__trainer *trainer)
{
    tl__train_state *state = &trainer->state;
    double squares = 0, tensors = 0;
    for (int i = 0; i < tl__plan_tensor_count(trainer->plan); i++) {
        if (!tl__plan_tensor(trainer->plan, i)->trained) continue;
        double norm = tl__network_norm(trainer->network, i);
        squares += norm * norm;
        tensors += 1;
        if (norm > state->norm_max) state->norm_max = norm;
    }
    if (tensors > 0) state->norm_sum += tl__sqrt_d(squares) / tensors;
    state->norm_count += 1;
    tl__analytics_gradients(trainer);
}

/* One step over a batch; under accumulation in parts. Counts hits or errors of its outputs. */
static tl_status loop_take(tl__trainer *trainer, const tl__batch *batch, const tl__update *update,
                           tl__step_result *result, tl_error *error)
{
    tl__network *network = trainer->network;
    tl__pool *pool = trainer->context->pool;
    size_t features = trainer->evaluator.features, target_width = trainer->evaluator.outputs;
    size_t pieces = (size_t)trainer->settings->training.accumulation;
    tl__rows part = {.inputs = batch->inputs, .targets = batch->targets, .weights = batch->weights,
                     .lengths = batch->lengths, .rows = batch->rows, .step = (uint32_t)trainer->state.total_steps};
    if (batch->labels) {
        for (size_t i = 0; i < batch->rows; i++) trainer->labels[i] = (float)batch->labels[i];
        part.targets = trainer->labels;
        target_width = 1;
    }
    if (pieces == 1) {
        TL_TRY(tl__network_step(network, pool, &part, update, result, error));
        loop_count(trainer, tl__network_output(network), batch, 0, batch->rows);
        return TL_OK;
    }
    const tl__rows whole = part;
    part.denominator = tl__network_denominator(network, whole.targets, whole.weights, whole.rows);
    for (size_t i = 0; i < pieces; i++) {
        size_t first = tl__piece(whole.rows, pieces, i);
        part.rows = tl__piece(whole.rows, pieces, i + 1) - first;
        part.first_row = first;
        part.inputs = whole.inputs + first * features;
        part.targets = whole.targets + first * target_width;
        if (whole.weights) part.weights = whole.weights + first;
        if (whole.lengths) part.lengths = whole.lengths + first;
        TL_TRY(tl__network_learn(network, pool, &part, error));
        if (part.rows) loop_count(trainer, tl__network_output(network), batch, first, part.rows);
    }
    return tl__network_update(network, pool, update, result, error);
}

/* Is this step's norm of gradients one of those that figures are made from? */
static bool loop_samples(const tl__trainer *trainer)
{
    size_t step = (size_t)trainer->state.step + 1, rate = (size_t)trainer->options.sampling;
    return step % (rate ? rate : LOOP_SAMPLING) == 0 || step == trainer->steps;
}

static void loop_update_of(const tl__trainer *trainer, tl__update *update)
{
    const tl__train_state *state = &trainer->state;
    const tl__training_settings *training = &trainer->settings->training;
    const tl__optimization_settings *optimization = &trainer->settings->optimization;
    tl__schedule_point point = {training->learning_rate, 0};
    if (trainer->schedule) {
        tl__schedule_time time = {
            .learning_rate = training->learning_rate, .epoch = (int64_t)state->epoch, .epochs = training->epochs,
            .step = (int64_t)state->total_steps, .steps = (int64_t)trainer->steps * training->epochs,
        };
        tl__schedule_at(trainer->schedule, trainer->schedule_settings, &time, &trainer->plateau, &point);
    }
    *update = (tl__update){
        .step = (int64_t)state->total_steps + 1, .learning_rate = point.learning_rate, .momentum = point.momentum,
        .l2 = optimization->l2_reg, .clip_norm = optimization->gradient_clip,
        .clip_largest = optimization->gradient_clip_by == 1, .clip_value = optimization->gradient_clip_value,
        .want_figures = (size_t)state->step + 1 == trainer->steps, .want_norms = loop_samples(trainer),
    };
}

static tl_status loop_step(tl__trainer *trainer, const tl__batch *batch, tl_error *error)
{
    tl__train_state *state = &trainer->state;
    tl__update update;
    tl__step_result result = {0};
    tl_error inner;
    size_t trained = tl__plan_trained_floats(trainer->plan);
    float *buffers = trainer->model->parameters + trained;
    size_t buffer_bytes = (tl__trainer_floats(trainer) - trained) * sizeof(float);
    inner.mistakes = 0;       /* all that is needed to be empty: zeroing the rest takes as long as an optimizer step */
    inner.message[0] = '\0';
    loop_update_of(trainer, &update);
    trainer->analytics.look = update.want_norms;
    double hits = state->hits, error_sum = state->error_sum;
    if (buffer_bytes) memcpy(trainer->buffers, buffers, buffer_bytes);
    tl_status status = loop_take(trainer, batch, &update, &result, &inner);
    if (status != TL_OK) {
        tl__network_forget(trainer->network);
        if (buffer_bytes) memcpy(buffers, trainer->buffers, buffer_bytes);
        state->hits = hits;
        state->error_sum = error_sum;
        if (status != TL_NOT_FINITE) return tl__fail(error, status, "%s", inner.message);
        return tl__fail(error, status, "epoch %lld, step %lld: %s", (long long)state->epoch + 1,
                        (long long)state->step + 1,
                        inner.message);
    }
    state->step += 1;
    state->total_steps += 1;
    state->loss_sum += result.loss * (double)batch->rows;
    state->samples += (double)batch->rows;
    state->batches += 1;
    state->learning_rate = update.learning_rate;
    trainer->session_steps += 1;
    trainer->session_samples += (double)batch->rows;
    if (update.want_norms) loop_norms(trainer);
    if (update.want_figures) {
        state->element_mean = result.element_mean;
        state->element_max = result.element_max;
    }
    return TL_OK;
}

/* ---- progress ---- */

static void loop_progress_of(const tl__trainer *trainer, bool epoch_end, tl_progress *out)
{
    const tl__train_state *state = &trainer->state;
    double elapsed = (double)(tl__ticks() - trainer->started) * 1e-9;
    double all = (double)trainer->steps * (double)trainer->settings->training.epochs;
    double left = all - state->total_steps;
    bool ending = epoch_end && state->ended != TL__END_NONE;
    *out = (tl_progress){
        .state = "training", .epoch = (int64_t)state->epoch + (epoch_end ? 0 : 1),
            .epochs = trainer->settings->training.epochs,
        .step = epoch_end ? (int64_t)trainer->steps : (int64_t)state->step, .steps = (int64_t)trainer->steps,
        .loss = epoch_end ? state->last_train_loss
                          : state->samples > 0 ? state->loss_sum / state->samples : tl__nan_d(),
        .validation_loss = state->last_val_loss, .accuracy = state->last_accuracy,
        .learning_rate = state->learning_rate,
        .seconds = elapsed, .samples_per_second = elapsed > 0 ? trainer->session_samples / elapsed : tl__nan_d(),
        .seconds_left = ending ? 0 : trainer->session_steps > 0 ? elapsed / trainer->session_steps * left : tl__nan_d(),
        .epoch_end = epoch_end, .regression = trainer->evaluator.classes == 0,
        .run = trainer->options.run ? trainer->options.run : "", .line = epoch_end ? trainer->line : "", .note = "",
    };
}

/* The record of the newest epoch: the collector's, or what every training knows, as a row in *one. */
typedef struct loop_record {
    tl__record one;
    tl__records records;
    tl_epoch epoch;
} loop_record;

static const tl_epoch *loop_record_of(const tl__trainer *trainer, loop_record *out)
{
    const tl__records *records = tl__trainer_records(trainer);
    size_t count = (size_t)trainer->state.history;
    if (!records) {
        tl__record before = {.epoch = trainer->history[count > 1 ? count - 2 : 0]};
        tl__row_clear((double *)(void *)&out->one, sizeof out->one / sizeof(double));
        out->one.epoch = trainer->history[count - 1];
        tl__record_judge(&out->one, count > 1 ? &before : NULL);
        out->records = (tl__records){.count = 1, .validation = trainer->validation,
                                     .rows = (const double *)(const void *)&out->one};
        records = &out->records;
    }
    out->epoch = (tl_epoch){records, records->count - 1};
    return &out->epoch;
}

/* Tell who listens; a progress function that gives false cancels. */
static tl_status loop_tell(tl__trainer *trainer, bool epoch_end, tl_error *error)
{
    tl_progress progress;
    loop_record record;
    for (size_t i = 0; !epoch_end && i < trainer->options.listener_count; i++) {
        const tl__listener *listener = &trainer->options.listeners[i];
        if (!listener->batch) continue;
        loop_progress_of(trainer, epoch_end, &progress);
        TL_TRY(listener->batch(listener->user, trainer, &progress, error));
        tl__analytics_begin(trainer);
    }
    if (!trainer->options.progress || (!epoch_end && trainer->now - trainer->last_progress < 100000000)) return TL_OK;
    trainer->last_progress = trainer->now;
    loop_progress_of(trainer, epoch_end, &progress);
    if (epoch_end) progress.record = loop_record_of(trainer, &record);
    if (!trainer->options.progress(trainer->options.progress_user, &progress)) trainer->context->cancelled = 1;
    if (!epoch_end) tl__analytics_begin(trainer);
    return TL_OK;
}

/* ---- the end of an epoch ---- */

static double loop_monitored(const tl__trainer *trainer, const tl__epoch *epoch)
{
    const double values[] = {
        [TL__MONITOR_AUTO] = epoch->val_loss, [TL__MONITOR_VAL_LOSS] = epoch->val_loss,
        [TL__MONITOR_TRAIN_LOSS] = epoch->train_loss, [TL__MONITOR_ACCURACY] = epoch->val_accuracy,
        [TL__MONITOR_BALANCED_ACCURACY] = epoch->val_balanced_accuracy, [TL__MONITOR_F1_MACRO] = epoch->val_f1_macro,
        [TL__MONITOR_MAE] = epoch->val_mae, [TL__MONITOR_MSE] = epoch->val_mse, [TL__MONITOR_R2] = epoch->val_r2,
    };
    return values[trainer->monitor];
}

static tl_status loop_validate(tl__trainer *trainer, tl__epoch *epoch, tl_error *error)
{
    const tl__evaluator *evaluator = &trainer->evaluator;
    if (!trainer->validation) return TL_OK;
    trainer->evaluator.quick = true;
    tl_status status = tl__evaluator_run(&trainer->evaluator, TL_VALIDATION);
    trainer->evaluator.quick = false;
    if (status != TL_OK)
        return tl__fail(error, status, "the validation of epoch %lld failed: %s", (long long)epoch->epoch,
                        tl__evaluator_why(evaluator, status));
    epoch->val_loss = evaluator->loss_value;
    if (evaluator->classes) {
        epoch->val_accuracy = evaluator->summary.accuracy;
        epoch->val_balanced_accuracy = evaluator->summary.balanced_accuracy;
        epoch->val_f1_macro = evaluator->summary.f1_macro;
        tl__stability_add(trainer->kept, evaluator->predicted_classes, evaluator->rows);
    } else {
        epoch->val_mae = evaluator->figures.mae;
        epoch->val_mse = evaluator->figures.mse;
        epoch->val_r2 = evaluator->figures.r2;
    }
    return TL_OK;
}

static void loop_fill_epoch(const tl__trainer *trainer, tl__epoch *epoch)
{
    const tl__train_state *state = &trainer->state;
    double nan = tl__nan_d();
    bool classes = trainer->evaluator.classes != 0;
    double numbers = state->samples * (double)trainer->evaluator.numbers;
    *epoch = (tl__epoch){
        .epoch = state->epoch + 1, .train_loss = state->loss_sum / state->samples, .val_loss = nan,
        .train_accuracy = classes ? state->hits / state->samples : nan, .val_accuracy = nan,
        .train_mae = classes ? nan : state->error_sum / numbers, .val_mae = nan, .val_balanced_accuracy = nan,
        .val_f1_macro = nan, .val_mse = nan, .val_r2 = nan, .learning_rate = state->learning_rate,
        .gradient_norm_avg = state->norm_sum / state->norm_count, .gradient_norm_max = state->norm_max,
        .gradient_mean_abs = state->element_mean, .gradient_max_abs = state->element_max,
        .batches = state->batches, .samples = state->samples,
    };
}

/* "epoch 23/60  loss 0.081  val 0.104  acc 98.1 %  val acc 97.8 %  lr 0.001  0.42 s" */
static void loop_line(tl__trainer *trainer, const tl__epoch *epoch)
{
    char *at = trainer->line;
    size_t room = sizeof trainer->line, used;
    used = tl__format(at, room, "epoch %lld/%lld  loss %.4g", (long long)epoch->epoch,
                      (long long)trainer->settings->training.epochs, epoch->train_loss);
    if (trainer->validation) used += tl__format(at + used, room - used, "  val %.4g", epoch->val_loss);
    if (trainer->evaluator.classes) {
        used += tl__format(at + used, room - used, "  acc %.1f %%", 100 * epoch->train_accuracy);
        if (trainer->validation)
            used += tl__format(at + used, room - used, "  val acc %.1f %%", 100 * epoch->val_accuracy);
    } else if (trainer->evaluator.numbers) {
        used += tl__format(at + used, room - used, "  mae %.4g", epoch->train_mae);
        if (trainer->validation) used += tl__format(at + used, room - used, "  val mae %.4g", epoch->val_mae);
    }
    bool quick = epoch->seconds < 0.1;
    tl__format(at + used, room - used, "  lr %.4g  %.3g %s", epoch->learning_rate, epoch->seconds * (quick ? 1000 : 1),
               quick ? "ms" : "s");
}

static void loop_keep_row(tl__trainer *trainer, const tl__epoch *epoch)
{
    size_t count = (size_t)trainer->state.history, size = trainer->history_size;
    if (count == size) {
        memmove(trainer->history, trainer->history + 1, (size - 1) * sizeof *epoch);
        count--;
    }
    trainer->history[count] = *epoch;
    trainer->state.history = (double)(count + 1);
}

static tl_status loop_say_alert(void *user, const tl__alert *alert, tl_error *error)
{
    tl__trainer *trainer = user;
    (void)error;
    tl__log_line(trainer->context, TL_LOG_WARNING, "epoch %lld: %s", (long long)alert->epoch, alert->message);
    return TL_OK;
}

/* What is looked at without analytics, too. */
static void loop_watch(tl__trainer *trainer, const tl__epoch *epoch)
{
    tl__record record;
    tl__records one = {.count = 1, .rows = (const double *)(const void *)&record};
    if (trainer->options.analytics) return;
    tl__row_clear((double *)(void *)&record, sizeof record / sizeof(double));
    record.epoch = *epoch;
    tl__alerts_always(&one, &trainer->said, loop_say_alert, trainer, NULL);
}

/* Best epoch, early stopping, schedule and the ring, in this order: what an epoch's figures decide. */
static tl_status loop_judge(tl__trainer *trainer, tl__epoch *epoch, tl_error *error)
{
    int64_t number = (int64_t)epoch->epoch;
    double watched = trainer->validation ? epoch->val_loss : epoch->train_loss;
    bool best = tl__best_update(&trainer->best_epoch, number, loop_monitored(trainer, epoch));
    if (best && trainer->best)
        memcpy(trainer->best, trainer->model->parameters, tl__trainer_floats(trainer) * sizeof(float));
    bool stop = tl__stopping_update(&trainer->stopping, number, epoch->train_loss, epoch->val_loss,
                                    trainer->validation);
    if (trainer->schedule)
        tl__schedule_report(trainer->schedule, trainer->schedule_settings, trainer->settings->training.learning_rate,
                            watched,
                            &trainer->plateau);
    epoch->best = best;
    epoch->stopped = stop;
    return stop ? TL_OK : tl__ring_put(trainer, epoch->epoch, error);
}

static void loop_output(tl__trainer *trainer, int64_t since)
{
    trainer->output_seconds += (double)(tl__now(trainer->context) - since) * 1e-6;
}

/* *since: when this session's part of the epoch began; it is moved to now. */
static tl_status loop_end_epoch(tl__trainer *trainer, int64_t *since, tl_error *error)
{
    tl__train_state *state = &trainer->state;
    bool classes = trainer->evaluator.classes != 0, validation = trainer->validation;
    tl__epoch epoch;
    loop_fill_epoch(trainer, &epoch);
    TL_TRY(loop_validate(trainer, &epoch, error));
    tl__analytics_validated(trainer);
    TL_TRY(loop_judge(trainer, &epoch, error));
    int64_t now = tl__now(trainer->context);
    epoch.seconds = state->epoch_seconds + (double)(now - *since) * 1e-6;
    *since = now;
    state->seconds += epoch.seconds;
    state->epoch = epoch.epoch;
    state->step = 0;
    state->ended = epoch.stopped != 0 ? TL__END_STOPPED : TL__END_NONE;
    state->last_train_loss = epoch.train_loss;
    state->last_val_loss = epoch.val_loss;
    if (classes) state->last_accuracy = validation ? epoch.val_accuracy : epoch.train_accuracy;
    else state->last_accuracy = validation ? epoch.val_mae : epoch.train_mae;
    loop_begin_epoch(trainer);
    loop_keep_row(trainer, &epoch);
    tl__analytics_epoch(trainer, &epoch);
    int64_t told = tl__now(trainer->context);
    loop_watch(trainer, &epoch);
    if (trainer->options.progress) loop_line(trainer, &epoch);
    for (size_t i = 0; i < trainer->options.listener_count; i++) {
        const tl__listener *listener = &trainer->options.listeners[i];
        if (listener->epoch) TL_TRY(listener->epoch(listener->user, trainer, &epoch, error));
    }
    TL_TRY(loop_tell(trainer, true, error));
    loop_output(trainer, told);
    tl__analytics_written(trainer);
    return TL_OK;
}

/* ---- checkpoints ---- */

static tl_status loop_checkpoint(tl__trainer *trainer, bool sync, tl_error *error)
{
    if (!trainer->options.folder) return TL_OK;
    int64_t begun = tl__now(trainer->context);
    tl__trainer_save_state(trainer);
    TL_TRY(tl__checkpoint_write(trainer, sync, error));
    loop_output(trainer, begun);
    trainer->last_checkpoint = tl__ticks();
    tl__analytics_begin(trainer);
    for (size_t i = 0; i < trainer->options.listener_count; i++) {
        const tl__listener *listener = &trainer->options.listeners[i];
        if (listener->checkpoint) TL_TRY(listener->checkpoint(listener->user, trainer, error));
    }
    return TL_OK;
}

TL_PRIV tl_status tl__trainer_save(tl__trainer *trainer, tl_error *error)
{
    return loop_checkpoint(trainer, true, error);
}

static bool loop_checkpoint_due(const tl__trainer *trainer, bool epoch_end)
{
    const tl__checkpoint_settings *settings = &trainer->settings->training.checkpoint;
    const tl__train_state *state = &trainer->state;
    if (!trainer->options.folder) return false;
    if (settings->keep_all && epoch_end) return true;
    if (settings->steps > 0 && !epoch_end && (int64_t)state->total_steps % settings->steps == 0) return true;
    if (settings->epochs > 0 && epoch_end && (int64_t)state->epoch % settings->epochs == 0) return true;
    return settings->minutes > 0 && (double)(trainer->now - trainer->last_checkpoint) > settings->minutes * 60e9;
}

/* ---- the run ---- */

static tl_status loop_before(tl__trainer *trainer, tl_error *error)
{
    for (size_t i = 0; i < trainer->options.listener_count; i++) {
        const tl__listener *listener = &trainer->options.listeners[i];
        if (listener->before) TL_TRY(listener->before(listener->user, trainer, error));
    }
    return TL_OK;
}

/* Steps of the epoch that goes on; *whole false: it was cancelled, or max_steps are over. */
static tl_status loop_steps(tl__trainer *trainer, double max_steps, bool *whole, tl_error *error)
{
    const tl__batch *batch;
    *whole = false;
    tl__batches_start(trainer->batches, (uint32_t)trainer->state.epoch, (size_t)trainer->state.step);
    for (;;) {
        TL_TRY(loop_before(trainer, error));
        tl__analytics_begin(trainer);
        if (tl__cancelled(trainer->context) || trainer->session_steps >= max_steps) return TL_OK;
        batch = tl__batches_next(trainer->batches);
        if (!batch) TL_TRY(tl__batches_failure(trainer->batches, error));
        if (!batch) break;
        tl__analytics_has_rows(trainer);
        TL_TRY(loop_step(trainer, batch, error));
        tl__analytics_step(trainer);
        loop_look(trainer);
        if (loop_checkpoint_due(trainer, false)) TL_TRY(loop_checkpoint(trainer, true, error));
        TL_TRY(loop_tell(trainer, false, error));
    }
    *whole = true;
    return TL_OK;
}

static tl_status loop_epochs(tl__trainer *trainer, double max_steps, tl_error *error)
{
    tl__train_state *state = &trainer->state;
    int64_t since = tl__now(trainer->context);
    while (state->ended != TL__END_STOPPED && (int64_t)state->epoch < trainer->settings->training.epochs) {
        bool whole;
        tl_status status = loop_steps(trainer, max_steps, &whole, error);
        if (status != TL_OK || !whole) {
            state->epoch_seconds += (double)(tl__now(trainer->context) - since) * 1e-6;
            return status == TL_OK ? TL_CANCELLED : status;
        }
        TL_TRY(loop_end_epoch(trainer, &since, error));
        loop_look(trainer);
        if (loop_checkpoint_due(trainer, true)) TL_TRY(loop_checkpoint(trainer, true, error));
    }
    if (state->ended == TL__END_NONE) state->ended = TL__END_COMPLETED;
    return TL_OK;
}

/* The weights that the model ends with: training.keep. */
static tl_status loop_restore(tl__trainer *trainer, tl_error *error)
{
    trainer->kept_epoch = (int64_t)trainer->state.epoch;
    if (trainer->keep == TL__KEEP_PATIENCE && trainer->stopping.trigger != 0) {
        double epoch = (double)tl__stopping_restore(&trainer->stopping);
        bool found;
        TL_TRY(tl__ring_get(trainer, epoch, &found, error));
        if (found) trainer->kept_epoch = (int64_t)epoch;
        if (found) return TL_OK;
    }
    if (!trainer->best || trainer->best_epoch.epoch == 0) return TL_OK;
    memcpy(trainer->model->parameters, trainer->best, tl__trainer_floats(trainer) * sizeof(float));
    trainer->kept_epoch = trainer->best_epoch.epoch;
    return TL_OK;
}

static tl_status loop_run(tl__trainer *trainer, double max_steps, tl_error *error)
{
    TL_TRY(tl__trainer_prepare(trainer, error));
    trainer->started = trainer->last_checkpoint = tl__ticks();
    trainer->last_progress = trainer->now = trainer->started;
    trainer->stride = trainer->unlooked = 0;
    trainer->output_seconds = 0;
    trainer->session_steps = trainer->session_samples = 0;
    trainer->seconds_before = trainer->state.seconds + trainer->state.epoch_seconds;
    if (!trainer->resumed) {
        trainer->state.last_val_loss = trainer->state.last_accuracy = trainer->state.last_train_loss = tl__nan_d();
        TL_TRY(tl__ring_put(trainer, 0, error));
    }
    if (trainer->settings->training.mixed_precision)
        tl__log_line(trainer->context, TL_LOG_INFO, "training.mixed_precision: this version trains in float32");
    tl__analytics_begin(trainer);
    tl_status status = loop_epochs(trainer, max_steps, error);
    if (status == TL_CANCELLED) {
        trainer->context->cancelled = 0;
        tl__fail(error, status, "stopped on request in epoch %lld after step %lld", (long long)trainer->state.epoch + 1,
                 (long long)trainer->state.step);
    }
    bool sound = status == TL_OK || status == TL_CANCELLED;
    tl_status saved = sound ? loop_checkpoint(trainer, status == TL_CANCELLED, error) : TL_OK;
    tl_status restored = loop_restore(trainer, sound ? error : NULL);
    if (sound && saved != TL_OK) status = saved;
    else if (sound && restored != TL_OK) status = restored;
    bool early = trainer->state.ended == TL__END_STOPPED;
    trainer->stopped = status == TL_CANCELLED ? "interrupted" : status == TL_NOT_FINITE ? "nan" : status != TL_OK ?
        "failed" :
                       early ? "early_stopping_triggered" : "completed";
    if (early) trainer->trigger = trainer->stopping.by_ratio ? "early_stopping_ratio_exceeded"
                                                             : "early_stopping_patience_exceeded";
    return status;
}

TL_PRIV tl_status tl__trainer_run(tl__trainer *trainer, tl_error *error)
{
    return loop_run(trainer, tl__scale(1, 62), error);
}

TL_PRIV tl_status tl__trainer_run_steps(tl__trainer *trainer, int64_t steps, tl_error *error)
{
    return loop_run(trainer, (double)steps, error);
}
