/* Batches: every row once an epoch, the same order for the same seed and epoch, with and without a thread or a copy, from
 * any batch on; and exactly the memory that was announced. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "data/batch.h"
#include "support/data.h"
#include "support/failing.h"

enum { ROWS = 103, WIDE = 200 };

static tl_context context;

/* a is the row's number, the target twice that. */
static tl_dataset *numbered(bool classes)
{
    char text[8192] = "a,w,y\n";
    for (int i = 0; i < ROWS; i++) {
        char line[64];
        snprintf(line, sizeof line, classes ? "%d,%d,c%d\n" : "%d,%d,%d.5\n", i, i + 1, classes ? i % 3 : 2 * i);
        strcat(text, line);
    }
    tl_dataset *d = NULL;
    tl_error error = {0};
    if (data_set(&context, text, "normalize: none, normalize_target: none, weight: w, split: {validation: 0, test: 0}", &d, &error)) {
        fail_msg("%s", error.message);
    }
    return d;
}

static void every_row_comes_once(void **state)
{
    (void)state;
    for (int classes = 0; classes < 2; classes++) {
        tl_dataset *d = numbered(classes);
        tl__batch_options options = {.part = TL_TRAIN, .batch_size = 10, .shuffle = true, .cache_bytes = classes ? 1 << 20 : 0};
        size_t before = context.heap.in_use, bytes = tl__batches_bytes(d, &options);
        tl__batches *batches;
        assert_int_equal(tl__batches_new(d, &options, &batches, NULL), TL_OK);
        assert_int_equal(context.heap.in_use - before, bytes);
        assert_int_equal(tl__batches_count(batches), 11);
        size_t calls = context.heap.calls;
        for (uint32_t epoch = 0; epoch < 3; epoch++) {
            unsigned char seen[ROWS] = {0};
            size_t rows = 0, number = 0;
            const tl__batch *batch;
            tl__batches_start(batches, epoch, 0);
            while ((batch = tl__batches_next(batches)) != NULL) {
                assert_int_equal(batch->first, number++ * 10);
                for (size_t i = 0; i < batch->rows; i++) {
                    size_t row = (size_t)batch->inputs[i];
                    seen[row]++;
                    assert_int_equal(tl__dataset_row_id(d, TL_TRAIN, batch->order[i]), row);
                    assert_true(batch->weights[i] == (float)(row + 1));
                    if (classes) assert_int_equal(batch->labels[i], row % 3);
                    else assert_true(batch->targets[i] == 2 * (float)row + 0.5f);
                }
                rows += batch->rows;
            }
            assert_int_equal(rows, ROWS);
            for (size_t i = 0; i < ROWS; i++) assert_int_equal(seen[i], 1);
            assert_null(tl__batches_next(batches));
        }
        assert_int_equal(context.heap.calls, calls);
        tl__batches_free(batches);
        tl_dataset_free(d);
    }
}

/* The first inputs of each batch of an epoch, from batch `first` on. */
static size_t record(const tl_dataset *d, const tl__batch_options *options, uint32_t epoch, size_t first, float *out)
{
    tl__batches *batches;
    const tl__batch *batch;
    size_t used = 0, features = tl_dataset_features(d);
    size_t before = context.heap.in_use, bytes = tl__batches_bytes(d, options);
    assert_int_equal(tl__batches_new(d, options, &batches, NULL), TL_OK);
    assert_int_equal(context.heap.in_use - before, bytes);
    tl__batches_start(batches, epoch + 1, 0);   /* another one first, left in the middle */
    assert_non_null(tl__batches_next(batches));
    tl__batches_start(batches, epoch, first);
    while ((batch = tl__batches_next(batches)) != NULL) {
        memcpy(out + used, batch->inputs, batch->rows * features * sizeof *out);
        used += batch->rows * features;
    }
    assert_true(tl__batches_waited(batches) >= 0);
    tl__batches_free(batches);
    assert_int_equal(context.heap.in_use, before);
    return used;
}

static void threads_and_copies_change_nothing(void **state)
{
    (void)state;
    static float inputs[ROWS * WIDE], targets[ROWS], plain[ROWS * WIDE], other[ROWS * WIDE];
    for (size_t i = 0; i < ROWS * WIDE; i++) inputs[i] = (float)(i * 7 % 1001);
    tl_dataset *d = NULL;
    tl_error error = {0};
    context.threads = 2;
    if (tl_dataset_from_arrays(&context, inputs, targets, ROWS, WIDE, 1, 0, "split: {validation: 0, test: 0}", &d, &error)) fail_msg("%s", error.message);
    for (size_t size = 7; size <= 200; size += 31) {
        tl__batch_options options = {.part = TL_TRAIN, .batch_size = size, .shuffle = true};
        size_t used = record(d, &options, 3, 0, plain);
        assert_int_equal(used, ROWS * WIDE);
        options.workers = 1;
        options.batch_size = size;
        assert_int_equal(record(d, &options, 3, 0, other), used);
        assert_memory_equal(plain, other, sizeof plain);
        options.cache_bytes = 1 << 20;
        assert_int_equal(record(d, &options, 3, 0, other), used);
        assert_memory_equal(plain, other, sizeof plain);
    }
    context.threads = 1;
    tl_dataset_free(d);
}

/* Batches large enough that a thread makes them. */
static void a_thread_makes_them_ahead(void **state)
{
    (void)state;
    enum { MANY = 4096, EACH = 16 };
    float *inputs = malloc(MANY * EACH * sizeof *inputs), *targets = calloc(MANY, sizeof *targets);
    float *plain = malloc(MANY * EACH * sizeof *plain), *other = malloc(MANY * EACH * sizeof *other);
    assert_true(inputs && targets && plain && other);
    for (size_t i = 0; i < MANY * EACH; i++) inputs[i] = (float)(i * 31 % 5003);
    tl_dataset *d = NULL;
    tl_error error = {0};
    context.threads = 2;
    if (tl_dataset_from_arrays(&context, inputs, targets, MANY, EACH, 1, 0, "split: {validation: 0, test: 0}", &d, &error)) fail_msg("%s", error.message);
    tl__batch_options options = {.part = TL_TRAIN, .batch_size = 2048, .shuffle = true};
    for (size_t size = 2048; size <= 3000; size += 317) {
        options.batch_size = size;
        options.workers = 0;
        size_t unthreaded = tl__batches_bytes(d, &options), used = record(d, &options, 5, 0, plain);
        options.workers = 4;
        assert_true(tl__batches_bytes(d, &options) > unthreaded);
        for (int again = 0; again < 5; again++) {
            memset(other, 0, MANY * EACH * sizeof *other);
            assert_int_equal(record(d, &options, 5, 0, other), used);
            assert_memory_equal(plain, other, used * sizeof *plain);
        }
        assert_int_equal(record(d, &options, 5, 1, other), used - size * EACH);
        assert_memory_equal(plain + size * EACH, other, (used - size * EACH) * sizeof *plain);
    }
    context.threads = 1;
    tl_dataset_free(d);
    free(inputs);
    free(targets);
    free(plain);
    free(other);
}

static void begins_anywhere(void **state)
{
    (void)state;
    tl_dataset *d = numbered(true);
    float whole[ROWS], rest[ROWS], next[ROWS];
    tl__batch_options options = {.part = TL_TRAIN, .batch_size = 10, .shuffle = true};
    size_t used = record(d, &options, 4, 0, whole);
    assert_int_equal(record(d, &options, 4, 3, rest), used - 30);
    assert_memory_equal(whole + 30, rest, (ROWS - 30) * sizeof *rest);
    assert_int_equal(record(d, &options, 4, 99, rest), 0);
    record(d, &options, 5, 0, next);
    assert_memory_not_equal(whole, next, sizeof next);
    options.drop_last = true;
    assert_int_equal(record(d, &options, 4, 0, rest), 100);
    options.shuffle = false;
    options.drop_last = false;
    record(d, &options, 4, 0, rest);
    for (size_t i = 0; i < ROWS; i++) assert_true(rest[i] == (float)i);
    options.cache_bytes = 1 << 20;
    record(d, &options, 4, 0, next);
    assert_memory_equal(rest, next, sizeof next);
    options.batch_size = 1000;
    record(d, &options, 4, 0, next);
    assert_memory_equal(rest, next, sizeof next);
    tl_dataset_free(d);
}

static void parts_without_rows_have_no_batches(void **state)
{
    (void)state;
    tl_dataset *d = numbered(true);
    tl__batches *batches;
    tl_error error = {0};
    tl__batch_options options = {.part = TL_TEST, .batch_size = 10, .shuffle = true};
    assert_int_equal(tl__batches_new(d, &options, &batches, NULL), TL_OK);
    assert_int_equal(tl__batches_count(batches), 0);
    assert_null(tl__batches_next(batches));
    tl__batches_free(batches);
    options.batch_size = 0;
    assert_int_equal(tl__batches_new(d, &options, &batches, &error), TL_INVALID);
    tl_dataset_free(d);
}

static tl_status batches_on(tl__heap *heap, void *user)
{
    tl_dataset *d = user;
    tl__heap saved = d->context->heap;
    tl__batches *batches = NULL;
    tl__batch_options options = {.part = TL_TRAIN, .batch_size = 40000, .shuffle = true, .workers = 1};
    d->context->heap = *heap;
    tl_status status = tl__batches_new(d, &options, &batches, NULL);
    tl__batches_free(batches);
    *heap = d->context->heap;
    d->context->heap = saved;
    return status;
}

static void runs_out_of_memory_cleanly(void **state)
{
    (void)state;
    float *inputs = calloc(50000, sizeof *inputs);
    tl_dataset *d = NULL;
    assert_non_null(inputs);
    context.threads = 2;
    assert_int_equal(tl_dataset_from_arrays(&context, inputs, inputs, 50000, 1, 1, 0, "split: {validation: 0, test: 0}", &d, NULL), TL_OK);
    assert_int_equal(failing_sweep(batches_on, d), 3);   /* the block and two events */
    context.threads = 1;
    tl_dataset_free(d);
    free(inputs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_comes_once), cmocka_unit_test(threads_and_copies_change_nothing),
        cmocka_unit_test(a_thread_makes_them_ahead), cmocka_unit_test(begins_anywhere),
        cmocka_unit_test(parts_without_rows_have_no_batches), cmocka_unit_test(runs_out_of_memory_cleanly),
    };
    data_context(&context);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return failed + (context.heap.in_use != 0);
}
