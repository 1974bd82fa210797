/* A search at work: workers take trials from the journal, train them and record how they ended. Whoever joins the
 * folder later, or after a crash, goes on with what is left; what comes out is the same. */
#ifndef TL_LAB_SEARCH_RUN_H
#define TL_LAB_SEARCH_RUN_H

#include "lab/trials.h"

typedef struct tl__search_run {
    tl_context *context;
    const tl_options *options;
    const char *config_path;
    tl__config *config;
    tl__search search;
    tl__trials trials;
    tl_dataset *data;            /* shared by all trials; NULL: each reads its own */
    tl__mutex *mutex;            /* over all that follows, and over trials */
    int64_t first, end;          /* the generation at work */
    double *points;              /* its proposals, [points_count, axes] */
    size_t points_count;
    bool *told;                  /* [search.trials]: it was said how the trial ended */
    int64_t begun, told_best;    /* trials that this process began; the best that was said, -1: none */
    int64_t before, started;     /* trials that had ended when this process came; ticks */
    int64_t working;             /* workers that have not gone home */
    bool leave;                  /* all shall go home */
    bool regression;
    tl_status status;            /* of the search as a whole: the journal cannot be written, memory is out */
    tl_error why;
} tl__search_run;

/* Config and settings of a trial, in `context`; *out is the caller's. */
TL_PRIV tl_status tl__search_config(const tl__search_run *run, tl_context *context, int64_t trial, tl__config **out,
                                    tl_error *error);
/* Works until all trials of this process are done. run->trials is open. TL_CANCELLED: on request. */
TL_PRIV tl_status tl__search_work(tl__search_run *run, tl_error *error);
/* "trial 3/20", and how it ended, once for each trial; gives whether there is a new best. */
TL_PRIV bool tl__search_tell(tl__search_run *run);

#endif
