/* A dense layer over the time axis that all channels share: y[o, c] = act(sum over t of W[o, t] x[t, c] + b[o]). It is
 * written as a dense layer between two permutations. */
#include "nn/expand.h"

#ifndef TL_FREESTANDING

typedef struct temporal_linear_settings {
    int64_t nodes;
    bool bias;
} temporal_linear_settings;

static const tl__field temporal_linear_rows[] = {
    {.name = "nodes", .kind = TL__FIELD_INT, .flags = TL__RESULT | TL__TUNE | TL__REQUIRED,
     .offset = offsetof(temporal_linear_settings, nodes), .min = 1, .max = 1073741824, .unit = "steps",
     .help = "time steps of the output"},
    {.name = "bias", .kind = TL__FIELD_BOOL, .flags = TL__RESULT, .offset = offsetof(temporal_linear_settings, bias),
     .fallback = 1, .max = 1, .help = "add a number of its own to each step of the output"},
    {.name = NULL}
};

static void temporal_linear_expand(const tl__site *site, tl__expansion *out)
{
    const temporal_linear_settings *settings = site->settings;
    char activation[TL__EXPAND_ACTIVATION];
    if (tl__site_in(site, 0)->rank != 2) {
        tl__expand_refuse(out, "needs [time, features]");
        return;
    }
    tl__expand_activation(out, activation);
    tl__expand(out, "series", NULL, 0, "type: permute");
    tl__expand(out, "linear", NULL, 0, "type: dense, nodes: %lld, bias: %s, %s", (long long)settings->nodes,
               settings->bias ? "true" : "false", activation);
    tl__expand(out, NULL, NULL, 0, "type: permute");
}

TL_PRIV const tl__member_head *tl__layer_temporal_linear(void)
{
    static const tl__layer_example examples[] = {
        {"nodes: 4", 1, {{2, {5, 3}}}}, {"nodes: 1, bias: false, activation: tanh", 1, {{2, {3, 1}}}}
    };
    static const tl__layer layer = {
        .head = {.name = "temporal_linear",
                 .help = "A dense layer along time that all channels share: y[o, c] = act(sum over t of W[o, t] x[t, "
                         "c] + b[o]) (Zeng and others, 2023). It stands for permute, dense, permute.",
                 .rows = temporal_linear_rows, .settings_size = sizeof(temporal_linear_settings)},
        .inputs_min = 1, .inputs_max = 1, .takes_activation = true, .expand = temporal_linear_expand,
        .examples = examples, .example_count = (int)TL_COUNT(examples)
    };
    return &layer.head;
}

#endif
