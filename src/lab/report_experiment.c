/* The report of an experiment, from its summary.json and the records of its runs: what each value came to over the
 * seeds, how much of the difference the seeds explain, and the curves of the trainings side by side. */
#include "base/math.h"
#include "base/text.h"
#include "lab/analytics.h"
#include "lab/folder.h"
#include "lab/path.h"
#include "lab/pictures.h"
#include "lab/report.h"
#include "metrics/student.h"
#include "text/yaml.h"

enum { REPORT_EXPERIMENT_PANELS = 12, REPORT_EXPERIMENT_MEANS = 8 };

/* What a training left of each epoch. */
typedef struct report_experiment_curve { double *epoch, *train, *val; size_t count; } report_experiment_curve;

typedef struct report_experiment {
    tl_context *context;
    tl__arena *arena;
    tl__document *document;
    const char *folder;
    const tl_value *runs, *statistics;
    size_t values, seeds;                         /* combinations; the most runs that one has */
    const char **labels;                          /* [values] */
    const tl_value **of;                          /* [values, seeds]: rows; NULL: none */
    report_experiment_curve *curves;              /* [values, seeds] */
    size_t *order;                                /* [values]: the least mean loss first */
    double *means;                                /* [values]: of it; NaN: none */
} report_experiment;

/* Mean of the finite ones and half of its 95 % interval, NaN with fewer than two. */
static size_t report_experiment_interval(const double *values, size_t count, double *mean, double *half)
{
    double sum = 0, squares = 0;
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        if (tl__is_finite_d(values[i])) sum += values[i], n++;
    *mean = n ? sum / (double)n : tl__nan_d();
    for (size_t i = 0; i < count; i++)
        if (tl__is_finite_d(values[i])) squares += (values[i] - *mean) * (values[i] - *mean);
    *half = n > 1 ? tl__student(n - 1) * tl__sqrt_d(squares / (double)(n - 1) / (double)n) : tl__nan_d();
    return n;
}

/* ---- reading ---- */

static double report_experiment_number(const tl_value *row, const char *key)
{
    return tl_value_number(tl__value_child(row, key), tl__nan_d());
}

/* The figure by which values are compared: without validation rows the training's. */
static const char *report_experiment_judge(const report_experiment *e)
{
    for (size_t i = 0; i < e->values * e->seeds; i++)
        if (e->of[i] && tl__is_finite_d(report_experiment_number(e->of[i], "val_loss"))) return "val_loss";
    return "train_loss";
}

static void report_experiment_take(const report_experiment *e, size_t value, const char *key, double *out)
{
    for (size_t s = 0; s < e->seeds; s++) {
        const tl_value *row = e->of[value * e->seeds + s];
        out[s] = row ? report_experiment_number(row, key) : tl__nan_d();
    }
}

static bool report_experiment_copy(report_experiment *e, const tl__records *records, report_experiment_curve *out)
{
    double *memory = tl__arena_push(e->arena, (records->count + 1) * 3 * sizeof *memory);
    if (!memory) return false;
    *out = (report_experiment_curve){memory, memory + records->count, memory + 2 * records->count, records->count};
    for (size_t i = 0; i < records->count; i++) {
        const tl__epoch *epoch = &tl__records_at(records, i)->epoch;
        out->epoch[i] = (double)epoch->epoch;
        out->train[i] = epoch->train_loss;
        out->val[i] = epoch->val_loss;
    }
    return true;
}

/* Of the run beside the summary; what is not there stays empty. */
static bool report_experiment_curves(report_experiment *e)
{
    for (size_t i = 0; i < e->values * e->seeds; i++) {
        tl__run_records records;
        const char *id = e->of[i] ? tl_value_text(tl__value_child(e->of[i], "run_id"), "") : "";
        const char *folder = tl__arena_format(e->arena, "%s/run_%s", e->folder, id);
        if (!folder) return false;
        if (!*id || tl__run_records_read(e->context, folder, &records, NULL) != TL_OK) continue;
        bool good = report_experiment_copy(e, &records.records, &e->curves[i]);
        tl__run_records_free(&records);
        if (!good) return false;
    }
    return true;
}

static bool report_experiment_is(const char *id, const char *label)
{
    size_t size = strlen(label);
    return strncmp(id, label, size) == 0 && strncmp(id + size, "_seed_", 6) == 0;
}

static bool report_experiment_sort(report_experiment *e)
{
    size_t n = e->values;
    const tl_value *row;
    e->labels = tl__arena_push_zero(e->arena, n + 1, sizeof *e->labels);
    e->order = tl__arena_push_zero(e->arena, n + 1, sizeof *e->order);
    e->means = tl__arena_push_zero(e->arena, n + 1, sizeof *e->means);
    if (!e->labels || !e->order || !e->means) return false;
    for (size_t v = 0; v < n; v++) {
        size_t own = 0;
        e->labels[v] = tl__arena_text(e->arena, tl_value_text(tl__value_child(tl_value_at(e->statistics, v), "label"),
                                                              ""));
        if (!e->labels[v]) return false;
        for (row = e->runs->first; row; row = row->next)
            own += report_experiment_is(tl_value_text(tl__value_child(row, "run_id"), ""), e->labels[v]);
        if (own > e->seeds) e->seeds = own;
    }
    e->of = tl__arena_push_zero(e->arena, n * e->seeds + 1, sizeof *e->of);
    e->curves = tl__arena_push_zero(e->arena, n * e->seeds + 1, sizeof *e->curves);
    double *values = tl__arena_push(e->arena, (e->seeds + 1) * sizeof *values), half;
    if (!e->of || !e->curves || !values) return false;
    for (size_t v = 0; v < n; v++) {
        size_t own = 0;
        for (row = e->runs->first; row; row = row->next)
            if (report_experiment_is(tl_value_text(tl__value_child(row, "run_id"), ""), e->labels[v]))
                e->of[v * e->seeds + own++] = row;
    }
    const char *judge = report_experiment_judge(e);
    for (size_t v = 0; v < n; v++) {
        size_t at = v;
        report_experiment_take(e, v, judge, values);
        report_experiment_interval(values, e->seeds, &e->means[v], &half);
        for (; at > 0 && e->means[v] == e->means[v]; at--) {    /* NaN stays last */
            double before = e->means[e->order[at - 1]];
            if (!(before != before || e->means[v] < before)) break;
            e->order[at] = e->order[at - 1];
        }
        e->order[at] = v;
    }
    return report_experiment_curves(e);
}

/* ---- what it says ---- */

/* Is the best better than the next by more than the seeds explain? Over the seeds that both came through. */
static void report_experiment_verdict(report_experiment *e)
{
    if (e->values < 2) return;
    size_t a = e->order[0], b = e->order[1];
    const char *judge = report_experiment_judge(e);
    double *away = tl__arena_push(e->arena, (e->seeds + 1) * sizeof *away), mean, half;
    if (!away) {
        e->document->failed = true;
        return;
    }
    for (size_t s = 0; s < e->seeds; s++) {
        const tl_value *mine = e->of[a * e->seeds + s];
        away[s] = tl__nan_d();
        for (size_t t = 0; mine && t < e->seeds; t++) {
            const tl_value *other = e->of[b * e->seeds + t];
            if (!other || report_experiment_number(mine, "seed") != report_experiment_number(other, "seed")) continue;
            away[s] = report_experiment_number(other, judge) - report_experiment_number(mine, judge);
        }
    }
    size_t n = report_experiment_interval(away, e->seeds, &mean, &half);
    const char *what = tl__same_text(judge, "val_loss") ? "validation loss" : "training loss";
    if (n < 2)
        tl__document_note(e->document, 1, "%s has the least mean %s, but a single seed says nothing about chance: run "
                          "it with --run-seeds 1,2,3,4,5.", e->labels[a], what);
    else if (mean - half > 0)
        tl__document_note(e->document, 0, "%s has the least mean %s, %.4g below %s, the next, over %zu seeds (95 %% "
                          "interval %.4g to %.4g): more than the seeds explain.", e->labels[a], what, mean,
                          e->labels[b], n, mean - half, mean + half);
    else
        tl__document_note(e->document, 1, "%s has the least mean %s, but %s is only %.4g above it over %zu seeds (95 "
                          "%% interval %.4g to %.4g, which holds 0): the seeds may explain that. More seeds would "
                          "tell.", e->labels[a], what, e->labels[b], mean, n, mean - half, mean + half);
}

static bool report_experiment_spread(report_experiment *e, const char *key, const char *title, const char *label,
                                     bool percent, const char *words)
{
    size_t n = e->values, *sizes = tl__arena_push_zero(e->arena, n + 1, sizeof *sizes), some = 0;
    const char **names = tl__arena_push_zero(e->arena, n + 1, sizeof *names);
    const double **values = tl__arena_push_zero(e->arena, n + 1, sizeof *values);
    double *means = tl__arena_push(e->arena, (n + 1) * 3 * sizeof *means), half;
    tl__picture picture;
    if (!sizes || !names || !values || !means) return false;
    for (size_t i = 0; i < n; i++) {
        double *own = tl__arena_push(e->arena, (e->seeds + 1) * sizeof *own);
        if (!own) return false;
        report_experiment_take(e, i, key, own);
        some += report_experiment_interval(own, e->seeds, &means[i], &half);
        means[n + i] = means[i] - half;
        means[2 * n + i] = means[i] + half;
        names[i] = e->labels[i];
        values[i] = own;
        sizes[i] = e->seeds;
    }
    if (some == 0) return true;
    const tl__spread chart = {.title = title, .x_label = label, .names = names, .values = values, .sizes = sizes,
                              .count = n, .means = means, .low = means + n, .high = means + 2 * n,
                              .percent = percent};
    if (!tl__picture_keep(e->arena, tl__spread_draw, &chart, sizeof chart, title, 720,
                          130 + 34.0 * (double)tl__size_min(n, 40), &picture)) return false;
    tl__document_picture(e->document, key, &picture, words);
    return true;
}

/* The mean over the seeds, as far as all of them have come. */
static bool report_experiment_mean(report_experiment *e, size_t value, tl__chart_series *out)
{
    size_t count = 0, some = 0;
    const report_experiment_curve *curves = e->curves + value * e->seeds, *longest = NULL;
    for (size_t s = 0; s < e->seeds; s++) {
        if (curves[s].count == 0) continue;
        if (!some++ || curves[s].count < count) count = curves[s].count, longest = &curves[s];
    }
    double *y = tl__arena_push_zero(e->arena, count + 1, sizeof *y);
    if (!y) return false;
    for (size_t i = 0; i < count; i++)
        for (size_t s = 0; s < e->seeds; s++)
            if (curves[s].count) y[i] += curves[s].val[i] / (double)some;
    *out = (tl__chart_series){.name = e->labels[value], .x = longest ? longest->epoch : y, .y = y, .count = count};
    return true;
}

static bool report_experiment_wide(double low, double high) { return low > 0 && high / low > 20; }

static bool report_experiment_means(report_experiment *e)
{
    tl__chart_series *series = tl__arena_push_zero(e->arena, REPORT_EXPERIMENT_MEANS, sizeof *series);
    double low = 1e300, high = -1e300;
    size_t used = 0;
    tl__picture picture;
    if (!series) return false;
    for (size_t i = 0; i < e->values && used < REPORT_EXPERIMENT_MEANS; i++) {
        if (!report_experiment_mean(e, e->order[i], &series[used])) return false;
        bool some = false;
        for (size_t k = 0; k < series[used].count; k++) {
            double y = series[used].y[k];
            if (!tl__is_finite_d(y)) continue;
            low = y < low ? y : low;
            high = y > high ? y : high;
            some = true;
        }
        series[used].colour = (int)used;
        used += some;
    }
    if (used == 0) return true;
    const tl__chart chart = {.title = "Validation loss of the values, mean over the seeds", .x_label = "epoch",
                             .y_label = "loss", .series = series, .count = used,
                             .y_log = report_experiment_wide(low, high)};
    if (!tl__picture_keep(e->arena, tl__chart_draw, &chart, sizeof chart, chart.title, 720, 360, &picture))
        return false;
    tl__document_picture(e->document, "curves", &picture, e->values > used
                             ? "The best values; each line as far as all of its seeds have come. A line that still "
                               "falls at its end would gain from more epochs."
                             : "Each line as far as all of its seeds have come. A line that still falls at its end "
                               "would gain from more epochs.");
    return true;
}

/* Of one value: each seed's losses. */
static bool report_experiment_panel(report_experiment *e, size_t value, const tl__chart *all, tl__picture *out)
{
    tl__chart chart = *all;
    tl__chart_series *series = tl__arena_push_zero(e->arena, 2 * e->seeds + 1, sizeof *series);
    if (!series) return false;
    for (int of = 0; of < 2; of++)
        for (size_t s = 0; s < e->seeds; s++) {
            const report_experiment_curve *curve = &e->curves[value * e->seeds + s];
            series[chart.count++] = (tl__chart_series){.x = curve->epoch, .y = of ? curve->val : curve->train,
                                                       .count = curve->count, .colour = of ? 0 : 1, .opacity = 0.8};
        }
    chart.title = e->labels[value];
    chart.series = series;
    return tl__picture_keep(e->arena, tl__chart_draw, &chart, sizeof chart, chart.title, 240, 190, out);
}

static bool report_experiment_panels(report_experiment *e)
{
    size_t count = tl__size_min(e->values, REPORT_EXPERIMENT_PANELS), some = 0;
    double low = 1e300, high = -1e300;
    tl__picture picture, *pictures = tl__arena_push_zero(e->arena, count + 1, sizeof *pictures);
    tl__chart all = {.x_label = "epoch", .y_label = "loss"};
    if (!pictures) return false;
    for (size_t i = 0; i < e->values * e->seeds; i++)
        for (size_t k = 0; k < 2 * e->curves[i].count; k++) {
            double y = k % 2 ? e->curves[i].train[k / 2] : e->curves[i].val[k / 2];
            if (!tl__is_finite_d(y)) continue;
            low = y < low ? y : low;
            high = y > high ? y : high;
            some++;
        }
    if (some == 0) return true;
    all.y_log = report_experiment_wide(low, high);
    all.y_low = low;
    all.y_high = high;
    for (size_t i = 0; i < count; i++)
        if (!report_experiment_panel(e, e->values > count ? e->order[i] : i, &all, &pictures[i])) return false;
    bool named = true;               /* short enough for three beside each other */
    for (size_t i = 0; i < e->values; i++) named = named && strlen(e->labels[i]) < 22;
    size_t columns = count < 3 || count == 4 || !named ? 2 : 3, rows = (count + columns - 1) / columns;
    const tl__panels panels = {.title = "Loss of each seed: validation blue, training orange", .pictures = pictures,
                               .count = count, .columns = columns};
    if (!tl__picture_keep(e->arena, tl__panels_draw, &panels, sizeof panels, panels.title, 720,
                          34 + (columns == 2 ? 230.0 : 200.0) * (double)rows, &picture)) return false;
    tl__document_picture(e->document, "panels", &picture, "All on one scale. Lines that lie apart in a panel are what "
                         "chance does; blue that rises while orange falls is a training that learns its rows by "
                         "heart.");
    return true;
}

/* Mean and deviation of each value. */
static void report_experiment_table(report_experiment *e)
{
    static const struct { const char *key, *words; double times; } columns[] = {
        {"val_loss", "validation loss", 1}, {"val_accuracy", "validation accuracy, %", 100},
        {"test_loss", "test loss", 1},
        {"test_accuracy", "test accuracy, %", 100}, {"epochs", "epochs", 1}};
    size_t width = 2, has[TL_COUNT(columns)] = {0};
    char mean[32], std[32];
    for (size_t c = 0; c < TL_COUNT(columns); c++) {
        for (const tl_value *v = e->statistics->first; v; v = v->next)
            if (tl__value_child(v, columns[c].key)) has[c] = 1;
        width += has[c];
    }
    tl__block *table = tl__document_table(e->document, "Mean and standard deviation over the seeds", width);
    tl__document_cell(e->document, table, "value");
    for (size_t c = 0; c < TL_COUNT(columns); c++)
        if (has[c]) tl__document_cell(e->document, table, "%s", columns[c].words);
    tl__document_cell(e->document, table, "runs");
    for (size_t i = 0; i < e->values; i++) {
        const tl_value *v = tl_value_at(e->statistics, i);
        tl__document_cell(e->document, table, "%s", e->labels[i]);
        for (size_t c = 0; c < TL_COUNT(columns); c++) {
            const tl_value *of = tl__value_child(v, columns[c].key);
            if (!has[c]) continue;
            tl__say_figure(mean, columns[c].times * report_experiment_number(of, "mean"));
            tl__say_figure(std, columns[c].times * report_experiment_number(of, "std"));
            tl__document_cell(e->document, table, of ? "%s \xc2\xb1 %s" : "-", mean, std);
        }
        double n = report_experiment_number(tl__value_child(v, "epochs"), "n");
        tl__document_cell(e->document, table, "%.0f", n == n ? n : 0.0);
    }
}

static void report_experiment_runs(report_experiment *e)
{
    static const struct { const char *key, *words, *unit; } columns[] = {
        {"val_loss", "validation loss", ""}, {"val_accuracy", "validation accuracy", "%"},
        {"train_loss", "training loss", ""}, {"epochs", "epochs", ""}, {"stopping_reason", "why it ended", NULL}};
    tl__block *table = tl__document_table(e->document, "All runs", TL_COUNT(columns) + 1);
    tl__document_cell(e->document, table, "run");
    for (size_t c = 0; c < TL_COUNT(columns); c++) tl__document_cell(e->document, table, "%s", columns[c].words);
    for (const tl_value *row = e->runs->first; row; row = row->next) {
        const char *why = tl_value_text(tl__value_child(row, "error"), "");
        tl__document_cell(e->document, table, "%s", tl_value_text(tl__value_child(row, "run_id"), ""));
        for (size_t c = 0; c < TL_COUNT(columns); c++) {
            if (columns[c].unit)
                tl__document_figure(e->document, table, report_experiment_number(row, columns[c].key), columns[c].unit);
            else
                tl__document_cell(e->document, table, "%s%s", *why ? "failed: " : "",
                                  *why ? why : tl_value_text(tl__value_child(row, columns[c].key), ""));
        }
    }
}

static bool report_experiment_say(report_experiment *e)
{
    size_t runs = 0, failed = 0;
    for (const tl_value *row = e->runs->first; row; row = row->next, runs++)
        failed += tl__same_text(tl_value_text(tl__value_child(row, "status"), ""), "failed");
    tl__document_text(e->document, "%zu values were tried, in %zu runs, of which %zu failed. The runs of a value "
                      "differ by their seed only.", e->values, runs, failed);
    report_experiment_verdict(e);
    tl__document_heading(e->document, "What the values came to");
    const char *judge = report_experiment_judge(e);
    bool validated = tl__same_text(judge, "val_loss");
    bool good = report_experiment_spread(e, judge, validated ? "Validation loss of each run" : "Loss of each run",
                                         "loss", false,
                                         "Each dot is a seed, the bar the mean with its 95 % interval (Student's t). "
                                         "Values whose bars lie apart differ by more than the seeds; further left is "
                                         "better.") &&
                report_experiment_spread(e, "val_accuracy", "Validation accuracy of each run", "share of rows", true,
                                         "The same of the share of validation rows that are named rightly; further "
                                         "right is better.");
    report_experiment_table(e);
    tl__document_heading(e->document, "How the trainings went");
    good = good && report_experiment_means(e) && report_experiment_panels(e);
    report_experiment_runs(e);
    return good;
}

static tl_status report_experiment_make(report_experiment *e, const tl_value *summary, tl_error *error)
{
    e->runs = tl__value_child(summary, "runs");
    e->statistics = tl__value_child(summary, "statistics");
    if (tl_value_kind(e->runs) != TL_LIST || tl_value_kind(e->statistics) != TL_LIST)
        return tl__fail(error, TL_BAD_DATA, "%s/summary.json has no runs; run the experiment again.", e->folder);
    e->values = tl_value_count(e->statistics);
    if (e->values * (tl_value_count(e->runs) + 1) > (size_t)1 << 24)
        return tl__fail(error, TL_BAD_DATA, "%s/summary.json has too many runs for a report.", e->folder);
    const char *title = tl__arena_format(e->arena, "%.80s: experiment",
                                         tl_value_text(tl__value_child(summary, "experiment"), "experiment"));
    const char *from = tl__path_join(e->arena, e->folder, "summary.csv");
    if (!title || !from) return tl__fail_memory(error, 256);
    tl__document_init(e->document, e->arena, title, from);
    bool made = report_experiment_sort(e) && report_experiment_say(e);
    return !made || e->document->failed ? tl__fail_memory(error, 256) : TL_OK;
}

TL_PRIV tl_status tl__report_experiment(tl_context *context, const char *folder, tl__arena *arena, tl__document *out,
                                        tl_error *error)
{
    report_experiment e = {.context = context, .arena = arena, .document = out, .folder = folder};
    const char *path = tl__path_join(arena, folder, "summary.json");
    tl__tree *tree;
    if (!path) return tl__fail_memory(error, 256);
    TL_TRY(tl__json_read(context, path, &tree, error));
    tl_status status = report_experiment_make(&e, &tree->root, error);
    tl__tree_free(tree);
    return status;
}
