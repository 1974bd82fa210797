/* Memory. The heap is a thin counting front of the user's allocator: every block's size is known to who frees it, so
 * nothing is stored beside a block, and what is in use, its peak and the limit are exact to the byte.
 *
 * An aligned block is a plain one of TL__ALIGNED_EXTRA more bytes; the byte before the aligned address holds the
 * distance to the start (1..64). An arena is a list of chunks that double in size; the newest one is filled, what
 * is too large for it gets a chunk of its own behind it. */
#include "base/memory.h"
#include "base/text.h"

#ifndef TL_FREESTANDING
#  include <stdlib.h>
#endif

enum { MEMORY_ALIGN = 64, MEMORY_ARENA_ALIGN = 16, MEMORY_CHUNK_LARGEST = 1 << 20 };

#ifndef TL_FREESTANDING
static void *memory_libc(void *user, void *block, size_t old_size, size_t new_size)
{
    (void)user;
    (void)old_size;
    if (new_size == 0) {
        free(block);
        return NULL;
    }
    return realloc(block, new_size);
}
#else
static void *memory_libc(void *user, void *block, size_t old_size, size_t new_size)
{
    (void)user;
    (void)block;
    (void)old_size;
    (void)new_size;
    return NULL;
}
#endif

TL_PRIV void tl__heap_init(tl__heap *heap, const tl_allocator *allocator, size_t limit)
{
    memset(heap, 0, sizeof *heap);
    if (allocator != NULL) heap->allocator = *allocator;
    else heap->allocator.resize = memory_libc;
    heap->limit = limit;
}

TL_PRIV void *tl__resize(tl__heap *heap, void *block, size_t old_size, size_t new_size)
{
    void *fresh = NULL;
    if (block == NULL) old_size = 0;
    if (new_size == 0) {
        tl__free(heap, block, old_size);
        return NULL;
    }
    if (heap->lock != NULL) heap->lock(heap->lock_user);
    size_t others = heap->in_use - old_size;
    if (new_size <= SIZE_MAX - others && (heap->limit == 0 || new_size <= old_size ||
                                          others + new_size <= heap->limit)) {
        fresh = heap->allocator.resize(heap->allocator.user, block, old_size, new_size);
        heap->calls++;
        if (fresh != NULL) {
            heap->in_use = others + new_size;
            heap->peak = tl__size_max(heap->peak, heap->in_use);
        }
    }
    if (heap->unlock != NULL) heap->unlock(heap->lock_user);
    return fresh;
}

TL_PRIV void *tl__alloc(tl__heap *heap, size_t size)
{
    return size == 0 ? NULL : tl__resize(heap, NULL, 0, size);
}

TL_PRIV void tl__free(tl__heap *heap, void *block, size_t size)
{
    if (block == NULL) return;
    if (heap->lock != NULL) heap->lock(heap->lock_user);
    heap->allocator.resize(heap->allocator.user, block, size, 0);
    heap->in_use -= size;
    if (heap->unlock != NULL) heap->unlock(heap->lock_user);
}

TL_PRIV void *tl__alloc_zero(tl__heap *heap, size_t count, size_t size)
{
    size_t bytes;
    if (!tl__size_mul(count, size, &bytes)) return NULL;
    void *block = tl__alloc(heap, bytes);
    if (block != NULL) memset(block, 0, bytes);
    return block;
}

TL_PRIV void *tl__alloc_aligned(tl__heap *heap, size_t size)
{
    size_t bytes;
    if (size == 0 || !tl__size_add(size, TL__ALIGNED_EXTRA, &bytes)) return NULL;
    unsigned char *block = tl__alloc(heap, bytes);
    if (block == NULL) return NULL;
    size_t distance = MEMORY_ALIGN - (size_t)((uintptr_t)block & (MEMORY_ALIGN - 1));
    block[distance - 1] = (unsigned char)distance;
    return block + distance;
}

TL_PRIV void tl__free_aligned(tl__heap *heap, void *block, size_t size)
{
    if (block == NULL) return;
    unsigned char *aligned = block;
    tl__free(heap, aligned - aligned[-1], size + TL__ALIGNED_EXTRA);
}

TL_PRIV void tl__heap_reset_peak(tl__heap *heap)
{
    if (heap->lock != NULL) heap->lock(heap->lock_user);
    heap->peak = heap->in_use;
    if (heap->unlock != NULL) heap->unlock(heap->lock_user);
}

/* --- arena --- */

struct tl__arena_chunk {
    struct tl__arena_chunk *next;
    size_t size, used;    /* header included */
};

/* An allocator aligns to what it must, 8 bytes on 32-bit machines: there is room for our alignment behind the
 * header. */
enum { MEMORY_CHUNK_HEAD = (sizeof(struct tl__arena_chunk) + 15) / 16 * 16 + MEMORY_ARENA_ALIGN };

TL_PRIV void tl__arena_init(tl__arena *arena, tl__heap *heap)
{
    arena->heap = heap;
    arena->chunk = NULL;
    arena->next_size = TL__ARENA_FIRST;
}

static struct tl__arena_chunk *memory_chunk(tl__arena *arena, size_t size)
{
    struct tl__arena_chunk *chunk = tl__alloc(arena->heap, size);
    if (chunk == NULL) return NULL;
    chunk->next = NULL;
    chunk->size = size;
    chunk->used = MEMORY_CHUNK_HEAD - ((uintptr_t)chunk & (MEMORY_ARENA_ALIGN - 1));
    return chunk;
}

TL_PRIV void *tl__arena_push(tl__arena *arena, size_t size)
{
    if (size > SIZE_MAX - MEMORY_CHUNK_HEAD - MEMORY_ARENA_ALIGN) return NULL;
    size_t need = tl__size_round(tl__size_max(size, 1), MEMORY_ARENA_ALIGN);
    struct tl__arena_chunk *chunk = arena->chunk;
    if (chunk == NULL || chunk->size - chunk->used < need) {
        bool own = need > arena->next_size / 4;
        size_t bytes = own ? need + MEMORY_CHUNK_HEAD : arena->next_size;
        chunk = memory_chunk(arena, bytes);
        if (chunk == NULL) return NULL;
        if (own && arena->chunk != NULL) {
            chunk->next = arena->chunk->next;
            arena->chunk->next = chunk;
        } else {
            chunk->next = arena->chunk;
            arena->chunk = chunk;
        }
        if (!own && arena->next_size < MEMORY_CHUNK_LARGEST) arena->next_size *= 2;
    }
    void *block = (unsigned char *)chunk + chunk->used;
    chunk->used += need;
    return block;
}

TL_PRIV void *tl__arena_push_zero(tl__arena *arena, size_t count, size_t size)
{
    size_t bytes;
    if (!tl__size_mul(count, size, &bytes)) return NULL;
    void *block = tl__arena_push(arena, bytes);
    if (block != NULL) memset(block, 0, bytes);
    return block;
}

TL_PRIV char *tl__arena_copy(tl__arena *arena, const char *text, size_t size)
{
    size_t bytes;
    if (!tl__size_add(size, 1, &bytes)) return NULL;
    char *copy = tl__arena_push(arena, bytes);
    if (copy == NULL) return NULL;
    if (size > 0) memcpy(copy, text, size);
    copy[size] = '\0';
    return copy;
}

TL_PRIV char *tl__arena_text(tl__arena *arena, const char *text)
{
    return tl__arena_copy(arena, text, strlen(text));
}

TL_PRIV char *tl__arena_format(tl__arena *arena, const char *format, ...)
{
    va_list list, again;
    va_start(list, format);
    va_copy(again, list);
    size_t length = tl__format_list(NULL, 0, format, list);
    char *text = tl__arena_push(arena, length + 1);
    if (text != NULL) tl__format_list(text, length + 1, format, again);
    va_end(again);
    va_end(list);
    return text;
}

TL_PRIV void tl__arena_free(tl__arena *arena)
{
    struct tl__arena_chunk *chunk = arena->chunk;
    while (chunk != NULL) {
        struct tl__arena_chunk *next = chunk->next;
        tl__free(arena->heap, chunk, chunk->size);
        chunk = next;
    }
    tl__arena_init(arena, arena->heap);
}

/* --- carver --- */

TL_PRIV void *tl__carve(tl__carver *carver, size_t count, size_t size)
{
    size_t bytes, end;
    if (!tl__size_mul(count, size, &bytes) || bytes > SIZE_MAX - MEMORY_ALIGN
        || !tl__size_add(carver->used, tl__size_round(bytes, MEMORY_ALIGN), &end)) {
        carver->overflow = true;
        return NULL;
    }
    void *block = carver->base == NULL ? NULL : carver->base + carver->used;
    carver->used = end;
    return block;
}
