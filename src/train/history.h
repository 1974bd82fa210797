/* The record of a training: what is known of each epoch, as plain numbers.
 *
 * One epoch is a row of doubles: the fixed figures (tl__record), then those of each layer that learns, then those of
 * each class. A training collects rows (train/analytics.h), files hold them (lab/analytics.h writes and reads
 * detailed_metrics.json and metrics.csv), and whatever explains a training reads them: alerts (train/alerts.h),
 * diagnosis, reports, prompts. What was not collected is NaN, so a reader asks for a number, not for its file. */
#ifndef TL_TRAIN_HISTORY_H
#define TL_TRAIN_HISTORY_H

#include "train/train.h"

/* learning_signal_strength and convergence_indicator as numbers. */
enum { TL__SIGNAL_UNKNOWN, TL__SIGNAL_WEAK, TL__SIGNAL_MEDIUM, TL__SIGNAL_STRONG };
enum { TL__CONVERGENCE_UNKNOWN, TL__CONVERGENCE_IMPROVING, TL__CONVERGENCE_PLATEAUING, TL__CONVERGENCE_DIVERGING };

enum { TL__CONFIDENCE_BINS = 5 };

/* The figures of one epoch; all doubles. Shares are from 0 to 1. */
typedef struct tl__record {
    tl__epoch epoch;                 /* train/train.h: losses, accuracies or errors, rate, gradient norms, time */
    double param_change;             /* L2 norm of the difference of all trained numbers to the previous epoch's; 0 in
                                        the first */
    double param_norm;               /* L2 norm of all trained numbers */
    double update_ratio;             /* param_change / param_norm */
    double subnormal_share, not_finite_share;    /* of the trained numbers */
    double dead_units, dead_units_worst;         /* share of units without a gradient in all looked-at steps: of all
                                                    units, and of the layer where it is largest */
    double confidence;               /* mean of the top probability; this and what follows up to class_balance: of
                                        classifications, on validation, else on training */
    double confidence_bins[TL__CONFIDENCE_BINS];    /* shares of rows with a top probability in [0, 0.2), ... */
    double entropy;                  /* of the probabilities, in nats, mean over rows */
    double high_confidence;          /* share of rows with a top probability above 0.7 */
    double class_balance;            /* 1 - min(1, std / mean) of the class supports */
    double overfitting;              /* 0 to 1 */
    double signal, convergence;      /* TL__SIGNAL_*, TL__CONVERGENCE_* */
    double batch_mean, batch_p50, batch_p95, batch_p99;    /* seconds of a step, waiting for its rows included */
    double seconds_data, seconds_step, seconds_validation, seconds_output;    /* of the epoch, by phase */
    double seconds_forward, seconds_backward, seconds_update;                 /* of seconds_step, where measured */
} tl__record;

/* A layer is a node of the graph with trained tensors. */
typedef struct tl__layer_record {
    double gradient_norm;            /* mean over the looked-at steps */
    double mean_change, std_change;  /* of its numbers against the previous epoch; the mean is signed */
    double change, norm;             /* L2 norms: of that difference, and of its numbers */
    double update_ratio;             /* change / norm */
    double dead_units;               /* share of its units without a gradient; NaN: it has no biases to see it by */
} tl__layer_record;

typedef struct tl__class_record { double precision, recall, f1, support; } tl__class_record;

/* A history of records, oldest first. */
typedef struct tl__records {
    size_t count, layers, classes;   /* classes 0: a regression or a forecast */
    bool validation;                 /* there is validation, so figures of predictions are those of validation */
    const char *const *layer_names;  /* [layers] */
    const char *const *class_names;  /* [classes] */
    const double *rows;              /* [count, tl__records_width] */
    const char *not_finite;          /* why the training ended with NaN, naming the layer; NULL: it did not */
} tl__records;

static inline size_t tl__records_width(size_t layers, size_t classes)
{
    return sizeof(tl__record) / sizeof(double) + layers * (sizeof(tl__layer_record) / sizeof(double)) +
           classes * (sizeof(tl__class_record) / sizeof(double));
}

TL_PRIV const tl__record *tl__records_at(const tl__records *records, size_t index);
TL_PRIV const tl__layer_record *tl__records_layer(const tl__records *records, size_t index, size_t layer);
TL_PRIV const tl__class_record *tl__records_class(const tl__records *records, size_t index, size_t class_index);
/* The same places in a row that is being filled. */
TL_PRIV tl__layer_record *tl__row_layers(double *row);
TL_PRIV tl__class_record *tl__row_classes(double *row, size_t layers);
/* All figures NaN. */
TL_PRIV void tl__row_clear(double *row, size_t width);

/* The fixed figures by name: the columns of metrics.csv, the places in detailed_metrics.json and the words that
 * conditions of alerts are made of are this one table. */
typedef enum tl__record_kind { TL__RECORD_NUMBER, TL__RECORD_COUNT, TL__RECORD_FLAG, TL__RECORD_SIGNAL,
                               TL__RECORD_CONVERGENCE } tl__record_kind;
typedef struct tl__record_field {
    const char *name;                /* "gradient_norm_avg" */
    const char *group, *key;         /* in detailed_metrics.json: "gradient_norms", "average"; group "": the epoch */
    size_t offset;                   /* in tl__record */
    tl__record_kind kind;
    const char *help;
} tl__record_field;
TL_PRIV const tl__record_field *tl__record_field_at(size_t index);     /* NULL beyond the last */
TL_PRIV const tl__record_field *tl__record_field_find(const char *name, size_t size);
TL_PRIV double tl__record_value(const tl__record *record, const tl__record_field *field);
/* "strong", "improving"; the number of such a word (-1: none). */
TL_PRIV const char *tl__record_word(tl__record_kind kind, double value);
TL_PRIV double tl__record_of_word(tl__record_kind kind, const char *word);

/* The beginning of a class's columns in metrics.csv, "hold_it" of "Hold it": small letters, _ for what is no letter or
 * digit, and _2, _3, ... after what an earlier class has too. Cut off at size. */
TL_PRIV size_t tl__class_column(const char *const *names, size_t index, char *out, size_t size);
enum { TL__CLASS_COLUMN = 256 };

/* Of the public functions over an epoch. */
struct tl_epoch {
    const tl__records *records;
    size_t index;
};

/* C5's judgements of a row against the one before it (NULL: it is the first): signal, convergence and overfitting are
 * filled from the row's other figures. */
TL_PRIV void tl__record_judge(tl__record *record, const tl__record *before);

#endif
