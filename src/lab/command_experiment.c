/* train:experiment: runs for each value and seed, each with a folder of its own and detailed analytics, a table of them
 * and what the seeds say of each value: mean, deviation, number. A run that fails is a row with its reason; a run
 * that is finished with the same settings is not run again. */
#include "base/math.h"
#include "base/text.h"
#include "lab/experiment.h"
#include "lab/folder.h"
#include "lab/path.h"
#include "lab/report.h"
#include "lab/run.h"
#include "text/yaml.h"

typedef struct command_experiment_work {
    tl_context *context;
    const tl_options *options;
    const char *config_path;
    tl__arena arena;
    tl__config *config;
    tl__experiment experiment;
    const char *folder;              /* training_analytics/experiments/NAME */
    const char *runs;                /* output/experiments/NAME */
    tl__builder *builder;
    tl_value *rows;                  /* a map for each run */
    size_t run, done, before;        /* at work; ended; of them those of earlier calls */
    int64_t started;
    char note[64];
} command_experiment_work;

/* Columns of summary.csv after the run's own, and where metrics.json has them. */
static const struct command_experiment_column { const char *name, *path; } command_experiment_columns[] = {
    {"epochs", "epochs"},
    {"best_epoch", "best_epoch"},
    {"train_loss", "train.loss"},
    {"val_loss", "validation.loss"},
    {"test_loss", "test.loss"},
    {"train_accuracy", "train.accuracy"},
    {"val_accuracy", "validation.accuracy"},
    {"test_accuracy", "test.accuracy"},
};

/* ---- a run ---- */

static bool command_experiment_progress(void *user, const tl_progress *progress)
{
    command_experiment_work *work = user;
    tl_progress p = *progress;
    size_t here = work->done - work->before;
    double seconds = (double)(tl__ticks() - work->started) * 1e-9;
    p.note = work->note;
    p.line = "";
    p.trials = (int64_t)work->experiment.runs;
    p.trials_ended = (int64_t)work->done;
    p.best = tl__nan_d();
    p.seconds = seconds;
    p.seconds_left = here ? seconds / (double)here * (double)(work->experiment.runs - work->done) : p.best;
    return !work->options->progress || work->options->progress(work->options->progress_user, &p);
}

/* --set of a run: the user's, the values, the seed, and what an experiment's runs have. */
static tl_status command_experiment_set(command_experiment_work *work, size_t run, bool whole, tl_options *options,
                                        tl_error *error)
{
    static const char *const fixed[] = {"analytics.enabled=true", "output.versions=false"};
    const tl__experiment *e = &work->experiment;
    size_t count = 0, room = work->options->set_count + e->factor_count + TL_COUNT(fixed) + 3;
    const char **set = tl__arena_push_zero(&work->arena, room, sizeof *set);
    if (!set) return tl__fail_memory(error, room * sizeof *set);
    for (size_t i = 0; i < work->options->set_count; i++) set[count++] = work->options->set[i];
    for (size_t i = 0; i < e->factor_count; i++) {
        const char *path = e->factors[i].path;
        if (tl__same_text(path, "network.hidden_size") && !tl_value_get(&work->config->tree->root, "network.model"))
            set[count++] = "network.model=mlp";
        if (!(set[count++] = tl__experiment_set(e, run / e->seeds->count, i, &work->arena)))
            return tl__fail_memory(error, 64);
    }
    if (whole) {
        set[count] = tl__arena_format(&work->arena, "seed=%lld", (long long)tl__experiment_seed(e, run));
        if (!set[count++]) return tl__fail_memory(error, 64);
        for (size_t i = 0; i < TL_COUNT(fixed); i++) set[count++] = fixed[i];
    }
    options->set = set;
    options->set_count = count;
    return TL_OK;
}

/* What the folder holds of a run with this hash: "done", another state, or "" when it is another's or there is none. */
static const char *command_experiment_state(command_experiment_work *work, const char *folder, const char *hash)
{
    tl__tree *tree;
    const char *state = "";
    if (!tl__folder_exists(folder) || tl__run_state(work->context, folder, &tree, NULL) != TL_OK) return state;
    if (tl__same_text(tl_value_text(tl_value_get(&tree->root, "config_hash"), ""), hash))
        state = tl__arena_text(&work->arena, tl_value_text(tl_value_get(&tree->root, "state"), ""));
    tl__tree_free(tree);
    return state ? state : "";
}

/* What another run with other settings left is not gone on with. */
static tl_status command_experiment_forget(command_experiment_work *work, const char *folder, tl_error *error)
{
    static const char *const names[] = {"status.json", "checkpoints/checkpoint.safetensors"};
    for (size_t i = 0; i < TL_COUNT(names); i++) {
        const char *path = tl__path_join(&work->arena, folder, names[i]);
        if (!path) return tl__fail_memory(error, 256);
        if (tl__file_exists(path)) TL_TRY(tl__file_remove(path, error));
    }
    return TL_OK;
}

static tl_status command_experiment_train(command_experiment_work *work, const char *folder, const char *id,
                                          bool *kept, tl_error *error)
{
    tl_options options = *work->options;
    tl__config *config;
    char hash[65];
    TL_TRY(command_experiment_set(work, work->run, true, &options, error));
    TL_TRY(tl__config_read(work->context, work->config_path, options.set, options.set_count, &config, error));
    tl_status status = tl__config_hash(config, hash, error);
    tl__config_free(config);
    if (status != TL_OK) return status;
    const char *state = command_experiment_state(work, folder, hash);
    *kept = tl__same_text(state, "done");
    if (*kept) return TL_OK;
    if (!tl__same_text(state, "interrupted") && !tl__same_text(state, "crashed"))
        TL_TRY(command_experiment_forget(work, folder, error));
    tl__run_one one = {.config = work->config_path, .set = options.set, .set_count = options.set_count,
                       .out = options.out, .folder = folder, .progress = command_experiment_progress,
                       .progress_user = work,
                       .analytics = tl__arena_format(&work->arena, "%s/run_%s", work->folder, id)};
    if (!one.analytics) return tl__fail_memory(error, 256);
    TL_TRY(tl__folder_make(folder, error));
    tl_log_level level = work->context->log_level;
    work->context->log_level = TL_LOG_ERROR;
    tl_run_result *result = tl__arena_push_zero(&work->arena, 1, sizeof *result);
    status = result ? tl__run_part(work->context, &one, result, error) : tl__fail_memory(error, sizeof *result);
    work->context->log_level = level;
    return status;
}

static double command_experiment_number(const tl_value *map, const char *path)
{
    return tl_value_number(tl_value_get(map, path), tl__nan_d());
}

/* The row of a run, from what it left. */
static tl_status command_experiment_row(command_experiment_work *work, const char *folder, const char *id,
                                        tl_status status, const tl_error *why, tl_error *error)
{
    const tl__experiment *e = &work->experiment;
    tl__builder *b = work->builder;
    tl__tree *tree = NULL;
    tl_value *row = tl__put_map(b, work->rows, NULL);
    for (size_t i = 0; i < e->factor_count; i++)
        tl__put_copy(b, row, e->factors[i].column, tl__experiment_value(e, work->run / e->seeds->count, i));
    tl__put_integer(b, row, "seed", tl__experiment_seed(e, work->run));
    tl__put_text(b, row, "run_id", id);
    tl__put_text(b, row, "status", status == TL_OK ? "completed" : "failed");
    tl__put_text(b, row, "error", status == TL_OK ? "" : why->message);
    const char *path = tl__path_join(&work->arena, folder, "metrics.json");
    if (!path) return tl__fail_memory(error, 256);
    if (status == TL_OK) TL_TRY(tl__json_read(work->context, path, &tree, error));
    const tl_value *root = tree ? &tree->root : NULL;
    for (size_t c = 0; c < TL_COUNT(command_experiment_columns); c++)
        tl__put_number(b, row, command_experiment_columns[c].name,
                       command_experiment_number(root, command_experiment_columns[c].path));
    tl__put_text(b, row, "stopping_reason", tl_value_text(tl_value_get(root, "stopped"), ""));
    tl__put_integer(b, row, "run", (int64_t)work->run);
    tl__put_text(b, row, "folder", folder);
    if (tree) tl__tree_free(tree);
    return b->failed ? tl__fail_memory(error, 256) : TL_OK;
}

static tl_status command_experiment_one(command_experiment_work *work, tl_error *error)
{
    const tl__experiment *e = &work->experiment;
    const char *id = tl__experiment_id(e, work->run, &work->arena);
    const char *folder = id ? tl__arena_format(&work->arena, "%s/run_%s", work->runs, id) : NULL;
    tl_error why = {0};
    bool kept = false;
    if (!folder) return tl__fail_memory(error, 256);
    tl__format(work->note, sizeof work->note, "run %zu/%zu", work->run + 1, e->runs);
    tl_status status = command_experiment_train(work, folder, id, &kept, &why);
    why.message[strcspn(why.message, "\n")] = '\0';    /* one line of a table */
    if (status == TL_CANCELLED || status == TL_OUT_OF_MEMORY) {
        if (error) *error = why;
        return status;
    }
    TL_TRY(command_experiment_row(work, folder, id, status, &why, error));
    const tl_value *row = work->rows->last;
    work->done++;
    work->before += kept;
    if (status != TL_OK) {
        tl__log_line(work->context, TL_LOG_INFO, "%s  %s  failed: %s", work->note, id, why.message);
        return TL_OK;
    }
    double accuracy = command_experiment_number(row, "val_accuracy");
    char more[48] = "";
    if (accuracy == accuracy) tl__format(more, sizeof more, "  accuracy %.1f %%", 100.0 * accuracy);
    tl__log_line(work->context, TL_LOG_INFO, "%s  %s  val_loss %.4f%s  %lld epochs%s", work->note, id,
                 command_experiment_number(row, "val_loss"), more,
                 (long long)tl_value_number(tl_value_get(row, "epochs"), 0), kept ? "  (was there)" : "");
    return TL_OK;
}

/* ---- the tables ---- */

static void command_experiment_cell(tl__buffer *out, const tl_value *value)
{
    tl__buffer json;
    if (!value || value->kind == TL_NULL) return;
    if (value->kind == TL_NUMBER) {
        if (tl__is_finite_d(value->number)) tl__buffer_format(out, "%.6g", value->number);
        return;
    }
    tl__buffer_init(&json, out->heap);
    if (value->kind == TL_TEXT) tl__buffer_text(&json, tl_value_text(value, ""));
    else tl__json_write(&json, value, 0);
    bool plain = json.size == 0 || !strpbrk(json.data, ",\"\n");
    if (!plain) tl__buffer_char(out, '"');
    for (size_t i = 0; i < json.size; i++) {
        if (json.data[i] == '"') tl__buffer_char(out, '"');
        tl__buffer_char(out, json.data[i]);
    }
    if (!plain) tl__buffer_char(out, '"');
    if (json.failed) out->failed = true;
    tl__buffer_free(&json);
}

static tl_status command_experiment_csv(command_experiment_work *work, tl_error *error)
{
    const tl__experiment *e = &work->experiment;
    const char *path = tl__path_join(&work->arena, work->folder, "summary.csv");
    tl__buffer text;
    tl__buffer_init(&text, &work->context->heap);
    tl__buffer_text(&text, "experiment_type");
    for (size_t i = 0; i < e->factor_count; i++) tl__buffer_format(&text, ",%s", e->factors[i].column);
    tl__buffer_text(&text, ",seed,run_id,status,error");
    for (size_t c = 0; c < TL_COUNT(command_experiment_columns); c++)
        tl__buffer_format(&text, ",%s", command_experiment_columns[c].name);
    tl__buffer_text(&text, ",stopping_reason\n");
    for (const tl_value *row = work->rows->first; row; row = row->next) {
        tl__buffer_text(&text, e->type);
        for (const tl_value *cell = row->first; cell && !tl__same_text(cell->key, "run"); cell = cell->next) {
            tl__buffer_char(&text, ',');
            command_experiment_cell(&text, cell);
        }
        tl__buffer_char(&text, '\n');
    }
    tl_status status = text.failed || !path ? tl__fail_memory(error, text.size)
                                            : tl__file_replace(path, text.data, text.size, false, error);
    tl__buffer_free(&text);
    return status;
}

/* Mean, deviation over the seeds (n - 1) and their number of a column; false when no run has it. */
static bool command_experiment_spread(const command_experiment_work *work, size_t combination, const char *column,
                                      double *mean, double *deviation, size_t *count)
{
    double sum = 0.0, squares = 0.0;
    const size_t seeds = work->experiment.seeds->count;
    *count = 0;
    for (int pass = 0; pass < 2; pass++)
        for (const tl_value *row = work->rows->first; row; row = row->next) {
            double value = command_experiment_number(row, column);
            size_t run = (size_t)tl_value_integer(tl_value_get(row, "run"), 0);
            if (value != value || run / seeds != combination) continue;
            if (pass == 0) sum += value, ++*count;
            else squares += (value - sum / (double)*count) * (value - sum / (double)*count);
        }
    *mean = *count ? sum / (double)*count : 0.0;
    *deviation = *count > 1 ? tl__sqrt_d(squares / (double)(*count - 1)) : 0.0;
    return *count > 0;
}

/* A map per combination; gives the best one: most seeds that came through, then the least mean loss. */
static size_t command_experiment_statistics(command_experiment_work *work, tl_value *list)
{
    static const char *const columns[] = {"val_loss", "val_accuracy", "test_loss", "test_accuracy", "train_loss",
                                          "epochs", "best_epoch"};
    const tl__experiment *e = &work->experiment;
    tl__builder *b = work->builder;
    size_t best = SIZE_MAX, best_count = 0;
    double best_loss = 0.0;
    for (size_t c = 0; c < e->runs / e->seeds->count; c++) {
        double mean, deviation;
        size_t count;
        tl_value *map = tl__put_map(b, list, NULL);
        const char *label = tl__experiment_label(e, c, &work->arena);
        tl__put_text(b, map, "label", label ? label : "");
        for (size_t i = 0; i < e->factor_count; i++)
            tl__put_copy(b, map, e->factors[i].column, tl__experiment_value(e, c, i));
        for (size_t k = 0; k < TL_COUNT(columns); k++) {
            if (!command_experiment_spread(work, c, columns[k], &mean, &deviation, &count)) continue;
            tl_value *of = tl__put_map(b, map, columns[k]);
            tl__put_number(b, of, "mean", mean);
            tl__put_number(b, of, "std", deviation);
            tl__put_integer(b, of, "n", (int64_t)count);
        }
        if (!command_experiment_spread(work, c, "val_loss", &mean, &deviation, &count) &&
            !command_experiment_spread(work, c, "train_loss", &mean, &deviation, &count)) continue;
        if (best != SIZE_MAX && (count < best_count || (count == best_count && !(mean < best_loss)))) continue;
        best = c;
        best_count = count;
        best_loss = mean;
    }
    return best;
}

static tl_status command_experiment_apply(command_experiment_work *work, size_t best, tl_value *root, tl_error *error)
{
    tl_options options = *work->options;
    tl__config *config;
    tl__buffer text;
    const char *path = tl__path_join(&work->arena, work->folder, "best.yaml");
    if (!path) return tl__fail_memory(error, 256);
    TL_TRY(command_experiment_set(work, best * work->experiment.seeds->count, false, &options, error));
    TL_TRY(tl__config_read(work->context, work->config_path, options.set, options.set_count, &config, error));
    tl__buffer_init(&text, &work->context->heap);
    tl_status status = tl__config_write(config, work->folder, &text, error);
    if (status == TL_OK) status = tl__file_replace(path, text.data, text.size, false, error);
    tl__buffer_free(&text);
    tl__config_free(config);
    tl__put_text(work->builder, root, "best_config", path);
    return status;
}

/* ---- all of it ---- */

/* What is done is done, whether the report can be made or not. */
static void command_experiment_report(command_experiment_work *work, tl_value *root)
{
    tl__document document;
    tl_error why = {0};
    if (work->config->settings.output.report == TL__REPORT_NEVER) return;
    tl_status status = tl__report_experiment(work->context, work->folder, &work->arena, &document, &why);
    if (status == TL_OK) status = tl__report_write(work->context, &document, work->folder, "report", &why);
    const char *path = tl__path_join(&work->arena, work->folder, "report.html");
    if (status == TL_OK && path) tl__put_text(work->builder, root, "report", path);
    if (status != TL_OK)
        tl__log_line(work->context, TL_LOG_WARNING, "the report was not made: %s", why.message);
}

static tl_status command_experiment_conclude(command_experiment_work *work, tl_value *root, tl_error *error)
{
    tl__builder *b = work->builder;
    const char *path = tl__path_join(&work->arena, work->folder, "summary.json");
    size_t best = command_experiment_statistics(work, tl__put_list(b, root, "statistics"));
    const char *label = best == SIZE_MAX ? "" : tl__experiment_label(&work->experiment, best, &work->arena);
    tl__put_text(b, root, "best", label ? label : "");
    if (b->failed || !label || !path) return tl__fail_memory(error, 256);
    if (best != SIZE_MAX && work->options->apply_best) TL_TRY(command_experiment_apply(work, best, root, error));
    TL_TRY(tl__json_save(work->context, root, path, false, error));
    command_experiment_report(work, root);
    return TL_OK;
}

static tl_status command_experiment_all(command_experiment_work *work, tl_value *root, tl_error *error)
{
    const tl_options *o = work->options;
    const tl__config_settings *s = &work->config->settings;
    const char *name = work->experiment.name;
    const char *analytics = tl__path_join(&work->arena, o->out, s->analytics.folder);
    const char *output = tl__path_join(&work->arena, o->out, s->output.folder);
    if (!analytics || !output) return tl__fail_memory(error, 256);
    work->folder = tl__arena_format(&work->arena, "%s/experiments/%s", analytics, name);
    work->runs = tl__arena_format(&work->arena, "%s/experiments/%s", output, name);
    if (!work->folder || !work->runs) return tl__fail_memory(error, 256);
    TL_TRY(tl__folder_make(work->folder, error));
    tl__put_text(work->builder, root, "experiment", name);
    tl__put_text(work->builder, root, "type", work->experiment.type);
    tl__put_text(work->builder, root, "folder", work->folder);
    work->rows = tl__put_list(work->builder, root, "runs");
    if (!work->rows) return tl__fail_memory(error, 256);
    tl__log_line(work->context, TL_LOG_INFO, "%s  %zu runs: %zu value%s, %zu seed%s", name, work->experiment.runs,
                 work->experiment.runs / work->experiment.seeds->count,
                 work->experiment.runs > work->experiment.seeds->count ? "s" : "", work->experiment.seeds->count,
                 work->experiment.seeds->count > 1 ? "s" : "");
    work->started = tl__ticks();
    work->done = work->before = 0;
    for (work->run = 0; work->run < work->experiment.runs; work->run++) {
        if (o->shards > 1 && (int64_t)work->run % o->shards != o->shard - 1) continue;
        TL_TRY(command_experiment_one(work, error));
        TL_TRY(command_experiment_csv(work, error));
    }
    return command_experiment_conclude(work, root, error);
}

static tl_status command_experiment_each(command_experiment_work *work, tl_value **out, tl_error *error)
{
    const tl_options *o = work->options;
    tl__tree *tree;
    tl__builder builder;
    TL_TRY(tl__config_read_for(work->context, work->config_path, o->set, o->set_count, o->out, &work->config, error));
    size_t count = tl__experiment_count(work->config, o, error);
    if (count == 0) return TL_BAD_CONFIG;
    if (tl__tree_new(&work->context->heap, NULL, &tree) != TL_OK) return tl__fail_memory(error, sizeof *tree);
    tl__builder_init(&builder, tree);
    work->builder = &builder;
    tl_value *root = tl__put_map(&builder, NULL, NULL), *list = tl__put_list(&builder, root, "experiments");
    tl_status status = list ? TL_OK : tl__fail_memory(error, 64);
    for (size_t i = 0; i < count && status == TL_OK; i++) {
        tl_value *map = tl__put_map(&builder, list, NULL);
        status = map ? tl__experiment_read(work->config, o, i, &work->experiment, error) : tl__fail_memory(error, 64);
        if (status == TL_OK) status = command_experiment_all(work, map, error);
    }
    if (status != TL_OK) tl__tree_free(tree);
    else *out = &tree->root;
    return status;
}

TL_API tl_status tl_experiment(tl_context *context, const char *config, const tl_options *options, tl_value **out,
                               tl_error *error)
{
    static const tl_options defaults = TL_OPTIONS;
    tl_error own = {0};
    command_experiment_work *work = tl__alloc_zero(&context->heap, 1, sizeof *work);
    if (!work) return tl__fail_memory(error, sizeof *work);
    work->context = context;
    work->options = options ? options : &defaults;
    work->config_path = config;
    tl__arena_init(&work->arena, &context->heap);
    tl_status status = command_experiment_each(work, out, error ? error : &own);
    tl__config_free(work->config);
    tl__arena_free(&work->arena);
    tl__free(&context->heap, work, sizeof *work);
    return status;
}
