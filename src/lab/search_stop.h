/* Ending hopeless trials early: pure rules over what earlier trials had reached at the same epoch. */
#ifndef TL_LAB_SEARCH_STOP_H
#define TL_LAB_SEARCH_STOP_H

#include "base/base.h"

typedef enum tl__stop_method { TL__STOP_NONE, TL__STOP_MEDIAN, TL__STOP_ASHA, TL__STOP_HYPERBAND } tl__stop_method;

typedef struct tl__stop_rule {
    int method;                  /* tl__stop_method */
    int64_t first;               /* epochs that every trial gets */
    double factor;               /* asha, hyperband: rungs grow by it, and one in so many goes on */
    int64_t startup;             /* median: trials that must have come so far before one is stopped */
    int64_t epochs;              /* of a whole training */
} tl__stop_rule;

/* Is a trial looked at after this epoch? asha: at first, first * factor, first * factor^2, ... below epochs.
 * hyperband: trials take turns in brackets that begin at a later rung each (Li et al., 2018). median: at `first` and at
 * every hundredth of the epochs. */
TL_PRIV bool tl__stop_rung(const tl__stop_rule *rule, int64_t trial, int64_t epoch);
/* Are two trials compared with each other? Of different brackets they are not. */
TL_PRIV bool tl__stop_peers(const tl__stop_rule *rule, int64_t a, int64_t b);
/* Shall a trial whose best value so far is `mine` end, when earlier ones had `values` at this epoch? Smaller is better.
 * asha: unless it is among the best 1 / factor of all of them (the rule without promotions of Li et al., "A System for
 * Massively Parallel Hyperparameter Tuning", 2020). median: when it is worse than the median (Golovin et al., 2017).
 * A NaN ends. `values` is put in order. */
TL_PRIV bool tl__stop_now(const tl__stop_rule *rule, double *values, size_t count, double mine);

#endif
