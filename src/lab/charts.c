/* From a model and its data to the numbers of charts: windows and rows are predicted and put back into the target's
 * unit. */
#include "lab/charts.h"

#include "base/text.h"
#include "data/series.h"
#include "lab/figures.h"
#include "lab/folder.h"
#include "lab/pictures.h"
#include "port/port.h"

/* A piece is of rows, of which so many are spread over a part. */
enum { CHARTS_TARGETS = 8, CHARTS_COLUMNS = 4, CHARTS_PIECE = 64, CHARTS_PIECES = 8 };

/* A window of one series, and the arrays of one target's chart. */
typedef struct charts_window {
    const tl_dataset *data;
    const tl__forecast *forecast;
    const tl__series *series;
    const tl__span *span;
    tl_part part;
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

static void charts_numbers(tl__builder *builder, tl_value *map, const char *key, const double *values, size_t count)
{
    tl_value *list = tl__put_list(builder, map, key);
    for (size_t i = 0; i < count && list; i++) tl__put_number(builder, list, NULL, values[i]);
}

static void charts_put(const charts_window *window, tl__builder *builder, tl_value *list, size_t target)
{
    const tl__forecast *forecast = window->forecast;
    const char *series = forecast->series_count > 1 ? forecast->series_names[window->span->series] : "";
    tl_value *map = tl__put_map(builder, list, NULL);
    if (!map) return;
    tl__put_text(builder, map, "target", forecast->channels[target].name);
    tl__put_text(builder, map, "series", series);
    tl__put_text(builder, map, "part", window->part == TL_TEST ? "test" : "validation");
    tl__put_text(builder, map, "naive_name", forecast->season > 0 ? "seasonal naive" : "repeat last");
    tl__put_bool(builder, map, "dates", forecast->dates);
    tl__put_number(builder, map, "begins", window->series->times[window->step]);
    charts_numbers(builder, map, "x", window->x, window->past + window->ahead);
    charts_numbers(builder, map, "actual", window->actual, window->past + window->ahead);
    charts_numbers(builder, map, "later", window->later, window->ahead);
    charts_numbers(builder, map, "forecast", window->middle, window->ahead);
    charts_numbers(builder, map, "naive", window->naive, window->ahead);
    if (window->quantiles < 2) return;
    charts_numbers(builder, map, "low", window->low, window->ahead);
    charts_numbers(builder, map, "high", window->high, window->ahead);
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

static tl_status charts_window_of(charts_window *window, const tl_model *model, tl__builder *builder, tl_value *list,
                                  tl_error *error)
{
    tl__heap *heap = &model->context->heap;
    const tl__forecast *forecast = window->forecast;
    size_t width = tl__shape_size(tl__graph_output_shape(&model->graph));
    size_t last = window->data->part[window->part].count - 1;
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
    tl_status status = tl__figures_outputs(model, window->data, window->part, last, 1, outputs, error);
    for (size_t t = 0; status == TL_OK && t < forecast->targets && t < CHARTS_TARGETS; t++) {
        charts_fill(window, t);
        charts_put(window, builder, list, t);
    }
    tl__free_aligned(heap, block, size);
    return status;
}

static tl_status charts_forecast(const tl_model *model, const tl_dataset *data, tl_part part, tl__builder *builder,
                                 tl_value *root, tl_error *error)
{
    const tl__forecast *forecast = data->pipeline->forecast;
    const tl__part_rows *rows = &data->part[part];
    charts_window window = {.data = data, .forecast = forecast, .series = rows->from->series, .part = part,
                            .step = rows->rows[rows->count - 1], .ahead = forecast->horizon};
    window.span = tl__series_span(window.series, window.step);
    size_t before = window.step - window.span->begin;
    window.past = tl__size_min(before, tl__size_max(2 * forecast->horizon, tl__size_min(forecast->input_size, 200)));
    return charts_window_of(&window, model, builder, tl__put_list(builder, root, "forecast"), error);
}

/* ---- regressions: what was there and what was predicted, of rows spread over the part ---- */

static void charts_pairs(tl__builder *builder, tl_value *list, const tl_dataset *data, tl_part part,
                         const float *actual, const float *predicted, size_t rows)
{
    size_t outputs = tl_dataset_outputs(data);
    for (size_t k = 0; k < outputs && k < CHARTS_COLUMNS; k++) {
        tl_value *map = tl__put_map(builder, list, NULL);
        if (!map) return;
        tl__put_text(builder, map, "target", data->pipeline->targets[k]);
        tl__put_text(builder, map, "part", part == TL_TEST ? "test" : "validation");
        tl_value *a = tl__put_list(builder, map, "actual"), *p = tl__put_list(builder, map, "predicted");
        for (size_t i = 0; i < rows && a && p; i++) {
            tl__put_number(builder, a, NULL, (double)actual[i * outputs + k]);
            tl__put_number(builder, p, NULL, (double)predicted[i * outputs + k]);
        }
    }
}

static tl_status charts_predicted(const tl_model *model, const tl_dataset *data, tl_part part, tl__builder *builder,
                                  tl_value *root, tl_error *error)
{
    tl__heap *heap = &model->context->heap;
    size_t all = data->part[part].count, outputs = tl_dataset_outputs(data), raw, width, used = 0;
    size_t pieces = all > CHARTS_PIECE * CHARTS_PIECES ? CHARTS_PIECES : 1;
    size_t piece = pieces > 1 ? CHARTS_PIECE : tl__size_min(all, CHARTS_PIECE * CHARTS_PIECES);
    raw = tl__shape_size(tl__graph_output_shape(&model->graph));
    width = tl__model_predictions(model);
    if (width != outputs) return TL_OK;    /* quantiles: several numbers a target */
    size_t rows = pieces * piece, numbers = rows * (outputs + width) + piece * raw;
    float *block = tl__alloc(heap, numbers * sizeof *block), *actual = block, *predicted = block + rows * outputs;
    if (!block) return tl__fail_memory(error, numbers * sizeof *block);
    float *outs = predicted + rows * width;
    tl_status status = TL_OK;
    for (size_t i = 0; i < pieces && status == TL_OK; i++, used += piece) {
        size_t first = pieces > 1 ? (all - piece) / (pieces - 1) * i : 0;
        status = tl__figures_outputs(model, data, part, first, piece, outs, error);
        if (status != TL_OK) break;
        tl__link_apply(model->context->kernels, model->link, outs, piece, raw, predicted + used * width, width);
        tl__pipeline_restore(model->pipeline, predicted + used * width, piece);
        tl__dataset_targets(data, part, first, piece, actual + used * outputs);
    }
    if (status == TL_OK)
        charts_pairs(builder, tl__put_list(builder, root, "predicted"), data, part, actual, predicted, rows);
    tl__free(heap, block, numbers * sizeof *block);
    return status;
}

TL_PRIV tl_status tl__charts_data(const tl_model *model, const tl_dataset *data, tl__builder *builder, tl_value *root,
                                  tl_error *error)
{
    tl_part part = data->part[TL_TEST].count ? TL_TEST : TL_VALIDATION;
    if (data->part[part].count == 0 || tl_dataset_classes(data) > 0) return TL_OK;
    if (data->pipeline->forecast) return charts_forecast(model, data, part, builder, root, error);
    return charts_predicted(model, data, part, builder, root, error);
}

/* ---- files ---- */

static void charts_clean(char *name)
{
    for (; *name; name++) {
        bool plain = (*name >= 'a' && *name <= 'z') || (*name >= 'A' && *name <= 'Z') ||
                     (*name >= '0' && *name <= '9') || *name == '-' || (*name & 0x80) != 0;
        if (!plain) *name = '_';
    }
}

/* The next of the words "svg,png,pdf"; NULL: it is no format. */
static const tl__canvas_format *charts_format(const char **at, char word[16])
{
    size_t size = strcspn(*at, ",");
    tl__format(word, 16, "%.*s", size < 15 ? (int)size : 15, *at);
    *at += size + ((*at)[size] == ',');
    return tl__canvas_find(word);
}

TL_PRIV tl_status tl__picture_formats(const char *formats, tl_error *error)
{
    char word[16];
    while (*formats)
        if (!charts_format(&formats, word))
            return tl__fail(error, TL_INVALID, "'%s' is not a format of charts; they are svg, png and pdf, separated "
                            "by commas.", word);
    return TL_OK;
}

TL_PRIV tl_status tl__picture_save(tl_context *context, const tl__picture *picture, const char *folder,
                                   const char *name, const char *formats, tl_error *error)
{
    char file[96], path[1200];
    tl__format(file, sizeof file, "%.80s", name);
    charts_clean(file);
    TL_TRY(tl__picture_formats(formats, error));
    for (const char *at = formats; *at;) {
        char word[16];
        const tl__canvas_format *format = charts_format(&at, word);
        if (tl__format(path, sizeof path, "%s/%s.%s", folder, file, format->name) >= sizeof path)
            return tl__fail(error, TL_INVALID, "%s is too long a name for a folder.", folder);
        tl__buffer out;
        tl__buffer_init(&out, &context->heap);
        tl__picture_file(picture, format, NULL, &out);
        tl_status status = out.failed ? tl__fail_memory(error, out.size)
                                      : tl__file_replace(path, out.data, out.size, false, error);
        tl__buffer_free(&out);
        if (status != TL_OK) return status;
    }
    return TL_OK;
}

TL_PRIV tl_status tl__charts_write(tl_context *context, const tl_value *data, const char *folder, int *count,
                                   tl_error *error)
{
    const tl_value *forecasts = tl_value_get(data, "forecast");
    char path[1200];
    *count = 0;
    if (tl_value_count(data) == 0) return TL_OK;
    TL_TRY(tl__folder_make(folder, error));
    if (tl__format(path, sizeof path, "%s/data.json", folder) >= sizeof path)
        return tl__fail(error, TL_INVALID, "%s is too long a name for a folder.", folder);
    TL_TRY(tl__json_save(context, data, path, false, error));
    for (size_t i = 0; i < tl_value_count(forecasts); i++) {
        const tl_value *one = tl_value_at(forecasts, i);
        tl__arena arena;
        tl__picture picture;
        char name[96];
        tl__arena_init(&arena, &context->heap);
        tl__format(name, sizeof name, "forecast_%.60s", tl_value_text(tl_value_get(one, "target"), ""));
        tl_status status = tl__picture_forecast(one, &arena, &picture)
                               ? tl__picture_save(context, &picture, folder, name, "svg", error)
                               : tl__fail_memory(error, 0);
        tl__arena_free(&arena);
        if (status != TL_OK) return status;
        ++*count;
    }
    return TL_OK;
}

TL_PRIV tl_status tl__charts_make(tl_context *context, const tl_model *model, const tl_dataset *data,
                                  const char *folder, tl_error *error)
{
    int count;
    tl__tree *tree;
    tl__builder builder;
    if (tl__tree_new(&context->heap, NULL, &tree) != TL_OK) return tl__fail_memory(error, sizeof *tree);
    tl__builder_init(&builder, tree);
    tl_value *root = tl__put_map(&builder, NULL, NULL);
    tl_status status = tl__charts_data(model, data, &builder, root, error);
    if (status == TL_OK && builder.failed) status = tl__fail_memory(error, 0);
    if (status == TL_OK) status = tl__charts_write(context, root, folder, &count, error);
    tl__tree_free(tree);
    if (status == TL_OK && count)
        tl__log_line(context, TL_LOG_INFO, "%d picture%s in %s", count, count == 1 ? "" : "s", folder);
    return status;
}
