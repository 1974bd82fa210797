/* From the `network:` block to a graph: layers as they are listed, or a named architecture; sizes that the block leaves
 * out come from the data. */
#ifndef TL_MODEL_BUILD_H
#define TL_MODEL_BUILD_H

#include "nn/graph.h"

/* What a row of a forecast is made of: [input_size, channels] of the past and, behind it, [horizon, future] of what is
 * known ahead. The input's shape is [input_size, channels] where future is 0, else [all of it]. The first `targets` of
 * the channels are what is forecast, in the order of the output [horizon, targets, quantiles]. */
typedef struct tl__series_fit {
    size_t input_size;        /* steps of the past; 0: the task is no forecast, and all else is 0 */
    size_t horizon;           /* steps to forecast */
    size_t channels;          /* values of a step of the past: targets, then covariates, features and calendar */
    size_t targets;
    size_t future;            /* values of a step of the horizon that are known ahead */
    size_t quantiles;         /* numbers per target and step: 1, or as many as the loss has quantiles */
    size_t season;            /* steps of a period; 0: not known */
} tl__series_fit;

/* One of several heads over what all of them share: layers of its own, then its output. */
typedef struct tl__fit_head {
    char name[TL__NODE_NAME];    /* of its output layer */
    size_t outputs;              /* of a step */
    const tl_value *layers;      /* NULL: none */
    int line, column;            /* in the config */
} tl__fit_head;

/* What the data gives and wants. */
typedef struct tl__fit {
    tl__shape input;          /* of one row */
    size_t outputs;           /* numbers that the last layer must give, as the loss wants them */
    size_t classes;           /* 0: not a classification */
    tl__series_fit series;
    tl__fit_head heads[TL__NODE_INPUTS];
    int head_count;           /* 0: the network has one output */
    size_t head_steps;        /* of each head: the horizon of a forecast, else 1 */
} tl__fit;

/* What can be told of the block before the data is read, all mistakes of its layers at once. */
TL_PRIV tl_status tl__network_check(tl_context *context, const tl__network_settings *settings, const char *file,
                                    tl_error *error);

/* Does the block name an architecture that reads only the past of what is forecast, and no other column? */
TL_PRIV bool tl__network_reads_targets(const tl__network_settings *settings);

/* *graph is made (tl__graph_free it, also after a failure). Dropout (0: none) follows every hidden layer, also where a
 * later layer reads it by name. An input or output size that is not the data's is a mistake that names both. `file` is
 * kept, for messages. */
TL_PRIV tl_status tl__network_build(tl_context *context, const tl__network_settings *settings, double dropout,
                                    const tl__fit *fit, const char *file, tl__graph *graph, tl_error *error);

#endif
