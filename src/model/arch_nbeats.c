/* N-BEATS: stacks of blocks whose last layer gives backcast and forecast as they are, or the weights of curves: trends
 * and seasons. Oreshkin and others, "N-BEATS: Neural basis expansion analysis for interpretable time series
 * forecasting", 2020. */
#include "base/text.h"
#include "model/blocks.h"

typedef struct nbeats_settings {
    tl__text_list stacks;
    int64_t blocks, degree;
    int level;
    bool covariates;
} nbeats_settings;

static const char *const nbeats_levels[] = {"last", "none", NULL};

static const char *const nbeats_kinds[] = {"generic", "trend", "seasonality"};

static const tl__field nbeats_rows[] = {
    {.name = "stacks", .kind = TL__FIELD_TEXT_LIST, .flags = TL__RESULT | TL__TUNE,
     .offset = offsetof(nbeats_settings, stacks), .text = "[generic]",
     .help = "each generic, trend or seasonality; the interpretable architecture is [trend, seasonality]"},
    {.name = "degree", .kind = TL__FIELD_INT, .flags = TL__RESULT | TL__TUNE,
     .offset = offsetof(nbeats_settings, degree), .fallback = 2, .min = 0, .max = 16,
     .tune = "{min: 1, max: 4}",
     .help = "highest power of time in a trend"},
    {.name = "blocks", .kind = TL__FIELD_INT, .flags = TL__RESULT | TL__TUNE,
     .offset = offsetof(nbeats_settings, blocks), .fallback = 3, .min = 1, .max = TL__ARCH_BLOCKS, .unit = "blocks",
     .tune = "{min: 1, max: 4}",
     .help = "blocks of each stack"},
    {.name = "level", .kind = TL__FIELD_CHOICE, .flags = TL__RESULT | TL__TUNE,
     .offset = offsetof(nbeats_settings, level), .choices = nbeats_levels,
     .help = "the forecast begins as the last value of the series, and blocks add to it; none: as 0"},
    {.name = "covariates", .kind = TL__FIELD_BOOL, .flags = TL__RESULT | TL__TUNE,
     .offset = offsetof(nbeats_settings, covariates), .fallback = 1, .max = 1,
     .help = "blocks read the columns that are not forecast, and what is known ahead, beside each series"},
    {.name = NULL}
};

static const char *nbeats_write(const tl__arch_site *site)
{
    const nbeats_settings *settings = site->settings;
    size_t stacks = settings->stacks.count, blocks = (size_t)settings->blocks, horizon = site->fit->series.horizon;
    tl__arch_block list[TL__ARCH_BLOCKS];
    if (stacks == 0 || stacks * blocks > TL__ARCH_BLOCKS) return "needs 1 to 64 blocks in all its stacks";
    for (size_t i = 0; i < stacks * blocks; i++) {
        const char *kind = settings->stacks.items[i / blocks];
        size_t k = 0;
        while (k < TL_COUNT(nbeats_kinds) && !tl__same_text(nbeats_kinds[k], kind)) k++;
        if (k == TL_COUNT(nbeats_kinds)) return "needs `stacks` that are each generic, trend or seasonality";
        list[i] = k == 0 ? (tl__arch_block){.knots = horizon, .basis = TL__BASIS_IDENTITY}
                : k == 1 ? (tl__arch_block){.knots = (size_t)settings->degree + 1, .basis = TL__BASIS_TREND}
                         : (tl__arch_block){.knots = tl__size_max(horizon / 2, 1) * 2, .basis = TL__BASIS_SEASONALITY};
        list[i].pool = 1;
    }
    tl__arch_series(site);
    tl__arch_blocks(site, list, stacks * blocks, settings->level == 0, settings->covariates);
    tl__arch_forecast(site);
    return NULL;
}

TL_PRIV const tl__member_head *tl__arch_nbeats(void)
{
    static const tl__arch arch = {
        .head = {.name = "nbeats",
                 .help = "N-BEATS, each series by itself with the same weights: `blocks` in each of the `stacks`, "
                         "each of which puts what is left of the series through `num_layers` (4) dense layers of "
                         "`hidden_size` (512), takes a backcast away from what is left and adds its forecast: x = x - "
                         "B h(x), y = y + F h(x), B and F learned, or curves of fixed form: powers of time (trend), "
                         "cosines and sines (seasonality). Oreshkin and others, 2020.",
                 .rows = nbeats_rows, .settings_size = sizeof(nbeats_settings)},
        .input = TL__ARCH_FORECAST, .normalization = TL__NORMALIZATION_NONE,
        .hidden_size = 512, .num_layers = 4, .write = nbeats_write
    };
    return &arch.head;
}
