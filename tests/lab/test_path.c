/* Paths as text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "lab/path.h"

static tl__heap heap;
static tl__arena arena;

static int setup(void **state)
{
    (void)state;
    tl__heap_init(&heap, NULL, 0);
    tl__arena_init(&arena, &heap);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    tl__arena_free(&arena);
    return heap.in_use == 0 ? 0 : -1;
}

static void test_parts(void **state)
{
    (void)state;
    assert_string_equal(tl__path_folder(&arena, "a/b/c.csv"), "a/b");
    assert_string_equal(tl__path_folder(&arena, "c.csv"), "");
    assert_string_equal(tl__path_folder(&arena, "/c.csv"), "/");
    assert_string_equal(tl__path_name("a/b/c.csv"), "c.csv");
    assert_string_equal(tl__path_stem(&arena, "a/b.csv.gz"), "b");
    assert_string_equal(tl__path_stem(&arena, ".hidden"), ".hidden");
    assert_string_equal(tl__path_stem(&arena, ""), "");
    assert_string_equal(tl__path_join(&arena, "a", "b"), "a/b");
    assert_string_equal(tl__path_join(&arena, "a/", "b"), "a/b");
    assert_string_equal(tl__path_join(&arena, "", "b"), "b");
    assert_string_equal(tl__path_join(&arena, NULL, "b"), "b");
    assert_string_equal(tl__path_join(&arena, "a", "/b"), "/b");
}

static void test_from(void **state)
{
    (void)state;
    static const char *const cases[][4] = {    /* folder, path, current folder, how the path is called from the folder */
        {"output/runs/x", "iris.csv", NULL, "../../../iris.csv"},
        {"output/runs/x", "output/data/iris.csv", NULL, "../../data/iris.csv"},
        {"output/runs/x", "/data/iris.csv", NULL, "/data/iris.csv"},
        {"output/runs/x", "../iris.csv", NULL, "../../../../iris.csv"},
        {"./output/./x", "./a/../iris.csv", NULL, "../../iris.csv"},
        {"a", "a/iris.csv", NULL, "iris.csv"},
        {"a/b", "a", NULL, ".."},
        {"a", "a", NULL, "."},
        {"/tmp/out", "iris.csv", "/home/me", "../../home/me/iris.csv"},
        {"/home/me/out", "iris.csv", "/home/me", "../iris.csv"},
        {"../out", "iris.csv", "/home/me", "../me/iris.csv"},
        {"../out", "iris.csv", NULL, "iris.csv"},
        {"/tmp/out", "iris.csv", NULL, "iris.csv"},
    };
    for (size_t i = 0; i < TL_COUNT(cases); i++)
        assert_string_equal(tl__path_from(&arena, cases[i][0], cases[i][1], cases[i][2]), cases[i][3]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_parts), cmocka_unit_test(test_from)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
