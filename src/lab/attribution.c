/* Both explanations run the network on rows that do not exist: shuffled ones, and points between two. */
#include "lab/attribution.h"

#include "base/math.h"
#include "base/random.h"
#include "nn/network.h"

enum { ATTRIBUTION_BLOCK = 256 };

/* ---- the rows ---- */

static void attribution_carve(tl__carver *carver, tl__explained *e, bool classes)
{
    size_t inputs = 0, values = 0;
    if (!tl__size_mul(e->rows, e->features, &inputs) || !tl__size_mul(e->rows, e->width, &values))
        carver->overflow = true;
    e->inputs = TL_CARVE(carver, float, inputs);
    e->truth = classes ? TL_CARVE(carver, int32_t, e->rows) : NULL;
    e->values = classes ? NULL : TL_CARVE(carver, float, values);
}

static tl_status attribution_gather(const tl_dataset *data, tl_part part, size_t all, tl__explained *e, tl_error *error)
{
    void *room;
    tl_status status = tl__dataset_room_new(data, &room, error);
    for (size_t i = 0; status == TL_OK && i < e->rows; i++) {
        size_t from = (size_t)((uint64_t)i * all / e->rows);
        status = tl__dataset_gather(data, part, NULL, from, 1, e->inputs + i * e->features, NULL, NULL, NULL, room,
                                    error);
        if (e->truth) tl__dataset_gather_targets(data, part, NULL, from, 1, e->truth + i, NULL, NULL);
        else if (!data->pipeline->forecast) tl__dataset_targets(data, part, from, 1, e->values + i * e->width);
    }
    tl__dataset_room_free(data, room);
    return status;
}

TL_PRIV tl_status tl__explained_new(const tl_model *model, const tl_dataset *data, tl_part part, size_t most,
                                    tl__explained *out, tl_error *error)
{
    size_t all = tl_dataset_rows(data, part);
    bool classes = data->pipeline->classification;
    tl__carver carver = {0};
    *out = (tl__explained){.model = model, .rows = tl__size_min(all, most), .features = tl_dataset_features(data),
                           .width = tl__model_predictions(model)};
    attribution_carve(&carver, out, classes);
    out->size = carver.used;
    out->block = carver.overflow || !out->rows ? NULL : tl__alloc_aligned(&model->context->heap, out->size);
    if (!out->block) return tl__fail_memory(error, out->size);
    carver = (tl__carver){.base = out->block};
    attribution_carve(&carver, out, classes);
    tl_status status = attribution_gather(data, part, all, out, error);
    if (status != TL_OK) tl__explained_free(out);
    return status;
}

TL_PRIV void tl__explained_free(tl__explained *explained)
{
    if (explained->block) tl__free_aligned(&explained->model->context->heap, explained->block, explained->size);
    explained->block = NULL;
}

/* ---- the network ---- */

typedef struct attribution_network {
    tl__plan *plan;
    tl__network *network;
} attribution_network;

static tl_status attribution_open(const tl_model *model, size_t rows, bool gradient, attribution_network *out,
                                  tl_error *error)
{
    tl_context *context = model->context;
    tl__plan_options options = {.kernels = context->kernels, .workers = tl__pool_threads(context->pool),
                                .max_rows = rows, .training = gradient, .input_gradient = gradient};
    *out = (attribution_network){NULL, NULL};
    TL_TRY(tl__plan_new(&context->heap, &model->graph, &options, &out->plan, error));
    return tl__network_new(&context->heap, out->plan, model->parameters, &out->network, error);
}

static void attribution_close(const tl_model *model, attribution_network *n)
{
    if (n->network) tl__network_free(&model->context->heap, n->network);
    if (n->plan) tl__plan_free(&model->context->heap, n->plan);
}

/* ---- permutation ---- */

typedef struct attribution_shuffle {
    const tl__explained *e;
    const tl__metric *metric;
    attribution_network network;
    float *inputs;                   /* [block, features] */
    float *predicted;                /* [rows, width] */
    uint32_t *order;                 /* [rows] */
    double *drops;                   /* [repeats] */
} attribution_shuffle;

/* The figure with one column's features taken from the rows of `order`; NULL: as they are. */
static tl_status attribution_figure(attribution_shuffle *s, const tl__input *column, bool shuffled, double *out)
{
    const tl__explained *e = s->e;
    const tl_model *model = e->model;
    size_t raw = tl__shape_size(tl__graph_output_shape(&model->graph));
    const tl__pipeline *pipeline = model->pipeline;
    for (size_t first = 0; first < e->rows; first += ATTRIBUTION_BLOCK) {
        size_t count = tl__size_min(ATTRIBUTION_BLOCK, e->rows - first);
        const float *outputs;
        memcpy(s->inputs, e->inputs + first * e->features, count * e->features * sizeof *s->inputs);
        for (size_t i = 0; shuffled && i < count; i++)
            memcpy(s->inputs + i * e->features + column->offset,
                   e->inputs + s->order[first + i] * e->features + column->offset,
                   column->features * sizeof *s->inputs);
        TL_TRY(tl__network_forward(s->network.network, model->context->pool, s->inputs, count, &outputs));
        tl__link_apply(model->context->kernels, model->link, outputs, count, raw, s->predicted + first * e->width,
                       e->width);
        tl__pipeline_restore(pipeline, s->predicted + first * e->width, count);
    }
    tl__scored scored = {.rows = e->rows, .classes = e->truth ? e->width : 0, .outputs = e->width, .truth = e->truth,
                         .background = pipeline->background_class, .positive = pipeline->positive_class};
    if (e->truth) {
        scored.probabilities = tl__of_floats(s->predicted);
    } else {
        scored.values = tl__of_floats(e->values);
        scored.predicted = tl__of_floats(s->predicted);
    }
    return s->metric->value(&model->context->heap, &scored, out);
}

static tl_status attribution_shuffle_all(attribution_shuffle *s, size_t repeats, uint64_t seed, double *base,
                                         tl__importance_figure *out)
{
    const tl__pipeline *pipeline = s->e->model->pipeline;
    TL_TRY(attribution_figure(s, NULL, false, base));
    for (size_t i = 0; i < pipeline->input_count; i++) {
        double sum = 0, squares = 0;
        for (size_t r = 0; r < repeats; r++) {
            tl__random random;
            double value;
            tl__random_init(&random, seed, TL__DRAW_EXPLAIN, (uint32_t)i, (uint32_t)r, 0);
            tl__random_permutation(&random, s->order, (uint32_t)s->e->rows);
            TL_TRY(attribution_figure(s, &pipeline->inputs[i], true, &value));
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
    s->inputs = TL_CARVE(carver, float, ATTRIBUTION_BLOCK * s->e->features);
    s->predicted = TL_CARVE(carver, float, s->e->rows * s->e->width);
    s->order = TL_CARVE(carver, uint32_t, s->e->rows);
    s->drops = TL_CARVE(carver, double, repeats);
}

TL_PRIV tl_status tl__permutation_importance(const tl__explained *explained, const tl__metric *metric, size_t repeats,
                                             uint64_t seed, double *base, tl__importance_figure *out, tl_error *error)
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
    tl_status status = attribution_open(explained->model, ATTRIBUTION_BLOCK, false, &s.network, error);
    if (status == TL_OK) {
        status = attribution_shuffle_all(&s, repeats, seed, base, out);
        if (status != TL_OK) tl__fail(error, status, "the shuffled rows could not be predicted.");
    }
    attribution_close(explained->model, &s.network);
    tl__free_aligned(heap, block, size);
    return status;
}

/* ---- integrated gradients ---- */

typedef struct attribution_path {
    const tl__explained *e;
    const float *baseline;
    size_t steps, outputs;
    attribution_network network;
    float *points;                   /* [steps + 2, features]: the way, then both ends */
    float *slope;                    /* [steps + 2, outputs] */
} attribution_path;

/* Of one row: the attributions, the output that they are of, and what they lack. */
static tl_status attribution_row(attribution_path *p, size_t row, double *out, uint32_t *target, double *delta,
                                 tl_error *error)
{
    const tl__explained *e = p->e;
    const float *x = e->inputs + row * e->features, *outputs, *gradient;
    tl__pool *pool = e->model->context->pool;
    size_t n = p->steps, f = e->features;
    tl__rows batch = {.inputs = p->points, .rows = n + 2, .evaluate = true};
    for (size_t k = 0; k < n + 2; k++) {
        float at = k < n ? (float)(((double)k + 0.5) / (double)n) : k == n ? 1.0f : 0.0f;
        for (size_t i = 0; i < f; i++)
            p->points[k * f + i] = at == 1.0f ? x[i] : tl__fma(at, x[i] - p->baseline[i], p->baseline[i]);
    }
    TL_TRY(tl__network_forward_training(p->network.network, pool, &batch, &outputs, error));
    *target = 0;
    for (size_t c = 1; e->truth && c < p->outputs; c++)
        if (outputs[n * p->outputs + c] > outputs[n * p->outputs + *target]) *target = (uint32_t)c;
    double whole = (double)outputs[n * p->outputs + *target] - (double)outputs[(n + 1) * p->outputs + *target];
    memset(p->slope, 0, (n + 2) * p->outputs * sizeof *p->slope);
    for (size_t k = 0; k < n; k++) p->slope[k * p->outputs + *target] = 1.0f;
    tl_status status = tl__network_backward_from(p->network.network, pool, &batch, p->slope, &gradient);
    if (status != TL_OK) return tl__fail(error, status, "the gradients of the inputs could not be computed.");
    *delta = -whole;
    for (size_t i = 0; i < f; i++) {
        double sum = 0;
        for (size_t k = 0; k < n; k++) sum += (double)gradient[k * f + i];
        out[i] = sum / (double)n * ((double)x[i] - (double)p->baseline[i]);
        *delta += out[i];
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
}

TL_PRIV tl_status tl__integrated_gradients(const tl__explained *explained, const float *baseline, size_t steps,
                                           double *out, uint32_t *targets, double *deltas, tl_error *error)
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
    tl_status status = attribution_open(model, steps + 2, true, &p.network, error);
    for (size_t row = 0; status == TL_OK && row < explained->rows; row++)
        status = attribution_row(&p, row, out + row * explained->features, &targets[row], &deltas[row], error);
    attribution_close(model, &p.network);
    tl__free_aligned(heap, block, size);
    return status;
}
