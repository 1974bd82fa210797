/* Figures of probabilities: log loss, Brier score, top-k accuracy, confidence and calibration. */
#include "base/math.h"
#include "metrics/metrics.h"

enum { PROBABILITY_BINS = 100 };

TL_PRIV double tl__log_loss(const int32_t *truth, tl__reals probabilities, size_t rows, size_t classes)
{
    const double low = 0x1p-52, high = 1.0 - 0x1p-52;
    double sum = 0.0, counted = 0.0;
    for (size_t i = 0; i < rows; i++) {
        if (truth[i] < 0 || (size_t)truth[i] >= classes) continue;
        double total = 0.0;
        for (size_t j = 0; j < classes; j++) total += tl__real(probabilities, i * classes + j);
        double p = tl__real(probabilities, i * classes + (size_t)truth[i]) / total;
        sum -= tl__log(p < low ? low : p > high ? high : p);
        counted += 1.0;
    }
    return counted > 0.0 ? sum / counted : tl__nan_d();
}

TL_PRIV double tl__brier(const int32_t *truth, tl__reals probabilities, size_t rows, size_t classes, bool of_class_1)
{
    double sum = 0.0, counted = 0.0;
    for (size_t i = 0; i < rows; i++) {
        if (truth[i] < 0) continue;
        for (size_t j = of_class_1 ? 1 : 0; j < (of_class_1 ? 2 : classes); j++) {
            double e = tl__real(probabilities, i * classes + j) - (truth[i] == (int32_t)j ? 1.0 : 0.0);
            sum += e * e;
        }
        counted += 1.0;
    }
    return counted > 0.0 ? sum / counted : tl__nan_d();
}

TL_PRIV double tl__top_accuracy(const int32_t *truth, tl__reals probabilities, size_t rows, size_t classes, size_t k)
{
    double hits = 0.0, counted = 0.0;
    for (size_t i = 0; i < rows; i++) {
        if (truth[i] < 0 || (size_t)truth[i] >= classes) continue;
        const double p = tl__real(probabilities, i * classes + (size_t)truth[i]);
        size_t before = 0;
        for (size_t j = 0; j < classes; j++) {
            double other = tl__real(probabilities, i * classes + j);
            before += other > p || (other == p && j < (size_t)truth[i]);
        }
        hits += before < k ? 1.0 : 0.0;
        counted += 1.0;
    }
    return counted > 0.0 ? hits / counted : tl__nan_d();
}

/* The bin of p among `bins` equal ones (low, high]; 0 and what is not a number go to the first. */
static size_t probability_bin(double p, size_t bins)
{
    const double scaled = p * (double)bins;
    if (!(scaled > 0.0)) return 0;
    size_t bin = scaled < (double)bins ? (size_t)scaled : bins - 1;
    if (bin > 0 && p <= (double)bin / (double)bins) bin--;                  /* an edge belongs to the bin below */
    else if (bin + 1 < bins && p > (double)(bin + 1) / (double)bins) bin++;
    return bin;
}

static size_t probability_top(tl__reals probabilities, size_t row, size_t classes)
{
    size_t best = 0;
    for (size_t j = 1; j < classes; j++)
        if (tl__real(probabilities, row * classes + j) > tl__real(probabilities, row * classes + best)) best = j;
    return best;
}

TL_PRIV double tl__calibration_error(const int32_t *truth, tl__reals probabilities, size_t rows, size_t classes,
                                     size_t bins)
{
    double difference[PROBABILITY_BINS] = {0}, error = 0.0, counted = 0.0;   /* difference: hits - sum of confidence */
    bins = tl__size_min(bins, PROBABILITY_BINS);
    for (size_t i = 0; i < rows && classes > 0 && bins > 0; i++) {
        if (truth[i] < 0) continue;
        const size_t top = probability_top(probabilities, i, classes);
        const double p = tl__real(probabilities, i * classes + top);
        difference[probability_bin(p, bins)] += (truth[i] == (int32_t)top ? 1.0 : 0.0) - p;
        counted += 1.0;
    }
    for (size_t b = 0; b < bins; b++) error += tl__abs(difference[b]);
    return counted > 0.0 ? error / counted : tl__nan_d();
}

TL_PRIV void tl__calibration_bins(const int32_t *truth, tl__reals probabilities, size_t rows, size_t classes,
                                  size_t bins, double *counts, double *confidence, double *accuracy)
{
    for (size_t b = 0; b < bins; b++) counts[b] = confidence[b] = accuracy[b] = 0.0;
    for (size_t i = 0; i < rows && classes > 0 && bins > 0; i++) {
        if (truth[i] < 0) continue;
        const size_t top = probability_top(probabilities, i, classes);
        const double p = tl__real(probabilities, i * classes + top);
        const size_t b = probability_bin(p, bins);
        counts[b] += 1.0;
        confidence[b] += p;
        accuracy[b] += truth[i] == (int32_t)top ? 1.0 : 0.0;
    }
    for (size_t b = 0; b < bins; b++) {
        confidence[b] = counts[b] > 0.0 ? confidence[b] / counts[b] : tl__nan_d();
        accuracy[b] = counts[b] > 0.0 ? accuracy[b] / counts[b] : tl__nan_d();
    }
}

TL_PRIV void tl__confidence(const int32_t *truth, tl__reals probabilities, size_t rows, size_t classes,
                            tl__confidence_figures *out)
{
    const double nan = tl__nan_d();
    tl__confidence_figures f = {.calibration_error = nan};
    for (size_t i = 0; i < rows && classes > 0; i++) {
        const double top = tl__real(probabilities, i * classes + probability_top(probabilities, i, classes));
        f.mean += top;
        f.high += top > 0.7 ? 1.0 : 0.0;
        f.distribution[probability_bin(top, TL_COUNT(f.distribution))] += 1.0;
        for (size_t j = 0; j < classes; j++) {
            double p = tl__real(probabilities, i * classes + j);
            if (p > 0.0) f.entropy -= p * tl__log(p);
        }
    }
    if (rows == 0 || classes == 0) {
        f.mean = f.entropy = f.high = nan;
    } else {
        const double n = (double)rows;
        f.mean /= n, f.entropy /= n, f.high /= n;
        for (size_t b = 0; b < TL_COUNT(f.distribution); b++) f.distribution[b] /= n;
        if (truth) f.calibration_error = tl__calibration_error(truth, probabilities, rows, classes, 15);
    }
    *out = f;
}
