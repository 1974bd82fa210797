/* Pixels of a picture, as the readers of picture files give them: 8 bits a sample, rows from the top. */
#ifndef TL_TEXT_PIXELS_H
#define TL_TEXT_PIXELS_H

#include "base/error.h"
#include "base/memory.h"

typedef struct tl__pixels {
    size_t height, width;      /* 1.. */
    size_t channels;           /* 1 grey, 2 grey and alpha, 3 red green blue, 4 these and alpha */
    uint8_t *samples;          /* [height, width, channels], in the heap */
    size_t bytes;
    tl__heap *heap;
} tl__pixels;

/* Room for the samples, zeros. TL_OUT_OF_RANGE: too many for this machine's numbers. */
TL_PRIV tl_status tl__pixels_new(tl__pixels *pixels, tl__heap *heap, size_t height, size_t width, size_t channels,
                                 const char *name, tl_error *error);
TL_PRIV void tl__pixels_free(tl__pixels *pixels);    /* zeros: nothing */

#endif
