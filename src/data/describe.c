/* What the data is: hashes, classes, and the comparison with what a run was trained on. */
#include "data/dataset_build.h"

#include "base/math.h"
#include "base/text.h"
#include "data/store.h"
#include "kernels/hash.h"

/* ---- hashes ---- */

static void describe_number(tl__sha256 *hash, uint64_t value)
{
    unsigned char bytes[8];
    for (int i = 0; i < 8; i++) bytes[i] = (unsigned char)(value >> 8 * i);
    tl__sha256_add(hash, bytes, sizeof bytes);
}

static void describe_text(tl__sha256 *hash, const char *text)
{
    size_t size = strlen(text);
    describe_number(hash, size);
    tl__sha256_add(hash, text, size);
}

TL_PRIV void tl__column_hash_begin(tl__sha256 *hash, const tl__column *column)
{
    describe_text(hash, column->name);
    describe_text(hash, tl__column_type_name(column));
    describe_number(hash, column->width);
    for (size_t i = 0; i < column->word_count; i++) describe_text(hash, column->words[i]);
}

/* Little-endian, whatever the machine's order. */
TL_PRIV void tl__column_hash_values(tl__sha256 *hash, const tl__column *column, const void *values, size_t count)
{
    size_t size = tl__column_value_size(column->type);
    const unsigned char *from = values;
    const uint16_t one = 1;
    unsigned char first;
    memcpy(&first, &one, 1);
    if (first == 1 || size == 1) {
        if (count) tl__sha256_add(hash, from, count * size);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        unsigned char bytes[8];
        for (size_t k = 0; k < size; k++) bytes[k] = from[i * size + size - 1 - k];
        tl__sha256_add(hash, bytes, size);
    }
}

static void describe_column(const tl__sha256 *begun, const tl__table *table, size_t index, char out[65])
{
    tl__sha256 hash = *begun;
    const tl__column *column = &table->columns[index];
    if (column->stored) {
        memcpy(out, table->store->hashes[index], 65);
        return;
    }
    tl__column_hash_begin(&hash, column);
    tl__column_hash_values(&hash, column, column->values, table->rows * column->width);
    tl__sha256_hex(&hash, out);
}

TL_PRIV tl_status tl__dataset_hash(tl_dataset *dataset, tl_error *error)
{
    tl__sha256 begun, hash;    /* to begin asks the processor what it can, which takes microseconds */
    size_t count = 0, at = 0;
    for (int s = 0; s < 2; s++) count += dataset->source[s].table ? dataset->source[s].table->column_count : 0;
    dataset->column_hashes = tl__arena_push_zero(&dataset->arena, count, sizeof *dataset->column_hashes);
    if (!dataset->column_hashes) return tl__fail_memory(error, count * sizeof *dataset->column_hashes);
    tl__sha256_begin(&begun);
    hash = begun;
    for (int s = 0; s < 2; s++) {
        const tl__table *table = dataset->source[s].table;
        if (!table) continue;
        describe_number(&hash, table->rows);
        for (size_t i = 0; i < table->column_count; i++, at++) {
            describe_column(&begun, table, i, dataset->column_hashes[at]);
            tl__sha256_add(&hash, dataset->column_hashes[at], 64);
        }
    }
    tl__sha256_hex(&hash, dataset->hash);
    return TL_OK;
}

/* ---- description and comparison ---- */

static void describe_table(tl__builder *builder, tl_value *map, const tl_dataset *dataset, int s, size_t *at)
{
    const tl__table *table = dataset->source[s].table;
    tl__put_integer(builder, map, "rows", (int64_t)table->rows);
    tl_value *list = tl__put_list(builder, map, "columns");
    for (size_t i = 0; i < table->column_count; i++, ++*at) {
        tl_value *column = tl__put_map(builder, list, NULL);
        tl__put_text(builder, column, "name", table->columns[i].name);
        tl__put_text(builder, column, "type", tl__column_type_name(&table->columns[i]));
        tl__put_text(builder, column, "hash", dataset->column_hashes[*at]);
    }
}

/* Rows that are mixed at a time where that is not all: with shuffle_block: auto it follows from the memory limit, and
 * another one would be another order. */
static int64_t describe_block(const tl_dataset *dataset)
{
    size_t block = dataset->shuffle ? dataset->shuffle_block : 0;
    return block < dataset->part[TL_TRAIN].count ? (int64_t)block : 0;
}

TL_PRIV tl_value *tl__dataset_describe(tl__builder *builder, tl_value *parent, const char *key,
                                       const tl_dataset *dataset)
{
    size_t at = 0;
    tl_value *map = tl__put_map(builder, parent, key);
    tl__put_text(builder, map, "hash", dataset->hash);
    if (describe_block(dataset)) tl__put_integer(builder, map, "shuffle_block", describe_block(dataset));
    describe_table(builder, map, dataset, 0, &at);
    if (dataset->source[1].table) describe_table(builder, tl__put_map(builder, map, "test_file"), dataset, 1, &at);
    return map;
}

static tl_status describe_differs(const tl_dataset *dataset, int s, const tl_value *described, size_t *at,
                                  tl_error *error)
{
    const tl__table *table = dataset->source[s].table;
    const tl_value *columns = tl__value_child(described, "columns");
    int64_t rows = tl_value_integer(tl__value_child(described, "rows"), -1);
    if (rows != (int64_t)table->rows) {
        return tl__fail_at(error, TL_BAD_DATA, table->source, 0, 0, NULL,
                           "the data has changed: it had %lld rows and now has %zu", (long long)rows, table->rows);
    }
    if (tl_value_count(columns) != table->column_count) {
        return tl__fail_at(error, TL_BAD_DATA, table->source, 0, 0, NULL,
                           "the data has changed: it had %zu columns and now has %zu", tl_value_count(columns),
                           table->column_count);
    }
    for (size_t i = 0; i < table->column_count; i++, ++*at) {
        const tl_value *column = tl_value_at(columns, i);
        const char *name = tl_value_text(tl__value_child(column, "name"), "");
        if (!tl__same_text(name, table->columns[i].name)) {
            return tl__fail_at(error, TL_BAD_DATA, table->source, 0, 0, NULL,
                               "the data has changed: column %zu was '%s' and now is '%s'", i, name,
                               table->columns[i].name);
        }
        if (!tl__same_text(tl_value_text(tl__value_child(column, "hash"), ""), dataset->column_hashes[*at])) {
            return tl__fail_at(error, TL_BAD_DATA, table->source, 0, 0, NULL,
                               "the data has changed: column '%s' holds other values than before", name);
        }
    }
    return TL_OK;
}

TL_PRIV tl_status tl__dataset_same(const tl_dataset *dataset, const tl_value *described, tl_error *error)
{
    size_t at = 0;
    const tl_value *test = tl__value_child(described, "test_file");
    int64_t block = tl_value_integer(tl__value_child(described, "shuffle_block"), 0);
    if (block != describe_block(dataset))
        return tl__fail_at(error, TL_BAD_DATA, NULL, 0, 0, "data.shuffle_block",
                           "the order of the rows has changed: they were mixed %lld at a time and now are %lld at a "
                           "time (0: all); set data.shuffle_block to what it was",
                           (long long)block, (long long)describe_block(dataset));
    if (tl__same_text(tl_value_text(tl__value_child(described, "hash"), ""), dataset->hash)) return TL_OK;
    TL_TRY(describe_differs(dataset, 0, described, &at, error));
    if ((test != NULL) != (dataset->source[1].table != NULL)) {
        return tl__fail(error, TL_BAD_DATA, "the data has changed: there was %s test file before", test ? "a" : "no");
    }
    if (test) TL_TRY(describe_differs(dataset, 1, test, &at, error));
    return tl__fail(error, TL_BAD_DATA, "the data has changed");
}

/* ---- classes ---- */

TL_PRIV void tl__class_weights(const tl_dataset *dataset, double *out)
{
    const int64_t *counts = dataset->class_counts[TL_TRAIN];
    size_t classes = dataset->pipeline->outputs;
    double sum = 0;
    for (size_t i = 0; i < classes; i++) {
        out[i] = counts[i] ? (double)dataset->part[TL_TRAIN].count / (double)counts[i] : 0;
        sum += out[i];
    }
    for (size_t i = 0; i < classes; i++) out[i] = sum > 0 ? out[i] / sum * (double)classes : 1;
}

static void describe_balance(tl__builder *builder, tl_value *map, const tl_dataset *dataset)
{
    const int64_t *counts = dataset->class_counts[TL_TRAIN];
    size_t classes = dataset->pipeline->outputs;
    double total = (double)dataset->part[TL_TRAIN].count, mean = total / (double)classes, squares = 0, entropy = 0;
    int64_t largest = 0, smallest = INT64_MAX;
    for (size_t i = 0; i < classes; i++) {
        double count = (double)counts[i];
        squares += (count - mean) * (count - mean);
        if (counts[i] > 0) entropy -= count / total * tl__log(count / total);
        if (counts[i] > largest) largest = counts[i];
        if (counts[i] < smallest) smallest = counts[i];
    }
    double spread = tl__sqrt_d(squares / (double)classes) / mean;
    tl__put_number(builder, map, "balance", 1 - (spread < 1 ? spread : 1));
    tl__put_number(builder, map, "imbalance_ratio", smallest > 0 ? (double)largest / (double)smallest :
                   tl__nan_d());
    tl__put_number(builder, map, "entropy", entropy);
}

TL_PRIV tl_value *tl__class_distribution(tl__builder *builder, tl_value *parent, const char *key,
                                         const tl_dataset *dataset)
{
    static const char *const parts[] = {"train", "validation", "test"};
    tl_value *map = tl__put_map(builder, parent, key), *list = tl__put_list(builder, map, "classes");
    for (size_t i = 0; i < dataset->pipeline->outputs; i++) {
        tl_value *item = tl__put_map(builder, list, NULL);
        int64_t all = 0;
        tl__put_text(builder, item, "class", dataset->pipeline->classes[i]);
        for (int p = 0; p < TL__PARTS; p++) {
            int64_t count = dataset->class_counts[p][i];
            tl_value *part = tl__put_map(builder, item, parts[p]);
            size_t rows = dataset->part[p].count;
            tl__put_integer(builder, part, "rows", count);
            tl__put_number(builder, part, "share", rows ? (double)count / (double)rows : 0);
            all += count;
        }
        tl__put_integer(builder, item, "rows", all);
    }
    describe_balance(builder, map, dataset);
    return map;
}
