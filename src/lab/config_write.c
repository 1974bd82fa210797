/* A config written down: as YAML whose paths lead from another folder, as the tree of the settings that results depend
 * on, and as the hash of these, by which two runs are the same. */
#include "lab/config.h"

#include "base/hash.h"
#include "lab/path.h"
#include "port/port.h"
#include "text/bind.h"
#include "text/yaml.h"

/* All texts of a value as they are called from `folder`. */
static void config_write_rebase(const tl__config *config, tl__builder *builder, tl_value *value, const char *folder)
{
    for (tl_value *child = value->first; child; child = child->next)
        config_write_rebase(config, builder, child, folder);
    if (!value->text) return;
    tl__arena *arena = &builder->tree->arena;
    char here[1024];
    const char *current = tl__folder_current(here, sizeof here) ? here : NULL;
    const char *path = tl__path_join(arena, config->folder, value->text);
    if (path) path = tl__path_from(arena, folder, path, current);
    if (!path) {
        builder->failed = true;
        return;
    }
    value->kind = TL_TEXT;
    value->text = path;
    value->text_size = strlen(path);
}

/* Do something to every value whose row is a path: rebase it, or with folder NULL take it out. */
static void config_write_paths(const tl__config *config, tl__builder *builder, const tl__field *rows, tl_value *map,
                               const char *folder)
{
    for (const tl__field *row = rows; row->name; row++) {
        tl_value *value = map ? tl__value_child(map, row->name) : NULL;
        if (!value) continue;
        if (row->kind == TL__FIELD_BLOCK) config_write_paths(config, builder, row->rows, value, folder);
        else if ((row->flags & TL__PATH) && folder) config_write_rebase(config, builder, value, folder);
        else if (row->flags & TL__PATH) tl__value_detach(map, value);
    }
}

TL_PRIV tl_status tl__config_write(const tl__config *config, const char *folder, tl__buffer *out, tl_error *error)
{
    tl__tree *tree;
    tl__builder builder;
    if (tl__tree_new(&config->context->heap, NULL, &tree) != TL_OK) return tl__fail_memory(error, sizeof *tree);
    tl__builder_init(&builder, tree);
    tl__config_settings named = config->settings;
    named.name = config->name;    /* also when it came from a file's name */
    tl_value *root = tl__unbind(&builder, NULL, NULL, config->rows, &named, 0);
    if (root && *folder) config_write_paths(config, &builder, config->rows, root, folder);
    if (!builder.failed) tl__yaml_write(out, root, 0);
    tl__tree_free(tree);
    return builder.failed || out->failed ? tl__fail_memory(error, out->size) : TL_OK;
}

TL_PRIV tl_value *tl__config_results(const tl__config *config, tl__builder *builder, tl_value *parent, const char *key)
{
    tl_value *root = tl__unbind(builder, parent, key, config->rows, &config->settings, TL__RESULT);
    config_write_paths(config, builder, config->rows, root, NULL);
    return root;
}

TL_PRIV tl_status tl__config_hash(const tl__config *config, char out[65], tl_error *error)
{
    tl__tree *tree;
    tl__builder builder;
    tl__buffer json;
    if (tl__tree_new(&config->context->heap, NULL, &tree) != TL_OK) return tl__fail_memory(error, sizeof *tree);
    tl__builder_init(&builder, tree);
    tl__buffer_init(&json, &config->context->heap);
    tl_value *root = tl__config_results(config, &builder, NULL, NULL);
    if (!builder.failed) tl__json_write(&json, root, 0);
    bool failed = builder.failed || json.failed;
    if (!failed) {
        tl__sha256 hash;
        tl__sha256_init(&hash);
        tl__sha256_add(&hash, json.data, json.size);
        tl__sha256_hex(&hash, out);
    }
    tl__buffer_free(&json);
    tl__tree_free(tree);
    return failed ? tl__fail_memory(error, 0) : TL_OK;
}
