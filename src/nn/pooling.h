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

/* Settings rows that poolings share, the first ones of each. */
#define TL__POOLING_ROWS(paddings) \
    {.name = "kernel_size", .kind = TL__FIELD_INT_LIST, .flags = TL__RESULT | TL__TUNE, \
     .offset = offsetof(tl__pooling_settings, patch.size), .min = 1, .max = 65536, \
     .help = "positions that go together: one number, or [height, width]; default 2"}, \
    {.name = "stride", .kind = TL__FIELD_INT_LIST, .flags = TL__RESULT, \
     .offset = offsetof(tl__pooling_settings, patch.stride), .min = 1, .max = 65536, \
     .help = "from one patch to the next; default kernel_size"}, \
    {.name = "padding", .kind = TL__FIELD_INT_LIST, .flags = TL__RESULT, \
     .offset = offsetof(tl__pooling_settings, patch.padding), .max = 65536, .choices = paddings, \
     .help = "positions around the input that patches may reach into; valid: none; same: outputs as many as inputs " \
             "at stride 1; causal: all before; default valid"}

#endif
