/* When to stop, and which epoch was best: pure bookkeeping over losses, so that planted sequences can test it.
 *
 * An epoch is bad when its loss did not beat the best one by min_delta (the reference moves only when it was beaten),
 * when the loss is NaN, or, with a ratio, when val_loss / train_loss exceeds it. `patience` bad epochs in a row
 * trigger. */
#ifndef TL_TRAIN_STOPPING_H
#define TL_TRAIN_STOPPING_H

#include "base/base.h"

typedef struct tl__stopping {
    int64_t patience;     /* 0: never stops */
    double min_delta;
    double ratio;         /* 0: not looked at */
    double reference;     /* loss to beat; infinite before the first epoch */
    int64_t bad;          /* bad epochs in a row */
    int64_t trigger;      /* epoch that ended the training; 0: none */
    bool by_ratio;        /* the last bad epoch was bad by its ratio alone */
} tl__stopping;

TL_PRIV void tl__stopping_init(tl__stopping *stopping, int64_t patience, double min_delta, double ratio);
/* After epoch `epoch` (from 1). Without validation train_loss takes val_loss's place and there is no ratio. True: stop
 * now. */
TL_PRIV bool tl__stopping_update(tl__stopping *stopping, int64_t epoch, double train_loss, double val_loss,
                                 bool validation);
/* The epoch whose weights patience mode restores: trigger - patience; 0: the initial weights. */
TL_PRIV int64_t tl__stopping_restore(const tl__stopping *stopping);

typedef struct tl__best {
    bool higher;          /* higher values are better */
    double value;         /* of the best epoch so far */
    int64_t epoch;        /* 0: none yet */
} tl__best;

TL_PRIV void tl__best_init(tl__best *best, bool higher);
/* True when `value` is strictly better than all before; NaN never is. */
TL_PRIV bool tl__best_update(tl__best *best, int64_t epoch, double value);

#endif
