/* Taking steps: gradients of one or several micro-batches, their norm, clipping, and the optimizer.
 *
 * There are two ways, with the same bits. The plain one, learn and update, stores all gradients, looks at them, then
 * applies them. The streaming one never stores the gradients of large tensors: each piece goes into the weights while
 * it is in the cache. It is open to steps that need no norm, no clipping and no sum over micro-batches. Its one
 * difficulty is the promise that weights stay as they were when a gradient is not finite: nothing may be changed before
 * all gradients are known to be finite. They are sums of products of a layer's inputs with the gradients of its
 * outputs, which plan->split keeps; by Cauchy and Schwarz no sum is larger than the root of the product of both sums
 * of squares. Where these are too large to prove it, the step takes the plain way. */
#include "nn/network_parts.h"

#include "base/math.h"

/* ---- Learning */

/* Add the gradients of the micro-batch that is done to those that wait: a binary counter, so that the sums are those of
 * the tree over all micro-batches. */
static void network_merge(tl__network *network, tl__pool *pool)
{
    size_t size = network->plan->trained_floats;
    int level = 0;
    for (; network->micro >> level & 1; level++) {
        tl__network_add(pool, network->plan->options.kernels, network->gradients, network->levels[level], size);
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
            tl__network_add(pool, network->plan->options.kernels, network->gradients, network->levels[level],
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

/* Forward, loss and the first part of the way back of a batch with rows. */
static tl_status network_begin(tl__network *network, tl__pool *pool, const tl__rows *batch, tl__pass *pass,
                               tl_error *error)
{
    double denominator = batch->denominator;
    if (denominator == 0)
        denominator = tl__network_denominator(network, batch->targets, batch->weights, batch->rows);
    network->denominator = denominator;
    tl__network_pass(network, TL__TRAINING, pool, batch, pass);
    tl__network_run_forward(network, TL__TRAINING, pass, batch->inputs);
    tl__network_loss(network, TL__TRAINING, pass->pool, batch, denominator > 0 ? 1.0 / denominator : 0.0, true);
    network->loss = tl__network_loss_sum(network, TL__TRAINING, batch->rows);
    if (!tl__is_finite_d(network->loss)) return tl__network_find_nonfinite(network, pool, error);
    tl__network_commit(network, pass);
    tl__network_run_backward(network, pass);
    return TL_OK;
}

static tl_status network_open(tl__network *network, const tl__rows *batch, tl_error *error)
{
    TL_TRY(tl__network_refuse(network, batch, error));
    if (!network->plan->options.loss) return tl__fail(error, TL_INVALID, "This network was planned without a loss.");
    if (network->micro >= network->plan->options.accumulation) tl__network_forget(network);
    network->last = *batch;
    network->last_output = tl__network_result(network, TL__TRAINING, batch->inputs);
    network->loss = 0;
    return TL_OK;
}

/* The pool of a step that begins, or, where it goes on, as it was begun. */
static tl__pool *network_choose(tl__network *network, tl__pool *pool, size_t rows, bool usual)
{
    if (network->micro > 0 && network->micro < network->plan->options.accumulation)
        return network->choice[TL__TRAINING].alone ? NULL : pool;
    return tl__network_choose(network, TL__TRAINING, pool, rows, 3.0, usual);
}

static tl_status network_learn(tl__network *network, tl__pool *pool, const tl__rows *batch, tl_error *error)
{
    tl__pass pass;
    TL_TRY(network_open(network, batch, error));
    if (batch->rows == 0) {
        memset(network->gradients, 0, network->plan->trained_floats * sizeof(float));
        network_merge(network, pool);
        return TL_OK;
    }
    TL_TRY(network_begin(network, pool, batch, &pass, error));
    tl__network_run_gradients(network, &pass);
    network_merge(network, pass.pool);
    return TL_OK;
}

TL_PRIV tl_status tl__network_learn(tl__network *network, tl__pool *pool, const tl__rows *batch, tl_error *error)
{
    return network_learn(network, network_choose(network, pool, batch->rows, true), batch, error);
}

TL_PRIV const float *tl__network_output(const tl__network *network) { return network->last_output; }

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
    size_t first = task * TL__NETWORK_CHUNK;
    (void)worker;
    tl__clip_value(plan->options.kernels, call->network->gradients + first,
                   tl__size_min(TL__NETWORK_CHUNK, plan->trained_floats - first), call->limit);
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

/* The factors of every part. Parts often agree: without l2 and rates of their own all of them do. */
static void network_prepare(tl__network *network, const tl__update *update, float factor, tl__optimizer_step *out)
{
    const tl__plan *plan = network->plan;
    const tl__plan_options *options = &plan->options;
    out->kernels = options->kernels;
    out->optimizer = options->optimizer;
    out->parameters = network->parameters;
    out->state = network->state;
    for (int p = 0; p < plan->part_count; p++) {
        const tl__plan_part *part = &plan->parts[p];
        out->part[p].end = part->end;
        bool as_before = p > 0 && part[-1].rate_factor == part->rate_factor;
        if (as_before && (update->l2 == 0 || part[-1].decays == part->decays)) {
            out->part[p].factors = out->part[p - 1].factors;
            continue;
        }
        tl__optimizer_request request = {.step = update->step, .learning_rate = update->learning_rate *
                                         part->rate_factor, .l2 = part->decays ? update->l2 : 0,
                                         .momentum = update->momentum, .gradient_scale = (double)factor};
        options->optimizer->prepare(options->optimizer_settings, &request, &out->part[p].factors);
    }
}

typedef struct network_apply_call {
    const tl__network *network;
    tl__optimizer_step step;
} network_apply_call;

/* Chunks of the parts, one part after the other. */
static void network_apply_task(void *user, size_t task, int worker)
{
    const network_apply_call *call = user;
    const tl__plan_part *part = call->network->plan->parts;
    size_t begin = 0;
    (void)worker;
    for (size_t chunks; task >= (chunks = tl__blocks(part->end - begin, TL__NETWORK_CHUNK)); begin = part++->end)
        task -= chunks;
    size_t first = begin + task * TL__NETWORK_CHUNK, end = tl__size_min(first + TL__NETWORK_CHUNK, part->end);
    tl__optimizer_take(&call->step, first, call->network->gradients + first, end - first);
}

static void network_apply(tl__network *network, tl__pool *pool, const tl__update *update, float factor)
{
    const tl__plan *plan = network->plan;
    network_apply_call call = {.network = network};
    size_t tasks = 0;
    network_prepare(network, update, factor, &call.step);
    for (int p = 0; p < plan->part_count; p++)
        tasks += tl__blocks(plan->parts[p].end - (p ? plan->parts[p - 1].end : 0), TL__NETWORK_CHUNK);
    tl__network_for(pool, tasks, 40.0 * (double)plan->trained_floats, network_apply_task, &call);
}

static tl_status network_update(tl__network *network, tl__pool *pool, const tl__update *update,
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
        tl__network_for(pool, tl__blocks(plan->trained_floats, TL__NETWORK_CHUNK), (double)plan->trained_floats,
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

TL_PRIV tl_status tl__network_update(tl__network *network, tl__pool *pool, const tl__update *update,
                                     tl__step_result *result, tl_error *error)
{
    tl__choice *choice = &network->choice[TL__TRAINING];
    TL_TRY(network_update(network, choice->alone ? NULL : pool, update, result, error));
    tl__choice_end(choice);
    return TL_OK;
}

/* ---- The streaming step */

static bool network_streams(const tl__network *network, const tl__rows *batch, const tl__update *update)
{
    const tl__plan *plan = network->plan;
    return plan->split && plan->options.accumulation == 1 && batch->rows > 0 && !update->want_norms &&
           !update->want_figures && !(update->clip_norm > 0) && !(update->clip_value > 0);
}

typedef struct network_bound {
    const tl__network *network;
    const tl__pass *pass;
    size_t shares;
} network_bound;

/* Are the squares of a share of these numbers less than 2^80 together, chunk by chunk? (NaN: no.) A gradient is then
 * below 2^80 times the number of chunks. */
static bool network_share_small(const network_bound *bound, const float *values, size_t size, size_t share)
{
    size_t each = size / bound->shares + 1, at = tl__size_min(size, share * each);
    size_t end = tl__size_min(size, at + each);
    for (; at < end; at += TL__NETWORK_CHUNK)
        if (!(bound->pass->kernels->sum_squares(values + at, tl__size_min(TL__NETWORK_CHUNK, end - at), 1) < 0x1p80f))
            return false;
    return true;
}

static void network_bound_task(void *user, size_t share, int worker)
{
    const network_bound *bound = user;
    const tl__network *network = bound->network;
    const tl__network_mode *m = &network->mode[TL__TRAINING];
    bool small = true;
    (void)worker;
    for (int i = 0; i < m->count && small; i++) {
        const tl__op *op = &m->ops[i].op;
        if (!m->ops[i].backward || m->ops[i].identity) continue;
        if (op->layer->gradient_tasks) {
            small = !op->gradient[0] ||
                    (network_share_small(bound, op->in[0], bound->pass->rows * op->in_size[0], share) &&
                     network_share_small(bound, op->d_out, bound->pass->rows * op->size, share));
            continue;
        }
        const tl__plan_node *planned = &network->plan->nodes[m->ops[i].node];
        for (int t = 0; t < planned->tensor_count && small; t++)
            small = !op->gradient[t] ||
                    network_share_small(bound, op->gradient[t],
                                        network->plan->tensors[planned->first_tensor + t].size, share);
    }
    network->block_squares[share] = small ? 0.0 : 1.0;
}

/* Is it certain that all gradients are finite? */
static bool network_is_bounded(tl__network *network, const tl__pass *pass)
{
    network_bound bound = {network, pass, 1};
    double values = 0;
    const tl__network_mode *m = &network->mode[TL__TRAINING];
    for (int i = 0; i < m->count; i++)
        values += (double)(pass->rows * (m->ops[i].op.in_size[0] + m->ops[i].op.size));
    bound.shares = tl__size_min((size_t)tl__pool_threads(pass->pool), network->plan->norm_blocks);
    tl__network_for(pass->pool, bound.shares, 15.0 * values, network_bound_task, &bound);
    for (size_t share = 0; share < bound.shares; share++)
        if (network->block_squares[share] != 0.0) return false;
    return true;
}

static tl_status network_stream(tl__network *network, tl__pool *pool, const tl__rows *batch, const tl__update *update,
                                tl__step_result *result, tl_error *error)
{
    tl__pass pass;
    tl__optimizer_step step;
    TL_TRY(network_open(network, batch, error));
    TL_TRY(network_begin(network, pool, batch, &pass, error));
    memset(result, 0, sizeof *result);
    result->loss = network->denominator > 0 ? network->loss / network->denominator : 0.0;
    if (!tl__is_finite_d(result->loss) || !network_is_bounded(network, &pass)) {
        tl__network_run_gradients(network, &pass);
        network_merge(network, pass.pool);
        return network_update(network, pool, update, result, error);
    }
    network_prepare(network, update, 1.0f, &step);
    pass.update = &step;
    tl__network_run_gradients(network, &pass);
    tl__network_forget(network);
    return TL_OK;
}

TL_PRIV tl_status tl__network_step(tl__network *network, tl__pool *pool, const tl__rows *batch,
                                   const tl__update *update, tl__step_result *result, tl_error *error)
{
    pool = network_choose(network, pool, batch->rows, !update->want_norms && !update->want_figures);
    if (network_streams(network, batch, update)) {
        TL_TRY(network_stream(network, pool, batch, update, result, error));
    } else {
        TL_TRY(network_learn(network, pool, batch, error));
        TL_TRY(network_update(network, pool, update, result, error));
    }
    tl__choice_end(&network->choice[TL__TRAINING]);
    return TL_OK;
}
