/* DEFLATE: the bytes as a stream behind a good gzip header, so that all of them reach the decoder. */
#include "base/inflate.h"
#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    enum { LIMIT = 1 << 16 };
    static const uint8_t head[10] = {0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3};
    tl__heap heap;
    tl__buffer out;
    tl_error error = {0};
    tl__heap_init(&heap, NULL, FUZZ_MEMORY);
    tl__buffer_init(&out, &heap);
    uint8_t *file = tl__alloc(&heap, size + sizeof head);
    fuzz_must(file != NULL);
    memcpy(file, head, sizeof head);
    if (size > 0) memcpy(file + sizeof head, bytes, size);
    tl_status status = tl__gunzip(&out, file, size + sizeof head, LIMIT, "fuzz", &error);
    if (status == TL_OK) fuzz_must(out.size <= LIMIT);
    else fuzz_must(error.message[0] != '\0');
    tl__buffer in_place;
    tl__buffer_init(&in_place, &heap);
    tl__buffer_add(&in_place, file, size + sizeof head);
    fuzz_must((tl__gunzip_in_place(&in_place, LIMIT, "fuzz", NULL) == TL_OK) == (status == TL_OK));
    fuzz_must(in_place.size == out.size && (out.size == 0 || memcmp(in_place.data, out.data, out.size) == 0));
    tl__buffer_free(&in_place);
    tl__free(&heap, file, size + sizeof head);
    tl__buffer_free(&out);
    fuzz_must(heap.in_use == 0);
    return 0;
}
