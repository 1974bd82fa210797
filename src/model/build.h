/* From the `network:` block to a graph: layers as they are listed, or a named architecture; sizes that the block leaves
 * out come from the data. */
#ifndef TL_MODEL_BUILD_H
#define TL_MODEL_BUILD_H

#include "nn/graph.h"

/* What the data gives and wants. */
typedef struct tl__fit {
    tl__shape input;          /* of one row */
    size_t outputs;           /* numbers that the last layer must give, as the loss wants them */
    size_t classes;           /* 0: not a classification */
} tl__fit;

/* What can be told of the block before the data is read, all mistakes of its layers at once. */
TL_PRIV tl_status tl__network_check(tl_context *context, const tl__network_settings *settings, const char *file,
                                    tl_error *error);

/* *graph is made (tl__graph_free it, also after a failure). Dropout (0: none) follows every hidden layer, also where a
 * later layer reads it by name. An input or output size that is not the data's is a mistake that names both. `file` is
 * kept, for messages. */
TL_PRIV tl_status tl__network_build(tl_context *context, const tl__network_settings *settings, double dropout,
                                    const tl__fit *fit, const char *file, tl__graph *graph, tl_error *error);

#endif
