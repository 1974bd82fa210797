/* gzip: a stream that is accepted stays within the limit; any other is a mistake with a message. */
#include "base/inflate.h"
#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    enum { LIMIT = 1 << 20 };
    tl__heap heap;
    tl__buffer out;
    tl_error error = {0};
    tl__heap_init(&heap, NULL, FUZZ_MEMORY);
    tl__buffer_init(&out, &heap);
    if (tl__gunzip(&out, bytes, size, LIMIT, "fuzz", &error) == TL_OK) fuzz_must(out.size <= LIMIT);
    else fuzz_must(error.message[0] != '\0');
    tl__buffer_free(&out);
    fuzz_must(heap.in_use == 0);
    return 0;
}
