/* train:validate: may this model go into production? Five examinations, each against a threshold of the `production:`
 * block, all on the test part:
 *
 *     back-test       positions by the model's word over the prices of the test part, with costs: Sharpe ratio
 *     walk-forward    trained anew before each of several pieces of the test part: mean absolute error, or accuracy
 *     stress          the same back-test after something happened to the prices: deepest drawdown
 *     latency         of one prediction: 99th percentile
 *     consistency     share of rows whose class, or sign, stays the same under small noise
 *
 * What a model does not have (prices, an order in time) is left out, and said. */
#ifndef TL_LAB_VALIDATE_H
#define TL_LAB_VALIDATE_H

#include "lab/command_model.h"
#include "metrics/trading.h"

/* One examination into `list`: {name, value, threshold, passed, unit, note}. */
typedef enum tl__bound { TL__AT_LEAST, TL__AT_MOST, TL__BELOW, TL__ABOVE } tl__bound;
typedef struct tl__validation {
    tl_context *context;
    const tl_options *options;
    tl__trained trained;
    const tl__production_settings *settings;
    tl_dataset *data;
    tl__arena arena;
    tl__builder *builder;
    tl_value *root, *list;
    bool failed;                 /* one of them did not pass */
} tl__validation;

TL_PRIV void tl__validation_put(tl__validation *v, const char *name, const char *what, double value, tl__bound bound,
                                double threshold, const char *note);
TL_PRIV void tl__validation_leave(tl__validation *v, const char *name, const char *why);

/* lab/validate_trading.c: back-test and stress. */
TL_PRIV tl_status tl__validate_trading(tl__validation *v, tl_error *error);

#endif
