/* Hashes and checksums: SHA-256 (FIPS 180-4), CRC-32 (IEEE 802.3), CRC-32C (Castagnoli), FNV-1a. */
#ifndef TL_BASE_HASH_H
#define TL_BASE_HASH_H

#include "base/base.h"

/* Takes `count` blocks of 64 bytes into the state. */
typedef void tl__sha256_blocks(uint32_t state[8], const unsigned char *bytes, size_t count);

typedef struct tl__sha256 {
    uint32_t state[8];
    uint64_t bytes;
    unsigned char block[64];
    tl__sha256_blocks *blocks;
} tl__sha256;

TL_PRIV void tl__sha256_init(tl__sha256 *hash);    /* plain C; kernels/hash.h has the processor's own way */
TL_PRIV const uint32_t *tl__sha256_constants(void);    /* [64], one a round */
TL_PRIV void tl__sha256_add(tl__sha256 *hash, const void *bytes, size_t size);
TL_PRIV void tl__sha256_end(tl__sha256 *hash, unsigned char out[32]);
TL_PRIV void tl__sha256_hex(tl__sha256 *hash, char out[65]);   /* ends the hash; lower-case hex and NUL */

TL_PRIV uint32_t tl__crc32(uint32_t crc, const void *bytes, size_t size);    /* start with 0 */
TL_PRIV uint32_t tl__crc32c(uint32_t crc, const void *bytes, size_t size);   /* start with 0 */
TL_PRIV uint64_t tl__fnv1a(const void *bytes, size_t size);
TL_PRIV uint32_t tl__name_hash(const char *name);   /* FNV-1a folded to 32 bits; keys of random draws */

#endif
