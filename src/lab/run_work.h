/* A run at work: what the files of train:run share. */
#ifndef TL_LAB_RUN_WORK_H
#define TL_LAB_RUN_WORK_H

#include "lab/analytics.h"
#include "lab/journal.h"
#include "lab/live.h"
#include "lab/many.h"
#include "lab/run.h"
#include "lab/session.h"
#include "lab/tensorboard.h"

typedef struct tl__run_work {
    tl_context *context;
    const tl_options *options;
    tl_run_result *result;
    tl__arena arena;
    tl__config *config;
    tl__config *changed;             /* with what changed while it ran; NULL: nothing did */
    tl__session session;
    tl__journal journal;
    tl__live live;
    tl__lock *lock;
    tl__analytics_files *analytics;  /* NULL: none are written */
    tl__tensorboard *board;          /* NULL: no events */
    double rate;                     /* of the epoch before; 0: none */
    tl_progress progress;            /* the last one */
    const tl__run_one *one;          /* this is one training of several; NULL: it is a run */
    bool done;                       /* and was done before */
    tl_dataset *data;                /* made over the tables of another */
    tl__many many;                   /* the trainings that this run is made of */
    const char *folder, *checkpoint; /* checkpoint: to go on from, or NULL */
    const char *best_path;           /* NULL: not wanted */
    const char *kept;                /* folder of callbacks.checkpoint; NULL: off */
    const char *parent;              /* id of the version that it goes on from; NULL: none */
    char hash[65], stamp[24];
} tl__run_work;

/* ---- run_begin.c: its config, its folder and its checkpoint, where they are there already ---- */
/* --resume: the folder to go on in. */
TL_PRIV tl_status tl__run_prepare_resume(tl__run_work *run, const char *config_path, tl_error *error);
/* --from: config and first weights. */
TL_PRIV tl_status tl__run_prepare_from(tl__run_work *run, const char *config_path, tl_error *error);
/* One training of several. */
TL_PRIV tl_status tl__run_prepare_one(tl__run_work *run, tl_error *error);

#endif
