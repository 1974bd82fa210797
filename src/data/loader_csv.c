/* CSV to a table, in one pass over the rows; another pass only when a column that began with numbers turns out to be
 * one of words. */
#include "data/loader.h"

#include "base/text.h"
#include "data/date.h"
#include "text/csv.h"

enum { CSVFILE_SAMPLE_ROWS = 50, CSVFILE_GUESS_ROWS = 256 };

typedef struct csvfile {
    const tl__source *source;
    tl__csv csv;
    tl__infer_rules rules;
    tl__arena names_arena;
    size_t count;               /* columns */
    const char **names;
    tl__infer *columns;
    tl__column_kind *kinds;
    bool header;
    size_t first_offset;        /* of the first row of data */
    int first_line;
} csvfile;

/* A setting that is one character, or one of the words. */
static tl_status csvfile_character(const char *setting, const char *value, const char *words, const char *meanings,
                                   const char *allowed, char *out, tl_error *error)
{
    if (value && value[0] && !value[1]) {
        *out = value[0];
        return TL_OK;
    }
    for (size_t i = 0; value && *words; i++) {
        size_t size = strcspn(words, " ");
        if (tl__same_text_n(value, words, size)) {
            *out = meanings[i];
            return TL_OK;
        }
        words += size + (words[size] == ' ');
    }
    return tl__fail_at(error, TL_BAD_CONFIG, NULL, 0, 0, setting, "%s is '%s'; it must be %s", setting,
                       value ? value : "", allowed);
}

static tl_status csvfile_options(const tl__data_settings *settings, tl__csv_options *options, tl_error *error)
{
    static const char separators[] = {0, '\t', '\t', ' ', ',', ';'}, quotes[] = {0, '"', '\''}, marks[] = {'.', ','};
    char decimal;
    *options = (tl__csv_options)TL__CSV_OPTIONS;
    TL_TRY(csvfile_character("data.separator", settings->separator ? settings->separator : "auto",
                             "auto tab \\t space comma semicolon", separators,
                             "one character, or auto, tab or space", &options->separator, error));
    TL_TRY(csvfile_character("data.quote", settings->quote ? settings->quote : "\"", "none double single", quotes,
                             "one character or none", &options->quote, error));
    TL_TRY(csvfile_character("data.decimal", settings->decimal ? settings->decimal : ".", "point comma", marks,
                             ". or ,",
                             &decimal, error));
    if (decimal != '.' && decimal != ',') {
        return tl__fail_at(error, TL_BAD_CONFIG, NULL, 0, 0, "data.decimal", "data.decimal is '%c'; it must be . or ,",
                           decimal);
    }
    if (options->separator && (options->separator == decimal || options->separator == options->quote)) {
        return tl__fail_at(error, TL_BAD_CONFIG, NULL, 0, 0, "data.separator",
                           "data.separator is '%c', which is also the %s", options->separator,
                           options->separator == decimal ? "decimal mark" : "quote");
    }
    options->decimal = decimal;
    options->trim = settings->trim;
    options->skip_rows = (size_t)settings->skip_rows;
    return TL_OK;
}

/* ---- header ---- */

static void csvfile_position_name(char out[32], size_t index) { tl__format(out, 32, "%zu", index); }

static tl_status csvfile_allocate(csvfile *file, tl_error *error)
{
    tl__heap *heap = &file->source->context->heap;
    size_t count = file->count;
    file->names = tl__alloc_zero(heap, count, sizeof *file->names);
    file->columns = tl__alloc_zero(heap, count, sizeof *file->columns);
    file->kinds = tl__alloc_zero(heap, count, sizeof *file->kinds);
    return file->names && file->columns && file->kinds ? TL_OK : tl__fail_memory(error, count * sizeof *file->columns);
}

/* The first row's cells as names, position where a cell is empty. */
static tl_status csvfile_take_names(csvfile *file, tl_error *error)
{
    for (size_t i = 0; i < file->count; i++) {
        const tl__csv_cell *cell = &file->csv.cells[i];
        char position[32];
        csvfile_position_name(position, i);
        file->names[i] = cell->size ? tl__arena_copy(&file->names_arena, cell->text, cell->size)
                                    : tl__arena_text(&file->names_arena, position);
        if (!file->names[i]) return tl__fail_memory(error, cell->size);
    }
    return TL_OK;
}

static bool csvfile_is_value(const csvfile *file, const char *text, size_t size)
{
    double value;
    return tl__infer_number(text, size, file->rules.decimal, &value) || tl__parse_date(text, size, &value);
}

static bool csvfile_names_known(const csvfile *file)
{
    const tl__kinds *known = file->source->known;
    for (size_t i = 0; known && i < known->count; i++) {
        for (size_t k = 0; k < file->count; k++) {
            int64_t position;
            const char *name = file->names[k];
            if (tl__same_text(name, known->items[i].column) && !tl__parse_int(name, strlen(name), &position))
                return true;
        }
    }
    return false;
}

/* A column tells of a header when its first cell is text and the following are numbers or dates. The reader stands
 * behind the first row; columns[i].numbers and .misfits count here. */
static tl_status csvfile_find_header(csvfile *file, bool *header, tl_error *error)
{
    bool more = true;
    *header = csvfile_names_known(file);
    if (*header) return TL_OK;
    for (int row = 0; row < CSVFILE_SAMPLE_ROWS; row++) {
        TL_TRY(tl__csv_next(&file->csv, &more, error));
        if (!more) break;
        for (size_t i = 0; i < file->count; i++) {
            const tl__csv_cell *cell = &file->csv.cells[i];
            if (tl__infer_is_missing(&file->rules, cell->text, cell->size)) continue;
            if (csvfile_is_value(file, cell->text, cell->size)) file->columns[i].numbers++;
            else file->columns[i].misfits++;
        }
    }
    for (size_t i = 0; i < file->count; i++) {
        const char *first = file->names[i];
        size_t size = strlen(first);
        /* a few cells that are no numbers may be marks of missing values that nobody has named yet */
        bool numbers = file->columns[i].numbers > 0 && file->columns[i].misfits * 4 <= file->columns[i].numbers;
        if (numbers && !tl__infer_is_missing(&file->rules, first, size) && !csvfile_is_value(file, first, size)) {
            *header = true;
        }
    }
    return TL_OK;
}

static tl_status csvfile_begin(csvfile *file, tl_error *error)
{
    const tl__source *source = file->source;
    bool more;
    file->header = source->settings->header == TL__HEADER_TRUE;
    TL_TRY(tl__csv_next(&file->csv, &more, error));
    if (!more) {
        return tl__fail_at(error, TL_BAD_FILE, source->name, 0, 0, NULL,
                           "the file has no rows%s", source->settings->skip_rows ? " after data.skip_rows" : "");
    }
    file->count = file->csv.count;
    TL_TRY(csvfile_allocate(file, error));
    TL_TRY(csvfile_take_names(file, error));
    size_t first_offset = file->csv.offset, second_offset = (size_t)(file->csv.at - file->csv.bytes);
    int first_line = file->csv.line, second_line = file->csv.next_line;
    if (source->settings->header == TL__HEADER_AUTO) TL_TRY(csvfile_find_header(file, &file->header, error));
    file->first_offset = file->header ? second_offset : first_offset;
    file->first_line = file->header ? second_line : first_line;
    for (size_t i = 0; i < file->count; i++) {
        char position[32];
        csvfile_position_name(position, i);
        if (!file->header) file->names[i] = tl__arena_text(&file->names_arena, position);
        if (!file->names[i]) return tl__fail_memory(error, 32);
        TL_TRY(tl__loader_kind(source, file->names[i], i, file->count, &file->kinds[i], error));
    }
    return TL_OK;
}

/* ---- rows ---- */

static void csvfile_guess_rows(csvfile *file, size_t rows)
{
    size_t done = (size_t)(file->csv.at - file->csv.bytes) - file->first_offset;
    size_t all = file->source->size - file->first_offset;
    int64_t limit = file->source->settings->limit;
    double guess = (double)all / (double)(done ? done : 1) * (double)rows * 1.02 + 64;
    if (limit > 0 && guess > (double)limit) guess = (double)limit;
    if (guess < (double)all) file->rules.rows_guess = (size_t)guess;
}

static tl_status csvfile_rows(csvfile *file, tl__arena *words, size_t *rows, tl_error *error)
{
    int64_t limit = file->source->settings->limit;
    bool more;
    *rows = 0;
    tl__csv_seek(&file->csv, file->first_offset, file->first_line);
    while (limit <= 0 || (uint64_t)limit > *rows) {
        TL_TRY(tl__csv_next(&file->csv, &more, error));
        if (!more) break;
        for (size_t i = 0; i < file->count; i++) {
            const tl__csv_cell *cell = &file->csv.cells[i];
            TL_TRY(tl__infer_cell(&file->columns[i], &file->rules, cell->text, cell->size, file->csv.line, words,
                                  error));
        }
        if (++*rows == CSVFILE_GUESS_ROWS) csvfile_guess_rows(file, *rows);
    }
    return TL_OK;
}

static void csvfile_restart(csvfile *file)
{
    for (size_t i = 0; i < file->count; i++) {
        tl__infer_free(&file->columns[i], file->rules.heap);
        tl__infer_begin(&file->columns[i], file->names[i], file->kinds[i]);
    }
}

static tl_status csvfile_read(csvfile *file, tl__table *into, tl_error *error)
{
    size_t rows;
    bool again;
    do {
        again = false;
        csvfile_restart(file);
        TL_TRY(csvfile_rows(file, &into->arena, &rows, error));
        for (size_t i = 0; i < file->count; i++) {
            tl__column_kind kind;
            TL_TRY(tl__infer_judge(&file->columns[i], &file->rules, &kind, error));
            if (kind == TL__KIND_FIND_OUT) continue;
            file->kinds[i] = kind;
            again = true;
        }
    } while (again);
    for (size_t i = 0; i < file->count; i++) TL_TRY(tl__infer_end(&file->columns[i], into, error));
    into->rows = rows;
    into->named = file->header;
    if (rows > 0) return TL_OK;
    return tl__fail_at(error, TL_BAD_FILE, file->source->name, 0, 0, NULL,
                       "the file has a line of names but no rows; if that line is data, say data.header: false");
}

static tl_status csvfile_load(const tl__source *source, tl__table *into, tl_error *error)
{
    csvfile file = {0};
    tl__csv_options options;
    tl__heap *heap = &source->context->heap;
    TL_TRY(csvfile_options(source->settings, &options, error));
    file.source = source;
    tl__arena_init(&file.names_arena, heap);
    tl__infer_rules_init(&file.rules, heap, source->name, source->settings);
    tl_status status = tl__csv_open(&file.csv, heap, source->bytes, source->size, source->name, &options, error);
    if (status == TL_OK) status = csvfile_begin(&file, error);
    if (status == TL_OK) status = csvfile_read(&file, into, error);
    for (size_t i = 0; file.columns && i < file.count; i++) tl__infer_free(&file.columns[i], heap);
    tl__free(heap, file.columns, file.count * sizeof *file.columns);
    tl__free(heap, file.names, file.count * sizeof *file.names);
    tl__free(heap, file.kinds, file.count * sizeof *file.kinds);
    tl__csv_close(&file.csv);
    tl__arena_free(&file.names_arena);
    return status;
}

TL_PRIV const tl__member_head *tl__loader_csv(void)
{
    static const tl__loader loader = {
        .head = {.name = "csv", .aliases = "tsv text",
                 .help = "Rows of text cells (RFC 4180): commas, semicolons, tabs or bars, quotes, a line of names."},
        .suffixes = "csv tsv txt data",
        .load = csvfile_load};
    return &loader.head;
}
