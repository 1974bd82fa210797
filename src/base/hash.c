/* SHA-256 (FIPS 180-4) and FNV-1a. */
#include "base/hash.h"

/* The first 32 bits of the fractional parts of the cube roots of the first 64 primes. */
static const uint32_t hash_constants[64] = {
    0x428a2f98u, 0x71374491u, 0xb5c0fbcfu, 0xe9b5dba5u, 0x3956c25bu, 0x59f111f1u, 0x923f82a4u, 0xab1c5ed5u,
    0xd807aa98u, 0x12835b01u, 0x243185beu, 0x550c7dc3u, 0x72be5d74u, 0x80deb1feu, 0x9bdc06a7u, 0xc19bf174u,
    0xe49b69c1u, 0xefbe4786u, 0x0fc19dc6u, 0x240ca1ccu, 0x2de92c6fu, 0x4a7484aau, 0x5cb0a9dcu, 0x76f988dau,
    0x983e5152u, 0xa831c66du, 0xb00327c8u, 0xbf597fc7u, 0xc6e00bf3u, 0xd5a79147u, 0x06ca6351u, 0x14292967u,
    0x27b70a85u, 0x2e1b2138u, 0x4d2c6dfcu, 0x53380d13u, 0x650a7354u, 0x766a0abbu, 0x81c2c92eu, 0x92722c85u,
    0xa2bfe8a1u, 0xa81a664bu, 0xc24b8b70u, 0xc76c51a3u, 0xd192e819u, 0xd6990624u, 0xf40e3585u, 0x106aa070u,
    0x19a4c116u, 0x1e376c08u, 0x2748774cu, 0x34b0bcb5u, 0x391c0cb3u, 0x4ed8aa4au, 0x5b9cca4fu, 0x682e6ff3u,
    0x748f82eeu, 0x78a5636fu, 0x84c87814u, 0x8cc70208u, 0x90befffau, 0xa4506cebu, 0xbef9a3f7u, 0xc67178f2u,
};

TL_PRIV const uint32_t *tl__sha256_constants(void) { return hash_constants; }

static uint32_t hash_rotate(uint32_t x, int bits)
{
    return x >> bits | x << (32 - bits);
}

/* One round. The eight words are not moved along; the next round calls them by the next names. */
#define HASH_ROUND(a, b, c, d, e, f, g, h, i)                                                                       \
    do {                                                                                                           \
        h += (hash_rotate(e, 6) ^ hash_rotate(e, 11) ^ hash_rotate(e, 25)) + (g ^ (e & (f ^ g)))                   \
             + hash_constants[t + (i)] + w[i];                                                                     \
        d += h;                                                                                                    \
        h += (hash_rotate(a, 2) ^ hash_rotate(a, 13) ^ hash_rotate(a, 22)) + ((a & b) | (c & (a | b)));            \
    } while (0)
#define HASH_EIGHT_ROUNDS(i)                                                                                        \
    do {                                                                                                           \
        HASH_ROUND(a, b, c, d, e, f, g, h, (i));                                                                   \
        HASH_ROUND(h, a, b, c, d, e, f, g, (i) + 1);                                                               \
        HASH_ROUND(g, h, a, b, c, d, e, f, (i) + 2);                                                               \
        HASH_ROUND(f, g, h, a, b, c, d, e, (i) + 3);                                                               \
        HASH_ROUND(e, f, g, h, a, b, c, d, (i) + 4);                                                               \
        HASH_ROUND(d, e, f, g, h, a, b, c, (i) + 5);                                                               \
        HASH_ROUND(c, d, e, f, g, h, a, b, (i) + 6);                                                               \
        HASH_ROUND(b, c, d, e, f, g, h, a, (i) + 7);                                                               \
    } while (0)

/* The schedule's words of the next sixteen rounds, in the place of the last sixteen. */
static void hash_schedule(uint32_t w[16])
{
    for (int i = 0; i < 16; i++) {
        uint32_t x = w[(i + 1) & 15], y = w[(i + 14) & 15];
        w[i] += (hash_rotate(x, 7) ^ hash_rotate(x, 18) ^ x >> 3) + w[(i + 9) & 15]
                + (hash_rotate(y, 17) ^ hash_rotate(y, 19) ^ y >> 10);
    }
}

static void hash_blocks(uint32_t state[8], const unsigned char *p, size_t blocks)
{
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
    uint32_t e = state[4], f = state[5], g = state[6], h = state[7], w[16];
    for (; blocks > 0; blocks--) {
        for (int i = 0; i < 16; i++, p += 4)
            w[i] = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | (uint32_t)p[3];
        for (int t = 0; t < 64; t += 16) {
            if (t > 0) hash_schedule(w);
            HASH_EIGHT_ROUNDS(0);
            HASH_EIGHT_ROUNDS(8);
        }
        a = state[0] += a, b = state[1] += b, c = state[2] += c, d = state[3] += d;
        e = state[4] += e, f = state[5] += f, g = state[6] += g, h = state[7] += h;
    }
}
#undef HASH_ROUND
#undef HASH_EIGHT_ROUNDS

TL_PRIV void tl__sha256_init(tl__sha256 *hash)
{
    /* the first 32 bits of the fractional parts of the square roots of the first 8 primes */
    static const uint32_t start[8] = {0x6a09e667u, 0xbb67ae85u, 0x3c6ef372u, 0xa54ff53au,
                                      0x510e527fu, 0x9b05688cu, 0x1f83d9abu, 0x5be0cd19u};
    memcpy(hash->state, start, sizeof start);
    hash->bytes = 0;
    hash->blocks = hash_blocks;
}

TL_PRIV void tl__sha256_add(tl__sha256 *hash, const void *bytes, size_t size)
{
    const unsigned char *p = bytes;
    while (size > 0) {
        size_t used = (size_t)(hash->bytes % 64), take = tl__size_min(size, 64 - used);
        if (take == 64) {
            take = size - size % 64;
            hash->blocks(hash->state, p, take / 64);
        } else {
            memcpy(hash->block + used, p, take);
            if (used + take == 64) hash->blocks(hash->state, hash->block, 1);
        }
        hash->bytes += take;
        p += take;
        size -= take;
    }
}

TL_PRIV void tl__sha256_end(tl__sha256 *hash, unsigned char out[32])
{
    static const unsigned char padding[64] = {0x80};
    unsigned char length[8];
    uint64_t bits = hash->bytes * 8;
    size_t used = (size_t)(hash->bytes % 64);
    for (int i = 0; i < 8; i++) length[i] = (unsigned char)(bits >> (56 - 8 * i));
    tl__sha256_add(hash, padding, used < 56 ? 56 - used : 120 - used);
    tl__sha256_add(hash, length, sizeof length);
    for (int i = 0; i < 32; i++) out[i] = (unsigned char)(hash->state[i / 4] >> (24 - 8 * (i % 4)));
}

TL_PRIV void tl__sha256_hex(tl__sha256 *hash, char out[65])
{
    unsigned char bytes[32];
    tl__sha256_end(hash, bytes);
    for (int i = 0; i < 32; i++) {
        out[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
        out[2 * i + 1] = "0123456789abcdef"[bytes[i] & 15];
    }
    out[64] = '\0';
}

TL_PRIV uint64_t tl__fnv1a(const void *bytes, size_t size)
{
    const unsigned char *p = bytes;
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < size; i++) hash = (hash ^ p[i]) * 0x100000001b3u;
    return hash;
}

TL_PRIV uint32_t tl__name_hash(const char *name)
{
    uint64_t hash = tl__fnv1a(name, strlen(name));
    return (uint32_t)(hash ^ hash >> 32);
}
