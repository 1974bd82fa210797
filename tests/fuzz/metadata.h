/* A good safetensors file with some of its metadata replaced: the lines "key value" of a text. */
#ifndef TESTS_FUZZ_METADATA_H
#define TESTS_FUZZ_METADATA_H

#include "fuzz/folder.h"
#include "kernels/hash.h"
#include "text/safetensors.h"

enum { FUZZ_KEYS = 24, FUZZ_TENSORS = 64, FUZZ_LINES = 16 };

/* The text is cut at its line ends. The tensors' hash is made to fit. false: what is no UTF-8 cannot be written. */
static inline bool fuzz_metadata(tl__heap *heap, const tl__safetensors *file, char *text, tl__buffer *out)
{
    tl__metadata metadata[FUZZ_KEYS] = {{0}};
    tl__tensor_source sources[FUZZ_TENSORS] = {{0}};
    tl__sha256 sha;
    char hash[65];
    size_t count = 0;
    fuzz_must(file->count <= FUZZ_TENSORS && tl_value_count(file->metadata) <= FUZZ_KEYS);
    tl__sha256_begin(&sha);
    for (size_t i = 0; i < file->count; i++) {
        const tl__tensor_view *view = &file->tensors[i];
        sources[i] = (tl__tensor_source){.name = view->name, .dtype = view->dtype, .rank = view->rank, .data = view->bytes};
        memcpy(sources[i].shape, view->shape, sizeof view->shape);
        tl__sha256_add(&sha, view->bytes, view->size);
    }
    tl__sha256_hex(&sha, hash);
    for (const tl_value *item = file->metadata->first; item; item = item->next)
        metadata[count++] = (tl__metadata){item->key, item->text};
    char *line = text, *end;
    for (int lines = 0; *line && lines < FUZZ_LINES; line = end, lines++) {
        end = line + strcspn(line, "\n");
        if (*end) *end++ = '\0';
        char *value = strchr(line, ' ');
        if (!value) continue;
        *value++ = '\0';
        for (size_t i = 0; i < count; i++)
            if (strcmp(metadata[i].key, line) == 0) metadata[i].value = value;
    }
    for (size_t i = 0; i < count; i++)
        if (strcmp(metadata[i].key, "tensors_sha256") == 0) metadata[i].value = hash;
    return tl__safetensors_write(heap, sources, file->count, metadata, count, tl__write_to_buffer, out, NULL) == TL_OK;
}

/* The input as a text that ends. */
static inline char *fuzz_text(const uint8_t *bytes, size_t size)
{
    char *text = malloc(size + 1);
    fuzz_must(text != NULL);
    if (size) memcpy(text, bytes, size);
    text[size] = '\0';
    return text;
}

#endif
