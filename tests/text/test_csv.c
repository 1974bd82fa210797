/* CSV against RFC 4180 and what programs really write. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/math.h"
#include "support/failing.h"
#include "text/csv.h"

static tl__heap heap;

/* Rows as text: cells between <>, a row a line, a quoted cell with a q. */
static const char *read_sized(const char *bytes, size_t size, const tl__csv_options *options, tl_error *error)
{
    static char out[4096];
    tl__csv csv;
    size_t used = 0, before = heap.in_use;
    bool more = true;
    out[0] = 0;
    tl_status status = tl__csv_open(&csv, &heap, bytes, size, "t.csv", options, error);
    while (status == TL_OK && more) {
        status = tl__csv_next(&csv, &more, error);
        for (size_t i = 0; status == TL_OK && i < csv.count; i++) {
            used += (size_t)snprintf(out + used, sizeof out - used, "%s<%.*s>", csv.cells[i].quoted ? "q" : "",
                                     (int)csv.cells[i].size, csv.cells[i].text);
        }
        if (status == TL_OK && more) used += (size_t)snprintf(out + used, sizeof out - used, "\n");
    }
    tl__csv_close(&csv);
    assert_int_equal(heap.in_use, before);
    if (status != TL_OK) {
        assert_int_equal(error->status, status);
        return error->message;
    }
    return out;
}

static const char *read_with(const char *text, tl__csv_options options)
{
    static tl_error error;
    memset(&error, 0, sizeof error);
    return read_sized(text, strlen(text), &options, &error);
}

static const char *read(const char *text) { return read_with(text, (tl__csv_options)TL__CSV_OPTIONS); }

static void reads_rows_of_cells(void **state)
{
    (void)state;
    assert_string_equal(read("a,b,c\n1,2,3\n"), "<a><b><c>\n<1><2><3>\n");
    assert_string_equal(read("a,b\r\n1,2\r\n"), "<a><b>\n<1><2>\n");
    assert_string_equal(read("a,b\r1,2"), "<a><b>\n<1><2>\n");
    assert_string_equal(read("a,b\n,\n"), "<a><b>\n<><>\n");
    assert_string_equal(read("\xEF\xBB\xBF" "a,b\n1,2"), "<a><b>\n<1><2>\n");
    assert_string_equal(read("\n\na,b\n\n1,2\n\n"), "<a><b>\n<1><2>\n");
    assert_string_equal(read(""), "");
    assert_string_equal(read("x"), "<x>\n");
    assert_string_equal(read("\n"), "");
}

static void reads_quotes(void **state)
{
    (void)state;
    assert_string_equal(read("a,\"b,c\"\n1,\"2\"\n"), "<a>q<b,c>\n<1>q<2>\n");
    assert_string_equal(read("a,\"b\nc\"\r\n1,\"\"\n"), "<a>q<b\nc>\n<1>q<>\n");
    assert_string_equal(read("\"say \"\"hi\"\"\",\"\"\"\"\n"), "q<say \"hi\">q<\">\n");
    assert_string_equal(read("37'36.8\"N,b\n"), "<37'36.8\"N><b>\n");
    tl__csv_options single = TL__CSV_OPTIONS, none = TL__CSV_OPTIONS;
    single.quote = '\'';
    none.quote = 0;
    assert_string_equal(read_with("1,'-1'\n2,'it''s'\n", single), "<1>q<-1>\n<2>q<it's>\n");
    assert_string_equal(read_with("1,\"x\n", none), "<1><\"x>\n");
}

static void finds_the_separator(void **state)
{
    (void)state;
    assert_string_equal(read("a;b\n1,5;2\n"), "<a><b>\n<1,5><2>\n");
    assert_string_equal(read("a\tb\n1\t2\n"), "<a><b>\n<1><2>\n");
    assert_string_equal(read("a|b|c\n1|2|3\n"), "<a><b><c>\n<1><2><3>\n");
    assert_string_equal(read("\"a;b;c\",d\n\"e;f;g\",h\n"), "q<a;b;c><d>\nq<e;f;g><h>\n");
    tl__csv_options blanks = TL__CSV_OPTIONS;
    blanks.separator = ' ';
    assert_string_equal(read_with("  1   2 3 \n4 5 6\n", blanks), "<1><2><3>\n<4><5><6>\n");
}

static void trims_and_skips(void **state)
{
    (void)state;
    tl__csv_options options = TL__CSV_OPTIONS;
    assert_string_equal(read_with(" a , \"b\" \n", options), "< a >< \"b\" >\n");
    options.trim = true;
    assert_string_equal(read_with(" a , \" b \" \n \t \n1,2\n", options), "<a>q< b >\n<1><2>\n");
    options.skip_rows = 1;
    assert_string_equal(read_with("569,30,malignant\n1,2\n3,4\n", options), "<1><2>\n<3><4>\n");
    options.skip_rows = 9;
    assert_string_equal(read_with("a\nb\n", options), "");
}

static void names_the_line_of_a_mistake(void **state)
{
    (void)state;
    tl_error error = {0};
    tl__csv_options options = TL__CSV_OPTIONS;
    assert_non_null(strstr(read("a,b\n1,2\n3\n"), "t.csv:3: this row has 1 cell but the first one has 2"));
    assert_non_null(strstr(read("a,b\n1,\"2\n3\n"), "t.csv:2: the quote (\") that opens a cell here is never closed"));
    assert_non_null(strstr(read("a\n\"x\ny\" z\n"), "t.csv:3: text follows a closing quote"));
    assert_non_null(strstr(read_sized("a,b\n1,\0\n", 8, &options, &error), "t.csv:2: a zero byte stands here"));
    options.ragged = true;
    assert_string_equal(read_with("a,b\n1\n", options), "<a><b>\n<1>\n");
}

static void survives_any_cut(void **state)
{
    (void)state;
    static const char text[] = "\xEF\xBB\xBF\"a\"\"b\",c\r\n\"d\ne\",\"f\"\r\n1,2\r3,4\n";
    tl__csv_options options = TL__CSV_OPTIONS;
    for (size_t size = 0; size < sizeof text; size++) {
        char *copy = malloc(size + 1);   /* so that a sanitizer sees a read beyond the end */
        tl_error error = {0};
        assert_non_null(copy);
        memcpy(copy, text, size);
        (void)read_sized(copy, size, &options, &error);
        free(copy);
    }
}

static tl_status read_on(tl__heap *on, void *user)
{
    tl__csv csv;
    bool more = true;
    tl__csv_options options = TL__CSV_OPTIONS;
    const char *text = user;
    tl_status status = tl__csv_open(&csv, on, text, strlen(text), "t.csv", &options, NULL);
    while (status == TL_OK && more) status = tl__csv_next(&csv, &more, NULL);
    tl__csv_close(&csv);
    return status;
}

static void runs_out_of_memory_cleanly(void **state)
{
    (void)state;
    char text[400] = "";
    for (int i = 0; i < 80; i++) strcat(text, "\"a\",");
    strcat(text, "\"x\"\"y\"\n");
    assert_true(failing_sweep(read_on, text) >= 3);
}

static void writes_what_it_reads(void **state)
{
    (void)state;
    tl__buffer out;
    tl__buffer_init(&out, &heap);
    tl__csv_put(&out, "plain", 5, true, true);
    tl__csv_put(&out, "a,b", 3, false, true);
    tl__csv_put(&out, "say \"hi\"", 8, false, true);
    tl__csv_put(&out, "two\nlines", 9, false, true);
    tl__csv_end_row(&out);
    tl__csv_put(&out, "", 0, true, true);
    tl__csv_put(&out, "=1+1", 4, false, true);
    tl__csv_put(&out, "=1+1", 4, false, false);
    tl__csv_put_number(&out, -0.5, false);
    tl__csv_end_row(&out);
    assert_string_equal(out.data, "plain,\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\"\n\"\",'=1+1,=1+1,-0.5\n");
    assert_string_equal(read(out.data), "<plain>q<a,b>q<say \"hi\">q<two\nlines>\nq<><'=1+1><=1+1><-0.5>\n");
    tl__buffer_clear(&out);
    tl__csv_put_float(&out, 0.1f, true);
    tl__csv_put_number(&out, tl__bits_double(0x7ff8000000000000u), false);
    tl__csv_end_row(&out);
    assert_string_equal(out.data, "0.1,\n");
    tl__buffer_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_rows_of_cells),      cmocka_unit_test(reads_quotes),
        cmocka_unit_test(finds_the_separator),      cmocka_unit_test(trims_and_skips),
        cmocka_unit_test(names_the_line_of_a_mistake), cmocka_unit_test(survives_any_cut),
        cmocka_unit_test(runs_out_of_memory_cleanly), cmocka_unit_test(writes_what_it_reads),
    };
    tl__heap_init(&heap, NULL, 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
