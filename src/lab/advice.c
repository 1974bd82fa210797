/* train:configure --apply-advice: the settings of a run with what its diagnosis says should change. Each change is
 * tried by itself; one that the config does not take is left out and said. */
#include "lab/advice.h"

#include "base/text.h"
#include "lab/config.h"
#include "lab/folder.h"

enum { ADVICE_CHANGES = 16 };

typedef struct advice_state {
    tl_context *context;
    tl__arena *arena;
    const char *folder;
    const char *set[ADVICE_CHANGES + 1];
    size_t count;
    tl__buffer *text;
} advice_state;

static bool advice_has(const advice_state *a, const char *path)
{
    size_t size = strlen(path);
    for (size_t i = 0; i < a->count; i++)
        if (strncmp(a->set[i], path, size) == 0 && a->set[i][size] == '=') return true;
    return false;
}

/* The first cause that speaks of a setting decides it. */
static tl_status advice_change(advice_state *a, const tl_value *change, tl_error *error)
{
    const char *path = tl_value_text(tl_value_get(change, "setting"), "");
    const char *from = tl_value_text(tl_value_get(change, "from"), "");
    const char *to = tl_value_text(tl_value_get(change, "to"), "");
    tl__config *config;
    tl_error why = {0};
    if (a->count == ADVICE_CHANGES || advice_has(a, path)) return TL_OK;
    const char *set = tl__arena_format(a->arena, "%s=%s", path, to);
    if (!set) return tl__fail_memory(error, strlen(path));
    a->set[a->count] = set;
    tl_status status = tl__config_read(a->context, a->folder, a->set, a->count + 1, &config, &why);
    if (status == TL_OUT_OF_MEMORY) return tl__fail_memory(error, 0);
    if (status == TL_OK) {
        tl__config_free(config);
        a->count++;
    }
    tl__buffer_format(a->text, "# %s%s: %s -> %s\n", status == TL_OK ? "" : "not possible here: ", path, from, to);
    return TL_OK;
}

static tl_status advice_causes(advice_state *a, const tl_value *result, tl_error *error)
{
    const tl_value *causes = tl_value_get(result, "causes");
    tl__buffer_format(a->text, "# The settings of %s with what its diagnosis says.\n", a->folder);
    for (size_t i = 0; i < tl_value_count(causes); i++) {
        const tl_value *cause = tl_value_at(causes, i), *changes = tl_value_get(cause, "changes");
        tl__buffer_format(a->text, "# %s (%s evidence)\n", tl_value_text(tl_value_get(cause, "sentence"), ""),
                          tl_value_text(tl_value_get(cause, "evidence"), ""));
        for (size_t k = 0; k < tl_value_count(changes); k++)
            TL_TRY(advice_change(a, tl_value_at(changes, k), error));
    }
    if (a->count == 0) tl__buffer_text(a->text, "# There is nothing to change.\n");
    return TL_OK;
}

static tl_status advice_write(advice_state *a, const char *run, const tl_options *options, tl_error *error)
{
    tl__run_place place;
    tl_value *result;
    tl__config *config;
    TL_TRY(tl__run_find(a->context, a->arena, run, options, &place, error));
    TL_TRY(tl_diagnose(a->context, run, options, &result, error));
    a->folder = place.folder;
    tl_status status = advice_causes(a, result, error);
    tl_value_free(a->context, result);
    if (status != TL_OK) return status;
    TL_TRY(tl__config_read(a->context, a->folder, a->set, a->count, &config, error));
    status = tl__config_write(config, ".", a->text, error);
    tl__config_free(config);
    return status;
}

TL_PRIV tl_status tl__advice(tl_context *context, const tl_options *options, tl__builder *builder, tl_value *root,
                             tl_error *error)
{
    tl__arena arena;
    tl__buffer text;
    tl__arena_init(&arena, &context->heap);
    tl__buffer_init(&text, &context->heap);
    advice_state a = {.context = context, .arena = &arena, .text = &text};
    tl_status status = advice_write(&a, options->apply_advice, options, error);
    if (status == TL_OK) {
        tl_value *list = tl__put_list(builder, root, "changes");
        for (size_t i = 0; i < a.count; i++) tl__put_text(builder, list, NULL, a.set[i]);
        if (!text.failed) tl__put_text_n(builder, root, "text", text.data, text.size);
        if (text.failed || builder->failed) status = tl__fail_memory(error, text.size);
    }
    tl__buffer_free(&text);
    tl__arena_free(&arena);
    return status;
}
