/* safetensors: every byte of every tensor can be read, and what is accepted can be written and read again. The length
 * before the header is the fuzzer's too, but half of the inputs get the right one, so that it sees the inside. */
#include "fuzz/fuzz.h"
#include "text/safetensors.h"

static void round_trip(tl__heap *heap, const tl__safetensors *file)
{
    size_t keys = tl_value_count(file->metadata);
    tl__tensor_source *sources = tl__alloc_zero(heap, file->count + 1, sizeof *sources);
    tl__metadata *metadata = tl__alloc_zero(heap, keys + 1, sizeof *metadata);
    tl__buffer out;
    tl__safetensors again;
    fuzz_must(sources != NULL && metadata != NULL);
    tl__buffer_init(&out, heap);
    for (size_t i = 0; i < file->count; i++) {
        const tl__tensor_view *view = &file->tensors[i];
        sources[i] = (tl__tensor_source){.name = view->name, .dtype = view->dtype, .rank = view->rank, .data = view->bytes};
        memcpy(sources[i].shape, view->shape, sizeof view->shape);
    }
    size_t at = 0;
    bool plain = true;   /* a byte 0 inside cannot be passed as a C text */
    for (const tl_value *item = file->metadata != NULL ? file->metadata->first : NULL; item != NULL; item = item->next, at++) {
        metadata[at] = (tl__metadata){item->key, item->text};
        plain = plain && strlen(item->key) == item->key_size && strlen(item->text) == item->text_size;
    }
    if (plain) {
        fuzz_must(tl__safetensors_write(heap, sources, file->count, metadata, keys, tl__write_to_buffer, &out, NULL) == TL_OK);
        fuzz_must(tl__safetensors_read(&again, heap, out.data, out.size, "again", NULL) == TL_OK);
        fuzz_must(again.count == file->count);
        for (size_t i = 0; i < file->count; i++) {
            const tl__tensor_view *view = &file->tensors[i], *other = tl__safetensors_find(&again, view->name);
            fuzz_must(other != NULL && other->dtype == view->dtype && other->size == view->size && other->rank == view->rank);
            fuzz_must(view->size == 0 || memcmp(view->bytes, other->bytes, view->size) == 0);
        }
        tl__safetensors_free(&again);
    }
    tl__buffer_free(&out);
    tl__free(heap, sources, (file->count + 1) * sizeof *sources);
    tl__free(heap, metadata, (keys + 1) * sizeof *metadata);
}

static void check(tl__heap *heap, const uint8_t *bytes, size_t size)
{
    tl__safetensors file;
    tl_error error = {0};
    if (tl__safetensors_read(&file, heap, bytes, size, "fuzz", &error) == TL_OK) {
        round_trip(heap, &file);
        tl__safetensors_free(&file);
    } else {
        fuzz_must(error.message[0] != '\0' && file.tree == NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    tl__heap heap;
    tl__heap_init(&heap, NULL, FUZZ_MEMORY);
    check(&heap, bytes, size);
    const uint8_t *end = size > 8 ? memchr(bytes + 8, '\n', size - 8) : NULL;   /* a line end takes the place of the length */
    if (end != NULL) {
        uint8_t *copy = tl__alloc(&heap, size);
        fuzz_must(copy != NULL);
        memcpy(copy, bytes, size);
        for (int i = 0; i < 8; i++) copy[i] = (uint8_t)((uint64_t)(end - bytes - 8) >> (8 * i));
        check(&heap, copy, size);
        tl__free(&heap, copy, size);
    }
    fuzz_must(heap.in_use == 0);
    return 0;
}
