/* With the pool or alone? Whether it pays to share out a training step depends on more than its size: on how far cores
 * are from each other, where a virtual machine runs just now, and what else the machine has to do. So work that comes
 * again and again is measured both ways while it runs, and the faster way is kept; the other one is tried again from
 * time to time, ever more seldom while it stays the slower one. Results do not depend on the way. */
#ifndef TL_PAR_CHOICE_H
#define TL_PAR_CHOICE_H

#include "par/pool.h"

/* Zeroed before the first run. */
typedef struct tl__choice {
    bool alone;               /* the way of the next run */
    bool trial;               /* and only for a moment */
    bool begun;
    int64_t settling;         /* nanoseconds of runs that are not looked at yet: threads wake up, data changes caches */
    int runs;                 /* of this span, and their time */
    int64_t spent;
    double mean[2];           /* nanoseconds of a run with the pool, alone; 0: not known */
    int64_t wait, left;       /* nanoseconds of runs until the next trial, all and still to go */
    int64_t began;            /* of the run that goes on; 0: it is not measured */
} tl__choice;

/* The pool for the run that begins now, or NULL. Runs that are not `usual` (a shorter batch) go the same way and are
 * not measured. */
TL_PRIV tl__pool *tl__choice_begin(tl__choice *choice, tl__pool *pool, bool usual);
TL_PRIV void tl__choice_end(tl__choice *choice);
/* A run took so long: what tl__choice_end does. */
TL_PRIV void tl__choice_note(tl__choice *choice, int64_t nanoseconds);

#endif
