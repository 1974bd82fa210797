/* Sequences from a table of steps: their order, lengths and targets, what of them is fitted, what a pipeline keeps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "data/batch.h"
#include "data/sequence.h"
#include "support/data.h"
#include "support/failing.h"

static tl_context context;

/* a: 3 steps, b: 1, c: 4, d: 2, e: 1; rows of a and c in turns, c backwards in time. */
static const char steps[] =
    "id,t,x,word,y\n"
    "a,1,10,up,1\nc,4,70,up,0\na,2,20,down,1\nc,3,60,up,0\nb,1,40,up,0\nc,2,50,down,0\na,3,30,up,1\nc,1,80,up,0\n"
    "d,1,90,up,1\nd,2,95,down,1\ne,1,15,up,0\n";
#define SEQUENCES "sequence: {id: id}, time: t, target: y, task: classification, "

static tl_dataset *set(const char *text, const char *settings)
{
    tl_dataset *made = NULL;
    tl_error error = {0};
    if (data_set(&context, text, settings, &made, &error) != TL_OK) fail_msg("%s: %s", settings, error.message);
    return made;
}

static void row_is(const tl_dataset *d, size_t index, const char *id, int32_t length, const float *inputs)
{
    float in[64], target;
    int32_t got;
    assert_string_equal(tl__dataset_sequence_id(d, TL_TRAIN, index), id);
    assert_int_equal(tl_dataset_row(d, TL_TRAIN, index, in, &target), TL_OK);
    tl__dataset_lengths(d, TL_TRAIN, NULL, index, 1, &got);
    assert_int_equal(got, length);
    assert_memory_equal(in, inputs, d->pipeline->features * sizeof *in);
    assert_true(target == (id[0] == 'a' || id[0] == 'd' ? 1.0f : 0.0f));
}

static void test_steps(void **state)
{
    (void)state;
    tl_dataset *d = set(steps, SEQUENCES "normalize: none, split: {method: time, validation: 0, test: 0}");
    assert_int_equal(tl_dataset_rows(d, TL_TRAIN), 5);
    assert_int_equal(d->pipeline->features, 4 * 3);    /* x, word=down, word=up */
    row_is(d, 0, "a", 3, (const float[12]){10, 0, 1, 20, 1, 0, 30, 0, 1});
    row_is(d, 1, "c", 4, (const float[12]){80, 0, 1, 50, 1, 0, 60, 0, 1, 70, 0, 1});
    row_is(d, 2, "b", 1, (const float[12]){40, 0, 1});
    assert_int_equal(d->class_counts[TL_TRAIN][1], 2);
    tl_dataset_free(d);
    d = set(steps, "sequence: {id: id, max_length: 2, keep: first}, time: t, target: y, task: classification, normalize: "
                   "none, drop: [word], split: {method: time, validation: 0, test: 0}");
    row_is(d, 1, "c", 2, (const float[2]){80, 50});
    tl_dataset_free(d);
}

/* Shift and scale are of the steps that the training part has, after they were cut. */
static void test_fit(void **state)
{
    (void)state;
    tl_dataset *d = set(steps, "sequence: {id: id, max_length: 2}, time: t, target: y, task: classification, drop: [word], "
                               "split: {method: time, validation: 1, test: 1}");
    size_t count = 0;
    double sum = 0;
    for (size_t i = 0; i < d->part[TL_TRAIN].count; i++) {
        size_t length;
        const uint32_t *rows = tl__sequence_steps(&d->source[0], d->part[TL_TRAIN].rows[i], &length);
        for (size_t t = 0; t < length; t++, count++) sum += tl__column_at(d->source[0].columns[0], rows[t], 0);
        assert_true(length <= 2);
    }
    assert_int_equal(d->part[TL_TRAIN].count, 3);
    assert_true(tl__abs(d->pipeline->inputs[0].shift - sum / (double)count) < 1e-9);
    tl_dataset_free(d);
}

/* Sequences of one group stay together. */
static void test_groups(void **state)
{
    (void)state;
    char text[2048];
    size_t used = (size_t)snprintf(text, sizeof text, "id,x,who,y\n");
    for (int i = 0; i < 60; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%d,%d,%d,%d\n", i / 3, i, i / 3 % 5, i / 3 % 2);
    tl_dataset *d = set(text, "sequence: {id: id}, target: y, task: classification, split: {group: who}");
    unsigned parts[5] = {0};
    for (int p = 0; p < TL__PARTS; p++)
        for (size_t i = 0; i < d->part[p].count; i++)
            parts[atoi(tl__dataset_sequence_id(d, (tl_part)p, i)) % 5] |= 1u << p;
    for (int g = 0; g < 5; g++) assert_true(parts[g] == 1 || parts[g] == 2 || parts[g] == 4);
    for (size_t row = 0; row < 60; row++) assert_int_equal(d->part_of[row], d->part_of[row / 3 * 3]);
    tl_dataset_free(d);
}

static void test_refused(void **state)
{
    (void)state;
    data_refused("id,x,y\na,1,0\n,2,1\n", "sequence: {id: id}, target: y", TL_BAD_DATA, "column 'id' has no name here");
    data_refused("id,x,y\na,1,0\na,2,1\nb,1,1\n", "sequence: {id: id}, target: y", TL_BAD_DATA, "one sequence, 'a'");
    data_refused("id,t,x,y\na,1,1,0\na,1,2,0\nb,1,1,1\n", "sequence: {id: id}, time: t, target: y", TL_BAD_DATA,
                 "two steps with the same 't'");
    data_refused("id,x,y\na,1,0\nb,1e60,1\n", "sequence: {id: id}, target: y", TL_BAD_DATA, "infinite");
    data_refused(steps, "sequence: {id: id}, time: word, target: y", TL_BAD_DATA, "holds texts");
}

/* A step that is missing altogether ends a raw row; the pipeline survives its tree. */
static void test_kept(void **state)
{
    (void)state;
    const float nan = tl__bits_float(0x7fc00000u);
    tl_dataset *d = set(steps, SEQUENCES "normalize: none, split: {method: time, validation: 0, test: 0}"), *again;
    tl__pipeline *read = NULL, *copy = NULL;
    tl__tree *tree;
    tl__builder builder;
    tl_error error = {0};
    assert_int_equal(tl__tree_new(&context.heap, NULL, &tree), TL_OK);
    tl__builder_init(&builder, tree);
    tl__pipeline_put(&builder, NULL, NULL, d->pipeline);
    if (tl__pipeline_get(&context, &tree->root, "model", &read, &error) != TL_OK) fail_msg("%s", error.message);
    assert_int_equal(tl__pipeline_clone(&context, read, &copy), TL_OK);
    tl__pipeline_free(read);
    assert_int_equal(copy->sequence->max_length, 4);
    assert_int_equal(copy->raw, 8);
    float raw[16] = {10, 1, 20, 0, nan, nan, nan, nan}, out[24];
    static const float wanted[12] = {10, 0, 1, 20, 1, 0};
    assert_int_equal(tl__pipeline_length(copy, raw), 2);
    assert_int_equal(tl__pipeline_apply(copy, raw, 1, out, NULL), TL_OK);
    assert_memory_equal(out, wanted, sizeof wanted);
    raw[1] = nan;
    size_t bad = 9;
    assert_int_equal(tl__pipeline_apply(copy, raw, 1, out, &bad), TL_NOT_FINITE);
    assert_int_equal(bad, 0);
    for (int i = 0; i < 8; i++) raw[i] = nan;
    assert_int_equal(tl__pipeline_apply(copy, raw, 1, out, NULL), TL_NOT_FINITE);
    tl__data_settings reading = {.trim = true, .separator = "auto", .decimal = ".", .quote = "\"", .format = "csv",
                                 .max_categories = 256};
    static const char one[] = "t,x,word\n2,20,down\n1,10,strange\n";
    if (tl__dataset_apply_bytes(&context, copy, one, strlen(one), "new.csv", &reading, &again, &error) != TL_OK)
        fail_msg("%s", error.message);
    assert_int_equal(tl_dataset_rows(again, TL_TEST), 1);
    assert_string_equal(tl__dataset_sequence_id(again, TL_TEST, 0), "new.csv");
    assert_int_equal(again->left_out.unknown_categories, 1);
    assert_int_equal(tl_dataset_row(again, TL_TEST, 0, out, NULL), TL_OK);
    assert_memory_equal(out, ((const float[12]){10, 0, 0, 20, 1, 0}), sizeof wanted);
    tl_dataset_free(again);
    static const char *const damaged[] = {"sequence.max_length=0", "sequence.max_length=99999999999", "sequence.keep=none",
                                          "sequence=[]"};
    for (size_t i = 0; i < sizeof damaged / sizeof *damaged; i++) {
        char path[64];
        const char *value = strchr(damaged[i], '=');
        snprintf(path, sizeof path, "%.*s", (int)(value - damaged[i]), damaged[i]);
        assert_int_equal(tl__value_set(tree, path, value + 1, "test", &error), TL_OK);
        assert_int_equal(tl__pipeline_get(&context, &tree->root, "model", &read, &error), TL_BAD_FILE);
        tl__value_set(tree, "sequence", "{id: id, time: t, max_length: 4, keep: last}", "test", &error);
    }
    tl__tree_free(tree);
    tl__pipeline_free(copy);
    tl_dataset_free(d);
}

static void test_batches(void **state)
{
    (void)state;
    tl_dataset *d = set(steps, SEQUENCES "split: {method: time, validation: 0, test: 0}");
    for (size_t cache = 0; cache < 2; cache++) {
        tl__batches *batches;
        tl__batch_options options = {.part = TL_TRAIN, .batch_size = 2, .shuffle = true, .cache_bytes = cache << 20};
        tl_error error = {0};
        float in[12];
        int32_t length;
        size_t before = context.heap.in_use, seen = 0;
        assert_int_equal(tl__batches_new(d, &options, &batches, &error), TL_OK);
        assert_int_equal(context.heap.in_use - before, tl__batches_bytes(d, &options));
        for (const tl__batch *batch; (batch = tl__batches_next(batches)) != NULL; seen += batch->rows)
            for (size_t i = 0; i < batch->rows; i++) {
                assert_int_equal(tl_dataset_row(d, TL_TRAIN, batch->order[i], in, NULL), TL_OK);
                tl__dataset_lengths(d, TL_TRAIN, &batch->order[i], 0, 1, &length);
                assert_memory_equal(in, batch->inputs + i * 12, sizeof in);
                assert_int_equal(batch->lengths[i], length);
            }
        assert_int_equal(seen, 5);
        tl__batches_free(batches);
    }
    tl_dataset_free(d);
}

static tl_status make_on(tl__heap *heap, void *user)
{
    tl_context own = context;
    tl_dataset *made = NULL;
    own.heap = *heap;
    tl_status status = data_set(&own, steps, user, &made, NULL);
    tl_dataset_free(made);
    *heap = own.heap;
    return status;
}

static void test_out_of_memory(void **state)
{
    (void)state;
    char settings[] = "sequence: {id: id, max_length: 2}, time: t, target: y, task: classification, normalize: robust, "
                      "split: {method: time, validation: 1, test: 1}";
    failing_sweep(make_on, settings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steps),   cmocka_unit_test(test_fit),     cmocka_unit_test(test_groups),
        cmocka_unit_test(test_refused), cmocka_unit_test(test_kept),    cmocka_unit_test(test_batches),
        cmocka_unit_test(test_out_of_memory),
    };
    data_context(&context);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return failed + (context.heap.in_use != 0);
}
