/* Values far from the training part's mean give way to the last one that is not, so a slip of a sensor reaches neither
 * the features nor the network. */
#include "data/feature.h"
#include "data/feature_list.h"

typedef struct feature_outliers_settings {
    tl__feature_common common;
    double sigma;
} feature_outliers_settings;

static size_t feature_outliers_none(const void *settings)
{
    (void)settings;
    return 0;
}

static void feature_outliers_compute(const tl__feature_call *call)
{
    double last = call->mean, most = ((const feature_outliers_settings *)call->settings)->sigma * call->deviation;
    for (size_t t = 0; t < call->rows; t++) {
        double distance = call->values[t] - call->mean;
        if (!(distance > most || -distance > most)) last = call->values[t];
        call->out[t] = last;
    }
}

static const tl__field feature_outliers_fields[] = {
    {.name = "sigma", .kind = TL__FIELD_FLOAT, .flags = TL__RESULT | TL__TUNE | TL__OPEN_MIN,
     .offset = offsetof(feature_outliers_settings, sigma), .fallback = 3, .max = 1e6,
     .help = "How many deviations from the mean a value may be"},
    TL__FEATURE_ROWS(feature_outliers_settings),
    {0}};

static const tl__feature feature_outliers = {
    .head = {.name = "outliers",
             .help = "A value further from the mean than sigma deviations is replaced by the last one that is not, at "
                     "the start of a series by the mean; both are those of the training part. It changes the column "
                     "itself, before other features are computed.",
             .rows = feature_outliers_fields,
             .settings_size = sizeof(feature_outliers_settings)},
    .kind = TL__FEATURE_CLEANS,
    .outputs = feature_outliers_none, .history = feature_outliers_none, .compute = feature_outliers_compute,
};

TL_PRIV const tl__member_head *tl__feature_outliers(void) { return &feature_outliers.head; }
