/* Running a network: forward, loss, backward, and evaluation. What becomes of the gradients stands in network_step.c.
 *
 * The way back has two parts: the gradients of all inputs, from the last op to the first, each of which waits for the
 * one behind it; and the gradients of weights, which wait for nothing then. Where the plan keeps all d_out
 * (plan->split), the second part is one list of tasks over all layers, after the first; else each layer's follow its
 * own input gradient. */
#include "nn/network_parts.h"

#include "base/math.h"

/* Floating-point operations, some 5 us: below, not even the clock is asked whether threads pay. */
enum { NETWORK_WORTH = 1 << 20, NETWORK_SHARES = 16 };

TL_PRIV void tl__network_for(tl__pool *pool, size_t count, double work, tl__task_fn *run, void *user)
{
    if (tl__pool_pays(pool, count, work)) {
        tl__parallel_for(pool, count, run, user);
    } else {
        for (size_t task = 0; task < count; task++) run(user, task, 0);
    }
}

TL_PRIV tl__pool *tl__network_choose(tl__network *network, int mode, tl__pool *pool, size_t rows, double times,
                                     bool usual)
{
    if (times * network->plan->totals.flops * (double)rows < NETWORK_WORTH) return NULL;
    return tl__choice_begin(&network->choice[mode], pool, usual && rows == network->mode[mode].max_rows);
}

TL_PRIV void tl__network_pass(const tl__network *network, int mode, tl__pool *pool, const tl__rows *batch,
                              tl__pass *out)
{
    const tl__plan_options *options = &network->plan->options;
    memset(out, 0, sizeof *out);
    out->kernels = options->kernels;
    out->pool = tl__pool_threads(pool) <= options->workers ? pool : NULL;
    out->scratch = network->scratch;
    out->scratch_stride = network->scratch_bytes;
    out->rows = batch->rows;
    out->lengths = batch->lengths;
    for (size_t r = 0; batch->lengths && r < batch->rows; r++)
        out->longest = tl__size_max(out->longest, (size_t)batch->lengths[r]);
    out->pieces = options->shards / options->accumulation;
    out->training = mode == TL__TRAINING && !batch->evaluate;
    out->seed = options->seed;
    out->step = batch->step;
    out->first_row = batch->first_row;
}

TL_PRIV void tl__network_set_inputs(tl__network *network, int mode, const float *inputs)
{
    tl__network_mode *m = &network->mode[mode];
    for (int i = 0; i < m->input_count; i++) *m->inputs[i].where = inputs;
}

TL_PRIV void tl__network_run_forward(tl__network *network, int mode, tl__pass *pass, const float *inputs)
{
    tl__network_mode *m = &network->mode[mode];
    tl__network_set_inputs(network, mode, inputs);
    for (int i = 0; i < m->count; i++)
        if (!m->ops[i].identity) m->ops[i].op.layer->forward(pass, &m->ops[i].op);
}

TL_PRIV const float *tl__network_result(const tl__network *network, int mode, const float *inputs)
{
    return network->mode[mode].output ? network->mode[mode].output : inputs;
}

/* ---- The way back */

typedef struct network_sum {
    const tl__kernels *kernels;
    float *to;
    const float *more;
    size_t size;
} network_sum;

static void network_add_task(void *user, size_t task, int worker)
{
    const network_sum *sum = user;
    size_t first = task * TL__NETWORK_CHUNK;
    (void)worker;
    sum->kernels->add(sum->to + first, sum->to + first, sum->more + first,
                      tl__size_min(TL__NETWORK_CHUNK, sum->size - first));
}

TL_PRIV void tl__network_add(tl__pool *pool, const tl__kernels *kernels, float *to, const float *more,
                             size_t size)
{
    network_sum sum = {kernels, to, more, size};
    tl__network_for(pool, tl__blocks(size, TL__NETWORK_CHUNK), (double)size, network_add_task, &sum);
}

TL_PRIV void tl__network_op_backward(tl__pass *pass, tl__network_op *entry)
{
    tl__op *op = &entry->op;
    if (entry->identity) {
        size_t size = pass->rows * op->size;
        if (entry->add_to[0]) tl__network_add(pass->pool, pass->kernels, entry->add_to[0], op->d_out, size);
        else if (op->d_in[0]) memcpy(op->d_in[0], op->d_out, size * sizeof(float));
        return;
    }
    op->layer->backward(pass, op);
    for (int k = 0; k < op->input_count; k++)
        if (entry->add_to[k])
            tl__network_add(pass->pool, pass->kernels, entry->add_to[k], op->d_in[k],
                            pass->rows * op->in_size[k]);
}

/* How many tasks the gradients of an op's weights are. A layer that makes them in `backward` has none left, but where
 * they go straight into the weights each tensor is one. */
static size_t network_gradient_tasks(const tl__network *network, tl__pass *pass, tl__network_op *entry, double *work)
{
    if (!entry->backward || entry->identity) return 0;
    if (entry->op.layer->gradient_tasks) return entry->op.layer->gradient_tasks(pass, &entry->op, work);
    return pass->update ? (size_t)network->plan->nodes[entry->node].tensor_count : 0;
}

static void network_gradient_run(const tl__network *network, tl__pass *pass, tl__network_op *entry, size_t task,
                                 int worker)
{
    tl__op *op = &entry->op;
    if (op->layer->gradient_tasks) {
        op->layer->gradient_task(pass, op, task, pass->scratch + (size_t)worker * pass->scratch_stride);
    } else if (op->gradient[task]) {
        const tl__tensor *tensor = &network->plan->tensors[network->plan->nodes[entry->node].first_tensor + (int)task];
        tl__optimizer_take(pass->update, tensor->offset, op->gradient[task], tensor->size);
    }
}

typedef struct network_gradients_call {
    const tl__network *network;
    tl__pass *pass;
    tl__network_op *first;
    size_t count, shares;
} network_gradients_call;

/* Tasks are in the order of threads' shares, each with its part of every layer: so a thread takes a step on the weights
 * that it reads in the forward pass, as far as those are cut alike. */
static void network_gradients_task(void *user, size_t task, int worker)
{
    const network_gradients_call *call = user;
    for (size_t share = 0; share < call->shares; share++)
        for (size_t i = 0; i < call->count; i++) {
            size_t all = call->first[i].gradient_tasks, begin = all * share / call->shares;
            size_t mine = all * (share + 1) / call->shares - begin;
            if (task < mine) {
                network_gradient_run(call->network, call->pass, &call->first[i], begin + task, worker);
                return;
            }
            task -= mine;
        }
}

static void network_gradients(const tl__network *network, tl__pass *pass, tl__network_op *first, int count)
{
    size_t threads = (size_t)tl__pool_threads(pass->pool);
    network_gradients_call call = {network, pass, first, (size_t)count, tl__size_min(threads, NETWORK_SHARES)};
    double work = 0;
    size_t tasks = 0;
    for (int i = 0; i < count; i++)
        tasks += first[i].gradient_tasks = network_gradient_tasks(network, pass, &first[i], &work);
    tl__network_for(pass->pool, tasks, work, network_gradients_task, &call);
}

TL_PRIV void tl__network_op_gradients(const tl__network *network, tl__pass *pass, tl__network_op *op)
{
    network_gradients(network, pass, op, 1);
}

TL_PRIV void tl__network_repeat(tl__network *network, tl__pass *pass, int i)
{
    tl__network_mode *m = &network->mode[TL__TRAINING];
    const tl__plan_node *nodes = network->plan->nodes;
    int segment = nodes[m->ops[i].node].segment, first = i;
    if (i + 1 < m->count && nodes[m->ops[i + 1].node].segment == segment) return;
    while (first > 0 && nodes[m->ops[first - 1].node].segment == segment) first--;
    for (; first <= i; first++)
        if (!m->ops[first].identity && nodes[m->ops[first].node].repeats)
            m->ops[first].op.layer->forward(pass, &m->ops[first].op);
}

TL_PRIV void tl__network_run_backward(tl__network *network, tl__pass *pass)
{
    tl__network_mode *m = &network->mode[TL__TRAINING];
    for (int i = m->count - 1; i >= 0; i--) {
        tl__network_repeat(network, pass, i);
        if (!m->ops[i].backward) continue;
        tl__network_op_backward(pass, &m->ops[i]);
        if (!network->plan->split) tl__network_op_gradients(network, pass, &m->ops[i]);
    }
}

TL_PRIV void tl__network_run_gradients(tl__network *network, tl__pass *pass)
{
    tl__network_mode *m = &network->mode[TL__TRAINING];
    if (network->plan->split) network_gradients(network, pass, m->ops, m->count);
}

/* ---- The loss */

typedef struct network_loss_call {
    const tl__loss *loss;
    tl__loss_call call;
    size_t rows, block;
} network_loss_call;

static void network_loss_task(void *user, size_t task, int worker)
{
    const network_loss_call *all = user;
    size_t first = task * all->block;
    (void)worker;
    all->loss->rows(&all->call, first, tl__size_min(first + all->block, all->rows));
}

TL_PRIV void tl__network_loss(tl__network *network, int mode, tl__pool *pool, const tl__rows *batch, double scale,
                              bool gradient)
{
    const tl__plan_options *options = &network->plan->options;
    tl__network_mode *m = &network->mode[mode];
    size_t width = tl__shape_size(tl__graph_output_shape(network->plan->graph));
    network_loss_call all = {.loss = options->loss, .rows = batch->rows, .block = tl__row_block(32 * width)};
    all.call = (tl__loss_call){.kernels = options->kernels, .settings = options->loss_settings,
                               .outputs = tl__network_result(network, mode, batch->inputs), .width = width,
                               .targets = batch->targets, .target_width = options->target_width,
                               .weights = batch->weights, .scale = scale,
                               .gradient = gradient ? m->output_gradient : NULL, .row_losses = m->row_losses};
    double work = (double)batch->rows * (5000.0 + 150.0 * (double)width);
    tl__network_for(pool, tl__blocks(batch->rows, all.block), work, network_loss_task, &all);
}

/* The sum of the row losses, piece by piece. */
TL_PRIV double tl__network_loss_sum(const tl__network *network, int mode, size_t rows)
{
    size_t pieces = (size_t)(network->plan->options.shards / network->plan->options.accumulation);
    if (mode != TL__TRAINING) pieces = 1;
    for (size_t p = 0; p < pieces; p++) {
        size_t first = tl__piece(rows, pieces, p);
        network->piece_losses[p] =
            tl__loss_sum(network->mode[mode].row_losses + first, tl__piece(rows, pieces, p + 1) - first);
    }
    return tl__tree_add(network->piece_losses, pieces);
}

TL_PRIV double tl__network_denominator(const tl__network *network, const float *targets, const float *weights,
                                       size_t rows)
{
    const tl__plan_options *options = &network->plan->options;
    return tl__loss_denominator(options->loss, options->loss_settings,
                                tl__shape_size(tl__graph_output_shape(network->plan->graph)), targets,
                                options->target_width, weights, rows);
}

/* ---- Evaluation */

/* The first row of which the length cannot be; rows: none. */
static size_t network_bad_length(const tl__network *network, const tl__rows *batch)
{
    size_t row = 0, time = tl__graph_input_shape(network->plan->graph)->dim[0];
    if (!batch->lengths) return batch->rows;
    while (row < batch->rows && batch->lengths[row] >= 1 && (size_t)batch->lengths[row] <= time) row++;
    return row;
}

/* A loss would count the padding as outputs: it knows rows only. */
static bool network_loss_sees_padding(const tl__network *network, const tl__rows *batch)
{
    return batch->lengths && batch->targets && network->plan->nodes[network->plan->output].timed;
}

TL_PRIV tl_status tl__network_forward_rows(tl__network *network, tl__pool *pool, const tl__rows *batch,
                                           const float **out)
{
    tl__pass pass;
    if (batch->rows > network->mode[TL__EVALUATION].max_rows || network_bad_length(network, batch) < batch->rows)
        return TL_OUT_OF_RANGE;
    pool = tl__network_choose(network, TL__EVALUATION, pool, batch->rows, 1.0, true);
    tl__network_pass(network, TL__EVALUATION, pool, batch, &pass);
    tl__network_run_forward(network, TL__EVALUATION, &pass, batch->inputs);
    tl__choice_end(&network->choice[TL__EVALUATION]);
    *out = tl__network_result(network, TL__EVALUATION, batch->inputs);
    return TL_OK;
}

TL_PRIV tl_status tl__network_forward(tl__network *network, tl__pool *pool, const float *inputs, size_t rows,
                                      const float **out)
{
    tl__rows batch = {.inputs = inputs, .rows = rows};
    return tl__network_forward_rows(network, pool, &batch, out);
}

TL_PRIV tl_status tl__network_evaluate(tl__network *network, tl__pool *pool, const tl__rows *batch, const float **out,
                                       double *sum, double *denominator)
{
    const float *output;
    if (!network->plan->options.loss || network_loss_sees_padding(network, batch)) return TL_INVALID;
    TL_TRY(tl__network_forward_rows(network, pool, batch, &output));
    tl__network_loss(network, TL__EVALUATION, pool, batch, 1.0, false);
    *sum += tl__network_loss_sum(network, TL__EVALUATION, batch->rows);
    *denominator += tl__network_denominator(network, batch->targets, batch->weights, batch->rows);
    if (out) *out = output;
    return TL_OK;
}

/* ---- Training */

TL_PRIV tl_status tl__network_refuse(const tl__network *network, const tl__rows *batch, tl_error *error)
{
    size_t rows = batch->rows, bad;
    const tl__network_mode *m = &network->mode[TL__TRAINING];
    if (!network->plan->options.training)
        return tl__fail(error, TL_INVALID, "This network was planned for prediction, not for training.");
    if (rows > m->max_rows)
        return tl__fail(error, TL_OUT_OF_RANGE, "A batch of %zu rows is larger than the %zu that were planned.", rows,
                        m->max_rows);
    if ((bad = network_bad_length(network, batch)) < rows)
        return tl__fail(error, TL_OUT_OF_RANGE, "Row %zu of a batch has a sequence of %d steps; it can have 1 to %zu.",
                        bad, (int)batch->lengths[bad], tl__graph_input_shape(network->plan->graph)->dim[0]);
    if (network_loss_sees_padding(network, batch))
        return tl__fail(error, TL_INVALID, "The network's output has a step for each step of its input, and a loss "
                        "cannot tell which of them are padding; end with one output a sequence, as `output: last` "
                        "gives it.");
    for (int i = 0; i < m->count && rows > 0; i++) {
        const tl__op *op = &m->ops[i].op;
        tl__site site = {network->plan->graph, op->node, op->settings};
        const char *why = op->layer->refuses && !m->ops[i].identity ? op->layer->refuses(&site, rows) : NULL;
        if (why) return tl__fail(error, TL_BAD_DATA, "Layer '%s' %s", op->node->name, why);
    }
    return TL_OK;
}

TL_PRIV void tl__network_commit(tl__network *network, tl__pass *pass)
{
    tl__network_mode *m = &network->mode[TL__TRAINING];
    for (int i = 0; i < m->count; i++)
        if (m->ops[i].op.layer->commit && !m->ops[i].identity && !m->ops[i].op.node->common->frozen)
            m->ops[i].op.layer->commit(pass, &m->ops[i].op);
}

TL_PRIV tl_status tl__network_forward_training(tl__network *network, tl__pool *pool, const tl__rows *batch,
                                               const float **out, tl_error *error)
{
    tl__pass pass;
    if (!batch->evaluate) TL_TRY(tl__network_refuse(network, batch, error));
    tl__network_pass(network, TL__TRAINING, pool, batch, &pass);
    tl__network_run_forward(network, TL__TRAINING, &pass, batch->inputs);
    if (pass.training) tl__network_commit(network, &pass);
    *out = tl__network_result(network, TL__TRAINING, batch->inputs);
    return TL_OK;
}

TL_PRIV void tl__network_attention(tl__network *network, const tl__rows *batch, int node, size_t row, size_t head,
                                   float *out)
{
    tl__network_mode *m = &network->mode[TL__TRAINING];
    tl__pass pass;
    tl__network_pass(network, TL__TRAINING, NULL, batch, &pass);
    for (int i = 0; i < m->count; i++)
        if (m->ops[i].node == node) m->ops[i].op.layer->attention(&pass, &m->ops[i].op, row, head, out);
}

TL_PRIV tl_status tl__network_backward_from(tl__network *network, tl__pool *pool, const tl__rows *batch,
                                            const float *output_gradient, const float **input_gradient)
{
    const tl__plan *plan = network->plan;
    size_t size = batch->rows * tl__shape_size(tl__graph_output_shape(plan->graph));
    tl__pass pass;
    tl__network_pass(network, TL__TRAINING, pool, batch, &pass);
    if (network->mode[TL__TRAINING].output_gradient)
        memcpy(network->mode[TL__TRAINING].output_gradient, output_gradient, size * sizeof(float));
    tl__network_run_backward(network, &pass);
    tl__network_run_gradients(network, &pass);
    if (input_gradient) *input_gradient = network->input_gradient;
    return TL_OK;
}

