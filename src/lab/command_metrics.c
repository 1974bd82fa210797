/* train:metrics: what a run measured, in the four groups training, pattern, performance and validation, read from its
 * metrics.json, metrics.csv and status.json. A figure that the task or the run does not have is left out. */
#include "base/text.h"
#include "lab/analytics.h"
#include "lab/folder.h"
#include "lab/path.h"

enum { COMMAND_METRICS_BYTES = 256 << 20 };

/* Copies of the named figures that `from` has. */
static void command_metrics_take(tl__builder *builder, tl_value *into, const tl_value *from, const char *const *names)
{
    for (; *names; names++) {
        const tl_value *value = tl_value_get(from, *names);
        if (value && value->kind != TL_NULL) tl__put_copy(builder, into, *names, value);
    }
}

static double command_metrics_number(const tl_value *map, const char *path)
{
    return tl_value_number(tl_value_get(map, path), 0.0 / 0.0);
}

static void command_metrics_put(tl__builder *builder, tl_value *map, const char *key, double value)
{
    if (value == value) tl__put_number(builder, map, key, value);
}

/* The part that is shown: test where there is one, else validation, else training. */
static const char *command_metrics_part(const tl_value *metrics)
{
    static const char *const parts[] = {"test", "validation", "train"};
    for (int i = 0; i < 2; i++)
        if (tl_value_integer(tl_value_get(tl_value_get(metrics, parts[i]), "samples"), 0) > 0) return parts[i];
    return parts[2];
}

static const char *const command_metrics_own[] = {"mse", "mae", "rmse", "smape", "mase", NULL};

static void command_metrics_rows(tl__builder *builder, tl_value *group, const char *key, const tl_value *rows)
{
    if (tl_value_count(rows) == 0) return;
    tl_value *table = tl__put_map(builder, group, key);
    for (size_t i = 0; i < tl_value_count(rows); i++)
        command_metrics_take(builder, tl__put_map(builder, table, tl_value_key_at(rows, i)), tl_value_at(rows, i),
                             command_metrics_own);
}

/* A forecast's figures in the targets' own unit, beside those of naive forecasts; by target, and by series. */
static void command_metrics_forecast(tl__builder *builder, tl_value *group, const tl_value *part)
{
    static const char *const paths[][2] = {{"network", "original"}, {"last step", "baselines.repeat_last.original"},
                                           {"season", "baselines.seasonal_naive.original"}};
    tl_value *table = tl_value_get(part, "original") ? tl__put_map(builder, group, "in_own_unit") : NULL;
    for (size_t i = 0; table && i < TL_COUNT(paths); i++) {
        const tl_value *of = tl_value_get(part, paths[i][1]);
        if (of) command_metrics_take(builder, tl__put_map(builder, table, paths[i][0]), of,
                                     command_metrics_own);
    }
    command_metrics_rows(builder, group, "by_target", tl_value_get(part, "original.by_target"));
    command_metrics_rows(builder, group, "by_series", tl_value_get(part, "original.by_series"));
}

static void command_metrics_training(tl__builder *builder, tl_value *root, const tl_value *metrics, const char *part)
{
    static const char *const run[] = {"epochs", "best_epoch", "kept_epoch", "stopped", NULL};
    static const char *const figures[] = {"accuracy", "auc", "precision_macro", "recall_macro", "f1_macro", "mse",
                                          "mae",
                                          "rmse", "r2", "mape", "smape", NULL};
    tl_value *group = tl__put_map(builder, root, "training");
    const tl_value *of_part = tl_value_get(metrics, part);
    command_metrics_take(builder, group, metrics, run);
    command_metrics_put(builder, group, "train_loss", command_metrics_number(metrics, "train.loss"));
    command_metrics_put(builder, group, "val_loss", command_metrics_number(metrics, "validation.loss"));
    command_metrics_put(builder, group, "test_loss", command_metrics_number(metrics, "test.loss"));
    tl__put_text(builder, group, "part", part);
    command_metrics_take(builder, group, of_part, figures);
    command_metrics_forecast(builder, group, of_part);
    const tl_value *frames = tl_value_get(of_part, "accuracy_by_timeframe");
    tl_value *by_frame = frames ? tl__put_map(builder, group, "accuracy_by_timeframe") : NULL;
    for (size_t i = 0; i < tl_value_count(frames); i++) {
        const tl_value *one = tl_value_at(frames, i);
        tl_value *map = tl__put_map(builder, by_frame, tl_value_text(tl_value_get(one, "timeframe"), "?"));
        command_metrics_take(builder, map, one, (const char *const[]){"rows", "accuracy", NULL});
    }
    const tl_value *confusion = tl_value_get(of_part, "confusion");
    if (confusion) tl__put_copy(builder, group, "confusion", confusion);
    const tl_value *classes = tl_value_get(of_part, "per_class");
    tl_value *list = classes ? tl__put_map(builder, group, "classes") : NULL;
    for (size_t i = 0; i < tl_value_count(classes); i++) {
        static const char *const of_class[] = {"precision", "recall", "f1", "support", "auc", NULL};
        const tl_value *one = tl_value_at(classes, i);
        tl_value *map = tl__put_map(builder, list, tl_value_text(tl_value_get(one, "class"), "?"));
        command_metrics_take(builder, map, one, of_class);
    }
}

static void command_metrics_rest(tl__builder *builder, tl_value *root, const tl_value *metrics, const tl_value *status,
                                 const char *part)
{
    static const char *const pattern[] = {"recognition_rate", "false_positive_rate", "confidence", "calibration_error",
                                          NULL};
    static const char *const speed[] = {"seconds", "samples_per_second", "memory_bytes", "memory_peak_bytes",
                                        "parameters", NULL};
    const tl_value *result = tl_value_get(status, "result");
    tl_value *group = tl__put_map(builder, root, "pattern");
    command_metrics_take(builder, group, tl_value_get(metrics, part), pattern);
    command_metrics_put(builder, group, "stability_index",
                        command_metrics_number(metrics, "validation.stability_index"));
    group = tl__put_map(builder, root, "performance");
    command_metrics_take(builder, group, result, speed);
    tl__put_text(builder, group, "gpu_utilization", "not available");
    group = tl__put_map(builder, root, "validation");
    command_metrics_take(builder, group, metrics, (const char *const[]){"data_hash", "config_hash", NULL});
    command_metrics_take(builder, group, metrics,
                         (const char *const[]){"cross_validation", "spread", "ensemble", NULL});
    command_metrics_put(builder, group, "out_of_sample_loss", command_metrics_number(metrics, "test.loss"));
    command_metrics_put(builder, group, "out_of_sample_accuracy", command_metrics_number(metrics, "test.accuracy"));
    command_metrics_put(builder, group, "loss_gap", command_metrics_number(metrics, "validation.loss") -
                                                        command_metrics_number(metrics, "train.loss"));
    command_metrics_put(builder, group, "accuracy_gap", command_metrics_number(metrics, "train.accuracy") -
                                                            command_metrics_number(metrics, "validation.accuracy"));
}

static void command_metrics_sort(double *values, size_t count)
{
    for (size_t i = 1; i < count; i++)
        for (size_t k = i; k > 0 && values[k] < values[k - 1]; k--) {
            double swap = values[k];
            values[k] = values[k - 1];
            values[k - 1] = swap;
        }
}

/* Milliseconds of a step: those of the median epoch, where detailed analytics have them. */
static void command_metrics_batches(tl_context *context, tl__builder *builder, tl_value *root, const char *folder)
{
    static const char *const names[][2] = {
        {"batch_ms_mean", "batch_seconds_mean"}, {"batch_ms_p50", "batch_seconds_p50"},
        {"batch_ms_p95", "batch_seconds_p95"}, {"batch_ms_p99", "batch_seconds_p99"}};
    enum { LAST = 200 };
    double values[LAST];
    tl__run_records run;
    tl_value *group = tl__value_child(root, "performance");
    if (!group || tl__run_records_read(context, folder, &run, NULL) != TL_OK) return;
    size_t first = run.records.count > LAST ? run.records.count - LAST : 0;
    for (size_t i = 0; i < TL_COUNT(names); i++) {
        const tl__record_field *field = tl__record_field_find(names[i][1], strlen(names[i][1]));
        size_t count = 0;
        for (size_t row = first; row < run.records.count; row++) {
            double value = tl__record_value(tl__records_at(&run.records, row), field);
            if (value == value) values[count++] = 1000 * value;
        }
        command_metrics_sort(values, count);
        if (count) tl__put_number(builder, group, names[i][0], values[count / 2]);
    }
    tl__run_records_free(&run);
}

/* The rows of metrics.csv as maps. */
static void command_metrics_epochs(tl__builder *builder, tl_value *root, const char *text, size_t size)
{
    const char *at = text, *end = text + size;
    const char *header_end = size ? memchr(text, '\n', size) : NULL;
    tl_value *list = tl__put_list(builder, root, "epochs");
    if (!header_end) return;
    for (at = header_end + 1; at < end;) {
        const char *stop = memchr(at, '\n', (size_t)(end - at)), *name = text;
        tl_value *row = tl__put_map(builder, list, NULL);
        if (!stop) return;
        while (at < stop && name < header_end) {
            const char *comma = memchr(at, ',', (size_t)(stop - at)), *bar = memchr(name, ',',
                                                                                    (size_t)(header_end - name));
            const char *cell_end = comma ? comma : stop, *name_end = bar ? bar : header_end;
            char *key = tl__arena_copy(&builder->tree->arena, name, (size_t)(name_end - name));
            double value;
            if (!key) builder->failed = true;
            else if (tl__parse_double(at, (size_t)(cell_end - at), &value)) tl__put_number(builder, row, key, value);
            else tl__put_null(builder, row, key);
            at = cell_end + 1;
            name = name_end + 1;
        }
        at = stop + 1;
    }
}

static tl_status command_metrics_make(tl_context *context, const char *folder, bool csv, tl__arena *arena,
                                      tl__tree *tree,
                                      tl_error *error)
{
    const char *csv_path = tl__path_join(arena, folder, "metrics.csv");
    const char *json_path = tl__path_join(arena, folder, "metrics.json");
    tl__tree *metrics = NULL, *state = NULL;
    tl__builder builder;
    tl__buffer table;
    if (!csv_path || !json_path) return tl__fail_memory(error, 256);
    tl__builder_init(&builder, tree);
    tl__buffer_init(&table, &context->heap);
    tl_value *root = tl__put_map(&builder, NULL, NULL);
    tl__put_text(&builder, root, "run", folder);
    tl_status status = tl__run_state(context, folder, &state, error);
    if (status == TL_OK && tl__file_exists(csv_path))
        status = tl__file_read(csv_path, &table, COMMAND_METRICS_BYTES, error);
    if (status == TL_OK && csv) {
        tl__put_text_n(&builder, root, "text", table.data ? table.data : "", table.size);
    } else if (status == TL_OK) {
        if (tl__file_exists(json_path)) status = tl__json_read(context, json_path, &metrics, error);
        if (status == TL_OK) {
            const tl_value *of = metrics ? &metrics->root : NULL;
            const char *part = command_metrics_part(of);
            const tl_value *name = tl_value_get(&state->root, "state");
            if (name) tl__put_copy(&builder, root, "state", name);
            command_metrics_training(&builder, root, of, part);
            command_metrics_rest(&builder, root, of, &state->root, part);
            command_metrics_batches(context, &builder, root, folder);
            command_metrics_epochs(&builder, root, table.data ? table.data : "", table.size);
        }
    }
    if (status == TL_OK && builder.failed) status = tl__fail_memory(error, table.size);
    tl__buffer_free(&table);
    if (metrics) tl__tree_free(metrics);
    if (state) tl__tree_free(state);
    return status;
}

TL_API tl_status tl_run_metrics(tl_context *context, const char *run, const tl_options *options, tl_value **out,
                                tl_error *error)
{
    static const tl_options defaults = TL_OPTIONS;
    tl__arena arena;
    tl__run_place place;
    tl__tree *tree = NULL;
    if (!options) options = &defaults;
    tl__arena_init(&arena, &context->heap);
    tl_status status = tl__run_find(context, &arena, run, options, &place, error);
    if (status == TL_OK && !place.folder)
        status = tl__fail(error, TL_INVALID, "%s is a model file; metrics are those of a run folder.", run);
    if (status == TL_OK && tl__tree_new(&context->heap, NULL, &tree) != TL_OK) status = tl__fail_memory(error, 256);
    if (status == TL_OK)
        status = command_metrics_make(context, place.folder, options->format && tl__same_text(options->format, "csv"),
                                      &arena, tree, error);
    tl__arena_free(&arena);
    if (status != TL_OK && tree) tl__tree_free(tree);
    if (status == TL_OK) *out = &tree->root;
    return status;
}
