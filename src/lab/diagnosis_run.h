/* A run that is diagnosed: all that is open for it. */
#ifndef TL_LAB_DIAGNOSIS_RUN_H
#define TL_LAB_DIAGNOSIS_RUN_H

#include "lab/diagnosis.h"
#include "lab/folder.h"

typedef struct tl__diagnosis_run {
    tl_context *context;
    tl__arena arena;
    tl__run_place place;
    tl__config *config;
    tl__tree *status, *effective;    /* status.json, NULL: none; all settings */
    tl__run_records records;
    tl__session session;             /* with the initial weights */
    tl_model *model;                 /* with the last ones; NULL: there are none */
    tl__evidence evidence;
} tl__diagnosis_run;

/* All zeros but the context; to be closed, also after a failure. */
TL_PRIV tl_status tl__diagnosis_open(tl__diagnosis_run *run, const char *path, const tl_options *options,
                                     tl_error *error);
TL_PRIV tl_status tl__diagnosis_look(tl__diagnosis_run *run, tl_error *error);
TL_PRIV void tl__diagnosis_close(tl__diagnosis_run *run);

#endif
