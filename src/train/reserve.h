/* A heap over one block of the plan: what a run needs now and then (the text of a checkpoint's header, sorting for the
 * area under the curve) was asked for before the first step, so that memory can neither run out in the middle nor
 * exceed the plan. Blocks are handed out upwards; the newest can grow and shrink in place; when all are freed the block
 * is empty again. */
#ifndef TL_TRAIN_RESERVE_H
#define TL_TRAIN_RESERVE_H

#include "base/memory.h"

typedef struct tl__reserve {
    unsigned char *base;    /* aligned to 64 bytes */
    size_t size, used;
    size_t live;            /* blocks that are not freed yet */
    tl__heap heap;          /* hands out pieces of the block; gives NULL when it is full */
} tl__reserve;

/* reserve must not move while its heap is used. */
TL_PRIV void tl__reserve_init(tl__reserve *reserve, void *base, size_t size);

#endif
