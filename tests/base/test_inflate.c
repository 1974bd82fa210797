/* gzip: streams that zlib wrote (fixed, dynamic and long codes, far matches), stored blocks, several members, and what a
 * damaged file may do: every prefix and every flipped bit ends in a status, reads nothing beyond its end, leaks nothing. */
#include "base/hash.h"
#include "base/inflate.h"
#include "support/failing.h"

#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>

static const unsigned char fixed[] = {
    31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 203, 72, 205, 201, 201, 87, 200, 64, 39, 185, 0, 0, 136, 89,
    11, 24, 0, 0, 0,
};
static const unsigned char dynamic[] = {
    31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 37, 148, 135, 149, 5, 49, 8, 3, 91, 161, 53, 68, 234, 191,
    131, 29, 121, 239, 222, 79, 107, 27, 132, 130, 111, 181, 49, 217, 147, 10, 169, 251, 180, 171, 225, 137, 54, 43,
    46, 162, 42, 98, 83, 226, 109, 242, 114, 91, 170, 237, 203, 41, 229, 172, 234, 230, 174, 120, 101, 204, 197, 86,
    7, 251, 143, 82, 121, 20, 137, 206, 137, 30, 106, 100, 136, 227, 189, 252, 207, 242, 141, 199, 181, 148, 151, 110,
    39, 106, 99, 163, 56, 194, 129, 117, 215, 160, 114, 140, 40, 25, 172, 114, 118, 34, 247, 36, 26, 20, 104, 139,
    207, 209, 177, 251, 170, 26, 168, 28, 45, 93, 138, 45, 26, 111, 139, 22, 184, 142, 161, 64, 151, 70, 71, 149,
    155, 98, 18, 197, 169, 85, 157, 233, 242, 193, 208, 85, 151, 29, 215, 116, 41, 96, 119, 221, 50, 120, 100, 198,
    142, 87, 64, 182, 71, 79, 195, 224, 183, 138, 211, 148, 221, 77, 184, 210, 254, 195, 48, 77, 190, 245, 124, 115,
    44, 248, 242, 17, 215, 208, 169, 166, 19, 71, 130, 177, 202, 152, 25, 247, 134, 78, 145, 156, 220, 102, 66, 48,
    214, 64, 206, 150, 39, 229, 200, 85, 122, 206, 149, 57, 106, 184, 53, 251, 1, 131, 49, 27, 148, 149, 9, 54,
    78, 40, 13, 234, 103, 67, 101, 194, 116, 90, 32, 0, 192, 17, 43, 144, 143, 70, 50, 217, 116, 114, 97, 118,
    54, 216, 225, 134, 15, 47, 223, 241, 156, 191, 105, 170, 162, 31, 175, 100, 105, 205, 57, 172, 5, 135, 59, 107,
    158, 32, 3, 184, 134, 124, 84, 68, 88, 161, 45, 204, 240, 11, 90, 222, 136, 116, 199, 9, 48, 51, 102, 155,
    47, 41, 75, 52, 54, 216, 185, 252, 211, 151, 237, 52, 91, 106, 8, 126, 61, 219, 154, 39, 251, 167, 211, 74,
    0, 17, 191, 33, 138, 69, 163, 177, 106, 240, 11, 178, 142, 185, 129, 102, 216, 233, 7, 30, 95, 225, 32, 124,
    22, 102, 117, 132, 196, 104, 203, 99, 52, 177, 132, 16, 131, 97, 88, 98, 18, 225, 18, 156, 245, 243, 144, 119,
    182, 12, 0, 250, 128, 148, 99, 32, 116, 134, 199, 182, 234, 148, 98, 100, 248, 127, 141, 120, 67, 107, 52, 219,
    121, 122, 186, 158, 48, 8, 206, 55, 101, 37, 211, 118, 216, 147, 253, 7, 23, 172, 49, 51, 144, 205, 46, 37,
    101, 3, 62, 142, 240, 172, 76, 193, 56, 18, 200, 195, 216, 134, 26, 236, 193, 253, 12, 99, 46, 81, 84, 252,
    96, 27, 214, 131, 178, 98, 7, 192, 33, 0, 231, 192, 104, 193, 200, 225, 57, 123, 237, 126, 107, 89, 46, 96,
    179, 175, 159, 183, 112, 163, 177, 172, 51, 242, 130, 36, 219, 227, 140, 220, 89, 101, 36, 66, 109, 11, 147, 159,
    215, 137, 225, 25, 233, 151, 192, 166, 165, 148, 9, 25, 167, 19, 174, 152, 40, 109, 194, 158, 55, 169, 35, 109,
    200, 196, 135, 76, 202, 238, 183, 45, 198, 137, 128, 126, 123, 86, 79, 99, 122, 56, 81, 240, 231, 156, 195, 107,
    157, 81, 58, 71, 227, 184, 51, 206, 56, 40, 147, 101, 47, 183, 111, 133, 36, 48, 94, 90, 55, 225, 179, 237,
    118, 178, 4, 107, 112, 9, 167, 243, 252, 99, 164, 200, 231, 43, 12, 73, 1, 199, 150, 244, 152, 253, 4, 194,
    111, 190, 195, 100, 123, 183, 245, 96, 113, 222, 192, 107, 254, 112, 232, 112, 135, 145, 38, 155, 234, 217, 243, 221,
    95, 233, 248, 227, 3, 67, 147, 175, 31, 2, 176, 70, 7, 157, 150, 186, 157, 1, 202, 165, 57, 58, 7, 25,
    107, 98, 13, 98, 225, 27, 192, 137, 6, 45, 12, 193, 226, 243, 159, 222, 221, 234, 139, 4, 135, 83, 158, 51,
    196, 201, 145, 56, 39, 14, 202, 247, 93, 69, 12, 201, 111, 188, 221, 182, 106, 188, 3, 80, 177, 182, 4, 183,
    24, 4, 251, 70, 96, 14, 172, 49, 206, 23, 12, 172, 113, 62, 67, 16, 106, 95, 61, 247, 76, 207, 120, 245,
    1, 100, 62, 87, 52, 220, 5, 0, 0,
};
static const unsigned char huffman[] = {
    31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 5, 193, 129, 97, 27, 49, 12, 4, 193, 218, 18, 91, 250, 39,
    129, 187, 221, 254, 171, 241, 140, 167, 4, 198, 90, 156, 24, 195, 86, 237, 162, 178, 213, 104, 176, 45, 65, 154,
    167, 142, 31, 117, 125, 108, 59, 60, 201, 86, 30, 136, 24, 72, 148, 145, 168, 138, 149, 125, 181, 42, 207, 117,
    41, 230, 140, 18, 21, 80, 85, 122, 4, 252, 42, 183, 32, 42, 40, 168, 141, 17, 80, 145, 212, 120, 76, 61,
    42, 43, 42, 68, 141, 97, 48, 3, 213, 234, 132, 109, 245, 170, 186, 218, 137, 158, 107, 109, 106, 151, 130, 106,
    5, 221, 242, 171, 171, 219, 161, 85, 76, 167, 101, 175, 115, 48, 18, 143, 4, 208, 206, 80, 68, 96, 161, 19,
    135, 10, 10, 200, 177, 80, 25, 164, 106, 188, 194, 213, 28, 26, 208, 130, 46, 104, 75, 49, 210, 213, 49, 5,
    174, 122, 244, 91, 41, 215, 202, 173, 82, 172, 96, 163, 126, 132, 138, 106, 138, 37, 171, 91, 213, 99, 215, 170,
    64, 197, 142, 234, 234, 34, 66, 181, 172, 15, 214, 74, 85, 21, 75, 53, 88, 227, 70, 181, 150, 42, 128, 34,
    35, 106, 185, 6, 168, 106, 80, 4, 170, 198, 88, 22, 213, 82, 44, 216, 166, 66, 58, 138, 130, 184, 238, 189,
    218, 10, 82, 122, 24, 4, 193, 86, 136, 85, 21, 19, 33, 84, 222, 22, 140, 158, 6, 96, 221, 53, 154, 209,
    170, 236, 86, 23, 244, 66, 138, 163, 100, 85, 46, 41, 174, 193, 111, 32, 235, 89, 117, 216, 224, 70, 80, 161,
    170, 146, 105, 80, 56, 100, 151, 180, 93, 56, 118, 5, 84, 213, 42, 6, 252, 97, 9, 104, 161, 237, 64, 130,
    168, 196, 137, 10, 66, 219, 107, 181, 27, 74, 20, 221, 252, 196, 13, 84, 144, 162, 133, 95, 189, 90, 162, 120,
    32, 211, 194, 170, 212, 212, 96, 39, 66, 218, 167, 181, 90, 189, 60, 89, 85, 157, 150, 173, 150, 88, 139, 182,
    136, 67, 163, 235, 162, 56, 26, 64, 85, 34, 144, 34, 209, 190, 198, 100, 53, 19, 139, 69, 139, 174, 100, 82,
    37, 86, 189, 24, 29, 145, 86, 81, 233, 214, 184, 168, 107, 173, 87, 18, 73, 57, 88, 16, 64, 170, 188, 224,
    189, 74, 170, 218, 69, 84, 85, 221, 215, 52, 87, 209, 74, 160, 9, 81, 121, 209, 197, 118, 182, 46, 90, 236,
    176, 169, 213, 126, 217, 78, 85, 21, 43, 34, 170, 226, 171, 97, 97, 99, 212, 120, 68, 245, 6, 41, 212, 34,
    79, 113, 21, 13, 170, 170, 182, 196, 189, 26, 23, 171, 223, 96, 195, 2, 131, 206, 139, 41, 46, 180, 52, 178,
    188, 70, 12, 204, 162, 161, 140, 245, 46, 113, 76, 181, 236, 212, 198, 88, 141, 177, 99, 193, 109, 182, 68, 91,
    84, 181, 71, 27, 21, 173, 154, 25, 171, 87, 53, 14, 253, 58, 32, 80, 4, 43, 5, 227, 166, 200, 202, 42,
    171, 46, 74, 27, 165, 166, 58, 80, 181, 0, 138, 178, 2, 118, 211, 172, 117, 173, 81, 107, 245, 55, 110, 142,
    156, 69, 21, 9, 104, 16, 60, 222, 169, 3, 84, 245, 35, 192, 202, 142, 54, 32, 125, 91, 165, 21, 39, 232,
    106, 231, 190, 106, 74, 169, 221, 178, 26, 0, 52, 117, 158, 41, 138, 62, 126, 184, 83, 237, 170, 170, 116, 20,
    43, 210, 78, 14, 133, 226, 86, 29, 99, 69, 95, 181, 114, 75, 5, 80, 95, 144, 170, 235, 169, 89, 95, 10,
    77, 85, 235, 6, 156, 184, 38, 138, 138, 45, 184, 85, 192, 82, 189, 172, 215, 215, 49, 238, 212, 227, 107, 169,
    104, 43, 54, 190, 91, 148, 216, 226, 113, 164, 160, 134, 181, 165, 168, 85, 88, 179, 169, 41, 27, 148, 66, 195,
    234, 81, 173, 18, 133, 78, 23, 181, 58, 181, 26, 224, 106, 181, 115, 65, 80, 165, 104, 46, 222, 45, 205, 162,
    44, 40, 215, 130, 221, 46, 209, 106, 69, 254, 239, 196, 114, 95, 81, 30, 5, 212, 138, 219, 98, 4, 68, 133,
    214, 214, 93, 137, 105, 172, 196, 25, 45, 120, 181, 92, 179, 2, 144, 171, 92, 172, 69, 137, 29, 27, 37, 104,
    172, 90, 203, 66, 80, 91, 124, 123, 177, 22, 227, 62, 71, 117, 205, 186, 77, 225, 178, 117, 177, 213, 149, 106,
    98, 203, 218, 22, 107, 44, 55, 26, 21, 245, 95, 193, 105, 206, 162, 12, 59, 225, 162, 173, 92, 75, 40, 37,
    181, 234, 52, 80, 84, 197, 19, 205, 222, 193, 46, 170, 120, 149, 90, 216, 45, 131, 84, 20, 34, 86, 110, 147,
    10, 108, 42, 23, 19, 29, 76, 235, 160, 84, 106, 71, 101, 222, 82, 130, 170, 122, 92, 84, 85, 140, 42, 215,
    80, 29, 130, 179, 126, 13, 34, 67, 107, 139, 175, 181, 43, 43, 90, 204, 215, 245, 174, 236, 17, 211, 46, 137,
    220, 132, 49, 228, 19, 53, 76, 12, 86, 67, 177, 127, 174, 52, 28, 223, 23, 10, 0, 0,
};
static const unsigned char far[] = {
    31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 237, 194, 49, 14, 0, 16, 16, 0, 193, 183, 30, 81, 137, 230,
    42, 188, 94, 167, 243, 0, 201, 204, 238, 136, 236, 45, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 62, 55, 34, 123,
    203, 82, 111, 115, 237, 215, 7, 213, 231, 10, 186, 238, 127, 0, 0,
};
static const unsigned char empty[] = {
    31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0,
};

/* The contents of the streams above. */

static uint32_t generator_state;

static uint32_t generator(void)
{
    generator_state = (generator_state * 1103515245u + 12345u) & 0x7FFFFFFFu;
    return generator_state >> 16;
}

static size_t make_dynamic(unsigned char *out)
{
    generator_state = 12345;
    for (int i = 0; i < 1500; i++) {
        bool letter = generator() % 5 != 0;
        out[i] = letter ? (unsigned char)(97 + generator() % 7) : ' ';
    }
    return 1500;
}

/* Sixteen letters as often as Fibonacci's numbers, in mixed order: codes of 1 to 15 bits. */
static size_t make_huffman(unsigned char *out)
{
    size_t n = 0;
    for (size_t i = 0, a = 1, b = 1; i < 16; i++) {
        for (size_t k = 0; k < a; k++) out[n++] = (unsigned char)(65 + i);
        size_t sum = a + b;
        a = b;
        b = sum;
    }
    generator_state = 12345;
    for (size_t i = n - 1; i > 0; i--) {
        size_t j = generator() % (i + 1);
        unsigned char swap = out[i];
        out[i] = out[j];
        out[j] = swap;
    }
    return n;
}

static size_t make_far(unsigned char *out)
{
    memcpy(out, "marker", 6);
    memset(out + 6, 'a', 32700);
    memcpy(out + 32706, "markerbcbcbcbcbcb", 17);
    for (int i = 0; i < 9; i++) memcpy(out + 32723 + 3 * i, "xyz", 3);
    return 32750;
}

/* The way in which packed and unpacked bytes share a block gives the same. */
static void same_in_place(const tl__buffer *out, const void *bytes, size_t size, size_t limit, tl_status status)
{
    tl__heap heap;
    tl__buffer in_place;
    tl__heap_init(&heap, NULL, 0);
    tl__buffer_init(&in_place, &heap);
    tl__buffer_add(&in_place, bytes, size);
    assert_int_equal(tl__gunzip_in_place(&in_place, limit, "file.gz", NULL), status);
    assert_int_equal(in_place.size, out->size);
    if (out->size > 0) assert_memory_equal(in_place.data, out->data, out->size);
    tl__buffer_free(&in_place);
}

/* Decompress a copy of exactly this size, so that a sanitizer sees reads beyond it. */
static tl_status gunzip(tl__heap *heap, tl__buffer *out, const void *bytes, size_t size, size_t limit, tl_error *error)
{
    unsigned char *copy = malloc(size > 0 ? size : 1);
    memcpy(copy, bytes, size);
    tl__buffer_init(out, heap);
    tl_status status = tl__gunzip(out, copy, size, limit, "file.gz", error);
    if (size > 0 && status != TL_OUT_OF_MEMORY) same_in_place(out, bytes, size, limit, status);
    free(copy);
    return status;
}

static void gives(const unsigned char *bytes, size_t size, const unsigned char *expected, size_t expected_size)
{
    tl__heap heap;
    tl__buffer out;
    tl_error error = {0};
    tl__heap_init(&heap, NULL, 0);
    assert_int_equal(gunzip(&heap, &out, bytes, size, SIZE_MAX, &error), TL_OK);
    assert_int_equal(out.size, expected_size);
    if (expected_size > 0) assert_memory_equal(out.data, expected, expected_size);
    tl__buffer_free(&out);
    if (expected_size > 0) {
        assert_int_equal(gunzip(&heap, &out, bytes, size, expected_size, &error), TL_OK);
        tl__buffer_free(&out);
        assert_int_equal(gunzip(&heap, &out, bytes, size, expected_size - 1, &error), TL_OUT_OF_RANGE);
        assert_int_equal(out.size, 0);
        tl__buffer_free(&out);
    }
    assert_int_equal(heap.in_use, 0);
}

static void streams_of_zlib(void **state)
{
    static unsigned char expected[40000];
    (void)state;
    gives(empty, sizeof empty, expected, 0);
    gives(fixed, sizeof fixed, (const unsigned char *)"hello hello hello hello\n", 24);
    gives(dynamic, sizeof dynamic, expected, make_dynamic(expected));
    gives(huffman, sizeof huffman, expected, make_huffman(expected));
    gives(far, sizeof far, expected, make_far(expected));
}

/* A member with one stored block, with all optional fields of the header when `fields`. */
static size_t put_stored(unsigned char *out, const unsigned char *bytes, size_t size, bool fields)
{
    static const unsigned char head[10] = {0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3};
    size_t n = sizeof head;
    uint32_t crc = tl__crc32(0, bytes, size);
    memcpy(out, head, n);
    if (fields) {
        out[3] = 2 | 4 | 8 | 16;
        memcpy(out + n, "\3\0abcname\0comment\0\0\0", 20);
        n += 20;
    }
    const unsigned char block[5] = {1, (unsigned char)size, (unsigned char)(size >> 8), (unsigned char)~size, (unsigned char)(~size >> 8)};
    memcpy(out + n, block, 5);
    memcpy(out + n + 5, bytes, size);
    n += 5 + size;
    for (int i = 0; i < 4; i++) out[n++] = (unsigned char)(crc >> 8 * i);
    for (int i = 0; i < 4; i++) out[n++] = (unsigned char)(size >> 8 * i);
    return n;
}

static void stored_blocks_and_members(void **state)
{
    static unsigned char file[70000], expected[70000], content[65535];
    (void)state;
    for (size_t i = 0; i < sizeof content; i++) content[i] = (unsigned char)(i * i >> 3);
    size_t n = put_stored(file, content, sizeof content, false);
    gives(file, n, content, sizeof content);
    n = put_stored(file, content, 0, true);
    n += put_stored(file + n, content, 100, true);
    n += put_stored(file + n, content + 100, 77, false);
    memcpy(file + n, fixed, sizeof fixed);
    n += sizeof fixed;
    memcpy(expected, content, 177);
    memcpy(expected + 177, "hello hello hello hello\n", 24);
    gives(file, n, expected, 201);
    memset(file + n, 0, 512);    /* padded to a block */
    gives(file, n + 512, expected, 201);
    tl__heap heap;
    tl__buffer out;
    tl_error error = {0};
    tl__heap_init(&heap, NULL, 0);
    memcpy(file + n, "garbage behind the last member", 30);
    assert_int_equal(gunzip(&heap, &out, file, n + 30, SIZE_MAX, &error), TL_BAD_FILE);
    tl__buffer_free(&out);
}

static void appends(void **state)
{
    tl__heap heap;
    tl__buffer out;
    tl_error error = {0};
    (void)state;
    tl__heap_init(&heap, NULL, 0);
    tl__buffer_init(&out, &heap);
    tl__buffer_text(&out, "before ");
    assert_int_equal(tl__gunzip(&out, fixed, sizeof fixed, 24, "f", &error), TL_OK);
    assert_string_equal(out.data, "before hello hello hello hello\n");
    assert_int_equal(tl__gunzip(&out, fixed, sizeof fixed - 1, 24, "f", &error), TL_BAD_FILE);
    assert_string_equal(out.data, "before hello hello hello hello\n");
    tl__buffer_free(&out);
}

static void each_prefix_is_too_short(void **state)
{
    const struct { const unsigned char *bytes; size_t size; } files[] = {
        {fixed, sizeof fixed}, {dynamic, sizeof dynamic}, {huffman, sizeof huffman}, {far, sizeof far}, {empty, sizeof empty}};
    tl__heap heap;
    (void)state;
    tl__heap_init(&heap, NULL, 0);
    for (size_t f = 0; f < TL_COUNT(files); f++)
        for (size_t size = 0; size < files[f].size; size++) {
            tl__buffer out;
            tl_error error = {0};
            assert_int_equal(gunzip(&heap, &out, files[f].bytes, size, 100000, &error), TL_BAD_FILE);
            assert_non_null(strstr(error.message, "file.gz: "));
            tl__buffer_free(&out);
        }
    assert_int_equal(heap.in_use, 0);
}

/* The CRC sees every change of the contents; bits that mean nothing (time, system, padding) are let through. */
static void each_flipped_bit_is_seen(void **state)
{
    static unsigned char expected[40000], damaged[4000];
    const struct { const unsigned char *bytes; size_t size, expected_size; } files[] = {
        {dynamic, sizeof dynamic, 1500}, {huffman, sizeof huffman, 2583}, {far, sizeof far, 32750}};
    tl__heap heap;
    (void)state;
    tl__heap_init(&heap, NULL, 0);
    for (size_t f = 0; f < TL_COUNT(files); f++) {
        if (f == 0) make_dynamic(expected);
        else if (f == 1) make_huffman(expected);
        else make_far(expected);
        for (size_t bit = 0; bit < files[f].size * 8; bit++) {
            tl__buffer out;
            tl_error error = {0};
            memcpy(damaged, files[f].bytes, files[f].size);
            damaged[bit / 8] ^= (unsigned char)(1 << bit % 8);
            tl_status status = gunzip(&heap, &out, damaged, files[f].size, 100000, &error);
            if (status == TL_OK) {
                assert_int_equal(out.size, files[f].expected_size);
                assert_memory_equal(out.data, expected, out.size);
            } else {
                assert_true(status == TL_BAD_FILE || status == TL_OUT_OF_RANGE);
            }
            tl__buffer_free(&out);
        }
    }
    assert_int_equal(heap.in_use, 0);
}

static tl_status scenario(tl__heap *heap, void *user)
{
    tl__buffer out;
    (void)user;
    tl_status status = gunzip(heap, &out, far, sizeof far, 100000, NULL);
    tl__buffer_free(&out);
    return status;
}

static void out_of_memory(void **state)
{
    (void)state;
    failing_sweep(scenario, NULL);
}

static void recognised(void **state)
{
    (void)state;
    assert_true(tl__is_gzip(fixed, sizeof fixed));
    assert_false(tl__is_gzip(fixed, 2));
    assert_false(tl__is_gzip((const unsigned char *)"a,b,c", 5));
}

/* A zlib stream: a wrong method, a preset dictionary, any flipped bit, any prefix and what follows it are refused. */
static void zlib_streams_are_checked(void **state)
{
    static const unsigned char good[] = {120, 218, 203, 72, 205, 201, 201, 87, 200, 64, 39, 185, 0, 112, 190, 8, 187};
    unsigned char copy[sizeof good + 1];
    tl__heap heap;
    tl__buffer out;
    tl_error error = {0};
    (void)state;
    tl__heap_init(&heap, NULL, 0);
    tl__buffer_init(&out, &heap);
    assert_int_equal(tl__unzlib(&out, good, sizeof good, 100, "z", &error), TL_OK);
    assert_int_equal(tl__unzlib(&out, good, sizeof good, 24, "z", &error), TL_OK);
    assert_int_equal(out.size, 48);
    assert_memory_equal(out.data, "hello hello hello hello\nhello hello hello hello\n", 49);
    assert_int_equal(tl__unzlib(&out, good, sizeof good, 23, "z", &error), TL_OUT_OF_RANGE);
    for (size_t i = 0; i < sizeof good; i++) {
        memcpy(copy, good, sizeof good);
        copy[i] ^= (unsigned char)(1u << i % 8);
        assert_int_equal(tl__unzlib(&out, copy, sizeof good, 1000, "z", NULL), TL_BAD_FILE);
        assert_int_equal(tl__unzlib(&out, good, i, 1000, "z", NULL), TL_BAD_FILE);
    }
    memcpy(copy, good, sizeof good);
    copy[sizeof good] = 0;
    assert_int_equal(tl__unzlib(&out, copy, sizeof copy, 1000, "z", NULL), TL_BAD_FILE);
    assert_int_equal(tl__unzlib(&out, (const unsigned char *)"\x78\xBB\1\2\3\4", 6, 1000, "z", NULL), TL_BAD_FILE);
    assert_int_equal(out.size, 48);
    tl__buffer_free(&out);
    assert_int_equal(heap.in_use, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(streams_of_zlib), cmocka_unit_test(stored_blocks_and_members), cmocka_unit_test(appends),
        cmocka_unit_test(each_prefix_is_too_short), cmocka_unit_test(each_flipped_bit_is_seen), cmocka_unit_test(out_of_memory),
        cmocka_unit_test(recognised),
        cmocka_unit_test(zlib_streams_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
