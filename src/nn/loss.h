/* Losses: what a step makes smaller. A loss sees the network's raw outputs (logits) and owns the softmax or sigmoid
 * that turns them into probabilities; prediction applies the same link afterwards.
 *
 * A call works on a range of rows and writes, for each row, its gradient and its loss. No row depends on another, so
 * any split into tasks gives the same bits; sums over rows are made afterwards by tl__loss_sum. The mean's divisor
 * comes from the caller, who knows the whole step: gradient accumulation and shards are then exact.
 *
 *     loss->rows(&call, first, end);                        any tasks, any order
 *     sum = tl__loss_sum(call.row_losses, rows);            one per piece (gradient shard), in double
 *     loss = tl__tree_add(sums, pieces) / denominator;      denominator: tl__loss_denominator, summed over the step
 *
 * Elements are numbered [rows, width]; quantile's width is [targets, quantiles], quantiles next to each other. */
#ifndef TL_NN_LOSS_H
#define TL_NN_LOSS_H

#include "base/error.h"
#include "base/family.h"

struct tl__kernels;

/* What becomes of the raw outputs in prediction. */
typedef enum tl__link {
    TL__LINK_NONE,                   /* values as they are */
    TL__LINK_SOFTMAX,                /* probabilities of the classes */
    TL__LINK_SIGMOID                 /* one probability per output; with one output and two classes: of class 1 */
} tl__link;

enum { TL__FITS_CLASSES = 1, TL__FITS_VALUES = 2 };   /* kinds of targets */
enum { TL__REDUCE_MEAN, TL__REDUCE_SUM, TL__REDUCE_NONE };

/* The beginning of every loss's settings. */
typedef struct tl__loss_common {
    int reduction;                   /* TL__REDUCE_*: divide by the denominator, or by 1 (sum and none: row_losses has
                                        the losses one by one) */
    tl__float_list class_weights;    /* as configured, one per class in class order; empty: none */
    const float *weights;            /* [classes]: what counts; NULL: all 1. Set by tl__loss_class_weights */
} tl__loss_common;

/* Rows to compute on. All arrays are the whole batch's; a range is given beside the call. */
typedef struct tl__loss_call {
    const struct tl__kernels *kernels;
    const void *settings;            /* the loss's own struct */
    const float *outputs;            /* [rows, width]: raw outputs of the network */
    size_t width;
    const float *targets;            /* [rows, target_width], or class numbers [rows] when target_width is 0 */
    size_t target_width;             /* values of a row; 0: classes. A class number below 0 leaves the row out */
    const float *weights;            /* of rows, [rows]; NULL: all 1 */
    double scale;                    /* of the gradient: 1 / denominator, times the head's weight */
    float *gradient;                 /* [rows, width], may be `outputs` itself; NULL: not wanted */
    float *row_losses;               /* [rows]: row weight * loss of the row (sum over its elements); NULL: not
                                        wanted */
} tl__loss_call;

typedef struct tl__loss {
    tl__member_head head;
    unsigned fits;                   /* TL__FITS_* */
    tl__link link;
    /* How many outputs the network needs for a number of targets or, fits classes, of classes. NULL: as many. */
    size_t (*width)(const void *settings, size_t targets, bool classes);
    /* Loss and gradient of rows first..end-1. */
    void (*rows)(const tl__loss_call *call, size_t first, size_t end);
    bool per_element;                /* the mean is over all elements, rows * width; else over rows */
    bool weighted_mean;              /* the mean also divides by the class weights (cross entropy as PyTorch has it) */
    bool one_output;                 /* two classes may share one output: the logit of class 1 */
    /* The loss's own class weights (alpha of focal), before those that a run gives; NULL: none. False: none this
     * time. */
    bool (*own_weights)(const void *settings, size_t classes, const double *given, const double *balanced, float *out);
    /* What rows cannot say: TL_BAD_CONFIG. NULL: nothing. `targets`: values or classes of a row. */
    tl_status (*check)(const void *settings, size_t targets, bool classes, tl_error *error);
    /* The quantiles that the outputs of a target are, ascending; NULL: they are none. */
    const double *(*levels)(const void *settings, size_t *count);
} tl__loss;

/* One of several losses side by side: columns first..first+width-1 of the outputs of a step, and `targets` columns of
 * its targets from `target` on. */
typedef struct tl__head_loss {
    const tl__loss *loss;
    void *settings;
    double weight;
    size_t first, width;
    size_t target, targets;
    bool classes;                    /* its one target is the number of a class */
} tl__head_loss;

typedef struct tl__heads_settings {
    tl__loss_common common;
    size_t count;
    const tl__head_loss *heads;
    size_t steps;                    /* of a row: the horizon of a forecast, else 1. Outputs are [steps, all heads'
                                        columns], targets likewise */
} tl__heads_settings;

/* The sum of all heads' losses, each times its weight (nn/head_losses.c). */
TL_PRIV const tl__loss *tl__loss_heads(void);

/* A class number among the targets: -1: left out (negative or NaN), -2: not below `classes`; its row loss becomes
 * NaN. */
static inline int32_t tl__loss_class(float target, size_t classes)
{
    if (!(target >= 0.0f)) return -1;
    return target < (float)classes ? (int32_t)target : -2;
}

/* Settings rows that losses share. */
#define TL__LOSS_REDUCTION_ROW(type)                                                                                   \
    {.name = "reduction", .kind = TL__FIELD_CHOICE, .flags = TL__RESULT, .offset = offsetof(type, common.reduction),  \
     .choices = (const char *const[]){"mean", "sum", "none", NULL},                                                   \
     .help = "How the losses of a batch become one number (none: as sum, for programs that read them one by one)"}
#define TL__LOSS_WEIGHTS_ROW(type)                                                                                     \
    {.name = "class_weights", .kind = TL__FIELD_FLOAT_LIST, .flags = TL__RESULT,                                      \
     .offset = offsetof(type, common.class_weights), .max = 1e30,                                                      \
     .help = "Factor of each class, in class order; training.class_weights finds them from the data"}

TL_PRIV const tl__family *tl__loss_family(void);
/* By name; NULL with the mistake told. A plain wrapper of tl__family_find. */
TL_PRIV const tl__loss *tl__loss_find(const char *name, tl_error *error);
/* The default: mse for values, cross_entropy for classes. */
TL_PRIV const tl__loss *tl__loss_default(bool classes);

/* Outputs that the network must have; 0: this loss does not fit these targets. */
TL_PRIV size_t tl__loss_width(const tl__loss *loss, const void *settings, size_t targets, bool classes);
/* Does the network fit: number of outputs, number of class weights, quantiles in (0, 1)? The mistake says what to
 * change. `targets` is the number of values or of classes. */
TL_PRIV tl_status tl__loss_check(const tl__loss *loss, const void *settings, size_t width, size_t targets, bool classes,
                                 tl_error *error);

/* Class weights of a run, written to out [classes] and hung into settings (out is kept): those of the settings; else
 * the loss's own (focal: alpha, see loss_focal.c); else `given` (training.class_weights; NULL: none). balanced
 * [classes]: B4's weights, tl__balanced_weights of metrics/; NULL: not known. Gives false, and all weights are 1, when
 * there are none. */
TL_PRIV bool tl__loss_class_weights(const tl__loss *loss, void *settings, size_t classes, const double *given,
                                    const double *balanced, float *out);

/* What the mean over these rows divides by: rows (or the sum of their weights), times the elements or class weights
 * where the loss says so. Reduction sum or none: 1 for the whole step, so it must not be summed over micro-batches
 * then (tl__loss_is_mean). targets as in tl__loss_call. */
TL_PRIV double tl__loss_denominator(const tl__loss *loss, const void *settings, size_t width, const float *targets,
                                    size_t target_width, const float *weights, size_t rows);
TL_PRIV bool tl__loss_is_mean(const void *settings);

/* Sum in double: ascending within blocks of 4,096 rows, blocks by tl__tree_add. */
TL_PRIV double tl__loss_sum(const float *row_losses, size_t rows);
/* ((a+b)+(c+d))+...: neighbours, then neighbours of sums; an odd one moves up. Destroys values. 0 for none. */
TL_PRIV double tl__tree_add(double *values, size_t count);

/* The loss's link for a network with this many outputs: a softmax over one output is a sigmoid. */
TL_PRIV tl__link tl__loss_link(const tl__loss *loss, size_t width);
/* Raw outputs [rows, width] to predictions [rows, out_width], by the link. out_width is width, or 2 where width is 1
 * and there is a link (a softmax over one output is a sigmoid): then [1 - p, p]. out may be outputs when the widths
 * are equal. */
TL_PRIV void tl__link_apply(const struct tl__kernels *kernels, tl__link link, const float *outputs, size_t rows,
                            size_t width, float *out, size_t out_width);

#endif
