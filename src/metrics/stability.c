/* How stable predictions are from epoch to epoch. */
#include "base/math.h"
#include "metrics/metrics.h"

TL_PRIV void tl__stability_add(float *kept, const int32_t *predicted, size_t rows)
{
    for (size_t i = 0; i < rows; i++) {
        int32_t before = (int32_t)kept[i], epochs = before % 8;
        bool same = epochs > 0 && before / 8 == predicted[i];
        epochs = !same ? 1 : epochs < TL__STABLE_EPOCHS ? epochs + 1 : TL__STABLE_EPOCHS;
        kept[i] = (float)(predicted[i] * 8 + epochs);
    }
}

TL_PRIV double tl__stability_index(const float *kept, size_t rows, size_t epochs)
{
    size_t least = tl__size_min(epochs, TL__STABLE_EPOCHS), stable = 0;
    if (rows == 0 || epochs == 0) return tl__nan_d();
    for (size_t i = 0; i < rows; i++) stable += (size_t)((int32_t)kept[i] % 8) >= least;
    return (double)stable / (double)rows;
}
