/* A run of many models: one for each fold of the rows, for each seed, or for each set of changed settings. Each is
 * trained in a folder of its own inside the run's (fold_1, seed_42, member_2), by the run's config and a few settings
 * over it, so that each is a run folder like any other and a crash costs no more than the epoch that was lost.
 *
 *     tl__many_of        which models a config asks for
 *     tl__many_train     train them, some at a time
 *     tl__many_report    predictions of the rows that each was judged by, mean and deviation, the ensemble
 */
#ifndef TL_LAB_MANY_H
#define TL_LAB_MANY_H

#include "data/dataset.h"
#include "lab/config.h"
#include "model/model.h"
#include "text/value.h"

enum { TL__MANY_NONE, TL__MANY_FOLDS, TL__MANY_SEEDS, TL__MANY_SETTINGS };

typedef struct tl__many_one {
    const char *name;                /* "fold_3": its folder */
    const char *title;               /* "fold 3/10" */
    const char *suffix;              /* "fold3": at the end of its best model's name */
    const char *const *set;          /* "data.split.fold=3" */
    size_t set_count;
} tl__many_one;

typedef struct tl__many {
    int kind;                        /* TL__MANY_* */
    size_t count;
    const tl__many_one *ones;        /* in the arena */
    const char *word;                /* "folds", "seeds", "members" */
} tl__many;

enum { TL__MANY_MOST = 1000 };

/* kind TL__MANY_NONE: the config asks for one model. */
TL_PRIV tl_status tl__many_of(const tl__config *config, tl__arena *arena, tl__many *out, tl_error *error);

typedef struct tl__many_job {
    tl_context *context;
    const tl__config *config;        /* of the run */
    const tl__many *many;
    const char *folder;              /* of the run; its config.yaml is there */
    const tl_options *options;
    const tl_dataset *data;          /* of the run: tables to share */
    size_t width;                    /* predictions of a row */
    size_t plan_bytes;               /* of one training */
    const char *best_path;           /* "…/best_model_csv_mlp" without what comes after; NULL: not wanted */
    bool (*progress)(void *user, const tl_progress *progress);   /* of a part, as one of the whole run; not at the same
                                                                     time from two threads */
    void *user;
} tl__many_job;

/* results: [many->count]. */
TL_PRIV tl_status tl__many_train(const tl__many_job *job, tl_run_result *results, tl_error *error);

/* Into the root of metrics.json, and out_of_fold.csv in the folder; figures of the whole into *result. */
TL_PRIV tl_status tl__many_report(const tl__many_job *job, const tl_run_result *results, tl__builder *builder,
                                  tl_value *root, tl_run_result *result, tl_error *error);

/* The config of one of them; config: the run's folder. */
TL_PRIV tl_status tl__many_config(tl_context *context, const char *config, const tl__many_one *one,
                                  const tl_options *options, tl__config **out, tl_error *error);
/* The models of a finished run; each is freed by the caller, also after a failure (NULL: not loaded). */
TL_PRIV tl_status tl__many_load(tl_context *context, const tl__many *many, const char *folder, tl_model **models,
                                tl_error *error);

#endif
