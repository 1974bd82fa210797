/* Rows of settings: defaults, look-up, ranges in words. */
#include "base/field.h"

#include <setjmp.h>
#include <cmocka.h>
#include <math.h>

typedef struct inner { bool present; double rate; } inner;
typedef struct outer {
    int64_t epochs;
    bool shuffle;
    const char *name;
    int method;
    tl__int_list sizes;
    tl__member optimizer;
    const tl_value *layers;
    inner stopping;
} outer;

static const char *const methods[] = {"stratified", "random", "time", NULL};
static const tl__field inner_rows[] = {
    {.name = "rate", .kind = TL__FIELD_FLOAT, .offset = offsetof(inner, rate), .fallback = 0.5, .min = 0, .max = 1, .flags = TL__OPEN_MIN | TL__OPEN_MAX},
    {.name = NULL},
};
static const tl__field rows[] = {
    {.name = "epochs", .kind = TL__FIELD_INT, .offset = offsetof(outer, epochs), .fallback = 100, .min = 1, .max = 1048576},
    {.name = "shuffle", .kind = TL__FIELD_BOOL, .offset = offsetof(outer, shuffle), .fallback = 1},
    {.name = "name", .kind = TL__FIELD_TEXT, .offset = offsetof(outer, name), .text = "run"},
    {.name = "method", .kind = TL__FIELD_CHOICE, .offset = offsetof(outer, method), .fallback = 2, .choices = methods},
    {.name = "sizes", .kind = TL__FIELD_INT_LIST, .offset = offsetof(outer, sizes), .text = "[1, 2]"},
    {.name = "optimizer", .kind = TL__FIELD_MEMBER, .offset = offsetof(outer, optimizer), .text = "adam", .family = "optimizer"},
    {.name = "layers", .kind = TL__FIELD_TREE, .offset = offsetof(outer, layers)},
    {.name = "stopping", .kind = TL__FIELD_BLOCK, .flags = TL__OPTIONAL, .offset = offsetof(outer, stopping), .rows = inner_rows},
    {.name = NULL},
};

static void defaults(void **state)
{
    outer settings;
    (void)state;
    memset(&settings, 0xFF, sizeof settings);
    tl__field_defaults(rows, &settings);
    assert_int_equal(settings.epochs, 100);
    assert_true(settings.shuffle);
    assert_string_equal(settings.name, "run");
    assert_int_equal(settings.method, 2);
    assert_int_equal(settings.sizes.count, 0);
    assert_string_equal(settings.optimizer.name, "adam");
    assert_null(settings.optimizer.settings);
    assert_null(settings.layers);
    assert_false(settings.stopping.present);
    assert_true(settings.stopping.rate == 0.5);
}

static void look_up(void **state)
{
    const char *suggestion = "";
    (void)state;
    assert_ptr_equal(tl__field_find(rows, "epochs", 6, &suggestion), &rows[0]);
    assert_null(suggestion);
    assert_ptr_equal(tl__field_find(rows, "epochs.x", 6, NULL), &rows[0]);
    assert_null(tl__field_find(rows, "epoch", 5, &suggestion));
    assert_string_equal(suggestion, "epochs");
    assert_null(tl__field_find(rows, "zzz", 3, &suggestion));
    assert_null(suggestion);
}

static void check_range(const tl__field *row, const char *expected)
{
    char text[128];
    tl__field_range(text, sizeof text, row);
    assert_string_equal(text, expected);
}

static void ranges(void **state)
{
    (void)state;
    check_range(&rows[0], "a whole number from 1 to 1048576");
    check_range(&rows[1], "true or false");
    check_range(&rows[3], "one of: stratified, random, time");
    check_range(&inner_rows[0], "a number above 0 and below 1");
    tl__field row = {.name = "x", .kind = TL__FIELD_FLOAT};
    check_range(&row, "a number");
    row.max = (double)INFINITY;
    check_range(&row, "a number of at least 0");
    row.flags = TL__OPEN_MIN;
    check_range(&row, "a number above 0");
    row.max = 2;
    check_range(&row, "a number above 0 and up to 2");
    row.flags = TL__OPEN_MAX | TL__AUTO;
    check_range(&row, "a number from 0 to below 2, or auto");
    row.min = -(double)INFINITY;
    row.flags = 0;
    check_range(&row, "a number of at most 2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(defaults), cmocka_unit_test(look_up), cmocka_unit_test(ranges)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
