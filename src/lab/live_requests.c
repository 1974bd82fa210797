/* What others ask of a run: control.json in its folder, and the config file that it was started with. */
#include "lab/live.h"

#include "base/text.h"
#include "lab/folder.h"
#include "lab/path.h"
#include "text/value.h"

enum { LIVE_REQUESTS_NAP = 50000 };    /* microseconds, while a run is paused */

TL_PRIV bool tl__live_mark(const char *file, tl__file_mark *out)
{
    return tl__file_exists(file) && tl__file_size(file, &out->size, NULL) == TL_OK &&
        tl__file_modified(file, &out->modified, NULL) == TL_OK;
}

/* ---- the config file ---- */

/* The settings of results that differ, as "path=value"; *out NULL: memory is out. */
static size_t live_requests_compare(tl__live *live, const tl__config *was, const tl__config *is,
                                    const char *const **out)
{
    tl__tree *tree;
    tl__builder builder;
    size_t count = 0;
    *out = NULL;
    if (tl__tree_new(&live->context->heap, NULL, &tree) != TL_OK) return 0;
    tl__builder_init(&builder, tree);
    tl_value *root = tl__put_map(&builder, NULL, NULL), *map = tl__put_map(&builder, root, "set");
    const tl_value *a = tl__config_results(was, &builder, root, "was");
    const tl_value *b = tl__config_results(is, &builder, root, "is");
    tl_value *list = tl__put_list(&builder, root, "differences");
    if (!builder.failed) tl__value_differences(&builder, list, "", a, b);
    for (const tl_value *row = list ? list->first : NULL; row; row = row->next)
        tl__put_copy(&builder, map, tl_value_text(tl_value_get(row, "setting"), ""), tl_value_get(row, "b"));
    if (!builder.failed) count = tl__live_texts(live->context, live->arena, map, out);
    tl__tree_free(tree);
    return count;
}

static tl_status live_requests_reload(tl__live *live, tl_error *why)
{
    const char *const *set;
    tl__config *file;
    TL_TRY(tl__config_read(live->context, live->file, live->options->set, live->options->set_count, &file, why));
    size_t count = live_requests_compare(live, live->file_config ? live->file_config : live->config, file, &set);
    tl_status status = !set ? tl__fail_memory(why, 256) : count ? tl__live_take(live, set, count, live->file, why)
                                                               : TL_OK;
    tl__config *old = status == TL_OK ? live->file_config : file;
    if (status == TL_OK) live->file_config = file;
    tl__config_free(old);
    return status;
}

/* ---- control.json ---- */

static tl_status live_requests_answer(tl__live *live, const tl_value *request, tl_status status, const tl_error *why,
                                      tl_error *error)
{
    tl__tree *tree;
    tl__builder builder;
    const char *path = tl__path_join(live->arena, live->folder, "control_answer.json");
    if (!path || tl__tree_new(&live->context->heap, NULL, &tree) != TL_OK) return tl__fail_memory(error, 256);
    tl__builder_init(&builder, tree);
    tl_value *root = tl__put_map(&builder, NULL, NULL);
    tl__put_text(&builder, root, "request", tl_value_text(tl_value_get(request, "request"), ""));
    tl__put_bool(&builder, root, "accepted", status == TL_OK);
    tl__put_integer(&builder, root, "step", tl__trainer_steps(live->trainer));
    tl__put_text(&builder, root, "message", status == TL_OK ? "" : why->message);
    status = builder.failed ? tl__fail_memory(error, 256) : tl__json_save(live->context, root, path, false, error);
    tl__tree_free(tree);
    return status;
}

static tl_status live_requests_do(tl__live *live, const char *what, tl_error *why)
{
    if (tl__same_text(what, "")) return TL_OK;
    if (tl__same_text(what, "checkpoint")) return tl__trainer_save(live->trainer, why);
    if (tl__same_text(what, "stop")) tl_cancel(live->context);
    else if (tl__same_text(what, "pause")) live->paused = true;
    else if (tl__same_text(what, "continue")) live->paused = false;
    else
        return tl__fail(why, TL_BAD_CONFIG, "'%.40s' is nothing that a run can do; it can pause, continue, stop or "
                        "checkpoint.", what);
    if (tl__same_text(what, "stop")) live->paused = false;
    return TL_OK;
}

static tl_status live_requests_handle(tl__live *live, const tl_value *request, tl_error *why)
{
    const tl_value *set = tl_value_get(request, "set");
    const char *origin = tl_value_text(tl_value_get(request, "origin"), "control.json"), *const *texts;
    if (request->kind != TL_MAP || (!set && !tl_value_get(request, "do")))
        return tl__fail(why, TL_BAD_CONFIG, "it asks for nothing; write {\"set\": {\"training.learning_rate\": 1e-4}} "
                        "or {\"do\": \"pause\"}.");
    size_t count = set ? tl__live_texts(live->context, live->arena, set, &texts) : 0;
    if (set && !texts) return tl__fail_memory(why, 256);
    if (count) TL_TRY(tl__live_take(live, texts, count, origin, why));
    return live_requests_do(live, tl_value_text(tl_value_get(request, "do"), ""), why);
}

/* A request that cannot be read or done is told, taken away and forgotten. */
static tl_status live_requests_control(tl__live *live, tl_error *error)
{
    char path[600];
    tl__tree *tree = NULL;
    tl_error why = {0};
    tl_value nothing = {.kind = TL_NULL};
    if (tl__format(path, sizeof path, "%s/control.json", live->folder) >= sizeof path || !tl__file_exists(path))
        return TL_OK;
    tl_status status = tl__json_read(live->context, path, &tree, &why);
    if (tl__file_remove(path, NULL) != TL_OK) status = tl__fail(&why, TL_IO, "%s cannot be removed", path);
    if (status == TL_OK) status = live_requests_handle(live, &tree->root, &why);
    if (status != TL_OK)
        tl__log_line(live->context, TL_LOG_WARNING, "refused, and going on as before: %s", why.message);
    tl_status answered = live_requests_answer(live, tree ? &tree->root : &nothing, status, &why, error);
    tl__tree_free(tree);
    return answered;
}

static void live_requests_file(tl__live *live)
{
    tl__file_mark mark;
    tl_error why = {0};
    if (!live->file || !tl__live_mark(live->file, &mark)) return;
    if (mark.size == live->mark.size && mark.modified == live->mark.modified) return;
    live->mark = mark;
    if (live_requests_reload(live, &why) != TL_OK)
        tl__log_line(live->context, TL_LOG_WARNING, "%s was changed; refused, and going on as before: %s", live->file,
                     why.message);
}

static tl_status live_requests_pause(tl__live *live, tl_error *error)
{
    int64_t step = tl__trainer_steps(live->trainer);
    tl_progress paused = *live->progress;
    paused.state = "paused";
    paused.epoch_end = false;
    tl__log_line(live->context, TL_LOG_INFO, "paused before step %lld", (long long)step + 1);
    while (live->paused && !tl__cancelled(live->context)) {
        TL_TRY(tl__journal_status(live->journal, &paused, NULL, true, error));
        for (int naps = 0; naps < 4 && live->paused; naps++) {
            tl__sleep(LIVE_REQUESTS_NAP);
            TL_TRY(live_requests_control(live, error));
            live_requests_file(live);
        }
    }
    tl__log_line(live->context, TL_LOG_INFO, "going on");
    return TL_OK;
}

TL_PRIV tl_status tl__live_look(tl__live *live, tl_error *error)
{
    if (live->folder) TL_TRY(live_requests_control(live, error));
    live_requests_file(live);
    return live->paused ? live_requests_pause(live, error) : TL_OK;
}
