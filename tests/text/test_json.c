/* JSON against RFC 8259: what is accepted, what is rejected and where, and what is written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/failing.h"
#include "text/yaml.h"

static tl__heap heap;

static tl__tree *parse(const char *text, size_t size, tl_status expected, tl_error *error)
{
    tl__tree *tree;
    assert_int_equal(tl__tree_new(&heap, "t.json", &tree), TL_OK);
    tl_status status = tl__json_parse(tree, text, size, error);
    if (status != expected) fail_msg("%.60s: status %d, %s", text, (int)status, error->message);
    return tree;
}

static char *written(const tl_value *value, int indent)
{
    static char text[4096];
    tl__buffer out;
    tl__buffer_init(&out, &heap);
    tl__json_write(&out, value, indent);
    assert_false(out.failed);
    snprintf(text, sizeof text, "%s", out.data);
    tl__buffer_free(&out);
    return text;
}

static void reads_every_kind(void **state)
{
    (void)state;
    tl_error error = {0};
    static const char text[] = " {\"a\": [1, -2.5e3, true, false, null, \"x\"], \"b\": {}, \"\": []}\n";
    tl__tree *tree = parse(text, sizeof text - 1, TL_OK, &error);
    const tl_value *root = &tree->root, *list = tl_value_get(root, "a");
    assert_int_equal(tl_value_count(root), 3);
    assert_int_equal(tl_value_kind(tl_value_at(list, 0)), TL_INTEGER);
    assert_int_equal(tl_value_integer(tl_value_at(list, 0), 0), 1);
    assert_true(tl_value_number(tl_value_at(list, 1), 0) == -2500.0);
    assert_true(tl_value_bool(tl_value_at(list, 2), false));
    assert_false(tl_value_bool(tl_value_at(list, 3), true));
    assert_int_equal(tl_value_kind(tl_value_at(list, 4)), TL_NULL);
    assert_string_equal(tl_value_text(tl_value_at(list, 5), ""), "x");
    assert_int_equal(tl_value_kind(tl_value_get(root, "b")), TL_MAP);
    assert_string_equal(tl_value_key_at(root, 2), "");
    assert_int_equal(list->line, 1);
    assert_int_equal(list->column, 8);
    assert_int_equal(list->key_column, 3);
    tl__tree_free(tree);
}

static void numbers_keep_their_value(void **state)
{
    (void)state;
    tl_error error = {0};
    static const struct { const char *text; tl_kind kind; double number; const char *written; } cases[] = {
        {"9223372036854775807", TL_INTEGER, 9223372036854775807.0, "9223372036854775807"},
        {"-9223372036854775808", TL_INTEGER, -9223372036854775808.0, "-9223372036854775808"},
        {"9223372036854775808", TL_NUMBER, 9223372036854775808.0, "9.223372036854776e+18"},
        {"0.1", TL_NUMBER, 0.1, "0.1"},
        {"1.0", TL_NUMBER, 1.0, "1.0"},
        {"-0", TL_NUMBER, -0.0, "-0.0"},
        {"5e-324", TL_NUMBER, 5e-324, "5e-324"},
        {"1e-400", TL_NUMBER, 0.0, "0.0"},
        {"1.7976931348623157e308", TL_NUMBER, 1.7976931348623157e308, "1.7976931348623157e+308"},
    };
    for (size_t i = 0; i < TL_COUNT(cases); i++) {
        tl__tree *tree = parse(cases[i].text, strlen(cases[i].text), TL_OK, &error);
        assert_int_equal(tree->root.kind, cases[i].kind);
        assert_true(tree->root.number == cases[i].number);
        assert_string_equal(written(&tree->root, 0), cases[i].written);
        tl__tree *again = parse(written(&tree->root, 0), strlen(written(&tree->root, 0)), TL_OK, &error);
        assert_true(tl__value_equal(&tree->root, &again->root));
        tl__tree_free(tree);
        tl__tree_free(again);
    }
}

static void texts_and_escapes(void **state)
{
    (void)state;
    tl_error error = {0};
    static const char text[] = "\"\\u0000 \\ud83d\\ude00 \\n\\/ \xC3\xA9 \\u00E9\"", expected[] = "\0 \xF0\x9F\x98\x80 \n/ \xC3\xA9 \xC3\xA9";
    tl__tree *tree = parse(text, sizeof text - 1, TL_OK, &error);
    assert_int_equal(tree->root.text_size, sizeof expected - 1);
    assert_memory_equal(tree->root.text, expected, sizeof expected);
    assert_string_equal(written(&tree->root, 0), "\"\\u0000 \xF0\x9F\x98\x80 \\n/ \xC3\xA9 \xC3\xA9\"");
    tl__tree_free(tree);
}

static void mistakes_have_a_place(void **state)
{
    (void)state;
    static const struct { const char *text; int line, column; const char *message; } cases[] = {
        {"", 1, 1, "t.json:1:1: the JSON text ends where a value should follow; the file may be cut off"},
        {"{\n \"a\": 1,\n}", 3, 1, "t.json:3:1: a key in double quotes should stand here, not '}'"},
        {"[1 2]", 1, 4, "t.json:1:4: a comma or ']' should stand here, not '2'"},
        {"[\"\xC3\xA9\", x]", 1, 7, "t.json:1:7: a value should stand here, not 'x'"},
        {"[01]", 1, 4, "t.json:1:4: a number does not begin with 0 before other digits"},
        {"[1.]", 1, 4, "t.json:1:4: a digit after the point should stand here, not ']'"},
        {"\"a\nb\"", 1, 3, "t.json:1:3: the byte 0xa stands in a text; write it as \\u000a"},
        {"\"ab", 1, 1, "t.json:1:1: the text that begins here has no closing quote"},
        {"\"\\ud800\"", 1, 4, "t.json:1:4: half of a surrogate pair, which is no character; write both halves"},
        {"[1e999]", 1, 2, "t.json:1:2: the number is too large; the largest is about 1.8e308"},
        {"{} {}", 1, 4, "t.json:1:4: nothing more should stand here, not '{'"},
        {"[\"\xFF\"]", 1, 3, "t.json:1:3: this is not UTF-8; save the file in that encoding"},
        {"NaN", 1, 1, "t.json:1:1: a value should stand here, not 'N'"},
    };
    for (size_t i = 0; i < TL_COUNT(cases); i++) {
        tl_error error = {0};
        tl__tree *tree = parse(cases[i].text, strlen(cases[i].text), TL_BAD_FILE, &error);
        assert_string_equal(error.message, cases[i].message);
        assert_int_equal(error.line, cases[i].line);
        assert_int_equal(error.column, cases[i].column);
        tl__tree_free(tree);
    }
}

static void repeated_keys_stay(void **state)
{
    (void)state;
    tl_error error = {0};
    const tl_value *first;
    bool failed = false;
    tl__tree *tree = parse("{\"a\": 1, \"b\": 2, \"a\": 3}", 24, TL_OK, &error);
    assert_int_equal(tl_value_count(&tree->root), 3);
    const tl_value *again = tl__value_repeated(&heap, &tree->root, &first, &failed);
    assert_int_equal(tl_value_integer(again, 0), 3);
    assert_int_equal(tl_value_integer(first, 0), 1);
    tl__tree_free(tree);
}

static void depth_is_limited(void **state)
{
    (void)state;
    enum { DEEP = 100000 };
    tl_error error = {0};
    char *text = malloc(DEEP);
    memset(text, '[', DEEP);
    tl__tree_free(parse(text, DEEP, TL_BAD_FILE, &error));
    assert_string_equal(error.message, "t.json:1:513: lists and maps are nested more than 512 deep");
    memset(text + TL__VALUE_MAX_DEPTH, ']', TL__VALUE_MAX_DEPTH);
    tl__tree_free(parse(text, 2 * TL__VALUE_MAX_DEPTH, TL_OK, &error));
    free(text);
}

static void writes_with_and_without_lines(void **state)
{
    (void)state;
    tl__tree *tree;
    tl__builder builder;
    assert_int_equal(tl__tree_new(&heap, NULL, &tree), TL_OK);
    tl__builder_init(&builder, tree);
    tl_value *root = tl__put_map(&builder, NULL, NULL), *list = tl__put_list(&builder, root, "l");
    tl__put_integer(&builder, list, NULL, -3);
    tl__put_number(&builder, list, NULL, 1.0 / 3.0);
    tl__put_number(&builder, list, NULL, DBL_MAX * 10);
    tl__put_null(&builder, root, "n");
    tl__put_map(&builder, root, "m");
    tl__put_bool(&builder, root, "quote\"", true);
    assert_false(builder.failed);
    assert_string_equal(written(root, 0),
                        "{\"l\": [-3, 0.3333333333333333, null], \"n\": null, \"m\": {}, \"quote\\\"\": true}");
    assert_string_equal(written(root, 2), "{\n  \"l\": [\n    -3,\n    0.3333333333333333,\n    null\n  ],\n  \"n\": null,\n"
                                          "  \"m\": {},\n  \"quote\\\"\": true\n}");
    tl__tree_free(tree);
}

static tl_status scenario(tl__heap *failing_heap, void *user)
{
    static const char text[] = "{\"a\": [1, 2.5, \"x\\n\", {\"b\": null}], \"c\": \"text\"}";
    tl__tree *tree;
    tl__buffer out;
    tl_error error = {0};
    (void)user;
    TL_TRY(tl__tree_new(failing_heap, "t.json", &tree));
    tl__buffer_init(&out, failing_heap);
    tl_status status = tl__json_parse(tree, text, sizeof text - 1, &error);
    if (status == TL_OK) {
        tl__json_write(&out, &tree->root, 2);
        if (out.failed) status = TL_OUT_OF_MEMORY;
    }
    tl__buffer_free(&out);
    tl__tree_free(tree);
    return status;
}

static void out_of_memory(void **state)
{
    (void)state;
    assert_true(failing_sweep(scenario, NULL) > 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_kind),   cmocka_unit_test(numbers_keep_their_value),
        cmocka_unit_test(texts_and_escapes),  cmocka_unit_test(mistakes_have_a_place),
        cmocka_unit_test(repeated_keys_stay), cmocka_unit_test(depth_is_limited),
        cmocka_unit_test(out_of_memory),      cmocka_unit_test(writes_with_and_without_lines),
    };
    tl__heap_init(&heap, NULL, 0);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return failed + (heap.in_use != 0);
}
