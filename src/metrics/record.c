/* Metrics as trees and back. The keys are the names of the metric family where it has one. */
#include "metrics/record.h"
#include "base/math.h"
#include "base/text.h"

enum {
    RECORD_LARGEST_MATRIX = 100,   /* classes; a larger confusion matrix would be all of the file */
    RECORD_CURVES = 20, RECORD_CURVE_POINTS = 200, RECORD_RECALL_POINTS = 100, RECORD_BINS = 15
};

/* What the figures of classes are made from. */
typedef struct record_classes {
    int64_t *counts;
    int32_t *predicted;
    tl__class_figures *figures;
    double *auc, *precision;
    tl__curve roc[RECORD_CURVES], recall[RECORD_CURVES];
    size_t counts_bytes, predicted_bytes, figures_bytes, auc_bytes;
} record_classes;

static void record_free(tl__heap *heap, record_classes *work)
{
    tl__free(heap, work->counts, work->counts_bytes);
    tl__free(heap, work->predicted, work->predicted_bytes);
    tl__free(heap, work->figures, work->figures_bytes);
    tl__free(heap, work->auc, work->auc_bytes);
    for (size_t k = 0; k < RECORD_CURVES; k++) {
        tl__curve_free(heap, &work->roc[k]);
        tl__curve_free(heap, &work->recall[k]);
    }
}

static tl_status record_new(tl__heap *heap, const tl__scored *scored, record_classes *work)
{
    size_t cells;
    *work = (record_classes){0};
    if (!tl__size_mul(scored->classes, scored->classes, &cells) ||
        !tl__size_mul(cells, sizeof *work->counts, &work->counts_bytes) ||
        !tl__size_mul(tl__size_max(scored->rows, 1), sizeof *work->predicted, &work->predicted_bytes) ||
        !tl__size_mul(scored->classes, sizeof *work->figures, &work->figures_bytes))
        return TL_OUT_OF_MEMORY;
    work->auc_bytes = scored->classes * 2 * sizeof *work->auc;   /* smaller than figures_bytes */
    work->counts = tl__alloc_zero(heap, cells, sizeof *work->counts);
    work->predicted = tl__alloc(heap, work->predicted_bytes);
    work->figures = tl__alloc(heap, work->figures_bytes);
    work->auc = tl__alloc(heap, work->auc_bytes);
    work->precision = work->auc ? work->auc + scored->classes : NULL;
    if (work->counts && work->predicted && work->figures && work->auc) return TL_OK;
    record_free(heap, work);
    return TL_OUT_OF_MEMORY;
}

/* The class whose curve is the only one of two; else all have one, as far as there is room. */
static bool record_has_curve(const tl__scored *scored, size_t class)
{
    if (scored->classes == 2) return class == (scored->positive == 0 ? 0 : 1);
    return class < RECORD_CURVES;
}

/* One order of the rows for all figures of a class that need one. */
static tl_status record_rank(tl__heap *heap, const tl__scored *scored, record_classes *work)
{
    for (size_t k = 0; k < scored->classes; k++) {
        tl__ranking ranking;
        TL_TRY(tl__ranking_new(heap, scored->truth, scored->probabilities, scored->rows, scored->classes, k,
                               (int32_t)k, &ranking));
        work->auc[k] = tl__ranking_auc(&ranking);
        work->precision[k] = tl__ranking_precision(&ranking);
        tl_status status = record_has_curve(scored, k)
                               ? tl__ranking_roc(heap, &ranking, RECORD_CURVE_POINTS, &work->roc[k]) : TL_OK;
        if (status == TL_OK && record_has_curve(scored, k))
            status = tl__ranking_precision_recall(heap, &ranking, RECORD_RECALL_POINTS, &work->recall[k]);
        tl__ranking_free(heap, &ranking);
        if (status != TL_OK) return status;
    }
    return TL_OK;
}

static void record_class(tl__builder *builder, tl_value *entry, const char *const *names, size_t class)
{
    if (names) tl__put_text(builder, entry, "class", names[class]);
    else tl__put_integer(builder, entry, "class", (int64_t)class);
}

static void record_points(tl__builder *builder, tl_value *map, const char *key, const double *values, size_t count)
{
    tl_value *list = tl__put_list(builder, map, key);
    for (size_t i = 0; i < count && list; i++) tl__put_number(builder, list, NULL, values[i]);
}

/* The points of ROC curves: [{class, false_positive_rate: [...], true_positive_rate: [...], threshold: [...]}]. */
static void record_curves(tl__builder *builder, tl_value *map, const tl__scored *scored, const record_classes *work,
                          const char *const *names)
{
    tl_value *list = tl__put_list(builder, map, "roc");
    for (size_t k = 0; k < scored->classes && list; k++) {
        if (!record_has_curve(scored, k)) continue;
        const tl__curve *curve = &work->roc[k];
        tl_value *entry = tl__put_map(builder, list, NULL);
        if (!entry) return;
        record_class(builder, entry, names, k);
        record_points(builder, entry, "false_positive_rate", curve->x, curve->count);
        record_points(builder, entry, "true_positive_rate", curve->y, curve->count);
        record_points(builder, entry, "threshold", curve->threshold, curve->count);
    }
}

/* [{class, recall: [...], precision: [...], average_precision}]. */
static void record_recalls(tl__builder *builder, tl_value *map, const tl__scored *scored, const record_classes *work,
                           const char *const *names)
{
    tl_value *list = tl__put_list(builder, map, "precision_recall");
    for (size_t k = 0; k < scored->classes && list; k++) {
        if (!record_has_curve(scored, k)) continue;
        const tl__curve *curve = &work->recall[k];
        tl_value *entry = tl__put_map(builder, list, NULL);
        if (!entry) return;
        record_class(builder, entry, names, k);
        tl__put_number(builder, entry, "average_precision", work->precision[k]);
        record_points(builder, entry, "recall", curve->x, curve->count);
        record_points(builder, entry, "precision", curve->y, curve->count);
    }
}

/* {rows: [...], confidence: [...], accuracy: [...]}: the bins of the calibration error. */
static void record_reliability(tl__builder *builder, tl_value *map, const tl__scored *scored)
{
    double counts[RECORD_BINS], confidence[RECORD_BINS], accuracy[RECORD_BINS];
    tl_value *bins = tl__put_map(builder, map, "reliability");
    tl__calibration_bins(scored->truth, scored->probabilities, scored->rows, scored->classes, RECORD_BINS, counts,
                         confidence, accuracy);
    record_points(builder, bins, "rows", counts, RECORD_BINS);
    record_points(builder, bins, "confidence", confidence, RECORD_BINS);
    record_points(builder, bins, "accuracy", accuracy, RECORD_BINS);
}

static void record_matrix(tl__builder *builder, tl_value *map, const int64_t *counts, size_t classes)
{
    tl_value *rows = tl__put_list(builder, map, "confusion");
    for (size_t k = 0; k < classes && rows; k++) {
        tl_value *row = tl__put_list(builder, rows, NULL);
        for (size_t j = 0; j < classes && row; j++) tl__put_integer(builder, row, NULL, counts[k * classes + j]);
    }
}

static void record_per_class(tl__builder *builder, tl_value *map, const record_classes *work, size_t classes,
                             const char *const *names)
{
    tl_value *list = tl__put_list(builder, map, "per_class");
    for (size_t k = 0; k < classes && list; k++) {
        const tl__class_figures *f = &work->figures[k];
        tl_value *entry = tl__put_map(builder, list, NULL);
        if (!entry) return;
        record_class(builder, entry, names, k);
        tl__put_number(builder, entry, "precision", f->precision);
        tl__put_number(builder, entry, "recall", f->recall);
        tl__put_number(builder, entry, "f1", f->f1);
        tl__put_number(builder, entry, "false_positive_rate", f->false_positive_rate);
        tl__put_number(builder, entry, "auc", work->auc[k]);
        tl__put_integer(builder, entry, "support", f->support);
        tl__put_integer(builder, entry, "predicted", f->predicted);
    }
}

static void record_summary(tl__builder *builder, tl_value *map, const tl__class_summary *s)
{
    const struct { const char *key; double value; } fields[] = {
        {"accuracy", s->accuracy},
        {"balanced_accuracy", s->balanced_accuracy},
        {"precision_macro", s->precision_macro},
        {"recall_macro", s->recall_macro},
        {"f1_macro", s->f1_macro},
        {"precision_weighted", s->precision_weighted},
        {"recall_weighted", s->recall_weighted},
        {"f1_weighted", s->f1_weighted},
        {"mcc", s->mcc},
        {"kappa", s->kappa},
        {"recognition_rate", s->recognition_rate},
        {"false_positive_rate", s->false_positive_rate},
    };
    tl__put_integer(builder, map, "samples", s->rows);
    for (size_t i = 0; i < TL_COUNT(fields); i++) tl__put_number(builder, map, fields[i].key, fields[i].value);
}

/* The metrics of the family that the summary does not hold. */
static tl_status record_named(tl__heap *heap, tl__builder *builder, tl_value *map, const tl__scored *scored,
                              const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        double value;
        TL_TRY(tl__metric_find(names[i], NULL)->value(heap, scored, &value));
        tl__put_number(builder, map, names[i], value);
    }
    return TL_OK;
}

static void record_confidence(tl__builder *builder, tl_value *map, const tl__scored *scored)
{
    tl__confidence_figures f;
    tl__confidence(scored->truth, scored->probabilities, scored->rows, scored->classes, &f);
    tl__put_number(builder, map, "confidence", f.mean);
    tl__put_number(builder, map, "entropy", f.entropy);
    tl__put_number(builder, map, "calibration_error", f.calibration_error);
    tl__put_number(builder, map, "high_confidence_predictions", f.high);
    tl_value *bins = tl__put_list(builder, map, "confidence_distribution");
    for (size_t b = 0; b < TL_COUNT(f.distribution) && bins; b++)
        tl__put_number(builder, bins, NULL, f.distribution[b]);
}

TL_PRIV tl_status tl__record_classes(tl__heap *heap, tl__builder *builder, tl_value *parent, const char *key,
                                     const tl__scored *scored, const char *const *names, tl_value **out)
{
    static const char *const others[] = {"log_loss", "brier"};
    record_classes work;
    tl__class_summary summary;
    TL_TRY(record_new(heap, scored, &work));
    tl__predicted_classes(scored->probabilities, scored->rows, scored->classes, work.predicted);
    tl__confusion_add(work.counts, scored->classes, scored->truth, work.predicted, scored->rows);
    tl__class_figures_of(work.counts, scored->classes, work.figures);
    tl__class_summarize(work.counts, scored->classes, scored->background, &summary);
    tl_status status = record_rank(heap, scored, &work);
    tl_value *map = tl__put_map(builder, parent, key);
    if (status == TL_OK && map) {
        record_summary(builder, map, &summary);
        tl__put_number(builder, map, "auc", tl__class_mean(work.auc, scored->classes));
        tl__put_number(builder, map, "average_precision", tl__class_mean(work.precision, scored->classes));
        status = record_named(heap, builder, map, scored, others, TL_COUNT(others));
        record_confidence(builder, map, scored);
        record_per_class(builder, map, &work, scored->classes, names);
        if (scored->classes <= RECORD_LARGEST_MATRIX) record_matrix(builder, map, work.counts, scored->classes);
        record_curves(builder, map, scored, &work, names);
        record_recalls(builder, map, scored, &work, names);
        record_reliability(builder, map, scored);
    }
    record_free(heap, &work);
    if (out) *out = map;
    return status != TL_OK ? status : builder->failed ? TL_OUT_OF_MEMORY : TL_OK;
}

TL_PRIV tl_status tl__record_values(tl__heap *heap, tl__builder *builder, tl_value *parent, const char *key,
                                    const tl__scored *scored, tl_value **out)
{
    static const char *const names[] = {"mse", "mae", "rmse", "r2", "explained_variance", "mape", "smape", "wape",
                                        "max_error", "median_error", "pearson", "direction"};
    tl_value *map = tl__put_map(builder, parent, key);
    tl_status status = TL_OK;
    if (map) {
        tl__put_integer(builder, map, "samples", (int64_t)scored->rows);
        status = record_named(heap, builder, map, scored, names, TL_COUNT(names));
        if (status == TL_OK && tl__reals_given(scored->series))
            status = record_named(heap, builder, map, scored, (const char *const[]){"mase"}, 1);
        if (status == TL_OK && tl__reals_given(scored->low))
            status = record_named(heap, builder, map, scored, (const char *const[]){"coverage"}, 1);
    }
    if (out) *out = map;
    return status != TL_OK ? status : builder->failed ? TL_OUT_OF_MEMORY : TL_OK;
}

TL_PRIV void tl__record_read(const tl_value *map, tl_scores *out)
{
    const double nan = tl__nan_d();
    const struct { const char *key; double *to; } fields[] = {
        {"loss", &out->loss},
        {"accuracy", &out->accuracy},
        {"balanced_accuracy", &out->balanced_accuracy},
        {"precision_macro", &out->precision_macro},
        {"recall_macro", &out->recall_macro},
        {"f1_macro", &out->f1_macro},
        {"auc", &out->auc},
        {"mse", &out->mse},
        {"mae", &out->mae},
        {"rmse", &out->rmse},
        {"r2", &out->r2},
        {"smape", &out->smape},
        {"mase", &out->mase},
        {"baselines.repeat_last.mse", &out->repeat_last_mse},
        {"baselines.repeat_last.mae", &out->repeat_last_mae},
        {"baselines.repeat_last.smape", &out->repeat_last_smape},
        {"baselines.repeat_last.mase", &out->repeat_last_mase},
        {"baselines.seasonal_naive.mse", &out->seasonal_mse},
        {"baselines.seasonal_naive.mae", &out->seasonal_mae},
        {"baselines.seasonal_naive.smape", &out->seasonal_smape},
        {"baselines.seasonal_naive.mase", &out->seasonal_mase},
    };
    out->samples = tl_value_integer(tl_value_get(map, "samples"), 0);
    for (size_t i = 0; i < TL_COUNT(fields); i++)
        *fields[i].to = tl_value_number(tl_value_get(map, fields[i].key), nan);
}
