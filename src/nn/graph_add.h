/* Between graph.c, which appends nodes, and graph_read.c, which makes them from settings. */
#ifndef TL_NN_GRAPH_ADD_H
#define TL_NN_GRAPH_ADD_H

#include "nn/graph.h"

/* Zeroed memory that lives as long as the graph, aligned to 16 bytes; NULL: there is none left. */
TL_PRIV void *tl__graph_store(tl__graph *graph, size_t size);
/* A node of which layer, common, settings, inputs and place are filled: gives it its name, defaults and shape. The
 * graph stays as it was on failure. out may be NULL. */
TL_PRIV tl_status tl__graph_append(tl__graph *graph, const tl__graph_node *node, int *out, tl_error *error);

#endif
