/* The CSV reader walks the block once, byte by byte; an unquoted cell costs one look into a table of stops per byte.
 *
 * Cells are slices of the block. Only cells with doubled quotes are copied, when their row is complete, so the scratch
 * never moves under a cell. A quote counts only as the first byte of a cell (blanks aside with `trim`); elsewhere it is
 * an ordinary byte. After the closing quote the cell must end. */
#include "text/csv.h"

#include "base/text.h"

enum { CSV_SAMPLE_LINES = 20 };

/* ---- finding the separator ---- */

/* How many sampled lines agree on the number of this separator, and on which number. */
static size_t csv_agreement(const char *at, const char *end, char separator, char quote, size_t *number)
{
    size_t counts[CSV_SAMPLE_LINES];
    size_t lines = 0, count = 0, best = 0;
    bool inside = false, any = false;
    for (; at < end && lines < CSV_SAMPLE_LINES; at++) {
        if (quote && *at == quote) {
            inside = !inside;
            any = true;
        } else if (!inside && (*at == '\n' || *at == '\r')) {
            if (any) counts[lines++] = count;
            count = 0;
            any = false;
        } else {
            any = true;
            if (!inside && *at == separator) count++;
        }
    }
    if (at == end && any && lines < CSV_SAMPLE_LINES) counts[lines++] = count;
    *number = 0;
    for (size_t i = 0; i < lines; i++) {
        size_t same = 0;
        for (size_t k = 0; k < lines; k++) same += counts[k] == counts[i];
        if (counts[i] > 0 && (same > best || (same == best && counts[i] > *number))) {
            best = same;
            *number = counts[i];
        }
    }
    return best;
}

static char csv_find_separator(const char *at, const char *end, char quote, char decimal)
{
    static const char candidates[] = {',', ';', '\t', '|'};
    char best = decimal == ',' ? ';' : ',';
    size_t best_lines = 0, best_number = 0;
    for (size_t i = 0; i < sizeof candidates; i++) {
        size_t number;
        if (candidates[i] == decimal) continue;
        size_t lines = csv_agreement(at, end, candidates[i], quote, &number);
        if (lines > best_lines || (lines == best_lines && number > best_number)) {
            best = candidates[i];
            best_lines = lines;
            best_number = number;
        }
    }
    return best;
}

/* ---- opening ---- */

/* Past the end of the line at `at`: LF, CRLF or CR. */
static const char *csv_skip_line_end(const char *at, const char *end)
{
    if (at < end && *at == '\r') at++;
    else if (at < end && *at == '\n') return at + 1;
    if (at < end && *at == '\n') at++;
    return at;
}

/* And a byte order mark before them. */
static void csv_skip_rows(tl__csv *csv)
{
    if (csv->end - csv->at >= 3 && memcmp(csv->at, "\xEF\xBB\xBF", 3) == 0) csv->at += 3;
    for (size_t i = 0; i < csv->options.skip_rows && csv->at < csv->end; i++) {
        while (csv->at < csv->end && *csv->at != '\n' && *csv->at != '\r') csv->at++;
        csv->at = csv_skip_line_end(csv->at, csv->end);
        csv->next_line++;
    }
}

static tl_status csv_check_bytes(const tl__csv *csv, tl_error *error)
{
    const char *nul = memchr(csv->bytes, 0, (size_t)(csv->end - csv->bytes));
    if (!nul) return TL_OK;
    int line = csv->next_line;
    for (const char *p = csv->bytes; p < nul; p++) line += *p == '\n';
    return tl__fail_at(error, TL_BAD_FILE, csv->name, line, 0, NULL,
                       "a zero byte stands here, so this is not a text file; save it as CSV in UTF-8");
}

TL_PRIV tl_status tl__csv_open(tl__csv *csv, tl__heap *heap, const char *bytes, size_t size, const char *name,
                               const tl__csv_options *options, tl_error *error)
{
    static const char empty[1] = "";
    memset(csv, 0, sizeof *csv);
    csv->heap = heap;
    csv->name = name;
    csv->options = *options;
    csv->bytes = csv->at = size ? bytes : empty;
    csv->end = csv->bytes + size;
    csv->next_line = 1;
    TL_TRY(csv_check_bytes(csv, error));
    csv_skip_rows(csv);
    if (!csv->options.separator) {
        csv->options.separator = csv_find_separator(csv->at, csv->end, csv->options.quote, csv->options.decimal);
    }
    csv->stops[(unsigned char)csv->options.separator] = 1;
    csv->stops['\n'] = csv->stops['\r'] = 1;
    return TL_OK;
}

TL_PRIV void tl__csv_close(tl__csv *csv)
{
    if (!csv->heap) return;
    tl__free(csv->heap, csv->cells, csv->capacity * sizeof *csv->cells);
    tl__free(csv->heap, csv->scratch, csv->scratch_size);
    memset(csv, 0, sizeof *csv);
}

TL_PRIV tl_status tl__csv_refill(tl__csv *csv, const char *bytes, size_t size, tl_error *error)
{
    static const char empty[1] = "";
    csv->bytes = csv->at = size ? bytes : empty;
    csv->end = csv->bytes + size;
    csv->count = 0;
    return csv_check_bytes(csv, error);
}

TL_PRIV tl_status tl__csv_next_file(tl__csv *csv, const char *bytes, size_t size, const char *name, tl_error *error)
{
    csv->name = name;
    csv->next_line = 1;
    TL_TRY(tl__csv_refill(csv, bytes, size, error));
    csv_skip_rows(csv);
    return TL_OK;
}

TL_PRIV void tl__csv_seek(tl__csv *csv, size_t offset, int line)
{
    csv->at = csv->bytes + offset;
    csv->next_line = line;
}

/* ---- rows ---- */

static bool csv_is_blank(const tl__csv *csv, char c)
{
    return (c == ' ' || c == '\t') && c != csv->options.separator;
}

static tl_status csv_add_cell(tl__csv *csv, const char *text, size_t size, bool quoted, bool doubled, tl_error *error)
{
    if (size > TL__CSV_MAX_CELL) {
        return tl__fail_at(error, TL_OUT_OF_RANGE, csv->name, csv->line, 0, NULL, "a cell is larger than 64 MiB");
    }
    if (csv->count == csv->capacity) {
        if (csv->count >= TL__CSV_MAX_COLUMNS) {
            return tl__fail_at(error, TL_OUT_OF_RANGE, csv->name, csv->line, 0, NULL,
                               "this row has more than %d cells", (int)TL__CSV_MAX_COLUMNS);
        }
        size_t capacity = csv->capacity ? csv->capacity * 2 : 32;
        tl__csv_cell *cells = tl__resize(csv->heap, csv->cells, csv->capacity * sizeof *cells,
                                         capacity * sizeof *cells);
        if (!cells) return tl__fail_memory(error, capacity * sizeof *cells);
        csv->cells = cells;
        csv->capacity = capacity;
    }
    csv->cells[csv->count++] = (tl__csv_cell){text, (uint32_t)size, quoted, doubled};
    return TL_OK;
}

/* The cell whose opening quote is at csv->at; stops on the byte after the cell. */
static tl_status csv_quoted_cell(tl__csv *csv, tl_error *error)
{
    const char quote = csv->options.quote;
    const char *start = ++csv->at, *p = start, *end = csv->end;
    int line = csv->next_line;
    bool doubled = false;
    for (;; p++) {
        if (p == end) {
            return tl__fail_at(error, TL_BAD_FILE, csv->name, line, 0, NULL,
                               "the quote (%c) that opens a cell here is never closed; close it, or say by data.quote "
                               "what quotes cells", quote);
        }
        if (*p == quote) {
            if (p + 1 == end || p[1] != quote) break;
            doubled = true;
            p++;
        } else if (*p == '\n' || (*p == '\r' && (p + 1 == end || p[1] != '\n'))) {
            csv->next_line++;
        }
    }
    size_t size = (size_t)(p - start);
    p++;
    if (csv->options.trim) {
        while (p < end && csv_is_blank(csv, *p)) p++;
    }
    if (p < end && !csv->stops[(unsigned char)*p]) {
        return tl__fail_at(error, TL_BAD_FILE, csv->name, csv->next_line, 0, NULL,
                           "text follows a closing quote (%c); a quote inside a quoted cell is written twice", quote);
    }
    csv->at = p;
    return csv_add_cell(csv, start, size, true, doubled, error);
}

static tl_status csv_cell(tl__csv *csv, tl_error *error)
{
    const char *start = csv->at, *end = csv->end;
    if (csv->options.trim) {
        while (start < end && csv_is_blank(csv, *start)) start++;
    }
    if (csv->options.quote && start < end && *start == csv->options.quote) {
        csv->at = start;
        return csv_quoted_cell(csv, error);
    }
    const char *p = start;
    while (p < end && !csv->stops[(unsigned char)*p]) p++;
    csv->at = p;
    if (csv->options.trim) {
        while (p > start && csv_is_blank(csv, p[-1])) p--;
    }
    return csv_add_cell(csv, start, (size_t)(p - start), false, false, error);
}

static void csv_skip_separators(tl__csv *csv)
{
    while (csv->at < csv->end && *csv->at == ' ') csv->at++;
}

/* Lines with nothing on them (blanks only, with trim) are no rows. */
static void csv_skip_empty_lines(tl__csv *csv)
{
    for (;;) {
        const char *p = csv->at;
        if (csv->options.trim) {
            while (p < csv->end && csv_is_blank(csv, *p)) p++;
        }
        if (csv->options.separator == ' ') {
            while (p < csv->end && *p == ' ') p++;
        }
        if (p == csv->end) {
            csv->at = p;
            return;
        }
        if (*p != '\n' && *p != '\r') return;
        csv->at = csv_skip_line_end(p, csv->end);
        csv->next_line++;
    }
}

static tl_status csv_undouble(tl__csv *csv, tl_error *error)
{
    size_t need = 0;
    for (size_t i = 0; i < csv->count; i++) need += csv->cells[i].doubled ? csv->cells[i].size : 0;
    if (need > csv->scratch_size) {
        char *scratch = tl__resize(csv->heap, csv->scratch, csv->scratch_size, need);
        if (!scratch) return tl__fail_memory(error, need);
        csv->scratch = scratch;
        csv->scratch_size = need;
    }
    char *out = csv->scratch;
    for (size_t i = 0; i < csv->count; i++) {
        tl__csv_cell *cell = &csv->cells[i];
        if (!cell->doubled) continue;
        char *begin = out;
        for (uint32_t k = 0; k < cell->size; k++) {
            *out++ = cell->text[k];
            if (cell->text[k] == csv->options.quote) k++;
        }
        cell->text = begin;
        cell->size = (uint32_t)(out - begin);
    }
    return TL_OK;
}

static tl_status csv_check_width(tl__csv *csv, tl_error *error)
{
    if (csv->columns == 0) csv->columns = csv->count;
    if (csv->options.ragged || csv->count == csv->columns) return TL_OK;
    return tl__fail_at(error, TL_BAD_FILE, csv->name, csv->line, 0, NULL,
                       "this row has %zu cell%s but the first one has %zu; every row must have the same number (lines "
                       "at the start that are no rows are left out by data.skip_rows, another separator is set by "
                       "data.separator)",
                       csv->count, csv->count == 1 ? "" : "s", csv->columns);
}

TL_PRIV void tl__csv_begin(tl__csv *csv, bool *more)
{
    csv->count = 0;
    csv_skip_empty_lines(csv);
    *more = csv->at < csv->end;
    csv->line = csv->next_line;
    csv->offset = (size_t)(csv->at - csv->bytes);
}

TL_PRIV void tl__csv_end(tl__csv *csv)
{
    csv->at = csv_skip_line_end(csv->at, csv->end);
    csv->next_line++;
}

TL_PRIV tl_status tl__csv_one(tl__csv *csv, tl__csv_cell *out, tl_error *error)
{
    csv->count = 0;
    TL_TRY(csv_cell(csv, error));
    if (csv->cells[0].doubled) TL_TRY(csv_undouble(csv, error));
    *out = csv->cells[0];
    return TL_OK;
}

TL_PRIV tl_status tl__csv_next(tl__csv *csv, bool *more, tl_error *error)
{
    const char separator = csv->options.separator;
    bool doubled = false;
    tl__csv_begin(csv, more);
    if (!*more) return TL_OK;
    if (separator == ' ') csv_skip_separators(csv);
    for (;;) {
        TL_TRY(csv_cell(csv, error));
        doubled |= csv->cells[csv->count - 1].doubled;
        if (csv->at == csv->end || *csv->at != separator) break;
        csv->at++;
        if (separator == ' ') {
            csv_skip_separators(csv);
            if (csv->at == csv->end || *csv->at == '\n' || *csv->at == '\r') break;
        }
    }
    tl__csv_end(csv);
    if (doubled) TL_TRY(csv_undouble(csv, error));
    return csv_check_width(csv, error);
}

/* ---- writing ---- */

TL_PRIV void tl__csv_put(tl__buffer *out, const char *text, size_t size, bool first, bool guard)
{
    bool quote = false;
    bool formula = guard && size > 0 && memchr("=+-@\t\r", text[0], 6) != NULL;
    if (!first) tl__buffer_char(out, ',');
    for (size_t i = 0; i < size && !quote; i++) {
        quote = text[i] == ',' || text[i] == '"' || text[i] == '\n' || text[i] == '\r';
    }
    if (size == 0 && first) quote = true;   /* a line with nothing on it would be no row */
    if (size > 0 && (text[0] == ' ' || text[0] == '\t' || text[size - 1] == ' ' || text[size - 1] == '\t'))
        quote = true;
    if (quote) tl__buffer_char(out, '"');
    if (formula) tl__buffer_char(out, '\'');
    if (!quote) {
        tl__buffer_add(out, text, size);
        return;
    }
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '"') tl__buffer_char(out, '"');
        tl__buffer_char(out, text[i]);
    }
    tl__buffer_char(out, '"');
}

TL_PRIV void tl__csv_put_number(tl__buffer *out, double value, bool first)
{
    char text[32];
    if (!first) tl__buffer_char(out, ',');
    if (value == value) tl__buffer_add(out, text, tl__print_double(text, value));
}

TL_PRIV void tl__csv_put_float(tl__buffer *out, float value, bool first)
{
    char text[32];
    if (!first) tl__buffer_char(out, ',');
    if (value == value) tl__buffer_add(out, text, tl__print_float(text, value));
}

TL_PRIV void tl__csv_end_row(tl__buffer *out) { tl__buffer_char(out, '\n'); }
