/* Run folders: made one after the other, found newest first, their state told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "lab/folder.h"
#include "support/files.h"

static tl_context *context;
static tl__arena arena;
static char place[256];

static int setup(void **state)
{
    (void)state;
    files_begin(place);
    context = tl_context_new(NULL);
    tl__arena_init(&arena, &context->heap);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    tl__arena_free(&arena);
    tl_context_free(context);
    files_end(place);
    return 0;
}

/* Two in one second get _2 and _3. */
static void test_stamped(void **state)
{
    (void)state;
    static const char *const wanted[] = {"a_20261121_101500", "a_20261121_101500_2", "a_20261121_101500_3"};
    for (size_t i = 0; i < 3; i++) {
        const char *path;
        assert_int_equal(tl__folder_make_stamped(context, &arena, files_path(place, "made/here"), "a", "20261121_101500", &path,
                                                 NULL), TL_OK);
        assert_string_equal(strrchr(path, '/') + 1, wanted[i]);
        assert_true(files_exist(path));
    }
    const char *file = files_text(place, "file", ""), *path;
    assert_int_not_equal(tl__folder_make_stamped(context, &arena, file, "a", "20261121_101500", &path, NULL), TL_OK);
}

static bool collect(void *user, const char *path)
{
    char *out = user;
    size_t used = strlen(out);
    snprintf(out + used, 1024 - used, "%s ", strrchr(path, '/') + 1);
    return true;
}

static void test_newest(void **state)
{
    (void)state;
    static const char *const names[] = {"b_20261121_101500", "a_20261121_101500_10", "a_20261121_101500_2", "a_20261121_101500",
                                        "a_20251231_235959", "a_b_20270101_000000", "notes", "a_2026", "_20260101_000000x"};
    char found[1024] = "";
    for (size_t i = 0; i < TL_COUNT(names); i++)
        assert_int_equal(tl__folder_make(files_path(files_path(place, "runs"), names[i]), NULL), TL_OK);
    assert_int_equal(tl__runs_each(context, &arena, files_path(place, "runs"), NULL, collect, found, NULL), TL_OK);
    assert_string_equal(found, "a_b_20270101_000000 a_20261121_101500_10 a_20261121_101500_2 b_20261121_101500 "
                               "a_20261121_101500 a_20251231_235959 ");
    found[0] = '\0';
    assert_int_equal(tl__runs_each(context, &arena, files_path(place, "runs"), "a", collect, found, NULL), TL_OK);
    assert_string_equal(found, "a_20261121_101500_10 a_20261121_101500_2 a_20261121_101500 a_20251231_235959 ");
    found[0] = '\0';
    assert_int_equal(tl__runs_each(context, &arena, files_path(place, "nowhere"), "a", collect, found, NULL), TL_OK);
    assert_string_equal(found, "");
}

static const char *state_of(const char *status, bool *running)
{
    static char out[32];
    tl__tree *tree;
    tl_error error = {0};
    files_text(place, "status.json", status);
    tl_status read = tl__run_state(context, place, &tree, &error);
    if (read != TL_OK) return "refused";
    tl__format(out, sizeof out, "%s", tl_value_text(tl_value_get(&tree->root, "state"), ""));
    *running = tl_value_bool(tl_value_get(&tree->root, "running"), false);
    tl__tree_free(tree);
    return out;
}

static void test_state(void **state)
{
    (void)state;
    bool running;
    char text[128];
    assert_string_equal(state_of("{\"state\": \"done\", \"process\": 1}", &running), "done");
    assert_false(running);
    assert_string_equal(state_of("{\"state\": \"training\", \"process\": 0}", &running), "crashed");
    assert_false(running);
    tl__format(text, sizeof text, "{\"state\": \"training\", \"process\": %ld}", tl__process_id());
    assert_string_equal(state_of(text, &running), "training");
    assert_true(running);
    /* the number belongs to another process by now: the lock is free */
    assert_string_equal(state_of("{\"state\": \"training\", \"process\": 1}", &running), "crashed");
    assert_string_equal(state_of("{\"state\": ", &running), "refused");
    assert_string_equal(state_of("[]", &running), "refused");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_stamped), cmocka_unit_test(test_newest),
                                       cmocka_unit_test(test_state)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
