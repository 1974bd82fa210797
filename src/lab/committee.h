/* Models that predict together. They may have seen different rows, so each sees the data through its own pipeline. */
#ifndef TL_LAB_COMMITTEE_H
#define TL_LAB_COMMITTEE_H

#include "data/dataset.h"
#include "lab/config.h"
#include "model/model.h"

typedef struct tl__committee {
    tl_model *const *models;
    size_t count;
    int combine;                 /* TL__COMBINE_* */
    size_t best;                 /* of TL__COMBINE_BEST */
} tl__committee;

/* The word of --ensemble and ensemble.combine; -1 with the mistake told. */
TL_PRIV int tl__combine_of(const char *word, tl_error *error);
TL_PRIV const char *tl__combine_word(int combine);

/* Do they predict the same things? */
TL_PRIV tl_status tl__committee_check(const tl__committee *committee, tl_error *error);

/* Predictions of a part, [rows, predictions]. mean: their mean. vote: of class c (v_c + p_c / 1024) / (n + 1 / 1024)
 * where v_c of n models name it and p_c is its mean probability; so the most votes win, and ties go to the larger mean
 * probability. */
TL_PRIV tl_status tl__committee_predict(const tl__committee *committee, const tl_dataset *data, tl_part part,
                                        float *out, tl_error *error);
/* Their figures on a part; the loss, which is each model's own, is NaN. */
TL_PRIV tl_status tl__committee_score(const tl__committee *committee, const tl_dataset *data, tl_part part,
                                      tl_scores *out, tl_error *error);

#endif
