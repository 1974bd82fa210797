/* Cosines from the rate down to eta_min, each starting anew and t_mult times as long as the one before (Loshchilov and
 * Hutter, SGDR, 2017), as torch.optim.lr_scheduler.CosineAnnealingWarmRestarts. */
#include "base/math.h"
#include "nn/schedule.h"
#include "nn/schedule_list.h"

typedef struct schedule_warm_restarts_settings {
    tl__schedule_common common;
    int64_t t_0, t_mult;
    double eta_min;
} schedule_warm_restarts_settings;

static void schedule_warm_restarts_at(const void *settings, double rate, int64_t index, int64_t total,
                                 const tl__schedule_state *state, tl__schedule_point *out)
{
    const schedule_warm_restarts_settings *restarts = settings;
    int64_t length = restarts->t_0, at = index;
    (void)total, (void)state;
    if (restarts->t_mult == 1) at %= length;
    while (at >= length) {
        at -= length;
        length *= restarts->t_mult;
    }
    const double angle = TL__SCHEDULE_PI * (double)at / (double)length;
    out->learning_rate = restarts->eta_min + (rate - restarts->eta_min) * ((1.0 + tl__cos(angle)) / 2.0);
}

static const tl__field schedule_warm_restarts_fields[] = {
    {.name = "t_0", .kind = TL__FIELD_INT, .flags = TL__RESULT | TL__TUNE,
     .offset = offsetof(schedule_warm_restarts_settings, t_0), .fallback = 10, .min = 1, .max = 1e9,
     .unit = "epochs or steps",
     .tune = "{min: 5, max: 50, scale: log}",
     .help = "Length of the first cosine"},
    {.name = "t_mult", .kind = TL__FIELD_INT, .flags = TL__RESULT,
     .offset = offsetof(schedule_warm_restarts_settings, t_mult), .fallback = 1, .min = 1, .max = 1000,
     .help = "How many times longer each cosine is than the one before"},
    {.name = "eta_min", .kind = TL__FIELD_FLOAT, .flags = TL__RESULT,
     .offset = offsetof(schedule_warm_restarts_settings, eta_min), .max = 1e6, .help = "The lowest rate"},
    TL__SCHEDULE_ROWS(schedule_warm_restarts_settings),
    {0}};

static const tl__schedule schedule_warm_restarts = {
    .head = {.name = "warm_restarts",
             .aliases = "cosine_warm_restarts cosine_annealing_warm_restarts",
             .help = "Cosine annealing that starts anew after t_0 epochs, then after t_mult times as many. As "
                     "torch.optim.lr_scheduler.CosineAnnealingWarmRestarts.",
             .rows = schedule_warm_restarts_fields,
             .settings_size = sizeof(schedule_warm_restarts_settings)},
    .natural = TL__PER_EPOCH,
    .at = schedule_warm_restarts_at,
};

TL_PRIV const tl__member_head *tl__schedule_warm_restarts(void) { return &schedule_warm_restarts.head; }
