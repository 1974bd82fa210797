/* A planned network: it computes predictions, gradients and steps. Everything is resolved when it is made: a step walks
 * an array of ready operations, allocates nothing and looks nothing up.
 *
 * A training step, by hand (the trainer in train/ does this):
 *
 *     tl__rows batch = {.inputs = x, .targets = t, .rows = n, .step = step};
 *     TL_TRY(tl__network_learn(network, pool, &batch, error));             forward, loss, backward
 *     TL_TRY(tl__network_update(network, pool, &update, &result, error));  norm, clip, optimizer
 *
 * or both in one, faster: tl__network_step.
 *
 * Gradient shards. The rows of a step (the global batch) are cut into `shards` consecutive pieces by tl__piece of
 * kernels/kernels.h; the pieces of a short batch may be empty. Every sum over rows (gradients of weights, statistics of
 * batch norm, the loss) is one chain per piece, and the pieces are added by one fixed binary tree. Under accumulation
 * A, micro-batch i of a step of n rows holds rows tl__piece(n, A, i) up to tl__piece(n, A, i + 1), which are whole
 * pieces; learn is called for all A of them in order (rows may be 0), and update gives the same bits as one batch of
 * all rows with the same shards. Layers that see several rows in a sample (time steps, pixels) cut samples, too. One
 * exception: batch norm normalises over the micro-batch that it sees. */
#ifndef TL_NN_NETWORK_H
#define TL_NN_NETWORK_H

#include "nn/plan.h"
#include "par/pool.h"

typedef struct tl__network tl__network;

/* Rows to compute on. Arrays are read during the call only. */
typedef struct tl__rows {
    const float *inputs;        /* [rows, features] */
    const float *targets;       /* [rows, target_width], or class numbers [rows]; NULL for tl__network_forward */
    const float *weights;       /* of rows, [rows]; NULL: all 1 */
    size_t rows;                /* at most max_rows (training) or evaluation_rows; 0: nothing to do */
    const int32_t *lengths;     /* of the rows' sequences, [rows], each from 1 to the first axis of the input, which is
                                   time; the positions after them hold any finite numbers, and what comes out does not
                                   depend on them. With a loss, the output has no time axis. NULL: all are full */
    uint32_t step;              /* number of the optimizer step since the start: dropout draws */
    size_t first_row;           /* position of the first row in the step's global batch: dropout draws */
    bool evaluate;              /* layers behave as in evaluation, yet with a way back (tl__network_forward_training
                                   only): explanations */
    double denominator;         /* what the sum of row losses is divided by: tl__network_denominator of the whole step;
                                   0: found out from this batch (right without accumulation) */
} tl__rows;

/* What an optimizer step is told; all may change from step to step. Norms, limits and l2 as in nn/clip.h and
 * nn/optimizer.h. */
typedef struct tl__update {
    int64_t step;               /* 1 at the first step: bias correction */
    double learning_rate;
    double momentum;            /* from a schedule; 0: the optimizer's own */
    double l2;                  /* joins the optimizer's decay for weights, not for biases and norms */
    double clip_norm;           /* largest norm of all gradients; 0: no limit */
    bool clip_largest;          /* that norm is the absolute value of the largest element, not the root of squares */
    double clip_value;          /* largest absolute value of each gradient, before the norm; 0: no limit */
    bool want_figures;          /* fill element figures of the result (one more pass over the gradients) */
    bool want_norms;            /* tl__network_step: fill gradient_norm and tl__network_norm, which tl__network_update
                                   always does; the step is then slower */
} tl__update;

typedef struct tl__step_result {
    double loss;                /* of the step, before its update: sum of row losses / denominator */
    double gradient_norm;       /* of all gradients, before clipping, without the l2 term; 0 where it was not made */
    bool clipped;
    double element_mean, element_max;   /* mean and largest |g| before clipping (want_figures, clip_largest); else 0 */
} tl__step_result;

/* Everything in one block of plan totals.network bytes: the heap's, or the caller's (64-byte aligned, else up to 63
 * more are needed, which totals.network includes). The plan and its graph are kept. parameters: an array of
 * tl__plan_parameter_floats, 64-byte aligned, kept, when the plan does not own them; else NULL, and they start as
 * zeros: initialize or load them. */
TL_PRIV tl_status tl__network_new(tl__heap *heap, const tl__plan *plan, float *parameters, tl__network **out,
                                  tl_error *error);
TL_PRIV tl_status tl__network_place(void *memory, size_t size, const tl__plan *plan, float *parameters,
                                    tl__network **out);
TL_PRIV void tl__network_free(tl__heap *heap, tl__network *network);   /* only of tl__network_new */

/* Evaluation: no dropout, running statistics. *out is [rows, outputs] inside the network, good until its next call. */
TL_PRIV tl_status tl__network_forward(tl__network *network, tl__pool *pool, const float *inputs, size_t rows,
                                      const float **out);
/* The same of rows with lengths, in `batch`, of which inputs, rows and lengths are read. */
TL_PRIV tl_status tl__network_forward_rows(tl__network *network, tl__pool *pool, const tl__rows *batch,
                                           const float **out);
/* The same with targets: adds the sum of row losses and the denominator of these rows to *sum and *denominator. */
TL_PRIV tl_status tl__network_evaluate(tl__network *network, tl__pool *pool, const tl__rows *batch, const float **out,
                                       double *sum, double *denominator);

/* Forward in training mode, loss and backward of a batch or micro-batch; gradients wait for tl__network_update. Too
 * many rows, a length that cannot be: TL_OUT_OF_RANGE; batch norm over one sample: TL_BAD_DATA with the settings to
 * change. */
TL_PRIV tl_status tl__network_learn(tl__network *network, tl__pool *pool, const tl__rows *batch, tl_error *error);
/* Output of the last tl__network_learn, [rows, outputs]: training metrics without a second pass. */
TL_PRIV const float *tl__network_output(const tl__network *network);
/* Combine, clip, update. A gradient norm or loss that is not finite: TL_NOT_FINITE, the weights stay as they were and
 * the message names the layer where it began (needs the last batch's values, so call it before the next learn). */
TL_PRIV tl_status tl__network_update(tl__network *network, tl__pool *pool, const tl__update *update,
                                     tl__step_result *result, tl_error *error);
/* learn and update in one, of a plan without accumulation: the same bits and the same errors. Without want_norms,
 * want_figures and limits the gradients go into the weights as they are made, without a pass over memory of their own;
 * tl__network_gradients and tl__network_norm are then not those of this step. */
TL_PRIV tl_status tl__network_step(tl__network *network, tl__pool *pool, const tl__rows *batch,
                                   const tl__update *update, tl__step_result *result, tl_error *error);
/* Give up the gradients of an unfinished step. */
TL_PRIV void tl__network_forget(tl__network *network);

/* What the mean over these rows divides by: their number, or the sum of their class weights; as the loss defines it. */
TL_PRIV double tl__network_denominator(const tl__network *network, const float *targets, const float *weights,
                                       size_t rows);

/* Arrays over all parameters, in the places of tl__tensor.offset. */
TL_PRIV float *tl__network_parameters(tl__network *network);
TL_PRIV const float *tl__network_gradients(const tl__network *network);   /* of the last step, before clipping by
                                                                             norm; trained_floats */
TL_PRIV int tl__network_state_count(const tl__network *network);          /* arrays of the optimizer */
TL_PRIV float *tl__network_state(tl__network *network, int index);        /* trained_floats each; a checkpoint holds
                                                                             them */
TL_PRIV double tl__network_norm(const tl__network *network, int tensor);  /* L2 norm of its gradient at the
                                                                             last update, before clipping by norm */

/* For tests and explanations: one forward in training mode, then a backward from a gradient of the output, [rows,
 * outputs]. *input_gradient is [rows, features] when the plan was made with input_gradient, else NULL. */
TL_PRIV tl_status tl__network_forward_training(tl__network *network, tl__pool *pool, const tl__rows *batch,
                                               const float **out, tl_error *error);
/* The weights of attention after tl__network_forward_training of the same batch, computed once more from the queries
 * and keys that it kept: of one node, row and head, [queries, keys]. */
TL_PRIV void tl__network_attention(tl__network *network, const tl__rows *batch, int node, size_t row, size_t head,
                                   float *out);
TL_PRIV tl_status tl__network_backward_from(tl__network *network, tl__pool *pool, const tl__rows *batch,
                                            const float *output_gradient, const float **input_gradient);

#endif
