/* Sizes are checked before anything else is believed: the file must hold exactly what its header asks for. */
#include "text/idx.h"

static int idx_size(unsigned type)
{
    switch (type) {
    case TL__IDX_U8:
    case TL__IDX_I8: return 1;
    case TL__IDX_I16: return 2;
    case TL__IDX_I32:
    case TL__IDX_F32: return 4;
    case TL__IDX_F64: return 8;
    default: return 0;
    }
}

TL_PRIV bool tl__is_idx(const void *bytes, size_t size)
{
    const unsigned char *b = bytes;
    return size >= 8 && b[0] == 0 && b[1] == 0 && idx_size(b[2]) && b[3] >= 1 && b[3] <= TL__IDX_MAX_DIMS;
}

TL_PRIV tl_status tl__idx_head(tl__idx *idx, const void *bytes, size_t size, uint64_t whole, size_t *start,
                               const char *name, tl_error *error)
{
    const unsigned char *b = bytes;
    memset(idx, 0, sizeof *idx);
    if (!tl__is_idx(bytes, size)) {
        return tl__fail_at(error, TL_BAD_FILE, name, 0, 0, NULL,
                           "this is not an IDX file; it must begin with two zero bytes, a type and 1 to 4 dimensions");
    }
    idx->type = (tl__idx_type)b[2];
    idx->size = idx_size(b[2]);
    idx->dims = b[3];
    size_t header = 4 + 4 * (size_t)idx->dims;
    uint64_t count = 1, length = 0;
    if (size < header) return tl__fail_at(error, TL_BAD_FILE, name, 0, 0, NULL, "the file ends inside its header");
    bool fits = true;
    for (int i = 0; i < idx->dims; i++) {
        const unsigned char *at = b + 4 + 4 * i;
        idx->shape[i] = (size_t)at[0] << 24 | (size_t)at[1] << 16 | (size_t)at[2] << 8 | (size_t)at[3];
        fits = fits && tl__u64_mul(count, idx->shape[i], &count);
    }
    fits = fits && tl__u64_mul(count, (uint64_t)idx->size, &length);
    if (!fits || length != whole - header) {
        return tl__fail_at(error, TL_BAD_FILE, name, 0, 0, NULL,
                           "the dimensions ask for %s bytes than the %llu that follow the header; the file is damaged "
                           "or was cut off",
                           fits && length < whole - header ? "fewer" : "more", (unsigned long long)(whole - header));
    }
    *start = header;
    return TL_OK;
}

TL_PRIV tl_status tl__idx_parse(tl__idx *idx, const void *bytes, size_t size, const char *name, tl_error *error)
{
    size_t start;
    TL_TRY(tl__idx_head(idx, bytes, size, size, &start, name, error));
    idx->count = (size - start) / (size_t)idx->size;
    idx->data = (const unsigned char *)bytes + start;
    return TL_OK;
}

TL_PRIV double tl__idx_at(const tl__idx *idx, size_t index)
{
    const unsigned char *at = idx->data + index * (size_t)idx->size;
    uint64_t bits = 0;
    for (int i = 0; i < idx->size; i++) bits = bits << 8 | at[i];
    if (idx->type == TL__IDX_U8) return (double)bits;
    if (idx->type == TL__IDX_F64) {
        double value;
        memcpy(&value, &bits, sizeof value);
        return value;
    }
    if (idx->type == TL__IDX_F32) {
        uint32_t low = (uint32_t)bits;
        float value;
        memcpy(&value, &low, sizeof value);
        return (double)value;
    }
    uint64_t sign = (uint64_t)1 << (8 * idx->size - 1);
    return bits & sign ? -(double)(sign - (bits & (sign - 1))) : (double)bits;
}
