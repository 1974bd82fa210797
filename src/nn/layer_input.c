/* The rows that a network is given: nodes for plain features, or a shape. It computes nothing; its output is the
 * caller's array. */
#include "nn/layer.h"

static const tl__field input_rows[] = {
    {.name = "nodes", .kind = TL__FIELD_INT, .flags = TL__RESULT, .offset = offsetof(tl__input_settings, nodes),
     .fallback = 0, .min = 0, .max = 1073741824, .unit = "features", .help = "numbers of one row",
     .aliases = NULL},
    {.name = "shape", .kind = TL__FIELD_INT_LIST, .flags = TL__RESULT, .offset = offsetof(tl__input_settings, shape),
     .min = 1, .max = 1073741824, .help = "shape of one row, [height, width, channels] or [time, features], instead of "
                                          "nodes"},
    {.name = NULL}
};

static const char *input_shape(const tl__site *site, tl__shape *out)
{
    const tl__input_settings *settings = site->settings;
    if (settings->shape.count == 0) {
        if (settings->nodes < 1) return "needs `nodes: N`, the number of features";
        out->rank = 1;
        out->dim[0] = (size_t)settings->nodes;
        return NULL;
    }
    if (settings->shape.count > TL__SHAPE_RANK) return "needs a shape of at most three numbers";
    if (settings->nodes > 0) return "has both nodes and a shape; give one of them";
    out->rank = (int)settings->shape.count;
    for (int i = 0; i < out->rank; i++) {
        if (settings->shape.items[i] < 1) return "needs a shape of numbers from 1";
        out->dim[i] = (size_t)settings->shape.items[i];
    }
    return NULL;
}

static double input_flops(const tl__site *site)
{
    (void)site;
    return 0;
}

TL_PRIV const tl__member_head *tl__layer_input(void)
{
    static const tl__layer layer = {
        .head = {.name = "input", .help = "The rows that the network is given: `nodes` features, or a `shape`.",
                 .rows = input_rows, .settings_size = sizeof(tl__input_settings)},
        .shape = input_shape, .flops = input_flops
    };
    return &layer.head;
}
