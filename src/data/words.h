/* The different words of a column and their numbers, by a table of hashes. A word's hash and its comparison go over
 * eight bytes at a time; its copy is filled up with zeros to whole eights, of which the last ends with one. */
#ifndef TL_DATA_WORDS_H
#define TL_DATA_WORDS_H

#include "base/bytes.h"
#include "base/memory.h"

enum { TL__WORD_CODE = 0x7FFFFFFF };    /* of a slot; its top bit is the word's mark */

typedef struct tl__words {
    const char **words;          /* [capacity], in an arena; in the order in which they came */
    size_t count, capacity;
    uint32_t *slots;             /* code + 1 and the mark; 0: free */
    size_t slot_count;           /* a power of two, more than twice the words */
} tl__words;

static inline uint64_t tl__word_mix(uint64_t hash, uint64_t bytes)
{
    hash = (hash ^ bytes) * 0x9E3779B97F4A7C15u;
    return hash ^ hash >> 32;
}

/* The eight bytes of a text from `at` on, zeros behind its end. */
static inline uint64_t tl__word_bytes(const char *text, size_t size, size_t at)
{
    if (size - at >= 8) return tl__load64(text + at);
    uint64_t bytes = 0;
    for (size_t i = size; i > at; i--) bytes = bytes << 8 | (unsigned char)text[i - 1];
    return bytes;
}

static inline uint64_t tl__word_hash(const char *text, size_t size)
{
    uint64_t hash = 0;
    for (size_t at = 0; at <= size; at += 8) hash = tl__word_mix(hash, tl__word_bytes(text, size, at));
    return hash;
}

/* The slot that holds the text, or 0. */
TL_PRIV uint32_t tl__words_find(const tl__words *words, const char *text, size_t size, uint64_t hash);
/* A text that is not there; false: out of memory. Its code is words->count - 1 then. */
TL_PRIV bool tl__words_add(tl__words *words, tl__heap *heap, tl__arena *arena, const char *text, size_t size,
                           uint64_t hash, bool mark);
/* The table of hashes, and the array of words unless it was taken out. */
TL_PRIV void tl__words_free(tl__words *words, tl__heap *heap);

#endif
