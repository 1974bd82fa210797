/* The family of metrics: each is one function over what has been predicted. Those that come from the same confusion
 * matrix or the same sums share a helper and pick their figure. */
#include "base/math.h"
#include "metrics/metric_list.h"
#include "metrics/metrics.h"

static tl_status metric_summary(tl__heap *heap, const tl__scored *scored, tl__class_summary *out)
{
    size_t cells, matrix, column;
    if (!tl__size_mul(scored->classes, scored->classes, &cells) || !tl__size_mul(cells, sizeof(int64_t), &matrix) ||
        !tl__size_mul(tl__size_max(scored->rows, 1), sizeof(int32_t), &column))
        return TL_OUT_OF_MEMORY;
    int64_t *counts = tl__alloc_zero(heap, cells, sizeof *counts);
    int32_t *predicted = tl__alloc(heap, column);
    const bool ready = counts && predicted;
    if (ready) {
        tl__predicted_classes(scored->probabilities, scored->rows, scored->classes, predicted);
        tl__confusion_add(counts, scored->classes, scored->truth, predicted, scored->rows);
        tl__class_summarize(counts, scored->classes, scored->background, out);
    }
    tl__free(heap, counts, matrix);
    tl__free(heap, predicted, column);
    return ready ? TL_OK : TL_OUT_OF_MEMORY;
}

#define METRIC_OF_SUMMARY(name, field)                                                               \
    static tl_status metric_##name(tl__heap *heap, const tl__scored *scored, double *out)            \
    {                                                                                                \
        tl__class_summary summary;                                                                   \
        TL_TRY(metric_summary(heap, scored, &summary));                                              \
        *out = summary.field;                                                                        \
        return TL_OK;                                                                                \
    }
METRIC_OF_SUMMARY(accuracy, accuracy)
METRIC_OF_SUMMARY(balanced_accuracy, balanced_accuracy)
METRIC_OF_SUMMARY(precision, precision_macro)
METRIC_OF_SUMMARY(recall, recall_macro)
METRIC_OF_SUMMARY(f1, f1_macro)
METRIC_OF_SUMMARY(precision_weighted, precision_weighted)
METRIC_OF_SUMMARY(recall_weighted, recall_weighted)
METRIC_OF_SUMMARY(f1_weighted, f1_weighted)
METRIC_OF_SUMMARY(mcc, mcc)
METRIC_OF_SUMMARY(kappa, kappa)
METRIC_OF_SUMMARY(recognition_rate, recognition_rate)
METRIC_OF_SUMMARY(false_positive_rate, false_positive_rate)

static tl_status metric_auc(tl__heap *heap, const tl__scored *s, double *out)
{
    return tl__auc(heap, s->truth, s->probabilities, s->rows, s->classes, false, NULL, out);
}

static tl_status metric_average_precision(tl__heap *heap, const tl__scored *s, double *out)
{
    double sum = 0.0, counted = 0.0;
    for (size_t k = s->classes == 2 ? 1 : 0; k < s->classes; k++) {
        double value;
        TL_TRY(tl__average_precision(heap, s->truth, s->probabilities, s->rows, s->classes, k, (int32_t)k, &value));
        if (value != value) continue;
        sum += value;
        counted += 1.0;
    }
    *out = counted > 0.0 ? sum / counted : tl__nan_d();
    return TL_OK;
}

static tl_status metric_log_loss(tl__heap *heap, const tl__scored *s, double *out)
{
    (void)heap;
    *out = tl__log_loss(s->truth, s->probabilities, s->rows, s->classes);
    return TL_OK;
}

static tl_status metric_brier(tl__heap *heap, const tl__scored *s, double *out)
{
    (void)heap;
    *out = tl__brier(s->truth, s->probabilities, s->rows, s->classes, s->classes == 2);
    return TL_OK;
}

#define METRIC_OF_CONFIDENCE(name, field)                                                            \
    static tl_status metric_##name(tl__heap *heap, const tl__scored *s, double *out)                 \
    {                                                                                                \
        tl__confidence_figures figures;                                                              \
        (void)heap;                                                                                  \
        tl__confidence(s->truth, s->probabilities, s->rows, s->classes, &figures);                   \
        *out = figures.field;                                                                        \
        return TL_OK;                                                                                \
    }
METRIC_OF_CONFIDENCE(confidence, mean)
METRIC_OF_CONFIDENCE(entropy, entropy)
METRIC_OF_CONFIDENCE(calibration_error, calibration_error)

#define METRIC_OF_VALUES(name)                                                                       \
    static tl_status metric_##name(tl__heap *heap, const tl__scored *s, double *out)                 \
    {                                                                                                \
        tl__value_figures figures;                                                                   \
        (void)heap;                                                                                  \
        tl__value_figures_of(s->values, s->predicted, s->rows, s->outputs, NULL, &figures);          \
        *out = figures.name;                                                                         \
        return TL_OK;                                                                                \
    }
METRIC_OF_VALUES(mse)
METRIC_OF_VALUES(mae)
METRIC_OF_VALUES(rmse)
METRIC_OF_VALUES(r2)
METRIC_OF_VALUES(explained_variance)
METRIC_OF_VALUES(mape)
METRIC_OF_VALUES(smape)
METRIC_OF_VALUES(wape)
METRIC_OF_VALUES(max_error)

static tl_status metric_mase(tl__heap *heap, const tl__scored *s, double *out)
{
    tl__value_figures figures;
    (void)heap;
    tl__value_figures_of(s->values, s->predicted, s->rows, s->outputs, NULL, &figures);
    *out = tl__reals_given(s->series) ? tl__mase(figures.mae, s->series, s->series_length, s->season) : tl__nan_d();
    return TL_OK;
}

static tl_status metric_median_error(tl__heap *heap, const tl__scored *s, double *out)
{
    return tl__median_error(heap, s->values, s->predicted, s->rows * s->outputs, out);
}

static tl_status metric_coverage(tl__heap *heap, const tl__scored *s, double *out)
{
    (void)heap;
    *out = tl__reals_given(s->low) ? tl__coverage(s->values, s->low, s->high, s->rows * s->outputs) : tl__nan_d();
    return TL_OK;
}

/* Mean over the outputs of a figure that is defined for one. */
static double metric_mean(const tl__scored *s, double (*figure)(tl__reals, tl__reals, size_t, size_t, size_t))
{
    double sum = 0.0;
    for (size_t k = 0; k < s->outputs; k++) sum += figure(s->values, s->predicted, s->rows, s->outputs, k);
    return s->outputs ? sum / (double)s->outputs : tl__nan_d();
}

static tl_status metric_pearson(tl__heap *heap, const tl__scored *s, double *out)
{
    (void)heap;
    *out = metric_mean(s, tl__pearson);
    return TL_OK;
}

static tl_status metric_direction(tl__heap *heap, const tl__scored *s, double *out)
{
    (void)heap;
    *out = metric_mean(s, tl__direction);
    return TL_OK;
}

#define METRIC_MEMBER(word, others, classes, more, about)                                                    \
    static const tl__member_head *metric_member_##word(void)                                                 \
    {                                                                                                        \
        static const tl__metric member = {.head = {.name = #word, .aliases = others, .help = about},         \
                                          .of_classes = classes,                                             \
                                          .more_is_better = more,                                            \
                                          .value = metric_##word};                                           \
        return &member.head;                                                                                 \
    }
TL__METRICS(METRIC_MEMBER)

#define METRIC_LINE(word, others, classes, more, about) metric_member_##word,
static tl__member_fn *const metric_members[] = {TL__METRICS(METRIC_LINE)};
static const tl__family metric_family = {"metric", metric_members, TL_COUNT(metric_members)};
#undef METRIC_OF_SUMMARY
#undef METRIC_OF_CONFIDENCE
#undef METRIC_OF_VALUES
#undef METRIC_MEMBER
#undef METRIC_LINE

TL_PRIV const tl__family *tl__metric_family(void) { return &metric_family; }

TL_PRIV const tl__metric *tl__metric_find(const char *name, tl_error *error)
{
    const tl__member_head *head = tl__family_find(&metric_family, name, NULL, 0, 0, "training.monitor", error);
    return (const tl__metric *)(const void *)head;
}
