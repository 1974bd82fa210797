/* Diagnosis: why a training stopped, and what to change.
 *
 * Everything is looked at once and becomes one struct of evidence: the run's record, the data as the network sees it,
 * and short trainings from the run's first and last weights. A training can be repeated to the bit, so what a run did
 * not record is found out by repeating its beginning with the record on; and what another learning rate would have done
 * is found out by trying it.
 *
 * A cause is a row of one table: a function that weighs the evidence from 0 to 1 and says the sentence, the figures and
 * the settings that change it. A cause that is behind others (inputs that are not scaled make gradients explode) lists
 * them: where it is found, they are its consequences and are left out. */
#ifndef TL_LAB_DIAGNOSIS_H
#define TL_LAB_DIAGNOSIS_H

#include "lab/analytics.h"
#include "lab/session.h"

/* ---- evidence ---- */

enum { TL__DIAGNOSIS_ROWS = 4096,           /* rows that are looked at, spread over the part */
       TL__DIAGNOSIS_COLUMNS = 4096,        /* features of a row; more: the rest is not looked at */
       TL__DIAGNOSIS_NEIGHBOURS = 1000,     /* rows whose neighbours are looked for */
       TL__TRIALS = 6 };

/* The rows as the network sees them. NaN: not known, or it does not apply. */
typedef struct tl__data_evidence {
    size_t rows, validation, columns;       /* of the parts; features of a row */
    size_t not_finite;                      /* values */
    double widest, narrowest;               /* largest and smallest root mean square of a column that varies; words not
                                               counted */
    const char *widest_name;
    double spread;                          /* of most columns: median of those roots */
    size_t constant, constant_empty;        /* columns of one value; and of them those at the value that is the
                                               least of most others: empty corners of a picture */
    const char *constant_name;
    double shared;                          /* share of validation rows that are training rows, too */
    bool repeats;                           /* few values, so that equal rows are to be expected */
    double repeated;                        /* share of training rows that stand there again */
    double best_alone;                      /* how much of the target one column alone says, 0 to 1, of rows that it was
                                               not fitted on ... */
    const char *best_name;                  /* ... and which */
    double second_alone;                    /* the next best column */
    double neighbours;                      /* how much of the target the nearest row says, 0 to 1 ... */
    double neighbours_error;                /* ... and its standard error */
    double reference;                       /* skill of the mean or the vote of the five nearest rows */
    double chance;                          /* share of the largest class in training */
    double smallest;                        /* and of the smallest */
    size_t largest_class, smallest_class;
    bool class_like;                        /* values that are few whole numbers */
    size_t distinct;                        /* values of the first target, up to 65 */
    double target_spread;                   /* root mean square of the targets as the network sees them */
} tl__data_evidence;

/* The series of a forecast, by its first target, in the network's unit. */
typedef struct tl__series_evidence {
    bool known;
    size_t season;                          /* steps after which the training part is like itself; 0: none was found */
    double season_alike;                    /* its correlation with itself then */
    double season_mse;                      /* in validation, of repeating the last season, all targets */
    double level;                           /* |mean of validation - mean of training| / deviation of training */
    const char *ahead_name;                 /* a column whose changes are those of the target ... */
    size_t ahead_steps;                     /* ... so many steps later; 0: it is given for the steps to forecast */
    double ahead, ahead_own;                /* the correlation; of the target with itself at that distance */
} tl__series_evidence;

/* One short training. Losses are those of train_loss; NaN that of one that left the numbers. */
typedef struct tl__probe {
    double rate;                            /* times the run's own */
    double loss;                            /* of its last epoch */
} tl__probe;

/* What gradients say about weights that stand still. */
typedef struct tl__still_evidence {
    bool known;
    double loss;                            /* in training mode; NaN: not finite */
    double norm;                            /* of all gradients, mean over the steps */
    double first, last;                     /* gradient norm / weight norm of the first and the last layer ... */
    double weakest;                         /* ... and the least of all layers */
    const char *weakest_name;
    double dead, dead_worst;                /* shares of units of relu layers without any gradient */
    const char *dead_name;
    double saturated, saturated_worst;      /* shares of outputs of tanh and sigmoid units at the ends of their range,
                                               where hardly any gradient passes */
    const char *saturated_name;
    size_t layers;                          /* with weights */
} tl__still_evidence;

typedef struct tl__evidence {
    tl_context *context;
    const tl__config *config;
    const tl__session *session;
    const tl_value *effective;              /* all settings as they act */
    tl__arena *arena;
    const char *state;                      /* status.json: "done", "crashed", ... */
    const char *stopped;                    /* "completed", "early_stopping_triggered", "nan", "interrupted", "" */
    const tl__records *records;
    size_t epochs, best;                    /* in the record; index of the best epoch (least validation loss, else
                                               training loss) */
    double first_loss, last_loss, least_loss;          /* of training */
    double jumps;                           /* share of epochs in which the training loss rose by more than 5 % */
    double val_least, val_last;
    double peak_norm;                       /* largest gradient norm of a tensor */
    bool classification, forecast, has_validation;
    size_t classes;
    tl_scores train, validation;            /* of the weights that the run kept */
    bool scored;
    double train_skill, val_skill;          /* 0: as good as a constant, 1: perfect; NaN: not known */
    double train_balanced, val_balanced;    /* the same by balanced accuracy */
    double predicted_largest;               /* share of validation rows (else training) that are called the largest
                                               class; NaN: a regression */
    double recall_smallest;
    tl__data_evidence data;
    tl__series_evidence series;
    /* initial weights */
    double gain, gain_least;                /* largest and smallest of root mean square of weights * root of fan-in */
    const char *gain_name, *gain_least_name;
    bool equal_weights;                     /* a layer's units all begin alike */
    const char *equal_name;
    tl__still_evidence start, end;          /* with the first and the last weights */
    double moved;                           /* |last - first weights| / |first weights|; NaN: no last weights */
    tl__probe trials[TL__TRIALS];           /* the rate / 1000, / 100, / 10, * 10, ... */
    double own;                             /* loss after as many epochs at the run's own rate */
    int64_t trial_epochs;                   /* 0: no trials were made */
    size_t parameters;
    bool relu, squash;                      /* it has relu units; hidden units of sigmoid or tanh, no gates */
    bool levelled;                          /* a forecast's windows lose their level before the layers see them */
    bool transferred;
    const char *narrow;                     /* setting of the narrowest hidden layer, "network.layers[0].nodes"; NULL */
    size_t narrow_nodes;
} tl__evidence;

/* lab/diagnosis_data.c: of the rows. */
TL_PRIV tl_status tl__diagnose_data(tl__evidence *evidence, tl_error *error);
/* lab/diagnosis_series.c: of a forecast's series. */
TL_PRIV tl_status tl__diagnose_series(tl__evidence *evidence, tl_error *error);
/* lab/diagnosis_probe.c: of weights and short trainings; `last` are the run's last weights or NULL. */
TL_PRIV tl_status tl__diagnose_trials(tl__evidence *evidence, const float *last, tl_error *error);

/* ---- causes ---- */

enum { TL__CAUSE_FIGURES = 3, TL__CAUSE_CHANGES = 3, TL__CAUSE_TEXT = 320 };

typedef struct tl__finding {
    double score;                           /* 0: not found; from 0.5 on it is named, from 0.8 on strong */
    char sentence[TL__CAUSE_TEXT];
    int figures;
    char figure[TL__CAUSE_FIGURES][TL__CAUSE_TEXT];
    int changes;
    struct { char path[96], from[48], to[160]; } change[TL__CAUSE_CHANGES];
    char sound[120];                        /* what was found where it is not the cause: "inputs are scaled" */
} tl__finding;

typedef struct tl__cause {
    const char *name;                       /* "rate_high" */
    const char *explains;                   /* names of causes that follow from it, separated by blanks; "*": all after
                                               it in the table */
    void (*weigh)(const tl__evidence *evidence, tl__finding *out);
} tl__cause;

TL_PRIV const tl__cause *tl__cause_at(size_t index);     /* NULL beyond the last */

/* For those who write causes. A change whose value is there already is left out. */
TL_PRIV void tl__finding_say(tl__finding *out, double score, const char *format, ...) TL_PRINTF(3, 4);
TL_PRIV void tl__finding_figure(tl__finding *out, const char *format, ...) TL_PRINTF(2, 3);
TL_PRIV void tl__finding_change(const tl__evidence *evidence, tl__finding *out, const char *path, const char *format,
                                ...) TL_PRINTF(4, 5);
/* data.drop with one column more, where it is a column of its own. */
TL_PRIV void tl__finding_drop(const tl__evidence *evidence, tl__finding *out, const char *column);
TL_PRIV void tl__finding_sound(tl__finding *out, const char *format, ...) TL_PRINTF(2, 3);

/* lab/causes_data.c, lab/causes_series.c, lab/causes_model.c, lab/causes_record.c */
#define TL__CAUSES(X) X(not_finite) X(wrong_loss) X(leak) X(future_column) X(shuffled) X(duplicates) X(unscaled)     \
    X(initialization) X(constant) X(imbalance) X(exploding) X(vanishing) X(dead_units) X(saturated) X(rate_high)     \
    X(rate_low) X(window_short) X(level) X(overfit) X(underfit) X(worse_than_naive)
#define TL__X(name) TL_PRIV void tl__cause_##name(const tl__evidence *evidence, tl__finding *out);
TL__CAUSES(TL__X)
#undef TL__X

#endif
