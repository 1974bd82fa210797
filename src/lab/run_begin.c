/* How a run begins: anew, from another's weights, or where an interrupted one was left. */
#include "base/text.h"
#include "lab/folder.h"
#include "lab/path.h"
#include "lab/run_work.h"
#include "lab/versions.h"
#include "metrics/record.h"

typedef struct run_begin_search {
    tl_context *context;
    const char *hash, *found, *other;    /* other: an unfinished run of other settings */
} run_begin_search;

/* Is it unfinished, not at work, and of the same settings? */
static bool run_begin_is_resumable(void *user, const char *path)
{
    run_begin_search *search = user;
    tl__tree *tree;
    if (tl__run_state(search->context, path, &tree, NULL) != TL_OK) return true;
    const char *state = tl_value_text(tl_value_get(&tree->root, "state"), "");
    const char *hash = tl_value_text(tl_value_get(&tree->root, "config_hash"), "");
    char config[600];
    bool complete = tl__format(config, sizeof config, "%s/config.yaml", path) < sizeof config &&
        tl__file_exists(config);
    bool unfinished = complete && (tl__same_text(state, "interrupted") || tl__same_text(state, "crashed"));
    if (unfinished && tl__same_text(hash, search->hash)) search->found = path;
    else if (unfinished && !search->other) search->other = path;
    tl__tree_free(tree);
    return !search->found;
}

static tl_status run_begin_find_by(tl__run_work *run, const char *config_path, size_t set_count,
                                   run_begin_search *search, tl_error *error)
{
    tl__config *config;
    TL_TRY(tl__config_read(run->context, config_path, run->options->set, set_count, &config, error));
    const char *parent = tl__runs_folder(&run->arena, run->options->out, config->settings.output.folder);
    tl_status status = parent ? tl__config_hash(config, run->hash, error) : tl__fail_memory(error, 256);
    if (status == TL_OK)
        status = tl__runs_each(run->context, &run->arena, parent, config->name, run_begin_is_resumable, search, error);
    tl__config_free(config);
    return status;
}

/* --set may repeat what the run was started with, or change what is live. */
static tl_status run_begin_find_unfinished(tl__run_work *run, const char *config_path, tl_error *error)
{
    run_begin_search search = {run->context, run->hash, NULL, NULL};
    size_t set_count = run->options->set_count;
    const char *name = config_path ? config_path : "config.yaml";
    TL_TRY(run_begin_find_by(run, config_path, set_count, &search, error));
    if (!search.found && set_count) TL_TRY(run_begin_find_by(run, config_path, 0, &search, error));
    run->folder = search.found;
    if (search.found) return TL_OK;
    if (search.other)
        return tl__fail(error, TL_NOT_FOUND, "%s is unfinished, but was started with other settings than %s has now; "
                        "'--resume %s' goes on with its own.", search.other, name, search.other);
    return tl__fail(error, TL_NOT_FOUND, "there is no unfinished run of %s; leave out --resume to start one.", name);
}

/* What is not live may be repeated in --set, but not changed. */
static tl_status run_begin_check_set(tl__run_work *run, tl_error *error)
{
    const tl_options *o = run->options;
    tl__config *config;
    char hash[65];
    TL_TRY(tl__config_read(run->context, run->folder, NULL, 0, &config, error));
    tl_status status = tl__config_hash(config, run->hash, error);
    tl__config_free(config);
    for (size_t i = 0; status == TL_OK && i < o->set_count; i++) {
        const char *path = tl__config_not_live(o->set[i], &run->arena);
        if (!path) continue;
        TL_TRY(tl__config_read(run->context, run->folder, &o->set[i], 1, &config, error));
        status = tl__config_hash(config, hash, error);
        tl__config_free(config);
        if (status == TL_OK && !tl__same_text(hash, run->hash))
            return tl__fail_at(error, TL_BAD_CONFIG, "--set", 0, 0, path, "%s cannot change in the middle of a run; a "
                               "resumed run takes live settings only, such as training.learning_rate.", path);
    }
    return status;
}

/* A resumed run goes on from the version that it began with. */
static tl_status run_begin_read_parent(tl__run_work *run, tl_error *error)
{
    tl__tree *tree;
    const char *path = tl__path_join(&run->arena, run->folder, "transfer.json");
    if (!path) return tl__fail_memory(error, 256);
    if (!tl__file_exists(path)) return TL_OK;
    TL_TRY(tl__json_read(run->context, path, &tree, error));
    const char *parent = tl_value_text(tl_value_get(&tree->root, "version"), "");
    run->parent = *parent ? tl__arena_text(&run->arena, parent) : NULL;
    tl__tree_free(tree);
    return TL_OK;
}

/* The folder to go on in, its config with live changes laid over, and its checkpoint. */
TL_PRIV tl_status tl__run_prepare_resume(tl__run_work *run, const char *config_path, tl_error *error)
{
    const tl_options *o = run->options;
    if (*o->resume) {
        if (!tl__folder_exists(o->resume))
            return tl__fail(error, TL_NOT_FOUND, "%s: there is no such run folder to go on in.", o->resume);
        run->folder = tl__arena_text(&run->arena, o->resume);
    } else {
        TL_TRY(run_begin_find_unfinished(run, config_path, error));
    }
    size_t size = run->folder ? strlen(run->folder) : 0;
    while (size > 1 && run->folder[size - 1] == '/') size--;
    run->folder = run->folder ? tl__arena_copy(&run->arena, run->folder, size) : NULL;
    if (!run->folder) return tl__fail_memory(error, 256);
    tl__tree *status_tree;
    TL_TRY(tl__run_state(run->context, run->folder, &status_tree, error));
    bool done = tl__same_text(tl_value_text(tl_value_get(&status_tree->root, "state"), ""), "done");
    tl__tree_free(status_tree);
    if (done) return tl__fail(error, TL_EXISTS, "%s is finished; there is nothing to go on with.", run->folder);
    TL_TRY(run_begin_check_set(run, error));
    TL_TRY(tl__config_read_for(run->context, run->folder, NULL, 0, o->out, &run->config, error));
    const char *path = tl__arena_format(&run->arena, "%s/checkpoints/checkpoint.safetensors", run->folder);
    if (!path) return tl__fail_memory(error, 256);
    run->checkpoint = tl__file_exists(path) ? path : NULL;
    return run_begin_read_parent(run, error);
}

/* ---- a run that begins with another's weights ---- */

/* The version that a run's folder became; NULL: none. */
static tl_status run_begin_find_version(tl__run_work *run, const char *folder, tl_error *error)
{
    tl__versions store;
    const char *name = tl__path_name(folder);
    tl_status status = tl__versions_open(&store, run->context, run->options->out, "output", error);
    for (size_t i = store.count; status == TL_OK && i-- > 0 && !run->parent;)
        if (tl__same_text(tl_value_text(tl_value_get(store.list[i].line, "run"), ""), name))
            run->parent = tl__arena_text(&run->arena, store.list[i].id);
    tl__versions_close(&store);
    return status;
}

/* Config and first weights of --from; without a config, that of the version or run. */
TL_PRIV tl_status tl__run_prepare_from(tl__run_work *run, const char *config_path, tl_error *error)
{
    const tl_options *o = run->options;
    tl__run_place place;
    char current[1024];
    TL_TRY(tl__run_find(run->context, &run->arena, o->from, o, &place, error));
    run->parent = place.version;
    if (place.folder) TL_TRY(run_begin_find_version(run, place.folder, error));
    if (!config_path && place.record) {
        TL_TRY(tl__version_config(run->context, place.record, o->set, o->set_count, &run->config, error));
    } else if (!config_path && !place.folder) {
        return tl__fail(error, TL_INVALID, "--from %s is a model file alone; name a config to train it with.", o->from);
    } else {
        TL_TRY(tl__config_read_for(run->context, config_path ? config_path : place.folder, o->set, o->set_count,
                                   o->out, &run->config, error));
    }
    if (config_path && run->config->settings.transfer.from)
        return tl__fail_at(error, TL_BAD_CONFIG, run->config->path, 0, 0, "transfer.from", "the weights to begin with "
                           "are named twice, here and by --from; leave out one of them.");
    bool known = tl__folder_current(current, sizeof current);
    run->config->settings.transfer.from = tl__path_from(&run->config->arena, run->config->folder, place.model,
                                                        known ? current : NULL);
    return run->config->settings.transfer.from ? TL_OK : tl__fail_memory(error, 256);
}

/* What it came to, out of its status. */
static void run_begin_take_result(tl_run_result *out, const char *folder, const tl_value *result)
{
    tl__format(out->run, sizeof out->run, "%s", folder);
    tl__format(out->model_path, sizeof out->model_path, "%s/model.safetensors", folder);
    tl__format(out->stopped, sizeof out->stopped, "%s", tl_value_text(tl_value_get(result, "stopped"), ""));
    out->epochs = tl_value_integer(tl_value_get(result, "epochs"), 0);
    out->best_epoch = tl_value_integer(tl_value_get(result, "best_epoch"), 0);
    out->seconds = tl_value_number(tl_value_get(result, "seconds"), 0);
    out->samples_per_second = tl_value_number(tl_value_get(result, "samples_per_second"), 0);
    out->output_seconds = tl_value_number(tl_value_get(result, "output_seconds"), 0);
    out->parameters = tl_value_integer(tl_value_get(result, "parameters"), 0);
    out->memory_bytes = (size_t)tl_value_integer(tl_value_get(result, "memory_bytes"), 0);
    tl__record_read(tl_value_get(result, "train"), &out->train);
    tl__record_read(tl_value_get(result, "validation"), &out->validation);
    tl__record_read(tl_value_get(result, "test"), &out->test);
}

/* One training of several: done before, begun before, or new. */
TL_PRIV tl_status tl__run_prepare_one(tl__run_work *run, tl_error *error)
{
    const tl__run_one *one = run->one;
    const char *status = tl__path_join(&run->arena, one->folder, "status.json");
    const char *model = tl__path_join(&run->arena, one->folder, "model.safetensors");
    const char *checkpoint = tl__path_join(&run->arena, one->folder, "checkpoints/checkpoint.safetensors");
    tl__tree *tree = NULL;
    run->folder = tl__arena_text(&run->arena, one->folder);
    if (!run->folder || !status || !model || !checkpoint) return tl__fail_memory(error, 256);
    if (tl__file_exists(status) && tl__run_state(run->context, one->folder, &tree, NULL) == TL_OK) {
        run->done = tl__same_text(tl_value_text(tl_value_get(&tree->root, "state"), ""), "done") &&
                    tl__file_exists(model);
        if (run->done) run_begin_take_result(run->result, one->folder, tl_value_get(&tree->root, "result"));
        tl__tree_free(tree);
        if (run->done) return TL_OK;
    }
    run->checkpoint = tl__file_exists(checkpoint) ? checkpoint : NULL;
    TL_TRY(tl__config_read_for(run->context, one->config, one->set, one->set_count, one->out, &run->config, error));
    if (!one->data) return TL_OK;
    return tl__config_place(run->config, tl__dataset_remake(run->context, one->data, &run->config->settings.data,
                                                            (uint64_t)run->config->settings.seed, &run->data, error),
                            error);
}
