/* DLinear: trend and remainder of each series, a linear layer over time for each, and their sum. Zeng and others, "Are
 * transformers effective for time series forecasting?", 2023. */
#include "model/arch.h"

typedef struct dlinear_settings {
    int64_t kernel;
    bool individual;
} dlinear_settings;

static const tl__field dlinear_rows[] = {
    {.name = "kernel", .kind = TL__FIELD_INT, .flags = TL__RESULT | TL__TUNE,
     .offset = offsetof(dlinear_settings, kernel), .fallback = 25, .min = 1, .max = 65535, .unit = "steps",
     .tune = "[9, 13, 25, 49]",
     .help = "steps of the moving average that is the trend; odd"},
    {.name = "individual", .kind = TL__FIELD_BOOL, .flags = TL__RESULT | TL__TUNE,
     .offset = offsetof(dlinear_settings, individual), .max = 1,
     .help = "weights of its own for each series, instead of one set for all"},
    {.name = NULL}
};

static void dlinear_one(const tl__arch_site *site, const char *prefix)
{
    const dlinear_settings *settings = site->settings;
    const char *p = prefix;
    size_t steps = tl__arch_steps(site);
    tl__arch_add(site, "type: moving_average, name: %smean, axis: -1, kernel: %lld", p, (long long)settings->kernel);
    tl__arch_add(site, "type: subtract, name: %sremainder, from: [%sseries, %smean]", p, p, p);
    tl__arch_add(site, "type: dense, name: %sseasonal, nodes: %zu, activation: none", p, steps);
    tl__arch_add(site, "type: dense, name: %strend, from: %smean, nodes: %zu, activation: none", p, p, steps);
    tl__arch_add(site, "type: add, name: %sforecast, from: [%sseasonal, %strend]", p, p, p);
}

static const char *dlinear_write(const tl__arch_site *site)
{
    const dlinear_settings *settings = site->settings;
    if (settings->kernel % 2 == 0) return "needs an odd kernel, so that it has a middle";
    return tl__arch_each(site, settings->individual, dlinear_one);
}

TL_PRIV const tl__member_head *tl__arch_dlinear(void)
{
    static const tl__arch arch = {
        .head = {.name = "dlinear",
                 .help = "Each series by itself: its trend m, the moving average of `kernel` steps, and its remainder "
                         "x - m each through a linear layer over time, y = W1 (x - m) + b1 + W2 m + b2, with the same "
                         "weights for all series unless `individual`. Zeng and others, Are Transformers Effective for "
                         "Time Series Forecasting?, 2023.",
                 .rows = dlinear_rows, .settings_size = sizeof(dlinear_settings)},
        .input = TL__ARCH_FORECAST, .targets_only = true, .normalization = TL__NORMALIZATION_NONE,
        .hidden_size = 1, .num_layers = 1, .write = dlinear_write
    };
    return &arch.head;
}
