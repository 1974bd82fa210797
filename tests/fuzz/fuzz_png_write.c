/* Pictures of any samples: what is written as a PNG is read back as the same samples. The first three bytes are the
 * channels and the sides; what the input lacks is 0. */
#include "fuzz/fuzz.h"
#include "text/png.h"
#include "text/png_write.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    tl__heap heap;
    tl__pixels pixels, again;
    tl__buffer out;
    tl_error error = {0};
    if (size < 3) return 0;
    tl__heap_init(&heap, NULL, FUZZ_MEMORY);
    size_t height = 1 + bytes[1] % 80u, width = 1 + bytes[2];
    fuzz_must(tl__pixels_new(&pixels, &heap, height, width, 1 + bytes[0] % 4u, "fuzz", &error) == TL_OK);
    memcpy(pixels.samples, bytes + 3, tl__size_min(size - 3, pixels.bytes));
    tl__buffer_init(&out, &heap);
    tl__png_write(&out, &pixels);
    fuzz_must(!out.failed && tl__is_png((const uint8_t *)out.data, out.size));
    fuzz_must(tl__png_parse(&again, &heap, (const uint8_t *)out.data, out.size, "fuzz", &error) == TL_OK);
    fuzz_must(again.height == height && again.width == width && again.channels == pixels.channels);
    fuzz_must(again.bytes == pixels.bytes && memcmp(again.samples, pixels.samples, pixels.bytes) == 0);
    tl__pixels_free(&again);
    tl__pixels_free(&pixels);
    tl__buffer_free(&out);
    fuzz_must(heap.in_use == 0);
    return 0;
}
