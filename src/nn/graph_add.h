/* Between graph.c, which appends nodes, graph_read.c, which makes them from settings, and graph_expand.c, which makes
 * several of one. */
#ifndef TL_NN_GRAPH_ADD_H
#define TL_NN_GRAPH_ADD_H

#include "nn/graph.h"

/* A composite whose layers are being added: its name is taken before its last layer has it. */
typedef struct tl__open_composite {
    const tl__graph_node *node;
    const struct tl__open_composite *outer;
    int depth;
} tl__open_composite;

/* Zeroed memory that lives as long as the graph, aligned to 16 bytes; NULL: there is none left. */
TL_PRIV void *tl__graph_store(tl__graph *graph, size_t size);
/* A node of which layer, common, settings, inputs and place are filled: gives it its name, defaults and shape. The
 * graph stays as it was on failure. out may be NULL. */
TL_PRIV tl_status tl__graph_append(tl__graph *graph, const tl__graph_node *node, int *out, tl_error *error);
/* "network.layers[2] 'dense' TEXT" at the node's place. */
TL_PRIV tl_status tl__graph_mistake(const tl__graph *graph, const tl__graph_node *node, tl_status status,
                                    const char *text, tl_error *error);
/* Gives it the name that it was told, else type_n with the first n that is free. */
TL_PRIV tl_status tl__graph_name(const tl__graph *graph, tl__graph_node *node, tl_error *error);
/* Does it read as many nodes as its layer needs? */
TL_PRIV tl_status tl__graph_count_inputs(const tl__graph *graph, const tl__graph_node *node, tl_error *error);

#ifndef TL_FREESTANDING
struct tl__expansion;
/* Adds what a composite stands for; nothing, where it is a plain layer. *out is then its last node. */
TL_PRIV tl_status tl__graph_expand(tl__graph *graph, tl__graph_node *node, const char *path, int *out, tl_error *error);
/* A layer inside a composite. from NULL: what its map says, else the composite's newest node. */
TL_PRIV tl_status tl__graph_add_inside(struct tl__expansion *within, const tl_value *layer, const char *path,
                                       int position, const int *from, int count, int *out);
#endif

#endif
