/* What trading by a model's word would have brought: returns of positions over prices, and the figures of returns. */
#ifndef TL_METRICS_TRADING_H
#define TL_METRICS_TRADING_H

#include "base/base.h"

/* Position i, a share of the capital from -1 to 1, is held from prices[i] to prices[i + 1]; prices has count + 1
 * values.
 *
 *     returns[i] = position[i] * (prices[i + 1] / prices[i] - 1) - cost * |position[i] - position[i - 1]|
 *
 * The position before the first is 0. cost: share of the traded value that each trade takes. */
TL_PRIV void tl__trading_returns(const double *prices, const double *positions, size_t count, double cost,
                                 double *returns);

typedef struct tl__trading {
    double total;                /* return over all: product of (1 + r) - 1 */
    double mean, deviation;      /* of a step's return; the deviation with count - 1 */
    double sharpe;               /* mean / deviation * sqrt(steps of a year); NaN where nothing varies. Sharpe 1994, the
                                    risk-free rate taken as 0 */
    double drawdown;             /* deepest fall of the capital below its highest value so far, a share of that */
    size_t trades;               /* changes of position */
} tl__trading;

/* positions may be NULL: trades stays 0. */
TL_PRIV void tl__trading_summary(const double *returns, const double *positions, size_t count, double steps_of_year,
                                 tl__trading *out);

#endif
