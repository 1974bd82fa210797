/* The data report and the prepared set. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/data.h"
#include "support/failing.h"
#include "support/files.h"
#include "text/npy.h"
#include "text/yaml.h"

static tl_context context;

static const char text[] = "a,c,k,d,y\n1.1,x,7,2016-01-01,u\n2.5,y,7,2016-01-02,v\n1.1,x,7,2016-01-03,u\n?,x,7,2016-01-04,v\n"
                           "4,z,7,2016-01-05,u\n1.1,x,7,2016-01-06,v\n";

static tl_dataset *set(const char *settings)
{
    tl_dataset *made = NULL;
    tl_error error = {0};
    if (data_set(&context, text, settings, &made, &error) != TL_OK) fail_msg("%s", error.message);
    return made;
}

static int64_t integer(const tl__tree *tree, const char *path) { return tl_value_integer(tl_value_get(&tree->root, path), -1); }

static void reports_what_it_found(void **state)
{
    (void)state;
    static const char settings[] = "missing: drop, split: {method: time, validation: 0, test: 2}";
    tl_dataset *d = set(settings);
    data_settings bound;
    tl__tree *tree;
    tl_value *map;
    tl__builder builder;
    assert_int_equal(data_settings_make(&context, settings, &bound), TL_OK);
    assert_int_equal(tl__tree_new(&context.heap, NULL, &tree), TL_OK);
    tl__builder_init(&builder, tree);
    assert_int_equal(tl__dataset_report(&builder, NULL, NULL, d, &bound.block, &map, NULL), TL_OK);
    assert_int_equal(integer(tree, "rows"), 6);
    assert_int_equal(integer(tree, "parts.train"), 3);
    assert_int_equal(integer(tree, "parts.test"), 2);
    assert_int_equal(integer(tree, "left_out.rows_with_missing_values"), 1);
    assert_int_equal(integer(tree, "duplicate_rows"), 1);              /* row 2 repeats row 0 */
    assert_int_equal(integer(tree, "inputs_also_in_training.test"), 1);   /* row 5 has the inputs of row 0 */
    assert_int_equal(integer(tree, "columns[0].missing"), 1);
    assert_true(tl_value_number(tl_value_get(&tree->root, "columns[0].min"), 0) == 1.1);
    assert_int_equal(integer(tree, "columns[1].words"), 3);
    assert_int_equal(integer(tree, "columns[1].commonest.x"), 4);
    assert_string_equal(tl_value_text(tl_value_get(&tree->root, "columns[3].role"), ""), "date (not used)");
    assert_string_equal(tl_value_text(tl_value_get(&tree->root, "constant_columns[0]"), ""), "k");
    assert_int_equal(tl_value_count(tl_value_get(&tree->root, "constant_columns")), 1);
    assert_string_equal(tl_value_text(tl_value_get(&tree->root, "notes[0]"), ""), "column 'd' is not an input: it holds dates");
    assert_int_equal(integer(tree, "class_distribution.classes[0].train.rows"), 2);
    tl__tree_free(tree);
    data_settings_end(&bound);
    tl_dataset_free(d);
}

static void writes_the_prepared_set(void **state)
{
    (void)state;
    char folder[256];
    tl_error error = {0};
    files_begin(folder);
    tl_dataset *d = set("missing: drop, normalize: none, split: {method: time, validation: 0, test: 1}");
    if (tl__dataset_write(d, folder, "csv", &error) != TL_OK) fail_msg("%s", error.message);
    char *csv = files_read(files_path(folder, "train.csv"), NULL);
    assert_string_equal(csv, "a,c=x,c=y,c=z,k,y\n1.1,1,0,0,7,u\n2.5,0,1,0,7,v\n1.1,1,0,0,7,u\n4,0,0,1,7,u\n");
    free(csv);
    assert_false(files_exist(files_path(folder, "validation.csv")));
    assert_true(files_exist(files_path(folder, "test.csv")));
    if (tl__dataset_write(d, folder, "npy", &error) != TL_OK) fail_msg("%s", error.message);
    size_t size;
    char *bytes = files_read(files_path(folder, "y_train.npy"), &size);
    tl__npy npy;
    assert_int_equal(tl__npy_parse(&npy, bytes, size, "y", &error), TL_OK);
    assert_true(npy.dims == 1 && npy.shape[0] == 4 && tl__npy_at(&npy, 1) == 1 && tl__npy_at(&npy, 3) == 0);
    free(bytes);
    bytes = files_read(files_path(folder, "X_test.npy"), &size);
    assert_int_equal(tl__npy_parse(&npy, bytes, size, "x", &error), TL_OK);
    assert_true(npy.dims == 2 && npy.shape[0] == 1 && npy.shape[1] == 5 && tl__npy_at(&npy, 4) == 7);
    free(bytes);
    char *json = files_read(files_path(folder, "norm_params.json"), &size);
    tl__tree *tree;
    tl__pipeline *pipeline = NULL;
    assert_int_equal(tl__tree_new(&context.heap, "norm_params.json", &tree), TL_OK);
    assert_int_equal(tl__json_parse(tree, json, size, &error), TL_OK);
    assert_int_equal(tl__pipeline_get(&context, &tree->root, "norm_params.json", &pipeline, &error), TL_OK);
    assert_int_equal(pipeline->features, 5);
    tl__pipeline_free(pipeline);
    tl__tree_free(tree);
    free(json);
    assert_int_equal(tl__dataset_write(d, folder, "xls", &error), TL_INVALID);
    assert_int_equal(files_count(folder, ".tmp"), 0);
    tl_dataset_free(d);
    files_end(folder);
}

static tl_status report_on(tl__heap *heap, void *user)
{
    static const char settings[] = "missing: mean, split: {validation: 0, test: 0}";
    tl_context on = {.heap = *heap, .seed = 1, .threads = 1};
    tl_dataset *d = NULL;
    tl__tree *tree = NULL;
    tl_value *map;
    tl__builder builder;
    (void)user;
    tl_status status = data_set(&on, text, settings, &d, NULL);
    if (status == TL_OK) status = tl__tree_new(&on.heap, NULL, &tree);
    if (status == TL_OK) {
        tl__data_settings block = {.missing = TL__MISSING_MEAN};
        tl__builder_init(&builder, tree);
        status = tl__dataset_report(&builder, NULL, NULL, d, &block, &map, NULL);
    }
    if (tree) tl__tree_free(tree);
    tl_dataset_free(d);
    *heap = on.heap;
    return status;
}

static void runs_out_of_memory_cleanly(void **state)
{
    (void)state;
    failing_sweep(report_on, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reports_what_it_found), cmocka_unit_test(writes_the_prepared_set),
        cmocka_unit_test(runs_out_of_memory_cleanly),
    };
    data_context(&context);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return failed + (context.heap.in_use != 0);
}
