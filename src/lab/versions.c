/* The store of versions: reading its index, adding to it, taking from it. */
#include "lab/versions.h"

#include "base/text.h"
#include "kernels/hash.h"
#include "lab/folder.h"
#include "lab/lines.h"
#include "lab/path.h"
#include "text/yaml.h"

enum {
    VERSIONS_RECORD = 64 << 20,   /* bytes */
    VERSIONS_ID = 64,
    VERSIONS_ID_LEAST = 4,        /* digits that name a version */
    VERSIONS_WAIT = 10000         /* milliseconds that others' work on the store is waited for */
};

/* ---- the index ---- */

static bool versions_is_hash(const char *text)
{
    size_t size = strspn(text, "0123456789abcdef");
    return size == VERSIONS_ID && text[size] == '\0';
}

/* Names become names of files. */
static bool versions_is_name(const char *text)
{
    return *text && *text != '.' && !strpbrk(text, "/\\:");
}

static size_t versions_place(const tl__versions *store, const char *id)
{
    size_t i = 0;
    while (i < store->count && strcmp(store->list[i].id, id) != 0) i++;
    return i;
}

/* A line that tells of a version; one that is made again becomes the newest. */
static tl_status versions_take(tl__versions *store, const tl_value *line, const char *id)
{
    const char *object = tl_value_text(tl_value_get(line, "object"), "");
    const char *name = tl_value_text(tl_value_get(line, "name"), "");
    const char *parent = tl_value_text(tl_value_get(line, "parent"), "");
    if (!versions_is_hash(object) || !versions_is_name(name) || (*parent && !versions_is_hash(parent)))
        return TL_BAD_FILE;
    size_t at = versions_place(store, id);
    tl__version version = at < store->count ? store->list[at] : (tl__version){.id = id, .note = "", .tag = ""};
    version.parent = parent;
    version.name = name;
    version.object = object;
    version.line = line;
    version.removed = false;
    if (at == store->count) store->count++;
    else memmove(&store->list[at], &store->list[at + 1], (store->count - at - 1) * sizeof version);
    store->list[store->count - 1] = version;
    return TL_OK;
}

static void versions_set_tag(tl__versions *store, size_t at, const char *tag)
{
    for (size_t i = 0; i < store->count; i++)
        if (*tag && strcmp(store->list[i].tag, tag) == 0) store->list[i].tag = "";
    store->list[at].tag = tag;
}

static tl_status versions_fold_line(tl__versions *store, const tl_value *line)
{
    const char *id = tl_value_text(tl_value_get(line, "id"), "");
    if (!versions_is_hash(id)) return TL_BAD_FILE;
    if (tl_value_get(line, "object")) TL_TRY(versions_take(store, line, id));
    size_t at = versions_place(store, id);
    if (at == store->count) return TL_BAD_FILE;
    const tl_value *note = tl_value_get(line, "note"), *tag = tl_value_get(line, "tag");
    if (note) store->list[at].note = tl_value_text(note, "");
    if (tag) versions_set_tag(store, at, tl_value_text(tag, ""));
    if (tl_value_bool(tl_value_get(line, "removed"), false)) store->list[at].removed = true;
    return TL_OK;
}

static tl_status versions_fold(tl__versions *store, const char *path, tl_error *error)
{
    const tl_value *lines = &store->index->root;
    store->list = tl__arena_push_zero(&store->arena, lines->count + 1, sizeof *store->list);
    if (!store->list) return tl__fail_memory(error, lines->count * sizeof *store->list);
    for (const tl_value *line = lines->first; line; line = line->next)
        if (line->kind != TL_MAP || versions_fold_line(store, line) != TL_OK)
            return tl__fail_at(error, TL_BAD_FILE, path, line->line, 1, NULL, "this line is not one of an index of "
                               "versions; take the file from a backup, or remove the line.");
    for (size_t i = 0, j; i < store->count; i++) {
        for (j = i + 1; j < store->count; j++)
            if (!store->list[j].removed && strcmp(store->list[i].name, store->list[j].name) == 0) break;
        store->list[i].current = j == store->count && !store->list[i].removed;
    }
    return TL_OK;
}

static const char *versions_index(const tl__versions *store, tl__arena *arena)
{
    return tl__path_join(arena, store->folder, "index.jsonl");
}

static tl_status versions_read(tl__versions *store, tl_error *error)
{
    const char *path = versions_index(store, &store->arena);
    if (!path) return tl__fail_memory(error, 256);
    if (!tl__file_exists(path)) return TL_OK;
    TL_TRY(tl__lines_read(store->context, path, &store->index, error));
    return versions_fold(store, path, error);
}

static tl_status versions_init(tl__versions *store, tl_context *context, const char *out, const char *output,
                               tl_error *error)
{
    memset(store, 0, sizeof *store);
    store->context = context;
    tl__arena_init(&store->arena, &context->heap);
    const char *folder = tl__path_join(&store->arena, out, output);
    store->folder = folder ? tl__path_join(&store->arena, folder, "versions") : NULL;
    return store->folder ? TL_OK : tl__fail_memory(error, 256);
}

TL_PRIV tl_status tl__versions_open(tl__versions *store, tl_context *context, const char *out, const char *output,
                                    tl_error *error)
{
    TL_TRY(versions_init(store, context, out, output, error));
    return versions_read(store, error);
}

TL_PRIV void tl__versions_close(tl__versions *store)
{
    if (!store->context) return;
    tl__tree_free(store->index);
    tl__arena_free(&store->arena);
    memset(store, 0, sizeof *store);
}

/* ---- finding ---- */

TL_PRIV tl_status tl__versions_find(const tl__versions *store, const char *what, const tl__version **out,
                                    tl_error *error)
{
    size_t size = strlen(what), found = 0;
    *out = NULL;
    for (size_t i = 0; i < store->count; i++) {
        const tl__version *version = &store->list[i];
        if (version->removed) continue;
        if (strcmp(version->tag, what) == 0 || (version->current && strcmp(version->name, what) == 0)) {
            *out = version;
            return TL_OK;
        }
        if (size < VERSIONS_ID_LEAST || strncmp(version->id, what, size) != 0) continue;
        *out = version;
        found++;
    }
    if (found < 2) return TL_OK;
    *out = NULL;
    return tl__fail(error, TL_INVALID, "%zu versions begin with %s; give more of its digits.", found, what);
}

static const char *versions_file(const tl__versions *store, tl__arena *arena, const char *folder, const char *name,
                                 const char *ending)
{
    return tl__arena_format(arena, "%s/%s/%s%s", store->folder, folder, name, ending);
}

TL_PRIV const char *tl__version_object(const tl__versions *store, const tl__version *version, tl__arena *arena)
{
    return versions_file(store, arena, "weights", version->object, ".safetensors");
}

TL_PRIV const char *tl__version_record(const tl__versions *store, const tl__version *version, tl__arena *arena)
{
    return versions_file(store, arena, "records", version->id, ".json");
}

TL_PRIV tl_status tl__version_dress(tl_model *model, const char *record, tl_error *error)
{
    tl__tree *tree;
    TL_TRY(tl__json_read(model->context, record, &tree, error));
    tl_status status = tl__model_set_settings(model, tl_value_get(&tree->root, "settings"));
    if (status == TL_OK) status = tl__model_set_metrics(model, tl_value_get(&tree->root, "metrics"));
    tl__tree_free(tree);
    return status == TL_OK ? TL_OK : tl__fail_memory(error, 256);
}

TL_PRIV tl_status tl__version_config(tl_context *context, const char *record, const char *const *set,
                                     size_t set_count, tl__config **out, tl_error *error)
{
    tl__arena arena;
    tl__tree *tree;
    TL_TRY(tl__json_read(context, record, &tree, error));
    tl__arena_init(&arena, &context->heap);
    const char *records = tl__path_folder(&arena, record);
    const char *folder = records ? tl__path_folder(&arena, records) : NULL;
    const char *text = tl_value_text(tl_value_get(&tree->root, "config"), "");
    tl_status status = folder ? tl__config_parse(context, text, strlen(text), record, folder, set, set_count, true,
                                                 NULL, out, error)
                              : tl__fail_memory(error, 256);
    tl__arena_free(&arena);
    tl__tree_free(tree);
    return status;
}

TL_PRIV tl_value *tl__version_put(const tl__version *version, tl__builder *builder, tl_value *parent, const char *key)
{
    tl_value *map = tl__put_map(builder, parent, key);
    tl__put_text(builder, map, "id", version->id);
    tl__put_text(builder, map, "name", version->name);
    tl__put_bool(builder, map, "current", version->current);
    tl__put_text(builder, map, "tag", version->tag);
    tl__put_text(builder, map, "note", version->note);
    for (const tl_value *item = version->line->first; item; item = item->next)
        if (!tl__value_child(map, item->key)) tl__put_copy(builder, map, item->key, item);
    return map;
}

/* ---- changing ---- */

/* Who changes the store holds its lock, and reads the index again under it. */
static tl_status versions_lock(tl__versions *store, tl__lock **lock, tl_error *error)
{
    return tl__lines_lock(store->context, tl__path_join(&store->arena, store->folder, "lock"), VERSIONS_WAIT, lock,
                          error);
}

static tl_status versions_append(tl__versions *store, const tl__buffer *lines, tl_error *error)
{
    return tl__lines_append(store->context, versions_index(store, &store->arena), lines, error);
}

static void versions_line(tl__buffer *out, const char *id, const char *key, const char *text)
{
    tl__buffer_format(out, "{\"id\":\"%s\",\"%s\":", id, key);
    if (text) tl__json_string(out, text, strlen(text));
    else tl__buffer_text(out, "true");
    tl__buffer_text(out, "}\n");
}

TL_PRIV tl_status tl__versions_mark(tl__versions *store, const tl__version *version, const char *note, const char *tag,
                                    tl_error *error)
{
    tl__lock *lock;
    tl__buffer lines;
    TL_TRY(versions_lock(store, &lock, error));
    tl__buffer_init(&lines, &store->context->heap);
    if (note) versions_line(&lines, version->id, "note", note);
    if (tag) versions_line(&lines, version->id, "tag", tag);
    tl_status status = versions_append(store, &lines, error);
    tl__buffer_free(&lines);
    tl__lock_release(lock);
    if (status != TL_OK) return status;
    size_t at = (size_t)(version - store->list);
    const char *kept = tl__arena_text(&store->arena, note ? note : version->note);
    const char *kept_tag = tl__arena_text(&store->arena, tag ? tag : version->tag);
    if (!kept || !kept_tag) return tl__fail_memory(error, 256);
    store->list[at].note = kept;
    if (tag) versions_set_tag(store, at, kept_tag);
    return TL_OK;
}

/* ---- removing ---- */

typedef struct versions_sweep {
    const tl__versions *store;
    tl__arena *arena;
    bool failed;
} versions_sweep;

static bool versions_sweep_one(void *user, const char *name)
{
    versions_sweep *sweep = user;
    for (size_t i = 0; i < sweep->store->count; i++) {
        const tl__version *version = &sweep->store->list[i];
        if (!version->removed && strncmp(name, version->object, VERSIONS_ID) == 0) return true;
    }
    const char *path = versions_file(sweep->store, sweep->arena, "weights", name, "");
    sweep->failed |= !path || tl__file_remove(path, NULL) != TL_OK;
    return true;
}

static bool versions_goes(const tl__versions *store, size_t at, const char *name, int64_t keep)
{
    const tl__version *version = &store->list[at];
    int64_t newer = 0;
    if (version->removed || version->current || *version->tag) return false;
    if (name && strcmp(name, version->name) != 0) return false;
    for (size_t i = at + 1; i < store->count && newer < keep; i++)
        newer += !store->list[i].removed && strcmp(store->list[i].name, version->name) == 0;
    return newer >= keep;
}

/* Under the lock. The index first: a file too many is found again, one too few would not be. */
static tl_status versions_remove(tl__versions *store, const char *name, int64_t keep, tl__builder *builder,
                                 tl_value *removed, tl_error *error)
{
    tl__buffer lines;
    bool *goes = tl__arena_push_zero(&store->arena, store->count + 1, sizeof *goes);
    if (!goes) return tl__fail_memory(error, store->count);
    tl__buffer_init(&lines, &store->context->heap);
    for (size_t i = 0; i < store->count; i++) {
        goes[i] = versions_goes(store, i, name, keep);
        if (goes[i]) versions_line(&lines, store->list[i].id, "removed", NULL);
    }
    tl_status status = lines.size || lines.failed ? versions_append(store, &lines, error) : TL_OK;
    tl__buffer_free(&lines);
    if (status != TL_OK) return status;
    for (size_t i = 0; i < store->count; i++) {
        if (!goes[i]) continue;
        const char *record = tl__version_record(store, &store->list[i], &store->arena);
        store->list[i].removed = true;
        if (record && tl__file_exists(record)) TL_TRY(tl__file_remove(record, error));
        if (builder) tl__put_text(builder, removed, NULL, store->list[i].id);
    }
    versions_sweep sweep = {store, &store->arena, false};
    const char *weights = tl__path_join(&store->arena, store->folder, "weights");
    if (!weights) return tl__fail_memory(error, 256);
    TL_TRY(tl__folder_list(store->context, weights, versions_sweep_one, &sweep, error));
    return sweep.failed ? tl__fail(error, TL_IO, "%s: weights that no version has could not be removed.", weights)
                        : TL_OK;
}

TL_PRIV tl_status tl__versions_prune(tl__versions *store, const char *name, int64_t keep, tl__builder *builder,
                                     tl_value *removed, tl_error *error)
{
    tl__lock *lock;
    if (!store->index) return TL_OK;
    TL_TRY(versions_lock(store, &lock, error));
    tl_status status = versions_remove(store, name, keep, builder, removed, error);
    tl__lock_release(lock);
    return status;
}

/* ---- adding ---- */

static tl_status versions_hash_bytes(void *hash, const void *bytes, size_t size, tl_error *error)
{
    (void)error;
    tl__sha256_add(hash, bytes, size);
    return TL_OK;
}

/* The model without what only its record says, under the hash of its bytes; written once. */
static tl_status versions_put_object(tl__versions *store, tl_model *model, char object[65], tl_error *error)
{
    char *settings = model->settings, *metrics = model->metrics;
    tl__sha256 hash;
    tl__sha256_begin(&hash);
    model->settings = model->metrics = NULL;
    tl_status status = tl__model_write(model, &store->context->heap, NULL, versions_hash_bytes, &hash, error);
    if (status == TL_OK) {
        tl__sha256_hex(&hash, object);
        const char *path = versions_file(store, &store->arena, "weights", object, ".safetensors");
        if (!path) status = tl__fail_memory(error, 256);
        else if (!tl__file_exists(path))
            status = tl__model_write_file(model, store->context, NULL, path, true, error);
    }
    model->settings = settings;
    model->metrics = metrics;
    return status;
}

static void versions_hash_text(tl__sha256 *hash, const char *text)
{
    tl__sha256_add(hash, text, strlen(text) + 1);
}

static tl_status versions_put_record(tl__versions *store, const tl__version_draft *draft, const char *id,
                                     tl_error *error)
{
    const tl_model *model = draft->model;
    tl__buffer text, config;
    const char *path = versions_file(store, &store->arena, "records", id, ".json");
    if (!path) return tl__fail_memory(error, 256);
    tl__buffer_init(&text, &store->context->heap);
    tl__buffer_init(&config, &store->context->heap);
    tl_status status = TL_OK;
    if (draft->like) {
        const char *from = tl__version_record(store, draft->like, &store->arena);
        status = from ? tl__file_read(from, &text, VERSIONS_RECORD, error) : tl__fail_memory(error, 256);
    } else {
        status = tl__config_write(draft->config, store->folder, &config, error);
        tl__buffer_text(&text, "{\"config\": ");
        if (status == TL_OK) tl__json_string(&text, config.data, config.size);
        tl__buffer_format(&text, ",\n\"data_hash\": \"%s\",\n\"stopped\": \"%s\",\n\"epochs\": %lld,\n"
                          "\"best_epoch\": %lld", draft->data_hash, draft->stopped, (long long)draft->epochs,
                          (long long)draft->best_epoch);
        tl__buffer_format(&text, ",\n\"settings\": %s,\n\"metrics\": %s}\n", model->settings ? model->settings : "{}",
                          model->metrics ? model->metrics : "{}");
        if (status == TL_OK && text.failed) status = tl__fail_memory(error, text.size);
    }
    if (status == TL_OK) status = tl__file_replace(path, text.data, text.size, true, error);
    tl__buffer_free(&config);
    tl__buffer_free(&text);
    return status;
}

/* The part that listings show: test where there is one, else validation, else training. */
static void versions_put_scores(tl__builder *builder, tl_value *line, const char *metrics)
{
    static const char *const parts[] = {"test", "validation", "train"};
    tl__tree *tree;
    if (tl__tree_new(builder->tree->arena.heap, NULL, &tree) != TL_OK) {
        builder->failed = true;
        return;
    }
    tl_status status = metrics ? tl__json_parse(tree, metrics, strlen(metrics), NULL) : TL_BAD_FILE;
    for (size_t p = 0; status == TL_OK && p < TL_COUNT(parts); p++) {
        const tl_value *scores = tl_value_get(&tree->root, parts[p]);
        if (tl_value_integer(tl_value_get(scores, "samples"), 0) <= 0) continue;
        tl__put_text(builder, line, "part", parts[p]);
        tl__put_copy(builder, line, "scores", scores);
        break;
    }
    tl__tree_free(tree);
}

static void versions_put_made(tl__builder *builder, tl_value *line, const tl__version_draft *draft)
{
    tl__put_text(builder, line, "name", draft->config->name);
    tl__put_text(builder, line, "run", draft->run);
    tl__put_text(builder, line, "config_hash", draft->config_hash);
    tl__put_text(builder, line, "data_hash", draft->data_hash);
    tl__put_text(builder, line, "stopped", draft->stopped);
    tl__put_integer(builder, line, "epochs", draft->epochs);
    tl__put_integer(builder, line, "best_epoch", draft->best_epoch);
    tl__put_integer(builder, line, "parameters", tl_model_parameters(draft->model));
    versions_put_scores(builder, line, draft->model->metrics);
}

static tl_status versions_put_line(tl__versions *store, const tl__version_draft *draft, const char *id,
                                   const char *object, const char *replaces, tl_error *error)
{
    static const char *const kept[] = {"name", "run", "config_hash", "data_hash", "stopped", "epochs", "best_epoch",
                                       "parameters", "part", "scores"};
    char time[24];
    tl__tree *tree;
    tl__builder builder;
    tl__buffer text;
    if (tl__tree_new(&store->context->heap, NULL, &tree) != TL_OK) return tl__fail_memory(error, sizeof *tree);
    tl__time_iso(time, tl__now(store->context));
    tl__builder_init(&builder, tree);
    tl_value *line = tl__put_map(&builder, NULL, NULL);
    tl__put_text(&builder, line, "id", id);
    tl__put_text(&builder, line, "parent", draft->parent);
    tl__put_text(&builder, line, "replaces", replaces);
    tl__put_text(&builder, line, "origin", draft->origin);
    tl__put_text(&builder, line, "time", time);
    tl__put_text(&builder, line, "object", object);
    if (!draft->like) versions_put_made(&builder, line, draft);
    for (size_t k = 0; draft->like && k < TL_COUNT(kept); k++) {
        const tl_value *value = tl_value_get(draft->like->line, kept[k]);
        if (value) tl__put_copy(&builder, line, kept[k], value);
    }
    if (*draft->note) tl__put_text(&builder, line, "note", draft->note);
    if (*draft->tag) tl__put_text(&builder, line, "tag", draft->tag);
    tl__buffer_init(&text, &store->context->heap);
    if (!builder.failed) tl__json_write(&text, line, 0);
    tl__buffer_char(&text, '\n');
    tl_status status = builder.failed ? tl__fail_memory(error, 256) : versions_append(store, &text, error);
    tl__buffer_free(&text);
    tl__tree_free(tree);
    return status;
}

static const tl__version *versions_current(const tl__versions *store, const char *name)
{
    for (size_t i = store->count; i-- > 0;)
        if (store->list[i].current && strcmp(store->list[i].name, name) == 0) return &store->list[i];
    return NULL;
}

static tl_status versions_put(tl__versions *store, const tl__version_draft *draft, char id[65], tl_error *error)
{
    char object[65];
    const char *name = draft->like ? draft->like->name : draft->config->name;
    const tl__version *current = versions_current(store, name);
    bool rollback = draft->like != NULL;
    tl__sha256 hash;
    TL_TRY(versions_put_object(store, draft->model, object, error));
    tl__sha256_begin(&hash);
    versions_hash_text(&hash, name);
    versions_hash_text(&hash, draft->parent);
    versions_hash_text(&hash, rollback && current ? current->id : "");
    versions_hash_text(&hash, object);
    versions_hash_text(&hash, rollback ? "" : draft->config_hash);
    versions_hash_text(&hash, rollback ? "" : draft->data_hash);
    tl__sha256_hex(&hash, id);
    const char *file = tl__arena_format(&store->arena, "%s/%s.safetensors", store->folder, name);
    if (!file) return tl__fail_memory(error, 256);
    if (!current || strcmp(current->id, id) != 0 || *draft->note || *draft->tag) {
        TL_TRY(versions_put_record(store, draft, id, error));
        TL_TRY(versions_put_line(store, draft, id, object, current ? current->id : "", error));
    }
    return tl__model_write_file(draft->model, store->context, NULL, file, true, error);
}

TL_PRIV tl_status tl__versions_add(tl_context *context, const char *out, const char *output,
                                   const tl__version_draft *draft, int64_t keep, char id[65], tl_error *error)
{
    tl__versions store;
    tl__lock *lock = NULL;
    tl_status status = versions_init(&store, context, out, output, error);
    const char *weights = status == TL_OK ? tl__path_join(&store.arena, store.folder, "weights") : NULL;
    const char *records = weights ? tl__path_join(&store.arena, store.folder, "records") : NULL;
    if (status == TL_OK && !records) status = tl__fail_memory(error, 256);
    if (status == TL_OK) status = tl__folder_make(weights, error);
    if (status == TL_OK) status = tl__folder_make(records, error);
    if (status == TL_OK) status = versions_lock(&store, &lock, error);
    for (int i = 0; i < 3 && status == TL_OK; i++)   /* what a killed process was writing; nobody else is now */
        status = tl__folder_clean(context, i == 0 ? store.folder : i == 1 ? weights : records, error);
    if (status == TL_OK) status = versions_read(&store, error);
    if (status == TL_OK) status = versions_put(&store, draft, id, error);
    tl__versions_close(&store);
    if (status == TL_OK && keep > 0) {    /* with the new one */
        status = tl__versions_open(&store, context, out, output, error);
        const char *name = draft->like ? draft->like->name : draft->config->name;
        if (status == TL_OK) status = versions_remove(&store, name, keep, NULL, NULL, error);
        tl__versions_close(&store);
    }
    tl__lock_release(lock);
    return status;
}
