/* train:explain: what the predictions of a model hang on, by columns of the user's file, as figures, tables and charts.
 * Of a run over folds or seeds it explains the best model. */
#include "base/text.h"
#include "lab/attribution.h"
#include "lab/command_model.h"
#include "lab/journal.h"
#include "lab/path.h"
#include "plot/chart.h"
#include "text/csv.h"

typedef struct command_explain_work {
    tl_context *context;
    const tl_options *options;
    tl__trained trained;
    tl_dataset *own;             /* of the run */
    tl_dataset *other;           /* of --data; NULL: none */
    tl_part part;
    tl__explained rows;
    tl__journal journal;
    tl__arena arena;
    const tl__metric *metric;
    const char *folder;          /* for what is written */
    size_t columns;
    double base;
    tl__importance_figure *importance;   /* [columns] */
    double *mean_abs, *mean;             /* [columns]: of the attributions of a column, summed over its features */
    double *gradients;           /* [rows, features] */
    double *sums;                /* [rows, columns] */
    uint32_t *targets;           /* [rows] */
    double *deltas;              /* [rows] */
} command_explain_work;

/* ---- what is explained ---- */

static tl_status command_explain_open(command_explain_work *work, const char *run, tl_error *error)
{
    tl_context *context = work->context;
    tl_options plain = *work->options;
    plain.ensemble = NULL;
    TL_TRY(tl__trained_open(context, run, &plain, &work->trained, error));
    if (work->trained.models) {
        const char *best = work->trained.many.ones[work->trained.committee.best].name;
        best = tl__path_join(&work->arena, work->trained.place.folder, best);
        if (!best) return tl__fail_memory(error, 256);
        tl__trained_close(&work->trained);
        TL_TRY(tl__trained_open(context, best, &plain, &work->trained, error));
    }
    if (work->trained.model->pipeline->forecast)
        return tl__fail(error, TL_UNSUPPORTED, "train:explain explains predictions of rows; windows of a forecast have "
                        "no columns that could be shuffled.");
    const tl__config *config = work->trained.config;
    if (work->trained.place.folder)
        TL_TRY(tl__dataset_load(context, &config->settings.data, config->folder, (uint64_t)config->settings.seed,
                                &work->own, error));
    if (work->options->data) TL_TRY(tl__trained_read(&work->trained, work->options->data, &work->other, error));
    if (!work->own && !work->other)
        return tl__fail(error, TL_INVALID, "a model file does not say where its data is; name rows to explain it by "
                        "with --data FILE.");
    const tl_dataset *data = work->other ? work->other : work->own;
    if (!data->has_target)
        return tl__fail(error, TL_BAD_DATA, "%s has no column '%s'; how much a column matters is measured against the "
                        "truth.", work->options->data, work->trained.model->pipeline->targets[0]);
    work->part = tl_dataset_rows(data, TL_TEST) ? TL_TEST : TL_VALIDATION;
    if (tl_dataset_rows(data, work->part) == 0)
        return tl__fail(error, TL_BAD_DATA, "there are no test or validation rows to explain; name some with --data "
                        "FILE.");
    return TL_OK;
}

static tl_status command_explain_metric(command_explain_work *work, tl_error *error)
{
    const char *name = work->trained.config->settings.explanation.metric;
    bool classes = work->trained.model->pipeline->classification;
    if (tl__same_text(name, "auto")) name = classes ? "accuracy" : "r2";
    work->metric = tl__metric_find(name, error);
    if (!work->metric) return TL_BAD_CONFIG;
    if (work->metric->of_classes == classes) return TL_OK;
    return tl__fail_at(error, TL_BAD_CONFIG, NULL, 0, 0, "explanation.metric", "explanation.metric: %s is a figure of "
                       "%s, and the model predicts %s.", name, classes ? "values" : "classes",
                       classes ? "classes" : "values");
}

/* ---- the two explanations ---- */

/* The mean of the training rows as the network sees them; zeros where they are not known. */
static tl_status command_explain_baseline(const command_explain_work *work, float *out, double *sum, tl_error *error)
{
    size_t rows = work->own ? tl_dataset_rows(work->own, TL_TRAIN) : 0, features = work->rows.features;
    void *room;
    memset(sum, 0, features * sizeof *sum);
    memset(out, 0, features * sizeof *out);
    if (rows == 0) return TL_OK;
    TL_TRY(tl__dataset_room_new(work->own, &room, error));
    tl_status status = TL_OK;
    for (size_t i = 0; status == TL_OK && i < rows; i++) {
        status = tl__dataset_gather(work->own, TL_TRAIN, NULL, i, 1, out, NULL, NULL, NULL, room, error);
        for (size_t k = 0; k < features; k++) sum[k] += (double)out[k];
    }
    tl__dataset_room_free(work->own, room);
    for (size_t k = 0; k < features; k++) out[k] = (float)(sum[k] / (double)rows);
    return status;
}

static tl_status command_explain_compute(command_explain_work *work, tl_error *error)
{
    const tl__explanation_settings *s = &work->trained.config->settings.explanation;
    const tl__pipeline *pipeline = work->trained.model->pipeline;
    size_t rows = work->rows.rows, features = work->rows.features;
    float *baseline = tl__arena_push(&work->arena, features * sizeof *baseline);
    double *sum = tl__arena_push(&work->arena, features * sizeof *sum);
    if (!baseline || !sum) return tl__fail_memory(error, features * 12);
    TL_TRY(tl__permutation_importance(&work->rows, work->metric, (size_t)s->repeats,
                                      (uint64_t)work->trained.config->settings.seed, &work->base, work->importance,
                                      error));
    TL_TRY(command_explain_baseline(work, baseline, sum, error));
    TL_TRY(tl__integrated_gradients(&work->rows, baseline, (size_t)s->steps, work->gradients, work->targets,
                                    work->deltas, error));
    for (size_t row = 0; row < rows; row++)
        for (size_t c = 0; c < work->columns; c++) {
            const tl__input *input = &pipeline->inputs[c];
            double *of = &work->sums[row * work->columns + c];
            *of = 0;
            for (size_t k = 0; k < input->features; k++) *of += work->gradients[row * features + input->offset + k];
            work->mean[c] += *of / (double)rows;
            work->mean_abs[c] += (*of < 0 ? -*of : *of) / (double)rows;
        }
    return TL_OK;
}

/* ---- what is written ---- */

/* Columns, the largest figure first. */
static void command_explain_order(const double *figures, size_t stride, size_t count, size_t *order)
{
    for (size_t i = 0; i < count; i++) {
        size_t at = i;
        for (; at > 0 && figures[order[at - 1] * stride] < figures[i * stride]; at--) order[at] = order[at - 1];
        order[at] = i;
    }
}

static tl_status command_explain_file(command_explain_work *work, const char *name, tl__buffer *text, tl_error *error)
{
    const char *path = tl__path_join(&work->arena, work->folder, name);
    tl_status status = text->failed || !path ? tl__fail_memory(error, text->size)
                                             : tl__file_replace(path, text->data, text->size, false, error);
    tl__buffer_free(text);
    return status;
}

static tl_status command_explain_chart(command_explain_work *work, const char *file, const char *title,
                                       const char *label, const double *figures, size_t stride, const double *deviation,
                                       tl_error *error)
{
    const tl__pipeline *pipeline = work->trained.model->pipeline;
    size_t n = work->columns;
    const char **names = tl__arena_push(&work->arena, n * sizeof *names);
    double *values = tl__arena_push(&work->arena, 3 * n * sizeof *values);
    size_t *order = tl__arena_push(&work->arena, n * sizeof *order);
    tl__buffer text;
    if (!names || !values || !order) return tl__fail_memory(error, n * 40);
    command_explain_order(figures, stride, n, order);
    for (size_t i = 0; i < n; i++) {
        double value = figures[order[i] * stride], off = deviation ? deviation[order[i] * stride] : 0;
        names[i] = pipeline->inputs[order[i]].name;
        values[i] = value;
        values[n + i] = value - off;
        values[2 * n + i] = value + off;
    }
    tl__bars bars = {.title = title, .x_label = label, .names = names, .count = n, .values = values,
                     .low = deviation ? values + n : NULL, .high = deviation ? values + 2 * n : NULL};
    double shown = (double)(n < 30 ? n : 30);
    const tl__picture picture = {tl__bars_draw, &bars, title, NULL, 720, 110 + 22 * shown};
    tl__buffer_init(&text, &work->context->heap);
    tl__picture_file(&picture, tl__canvas_svg(), NULL, &text);
    return command_explain_file(work, file, &text, error);
}

static tl_status command_explain_tables(command_explain_work *work, tl_error *error)
{
    const tl__pipeline *pipeline = work->trained.model->pipeline;
    const tl_dataset *data = work->other ? work->other : work->own;
    size_t rows = work->rows.rows, all = tl_dataset_rows(data, work->part);
    tl__buffer text;
    tl__buffer_init(&text, &work->context->heap);
    tl__buffer_text(&text, "column,importance,importance_std,mean_attribution,mean_absolute_attribution\n");
    for (size_t c = 0; c < work->columns; c++) {
        tl__csv_put(&text, pipeline->inputs[c].name, strlen(pipeline->inputs[c].name), true, false);
        tl__csv_put_number(&text, work->importance[c].mean, false);
        tl__csv_put_number(&text, work->importance[c].deviation, false);
        tl__csv_put_number(&text, work->mean[c], false);
        tl__csv_put_number(&text, work->mean_abs[c], false);
        tl__csv_end_row(&text);
    }
    TL_TRY(command_explain_file(work, "importance.csv", &text, error));
    tl__buffer_init(&text, &work->context->heap);
    tl__buffer_text(&text, "row,explained,delta");
    for (size_t c = 0; c < work->columns; c++)
        tl__csv_put(&text, pipeline->inputs[c].name, strlen(pipeline->inputs[c].name), false, false);
    tl__csv_end_row(&text);
    for (size_t i = 0; i < rows && !text.failed; i++) {
        size_t from = (size_t)((uint64_t)i * all / rows);
        const char *name = !pipeline->classification ? pipeline->targets[0]
                           : work->rows.width == 2 && tl_model_outputs(work->trained.model) == 1
                               ? pipeline->classes[1] : pipeline->classes[work->targets[i]];
        tl__buffer_format(&text, "%zu", tl__dataset_row_id(data, work->part, from));
        tl__csv_put(&text, name, strlen(name), false, false);
        tl__csv_put_number(&text, work->deltas[i], false);
        for (size_t c = 0; c < work->columns; c++)
            tl__csv_put_number(&text, work->sums[i * work->columns + c], false);
        tl__csv_end_row(&text);
    }
    return command_explain_file(work, "attributions.csv", &text, error);
}

static tl_status command_explain_put(command_explain_work *work, tl__builder *builder, tl_value *root, tl_error *error)
{
    const tl__explanation_settings *s = &work->trained.config->settings.explanation;
    const tl__pipeline *pipeline = work->trained.model->pipeline;
    size_t n = work->columns, *order = tl__arena_push(&work->arena, n * sizeof *order);
    double worst = 0, delta = 0;
    if (!order) return tl__fail_memory(error, n * sizeof *order);
    tl__put_text(builder, root, "run", work->trained.place.folder ? work->trained.place.folder : "");
    tl__put_text(builder, root, "model", work->trained.place.model);
    tl__put_text(builder, root, "part", work->other ? work->options->data : work->part == TL_TEST ? "test"
                                                                                                  : "validation");
    tl__put_integer(builder, root, "rows", (int64_t)work->rows.rows);
    tl__put_text(builder, root, "metric", work->metric->head.name);
    tl__put_number(builder, root, "score", work->base);
    tl__put_integer(builder, root, "repeats", s->repeats);
    tl_value *list = tl__put_list(builder, root, "permutation_importance");
    command_explain_order(&work->importance[0].mean, sizeof *work->importance / sizeof(double), n, order);
    for (size_t i = 0; i < n; i++) {
        tl_value *map = tl__put_map(builder, list, NULL);
        tl__put_text(builder, map, "column", pipeline->inputs[order[i]].name);
        tl__put_number(builder, map, "mean", work->importance[order[i]].mean);
        tl__put_number(builder, map, "std", work->importance[order[i]].deviation);
    }
    for (size_t i = 0; i < work->rows.rows; i++) {
        double off = work->deltas[i] < 0 ? -work->deltas[i] : work->deltas[i];
        delta += off / (double)work->rows.rows;
        if (off > worst) worst = off;
    }
    tl_value *map = tl__put_map(builder, root, "integrated_gradients");
    tl__put_integer(builder, map, "steps", s->steps);
    tl__put_text(builder, map, "baseline", work->own ? "mean of the training rows" : "zeros");
    tl__put_number(builder, map, "delta_mean", delta);
    tl__put_number(builder, map, "delta_max", worst);
    list = tl__put_list(builder, map, "columns");
    command_explain_order(work->mean_abs, 1, n, order);
    for (size_t i = 0; i < n; i++) {
        tl_value *one = tl__put_map(builder, list, NULL);
        tl__put_text(builder, one, "column", pipeline->inputs[order[i]].name);
        tl__put_number(builder, one, "mean_absolute", work->mean_abs[order[i]]);
        tl__put_number(builder, one, "mean", work->mean[order[i]]);
    }
    tl__put_text(builder, root, "folder", work->folder);
    return builder->failed ? tl__fail_memory(error, 0) : TL_OK;
}

static tl_status command_explain_write(command_explain_work *work, const tl_value *root, tl_error *error)
{
    char label[96];
    const char *path = tl__path_join(&work->arena, work->folder, "explanation.json");
    if (!path) return tl__fail_memory(error, 256);
    TL_TRY(tl__folder_make(work->folder, error));
    TL_TRY(tl__json_save(work->context, root, path, false, error));
    TL_TRY(command_explain_tables(work, error));
    tl__format(label, sizeof label, work->metric->more_is_better ? "drop of %s when the column is shuffled"
                                                                 : "rise of %s when the column is shuffled",
               work->metric->head.name);
    TL_TRY(command_explain_chart(work, "importance.svg", "Permutation importance", label, &work->importance[0].mean,
                                 sizeof *work->importance / sizeof(double), &work->importance[0].deviation, error));
    return command_explain_chart(work, "attributions.svg", "Integrated gradients",
                                 "mean absolute attribution to the explained output", work->mean_abs, 1, NULL, error);
}

static void command_explain_log(command_explain_work *work)
{
    tl__trained *trained = &work->trained;
    char stamp[24];
    const char *runs = trained->place.folder;
    while (runs && *runs && !tl__same_text(tl__path_name(runs), "runs")) runs = tl__path_folder(&work->arena, runs);
    if (!runs || !*runs) return;
    const char *output = tl__path_folder(&work->arena, runs);
    const char *logs = output ? tl__path_join(&work->arena, output, "logs") : NULL;
    tl__time_compact(stamp, tl__now(work->context));
    if (logs && tl__journal_open(&work->journal, work->context, NULL, logs, "xai", stamp, NULL) != TL_OK)
        tl__journal_close(&work->journal, NULL);
}

static tl_status command_explain_all(command_explain_work *work, const char *run, tl__tree *tree, tl_error *error)
{
    tl__builder builder;
    TL_TRY(command_explain_open(work, run, error));
    TL_TRY(command_explain_metric(work, error));
    command_explain_log(work);
    const tl_dataset *data = work->other ? work->other : work->own;
    const tl__explanation_settings *s = &work->trained.config->settings.explanation;
    TL_TRY(tl__explained_new(work->trained.model, data, work->part, (size_t)s->rows, &work->rows, error));
    size_t rows = work->rows.rows, cells;
    work->columns = work->trained.model->pipeline->input_count;
    if (!tl__size_mul(rows, work->rows.features, &cells)) return tl__fail_memory(error, SIZE_MAX);
    work->importance = tl__arena_push_zero(&work->arena, work->columns, sizeof *work->importance);
    work->mean_abs = tl__arena_push_zero(&work->arena, work->columns, sizeof *work->mean_abs);
    work->mean = tl__arena_push_zero(&work->arena, work->columns, sizeof *work->mean);
    work->gradients = tl__arena_push_zero(&work->arena, cells, sizeof *work->gradients);
    work->sums = tl__arena_push_zero(&work->arena, cells, sizeof *work->sums);    /* no fewer than columns */
    work->targets = tl__arena_push_zero(&work->arena, rows, sizeof *work->targets);
    work->deltas = tl__arena_push_zero(&work->arena, rows, sizeof *work->deltas);
    if (!work->importance || !work->mean_abs || !work->mean || !work->gradients || !work->sums || !work->targets ||
        !work->deltas) return tl__fail_memory(error, cells * 16);
    work->folder = work->options->output ? work->options->output
                   : tl__path_join(&work->arena, work->trained.place.folder ? work->trained.place.folder
                                                                            : work->options->out, "explain");
    if (!work->folder) return tl__fail_memory(error, 256);
    tl__log_line(work->context, TL_LOG_INFO, "%s  %zu rows, %zu columns", work->trained.place.model, rows,
                 work->columns);
    TL_TRY(command_explain_compute(work, error));
    tl__builder_init(&builder, tree);
    tl_value *root = tl__put_map(&builder, NULL, NULL);
    TL_TRY(command_explain_put(work, &builder, root, error));
    return command_explain_write(work, root, error);
}

TL_API tl_status tl_explain(tl_context *context, const char *run, const tl_options *options, tl_value **out,
                            tl_error *error)
{
    static const tl_options defaults = TL_OPTIONS;
    tl__tree *tree;
    command_explain_work *work = tl__alloc_zero(&context->heap, 1, sizeof *work);
    if (!work) return tl__fail_memory(error, sizeof *work);
    work->context = context;
    work->options = options ? options : &defaults;
    tl__arena_init(&work->arena, &context->heap);
    tl_status status = tl__tree_new(&context->heap, NULL, &tree);
    if (status != TL_OK) {
        tl__fail_memory(error, sizeof *tree);
    } else {
        status = command_explain_all(work, run, tree, error);
        if (status == TL_OK) *out = &tree->root;
        else tl__tree_free(tree);
    }
    tl__journal_close(&work->journal, NULL);
    tl__explained_free(&work->rows);
    tl_dataset_free(work->own);
    tl_dataset_free(work->other);
    tl__trained_close(&work->trained);
    tl__arena_free(&work->arena);
    tl__free(&context->heap, work, sizeof *work);
    return status;
}
