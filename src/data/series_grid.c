/* From the rows of a table to steps: sorted, checked, told what is wrong with them, and how far apart they are. */
#include "data/series.h"

#include "base/math.h"
#include "base/text.h"
#include "base/date.h"

/* ---- order ---- */

typedef struct grid_keys {
    const tl__column *series, *time;
} grid_keys;

static bool grid_before(grid_keys keys, uint32_t b, uint32_t a)
{
    if (keys.series) {
        double x = tl__column_at(keys.series, b, 0), y = tl__column_at(keys.series, a, 0);
        if (x != y) return x < y;
    }
    return keys.time && tl__column_at(keys.time, b, 0) < tl__column_at(keys.time, a, 0);
}

#define SORT_NAME grid_sort
#define SORT_TYPE uint32_t
#define SORT_USER grid_keys
#define SORT_BEFORE(user, b, a) grid_before(user, b, a)
#include "base/sort.inc.h"

static tl_status grid_order(tl__grid *grid, grid_keys keys, tl_error *error)
{
    size_t bytes = grid->rows * sizeof(uint32_t);
    for (size_t i = 0; i < grid->rows; i++) grid->table_rows[i] = (uint32_t)i;
    if (!keys.series && !keys.time) return TL_OK;
    uint32_t *scratch = tl__alloc(grid->heap, bytes);
    if (!scratch) return tl__fail_memory(error, bytes);
    grid_sort(grid->table_rows, scratch, grid->rows, keys);
    tl__free(grid->heap, scratch, bytes);
    return TL_OK;
}

/* ---- room ---- */

static tl_status grid_room(tl__grid *grid, tl__heap *heap, size_t channels, size_t capacity, size_t spans,
                           tl_error *error)
{
    size_t all;
    memset(grid, 0, sizeof *grid);
    grid->heap = heap;
    tl__arena_init(&grid->arena, heap);
    if (!tl__size_mul(channels, capacity, &all)) return tl__fail_memory(error, SIZE_MAX);
    grid->channels = channels;
    grid->capacity = capacity;
    grid->span_capacity = spans;
    grid->values = tl__alloc_zero(heap, all, sizeof *grid->values);
    grid->times = tl__alloc_zero(heap, capacity, sizeof *grid->times);
    grid->table_rows = tl__alloc_zero(heap, capacity, sizeof *grid->table_rows);
    grid->spans = tl__alloc_zero(heap, spans, sizeof *grid->spans);
    grid->names = tl__alloc_zero(heap, spans, sizeof *grid->names);
    if (grid->values && grid->times && grid->table_rows && grid->spans && grid->names) return TL_OK;
    tl__grid_free(grid);
    return tl__fail_memory(error, all * sizeof *grid->values);
}

TL_PRIV void tl__grid_free(tl__grid *grid)
{
    tl__heap *heap = grid->heap;
    if (!heap) return;
    tl__free(heap, grid->values, grid->channels * grid->capacity * sizeof *grid->values);
    tl__free(heap, grid->times, grid->capacity * sizeof *grid->times);
    tl__free(heap, grid->table_rows, grid->capacity * sizeof *grid->table_rows);
    tl__free(heap, grid->spans, grid->span_capacity * sizeof *grid->spans);
    tl__free(heap, (void *)grid->names, grid->span_capacity * sizeof *grid->names);
    tl__arena_free(&grid->arena);
    memset(grid, 0, sizeof *grid);
}

TL_PRIV tl_status tl__grid_one(tl__grid *grid, const tl__grid *all, size_t span, size_t more, tl_error *error)
{
    const tl__span *from = &all->spans[span];
    size_t rows = from->end - from->begin, capacity;
    if (!tl__size_add(rows, more, &capacity)) return tl__fail_memory(error, SIZE_MAX);
    TL_TRY(grid_room(grid, all->heap, all->channels, capacity, 1, error));
    for (size_t i = 0; i < all->channels; i++)
        memcpy(tl__grid_channel(grid, i), tl__grid_channel(all, i) + from->begin, rows * sizeof *grid->values);
    memcpy(grid->times, all->times + from->begin, rows * sizeof *grid->times);
    memcpy(grid->table_rows, all->table_rows + from->begin, rows * sizeof *grid->table_rows);
    grid->rows = rows;
    grid->span_count = 1;
    grid->spans[0] = (tl__span){0, rows, from->known - from->begin, from->series, 0};
    grid->names[0] = tl__arena_text(&grid->arena, all->names[span]);
    if (grid->names[0]) return TL_OK;
    tl__grid_free(grid);
    return tl__fail_memory(error, 64);
}

/* ---- spans ---- */

static size_t grid_count_spans(const tl__column *series, size_t rows)
{
    double last = 0;
    size_t count = rows > 0;
    if (!series) return count;
    if (series->type == TL__COLUMN_CODES) return tl__size_max(series->word_count, 1);
    for (size_t i = 0; i < rows; i++) {
        double value = tl__column_at(series, i, 0);
        count += i > 0 && value != last;
        last = value;
    }
    return count;
}

static tl_status grid_find_spans(tl__grid *grid, const tl__column *series, tl_error *error)
{
    double last = 0;
    for (size_t i = 0; i < grid->rows; i++) {
        double value = series ? tl__column_at(series, grid->table_rows[i], 0) : 0;
        if (i > 0 && value == last) {
            grid->spans[grid->span_count - 1].end = i + 1;
            continue;
        }
        char number[32] = "";
        const char *name = number;
        if (series && series->type == TL__COLUMN_CODES) name = series->words[(size_t)value];
        else if (series) tl__print_double(number, value);
        grid->names[grid->span_count] = tl__arena_text(&grid->arena, name);
        if (!grid->names[grid->span_count]) return tl__fail_memory(error, 64);
        grid->spans[grid->span_count++] = (tl__span){i, i + 1, i + 1, 0, i};
        last = value;
    }
    return TL_OK;
}

static void grid_say_series(const tl__grid *grid, size_t span, char out[80])
{
    out[0] = '\0';
    if (grid->names[span][0]) tl__format(out, 80, " of series '%.48s'", grid->names[span]);
}

/* Equal times are a mistake; rows that stood behind a later one are counted. */
static tl_status grid_check_times(tl__grid *grid, const tl__grid_columns *columns, const tl__forecast *forecast,
                                  tl_error *error)
{
    char time[40], series[80];
    for (size_t s = 0; s < grid->span_count; s++) {
        for (size_t i = grid->spans[s].begin + 1; i < grid->spans[s].end; i++) {
            grid->found.unordered += grid->table_rows[i] < grid->table_rows[i - 1];
            if (!columns->time || grid->times[i] != grid->times[i - 1]) continue;
            tl__forecast_time(forecast, grid->times[i], time);
            grid_say_series(grid, s, series);
            return tl__fail_at(error, TL_BAD_DATA, columns->source, 0, 0, "data.time",
                               "rows %lu and %lu%s have the same time, %s; keep one of them%s",
                               (unsigned long)grid->table_rows[i - 1], (unsigned long)grid->table_rows[i], series, time,
                               columns->series ? "" : ", or name the column that tells series apart: data.series");
        }
    }
    return TL_OK;
}

/* ---- cells ---- */

static tl_status grid_missing(const tl__grid *grid, size_t span, size_t step, const tl__column *column,
                              const tl__grid_columns *columns, const tl__forecast *forecast, tl_error *error)
{
    char time[40], series[80];
    tl__forecast_time(forecast, grid->times[step], time);
    grid_say_series(grid, span, series);
    return tl__fail_at(error, TL_BAD_DATA, columns->source, 0, 0, "data.missing",
                       "column '%s'%s has no value at %s (row %lu; %zu of its cells are missing). Let missing cells "
                       "take the value before them: data.missing: forward.",
                       column->name, series, time, (unsigned long)grid->table_rows[step], column->missing);
}

/* The targets' end, then the end of what is known ahead. */
static void grid_find_end(tl__grid *grid, tl__span *span, const tl__forecast *forecast)
{
    size_t known = span->end, end;
    for (size_t i = 0; i < forecast->targets; i++) {
        const double *values = tl__grid_channel(grid, i);
        end = span->end;
        while (end > span->begin && values[end - 1] != values[end - 1]) end--;
        known = tl__size_min(known, end);
    }
    span->known = known;
    for (size_t i = 0; i < forecast->columns; i++) {
        const double *values = tl__grid_channel(grid, i);
        if (!forecast->channels[i].ahead) continue;
        for (end = known; end < span->end && values[end] == values[end];) end++;
        span->end = end;
    }
}

static tl_status grid_fill(tl__grid *grid, size_t s, const tl__grid_columns *columns, const tl__forecast *forecast,
                           tl_error *error)
{
    tl__span *span = &grid->spans[s];
    size_t begin = span->begin, first = begin;
    grid_find_end(grid, span, forecast);
    for (size_t i = 0; i < forecast->columns; i++) {
        double *values = tl__grid_channel(grid, i);
        size_t t = begin;
        while (forecast->missing == TL__MISSING_FORWARD && t < span->known && values[t] != values[t]) t++;
        first = tl__size_max(first, t);
        for (; t < span->end; t++) {
            if (!(tl__is_finite((float)values[t])) && values[t] == values[t])
                return tl__fail_at(error, TL_BAD_DATA, columns->source, 0, 0, NULL,
                                   "column '%s' holds an infinite value, or one too large for a float, in row %lu; "
                                   "correct it",
                                   columns->columns[i]->name, (unsigned long)grid->table_rows[t]);
            if (values[t] == values[t]) continue;
            if (t < span->known && forecast->missing != TL__MISSING_FORWARD)
                return grid_missing(grid, s, t, columns->columns[i], columns, forecast, error);
            values[t] = t > begin ? values[t - 1] : 0;    /* behind `known` it stands for nothing */
            grid->found.filled += t < span->known;
        }
    }
    grid->found.incomplete += first - begin;
    span->begin = first;
    return TL_OK;
}

TL_PRIV tl_status tl__grid_read(tl__grid *grid, tl__heap *heap, const tl__table *table,
                                const tl__grid_columns *columns, const tl__forecast *forecast, tl_error *error)
{
    size_t spans = grid_count_spans(columns->series, table->rows);
    TL_TRY(grid_room(grid, heap, forecast->channel_count, table->rows, spans, error));
    grid->rows = table->rows;
    tl_status status = grid_order(grid, (grid_keys){columns->series, columns->time}, error);
    for (size_t i = 0; status == TL_OK && i < grid->rows; i++)
        grid->times[i] = columns->time ? tl__column_at(columns->time, grid->table_rows[i], 0) : (double)i;
    if (status == TL_OK) status = grid_find_spans(grid, columns->series, error);
    if (status == TL_OK) status = grid_check_times(grid, columns, forecast, error);
    for (size_t c = 0; status == TL_OK && c < forecast->columns; c++) {
        double *values = tl__grid_channel(grid, c);
        for (size_t i = 0; i < grid->rows; i++)
            values[i] = tl__column_at(columns->columns[c], grid->table_rows[i], 0);
    }
    for (size_t s = 0; status == TL_OK && s < grid->span_count; s++) {
        for (size_t i = grid->spans[s].begin; !columns->time && i < grid->spans[s].end; i++)
            grid->times[i] = (double)(i - grid->spans[s].begin);
        status = grid_fill(grid, s, columns, forecast, error);
    }
    if (status != TL_OK) tl__grid_free(grid);
    return status;
}

/* ---- the distance of steps ---- */

#define SORT_NAME grid_sort_doubles
#define SORT_TYPE double
#define SORT_USER const void *
#define SORT_BEFORE(user, b, a) (b) < (a)
#include "base/sort.inc.h"

/* The usual distance: the median. */
static tl_status grid_distance(const tl__grid *grid, double *out, tl_error *error)
{
    size_t bytes, count = 0;
    *out = 0;
    if (grid->rows < 2) return TL_OK;
    if (!tl__size_mul(grid->rows, 2 * sizeof(double), &bytes)) return tl__fail_memory(error, SIZE_MAX);
    double *distances = tl__alloc(grid->heap, bytes);
    if (!distances) return tl__fail_memory(error, bytes);
    for (size_t s = 0; s < grid->span_count; s++)
        for (size_t i = grid->spans[s].begin + 1; i < grid->spans[s].end; i++)
            distances[count++] = grid->times[i] - grid->times[i - 1];
    grid_sort_doubles(distances, distances + grid->rows, count, NULL);
    if (count) *out = distances[(count - 1) / 2];
    tl__free(grid->heap, distances, bytes);
    return TL_OK;
}

static int64_t grid_month(const tl__date *date) { return date->year * 12 + date->month; }

/* Months between steps where all are on the same day of a month; 0: they are not. */
static int64_t grid_months(const tl__grid *grid)
{
    int64_t least = 0;
    for (size_t s = 0; s < grid->span_count; s++) {
        for (size_t i = grid->spans[s].begin + 1; i < grid->spans[s].end; i++) {
            tl__date a, b;
            tl__date_of(grid->times[i - 1], &a);
            tl__date_of(grid->times[i], &b);
            int64_t months = grid_month(&b) - grid_month(&a);
            if (months < 1 || tl__date_add_months(grid->times[i - 1], months) != grid->times[i]) return 0;
            if (least == 0 || months < least) least = months;
        }
    }
    return least;
}

static bool grid_has_weekend(const tl__grid *grid)
{
    for (size_t i = 0; i < grid->rows; i++) {
        tl__date date;
        tl__date_of(grid->times[i], &date);
        if (date.weekday >= 5) return true;
    }
    return false;
}

/* A day's steps below a day, a week's of days, a year's of weeks and months. */
static size_t grid_season(const tl__forecast *forecast)
{
    const double day = 86400;
    double step = forecast->step;
    if (forecast->step_kind == TL__STEP_MONTHS) return step < 12 ? (size_t)(12 / step) : 0;
    if (forecast->step_kind == TL__STEP_WEEKDAYS) return 5;
    if (!forecast->dates || step <= 0) return 0;
    if (step < day) return day / step == (double)(size_t)(day / step) ? (size_t)(day / step) : 0;
    if (step == day) return 7;
    return step == 7 * day ? 52 : 0;
}

TL_PRIV tl_status tl__grid_steps(const tl__grid *grid, tl__forecast *forecast, tl_error *error)
{
    enum { DAY = 86400 };
    TL_TRY(grid_distance(grid, &forecast->step, error));
    forecast->step_kind = forecast->dates ? TL__STEP_SECONDS : TL__STEP_NUMBER;
    if (forecast->dates && forecast->step >= 28 * DAY) {
        int64_t months = grid_months(grid);
        if (months > 0) forecast->step_kind = TL__STEP_MONTHS;
        if (months > 0) forecast->step = (double)months;
    } else if (forecast->dates && forecast->step == DAY && grid->rows > 7 && !grid_has_weekend(grid)) {
        forecast->step_kind = TL__STEP_WEEKDAYS;
    }
    if (forecast->season == 0) forecast->season = grid_season(forecast);
    return TL_OK;
}

TL_PRIV void tl__grid_count_gaps(tl__grid *grid, const tl__forecast *forecast)
{
    for (size_t s = 0; s < grid->span_count; s++) {
        for (size_t i = grid->spans[s].begin + 1; forecast->step > 0 && i < grid->spans[s].end; i++) {
            double next = tl__forecast_later(forecast, grid->times[i - 1], 1), far = grid->times[i] - next;
            if (!(far > (next - grid->times[i - 1]) / 2)) continue;
            if (grid->found.gaps++ == 0) grid->found.first_gap = grid->times[i - 1];
            grid->found.gap_steps += (size_t)(far / (next - grid->times[i - 1]) + 0.5);
        }
    }
}

/* ---- in words ---- */

static void grid_line(tl__buffer *out) { if (out->size) tl__buffer_char(out, '\n'); }

TL_PRIV void tl__grid_say(const tl__grid *grid, const tl__forecast *forecast, tl__buffer *out)
{
    const tl__series_found *found = &grid->found;
    const struct { size_t count; const char *what; } plain[] = {
        {found->filled, "missing cells took the value before them"},
        {found->incomplete, "steps at the start of series are left out, since a column has no value yet"},
        {found->warm_up, "steps at the start of series are left out, since features need steps before them"},
    };
    size_t unknown = 0;
    char time[40];
    if (found->unordered) {
        grid_line(out);
        tl__buffer_format(out, "the rows are not in the order of '%s': %zu stand behind a later one; they are used in "
                          "its order", forecast->time ? forecast->time : "", found->unordered);
    }
    if (found->gaps) {
        grid_line(out);
        tl__forecast_time(forecast, found->first_gap, time);
        tl__buffer_format(out, "column '%s' has %zu gap%s, in which %zu step%s missing, the first after %s; windows "
                          "take the steps as they stand", forecast->time, found->gaps, found->gaps == 1 ? "" : "s",
                          found->gap_steps, found->gap_steps == 1 ? " is" : "s are", time);
    }
    for (size_t i = 0; i < TL_COUNT(plain); i++) {
        if (plain[i].count == 0) continue;
        grid_line(out);
        tl__buffer_format(out, "%zu %s", plain[i].count, plain[i].what);
    }
    for (size_t s = 0; s < grid->span_count; s++) unknown += grid->spans[s].end - grid->spans[s].known;
    if (unknown == 0) return;
    grid_line(out);
    tl__buffer_format(out, "%zu steps at the end of series have no targets: they are steps to predict", unknown);
}
