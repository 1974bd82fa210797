/* Starting from a model that is trained already: weights by name from any safetensors file, layers that stay as they
 * are, and layers that learn slower than others. The `transfer:` block.
 *
 * A selector names layers: a pattern of names in which * stands for any letters and ? for one ("conv_*"), a number, or
 * a range of numbers, both ends included ("0..3"). Numbers are places in the list of layers, as messages and
 * train:configure --expand count them, from 0; in a graph made by calls, the numbers that these gave. */
#ifndef TL_MODEL_TRANSFER_H
#define TL_MODEL_TRANSFER_H

#include "model/model.h"

typedef struct tl__transfer_settings {
    const char *from;                /* a safetensors file, or a folder that holds a model.safetensors; NULL: none */
    tl__text_list layers;            /* selectors of the layers that are loaded; empty: all */
    const tl_value *rename;          /* {beginning of a name in the file: what it is here}; NULL: names are the same */
    tl__text_list freeze;            /* selectors */
    const tl_value *rate_factors;    /* {selector: factor of the learning rate}; NULL: none */
} tl__transfer_settings;

TL_PRIV const tl__field *tl__transfer_rows(void);

/* Freezes layers and gives them rate factors; before the graph becomes a model. A selector that means no layer is a
 * mistake that names the layers there are. */
TL_PRIV tl_status tl__transfer_mark(tl__graph *graph, const tl__transfer_settings *settings, tl_error *error);
/* The same in a model that exists: its parameters move to their new places. */
TL_PRIV tl_status tl__transfer_mark_model(tl_model *model, const tl__transfer_settings *settings, tl_error *error);

/* Takes what fits from the file at `path` into the model: tensors of the same name and shape, of type F32, F64, F16 or
 * BF16. The rest of the model stays as it is. The outcome goes to a map:
 *
 *     file, tensors, numbers, of_tensors, of_numbers     what was loaded, of what the chosen layers have
 *     loaded, missing, unused                            names; missing: not in the file; unused: the file's own
 *     other_shape: [{tensor, here, file}]
 *     beside_other_shape                                 names: they fit, but another tensor of their layer does not
 *
 * Where nothing fits: TL_BAD_DATA, and the model is unchanged. */
TL_PRIV tl_status tl__transfer_load(tl_model *model, const tl__transfer_settings *settings, const char *path,
                                    tl__builder *builder, tl_value *report, tl_error *error);

#endif
