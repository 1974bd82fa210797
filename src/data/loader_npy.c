/* npy arrays as columns: [rows, columns] a column each, more dimensions one vector column. */
#include "data/loader.h"
#include "text/npy.h"

static bool npyfile_recognises(const char *bytes, size_t size)
{
    return size >= 6 && memcmp(bytes, "\x93NUMPY", 6) == 0;
}

static double npyfile_at(const void *array, size_t index) { return tl__npy_at(array, index); }

static tl_status npyfile_load(const tl__source *source, tl__table *into, tl_error *error)
{
    tl__npy npy;
    TL_TRY(tl__npy_parse(&npy, source->bytes, source->size, source->name, error));
    bool bytes = npy.size == 1 && npy.kind == 'u' && (!npy.fortran || npy.dims < 2);
    const uint16_t one = 1;
    bool ours = (*(const unsigned char *)&one == 1) != npy.big_endian && (!npy.fortran || npy.dims < 2);
    bool floats = npy.kind == 'f' && (npy.size == 4 || npy.size == 8) && ours;
    tl__loader_array array = {npy.shape, npy.dims, npyfile_at, &npy, npy.kind != 'f', bytes ? npy.data : NULL,
                              floats ? npy.data : NULL, npy.size};
    return tl__loader_put_array(source, into, &array, error);
}

TL_PRIV const tl__member_head *tl__loader_npy(void)
{
    static const tl__loader loader = {
        .head = {.name = "npy", .help = "An array that NumPy saved: [rows, columns], or images as [rows, height, "
                                        "width]."},
        .suffixes = "npy",
        .recognises = npyfile_recognises,
        .load = npyfile_load};
    return &loader.head;
}
