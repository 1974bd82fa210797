/* Returns and what they come to. */
#include "metrics/trading.h"

#include "base/math.h"

TL_PRIV void tl__trading_returns(const double *prices, const double *positions, size_t count, double cost,
                                 double *returns)
{
    double held = 0;
    for (size_t i = 0; i < count; i++) {
        double change = prices[i + 1] / prices[i] - 1.0;
        returns[i] = positions[i] * change - cost * tl__abs(positions[i] - held);
        held = positions[i];
    }
}

TL_PRIV void tl__trading_summary(const double *returns, const double *positions, size_t count, double steps_of_year,
                                 tl__trading *out)
{
    double sum = 0, squares = 0, capital = 1, highest = 1, held = 0;
    *out = (tl__trading){.sharpe = tl__nan_d()};
    if (count == 0) return;
    for (size_t i = 0; i < count; i++) {
        sum += returns[i];
        capital *= 1.0 + returns[i];
        if (capital > highest) highest = capital;
        if (1.0 - capital / highest > out->drawdown) out->drawdown = 1.0 - capital / highest;
        if (positions && positions[i] != held) {
            out->trades++;
            held = positions[i];
        }
    }
    out->total = capital - 1.0;
    out->mean = sum / (double)count;
    for (size_t i = 0; i < count; i++) squares += (returns[i] - out->mean) * (returns[i] - out->mean);
    out->deviation = count > 1 ? tl__sqrt_d(squares / (double)(count - 1)) : 0.0;
    if (out->deviation > 0) out->sharpe = out->mean / out->deviation * tl__sqrt_d(steps_of_year);
}
