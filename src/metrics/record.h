/* Metrics as trees: what metrics.json, the report and --json hold, and back. */
#ifndef TL_METRICS_RECORD_H
#define TL_METRICS_RECORD_H

#include "metrics/metrics.h"
#include "text/value.h"

/* Everything about one part of the data that has classes: {samples, accuracy, balanced_accuracy, precision_macro, ...,
 * auc, average_precision, log_loss, brier, ..., per_class: [{class, precision, recall, f1, support, auc}], confusion:
 * [[...]], roc: [{class, false_positive_rate: [...], true_positive_rate: [...], threshold: [...]}],
 * precision_recall: [{class, average_precision, recall: [...], precision: [...]}], reliability: {rows, confidence,
 * accuracy: [...]}} of 15 bins; of two classes only the positive one has curves. names: [classes] or NULL. parent NULL:
 * the root. TL_OUT_OF_MEMORY or TL_OK; *out (may be NULL) is the map. */
TL_PRIV tl_status tl__record_classes(tl__heap *heap, tl__builder *builder, tl_value *parent, const char *key,
                                     const tl__scored *scored, const char *const *names, tl_value **out);
/* The same for values: {samples, mse, mae, rmse, r2, mape, smape, wape, ...}. */
TL_PRIV tl_status tl__record_values(tl__heap *heap, tl__builder *builder, tl_value *parent, const char *key,
                                    const tl__scored *scored, tl_value **out);
/* The fields of the public summary from such a map; what is absent or null is NaN, samples 0. */
TL_PRIV void tl__record_read(const tl_value *map, tl_scores *out);

#endif
