/* Changes while a training goes on: which of them fit what was planned, and how they reach the optimizer, the dropout
 * layers and early stopping. All else reads its settings at each step. */
#include "train/trainer.h"

static const tl__graph_node *adopt_dropout(const tl__trainer *trainer)
{
    const tl__graph *graph = &trainer->model->graph;
    for (int i = 0; i < graph->count; i++)
        if (graph->nodes[i].drops) return &graph->nodes[i];
    return NULL;
}

TL_PRIV tl_status tl__trainer_may_adopt(const tl__trainer *trainer, const tl__train_settings *fresh, tl_error *error)
{
    const tl__optimization_settings *was = &trainer->settings->optimization, *is = &fresh->optimization;
    const char *file = trainer->options.file;
    if (is->dropout > 0 && !adopt_dropout(trainer))
        return tl__fail_at(error, TL_BAD_CONFIG, file, 0, 0, "optimization.dropout", "optimization.dropout cannot be "
                           "turned on in this run: its network has no dropout layers. Begin with a small one.");
    if (is->weight_decay >= 0 && is->weight_decay != was->weight_decay &&
        !tl__optimizer_weight_decay(trainer->optimizer, trainer->optimizer_settings))
        return tl__fail_at(error, TL_BAD_CONFIG, file, 0, 0, "optimization.weight_decay",
                           "optimization.weight_decay is given but %s has no weight decay; use l2_reg",
                           trainer->optimizer->head.name);
    if (is->weight_decay < 0 && was->weight_decay >= 0)
        return tl__fail_at(error, TL_BAD_CONFIG, file, 0, 0, "optimization.weight_decay",
                           "optimization.weight_decay cannot become auto in the middle of a run; give a number.");
    if (trainer->ring.slots && (!is->early_stopping.present ||
                                is->early_stopping.patience != was->early_stopping.patience))
        return tl__fail_at(error, TL_BAD_CONFIG, file, 0, 0, "optimization.early_stopping.patience",
                           "optimization.early_stopping.patience cannot change in a run with training.keep: patience, "
                           "which keeps the weights of its last %zu epochs.", trainer->ring.slots);
    return TL_OK;
}

TL_PRIV void tl__trainer_adopt(tl__trainer *trainer, const tl__train_settings *fresh, bool again)
{
    const tl__graph *graph = &trainer->model->graph;
    double rate = trainer->live.training.learning_rate;
    tl__field_take(tl__training_rows(), TL__LIVE, &trainer->live.training, &fresh->training);
    tl__field_take(tl__optimization_rows(), TL__LIVE, &trainer->live.optimization, &fresh->optimization);
    const tl__optimization_settings *optimization = &trainer->live.optimization;
    if (optimization->weight_decay >= 0) {
        double *decay = tl__optimizer_weight_decay(trainer->optimizer, trainer->optimizer_settings);
        if (decay) *decay = optimization->weight_decay;
    }
    for (int i = 0; i < graph->count; i++)
        if (graph->nodes[i].drops) *tl__dropout_rate(&graph->nodes[i]) = optimization->dropout;
    tl__trainer_set_stopping(trainer, &trainer->stopping);
    if (!again && trainer->live.training.learning_rate != rate) trainer->plateau.rate = fresh->training.learning_rate;
}

TL_PRIV int64_t tl__trainer_steps(const tl__trainer *trainer) { return (int64_t)trainer->state.total_steps; }

TL_PRIV int64_t tl__trainer_epoch_steps(const tl__trainer *trainer) { return (int64_t)trainer->steps; }

TL_PRIV int64_t tl__trainer_ticks(const tl__trainer *trainer) { return trainer->now; }
