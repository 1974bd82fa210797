/* Many files as one table: a list of them, or all of a name with one * in it. Tables are joined by halves, so that a
 * row is copied as often as halves can be taken and not once for each file. Where rows are steps of sequences and the
 * files do not say of which, each file is one. */
#include "data/loader.h"

#include "base/text.h"
#include "text/value.h"

typedef struct files_file {
    const char *path, *id;
    size_t rows;
} files_file;

typedef struct files_list {
    tl_context *context;
    const tl__data_settings *settings;
    const tl__kinds *known;
    const char *folder;
    tl__arena arena;
    const char *prefix, *suffix;    /* of names that match; of the folder that is listed */
    files_file *items;
    size_t count, capacity;
    bool failed;                    /* out of memory */
    tl_error *error;
} files_list;

static bool files_add(files_list *list, const char *path, const char *id)
{
    tl__heap *heap = &list->context->heap;
    if (list->count == list->capacity) {
        size_t capacity = list->capacity ? list->capacity * 2 : 16;
        files_file *items = tl__resize(heap, list->items, list->capacity * sizeof *items, capacity * sizeof *items);
        if (!items) list->failed = true;
        if (!items) return false;
        list->items = items;
        list->capacity = capacity;
    }
    list->failed = list->failed || !path || !id;
    list->items[list->count++] = (files_file){path, id, 0};
    return !list->failed;
}

/* ---- joining ---- */

static tl_status files_read(files_list *list, size_t first, size_t count, tl__table **out)
{
    tl__table *left = NULL, *right = NULL;
    files_file *file = &list->items[first];
    if (count == 1) {
        TL_TRY(tl__loader_file(list->context, list->folder, file->path, list->settings, list->known, out, list->error));
        file->rows = (*out)->rows;
        return TL_OK;
    }
    tl_status status = files_read(list, first, count / 2, &left);
    if (status == TL_OK) status = files_read(list, first + count / 2, count - count / 2, &right);
    if (status == TL_OK) status = tl__table_append(left, right, list->error);
    if (status == TL_OK) status = tl__loader_check_rows(left, list->error);
    tl__table_free(right);
    if (status == TL_OK) *out = left;
    else tl__table_free(left);
    return status;
}

/* The column that names the sequence of each row, by its file. */
static tl_status files_name_rows(const files_list *list, tl__table *table)
{
    const char *name = list->settings->sequence.id;
    size_t bytes = list->count * sizeof(char *), at = 0;
    tl__column *column;
    for (size_t i = 0; name && i < table->column_count; i++)
        if (tl__same_text(table->columns[i].name, name)) return TL_OK;
    if (!name) return TL_OK;
    if (tl__table_add(table, name, TL__COLUMN_CODES, 1, table->rows, &column) != TL_OK)
        return tl__fail_memory(list->error, table->rows * 4);
    column->words = tl__alloc(&list->context->heap, bytes);
    if (!column->words) return tl__fail_memory(list->error, bytes);
    column->word_capacity = list->count;
    for (size_t i = 0; i < list->count; i++) {
        column->words[i] = tl__arena_text(&table->arena, list->items[i].id);
        if (!column->words[i]) return tl__fail_memory(list->error, 64);
        column->word_count++;
        for (size_t row = 0; row < list->items[i].rows; row++) ((int32_t *)column->values)[at++] = (int32_t)i;
    }
    return TL_OK;
}

static tl_status files_table(files_list *list, tl__table **out)
{
    TL_TRY(files_read(list, 0, list->count, out));
    tl_status status = files_name_rows(list, *out);
    if (status == TL_OK) return TL_OK;
    tl__table_free(*out);
    *out = NULL;
    return status;
}

static void files_free(files_list *list)
{
    tl__free(&list->context->heap, list->items, list->capacity * sizeof *list->items);
    tl__arena_free(&list->arena);
}

/* ---- which files ---- */

static size_t files_folder(const char *path)
{
    size_t size = strlen(path);
    while (size > 0 && path[size - 1] != '/' && path[size - 1] != '\\') size--;
    return size;
}

/* A file's name without its folder and what stands behind its first dot. */
static const char *files_stem(files_list *list, const char *path)
{
    const char *name = path + files_folder(path);
    size_t size = strcspn(name, ".");
    return tl__arena_copy(&list->arena, name, size ? size : strlen(name));
}

static bool files_match(void *user, const char *name)
{
    files_list *list = user;
    size_t size = strlen(name), before = strlen(list->prefix), after = strlen(list->suffix);
    if (size <= before + after || memcmp(name, list->prefix, before) != 0 ||
        memcmp(name + size - after, list->suffix, after) != 0)
        return true;
    return files_add(list, tl__arena_text(&list->arena, name),
                     tl__arena_copy(&list->arena, name + before, size - before - after));
}

/* Numbers of different length in their order: shorter names first. */
static bool files_before(const char *b, const char *a)
{
    size_t x = strlen(b), y = strlen(a);
    return x != y ? x < y : strcmp(b, a) < 0;
}

#define SORT_NAME files_sort
#define SORT_TYPE files_file
#define SORT_USER const void *
#define SORT_BEFORE(user, b, a) files_before((b).id, (a).id)
#include "base/sort.inc.h"

TL_PRIV bool tl__loader_is_pattern(const char *path) { return strchr(path, '*') != NULL; }

static tl_status files_find(files_list *list, const char *pattern)
{
    size_t folder = files_folder(pattern);
    const char *star = strchr(pattern, '*');
    if ((size_t)(star - pattern) < folder || strchr(star + 1, '*'))
        return tl__fail_at(list->error, TL_BAD_CONFIG, NULL, 0, 0, "data.file",
                           "'%s': one * stands for a part of a file's name, not of a folder's, and there is only one",
                           pattern);
    const char *own = tl__arena_copy(&list->arena, pattern, folder);
    list->prefix = tl__arena_copy(&list->arena, pattern + folder, (size_t)(star - pattern) - folder);
    list->suffix = star + 1;
    const char *path = own ? tl__loader_path(&list->arena, list->folder, folder ? own : ".") : NULL;
    if (!path || !list->prefix) return tl__fail_memory(list->error, 256);
    TL_TRY(tl__folder_list(list->context, path, files_match, list, list->error));
    for (size_t i = 0; i < list->count && !list->failed; i++) {
        list->items[i].path = tl__arena_format(&list->arena, "%s%s", own, list->items[i].path);
        list->failed = !list->items[i].path;
    }
    if (list->failed) return tl__fail_memory(list->error, 256);
    if (list->count == 0)
        return tl__fail_at(list->error, TL_NOT_FOUND, NULL, 0, 0, "data.file", "no file has a name like '%s'", pattern);
    files_file *scratch = tl__alloc(&list->context->heap, list->count * sizeof *scratch);
    if (!scratch) return tl__fail_memory(list->error, list->count * sizeof *scratch);
    files_sort(list->items, scratch, list->count, NULL);
    tl__free(&list->context->heap, scratch, list->count * sizeof *scratch);
    return TL_OK;
}

TL_PRIV tl_status tl__loader_files(tl_context *context, const tl_value *files, const tl__data_settings *settings,
                                   const tl__kinds *known, const char *folder, tl__table **out, tl_error *error)
{
    files_list list = {.context = context, .settings = settings, .known = known, .folder = folder, .error = error};
    tl_status status = TL_OK;
    tl__arena_init(&list.arena, &context->heap);
    if (files->kind == TL_LIST) {
        for (const tl_value *file = files->first; file && !list.failed; file = file->next)
            files_add(&list, file->text, files_stem(&list, file->text));
        if (list.failed) status = tl__fail_memory(error, 256);
    } else {
        status = files_find(&list, files->text);
    }
    if (status == TL_OK) status = files_table(&list, out);
    files_free(&list);
    return status;
}
