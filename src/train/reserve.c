/* The heap over a block. */
#include "train/reserve.h"

enum { RESERVE_ALIGN = 64 };

static void *reserve_resize(void *user, void *block, size_t old_size, size_t new_size)
{
    tl__reserve *reserve = user;
    size_t old = tl__size_round(old_size, RESERVE_ALIGN), room = tl__size_round(new_size, RESERVE_ALIGN);
    unsigned char *bytes = block;
    bool newest = block && bytes + old == reserve->base + reserve->used;
    if (new_size > SIZE_MAX - RESERVE_ALIGN) return NULL;
    if (new_size == 0) {
        if (!block) return NULL;
        reserve->live--;
        if (newest) reserve->used -= old;
        if (reserve->live == 0) reserve->used = 0;
        return NULL;
    }
    size_t base_used = newest ? reserve->used - old : reserve->used;
    if (block && !newest && room <= old) return block;
    if (room > reserve->size - base_used) return NULL;
    reserve->used = base_used + room;
    if (newest) return block;
    unsigned char *fresh = reserve->base + base_used;
    if (block) memcpy(fresh, block, tl__size_min(old_size, new_size));
    else reserve->live++;
    return fresh;
}

TL_PRIV void tl__reserve_init(tl__reserve *reserve, void *base, size_t size)
{
    *reserve = (tl__reserve){.base = base, .size = size};
    const tl_allocator allocator = {reserve_resize, reserve};
    tl__heap_init(&reserve->heap, &allocator, 0);
}
