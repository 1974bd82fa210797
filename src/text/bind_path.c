/* Settings by path: the row of a path, and values that stand under another name (an alias) brought home. */
#include "text/bind.h"

#include "base/text.h"

enum { BIND_PATH_SIZE = 256 };

TL_PRIV const tl__field *tl__row_at(const tl__field *rows, const char *path, const char **suggestion)
{
    if (suggestion != NULL) *suggestion = NULL;
    while (rows != NULL) {
        size_t size = strcspn(path, ".["), used = size;
        const tl__field *row = tl__field_find(rows, path, size, suggestion);
        if (row == NULL || path[used] != '.' || row->kind != TL__FIELD_BLOCK) return row;
        path += used + 1;
        rows = row->rows;
    }
    return NULL;
}

struct bind_path_state {
    const tl__field *root;
    tl__tree *tree;
    tl__builder builder;
    tl_error *error;
    tl_status status;
};

/* Remove the maps on the way to an alias that have become empty and that no row knows; deepest first. */
static void bind_path_prune(struct bind_path_state *state, const char *alias)
{
    char path[BIND_PATH_SIZE], parent[BIND_PATH_SIZE];
    tl__format(path, sizeof path, "%s", alias);
    for (char *dot = strrchr(path, '.'); dot != NULL; dot = strrchr(path, '.')) {
        *dot = '\0';
        tl_value *root = &state->tree->root;
        const tl_value *map = tl_value_get(root, path);
        if (map == NULL || map->kind != TL_MAP || map->count > 0 || tl__row_at(state->root, path, NULL) != NULL) return;
        tl__format(parent, sizeof parent, "%s", path);
        char *last = strrchr(parent, '.');
        if (last != NULL) *last = '\0';
        const tl_value *above = last != NULL ? tl_value_get(root, parent) : root;
        tl__value_detach((tl_value *)(uintptr_t)above, (tl_value *)(uintptr_t)map);
    }
}

/* The map at the path without its last name, made where it is missing; NULL when something else is in the way. */
static tl_value *bind_path_home(struct bind_path_state *state, const char *path, const char **name)
{
    tl_value *map = &state->tree->root;
    for (const char *dot = strchr(path, '.'); dot != NULL; path = dot + 1, dot = strchr(path, '.')) {
        char key[BIND_PATH_SIZE];
        tl__format(key, sizeof key, "%.*s", (int)(dot - path), path);
        tl_value *child = tl__value_child(map, key);
        if (child == NULL) child = tl__put_map(&state->builder, map, key);
        if (child == NULL) return NULL;
        if (child->kind == TL_NULL) child->kind = TL_MAP;
        if (child->kind != TL_MAP) return NULL;
        map = child;
    }
    *name = path;
    return map;
}

static tl_status bind_path_move(struct bind_path_state *state, const char *alias, const char *path)
{
    char parent[BIND_PATH_SIZE];
    const char *name;
    tl_value *root = &state->tree->root;
    const tl_value *found = tl_value_get(root, alias), *there = tl_value_get(root, path);
    if (found == NULL || found == root) return TL_OK;
    const char *file = found->file != NULL ? found->file : state->tree->file;
    tl_value *home = there == NULL ? bind_path_home(state, path, &name) : NULL;
    if (state->builder.failed) return tl__fail_memory(state->error, sizeof *home);
    if (home == NULL) {
        state->status = TL_BAD_CONFIG;
        tl__fail_at(state->error, TL_BAD_CONFIG, file, found->key_line, found->key_column, path,
                    "%s is another name of %s, which is given too; keep one of them", alias, path);
        return TL_OK;
    }
    tl__format(parent, sizeof parent, "%s", alias);
    char *dot = strrchr(parent, '.');
    if (dot != NULL) *dot = '\0';
    tl_value *from = dot != NULL ? (tl_value *)(uintptr_t)tl_value_get(root, parent) : root;
    tl_value *value = (tl_value *)(uintptr_t)found;
    const char *key = tl__arena_text(&state->tree->arena, name);
    if (key == NULL) return tl__fail_memory(state->error, strlen(name) + 1);
    tl__value_detach(from, value);
    value->key = key;
    value->key_size = strlen(key);
    if (home->last != NULL) home->last->next = value;
    else home->first = value;
    home->last = value;
    home->count++;
    bind_path_prune(state, alias);
    return TL_OK;
}

static tl_status bind_path_aliases(struct bind_path_state *state, const tl__field *rows, const char *prefix)
{
    for (const tl__field *row = rows; row->name != NULL; row++) {
        char path[BIND_PATH_SIZE], alias[BIND_PATH_SIZE];
        tl__format(path, sizeof path, "%s%s%s", prefix, prefix[0] != '\0' ? "." : "", row->name);
        for (const char *at = row->aliases; at != NULL && *at != '\0';) {
            size_t size = strcspn(at, " ");
            tl__format(alias, sizeof alias, "%.*s", (int)size, at);
            TL_TRY(bind_path_move(state, alias, path));
            at += size;
            while (*at == ' ') at++;
        }
        if (row->kind == TL__FIELD_BLOCK) TL_TRY(bind_path_aliases(state, row->rows, path));
    }
    return TL_OK;
}

TL_PRIV tl_status tl__bind_aliases(const tl__field *rows, tl__tree *tree, tl_error *error)
{
    struct bind_path_state state = {.root = rows, .tree = tree, .error = error, .status = TL_OK};
    tl__builder_init(&state.builder, tree);
    if (tree->root.kind != TL_MAP) return TL_OK;
    TL_TRY(bind_path_aliases(&state, rows, ""));
    return state.status;
}
