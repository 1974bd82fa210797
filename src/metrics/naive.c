/* Forecasts that need no training, which every other one has to beat. */
#include "base/math.h"
#include "metrics/forecast_score.h"

TL_PRIV void tl__naive_last(tl__reals history, size_t length, size_t channels, size_t horizon, double *out)
{
    for (size_t i = 0; i < horizon * channels; i++) out[i] = tl__real(history, (length - 1) * channels + i % channels);
}

TL_PRIV bool tl__naive_seasonal(tl__reals history, size_t length, size_t channels, size_t season, size_t horizon,
                                double *out)
{
    if (season == 0 || length < season) return false;
    for (size_t h = 0; h < horizon; h++) {
        const size_t step = length - season + h % season;
        for (size_t c = 0; c < channels; c++) out[h * channels + c] = tl__real(history, step * channels + c);
    }
    return true;
}

TL_PRIV double tl__naive_error(tl__reals series, size_t length, size_t channels, size_t channel, size_t season)
{
    double sum = 0.0, count = 0.0;
    for (size_t t = season; season > 0 && t < length; t++) {
        const double now = tl__real(series, t * channels + channel);
        const double before = tl__real(series, (t - season) * channels + channel);
        if (now != now || before != before) continue;
        sum += tl__abs(now - before);
        count += 1.0;
    }
    return count > 0.0 ? sum / count : tl__nan_d();
}
