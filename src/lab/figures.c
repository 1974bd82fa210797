/* Predictions over a part in blocks of rows, and the public summary as a map. */
#include "lab/figures.h"

#include "base/math.h"
#include "base/random.h"
#include "nn/network.h"

enum { FIGURES_BLOCK = 256 };

/* One network for prediction and room for a block's inputs. */
typedef struct figures_network {
    tl__heap *heap;
    tl__plan *plan;
    tl__network *network;
    float *inputs;
    size_t input_bytes;
    const tl_dataset *data;
    void *room;                  /* for gathering */
} figures_network;

static void figures_close(figures_network *f)
{
    tl__network_free(f->heap, f->network);
    tl__plan_free(f->heap, f->plan);
    tl__free(f->heap, f->inputs, f->input_bytes);
    tl__dataset_room_free(f->data, f->room);
}

static tl_status figures_open(const tl_model *model, const tl_dataset *data, figures_network *f, tl_error *error)
{
    tl_context *context = model->context;
    tl__plan_options options = {.kernels = context->kernels, .workers = tl__pool_threads(context->pool),
                                .max_rows = FIGURES_BLOCK};
    memset(f, 0, sizeof *f);
    f->heap = &context->heap;
    f->data = data;
    TL_TRY(tl__dataset_room_new(data, &f->room, error));
    if (!tl__size_mul(tl_dataset_features(data), FIGURES_BLOCK * sizeof(float), &f->input_bytes) ||
        !(f->inputs = tl__alloc(f->heap, f->input_bytes)))
        return tl__fail_memory(error, f->input_bytes);
    TL_TRY(tl__plan_new(f->heap, &model->graph, &options, &f->plan, error));
    return tl__network_new(f->heap, f->plan, model->parameters, &f->network, error);
}

static tl_status figures_forward(figures_network *f, const tl_model *model, tl_part part, size_t first, size_t count,
                                 const float **outputs)
{
    int32_t lengths[FIGURES_BLOCK];
    tl__rows batch = {.inputs = f->inputs, .rows = count, .lengths = f->data->pipeline->sequence ? lengths : NULL};
    tl__dataset_lengths(f->data, part, NULL, first, count, lengths);
    return tl__network_forward_rows(f->network, model->context->pool, &batch, outputs);
}

TL_PRIV tl_status tl__figures_outputs(const tl_model *model, const tl_dataset *data, tl_part part, size_t first,
                                      size_t count, float *out, tl_error *error)
{
    figures_network f;
    size_t width = tl__shape_size(tl__graph_output_shape(&model->graph));
    tl_status status = figures_open(model, data, &f, error);
    for (size_t done = 0; status == TL_OK && done < count; done += FIGURES_BLOCK) {
        size_t rows = tl__size_min(FIGURES_BLOCK, count - done);
        const float *outputs;
        status = tl__dataset_gather(data, part, NULL, first + done, rows, f.inputs, NULL, NULL, NULL, f.room, error);
        if (status == TL_OK) status = figures_forward(&f, model, part, first + done, rows, &outputs);
        if (status == TL_OK) memcpy(out + done * width, outputs, rows * width * sizeof *out);
    }
    figures_close(&f);
    return status;
}

/* Draws of a row follow from its number in the part. */
static void figures_disturb(float *inputs, size_t first, size_t rows, size_t features, const tl__input_noise *noise)
{
    tl__random random;
    for (size_t i = 0; i < rows; i++) {
        tl__random_init(&random, noise->seed, TL__DRAW_VALIDATE, 0, noise->draw, (uint32_t)(first + i));
        for (size_t j = 0; j < features; j++)
            inputs[i * features + j] += (float)(noise->fraction * (double)noise->deviations[j] *
                                                (double)tl__random_normal(&random, (uint32_t)j));
    }
}

TL_PRIV tl_status tl__predict_rows(const tl_model *model, const tl_dataset *data, tl_part part, size_t first,
                                   size_t count, const tl__input_noise *noise, float *out, tl_error *error)
{
    figures_network f;
    size_t width = tl__model_predictions(model), raw = tl__shape_size(tl__graph_output_shape(&model->graph));
    tl_status status = figures_open(model, data, &f, error);
    for (size_t done = 0; status == TL_OK && done < count; done += FIGURES_BLOCK) {
        size_t rows = tl__size_min(FIGURES_BLOCK, count - done);
        const float *outputs;
        float *block = out + done * width;
        status = tl__dataset_gather(data, part, NULL, first + done, rows, f.inputs, NULL, NULL, NULL, f.room, error);
        if (status == TL_OK && noise) figures_disturb(f.inputs, first + done, rows, tl_dataset_features(data), noise);
        if (status == TL_OK) status = figures_forward(&f, model, part, first + done, rows, &outputs);
        if (status != TL_OK) break;
        tl__link_apply(model->context->kernels, model->link, outputs, rows, raw, block, width);
        tl__pipeline_restore(model->pipeline, block, rows);
    }
    figures_close(&f);
    return status;
}

TL_PRIV tl_status tl__predict_part(const tl_model *model, const tl_dataset *data, tl_part part, float *out,
                                   tl_error *error)
{
    return tl__predict_rows(model, data, part, 0, tl_dataset_rows(data, part), NULL, out, error);
}

static tl_status figures_sums(const tl_dataset *data, tl_part part, float *row, double *sums, void *room,
                              tl_error *error)
{
    size_t rows = tl_dataset_rows(data, part), features = tl_dataset_features(data);
    for (size_t i = 0; i < rows; i++) {
        TL_TRY(tl__dataset_gather(data, part, NULL, i, 1, row, NULL, NULL, NULL, room, error));
        for (size_t j = 0; j < features; j++) {
            sums[j] += (double)row[j];
            sums[features + j] += (double)row[j] * (double)row[j];
        }
    }
    return TL_OK;
}

TL_PRIV tl_status tl__input_deviations(const tl_dataset *data, tl_part part, float *out, tl_error *error)
{
    size_t rows = tl_dataset_rows(data, part), features = tl_dataset_features(data);
    void *room;
    tl__heap *heap = &data->context->heap;
    TL_TRY(tl__dataset_room_new(data, &room, error));
    double *sums = tl__alloc_zero(heap, 2 * features, sizeof *sums);
    tl_status status = sums ? figures_sums(data, part, out, sums, room, error)
                            : tl__fail_memory(error, 2 * features * sizeof *sums);
    for (size_t j = 0; status == TL_OK && j < features; j++) {
        double mean = sums[j] / (double)rows, spread = sums[features + j] / (double)rows - mean * mean;
        out[j] = (float)tl__sqrt_d(spread > 0 ? spread : 0);
    }
    tl__free(heap, sums, 2 * features * sizeof *sums);
    tl__dataset_room_free(data, room);
    return status;
}

TL_PRIV tl_status tl__judged_put(tl__heap *heap, tl__builder *builder, tl_value *parent, const char *key,
                                 const tl__pipeline *pipeline, const tl__judged *judged, tl_scores *out, tl_value **map,
                                 tl_error *error)
{
    bool classes = pipeline->classification;
    tl__scored scored = {.rows = judged->rows, .classes = classes ? pipeline->outputs : 0,
                         .outputs = pipeline->outputs, .truth = judged->truth,
                         .background = pipeline->background_class, .positive = pipeline->positive_class};
    if (classes) {
        scored.probabilities = tl__of_floats(judged->predicted);
    } else {
        scored.values = tl__of_floats(judged->values);
        scored.predicted = tl__of_floats(judged->predicted);
    }
    tl_status status = classes ? tl__record_classes(heap, builder, parent, key, &scored, pipeline->classes, map)
                               : tl__record_values(heap, builder, parent, key, &scored, map);
    if (status != TL_OK) return tl__fail_memory(error, judged->rows * 16);
    tl__record_read(*map, out);
    return TL_OK;
}

/* In the targets' own unit, where they were taken. */
static void figures_put_own(tl__builder *builder, tl_value *map, double smape, double mase)
{
    if (smape == smape) tl__put_number(builder, map, "smape", smape);
    if (mase == mase) tl__put_number(builder, map, "mase", mase);
}

static void figures_put_naive(tl__builder *builder, tl_value *parent, const char *key, double mse, double mae,
                              double smape, double mase)
{
    tl_value *map = tl__put_map(builder, parent, key);
    tl__put_number(builder, map, "mse", mse);
    tl__put_number(builder, map, "mae", mae);
    tl__put_number(builder, map, "rmse", tl__sqrt_d(mse));
    figures_put_own(builder, map, smape, mase);
}

TL_PRIV tl_value *tl__scores_put(tl__builder *builder, tl_value *parent, const char *key, const tl_scores *scores,
                                 bool classification)
{
    tl_value *map = tl__put_map(builder, parent, key);
    tl__put_integer(builder, map, "samples", scores->samples);
    if (scores->samples == 0) return map;
    tl__put_number(builder, map, "loss", scores->loss);
    const struct { const char *name; double value; bool classes; } figures[] = {
        {"accuracy", scores->accuracy, true},           {"balanced_accuracy", scores->balanced_accuracy, true},
        {"precision_macro", scores->precision_macro, true}, {"recall_macro", scores->recall_macro, true},
        {"f1_macro", scores->f1_macro, true},           {"auc", scores->auc, true},
        {"mse", scores->mse, false},                    {"mae", scores->mae, false},
        {"rmse", scores->rmse, false},                  {"r2", scores->r2, false},
    };
    for (size_t i = 0; i < TL_COUNT(figures); i++)
        if (figures[i].classes == classification) tl__put_number(builder, map, figures[i].name, figures[i].value);
    if (scores->repeat_last_mse != scores->repeat_last_mse) return map;
    figures_put_own(builder, map, scores->smape, scores->mase);
    tl_value *naive = tl__put_map(builder, map, "baselines");
    figures_put_naive(builder, naive, "repeat_last", scores->repeat_last_mse, scores->repeat_last_mae,
                      scores->repeat_last_smape, scores->repeat_last_mase);
    if (scores->seasonal_mse == scores->seasonal_mse)
        figures_put_naive(builder, naive, "seasonal_naive", scores->seasonal_mse, scores->seasonal_mae,
                          scores->seasonal_smape, scores->seasonal_mase);
    return map;
}
