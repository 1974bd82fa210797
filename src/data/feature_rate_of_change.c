/* Relative changes against earlier steps. */
#include "base/text.h"
#include "data/feature.h"
#include "data/feature_list.h"

typedef struct feature_rate_of_change_settings {
    tl__feature_common common;
    tl__int_list periods;
} feature_rate_of_change_settings;

static size_t feature_rate_of_change_outputs(const void *settings)
{
    return ((const feature_rate_of_change_settings *)settings)->periods.count;
}

static void feature_rate_of_change_name(const void *settings, size_t output, char *out, size_t size)
{
    const feature_rate_of_change_settings *rate = settings;
    tl__format(out, size, "rate_of_change_%lld", (long long)rate->periods.items[output]);
}

static size_t feature_rate_of_change_history(const void *settings)
{
    const feature_rate_of_change_settings *rate = settings;
    size_t most = 0;
    for (size_t i = 0; i < rate->periods.count; i++) most = tl__size_max(most, (size_t)rate->periods.items[i]);
    return most;
}

static void feature_rate_of_change_compute(const tl__feature_call *call)
{
    const feature_rate_of_change_settings *rate = call->settings;
    for (size_t i = 0; i < rate->periods.count; i++) {
        size_t back = (size_t)rate->periods.items[i];
        double *out = call->out + i * call->stride;
        for (size_t t = back; t < call->rows; t++) {
            double before = call->values[t - back];
            out[t] = before != 0 ? (call->values[t] - before) / before : 0;
        }
    }
}

static const tl__field feature_rate_of_change_fields[] = {
    {.name = "periods", .kind = TL__FIELD_INT_LIST, .flags = TL__RESULT,
     .offset = offsetof(feature_rate_of_change_settings, periods), .text = "[1]", .min = 1, .max = 1e6,
     .unit = "steps", .help = "How many steps back it compares with"},
    TL__FEATURE_ROWS(feature_rate_of_change_settings),
    {0}};

static const tl__feature feature_rate_of_change = {
    .head = {.name = "rate_of_change",
             .aliases = "roc pct_change",
             .help = "Relative change: (x[t] - x[t - n]) / x[t - n], 0 where x[t - n] is 0. As pandas' pct_change(n).",
             .rows = feature_rate_of_change_fields,
             .settings_size = sizeof(feature_rate_of_change_settings)},
    .outputs = feature_rate_of_change_outputs, .name = feature_rate_of_change_name,
    .history = feature_rate_of_change_history, .compute = feature_rate_of_change_compute,
};

TL_PRIV const tl__member_head *tl__feature_rate_of_change(void) { return &feature_rate_of_change.head; }
