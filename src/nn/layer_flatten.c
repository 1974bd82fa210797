/* Any shape as [features]. Nothing moves: input and output are one array. */
#include "nn/layer.h"

static const char *flatten_shape(const tl__site *site, tl__shape *out)
{
    out->rank = 1;
    out->dim[0] = tl__shape_size(tl__site_in(site, 0));
    return NULL;
}

static bool flatten_identity(const tl__site *site, bool training)
{
    (void)site;
    (void)training;
    return true;
}

static double flatten_flops(const tl__site *site)
{
    (void)site;
    return 0;
}

TL_PRIV const tl__member_head *tl__layer_flatten(void)
{
    static const tl__layer_example examples[] = {{"", 1, {{3, {2, 3, 2}}}}, {"", 1, {{1, {4}}}}};
    static const tl__layer layer = {
        .head = {.name = "flatten",
                 .help = "Any shape as one row of features. An image is [height, width, channel], so channels come "
                         "last: PyTorch flattens [channel, height, width], and weights of a dense layer behind it have "
                         "their columns in that order there."},
        .inputs_min = 1, .inputs_max = 1, .shape = flatten_shape, .identity = flatten_identity, .flops = flatten_flops,
        .examples = examples, .example_count = (int)TL_COUNT(examples)
    };
    return &layer.head;
}
