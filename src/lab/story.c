/* Reading a run folder for reports. Only status.json has to be there. */
#include "lab/story.h"

#include "base/math.h"
#include "lab/folder.h"
#include "lab/path.h"
#include "port/port.h"

enum { STORY_CONFIG_BYTES = 16 << 20 };

static tl_status story_json(tl__story *story, const char *name, tl__tree **tree, const tl_value **root,
                            tl_error *error)
{
    const char *path = tl__path_join(&story->arena, story->folder, name);
    if (!path) return tl__fail_memory(error, 256);
    if (!tl__file_exists(path)) return TL_OK;
    TL_TRY(tl__json_read(story->context, path, tree, error));
    if (root) *root = &(*tree)->root;
    return TL_OK;
}

static tl_status story_config(tl__story *story, tl_error *error)
{
    tl__buffer text;
    const char *path = tl__path_join(&story->arena, story->folder, "config.yaml");
    if (!path) return tl__fail_memory(error, 256);
    story->config_text = "";
    if (!tl__file_exists(path)) return TL_OK;
    tl__buffer_init(&text, &story->context->heap);
    tl_status status = tl__file_read(path, &text, STORY_CONFIG_BYTES, error);
    if (status == TL_OK) {
        story->config_text = tl__arena_copy(&story->arena, text.data ? text.data : "", text.size);
        if (!story->config_text) status = tl__fail_memory(error, text.size);
    }
    tl__buffer_free(&text);
    /* a config of another version may not be read any more; its text is shown all the same */
    if (status == TL_OK) {
        status = tl__config_read(story->context, story->folder, NULL, 0, &story->config, NULL);
        if (status != TL_OK) story->config = NULL;
    }
    return status == TL_OUT_OF_MEMORY ? tl__fail_memory(error, text.size) : TL_OK;
}

static tl_status story_classes(tl__story *story, tl_error *error)
{
    const tl_value *list = tl_value_get(story->part, "per_class");
    story->classes = tl_value_count(list);
    story->classification = story->classes > 0 || story->history.records.classes > 0;
    story->forecast = tl_value_get(story->part, "baselines") != NULL || tl_value_get(story->data, "forecast") != NULL;
    story->class_names = tl__arena_push_zero(&story->arena, story->classes + 1, sizeof *story->class_names);
    if (!story->class_names) return tl__fail_memory(error, story->classes * sizeof *story->class_names);
    for (size_t k = 0; k < story->classes; k++) {
        const tl_value *name = tl_value_get(tl_value_at(list, k), "class");
        story->class_names[k] = tl_value_text(name, NULL);
        if (!story->class_names[k])
            story->class_names[k] = tl__arena_format(&story->arena, "%lld", (long long)tl_value_integer(name, 0));
        if (!story->class_names[k]) return tl__fail_memory(error, 16);
    }
    return TL_OK;
}

TL_PRIV tl_status tl__story_open(tl_context *context, const char *folder, tl__story *out, tl_error *error)
{
    static const char *const parts[] = {"test", "validation", "train"};
    memset(out, 0, sizeof *out);
    out->context = context;
    tl__arena_init(&out->arena, &context->heap);
    out->folder = tl__arena_text(&out->arena, folder);
    if (!out->folder) return tl__fail_memory(error, 256);
    out->name = tl__path_name(out->folder);
    TL_TRY(tl__run_state(context, folder, &out->status_tree, error));
    out->status = &out->status_tree->root;
    TL_TRY(story_json(out, "metrics.json", &out->metrics_tree, &out->metrics, error));
    TL_TRY(story_json(out, "charts/data.json", &out->data_tree, &out->data, error));
    TL_TRY(story_json(out, "explain/explanation.json", &out->explained_tree, &out->explained, error));
    tl_error why = {0};
    tl_status read = tl__run_records_read(context, folder, &out->history, &why);
    if (read != TL_OK && read != TL_NOT_FOUND) {    /* a run of many models has no epochs of its own */
        if (error) *error = why;
        return read;
    }
    TL_TRY(story_config(out, error));
    for (size_t p = 0; p < TL_COUNT(parts) && !out->part; p++) {
        const tl_value *part = tl_value_get(out->metrics, parts[p]);
        if (tl_value_integer(tl_value_get(part, "samples"), 0) == 0) continue;
        out->part = part;
        out->part_name = parts[p];
    }
    if (!out->part_name) out->part_name = "train";
    return story_classes(out, error);
}

TL_PRIV void tl__story_close(tl__story *story)
{
    if (!story->context) return;
    if (story->metrics_tree) tl__tree_free(story->metrics_tree);
    if (story->status_tree) tl__tree_free(story->status_tree);
    if (story->data_tree) tl__tree_free(story->data_tree);
    if (story->explained_tree) tl__tree_free(story->explained_tree);
    tl__run_records_free(&story->history);
    tl__config_free(story->config);
    tl__arena_free(&story->arena);
    story->context = NULL;
}

TL_PRIV double tl__story_number(const tl_value *map, const char *path)
{
    return tl_value_number(tl_value_get(map, path), tl__nan_d());
}

TL_PRIV double *tl__story_numbers(tl__arena *arena, const tl_value *list, size_t *count)
{
    *count = list && tl_value_kind(list) == TL_LIST ? tl_value_count(list) : 0;
    if (!list || tl_value_kind(list) != TL_LIST) return NULL;
    double *values = tl__arena_push_zero(arena, *count + 1, sizeof *values);
    size_t i = 0;
    for (const tl_value *item = list->first; values && item; item = item->next)
        values[i++] = tl_value_number(item, tl__nan_d());
    return values;
}

TL_PRIV double *tl__story_column(tl__story *story, size_t offset)
{
    const tl__records *records = &story->history.records;
    double *values = tl__arena_push_zero(&story->arena, records->count + 1, sizeof *values);
    for (size_t i = 0; values && i < records->count; i++)
        memcpy(&values[i], (const unsigned char *)tl__records_at(records, i) + offset, sizeof *values);
    return values;
}

TL_PRIV bool tl__story_some(const double *values, size_t count)
{
    for (size_t i = 0; values && i < count; i++)
        if (tl__is_finite_d(values[i])) return true;
    return false;
}
