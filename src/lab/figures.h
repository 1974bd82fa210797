/* Of a trained model: predictions of a part, and its scores as a map. */
#ifndef TL_LAB_FIGURES_H
#define TL_LAB_FIGURES_H

#include "data/dataset.h"
#include "metrics/record.h"
#include "model/model.h"

/* Predictions of all rows of a part: out [rows, tl__model_predictions], probabilities or values in the target's
 * unit. */
TL_PRIV tl_status tl__predict_part(const tl_model *model, const tl_dataset *data, tl_part part, float *out,
                                   tl_error *error);
/* The same of rows first..first+count-1. noise (NULL: none): each input gets normal noise of fraction * deviation of
 * that input. */
typedef struct tl__input_noise {
    const float *deviations;     /* [features] */
    double fraction;
    uint64_t seed;
    uint32_t draw;
} tl__input_noise;
TL_PRIV tl_status tl__predict_rows(const tl_model *model, const tl_dataset *data, tl_part part, size_t first,
                                   size_t count, const tl__input_noise *noise, float *out, tl_error *error);
/* Standard deviations of a part's inputs as the network sees them, [features]. */
TL_PRIV tl_status tl__input_deviations(const tl_dataset *data, tl_part part, float *out, tl_error *error);

/* Raw outputs of rows first..first+count-1 of a part, [count, outputs]. */
TL_PRIV tl_status tl__figures_outputs(const tl_model *model, const tl_dataset *data, tl_part part, size_t first,
                                      size_t count, float *out, tl_error *error);

/* All figures of predictions [rows, predictions] of classes or plain values as a map (metrics/record.h); truth:
 * classes, or values [rows, targets]. */
typedef struct tl__judged {
    size_t rows;
    const int32_t *truth;
    const float *values, *predicted;
} tl__judged;
TL_PRIV tl_status tl__judged_put(tl__heap *heap, tl__builder *builder, tl_value *parent, const char *key,
                                 const tl__pipeline *pipeline, const tl__judged *judged, tl_scores *out, tl_value **map,
                                 tl_error *error);

/* The public summary as a map: loss, samples and the task's figures. */
TL_PRIV tl_value *tl__scores_put(tl__builder *builder, tl_value *parent, const char *key, const tl_scores *scores,
                                 bool classification);

#endif
