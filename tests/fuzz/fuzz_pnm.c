/* PGM and PPM: a picture that is accepted has all its samples; any other is a mistake with a message. */
#include "fuzz/fuzz.h"
#include "text/pnm.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    tl__heap heap;
    tl__pixels pixels;
    tl_error error = {0};
    unsigned sum = 0;
    tl__heap_init(&heap, NULL, FUZZ_MEMORY);
    if (tl__pnm_parse(&pixels, &heap, bytes, size, "fuzz", &error) == TL_OK) {
        fuzz_must(tl__is_pnm(bytes, size) && pixels.height > 0 && pixels.width > 0);
        fuzz_must(pixels.bytes == pixels.height * pixels.width * pixels.channels);
        for (size_t i = 0; i < pixels.bytes; i++) sum += pixels.samples[i];
        fuzz_must(sum <= 255 * pixels.bytes);
        tl__pixels_free(&pixels);
    } else {
        fuzz_must(error.message[0] != '\0' && !pixels.samples);
    }
    fuzz_must(heap.in_use == 0);
    return 0;
}
