/* train:status: status.json as it is now, and what can be done about it. */
#include "base/text.h"
#include "lab/folder.h"

static const char *command_status_advice(tl__arena *arena, const char *state, const char *folder)
{
    if (tl__same_text(state, "crashed"))
        return tl__arena_format(arena, "its process is gone; 'trainlib train:run --resume %s' goes on from its last "
                                "checkpoint", folder);
    if (tl__same_text(state, "interrupted"))
        return tl__arena_format(arena, "'trainlib train:run --resume %s' goes on with it", folder);
    return "";
}

TL_API tl_status tl_run_status(tl_context *context, const char *run, const tl_options *options, tl_value **out,
                               tl_error *error)
{
    static const tl_options defaults = TL_OPTIONS;
    tl__arena arena;
    tl__run_place place;
    tl__tree *tree = NULL;
    tl__arena_init(&arena, &context->heap);
    tl_status status = tl__run_find(context, &arena, run, options ? options : &defaults, &place, error);
    if (status == TL_OK && !place.folder)
        status = tl__fail(error, TL_INVALID, "%s is a model file; the status is that of a run folder.", run);
    if (status == TL_OK) status = tl__run_state(context, place.folder, &tree, error);
    if (status == TL_OK) {
        tl__builder builder;
        const char *state = tl_value_text(tl_value_get(&tree->root, "state"), "");
        const char *advice = command_status_advice(&arena, state, place.folder);
        tl_value *folder = tl__value_child(&tree->root, "run");
        tl__builder_init(&builder, tree);
        if (folder) tl__value_detach(&tree->root, folder);    /* it may have moved since */
        tl__put_text(&builder, &tree->root, "run", place.folder);
        if (!advice) builder.failed = true;
        else if (*advice) tl__put_text(&builder, &tree->root, "advice", advice);
        if (builder.failed) status = tl__fail_memory(error, 0);
    }
    tl__arena_free(&arena);
    if (status != TL_OK && tree) tl__tree_free(tree);
    if (status == TL_OK) *out = &tree->root;
    return status;
}
