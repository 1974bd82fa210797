/* A training step with a look at the clock after each layer. It is the step of nn/network_step.c without the update:
 * layer after layer instead of all gradients in one list, so its parts add up to a little more than the real step. */
#include "nn/network_parts.h"
#include "port/port.h"

static void network_profile_add(double *to, int64_t *mark)
{
    int64_t now = tl__ticks();
    *to += (double)(now - *mark);
    *mark = now;
}

TL_PRIV void tl__network_profile(tl__network *network, tl__pool *pool, const tl__rows *batch, double *forward,
                                 double *backward, double *loss)
{
    tl__network_mode *m = &network->mode[TL__TRAINING];
    double denominator = tl__network_denominator(network, batch->targets, batch->weights, batch->rows);
    tl__pass pass;
    tl__network_forget(network);
    tl__network_pass(network, TL__TRAINING, pool, batch, &pass);
    tl__network_set_inputs(network, TL__TRAINING, batch->inputs);
    int64_t mark = tl__ticks();
    for (int i = 0; i < m->count; i++) {
        if (!m->ops[i].identity) m->ops[i].op.layer->forward(&pass, &m->ops[i].op);
        network_profile_add(&forward[m->ops[i].node], &mark);
    }
    tl__network_loss(network, TL__TRAINING, pool, batch, denominator > 0 ? 1.0 / denominator : 0.0, true);
    network_profile_add(loss, &mark);
    for (int i = m->count - 1; i >= 0; i--) {
        tl__network_repeat(network, &pass, i);
        if (m->ops[i].backward) {
            tl__network_op_backward(&pass, &m->ops[i]);
            tl__network_op_gradients(network, &pass, &m->ops[i]);
        }
        network_profile_add(&backward[m->ops[i].node], &mark);
    }
    tl__network_forget(network);
}
