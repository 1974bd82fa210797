/* What a setting, a block or a member of a family means, from the tables alone. */
#ifndef TL_LAB_EXPLAIN_H
#define TL_LAB_EXPLAIN_H

#include "lab/config.h"

/* path: "training.batch_size", "training", "training.optimizer", "training.optimizer.adam", "network.layers.dense"; ""
 * is the whole config. Into root as {path, text, settings: [...]}. */
TL_PRIV tl_status tl__explain(tl_context *context, const char *path, tl__builder *builder, tl_value *root,
                              tl_error *error);

/* What a row at a path chooses from; NULL: it chooses from no family. */
TL_PRIV const tl__family *tl__explain_family(const tl__field *row, const char *path);

#endif
