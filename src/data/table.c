/* A table owns the blocks of its columns and, in its arena, all names and words. Joining two tables takes the type that
 * holds the values of both; a table that could not be joined is good for nothing but to be freed. */
#include "data/table.h"

#include "base/hash.h"
#include "base/math.h"
#include "base/text.h"
#include "data/store.h"

TL_PRIV const char *tl__column_type_name(const tl__column *column)
{
    static const char *const names[] = {"u8", "i32", "f32", "f64", "category"};
    return column->date ? "date" : names[column->type];
}

TL_PRIV tl_status tl__table_new(tl_context *context, const char *source, tl__table **out)
{
    tl__table *table = tl__alloc_zero(&context->heap, 1, sizeof *table);
    if (!table) return TL_OUT_OF_MEMORY;
    table->context = context;
    tl__arena_init(&table->arena, &context->heap);
    table->source = tl__arena_text(&table->arena, source ? source : "data");
    if (!table->source) {
        tl__table_free(table);
        return TL_OUT_OF_MEMORY;
    }
    *out = table;
    return TL_OK;
}

TL_PRIV void tl__table_free(tl__table *table)
{
    if (!table) return;
    tl__heap *heap = &table->context->heap;
    for (size_t i = 0; i < table->column_count; i++) {
        tl__column *column = &table->columns[i];
        tl__free(heap, column->block, column->bytes);
        tl__free(heap, column->words, column->word_capacity * sizeof *column->words);
    }
    tl__free(heap, table->columns, table->column_capacity * sizeof *table->columns);
    tl__store_close(table->store);
    tl__arena_free(&table->arena);
    tl__free(heap, table, sizeof *table);
}

TL_PRIV tl_status tl__table_add(tl__table *table, const char *name, tl__column_type type, size_t width, size_t rows,
                                tl__column **out)
{
    tl__heap *heap = &table->context->heap;
    size_t values, bytes;
    if (!tl__size_mul(rows, width, &values) || !tl__size_mul(values, tl__column_value_size(type), &bytes)) {
        return TL_OUT_OF_MEMORY;
    }
    if (table->column_count == table->column_capacity) {
        size_t old = table->column_capacity, capacity = old ? old * 2 : 8;
        tl__column *columns = tl__resize(heap, table->columns, old * sizeof *columns, capacity * sizeof *columns);
        if (!columns) return TL_OUT_OF_MEMORY;
        table->columns = columns;
        table->column_capacity = capacity;
    }
    tl__column *column = &table->columns[table->column_count];
    memset(column, 0, sizeof *column);
    column->name = tl__arena_text(&table->arena, name);
    if (!column->name) return TL_OUT_OF_MEMORY;
    if (bytes) {
        column->block = tl__alloc_zero(heap, bytes, 1);
        if (!column->block) return TL_OUT_OF_MEMORY;
    }
    column->type = type;
    column->width = width;
    column->values = column->block;
    column->bytes = bytes;
    table->column_count++;
    *out = column;
    return TL_OK;
}

TL_PRIV tl_status tl__table_find(const tl__table *table, const char *name, const char *setting, size_t *out,
                                 tl_error *error)
{
    tl__suggestion suggestion = {name, NULL, 0};
    int64_t position, count = (int64_t)table->column_count;
    for (size_t i = 0; i < table->column_count; i++) {
        if (tl__same_text(table->columns[i].name, name)) {
            *out = i;
            return TL_OK;
        }
    }
    if (tl__parse_int(name, strlen(name), &position)) {
        if (position >= -count && position < count) {
            *out = (size_t)(position < 0 ? position + count : position);
            return TL_OK;
        }
        return tl__fail_at(error, TL_NOT_FOUND, table->source, 0, 0, setting,
                           "%s is %s, but there are %lld columns (positions 0 to %lld, or -1 to -%lld from the end)",
                           setting ? setting : "the column", name, (long long)count, (long long)count - 1,
                           (long long)count);
    }
    for (size_t i = 0; i < table->column_count; i++) tl__suggest(&suggestion, table->columns[i].name);
    if (suggestion.best) {
        return tl__fail_at(error, TL_NOT_FOUND, table->source, 0, 0, setting,
                           "%s is '%s', but there is no such column; did you mean '%s'?",
                           setting ? setting : "the column", name, suggestion.best);
    }
    if (!table->named) {
        return tl__fail_at(error, TL_NOT_FOUND, table->source, 0, 0, setting,
                           "%s is '%s', but the file names no columns; choose it by position (0 is the first of %zu, "
                           "-1 the last), or say data.header: true",
                           setting ? setting : "the column", name, table->column_count);
    }
    return tl__fail_at(error, TL_NOT_FOUND, table->source, 0, 0, setting,
                       "%s is '%s', but there is no such column; the first is '%s', the last '%s'",
                       setting ? setting : "the column", name, count ? table->columns[0].name : "",
                       count ? table->columns[count - 1].name : "");
}

TL_PRIV bool tl__column_is_missing(const tl__column *column, size_t row)
{
    if (column->missing == 0) return false;
    for (size_t i = 0; i < column->width; i++) {
        double value = tl__column_at(column, row, i);
        if (value != value) return true;
    }
    return false;
}

/* ---- joining tables ---- */

/* The type that holds the values of both. */
static tl__column_type table_common_type(const tl__column *a, const tl__column *b)
{
    if (a->type == b->type) return a->type;
    if (a->type == TL__COLUMN_F64 || b->type == TL__COLUMN_F64) return TL__COLUMN_F64;
    if (a->type == TL__COLUMN_F32 || b->type == TL__COLUMN_F32) return TL__COLUMN_F32;
    return TL__COLUMN_I32;
}

static void table_put(tl__column_type type, void *values, size_t at, double value)
{
    switch (type) {
    case TL__COLUMN_U8: ((uint8_t *)values)[at] = (uint8_t)value; break;
    case TL__COLUMN_I32:
    case TL__COLUMN_CODES: ((int32_t *)values)[at] = (int32_t)value; break;
    case TL__COLUMN_F32: ((float *)values)[at] = (float)value; break;
    case TL__COLUMN_F64: ((double *)values)[at] = value; break;
    }
}

/* The word's code in the column; it is added when it is new. */
static tl_status table_word(tl__table *table, tl__column *column, const char *word, int32_t *code)
{
    for (size_t i = 0; i < column->word_count; i++) {
        if (tl__same_text(column->words[i], word)) {
            *code = (int32_t)i;
            return TL_OK;
        }
    }
    if (column->word_count == column->word_capacity) {
        size_t old = column->word_capacity, capacity = old ? old * 2 : 16;
        const char **words = tl__resize(&table->context->heap, column->words, old * sizeof *words,
                                        capacity * sizeof *words);
        if (!words) return TL_OUT_OF_MEMORY;
        column->words = words;
        column->word_capacity = capacity;
    }
    const char *copy = tl__arena_text(&table->arena, word);
    if (!copy) return TL_OUT_OF_MEMORY;
    *code = (int32_t)column->word_count;
    column->words[column->word_count++] = copy;
    return TL_OK;
}

static tl_status table_append_column(tl__table *table, tl__column *column, const tl__column *more, size_t more_rows,
                                     tl_error *error)
{
    tl__heap *heap = &table->context->heap;
    tl__column_type type = table_common_type(column, more);
    size_t size = tl__column_value_size(type), count, more_count, total, bytes;
    if (!tl__size_mul(table->rows, column->width, &count) || !tl__size_mul(more_rows, column->width, &more_count) ||
        !tl__size_add(count, more_count, &total) || !tl__size_mul(total, size, &bytes)) {
        return tl__fail_memory(error, SIZE_MAX);
    }
    if (bytes == 0) return TL_OK;
    unsigned char *block = tl__alloc(heap, bytes);
    if (!block) return tl__fail_memory(error, bytes);
    if (type == column->type) memcpy(block, column->values ? column->values : block, count * size);
    else for (size_t i = 0; i < count; i++) table_put(type, block, i, tl__column_at(column, 0, i));
    for (size_t i = 0; i < more_count && type != TL__COLUMN_CODES; i++) {
        table_put(type, block, count + i, tl__column_at(more, 0, i));
    }
    for (size_t i = 0; i < more_count && type == TL__COLUMN_CODES; i++) {
        int32_t code = ((const int32_t *)more->values)[i];
        if (code >= 0 && table_word(table, column, more->words[code], &code) != TL_OK) {
            tl__free(heap, block, bytes);
            return tl__fail_memory(error, 64);
        }
        ((int32_t *)(void *)block)[count + i] = code;
    }
    tl__free(heap, column->block, column->bytes);
    column->block = column->values = block;
    column->bytes = bytes;
    column->type = type;
    if (column->missing == 0 && more->missing) {
        column->first_missing_row = table->rows + more->first_missing_row;
        column->first_missing_line = 0;   /* a line of another file */
    }
    column->missing += more->missing;
    return TL_OK;
}

static const tl__column *table_partner(const tl__table *table, size_t index, const tl__table *more)
{
    if (!table->named || !more->named) return index < more->column_count ? &more->columns[index] : NULL;
    for (size_t i = 0; i < more->column_count; i++) {
        if (tl__same_text(more->columns[i].name, table->columns[index].name)) return &more->columns[i];
    }
    return NULL;
}

TL_PRIV tl_status tl__table_append(tl__table *table, const tl__table *more, tl_error *error)
{
    if (more->column_count != table->column_count) {
        return tl__fail_at(error, TL_BAD_DATA, more->source, 0, 0, NULL,
                           "this file has %zu columns but '%s' has %zu; files of one list must have the same columns",
                           more->column_count, table->source, table->column_count);
    }
    for (size_t i = 0; i < table->column_count; i++) {
        tl__column *column = &table->columns[i];
        const tl__column *partner = table_partner(table, i, more);
        if (!partner || partner->width != column->width) {
            return tl__fail_at(error, TL_BAD_DATA, more->source, 0, 0, NULL,
                               "%s column '%s' of '%s'; files of one list must have the same columns",
                               partner ? "another size has" : "there is no", column->name, table->source);
        }
        if ((partner->type == TL__COLUMN_CODES) != (column->type == TL__COLUMN_CODES)) {
            return tl__fail_at(error, TL_BAD_DATA, more->source, 0, 0, NULL,
                               "column '%s' holds %s here but %s in '%s'; set its type: data.types: {'%s': category}",
                               column->name, partner->type == TL__COLUMN_CODES ? "words" : "numbers",
                               column->type == TL__COLUMN_CODES ? "words" : "numbers", table->source, column->name);
        }
    }
    for (size_t i = 0; i < table->column_count; i++) {
        TL_TRY(table_append_column(table, &table->columns[i], table_partner(table, i, more), more->rows, error));
    }
    table->rows += more->rows;
    return TL_OK;
}
