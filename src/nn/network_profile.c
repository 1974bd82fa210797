/* A training step that is looked into. With a look at the clock after each part: layer after layer instead of all
 * gradients in one list, and the update by itself. A real step updates most weights while their gradients are in the
 * cache (nn/network_step.c), so its parts add up to more than it takes. */
#include "nn/network_parts.h"
#include "port/port.h"

static void network_profile_add(double *to, int64_t *mark)
{
    int64_t now = tl__ticks();
    *to += (double)(now - *mark);
    *mark = now;
}

TL_PRIV tl_status tl__network_profile(tl__network *network, tl__pool *pool, const tl__rows *batch,
                                      const tl__update *update, tl__profile *out, tl_error *error)
{
    tl__network_mode *m = &network->mode[TL__TRAINING];
    double denominator = tl__network_denominator(network, batch->targets, batch->weights, batch->rows);
    const tl__choice choice = network->choice[TL__TRAINING];
    tl__step_result result;
    tl__pass pass;
    if (choice.alone) pool = NULL;
    tl__network_forget(network);
    tl__network_pass(network, TL__TRAINING, pool, batch, &pass);
    tl__network_set_inputs(network, TL__TRAINING, batch->inputs);
    int64_t mark = tl__ticks();
    for (int i = 0; i < m->count; i++) {
        if (!m->ops[i].identity) m->ops[i].op.layer->forward(&pass, &m->ops[i].op);
        network_profile_add(&out->forward[m->ops[i].node], &mark);
    }
    tl__network_loss(network, TL__TRAINING, pool, batch, denominator > 0 ? 1.0 / denominator : 0.0, true);
    network_profile_add(&out->loss, &mark);
    for (int i = m->count - 1; i >= 0; i--) {
        tl__network_repeat(network, &pass, i);
        if (m->ops[i].backward) {
            tl__network_op_backward(&pass, &m->ops[i]);
            tl__network_op_gradients(network, &pass, &m->ops[i]);
        }
        network_profile_add(&out->backward[m->ops[i].node], &mark);
    }
    network->denominator = denominator;
    network->micro = 1;    /* the gradients of one batch are there */
    tl_status status = tl__network_update(network, pool, update, &result, error);
    network_profile_add(&out->update, &mark);
    network->choice[TL__TRAINING] = choice;    /* this was no step to choose by */
    tl__network_forget(network);
    return status;
}

TL_PRIV void tl__network_visit(tl__network *network, const tl__rows *batch, tl__visit_fn *visit, void *user)
{
    tl__network_mode *m = &network->mode[TL__TRAINING];
    tl__pass pass;
    tl__network_pass(network, TL__TRAINING, NULL, batch, &pass);
    tl__network_set_inputs(network, TL__TRAINING, batch->inputs);
    for (int i = 0; i < m->count; i++) {
        tl__op *op = &m->ops[i].op;
        if (m->ops[i].identity) continue;
        op->layer->forward(&pass, op);
        visit(user, m->ops[i].node, op->out, batch->rows * op->size);
    }
}
