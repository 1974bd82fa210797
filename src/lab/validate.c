/* The examinations but for those that need prices, and the verdict. */
#include "lab/validate.h"

#include "base/text.h"
#include "data/forecast.h"
#include "data/series.h"
#include "lab/command_rolling.h"
#include "lab/figures.h"
#include "lab/path.h"
#include "port/port.h"

enum { VALIDATE_CALLS = 1000, VALIDATE_WARM = 100 };

/* ---- the list ---- */

static bool validate_holds(double value, tl__bound bound, double threshold)
{
    if (bound == TL__AT_LEAST) return value >= threshold;
    if (bound == TL__AT_MOST) return value <= threshold;
    return bound == TL__BELOW ? value < threshold : value > threshold;
}

static tl_value *validate_begin(tl__validation *v, const char *name, const char *status)
{
    tl_value *map = tl__put_map(v->builder, v->list, NULL);
    tl__put_text(v->builder, map, "name", name);
    tl__put_text(v->builder, map, "status", status);
    return map;
}

TL_PRIV void tl__validation_put(tl__validation *v, const char *name, const char *what, double value, tl__bound bound,
                                double threshold, const char *note)
{
    static const char *const words[] = {"at least", "at most", "below", "above"};
    bool passed = validate_holds(value, bound, threshold);
    tl_value *map = validate_begin(v, name, passed ? "passed" : "failed");
    tl__put_text(v->builder, map, "what", what);
    if (value == value) tl__put_number(v->builder, map, "value", value);
    else tl__put_null(v->builder, map, "value");
    tl__put_text(v->builder, map, "bound", words[bound]);
    tl__put_number(v->builder, map, "threshold", threshold);
    tl__put_text(v->builder, map, "note", note);
    v->failed |= !passed;
    tl__log_line(v->context, TL_LOG_INFO, "%s: %s %.4g (%s %.4g), %s", name, what, value, words[bound], threshold,
                 passed ? "passed" : "failed");
}

TL_PRIV void tl__validation_leave(tl__validation *v, const char *name, const char *why)
{
    tl__put_text(v->builder, validate_begin(v, name, "not applicable"), "note", why);
}

/* ---- walk-forward ---- */

static double validate_most_frequent(const tl_dataset *data)
{
    int64_t most = 0, all = 0;
    for (size_t c = 0; c < data->pipeline->outputs; c++) {
        int64_t count = data->class_counts[TL_TEST][c];
        most = count > most ? count : most;
        all += count;
    }
    return all > 0 ? (double)most / (double)all : 0.0;
}

static void validate_judge_walk(tl__validation *v, const tl_value *walk)
{
    const tl__production_settings *s = v->settings;
    bool classes = v->data->pipeline->classification;
    double nan = 0.0 / 0.0, mean = tl_value_number(tl_value_get(walk, classes ? "accuracy.mean" : "mae.mean"), nan);
    double naive = tl_value_number(tl_value_get(walk, "repeat_last_mae"), nan);
    char note[120];
    tl__format(note, sizeof note, "mean of %lld pieces, trained anew before each", (long long)s->splits);
    if (classes)
        tl__validation_put(v, "walk_forward", "accuracy", mean, TL__ABOVE,
                           s->accuracy >= 0 ? s->accuracy : validate_most_frequent(v->data), note);
    else if (s->mae >= 0 || naive == naive)
        tl__validation_put(v, "walk_forward", "mean absolute error", mean, TL__BELOW, s->mae >= 0 ? s->mae : naive,
                           note);
    else
        tl__validation_leave(v, "walk_forward", "no threshold: production.mae says how large the mean absolute error "
                             "may be");
}

static tl_status validate_walk(tl__validation *v, tl_error *error)
{
    tl__tree *tree;
    tl_options options = *v->options;
    options.rolling = v->settings->splits;
    if (!v->trained.place.folder || !tl__rolling_fits(&v->trained)) {
        tl__validation_leave(v, "walk_forward", v->trained.place.folder
                             ? "the rows have no order in time; data.split: {method: time} gives them one"
                             : "it trains anew, so it needs a run folder");
        return TL_OK;
    }
    if (tl__tree_new(&v->context->heap, NULL, &tree) != TL_OK) return tl__fail_memory(error, sizeof *tree);
    tl__split_settings split = v->trained.config->settings.data.split;
    tl_status status = tl__rolling(&v->trained, &options, tree, error);
    v->trained.config->settings.data.split = split;
    if (status == TL_OK) {
        validate_judge_walk(v, &tree->root);
        tl__put_copy(v->builder, v->root, "walk_forward", &tree->root);
    }
    tl__tree_free(tree);
    return status;
}

/* ---- latency ---- */

#define SORT_NAME validate_sort
#define SORT_TYPE double
#define SORT_USER const void *
#define SORT_BEFORE(user, b, a) ((b) < (a))
#include "base/sort.inc.h"

static tl_status validate_latency(tl__validation *v, tl_error *error)
{
    const tl_model *model = v->trained.model;
    double *times = tl__arena_push(&v->arena, 2 * VALIDATE_CALLS * sizeof *times);
    float *row = tl__arena_push_zero(&v->arena, tl_model_inputs(model) + 1, sizeof *row);
    float *out = tl__arena_push(&v->arena, (tl_model_outputs(model) + 1) * sizeof *out);
    tl_predictor *predictor;
    char note[80];
    if (!times || !row || !out) return tl__fail_memory(error, VALIDATE_CALLS * sizeof *times);
    if (v->data->pipeline->sequence) {
        tl__validation_leave(v, "latency", "of sequences it is not measured");
        return TL_OK;
    }
    TL_TRY(tl_predictor_new(model, 1, &predictor, error));
    tl_status status = TL_OK;
    for (int i = -VALIDATE_WARM; status == TL_OK && i < VALIDATE_CALLS; i++) {
        int64_t begun = tl__ticks();
        status = tl_predict(predictor, row, 1, out);
        if (i >= 0) times[i] = (double)(tl__ticks() - begun) * 1e-6;
    }
    tl_predictor_free(predictor);
    if (status != TL_OK) return tl__fail(error, status, "a prediction failed: %s", tl_status_text(status));
    validate_sort(times, times + VALIDATE_CALLS, VALIDATE_CALLS, NULL);
    tl__format(note, sizeof note, "half of %d predictions take %.4g ms", VALIDATE_CALLS, times[VALIDATE_CALLS / 2]);
    tl__validation_put(v, "latency", "99th percentile in ms", times[VALIDATE_CALLS * 99 / 100], TL__BELOW,
                       v->settings->latency, note);
    return TL_OK;
}

/* ---- consistency ---- */

/* The last value before a window of what is forecast, in its own unit. */
static double validate_last(const tl_dataset *data, size_t row)
{
    const tl__series *series = data->source[0].series;
    const tl__channel *channel = &data->pipeline->forecast->channels[0];
    size_t at = data->part[TL_TEST].rows[row], set = 0;
    for (size_t s = 0; s < series->span_count; s++)
        if (series->spans[s].begin <= at && data->pipeline->forecast->sets > 1) set = series->spans[s].series;
    return (double)series->values[(at - 1) * series->width] * channel->scale[set] + channel->shift[set];
}

/* What must stay: the class; the sign; of a forecast the direction of its first target's first step. Of several targets
 * the first counts. */
static void validate_answers(const tl__validation *v, const float *out, size_t rows, size_t width, int32_t *answers)
{
    const tl__pipeline *pipeline = v->data->pipeline;
    size_t per_target = pipeline->target_classes ? 1 : width / pipeline->outputs;
    size_t classes = pipeline->classification ? width : tl__target_classes(pipeline, 0);
    for (size_t i = 0; i < rows; i++) {
        const float *row = out + i * width;
        size_t top = 0;
        for (size_t c = 1; c < classes; c++) top = row[c] > row[top] ? c : top;
        double value = (double)row[per_target / 2];
        if (pipeline->forecast) value -= validate_last(v->data, i);
        answers[i] = classes ? (int32_t)top : value > 0 ? 1 : value < 0 ? -1 : 0;
    }
}

static tl_status validate_disturbed(tl__validation *v, float *out, float *deviations, int32_t *answers[2],
                                    tl_error *error)
{
    const tl_model *model = v->trained.model;
    size_t rows = tl_dataset_rows(v->data, TL_TEST), width = tl__model_predictions(model), same = 0;
    int64_t draws = v->settings->draws;
    char note[120];
    TL_TRY(tl__input_deviations(v->data, TL_TEST, deviations, error));
    TL_TRY(tl__predict_part(model, v->data, TL_TEST, out, error));
    validate_answers(v, out, rows, width, answers[0]);
    for (int64_t draw = 0; draw < draws; draw++) {
        tl__input_noise noise = {deviations, v->settings->noise, (uint64_t)v->trained.config->settings.seed,
                                 (uint32_t)draw};
        TL_TRY(tl__predict_rows(model, v->data, TL_TEST, 0, rows, &noise, out, error));
        validate_answers(v, out, rows, width, answers[1]);
        for (size_t i = 0; i < rows; i++) same += answers[0][i] == answers[1][i];
    }
    tl__format(note, sizeof note, "%lld draws of noise, %.3g of each input's standard deviation", (long long)draws,
               v->settings->noise);
    const tl__pipeline *pipeline = v->data->pipeline;
    bool classes = pipeline->classification || tl__target_classes(pipeline, 0) > 0;
    tl__validation_put(v, "consistency", classes ? "rows of the same class" : pipeline->forecast
                       ? "windows of the same direction" : "rows of the same sign",
                       (double)same / (double)rows / (double)draws, TL__ABOVE, v->settings->consistency, note);
    return TL_OK;
}

static tl_status validate_consistency(tl__validation *v, tl_error *error)
{
    size_t rows = tl_dataset_rows(v->data, TL_TEST), width = tl__model_predictions(v->trained.model), size;
    if (!tl__size_mul(rows, width * sizeof(float), &size)) return tl__fail_memory(error, SIZE_MAX);
    float *out = tl__arena_push(&v->arena, size);
    float *deviations = tl__arena_push(&v->arena, tl_dataset_features(v->data) * sizeof *deviations);
    int32_t *answers[2] = {tl__arena_push(&v->arena, rows * sizeof(int32_t)),
                           tl__arena_push(&v->arena, rows * sizeof(int32_t))};
    if (!out || !deviations || !answers[0] || !answers[1]) return tl__fail_memory(error, size);
    return validate_disturbed(v, out, deviations, answers, error);
}

/* ---- all of it ---- */

static tl_status validate_several(tl__validation *v, const char *run, tl_error *error)
{
    const char *best = tl__trained_member(&v->trained, v->trained.committee.best);
    if (!best) return tl__fail_memory(error, 256);
    return tl__fail(error, TL_UNSUPPORTED, "%s is %zu models, and one model goes into production: 'train:validate %s' "
                    "examines the best of them.", run, v->trained.many.count, best);
}

static tl_status validate_all(tl__validation *v, const char *run, tl_error *error)
{
    TL_TRY(tl__trained_open(v->context, run, v->options, &v->trained, error));
    const tl__config *config = v->trained.config;
    v->settings = &config->settings.production;
    if (v->trained.models) return validate_several(v, run, error);
    if (!tl__trained_knows_data(&v->trained))
        return tl__fail(error, TL_INVALID, "%s is a model file, which does not say where its data is; name a run or a "
                        "version.", run);
    TL_TRY(tl__dataset_load(v->context, &config->settings.data, config->folder, (uint64_t)config->settings.seed,
                            &v->data, error));
    if (tl_dataset_rows(v->data, TL_TEST) == 0)
        return tl__fail_at(error, TL_BAD_CONFIG, config->path, 0, 0, "data.split.test", "there is no test part to "
                           "validate on; give data.split a test part and train again.");
    v->root = tl__put_map(v->builder, NULL, NULL);
    tl__put_text(v->builder, v->root, "run", v->trained.place.folder ? v->trained.place.folder
                                                                     : v->trained.place.version);
    v->list = tl__put_list(v->builder, v->root, "checks");
    TL_TRY(tl__validate_trading(v, error));
    TL_TRY(validate_walk(v, error));
    TL_TRY(validate_latency(v, error));
    TL_TRY(validate_consistency(v, error));
    tl__put_bool(v->builder, v->root, "passed", !v->failed);
    if (v->builder->failed) return tl__fail_memory(error, 256);
    const char *path = v->options->output;
    if (!path && v->trained.place.folder) path = tl__path_join(&v->arena, v->trained.place.folder, "validation.json");
    return path ? tl__json_save(v->context, v->root, path, false, error) : TL_OK;
}

TL_API tl_status tl_validate(tl_context *context, const char *run, const tl_options *options, tl_value **out,
                             tl_error *error)
{
    static const tl_options defaults = TL_OPTIONS;
    tl__tree *tree;
    tl__builder builder;
    if (tl__tree_new(&context->heap, NULL, &tree) != TL_OK) return tl__fail_memory(error, sizeof *tree);
    tl__builder_init(&builder, tree);
    tl__validation v = {.context = context, .options = options ? options : &defaults, .builder = &builder};
    tl__arena_init(&v.arena, &context->heap);
    tl_status status = validate_all(&v, run, error);
    tl_dataset_free(v.data);
    tl__trained_close(&v.trained);
    tl__arena_free(&v.arena);
    if (status == TL_OK) *out = &tree->root;
    else tl__tree_free(tree);
    return status;
}
