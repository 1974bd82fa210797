/* IDX files of every element type, and damaged ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "text/idx.h"

static tl_status parse(tl__idx *idx, const char *bytes, size_t size)
{
    tl_error error = {0};
    tl_status status = tl__idx_parse(idx, bytes, size, "t.idx", &error);
    if (status != TL_OK) assert_non_null(strstr(error.message, "t.idx: "));
    return status;
}

static void reads_every_type(void **state)
{
    (void)state;
    tl__idx idx;
    assert_int_equal(parse(&idx, "\0\0\x08\x03\0\0\0\1\0\0\0\2\0\0\0\2\1\2\3\xFF", 20), TL_OK);
    assert_int_equal(idx.dims, 3);
    assert_int_equal(idx.count, 4);
    assert_true(tl__idx_at(&idx, 0) == 1 && tl__idx_at(&idx, 3) == 255);
    assert_int_equal(parse(&idx, "\0\0\x09\x01\0\0\0\2\x80\x7F", 10), TL_OK);
    assert_true(tl__idx_at(&idx, 0) == -128 && tl__idx_at(&idx, 1) == 127);
    assert_int_equal(parse(&idx, "\0\0\x0B\x01\0\0\0\2\xFF\xFE\1\0", 12), TL_OK);
    assert_true(tl__idx_at(&idx, 0) == -2 && tl__idx_at(&idx, 1) == 256);
    assert_int_equal(parse(&idx, "\0\0\x0C\x01\0\0\0\1\x80\0\0\0", 12), TL_OK);
    assert_true(tl__idx_at(&idx, 0) == -2147483648.0);
    assert_int_equal(parse(&idx, "\0\0\x0D\x01\0\0\0\1\x3F\x80\0\0", 12), TL_OK);
    assert_true(tl__idx_at(&idx, 0) == 1.0);
    assert_int_equal(parse(&idx, "\0\0\x0E\x01\0\0\0\1\xC0\x04\0\0\0\0\0\0", 16), TL_OK);
    assert_true(tl__idx_at(&idx, 0) == -2.5);
}

static void refuses_sizes_that_do_not_fit(void **state)
{
    (void)state;
    tl__idx idx;
    assert_int_equal(parse(&idx, "\0\0\x08\x01\0\0\0\3\1\2", 10), TL_BAD_FILE);
    assert_int_equal(parse(&idx, "\0\0\x08\x01\0\0\0\1\1\2", 10), TL_BAD_FILE);
    assert_int_equal(parse(&idx, "\0\0\x08\x01\0\0\0", 7), TL_BAD_FILE);
    assert_int_equal(parse(&idx, "\0\0\x0A\x01\0\0\0\0", 8), TL_BAD_FILE);
    assert_int_equal(parse(&idx, "\0\0\x08\x05\0\0\0\0", 8), TL_BAD_FILE);
    assert_int_equal(parse(&idx, "\0\0\x08\x00\0\0\0\0", 8), TL_BAD_FILE);
    /* 2^32 - 1 in each of four dimensions */
    assert_int_equal(parse(&idx, "\0\0\x0E\x04\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 20),
                     TL_BAD_FILE);
    assert_int_equal(parse(&idx, "\0\0\x08\x02\0\0\0\0\0\0\0\5", 12), TL_OK);
    assert_int_equal(idx.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_type), cmocka_unit_test(refuses_sizes_that_do_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
