/* What the models of a run came to. Every row outside the test part is in one fold, so one model has not seen it: its
 * predictions, put together, are out_of_fold.csv and the figures of `validation`. The test part was seen by none: there
 * the models are measured together. All of it is computed from the files of the models, so a run that was interrupted
 * here repeats it. */
#include "lab/many.h"

#include "base/math.h"
#include "base/text.h"
#include "lab/committee.h"
#include "lab/figures.h"
#include "lab/path.h"
#include "metrics/record.h"
#include "port/port.h"
#include "text/csv.h"

typedef struct many_report {
    const tl__many_job *job;
    const tl_run_result *results;
    tl__builder *builder;
    tl_value *root;
    tl_model **models;               /* [count] */
    bool classes;
    bool plain;                      /* a prediction is a class or a value for each target: no forecast */
    tl_part held;                    /* that each is judged by */
    bool same_rows;                  /* all have the run's test part */
    size_t best;
    /* out of fold; in the order of the models */
    size_t width, count, capacity;   /* rows */
    uint32_t *row;                   /* [capacity] in the tables */
    uint32_t *fold;
    int32_t *truth;                  /* of classes */
    float *values;                   /* [capacity, width], of values */
    float *predicted;                /* [capacity, width] */
} many_report;

/* ---- figures over the models ---- */

typedef struct many_figure {
    const char *name;
    size_t offset;                   /* in tl_scores */
    bool less_is_better;
} many_figure;

#define FIGURE(name) {#name, offsetof(tl_scores, name), false}
#define FIGURE_LESS(name) {#name, offsetof(tl_scores, name), true}
static const many_figure many_figures[] = {
    FIGURE_LESS(loss), FIGURE(accuracy), FIGURE(balanced_accuracy), FIGURE(precision_macro), FIGURE(recall_macro),
    FIGURE(f1_macro), FIGURE(auc), FIGURE_LESS(mse), FIGURE_LESS(mae), FIGURE_LESS(rmse), FIGURE(r2),
};
#undef FIGURE
#undef FIGURE_LESS

static double many_value(const tl_scores *scores, const many_figure *figure)
{
    double value;
    memcpy(&value, (const char *)scores + figure->offset, sizeof value);
    return value;
}

static const tl_scores *many_scores(const tl_run_result *result, tl_part part)
{
    return part == TL_TRAIN ? &result->train : part == TL_VALIDATION ? &result->validation : &result->test;
}

typedef struct many_spread {
    double mean, deviation, least, most;
} many_spread;

/* Of what the models have of a figure; NaN where one lacks it. The deviation is that of a sample: n - 1. */
static many_spread many_spread_of(const many_report *r, tl_part part, const many_figure *figure)
{
    size_t n = r->job->many->count;
    many_spread out = {0, 0, 0, 0};
    double sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++) {
        double value = many_value(many_scores(&r->results[i], part), figure);
        sum += value;
        out.least = i == 0 || value < out.least ? value : out.least;
        out.most = i == 0 || value > out.most ? value : out.most;
    }
    out.mean = sum / (double)n;
    for (size_t i = 0; i < n; i++) {
        double off = many_value(many_scores(&r->results[i], part), figure) - out.mean;
        squares += off * off;
    }
    out.deviation = n > 1 ? tl__sqrt_d(squares / (double)(n - 1)) : 0.0;
    return out;
}

/* The figure that the best epoch of each was chosen by. */
static const many_figure *many_monitor(const many_report *r, const char **name)
{
    static const char *const words[] = {"auto", "val_loss", "train_loss", "accuracy", "balanced_accuracy", "f1_macro",
                                        "mae", "mse", "r2"};
    int monitor = r->job->config->settings.train.training.monitor;
    *name = "val_loss";
    for (size_t i = 0; i < TL_COUNT(many_figures) && monitor >= TL__MONITOR_ACCURACY; i++) {
        if (!tl__same_text(many_figures[i].name, words[monitor])) continue;
        *name = words[monitor];
        return &many_figures[i];
    }
    return &many_figures[0];
}

static void many_put_spread(const many_report *r, tl_value *parent, const char *key, tl_part part)
{
    tl_value *map = tl__put_map(r->builder, parent, key);
    for (size_t i = 0; i < TL_COUNT(many_figures); i++) {
        many_spread spread = many_spread_of(r, part, &many_figures[i]);
        if (spread.mean != spread.mean) continue;
        tl_value *of = tl__put_map(r->builder, map, many_figures[i].name);
        tl__put_number(r->builder, of, "mean", spread.mean);
        tl__put_number(r->builder, of, "std", spread.deviation);
        tl__put_number(r->builder, of, "min", spread.least);
        tl__put_number(r->builder, of, "max", spread.most);
    }
}

static void many_put_models(const many_report *r)
{
    static const char *const parts[] = {"train", "validation", "test"};
    tl_value *list = tl__put_list(r->builder, r->root, "models");
    for (size_t i = 0; i < r->job->many->count; i++) {
        const tl_run_result *result = &r->results[i];
        tl_value *map = tl__put_map(r->builder, list, NULL);
        tl__put_text(r->builder, map, "name", r->job->many->ones[i].name);
        tl__put_integer(r->builder, map, "epochs", result->epochs);
        tl__put_integer(r->builder, map, "best_epoch", result->best_epoch);
        tl__put_text(r->builder, map, "stopped", result->stopped);
        for (int p = 0; p < TL__PARTS; p++)
            tl__scores_put(r->builder, map, parts[p], many_scores(result, (tl_part)p), r->classes);
    }
}

/* Means over the models, as one result. */
static void many_mean(const many_report *r, tl_part part, tl_scores *out)
{
    tl__record_read(NULL, out);
    for (size_t i = 0; i < r->job->many->count; i++) out->samples += many_scores(&r->results[i], part)->samples;
    if (out->samples == 0) return;
    for (size_t i = 0; i < TL_COUNT(many_figures); i++) {
        double mean = many_spread_of(r, part, &many_figures[i]).mean;
        memcpy((char *)out + many_figures[i].offset, &mean, sizeof mean);
    }
}

static void many_put_cross_validation(many_report *r, tl_run_result *result)
{
    static const char *const parts[] = {"train", "validation", "test"};
    const char *name;
    const many_figure *figure = many_monitor(r, &name);
    many_spread spread = many_spread_of(r, r->held, figure);
    for (size_t i = 1; i < r->job->many->count; i++) {
        double value = many_value(many_scores(&r->results[i], r->held), figure);
        double best = many_value(many_scores(&r->results[r->best], r->held), figure);
        if (figure->less_is_better ? value < best : value > best) r->best = i;
    }
    bool folds = r->job->many->kind == TL__MANY_FOLDS;
    tl_value *map = tl__put_map(r->builder, r->root, folds ? "cross_validation" : "spread");
    tl__put_integer(r->builder, map, r->job->many->word, (int64_t)r->job->many->count);
    tl__put_text(r->builder, map, "part", parts[r->held]);
    tl__put_text(r->builder, map, "metric", name);
    tl__put_number(r->builder, map, "score", spread.mean);
    tl__put_number(r->builder, map, "std", spread.deviation);
    tl__put_text(r->builder, map, "best", r->job->many->ones[r->best].name);
    many_put_spread(r, map, "figures", r->held);
    if (r->held != TL_TEST && r->results[0].test.samples) many_put_spread(r, map, "test_figures", TL_TEST);
    tl__format(result->metric, sizeof result->metric, "%s", name);
    result->mean = spread.mean;
    result->deviation = spread.deviation;
}

/* ---- figures of predictions ---- */

/* All figures of predictions [rows, width] as the map `key`. */
static tl_status many_record(many_report *r, const char *key, tl_value *parent, size_t rows, const int32_t *truth,
                             const float *values, const float *predicted, tl_scores *out, tl_value **map,
                             tl_error *error)
{
    const tl__judged judged = {rows, truth, values, predicted};
    return tl__judged_put(&r->job->context->heap, r->builder, parent, key, r->job->data->pipeline, &judged, out, map,
                          error);
}

/* Truth of a part: classes, or values in the target's unit. */
static void many_truth(const many_report *r, const tl_dataset *data, tl_part part, int32_t *truth, float *values)
{
    size_t rows = tl_dataset_rows(data, part);
    if (r->classes) tl__dataset_gather_targets(data, part, NULL, 0, rows, truth, NULL, NULL);
    else tl__dataset_targets(data, part, 0, rows, values);
}

typedef struct many_part {
    int32_t *truth;
    float *values, *predicted;
} many_part;

static void many_part_carve(tl__carver *carver, many_part *part, size_t rows, size_t width, bool classes)
{
    size_t cells = 0;
    if (!tl__size_mul(rows, width, &cells)) carver->overflow = true;
    part->predicted = TL_CARVE(carver, float, cells);
    part->truth = classes ? TL_CARVE(carver, int32_t, rows) : NULL;
    part->values = classes ? NULL : TL_CARVE(carver, float, cells);
}

/* The models together on a part of the run's data: all figures for the way that is set, a summary for each. */
static tl_status many_together(many_report *r, const char *key, tl_part part, const many_part *room, tl_scores *out,
                               tl_error *error)
{
    const tl__many_job *job = r->job;
    int set = job->config->settings.ensemble.combine;
    if (set == TL__COMBINE_VOTE && !r->classes) set = TL__COMBINE_MEAN;
    tl_value *ways = tl__put_map(r->builder, r->root, part == TL_TEST ? "ensemble" : "ensemble_validation");
    many_truth(r, job->data, part, room->truth, room->values);
    for (int combine = 0; combine <= TL__COMBINE_BEST; combine++) {
        const tl__committee committee = {r->models, job->many->count, combine, r->best};
        tl_scores scores;
        tl_value *map;
        if (combine == TL__COMBINE_VOTE && !r->classes) continue;
        TL_TRY(tl__committee_predict(&committee, job->data, part, room->predicted, error));
        TL_TRY(many_record(r, key, r->root, tl_dataset_rows(job->data, part), room->truth, room->values,
                           room->predicted, &scores, &map, error));
        tl__scores_put(r->builder, ways, tl__combine_word(combine), &scores, r->classes);
        if (combine == set) *out = scores;
        else tl__value_detach(r->root, map);
    }
    return TL_OK;
}

static tl_status many_measure(many_report *r, const char *key, tl_part part, tl_scores *out, tl_error *error)
{
    tl__heap *heap = &r->job->context->heap;
    size_t rows = tl_dataset_rows(r->job->data, part);
    many_part room;
    tl__carver carver = {0};
    if (rows == 0) return TL_OK;
    many_part_carve(&carver, &room, rows, r->width, r->classes);
    size_t size = carver.used;
    unsigned char *block = carver.overflow ? NULL : tl__alloc_aligned(heap, size);
    if (!block) return tl__fail_memory(error, size);
    carver = (tl__carver){.base = block};
    many_part_carve(&carver, &room, rows, r->width, r->classes);
    tl_status status = many_together(r, key, part, &room, out, error);
    tl__free_aligned(heap, block, size);
    return status;
}

/* ---- out of fold ---- */

static bool many_same_part(const tl_dataset *a, const tl_dataset *b, tl_part part)
{
    size_t rows = tl_dataset_rows(a, part);
    if (rows != tl_dataset_rows(b, part)) return false;
    for (size_t i = 0; i < rows; i++)
        if (tl__dataset_row_id(a, part, i) != tl__dataset_row_id(b, part, i)) return false;
    return true;
}

static tl_status many_collect(many_report *r, size_t index, const tl_dataset *data, tl_error *error)
{
    size_t rows = tl_dataset_rows(data, r->held), at = r->count;
    if (rows > r->capacity - at)
        return tl__fail(error, TL_BAD_DATA, "the folds overlap; that is a mistake in trainlib.");
    for (size_t i = 0; i < rows; i++) {
        r->row[at + i] = (uint32_t)tl__dataset_row_id(data, r->held, i);
        r->fold[at + i] = (uint32_t)index + 1;
    }
    many_truth(r, data, r->held, r->truth ? r->truth + at : NULL, r->values ? r->values + at * r->width : NULL);
    TL_TRY(tl__predict_part(r->models[index], data, r->held, r->predicted + at * r->width, error));
    r->count += rows;
    return TL_OK;
}

/* The data as each model was judged by it. */
static tl_status many_visit(many_report *r, size_t index, tl_error *error)
{
    const tl__many_job *job = r->job;
    tl__config *config;
    tl_dataset *data = NULL;
    TL_TRY(tl__many_config(job->context, job->folder, &job->many->ones[index], job->options, &config, error));
    const tl__data_settings *settings = &config->settings.data;
    uint64_t seed = (uint64_t)config->settings.seed;
    tl_status status = job->many->kind == TL__MANY_SETTINGS
                           ? tl__dataset_load(job->context, settings, config->folder, seed, &data, error)
                           : tl__dataset_remake(job->context, job->data, settings, seed, &data, error);
    if (status == TL_OK) {
        r->same_rows = r->same_rows && many_same_part(data, job->data, TL_TEST) &&
                       (job->many->kind == TL__MANY_FOLDS || many_same_part(data, job->data, TL_VALIDATION));
        if (r->capacity) status = many_collect(r, index, data, error);
    }
    tl_dataset_free(data);
    tl__config_free(config);
    return status;
}

#define SORT_NAME many_sort
#define SORT_TYPE uint32_t
#define SORT_USER const uint32_t *
#define SORT_BEFORE(user, b, a) (user)[b] < (user)[a]
#include "base/sort.inc.h"

static void many_csv_names(const many_report *r, tl__buffer *out)
{
    const tl__pipeline *pipeline = r->job->data->pipeline;
    bool one = r->classes || r->width == 1;
    char name[256];
    tl__buffer_text(out, one ? "row,fold,truth,prediction" : "row,fold");
    for (size_t c = 0; c < r->width && !(one && !r->classes); c++) {
        if (r->classes) {
            tl__format(name, sizeof name, "prob_%s", pipeline->classes[c]);
            tl__csv_put(out, name, strlen(name), false, false);
            continue;
        }
        tl__format(name, sizeof name, "truth_%s", pipeline->targets[c]);
        tl__csv_put(out, name, strlen(name), false, false);
        tl__format(name, sizeof name, "prediction_%s", pipeline->targets[c]);
        tl__csv_put(out, name, strlen(name), false, false);
    }
    tl__csv_end_row(out);
}

static void many_csv_row(const many_report *r, tl__buffer *out, size_t i)
{
    const char *const *classes = r->job->data->pipeline->classes;
    const float *predicted = r->predicted + i * r->width;
    tl__buffer_format(out, "%lu,%lu", (unsigned long)r->row[i], (unsigned long)r->fold[i]);
    if (r->classes) {
        int32_t class;
        tl__predicted_classes(tl__of_floats(predicted), 1, r->width, &class);
        const char *truth = r->truth[i] < 0 ? "" : classes[r->truth[i]];
        tl__csv_put(out, truth, strlen(truth), false, false);
        tl__csv_put(out, classes[class], strlen(classes[class]), false, false);
    }
    for (size_t c = 0; c < r->width; c++) {
        if (!r->classes) tl__csv_put_float(out, r->values[i * r->width + c], false);
        tl__csv_put_float(out, predicted[c], false);
    }
    tl__csv_end_row(out);
}

/* out_of_fold.csv, in the order of the rows. */
static tl_status many_write_csv(many_report *r, tl_error *error)
{
    tl__heap *heap = &r->job->context->heap;
    size_t bytes = r->count * 2 * sizeof(uint32_t);
    uint32_t *order = tl__alloc(heap, bytes);
    char path[800];
    tl__buffer text;
    if (!order) return tl__fail_memory(error, bytes);
    for (size_t i = 0; i < r->count; i++) order[i] = (uint32_t)i;
    many_sort(order, order + r->count, r->count, r->row);
    tl__buffer_init(&text, heap);
    many_csv_names(r, &text);
    for (size_t i = 0; i < r->count && !text.failed; i++) many_csv_row(r, &text, order[i]);
    tl__free(heap, order, bytes);
    tl_status status = text.failed ? tl__fail_memory(error, text.size) : TL_OK;
    if (tl__format(path, sizeof path, "%s/out_of_fold.csv", r->job->folder) >= sizeof path)
        status = tl__fail(error, TL_OUT_OF_RANGE, "%s: the path is too long.", r->job->folder);
    if (status == TL_OK) status = tl__file_replace(path, text.data, text.size, false, error);
    tl__buffer_free(&text);
    return status;
}

static void many_carve(tl__carver *carver, many_report *r)
{
    size_t cells = 0, rows = r->capacity;
    r->models = TL_CARVE(carver, tl_model *, r->job->many->count);
    if (rows == 0) return;
    if (!tl__size_mul(rows, r->width, &cells)) carver->overflow = true;
    r->row = TL_CARVE(carver, uint32_t, rows);
    r->fold = TL_CARVE(carver, uint32_t, rows);
    r->truth = r->classes ? TL_CARVE(carver, int32_t, rows) : NULL;
    r->values = r->classes ? NULL : TL_CARVE(carver, float, cells);
    r->predicted = TL_CARVE(carver, float, cells);
}

static tl_status many_report_all(many_report *r, tl_run_result *result, tl_error *error)
{
    const tl__many_job *job = r->job;
    tl_value *map = NULL;
    tl_scores out_of_fold;
    TL_TRY(tl__many_load(job->context, job->many, job->folder, r->models, error));
    for (size_t i = 0; i < job->many->count; i++) TL_TRY(many_visit(r, i, error));
    if (r->count) {
        TL_TRY(many_write_csv(r, error));
        const char *key = r->held == TL_TEST ? "test" : "validation";
        TL_TRY(many_record(r, key, r->root, r->count, r->truth, r->values, r->predicted, &out_of_fold, &map, error));
        tl__put_number(r->builder, map, "loss", many_spread_of(r, r->held, &many_figures[0]).mean);
    }
    if (r->plain && r->same_rows && r->held != TL_TEST)
        TL_TRY(many_measure(r, "test", TL_TEST, &result->test, error));
    if (r->plain && r->same_rows && job->many->kind != TL__MANY_FOLDS)
        TL_TRY(many_measure(r, "validation", TL_VALIDATION, &result->validation, error));
    if (!r->same_rows)
        tl__log_line(job->context, TL_LOG_WARNING, "the models have different test parts, so they are not measured "
                     "together; with data.split.seed, or data.test_file, they would have the same.");
    return r->builder->failed ? tl__fail_memory(error, 0) : TL_OK;
}

static void many_sums(const many_report *r, tl_run_result *result)
{
    for (size_t i = 0; i < r->job->many->count; i++) {
        result->epochs += r->results[i].epochs;
        result->seconds += r->results[i].seconds;
        result->samples_per_second += r->results[i].samples_per_second / (double)r->job->many->count;
    }
    result->parameters = r->results[0].parameters;
    result->memory_bytes = r->job->plan_bytes;
    result->models = (int64_t)r->job->many->count;
    tl__format(result->stopped, sizeof result->stopped, "completed");
    many_mean(r, TL_TRAIN, &result->train);
    many_mean(r, TL_VALIDATION, &result->validation);
    many_mean(r, TL_TEST, &result->test);
}

TL_PRIV tl_status tl__many_report(const tl__many_job *job, const tl_run_result *results, tl__builder *builder,
                                  tl_value *root, tl_run_result *result, tl_error *error)
{
    const tl__split_settings *split = &job->config->settings.data.split;
    const tl__pipeline *pipeline = job->data->pipeline;
    many_report r = {.job = job, .results = results, .builder = builder, .root = root, .same_rows = true,
                     .classes = pipeline->classification,
                     .plain = !pipeline->forecast && job->width == pipeline->outputs,
                     .held = TL_VALIDATION, .width = pipeline->outputs};
    tl__carver carver = {0};
    if (job->many->kind == TL__MANY_FOLDS && split->test == 0 && !job->config->settings.data.test_file)
        r.held = TL_TEST;
    if (results[0].validation.samples == 0) r.held = TL_TEST;
    if (job->many->kind == TL__MANY_FOLDS && r.plain) r.capacity = job->data->source[0].table->rows;
    many_sums(&r, result);
    tl__put_text(builder, root, "stopped", "completed");
    tl__put_integer(builder, root, "epochs", result->epochs);
    tl__put_integer(builder, root, "parameters", result->parameters);
    tl__put_integer(builder, root, "memory_bytes", (int64_t)result->memory_bytes);
    many_put_cross_validation(&r, result);
    many_put_models(&r);
    tl__scores_put(builder, root, "train", &result->train, r.classes);
    many_carve(&carver, &r);
    size_t size = carver.used;
    unsigned char *block = carver.overflow ? NULL : tl__alloc_aligned(&job->context->heap, size);
    if (!block) return tl__fail_memory(error, size);
    carver = (tl__carver){.base = block};
    many_carve(&carver, &r);
    memset(r.models, 0, job->many->count * sizeof *r.models);
    tl_status status = many_report_all(&r, result, error);
    for (size_t i = 0; i < job->many->count; i++) tl_model_free(r.models[i]);
    tl__free_aligned(&job->context->heap, block, size);
    return status;
}
