/* The shared part of the tests of streamed data. */
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
#include "support/streamed.h"
#include "support/failing.h"
#include "support/files.h"
#include "text/npy.h"
#include "text/yaml.h"

tl_context streamed_context;
char streamed_folder[256];
#define context streamed_context
#define folder streamed_folder

/* Every type, quotes with line ends, missing cells, empty lines; `wide`: cells so long that pieces end inside rows. */
void streamed_make_csv(const char *name, size_t rows, bool wide)
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

tl_status streamed_load(const char *settings, bool stream, tl_dataset **out, tl_error *error)
{
    char all[1500];
    data_settings bound;
    snprintf(all, sizeof all, "%s, streaming: %s, cache_folder: '%s/rows'", settings, stream ? "true" : "false", folder);
    TL_TRY(data_settings_make(&context, all, &bound));
    tl_status status = tl__dataset_load(&context, &bound.block, folder, 9, out, error);
    data_settings_end(&bound);
    return status;
}

void streamed_same_part(const tl_dataset *a, const tl_dataset *b, tl_part part)
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
float *streamed_epoch(const tl_dataset *d, size_t size, size_t block, bool shuffle, int workers, uint32_t number, size_t first,
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

void streamed_same_batches(const tl_dataset *a, const tl_dataset *b)
{
    static const struct { size_t size, block; bool shuffle; size_t first; } cases[] = {
        {1, 20, true, 0}, {7, 64, true, 0}, {32, 100, true, 3}, {64, 33, true, 0}, {100, 0, true, 0}, {50, 5000, true, 2},
        {333, 160, true, 1}, {25, 0, false, 0}, {16, 16, true, 5}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (int workers = 0; workers < 2; workers++) {
            size_t n, m;
            context.threads = workers + 1;
            float *x = streamed_epoch(a, cases[i].size, cases[i].block, cases[i].shuffle, workers, 4, cases[i].first, &n);
            float *y = streamed_epoch(b, cases[i].size, cases[i].block, cases[i].shuffle, workers, 4, cases[i].first, &m);
            assert_int_equal(n, m);
            assert_memory_equal(x, y, n * sizeof *x);
            free(x), free(y);
        }
    }
    context.threads = 1;
}

void streamed_same(const char *settings, bool batches)
{
    tl_dataset *a = NULL, *b = NULL;
    tl_error error = {0};
    size_t before = context.heap.in_use;
    if (streamed_load(settings, false, &a, &error) != TL_OK) fail_msg("%s: %s", settings, error.message);
    if (streamed_load(settings, true, &b, &error) != TL_OK) fail_msg("%s, streamed: %s", settings, error.message);
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
        streamed_same_part(a, b, (tl_part)part);
    }
    if (batches) streamed_same_batches(a, b);
    tl_dataset_free(a);
    tl_dataset_free(b);
    assert_int_equal(context.heap.in_use, before);
}

void streamed_refused(const char *settings, tl_status status, const char *part)
{
    tl_dataset *d = NULL;
    tl_error error = {0};
    size_t before = context.heap.in_use;
    tl_status got = streamed_load(settings, true, &d, &error);
    if (got != status || !strstr(error.message, part)) fail_msg("%s: status %d: %s", settings, (int)got, error.message);
    assert_int_equal(context.heap.in_use, before);
    assert_int_equal(files_count(files_path(folder, "rows"), ".tmp-"), 0);
}

int streamed_begin(void **state)
{
    (void)state;
    files_begin(folder);
    data_context(&context);
    return 0;
}

int streamed_end(void **state)
{
    (void)state;
    files_end(folder);
    data_context_end(&context);
    return 0;
}

/* An npy file with elements from a generator: bytes of `size`, as this machine has them. */
void streamed_make_npy(const char *name, char kind, int size, const size_t *shape, int dims)
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

void streamed_make_labels(const char *name, size_t rows)
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
void streamed_make_idx(const char *name, size_t rows, bool labels)
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

void streamed_make_arrays(size_t rows)
{
    streamed_make_npy("f4.npy", 'f', 4, (size_t[]){rows, 9}, 2);
    streamed_make_npy("f8.npy", 'f', 8, (size_t[]){rows, 7}, 2);
    streamed_make_npy("i4.npy", 'i', 4, (size_t[]){rows, 5}, 2);
    streamed_make_npy("u1.npy", 'u', 1, (size_t[]){rows, 6}, 2);
    streamed_make_npy("images.npy", 'u', 1, (size_t[]){rows, 6, 4}, 3);
    streamed_make_npy("floats.npy", 'f', 4, (size_t[]){rows, 4, 2, 3}, 4);
    streamed_make_labels("labels.npy", rows);
    streamed_make_idx("images.idx", rows, false);
    streamed_make_idx("labels.idx", rows, true);
}
