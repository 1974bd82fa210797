/* The largest number of each channel. nn/pooling.c does the work. */
#include "nn/pooling.h"

TL_PRIV const tl__member_head *tl__layer_global_max_pool(void)
{
    static const tl__layer_example examples[] = {
        {"", 1, {{3, {3, 2, 5}}}}, {"", 1, {{2, {7, 3}}}}, {"", 1, {{2, {1, 1}}}}
    };
    static const tl__layer layer = {
        .head = {.name = "global_max_pool",
                 .help = "The largest number of each channel over all positions: [time, channel] or "
                         "[height, width, channel] becomes [channel]."},
        .inputs_min = 1, .inputs_max = 1, .state_size = sizeof(tl__pooling_state),
        .shape = tl__pooling_global_shape, .carve = tl__pooling_carve_max,
        .forward = tl__pooling_forward, .backward = tl__pooling_backward, .applies_derivative = true,
        .examples = examples, .example_count = (int)TL_COUNT(examples)
    };
    return &layer.head;
}
