/* A run of rows is read as it lies in the file and taken apart into columns. Gaps up to WINDOW_GAP bytes are read
 * along, since a read costs more than that many bytes. */
#include "data/window.h"

enum { WINDOW_GAP = 1 << 14, WINDOW_MOST_ROWS = 1 << 16 };

TL_PRIV size_t tl__window_rows(const tl__table *table)
{
    size_t rows = tl__size_max(1, TL__WINDOW_READ / table->store->record);
    return tl__size_min(tl__size_min(rows, WINDOW_MOST_ROWS), table->rows);
}

TL_PRIV void tl__window_carve(tl__carver *carver, const tl__table *table, const tl__column *const *columns,
                              size_t count, size_t capacity, const tl__window *share, tl__window *out)
{
    tl__window window = {.table = table, .capacity = capacity, .count = columns ? count : table->column_count};
    window.numbers = TL_CARVE(carver, size_t, window.count);
    window.columns = TL_CARVE(carver, tl__column, window.count);
    window.list = TL_CARVE(carver, const tl__column *, window.count);
    window.room = tl__size_max(TL__WINDOW_READ, table->store->record);
    window.bytes = share ? share->bytes : TL_CARVE(carver, unsigned char, window.room);
    for (size_t i = 0; i < window.count; i++) {
        const tl__column *column = columns ? columns[i] : &table->columns[i];
        size_t values = 0;
        if (!tl__size_mul(capacity, column->width, &values)) carver->overflow = true;
        void *place = tl__carve(carver, values, tl__column_value_size(column->type));
        if (!carver->base) continue;
        window.numbers[i] = (size_t)(column - table->columns);
        window.columns[i] = *column;
        window.columns[i].values = place;
        window.columns[i].stored = false;
        window.list[i] = &window.columns[i];
    }
    *out = window;
}

static tl__window *window_place(tl__carver *carver, const tl__table *table, const tl__column *const *columns,
                                size_t count, size_t capacity)
{
    tl__window window, *place = TL_CARVE(carver, tl__window, 1);
    tl__window_carve(carver, table, columns, count, capacity, NULL, &window);
    if (carver->base) *place = window;
    return place;
}

TL_PRIV tl_status tl__window_new(tl_context *context, const tl__table *table, const tl__column *const *columns,
                                 size_t count, size_t capacity, tl__window **out, tl_error *error)
{
    tl__carver carver = {0};
    window_place(&carver, table, columns, count, capacity);
    size_t size = carver.used;
    unsigned char *block = carver.overflow ? NULL : tl__alloc_aligned(&context->heap, size);
    if (!block) return tl__fail_memory(error, carver.overflow ? SIZE_MAX : size);
    carver = (tl__carver){.base = block};
    *out = window_place(&carver, table, columns, count, capacity);
    (*out)->block_size = size;
    return TL_OK;
}

TL_PRIV void tl__window_free(tl_context *context, tl__window *window)
{
    if (window) tl__free_aligned(&context->heap, window, window->block_size);
}

/* Column c of `count` rows, the first of which is the table's row `base`. */
static void window_take(const tl__window *window, size_t c, size_t at, const uint32_t *rows, size_t base, size_t count)
{
    const tl__store *store = window->table->store;
    const tl__column *column = &window->columns[c];
    size_t number = window->numbers[c], size = tl__column_value_size(column->type) * column->width;
    bool held = number >= store->column_count;
    size_t record = held ? size : store->record;
    const unsigned char *from = held ? (const unsigned char *)window->table->columns[number].values + base * size
                                     : window->bytes + store->offsets[number];
    unsigned char *to = (unsigned char *)column->values + at * size;
    for (size_t i = 0; i < count; i++, to += size) {
        const unsigned char *row = from + (rows ? rows[i] - base : i) * record;
        if (store->convert && !held) store->convert(to, row, column->width);
        else if (size == 4) memcpy(to, row, 4);
        else if (size == 1) *to = *row;
        else memcpy(to, row, size);
    }
}

/* Codes name words; a file is not believed. */
static tl_status window_check(const tl__window *window, size_t at, size_t count, tl_error *error)
{
    for (size_t c = 0; c < window->count; c++) {
        const tl__column *column = &window->columns[c];
        const int32_t *codes = column->values;
        if (column->type != TL__COLUMN_CODES) continue;
        for (size_t i = at; i < at + count; i++) {
            if (codes[i] >= -1 && (codes[i] < 0 || (size_t)codes[i] < column->word_count)) continue;
            return tl__fail_at(error, TL_BAD_FILE, window->table->store->path, 0, 0, NULL,
                               "the file is damaged; remove it, and it is made again");
        }
    }
    return TL_OK;
}

/* Rows that one read brings: those that stand behind each other within the buffer, without large gaps. */
static size_t window_run(const tl__window *window, const uint32_t *rows, size_t count)
{
    size_t record = window->table->store->record, most = window->room / record, gap = WINDOW_GAP / record + 1, n = 1;
    if (!rows) return tl__size_min(count, most);
    while (n < count && rows[n] > rows[n - 1] && rows[n] - rows[n - 1] <= gap && rows[n] - rows[0] < most) n++;
    return n;
}

TL_PRIV tl_status tl__window_load(tl__window *window, size_t at, const uint32_t *rows, size_t first, size_t count,
                                  tl_error *error)
{
    const tl__store *store = window->table->store;
    for (size_t done = 0, n; done < count; done += n) {
        const uint32_t *run = rows ? rows + done : NULL;
        n = window_run(window, run, count - done);
        size_t begin = run ? run[0] : first + done, span = run ? run[n - 1] - begin + 1 : n;
        TL_TRY(tl__store_read(store, begin, span, window->bytes, error));
        for (size_t c = 0; c < window->count; c++) window_take(window, c, at + done, run, begin, n);
        TL_TRY(window_check(window, at + done, n, error));
    }
    return TL_OK;
}

/* ---- whole columns ---- */

TL_PRIV tl_status tl__column_take_in(tl__table *table, tl__column *column, tl_error *error)
{
    tl__window *window;
    tl__heap *heap = &table->context->heap;
    const tl__column *list[] = {column};
    size_t size = tl__column_value_size(column->type) * column->width, bytes;
    if (!column->stored) return TL_OK;
    size_t step = tl__window_rows(table);
    if (!tl__size_mul(size, table->rows, &bytes)) return tl__fail_memory(error, SIZE_MAX);
    TL_TRY(tl__window_new(table->context, table, list, 1, step, &window, error));
    unsigned char *values = tl__alloc(heap, bytes);
    tl_status status = values ? TL_OK : tl__fail_memory(error, bytes);
    for (size_t first = 0; status == TL_OK && first < table->rows; first += step) {
        size_t count = tl__size_min(step, table->rows - first);
        status = tl__window_load(window, 0, NULL, first, count, error);
        if (status == TL_OK) memcpy(values + first * size, window->columns[0].values, count * size);
    }
    tl__window_free(table->context, window);
    if (status != TL_OK) {
        tl__free(heap, values, bytes);
        return status;
    }
    column->block = column->values = values;
    column->bytes = bytes;
    column->stored = false;
    return TL_OK;
}

TL_PRIV void tl__column_let_go(tl__table *table, tl__column *column)
{
    if (!table->store || column->stored || (size_t)(column - table->columns) >= table->store->column_count) return;
    tl__free(&table->context->heap, column->block, column->bytes);
    column->block = column->values = NULL;
    column->bytes = 0;
    column->stored = true;
}
