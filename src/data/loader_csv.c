/* CSV to a table, in one pass over the rows; another pass only when a column that began with numbers turns out to be
 * one of words. */
#include "data/loader.h"

#include "base/text.h"
#include "data/csv_cells.h"
#include "base/date.h"

enum { CSVFILE_SAMPLE_ROWS = 50 };

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

static bool csvfile_has_name(const csvfile *file, const char *column)
{
    int64_t position;
    if (tl__parse_int(column, strlen(column), &position)) return false;
    for (size_t i = 0; i < file->count; i++) {
        if (tl__same_text(file->names[i], column)) return true;
    }
    return false;
}

/* Names of columns that are known from elsewhere, or asked for: paths and classes alone look like no header. */
static bool csvfile_names_known(const csvfile *file)
{
    const tl__kinds *known = file->source->known;
    const char *paths = file->source->settings->image.column;
    if (paths && csvfile_has_name(file, paths)) return true;
    for (size_t i = 0; known && i < known->count; i++) {
        if (csvfile_has_name(file, known->items[i].column)) return true;
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

static void csvfile_restart(csvfile *file)
{
    for (size_t i = 0; i < file->count; i++) {
        tl__infer_free(&file->columns[i], file->rules.heap);
        tl__infer_begin(&file->columns[i], file->names[i], file->kinds[i]);
    }
}

/* The columns, found good, into the table. */
static tl_status csvfile_finish(csvfile *file, size_t rows, tl__table *into, tl_error *error)
{
    for (size_t i = 0; i < file->count; i++) TL_TRY(tl__infer_end(&file->columns[i], into, error));
    into->rows = rows;
    into->named = file->header;
    return TL_OK;
}

static tl_status csvfile_read(csvfile *file, tl__table *into, tl_error *error)
{
    tl__csv_columns all = {&file->csv, &file->rules, file->columns, file->count, &into->arena,
                           file->source->settings->limit};
    size_t rows = 0;
    bool again;
    do {
        again = false;
        csvfile_restart(file);
        tl__csv_seek(&file->csv, file->first_offset, file->first_line);
        TL_TRY(tl__csv_cells(&all, &rows, error));
        for (size_t i = 0; i < file->count; i++) {
            tl__column_kind kind;
            TL_TRY(tl__infer_judge(&file->columns[i], &file->rules, &kind, error));
            if (kind == TL__KIND_FIND_OUT) continue;
            file->kinds[i] = kind;
            again = true;
        }
    } while (again);
    TL_TRY(csvfile_finish(file, rows, into, error));
    if (rows > 0) return TL_OK;
    return tl__fail_at(error, TL_BAD_FILE, file->source->name, 0, 0, NULL,
                       "the file has a line of names but no rows; if that line is data, say data.header: false");
}

static void csvfile_close(csvfile *file, tl__heap *heap)
{
    for (size_t i = 0; file->columns && i < file->count; i++) tl__infer_free(&file->columns[i], heap);
    tl__free(heap, file->columns, file->count * sizeof *file->columns);
    tl__free(heap, file->names, file->count * sizeof *file->names);
    tl__free(heap, file->kinds, file->count * sizeof *file->kinds);
    tl__csv_close(&file->csv);
    tl__arena_free(&file->names_arena);
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
    csvfile_close(&file, heap);
    return status;
}

/* ---- block by block ---- */

/* A piece of the file's text; the row that reaches its end is read again when more of it is there. The first piece is
 * made large enough for all that is found out from the first rows. */
enum { CSVFILE_PIECE = 1 << 20, CSVFILE_FIRST_LINES = 64 };

struct tl__csv_rows {
    tl_context *context;
    const tl__csv_file *files;
    size_t file_count, at;      /* at: which of them is read */
    tl__source source;
    csvfile file;
    tl__reader *reader;
    tl__arena arena;            /* words */
    tl__arena *words;           /* the same, or that of the table that is being made */
    char *piece;
    size_t room, filled;
    bool whole;                 /* the piece reaches the end of the file */
    size_t lines;               /* bytes of the piece that are rows from their first byte to their last, for sure */
    size_t rows;                /* read since the beginning */
};

/* Where no quote stands, lines are rows; all of the file's last piece is. */
static size_t csvfile_lines(const tl__csv_rows *rows)
{
    char quote = rows->file.csv.options.quote;
    size_t size = rows->filled;
    if (rows->whole || !rows->file.csv.heap) return rows->whole ? size : 0;
    if (quote && memchr(rows->piece, quote, size)) return 0;
    while (size > 0 && rows->piece[size - 1] != '\n') size--;
    return size;
}

/* More text behind what is kept of the piece; a piece that is all kept grows. */
static tl_status csvfile_fill(tl__csv_rows *rows, size_t keep, tl_error *error)
{
    size_t got;
    memmove(rows->piece, rows->piece + keep, rows->filled - keep);
    rows->filled -= keep;
    if (rows->filled == rows->room) {
        size_t room = rows->room ? rows->room * 2 : CSVFILE_PIECE;
        char *piece = room > rows->room ? tl__resize(&rows->context->heap, rows->piece, rows->room, room) : NULL;
        if (!piece) return tl__fail_memory(error, room);
        rows->piece = piece;
        rows->room = room;
    }
    TL_TRY(tl__reader_next(rows->reader, rows->piece + rows->filled, rows->room - rows->filled, &got, error));
    rows->whole = got < rows->room - rows->filled;
    rows->filled += got;
    rows->lines = csvfile_lines(rows);
    return TL_OK;
}

static bool csvfile_enough(const tl__csv_rows *rows)
{
    size_t lines = 0, skipped = (size_t)rows->source.settings->skip_rows;
    if (rows->whole) return true;
    for (size_t i = 0; i < rows->filled; i++) lines += rows->piece[i] == '\n' || rows->piece[i] == '\r';
    return lines > 2 * (CSVFILE_FIRST_LINES + skipped);
}

/* What is no CSV cannot be read block by block. */
static tl_status csvfile_check_format(const tl__csv_rows *rows, tl_error *error)
{
    tl__source source = rows->source;
    source.bytes = rows->piece;
    source.size = rows->filled;
    const tl__loader *loader;
    TL_TRY(tl__loader_choose_streamed(&source, &loader, error));
    if (tl__same_text(loader->head.name, "csv")) return TL_OK;
    return tl__fail_at(error, TL_UNSUPPORTED, source.name, 0, 0, "data.streaming",
                       "%s, and this is %s; convert it, or hold it in memory: data.streaming: false",
                       loader->lies ? "only csv files can be streamed as a list or block by block"
                                    : "only csv, npy and idx files can be streamed", loader->head.name);
}

/* The beginning of file `at`, in the first piece. */
static tl_status csvfile_open_file(tl__csv_rows *rows, size_t at, tl_error *error)
{
    tl__reader_close(rows->reader);
    rows->reader = NULL;
    rows->at = at;
    rows->filled = 0;
    rows->source.name = rows->file.rules.name = rows->files[at].name;
    TL_TRY(tl__reader_open(rows->context, rows->files[at].path, &rows->reader, error));
    do TL_TRY(csvfile_fill(rows, 0, error));
    while (!csvfile_enough(rows));
    return csvfile_check_format(rows, error);
}

static tl_status csvfile_open_rows(tl__csv_rows *rows, tl_error *error)
{
    tl__csv_options options;
    csvfile *file = &rows->file;
    tl__heap *heap = &rows->context->heap;
    TL_TRY(csvfile_options(rows->source.settings, &options, error));
    rows->piece = tl__alloc(heap, CSVFILE_PIECE);
    if (!rows->piece) return tl__fail_memory(error, CSVFILE_PIECE);
    rows->room = CSVFILE_PIECE;
    TL_TRY(csvfile_open_file(rows, 0, error));
    tl__infer_rules_init(&file->rules, heap, rows->source.name, rows->source.settings);
    TL_TRY(tl__csv_open(&file->csv, heap, rows->piece, rows->filled, rows->source.name, &options, error));
    rows->lines = csvfile_lines(rows);
    TL_TRY(csvfile_begin(file, error));
    csvfile_restart(file);
    tl__csv_seek(&file->csv, file->first_offset, file->first_line);
    return TL_OK;
}

/* Go on in the next file, behind its line of names, which must be that of the first. */
static tl_status csvfile_next_file(tl__csv_rows *rows, bool *more, tl_error *error)
{
    csvfile *file = &rows->file;
    tl__csv *csv = &file->csv;
    bool row = true;
    *more = rows->at + 1 < rows->file_count;
    if (!*more) return TL_OK;
    TL_TRY(csvfile_open_file(rows, rows->at + 1, error));
    TL_TRY(tl__csv_next_file(csv, rows->piece, rows->filled, rows->source.name, error));
    if (!file->header) return TL_OK;
    TL_TRY(tl__csv_next(csv, &row, error));
    for (size_t i = 0; row && i < file->count; i++) {
        const tl__csv_cell *cell = &csv->cells[i];
        if (cell->size == 0 || tl__same_text_n(file->names[i], cell->text, cell->size)) continue;
        return tl__fail_at(error, TL_BAD_DATA, rows->source.name, csv->line, 0, NULL,
                           "column %zu is not '%s' as in '%s'; files of one list that are streamed must have the same "
                           "columns in the same order", i, file->names[i], rows->files[0].name);
    }
    return TL_OK;
}

TL_PRIV tl_status tl__csv_rows_open(tl_context *context, const tl__csv_file *files, size_t count,
                                    const tl__data_settings *settings, const tl__kinds *known, tl__csv_rows **out,
                                    tl_error *error)
{
    tl__csv_rows *rows = tl__alloc_zero(&context->heap, 1, sizeof *rows);
    if (!rows) return tl__fail_memory(error, sizeof *rows);
    rows->context = context;
    rows->files = files;
    rows->file_count = count;
    tl__arena_init(&rows->arena, &context->heap);
    tl__arena_init(&rows->file.names_arena, &context->heap);
    rows->source = (tl__source){.context = context, .name = files[0].name, .settings = settings, .known = known};
    rows->file.source = &rows->source;
    rows->words = &rows->arena;
    tl_status status = csvfile_open_rows(rows, error);
    if (status == TL_OK) *out = rows;
    else tl__csv_rows_close(rows);
    return status;
}

TL_PRIV void tl__csv_rows_close(tl__csv_rows *rows)
{
    if (!rows) return;
    tl__heap *heap = &rows->context->heap;
    csvfile_close(&rows->file, heap);
    tl__reader_close(rows->reader);
    tl__free(heap, rows->piece, rows->room);
    tl__arena_free(&rows->arena);
    tl__free(heap, rows, sizeof *rows);
}

TL_PRIV size_t tl__csv_rows_count(const tl__csv_rows *rows) { return rows->file.count; }
TL_PRIV tl__infer *tl__csv_rows_column(tl__csv_rows *rows, size_t index) { return &rows->file.columns[index]; }
TL_PRIV const tl__infer_rules *tl__csv_rows_rules(const tl__csv_rows *rows) { return &rows->file.rules; }
TL_PRIV bool tl__csv_rows_named(const tl__csv_rows *rows) { return rows->file.header; }

TL_PRIV void tl__csv_rows_demand(tl__csv_rows *rows, size_t index, tl__column_kind kind)
{
    rows->file.kinds[index] = kind;
}

TL_PRIV tl_status tl__csv_rows_rewind(tl__csv_rows *rows, bool kinds, tl_error *error)
{
    csvfile *file = &rows->file;
    rows->rows = 0;
    TL_TRY(csvfile_open_file(rows, 0, error));
    file->csv.name = rows->source.name;
    TL_TRY(tl__csv_refill(&file->csv, rows->piece, rows->filled, error));
    if (rows->filled < file->first_offset)
        return tl__fail_at(error, TL_BAD_DATA, rows->source.name, 0, 0, NULL, "the file changed while it was read");
    tl__csv_seek(&file->csv, file->first_offset, file->first_line);
    if (kinds) csvfile_restart(file);
    for (size_t i = 0; !kinds && i < file->count; i++) tl__infer_again(&file->columns[i]);
    return TL_OK;
}

/* The next row, with more text where it reaches the end of the piece. A mistake may come from the piece's end alone, so
 * it is believed when the row's own end was seen, when the row is too long to be one, or when there is no more text. */
static tl_status csvfile_row(tl__csv_rows *rows, bool *more, tl_error *error)
{
    tl__csv *csv = &rows->file.csv;
    for (;;) {
        size_t begin = (size_t)(csv->at - csv->bytes);
        int line = csv->next_line;
        tl_status status = tl__csv_next(csv, more, rows->whole ? error : NULL);
        if (rows->whole) return status;
        bool inside = *more && csv->at < csv->end && csv->at > csv->bytes;
        bool ended = inside && (csv->at[-1] == '\n' || csv->at[-1] == '\r');
        if (status == TL_OK && ended) return TL_OK;
        if (status == TL_OK && !*more) {
            begin = rows->filled;    /* nothing but empty lines; CR and LF of one may stand on both sides of the end */
            if (begin && csv->bytes[begin - 1] == '\r') tl__csv_seek(csv, --begin, csv->next_line - 1);
        } else {
            tl__csv_seek(csv, begin, line);
        }
        if (ended || status == TL_OUT_OF_RANGE || rows->filled - begin > 2 * (size_t)TL__CSV_MAX_CELL)
            return tl__csv_next(csv, more, error);
        tl_status filled = csvfile_fill(rows, begin, error);
        if (filled == TL_OUT_OF_MEMORY) return tl__csv_next(csv, more, error);    /* nothing has moved */
        TL_TRY(filled);
        TL_TRY(tl__csv_refill(csv, rows->piece, rows->filled, error));
    }
}

/* Rows whose end is known to be in the piece come as those of a file that is read whole. */
static tl_status csvfile_sure_rows(tl__csv_rows *rows, size_t most, size_t *got, tl_error *error)
{
    csvfile *file = &rows->file;
    tl__csv *csv = &file->csv;
    const char *end = csv->end;
    *got = 0;
    if (csv->at >= csv->bytes + rows->lines) return TL_OK;
    tl__csv_columns into = {.csv = csv, .rules = &file->rules, .columns = file->columns, .count = file->count,
                            .words = rows->words, .limit = (int64_t)(file->columns[0].rows + most)};
    csv->end = csv->bytes + rows->lines;
    tl_status status = tl__csv_cells(&into, got, error);
    csv->end = end;
    return status;
}

static tl_status csvfile_one_row(tl__csv_rows *rows, size_t *got, tl_error *error)
{
    csvfile *file = &rows->file;
    bool more;
    TL_TRY(csvfile_row(rows, &more, error));
    for (size_t i = 0; more && i < file->count; i++) {
        const tl__csv_cell *cell = &file->csv.cells[i];
        TL_TRY(tl__infer_cell(&file->columns[i], &file->rules, cell->text, cell->size, file->csv.line, rows->words,
                              error));
    }
    *got = more;
    return TL_OK;
}

TL_PRIV tl_status tl__csv_rows_next(tl__csv_rows *rows, size_t most, size_t *got, tl_error *error)
{
    uint64_t limit = (uint64_t)rows->source.settings->limit;
    if (limit > 0) most = (size_t)(limit - rows->rows < most ? limit - rows->rows : most);
    for (*got = 0; *got < most;) {
        size_t more;
        TL_TRY(csvfile_sure_rows(rows, most - *got, &more, error));
        if (more == 0) TL_TRY(csvfile_one_row(rows, &more, error));
        if (more == 0) {
            bool another;
            TL_TRY(csvfile_next_file(rows, &another, error));
            if (!another) break;
        }
        *got += more;
        rows->rows += more;
    }
    return TL_OK;
}

TL_PRIV tl_status tl__csv_rows_table(tl__csv_rows *rows, size_t most, tl__table **out, tl_error *error)
{
    csvfile *file = &rows->file;
    tl__table *table;
    size_t got;
    *out = NULL;
    for (size_t i = 0; i < file->count; i++) {
        if (file->kinds[i] == TL__KIND_FIND_OUT) file->kinds[i] = TL__KIND_CATEGORY;
    }
    csvfile_restart(file);
    if (tl__table_new(rows->context, rows->source.name, &table) != TL_OK) return tl__fail_memory(error, sizeof *table);
    rows->words = &table->arena;
    tl_status status = tl__csv_rows_next(rows, most, &got, error);
    rows->words = &rows->arena;
    for (size_t i = 0; status == TL_OK && i < file->count; i++) {
        tl__column_kind kind;
        status = tl__infer_judge(&file->columns[i], &file->rules, &kind, error);
    }
    if (status == TL_OK && got) status = csvfile_finish(file, got, table, error);
    if (status == TL_OK && got) *out = table;
    else tl__table_free(table);
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
