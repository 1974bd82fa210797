/* Several heads over a shared network: from the list `heads` to a loss over ranges of columns (nn/head_losses.c) and to
 * what the network is built from (model/build.h). */
#ifndef TL_TRAIN_HEADS_H
#define TL_TRAIN_HEADS_H

#include "data/pipeline.h"
#include "model/build.h"
#include "nn/loss.h"
#include "train/settings.h"

TL_PRIV bool tl__heads_given(const tl__train_settings *settings);
/* fit: its heads are filled; NULL: not wanted. What is made lies in the arena and points into the settings. */
TL_PRIV tl_status tl__heads_bind(const tl__train_settings *settings, const tl__pipeline *pipeline, const char *file,
                                 tl__arena *arena, const tl__loss **loss, void **loss_settings, tl__fit *fit,
                                 tl_error *error);

#endif
