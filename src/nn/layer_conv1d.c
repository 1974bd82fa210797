/* Convolution over time: filters slide along [time, channel]. nn/conv.c does the work. */
#include "nn/conv.h"

static const char *const conv1d_paddings[] = TL__PADDING_WORDS_OF_SERIES;

static const tl__field conv1d_rows[] = {
    {.name = "filters", .kind = TL__FIELD_INT, .flags = TL__RESULT | TL__TUNE | TL__REQUIRED,
     .offset = offsetof(tl__conv_settings, filters), .min = 1, .max = 1048576, .unit = "channels",
     .help = "number of channels that it makes"},
    {.name = "kernel_size", .kind = TL__FIELD_INT_LIST, .flags = TL__RESULT | TL__TUNE | TL__REQUIRED,
     .offset = offsetof(tl__conv_settings, patch.size), .min = 1, .max = 65536,
     .help = "how many steps each output sees"},
    {.name = "stride", .kind = TL__FIELD_INT_LIST, .flags = TL__RESULT,
     .offset = offsetof(tl__conv_settings, patch.stride), .min = 1, .max = 65536,
     .help = "from one position to the next; default 1"},
    {.name = "padding", .kind = TL__FIELD_INT_LIST, .flags = TL__RESULT,
     .offset = offsetof(tl__conv_settings, patch.padding), .max = 65536, .choices = conv1d_paddings,
     .help = "zeros at both ends; valid: none; same: as many as keep the length at stride 1; causal: all before, so "
             "that no output sees later steps; default valid"},
    TL__CONV_LAST_ROWS,
    {.name = NULL}
};

static const char *conv1d_shape(const tl__site *site, tl__shape *out)
{
    if (tl__site_in(site, 0)->rank != 2) return "needs [time, channel]";
    return tl__conv_shape(site, out);
}

TL_PRIV const tl__member_head *tl__layer_conv1d(void)
{
    static const tl__layer_example examples[] = {
        {"filters: 3, kernel_size: 3, activation: relu", 1, {{2, {7, 2}}}},
        {"filters: 5, kernel_size: 3, padding: same, dilation: 2, activation: gelu", 1, {{2, {6, 3}}}},
        {"filters: 17, kernel_size: 2, padding: causal, activation: none", 1, {{2, {5, 1}}}},
        {"filters: 4, kernel_size: 3, stride: 2, padding: 1, groups: 2, activation: tanh", 1, {{2, {8, 6}}}},
        {"filters: 6, kernel_size: 2, stride: 3, groups: 3, bias: false, activation: none", 1, {{2, {8, 3}}}},
        {"filters: 1, kernel_size: 1, activation: softmax", 1, {{2, {1, 1}}}}
    };
    static const tl__layer layer = {
        .head = {.name = "conv1d",
                 .help = "Filters that slide over time: y[t, o] = act(b[o] + sum over taps k and channels c of "
                         "x[t * stride + k * dilation - before, c] * w[o, c, k]). Steps outside are zeros.",
                 .rows = conv1d_rows, .settings_size = sizeof(tl__conv_settings)},
        .inputs_min = 1, .inputs_max = 1, .takes_activation = true, .default_activation = true,
        .state_size = sizeof(tl__conv_state), .shape = conv1d_shape, .tensors = tl__conv_tensors,
        .keeps_time = tl__conv_keeps_time, .carve = tl__conv_carve, .forward = tl__conv_forward,
        .backward = tl__conv_backward, .saved = tl__conv_saved, .applies_derivative = true, .flops = tl__conv_flops,
        .examples = examples, .example_count = (int)TL_COUNT(examples)
    };
    return &layer.head;
}
