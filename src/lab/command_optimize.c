/* train:optimize: a folder with a journal of trials, the workers on it, and what came of them: trials.csv, best.yaml
 * and how much each parameter mattered. A trial that fails is recorded with its reason and the others go on. The test
 * part is not looked at. */
#include "base/hash.h"
#include "base/math.h"
#include "base/text.h"
#include "lab/folder.h"
#include "lab/importance.h"
#include "lab/path.h"
#include "lab/search_run.h"
#include "text/yaml.h"

enum { COMMAND_OPTIMIZE_BEST = 10 };

typedef struct command_optimize_work {
    tl__search_run run;
    tl__arena arena;
    const char *folder;
    char identity[65];
} command_optimize_work;

static const char *const command_optimize_states[] = {"free", "started", "done", "stopped", "failed"};

/* ---- the folder ---- */

/* What makes two searches the same: settings that change results, and what is proposed to whom. The number of trials
 * may grow. */
static tl_status command_optimize_identity(command_optimize_work *work, tl_error *error)
{
    const tl__search *search = &work->run.search;
    tl__buffer text;
    char hash[65];
    TL_TRY(tl__config_hash(work->run.config, hash, error));
    tl__buffer_init(&text, &work->run.context->heap);
    tl__buffer_format(&text, "%s %s %s %d %lld %d %lld %g %lld", hash, search->method->head.name, search->metric,
                      search->async, search->method->learns || search->stop.method ? (long long)search->generation : 0,
                      search->stop.method, (long long)search->stop.first, search->stop.factor,
                      (long long)search->stop.startup);
    for (size_t j = 0; j < search->space.count; j++) {
        const tl__space_axis *axis = &search->space.axes[j];
        const tl__search_parameter *p = &search->parameters[j];
        if (axis->under) tl__buffer_format(&text, "\n%zu %llx", (size_t)axis->under, (unsigned long long)axis->when);
        tl__buffer_format(&text, "\n%s %d %d %g %g %g %g ", p->path, (int)axis->kind, axis->log, axis->min, axis->max,
                          p->first, p->step);
        if (p->values) tl__json_write(&text, p->values, 0);
    }
    tl__sha256 sum;
    tl__sha256_init(&sum);
    tl__sha256_add(&sum, text.data, text.size);
    tl__sha256_hex(&sum, work->identity);
    tl_status status = text.failed ? tl__fail_memory(error, text.size) : TL_OK;
    tl__buffer_free(&text);
    return status;
}

/* Is this the folder of such a search? */
static bool command_optimize_is_same(command_optimize_work *work, const char *path)
{
    const char *journal = tl__path_join(&work->arena, path, "trials.jsonl");
    tl__buffer text;
    tl__buffer_init(&text, &work->run.context->heap);
    bool same = journal && tl__file_exists(journal) &&
                tl__file_read(journal, &text, (size_t)1 << 30, NULL) == TL_OK && text.size > 78 &&
                memcmp(text.data, "{\"search\": \"", 12) == 0 && memcmp(text.data + 12, work->identity, 64) == 0;
    tl__buffer_free(&text);
    return same;
}

static bool command_optimize_take_same(void *user, const char *path)
{
    command_optimize_work *work = user;
    if (!command_optimize_is_same(work, path)) return true;
    work->folder = path;
    return false;
}

static tl_status command_optimize_folder(command_optimize_work *work, tl_error *error)
{
    char stamp[24];
    tl_context *context = work->run.context;
    const tl_options *o = work->run.options;
    const tl__config *config = work->run.config;
    const char *output = tl__path_join(&work->arena, o->out, config->settings.output.folder);
    const char *parent = output ? tl__path_join(&work->arena, output, "search") : NULL;
    if (!parent) return tl__fail_memory(error, 256);
    if (o->resume && *o->resume) {
        if (!command_optimize_is_same(work, o->resume))
            return tl__fail(error, TL_NOT_FOUND, "%s is not a search with the settings of %s.", o->resume,
                            config->path);
        work->folder = o->resume;
    } else if (o->shards > 1) {    /* all shards meet in one folder, where they share a disk */
        work->folder = tl__arena_format(&work->arena, "%s/%s_%.8s", parent, config->name, work->identity);
        if (!work->folder) return tl__fail_memory(error, 256);
        return tl__folder_make(work->folder, error);
    } else if (o->resume) {
        TL_TRY(tl__runs_each(context, &work->arena, parent, config->name, command_optimize_take_same, work, error));
        if (!work->folder)
            return tl__fail(error, TL_NOT_FOUND, "%s has no search with the settings of %s; leave out --resume.",
                            parent, config->path);
    } else {
        tl__time_compact(stamp, tl__now(context));
        return tl__folder_make_stamped(context, &work->arena, parent, config->name, stamp, &work->folder, error);
    }
    return TL_OK;
}

static tl_status command_optimize_shard(const command_optimize_work *work, tl_error *error)
{
    const tl_options *o = work->run.options;
    const tl__search *search = &work->run.search;
    if (o->shards == 0 && o->shard == 0) return TL_OK;
    if (o->shard < 1 || o->shard > o->shards)
        return tl__fail(error, TL_INVALID, "--shard %lld/%lld: it counts from 1 to the number of shards, as in "
                        "--shard 1/4.", (long long)o->shard, (long long)o->shards);
    if (search->method->learns || search->stop.method)
        return tl__fail(error, TL_BAD_CONFIG, "shards know nothing of each other, and %s learns from all trials. Start "
                        "the same command with --resume FOLDER on a shared disk instead, as often as you like, or take "
                        "method: random without stop.",
                        search->stop.method ? "search.stop" : search->method->head.name);
    return TL_OK;
}

/* Data that no parameter changes is read once. */
static tl_status command_optimize_data(command_optimize_work *work, tl_error *error)
{
    tl__search_run *run = &work->run;
    const tl__config *config = run->config;
    for (size_t i = 0; i < run->search.space.count; i++) {
        const char *path = run->search.parameters[i].path;
        if (strncmp(path, "data.", 5) == 0 || tl__same_text(path, "seed")) return TL_OK;
    }
    TL_TRY(tl__dataset_load(run->context, &config->settings.data, config->folder, (uint64_t)config->settings.seed,
                            &run->data, error));
    if (tl_dataset_rows(run->data, TL_VALIDATION) == 0)
        return tl__fail_at(error, TL_BAD_CONFIG, config->path, 0, 0, "data.split.validation",
                           "a search compares trials on validation rows; give data.split.validation a share, such as "
                           "0.2.");
    return TL_OK;
}

/* ---- what came of it ---- */

static void command_optimize_csv(const command_optimize_work *work, tl__buffer *out)
{
    const tl__search *search = &work->run.search;
    tl__buffer_format(out, "trial,status,%s,epochs,best_epoch,seconds", search->metric);
    for (size_t j = 0; j < search->space.count; j++) tl__buffer_format(out, ",%s", search->parameters[j].path);
    tl__buffer_char(out, '\n');
    for (int64_t i = 0; i < search->trials; i++) {
        const tl__trial *trial = &work->run.trials.items[i];
        if (trial->state <= TL__TRIAL_STARTED) continue;
        tl__buffer_format(out, "%lld,%s,", (long long)i + 1, command_optimize_states[trial->state]);
        if (trial->score == trial->score) tl__buffer_format(out, "%.6g", trial->score);
        tl__buffer_format(out, ",%lld,%lld,%.6g", (long long)trial->epochs, (long long)trial->best_epoch,
                          trial->seconds);
        const double *point = work->run.trials.points + (size_t)i * search->space.count;
        for (size_t j = 0; j < search->space.count; j++) {
            tl__buffer value;
            tl__buffer_init(&value, out->heap);
            if (tl__space_counts(&search->space, j, point)) tl__search_value(search, j, point[j], &value);
            bool text = value.size > 1 && value.data[0] == '"', plain = !text && (value.size == 0 ||
                                                                          !strpbrk(value.data, ",\""));
            tl__buffer_text(out, plain || text ? "," : ",\"");
            for (size_t c = 0; c < value.size; c++) {
                if (!plain && !text && value.data[c] == '"') tl__buffer_char(out, '"');
                tl__buffer_char(out, value.data[c]);
            }
            if (!plain && !text) tl__buffer_char(out, '"');
            if (value.failed) out->failed = true;
            tl__buffer_free(&value);
        }
        tl__buffer_char(out, '\n');
    }
}

static tl_status command_optimize_write(command_optimize_work *work, const char *name, tl__buffer *text,
                                        tl_status status, tl_error *error)
{
    const char *path = tl__path_join(&work->arena, work->folder, name);
    if (status == TL_OK && (text->failed || !path)) status = tl__fail_memory(error, text->size);
    if (status == TL_OK) status = tl__file_replace(path, text->data, text->size, false, error);
    tl__buffer_free(text);
    return status;
}

static tl_status command_optimize_files(command_optimize_work *work, tl_error *error)
{
    tl__buffer text;
    tl__config *config;
    tl__buffer_init(&text, &work->run.context->heap);
    command_optimize_csv(work, &text);
    TL_TRY(command_optimize_write(work, "trials.csv", &text, TL_OK, error));
    if (work->run.trials.best < 0) return TL_OK;
    TL_TRY(tl__search_config(&work->run, work->run.context, work->run.trials.best, &config, error));
    tl__buffer_init(&text, &work->run.context->heap);
    tl_status status = tl__config_write(config, work->folder, &text, error);
    status = command_optimize_write(work, "best.yaml", &text, status, error);
    tl__config_free(config);
    return status;
}

static void command_optimize_put_trial(const command_optimize_work *work, tl__builder *b, tl_value *parent,
                                       const char *key, int64_t number)
{
    const tl__search *search = &work->run.search;
    const tl__trial *trial = &work->run.trials.items[number];
    tl_value *map = tl__put_map(b, parent, key);
    tl__put_integer(b, map, "trial", number + 1);
    tl__put_text(b, map, "status", command_optimize_states[trial->state]);
    tl__put_number(b, map, "score", trial->score);
    tl__put_integer(b, map, "epochs", trial->epochs);
    tl__put_integer(b, map, "best_epoch", trial->best_epoch);
    tl__put_number(b, map, "seconds", trial->seconds);
    tl_value *parameters = tl__put_map(b, map, "parameters");
    const double *point = work->run.trials.points + (size_t)number * search->space.count;
    for (size_t j = 0; j < search->space.count; j++)
        if (tl__space_counts(&search->space, j, point)) tl__search_put(b, parameters, search, j, point[j]);
    if (trial->error) tl__put_text(b, map, "error", trial->error);
}

static void command_optimize_put_best(const command_optimize_work *work, tl__builder *b, tl_value *root)
{
    tl_value *list = tl__put_list(b, root, "best_trials");
    double bound = -DBL_MAX;
    int64_t after = -1;
    for (int shown = 0; shown < COMMAND_OPTIMIZE_BEST; shown++) {    /* the next best after (bound, after) */
        int64_t next = -1;
        double best = 0.0;
        for (int64_t i = 0; i < work->run.search.trials; i++) {
            double loss = tl__trials_loss(&work->run.trials, i);
            if (!(loss > bound || (loss == bound && i > after))) continue;
            if (next < 0 || loss < best) next = i, best = loss;
        }
        if (next < 0) break;
        command_optimize_put_trial(work, b, list, NULL, next);
        bound = best;
        after = next;
    }
}

static tl_status command_optimize_put_importance(const command_optimize_work *work, tl__builder *b, tl_value *root,
                                                 tl_error *error)
{
    const tl__search *search = &work->run.search;
    tl__heap *heap = &work->run.context->heap;
    double shares[TL__SPACE_AXES];
    size_t count = (size_t)search->trials;
    double *losses = tl__alloc(heap, count * sizeof *losses);
    if (!losses) return tl__fail_memory(error, count * sizeof *losses);
    for (size_t i = 0; i < count; i++) losses[i] = tl__trials_loss(&work->run.trials, (int64_t)i);
    tl_status status = tl__importance(heap, &search->space, work->run.trials.points, losses, count, search->seed,
                                      shares, error);
    tl__free(heap, losses, count * sizeof *losses);
    tl_value *map = tl__put_map(b, root, "importance");
    for (size_t j = 0; j < search->space.count && status == TL_OK; j++)
        tl__put_number(b, map, search->parameters[j].path, shares[j]);
    return status;
}

static tl_status command_optimize_result(command_optimize_work *work, tl_value **out, tl_error *error)
{
    tl__tree *tree;
    tl__builder builder, *b = &builder;
    const tl__trials *trials = &work->run.trials;
    int64_t of[TL_COUNT(command_optimize_states)] = {0};
    if (tl__tree_new(&work->run.context->heap, NULL, &tree) != TL_OK) return tl__fail_memory(error, 256);
    tl__builder_init(b, tree);
    for (int64_t i = 0; i < work->run.search.trials; i++) of[trials->items[i].state]++;
    tl_value *root = tl__put_map(b, NULL, NULL);
    tl__put_text(b, root, "folder", work->folder);
    tl__put_text(b, root, "method", work->run.search.method->head.name);
    tl__put_text(b, root, "metric", work->run.search.metric);
    tl__put_integer(b, root, "trials", trials->ended);
    tl__put_integer(b, root, "trials_wanted", work->run.search.trials);
    tl__put_integer(b, root, "stopped", of[TL__TRIAL_STOPPED]);
    tl__put_integer(b, root, "failed", of[TL__TRIAL_FAILED]);
    tl__put_integer(b, root, "best_trial", trials->best + 1);
    tl__put_number(b, root, "best_score", trials->items[trials->best].score);
    tl_status status = command_optimize_put_importance(work, b, root, error);
    command_optimize_put_best(work, b, root);
    if (status == TL_OK && builder.failed) status = tl__fail_memory(error, 256);
    if (status != TL_OK) tl__tree_free(tree);
    else *out = &tree->root;
    return status;
}

/* ---- all of it ---- */

static tl_status command_optimize_all(command_optimize_work *work, tl_value **out, tl_error *error)
{
    tl__search_run *run = &work->run;
    const tl_options *o = run->options;
    TL_TRY(tl__config_read_for(run->context, run->config_path, o->set, o->set_count, o->out, &run->config, error));
    TL_TRY(tl__search_of_config(run->config, o, &run->search, error));
    TL_TRY(command_optimize_shard(work, error));
    TL_TRY(command_optimize_data(work, error));
    TL_TRY(command_optimize_identity(work, error));
    TL_TRY(command_optimize_folder(work, error));
    TL_TRY(tl__trials_open(run->context, &run->search, work->folder, work->identity, run->config->name, &run->trials,
                           error));
    tl__log_line(run->context, TL_LOG_INFO, "%s  %s, %lld trials of %zu parameter%s by %s%s", run->config->name,
                 run->search.method->head.name, (long long)run->search.trials, run->search.space.count,
                 run->search.space.count == 1 ? "" : "s", run->search.metric,
                 run->search.async ? "; async: it cannot be repeated" : "");
    if (run->trials.ended)
        tl__log_line(run->context, TL_LOG_INFO, "going on in %s after %lld trials", work->folder,
                     (long long)run->trials.ended);
    tl_error own = {0};
    tl_status status = tl__search_work(run, error);
    tl_status written = command_optimize_files(work, status == TL_OK ? error : &own);
    if (status == TL_OK) status = written;
    if (status != TL_OK) return status;
    if (run->trials.best < 0)
        return tl__fail(error, TL_BAD_DATA, "no trial came to a result; %s/trials.jsonl says why.", work->folder);
    return command_optimize_result(work, out, error);
}

TL_API tl_status tl_optimize(tl_context *context, const char *config, const tl_options *options, tl_value **out,
                             tl_error *error)
{
    static const tl_options defaults = TL_OPTIONS;
    tl_error own = {0};
    command_optimize_work *work = tl__alloc_zero(&context->heap, 1, sizeof *work);
    if (!work) return tl__fail_memory(error, sizeof *work);
    work->run.context = context;
    work->run.options = options ? options : &defaults;
    work->run.config_path = config;
    tl__arena_init(&work->arena, &context->heap);
    tl_status status = command_optimize_all(work, out, error ? error : &own);
    tl__trials_close(&work->run.trials);
    tl_dataset_free(work->run.data);
    tl__config_free(work->run.config);
    tl__arena_free(&work->arena);
    tl__free(&context->heap, work, sizeof *work);
    return status;
}
