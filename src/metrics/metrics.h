/* Metrics: pure functions over arrays, in double and in a fixed order, so figures are the same bits everywhere.
 * Classes are numbered from 0; a row whose true class is negative is left out. Where a quotient has no denominator the
 * result is 0 for precision, recall and F1 (zero_division 0) and NaN for whole metrics that are not defined (AUC of
 * one class). Arrays of predictions may be float or double (tl__reals). Those that sort need memory and say so by a
 * status. */
#ifndef TL_METRICS_METRICS_H
#define TL_METRICS_METRICS_H

#include "base/error.h"
#include "base/family.h"
#include "base/memory.h"

/* ---- arrays that are float or double ---- */

typedef struct tl__reals {
    const float *f;                  /* one of the two; both NULL: absent */
    const double *d;
} tl__reals;

static inline tl__reals tl__of_floats(const float *values) { return (tl__reals){values, NULL}; }
static inline TL_UNUSED tl__reals tl__of_doubles(const double *values) { return (tl__reals){NULL, values}; }
static inline double tl__real(tl__reals values, size_t i) { return values.d ? values.d[i] : (double)values.f[i]; }
static inline bool tl__reals_given(tl__reals values) { return values.d || values.f; }

/* ---- classes: counts (metrics/confusion.c) ---- */

/* Class with the largest probability, the first one when they tie; with one column: probability > 0.5 is class 1. A
 * row with a NaN is class 0 unless another probability is larger than those before it. */
TL_PRIV void tl__predicted_classes(tl__reals probabilities, size_t rows, size_t columns, int32_t *out);

/* counts[true * classes + predicted] += 1 (zero it first). False: a number is not below classes (that row is not
 * counted). */
TL_PRIV bool tl__confusion_add(int64_t *counts, size_t classes, const int32_t *truth, const int32_t *predicted,
                               size_t rows);

typedef struct tl__class_figures {
    double precision, recall, f1;    /* 0 where the denominator is 0 */
    double false_positive_rate;      /* FP / (FP + TN) */
    int64_t support, predicted, hits;
} tl__class_figures;
TL_PRIV void tl__class_figures_of(const int64_t *counts, size_t classes, tl__class_figures *out);   /* [classes] */

/* Figures of a whole confusion matrix. NaN all where there are no rows. */
typedef struct tl__class_summary {
    int64_t rows;
    double accuracy;
    double balanced_accuracy;        /* mean recall over the classes that occur */
    double precision_macro, recall_macro, f1_macro;           /* mean over all classes */
    double precision_weighted, recall_weighted, f1_weighted;  /* by support */
    double precision_micro, recall_micro, f1_micro;
    double mcc;                      /* Matthews, multi-class (Gorodkin 2004); 0 where undefined */
    double kappa, kappa_quadratic;   /* Cohen; NaN where undefined */
    double recognition_rate;         /* mean recall over the classes that occur, other than `background` */
    double false_positive_rate;      /* mean over all classes */
} tl__class_summary;
/* background: the class that recognition_rate leaves out; -1: none. */
TL_PRIV void tl__class_summarize(const int64_t *counts, size_t classes, int background, tl__class_summary *out);

/* Text table of precision, recall, F1 and support per class with accuracy, macro and weighted averages, as
 * sklearn.metrics.classification_report lays it out. names: [classes] or NULL (numbers). */
TL_PRIV void tl__class_report(tl__buffer *out, const int64_t *counts, size_t classes, const char *const *names);

/* Rows of each class. */
TL_PRIV void tl__class_counts(const int32_t *labels, size_t rows, size_t classes, int64_t *out);
/* Proportional to 1 / count and summing to the number of classes that occur (B4); classes without a row get 0. */
TL_PRIV void tl__balanced_weights(const int64_t *counts, size_t classes, double *out);
/* rows / (classes that occur * count): the same proportions as sklearn's "balanced" scales them. */
TL_PRIV void tl__balanced_weights_plain(const int64_t *counts, size_t classes, double *out);
/* 1 - min(1, std / mean) of the class supports (population std): C5's class_balance_score. NaN without rows. */
TL_PRIV double tl__class_balance(const int64_t *counts, size_t classes);

/* ---- classes: probabilities (metrics/probability.c, metrics/ranking.c); probabilities [rows, classes] ---- */

/* Scores of the rows of a class and of all others, in order: one sort for all figures below. */
typedef struct tl__ranking {
    int64_t positives, negatives;    /* rows; 0 and 0: nothing is defined, for there is no positive row, or a NaN */
    const uint64_t *positive, *negative;   /* ascending numbers that stand for scores from the best on */
    tl__reals scores;
    uint64_t *block;
    size_t bytes;
} tl__ranking;
TL_PRIV tl_status tl__ranking_new(tl__heap *heap, const int32_t *truth, tl__reals scores, size_t rows, size_t stride,
                                  size_t column, int32_t positive, tl__ranking *out);
TL_PRIV void tl__ranking_free(tl__heap *heap, tl__ranking *ranking);
TL_PRIV double tl__ranking_auc(const tl__ranking *ranking);          /* as tl__roc_auc */
TL_PRIV double tl__ranking_precision(const tl__ranking *ranking);    /* as tl__average_precision */
/* What tl__ranking_new takes of the heap for so many rows; SIZE_MAX: too many. */
TL_PRIV size_t tl__ranking_bytes(size_t rows);

/* Of class `positive` (1 in `truth == positive`) by `scores` [rows]; ties count one half. NaN when only one kind
 * occurs or a score is NaN. */
TL_PRIV tl_status tl__roc_auc(tl__heap *heap, const int32_t *truth, tl__reals scores, size_t rows, size_t stride,
                              size_t column, int32_t positive, double *out);
/* Sum of (R_n - R_(n-1)) * P_n over distinct thresholds. NaN without a positive row. */
TL_PRIV tl_status tl__average_precision(tl__heap *heap, const int32_t *truth, tl__reals scores, size_t rows,
                                        size_t stride, size_t column, int32_t positive, double *out);
/* A figure of each class [classes] as one: of two classes that of class 1, of more the mean of those that are defined;
 * none: NaN. */
TL_PRIV double tl__class_mean(const double *values, size_t classes);
/* Two classes: AUC of class 1. More: mean one-versus-rest AUC over the classes, by_support: weighted. per_class
 * [classes] or NULL. A class that has no row, or all of them, is NaN in per_class and left out of the mean; none left:
 * NaN. */
TL_PRIV tl_status tl__auc(tl__heap *heap, const int32_t *truth, tl__reals probabilities, size_t rows, size_t classes,
                          bool by_support, double *per_class, double *out);
/* Mean over ordered pairs of classes (Hand and Till 2001). */
TL_PRIV tl_status tl__auc_one_vs_one(tl__heap *heap, const int32_t *truth, tl__reals probabilities, size_t rows,
                                     size_t classes, double *out);

/* Points of a curve, one per distinct threshold from high to low, at most `limit` (thinned evenly; 0: all). ROC goes
 * from (0, 0) to (1, 1); precision and recall begin at (0, 1). The first threshold is infinite. No points where the
 * rate is not defined: only one kind of rows, or a NaN among the scores. */
typedef struct tl__curve {
    size_t count;
    double *x, *y;                   /* false and true positive rate; recall and precision */
    double *threshold;
    size_t capacity;
} tl__curve;
TL_PRIV tl_status tl__roc_curve(tl__heap *heap, const int32_t *truth, tl__reals scores, size_t rows, size_t stride,
                                size_t column, int32_t positive, size_t limit, tl__curve *out);
TL_PRIV tl_status tl__precision_recall_curve(tl__heap *heap, const int32_t *truth, tl__reals scores, size_t rows,
                                             size_t stride, size_t column, int32_t positive, size_t limit,
                                             tl__curve *out);
TL_PRIV tl_status tl__ranking_roc(tl__heap *heap, const tl__ranking *ranking, size_t limit, tl__curve *out);
TL_PRIV tl_status tl__ranking_precision_recall(tl__heap *heap, const tl__ranking *ranking, size_t limit,
                                               tl__curve *out);
TL_PRIV void tl__curve_free(tl__heap *heap, tl__curve *curve);
/* Area below it by trapezoids. */
TL_PRIV double tl__curve_area(const tl__curve *curve);

/* -mean log p[truth]; rows are normalised to sum 1 and clipped to [2.2e-16, 1 - 2.2e-16] before. */
TL_PRIV double tl__log_loss(const int32_t *truth, tl__reals probabilities, size_t rows, size_t classes);
/* Mean over rows of the sum over classes of (p - [truth])^2; of_class_1: of class 1 only, as is usual for two. */
TL_PRIV double tl__brier(const int32_t *truth, tl__reals probabilities, size_t rows, size_t classes, bool of_class_1);
/* Share of rows whose true class is among the k most probable (of equal ones the lower classes come first). */
TL_PRIV double tl__top_accuracy(const int32_t *truth, tl__reals probabilities, size_t rows, size_t classes, size_t k);

/* Of the top probability (confidence); bins (lo, hi] of equal width. */
typedef struct tl__confidence_figures {
    double mean;                     /* mean top probability */
    double entropy;                  /* mean over rows, in nats */
    double high;                     /* share of rows above 0.7 */
    double calibration_error;        /* expected, 15 bins (Guo et al. 2017); NaN without truth */
    double distribution[5];          /* share of rows in 5 equal bins on [0, 1] */
} tl__confidence_figures;
TL_PRIV void tl__confidence(const int32_t *truth, tl__reals probabilities, size_t rows, size_t classes,
                            tl__confidence_figures *out);   /* truth NULL: not known */
/* bins: at most 100. */
TL_PRIV double tl__calibration_error(const int32_t *truth, tl__reals probabilities, size_t rows, size_t classes,
                                     size_t bins);

/* What that error is made of, for a reliability diagram: of each bin the number of rows, their mean top probability and
 * the share of them that was right (NaN where there are none). */
TL_PRIV void tl__calibration_bins(const int32_t *truth, tl__reals probabilities, size_t rows, size_t classes,
                                  size_t bins, double *counts, double *confidence, double *accuracy);

/* ---- stability (metrics/stability.c) ---- */

/* How long each row has kept its predicted class, [rows], one float of a row: class * 8 + epochs, which are counted to
 * TL__STABLE_EPOCHS; zeros before the first. Share of rows that kept one class over the last TL__STABLE_EPOCHS of
 * `epochs`, or over all of fewer; NaN: no rows or no epoch. Classes below 2^20. */
enum { TL__STABLE_EPOCHS = 5 };
TL_PRIV void tl__stability_add(float *kept, const int32_t *predicted, size_t rows);
TL_PRIV double tl__stability_index(const float *kept, size_t rows, size_t epochs);

/* ---- values (metrics/values.c): truth and predicted [rows, outputs] ---- */

typedef struct tl__value_figures {
    double mse, mae, rmse;           /* over all numbers; rmse = sqrt(mse) */
    double r2;                       /* mean over the outputs; an output that does not vary: 1 if met exactly, else 0 */
    double r2_weighted;              /* outputs weighted by their variance */
    double explained_variance;       /* mean over the outputs */
    double mape;                     /* fraction, |e| / max(|y|, 2.2e-16) */
    double smape;                    /* percent: 200 * mean(|e| / (|y| + |p|)); 0 / 0 counts 0 */
    double wape;                     /* sum |e| / sum |y| */
    double max_error;
} tl__value_figures;
/* r2_per_output [outputs] or NULL. All NaN without rows. */
TL_PRIV void tl__value_figures_of(tl__reals truth, tl__reals predicted, size_t rows, size_t outputs,
                                  double *r2_per_output, tl__value_figures *out);
TL_PRIV tl_status tl__median_error(tl__heap *heap, tl__reals truth, tl__reals predicted, size_t rows, double *out);
TL_PRIV double tl__pearson(tl__reals truth, tl__reals predicted, size_t rows, size_t outputs, size_t output);
/* mae / mean |x_t - x_(t-season)| of the training series. NaN when that is 0 or the series is too short. */
TL_PRIV double tl__mase(double mae, tl__reals series, size_t length, size_t season);
/* mean max(q*e, (q-1)*e), e = truth - predicted. */
TL_PRIV double tl__pinball(tl__reals truth, tl__reals predicted, size_t count, double q);
/* Share of truth within [low, high]. */
TL_PRIV double tl__coverage(tl__reals truth, tl__reals low, tl__reals high, size_t count);
/* Share of t >= 1 where sign(y_t - y_(t-1)) equals sign(p_t - y_(t-1)), of one output of a series in time order. */
TL_PRIV double tl__direction(tl__reals truth, tl__reals predicted, size_t rows, size_t outputs, size_t output);

/* ---- the family: metrics by name, for training.monitor, tables and reports (metrics/metric.c) ---- */

/* What has been predicted; what a task does not have is absent. */
typedef struct tl__scored {
    size_t rows;
    size_t classes;                  /* 0: values */
    const int32_t *truth;            /* classes [rows] */
    tl__reals probabilities;         /* [rows, classes] */
    int background;                  /* class that recognition_rate leaves out; -1: none */
    int positive;                    /* of two classes, the one whose ROC curve is recorded; -1: class 1 */
    size_t outputs;
    tl__reals values;                /* truth [rows, outputs] */
    tl__reals predicted;             /* [rows, outputs] */
    tl__reals low, high;             /* [rows, outputs]: the interval's bounds, for coverage */
    tl__reals series;                /* training series, for mase */
    size_t series_length, season;
} tl__scored;

typedef struct tl__metric {
    tl__member_head head;
    bool of_classes;                 /* else of values */
    bool more_is_better;
    tl_status (*value)(tl__heap *heap, const tl__scored *scored, double *out);   /* NaN: not defined here */
} tl__metric;

TL_PRIV const tl__family *tl__metric_family(void);
TL_PRIV const tl__metric *tl__metric_find(const char *name, tl_error *error);   /* NULL with the mistake told */

#endif
