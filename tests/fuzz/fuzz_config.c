/* A whole config: YAML, aliases, --set (the first line), binding to all settings. What is accepted is written and read
 * again to the same settings. */
#include "fuzz/fuzz.h"
#include "lab/config.h"

static tl_status parse(tl_context *context, const char *text, size_t size, const char *const *set, size_t sets,
                       tl__config **out, tl_error *error)
{
    return tl__config_parse(context, text, size, "fuzz.yaml", "", set, sets, false, NULL, out, error);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const uint8_t *end = size > 0 ? memchr(bytes, '\n', size) : NULL;
    size_t line = end != NULL ? (size_t)(end - bytes) : 0, skip = end != NULL ? line + 1 : 0;
    char set[256];
    const char *sets[] = {set};
    tl_context_options options = TL_CONTEXT_OPTIONS;
    tl__config *config, *again;
    tl_error error = {0};
    options.threads = 1;
    options.memory_limit = FUZZ_MEMORY;
    if (line >= sizeof set) return 0;
    memcpy(set, bytes, line);
    set[line] = '\0';
    tl_context *context = tl_context_new(&options);
    fuzz_must(context != NULL);
    size_t before = tl_context_memory(context);
    if (parse(context, (const char *)bytes + skip, size - skip, sets, line > 0, &config, &error) == TL_OK) {
        tl__buffer first, second;
        tl__buffer_init(&first, &context->heap);
        tl__buffer_init(&second, &context->heap);
        fuzz_must(tl__config_write(config, "", &first, NULL) == TL_OK);
        if (parse(context, first.data, first.size, NULL, 0, &again, &error) != TL_OK) fuzz_must(false);
        fuzz_must(tl__config_write(again, "", &second, NULL) == TL_OK);
        fuzz_must(first.size == second.size && memcmp(first.data, second.data, first.size) == 0);
        tl__buffer_free(&first);
        tl__buffer_free(&second);
        tl__config_free(again);
        tl__config_free(config);
    } else {
        fuzz_must(error.message[0] != '\0' && error.mistakes > 0);
    }
    fuzz_must(tl_context_memory(context) == before);
    tl_context_free(context);
    return 0;
}
