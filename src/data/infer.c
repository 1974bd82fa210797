/* Numbers take the smallest type that holds those so far: bytes, int32_t as long as all are whole, then float32 (a
 * table's number is the float32 nearest to the text's double). A missing cell makes a whole column float, since NaN
 * marks it. */
#include "data/infer.h"

#include "base/math.h"
#include "base/text.h"
#include "base/date.h"

enum { INFER_FIRST_ROWS = 64, INFER_MAX_DIGITS = 40 };

/* ---- numbers ---- */

/* Exact without the general algorithm when mantissa and power of ten are doubles themselves (Clinger 1990). */
static bool infer_short_number(const char *text, size_t size, char decimal, double *out)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    const char *p = text, *end = text + size;
    bool negative = *p == '-';
    uint64_t mantissa = 0;
    if (*p == '-' || *p == '+') p++;
    const char *start = p;
    if (end - p > 16) return false;
    for (; p < end && (unsigned char)(*p - '0') <= 9; p++) mantissa = mantissa * 10 + (uint64_t)(*p - '0');
    size_t digits = (size_t)(p - start), fraction = 0;
    if (p < end && *p == decimal) {
        start = ++p;
        for (; p < end && (unsigned char)(*p - '0') <= 9; p++) mantissa = mantissa * 10 + (uint64_t)(*p - '0');
        fraction = (size_t)(p - start);
    }
    if (p != end || digits + fraction == 0 || digits + fraction > 15) return false;
    double value = (double)mantissa / powers[fraction];
    *out = negative ? -value : value;
    return true;
}

TL_PRIV bool tl__infer_number(const char *text, size_t size, char decimal, double *out)
{
    char copy[INFER_MAX_DIGITS * 2];
    if (size == 0) return false;
    if ((unsigned char)(*text - '0') > 9 && *text != '-' && *text != '+' && *text != decimal) return false;
    if (infer_short_number(text, size, decimal, out)) return true;
    if (decimal != '.') {
        if (size > sizeof copy || memchr(text, '.', size)) return false;
        memcpy(copy, text, size);
        char *mark = memchr(copy, decimal, size);
        if (mark) *mark = '.';
        text = copy;
    }
    return tl__parse_double(text, size, out) && *out - *out == 0;
}

TL_PRIV bool tl__infer_is_missing(const tl__infer_rules *rules, const char *text, size_t size)
{
    if (size == 0) return true;
    for (size_t i = 0; i < rules->marks.count; i++) {
        if (tl__same_text_n(rules->marks.items[i], text, size)) return true;
    }
    return false;
}

TL_PRIV void tl__infer_rules_init(tl__infer_rules *rules, tl__heap *heap, const char *name,
                                  const tl__data_settings *settings)
{
    memset(rules, 0, sizeof *rules);
    rules->heap = heap;
    rules->name = name;
    rules->decimal = settings->decimal && settings->decimal[0] == ',' ? ',' : '.';
    rules->marks = settings->missing_marks;
    for (size_t i = 0; i < rules->marks.count; i++) {
        double number;
        const char *mark = rules->marks.items[i];
        rules->number_marks |= tl__infer_number(mark, strlen(mark), rules->decimal, &number);
        rules->date_marks |= tl__parse_date(mark, strlen(mark), &number);
    }
}

/* ---- storage ---- */

TL_PRIV void tl__infer_begin(tl__infer *column, const char *name, tl__column_kind demanded)
{
    memset(column, 0, sizeof *column);
    column->name = name;
    column->kind = demanded;
    column->demanded = demanded != TL__KIND_FIND_OUT;
    column->whole = column->narrow = true;
}

static size_t infer_value_size(const tl__infer *column)
{
    if (column->kind == TL__KIND_DATE) return sizeof(double);
    return column->whole && column->narrow && column->kind != TL__KIND_CATEGORY ? 1 : sizeof(float);
}

TL_PRIV void tl__infer_free(tl__infer *column, tl__heap *heap)
{
    tl__free(heap, column->values, column->capacity * infer_value_size(column));
    tl__words_free(&column->words, heap);
    memset(column, 0, sizeof *column);
}

TL_PRIV tl_status tl__infer_room(tl__infer *column, const tl__infer_rules *rules, tl_error *error)
{
    if (column->rows < column->capacity) return TL_OK;
    size_t size = infer_value_size(column), bytes;
    size_t capacity = column->capacity ? column->capacity + column->capacity / 2 : INFER_FIRST_ROWS;
    if (column->capacity && rules->rows_guess > column->capacity) capacity = rules->rows_guess;
    if (!tl__size_mul(capacity, size, &bytes)) return tl__fail_memory(error, SIZE_MAX);
    void *values = tl__resize(rules->heap, column->values, column->capacity * size, bytes);
    if (!values) return tl__fail_memory(error, bytes);
    column->values = values;
    column->capacity = capacity;
    return TL_OK;
}

/* From bytes to int32_t, in place, from the back. */
static tl_status infer_widen(tl__infer *column, const tl__infer_rules *rules, tl_error *error)
{
    size_t bytes;
    if (!column->narrow) return TL_OK;
    if (!tl__size_mul(column->capacity, sizeof(int32_t), &bytes)) return tl__fail_memory(error, SIZE_MAX);
    unsigned char *values = bytes ? tl__resize(rules->heap, column->values, column->capacity, bytes) : NULL;
    if (bytes && !values) return tl__fail_memory(error, bytes);
    for (size_t i = column->rows; i-- > 0;) {
        int32_t value = values[i];
        memcpy(values + i * sizeof value, &value, sizeof value);
    }
    column->values = values;
    column->narrow = false;
    return TL_OK;
}

/* From whole numbers to floats, in place. */
static tl_status infer_to_floats(tl__infer *column, const tl__infer_rules *rules, tl_error *error)
{
    if (!column->whole) return TL_OK;
    TL_TRY(infer_widen(column, rules, error));
    for (size_t i = 0; i < column->rows; i++) {
        int32_t value;
        unsigned char *at = (unsigned char *)column->values + i * sizeof value;
        memcpy(&value, at, sizeof value);
        float number = (float)value;
        memcpy(at, &number, sizeof number);
    }
    column->whole = false;
    return TL_OK;
}

static tl_status infer_put_float(tl__infer *column, const tl__infer_rules *rules, float value, tl_error *error)
{
    TL_TRY(infer_to_floats(column, rules, error));
    TL_TRY(tl__infer_room(column, rules, error));
    ((float *)column->values)[column->rows++] = value;
    return TL_OK;
}

static tl_status infer_put_number(tl__infer *column, const tl__infer_rules *rules, double value, tl_error *error)
{
    bool whole = column->whole && value > -2147483648.0 && value < 2147483648.0 && value == (double)(int32_t)value;
    if (!whole) return infer_put_float(column, rules, (float)value, error);
    if (value < 0 || value > 255) TL_TRY(infer_widen(column, rules, error));
    TL_TRY(tl__infer_room(column, rules, error));
    if (column->narrow) ((unsigned char *)column->values)[column->rows++] = (unsigned char)value;
    else ((int32_t *)column->values)[column->rows++] = (int32_t)value;
    return TL_OK;
}

static tl_status infer_put_date(tl__infer *column, const tl__infer_rules *rules, double seconds, tl_error *error)
{
    TL_TRY(tl__infer_room(column, rules, error));
    ((double *)column->values)[column->rows++] = seconds;
    return TL_OK;
}

/* ---- cells ---- */

static void infer_note_odd(tl__infer *column, const char *text, size_t size, int line)
{
    if (column->odd_text[0]) return;
    column->odd_line = line;
    tl__format(column->odd_text, sizeof column->odd_text, "%.*s", (int)tl__size_min(size, sizeof column->odd_text - 1),
               text);
}

static tl_status infer_missing(tl__infer *column, const tl__infer_rules *rules, int line, tl_error *error)
{
    if (column->missing++ == 0) {
        column->first_missing_row = column->before + column->rows;
        column->first_missing_line = line;
    }
    if (column->kind == TL__KIND_CATEGORY) {
        TL_TRY(tl__infer_room(column, rules, error));
        ((int32_t *)column->values)[column->rows++] = -1;
        return TL_OK;
    }
    if (column->kind == TL__KIND_DATE) return infer_put_date(column, rules, tl__nan(), error);
    return infer_put_float(column, rules, tl__nan(), error);
}

/* What a column is, seen by its first value; so far it holds missing cells only (as floats), or room. */
static tl_status infer_settle(tl__infer *column, const tl__infer_rules *rules, tl__column_kind kind, tl_error *error)
{
    size_t rows = column->rows;
    if (kind == TL__KIND_CATEGORY && rows > 0) {
        for (size_t i = 0; i < rows; i++) ((int32_t *)column->values)[i] = -1;
    } else if (kind != TL__KIND_NUMBER) {
        tl__free(rules->heap, column->values, column->capacity * infer_value_size(column));
        column->values = NULL;
        column->capacity = column->rows = 0;
    }
    column->kind = kind;
    while (kind == TL__KIND_DATE && column->rows < rows) {
        TL_TRY(infer_put_date(column, rules, tl__nan(), error));
    }
    return TL_OK;
}

static tl_status infer_word(tl__infer *column, const tl__infer_rules *rules, const char *text, size_t size, int line,
                            bool number, tl__arena *arena, tl_error *error)
{
    uint64_t hash = tl__word_hash(text, size);
    int32_t code = (int32_t)(tl__words_find(&column->words, text, size, hash) & TL__WORD_CODE) - 1;
    if (number) column->numbers++;
    else infer_note_odd(column, text, size, line);
    if (code < 0) {
        if (!tl__words_add(&column->words, rules->heap, arena, text, size, hash, number)) {
            return tl__fail_memory(error, size + column->words.slot_count * 8);
        }
        code = (int32_t)column->words.count - 1;
    }
    TL_TRY(tl__infer_room(column, rules, error));
    ((int32_t *)column->values)[column->rows++] = code;
    return TL_OK;
}

TL_PRIV tl_status tl__infer_cell(tl__infer *column, const tl__infer_rules *rules, const char *text, size_t size,
                                 int line, tl__arena *arena, tl_error *error)
{
    double value = 0;
    if (rules->number_marks && tl__infer_is_missing(rules, text, size))
        return infer_missing(column, rules, line, error);
    bool number = tl__infer_number(text, size, rules->decimal, &value);
    if (number && column->kind == TL__KIND_NUMBER) return infer_put_number(column, rules, value, error);
    if (!number && tl__infer_is_missing(rules, text, size)) return infer_missing(column, rules, line, error);
    if (column->kind == TL__KIND_FIND_OUT) {
        tl__column_kind kind = number                                   ? TL__KIND_NUMBER
                               : tl__parse_date(text, size, &value) ? TL__KIND_DATE
                                                                        : TL__KIND_CATEGORY;
        TL_TRY(infer_settle(column, rules, kind, error));
    }
    if (column->kind == TL__KIND_CATEGORY) return infer_word(column, rules, text, size, line, number, arena, error);
    if (column->kind == TL__KIND_DATE) {
        if (tl__parse_date(text, size, &value)) return infer_put_date(column, rules, value, error);
        infer_note_odd(column, text, size, line);
        column->misfits++;
        return infer_put_date(column, rules, tl__nan(), error);
    }
    bool whole = number && value == (double)(int64_t)(value < 9e18 && value > -9e18 ? value : 0.5);
    if (number && (column->kind == TL__KIND_NUMBER || whole)) return infer_put_number(column, rules, value, error);
    infer_note_odd(column, text, size, line);
    column->misfits++;
    return infer_put_float(column, rules, tl__nan(), error);
}

/* ---- the end ---- */

static tl_status infer_misfit(const tl__infer *column, const tl__infer_rules *rules, tl_error *error)
{
    const char *what = column->kind == TL__KIND_DATE      ? "a date"
                       : column->kind == TL__KIND_INTEGER ? "a whole number"
                                                          : "a number";
    return tl__fail_at(error, TL_BAD_DATA, rules->name, column->odd_line, 0, NULL,
                       "column '%s' holds \"%s\", which is not %s. Say what to do with missing values: data.missing: "
                       "drop | mean | median | forward, and list \"%s\" under data.missing_marks; or make the column "
                       "one of words: data.types: {'%s': category}.",
                       column->name, column->odd_text, what, column->odd_text, column->name);
}

TL_PRIV tl_status tl__infer_judge(const tl__infer *column, const tl__infer_rules *rules, tl__column_kind *again,
                                  tl_error *error)
{
    size_t values = column->before + column->rows - column->missing;
    *again = TL__KIND_FIND_OUT;
    if (column->kind == TL__KIND_CATEGORY) {
        bool mixed = !column->demanded && column->numbers > 0 && column->numbers * 4 >= values * 3;
        return mixed && column->odd_text[0] ? infer_misfit(column, rules, error) : TL_OK;
    }
    if (column->misfits == 0) return TL_OK;
    if (column->demanded || column->misfits * 4 <= values) return infer_misfit(column, rules, error);
    *again = TL__KIND_CATEGORY;
    return TL_OK;
}

TL_PRIV tl__column_type tl__infer_type(const tl__infer *column)
{
    if (column->kind == TL__KIND_CATEGORY) return TL__COLUMN_CODES;
    if (column->kind == TL__KIND_DATE) return TL__COLUMN_F64;
    if (!column->whole) return TL__COLUMN_F32;
    return column->narrow && (column->any || column->rows > 0) ? TL__COLUMN_U8 : TL__COLUMN_I32;
}

TL_PRIV void tl__infer_forget(tl__infer *column)
{
    column->any |= column->rows > 0;
    column->before += column->rows;
    column->rows = 0;
}

TL_PRIV void tl__infer_again(tl__infer *column)
{
    column->any |= column->rows > 0;
    column->before = column->rows = 0;
    column->numbers = column->misfits = column->missing = 0;
}

TL_PRIV tl_status tl__infer_end(tl__infer *column, tl__table *table, tl_error *error)
{
    tl__heap *heap = &table->context->heap;
    static const unsigned char sizes[] = {1, 4, 4, 8, 4};
    tl__column_type type = tl__infer_type(column);
    size_t old = column->capacity * infer_value_size(column), value_size = sizes[type];
    tl__column *made;
    if (tl__table_add(table, column->name, type, 1, 0, &made) != TL_OK) return tl__fail_memory(error, sizeof *made);
    made->type = type;
    made->date = column->kind == TL__KIND_DATE;
    made->block = column->values;
    made->bytes = old;
    column->values = NULL;
    column->capacity = 0;
    if (column->rows) {
        void *fitted = tl__resize(heap, made->block, old, column->rows * value_size);
        if (!fitted) return tl__fail_memory(error, column->rows * value_size);
        made->block = fitted;
        made->bytes = column->rows * value_size;
    }
    made->values = made->block;
    made->words = column->words.words;
    made->word_count = column->words.count;
    made->word_capacity = column->words.capacity;
    column->words.words = NULL;
    column->words.capacity = 0;
    made->missing = column->missing;
    made->first_missing_row = column->first_missing_row;
    made->first_missing_line = column->first_missing_line;
    return TL_OK;
}
