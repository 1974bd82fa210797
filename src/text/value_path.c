/* Values by path, "training.batch_size" or "layers[2].nodes": looking them up and, as --set does, making them. */
#include "base/text.h"
#include "text/yaml.h"

/* One step of a path: the next key (size > 0) or index. False when the path is not well formed. */
struct value_path_step {
    const char *key;
    size_t size, index;
    bool is_index;
};

static bool value_path_next(const char **path, bool first, struct value_path_step *step)
{
    const char *at = *path;
    memset(step, 0, sizeof *step);
    if (*at == '[') {
        int64_t index;
        const char *digits = ++at;
        while (*at >= '0' && *at <= '9') at++;
        if (*at != ']' || !tl__parse_int(digits, (size_t)(at - digits), &index)) return false;
        if ((uint64_t)index > SIZE_MAX) return false;
        step->is_index = true;
        step->index = (size_t)index;
        *path = at + 1;
        return true;
    }
    if (!first && *at++ != '.') return false;
    step->key = at;
    while (*at != '\0' && *at != '.' && *at != '[') at++;
    step->size = (size_t)(at - step->key);
    *path = at;
    return step->size > 0;
}

const tl_value *tl_value_get(const tl_value *value, const char *path)
{
    const char *at = path;
    while (value != NULL && *at != '\0') {
        struct value_path_step step;
        if (!value_path_next(&at, at == path, &step)) return NULL;
        if (!step.is_index) value = tl__value_child_n(value, step.key, step.size);
        else value = value->kind == TL_LIST ? tl_value_at(value, step.index) : NULL;
    }
    return value;
}

/* `training.optimizer: adam` and then --set training.optimizer.beta1=0.95: the word becomes {type: adam}. */
static void value_path_open(tl__builder *builder, tl_value *value)
{
    if (value->kind == TL_MAP) return;
    tl_value word = *value;
    value->kind = TL_MAP;
    value->text = NULL;
    value->text_size = 0;
    if (word.kind != TL_TEXT) return;
    tl_value *type = tl__put_text_n(builder, value, "type", word.text, word.text_size);
    if (type == NULL) return;
    type->line = word.line;
    type->column = word.column;
    type->file = word.file;
}

static tl_value *value_path_entry(tl__builder *builder, tl_value *map, const char *key, size_t size)
{
    char *copy = tl__arena_copy(&builder->tree->arena, key, size);
    tl_value *entry = copy != NULL ? tl__put_new(builder, map) : NULL;
    if (entry == NULL) {
        builder->failed = true;
        return NULL;
    }
    entry->key = copy;
    entry->key_size = size;
    return entry;
}

/* The value at the path, made where it is missing; NULL with a mistake when something else stands in its way. */
static tl_value *value_path_make(tl__builder *builder, const char *path, const char *origin, tl_error *error)
{
    tl_value *value = &builder->tree->root;
    const char *at = path;
    while (*at != '\0') {
        struct value_path_step step;
        const char *from = at;
        value_path_next(&at, at == path, &step);
        tl_kind wanted = step.is_index ? TL_LIST : TL_MAP;
        bool opens = value->kind == TL_NULL || value->kind == wanted || (value->kind == TL_TEXT && wanted == TL_MAP);
        if (!opens) {
            tl__fail_at(error, TL_BAD_CONFIG, origin, 0, 0, path, "%s cannot be set because %.*s is not a %s", path,
                        (int)(from - path), path, step.is_index ? "list" : "block of settings");
            return NULL;
        }
        if (step.is_index) {
            value->kind = TL_LIST;
            if (step.index > value->count) {
                tl__fail_at(error, TL_BAD_CONFIG, origin, 0, 0, path,
                            "%s cannot be set: %.*s has %zu items, so the next one is [%zu]", path, (int)(from - path),
                            path, value->count, value->count);
                return NULL;
            }
            tl_value *item = (tl_value *)(uintptr_t)tl_value_at(value, step.index);
            value = item != NULL ? item : tl__put_new(builder, value);
        } else {
            value_path_open(builder, value);
            tl_value *child = tl__value_child_n(value, step.key, step.size);
            value = child != NULL ? child : value_path_entry(builder, value, step.key, step.size);
        }
        if (value == NULL) return NULL;
        if (value->line == 0) value->file = origin;
    }
    return value;
}

static void value_path_origin(tl_value *value, const char *origin)
{
    value->line = value->column = value->key_line = value->key_column = 0;
    value->file = origin;
    for (tl_value *child = value->first; child != NULL; child = child->next) value_path_origin(child, origin);
}

TL_PRIV tl_status tl__value_set(tl__tree *tree, const char *path, const char *text, const char *origin, tl_error *error)
{
    tl__tree *parsed;
    tl__builder builder;
    const char *at = path;
    for (struct value_path_step step; *at != '\0' || at == path;)
        if (!value_path_next(&at, at == path, &step))
            return tl__fail_at(error, TL_BAD_CONFIG, origin, 0, 0, NULL,
                               "'%s' is not the path of a setting; write it like training.batch_size or "
                               "layers[2].nodes",
                               path);
    char name[200];   /* of the text, for mistakes in it: "--set training.batch_size" */
    tl__format(name, sizeof name, "%s %s", origin, path);
    if (tl__tree_new(tree->arena.heap, name, &parsed) != TL_OK) return tl__fail_memory(error, sizeof *parsed);
    tl_status status = tl__yaml_parse(parsed, text, strlen(text), error);
    if (status == TL_OK) {
        tl__builder_init(&builder, tree);
        tl_value *value = value_path_make(&builder, path, origin, error);
        if (value != NULL) {
            tl__value_fill(&builder, value, &parsed->root);
            value_path_origin(value, origin);
        }
        if (builder.failed) status = tl__fail_memory(error, sizeof *value);
        else if (value == NULL) status = TL_BAD_CONFIG;
    }
    tl__tree_free(parsed);
    return status;
}
