/* Footers are taken apart with a cursor that never leaves them: after the first number or text that does not fit, all
 * further ones are zero and empty, and the end is a failure. */
#include "data/store.h"

#include "base/math.h"
#include "base/text.h"
#include "data/dataset_build.h"
#include "kernels/hash.h"

enum { STORE_HEAD = 64, STORE_TAIL = 32, STORE_READ = 1 << 18, STORE_MOST_FOOTER = 1 << 30 };

static const char store_begin[] = "TLROWS\r\n", store_end[] = "TLROWSEN";
static const uint64_t store_order = 0x0102030405060708u;

/* ---- layout ---- */

TL_PRIV size_t tl__column_value_size(tl__column_type type)
{
    static const unsigned char sizes[] = {1, 4, 4, 8, 4};
    return sizes[type];
}

TL_PRIV bool tl__store_layout(const tl__table *table, size_t *offsets, size_t *record)
{
    size_t at = 0, widest = 1;
    for (size_t i = 0; i < table->column_count; i++) {
        const tl__column *column = &table->columns[i];
        size_t size = tl__column_value_size(column->type), bytes;
        if (!tl__size_mul(size, column->width, &bytes) || at > SIZE_MAX - 16) return false;
        at = tl__size_round(at, size);
        offsets[i] = at;
        if (!tl__size_add(at, bytes, &at)) return false;
        widest = tl__size_max(widest, size);
    }
    if (at > SIZE_MAX / 2) return false;
    *record = tl__size_round(at, widest);
    return true;
}

static size_t store_group_rows(size_t record) { return tl__size_max(1, TL__STORE_GROUP / record); }

static size_t store_groups(size_t rows, size_t record)
{
    size_t each = store_group_rows(record);
    return rows / each + (rows % each != 0);
}

/* ---- reading ---- */

TL_PRIV tl_status tl__store_read(const tl__store *store, size_t first, size_t count, void *out, tl_error *error)
{
    tl__file_mark now = {0};
    TL_TRY(tl__reader_mark(store->reader, &now, error));
    if (now.size != store->mark.size || now.modified != store->mark.modified)
        return tl__fail_at(error, TL_BAD_DATA, store->path, 0, 0, NULL,
                           "the file was changed while it was in use; start again");
    return tl__reader_at(store->reader, store->base + (uint64_t)first * store->record, out, count * store->record,
                         error);
}

TL_PRIV void tl__store_close(tl__store *store)
{
    if (!store) return;
    tl__heap *heap = &store->context->heap;
    tl__reader_close(store->reader);
    tl__free(heap, store->offsets, store->column_count * sizeof *store->offsets);
    tl__free(heap, store->hashes, store->column_count * sizeof *store->hashes);
    tl__free(heap, store, sizeof *store);
}

TL_PRIV tl_status tl__store_new(tl__table *table, const char *path, tl__store **out, tl_error *error)
{
    tl__heap *heap = &table->context->heap;
    size_t count = table->column_count;
    tl__store *store = tl__alloc_zero(heap, 1, sizeof *store);
    if (!store) return tl__fail_memory(error, sizeof *store);
    store->context = table->context;
    store->column_count = count;
    store->base = STORE_HEAD;
    store->path = tl__arena_text(&table->arena, path);
    store->offsets = tl__alloc_zero(heap, count, sizeof *store->offsets);
    store->hashes = tl__alloc_zero(heap, count, sizeof *store->hashes);
    if (store->path && store->offsets && store->hashes) {
        *out = store;
        return TL_OK;
    }
    tl__store_close(store);
    return tl__fail_memory(error, count * sizeof *store->hashes);
}

/* ---- writing ---- */

struct tl__store_writer {
    tl_context *context;
    tl__table *table;
    tl__store *store;
    tl__file *file;
    tl__sha256 *hashes;            /* [column_count] */
    unsigned char *records;        /* of a block */
    size_t record_bytes;
    uint32_t *sums;                /* of groups */
    size_t sum_capacity;
    uint32_t sum;                  /* of the group that goes on */
    size_t left;                   /* rows that it still lacks */
};

TL_PRIV void tl__store_abandon(tl__store_writer *writer)
{
    if (!writer) return;
    tl__heap *heap = &writer->context->heap;
    tl__file_abandon(writer->file);
    if (writer->store) tl__free(heap, writer->hashes, writer->store->column_count * sizeof *writer->hashes);
    tl__free(heap, writer->records, writer->record_bytes);
    tl__free(heap, writer->sums, writer->sum_capacity * sizeof *writer->sums);
    tl__store_close(writer->store);
    tl__free(heap, writer, sizeof *writer);
}

TL_PRIV void tl__column_look_begin(tl__column *column)
{
    column->infinite_row = SIZE_MAX;
    column->first_missing_row = SIZE_MAX;
    column->missing = 0;
    column->stored = true;
}

static tl_status store_start(tl__store_writer *writer, const char *path, tl_error *error)
{
    unsigned char head[STORE_HEAD] = {0};
    tl__table *table = writer->table;
    TL_TRY(tl__store_new(table, path, &writer->store, error));
    if (!tl__store_layout(table, writer->store->offsets, &writer->store->record))
        return tl__fail_memory(error, SIZE_MAX);
    writer->hashes = tl__alloc_zero(&writer->context->heap, table->column_count, sizeof *writer->hashes);
    if (!writer->hashes) return tl__fail_memory(error, table->column_count * sizeof *writer->hashes);
    for (size_t i = 0; i < table->column_count; i++) {
        tl__sha256_begin(&writer->hashes[i]);
        tl__column_hash_begin(&writer->hashes[i], &table->columns[i]);
        tl__column_look_begin(&table->columns[i]);
    }
    memcpy(head, store_begin, 8);
    memcpy(head + 8, &store_order, 8);
    TL_TRY(tl__file_create(writer->context, path, &writer->file, error));
    return tl__file_write(writer->file, head, sizeof head, error);
}

TL_PRIV tl_status tl__store_create(tl__table *table, const char *path, tl__store_writer **out, tl_error *error)
{
    tl__store_writer *writer = tl__alloc_zero(&table->context->heap, 1, sizeof *writer);
    if (!writer) return tl__fail_memory(error, sizeof *writer);
    writer->context = table->context;
    writer->table = table;
    tl_status status = store_start(writer, path, error);
    if (status == TL_OK) *out = writer;
    else tl__store_abandon(writer);
    return status;
}

TL_PRIV void tl__column_look(tl__column *column, const void *values, size_t first, size_t count)
{
    tl__column block = *column;
    block.values = (void *)(uintptr_t)values;
    if (column->type == TL__COLUMN_U8 || column->type == TL__COLUMN_I32) return;
    for (size_t row = 0; row < count; row++) {
        bool missing = false;
        for (size_t k = 0; k < column->width; k++) {
            double value = tl__column_at(&block, row, k);
            if (value != value) {
                missing = true;
                column->missing++;
            } else if (column->infinite_row == SIZE_MAX && !tl__is_finite((float)value)) {
                column->infinite_row = first + row;
            }
        }
        if (missing && column->first_missing_row == SIZE_MAX) column->first_missing_row = first + row;
    }
}

static tl_status store_add_sum(tl__store_writer *writer, tl_error *error)
{
    size_t count = store_groups(writer->store->rows, writer->store->record);
    if (count > writer->sum_capacity) {
        size_t capacity = tl__size_max(64, writer->sum_capacity * 2), old = writer->sum_capacity * sizeof *writer->sums;
        uint32_t *sums = tl__resize(&writer->context->heap, writer->sums, old, capacity * sizeof *sums);
        if (!sums) return tl__fail_memory(error, capacity * sizeof *sums);
        writer->sums = sums;
        writer->sum_capacity = capacity;
    }
    writer->sums[count - 1] = writer->sum;
    return TL_OK;
}

/* CRCs by groups, whatever the blocks are. */
static tl_status store_sum(tl__store_writer *writer, size_t count, tl_error *error)
{
    const unsigned char *at = writer->records;
    size_t record = writer->store->record;
    while (count > 0) {
        if (writer->left == 0) {
            writer->left = store_group_rows(record);
            writer->sum = 0;
        }
        size_t rows = tl__size_min(count, writer->left);
        writer->sum = tl__crc32c(writer->sum, at, rows * record);
        writer->store->rows += rows;
        writer->left -= rows;
        at += rows * record;
        count -= rows;
        TL_TRY(store_add_sum(writer, error));
    }
    return TL_OK;
}

TL_PRIV tl_status tl__store_write(tl__store_writer *writer, const void *const *values, size_t count, tl_error *error)
{
    tl__table *table = writer->table;
    tl__store *store = writer->store;
    size_t bytes;
    if (!tl__size_mul(count, store->record, &bytes)) return tl__fail_memory(error, SIZE_MAX);
    if (bytes > writer->record_bytes) {
        unsigned char *records = tl__resize(&writer->context->heap, writer->records, writer->record_bytes, bytes);
        if (!records) return tl__fail_memory(error, bytes);
        writer->records = records;
        writer->record_bytes = bytes;
    }
    memset(writer->records, 0, bytes);
    for (size_t i = 0; i < table->column_count; i++) {
        tl__column *column = &table->columns[i];
        size_t size = tl__column_value_size(column->type) * column->width;
        const unsigned char *from = values[i];
        unsigned char *to = writer->records + store->offsets[i];
        tl__column_hash_values(&writer->hashes[i], column, from, count * column->width);
        tl__column_look(column, from, store->rows, count);
        for (size_t row = 0; row < count; row++) memcpy(to + row * store->record, from + row * size, size);
    }
    TL_TRY(store_sum(writer, count, error));
    return tl__file_write(writer->file, writer->records, bytes, error);
}

/* ---- the footer ---- */

static void store_put(tl__buffer *out, uint64_t value) { tl__buffer_add(out, &value, sizeof value); }

static void store_put_text(tl__buffer *out, const char *text)
{
    size_t size = strlen(text);
    store_put(out, size);
    tl__buffer_add(out, text, size);
}

static void store_put_footer(tl__buffer *out, tl__store_writer *writer, const char *key)
{
    const tl__table *table = writer->table;
    const tl__store *store = writer->store;
    store_put_text(out, key);
    store_put(out, table->named);
    store_put(out, store->rows);
    store_put(out, store->record);
    store_put(out, table->column_count);
    for (size_t i = 0; i < table->column_count; i++) {
        const tl__column *column = &table->columns[i];
        store_put_text(out, column->name);
        store_put(out, column->type);
        store_put(out, column->date);
        store_put(out, column->width);
        store_put(out, store->offsets[i]);
        store_put(out, column->missing);
        store_put(out, column->first_missing_row == SIZE_MAX ? UINT64_MAX : column->first_missing_row);
        store_put(out, (uint64_t)column->first_missing_line);
        store_put(out, column->infinite_row == SIZE_MAX ? UINT64_MAX : column->infinite_row);
        store_put_text(out, store->hashes[i]);
        store_put(out, column->word_count);
        for (size_t k = 0; k < column->word_count; k++) store_put_text(out, column->words[k]);
    }
    for (size_t i = 0; i < store_groups(store->rows, store->record); i++) store_put(out, writer->sums[i]);
}

TL_PRIV tl_status tl__store_commit(tl__store_writer *writer, const char key[65], tl_error *error)
{
    tl__store *store = writer->store;
    tl__table *table = writer->table;
    tl__buffer out;
    tl__buffer_init(&out, &writer->context->heap);
    for (size_t i = 0; i < table->column_count; i++) tl__sha256_hex(&writer->hashes[i], store->hashes[i]);
    store_put_footer(&out, writer, key);
    size_t size = out.size;
    store_put(&out, store->base + (uint64_t)store->rows * store->record);
    store_put(&out, size);
    store_put(&out, out.failed ? 0 : tl__crc32c(0, out.data, size));
    tl__buffer_add(&out, store_end, 8);
    tl_status status = out.failed ? tl__fail_memory(error, out.capacity)
                                  : tl__file_write(writer->file, out.data, out.size, error);
    tl__buffer_free(&out);
    if (status == TL_OK) {
        status = tl__file_commit(writer->file, false, error);
        writer->file = NULL;
    }
    if (status == TL_OK) status = tl__reader_open(writer->context, store->path, &store->reader, error);
    if (status == TL_OK) status = tl__reader_mark(store->reader, &store->mark, error);
    if (status == TL_OK) {
        table->rows = store->rows;
        table->store = store;
        tl__free(&writer->context->heap, writer->hashes, store->column_count * sizeof *writer->hashes);
        writer->hashes = NULL;
        writer->store = NULL;
    }
    tl__store_abandon(writer);
    return status;
}

/* ---- opening ---- */

typedef struct store_cursor {
    const unsigned char *at, *end;
    bool failed;
} store_cursor;

static uint64_t store_get(store_cursor *cursor)
{
    uint64_t value = 0;
    if ((size_t)(cursor->end - cursor->at) < sizeof value) {
        cursor->failed = true;
        return 0;
    }
    memcpy(&value, cursor->at, sizeof value);
    cursor->at += sizeof value;
    return value;
}

/* A number below `limit`; limit - 1 is SIZE_MAX's place where none is meant. */
static size_t store_get_size(store_cursor *cursor, uint64_t limit)
{
    uint64_t value = store_get(cursor);
    if (value < limit && value <= SIZE_MAX) return (size_t)value;
    cursor->failed = true;
    return 0;
}

static size_t store_get_row(store_cursor *cursor, size_t rows)
{
    uint64_t value = store_get(cursor);
    if (value == UINT64_MAX) return SIZE_MAX;
    if (value < rows) return (size_t)value;
    cursor->failed = true;
    return SIZE_MAX;
}

static const char *store_get_text(store_cursor *cursor, tl__arena *arena, bool *memory)
{
    size_t left = (size_t)(cursor->end - cursor->at), size = store_get_size(cursor, left);
    if (cursor->failed || size > (size_t)(cursor->end - cursor->at)) {
        cursor->failed = true;
        return "";
    }
    const char *text = tl__arena_copy(arena, (const char *)cursor->at, size);
    cursor->at += size;
    *memory = *memory && text;
    return text ? text : "";
}

static void store_get_words(store_cursor *cursor, tl__table *table, tl__column *column, bool *memory)
{
    size_t left = (size_t)(cursor->end - cursor->at), count = store_get_size(cursor, left / 8 + 1);
    if (count == 0 || cursor->failed) return;
    column->words = tl__alloc_zero(&table->context->heap, count, sizeof *column->words);
    *memory = *memory && column->words;
    if (!column->words) return;
    column->word_capacity = count;
    for (size_t i = 0; i < count && *memory; i++) column->words[i] = store_get_text(cursor, &table->arena, memory);
    column->word_count = count;
}

static void store_get_column(store_cursor *cursor, tl__table *table, size_t rows, size_t record, size_t *offset,
                             char hash[65], bool *memory)
{
    tl__column *column = NULL;
    const char *name = store_get_text(cursor, &table->arena, memory);
    size_t type = store_get_size(cursor, TL__COLUMN_CODES + 1), date = store_get_size(cursor, 2);
    size_t width = store_get_size(cursor, (uint64_t)record + 1), at = store_get_size(cursor, record), bytes;
    size_t size = tl__column_value_size((tl__column_type)type);
    bool fits = width > 0 && tl__size_mul(size, width, &bytes) && bytes <= record - at && at % size == 0;
    if (!*memory || cursor->failed || !fits) {
        cursor->failed = true;
        return;
    }
    if (tl__table_add(table, name, (tl__column_type)type, width, 0, &column) != TL_OK) {
        *memory = false;
        return;
    }
    *offset = at;
    column->stored = true;
    column->date = date != 0;
    column->missing = store_get_size(cursor, UINT64_MAX);
    column->first_missing_row = store_get_row(cursor, rows);
    column->first_missing_line = (int)store_get_size(cursor, INT32_MAX);
    column->infinite_row = store_get_row(cursor, rows);
    const char *text = store_get_text(cursor, &table->arena, memory);
    if (strlen(text) == 64) memcpy(hash, text, 65);
    else cursor->failed = true;
    store_get_words(cursor, table, column, memory);
}

/* Every group of rows against its sum. */
static tl_status store_verify(const tl__store *store, store_cursor *cursor, tl_error *error)
{
    size_t each = store_group_rows(store->record), bytes = tl__size_max(store->record, STORE_READ);
    unsigned char *buffer = tl__alloc(&store->context->heap, bytes);
    tl_status status = buffer ? TL_OK : tl__fail_memory(error, bytes);
    for (size_t first = 0; status == TL_OK && first < store->rows; first += each) {
        uint32_t sum = 0;
        size_t end = tl__size_min(store->rows, first + each), step = bytes / store->record;
        for (size_t row = first; status == TL_OK && row < end; row += step) {
            size_t count = tl__size_min(step, end - row);
            status = tl__store_read(store, row, count, buffer, error);
            if (status == TL_OK) sum = tl__crc32c(sum, buffer, count * store->record);
        }
        if (status == TL_OK && (store_get(cursor) != sum || cursor->failed)) status = TL_NOT_FOUND;
    }
    tl__free(&store->context->heap, buffer, bytes);
    return status;
}

static tl_status store_take(tl__table *table, const char *path, store_cursor *cursor, uint64_t row_bytes,
                            const char *key, tl__reader *reader, tl_error *error)
{
    bool memory = true;
    const char *found = store_get_text(cursor, &table->arena, &memory);
    if (!memory) return tl__fail_memory(error, 65);
    if (!tl__same_text(found, key)) return TL_NOT_FOUND;
    table->named = store_get_size(cursor, 2) != 0;
    size_t rows = store_get_size(cursor, (uint64_t)UINT32_MAX + 1), record = store_get_size(cursor, SIZE_MAX / 2);
    size_t left = (size_t)(cursor->end - cursor->at), columns = store_get_size(cursor, left / 8 + 1);
    if (cursor->failed || record == 0 || rows == 0 || columns == 0 || row_bytes / record != rows ||
        row_bytes % record != 0) {
        return TL_NOT_FOUND;
    }
    table->column_count = columns;    /* for the room of the store's arrays */
    tl_status status = tl__store_new(table, path, &table->store, error);
    table->column_count = 0;
    if (status != TL_OK) return status;
    tl__store *store = table->store;
    store->reader = reader;
    store->record = record;
    store->rows = rows;
    for (size_t i = 0; i < columns && memory && !cursor->failed; i++)
        store_get_column(cursor, table, rows, record, &store->offsets[i], store->hashes[i], &memory);
    if (!memory) return tl__fail_memory(error, columns * sizeof *table->columns);
    if (cursor->failed || table->column_count != columns) return TL_NOT_FOUND;
    table->rows = rows;
    TL_TRY(tl__reader_mark(reader, &store->mark, error));
    return store_verify(store, cursor, error);
}

static tl_status store_read_footer(tl__reader *reader, tl__heap *heap, unsigned char **footer, size_t *size,
                                   uint64_t *row_bytes, tl_error *error)
{
    unsigned char head[STORE_HEAD], tail[STORE_TAIL];
    tl__file_mark mark;
    uint64_t numbers[3], order;
    TL_TRY(tl__reader_mark(reader, &mark, error));
    if (mark.size < STORE_HEAD + STORE_TAIL) return TL_NOT_FOUND;
    TL_TRY(tl__reader_at(reader, 0, head, sizeof head, error));
    TL_TRY(tl__reader_at(reader, mark.size - STORE_TAIL, tail, sizeof tail, error));
    memcpy(&order, head + 8, sizeof order);
    memcpy(numbers, tail, sizeof numbers);
    bool good = memcmp(head, store_begin, 8) == 0 && memcmp(tail + 24, store_end, 8) == 0 && order == store_order;
    uint64_t end = mark.size - STORE_TAIL;
    if (!good || numbers[0] < STORE_HEAD || numbers[0] > end || numbers[1] != end - numbers[0] || numbers[1] == 0 ||
        numbers[1] > STORE_MOST_FOOTER) {
        return TL_NOT_FOUND;
    }
    *row_bytes = numbers[0] - STORE_HEAD;
    *size = (size_t)numbers[1];
    *footer = tl__alloc(heap, *size);
    if (!*footer) return tl__fail_memory(error, *size);
    tl_status status = tl__reader_at(reader, numbers[0], *footer, *size, error);
    if (status == TL_OK && tl__crc32c(0, *footer, *size) != numbers[2]) status = TL_NOT_FOUND;
    if (status != TL_OK) tl__free(heap, *footer, *size);
    return status;
}

TL_PRIV tl_status tl__store_open(tl_context *context, const char *path, const char key[65], const char *source,
                                 tl__table **out, tl_error *error)
{
    tl__reader *reader;
    tl__table *table = NULL;
    unsigned char *footer;
    size_t size;
    uint64_t row_bytes;
    TL_TRY(tl__reader_open(context, path, &reader, error));
    tl_status status = store_read_footer(reader, &context->heap, &footer, &size, &row_bytes, error);
    if (status == TL_OK) {
        store_cursor cursor = {footer, footer + size, false};
        status = tl__table_new(context, source, &table) == TL_OK ? TL_OK : tl__fail_memory(error, sizeof *table);
        if (status == TL_OK) status = store_take(table, path, &cursor, row_bytes, key, reader, error);
        if (table && table->store && table->store->reader) reader = NULL;    /* the store's now */
        tl__free(&context->heap, footer, size);
    }
    tl__reader_close(reader);
    if (status == TL_OK) *out = table;
    else tl__table_free(table);
    return status;
}
