/* Evaluation, batch by batch. The loss of a part is the sum of its row losses over the sum of their divisors, both
 * added in double in the order of the rows. */
#include "train/evaluate.h"

#include "base/math.h"
#include "kernels/kernels.h"

TL_PRIV void tl__evaluator_init(tl__evaluator *evaluator, const tl_model *model, const tl_dataset *data,
                                const tl__loss *loss, const void *loss_settings, size_t batch, size_t capacity)
{
    const tl__pipeline *pipeline = data->pipeline;
    *evaluator = (tl__evaluator){
        .model = model, .data = data, .pool = model->context->pool, .kernels = model->context->kernels, .loss = loss,
        .loss_settings = loss_settings, .batch = tl__size_max(1, tl__size_min(batch, capacity)), .capacity = capacity,
        .features = tl__shape_size(tl__graph_input_shape(&model->graph)),
        .width = tl__shape_size(tl__graph_output_shape(&model->graph)),
        .classes = pipeline->classification ? pipeline->outputs : 0, .outputs = pipeline->outputs,
        .numbers = pipeline->outputs,
    };
    for (size_t k = 0; pipeline->target_classes && k < pipeline->target_count; k++) {
        size_t classes = tl__target_classes(pipeline, k);
        if (!classes) continue;
        evaluator->numbers--;
        evaluator->class_heads++;
        evaluator->class_width += classes;
    }
    evaluator->held = pipeline->forecast ? evaluator->batch : capacity;
}

static void evaluate_carve_windows(tl__carver *carver, tl__evaluator *evaluator)
{
    size_t quantiles = evaluator->width / evaluator->outputs, count = 0;
    const tl__loss *loss = evaluator->loss;
    const double *levels = loss->levels ? loss->levels(evaluator->loss_settings, &count) : NULL;
    tl__window_scores_carve(carver, &evaluator->windows, evaluator->data, quantiles,
                            count == quantiles ? levels : NULL, evaluator->capacity);
}

TL_PRIV void tl__evaluator_carve(tl__carver *carver, tl__evaluator *evaluator)
{
    size_t batch = evaluator->batch, capacity = evaluator->capacity, outputs = evaluator->outputs;
    size_t predicted, inputs, targets, confusion, truths, chances;
    bool fits = tl__size_mul(evaluator->held, outputs, &predicted) &&
                tl__size_mul(evaluator->held, evaluator->class_heads, &truths) &&
                tl__size_mul(evaluator->held, evaluator->class_width, &chances) &&
                tl__size_mul(batch, evaluator->features, &inputs) &&
                tl__size_mul(batch, outputs, &targets) && tl__size_mul(evaluator->classes, evaluator->classes,
                                                                       &confusion);
    if (!fits) {
        carver->overflow = true;
        return;
    }
    bool classes = evaluator->classes != 0;
    evaluator->inputs = TL_CARVE(carver, float, inputs);
    evaluator->targets = TL_CARVE(carver, float, classes ? batch : targets);
    evaluator->labels = TL_CARVE(carver, int32_t, classes ? batch : 0);
    evaluator->weights = TL_CARVE(carver, float, evaluator->data->has_weights ? batch : 0);
    if (evaluator->data->pipeline->sequence) evaluator->lengths = TL_CARVE(carver, int32_t, batch);
    evaluator->row_losses = TL_CARVE(carver, float, batch);
    evaluator->room = TL_CARVE(carver, unsigned char, tl__dataset_room(evaluator->data));
    evaluator->truth = TL_CARVE(carver, int32_t, classes ? capacity : 0);
    evaluator->predicted_classes = TL_CARVE(carver, int32_t, classes ? capacity : 0);
    bool forecast = evaluator->data->pipeline->forecast != NULL;
    evaluator->values = TL_CARVE(carver, float, classes || forecast ? 0 : predicted);
    evaluator->predicted = TL_CARVE(carver, float, predicted);
    if (evaluator->class_heads) {
        evaluator->head_truth = TL_CARVE(carver, int32_t, truths);
        evaluator->head_probabilities = TL_CARVE(carver, float, chances);
    }
    if (forecast) evaluate_carve_windows(carver, evaluator);
    evaluator->confusion = TL_CARVE(carver, int64_t, confusion);
}

/* Of heads for numbers and classes. */
static void evaluate_predict_mixed(tl__evaluator *evaluator, const float *raw, size_t first, size_t rows)
{
    const tl__pipeline *pipeline = evaluator->data->pipeline;
    float *chances = evaluator->head_probabilities;
    size_t at = 0, number = 0;
    for (size_t k = 0; k < pipeline->target_count; k++) {
        size_t classes = tl__target_classes(pipeline, k);
        for (size_t i = 0; i < rows; i++) {
            const float *from = raw + i * evaluator->width + at;
            if (classes)
                evaluator->kernels->softmax(chances + (first + i) * classes, from, 1, classes);
            else
                evaluator->predicted[(first + i) * evaluator->numbers + number] =
                    (float)((double)*from * pipeline->target_scale[k] + pipeline->target_shift[k]);
        }
        number += !classes;
        chances += classes * evaluator->held;
        at += tl__size_max(1, classes);
    }
}

/* The truth of rows [rows, outputs] in `values`: numbers close up, classes go to their own arrays. */
static void evaluate_part_truth(tl__evaluator *evaluator, size_t rows)
{
    const tl__pipeline *pipeline = evaluator->data->pipeline;
    float *out = evaluator->values;
    for (size_t i = 0; i < rows; i++) {
        size_t head = 0;
        for (size_t k = 0; k < evaluator->outputs; k++) {
            float value = evaluator->values[i * evaluator->outputs + k];
            size_t classes = tl__target_classes(pipeline, k);
            if (classes) evaluator->head_truth[head++ * evaluator->held + i] = tl__loss_class(value, classes);
            else *out++ = value;
        }
    }
}

/* Raw outputs of `rows` rows to predictions at row `first`. With several outputs per target (quantiles) the middle one
 * is the prediction. */
static void evaluate_predict(tl__evaluator *evaluator, const float *raw, size_t first, size_t rows)
{
    if (evaluator->class_heads) {
        evaluate_predict_mixed(evaluator, raw, first, rows);
        return;
    }
    float *out = evaluator->predicted + first * evaluator->outputs;
    if (evaluator->classes) {
        tl__link_apply(evaluator->kernels, evaluator->loss->link, raw, rows, evaluator->width, out, evaluator->outputs);
        return;
    }
    size_t per_target = evaluator->width / evaluator->outputs;
    for (size_t i = 0; i < rows * evaluator->outputs; i++) out[i] = raw[i * per_target + per_target / 2];
    if (!evaluator->data->pipeline->forecast) tl__pipeline_restore(evaluator->data->pipeline, out, rows);
}

static void evaluate_no_figures(tl__evaluator *evaluator)
{
    double nan = tl__nan_d();
    evaluator->figures = (tl__value_figures){
        .mse = nan, .mae = nan, .rmse = nan, .r2 = nan, .r2_weighted = nan, .explained_variance = nan,
        .mape = nan, .smape = nan, .wape = nan, .max_error = nan,
    };
}

static void evaluate_forecast_figures(tl__evaluator *evaluator)
{
    const tl__window_errors *errors = &evaluator->windows.errors[TL__FORECAST_MODEL];
    double mse = tl__window_mse(errors);
    evaluate_no_figures(evaluator);
    evaluator->figures.mse = mse;
    evaluator->figures.mae = tl__window_mae(errors);
    evaluator->figures.rmse = tl__sqrt_d(mse);
}

static tl_status evaluate_batch(tl__evaluator *evaluator, tl_part part, size_t first, size_t rows, double *sum,
                                double *denominator)
{
    bool classes = evaluator->classes != 0;
    const float *raw, *weights = evaluator->data->has_weights ? evaluator->weights : NULL;
    TL_TRY(tl__dataset_gather(evaluator->data, part, NULL, first, rows, evaluator->inputs, evaluator->labels,
                              classes ? NULL : evaluator->targets,
                              evaluator->data->has_weights ? evaluator->weights : NULL, evaluator->room,
                              &evaluator->reading));
    if (classes) {
        for (size_t i = 0; i < rows; i++) evaluator->targets[i] = (float)evaluator->labels[i];
        memcpy(evaluator->truth + first, evaluator->labels, rows * sizeof *evaluator->labels);
    }
    tl__dataset_lengths(evaluator->data, part, NULL, first, rows, evaluator->lengths);
    tl__rows batch = {.inputs = evaluator->inputs, .rows = rows, .lengths = evaluator->lengths};
    TL_TRY(tl__network_forward_rows(evaluator->network, evaluator->pool, &batch, &raw));
    bool forecast = evaluator->data->pipeline->forecast != NULL;
    evaluate_predict(evaluator, raw, forecast ? 0 : first, rows);
    if (forecast)
        tl__window_scores_add(&evaluator->windows, part, first, rows, evaluator->targets, evaluator->predicted, raw);
    size_t target_width = classes ? 0 : evaluator->outputs;
    tl__loss_call call = {
        .kernels = evaluator->kernels, .settings = evaluator->loss_settings, .outputs = raw, .width = evaluator->width,
        .targets = evaluator->targets, .target_width = target_width, .weights = weights, .scale = 1,
        .row_losses = evaluator->row_losses,
    };
    evaluator->loss->rows(&call, 0, rows);
    *sum += tl__loss_sum(evaluator->row_losses, rows);
    *denominator += tl__loss_denominator(evaluator->loss, evaluator->loss_settings, evaluator->width,
                                         evaluator->targets,
                                         target_width, weights, rows);
    return TL_OK;
}

/* All figures are of the test part, or of validation where there is none. */
static tl__window_detail evaluate_detail(const tl__evaluator *evaluator, tl_part part)
{
    tl_part last = evaluator->data->part[TL_TEST].count ? TL_TEST : TL_VALIDATION;
    if (evaluator->quick) return TL__WINDOWS_ERRORS;
    return part == last ? TL__WINDOWS_ALL : TL__WINDOWS_NAIVE;
}

TL_PRIV tl_status tl__evaluator_run(tl__evaluator *evaluator, tl_part part)
{
    size_t rows = evaluator->data->part[part].count, classes = evaluator->classes;
    double sum = 0, denominator = 0;
    if (rows > evaluator->capacity) return TL_OUT_OF_RANGE;
    evaluator->rows = rows;
    if (evaluator->data->pipeline->forecast)
        tl__window_scores_begin(&evaluator->windows, evaluate_detail(evaluator, part));
    for (size_t first = 0; first < rows; first += evaluator->batch)
        TL_TRY(evaluate_batch(evaluator, part, first, tl__size_min(evaluator->batch, rows - first), &sum,
                              &denominator));
    evaluator->loss_value = tl__loss_is_mean(evaluator->loss_settings) ? sum / denominator : sum;
    if (evaluator->data->pipeline->forecast) {
        evaluate_forecast_figures(evaluator);
        return TL_OK;
    }
    if (!classes) {
        tl__dataset_targets(evaluator->data, part, 0, rows, evaluator->values);
        if (evaluator->class_heads) evaluate_part_truth(evaluator, rows);
        if (evaluator->numbers == 0) evaluate_no_figures(evaluator);
        else tl__value_figures_of(tl__of_floats(evaluator->values), tl__of_floats(evaluator->predicted), rows,
                                  evaluator->numbers, NULL, &evaluator->figures);
        return TL_OK;
    }
    memset(evaluator->confusion, 0, classes * classes * sizeof *evaluator->confusion);
    tl__predicted_classes(tl__of_floats(evaluator->predicted), rows, classes, evaluator->predicted_classes);
    tl__confusion_add(evaluator->confusion, classes, evaluator->truth, evaluator->predicted_classes, rows);
    tl__class_summarize(evaluator->confusion, classes, evaluator->data->pipeline->background_class,
                        &evaluator->summary);
    return TL_OK;
}

TL_PRIV const char *tl__evaluator_why(const tl__evaluator *evaluator, tl_status status)
{
    return evaluator->reading.message[0] ? evaluator->reading.message : tl_status_text(status);
}

static void evaluate_scored(const tl__evaluator *evaluator, tl__scored *out)
{
    *out = (tl__scored){
        .rows = evaluator->rows, .classes = evaluator->classes, .outputs = evaluator->numbers,
        .background = evaluator->data->pipeline->background_class,
        .positive = evaluator->data->pipeline->positive_class,
    };
    if (evaluator->classes) {
        out->truth = evaluator->truth;
        out->probabilities = tl__of_floats(evaluator->predicted);
    } else {
        out->values = tl__of_floats(evaluator->values);
        out->predicted = tl__of_floats(evaluator->predicted);
    }
}

TL_PRIV void tl__scores_clear(tl_scores *scores)
{
    double nan = tl__nan_d();
    *scores = (tl_scores){
        .loss = nan, .accuracy = nan, .balanced_accuracy = nan, .precision_macro = nan, .recall_macro = nan,
        .f1_macro = nan, .auc = nan, .mse = nan, .mae = nan, .rmse = nan, .r2 = nan,
        .smape = nan, .mase = nan,
        .repeat_last_mse = nan, .repeat_last_mae = nan, .repeat_last_smape = nan, .repeat_last_mase = nan,
        .seasonal_mse = nan, .seasonal_mae = nan, .seasonal_smape = nan, .seasonal_mase = nan,
    };
}

static void evaluate_figures(const tl__evaluator *evaluator, tl_scores *out)
{
    tl__scores_clear(out);
    out->samples = (int64_t)evaluator->rows;
    if (evaluator->rows == 0) return;
    out->loss = evaluator->loss_value;
    if (!evaluator->classes) {
        out->mse = evaluator->figures.mse;
        out->mae = evaluator->figures.mae;
        out->rmse = evaluator->figures.rmse;
        out->r2 = evaluator->figures.r2;
        if (evaluator->data->pipeline->forecast) tl__window_scores_give(&evaluator->windows, out);
        return;
    }
    out->accuracy = evaluator->summary.accuracy;
    out->balanced_accuracy = evaluator->summary.balanced_accuracy;
    out->precision_macro = evaluator->summary.precision_macro;
    out->recall_macro = evaluator->summary.recall_macro;
    out->f1_macro = evaluator->summary.f1_macro;
}

TL_PRIV tl_status tl__evaluator_scores(const tl__evaluator *evaluator, tl__heap *heap, tl_scores *out)
{
    evaluate_figures(evaluator, out);
    if (!evaluator->classes || evaluator->rows == 0) return TL_OK;
    return tl__auc(heap, evaluator->truth, tl__of_floats(evaluator->predicted), evaluator->rows, evaluator->classes,
                   false, NULL, &out->auc);
}

/* Of a target that is a class: the rows whose class is known. */
static tl_status evaluate_record_head(const tl__evaluator *evaluator, tl__heap *heap, tl__builder *builder,
                                      tl_value *targets, size_t k, size_t head, const float *probabilities)
{
    const tl__pipeline *pipeline = evaluator->data->pipeline;
    tl__scored scored = {.rows = evaluator->rows, .classes = tl__target_classes(pipeline, k), .background = -1,
                         .positive = -1, .truth = evaluator->head_truth + head * evaluator->held,
                         .probabilities = tl__of_floats(probabilities)};
    return tl__record_classes(heap, builder, targets, pipeline->targets[k], &scored, pipeline->target_classes[k].names,
                              NULL);
}

/* Figures of each of several target columns, whose units differ: {targets: {price: {...}, volatility: {...}}}. */
static tl_status evaluate_record_targets(const tl__evaluator *evaluator, tl__heap *heap, tl__builder *builder,
                                         tl_value *map)
{
    const tl__pipeline *pipeline = evaluator->data->pipeline;
    size_t rows = evaluator->rows, width = evaluator->numbers, bytes = 2 * rows * sizeof(float);    /* two columns */
    size_t number = 0, head = 0;
    const float *probabilities = evaluator->head_probabilities;
    if ((evaluator->outputs < 2 && !evaluator->class_heads) || evaluator->outputs != pipeline->target_count)
        return TL_OK;
    float *column = tl__alloc(heap, bytes), *predicted = column ? column + rows : NULL;
    tl_value *targets = tl__put_map(builder, map, "targets");
    tl_status status = column ? TL_OK : TL_OUT_OF_MEMORY;
    for (size_t k = 0; k < evaluator->outputs && status == TL_OK; k++) {
        size_t classes = tl__target_classes(pipeline, k);
        if (classes) {
            status = evaluate_record_head(evaluator, heap, builder, targets, k, head++, probabilities);
            probabilities += classes * evaluator->held;
            continue;
        }
        for (size_t i = 0; i < rows; i++) {
            column[i] = evaluator->values[i * width + number];
            predicted[i] = evaluator->predicted[i * width + number];
        }
        number++;
        tl__scored scored = {.rows = rows, .background = -1, .outputs = 1, .values = tl__of_floats(column),
                             .predicted = tl__of_floats(predicted)};
        status = tl__record_values(heap, builder, targets, pipeline->targets[k], &scored, NULL);
    }
    tl__free(heap, column, bytes);
    return status;
}

TL_PRIV tl_status tl__evaluator_record(const tl__evaluator *evaluator, tl__heap *heap, tl__builder *builder,
                                       tl_value *parent, const char *key, tl_scores *out)
{
    tl__scored scored;
    tl_value *map;
    evaluate_scored(evaluator, &scored);
    if (evaluator->data->pipeline->forecast) {
        map = tl__put_map(builder, parent, key);
        tl__put_integer(builder, map, "samples", (int64_t)evaluator->rows);
        TL_TRY(tl__window_scores_put(heap, builder, map, &evaluator->windows));
    } else if (evaluator->classes) {
        TL_TRY(tl__record_classes(heap, builder, parent, key, &scored, evaluator->data->pipeline->classes, &map));
    } else {
        if (evaluator->numbers) {
            TL_TRY(tl__record_values(heap, builder, parent, key, &scored, &map));
        } else {
            map = tl__put_map(builder, parent, key);
            tl__put_integer(builder, map, "samples", (int64_t)evaluator->rows);
        }
        TL_TRY(evaluate_record_targets(evaluator, heap, builder, map));
    }
    tl__put_number(builder, map, "loss", evaluator->loss_value);
    evaluate_figures(evaluator, out);
    out->auc = tl_value_number(tl_value_get(map, "auc"), out->auc);
    return builder->failed ? TL_OUT_OF_MEMORY : TL_OK;
}
