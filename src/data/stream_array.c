/* Arrays that are streamed from where they lie: a row of npy and IDX stands at a known place, so no file of rows is
 * needed. The header is read and checked against the file's size; every row is then read once, for the hashes and for
 * what is missing. Labels of a pair are a number an image: they are held in memory, from a file of any format. */
#include "data/stream.h"

#include "base/text.h"
#include "data/loader.h"
#include "data/window.h"
#include "kernels/hash.h"
#include "text/value.h"

enum { ARRAY_HEAD = 1 << 16 };    /* of a file, to know it by */

typedef struct array_file {
    tl_context *context;
    const tl__data_settings *settings;
    tl__arena arena;
    const char *path, *name, *labels;    /* labels: NULL for a file alone */
    tl__reader *reader;
    const tl__loader *loader;
    tl__array_place place;
    tl__table *table;
} array_file;

/* ---- the file ---- */

/* Its loader and where its elements lie; a loader that has no such place is left to others. */
static tl_status array_open(array_file *array, tl_error *error)
{
    tl__file_mark mark;
    TL_TRY(tl__reader_open(array->context, array->path, &array->reader, error));
    TL_TRY(tl__reader_mark(array->reader, &mark, error));
    size_t size = mark.size < ARRAY_HEAD ? (size_t)mark.size : ARRAY_HEAD;
    char *head = tl__alloc(&array->context->heap, ARRAY_HEAD);
    if (!head) return tl__fail_memory(error, ARRAY_HEAD);
    tl_status status = size ? tl__reader_at(array->reader, 0, head, size, error) : TL_OK;
    tl__source source = {array->context, array->name, head, size, NULL, array->settings, NULL};
    if (status == TL_OK) status = tl__loader_choose_streamed(&source, &array->loader, error);
    if (status == TL_OK && array->loader->lies)
        status = array->loader->lies(&source, mark.size, &array->place, error);
    tl__free(&array->context->heap, head, ARRAY_HEAD);
    return status;
}

static tl_status array_table(array_file *array, tl_error *error)
{
    tl__source source = {array->context, array->name, "", 0, NULL, array->settings, NULL};
    const tl__array_place *place = &array->place;
    if (tl__table_new(array->context, array->name, &array->table) != TL_OK)
        return tl__fail_memory(error, sizeof *array->table);
    TL_TRY(tl__loader_array_columns(&source, array->table, place->shape, place->dims, place->type, error));
    TL_TRY(tl__loader_check_rows(array->table, error));
    tl__reader *reader = array->reader;
    array->reader = NULL;
    return tl__store_adopt(array->table, reader, array->path, place, error);
}

static tl_status array_labels(array_file *array, const tl__kinds *known, const char *folder, tl_error *error)
{
    tl__table *labels;
    const tl_value file = {.kind = TL_TEXT, .text = array->labels, .text_size = strlen(array->labels), .quoted = true};
    TL_TRY(tl__table_read(array->context, &file, array->settings, known, folder, NULL, &labels, error));
    tl_status status = tl__loader_join_labels(array->table, labels, error);
    tl__table_free(labels);
    return status;
}

/* A path, or a pair of them; false: neither. */
static bool array_named(array_file *array, const tl_value *file)
{
    if (tl__loader_pair(file, &array->name, &array->labels)) return true;
    if (!file || file->kind == TL_LIST || file->kind == TL_MAP || !file->text || !file->text[0]) return false;
    array->name = file->text;
    return !tl__same_text(file->text, "-");
}

TL_PRIV tl_status tl__stream_array(tl_context *context, const tl_value *file, const tl__data_settings *settings,
                                   const tl__kinds *known, const char *folder, tl__table **out, tl_error *error)
{
    array_file array = {.context = context, .settings = settings};
    *out = NULL;
    if (!array_named(&array, file)) return TL_OK;
    tl__arena_init(&array.arena, &context->heap);
    array.path = tl__loader_path(&array.arena, folder, array.name);
    tl_status status = array.path ? array_open(&array, error) : tl__fail_memory(error, 256);
    bool lies = status == TL_OK && array.loader->lies;
    if (status == TL_OK && !lies && array.labels)
        status = tl__fail_at(error, TL_UNSUPPORTED, array.name, 0, 0, "data.streaming",
                             "only npy and idx files can be streamed as a pair, and this is %s; hold it in memory: "
                             "data.streaming: false", array.loader->head.name);
    if (lies) status = array_table(&array, error);
    if (status == TL_OK && array.labels) status = array_labels(&array, known, folder, error);
    tl__reader_close(array.reader);
    tl__arena_free(&array.arena);
    if (status == TL_OK) *out = array.table;
    else tl__table_free(array.table);
    return status;
}

TL_PRIV tl_status tl__stream_is_array(tl_context *context, const char *path, const tl__data_settings *settings,
                                      bool *out, tl_error *error)
{
    array_file array = {.context = context, .settings = settings, .path = path, .name = path};
    uint64_t size = 0;
    *out = false;
    /* what may be a pipe has no size and is not opened: it can be read but once */
    if (tl__same_text(path, "-") || tl__file_size(path, &size, NULL) != TL_OK || size == 0) return TL_OK;
    tl_status status = array_open(&array, error);
    tl__reader_close(array.reader);
    *out = status == TL_OK && array.loader->lies;
    return status;
}

/* ---- its rows ---- */

static tl_status array_read_once(tl__table *table, tl__sha256 *hashes, tl_error *error)
{
    tl__window *window;
    size_t step = tl__window_rows(table);
    tl_status status = TL_OK;
    TL_TRY(tl__window_new(table->context, table, NULL, 0, step, &window, error));
    for (size_t first = 0; status == TL_OK && first < table->rows; first += step) {
        size_t count = tl__size_min(step, table->rows - first);
        if (tl__cancelled(table->context))
            status = tl__fail(error, TL_CANCELLED, "stopped on request while %s was read", table->source);
        else status = tl__window_load(window, 0, NULL, first, count, error);
        for (size_t i = 0; status == TL_OK && i < table->column_count; i++) {
            const void *values = window->columns[i].values;
            tl__column_hash_values(&hashes[i], &table->columns[i], values, count * table->columns[i].width);
            tl__column_look(&table->columns[i], values, first, count);
        }
    }
    tl__window_free(table->context, window);
    return status;
}

TL_PRIV tl_status tl__store_adopt(tl__table *table, tl__reader *reader, const char *path, const tl__array_place *place,
                                  tl_error *error)
{
    size_t values = 0, count = table->column_count;
    tl__heap *heap = &table->context->heap;
    tl_status status = tl__store_new(table, path, &table->store, error);
    if (status != TL_OK) {
        tl__reader_close(reader);
        return status;
    }
    tl__store *store = table->store;
    store->reader = reader;
    store->base = place->begin;
    store->convert = place->convert;
    store->rows = table->rows;
    for (size_t i = 0; i < count; i++) {
        store->offsets[i] = values * place->size;
        values += table->columns[i].width;
    }
    if (!tl__size_mul(values, place->size, &store->record)) return tl__fail_memory(error, SIZE_MAX);
    TL_TRY(tl__reader_mark(reader, &store->mark, error));
    tl__sha256 *hashes = tl__alloc_zero(heap, count, sizeof *hashes);
    if (!hashes) return tl__fail_memory(error, count * sizeof *hashes);
    for (size_t i = 0; i < count; i++) {
        tl__column_look_begin(&table->columns[i]);
        tl__sha256_begin(&hashes[i]);
        tl__column_hash_begin(&hashes[i], &table->columns[i]);
    }
    status = array_read_once(table, hashes, error);
    for (size_t i = 0; i < count; i++) tl__sha256_hex(&hashes[i], store->hashes[i]);
    tl__free(heap, hashes, count * sizeof *hashes);
    return status;
}
