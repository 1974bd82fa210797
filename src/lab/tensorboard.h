/* What TensorBoard shows of a run, events.out.tfevents.* in its folder (or under callbacks.tensorboard.folder):
 *
 *     scalars      loss/train, loss/val, accuracy/train, accuracy/val or mae/train, mae/val, learning_rate, each epoch;
 *                  loss/batch, the running mean of the epoch, every update_every steps
 *     histograms   predictions of validation, weights/LAYER
 *     images       charts/NAME: those of the report, when the run has ended, in an event file of their own
 *     text         config
 *     hparams      the settings that people compare
 *
 * Steps are optimizer steps since the start. A resumed run goes on in a file of its own. Events that cannot be written
 * are left out with one line in the log. */
#ifndef TL_LAB_TENSORBOARD_H
#define TL_LAB_TENSORBOARD_H

#include "lab/config.h"
#include "train/train.h"

typedef struct tl__tensorboard tl__tensorboard;

/* *out is NULL when it is off, or cannot be written. run: the run's folder; resumed: steps done before. */
TL_PRIV void tl__tensorboard_open(tl_context *context, const tl__config *config, const char *out_folder,
                                  const char *run, const tl_dataset *data, tl__tensorboard **out);
TL_PRIV size_t tl__tensorboard_bytes(const tl__config *config);    /* of the heap, while it is open */
/* All of these take NULL. */
TL_PRIV tl_status tl__tensorboard_batch(void *user, const tl__trainer *trainer, const tl_progress *progress,
                                        tl_error *error);
TL_PRIV void tl__tensorboard_epoch(tl__tensorboard *board, const tl__trainer *trainer, const tl__epoch *epoch);
TL_PRIV void tl__tensorboard_close(tl__tensorboard *board, bool success);

/* The folder of a run's event files, in the arena; NULL: out of memory. */
TL_PRIV const char *tl__tensorboard_folder(const tl__config *config, const char *out_folder, const char *run,
                                           tl__arena *arena);
/* The name of one more event file in it, which is made if need be. */
TL_PRIV tl_status tl__tensorboard_path(tl_context *context, const char *folder, tl__arena *arena, const char **out,
                                       tl_error *error);
/* The charts of a run that has ended, as images. Takes some megabytes for a moment; what fails is a line in the log. */
TL_PRIV void tl__tensorboard_pictures(tl_context *context, const char *run, const char *folder);

#endif
