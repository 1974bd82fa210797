/* Philox4x32-10: J. Salmon, M. Moraes, R. Dror, D. Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC'11. */
#include "base/random.h"
#include "base/math.h"

enum { RANDOM_ROUNDS = 10 };

TL_PRIV void tl__philox(uint32_t out[4], const uint32_t counter[4], const uint32_t key[2])
{
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3], k0 = key[0], k1 = key[1];
    for (int round = 0; round < RANDOM_ROUNDS; round++) {
        uint64_t p0 = (uint64_t)0xD2511F53u * c0, p1 = (uint64_t)0xCD9E8D57u * c2;
        c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
        c1 = (uint32_t)p1;
        c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c3 = (uint32_t)p0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

/* The key is the seed; the purpose goes into it by one round of the function itself, so that seeds that differ in few
 * bits do not meet under other purposes. */
TL_PRIV void tl__random_init(tl__random *random, uint64_t seed, tl__purpose purpose, uint32_t node, uint32_t step,
                             uint32_t row)
{
    const uint32_t seed_key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
    const uint32_t purpose_counter[4] = {(uint32_t)purpose, 0, 0, 0xFFFFFFFFu};
    uint32_t mixed[4];
    tl__philox(mixed, purpose_counter, seed_key);
    random->key[0] = mixed[0];
    random->key[1] = mixed[1];
    random->counter[0] = 0;
    random->counter[1] = row;
    random->counter[2] = step;
    random->counter[3] = node;
}

TL_PRIV uint32_t tl__random_u32(const tl__random *random, uint32_t element)
{
    uint32_t out[4];
    const uint32_t counter[4] = {element / 4, random->counter[1], random->counter[2], random->counter[3]};
    tl__philox(out, counter, random->key);
    return out[element % 4];
}

TL_PRIV float tl__random_uniform(const tl__random *random, uint32_t element)
{
    return (float)(tl__random_u32(random, element) >> 8) * 0x1p-24f;
}

/* Elements 2i and 2i+1 are the cosine and the sine of one pair of uniforms: sqrt(-2 ln u) over (2 pi v). */
TL_PRIV float tl__random_normal(const tl__random *random, uint32_t element)
{
    uint32_t out[4];
    uint32_t first = element & ~(uint32_t)1;
    const uint32_t counter[4] = {first / 4, random->counter[1], random->counter[2], random->counter[3]};
    tl__philox(out, counter, random->key);
    float u = (float)((out[first % 4] >> 8) + 1) * 0x1p-24f;    /* (0, 1] */
    float v = (float)(out[first % 4 + 1] >> 8) * 0x1p-24f;
    float radius = tl__sqrt(-2.0f * tl__logf(u)), angle = 0x1.921fb6p+2f * v;
    return radius * ((element & 1) != 0 ? tl__sinf(angle) : tl__cosf(angle));
}

/* The four words that elements 2 * pair and 2 * pair + 1 are drawn from. */
static void random_pair(uint32_t out[4], const tl__random *random, uint32_t pair)
{
    const uint32_t counter[4] = {pair, random->counter[1], random->counter[2], random->counter[3]};
    tl__philox(out, counter, random->key);
}

/* Lemire's multiply on 64 bits: the bias that is left is below n / 2^64. */
static uint32_t random_scaled(const uint32_t pair[4], uint32_t element, uint32_t n)
{
    uint64_t low = pair[element % 2 * 2], high = pair[element % 2 * 2 + 1];
    return (uint32_t)((high * n + (low * n >> 32)) >> 32);
}

TL_PRIV uint32_t tl__random_below(const tl__random *random, uint32_t element, uint32_t n)
{
    uint32_t pair[4];
    random_pair(pair, random, element / 2);
    return random_scaled(pair, element, n);
}

TL_PRIV void tl__random_permutation(const tl__random *random, uint32_t *out, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) out[i] = i;
    uint32_t pair[4];
    for (uint32_t i = n; i > 1; i--) {
        if (i == n || i % 2 == 0) random_pair(pair, random, (i - 1) / 2);
        uint32_t j = random_scaled(pair, i - 1, i), swap = out[i - 1];
        out[i - 1] = out[j];
        out[j] = swap;
    }
}
