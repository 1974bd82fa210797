/* The files of detailed analytics, training_analytics/runs/{run_id}/: metrics.csv, detailed_metrics.json, alerts.txt
 * and config.yaml; and reading them back.
 *
 * Writing never ends a training: what cannot be written is said once and left out, and the rest goes on. */
#ifndef TL_LAB_ANALYTICS_H
#define TL_LAB_ANALYTICS_H

#include "lab/config.h"
#include "train/alerts.h"

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
TL_PRIV void tl__run_records_free(tl__run_records *records);    /* also of one that failed, or is all zeros */

#endif
