/* NumPy's .npy: one array of numbers. Reads versions 1 to 3, C and Fortran order, either byte order, the types
 * b1 i1 i2 i4 i8 u1 u2 u4 u8 f2 f4 f8; writes version 1, C order, little-endian. Objects and structures are refused. */
#ifndef TL_TEXT_NPY_H
#define TL_TEXT_NPY_H

#include "base/error.h"
#include "base/memory.h"

enum { TL__NPY_MAX_DIMS = 8 };

typedef struct tl__npy {
    char kind;                 /* 'b', 'i', 'u', 'f' */
    int size;                  /* bytes of an element: 1, 2, 4, 8 */
    bool big_endian, fortran;
    int dims;                  /* 0: a single number */
    size_t shape[TL__NPY_MAX_DIMS];
    size_t count;              /* elements */
    const unsigned char *data; /* in the block, as stored */
} tl__npy;

/* The header alone, from the first `size` bytes of a file of `whole` bytes, which must be what the header asks for;
 * start: where the elements begin. Leaves count and data 0. */
TL_PRIV tl_status tl__npy_head(tl__npy *npy, const void *bytes, size_t size, uint64_t whole, size_t *start,
                               const char *name, tl_error *error);
/* The header, checked against the block's size. The block is kept. */
TL_PRIV tl_status tl__npy_parse(tl__npy *npy, const void *bytes, size_t size, const char *name, tl_error *error);
/* Element `index` in C order (last dimension fastest), whatever the file's order. Integers beyond 2^53 are rounded. */
TL_PRIV double tl__npy_at(const tl__npy *npy, size_t index);
/* Header for float32 ('f', 4), int32 ('i', 4), ... in C order; the caller appends count * size little-endian bytes. */
TL_PRIV void tl__npy_put_header(tl__buffer *out, char kind, int size, const size_t *shape, int dims);
/* Header and elements. */
TL_PRIV void tl__npy_put_floats(tl__buffer *out, const float *values, const size_t *shape, int dims);

#endif
