/* A network for a case: made from a list of layers in YAML, its weights taken from the case's param.* and buffer.* tensors, whose
 * names are those of the network's own tensors behind a prefix. */
#ifndef TESTS_PARITY_NETWORK_H
#define TESTS_PARITY_NETWORK_H

#include "nn/loss.h"
#include "nn/network.h"
#include "nn/optimizer.h"
#include "parity/parity.h"

typedef struct parity_net {
    parity *p;
    tl__graph graph;
    tl__plan_options options;
    tl__plan *plan;
    tl__network *network;
    const char *prefix;              /* of the composite's nodes, which the case's names do without; or NULL */
    bool short_names;                /* the case has one layer: param.weight is its tensor x.weight */
    const char *stack;               /* the nodes l0, l1 are layers of one that the case calls so, "gru." or "": weight_l0
                                        of l1 is gru.weight_l1. NULL: there are none */
} parity_net;

/* Options for `rows` rows; graph empty. */
void parity_net_init(parity_net *net, parity *p, size_t rows);
/* Settings "momentum: 0.9" bound to a member's rows, in the case's memory; NULL after parity_broken. */
void *parity_settings(parity *p, const tl__member_head *head, const char *settings);
/* Adds the layers, plans, places, loads the weights; false after parity_broken. */
bool parity_net_make(parity_net *net, const char *layers);
void parity_net_free(parity_net *net);
/* A case of one layer, "type: dense, nodes: 3": its output, and its gradients for upstream.y. channels_first: the file has
 * [row, channel, ...] where we have [row, ..., channel]. */
void parity_layer(parity *p, const char *layer, bool channels_first);
/* Compare all parameters (or gradients, or an optimizer's array) with the tensors PREFIX.NAME, in file order. */
void parity_net_compare(parity_net *net, const char *prefix, const float *arrays, bool trained_only);

#endif
