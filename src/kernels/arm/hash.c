/* SHA-256 with ARMv8's extension, where the compiler is told that the processor has it (-march=armv8-a+crypto, or a
 * system that has it everywhere): to ask a machine takes its operating system. */
#include "kernels/hash.h"

#include "kernels/sets.h"

#if TL__ARM && defined(__ARM_FEATURE_SHA2)
#include <arm_neon.h>

/* Four rounds with the words w, which then become those of sixteen rounds later; x, y, z are the next twelve. */
#define SHA_ROUNDS(w, x, y, z, i)                                   \
    do {                                                            \
        uint32x4_t sum = vaddq_u32(w, vld1q_u32(constants + (i)));  \
        uint32x4_t before = abcd;                                   \
        abcd = vsha256hq_u32(abcd, efgh, sum);                      \
        efgh = vsha256h2q_u32(efgh, before, sum);                   \
        w = vsha256su1q_u32(vsha256su0q_u32(w, x), y, z);           \
    } while (0)

static uint32x4_t hash_arm_load(const unsigned char *bytes)
{
    return vreinterpretq_u32_u8(vrev32q_u8(vld1q_u8(bytes)));
}

static void hash_arm_blocks(uint32_t state[8], const unsigned char *bytes, size_t count)
{
    const uint32_t *constants = tl__sha256_constants();
    uint32x4_t abcd = vld1q_u32(state), efgh = vld1q_u32(state + 4);
    for (; count > 0; count--, bytes += 64) {
        uint32x4_t a = hash_arm_load(bytes), b = hash_arm_load(bytes + 16), c = hash_arm_load(bytes + 32),
                   d = hash_arm_load(bytes + 48), abcd_before = abcd, efgh_before = efgh;
        for (int i = 0; i < 64; i += 16) {
            SHA_ROUNDS(a, b, c, d, i);
            SHA_ROUNDS(b, c, d, a, i + 4);
            SHA_ROUNDS(c, d, a, b, i + 8);
            SHA_ROUNDS(d, a, b, c, i + 12);
        }
        abcd = vaddq_u32(abcd, abcd_before);
        efgh = vaddq_u32(efgh, efgh_before);
    }
    vst1q_u32(state, abcd);
    vst1q_u32(state + 4, efgh);
}
#undef SHA_ROUNDS

TL_PRIV tl__sha256_blocks *tl__arm_sha256(void) { return hash_arm_blocks; }
#else
TL_PRIV tl__sha256_blocks *tl__arm_sha256(void) { return NULL; }
#endif
