/* The features of series. Each line is a function of data/feature_NAME.c that gives its descriptor. */
#ifndef TL_DATA_FEATURE_LIST_H
#define TL_DATA_FEATURE_LIST_H

#include "base/family.h"

#define TL__FEATURES(X)  \
    X(lag)               \
    X(rolling_mean)      \
    X(rolling_std)       \
    X(ema)               \
    X(rate_of_change)    \
    X(rsi)               \
    X(macd)              \
    X(bollinger)         \
    X(calendar)          \
    X(outliers)

#define TL__X(name) TL_PRIV const tl__member_head *tl__feature_##name(void);
TL__FEATURES(TL__X)
#undef TL__X

/* The row that all features of columns share; `type` has a member `common`. */
#define TL__FEATURE_ROWS(type)                                                                                        \
    {.name = "of", .kind = TL__FIELD_TEXT_LIST, .flags = TL__RESULT, .offset = offsetof(type, common.of),             \
     .help = "Columns that it is computed of; not given: the targets"}

#endif
