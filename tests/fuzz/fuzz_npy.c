/* npy: what is accepted can be read to its last element, and floats written from it read back the same. */
#include "fuzz/fuzz.h"
#include "text/npy.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    tl__heap heap;
    tl__npy npy, again;
    tl__buffer out;
    tl_error error = {0};
    tl__heap_init(&heap, NULL, FUZZ_MEMORY);
    if (tl__npy_parse(&npy, bytes, size, "fuzz", &error) != TL_OK) {
        fuzz_must(error.message[0] != '\0');
        return 0;
    }
    fuzz_must(npy.data >= bytes && npy.count <= size);
    float *values = tl__alloc(&heap, (npy.count + 1) * sizeof *values);
    fuzz_must(values != NULL);
    for (size_t i = 0; i < npy.count; i++) values[i] = (float)tl__npy_at(&npy, i);
    tl__buffer_init(&out, &heap);
    tl__npy_put_floats(&out, values, npy.shape, npy.dims);
    fuzz_must(!out.failed && tl__npy_parse(&again, out.data, out.size, "again", &error) == TL_OK);
    fuzz_must(again.count == npy.count && again.dims == npy.dims && again.kind == 'f' && again.size == 4);
    for (size_t i = 0; i < npy.count; i++) {
        float value = (float)tl__npy_at(&again, i);
        fuzz_must(memcmp(&value, &values[i], sizeof value) == 0 || (value != value && values[i] != values[i]));
    }
    tl__buffer_free(&out);
    tl__free(&heap, values, (npy.count + 1) * sizeof *values);
    fuzz_must(heap.in_use == 0);
    return 0;
}
