/* Eight bytes of text at a time in a 64-bit word, the first byte lowest on every machine. The masks have 0x80 at the
 * bytes that are meant; bytes above the first of them may be marked wrongly, the first never is. */
#ifndef TL_BASE_BYTES_H
#define TL_BASE_BYTES_H

#include "base/base.h"

static inline uint64_t tl__load64(const void *bytes)
{
    const unsigned char *p = bytes;
    return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24 | (uint64_t)p[4] << 32
           | (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 | (uint64_t)p[7] << 56;
}

static inline uint64_t tl__every_byte(char c) { return (unsigned char)c * 0x0101010101010101u; }

static inline uint64_t tl__zero_bytes(uint64_t word)
{
    return (word - 0x0101010101010101u) & ~word & 0x8080808080808080u;
}

/* Place of the first marked byte, 0 to 7; 8 when the mask is 0. */
static inline unsigned tl__first_byte(uint64_t mask)
{
#if defined(__GNUC__)
    return mask ? (unsigned)__builtin_ctzll(mask) >> 3 : 8;
#else
    unsigned n = 0;
    for (; n < 8 && !(mask & 0x80); n++) mask >>= 8;
    return n;
#endif
}

/* The first n bytes of the word, the others 0; n from 0 to 7. */
static inline uint64_t tl__low_bytes(uint64_t word, unsigned n) { return word & (((uint64_t)1 << 8 * n) - 1); }

#endif
