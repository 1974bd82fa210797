/* Both explanations run the network on rows that do not exist: shuffled ones, and points between two. */
#include "lab/attribution.h"

#include "base/math.h"
#include "base/random.h"
#include "data/forecast.h"
#include "nn/network.h"

enum { ATTRIBUTION_BLOCK = 256, ATTRIBUTION_FLOATS = 1 << 26 };

/* ---- the rows ---- */

static void attribution_carve(tl__carver *carver, tl__explained *e, bool sequences, bool classes)
{
    size_t inputs = 0, values = 0;
    if (!tl__size_mul(e->rows, e->features, &inputs) || !tl__size_mul(e->rows, e->outputs, &values))
        carver->overflow = true;
    e->from = TL_CARVE(carver, uint32_t, e->rows);
    e->inputs = TL_CARVE(carver, float, inputs);
    e->lengths = sequences ? TL_CARVE(carver, int32_t, e->rows) : NULL;
    e->truth = classes ? TL_CARVE(carver, int32_t, e->rows) : NULL;
    e->values = classes ? NULL : TL_CARVE(carver, float, values);
}

static tl_status attribution_gather(tl__explained *e, tl_error *error)
{
    void *room;
    bool forecast = e->data->pipeline->forecast != NULL;
    tl_status status = tl__dataset_room_new(e->data, &room, error);
    for (size_t i = 0; status == TL_OK && i < e->rows; i++) {
        float *values = e->values ? e->values + i * e->outputs : NULL;
        status = tl__dataset_gather(e->data, e->part, NULL, e->from[i], 1, e->inputs + i * e->features, NULL,
                                    forecast ? values : NULL, NULL, room, error);
        if (e->lengths) tl__dataset_lengths(e->data, e->part, NULL, e->from[i], 1, e->lengths + i);
        if (e->truth) tl__dataset_gather_targets(e->data, e->part, NULL, e->from[i], 1, e->truth + i, NULL, NULL);
        else if (!forecast) tl__dataset_targets(e->data, e->part, e->from[i], 1, values);
    }
    tl__dataset_room_free(e->data, room);
    return status;
}

static void attribution_shape(tl__explained *e)
{
    const tl__pipeline *pipeline = e->data->pipeline;
    const tl__forecast *forecast = pipeline->forecast;
    e->steps = e->past = forecast ? forecast->input_size : pipeline->sequence ? pipeline->sequence->max_length : 1;
    if (forecast && forecast->future > 0) e->steps += forecast->horizon;
    e->columns = forecast ? forecast->channel_count : pipeline->input_count;
    e->outputs = pipeline->classification ? 1 : pipeline->outputs;
}

TL_PRIV tl_status tl__explained_new(const tl_model *model, const tl_dataset *data, tl_part part, const uint32_t *from,
                                    size_t count, tl__explained *out, tl_error *error)
{
    size_t all = tl_dataset_rows(data, part), most;
    bool classes = data->pipeline->classification, sequences = data->pipeline->sequence != NULL;
    tl__carver carver = {0};
    *out = (tl__explained){.model = model, .data = data, .part = part, .rows = count,
                           .features = tl_dataset_features(data), .width = tl__model_predictions(model)};
    attribution_shape(out);
    most = tl__size_max(1, ATTRIBUTION_FLOATS / tl__size_max(out->features, 1));
    if (!from) out->rows = tl__size_min(tl__size_min(all, count), most);
    attribution_carve(&carver, out, sequences, classes);
    out->size = carver.used;
    out->block = carver.overflow || !out->rows ? NULL : tl__alloc_aligned(&model->context->heap, out->size);
    if (!out->block) return tl__fail_memory(error, out->size);
    carver = (tl__carver){.base = out->block};
    attribution_carve(&carver, out, sequences, classes);
    for (size_t i = 0; i < out->rows; i++) out->from[i] = from ? from[i] : (uint32_t)((uint64_t)i * all / out->rows);
    tl_status status = attribution_gather(out, error);
    if (status != TL_OK) tl__explained_free(out);
    return status;
}

TL_PRIV void tl__explained_free(tl__explained *explained)
{
    if (explained->block) tl__free_aligned(&explained->model->context->heap, explained->block, explained->size);
    explained->block = NULL;
}

/* ---- cells ---- */

TL_PRIV size_t tl__explained_cell(const tl__explained *explained, size_t step, size_t column, size_t *offset)
{
    const tl__pipeline *pipeline = explained->data->pipeline;
    const tl__forecast *forecast = pipeline->forecast;
    if (forecast) {
        *offset = step * forecast->channel_count + column;
        if (step < explained->past) return 1;
        *offset = explained->past * forecast->channel_count + (step - explained->past) * forecast->future;
        for (size_t f = 0; f < forecast->future; f++, ++*offset)
            if (forecast->ahead[f] == column) return 1;
        return 0;
    }
    *offset = pipeline->inputs[column].offset + (pipeline->sequence ? step * pipeline->sequence->features : 0);
    return pipeline->inputs[column].features;
}

TL_PRIV const char *tl__explained_column(const tl__explained *explained, size_t column)
{
    const tl__pipeline *pipeline = explained->data->pipeline;
    return pipeline->forecast ? pipeline->forecast->channels[column].name : pipeline->inputs[column].name;
}

TL_PRIV double tl__explained_step(const tl__explained *explained, size_t step)
{
    return explained->data->pipeline->forecast ? (double)step - (double)explained->past : (double)(step + 1);
}

/* ---- the network ---- */

TL_PRIV tl_status tl__explaining_open(const tl_model *model, size_t rows, bool back, tl__explaining *out,
                                      tl_error *error)
{
    tl_context *context = model->context;
    tl__plan_options options = {.kernels = context->kernels, .workers = tl__pool_threads(context->pool),
                                .max_rows = rows, .training = back, .input_gradient = back};
    *out = (tl__explaining){NULL, NULL};
    TL_TRY(tl__plan_new(&context->heap, &model->graph, &options, &out->plan, error));
    return tl__network_new(&context->heap, out->plan, model->parameters, &out->network, error);
}

TL_PRIV void tl__explaining_close(const tl_model *model, tl__explaining *explaining)
{
    if (explaining->network) tl__network_free(&model->context->heap, explaining->network);
    if (explaining->plan) tl__plan_free(&model->context->heap, explaining->plan);
}

/* ---- permutation ---- */

typedef struct attribution_shuffle {
    const tl__explained *e;
    const tl__metric *metric;
    tl__explaining network;
    float *inputs;                   /* [block, features] */
    float *outputs;                  /* [block, width] */
    float *predicted;                /* [rows, width] of classes, [rows, outputs] of values */
    uint32_t *order;                 /* [rows] */
    double *drops;                   /* [repeats] */
} attribution_shuffle;

/* Of row `to` of the block the cells of another row. Where that one's sequence is shorter it begins again. */
static void attribution_take(const attribution_shuffle *s, const tl__cells *cells, float *to, size_t own, size_t other)
{
    const tl__explained *e = s->e;
    bool all = cells->column == SIZE_MAX;
    size_t end = e->lengths ? tl__size_min(cells->end, (size_t)e->lengths[own]) : cells->end;
    for (size_t step = cells->first; step < end; step++) {
        size_t there = e->lengths ? step % (size_t)e->lengths[other] : step, at, from;
        for (size_t c = all ? 0 : cells->column; c < (all ? e->columns : cells->column + 1); c++) {
            size_t count = tl__explained_cell(e, step, c, &at);
            tl__explained_cell(e, there, c, &from);
            memcpy(to + at, e->inputs + other * e->features + from, count * sizeof *to);
        }
    }
}

/* The block's predictions to their places. */
static void attribution_predicted(attribution_shuffle *s, const float *outputs, size_t first, size_t count)
{
    const tl__explained *e = s->e;
    const tl_model *model = e->model;
    size_t raw = tl__shape_size(tl__graph_output_shape(&model->graph));
    if (e->truth) {
        tl__link_apply(model->context->kernels, model->link, outputs, count, raw, s->predicted + first * e->width,
                       e->width);
        return;
    }
    float *to = s->predicted + first * e->outputs;
    size_t quantiles = e->width / e->outputs;
    tl__link_apply(model->context->kernels, model->link, outputs, count, raw, s->outputs, e->width);
    for (size_t i = 0; i < count * e->outputs; i++) to[i] = s->outputs[i * quantiles + quantiles / 2];
    if (!model->pipeline->forecast) tl__pipeline_restore(model->pipeline, to, count);
}

/* The figure with some cells taken from the rows of `order`; NULL: as they are. */
static tl_status attribution_figure(attribution_shuffle *s, const tl__cells *cells, double *out)
{
    const tl__explained *e = s->e;
    const tl_model *model = e->model;
    for (size_t first = 0; first < e->rows; first += ATTRIBUTION_BLOCK) {
        size_t count = tl__size_min(ATTRIBUTION_BLOCK, e->rows - first);
        tl__rows batch = {.inputs = s->inputs, .rows = count, .lengths = e->lengths ? e->lengths + first : NULL};
        const float *outputs;
        memcpy(s->inputs, e->inputs + first * e->features, count * e->features * sizeof *s->inputs);
        for (size_t i = 0; cells && i < count; i++)
            attribution_take(s, cells, s->inputs + i * e->features, first + i, s->order[first + i]);
        TL_TRY(tl__network_forward_rows(s->network.network, model->context->pool, &batch, &outputs));
        attribution_predicted(s, outputs, first, count);
    }
    tl__scored scored = {.rows = e->rows, .classes = e->truth ? e->width : 0, .outputs = e->outputs, .truth = e->truth,
                         .background = model->pipeline->background_class, .positive = model->pipeline->positive_class};
    if (e->truth) {
        scored.probabilities = tl__of_floats(s->predicted);
    } else {
        scored.values = tl__of_floats(e->values);
        scored.predicted = tl__of_floats(s->predicted);
    }
    return s->metric->value(&model->context->heap, &scored, out);
}

static tl_status attribution_shuffle_all(attribution_shuffle *s, const tl__cells *cells, size_t count, size_t repeats,
                                         uint64_t seed, double *base, tl__importance_figure *out)
{
    TL_TRY(attribution_figure(s, NULL, base));
    for (size_t i = 0; i < count; i++) {
        double sum = 0, squares = 0;
        for (size_t r = 0; r < repeats; r++) {
            tl__random random;
            double value;
            tl__random_init(&random, seed, TL__DRAW_EXPLAIN, (uint32_t)i, (uint32_t)r, 0);
            tl__random_permutation(&random, s->order, (uint32_t)s->e->rows);
            TL_TRY(attribution_figure(s, &cells[i], &value));
            s->drops[r] = s->metric->more_is_better ? *base - value : value - *base;
            sum += s->drops[r];
        }
        out[i].mean = sum / (double)repeats;
        for (size_t r = 0; r < repeats; r++) squares += (s->drops[r] - out[i].mean) * (s->drops[r] - out[i].mean);
        out[i].deviation = tl__sqrt_d(squares / (double)repeats);
    }
    return TL_OK;
}

static void attribution_shuffle_carve(tl__carver *carver, attribution_shuffle *s, size_t repeats)
{
    size_t inputs = 0, outputs = 0, predicted = 0;
    if (!tl__size_mul(ATTRIBUTION_BLOCK, s->e->features, &inputs) ||
        !tl__size_mul(ATTRIBUTION_BLOCK, s->e->width, &outputs) ||
        !tl__size_mul(s->e->rows, s->e->truth ? s->e->width : s->e->outputs, &predicted)) carver->overflow = true;
    s->inputs = TL_CARVE(carver, float, inputs);
    s->outputs = TL_CARVE(carver, float, outputs);
    s->predicted = TL_CARVE(carver, float, predicted);
    s->order = TL_CARVE(carver, uint32_t, s->e->rows);
    s->drops = TL_CARVE(carver, double, repeats);
}

TL_PRIV tl_status tl__permutation_importance(const tl__explained *explained, const tl__metric *metric,
                                             const tl__cells *cells, size_t count, size_t repeats, uint64_t seed,
                                             double *base, tl__importance_figure *out, tl_error *error)
{
    tl__heap *heap = &explained->model->context->heap;
    attribution_shuffle s = {.e = explained, .metric = metric};
    tl__carver carver = {0};
    attribution_shuffle_carve(&carver, &s, repeats);
    size_t size = carver.used;
    unsigned char *block = carver.overflow ? NULL : tl__alloc_aligned(heap, size);
    if (!block) return tl__fail_memory(error, size);
    carver = (tl__carver){.base = block};
    attribution_shuffle_carve(&carver, &s, repeats);
    tl_status status = tl__explaining_open(explained->model, ATTRIBUTION_BLOCK, false, &s.network, error);
    if (status == TL_OK) {
        status = attribution_shuffle_all(&s, cells, count, repeats, seed, base, out);
        if (status != TL_OK) tl__fail(error, status, "the shuffled rows could not be predicted.");
    }
    tl__explaining_close(explained->model, &s.network);
    tl__free_aligned(heap, block, size);
    return status;
}

/* ---- integrated gradients ---- */

typedef struct attribution_path {
    const tl__explained *e;
    const float *baseline;
    size_t steps, outputs;
    tl__explaining network;
    float *points;                   /* [steps + 2, features]: the way, then both ends */
    float *slope;                    /* [steps + 2, outputs] */
    float *share;                    /* [outputs]: what is explained is their sum with these factors */
    int32_t *lengths;                /* [steps + 2] */
    double *parts;                   /* [features] */
} attribution_path;

/* Of values: the mean over the steps of a target. */
static void attribution_share(attribution_path *p, size_t target)
{
    const tl__explained *e = p->e;
    const tl__forecast *forecast = e->data->pipeline->forecast;
    size_t quantiles = e->width / e->outputs, targets = forecast ? forecast->targets : e->outputs;
    memset(p->share, 0, p->outputs * sizeof *p->share);
    if (e->truth) return;
    for (size_t i = target; i < e->outputs; i += targets)
        p->share[i * quantiles + quantiles / 2] = 1.0f / (float)(e->outputs / targets);
}

/* Of one row: where it is on its way. */
static void attribution_points(attribution_path *p, size_t row)
{
    const tl__explained *e = p->e;
    const float *x = e->inputs + row * e->features;
    size_t n = p->steps, f = e->features;
    for (size_t k = 0; k < n + 2; k++) {
        float at = k < n ? (float)(((double)k + 0.5) / (double)n) : k == n ? 1.0f : 0.0f;
        for (size_t i = 0; i < f; i++)
            p->points[k * f + i] = at == 1.0f ? x[i] : tl__fma(at, x[i] - p->baseline[i], p->baseline[i]);
        if (e->lengths) p->lengths[k] = e->lengths[row];
    }
}

/* Its attributions, the class that they are of, and what they lack. */
static tl_status attribution_row(attribution_path *p, size_t row, uint32_t *class_number, double *delta,
                                 tl_error *error)
{
    const tl__explained *e = p->e;
    const float *x = e->inputs + row * e->features, *outputs, *gradient;
    tl__pool *pool = e->model->context->pool;
    size_t n = p->steps, f = e->features, o = p->outputs;
    tl__rows batch = {.inputs = p->points, .rows = n + 2, .lengths = e->lengths ? p->lengths : NULL, .evaluate = true};
    attribution_points(p, row);
    TL_TRY(tl__network_forward_training(p->network.network, pool, &batch, &outputs, error));
    if (e->truth) {
        *class_number = 0;
        for (size_t c = 1; c < o; c++)
            if (outputs[n * o + c] > outputs[n * o + *class_number]) *class_number = (uint32_t)c;
        for (size_t c = 0; c < o; c++) p->share[c] = c == *class_number ? 1.0f : 0.0f;
    }
    *delta = 0;
    for (size_t c = 0; c < o; c++)
        *delta -= (double)p->share[c] * ((double)outputs[n * o + c] - (double)outputs[(n + 1) * o + c]);
    memset(p->slope + n * o, 0, 2 * o * sizeof *p->slope);
    for (size_t k = 0; k < n; k++) memcpy(p->slope + k * o, p->share, o * sizeof *p->slope);
    tl_status status = tl__network_backward_from(p->network.network, pool, &batch, p->slope, &gradient);
    if (status != TL_OK) return tl__fail(error, status, "the gradients of the inputs could not be computed.");
    for (size_t i = 0; i < f; i++) {
        double sum = 0;
        for (size_t k = 0; k < n; k++) sum += (double)gradient[k * f + i];
        p->parts[i] = sum / (double)n * ((double)x[i] - (double)p->baseline[i]);
        *delta += p->parts[i];
    }
    return TL_OK;
}

static void attribution_path_carve(tl__carver *carver, attribution_path *p)
{
    size_t points = 0, slope = 0;
    if (!tl__size_mul(p->steps + 2, p->e->features, &points) || !tl__size_mul(p->steps + 2, p->outputs, &slope))
        carver->overflow = true;
    p->points = TL_CARVE(carver, float, points);
    p->slope = TL_CARVE(carver, float, slope);
    p->share = TL_CARVE(carver, float, p->outputs);
    p->lengths = TL_CARVE(carver, int32_t, p->steps + 2);
    p->parts = TL_CARVE(carver, double, p->e->features);
}

TL_PRIV tl_status tl__integrated_gradients(const tl__explained *explained, const float *baseline, size_t steps,
                                           size_t target, tl__attribution_fn *take, void *user, tl_error *error)
{
    const tl_model *model = explained->model;
    tl__heap *heap = &model->context->heap;
    attribution_path p = {.e = explained, .baseline = baseline, .steps = steps,
                          .outputs = tl__shape_size(tl__graph_output_shape(&model->graph))};
    tl__carver carver = {0};
    attribution_path_carve(&carver, &p);
    size_t size = carver.used;
    unsigned char *block = carver.overflow ? NULL : tl__alloc_aligned(heap, size);
    if (!block) return tl__fail_memory(error, size);
    carver = (tl__carver){.base = block};
    attribution_path_carve(&carver, &p);
    attribution_share(&p, target);
    tl_status status = tl__explaining_open(model, steps + 2, true, &p.network, error);
    for (size_t row = 0; status == TL_OK && row < explained->rows; row++) {
        uint32_t of = (uint32_t)target;
        double delta;
        status = attribution_row(&p, row, &of, &delta, error);
        if (status == TL_OK) take(user, row, p.parts, of, delta);
    }
    tl__explaining_close(model, &p.network);
    tl__free_aligned(heap, block, size);
    return status;
}
