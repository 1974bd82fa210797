/* Values of earlier steps. */
#include "base/text.h"
#include "data/feature.h"
#include "data/feature_list.h"

typedef struct feature_lag_settings {
    tl__feature_common common;
    tl__int_list lags;
} feature_lag_settings;

static size_t feature_lag_outputs(const void *settings)
{
    return ((const feature_lag_settings *)settings)->lags.count;
}

static void feature_lag_name(const void *settings, size_t output, char *out, size_t size)
{
    const feature_lag_settings *lag = settings;
    tl__format(out, size, "lag_%lld", (long long)lag->lags.items[output]);
}

static size_t feature_lag_history(const void *settings)
{
    const feature_lag_settings *lag = settings;
    size_t most = 0;
    for (size_t i = 0; i < lag->lags.count; i++) most = tl__size_max(most, (size_t)lag->lags.items[i]);
    return most;
}

static void feature_lag_compute(const tl__feature_call *call)
{
    const feature_lag_settings *lag = call->settings;
    for (size_t i = 0; i < lag->lags.count; i++) {
        size_t back = (size_t)lag->lags.items[i];
        for (size_t t = back; t < call->rows; t++) call->out[i * call->stride + t] = call->values[t - back];
    }
}

static const tl__field feature_lag_fields[] = {
    {.name = "lags", .kind = TL__FIELD_INT_LIST, .flags = TL__RESULT, .offset = offsetof(feature_lag_settings, lags),
     .text = "[1, 3, 7, 14, 21]", .min = 1, .max = 1e6, .unit = "steps", .help = "How many steps back"},
    TL__FEATURE_ROWS(feature_lag_settings),
    {0}};

static const tl__feature feature_lag = {
    .head = {.name = "lag",
             .help = "Values of earlier steps: x[t - lag], one input for each lag.",
             .rows = feature_lag_fields,
             .settings_size = sizeof(feature_lag_settings)},
    .outputs = feature_lag_outputs, .name = feature_lag_name, .history = feature_lag_history,
    .compute = feature_lag_compute,
};

TL_PRIV const tl__member_head *tl__feature_lag(void) { return &feature_lag.head; }
