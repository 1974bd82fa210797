/* The journal of a search: trials.jsonl, one line of JSON when a trial begins and one when it ends, each appended
 * under a lock and synced. Any number of processes may work on one folder: a trial belongs to the worker that began
 * it for as long as that worker's process lives; of a dead one it is free again. A line that a crash cut off is
 * passed over. Journals of shards that ran apart become one by putting their lines into one file. */
#ifndef TL_LAB_TRIALS_H
#define TL_LAB_TRIALS_H

#include "lab/search.h"
#include "port/port.h"

typedef enum tl__trial_state {
    TL__TRIAL_FREE,
    TL__TRIAL_STARTED,
    TL__TRIAL_DONE,
    TL__TRIAL_STOPPED,           /* early, by the rule */
    TL__TRIAL_FAILED
} tl__trial_state;

enum { TL__TRIAL_STARTS = 10 };  /* a trial whose process died so often has failed */

typedef struct tl__trial {
    tl__trial_state state;
    int starts;                  /* how often it was begun */
    double score;                /* as the metric has it; NaN: none */
    double seconds;
    int64_t epochs, best_epoch;
    const char *worker, *error;
    size_t curve_count;
    const double *curve;         /* the best score up to each rung of the stop rule */
} tl__trial;

typedef struct tl__trials {
    tl_context *context;
    tl__arena arena;
    const tl__search *search;
    const char *folder, *path, *worker;
    tl__lock *alive;             /* this worker's */
    tl__trial *items;            /* [search->trials] */
    double *points;              /* [search->trials, axes]: axes' values of what was begun */
    uint64_t read;               /* bytes of the journal that are known */
    int64_t ended, best;         /* how many; number of the best from 0, -1: none */
} tl__trials;

/* Opens the journal in `folder` or begins it. identity: of the search; another one in the journal is refused. */
TL_PRIV tl_status tl__trials_open(tl_context *context, const tl__search *search, const char *folder,
                                  const char *identity, const char *name, tl__trials *out, tl_error *error);
TL_PRIV void tl__trials_close(tl__trials *trials);   /* also of one that is all zeros */
/* Reads what others appended. */
TL_PRIV tl_status tl__trials_update(tl__trials *trials, tl_error *error);
/* Smaller is better; NaN: none. */
TL_PRIV double tl__trials_loss(const tl__trials *trials, int64_t trial);

/* Begins one of the trials first..end-1 that `mine` (NULL: all) allows; *trial -1: all of them have ended or are at
 * work elsewhere. `points`: of first..end-1. */
typedef bool tl__trials_mine_fn(const void *user, int64_t trial);
TL_PRIV tl_status tl__trials_claim(tl__trials *trials, int64_t first, int64_t end, const double *points,
                                   tl__trials_mine_fn *mine, const void *user, int64_t *trial, tl_error *error);
/* Records how a trial ended; TL__TRIAL_FREE: it was interrupted and is to be begun again. */
TL_PRIV tl_status tl__trials_end(tl__trials *trials, int64_t trial, const tl__trial *how, tl_error *error);

#endif
