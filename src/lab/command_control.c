/* Asking something of a run that is on, in another process or thread: a request goes into its folder, and its answer is
 * waited for (lab/live.h). Of a run of many models those that are at work are asked. */
#include "base/text.h"
#include "lab/folder.h"
#include "lab/live.h"
#include "lab/many.h"
#include "lab/path.h"
#include "port/port.h"

enum { COMMAND_CONTROL_WAIT = 30000, COMMAND_CONTROL_NAP = 20 };    /* milliseconds */

typedef struct command_control {
    tl_context *context;
    const char *folder, *request;    /* request: what the answer names */
    const char *asked, *answered;    /* paths */
} command_control;

static tl_status command_control_running(const command_control *control, tl_error *error)
{
    tl__tree *tree;
    TL_TRY(tl__run_state(control->context, control->folder, &tree, error));
    bool running = tl_value_bool(tl_value_get(&tree->root, "running"), false);
    tl_status status = running ? TL_OK : tl__fail(error, TL_NOT_FOUND, "%s is not being trained (%s); only a run that "
                                                  "is on can be changed.", control->folder,
                                                  tl_value_text(tl_value_get(&tree->root, "state"), ""));
    tl__tree_free(tree);
    return status;
}

static tl_status command_control_ask(const command_control *control, const char *what, const tl_options *options,
                                     tl_error *error)
{
    tl__tree *tree;
    tl__builder builder;
    if (tl__tree_new(&control->context->heap, NULL, &tree) != TL_OK) return tl__fail_memory(error, sizeof *tree);
    tl__builder_init(&builder, tree);
    tl_value *root = tl__put_map(&builder, NULL, NULL);
    tl__put_text(&builder, root, "request", control->request);
    tl__put_text(&builder, root, "origin", options->set_count ? "train:configure --set" : "train:status");
    tl_value *set = options->set_count ? tl__put_list(&builder, root, "set") : NULL;
    for (size_t i = 0; i < options->set_count; i++) tl__put_text(&builder, set, NULL, options->set[i]);
    if (what) tl__put_text(&builder, root, "do", what);
    tl_status status = builder.failed ? tl__fail_memory(error, 256)
                                      : tl__json_save(control->context, root, control->asked, false, error);
    tl__tree_free(tree);
    return status;
}

/* The answer to this request; TL_NOT_FOUND: not yet. */
static tl_status command_control_answer(const command_control *control, tl__tree **out)
{
    tl__tree *tree;
    if (!tl__file_exists(control->answered)) return TL_NOT_FOUND;
    if (tl__json_read(control->context, control->answered, &tree, NULL) != TL_OK) return TL_NOT_FOUND;
    if (tl__same_text(tl_value_text(tl_value_get(&tree->root, "request"), ""), control->request)) {
        *out = tree;
        return TL_OK;
    }
    tl__tree_free(tree);
    return TL_NOT_FOUND;
}

/* An earlier request of someone else goes first. */
static tl_status command_control_wait(const command_control *control, bool for_answer, tl__tree **out, tl_error *error)
{
    for (int waited = 0; waited < COMMAND_CONTROL_WAIT; waited += COMMAND_CONTROL_NAP) {
        if (for_answer ? command_control_answer(control, out) == TL_OK : !tl__file_exists(control->asked)) return TL_OK;
        if (waited % 1000 == 0 && for_answer) {
            tl_status status = command_control_running(control, error);
            if (status != TL_OK) return command_control_answer(control, out) == TL_OK ? TL_OK : status;
        }
        tl__sleep(1000 * COMMAND_CONTROL_NAP);
    }
    return tl__fail(error, TL_IO, "%s does not answer; it may be between epochs, or read its data. It takes the "
                    "request when it comes to its next step.", control->folder);
}

static tl_status command_control_all(command_control *control, const char *what, const tl_options *options,
                                     tl__tree **out, tl_error *error)
{
    TL_TRY(command_control_running(control, error));
    TL_TRY(command_control_wait(control, false, NULL, error));
    TL_TRY(command_control_ask(control, what, options, error));
    TL_TRY(command_control_wait(control, true, out, error));
    if (tl_value_bool(tl_value_get(&(*out)->root, "accepted"), false)) return TL_OK;
    tl_status status = tl__fail(error, TL_BAD_CONFIG, "refused: %s", tl_value_text(tl_value_get(&(*out)->root,
                                                                                             "message"), ""));
    tl__tree_free(*out);
    *out = NULL;
    return status;
}

static tl_status command_control_one(tl_context *context, tl__arena *arena, const char *folder, const char *what,
                                     const tl_options *options, tl__tree **out, tl_error *error)
{
    command_control control = {context, folder, NULL, NULL, NULL};
    control.request = tl__arena_format(arena, "%ld-%lld", tl__process_id(), (long long)tl__ticks());
    control.asked = tl__path_join(arena, folder, "control.json");
    control.answered = tl__path_join(arena, folder, "control_answer.json");
    if (!control.request || !control.asked || !control.answered) return tl__fail_memory(error, 256);
    return command_control_all(&control, what, options, out, error);
}

/* Each model that is being trained now; *out is the last answer. TL_NOT_FOUND: none is. */
static tl_status command_control_parts(tl_context *context, tl__arena *arena, const char *folder, const tl__many *many,
                                       const char *what, const tl_options *options, tl__tree **out, tl_error *error)
{
    bool any = false;
    for (size_t i = 0; i < many->count; i++) {
        tl__tree *answer = NULL;
        const char *part = tl__path_join(arena, folder, many->ones[i].name);
        if (!part) return tl__fail_memory(error, 256);
        if (!tl__folder_exists(part)) continue;
        tl_status status = command_control_one(context, arena, part, what, options, &answer, error);
        if (status == TL_NOT_FOUND) continue;    /* it has ended, or is not begun */
        if (status != TL_OK) return status;
        any = true;
        tl__tree_free(*out);
        *out = answer;
    }
    return any ? TL_OK : TL_NOT_FOUND;
}

static tl_status command_control_many(tl_context *context, tl__arena *arena, const char *folder, const tl__many *many,
                                      const char *what, const tl_options *options, tl__tree **out, tl_error *error)
{
    const command_control whole = {context, folder, NULL, NULL, NULL};
    if (options->set_count)
        return tl__fail(error, TL_BAD_CONFIG, "the models of %s are trained by the same settings, so they do not "
                        "change while it is on.", folder);
    for (int waited = 0; waited < COMMAND_CONTROL_WAIT; waited += COMMAND_CONTROL_NAP) {
        TL_TRY(command_control_running(&whole, error));
        tl_status status = command_control_parts(context, arena, folder, many, what, options, out, error);
        if (status != TL_NOT_FOUND) return status;
        tl__sleep(1000 * COMMAND_CONTROL_NAP);
    }
    return tl__fail(error, TL_IO, "%s does not answer: no model of it is being trained now.", folder);
}

static tl_status command_control_run(tl_context *context, tl__arena *arena, const char *folder, const char *what,
                                     const tl_options *options, tl__tree **out, tl_error *error)
{
    tl__config *config;
    tl__many many = {0};
    if (tl__config_read(context, folder, NULL, 0, &config, NULL) == TL_OK) {
        if (tl__many_of(config, arena, &many, NULL) != TL_OK) many.count = 0;
        tl__config_free(config);
    }
    return many.count ? command_control_many(context, arena, folder, &many, what, options, out, error)
                      : command_control_one(context, arena, folder, what, options, out, error);
}

TL_API tl_status tl_run_control(tl_context *context, const char *run, const char *what, const tl_options *options,
                                tl_value **out, tl_error *error)
{
    static const tl_options defaults = TL_OPTIONS;
    const tl_options *o = options ? options : &defaults;
    tl__arena arena;
    tl__run_place place;
    tl__tree *tree = NULL;
    tl__arena_init(&arena, &context->heap);
    tl_status status = tl__run_find(context, &arena, run, o, &place, error);
    if (status == TL_OK && !place.folder) status = tl__fail(error, TL_INVALID, "%s is not a run folder.", run);
    if (status == TL_OK && !what && !o->set_count)
        status = tl__fail(error, TL_INVALID, "nothing is asked of %s.", place.folder);
    if (status == TL_OK) status = command_control_run(context, &arena, place.folder, what, o, &tree, error);
    tl__arena_free(&arena);
    if (status == TL_OK) *out = &tree->root;
    return status;
}
