/* The report of an experiment, from FOLDER/summary.json: what each value came to over its seeds, and whether the
 * difference between the best two is larger than the seeds make it. Its runs may still go on. */
#include "base/math.h"
#include "base/text.h"
#include "lab/folder.h"
#include "lab/path.h"
#include "lab/pictures.h"
#include "lab/report.h"

enum { REPORT_EXPERIMENT_RUNS = 200, REPORT_EXPERIMENT_SHOWN = 40 };

typedef struct report_experiment {
    tl__arena *arena;
    tl__document *document;
    const tl_value *root, *runs, *values;    /* values: what summary.json calls statistics */
    size_t count;                            /* values */
    const char **labels;                     /* [count] */
} report_experiment;

/* A statistic of a value, "val_loss.mean"; NaN: no run has it. */
static double report_experiment_of(const report_experiment *e, size_t value, const char *path)
{
    return tl__story_number(tl_value_at(e->values, value), path);
}

static bool report_experiment_any(const report_experiment *e, const char *path)
{
    for (size_t v = 0; v < e->count; v++) {
        double mean = report_experiment_of(e, v, path);
        if (mean == mean) return true;
    }
    return false;
}

/* A run's id is its value's label and "_seed_N". */
static bool report_experiment_is_of(const char *id, const char *label)
{
    size_t size = strlen(label);
    return strncmp(id, label, size) == 0 && strncmp(id + size, "_seed_", 6) == 0;
}

/* A dot for each run, in a row for each value. */
static bool report_experiment_spread(report_experiment *e, const char *column, const char *title, const char *label,
                                     bool percent, const char *words)
{
    size_t shown = tl__size_min(e->count, REPORT_EXPERIMENT_SHOWN), runs = tl_value_count(e->runs);
    const double **values = tl__arena_push_zero(e->arena, shown + 1, sizeof *values);
    size_t *sizes = tl__arena_push_zero(e->arena, shown + 1, sizeof *sizes);
    tl__picture picture;
    if (!values || !sizes) return false;
    for (size_t v = 0; v < shown; v++) {
        double *of = tl__arena_push_zero(e->arena, runs + 1, sizeof *of);
        if (!of) return false;
        for (size_t r = 0; r < runs; r++) {
            const tl_value *run = tl_value_at(e->runs, r);
            double figure = tl__story_number(run, column);
            if (figure == figure &&
                report_experiment_is_of(tl_value_text(tl_value_get(run, "run_id"), ""), e->labels[v]))
                of[sizes[v]++] = figure;
        }
        values[v] = of;
    }
    const tl__spread chart = {.title = title, .x_label = label, .names = e->labels, .values = values, .sizes = sizes,
                              .count = shown, .percent = percent};
    if (!tl__picture_keep(e->arena, tl__spread_draw, &chart, sizeof chart, title, 720, 110 + 44.0 * (double)shown,
                          &picture)) return false;
    tl__document_picture(e->document, column, &picture, words);
    return true;
}

/* The least mean validation loss beside the next one, in units of what the seeds make of it. */
static void report_experiment_verdict(const report_experiment *e)
{
    size_t best = e->count, next = e->count;
    for (size_t v = 0; v < e->count; v++) {
        double loss = report_experiment_of(e, v, "val_loss.mean");
        if (loss != loss) continue;
        if (best == e->count || loss < report_experiment_of(e, best, "val_loss.mean")) next = best, best = v;
        else if (next == e->count || loss < report_experiment_of(e, next, "val_loss.mean")) next = v;
    }
    if (next == e->count) return;
    char a[32], b[32];
    double first = report_experiment_of(e, best, "val_loss.mean"), second = report_experiment_of(e, next,
                                                                                              "val_loss.mean");
    double variance = 0, times;
    for (int k = 0; k < 2; k++) {
        double std = report_experiment_of(e, k ? next : best, "val_loss.std");
        double n = report_experiment_of(e, k ? next : best, "val_loss.n");
        variance += n > 1 ? std * std / n : 0.0 / 0.0;
    }
    times = (second - first) / tl__sqrt_d(variance);
    tl__say_figure(a, first);
    tl__say_figure(b, second);
    if (!tl__is_finite_d(times))
        tl__document_note(e->document, 1, "%s has the least mean validation loss, %s; the next, %s, has %s. With one "
                          "seed each, or seeds that all came to the same, nothing says whether that is chance.",
                          e->labels[best], a, e->labels[next], b);
    else
        tl__document_note(e->document, times > 4 ? 0 : 1, "%s has the least mean validation loss, %s; the next, %s, "
                          "has %s. The difference is %.1f times its standard error over the seeds: %s.",
                          e->labels[best], a, e->labels[next], b, times,
                          times > 4 ? "seeds do not explain it"
                                    : "with so few seeds it may be chance; more of them can tell");
}

static void report_experiment_table(const report_experiment *e)
{
    static const struct { const char *key, *words; bool percent; } columns[] = {
        {"val_loss", "validation loss", false}, {"val_accuracy", "validation accuracy", true},
        {"test_loss", "test loss", false}, {"test_accuracy", "test accuracy", true}, {"epochs", "epochs", false},
    };
    bool has[TL_COUNT(columns)];
    size_t width = 2;
    char path[48], mean[32], std[32];
    for (size_t c = 0; c < TL_COUNT(columns); c++) {
        tl__format(path, sizeof path, "%s.mean", columns[c].key);
        has[c] = report_experiment_any(e, path);
        width += has[c];
    }
    tl__block *table = tl__document_table(e->document, "Mean and standard deviation over the seeds", width);
    tl__document_cell(e->document, table, "value");
    for (size_t c = 0; c < TL_COUNT(columns); c++)
        if (has[c]) tl__document_cell(e->document, table, "%s", columns[c].words);
    tl__document_cell(e->document, table, "runs");
    for (size_t v = 0; v < e->count; v++) {
        tl__document_cell(e->document, table, "%s", e->labels[v]);
        for (size_t c = 0; c < TL_COUNT(columns); c++) {
            if (!has[c]) continue;
            tl__format(path, sizeof path, "%s.mean", columns[c].key);
            double m = report_experiment_of(e, v, path);
            tl__format(path, sizeof path, "%s.std", columns[c].key);
            double s = report_experiment_of(e, v, path);
            tl__say_figure(mean, m);
            tl__say_figure(std, s);
            if (m != m) tl__document_cell(e->document, table, "-");
            else if (columns[c].percent)
                tl__document_cell(e->document, table, "%.1f \xc2\xb1 %.1f %%", m * 100, s == s ? s * 100 : 0);
            else if (c + 1 == TL_COUNT(columns))
                tl__document_cell(e->document, table, "%.1f \xc2\xb1 %.1f", m, s == s ? s : 0);
            else tl__document_cell(e->document, table, "%s \xc2\xb1 %s", mean, std);
        }
        double n = report_experiment_of(e, v, "val_loss.n");
        tl__document_cell(e->document, table, "%.0f", n == n ? n : report_experiment_of(e, v, "train_loss.n"));
    }
}

static void report_experiment_runs(const report_experiment *e)
{
    static const char *const keys[] = {"epochs", "train_loss", "val_loss", "test_loss"};
    static const char *const words[] = {"epochs", "training loss", "validation loss", "test loss"};
    size_t runs = tl_value_count(e->runs), shown = tl__size_min(runs, REPORT_EXPERIMENT_RUNS);
    tl__block *table = tl__document_table(e->document, shown < runs ? "The first 200 runs" : "Each run",
                                          2 + TL_COUNT(keys));
    tl__document_cell(e->document, table, "run");
    for (size_t c = 0; c < TL_COUNT(keys); c++) tl__document_cell(e->document, table, "%s", words[c]);
    tl__document_cell(e->document, table, "ended");
    for (size_t r = 0; r < shown; r++) {
        const tl_value *run = tl_value_at(e->runs, r);
        const char *error = tl_value_text(tl_value_get(run, "error"), "");
        tl__document_cell(e->document, table, "%s", tl_value_text(tl_value_get(run, "run_id"), ""));
        for (size_t c = 0; c < TL_COUNT(keys); c++)
            tl__document_cell(e->document, table, "%.5g", tl__story_number(run, keys[c]));
        tl__document_cell(e->document, table, "%.120s",
                          *error ? error : tl_value_text(tl_value_get(run, "stopping_reason"), ""));
    }
}

static bool report_experiment_say(report_experiment *e)
{
    size_t runs = tl_value_count(e->runs), failed = 0;
    for (size_t r = 0; r < runs; r++)
        failed += !tl__same_text(tl_value_text(tl_value_get(tl_value_at(e->runs, r), "status"), ""), "completed");
    tl__document_text(e->document, "%zu values were tried, in %zu runs, of which %zu failed. The runs of a value "
                                   "differ by their seed only.", e->count, runs, failed);
    report_experiment_verdict(e);
    tl__document_heading(e->document, "The values side by side");
    if (!report_experiment_spread(e, "val_loss", "Validation loss of each run", "validation loss", false,
                                  "Each dot is a run. Rows whose dots mix differ by no more than the luck of the "
                                  "seed.")) return false;
    if (report_experiment_any(e, "val_accuracy.mean") &&
        !report_experiment_spread(e, "val_accuracy", "Validation accuracy of each run", "accuracy", true,
                                  "The same runs by the share of validation rows that they name rightly."))
        return false;
    report_experiment_table(e);
    tl__document_heading(e->document, "The runs");
    report_experiment_runs(e);
    return !e->document->failed;
}

TL_PRIV tl_status tl__report_experiment(tl_context *context, const char *folder, tl__arena *arena, tl__document *out,
                                        tl_error *error)
{
    tl__tree *tree;
    const char *path = tl__path_join(arena, folder, "summary.json");
    if (!path) return tl__fail_memory(error, 256);
    TL_TRY(tl__json_read(context, path, &tree, error));
    report_experiment e = {.arena = arena, .document = out, .root = &tree->root};
    e.runs = tl_value_get(e.root, "runs");
    e.values = tl_value_get(e.root, "statistics");
    e.count = tl_value_count(e.values);
    e.labels = tl__arena_push_zero(arena, e.count + 1, sizeof *e.labels);
    const char *title = tl__arena_format(arena, "%.80s: experiment",
                                         tl_value_text(tl_value_get(e.root, "experiment"), "experiment"));
    bool made = title && e.labels;
    for (size_t v = 0; made && v < e.count; v++) {
        e.labels[v] = tl__arena_text(arena, tl_value_text(tl_value_get(tl_value_at(e.values, v), "label"), ""));
        made = e.labels[v] != NULL;
    }
    if (made) {
        tl__document_init(out, arena, title, tl__path_join(arena, folder, "summary.csv"));
        made = out->subtitle && report_experiment_say(&e);
    }
    tl__tree_free(tree);
    return made ? TL_OK : tl__fail_memory(error, 256);
}
