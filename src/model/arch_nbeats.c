/* N-BEATS, its generic architecture: blocks whose last layer gives backcast and forecast as they are. Oreshkin and
 * others, "N-BEATS: Neural basis expansion analysis for interpretable time series forecasting", 2020. */
#include "model/blocks.h"

typedef struct nbeats_settings {
    int64_t blocks;
    int level;
} nbeats_settings;

static const char *const nbeats_levels[] = {"last", "none", NULL};

static const tl__field nbeats_rows[] = {
    {.name = "blocks", .kind = TL__FIELD_INT, .flags = TL__RESULT | TL__TUNE,
     .offset = offsetof(nbeats_settings, blocks), .fallback = 3, .min = 1, .max = TL__ARCH_BLOCKS, .unit = "blocks",
     .help = "blocks in a row"},
    {.name = "level", .kind = TL__FIELD_CHOICE, .flags = TL__RESULT | TL__TUNE,
     .offset = offsetof(nbeats_settings, level), .choices = nbeats_levels,
     .help = "the forecast begins as the last value of the series, and blocks add to it; none: as 0"},
    {.name = NULL}
};

static const char *nbeats_write(const tl__arch_site *site)
{
    const nbeats_settings *settings = site->settings;
    tl__arch_block list[TL__ARCH_BLOCKS];
    for (int64_t i = 0; i < settings->blocks; i++)
        list[i] = (tl__arch_block){.pool = 1, .knots = site->fit->series.horizon, .basis = TL__BASIS_IDENTITY};
    tl__arch_series(site);
    tl__arch_blocks(site, list, (size_t)settings->blocks, settings->level == 0);
    tl__arch_forecast(site);
    return NULL;
}

TL_PRIV const tl__member_head *tl__arch_nbeats(void)
{
    static const tl__arch arch = {
        .head = {.name = "nbeats",
                 .help = "N-BEATS, each series by itself with the same weights: `blocks` in a row, each of which puts "
                         "what is left of the series through `num_layers` (4) dense layers of `hidden_size` (512), "
                         "takes a backcast away from what is left and adds its forecast: x = x - B h(x), y = y + F "
                         "h(x). Oreshkin and others, 2020, the generic architecture.",
                 .rows = nbeats_rows, .settings_size = sizeof(nbeats_settings)},
        .input = TL__ARCH_FORECAST, .hidden_size = 512, .num_layers = 4, .write = nbeats_write
    };
    return &arch.head;
}
