/* The YAML subset: forms and kinds, places, what is refused and what is a mistake. The YAML test suite itself is run by
 * `make conformance`; here stand the forms that settings use, with values known from YAML's specification. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/failing.h"
#include "text/yaml.h"

static tl__heap heap;

/* The value of a YAML text as one line of JSON, or its message. */
static const char *said(const char *yaml)
{
    static char text[4096];
    tl__tree *tree;
    tl__buffer out;
    tl_error error = {0};
    assert_int_equal(tl__tree_new(&heap, "c.yaml", &tree), TL_OK);
    tl__buffer_init(&out, &heap);
    tl_status status = tl__yaml_parse(tree, yaml, strlen(yaml), &error);
    if (status == TL_OK) tl__json_write(&out, &tree->root, 0);
    else tl__buffer_text(&out, error.message);
    assert_true(status == TL_OK || status == TL_BAD_CONFIG);
    assert_true(status == TL_OK || (error.line > 0 && error.column > 0 && strcmp(error.file, "c.yaml") == 0));
    snprintf(text, sizeof text, "%s", out.data);
    tl__buffer_free(&out);
    tl__tree_free(tree);
    return text;
}

struct pair { const char *yaml, *expected; };

static void check(const struct pair *pairs, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(said(pairs[i].yaml), pairs[i].expected) != 0)
            fail_msg("%s\ngives  %s\nnot    %s", pairs[i].yaml, said(pairs[i].yaml), pairs[i].expected);
}

static void forms(void **state)
{
    (void)state;
    static const struct pair pairs[] = {
        {"", "null"},
        {"# nothing\n", "null"},
        {"---\n...\n", "null"},
        {"a: 1\nb:\n  c: [x, {y: z}]\n  d:\n  - 1\n  -   e: f\n      g: h\n  -\n    - i\n    - - j\n",
         "{\"a\": 1, \"b\": {\"c\": [\"x\", {\"y\": \"z\"}], \"d\": [1, {\"e\": \"f\", \"g\": \"h\"}, [\"i\", [\"j\"]]]}}"},
        {"a:\n- 1\n- 2\nb: 3\n", "{\"a\": [1, 2], \"b\": 3}"},
        {"{a: 1, \"b\":2, c, d: , 'e f': [g: h, 1]}", "{\"a\": 1, \"b\": 2, \"c\": null, \"d\": null, \"e f\": [{\"g\": \"h\"}, 1]}"},
        {"a: [1,\n  2, # two\n  3,\n]\nb: {\n  c: 4\n}\n", "{\"a\": [1, 2, 3], \"b\": {\"c\": 4}}"},
        {"a: b c\n  d\n\n  e\n", "{\"a\": \"b c d\\ne\"}"},
        {"url: http://x.y:80/z#frag\n", "{\"url\": \"http://x.y:80/z#frag\"}"},
        {"a: b#c # comment\n", "{\"a\": \"b#c\"}"},
        {"--- text\n", "\"text\""},
        {"--- # comment\na: 1\n... # end\n", "{\"a\": 1}"},
        {"\xEF\xBB\xBF" "a: 1\r\nb: |\r\n  x\r\n  y\r\n", "{\"a\": 1, \"b\": \"x\\ny\\n\"}"},
        {"a:\tb\n", "{\"a\": \"b\"}"},
        {"-1: -x\n?y: :z\n", "{\"-1\": \"-x\", \"?y\": \":z\"}"},
    };
    check(pairs, TL_COUNT(pairs));
}

static void kinds(void **state)
{
    (void)state;
    static const struct pair pairs[] = {
        {"[1, -2, +3, 007, 0x1F, 0o17, 9223372036854775807, 9223372036854775808]",
         "[1, -2, 3, 7, 31, 15, 9223372036854775807, 9.223372036854776e+18]"},
        {"[1.5, -.5, 5., 1e-3, 1E+2, .inf, -.INF, .nan]", "[1.5, -0.5, 5.0, 0.001, 100.0, null, null, null]"},
        {"[true, True, FALSE, yes, no, on, tRue]", "[true, true, false, \"yes\", \"no\", \"on\", \"tRue\"]"},
        {"[null, Null, NULL, ~, nULL]", "[null, null, null, null, \"nULL\"]"},
        {"[1_000, 1:30, 0x, 1e, 2026-11-21, ., -, 0b1]", "c.yaml:1:38: inside [ ] and { } items are separated by commas, not begun with '-'"},
        {"[1_000, 1:30, 0x, 1e, 2026-11-21, ., 0b1, inf, nan]",
         "[\"1_000\", \"1:30\", \"0x\", \"1e\", \"2026-11-21\", \".\", \"0b1\", \"inf\", \"nan\"]"},
        {"[\"1\", '1', 'null', \"true\"]", "[\"1\", \"1\", \"null\", \"true\"]"},
    };
    check(pairs, TL_COUNT(pairs));
}

static void quoted(void **state)
{
    (void)state;
    static const struct pair pairs[] = {
        {"'it''s \\n'", "\"it's \\\\n\""},
        {"\"\\0\\a\\b\\t\\n\\v\\f\\r\\e\\ \\\"\\/\\\\\"", "\"\\u0000\\u0007\\b\\t\\n\\u000b\\f\\r\\u001b \\\"/\\\\\""},
        {"\"\\N\\_\\L\\P\"", "\"\xC2\x85\xC2\xA0\xE2\x80\xA8\xE2\x80\xA9\""},
        {"\"\\x41\\u00e9\\U0001F600\\ud83d\\ude00\"", "\"A\xC3\xA9\xF0\x9F\x98\x80\xF0\x9F\x98\x80\""},
        {"a: \"b  \n   c\n\n  d \\\n   \\ e\"", "{\"a\": \"b c\\nd  e\"}"},
        {"a: 'b\n\n\n  c'", "{\"a\": \"b\\n\\nc\"}"},
        {"\"\\q\"", "c.yaml:1:2: \\q is no escape; for a backslash itself write \\\\, or use single quotes"},
        {"\"\\ud83d\"", "c.yaml:1:2: this escape names no character of Unicode"},
        {"\"\\U00110000\"", "c.yaml:1:2: this escape names no character of Unicode"},
        {"\"\\x4\"", "c.yaml:1:2: \\x is followed by 2 hexadecimal digits"},
        {"a: \"b", "c.yaml:1:4: the text that begins here has no closing \""},
        {"a: \"b\nc\"", "c.yaml:2:1: this line belongs to the quoted text that begins in line 1 and has to be indented deeper"},
        {"a: 'b\n---\n'", "c.yaml:2:1: the document ends inside the quotes that begin in line 1"},
        {"a: \"b\" c", "c.yaml:1:8: the value ends before this; put the whole value in quotes, or begin a new line"},
    };
    check(pairs, TL_COUNT(pairs));
}

static void block_texts(void **state)
{
    (void)state;
    static const struct pair pairs[] = {
        {"|\n a\n  b\n\n c\n\n", "\"a\\n b\\n\\nc\\n\""},
        {"|-\n a\n\n", "\"a\""},
        {"|+\n a\n\n", "\"a\\n\\n\""},
        {">\n a\n b\n\n c\n  d\n e\n", "\"a b\\nc\\n d\\ne\\n\""},
        {"a: >-\n  b\n  c\nd: |2-\n   e\n", "{\"a\": \"b c\", \"d\": \" e\"}"},
        {"- |+1 # keep\n  a\n- b\n", "[\" a\\n\", \"b\"]"},
        {"a: |\nb: 1\n", "{\"a\": \"\", \"b\": 1}"},
        {"a: |\n  # text\n # comment\n", "{\"a\": \"# text\\n\"}"},
        {"|0\n a\n", "c.yaml:1:2: after | or > only - or +, a digit from 1 to 9 and a comment may stand; the text begins on the next line"},
        {"|\n   \n a\n", "c.yaml:3:2: an empty line before this first line of the text is indented deeper than it"},
        {"a: |\n  b\n\tc\n", "c.yaml:3:1: a tab stands in the indentation of a text; indent with spaces"},
    };
    check(pairs, TL_COUNT(pairs));
}

static void refusals(void **state)
{
    (void)state;
    static const struct { const char *yaml; size_t construct; int line, column; } cases[] = {
        {"a: &x 1", 0, 1, 4},       {"&x a: 1", 0, 1, 1},         {"a: *x", 1, 1, 4},        {"[*x]", 1, 1, 2},
        {"a: !!int 1", 2, 1, 4},    {"%YAML 1.2\n---\n", 3, 1, 1}, {"a: 1\n--- \nb: 2\n", 4, 2, 1}, {"a\n...\nb\n", 4, 3, 1},
        {"? a\n: b\n", 5, 1, 1},    {"{? a : b}", 5, 1, 2},       {"[a]: b", 6, 1, 1},       {"{{a: b}: c}", 6, 1, 2},
        {"a: 1\n[b]: c", 6, 2, 1},  {": a", 7, 1, 1},             {"[: a]", 7, 1, 2},        {"a:\n  <<: {b: 1}\n", 8, 2, 3},
    };
    for (size_t i = 0; i < TL_COUNT(cases); i++) {
        char expected[200];
        snprintf(expected, sizeof expected, "c.yaml:%d:%d: %s are not part of the YAML that trainlib reads; ",
                 cases[i].line, cases[i].column, tl__yaml_refusal(cases[i].construct));
        if (strncmp(said(cases[i].yaml), expected, strlen(expected)) != 0)
            fail_msg("%s: %s, not %s", cases[i].yaml, said(cases[i].yaml), expected);
    }
    assert_null(tl__yaml_refusal(9));
}

static void mistakes(void **state)
{
    (void)state;
    static const struct pair pairs[] = {
        {"a:\n\tb: 1\n", "c.yaml:2:1: a tab stands in the indentation; indent with spaces"},
        {"a:\n  b: 1\n  \tc: 2\n", "c.yaml:3:3: a tab stands in the indentation; indent with spaces"},
        {"-\t- a\n", "c.yaml:1:2: a tab stands in the indentation; indent with spaces"},
        {"a: 1\nb: 2\na: 3\n", "c.yaml:3:1: the key 'a' stands twice in one map, here and in line 1, column 1; remove one of them"},
        {"a:\n    b: 1\n   c: 2\n", "c.yaml:3:4: this line is indented by 3, but the lines of its block by 0"},
        {"a: 1\n  b: 2\n", "c.yaml:2:4: this line is indented deeper than the one above and so goes on with its value, which cannot hold a colon; check the indentation"},
        {"a: b: c\n", "c.yaml:1:5: a second colon on this line; put the value in quotes, or its first key on a line of its own"},
        {"a: - b\n", "c.yaml:1:4: a list in lines cannot begin here; put its first '-' on a line of its own"},
        {"a: 1\nb\n", "c.yaml:2:1: 'b' has no colon after it; write it as key: value, or indent it if it belongs to the value above"},
        {"a: 1\n- b\n", "c.yaml:2:1: a list item stands among the keys of a map; indent it, or give it a key"},
        {"- a\nb: 1\n", "c.yaml:2:1: the document ends before this line; indent it if it belongs to the value above, or write it as key: value like the others"},
        {"a: [1, 2\nb: 3\n", "c.yaml:2:1: this line stands inside brackets and has to be indented deeper than the block around them"},
        {"a: [1, 2", "c.yaml:1:4: the [ that stands here is not closed"},
        {"a: [1, , 2]", "c.yaml:1:8: nothing stands before this comma"},
        {"a: {b: 1 c: 2}", "c.yaml:1:11: a comma or the closing } of line 1 is missing before this"},
        {"a: [1]#c", "c.yaml:1:7: a comment needs a blank before its '#'"},
        {"a: @b", "c.yaml:1:4: a value cannot begin with '@'; put it in quotes if it is a text"},
        {"a: %b", "c.yaml:1:4: a value cannot begin with '%'; put it in quotes if it is a text"},
        {"a: \x01", "c.yaml:1:4: the byte 0x1 is no text; remove it, or write \"\\x01\" in double quotes"},
        {"\xC3\xA9: \xFF", "c.yaml:1:4: this is not UTF-8; save the file in that encoding"},
        {"--- a: 1\n", "c.yaml:1:6: a second colon on this line; put the value in quotes, or its first key on a line of its own"},
        {"a: 1\n... b\n", "c.yaml:2:5: only a comment may stand after this; begin a new line"},
    };
    check(pairs, TL_COUNT(pairs));
}

static void places(void **state)
{
    (void)state;
    tl__tree *tree;
    tl_error error = {0};
    static const char text[] = "a:\n  \xC3\xA9: 1   \n  c: [x,\n     \"y\"]\n  d:\n";
    assert_int_equal(tl__tree_new(&heap, "c.yaml", &tree), TL_OK);
    assert_int_equal(tl__yaml_parse(tree, text, sizeof text - 1, &error), TL_OK);
    const tl_value *e = tl_value_get(&tree->root, "a.\xC3\xA9"), *y = tl_value_get(&tree->root, "a.c[1]");
    const tl_value *a = tl_value_get(&tree->root, "a"), *d = tl_value_get(&tree->root, "a.d");
    assert_int_equal(a->line * 100 + a->column, 203);
    assert_int_equal(a->key_line * 100 + a->key_column, 101);
    assert_int_equal(e->line * 100 + e->column, 206);
    assert_int_equal(e->key_line * 100 + e->key_column, 203);
    assert_int_equal(y->line * 100 + y->column, 406);
    assert_true(y->quoted);
    assert_int_equal(d->kind, TL_NULL);
    assert_int_equal(d->line * 100 + d->column, 503);
    tl__tree_free(tree);
}

static void settings(void **state)
{
    (void)state;
    tl__tree *tree;
    tl_error error = {0};
    assert_int_equal(tl__tree_new(&heap, "settings", &tree), TL_OK);
    assert_int_equal(tl__yaml_parse_settings(tree, "nodes: 16, activation: relu # wide", 34, &error), TL_OK);
    assert_int_equal(tl_value_integer(tl_value_get(&tree->root, "nodes"), 0), 16);
    assert_int_equal(tl_value_get(&tree->root, "nodes")->key_column, 1);
    assert_string_equal(tl_value_text(tl_value_get(&tree->root, "activation"), ""), "relu");
    assert_int_equal(tl__yaml_parse_settings(tree, "", 0, &error), TL_OK);
    assert_int_equal(tl_value_kind(&tree->root), TL_MAP);
    assert_int_equal(tl_value_count(&tree->root), 0);
    assert_int_equal(tl__yaml_parse_settings(tree, "a: 1} {b: 2", 11, &error), TL_BAD_CONFIG);
    tl__tree_free(tree);
}

static void limits(void **state)
{
    (void)state;
    enum { DEEP = 50000 };
    char *text = malloc(3 * DEEP + 1);
    memset(text, '[', DEEP);
    text[DEEP] = '\0';
    assert_string_equal(said(text), "c.yaml:1:65: lists and maps are nested more than 64 deep");
    for (size_t i = 0; i < DEEP; i++) memcpy(text + 2 * i, "- ", 3);
    assert_string_equal(said(text), "c.yaml:1:129: lists and maps are nested more than 64 deep");
    for (size_t i = 0; i < DEEP; i++) memcpy(text + 3 * i, "{a:", 4);
    assert_string_equal(said(text), "c.yaml:1:193: lists and maps are nested more than 64 deep");
    free(text);
}

/* Many keys on one line: reading stays linear, and repeated keys are found among many. */
static void many(void **state)
{
    (void)state;
    enum { KEYS = 20000 };
    char *text = malloc(KEYS * 16), *at = text;
    tl__tree *tree;
    tl_error error = {0};
    *at++ = '{';
    for (int i = 0; i < KEYS; i++) at += sprintf(at, "k%d: %d,", i, i);
    strcpy(at, "k777: 1}");
    assert_int_equal(tl__tree_new(&heap, "c.yaml", &tree), TL_OK);
    assert_int_equal(tl__yaml_parse(tree, text, strlen(text), &error), TL_BAD_CONFIG);
    assert_non_null(strstr(error.message, "the key 'k777' stands twice"));
    strcpy(at, "}");
    assert_int_equal(tl__yaml_parse(tree, text, strlen(text), &error), TL_OK);
    assert_int_equal(tl_value_count(&tree->root), KEYS);
    tl__tree_free(tree);
    free(text);
}

static void written_reads_back(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "a", "a b", " a", "a ", "1", "1.5", "true", "null", "~", "no", "a: b", "a:b", "a:", ":a", "#a",
                                        "a #b", "a#b", "- a", "-", "?", "[a]", "a,b", "{", "'", "\"", "\\", "a\nb", "\t", "\x7F", "...", "---",
                                        "&a", "*a", "!a", "%a", "@a", "`a", "|", ">", "<<", "\xC3\xA9", "\xE2\x80\xA8", "0x1F", ".inf", "=", "x\r"};
    tl__tree *tree, *again;
    tl__builder builder;
    tl__buffer out;
    tl_error error = {0};
    assert_int_equal(tl__tree_new(&heap, NULL, &tree), TL_OK);
    assert_int_equal(tl__tree_new(&heap, "again", &again), TL_OK);
    tl__builder_init(&builder, tree);
    tl__buffer_init(&out, &heap);
    tl_value *root = tl__put_map(&builder, NULL, NULL), *flow = tl__put_list(&builder, root, "flow");
    tl_value *lines = tl__put_list(&builder, root, "lines");
    for (size_t i = 0; i < TL_COUNT(texts); i++) {
        tl__put_text(&builder, flow, NULL, texts[i]);
        tl__put_text(&builder, root, texts[i], texts[i]);
        tl__put_text(&builder, tl__put_map(&builder, lines, NULL), texts[i], texts[i]);
    }
    tl_value *inner = tl__put_list(&builder, lines, NULL);
    tl__put_map(&builder, inner, NULL);
    tl__put_number(&builder, tl__put_list(&builder, inner, NULL), NULL, 5.0);
    tl__put_number(&builder, flow, NULL, DBL_MAX * 10);
    tl__put_number(&builder, flow, NULL, -DBL_MAX * 10);
    tl__put_number(&builder, flow, NULL, 1e22);
    tl__put_null(&builder, flow, NULL);
    tl__put_bool(&builder, root, "bool", false);
    assert_false(builder.failed);
    tl__yaml_write(&out, root, 0);
    if (tl__yaml_parse(again, out.data, out.size, &error) != TL_OK) fail_msg("%s\n%s", error.message, out.data);
    assert_true(tl__value_equal(root, &again->root));
    tl__buffer_free(&out);
    tl__tree_free(tree);
    tl__tree_free(again);
}

static tl_status scenario(tl__heap *failing_heap, void *user)
{
    static const char text[] = "a: 1\nb:\n  - 'x\n    y'\n  - |\n    z\n  - {c: [1, 2]}\n  - plain\n    text\n";
    tl__tree *tree;
    tl_error error = {0};
    (void)user;
    TL_TRY(tl__tree_new(failing_heap, "c.yaml", &tree));
    tl_status status = tl__yaml_parse(tree, text, sizeof text - 1, &error);
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
        cmocka_unit_test(forms),    cmocka_unit_test(kinds),  cmocka_unit_test(quoted),   cmocka_unit_test(block_texts),
        cmocka_unit_test(refusals), cmocka_unit_test(mistakes), cmocka_unit_test(places), cmocka_unit_test(settings),
        cmocka_unit_test(limits),   cmocka_unit_test(many),   cmocka_unit_test(written_reads_back),
        cmocka_unit_test(out_of_memory),
    };
    tl__heap_init(&heap, NULL, 0);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return failed + (heap.in_use != 0);
}
