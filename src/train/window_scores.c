/* Which scores are kept, what goes into them, and how they are written down. Most sums are those of
 * metrics/forecast_score.c. */
#include "train/window_scores.h"

#include "base/math.h"

/* ---- room ---- */

TL_PRIV void tl__window_scores_carve(tl__carver *carver, tl__window_scores *scores, const tl_dataset *data,
                                     size_t quantiles, const double *levels, size_t capacity)
{
    const tl__forecast *forecast = data->pipeline->forecast;
    size_t outputs = data->pipeline->outputs, spans = data->source[0].series->span_count, gains;
    tl__forecast_shape shape = {.horizon = forecast->horizon, .channels = forecast->targets, .errors_only = true};
    scores->data = data;
    scores->quantiles = quantiles;
    tl__forecast_score_carve(carver, &scores->scaled, &shape);
    shape.errors_only = false;
    shape.series = forecast->series ? forecast->series_count : 0;
    for (int i = 0; i < TL__FORECASTS; i++) {
        shape.levels = i == TL__FORECAST_MODEL ? levels : NULL;
        shape.level_count = shape.levels ? quantiles : 0;
        tl__forecast_score_carve(carver, &scores->own[i], &shape);
    }
    scores->capacity = capacity;
    if (!tl__size_mul(capacity, 2 * (TL__FORECASTS - 1), &gains)) carver->overflow = true;
    else scores->gains = TL_CARVE(carver, float, gains);
    scores->naive = TL_CARVE(carver, float, outputs);
    scores->truth = TL_CARVE(carver, float, outputs);
    scores->predicted = TL_CARVE(carver, float, outputs);
    scores->levels = TL_CARVE(carver, float, levels ? outputs * quantiles : 0);
    scores->last = TL_CARVE(carver, float, forecast->targets);
    scores->naive_errors = TL_CARVE(carver, double, spans * forecast->targets);
}

static size_t window_scores_set(const tl__forecast *forecast, const tl__span *span)
{
    return forecast->sets > 1 ? span->series : 0;
}

/* Of repeating the season, or the last value where there is none, in the training part. */
static void window_scores_naive_errors(tl__window_scores *scores)
{
    const tl__series *series = scores->data->source[0].series;
    const tl__forecast *forecast = scores->data->pipeline->forecast;
    double *out = scores->naive_errors;
    for (size_t s = 0; s < series->span_count; s++) {
        const tl__span *span = &series->spans[s];
        tl__reals values = tl__of_floats(series->values + span->begin * series->width);
        for (size_t k = 0; k < forecast->targets; k++)
            *out++ = tl__naive_error(values, span->train - span->begin, series->width, k,
                                     forecast->season ? forecast->season : 1) *
                     forecast->channels[k].scale[window_scores_set(forecast, span)];
    }
}

TL_PRIV void tl__window_scores_begin(tl__window_scores *scores, tl__window_detail detail)
{
    scores->detail = detail;
    scores->seasonal = true;
    memset(scores->errors, 0, sizeof scores->errors);
    if (detail != TL__WINDOWS_ALL) return;
    tl__forecast_score_begin(&scores->scaled);
    for (int i = 0; i < TL__FORECASTS; i++) tl__forecast_score_begin(&scores->own[i]);
    window_scores_naive_errors(scores);
}

/* ---- adding ---- */

/* From the network's unit to the targets' own; each: numbers per number (quantiles). */
static void window_scores_restore(const tl__forecast *forecast, size_t set, const float *values, size_t count,
                                  size_t each, float *out)
{
    for (size_t i = 0; i < count; i += forecast->targets) {
        for (size_t k = 0; k < forecast->targets; k++) {
            const double scale = forecast->channels[k].scale[set], shift = forecast->channels[k].shift[set];
            for (size_t q = 0; q < each; q++) *out++ = (float)((double)*values++ * scale + shift);
        }
    }
}

typedef struct window_scores_one {
    const tl__span *span;
    size_t set, span_number;
} window_scores_one;

/* A forecast of the window that is at work; raw: NULL, or its quantiles. */
static void window_scores_put_own(tl__window_scores *scores, int which, const window_scores_one *one,
                                  const float *predicted, const float *raw)
{
    const tl__forecast *forecast = scores->data->pipeline->forecast;
    size_t outputs = scores->data->pipeline->outputs;
    bool levels = raw && scores->own[which].shape.level_count > 0;
    window_scores_restore(forecast, one->set, predicted, outputs, 1, scores->predicted);
    if (levels) window_scores_restore(forecast, one->set, raw, outputs, scores->quantiles, scores->levels);
    tl__forecast_window window = {
        .truth = tl__of_floats(scores->truth), .predicted = tl__of_floats(scores->predicted),
        .last = tl__of_floats(scores->last),
        .scale = tl__of_doubles(scores->naive_errors + one->span_number * forecast->targets),
        .series = one->span->series,
    };
    if (levels) window.quantiles = tl__of_floats(scores->levels);
    tl__forecast_score_add(&scores->own[which], &window);
}

enum { WINDOW_SCORES_LANES = 8 };

/* In lanes that are added at the end, for chains of additions are slow. */
static void window_scores_sum(tl__window_errors *errors, const float *targets, const float *predicted, size_t count)
{
    double squares[WINDOW_SCORES_LANES] = {0}, absolute[WINDOW_SCORES_LANES] = {0};
    for (size_t i = 0; i < count; i += WINDOW_SCORES_LANES) {
        size_t n = tl__size_min(WINDOW_SCORES_LANES, count - i);
        for (size_t k = 0; k < n; k++) {
            double error = (double)targets[i + k] - (double)predicted[i + k];
            squares[k] += error * error;
            absolute[k] += tl__abs(error);
        }
    }
    *errors = (tl__window_errors){.numbers = (double)count};
    for (size_t k = 0; k < WINDOW_SCORES_LANES; k++) {
        errors->squares += squares[k];
        errors->absolute += absolute[k];
    }
}

TL_PRIV double tl__window_mse(const tl__window_errors *errors) { return errors->squares / errors->numbers; }

TL_PRIV double tl__window_mae(const tl__window_errors *errors) { return errors->absolute / errors->numbers; }

/* Gives the errors of this window. */
static tl__window_errors window_scores_put(tl__window_scores *scores, int which, const window_scores_one *one,
                                           const float *targets, const float *predicted, const float *raw)
{
    tl__forecast_window window = {.truth = tl__of_floats(targets), .predicted = tl__of_floats(predicted)};
    tl__window_errors errors, *all = &scores->errors[which];
    window_scores_sum(&errors, targets, predicted, scores->data->pipeline->outputs);
    all->squares += errors.squares, all->absolute += errors.absolute, all->numbers += errors.numbers;
    if (scores->detail != TL__WINDOWS_ALL) return errors;
    if (which == TL__FORECAST_MODEL) tl__forecast_score_add(&scores->scaled, &window);
    window_scores_put_own(scores, which, one, predicted, raw);
    return errors;
}

/* Squared or absolute gains over a naive forecast, window after window. */
static float *window_scores_gains(const tl__window_scores *scores, int which, bool absolute)
{
    return scores->gains + ((size_t)(which - TL__FORECAST_REPEAT_LAST) * 2 + absolute) * scores->capacity;
}

static void window_scores_gain(tl__window_scores *scores, int which, size_t index, const tl__window_errors *ours,
                               tl__window_errors theirs)
{
    window_scores_gains(scores, which, false)[index] = (float)(tl__window_mse(ours) - tl__window_mse(&theirs));
    window_scores_gains(scores, which, true)[index] = (float)(tl__window_mae(ours) - tl__window_mae(&theirs));
}

static void window_scores_add(tl__window_scores *scores, tl_part part, size_t index, const float *targets,
                              const float *predicted, const float *raw)
{
    const tl_dataset *data = scores->data;
    const tl__series *series = data->part[part].from->series;
    const tl__forecast *forecast = data->pipeline->forecast;
    size_t origin = tl__window_origin(data, part, index);
    window_scores_one one = {.span = tl__series_span(series, origin)};
    one.set = window_scores_set(forecast, one.span);
    one.span_number = (size_t)(one.span - series->spans);
    if (scores->detail == TL__WINDOWS_ALL) {
        window_scores_restore(forecast, one.set, targets, data->pipeline->outputs, 1, scores->truth);
        window_scores_restore(forecast, one.set, series->values + (origin - 1) * series->width, forecast->targets, 1,
                              scores->last);
    }
    const tl__window_errors ours = window_scores_put(scores, TL__FORECAST_MODEL, &one, targets, predicted, raw);
    if (scores->detail == TL__WINDOWS_ERRORS) return;
    tl__window_repeat_last(data, part, index, scores->naive);
    window_scores_gain(scores, TL__FORECAST_REPEAT_LAST, index, &ours,
                       window_scores_put(scores, TL__FORECAST_REPEAT_LAST, &one, targets, scores->naive, NULL));
    scores->seasonal = scores->seasonal && tl__window_seasonal(data, part, index, scores->naive);
    if (scores->seasonal)
        window_scores_gain(scores, TL__FORECAST_SEASONAL, index, &ours,
                           window_scores_put(scores, TL__FORECAST_SEASONAL, &one, targets, scores->naive, NULL));
}

TL_PRIV void tl__window_scores_add(tl__window_scores *scores, tl_part part, size_t first, size_t count,
                                   const float *targets, const float *predicted, const float *raw)
{
    size_t outputs = scores->data->pipeline->outputs;
    for (size_t i = 0; i < count; i++)
        window_scores_add(scores, part, first + i, targets + i * outputs, predicted + i * outputs,
                          raw + i * outputs * scores->quantiles);
}

/* ---- figures ---- */

static void window_scores_give_own(const tl__window_scores *scores, int which, double *smape, double *mase)
{
    tl__forecast_figures f;
    if (scores->detail != TL__WINDOWS_ALL) return;
    tl__forecast_score_figures(&scores->own[which], TL__BY_ALL, 0, &f);
    *smape = f.smape;
    *mase = f.mase;
}

TL_PRIV void tl__window_scores_give(const tl__window_scores *scores, tl_scores *out)
{
    const tl__window_errors *last = &scores->errors[TL__FORECAST_REPEAT_LAST];
    const tl__window_errors *season = &scores->errors[TL__FORECAST_SEASONAL];
    if (scores->detail == TL__WINDOWS_ERRORS) return;
    window_scores_give_own(scores, TL__FORECAST_MODEL, &out->smape, &out->mase);
    out->repeat_last_mse = tl__window_mse(last);
    out->repeat_last_mae = tl__window_mae(last);
    window_scores_give_own(scores, TL__FORECAST_REPEAT_LAST, &out->repeat_last_smape, &out->repeat_last_mase);
    if (!scores->seasonal) return;
    out->seasonal_mse = tl__window_mse(season);
    out->seasonal_mae = tl__window_mae(season);
    window_scores_give_own(scores, TL__FORECAST_SEASONAL, &out->seasonal_smape, &out->seasonal_mase);
}

/* ---- as a tree ---- */

/* What is known of a row of a score. */
static void window_scores_tree(tl__builder *builder, tl_value *map, const tl__forecast_score *score,
                               tl__forecast_by by, size_t index)
{
    tl__forecast_figures f;
    tl__forecast_score_figures(score, by, index, &f);
    const struct { const char *name; double value; } figures[] = {
        {"mse", f.mse},   {"mae", f.mae},   {"rmse", f.rmse},           {"mape", f.mape},      {"smape", f.smape},
        {"wape", f.wape}, {"mase", f.mase}, {"direction", f.direction}, {"pinball", f.pinball},
    };
    for (size_t i = 0; i < TL_COUNT(figures); i++)
        if (figures[i].value == figures[i].value) tl__put_number(builder, map, figures[i].name, figures[i].value);
}

static void window_scores_steps(tl__builder *builder, tl_value *map, const tl__forecast_score *score)
{
    tl_value *steps = tl__put_map(builder, map, "by_step");
    for (int k = 0; k < 2; k++) {
        tl_value *list = tl__put_list(builder, steps, k ? "mae" : "mse");
        for (size_t h = 0; h < score->shape.horizon; h++) {
            tl__forecast_figures f;
            tl__forecast_score_figures(score, TL__BY_STEP, h, &f);
            tl__put_number(builder, list, NULL, k ? f.mae : f.mse);
        }
    }
}

static void window_scores_intervals(tl__builder *builder, tl_value *map, const tl__forecast_score *score)
{
    if (score->shape.level_count < 2) return;
    tl_value *list = tl__put_list(builder, map, "intervals");
    for (size_t i = 0; i < score->shape.level_count / 2; i++) {
        tl__forecast_interval interval;
        tl__forecast_score_interval(score, TL__BY_ALL, 0, i, &interval);
        tl_value *item = tl__put_map(builder, list, NULL);
        tl__put_number(builder, item, "nominal", interval.nominal);
        tl__put_number(builder, item, "coverage", interval.coverage);
        tl__put_number(builder, item, "width", interval.width);
    }
}

static void window_scores_targets(tl__builder *builder, tl_value *map, const tl__window_scores *scores)
{
    const tl__forecast *forecast = scores->data->pipeline->forecast;
    tl_value *targets = tl__put_map(builder, map, "by_target");
    for (size_t k = 0; k < forecast->targets; k++)
        window_scores_tree(builder, tl__put_map(builder, targets, forecast->channels[k].name),
                           &scores->own[TL__FORECAST_MODEL], TL__BY_CHANNEL, k);
}

/* Where a column names them: {north: {mse, ...}, south: ...}. */
static void window_scores_series(tl__builder *builder, tl_value *map, const tl__window_scores *scores, int which)
{
    const tl__forecast *forecast = scores->data->pipeline->forecast;
    if (!forecast->series) return;
    tl_value *series = tl__put_map(builder, map, "by_series");
    for (size_t i = 0; i < forecast->series_count; i++)
        window_scores_tree(builder, tl__put_map(builder, series, forecast->series_names[i]), &scores->own[which],
                           TL__BY_SERIES, i);
}

static void window_scores_forecast(tl__builder *builder, tl_value *map, const tl__window_scores *scores, int which)
{
    const tl__window_errors *errors = &scores->errors[which];
    tl__put_number(builder, map, "mse", tl__window_mse(errors));
    tl__put_number(builder, map, "mae", tl__window_mae(errors));
    tl__put_number(builder, map, "rmse", tl__sqrt_d(tl__window_mse(errors)));
    if (scores->detail != TL__WINDOWS_ALL) return;
    tl_value *original = tl__put_map(builder, map, "original");
    window_scores_tree(builder, original, &scores->own[which], TL__BY_ALL, 0);
    if (which == TL__FORECAST_MODEL) window_scores_targets(builder, original, scores);
    window_scores_series(builder, original, scores, which);
}

/* By how much the model's errors are larger than those of the naive forecast that has the smaller ones. */
static tl_status window_scores_against(tl__heap *heap, tl__builder *builder, tl_value *map,
                                       const tl__window_scores *scores, bool absolute)
{
    const tl__forecast *forecast = scores->data->pipeline->forecast;
    double (*of)(const tl__window_errors *) = absolute ? tl__window_mae : tl__window_mse;
    const tl__window_errors *errors = scores->errors;
    bool season = scores->seasonal && of(&errors[TL__FORECAST_SEASONAL]) < of(&errors[TL__FORECAST_REPEAT_LAST]);
    const float *gains = window_scores_gains(scores, season ? TL__FORECAST_SEASONAL : TL__FORECAST_REPEAT_LAST,
                                             absolute);
    const size_t stride = tl__size_max(forecast->stride, 1);
    const tl__bootstrap_options options = {.block = (forecast->horizon + stride - 1) / stride};
    tl__bootstrap interval;
    TL_TRY(tl__bootstrap_mean(heap, tl__of_floats(gains), scores->own[TL__FORECAST_MODEL].windows, &options,
                              &interval));
    tl__put_text(builder, map, "baseline", season ? "seasonal_naive" : "repeat_last");
    tl__put_number(builder, map, "difference", interval.mean);
    tl__put_number(builder, map, "low", interval.low);
    tl__put_number(builder, map, "high", interval.high);
    return builder->failed ? TL_OUT_OF_MEMORY : TL_OK;
}

TL_PRIV tl_status tl__window_scores_put(tl__heap *heap, tl__builder *builder, tl_value *map,
                                        const tl__window_scores *scores)
{
    window_scores_forecast(builder, map, scores, TL__FORECAST_MODEL);
    if (scores->detail == TL__WINDOWS_ALL) {
        window_scores_intervals(builder, map, &scores->own[TL__FORECAST_MODEL]);
        window_scores_steps(builder, map, &scores->scaled);
    }
    if (scores->detail == TL__WINDOWS_ERRORS) return builder->failed ? TL_OUT_OF_MEMORY : TL_OK;
    tl_value *naive = tl__put_map(builder, map, "baselines");
    window_scores_forecast(builder, tl__put_map(builder, naive, "repeat_last"), scores, TL__FORECAST_REPEAT_LAST);
    if (scores->seasonal) {
        tl_value *seasonal = tl__put_map(builder, naive, "seasonal_naive");
        tl__put_integer(builder, seasonal, "season", (int64_t)scores->data->pipeline->forecast->season);
        window_scores_forecast(builder, seasonal, scores, TL__FORECAST_SEASONAL);
    }
    if (scores->detail != TL__WINDOWS_ALL) return builder->failed ? TL_OUT_OF_MEMORY : TL_OK;
    tl_value *against = tl__put_map(builder, map, "against");
    TL_TRY(window_scores_against(heap, builder, tl__put_map(builder, against, "mse"), scores, false));
    return window_scores_against(heap, builder, tl__put_map(builder, against, "mae"), scores, true);
}
