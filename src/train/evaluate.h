/* Scoring a part of the data in evaluation mode: predictions of all its rows, their loss, and metrics in double. Of a
 * forecast, whose rows overlap, predictions of one batch are held at a time, and figures are in the network's unit. All
 * arrays are carved before, for the largest part, so that an evaluation allocates nothing but what the area under the
 * curve sorts. */
#ifndef TL_TRAIN_EVALUATE_H
#define TL_TRAIN_EVALUATE_H

#include "data/dataset.h"
#include "metrics/record.h"
#include "model/model.h"
#include "train/window_scores.h"

typedef struct tl__evaluator {
    const tl_model *model;          /* pipeline and link */
    const tl_dataset *data;
    tl__network *network;
    tl__pool *pool;
    const struct tl__kernels *kernels;
    const tl__loss *loss;
    const void *loss_settings;
    size_t batch;                   /* rows of one batch */
    size_t capacity;                /* rows of the largest part that is evaluated */
    size_t features, width;         /* of the network's input and output */
    size_t classes;                 /* 0: values */
    size_t outputs;                 /* classes, or target columns */
    size_t numbers;                 /* columns of predicted: classes, or target columns that are numbers */
    size_t class_heads, class_width;   /* target columns that are classes beside them, and the classes of all */
    float *inputs;                  /* [batch, features] */
    float *targets;                 /* [batch, target columns] in the network's unit, or class numbers [batch] */
    int32_t *labels;                /* [batch] */
    float *weights;                 /* [batch] */
    int32_t *lengths;               /* [batch] of sequences; NULL: rows are none */
    float *row_losses;              /* [batch] */
    unsigned char *room;            /* for gathering streamed rows */
    tl_error reading;               /* why reading them failed */
    int32_t *truth, *predicted_classes;   /* [capacity] of classes */
    size_t held;                    /* rows of values and predicted: capacity, or batch of a forecast */
    float *values;                  /* [held, numbers] in room for outputs: truth in the target's unit; not of a
                                       forecast */
    float *predicted;               /* [held, numbers]: probabilities, or values in the target's unit */
    int32_t *head_truth;            /* [class_heads, held]; -1: not known */
    float *head_probabilities;      /* [class_width, held]: of each head [held, its classes] */
    tl__window_scores windows;      /* of a forecast */
    bool quick;                     /* its errors alone, no naive forecasts beside it */
    int64_t *confusion;             /* [classes, classes], rows are the true classes */
    /* of the last evaluation */
    size_t rows;
    double loss_value;
    tl__class_summary summary;
    tl__value_figures figures;
} tl__evaluator;

/* Fill the plain members from model, data and loss, then carve; the network comes later. */
TL_PRIV void tl__evaluator_init(tl__evaluator *evaluator, const tl_model *model, const tl_dataset *data,
                                const tl__loss *loss, const void *loss_settings, size_t batch, size_t capacity);
TL_PRIV void tl__evaluator_carve(tl__carver *carver, tl__evaluator *evaluator);

/* Predict and score all rows of a part; the results stand in the evaluator. */
TL_PRIV tl_status tl__evaluator_run(tl__evaluator *evaluator, tl_part part);
/* In words, what tl__evaluator_run failed of. */
TL_PRIV const char *tl__evaluator_why(const tl__evaluator *evaluator, tl_status status);
/* The public figures of the last evaluation; heap for the area under the curve. */
TL_PRIV tl_status tl__evaluator_scores(const tl__evaluator *evaluator, tl__heap *heap, tl_scores *out);
/* The same, and everything about it as a map (metrics/record.h) with the loss; heap for what sorts. */
TL_PRIV tl_status tl__evaluator_record(const tl__evaluator *evaluator, tl__heap *heap, tl__builder *builder,
                                       tl_value *parent, const char *key, tl_scores *out);
/* All figures NaN, no samples. */
TL_PRIV void tl__scores_clear(tl_scores *scores);

#endif
