/* Accuracy by group, and how stable predictions are from epoch to epoch. */
#include "base/math.h"
#include "metrics/metrics.h"

TL_PRIV void tl__group_accuracy(const int32_t *truth, const int32_t *predicted, const int32_t *group, size_t rows,
                                size_t groups, int64_t *hits, int64_t *counts)
{
    for (size_t i = 0; i < rows; i++) {
        if (truth[i] < 0 || group[i] < 0 || (size_t)group[i] >= groups) continue;
        counts[group[i]]++;
        hits[group[i]] += truth[i] == predicted[i];
    }
}

TL_PRIV double tl__stability_index(const int32_t *history, size_t epochs, size_t rows)
{
    size_t kept = 0;
    if (rows == 0 || epochs == 0) return tl__bits_double(0x7ff8000000000000u);
    for (size_t i = 0; i < rows; i++) {
        size_t e = 1;
        while (e < epochs && history[e * rows + i] == history[i]) e++;
        kept += e == epochs;
    }
    return (double)kept / (double)rows;
}
