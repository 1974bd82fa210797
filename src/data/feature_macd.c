/* Moving average convergence and divergence: the distance of a fast and a slow exponential average, its own average,
 * and what is between the two. */
#include "base/error.h"
#include "base/text.h"
#include "data/feature.h"
#include "data/feature_list.h"

typedef struct feature_macd_settings {
    tl__feature_common common;
    int64_t fast, slow, signal;
} feature_macd_settings;

static size_t feature_macd_outputs(const void *settings)
{
    (void)settings;
    return 3;
}

static void feature_macd_name(const void *settings, size_t output, char *out, size_t size)
{
    static const char *const words[] = {"macd", "macd_signal", "macd_histogram"};
    (void)settings;
    tl__format(out, size, "%s", words[output]);
}

static size_t feature_macd_history(const void *settings)
{
    const feature_macd_settings *macd = settings;
    return (size_t)(macd->slow + macd->signal - 2);
}

static double feature_macd_alpha(int64_t period) { return 2 / ((double)period + 1); }

static void feature_macd_compute(const tl__feature_call *call)
{
    const feature_macd_settings *macd = call->settings;
    double *line = call->out, *signal = line + call->stride, *histogram = signal + call->stride;
    tl__feature_smooth(feature_macd_alpha(macd->fast), call->values, call->rows, line);
    tl__feature_smooth(feature_macd_alpha(macd->slow), call->values, call->rows, signal);
    for (size_t t = 0; t < call->rows; t++) line[t] -= signal[t];
    tl__feature_smooth(feature_macd_alpha(macd->signal), line, call->rows, signal);
    for (size_t t = 0; t < call->rows; t++) histogram[t] = line[t] - signal[t];
}

static tl_status feature_macd_check(const void *settings, tl_error *error)
{
    const feature_macd_settings *macd = settings;
    if (macd->fast < macd->slow) return TL_OK;
    return tl__fail(error, TL_BAD_CONFIG, "fast is %lld and slow is %lld; the fast average takes fewer steps",
                    (long long)macd->fast, (long long)macd->slow);
}

#define FEATURE_MACD_ROW(member, value, text)                                                                         \
    {.name = #member, .kind = TL__FIELD_INT, .flags = TL__RESULT | TL__TUNE,                                          \
     .offset = offsetof(feature_macd_settings, member), .fallback = value, .min = 1, .max = 1e6, .unit = "steps",     \
     .help = text}
static const tl__field feature_macd_fields[] = {
    FEATURE_MACD_ROW(fast, 12, "Steps of the fast average"),
    FEATURE_MACD_ROW(slow, 26, "Steps of the slow average"),
    FEATURE_MACD_ROW(signal, 9, "Steps of the average of their distance"),
    TL__FEATURE_ROWS(feature_macd_settings),
    {0}};
#undef FEATURE_MACD_ROW

static const tl__feature feature_macd = {
    .head = {.name = "macd",
             .help = "Three inputs. Line: ema(fast) - ema(slow); signal: ema(signal) of the line; histogram: line - "
                     "signal. ema(n) has alpha = 2 / (n + 1) and begins with the first value. Appel, Technical "
                     "Analysis: Power Tools for Active Investors, 2005.",
             .rows = feature_macd_fields,
             .settings_size = sizeof(feature_macd_settings)},
    .outputs = feature_macd_outputs, .name = feature_macd_name, .history = feature_macd_history,
    .compute = feature_macd_compute, .check = feature_macd_check,
};

TL_PRIV const tl__member_head *tl__feature_macd(void) { return &feature_macd.head; }
