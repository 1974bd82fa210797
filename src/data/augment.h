/* Augmentation: images of training batches, changed a little and anew each epoch. What an image becomes is a function
 * of (seed, epoch, the row's position in the training part) alone, so it is the same for any number of threads, in any
 * batch and after a resume. All images of a row are changed in the same way.
 *
 * A pixel of the result is, in this order: moved by the crop (crop_padding: uniform in -n..n, each way; what lies
 * outside is black, 0 in the file), moved by the shift (uniform in -n..n, held at the edges), mirrored. */
#ifndef TL_DATA_AUGMENT_H
#define TL_DATA_AUGMENT_H

#include "data/dataset.h"

TL_PRIV bool tl__augments(const tl_dataset *dataset);
/* Settings that ask for images where there are none, or for more than an image has. */
TL_PRIV tl_status tl__augment_check(const tl_dataset *dataset, tl_error *error);
TL_PRIV size_t tl__augment_room(const tl_dataset *dataset);    /* floats */
/* Prepared rows [rows, features] of the training part, in place. order: their positions. */
TL_PRIV void tl__augment_rows(const tl_dataset *dataset, uint32_t epoch, const uint32_t *order, size_t rows,
                              float *inputs, float *room);

#endif
