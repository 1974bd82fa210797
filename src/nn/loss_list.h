/* The losses. Each line is a function of nn/loss_NAME.c that gives its descriptor. */
#ifndef TL_NN_LOSS_LIST_H
#define TL_NN_LOSS_LIST_H

#include "base/family.h"

#define TL__LOSSES(X)        \
    X(mse)                   \
    X(mae)                   \
    X(huber)                 \
    X(smooth_l1)             \
    X(log_cosh)              \
    X(quantile)              \
    X(cross_entropy)         \
    X(binary_cross_entropy)  \
    X(focal)                 \
    X(kl_div)

#define TL__X(name) TL_PRIV const tl__member_head *tl__loss_##name(void);
TL__LOSSES(TL__X)
#undef TL__X

#endif
