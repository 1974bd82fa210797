/* The trainer's inside, shared by the files of train/. */
#ifndef TL_TRAIN_TRAINER_H
#define TL_TRAIN_TRAINER_H

#include "data/batch.h"
#include "nn/optimizer.h"
#include "nn/schedule.h"
#include "train/analytics.h"
#include "train/evaluate.h"
#include "train/reserve.h"
#include "train/stopping.h"
#include "train/train.h"

enum { TL__END_NONE, TL__END_COMPLETED, TL__END_STOPPED };

/* Everything that changes while a training goes on, but for the arrays of numbers. A checkpoint holds it as it is: all
 * members are doubles, whole numbers too, so that the list of what is saved cannot lack one. */
typedef struct tl__train_state {
    double epoch;                   /* epochs finished */
    double step;                    /* steps done of the epoch that goes on */
    double total_steps;
    double ended;                   /* TL__END_* */
    /* sums of the epoch that goes on */
    double loss_sum, samples, hits, error_sum, batches;
    double norm_sum, norm_max, norm_count;
    double element_mean, element_max;
    double learning_rate;           /* of the last step */
    /* memories */
    double reference, bad, trigger, by_ratio;           /* tl__stopping */
    double best_value, best_epoch;                      /* tl__best */
    double rate, plateau_best, plateau_bad, cooldown, reductions;   /* tl__schedule_state */
    double last_val_loss, last_accuracy, last_train_loss;
    double history;                 /* rows in the history */
    double seconds, epoch_seconds;  /* of training so far; of the epoch that goes on (by the context's clock) */
} tl__train_state;
enum { TL__TRAIN_STATE_SIZE = sizeof(tl__train_state) / sizeof(double) };

/* B7's states of the last `patience` epochs: in memory, or one file each beside the checkpoint. Slot of epoch e: e %
 * slots. */
typedef struct tl__ring {
    size_t slots;                   /* 0: no ring */
    size_t floats;                  /* of one state */
    float *states;                  /* [slots, floats]; NULL: files */
    struct tl__ring_slot {
        double epoch;               /* -1: empty */
        char hash[65];              /* of the parameters, names the file */
        bool synced;
        bool in_checkpoint;         /* the checkpoint on disk names it */
    } *slot;                        /* [slots] */
} tl__ring;

struct tl__trainer {
    tl_context *context;
    tl_model *model;
    const tl_dataset *data;
    tl__arena arena;                /* settings and texts */
    tl__train_settings live;        /* settings with the changes that came while it ran ... */
    const tl__train_settings *settings;   /* ... which this points to */
    tl__trainer_options options;    /* texts in the arena */
    /* what the settings say, found and bound */
    const tl__loss *loss;
    void *loss_settings;
    const tl__optimizer *optimizer;
    void *optimizer_settings;
    const tl__schedule *schedule;   /* NULL: the rate stays */
    void *schedule_settings;
    const char *settings_text;      /* JSON of the rows that change results: what a resume compares ... */
    const char *data_text;          /* ... and of the data's description */
    int monitor, keep;              /* resolved: never auto */
    bool validation;
    size_t step_rows;               /* rows of one step: batch_size * accumulation */
    size_t steps;                   /* per epoch */
    tl__plan *plan;
    tl__batch_options batch_options;
    tl__memory memory;
    /* asked for by tl__trainer_prepare */
    bool prepared;
    tl__network *network;
    tl__batches *batches;
    unsigned char *block;           /* all of the following, block_size bytes */
    size_t block_size;
    float *labels;                  /* [step_rows]: class numbers as the network takes them */
    double *output_scale;           /* [outputs]: from the network's unit to the target's */
    float *buffers;                 /* parameters that are not trained, as before the step: a bad batch must not leave
                                       its mark in running statistics */
    float *best;                    /* parameters of the best epoch; NULL: not kept */
    tl__epoch *history;             /* newest last; history_size at most */
    size_t history_size;
    tl__ring ring;
    float *kept;                    /* [validation rows]: how long each kept its class (metrics.h); NULL: no classes */
    tl__evaluator evaluator;
    unsigned char *reserve_block;
    size_t reserve_size;
    tl__reserve reserve;
    tl__analytics analytics;
    tl_context shadow;              /* the context, with the reserve as its heap: for files */
    /* while it runs */
    tl__train_state state;
    tl__stopping stopping;
    tl__best best_epoch;
    tl__schedule_state plateau;
    bool resumed;
    const char *stopped, *trigger;
    int64_t kept_epoch;
    double output_seconds;                             /* of this session */
    int64_t started, last_progress, last_checkpoint;   /* ticks */
    int64_t now;                    /* ticks of the last look at the clock ... */
    int stride, unlooked;           /* ... which is at every stride + 1 steps; steps until the next */
    double session_steps, session_samples;
    double seconds_before;          /* of earlier sessions, in state.seconds and state.epoch_seconds */
    uint32_t said;                  /* of alerts that are given without analytics (train/alerts.h) */
    char line[256];
};

/* ---- bind.c ---- */
/* training.loss with its class weights, found and bound; texts and lists in the arena. */
TL_PRIV tl_status tl__train_bind_loss(const tl__train_settings *settings, const tl_dataset *data,
                                      const char *file, tl__arena *arena, const tl__loss **loss, void **loss_settings,
                                      tl_error *error);
/* All members of a trainer, and what one row cannot say. */
TL_PRIV tl_status tl__trainer_bind(tl__trainer *trainer, tl_error *error);

/* Patience, delta and ratio as the settings say them now; what it remembers stays. */
TL_PRIV void tl__trainer_set_stopping(const tl__trainer *trainer, tl__stopping *stopping);

/* ---- trainer.c ---- */
/* Ask for all memory that the plan says. */
TL_PRIV tl_status tl__trainer_prepare(tl__trainer *trainer, tl_error *error);
TL_PRIV size_t tl__trainer_floats(const tl__trainer *trainer);   /* of all parameters */
TL_PRIV void tl__trainer_save_state(tl__trainer *trainer);       /* from the memories into trainer->state ... */
TL_PRIV void tl__trainer_load_state(tl__trainer *trainer);       /* ... and back */

/* ---- ring.c ---- */
TL_PRIV void tl__ring_carve(tl__carver *carver, tl__ring *ring, bool in_memory);
/* Keep the model's weights as those of `epoch`. */
TL_PRIV tl_status tl__ring_put(tl__trainer *trainer, double epoch, tl_error *error);
/* Give the model the weights of `epoch`; *found false: the ring does not have it. */
TL_PRIV tl_status tl__ring_get(tl__trainer *trainer, double epoch, bool *found, tl_error *error);
/* Before a checkpoint that names them: the files are on the disk. After it: files that nothing names are removed. */
TL_PRIV tl_status tl__ring_sync(tl__trainer *trainer, tl_error *error);
TL_PRIV void tl__ring_committed(tl__trainer *trainer);

/* ---- checkpoint.c ---- */
TL_PRIV tl_status tl__checkpoint_write(tl__trainer *trainer, bool sync, tl_error *error);
/* Bytes of the reserve that writing one takes. */
TL_PRIV tl_status tl__checkpoint_measure(tl__trainer *trainer, tl__reserve *reserve, tl_error *error);
TL_PRIV tl_status tl__checkpoint_read(tl__trainer *trainer, const char *path, tl_error *error);

#endif
