/* N-HiTS: blocks that read the series pooled, and forecast a few knots between which they interpolate, from coarse to
 * fine. Challu and others, "N-HiTS: Neural hierarchical interpolation for time series forecasting", 2023. */
#include "model/blocks.h"

typedef struct nhits_settings {
    tl__int_list pool_size, downsample;
    int64_t blocks;
    int pooling, interpolation, level;
    bool covariates;
} nhits_settings;

static const char *const nhits_poolings[] = {"max", "average", NULL};
static const char *const nhits_interpolations[] = {"linear", "nearest", NULL};
static const char *const nhits_levels[] = {"last", "none", NULL};

static const tl__field nhits_rows[] = {
    {.name = "pool_size", .kind = TL__FIELD_INT_LIST, .flags = TL__RESULT | TL__TUNE,
     .offset = offsetof(nhits_settings, pool_size), .min = 1, .max = 65536, .text = "[8, 4, 1]", .unit = "steps",
     .help = "steps that the blocks of each stack pool before they read; as many numbers as stacks"},
    {.name = "downsample", .kind = TL__FIELD_INT_LIST, .flags = TL__RESULT | TL__TUNE,
     .offset = offsetof(nhits_settings, downsample), .min = 1, .max = 65536, .text = "[24, 12, 1]", .unit = "steps",
     .help = "steps of the horizon for each knot of a stack's forecast; as many numbers as stacks"},
    {.name = "blocks", .kind = TL__FIELD_INT, .flags = TL__RESULT | TL__TUNE,
     .offset = offsetof(nhits_settings, blocks), .fallback = 1, .min = 1, .max = TL__ARCH_BLOCKS, .unit = "blocks",
     .tune = "{min: 1, max: 3}",
     .help = "blocks of each stack"},
    {.name = "pooling", .kind = TL__FIELD_CHOICE, .flags = TL__RESULT | TL__TUNE,
     .offset = offsetof(nhits_settings, pooling), .choices = nhits_poolings,
     .help = "what pooled steps become: their maximum or their mean"},
    {.name = "interpolation", .kind = TL__FIELD_CHOICE, .flags = TL__RESULT | TL__TUNE,
     .offset = offsetof(nhits_settings, interpolation), .choices = nhits_interpolations,
     .help = "between the knots of a forecast"},
    {.name = "level", .kind = TL__FIELD_CHOICE, .flags = TL__RESULT | TL__TUNE,
     .offset = offsetof(nhits_settings, level), .choices = nhits_levels,
     .help = "the forecast begins as the last value of the series, and blocks add to it; none: as 0"},
    {.name = "covariates", .kind = TL__FIELD_BOOL, .flags = TL__RESULT | TL__TUNE,
     .offset = offsetof(nhits_settings, covariates), .fallback = 1, .max = 1,
     .help = "blocks read the columns that are not forecast, pooled as the series is, and what is known ahead, beside "
             "each series"},
    {.name = NULL}
};

static const char *nhits_write(const tl__arch_site *site)
{
    const nhits_settings *settings = site->settings;
    size_t stacks = settings->pool_size.count, blocks = (size_t)settings->blocks;
    tl__arch_block list[TL__ARCH_BLOCKS];
    if (stacks == 0 || settings->downsample.count != stacks)
        return "needs as many numbers in pool_size as in downsample: one for each stack";
    if (stacks * blocks > TL__ARCH_BLOCKS) return "has more than 64 blocks";
    for (size_t i = 0; i < stacks * blocks; i++) {
        size_t horizon = site->fit->series.horizon, step = (size_t)settings->downsample.items[i / blocks];
        list[i] = (tl__arch_block){.pool = (size_t)settings->pool_size.items[i / blocks],
                                   .average = settings->pooling == 1, .knots = tl__size_max(horizon / step, 1),
                                   .basis = settings->interpolation ? TL__BASIS_NEAREST : TL__BASIS_LINEAR};
        if (list[i].knots == horizon) list[i].basis = TL__BASIS_IDENTITY;
    }
    tl__arch_series(site);
    tl__arch_blocks(site, list, stacks * blocks, settings->level == 0, settings->covariates);
    tl__arch_forecast(site);
    return NULL;
}

TL_PRIV const tl__member_head *tl__arch_nhits(void)
{
    static const tl__arch arch = {
        .head = {.name = "nhits",
                 .help = "N-HiTS, each series by itself with the same weights: blocks in a row, each of which pools "
                         "what is left of the series, puts it through `num_layers` (2) dense layers of `hidden_size` "
                         "(512), takes a backcast away from what is left, and adds to the forecast what it "
                         "interpolates between horizon / downsample knots. x = x - backcast(x), y = y + "
                         "interpolate(knots(x)). Other columns stand beside each series at the entry of each "
                         "block. Challu and others, 2023.",
                 .rows = nhits_rows, .settings_size = sizeof(nhits_settings)},
        .input = TL__ARCH_FORECAST, .normalization = TL__NORMALIZATION_LAST,
        .hidden_size = 512, .num_layers = 2, .write = nhits_write
    };
    return &arch.head;
}
