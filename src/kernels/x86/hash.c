/* SHA-256 with the SHA extensions: an instruction does two rounds and another half of the schedule, on the state as the
 * pairs (a b e f) and (c d g h). */
#include "kernels/hash.h"

#include "kernels/sets.h"

#if TL__X86
#include <cpuid.h>
#include <immintrin.h>

#define SHA_TARGET __attribute__((target("sha,sse4.1,ssse3")))

/* Four rounds with the words w, which then become those of sixteen rounds later; x, y, z are the next twelve. */
#define SHA_ROUNDS(w, x, y, z, i)                                                                           \
    do {                                                                                                    \
        __m128i sum = _mm_add_epi32(w, _mm_loadu_si128((const __m128i *)(const void *)(constants + (i))));  \
        cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);                                                      \
        abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(sum, 0x0E));                             \
        w = _mm_add_epi32(_mm_sha256msg1_epu32(w, x), _mm_alignr_epi8(z, y, 4));                            \
        w = _mm_sha256msg2_epu32(w, z);                                                                     \
    } while (0)

static SHA_TARGET __m128i hash_x86_load(const unsigned char *bytes)
{
    const __m128i big_endian = _mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3);
    return _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(const void *)bytes), big_endian);
}

static SHA_TARGET void hash_x86_blocks(uint32_t state[8], const unsigned char *bytes, size_t count)
{
    const uint32_t *constants = tl__sha256_constants();
    __m128i badc = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(const void *)state), 0xB1);
    __m128i hgfe = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(const void *)(state + 4)), 0x1B);
    __m128i abef = _mm_alignr_epi8(badc, hgfe, 8), cdgh = _mm_blend_epi16(hgfe, badc, 0xF0);
    for (; count > 0; count--, bytes += 64) {
        __m128i a = hash_x86_load(bytes), b = hash_x86_load(bytes + 16), c = hash_x86_load(bytes + 32),
            d = hash_x86_load(bytes + 48), abef_before = abef, cdgh_before = cdgh;
        for (int i = 0; i < 64; i += 16) {
            SHA_ROUNDS(a, b, c, d, i);
            SHA_ROUNDS(b, c, d, a, i + 4);
            SHA_ROUNDS(c, d, a, b, i + 8);
            SHA_ROUNDS(d, a, b, c, i + 12);
        }
        abef = _mm_add_epi32(abef, abef_before);
        cdgh = _mm_add_epi32(cdgh, cdgh_before);
    }
    __m128i feba = _mm_shuffle_epi32(abef, 0x1B), dchg = _mm_shuffle_epi32(cdgh, 0xB1);
    _mm_storeu_si128((__m128i *)(void *)state, _mm_blend_epi16(feba, dchg, 0xF0));
    _mm_storeu_si128((__m128i *)(void *)(state + 4), _mm_alignr_epi8(dchg, feba, 8));
}
#undef SHA_ROUNDS
#undef SHA_TARGET

TL_PRIV tl__sha256_blocks *tl__x86_sha256(void)
{
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c >> 9 & 1) || !(c >> 19 & 1)) return NULL;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b >> 29 & 1) ? hash_x86_blocks : NULL;
}
#else
TL_PRIV tl__sha256_blocks *tl__x86_sha256(void) { return NULL; }
#endif
