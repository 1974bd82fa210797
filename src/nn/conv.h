/* What conv1d and conv2d share: everything but their names, rows and axes of files. */
#ifndef TL_NN_CONV_H
#define TL_NN_CONV_H

#include "nn/layer.h"
#include "nn/patch.h"

typedef struct tl__conv_settings {
    int64_t filters, groups;
    tl__patch_settings patch;
    bool bias;
} tl__conv_settings;

typedef struct tl__conv_state {
    tl__activation_use use;
    tl__conv forward;
    tl__conv_gradient gradient;
    tl__conv_plan forward_plan, gradient_plan;
    tl__conv input;            /* of the running call for the input's gradient */
    tl__conv_plan input_plan;
    tl__patch_axis y, x;
    bool keeps_time;
    size_t rows;               /* of samples, which all is planned for; 0: not yet */
    float *pre;                /* pre-activations, for activations that need them on the way back */
    float *turned;             /* the weights, turned, for the gradient of the input */
} tl__conv_state;

TL_PRIV const char *tl__conv_shape(const tl__site *site, tl__shape *out);
TL_PRIV int tl__conv_tensors(const tl__site *site, tl__tensor_spec *out);
TL_PRIV bool tl__conv_keeps_time(const tl__site *site);
TL_PRIV void tl__conv_carve(const tl__site *site, tl__layer_memory *memory, void *state);
TL_PRIV void tl__conv_forward(tl__pass *pass, tl__op *op);
TL_PRIV void tl__conv_backward(tl__pass *pass, tl__op *op);
TL_PRIV const float *tl__conv_saved(const tl__op *op, tl__activation_use *use);
TL_PRIV double tl__conv_flops(const tl__site *site);

/* Settings rows that convolutions share, the last ones of each. */
#define TL__CONV_LAST_ROWS \
    {.name = "dilation", .kind = TL__FIELD_INT_LIST, .flags = TL__RESULT, \
     .offset = offsetof(tl__conv_settings, patch.dilation), .min = 1, .max = 65536, \
     .help = "from one tap of the kernel to the next; default 1"}, \
    {.name = "groups", .kind = TL__FIELD_INT, .flags = TL__RESULT, .offset = offsetof(tl__conv_settings, groups), \
     .fallback = 1, .min = 1, .max = 1048576, \
     .help = "parts that the channels are cut into, each seeing its own only; as many as channels: depthwise"}, \
    {.name = "bias", .kind = TL__FIELD_BOOL, .flags = TL__RESULT, .offset = offsetof(tl__conv_settings, bias), \
     .fallback = 1, .max = 1, .help = "add a number of its own to each channel"}

#endif
