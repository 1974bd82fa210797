/* rate * gamma^floor(i / step_size), as torch.optim.lr_scheduler.StepLR. */
#include "base/math.h"
#include "nn/schedule.h"
#include "nn/schedule_list.h"

typedef struct schedule_step_settings {
    tl__schedule_common common;
    int64_t step_size;
    double gamma;
} schedule_step_settings;

static void schedule_step_at(const void *settings, double rate, int64_t index, int64_t total,
                             const tl__schedule_state *state, tl__schedule_point *out)
{
    const schedule_step_settings *step = settings;
    (void)total, (void)state;
    out->learning_rate = rate * tl__pow(step->gamma, (double)(index / step->step_size));
}

static const tl__field schedule_step_fields[] = {
    {.name = "step_size", .kind = TL__FIELD_INT, .flags = TL__RESULT | TL__TUNE,
     .offset = offsetof(schedule_step_settings, step_size), .fallback = 30, .min = 1, .max = 1e15,
     .unit = "epochs or steps",
     .tune = "{min: 5, max: 50, scale: log}",
     .help = "How long the rate stays before it is reduced"},
    TL__SCHEDULE_GAMMA_ROW(schedule_step_settings, 0.1),
    TL__SCHEDULE_ROWS(schedule_step_settings),
    {0}};

static const tl__schedule schedule_step = {
    .head = {.name = "step",
             .help = "The rate is multiplied by gamma each step_size epochs. As torch.optim.lr_scheduler.StepLR.",
             .rows = schedule_step_fields,
             .settings_size = sizeof(schedule_step_settings)},
    .natural = TL__PER_EPOCH,
    .at = schedule_step_at,
};

TL_PRIV const tl__member_head *tl__schedule_step(void) { return &schedule_step.head; }
