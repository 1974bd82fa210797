/* Means of the last steps. */
#include "base/text.h"
#include "data/feature.h"
#include "data/feature_list.h"

typedef struct feature_rolling_mean_settings {
    tl__feature_common common;
    tl__int_list windows;
} feature_rolling_mean_settings;

static size_t feature_rolling_mean_outputs(const void *settings)
{
    return ((const feature_rolling_mean_settings *)settings)->windows.count;
}

static void feature_rolling_mean_name(const void *settings, size_t output, char *out, size_t size)
{
    const feature_rolling_mean_settings *rolling = settings;
    tl__format(out, size, "rolling_mean_%lld", (long long)rolling->windows.items[output]);
}

static size_t feature_rolling_mean_history(const void *settings)
{
    const feature_rolling_mean_settings *rolling = settings;
    size_t most = 0;
    for (size_t i = 0; i < rolling->windows.count; i++)
        most = tl__size_max(most, (size_t)rolling->windows.items[i] - 1);
    return most;
}

static void feature_rolling_mean_compute(const tl__feature_call *call)
{
    const feature_rolling_mean_settings *rolling = call->settings;
    for (size_t i = 0; i < rolling->windows.count; i++) {
        size_t size = (size_t)rolling->windows.items[i];
        double *out = call->out + i * call->stride;
        for (size_t t = size - 1; t < call->rows; t++) out[t] = tl__feature_mean(call->values + t, size);
    }
}

static const tl__field feature_rolling_mean_fields[] = {
    {.name = "windows", .kind = TL__FIELD_INT_LIST, .flags = TL__RESULT,
     .offset = offsetof(feature_rolling_mean_settings, windows), .text = "[20, 50]", .min = 1, .max = 1e6,
     .unit = "steps", .help = "Steps that each one looks over, the present one among them"},
    TL__FEATURE_ROWS(feature_rolling_mean_settings),
    {0}};

static const tl__feature feature_rolling_mean = {
    .head = {.name = "rolling_mean",
             .help = "Mean of the last steps, the present one among them: sum of x[t - n + 1 .. t] / n. As pandas'"
                     "rolling(n).mean().",
             .rows = feature_rolling_mean_fields,
             .settings_size = sizeof(feature_rolling_mean_settings)},
    .outputs = feature_rolling_mean_outputs, .name = feature_rolling_mean_name,
    .history = feature_rolling_mean_history, .compute = feature_rolling_mean_compute,
};

TL_PRIV const tl__member_head *tl__feature_rolling_mean(void) { return &feature_rolling_mean.head; }
