/* Data sets: roles, tasks, classes, parts, weights, hashes, and mistakes as a user sees them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/math.h"
#include "support/data.h"
#include "support/failing.h"
#include "support/files.h"

#define ALL "split: {validation: 0, test: 0}"

static tl_context context;

static tl_dataset *set(const char *text, const char *settings)
{
    tl_dataset *made = NULL;
    tl_error error = {0};
    if (data_set(&context, text, settings, &made, &error) != TL_OK) fail_msg("%s: %s", settings, error.message);
    return made;
}

static tl_dataset *file(const char *name, const char *settings)
{
    tl_dataset *made = NULL;
    tl_error error = {0};
    if (tl_dataset_read(&context, name, settings, &made, &error) != TL_OK) fail_msg("%s", error.message);
    return made;
}

static void divides_iris(void **state)
{
    (void)state;
    tl_dataset *d = file("examples/c-api/iris.csv", "split: {validation: 0.2, test: 0.2}, normalize: standard");
    assert_int_equal(tl_dataset_rows(d, TL_TRAIN), 90);
    assert_int_equal(tl_dataset_rows(d, TL_VALIDATION), 30);
    assert_int_equal(tl_dataset_rows(d, TL_TEST), 30);
    assert_int_equal(tl_dataset_features(d), 4);
    assert_int_equal(tl_dataset_outputs(d), 3);
    assert_int_equal(tl_dataset_classes(d), 3);
    assert_string_equal(tl_dataset_class(d, 1), "Iris-versicolor");
    assert_null(tl_dataset_class(d, 3));
    for (int p = 0; p < 3; p++) {
        for (int c = 0; c < 3; c++) assert_int_equal(d->class_counts[p][c], p == TL_TRAIN ? 30 : 10);
    }
    float row[4], target;
    assert_int_equal(tl_dataset_row(d, TL_TEST, 0, row, &target), TL_OK);
    assert_true(target == 0 || target == 1 || target == 2);
    assert_int_equal(tl_dataset_row(d, TL_TEST, 30, row, &target), TL_OUT_OF_RANGE);
    size_t in_use = context.heap.in_use;
    assert_int_equal(d->bytes, in_use);
    tl_dataset_free(d);
}

static void reads_penguins(void **state)
{
    (void)state;
    tl_dataset *d = file("examples/tabular/penguins.csv", "target: species, missing: drop");
    assert_int_equal(d->left_out.missing_rows, 11);   /* as the source of the data says: 333 complete rows of 344 */
    assert_int_equal(tl_dataset_features(d), 9);      /* island 3, sex 2, four measurements */
    assert_int_equal(d->class_counts[0][0] + d->class_counts[1][0] + d->class_counts[2][0], 146);
    tl_dataset_free(d);
}

static void tells_the_task(void **state)
{
    (void)state;
    static const struct {
        const char *text, *settings;
        size_t classes, outputs;
    } cases[] = {
        {"a,y\n1,u\n2,v\n3,u\n", ALL, 2, 2},
        {"a,y\n1,0\n2,1\n3,0\n", ALL, 2, 2},
        {"a,y\n1,0.5\n2,1\n3,0\n", ALL, 0, 1},
        {"a,y\n1,10\n2,20\n3,30\n", ALL, 0, 1},
        {"a,y\n1,10\n2,20\n3,30\n", ALL ", task: classification", 3, 3},
        {"a,y\n1,0\n2,1\n3,0\n", ALL ", task: regression", 0, 1},
        {"a,y,z\n1,0.5,2\n2,1,3\n3,0,4\n", ALL ", target: [y, z]", 0, 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        tl_dataset *d = set(cases[i].text, cases[i].settings);
        if (tl_dataset_classes(d) != cases[i].classes || tl_dataset_outputs(d) != cases[i].outputs) fail_msg("%s", cases[i].text);
        tl_dataset_free(d);
    }
}

static void sorts_classes(void **state)
{
    (void)state;
    tl_dataset *d = set("a,y\n1,10\n2,9\n3,-1\n", ALL ", task: classification");
    assert_string_equal(tl_dataset_class(d, 0), "-1");
    assert_string_equal(tl_dataset_class(d, 2), "10");
    tl_dataset_free(d);
    d = set("a;y\n1;'10'\n2;'9'\n3;'-1'\n", ALL ", quote: none, target: y");
    assert_string_equal(tl_dataset_class(d, 0), "'-1'");
    tl_dataset_free(d);
    d = set("a,y\n1,b\n2,a\n3,c\n4,b\n", ALL ", classes: [c, b], positive_class: c, background_class: b");
    assert_int_equal(tl_dataset_classes(d), 2);
    assert_string_equal(tl_dataset_class(d, 0), "c");
    assert_int_equal(tl_dataset_rows(d, TL_TRAIN), 3);
    assert_int_equal(d->left_out.unknown_class_rows, 1);
    assert_int_equal(d->pipeline->positive_class, 0);
    assert_int_equal(d->pipeline->background_class, 1);
    tl_dataset_free(d);
}

static void gives_roles(void **state)
{
    (void)state;
    static const char text[] = "id,day,a,w,g,y\n1,2016-01-03,5,1,p,0.5\n2,2016-01-01,6,0.5,q,1\n3,2016-01-02,7,2,p,2\n";
    tl_dataset *d = set(text, ALL ", drop: [0], weight: w, target: y");
    assert_int_equal(d->pipeline->input_count, 2);   /* a and g; the date is left out and told */
    assert_non_null(strstr(d->note, "column 'day' is not an input: it holds dates"));
    float weights[3];
    tl__dataset_gather_targets(d, TL_TRAIN, NULL, 0, 3, NULL, NULL, weights);
    assert_true(weights[0] == 1 && weights[1] == 0.5f && weights[2] == 2);
    tl_dataset_free(d);
    d = set(text, "inputs: [a], time: day, split: {method: time, validation: 1, test: 1}");
    assert_int_equal(d->pipeline->input_count, 1);
    assert_string_equal(data_rows(d, TL_TRAIN), "1");
    assert_string_equal(data_rows(d, TL_VALIDATION), "2");
    assert_string_equal(data_rows(d, TL_TEST), "0");
    tl_dataset_free(d);
    d = set(text, "inputs: [a], split: {group: g, validation: 0, test: 1}, task: regression");
    assert_int_equal(d->part_of[0], d->part_of[2]);
    assert_int_not_equal(d->part_of[0], d->part_of[1]);
    tl_dataset_free(d);
}

/* sklearn's balanced weights n / (k * count), scaled to sum to k. */
static void weighs_classes(void **state)
{
    (void)state;
    tl_dataset *d = set("a,y\n1,u\n2,u\n3,u\n4,v\n5,u\n6,u\n7,w\n8,w\n", ALL);
    double weights[3];
    tl__class_weights(d, weights);
    assert_true(tl__abs(weights[0] - 3 * (1 / 5.0) / 1.7) < 1e-15);
    assert_true(tl__abs(weights[1] - 3 / 1.7) < 1e-15);
    assert_true(tl__abs(weights[0] + weights[1] + weights[2] - 3) < 1e-15);
    tl__tree *tree;
    tl__builder builder;
    assert_int_equal(tl__tree_new(&context.heap, NULL, &tree), TL_OK);
    tl__builder_init(&builder, tree);
    tl__class_distribution(&builder, NULL, NULL, d);
    assert_true(tl_value_number(tl_value_get(&tree->root, "imbalance_ratio"), 0) == 5);
    /* numpy: 1 - std([5, 1, 2]) / mean; scipy.stats.entropy([5, 1, 2]) */
    assert_true(tl__abs(tl_value_number(tl_value_get(&tree->root, "balance"), 0) - 0.36262256080090183) < 1e-14);
    assert_true(tl__abs(tl_value_number(tl_value_get(&tree->root, "entropy"), 0) - 0.90025605126853692) < 1e-14);
    assert_int_equal(tl_value_integer(tl_value_get(&tree->root, "classes[2].train.rows"), 0), 2);
    tl__tree_free(tree);
    tl_dataset_free(d);
}

static void knows_other_data(void **state)
{
    (void)state;
    static const char text[] = "a,b,y\n1,x,0\n2,y,1\n3,x,0\n";
    static const struct {
        const char *text, *words;
    } cases[] = {
        {"a,b,y\n1,x,0\n2,y,1\n3,x,0\n", NULL},
        {"a,b,y\n1,x,0\n2,y,1\n", "it had 3 rows and now has 2"},
        {"a,y\n1,0\n2,1\n3,0\n", "it had 3 columns and now has 2"},
        {"a,c,y\n1,x,0\n2,y,1\n3,x,0\n", "column 1 was 'b' and now is 'c'"},
        {"a,b,y\n1,x,0\n2,x,1\n3,x,0\n", "column 'b' holds other values than before"},
        {"a,b,y\n1,x,0\n2.5,y,1\n3,x,0\n", "column 'a' holds other values than before"},
    };
    tl_dataset *d = set(text, ALL);
    tl__tree *tree;
    tl__builder builder;
    assert_int_equal(tl__tree_new(&context.heap, NULL, &tree), TL_OK);
    tl__builder_init(&builder, tree);
    tl__dataset_describe(&builder, NULL, NULL, d);
    assert_false(builder.failed);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        tl_dataset *other = set(cases[i].text, ALL);
        tl_error error = {0};
        tl_status status = tl__dataset_same(other, &tree->root, &error);
        assert_int_equal(status, cases[i].words ? TL_BAD_DATA : TL_OK);
        if (cases[i].words && !strstr(error.message, cases[i].words)) fail_msg("%s", error.message);
        tl_dataset_free(other);
    }
    tl__tree_free(tree);
    tl_dataset_free(d);
}

/* Splits and scaling do not change what the data is. */
static void hashes_the_content(void **state)
{
    (void)state;
    tl_dataset *a = set("a,y\n1,0\n2,1\n3,0\n", ALL), *b = set("a,y\r\n1.0,0\r\n2.0,1\r\n3,0", "normalize: none, split: {test: 1, validation: 0}");
    assert_string_equal(a->hash, b->hash);
    assert_int_equal(strlen(a->hash), 64);
    tl_dataset_free(a);
    tl_dataset_free(b);
}

static void takes_a_test_file(void **state)
{
    (void)state;
    char folder[256], settings[600];
    files_begin(folder);
    const char *train = files_text(folder, "train.csv", "code,n,y\n01,1,u\nb2,2,v\nx,3,u\n01,4,v\n");
    const char *test = files_text(folder, "test.csv", "n,y,code\n5,v,01\n6,u,02\n");
    snprintf(settings, sizeof settings, "file: %s, test_file: %s, target: y, split: {validation: 0.25}", train, test);
    tl_dataset *d = NULL;
    tl_error error = {0};
    if (tl_dataset_read(&context, NULL, settings, &d, &error) != TL_OK) fail_msg("%s", error.message);
    assert_int_equal(tl_dataset_rows(d, TL_TRAIN), 3);
    assert_int_equal(tl_dataset_rows(d, TL_VALIDATION), 1);
    assert_int_equal(tl_dataset_rows(d, TL_TEST), 2);
    float target;
    assert_int_equal(tl_dataset_row(d, TL_TEST, 0, NULL, &target), TL_OK);
    assert_true(target == 1);
    assert_int_equal(d->class_counts[TL_TEST][0], 1);
    tl_dataset_free(d);
    d = NULL;
    files_text(folder, "test.csv", "n,y,code\n5,w,02\n");
    assert_int_equal(tl_dataset_read(&context, NULL, settings, &d, &error), TL_BAD_DATA);
    assert_non_null(strstr(error.message, "row 0 has the class 'w', which the training data does not have"));
    files_end(folder);
}

static void joins_files(void **state)
{
    (void)state;
    char folder[256], settings[600];
    files_begin(folder);
    const char *one = files_text(folder, "a.csv", "c,n,y\nx,1,0.5\ny,2,1\n"), *two = files_text(folder, "b.csv", "c,n,y\nz,300,2\nx,2.5,3\n");
    snprintf(settings, sizeof settings, "file: [%s, %s], normalize: none, " ALL, one, two);
    tl_dataset *d = NULL;
    tl_error error = {0};
    if (tl_dataset_read(&context, NULL, settings, &d, &error) != TL_OK) fail_msg("%s", error.message);
    float row[4];
    assert_int_equal(tl_dataset_rows(d, TL_TRAIN), 4);
    tl_dataset_row(d, TL_TRAIN, 2, row, NULL);
    assert_true(row[0] == 0 && row[2] == 1 && row[3] == 300);
    tl_dataset_row(d, TL_TRAIN, 3, row, NULL);
    assert_true(row[0] == 1 && row[3] == 2.5f);
    tl_dataset_free(d);
    d = NULL;
    files_text(folder, "b.csv", "c,n\nz,300\nx,2\n");
    assert_int_equal(tl_dataset_read(&context, NULL, settings, &d, &error), TL_BAD_DATA);
    assert_non_null(strstr(error.message, "this file has 2 columns but"));
    assert_int_equal(tl_dataset_read(&context, "no such file.csv", "", &d, NULL), TL_NOT_FOUND);
    files_end(folder);
}

static void takes_arrays(void **state)
{
    (void)state;
    static const float inputs[] = {0, 0, 0, 1, 1, 0, 1, 1}, targets[] = {0, 1, 1, 0}, bad[] = {0, 1, 3, 0};
    tl_dataset *d = NULL;
    tl_error error = {0};
    tl_status status = tl_dataset_from_arrays(&context, inputs, targets, 4, 2, 1, 3, "normalize: none, " ALL, &d, &error);
    if (status != TL_OK) fail_msg("%s", error.message);
    assert_int_equal(tl_dataset_classes(d), 3);   /* also the one without a row */
    float row[2], target;
    tl_dataset_row(d, TL_TRAIN, 2, row, &target);
    assert_true(row[0] == 1 && row[1] == 0 && target == 1);
    assert_int_equal(d->bytes, context.heap.in_use);
    tl_dataset_free(d);
    d = NULL;
    assert_int_equal(tl_dataset_from_arrays(&context, inputs, bad, 4, 2, 1, 3, "", &d, &error), TL_BAD_DATA);
    assert_int_equal(tl_dataset_from_arrays(&context, inputs, targets, 4, 2, 1, 0, ALL, &d, &error), TL_OK);
    assert_int_equal(tl_dataset_classes(d), 0);
    tl_dataset_free(d);
    assert_int_equal(tl_dataset_from_arrays(&context, inputs, targets, 0, 2, 1, 0, ALL, &d, &error), TL_INVALID);
}

static void tells_mistakes_as_sentences(void **state)
{
    (void)state;
    static const char good[] = "alpha,beta,y\n1,x,0\n2,y,1\n3,x,0\n4,y,1\n";
    data_refused(good, "target: alhpa", TL_NOT_FOUND, "data.target is 'alhpa', but there is no such column; did you mean 'alpha'?");
    data_refused(good, "target: 3", TL_NOT_FOUND, "positions 0 to 2, or -1 to -3 from the end");
    data_refused("1,2\n3,4\n", "target: y", TL_NOT_FOUND, "the file names no columns");
    data_refused(good, "target: y, drop: [y]", TL_BAD_CONFIG, "column 'y' is named by both data.target and data.drop");
    data_refused(good, "drop: [alpha, beta]", TL_BAD_DATA, "no column is left to learn from");
    data_refused(good, "target: beta, task: regression", TL_BAD_DATA, "column 'beta' holds texts, which a regression cannot learn");
    data_refused(good, "target: [alpha, y], task: classification", TL_BAD_CONFIG, "has one target column, but data.target names 2");
    data_refused(good, "target: [alpha, alpha]", TL_BAD_CONFIG, "names column 'alpha' twice");
    data_refused(good, "max_categories: 1", TL_BAD_DATA, "column 'beta' holds 2 different texts, more than data.max_categories (1)");
    data_refused("a,y\n1,u\n2,u\n", "", TL_BAD_DATA, "column 'y' holds one class only ('u')");
    data_refused("a,y\n1,7\n2,7\n", "", TL_BAD_DATA, "column 'y' holds one class only ('7')");
    data_refused("a,y\n1,u\n,v\n3,u\n", "", TL_BAD_DATA,
                 "t.csv:3: column 'a' has no value here (1 of its 3 cells are missing). Say what to do with missing values: "
                 "data.missing: drop | mean | median | forward | constant.");
    data_refused("a,y\n1,u\n2,\n3,v\n", "", TL_BAD_DATA, "t.csv:3: column 'y' has no value here");
    data_refused("a,b,y\n,1,u\n2,,v\n", "missing: drop", TL_BAD_DATA, "no rows are left: of 2, 2 have missing values");
    data_refused(good, "classes: [0]", TL_BAD_DATA, "one class only");
    data_refused("a,y\n1,buy\n2,sell\n", "classes: [buy, sel]", TL_BAD_CONFIG, "did you mean 'sell'?");
    data_refused(good, "positive_class: 2", TL_BAD_CONFIG, "data.positive_class is '2', which is none of the 2 classes");
    data_refused(good, "weight: beta", TL_BAD_DATA, "weights must be numbers from 0 on");
    data_refused(good, "time: beta, split: {method: time}", TL_BAD_DATA, "so it cannot order the rows");
    data_refused(good, "split: {test: 4}", TL_BAD_CONFIG, "leaves no rows to train on");
    data_refused("a,y\n1e39,0\n2,1\n", "", TL_BAD_DATA, "holds an infinite value, or one too large for a float, in row 0");
    data_refused("a,y\n1,u\n,v\n3,u\n", "missing: constant, missing_value: x", TL_BAD_CONFIG, "column 'a' holds numbers; give a number");
}

static tl_status make_on(tl__heap *heap, void *user)
{
    static const char text[] = "c,n,g,w,day,y\nx,1,p,1,2016-01-01,u\ny,2.5,q,1,2016-01-02,v\nx,,p,1,2016-01-03,u\n"
                               "z,4,r,2,2016-01-04,v\nx,5,s,1,2016-01-05,u\n,6,t,1,2016-01-06,v\n";
    tl_context on = {.heap = *heap, .seed = 1, .threads = 1};
    tl_dataset *made = NULL;
    tl_status status = data_set(&on, text, user, &made, NULL);
    tl_dataset_free(made);
    *heap = on.heap;
    return status;
}

static void runs_out_of_memory_cleanly(void **state)
{
    (void)state;
    char one[] = "missing: median, weight: w, split: {group: g}", two[] = "missing: mean, time: day, split: {method: time}",
         three[] = "missing: constant, normalize: robust, split: {method: kfold, folds: 3}", four[] = "missing: drop, target: n";
    failing_sweep(make_on, one);
    failing_sweep(make_on, two);
    failing_sweep(make_on, three);
    failing_sweep(make_on, four);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(divides_iris), cmocka_unit_test(reads_penguins), cmocka_unit_test(tells_the_task),
        cmocka_unit_test(sorts_classes), cmocka_unit_test(gives_roles), cmocka_unit_test(weighs_classes),
        cmocka_unit_test(knows_other_data), cmocka_unit_test(hashes_the_content), cmocka_unit_test(takes_a_test_file),
        cmocka_unit_test(joins_files), cmocka_unit_test(takes_arrays), cmocka_unit_test(tells_mistakes_as_sentences),
        cmocka_unit_test(runs_out_of_memory_cleanly),
    };
    data_context(&context);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return failed + (context.heap.in_use != 0);
}
