/* The schedules. Each line is a function of nn/schedule_NAME.c that gives its descriptor. */
#ifndef TL_NN_SCHEDULE_LIST_H
#define TL_NN_SCHEDULE_LIST_H

#include "base/family.h"

#define TL__SCHEDULES(X)   \
    X(constant)            \
    X(step)                \
    X(multi_step)          \
    X(exponential)         \
    X(cosine_annealing)    \
    X(warm_restarts)       \
    X(reduce_on_plateau)   \
    X(one_cycle)           \
    X(polynomial)

#define TL__X(name) TL_PRIV const tl__member_head *tl__schedule_##name(void);
TL__SCHEDULES(TL__X)
#undef TL__X

/* Rows that schedules share; `type` has a member `common`. */
#define TL__SCHEDULE_ROWS(type)                                                                                       \
    {.name = "per", .kind = TL__FIELD_CHOICE, .flags = TL__RESULT, .offset = offsetof(type, common.per),              \
     .choices = (const char *const[]){"auto", "epoch", "step", NULL},                                                 \
     .help = "What the schedule counts; auto: epochs, but steps for one_cycle"},                                      \
    {.name = "warmup", .kind = TL__FIELD_INT, .flags = TL__RESULT | TL__TUNE, .offset = offsetof(type, common.warmup),\
     .max = 1e9, .unit = "epochs or steps", .tune = "{min: 0, max: 10}",                                              \
     .help = "The rate first grows linearly for this long, then the schedule begins"},                                \
    {.name = "warmup_start", .kind = TL__FIELD_FLOAT, .flags = TL__RESULT,                                            \
     .offset = offsetof(type, common.warmup_start), .fallback = 0.1, .max = 1.0,                                      \
     .help = "Share of the rate that the warm-up begins with"}
#define TL__SCHEDULE_GAMMA_ROW(type, value)                                                                           \
    {.name = "gamma", .kind = TL__FIELD_FLOAT, .flags = TL__RESULT | TL__TUNE | TL__OPEN_MIN,                         \
     .offset = offsetof(type, gamma), .fallback = value, .max = 1e3, .tune = "{min: 0.1, max: 0.99}",                  \
     .help = "Factor of the rate at each reduction"}
#define TL__SCHEDULE_PI 3.14159265358979323846

#endif
