/* safetensors: the one file format for weights. Bytes in and out; nothing here knows networks.
 *
 * A file is a length (u64, little-endian), that many bytes of JSON and the tensors' bytes. The JSON maps each name to
 * {"dtype", "shape", "data_offsets": [begin, end]} and "__metadata__" to texts. Tensors are little-endian and row-major
 * and cover all that follows the header without a hole. Source: huggingface/safetensors, README, "Format". */
#ifndef TL_TEXT_SAFETENSORS_H
#define TL_TEXT_SAFETENSORS_H

#include "text/value.h"

enum {
    TL__SAFETENSORS_MAX_HEADER = 100000000,   /* bytes; the reference's limit */
    TL__SAFETENSORS_MAX_NAME = 256,           /* bytes of a tensor's name */
    TL__SAFETENSORS_MAX_RANK = 8
};

/* name in the file, bytes of an element; the order is the reference's, which its writer sorts by */
#define TL__DTYPE_LIST(X) \
    X(BOOL, 1) X(U8, 1) X(I8, 1) X(I16, 2) X(U16, 2) X(F16, 2) X(BF16, 2) \
    X(I32, 4) X(U32, 4) X(F32, 4) X(F64, 8) X(I64, 8) X(U64, 8)

typedef enum tl__dtype {
#define TL__DTYPE_ENUM(name, size) TL__DTYPE_##name,
    TL__DTYPE_LIST(TL__DTYPE_ENUM)
#undef TL__DTYPE_ENUM
    TL__DTYPE_COUNT
} tl__dtype;

TL_PRIV const char *tl__dtype_name(tl__dtype dtype);   /* "F32" */
TL_PRIV size_t tl__dtype_size(tl__dtype dtype);

/* A tensor of a file that was read; bytes point into the caller's block and need not be aligned: copy, do not cast. */
typedef struct tl__tensor_view {
    const char *name;
    tl__dtype dtype;
    size_t rank;
    size_t shape[TL__SAFETENSORS_MAX_RANK];
    size_t count;                      /* elements: the product of the shape; 1 when rank is 0 */
    const unsigned char *bytes;
    size_t size;                       /* count * size of an element */
} tl__tensor_view;

typedef struct tl__safetensors {
    tl__tensor_view *tensors;          /* in the order of their bytes in the file */
    size_t count;
    size_t *by_name;                   /* numbers of tensors, names ascending by bytes */
    const tl_value *metadata;          /* a map of texts, or NULL */
    tl__tree *tree;                    /* the header; owns all of the above but the bytes */
} tl__safetensors;

/* The block is kept and not copied. `name` is the file's name for messages. Every length, offset, shape and name is
 * checked before it is used; on failure *out is empty. Values are not looked at: NaN is the caller's business. */
TL_PRIV tl_status tl__safetensors_read(tl__safetensors *out, tl__heap *heap, const void *bytes, size_t size,
                                       const char *name, tl_error *error);
TL_PRIV void tl__safetensors_free(tl__safetensors *file);   /* also of an empty one */
TL_PRIV const tl__tensor_view *tl__safetensors_find(const tl__safetensors *file, const char *name);       /* or NULL */
TL_PRIV const char *tl__safetensors_metadata(const tl__safetensors *file, const char *key);               /* or NULL */

/* Where bytes go: a file (port/port.h), a buffer, a hash. */
typedef tl_status tl__write_fn(void *user, const void *bytes, size_t size, tl_error *error);

typedef struct tl__tensor_source tl__tensor_source;
struct tl__tensor_source {
    const char *name;
    tl__dtype dtype;
    size_t rank;
    size_t shape[TL__SAFETENSORS_MAX_RANK];
    const void *data;                  /* little-endian, row-major; NULL: `give` writes it */
    /* Write exactly the tensor's bytes through `write`; more or fewer is TL_INVALID. */
    tl_status (*give)(const tl__tensor_source *source, tl__write_fn *write, void *write_user, tl_error *error);
    void *user;                        /* for give */
};

typedef struct tl__metadata { const char *key, *value; } tl__metadata;

/* Write a whole file, in pieces, through `write`. Order in the file, as the reference writes: by type from the last of
 * the list above to the first, so that every tensor is aligned to its element, then by name; the header is padded with
 * blanks to a multiple of 8; metadata keys are sorted. So the same contents give the same bytes in whatever order they
 * are passed. write NULL: nothing is written, and the heap is used as if it were, to measure. */
TL_PRIV tl_status tl__safetensors_write(tl__heap *heap, const tl__tensor_source *tensors, size_t count,
                                        const tl__metadata *metadata, size_t metadata_count, tl__write_fn *write,
                                        void *write_user, tl_error *error);
/* A tl__write_fn whose user is a tl__buffer. */
TL_PRIV tl_status tl__write_to_buffer(void *buffer, const void *bytes, size_t size, tl_error *error);

#endif
