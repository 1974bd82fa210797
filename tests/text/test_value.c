/* Trees of values: building, paths, numbers, texts of their own, and what the public functions promise. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "support/failing.h"
#include "text/yaml.h"

static tl_context context;   /* only its heap is used */

static tl__tree *read_yaml(const char *text)
{
    tl__tree *tree;
    tl_error error = {0};
    assert_int_equal(tl__tree_new(&context.heap, "t", &tree), TL_OK);
    if (tl__yaml_parse(tree, text, strlen(text), &error) != TL_OK) fail_msg("%s", error.message);
    return tree;
}

static void by_path(void **state)
{
    (void)state;
    tl__tree *tree = read_yaml("test: {accuracy: 0.5}\nlayers:\n  - nodes: 3\n  - {nodes: 4, list: [[1, 2], 3]}\n");
    const tl_value *root = &tree->root;
    assert_true(tl_value_number(tl_value_get(root, "test.accuracy"), 0) == 0.5);
    assert_int_equal(tl_value_integer(tl_value_get(root, "layers[1].nodes"), 0), 4);
    assert_int_equal(tl_value_integer(tl_value_get(root, "layers[1].list[0][1]"), 0), 2);
    assert_ptr_equal(tl_value_get(root, ""), root);
    static const char *const missing[] = {"x", "test.x", "test.accuracy.x", "layers[2]", "layers.nodes", "layers[", "layers[]",
                                          "layers[x]", "layers[1", "test[0]", ".test", "test.", "test..accuracy", "[0]",
                                          "layers[99999999999999999999]", "layers[0]nodes"};
    for (size_t i = 0; i < TL_COUNT(missing); i++)
        if (tl_value_get(root, missing[i]) != NULL) fail_msg("%s is found", missing[i]);
    assert_null(tl_value_get(NULL, "a"));
    tl_value_free(&context, &tree->root);
}

static void what_is_not_there(void **state)
{
    (void)state;
    tl__tree *tree = read_yaml("{t: text, i: 3, x: 2.5, whole: 4.0, big: 1e30, b: true, n: }");
    const tl_value *root = &tree->root;
    assert_int_equal(tl_value_kind(NULL), TL_NULL);
    assert_int_equal(tl_value_count(NULL), 0);
    assert_null(tl_value_at(root, 7));
    assert_null(tl_value_key_at(root, 7));
    assert_string_equal(tl_value_key_at(root, 1), "i");
    assert_int_equal(tl_value_integer(tl_value_get(root, "x"), -1), -1);
    assert_int_equal(tl_value_integer(tl_value_get(root, "whole"), -1), 4);
    assert_int_equal(tl_value_integer(tl_value_get(root, "big"), -1), -1);
    assert_int_equal(tl_value_integer(tl_value_get(root, "t"), -1), -1);
    assert_true(tl_value_number(tl_value_get(root, "i"), 0) == 3.0);
    assert_true(tl_value_number(tl_value_get(root, "b"), 9) == 9.0);
    assert_true(tl_value_bool(tl_value_get(root, "b"), false));
    assert_true(tl_value_bool(tl_value_get(root, "i"), true));
    assert_string_equal(tl_value_text(tl_value_get(root, "i"), "none"), "none");
    assert_string_equal(tl_value_text(tl_value_get(root, "t"), ""), "text");
    assert_null(tl_value_text(tl_value_get(root, "n"), NULL));
    tl_value_free(&context, &tree->root);
    tl_value_free(&context, NULL);
}

static void texts_of_trees(void **state)
{
    (void)state;
    char *text;
    tl__tree *tree = read_yaml("{a: [1, 2.0, x], b: {c: .nan, d: \"1\"}}");
    assert_int_equal(tl_value_json(&context, &tree->root, 0, &text), TL_OK);
    assert_string_equal(text, "{\"a\": [1, 2.0, \"x\"], \"b\": {\"c\": null, \"d\": \"1\"}}");
    tl_text_free(&context, text);
    assert_int_equal(tl_value_yaml(&context, &tree->root, &text), TL_OK);
    assert_string_equal(text, "a: [1, 2.0, x]\nb:\n  c: .nan\n  d: \"1\"\n");
    tl_text_free(&context, text);
    tl_text_free(&context, NULL);
    tl_value_free(&context, &tree->root);
}

static void copies_and_detached_values(void **state)
{
    (void)state;
    tl__builder builder;
    tl__tree *tree = read_yaml("{a: 1, b: [x, {y: 2}], c: 3}"), *other;
    assert_int_equal(tl__tree_new(&context.heap, NULL, &other), TL_OK);
    tl__builder_init(&builder, other);
    assert_non_null(tl__put_copy(&builder, NULL, NULL, &tree->root));
    assert_true(tl__value_equal(&tree->root, &other->root));
    assert_int_equal(tl_value_get(&other->root, "b[1].y")->column, tl_value_get(&tree->root, "b[1].y")->column);
    tl__value_detach(&other->root, tl__value_child(&other->root, "b"));
    assert_int_equal(tl_value_count(&other->root), 2);
    assert_false(tl__value_equal(&tree->root, &other->root));
    tl__value_detach(&other->root, tl__value_child(&other->root, "c"));
    tl__value_detach(&other->root, tl__value_child(&other->root, "a"));
    assert_null(other->root.first);
    assert_null(other->root.last);
    tl__put_integer(&builder, &other->root, "z", 1);
    assert_int_equal(tl_value_integer(tl_value_get(&other->root, "z"), 0), 1);
    tl__tree_free(tree);
    tl__tree_free(other);
}

static void equality(void **state)
{
    (void)state;
    static const char *const different[] = {"1", "1.0", "'1'", "2", "true", "~", "[]", "{}", "[1]", "[1, 2]", "{a: 1}", "{b: 1}", "{a: 2}", ".nan", "x"};
    for (size_t i = 0; i < TL_COUNT(different); i++)
        for (size_t j = 0; j < TL_COUNT(different); j++) {
            tl__tree *a = read_yaml(different[i]), *b = read_yaml(different[j]);
            assert_int_equal(tl__value_equal(&a->root, &b->root), i == j);
            tl__tree_free(a);
            tl__tree_free(b);
        }
}

static void repeated_keys_in_large_maps(void **state)
{
    (void)state;
    tl__tree *tree;
    tl__builder builder;
    const tl_value *first = NULL;
    bool failed = false;
    char key[16];
    assert_int_equal(tl__tree_new(&context.heap, NULL, &tree), TL_OK);
    tl__builder_init(&builder, tree);
    tl_value *map = tl__put_map(&builder, NULL, NULL);
    for (int i = 0; i < 1000; i++) {
        snprintf(key, sizeof key, "key%d", i);
        tl__put_integer(&builder, map, key, i);
        assert_null(tl__value_repeated(&context.heap, map, &first, &failed));
    }
    tl__put_integer(&builder, map, "key123", -1);
    assert_int_equal(tl__value_repeated(&context.heap, map, &first, &failed)->integer, -1);
    assert_int_equal(first->integer, 123);
    assert_false(failed);
    tl__tree_free(tree);
}

static tl_status scenario(tl__heap *heap, void *user)
{
    tl_context own = {.heap = *heap};   /* counts of its own; the allocator is the failing one */
    tl__tree *tree;
    tl__builder builder;
    char *text = NULL;
    (void)user;
    TL_TRY(tl__tree_new(&own.heap, "name", &tree));
    tl__builder_init(&builder, tree);
    tl_value *root = tl__put_map(&builder, NULL, NULL);
    for (int i = 0; i < 40 && root != NULL; i++) tl__put_text(&builder, root, "key", "some text that takes room in the arena");
    tl_status status = builder.failed ? TL_OUT_OF_MEMORY : tl_value_json(&own, root, 1, &text);
    if (status == TL_OK) tl_text_free(&own, text);
    tl__tree_free(tree);
    assert_int_equal(own.heap.in_use, 0);
    return status;
}

static void out_of_memory(void **state)
{
    (void)state;
    assert_true(failing_sweep(scenario, NULL) > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_path), cmocka_unit_test(what_is_not_there), cmocka_unit_test(texts_of_trees),
        cmocka_unit_test(copies_and_detached_values), cmocka_unit_test(equality),
        cmocka_unit_test(repeated_keys_in_large_maps), cmocka_unit_test(out_of_memory),
    };
    tl__heap_init(&context.heap, NULL, 0);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return failed + (context.heap.in_use != 0);
}
