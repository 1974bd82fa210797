/* A chart is well-formed SVG whose marks stand where the numbers say; corners: no data, NaN, one point, long lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "plot/chart.h"
#include "support/failing.h"

static tl__heap heap;

/* The chart as text, to be freed by free(). */
static char *draw(const tl__chart *chart)
{
    tl__buffer out;
    tl__buffer_init(&out, &heap);
    const tl__picture picture = {tl__chart_draw, chart, chart->title, NULL, 400, 240};
    tl__picture_file(&picture, tl__canvas_svg(), NULL, &out);
    assert_false(out.failed);
    char *text = malloc(out.size + 1);
    memcpy(text, out.data, out.size);
    text[out.size] = '\0';
    tl__buffer_free(&out);
    assert_non_null(strstr(text, "</svg>\n"));
    assert_null(strstr(text, "nan"));
    assert_null(strstr(text, "inf"));
    return text;
}

static int times_in(const char *text, const char *part)
{
    int count = 0;
    for (; (text = strstr(text, part)) != NULL; text++) count++;
    return count;
}

static const double nan_value = 0.0 / 0.0;

static void test_places(void **state)
{
    (void)state;
    const double x[] = {0, 1, 2, 3, 4}, y[] = {0, 10, nan_value, 10, 0}, low[] = {0, 5, 5, 5, 0};
    const double high[] = {1, 9, 9, 9, 1};
    const tl__chart_series series[] = {
        {.name = "a < b & c", .x = x, .y = y, .count = 5},
        {.name = "band", .kind = TL__CHART_BAND, .x = x, .y = low, .high = high, .count = 5, .colour = 1},
        {.name = "dots", .kind = TL__CHART_POINTS, .x = x, .y = y, .count = 5, .colour = 2},
    };
    const tl__chart_mark mark = {.at = 2, .label = "now"};
    tl__chart chart = {.title = "T", .x_label = "time (h)", .y_label = "load (MW)", .series = series, .count = 3,
                       .marks = &mark, .mark_count = 1};
    char *text = draw(&chart);
    assert_non_null(strstr(text, "<title>T</title>"));
    assert_non_null(strstr(text, "a &lt; b &amp; c"));
    assert_non_null(strstr(text, "time (h)"));
    assert_non_null(strstr(text, "rotate(-90"));
    assert_non_null(strstr(text, "prefers-color-scheme:dark"));
    /* the gap makes two lines of two points, beside the one in the legend */
    assert_int_equal(times_in(text, "stroke=\"#0072b2\""), 3);
    assert_int_equal(times_in(text, "<circle"), 4 + 1);
    assert_int_equal(times_in(text, "stroke-dasharray"), 1);
    free(text);
}

static void test_corners(void **state)
{
    (void)state;
    const double one[] = {3}, none[] = {nan_value};
    enum { MANY = 1000 };
    static double x[MANY], y[MANY];
    for (int i = 0; i < MANY; i++) x[i] = i, y[i] = i % 7;
    const tl__chart_series single = {.x = one, .y = one, .count = 1}, empty = {.x = one, .y = none, .count = 1};
    const tl__chart_series longer = {.x = x, .y = y, .count = MANY};
    const tl__chart_series band = {.kind = TL__CHART_BAND, .x = x, .y = y, .high = x, .count = MANY};
    tl__chart chart = {0};
    free(draw(&chart));
    chart.count = 1;
    chart.series = &single;
    char *text = draw(&chart);
    assert_int_equal(times_in(text, "<circle"), 1);
    free(text);
    chart.series = &empty;
    text = draw(&chart);
    assert_int_equal(times_in(text, "<circle"), 0);
    free(text);
    chart.series = &longer;
    text = draw(&chart);
    assert_int_equal(times_in(text, "stroke=\"#0072b2\""), 4);    /* pieces of 256 that share a point */
    free(text);
    chart.series = &band;
    text = draw(&chart);
    assert_int_equal(times_in(text, "fill-opacity"), 8);
    free(text);
}

static tl_status scenario(tl__heap *memory, void *user)
{
    const double x[] = {0, 1}, y[] = {0, 10};
    const tl__chart_series series = {.name = "a", .x = x, .y = y, .count = 2};
    tl__chart chart = {.title = "T", .series = &series, .count = 1};
    tl__buffer out;
    (void)user;
    tl__buffer_init(&out, memory);
    const tl__picture picture = {tl__chart_draw, &chart, "T", NULL, 400, 240};
    tl__picture_file(&picture, tl__canvas_svg(), NULL, &out);
    tl_status status = out.failed ? TL_OUT_OF_MEMORY : TL_OK;
    tl__buffer_free(&out);
    return status;
}

static void test_memory(void **state)
{
    (void)state;
    assert_true(failing_sweep(scenario, NULL) > 0);
}

static void test_widths(void **state)
{
    (void)state;
    assert_true(tl__text_width("00", 1000, false) == 1112);
    assert_true(tl__text_width("i", 10, false) < tl__text_width("W", 10, false));
    assert_true(tl__text_width("\xc3\xa4", 1000, false) == 556);
    assert_true(tl__text_width("", 10, true) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_places), cmocka_unit_test(test_corners), cmocka_unit_test(test_memory),
        cmocka_unit_test(test_widths),
    };
    tl__heap_init(&heap, NULL, 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
