/* Layers: the family's descriptor, and what a layer is given while it is planned and while it runs.
 *
 * The life of a layer: its settings are read by its rows; `shape` says what comes out (or what it needs); `tensors`
 * lists its parameters; `carve` asks for memory, once to count and once to place; then `forward` and `backward` run on
 * a tl__op, which has every pointer ready. A layer always *writes* its outputs and gradients and never adds to them:
 * where a node is read by several layers, nn/network_step.c adds their gradients, the last reader's first. */
#ifndef TL_NN_LAYER_H
#define TL_NN_LAYER_H

#include "nn/activation.h"
#include "nn/graph.h"
#include "nn/init.h"
#include "nn/layer_list.h"
#include "nn/optimizer.h"
#include "par/pool.h"

enum {
    TL__LAYER_TENSORS = 8,       /* most parameters of one layer */
    TL__LAYER_STATE = 1536       /* most bytes of a layer's own struct */
};

/* A node as its layer sees it while the graph is built and planned. */
typedef struct tl__site {
    const tl__graph *graph;
    const tl__graph_node *node;
    const void *settings;
} tl__site;

static inline const tl__shape *tl__site_in(const tl__site *site, int index)
{
    return &site->graph->nodes[site->node->inputs[index]].shape;
}

/* What the node's own settings say of its activation. */
static inline tl__activation_use tl__activation_at(const tl__site *site)
{
    const tl__layer_common *common = site->node->common;
    return tl__activation_of(site->node->activation, common->alpha, common->threshold);
}

/* A parameter or buffer as the layer declares it. Zero first: trained, no decay. */
typedef struct tl__tensor_spec {
    const char *name;            /* "weight" */
    int rank;
    size_t dim[4];               /* in files: [out, in] */
    int order[4];                /* axis i in memory is axis order[i] in files: a matrix with {1, 0} lies as [in, out].
                                    All 0: as in files */
    size_t fan_in, fan_out;
    tl__init_kind init;
    size_t zero_row;             /* 1 + the index along the first axis that starts as zeros; 0: none */
    bool buffer;                 /* running statistics: no gradient, but saved */
    bool decays;                 /* a weight: l2_reg takes it */
    int level;                   /* 1 + the place of its layer in a stack that files know as one layer: with level 2,
                                    weight_ih_l0 of the layer lstm_l1 or lstm is called lstm.weight_ih_l1; 0: none */
} tl__tensor_spec;

/* Memory that `carve` asks for. With base NULL a carver counts. */
typedef struct tl__layer_memory {
    const tl__kernels *kernels;
    size_t rows;                 /* at most */
    size_t workers;              /* threads at most */
    int pieces;                  /* of the rows of a training batch (gradient shards) */
    bool training;
    bool wants_gradient[TL__NODE_INPUTS];   /* is the gradient of this input computed at all? */
    tl__carver kept;             /* from its forward to its backward pass (evaluation: during forward) */
    tl__carver forward;          /* during its forward pass */
    tl__carver backward;         /* during its backward pass */
    size_t worker;               /* answer: bytes of scratch per worker, 64-byte aligned */
    bool keeps_input;            /* answer: backward reads its inputs */
    bool keeps_output;           /* answer: backward reads its output */
} tl__layer_memory;

typedef struct tl__op tl__op;
typedef struct tl__pass tl__pass;
typedef struct tl__expansion tl__expansion;

/* Settings and input shapes of one sample, for the tests that walk the list. */
typedef struct tl__layer_example {
    const char *settings;        /* "nodes: 5" */
    int inputs;
    tl__shape in[2];
} tl__layer_example;

typedef struct tl__layer {
    tl__member_head head;
    int inputs_min, inputs_max;
    bool takes_activation;       /* applies node->activation itself; others refuse one */
    bool default_activation;     /* `auto` is the graph's default, where the layer is hidden */
    size_t state_size;           /* of its own struct, at most TL__LAYER_STATE; zeroed before carve */

    /* A composite: adds the layers that it stands for (nn/expand.h); adding none, it is a plain layer with the settings
     * it has. NULL: always a plain layer. What is never a plain layer has none of the functions below. */
    void (*expand)(const tl__site *site, tl__expansion *out);
    /* The output's shape; NULL, or what it needs: "needs [height, width, channels]". The message goes on with what it
     * got. The sizes given fit a size_t; those it makes are checked by the caller. */
    const char *(*shape)(const tl__site *site, tl__shape *out);
    /* Its parameters in file order; gives their number. NULL: none. */
    int (*tensors)(const tl__site *site, tl__tensor_spec *out);
    /* Is the output the input, byte for byte? Then nothing is computed and both share memory. NULL: never. */
    bool (*identity)(const tl__site *site, bool training);
    /* Does position t of the output's first axis belong to position t of input 0's? Then sequences keep their lengths
     * (tl__op_lengths of the layers that read it). NULL: no, time has ended. */
    bool (*keeps_time)(const tl__site *site);
    void (*carve)(const tl__site *site, tl__layer_memory *memory, void *state);
    void (*forward)(tl__pass *pass, tl__op *op);
    /* Writes op->d_in (where wanted) and op->gradient from op->d_out, which it may destroy. */
    void (*backward)(tl__pass *pass, tl__op *op);
    /* For layers with many weights, whose `backward` leaves op->gradient to these: tasks that write it, or, with
     * pass->update, take it into the weights without storing it. They read op->in[0] and op->d_out as `backward` left
     * it, and each number they make is a sum of products of the two, or of d_out, over rows. gradient_tasks gives their
     * number and adds their floating-point operations to *work. NULL: `backward` does all. */
    size_t (*gradient_tasks)(tl__pass *pass, tl__op *op, double *work);
    void (*gradient_task)(tl__pass *pass, tl__op *op, size_t task, void *scratch);
    /* Where the values are from which its own activation's derivative is taken, and which activation: a reader with
     * applies_derivative then does that on its way. NULL, or giving NULL: it is not to be fused. */
    const float *(*saved)(const tl__op *op, tl__activation_use *use);
    bool applies_derivative;
    /* After a training forward pass with a finite loss: running statistics. NULL: nothing to do. */
    void (*commit)(tl__pass *pass, tl__op *op);
    /* Of one sample's forward pass; a multiply-add is 2. NULL: one per output. */
    double (*flops)(const tl__site *site);
    /* Of a layer in which positions look at positions: its number of heads and of both kinds of positions; and, after a
     * forward pass of a network that is planned for training, the weights of a head for one row, [queries, keys]. Those
     * of keys behind a sequence's end are 0. NULL: it has none. */
    size_t (*heads)(const tl__site *site, size_t *queries, size_t *keys);
    void (*attention)(tl__pass *pass, tl__op *op, size_t row, size_t head, float *out);
    /* A sentence when a training batch of so many rows cannot be: batch norm over one row. NULL: any. */
    const char *(*refuses)(const tl__site *site, size_t rows);
    const tl__layer_example *examples;
    int example_count;
} tl__layer;

TL_PRIV const tl__family *tl__layer_family(void);

#define TL__LAYER_GETTER(name) TL_PRIV const tl__member_head *tl__layer_##name(void);
TL__LAYERS(TL__LAYER_GETTER)
#undef TL__LAYER_GETTER

/* keeps_time of layers that compute every position by itself: of [time, feature], not of [features]. */
TL_PRIV bool tl__keeps_positions(const tl__site *site);

/* Of the layer `input`: nodes, or a whole shape. */
typedef struct tl__input_settings {
    int64_t nodes;               /* 0: the shape says it */
    tl__int_list shape;
} tl__input_settings;

/* A node, ready to run. Arrays are [rows, size]. */
struct tl__op {
    const tl__layer *layer;
    const tl__graph_node *node;
    const void *settings;
    void *state;
    uint32_t key;                             /* hash of the node's name: random draws */
    int input_count;
    bool timed[TL__NODE_INPUTS];              /* does this input still have the time axis of the network's input? */
    size_t size;                              /* floats of one sample's output */
    size_t in_size[TL__NODE_INPUTS];
    const float *in[TL__NODE_INPUTS];
    float *out;
    float *d_out;
    float *d_in[TL__NODE_INPUTS];             /* NULL: not wanted */
    float *tensor[TL__LAYER_TENSORS];
    float *gradient[TL__LAYER_TENSORS];       /* NULL: frozen, a buffer, or no training */
    /* The activation of the layer before, when this one applies its derivative to d_in[0] on the way: dense layers
     * do. */
    tl__activation_use fused;
    const float *fused_saved;                 /* NULL: nothing is fused */
    bool derivative_done;                     /* d_out has this node's own derivative already (by its reader) */
};

/* One pass over a network: what is the same for all its ops. */
struct tl__pass {
    const tl__kernels *kernels;
    tl__pool *pool;                           /* NULL: one thread */
    unsigned char *scratch;                   /* of all workers */
    size_t scratch_stride;                    /* bytes from worker to worker */
    size_t rows;
    const int32_t *lengths;                   /* of sequences, [rows]; NULL: all full. See tl__op_lengths */
    size_t longest;                           /* of them; 0: all full */
    int pieces;
    bool training;                            /* false: as in evaluation, also on a way back */
    const tl__optimizer_step *update;         /* gradient tasks go on with this; NULL: they store */
    uint64_t seed;
    uint32_t step;
    size_t first_row;                         /* in the global batch */
};

/* How many positions of the first axis of an input are real, for each row; NULL: all of them. What comes after them is
 * padding: finite numbers that mean nothing. Layers that mix positions leave it out, write 0 at such positions of their
 * output and of d_in, and find 0 there in d_out; so nothing else depends on it, and the layers that compute every
 * position by itself need not know of it. */
static inline const int32_t *tl__op_lengths(const tl__pass *pass, const tl__op *op, int input)
{
    return op->timed[input] ? pass->lengths : NULL;
}

/* How sums over the rows of a pass are cut, where a sample has so many rows. */
static inline tl__cut tl__pass_cut(const tl__pass *pass, size_t unit)
{
    return (tl__cut){(size_t)pass->pieces, unit};
}

/* Run tasks 0..count-1 of an op: on the pool when the call is worth it (work: as tl__pool_pays has it), else here. */
typedef void tl__op_fn(tl__pass *pass, tl__op *op, size_t task, void *scratch);
TL_PRIV void tl__pass_run(tl__pass *pass, tl__op *op, size_t count, double work, tl__op_fn *run);

/* For layers that work along one axis: a sample is [outer, n, inner]. `axis` counts from the front (0: time), or, below
 * 0, from the back (-1: the last); false: the shape has no such axis. */
typedef struct tl__axis {
    int index;
    size_t outer, n, inner;
} tl__axis;
TL_PRIV bool tl__axis_of(const tl__shape *shape, int64_t axis, tl__axis *out);
/* keeps_time of a layer that works along the axis: positions stay where it is not the first. */
TL_PRIV bool tl__axis_keeps_time(const tl__site *site, int64_t axis);
/* A carve for layers that need no memory. */
TL_PRIV void tl__carve_nothing(const tl__site *site, tl__layer_memory *memory, void *state);
/* Runs `run` over blocks of samples (tl__task_samples): for layers that do little. cost: of a number of the input or
 * the output, in the unit of tl__pool_pays. */
TL_PRIV void tl__pass_samples(tl__pass *pass, tl__op *op, double cost, tl__op_fn *run);

/* Tasks over ranges: `total` items in blocks of `block`. */
static inline size_t tl__blocks(size_t total, size_t block) { return total / block + (total % block != 0); }
/* Rows per task where a row is `size` floats: about 16 KiB, so that tasks are worth their hand-over. */
static inline size_t tl__row_block(size_t size) { return size >= 4096 ? 1 : 4096 / (size ? size : 1); }
/* The samples of a task of tl__pass_samples. */
static inline size_t tl__task_samples(const tl__pass *pass, const tl__op *op, size_t task, size_t *first)
{
    size_t block = tl__row_block(tl__size_max(op->size, op->in_size[0]));
    *first = task * block;
    return tl__size_min(block, pass->rows - *first);
}

#endif
