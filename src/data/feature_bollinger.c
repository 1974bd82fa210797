/* Bollinger bands: a moving mean, and lines some deviations above and below it. */
#include "base/math.h"
#include "base/text.h"
#include "data/feature.h"
#include "data/feature_list.h"

typedef struct feature_bollinger_settings {
    tl__feature_common common;
    int64_t period;
    double deviations;
} feature_bollinger_settings;

static size_t feature_bollinger_outputs(const void *settings)
{
    (void)settings;
    return 3;
}

static void feature_bollinger_name(const void *settings, size_t output, char *out, size_t size)
{
    static const char *const words[] = {"bollinger_upper", "bollinger_middle", "bollinger_lower"};
    (void)settings;
    tl__format(out, size, "%s", words[output]);
}

static size_t feature_bollinger_history(const void *settings)
{
    return (size_t)((const feature_bollinger_settings *)settings)->period - 1;
}

static void feature_bollinger_compute(const tl__feature_call *call)
{
    const feature_bollinger_settings *bollinger = call->settings;
    size_t size = (size_t)bollinger->period;
    double *upper = call->out, *middle = upper + call->stride, *lower = middle + call->stride;
    for (size_t t = size - 1; t < call->rows; t++) {
        double mean = tl__feature_mean(call->values + t, size);
        double width = bollinger->deviations *
                       tl__sqrt_d(tl__feature_squares(call->values + t, size, mean) / (double)size);
        upper[t] = mean + width;
        middle[t] = mean;
        lower[t] = mean - width;
    }
}

static const tl__field feature_bollinger_fields[] = {
    {.name = "period", .kind = TL__FIELD_INT, .flags = TL__RESULT | TL__TUNE,
     .offset = offsetof(feature_bollinger_settings, period), .fallback = 20, .min = 1, .max = 1e6, .unit = "steps",
     .help = "Steps that mean and deviation are taken over"},
    {.name = "deviations", .kind = TL__FIELD_FLOAT, .flags = TL__RESULT | TL__TUNE | TL__OPEN_MIN,
     .offset = offsetof(feature_bollinger_settings, deviations), .fallback = 2, .max = 1e6,
     .help = "How many deviations the bands are away from the mean"},
    TL__FEATURE_ROWS(feature_bollinger_settings),
    {0}};

static const tl__feature feature_bollinger = {
    .head = {.name = "bollinger",
             .help = "Three inputs: mean + k * deviation, mean, mean - k * deviation of the last n steps, with the "
                     "population deviation (divided by n). Bollinger on Bollinger Bands, 2001.",
             .rows = feature_bollinger_fields,
             .settings_size = sizeof(feature_bollinger_settings)},
    .outputs = feature_bollinger_outputs, .name = feature_bollinger_name, .history = feature_bollinger_history,
    .compute = feature_bollinger_compute,
};

TL_PRIV const tl__member_head *tl__feature_bollinger(void) { return &feature_bollinger.head; }
