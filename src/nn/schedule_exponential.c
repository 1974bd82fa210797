/* rate * gamma^i, as torch.optim.lr_scheduler.ExponentialLR. */
#include "base/math.h"
#include "nn/schedule.h"
#include "nn/schedule_list.h"

typedef struct schedule_exponential_settings {
    tl__schedule_common common;
    double gamma;
} schedule_exponential_settings;

static void schedule_exponential_at(const void *settings, double rate, int64_t index, int64_t total,
                                    const tl__schedule_state *state, tl__schedule_point *out)
{
    (void)total, (void)state;
    out->learning_rate = rate * tl__pow(((const schedule_exponential_settings *)settings)->gamma, (double)index);
}

static const tl__field schedule_exponential_fields[] = {TL__SCHEDULE_GAMMA_ROW(schedule_exponential_settings, 0.95),
                                                        TL__SCHEDULE_ROWS(schedule_exponential_settings),
                                                        {0}};

static const tl__schedule schedule_exponential = {
    .head = {.name = "exponential",
             .help = "The rate is multiplied by gamma after each epoch. As torch.optim.lr_scheduler.ExponentialLR.",
             .rows = schedule_exponential_fields,
             .settings_size = sizeof(schedule_exponential_settings)},
    .natural = TL__PER_EPOCH,
    .at = schedule_exponential_at,
};

TL_PRIV const tl__member_head *tl__schedule_exponential(void) { return &schedule_exponential.head; }
