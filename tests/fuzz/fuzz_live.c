/* What others ask of a run that is on, by the first byte: control.json, the record of changes that a resumed run reads,
 * its config file written anew. What cannot be is refused with a sentence, the run goes on, and nothing is left. */
#include "fuzz/folder.h"
#include "lab/live.h"
#include "lab/session.h"

static const char config_text[] = "data: {file: d.csv, target: y, split: {validation: 0.25}}\n"
                                  "network: {layers: [{type: hidden, nodes: 3}, {type: output}]}\n"
                                  "training: {batch_size: 4, epochs: 2}\n";
static const char table[] = "a,b,y\n1,2,n\n2,1,p\n3,4,n\n4,3,p\n5,6,n\n6,5,p\n7,8,n\n8,7,p\n1,3,n\n3,1,p\n2,4,n\n4,2,p\n";

static void begin(tl_context *context, tl__config **config, tl__session *session)
{
    const tl__trainer_options nothing = {.run = ""};
    tl_error error = {0};
    fuzz_file("d.csv", table, sizeof table - 1);
    const char *path = fuzz_file("config.yaml", config_text, sizeof config_text - 1);
    fuzz_ok(tl__config_read(context, path, NULL, 0, config, &error), &error);
    fuzz_ok(tl__session_open(context, *config, NULL, session, &error), &error);
    fuzz_ok(tl__session_train(session, &nothing, &error), &error);
}

static void look(tl__live *live, const uint8_t *bytes, size_t size, bool config)
{
    tl_error error = {0};
    if (config) {
        fuzz_file("config.yaml", bytes, size);
        live->mark.size = (uint64_t)-1;
    } else {
        fuzz_file("control.json", bytes, size);
    }
    tl_cancel(live->context);    /* so that a pause does not wait */
    fuzz_must(tl__live_look(live, &error) == TL_OK);
    if (config) return;
    fuzz_must(!tl__file_exists(fuzz_path("control.json")) && tl__file_exists(fuzz_path("control_answer.json")));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const tl_options options = TL_OPTIONS;
    const tl_progress progress = {.state = "training"};
    tl__config *config;
    tl__session session = {0};
    tl__arena arena;
    tl__journal journal = {0};
    tl_error error = {0};
    if (size < 1) return 0;
    int kind = bytes[0] % 3;
    tl_context *context = fuzz_context();
    size_t before = tl_context_memory(context);
    begin(context, &config, &session);
    tl__arena_init(&arena, &context->heap);
    tl__live live = {.arena = &arena, .options = &options, .folder = fuzz_folder(), .journal = &journal, .progress = &progress};
    if (kind == 2) live.file = fuzz_path("config.yaml");
    if (kind == 1) fuzz_file("changes.jsonl", bytes + 1, size - 1);
    else tl__file_remove(fuzz_path("changes.jsonl"), NULL);
    if (tl__live_open(&live, &session, NULL, &error) != TL_OK) fuzz_must(kind == 1 && error.message[0] != '\0');
    else if (kind != 1) look(&live, bytes + 1, size - 1, kind == 2);
    tl__live_close(&live);
    tl__session_close(&session);
    tl__config_free(config);
    tl__arena_free(&arena);
    fuzz_must(tl_context_memory(context) == before);
    tl_context_free(context);
    return 0;
}
