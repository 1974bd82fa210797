/* The family of features, and the sums that several of them are made of. Sums go over ascending steps. */
#include "data/feature.h"

#include "data/feature_list.h"

static tl__member_fn *const feature_members[] = {
#define TL__X(name) tl__feature_##name,
    TL__FEATURES(TL__X)
#undef TL__X
};
static const tl__family feature_family = {"feature", feature_members, TL_COUNT(feature_members)};

TL_PRIV const tl__family *tl__feature_family(void) { return &feature_family; }

TL_PRIV void tl__feature_smooth(double alpha, const double *values, size_t rows, double *out)
{
    for (size_t t = 0; t < rows; t++) out[t] = t == 0 ? values[0] : alpha * values[t] + (1 - alpha) * out[t - 1];
}

TL_PRIV double tl__feature_mean(const double *last, size_t size)
{
    double sum = 0;
    for (size_t i = size; i-- > 0;) sum += *(last - i);
    return sum / (double)size;
}

TL_PRIV double tl__feature_squares(const double *last, size_t size, double mean)
{
    double sum = 0;
    for (size_t i = size; i-- > 0;) sum += (*(last - i) - mean) * (*(last - i) - mean);
    return sum;
}
