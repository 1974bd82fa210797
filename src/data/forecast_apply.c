/* Another file through a forecast that was fitted before: its columns by name, its series by theirs. */
#include "data/forecast_make.h"

#include "base/text.h"

TL_PRIV tl_status tl__forecast_kinds(const tl__forecast *forecast, tl__arena *arena, tl__kinds *out, tl_error *error)
{
    size_t count = 0;
    tl__kind_of *items = tl__arena_push_zero(arena, forecast->columns + 2, sizeof *items);
    if (!items) return tl__fail_memory(error, forecast->columns * sizeof *items);
    for (size_t i = 0; i < forecast->columns; i++)
        items[count++] = (tl__kind_of){forecast->channels[i].name, TL__KIND_NUMBER};
    if (forecast->series) items[count++] = (tl__kind_of){forecast->series, TL__KIND_CATEGORY};
    if (forecast->time)
        items[count++] = (tl__kind_of){forecast->time, forecast->dates ? TL__KIND_DATE : TL__KIND_NUMBER};
    *out = (tl__kinds){count, items};
    return TL_OK;
}

static tl_status forecast_apply_column(const tl__table *table, const char *name, const tl__column **out,
                                       tl_error *error)
{
    for (size_t i = 0; i < table->column_count; i++) {
        *out = &table->columns[i];
        if (tl__same_text((*out)->name, name)) return TL_OK;
    }
    return tl__fail_at(error, TL_BAD_DATA, table->source, 0, 0, NULL,
                       "there is no column '%s', which the model needs; the file must have the columns of the training "
                       "data%s",
                       name, table->named ? "" : ", in the same order or with a line of names");
}

static tl_status forecast_apply_columns(const tl__table *table, const tl__forecast *forecast,
                                        const tl__column **columns, tl__grid_columns *out, tl_error *error)
{
    *out = (tl__grid_columns){.columns = columns, .source = table->source};
    for (size_t i = 0; i < forecast->columns; i++) {
        TL_TRY(forecast_apply_column(table, forecast->channels[i].name, &columns[i], error));
        if (columns[i]->type != TL__COLUMN_CODES && columns[i]->width == 1) continue;
        return tl__fail_at(error, TL_BAD_DATA, table->source, 0, 0, NULL,
                           "column '%s' holds texts or arrays here, but numbers in the training data",
                           columns[i]->name);
    }
    if (forecast->time) TL_TRY(forecast_apply_column(table, forecast->time, &out->time, error));
    if (forecast->series) TL_TRY(forecast_apply_column(table, forecast->series, &out->series, error));
    if (out->time && (out->time->missing || out->time->type == TL__COLUMN_CODES))
        return tl__fail_at(error, TL_BAD_DATA, table->source, out->time->first_missing_line, 0, "data.time",
                           "column '%s' %s, so it cannot order the steps", out->time->name,
                           out->time->missing ? "has missing cells" : "holds texts");
    if (!out->series || out->series->missing == 0) return TL_OK;
    return tl__fail_at(error, TL_BAD_DATA, table->source, out->series->first_missing_line, 0, "data.series",
                       "column '%s' has missing cells, so it cannot tell series apart", out->series->name);
}

/* Numbers of the series in the training data; one that was not there can do without where all have one scaling. */
static tl_status forecast_apply_names(const tl__table *table, const tl__forecast *forecast, tl__grid *grid,
                                      tl_error *error)
{
    for (size_t s = 0; s < grid->span_count; s++) {
        size_t number = tl__forecast_series(forecast, grid->names[s]);
        if (number == SIZE_MAX && forecast->sets > 1)
            return tl__fail_at(error, TL_BAD_DATA, table->source, 0, 0, "data.scaling",
                               "series '%s' was not in the training data, so its scaling is not known; train with "
                               "data.scaling: whole to forecast series that are new",
                               grid->names[s]);
        grid->spans[s].series = number == SIZE_MAX ? 0 : number;
    }
    return TL_OK;
}

TL_PRIV tl_status tl__forecast_grid(const tl__pipeline *pipeline, const tl__table *table, tl__grid *out,
                                    tl_error *error)
{
    const tl__forecast *forecast = pipeline->forecast;
    tl__heap *heap = &pipeline->context->heap;
    size_t bytes = forecast->columns * sizeof(tl__column *);
    tl__grid_columns from;
    const tl__column **columns = tl__alloc(heap, bytes);
    if (!columns) return tl__fail_memory(error, bytes);
    tl_status status = forecast_apply_columns(table, forecast, columns, &from, error);
    if (status == TL_OK) status = tl__grid_read(out, heap, table, &from, forecast, error);
    tl__free(heap, (void *)columns, bytes);
    TL_TRY(status);
    status = forecast_apply_names(table, forecast, out, error);
    if (status != TL_OK) tl__grid_free(out);
    else tl__grid_count_gaps(out, forecast);
    return status;
}

static tl_status forecast_apply_windows(tl_dataset *dataset, tl_error *error)
{
    const tl__rows_of *source = &dataset->source[0];
    const tl__series *series = source->series;
    const tl__forecast *forecast = dataset->pipeline->forecast;
    size_t needed = forecast->input_size + forecast->horizon, count = 0;
    for (size_t s = 0; s < series->span_count; s++) {
        size_t known = series->spans[s].known - series->spans[s].begin;
        count += known >= needed ? known - needed + 1 : 0;
    }
    TL_TRY(tl__part_new(dataset, TL_TEST, source, count, error));
    tl__part_rows *rows = &dataset->part[TL_TEST];
    for (size_t s = 0; s < series->span_count; s++) {
        const tl__span *span = &series->spans[s];
        for (size_t at = span->begin + forecast->input_size; at + forecast->horizon <= span->known; at++)
            rows->rows[rows->count++] = (uint32_t)at;
    }
    return TL_OK;
}

TL_PRIV tl_status tl__forecast_apply_table(tl_dataset *dataset, tl_error *error)
{
    const tl__table *table = dataset->source[0].table;
    const tl__forecast *forecast = dataset->pipeline->forecast;
    tl__grid grid = {0};
    dataset->has_target = true;
    TL_TRY(tl__dataset_hash(dataset, error));
    TL_TRY(tl__forecast_grid(dataset->pipeline, table, &grid, error));
    tl__grid_clean(&grid, forecast);
    tl__grid_features(&grid, forecast);
    tl_status status = tl__series_scale(&dataset->arena, &grid, forecast, &dataset->source[0].series, error);
    if (status == TL_OK) status = forecast_apply_windows(dataset, error);
    if (status == TL_OK && tl__forecast_notes(dataset, &grid) != TL_OK) status = tl__fail_memory(error, 400);
    tl__grid_free(&grid);
    return status;
}
