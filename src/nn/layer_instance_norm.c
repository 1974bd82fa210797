/* Instance norm: each channel of a sample is brought to mean 0 and variance 1 over its positions. For series it takes
 * away what `reverse_norm` puts back behind the network (reversible instance norm). It is group norm with a group for
 * each channel. */
#include "nn/expand.h"

#ifndef TL_FREESTANDING

typedef struct instance_norm_settings {
    double eps;
    bool affine;
} instance_norm_settings;

static const tl__field instance_norm_rows[] = {
    {.name = "eps", .kind = TL__FIELD_FLOAT, .flags = TL__RESULT, .offset = offsetof(instance_norm_settings, eps),
     .fallback = 1e-5, .min = 1e-12, .max = 1, .help = "added to the variance"},
    {.name = "affine", .kind = TL__FIELD_BOOL, .flags = TL__RESULT, .offset = offsetof(instance_norm_settings, affine),
     .fallback = 0, .max = 1, .help = "learn a factor and an offset for each channel"},
    {.name = NULL}
};

static void instance_norm_expand(const tl__site *site, tl__expansion *out)
{
    const instance_norm_settings *settings = site->settings;
    const tl__shape *in = tl__site_in(site, 0);
    if (in->rank < 2) {
        tl__expand_refuse(out, "needs [time, channel] or [height, width, channel]");
        return;
    }
    tl__expand(out, NULL, NULL, 0, "type: group_norm, groups: %zu, eps: %g, affine: %s", in->dim[in->rank - 1],
               settings->eps, settings->affine ? "true" : "false");
}

TL_PRIV const tl__member_head *tl__layer_instance_norm(void)
{
    static const tl__layer_example examples[] = {
        {"", 1, {{2, {5, 3}}}}, {"affine: true, eps: 0.001", 1, {{3, {2, 3, 2}}}}
    };
    static const tl__layer layer = {
        .head = {.name = "instance_norm", .aliases = "reversible_norm",
                 .help = "Each channel of a sample is brought to mean 0 and variance 1 over its positions (Ulyanov "
                         "and others, 2016). For series whose level moves, {type: reverse_norm, from: [y, x]} at the "
                         "end puts both back (Kim and others, 2022). It is group_norm with a group for each channel.",
                 .rows = instance_norm_rows, .settings_size = sizeof(instance_norm_settings)},
        .inputs_min = 1, .inputs_max = 1, .expand = instance_norm_expand, .examples = examples,
        .example_count = (int)TL_COUNT(examples)
    };
    return &layer.head;
}

#endif
