/* One trial at a time uses all threads; several at a time have a context with one thread each, over the heap of the
 * caller's context. A trial sees what the trials before its generation gave and nothing else, so the order in which
 * workers end does not matter. */
#include "lab/search_run.h"

#include "base/math.h"
#include "base/text.h"
#include "lab/session.h"
#include "text/yaml.h"

enum { SEARCH_RUN_WAIT = 50000, SEARCH_RUN_MOST = 1024 };    /* microseconds; workers */

typedef struct search_run_worker {
    tl__search_run *run;
    tl_context *context;         /* own, or the caller's */
    tl__thread *thread;
    bool own;
    int64_t trial, first;        /* at work; trials before `first` are seen */
    bool stopped;                /* the rule ended it */
    double best;                 /* score so far; NaN: none */
    double *curve;
    size_t curve_count, curve_room;
    tl_progress progress;        /* the last one */
} search_run_worker;

/* ---- which trial is next ---- */

static bool search_run_mine(const void *user, int64_t trial)
{
    const tl_options *options = ((const tl__search_run *)user)->options;
    return options->shards < 2 || trial % options->shards == options->shard - 1;
}

static bool search_run_ended(const tl__search_run *run, int64_t trial)
{
    return run->trials.items[trial].state > TL__TRIAL_STARTED;
}

/* Do trials depend on those before them? */
static bool search_run_learns(const tl__search_run *run)
{
    return run->search.method->learns || run->search.stop.method != TL__STOP_NONE;
}

/* Proposals for first..end-1 from the trials that ended before. */
static tl_status search_run_propose(tl__search_run *run, tl_error *error)
{
    const tl__search *search = &run->search;
    const size_t axes = search->space.count;
    size_t seen = search->async ? (size_t)search->trials : (size_t)run->first, known = 0;
    size_t wanted = (size_t)(run->end - run->first), bytes;
    if (!tl__size_mul(seen + wanted + 1, (axes + 1) * sizeof(double), &bytes)) return tl__fail_memory(error, SIZE_MAX);
    double *points = tl__alloc(&run->context->heap, bytes), *losses = points ? points + seen * axes : NULL;
    if (!points) return tl__fail_memory(error, bytes);
    for (size_t i = 0; i < seen && search->method->learns; i++) {
        if (!search_run_ended(run, (int64_t)i)) continue;
        memcpy(points + known * axes, run->trials.points + i * axes, axes * sizeof *points);
        losses[known++] = tl__trials_loss(&run->trials, (int64_t)i);
    }
    tl__search_view view = {&run->context->heap, &search->space, search->seed, run->first, known, points, losses};
    tl__free(&run->context->heap, run->points, run->points_count * axes * sizeof(double));
    run->points_count = 0;
    run->points = tl__alloc(&run->context->heap, wanted * axes * sizeof(double));
    tl_status status = run->points ? TL_OK : tl__fail_memory(error, wanted * axes * sizeof(double));
    if (run->points) run->points_count = wanted;
    if (status == TL_OK) status = tl__search_propose(search->method, &view, wanted, run->points, error);
    tl__free(&run->context->heap, points, bytes);
    return status;
}

/* Moves on to the generation that has trials left; false: there is none. */
static tl_status search_run_generation(tl__search_run *run, bool *more, tl_error *error)
{
    const tl__search *search = &run->search;
    int64_t size = !search_run_learns(run) ? search->trials : search->async ? 1 : search->generation;
    for (;;) {
        bool open = run->end == 0;
        for (int64_t i = run->first; i < run->end && !open; i++)
            open = search->async ? run->trials.items[i].state == TL__TRIAL_FREE : !search_run_ended(run, i);
        if (open && run->end > 0) break;
        run->first = run->end;
        run->end = search->trials - run->first < size ? search->trials : run->first + size;
        if (run->first >= search->trials) break;
        bool all = true;
        for (int64_t i = run->first; i < run->end; i++) all = all && search_run_ended(run, i);
        if (!all) TL_TRY(search_run_propose(run, error));
    }
    *more = run->first < search->trials;
    return TL_OK;
}

/* The next trial, in run->mutex. *trial -1: *more says whether there will be others. */
static tl_status search_run_next(tl__search_run *run, int64_t *trial, bool *more, tl_error *error)
{
    *trial = -1;
    TL_TRY(tl__trials_update(&run->trials, error));
    TL_TRY(search_run_generation(run, more, error));
    if (!*more) {    /* async: what a dead process left */
        if (run->search.async) TL_TRY(tl__trials_claim(&run->trials, 0, run->search.trials, run->trials.points, NULL,
                                                       NULL, trial, error));
        return TL_OK;
    }
    TL_TRY(tl__trials_claim(&run->trials, run->first, run->end, run->points, search_run_mine, run, trial, error));
    if (*trial < 0 && run->options->shards > 1) {
        *more = false;
        for (int64_t i = run->first; i < run->end; i++)
            *more = *more || (search_run_mine(run, i) && !search_run_ended(run, i));
    }
    return TL_OK;
}

/* ---- a trial ---- */

TL_PRIV tl_status tl__search_config(const tl__search_run *run, tl_context *context, int64_t trial, tl__config **out,
                                    tl_error *error)
{
    const tl_options *o = run->options;
    const size_t axes = run->search.space.count;
    const double *point = run->trials.points + (size_t)trial * axes;
    size_t count = o->set_count;
    tl__arena arena;
    tl__arena_init(&arena, &context->heap);
    const char **set = tl__arena_push(&arena, (count + axes) * sizeof *set);
    tl_status status = set ? TL_OK : tl__fail_memory(error, (count + axes) * sizeof *set);
    for (size_t i = 0; status == TL_OK && i < o->set_count; i++) set[i] = o->set[i];
    for (size_t j = 0; status == TL_OK && j < axes; j++) {
        tl__buffer value;
        if (!tl__space_counts(&run->search.space, j, point)) continue;
        tl__buffer_init(&value, &context->heap);
        tl__search_value(&run->search, j, point[j], &value);
        set[count] = value.failed ? NULL : tl__arena_format(&arena, "%s=%s", run->search.parameters[j].path,
                                                            value.data);
        tl__buffer_free(&value);
        if (!set[count++]) status = tl__fail_memory(error, 64);
    }
    if (status == TL_OK) status = tl__config_read(context, run->config_path, set, count, out, error);
    tl__arena_free(&arena);
    return status;
}

static double search_run_better(const tl__search *search, double a, double b)
{
    if (a != a) return b;
    if (b != b) return a;
    return (search->higher ? a > b : a < b) ? a : b;
}

/* What earlier trials had reached when they came to this rung; a training that ended before it counts with its last. */
static bool search_run_hopeless(const search_run_worker *worker)
{
    tl__search_run *run = worker->run;
    const tl__search *search = &run->search;
    const size_t rung = worker->curve_count - 1;
    const double sign = search->higher ? -1.0 : 1.0;
    int64_t seen = search->async ? search->trials : worker->first;
    double *values = tl__alloc(&worker->context->heap, ((size_t)seen + 1) * sizeof *values);
    size_t count = 0;
    if (!values) return false;
    tl__mutex_lock(run->mutex);
    for (int64_t i = 0; i < seen; i++) {
        const tl__trial *other = &run->trials.items[i];
        if (!search_run_ended(run, i) || other->curve_count == 0 ||
            !tl__stop_peers(&search->stop, i, worker->trial)) continue;
        if (rung < other->curve_count) values[count++] = sign * other->curve[rung];
        else if (other->state == TL__TRIAL_DONE) values[count++] = sign * other->curve[other->curve_count - 1];
    }
    tl__mutex_unlock(run->mutex);
    bool hopeless = tl__stop_now(&search->stop, values, count, sign * worker->best);
    tl__free(&worker->context->heap, values, ((size_t)seen + 1) * sizeof *values);
    return hopeless;
}

static tl_status search_run_keep(search_run_worker *worker, double value, tl_error *error)
{
    if (worker->curve_count == worker->curve_room) {
        size_t room = worker->curve_room ? 2 * worker->curve_room : 16;
        double *grown = tl__resize(&worker->context->heap, worker->curve, worker->curve_room * sizeof *grown,
                                   room * sizeof *grown);
        if (!grown) return tl__fail_memory(error, room * sizeof *grown);
        worker->curve = grown;
        worker->curve_room = room;
    }
    worker->curve[worker->curve_count++] = value;
    return TL_OK;
}

static tl_status search_run_on_epoch(void *user, const tl__trainer *trainer, const tl__epoch *epoch, tl_error *error)
{
    search_run_worker *worker = user;
    const tl__search *search = &worker->run->search;
    (void)trainer;
    worker->best = search_run_better(search, worker->best, tl__search_epoch_score(search, epoch));
    if (!tl__stop_rung(&search->stop, worker->trial, (int64_t)epoch->epoch)) return TL_OK;
    TL_TRY(search_run_keep(worker, worker->best, error));
    worker->stopped = search_run_hopeless(worker);
    return worker->stopped ? TL_CANCELLED : TL_OK;
}

/* What the search as a whole has come to, for who watches. */
static void search_run_progress(tl__search_run *run, tl_progress *p, char note[48], int64_t trial)
{
    double seconds = (double)(tl__ticks() - run->started) * 1e-9;
    int64_t here = run->trials.ended - run->before;
    tl__format(note, 48, "trial %lld/%lld", (long long)trial + 1, (long long)run->search.trials);
    p->note = note;
    p->line = "";
    p->run = run->trials.folder;
    p->regression = run->regression;
    p->trials = run->search.trials;
    p->trials_ended = run->trials.ended;
    p->best = run->trials.best < 0 ? tl__nan_d()
                                   : run->trials.items[run->trials.best].score;
    p->seconds = seconds;
    p->seconds_left = here > 0 ? seconds / (double)here * (double)(run->search.trials - run->trials.ended)
                               : tl__nan_d();
}

static bool search_run_on_progress(void *user, const tl_progress *progress)
{
    search_run_worker *worker = user;
    tl__search_run *run = worker->run;
    tl_progress p = *progress;
    char note[48];
    tl__mutex_lock(run->mutex);
    worker->progress = *progress;
    worker->progress.record = NULL;
    worker->progress.line = worker->progress.note = worker->progress.run = "";
    bool leave = run->leave;
    search_run_progress(run, &p, note, worker->trial);
    tl__mutex_unlock(run->mutex);
    if (worker->own || leave) return !leave;
    return !run->options->progress || run->options->progress(run->options->progress_user, &p);
}

static tl_status search_run_train(search_run_worker *worker, const tl__config *config, tl_scores *scores,
                                  tl__train_result *end, tl_error *error)
{
    tl__session session;
    tl__listener listener = {.epoch = search_run_on_epoch, .user = worker};
    tl__trainer_options options = {.run = "", .progress = search_run_on_progress, .progress_user = worker,
                                   .listeners = &listener, .listener_count = 1};
    tl_status status = tl__session_open(worker->context, config, worker->run->data, &session, error);
    if (status == TL_OK) status = tl__session_transfer(&session, error);
    if (status == TL_OK) worker->run->regression = tl_dataset_classes(session.data) == 0;
    if (status == TL_OK) status = tl__session_train(&session, &options, error);
    if (status == TL_OK) {    /* what a trial warns of is in no one's interest here */
        tl_log_level level = worker->context->log_level;
        worker->context->log_level = TL_LOG_ERROR;
        status = tl__trainer_run(session.trainer, error);
        worker->context->log_level = level;
    }
    if (status == TL_CANCELLED && worker->stopped) {
        status = TL_OK;
        memset(error, 0, sizeof *error);
    }
    if (status == TL_OK) tl__trainer_result(session.trainer, end);
    if (status == TL_OK) status = tl__trainer_score(session.trainer, TL_VALIDATION, scores, error);
    if (status == TL_OK && scores->samples == 0)
        status = tl__fail_at(error, TL_BAD_CONFIG, config->path, 0, 0, "data.split.validation",
                             "a search compares trials on validation rows; give data.split.validation a share, such as "
                             "0.2.");
    tl__session_close(&session);
    return status;
}

static tl_status search_run_trial(search_run_worker *worker, tl_error *error)
{
    tl__search_run *run = worker->run;
    tl__config *config = NULL;
    tl_scores scores = {.samples = 0};
    tl__train_result end = {.epochs = 0};
    tl_error why = {0};
    int64_t started = tl__ticks();
    worker->stopped = false;
    worker->curve_count = 0;
    worker->best = tl__nan_d();
    tl_status status = tl__search_config(run, worker->context, worker->trial, &config, &why);
    if (status == TL_OK) status = search_run_train(worker, config, &scores, &end, &why);
    tl__config_free(config);
    if (status == TL_CANCELLED || status == TL_OUT_OF_MEMORY) {
        tl__trial free = {.state = TL__TRIAL_FREE};
        tl__mutex_lock(run->mutex);
        tl__trials_end(&run->trials, worker->trial, &free, NULL);
        tl__mutex_unlock(run->mutex);
        *error = why;
        return status;
    }
    why.message[strcspn(why.message, "\n")] = '\0';    /* one line of a table */
    if (run->search.stop.method != TL__STOP_NONE && !worker->stopped)
        TL_TRY(search_run_keep(worker, worker->best, error));
    double score = status == TL_OK ? tl__search_score(&run->search, &scores) : worker->best;
    tl__trial how = {.state = status != TL_OK ? TL__TRIAL_FAILED : worker->stopped ? TL__TRIAL_STOPPED : TL__TRIAL_DONE,
                     .score = score, .seconds = (double)(tl__ticks() - started) * 1e-9, .epochs = end.epochs,
                     .best_epoch = end.best_epoch, .error = status == TL_OK ? NULL : why.message,
                     .curve = worker->curve, .curve_count = worker->curve_count};
    if (status != TL_OK) how.score = tl__nan_d();
    tl__mutex_lock(run->mutex);
    status = tl__trials_end(&run->trials, worker->trial, &how, error);
    tl__mutex_unlock(run->mutex);
    return status;
}

/* ---- telling ---- */

TL_PRIV bool tl__search_tell(tl__search_run *run)
{
    const tl__search *search = &run->search;
    int64_t best = run->told_best;
    for (int64_t i = 0; i < search->trials; i++) {
        const tl__trial *trial = &run->trials.items[i];
        char text[400];
        size_t used = 0;
        if (run->told[i] || !search_run_ended(run, i)) continue;
        run->told[i] = true;
        text[0] = '\0';
        for (size_t j = 0; j < search->space.count && used < sizeof text - 100; j++) {
            const double *point = run->trials.points + (size_t)i * search->space.count;
            tl__buffer value;
            if (!tl__space_counts(&search->space, j, point)) continue;
            tl__buffer_init(&value, &run->context->heap);
            tl__search_value(search, j, point[j], &value);
            used += tl__format(text + used, sizeof text - used, "  %.60s %.30s", search->parameters[j].path,
                               value.failed ? "" : value.data);
            tl__buffer_free(&value);
        }
        double loss = tl__trials_loss(&run->trials, i);
        bool better = loss == loss && (best < 0 || loss < tl__trials_loss(&run->trials, best));
        if (better) best = i;
        if (trial->state == TL__TRIAL_FAILED)
            tl__log_line(run->context, TL_LOG_INFO, "trial %lld/%lld  failed: %s", (long long)i + 1,
                         (long long)search->trials, trial->error ? trial->error : "");
        else if (trial->state == TL__TRIAL_STOPPED)
            tl__log_line(run->context, TL_LOG_INFO, "trial %lld/%lld  %s %.4f%s%s  (stopped at epoch %lld)",
                         (long long)i + 1, (long long)search->trials, search->metric, trial->score, text,
                         better ? "  (best so far)" : "", (long long)trial->epochs);
        else
            tl__log_line(run->context, TL_LOG_INFO, "trial %lld/%lld  %s %.4f%s%s", (long long)i + 1,
                         (long long)search->trials, search->metric, trial->score, text,
                         better ? "  (best so far)" : "");
    }
    bool changed = best != run->told_best;
    run->told_best = best;
    return changed;
}

/* ---- workers ---- */

static void search_run_fail(tl__search_run *run, tl_status status, const tl_error *error)
{
    if (run->status == TL_OK) {
        run->status = status;
        run->why = *error;
    }
    run->leave = true;
}

static void search_run_worker_main(void *user)
{
    search_run_worker *worker = user;
    tl__search_run *run = worker->run;
    tl_error error = {0};
    tl_status status = TL_OK;
    bool more = true;
    tl__mutex_lock(run->mutex);
    while (status == TL_OK && !run->leave) {
        worker->trial = -1;
        status = search_run_next(run, &worker->trial, &more, &error);
        worker->first = run->first;
        bool wait = status == TL_OK && worker->trial < 0;
        if (wait && !more) break;
        if (!worker->own) tl__search_tell(run);
        tl__mutex_unlock(run->mutex);
        if (wait) {
            tl__sleep(SEARCH_RUN_WAIT);
            if (!worker->own && tl__cancelled(worker->context)) {
                worker->context->cancelled = 0;
                status = tl__fail(&error, TL_CANCELLED, "stopped on request");
            }
        } else if (status == TL_OK) {
            status = search_run_trial(worker, &error);
        }
        tl__mutex_lock(run->mutex);
    }
    if (status != TL_OK) search_run_fail(run, status, &error);
    run->working--;
    tl__mutex_unlock(run->mutex);
    tl__free(&worker->context->heap, worker->curve, worker->curve_room * sizeof(double));
    worker->curve = NULL;
    worker->curve_room = 0;
}

static void *search_run_resize(void *user, void *block, size_t old_size, size_t new_size)
{
    tl_context *context = user;
    if (new_size > 0) return tl__resize(&context->heap, block, old_size, new_size);
    tl__free(&context->heap, block, old_size);
    return NULL;
}

/* The caller's thread meanwhile: says what ended, shows how far it is, listens for a request to stop. */
static void search_run_watch(tl__search_run *run, search_run_worker *workers, int count)
{
    for (bool going = true; going;) {
        tl_progress p = {.state = "training"};
        char note[48];
        tl__sleep(SEARCH_RUN_WAIT);
        tl__mutex_lock(run->mutex);
        tl__search_tell(run);
        int64_t newest = 0;
        for (int i = 0; i < count; i++)
            if (workers[i].trial > newest) newest = workers[i].trial, p = workers[i].progress;
        if (!p.state) p.state = "training";
        search_run_progress(run, &p, note, newest);
        going = run->working > 0;
        tl__mutex_unlock(run->mutex);
        bool wanted = !run->options->progress || run->options->progress(run->options->progress_user, &p);
        if (wanted && !tl__cancelled(run->context)) continue;
        tl__mutex_lock(run->mutex);
        run->context->cancelled = 0;
        tl_error error = {0};
        search_run_fail(run, tl__fail(&error, TL_CANCELLED, "stopped on request"), &error);
        tl__mutex_unlock(run->mutex);
    }
}

static tl_status search_run_threads(tl__search_run *run, int count, tl_error *error)
{
    tl_allocator allocator = {search_run_resize, run->context};
    tl_context_options options = TL_CONTEXT_OPTIONS;
    options.allocator = &allocator;
    options.threads = 1;
    options.simd = tl_context_simd(run->context);
    options.clock = run->context->clock;
    options.clock_user = run->context->clock_user;
    tl_status status = TL_OK;
    search_run_worker *workers = tl__alloc_zero(&run->context->heap, (size_t)count, sizeof *workers);
    if (!workers) return tl__fail_memory(error, (size_t)count * sizeof *workers);
    for (int i = 0; i < count && status == TL_OK; i++) {
        workers[i] = (search_run_worker){.run = run, .own = true, .trial = -1};
        status = tl_context_make(&options, &workers[i].context, error);
    }
    for (int i = 0; i < count && status == TL_OK; i++) {
        tl__mutex_lock(run->mutex);
        run->working++;
        tl__mutex_unlock(run->mutex);
        if (tl__thread_start(&run->context->heap, search_run_worker_main, &workers[i], &workers[i].thread) == TL_OK)
            continue;
        tl__mutex_lock(run->mutex);
        run->working--;
        tl__mutex_unlock(run->mutex);
        if (i == 0) status = tl__fail(error, TL_UNSUPPORTED, "no thread could be started; set search.parallel: 1.");
        break;
    }
    if (status == TL_OK) search_run_watch(run, workers, count);
    for (int i = 0; i < count; i++) {
        if (workers[i].thread) tl__thread_join(&run->context->heap, workers[i].thread);
        tl_context_free(workers[i].context);
    }
    tl__free(&run->context->heap, workers, (size_t)count * sizeof *workers);
    return status;
}

/* Trials at the same time: as many as there are threads, and as a generation has. */
static int search_run_count(const tl__search_run *run)
{
    const tl__search *search = &run->search;
    int64_t count = search->parallel ? search->parallel : run->context->threads;
    int64_t most = search_run_learns(run) && !search->async ? search->generation : SEARCH_RUN_MOST;
    if (count > most) count = most;
    if (count > search->trials) count = search->trials;
    return count < 1 ? 1 : count > SEARCH_RUN_MOST ? SEARCH_RUN_MOST : (int)count;
}

TL_PRIV tl_status tl__search_work(tl__search_run *run, tl_error *error)
{
    int count = search_run_count(run);
    run->told = tl__alloc_zero(&run->context->heap, (size_t)run->search.trials, sizeof *run->told);
    if (!run->told) return tl__fail_memory(error, (size_t)run->search.trials);
    run->told_best = run->trials.best;
    run->before = run->trials.ended;
    run->started = tl__ticks();
    for (int64_t i = 0; i < run->search.trials; i++) run->told[i] = search_run_ended(run, i);
    tl_status status = tl__mutex_new(&run->context->heap, &run->mutex);
    if (status != TL_OK) return tl__fail_memory(error, 64);
    if (count > 1) {
        status = search_run_threads(run, count, error);
    } else {
        search_run_worker worker = {.run = run, .context = run->context, .trial = -1};
        run->working = 1;
        search_run_worker_main(&worker);
    }
    tl__search_tell(run);
    tl__mutex_free(&run->context->heap, run->mutex);
    tl__free(&run->context->heap, run->told, (size_t)run->search.trials * sizeof *run->told);
    tl__free(&run->context->heap, run->points, run->points_count * run->search.space.count * sizeof(double));
    if (status == TL_OK && run->status != TL_OK) {
        if (error) *error = run->why;
        status = run->status;
    }
    return status;
}
