/* From a model and its data to charts: a window is predicted, put back into the target's unit and drawn. */
#include "lab/charts.h"

#include "base/text.h"
#include "data/series.h"
#include "lab/figures.h"
#include "plot/chart.h"
#include "port/port.h"

enum { CHARTS_TARGETS = 8, CHARTS_WIDTH = 720, CHARTS_HEIGHT = 360 };

/* A window of one series, and the arrays of one target's chart. */
typedef struct charts_window {
    const tl_dataset *data;
    const tl__forecast *forecast;
    const tl__series *series;
    const tl__span *span;
    size_t step, past, ahead;        /* the first forecast step; steps shown before and from it */
    const float *outputs;            /* [horizon, targets, quantiles] */
    size_t quantiles;
    double *x, *actual;              /* [past + ahead] */
    double *later, *middle, *low, *high, *naive;    /* [ahead] */
} charts_window;

static double charts_value(const charts_window *window, size_t target, float value)
{
    const tl__channel *channel = &window->forecast->channels[target];
    size_t set = window->forecast->sets > 1 ? window->span->series : 0;
    return (double)value * channel->scale[set] + channel->shift[set];
}

static double charts_step(const charts_window *window, size_t target, size_t step)
{
    return charts_value(window, target, window->series->values[step * window->series->width + target]);
}

static void charts_fill(charts_window *window, size_t target)
{
    const tl__forecast *forecast = window->forecast;
    size_t first = window->step - window->past, q = window->quantiles;
    for (size_t i = 0; i < window->past + window->ahead; i++) {
        window->x[i] = window->series->times[first + i];
        window->actual[i] = charts_step(window, target, first + i);
    }
    for (size_t h = 0; h < window->ahead; h++) {
        const float *at = window->outputs + (h * forecast->targets + target) * q;
        size_t season = forecast->season > 0 && forecast->season <= window->step - window->span->begin
                        ? forecast->season : 1;
        window->later[h] = window->series->times[window->step + h];
        window->middle[h] = charts_value(window, target, at[q / 2]);
        window->low[h] = window->high[h] = window->middle[h];
        for (size_t k = 0; k < q; k++) {
            double value = charts_value(window, target, at[k]);
            if (value < window->low[h]) window->low[h] = value;
            if (value > window->high[h]) window->high[h] = value;
        }
        window->naive[h] = charts_step(window, target, window->step - season + h % season);
    }
}

static tl_status charts_write(const charts_window *window, const char *title, const char *unit, const char *path,
                              tl_error *error)
{
    bool seasonal = window->forecast->season > 0;
    size_t all = window->past + window->ahead;
    const tl__chart_series series[] = {
        {.name = "interval", .kind = TL__CHART_BAND, .x = window->later, .y = window->low, .high = window->high,
         .count = window->quantiles > 1 ? window->ahead : 0, .colour = 1},
        {.name = "actual", .x = window->x, .y = window->actual, .count = all, .colour = 0},
        {.name = seasonal ? "seasonal naive" : "repeat last", .x = window->later, .y = window->naive,
         .count = window->ahead, .colour = 6, .dashed = true},
        {.name = "forecast", .x = window->later, .y = window->middle, .count = window->ahead, .colour = 1},
    };
    size_t skip = window->quantiles > 1 ? 0 : 1;
    tl__buffer out;
    tl__buffer_init(&out, &window->data->context->heap);
    const tl__chart_mark mark = {.at = window->series->times[window->step], .label = "forecast begins"};
    tl__chart chart = {.title = title, .y_label = unit, .x_times = window->forecast->dates, .series = series + skip,
                       .count = TL_COUNT(series) - skip, .marks = &mark, .mark_count = 1,
                       .x_label = window->forecast->dates ? "" : "step"};
    const tl__picture picture = {tl__chart_draw, &chart, title, NULL, CHARTS_WIDTH, CHARTS_HEIGHT};
    tl__picture_file(&picture, tl__canvas_svg(), NULL, &out);
    tl_status status = out.failed ? tl__fail_memory(error, out.size)
                                  : tl__file_replace(path, out.data, out.size, false, error);
    tl__buffer_free(&out);
    return status;
}

static void charts_clean(char *name)
{
    for (; *name; name++) {
        bool plain = (*name >= 'a' && *name <= 'z') || (*name >= 'A' && *name <= 'Z') ||
                     (*name >= '0' && *name <= '9') || *name == '-' || (*name & 0x80) != 0;
        if (!plain) *name = '_';
    }
}

static tl_status charts_targets(charts_window *window, const char *folder, int *count, tl_error *error)
{
    const tl__forecast *forecast = window->forecast;
    for (size_t t = 0; t < forecast->targets && t < CHARTS_TARGETS; t++, ++*count) {
        char name[96], path[1200], title[160];
        const char *series = forecast->series_count > 1 ? forecast->series_names[window->span->series] : "";
        tl__format(name, sizeof name, "%.60s", forecast->channels[t].name);
        tl__format(title, sizeof title, "%.60s%s%.40s: the last window that was not trained on", name,
                   *series ? ", " : "", series);
        charts_clean(name);
        if (tl__format(path, sizeof path, "%s/forecast_%s.svg", folder, name) >= sizeof path) continue;
        charts_fill(window, t);
        TL_TRY(charts_write(window, title, forecast->channels[t].name, path, error));
    }
    return TL_OK;
}

static void charts_carve(tl__carver *carver, charts_window *window)
{
    window->x = TL_CARVE(carver, double, window->past + window->ahead);
    window->actual = TL_CARVE(carver, double, window->past + window->ahead);
    window->later = TL_CARVE(carver, double, window->ahead);
    window->middle = TL_CARVE(carver, double, window->ahead);
    window->low = TL_CARVE(carver, double, window->ahead);
    window->high = TL_CARVE(carver, double, window->ahead);
    window->naive = TL_CARVE(carver, double, window->ahead);
}

static tl_status charts_window_of(charts_window *window, const tl_model *model, tl_part part, const char *folder,
                                  int *count, tl_error *error)
{
    tl__heap *heap = &model->context->heap;
    const tl__forecast *forecast = window->forecast;
    size_t width = tl__shape_size(tl__graph_output_shape(&model->graph));
    size_t last = window->data->part[part].count - 1;
    tl__carver carver = {0};
    window->quantiles = width / (forecast->horizon * forecast->targets);
    charts_carve(&carver, window);
    float *outputs = TL_CARVE(&carver, float, width);
    size_t size = carver.used;
    unsigned char *block = tl__alloc_aligned(heap, size);
    if (!block) return tl__fail_memory(error, size);
    carver = (tl__carver){.base = block};
    charts_carve(&carver, window);
    outputs = TL_CARVE(&carver, float, width);
    window->outputs = outputs;
    tl_status status = tl__figures_outputs(model, window->data, part, last, 1, outputs, error);
    if (status == TL_OK) status = charts_targets(window, folder, count, error);
    tl__free_aligned(heap, block, size);
    return status;
}

TL_PRIV tl_status tl__charts_forecast(const tl_model *model, const tl_dataset *data, const char *folder, int *count,
                                      tl_error *error)
{
    const tl__forecast *forecast = data->pipeline->forecast;
    tl_part part = data->part[TL_TEST].count ? TL_TEST : TL_VALIDATION;
    *count = 0;
    if (!forecast || data->part[part].count == 0) return TL_OK;
    const tl__part_rows *rows = &data->part[part];
    charts_window window = {.data = data, .forecast = forecast, .series = rows->from->series,
                            .step = rows->rows[rows->count - 1], .ahead = forecast->horizon};
    window.span = tl__series_span(window.series, window.step);
    size_t before = window.step - window.span->begin;
    window.past = tl__size_min(before, tl__size_max(2 * forecast->horizon, tl__size_min(forecast->input_size, 200)));
    TL_TRY(tl__folder_make(folder, error));
    return charts_window_of(&window, model, part, folder, count, error);
}
