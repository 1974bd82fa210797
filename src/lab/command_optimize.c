/* train:optimize: one training per trial, recorded as it ends, ordered by a figure of the validation part. A trial that
 * fails is recorded with its reason and the others go on. The test part is not looked at. */
#include "base/text.h"
#include "lab/folder.h"
#include "lab/path.h"
#include "lab/search.h"
#include "lab/session.h"
#include "text/yaml.h"

enum { COMMAND_OPTIMIZE_BEST = 10 };

typedef struct command_optimize_work {
    tl_context *context;
    const tl_options *options;
    const char *config_path;
    tl__arena arena;
    tl__config *config;
    tl__search search;
    tl_dataset *data;                /* shared by all trials; NULL: each reads its own */
    const char *folder;
    tl__tree *record;                /* trials.json */
    tl__builder builder;
    tl_value *trials;                /* its list */
    int64_t trial;                   /* at work, from 0 */
    int64_t best_trial;              /* from 1; 0: none */
    double best;
    bool regression;                 /* of the trial at work */
    char note[48];
} command_optimize_work;

/* ---- the record ---- */

static tl_status command_optimize_begin_record(command_optimize_work *work, tl_error *error)
{
    char hash[65];
    TL_TRY(tl__config_hash(work->config, hash, error));
    if (tl__tree_new(&work->context->heap, NULL, &work->record) != TL_OK) return tl__fail_memory(error, 256);
    tl__builder_init(&work->builder, work->record);
    tl_value *root = tl__put_map(&work->builder, NULL, NULL);
    tl__put_text(&work->builder, root, "name", work->config->name);
    tl__put_text(&work->builder, root, "config_hash", hash);
    tl__put_copy(&work->builder, root, "search", work->config->settings.search);
    tl__put_text(&work->builder, root, "metric", work->search.metric);
    work->trials = tl__put_list(&work->builder, root, "trials");
    return work->builder.failed ? tl__fail_memory(error, 256) : TL_OK;
}

static void command_optimize_csv(const command_optimize_work *work, tl__buffer *out)
{
    tl__buffer_format(out, "trial,status,%s,epochs,best_epoch,seconds", work->search.metric);
    for (size_t i = 0; i < work->search.count; i++) tl__buffer_format(out, ",%s", work->search.parameters[i].path);
    tl__buffer_char(out, '\n');
    for (const tl_value *trial = work->trials->first; trial; trial = trial->next) {
        static const char *const numbers[] = {"score", "epochs", "best_epoch", "seconds"};
        const tl_value *parameters = tl_value_get(trial, "parameters");
        tl__buffer_format(out, "%lld,%s", (long long)tl_value_integer(tl_value_get(trial, "trial"), 0),
                          tl_value_text(tl_value_get(trial, "status"), ""));
        for (size_t i = 0; i < TL_COUNT(numbers); i++) {
            double value = tl_value_number(tl_value_get(trial, numbers[i]), 0.0 / 0.0);
            tl__buffer_char(out, ',');
            if (value == value) tl__buffer_format(out, "%.6g", value);
        }
        for (const tl_value *p = parameters ? parameters->first : NULL; p; p = p->next) {
            bool plain = p->kind != TL_LIST && p->kind != TL_MAP && p->kind != TL_TEXT;
            tl__buffer_text(out, plain ? "," : ",\"");
            if (p->kind == TL_TEXT) tl__buffer_text(out, tl_value_text(p, ""));
            else tl__json_write(out, p, 0);
            if (!plain) tl__buffer_char(out, '"');
        }
        tl__buffer_char(out, '\n');
    }
}

static tl_status command_optimize_save(command_optimize_work *work, tl_error *error)
{
    const char *json = tl__path_join(&work->arena, work->folder, "trials.json");
    const char *csv = tl__path_join(&work->arena, work->folder, "trials.csv");
    if (!json || !csv || work->builder.failed) return tl__fail_memory(error, 256);
    TL_TRY(tl__json_save(work->context, &work->record->root, json, false, error));
    tl__buffer text;
    tl__buffer_init(&text, &work->context->heap);
    command_optimize_csv(work, &text);
    tl_status status = text.failed ? tl__fail_memory(error, text.size)
                                   : tl__file_replace(csv, text.data, text.size, false, error);
    tl__buffer_free(&text);
    return status;
}

static void command_optimize_rank(command_optimize_work *work, int64_t number, double score)
{
    if (score != score || (work->best_trial && !(work->search.higher ? score > work->best : score < work->best)))
        return;
    work->best = score;
    work->best_trial = number;
}

/* ---- going on ---- */

static bool command_optimize_take_same(void *user, const char *path)
{
    command_optimize_work *work = user;
    tl__tree *tree;
    const char *json = tl__path_join(&work->arena, path, "trials.json");
    if (!json || !tl__file_exists(json) || tl__json_read(work->context, json, &tree, NULL) != TL_OK) return true;
    const tl_value *hash = tl_value_get(&work->record->root, "config_hash");
    const tl_value *search = tl_value_get(&tree->root, "search");
    bool same = tl__same_text(tl_value_text(hash, ""), tl_value_text(tl_value_get(&tree->root, "config_hash"), "?")) &&
                search && tl_value_count(search) == tl_value_count(work->config->settings.search);
    tl__buffer a, b;
    tl__buffer_init(&a, &work->context->heap);
    tl__buffer_init(&b, &work->context->heap);
    if (same) {
        tl__json_write(&a, search, 0);
        tl__json_write(&b, work->config->settings.search, 0);
        same = !a.failed && !b.failed && tl__same_text(a.data, b.data);
    }
    tl__buffer_free(&a);
    tl__buffer_free(&b);
    if (same) {
        const tl_value *trials = tl_value_get(&tree->root, "trials");
        for (size_t i = 0; i < tl_value_count(trials); i++) {
            const tl_value *trial = tl_value_at(trials, i);
            tl__put_copy(&work->builder, work->trials, NULL, trial);
            command_optimize_rank(work, tl_value_integer(tl_value_get(trial, "trial"), 0),
                                  tl_value_number(tl_value_get(trial, "score"), 0.0 / 0.0));
        }
        work->folder = path;
    }
    tl__tree_free(tree);
    return !same;
}

static tl_status command_optimize_folder(command_optimize_work *work, tl_error *error)
{
    char stamp[24];
    const char *resume = work->options->resume;
    const char *output = tl__path_join(&work->arena, work->options->out, work->config->settings.output.folder);
    const char *parent = output ? tl__path_join(&work->arena, output, "search") : NULL;
    if (!parent) return tl__fail_memory(error, 256);
    if (resume && *resume) {
        if (command_optimize_take_same(work, resume))
            return tl__fail(error, TL_NOT_FOUND, "%s is not a search with the settings of %s.", resume,
                            work->config->path);
        return TL_OK;
    }
    if (resume) {
        TL_TRY(tl__runs_each(work->context, &work->arena, parent, work->config->name, command_optimize_take_same, work,
                             error));
        if (!work->folder)
            return tl__fail(error, TL_NOT_FOUND, "%s has no search with the settings of %s; leave out --resume.",
                            parent,
                            work->config->path);
        return TL_OK;
    }
    tl__time_compact(stamp, tl__now(work->context));
    return tl__folder_make_stamped(work->context, &work->arena, parent, work->config->name, stamp, &work->folder,
                                   error);
}

/* ---- a trial ---- */

static bool command_optimize_progress(void *user, const tl_progress *progress)
{
    command_optimize_work *work = user;
    tl_progress p = *progress;
    p.note = work->note;
    p.line = "";
    p.run = work->folder;
    p.regression = work->regression;
    return !work->options->progress || work->options->progress(work->options->progress_user, &p);
}

/* The config with the trial's values laid over; their texts in *set, all in the arena. */
static tl_status command_optimize_config(command_optimize_work *work, tl_value *parameters, tl__config **out,
                                         tl_error *error)
{
    const tl_options *o = work->options;
    size_t count = o->set_count + work->search.count;
    const char **set = tl__arena_push(&work->arena, (count + 1) * sizeof *set);
    if (!set) return tl__fail_memory(error, count * sizeof *set);
    for (size_t i = 0; i < o->set_count; i++) set[i] = o->set[i];
    for (size_t i = 0; i < work->search.count; i++) {
        const tl__search_parameter *p = &work->search.parameters[i];
        tl__buffer value;
        tl__buffer_init(&value, &work->context->heap);
        tl__search_value(&work->search, i, work->trial, &value);
        set[o->set_count + i] = value.failed ? NULL : tl__arena_format(&work->arena, "%s=%s", p->path, value.data);
        if (set[o->set_count + i] && parameters) {
            tl__tree *tree;
            if (tl__tree_new(&work->context->heap, NULL, &tree) == TL_OK) {
                if (tl__json_parse(tree, value.data, value.size, NULL) == TL_OK)
                    tl__put_copy(&work->builder, parameters, p->path, &tree->root);
                tl__tree_free(tree);
            } else {
                work->builder.failed = true;
            }
        }
        tl__buffer_free(&value);
        if (!set[o->set_count + i]) return tl__fail_memory(error, 64);
    }
    return tl__config_read(work->context, work->config_path, set, count, out, error);
}

static tl_status command_optimize_train(command_optimize_work *work, const tl__config *config, tl_scores *scores,
                                        tl__train_result *end, tl_error *error)
{
    tl__session session;
    tl__trainer_options options = {.run = "", .progress = command_optimize_progress, .progress_user = work};
    tl_status status = tl__session_open(work->context, config, work->data, &session, error);
    if (status == TL_OK) status = tl__session_transfer(&session, error);
    if (status == TL_OK) work->regression = tl_dataset_classes(session.data) == 0;
    if (status == TL_OK) status = tl__session_train(&session, &options, error);
    if (status == TL_OK) {    /* what a trial warns of is in no one's interest here */
        tl_log_level level = work->context->log_level;
        work->context->log_level = TL_LOG_ERROR;
        status = tl__trainer_run(session.trainer, error);
        work->context->log_level = level;
    }
    if (status == TL_OK) tl__trainer_result(session.trainer, end);
    if (status == TL_OK) status = tl__trainer_score(session.trainer, TL_VALIDATION, scores, error);
    tl__session_close(&session);
    return status;
}

static void command_optimize_say(command_optimize_work *work, const tl_value *trial, double score, const char *why)
{
    char text[400];
    size_t used = 0;
    text[0] = '\0';
    const tl_value *parameters = tl_value_get(trial, "parameters");
    for (const tl_value *p = parameters ? parameters->first : NULL; p && used < sizeof text - 80; p = p->next) {
        tl__buffer value;
        tl__buffer_init(&value, &work->context->heap);
        tl__json_write(&value, p, 0);
        used += tl__format(text + used, sizeof text - used, "  %s %s", p->key, value.failed ? "" : value.data);
        tl__buffer_free(&value);
    }
    if (why) tl__log_line(work->context, TL_LOG_INFO, "trial %lld/%lld  failed: %s", (long long)work->trial + 1,
                          (long long)work->search.trials, why);
    else tl__log_line(work->context, TL_LOG_INFO, "trial %lld/%lld  %s %.4f%s%s", (long long)work->trial + 1,
                      (long long)work->search.trials, work->search.metric, score, text,
                      work->best_trial == work->trial + 1 ? "  (best so far)" : "");
}

static tl_status command_optimize_trial(command_optimize_work *work, tl_error *error)
{
    tl__config *config = NULL;
    tl_scores scores = {.samples = 0};
    tl__train_result end = {.epochs = 0};
    tl_error why = {0};
    tl__builder *b = &work->builder;
    tl_value *trial = tl__put_map(b, work->trials, NULL);
    tl__put_integer(b, trial, "trial", work->trial + 1);
    tl_value *parameters = tl__put_map(b, trial, "parameters");
    tl__format(work->note, sizeof work->note, "trial %lld/%lld", (long long)work->trial + 1,
               (long long)work->search.trials);
    int64_t started = tl__ticks();
    tl_status status = command_optimize_config(work, parameters, &config, &why);
    if (status == TL_OK) status = command_optimize_train(work, config, &scores, &end, &why);
    double score = status == TL_OK ? tl__search_score(&work->search, &scores) : 0.0 / 0.0;
    if (status == TL_CANCELLED || status == TL_OUT_OF_MEMORY) {
        if (trial) tl__value_detach(work->trials, trial);
        tl__config_free(config);
        if (error) *error = why;
        return status;
    }
    tl__put_text(b, trial, "status", status == TL_OK ? "done" : "failed");
    tl__put_number(b, trial, "score", score);
    tl__put_integer(b, trial, "epochs", end.epochs);
    tl__put_integer(b, trial, "best_epoch", end.best_epoch);
    tl__put_number(b, trial, "seconds", (double)(tl__ticks() - started) * 1e-9);
    if (status != TL_OK) tl__put_text(b, trial, "error", why.message);
    command_optimize_rank(work, work->trial + 1, score);
    command_optimize_say(work, trial, score, status == TL_OK ? NULL : why.message);
    if (status == TL_OK && work->best_trial == work->trial + 1) {
        tl__buffer text;
        const char *path = tl__path_join(&work->arena, work->folder, "best.yaml");
        tl__buffer_init(&text, &work->context->heap);
        status = path ? tl__config_write(config, work->folder, &text, error) : tl__fail_memory(error, 256);
        if (status == TL_OK) status = tl__file_replace(path, text.data, text.size, false, error);
        tl__buffer_free(&text);
    } else {
        status = TL_OK;
    }
    tl__config_free(config);
    return status == TL_OK ? command_optimize_save(work, error) : status;
}

/* ---- all of it ---- */

static bool command_optimize_has(const command_optimize_work *work, int64_t number)
{
    for (const tl_value *trial = work->trials->first; trial; trial = trial->next)
        if (tl_value_integer(tl_value_get(trial, "trial"), 0) == number) return true;
    return false;
}

/* Data that no parameter changes is read once. */
static tl_status command_optimize_data(command_optimize_work *work, tl_error *error)
{
    const tl__config *config = work->config;
    for (size_t i = 0; i < work->search.count; i++) {
        const char *path = work->search.parameters[i].path;
        if (strncmp(path, "data.", 5) == 0 || tl__same_text(path, "seed")) return TL_OK;
    }
    TL_TRY(tl__dataset_load(work->context, &config->settings.data, config->folder, (uint64_t)config->settings.seed,
                            &work->data, error));
    if (tl_dataset_rows(work->data, TL_VALIDATION) == 0)
        return tl__fail_at(error, TL_BAD_CONFIG, config->path, 0, 0, "data.split.validation",
                           "a search compares trials on validation rows; give data.split.validation a share, such as "
                           "0.2.");
    return TL_OK;
}

static tl_status command_optimize_result(command_optimize_work *work, tl_value **out, tl_error *error)
{
    tl__tree *tree;
    tl__builder builder;
    if (tl__tree_new(&work->context->heap, NULL, &tree) != TL_OK) return tl__fail_memory(error, 256);
    tl__builder_init(&builder, tree);
    tl_value *root = tl__put_map(&builder, NULL, NULL);
    tl__put_text(&builder, root, "folder", work->folder);
    tl__put_text(&builder, root, "metric", work->search.metric);
    tl__put_integer(&builder, root, "trials", (int64_t)work->trials->count);
    tl__put_integer(&builder, root, "best_trial", work->best_trial);
    tl_value *list = tl__put_list(&builder, root, "best_trials");
    double bound = work->search.higher ? DBL_MAX : -DBL_MAX;
    int64_t bound_trial = 0;
    for (int shown = 0; shown < COMMAND_OPTIMIZE_BEST; shown++) {    /* the next best after (bound, bound_trial) */
        const tl_value *next = NULL;
        double best = 0;
        int64_t best_number = 0;
        for (const tl_value *trial = work->trials->first; trial; trial = trial->next) {
            double score = tl_value_number(tl_value_get(trial, "score"), 0.0 / 0.0);
            int64_t number = tl_value_integer(tl_value_get(trial, "trial"), 0);
            double a = work->search.higher ? -score : score, lowest = work->search.higher ? -bound : bound;
            double b = work->search.higher ? -best : best;
            if (!(a > lowest || (a == lowest && number > bound_trial))) continue;
            if (!next || a < b || (a == b && number < best_number)) next = trial, best = score, best_number = number;
        }
        if (!next) break;
        tl__put_copy(&builder, list, NULL, next);
        bound = best;
        bound_trial = best_number;
    }
    if (builder.failed) {
        tl__tree_free(tree);
        return tl__fail_memory(error, 256);
    }
    *out = &tree->root;
    return TL_OK;
}

static tl_status command_optimize_all(command_optimize_work *work, tl_value **out, tl_error *error)
{
    const tl_options *o = work->options;
    TL_TRY(tl__config_read_for(work->context, work->config_path, o->set, o->set_count, o->out, &work->config, error));
    TL_TRY(tl__search_read(work->config, &work->search, error));
    TL_TRY(command_optimize_data(work, error));
    TL_TRY(command_optimize_begin_record(work, error));
    TL_TRY(command_optimize_folder(work, error));
    TL_TRY(command_optimize_save(work, error));
    for (work->trial = 0; work->trial < work->search.trials; work->trial++)
        if (!command_optimize_has(work, work->trial + 1)) TL_TRY(command_optimize_trial(work, error));
    if (!work->best_trial)
        return tl__fail(error, TL_BAD_DATA, "no trial came to a result; %s/trials.json says why.", work->folder);
    return command_optimize_result(work, out, error);
}

TL_API tl_status tl_optimize(tl_context *context, const char *config, const tl_options *options, tl_value **out,
                             tl_error *error)
{
    static const tl_options defaults = TL_OPTIONS;
    tl_error own = {0};
    command_optimize_work *work = tl__alloc_zero(&context->heap, 1, sizeof *work);
    if (!work) return tl__fail_memory(error, sizeof *work);
    work->context = context;
    work->options = options ? options : &defaults;
    work->config_path = config;
    tl__arena_init(&work->arena, &context->heap);
    tl_status status = command_optimize_all(work, out, error ? error : &own);
    if (work->record) tl__tree_free(work->record);
    tl_dataset_free(work->data);
    tl__config_free(work->config);
    tl__arena_free(&work->arena);
    tl__free(&context->heap, work, sizeof *work);
    return status;
}
