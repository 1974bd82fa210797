/* train:evaluate: the figures of a trained model, on the parts of its own data or on all rows of another file. */
#include "base/text.h"
#include "lab/command_rolling.h"
#include "lab/figures.h"
#include "lab/journal.h"
#include "lab/path.h"
#include "metrics/metrics.h"
#include "train/train.h"

typedef struct command_evaluate_work {
    tl__trained trained;
    tl_dataset *data;
    tl__tree *run_metrics;       /* metrics.json of the run; NULL: a model file alone */
    tl_scores scores[TL__PARTS];
    tl__journal journal;
    double seconds;
} command_evaluate_work;

/* The run's own data must still be what it was trained on. */
static tl_status command_evaluate_own(command_evaluate_work *work, tl_error *error)
{
    const tl__config *config = work->trained.config;
    if (!tl__trained_knows_data(&work->trained))
        return tl__fail(error, TL_INVALID, "%s does not say where its data is; name rows to evaluate it on with "
                        "--data FILE.", work->trained.models ? "a list of models" : "a model file");
    TL_TRY(tl__dataset_load(work->trained.context, &config->settings.data, config->folder,
                            (uint64_t)config->settings.seed, &work->data, error));
    const char *hash = work->run_metrics ? tl_value_text(tl_value_get(&work->run_metrics->root, "data_hash"),
                                                         NULL) : NULL;
    if (hash && !tl__same_text(hash, work->data->hash))
        return tl__fail(error, TL_BAD_DATA, "the data has changed since %s was trained; name the rows to evaluate on "
                        "with --data FILE.",
                        work->trained.place.folder ? work->trained.place.folder : work->trained.place.version);
    return TL_OK;
}

static tl_status command_evaluate_other(command_evaluate_work *work, const char *file, tl_error *error)
{
    TL_TRY(tl__trained_read(&work->trained, file, &work->data, error));
    if (!work->data->has_target)
        return tl__fail(error, TL_BAD_DATA, "%s has no column '%s'; to evaluate, the value to predict must be there. "
                        "train:predict does without.", file, work->trained.model->pipeline->targets[0]);
    if (tl_dataset_rows(work->data, TL_TEST) == 0)
        return tl__fail(error, TL_BAD_DATA, "%s has no rows that can be evaluated.", file);
    return TL_OK;
}

static tl_status command_evaluate_report(command_evaluate_work *work, tl__builder *builder, tl_value *root,
                                         tl_error *error)
{
    const tl_dataset *data = work->data;
    tl__heap *heap = &work->trained.context->heap;
    tl_part part = tl_dataset_rows(data, TL_TEST) ? TL_TEST
                   : tl_dataset_rows(data, TL_VALIDATION) ? TL_VALIDATION : TL_TRAIN;
    size_t rows = tl_dataset_rows(data, part), classes = data->pipeline->outputs, bytes, label_bytes, count_bytes;
    if (!tl__size_mul(rows, classes, &bytes) || !tl__size_mul(bytes, sizeof(float), &bytes) ||
        !tl__size_mul(rows, sizeof(int32_t), &label_bytes) || !tl__size_mul(classes, classes, &count_bytes) ||
        !tl__size_mul(count_bytes, sizeof(int64_t), &count_bytes))
        return tl__fail(error, TL_OUT_OF_RANGE, "there are too many rows for a report.");
    float *predictions = tl__alloc(heap, bytes);
    int32_t *truth = tl__alloc(heap, label_bytes), *predicted = tl__alloc(heap, label_bytes);
    int64_t *counts = tl__alloc_zero(heap, count_bytes, 1);
    tl__buffer text;
    tl__buffer_init(&text, heap);
    tl_status status = predictions && truth && predicted && counts
                           ? tl__trained_predict(&work->trained, data, part, predictions, error)
                           : tl__fail_memory(error, bytes);
    if (status == TL_OK) {
        tl__predicted_classes(tl__of_floats(predictions), rows, classes, predicted);
        tl__dataset_gather_targets(data, part, NULL, 0, rows, truth, NULL, NULL);
        tl__confusion_add(counts, classes, truth, predicted, rows);
        tl__class_report(&text, counts, classes, data->pipeline->classes);
        if (text.failed) status = tl__fail_memory(error, text.size);
        else tl__put_text_n(builder, root, "report", text.data ? text.data : "", text.size);
    }
    tl__buffer_free(&text);
    tl__free(heap, predictions, bytes);
    tl__free(heap, truth, label_bytes);
    tl__free(heap, predicted, label_bytes);
    tl__free(heap, counts, count_bytes);
    return status;
}

static tl_status command_evaluate_record(tl__scorer *scorer, tl_context *context, tl__builder *builder, tl_value *map,
                                         tl_error *error)
{
    tl__tree *tree;
    tl__builder own;
    if (tl__tree_new(&context->heap, NULL, &tree) != TL_OK) return tl__fail_memory(error, sizeof *tree);
    tl__builder_init(&own, tree);
    tl_value *root = tl__put_map(&own, NULL, NULL);
    tl_status status = tl__scorer_record(scorer, &own, root, "part");
    const tl_value *targets = tl_value_get(root, "part.targets");
    if (!targets) targets = tl_value_get(root, "part.original.by_target");
    if (status == TL_OK && targets) tl__put_copy(builder, map, "targets", targets);
    tl__tree_free(tree);
    return status == TL_OK ? TL_OK : tl__fail_memory(error, 0);
}

/* Of one model with several targets: the figures of each, as a run's metrics.json has them. */
static tl_status command_evaluate_targets(const command_evaluate_work *work, tl_part part, tl__builder *builder,
                                          tl_value *map, tl_error *error)
{
    const tl__pipeline *pipeline = work->data->pipeline;
    tl__scorer *scorer;
    tl_scores scores;
    bool several = pipeline->target_count > 1 || pipeline->target_classes;
    if (!several || work->trained.models || work->scores[part].samples == 0) return TL_OK;
    TL_TRY(tl__scorer_new(work->trained.model, work->data, &scorer, error));
    tl_status status = tl__scorer_run(scorer, part, &scores, error);
    if (status == TL_OK) status = command_evaluate_record(scorer, work->trained.context, builder, map, error);
    tl__scorer_free(scorer);
    return status;
}

static tl_status command_evaluate_result(command_evaluate_work *work, const char *file, tl__tree *tree, tl_error *error)
{
    static const char *const of_run[] = {"epochs", "best_epoch", "stopped", "memory_bytes"};
    static const char *const parts[] = {"train", "validation", "test"};
    tl__builder builder;
    bool classes = work->data->pipeline->classification;
    int64_t samples = 0;
    tl__builder_init(&builder, tree);
    tl_value *root = tl__put_map(&builder, NULL, NULL);
    tl__put_text(&builder, root, "run", work->trained.place.folder ? work->trained.place.folder : "");
    tl__put_text(&builder, root, "model", work->trained.place.model);
    if (file) tl__put_text(&builder, root, "data", file);
    for (size_t i = 0; i < TL_COUNT(of_run); i++) {
        const tl_value *value = work->run_metrics ? tl_value_get(&work->run_metrics->root, of_run[i]) : NULL;
        if (value) tl__put_copy(&builder, root, of_run[i], value);
        else tl__put_null(&builder, root, of_run[i]);
    }
    for (int p = 0; p < TL__PARTS; p++) samples += work->scores[p].samples;
    tl__put_number(&builder, root, "seconds", work->seconds);
    tl__put_number(&builder, root, "samples_per_second", work->seconds > 0 ? (double)samples / work->seconds : 0.0);
    tl__put_integer(&builder, root, "parameters", tl_model_parameters(work->trained.model));
    for (int p = 0; p < TL__PARTS; p++) {
        tl_value *map = tl__scores_put(&builder, root, parts[p], &work->scores[p], classes);
        TL_TRY(command_evaluate_targets(work, (tl_part)p, &builder, map, error));
    }
    if (classes) TL_TRY(command_evaluate_report(work, &builder, root, error));
    return builder.failed ? tl__fail_memory(error, 0) : TL_OK;
}

/* output/logs/evaluation_STAMP.log beside the run's folder; nothing when it cannot be written. */
static void command_evaluate_log(command_evaluate_work *work)
{
    tl__trained *trained = &work->trained;
    char stamp[24];
    const char *runs = trained->place.folder ? tl__path_folder(&trained->arena, trained->place.folder) : NULL;
    if (!runs || !tl__same_text(tl__path_name(runs), "runs")) return;
    const char *output = tl__path_folder(&trained->arena, runs);
    const char *logs = output ? tl__path_join(&trained->arena, output, "logs") : NULL;
    tl__time_compact(stamp, tl__now(trained->context));
    if (logs && tl__journal_open(&work->journal, trained->context, NULL, logs, "evaluation", stamp, NULL) != TL_OK)
        tl__journal_close(&work->journal, NULL);
}

static tl_status command_evaluate_all(command_evaluate_work *work, tl_context *context, const char *run,
                                      const tl_options *options, tl__tree *tree, tl_error *error)
{
    TL_TRY(tl__trained_open(context, run, options, &work->trained, error));
    const char *path = work->trained.place.record;
    if (work->trained.place.folder)
        path = tl__path_join(&work->trained.arena, work->trained.place.folder, "metrics.json");
    if (path && tl__file_exists(path)) TL_TRY(tl__json_read(context, path, &work->run_metrics, error));
    TL_TRY(options->data ? command_evaluate_other(work, options->data, error) : command_evaluate_own(work, error));
    command_evaluate_log(work);
    tl__log_line(context, TL_LOG_INFO, "%s  %s", work->trained.place.model,
                 options->data ? options->data : "its own data");
    if (work->data->note && *work->data->note) tl__log_line(context, TL_LOG_INFO, "%s", work->data->note);
    int64_t started = tl__ticks();
    for (int p = 0; p < TL__PARTS; p++) {
        tl__record_read(NULL, &work->scores[p]);
        if (!options->data && tl__trained_saw(&work->trained, (tl_part)p)) continue;
        TL_TRY(tl__trained_score(&work->trained, work->data, (tl_part)p, &work->scores[p], error));
    }
    work->seconds = (double)(tl__ticks() - started) * 1e-9;
    return command_evaluate_result(work, options->data, tree, error);
}

static tl_status command_evaluate_rolling(command_evaluate_work *work, tl_context *context, const char *run,
                                          const tl_options *options, tl__tree *tree, tl_error *error)
{
    TL_TRY(tl__trained_open(context, run, options, &work->trained, error));
    return tl__rolling(&work->trained, options, tree, error);
}

TL_API tl_status tl_evaluate(tl_context *context, const char *run, const tl_options *options, tl_value **out,
                             tl_error *error)
{
    static const tl_options defaults = TL_OPTIONS;
    tl__tree *tree;
    command_evaluate_work *work = tl__alloc_zero(&context->heap, 1, sizeof *work);
    if (!work) return tl__fail_memory(error, sizeof *work);
    tl_status status = tl__tree_new(&context->heap, NULL, &tree);
    if (status == TL_OK) {
        if (!options) options = &defaults;
        status = options->rolling > 0 ? command_evaluate_rolling(work, context, run, options, tree, error)
                                      : command_evaluate_all(work, context, run, options, tree, error);
        if (status != TL_OK) tl__tree_free(tree);
        else *out = &tree->root;
    } else {
        tl__fail_memory(error, sizeof *tree);
    }
    tl__journal_close(&work->journal, NULL);
    tl_dataset_free(work->data);
    if (work->run_metrics) tl__tree_free(work->run_metrics);
    tl__trained_close(&work->trained);
    tl__free(&context->heap, work, sizeof *work);
    return status;
}
