/* train:run as one function: config, data, network, folder, training, figures, model. What is wrong with the settings
 * is found before a folder is made; from then on whatever happens ends in status.json. */
#include "base/text.h"
#include "data/forecast.h"
#include "lab/charts.h"
#include "lab/figures.h"
#include "lab/folder.h"
#include "lab/kept.h"
#include "lab/path.h"
#include "lab/report.h"
#include "lab/run_say.h"
#include "lab/run_work.h"
#include "lab/versions.h"
#include "metrics/record.h"
#include "text/bind.h"
#include "train/heads.h"


/* ---- what the trainer tells ---- */

static void run_watch_rate(tl__run_work *run, const tl__epoch *epoch)
{
    bool other = epoch->learning_rate < run->rate || epoch->learning_rate > run->rate;
    if (run->config->settings.callbacks.learning_rate_monitor && run->rate > 0 && other)
        tl__log_line(run->context, TL_LOG_INFO, "epoch %lld: the learning rate is %.4g; it was %.4g",
                     (long long)epoch->epoch, epoch->learning_rate, run->rate);
    run->rate = epoch->learning_rate;
}

/* A board that is not there, or comes later, hears nothing. */
static tl_status run_on_batch(void *user, const tl__trainer *trainer, const tl_progress *progress, tl_error *error)
{
    tl__run_work *run = user;
    return tl__tensorboard_batch(run->board, trainer, progress, error);
}

static tl_status run_on_epoch(void *user, const tl__trainer *trainer, const tl__epoch *epoch, tl_error *error)
{
    tl__run_work *run = user;
    tl__analytics_epoch_done(run->analytics, trainer, epoch);
    tl__tensorboard_epoch(run->board, trainer, epoch);
    run_watch_rate(run, epoch);
    TL_TRY(tl__journal_epoch(&run->journal, epoch, error));
    TL_TRY(tl__kept_epoch(run->config, run->kept, run->session.trainer, error));
    bool best = run->best_path && epoch->best != 0.0;
    return best ? tl__trainer_save_model(run->session.trainer, run->best_path, error) : TL_OK;
}

static bool run_on_progress(void *user, const tl_progress *progress)
{
    tl__run_work *run = user;
    run->progress = *progress;
    run->progress.record = NULL;    /* it lives as long as this call */
    bool written = tl__journal_status(&run->journal, &run->progress, NULL, false, NULL) == TL_OK;
    const tl_options *options = run->options;
    if (run->one) return written && run->one->progress(run->one->progress_user, progress);
    bool wanted = !options->progress || options->progress(options->progress_user, progress);
    return written && wanted;
}

/* Its lock and its parts. */
static tl_status run_make_folder(tl__run_work *run, tl_error *error)
{
    tl__arena *arena = &run->arena;
    const tl__output_settings *output = &run->config->settings.output;
    if (!run->folder) {
        const char *parent = tl__runs_folder(arena, run->options->out, output->folder);
        if (!parent) return tl__fail_memory(error, 256);
        TL_TRY(tl__folder_make_stamped(run->context, arena, parent, run->config->name, run->stamp, &run->folder,
                                       error));
    } else {
        TL_TRY(tl__folder_make(run->folder, error));
    }
    const char *lock = tl__path_join(arena, run->folder, "lock");
    const char *checkpoints = tl__path_join(arena, run->folder, "checkpoints");
    if (!lock || !checkpoints) return tl__fail_memory(error, 256);
    tl_error why = {0};
    tl_status status = tl__lock_take(run->context, lock, &run->lock, &why);
    if (status == TL_LOCKED)
        return tl__fail(error, status, "%s is being trained by another process; 'trainlib train:status %s' shows how "
                        "far it is.", run->folder, run->folder);
    if (status != TL_OK) {
        if (error) *error = why;
        return status;
    }
    if (!run->many.count) TL_TRY(tl__folder_make(checkpoints, error));
    return tl__folder_clean_all(run->context, run->folder, error);
}

static tl_status run_open_journal(tl__run_work *run, tl_error *error)
{
    const char *output = tl__path_join(&run->arena, run->options->out, run->config->settings.output.folder);
    const char *logs = output ? tl__path_join(&run->arena, output, "logs") : NULL;
    if (!logs) return tl__fail_memory(error, 256);
    run->journal.hash = run->hash;
    run->journal.name = run->config->name;
    run->journal.classification = tl_dataset_classes(run->session.data) > 0;
    return tl__journal_open(&run->journal, run->context, run->folder, run->one ? NULL : logs, "training", run->stamp,
                            error);
}

static void run_set_progress(tl__run_work *run, const char *state)
{
    double nan = 0.0 / 0.0;
    run->progress = (tl_progress){.state = state, .epochs = run->config->settings.train.training.epochs, .loss = nan,
                                  .validation_loss = nan, .accuracy = nan, .learning_rate = nan, .seconds_left = nan,
                                  .samples_per_second = nan, .run = run->journal.run, .line = "", .note = "",
                                  .regression = !run->journal.classification};
}

/* Comes after the first status: a folder that has it can be gone on with. */
static tl_status run_write_config(tl__run_work *run, tl_error *error)
{
    tl__buffer text;
    const char *path = tl__path_join(&run->arena, run->folder, "config.yaml");
    if (!path) return tl__fail_memory(error, 256);
    tl__buffer_init(&text, &run->context->heap);
    tl_status status = tl__config_write(run->config, run->folder, &text, error);
    if (status == TL_OK) status = tl__file_replace(path, text.data, text.size, false, error);
    tl__buffer_free(&text);
    return status;
}

/* ---- the run ---- */

/* "csv" of "iris.csv.gz": what the data is, for the name of the best model. */
static const char *run_kind(tl__run_work *run)
{
    const tl__config_settings *s = &run->config->settings;
    const tl_value *file = s->data.file;
    if (s->output.kind) return s->output.kind;
    if (!tl__same_text(s->data.format, "auto")) return s->data.format;
    while (file && (file->kind == TL_LIST || file->kind == TL_MAP)) file = file->first;
    const char *name = file && file->text ? tl__path_name(file->text) : "", *dot = strchr(name, '.');
    return dot && dot[1] ? tl__arena_copy(&run->arena, dot + 1, strcspn(dot + 1, ".")) : "data";
}

static tl_status run_best_path(tl__run_work *run, tl_error *error)
{
    const tl__config_settings *s = &run->config->settings;
    if (run->one) run->best_path = run->one->best_path;
    if (run->one || (!s->output.best_model && run->many.kind != TL__MANY_FOLDS)) return TL_OK;
    const char *kind = run_kind(run), *model = s->network.model.name ? s->network.model.name : "mlp";
    if (kind)
        run->best_path = tl__arena_format(&run->arena, "%s/best_model_%s_%s%s", run->folder, kind, model,
                                          run->many.count ? "" : ".safetensors");
    return run->best_path ? TL_OK : tl__fail_memory(error, 256);
}

static tl_status run_plan_training(tl__run_work *run, tl_error *error)
{
    const char *checkpoints = tl__path_join(&run->arena, run->folder, "checkpoints");
    if (!checkpoints) return tl__fail_memory(error, 256);
    tl__listener *kept = tl__arena_push(&run->arena, 2 * sizeof *kept);
    if (!kept) return tl__fail_memory(error, sizeof *kept);
    bool board = run->config->settings.callbacks.tensorboard.present;
    kept[0] = (tl__listener){.batch = board ? run_on_batch : NULL, .epoch = run_on_epoch, .user = run};
    kept[1] = (tl__listener){.before = tl__live_before, .user = &run->live};
    tl__trainer_options options = {.folder = checkpoints, .model_id = tl__path_name(run->folder), .listeners = kept,
                                   .listener_count = 2, .progress = run_on_progress, .progress_user = run,
                                   .analytics = run->config->settings.analytics.enabled,
                                   .run = run->folder};
    TL_TRY(tl__kept_open(run->config, run->journal.classification, run->options->out, run->folder, &run->arena,
                         &run->kept, error));
    TL_TRY(tl__session_train(&run->session, &options, error));
    run->live.folder = run->folder;
    TL_TRY(tl__live_open(&run->live, &run->session, run->checkpoint, error));
    return run->checkpoint ? tl__trainer_resume(run->session.trainer, run->checkpoint, error) : TL_OK;
}

/* The live settings of --set, from where the run goes on. */
static tl_status run_change_resumed(tl__run_work *run, tl_error *error)
{
    const tl_options *o = run->options;
    const char **set = tl__arena_push_zero(&run->arena, o->set_count + 1, sizeof *set);
    size_t count = 0;
    if (!set) return tl__fail_memory(error, o->set_count);
    for (size_t i = 0; i < o->set_count; i++)
        if (!tl__config_not_live(o->set[i], &run->arena)) set[count++] = o->set[i];
    return count ? tl__live_take(&run->live, set, count, "--set of --resume", error) : TL_OK;
}

static tl_status run_write_transfer(tl__run_work *run, tl_error *error)
{
    const char *path = tl__path_join(&run->arena, run->folder, "transfer.json");
    if (!run->session.transfer) return TL_OK;
    if (!path) return tl__fail_memory(error, 256);
    if (run->parent) {
        tl__builder builder;
        tl__builder_init(&builder, run->session.transfer);
        tl__put_text(&builder, &run->session.transfer->root, "version", run->parent);
        if (builder.failed) return tl__fail_memory(error, 256);
    }
    return tl__json_save(run->context, &run->session.transfer->root, path, false, error);
}

static void run_open_analytics(tl__run_work *run)
{
    char architecture[256];
    if (!run->config->settings.analytics.enabled) return;
    tl__session_architecture(&run->session, architecture, sizeof architecture);
    tl__analytics_run about = {.config = run->config, .run = run->folder, .out = run->options->out,
                               .hash = run->hash, .data = run->session.data, .architecture = architecture,
                               .folder = run->one ? run->one->analytics : NULL};
    tl__analytics_open(run->context, &about, run->session.trainer, &run->analytics);
    if (!run->analytics) return;
    tl__analytics_paths paths = tl__analytics_paths_of(run->analytics);
    const char *shown = *paths.csv ? paths.csv : *paths.json ? paths.json : paths.alerts;
    tl__log_line(run->context, TL_LOG_INFO, "analytics   %.*s",
                 (int)(strlen(shown) - strlen(tl__path_name(shown))), shown);
}

/* When the trainer has no more to do: its memory serves to write. */
static void run_end_analytics(tl__run_work *run, const tl__train_result *end, const char *why)
{
    tl__analytics_end(run->analytics, run->session.trainer, end, why);
    tl__analytics_paths paths = tl__analytics_paths_of(run->analytics);
    tl__format(run->result->analytics_csv, sizeof run->result->analytics_csv, "%s", paths.csv);
    tl__format(run->result->analytics_json, sizeof run->result->analytics_json, "%s", paths.json);
    tl__format(run->result->analytics_alerts, sizeof run->result->analytics_alerts, "%s", paths.alerts);
}

static void run_fill_result(tl__run_work *run, const tl__train_result *end)
{
    tl_run_result *out = run->result;
    tl__format(out->run, sizeof out->run, "%s", run->folder);
    tl__format(out->model_path, sizeof out->model_path, "%s/model.safetensors", run->folder);
    tl__format(out->stopped, sizeof out->stopped, "%s", end->stopped);
    out->epochs = end->epochs;
    out->best_epoch = end->best_epoch;
    out->seconds = end->seconds;
    out->samples_per_second = end->samples_per_second;
    out->output_seconds = end->output_seconds;
    out->parameters = end->parameters;
    out->memory_bytes = end->memory_bytes;
    out->memory_peak_bytes = tl__process_peak();
}

/* What metrics.json begins with. */
static tl_value *run_put_result(tl__run_work *run, tl__builder *builder, const tl__train_result *end)
{
    tl_value *root = tl__put_map(builder, NULL, NULL);
    tl__put_text(builder, root, "run", tl__path_name(run->folder));
    tl__put_text(builder, root, "version", TL_VERSION);
    char data[512], network[512];
    tl__session_describe(&run->session, data, network, sizeof data);
    tl__put_text(builder, root, "data", data);
    tl__put_text(builder, root, "network", network);
    tl__put_text(builder, root, "config_hash", run->hash);
    tl__put_text(builder, root, "data_hash", run->session.data->hash);
    tl__put_text(builder, root, "stopped", end->stopped);
    tl__put_text(builder, root, "trigger", end->trigger);
    tl__put_integer(builder, root, "epochs", end->epochs);
    tl__put_integer(builder, root, "best_epoch", end->best_epoch);
    tl__put_integer(builder, root, "kept_epoch", end->kept_epoch);
    tl__put_integer(builder, root, "parameters", end->parameters);
    tl__put_integer(builder, root, "memory_bytes", (int64_t)end->memory_bytes);
    return root;
}

/* The parts are scored, and described with all figures. */
static tl_status run_measure(tl__run_work *run, const tl__train_result *end, tl__builder *builder, tl_value *root,
                             tl_error *error)
{
    static const char *const names[] = {"train", "validation", "test"};
    tl_scores *scores[] = {&run->result->train, &run->result->validation, &run->result->test};
    run->progress.state = "evaluating";
    tl__trainer_release(run->session.trainer);
    for (int p = 0; p < TL__PARTS; p++) {
        const int32_t *truth, *predicted;
        TL_TRY(tl__trainer_record(run->session.trainer, (tl_part)p, builder, root, names[p], scores[p], error));
        tl__trainer_classes(run->session.trainer, &truth, &predicted);
        TL_TRY(tl__timeframe_put(&run->config->settings.metrics.timeframe, run->session.data, (tl_part)p, truth,
                                 predicted, builder, root->last, error));
    }
    if (run->journal.classification) tl__class_distribution(builder, root, "class_distribution", run->session.data);
    tl__run_say_targets(run->context, run->result->test.samples ? "test" : "validation",
                        tl__heads_given(&run->config->settings.train), root);
    tl__trainer_keep_records(run->session.trainer);    /* its memory serves the rest */
    run_end_analytics(run, end, "");
    tl__trainer_free(run->session.trainer);
    run->session.trainer = NULL;
    return builder->failed ? tl__fail_memory(error, 0) : TL_OK;
}

/* The model's file carries the settings that results depend on and the scores of the parts. */
static tl_status run_write_model(tl__run_work *run, tl_error *error)
{
    tl_model *model = run->session.model;
    tl__tree *tree;
    tl__builder builder;
    bool classes = run->journal.classification;
    if (tl__tree_new(&run->context->heap, NULL, &tree) != TL_OK) return tl__fail_memory(error, sizeof *tree);
    tl__builder_init(&builder, tree);
    tl_value *root = tl__put_map(&builder, NULL, NULL);
    const tl__config *config = run->changed ? run->changed : run->config;
    tl_value *settings = tl__config_results(config, &builder, root, "settings");
    tl_value *metrics = tl__put_map(&builder, root, "metrics");
    tl__scores_put(&builder, metrics, "train", &run->result->train, classes);
    tl__scores_put(&builder, metrics, "validation", &run->result->validation, classes);
    tl__scores_put(&builder, metrics, "test", &run->result->test, classes);
    tl_status status = builder.failed ? tl__fail_memory(error, 0) : TL_OK;
    if (status == TL_OK && (tl__model_set_settings(model, settings) != TL_OK ||
                            tl__model_set_metrics(model, metrics) != TL_OK)) status = tl__fail_memory(error, 0);
    tl__tree_free(tree);
    if (status == TL_OK) status = tl_model_save(model, run->result->model_path, error);
    const char *path = tl__path_join(&run->arena, run->folder, "norm_params.json");
    if (status == TL_OK) status = path ? tl__pipeline_write(model->pipeline, path, error) : tl__fail_memory(error, 0);
    if (status != TL_OK || !model->pipeline->forecast) return status;
    path = tl__path_join(&run->arena, run->folder, "feature_config.json");
    return path ? tl__forecast_write(model->pipeline, path, error) : tl__fail_memory(error, 0);
}

/* The run is complete without it, so a store that cannot be written is told and no more. */
static void run_keep_version(tl__run_work *run, const tl__train_result *end)
{
    const tl__output_settings *output = &run->config->settings.output;
    const tl_options *o = run->options;
    tl_error why = {0};
    tl__version_draft draft = {.parent = run->parent ? run->parent : "", .origin = "run",
                               .run = tl__path_name(run->folder), .note = o->note ? o->note : "",
                               .tag = o->tag ? o->tag : "", .model = run->session.model,
                               .config = run->changed ? run->changed : run->config,
                               .config_hash = run->hash, .data_hash = run->session.data->hash,
                               .stopped = end->stopped, .epochs = end->epochs, .best_epoch = end->best_epoch};
    if (!output->versions || run->one) return;
    tl_status status = tl__versions_add(run->context, o->out, output->folder, &draft, output->keep_versions,
                                        run->result->version, &why);
    if (status == TL_OK)
        tl__log_line(run->context, TL_LOG_INFO, "version %.12s of %s", run->result->version, run->config->name);
    else
        tl__log_line(run->context, TL_LOG_WARNING, "the run is complete, but not kept as a version: %s", why.message);
}

/* Scores, the model with them, and metrics.json. */
static tl_status run_conclude(tl__run_work *run, const tl__train_result *end, tl_error *error)
{
    tl__tree *tree;
    tl__builder builder;
    if (tl__tree_new(&run->context->heap, NULL, &tree) != TL_OK) return tl__fail_memory(error, sizeof *tree);
    tl__builder_init(&builder, tree);
    tl_value *root = run_put_result(run, &builder, end);
    tl_status status = run_measure(run, end, &builder, root, error);
    if (status == TL_OK) status = run_write_model(run, error);
    const char *path = tl__path_join(&run->arena, run->folder, "metrics.json");
    if (status == TL_OK)
        status = path ? tl__json_save(run->context, root, path, false, error) : tl__fail_memory(error, 0);
    tl__tree_free(tree);
    return status;
}

static tl_status run_train(tl__run_work *run, tl_error *error)
{
    tl__train_result end;
    run_set_progress(run, "loading");
    TL_TRY(tl__journal_status(&run->journal, &run->progress, NULL, true, error));
    TL_TRY(run_write_config(run, error));
    TL_TRY(run_write_transfer(run, error));
    if (!run->checkpoint) TL_TRY(run_plan_training(run, error));
    if (run->options->resume) TL_TRY(run_change_resumed(run, error));
    tl__run_say_beginning(run->context, run->config, &run->session, run->checkpoint ? run->folder : NULL);
    TL_TRY(tl__journal_table(&run->journal, run->folder, run->journal.classification, run->session.trainer, error));
    run_set_progress(run, "training");
    TL_TRY(tl__journal_status(&run->journal, &run->progress, NULL, true, error));
    run_open_analytics(run);
    tl__tensorboard_open(run->context, run->config, run->options->out, run->folder,
                         run->session.data, &run->board);
    tl_status status = tl__trainer_run(run->session.trainer, error);
    tl__trainer_result(run->session.trainer, &end);
    run_fill_result(run, &end);
    tl__tensorboard_close(run->board, status == TL_OK);
    run->board = NULL;
    if (status != TL_OK) {
        tl__trainer_keep_records(run->session.trainer);
        run_end_analytics(run, &end, error->message);
        return status;
    }
    tl__run_say_end(run->context, run->config, &end);
    if (run->live.set_count) TL_TRY(tl__live_config(&run->live, NULL, 0, &run->changed, error));
    TL_TRY(run_conclude(run, &end, error));
    run_keep_version(run, &end);
    const char *charts = tl__path_join(&run->arena, run->folder, "charts");
    if (!charts) return tl__fail_memory(error, 256);
    return tl__charts_make(run->context, run->session.model, run->session.data, charts, error);
}

/* ---- a run of many ---- */

/* What is wrong with the settings of one of them is told before any is trained. */
static tl_status run_check_many(tl__run_work *run, const char *config_path, tl_error *error)
{
    for (size_t i = 0; run->many.kind == TL__MANY_SETTINGS && i < run->many.count; i++) {
        const tl__many_one *one = &run->many.ones[i];
        tl__config *config;
        size_t given = run->options->set_count, count = given + one->set_count;
        const char **set = tl__arena_push_zero(&run->arena, count, sizeof *set);
        if (!set) return tl__fail_memory(error, count * sizeof *set);
        for (size_t k = 0; k < count; k++) set[k] = k < given ? run->options->set[k] : one->set[k - given];
        TL_TRY(tl__config_read(run->context, run->options->resume ? run->folder : config_path, set, count, &config,
                               error));
        tl__config_free(config);
    }
    return TL_OK;
}

static tl_status run_report_many(tl__run_work *run, const tl__many_job *job, const tl_run_result *results,
                                  tl_error *error)
{
    tl__tree *tree;
    tl__builder builder;
    const char *path = tl__path_join(&run->arena, run->folder, "metrics.json");
    if (!path || tl__tree_new(&run->context->heap, NULL, &tree) != TL_OK) return tl__fail_memory(error, sizeof *tree);
    tl__builder_init(&builder, tree);
    tl_value *root = tl__put_map(&builder, NULL, NULL);
    tl__put_text(&builder, root, "run", tl__path_name(run->folder));
    tl__put_text(&builder, root, "version", TL_VERSION);
    tl__put_text(&builder, root, "config_hash", run->hash);
    tl__put_text(&builder, root, "data_hash", run->session.data->hash);
    run->progress.state = "evaluating";
    tl_status status = tl__many_report(job, results, &builder, root, run->result, error);
    if (status == TL_OK) status = tl__json_save(run->context, root, path, false, error);
    tl__tree_free(tree);
    return status;
}

static tl_status run_train_many(tl__run_work *run, tl_error *error)
{
    tl_context *context = run->context;
    tl__memory memory;
    run_set_progress(run, "loading");
    TL_TRY(tl__journal_status(&run->journal, &run->progress, NULL, true, error));
    TL_TRY(run_write_config(run, error));
    tl__run_say_beginning(run->context, run->config, &run->session, run->checkpoint ? run->folder : NULL);
    tl__run_say_many(context, &run->many, run->session.data);
    tl__trainer_memory(run->session.trainer, &memory);
    tl__trainer_free(run->session.trainer);    /* each has its own */
    run->session.trainer = NULL;
    tl_run_result *results = tl__alloc_zero(&context->heap, run->many.count, sizeof *results);
    if (!results) return tl__fail_memory(error, run->many.count * sizeof *results);
    const tl__many_job job = {.context = context, .config = run->config, .many = &run->many, .folder = run->folder,
                              .options = run->options, .data = run->session.data,
                              .width = tl__model_predictions(run->session.model), .plan_bytes = memory.total,
                              .best_path = run->best_path, .progress = run_on_progress, .user = run};
    tl__format(run->result->run, sizeof run->result->run, "%s", run->folder);
    tl_status status = tl__many_train(&job, results, error);
    if (status == TL_OK) status = run_report_many(run, &job, results, error);
    if (status == TL_OK) tl__run_say_scores(context, &run->many, run->result);
    tl__free(&context->heap, results, run->many.count * sizeof *results);
    return status;
}

/* The last status: how it ended, with the result or the error. */
static tl_status run_finish(tl__run_work *run, tl_status status, const tl_error *why, tl_error *error)
{
    tl_value *result = NULL;
    tl_error own = {0};
    if (!run->progress.state) run_set_progress(run, "failed");
    run->progress.epoch_end = false;
    run->progress.state = status == TL_OK ? "done" : status == TL_CANCELLED ? "interrupted" : "failed";
    run->progress.epoch = run->result->epochs;
    if (status == TL_OK && tl_run_result_value(run->context, run->result, &result) != TL_OK) result = NULL;
    if (status != TL_OK && status != TL_CANCELLED) run->journal.error = why->message;
    tl_status last = tl__journal_status(&run->journal, &run->progress, result, true, &own);
    tl_value_free(run->context, result);
    tl_status closed = tl__journal_close(&run->journal, last == TL_OK ? &own : NULL);
    if (status != TL_OK) return status;
    if (last == TL_OK) last = closed;
    if (last != TL_OK && error) *error = own;
    return last;
}

static tl_status run_all(tl__run_work *run, const char *config_path, tl_error *error)
{
    const tl_options *o = run->options;
    if (run->one) TL_TRY(tl__run_prepare_one(run, error));
    if (run->done) return TL_OK;
    if (run->one) ;
    else if (o->resume) TL_TRY(tl__run_prepare_resume(run, config_path, error));
    else if (o->from) TL_TRY(tl__run_prepare_from(run, config_path, error));
    else TL_TRY(tl__config_read_for(run->context, config_path, o->set, o->set_count, o->out, &run->config, error));
    if (o->detailed_analytics) run->config->settings.analytics.enabled = true;
    TL_TRY(tl__config_hash(run->config, run->hash, error));
    if (!run->one) TL_TRY(tl__many_of(run->config, &run->arena, &run->many, error));
    TL_TRY(run_check_many(run, config_path, error));
    TL_TRY(tl__session_open(run->context, run->config, run->data, &run->session, error));
    TL_TRY(tl__timeframe_check(&run->config->settings.metrics.timeframe, run->session.data, run->config->path, error));
    if (!run->checkpoint) TL_TRY(tl__session_transfer(&run->session, error));
    tl__trainer_options nothing = {.run = ""};
    run->live.arena = &run->arena;
    run->live.options = o;
    run->live.progress = &run->progress;
    run->live.journal = &run->journal;
    run->live.file = o->resume || run->one ? NULL : config_path ? config_path : o->from ? NULL : "config.yaml";
    TL_TRY(tl__session_train(&run->session, &nothing, error));    /* all mistakes show before there is a folder */
    TL_TRY(tl__live_open(&run->live, &run->session, NULL, error));
    tl__time_compact(run->stamp, tl__now(run->context));
    TL_TRY(run_make_folder(run, error));
    TL_TRY(run_best_path(run, error));
    if (run->checkpoint) TL_TRY(run_plan_training(run, error));    /* refused, the run stays as it was */
    tl_status status = run_open_journal(run, error);
    if (status == TL_OK) status = run->many.count ? run_train_many(run, error) : run_train(run, error);
    return run->journal.context ? run_finish(run, status, error, error) : status;
}

TL_PRIV size_t tl__run_bytes(const tl__config *config)
{
    size_t analytics = config->settings.analytics.enabled ? tl__analytics_files_bytes() : 0;
    return sizeof(tl__run_work) + TL__ARENA_FIRST + tl__lock_bytes() + tl__journal_bytes() + analytics +
           tl__tensorboard_bytes(config);
}

static bool run_wants_report(const tl__run_work *run)
{
    int wish = run->config ? run->config->settings.output.report : TL__REPORT_NEVER;
    return wish == TL__REPORT_ALWAYS || (wish == TL__REPORT_AUTO && run->result->seconds > 1);
}

/* Where the charts go for TensorBoard; "": nowhere. Many models have no training of their own to show. */
static void run_board_folder(tl__run_work *run, char *out, size_t size)
{
    const tl__config *config = run->config;
    *out = '\0';
    if (run->one || run->many.count || !config || !config->settings.callbacks.tensorboard.present ||
        config->settings.output.report == TL__REPORT_NEVER) return;
    const char *folder = tl__tensorboard_folder(config, run->options->out, run->folder, &run->arena);
    if (folder && strlen(folder) < size) tl__format(out, size, "%s", folder);
}

static tl_status run_with(tl_context *context, const char *config, const tl_options *options, const tl__run_one *one,
                          tl_run_result *result, tl_error *error)
{
    static const tl_options defaults = TL_OPTIONS;
    tl_run_result own_result;
    tl_error own_error = {0};
    char board[1024] = "";
    tl__run_work *run = tl__alloc_zero(&context->heap, 1, sizeof *run);
    if (!run) return tl__fail_memory(error, sizeof *run);
    run->context = context;
    run->options = options ? options : &defaults;
    run->one = one;
    run->result = result ? result : &own_result;
    memset(run->result, 0, sizeof *run->result);
    tl__arena_init(&run->arena, &context->heap);
    tl_status status = run_all(run, config, error ? error : &own_error);
    tl_run_result *done = run->result;
    bool reported = status == TL_OK && !one && run_wants_report(run);
    if (status == TL_OK) run_board_folder(run, board, sizeof board);
    tl__journal_close(&run->journal, NULL);
    tl__live_close(&run->live);
    tl__analytics_close(run->analytics);
    tl__session_close(&run->session);
    tl__config_free(run->changed);
    tl_dataset_free(run->data);
    tl__config_free(run->config);
    tl__lock_release(run->lock);
    tl__arena_free(&run->arena);
    tl__free(&context->heap, run, sizeof *run);
    if (reported) tl__report_end(context, done);
    if (*board) tl__tensorboard_pictures(context, done->run, board);
    return status;
}

TL_PRIV tl_status tl__run_part(tl_context *context, const tl__run_one *one, tl_run_result *result, tl_error *error)
{
    const tl_options options = {.struct_size = sizeof options, .out = one->out};
    return run_with(context, one->config, &options, one, result, error);
}

TL_API tl_status tl_run(tl_context *context, const char *config, const tl_options *options, tl_run_result *result,
                        tl_error *error)
{
    return run_with(context, config, options, NULL, result, error);
}
