/* Features of series: inputs computed from a column in time order. A value at step t depends on steps up to t only, so
 * nothing of the future can leak; a test changes the future for every member and sees no change before. */
#ifndef TL_DATA_FEATURE_H
#define TL_DATA_FEATURE_H

#include "base/family.h"

typedef enum tl__feature_kind {
    TL__FEATURE_OF_COLUMN,       /* more channels, of the values of a column */
    TL__FEATURE_OF_TIME,         /* more channels, of the time alone: known ahead */
    TL__FEATURE_CLEANS           /* changes the column itself, before the others see it */
} tl__feature_kind;

typedef struct tl__feature_common {
    tl__text_list of;            /* columns; empty: the targets */
} tl__feature_common;            /* the settings of every member begin with it */

typedef struct tl__feature_call {
    const void *settings;
    size_t rows;
    const double *values;        /* [rows] of one series; times in seconds for TL__FEATURE_OF_TIME */
    double mean, deviation;      /* of the column's training part, for members that clean */
    double *out;                 /* [outputs, stride], rows of each; of a member that cleans [rows], which may be the
                                    values themselves */
    size_t stride;
} tl__feature_call;

typedef struct tl__feature {
    tl__member_head head;
    tl__feature_kind kind;
    size_t (*outputs)(const void *settings);
    /* Of an output, to be put behind the column's name; of a time alone, the channel's name. */
    void (*name)(const void *settings, size_t output, char *out, size_t size);
    size_t (*history)(const void *settings);    /* steps at the start of a series that have no value yet: they hold
                                                   anything */
    void (*compute)(const tl__feature_call *call);
    tl_status (*check)(const void *settings, tl_error *error);    /* what rows cannot say; may be NULL */
} tl__feature;

TL_PRIV const tl__family *tl__feature_family(void);

/* out[t] = alpha * values[t] + (1 - alpha) * out[t - 1], out[0] = values[0]. out may be values. */
TL_PRIV void tl__feature_smooth(double alpha, const double *values, size_t rows, double *out);
/* Mean and sum of squared distances to it of the `size` values up to and with `last`. */
TL_PRIV double tl__feature_mean(const double *last, size_t size);
TL_PRIV double tl__feature_squares(const double *last, size_t size, double mean);

#endif
