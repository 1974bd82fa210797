/* Figures of a trained model: predictions of a part, and everything that metrics.json holds about it. */
#ifndef TL_LAB_FIGURES_H
#define TL_LAB_FIGURES_H

#include "data/dataset.h"
#include "model/model.h"

/* Predictions of all rows of a part: out [rows, tl__model_predictions], probabilities or values in the target's
 * unit. */
TL_PRIV tl_status tl__predict_part(const tl_model *model, const tl_dataset *data, tl_part part, float *out,
                                   tl_error *error);

/* The full record of a part under `key`: the figures of metrics/record.h, the loss, and for classes the points of the
 * ROC curve of each (of the positive one, with two). A part without rows: {samples: 0}. */
TL_PRIV tl_status tl__figures_put(tl__builder *builder, tl_value *parent, const char *key, const tl_model *model,
                                  const tl_dataset *data, tl_part part, double loss, tl_error *error);

/* The public summary as a map: loss, samples and the task's figures. */
TL_PRIV tl_value *tl__scores_put(tl__builder *builder, tl_value *parent, const char *key, const tl_scores *scores,
                                 bool classification);

#endif
