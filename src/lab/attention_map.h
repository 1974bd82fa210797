/* Where the heads of attention look: softmax(Q K^T / sqrt(d)) of each head, a row of weights for each position that
 * asks, means over rows. The layers do not keep them; they are computed once more from queries and keys.
 *
 * Entropy is that of a position's own weights, mean over positions and rows: 0 where a head looks at one place, the
 * logarithm of their number where it looks alike at all that it sees. Distance is the mean of |i - j| by the
 * weights. */
#ifndef TL_LAB_ATTENTION_MAP_H
#define TL_LAB_ATTENTION_MAP_H

#include "lab/attribution.h"

typedef struct tl__attention_layer {
    int node;
    const char *name;
    size_t heads, queries, keys;
    double *mean;                    /* [heads, queries, keys]; of positions that no row has 0 */
    double *entropy, *distance;      /* [heads] */
    double most_entropy;             /* of positions that look at all alike that they see */
    size_t *rows;                    /* [queries] that have this position */
} tl__attention_layer;

typedef struct tl__attention_maps {
    size_t count;
    tl__attention_layer *layers;
} tl__attention_maps;

TL_PRIV size_t tl__attention_layers(const tl_model *model);
/* Arrays in the arena. */
TL_PRIV tl_status tl__attention_maps_of(const tl__explained *explained, tl__arena *arena, tl__attention_maps *out,
                                        tl_error *error);
/* Into parent: layers: [{layer, queries, keys, heads: [{head, entropy, distance, looks_at, map}]}]. Layers over the
 * steps of the rows say by which numbers users know them: first, last. */
TL_PRIV void tl__attention_put(tl__builder *builder, tl_value *parent, const tl__explained *explained,
                               const tl__attention_maps *maps);

#endif
