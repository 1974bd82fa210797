/* safetensors: bytes equal to the reference writer's (Python package safetensors 0.8.0), files that are read back, and a
 * file for each way of being damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/failing.h"
#include "text/safetensors.h"

static tl__heap heap;

/* save({"b": f32 [[1.5, -2], [3, 4]], "a": u8 [7], "z": f64 2.5, "é\n": i64 [1, 2], "e": f32 [0, 3]}, {"k": "v\n\"q\"!"}) */
static const char reference[] =
    "\x40\x01\x00\x00\x00\x00\x00\x00{\"__metadata__\":{\"k\":\"v\\n\\\"q\\\"!\"},\"\xC3\xA9\\n\":{\"dtype\":\"I64\",\"shape\":[2],"
    "\"data_offsets\":[0,16]},\"z\":{\"dtype\":\"F64\",\"shape\":[],\"data_offsets\":[16,24]},\"b\":{\"dtype\":\"F32\",\"shape\":"
    "[2,2],\"data_offsets\":[24,40]},\"e\":{\"dtype\":\"F32\",\"shape\":[0,3],\"data_offsets\":[40,40]},\"a\":{\"dtype\":\"U8\","
    "\"shape\":[1],\"data_offsets\":[40,41]}}       "
    "\1\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0\0\0\0\0\0\0\x04@\0\0\xC0?\0\0\0\xC0\0\0@@\0\0\x80@\x07";

static const unsigned char b_bytes[] = {0, 0, 0xC0, 0x3F, 0, 0, 0, 0xC0, 0, 0, 0x40, 0x40, 0, 0, 0x80, 0x40};
static const unsigned char z_bytes[] = {0, 0, 0, 0, 0, 0, 4, 0x40}, i_bytes[] = {1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0};

static tl_status give_b(const tl__tensor_source *source, tl__write_fn *write, void *user, tl_error *error)
{
    const size_t *size = source->user;
    for (size_t i = 0; i < *size; i++) TL_TRY(write(user, b_bytes + i % sizeof b_bytes, 1, error));
    return TL_OK;
}

static size_t b_size = sizeof b_bytes;

static const tl__tensor_source sources[] = {
    {.name = "b", .dtype = TL__DTYPE_F32, .rank = 2, .shape = {2, 2}, .give = give_b, .user = &b_size},
    {.name = "a", .dtype = TL__DTYPE_U8, .rank = 1, .shape = {1}, .data = "\7"},
    {.name = "z", .dtype = TL__DTYPE_F64, .data = z_bytes},
    {.name = "\xC3\xA9\n", .dtype = TL__DTYPE_I64, .rank = 1, .shape = {2}, .data = i_bytes},
    {.name = "e", .dtype = TL__DTYPE_F32, .rank = 2, .shape = {0, 3}},
};
static const tl__metadata metadata[] = {{"k", "v\n\"q\"!"}};

static void same_bytes_as_the_reference(void **state)
{
    (void)state;
    tl__buffer out;
    tl_error error = {0};
    tl__buffer_init(&out, &heap);
    assert_int_equal(tl__safetensors_write(&heap, sources, TL_COUNT(sources), metadata, 1, tl__write_to_buffer, &out, &error), TL_OK);
    assert_int_equal(out.size, sizeof reference - 1);
    assert_memory_equal(out.data, reference, sizeof reference - 1);
    tl__buffer_free(&out);
}

static void reads_the_reference(void **state)
{
    (void)state;
    tl__safetensors file;
    tl_error error = {0};
    assert_int_equal(tl__safetensors_read(&file, &heap, reference, sizeof reference - 1, "m", &error), TL_OK);
    assert_int_equal(file.count, 5);
    assert_string_equal(file.tensors[0].name, "\xC3\xA9\n");
    assert_string_equal(tl__safetensors_metadata(&file, "k"), "v\n\"q\"!");
    assert_null(tl__safetensors_metadata(&file, "x"));
    const tl__tensor_view *b = tl__safetensors_find(&file, "b"), *z = tl__safetensors_find(&file, "z");
    assert_int_equal(b->dtype, TL__DTYPE_F32);
    assert_int_equal(b->rank, 2);
    assert_int_equal(b->shape[1], 2);
    assert_int_equal(b->count, 4);
    assert_memory_equal(b->bytes, b_bytes, 16);
    assert_int_equal(z->rank, 0);
    assert_int_equal(z->count, 1);
    assert_memory_equal(z->bytes, z_bytes, 8);
    assert_int_equal(tl__safetensors_find(&file, "e")->count, 0);
    assert_null(tl__safetensors_find(&file, "c"));
    assert_null(tl__safetensors_find(&file, ""));
    tl__safetensors_free(&file);
}

/* A file with this header and `size` bytes of data. */
static tl_status read_made(const char *header, size_t size, tl_error *error)
{
    unsigned char *bytes = calloc(1, 8 + strlen(header) + size);
    tl__safetensors file;
    size_t length = strlen(header);
    for (int i = 0; i < 8; i++) bytes[i] = (unsigned char)((uint64_t)length >> (8 * i));
    memcpy(bytes + 8, header, length);
    memset(error, 0, sizeof *error);
    tl_status status = tl__safetensors_read(&file, &heap, bytes, 8 + length + size, "m", error);
    if (status == TL_OK) tl__safetensors_free(&file);
    assert_null(file.tree);
    free(bytes);
    return status;
}

static void damaged_headers(void **state)
{
    (void)state;
    static const struct { const char *header; size_t size; const char *message; } cases[] = {
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8, NULL},
        {"{}", 0, NULL},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4],\"x\":1}}   ", 4, NULL},
        {"{}", 1, "m: the tensors end at byte 0 of the data, which has 1 bytes; the file is damaged"},
        {" {}", 0, "m: this is not a safetensors file, or it is cut off: it says its header has 3 bytes, and 3 follow"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}", 8, "m:1:54: the JSON text ends where a comma or '}' should follow; the file may be cut off"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,8]}}", 8, "m: tensor 'a' has a shape that does not fit its bytes; the file is damaged"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 7, "m: tensor 'a' lies outside the file, which may be cut off; the file is damaged"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]}}", 8, "m: tensor 'a' lies outside the file, which may be cut off; the file is damaged"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 9, "m: the tensors end at byte 8 of the data, which has 9 bytes; the file is damaged"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,2]}}", 2, "m: tensor 'a' begins at byte 1 of the data, but the one before it ends at 0; the file is damaged"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[1,3]}}", 3,
         "m: tensor 'b' begins at byte 1 of the data, but the one before it ends at 2; the file is damaged"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,2]}}", 2,
         "m: the name 'a' stands twice in the header; the file is damaged"},
        {"{\"a\":{\"dtype\":\"U8\",\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1, "m: the name 'dtype' stands twice in the header; the file is damaged"},
        {"{\"a\":{\"dtype\":\"F8_E4M3\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1, "m: tensor 'a' holds numbers of type F8_E4M3, which trainlib does not read; save it as F32"},
        {"{\"a\":{\"dtype\":\"f32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4, "m: tensor 'a' holds numbers of type f32, which trainlib does not read; save it as F32"},
        {"{\"a\":{\"shape\":[1],\"data_offsets\":[0,1]}}", 1, "m: tensor 'a' has no dtype; the file is damaged"},
        {"{\"a\":{\"dtype\":\"U8\",\"data_offsets\":[0,1]}}", 1, "m: tensor 'a' has no shape; the file is damaged"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1]}}", 1, "m: tensor 'a' has no data_offsets; the file is damaged"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1,1]}}", 1, "m: tensor 'a' has no data_offsets; the file is damaged"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,-1]}}", 1, "m: tensor 'a' has no data_offsets; the file is damaged"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1.0]}}", 1, "m: tensor 'a' has no data_offsets; the file is damaged"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[-1],\"data_offsets\":[0,1]}}", 1, "m: tensor 'a' has a dimension that is no size; the file is damaged"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[\"1\"],\"data_offsets\":[0,1]}}", 1, "m: tensor 'a' has a dimension that is no size; the file is damaged"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[18446744073709551616],\"data_offsets\":[0,1]}}", 1, "m: tensor 'a' has a dimension that is no size; the file is damaged"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[9223372036854775807,9223372036854775807],\"data_offsets\":[0,1]}}", 1, ""},
        {"{\"a\":{\"dtype\":\"F64\",\"shape\":[2305843009213693953],\"data_offsets\":[0,8]}}", 8, ""},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1,1,1,1,1,1,1,1,1],\"data_offsets\":[0,1]}}", 1, "m: tensor 'a' has more than 8 dimensions; the file is damaged"},
        {"{\"\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1, "m: tensor '' has a name that is empty, longer than 256 bytes or with a byte 0; the file is damaged"},
        {"{\"a\\u0000\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1, ""},
        {"{\"a\":[]}", 0, "m: tensor 'a' is not described; the file is damaged"},
        {"{\"__metadata__\":{\"k\":1}}", 0, "m: __metadata__ 'k' is not a text; the file is damaged"},
        {"{\"__metadata__\":[]}", 0, "m: __metadata__ is not a map of texts; the file is damaged"},
        {"{\"__metadata__\":{\"k\":\"1\",\"k\":\"2\"}}", 0, "m: the name 'k' stands twice in the header; the file is damaged"},
        {"{\"__metadata__\":{},\"__metadata__\":{}}", 0, "m: the name '__metadata__' stands twice in the header; the file is damaged"},
    };
    for (size_t i = 0; i < TL_COUNT(cases); i++) {
        tl_error error;
        tl_status status = read_made(cases[i].header, cases[i].size, &error);
        if ((status == TL_OK) != (cases[i].message == NULL)) fail_msg("%s: %s", cases[i].header, error.message);
        if (cases[i].message != NULL && cases[i].message[0] != '\0') assert_string_equal(error.message, cases[i].message);
    }
}

static void cut_off_anywhere(void **state)
{
    (void)state;
    for (size_t size = 0; size < sizeof reference - 1; size++) {
        tl__safetensors file;
        tl_error error = {0};
        unsigned char *copy = malloc(size + 1);   /* of exactly this size, so that sanitizers see a read beyond it */
        memcpy(copy, reference, size);
        assert_int_equal(tl__safetensors_read(&file, &heap, copy, size, "m", &error), TL_BAD_FILE);
        assert_true(error.message[0] != '\0');
        free(copy);
    }
}

static void lengths_beyond_the_file(void **state)
{
    (void)state;
    static const unsigned char lengths[][8] = {
        {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}, {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F},
        {0, 0, 0, 0x80, 0, 0, 0, 0}, {1}, {0}, {3}};
    for (size_t i = 0; i < TL_COUNT(lengths); i++) {
        unsigned char bytes[10] = {0};
        tl__safetensors file;
        tl_error error = {0};
        memcpy(bytes, lengths[i], 8);
        memcpy(bytes + 8, "{}", 2);
        assert_int_equal(tl__safetensors_read(&file, &heap, bytes, sizeof bytes, "m", &error), TL_BAD_FILE);
    }
}

static void writer_refuses(void **state)
{
    (void)state;
    size_t less = sizeof b_bytes - 1, more = sizeof b_bytes + 1;
    const tl__tensor_source cases[][2] = {
        {{.name = "a", .dtype = TL__DTYPE_U8, .data = "1"}, {.name = "a", .dtype = TL__DTYPE_F64, .data = z_bytes}},
        {{.name = "a", .dtype = TL__DTYPE_U8, .data = "1"}, {.name = "", .dtype = TL__DTYPE_U8, .data = "1"}},
        {{.name = "a", .dtype = TL__DTYPE_U8, .data = "1"}, {.name = "__metadata__", .dtype = TL__DTYPE_U8, .data = "1"}},
        {{.name = "a", .dtype = TL__DTYPE_U8, .data = "1"}, {.name = "\xFF", .dtype = TL__DTYPE_U8, .data = "1"}},
        {{.name = "a", .dtype = TL__DTYPE_U8, .data = "1"}, {.name = "b", .dtype = TL__DTYPE_F32, .rank = 2, .shape = {SIZE_MAX, 2}}},
        {{.name = "a", .dtype = TL__DTYPE_U8, .data = "1"}, {.name = "b", .dtype = TL__DTYPE_F32, .rank = 1, .shape = {4}}},
        {{.name = "a", .dtype = TL__DTYPE_U8, .data = "1"}, {.name = "b", .dtype = TL__DTYPE_F32, .rank = 1, .shape = {4}, .give = give_b, .user = &less}},
        {{.name = "a", .dtype = TL__DTYPE_U8, .data = "1"}, {.name = "b", .dtype = TL__DTYPE_F32, .rank = 1, .shape = {4}, .give = give_b, .user = &more}},
    };
    for (size_t i = 0; i < TL_COUNT(cases); i++) {
        tl__buffer out;
        tl_error error = {0};
        tl__buffer_init(&out, &heap);
        assert_int_equal(tl__safetensors_write(&heap, cases[i], 2, NULL, 0, tl__write_to_buffer, &out, &error), TL_INVALID);
        tl__buffer_free(&out);
    }
    static const tl__metadata twice[] = {{"k", "1"}, {"a", "2"}, {"k", "3"}};
    tl_error error = {0};
    assert_int_equal(tl__safetensors_write(&heap, sources, 1, twice, 3, tl__write_to_buffer, NULL, &error), TL_INVALID);
}

static void order_does_not_matter(void **state)
{
    (void)state;
    tl__tensor_source turned[TL_COUNT(sources)];
    static const tl__metadata some[] = {{"b", "1"}, {"a", "2"}}, other[] = {{"a", "2"}, {"b", "1"}};
    tl__buffer one, two;
    tl_error error = {0};
    tl__buffer_init(&one, &heap);
    tl__buffer_init(&two, &heap);
    for (size_t i = 0; i < TL_COUNT(sources); i++) turned[TL_COUNT(sources) - 1 - i] = sources[i];
    assert_int_equal(tl__safetensors_write(&heap, sources, TL_COUNT(sources), some, 2, tl__write_to_buffer, &one, &error), TL_OK);
    assert_int_equal(tl__safetensors_write(&heap, turned, TL_COUNT(sources), other, 2, tl__write_to_buffer, &two, &error), TL_OK);
    assert_int_equal(one.size, two.size);
    assert_memory_equal(one.data, two.data, one.size);
    tl__buffer_free(&one);
    tl__buffer_free(&two);
}

static tl_status scenario(tl__heap *failing_heap, void *user)
{
    tl__buffer out;
    tl__safetensors file = {0};
    tl_error error = {0};
    (void)user;
    tl__buffer_init(&out, failing_heap);
    tl_status status = tl__safetensors_write(failing_heap, sources, TL_COUNT(sources), metadata, 1, tl__write_to_buffer, &out, &error);
    if (status == TL_OK) status = tl__safetensors_read(&file, failing_heap, out.data, out.size, "m", &error);
    tl__safetensors_free(&file);
    tl__buffer_free(&out);
    return status;
}

static void out_of_memory(void **state)
{
    (void)state;
    assert_true(failing_sweep(scenario, NULL) > 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_bytes_as_the_reference), cmocka_unit_test(reads_the_reference), cmocka_unit_test(damaged_headers),
        cmocka_unit_test(cut_off_anywhere), cmocka_unit_test(lengths_beyond_the_file), cmocka_unit_test(writer_refuses),
        cmocka_unit_test(order_does_not_matter), cmocka_unit_test(out_of_memory),
    };
    tl__heap_init(&heap, NULL, 0);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return failed + (heap.in_use != 0);
}
