/* callbacks.checkpoint: models of a run that are kept while it trains, in FOLDER/RUN/: best.safetensors, the epoch that
 * is best by a figure of the user's choice, and without best_only epoch_N.safetensors of each. Files as train:predict
 * takes them; what --resume goes on from is the run's own (training.checkpoint). */
#ifndef TL_LAB_KEPT_H
#define TL_LAB_KEPT_H

#include "lab/config.h"
#include "train/train.h"

/* Makes the folder; *out, in the arena, is NULL when it is off. A monitor that this run does not have is a mistake. */
TL_PRIV tl_status tl__kept_open(const tl__config *config, bool classification, const char *out_folder, const char *run,
                                tl__arena *arena, const char **out, tl_error *error);
/* After an epoch; folder NULL: nothing. */
TL_PRIV tl_status tl__kept_epoch(const tl__config *config, const char *folder, tl__trainer *trainer,
                                 tl_error *error);

#endif
