/* DEFLATE, the way out and back: any bytes come back as they were, from both containers. */
#include "base/deflate.h"
#include "base/inflate.h"
#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    tl__heap heap;
    tl__buffer packed, plain;
    tl__heap_init(&heap, NULL, FUZZ_MEMORY);
    for (int gzip = 0; gzip < 2; gzip++) {
        tl__buffer_init(&packed, &heap);
        tl__buffer_init(&plain, &heap);
        if (gzip) tl__gzip(&packed, bytes, size);
        else tl__zlib(&packed, bytes, size);
        fuzz_must(!packed.failed && packed.size <= size + size / 60000 * 5 + 64);
        const unsigned char *in = (const unsigned char *)packed.data;
        tl_status status = gzip ? tl__gunzip(&plain, in, packed.size, size + 1, "fuzz", NULL)
                                : tl__unzlib(&plain, in, packed.size, size + 1, "fuzz", NULL);
        fuzz_must(status == TL_OK && plain.size == size);
        fuzz_must(size == 0 || memcmp(plain.data, bytes, size) == 0);
        tl__buffer_free(&packed);
        tl__buffer_free(&plain);
    }
    fuzz_must(heap.in_use == 0);
    return 0;
}
