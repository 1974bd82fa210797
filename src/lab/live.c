/* What is changed while a run is on: the plan of it, the record of it, and the config that comes of it. */
#include "lab/live.h"

#include "base/text.h"
#include "lab/lines.h"
#include "lab/path.h"
#include "text/yaml.h"
#include "train/checkpoint.h"

enum { LIVE_LOOK = 200000000 };    /* nanoseconds */

/* ---- texts ---- */

TL_PRIV size_t tl__live_texts(tl_context *context, tl__arena *arena, const tl_value *set, const char *const **out)
{
    size_t count = tl_value_count(set), i = 0;
    const char **texts = tl__arena_push_zero(arena, count + 1, sizeof *texts);
    tl__buffer text;
    *out = texts;
    tl__buffer_init(&text, &context->heap);
    for (const tl_value *item = set ? set->first : NULL; item && *out; item = item->next, i++) {
        tl__buffer_clear(&text);
        if (item->key) tl__buffer_format(&text, "%s=", item->key);
        if (item->kind == TL_TEXT) tl__buffer_text(&text, tl_value_text(item, ""));
        else tl__json_write(&text, item, 0);
        texts[i] = text.failed ? NULL : tl__arena_copy(arena, text.data ? text.data : "", text.size);
        if (!texts[i]) *out = NULL;
    }
    tl__buffer_free(&text);
    return count;
}

/* ---- the config as it is now ---- */

TL_PRIV tl_status tl__live_config(const tl__live *live, const char *const *set, size_t count, tl__config **out,
                                  tl_error *error)
{
    tl__buffer text;
    tl__arena arena;
    size_t all = live->set_count + count;
    tl__arena_init(&arena, &live->context->heap);
    tl__buffer_init(&text, &live->context->heap);
    const char **sets = tl__arena_push_zero(&arena, all + 1, sizeof *sets);
    tl_status status = sets ? tl__config_write(live->config, "", &text, error) : tl__fail_memory(error, all);
    for (size_t i = 0; sets && i < all; i++) sets[i] = i < live->set_count ? live->set[i] : set[i - live->set_count];
    if (status == TL_OK)
        status = tl__config_parse(live->context, text.data, text.size, live->config->path, live->config->folder, sets,
                                  all, true, NULL, out, error);
    tl__buffer_free(&text);
    tl__arena_free(&arena);
    return status;
}

static tl_status live_check_paths(const tl__live *live, const char *const *set, size_t count, tl_error *error)
{
    for (size_t i = 0; i < count; i++) {
        const char *path = tl__config_not_live(set[i], live->arena);
        if (path)
            return tl__fail_at(error, TL_BAD_CONFIG, NULL, 0, 0, path, "%s cannot change in the middle of a run; what "
                               "can is marked in 'trainlib train:configure --explain training', such as "
                               "training.learning_rate.", path);
    }
    return TL_OK;
}

static tl_status live_keep(tl__live *live, const char *const *set, size_t count, tl_error *error)
{
    if (live->set_count + count > live->set_capacity) {
        size_t capacity = 2 * live->set_capacity + count;
        const char **grown = tl__arena_push_zero(live->arena, capacity, sizeof *grown);
        if (!grown) return tl__fail_memory(error, capacity * sizeof *grown);
        if (live->set_count) memcpy(grown, live->set, live->set_count * sizeof *grown);
        live->set = grown;
        live->set_capacity = capacity;
    }
    for (size_t i = 0; i < count; i++) {
        const char *text = tl__arena_text(live->arena, set[i]);
        if (!text) return tl__fail_memory(error, strlen(set[i]));
        live->set[live->set_count++] = text;
    }
    return TL_OK;
}

/* Into the trainer; again: a checkpoint that is read next knows of it. record: what is done before it acts. */
static tl_status live_act(tl__live *live, const char *const *set, size_t count, bool again,
                          tl_status (*record)(tl__live *live, const char *const *set, size_t count, const char *origin,
                                              tl_error *error),
                          const char *origin, tl_error *error)
{
    tl__config *config;
    TL_TRY(live_check_paths(live, set, count, error));
    TL_TRY(tl__live_config(live, set, count, &config, error));
    tl_status status = tl__trainer_may_adopt(live->trainer, &config->settings.train, error);
    if (status == TL_OK) status = live_keep(live, set, count, error);
    if (status == TL_OK && record) status = record(live, set, count, origin, error);
    if (status == TL_OK) tl__trainer_adopt(live->trainer, &config->settings.train, again);
    tl__config_free(config);
    return status;
}

/* ---- the record ---- */

static tl_status live_record(tl__live *live, const char *const *set, size_t count, const char *origin, tl_error *error)
{
    char time[24];
    tl__buffer line;
    const char *path = tl__path_join(live->arena, live->folder, "changes.jsonl");
    tl__buffer_init(&line, &live->context->heap);
    tl__time_iso(time, tl__now(live->context));
    tl__buffer_format(&line, "{\"time\":\"%s\",\"origin\":", time);
    tl__json_string(&line, origin, strlen(origin));
    tl__buffer_format(&line, ",\"step\":%lld,\"set\":[", (long long)tl__trainer_steps(live->trainer));
    for (size_t i = 0; i < count; i++) {
        if (i) tl__buffer_char(&line, ',');
        tl__json_string(&line, set[i], strlen(set[i]));
    }
    tl__buffer_text(&line, "]}\n");
    tl_status status = tl__lines_append(live->context, path, &line, error);
    tl__buffer_free(&line);
    return status;
}

TL_PRIV tl_status tl__live_take(tl__live *live, const char *const *set, size_t count, const char *origin,
                                tl_error *why)
{
    TL_TRY(live_act(live, set, count, false, live_record, origin, why));
    for (size_t i = 0; i < count; i++)
        tl__log_line(live->context, TL_LOG_INFO, "step %lld: %s (%s)", (long long)tl__trainer_steps(live->trainer),
                     set[i], origin);
    return TL_OK;
}

/* ---- what is known beforehand ---- */

static tl_status live_plan(tl__live *live, const tl_value *list, const char *file, tl_error *error)
{
    size_t count = tl_value_count(list);
    tl__live_change *planned = tl__arena_push_zero(live->arena, live->planned_count + count + 1, sizeof *planned);
    if (!planned) return tl__fail_memory(error, count * sizeof *planned);
    if (live->planned_count) memcpy(planned, live->planned, live->planned_count * sizeof *planned);
    live->planned = planned;
    for (const tl_value *item = list ? list->first : NULL; item; item = item->next) {
        const tl_value *set = tl_value_get(item, "set");
        tl__live_change change = {.step = tl_value_integer(tl_value_get(item, "step"), -1)};
        if (item->kind != TL_MAP || change.step < 0 || !tl_value_count(set))
            return tl__fail_at(error, TL_BAD_CONFIG, file, item->line, item->column, "training.changes",
                               "a change is {step: 500, set: {training.learning_rate: 1e-4}}.");
        change.count = tl__live_texts(live->context, live->arena, set, &change.set);
        if (!change.set) return tl__fail_memory(error, 256);
        size_t at = live->planned_count++;
        for (; at > 0 && planned[at - 1].step > change.step; at--) planned[at] = planned[at - 1];
        planned[at] = change;
    }
    return TL_OK;
}

static tl_status live_plan_recorded(tl__live *live, tl_error *error)
{
    tl__tree *tree;
    const char *path = tl__path_join(live->arena, live->folder, "changes.jsonl");
    if (!path) return tl__fail_memory(error, 256);
    if (!tl__file_exists(path)) return TL_OK;
    TL_TRY(tl__lines_read(live->context, path, &tree, error));
    tl_status status = live_plan(live, &tree->root, path, error);
    tl__tree_free(tree);
    return status;
}

/* Everything that was planned must be possible before the run begins. */
static tl_status live_check(tl__live *live, tl_error *error)
{
    tl_status status = TL_OK;
    size_t kept = live->set_count;
    for (size_t i = 0; status == TL_OK && i < live->planned_count; i++) {
        tl__config *config;
        const tl__live_change *change = &live->planned[i];
        TL_TRY(live_check_paths(live, change->set, change->count, error));
        TL_TRY(tl__live_config(live, change->set, change->count, &config, error));
        status = tl__trainer_may_adopt(live->trainer, &config->settings.train, error);
        tl__config_free(config);
        if (status == TL_OK) status = live_keep(live, change->set, change->count, error);
    }
    live->set_count = kept;
    return status;
}

static int64_t live_step(tl__live *live, const char *checkpoint, tl_status *status, tl_error *error)
{
    tl__checkpoint_info info = {.epoch = 0};
    if (checkpoint) *status = tl__checkpoint_look(live->context, checkpoint, &info, error);
    return info.epoch * tl__trainer_epoch_steps(live->trainer) + info.step;
}

TL_PRIV tl_status tl__live_open(tl__live *live, tl__session *session, const char *checkpoint, tl_error *error)
{
    tl_status status = TL_OK;
    live->context = session->context;
    live->config = session->config;
    live->trainer = session->trainer;
    live->planned = NULL;
    live->set_count = live->planned_count = live->next = 0;
    TL_TRY(live_plan(live, session->config->settings.train.training.changes, session->config->path, error));
    if (live->folder) TL_TRY(live_plan_recorded(live, error));
    if (live->planned_count) TL_TRY(live_check(live, error));
    int64_t step = live->planned_count ? live_step(live, checkpoint, &status, error) : 0;
    TL_TRY(status);
    while (checkpoint && live->next < live->planned_count && live->planned[live->next].step <= step) {
        const tl__live_change *change = &live->planned[live->next++];
        TL_TRY(live_act(live, change->set, change->count, true, NULL, NULL, error));
    }
    if (live->file && !tl__live_mark(live->file, &live->mark)) live->file = NULL;
    return TL_OK;
}

TL_PRIV void tl__live_close(tl__live *live)
{
    tl__config_free(live->file_config);
    live->file_config = NULL;
}

TL_PRIV tl_status tl__live_before(void *user, tl__trainer *trainer, tl_error *error)
{
    tl__live *live = user;
    int64_t step = tl__trainer_steps(trainer), now = tl__trainer_ticks(trainer);
    while (live->next < live->planned_count && live->planned[live->next].step <= step) {
        const tl__live_change *change = &live->planned[live->next++];
        TL_TRY(live_act(live, change->set, change->count, false, NULL, NULL, error));
        tl__log_line(live->context, TL_LOG_INFO, "step %lld: %s%s (as written down)", (long long)step, change->set[0],
                     change->count > 1 ? " and more" : "");
    }
    if (now - live->looked < LIVE_LOOK) return TL_OK;
    live->looked = now;
    return tl__live_look(live, error);
}
