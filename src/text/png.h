/* PNG (ISO/IEC 15948): all colour types, bit depths and filters, interlaced or not; every chunk's CRC is checked.
 *
 * Samples of fewer than 8 bits become v * 255 / (2^depth - 1), those of 16 bits the nearest of v * 255 / 65535; a
 * palette's indices its colours. An alpha channel is kept, and transparency by tRNS makes one (0 and 255, or the
 * palette's); colours are not mixed with a background. Gamma and colour profiles are not applied. */
#ifndef TL_TEXT_PNG_H
#define TL_TEXT_PNG_H

#include "text/pixels.h"

TL_PRIV bool tl__is_png(const void *bytes, size_t size);
/* *pixels is the caller's to free after TL_OK only. */
TL_PRIV tl_status tl__png_parse(tl__pixels *pixels, tl__heap *heap, const void *bytes, size_t size, const char *name,
                                tl_error *error);

#endif
