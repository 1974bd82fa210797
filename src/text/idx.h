/* IDX, the format of MNIST: two zero bytes, element type, number of dimensions, the dimensions and the elements, all
 * big-endian. */
#ifndef TL_TEXT_IDX_H
#define TL_TEXT_IDX_H

#include "base/error.h"
#include "base/memory.h"

enum { TL__IDX_MAX_DIMS = 4 };
typedef enum tl__idx_type {
    TL__IDX_U8 = 0x08, TL__IDX_I8 = 0x09, TL__IDX_I16 = 0x0B, TL__IDX_I32 = 0x0C, TL__IDX_F32 = 0x0D, TL__IDX_F64 = 0x0E
} tl__idx_type;

typedef struct tl__idx {
    tl__idx_type type;
    int size;                  /* bytes of an element */
    int dims;                  /* 1..TL__IDX_MAX_DIMS */
    size_t shape[TL__IDX_MAX_DIMS];
    size_t count;              /* elements */
    const unsigned char *data; /* in the block, as stored */
} tl__idx;

TL_PRIV bool tl__is_idx(const void *bytes, size_t size);
/* The header alone, from the first `size` bytes of a file of `whole` bytes, which must be what the header asks for;
 * start: where the elements begin. Leaves count and data 0. */
TL_PRIV tl_status tl__idx_head(tl__idx *idx, const void *bytes, size_t size, uint64_t whole, size_t *start,
                               const char *name, tl_error *error);
/* The header, checked against the block's size, which must fit exactly. The block is kept. */
TL_PRIV tl_status tl__idx_parse(tl__idx *idx, const void *bytes, size_t size, const char *name, tl_error *error);
TL_PRIV double tl__idx_at(const tl__idx *idx, size_t index);

#endif
