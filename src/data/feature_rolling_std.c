/* Standard deviations of the last steps. */
#include "base/math.h"
#include "base/text.h"
#include "data/feature.h"
#include "data/feature_list.h"

typedef struct feature_rolling_std_settings {
    tl__feature_common common;
    tl__int_list windows;
} feature_rolling_std_settings;

static size_t feature_rolling_std_outputs(const void *settings)
{
    return ((const feature_rolling_std_settings *)settings)->windows.count;
}

static void feature_rolling_std_name(const void *settings, size_t output, char *out, size_t size)
{
    const feature_rolling_std_settings *rolling = settings;
    tl__format(out, size, "rolling_std_%lld", (long long)rolling->windows.items[output]);
}

static size_t feature_rolling_std_history(const void *settings)
{
    const feature_rolling_std_settings *rolling = settings;
    size_t most = 0;
    for (size_t i = 0; i < rolling->windows.count; i++)
        most = tl__size_max(most, (size_t)rolling->windows.items[i] - 1);
    return most;
}

static void feature_rolling_std_compute(const tl__feature_call *call)
{
    const feature_rolling_std_settings *rolling = call->settings;
    for (size_t i = 0; i < rolling->windows.count; i++) {
        size_t size = (size_t)rolling->windows.items[i];
        double *out = call->out + i * call->stride;
        for (size_t t = size - 1; t < call->rows; t++) {
            double mean = tl__feature_mean(call->values + t, size);
            out[t] = tl__sqrt_d(tl__feature_squares(call->values + t, size, mean) / (double)(size - 1));
        }
    }
}

static const tl__field feature_rolling_std_fields[] = {
    {.name = "windows", .kind = TL__FIELD_INT_LIST, .flags = TL__RESULT,
     .offset = offsetof(feature_rolling_std_settings, windows), .text = "[20]", .min = 2, .max = 1e6,
     .unit = "steps", .help = "Steps that each one looks over, the present one among them"},
    TL__FEATURE_ROWS(feature_rolling_std_settings),
    {0}};

static const tl__feature feature_rolling_std = {
    .head = {.name = "rolling_std",
             .help = "Sample standard deviation of the last steps, the present one among them: sqrt(sum of "
                     "(x - mean)^2 / (n - 1)). As pandas' rolling(n).std().",
             .rows = feature_rolling_std_fields,
             .settings_size = sizeof(feature_rolling_std_settings)},
    .outputs = feature_rolling_std_outputs, .name = feature_rolling_std_name,
    .history = feature_rolling_std_history, .compute = feature_rolling_std_compute,
};

TL_PRIV const tl__member_head *tl__feature_rolling_std(void) { return &feature_rolling_std.head; }
