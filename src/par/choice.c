/* Spans of runs, and what follows from their means; choice.h says what for. */
#include "par/choice.h"
#include "port/port.h"

enum {
    CHOICE_RUNS = 2,              /* of a span, at least */
    CHOICE_SPAN = 2000000,        /* nanoseconds of a span, at least; */
    CHOICE_TRIAL = 1500000,       /* of a trial, */
    CHOICE_SETTLE = 300000,       /* after as many that are not looked at */
    CHOICE_WAIT = 50000000,       /* between trials at first; doubled with each that changes nothing, */
    CHOICE_TRIALS = 64            /* at least so many times a trial's time, */
};
#define CHOICE_MOST 2000000000    /* at most this, or eight times the least */

static void choice_turn(tl__choice *choice)
{
    choice->alone = !choice->alone;
    choice->settling = CHOICE_SETTLE;
}

static int64_t choice_larger(int64_t a, int64_t b) { return a > b ? a : b; }

/* A trial is over: the pool has to win clearly, since it takes other cores. */
static void choice_judge(tl__choice *choice, int64_t took)
{
    const double *mean = choice->mean;
    int64_t least = choice_larger(CHOICE_WAIT, CHOICE_TRIALS * took), most = choice_larger(CHOICE_MOST, 8 * least);
    bool pool = mean[0] < 0.97 * mean[1];
    choice->trial = false;
    if (pool == choice->alone) {
        choice_turn(choice);
        choice->wait = choice->wait < most / 2 ? 2 * choice->wait : most;
    } else {
        choice->wait = 0;
    }
    choice->wait = choice->left = choice_larger(choice->wait, least);
}

TL_PRIV void tl__choice_note(tl__choice *choice, int64_t nanoseconds)
{
    if (!choice->begun || choice->settling > 0) {
        choice->settling = (choice->begun ? choice->settling : CHOICE_SETTLE) - nanoseconds;
        choice->begun = true;
        return;
    }
    choice->runs++;
    choice->spent += nanoseconds;
    choice->left -= nanoseconds;
    if (choice->runs < CHOICE_RUNS || choice->spent < (choice->trial ? CHOICE_TRIAL : CHOICE_SPAN)) return;
    double now = (double)choice->spent / choice->runs, *mean = &choice->mean[choice->alone];
    int64_t took = choice->spent;
    choice->runs = 0;
    choice->spent = 0;
    if (choice->trial) {
        *mean = now;
        choice_judge(choice, took);
        return;
    }
    if (*mean > 0 && now > 2 * *mean) now = 2 * *mean;   /* one long run says little */
    *mean += (now - *mean) * (*mean == 0 ? 1 : 0.25);
    double other = choice->mean[!choice->alone];
    if (choice->left > 0 && (other == 0 || *mean < 1.05 * other)) return;
    choice->trial = true;
    choice_turn(choice);
}

TL_PRIV tl__pool *tl__choice_begin(tl__choice *choice, tl__pool *pool, bool usual)
{
#ifdef TL_SHARE_ALL
    choice->alone = false;
#endif
    choice->began = pool != NULL && usual ? tl__ticks() : 0;
    if (choice->settling > 0 && !choice->alone) tl__pool_rouse(pool);
    return choice->alone ? NULL : pool;
}

TL_PRIV void tl__choice_end(tl__choice *choice)
{
    if (choice->began != 0) tl__choice_note(choice, tl__ticks() - choice->began);
    choice->began = 0;
}

#undef CHOICE_MOST
