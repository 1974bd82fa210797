/* One training of several that make a run (lab/many.h): as tl_run, in a folder that is given. */
#ifndef TL_LAB_RUN_H
#define TL_LAB_RUN_H

#include "lab/config.h"

typedef struct tl__run_one {
    const char *config;              /* config file or folder of the run that it is part of */
    const char *const *set;          /* over it */
    size_t set_count;
    const char *out;                 /* as tl_options has it */
    const char *folder;              /* its own, made where it is not there; what is unfinished in it is gone on
                                        with, and what is done is taken as it is */
    const char *analytics;           /* folder of its detailed analytics, if it has them; NULL: the usual one */
    const tl_dataset *data;          /* over whose tables its own is made; NULL: it is read */
    const char *best_path;           /* of the best model as training goes; NULL: none */
    tl_progress_fn *progress;
    void *progress_user;
} tl__run_one;

/* *result as the run left it, also of one that was done before. */
TL_PRIV tl_status tl__run_part(tl_context *context, const tl__run_one *one, tl_run_result *result, tl_error *error);

#endif
