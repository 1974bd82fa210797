/* Composite layers: a member that stands for others. Its `expand` adds the plain layers one after the other, each
 * written as in a YAML file, with their shapes known at once; graphs, plans and files hold those and never the
 * composite.
 *
 *     int hidden = tl__expand(out, "hidden", &in, 1, "type: dense, nodes: %lld", (long long)settings->nodes);
 *     int sum = tl__expand(out, NULL, (int[]){in, hidden}, 2, "type: add");
 *
 * Layers are called NAME_part; the last one takes the composite's own name, so that `from: NAME` means what comes out
 * of it. What the composite is told of `initialization` and `frozen` goes for the layers inside that say nothing
 * themselves. After a mistake, which is told at the composite's line, all further calls do nothing. Composites may
 * write composites, and themselves with other settings. One that writes nothing is a plain layer as it stands. */
#ifndef TL_NN_EXPAND_H
#define TL_NN_EXPAND_H

#ifndef TL_FREESTANDING

#include "nn/layer.h"
#include "text/value.h"

struct tl__expansion {
    tl__graph *graph;
    const tl__graph_node *node;      /* the composite, with its name and inputs; not in the graph */
    const char *path;                /* in the file: "network.layers[2]" */
    int newest;                      /* node; before the first layer: the composite's first input */
    tl_status status;
    tl_error *error;
};

/* Adds a layer of which the map stands in `settings` ("type: dense, nodes: 4"), a format as of tl__format, and which
 * reads `from` (NULL: the newest). part NULL: it is the last one. Gives its node; -1 after a mistake. */
TL_PRIV int tl__expand(tl__expansion *out, const char *part, const int *from, int count, const char *settings, ...)
    TL_PRINTF(5, 6);
/* Adds the layers that the user lists in a setting `key` of the composite, each reading the one before unless it says
 * what, the first one `from`. Gives the last node; `from` when there is none. */
TL_PRIV int tl__expand_list(tl__expansion *out, const char *key, const tl_value *layers, int from);
/* A mistake of the composite itself: "needs ...". */
TL_PRIV void tl__expand_refuse(tl__expansion *out, const char *needs);
/* The activation written at the composite, as settings of a layer: "activation: elu, alpha: 0.5"; none where it has
 * none. */
enum { TL__EXPAND_ACTIVATION = 80 };
TL_PRIV void tl__expand_activation(const tl__expansion *out, char text[TL__EXPAND_ACTIVATION]);

static inline const tl__shape *tl__expand_shape(const tl__expansion *out, int node)
{
    return &out->graph->nodes[node < 0 ? 0 : node].shape;
}

#endif
#endif
