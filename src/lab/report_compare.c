/* Several runs on one page: their figures, what differs in their settings, their curves in one chart. Colours name the
 * runs everywhere in the same way. */
#include "base/math.h"
#include "base/text.h"
#include "lab/pictures.h"
#include "lab/report.h"
#include "lab/session.h"

enum { REPORT_COMPARE_DEPTH = 6, REPORT_COMPARE_ROWS = 60 };

typedef struct report_compare_figure { const char *key, *words; bool classes, percent; } report_compare_figure;

static const report_compare_figure *report_compare_figures(void)
{
    static const report_compare_figure all[] = {
        {"accuracy", "accuracy", true, true},
        {"balanced_accuracy", "balanced accuracy", true, true},
        {"f1_macro", "macro F1", true, false},
        {"auc", "AUC", true, false},
        {"rmse", "RMSE", false, false},
        {"mae", "MAE", false, false},
        {"r2", "R\xc2\xb2", false, false},
        {"loss", "loss", false, false},
        {NULL, NULL, false, false}};
    return all;
}

static const char *report_compare_short(const tl__story *story)
{
    return story->config && story->config->name && *story->config->name ? story->config->name : story->name;
}

/* A run's own name where no other of them has it, else its folder's, which has the time in it. */
static const char *report_compare_name(const tl__story *stories, size_t count, size_t run)
{
    const char *name = report_compare_short(&stories[run]);
    for (size_t r = 0; r < count; r++)
        if (r != run && tl__same_text(report_compare_short(&stories[r]), name)) return stories[run].name;
    return name;
}

static bool report_compare_has(const tl__story *story, const report_compare_figure *figure)
{
    return figure->classes == story->classification || tl__same_text(figure->key, "loss");
}

/* ---- settings that differ ---- */

/* The values at one path in all runs, NULL where a run does not have it; those that are not all equal are rows. */
static void report_compare_walk(tl__story *stories, const tl_value **values, size_t count, char *path, size_t depth,
                                tl__document *document, tl__block *table, size_t *rows)
{
    const tl_value *widest = NULL;
    bool maps = false, equal = true;
    for (size_t r = 0; r < count; r++) {
        if (!values[r]) equal = false;
        else if (!widest || tl_value_count(values[r]) > tl_value_count(widest)) widest = values[r];
        if (values[r] && tl_value_kind(values[r]) == TL_MAP) maps = true;
        if (r && values[r] && values[0] && !tl__value_equal(values[r], values[0])) equal = false;
    }
    if (equal || !widest || *rows >= REPORT_COMPARE_ROWS) return;
    if (maps && depth < REPORT_COMPARE_DEPTH) {
        const tl_value **children = tl__arena_push_zero(&stories[0].arena, count, sizeof *children);
        size_t size = strlen(path);
        if (!children) {
            document->failed = true;
            return;
        }
        for (size_t i = 0; i < tl_value_count(widest); i++) {
            const char *key = tl_value_key_at(widest, i);
            for (size_t r = 0; r < count; r++) children[r] = values[r] ? tl__value_child(values[r], key) : NULL;
            tl__format(path + size, 256 - size, "%s%s", size ? "." : "", key ? key : "");
            report_compare_walk(stories, children, count, path, depth + 1, document, table, rows);
            path[size] = '\0';
        }
        return;
    }
    ++*rows;
    tl__document_cell(document, table, "%s", path);
    for (size_t r = 0; r < count; r++) {
        char *text = NULL;
        if (values[r] && tl_value_json(stories[0].context, values[r], 0, &text) != TL_OK) document->failed = true;
        tl__document_cell(document, table, "%s", text ? text : "-");
        tl_text_free(stories[0].context, text);
    }
}

static void report_compare_settings(tl__story *stories, size_t count, tl__document *document)
{
    char path[256] = "";
    size_t rows = 0;
    const tl_value **roots = tl__arena_push_zero(&stories[0].arena, count, sizeof *roots);
    if (!roots) {
        document->failed = true;
        return;
    }
    for (size_t r = 0; r < count; r++) roots[r] = stories[r].config ? &stories[r].config->tree->root : NULL;
    tl__document_heading(document, "Settings that differ");
    tl__block *table = tl__document_table(document, "", count + 1);
    tl__document_cell(document, table, "setting");
    for (size_t r = 0; r < count; r++) tl__document_cell(document, table, "%s", report_compare_name(stories, count, r));
    report_compare_walk(stories, roots, count, path, 0, document, table, &rows);
    if (rows == 0) tl__document_text(document, "None: the runs were made with the same settings.");
    if (rows == REPORT_COMPARE_ROWS) tl__document_text(document, "The table ends here; there are more.");
}

/* ---- figures ---- */

static void report_compare_table(tl__story *stories, size_t count, tl__document *document)
{
    const report_compare_figure *figures = report_compare_figures();
    size_t columns = 4;
    char parameters[32];
    for (const report_compare_figure *f = figures; f->key; f++) columns += report_compare_has(&stories[0], f);
    tl__document_heading(document, "Figures");
    tl__block *table = tl__document_table(document, "Each run on the rows that it was not trained on", columns);
    tl__document_cell(document, table, "run");
    for (const report_compare_figure *f = figures; f->key; f++)
        if (report_compare_has(&stories[0], f)) tl__document_cell(document, table, "%s", f->words);
    tl__document_cell(document, table, "part");
    tl__document_cell(document, table, "epochs (best)");
    tl__document_cell(document, table, "parameters");
    for (size_t r = 0; r < count; r++) {
        const tl__story *story = &stories[r];
        tl__document_cell(document, table, "%s", report_compare_name(stories, count, r));
        for (const report_compare_figure *f = figures; f->key; f++)
            if (report_compare_has(&stories[0], f))
                tl__document_figure(document, table, tl__story_number(story->part, f->key), f->percent ? "%" : "");
        tl__document_cell(document, table, "%s", story->part_name);
        tl__document_cell(document, table, "%lld (%lld)",
                          (long long)tl_value_integer(tl_value_get(story->metrics, "epochs"), 0),
                          (long long)tl_value_integer(tl_value_get(story->metrics, "best_epoch"), 0));
        tl__say_count(parameters, (uint64_t)tl_value_integer(tl_value_get(story->metrics, "parameters"), 0));
        tl__document_cell(document, table, "%s", parameters);
    }
}

/* ---- pictures ---- */

static void report_compare_curves(tl__story *stories, size_t count, size_t offset, const char *name, const char *title,
                                  const char *label, bool percent, const char *words, tl__document *document)
{
    tl__arena *arena = &stories[0].arena;
    tl__chart_series *series = tl__arena_push_zero(arena, count, sizeof *series);
    tl__picture picture;
    size_t used = 0;
    bool steep = false;
    for (size_t r = 0; series && r < count; r++) {
        double *x = tl__story_column(&stories[r], offsetof(tl__record, epoch.epoch));
        double *y = tl__story_column(&stories[r], offset);
        size_t rows = stories[r].history.records.count;
        steep = steep || (!percent && tl__curve_steep(y, rows));
        if (x && y && tl__story_some(y, rows))
            series[used++] = (tl__chart_series){.name = report_compare_name(stories, count, r), .x = x, .y = y,
                                                .count = rows, .colour = (int)(r % TL__SERIES_COLOURS),
                                                .dashed = r >= TL__SERIES_COLOURS};
    }
    const tl__chart chart = {.title = title, .x_label = "epoch", .y_label = steep ? "loss (logarithmic)" : label,
                             .series = series, .count = used, .y_log = steep, .y_percent = percent};
    if (!series) document->failed = true;
    if (used == 0) return;
    if (tl__picture_keep(arena, tl__chart_draw, &chart, sizeof chart, title, 720, 360, &picture))
        tl__document_picture(document, name, &picture, words);
    else document->failed = true;
}

/* The figure by which the runs are judged, a bar each. */
static void report_compare_bars(tl__story *stories, size_t count, tl__document *document)
{
    tl__arena *arena = &stories[0].arena;
    bool classes = stories[0].classification;
    double *values = tl__arena_push_zero(arena, count, sizeof *values);
    const char **names = tl__arena_push_zero(arena, count, sizeof *names);
    tl__picture picture;
    if (!values || !names) {
        document->failed = true;
        return;
    }
    for (size_t r = 0; r < count; r++) {
        names[r] = report_compare_name(stories, count, r);
        values[r] = tl__story_number(stories[r].part, classes ? "balanced_accuracy" : "rmse");
    }
    const tl__bars bars = {.title = classes ? "Balanced accuracy" : "RMSE", .x_label = classes ? "share of rows, "
                                                                                                 "each class "
                           "counted the same" : "root of the mean squared error", .names = names, .count = count,
                           .values = values, .percent = classes, .most = 60};
    if (tl__picture_keep(arena, tl__bars_draw, &bars, sizeof bars, bars.title, 720,
                         100 + 26.0 * (double)tl__size_min(count, 60), &picture))
        tl__document_picture(document, "runs", &picture, classes ? "Longer is better. Runs that differ by their seed "
                                                                   "only "
                             "show how much of a difference is chance." : "Shorter is better. Runs that differ by "
                                                                          "their seed "
                             "only show how much of a difference is chance.");
    else document->failed = true;
}

/* Where the runs lie. */
static void report_compare_list(const tl__story *stories, size_t count, tl__document *document)
{
    tl__block *table = tl__document_table(document, "The runs", 2);
    if (table) table->level = 1;
    tl__document_cell(document, table, "run");
    tl__document_cell(document, table, "folder");
    for (size_t r = 0; r < count; r++) {
        tl__document_cell(document, table, "%s", report_compare_name(stories, count, r));
        tl__document_cell(document, table, "%s", stories[r].folder);
    }
}

TL_PRIV tl_status tl__report_compare(tl__story *stories, size_t count, tl__document *out, tl_error *error)
{
    bool classes = stories[0].classification;
    for (size_t r = 1; r < count; r++)
        if (stories[r].classification != classes)
            return tl__fail(error, TL_INVALID, "%s predicts classes and %s does not, so there is nothing to compare; "
                                               "give "
                            "runs of one task.", stories[classes ? 0 : r].folder, stories[classes ? r : 0].folder);
    const char *title = tl__arena_format(&stories[0].arena, "%zu runs compared", count);
    if (!title) return tl__fail_memory(error, 256);
    tl__document_init(out, &stories[0].arena, title, "Settings and figures side by side");
    for (size_t r = 1; r < count; r++) {
        const char *a = tl_value_text(tl_value_get(stories[0].metrics, "data_hash"), "");
        const char *b = tl_value_text(tl_value_get(stories[r].metrics, "data_hash"), "");
        if (tl__same_text(a, b)) continue;
        tl__document_note(out, 1, "%s was trained on other data than %s, so their figures say little about each other.",
                          report_compare_name(stories, count, r), report_compare_name(stories, count, 0));
    }
    report_compare_list(stories, count, out);
    report_compare_table(stories, count, out);
    report_compare_bars(stories, count, out);
    report_compare_settings(stories, count, out);
    tl__document_heading(out, "How the trainings went");
    report_compare_curves(stories, count, offsetof(tl__record, epoch.val_loss), "val_loss", "Validation loss", "loss",
                          false, "The lowest point of a line is the run's best epoch.", out);
    report_compare_curves(stories, count, offsetof(tl__record, epoch.train_loss), "train_loss", "Training loss", "loss",
                          false, "A line far below its validation loss is a run that learns its rows by heart.", out);
    if (classes)
        report_compare_curves(stories, count, offsetof(tl__record, epoch.val_accuracy), "val_accuracy",
                              "Validation accuracy", "accuracy", true, "The share of validation rows that are named "
                              "rightly.", out);
    return out->failed ? tl__fail_memory(error, 256) : TL_OK;
}
