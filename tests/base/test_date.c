/* Dates against Python's datetime. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/date.h"

static void check(const char *text, double expected)
{
    double seconds = -1;
    if (!tl__parse_date(text, strlen(text), &seconds)) fail_msg("%s is refused", text);
    if (seconds != expected) fail_msg("%s: %.17g", text, seconds);
}

static void reads_the_usual_forms(void **state)
{
    (void)state;
    check("1970-01-01", 0);
    check("2000-02-29T12:34:56Z", 951827696);
    check("2000-02-29 12:34:56", 951827696);
    check("2000-02-29 12:34", 951827640);
    check("2000-02-29 12:34:56.5", 951827696.5);
    check("1980-12-12 00:00:00-05:00", 345445200);
    check("1980-12-12 00:00:00-0500", 345445200);
    check("2100-03-01", 4107542400.0);
    check("1600-01-01", -11676096000.0);
    check("2016/07/01", 1467331200);
    check("01-07-2016", 1467331200);
    check("01.07.2016", 1467331200);
    check("07/01/2016", 1467331200);
    check("2016-07", 1467331200);
}

static void refuses_what_is_no_date(void **state)
{
    (void)state;
    static const char *const texts[] = {"",           "2016",       "2016-13-01", "2016-02-30", "1900-02-29", "2016-07-00",
                                        "2016-7-1",   "1-01",       "12345678",   "2016-07-01x", "2016-07-01 25:00",
                                        "2016-07-01 1:2", "2016-07/01", "31/12/2016", "20160701", "2016-07-01T10:00:00+1"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        double seconds;
        if (tl__parse_date(texts[i], strlen(texts[i]), &seconds)) fail_msg("%s is taken for a date", texts[i]);
    }
}

static void prints_what_it_reads(void **state)
{
    (void)state;
    static const char *const texts[] = {"1970-01-01", "2000-02-29T12:34:56", "1600-01-01", "1969-12-31T23:59:59", "9999-12-31"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        double seconds;
        char print[40];
        assert_true(tl__parse_date(texts[i], strlen(texts[i]), &seconds));
        tl__print_date(print, seconds);
        assert_string_equal(print, texts[i]);
    }
    char print[40];
    tl__print_date(print, 1e300);
    assert_string_equal(print, "?");
}

/* The last day of a month stays within shorter ones. */
static void adds_months(void **state)
{
    (void)state;
    static const struct { const char *from; int64_t months; const char *to; } cases[] = {
        {"2020-01-31", 1, "2020-02-29"}, {"2021-01-31T06:00:00", 1, "2021-02-28T06:00:00"}, {"1949-12-01", 1, "1950-01-01"},
        {"2020-03-15", -3, "2019-12-15"}, {"2019-12-15", 25, "2022-01-15"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double seconds;
        char print[40];
        assert_true(tl__parse_date(cases[i].from, strlen(cases[i].from), &seconds));
        tl__print_date(print, tl__date_add_months(seconds, cases[i].months));
        assert_string_equal(print, cases[i].to);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_the_usual_forms), cmocka_unit_test(refuses_what_is_no_date),
        cmocka_unit_test(adds_months), cmocka_unit_test(prints_what_it_reads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
