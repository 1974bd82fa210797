/* Prediction: raw rows through the pipeline, the network and the link, without allocation. A predictor shares the
 * model's weights and owns the rest, so there may be one in each thread. */
#include "data/forecast.h"
#include "model/model.h"

#include "kernels/kernels.h"

struct tl_predictor {
    const tl_model *model;
    tl__plan *plan;
    tl__network *network;
    tl__pool *pool;       /* NULL: one row at a time is not worth it */
    float *inputs;        /* [max_rows, features] */
    int32_t *lengths;     /* [max_rows] of sequences; NULL: rows are none */
    double *shift, *scale;   /* [features] of a pipeline of numbers only, side by side; NULL: it has categories */
    size_t set;           /* of scalings, where each series has its own; SIZE_MAX: not said yet */
    size_t max_rows, features, outputs, predictions;
};

TL_API void tl_predictor_free(tl_predictor *predictor)
{
    if (!predictor) return;
    tl__heap *heap = &predictor->model->context->heap;
    if (predictor->inputs)
        tl__free_aligned(heap, predictor->inputs, predictor->max_rows * predictor->features * sizeof(float));
    tl__free(heap, predictor->lengths, predictor->max_rows * sizeof *predictor->lengths);
    if (predictor->shift)
        tl__free_aligned(heap, predictor->shift, 2 * predictor->features * sizeof *predictor->shift);
    if (predictor->network) tl__network_free(heap, predictor->network);
    if (predictor->plan) tl__plan_free(heap, predictor->plan);
    tl__free(heap, predictor, sizeof *predictor);
}

/* The pipeline's numbers as two arrays: a row is then one loop, where a walk over its inputs would read many times the
 * row's bytes. */
static tl_status predictor_arrange(tl_predictor *predictor, tl_error *error)
{
    const tl__pipeline *pipeline = predictor->model->pipeline;
    size_t bytes, features = predictor->features;
    if (pipeline->sequence) {
        bytes = predictor->max_rows * sizeof *predictor->lengths;    /* fits, as the inputs do */
        predictor->lengths = tl__alloc(&predictor->model->context->heap, bytes);
        return predictor->lengths ? TL_OK : tl__fail_memory(error, bytes);
    }
    for (size_t i = 0; i < pipeline->input_count; i++)
        if (pipeline->inputs[i].category) return TL_OK;
    if (!tl__size_mul(features, 2 * sizeof *predictor->shift, &bytes)) return tl__fail_memory(error, SIZE_MAX);
    predictor->shift = tl__alloc_aligned(&predictor->model->context->heap, bytes);
    if (!predictor->shift) return tl__fail_memory(error, bytes);
    predictor->scale = predictor->shift + features;
    if (pipeline->forecast) tl__forecast_scaling(pipeline->forecast, 0, predictor->shift, predictor->scale);
    for (size_t i = 0; i < pipeline->input_count; i++) {
        const tl__input *input = &pipeline->inputs[i];
        for (size_t k = 0; k < input->width; k++) {
            tl__line line = tl__input_line(input, k);
            predictor->shift[input->offset + k] = line.shift;
            predictor->scale[input->offset + k] = line.scale;
        }
    }
    return TL_OK;
}

static tl_status predictor_fill(tl_predictor *predictor, tl_error *error)
{
    const tl_model *model = predictor->model;
    tl__heap *heap = &model->context->heap;
    tl__plan_options options = {.kernels = model->context->kernels, .max_rows = predictor->max_rows};
    size_t floats, bytes;
    predictor->features = tl__shape_size(tl__graph_input_shape(&model->graph));
    predictor->outputs = tl__shape_size(tl__graph_output_shape(&model->graph));
    predictor->predictions = tl__model_predictions(model);
    predictor->pool = predictor->max_rows > 1 ? model->context->pool : NULL;
    options.workers = tl__pool_threads(predictor->pool);
    if (!tl__size_mul(predictor->max_rows, predictor->features, &floats) ||
        !tl__size_mul(floats, sizeof(float), &bytes))
        return tl__fail(error, TL_OUT_OF_RANGE, "a predictor for %zu rows is too large; ask for fewer rows at once",
                        predictor->max_rows);
    TL_TRY(tl__plan_new(heap, &model->graph, &options, &predictor->plan, error));
    TL_TRY(tl__network_new(heap, predictor->plan, model->parameters, &predictor->network, error));
    predictor->inputs = tl__alloc_aligned(heap, bytes);
    if (!predictor->inputs) return tl__fail_memory(error, bytes);
    return predictor_arrange(predictor, error);
}

TL_API tl_status tl_predictor_new(const tl_model *model, size_t max_rows, tl_predictor **out, tl_error *error)
{
    if (!model->context) return tl__fail(error, TL_INVALID, "a model in memory that was given predicts by tl_infer");
    if (max_rows == 0) return tl__fail(error, TL_INVALID, "a predictor needs room for at least one row");
    tl_predictor *predictor = tl__alloc_zero(&model->context->heap, 1, sizeof *predictor);
    if (!predictor) return tl__fail_memory(error, sizeof *predictor);
    predictor->model = model;
    predictor->max_rows = max_rows;
    if (model->pipeline->forecast && model->pipeline->forecast->sets > 1) predictor->set = SIZE_MAX;
    tl_status status = predictor_fill(predictor, error);
    if (status != TL_OK) tl_predictor_free(predictor);
    else *out = predictor;
    return status;
}

TL_API tl_status tl_predictor_series(tl_predictor *predictor, const char *series, tl_error *error)
{
    const tl__forecast *forecast = predictor->model->pipeline->forecast;
    if (!forecast || !forecast->series)
        return tl__fail(error, TL_INVALID, "this model does not tell series apart, so none is to be named");
    size_t number = tl__forecast_series(forecast, series);
    if (forecast->sets == 1) return TL_OK;    /* all are scaled alike, new ones too */
    if (number == SIZE_MAX)
        return tl__fail(error, TL_NOT_FOUND, "series '%s' was not in the training data, so its scaling is not known; "
                        "train with data.scaling: whole to forecast series that are new", series);
    predictor->set = number;
    tl__forecast_scaling(forecast, number, predictor->shift, predictor->scale);
    return TL_OK;
}

enum { PREDICTOR_CHUNK = 8 };   /* a length that a compiler can make vectors of */

/* At most PREDICTOR_CHUNK numbers as tl__input_value has them; gives whether all are finite, which a missing one is
 * not: it comes out as NaN. */
static inline bool predictor_normalize(const double *shift, const double *scale, const float *raw, float *out,
                                       size_t count)
{
    double value[PREDICTOR_CHUNK];
    uint32_t wrong = 0;
    for (size_t k = 0; k < count; k++) value[k] = ((double)raw[k] - shift[k]) / scale[k];
    for (size_t k = 0; k < count; k++) wrong |= !tl__is_finite(out[k] = (float)value[k]);
    return !wrong;
}

static tl_status predictor_inputs(const tl_predictor *predictor, const float *raw, size_t rows)
{
    const tl__pipeline *pipeline = predictor->model->pipeline;
    size_t features = predictor->features;
    float *out = predictor->inputs;
    for (size_t row = 0; row < rows; row++, raw += pipeline->raw, out += features) {
        const double *shift = predictor->shift, *scale = predictor->scale;
        bool good = shift != NULL;
        size_t k = 0;
        for (; good && k + PREDICTOR_CHUNK <= features; k += PREDICTOR_CHUNK)
            good = predictor_normalize(shift + k, scale + k, raw + k, out + k, PREDICTOR_CHUNK);
        if (good) good = predictor_normalize(shift + k, scale + k, raw + k, out + k, features - k);
        if (!good && predictor->set) return TL_NOT_FINITE;    /* not by the first scaling */
        if (!good) TL_TRY(tl__pipeline_apply(pipeline, raw, 1, out, NULL));
        if (predictor->lengths) predictor->lengths[row] = (int32_t)tl__pipeline_length(pipeline, raw);
    }
    return TL_OK;
}

/* Values in the target's unit; with several outputs per target (quantiles) each one is. */
static void predictor_restore(const tl_predictor *predictor, const float *raw, size_t rows, float *out)
{
    const tl__pipeline *pipeline = predictor->model->pipeline;
    const tl__forecast *forecast = pipeline->forecast && pipeline->forecast->sets > 1 ? pipeline->forecast : NULL;
    size_t width = predictor->outputs, per_target = width / pipeline->outputs;
    memmove(out, raw, rows * width * sizeof *out);
    if (!forecast && (per_target == 1 || pipeline->target_classes)) {
        tl__pipeline_restore(pipeline, out, rows);
        return;
    }
    for (size_t i = 0; i < rows * width; i++) {
        size_t target = i / per_target % pipeline->outputs;
        const tl__channel *channel = forecast ? &forecast->channels[target % forecast->targets] : NULL;
        double scale = channel ? channel->scale[predictor->set] : pipeline->target_scale[target];
        out[i] = (float)((double)out[i] * scale +
                         (channel ? channel->shift[predictor->set] : pipeline->target_shift[target]));
    }
}

TL_API tl_status tl_predict(tl_predictor *predictor, const float *inputs, size_t rows, float *outputs)
{
    const tl_model *model = predictor->model;
    const float *raw;
    if (rows > predictor->max_rows) return TL_OUT_OF_RANGE;
    if (predictor->set == SIZE_MAX) return TL_INVALID;
    if (rows == 0) return TL_OK;
    TL_TRY(predictor_inputs(predictor, inputs, rows));
    tl__rows batch = {.inputs = predictor->inputs, .rows = rows, .lengths = predictor->lengths};
    TL_TRY(tl__network_forward_rows(predictor->network, predictor->pool, &batch, &raw));
    if (model->pipeline->classification || model->link != TL__LINK_NONE)
        tl__link_apply(model->context->kernels, model->link, raw, rows, predictor->outputs, outputs,
                       predictor->predictions);
    else
        predictor_restore(predictor, raw, rows, outputs);
    return TL_OK;
}
