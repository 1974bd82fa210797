/* Ticks stand at round places, inside the range, with labels that tell them apart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/date.h"
#include "plot/axis.h"

static void labels(const tl__plot_axis *axis, const char *wanted)
{
    char all[512] = "";
    for (int i = 0; i < axis->count; i++) {
        const tl__tick *tick = &axis->ticks[i];
        snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s%s%s", i ? " " : "", tick->label,
                 tick->below[0] ? "/" : "", tick->below);
    }
    assert_string_equal(all, wanted);
}

#define MINUS "\xe2\x88\x92"

static void numbers(double low, double high, bool widen, const char *wanted)
{
    tl__plot_axis axis;
    tl__axis_numbers(&axis, TL__AXIS_NUMBERS, low, high, 5, widen);
    labels(&axis, wanted);
    assert_true(axis.low < axis.high);
    for (int i = 0; i < axis.count; i++)
        assert_true(axis.ticks[i].at >= axis.low - 1e-9 * axis.high && axis.ticks[i].at <= axis.high * (1 + 1e-9));
}

static void test_numbers(void **state)
{
    (void)state;
    numbers(0, 1, false, "0.0 0.2 0.4 0.6 0.8 1.0");
    numbers(0.3, 17.4, true, "0 5 10 15 20");
    numbers(-3, 41, true, MINUS "10 0 10 20 30 40 50");
    numbers(1e-7, 9e-7, true, "0 2e-7 4e-7 6e-7 8e-7 1e-6");
    numbers(2e6, 11e6, true, "2e6 4e6 6e6 8e6 1e7 1.2e7");
    numbers(5, 5, true, "4.4 4.6 4.8 5.0 5.2 5.4 5.6");
    numbers(0, 0, true, MINUS "1.0 " MINUS "0.5 0.0 0.5 1.0");
    numbers(0.0 / 0.0, 1, true, "0.0 0.2 0.4 0.6 0.8 1.0");
    numbers(0.972, 0.99, false, "0.975 0.980 0.985 0.990");
}

static void kinds(tl__axis_kind kind, double low, double high, bool widen, const char *wanted)
{
    tl__plot_axis axis;
    if (kind == TL__AXIS_LOGS) tl__axis_logs(&axis, low, high, 5);
    else tl__axis_numbers(&axis, kind, low, high, 5, widen);
    labels(&axis, wanted);
    for (int i = 0; i < axis.count; i++)
        assert_true(axis.ticks[i].at >= axis.low - 1e-9 && axis.ticks[i].at <= axis.high + 1e-9);
}

/* Epochs and counts have no halves, shares do not go beyond 100 %, a narrow range of logarithms has round numbers. */
static void test_kinds(void **state)
{
    (void)state;
    kinds(TL__AXIS_COUNTS, 1, 1, false, "1");
    kinds(TL__AXIS_COUNTS, 1, 2, false, "1 2");
    kinds(TL__AXIS_COUNTS, 0, 1, true, "0 1");
    kinds(TL__AXIS_COUNTS, 0, 4000, true, "0 1,000 2,000 3,000 4,000");
    kinds(TL__AXIS_COUNTS, 1, 1000, false, "200 400 600 800 1,000");
    kinds(TL__AXIS_SHARES, 1, 1, true, "90 % 95 % 100 %");
    kinds(TL__AXIS_SHARES, 0, 0.97, true, "0 % 20 % 40 % 60 % 80 % 100 %");
    kinds(TL__AXIS_SHARES, -0.1, 1.3, true, MINUS "50 % 0 % 50 % 100 % 150 %");
    kinds(TL__AXIS_LOGS, 0.001, 100000, false, "0.01 1 100 10,000");
    kinds(TL__AXIS_LOGS, 0.2, 20, false, "0.2 0.5 1 2 5 10 20");
    kinds(TL__AXIS_LOGS, 0.47, 2.05, false, "0.5 1.0 1.5 2.0");
    kinds(TL__AXIS_LOGS, 300, 300, false, "100 200 500");
    kinds(TL__AXIS_LOGS, 1e-310, 2e-310, false, "1e-310 2e-310");
}

static double at(const char *text)
{
    double seconds;
    assert_true(tl__parse_date(text, strlen(text), &seconds));
    return seconds;
}

static void times(const char *low, const char *high, const char *wanted)
{
    tl__plot_axis axis;
    tl__axis_times(&axis, at(low), at(high), 6);
    labels(&axis, wanted);
}

static void test_times(void **state)
{
    (void)state;
    times("2016-07-01 22:10", "2016-07-02 02:40", "23:00/2016-07-01 00:00/2016-07-02 01:00 02:00");
    times("2016-12-30", "2017-01-03", "30 Dec/2016 31 Dec 1 Jan/2017 2 Jan 3 Jan");
    times("2015-11-15", "2016-04-02", "Dec/2015 Jan/2016 Feb Mar Apr");
    times("1998-05-01", "2003-02-01", "1999 2000 2001 2002 2003");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_numbers), cmocka_unit_test(test_kinds),
                                       cmocka_unit_test(test_times)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
