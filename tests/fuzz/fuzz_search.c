/* Blocks of a config that are read when their command begins. First byte even: a search: block over names of the
 * caller's own, of which a few trials are asked for and told. Odd: a whole config's search:, experiments: and
 * analytics.alerts. */
#include "fuzz/metadata.h"
#include "lab/experiment.h"
#include "lab/search.h"
#include "train/alerts.h"

static void ask(tl_context *context, const char *text)
{
    tl_search *search;
    tl_error error = {0};
    double values[TL__SPACE_AXES];
    int64_t trial;
    if (tl_search_new(context, text, 1, &search, &error) != TL_OK) {
        fuzz_must(error.message[0] != '\0');
        return;
    }
    for (int i = 0; i < 6; i++) {
        if (tl_search_ask(search, &trial, values, &error) != TL_OK) break;
        fuzz_must(trial == i);
        fuzz_must(tl_search_tell(search, trial, i == 2 ? 0.0 / 0.0 : values[0] * values[0], &error) == TL_OK);
    }
    tl_search_free(search);
}

static void blocks(tl_context *context, const char *text, size_t size)
{
    static tl__alert_rules rules;
    tl__config *config;
    tl__search search;
    tl_error error = {0};
    const tl_options options = TL_OPTIONS;
    if (tl__config_parse(context, text, size, "fuzz.yaml", "", NULL, 0, false, NULL, &config, &error) != TL_OK) return;
    if (tl__search_of_config(config, &search, &error) != TL_OK) fuzz_must(error.message[0] != '\0');
    error = (tl_error){0};
    size_t count = tl__experiment_count(config, &options, &error);
    fuzz_must(count > 0 || error.message[0] != '\0');
    for (size_t i = 0; i < count && i < 4; i++) {
        tl__experiment experiment;
        tl__arena arena;
        tl__arena_init(&arena, &context->heap);
        error = (tl_error){0};
        if (tl__experiment_read(config, &options, i, &experiment, &error) == TL_OK) {
            fuzz_must(experiment.runs > 0 && tl__experiment_id(&experiment, experiment.runs - 1, &arena) != NULL);
            for (size_t f = 0; f < experiment.factor_count; f++)
                fuzz_must(tl__experiment_set(&experiment, 0, f, &arena) != NULL);
        } else {
            fuzz_must(error.message[0] != '\0');
        }
        tl__arena_free(&arena);
    }
    error = (tl_error){0};
    if (tl__alerts_read(config->settings.analytics.alerts, "fuzz.yaml", &rules, &error) != TL_OK)
        fuzz_must(error.message[0] != '\0');
    tl__config_free(config);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (size < 1) return 0;
    tl_context *context = fuzz_context();
    size_t before = tl_context_memory(context);
    char *text = fuzz_text(bytes + 1, size - 1);
    if (bytes[0] % 2) blocks(context, text, size - 1);
    else ask(context, text);
    free(text);
    fuzz_must(tl_context_memory(context) == before);
    tl_context_free(context);
    return 0;
}
