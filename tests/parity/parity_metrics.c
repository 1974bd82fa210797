/* metrics.json: predictions and the figures that scikit-learn and plain formulas give for them, in double. */
#include "metrics/forecast_score.h"
#include "base/text.h"
#include "parity/parity_list.h"

enum { PARITY_ROWS = 512, PARITY_COLUMNS = 16 };

/* One case, unpacked. */
typedef struct parity_metrics_case {
    parity *p;
    const char *name;
    const tl_value *expect;
    size_t rows, columns;
    int32_t truth[PARITY_ROWS], predicted[PARITY_ROWS];
    double values[PARITY_ROWS * PARITY_COLUMNS], other[PARITY_ROWS * PARITY_COLUMNS];
    int64_t counts[PARITY_COLUMNS * PARITY_COLUMNS];
} parity_metrics_case;

static void metrics_number(parity_metrics_case *c, const char *key, double got)
{
    const tl_value *want = tl__value_child(c->expect, key);
    if (want) parity_number(c->p, c->name, key, got, tl_value_number(want, 0.0), 1e-12, 1e-9);
}

static void metrics_list(parity_metrics_case *c, const char *key, const double *got, size_t stride, size_t count)
{
    const tl_value *want = tl__value_child(c->expect, key);
    for (size_t i = 0; want && i < count; i++)
        parity_number(c->p, c->name, key, *(const double *)(const void *)((const char *)got + i * stride),
                      tl_value_number(tl_value_at(want, i), 0.0), 1e-12, 1e-9);
}

static size_t metrics_doubles(const tl_value *list, double *out, size_t limit)
{
    size_t count = 0;
    for (size_t i = 0; i < tl_value_count(list); i++) {
        const tl_value *item = tl_value_at(list, i);
        if (tl_value_kind(item) == TL_LIST)
            count += metrics_doubles(item, out + count, limit - count);
        else if (count < limit)
            out[count++] = tl_value_number(item, 0.0);
    }
    return count;
}

static void metrics_integers(const tl_value *list, int32_t *out, size_t limit)
{
    for (size_t i = 0; i < tl_value_count(list) && i < limit; i++)
        out[i] = (int32_t)tl_value_integer(tl_value_at(list, i), -1);
}

static void metrics_summary(parity_metrics_case *c)
{
    tl__class_figures figures[PARITY_COLUMNS];
    tl__class_summary s;
    memset(c->counts, 0, sizeof c->counts);
    tl__confusion_add(c->counts, c->columns, c->truth, c->predicted, c->rows);
    tl__class_summarize(c->counts, c->columns, -1, &s);
    tl__class_figures_of(c->counts, c->columns, figures);
    metrics_number(c, "accuracy", s.accuracy);
    metrics_number(c, "balanced_accuracy", s.balanced_accuracy);
    metrics_number(c, "precision_macro", s.precision_macro);
    metrics_number(c, "recall_macro", s.recall_macro);
    metrics_number(c, "f1_macro", s.f1_macro);
    metrics_number(c, "precision_weighted", s.precision_weighted);
    metrics_number(c, "recall_weighted", s.recall_weighted);
    metrics_number(c, "f1_weighted", s.f1_weighted);
    metrics_number(c, "precision_micro", s.precision_micro);
    metrics_number(c, "recall_micro", s.recall_micro);
    metrics_number(c, "f1_micro", s.f1_micro);
    metrics_number(c, "mcc", s.mcc);
    metrics_number(c, "cohen_kappa", s.kappa);
    metrics_number(c, "cohen_kappa_quadratic", s.kappa_quadratic);
    metrics_list(c, "precision", &figures->precision, sizeof *figures, c->columns);
    metrics_list(c, "recall", &figures->recall, sizeof *figures, c->columns);
    metrics_list(c, "f1", &figures->f1, sizeof *figures, c->columns);
    double cells[PARITY_COLUMNS], support[PARITY_COLUMNS];
    for (size_t k = 0; k < c->columns; k++) {
        const tl_value *row = tl_value_at(tl__value_child(c->expect, "confusion"), k);
        support[k] = (double)figures[k].support;
        for (size_t j = 0; j < c->columns; j++) {
            cells[j] = (double)c->counts[k * c->columns + j];
            parity_number(c->p, c->name, "confusion", cells[j], tl_value_number(tl_value_at(row, j), -1.0), 0.0, 0.0);
        }
    }
    metrics_list(c, "support", support, sizeof *support, c->columns);
}

static void metrics_weights(parity_metrics_case *c)
{
    int64_t counts[PARITY_COLUMNS];
    double weights[PARITY_COLUMNS], normal[PARITY_COLUMNS];
    const tl_value *want = tl__value_child(c->expect, "class_weight_balanced");
    double sum = 0.0, occur = 0.0, share = 0.0;
    tl__class_counts(c->truth, c->rows, c->columns, counts);
    tl__balanced_weights_plain(counts, c->columns, weights);
    tl__balanced_weights(counts, c->columns, normal);
    for (size_t k = 0; k < c->columns; k++) {
        char key[24];
        tl__format(key, sizeof key, "%zu", k);
        const tl_value *one = tl__value_child(want, key);
        if (one) parity_number(c->p, c->name, "class_weight_balanced", weights[k], tl_value_number(one, 0.0), 0.0, 1e-12);
        sum += normal[k];
        occur += counts[k] > 0 ? 1.0 : 0.0;
        if (counts[k] > 0) share = normal[k] / weights[k];
    }
    parity_number(c->p, c->name, "balanced weights add up", sum, occur, 0.0, 1e-12);
    for (size_t k = 0; k < c->columns; k++)
        parity_number(c->p, c->name, "balanced weights keep proportions", normal[k], weights[k] * share, 0.0, 1e-12);
}

static void metrics_ranking(parity_metrics_case *c)
{
    tl__heap *heap = parity_heap(c->p);
    const tl__reals p = tl__of_doubles(c->values);
    double per_class[PARITY_COLUMNS] = {0}, value = 0.0;
    tl__auc(heap, c->truth, p, c->rows, c->columns, false, per_class, &value);
    metrics_number(c, c->columns == 2 ? "roc_auc" : "roc_auc_ovr_macro", value);
    metrics_list(c, "roc_auc_ovr_per_class", per_class, sizeof *per_class, c->columns);
    tl__auc(heap, c->truth, p, c->rows, c->columns, true, NULL, &value);
    metrics_number(c, "roc_auc_ovr_weighted", value);
    tl__auc_one_vs_one(heap, c->truth, p, c->rows, c->columns, &value);
    metrics_number(c, "roc_auc_ovo_macro", value);
    for (size_t k = 0; k < c->columns; k++)
        tl__average_precision(heap, c->truth, p, c->rows, c->columns, k, (int32_t)k, &per_class[k]);
    metrics_list(c, "average_precision_per_class", per_class, sizeof *per_class, c->columns);
    if (c->columns != 2) return;
    metrics_number(c, "pr_auc_average_precision", per_class[1]);
    tl__curve curve;
    if (tl__roc_curve(heap, c->truth, p, c->rows, 2, 1, 1, 0, &curve) == TL_OK)
        metrics_number(c, "roc_auc", tl__curve_area(&curve));
    tl__curve_free(heap, &curve);
    if (tl__precision_recall_curve(heap, c->truth, p, c->rows, 2, 1, 1, 0, &curve) == TL_OK)
        metrics_number(c, "pr_auc_trapezoid", tl__curve_area(&curve));
    tl__curve_free(heap, &curve);
}

/* The file's probabilities have six digits; its figures are those of rows that add up to 1. */
static void metrics_normalize(parity_metrics_case *c)
{
    for (size_t i = 0; i < c->rows; i++) {
        double sum = 0.0;
        for (size_t j = 0; j < c->columns; j++) sum += c->values[i * c->columns + j];
        for (size_t j = 0; j < c->columns; j++) c->values[i * c->columns + j] /= sum;
    }
}

static void metrics_classification(parity_metrics_case *c, const tl_value *one)
{
    int32_t argmax[PARITY_ROWS];
    const tl__reals p = tl__of_doubles(c->values);
    c->columns = (size_t)tl_value_integer(tl__value_child(one, "classes"), 0);
    c->rows = (size_t)tl_value_integer(tl__value_child(one, "n"), 0);
    metrics_integers(tl__value_child(one, "y_true"), c->truth, PARITY_ROWS);
    metrics_integers(tl__value_child(one, "y_pred"), c->predicted, PARITY_ROWS);
    metrics_doubles(tl__value_child(one, "proba"), c->values, PARITY_ROWS * PARITY_COLUMNS);
    tl__predicted_classes(p, c->rows, c->columns, argmax);
    for (size_t i = 0; i < c->rows; i++)
        parity_number(c->p, c->name, "predicted class", argmax[i], c->predicted[i], 0.0, 0.0);
    metrics_summary(c);
    metrics_weights(c);
    metrics_ranking(c);
    metrics_normalize(c);
    metrics_number(c, "log_loss", tl__log_loss(c->truth, p, c->rows, c->columns));
    metrics_number(c, "brier_multiclass", tl__brier(c->truth, p, c->rows, c->columns, false));
    metrics_number(c, "brier", tl__brier(c->truth, p, c->rows, c->columns, true));
    metrics_number(c, "top2_accuracy", tl__top_accuracy(c->truth, p, c->rows, c->columns, 2));
    metrics_number(c, "ece_10_equal_width", tl__calibration_error(c->truth, p, c->rows, c->columns, 10));
}

/* One column of an array of `columns` columns. */
static void metrics_column(const double *from, size_t rows, size_t columns, size_t column, double *to)
{
    for (size_t i = 0; i < rows; i++) to[i] = from[i * columns + column];
}

static void metrics_quantiles(parity_metrics_case *c, const tl_value *one)
{
    double quantiles[PARITY_ROWS * 3], low[PARITY_ROWS], high[PARITY_ROWS], middle[PARITY_ROWS], truth[PARITY_ROWS];
    const tl_value *want = tl__value_child(c->expect, "pinball");
    const size_t read = metrics_doubles(tl__value_child(one, "quantile_pred_01_05_09"), quantiles, PARITY_ROWS * 3);
    const double q[] = {0.1, 0.5, 0.9};
    const double *columns[] = {low, middle, high};
    if (read != c->rows * 3) return;
    metrics_column(quantiles, c->rows, 3, 0, low);
    metrics_column(quantiles, c->rows, 3, 1, middle);
    metrics_column(quantiles, c->rows, 3, 2, high);
    metrics_column(c->values, c->rows, c->columns, 0, truth);
    for (size_t k = 0; k < 3; k++) {
        char key[32];
        tl__format(key, sizeof key, "%g", q[k]);
        const tl_value *one_want = tl_value_kind(want) == TL_LIST ? tl_value_at(want, k) : tl__value_child(want, key);
        double got = tl__pinball(tl__of_doubles(truth), tl__of_doubles(columns[k]), c->rows, q[k]);
        parity_number(c->p, c->name, "pinball", got, tl_value_number(one_want, -1.0), 1e-12, 1e-9);
    }
    metrics_number(c, "coverage_80",
                   tl__coverage(tl__of_doubles(truth), tl__of_doubles(low), tl__of_doubles(high), c->rows));
}

static void metrics_series(parity_metrics_case *c, const tl_value *one)
{
    double series[PARITY_ROWS], truth[PARITY_ROWS], predicted[PARITY_ROWS], median = 0.0;
    const size_t length = metrics_doubles(tl__value_child(one, "train_series"), series, PARITY_ROWS);
    tl__value_figures f;
    metrics_column(c->values, c->rows, c->columns, 0, truth);
    metrics_column(c->other, c->rows, c->columns, 0, predicted);
    tl__value_figures_of(tl__of_doubles(truth), tl__of_doubles(predicted), c->rows, 1, NULL, &f);
    metrics_number(c, "max_error_output0", f.max_error);
    metrics_number(c, "mase_output0_m1", tl__mase(f.mae, tl__of_doubles(series), length, 1));
    metrics_number(c, "mase_output0_m7", tl__mase(f.mae, tl__of_doubles(series), length, 7));
    tl__median_error(parity_heap(c->p), tl__of_doubles(truth), tl__of_doubles(predicted), c->rows, &median);
    metrics_number(c, "median_ae_output0", median);
}

static void metrics_levels(parity_metrics_case *c, const tl__forecast_score *score)
{
    static const char *const names[] = {"0.1", "0.5", "0.9"};
    const tl_value *want = tl__value_child(c->expect, "pinball");
    tl__forecast_interval interval;
    for (size_t q = 0; q < 3; q++) {
        const tl_value *one = tl_value_kind(want) == TL_LIST ? tl_value_at(want, q) : tl__value_child(want, names[q]);
        parity_number(c->p, c->name, "pinball", tl__forecast_score_pinball(score, TL__BY_ALL, 0, q),
                      tl_value_number(one, -1.0), 1e-12, 1e-9);
    }
    tl__forecast_score_interval(score, TL__BY_ALL, 0, 0, &interval);
    metrics_number(c, "coverage_80", interval.coverage);
}

/* The same rows as windows of one step: scores by windows are the figures of arrays. */
static void metrics_windows(parity_metrics_case *c, const tl_value *one)
{
    static double block[40 * 8];
    double series[PARITY_ROWS], scale[2], quantiles[PARITY_ROWS * 3];
    const double levels[] = {0.1, 0.5, 0.9};
    const tl__forecast_shape shapes[] = {{1, c->columns, 0, 0, NULL, false}, {1, 1, 0, 3, levels, false}};
    const size_t length = metrics_doubles(tl__value_child(one, "train_series"), series, PARITY_ROWS);
    const size_t read = metrics_doubles(tl__value_child(one, "quantile_pred_01_05_09"), quantiles, PARITY_ROWS * 3);
    tl__forecast_figures f;
    for (int pass = 0; pass < 3; pass++) {    /* all outputs; the first one with quantiles, scaled by seasons 1 and 7 */
        const tl__forecast_shape *shape = &shapes[pass > 0];
        tl__carver carver = {.base = (unsigned char *)block};
        tl__forecast_score score;
        tl__forecast_score_carve(&carver, &score, shape);
        if (carver.used > sizeof block || (pass && read != c->rows * 3)) return;
        tl__forecast_score_begin(&score);
        scale[0] = tl__naive_error(tl__of_doubles(series), length, 1, 0, pass == 2 ? 7 : 1);
        for (size_t i = 0; i < c->rows; i++) {
            const tl__forecast_window window = {
                .truth = tl__of_doubles(c->values + i * c->columns),
                .predicted = tl__of_doubles(c->other + i * c->columns), .quantiles = tl__of_doubles(quantiles + i * 3),
                .last = i ? tl__of_doubles(c->values + (i - 1) * c->columns) : (tl__reals){NULL, NULL},
                .scale = pass ? tl__of_doubles(scale) : (tl__reals){NULL, NULL},
            };
            tl__forecast_score_add(&score, &window);
        }
        tl__forecast_score_figures(&score, TL__BY_ALL, 0, &f);
        if (pass) {
            metrics_number(c, pass == 1 ? "mase_output0_m1" : "mase_output0_m7", f.mase);
            metrics_number(c, "directional_accuracy_output0", f.direction);
            metrics_levels(c, &score);
            continue;
        }
        metrics_number(c, "mae", f.mae);
        metrics_number(c, "mse", f.mse);
        metrics_number(c, "rmse_pooled", f.rmse);
        metrics_number(c, "mape", f.mape);
        metrics_number(c, "smape_percent", f.smape);
        metrics_number(c, "wape", f.wape);
    }
}

static void metrics_regression(parity_metrics_case *c, const tl_value *one)
{
    const tl__reals y = tl__of_doubles(c->values), p = tl__of_doubles(c->other);
    double r2[PARITY_COLUMNS];
    tl__value_figures f;
    c->columns = (size_t)tl_value_integer(tl__value_child(one, "outputs"), 1);
    c->rows = (size_t)tl_value_integer(tl__value_child(one, "n"), 0);
    metrics_doubles(tl__value_child(one, "y_true"), c->values, PARITY_ROWS * PARITY_COLUMNS);
    metrics_doubles(tl__value_child(one, "y_pred"), c->other, PARITY_ROWS * PARITY_COLUMNS);
    tl__value_figures_of(y, p, c->rows, c->columns, r2, &f);
    metrics_number(c, "r2_uniform_average", f.r2);
    metrics_number(c, "r2_variance_weighted", f.r2_weighted);
    metrics_list(c, "r2_per_output", r2, sizeof *r2, c->columns);
    metrics_number(c, "explained_variance", f.explained_variance);
    metrics_number(c, "mae", f.mae);
    metrics_number(c, "mse", f.mse);
    metrics_number(c, "rmse_pooled", f.rmse);
    metrics_number(c, "mape", f.mape);
    metrics_number(c, "smape_percent", f.smape);
    metrics_number(c, "wape", f.wape);
    metrics_number(c, "directional_accuracy_output0", tl__direction(y, p, c->rows, c->columns, 0));
    metrics_number(c, "pearson_output0", tl__pearson(y, p, c->rows, c->columns, 0));
    metrics_quantiles(c, one);
    metrics_series(c, one);
    metrics_windows(c, one);
}

void parity_metrics(parity *p, const tl_value *file)
{
    const tl_value *cases = tl__value_child(file, "cases");
    static parity_metrics_case c;   /* too large for a stack */
    for (size_t i = 0; i < tl_value_count(cases); i++) {
        const tl_value *one = tl_value_at(cases, i);
        const char *kind = tl_value_text(tl__value_child(one, "kind"), "");
        c.p = p;
        c.name = tl_value_text(tl__value_child(one, "name"), "?");
        c.expect = tl__value_child(one, "expect");
        if (tl__same_text(kind, "classification")) metrics_classification(&c, one);
        if (tl__same_text(kind, "regression")) metrics_regression(&c, one);
    }
}
