/* gzip files: any bytes, and the bytes as a DEFLATE stream behind a good header. */
#include "base/inflate.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void decompress(const uint8_t *bytes, size_t size)
{
    tl__heap heap;
    tl__buffer out;
    tl__heap_init(&heap, NULL, 0);
    tl__buffer_init(&out, &heap);
    (void)tl__gunzip(&out, bytes, size, 1 << 20, "fuzz", NULL);
    tl__buffer_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const uint8_t head[10] = {0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3};
    tl__heap heap;
    tl__heap_init(&heap, NULL, 0);
    decompress(bytes, size);
    uint8_t *file = tl__alloc(&heap, size + sizeof head);
    if (file == NULL) return 0;
    memcpy(file, head, sizeof head);
    if (size > 0) memcpy(file + sizeof head, bytes, size);
    decompress(file, size + sizeof head);
    tl__free(&heap, file, size + sizeof head);
    return 0;
}
