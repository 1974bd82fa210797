/* JSON: what is accepted reads back the same from one line and from many. */
#include "fuzz/fuzz.h"
#include "text/yaml.h"

static void round_trip(tl__heap *heap, const tl_value *value, int indent)
{
    tl__tree *again;
    tl__buffer out;
    tl__buffer_init(&out, heap);
    fuzz_must(tl__tree_new(heap, "again", &again) == TL_OK);
    tl__json_write(&out, value, indent);
    fuzz_must(!out.failed && tl__json_parse(again, out.data, out.size, NULL) == TL_OK);
    fuzz_must(tl__value_equal(value, &again->root));
    tl__buffer_free(&out);
    tl__tree_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    tl__heap heap;
    tl__tree *tree;
    tl_error error = {0};
    tl__heap_init(&heap, NULL, FUZZ_MEMORY);
    fuzz_must(tl__tree_new(&heap, "fuzz", &tree) == TL_OK);
    if (tl__json_parse(tree, (const char *)bytes, size, &error) == TL_OK) {
        round_trip(&heap, &tree->root, 0);
        round_trip(&heap, &tree->root, 2);
    } else {
        fuzz_must(error.message[0] != '\0' && error.line > 0);
    }
    tl__tree_free(tree);
    fuzz_must(heap.in_use == 0);
    return 0;
}
