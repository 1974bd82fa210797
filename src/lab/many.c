/* Which models a run is made of, and their training: one after the other, or some at a time, each in a context and a
 * thread of its own. Nothing passes between them, so their order cannot change a bit. */
#include "lab/many.h"

#include "base/text.h"
#include "lab/path.h"
#include "lab/run.h"
#include "port/port.h"
#include "text/yaml.h"

/* ---- which ---- */

static const char *many_json(const tl_value *value, tl__arena *arena)
{
    tl__buffer text;
    tl__buffer_init(&text, arena->heap);
    tl__json_write(&text, value, 0);
    const char *copy = text.failed ? NULL : tl__arena_copy(arena, text.data, text.size);
    tl__buffer_free(&text);
    return copy;
}

static tl_status many_seeds_check(const tl__config *config, tl_error *error)
{
    const tl__int_list *seeds = &config->settings.ensemble.seeds;
    for (size_t i = 0; i < seeds->count; i++)
        for (size_t k = 0; k < i; k++)
            if (seeds->items[i] == seeds->items[k])
                return tl__fail_at(error, TL_BAD_CONFIG, NULL, 0, 0, "ensemble.seeds",
                                   "ensemble.seeds has %lld twice; models of one seed are the same.",
                                   (long long)seeds->items[i]);
    return TL_OK;
}

static tl_status many_kind(const tl__config *config, tl__many *out, tl_error *error)
{
    static const char *const words[] = {"", "folds", "seeds", "members"};
    const tl__config_settings *s = &config->settings;
    bool folds = tl__split_folds(&s->data.split) && s->data.split.fold <= 0;
    const tl_value *members = s->ensemble.members;
    size_t member_count = members && members->kind == TL_LIST ? members->count : 0;
    out->kind = folds ? TL__MANY_FOLDS : s->ensemble.seeds.count ? TL__MANY_SEEDS
                : member_count ? TL__MANY_SETTINGS : TL__MANY_NONE;
    out->count = folds ? (size_t)s->data.split.folds : s->ensemble.seeds.count ? s->ensemble.seeds.count : member_count;
    out->word = words[out->kind];
    if (folds + (s->ensemble.seeds.count > 0) + (member_count > 0) > 1)
        return tl__fail_at(error, TL_BAD_CONFIG, NULL, 0, 0, folds ? "data.split.fold" : "ensemble.members",
                           "a run is over folds, over ensemble.seeds or over ensemble.members, one of them at a time; "
                           "leave the others out.");
    if (members && members->kind != TL_NULL && members->kind != TL_LIST)
        return tl__fail_at(error, TL_BAD_CONFIG, NULL, 0, 0, "ensemble.members",
                           "ensemble.members is a list of maps, such as [{training.optimizer: sgd}, {seed: 7}].");
    if (out->count > TL__MANY_MOST)
        return tl__fail_at(error, TL_BAD_CONFIG, NULL, 0, 0, "ensemble", "there can be %d models of a run at most.",
                           TL__MANY_MOST);
    return many_seeds_check(config, error);
}

static tl_status many_one(const tl__config *config, const tl__many *many, size_t index, tl__arena *arena,
                          tl__many_one *one, tl_error *error)
{
    const tl__config_settings *s = &config->settings;
    const tl_value *member = NULL;
    size_t room = 4;
    if (many->kind == TL__MANY_SETTINGS) {
        member = tl_value_at(s->ensemble.members, index);
        if (member->kind != TL_MAP)
            return tl__fail_at(error, TL_BAD_CONFIG, NULL, 0, 0, "ensemble.members",
                               "ensemble.members[%zu] is not a map of settings, such as {training.optimizer: sgd}.",
                               index);
        room += member->count;
    }
    static const char *const nouns[] = {"", "fold", "seed", "member"};
    const char *noun = nouns[many->kind], **set = tl__arena_push_zero(arena, room, sizeof *set);
    long long number = many->kind == TL__MANY_SEEDS ? (long long)s->ensemble.seeds.items[index] : (long long)index + 1;
    one->name = tl__arena_format(arena, "%s_%lld", noun, number);
    one->suffix = tl__arena_format(arena, "%s%lld", noun, number);
    one->title = many->kind == TL__MANY_SEEDS ? tl__arena_format(arena, "seed %lld (%zu/%zu)", number, index + 1,
                                                                  many->count)
                                              : tl__arena_format(arena, "%s %lld/%zu", noun, number, many->count);
    one->set = set;
    if (!set || !one->name || !one->suffix || !one->title) return tl__fail_memory(error, 256);
    if (many->kind == TL__MANY_FOLDS) {
        set[one->set_count++] = tl__arena_format(arena, "data.split.fold=%lld", number);
        if (s->data.split.test < 0 && !s->data.test_file) set[one->set_count++] = "data.split.test=0.2";
    } else if (many->kind == TL__MANY_SEEDS) {
        set[one->set_count++] = "ensemble.seeds=[]";
        set[one->set_count++] = tl__arena_format(arena, "seed=%lld", number);
        if (s->data.split.seed < 0)
            set[one->set_count++] = tl__arena_format(arena, "data.split.seed=%lld", (long long)s->seed);
    } else {
        set[one->set_count++] = "ensemble.members=[]";
        for (const tl_value *item = member->first; item; item = item->next) {
            const char *json = many_json(item, arena);
            set[one->set_count++] = json ? tl__arena_format(arena, "%s=%s", item->key, json) : NULL;
        }
    }
    for (size_t i = 0; i < one->set_count; i++)
        if (!set[i]) return tl__fail_memory(error, 256);
    return TL_OK;
}

TL_PRIV tl_status tl__many_of(const tl__config *config, tl__arena *arena, tl__many *out, tl_error *error)
{
    *out = (tl__many){.kind = TL__MANY_NONE};
    tl_status status = many_kind(config, out, error);
    if (status != TL_OK || out->kind == TL__MANY_NONE) return tl__config_place(config, status, error);
    tl__many_one *ones = tl__arena_push_zero(arena, out->count, sizeof *ones);
    if (!ones) return tl__fail_memory(error, out->count * sizeof *ones);
    for (size_t i = 0; status == TL_OK && i < out->count; i++)
        status = many_one(config, out, i, arena, &ones[i], error);
    out->ones = ones;
    return tl__config_place(config, status, error);
}

/* ---- their training ---- */

typedef struct many_state {
    const tl__many_job *job;
    tl_run_result *results;
    tl__mutex *mutex;                /* guards all that follows, the job's functions and its context's log */
    size_t next, done;
    int parallel;
    double done_seconds;             /* of those that were trained now */
    size_t done_now;
    bool stop;
    tl_status status;                /* of the first that failed */
    tl_error error;
} many_state;

typedef struct many_worker {
    many_state *state;
    tl_context *context;             /* the job's, or its own */
    tl__arena arena;
    tl__thread *thread;
    size_t at;                       /* which it trains */
    int64_t started;
} many_worker;

static void many_lock(many_state *state) { if (state->mutex) tl__mutex_lock(state->mutex); }
static void many_unlock(many_state *state) { if (state->mutex) tl__mutex_unlock(state->mutex); }

static void many_on_log(void *user, tl_log_level level, const char *line)
{
    many_worker *worker = user;
    many_state *state = worker->state;
    many_lock(state);
    tl__log_line(state->job->context, level, "%s  %s", state->job->many->ones[worker->at].title, line);
    many_unlock(state);
}

/* What is left of this one, and of those that nobody began: as long as the others took, or as this one will. */
static double many_left(const many_state *state, const many_worker *worker, double own)
{
    double now = (double)(tl__ticks() - worker->started) * 1e-9;
    double each = state->done_now ? state->done_seconds / (double)state->done_now : now + own;
    return own + each * (double)(state->job->many->count - state->next) / (double)state->parallel;
}

static bool many_on_progress(void *user, const tl_progress *progress)
{
    many_worker *worker = user;
    many_state *state = worker->state;
    const tl__many_job *job = state->job;
    tl_progress all = *progress;
    many_lock(state);
    all.note = job->many->ones[worker->at].title;
    all.seconds_left = many_left(state, worker, progress->seconds_left);
    bool on = !state->stop && job->progress(job->user, &all) && !tl__cancelled(job->context);
    many_unlock(state);
    return on;
}

static tl_status many_train_one(many_worker *worker, size_t index, tl_error *error)
{
    const tl__many_job *job = worker->state->job;
    const tl__many_one *one = &job->many->ones[index];
    tl__arena *arena = &worker->arena;
    bool resumed = job->options->resume != NULL;
    size_t given = resumed ? job->options->set_count : 0, count = given + one->set_count;
    const char **set = tl__arena_push_zero(arena, count + 1, sizeof *set);
    tl__run_one run = {.config = job->folder, .set = set, .set_count = count, .out = job->options->out,
                       .data = job->many->kind == TL__MANY_SETTINGS ? NULL : job->data,
                       .progress = many_on_progress, .progress_user = worker};
    run.folder = tl__path_join(arena, job->folder, one->name);
    if (job->best_path) run.best_path = tl__arena_format(arena, "%s_%s.safetensors", job->best_path, one->suffix);
    if (!set || !run.folder || (job->best_path && !run.best_path)) return tl__fail_memory(error, 512);
    if (worker->context == job->context) tl__log_line(job->context, TL_LOG_INFO, "%s", one->title);
    for (size_t i = 0; i < count; i++) set[i] = i < given ? job->options->set[i] : one->set[i - given];
    return tl__run_part(worker->context, &run, &worker->state->results[index], error);
}

/* Takes the next one until there is none, or one failed. */
static void many_work(void *user)
{
    many_worker *worker = user;
    many_state *state = worker->state;
    for (;;) {
        tl_error error = {0};
        many_lock(state);
        bool more = !state->stop && state->next < state->job->many->count && !tl__cancelled(state->job->context);
        if (more) worker->at = state->next++;
        many_unlock(state);
        if (!more) return;
        worker->started = tl__ticks();
        tl_status status = many_train_one(worker, worker->at, &error);
        many_lock(state);
        state->done++;
        state->done_now++;
        state->done_seconds += (double)(tl__ticks() - worker->started) * 1e-9;
        if (status != TL_OK && state->status == TL_OK) {
            state->status = status;
            state->error = error;
        }
        if (status != TL_OK) state->stop = true;
        many_unlock(state);
    }
}

static tl_status many_worker_open(many_worker *worker, many_state *state, bool own, tl_error *error)
{
    tl_context *context = state->job->context;
    worker->state = state;
    worker->context = context;
    tl__arena_init(&worker->arena, &context->heap);
    if (!own) return TL_OK;
    tl_context_options options = TL_CONTEXT_OPTIONS;
    options.allocator = &context->heap.allocator;
    options.threads = context->threads / state->parallel > 1 ? context->threads / state->parallel : 1;
    options.simd = tl_context_simd(context);
    options.seed = context->seed;
    options.log = many_on_log;
    options.log_user = worker;
    options.log_level = context->log_level;
    options.clock = context->clock;
    options.clock_user = context->clock_user;
    TL_TRY(tl_context_make(&options, &worker->context, error));
    tl__arena_init(&worker->arena, &worker->context->heap);
    return TL_OK;
}

static void many_worker_close(many_worker *worker)
{
    if (!worker->state) return;
    tl_context *context = worker->state->job->context;
    if (worker->thread) tl__thread_join(&context->heap, worker->thread);
    tl__arena_free(&worker->arena);
    if (worker->context != context) tl_context_free(worker->context);
}

/* At most what the settings, the number of models and the memory limit allow; tables that lie in files are read by one
 * at a time. */
static int many_parallel(const tl__many_job *job)
{
    const tl__config_settings *s = &job->config->settings;
    int64_t parallel = s->folds.parallel, most = (int64_t)job->many->count;
    if (parallel > most) parallel = most;
    double limit = (double)s->data.memory_limit * 1048576.0, each = (double)job->plan_bytes;
    while (parallel > 1 && limit > 0 && each * (double)parallel > limit) parallel--;
    if (job->data && job->data->source[0].table->store) parallel = 1;
    if (parallel < s->folds.parallel && parallel < most)
        tl__log_line(job->context, TL_LOG_INFO, "%lld at a time, not %lld: %s", (long long)parallel,
                     (long long)s->folds.parallel, limit > 0 ? "data.memory_limit allows no more"
                                                             : "streamed rows are read by one training at a time");
    return (int)parallel;
}

TL_PRIV tl_status tl__many_train(const tl__many_job *job, tl_run_result *results, tl_error *error)
{
    tl_context *context = job->context;
    many_state state = {.job = job, .results = results, .parallel = many_parallel(job)};
    size_t count = (size_t)state.parallel;
    many_worker *workers = tl__alloc_zero(&context->heap, count, sizeof *workers);
    tl_status status = workers ? TL_OK : tl__fail_memory(error, count * sizeof *workers);
    if (status == TL_OK && count > 1 && tl__mutex_new(&context->heap, &state.mutex) != TL_OK)
        status = tl__fail_memory(error, 256);
    for (size_t i = 0; status == TL_OK && i < count; i++)
        status = many_worker_open(&workers[i], &state, count > 1, error);
    for (size_t i = 1; status == TL_OK && i < count; i++)    /* where no thread can be had, the others do its work */
        if (tl__thread_start(&context->heap, many_work, &workers[i], &workers[i].thread) != TL_OK) break;
    if (status == TL_OK) many_work(&workers[0]);
    for (size_t i = 0; workers && i < count; i++) many_worker_close(&workers[i]);
    if (state.mutex) tl__mutex_free(&context->heap, state.mutex);
    tl__free(&context->heap, workers, count * sizeof *workers);
    if (status != TL_OK) return status;
    if (state.status == TL_CANCELLED) context->cancelled = 0;
    if (state.status == TL_OK && state.done < job->many->count)
        return tl__fail(error, TL_CANCELLED, "stopped on request after %zu of %zu %s", state.done, job->many->count,
                        job->many->word);
    if (state.status != TL_OK && error) *error = state.error;
    return state.status;
}

/* ---- finished ones ---- */

TL_PRIV tl_status tl__many_config(tl_context *context, const char *config, const tl__many_one *one,
                                  const tl_options *options, tl__config **out, tl_error *error)
{
    return tl__config_read_for(context, config, one->set, one->set_count, options->out, out, error);
}

TL_PRIV tl_status tl__many_load(tl_context *context, const tl__many *many, const char *folder, tl_model **models,
                                tl_error *error)
{
    tl__arena arena;
    tl_status status = TL_OK;
    tl__arena_init(&arena, &context->heap);
    for (size_t i = 0; status == TL_OK && i < many->count; i++) {
        const char *path = tl__arena_format(&arena, "%s/%s/model.safetensors", folder, many->ones[i].name);
        if (!path) status = tl__fail_memory(error, 256);
        else if (!tl__file_exists(path))
            status = tl__fail(error, TL_NOT_FOUND, "%s has no model of %s yet; 'trainlib train:status %s' says how far "
                              "it is.", folder, many->ones[i].title, folder);
        else status = tl_model_load(context, path, &models[i], error);
    }
    tl__arena_free(&arena);
    return status;
}
