/* check_safetensors IN OUT: read a file and write what was read. For check_safetensors.py. */
#include <stdio.h>
#include <stdlib.h>

#include "text/safetensors.h"

static tl_status write_file(void *file, const void *bytes, size_t size, tl_error *error)
{
    (void)error;
    return size == 0 || fwrite(bytes, 1, size, file) == size ? TL_OK : TL_IO;
}

int main(int argc, char **argv)
{
    enum { LIMIT = 1 << 20 };
    tl__heap heap;
    tl__safetensors file;
    tl_error error = {0};
    FILE *in = argc == 3 ? fopen(argv[1], "rb") : NULL, *out = argc == 3 ? fopen(argv[2], "wb") : NULL;
    char *bytes = malloc(LIMIT);
    if (in == NULL || out == NULL || bytes == NULL) return fprintf(stderr, "usage: check_safetensors IN OUT\n"), 2;
    tl__heap_init(&heap, NULL, 0);
    if (tl__safetensors_read(&file, &heap, bytes, fread(bytes, 1, LIMIT, in), argv[1], &error) != TL_OK)
        return fprintf(stderr, "%s\n", error.message), 1;
    size_t keys = tl_value_count(file.metadata);
    tl__tensor_source *sources = calloc(file.count + 1, sizeof *sources);
    tl__metadata *metadata = calloc(keys + 1, sizeof *metadata);
    for (size_t i = 0; i < file.count; i++) {
        const tl__tensor_view *view = &file.tensors[i];
        sources[i] = (tl__tensor_source){.name = view->name, .dtype = view->dtype, .rank = view->rank, .data = view->bytes};
        memcpy(sources[i].shape, view->shape, sizeof view->shape);
    }
    for (size_t i = 0; i < keys; i++)
        metadata[i] = (tl__metadata){tl_value_key_at(file.metadata, i), tl_value_text(tl_value_at(file.metadata, i), "")};
    tl_status status = tl__safetensors_write(&heap, sources, file.count, metadata, keys, write_file, out, &error);
    if (status != TL_OK) fprintf(stderr, "%s\n", error.message);
    tl__safetensors_free(&file);
    free(sources);
    free(metadata);
    free(bytes);
    fclose(in);
    return fclose(out) != 0 || status != TL_OK || heap.in_use != 0;
}
