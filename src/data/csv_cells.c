/* Rows of cells into columns, at the speed of the common case.
 *
 * Most cells look like those above them: a number in a column of numbers, a known word in a column of words. Such a
 * cell is recognised, read and stored in one go from the bytes of the file, by a few lines for each kind of column.
 * Whatever is not recognised (the first value of a column, its first missing one, doubled quotes, 20 digits) is cut
 * out by the reader of text/csv.h and judged by tl__infer_cell, which is the definition: a quick way takes a cell only
 * where it does just what tl__infer_cell would do. The last bytes of a file go that way as well, since the quick ways
 * look at some bytes behind a cell. */
#include "data/csv_cells.h"

#include "base/number_scan.h"
#include "base/date.h"

enum {
    CSV_CELLS_GUESS = 256,      /* rows after which the number of all is guessed */
    CSV_CELLS_AHEAD = 96,       /* bytes that a quick way may look at */
    CSV_CELLS_WORD = 64,        /* longest word of a quick way */
    CSV_CELLS_MARKS = 16        /* of missing values that a quick way knows */
};

typedef enum csv_cells_way {
    CSV_CELLS_PLAIN, CSV_CELLS_BYTE, CSV_CELLS_WHOLE, CSV_CELLS_FLOAT, CSV_CELLS_DATE, CSV_CELLS_WORDS
} csv_cells_way;

typedef struct csv_cells_column {
    void *values;
    csv_cells_way way;
} csv_cells_column;

/* A mark of at most seven bytes, as the bytes of a cell are compared with it. */
typedef struct csv_cells_mark {
    uint64_t bytes, mask;
    size_t size;
} csv_cells_mark;

typedef struct csv_cells {
    const tl__csv_columns *into;
    tl__csv *csv;
    csv_cells_column *columns;
    size_t row, room;          /* rows done; for how many there is room in all columns */
    const char *last;          /* quick ways begin before it */
    bool quick;
    char decimal, quote, separator;
    bool trim;
    csv_cells_mark marks[CSV_CELLS_MARKS];
    size_t mark_count;
} csv_cells;

/* ---- ways ---- */

static void csv_cells_choose(csv_cells *r, size_t i)
{
    const tl__infer *column = &r->into->columns[i];
    csv_cells_way way = CSV_CELLS_PLAIN;
    if (column->kind == TL__KIND_CATEGORY) way = CSV_CELLS_WORDS;
    else if (column->kind == TL__KIND_DATE && !r->into->rules->date_marks) way = CSV_CELLS_DATE;
    else if ((column->kind == TL__KIND_NUMBER || column->kind == TL__KIND_INTEGER) && column->whole)
        way = column->narrow ? CSV_CELLS_BYTE : CSV_CELLS_WHOLE;
    else if (column->kind == TL__KIND_NUMBER) way = CSV_CELLS_FLOAT;
    r->columns[i] = (csv_cells_column){column->values, way};
}

/* Room for the row at hand in all columns. */
static tl_status csv_cells_grow(csv_cells *r, tl_error *error)
{
    r->room = SIZE_MAX;
    for (size_t i = 0; i < r->into->count; i++) {
        tl__infer *column = &r->into->columns[i];
        column->rows = r->row;
        TL_TRY(tl__infer_room(column, r->into->rules, error));
        r->room = tl__size_min(r->room, column->capacity);
        csv_cells_choose(r, i);
    }
    return TL_OK;
}

static inline bool csv_cells_ends(const csv_cells *r, const char *p) { return r->csv->stops[(unsigned char)*p]; }

/* Behind a value that ends at p: past the closing quote of a quoted one; NULL when the cell goes on. */
static inline const char *csv_cells_close(const csv_cells *r, const char *p, bool quoted)
{
    if (quoted && *p++ != r->quote) return NULL;
    return csv_cells_ends(r, p) ? p : NULL;
}

/* A sign and up to seven digits, and the byte behind them; NULL: there is more to it. */
static inline const char *csv_cells_digits(const char *p, bool *negative, uint64_t *digits)
{
    uint64_t word = tl__load64(p);
    unsigned sign = (word & 0xFF) == '-', n = tl__scan_digits(word >> 8 * sign, digits);
    *negative = sign;
    return n + sign < 8 ? p + sign + n : NULL;
}

/* Any number at p, perhaps quoted. */
static const char *csv_cells_number(const csv_cells *r, const char *p, tl__scanned *out)
{
    bool quoted = *p == r->quote;
    p = tl__scan_number(p + quoted, r->decimal, out);
    return p ? csv_cells_close(r, p, quoted) : NULL;
}

static const char *csv_cells_long_whole(const csv_cells *r, const char *p, int32_t *out)
{
    tl__scanned number;
    double value;
    p = csv_cells_number(r, p, &number);
    if (!p || !tl__scan_double(&number, &value) || !(value > -2147483648.0 && value < 2147483648.0)) return NULL;
    *out = (int32_t)value;
    return (double)*out == value ? p : NULL;
}

static inline const char *csv_cells_whole(const csv_cells *r, const char *p, int32_t *out)
{
    uint64_t digits;
    bool negative;
    const char *end = csv_cells_digits(p, &negative, &digits);
    if (!end || !csv_cells_ends(r, end) || end == p + negative) return csv_cells_long_whole(r, p, out);
    *out = negative ? -(int32_t)digits : (int32_t)digits;
    return end;
}

static const char *csv_cells_long_float(const csv_cells *r, const char *p, float *out)
{
    tl__scanned number;
    p = csv_cells_number(r, p, &number);
    return p && tl__scan_float(&number, out) ? p : NULL;
}

static inline const char *csv_cells_float(const csv_cells *r, const char *p, float *out)
{
    uint64_t digits, part;
    bool negative;
    const char *mark = csv_cells_digits(p, &negative, &digits);
    if (mark && mark > p + negative && csv_cells_ends(r, mark)) {
        *out = negative ? -(float)(int32_t)digits : (float)(int32_t)digits;    /* seven digits: exact */
        return mark;
    }
    if (!mark || *mark != r->decimal) return csv_cells_long_float(r, p, out);
    unsigned places = tl__scan_digits(tl__load64(mark + 1), &part);
    const char *end = mark + 1 + places;
    if (!csv_cells_ends(r, end) || places == 0) return csv_cells_long_float(r, p, out);
    double value = tl__scan_scale((double)(int64_t)(digits * tl__scan_power(places) + part), -(int)places);
    *out = (float)(negative ? -value : value);    /* at most 15 digits: a double, rounded once by the division */
    return end;
}

static const char *csv_cells_date(const csv_cells *r, const char *p, double *out)
{
    bool quoted = *p == r->quote;
    const char *end = p += quoted;
    while (end < p + 40 && !csv_cells_ends(r, end) && !(quoted && *end == r->quote)) end++;
    if (!tl__parse_date(p, (size_t)(end - p), out)) return NULL;
    return csv_cells_close(r, end, quoted);
}

/* A word that the column has already. */
static inline const char *csv_cells_word(const csv_cells *r, const tl__words *words, const char *p, uint32_t *slot)
{
    bool quoted = *p == r->quote;
    const char *text = p += quoted;
    uint64_t hash = 0, end = tl__every_byte(quoted ? r->quote : r->separator), bytes;
    unsigned n;
    do {
        bytes = tl__load64(p);
        n = tl__first_byte(tl__zero_bytes(bytes ^ end) | tl__zero_bytes(bytes ^ tl__every_byte('\n')) |
                           tl__zero_bytes(bytes ^ tl__every_byte('\r')));
        hash = tl__word_mix(hash, n < 8 ? tl__low_bytes(bytes, n) : bytes);
        p += n;
    } while (n == 8 && p < text + CSV_CELLS_WORD);
    const char *next = csv_cells_close(r, p, quoted);
    if (!next || (r->trim && !quoted && p > text && (p[-1] == ' ' || p[-1] == '\t'))) return NULL;
    *slot = p > text ? tl__words_find(words, text, (size_t)(p - text), hash) : 0;
    return *slot ? next : NULL;
}

/* Behind a cell that is empty, or a mark, in a column that has missing values before it; NULL: it is something else. */
static inline const char *csv_cells_missing(const csv_cells *r, const char *p, tl__infer *column)
{
    if (column->missing == 0) return NULL;
    const uint64_t bytes = tl__load64(p);
    size_t m = 0, size = 0;
    if (!csv_cells_ends(r, p)) {
        while (m < r->mark_count && (bytes & r->marks[m].mask) != r->marks[m].bytes) m++;
        if (m == r->mark_count) return NULL;
        size = r->marks[m].size;
        if (!csv_cells_ends(r, p + size)) return NULL;
    }
    column->missing++;
    return p + size;
}

static inline const char *csv_cells_put_float(csv_cells *r, size_t i, const char *p)
{
    float *at = (float *)r->columns[i].values + r->row;
    const char *next = (unsigned char)*p <= '9' ? csv_cells_float(r, p, at) : NULL;    /* no number begins above */
    if (next) return next;
    next = csv_cells_missing(r, p, &r->into->columns[i]);
    if (next) *at = tl__nan();
    return next;
}

static inline const char *csv_cells_put_word(csv_cells *r, size_t i, const char *p)
{
    tl__infer *column = &r->into->columns[i];
    uint32_t slot = 0;
    const char *next = csv_cells_word(r, &column->words, p, &slot);
    if (!next) next = csv_cells_missing(r, p, column);
    if (!next) return NULL;
    column->numbers += slot > TL__WORD_CODE;
    ((int32_t *)r->columns[i].values)[r->row] = (int32_t)(slot & TL__WORD_CODE) - 1;
    return next;
}

static inline const char *csv_cells_put_date(csv_cells *r, size_t i, const char *p)
{
    double *at = (double *)r->columns[i].values + r->row;
    const char *next = csv_cells_date(r, p, at);
    if (next) return next;
    next = csv_cells_missing(r, p, &r->into->columns[i]);
    if (next) *at = (double)tl__nan();
    return next;
}

/* The cell at p stored in column i: the byte that ends it; NULL: not by a quick way. */
static inline const char *csv_cells_cell(csv_cells *r, size_t i, const char *p)
{
    const csv_cells_column *to = &r->columns[i];
    if (r->trim) {
        for (int n = 0; n < 8 && *p == ' '; n++) p++;
    }
    if (to->way == CSV_CELLS_BYTE) {
        int32_t value;
        const char *next = csv_cells_whole(r, p, &value);
        if (!next || value < 0 || value > 255) return NULL;
        ((unsigned char *)to->values)[r->row] = (unsigned char)value;
        return next;
    }
    if (to->way == CSV_CELLS_FLOAT) return csv_cells_put_float(r, i, p);
    if (to->way == CSV_CELLS_WHOLE) return csv_cells_whole(r, p, (int32_t *)to->values + r->row);
    if (to->way == CSV_CELLS_WORDS) return csv_cells_put_word(r, i, p);
    return to->way == CSV_CELLS_DATE ? csv_cells_put_date(r, i, p) : NULL;
}

/* ---- rows ---- */

static tl_status csv_cells_plain_cell(csv_cells *r, size_t i, tl_error *error)
{
    tl__csv_cell cell;
    const tl__csv_columns *into = r->into;
    TL_TRY(tl__csv_one(r->csv, &cell, error));
    into->columns[i].rows = r->row;
    TL_TRY(tl__infer_cell(&into->columns[i], into->rules, cell.text, cell.size, r->csv->line, into->words, error));
    r->room = tl__size_min(r->room, into->columns[i].capacity);
    csv_cells_choose(r, i);
    return TL_OK;
}

/* The cells of a row from csv->at on; another number of them than the columns' is a mistake. */
static tl_status csv_cells_row(csv_cells *r, tl_error *error)
{
    tl__csv *csv = r->csv;
    const char *start = csv->at, *p = start;
    const size_t count = r->into->count;
    int line = csv->line;
    bool more;
    for (size_t i = 0;; p++) {
        const char *next = p < r->last ? csv_cells_cell(r, i, p) : NULL;
        if (!next) {
            csv->at = p;
            TL_TRY(csv_cells_plain_cell(r, i, error));
            next = csv->at;
        }
        p = next;
        bool goes_on = p < csv->end && *p == r->separator;
        if (++i == count && !goes_on) break;
        if (i == count || !goes_on) {
            tl__csv_seek(csv, (size_t)(start - csv->bytes), line);
            return tl__csv_next(csv, &more, error);
        }
    }
    csv->at = p;
    tl__csv_end(csv);
    return TL_OK;
}

/* Rows that are separated by blanks, or where a separator may stand in a number. */
static tl_status csv_cells_plain_row(csv_cells *r, tl_error *error)
{
    const tl__csv_columns *into = r->into;
    bool more;
    TL_TRY(tl__csv_next(r->csv, &more, error));
    for (size_t i = 0; i < into->count; i++) {
        const tl__csv_cell *cell = &r->csv->cells[i];
        TL_TRY(tl__infer_cell(&into->columns[i], into->rules, cell->text, cell->size, r->csv->line, into->words,
                              error));
    }
    return TL_OK;
}

static void csv_cells_guess(const csv_cells *r, size_t first)
{
    size_t done = (size_t)(r->csv->at - r->csv->bytes) - first;
    size_t all = (size_t)(r->csv->end - r->csv->bytes) - first;
    int64_t limit = r->into->limit;
    double guess = (double)all / (double)(done ? done : 1) * (double)r->row * 1.02 + 64;
    if (limit > 0 && guess > (double)limit) guess = (double)limit;
    if (guess < (double)all) r->into->rules->rows_guess = (size_t)guess;
}

static tl_status csv_cells_all(csv_cells *r, tl_error *error)
{
    tl__csv *csv = r->csv;
    size_t first = (size_t)(csv->at - csv->bytes);
    while (r->into->limit <= 0 || (uint64_t)r->into->limit > r->row) {
        bool more;
        tl__csv_begin(csv, &more);
        if (!more) break;
        if (r->quick && r->row >= r->room) TL_TRY(csv_cells_grow(r, error));
        TL_TRY(r->quick ? csv_cells_row(r, error) : csv_cells_plain_row(r, error));
        if (++r->row == CSV_CELLS_GUESS) csv_cells_guess(r, first);
    }
    for (size_t i = 0; i < r->into->count; i++) r->into->columns[i].rows = r->row;
    return TL_OK;
}

/* Marks that look like numbers, and separators and quotes that may stand in a value, leave the plain way only. */
static bool csv_cells_may_be_quick(const csv_cells *r)
{
    static const char in_values[] = "0123456789+-.,eE";
    bool separates = r->separator != ' ' && (r->separator == ',' || !strchr(in_values, r->separator));
    bool quotes = r->quote == 0 || !strchr(in_values, r->quote);
    return separates && quotes && !r->into->rules->number_marks;
}

/* Marks that a cell may hold without quotes, as it stands. */
static void csv_cells_learn_marks(csv_cells *r)
{
    const tl__text_list *marks = &r->into->rules->marks;
    for (size_t i = 0; i < marks->count && r->mark_count < CSV_CELLS_MARKS; i++) {
        const char *text = marks->items[i];
        size_t size = strlen(text);
        bool plain = size > 0 && size < 8 && text[0] != r->quote;
        for (size_t k = 0; k < size && plain; k++) plain = !csv_cells_ends(r, text + k) && !strchr(" \t", text[k]);
        if (!plain) continue;
        const uint64_t mask = tl__low_bytes(UINT64_MAX, (unsigned)size);
        r->marks[r->mark_count++] = (csv_cells_mark){tl__word_bytes(text, size, 0), mask, size};
    }
}

TL_PRIV tl_status tl__csv_cells(const tl__csv_columns *into, size_t *rows, tl_error *error)
{
    tl__csv *csv = into->csv;
    csv_cells r = {.into = into, .csv = csv, .last = csv->at, .decimal = into->rules->decimal,
                  .quote = csv->options.quote, .separator = csv->options.separator, .trim = csv->options.trim};
    const size_t before = into->count ? into->columns[0].rows : 0;
    r.row = before;
    r.quick = csv_cells_may_be_quick(&r);
    csv_cells_learn_marks(&r);
    if (csv->end - csv->at > CSV_CELLS_AHEAD) r.last = csv->end - CSV_CELLS_AHEAD;
    r.columns = tl__alloc_zero(into->rules->heap, into->count, sizeof *r.columns);
    if (!r.columns) return tl__fail_memory(error, into->count * sizeof *r.columns);
    tl_status status = csv_cells_all(&r, error);
    tl__free(into->rules->heap, r.columns, into->count * sizeof *r.columns);
    *rows = r.row - before;
    return status;
}
