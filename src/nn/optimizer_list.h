/* The optimizers. Each line is a function of nn/optimizer_NAME.c that gives its descriptor; those of Adam's kind share
 * a file. */
#ifndef TL_NN_OPTIMIZER_LIST_H
#define TL_NN_OPTIMIZER_LIST_H

#include "base/family.h"

#define TL__OPTIMIZERS(X) \
    X(sgd)                \
    X(rmsprop)            \
    X(adagrad)            \
    X(adam)               \
    X(adamw)              \
    X(amsgrad)            \
    X(nadam)              \
    X(radam)

#define TL__X(name) TL_PRIV const tl__member_head *tl__optimizer_##name(void);
TL__OPTIMIZERS(TL__X)
#undef TL__X

/* Rows that optimizers share. */
#define TL__OPTIMIZER_DECAY_ROW(type, value)                                                                        \
    {.name = "weight_decay", .kind = TL__FIELD_FLOAT, .flags = TL__RESULT | TL__LIVE | TL__TUNE | TL__LOG,          \
     .offset = offsetof(type, weight_decay), .fallback = value, .max = 1e6,                                         \
     .tune = "{min: 0.000001, max: 0.1, scale: log}",                                                               \
     .help = "Draws all parameters towards 0, by this share of the learning rate at each step"}
#define TL__OPTIMIZER_EPS_ROW(type, value)                                                                          \
    {.name = "eps", .kind = TL__FIELD_FLOAT, .flags = TL__RESULT | TL__OPEN_MIN, .offset = offsetof(type, eps),     \
     .fallback = value, .max = 1.0, .help = "Added to the root of the squares, against division by 0"}
#define TL__OPTIMIZER_BETA_ROWS(type)                                                                               \
    {.name = "beta1", .kind = TL__FIELD_FLOAT, .flags = TL__RESULT | TL__TUNE | TL__OPEN_MAX,                       \
     .offset = offsetof(type, beta1), .fallback = 0.9, .max = 1.0, .tune = "{min: 0.8, max: 0.99}",                 \
     .help = "How much of the mean gradient is kept at each step"},                                                 \
    {.name = "beta2", .kind = TL__FIELD_FLOAT, .flags = TL__RESULT | TL__TUNE | TL__OPEN_MAX,                       \
     .offset = offsetof(type, beta2), .fallback = 0.999, .max = 1.0, .tune = "[0.9, 0.99, 0.999]",                  \
     .help = "How much of the mean squared gradient is kept at each step"}

#endif
