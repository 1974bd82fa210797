/* Predictions of numbers beside what was there. */
#include "base/math.h"
#include "base/text.h"
#include "lab/pictures.h"

enum { VALUED_TARGETS = 4 };

/* The arrays of an entry of charts/data.json. */
static const double *valued_numbers(const tl_value *entry, const char *key, tl__arena *arena, size_t *count,
                                    bool *failed)
{
    const tl_value *list = tl_value_get(entry, key);
    const double *values = tl__story_numbers(arena, list, count);
    if (!values && list) *failed = true;
    return values;
}

TL_PRIV bool tl__picture_forecast(const tl_value *entry, tl__arena *arena, tl__picture *out)
{
    bool failed = false, dates = tl_value_bool(tl_value_get(entry, "dates"), false);
    size_t all, ahead, lows, highs, naives, middles, n = 0;
    const double *x = valued_numbers(entry, "x", arena, &all, &failed);
    const double *actual = valued_numbers(entry, "actual", arena, &naives, &failed);
    if (naives < all) all = naives;
    const double *later = valued_numbers(entry, "later", arena, &ahead, &failed);
    const double *middle = valued_numbers(entry, "forecast", arena, &middles, &failed);
    const double *naive = valued_numbers(entry, "naive", arena, &naives, &failed);
    const double *low = valued_numbers(entry, "low", arena, &lows, &failed);
    const double *high = valued_numbers(entry, "high", arena, &highs, &failed);
    const char *target = tl_value_text(tl_value_get(entry, "target"), ""), *series = tl_value_text(tl_value_get(entry,
                                                                                               "series"), "");
    const char *part = tl_value_text(tl_value_get(entry, "part"), "test");
    const char *title = tl__arena_format(arena, "%.60s%s%.40s: the last window of the %s part", target,
                                         *series ? ", " : "", series, part);
    tl__chart_series *lines = tl__arena_push_zero(arena, 4, sizeof *lines);
    tl__chart_mark *mark = tl__arena_push_zero(arena, 1, sizeof *mark);
    if (failed || !title || !lines || !mark) return false;
    if (low && high && lows >= ahead && highs >= ahead)
        lines[n++] = (tl__chart_series){.name = "interval", .kind = TL__CHART_BAND, .x = later, .y = low, .high = high,
                                        .count = ahead, .colour = 1};
    lines[n++] = (tl__chart_series){.name = "actual", .x = x, .y = actual, .count = all, .colour = 0};
    lines[n++] = (tl__chart_series){.name = tl_value_text(tl_value_get(entry, "naive_name"), "naive"), .x = later,
                                    .y = naive, .count = tl__size_min(ahead, naives), .colour = 6, .dashed = true};
    lines[n++] = (tl__chart_series){.name = "forecast", .x = later, .y = middle, .count = tl__size_min(ahead, middles),
                                    .colour = 1};
    *mark = (tl__chart_mark){.at = tl__story_number(entry, "begins"), .label = "forecast begins"};
    const tl__chart chart = {.title = title, .y_label = target, .x_times = dates, .series = lines, .count = n,
                             .marks = mark, .mark_count = 1, .x_label = dates ? "" : "step"};
    return tl__picture_keep(arena, tl__chart_draw, &chart, sizeof chart, title, 720, 360, out);
}

/* The forecasts of up to four targets on one page, one below the other. */
static bool valued_forecast(tl__story *story, tl__picture *out, const char **words, bool *failed)
{
    const tl_value *list = tl_value_get(story->data, "forecast");
    size_t count = tl__size_min(tl_value_count(list), 4);
    if (count == 0) return false;
    tl__picture *pictures = tl__arena_push_zero(&story->arena, count, sizeof *pictures);
    for (size_t i = 0; pictures && i < count; i++)
        if (!tl__picture_forecast(tl_value_at(list, i), &story->arena, &pictures[i])) return *failed = true, false;
    const tl__panels panels = {.pictures = pictures, .count = count, .columns = 1};
    *words = "A window that the network was not trained on: what came before, what came then, and the forecast "
             "beside the "
             "naive one, which costs nothing. A band is the interval that the quantiles of the loss span. One window "
             "is an "
             "example, not a measure; the table of figures has the measure.";
    if (!pictures || !tl__picture_keep(&story->arena, tl__panels_draw, &panels, sizeof panels, "Forecasts", 720,
                                       300.0 * (double)count, out)) return *failed = true, false;
    return true;
}

static bool valued_steps(tl__story *story, tl__picture *out, const char **words, bool *failed)
{
    const tl_value *list = tl_value_get(story->part, "by_step.mae");
    size_t count;
    double *y = tl__story_numbers(&story->arena, list, &count);
    if (!list || count < 2) return false;
    double *x = tl__arena_push_zero(&story->arena, count, sizeof *x);
    tl__chart_series *series = tl__arena_push_zero(&story->arena, 1, sizeof *series);
    tl__chart_mark *marks = tl__arena_push_zero(&story->arena, 2, sizeof *marks);
    if (!x || !y || !series || !marks) return *failed = true, false;
    for (size_t i = 0; i < count; i++) x[i] = (double)(i + 1);
    *series = (tl__chart_series){.name = "forecast", .x = x, .y = y, .count = count};
    marks[0] = (tl__chart_mark){.at = tl__story_number(story->part, "baselines.repeat_last.mae"),
                                .label = "repeat last, mean", .level = true};
    marks[1] = (tl__chart_mark){.at = tl__story_number(story->part, "baselines.seasonal_naive.mae"),
                                .label = "seasonal naive, mean", .level = true};
    const tl__chart chart = {.title = "Error by how far ahead", .x_label = "steps ahead", .series = series, .count = 1,
                             .y_label = "MAE (normalised)", .marks = marks, .mark_count = 2};
    *words = "The mean absolute error of each step of the horizon, over all windows of the part. It usually grows "
             "with the "
             "distance; the dashed lines are the naive forecasts' means over all steps.";
    if (!tl__picture_keep(&story->arena, tl__chart_draw, &chart, sizeof chart, chart.title, 720, 340, out))
        return *failed = true, false;
    return true;
}

/* Of each entry of charts/data.json, up to VALUED_TARGETS of them, a picture; several stand side by side. */
typedef bool valued_make(tl__story *story, const tl_value *entry, tl__picture *out);

static bool valued_each(tl__story *story, valued_make *make, double height, const char *title, tl__picture *out,
                        bool *failed)
{
    const tl_value *list = tl_value_get(story->data, "predicted");
    size_t count = tl__size_min(tl_value_count(list), VALUED_TARGETS), used = 0;
    if (count == 0) return false;
    tl__picture *pictures = tl__arena_push_zero(&story->arena, count, sizeof *pictures);
    for (size_t i = 0; pictures && i < count; i++) used += make(story, tl_value_at(list, i), &pictures[used]);
    if (!pictures) return *failed = true, false;
    if (used == 0) return false;
    *out = pictures[0];
    if (used == 1) return true;
    const tl__panels panels = {.pictures = pictures, .count = used, .columns = 2};
    if (!tl__picture_keep(&story->arena, tl__panels_draw, &panels, sizeof panels, title, 720,
                          height * (double)((used + 1) / 2), out)) return *failed = true, false;
    return true;
}

/* The numbers of an entry; false: none, or memory is out, which the picture's absence tells. */
static bool valued_entry(tl__story *story, const tl_value *entry, const double **actual, const double **predicted,
                         size_t *count)
{
    size_t more;
    bool failed = false;
    *actual = valued_numbers(entry, "actual", &story->arena, count, &failed);
    *predicted = valued_numbers(entry, "predicted", &story->arena, &more, &failed);
    *count = tl__size_min(*count, more);
    return !failed && *count > 0;
}

static const char *valued_title(tl__story *story, const tl_value *entry, const char *what)
{
    const char *title = tl__arena_format(&story->arena, "%.60s: %s, %s part",
                                         tl_value_text(tl_value_get(entry, "target"), ""), what,
                                         tl_value_text(tl_value_get(entry, "part"), "test"));
    return title ? title : what;
}

static bool valued_pair(tl__story *story, const tl_value *entry, tl__picture *out)
{
    const double *actual, *predicted;
    size_t count;
    if (!valued_entry(story, entry, &actual, &predicted, &count)) return false;
    const char *title = tl__arena_format(&story->arena, "%.60s: predicted and actual",
                                         tl_value_text(tl_value_get(entry, "target"), ""));
    const char *label = tl__arena_format(&story->arena, "actual, %s part",
                                         tl_value_text(tl_value_get(entry, "part"), "test"));
    tl__chart_series *line = tl__arena_push_zero(&story->arena, 2, sizeof *line);
    double *ends = tl__arena_push_zero(&story->arena, 2, sizeof *ends);
    double low = 0.0 / 0.0, high = low;
    for (size_t i = 0; i < 2 * count; i++) {
        double value = i < count ? actual[i] : predicted[i - count];
        if (!tl__is_finite_d(value)) continue;
        if (!(low <= value)) low = value;
        if (!(high >= value)) high = value;
    }
    if (!title || !label || !line || !ends || !tl__is_finite_d(low)) return false;
    ends[0] = low, ends[1] = high;
    line[0] = (tl__chart_series){.name = "perfect", .x = ends, .y = ends, .count = 2, .colour = 6, .dashed = true};
    line[1] = (tl__chart_series){.kind = TL__CHART_POINTS, .x = actual, .y = predicted, .count = count,
                                 .opacity = count > 100 ? 0.5 : 0.8};
    const tl__chart chart = {.title = title, .x_label = label, .y_label = "predicted", .series = line, .count = 2,
                             .square = true};
    return tl__picture_keep(&story->arena, tl__chart_draw, &chart, sizeof chart, title, 720, 460, out);
}

static bool valued_pairs(tl__story *story, tl__picture *out, const char **words, bool *failed)
{
    *words = "Each dot is a row (at most 512, spread over the part). On the dashed line the prediction is right; a "
             "cloud that lies flatter than the line means that the network stays too near the mean.";
    return valued_each(story, valued_pair, 380, "Predicted and actual", out, failed);
}

static bool valued_error(tl__story *story, const tl_value *entry, tl__picture *out)
{
    const double *actual, *predicted;
    size_t count;
    if (!valued_entry(story, entry, &actual, &predicted, &count)) return false;
    double *values = tl__arena_push_zero(&story->arena, count, sizeof *values);
    tl__chart_mark *mark = tl__arena_push_zero(&story->arena, 1, sizeof *mark);
    const char *title = valued_title(story, entry, "errors");
    if (!values || !mark) return false;
    for (size_t i = 0; i < count; i++) values[i] = predicted[i] - actual[i];
    if (!tl__story_some(values, count)) return false;
    *mark = (tl__chart_mark){.at = 0, .label = "no error"};
    const tl__histogram_chart chart = {.title = title, .x_label = "predicted \xe2\x88\x92 actual", .y_label = "rows",
                                       .values = values, .count = count, .marks = mark, .mark_count = 1};
    return tl__picture_keep(&story->arena, tl__histogram_draw, &chart, sizeof chart, title, 720, 320, out);
}

static bool valued_residuals(tl__story *story, tl__picture *out, const char **words, bool *failed)
{
    *words = "How far off the same rows are. The heap should stand about 0: to the right the network predicts too "
             "much, to the left too little; long tails are rows that it does not understand.";
    return valued_each(story, valued_error, 280, "Errors", out, failed);
}

TL_PRIV const tl__run_picture *tl__pictures_of_values(size_t index)
{
    static const tl__run_picture all[] = {
        {"forecast", "What it predicts", valued_forecast}, {"steps_ahead", "What it predicts", valued_steps},
        {"predicted", "What it predicts", valued_pairs},   {"errors", "What it predicts", valued_residuals},
    };
    return index < TL_COUNT(all) ? &all[index] : NULL;
}
