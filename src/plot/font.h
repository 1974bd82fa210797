/* Letters for pictures of pixels, as wide as Helvetica's, drawn for this library as lines of one width with round ends.
 * Heights are fitted to whole pixels, so that small texts stay sharp. */
#ifndef TL_PLOT_FONT_H
#define TL_PLOT_FONT_H

#include "plot/raster.h"

/* Adds the letters of a text to the raster's shape. at: the foot of the first letter; size: of an em; both in
 * pixels. */
TL_PRIV void tl__font_text(tl__raster *raster, tl__point at, const char *text, double size, bool bold, bool upwards);

#endif
