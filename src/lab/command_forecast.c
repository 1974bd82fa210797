/* A forecast goes on from the last step of each series whose targets are known. The network gives `horizon` steps at
 * once; more are made of its own forecasts (the middle quantile), window after window, with features computed anew.
 *
 *     series      where the data has several
 *     TIME        of the step, under the name of the time's column; `step` where there is none
 *     TARGET      in its own unit; TARGET_0.1, TARGET_0.5, ... of a network of quantiles */
#include "lab/command_forecast.h"

#include "base/text.h"
#include "data/forecast_make.h"
#include "nn/network.h"
#include "text/csv.h"
#include "text/yaml.h"

typedef struct command_forecast_work {
    tl_context *context;
    const tl_model *model;
    const tl__forecast *forecast;
    tl__table *table;
    tl__grid grid;
    size_t steps, windows;       /* to forecast; and windows that they take */
    size_t quantiles;            /* numbers per target and step */
    const char **labels;         /* [quantiles] of columns, "" where there is one */
    float *inputs;               /* [features] */
    float *values;               /* [spans, steps, targets, quantiles] in the targets' own units */
    double *times;               /* [spans, steps] */
    tl__plan *plan;
    tl__network *network;
    tl__arena arena;
} command_forecast_work;

/* ---- what is known ahead ---- */

/* The steps of the window's horizon: their times, and that what is known ahead is there. */
static tl_status command_forecast_extend(const command_forecast_work *work, tl__grid *one, tl_error *error)
{
    const tl__forecast *forecast = work->forecast;
    tl__span *span = &one->spans[0];
    size_t wanted = span->known + forecast->horizon;
    for (size_t i = 0; i < forecast->columns && span->end < wanted; i++) {
        if (!forecast->channels[i].ahead) continue;
        return tl__fail_at(error, TL_BAD_DATA, work->table->source, 0, 0, "data.covariates.future",
                           "column '%s' must be known for %zu steps after the last one with targets, but %zu are "
                           "there%s%s%s; add rows with empty targets",
                           forecast->channels[i].name, work->windows * forecast->horizon, span->end - span->known,
                           one->names[0][0] ? " of series '" : "", one->names[0], one->names[0][0] ? "'" : "");
    }
    for (size_t t = span->end; t < wanted; t++)
        one->times[t] = tl__forecast_later(forecast, one->times[t - 1], 1);
    span->end = tl__size_max(span->end, wanted);
    one->rows = span->end;
    return TL_OK;
}

static tl_status command_forecast_check_more(const command_forecast_work *work, tl_error *error)
{
    const tl__forecast *forecast = work->forecast;
    for (size_t i = forecast->targets; work->windows > 1 && i < forecast->columns; i++) {
        if (forecast->channels[i].ahead) continue;
        return tl__fail(error, TL_BAD_CONFIG,
                        "%zu steps are more than data.window.horizon (%zu), and column '%s', an input that is not "
                        "forecast, is not known for the steps between; ask for at most %zu steps (--steps)",
                        work->steps, forecast->horizon, forecast->channels[i].name, forecast->horizon);
    }
    return TL_OK;
}

/* ---- one window ---- */

static void command_forecast_inputs(const command_forecast_work *work, const tl__grid *one, size_t set)
{
    const tl__forecast *forecast = work->forecast;
    size_t known = one->spans[0].known;
    float *out = work->inputs;
    for (size_t t = known - forecast->input_size; t < known; t++)
        for (size_t c = 0; c < forecast->channel_count; c++)
            *out++ = tl__channel_value(&forecast->channels[c], set, tl__grid_channel(one, c)[t]);
    for (size_t t = known; t < known + forecast->horizon; t++)
        for (size_t k = 0; k < forecast->future; k++) {
            size_t c = forecast->ahead[k];
            *out++ = tl__channel_value(&forecast->channels[c], set, tl__grid_channel(one, c)[t]);
        }
}

/* The window's forecast into the values, and into the grid as if it had happened. */
static void command_forecast_take(const command_forecast_work *work, tl__grid *one, size_t set, size_t done,
                                  const float *raw, float *values, double *times)
{
    const tl__forecast *forecast = work->forecast;
    size_t targets = forecast->targets, quantiles = work->quantiles, known = one->spans[0].known;
    for (size_t h = 0; h < forecast->horizon; h++) {
        for (size_t k = 0; k < targets; k++) {
            const tl__channel *channel = &forecast->channels[k];
            for (size_t q = 0; q < quantiles; q++, raw++) {
                float value = (float)((double)*raw * channel->scale[set] + channel->shift[set]);
                if (done + h < work->steps) values[((done + h) * targets + k) * quantiles + q] = value;
                if (q == quantiles / 2) tl__grid_channel(one, k)[known + h] = (double)value;
            }
        }
        if (done + h < work->steps) times[done + h] = one->times[known + h];
    }
    one->spans[0].known += forecast->horizon;
}

static tl_status command_forecast_windows_of(const command_forecast_work *work, tl__grid *one, float *values,
                                             double *times, tl_error *error)
{
    const tl__forecast *forecast = work->forecast;
    const tl__span *span = &one->spans[0];
    size_t set = forecast->sets > 1 ? span->series : 0, needed = forecast->history + forecast->input_size;
    const float *raw;
    if (span->known < needed)
        return tl__fail_at(error, TL_BAD_DATA, work->table->source, 0, 0, "data.window.input_size",
                           "a forecast needs %zu steps (%zu of data.window.input_size, %zu for features), but %s%s%s "
                           "%zu; give more of its past",
                           needed, forecast->input_size, forecast->history, one->names[0][0] ? "series '" : "there are",
                           one->names[0], one->names[0][0] ? "' has" : "", span->known);
    for (size_t done = 0; done < work->steps; done += forecast->horizon) {
        TL_TRY(command_forecast_extend(work, one, error));
        tl__grid_clean(one, forecast);
        tl__grid_features(one, forecast);
        command_forecast_inputs(work, one, set);
        TL_TRY(tl__network_forward(work->network, work->context->pool, work->inputs, 1, &raw));
        command_forecast_take(work, one, set, done, raw, values, times);
    }
    return TL_OK;
}

static tl_status command_forecast_all(command_forecast_work *work, tl_error *error)
{
    const tl__forecast *forecast = work->forecast;
    size_t each = work->steps * forecast->targets * work->quantiles;
    for (size_t s = 0; s < work->grid.span_count; s++) {
        tl__grid one;
        if (tl__cancelled(work->context)) return tl__fail(error, TL_CANCELLED, "stopped on request");
        TL_TRY(tl__grid_one(&one, &work->grid, s, work->windows * forecast->horizon, error));
        tl_status status = command_forecast_windows_of(work, &one, work->values + s * each,
                                                       work->times + s * work->steps, error);
        tl__grid_free(&one);
        TL_TRY(status);
    }
    return TL_OK;
}

/* ---- what is told ---- */

static void command_forecast_column(const command_forecast_work *work, size_t target, size_t quantile, tl__buffer *out)
{
    const char *label = work->labels[quantile];
    tl__buffer_clear(out);
    tl__buffer_format(out, "%s%s%s", work->forecast->channels[target].name, label[0] ? "_" : "", label);
}

static const char *command_forecast_time_name(const command_forecast_work *work)
{
    return work->forecast->time ? work->forecast->time : "step";
}

static void command_forecast_csv(const command_forecast_work *work, tl__buffer *out)
{
    const tl__forecast *forecast = work->forecast;
    bool series = forecast->series != NULL;
    const float *value = work->values;
    tl__buffer name;
    tl__buffer_init(&name, out->heap);
    if (series) tl__csv_put(out, forecast->series, strlen(forecast->series), true, false);
    tl__csv_put(out, command_forecast_time_name(work), strlen(command_forecast_time_name(work)), !series, false);
    for (size_t i = 0; i < forecast->targets * work->quantiles; i++) {
        command_forecast_column(work, i / work->quantiles, i % work->quantiles, &name);
        tl__csv_put(out, name.data ? name.data : "", name.size, false, false);
    }
    tl__buffer_char(out, '\n');
    if (name.failed) out->failed = true;
    tl__buffer_free(&name);
    for (size_t row = 0; row < work->grid.span_count * work->steps && !out->failed; row++) {
        char text[40];
        const char *of = work->grid.names[row / work->steps];
        if (series) tl__csv_put(out, of, strlen(of), true, false);
        tl__forecast_time(forecast, work->times[row], text);
        tl__csv_put(out, text, strlen(text), !series, false);
        for (size_t i = 0; i < forecast->targets * work->quantiles; i++)
            tl__csv_put_float(out, *value++, false);
        tl__buffer_char(out, '\n');
    }
}

/* A float as the double with the same shortest text, so that JSON and CSV show the same digits. */
static double command_forecast_number(float value)
{
    char text[32];
    double number = (double)value;
    tl__parse_double(text, tl__print_float(text, value), &number);
    return number;
}

static void command_forecast_list(const command_forecast_work *work, tl__builder *builder, tl_value *parent,
                                  const char *key)
{
    const tl__forecast *forecast = work->forecast;
    const float *value = work->values;
    tl_value *list = tl__put_list(builder, parent, key);
    for (size_t row = 0; row < work->grid.span_count * work->steps && !builder->failed; row++) {
        tl_value *map = tl__put_map(builder, list, NULL);
        char text[40];
        tl__forecast_time(forecast, work->times[row], text);
        if (forecast->series) tl__put_text(builder, map, forecast->series, work->grid.names[row / work->steps]);
        if (forecast->dates) tl__put_text(builder, map, command_forecast_time_name(work), text);
        else tl__put_number(builder, map, command_forecast_time_name(work), work->times[row]);
        for (size_t k = 0; k < forecast->targets; k++) {
            tl_value *inner = map;
            if (work->quantiles > 1) inner = tl__put_map(builder, map, forecast->channels[k].name);
            for (size_t q = 0; q < work->quantiles; q++)
                tl__put_number(builder, inner, work->quantiles > 1 ? work->labels[q] : forecast->channels[k].name,
                               command_forecast_number(*value++));
        }
    }
}

static tl_status command_forecast_show(const command_forecast_work *work, const tl_options *options,
                                       tl__builder *builder, tl_value *root, tl_error *error)
{
    tl__buffer text;
    tl_status status = TL_OK;
    if (!options->format && !options->output) {
        command_forecast_list(work, builder, root, "predictions");
        return builder->failed ? tl__fail_memory(error, 0) : TL_OK;
    }
    tl__buffer_init(&text, &work->context->heap);
    if (options->format && tl__same_text(options->format, "json")) {
        tl__tree *tree;
        tl__builder own;
        if (tl__tree_new(&work->context->heap, NULL, &tree) != TL_OK) return tl__fail_memory(error, 256);
        tl__builder_init(&own, tree);
        command_forecast_list(work, &own, NULL, NULL);
        if (own.failed) text.failed = true;
        else tl__json_write(&text, &tree->root, 2);
        tl__buffer_char(&text, '\n');
        tl__tree_free(tree);
    } else {
        command_forecast_csv(work, &text);
    }
    if (text.failed) status = tl__fail_memory(error, text.size);
    else if (options->output) status = tl__file_replace(options->output, text.data, text.size, false, error);
    else tl__put_text_n(builder, root, "text", text.data, text.size);
    if (options->output) tl__put_text(builder, root, "output", options->output);
    tl__buffer_free(&text);
    return status == TL_OK && builder->failed ? tl__fail_memory(error, 0) : status;
}

/* ---- all of it ---- */

TL_PRIV tl_status tl__quantile_labels(const tl__trained *trained, tl__arena *arena, size_t count, const char ***out,
                                      tl_error *error)
{
    static const char *const usual[] = {"0.1", "0.5", "0.9"};
    const tl_value *loss = trained->config->settings.train.training.loss.settings;
    const tl_value *list = loss && loss->kind == TL_MAP ? tl__value_child(loss, "quantiles") : NULL;
    const char **labels = tl__arena_push_zero(arena, count, sizeof *labels);
    if (!labels) return tl__fail_memory(error, count * sizeof *labels);
    const tl_value *item = list && list->count == count ? list->first : NULL;
    for (size_t q = 0; q < count; q++) {
        char number[32];
        if (count == 1) number[0] = '\0';
        else if (item) tl__print_double(number, tl_value_number(item, 0));
        else if (count == TL_COUNT(usual)) tl__format(number, sizeof number, "%s", usual[q]);
        else tl__format(number, sizeof number, "%zu", q);
        labels[q] = tl__arena_text(arena, number);
        if (!labels[q]) return tl__fail_memory(error, 32);
        item = item ? item->next : NULL;
    }
    *out = labels;
    return TL_OK;
}

static tl_status command_forecast_read(command_forecast_work *work, const tl__trained *trained,
                                       const tl_options *options, tl_error *error)
{
    const tl__data_settings *settings = &trained->config->settings.data;
    const tl_value named = {.kind = TL_TEXT, .text = options->data, .quoted = true,
                            .text_size = options->data ? strlen(options->data) : 0};
    const tl_value *file = options->data ? &named : settings->file;
    tl__kinds kinds;
    if (!file || (!options->data && !tl__trained_knows_data(trained)))
        return tl__fail(error, TL_INVALID, "name the series to go on with: --data FILE, or --data - for standard "
                        "input.");
    TL_TRY(tl__forecast_kinds(work->forecast, &work->arena, &kinds, error));
    TL_TRY(tl__table_read(work->context, file, settings, &kinds, options->data ? NULL : trained->config->folder,
                          options->data ? "--data" : "data.file", &work->table, error));
    TL_TRY(tl__forecast_grid(work->model->pipeline, work->table, &work->grid, error));
    tl__buffer text;
    tl__buffer_init(&text, &work->context->heap);
    tl__grid_say(&work->grid, work->forecast, &text);
    if (text.size && !text.failed) tl__log_line(work->context, TL_LOG_INFO, "%s", text.data);
    tl__buffer_free(&text);
    return TL_OK;
}

static tl_status command_forecast_room(command_forecast_work *work, tl_error *error)
{
    const tl__pipeline *pipeline = work->model->pipeline;
    tl__heap *heap = &work->context->heap;
    tl__plan_options options = {.kernels = work->context->kernels, .max_rows = 1,
                                .workers = tl__pool_threads(work->context->pool)};
    size_t rows, numbers;
    if (!tl__size_mul(work->grid.span_count, work->steps, &rows) ||
        !tl__size_mul(rows, work->forecast->targets * work->quantiles, &numbers))
        return tl__fail(error, TL_OUT_OF_RANGE, "there are too many steps to forecast at once; give --steps less");
    work->inputs = tl__arena_push_zero(&work->arena, pipeline->features, sizeof *work->inputs);
    work->values = tl__arena_push_zero(&work->arena, numbers, sizeof *work->values);
    work->times = tl__arena_push_zero(&work->arena, rows, sizeof *work->times);
    if (!work->inputs || !work->values || !work->times) return tl__fail_memory(error, numbers * sizeof(float));
    TL_TRY(tl__plan_new(heap, &work->model->graph, &options, &work->plan, error));
    return tl__network_new(heap, work->plan, work->model->parameters, &work->network, error);
}

static tl_status command_forecast_run(command_forecast_work *work, const tl__trained *trained,
                                      const tl_options *options, tl__tree *tree, tl_error *error)
{
    size_t horizon = work->forecast->horizon;
    tl__builder builder;
    work->quantiles = tl__shape_size(tl__graph_output_shape(&work->model->graph)) / work->model->pipeline->outputs;
    work->steps = options->steps > 0 ? (size_t)options->steps : horizon;
    work->windows = work->steps / horizon + (work->steps % horizon != 0);
    TL_TRY(command_forecast_check_more(work, error));
    TL_TRY(tl__quantile_labels(trained, &work->arena, work->quantiles, &work->labels, error));
    TL_TRY(command_forecast_read(work, trained, options, error));
    TL_TRY(command_forecast_room(work, error));
    TL_TRY(command_forecast_all(work, error));
    tl__builder_init(&builder, tree);
    tl_value *root = tl__put_map(&builder, NULL, NULL);
    tl__put_text(&builder, root, "model", trained->place.model);
    tl__put_integer(&builder, root, "rows", (int64_t)(work->grid.span_count * work->steps));
    return command_forecast_show(work, options, &builder, root, error);
}

TL_PRIV tl_status tl__forecast_file(tl__trained *trained, const tl_options *options, tl__tree *tree, tl_error *error)
{
    tl__heap *heap = &trained->context->heap;
    command_forecast_work work = {.context = trained->context, .model = trained->model,
                          .forecast = trained->model->pipeline->forecast};
    tl__arena_init(&work.arena, heap);
    tl_status status = command_forecast_run(&work, trained, options, tree, error);
    tl__network_free(heap, work.network);
    tl__plan_free(heap, work.plan);
    tl__grid_free(&work.grid);
    tl__table_free(work.table);
    tl__arena_free(&work.arena);
    return status;
}
