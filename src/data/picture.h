/* Pictures as rows of a column: files are decoded, brought to one size and one number of channels, and stored as bytes
 * [height, width, channels].
 *
 * What data.image leaves out is what the first picture is; a picture of another size, or with colours where the first
 * is grey, then is a mistake. Grey is (19595 R + 38470 G + 7471 B + 2^15) >> 16 (ITU-R 601); grey as colour is three
 * times the same. An alpha channel is left out, unless four channels are asked for, where pictures without one are
 * opaque.
 *
 * Another size: a triangle filter as wide as the scale where a side shrinks, two pixels where it grows (bilinear), over
 * the columns, then over the rows; weights in 2^-22, both results rounded to bytes. */
#ifndef TL_DATA_PICTURE_H
#define TL_DATA_PICTURE_H

#include "data/settings.h"
#include "text/pixels.h"

typedef struct tl__pictures {
    tl__heap *heap;
    const tl__image_settings *settings;
    size_t shape[3];            /* of a row; zeros before the first picture */
    tl__arena arena;            /* of first */
    const char *first;          /* its name, where the shape comes from it */
} tl__pictures;

TL_PRIV void tl__pictures_init(tl__pictures *pictures, tl__heap *heap, const tl__image_settings *settings);
TL_PRIV void tl__pictures_free(tl__pictures *pictures);
TL_PRIV bool tl__is_picture(const void *bytes, size_t size);
/* Decode a file; the first one fixes the shape. *out is the caller's to free after TL_OK. */
TL_PRIV tl_status tl__picture_read(tl__pictures *pictures, const void *bytes, size_t size, const char *name,
                                   tl__pixels *out, tl_error *error);
/* As a row, row [shape]. */
TL_PRIV tl_status tl__picture_draw(const tl__pictures *pictures, const tl__pixels *pixels, const char *name,
                                   uint8_t *row, tl_error *error);
/* samples [height, width] of a size into out [to_height, to_width], `channels` of them side by side. */
TL_PRIV tl_status tl__picture_resize(tl__heap *heap, const uint8_t *samples, size_t height, size_t width,
                                     size_t channels, uint8_t *out, size_t to_height, size_t to_width,
                                     tl_error *error);

#endif
