/* The memory plan of a graph: every tensor and every buffer of training and prediction, with its place, before anything
 * is allocated. A network (nn/network.h) is then one block of exactly plan->bytes bytes.
 *
 *     own     the network's own structs, one op per node, GEMM plans
 *     params  all parameters, each tensor on a 64-byte line: [weights][other trained ones][frozen and buffers]; in
 *             the first two, tensors of one rate_factor follow each other
 *     grads   gradients of the trained ones at the same offsets; log2(accumulation)+1 of them
 *     state   the optimizer's arrays, each the size of the trained parameters
 *     values  activations, their gradients and what layers keep between forward and backward. A buffer lives from its
 *             first writer to its last reader; buffers that do not live at the same time share bytes. Evaluation has
 *             its own, smaller lay-out of the same bytes. The gradients of layers' outputs live until all of them are
 *             there where that is not more than the weights: most steps then touch no `grads` (nn/network_step.c).
 *     scratch one piece per worker
 *
 * Parameters come first in their block and do not depend on purpose, batch or threads, so a model's parameters can be
 * shared by a training network and any number of predictors, or copied with one memcpy. */
#ifndef TL_NN_PLAN_H
#define TL_NN_PLAN_H

#include "nn/graph.h"

struct tl__kernels;
struct tl__loss;
struct tl__optimizer;

typedef struct tl__plan_options {
    const struct tl__kernels *kernels;
    int workers;                          /* threads of the pool that will run it; at least 1 */
    bool training;                        /* false: prediction only; loss and optimizer are ignored */
    size_t max_rows;                      /* of a batch (of a micro-batch under accumulation) in training */
    size_t evaluation_rows;               /* of a batch in evaluation and prediction; 0: max_rows */
    int shards;                           /* training.gradient_shards: a power of two; 0: 1 */
    int accumulation;                     /* micro-batches per step: a power of two that divides shards; 0: 1 */
    bool recompute;                       /* less memory for more time: values are computed again on the way back
                                             (plan_times.c); the same bits */
    int segments;                         /* of recompute; 0: as many as give the least memory */
    bool input_gradient;                  /* also computes the gradient of the inputs: explanations, tests */
    bool own_parameters;                  /* the block holds the parameters; false: they are given when it is placed */
    const struct tl__loss *loss;          /* NULL: none (prediction; tests that feed gradients themselves) */
    const void *loss_settings;            /* kept */
    size_t target_width;                  /* values of a row of targets; 0: class numbers */
    const struct tl__optimizer *optimizer;
    const void *optimizer_settings;       /* kept: live changes to it act at the next step */
    size_t stream_floats;                 /* smallest network, in trained numbers, whose optimizer takes gradients as
                                             they are made; 0: as is fastest */
    uint64_t seed;                        /* of dropout masks */
} tl__plan_options;

/* One parameter tensor or buffer. Tables are in file order: nodes ascending, and within a node as its layer lists
 * them. */
typedef struct tl__tensor {
    char name[TL__NODE_NAME + 24];        /* "dense_1.weight" */
    uint32_t key;                         /* what its first values are drawn by */
    int node;
    int rank;
    size_t dim[4];                        /* file shape: [out, in] */
    size_t stride[4];                     /* floats in memory from one to the next along each of these axes */
    bool reordered;                       /* memory has another order than files, see tl__tensor_place */
    size_t size;                          /* floats */
    size_t offset;                        /* floats from the start of the parameters */
    size_t fan_in, fan_out;
    int init;                             /* nn/init.h */
    size_t zero_row;                      /* as tl__tensor_spec has it */
    bool trained;                         /* has a gradient; false: frozen, or a buffer */
    bool decays;                          /* l2_reg takes it: a weight, not a bias or a norm */
    double rate_factor;                   /* of the learning rate */
} tl__tensor;

/* One line of the printed plan. */
typedef struct tl__plan_line {
    const char *name, *type;              /* "dense_1", "dense" */
    tl__shape shape;
    size_t parameters;                    /* numbers, trained or not */
    double flops;                         /* of one sample's forward pass; a multiply-add is 2 */
    size_t parameter_bytes;               /* with gradients and optimizer state */
    size_t value_bytes;                   /* its activations and what it keeps, for max_rows */
} tl__plan_line;

typedef struct tl__plan tl__plan;

/* All of the plan in one block of memory: the heap's, or the caller's of at least tl__plan_size bytes. The graph is
 * kept and must stay as it is while the plan and its networks live. */
TL_PRIV size_t tl__plan_size(const tl__graph *graph);
TL_PRIV tl_status tl__plan_new(tl__heap *heap, const tl__graph *graph, const tl__plan_options *options, tl__plan **out,
                               tl_error *error);
TL_PRIV tl_status tl__plan_place(void *memory, size_t size, const tl__graph *graph, const tl__plan_options *options,
                                 tl__plan **out, tl_error *error);
TL_PRIV void tl__plan_free(tl__heap *heap, tl__plan *plan);   /* only of tl__plan_new */

/* Sizes in bytes, each to the byte what is used later. */
typedef struct tl__plan_totals {
    size_t plan;                          /* the plan itself */
    size_t network;                       /* the network's block; the sum of the following */
    size_t own, parameters, gradients, state, values, scratch;
    size_t values_unshared;               /* what `values` would be if no two buffers shared bytes */
    size_t parameter_count;               /* numbers that training changes or keeps, without alignment */
    size_t trained_count;                 /* those with a gradient */
    double flops;                         /* of one sample's forward pass */
} tl__plan_totals;
TL_PRIV void tl__plan_totals_of(const tl__plan *plan, tl__plan_totals *out);
TL_PRIV int tl__plan_line_count(const tl__plan *plan);
TL_PRIV void tl__plan_line_at(const tl__plan *plan, int index, tl__plan_line *out);

/* Parameter tensors, and the size of the array that holds them all (floats, alignment included). The array begins with
 * the trained_floats that have gradients, and of these with the decay_floats that l2_reg takes. */
TL_PRIV int tl__plan_tensor_count(const tl__plan *plan);
TL_PRIV const tl__tensor *tl__plan_tensor(const tl__plan *plan, int index);
TL_PRIV size_t tl__plan_parameter_floats(const tl__plan *plan);
TL_PRIV size_t tl__plan_trained_floats(const tl__plan *plan);
TL_PRIV const tl__graph *tl__plan_graph(const tl__plan *plan);

/* Where element i of a tensor's file order lies in memory. */
TL_PRIV size_t tl__tensor_place(const tl__tensor *tensor, size_t i);
/* Between a tensor's place in memory (also of its gradient and optimizer state) and the order of files; `file` and
 * `memory` hold tensor->size floats and do not overlap. */
TL_PRIV void tl__tensor_to_file(const tl__tensor *tensor, float *file, const float *memory);
TL_PRIV void tl__tensor_from_file(const tl__tensor *tensor, float *memory, const float *file);

/* Draw initial weights (nn/init.h) for all tensors into an array of parameter_floats; padding is zeroed. */
TL_PRIV void tl__plan_initialize(const tl__plan *plan, uint64_t seed, float *parameters);

#endif
