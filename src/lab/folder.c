/* Run folders, found by their names: what follows the last part of a name is its time, so the newest is known without
 * opening a file. */
#include "lab/folder.h"

#include "base/text.h"
#include "lab/path.h"
#include "lab/versions.h"
#include "text/yaml.h"

enum { FOLDER_STAMP = 15, FOLDER_TRIES = 1000, FOLDER_JSON_BYTES = 256 << 20 };

TL_PRIV const char *tl__runs_folder(tl__arena *arena, const char *out, const char *output)
{
    const char *folder = tl__path_join(arena, out, output);
    return folder ? tl__path_join(arena, folder, "runs") : NULL;
}

/* ---- the newest ---- */

typedef struct folder_entry {
    const char *name;
    const char *stamp;       /* within name */
    int64_t number;          /* of runs in one second; 1 for the first */
} folder_entry;

typedef struct folder_list {
    tl__arena *arena;
    const char *name;        /* wanted, or NULL */
    folder_entry *entries;
    size_t count, capacity;
    bool failed;
} folder_list;

static bool folder_is_stamp(const char *text)
{
    for (int i = 0; i < FOLDER_STAMP; i++)
        if (i == 8 ? text[i] != '_' : (text[i] < '0' || text[i] > '9')) return false;
    return true;
}

/* Where the stamp begins in "name_20261121_101500_2"; false: it is no such name. */
static bool folder_parse(const char *name, folder_entry *out)
{
    size_t size = strlen(name);
    for (size_t at = size; at-- > 1;) {
        if (name[at - 1] != '_' || size - at < FOLDER_STAMP || !folder_is_stamp(name + at)) continue;
        const char *rest = name + at + FOLDER_STAMP;
        out->name = name;
        out->stamp = name + at;
        out->number = 1;
        return *rest == '\0' || (*rest == '_' && tl__parse_int(rest + 1, strlen(rest + 1), &out->number));
    }
    return false;
}

static bool folder_newer(const folder_entry *a, const folder_entry *b)
{
    int order = strncmp(a->stamp, b->stamp, FOLDER_STAMP);
    if (order == 0 && a->number != b->number) return a->number > b->number;
    return order != 0 ? order > 0 : strcmp(a->name, b->name) > 0;
}

/* Keeps the list sorted, newest first. */
static bool folder_collect(void *user, const char *name)
{
    folder_list *list = user;
    folder_entry entry;
    if (!folder_parse(name, &entry)) return true;
    if (list->name && (strlen(list->name) + 1 != (size_t)(entry.stamp - name) ||
                       strncmp(list->name, name, strlen(list->name)) != 0)) return true;
    if (list->count == list->capacity) {
        size_t capacity = list->capacity ? 2 * list->capacity : 16;
        folder_entry *entries = tl__arena_push(list->arena, capacity * sizeof *entries);
        if (!entries) return list->failed = true, false;
        if (list->count) memcpy(entries, list->entries, list->count * sizeof *entries);
        list->entries = entries;
        list->capacity = capacity;
    }
    entry.name = tl__arena_text(list->arena, name);
    if (!entry.name) return list->failed = true, false;
    entry.stamp = entry.name + (entry.stamp - name);
    size_t at = list->count++;
    while (at > 0 && folder_newer(&entry, &list->entries[at - 1])) {
        list->entries[at] = list->entries[at - 1];
        at--;
    }
    list->entries[at] = entry;
    return true;
}

TL_PRIV tl_status tl__runs_each(tl_context *context, tl__arena *arena, const char *parent, const char *name,
                                tl__run_fn *each, void *user, tl_error *error)
{
    folder_list list = {.arena = arena, .name = name};
    if (!tl__folder_exists(parent)) return TL_OK;
    TL_TRY(tl__folder_list(context, parent, folder_collect, &list, error));
    for (size_t i = 0; i < list.count && !list.failed; i++) {
        const char *path = tl__path_join(arena, parent, list.entries[i].name);
        if (!path) list.failed = true;
        else if (!each(user, path)) break;
    }
    return list.failed ? tl__fail_memory(error, 256) : TL_OK;
}

/* Runs of one second are numbered, whatever their names, so that their order is known. */
TL_PRIV tl_status tl__folder_make_stamped(tl_context *context, tl__arena *arena, const char *parent, const char *name,
                                          const char *stamp, const char **path, tl_error *error)
{
    folder_list list = {.arena = arena};
    TL_TRY(tl__folder_make(parent, error));
    TL_TRY(tl__folder_list(context, parent, folder_collect, &list, error));
    if (list.failed) return tl__fail_memory(error, 256);
    const folder_entry *newest = list.count ? &list.entries[0] : NULL;
    int64_t first = newest && strncmp(newest->stamp, stamp, FOLDER_STAMP) == 0 ? newest->number + 1 : 1;
    for (int64_t i = first; i <= FOLDER_TRIES; i++) {
        const char *folder = i == 1 ? tl__arena_format(arena, "%s/%s_%s", parent, name, stamp)
                                    : tl__arena_format(arena, "%s/%s_%s_%d", parent, name, stamp, (int)i);
        if (!folder) return tl__fail_memory(error, 256);
        tl_error local = {0};
        tl_status status = tl__folder_make_new(folder, &local);
        if (status == TL_EXISTS) continue;
        if (status != TL_OK) {
            if (error) *error = local;
            return status;
        }
        *path = folder;
        return TL_OK;
    }
    return tl__fail(error, TL_EXISTS, "%s: more than %d runs in one second.", parent, FOLDER_TRIES);
}

static bool folder_take_first(void *user, const char *path)
{
    *(const char **)user = path;
    return false;
}

/* RUN may be a version of what earlier runs made. */
static tl_status folder_find_version(tl_context *context, tl__arena *arena, const char *what,
                                     const tl_options *options, tl__run_place *out, tl_error *error)
{
    tl__versions store;
    const tl__version *version = NULL;
    tl_status status = tl__versions_open(&store, context, options->out, "output", error);
    if (status == TL_OK) status = tl__versions_find(&store, what, &version, error);
    if (status == TL_OK && !version && tl__path_ends(what, ".json") && tl__file_exists(what))
        status = tl__fail(error, TL_UNSUPPORTED, "%s is a file and no run; of a list of models train:predict, "
                          "train:evaluate and train:explain can be asked, everything else of its runs.", what);
    else if (status == TL_OK && !version)
        status = tl__fail(error, TL_NOT_FOUND, "%s: there is no such run folder, config, model file or version.", what);
    if (status == TL_OK) {
        out->model = tl__version_object(&store, version, arena);
        out->record = tl__version_record(&store, version, arena);
        out->version = tl__arena_text(arena, version->id);
        if (!out->model || !out->record || !out->version) status = tl__fail_memory(error, 256);
    }
    tl__versions_close(&store);
    return status;
}

TL_PRIV tl_status tl__run_find(tl_context *context, tl__arena *arena, const char *run, const tl_options *options,
                               tl__run_place *out, tl_error *error)
{
    const char *name = NULL, *output = "output", *folder = NULL;
    *out = (tl__run_place){NULL, NULL, NULL, NULL};
    if (run && tl__path_ends(run, ".safetensors")) {
        out->model = tl__arena_text(arena, run);
        return out->model ? TL_OK : tl__fail_memory(error, strlen(run));
    }
    if (run && tl__path_is_config(run)) {
        tl__config *config;
        TL_TRY(tl__config_read(context, run, NULL, 0, &config, error));
        name = tl__arena_text(arena, config->name);
        output = tl__arena_text(arena, config->settings.output.folder);
        tl__config_free(config);
        if (!name || !output) return tl__fail_memory(error, 64);
    } else if (run) {
        if (!tl__folder_exists(run)) return folder_find_version(context, arena, run, options, out, error);
        folder = tl__arena_text(arena, run);
        if (!folder) return tl__fail_memory(error, strlen(run));
    }
    if (!folder) {
        const char *parent = tl__runs_folder(arena, options->out, output);
        if (!parent) return tl__fail_memory(error, 256);
        TL_TRY(tl__runs_each(context, arena, parent, name, folder_take_first, &folder, error));
        if (!folder)
            return name ? tl__fail(error, TL_NOT_FOUND, "%s has no run of '%s' yet; 'trainlib train:run %s' makes one.",
                                   parent, name, run)
                        : tl__fail(error, TL_NOT_FOUND, "%s has no run yet; 'trainlib train:run CONFIG' makes one.",
                                   parent);
    }
    size_t size = strlen(folder);
    while (size > 1 && folder[size - 1] == '/') size--;
    out->folder = tl__arena_copy(arena, folder, size);
    out->model = out->folder ? tl__path_join(arena, out->folder, "model.safetensors") : NULL;
    return out->model ? TL_OK : tl__fail_memory(error, size);
}

/* ---- JSON files ---- */

TL_PRIV tl_status tl__json_read(tl_context *context, const char *path, tl__tree **out, tl_error *error)
{
    tl__buffer text;
    tl__tree *tree;
    tl__buffer_init(&text, &context->heap);
    tl_status status = tl__file_read(path, &text, FOLDER_JSON_BYTES, error);
    if (status == TL_OK && tl__tree_new(&context->heap, path, &tree) != TL_OK) status = tl__fail_memory(error, 256);
    if (status == TL_OK) {
        status = tl__json_parse(tree, text.data ? text.data : "", text.size, error);
        if (status != TL_OK) tl__tree_free(tree);
        else *out = tree;
    }
    tl__buffer_free(&text);
    return status;
}

TL_PRIV tl_status tl__json_save(tl_context *context, const tl_value *value, const char *path, bool sync,
                                tl_error *error)
{
    tl__buffer text;
    tl__buffer_init(&text, &context->heap);
    tl__json_write(&text, value, 2);
    tl__buffer_char(&text, '\n');
    tl_status status = text.failed ? tl__fail_memory(error, text.size)
                                   : tl__file_replace(path, text.data, text.size, sync, error);
    tl__buffer_free(&text);
    return status;
}

/* ---- state ---- */

/* Is the process that wrote the status still at it? The number of a dead process may be another's by now, so the lock
 * decides; but a process cannot ask that of itself. */
static bool folder_running(tl_context *context, const char *folder, int64_t process)
{
    if (process <= 0 || !tl__process_alive((long)process)) return false;
    if (process == (int64_t)tl__process_id()) return true;
    char path[600];
    tl__lock *lock;
    if (tl__format(path, sizeof path, "%s/lock", folder) >= sizeof path) return true;
    if (!tl__file_exists(path)) return false;
    if (tl__lock_take(context, path, &lock, NULL) != TL_OK) return true;
    tl__lock_release(lock);
    return false;
}

TL_PRIV tl_status tl__run_state(tl_context *context, const char *folder, tl__tree **out, tl_error *error)
{
    char path[600];
    tl__tree *tree;
    tl__builder builder;
    if (tl__format(path, sizeof path, "%s/status.json", folder) >= sizeof path)
        return tl__fail(error, TL_OUT_OF_RANGE, "%s: the path is too long.", folder);
    if (!tl__file_exists(path))
        return tl__fail(error, TL_NOT_FOUND, "%s has no status.json, so it is not a run folder.", folder);
    TL_TRY(tl__json_read(context, path, &tree, error));
    const char *state = tl_value_text(tl_value_get(&tree->root, "state"), "");
    bool over = tl__same_text(state, "done") || tl__same_text(state, "failed") || tl__same_text(state, "interrupted");
    bool running = !over && folder_running(context, folder, tl_value_integer(tl_value_get(&tree->root, "process"), 0));
    tl__builder_init(&builder, tree);
    tl_value *old = tl__value_child(&tree->root, "state");
    if (!over && !running && old) {
        tl__value_detach(&tree->root, old);
        tl__put_text(&builder, &tree->root, "state", "crashed");
    }
    tl__put_bool(&builder, &tree->root, "running", running);
    if (builder.failed || tree->root.kind != TL_MAP) {
        bool failed = builder.failed;
        tl__tree_free(tree);
        return failed ? tl__fail_memory(error, 256)
                      : tl__fail(error, TL_BAD_FILE, "%s does not hold a status.", path);
    }
    *out = tree;
    return TL_OK;
}
