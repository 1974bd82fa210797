/* Files that are only appended to, by the first byte: lines as such, the index of a store of versions, the journal of a
 * search. What is read can be appended to and read again; what is refused is refused with a message. */
#include "fuzz/folder.h"
#include "lab/lines.h"
#include "lab/trials.h"
#include "lab/versions.h"
#include "text/yaml.h"

static void lines(tl_context *context, const uint8_t *bytes, size_t size)
{
    tl__tree *tree, *again;
    tl__buffer text;
    tl_error error = {0};
    const char *path = fuzz_file("lines.jsonl", bytes, size);
    if (tl__lines_read(context, path, &tree, &error) != TL_OK) {
        fuzz_must(error.message[0] != '\0');
        return;
    }
    tl__buffer_init(&text, &context->heap);
    tl__buffer_text(&text, "{\"more\":1}\n");
    fuzz_must(tl__lines_append(context, path, &text, NULL) == TL_OK);
    fuzz_must(tl__lines_read(context, path, &again, NULL) == TL_OK);
    fuzz_must(again->root.count == tree->root.count + 1);
    fuzz_must(tl_value_integer(tl_value_get(tl_value_at(&again->root, tree->root.count), "more"), 0) == 1);
    tl__buffer_free(&text);
    tl__tree_free(again);
    tl__tree_free(tree);
}

static void versions(tl_context *context, const uint8_t *bytes, size_t size)
{
    tl__versions store;
    const tl__version *found;
    tl_error error = {0};
    fuzz_must(tl__folder_make(fuzz_path("output/versions"), NULL) == TL_OK);
    fuzz_file("output/versions/index.jsonl", bytes, size);
    if (tl__versions_open(&store, context, fuzz_folder(), "output", &error) == TL_OK) {
        for (size_t i = 0; i < store.count; i++) {
            const tl__version *version = &store.list[i];
            fuzz_must(strlen(version->id) == 64 && strlen(version->object) == 64 && version->name[0] != '\0');
            if (version->tag[0]) tl__versions_find(&store, version->tag, &found, &error);
            if (!version->removed) fuzz_must(tl__versions_find(&store, version->id, &found, &error) == TL_OK);
        }
    } else {
        fuzz_must(error.message[0] != '\0');
    }
    tl__versions_close(&store);
}

static void trials(tl_context *context, const uint8_t *bytes, size_t size)
{
    static const char block[] = "method: tpe, trials: 6, parameters: {a: {min: 0, max: 1}, b: [1, 2, x]}";
    tl__search search;
    tl__trials journal = {0};
    tl__tree *tree;
    tl__arena arena;
    double points[12] = {0};
    int64_t trial = -1;
    tl_error error = {0};
    tl__arena_init(&arena, &context->heap);
    fuzz_must(tl__tree_new(&context->heap, NULL, &tree) == TL_OK);
    fuzz_ok(tl__yaml_parse_settings(tree, block, strlen(block), &error), &error);
    fuzz_ok(tl__search_read(&tree->root, NULL, NULL, 1, &arena, &search, &error), &error);
    fuzz_file("trials.jsonl", bytes, size);
    tl_status status = tl__trials_open(context, &search, fuzz_folder(), "fuzz", "fuzz", &journal, &error);
    if (status == TL_OK) status = tl__trials_claim(&journal, 0, 6, points, NULL, NULL, &trial, &error);
    fuzz_must(status == TL_OK || error.message[0] != '\0');
    fuzz_must(trial < 6 && (status != TL_OK || journal.best < 6));
    for (int64_t i = 0; status == TL_OK && i < 6; i++) tl__trials_loss(&journal, i);
    tl__trials_close(&journal);
    tl__tree_free(tree);
    tl__arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static void (*const readers[])(tl_context *, const uint8_t *, size_t) = {lines, versions, trials};
    if (size < 1) return 0;
    tl_context *context = fuzz_context();
    size_t before = tl_context_memory(context);
    readers[bytes[0] % 3](context, bytes + 1, size - 1);
    fuzz_must(tl_context_memory(context) == before);
    tl_context_free(context);
    return 0;
}
