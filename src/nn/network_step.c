/* Running a network: forward, loss, backward, and the step that takes the gradients into the weights. */
#include "nn/network_parts.h"

#include "base/math.h"

enum { NETWORK_CHUNK = 16384 };   /* floats of an elementwise task: 64 KiB, a share of a core's cache */

TL_PRIV void tl__network_for(tl__pool *pool, size_t count, double work, tl__task_fn *run, void *user)
{
    if (tl__pool_pays(pool, count, work)) {
        tl__parallel_for(pool, count, run, user);
    } else {
        for (size_t task = 0; task < count; task++) run(user, task, 0);
    }
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

static void network_forward(tl__network *network, int mode, tl__pass *pass, const float *inputs)
{
    tl__network_mode *m = &network->mode[mode];
    tl__network_set_inputs(network, mode, inputs);
    for (int i = 0; i < m->count; i++)
        if (!m->ops[i].identity) m->ops[i].op.layer->forward(pass, &m->ops[i].op);
}

static const float *network_output(const tl__network *network, int mode, const float *inputs)
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
    size_t first = task * NETWORK_CHUNK;
    (void)worker;
    sum->kernels->add(sum->to + first, sum->to + first, sum->more + first,
                      tl__size_min(NETWORK_CHUNK, sum->size - first));
}

static void network_add(tl__pool *pool, const tl__kernels *kernels, float *to, const float *more, size_t size)
{
    network_sum sum = {kernels, to, more, size};
    tl__network_for(pool, tl__blocks(size, NETWORK_CHUNK), (double)size, network_add_task, &sum);
}

TL_PRIV void tl__network_op_backward(tl__pass *pass, tl__network_op *entry)
{
    tl__op *op = &entry->op;
    if (entry->identity) {
        size_t size = pass->rows * op->size;
        if (entry->add_to[0]) network_add(pass->pool, pass->kernels, entry->add_to[0], op->d_out, size);
        else if (op->d_in[0]) memcpy(op->d_in[0], op->d_out, size * sizeof(float));
        return;
    }
    op->layer->backward(pass, op);
    for (int k = 0; k < op->input_count; k++)
        if (entry->add_to[k])
            network_add(pass->pool, pass->kernels, entry->add_to[k], op->d_in[k], pass->rows * op->in_size[k]);
}

static void network_backward(tl__network *network, tl__pass *pass)
{
    tl__network_mode *m = &network->mode[TL__TRAINING];
    for (int i = m->count - 1; i >= 0; i--)
        if (m->ops[i].backward) tl__network_op_backward(pass, &m->ops[i]);
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
                               .outputs = network_output(network, mode, batch->inputs), .width = width,
                               .targets = batch->targets, .target_width = options->target_width,
                               .weights = batch->weights, .scale = scale,
                               .gradient = gradient ? m->output_gradient : NULL, .row_losses = m->row_losses};
    double work = (double)batch->rows * (5000.0 + 150.0 * (double)width);
    tl__network_for(pool, tl__blocks(batch->rows, all.block), work, network_loss_task, &all);
}

/* The sum of the row losses, piece by piece. */
static double network_loss_sum(const tl__network *network, int mode, size_t rows)
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

TL_PRIV tl_status tl__network_forward(tl__network *network, tl__pool *pool, const float *inputs, size_t rows,
                                      const float **out)
{
    tl__rows batch = {.inputs = inputs, .rows = rows};
    tl__pass pass;
    if (rows > network->mode[TL__EVALUATION].max_rows) return TL_OUT_OF_RANGE;
    tl__network_pass(network, TL__EVALUATION, pool, &batch, &pass);
    network_forward(network, TL__EVALUATION, &pass, inputs);
    *out = network_output(network, TL__EVALUATION, inputs);
    return TL_OK;
}

TL_PRIV tl_status tl__network_evaluate(tl__network *network, tl__pool *pool, const tl__rows *batch, const float **out,
                                       double *sum, double *denominator)
{
    const float *output;
    if (!network->plan->options.loss) return TL_INVALID;
    TL_TRY(tl__network_forward(network, pool, batch->inputs, batch->rows, &output));
    tl__network_loss(network, TL__EVALUATION, pool, batch, 1.0, false);
    *sum += network_loss_sum(network, TL__EVALUATION, batch->rows);
    *denominator += tl__network_denominator(network, batch->targets, batch->weights, batch->rows);
    if (out) *out = output;
    return TL_OK;
}

/* ---- Learning */

static tl_status network_refuse(const tl__network *network, size_t rows, tl_error *error)
{
    const tl__network_mode *m = &network->mode[TL__TRAINING];
    if (!network->plan->options.training)
        return tl__fail(error, TL_INVALID, "This network was planned for prediction, not for training.");
    if (rows > m->max_rows)
        return tl__fail(error, TL_OUT_OF_RANGE, "A batch of %zu rows is larger than the %zu that were planned.", rows,
                        m->max_rows);
    for (int i = 0; i < m->count && rows > 0; i++) {
        const tl__op *op = &m->ops[i].op;
        tl__site site = {network->plan->graph, op->node, op->settings};
        const char *why = op->layer->refuses && !m->ops[i].identity ? op->layer->refuses(&site, rows) : NULL;
        if (why) return tl__fail(error, TL_BAD_DATA, "Layer '%s' %s", op->node->name, why);
    }
    return TL_OK;
}

/* Add the gradients of the micro-batch that is done to those that wait: a binary counter, so that the sums are those of
 * the tree over all micro-batches. */
static void network_merge(tl__network *network, tl__pool *pool)
{
    size_t size = network->plan->trained_floats;
    int level = 0;
    for (; network->micro >> level & 1; level++) {
        network_add(pool, network->plan->options.kernels, network->gradients, network->levels[level], size);
        network->loss = network->level_loss[level] + network->loss;
    }
    network->micro++;
    if (network->micro < network->plan->options.accumulation) {
        memcpy(network->levels[level], network->gradients, size * sizeof(float));
        network->level_loss[level] = network->loss;
    }
}

/* What waits when a step ends before its last micro-batch. */
static void network_merge_rest(tl__network *network, tl__pool *pool)
{
    bool first = true;
    if (network->micro == 0 || network->micro >= network->plan->options.accumulation) return;
    for (int level = 0; network->micro >> level; level++) {
        if (!(network->micro >> level & 1)) continue;
        if (first) {
            memcpy(network->gradients, network->levels[level], network->plan->trained_floats * sizeof(float));
            network->loss = network->level_loss[level];
            first = false;
        } else {
            network_add(pool, network->plan->options.kernels, network->gradients, network->levels[level],
                        network->plan->trained_floats);
            network->loss = network->level_loss[level] + network->loss;
        }
    }
}

TL_PRIV void tl__network_forget(tl__network *network)
{
    network->micro = 0;
    network->loss = 0;
    network->denominator = 0;
}

static void network_commit(tl__network *network, tl__pass *pass)
{
    tl__network_mode *m = &network->mode[TL__TRAINING];
    for (int i = 0; i < m->count; i++)
        if (m->ops[i].op.layer->commit && !m->ops[i].identity && !m->ops[i].op.node->common->frozen)
            m->ops[i].op.layer->commit(pass, &m->ops[i].op);
}

TL_PRIV tl_status tl__network_learn(tl__network *network, tl__pool *pool, const tl__rows *batch, tl_error *error)
{
    tl__pass pass;
    TL_TRY(network_refuse(network, batch->rows, error));
    if (!network->plan->options.loss) return tl__fail(error, TL_INVALID, "This network was planned without a loss.");
    if (network->micro >= network->plan->options.accumulation) tl__network_forget(network);
    network->last = *batch;
    network->last_output = network_output(network, TL__TRAINING, batch->inputs);
    network->loss = 0;
    if (batch->rows == 0) {
        memset(network->gradients, 0, network->plan->trained_floats * sizeof(float));
        network_merge(network, pool);
        return TL_OK;
    }
    double denominator = batch->denominator;
    if (denominator == 0)
        denominator = tl__network_denominator(network, batch->targets, batch->weights, batch->rows);
    network->denominator = denominator;
    tl__network_pass(network, TL__TRAINING, pool, batch, &pass);
    network_forward(network, TL__TRAINING, &pass, batch->inputs);
    tl__network_loss(network, TL__TRAINING, pass.pool, batch, denominator > 0 ? 1.0 / denominator : 0.0, true);
    network->loss = network_loss_sum(network, TL__TRAINING, batch->rows);
    if (!tl__is_finite_d(network->loss)) return tl__network_find_nonfinite(network, pool, error);
    network_commit(network, &pass);
    network_backward(network, &pass);
    network_merge(network, pass.pool);
    return TL_OK;
}

TL_PRIV const float *tl__network_output(const tl__network *network) { return network->last_output; }

TL_PRIV tl_status tl__network_forward_training(tl__network *network, tl__pool *pool, const tl__rows *batch,
                                               const float **out, tl_error *error)
{
    tl__pass pass;
    if (!batch->evaluate) TL_TRY(network_refuse(network, batch->rows, error));
    tl__network_pass(network, TL__TRAINING, pool, batch, &pass);
    network_forward(network, TL__TRAINING, &pass, batch->inputs);
    if (pass.training) network_commit(network, &pass);
    *out = network_output(network, TL__TRAINING, batch->inputs);
    return TL_OK;
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
    network_backward(network, &pass);
    if (input_gradient) *input_gradient = network->input_gradient;
    return TL_OK;
}

/* ---- The step */

/* Sum of squares of each block of each tensor; blocks are numbered through all trained tensors. */
static void network_norm_task(void *user, size_t task, int worker)
{
    tl__network *network = user;
    const tl__plan *plan = network->plan;
    size_t first = 0;
    (void)worker;
    for (int t = 0; t < plan->tensor_count; t++) {
        const tl__tensor *tensor = &plan->tensors[t];
        size_t blocks = tl__blocks(tensor->size, TL__SQUARES_BLOCK);
        if (!tensor->trained) continue;
        if (task < first + blocks) {
            tl__sum_of_squares_blocks(plan->options.kernels, network->gradients + tensor->offset, tensor->size,
                                      task - first, task - first + 1, network->block_squares + task);
            return;
        }
        first += blocks;
    }
}

typedef struct network_limit {
    const tl__network *network;
    float limit;
} network_limit;

static void network_limit_task(void *user, size_t task, int worker)
{
    const network_limit *call = user;
    const tl__plan *plan = call->network->plan;
    size_t first = task * NETWORK_CHUNK;
    (void)worker;
    tl__clip_value(plan->options.kernels, call->network->gradients + first,
                   tl__size_min(NETWORK_CHUNK, plan->trained_floats - first), call->limit);
}

/* Norms of all tensors; gives that of all gradients. */
static double network_norms(tl__network *network, tl__pool *pool)
{
    const tl__plan *plan = network->plan;
    double total = 0;
    size_t block = 0;
    tl__network_for(pool, plan->norm_blocks, 10.0 * (double)plan->trained_floats, network_norm_task, network);
    for (int t = 0; t < plan->tensor_count; t++) {
        double squares = 0;
        network->norms[t] = 0;
        if (!plan->tensors[t].trained) continue;
        for (size_t b = 0; b < tl__blocks(plan->tensors[t].size, TL__SQUARES_BLOCK); b++)
            squares += network->block_squares[block++];
        network->norms[t] = tl__sqrt_d(squares);
        total += squares;
    }
    return tl__sqrt_d(total);
}

static void network_figures(const tl__network *network, tl__step_result *result)
{
    const tl__plan *plan = network->plan;
    tl__gradient_figures figures = {0};
    for (int t = 0; t < plan->tensor_count; t++)
        if (plan->tensors[t].trained)
            tl__gradient_figures_add(network->gradients + plan->tensors[t].offset, plan->tensors[t].size, &figures);
    result->element_mean = figures.count ? figures.sum_absolute / (double)figures.count : 0;
    result->element_max = figures.max_absolute;
}

typedef struct network_apply_call {
    tl__network *network;
    tl__optimizer_factors weights, others;
    size_t weight_tasks;
} network_apply_call;

static void network_apply_task(void *user, size_t task, int worker)
{
    const network_apply_call *call = user;
    const tl__plan *plan = call->network->plan;
    bool weights = task < call->weight_tasks;
    size_t first = weights ? task * NETWORK_CHUNK : plan->decay_floats + (task - call->weight_tasks) * NETWORK_CHUNK;
    size_t end = tl__size_min(first + NETWORK_CHUNK, weights ? plan->decay_floats : plan->trained_floats);
    (void)worker;
    plan->options.optimizer->apply(plan->options.kernels, weights ? &call->weights : &call->others,
                                   call->network->parameters, call->network->gradients, call->network->state, first,
                                   end - first);
}

static void network_apply(tl__network *network, tl__pool *pool, const tl__update *update, float factor)
{
    const tl__plan *plan = network->plan;
    const tl__optimizer *optimizer = plan->options.optimizer;
    tl__optimizer_request request = {.step = update->step, .learning_rate = update->learning_rate, .l2 = update->l2,
                                     .momentum = update->momentum, .gradient_scale = (double)factor};
    network_apply_call call = {.network = network, .weight_tasks = tl__blocks(plan->decay_floats, NETWORK_CHUNK)};
    optimizer->prepare(plan->options.optimizer_settings, &request, &call.weights);
    call.others = call.weights;
    if (update->l2 != 0) {
        request.l2 = 0;
        optimizer->prepare(plan->options.optimizer_settings, &request, &call.others);
    }
    size_t tasks = call.weight_tasks + tl__blocks(plan->trained_floats - plan->decay_floats, NETWORK_CHUNK);
    tl__network_for(pool, tasks, 40.0 * (double)plan->trained_floats, network_apply_task, &call);
}

TL_PRIV tl_status tl__network_update(tl__network *network, tl__pool *pool, const tl__update *update,
                                     tl__step_result *result, tl_error *error)
{
    const tl__plan *plan = network->plan;
    memset(result, 0, sizeof *result);
    if (network->micro == 0) return tl__fail(error, TL_INVALID, "There are no gradients to take a step with.");
    if (tl__pool_threads(pool) > plan->options.workers) pool = NULL;
    network_merge_rest(network, pool);
    network->micro = plan->options.accumulation;
    result->loss = network->denominator > 0 ? network->loss / network->denominator : 0.0;
    if (update->clip_value > 0) {
        network_limit call = {network, (float)update->clip_value};
        tl__network_for(pool, tl__blocks(plan->trained_floats, NETWORK_CHUNK), (double)plan->trained_floats,
                        network_limit_task, &call);
    }
    result->gradient_norm = network_norms(network, pool);
    if (!tl__is_finite_d(result->gradient_norm) || !tl__is_finite_d(result->loss))
        return tl__network_find_nonfinite(network, pool, error);
    if (update->want_figures || update->clip_largest) network_figures(network, result);
    double size = update->clip_largest ? result->element_max : result->gradient_norm;
    float factor = tl__clip_factor(size, update->clip_norm);
    result->clipped = factor != 1.0f;
    if (plan->options.optimizer) network_apply(network, pool, update, factor);
    return TL_OK;
}
