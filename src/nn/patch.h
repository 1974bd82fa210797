/* What layers that look at patches of an image or a series share, convolutions and pooling: their settings kernel_size,
 * stride, padding and dilation, and what they come to along each axis.
 *
 * A series [time, channel] is an image of one row: its axis is x. Lists have one number for all axes or one for each;
 * an empty list is the default, so that boards need not fill them. Padding is a number of zeros at both ends or a word:
 * none (valid), as many as make output positions = ceil(positions / stride), the odd one after (same), or all before,
 * so that nothing is read that comes later (causal). */
#ifndef TL_NN_PATCH_H
#define TL_NN_PATCH_H

#include "base/field.h"
#include "nn/graph.h"

/* The words of padding: word i of the list is the number -1 - i. */
enum { TL__PADDING_VALID = -1, TL__PADDING_SAME = -2, TL__PADDING_CAUSAL = -3 };
#define TL__PADDING_WORDS {"valid", "same", NULL}
#define TL__PADDING_WORDS_OF_SERIES {"valid", "same", "causal", NULL}

typedef struct tl__patch_settings {
    tl__int_list size, stride, padding, dilation;
    bool ceil_mode;              /* pooling: a last patch that begins inside and ends outside counts, too */
    bool stride_is_size;         /* the default of the stride is the size, not 1 */
} tl__patch_settings;

typedef struct tl__patch_axis {
    size_t in, out, size, stride, dilation;
    size_t before, after;        /* zeros that are read at the ends; after: without what only ceil_mode reads */
} tl__patch_axis;

/* Axes y and x for an input [time, channel] or [height, width, channel]. NULL, or a sentence as tl__layer.shape gives
 * it. */
TL_PRIV const char *tl__patch_make(const tl__patch_settings *settings, const tl__shape *in, tl__patch_axis *y,
                                   tl__patch_axis *x);
/* The input's shape with the output's positions and so many channels. */
TL_PRIV void tl__patch_shape(const tl__shape *in, const tl__patch_axis *y, const tl__patch_axis *x, size_t channels,
                             tl__shape *out);

#endif
