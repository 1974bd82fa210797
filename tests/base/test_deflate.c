/* Compression comes back through our own inflate, byte for byte, for data of every kind and size, and is about as small
 * as zlib's. inflate itself is tested against streams that zlib wrote. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/deflate.h"
#include "base/inflate.h"
#include "support/failing.h"

static tl__heap heap;

/* Round trips of both containers; the packed size. */
static size_t round_trip(const unsigned char *bytes, size_t size)
{
    tl__buffer packed, plain;
    tl_error error = {0};
    tl__buffer_init(&packed, &heap);
    tl__buffer_init(&plain, &heap);
    tl__zlib(&packed, bytes, size);
    assert_false(packed.failed);
    assert_int_equal(tl__unzlib(&plain, (unsigned char *)packed.data, packed.size, size + 1, "t", &error), TL_OK);
    assert_int_equal(plain.size, size);
    if (size) assert_memory_equal(plain.data, bytes, size);
    size_t packed_size = packed.size;
    tl__buffer_clear(&packed);
    tl__buffer_clear(&plain);
    tl__gzip(&packed, bytes, size);
    assert_true(tl__is_gzip((unsigned char *)packed.data, packed.size));
    assert_int_equal(tl__gunzip(&plain, (unsigned char *)packed.data, packed.size, size + 1, "t", &error), TL_OK);
    assert_int_equal(plain.size, size);
    if (size) assert_memory_equal(plain.data, bytes, size);
    tl__buffer_free(&packed);
    tl__buffer_free(&plain);
    assert_int_equal(heap.in_use, 0);
    return packed_size;
}

static uint32_t draw(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

static void test_edges(void **state)
{
    (void)state;
    unsigned char bytes[600];
    memset(bytes, 'a', sizeof bytes);
    for (size_t size = 0; size < sizeof bytes; size++) round_trip(bytes, size);
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (unsigned char)i;
    for (size_t size = 0; size < sizeof bytes; size++) round_trip(bytes, size);
}

/* Bytes that nothing can make smaller are stored: eleven bytes more, and five for each 65,535. */
static void test_noise(void **state)
{
    (void)state;
    enum { SIZE = 200000 };
    unsigned char *bytes = malloc(SIZE);
    uint32_t seed = 1;
    for (size_t i = 0; i < SIZE; i++) bytes[i] = (unsigned char)draw(&seed);
    assert_true(round_trip(bytes, SIZE) <= SIZE + 100);
    free(bytes);
}

/* Repeats near and far, beyond the window, and letters as rare as codes of fifteen bits. */
static void test_kinds(void **state)
{
    (void)state;
    enum { SIZE = 300000 };
    unsigned char *bytes = malloc(SIZE);
    uint32_t seed = 7;
    for (int kind = 0; kind < 6; kind++) {
        for (size_t i = 0; i < SIZE; i++) {
            uint32_t x = draw(&seed);
            size_t back[] = {1, 3, 32768, 32769, 40000, 258};
            bool copy = i >= back[kind] && x % 1000 != 0;
            unsigned bits = 0;
            while (bits < 20 && (x >> bits & 1)) bits++;
            bytes[i] = copy ? bytes[i - back[kind]] : (unsigned char)(bits * 11);
        }
        size_t packed = round_trip(bytes, SIZE);
        if (kind < 2 || kind == 5) assert_true(packed < SIZE / 50);
    }
    /* weights that double from letter to letter: without a limit, codes would be longer than DEFLATE allows */
    size_t at = 0;
    for (unsigned letter = 0; letter < 20 && at < SIZE; letter++)
        for (size_t k = 0; k < (size_t)1 << letter && at < SIZE; k++) bytes[at++] = (unsigned char)(letter * 7);
    for (size_t i = at; i-- > 1;) {
        size_t j = draw(&seed) % (i + 1);
        unsigned char keep = bytes[i];
        bytes[i] = bytes[j];
        bytes[j] = keep;
    }
    round_trip(bytes, at);
    free(bytes);
}

/* English: zlib's level 6 makes 1,193 bytes of this. */
static void test_words(void **state)
{
    (void)state;
    static const char *const words[] = {"loss", "epoch", "the", "gradient", "validation", "is", "of", "rate", "layer"};
    char text[9000];
    size_t size = 0;
    uint32_t seed = 3;
    while (size < 8000) {
        const char *word = words[draw(&seed) % 9];
        memcpy(text + size, word, strlen(word));
        size += strlen(word);
        text[size++] = ' ';
    }
    assert_true(round_trip((unsigned char *)text, size) < 1230);
}

static tl_status scenario(tl__heap *memory, void *user)
{
    tl__buffer out;
    (void)user;
    tl__buffer_init(&out, memory);
    tl__zlib(&out, (const unsigned char *)"abcabcabcabcabc", 15);
    tl_status status = out.failed ? TL_OUT_OF_MEMORY : TL_OK;
    tl__buffer_free(&out);
    return status;
}

static void test_memory(void **state)
{
    (void)state;
    assert_true(failing_sweep(scenario, NULL) >= 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_edges), cmocka_unit_test(test_noise), cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_words), cmocka_unit_test(test_memory),
    };
    tl__heap_init(&heap, NULL, 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
