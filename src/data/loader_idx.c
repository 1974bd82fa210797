/* IDX arrays as columns; the bytes of images are not copied. */
#include "data/loader.h"
#include "text/idx.h"

static bool idxfile_recognises(const char *bytes, size_t size) { return tl__is_idx(bytes, size); }

static double idxfile_at(const void *array, size_t index) { return tl__idx_at(array, index); }

static tl_status idxfile_load(const tl__source *source, tl__table *into, tl_error *error)
{
    tl__idx idx;
    TL_TRY(tl__idx_parse(&idx, source->bytes, source->size, source->name, error));
    bool whole = idx.type != TL__IDX_F32 && idx.type != TL__IDX_F64;
    tl__loader_array array = {idx.shape, idx.dims, idxfile_at, &idx, whole, idx.type == TL__IDX_U8 ? idx.data : NULL,
                              NULL, 0};
    return tl__loader_put_array(source, into, &array, error);
}

static tl_status idxfile_lies(const tl__source *source, uint64_t whole, tl__array_place *out, tl_error *error)
{
    tl__idx idx;
    TL_TRY(tl__idx_head(&idx, source->bytes, source->size, whole, &out->begin, source->name, error));
    if (idx.type != TL__IDX_U8) return tl__loader_cannot_lie(source, "IDX files of bytes (type 0x08)", error);
    out->type = TL__COLUMN_U8;
    out->size = 1;
    out->dims = idx.dims;
    memcpy(out->shape, idx.shape, sizeof idx.shape);
    return TL_OK;
}

TL_PRIV const tl__member_head *tl__loader_idx(void)
{
    static const tl__loader loader = {
        .head = {.name = "idx", .help = "Images or labels in the format of MNIST; as a pair {images: file, labels: "
                                        "file}."},
        .suffixes = "idx",
        .recognises = idxfile_recognises,
        .load = idxfile_load,
        .lies = idxfile_lies};
    return &loader.head;
}
