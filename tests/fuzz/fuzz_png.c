/* PNG: a picture that is accepted has all its samples; any other is a mistake with a message. Chunks are given their
 * right CRC first, so that more than the fuzzer's luck reaches what they hold. */
#include "base/hash.h"
#include "fuzz/fuzz.h"
#include "text/png.h"

static void right_checks(uint8_t *bytes, size_t size)
{
    for (size_t at = 8; at < size && size - at >= 12;) {
        size_t length = 0;
        for (size_t i = 0; i < 4; i++) length = length << 8 | bytes[at + i];
        if (length > size - at - 12) return;
        uint32_t crc = tl__crc32(0, bytes + at + 4, length + 4);
        for (size_t i = 0; i < 4; i++) bytes[at + 8 + length + i] = (uint8_t)(crc >> (24 - 8 * i));
        at += length + 12;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    tl__heap heap;
    tl__pixels pixels;
    tl_error error = {0};
    unsigned sum = 0;
    tl__heap_init(&heap, NULL, FUZZ_MEMORY);
    uint8_t *file = tl__alloc(&heap, size + 1);
    fuzz_must(file != NULL);
    if (size > 0) memcpy(file, bytes, size);
    right_checks(file, size);
    if (tl__png_parse(&pixels, &heap, file, size, "fuzz", &error) == TL_OK) {
        fuzz_must(tl__is_png(file, size) && pixels.height > 0 && pixels.width > 0);
        fuzz_must(pixels.bytes == pixels.height * pixels.width * pixels.channels);
        for (size_t i = 0; i < pixels.bytes; i++) sum += pixels.samples[i];
        fuzz_must(sum <= 255 * pixels.bytes);
        tl__pixels_free(&pixels);
    } else {
        fuzz_must(error.message[0] != '\0' && !pixels.samples);
    }
    tl__free(&heap, file, size + 1);
    fuzz_must(heap.in_use == 0);
    return 0;
}
