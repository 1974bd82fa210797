/* PNG files of 8 bits a sample, from pixels. */
#ifndef TL_TEXT_PNG_WRITE_H
#define TL_TEXT_PNG_WRITE_H

#include "text/pixels.h"

/* Append a whole file to out: of each row the filter whose bytes are smallest in sum, compressed. Takes memory of the
 * buffer's heap meanwhile: the samples once more. Out of memory, and pictures beyond 2^31 - 1 pixels a side, show in
 * out->failed. */
TL_PRIV void tl__png_write(tl__buffer *out, const tl__pixels *pixels);

#endif
