/* Published vectors: FIPS 180-2 appendix B and NIST's examples for SHA-256, the check values of the CRC catalogue and of
 * RFC 3720 (appendix B.4) for the CRCs, Fowler, Noll and Vo's list for FNV-1a. */
#include "base/hash.h"

#include <setjmp.h>
#include <cmocka.h>

static void sha256_is(const char *text, size_t size, const char *expected)
{
    for (size_t part = 1; part <= size + 1; part = part * 2 + 1) {
        tl__sha256 hash;
        char hex[65];
        tl__sha256_init(&hash);
        for (size_t at = 0; at < size; at += part) tl__sha256_add(&hash, text + at, tl__size_min(part, size - at));
        tl__sha256_hex(&hash, hex);
        assert_string_equal(hex, expected);
    }
}

static void sha256_vectors(void **state)
{
    static char million[1000000];
    (void)state;
    sha256_is("", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    sha256_is("abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    sha256_is("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56,
              "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    memset(million, 'a', sizeof million);
    tl__sha256 hash;
    char hex[65];
    tl__sha256_init(&hash);
    tl__sha256_add(&hash, million, sizeof million);
    tl__sha256_hex(&hash, hex);
    assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void crc_vectors(void **state)
{
    unsigned char bytes[32];
    (void)state;
    assert_int_equal(tl__crc32(0, "123456789", 9), 0xCBF43926u);
    assert_int_equal(tl__crc32c(0, "123456789", 9), 0xE3069283u);
    memset(bytes, 0, sizeof bytes);
    assert_int_equal(tl__crc32c(0, bytes, 32), 0x8A9136AAu);
    memset(bytes, 0xFF, sizeof bytes);
    assert_int_equal(tl__crc32c(0, bytes, 32), 0x62A8AB43u);
    for (int i = 0; i < 32; i++) bytes[i] = (unsigned char)i;
    assert_int_equal(tl__crc32c(0, bytes, 32), 0x46DD794Eu);
    for (size_t cut = 0; cut <= 32; cut++) {
        assert_int_equal(tl__crc32c(tl__crc32c(0, bytes, cut), bytes + cut, 32 - cut), 0x46DD794Eu);
        assert_int_equal(tl__crc32(tl__crc32(0, bytes, cut), bytes + cut, 32 - cut), tl__crc32(0, bytes, 32));
    }
    assert_int_equal(tl__crc32(0, "", 0), 0);
}

/* Long texts go in parts side by side; byte by byte they do not. */
static void crc_of_long_texts(void **state)
{
    static unsigned char bytes[40000];
    uint32_t x = 7;
    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (unsigned char)((x = x * 1664525u + 1013904223u) >> 24);
    for (size_t size = 12280; size <= sizeof bytes; size += 3083) {
        uint32_t crc = 5, crc_c = 5;
        for (size_t i = 0; i < size; i++) {
            crc = tl__crc32(crc, bytes + i, 1);
            crc_c = tl__crc32c(crc_c, bytes + i, 1);
        }
        assert_int_equal(tl__crc32(5, bytes, size), crc);
        assert_int_equal(tl__crc32c(5, bytes, size), crc_c);
    }
}

static void fnv1a_vectors(void **state)
{
    (void)state;
    assert_true(tl__fnv1a("", 0) == 0xcbf29ce484222325u);
    assert_true(tl__fnv1a("a", 1) == 0xaf63dc4c8601ec8cu);
    assert_true(tl__fnv1a("foobar", 6) == 0x85944171f73967e8u);
    assert_int_equal(tl__name_hash("a"), 0xaf63dc4cu ^ 0x8601ec8cu);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(sha256_vectors), cmocka_unit_test(crc_vectors), cmocka_unit_test(crc_of_long_texts), cmocka_unit_test(fnv1a_vectors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
