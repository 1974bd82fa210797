/* YAML: what is accepted reads back the same; the same text as settings in flow form must not crash either. */
#include "fuzz/fuzz.h"
#include "text/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    tl__heap heap;
    tl__tree *tree, *again;
    tl__buffer out;
    tl_error error = {0};
    tl__heap_init(&heap, NULL, FUZZ_MEMORY);
    tl__buffer_init(&out, &heap);
    fuzz_must(tl__tree_new(&heap, "fuzz", &tree) == TL_OK);
    fuzz_must(tl__tree_new(&heap, "again", &again) == TL_OK);
    tl__yaml_parse_settings(tree, (const char *)bytes, size, NULL);
    if (tl__yaml_parse(tree, (const char *)bytes, size, &error) == TL_OK) {
        tl__yaml_write(&out, &tree->root, 0);
        fuzz_must(!out.failed && tl__yaml_parse(again, out.data, out.size, NULL) == TL_OK);
        fuzz_must(tl__value_equal(&tree->root, &again->root));
    } else {
        fuzz_must(error.message[0] != '\0' && error.line > 0);
    }
    tl__buffer_free(&out);
    tl__tree_free(again);
    tl__tree_free(tree);
    fuzz_must(heap.in_use == 0);
    return 0;
}
