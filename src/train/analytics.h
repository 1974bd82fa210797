/* Detailed analytics: fills one row of train/history.h per epoch while a training goes on.
 *
 * It costs little because it reads what is there: norms come from steps whose gradients are looked at anyway, figures
 * of predictions from those of validation, and once per epoch one pass over the weights compares them with a copy.
 * Nothing in here changes a result. All memory is one planned block; without it the training goes on with less:
 *
 *     detailed    layers, classes, changes of weights, dead units
 *     basic       no layers and no copy of the weights (the block of the detailed level was not to be had)
 *     minimum     what every training keeps: tl__epoch */
#ifndef TL_TRAIN_ANALYTICS_H
#define TL_TRAIN_ANALYTICS_H

#include "train/history.h"

enum { TL__ANALYTICS_MINIMUM, TL__ANALYTICS_BASIC, TL__ANALYTICS_DETAILED };
enum { TL__STEP_BUCKETS = 480 };     /* of step times: 16 to each power of two, from 256 ns on */

/* Sums of the epoch that goes on; a checkpoint holds them, so all are doubles. */
typedef struct tl__analytics_sums {
    double rows, confidence, entropy, high, bins[TL__CONFIDENCE_BINS];    /* of predictions in training mode */
    double looks;                           /* steps whose gradients were looked at */
    double steps, data, step, longest;      /* number of steps; nanoseconds */
    double validation, output;              /* seconds; output: of the epoch before */
    double bucket[TL__STEP_BUCKETS];
} tl__analytics_sums;

typedef struct tl__analytics {
    int level;
    bool training_predictions;       /* there is no validation to take predictions from */
    size_t layers, classes, units, trained, width, history_size;
    const char **layer_names;        /* [layers] */
    int *layer_of;                   /* [tensors]: of each trained tensor; -1: it is not trained */
    size_t *unit_of;                 /* [tensors]: where the units of a tensor of biases begin; SIZE_MAX: it is none */
    /* in the block */
    tl__analytics_sums *sums;
    double *norms;                   /* [layers] sums of norms */
    double *counts;                  /* [3, classes] supports, predicted, hits in training mode; NULL: not counted */
    float *unit_gradient;            /* [units] largest |gradient| of its bias in the looked-at steps */
    float *previous;                 /* [trained] the numbers at the end of the last epoch */
    double *rows;                    /* [history_size, width] */
    unsigned char *block;
    size_t block_size;
    int64_t mark;                    /* ticks of the last change of phase */
    bool look;                       /* the step at work is a looked-at one */
    double wait;                     /* nanoseconds that the batch at work was waited for */
    tl__records records;
} tl__analytics;

/* Sizes and names, in the trainer's arena; then the block, which may not be had: the level is then lower. */
TL_PRIV tl_status tl__analytics_plan(tl__trainer *trainer, tl_error *error);
TL_PRIV size_t tl__analytics_bytes(const tl__trainer *trainer);      /* of the heap; 0: off */
TL_PRIV void tl__analytics_prepare(tl__trainer *trainer);
TL_PRIV void tl__analytics_free(tl__trainer *trainer);
/* After a resume: `complete` when the checkpoint had all arrays, else rows are made of what every training keeps. */
TL_PRIV void tl__analytics_resume(tl__trainer *trainer, bool complete);
TL_PRIV void tl__analytics_begin(tl__trainer *trainer);    /* of a run, or after what is no part of its phases */

/* What the loop tells. */
TL_PRIV void tl__analytics_has_rows(tl__trainer *trainer);           /* the wait for a batch is over */
/* Outputs of rows in training mode, counted where there is no validation, in looked-at steps only. */
TL_PRIV void tl__analytics_outputs(tl__trainer *trainer, const float *outputs, size_t rows);
/* What a row was and what was predicted, in every step. */
static inline void tl__analytics_predicted(tl__analytics *a, int32_t truth, int32_t predicted)
{
    a->counts[truth] += 1;
    a->counts[a->classes + (size_t)predicted] += 1;
    a->counts[2 * a->classes + (size_t)truth] += truth == predicted;
}
TL_PRIV void tl__analytics_gradients(tl__trainer *trainer);          /* they and their norms can be read */
TL_PRIV void tl__analytics_step(tl__trainer *trainer);               /* the step is done */
TL_PRIV void tl__analytics_validated(tl__trainer *trainer);
TL_PRIV void tl__analytics_epoch(tl__trainer *trainer, const tl__epoch *epoch);   /* after it joined the history */
TL_PRIV void tl__analytics_written(tl__trainer *trainer);            /* who listens has heard of the epoch */

#endif
