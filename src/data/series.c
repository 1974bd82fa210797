/* Features of the grid, its statistics, and the floats that windows are read from. */
#include "data/series.h"

#include "data/pipeline_fit.h"

static size_t series_set(const tl__forecast *forecast, const tl__span *span)
{
    return forecast->sets > 1 ? span->series : 0;
}

/* ---- features ---- */

static void series_use(tl__grid *grid, const tl__forecast *forecast, const tl__feature_use *use, const tl__span *span)
{
    bool time = use->of == SIZE_MAX, cleans = use->member->kind == TL__FEATURE_CLEANS;
    const tl__channel *column = time ? NULL : &forecast->channels[use->of];
    size_t set = series_set(forecast, span);
    double *values = (time ? grid->times : tl__grid_channel(grid, use->of)) + span->begin;
    tl__feature_call call = {.settings = use->settings, .rows = span->end - span->begin, .values = values,
                             .stride = grid->capacity};
    call.out = cleans ? values : tl__grid_channel(grid, use->first) + span->begin;
    if (cleans && column->mean) {
        call.mean = column->mean[set];
        call.deviation = column->deviation[set];
    }
    use->member->compute(&call);
}

static void series_uses(tl__grid *grid, const tl__forecast *forecast, bool cleaning)
{
    for (size_t i = 0; i < forecast->use_count; i++) {
        const tl__feature_use *use = &forecast->uses[i];
        if ((use->member->kind == TL__FEATURE_CLEANS) != cleaning) continue;
        for (size_t s = 0; s < grid->span_count; s++)
            if (grid->spans[s].end > grid->spans[s].begin) series_use(grid, forecast, use, &grid->spans[s]);
    }
}

TL_PRIV void tl__grid_clean(tl__grid *grid, const tl__forecast *forecast) { series_uses(grid, forecast, true); }

TL_PRIV void tl__grid_features(tl__grid *grid, const tl__forecast *forecast) { series_uses(grid, forecast, false); }

/* ---- statistics ---- */

/* Values of a channel in the training steps of the series that share a scaling. */
static size_t series_gather(const tl__grid *grid, const tl__forecast *forecast, size_t channel, size_t set,
                            const size_t *ends, size_t skip, float *out)
{
    const double *values = tl__grid_channel(grid, channel);
    size_t count = 0;
    for (size_t s = 0; s < grid->span_count; s++) {
        const tl__span *span = &grid->spans[s];
        if (series_set(forecast, span) != set) continue;
        for (size_t i = span->begin + skip; i < ends[s]; i++) out[count++] = (float)values[i];
    }
    return count;
}

typedef struct series_fit {
    float *values;               /* [2, rows] */
    size_t bytes;
} series_fit;

static tl_status series_fit_room(const tl__grid *grid, series_fit *fit, tl_error *error)
{
    if (!tl__size_mul(grid->rows + 1, 2 * sizeof(float), &fit->bytes)) return tl__fail_memory(error, SIZE_MAX);
    fit->values = tl__alloc(grid->heap, fit->bytes);
    return fit->values ? TL_OK : tl__fail_memory(error, fit->bytes);
}

TL_PRIV tl_status tl__grid_fit_clean(const tl__grid *grid, tl__forecast *forecast, const size_t *ends, tl_error *error)
{
    series_fit fit;
    TL_TRY(series_fit_room(grid, &fit, error));
    for (size_t i = 0; i < forecast->columns; i++) {
        tl__channel *channel = &forecast->channels[i];
        for (size_t set = 0; channel->mean && set < forecast->sets; set++) {
            size_t count = series_gather(grid, forecast, i, set, ends, 0, fit.values);
            tl__fit_moments(fit.values, count, &channel->mean[set], &channel->deviation[set]);
        }
    }
    tl__free(grid->heap, fit.values, fit.bytes);
    return TL_OK;
}

TL_PRIV tl_status tl__grid_fit_scale(const tl__grid *grid, tl__forecast *forecast, const size_t *ends, int normalize,
                                     tl_error *error)
{
    series_fit fit;
    size_t channels = forecast->columns;    /* and those of features of columns, which stand behind them */
    for (size_t i = 0; i < forecast->use_count; i++) {
        const tl__feature_use *use = &forecast->uses[i];
        if (use->member->kind == TL__FEATURE_OF_COLUMN) channels = use->first + use->member->outputs(use->settings);
    }
    TL_TRY(series_fit_room(grid, &fit, error));
    for (size_t i = 0; i < channels; i++) {
        tl__channel *channel = &forecast->channels[i];
        for (size_t set = 0; set < forecast->sets; set++) {
            size_t count = series_gather(grid, forecast, i, set, ends, forecast->history, fit.values);
            tl__fit_numbers(fit.values, fit.values + grid->rows + 1, count, normalize, &channel->shift[set],
                            &channel->scale[set]);
        }
    }
    tl__free(grid->heap, fit.values, fit.bytes);
    return TL_OK;
}

/* ---- floats ---- */

static size_t series_steps(const tl__span *span, size_t history)
{
    size_t steps = span->end - span->begin;
    return steps > history ? steps - history : 0;
}

static void series_fill(tl__series *series, const tl__grid *grid, const tl__forecast *forecast, const tl__span *from,
                        tl__span *to)
{
    size_t set = series_set(forecast, from), skip = from->begin + forecast->history;
    size_t steps = series_steps(from, forecast->history);
    *to = (tl__span){series->steps, series->steps + steps, series->steps, from->series, series->steps};
    if (from->known > skip) to->known = series->steps + (from->known - skip);
    for (size_t c = 0; c < series->width; c++) {
        const double *values = tl__grid_channel(grid, c) + skip;
        float *out = series->values + to->begin * series->width + c;
        for (size_t t = 0; t < steps; t++)
            out[t * series->width] = tl__channel_value(&forecast->channels[c], set, values[t]);
    }
    for (size_t t = 0; t < steps; t++) {
        series->times[to->begin + t] = grid->times[skip + t];
        series->rows[to->begin + t] = grid->table_rows[skip + t];
    }
    series->steps += steps;
}

TL_PRIV tl_status tl__series_scale(tl__arena *arena, tl__grid *grid, const tl__forecast *forecast, tl__series **out,
                                   tl_error *error)
{
    tl__series *series = tl__arena_push_zero(arena, 1, sizeof *series);
    size_t steps = 0, all;
    for (size_t s = 0; s < grid->span_count; s++) steps += series_steps(&grid->spans[s], forecast->history);
    if (!series || !tl__size_mul(steps, forecast->channel_count, &all)) return tl__fail_memory(error, SIZE_MAX);
    series->width = forecast->channel_count;
    series->values = tl__arena_push_zero(arena, all ? all : 1, sizeof *series->values);
    series->times = tl__arena_push_zero(arena, steps ? steps : 1, sizeof *series->times);
    series->rows = tl__arena_push_zero(arena, steps ? steps : 1, sizeof *series->rows);
    series->spans = tl__arena_push_zero(arena, grid->span_count, sizeof *series->spans);
    if (!series->values || !series->times || !series->rows || !series->spans)
        return tl__fail_memory(error, all * sizeof *series->values);
    grid->found.warm_up = 0;
    for (size_t s = 0; s < grid->span_count; s++) {
        const tl__span *span = &grid->spans[s];
        series_fill(series, grid, forecast, span, &series->spans[series->span_count++]);
        grid->found.warm_up += tl__size_min(forecast->history, span->end - span->begin);
    }
    *out = series;
    return TL_OK;
}

TL_PRIV const tl__span *tl__series_span(const tl__series *series, size_t step)
{
    size_t low = 0, high = series->span_count;
    while (low + 1 < high) {
        size_t middle = low + (high - low) / 2;
        if (series->spans[middle].begin <= step) low = middle;
        else high = middle;
    }
    return &series->spans[low];
}
