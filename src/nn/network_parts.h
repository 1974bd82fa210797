/* Inside of a network, for network.c, which lays it out, network_pass.c, which runs it, network_step.c, which takes
 * steps, and network_check.c, which looks for the layer where a NaN began. */
#ifndef TL_NN_NETWORK_PARTS_H
#define TL_NN_NETWORK_PARTS_H

#include "nn/clip.h"
#include "nn/loss.h"
#include "nn/network.h"
#include "nn/optimizer.h"
#include "nn/plan_parts.h"
#include "par/choice.h"

enum {
    TL__MAX_LEVELS = 32,            /* of accumulation: log2 */
    TL__NETWORK_CHUNK = 16384       /* floats of an elementwise task: 64 KiB, a share of a core's cache */
};

/* A live node in one mode. */
typedef struct tl__network_op {
    tl__op op;
    int node;
    bool identity;                      /* shares its input's array: nothing to run */
    bool backward;                      /* has something to do on the way back */
    size_t gradient_tasks;              /* of the running way back */
    float *add_to[TL__NODE_INPUTS];     /* not NULL: d_in is a buffer of its own that is added here */
} tl__network_op;

/* A pointer in an op that is the caller's input array, set at each call. */
typedef struct tl__network_input {
    const float **where;
} tl__network_input;

typedef struct tl__network_mode {
    tl__network_op *ops;
    int count;
    tl__network_input *inputs;
    int input_count;
    const float *output;                /* NULL: the input itself */
    float *output_gradient;             /* NULL: nothing is trained */
    float *row_losses;
    size_t max_rows;
} tl__network_mode;

struct tl__network {
    const tl__plan *plan;
    void *block;                        /* of tl__network_new */
    tl__network_mode mode[TL__MODES];
    float *parameters;
    float *gradients;                   /* of the last micro-batch, then of the step */
    float *levels[TL__MAX_LEVELS];      /* sums of 1, 2, 4, ... micro-batches that wait for their right halves */
    float *state[TL__OPTIMIZER_STATES];
    const float *input_gradient;        /* NULL: the plan has none */
    double *block_squares;              /* [plan->norm_blocks] */
    double *norms;                      /* [tensors]; of untrained ones 0 */
    double *piece_losses;               /* [pieces] */
    unsigned char *scratch;
    size_t scratch_bytes;
    tl__choice choice[TL__MODES];       /* of steps, and of forward passes in evaluation */

    /* the step that is going on */
    int micro;                          /* micro-batches so far */
    double level_loss[TL__MAX_LEVELS];
    double loss;                        /* sum of row losses of the last micro-batch, then of the step */
    double denominator;
    tl__rows last;
    const float *last_output;
};

/* An empty pass over a mode. */
TL_PRIV void tl__network_pass(const tl__network *network, int mode, tl__pool *pool, const tl__rows *batch,
                              tl__pass *out);
TL_PRIV void tl__network_set_inputs(tl__network *network, int mode, const float *inputs);
TL_PRIV void tl__network_run_forward(tl__network *network, int mode, tl__pass *pass, const float *inputs);
/* Where the last forward's outputs are. */
TL_PRIV const float *tl__network_result(const tl__network *network, int mode, const float *inputs);
/* Statistics that a forward pass in training leaves behind. */
TL_PRIV void tl__network_commit(tl__network *network, tl__pass *pass);

/* The way back in two parts, in this order: from the gradient of the output to those of all inputs, then to those of
 * weights (or into the weights: pass->update); without plan->split the first part is all of it. */
TL_PRIV void tl__network_run_backward(tl__network *network, tl__pass *pass);
TL_PRIV void tl__network_run_gradients(tl__network *network, tl__pass *pass);
/* Before op i's way back: under recomputation the forward pass of its segment, where i is the segment's last. */
TL_PRIV void tl__network_repeat(tl__network *network, tl__pass *pass, int i);
/* The same for one op; the first with the sums into what others wrote. */
TL_PRIV void tl__network_op_backward(tl__pass *pass, tl__network_op *op);
TL_PRIV void tl__network_op_gradients(const tl__network *network, tl__pass *pass, tl__network_op *op);
/* to += more. */
TL_PRIV void tl__network_add(tl__pool *pool, const tl__kernels *kernels, float *to, const float *more, size_t size);

/* Gradient of the outputs and row losses of a batch; then the sum of the row losses, piece by piece. */
TL_PRIV void tl__network_loss(tl__network *network, int mode, tl__pool *pool, const tl__rows *batch, double scale,
                              bool gradient);
TL_PRIV double tl__network_loss_sum(const tl__network *network, int mode, size_t rows);

/* The outputs of each layer in training mode, rows after rows, right after it ran (later ones may use its place). */
typedef void tl__visit_fn(void *user, int node, const float *values, size_t count);
TL_PRIV void tl__network_visit(tl__network *network, const tl__rows *batch, tl__visit_fn *visit, void *user);
typedef struct tl__profile {
    double *forward, *backward, loss, update;
} tl__profile;
/* A step with its parts one after the other, timed: nanoseconds are added to forward and backward [nodes] (there the
 * gradients of the weights are stored), loss, and update: the norm of the gradients and the optimizer. Without sums
 * over micro-batches. */
TL_PRIV tl_status tl__network_profile(tl__network *network, tl__pool *pool, const tl__rows *batch,
                                      const tl__update *update, tl__profile *out, tl_error *error);

/* A training batch that cannot be, told. */
TL_PRIV tl_status tl__network_refuse(const tl__network *network, const tl__rows *batch, tl_error *error);
/* TL_NOT_FINITE with the layer of the last batch where the first NaN or infinity is. */
TL_PRIV tl_status tl__network_find_nonfinite(tl__network *network, tl__pool *pool, tl_error *error);
/* The pool for work on so many rows that begins now, or NULL where it goes faster alone. times: forward passes that the
 * work is about as long as. Where `usual` and the rows are as many as planned, it is measured until tl__choice_end. */
TL_PRIV tl__pool *tl__network_choose(tl__network *network, int mode, tl__pool *pool, size_t rows, double times,
                                     bool usual);
/* Tasks on the pool when there is enough to do. */
TL_PRIV void tl__network_for(tl__pool *pool, size_t count, double work, tl__task_fn *run, void *user);

#endif
