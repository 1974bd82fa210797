/* CSV files as tables: types, headers, missing marks, and mistakes as a user sees them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/math.h"
#include "base/date.h"
#include "support/data.h"
#include "support/failing.h"

static tl_context context;

static tl__table *table(const char *text, const char *settings)
{
    tl__table *made = NULL;
    tl_error error = {0};
    if (data_table(&context, text, settings, &made, &error) != TL_OK) fail_msg("%s", error.message);
    return made;
}

/* Names and types, "a:u8 b:category". */
static const char *types(const tl__table *t)
{
    static char text[512];
    size_t used = 0;
    for (size_t i = 0; i < t->column_count; i++) {
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s:%s", i ? " " : "", t->columns[i].name,
                                 tl__column_type_name(&t->columns[i]));
    }
    return text;
}

static void check_types(const char *text, const char *settings, const char *expected)
{
    tl__table *t = table(text, settings);
    assert_string_equal(types(t), expected);
    tl__table_free(t);
}

static void finds_types(void **state)
{
    (void)state;
    check_types("a,b,c,d,e\n1,-1,1.5,x,2016-07-01\n255,2,2,y,2016-07-02\n", "", "a:u8 b:i32 c:f32 d:category e:date");
    check_types("a,b\n256,1\n1,1e2\n", "", "a:i32 b:u8");
    check_types("a,b\n3000000000,x\n1,\n", "", "a:f32 b:category");
    check_types("a,b\n1,\n,\n2,\n", "", "a:f32 b:f32");
    check_types("1;2,5\n3;4,5\n", "decimal: ','", "0:u8 1:f32");
    check_types("a,b\n01,1\n02,2\n", "types: {a: category, b: number}", "a:category b:u8");
    check_types("a,b\n1,1\n2,2\n", "types: {-1: category}", "a:u8 b:category");
    check_types("q|r\n'1'|'x|y'\n'2'|z\n", "quote: single", "q:u8 r:category");
}

static void finds_headers(void **state)
{
    (void)state;
    check_types("5.1,3.5,setosa\n4.9,3.0,setosa\n", "", "0:f32 1:f32 2:category");
    check_types("x,y\na,b\nc,d\n", "", "0:category 1:category");
    check_types("x,y\na,b\nc,d\n", "header: true", "x:category y:category");
    check_types("1,2\n3,4\n", "header: true", "1:u8 2:u8");
    check_types("x,\n1,2\n3,4\n", "", "x:u8 1:u8");
    check_types("x,y\n?,a\n1,b\n", "", "x:f32 y:category");
    check_types("day,y\n2016-01-01,a\n2016-01-02,b\n", "", "day:date y:category");
    check_types("150,4,setosa,versicolor\n5.1,3.5,1.4,0\n4.9,3,1.3,1\n", "", "150:f32 4:f32 setosa:f32 versicolor:u8");
    check_types("150,4,setosa\n5.1,3.5,1.4,0\n4.9,3,1.3,1\n", "skip_rows: 1", "0:f32 1:f32 2:f32 3:u8");
}

static void reads_values(void **state)
{
    (void)state;
    tl__table *t = table("n,w,d\n -1.5 ,b,2016-07-01\n?,a, \n1e-3,b,2016-07-02\n", "");
    const tl__column *n = &t->columns[0], *w = &t->columns[1], *d = &t->columns[2];
    assert_int_equal(t->rows, 3);
    assert_true(tl__column_at(n, 0, 0) == -1.5);
    assert_true(tl__column_is_missing(n, 1));
    assert_true((float)tl__column_at(n, 2, 0) == 1e-3f);
    assert_int_equal(n->missing, 1);
    assert_int_equal(n->first_missing_line, 3);
    assert_int_equal(w->word_count, 2);
    assert_string_equal(w->words[0], "b");
    assert_true(tl__column_at(w, 1, 0) == 1 && tl__column_at(w, 2, 0) == 0);
    assert_true(tl__column_at(d, 0, 0) == 1467331200.0);
    assert_true(tl__column_is_missing(d, 1));
    size_t at;
    assert_int_equal(tl__table_find(t, "w", NULL, &at, NULL), TL_OK);
    assert_int_equal(at, 1);
    assert_int_equal(tl__table_find(t, "-1", NULL, &at, NULL), TL_OK);
    assert_int_equal(at, 2);
    tl__table_free(t);
    t = table("a\n1\n-999\n3\n", "missing_marks: [-999], limit: 2");
    assert_int_equal(t->rows, 2);
    assert_int_equal(t->columns[0].missing, 1);
    tl__table_free(t);
}

/* Every way to write a number, against the C library. */
static void numbers_are_rounded_once(void **state)
{
    (void)state;
    static const char *const texts[] = {"0.1",     "123456.789", "-0.00001", ".5",     "5.",      "1e5",  "12345678901234567890",
                                        "0.30000000000000004", "+2.5", "9007199254740993", "1e-40", "16777217", "3.4028235e38"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char text[100];
        snprintf(text, sizeof text, "a\n0.5\n%s\n", texts[i]);
        tl__table *t = table(text, "");
        float expected = (float)strtod(texts[i], NULL);
        if ((float)tl__column_at(&t->columns[0], 1, 0) != expected) fail_msg("%s", texts[i]);
        tl__table_free(t);
    }
}

static void begins_again_when_numbers_turn_out_words(void **state)
{
    (void)state;
    check_types("a,b\n1,1\nx,2\ny,3\n2,4\nz,5\n", "header: true", "a:category b:u8");
    check_types("a\n2016-01-01\nx\ny\n", "header: true", "a:category");
    tl__table *t = table("a,b\n1,1\nx,2\ny,3\n2,4\nz,5\n", "header: true");
    assert_string_equal(t->columns[0].words[0], "1");
    assert_int_equal(t->columns[0].word_count, 5);
    tl__table_free(t);
}

static void tells_mistakes_as_sentences(void **state)
{
    (void)state;
    data_refused("close,y\n1,1\n2,2\n3,1\nn/a,2\n5,1\n", "", TL_BAD_DATA,
                 "t.csv:5: column 'close' holds \"n/a\", which is not a number. Say what to do with missing values: "
                 "data.missing: drop | mean | median | forward, and list \"n/a\" under data.missing_marks");
    data_refused("n/a,1\n2,2\n3,1\n5,1\n4,2\n", "header: false", TL_BAD_DATA, "t.csv:1: column '0' holds \"n/a\"");
    data_refused("a,y\n1,1\ninf,2\n2,1\n3,1\n4,1\n", "", TL_BAD_DATA, "t.csv:3: column 'a' holds \"inf\"");
    data_refused("a,y\n1,1\n1e999,2\n2,1\n3,1\n4,1\n", "", TL_BAD_DATA, "\"1e999\"");
    data_refused("a,y\n1.5,1\n2,2\n", "types: {a: integer}", TL_BAD_DATA, "t.csv:2: column 'a' holds \"1.5\", which is not a whole number");
    data_refused("", "", TL_BAD_FILE, "t.csv: the file is empty");
    data_refused("\n\n", "", TL_BAD_FILE, "t.csv: the file has no rows");
    data_refused("a,b\n", "header: true", TL_BAD_FILE, "a line of names but no rows");
    data_refused("a,b\n1,2\n3\n", "", TL_BAD_FILE, "t.csv:3: this row has 1 cell but the first one has 2");
    data_refused("1,2\n3,4\n", "separator: abc", TL_BAD_CONFIG, "data.separator is 'abc'; it must be one character");
    data_refused("1,2\n3,4\n", "separator: '.'", TL_BAD_CONFIG, "which is also the decimal mark");
    data_refused("1,2\n3,4\n", "format: cvs", TL_BAD_CONFIG, "csv");
    data_refused("1,2\n3,4\n", "types: {0: float}", TL_BAD_CONFIG, "must be number, integer, category or date");
}

static tl_status load(tl__heap *heap, void *user)
{
    tl_context on = {.heap = *heap, .seed = 1, .threads = 1};
    tl__table *made = NULL;
    tl_status status = data_table(&on, user, "", &made, NULL);
    tl__table_free(made);
    *heap = on.heap;
    return status;
}

static void runs_out_of_memory_cleanly(void **state)
{
    (void)state;
    char text[4096] = "n,w,d,x\n";
    for (int i = 0; i < 90; i++) {
        char line[64];
        snprintf(line, sizeof line, "%d.5,word%d,2016-01-%02d,%s\n", i, i % 40, i % 28 + 1, i % 2 ? "a\"\"" : "7");
        strcat(text, line);
    }
    assert_true(failing_sweep(load, text) > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_types), cmocka_unit_test(finds_headers), cmocka_unit_test(reads_values),
        cmocka_unit_test(numbers_are_rounded_once), cmocka_unit_test(begins_again_when_numbers_turn_out_words),
        cmocka_unit_test(tells_mistakes_as_sentences), cmocka_unit_test(runs_out_of_memory_cleanly),
    };
    data_context(&context);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return failed + (context.heap.in_use != 0);
}
