/* Memory: the counting front of the user's allocator, a growing arena for things that die together,
 * a growing text buffer, and the two-pass carver that plans blocks before they exist. */
#ifndef TL_BASE_MEMORY_H
#define TL_BASE_MEMORY_H

#include "base/base.h"

/* Counts what the user's allocator gives. Shared by all threads of a context: the counters are guarded by a
 * lock that tl_context_new installs (NULL where there are no threads). */
typedef struct tl__heap {
    tl_allocator allocator;
    size_t limit;       /* bytes in use may not exceed it; 0: no limit */
    size_t in_use;      /* bytes */
    size_t peak;        /* largest in_use since the start or the last tl__heap_reset_peak */
    size_t calls;       /* blocks asked for so far; a training step must not change it */
    void (*lock)(void *user);
    void (*unlock)(void *user);
    void *lock_user;
} tl__heap;

/* allocator NULL: malloc, realloc and free (not under TL_FREESTANDING, where everything then fails). */
TL_PRIV void tl__heap_init(tl__heap *heap, const tl_allocator *allocator, size_t limit);

/* NULL when memory is out, the limit is reached or size is 0. Not zeroed. Aligned for any type. */
TL_PRIV void *tl__alloc(tl__heap *heap, size_t size);
/* count * size bytes of zeros; NULL also on overflow. */
TL_PRIV void *tl__alloc_zero(tl__heap *heap, size_t count, size_t size);
/* Aligned to 64 bytes, for what kernels touch; to be freed by tl__free_aligned with the same size. It counts as
 * size + TL__ALIGNED_EXTRA bytes. */
enum { TL__ALIGNED_EXTRA = 64 };
TL_PRIV void *tl__alloc_aligned(tl__heap *heap, size_t size);
TL_PRIV void tl__free_aligned(tl__heap *heap, void *block, size_t size);
/* NULL leaves the old block as it was. */
TL_PRIV void *tl__resize(tl__heap *heap, void *block, size_t old_size, size_t new_size);
TL_PRIV void tl__free(tl__heap *heap, void *block, size_t size);
TL_PRIV void tl__heap_reset_peak(tl__heap *heap);

/* Things that die together: no single frees. All blocks are aligned to 16 bytes. */
typedef struct tl__arena {
    tl__heap *heap;
    struct tl__arena_chunk *chunk;  /* newest first */
    size_t next_size;
} tl__arena;

enum { TL__ARENA_FIRST = 4096 };    /* bytes of the first chunk */
TL_PRIV void tl__arena_init(tl__arena *arena, tl__heap *heap);
TL_PRIV void *tl__arena_push(tl__arena *arena, size_t size);                /* NULL: out of memory */
TL_PRIV void *tl__arena_push_zero(tl__arena *arena, size_t count, size_t size);
TL_PRIV char *tl__arena_copy(tl__arena *arena, const char *text, size_t size);  /* adds the final NUL */
TL_PRIV char *tl__arena_text(tl__arena *arena, const char *text);
TL_PRIV char *tl__arena_format(tl__arena *arena, const char *format, ...) TL_PRINTF(2, 3);
TL_PRIV void tl__arena_free(tl__arena *arena);                              /* usable again afterwards */

/* A text that grows. After a failed append `failed` stays set and further appends do nothing, so a writer
 * checks once, at the end. `data` is NUL-terminated once anything was appended. */
typedef struct tl__buffer {
    tl__heap *heap;
    char *data;
    size_t size, capacity;
    bool failed;
} tl__buffer;

TL_PRIV void tl__buffer_init(tl__buffer *buffer, tl__heap *heap);
TL_PRIV bool tl__buffer_reserve(tl__buffer *buffer, size_t more);
TL_PRIV void tl__buffer_add(tl__buffer *buffer, const void *bytes, size_t size);
TL_PRIV void tl__buffer_text(tl__buffer *buffer, const char *text);
TL_PRIV void tl__buffer_char(tl__buffer *buffer, char c);
TL_PRIV void tl__buffer_format(tl__buffer *buffer, const char *format, ...) TL_PRINTF(2, 3);
TL_PRIV void tl__buffer_clear(tl__buffer *buffer);   /* keeps the memory */
TL_PRIV void tl__buffer_free(tl__buffer *buffer);

/* Size first, place second, by one function: with base NULL a carver only counts, with a base it hands out
 * the same blocks in the same order. */
typedef struct tl__carver {
    unsigned char *base;
    size_t used;
    bool overflow;
} tl__carver;

TL_PRIV void *tl__carve(tl__carver *carver, size_t count, size_t size);   /* aligned to 64 bytes, as base must be */
#define TL_CARVE(carver, type, count) ((type *)tl__carve((carver), (count), sizeof(type)))

#endif
