/* PNG files of every kind against the pixels that another decoder reads, and damaged ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/hash.h"
#include "support/failing.h"
#include "text/png.h"
#include "text/png_files.h"

enum { CASES = sizeof png_cases / sizeof png_cases[0], MOST = 1024 };

static tl__heap heap;

static tl_status parse(tl__pixels *pixels, const unsigned char *bytes, size_t size)
{
    tl_error error = {0};
    tl_status status = tl__png_parse(pixels, &heap, bytes, size, "t.png", &error);
    if (status == TL_OK) return status;
    assert_non_null(strstr(error.message, "t.png: "));
    assert_true(heap.in_use == 0 && !pixels->samples);
    return status;
}

static void refuse(const unsigned char *bytes, size_t size, const char *words)
{
    tl__pixels pixels;
    tl_error error = {0};
    tl_status status = tl__png_parse(&pixels, &heap, bytes, size, "t.png", &error);
    if (status == TL_OK || !strstr(error.message, words)) fail_msg("%d: %s", (int)status, error.message);
    assert_int_equal(heap.in_use, 0);
}

static const unsigned char *file_of(size_t number)
{
    const unsigned char *at = png_bytes;
    for (size_t i = 0; i < number; i++) at += png_cases[i].size;
    return at;
}

static void reads_every_kind(void **state)
{
    (void)state;
    for (size_t i = 0; i < CASES; i++) {
        const png_case *c = &png_cases[i];
        tl__pixels pixels;
        assert_int_equal(parse(&pixels, file_of(i), c->size), TL_OK);
        assert_true(pixels.width == c->width && pixels.height == c->height && pixels.channels == c->channels);
        assert_int_equal(pixels.bytes, c->width * c->height * c->channels);
        if (tl__crc32(0, pixels.samples, pixels.bytes) != c->crc)
            fail_msg("type %d, depth %d, interlaced %d, transparent %d", c->type, c->depth, c->interlaced,
                     c->transparent);
        tl__pixels_free(&pixels);
    }
    assert_int_equal(heap.in_use, 0);
}

/* A bit of each byte of a file turned over, and files cut off anywhere: refused, as every byte is under a check. */
static void refuses_what_is_damaged(void **state)
{
    unsigned char copy[MOST];
    tl__pixels pixels;
    (void)state;
    for (size_t number = 0; number < CASES; number += 7) {
        size_t size = png_cases[number].size;
        assert_true(size <= MOST);
        for (size_t i = 0; i < size; i++) {
            memcpy(copy, file_of(number), size);
            copy[i] ^= (unsigned char)(1u << i % 8);
            assert_int_not_equal(parse(&pixels, copy, size), TL_OK);
            assert_int_not_equal(parse(&pixels, file_of(number), i), TL_OK);
        }
    }
}

static size_t add_chunk(unsigned char *out, size_t at, const char *type, const void *bytes, size_t size)
{
    unsigned char *p = out + at;
    for (int i = 0; i < 4; i++) p[i] = (unsigned char)(size >> (24 - 8 * i));
    memcpy(p + 4, type, 4);
    if (size) memcpy(p + 8, bytes, size);
    uint32_t crc = tl__crc32(0, p + 4, size + 4);
    for (int i = 0; i < 4; i++) p[8 + size + (size_t)i] = (unsigned char)(crc >> (24 - 8 * i));
    return at + size + 12;
}

/* width, height, depth, type, compression, filter, interlace, and a stored stream of these pixels. */
static size_t make(unsigned char *out, unsigned width, unsigned height, const unsigned char kind[5],
                   const unsigned char *rows, size_t size)
{
    unsigned char head[13] = {0}, packed[64] = {0x78, 1, 1};
    uint32_t a = 1, b = 0;
    for (int i = 0; i < 4; i++) head[i] = (unsigned char)(width >> (24 - 8 * i));
    for (int i = 0; i < 4; i++) head[4 + i] = (unsigned char)(height >> (24 - 8 * i));
    memcpy(head + 8, kind, 5);
    packed[3] = (unsigned char)size;
    packed[5] = (unsigned char)~size;
    packed[6] = 0xFF;
    memcpy(packed + 7, rows, size);
    for (size_t i = 0; i < size; i++) a += rows[i], b += a;
    packed[7 + size] = (unsigned char)(b >> 8);
    packed[8 + size] = (unsigned char)b;
    packed[9 + size] = (unsigned char)(a >> 8);
    packed[10 + size] = (unsigned char)a;
    memcpy(out, "\x89PNG\r\n\x1A\n", 8);
    size_t at = add_chunk(out, 8, "IHDR", head, 13);
    if (kind[1] == 3) at = add_chunk(out, at, "PLTE", "\1\2\3\4\5\6", 6);
    at = add_chunk(out, at, "IDAT", packed, 11 + size);
    return add_chunk(out, at, "IEND", NULL, 0);
}

static void believes_no_number(void **state)
{
    static const unsigned char grey[5] = {8, 0, 0, 0, 0}, palette[5] = {8, 3, 0, 0, 0}, rows[6] = {0, 1, 2, 0, 3, 4};
    unsigned char file[256];
    tl__pixels pixels;
    (void)state;
    size_t size = make(file, 2, 2, grey, rows, 6);
    assert_int_equal(parse(&pixels, file, size), TL_OK);
    assert_memory_equal(pixels.samples, "\1\2\3\4", 4);
    tl__pixels_free(&pixels);
    refuse(file, make(file, 2, 3, grey, rows, 6), "fewer pixels");
    refuse(file, make(file, 2, 1, grey, rows, 6), "more than");
    refuse(file, make(file, 0, 2, grey, rows, 6), "width or height");
    refuse(file, make(file, 0x7fffffff, 0x7fffffff, grey, rows, 6), "more pixels");
    refuse(file, make(file, 2, 2, (const unsigned char[5]){3, 0, 0, 0, 0}, rows, 6), "its header");
    refuse(file, make(file, 2, 2, (const unsigned char[5]){8, 1, 0, 0, 0}, rows, 6), "its header");
    refuse(file, make(file, 2, 2, (const unsigned char[5]){8, 0, 0, 0, 2}, rows, 6), "its header");
    refuse(file, make(file, 2, 2, grey, (const unsigned char *)"\5\1\2\0\3\4", 6), "filter");
    refuse(file, make(file, 2, 2, palette, rows, 6), "palette");
    size = make(file, 2, 2, palette, (const unsigned char *)"\0\1\0\0\0\1", 6);
    assert_int_equal(parse(&pixels, file, size), TL_OK);
    assert_memory_equal(pixels.samples, "\4\5\6\1\2\3\1\2\3\4\5\6", 12);
    tl__pixels_free(&pixels);
}

static void memory_may_run_out(void **state)
{
    (void)state;
    for (size_t limit = 0; limit < 4096; limit += 61) {
        tl__pixels pixels;
        tl_error error = {0};
        tl__heap small;
        tl__heap_init(&small, NULL, limit);
        tl_status status = tl__png_parse(&pixels, &small, file_of(1), png_cases[1].size, "t.png", &error);
        if (status == TL_OK) tl__pixels_free(&pixels);
        else assert_int_equal(status, TL_OUT_OF_MEMORY);
        assert_int_equal(small.in_use, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_kind),
        cmocka_unit_test(refuses_what_is_damaged),
        cmocka_unit_test(believes_no_number),
        cmocka_unit_test(memory_may_run_out),
    };
    tl__heap_init(&heap, NULL, 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
