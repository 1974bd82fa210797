/* The mean of each patch. nn/pooling.c does the work. */
#include "nn/pooling.h"

static const char *const avg_pool_paddings[] = TL__PADDING_WORDS_OF_SERIES;

static const tl__field avg_pool_rows[] = {
    TL__POOLING_ROWS(avg_pool_paddings),
    {.name = "ceil_mode", .kind = TL__FIELD_BOOL, .flags = TL__RESULT,
     .offset = offsetof(tl__pooling_settings, patch.ceil_mode), .max = 1,
     .help = "a last patch that begins inside the input and ends outside counts, too"},
    {.name = "count_include_pad", .kind = TL__FIELD_BOOL, .flags = TL__RESULT,
     .offset = offsetof(tl__pooling_settings, count_include_pad), .fallback = 1, .max = 1,
     .help = "padding counts in the mean as zeros"},
    {.name = NULL}
};

TL_PRIV const tl__member_head *tl__layer_avg_pool(void)
{
    static const tl__layer_example examples[] = {
        {"", 1, {{3, {4, 6, 2}}}}, {"", 1, {{2, {7, 3}}}},
        {"kernel_size: 3, stride: 2, padding: 1", 1, {{3, {5, 4, 17}}}},
        {"kernel_size: 3, stride: 2, padding: 1, count_include_pad: false", 1, {{3, {4, 5, 2}}}},
        {"kernel_size: [2, 3], stride: [1, 2], ceil_mode: true", 1, {{3, {3, 6, 1}}}},
        {"kernel_size: 3, stride: 1, padding: same", 1, {{2, {5, 4}}}}, {"kernel_size: 1", 1, {{2, {1, 1}}}}
    };
    static const tl__layer layer = {
        .head = {.name = "avg_pool",
                 .help = "The mean of each patch, channel by channel, of [time, channel] or [height, width, channel].",
                 .rows = avg_pool_rows, .settings_size = sizeof(tl__pooling_settings)},
        .inputs_min = 1, .inputs_max = 1, .state_size = sizeof(tl__pooling_state),
        .shape = tl__pooling_shape, .keeps_time = tl__pooling_keeps_time, .carve = tl__pooling_carve_avg,
        .forward = tl__pooling_forward, .backward = tl__pooling_backward, .applies_derivative = true,
        .examples = examples, .example_count = (int)TL_COUNT(examples)
    };
    return &layer.head;
}
