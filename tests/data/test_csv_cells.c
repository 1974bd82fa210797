/* The quick ways of reading rows against the plain one, which a mark of missing values that looks like a number forces:
 * the same tables to the bit, the same mistakes to the word. Cells are drawn from lists that hold what is quick, what is
 * not, and what lies between; the plain way itself is checked in test_loader_csv. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/data.h"
#include "support/same_table.h"

#define MARKS "'', NA, '?', '-', NAN, not there, 'x,y', nothing at all, 'z ', '\"q'"
#define QUICK_MARKS "missing_marks: [" MARKS "]"
#define PLAIN_MARKS "missing_marks: [" MARKS ", '-8.7654321e-299']"

static tl_context context;
static uint32_t drawn = 1;

static uint32_t draw(uint32_t below)
{
    drawn = drawn * 1664525u + 1013904223u;
    return (drawn >> 8) % below;
}

static void check_same(const char *text, const char *settings)
{
    tl__table *quick = NULL, *plain = NULL;
    tl_error quick_error = {0}, plain_error = {0};
    char all[512];
    snprintf(all, sizeof all, "%s%s" QUICK_MARKS, settings, settings[0] ? ", " : "");
    tl_status status = data_table(&context, text, all, &quick, &quick_error);
    snprintf(all, sizeof all, "%s%s" PLAIN_MARKS, settings, settings[0] ? ", " : "");
    assert_int_equal(data_table(&context, text, all, &plain, &plain_error), status);
    if (status == TL_OK && !same_table(quick, plain)) fail_msg("{%s}, other tables of:\n%.2000s", settings, text);
    if (status != TL_OK) assert_string_equal(quick_error.message, plain_error.message);
    if (status != TL_OK) assert_int_equal(quick_error.line, plain_error.line);
    tl__table_free(quick);
    tl__table_free(plain);
}

static const char *const wholes[] = {"0", "1", "-1", "255", "256", "007", "-0", "2147483647", "-2147483647", "12.0", "3e2",
                                     "99999999", "123456789", "1.20e1", "00000000012", "+7"};
static const char *const numbers[] = {"1.5", "-0.25", ".5", "5.", "1e-3", "-1.25E+4", "123456.789", "0.000001", "1e22",
                                      "0.1234567890123456", "-12.345678901234567", "8388608.5", "16777217", "1e-22",
                                      "16777217.000000001", "0.30000001192092896", "2147483648", "-2147483648", "1e300",
                                      "12345678901234567890", "1234567890123456789", "0.00000000000000000001", "1e-50",
                                      "1.00000005960464477", "1.00000005960464478", "1.000000059604644775390625",
                                      "3.4028235e38", "1.1754942e-38", "-0.0", "18446744073709551615.5", "9e0009"};
static const char *const words[] = {"red", "green", "a", "exactly8", "sixteen letters.", "\303\251t\303\251", "y e s",
                                    "seventeen letters", "\"quoted\"", "\"with, comma\"", "\"doubled \"\" quote\"",
                                    "\"two\nlines\"", "\"exactly8\"", ("longer than sixty-four bytes, which no quick way takes "
                                    "however often it stands in a file"), "it's", "\"\"", "7", "x\"y"};
static const char *const dates[] = {"2016-01-01", "2016-12-31", "2016-02-29 12:30:01.5", "\"2016-05-05\"", "2016-01",
                                    "01.02.2003", "12/31/1999", "2016-01-01T00:00:00+02:00", "1900-03-01"};
static const char *const missing[] = {"", "NA", "?", "\"\"", "\"NA\"", "", "NA", "?", "-", "NAN", "not there", "\"x,y\"",
                                      "x,y", "nothing at all", "z ", "z", "\"q", "\"q\"", "N", "NA1", "\"-\""};
static const char *const odd[] = {"1.2.3", "1e", "--1", "0x10", "nan", "inf", "1e999", "12 3", "\"5\"", "\"5.25\"", "1;2",
                                  "2016-13-01"};

#define DRAW(list) (list)[draw((uint32_t)TL_COUNT(list))]

/* A cell of a column of this kind; now and then something else. */
static const char *draw_cell(uint32_t kind, uint32_t disorder)
{
    if (disorder && draw(disorder) == 0) return DRAW(missing);
    if (disorder && draw(disorder * 2) == 0) return DRAW(odd);
    if (kind == 0) return wholes[draw(4)];
    if (kind == 1) return DRAW(wholes);
    if (kind == 2) return DRAW(numbers);
    if (kind == 3) return draw(2) ? DRAW(numbers) : DRAW(wholes);
    if (kind == 4) return DRAW(dates);
    return DRAW(words);
}

static void draw_file(char *text, size_t size, uint32_t columns, uint32_t rows, uint32_t disorder, char separator)
{
    static const char *const ends[] = {"\n", "\r\n", "\r", "\n\n"};
    uint32_t kinds[8], end = draw(8) < 5 ? 0 : draw(4);
    size_t used = 0;
    bool blanks = draw(4) == 0;
    for (uint32_t i = 0; i < columns; i++) kinds[i] = draw(6);
    for (uint32_t i = 0; i < columns; i++)
        used += (size_t)snprintf(text + used, size - used, "%sc%u", i ? (char[2]){separator, 0} : "", i);
    used += (size_t)snprintf(text + used, size - used, "\n");
    for (uint32_t row = 0; row < rows && used + 1200 < size; row++) {
        uint32_t width = columns + (disorder && draw(2000) == 0);
        for (uint32_t i = 0; i < width; i++) {
            const char *cell = draw_cell(kinds[i % columns], disorder), *around = blanks && draw(3) == 0 ? "  " : "";
            if (i) text[used++] = separator;
            used += (size_t)snprintf(text + used, size - used, "%s%s%s", around, cell, blanks && draw(3) == 0 ? " \t" : "");
        }
        used += (size_t)snprintf(text + used, size - used, "%s", ends[end]);
    }
    if (draw(3) == 0) text[used - 1] = 0;
}

static void same_as_the_plain_way(void **state)
{
    static const char *const settings[] = {"", "", "trim: false", "limit: 7", "decimal: ','", "quote: single",
                                           "types: {c0: category}", "types: {c0: integer, c1: number}", "quote: none",
                                           "header: false", "separator: ';'"};
    static char text[65536];
    (void)state;
    for (int round = 0; round < 6000; round++) {
        uint32_t columns = 1 + draw(8), disorder = draw(3) ? 0 : 5 + draw(100);
        const char *chosen = DRAW(settings);
        draw_file(text, sizeof text, columns, 1 + draw(round % 10 ? 30 : 700), disorder, draw(3) ? ',' : ';');
        check_same(text, chosen);
    }
}

/* One column of a kind and all cells of its list, many times over, so that quick ways are taken for sure. */
static void same_for_every_cell(void **state)
{
    static char text[65536];
    (void)state;
    for (uint32_t kind = 0; kind < 6; kind++) {
        for (int disorder = 0; disorder < 40; disorder += 39) {
            size_t used = (size_t)snprintf(text, sizeof text, "a,b\n");
            for (int i = 0; i < 400; i++) {
                used += (size_t)snprintf(text + used, sizeof text - used, "%d,%s\n", i,
                                         draw_cell(kind, (uint32_t)disorder));
            }
            check_same(text, "");
            check_same(text, "decimal: ','");
            check_same(text, "types: {b: category}");
        }
    }
}

/* A separator or a quote that may stand in a number, or that is a run of blanks. */
static void odd_separators_and_quotes(void **state)
{
    static const char *const settings[] = {"separator: '1'", "separator: '-'", "separator: 'e'", "separator: space",
                                           "quote: '5'", "quote: '-'", "separator: tab", "separator: '.', decimal: ','"};
    char text[4096] = "";
    (void)state;
    for (int i = 0; i < 60; i++) {
        char line[64];
        snprintf(line, sizeof line, "%d-%d.5e2 5%d5\t7\n", i % 9, i, i % 7);
        strcat(text, line);
    }
    for (size_t i = 0; i < TL_COUNT(settings); i++) check_same(text, settings[i]);
}

static void mistakes_at_their_lines(void **state)
{
    static const char *const rows[] = {"1,2", "1,2,3,4", "1,\"2", "1,\"2\"x,3", "1,2,\"3\nx\"y", ",,,", "a,b"};
    char text[8192];
    (void)state;
    for (size_t i = 0; i < TL_COUNT(rows); i++) {
        for (int at = 0; at < 30; at += 7) {
            size_t used = (size_t)snprintf(text, sizeof text, "a,b,c\n");
            for (int row = 0; row < 60; row++) {
                used += (size_t)snprintf(text + used, sizeof text - used, "%s\n", row == at ? rows[i] : "1.5,2,\"two\nlines\"");
            }
            check_same(text, "");
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_as_the_plain_way), cmocka_unit_test(same_for_every_cell),
        cmocka_unit_test(odd_separators_and_quotes), cmocka_unit_test(mistakes_at_their_lines),
    };
    data_context(&context);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return failed + (context.heap.in_use != 0);
}
