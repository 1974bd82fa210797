/* What the pooling layers share: all of them are patches of positions, of which each channel's largest or mean comes
 * out; global ones have one patch, the whole sample. */
#ifndef TL_NN_POOLING_H
#define TL_NN_POOLING_H

#include "nn/layer.h"
#include "nn/patch.h"

typedef struct tl__pooling_settings {
    tl__patch_settings patch;
    bool count_include_pad;
} tl__pooling_settings;

typedef struct tl__pooling_state {
    tl__pooling call;
    bool largest, keeps_time;
} tl__pooling_state;

/* For patches, and for the whole. */
TL_PRIV const char *tl__pooling_shape(const tl__site *site, tl__shape *out);
TL_PRIV const char *tl__pooling_global_shape(const tl__site *site, tl__shape *out);
TL_PRIV bool tl__pooling_keeps_time(const tl__site *site);
TL_PRIV void tl__pooling_carve_max(const tl__site *site, tl__layer_memory *memory, void *state);
TL_PRIV void tl__pooling_carve_avg(const tl__site *site, tl__layer_memory *memory, void *state);
TL_PRIV void tl__pooling_forward(tl__pass *pass, tl__op *op);
TL_PRIV void tl__pooling_backward(tl__pass *pass, tl__op *op);

#endif
