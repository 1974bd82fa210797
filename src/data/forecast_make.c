/* A forecast's data set, step by step: columns, channels, steps in order, parts in time, statistics of the training
 * part, floats, windows. */
#include "data/forecast_make.h"

#include "base/text.h"
#include "base/date.h"
#include "data/forecast_roles.h"

/* ---- settings that do not go with it ---- */

static tl_status make_refuse(const char *setting, const char *why, tl_error *error)
{
    return tl__fail_at(error, TL_BAD_CONFIG, NULL, 0, 0, setting, "%s", why);
}

static tl_status make_check(const tl_dataset *dataset, const tl__data_settings *settings, tl_error *error)
{
    int method = settings->split.method;
    if (method != TL__SPLIT_AUTO && method != TL__SPLIT_TIME && method != TL__SPLIT_FORWARD)
        return make_refuse("data.split.method", "a forecast is divided in the order of time, so that nothing of "
                           "the future is learned; leave out data.split.method, or say time, or forward for folds",
                           error);
    if (dataset->source[1].table)
        return make_refuse("data.test_file", "a forecast's test part follows its training part in one file; leave "
                           "out data.test_file and say how many steps it has: data.split.test", error);
    if (settings->weight)
        return make_refuse("data.weight", "windows have no weights; leave out data.weight", error);
    if (settings->split.group)
        return make_refuse("data.split.group", "windows never cross series and are divided by time; leave out "
                           "data.split.group", error);
    if (settings->missing != TL__MISSING_FAIL && settings->missing != TL__MISSING_FORWARD)
        return make_refuse("data.missing", "missing values of series are a mistake (fail) or take the value before "
                           "them (forward); no other fill keeps the future out of the past", error);
    if (!dataset->source[0].table->store) return TL_OK;
    return make_refuse("data.streaming", "the series of a forecast are held in memory; say data.streaming: false, "
                       "or raise data.memory_limit", error);
}

/* ---- channels ---- */

static tl_status make_channels(tl_dataset *dataset, const tl__forecast_roles *roles,
                               const tl__data_settings *settings, tl_error *error)
{
    static const char *const words[] = {"standard", "minmax", "robust", "none"};
    const tl__table *table = dataset->source[0].table;
    tl__forecast_columns columns = {roles->targets, roles->past, roles->future, NULL};
    size_t count = roles->targets + roles->past + roles->future;
    if (tl__pipeline_new(dataset->context, 0, &dataset->pipeline) != TL_OK)
        return tl__fail_memory(error, sizeof *dataset->pipeline);
    tl__pipeline *pipeline = dataset->pipeline;
    const char **names = tl__arena_push_zero(&pipeline->arena, count, sizeof *names);
    if (!names) return tl__fail_memory(error, count * sizeof *names);
    for (size_t i = 0; i < count; i++) names[i] = table->columns[roles->columns[i]].name;
    columns.names = names;
    pipeline->normalize = words[settings->normalize];
    TL_TRY(tl__forecast_new(pipeline, &columns, settings->features, &settings->calendar, NULL, error));
    tl__forecast *forecast = pipeline->forecast;
    forecast->input_size = (size_t)settings->window.input_size;
    forecast->horizon = (size_t)settings->window.horizon;
    forecast->stride = (size_t)settings->window.stride;
    forecast->season = (size_t)settings->season;
    forecast->missing = settings->missing;
    forecast->dates = roles->time != SIZE_MAX && table->columns[roles->time].date;
    if (roles->time != SIZE_MAX)
        forecast->time = tl__arena_text(&pipeline->arena, table->columns[roles->time].name);
    if (roles->series != SIZE_MAX)
        forecast->series = tl__arena_text(&pipeline->arena, table->columns[roles->series].name);
    if ((roles->time != SIZE_MAX && !forecast->time) || (roles->series != SIZE_MAX && !forecast->series))
        return tl__fail_memory(error, 64);
    bool of_time = false;
    for (size_t i = 0; i < forecast->use_count; i++) of_time = of_time || forecast->uses[i].of == SIZE_MAX;
    if (!of_time || forecast->dates) return TL_OK;
    return make_refuse("data.calendar", "units of the calendar need dates; name their column: data.time", error);
}

static tl_status make_series(tl_dataset *dataset, tl__grid *grid, const tl__data_settings *settings,
                             tl_error *error)
{
    tl__pipeline *pipeline = dataset->pipeline;
    tl__forecast *forecast = pipeline->forecast;
    forecast->series_count = grid->span_count;
    forecast->series_names = tl__arena_push_zero(&pipeline->arena, grid->span_count, sizeof *forecast->series_names);
    if (!forecast->series_names) return tl__fail_memory(error, grid->span_count * sizeof(char *));
    for (size_t s = 0; s < grid->span_count; s++) {
        grid->spans[s].series = s;
        forecast->series_names[s] = tl__arena_text(&pipeline->arena, grid->names[s]);
        if (!forecast->series_names[s]) return tl__fail_memory(error, 64);
    }
    bool each = settings->scaling == TL__SCALING_SERIES || (settings->scaling == TL__SCALING_AUTO && forecast->series);
    forecast->sets = each ? grid->span_count : 1;
    return tl__forecast_room(pipeline) ? TL_OK : tl__fail_memory(error, forecast->sets * 16);
}

/* ---- parts in time ---- */

#define SORT_NAME make_sort
#define SORT_TYPE double
#define SORT_USER const void *
#define SORT_BEFORE(user, b, a) (b) < (a)
#include "base/sort.inc.h"

/* The different times at which targets are known, ascending. *out [grid->rows * 2] is the caller's to free. */
static tl_status make_times(const tl__grid *grid, double **out, size_t *count, tl_error *error)
{
    size_t bytes, used = 0;
    if (!tl__size_mul(grid->rows, 2 * sizeof(double), &bytes)) return tl__fail_memory(error, SIZE_MAX);
    double *times = tl__alloc(grid->heap, bytes);
    if (!times) return tl__fail_memory(error, bytes);
    for (size_t s = 0; s < grid->span_count; s++)
        for (size_t i = grid->spans[s].begin; i < grid->spans[s].known; i++) times[used++] = grid->times[i];
    make_sort(times, times + grid->rows, used, NULL);
    *count = 0;
    for (size_t i = 0; i < used; i++)
        if (i == 0 || times[i] != times[*count - 1]) times[(*count)++] = times[i];
    *out = times;
    return TL_OK;
}

static size_t make_amount(double amount, size_t steps)
{
    return (size_t)(amount < 1 ? amount * (double)steps + 1e-9 : amount);
}

/* Steps of the parts: fractions are cut to whole steps, and where three of them make 1 validation takes the rest. */
static tl_status make_amounts(const tl__split_settings *split, size_t steps, size_t out[TL__PARTS],
                              tl_error *error)
{
    double train = split->train, validation = split->validation < 0 ? 0.2 : split->validation;
    double test = split->test < 0 ? 0.2 : split->test, sum = train + validation + test;
    out[TL_TEST] = make_amount(test, steps);
    out[TL_VALIDATION] = make_amount(validation, steps);
    bool whole = train >= 0 && train < 1 && validation < 1 && test < 1 && sum > 1 - 1e-9 && sum < 1 + 1e-9;
    if (train >= 0) out[TL_TRAIN] = make_amount(train, steps);
    if (whole && validation > 0) out[TL_VALIDATION] = steps - out[TL_TRAIN] - out[TL_TEST];
    bool fits = out[TL_TEST] <= steps && out[TL_VALIDATION] <= steps - out[TL_TEST];
    size_t rest = fits ? steps - out[TL_TEST] - out[TL_VALIDATION] : 0;
    if (train < 0) out[TL_TRAIN] = rest;
    if (fits && out[TL_TRAIN] > 0 && out[TL_TRAIN] <= rest) return TL_OK;
    return tl__fail_at(error, TL_BAD_CONFIG, NULL, 0, 0, "data.split",
                       "data.split asks for %zu steps of training, %zu of validation and %zu of test, but there are "
                       "%zu; give smaller numbers, or fractions",
                       out[TL_TRAIN], out[TL_VALIDATION], out[TL_TEST], steps);
}

typedef struct make_limits {
    size_t steps[TL__PARTS];     /* of each part */
    double last[TL__PARTS];      /* time of its last step */
    double before[TL__PARTS];    /* time of the last step before it, but for the first */
    size_t *ends;                /* [spans] of the training part, in the grid */
} make_limits;

/* Steps of a fold forward in time: as rows are divided (data/split.c). *gap: steps between it and the test part. */
static tl_status make_fold(const tl__split_settings *split, size_t steps, size_t out[TL__PARTS], size_t *gap,
                           tl_error *error)
{
    size_t folds = (size_t)split->folds, fold = split->fold > 0 ? (size_t)split->fold - 1 : 0;
    double wanted = split->test >= 0 ? split->test : split->fold > 0 ? 0 : 0.2;
    size_t test = make_amount(wanted, steps), left = test < steps ? steps - test : 0, size = left / (folds + 1);
    if (size == 0 || fold >= folds)
        return tl__fail_at(error, TL_BAD_CONFIG, NULL, 0, 0, "data.split.folds",
                           "data.split asks for fold %zu of %zu over the %zu steps before the test part; there must be "
                           "more steps than folds, and folds count from 1", fold + 1, folds, left);
    *gap = (folds - fold - 1) * size;
    out[TL_TRAIN] = left - *gap - size;
    out[TL_VALIDATION] = test ? size : 0;
    out[TL_TEST] = test ? test : size;
    if (test == 0) *gap = 0;
    return TL_OK;
}

static tl_status make_divide(const tl__grid *grid, const tl__split_settings *split, make_limits *out,
                             tl_error *error)
{
    double *times = NULL;
    size_t count = 0, at = 0, gap = 0;
    TL_TRY(make_times(grid, &times, &count, error));
    tl_status status = split->method == TL__SPLIT_FORWARD ? make_fold(split, count, out->steps, &gap, error)
                                                          : make_amounts(split, count, out->steps, error);
    for (int p = 0; status == TL_OK && p < TL__PARTS; p++) {
        if (p == TL_TEST) at += gap;
        if (at > 0) out->before[p] = times[at - 1];
        at += out->steps[p];
        out->last[p] = times[at - 1];
    }
    tl__free(grid->heap, times, grid->rows * 2 * sizeof *times);
    for (size_t s = 0; status == TL_OK && s < grid->span_count; s++) {
        const tl__span *span = &grid->spans[s];
        size_t end = span->begin;
        while (end < span->known && grid->times[end] <= out->last[TL_TRAIN]) end++;
        out->ends[s] = end;
    }
    return status;
}

/* ---- windows ---- */

/* Where the targets of windows may begin, in a span of the series: [*first, *end). */
static void make_origins(const tl__series *series, const tl__span *span, const tl__forecast *forecast,
                         const make_limits *limits, int part, size_t *first, size_t *end)
{
    size_t begin = span->begin, last;
    while (part > 0 && begin < span->known && series->times[begin] <= limits->before[part]) begin++;
    last = begin;
    while (last < span->known && series->times[last] <= limits->last[part]) last++;
    *first = tl__size_max(begin, span->begin + forecast->input_size);
    *end = last - begin < forecast->horizon ? 0 : last - forecast->horizon + 1;
    if (*end < *first) *end = *first;
}

static tl_status make_no_windows(const tl_dataset *dataset, const make_limits *limits, int part,
                                 tl_error *error)
{
    static const char *const words[] = {"training", "validation", "test"};
    const tl__rows_of *source = &dataset->source[0];
    const tl__forecast *forecast = dataset->pipeline->forecast;
    size_t longest = 0, needed = forecast->horizon + forecast->input_size;
    for (size_t s = 0; s < source->series->span_count; s++)
        longest = tl__size_max(longest, source->series->spans[s].known - source->series->spans[s].begin);
    char features[64] = "";
    longest += forecast->history;
    if (forecast->history) tl__format(features, sizeof features, ", and features %zu before them", forecast->history);
    if (part == TL_TRAIN || longest < needed)
        return tl__fail_at(error, TL_BAD_DATA, NULL, 0, 0, "data.window",
                           "a window takes %zu steps (input_size %zu and horizon %zu%s), but %s of %s has %zu; make "
                           "data.window.input_size or data.window.horizon smaller, or give the %s part more steps "
                           "(data.split)",
                           needed + forecast->history, forecast->input_size, forecast->horizon, features,
                           longest < limits->steps[part] ? "the longest series" : "the training part",
                           source->table->source,
                           tl__size_min(longest, limits->steps[part]), words[part]);
    return tl__fail_at(error, TL_BAD_DATA, NULL, 0, 0, "data.window",
                       "the %s part of %s has %zu steps, fewer than data.window.horizon (%zu); make the horizon "
                       "smaller, or give the part more steps: data.split.%s", words[part], source->table->source,
                       limits->steps[part], forecast->horizon,
                       words[part]);
}

static tl_status make_windows(tl_dataset *dataset, const make_limits *limits, tl_error *error)
{
    const tl__rows_of *source = &dataset->source[0];
    const tl__series *series = source->series;
    const tl__forecast *forecast = dataset->pipeline->forecast;
    for (int p = 0; p < TL__PARTS; p++) {
        size_t stride = p == TL_TRAIN ? forecast->stride : 1, count = 0, first, end;
        for (size_t s = 0; limits->steps[p] && s < series->span_count; s++) {
            make_origins(series, &series->spans[s], forecast, limits, p, &first, &end);
            count += (end - first + stride - 1) / stride;
        }
        if (count == 0 && (limits->steps[p] || p == TL_TRAIN)) return make_no_windows(dataset, limits, p, error);
        TL_TRY(tl__part_new(dataset, (tl_part)p, source, count, error));
        tl__part_rows *rows = &dataset->part[p];
        for (size_t s = 0; count && s < series->span_count; s++) {
            make_origins(series, &series->spans[s], forecast, limits, p, &first, &end);
            for (size_t at = first; at < end; at += stride) rows->rows[rows->count++] = (uint32_t)at;
        }
    }
    return TL_OK;
}

/* ---- what is told ---- */

TL_PRIV tl_status tl__forecast_notes(tl_dataset *dataset, const tl__grid *grid)
{
    tl__buffer text;
    tl__buffer_init(&text, &dataset->context->heap);
    tl__grid_say(grid, dataset->pipeline->forecast, &text);
    bool failed = text.failed;
    if (text.size && !failed) {
        dataset->note = tl__arena_format(&dataset->arena, "%s%s%s", dataset->note, dataset->note[0] ? "\n" : "",
                                         text.data);
        failed = !dataset->note;
        if (failed) dataset->note = "";
    }
    tl__buffer_free(&text);
    return failed ? TL_OUT_OF_MEMORY : TL_OK;
}

static tl_status make_more_notes(tl_dataset *dataset, const tl__forecast_roles *roles)
{
    const tl__table *table = dataset->source[0].table;
    if (roles->time_found)
        TL_TRY(tl__dataset_note(dataset, "steps are in the order of '%s', the only column of dates (data.time)",
                                table->columns[roles->time].name));
    for (size_t i = 0; i < table->column_count; i++) {
        const tl__column *column = &table->columns[i];
        if (roles->of[i] == TL__ROLE_DATE)
            TL_TRY(tl__dataset_note(dataset, "column '%s' is not an input: it holds dates", column->name));
        else if (roles->of[i] == TL__ROLE_DROPPED && column->type == TL__COLUMN_CODES)
            TL_TRY(tl__dataset_note(dataset, "column '%s' is not an input: it holds texts", column->name));
    }
    return TL_OK;
}

/* For the report: what columns are, and in which part a row's time is. */
static tl_status make_describe(tl_dataset *dataset, const tl__forecast_roles *roles,
                               const make_limits *limits, tl_error *error)
{
    const tl__rows_of *source = &dataset->source[0];
    const tl__series *series = source->series;
    dataset->roles = tl__arena_push_zero(&dataset->arena, source->table->column_count, 1);
    dataset->part_of = tl__arena_push_zero(&dataset->arena, source->table->rows, 1);
    if (!dataset->roles || !dataset->part_of) return tl__fail_memory(error, source->table->rows);
    memcpy(dataset->roles, roles->of, source->table->column_count);
    memset(dataset->part_of, TL__PARTS, source->table->rows);
    for (size_t s = 0; s < series->span_count; s++) {
        for (size_t i = series->spans[s].begin; i < series->spans[s].known; i++) {
            int p = 0;
            while (p < TL__PARTS && series->times[i] > limits->last[p]) p++;
            if (p == TL_TEST && series->times[i] <= limits->before[p]) p = TL__PARTS;
            dataset->part_of[series->rows[i]] = (unsigned char)p;
        }
    }
    return TL_OK;
}

/* ---- all of it ---- */

static void make_note_parts(tl__series *series, const make_limits *limits)
{
    for (int p = 0; p < TL__PARTS; p++) series->parts[p] = limits->steps[p];
    for (size_t s = 0; s < series->span_count; s++) {
        tl__span *span = &series->spans[s];
        span->train = span->begin;
        while (span->train < span->known && series->times[span->train] <= limits->last[TL_TRAIN]) span->train++;
    }
}

static tl_status make_fit(tl_dataset *dataset, tl__grid *grid, const tl__data_settings *settings,
                          make_limits *limits, tl_error *error)
{
    tl__forecast *forecast = dataset->pipeline->forecast;
    TL_TRY(tl__grid_steps(grid, forecast, error));
    tl__grid_count_gaps(grid, forecast);
    TL_TRY(make_series(dataset, grid, settings, error));
    TL_TRY(make_divide(grid, &settings->split, limits, error));
    TL_TRY(tl__grid_fit_clean(grid, forecast, limits->ends, error));
    tl__grid_clean(grid, forecast);
    tl__grid_features(grid, forecast);
    TL_TRY(tl__grid_fit_scale(grid, forecast, limits->ends, settings->normalize, error));
    TL_TRY(tl__forecast_settle(dataset->pipeline, error));
    TL_TRY(tl__series_scale(&dataset->arena, grid, forecast, &dataset->source[0].series, error));
    make_note_parts(dataset->source[0].series, limits);
    TL_TRY(make_windows(dataset, limits, error));
    return tl__forecast_notes(dataset, grid) == TL_OK ? TL_OK : tl__fail_memory(error, 400);
}

static tl_status make_all(tl_dataset *dataset, const tl__forecast_roles *roles,
                           const tl__data_settings *settings, tl_error *error)
{
    const tl__table *table = dataset->source[0].table;
    tl__heap *heap = &dataset->context->heap;
    size_t count = roles->targets + roles->past + roles->future;
    tl__grid grid = {0};
    make_limits limits = {{0}, {0}, {0}, NULL};
    TL_TRY(make_channels(dataset, roles, settings, error));
    const tl__column **columns = tl__arena_push_zero(&dataset->arena, count, sizeof *columns);
    if (!columns) return tl__fail_memory(error, count * sizeof *columns);
    for (size_t i = 0; i < count; i++) columns[i] = &table->columns[roles->columns[i]];
    tl__grid_columns from = {columns, roles->time == SIZE_MAX ? NULL : &table->columns[roles->time],
                             roles->series == SIZE_MAX ? NULL : &table->columns[roles->series], table->source};
    TL_TRY(tl__grid_read(&grid, heap, table, &from, dataset->pipeline->forecast, error));
    size_t spans = grid.span_count;
    limits.ends = tl__alloc_zero(heap, spans ? spans : 1, sizeof *limits.ends);
    tl_status status = limits.ends ? make_fit(dataset, &grid, settings, &limits, error)
                                   : tl__fail_memory(error, spans * sizeof *limits.ends);
    if (status == TL_OK) status = make_describe(dataset, roles, &limits, error);
    if (status == TL_OK && make_more_notes(dataset, roles) != TL_OK) status = tl__fail_memory(error, 400);
    tl__free(heap, limits.ends, (spans ? spans : 1) * sizeof *limits.ends);
    tl__grid_free(&grid);
    return status;
}

TL_PRIV tl_status tl__forecast_make(tl_dataset *dataset, const tl__data_settings *settings, tl_error *error)
{
    tl__forecast_roles roles;
    TL_TRY(make_check(dataset, settings, error));
    TL_TRY(tl__dataset_hash(dataset, error));
    TL_TRY(tl__forecast_roles_find(dataset->source[0].table, settings, &roles, error));
    dataset->has_target = true;
    tl_status status = make_all(dataset, &roles, settings, error);
    tl__forecast_roles_free(&roles);
    return status;
}
