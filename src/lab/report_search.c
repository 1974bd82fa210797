/* The report of a search, from the journal of its trials: how the score went down, which settings the good ones share,
 * the best ones. A journal that is still being written can be read as well. */
#include "base/math.h"
#include "base/text.h"
#include "lab/path.h"
#include "lab/pictures.h"
#include "lab/report.h"
#include "port/port.h"
#include "text/yaml.h"

enum { REPORT_SEARCH_BYTES = 1 << 30, REPORT_SEARCH_AXES = 15, REPORT_SEARCH_WORDS = 64, REPORT_SEARCH_BEST = 10,
       REPORT_SEARCH_TRIALS = 1000000 };

typedef struct report_search {
    tl_context *context;
    tl__arena *arena;
    tl__document *document;
    const char *name, *metric, *method;
    bool higher;                     /* is better */
    size_t axes, trials, best;       /* trials: the highest number; best: its place from 0, >= trials: none */
    tl__parallel_axis axis[REPORT_SEARCH_AXES + 1];
    double *values[REPORT_SEARCH_AXES + 1];       /* [trials]; the last are the scores */
    const char *words[REPORT_SEARCH_AXES][REPORT_SEARCH_WORDS];
    size_t ended, stopped, failed;
} report_search;

/* ---- reading ---- */

static bool report_search_head(report_search *search, const tl_value *line)
{
    const tl_value *parameters = tl_value_get(line, "parameters");
    search->name = tl__arena_text(search->arena, tl_value_text(tl_value_get(line, "name"), "search"));
    search->metric = tl__arena_text(search->arena, tl_value_text(tl_value_get(line, "metric"), "score"));
    search->method = tl__arena_text(search->arena, tl_value_text(tl_value_get(line, "method"), ""));
    search->higher = tl_value_bool(tl_value_get(line, "higher_is_better"), false);
    search->axes = tl__size_min(tl_value_count(parameters), REPORT_SEARCH_AXES);
    for (size_t a = 0; a < search->axes; a++) {
        search->axis[a].name = tl__arena_text(search->arena, tl_value_text(tl_value_at(parameters, a), ""));
        if (!search->axis[a].name) return false;
    }
    return search->name && search->metric && search->method;
}

/* The number of a word of an axis, which is new or known; NaN: there are too many. */
static double report_search_word(report_search *search, size_t a, const char *word)
{
    tl__parallel_axis *axis = &search->axis[a];
    axis->words = search->words[a];
    for (size_t w = 0; w < axis->word_count; w++)
        if (tl__same_text(search->words[a][w], word)) return (double)w;
    if (axis->word_count == REPORT_SEARCH_WORDS) return 0.0 / 0.0;
    search->words[a][axis->word_count] = tl__arena_text(search->arena, word);
    return search->words[a][axis->word_count] ? (double)axis->word_count++ : 0.0 / 0.0;
}

/* A map or a list as a word, {type: sgd, momentum: 0.9}. */
static double report_search_tree(report_search *search, size_t a, const tl_value *value)
{
    char *json = NULL, word[160];
    size_t used = 0;
    if (tl_value_json(search->context, value, 0, &json) != TL_OK) return 0.0 / 0.0;
    for (const char *c = json; *c && used + 1 < sizeof word; c++)
        if (*c != '"' && *c != '\n') word[used++] = *c;
    word[used] = '\0';
    tl_text_free(search->context, json);
    return report_search_word(search, a, word);
}

static void report_search_line(report_search *search, const tl_value *line)
{
    int64_t number = tl_value_integer(tl_value_get(line, "trial"), 0);
    const char *state = tl_value_text(tl_value_get(line, "state"), "");
    if (number < 1 || number > (int64_t)search->trials) return;
    size_t i = (size_t)number - 1;
    const tl_value *parameters = tl_value_get(line, "parameters");
    for (size_t a = 0; parameters && a < search->axes; a++) {
        const tl_value *value = tl__value_child(parameters, search->axis[a].name);
        tl_kind kind = tl_value_kind(value);
        if (kind == TL_NUMBER || kind == TL_INTEGER) search->values[a][i] = tl_value_number(value, 0);
        else if (kind == TL_TEXT) search->values[a][i] = report_search_word(search, a, tl_value_text(value, ""));
        else if (kind == TL_BOOL)
            search->values[a][i] = report_search_word(search, a, tl_value_bool(value, false) ? "true" : "false");
        else if (kind == TL_MAP || kind == TL_LIST) search->values[a][i] = report_search_tree(search, a, value);
    }
    if (tl__same_text(state, "started")) return;
    search->values[search->axes][i] = tl_value_number(tl_value_get(line, "score"), 0.0 / 0.0);
    search->ended += tl__same_text(state, "done") || tl__same_text(state, "stopped") || tl__same_text(state, "failed");
    search->stopped += tl__same_text(state, "stopped");
    search->failed += tl__same_text(state, "failed");
}

static bool report_search_arrays(report_search *search)
{
    for (size_t a = 0; a <= search->axes; a++) {
        search->values[a] = tl__arena_push(search->arena, (search->trials + 1) * sizeof(double));
        if (!search->values[a]) return false;
        for (size_t i = 0; i < search->trials; i++) search->values[a][i] = 0.0 / 0.0;
        search->axis[a].values = search->values[a];
    }
    search->axis[search->axes].name = search->metric;
    return true;
}

/* Twice over the lines: how many trials there are, then what they say. A line that is cut off is passed over. */
static tl_status report_search_read(report_search *search, const char *text, size_t size, tl_error *error)
{
    for (int pass = 0; pass < 2; pass++) {
        if (pass && !report_search_arrays(search)) return tl__fail_memory(error, search->trials * sizeof(double));
        for (size_t at = 0; at < size;) {
            const char *end = memchr(text + at, '\n', size - at);
            size_t length = end ? (size_t)(end - text) - at : size - at;
            tl__tree *tree;
            if (tl__tree_new(&search->context->heap, NULL, &tree) != TL_OK) return tl__fail_memory(error, 256);
            tl_status status = tl__json_parse(tree, text + at, length, NULL);
            bool good = true;
            if (status == TL_OK && tl_value_get(&tree->root, "search")) {
                if (!pass) good = report_search_head(search, &tree->root);
            } else if (status == TL_OK && pass) {
                report_search_line(search, &tree->root);
            } else if (status == TL_OK) {
                int64_t number = tl_value_integer(tl_value_get(&tree->root, "trial"), 0);
                if (number > (int64_t)search->trials && number <= REPORT_SEARCH_TRIALS) search->trials = (size_t)number;
            }
            tl__tree_free(tree);
            if (!good || status == TL_OUT_OF_MEMORY) return tl__fail_memory(error, 256);
            at += length + 1;
        }
    }
    return TL_OK;
}

/* ---- what it says ---- */

static bool report_search_better(const report_search *search, double a, double b)
{
    return b != b ? a == a : search->higher ? a > b : a < b;
}

/* A scale of ratios shows them better: they are positive, over more than a factor of fifty, and not nearly all in the
 * upper half of such a scale, as numbers from an even range are. */
static bool report_search_log(const double *values, size_t count)
{
    double low = 1e300, high = 0;
    size_t below = 0, some = 0;
    for (size_t i = 0; i < count; i++) {
        if (values[i] != values[i]) continue;
        if (!(values[i] > 0)) return false;
        low = values[i] < low ? values[i] : low;
        high = values[i] > high ? values[i] : high;
    }
    for (size_t i = 0; i < count; i++)
        if (values[i] == values[i]) some++, below += values[i] * values[i] < low * high;
    return some > 0 && high / low > 50 && below * 5 > some;
}

/* Positive, and over more than a factor of fifty. */
static bool report_search_wide(const double *values, size_t count)
{
    double low = 0, high = 0;
    for (size_t i = 0; i < count; i++) {
        if (values[i] != values[i]) continue;
        if (!(values[i] > 0)) return false;
        if (low == 0 || values[i] < low) low = values[i];
        if (values[i] > high) high = values[i];
    }
    return low > 0 && high / low > 50;
}

static bool report_search_history(report_search *search)
{
    size_t n = search->trials;
    const double *scores = search->values[search->axes];
    double *x = tl__arena_push(search->arena, (n + 1) * sizeof *x);
    double *best = tl__arena_push(search->arena, (n + 1) * sizeof *best), so_far = 0.0 / 0.0;
    tl__chart_series *series = tl__arena_push_zero(search->arena, 2, sizeof *series);
    tl__picture picture;
    if (!x || !best || !series) return false;
    for (size_t i = 0; i < n; i++) {
        x[i] = (double)(i + 1);
        if (report_search_better(search, scores[i], so_far)) so_far = scores[i], search->best = i;
        best[i] = so_far;
    }
    series[0] = (tl__chart_series){.name = "a trial", .kind = TL__CHART_POINTS, .x = x, .y = scores, .count = n};
    series[1] = (tl__chart_series){.name = "the best so far", .kind = TL__CHART_STEPS, .x = x, .y = best, .count = n,
                                   .colour = 1};
    const tl__chart chart = {.title = "Score of the trials", .x_label = "trial", .y_label = search->metric,
                             .series = series, .count = 2, .y_log = report_search_wide(scores, n)};
    if (!tl__picture_keep(search->arena, tl__chart_draw, &chart, sizeof chart, chart.title, 720, 360, &picture))
        return false;
    tl__document_picture(search->document, "history", &picture, "Each dot is a trial. The line is what the search had "
                         "found by then; where it has been level for long, more trials are unlikely to find more.");
    return true;
}

static bool report_search_parallel(report_search *search)
{
    tl__picture picture;
    for (size_t a = 0; a <= search->axes; a++)
        search->axis[a].log = !search->axis[a].words && report_search_log(search->values[a], search->trials);
    tl__parallel_axis *axes = tl__arena_push(search->arena, sizeof search->axis);
    if (!axes) return false;
    memcpy(axes, search->axis, sizeof search->axis);
    const tl__parallel chart = {.title = "Settings of the trials", .axes = axes, .count = search->axes + 1,
                                .lines = search->trials, .scores = search->values[search->axes],
                                .score_label = search->metric, .lower_is_better = !search->higher,
                                .best = search->best};
    if (!tl__picture_keep(search->arena, tl__parallel_draw, &chart, sizeof chart, chart.title, 720, 420, &picture))
        return false;
    tl__document_picture(search->document, "parallel", &picture, "Each line is a trial and crosses every axis at its "
                         "value; strongly coloured ones did well. Where these run close together, the setting "
                         "matters.");
    return true;
}

static void report_search_table(report_search *search)
{
    const double *scores = search->values[search->axes];
    double before = 0.0 / 0.0;
    tl__block *table = tl__document_table(search->document, "The best trials", search->axes + 2);
    tl__document_cell(search->document, table, "trial");
    tl__document_cell(search->document, table, "%s", search->metric);
    for (size_t a = 0; a < search->axes; a++) tl__document_cell(search->document, table, "%s", search->axis[a].name);
    size_t last = search->trials;
    for (size_t row = 0; row < REPORT_SEARCH_BEST; row++) {
        size_t next = search->trials;
        for (size_t i = 0; i < search->trials; i++) {    /* the best of those behind the one before; ties by number */
            bool behind = last == search->trials || report_search_better(search, before, scores[i]) ||
                          (scores[i] == before && i > last);
            if (scores[i] != scores[i] || !behind) continue;
            if (next == search->trials || report_search_better(search, scores[i], scores[next])) next = i;
        }
        if (next == search->trials) return;
        tl__document_cell(search->document, table, "%zu", next + 1);
        tl__document_figure(search->document, table, scores[next], "");
        for (size_t a = 0; a < search->axes; a++) {
            double value = search->values[a][next];
            if (search->axis[a].words && value == value)
                tl__document_cell(search->document, table, "%s", search->words[a][(size_t)value]);
            else tl__document_cell(search->document, table, value == value ? "%.6g" : "-", value);
        }
        last = next;
        before = scores[next];
    }
}

TL_PRIV tl_status tl__report_search(tl_context *context, const char *folder, tl__arena *arena, tl__document *out,
                                    tl_error *error)
{
    tl__buffer text;
    const char *path = tl__path_join(arena, folder, "trials.jsonl");
    report_search *search = tl__arena_push_zero(arena, 1, sizeof *search);
    if (!path || !search) return tl__fail_memory(error, sizeof *search);
    *search = (report_search){.context = context, .arena = arena, .document = out, .name = "search",
                              .metric = "score", .method = "", .best = SIZE_MAX};
    tl__buffer_init(&text, &context->heap);
    tl_status status = tl__file_read(path, &text, REPORT_SEARCH_BYTES, error);
    if (status == TL_OK) status = report_search_read(search, text.data ? text.data : "", text.size, error);
    tl__buffer_free(&text);
    if (status != TL_OK) return status;
    const char *title = tl__arena_format(arena, "%s: search", search->name);
    const char *sub = tl__arena_format(arena, "%s, by the method %s", folder, search->method);
    if (!title || !sub) return tl__fail_memory(error, 256);
    tl__document_init(out, arena, title, sub);
    tl__document_text(out, "%zu trials have ended, %zu of them stopped early and %zu failed. Looked for is the %s %s.",
                      search->ended, search->stopped, search->failed, search->higher ? "largest" : "smallest",
                      search->metric);
    tl__document_heading(out, "How the search went");
    bool made = report_search_history(search);
    tl__document_heading(out, "What the good trials share");
    made = made && report_search_parallel(search);
    if (made) report_search_table(search);
    return !made || out->failed ? tl__fail_memory(error, 256) : TL_OK;
}
