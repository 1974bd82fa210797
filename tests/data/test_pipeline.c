/* What is fitted, against NumPy and scikit-learn's definitions; leakage; the tree and back; rows that were never seen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/math.h"
#include "support/data.h"
#include "support/failing.h"
#include "text/yaml.h"

static tl_context context;

static tl_dataset *set(const char *text, const char *settings)
{
    tl_dataset *made = NULL;
    tl_error error = {0};
    if (data_set(&context, text, settings, &made, &error) != TL_OK) fail_msg("%s", error.message);
    return made;
}

static void near(double got, double expected)
{
    double size = tl__abs(expected) > 1 ? tl__abs(expected) : 1;
    if (!(tl__abs(got - expected) <= 1e-14 * size)) fail_msg("%.17g, expected %.17g", got, expected);
}

/* numpy: float32 of the text, then float64 arithmetic. a: float32 column, b: bytes, c: constant, y: target. */
static const char numbers[] = "a,b,c,y\n5.1,1,0.1,1.5\n4.9,2,0.1,2.5\n-2.25,2,0.1,1.5\n1e3,200,0.1,2.5\n7,9,0.1,4\n";

static void fits_what_numpy_computes(void **state)
{
    (void)state;
    static const struct {
        const char *normalize;
        double a_shift, a_scale, b_shift, b_scale;
    } cases[] = {
        {"standard", 202.94999999999999, 398.53746875292961, 42.799999999999997, 78.652145552425964},
        {"minmax", -2.25, 1002.25, 1, 199},
        {"robust", 5.0999999046325684, 2.0999999046325684, 2, 7},
        {"none", 0, 1, 0, 1},
    };
    for (size_t i = 0; i < 4; i++) {
        char settings[200];
        snprintf(settings, sizeof settings, "normalize: %s, task: regression, split: {validation: 0, test: 0}", cases[i].normalize);
        tl_dataset *d = set(numbers, settings);
        const tl__input *inputs = d->pipeline->inputs;
        near(inputs[0].shift, cases[i].a_shift);
        near(inputs[0].scale, cases[i].a_scale);
        near(inputs[1].shift, cases[i].b_shift);
        near(inputs[1].scale, cases[i].b_scale);
        assert_true(inputs[2].scale == 1);   /* constant: 0 after shifting, or as it is */
        assert_true(inputs[2].shift == (i == 3 ? 0 : (double)0.1f));
        near(d->pipeline->target_shift[0], 2.4);
        near(d->pipeline->target_scale[0], 0.91651513899116799);   /* numpy: std of 1.5 2.5 1.5 2.5 4 */
        float row[3], target, expected = (float)(((double)4.9f - cases[i].a_shift) / cases[i].a_scale);
        assert_int_equal(tl_dataset_row(d, TL_TRAIN, 1, row, &target), TL_OK);
        assert_true(row[0] == expected);
        assert_true(i == 3 || row[2] == 0);
        near((double)target, (double)(float)((2.5 - 2.4) / 0.91651513899116799));
        tl__pipeline_restore(d->pipeline, &target, 1);
        assert_true(tl__abs((double)target - 2.5) < 1e-6);
        tl_dataset_free(d);
    }
}

static void iris_is_scaled_as_scikit_learn_does(void **state)
{
    (void)state;
    static const double mean[] = {5.8433333269755048, 3.0540000025431313, 3.7586666552225747, 1.198666658103466};
    static const double deviation[] = {0.82530127671168496, 0.43214657975276488, 1.7585291779032097, 0.76061260882206772};
    tl_dataset *d = NULL;
    tl_error error = {0};
    if (tl_dataset_read(&context, "examples/c-api/iris.csv", "split: {validation: 0, test: 0}", &d, &error)) fail_msg("%s", error.message);
    assert_int_equal(tl_dataset_rows(d, TL_TRAIN), 150);
    for (size_t i = 0; i < 4; i++) {
        near(d->pipeline->inputs[i].shift, mean[i]);
        near(d->pipeline->inputs[i].scale, deviation[i]);
    }
    tl_dataset_free(d);
}

static void categories_become_places(void **state)
{
    (void)state;
    tl_dataset *d = set("c,n,y\nred,1,a\nblue,2,b\nred,3,a\n,4,b\n", "missing: mean, split: {validation: 0, test: 0}");
    const tl__input *input = &d->pipeline->inputs[0];
    assert_int_equal(d->pipeline->features, 3);
    assert_int_equal(d->pipeline->raw, 2);
    assert_string_equal(input->words[0], "blue");
    assert_int_equal(input->fill_word, 1);   /* red is the commonest */
    float row[3];
    static const float expected[4][2] = {{0, 1}, {1, 0}, {0, 1}, {0, 1}};
    for (size_t i = 0; i < 4; i++) {
        tl_dataset_row(d, TL_TRAIN, i, row, NULL);
        assert_true(row[0] == expected[i][0] && row[1] == expected[i][1]);
    }
    float raw[] = {1, 2.5f, 7, 2.5f, -1, 2.5f, 0.5f, 2.5f, tl__bits_float(0x7fc00000u), 2.5f}, out[15];
    static const float places[5][2] = {{0, 1}, {0, 0}, {0, 0}, {0, 0}, {0, 1}};
    assert_int_equal(tl__pipeline_apply(d->pipeline, raw, 5, out, NULL), TL_OK);
    for (size_t i = 0; i < 5; i++) {
        assert_true(out[i * 3] == places[i][0] && out[i * 3 + 1] == places[i][1] && out[i * 3 + 2] == 0);
    }
    tl_dataset_free(d);
    d = set("c,n,y\nred,1,a\n?,2,b\nred,3,a\nblue,4,b\n", "missing: constant, missing_value: none, split: {validation: 0, test: 0}");
    assert_int_equal(d->pipeline->inputs[0].features, 3);
    assert_string_equal(d->pipeline->inputs[0].words[1], "none");
    tl_dataset_free(d);
}

static void missing_cells_are_filled(void **state)
{
    (void)state;
    static const char text[] = "a,y\n1,0.5\n?,1.5\n3,2.5\n8,3.5\n";
    static const struct {
        const char *settings;
        double fill;
    } cases[] = {{"missing: mean", 4}, {"missing: median", 3}, {"missing: constant, missing_value: 7.5", 7.5}};
    float row, target;
    for (size_t i = 0; i < 3; i++) {
        char settings[200];
        snprintf(settings, sizeof settings, "%s, normalize: none, task: regression, split: {validation: 0, test: 0}", cases[i].settings);
        tl_dataset *d = set(text, settings);
        tl_dataset_row(d, TL_TRAIN, 1, &row, &target);
        assert_true((double)row == cases[i].fill);
        tl_dataset_free(d);
    }
    tl_dataset *d = set(text, "missing: forward, normalize: none, task: regression, split: {validation: 0, test: 0}");
    tl_dataset_row(d, TL_TRAIN, 1, &row, &target);
    assert_true(row == 1);
    tl_dataset_free(d);
    d = set(text, "missing: drop, task: regression, split: {validation: 0, test: 0}");
    assert_int_equal(tl_dataset_rows(d, TL_TRAIN), 3);
    assert_int_equal(d->left_out.missing_rows, 1);
    assert_string_equal(data_rows(d, TL_TRAIN), "0 2 3");
    tl_dataset_free(d);
}

/* Changing what is not for training changes nothing that was fitted. */
static void nothing_leaks(void **state)
{
    (void)state;
    char first[4096] = "a,c,y\n", second[4096] = "a,c,y\n";
    static const char settings[] = "missing: median, split: {method: time, validation: 0.25, test: 0.25}, task: regression";
    for (int i = 0; i < 40; i++) {
        char line[64];
        snprintf(line, sizeof line, "%d.5,%s,%d.25\n", i * i, i % 3 ? "x" : "y", i);
        strcat(first, line);
        if (i >= 20) snprintf(line, sizeof line, "-%d,%s,1e4\n", i, i % 2 ? "other" : "?");
        strcat(second, line);
    }
    tl_dataset *a = set(first, settings), *b = set(second, settings);
    tl__tree *left, *right;
    tl__builder builder;
    assert_int_equal(tl__tree_new(&context.heap, NULL, &left), TL_OK);
    assert_int_equal(tl__tree_new(&context.heap, NULL, &right), TL_OK);
    tl__builder_init(&builder, left);
    tl__pipeline_put(&builder, NULL, NULL, a->pipeline);
    tl__builder_init(&builder, right);
    tl__pipeline_put(&builder, NULL, NULL, b->pipeline);
    assert_true(tl__value_equal(&left->root, &right->root));
    assert_int_equal(b->left_out.unknown_categories, 10);
    assert_string_not_equal(a->hash, b->hash);
    tl__tree_free(left);
    tl__tree_free(right);
    tl_dataset_free(a);
    tl_dataset_free(b);
}

static const char mixed[] = "c,n,m,y\nred,1,0.5,a\nblue,2,?,b\nred,3,2,a\ngreen,4,4,c\nred,5,1,b\nblue,6,7,c\n";

static tl__pipeline *through_json(const tl__pipeline *pipeline)
{
    tl__tree *tree, *again;
    tl__builder builder;
    tl__buffer out;
    tl__pipeline *made = NULL;
    tl_error error = {0};
    assert_int_equal(tl__tree_new(&context.heap, NULL, &tree), TL_OK);
    assert_int_equal(tl__tree_new(&context.heap, "n.json", &again), TL_OK);
    tl__builder_init(&builder, tree);
    tl__pipeline_put(&builder, NULL, NULL, pipeline);
    tl__buffer_init(&out, &context.heap);
    tl__json_write(&out, &tree->root, 2);
    assert_int_equal(tl__json_parse(again, out.data, out.size, &error), TL_OK);
    if (tl__pipeline_get(&context, &again->root, "n.json", &made, &error) != TL_OK) fail_msg("%s", error.message);
    tl__buffer_free(&out);
    tl__tree_free(tree);
    tl__tree_free(again);
    return made;
}

static void survives_json(void **state)
{
    (void)state;
    tl_dataset *d = set(mixed, "missing: mean, positive_class: b, split: {validation: 0, test: 0}");
    tl__pipeline *copy = through_json(d->pipeline);
    assert_int_equal(copy->features, d->pipeline->features);
    assert_int_equal(copy->positive_class, 1);
    assert_string_equal(copy->classes[2], "c");
    assert_string_equal(copy->targets[0], "y");
    for (size_t i = 1; i < 3; i++) {
        assert_true(copy->inputs[i].shift == d->pipeline->inputs[i].shift);
        assert_true(copy->inputs[i].scale == d->pipeline->inputs[i].scale);
        assert_true(copy->inputs[i].fill == d->pipeline->inputs[i].fill);
    }
    assert_int_equal(tl__pipeline_class(copy, "c"), 2);
    assert_int_equal(tl__pipeline_class(copy, "d"), -1);
    tl__pipeline *clone;
    assert_int_equal(tl__pipeline_clone(&context, copy, &clone), TL_OK);
    tl__pipeline_free(copy);
    assert_string_equal(clone->inputs[0].words[1], "green");
    tl__pipeline_free(clone);
    tl_dataset_free(d);
}

static void damage(const char *json, const char *words)
{
    tl__tree *tree;
    tl__pipeline *made = NULL;
    tl_error error = {0};
    assert_int_equal(tl__tree_new(&context.heap, "n.json", &tree), TL_OK);
    if (tl__json_parse(tree, json, strlen(json), &error) != TL_OK) fail_msg("%s", error.message);
    assert_int_equal(tl__pipeline_get(&context, &tree->root, "n.json", &made, &error), TL_BAD_FILE);
    if (!strstr(error.message, words)) fail_msg("%s", error.message);
    tl__tree_free(tree);
}

static void refuses_damaged_trees(void **state)
{
    (void)state;
#define TAIL "], \"targets\": [{\"name\": \"y\", \"shift\": 0, \"scale\": 1}]}"
    damage("[]", "no list of inputs");
    damage("{\"normalize\": \"odd\", \"inputs\": [" TAIL, "normalize is none of");
    damage("{\"normalize\": \"none\", \"inputs\": [1" TAIL, "not a map");
    damage("{\"normalize\": \"none\", \"inputs\": [{\"name\": \"a\", \"shift\": 0, \"scale\": 0}" TAIL, "scale is missing or no usable");
    damage("{\"normalize\": \"none\", \"inputs\": [{\"name\": \"a\", \"shift\": 0, \"scale\": 1, \"width\": -1}" TAIL, "width");
    damage("{\"normalize\": \"none\", \"inputs\": [{\"name\": \"a\", \"categories\": [\"b\", \"a\"]}" TAIL, "not sorted");
    damage("{\"normalize\": \"none\", \"inputs\": [{\"name\": \"a\", \"categories\": [\"a\"], \"fill\": 1}" TAIL, "none of the categories");
    damage("{\"normalize\": \"none\", \"inputs\": []}", "no targets");
    damage("{\"normalize\": \"none\", \"inputs\": [], \"target\": \"y\", \"classes\": []}", "no classes");
#undef TAIL
}

/* The same row as floats, as a row of the training file and as a row of another file: the same bits. */
static void raw_rows_and_files_give_the_same_bits(void **state)
{
    (void)state;
    tl_dataset *d = set(mixed, "missing: mean, split: {validation: 0, test: 0}"), *other = NULL;
    data_settings settings;
    tl_error error = {0};
    static const char rows[] = "extra,m,n,c\n9,0.5,1,red\n9,,2,blue\n9,3.3,3.3,violet\n";
    float from_file[5], from_raw[5], raw[] = {2, 1, 0.5f};
    assert_int_equal(data_settings_make(&context, "", &settings), TL_OK);
    tl_status status = tl__dataset_apply_bytes(&context, d->pipeline, rows, sizeof rows - 1, "new.csv", &settings.block, &other, &error);
    if (status != TL_OK) fail_msg("%s", error.message);
    assert_false(other->has_target);
    assert_int_equal(tl_dataset_rows(other, TL_TEST), 3);
    assert_int_equal(other->left_out.unknown_categories, 1);
    assert_non_null(strstr(other->note, "column 'extra' is not used by the model"));
    tl_dataset_row(other, TL_TEST, 0, from_file, NULL);
    assert_int_equal(tl__pipeline_apply(d->pipeline, raw, 1, from_raw, NULL), TL_OK);
    assert_memory_equal(from_file, from_raw, sizeof from_raw);
    tl_dataset_row(d, TL_TRAIN, 0, from_raw, NULL);
    assert_memory_equal(from_file, from_raw, sizeof from_raw);
    tl_dataset_row(other, TL_TEST, 2, from_file, NULL);
    assert_true(from_file[0] == 0 && from_file[1] == 0 && from_file[2] == 0);
    tl_dataset_free(other);
    other = NULL;
    static const char bad[] = "n,c\n1,red\n";
    assert_int_equal(tl__dataset_apply_bytes(&context, d->pipeline, bad, sizeof bad - 1, "new.csv", &settings.block, &other, &error), TL_BAD_DATA);
    assert_non_null(strstr(error.message, "new.csv: there is no column 'm', which the model needs"));
    data_settings_end(&settings);
    tl_dataset_free(d);
}

static void missing_without_fill_is_refused(void **state)
{
    (void)state;
    tl_dataset *d = set("a,y\n1,0.5\n2,1.5\n4,2.5\n", "task: regression, split: {validation: 0, test: 0}");
    float raw[] = {1, tl__bits_float(0x7fc00000u), 2}, out[3];
    size_t bad = 9;
    assert_int_equal(tl__pipeline_apply(d->pipeline, raw, 3, out, &bad), TL_NOT_FINITE);
    assert_int_equal(bad, 1);
    raw[1] = tl__bits_float(0x7f800000u);
    assert_int_equal(tl__pipeline_apply(d->pipeline, raw, 3, out, &bad), TL_NOT_FINITE);
    tl_dataset_free(d);
}

static void plain_changes_nothing(void **state)
{
    (void)state;
    tl__pipeline *p;
    float raw[] = {1, -2.5f}, out[2];
    assert_int_equal(tl__pipeline_plain(&context, 2, 0, 3, &p), TL_OK);
    assert_int_equal(tl__pipeline_apply(p, raw, 1, out, NULL), TL_OK);
    assert_memory_equal(raw, out, sizeof raw);
    assert_string_equal(p->inputs[1].name, "x1");
    assert_string_equal(p->classes[2], "2");
    tl__pipeline *copy = through_json(p);
    assert_int_equal(copy->outputs, 3);
    tl__pipeline_free(copy);
    tl__pipeline_free(p);
    assert_int_equal(tl__pipeline_plain(&context, 1, 2, 0, &p), TL_OK);
    assert_string_equal(p->targets[1], "y1");
    tl__pipeline_free(p);
}

static tl_status clone_on(tl__heap *heap, void *user)
{
    tl_context on = {.heap = *heap, .threads = 1};
    tl__pipeline *made = NULL;
    tl_status status = tl__pipeline_clone(&on, user, &made);
    tl__pipeline_free(made);
    *heap = on.heap;
    return status;
}

static void runs_out_of_memory_cleanly(void **state)
{
    (void)state;
    tl_dataset *d = set(mixed, "missing: mean, split: {validation: 0, test: 0}");
    failing_sweep(clone_on, d->pipeline);
    tl_dataset_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fits_what_numpy_computes), cmocka_unit_test(iris_is_scaled_as_scikit_learn_does),
        cmocka_unit_test(categories_become_places), cmocka_unit_test(missing_cells_are_filled),
        cmocka_unit_test(nothing_leaks), cmocka_unit_test(survives_json), cmocka_unit_test(refuses_damaged_trees),
        cmocka_unit_test(raw_rows_and_files_give_the_same_bits), cmocka_unit_test(missing_without_fill_is_refused),
        cmocka_unit_test(plain_changes_nothing), cmocka_unit_test(runs_out_of_memory_cleanly),
    };
    data_context(&context);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return failed + (context.heap.in_use != 0);
}
