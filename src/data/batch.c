/* One block holds the order of the epoch, the prepared copy of the inputs where it is small enough, and the slots.
 *
 * Without a thread there is one slot, and _next fills it. With one there are two: while the caller uses one, the thread
 * fills the other. Two events carry it: `go` counts slots that the thread may fill, `made` those that it has filled.
 * Everything else that both touch (order, next batch) changes only while made == go, when the thread sleeps. What a
 * batch holds depends on its number alone, so the thread cannot change a result. */
#include "data/batch.h"

#include "data/augment.h"
#include "data/order.h"
#include "data/window.h"
#include "port/port.h"

enum {
    BATCH_SLOTS = 2,
    BATCH_WINDOWS = 2,
    BATCH_THREAD_FLOATS = 32768    /* below this many inputs a batch is made faster than a thread is woken */
};

struct tl__batches {
    const tl_dataset *dataset;
    tl__batch_options options;
    size_t block_size;
    size_t rows, count;            /* of the part; batches per epoch */
    bool cached, threaded;
    tl__order shape;               /* how the order of an epoch is drawn */
    uint32_t *order;               /* [rows] */
    uint32_t *pieces;              /* [shape.pieces] of the epoch */
    float *cache;                  /* [rows, features] */
    uint32_t epoch;
    float *augment;                /* room for changing an image; NULL: none is changed */
    tl__batch slots[BATCH_SLOTS];
    float *inputs[BATCH_SLOTS];    /* of the slots; unless they point into the cache */
    int32_t *labels[BATCH_SLOTS], *lengths[BATCH_SLOTS];
    float *targets[BATCH_SLOTS], *weights[BATCH_SLOTS];
    size_t first;                  /* batch that the epoch was begun with */
    size_t given;                  /* the next batch to hand out */
    size_t next;                   /* the thread's: batch to make */
    unsigned issued, made_base;    /* since _start */
    /* streamed data; in the hands of who makes the batches */
    bool streamed;
    unsigned char *room;           /* for gathering without windows: the order is not drawn */
    tl__window windows[BATCH_WINDOWS];
    size_t holds[BATCH_WINDOWS];   /* which window of the epoch it is; SIZE_MAX: none */
    size_t loaded[BATCH_WINDOWS];  /* its rows that have been read */
    uint32_t *places;              /* [batch_size] of a batch's rows in their window */
    size_t window, window_begin, window_rows;   /* the window of the batch before, its place in the order */
    tl_status failed;
    tl_error why;
    bool stop;
    void *thread;                  /* tl__thread_bytes */
    tl__event *go, *made;
    int64_t waited;
};

static bool batch_streamed(const tl_dataset *dataset, const tl__batch_options *options)
{
    return dataset->part[options->part].from->table->store != NULL;
}

static bool batch_fits_cache(const tl_dataset *dataset, const tl__batch_options *options)
{
    size_t floats, bytes;
    return !batch_streamed(dataset, options) && !dataset->pipeline->forecast &&
           tl__size_mul(dataset->part[options->part].count, dataset->pipeline->features, &floats) &&
           tl__size_mul(floats, sizeof(float), &bytes) && bytes <= options->cache_bytes;
}

static bool batch_pays(const tl_dataset *dataset, const tl__batch_options *options)
{
#ifdef TL_NO_THREADS
    (void)dataset;
    (void)options;
    return false;
#else
    size_t floats;
    if (options->workers < 1 || dataset->context->threads < 2 || batch_fits_cache(dataset, options)) return false;
    if (options->batch_size >= dataset->part[options->part].count) return false;
    return tl__size_mul(options->batch_size, dataset->pipeline->features, &floats) && floats >= BATCH_THREAD_FLOATS;
#endif
}

static void batch_carve_windows(tl__carver *carver, const tl_dataset *dataset, const tl__batch_options *options,
                                tl__batches *plan)
{
    const tl__rows_of *from = dataset->part[options->part].from;
    const tl__order *shape = &plan->shape;
    size_t inputs = dataset->pipeline->input_count;
    if (!options->shuffle) {
        plan->room = TL_CARVE(carver, unsigned char, tl__dataset_room(dataset));
        return;
    }
    plan->places = TL_CARVE(carver, uint32_t, tl__size_min(options->batch_size, shape->rows));
    for (size_t i = 0; i < BATCH_WINDOWS && i < shape->windows; i++) {
        size_t most = tl__size_min(shape->rows, shape->piece * shape->each);
        tl__window_carve(carver, from->table, from->columns, inputs, most, i ? &plan->windows[0] : NULL,
                         &plan->windows[i]);
    }
}

/* All blocks in one order; with a base, placed. */
static tl__batches *batch_carve(tl__carver *carver, const tl_dataset *dataset, const tl__batch_options *options)
{
    tl__batches plan = {0}, *batches = TL_CARVE(carver, tl__batches, 1);
    const tl__pipeline *pipeline = dataset->pipeline;
    size_t rows = dataset->part[options->part].count, size = tl__size_min(options->batch_size, rows), all = 0;
    plan.cached = batch_fits_cache(dataset, options);
    plan.threaded = batch_pays(dataset, options);
    plan.shape = tl__order_of(rows, options->shuffle_block);
    plan.order = TL_CARVE(carver, uint32_t, rows);
    plan.pieces = TL_CARVE(carver, uint32_t, options->shuffle ? plan.shape.pieces : 0);
    if (plan.cached) plan.cache = TL_CARVE(carver, float, rows * pipeline->features);
    if (!tl__size_mul(size, tl__size_max(pipeline->features, pipeline->outputs), &all)) carver->overflow = true;
    const bool augment = options->augment && tl__augments(dataset);
    if (augment) plan.augment = TL_CARVE(carver, float, tl__augment_room(dataset));
    for (int i = 0; i < (plan.threaded ? BATCH_SLOTS : 1) && !carver->overflow; i++) {
        if (!plan.cached || options->shuffle || augment)
            plan.inputs[i] = TL_CARVE(carver, float, size * pipeline->features);
        if (pipeline->classification) plan.labels[i] = TL_CARVE(carver, int32_t, size);
        else plan.targets[i] = TL_CARVE(carver, float, size * pipeline->outputs);
        if (pipeline->sequence) plan.lengths[i] = TL_CARVE(carver, int32_t, size);
        if (dataset->has_weights) plan.weights[i] = TL_CARVE(carver, float, size);
    }
    plan.streamed = batch_streamed(dataset, options);
    if (plan.streamed) batch_carve_windows(carver, dataset, options, &plan);
    if (plan.threaded) plan.thread = TL_CARVE(carver, unsigned char, tl__thread_bytes());
    if (carver->base) *batches = plan;
    return batches;
}

TL_PRIV size_t tl__batches_bytes(const tl_dataset *dataset, const tl__batch_options *options)
{
    tl__carver carver = {0};
    batch_carve(&carver, dataset, options);
    if (carver.overflow) return 0;
    return carver.used + TL__ALIGNED_EXTRA + (batch_pays(dataset, options) ? 2 * tl__event_bytes() : 0);
}

/* ---- making a batch ---- */

static void batch_copy_rows(const tl__batches *batches, const uint32_t *order, size_t count, float *out)
{
    size_t features = batches->dataset->pipeline->features;
    for (size_t i = 0; i < count; i++)
        memcpy(out + i * features, batches->cache + order[i] * features, features * sizeof *out);
}

/* Rows of a window up to place `until`, piece after piece. */
static tl_status batch_load(tl__batches *batches, size_t number, size_t until, tl_error *error)
{
    const tl__order *shape = &batches->shape;
    const uint32_t *rows = batches->dataset->part[batches->options.part].rows;
    size_t slot = number % BATCH_WINDOWS, *loaded = &batches->loaded[slot];
    if (batches->holds[slot] != number) *loaded = 0;
    batches->holds[slot] = number;
    while (*loaded < until) {
        size_t piece = *loaded / shape->piece, within = *loaded % shape->piece, position = 0;
        size_t count = tl__order_piece(shape, batches->pieces, number, piece, &position);
        count = tl__size_min(count - within, until - *loaded);
        TL_TRY(tl__window_load(&batches->windows[slot], *loaded, rows + position + within, 0, count, error));
        *loaded += count;
    }
    return TL_OK;
}

/* The window that the order's row `at` is in, whole. */
static tl_status batch_enter(tl__batches *batches, size_t at, tl_error *error)
{
    const tl__order *shape = &batches->shape;
    while (at >= batches->window_begin + batches->window_rows) {
        batches->window_begin += batches->window_rows;
        batches->window += batches->window_rows > 0;
        batches->window_rows = tl__order_window_rows(shape, batches->pieces, batches->window);
    }
    return batch_load(batches, batches->window, batches->window_rows, error);
}

/* The share of the next window that the rows used of this one stand for, in reads of some size. */
static tl_status batch_read_ahead(tl__batches *batches, size_t used, tl_error *error)
{
    size_t next = batches->window + 1, slot = next % BATCH_WINDOWS;
    if (next >= batches->shape.windows) return TL_OK;
    size_t all = tl__order_window_rows(&batches->shape, batches->pieces, next);
    size_t due = (size_t)((double)all * ((double)used / (double)batches->window_rows));
    size_t done = batches->holds[slot] == next ? batches->loaded[slot] : 0;
    size_t step = tl__window_rows(batches->windows[slot].table);
    if (used == batches->window_rows) due = all;
    if (due < all && due < done + step) return TL_OK;
    return due > done ? batch_load(batches, next, due, error) : TL_OK;
}

static tl_status batch_gather_streamed(tl__batches *batches, size_t first, size_t rows, float *inputs, tl_error *error)
{
    const tl_dataset *dataset = batches->dataset;
    const tl__rows_of *from = dataset->part[batches->options.part].from;
    const uint32_t *order = batches->order + first;
    for (size_t done = 0, n; done < rows; done += n) {
        TL_TRY(batch_enter(batches, first + done, error));
        size_t used = first + done - batches->window_begin;
        const tl__window *window = &batches->windows[batches->window % BATCH_WINDOWS];
        tl__rows_of view = *from;
        view.columns = window->list;
        n = tl__size_min(rows - done, batches->window_rows - used);
        for (size_t i = 0; i < n; i++) {
            size_t place = tl__order_place(&batches->shape, batches->pieces, batches->window, order[done + i]);
            batches->places[i] = (uint32_t)place;
        }
        tl__dataset_gather_inputs(dataset->pipeline, &view, batches->places, NULL, 0, n,
                                  inputs + done * dataset->pipeline->features);
        TL_TRY(batch_read_ahead(batches, used + n, error));
    }
    return TL_OK;
}

/* A batch of no rows is one that could not be read. */
static void batch_make(tl__batches *batches, size_t number, int slot)
{
    const tl_dataset *dataset = batches->dataset;
    tl__batch *batch = &batches->slots[slot];
    tl_part part = batches->options.part;
    size_t first = number * batches->options.batch_size;
    size_t rows = tl__size_min(batches->options.batch_size, batches->rows - first);
    const uint32_t *order = batches->order + first;
    float *inputs = batches->inputs[slot];
    batch->rows = 0;
    tl__dataset_gather_targets(dataset, part, order, 0, rows, batches->labels[slot], batches->targets[slot],
                               batches->weights[slot]);
    tl__dataset_lengths(dataset, part, order, 0, rows, batches->lengths[slot]);
    if (!batches->cached && batches->failed == TL_OK) {
        bool windows = batches->streamed && batches->options.shuffle;
        batches->failed = windows ? batch_gather_streamed(batches, first, rows, inputs, &batches->why)
                                  : tl__dataset_gather(dataset, part, order, 0, rows, inputs, NULL, NULL, NULL,
                                                       batches->room, &batches->why);
    }
    if (batches->failed != TL_OK) return;
    *batch = (tl__batch){rows, first, order, inputs, batches->labels[slot], batches->targets[slot],
                         batches->weights[slot], batches->lengths[slot]};
    if (batches->cached && inputs) batch_copy_rows(batches, order, rows, inputs);
    else if (batches->cached) batch->inputs = batches->cache + first * dataset->pipeline->features;
    if (batches->augment) tl__augment_rows(dataset, batches->epoch, order, rows, inputs, batches->augment);
}

static void batch_thread(void *user)
{
    tl__batches *batches = user;
    for (unsigned done = 0;; done++) {
        while (tl__event_value(batches->go) == done) tl__event_wait(batches->go, done);
        if (batches->stop) return;
        size_t number = batches->next++;
        batch_make(batches, number, (int)(number % BATCH_SLOTS));
        tl__event_signal(batches->made);
    }
}

/* ---- life ---- */

static tl_status batch_start_thread(tl__batches *batches)
{
    tl__heap *heap = &batches->dataset->context->heap;
    TL_TRY(tl__event_new(heap, &batches->go));
    TL_TRY(tl__event_new(heap, &batches->made));
    void *memory = batches->thread;
    batches->thread = NULL;
    TL_TRY(tl__thread_start_at(memory, batch_thread, batches));
    batches->thread = memory;
    return TL_OK;
}

TL_PRIV tl_status tl__batches_new(const tl_dataset *dataset, const tl__batch_options *options, tl__batches **out,
                                  tl_error *error)
{
    tl__carver carver = {0};
    tl__heap *heap = &dataset->context->heap;
    if (options->batch_size == 0) {
        return tl__fail_at(error, TL_INVALID, NULL, 0, 0, "training.batch_size",
                           "training.batch_size must be at least 1");
    }
    batch_carve(&carver, dataset, options);
    size_t size = carver.used;
    if (carver.overflow) return tl__fail_memory(error, SIZE_MAX);
    void *block = tl__alloc_aligned(heap, size);
    if (!block) return tl__fail_memory(error, size);
    carver = (tl__carver){.base = block};
    tl__batches *batches = batch_carve(&carver, dataset, options);
    batches->dataset = dataset;
    batches->options = *options;
    batches->block_size = size;
    batches->rows = dataset->part[options->part].count;
    batches->count = batches->rows / options->batch_size;
    if (!options->drop_last && batches->rows % options->batch_size) batches->count++;
    if (batches->cached) {
        const tl__part_rows *part = &dataset->part[options->part];
        tl__dataset_gather_inputs(dataset->pipeline, part->from, part->rows, NULL, 0, batches->rows, batches->cache);
    }
    if (batches->threaded) {
        tl_status status = batch_start_thread(batches);
        if (status != TL_OK) {
            batches->thread = NULL;
            tl__batches_free(batches);
            return status == TL_OUT_OF_MEMORY ? tl__fail_memory(error, tl__event_bytes())
                                              : tl__fail(error, status, "a thread for loading could not be started; "
                                                                        "data.workers: 0 does without");
        }
    }
    for (int i = 0; i < BATCH_WINDOWS; i++) batches->holds[i] = SIZE_MAX;
    tl__batches_start(batches, 0, 0);
    *out = batches;
    return TL_OK;
}

/* Until the thread has made all it was told to make; it then sleeps. */
static void batch_drain(tl__batches *batches)
{
    if (!batches->threaded) return;
    for (;;) {
        unsigned made = tl__event_value(batches->made);
        if (made - batches->made_base == batches->issued) return;
        tl__event_wait(batches->made, made);
    }
}

TL_PRIV void tl__batches_free(tl__batches *batches)
{
    if (!batches) return;
    tl__heap *heap = &batches->dataset->context->heap;
    if (batches->thread) {
        batch_drain(batches);
        batches->stop = true;
        tl__event_signal(batches->go);
        tl__thread_wait(batches->thread);
    }
    tl__event_free(heap, batches->go);
    tl__event_free(heap, batches->made);
    tl__free_aligned(heap, batches, batches->block_size);
}

/* ---- an epoch ---- */

TL_PRIV size_t tl__batches_count(const tl__batches *batches) { return batches->count; }

TL_PRIV int64_t tl__batches_waited(const tl__batches *batches) { return batches->waited; }

static void batch_issue(tl__batches *batches)
{
    batches->issued++;
    tl__event_signal(batches->go);
}

static void batch_draw(tl__batches *batches, uint32_t epoch)
{
    const tl__order *shape = &batches->shape;
    uint64_t seed = batches->dataset->seed;
    uint32_t part = (uint32_t)batches->options.part, *out = batches->order;
    if (!batches->options.shuffle) {
        for (size_t i = 0; i < batches->rows; i++) out[i] = (uint32_t)i;
        return;
    }
    tl__order_draw(shape, seed, part, epoch, batches->pieces);
    for (size_t window = 0; window < shape->windows; window++)
        out += tl__order_window(shape, batches->pieces, seed, part, epoch, window, out);
}

TL_PRIV void tl__batches_start(tl__batches *batches, uint32_t epoch, size_t first)
{
    batch_drain(batches);
    batch_draw(batches, epoch);
    batches->epoch = epoch;
    batches->first = batches->given = batches->next = tl__size_min(first, batches->count);
    batches->waited = 0;
    batches->failed = TL_OK;
    batches->window = batches->window_begin = batches->window_rows = 0;
    for (int i = 0; i < BATCH_WINDOWS && batches->shape.windows > 1; i++) batches->holds[i] = SIZE_MAX;
    if (!batches->threaded) return;
    batches->made_base = tl__event_value(batches->made);
    batches->issued = 0;
    for (size_t i = batches->given; i < batches->count && i < batches->given + BATCH_SLOTS; i++) batch_issue(batches);
}

/* The slot of the batch before is free again: the thread may fill it with the batch after the next. */
static void batch_wait(tl__batches *batches)
{
    size_t taken = batches->given - batches->first;
    if (taken > 0 && batches->first + batches->issued < batches->count) batch_issue(batches);
    unsigned made = tl__event_value(batches->made);
    if (made - batches->made_base > taken) return;
    int64_t begin = tl__ticks();
    while (made - batches->made_base <= taken) {
        tl__event_wait(batches->made, made);
        made = tl__event_value(batches->made);
    }
    batches->waited += tl__ticks() - begin;
}

TL_PRIV const tl__batch *tl__batches_next(tl__batches *batches)
{
    if (batches->given == batches->count) return NULL;
    size_t number = batches->given;
    int slot = batches->threaded ? (int)(number % BATCH_SLOTS) : 0;
    if (batches->threaded) batch_wait(batches);
    else batch_make(batches, number, slot);
    if (batches->slots[slot].rows == 0) return NULL;
    batches->given++;
    return &batches->slots[slot];
}

TL_PRIV tl_status tl__batches_failure(const tl__batches *batches, tl_error *error)
{
    if (batches->given == batches->count) return TL_OK;
    if (error) *error = batches->why;
    return batches->failed;
}
