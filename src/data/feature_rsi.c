/* The relative strength index: how much of the recent movement went up. Gains and losses are averaged as Wilder did:
 * the first average is a plain mean, then each step has the weight 1 / period. */
#include "base/text.h"
#include "data/feature.h"
#include "data/feature_list.h"

typedef struct feature_rsi_settings {
    tl__feature_common common;
    int64_t period;
} feature_rsi_settings;

static size_t feature_rsi_outputs(const void *settings)
{
    (void)settings;
    return 1;
}

static void feature_rsi_name(const void *settings, size_t output, char *out, size_t size)
{
    (void)output;
    tl__format(out, size, "rsi_%lld", (long long)((const feature_rsi_settings *)settings)->period);
}

static size_t feature_rsi_history(const void *settings)
{
    return (size_t)((const feature_rsi_settings *)settings)->period;
}

static void feature_rsi_compute(const tl__feature_call *call)
{
    size_t period = (size_t)((const feature_rsi_settings *)call->settings)->period;
    double gain = 0, loss = 0, n = (double)period;
    for (size_t t = 1; t < call->rows; t++) {
        double change = call->values[t] - call->values[t - 1];
        double up = change > 0 ? change : 0, down = change < 0 ? -change : 0;
        if (t <= period) {
            gain += up / n;
            loss += down / n;
        } else {
            gain = (gain * (n - 1) + up) / n;
            loss = (loss * (n - 1) + down) / n;
        }
        call->out[t] = gain + loss > 0 ? 100 * gain / (gain + loss) : 50;
    }
}

static const tl__field feature_rsi_fields[] = {
    {.name = "period", .kind = TL__FIELD_INT, .flags = TL__RESULT | TL__TUNE,
     .offset = offsetof(feature_rsi_settings, period), .fallback = 14, .min = 1, .max = 1e6, .unit = "steps",
     .help = "Steps that gains and losses are averaged over"},
    TL__FEATURE_ROWS(feature_rsi_settings),
    {0}};

static const tl__feature feature_rsi = {
    .head = {.name = "rsi",
             .help = "Relative strength index: 100 * G / (G + L), 50 where nothing moved. G and L are the averages of "
                     "gains and losses: the mean of the first n changes, then (n - 1) / n of the average before plus "
                     "1 / n of the present one. Wilder, New Concepts in Technical Trading Systems, 1978.",
             .rows = feature_rsi_fields,
             .settings_size = sizeof(feature_rsi_settings)},
    .outputs = feature_rsi_outputs, .name = feature_rsi_name, .history = feature_rsi_history,
    .compute = feature_rsi_compute,
};

TL_PRIV const tl__member_head *tl__feature_rsi(void) { return &feature_rsi.head; }
