/* NLinear: a linear layer over time of what a series has above its last value. Zeng and others, 2023. */
#include "model/arch.h"

typedef struct nlinear_settings {
    bool individual;
} nlinear_settings;

static const tl__field nlinear_rows[] = {
    {.name = "individual", .kind = TL__FIELD_BOOL, .flags = TL__RESULT | TL__TUNE,
     .offset = offsetof(nlinear_settings, individual), .max = 1,
     .help = "weights of its own for each series, instead of one set for all"},
    {.name = NULL}
};

static void nlinear_one(const tl__arch_site *site, const char *prefix)
{
    const char *p = prefix;
    size_t steps = tl__arch_steps(site);
    tl__arch_add(site, "type: slice, name: %slast, axis: -1, first: -1", p);
    tl__arch_add(site, "type: interpolate, name: %slevel, axis: -1, size: %zu, mode: nearest", p,
                 site->fit->series.input_size);
    tl__arch_add(site, "type: subtract, name: %sabove, from: [%sseries, %slevel]", p, p, p);
    tl__arch_add(site, "type: dense, name: %slinear, nodes: %zu, activation: none", p, steps);
    tl__arch_add(site, "type: interpolate, name: %sahead, from: %slast, axis: -1, size: %zu, mode: nearest", p, p,
                 steps);
    tl__arch_add(site, "type: add, name: %sforecast, from: [%slinear, %sahead]", p, p, p);
}

static const char *nlinear_write(const tl__arch_site *site)
{
    const nlinear_settings *settings = site->settings;
    return tl__arch_each(site, settings->individual, nlinear_one);
}

TL_PRIV const tl__member_head *tl__arch_nlinear(void)
{
    static const tl__arch arch = {
        .head = {.name = "nlinear",
                 .help = "Each series by itself: what it has above its last value l through a linear layer over time, "
                         "y = W (x - l) + b + l, with the same weights for all series unless `individual`. Zeng and "
                         "others, Are Transformers Effective for Time Series Forecasting?, 2023.",
                 .rows = nlinear_rows, .settings_size = sizeof(nlinear_settings)},
        .input = TL__ARCH_FORECAST, .targets_only = true, .normalization = TL__NORMALIZATION_NONE,
        .hidden_size = 1, .num_layers = 1, .write = nlinear_write
    };
    return &arch.head;
}
