/* The collector of detailed analytics. Every sum has one order, that of tensors, rows and steps, so a record is the
 * same whatever the threads, and after a resume. */
#include "train/analytics.h"

#include "base/math.h"
#include "base/text.h"
#include "port/port.h"
#include "train/trainer.h"

/* ---- sizes, names and memory ---- */

static bool analytics_has_suffix(const char *text, const char *end)
{
    size_t size = strlen(text), tail = strlen(end);
    return size >= tail && strcmp(text + size - tail, end) == 0;
}

/* Tensors of one node stand in a row. */
static void analytics_layers(tl__analytics *a, const tl__plan *plan)
{
    const tl__graph *graph = tl__plan_graph(plan);
    int last = -1;
    a->layers = a->units = 0;
    for (int i = 0; i < tl__plan_tensor_count(plan); i++) {
        const tl__tensor *tensor = tl__plan_tensor(plan, i);
        a->layer_of[i] = -1;
        a->unit_of[i] = SIZE_MAX;
        if (!tensor->trained) continue;
        if (tensor->node != last) a->layer_names[a->layers++] = graph->nodes[tensor->node].name;
        last = tensor->node;
        a->layer_of[i] = (int)a->layers - 1;
        if (tensor->rank != 1 || !analytics_has_suffix(tensor->name, ".bias")) continue;
        a->unit_of[i] = a->units;
        a->units += tensor->size;
    }
}

static void analytics_carve(tl__carver *carver, tl__analytics *a)
{
    bool detailed = a->level == TL__ANALYTICS_DETAILED;
    size_t size;
    a->width = tl__records_width(detailed ? a->layers : 0, a->classes);
    a->sums = TL_CARVE(carver, tl__analytics_sums, 1);
    a->norms = TL_CARVE(carver, double, detailed ? a->layers : 0);
    a->counts = TL_CARVE(carver, double, a->training_predictions ? 3 * a->classes : 0);
    if (!a->training_predictions) a->counts = NULL;
    a->unit_gradient = TL_CARVE(carver, float, detailed ? a->units : 0);
    a->previous = TL_CARVE(carver, float, detailed ? a->trained : 0);
    if (!tl__size_mul(a->history_size, a->width, &size)) carver->overflow = true;
    else a->rows = TL_CARVE(carver, double, size);
}

static size_t analytics_measure(tl__analytics *a)
{
    tl__carver carver = {0};
    analytics_carve(&carver, a);
    return carver.overflow ? SIZE_MAX : carver.used;
}

TL_PRIV tl_status tl__analytics_plan(tl__trainer *trainer, tl_error *error)
{
    tl__analytics *a = &trainer->analytics;
    size_t tensors = (size_t)tl__plan_tensor_count(trainer->plan);
    *a = (tl__analytics){.level = TL__ANALYTICS_MINIMUM};
    if (!trainer->options.analytics) return TL_OK;
    a->level = TL__ANALYTICS_DETAILED;
    a->classes = trainer->evaluator.classes;
    a->training_predictions = !trainer->validation && a->classes;
    a->trained = tl__plan_trained_floats(trainer->plan);
    a->history_size = trainer->history_size;
    a->layer_names = tl__arena_push_zero(&trainer->arena, tensors + 1, sizeof *a->layer_names);
    a->layer_of = tl__arena_push_zero(&trainer->arena, tensors + 1, sizeof *a->layer_of);
    a->unit_of = tl__arena_push_zero(&trainer->arena, tensors + 1, sizeof *a->unit_of);
    if (!a->layer_names || !a->layer_of || !a->unit_of) return tl__fail_memory(error, tensors * sizeof *a->unit_of);
    analytics_layers(a, trainer->plan);
    a->block_size = analytics_measure(a);
    return TL_OK;
}

TL_PRIV size_t tl__analytics_bytes(const tl__trainer *trainer)
{
    const tl__analytics *a = &trainer->analytics;
    return a->level == TL__ANALYTICS_MINIMUM ? 0 : a->block_size + TL__ALIGNED_EXTRA;
}

TL_PRIV void tl__analytics_prepare(tl__trainer *trainer)
{
    static const char *const instead[] = {
        [TL__ANALYTICS_MINIMUM] = "losses and accuracies alone", [TL__ANALYTICS_BASIC] = "figures without layers"};
    tl__analytics *a = &trainer->analytics;
    while (a->level > TL__ANALYTICS_MINIMUM) {
        a->block_size = analytics_measure(a);
        a->block = a->block_size < SIZE_MAX ? tl__alloc_aligned(&trainer->context->heap, a->block_size) : NULL;
        if (a->block) break;
        a->level--;
        tl__log_line(trainer->context, TL_LOG_WARNING, "analytics: there are no %zu bytes for them; the training goes "
                     "on with %s.", a->block_size, instead[a->level]);
    }
    if (a->level == TL__ANALYTICS_MINIMUM) return;
    tl__carver carver = {.base = a->block};
    memset(a->block, 0, a->block_size);
    analytics_carve(&carver, a);
    a->records = (tl__records){.layers = a->level == TL__ANALYTICS_DETAILED ? a->layers : 0, .classes = a->classes,
                               .validation = trainer->validation, .layer_names = a->layer_names,
                               .class_names = (const char *const *)trainer->data->pipeline->classes, .rows = a->rows};
}

TL_PRIV void tl__analytics_free(tl__trainer *trainer)
{
    tl__analytics *a = &trainer->analytics;
    if (a->block) tl__free_aligned(&trainer->context->heap, a->block, a->block_size);
    a->block = NULL;
    a->counts = NULL;
    a->level = TL__ANALYTICS_MINIMUM;
}

TL_PRIV const tl__records *tl__trainer_records(const tl__trainer *trainer)
{
    const tl__analytics *a = &trainer->analytics;
    return a->block ? &a->records : NULL;
}

static double *analytics_row(tl__analytics *a, size_t index) { return a->rows + index * a->width; }

TL_PRIV void tl__analytics_resume(tl__trainer *trainer, bool complete)
{
    tl__analytics *a = &trainer->analytics;
    if (a->level == TL__ANALYTICS_MINIMUM) return;
    a->records.count = (size_t)trainer->state.history;
    if (complete) return;
    memset(a->sums, 0, sizeof *a->sums);
    for (size_t i = 0; i < a->records.count; i++) {
        double *row = analytics_row(a, i);
        tl__record *record = (tl__record *)(void *)row;
        tl__row_clear(row, a->width);
        record->epoch = trainer->history[i];
        tl__record_judge(record, i ? tl__records_at(&a->records, i - 1) : NULL);
    }
    if (a->level == TL__ANALYTICS_DETAILED)
        memcpy(a->previous, trainer->model->parameters, a->trained * sizeof *a->previous);
}

/* ---- time ---- */

/* Nanoseconds; by the context's clock where there is one, so that records can be compared byte by byte. */
static int64_t analytics_ticks(tl__trainer *trainer)
{
    return trainer->context->clock ? tl__now(trainer->context) * 1000 : tl__ticks();
}

static double analytics_since(tl__trainer *trainer)
{
    int64_t now = analytics_ticks(trainer), before = trainer->analytics.mark;
    trainer->analytics.mark = now;
    return (double)(now - before);
}

TL_PRIV void tl__analytics_begin(tl__trainer *trainer)
{
    if (trainer->analytics.level > TL__ANALYTICS_MINIMUM) trainer->analytics.mark = analytics_ticks(trainer);
}

static size_t analytics_bucket(double nanoseconds)
{
    uint64_t n = nanoseconds < 256 ? 256 : (uint64_t)nanoseconds;
    int power = 8;
    while (power < 62 && n >> (power + 1)) power++;
    size_t bucket = (size_t)(power - 8) * 16 + (size_t)(n >> (power - 4) & 15);
    return tl__size_min(bucket, TL__STEP_BUCKETS - 1);
}

/* Seconds that a share of the steps did not take: the middle of their bucket, 3 % off at most. */
static double analytics_percentile(const tl__analytics_sums *sums, double share)
{
    double wanted = share * sums->steps, seen = 0;
    for (size_t i = 0; i < TL__STEP_BUCKETS; i++) {
        seen += sums->bucket[i];
        if (seen < wanted || sums->bucket[i] == 0) continue;
        double middle = tl__scale(16.5 + (double)(i % 16), (int)(i / 16) + 4);
        return (middle < sums->longest ? middle : sums->longest) * 1e-9;
    }
    return tl__nan_d();
}

TL_PRIV void tl__analytics_has_rows(tl__trainer *trainer)
{
    if (trainer->analytics.level == TL__ANALYTICS_MINIMUM) return;
    trainer->analytics.wait = analytics_since(trainer);
    trainer->analytics.sums->data += trainer->analytics.wait;
}

TL_PRIV void tl__analytics_step(tl__trainer *trainer)
{
    tl__analytics *a = &trainer->analytics;
    if (a->level == TL__ANALYTICS_MINIMUM) return;
    double took = analytics_since(trainer);
    a->sums->step += took;
    a->sums->steps += 1;
    took += a->wait;
    if (took > a->sums->longest) a->sums->longest = took;
    a->sums->bucket[analytics_bucket(took)] += 1;
}

TL_PRIV void tl__analytics_validated(tl__trainer *trainer)
{
    if (trainer->analytics.level == TL__ANALYTICS_MINIMUM) return;
    trainer->analytics.sums->validation += analytics_since(trainer) * 1e-9;
}

TL_PRIV void tl__analytics_written(tl__trainer *trainer)
{
    if (trainer->analytics.level == TL__ANALYTICS_MINIMUM) return;
    trainer->analytics.sums->output = analytics_since(trainer) * 1e-9;
}

/* ---- gradients ---- */

TL_PRIV void tl__analytics_gradients(tl__trainer *trainer)
{
    tl__analytics *a = &trainer->analytics;
    if (a->level != TL__ANALYTICS_DETAILED) return;
    const float *gradients = tl__network_gradients(trainer->network);
    double squares = 0;
    int layer = -1;
    for (int i = 0; i < tl__plan_tensor_count(trainer->plan); i++) {
        const tl__tensor *tensor = tl__plan_tensor(trainer->plan, i);
        if (a->layer_of[i] < 0) continue;
        if (layer >= 0 && a->layer_of[i] != layer) {
            a->norms[layer] += tl__sqrt_d(squares);
            squares = 0;
        }
        layer = a->layer_of[i];
        double norm = tl__network_norm(trainer->network, i);
        squares += norm * norm;
        float *seen = a->unit_of[i] == SIZE_MAX ? NULL : a->unit_gradient + a->unit_of[i];
        for (size_t k = 0; seen && k < tensor->size; k++) {
            float size = tl__absf(gradients[tensor->offset + k]);
            seen[k] = size > seen[k] ? size : seen[k];
        }
    }
    if (layer >= 0) a->norms[layer] += tl__sqrt_d(squares);
    a->sums->looks += 1;
}

/* Units that no looked-at step had a gradient for. */
static void analytics_dead(const tl__trainer *trainer, tl__record *record, tl__layer_record *layers)
{
    const tl__analytics *a = &trainer->analytics;
    double all = 0;
    record->dead_units_worst = a->units ? 0 : tl__nan_d();
    for (int i = 0; i < tl__plan_tensor_count(trainer->plan); i++) {
        if (a->layer_of[i] < 0 || a->unit_of[i] == SIZE_MAX) continue;
        size_t count = tl__plan_tensor(trainer->plan, i)->size, dead = 0;
        for (size_t k = 0; k < count; k++) dead += a->unit_gradient[a->unit_of[i] + k] == 0.0f;
        double share = (double)dead / (double)count;
        layers[a->layer_of[i]].dead_units = share;
        all += (double)dead;
        if (share > record->dead_units_worst) record->dead_units_worst = share;
    }
    record->dead_units = a->units ? all / (double)a->units : tl__nan_d();
}

/* ---- weights ---- */

typedef struct analytics_change {
    double count, sum, squares, norm;      /* of the differences; of the numbers */
    double subnormal, not_finite;
} analytics_change;

static void analytics_compare(const float *now, float *before, size_t size, analytics_change *out)
{
    for (size_t i = 0; i < size; i++) {
        double d = (double)now[i] - (double)before[i], w = (double)now[i];
        uint32_t exponent = tl__float_bits(now[i]) & 0x7f800000u;
        out->sum += d;
        out->squares += d * d;
        out->norm += w * w;
        out->subnormal += exponent == 0 && now[i] != 0;
        out->not_finite += exponent == 0x7f800000u;
    }
    memcpy(before, now, size * sizeof *before);
    out->count += (double)size;
}

static void analytics_put_change(const analytics_change *change, bool first, tl__layer_record *out)
{
    double mean = change->sum / change->count, variance = change->squares / change->count - mean * mean;
    out->mean_change = first ? 0 : mean;
    out->std_change = first || variance < 0 ? 0 : tl__sqrt_d(variance);
    out->change = first ? 0 : tl__sqrt_d(change->squares);
    out->norm = tl__sqrt_d(change->norm);
    out->update_ratio = out->norm > 0 ? out->change / out->norm : 0;
}

static void analytics_changes(tl__trainer *trainer, tl__record *record, tl__layer_record *layers, bool first)
{
    tl__analytics *a = &trainer->analytics;
    analytics_change all = {0}, of = {0};
    tl__layer_record total;
    for (int i = 0; i < tl__plan_tensor_count(trainer->plan); i++) {
        const tl__tensor *tensor = tl__plan_tensor(trainer->plan, i);
        int layer = a->layer_of[i];
        if (layer < 0) continue;
        analytics_compare(trainer->model->parameters + tensor->offset, a->previous + tensor->offset, tensor->size,
                          &of);
        bool ends = i + 1 == tl__plan_tensor_count(trainer->plan) || a->layer_of[i + 1] != layer;
        if (!ends) continue;
        analytics_put_change(&of, first, &layers[layer]);
        all = (analytics_change){all.count + of.count, all.sum + of.sum, all.squares + of.squares, all.norm + of.norm,
                                 all.subnormal + of.subnormal, all.not_finite + of.not_finite};
        of = (analytics_change){0};
    }
    if (all.count == 0) return;
    analytics_put_change(&all, first, &total);
    record->param_change = total.change;
    record->param_norm = total.norm;
    record->update_ratio = total.update_ratio;
    record->subnormal_share = all.subnormal / all.count;
    record->not_finite_share = all.not_finite / all.count;
}

/* ---- predictions ---- */

/* Rows of probabilities into sums. Entropy leaves out what adds less than 3e-9 nats. */
static void analytics_count(const float *probabilities, size_t rows, size_t classes, tl__analytics_sums *sums)
{
    for (size_t i = 0; i < rows; i++) {
        const float *row = probabilities + i * classes;
        double top = 0, entropy = 0;
        for (size_t k = 0; k < classes; k++) {
            double p = (double)row[k];
            if (p > top) top = p;
            if (p > 1e-10 && p < 1) entropy -= p * tl__log(p);
        }
        int bin = (int)(top * TL__CONFIDENCE_BINS);
        sums->bins[bin < TL__CONFIDENCE_BINS ? bin : TL__CONFIDENCE_BINS - 1] += 1;
        sums->confidence += top;
        sums->entropy += entropy;
        sums->high += top > 0.7;
    }
    sums->rows += (double)rows;
}

TL_PRIV void tl__analytics_outputs(tl__trainer *trainer, const float *outputs, size_t rows)
{
    tl__analytics *a = &trainer->analytics;
    tl__evaluator *evaluator = &trainer->evaluator;
    if (!a->look || !a->counts) return;
    tl__link_apply(evaluator->kernels, evaluator->loss->link, outputs, rows, evaluator->width, evaluator->predicted,
                   a->classes);
    analytics_count(evaluator->predicted, rows, a->classes, a->sums);
}

static double analytics_share(double part, double of) { return of > 0 ? part / of : 0; }

static void analytics_put_class(double support, double predicted, double hits, tl__class_record *out)
{
    out->support = support;
    out->precision = analytics_share(hits, predicted);
    out->recall = analytics_share(hits, support);
    out->f1 = analytics_share(2 * hits, predicted + support);
}

static void analytics_classes(const tl__trainer *trainer, tl__class_record *out)
{
    const tl__analytics *a = &trainer->analytics;
    const int64_t *confusion = trainer->evaluator.confusion;
    size_t n = a->classes;
    for (size_t k = 0; k < n; k++) {
        double support = 0, predicted = 0;
        if (a->training_predictions) {
            analytics_put_class(a->counts[k], a->counts[n + k], a->counts[2 * n + k], &out[k]);
            continue;
        }
        for (size_t j = 0; j < n; j++) {
            support += (double)confusion[k * n + j];
            predicted += (double)confusion[j * n + k];
        }
        analytics_put_class(support, predicted, (double)confusion[k * n + k], &out[k]);
    }
}

/* 1 - min(1, std / mean) of the supports. */
static double analytics_balance(const tl__class_record *classes, size_t count)
{
    double sum = 0, squares = 0;
    for (size_t k = 0; k < count; k++) sum += classes[k].support;
    double mean = sum / (double)count;
    for (size_t k = 0; k < count; k++) squares += (classes[k].support - mean) * (classes[k].support - mean);
    double ratio = mean > 0 ? tl__sqrt_d(squares / (double)count) / mean : 1;
    return 1 - (ratio < 1 ? ratio : 1);
}

static void analytics_predictions(tl__trainer *trainer, tl__record *record, tl__class_record *classes)
{
    tl__analytics *a = &trainer->analytics;
    tl__analytics_sums own = {0}, *sums = a->training_predictions ? a->sums : &own;
    if (!a->classes) return;
    if (!a->training_predictions)
        analytics_count(trainer->evaluator.predicted, trainer->evaluator.rows, a->classes, sums);
    record->confidence = sums->confidence / sums->rows;
    record->entropy = sums->entropy / sums->rows;
    record->high_confidence = sums->high / sums->rows;
    for (size_t i = 0; i < TL__CONFIDENCE_BINS; i++) record->confidence_bins[i] = sums->bins[i] / sums->rows;
    analytics_classes(trainer, classes);
    record->class_balance = analytics_balance(classes, a->classes);
}

/* ---- the epoch ---- */

static void analytics_times(const tl__analytics *a, tl__record *record)
{
    const tl__analytics_sums *sums = a->sums;
    record->batch_mean = sums->steps > 0 ? (sums->step + sums->data) / sums->steps * 1e-9 : tl__nan_d();
    record->batch_p50 = analytics_percentile(sums, 0.5);
    record->batch_p95 = analytics_percentile(sums, 0.95);
    record->batch_p99 = analytics_percentile(sums, 0.99);
    record->seconds_data = sums->data * 1e-9;
    record->seconds_step = sums->step * 1e-9;
    record->seconds_validation = sums->validation;
    record->seconds_output = sums->output;
}

TL_PRIV void tl__analytics_epoch(tl__trainer *trainer, const tl__epoch *epoch)
{
    tl__analytics *a = &trainer->analytics;
    if (a->level == TL__ANALYTICS_MINIMUM) return;
    size_t count = (size_t)trainer->state.history, last = count - 1;
    double *row = analytics_row(a, last);
    if (a->records.count == count)    /* the history is full: the oldest is gone */
        memmove(a->rows, a->rows + a->width, last * a->width * sizeof *a->rows);
    a->records.count = count;
    tl__row_clear(row, a->width);
    tl__record *record = (tl__record *)(void *)row;
    record->epoch = *epoch;
    if (a->level == TL__ANALYTICS_DETAILED) {
        tl__layer_record *layers = tl__row_layers(row);
        bool first = epoch->epoch == 1.0;
        analytics_changes(trainer, record, layers, first);
        analytics_dead(trainer, record, layers);
        for (size_t i = 0; i < a->layers; i++) layers[i].gradient_norm = a->norms[i] / a->sums->looks;
        memset(a->norms, 0, a->layers * sizeof *a->norms);
        memset(a->unit_gradient, 0, a->units * sizeof *a->unit_gradient);
    }
    analytics_predictions(trainer, record, tl__row_classes(row, a->records.layers));
    analytics_times(a, record);
    tl__record_judge(record, last ? tl__records_at(&a->records, last - 1) : NULL);
    memset(a->sums, 0, sizeof *a->sums);
    if (a->training_predictions) memset(a->counts, 0, 3 * a->classes * sizeof *a->counts);
}
