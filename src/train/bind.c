/* From settings to members of families: which loss, optimizer and schedule a training uses, whether they fit the data
 * and each other, and what `auto` means here. */
#include "train/trainer.h"

#include "base/math.h"
#include "data/forecast.h"
#include "text/bind.h"
#include "train/heads.h"

static bool bind_classifies(const tl_dataset *data)
{
    return data->pipeline->classification;
}

/* The first target that is a class. */
static const char *bind_class_target(const tl__pipeline *pipeline)
{
    size_t k = 0;
    while (k + 1 < pipeline->target_count && !pipeline->target_classes[k].count) k++;
    return pipeline->targets[k];
}

/* fit (or NULL) gets the heads, where there are several. */
static tl_status bind_loss(const tl__train_settings *settings, const tl_dataset *data, const char *file,
                           tl__arena *arena, const tl__loss **loss, void **loss_settings, tl__fit *fit,
                           tl_error *error)
{
    if (tl__heads_given(settings))
        return tl__heads_bind(settings, data->pipeline, file, arena, loss, loss_settings, fit, error);
    const tl__member_head *member;
    tl__member choice = settings->training.loss;
    bool classes = bind_classifies(data);
    if (data->pipeline->target_classes)
        return tl__fail_at(error, TL_BAD_CONFIG, file, 0, 0, "data.class_targets", "data.class_targets names classes "
                           "that heads learn, and there are no heads; give each target one, {target: %s, loss: "
                           "cross_entropy}", bind_class_target(data->pipeline));
    if (!choice.name || strcmp(choice.name, "auto") == 0)
        choice.name = classes ? "cross_entropy" : "mse";
    TL_TRY(tl__bind_member(tl__loss_family(), &choice, file, "training.loss", arena, &member, loss_settings, error));
    *loss = (const tl__loss *)member;
    if ((*loss)->fits & (classes ? TL__FITS_CLASSES : TL__FITS_VALUES)) return TL_OK;
    return tl__fail_at(error, TL_BAD_CONFIG, file, 0, 0, "training.loss", classes ?
                       "training.loss is %s, which takes numbers, but the target is a class; use cross_entropy or "
                       "focal" :
                       "training.loss is %s, which takes classes, but the target is a number; use mse, mae or huber, "
                       "or say data.task: classification", choice.name);
}

static void bind_series(const tl__pipeline *pipeline, tl__fit *out)
{
    const tl__forecast *forecast = pipeline->forecast;
    out->series = (tl__series_fit){
        .input_size = forecast->input_size, .horizon = forecast->horizon, .channels = forecast->channel_count,
        .targets = forecast->targets, .future = forecast->future, .quantiles = out->outputs / pipeline->outputs,
        .season = forecast->season,
    };
    if (forecast->future > 0) return;
    out->input.rank = 2;
    out->input.dim[0] = forecast->input_size;
    out->input.dim[1] = forecast->channel_count;
}

/* Images and sequences that are all of a row keep their shape. */
static void bind_shape(const tl__pipeline *pipeline, tl__shape *out)
{
    *out = (tl__shape){.rank = 1, .dim = {pipeline->features}};
    if (pipeline->sequence) *out = (tl__shape){.rank = 2, .dim = {pipeline->sequence->max_length,
                                                                  pipeline->sequence->features}};
    if (pipeline->sequence) return;
    if (pipeline->input_count != 1 || !pipeline->inputs[0].shape[0]) return;
    const size_t *shape = pipeline->inputs[0].shape;
    for (out->rank = 0; out->rank < 3 && shape[out->rank]; out->rank++) out->dim[out->rank] = shape[out->rank];
}

TL_PRIV tl_status tl__train_fit(const tl__train_settings *settings, const tl_dataset *data, const char *file,
                                tl__fit *out, tl_error *error)
{
    tl__arena arena;
    const tl__loss *loss;
    void *loss_settings;
    const tl__pipeline *pipeline = data->pipeline;
    bool classes = bind_classifies(data);
    tl__arena_init(&arena, &data->context->heap);
    *out = (tl__fit){.classes = classes ? pipeline->outputs : 0};
    tl_status status = bind_loss(settings, data, file, &arena, &loss, &loss_settings, out, error);
    if (status == TL_OK) {
        out->outputs = tl__loss_width(loss, loss_settings, pipeline->outputs, classes);
        bind_shape(pipeline, &out->input);
        if (pipeline->forecast) bind_series(pipeline, out);
        if (out->outputs == 0)
            status = tl__fail_at(error, TL_BAD_CONFIG, file, 0, 0, "training.loss",
                                 "training.loss does not fit a target "
                                 "of %zu %s", pipeline->outputs, classes ? "classes" : "columns");
    }
    tl__arena_free(&arena);
    return status;
}

static tl_status bind_class_list(const tl_value *value, size_t classes, const char *file, double *out, tl_error *error)
{
    const tl_value *item = value->first;
    if (value->kind != TL_LIST || value->count != classes)
        return tl__fail_at(error, TL_BAD_CONFIG, file, value->line, value->column, "training.class_weights",
                           "training.class_weights must be none, balanced or a list of %zu numbers, one for each class",
                           classes);
    for (size_t i = 0; i < classes; i++, item = item->next) {
        out[i] = tl_value_number(item, -1);
        if (!(out[i] >= 0) || !tl__is_finite_d(out[i]))
            return tl__fail_at(error, TL_BAD_CONFIG, file, item->line, item->column, "training.class_weights",
                               "training.class_weights must be numbers that are not negative");
    }
    return TL_OK;
}

static tl_status bind_class_weights(const tl__train_settings *settings, const tl_dataset *data, const char *file,
                                    tl__arena *arena, const tl__loss *loss, void *loss_settings, tl_error *error)
{
    const tl_value *value = settings->training.class_weights;
    const char *word = tl_value_text(value, NULL);
    size_t classes = data->pipeline->outputs;
    bool none = !value || value->kind == TL_NULL || (word && strcmp(word, "none") == 0);
    if (!bind_classifies(data)) {
        if (none) return TL_OK;
        return tl__fail_at(error, TL_BAD_CONFIG, file, value->line, value->column, "training.class_weights",
                           "training.class_weights is given but the target is a number; leave it out");
    }
    double *balanced = tl__arena_push_zero(arena, classes, sizeof(double));
    double *given = tl__arena_push_zero(arena, classes, sizeof(double));
    float *out = tl__arena_push_zero(arena, classes, sizeof(float));
    if (!balanced || !given || !out) return tl__fail_memory(error, classes * sizeof(double));
    tl__class_weights(data, balanced);
    if (none) given = NULL;
    else if (word && strcmp(word, "balanced") == 0) memcpy(given, balanced, classes * sizeof(double));
    else TL_TRY(bind_class_list(value, classes, file, given, error));
    tl__loss_class_weights(loss, loss_settings, classes, given, balanced, out);
    return TL_OK;
}

TL_PRIV tl_status tl__train_bind_loss(const tl__train_settings *settings, const tl_dataset *data,
                                      const char *file, tl__arena *arena, const tl__loss **loss, void **loss_settings,
                                      tl_error *error)
{
    TL_TRY(bind_loss(settings, data, file, arena, loss, loss_settings, NULL, error));
    return bind_class_weights(settings, data, file, arena, *loss, *loss_settings, error);
}

static tl_status bind_optimizer(tl__trainer *trainer, tl_error *error)
{
    const tl__member_head *member;
    const char *file = trainer->options.file;
    double decay = trainer->settings->optimization.weight_decay;
    TL_TRY(tl__bind_member(tl__optimizer_family(), &trainer->settings->training.optimizer, file, "training.optimizer",
                           &trainer->arena, &member, &trainer->optimizer_settings, error));
    trainer->optimizer = (const tl__optimizer *)member;
    if (decay >= 0) {
        double *own = tl__optimizer_weight_decay(trainer->optimizer, trainer->optimizer_settings);
        if (!own)
            return tl__fail_at(error, TL_BAD_CONFIG, file, 0, 0, "optimization.weight_decay",
                               "optimization.weight_decay is "
                               "given but %s has no weight decay; use l2_reg", member->name);
        *own = decay;
    }
    return tl__optimizer_check(trainer->optimizer, trainer->optimizer_settings, error);
}

static tl_status bind_members(tl__trainer *trainer, tl_error *error)
{
    const tl__training_settings *training = &trainer->settings->training;
    const tl__pipeline *pipeline = trainer->data->pipeline;
    const tl__member_head *member;
    size_t width = tl__shape_size(tl__graph_output_shape(&trainer->model->graph));
    TL_TRY(tl__train_bind_loss(trainer->settings, trainer->data, trainer->options.file,
                               &trainer->arena, &trainer->loss, &trainer->loss_settings, error));
    TL_TRY(tl__loss_check(trainer->loss, trainer->loss_settings, width, pipeline->outputs, pipeline->classification,
                          error));
    TL_TRY(tl__graph_settle_link(&trainer->model->graph, trainer->loss, error));
    TL_TRY(bind_optimizer(trainer, error));
    if (!training->lr_scheduler.name || strcmp(training->lr_scheduler.name, "none") == 0) return TL_OK;
    TL_TRY(tl__bind_member(tl__schedule_family(), &training->lr_scheduler, trainer->options.file,
                           "training.lr_scheduler",
                           &trainer->arena, &member, &trainer->schedule_settings, error));
    trainer->schedule = (const tl__schedule *)member;
    return tl__schedule_check(trainer->schedule, trainer->schedule_settings, error);
}

static bool bind_power_of_two(int64_t n) { return n > 0 && (n & (n - 1)) == 0; }

static bool bind_learns_numbers(const tl__pipeline *pipeline)
{
    bool any = !pipeline->target_classes;
    for (size_t k = 0; !any && k < pipeline->target_count; k++) any = !tl__target_classes(pipeline, k);
    return any;
}

/* What one row cannot say. */
static tl_status bind_check(tl__trainer *trainer, tl_error *error)
{
    const tl__training_settings *training = &trainer->settings->training;
    const char *file = trainer->options.file;
    if (trainer->data->part[TL_TRAIN].count == 0)
        return tl__fail(error, TL_BAD_DATA, "there are no training rows; give data.split a smaller validation and test "
                                            "part");
    if (!bind_power_of_two(training->gradient_shards))
        return tl__fail_at(error, TL_BAD_CONFIG, file, 0, 0, "training.gradient_shards",
                           "training.gradient_shards is %lld; it "
                           "must be a power of two", (long long)training->gradient_shards);
    if (!bind_power_of_two(training->accumulation))
        return tl__fail_at(error, TL_BAD_CONFIG, file, 0, 0, "training.accumulation",
                           "training.accumulation is %lld; it must "
                           "be a power of two", (long long)training->accumulation);
    if (!tl__size_mul((size_t)training->batch_size, (size_t)training->accumulation, &trainer->step_rows))
        return tl__fail(error, TL_OUT_OF_RANGE, "training.batch_size times training.accumulation is too large");
    bool values = !bind_classifies(trainer->data);
    int monitor = trainer->monitor;
    bool of_values = monitor >= TL__MONITOR_MAE, of_classes = monitor >= TL__MONITOR_ACCURACY && !of_values;
    if ((values && of_classes) || (!values && of_values))
        return tl__fail_at(error, TL_BAD_CONFIG, file, 0, 0, "training.monitor",
                           "training.monitor is not a figure of this "
                           "task; use val_loss%s", values ? ", mae, mse or r2" :
                           ", accuracy, balanced_accuracy or f1_macro");
    if (of_values && !bind_learns_numbers(trainer->data->pipeline))
        return tl__fail_at(error, TL_BAD_CONFIG, file, 0, 0, "training.monitor",
                           "training.monitor is a figure of numbers, and all heads learn classes; use val_loss");
    if (trainer->data->pipeline->forecast && monitor == TL__MONITOR_R2)
        return tl__fail_at(error, TL_BAD_CONFIG, file, 0, 0, "training.monitor",
                           "training.monitor: r2 is not computed for forecasts; use val_loss, mae or mse");
    if (!trainer->validation && monitor != TL__MONITOR_TRAIN_LOSS)
        return tl__fail_at(error, TL_BAD_CONFIG, file, 0, 0, "training.monitor",
                           "training.monitor needs validation rows; "
                           "give data.split a validation part, or use train_loss");
    return TL_OK;
}

TL_PRIV void tl__trainer_set_stopping(const tl__trainer *trainer, tl__stopping *stopping)
{
    const tl__stopping_settings *stop = &trainer->settings->optimization.early_stopping;
    stopping->patience = stop->present ? stop->patience : 0;
    stopping->min_delta = stop->min_delta;
    stopping->ratio = stop->ratio > 0 ? stop->ratio : !stop->ratio_check ? 0 :
                      strcmp(trainer->loss->head.name, "focal") == 0 ? 20.0 : 1.15;
}

static void bind_resolve(tl__trainer *trainer)
{
    const tl__train_settings *settings = trainer->settings;
    const tl__stopping_settings *stop = &settings->optimization.early_stopping;
    int monitor = settings->training.monitor, keep = settings->training.keep;
    trainer->validation = trainer->data->part[TL_VALIDATION].count > 0;
    trainer->monitor = monitor != TL__MONITOR_AUTO ? monitor : trainer->validation ? TL__MONITOR_VAL_LOSS :
        TL__MONITOR_TRAIN_LOSS;
    trainer->keep = keep != TL__KEEP_AUTO ? keep : trainer->validation ? TL__KEEP_BEST : TL__KEEP_LAST;
    tl__stopping_init(&trainer->stopping, 0, 0, 0);
    tl__trainer_set_stopping(trainer, &trainer->stopping);
    bool higher = trainer->monitor == TL__MONITOR_R2 ||
                  (trainer->monitor >= TL__MONITOR_ACCURACY && trainer->monitor <= TL__MONITOR_F1_MACRO);
    tl__best_init(&trainer->best_epoch, higher);
    tl__schedule_start(&trainer->plateau);
    if (trainer->keep == TL__KEEP_PATIENCE && stop->present) trainer->ring.slots = (size_t)stop->patience;
}

TL_PRIV tl_status tl__trainer_bind(tl__trainer *trainer, tl_error *error)
{
    TL_TRY(bind_members(trainer, error));
    bind_resolve(trainer);
    return bind_check(trainer, error);
}
