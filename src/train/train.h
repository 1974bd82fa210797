/* The trainer: a model, a data set and settings, made into a loop.
 *
 *     tl__trainer_new       settings are checked, everything is planned; little is allocated
 *     tl__trainer_memory    the plan: what training will need, to the byte
 *     tl__trainer_resume    or not: go on from a checkpoint
 *     tl__trainer_run       all memory is asked for, then epochs until an end; a step allocates nothing
 *     tl__trainer_result    how it ended, which weights the model has, scores of the parts
 *
 * The model's weights are trained in place; whatever ends the training, the model has good weights afterwards.
 * Listeners hear of batches and epochs in the caller's thread, in the order in which they were given. */
#ifndef TL_TRAIN_TRAIN_H
#define TL_TRAIN_TRAIN_H

#include "data/dataset.h"
#include "metrics/metrics.h"
#include "model/build.h"
#include "model/model.h"
#include "train/settings.h"

typedef struct tl__trainer tl__trainer;

/* One epoch: a row of metrics.csv. What there is not is NaN. train_* are sample-weighted means over the epoch in
 * training mode, val_* of validation after it. All fields are doubles or integers that a double holds, so that a
 * checkpoint keeps them as they are. */
typedef struct tl__epoch {
    double epoch;                    /* from 1 */
    double train_loss, val_loss;
    double train_accuracy, val_accuracy;        /* fractions; of classifications */
    double train_mae, val_mae;                  /* in the target's unit; of regressions */
    double val_balanced_accuracy, val_f1_macro; /* of classifications */
    double val_mse, val_r2;                     /* in the target's unit; of regressions */
    double learning_rate;                       /* of the epoch's last step */
    double gradient_norm_avg;                   /* mean over the looked-at steps of (total norm / number of tensors) */
    double gradient_norm_max;                   /* largest norm of one tensor */
    double gradient_mean_abs, gradient_max_abs; /* over the elements, last step of the epoch */
    double batches, samples;
    double seconds;                             /* with validation, by the context's clock */
    double best;                                /* 1: the best epoch so far */
    double stopped;                             /* 1: early stopping ended the training here */
} tl__epoch;

/* What hears of a training. Functions may be NULL; a status that is not TL_OK ends the training with that status. */
typedef struct tl__listener {
    /* Before each step; may change the trainer (tl__trainer_adopt). */
    tl_status (*before)(void *user, tl__trainer *trainer, tl_error *error);
    tl_status (*batch)(void *user, const tl__trainer *trainer, const tl_progress *progress, tl_error *error);
    tl_status (*epoch)(void *user, const tl__trainer *trainer, const tl__epoch *epoch, tl_error *error);
    /* After a checkpoint was written and synced: what the listener wrote before it may be counted on after a resume. */
    tl_status (*checkpoint)(void *user, const tl__trainer *trainer, tl_error *error);
    void *user;
} tl__listener;

typedef struct tl__trainer_options {
    const tl__train_settings *settings;   /* kept */
    const char *file;                     /* for messages about settings; NULL: none */
    uint64_t seed;
    const char *folder;                   /* for checkpoints, exists; NULL: none are written. Copied */
    const char *model_id;                 /* stands in checkpoints: the run's id; NULL: "". Copied */
    const tl__listener *listeners;        /* kept */
    size_t listener_count;
    tl_progress_fn *progress;             /* at most ten times a second, and at each epoch's end; NULL: none */
    void *progress_user;
    const char *run;                      /* for progress records; NULL: "". Copied */
    bool analytics;                       /* keep a record of each epoch (train/history.h) */
    int64_t sampling;                     /* gradient norms are those of every so many-th step; 0: 10 */
} tl__trainer_options;

/* Before there is a model: what the data gives and the loss wants, for tl__network_build. */
TL_PRIV tl_status tl__train_fit(const tl__train_settings *settings, const tl_dataset *data, const char *file,
                                tl__fit *out, tl_error *error);

/* Model and data are kept and must outlive the trainer. The model gets the data's pipeline. */
TL_PRIV tl_status tl__trainer_new(tl_model *model, const tl_dataset *data, const tl__trainer_options *options,
                                  tl__trainer **out, tl_error *error);
TL_PRIV void tl__trainer_free(tl__trainer *trainer);

/* The plan of memory. The lines add up to `total`; once tl__trainer_run has begun, that is what the context's heap
 * holds at most until the run ends (if nobody else allocates from it). */
enum { TL__MEMORY_LINES = 24 };
typedef struct tl__memory_line {
    const char *name;                /* "gradients" */
    size_t bytes;
} tl__memory_line;
typedef struct tl__memory {
    tl__memory_line lines[TL__MEMORY_LINES];
    int count;
    size_t total;                    /* bytes */
} tl__memory;
TL_PRIV void tl__trainer_memory(const tl__trainer *trainer, tl__memory *out);
TL_PRIV const tl__plan *tl__trainer_plan(const tl__trainer *trainer);   /* of the network: layers, shapes, FLOPs */

/* Go on from a checkpoint file, before the run. Refused with a sentence: another data set (the first difference),
 * another network, other settings that change results (live rows may differ), another numeric class. */
TL_PRIV tl_status tl__trainer_resume(tl__trainer *trainer, const char *checkpoint, tl_error *error);

/* The live rows of `fresh` take the place of what the trainer works with, from the next step on. Refused with a
 * sentence, and nothing changed: what this training was not planned for. may: only ask. again: the training goes on
 * after a checkpoint that knew of it, so its memory stands (the rate that a schedule has come to). */
TL_PRIV tl_status tl__trainer_may_adopt(const tl__trainer *trainer, const tl__train_settings *fresh, tl_error *error);
TL_PRIV void tl__trainer_adopt(tl__trainer *trainer, const tl__train_settings *fresh, bool again);
TL_PRIV int64_t tl__trainer_steps(const tl__trainer *trainer);            /* optimizer steps taken */
TL_PRIV int64_t tl__trainer_epoch_steps(const tl__trainer *trainer);      /* of one epoch */
TL_PRIV int64_t tl__trainer_ticks(const tl__trainer *trainer);            /* the clock, about a millisecond old */
/* A checkpoint now, on the disk when it returns; nothing where there is no folder. */
TL_PRIV tl_status tl__trainer_save(tl__trainer *trainer, tl_error *error);

/* While it trains: the model as a file, written in the memory of checkpoints. */
TL_PRIV tl_status tl__trainer_save_model(tl__trainer *trainer, const char *path, tl_error *error);

/* Once per trainer: the model then has the weights that are kept, so what goes on begins with a new trainer and the
 * checkpoint. TL_OK: it ended by itself (completed, early stopping). TL_CANCELLED: tl_cancel or the progress function
 * asked; a checkpoint is written where there is a folder. TL_NOT_FINITE: a loss or gradient became NaN or infinite; the
 * message names layer, epoch and step, and the model has the last good weights. */
TL_PRIV tl_status tl__trainer_run(tl__trainer *trainer, tl_error *error);
/* For tests: the same, but stops after `steps` optimizer steps as tl_cancel would. */
TL_PRIV tl_status tl__trainer_run_steps(tl__trainer *trainer, int64_t steps, tl_error *error);

typedef struct tl__train_result {
    const char *stopped;             /* "completed", "early_stopping_triggered", "interrupted", "nan", "failed" */
    const char *trigger;             /* "early_stopping_patience_exceeded", "early_stopping_ratio_exceeded", "" */
    int64_t epochs;                  /* finished, those before a resume included */
    int64_t best_epoch;              /* by training.monitor */
    int64_t kept_epoch;              /* whose weights the model has; 0: the initial ones */
    double seconds;                  /* of training, this session */
    double samples_per_second;
    double output_seconds;           /* what listeners, progress and checkpoints took, this session */
    int64_t parameters;
    size_t memory_bytes;             /* planned */
} tl__train_result;
TL_PRIV void tl__trainer_result(const tl__trainer *trainer, tl__train_result *out);

/* Epochs so far, oldest first; at most the newest TL__HISTORY are kept. */
enum { TL__HISTORY = 10000 };
TL_PRIV size_t tl__trainer_epochs(const tl__trainer *trainer);
TL_PRIV const tl__epoch *tl__trainer_epoch(const tl__trainer *trainer, size_t index);

/* The record of the epochs, if options.analytics and there was memory for it; else NULL. */
TL_PRIV const struct tl__records *tl__trainer_records(const tl__trainer *trainer);

/* While it trains: all weights, in the places of the plan's tensors; and the newest predictions of validation (NULL:
 * there are none): probabilities, or values in the target's unit (of a forecast the last batch's, as the network sees
 * them). */
TL_PRIV const float *tl__trainer_parameters(const tl__trainer *trainer);
TL_PRIV const float *tl__trainer_predictions(const tl__trainer *trainer, size_t *count);

/* Scores of a part in evaluation mode with the model's weights; samples 0: there is no such part. Uses the memory of
 * the training, so it needs no more. */
TL_PRIV tl_status tl__trainer_score(tl__trainer *trainer, tl_part part, tl_scores *out, tl_error *error);
/* The same with everything about the part as a map under `key` (metrics/record.h); {samples: 0}: there is no such
 * part. Takes memory for it: call tl__trainer_release first. */
TL_PRIV tl_status tl__trainer_record(tl__trainer *trainer, tl_part part, tl__builder *builder, tl_value *parent,
                                     const char *key, tl_scores *out, tl_error *error);
/* Of a classification, rows of the part that was recorded last: truth (-1: missing) and predicted class. */
TL_PRIV void tl__trainer_classes(const tl__trainer *trainer, const int32_t **truth, const int32_t **predicted);
/* After the run: what only steps need is given back, so that as many bytes are free for reports within the plan. */
TL_PRIV void tl__trainer_release(tl__trainer *trainer);
/* All is given back but the record: nothing can be scored any more. */
TL_PRIV void tl__trainer_keep_records(tl__trainer *trainer);

/* The same for a model without a trainer; the loss is that of its training. Scores of any number of parts. */
typedef struct tl__scorer tl__scorer;
TL_PRIV tl_status tl__scorer_new(const tl_model *model, const tl_dataset *data, tl__scorer **out, tl_error *error);
TL_PRIV void tl__scorer_free(tl__scorer *scorer);
TL_PRIV tl_status tl__scorer_run(tl__scorer *scorer, tl_part part, tl_scores *out, tl_error *error);
/* The part that was scored last, with all figures as a map (metrics/record.h). */
TL_PRIV tl_status tl__scorer_record(const tl__scorer *scorer, tl__builder *builder, tl_value *parent, const char *key);
/* Predictions of the part that was scored last: probabilities [rows, classes], or values in the target's unit. */
TL_PRIV const float *tl__scorer_predictions(const tl__scorer *scorer, size_t *rows, size_t *columns);

#endif
