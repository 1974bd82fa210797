/* The classification report as text: right-aligned columns, two decimals, as sklearn.metrics.classification_report. */
#include "base/text.h"
#include "metrics/metrics.h"

enum { REPORT_COLUMN = 10, REPORT_LABEL = 12 };

static size_t report_width(size_t classes, const char *const *names)
{
    size_t width = REPORT_LABEL;   /* "weighted avg" */
    for (size_t k = 0; names && k < classes; k++) width = tl__size_max(width, strlen(names[k]));
    return width;
}

static void report_right(tl__buffer *out, const char *text, size_t width)
{
    for (size_t used = strlen(text); used < width; used++) tl__buffer_char(out, ' ');
    tl__buffer_text(out, text);
}

static void report_number(tl__buffer *out, double value)
{
    char text[40];
    tl__format(text, sizeof text, "%.2f", value);
    report_right(out, text, REPORT_COLUMN);
}

static void report_count(tl__buffer *out, int64_t count)
{
    char text[24];
    tl__format(text, sizeof text, "%lld", (long long)count);
    report_right(out, text, REPORT_COLUMN);
    tl__buffer_char(out, '\n');
}

static void report_row(tl__buffer *out, size_t width, const char *label, double precision, double recall, double f1,
                       int64_t support)
{
    report_right(out, label, width);
    tl__buffer_char(out, ' ');
    report_number(out, precision);
    report_number(out, recall);
    report_number(out, f1);
    report_count(out, support);
}

/* The figures of one class, read off the matrix. */
static void report_class(tl__buffer *out, size_t width, const int64_t *counts, size_t classes, size_t k,
                         const char *name)
{
    int64_t support = 0, predicted = 0, hits = counts[k * classes + k];
    for (size_t j = 0; j < classes; j++) {
        support += counts[k * classes + j];
        predicted += counts[j * classes + k];
    }
    report_row(out, width, name, predicted ? (double)hits / (double)predicted : 0.0,
               support ? (double)hits / (double)support : 0.0,
               support + predicted ? 2.0 * (double)hits / (double)(support + predicted) : 0.0, support);
}

TL_PRIV void tl__class_report(tl__buffer *out, const int64_t *counts, size_t classes, const char *const *names)
{
    const size_t width = report_width(classes, names);
    tl__class_summary s;
    tl__class_summarize(counts, classes, -1, &s);
    report_right(out, "", width + 1);
    report_right(out, "precision", REPORT_COLUMN);
    report_right(out, "recall", REPORT_COLUMN);
    report_right(out, "f1-score", REPORT_COLUMN);
    report_right(out, "support", REPORT_COLUMN);
    tl__buffer_text(out, "\n\n");
    for (size_t k = 0; k < classes; k++) {
        char number[24];
        tl__format(number, sizeof number, "%zu", k);
        report_class(out, width, counts, classes, k, names ? names[k] : number);
    }
    tl__buffer_char(out, '\n');
    report_right(out, "accuracy", width);
    report_right(out, "", 2 * REPORT_COLUMN + 1);
    report_number(out, s.accuracy);
    report_count(out, s.rows);
    report_row(out, width, "macro avg", s.precision_macro, s.recall_macro, s.f1_macro, s.rows);
    report_row(out, width, "weighted avg", s.precision_weighted, s.recall_weighted, s.f1_weighted, s.rows);
}
