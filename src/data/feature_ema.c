/* Exponential moving averages. */
#include "base/text.h"
#include "data/feature.h"
#include "data/feature_list.h"

typedef struct feature_ema_settings {
    tl__feature_common common;
    tl__float_list alphas;
} feature_ema_settings;

static size_t feature_ema_outputs(const void *settings)
{
    return ((const feature_ema_settings *)settings)->alphas.count;
}

static void feature_ema_name(const void *settings, size_t output, char *out, size_t size)
{
    char number[32];
    tl__print_double(number, ((const feature_ema_settings *)settings)->alphas.items[output]);
    tl__format(out, size, "ema_%s", number);
}

static size_t feature_ema_history(const void *settings)
{
    (void)settings;
    return 0;
}

static void feature_ema_compute(const tl__feature_call *call)
{
    const feature_ema_settings *ema = call->settings;
    for (size_t i = 0; i < ema->alphas.count; i++)
        tl__feature_smooth(ema->alphas.items[i], call->values, call->rows, call->out + i * call->stride);
}

static const tl__field feature_ema_fields[] = {
    {.name = "alphas", .kind = TL__FIELD_FLOAT_LIST, .flags = TL__RESULT | TL__OPEN_MIN,
     .offset = offsetof(feature_ema_settings, alphas), .text = "[0.3]", .max = 1,
     .help = "Weight of the present step"},
    TL__FEATURE_ROWS(feature_ema_settings),
    {0}};

static const tl__feature feature_ema = {
    .head = {.name = "ema",
             .aliases = "exponential_moving_average",
             .help = "Exponential moving average: e[t] = alpha * x[t] + (1 - alpha) * e[t - 1], e[0] = x[0]. As "
                     "pandas' ewm(alpha=alpha, adjust=False).mean().",
             .rows = feature_ema_fields,
             .settings_size = sizeof(feature_ema_settings)},
    .outputs = feature_ema_outputs, .name = feature_ema_name, .history = feature_ema_history,
    .compute = feature_ema_compute,
};

TL_PRIV const tl__member_head *tl__feature_ema(void) { return &feature_ema.head; }
