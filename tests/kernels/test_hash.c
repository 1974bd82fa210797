/* The processor's SHA-256 against plain C's, whose vectors are published (tests/base/test_hash.c). */
#include "kernels/hash.h"

#include <setjmp.h>
#include <cmocka.h>

static void same_hash(const unsigned char *bytes, size_t size, size_t first)
{
    tl__sha256 plain, fast;
    char expected[65], found[65];
    tl__sha256_init(&plain);
    tl__sha256_add(&plain, bytes, size);
    tl__sha256_hex(&plain, expected);
    tl__sha256_begin(&fast);
    tl__sha256_add(&fast, bytes, first);
    tl__sha256_add(&fast, bytes + first, size - first);
    tl__sha256_hex(&fast, found);
    assert_string_equal(found, expected);
}

static void all_sizes_and_cuts(void **state)
{
    unsigned char bytes[1024];
    uint32_t x = 1;
    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (unsigned char)((x = x * 1664525u + 1013904223u) >> 24);
    for (size_t size = 0; size <= 260; size++) {
        for (size_t first = 0; first <= size; first += 1 + first / 8) same_hash(bytes + size % 17, size, first);
    }
    same_hash(bytes, sizeof bytes, 0);
}

static void states_carry_over(void **state)
{
    tl__sha256 hash;
    unsigned char bytes[640];
    uint32_t expected[8], found[8];
    (void)state;
    tl__sha256_begin(&hash);
    tl__sha256_blocks *fast = hash.blocks;
    tl__sha256_init(&hash);
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (unsigned char)(i * i >> 3);
    for (uint32_t i = 0; i < 8; i++) expected[i] = found[i] = i * 0x9E3779B9u + 0x80000001u;
    for (size_t blocks = 0; blocks <= 9; blocks++) {
        hash.blocks(expected, bytes, blocks);
        fast(found, bytes, blocks);
        assert_memory_equal(found, expected, sizeof found);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_sizes_and_cuts), cmocka_unit_test(states_carry_over)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
