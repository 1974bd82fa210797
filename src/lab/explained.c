/* Pictures of explanation.json: train:explain writes them beside it, and the report of a run shows them. */
#include "base/math.h"
#include "base/text.h"
#include "lab/maps.h"
#include "lab/pictures.h"

enum { EXPLAINED_ACROSS = 3, EXPLAINED_NAMES = 16, EXPLAINED_CLASSES = 12, EXPLAINED_HEADS = 12 };

static const char *explained_copy(tl__arena *arena, const tl_value *map, const char *key)
{
    return tl__arena_text(arena, tl_value_text(tl_value_get(map, key), ""));
}

static bool explained_panels(tl__arena *arena, tl__picture *pictures, size_t count, size_t across, const char *title,
                             double height, tl__picture *out, bool *failed)
{
    const tl__panels panels = {.title = title, .pictures = pictures, .count = count, .columns = across};
    double rows = (double)((count + across - 1) / across);
    if (!title || !tl__picture_keep(arena, tl__panels_draw, &panels, sizeof panels, title, 720, 34 + height * rows,
                                    out)) *failed = true;
    return !*failed;
}

/* ---- by column ---- */

/* Bars of `key` of each entry, with its std where there is one. */
static bool explained_bars(tl__story *story, const tl_value *list, const char *key, const char *title,
                           const char *label, tl__picture *out, bool *failed)
{
    size_t n = tl_value_count(list), shown = tl__size_min(n, 30);
    if (n == 0) return false;
    double *values = tl__arena_push(&story->arena, 3 * n * sizeof *values);
    const char **names = tl__arena_push(&story->arena, n * sizeof *names);
    bool spread = tl_value_get(tl_value_at(list, 0), "std") != NULL;
    if (!values || !names || !label) return *failed = true, false;
    for (size_t i = 0; i < n; i++) {
        const tl_value *one = tl_value_at(list, i);
        double mean = tl__story_number(one, key), std = tl__story_number(one, "std");
        names[i] = tl_value_text(tl_value_get(one, "column"), "");
        values[i] = mean, values[n + i] = mean - std, values[2 * n + i] = mean + std;
    }
    const tl__bars bars = {.title = title, .x_label = label, .names = names, .count = n, .values = values,
                           .low = spread ? values + n : NULL, .high = spread ? values + 2 * n : NULL, .most = 30};
    if (!tl__picture_keep(&story->arena, tl__bars_draw, &bars, sizeof bars, title, 720, 110 + 22.0 * (double)shown,
                          out)) *failed = true;
    return !*failed;
}

/* "drop of accuracy when the column is shuffled" */
static const char *explained_label(tl__story *story, const char *what)
{
    bool more = tl_value_bool(tl_value_get(story->explained, "more_is_better"), true);
    return tl__arena_format(&story->arena, "%s of %s when %s shuffled", more ? "drop" : "rise",
                            tl_value_text(tl_value_get(story->explained, "metric"), "score"), what);
}

static bool explained_importance(tl__story *story, tl__picture *out, const char **words, bool *failed)
{
    const tl_value *list = tl_value_get(story->explained, "permutation_importance");
    *words = "By how much the score gets worse when a column is shuffled, so that it tells nothing any more (mean and "
             "standard deviation of the repeats). Columns that say the same share their importance, so both may look "
             "small.";
    return explained_bars(story, list, "mean", "Importance of the columns", explained_label(story, "the column is"),
                          out, failed);
}

static bool explained_attributions(tl__story *story, tl__picture *out, const char **words, bool *failed)
{
    const tl_value *list = tl_value_get(story->explained, "integrated_gradients.columns");
    *words = "How much of the way from the mean training row to a row's output each column accounts for (integrated "
             "gradients), as the mean of the absolute parts: up or down, it moves the output so far.";
    if (tl_value_count(list) < 2 && tl_value_get(story->explained, "integrated_gradients.pictures")) return false;
    return explained_bars(story, list, "mean_absolute", "Attributions of the columns",
                          "mean absolute attribution to the explained output", out, failed);
}

/* ---- by step ---- */

static bool explained_steps(tl__story *story, tl__picture *out, const char **words, bool *failed)
{
    const tl_value *list = tl_value_get(story->explained, "step_importance");
    size_t n = tl_value_count(list);
    if (n < 2) return false;
    double *x = tl__arena_push(&story->arena, 4 * n * sizeof *x);
    tl__chart_series *series = tl__arena_push_zero(&story->arena, 2, sizeof *series);
    const char *label = explained_label(story, "the steps are");
    if (!x || !series || !label) return *failed = true, false;
    for (size_t i = 0; i < n; i++) {
        const tl_value *one = tl_value_at(list, i);
        double mean = tl__story_number(one, "mean"), std = tl__story_number(one, "std");
        x[i] = (tl__story_number(one, "first") + tl__story_number(one, "last")) / 2;
        x[n + i] = mean, x[2 * n + i] = mean - std, x[3 * n + i] = mean + std;
    }
    series[0] = (tl__chart_series){.name = "standard deviation", .kind = TL__CHART_BAND, .x = x, .y = x + 2 * n,
                                   .high = x + 3 * n, .count = n};
    series[1] = (tl__chart_series){.name = "mean of the repeats", .x = x, .y = x + n, .count = n};
    const tl__chart chart = {.title = "Importance of the steps", .x_label = tl__story_number(list->first, "first") < 0
                             ? "steps from the start of the forecast" : "step", .y_label = label, .series = series,
                             .count = 2};
    *words = "By how much the score gets worse when all columns of some neighbouring steps are shuffled. Steps that "
             "say the same share their importance.";
    if (!tl__picture_keep(&story->arena, tl__chart_draw, &chart, sizeof chart, chart.title, 720, 360, out))
        *failed = true;
    return !*failed;
}

/* The middles of the first and last of so many cells that n steps from `first` on were put into. */
static void explained_middles(double first, double n, size_t cells, double *from, double *to)
{
    double half = (n / (double)cells - 1) / 2;
    *from = first + half;
    *to = first + n - 1 - half;
}

/* Columns by steps; `sides` says what they are. */
static bool explained_cells(tl__arena *arena, const tl_value *sides, const tl_value *cells, tl__heat_map *map,
                            bool *failed)
{
    const tl_value *list = tl_value_get(sides, "columns");
    if (!tl__map_get(arena, cells, map, failed)) return false;
    const char **names = tl__arena_push_zero(arena, map->rows, sizeof *names);
    if (!names) return *failed = true, false;
    for (size_t i = 0; i < map->rows; i++) names[i] = tl_value_text(tl_value_at(list, i), "");
    map->row_names = names;
    double first = tl__story_number(sides, "first"), steps = tl__story_number(sides, "last") - first + 1;
    explained_middles(first, steps, map->columns, &map->x_first, &map->x_last);
    map->x_label = first < 0 ? "steps from the start of the forecast" : "step";
    return true;
}

static bool explained_by_step(tl__story *story, tl__picture *out, const char **words, bool *failed)
{
    const tl_value *sides = tl_value_get(story->explained, "integrated_gradients.by_step");
    tl__heat_map map = {.title = "Attributions by column and step", .value_label = "mean absolute"};
    if (!sides || !explained_cells(&story->arena, sides, tl_value_get(sides, "mean_absolute"), &map, failed))
        return false;
    *words = "The attributions of integrated gradients, by column and step: how far each moves the output, up or down.";
    if (!tl__picture_keep(&story->arena, tl__heat_map_draw, &map, sizeof map, map.title, 720,
                          110 + 20.0 * (double)tl__size_max(map.rows, 4), out)) *failed = true;
    return !*failed;
}

/* ---- rows that are pictures ---- */

/* Two panels: the picture, and its attributions. */
static bool explained_pair(tl__arena *arena, const tl_value *entry, const char *title, tl__picture *out, bool *failed)
{
    tl__heat_map picture = {.title = title, .square = true};
    tl__heat_map parts = {.title = "what it looks at", .value_label = "for", .square = true, .is_signed = true};
    if (!title) return *failed = true, false;
    if (!tl__map_get(arena, tl_value_get(entry, "picture"), &picture, failed) ||
        !tl__map_get(arena, tl_value_get(entry, "attribution"), &parts, failed)) return false;
    if (!tl__picture_keep(arena, tl__heat_map_draw, &picture, sizeof picture, title, 0, 0, &out[0]) ||
        !tl__picture_keep(arena, tl__heat_map_draw, &parts, sizeof parts, parts.title, 0, 0, &out[1])) *failed = true;
    return !*failed;
}

static bool explained_pixels(tl__story *story, tl__picture *out, const char **words, bool *failed)
{
    const tl_value *list = tl_value_get(story->explained, "integrated_gradients.pictures");
    size_t count = tl__size_min(tl_value_count(list), EXPLAINED_CLASSES), made = 0;
    tl__picture *pictures = tl__arena_push_zero(&story->arena, 2 * count + 1, sizeof *pictures);
    if (!pictures) return *failed = true, false;
    for (size_t i = 0; i < count; i++) {
        const tl_value *one = tl_value_at(list, i);
        const char *title = tl__arena_format(&story->arena, "%s", tl_value_text(tl_value_get(one, "of"), ""));
        if (!explained_pair(&story->arena, one, title, pictures + 2 * made, failed)) return false;
        made++;
    }
    if (made == 0) return false;
    *words = "Of each class that was predicted the mean picture, and beside it the mean attributions of its pixels "
             "(integrated gradients): pixels that speak for the class, and in the other colour those against it.";
    return explained_panels(&story->arena, pictures, 2 * made, 4, "What it looks at in pictures", 170, out, failed);
}

TL_PRIV bool tl__picture_row(const tl_value *gradients, const tl_value *row, tl__arena *arena, tl__picture *out,
                             bool *failed)
{
    tl__heat_map map = {.value_label = "attribution", .is_signed = true};
    const char *truth = tl_value_text(tl_value_get(row, "truth"), "");
    const char *of = tl_value_text(tl_value_get(row, "of"), "");
    const char *title = tl__arena_format(arena, "Row %lld: %s%s%s",
                                         (long long)tl_value_integer(tl_value_get(row, "row"), 0), of,
                                         *truth ? ", in truth " : "", truth);
    if (!title) return *failed = true, false;
    if (tl_value_get(row, "picture")) {
        tl__picture *pair = tl__arena_push_zero(arena, 2, sizeof *pair);
        if (!pair) return *failed = true, false;
        return explained_pair(arena, row, "the picture", pair, failed) &&
               explained_panels(arena, pair, 2, 2, title, 330, out, failed);
    }
    map.title = title;
    if (!explained_cells(arena, tl_value_get(gradients, "by_step"), tl_value_get(row, "attribution"), &map, failed))
        return false;
    if (map.columns == 1) {
        const tl__bars bars = {.title = title, .x_label = "attribution", .names = map.row_names, .count = map.rows,
                               .values = map.values};
        if (!tl__picture_keep(arena, tl__bars_draw, &bars, sizeof bars, title, 720,
                              110 + 22.0 * (double)tl__size_min(map.rows, 30), out)) *failed = true;
    } else if (!tl__picture_keep(arena, tl__heat_map_draw, &map, sizeof map, title, 720,
                                 110 + 20.0 * (double)tl__size_max(map.rows, 4), out)) {
        *failed = true;
    }
    return !*failed;
}

static bool explained_row(tl__story *story, tl__picture *out, const char **words, bool *failed)
{
    const tl_value *gradients = tl_value_get(story->explained, "integrated_gradients");
    const tl_value *list = tl_value_get(gradients, "rows");
    *words = "One row, as an example: what moves its output up and what down, from that of the mean training row.";
    return tl_value_count(list) > 0 && tl__picture_row(gradients, tl_value_at(list, 0), &story->arena, out, failed);
}

/* ---- attention ---- */

/* The numbers of n positions as words; where they are many, an axis says them. */
static void explained_positions(tl__arena *arena, const tl_value *layer, const char *side, size_t cells, double *first,
                                double *last, const char *const **names)
{
    size_t n = (size_t)tl_value_integer(tl_value_get(layer, side), 1);
    double begin = tl_value_get(layer, "first") ? tl__story_number(layer, "first") : 1;
    explained_middles(begin, (double)n, cells, first, last);
    if (cells > EXPLAINED_NAMES || cells != n) return;
    const char **words = tl__arena_push_zero(arena, n, sizeof *words);
    for (size_t i = 0; words && i < n; i++) {
        words[i] = tl__arena_format(arena, "%.0f", begin + (double)i);
        if (!words[i]) return;
    }
    *names = words;
    *last = *first;
}

/* A head as a panel; title: what stands above it. */
static bool explained_head(tl__arena *arena, const tl_value *layer, const tl_value *head, const char *title,
                           double high, tl__picture *out, bool *failed)
{
    tl__heat_map map = {.title = title, .x_label = "looks at", .y_label = "position", .value_label = "weight",
                        .square = true, .high = high};
    if (!title) return *failed = true, false;
    if (!tl__map_get(arena, tl_value_get(head, "map"), &map, failed)) return false;
    map.square = map.rows == map.columns;
    explained_positions(arena, layer, "keys", map.columns, &map.x_first, &map.x_last, &map.column_names);
    explained_positions(arena, layer, "queries", map.rows, &map.y_first, &map.y_last, &map.row_names);
    if (!tl__picture_keep(arena, tl__heat_map_draw, &map, sizeof map, title, 0, 0, out)) *failed = true;
    return !*failed;
}

/* The largest weight of a layer's maps, so that its heads have one scale. */
static double explained_most(const tl_value *heads)
{
    double most = 0;
    for (size_t h = 0; h < tl_value_count(heads); h++) {
        const tl_value *list = tl_value_get(tl_value_at(heads, h), "map.values");
        for (const tl_value *item = list ? list->first : NULL; item; item = item->next)
            if (tl_value_number(item, 0) > most) most = tl_value_number(item, 0);
    }
    return most;
}

TL_PRIV bool tl__picture_attention(const tl_value *layer, const char *row, tl__arena *arena, tl__picture *out,
                                   bool *failed)
{
    const tl_value *heads = tl_value_get(layer, "heads");
    size_t count = tl_value_count(heads), across = count == 4 ? 2 : tl__size_min(count, EXPLAINED_ACROSS);
    const char *name = explained_copy(arena, layer, "layer");
    if (count == 0) return false;
    tl__picture *pictures = tl__arena_push_zero(arena, count, sizeof *pictures);
    if (!pictures || !name) return *failed = true, false;
    for (size_t h = 0; h < count; h++)
        if (!explained_head(arena, layer, tl_value_at(heads, h), tl__arena_format(arena, "head %d", (int)h),
                            explained_most(heads), &pictures[h], failed)) return false;
    return explained_panels(arena, pictures, count, across,
                            tl__arena_format(arena, "Attention of %s%s%s", name, *row ? ", " : "", row),
                            640.0 / (double)tl__size_max(across, 2), out, failed);
}

/* Some heads of all layers. */
static bool explained_attention(tl__story *story, tl__picture *out, const char **words, bool *failed)
{
    const tl_value *layers = tl_value_get(story->explained, "attention.layers");
    size_t count = 0, l_count = tl_value_count(layers);
    size_t each = tl__size_max(1, EXPLAINED_HEADS / tl__size_max(l_count, 1));
    tl__picture *pictures = tl__arena_push_zero(&story->arena, EXPLAINED_HEADS, sizeof *pictures);
    if (!pictures) return *failed = true, false;
    for (size_t l = 0; l < l_count; l++) {
        const tl_value *layer = tl_value_at(layers, l), *heads = tl_value_get(layer, "heads");
        const char *name = explained_copy(&story->arena, layer, "layer");
        if (!name) return *failed = true, false;
        for (size_t h = 0; h < tl__size_min(tl_value_count(heads), each) && count < EXPLAINED_HEADS; h++)
            if (!explained_head(&story->arena, layer, tl_value_at(heads, h),
                                tl__arena_format(&story->arena, "%s, head %d", name, (int)h), explained_most(heads),
                                &pictures[count++], failed)) return false;
    }
    if (count == 0) return false;
    *words = "Where the heads of attention look: in each row of a map the weights with which a position takes from all "
             "positions, mean over the explained rows. A column of strong colour all the way down is what all look "
             "at; a diagonal is a head that looks beside itself; an even map is a head that tells nothing apart. "
             "Weights say where a layer looks, not what the outcome hangs on.";
    return explained_panels(&story->arena, pictures, count, tl__size_min(count, EXPLAINED_ACROSS), "Attention", 215,
                            out, failed);
}

TL_PRIV const tl__run_picture *tl__pictures_of_explanation(size_t index)
{
    static const char heading[] = "What it looks at";
    static const tl__run_picture all[] = {
        {"importance", heading, explained_importance}, {"step_importance", heading, explained_steps},
        {"attributions", heading, explained_attributions}, {"attributions_by_step", heading, explained_by_step},
        {"attributions_of_pixels", heading, explained_pixels}, {"attributions_of_a_row", heading, explained_row},
        {"attention", heading, explained_attention}
    };
    return index < TL_COUNT(all) ? &all[index] : NULL;
}
