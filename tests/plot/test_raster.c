/* Coverage against closed forms: areas of boxes, triangles, circles and strokes; overlapping pieces count once; letters
 * stand where they should. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "plot/font.h"
#include "support/failing.h"

static tl__heap heap;

/* Black shapes on white: how many pixels are covered in sum. */
static double covered(const tl__raster *raster)
{
    double sum = 0;
    for (size_t i = 0; i < raster->pixels.bytes; i += 3) sum += (255 - raster->pixels.samples[i]) / 255.0;
    return sum;
}

static double pixel(const tl__raster *raster, size_t x, size_t y)
{
    return (255 - raster->pixels.samples[(y * raster->pixels.width + x) * 3]) / 255.0;
}

static tl__raster paper(size_t width, size_t height)
{
    tl__raster raster;
    tl__raster_init(&raster, &heap, width, height, 0xffffff);
    assert_false(raster.failed);
    return raster;
}

static double area_of(tl__raster *raster, double opacity)
{
    tl__raster_fill(raster, 0, opacity);
    assert_false(raster->failed);
    double sum = covered(raster);
    tl__raster_free(raster);
    assert_int_equal(heap.in_use, 0);
    return sum;
}

static void test_areas(void **state)
{
    (void)state;
    tl__raster r = paper(8, 8);
    const tl__point half[] = {{1, 1}, {3.5, 1}, {3.5, 2.5}, {1, 2.5}};
    tl__raster_polygon(&r, half, 4);
    tl__raster_fill(&r, 0, 1);
    assert_true(fabs(pixel(&r, 1, 1) - 1) < 1e-9 && fabs(pixel(&r, 3, 1) - 0.5) < 0.01);
    assert_true(fabs(pixel(&r, 1, 2) - 0.5) < 0.01 && fabs(pixel(&r, 3, 2) - 0.25) < 0.01);
    assert_true(pixel(&r, 4, 1) == 0 && pixel(&r, 1, 3) == 0);
    assert_true(fabs(covered(&r) - 2.5 * 1.5) < 0.02);
    tl__raster_free(&r);
    r = paper(20, 20);
    const tl__point triangle[] = {{2, 3}, {17, 5}, {8, 18}};    /* half of |(15, 2) x (6, 15)| = 106.5 */
    tl__raster_polygon(&r, triangle, 3);
    assert_true(fabs(area_of(&r, 1) - 106.5) < 0.3);
    for (double radius = 0.5; radius < 9; radius += 0.7) {
        r = paper(24, 24);
        tl__raster_circle(&r, (tl__point){11.3, 12.1}, radius);
        assert_true(fabs(area_of(&r, 1) - 3.14159265358979 * radius * radius) < 0.01 + 0.01 * radius * radius);
    }
    r = paper(20, 20);
    tl__raster_polygon(&r, triangle, 3);
    assert_true(fabs(area_of(&r, 0.5) - 53.25) < 0.5);
}

/* Two boxes over each other are one surface, whichever way round they go; what lies outside the picture is cut. */
static void test_unions(void **state)
{
    (void)state;
    const tl__point a[] = {{2, 2}, {10, 2}, {10, 10}, {2, 10}}, b[] = {{6, 6}, {14, 6}, {14, 14}, {6, 14}};
    const tl__point outside[] = {{-5, -5}, {3, -5}, {3, 40}, {-5, 40}};
    tl__raster r = paper(16, 16);
    tl__raster_polygon(&r, a, 4);
    tl__raster_polygon(&r, b, 4);
    assert_true(fabs(area_of(&r, 1) - (64 + 64 - 16)) < 0.05);
    r = paper(16, 16);
    tl__raster_polygon(&r, outside, 4);
    assert_true(fabs(area_of(&r, 1) - 3 * 16) < 0.05);
    r = paper(16, 16);
    const tl__point broken[] = {{1, 1}, {NAN, 5}, {INFINITY, 3}};
    tl__raster_polygon(&r, broken, 3);
    tl__raster_fill(&r, 0, 1);
    assert_true(covered(&r) < 256);
    tl__raster_free(&r);
}

static void test_strokes(void **state)
{
    (void)state;
    const tl__point line[] = {{4, 5}, {16, 5}}, corner[] = {{4, 4}, {16, 4}, {16, 16}};
    tl__raster r = paper(24, 24);
    tl__raster_stroke(&r, line, 2, 3, false, 0, 0);
    assert_true(fabs(area_of(&r, 1) - 36) < 0.1);
    r = paper(24, 24);
    tl__raster_stroke(&r, line, 2, 3, true, 0, 0);    /* two half discs more */
    assert_true(fabs(area_of(&r, 1) - (36 + 3.14159265 * 2.25)) < 0.2);
    r = paper(24, 24);
    tl__raster_stroke(&r, corner, 3, 2, false, 0, 0);  /* 2 * 24 less the shared square, three quarters of a disc */
    assert_true(fabs(area_of(&r, 1) - (48 - 1 + 3.14159265 / 4)) < 0.2);
    r = paper(24, 24);
    tl__raster_stroke(&r, line, 2, 2, false, 5, 3);    /* 5 there, 3 gap, 4 there */
    assert_true(fabs(area_of(&r, 1) - 18) < 0.1);
    /* a curve of many short pieces is as heavy as one of few: joints do not count twice */
    double areas[2];
    for (int k = 0; k < 2; k++) {
        tl__point arc[400];
        int count = k ? 400 : 40;
        for (int i = 0; i < count; i++) {
            double t = 1.5 * i / (count - 1);
            arc[i] = (tl__point){40 * cos(t) + 2, 40 * sin(t) + 2};
        }
        r = paper(48, 48);
        tl__raster_stroke(&r, arc, (size_t)count, 1.8, false, 0, 0);
        areas[k] = area_of(&r, 1);
    }
    assert_true(fabs(areas[0] - 40 * 1.5 * 1.8) < 0.5 && fabs(areas[1] - areas[0]) < 0.3);
}

/* An "l" is a straight stroke of Helvetica's width; heights fall on whole pixels; every letter of ASCII draws. */
static void test_letters(void **state)
{
    (void)state;
    tl__raster r = paper(40, 40);
    tl__font_text(&r, (tl__point){10, 30.3}, "l", 20, false, false);
    tl__raster_fill(&r, 0, 1);
    double stem = 0;
    for (size_t x = 0; x < 40; x++) stem += pixel(&r, x, 22);
    assert_true(fabs(stem - 20 * 0.083) < 0.05);
    for (size_t x = 0; x < 40; x++) assert_true(pixel(&r, x, 30) == 0 && pixel(&r, x, 14) == 0);
    tl__raster_free(&r);
    char text[] = " ";
    for (char c = '!'; c <= '~'; c++) {
        text[0] = c;
        r = paper(40, 40);
        tl__font_text(&r, (tl__point){c % 3 ? 8 : 30, c % 3 ? 28 : 38}, text, 24, c % 2, c % 3 == 0);
        tl__raster_fill(&r, 0, 1);
        assert_true(covered(&r) > 2);
        tl__raster_free(&r);
    }
    /* a letter with an accent is its letter and more; what is not known is a box */
    double areas[3];
    const char *const texts[] = {"a", "\xc3\xa4", "\xe6\xbc\xa2"};
    for (int i = 0; i < 3; i++) {
        r = paper(40, 40);
        tl__font_text(&r, (tl__point){8, 28}, texts[i], 24, false, false);
        areas[i] = area_of(&r, 1);
    }
    assert_true(areas[1] > areas[0] + 5 && areas[2] > 50);
}

static tl_status scenario(tl__heap *memory, void *user)
{
    tl__raster r;
    (void)user;
    tl__raster_init(&r, memory, 30, 30, 0xffffff);
    tl__font_text(&r, (tl__point){2, 20}, "Loss", 12, false, false);
    tl__raster_fill(&r, 0, 1);
    tl_status status = r.failed ? TL_OUT_OF_MEMORY : TL_OK;
    tl__raster_free(&r);
    return status;
}

static void test_memory(void **state)
{
    (void)state;
    assert_true(failing_sweep(scenario, NULL) >= 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_areas), cmocka_unit_test(test_unions), cmocka_unit_test(test_strokes),
        cmocka_unit_test(test_letters), cmocka_unit_test(test_memory),
    };
    tl__heap_init(&heap, NULL, 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
