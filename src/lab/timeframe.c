/* A group is a number: so many months since year 0, so many days since 1970, the code of a word. Groups are kept
 * sorted; their texts are made at the end. */
#include "lab/timeframe.h"

#include "base/date.h"
#include "base/text.h"

TL_PRIV const tl__field *tl__metrics_rows(void)
{
    static const char *const units[] = {"year", "quarter", "month", "week", "day", "weekday", "hour", NULL};
    static const tl__field timeframe[] = {
        {.name = "column", .kind = TL__FIELD_TEXT, .offset = offsetof(tl__timeframe_settings, column),
         .help = "A column of dates, or of names of timeframes, that accuracy is told by; not given: it is not"},
        {.name = "unit", .kind = TL__FIELD_CHOICE, .offset = offsetof(tl__timeframe_settings, unit),
         .fallback = TL__TIMEFRAME_MONTH, .choices = units, .help = "Of dates: rows of one such unit are a timeframe"},
        {.name = NULL}};
    static const tl__field rows[] = {
        {.name = "timeframe", .kind = TL__FIELD_BLOCK, .offset = offsetof(tl__metrics_settings, timeframe),
         .rows = timeframe, .help = "Accuracy by timeframe, in metrics.json and train:metrics"},
        {.name = NULL}};
    return rows;
}

typedef struct timeframe_group {
    double key;
    int64_t rows, hits;
} timeframe_group;

typedef struct timeframe_work {
    const tl__timeframe_settings *settings;
    const tl__column *column;
    size_t count;
    timeframe_group *groups;     /* [TL__TIMEFRAMES], sorted by key */
} timeframe_work;

static const tl__column *timeframe_column(const tl__table *table, const char *name)
{
    for (size_t i = 0; table && i < table->column_count; i++)
        if (tl__same_text(table->columns[i].name, name)) return &table->columns[i];
    return NULL;
}

TL_PRIV tl_status tl__timeframe_check(const tl__timeframe_settings *settings, const tl_dataset *data, const char *file,
                                      tl_error *error)
{
    const char *name = "metrics.timeframe.column";
    size_t at;
    if (!settings->column) return TL_OK;
    if (!data->pipeline->classification)
        return tl__fail_at(error, TL_BAD_CONFIG, file, 0, 0, name, "%s: accuracy is a figure of classes, and the model "
                           "predicts values; leave it out.", name);
    TL_TRY(tl__table_find(data->source[0].table, settings->column, name, &at, error));
    const tl__column *column = timeframe_column(data->source[0].table, settings->column);
    if (column && !column->stored && column->width == 1) return TL_OK;
    return tl__fail_at(error, TL_UNSUPPORTED, file, 0, 0, name, "%s: rows are grouped by a column by its name, of one "
                       "value in a row, that is in memory; this one is not.", name);
}

static double timeframe_floor(double value)
{
    double whole = (double)(int64_t)value;
    return whole > value ? whole - 1 : whole;
}

/* false: the cell is missing. */
static bool timeframe_key(const timeframe_work *work, size_t row, double *key)
{
    double value = tl__column_at(work->column, row, 0);
    tl__date date;
    if (value != value) return false;
    *key = value;
    if (!work->column->date) return true;
    if (!tl__date_of(value, &date)) return false;
    double days = timeframe_floor(value / 86400.0);
    const double keys[] = {
        [TL__TIMEFRAME_YEAR] = (double)date.year, [TL__TIMEFRAME_DAY] = days,
        [TL__TIMEFRAME_QUARTER] = (double)(date.year * 4 + (date.month - 1) / 3),
        [TL__TIMEFRAME_MONTH] = (double)(date.year * 12 + date.month - 1),
        [TL__TIMEFRAME_WEEK] = timeframe_floor((days + 3.0) / 7.0),    /* 1970 began on a Thursday */
        [TL__TIMEFRAME_WEEKDAY] = date.weekday, [TL__TIMEFRAME_HOUR] = date.hour,
    };
    *key = keys[work->settings->unit];
    return true;
}

static void timeframe_text(const timeframe_work *work, double key, char *out, size_t size)
{
    static const char *const weekdays[] = {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
                                           "Sunday"};
    char text[40];
    double four = timeframe_floor(key / 4), twelve = timeframe_floor(key / 12);
    int unit = work->settings->unit;
    if (work->column->type == TL__COLUMN_CODES) {
        tl__format(out, size, "%s", work->column->words[(size_t)key]);
    } else if (!work->column->date) {
        text[tl__print_double(text, key)] = '\0';
        tl__format(out, size, "%s", text);
    } else if (unit == TL__TIMEFRAME_QUARTER) {
        tl__format(out, size, "%lld Q%d", (long long)four, (int)(key - 4 * four) + 1);
    } else if (unit == TL__TIMEFRAME_MONTH) {
        tl__format(out, size, "%lld-%02d", (long long)twelve, (int)(key - 12 * twelve) + 1);
    } else if (unit == TL__TIMEFRAME_WEEK || unit == TL__TIMEFRAME_DAY) {
        tl__print_date(text, 86400.0 * (unit == TL__TIMEFRAME_DAY ? key : 7 * key - 3));
        tl__format(out, size, "%s", text);
    } else if (unit == TL__TIMEFRAME_WEEKDAY) {
        tl__format(out, size, "%s", weekdays[(size_t)key]);
    } else {
        tl__format(out, size, unit == TL__TIMEFRAME_HOUR ? "%02d:00" : "%d", (int)key);
    }
}

/* The group with the key; NULL: there are too many. */
static timeframe_group *timeframe_find(timeframe_work *work, double key)
{
    size_t low = 0, high = work->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (work->groups[middle].key < key) low = middle + 1;
        else high = middle;
    }
    if (low < work->count && work->groups[low].key == key) return &work->groups[low];
    if (work->count == TL__TIMEFRAMES) return NULL;
    memmove(work->groups + low + 1, work->groups + low, (work->count - low) * sizeof *work->groups);
    work->groups[low] = (timeframe_group){key, 0, 0};
    work->count++;
    return &work->groups[low];
}

static void timeframe_sort_words(timeframe_work *work)
{
    const char *const *words = work->column->words;
    for (size_t i = 1; i < work->count; i++) {
        timeframe_group group = work->groups[i];
        size_t at = i;
        for (; at > 0 && strcmp(words[(size_t)work->groups[at - 1].key], words[(size_t)group.key]) > 0; at--)
            work->groups[at] = work->groups[at - 1];
        work->groups[at] = group;
    }
}

static tl_status timeframe_count(timeframe_work *work, const tl__part_rows *rows, const int32_t *truth,
                                 const int32_t *predicted, tl_error *error)
{
    for (size_t i = 0; i < rows->count; i++) {
        double key;
        if (truth[i] < 0 || !timeframe_key(work, rows->rows[i], &key)) continue;
        timeframe_group *group = timeframe_find(work, key);
        if (!group)
            return tl__fail(error, TL_OUT_OF_RANGE, "metrics.timeframe: '%s' makes more than %d timeframes; name a "
                            "larger unit.", work->settings->column, TL__TIMEFRAMES);
        group->rows++;
        group->hits += truth[i] == predicted[i];
    }
    return TL_OK;
}

TL_PRIV tl_status tl__timeframe_put(const tl__timeframe_settings *settings, const tl_dataset *data, tl_part part,
                                    const int32_t *truth, const int32_t *predicted, tl__builder *builder,
                                    tl_value *map, tl_error *error)
{
    const tl__part_rows *rows = &data->part[part];
    tl__heap *heap = &data->context->heap;
    size_t bytes = TL__TIMEFRAMES * sizeof(timeframe_group);
    timeframe_work work = {.settings = settings};
    char text[128];
    if (!settings->column || rows->count == 0 || !map) return TL_OK;
    work.column = timeframe_column(rows->from->table, settings->column);
    if (!work.column || work.column->stored) return TL_OK;
    work.groups = tl__alloc(heap, bytes);
    if (!work.groups) return tl__fail_memory(error, bytes);
    tl_status status = timeframe_count(&work, rows, truth, predicted, error);
    if (work.column->type == TL__COLUMN_CODES) timeframe_sort_words(&work);
    tl_value *list = tl__put_list(builder, map, "accuracy_by_timeframe");
    for (size_t i = 0; i < work.count; i++) {
        const timeframe_group *group = &work.groups[i];
        tl_value *one = tl__put_map(builder, list, NULL);
        timeframe_text(&work, group->key, text, sizeof text);
        tl__put_text(builder, one, "timeframe", text);
        tl__put_integer(builder, one, "rows", group->rows);
        tl__put_number(builder, one, "accuracy", (double)group->hits / (double)group->rows);
    }
    tl__free(heap, work.groups, bytes);
    return status != TL_OK ? status : builder->failed ? tl__fail_memory(error, 256) : TL_OK;
}
