/* What a confusion matrix tells: counts are whole numbers, and every figure is one quotient or a mean of quotients. */
#include "base/math.h"
#include "metrics/metrics.h"

/* 0 where there is nothing to divide by. */
static double confusion_share(double part, double whole) { return whole > 0.0 ? part / whole : 0.0; }

TL_PRIV void tl__predicted_classes(tl__reals probabilities, size_t rows, size_t columns, int32_t *out)
{
    for (size_t i = 0; i < rows; i++) {
        size_t best = 0;
        if (columns == 1) best = tl__real(probabilities, i) > 0.5;
        for (size_t j = 1; j < columns; j++)
            if (tl__real(probabilities, i * columns + j) > tl__real(probabilities, i * columns + best)) best = j;
        out[i] = (int32_t)best;
    }
}

TL_PRIV bool tl__confusion_add(int64_t *counts, size_t classes, const int32_t *truth, const int32_t *predicted,
                               size_t rows)
{
    bool fits = true;
    for (size_t i = 0; i < rows; i++) {
        if (truth[i] < 0) continue;
        if ((size_t)truth[i] < classes && predicted[i] >= 0 && (size_t)predicted[i] < classes)
            counts[(size_t)truth[i] * classes + (size_t)predicted[i]]++;
        else
            fits = false;
    }
    return fits;
}

/* Hits, support and predictions of one class. */
static void confusion_margins(const int64_t *counts, size_t classes, size_t k, tl__class_figures *out)
{
    *out = (tl__class_figures){.hits = counts[k * classes + k]};
    for (size_t j = 0; j < classes; j++) {
        out->support += counts[k * classes + j];
        out->predicted += counts[j * classes + k];
    }
}

/* The quotients, from the counts. */
static void confusion_shares(int64_t rows, tl__class_figures *f)
{
    f->precision = confusion_share((double)f->hits, (double)f->predicted);
    f->recall = confusion_share((double)f->hits, (double)f->support);
    f->f1 = confusion_share(2.0 * (double)f->hits, (double)(f->support + f->predicted));
    f->false_positive_rate = confusion_share((double)(f->predicted - f->hits), (double)(rows - f->support));
}

TL_PRIV void tl__class_figures_of(const int64_t *counts, size_t classes, tl__class_figures *out)
{
    int64_t rows = 0;
    for (size_t k = 0; k < classes * classes; k++) rows += counts[k];
    for (size_t k = 0; k < classes; k++) {
        confusion_margins(counts, classes, k, &out[k]);
        confusion_shares(rows, &out[k]);
    }
}

/* Sums over the classes: all that agreement needs. */
typedef struct confusion_sums {
    double rows, hits, agreement;                        /* agreement: sum of support * predicted */
    double support_squares, predicted_squares;
    double disagreement;                                 /* of counts, weighted by the squared distance of the
                                                            classes */
    double support_1, support_2, predicted_1, predicted_2;   /* first and second moments of the class numbers */
} confusion_sums;

static confusion_sums confusion_sum(const int64_t *counts, size_t classes)
{
    confusion_sums sums = {0};
    for (size_t k = 0; k < classes; k++) {
        tl__class_figures f;
        confusion_margins(counts, classes, k, &f);
        const double support = (double)f.support, predicted = (double)f.predicted, number = (double)k;
        sums.rows += support;
        sums.hits += (double)f.hits;
        sums.agreement += support * predicted;
        sums.support_squares += support * support;
        sums.predicted_squares += predicted * predicted;
        sums.support_1 += number * support;
        sums.support_2 += number * number * support;
        sums.predicted_1 += number * predicted;
        sums.predicted_2 += number * number * predicted;
        for (size_t j = 0; j < classes; j++) {
            const double distance = number - (double)j;
            sums.disagreement += distance * distance * (double)counts[k * classes + j];
        }
    }
    return sums;
}

static void confusion_agreement(const int64_t *counts, size_t classes, tl__class_summary *out)
{
    const confusion_sums s = confusion_sum(counts, classes);
    const double squares = s.rows * s.rows;
    const double spread = tl__sqrt_d(squares - s.predicted_squares) * tl__sqrt_d(squares - s.support_squares);
    const double chance = s.agreement / squares;
    /* sum over pairs of classes of (k - j)^2 * support_k * predicted_j */
    const double distant = s.rows * (s.support_2 + s.predicted_2) - 2.0 * s.support_1 * s.predicted_1;
    out->mcc = spread > 0.0 ? (s.hits * s.rows - s.agreement) / spread : 0.0;
    out->kappa = chance < 1.0 ? (s.hits / s.rows - chance) / (1.0 - chance) : tl__nan_d();
    out->kappa_quadratic = distant > 0.0 ? 1.0 - s.disagreement * s.rows / distant : tl__nan_d();
}

static tl__class_summary confusion_undefined(void)
{
    const double nan = tl__nan_d();
    return (tl__class_summary){0,   nan, nan, nan, nan, nan, nan, nan, nan,
                               nan, nan, nan, nan, nan, nan, nan, nan};
}

TL_PRIV void tl__class_summarize(const int64_t *counts, size_t classes, int background, tl__class_summary *out)
{
    int64_t rows = 0, hits = 0;
    size_t occur = 0, others = 0;
    *out = confusion_undefined();
    for (size_t k = 0; k < classes * classes; k++) rows += counts[k];
    if (rows == 0) return;
    tl__class_summary s = {.rows = rows};
    for (size_t k = 0; k < classes; k++) {
        tl__class_figures f;
        confusion_margins(counts, classes, k, &f);
        confusion_shares(rows, &f);
        hits += f.hits;
        if (f.support > 0) {
            occur++;
            s.balanced_accuracy += f.recall;
            if ((int)k != background) s.recognition_rate += f.recall, others++;
        }
        s.precision_macro += f.precision;
        s.recall_macro += f.recall;
        s.f1_macro += f.f1;
        s.precision_weighted += f.precision * (double)f.support;
        s.recall_weighted += f.recall * (double)f.support;
        s.f1_weighted += f.f1 * (double)f.support;
        s.false_positive_rate += f.false_positive_rate;
    }
    s.accuracy = (double)hits / (double)rows;
    s.balanced_accuracy /= (double)occur;
    s.recognition_rate = others > 0 ? s.recognition_rate / (double)others : tl__nan_d();
    s.precision_macro /= (double)classes;
    s.recall_macro /= (double)classes;
    s.f1_macro /= (double)classes;
    s.false_positive_rate /= (double)classes;
    s.precision_weighted /= (double)rows;
    s.recall_weighted /= (double)rows;
    s.f1_weighted /= (double)rows;
    s.precision_micro = s.recall_micro = s.f1_micro = s.accuracy;   /* one class per row: the three are the same */
    confusion_agreement(counts, classes, &s);
    *out = s;
}

TL_PRIV void tl__class_counts(const int32_t *labels, size_t rows, size_t classes, int64_t *out)
{
    for (size_t k = 0; k < classes; k++) out[k] = 0;
    for (size_t i = 0; i < rows; i++)
        if (labels[i] >= 0 && (size_t)labels[i] < classes) out[labels[i]]++;
}

TL_PRIV void tl__balanced_weights_plain(const int64_t *counts, size_t classes, double *out)
{
    double rows = 0.0, occur = 0.0;
    for (size_t k = 0; k < classes; k++) {
        rows += (double)counts[k];
        occur += counts[k] > 0 ? 1.0 : 0.0;
    }
    for (size_t k = 0; k < classes; k++) out[k] = counts[k] > 0 ? rows / (occur * (double)counts[k]) : 0.0;
}

TL_PRIV void tl__balanced_weights(const int64_t *counts, size_t classes, double *out)
{
    double sum = 0.0, occur = 0.0;
    for (size_t k = 0; k < classes; k++) {
        out[k] = counts[k] > 0 ? 1.0 / (double)counts[k] : 0.0;
        sum += out[k];
        occur += counts[k] > 0 ? 1.0 : 0.0;
    }
    for (size_t k = 0; k < classes && sum > 0.0; k++) out[k] = out[k] / sum * occur;
}

TL_PRIV double tl__class_balance(const int64_t *counts, size_t classes)
{
    double sum = 0.0, squares = 0.0;
    for (size_t k = 0; k < classes; k++) sum += (double)counts[k];
    if (sum == 0.0) return tl__nan_d();
    const double mean = sum / (double)classes;
    for (size_t k = 0; k < classes; k++) squares += ((double)counts[k] - mean) * ((double)counts[k] - mean);
    const double ratio = tl__sqrt_d(squares / (double)classes) / mean;
    return ratio < 1.0 ? 1.0 - ratio : 0.0;
}
