/* npy against files that NumPy 2.4 wrote. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/math.h"
#include "text/npy.h"

static const unsigned char npy_f4[] = {147, 78, 85, 77, 80, 89, 1, 0, 118, 0, 123, 39, 100, 101, 115, 99, 114, 39, 58,
    32, 39, 60, 102, 52, 39, 44, 32, 39, 102, 111, 114, 116, 114, 97, 110, 95, 111, 114, 100, 101, 114, 39, 58, 32, 70,
    97, 108, 115, 101, 44, 32, 39, 115, 104, 97, 112, 101, 39, 58, 32, 40, 50, 44, 32, 51, 41, 44, 32, 125, 32, 32, 32,
    32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32,
    32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 10, 0, 0, 192,
    63, 0, 0, 0, 192, 0, 0, 64, 64, 0, 0, 128, 64, 0, 0, 160, 64, 0, 0, 200, 64};
static const unsigned char npy_f8_fortran[] = {147, 78, 85, 77, 80, 89, 2, 0, 116, 0, 0, 0, 123, 39, 100, 101, 115,
    99, 114, 39, 58, 32, 39, 60, 102, 56, 39, 44, 32, 39, 102, 111, 114, 116, 114, 97, 110, 95, 111, 114, 100, 101, 114,
    39, 58, 32, 84, 114, 117, 101, 44, 32, 39, 115, 104, 97, 112, 101, 39, 58, 32, 40, 50, 44, 32, 51, 41, 44, 32, 125,
    32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32,
    32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 10, 0,
    0, 0, 0, 0, 0, 240, 63, 0, 0, 0, 0, 0, 0, 16, 64, 0, 0, 0, 0, 0, 0, 0, 64, 0, 0, 0, 0, 0, 0, 20, 64, 0, 0, 0, 0, 0, 0,
    8, 64, 0, 0, 0, 0, 0, 0, 24, 64};
static const unsigned char npy_big_i2[] = {147, 78, 85, 77, 80, 89, 3, 0, 116, 0, 0, 0, 123, 39, 100, 101, 115, 99,
    114, 39, 58, 32, 39, 62, 105, 50, 39, 44, 32, 39, 102, 111, 114, 116, 114, 97, 110, 95, 111, 114, 100, 101, 114, 39,
    58, 32, 70, 97, 108, 115, 101, 44, 32, 39, 115, 104, 97, 112, 101, 39, 58, 32, 40, 51, 44, 41, 44, 32, 125, 32, 32,
    32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32,
    32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 10, 255,
    254, 1, 44, 128, 0};
static const unsigned char npy_f2[] = {147, 78, 85, 77, 80, 89, 1, 0, 118, 0, 123, 39, 100, 101, 115, 99, 114, 39, 58,
    32, 39, 60, 102, 50, 39, 44, 32, 39, 102, 111, 114, 116, 114, 97, 110, 95, 111, 114, 100, 101, 114, 39, 58, 32, 70,
    97, 108, 115, 101, 44, 32, 39, 115, 104, 97, 112, 101, 39, 58, 32, 40, 53, 44, 41, 44, 32, 125, 32, 32, 32, 32, 32,
    32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32,
    32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 10, 0, 62, 0,
    128, 255, 123, 1, 0, 0, 124};
static const unsigned char npy_bool[] = {147, 78, 85, 77, 80, 89, 1, 0, 118, 0, 123, 39, 100, 101, 115, 99, 114, 39,
    58, 32, 39, 124, 98, 49, 39, 44, 32, 39, 102, 111, 114, 116, 114, 97, 110, 95, 111, 114, 100, 101, 114, 39, 58, 32,
    70, 97, 108, 115, 101, 44, 32, 39, 115, 104, 97, 112, 101, 39, 58, 32, 40, 51, 44, 41, 44, 32, 125, 32, 32, 32, 32,
    32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32,
    32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 10, 1, 0,
    1};
static const unsigned char npy_u8[] = {147, 78, 85, 77, 80, 89, 1, 0, 118, 0, 123, 39, 100, 101, 115, 99, 114, 39, 58,
    32, 39, 60, 117, 56, 39, 44, 32, 39, 102, 111, 114, 116, 114, 97, 110, 95, 111, 114, 100, 101, 114, 39, 58, 32, 70,
    97, 108, 115, 101, 44, 32, 39, 115, 104, 97, 112, 101, 39, 58, 32, 40, 50, 44, 41, 44, 32, 125, 32, 32, 32, 32, 32,
    32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32,
    32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 10, 255, 255,
    255, 255, 255, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0};
static const unsigned char npy_scalar[] = {147, 78, 85, 77, 80, 89, 1, 0, 118, 0, 123, 39, 100, 101, 115, 99, 114, 39,
    58, 32, 39, 60, 105, 56, 39, 44, 32, 39, 102, 111, 114, 116, 114, 97, 110, 95, 111, 114, 100, 101, 114, 39, 58, 32,
    70, 97, 108, 115, 101, 44, 32, 39, 115, 104, 97, 112, 101, 39, 58, 32, 40, 41, 44, 32, 125, 32, 32, 32, 32, 32, 32,
    32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32,
    32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 10, 7, 0,
    0, 0, 0, 0, 0, 0};

static void parse(tl__npy *npy, const unsigned char *bytes, size_t size)
{
    tl_error error = {0};
    if (tl__npy_parse(npy, bytes, size, "t.npy", &error) != TL_OK) fail_msg("%s", error.message);
}

static void reads_what_numpy_writes(void **state)
{
    (void)state;
    tl__npy npy;
    static const double rows[] = {1.5, -2, 3, 4, 5, 6.25};
    parse(&npy, npy_f4, sizeof npy_f4);
    assert_int_equal(npy.dims, 2);
    assert_int_equal(npy.shape[0], 2);
    assert_int_equal(npy.shape[1], 3);
    for (size_t i = 0; i < 6; i++) assert_true(tl__npy_at(&npy, i) == rows[i]);
    parse(&npy, npy_f8_fortran, sizeof npy_f8_fortran);
    assert_true(npy.fortran);
    for (size_t i = 0; i < 6; i++) assert_true(tl__npy_at(&npy, i) == (double)(i + 1));
    parse(&npy, npy_big_i2, sizeof npy_big_i2);
    assert_true(tl__npy_at(&npy, 0) == -2 && tl__npy_at(&npy, 1) == 300 && tl__npy_at(&npy, 2) == -32768);
    parse(&npy, npy_f2, sizeof npy_f2);
    assert_true(tl__npy_at(&npy, 0) == 1.5 && tl__npy_at(&npy, 1) == 0 && tl__npy_at(&npy, 2) == 65504);
    assert_true(tl__double_bits(tl__npy_at(&npy, 1)) >> 63);
    assert_true(tl__npy_at(&npy, 3) == 5.9604644775390625e-08);   /* float16(6e-8), a subnormal */
    assert_false(tl__is_finite_d(tl__npy_at(&npy, 4)));
    parse(&npy, npy_bool, sizeof npy_bool);
    assert_true(tl__npy_at(&npy, 0) == 1 && tl__npy_at(&npy, 1) == 0);
    parse(&npy, npy_u8, sizeof npy_u8);
    assert_true(tl__npy_at(&npy, 0) == 18446744073709551616.0 && tl__npy_at(&npy, 1) == 0);
    parse(&npy, npy_scalar, sizeof npy_scalar);
    assert_int_equal(npy.dims, 0);
    assert_int_equal(npy.count, 1);
    assert_true(tl__npy_at(&npy, 0) == 7);
}

static void writes_the_bytes_that_numpy_writes(void **state)
{
    (void)state;
    tl__heap heap;
    tl__buffer out;
    static const float values[] = {1.5f, -2, 3, 4, 5, 6.25f};
    static const size_t shape[] = {2, 3};
    tl__heap_init(&heap, NULL, 0);
    tl__buffer_init(&out, &heap);
    tl__npy_put_floats(&out, values, shape, 2);
    assert_int_equal(out.size, sizeof npy_f4);
    assert_memory_equal(out.data, npy_f4, sizeof npy_f4);
    tl__buffer_free(&out);
}

static void refuse(const char *header, size_t data, tl_status status, const char *part)
{
    unsigned char bytes[512] = "\x93NUMPY\x01";
    tl__npy npy;
    tl_error error = {0};
    size_t size = strlen(header);
    bytes[7] = 0;
    bytes[8] = (unsigned char)size;
    bytes[9] = 0;
    memcpy(bytes + 10, header, size);
    tl_status got = tl__npy_parse(&npy, bytes, 10 + size + data, "t.npy", &error);
    if (got != status || !strstr(error.message, part)) fail_msg("%s: %d %s", header, (int)got, error.message);
}

static void refuses_what_it_cannot_read(void **state)
{
    (void)state;
    refuse("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", 8, TL_UNSUPPORTED, "Python objects");
    refuse("{'descr': '<c8', 'fortran_order': False, 'shape': (1,), }", 8, TL_UNSUPPORTED, "'<c8'");
    refuse("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", 4, TL_UNSUPPORTED, "structures");
    refuse("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", 4, TL_BAD_FILE, "more bytes");
    refuse("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", 8, TL_BAD_FILE, "fewer bytes");
    refuse("{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296, 4294967296), }", 0, TL_BAD_FILE, "");
    refuse("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }", 4, TL_BAD_FILE, "");
    refuse("{'descr': '<f4', 'shape': (1,), }", 4, TL_BAD_FILE, "lacks");
    refuse("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'x': 1}", 4, TL_BAD_FILE, "unknown key");
    refuse("[1]", 4, TL_BAD_FILE, "not a dict");
    refuse("{'shape': (((((((((", 4, TL_BAD_FILE, "");
}

static void survives_any_cut(void **state)
{
    (void)state;
    for (size_t size = 0; size < sizeof npy_f4; size++) {
        unsigned char *copy = malloc(size + 1);
        tl__npy npy;
        assert_non_null(copy);
        memcpy(copy, npy_f4, size);
        assert_int_equal(tl__npy_parse(&npy, copy, size, "t.npy", NULL), TL_BAD_FILE);
        free(copy);
    }
}

/* Of a file that is not in memory: only its first bytes and its size. */
static void reads_a_header_alone(void **state)
{
    (void)state;
    static const char text[] = "\x93NUMPY\x01\0\x4c\0{'descr': '|u1', 'fortran_order': False, 'shape': (4000000000, 2000000), } \n";
    tl__npy npy;
    size_t start;
    const uint64_t values = (uint64_t)4000000000u * 2000000;
    if (sizeof(size_t) == 4) return;
    assert_int_equal(tl__npy_head(&npy, text, 86, 86 + values, &start, "t", NULL), TL_OK);
    assert_true(start == 86 && npy.dims == 2 && npy.shape[0] == 4000000000u && npy.data == NULL && npy.count == 0);
    assert_int_equal(tl__npy_head(&npy, text, 86, 85 + values, &start, "t", NULL), TL_BAD_FILE);
    assert_int_equal(tl__npy_head(&npy, text, 86, 87 + values, &start, "t", NULL), TL_BAD_FILE);
    for (size_t size = 0; size < 86; size++) {
        assert_int_equal(tl__npy_head(&npy, text, size, size, &start, "t", NULL), TL_BAD_FILE);
        assert_int_equal(tl__npy_head(&npy, text, size, 86 + values, &start, "t", NULL), TL_BAD_FILE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_numpy_writes), cmocka_unit_test(writes_the_bytes_that_numpy_writes),
        cmocka_unit_test(refuses_what_it_cannot_read), cmocka_unit_test(survives_any_cut), cmocka_unit_test(reads_a_header_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
