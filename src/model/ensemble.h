/* An ensemble as one network: the members side by side over one input, and the mean of their predictions
 * (Lakshminarayanan and others, 2017: members that differ in their seed only). So it is a model like
 * any other: one file, one prediction. */
#ifndef TL_MODEL_ENSEMBLE_H
#define TL_MODEL_ENSEMBLE_H

#include "model/model.h"

enum { TL__ENSEMBLE_MEMBERS = 64 };

/* Members must agree in their pipeline (columns, scaling, classes) and in what makes predictions of their outputs;
 * `names` are for messages. Its layers are named m1_dense_1, m2_dense_1, ... */
TL_PRIV tl_status tl__ensemble_make(tl_context *context, tl_model *const *members, const char *const *names,
                                    size_t count, tl_model **out, tl_error *error);

#endif
