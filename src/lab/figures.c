/* Predictions over a part in blocks of rows, and records made of them. */
#include "lab/figures.h"

#include "metrics/record.h"
#include "nn/network.h"
#include "train/train.h"

enum { FIGURES_BLOCK = 256, FIGURES_CURVE_POINTS = 200, FIGURES_CURVES = 20 };

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

TL_PRIV tl_status tl__predict_part(const tl_model *model, const tl_dataset *data, tl_part part, float *out,
                                   tl_error *error)
{
    figures_network f;
    size_t rows = tl_dataset_rows(data, part), width = tl__model_predictions(model);
    size_t raw = tl__shape_size(tl__graph_output_shape(&model->graph));
    tl_status status = figures_open(model, data, &f, error);
    for (size_t first = 0; status == TL_OK && first < rows; first += FIGURES_BLOCK) {
        size_t count = tl__size_min(FIGURES_BLOCK, rows - first);
        const float *outputs;
        float *block = out + first * width;
        status = tl__dataset_gather(data, part, NULL, first, count, f.inputs, NULL, NULL, NULL, f.room, error);
        if (status == TL_OK)
            status = tl__network_forward(f.network, model->context->pool, f.inputs, count, &outputs);
        if (status != TL_OK) break;
        tl__link_apply(model->context->kernels, model->link, outputs, count, raw, block, width);
        tl__pipeline_restore(model->pipeline, block, count);
    }
    figures_close(&f);
    return status;
}

/* One curve: {class, false_positive_rate: [...], true_positive_rate: [...], threshold: [...]}. */
static tl_status figures_curve(tl__builder *builder, tl_value *list, tl__heap *heap, const tl__scored *scored,
                               int32_t positive, const char *name)
{
    tl__curve curve;
    memset(&curve, 0, sizeof curve);
    TL_TRY(tl__roc_curve(heap, scored->truth, scored->probabilities, scored->rows, scored->classes, (size_t)positive,
                         positive, FIGURES_CURVE_POINTS, &curve));
    tl_value *map = tl__put_map(builder, list, NULL);
    tl__put_text(builder, map, "class", name);
    tl_value *x = tl__put_list(builder, map, "false_positive_rate");
    for (size_t i = 0; i < curve.count; i++) tl__put_number(builder, x, NULL, curve.x[i]);
    tl_value *y = tl__put_list(builder, map, "true_positive_rate");
    for (size_t i = 0; i < curve.count; i++) tl__put_number(builder, y, NULL, curve.y[i]);
    tl_value *t = tl__put_list(builder, map, "threshold");
    for (size_t i = 0; i < curve.count; i++) tl__put_number(builder, t, NULL, curve.threshold[i]);
    tl__curve_free(heap, &curve);
    return TL_OK;
}

static tl_status figures_of_classes(tl__builder *builder, tl_value *parent, const char *key, tl__heap *heap,
                                    const tl_dataset *data, tl__scored *scored, tl_value **out)
{
    const tl__pipeline *pipeline = data->pipeline;
    scored->classes = pipeline->outputs;
    scored->background = pipeline->background_class;
    TL_TRY(tl__record_classes(heap, builder, parent, key, scored, pipeline->classes, out));
    tl_value *curves = tl__put_list(builder, *out, "roc");
    if (pipeline->outputs == 2) {
        int positive = pipeline->positive_class >= 0 ? pipeline->positive_class : 1;
        return figures_curve(builder, curves, heap, scored, positive, pipeline->classes[positive]);
    }
    for (size_t c = 0; c < pipeline->outputs && c < FIGURES_CURVES; c++)
        TL_TRY(figures_curve(builder, curves, heap, scored, (int32_t)c, pipeline->classes[c]));
    return TL_OK;
}

/* Figures of each of several target columns, whose units differ: {targets: {price: {...}, volatility: {...}}}. */
static tl_status figures_of_targets(tl__builder *builder, tl_value *map, tl__heap *heap, const tl__pipeline *pipeline,
                                    const float *truth, const float *predictions, size_t rows)
{
    size_t bytes = 2 * rows * sizeof(float), width = pipeline->target_count;    /* of arrays that exist */
    float *column = tl__alloc(heap, bytes), *predicted = column ? column + rows : NULL;
    tl_value *targets = tl__put_map(builder, map, "targets");
    tl_status status = column ? TL_OK : TL_OUT_OF_MEMORY;
    for (size_t k = 0; k < width && status == TL_OK; k++) {
        for (size_t i = 0; i < rows; i++) {
            column[i] = truth[i * width + k];
            predicted[i] = predictions[i * width + k];
        }
        tl__scored scored = {.rows = rows, .background = -1, .outputs = 1, .values = tl__of_floats(column),
                             .predicted = tl__of_floats(predicted)};
        status = tl__record_values(heap, builder, targets, pipeline->targets[k], &scored, NULL);
    }
    tl__free(heap, column, bytes);
    return status;
}

/* Windows are scored batch by batch. */
static tl_status figures_of_windows(tl__builder *builder, tl_value *parent, const char *key, const tl_model *model,
                                    const tl_dataset *data, tl_part part, tl_error *error)
{
    tl__scorer *scorer = NULL;
    tl_scores scores;
    TL_TRY(tl__scorer_new(model, data, &scorer, error));
    tl_status status = tl__scorer_run(scorer, part, &scores, error);
    if (status == TL_OK && tl__scorer_record(scorer, builder, parent, key) != TL_OK)
        status = tl__fail_memory(error, 256);
    tl__scorer_free(scorer);
    return status;
}

TL_PRIV tl_status tl__figures_put(tl__builder *builder, tl_value *parent, const char *key, const tl_model *model,
                                  const tl_dataset *data, tl_part part, double loss, tl_error *error)
{
    tl__heap *heap = &model->context->heap;
    size_t rows = tl_dataset_rows(data, part), width = tl__model_predictions(model), numbers, bytes, truth_bytes;
    tl_value *map = NULL;
    if (rows == 0) {
        tl__put_integer(builder, tl__put_map(builder, parent, key), "samples", 0);
        return builder->failed ? tl__fail_memory(error, 64) : TL_OK;
    }
    if (data->pipeline->forecast) return figures_of_windows(builder, parent, key, model, data, part, error);
    bool classes = data->pipeline->classification;
    if (!tl__size_mul(rows, width, &numbers) || !tl__size_mul(numbers, sizeof(float), &bytes) ||
        !tl__size_mul(classes ? rows : numbers, sizeof(float), &truth_bytes))
        return tl__fail(error, TL_OUT_OF_RANGE, "the part is too large for its figures to be computed at once.");
    float *predictions = tl__alloc(heap, bytes);
    void *truth = tl__alloc(heap, truth_bytes);
    tl_status status = predictions && truth ? tl__predict_part(model, data, part, predictions, error)
                                            : tl__fail_memory(error, bytes);
    if (status == TL_OK) {
        tl__scored scored = {.rows = rows, .background = -1, .outputs = width};
        if (classes) {
            tl__dataset_gather_targets(data, part, NULL, 0, rows, truth, NULL, NULL);
            scored.truth = truth;
            scored.probabilities = tl__of_floats(predictions);
            status = figures_of_classes(builder, parent, key, heap, data, &scored, &map);
        } else {
            tl__dataset_targets(data, part, 0, rows, truth);
            scored.values = tl__of_floats(truth);
            scored.predicted = tl__of_floats(predictions);
            status = tl__record_values(heap, builder, parent, key, &scored, &map);
            if (status == TL_OK && width > 1 && width == data->pipeline->target_count)
                status = figures_of_targets(builder, map, heap, data->pipeline, truth, predictions, rows);
        }
        if (status == TL_OK) tl__put_number(builder, map, "loss", loss);
        if (status != TL_OK || builder->failed) status = tl__fail_memory(error, bytes);
    }
    tl__free(heap, predictions, bytes);
    tl__free(heap, truth, truth_bytes);
    return status;
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
    return map;
}
