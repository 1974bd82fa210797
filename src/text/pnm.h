/* Netpbm's pictures: PGM (P2, P5) and PPM (P3, P6), as text or bytes, maxval 1 to 65535, comments from # to the end of
 * a line. A sample v becomes the nearest of v * 255 / maxval. */
#ifndef TL_TEXT_PNM_H
#define TL_TEXT_PNM_H

#include "text/pixels.h"

TL_PRIV bool tl__is_pnm(const void *bytes, size_t size);
/* *pixels is the caller's to free after TL_OK only. */
TL_PRIV tl_status tl__pnm_parse(tl__pixels *pixels, tl__heap *heap, const void *bytes, size_t size, const char *name,
                                tl_error *error);

#endif
