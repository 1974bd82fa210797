/* What a classifier gets right and wrong, on the part that was held back. */
#include "base/math.h"
#include "base/text.h"
#include "lab/pictures.h"

enum { CLASSIFIED_BARS = 40, CLASSIFIED_ZEROS = 12 };    /* classes up to which empty cells say 0 */

static const char *classified_title(tl__story *story, const char *what)
{
    const char *title = tl__arena_format(&story->arena, "%s, %s part", what, story->part_name);
    return title ? title : what;
}

static bool classified_keep(tl__story *story, tl__draw *draw, const void *chart, size_t size, const char *title,
                            double width, double height, tl__picture *out, bool *failed)
{
    if (tl__picture_keep(&story->arena, draw, chart, size, title, width, height, out)) return true;
    *failed = true;
    return false;
}

static bool classified_confusion(tl__story *story, tl__picture *out, const char **words, bool *failed)
{
    const tl_value *rows = tl_value_get(story->part, "confusion");
    size_t n = tl_value_count(rows);
    if (n == 0 || n != story->classes) return false;
    double *counts = tl__arena_push_zero(&story->arena, n * n, sizeof *counts);
    double *shares = tl__arena_push_zero(&story->arena, n * n, sizeof *shares);
    if (!counts || !shares) return *failed = true, false;
    for (size_t r = 0; r < n; r++) {
        double sum = 0;
        for (size_t c = 0; c < n; c++) {
            counts[r * n + c] = tl_value_number(tl_value_at(tl_value_at(rows, r), c), 0);
            sum += counts[r * n + c];
        }
        for (size_t c = 0; c < n; c++) {
            shares[r * n + c] = sum > 0 ? counts[r * n + c] / sum : 0;
            if (n > CLASSIFIED_ZEROS && counts[r * n + c] == 0) counts[r * n + c] = 0.0 / 0.0;
        }
    }
    const char *title = classified_title(story, "Confusion matrix");
    tl__heat_map map = {.title = title, .x_label = "predicted", .y_label = "actual", .value_label = "share of the row",
                        .values = shares, .numbers = counts, .rows = n, .columns = n, .row_names = story->class_names,
                        .column_names = story->class_names, .high = 1, .percent = true};
    *words = "Each row is what the rows of a class were taken for; the numbers are rows. What lies off the diagonal is "
             "wrong, and strongly coloured cells there name the classes that are taken for each other.";
    double height = n <= 3 ? 300 : n <= 12 ? 160 + 30.0 * (double)n : n <= 40 ? 300 + 12.0 * (double)n : 780;
    return classified_keep(story, tl__heat_map_draw, &map, sizeof map, title, 720, height, out, failed);
}

/* Curves of the classes: [{class, x: [...], y: [...]}]. */
static tl__rate_curve *classified_curves(tl__story *story, const tl_value *list, const char *x, const char *y,
                                         bool *failed)
{
    tl__rate_curve *curves = tl__arena_push_zero(&story->arena, tl_value_count(list) + 1, sizeof *curves);
    const tl_value *classes = tl_value_get(story->part, "per_class");
    if (!curves) *failed = true;
    for (size_t k = 0; curves && k < tl_value_count(list); k++) {
        const tl_value *entry = tl_value_at(list, k), *name = tl_value_get(entry, "class");
        tl__rate_curve *curve = &curves[k];
        size_t more;
        curve->name = tl_value_text(name, NULL);
        if (!curve->name) curve->name = tl__arena_format(&story->arena, "%lld", (long long)tl_value_integer(name, 0));
        curve->x = tl__story_numbers(&story->arena, tl_value_get(entry, x), &curve->count);
        curve->y = tl__story_numbers(&story->arena, tl_value_get(entry, y), &more);
        curve->count = tl__size_min(curve->count, more);
        curve->area = tl__story_number(entry, "average_precision");
        for (size_t c = 0; curve->name && c < tl_value_count(classes) && c < story->classes && x[0] == 'f'; c++)
            if (tl__same_text(story->class_names[c], curve->name))
                curve->area = tl__story_number(tl_value_at(classes, c), "auc");
        if (!curve->name || (!curve->x && tl_value_get(entry, x)) || (!curve->y && tl_value_get(entry, y)))
            *failed = true;
    }
    return *failed ? NULL : curves;
}

static bool classified_roc(tl__story *story, tl__picture *out, const char **words, bool *failed)
{
    const tl_value *list = tl_value_get(story->part, "roc");
    if (tl_value_count(list) == 0) return false;
    const char *title = classified_title(story, "ROC");
    tl__rate_curves curves = {.title = title, .kind = TL__RATE_ROC, .count = tl_value_count(list),
                              .base = 0.0 / 0.0};
    curves.curves = classified_curves(story, list, "false_positive_rate", "true_positive_rate", failed);
    if (!curves.curves) return false;
    *words = story->classes > 2 ? "Each class against all others: how many of its rows are found (up) at the price "
                                  "of how "
                                  "many false alarms (to the right), over all thresholds. The closer to the upper left "
                                  "corner the better; the diagonal is guessing. AUC is the area below."
                                : "How many rows of the class are found (up) at the price of how many false alarms "
                                  "(to the "
                                  "right), over all thresholds. The closer to the upper left corner the better; the "
                                  "diagonal is guessing. AUC is the area below.";
    return classified_keep(story, tl__rate_curves_draw, &curves, sizeof curves, title, 720, 460, out, failed);
}

static bool classified_recall(tl__story *story, tl__picture *out, const char **words, bool *failed)
{
    const tl_value *list = tl_value_get(story->part, "precision_recall"), *classes = tl_value_get(story->part,
                                                                                                 "per_class");
    if (tl_value_count(list) == 0) return false;
    const char *title = classified_title(story, "Precision and recall");
    tl__rate_curves curves = {.title = title, .kind = TL__RATE_PRECISION_RECALL, .count = tl_value_count(list),
                              .base = 0.0 / 0.0};
    curves.curves = classified_curves(story, list, "recall", "precision", failed);
    if (!curves.curves) return false;
    if (curves.count == 1) {
        double rows = 0, own = 0;
        for (size_t c = 0; c < story->classes; c++) {
            double support = tl__story_number(tl_value_at(classes, c), "support");
            rows += support;
            if (tl__same_text(story->class_names[c], curves.curves[0].name)) own = support;
        }
        curves.base = rows > 0 ? own / rows : 0.0 / 0.0;
    }
    *words = "Of the rows that are named as the class, how many are right (precision, up), against how many of the "
             "class "
             "are found (recall, to the right). Where a class is rare, this says more than ROC. AP is the mean "
             "precision.";
    return classified_keep(story, tl__rate_curves_draw, &curves, sizeof curves, title, 720, 460, out, failed);
}

static bool classified_reliability(tl__story *story, tl__picture *out, const char **words, bool *failed)
{
    const tl_value *bins = tl_value_get(story->part, "reliability");
    size_t count, more, most;
    if (!bins) return false;
    const char *title = classified_title(story, "Reliability");
    tl__reliability chart = {.title = title, .error = tl__story_number(story->part, "calibration_error")};
    chart.counts = tl__story_numbers(&story->arena, tl_value_get(bins, "rows"), &count);
    chart.confidence = tl__story_numbers(&story->arena, tl_value_get(bins, "confidence"), &more);
    chart.accuracy = tl__story_numbers(&story->arena, tl_value_get(bins, "accuracy"), &most);
    chart.bins = tl__size_min(count, tl__size_min(more, most));
    if (!chart.counts || !chart.confidence || !chart.accuracy) return *failed = true, false;
    *words = "Can its probabilities be believed? Rows are put into bins by how sure the model was of its answer; a "
             "bar is "
             "the share of them that was right. Bars below the diagonal mean that it is too sure, above that it is too "
             "modest. Bins of few rows (below) say little.";
    return classified_keep(story, tl__reliability_draw, &chart, sizeof chart, title, 720, 460, out, failed);
}

static bool classified_bars(tl__story *story, tl__picture *out, const char **words, bool *failed)
{
    static const char *const groups[] = {"precision", "recall"};
    const tl_value *classes = tl_value_get(story->part, "per_class");
    size_t n = story->classes, shown = tl__size_min(n, CLASSIFIED_BARS);
    if (n < 2) return false;
    double *values = tl__arena_push_zero(&story->arena, 2 * n, sizeof *values);
    if (!values) return *failed = true, false;
    for (size_t k = 0; k < n; k++)
        for (size_t g = 0; g < 2; g++) values[2 * k + g] = tl__story_number(tl_value_at(classes, k), groups[g]);
    const char *title = classified_title(story, "Precision and recall of each class");
    const tl__bars bars = {.title = title, .x_label = "share of rows", .names = story->class_names, .count = n,
                           .groups = groups, .group_count = 2, .values = values, .most = CLASSIFIED_BARS,
                            .percent = true};
    *words = "Precision: of the rows that were named as the class, the share that is. Recall: of the rows of the "
             "class, the "
             "share that was found. A class with low recall is overlooked, one with low precision is named too often.";
    double height = 110 + 26.0 * (double)shown;
    return classified_keep(story, tl__bars_draw, &bars, sizeof bars, title, 720, height, out, failed);
}

TL_PRIV const tl__run_picture *tl__pictures_of_classes(size_t index)
{
    static const tl__run_picture all[] = {
        {"confusion", "What it gets right and wrong", classified_confusion},
        {"classes", "What it gets right and wrong", classified_bars},
        {"roc", "What it gets right and wrong", classified_roc},
        {"precision_recall", "What it gets right and wrong", classified_recall},
        {"reliability", "What it gets right and wrong", classified_reliability},
    };
    return index < TL_COUNT(all) ? &all[index] : NULL;
}
