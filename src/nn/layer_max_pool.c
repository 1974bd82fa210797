/* The largest of each patch. nn/pooling.c does the work. */
#include "nn/pooling.h"

static const char *const max_pool_paddings[] = TL__PADDING_WORDS_OF_SERIES;

static const tl__field max_pool_rows[] = {
    TL__POOLING_ROWS(max_pool_paddings),
    {.name = "dilation", .kind = TL__FIELD_INT_LIST, .flags = TL__RESULT,
     .offset = offsetof(tl__pooling_settings, patch.dilation), .min = 1, .max = 65536,
     .help = "from one position of a patch to the next; default 1"},
    {.name = "ceil_mode", .kind = TL__FIELD_BOOL, .flags = TL__RESULT,
     .offset = offsetof(tl__pooling_settings, patch.ceil_mode), .max = 1,
     .help = "a last patch that begins inside the input and ends outside counts, too"},
    {.name = NULL}
};

TL_PRIV const tl__member_head *tl__layer_max_pool(void)
{
    static const tl__layer_example examples[] = {
        {"", 1, {{3, {4, 6, 2}}}}, {"", 1, {{2, {7, 3}}}},
        {"kernel_size: 3, stride: 2, padding: 1", 1, {{3, {5, 4, 17}}}},
        {"kernel_size: [2, 3], stride: [1, 2], ceil_mode: true", 1, {{3, {3, 6, 1}}}},
        {"kernel_size: 2, stride: 1, dilation: 2, padding: causal", 1, {{2, {6, 2}}}},
        {"kernel_size: 3, stride: 1, padding: same", 1, {{2, {5, 4}}}}, {"kernel_size: 1", 1, {{2, {1, 1}}}}
    };
    static const tl__layer layer = {
        .head = {.name = "max_pool",
                 .help = "The largest number of each patch, channel by channel, of [time, channel] or "
                         "[height, width, channel]. Its gradient goes to the first of the largest.",
                 .rows = max_pool_rows, .settings_size = sizeof(tl__pooling_settings)},
        .inputs_min = 1, .inputs_max = 1, .state_size = sizeof(tl__pooling_state),
        .shape = tl__pooling_shape, .keeps_time = tl__pooling_keeps_time, .carve = tl__pooling_carve_max,
        .forward = tl__pooling_forward, .backward = tl__pooling_backward, .applies_derivative = true,
        .examples = examples, .example_count = (int)TL_COUNT(examples)
    };
    return &layer.head;
}
