/* Which layer made the first NaN or infinity? Buffers share memory, so the values of a finished pass are gone; the last
 * batch is run again, op by op, and each output (then each gradient, on the way back) is looked at. Slow, and only
 * before a training stops. */
#include "nn/network_parts.h"

static bool check_bad(const tl__kernels *kernels, const float *values, size_t size)
{
    return values && kernels->any_nonfinite(values, size);
}

static tl_status check_fail(const tl__graph_node *node, const char *what, tl_error *error)
{
    return tl__fail(error, TL_NOT_FINITE,
                    "The %s of layer '%s' (%s) are not all finite numbers. Lower training.learning_rate, or set "
                    "optimization.gradient_clip: 1.0.", what, node->name, node->common->type);
}

/* Weights and gradients of weights of one op. */
static tl_status check_tensors(const tl__network *network, const tl__network_op *entry, bool gradients, tl_error *error)
{
    const tl__plan *plan = network->plan;
    const tl__plan_node *planned = &plan->nodes[entry->node];
    for (int t = 0; t < planned->tensor_count; t++) {
        const float *values = gradients ? entry->op.gradient[t] : entry->op.tensor[t];
        if (check_bad(plan->options.kernels, values, plan->tensors[planned->first_tensor + t].size))
            return check_fail(entry->op.node, gradients ? "weight gradients" : "weights", error);
    }
    return TL_OK;
}

TL_PRIV tl_status tl__network_find_nonfinite(tl__network *network, tl__pool *pool, tl_error *error)
{
    tl__network_mode *m = &network->mode[TL__TRAINING];
    const tl__rows *batch = &network->last;
    const tl__kernels *kernels = network->plan->options.kernels;
    const tl__graph *graph = network->plan->graph;
    tl__pass pass;
    if (check_bad(kernels, batch->inputs, batch->rows * tl__shape_size(tl__graph_input_shape(graph))))
        return tl__fail(error, TL_NOT_FINITE, "The network's inputs are not all finite numbers. Look at the data: "
                        "data.missing says what to do with missing values.");
    tl__network_pass(network, TL__TRAINING, pool, batch, &pass);
    tl__network_set_inputs(network, TL__TRAINING, batch->inputs);
    for (int i = 0; i < m->count; i++) {
        tl__network_op *entry = &m->ops[i];
        if (entry->identity) continue;
        TL_TRY(check_tensors(network, entry, false, error));
        entry->op.layer->forward(&pass, &entry->op);
        if (check_bad(kernels, entry->op.out, batch->rows * entry->op.size))
            return check_fail(entry->op.node, "outputs", error);
    }
    double scale = network->denominator > 0 ? 1.0 / network->denominator : 0.0;
    tl__network_loss(network, TL__TRAINING, pass.pool, batch, scale, true);
    if (check_bad(kernels, m->row_losses, batch->rows))
        return tl__fail(error, TL_NOT_FINITE, "The loss is not a finite number, though the outputs of all layers are. "
                        "Look at the targets, or lower training.learning_rate.");
    for (int i = m->count - 1; i >= 0; i--) {
        tl__network_op *entry = &m->ops[i];
        tl__network_repeat(network, &pass, i);
        if (!entry->backward) continue;
        if (check_bad(kernels, entry->op.d_out, batch->rows * entry->op.size))
            return check_fail(entry->op.node, "gradients", error);
        tl__network_op_backward(&pass, entry);
        tl__network_op_gradients(network, &pass, entry);
        TL_TRY(check_tensors(network, entry, true, error));
    }
    return tl__fail(error, TL_NOT_FINITE, "The loss or the norm of the gradients is not a finite number. Lower "
                    "training.learning_rate, or set optimization.gradient_clip: 1.0.");
}
