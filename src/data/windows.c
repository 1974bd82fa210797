/* A window is a place in the series: its inputs are one run of floats, and so are the targets of each step. */
#include "data/windows.h"

TL_PRIV size_t tl__window_origin(const tl_dataset *dataset, tl_part part, size_t index)
{
    return dataset->part[part].rows[index];
}

static void window_targets(const tl__series *series, const tl__forecast *forecast, size_t origin, float *out)
{
    const float *from = series->values + origin * series->width;
    if (forecast->targets == series->width) {
        memcpy(out, from, forecast->horizon * series->width * sizeof *out);
        return;
    }
    for (size_t h = 0; h < forecast->horizon; h++, from += series->width)
        for (size_t k = 0; k < forecast->targets; k++) *out++ = from[k];
}

static void window_inputs(const tl__series *series, const tl__forecast *forecast, size_t origin, float *out)
{
    size_t past = forecast->input_size * series->width;
    const float *from = series->values + origin * series->width;
    memcpy(out, from - past, past * sizeof *out);
    out += past;
    for (size_t h = 0; forecast->future && h < forecast->horizon; h++, from += series->width)
        for (size_t k = 0; k < forecast->future; k++) *out++ = from[forecast->ahead[k]];
}

TL_PRIV void tl__windows_gather(const tl_dataset *dataset, tl_part part, const uint32_t *order, size_t first,
                                size_t count, float *inputs, float *targets)
{
    const tl__part_rows *rows = &dataset->part[part];
    const tl__series *series = rows->from->series;
    const tl__pipeline *pipeline = dataset->pipeline;
    for (size_t i = 0; i < count; i++) {
        size_t origin = rows->rows[order ? order[i] : first + i];
        if (inputs) window_inputs(series, pipeline->forecast, origin, inputs + i * pipeline->features);
        if (targets) window_targets(series, pipeline->forecast, origin, targets + i * pipeline->outputs);
    }
}

TL_PRIV void tl__window_repeat_last(const tl_dataset *dataset, tl_part part, size_t index, float *out)
{
    const tl__series *series = dataset->part[part].from->series;
    const tl__forecast *forecast = dataset->pipeline->forecast;
    const float *last = series->values + (tl__window_origin(dataset, part, index) - 1) * series->width;
    for (size_t h = 0; h < forecast->horizon; h++)
        for (size_t k = 0; k < forecast->targets; k++) *out++ = last[k];
}

TL_PRIV bool tl__window_seasonal(const tl_dataset *dataset, tl_part part, size_t index, float *out)
{
    const tl__series *series = dataset->part[part].from->series;
    const tl__forecast *forecast = dataset->pipeline->forecast;
    size_t origin = tl__window_origin(dataset, part, index), season = forecast->season;
    if (season == 0 || origin - tl__series_span(series, origin)->begin < season) return false;
    for (size_t h = 0; h < forecast->horizon; h++) {
        const float *from = series->values + (origin - season + h % season) * series->width;
        for (size_t k = 0; k < forecast->targets; k++) *out++ = from[k];
    }
    return true;
}

TL_PRIV size_t tl__window_set(const tl_dataset *dataset, tl_part part, size_t index)
{
    const tl__series *series = dataset->part[part].from->series;
    if (dataset->pipeline->forecast->sets == 1) return 0;
    return tl__series_span(series, tl__window_origin(dataset, part, index))->series;
}

TL_PRIV void tl__windows_restore(const tl_dataset *dataset, tl_part part, size_t first, size_t count, float *values)
{
    const tl__forecast *forecast = dataset->pipeline->forecast;
    for (size_t i = 0; i < count; i++) {
        size_t set = tl__window_set(dataset, part, first + i);
        for (size_t k = 0; k < forecast->horizon * forecast->targets; k++, values++) {
            const tl__channel *channel = &forecast->channels[k % forecast->targets];
            *values = (float)((double)*values * channel->scale[set] + channel->shift[set]);
        }
    }
}
