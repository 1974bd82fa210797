/* Open addressing; the table doubles when it is half full. */
#include "data/words.h"

static bool words_same(const char *word, const char *text, size_t size)
{
    for (size_t at = 0; at <= size; at += 8) {
        if (tl__load64(word + at) != tl__word_bytes(text, size, at)) return false;
    }
    return true;
}

TL_PRIV uint32_t tl__words_find(const tl__words *words, const char *text, size_t size, uint64_t hash)
{
    if (!words->slot_count) return 0;
    size_t at = (size_t)hash & (words->slot_count - 1);
    for (; words->slots[at]; at = (at + 1) & (words->slot_count - 1)) {
        if (words_same(words->words[(words->slots[at] & TL__WORD_CODE) - 1], text, size)) return words->slots[at];
    }
    return 0;
}

static void words_place(uint32_t *slots, size_t count, uint64_t hash, uint32_t slot)
{
    size_t at = (size_t)hash & (count - 1);
    while (slots[at]) at = (at + 1) & (count - 1);
    slots[at] = slot;
}

static bool words_more_slots(tl__words *words, tl__heap *heap)
{
    size_t count = words->slot_count ? words->slot_count * 2 : 64;
    uint32_t *slots = tl__alloc_zero(heap, count, sizeof *slots);
    if (!slots) return false;
    for (size_t i = 0; i < words->slot_count; i++) {
        if (!words->slots[i]) continue;
        const char *word = words->words[(words->slots[i] & TL__WORD_CODE) - 1];
        words_place(slots, count, tl__word_hash(word, strlen(word)), words->slots[i]);
    }
    tl__free(heap, words->slots, words->slot_count * sizeof *slots);
    words->slots = slots;
    words->slot_count = count;
    return true;
}

static bool words_more_words(tl__words *words, tl__heap *heap)
{
    size_t old = words->capacity, capacity = old ? old * 2 : 16;
    const char **more = tl__resize(heap, words->words, old * sizeof *more, capacity * sizeof *more);
    if (!more) return false;
    words->words = more;
    words->capacity = capacity;
    return true;
}

TL_PRIV bool tl__words_add(tl__words *words, tl__heap *heap, tl__arena *arena, const char *text, size_t size,
                           uint64_t hash, bool mark)
{
    if (words->count * 2 >= words->slot_count && !words_more_slots(words, heap)) return false;
    if (words->count == words->capacity && !words_more_words(words, heap)) return false;
    size_t room = (size / 8 + 1) * 8;
    char *copy = tl__arena_push(arena, room);
    if (!copy) return false;
    memset(copy + room - 8, 0, 8);
    memcpy(copy, text, size);
    words->words[words->count++] = copy;
    words_place(words->slots, words->slot_count, hash, (uint32_t)words->count | (mark ? ~(uint32_t)TL__WORD_CODE : 0));
    return true;
}

TL_PRIV void tl__words_free(tl__words *words, tl__heap *heap)
{
    tl__free(heap, words->words, words->capacity * sizeof *words->words);
    tl__free(heap, words->slots, words->slot_count * sizeof *words->slots);
    memset(words, 0, sizeof *words);
}
