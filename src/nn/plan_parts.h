/* Inside of a plan, for plan.c, which makes it, and network.c, which places it. */
#ifndef TL_NN_PLAN_PARTS_H
#define TL_NN_PLAN_PARTS_H

#include "nn/layer.h"
#include "nn/optimizer.h"
#include "nn/plan.h"

#define TL__NOWHERE SIZE_MAX

enum { TL__EVALUATION, TL__TRAINING, TL__MODES };

/* Where a node's buffers begin: bytes into the values. TL__NOWHERE: it has none. */
typedef struct tl__plan_places {
    size_t out, d_out;
    size_t kept, forward, backward;
    size_t edge[TL__NODE_INPUTS];   /* gradients of inputs that are added to what others wrote; NOWHERE: written
                                       directly */
} tl__plan_places;

typedef struct tl__plan_node {
    bool live;                      /* the output needs it */
    bool timed;                     /* its output has the time axis of the network's input */
    bool gradient;                  /* the gradient of its output is needed */
    int uses;                       /* by live nodes */
    int root[TL__MODES];            /* the node whose array holds its output: itself, or through identities */
    int gradient_root;              /* the same for gradients */
    int first_tensor, tensor_count;
    bool wants[TL__NODE_INPUTS];    /* the gradient of this input is computed */
    bool keeps_input, keeps_output; /* its backward pass reads them (of the mode that is being laid out) */
    size_t values;                  /* bytes of its buffers in training (else in evaluation), before sharing */
    int segment;                    /* under recomputation; else 0 */
    int again, back;                /* times of its second forward pass (-1: none) and of its backward pass */
    bool repeats;                   /* there is something to do in the second */
    tl__plan_places at[TL__MODES];
} tl__plan_node;

typedef struct tl__plan_buffer {
    size_t size;
    size_t *offset;
    int node;                       /* whose it is; -1: the loss's */
    int from, to;                   /* times of its first writer and last reader */
    int again_from, again_to;       /* the same once more, under recomputation; from > to: it is held once */
} tl__plan_buffer;

/* Parameters that one set of optimizer factors goes for: up to `end`, from the end of the part before. */
typedef struct tl__plan_part {
    size_t end;
    double rate_factor;
    bool decays;
} tl__plan_part;

struct tl__plan {
    void *block;                    /* of tl__plan_new */
    const tl__graph *graph;
    tl__plan_options options;
    int node_count, tensor_count, output;
    tl__plan_node *nodes;
    tl__tensor *tensors;
    tl__plan_buffer *buffers;       /* only while it is made */
    int *order;
    size_t parameter_floats, trained_floats, decay_floats;
    tl__plan_part parts[TL__OPTIMIZER_PARTS];   /* those of weights first */
    int part_count;
    bool split;                     /* gradients of weights come after those of all inputs */
    int segments;                   /* whose values are computed again on the way back, but the last one's; 1: none */
    int end;                        /* time after all backward passes */
    int gradient_arrays, state_arrays;
    size_t values;                  /* bytes */
    size_t row_losses[TL__MODES];   /* offset */
    size_t scratch;                 /* bytes per worker */
    size_t norm_blocks;             /* blocks of all tensors, for sums of squares */
    tl__plan_totals totals;
};

static inline tl__site tl__plan_site(const tl__plan *plan, int node)
{
    const tl__graph_node *n = &plan->graph->nodes[node];
    tl__site site = {plan->graph, n, n->settings};
    return site;
}

static inline const tl__layer *tl__plan_layer(const tl__plan *plan, int node) { return plan->graph->nodes[node].layer; }

/* Does the node compute anything on the way back? */
static inline bool tl__plan_backward(const tl__plan *plan, int node)
{
    return plan->nodes[node].live && plan->nodes[node].gradient && plan->graph->nodes[node].input_count > 0;
}

/* Cut the nodes into so many segments of about equal `values` and give all of them their times. */
TL_PRIV void tl__plan_times(tl__plan *plan, int segments);
/* What a carve function is told about a node. */
TL_PRIV void tl__plan_memory(const tl__plan *plan, int node, int mode, tl__layer_memory *out);

/* Bytes of the network's block by part, as network.c lays it out; fills own, parameters, gradients, state, values,
 * scratch and network of *totals. */
TL_PRIV tl_status tl__network_measure(const tl__plan *plan, tl__plan_totals *totals);

#endif
