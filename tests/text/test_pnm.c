/* PGM and PPM files, as text and as bytes, and damaged ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "text/pnm.h"

static tl__heap heap;

#define READS(file, h, w, c, ...) reads(file, sizeof file - 1, h, w, c, (const uint8_t[]){__VA_ARGS__})
static void reads(const char *bytes, size_t size, size_t height, size_t width, size_t channels, const uint8_t *expected)
{
    tl__pixels pixels;
    tl_error error = {0};
    if (tl__pnm_parse(&pixels, &heap, bytes, size, "t.pgm", &error) != TL_OK) fail_msg("%s", error.message);
    assert_true(pixels.height == height && pixels.width == width && pixels.channels == channels);
    assert_memory_equal(pixels.samples, expected, height * width * channels);
    tl__pixels_free(&pixels);
    for (size_t cut = 0; cut + 1 < size; cut++) {    /* last digits or a blank may be missing */
        if (tl__pnm_parse(&pixels, &heap, bytes, cut, "t.pgm", NULL) == TL_OK) {
            assert_true(bytes[1] < '5' && cut + 6 > size);
            tl__pixels_free(&pixels);
        }
    }
    assert_int_equal(heap.in_use, 0);
}

static void reads_every_form(void **state)
{
    (void)state;
    READS("P2\n# a comment\n3 2\n15\n0 1 2\n13 14 15\n", 2, 3, 1, 0, 17, 34, 221, 238, 255);
    READS("P2#x\n1#y\r1 #z\n255 # 9\n7", 1, 1, 1, 7);
    READS("P3 1 2 65535 0 128 129 65406 65534 65535", 2, 1, 3, 0, 0, 1, 254, 255, 255);
    READS("P5 2 2 255\n\0\1\2\377", 2, 2, 1, 0, 1, 2, 255);
    READS("P5 2 1 1\n\0\1\n", 1, 2, 1, 0, 255);
    READS("P5\t2\v1\f7\r\0\t", 1, 2, 1, 0, 255);                     /* a sample above the greatest is the greatest */
    READS("P6\n1 1\n1000\n\0\1\1\2\3\350", 1, 1, 3, 0, 66, 255);
    READS("P6 1 1 255 #!\n", 1, 1, 3, '#', '!', '\n');                /* no comment after the header */
}

#define REFUSES(file, words) refuses(file, sizeof file - 1, words)
static void refuses(const char *bytes, size_t size, const char *words)
{
    tl__pixels pixels;
    tl_error error = {0};
    tl_status status = tl__pnm_parse(&pixels, &heap, bytes, size, "t.pgm", &error);
    if (status != TL_BAD_FILE || !strstr(error.message, words)) fail_msg("%d: %s", (int)status, error.message);
    assert_int_equal(heap.in_use, 0);
}

static void refuses_what_is_damaged(void **state)
{
    (void)state;
    REFUSES("", "P2, P3");
    REFUSES("P1 1 1 1", "P2, P3");
    REFUSES("P7\n", "P2, P3");
    REFUSES("P5x", "P2, P3");
    REFUSES("P2 1", "must follow");
    REFUSES("P2 0 1 255 1", "must follow");
    REFUSES("P2 1 1 0 1", "must follow");
    REFUSES("P2 1 1 65536 1", "must follow");
    REFUSES("P2 -1 1 255 1", "must follow");
    REFUSES("P2 99999999999 1 255 1", "must follow");
    REFUSES("P5 1 1 255", "a blank");
    REFUSES("P5 1 1 255#\n1", "a blank");
    REFUSES("P5 2147483647 2147483647 255\n1", "more pixels");
    REFUSES("P6 1 2 255\n12345", "more pixels");
    REFUSES("P5 1 1 256\n1", "more pixels");
    REFUSES("P2 2 1 9 1", "more pixels");
    REFUSES("P2 2 1 9 1 #", "t.pgm:1: ");
    REFUSES("P2 2 1 9\n1 x", "t.pgm:2: ");
    REFUSES("P2 2 1 9 1 10", "from 0 to the greatest");
    REFUSES("P2 1 1 9 1 1", "follows");
    REFUSES("P5 1 1 9\n1x", "follows");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_form),
        cmocka_unit_test(refuses_what_is_damaged),
    };
    tl__heap_init(&heap, NULL, 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
