/* Early stopping and the best epoch. */
#include "train/stopping.h"

#include "base/math.h"

TL_PRIV void tl__stopping_init(tl__stopping *stopping, int64_t patience, double min_delta, double ratio)
{
    *stopping = (tl__stopping){.patience = patience, .min_delta = min_delta, .ratio = ratio,
                                .reference = tl__scale(1, 1024)};
}

TL_PRIV bool tl__stopping_update(tl__stopping *stopping, int64_t epoch, double train_loss, double val_loss,
                                 bool validation)
{
    double loss = validation ? val_loss : train_loss;
    bool beaten = loss < stopping->reference - stopping->min_delta;
    /* Written as a product, so that a train_loss of 0 needs no case of its own. */
    bool apart = validation && stopping->ratio > 0 && val_loss > stopping->ratio * train_loss;
    if (beaten) stopping->reference = loss;
    stopping->by_ratio = beaten && apart;
    stopping->bad = beaten && !apart ? 0 : stopping->bad + 1;
    if (stopping->patience == 0 || stopping->bad < stopping->patience) return false;
    stopping->trigger = epoch;
    return true;
}

TL_PRIV int64_t tl__stopping_restore(const tl__stopping *stopping)
{
    int64_t epoch = stopping->trigger - stopping->patience;
    return epoch > 0 ? epoch : 0;
}

TL_PRIV void tl__best_init(tl__best *best, bool higher)
{
    *best = (tl__best){.higher = higher};
}

TL_PRIV bool tl__best_update(tl__best *best, int64_t epoch, double value)
{
    if (value != value) return false;
    if (best->epoch != 0 && !(best->higher ? value > best->value : value < best->value)) return false;
    best->value = value;
    best->epoch = epoch;
    return true;
}
