/* The rows of `training:` and `optimization:`. What a file does not mention is off; learning_rate, batch_size, epochs
 * and optimizer have defaults. */
#ifndef TL_TRAIN_SETTINGS_H
#define TL_TRAIN_SETTINGS_H

#include "base/field.h"
#include "text/value.h"

/* What decides which epoch is the best one. */
typedef enum tl__monitor {
    TL__MONITOR_AUTO,               /* val_loss, or train_loss where there is no validation */
    TL__MONITOR_VAL_LOSS,
    TL__MONITOR_TRAIN_LOSS,
    TL__MONITOR_ACCURACY,           /* the rest: on validation; higher is better but for mae, mse and rmse */
    TL__MONITOR_BALANCED_ACCURACY,
    TL__MONITOR_F1_MACRO,
    TL__MONITOR_MAE,
    TL__MONITOR_MSE,
    TL__MONITOR_R2
} tl__monitor;

/* Which epoch's weights the training ends with. */
typedef enum tl__keep {
    TL__KEEP_AUTO,                  /* best where there is validation, else last */
    TL__KEEP_BEST,
    TL__KEEP_LAST,
    TL__KEEP_PATIENCE               /* those of epoch (trigger - patience) when early stopping ends it, else the best */
} tl__keep;

typedef struct tl__stopping_settings {
    bool present;
    int64_t patience;               /* bad epochs in a row that end the training */
    double min_delta;               /* by how much val_loss must beat the best to count */
    bool ratio_check;               /* an epoch is bad too when val_loss / train_loss exceeds the ratio */
    double ratio;                   /* 0: 1.15, under focal loss 20.0 */
} tl__stopping_settings;

typedef struct tl__checkpoint_settings {
    int64_t epochs;                 /* a checkpoint after every so many epochs; 0: none for that reason */
    int64_t steps;                  /* after every so many steps */
    double minutes;                 /* when the last one is older than this */
    bool keep_all;                  /* also a file of its own for each epoch */
} tl__checkpoint_settings;

typedef struct tl__training_settings {
    double learning_rate;
    int64_t batch_size;
    int64_t epochs;
    tl__member optimizer;
    tl__member loss;                /* "auto": by the task */
    tl__member lr_scheduler;        /* name NULL: the rate stays */
    const tl_value *heads;          /* train/heads.c; NULL: one loss for all targets */
    const tl_value *class_weights;  /* none, balanced, or a list of numbers in class order */
    int64_t gradient_shards;        /* a power of two */
    int64_t accumulation;           /* batches whose gradients make one step */
    bool recompute;
    bool drop_last;
    int64_t validation_batch_size;  /* rows of a batch when evaluating; 0: as batch_size */
    int monitor;                    /* tl__monitor */
    int keep;                       /* tl__keep */
    const tl_value *changes;        /* lab/live.h; NULL: none */
    bool mixed_precision;
    tl__checkpoint_settings checkpoint;
} tl__training_settings;

typedef struct tl__optimization_settings {
    double dropout;                 /* after each hidden layer */
    double l2_reg;                  /* times w is added to the gradient of weights, not of biases and norms */
    double weight_decay;            /* < 0: the optimizer's own default */
    double gradient_clip;           /* largest size of all gradients together; 0: off */
    int gradient_clip_by;           /* 0: gradient_clip limits the norm; 1: the largest element */
    double gradient_clip_value;     /* largest absolute value of an element; 0: off */
    tl__stopping_settings early_stopping;
} tl__optimization_settings;

TL_PRIV const tl__field *tl__training_rows(void);
TL_PRIV const tl__field *tl__optimization_rows(void);

/* The settings of one training whole. */
typedef struct tl__train_settings {
    tl__training_settings training;
    tl__optimization_settings optimization;
    bool detailed_analytics;     /* of tl_train; a run's stands in its config */
} tl__train_settings;

/* From one flow map, as tl_train takes it: "epochs: 100, optimizer: adam, early_stopping: {patience: 10}". The settings
 * point into *tree (tl__tree_free) and *arena (tl__arena_free), which the caller frees after use, also on failure. */
TL_PRIV tl_status tl__train_read(tl_context *context, const char *text, tl__arena *arena, tl__tree **tree,
                                 tl__train_settings *out, tl_error *error);

#endif
