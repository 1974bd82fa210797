/* The files of detailed analytics, training_analytics/runs/{run_id}/: metrics.csv, detailed_metrics.json, alerts.txt
 * and config.yaml; and reading them back.
 *
 * Writing never ends a training: what cannot be written is said once and left out, and the rest goes on. */
#ifndef TL_LAB_ANALYTICS_H
#define TL_LAB_ANALYTICS_H

#include "lab/config.h"
#include "train/alerts.h"
#include "train/train.h"

/* ---- writing ---- */

typedef struct tl__analytics_files tl__analytics_files;

/* The run that is written about. */
typedef struct tl__analytics_run {
    const tl__config *config;        /* kept */
    const char *run;                 /* its folder; copied */
    const char *folder;              /* of the analytics; NULL: runs/ of analytics.folder; copied */
    const char *out;                 /* --out; NULL: the current folder */
    const char *hash;                /* of the config; kept */
    const tl_dataset *data;
    const char *architecture;        /* "64 → 64 relu → 10"; copied */
} tl__analytics_run;

/* Makes or enters the folder, marks it as unfinished, removes runs beyond analytics.keep_runs, writes config.yaml and,
 * over what the trainer's record has already (a resume), the table and the alerts. *out is NULL when nothing can be
 * written. */
TL_PRIV void tl__analytics_open(tl_context *context, const tl__analytics_run *run, const tl__trainer *trainer,
                                tl__analytics_files **out);
/* Of the heap, while files are open: part of the plan of memory. */
TL_PRIV size_t tl__analytics_files_bytes(void);
/* The newest epoch: a row, and alerts that begin (in the log, too). */
TL_PRIV void tl__analytics_epoch_done(tl__analytics_files *files, const tl__trainer *trainer, const tl__epoch *epoch);
/* How it ended; why: the message of a training that failed. Writes detailed_metrics.json and the end of alerts.txt. */
TL_PRIV void tl__analytics_end(tl__analytics_files *files, const tl__trainer *trainer, const tl__train_result *end,
                               const char *why);
/* Paths of what was written, each "" when it was not. */
typedef struct tl__analytics_paths { const char *csv, *json, *alerts; } tl__analytics_paths;
TL_PRIV tl__analytics_paths tl__analytics_paths_of(const tl__analytics_files *files);
TL_PRIV void tl__analytics_close(tl__analytics_files *files);    /* NULL: nothing */

/* ---- reading ---- */

/* The record of a run from its files. */
typedef struct tl__run_records {
    tl__records records;
    const char *folder;              /* the run folder; "": not known */
    const char *analytics;           /* the folder of its detailed analytics; "": none */
    const char *source;              /* the file that the rows are from */
    const char *metric;              /* what accuracy is: "accuracy" or "mae" */
    tl__tree *tree;                  /* detailed_metrics.json: run_metadata, training_config, alerts, final_analysis;
                                        NULL: there is none */
    tl_context *context;
    tl__arena arena;
} tl__run_records;

/* folder: a run folder or one of detailed analytics. Read is the first of detailed_metrics.json, the analytics'
 * metrics.csv, the run's metrics.csv that is there; what it does not hold is NaN, and signal, convergence and
 * overfitting are then made from what there is. A last line of metrics.csv that is cut off is left out. A run without
 * epochs has 0 rows. */
TL_PRIV tl_status tl__run_records_read(tl_context *context, const char *folder, tl__run_records *out, tl_error *error);
/* Alerts of one kind, which may begin again and again: the first one's message, and when. `alerts` is the list of
 * detailed_metrics.json; gives how many kinds there are, at most `most`. */
enum { TL__ALERT_EPOCHS = 12 };
typedef struct tl__alert_kind {
    const char *message, *severity;
    size_t count;                    /* how often it began */
    int64_t epochs[TL__ALERT_EPOCHS];/* the first of them */
} tl__alert_kind;
TL_PRIV size_t tl__alert_kinds(const tl_value *alerts, tl__alert_kind *out, size_t most);
/* "epochs 21, 23, 26 and more" */
TL_PRIV void tl__alert_when(const tl__alert_kind *kind, char *out, size_t size);
TL_PRIV void tl__run_records_free(tl__run_records *records);    /* also of one that failed, or is all zeros */

#endif
