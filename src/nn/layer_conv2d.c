/* Convolution over images: filters slide over [height, width, channel]. nn/conv.c does the work. */
#include "nn/conv.h"

static const char *const conv2d_paddings[] = TL__PADDING_WORDS;

static const tl__field conv2d_rows[] = {
    {.name = "filters", .kind = TL__FIELD_INT, .flags = TL__RESULT | TL__TUNE | TL__REQUIRED,
     .offset = offsetof(tl__conv_settings, filters), .min = 1, .max = 1048576, .unit = "channels",
     .help = "number of channels that it makes"},
    {.name = "kernel_size", .kind = TL__FIELD_INT_LIST, .flags = TL__RESULT | TL__TUNE | TL__REQUIRED,
     .offset = offsetof(tl__conv_settings, patch.size), .min = 1, .max = 65536,
     .help = "rows and columns that each output sees: one number, or [height, width]"},
    {.name = "stride", .kind = TL__FIELD_INT_LIST, .flags = TL__RESULT,
     .offset = offsetof(tl__conv_settings, patch.stride), .min = 1, .max = 65536,
     .help = "from one position to the next; default 1"},
    {.name = "padding", .kind = TL__FIELD_INT_LIST, .flags = TL__RESULT,
     .offset = offsetof(tl__conv_settings, patch.padding), .max = 65536, .choices = conv2d_paddings,
     .help = "zeros around the image; valid: none; same: as many as keep the size at stride 1; default valid"},
    TL__CONV_LAST_ROWS,
    {.name = NULL}
};

static const char *conv2d_shape(const tl__site *site, tl__shape *out)
{
    if (tl__site_in(site, 0)->rank != 3) return "needs [height, width, channel]";
    return tl__conv_shape(site, out);
}

TL_PRIV const tl__member_head *tl__layer_conv2d(void)
{
    static const tl__layer_example examples[] = {
        {"filters: 3, kernel_size: 3, activation: relu", 1, {{3, {5, 6, 1}}}},
        {"filters: 9, kernel_size: [2, 3], padding: same, activation: silu", 1, {{3, {3, 4, 2}}}},
        {"filters: 20, kernel_size: 3, padding: 1, activation: relu", 1, {{3, {4, 3, 3}}}},
        {"filters: 4, kernel_size: 3, stride: 2, padding: [1, 0], groups: 2, activation: tanh", 1, {{3, {6, 5, 4}}}},
        {"filters: 2, kernel_size: 2, dilation: [2, 1], stride: [1, 3], activation: none", 1, {{3, {4, 7, 5}}}},
        {"filters: 3, kernel_size: 3, groups: 3, bias: false, padding: 1, activation: none", 1, {{3, {3, 5, 3}}}},
        {"filters: 1, kernel_size: 1, stride: 2, activation: softmax", 1, {{3, {1, 2, 1}}}}
    };
    static const tl__layer layer = {
        .head = {.name = "conv2d",
                 .help = "Filters that slide over an image: y[i, j, o] = act(b[o] + sum over taps (k, l) and channels "
                         "c of x[i * stride + k * dilation - padding, j * stride + l * dilation - padding, c] * "
                         "w[o, c, k, l]). Positions outside are zeros.",
                 .rows = conv2d_rows, .settings_size = sizeof(tl__conv_settings)},
        .inputs_min = 1, .inputs_max = 1, .takes_activation = true, .default_activation = true,
        .state_size = sizeof(tl__conv_state), .shape = conv2d_shape, .tensors = tl__conv_tensors,
        .keeps_time = tl__conv_keeps_time, .carve = tl__conv_carve, .forward = tl__conv_forward,
        .backward = tl__conv_backward, .saved = tl__conv_saved, .applies_derivative = true, .flops = tl__conv_flops,
        .examples = examples, .example_count = (int)TL_COUNT(examples)
    };
    return &layer.head;
}
