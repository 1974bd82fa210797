/* Sums in double, in the order of the windows. */
#include "train/window_scores.h"

#include "base/math.h"

TL_PRIV void tl__window_scores_carve(tl__carver *carver, tl__window_scores *scores, const tl_dataset *data)
{
    scores->naive = TL_CARVE(carver, float, data->pipeline->outputs);
}

TL_PRIV void tl__window_scores_begin(tl__window_scores *scores, bool naive_too, size_t quantiles)
{
    float *naive = scores->naive;
    *scores = (tl__window_scores){.naive_too = naive_too, .seasonal = true, .quantiles = quantiles, .naive = naive};
}

static void window_scores_sum(tl__window_errors *errors, const tl__forecast *forecast, size_t set,
                              const float *targets, const float *predicted)
{
    for (size_t i = 0; i < forecast->horizon; i++) {
        for (size_t k = 0; k < forecast->targets; k++) {
            double error = (double)*targets++ - (double)*predicted++, own = error * forecast->channels[k].scale[set];
            errors->squares += error * error;
            errors->absolute += tl__abs(error);
            errors->own_squares += own * own;
            errors->own_absolute += tl__abs(own);
        }
    }
}

static void window_scores_inside(tl__window_scores *scores, const float *targets, const float *raw, size_t outputs)
{
    size_t quantiles = scores->quantiles, inside = 0;
    for (size_t i = 0; i < outputs; i++, raw += quantiles)
        inside += raw[0] <= targets[i] && targets[i] <= raw[quantiles - 1];
    scores->inside += (double)inside;
}

TL_PRIV void tl__window_scores_add(tl__window_scores *scores, const tl_dataset *data, tl_part part, size_t first,
                                   size_t count, const float *targets, const float *predicted, const float *raw)
{
    const tl__forecast *forecast = data->pipeline->forecast;
    size_t outputs = data->pipeline->outputs;
    for (size_t i = 0; i < count; i++, targets += outputs, predicted += outputs) {
        size_t window = first + i, set = tl__window_set(data, part, window);
        window_scores_sum(&scores->of[TL__FORECAST_OWN], forecast, set, targets, predicted);
        if (scores->quantiles > 1)
            window_scores_inside(scores, targets, raw + i * outputs * scores->quantiles, outputs);
        if (!scores->naive_too) continue;
        tl__window_repeat_last(data, part, window, scores->naive);
        window_scores_sum(&scores->of[TL__FORECAST_REPEAT_LAST], forecast, set, targets, scores->naive);
        scores->seasonal = scores->seasonal && tl__window_seasonal(data, part, window, scores->naive);
        if (scores->seasonal)
            window_scores_sum(&scores->of[TL__FORECAST_SEASONAL], forecast, set, targets, scores->naive);
    }
    scores->numbers += (double)count * (double)outputs;
}

static void window_scores_figures(tl__builder *builder, tl_value *map, double squares, double absolute, double numbers)
{
    tl__put_number(builder, map, "mse", squares / numbers);
    tl__put_number(builder, map, "mae", absolute / numbers);
    tl__put_number(builder, map, "rmse", tl__sqrt_d(squares / numbers));
}

static void window_scores_both(tl__builder *builder, tl_value *map, const tl__window_errors *errors, double numbers)
{
    window_scores_figures(builder, map, errors->squares, errors->absolute, numbers);
    window_scores_figures(builder, tl__put_map(builder, map, "original"), errors->own_squares, errors->own_absolute,
                          numbers);
}

TL_PRIV void tl__window_scores_put(tl__builder *builder, tl_value *map, const tl__window_scores *scores,
                                   const tl_dataset *data)
{
    window_scores_both(builder, map, &scores->of[TL__FORECAST_OWN], scores->numbers);
    if (scores->quantiles > 1) tl__put_number(builder, map, "interval_coverage", scores->inside / scores->numbers);
    if (!scores->naive_too) return;
    tl_value *naive = tl__put_map(builder, map, "baselines");
    window_scores_both(builder, tl__put_map(builder, naive, "repeat_last"), &scores->of[TL__FORECAST_REPEAT_LAST],
                       scores->numbers);
    if (!scores->seasonal) return;
    tl_value *seasonal = tl__put_map(builder, naive, "seasonal_naive");
    tl__put_integer(builder, seasonal, "season", (int64_t)data->pipeline->forecast->season);
    window_scores_both(builder, seasonal, &scores->of[TL__FORECAST_SEASONAL], scores->numbers);
}

TL_PRIV void tl__window_scores_give(const tl__window_scores *scores, tl_scores *out)
{
    const tl__window_errors *last = &scores->of[TL__FORECAST_REPEAT_LAST], *season = &scores->of[TL__FORECAST_SEASONAL];
    if (!scores->naive_too) return;
    out->repeat_last_mse = last->squares / scores->numbers;
    out->repeat_last_mae = last->absolute / scores->numbers;
    if (!scores->seasonal) return;
    out->seasonal_mse = season->squares / scores->numbers;
    out->seasonal_mae = season->absolute / scores->numbers;
}
