/* The three formats: what they write can be read (PNG by our own reader, PDF by its own table of places), is the same
 * bytes every time, and holds nothing that a title or a name could smuggle in. Every kind of chart takes empty data, one
 * value, NaN and numbers of any size. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"
#include "base/inflate.h"
#include "plot/chart.h"
#include "support/failing.h"
#include "text/png.h"
#include "text/png_write.h"

static tl__heap heap;

static tl__buffer file_of(const tl__picture *picture, const char *format, const tl__picture_options *options)
{
    tl__buffer out;
    tl__buffer_init(&out, &heap);
    tl__picture_file(picture, tl__canvas_find(format), options, &out);
    assert_false(out.failed);
    return out;
}

static const double sample_x[] = {1, 2, 3, 4}, sample_y[] = {0.9, 0.5, NAN, 0.2};

static tl__picture sample(tl__chart *chart, tl__chart_series *series, const char *name)
{
    *series = (tl__chart_series){.name = name, .x = sample_x, .y = sample_y, .count = 4};
    *chart = (tl__chart){.title = name, .x_label = "epoch", .y_label = "loss", .series = series, .count = 1};
    return (tl__picture){tl__chart_draw, chart, name, "what it shows", 320, 200};
}

static void test_png(void **state)
{
    (void)state;
    tl__chart chart;
    tl__chart_series series;
    tl__picture picture = sample(&chart, &series, "Loss");
    for (int dark = 0; dark < 2; dark++) {
        const tl__picture_options options = {.scale = 1 + dark, .dark = dark};
        tl__buffer out = file_of(&picture, "png", &options);
        tl__pixels pixels;
        tl_error error = {0};
        assert_int_equal(tl__png_parse(&pixels, &heap, out.data, out.size, "t", &error), TL_OK);
        assert_true(pixels.width == (dark ? 640 : 320) && pixels.height == (dark ? 400 : 200) && pixels.channels == 3);
        uint32_t corner = (uint32_t)pixels.samples[0] << 16 | (uint32_t)pixels.samples[1] << 8 | pixels.samples[2];
        assert_int_equal(corner, tl__ink_colour(TL__INK_PAPER, dark));
        tl__pixels_free(&pixels);
        tl__buffer_free(&out);
    }
    assert_int_equal(heap.in_use, 0);
}

/* Pictures of all channels and odd sizes come back as they were. */
static void test_png_write(void **state)
{
    (void)state;
    uint32_t seed = 9;
    for (size_t channels = 1; channels <= 4; channels++)
        for (size_t width = 1; width < 40; width += 7) {
            tl__pixels pixels, back;
            tl_error error = {0};
            tl__buffer out;
            assert_int_equal(tl__pixels_new(&pixels, &heap, 13, width, channels, "t", &error), TL_OK);
            for (size_t i = 0; i < pixels.bytes; i++) {
                seed = seed * 1664525u + 1013904223u;
                pixels.samples[i] = (uint8_t)(i % 5 ? i * 3 : seed >> 24);
            }
            tl__buffer_init(&out, &heap);
            tl__png_write(&out, &pixels);
            assert_int_equal(tl__png_parse(&back, &heap, out.data, out.size, "t", &error), TL_OK);
            assert_true(back.width == width && back.height == 13 && back.channels == channels);
            assert_memory_equal(back.samples, pixels.samples, pixels.bytes);
            tl__buffer_free(&out);
            tl__pixels_free(&pixels);
            tl__pixels_free(&back);
        }
    assert_int_equal(heap.in_use, 0);
}

/* Every place of the table begins the object that it names; lengths of streams are right, and what is in them. */
static void check_pdf(const tl__buffer *out, size_t pages)
{
    const char *text = out->data, *end = out->data + out->size;
    assert_memory_equal(text, "%PDF-1.4\n", 9);
    const char *tail = end - 10;
    while (memcmp(tail, "startxref\n", 10) != 0) tail--;
    const char *table = text + atol(tail + 10);
    assert_memory_equal(table, "xref\n0 ", 7);
    long count = atol(table + 7), streams = 0;
    const char *row = strchr(table + 7, '\n') + 1;
    for (long i = 1; i < count; i++) {
        char head[32];
        long at = atol(row + 20 * i);
        sprintf(head, "%ld 0 obj\n", i);
        assert_memory_equal(text + at, head, strlen(head));
        const char *body = text + at + strlen(head);
        if (memcmp(body, "<</Length ", 10) != 0) continue;
        size_t length = (size_t)atol(body + 10);
        const char *stream = strstr(body, "stream\n") + 7;
        tl__buffer plain;
        tl__buffer_init(&plain, &heap);
        assert_int_equal(tl__unzlib(&plain, (const unsigned char *)stream, length, 1 << 20, "t", NULL), TL_OK);
        assert_non_null(strstr(plain.data, " Tj ET"));
        assert_memory_equal(stream + length, "\nendstream\nendobj\n", 18);
        tl__buffer_free(&plain);
        streams++;
    }
    assert_int_equal(streams, pages);
}

static void test_pdf(void **state)
{
    (void)state;
    tl__chart chart;
    tl__chart_series series;
    tl__picture picture = sample(&chart, &series, "Verlust (\xc3\xa4\\) \xe6\xbc\xa2");
    tl__buffer out = file_of(&picture, "pdf", NULL);
    check_pdf(&out, 1);
    assert_non_null(strstr(out.data, "/Title<feff005600650072"));
    tl__buffer_free(&out);
    tl__buffer_init(&out, &heap);
    tl__canvas canvas = {.format = tl__canvas_pdf(), .width = 200, .height = 100, .out = &out, .title = "t"};
    canvas.format->begin(&canvas);
    for (int page = 0; page < 5; page++) {
        if (page) canvas.format->page(&canvas);
        picture.draw(picture.chart, &canvas, (tl__box){0, 0, 200, 100});
    }
    canvas.format->end(&canvas);
    assert_false(out.failed);
    check_pdf(&out, 5);
    tl__buffer_free(&out);
    assert_int_equal(heap.in_use, 0);
}

static void test_hostile(void **state)
{
    (void)state;
    tl__chart chart;
    tl__chart_series series;
    tl__picture picture = sample(&chart, &series, "</title><script>x</script>&\"'\x01\xff\xfe");
    tl__buffer out = file_of(&picture, "svg", NULL);
    assert_null(strstr(out.data, "<script"));
    assert_null(memchr(out.data, 1, out.size));
    assert_null(memchr(out.data, 0xff, out.size));
    assert_non_null(strstr(out.data, "&lt;/title&gt;&lt;script&gt;x"));
    tl__buffer_free(&out);
    out = file_of(&picture, "pdf", NULL);
    check_pdf(&out, 1);
    tl__buffer_free(&out);
}

/* ---- every kind in its corners ---- */

static void draw_all(tl__draw *draw, const void *chart)
{
    static const char *const formats[] = {"svg", "png", "pdf"};
    for (int size = 0; size < 3; size++)
        for (int f = 0; f < 3; f++) {
            if (size == 2 && f == 1) continue;    /* a large raster takes long, and shows no more */
            const tl__picture_options options = {.scale = 1};
            const tl__picture picture = {draw, chart, "t", NULL, size == 0 ? 40 : size == 1 ? 200 : 700,
                                         size == 0 ? 30 : 150};
            tl__buffer out = file_of(&picture, formats[f], &options), again = file_of(&picture, formats[f], &options);
            assert_true(out.size == again.size && memcmp(out.data, again.data, out.size) == 0);
            if (f == 0) {
                assert_null(strstr(out.data, "nan"));
                assert_null(strstr(out.data, "\"inf"));
            }
            if (f == 2) check_pdf(&out, 1);
            tl__buffer_free(&out);
            tl__buffer_free(&again);
        }
    assert_int_equal(heap.in_use, 0);
}

static void test_kinds(void **state)
{
    (void)state;
    static const double sets[][4] = {{1, 2, 3, 4}, {NAN, NAN, NAN, NAN}, {5, 5, 5, 5}, {0, 0, 0, 0},
                                     {1e308, -1e308, 1, INFINITY}, {1e-310, 2e-310, 0, -1e-310}, {-3, NAN, 1e6, 1e-6}};
    static const char *const names[] = {"a", "a name that is far too long for any margin of any chart there is", "", "d"};
    for (size_t s = 0; s < TL_COUNT(sets); s++)
        for (size_t n = 0; n <= 4; n += n ? 3 : 1) {
            const double *v = sets[s];
            const tl__chart_mark mark = {.at = v[0], .label = "m"}, level = {.at = v[1], .label = "l", .level = true};
            const tl__chart_mark marks[] = {mark, level};
            for (int log = 0; log < 2; log++) {
                const tl__chart_series series[] = {{.name = "a", .x = sets[0], .y = v, .count = n},
                                                   {.kind = TL__CHART_BAND, .x = v, .y = v, .high = sets[0], .count = n},
                                                   {.kind = TL__CHART_STEPS, .x = sets[0], .y = v, .count = n},
                                                   {.kind = TL__CHART_POINTS, .x = v, .y = v, .count = n, .colour = 77}};
                const tl__chart chart = {.title = names[1], .x_label = "x", .y_label = "y", .series = series, .count = 4,
                                         .marks = marks, .mark_count = 2, .x_log = log, .y_log = log,
                                         .square = log, .diagonal = log, .x_times = s == 0 && !log};
                draw_all(tl__chart_draw, &chart);
            }
            const tl__bars bars = {.title = "t", .names = names, .count = n, .values = v, .low = sets[0], .high = v,
                                   .marks = &mark, .mark_count = 1, .percent = s % 2, .most = 3};
            draw_all(tl__bars_draw, &bars);
            const tl__histogram_chart histogram = {.title = "t", .values = v, .count = n, .marks = &mark, .mark_count = 1};
            draw_all(tl__histogram_draw, &histogram);
            const tl__heat_map map = {.title = "t", .values = v, .numbers = v, .rows = n > 1 ? 2 : n, .columns = n > 1 ? 2 : 1,
                                      .row_names = names, .column_names = names, .value_label = "v", .is_signed = s % 2,
                                      .x_label = "x", .y_label = "y"};
            draw_all(tl__heat_map_draw, &map);
            const tl__rate_curve curve = {.name = names[1], .x = sets[0], .y = v, .count = n, .area = v[0]};
            const tl__rate_curves curves = {.title = "t", .kind = s % 2 ? TL__RATE_ROC : TL__RATE_PRECISION_RECALL,
                                            .curves = &curve, .count = n > 0, .base = v[1]};
            draw_all(tl__rate_curves_draw, &curves);
            const tl__reliability reliability = {.title = "t", .confidence = v, .accuracy = sets[0], .counts = v, .bins = n,
                                                 .error = v[2]};
            draw_all(tl__reliability_draw, &reliability);
            const double *const groups[] = {v, sets[0], v, v};
            const size_t sizes[] = {n, n, 0, 1};
            const tl__spread spread = {.title = "t", .names = names, .values = groups, .sizes = sizes, .count = n,
                                       .marks = &mark, .mark_count = 1};
            draw_all(tl__spread_draw, &spread);
            const tl__parallel_axis axes[] = {{.name = names[1], .values = v}, {.name = "w", .values = sets[0],
                                              .words = names, .word_count = 4}, {.name = "l", .values = v, .log = true}};
            const tl__parallel parallel = {.title = "t", .axes = axes, .count = n > 2 ? 3 : n, .lines = n, .scores = v,
                                           .score_label = "s", .best = 2};
            draw_all(tl__parallel_draw, &parallel);
        }
}

static tl_status scenario(tl__heap *memory, void *user)
{
    tl__chart chart;
    tl__chart_series series;
    tl__picture picture = sample(&chart, &series, "Loss");
    const tl__picture_options options = {.scale = 1};
    tl__buffer out;
    tl__buffer_init(&out, memory);
    tl__picture_file(&picture, tl__canvas_find(user), &options, &out);
    tl_status status = out.failed ? TL_OUT_OF_MEMORY : TL_OK;
    tl__buffer_free(&out);
    return status;
}

static void test_memory(void **state)
{
    (void)state;
    char formats[][4] = {"svg", "png", "pdf"};
    for (int f = 0; f < 3; f++) assert_true(failing_sweep(scenario, formats[f]) > 0);
}

/* Looked at, then written down: a change of these bytes is a change of what users see. */
static void test_bytes(void **state)
{
    (void)state;
    static const char *const formats[] = {"svg", "png"};
    static const uint32_t hashes[] = {0x33cdc665, 0xf4359c4d};
    tl__chart chart;
    tl__chart_series series;
    tl__picture picture = sample(&chart, &series, "Loss");
    for (int f = 0; f < 2; f++) {
        tl__buffer out = file_of(&picture, formats[f], NULL);
        uint32_t hash = tl__crc32(0, out.data, out.size);
        if (hash != hashes[f]) print_error("%s: 0x%08x\n", formats[f], hash);
        assert_int_equal(hash, hashes[f]);
        tl__buffer_free(&out);
    }
}

static void test_texts(void **state)
{
    (void)state;
    char out[32];
    tl__text_fit(out, sizeof out, "short", 10, false, 100);
    assert_string_equal(out, "short");
    tl__text_fit(out, sizeof out, "a text that is too long", 10, false, 60);
    assert_string_equal(out, "a text that i\xe2\x80\xa6");
    assert_true(tl__text_width(out, 10, false) <= 60);
    tl__text_fit(out, 6, "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4", 10, false, 1000);
    assert_string_equal(out, "\xc3\xa4\xe2\x80\xa6");
    assert_true(tl__ink_at(TL__INK_SCALE, -1) == TL__INK_SCALE);
    assert_true(tl__ink_at(TL__INK_SCALE, 2) == TL__INK_SCALE + TL__SCALE_COLOURS - 1);
    assert_true(tl__ink_at(TL__INK_SCALE, NAN) == TL__INK_SCALE);
    assert_null(tl__canvas_find("gif"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_png), cmocka_unit_test(test_png_write), cmocka_unit_test(test_pdf),
        cmocka_unit_test(test_hostile), cmocka_unit_test(test_kinds), cmocka_unit_test(test_memory),
        cmocka_unit_test(test_bytes), cmocka_unit_test(test_texts),
    };
    tl__heap_init(&heap, NULL, 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
