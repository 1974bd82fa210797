/* Appending and reading lines. */
#include "lab/trials.h"

#include "base/hash.h"
#include "base/math.h"
#include "base/text.h"
#include "lab/lines.h"
#include "lab/path.h"
#include "text/yaml.h"

enum { TRIALS_LINE = 16 << 20, TRIALS_PATIENCE = 60000 };   /* bytes; milliseconds */

static const char *const trials_states[] = {"free", "started", "done", "stopped", "failed"};

/* ---- the lock ---- */

static tl_status trials_lock(tl__trials *trials, tl__lock **lock, tl_error *error)
{
    return tl__lines_lock(trials->context, tl__arena_format(&trials->arena, "%s/lock", trials->folder),
                          TRIALS_PATIENCE, lock, error);
}

static const char *trials_worker_path(tl__trials *trials, const char *worker)
{
    return tl__arena_format(&trials->arena, "%s/worker-%s", trials->folder, worker);
}

/* Its process holds the lock of its name as long as it lives. */
static bool trials_worker_lives(tl__trials *trials, const char *worker)
{
    tl__lock *lock;
    if (tl__same_text(worker, trials->worker)) return true;
    const char *path = trials_worker_path(trials, worker);
    if (!path || !tl__file_exists(path)) return false;
    if (tl__lock_take(trials->context, path, &lock, NULL) != TL_OK) return true;
    tl__lock_release(lock);
    return false;
}

/* ---- reading ---- */

static void trials_rank(tl__trials *trials, int64_t number)
{
    double loss = tl__trials_loss(trials, number);
    trials->ended++;
    if (loss != loss) return;
    double best = trials->best < 0 ? 0.0 : tl__trials_loss(trials, trials->best);
    if (trials->best < 0 || loss < best || (loss == best && number < trials->best)) trials->best = number;
}

TL_PRIV double tl__trials_loss(const tl__trials *trials, int64_t trial)
{
    const tl__trial *item = &trials->items[trial];
    if (item->state != TL__TRIAL_DONE && item->state != TL__TRIAL_STOPPED) return tl__nan_d();
    return trials->search->higher ? -item->score : item->score;
}

static tl_status trials_take_line(tl__trials *trials, const tl_value *line)
{
    int64_t number = tl_value_integer(tl_value_get(line, "trial"), 0) - 1;
    const char *state = tl_value_text(tl_value_get(line, "state"), "");
    const size_t axes = trials->search->space.count;
    if (number < 0 || number >= trials->search->trials) return TL_OK;
    tl__trial *item = &trials->items[number];
    if (item->state > TL__TRIAL_STARTED) return TL_OK;
    item->worker = tl__arena_text(&trials->arena, tl_value_text(tl_value_get(line, "worker"), ""));
    if (!item->worker) return TL_OUT_OF_MEMORY;
    const tl_value *point = tl_value_get(line, "point"), *curve = tl_value_get(line, "curve");
    for (size_t j = 0; point && j < axes; j++)
        trials->points[(size_t)number * axes + j] = tl_value_number(tl_value_at(point, j), 0.0);
    if (tl__same_text(state, trials_states[TL__TRIAL_STARTED])) {
        item->state = TL__TRIAL_STARTED;
        item->starts++;
        return TL_OK;
    }
    if (tl__same_text(state, trials_states[TL__TRIAL_FREE]) && item->starts > 0) {
        item->state = TL__TRIAL_FREE;
        item->starts--;
        return TL_OK;
    }
    for (int s = TL__TRIAL_DONE; s <= TL__TRIAL_FAILED; s++)
        if (tl__same_text(state, trials_states[s])) item->state = (tl__trial_state)s;
    if (item->state <= TL__TRIAL_STARTED) return TL_OK;
    item->score = tl_value_number(tl_value_get(line, "score"), tl__nan_d());
    item->seconds = tl_value_number(tl_value_get(line, "seconds"), 0.0);
    item->epochs = tl_value_integer(tl_value_get(line, "epochs"), 0);
    item->best_epoch = tl_value_integer(tl_value_get(line, "best_epoch"), 0);
    const char *why = tl_value_text(tl_value_get(line, "error"), NULL);
    item->error = why ? tl__arena_text(&trials->arena, why) : NULL;
    double *values = tl__arena_push_zero(&trials->arena, tl_value_count(curve) + 1, sizeof *values);
    if (!values || (why && !item->error)) return TL_OUT_OF_MEMORY;
    for (size_t i = 0; i < tl_value_count(curve); i++) values[i] = tl_value_number(tl_value_at(curve, i), tl__nan_d());
    item->curve = values;
    item->curve_count = tl_value_count(curve);
    trials_rank(trials, number);
    return TL_OK;
}

/* Whole lines of a piece of the journal; what does not parse was cut off by a crash. */
static tl_status trials_take(tl__trials *trials, const char *text, size_t size, size_t *used)
{
    tl_status status = TL_OK;
    *used = 0;
    for (size_t at = 0; at < size && status == TL_OK; at++) {
        tl__tree *tree;
        if (text[at] != '\n') continue;
        if (tl__tree_new(&trials->context->heap, NULL, &tree) != TL_OK) return TL_OUT_OF_MEMORY;
        tl_status parsed = tl__json_parse(tree, text + *used, at - *used, NULL);
        if (parsed == TL_OUT_OF_MEMORY) status = parsed;
        else if (parsed == TL_OK && tree->root.kind == TL_MAP) status = trials_take_line(trials, &tree->root);
        tl__tree_free(tree);
        *used = at + 1;
    }
    return status;
}

TL_PRIV tl_status tl__trials_update(tl__trials *trials, tl_error *error)
{
    tl__reader *reader;
    tl__file_mark mark;
    TL_TRY(tl__reader_open(trials->context, trials->path, &reader, error));
    tl_status status = tl__reader_mark(reader, &mark, error);
    while (status == TL_OK && trials->read < mark.size) {
        size_t used, size = mark.size - trials->read < TRIALS_LINE ? (size_t)(mark.size - trials->read) : TRIALS_LINE;
        char *text = tl__alloc(&trials->context->heap, size);
        if (!text) status = tl__fail_memory(error, size);
        if (status == TL_OK) status = tl__reader_at(reader, trials->read, text, size, error);
        if (status == TL_OK && trials_take(trials, text, size, &used) != TL_OK) status = tl__fail_memory(error, size);
        tl__free(&trials->context->heap, text, text ? size : 0);
        if (status != TL_OK || used == 0) break;
        trials->read += used;
    }
    tl__reader_close(reader);
    return status;
}

/* ---- writing ---- */

/* With the lock held, everything read. */
static tl_status trials_append(tl__trials *trials, const tl_value *line, tl_error *error)
{
    tl__buffer text;
    tl__buffer_init(&text, &trials->context->heap);
    tl__json_write(&text, line, 0);
    tl__buffer_char(&text, '\n');
    tl_status status = tl__lines_append(trials->context, trials->path, &text, error);
    tl__buffer_free(&text);
    return status;
}

static tl_value *trials_line(tl__trials *trials, tl__tree *tree, tl__builder *builder, int64_t trial,
                             tl__trial_state state)
{
    char now[24];
    tl__builder_init(builder, tree);
    tl__time_iso(now, tl__now(trials->context));
    tl_value *line = tl__put_map(builder, NULL, NULL);
    tl__put_integer(builder, line, "trial", trial + 1);
    tl__put_text(builder, line, "state", trials_states[state]);
    tl__put_text(builder, line, "worker", trials->worker);
    tl__put_text(builder, line, "time", now);
    return line;
}

static tl_status trials_write(tl__trials *trials, tl__tree *tree, const tl__builder *builder, tl_error *error)
{
    if (builder->failed) return tl__fail_memory(error, 256);
    TL_TRY(trials_append(trials, &tree->root, error));
    return tl__trials_update(trials, error);
}

static tl_status trials_begin(tl__trials *trials, int64_t trial, const double *point, tl_error *error)
{
    const tl__search *search = trials->search;
    tl__tree *tree;
    tl__builder builder;
    if (tl__tree_new(&trials->context->heap, NULL, &tree) != TL_OK) return tl__fail_memory(error, sizeof *tree);
    tl_value *line = trials_line(trials, tree, &builder, trial, TL__TRIAL_STARTED);
    tl_value *list = tl__put_list(&builder, line, "point"), *map = tl__put_map(&builder, line, "parameters");
    for (size_t j = 0; j < search->space.count; j++) {
        tl__put_number(&builder, list, NULL, point[j]);
        if (tl__space_counts(&search->space, j, point)) tl__search_put(&builder, map, search, j, point[j]);
    }
    tl_status status = trials_write(trials, tree, &builder, error);
    tl__tree_free(tree);
    return status;
}

TL_PRIV tl_status tl__trials_end(tl__trials *trials, int64_t trial, const tl__trial *how, tl_error *error)
{
    tl__tree *tree;
    tl__builder builder;
    tl__lock *lock;
    if (tl__tree_new(&trials->context->heap, NULL, &tree) != TL_OK) return tl__fail_memory(error, sizeof *tree);
    tl_value *line = trials_line(trials, tree, &builder, trial, how->state);
    if (how->state != TL__TRIAL_FREE) {
        tl__put_number(&builder, line, "score", how->score);
        tl__put_integer(&builder, line, "epochs", how->epochs);
        tl__put_integer(&builder, line, "best_epoch", how->best_epoch);
        tl__put_number(&builder, line, "seconds", how->seconds);
    }
    if (how->curve_count) {
        tl_value *list = tl__put_list(&builder, line, "curve");
        for (size_t i = 0; i < how->curve_count; i++) tl__put_number(&builder, list, NULL, how->curve[i]);
    }
    if (how->error) tl__put_text(&builder, line, "error", how->error);
    tl_status status = trials_lock(trials, &lock, error);
    if (status == TL_OK) {
        status = tl__trials_update(trials, error);
        if (status == TL_OK) status = trials_write(trials, tree, &builder, error);
        tl__lock_release(lock);
    }
    tl__tree_free(tree);
    return status;
}

/* A trial that died with its process too often ends as failed. */
static tl_status trials_give_up(tl__trials *trials, int64_t trial, tl_error *error)
{
    tl__tree *tree;
    tl__builder builder;
    if (tl__tree_new(&trials->context->heap, NULL, &tree) != TL_OK) return tl__fail_memory(error, sizeof *tree);
    tl_value *line = trials_line(trials, tree, &builder, trial, TL__TRIAL_FAILED);
    tl__put_text(&builder, line, "error", "its process ended without a word each time it was tried.");
    tl_status status = trials_write(trials, tree, &builder, error);
    tl__tree_free(tree);
    return status;
}

TL_PRIV tl_status tl__trials_claim(tl__trials *trials, int64_t first, int64_t end, const double *points,
                                   tl__trials_mine_fn *mine, const void *user, int64_t *trial, tl_error *error)
{
    tl__lock *lock;
    *trial = -1;
    TL_TRY(trials_lock(trials, &lock, error));
    tl_status status = tl__trials_update(trials, error);
    for (int64_t i = first; i < end && status == TL_OK && *trial < 0; i++) {
        tl__trial *item = &trials->items[i];
        if (item->state > TL__TRIAL_STARTED || (mine && !mine(user, i))) continue;
        if (item->state == TL__TRIAL_STARTED && trials_worker_lives(trials, item->worker)) continue;
        if (item->starts >= TL__TRIAL_STARTS) {
            status = trials_give_up(trials, i, error);
            continue;
        }
        status = trials_begin(trials, i, points + (size_t)(i - first) * trials->search->space.count, error);
        if (status == TL_OK) *trial = i;
    }
    tl__lock_release(lock);
    return status;
}

/* ---- opening ---- */

/* The first whole line says which search it is. */
static tl_status trials_check(tl__trials *trials, const char *identity, tl_error *error)
{
    tl__buffer text;
    tl__tree *tree;
    tl__buffer_init(&text, &trials->context->heap);
    tl_status status = tl__file_read(trials->path, &text, (size_t)1 << 30, error);
    size_t size = 0;
    while (size < text.size && text.data[size] != '\n') size++;
    if (status != TL_OK) {
        tl__buffer_free(&text);
        return status;
    }
    status = tl__tree_new(&trials->context->heap, NULL, &tree);
    if (status == TL_OK) {
        tl__json_parse(tree, text.data ? text.data : "", size, NULL);
        if (!tl__same_text(tl_value_text(tl_value_get(&tree->root, "search"), ""), identity))
            status = tl__fail_at(error, TL_EXISTS, trials->path, 0, 0, NULL, "it belongs to another search: settings "
                                 "or ranges have changed since. Leave out --resume to begin a new one.");
        tl__tree_free(tree);
    } else {
        tl__fail_memory(error, 256);
    }
    tl__buffer_free(&text);
    return status;
}

static tl_status trials_head(tl__trials *trials, const char *identity, const char *name, tl_error *error)
{
    const tl__search *search = trials->search;
    tl__tree *tree;
    tl__builder builder;
    if (tl__tree_new(&trials->context->heap, NULL, &tree) != TL_OK) return tl__fail_memory(error, sizeof *tree);
    tl__builder_init(&builder, tree);
    tl_value *line = tl__put_map(&builder, NULL, NULL);
    tl__put_text(&builder, line, "search", identity);
    tl__put_text(&builder, line, "name", name);
    tl__put_text(&builder, line, "version", TL_VERSION);
    tl__put_text(&builder, line, "method", search->method->head.name);
    tl__put_text(&builder, line, "metric", search->metric);
    tl__put_bool(&builder, line, "higher_is_better", search->higher);
    tl__put_bool(&builder, line, "repeatable", !search->async);
    tl_value *list = tl__put_list(&builder, line, "parameters");
    for (size_t j = 0; j < search->space.count; j++) tl__put_text(&builder, list, NULL, search->parameters[j].path);
    tl_status status = trials_write(trials, tree, &builder, error);
    tl__tree_free(tree);
    return status;
}

static tl_status trials_start(tl__trials *trials, const char *identity, const char *name, tl_error *error)
{
    tl__lock *lock;
    TL_TRY(trials_lock(trials, &lock, error));
    tl_status status = TL_OK;
    if (tl__file_exists(trials->path)) {
        status = trials_check(trials, identity, error);
        if (status == TL_OK) status = tl__trials_update(trials, error);
    } else {
        tl__file *file;
        status = tl__file_append_open(trials->context, trials->path, &file, error);
        if (status == TL_OK) status = tl__file_close(file, error);
        if (status == TL_OK) status = trials_head(trials, identity, name, error);
    }
    tl__lock_release(lock);
    const char *own = status == TL_OK ? trials_worker_path(trials, trials->worker) : NULL;
    if (status == TL_OK) status = own ? tl__lock_take(trials->context, own, &trials->alive, error)
                                      : tl__fail_memory(error, 256);
    return status;
}

TL_PRIV tl_status tl__trials_open(tl_context *context, const tl__search *search, const char *folder,
                                  const char *identity, const char *name, tl__trials *out, tl_error *error)
{
    *out = (tl__trials){.context = context, .search = search, .best = -1};
    tl__arena_init(&out->arena, &context->heap);
    size_t count = (size_t)search->trials, cells = count * search->space.count;
    out->folder = tl__arena_text(&out->arena, folder);
    out->path = tl__path_join(&out->arena, folder, "trials.jsonl");
    out->worker = tl__arena_format(&out->arena, "%ld-%llx", tl__process_id(), (unsigned long long)tl__ticks());
    out->items = tl__arena_push_zero(&out->arena, count, sizeof *out->items);
    out->points = tl__arena_push_zero(&out->arena, cells, sizeof *out->points);
    if (!out->folder || !out->path || !out->worker || !out->items || !out->points)
        return tl__fail_memory(error, cells * sizeof(double));
    return trials_start(out, identity, name, error);
}

TL_PRIV void tl__trials_close(tl__trials *trials)
{
    if (!trials->context) return;
    tl__lock_release(trials->alive);
    tl__arena_free(&trials->arena);
    memset(trials, 0, sizeof *trials);
}
