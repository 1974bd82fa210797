/* The room of a picture. */
#include "text/pixels.h"

TL_PRIV tl_status tl__pixels_new(tl__pixels *pixels, tl__heap *heap, size_t height, size_t width, size_t channels,
                                 const char *name, tl_error *error)
{
    size_t bytes;
    *pixels = (tl__pixels){.height = height, .width = width, .channels = channels, .heap = heap};
    if (!tl__size_mul(height, width, &bytes) || !tl__size_mul(bytes, channels, &bytes))
        return tl__fail_at(error, TL_OUT_OF_RANGE, name, 0, 0, NULL, "the picture is too large: %zu x %zu pixels",
                           width, height);
    pixels->samples = tl__alloc_zero(heap, bytes, 1);
    pixels->bytes = bytes;
    return pixels->samples ? TL_OK : tl__fail_memory(error, bytes);
}

TL_PRIV void tl__pixels_free(tl__pixels *pixels)
{
    if (pixels->samples) tl__free(pixels->heap, pixels->samples, pixels->bytes);
    *pixels = (tl__pixels){0};
}
