/* Schedules: the learning rate as a function of the epoch or the step. All are pure functions of (settings, index,
 * total), so a resumed run needs nothing but its position; only reduce_on_plateau keeps a small state, which
 * checkpoints hold. A linear warm-up may stand in front of any: `warmup: 5`; the schedule then begins after it.
 * Formulas are those of torch.optim.lr_scheduler in closed form. */
#ifndef TL_NN_SCHEDULE_H
#define TL_NN_SCHEDULE_H

#include "base/error.h"
#include "base/family.h"

enum { TL__PER_AUTO, TL__PER_EPOCH, TL__PER_STEP };

/* The beginning of every schedule's settings. */
typedef struct tl__schedule_common {
    int per;                         /* TL__PER_*: what index, warmup, t_max, ... count; auto: the schedule's natural
                                        unit */
    int64_t warmup;                  /* units; 0: none */
    double warmup_start;             /* factor of the rate at the first unit, growing linearly to 1 */
} tl__schedule_common;

/* Where the run is. Epochs and steps from 0 here: the first has index 0. */
typedef struct tl__schedule_time {
    double learning_rate;            /* training.learning_rate: what the schedule starts from */
    int64_t epoch, epochs;           /* epochs: the most there can be */
    int64_t step, steps;             /* optimizer steps since the start of the run; steps: in all its epochs */
} tl__schedule_time;

/* Of reduce_on_plateau; all of it goes into checkpoints. Zeroed by tl__schedule_start. */
typedef struct tl__schedule_state {
    double rate;                     /* 0: not reduced yet, the base rate */
    double best;                     /* NaN: nothing reported yet */
    int64_t bad, cooldown, reductions;
} tl__schedule_state;

typedef struct tl__schedule_point {
    double learning_rate;
    double momentum;                 /* for the optimizer; 0: the optimizer's own */
} tl__schedule_point;

typedef struct tl__schedule {
    tl__member_head head;
    int natural;                     /* TL__PER_EPOCH or TL__PER_STEP */
    /* index counts from the end of the warm-up; total is the units after it. */
    void (*at)(const void *settings, double rate, int64_t index, int64_t total, const tl__schedule_state *state,
               tl__schedule_point *out);
    /* A new value of the monitored metric, after an epoch; NULL: does not listen. */
    void (*report)(const void *settings, double rate, double metric, tl__schedule_state *state);
    tl_status (*check)(const void *settings, tl_error *error);    /* what rows cannot say; NULL: nothing */
} tl__schedule;

TL_PRIV const tl__family *tl__schedule_family(void);
TL_PRIV const tl__schedule *tl__schedule_find(const char *name, tl_error *error);   /* NULL with the mistake told */

TL_PRIV void tl__schedule_start(tl__schedule_state *state);
/* Rate and momentum of this step, warm-up included. Cheap enough to be called before every step. */
TL_PRIV void tl__schedule_at(const tl__schedule *schedule, const void *settings, const tl__schedule_time *time,
                             const tl__schedule_state *state, tl__schedule_point *out);
/* After each epoch: the monitored metric (validation loss, else training loss). */
TL_PRIV void tl__schedule_report(const tl__schedule *schedule, const void *settings, double learning_rate,
                                 double metric,
                                 tl__schedule_state *state);
/* What rows cannot say: milestones ascend. */
TL_PRIV tl_status tl__schedule_check(const tl__schedule *schedule, const void *settings, tl_error *error);

#endif
