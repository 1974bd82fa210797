/* JSON in four forms: a list of objects (rows), a list of lists (rows without names), an object of lists (columns), and
 * an object per line. Values go through the same inference as the cells of a CSV file.
 *
 * The first pass over the rows collects the columns' names in the order in which they first appear, the second their
 * cells. Lines are parsed one at a time in both, so that a long file of them needs no tree of all. */
#include "data/loader.h"

#include "base/text.h"
#include "text/yaml.h"

typedef struct jsonfile {
    const tl__source *source;
    tl__heap *heap;
    tl__infer_rules rules;
    tl__arena *arena;             /* of the table: names and words */
    tl__tree *tree;               /* whole text; NULL: lines */
    size_t count, capacity;       /* columns */
    const char **names;
    tl__column_kind *kinds;
    tl__infer *columns;
    const tl_value **cells;       /* of the row at hand */
    size_t rows;
    bool named;
} jsonfile;

typedef tl_status jsonfile_row_fn(jsonfile *file, const tl_value *row, int line, tl_error *error);

static bool jsonfile_recognises(const char *bytes, size_t size)
{
    size_t at = size >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    while (at < size && (bytes[at] == ' ' || bytes[at] == '\n' || bytes[at] == '\r' || bytes[at] == '\t')) at++;
    return at < size && (bytes[at] == '[' || bytes[at] == '{');
}

/* ---- columns ---- */

/* The column of a key: most rows have the keys of the row before in the same order, so the search begins at `hint`. */
static size_t jsonfile_column(const jsonfile *file, const char *name, size_t size, size_t hint)
{
    for (size_t i = 0; i < file->count; i++) {
        size_t at = (hint + i) % file->count;
        if (tl__same_text_n(file->names[at], name, size)) return at;
    }
    return SIZE_MAX;
}

static tl_status jsonfile_add_column(jsonfile *file, const char *name, size_t size, tl_error *error)
{
    if (file->count == file->capacity) {
        size_t capacity = file->capacity ? file->capacity * 2 : 16;
        const char **names = tl__resize(file->heap, file->names, file->capacity * sizeof *names,
                                        capacity * sizeof *names);
        if (!names) return tl__fail_memory(error, capacity * sizeof *names);
        file->names = names;
        file->capacity = capacity;
    }
    file->names[file->count] = tl__arena_copy(file->arena, name, size);
    if (!file->names[file->count]) return tl__fail_memory(error, size);
    file->count++;
    return TL_OK;
}

static tl_status jsonfile_name_row(jsonfile *file, const tl_value *row, int line, tl_error *error)
{
    size_t hint = 0;
    if (row->kind == TL_LIST) {
        while (file->count < row->count) {
            char name[32];
            size_t size = tl__format(name, sizeof name, "%zu", file->count);
            TL_TRY(jsonfile_add_column(file, name, size, error));
        }
        return TL_OK;
    }
    if (row->kind != TL_MAP) {
        return tl__fail_at(error, TL_BAD_FILE, file->source->name, line, 0, NULL,
                           "a row must be an object, {\"column\": value, ...}, or a list of values");
    }
    file->named = true;
    for (const tl_value *cell = row->first; cell; cell = cell->next, hint++) {
        if (jsonfile_column(file, cell->key, cell->key_size, hint) != SIZE_MAX) continue;
        TL_TRY(jsonfile_add_column(file, cell->key, cell->key_size, error));
    }
    return TL_OK;
}

static tl_status jsonfile_allocate(jsonfile *file, tl_error *error)
{
    size_t count = file->count;
    file->kinds = tl__alloc_zero(file->heap, count, sizeof *file->kinds);
    file->columns = tl__alloc_zero(file->heap, count, sizeof *file->columns);
    file->cells = tl__alloc_zero(file->heap, count, sizeof *file->cells);
    if (!file->kinds || !file->columns || !file->cells) return tl__fail_memory(error, count * sizeof *file->columns);
    for (size_t i = 0; i < count; i++) {
        TL_TRY(tl__loader_kind(file->source, file->names[i], i, count, &file->kinds[i], error));
    }
    return TL_OK;
}

/* ---- cells ---- */

static tl_status jsonfile_cell(jsonfile *file, size_t column, const tl_value *value, int line, tl_error *error)
{
    const char *text = "";
    size_t size = 0;
    if (value && (value->kind == TL_LIST || value->kind == TL_MAP)) {
        return tl__fail_at(error, TL_BAD_FILE, file->source->name, line, value->column, NULL,
                           "column '%s' holds a list or an object; a cell must be a number, a text, true, false or "
                           "null",
                           file->names[column]);
    }
    if (value && value->kind == TL_BOOL) {
        text = value->integer ? "true" : "false";
        size = value->integer ? 4 : 5;
    } else if (value && value->kind != TL_NULL) {
        text = value->text;
        size = value->text_size;
    }
    return tl__infer_cell(&file->columns[column], &file->rules, text, size, line, file->arena, error);
}

static tl_status jsonfile_read_row(jsonfile *file, const tl_value *row, int line, tl_error *error)
{
    size_t hint = 0;
    memset(file->cells, 0, file->count * sizeof *file->cells);
    if (row->kind == TL_LIST && row->count != file->count) {
        return tl__fail_at(error, TL_BAD_FILE, file->source->name, line, 0, NULL,
                           "this row has %zu values, but others have %zu; every row must have the same number",
                           row->count,
                           file->count);
    }
    for (const tl_value *cell = row->first; cell; cell = cell->next, hint++) {
        size_t column = row->kind == TL_LIST ? hint : jsonfile_column(file, cell->key, cell->key_size, hint);
        if (column != SIZE_MAX) file->cells[column] = cell;
    }
    for (size_t i = 0; i < file->count; i++) TL_TRY(jsonfile_cell(file, i, file->cells[i], line, error));
    file->rows++;
    return TL_OK;
}

/* ---- rows ---- */

static bool jsonfile_full(const jsonfile *file, size_t rows)
{
    int64_t limit = file->source->settings->limit;
    return limit > 0 && rows >= (uint64_t)limit;
}

/* One object per line. A last line without an end that is no JSON is one that is still being written: it is left
 * out. */
static tl_status jsonfile_each_line(jsonfile *file, jsonfile_row_fn *each, tl_error *error)
{
    const char *at = file->source->bytes, *end = at + file->source->size;
    size_t rows = 0;
    if (end - at >= 3 && memcmp(at, "\xEF\xBB\xBF", 3) == 0) at += 3;
    for (int line = 1; at < end && !jsonfile_full(file, rows); line++) {
        const char *stop = memchr(at, '\n', (size_t)(end - at)), *next = stop ? stop + 1 : end;
        size_t size = (size_t)((stop ? stop : end) - at);
        bool blank = true;
        for (size_t i = 0; i < size; i++) blank = blank && (at[i] == ' ' || at[i] == '\r' || at[i] == '\t');
        if (!blank) {
            tl__tree *tree;
            tl_error local = {0};
            if (tl__tree_new(file->heap, file->source->name, &tree) != TL_OK)
                return tl__fail_memory(error, sizeof *tree);
            tl_status status = tl__json_parse(tree, at, size, &local);
            bool torn = status != TL_OK && status != TL_OUT_OF_MEMORY && !stop && rows > 0;
            if (status == TL_OK) status = each(file, &tree->root, line, error);
            else if (!torn)
                status = tl__fail_at(error, status, file->source->name, line, local.column, NULL,
                                     "this line is not a JSON object");
            tl__tree_free(tree);
            if (torn) return TL_OK;
            TL_TRY(status);
            rows++;
        }
        at = next;
    }
    return TL_OK;
}

/* An object of lists is turned into columns directly; every other text is a sequence of rows. */
static bool jsonfile_is_columns(const tl_value *root)
{
    if (root->kind != TL_MAP || !root->first) return false;
    for (const tl_value *list = root->first; list; list = list->next) {
        if (list->kind != TL_LIST) return false;
    }
    return true;
}

static tl_status jsonfile_each(jsonfile *file, jsonfile_row_fn *each, tl_error *error)
{
    size_t rows = 0;
    if (!file->tree) return jsonfile_each_line(file, each, error);
    const tl_value *root = &file->tree->root;
    for (const tl_value *row = root->first; row && !jsonfile_full(file, rows); row = row->next, rows++) {
        TL_TRY(each(file, row, row->line, error));
    }
    return TL_OK;
}

static tl_status jsonfile_read_columns(jsonfile *file, tl_error *error)
{
    size_t column = 0, length = file->tree->root.first->count;
    for (const tl_value *list = file->tree->root.first; list; list = list->next, column++) {
        size_t rows = 0;
        if (list->count != length) {
            return tl__fail_at(error, TL_BAD_FILE, file->source->name, list->key_line, 0, NULL,
                               "column '%s' has %zu values, but '%s' has %zu; all must have the same number",
                               file->names[column], list->count, file->names[0], length);
        }
        for (const tl_value *cell = list->first; cell && !jsonfile_full(file, rows); cell = cell->next, rows++) {
            TL_TRY(jsonfile_cell(file, column, cell, cell->line, error));
        }
        file->rows = rows;
    }
    return TL_OK;
}

/* ---- all of it ---- */

static tl_status jsonfile_names(jsonfile *file, bool columns, tl_error *error)
{
    if (!columns) return jsonfile_each(file, jsonfile_name_row, error);
    file->named = true;
    for (const tl_value *list = file->tree->root.first; list; list = list->next) {
        TL_TRY(jsonfile_add_column(file, list->key, list->key_size, error));
    }
    return TL_OK;
}

static tl_status jsonfile_pass(jsonfile *file, bool columns, bool *again, tl_error *error)
{
    *again = false;
    file->rows = 0;
    for (size_t i = 0; i < file->count; i++) {
        tl__infer_free(&file->columns[i], file->heap);
        tl__infer_begin(&file->columns[i], file->names[i], file->kinds[i]);
    }
    TL_TRY(columns ? jsonfile_read_columns(file, error) : jsonfile_each(file, jsonfile_read_row, error));
    for (size_t i = 0; i < file->count; i++) {
        tl__column_kind kind;
        TL_TRY(tl__infer_judge(&file->columns[i], &file->rules, &kind, error));
        if (kind == TL__KIND_FIND_OUT) continue;
        file->kinds[i] = kind;
        *again = true;
    }
    return TL_OK;
}

static tl_status jsonfile_read(jsonfile *file, tl__table *into, tl_error *error)
{
    bool columns = file->tree && jsonfile_is_columns(&file->tree->root), again = true;
    if (file->tree && !columns && file->tree->root.kind != TL_LIST) {
        return tl__fail_at(error, TL_BAD_FILE, file->source->name, 1, 0, NULL,
                           "a table in JSON is a list of objects, an object of lists, or an object per line");
    }
    TL_TRY(jsonfile_names(file, columns, error));
    if (file->count == 0) return TL_OK;
    TL_TRY(jsonfile_allocate(file, error));
    while (again) TL_TRY(jsonfile_pass(file, columns, &again, error));
    for (size_t i = 0; i < file->count; i++) TL_TRY(tl__infer_end(&file->columns[i], into, error));
    into->rows = file->rows;
    into->named = file->named;
    return TL_OK;
}

/* Is the first line an object of its own, with another after it? */
static tl_status jsonfile_is_lines(const tl__source *source, bool *lines)
{
    const char *end = memchr(source->bytes, '\n', source->size);
    size_t at = source->size >= 3 && memcmp(source->bytes, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    tl__tree *tree;
    *lines = false;
    if (source->size <= at || source->bytes[at] != '{') return TL_OK;
    size_t size = end ? (size_t)(end - source->bytes) - at : source->size - at;
    TL_TRY(tl__tree_new(&source->context->heap, source->name, &tree));
    tl_status status = tl__json_parse(tree, source->bytes + at, size, NULL);
    *lines = status == TL_OK && !jsonfile_is_columns(&tree->root);
    tl__tree_free(tree);
    return status == TL_OUT_OF_MEMORY ? status : TL_OK;
}

static tl_status jsonfile_load(const tl__source *source, tl__table *into, tl_error *error)
{
    jsonfile file = {.source = source, .heap = &source->context->heap, .arena = &into->arena};
    bool lines;
    tl_status status = TL_OK;
    tl__infer_rules_init(&file.rules, file.heap, source->name, source->settings);
    file.rules.decimal = '.';
    if (jsonfile_is_lines(source, &lines) != TL_OK) return tl__fail_memory(error, source->size);
    if (!lines) {
        if (tl__tree_new(file.heap, source->name, &file.tree) != TL_OK)
            return tl__fail_memory(error, sizeof *file.tree);
        status = tl__json_parse(file.tree, source->bytes, source->size, error);
    }
    if (status == TL_OK) status = jsonfile_read(&file, into, error);
    for (size_t i = 0; file.columns && i < file.count; i++) tl__infer_free(&file.columns[i], file.heap);
    tl__free(file.heap, file.columns, file.count * sizeof *file.columns);
    tl__free(file.heap, file.kinds, file.count * sizeof *file.kinds);
    tl__free(file.heap, file.cells, file.count * sizeof *file.cells);
    tl__free(file.heap, file.names, file.capacity * sizeof *file.names);
    if (file.tree) tl__tree_free(file.tree);
    return status;
}

TL_PRIV const tl__member_head *tl__loader_json(void)
{
    static const tl__loader loader = {
        .head = {.name = "json", .aliases = "jsonl ndjson",
                 .help = "A list of objects, a list of lists, an object of lists, or an object per line."},
        .suffixes = "json jsonl ndjson",
        .recognises = jsonfile_recognises,
        .load = jsonfile_load};
    return &loader.head;
}
