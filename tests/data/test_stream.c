/* Streamed data is the data: parts, pipeline, hashes, batches and report are those of the same file in memory; what cannot
 * be streamed is refused; the file of rows is used again, made again when it should be, and never half written. */
#define _DEFAULT_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <signal.h>
#include <unistd.h>

#include <cmocka.h>

#include "data/batch.h"
#include "data/stream.h"
#include "support/data.h"
#include "support/failing.h"
#include "support/files.h"
#include "text/npy.h"
#include "text/yaml.h"

static tl_context context;
static char folder[256];

/* Every type, quotes with line ends, missing cells, empty lines; `wide`: cells so long that pieces end inside rows. */
static void make_csv(const char *name, size_t rows, bool wide)
{
    size_t room = rows * (wide ? 600 : 120) + 200, used = 0;
    char *text = malloc(room);
    unsigned state = 5;
    used += (size_t)sprintf(text, "a,b,c,word,when,w,g,n,y\r\n");
    for (size_t i = 0; i < rows; i++) {
        static const char *const words[] = {"red", "\"gre\ren\r\n, \"\"x\"\"\"", "blue", "a long word"};
        state = state * 1103515245u + 12345u;
        unsigned r = state >> 12;
        used += (size_t)sprintf(text + used, r % 7 ? "%u," : ",", r % 256);
        used += (size_t)sprintf(text + used, "%d,%.4f,", (int)(r % 9001) - 4000, (double)(r % 1000) / 7);
        if (wide) {
            memset(text + used, 'z', 400);
            memcpy(text + used, "\"\"\"\r\n,", 6);
            used += 400;
            used += (size_t)sprintf(text + used, "%u\",", r % 5);
        } else {
            used += (size_t)sprintf(text + used, "%s,", words[r % 4]);
        }
        used += (size_t)sprintf(text + used, "2024-0%u-1%u,%u,p%u,%u,%s%s", r % 9 + 1, r % 10, r % 3 + 1, r % 40, (unsigned)i,
                                i % 11 == 3 ? "NA" : r % 3 == 0 ? "up" : r % 3 == 1 ? "down" : "flat",
                                r % 13 == 0 ? "\r\n\r\n" : r % 5 == 0 ? "\n" : "\r\n");
    }
    assert_true(used < room);
    files_write(folder, name, text, used);
    free(text);
}

static tl_status load(const char *settings, bool stream, tl_dataset **out, tl_error *error)
{
    char all[1500];
    data_settings bound;
    snprintf(all, sizeof all, "%s, streaming: %s, cache_folder: '%s/rows'", settings, stream ? "true" : "false", folder);
    TL_TRY(data_settings_make(&context, all, &bound));
    tl_status status = tl__dataset_load(&context, &bound.block, folder, 9, out, error);
    data_settings_end(&bound);
    return status;
}

static void same_part(const tl_dataset *a, const tl_dataset *b, tl_part part)
{
    size_t rows = tl_dataset_rows(a, part), features = tl_dataset_features(a), outputs = tl_dataset_outputs(a);
    bool classes = a->pipeline->classification;
    void *room;
    assert_int_equal(tl_dataset_rows(b, part), rows);
    if (rows == 0) return;
    float *x = calloc(rows * features, 4), *y = calloc(rows * features, 4), *t = calloc(rows * outputs, 4);
    float *u = calloc(rows * outputs, 4), *v = calloc(rows, 4), *w = calloc(rows, 4);
    int32_t *l = calloc(rows, 4), *m = calloc(rows, 4);
    tl_error error = {0};
    assert_int_equal(tl__dataset_room_new(b, &room, &error), TL_OK);
    assert_int_equal(tl__dataset_gather(a, part, NULL, 0, rows, x, l, classes ? NULL : t, v, NULL, &error), TL_OK);
    if (tl__dataset_gather(b, part, NULL, 0, rows, y, m, classes ? NULL : u, w, room, &error)) fail_msg("%s", error.message);
    assert_memory_equal(x, y, rows * features * 4);
    assert_memory_equal(t, u, rows * outputs * 4);
    assert_memory_equal(v, w, rows * 4);
    assert_memory_equal(l, m, rows * 4);
    uint32_t order[3] = {(uint32_t)rows - 1, 0, (uint32_t)(rows / 2)};
    assert_int_equal(tl__dataset_gather(a, part, order, 0, 3, x, l, NULL, NULL, NULL, &error), TL_OK);
    assert_int_equal(tl__dataset_gather(b, part, order, 0, 3, y, m, NULL, NULL, room, &error), TL_OK);
    assert_memory_equal(x, y, 3 * features * 4);
    tl__dataset_room_free(b, room);
    float row[4096], other[4096];
    assert_true(features <= 4096);
    assert_int_equal(tl_dataset_row(a, part, rows / 3, row, u), TL_OK);
    assert_int_equal(tl_dataset_row(b, part, rows / 3, other, u), TL_OK);
    assert_memory_equal(row, other, features * 4);
    free(x), free(y), free(t), free(u), free(v), free(w), free(l), free(m);
}

/* All inputs and orders of an epoch from batch `first`. */
static float *epoch(const tl_dataset *d, size_t size, size_t block, bool shuffle, int workers, uint32_t number, size_t first,
                    size_t *floats)
{
    tl__batch_options options = {.part = TL_TRAIN, .batch_size = size, .shuffle = shuffle, .shuffle_block = block,
                                 .workers = workers};
    tl__batches *batches;
    const tl__batch *batch;
    size_t features = tl_dataset_features(d), used = 0, before = context.heap.in_use, bytes = tl__batches_bytes(d, &options);
    float *out = calloc(tl_dataset_rows(d, TL_TRAIN) + 1, (features + 2) * sizeof *out);
    tl_error error = {0};
    if (tl__batches_new(d, &options, &batches, &error) != TL_OK) fail_msg("%s", error.message);
    assert_int_equal(context.heap.in_use - before, bytes);
    size_t calls = context.heap.calls;
    tl__batches_start(batches, number + 1, 1);
    (void)tl__batches_next(batches);
    tl__batches_start(batches, number, first);
    while ((batch = tl__batches_next(batches)) != NULL) {
        memcpy(out + used, batch->inputs, batch->rows * features * sizeof *out);
        used += batch->rows * features;
        for (size_t i = 0; i < batch->rows; i++) {
            out[used++] = (float)batch->order[i];
            out[used++] = batch->labels ? (float)batch->labels[i] : batch->targets[i];
        }
    }
    if (tl__batches_failure(batches, &error) != TL_OK) fail_msg("%s", error.message);
    assert_int_equal(context.heap.calls, calls);
    tl__batches_free(batches);
    assert_int_equal(context.heap.in_use, before);
    *floats = used;
    return out;
}

static void same_batches(const tl_dataset *a, const tl_dataset *b)
{
    static const struct { size_t size, block; bool shuffle; size_t first; } cases[] = {
        {1, 20, true, 0}, {7, 64, true, 0}, {32, 100, true, 3}, {64, 33, true, 0}, {100, 0, true, 0}, {50, 5000, true, 2},
        {333, 160, true, 1}, {25, 0, false, 0}, {16, 16, true, 5}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (int workers = 0; workers < 2; workers++) {
            size_t n, m;
            context.threads = workers + 1;
            float *x = epoch(a, cases[i].size, cases[i].block, cases[i].shuffle, workers, 4, cases[i].first, &n);
            float *y = epoch(b, cases[i].size, cases[i].block, cases[i].shuffle, workers, 4, cases[i].first, &m);
            assert_int_equal(n, m);
            assert_memory_equal(x, y, n * sizeof *x);
            free(x), free(y);
        }
    }
    context.threads = 1;
}

static void same(const char *settings, bool batches)
{
    tl_dataset *a = NULL, *b = NULL;
    tl_error error = {0};
    size_t before = context.heap.in_use;
    if (load(settings, false, &a, &error) != TL_OK) fail_msg("%s: %s", settings, error.message);
    if (load(settings, true, &b, &error) != TL_OK) fail_msg("%s, streamed: %s", settings, error.message);
    assert_non_null(b->source[0].table->store);
    for (size_t i = 0; i < b->source[0].table->store->column_count; i++) assert_null(b->source[0].table->columns[i].values);
    assert_string_equal(a->hash, b->hash);
    assert_string_equal(a->note, b->note);
    assert_memory_equal(&a->left_out, &b->left_out, sizeof a->left_out);
    tl__tree *trees[2];
    tl__buffer texts[2];
    for (int i = 0; i < 2; i++) {
        tl__builder builder;
        data_settings bound;
        assert_int_equal(tl__tree_new(&context.heap, NULL, &trees[i]), TL_OK);
        assert_int_equal(data_settings_make(&context, settings, &bound), TL_OK);
        tl__builder_init(&builder, trees[i]);
        tl_value *root = tl__put_map(&builder, NULL, NULL), *report;
        tl__pipeline_put(&builder, root, "pipeline", (i ? b : a)->pipeline);
        assert_int_equal(tl__dataset_report(&builder, root, "report", i ? b : a, &bound.block, &report, NULL), TL_OK);
        tl__buffer_init(&texts[i], &context.heap);
        tl__json_write(&texts[i], root, 1);
        data_settings_end(&bound);
    }
    assert_string_equal(texts[0].data, texts[1].data);
    for (int i = 0; i < 2; i++) {
        tl__buffer_free(&texts[i]);
        tl__tree_free(trees[i]);
    }
    for (int part = 0; part < 3; part++) {
        assert_string_equal(data_rows(a, (tl_part)part), data_rows(b, (tl_part)part));
        same_part(a, b, (tl_part)part);
    }
    if (batches) same_batches(a, b);
    tl_dataset_free(a);
    tl_dataset_free(b);
    assert_int_equal(context.heap.in_use, before);
}

static void streamed_data_is_the_data(void **state)
{
    (void)state;
    make_csv("mixed.csv", 700, false);
    make_csv("wide.csv", 7000, true);
    make_csv("test.csv", 90, false);
    same("file: mixed.csv, target: y, missing: drop, drop: [g]", true);
    same("file: mixed.csv, target: y, missing: mean, weight: w, split: {group: g}", false);
    same("file: mixed.csv, target: c, missing: constant, missing_value: 3, normalize: minmax, time: n, split: {method: time}, drop: g",
         true);
    same("file: mixed.csv, target: [b, c], missing: drop, normalize: none, drop: [g, y], normalize_target: robust", false);
    same("file: mixed.csv, target: y, missing: mean, drop: g, limit: 300, split: {method: kfold, folds: 4, fold: 2}", true);
    same("file: mixed.csv, target: y, missing: mean, drop: g, skip_rows: 0, types: {a: category, b: category}, max_categories: 5000",
         false);
    same("file: mixed.csv, target: y, missing: mean, drop: g, classes: [up, down], shuffle: false", true);
    same("file: mixed.csv, test_file: test.csv, target: y, missing: drop, drop: g", true);
    same("file: wide.csv, target: y, missing: drop, drop: [g, word]", false);
    same("file: [mixed.csv, test.csv, wide.csv], target: y, missing: drop, drop: g", true);
}

/* Files where a piece's end falls on each byte of a line end, and files without a line of names. */
static void pieces_end_anywhere(void **state)
{
    (void)state;
    enum { PIECE = 1 << 20 };
    for (int shift = 0; shift < 12; shift++) {
        char *text = malloc(PIECE + 4096);
        size_t used = 0;
        while (used < PIECE - 40) used += (size_t)sprintf(text + used, "%zu,1.5,x\r\n", used % 977);
        memset(text + used, '7', 80);
        used = (size_t)(PIECE - 20 + shift);
        used += (size_t)sprintf(text + used, ",2.5,\"y\r\nz\"\r\n\r\n");
        for (int i = 0; i < 60; i++) used += (size_t)sprintf(text + used, "%d,3.5,x\r\n", i);
        files_write(folder, "shift.csv", text, used - (size_t)(shift % 3));
        free(text);
        same("file: shift.csv, target: 1, task: regression, drop: [0]", false);
    }
}

static void refused(const char *settings, tl_status status, const char *part)
{
    tl_dataset *d = NULL;
    tl_error error = {0};
    size_t before = context.heap.in_use;
    tl_status got = load(settings, true, &d, &error);
    if (got != status || !strstr(error.message, part)) fail_msg("%s: status %d: %s", settings, (int)got, error.message);
    assert_int_equal(context.heap.in_use, before);
    assert_int_equal(files_count(files_path(folder, "rows"), ".tmp-"), 0);
}

static void what_cannot_be_streamed_is_refused(void **state)
{
    (void)state;
    make_csv("mixed.csv", 100, false);
    files_text(folder, "rows.json", "[{\"a\": 1, \"y\": 2}]");
    files_write(folder, "rows.csv.gz", "\x1f\x8b\x08\0\0\0\0\0\0\3\3\0\0\0\0\0\0\0\0\0", 20);
    files_text(folder, "empty.csv", "");
    files_text(folder, "names.csv", "a,b,c\n");
    files_text(folder, "ragged.csv", "a,b\n1,2\n3\n");
    files_text(folder, "other.csv", "a,x,c\n1,2,3\n");
    files_text(folder, "quote.csv", "a,b\n1,2\n3,\"x\n");
    refused("file: mixed.csv, target: y, normalize: robust", TL_UNSUPPORTED, "use standard or minmax");
    refused("file: mixed.csv, target: y, missing: median", TL_UNSUPPORTED, "use mean, drop or constant");
    refused("file: mixed.csv, target: y, missing: forward", TL_UNSUPPORTED, "data.streaming: false");
    refused("file: rows.json, target: y", TL_UNSUPPORTED, "only csv, npy and idx files can be streamed, and this is json");
    refused("file: rows.csv.gz, target: y", TL_UNSUPPORTED, "unpack it first");
    refused("file: {images: mixed.csv, labels: mixed.csv}, target: y", TL_UNSUPPORTED,
            "only npy and idx files can be streamed as a pair, and this is csv");
    refused("file: [mixed.csv, ragged.csv], target: y, missing: drop", TL_BAD_FILE, "this row has 2 cells but the first one has 9");
    refused("file: [names.csv, other.csv], target: c, header: true", TL_BAD_DATA, "column 1 is not 'b' as in 'names.csv'");
    refused("file: [mixed.csv, none.csv], target: y, missing: drop", TL_NOT_FOUND, "none.csv");
    refused("file: none.csv, target: y", TL_NOT_FOUND, "no such file");
    refused("file: empty.csv, target: y", TL_BAD_FILE, "the file is empty");
    refused("file: names.csv, target: c, header: true", TL_BAD_FILE, "no rows");
    refused("file: ragged.csv", TL_BAD_FILE, "this row has 1 cell");
    refused("file: quote.csv", TL_BAD_FILE, "never closed");
    refused("file: mixed.csv, target: y", TL_BAD_DATA, "has no value");
    refused("file: mixed.csv, target: nothing, missing: drop", TL_NOT_FOUND, "data.target");
}

/* auto streams by the size of the files and the limit, nothing else. */
static void the_size_decides(void **state)
{
    (void)state;
    static const struct { const char *more; bool streams; } cases[] = {
        {"", false}, {", memory_limit: 1", true}, {", memory_limit: 3", false}, {", memory_limit: 1, streaming: false", false}};
    make_csv("large.csv", 4000, true);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[1200];
        data_settings bound;
        tl_dataset *d;
        tl_error error = {0};
        snprintf(text, sizeof text, "file: large.csv, target: y, missing: drop, drop: [g, word], cache_folder: '%s/rows'%s",
                 folder, cases[i].more);
        assert_int_equal(data_settings_make(&context, text, &bound), TL_OK);
        if (tl__dataset_load(&context, &bound.block, folder, 1, &d, &error) != TL_OK) fail_msg("%s", error.message);
        assert_int_equal(d->source[0].table->store != NULL, cases[i].streams);
        assert_int_equal(d->shuffle_block > 0, cases[i].streams);
        tl_dataset_free(d);
        data_settings_end(&bound);
    }
}

/* ---- arrays ---- */

/* An npy file with elements from a generator: bytes of `size`, as this machine has them. */
static void make_npy(const char *name, char kind, int size, const size_t *shape, int dims)
{
    tl__buffer out;
    size_t count = 1;
    uint32_t state = 9;
    tl__buffer_init(&out, &context.heap);
    tl__npy_put_header(&out, kind, size, shape, dims);
    for (int i = 0; i < dims; i++) count *= shape[i];
    for (size_t i = 0; i < count; i++) {
        state = state * 1664525u + 1013904223u;
        uint8_t byte = (uint8_t)(state >> 24);
        int32_t whole = (int32_t)(state >> 20) - 1000;
        float number = (float)(state >> 8) / 1048576;
        double wide = (double)state / 1e7;
        uint32_t nan = state & 1 ? 0x7f800001u : 0xffc00123u;    /* one that signals, one with a sign */
        if (kind == 'f' && size == 4 && i % 97 == 5) memcpy(&number, &nan, 4);
        if (kind == 'f' && size == 8 && i % 89 == 3) wide = (double)NAN;
        const void *from = size == 8 ? (const void *)&wide : size == 1 ? (const void *)&byte
                           : kind == 'f' ? (const void *)&number : (const void *)&whole;
        tl__buffer_add(&out, from, (size_t)size);
    }
    files_write(folder, name, out.data, out.size);
    tl__buffer_free(&out);
}

static void make_labels(const char *name, size_t rows)
{
    tl__buffer out;
    int64_t label;
    tl__buffer_init(&out, &context.heap);
    tl__npy_put_header(&out, 'i', 8, &rows, 1);
    for (size_t i = 0; i < rows; i++) label = (int64_t)(i * i % 7 % 3), tl__buffer_add(&out, &label, 8);
    files_write(folder, name, out.data, out.size);
    tl__buffer_free(&out);
}

/* IDX of bytes; labels: of one dimension, below 5. */
static void make_idx(const char *name, size_t rows, bool labels)
{
    size_t head = labels ? 8 : 16, size = head + rows * (labels ? 1 : 15);
    unsigned char *bytes = calloc(size, 1);
    bytes[2] = 8;
    bytes[3] = labels ? 1 : 3;
    bytes[6] = (unsigned char)(rows >> 8);
    bytes[7] = (unsigned char)rows;
    if (!labels) bytes[11] = 5, bytes[15] = 3;
    for (size_t i = head; i < size; i++) bytes[i] = (unsigned char)(labels ? i * i % 5 : i * i * 31 >> 3);
    files_write(folder, name, bytes, size);
    free(bytes);
}

static void make_arrays(size_t rows)
{
    make_npy("f4.npy", 'f', 4, (size_t[]){rows, 9}, 2);
    make_npy("f8.npy", 'f', 8, (size_t[]){rows, 7}, 2);
    make_npy("i4.npy", 'i', 4, (size_t[]){rows, 5}, 2);
    make_npy("u1.npy", 'u', 1, (size_t[]){rows, 6}, 2);
    make_npy("images.npy", 'u', 1, (size_t[]){rows, 6, 4}, 3);
    make_npy("floats.npy", 'f', 4, (size_t[]){rows, 4, 2, 3}, 4);
    make_labels("labels.npy", rows);
    make_idx("images.idx", rows, false);
    make_idx("labels.idx", rows, true);
}

static void arrays_are_read_where_they_lie(void **state)
{
    (void)state;
    make_arrays(700);
    same("file: f4.npy, target: -1, task: regression, missing: mean, drop: [2]", true);
    same("file: f4.npy, target: [0, 3], task: regression, missing: drop, normalize: minmax, limit: 450", true);
    same("file: f8.npy, target: 2, task: regression, missing: drop", true);
    same("file: i4.npy, target: 0, task: regression, shuffle: false", true);
    same("file: u1.npy, target: -1, task: regression, weight: 4, split: {method: time}, time: 1", true);
    same("file: u1.npy, target: -1, task: regression, split: {method: kfold, folds: 4, fold: 1}", false);
    same("file: {images: images.npy, labels: labels.npy}, target: label", true);
    same("file: {images: floats.npy, labels: labels.npy}, target: label, missing: drop", false);
    same("file: {images: images.idx, labels: labels.idx}, target: label, normalize: minmax", true);
    same("file: {images: images.idx, labels: labels.npy}, target: label, normalize: none", false);
    same("file: {images: u1.npy, labels: labels.npy}, target: 1, task: regression", true);    /* the labels are an input */
    same("file: {images: f4.npy, labels: labels.idx}, test_file: {images: f4.npy, labels: labels.idx}, target: label, "
         "missing: mean", false);
    /* rows larger than one read */
    static const char wide[] = "file: {images: wide.npy, labels: twenty.npy}, target: label, missing: constant, missing_value: 1";
    make_npy("wide.npy", 'f', 4, (size_t[]){20, 700, 100}, 3);
    make_labels("twenty.npy", 20);
    tl_dataset *a, *b;
    assert_int_equal(load(wide, false, &a, NULL), TL_OK);
    assert_int_equal(load(wide, true, &b, NULL), TL_OK);
    assert_string_equal(a->hash, b->hash);
    size_t n, m;
    float *x = epoch(a, 3, 5, true, 0, 1, 0, &n), *y = epoch(b, 3, 5, true, 0, 1, 0, &m);
    assert_int_equal(n, m);
    assert_memory_equal(x, y, n * sizeof *x);
    free(x), free(y);
    tl_dataset_free(a);
    tl_dataset_free(b);
    assert_int_equal(files_count(files_path(folder, "rows"), ".npy"), 0);
    assert_int_equal(files_count(files_path(folder, "rows"), ".idx"), 0);
}

static void patch(const char *name, long at, const char *bytes, size_t size)
{
    FILE *file = fopen(files_path(folder, name), "r+b");
    assert_int_equal(fseek(file, at, SEEK_SET), 0);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    fclose(file);
}

static void arrays_that_cannot_be_streamed_are_refused(void **state)
{
    (void)state;
    static const char pair[] = "file: {images: images.npy, labels: labels.npy}, target: label";
    make_arrays(60);
    make_npy("i8.npy", 'i', 8, (size_t[]){60, 3}, 2);
    make_npy("none.npy", 'f', 4, (size_t[]){0, 3}, 2);
    make_npy("narrow.npy", 'f', 4, (size_t[]){3, 0}, 2);
    make_labels("few.npy", 59);
    files_write(folder, "packed.npy.gz", "\x1f\x8b\x08\0\0\0\0\0\0\3\3\0\0\0\0\0\0\0\0\0", 20);
    files_text(folder, "empty.npy", "");
    refused("file: i8.npy, target: 0", TL_UNSUPPORTED, "only npy files of uint8, int32, float32 or float64 in C order");
    refused("file: none.npy, target: 0", TL_BAD_DATA, "there are no rows");
    refused("file: narrow.npy, target: 0", TL_BAD_DATA, "there are no rows");
    refused("file: empty.npy, target: 0", TL_BAD_FILE, "the file is empty");
    refused("file: packed.npy.gz, target: 0", TL_UNSUPPORTED, "unpack it first");
    refused("file: {images: packed.npy.gz, labels: labels.npy}, target: label", TL_UNSUPPORTED, "unpack it first");
    refused("file: {images: images.npy, labels: few.npy}, target: label", TL_BAD_DATA, "there are 59 labels but 60 images");
    refused("file: {images: images.npy, labels: none.idx}, target: label", TL_NOT_FOUND, "no such file");
    refused("file: {images: images.npy, labels: u1.npy}, target: label", TL_BAD_DATA, "one number per image");
    refused("file: [u1.npy, u1.npy], target: 0", TL_UNSUPPORTED, "only csv files can be streamed as a list");
    refused("file: {images: images.npy}, target: 0", TL_UNSUPPORTED, "a pair {images: file, labels: file}");
    refused("file: f4.npy, target: -1, task: regression", TL_BAD_DATA, "has no value");
    patch("i4.npy", 6, "\1\0\xff\xff", 4);
    refused("file: i4.npy, target: 0", TL_BAD_FILE, "it ends inside its header");
    patch("u1.npy", 21, ">", 1);    /* one byte has no order */
    same("file: u1.npy, target: 0, task: regression", false);
    patch("f8.npy", 21, ">", 1);
    refused("file: f8.npy, target: 0", TL_UNSUPPORTED, "in C order");
    patch("images.idx", 2, "\x09", 1);
    refused("file: {images: images.idx, labels: labels.idx}, target: label", TL_UNSUPPORTED, "only IDX files of bytes");
    patch("images.idx", 2, "\x08", 1);
    patch("images.idx", 4, "\xff", 1);
    refused("file: {images: images.idx, labels: labels.idx}, target: label", TL_BAD_FILE, "more bytes than the 900");
    for (long size = 1440 + 127; size > 0; size -= size > 140 ? 93 : 7) {
        tl_dataset *d;
        assert_int_equal(truncate(files_path(folder, "images.npy"), size), 0);
        assert_int_equal(load(pair, true, &d, NULL), TL_BAD_FILE);
    }
    make_arrays(60);
    patch("images.npy", 128 + 1440, "x", 1);
    refused(pair, TL_BAD_FILE, "asks for fewer bytes than the 1441");
    /* an infinite value, and one that is infinite as a float, are told with their row */
    double wide = 1e300;
    patch("f8.npy", 128 + 8 * (7 * 31 + 2), (const char *)&wide, 8);
    refused("file: f8.npy, target: 0, task: regression, missing: mean", TL_BAD_DATA, "in row 31");
}

static void an_array_that_changes_in_use_is_told(void **state)
{
    (void)state;
    tl_dataset *d;
    tl_error error = {0};
    tl__batches *batches;
    tl__batch_options options = {.part = TL_TRAIN, .batch_size = 8, .shuffle = true, .shuffle_block = 32};
    make_arrays(300);
    if (load("file: {images: images.npy, labels: labels.npy}, target: label", true, &d, &error)) fail_msg("%s", error.message);
    assert_int_equal(tl__batches_new(d, &options, &batches, &error), TL_OK);
    assert_non_null(tl__batches_next(batches));
    assert_int_equal(truncate(files_path(folder, "images.npy"), 1000), 0);
    while (tl__batches_next(batches)) { }
    assert_int_equal(tl__batches_failure(batches, &error), TL_BAD_DATA);
    assert_non_null(strstr(error.message, "was changed while it was in use"));
    tl__batches_free(batches);
    tl_dataset_free(d);
}

/* ---- the file of rows ---- */

static const char *const plain = "file: cached.csv, target: y, missing: drop, drop: g";

static const char *named_file(const char *begin)
{
    static char path[600];
    char name[300];
    char command[600];
    snprintf(command, sizeof command, "ls '%s/rows' | grep '^%s'", folder, begin);
    assert_int_equal(files_run(command, name, sizeof name), 0);
    name[strcspn(name, "\n")] = '\0';
    snprintf(path, sizeof path, "%s/rows/%s", folder, name);
    return path;
}

static const char *only_file(void) { return named_file("cached"); }

static char *load_hash(void)
{
    tl_dataset *d;
    tl_error error = {0};
    if (load(plain, true, &d, &error) != TL_OK) fail_msg("%s", error.message);
    char *hash = strdup(d->hash);
    tl_dataset_free(d);
    return hash;
}

static void it_is_used_again(void **state)
{
    (void)state;
    struct stat first, second;
    make_csv("cached.csv", 300, false);
    char *hash = load_hash(), *again = load_hash();
    assert_string_equal(hash, again);
    free(again);
    assert_int_equal(stat(only_file(), &first), 0);
    again = load_hash();
    assert_int_equal(stat(only_file(), &second), 0);
    assert_int_equal(first.st_ino, second.st_ino);
    free(again);
    make_csv("cached.csv", 301, false);    /* another source: made again, in its place */
    again = load_hash();
    assert_string_not_equal(hash, again);
    assert_int_equal(files_count(files_path(folder, "rows"), "cached"), 1);
    free(hash), free(again);
}

/* Cut off anywhere or changed anywhere, it is told from a whole one and made again. */
static void damage_is_seen(void **state)
{
    (void)state;
    size_t size;
    make_csv("cached.csv", 60, false);
    char *hash = load_hash(), path[600], *bytes;
    snprintf(path, sizeof path, "%s", only_file());
    bytes = files_read(path, &size);
    for (size_t cut = 0; cut < size; cut += cut < 200 || cut + 200 > size ? 1 : 97) {
        FILE *file = fopen(path, "wb");
        assert_int_equal(fwrite(bytes, 1, cut, file), cut);
        fclose(file);
        char *again = load_hash();
        assert_string_equal(again, hash);
        free(again);
    }
    for (size_t at = 0; at < size; at += 3) {
        if (at >= 16 && at < 64) continue;    /* zeros that mean nothing */
        bytes[at] = (char)(bytes[at] ^ 0x55);
        FILE *file = fopen(path, "wb");
        assert_int_equal(fwrite(bytes, 1, size, file), size);
        fclose(file);
        bytes[at] = (char)(bytes[at] ^ 0x55);
        char *again = load_hash();
        assert_string_equal(again, hash);
        free(again);
    }
    free(bytes), free(hash);
}

static void a_change_in_use_is_told(void **state)
{
    (void)state;
    tl_dataset *d;
    tl_error error = {0};
    tl__batches *batches;
    tl__batch_options options = {.part = TL_TRAIN, .batch_size = 8, .shuffle = true, .shuffle_block = 32};
    make_csv("cached.csv", 300, false);
    if (load(plain, true, &d, &error) != TL_OK) fail_msg("%s", error.message);
    assert_int_equal(tl__batches_new(d, &options, &batches, &error), TL_OK);
    assert_non_null(tl__batches_next(batches));
    FILE *file = fopen(only_file(), "ab");
    fputc('x', file);
    fclose(file);
    while (tl__batches_next(batches)) { }
    assert_int_equal(tl__batches_failure(batches, &error), TL_BAD_DATA);
    assert_non_null(strstr(error.message, "was changed while it was in use"));
    tl__batches_free(batches);
    tl_dataset_free(d);
    unlink(only_file());
}

/* The report reads the rows too, and says what kept it from that. */
static void a_report_that_cannot_be_read_is_told(void **state)
{
    (void)state;
    tl_dataset *d;
    tl_error error = {0};
    tl__tree *tree;
    tl__builder builder;
    tl_value *report;
    data_settings bound;
    make_csv("cached.csv", 300, false);
    if (load(plain, true, &d, &error) != TL_OK) fail_msg("%s", error.message);
    assert_int_equal(truncate(only_file(), 500), 0);
    assert_int_equal(data_settings_make(&context, plain, &bound), TL_OK);
    assert_int_equal(tl__tree_new(&context.heap, NULL, &tree), TL_OK);
    tl__builder_init(&builder, tree);
    assert_int_equal(tl__dataset_report(&builder, NULL, NULL, d, &bound.block, &report, &error), TL_BAD_DATA);
    assert_non_null(strstr(error.message, "was changed while it was in use"));
    tl__tree_free(tree);
    data_settings_end(&bound);
    tl_dataset_free(d);
    unlink(only_file());
}

/* Batches so large that a thread makes them. */
static void the_thread_makes_the_same_batches(void **state)
{
    (void)state;
    enum { ROWS = 4000, COLUMNS = 40 };
    static const struct { size_t size, block; bool shuffle; size_t first; } cases[] = {
        {820, 500, true, 0}, {900, 2000, true, 2}, {850, 100000, true, 0}, {1000, 777, true, 1}, {820, 0, false, 0}};
    char *text = malloc(ROWS * (COLUMNS + 1) * 12);
    size_t used = 0;
    for (unsigned i = 0, r = 1; i < ROWS; i++) {
        for (int k = 0; k < COLUMNS; k++, r = r * 1103515245u + 12345u)
            used += (size_t)sprintf(text + used, "%.2f,", (double)(r >> 16) / 100);
        used += (size_t)sprintf(text + used, "%u\n", i % 3);
    }
    files_write(folder, "many.csv", text, used);
    free(text);
    tl_dataset *a = NULL, *b = NULL;
    tl_error error = {0};
    static const char settings[] = "file: many.csv, target: -1, task: classification, split: {validation: 0, test: 0.05}";
    if (load(settings, false, &a, &error) != TL_OK) fail_msg("%s", error.message);
    if (load(settings, true, &b, &error) != TL_OK) fail_msg("%s", error.message);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        tl__batch_options options = {.part = TL_TRAIN, .batch_size = cases[i].size, .shuffle = cases[i].shuffle,
                                     .shuffle_block = cases[i].block};
        size_t n, m, alone = tl__batches_bytes(b, &options);
        float *x = epoch(a, cases[i].size, cases[i].block, cases[i].shuffle, 0, 4, cases[i].first, &n);
        context.threads = 2;
        options.workers = 1;
        assert_true(tl__batches_bytes(b, &options) > alone);    /* it has a thread */
        float *y = epoch(b, cases[i].size, cases[i].block, cases[i].shuffle, 1, 4, cases[i].first, &m);
        context.threads = 1;
        assert_int_equal(n, m);
        assert_memory_equal(x, y, n * sizeof *x);
        free(x), free(y);
    }
    /* what the thread cannot read is told by the batch that lacks it */
    tl__batches *batches;
    tl__batch_options options = {.part = TL_TRAIN, .batch_size = 820, .shuffle = true, .shuffle_block = 500, .workers = 1};
    context.threads = 2;
    assert_int_equal(tl__batches_new(b, &options, &batches, &error), TL_OK);
    assert_non_null(tl__batches_next(batches));
    FILE *file = fopen(named_file("many"), "ab");
    fputc('x', file);
    fclose(file);
    while (tl__batches_next(batches)) { }
    assert_int_equal(tl__batches_failure(batches, &error), TL_BAD_DATA);
    assert_non_null(strstr(error.message, "was changed while it was in use"));
    tl__batches_free(batches);
    context.threads = 1;
    unlink(named_file("many"));
    tl_dataset_free(a);
    tl_dataset_free(b);
}

/* An allocator that changes the source before the allocation with this number. */
typedef struct changing {
    size_t asked, change_at;
    int how;                       /* 0: a row more; 1: only another time; 2: cut off inside a row */
    bool changed, writing;         /* writing: a file of rows was begun then */
} changing;

static void *changing_resize(void *user, void *block, size_t old_size, size_t new_size)
{
    changing *state = user;
    (void)old_size;
    if (new_size == 0) {
        free(block);
        return NULL;
    }
    if (++state->asked == state->change_at) {
        char path[300];
        snprintf(path, sizeof path, "%s", files_path(folder, "changing.csv"));
        struct timespec times[2] = {{1000, 0}, {1000, 0}};
        FILE *file = state->how ? NULL : fopen(path, "ab");
        if (file) fputs("1,2,3,red,2024-01-11,1,p1,1,up\n", file), fclose(file);
        if (state->how == 1) utimensat(AT_FDCWD, path, times, 0);
        if (state->how == 2) assert_int_equal(truncate(path, 2000), 0);
        state->changed = true;
        state->writing = files_count(files_path(folder, "rows"), ".tmp-") > 0;
    }
    return realloc(block, new_size);
}

/* Whenever the source changes, the rows are those of one state of it, or the change is told and nothing is left. */
static void a_source_that_changes_is_told(void **state)
{
    (void)state;
    enum { ROWS = 40 };
    size_t told[3] = {0}, told_late[3] = {0};
    char rows[300];
    snprintf(rows, sizeof rows, "%s/rows", folder);
    for (int how = 0; how < 3; how++) {
        changing change = {.how = how};
        do {
            tl_allocator allocator = {changing_resize, &change};
            tl_context kept = context;
            tl_dataset *d = NULL;
            tl_error error = {0};
            make_csv("changing.csv", ROWS, false);
            change = (changing){.change_at = change.change_at + 1, .how = how};
            tl__heap_init(&context.heap, &allocator, 0);
            tl_status status = load("file: changing.csv, target: y, missing: drop, drop: g", true, &d, &error);
            size_t read = status == TL_OK ? d->source[0].table->rows : 0;
            tl_dataset_free(d);
            assert_int_equal(context.heap.in_use, 0);
            context = kept;
            assert_int_equal(files_count(rows, ".tmp-"), 0);
            if (status == TL_OK) {
                assert_true(how == 2 || read == ROWS || read == ROWS + 1);
                unlink(named_file("changing"));
                continue;
            }
            assert_int_equal(files_count(rows, "changing"), 0);
            bool tells = status == TL_BAD_DATA && strstr(error.message, "was changed while it was read") &&
                         !strchr(error.message, '\n');
            if (!tells && how < 2) fail_msg("%d, %zu: %s", how, change.change_at, error.message);
            told[how] += tells;
            told_late[how] += tells && change.writing;
        } while (change.changed);
        assert_true(told[how] > 5 && told_late[how] > 0);
    }
}

/* In a child with a limit on the size of files, as a full disk; and without the right to write. */
static int child(void (*prepare)(void), const char *part)
{
    pid_t pid = fork();
    if (pid == 0) {
        tl_dataset *d = NULL;
        tl_error error = {0};
        prepare();
        tl_status status = load(plain, true, &d, &error);
        _exit(status == TL_IO && strstr(error.message, part) ? 0 : 1);
    }
    int status;
    waitpid(pid, &status, 0);
    return status;
}

static void small_files_only(void)
{
    struct rlimit limit = {5000, 5000};
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &limit);
}

static void nobody(void)
{
    if (geteuid() == 0 && setuid(65534) != 0) _exit(2);
}

static void a_full_disk_and_a_closed_folder_are_told(void **state)
{
    (void)state;
    char rows[300];
    make_csv("cached.csv", 900, false);
    snprintf(rows, sizeof rows, "%s/rows", folder);
    chmod(folder, 0755);
    mkdir(rows, 0755);
    assert_int_equal(child(small_files_only, "free some space"), 0);
    assert_int_equal(files_count(rows, "cached"), 0);
    chmod(rows, 0500);
    assert_int_equal(child(nobody, "permission denied"), 0);
    chmod(rows, 0755);
}

/* Killed at any time while the file of rows is made, a later run makes it and removes what was left. */
static void a_kill_leaves_nothing(void **state)
{
    (void)state;
    char rows[300];
    make_csv("cached.csv", 6000, false);
    snprintf(rows, sizeof rows, "%s/rows", folder);
    char *hash = load_hash();
    for (int i = 0; i < 20; i++) {
        unlink(only_file());
        pid_t pid = fork();
        if (pid == 0) {
            free(load_hash());
            _exit(0);
        }
        usleep((unsigned)i * 700);
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        char *again = load_hash();
        assert_string_equal(again, hash);
        free(again);
        if (files_count(rows, ".tmp-") != 0) {    /* the file was whole, so nobody cleaned: the next that is made does */
            unlink(only_file());
            free(load_hash());
        }
        assert_int_equal(files_count(rows, ".tmp-"), 0);
    }
    free(hash);
}

static tl_status scenario(tl__heap *heap, void *settings)
{
    tl_context own = context;
    tl_dataset *d = NULL;
    tl__batches *batches = NULL;
    tl__batch_options options = {.part = TL_TRAIN, .batch_size = 8, .shuffle = true, .shuffle_block = 32};
    own.heap = *heap;
    tl_context kept = context;
    context = own;
    tl_status status = load(settings, true, &d, NULL);
    if (status == TL_OK) status = tl__batches_new(d, &options, &batches, NULL);
    while (status == TL_OK && tl__batches_next(batches)) { }
    if (status == TL_OK) status = tl__batches_failure(batches, NULL);
    tl__batches_free(batches);
    tl_dataset_free(d);
    *heap = context.heap;
    context = kept;
    return status;
}

static tl_status scenario_afresh(tl__heap *heap, void *settings)
{
    char command[600];
    snprintf(command, sizeof command, "rm -f '%s'/rows/oom*", folder);
    assert_int_equal(files_run(command, NULL, 0), 0);
    return scenario(heap, settings);
}

static void out_of_memory(void **state)
{
    (void)state;
    make_csv("oom.csv", 40, false);
    static char rows[] = "file: oom.csv, target: y, missing: drop, drop: g";
    static char pair[] = "file: {images: images.idx, labels: labels.npy}, target: label";
    assert_true(failing_sweep(scenario_afresh, rows) > 40);
    assert_true(failing_sweep(scenario, rows) > 20);
    make_arrays(40);
    assert_true(failing_sweep(scenario, pair) > 20);
}

static int begin(void **state)
{
    (void)state;
    files_begin(folder);
    data_context(&context);
    return 0;
}

static int end(void **state)
{
    (void)state;
    files_end(folder);
    data_context_end(&context);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(streamed_data_is_the_data),
        cmocka_unit_test(pieces_end_anywhere),
        cmocka_unit_test(what_cannot_be_streamed_is_refused),
        cmocka_unit_test(the_size_decides),
        cmocka_unit_test(arrays_are_read_where_they_lie),
        cmocka_unit_test(arrays_that_cannot_be_streamed_are_refused),
        cmocka_unit_test(an_array_that_changes_in_use_is_told),
        cmocka_unit_test(it_is_used_again),
        cmocka_unit_test(damage_is_seen),
        cmocka_unit_test(a_change_in_use_is_told),
        cmocka_unit_test(a_report_that_cannot_be_read_is_told),
        cmocka_unit_test(the_thread_makes_the_same_batches),
        cmocka_unit_test(a_source_that_changes_is_told),
        cmocka_unit_test(a_full_disk_and_a_closed_folder_are_told),
        cmocka_unit_test(a_kill_leaves_nothing),
        cmocka_unit_test(out_of_memory),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
