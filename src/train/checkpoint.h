/* Checkpoints: everything that a training needs to go on as if nothing had happened, in one safetensors file that is
 * replaced as a whole and synced. It is a model file (model/model.h) with the current weights and, besides:
 *
 *     training.state        F64 [n]              all counters, sums and memories: tl__train_state of trainer.h
 *     training.optimizer.i  F32 [trained]        the optimizer's arrays
 *     training.best         F32 [parameters]     weights of the best epoch
 *     training.history      F64 [epochs, fields] tl__epoch, one row each
 *     training.kept         F32 [validation rows] how long each kept its class, where there are classes
 *     training.analytics.*                       with detailed analytics: tl__analytics of analytics.h, what is in its
 *                                                block (previous is left out at an epoch's end, where it is the
 *                                                weights); a file without them can be gone on from with analytics
 *
 * and in its metadata "checkpoint": {id: checkpoint-epoch-n, model, epoch, step, loss, metrics, time, ring: [{epoch,
 * hash}]}, "training.settings" and "training.data": what a resume compares. The weights of the epochs that the ring
 * names lie in files patience-HASH.safetensors beside it, each written once and synced before the checkpoint is. The
 * data loader's state is (epoch, step): all draws are functions of them. */
#ifndef TL_TRAIN_CHECKPOINT_H
#define TL_TRAIN_CHECKPOINT_H

#include "base/context.h"
#include "base/error.h"

/* Of a run that is over or not: what a listing shows, without loading weights. */
typedef struct tl__checkpoint_info {
    char id[48];
    int64_t epoch, step;     /* epochs finished, steps of the next one done */
    double loss;             /* train_loss of the last epoch; NaN: none */
    char time[24];           /* UTC, ISO 8601 */
    bool ended;              /* the training had come to its end */
} tl__checkpoint_info;
TL_PRIV tl_status tl__checkpoint_look(tl_context *context, const char *path, tl__checkpoint_info *out, tl_error *error);

#endif
