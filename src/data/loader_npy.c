/* npy arrays as columns: [rows, columns] a column each, more dimensions one vector column. */
#include "data/loader.h"
#include "text/npy.h"

static bool npyfile_recognises(const char *bytes, size_t size)
{
    return size >= 6 && memcmp(bytes, "\x93NUMPY", 6) == 0;
}

static double npyfile_at(const void *array, size_t index) { return tl__npy_at(array, index); }

static bool npyfile_is_ours(const tl__npy *npy)
{
    const uint16_t one = 1;
    bool little = *(const unsigned char *)&one == 1;
    return (npy->size == 1 || little != npy->big_endian) && (!npy->fortran || npy->dims < 2);
}

static tl_status npyfile_load(const tl__source *source, tl__table *into, tl_error *error)
{
    tl__npy npy;
    TL_TRY(tl__npy_parse(&npy, source->bytes, source->size, source->name, error));
    bool ours = npyfile_is_ours(&npy), bytes = npy.size == 1 && npy.kind == 'u' && ours;
    bool floats = npy.kind == 'f' && (npy.size == 4 || npy.size == 8) && ours;
    tl__loader_array array = {npy.shape, npy.dims, npyfile_at, &npy, npy.kind != 'f', bytes ? npy.data : NULL,
                              floats ? npy.data : NULL, npy.size};
    return tl__loader_put_array(source, into, &array, error);
}

static tl_status npyfile_lies(const tl__source *source, uint64_t whole, tl__array_place *out, tl_error *error)
{
    static const struct {
        char kind;
        int size;
        tl__column_type type;
        void (*convert)(void *to, const unsigned char *from, size_t count);
    } kinds[] = {{'u', 1, TL__COLUMN_U8, NULL}, {'i', 4, TL__COLUMN_I32, NULL},
                 {'f', 4, TL__COLUMN_F32, tl__loader_floats}, {'f', 8, TL__COLUMN_F32, tl__loader_doubles}};
    tl__npy npy;
    TL_TRY(tl__npy_head(&npy, source->bytes, source->size, whole, &out->begin, source->name, error));
    for (size_t i = 0; i < TL_COUNT(kinds); i++) {
        if (kinds[i].kind != npy.kind || kinds[i].size != npy.size || !npyfile_is_ours(&npy)) continue;
        out->type = kinds[i].type;
        out->convert = kinds[i].convert;
        out->size = (size_t)npy.size;
        out->dims = npy.dims;
        memcpy(out->shape, npy.shape, sizeof npy.shape);
        return TL_OK;
    }
    return tl__loader_cannot_lie(source, "npy files of uint8, int32, float32 or float64 in C order", error);
}

TL_PRIV const tl__member_head *tl__loader_npy(void)
{
    static const tl__loader loader = {
        .head = {.name = "npy", .help = "An array that NumPy saved: [rows, columns], or images as [rows, height, "
                                        "width]."},
        .suffixes = "npy",
        .recognises = npyfile_recognises,
        .load = npyfile_load,
        .lies = npyfile_lies};
    return &loader.head;
}
