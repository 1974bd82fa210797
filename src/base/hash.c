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

static uint32_t hash_rotate(uint32_t x, int bits)
{
    return x >> bits | x << (32 - bits);
}

static void hash_block(uint32_t state[8], const unsigned char *p)
{
    uint32_t w[64], s[8];
    for (int i = 0; i < 16; i++, p += 4)
        w[i] = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | (uint32_t)p[3];
    for (int i = 16; i < 64; i++) {
        uint32_t a = w[i - 15], b = w[i - 2];
        w[i] = w[i - 16] + (hash_rotate(a, 7) ^ hash_rotate(a, 18) ^ a >> 3) + w[i - 7]
               + (hash_rotate(b, 17) ^ hash_rotate(b, 19) ^ b >> 10);
    }
    memcpy(s, state, sizeof s);
    for (int i = 0; i < 64; i++) {
        uint32_t a = s[0], e = s[4];
        uint32_t t1 = s[7] + (hash_rotate(e, 6) ^ hash_rotate(e, 11) ^ hash_rotate(e, 25)) + ((e & s[5]) ^ (~e & s[6]))
                      + hash_constants[i] + w[i];
        uint32_t t2 = (hash_rotate(a, 2) ^ hash_rotate(a, 13) ^ hash_rotate(a, 22)) + ((a & s[1]) ^ (a & s[2]) ^ (s[1] & s[2]));
        s[7] = s[6];
        s[6] = s[5];
        s[5] = e;
        s[4] = s[3] + t1;
        s[3] = s[2];
        s[2] = s[1];
        s[1] = a;
        s[0] = t1 + t2;
    }
    for (int i = 0; i < 8; i++) state[i] += s[i];
}

TL_PRIV void tl__sha256_init(tl__sha256 *hash)
{
    /* the first 32 bits of the fractional parts of the square roots of the first 8 primes */
    static const uint32_t start[8] = {0x6a09e667u, 0xbb67ae85u, 0x3c6ef372u, 0xa54ff53au,
                                      0x510e527fu, 0x9b05688cu, 0x1f83d9abu, 0x5be0cd19u};
    memcpy(hash->state, start, sizeof start);
    hash->bytes = 0;
}

TL_PRIV void tl__sha256_add(tl__sha256 *hash, const void *bytes, size_t size)
{
    const unsigned char *p = bytes;
    while (size > 0) {
        size_t used = (size_t)(hash->bytes % 64), take = tl__size_min(size, 64 - used);
        if (take == 64) {
            hash_block(hash->state, p);
        } else {
            memcpy(hash->block + used, p, take);
            if (used + take == 64) hash_block(hash->state, hash->block);
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
