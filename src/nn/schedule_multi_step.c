/* rate * gamma^(milestones passed), as torch.optim.lr_scheduler.MultiStepLR. */
#include "base/math.h"
#include "nn/schedule.h"
#include "nn/schedule_list.h"

typedef struct schedule_multi_step_settings {
    tl__schedule_common common;
    tl__int_list milestones;
    double gamma;
} schedule_multi_step_settings;

static void schedule_multi_step_at(const void *settings, double rate, int64_t index, int64_t total,
                              const tl__schedule_state *state, tl__schedule_point *out)
{
    const schedule_multi_step_settings *multi = settings;
    size_t passed = 0;
    (void)total, (void)state;
    while (passed < multi->milestones.count && multi->milestones.items[passed] <= index) passed++;
    out->learning_rate = rate * tl__pow(multi->gamma, (double)passed);
}

static tl_status schedule_multi_step_check(const void *settings, tl_error *error)
{
    const tl__int_list milestones = ((const schedule_multi_step_settings *)settings)->milestones;
    for (size_t i = 1; i < milestones.count; i++)
        if (milestones.items[i] <= milestones.items[i - 1])
            return tl__fail(error, TL_BAD_CONFIG,
                            "The milestones of the schedule must grow, but %lld stands before %lld; sort them.",
                            (long long)milestones.items[i - 1], (long long)milestones.items[i]);
    return TL_OK;
}

static const tl__field schedule_multi_step_fields[] = {
    {.name = "milestones", .kind = TL__FIELD_INT_LIST, .flags = TL__RESULT,
     .offset = offsetof(schedule_multi_step_settings, milestones), .min = 1, .max = 1e15, .text = "[30, 80]",
     .unit = "epochs or steps", .help = "When the rate is reduced, ascending"},
    TL__SCHEDULE_GAMMA_ROW(schedule_multi_step_settings, 0.1),
    TL__SCHEDULE_ROWS(schedule_multi_step_settings),
    {0}};

static const tl__schedule schedule_multi_step = {
    .head = {.name = "multi_step",
             .aliases = "multistep",
             .help = "The rate is multiplied by gamma at each milestone. As torch.optim.lr_scheduler.MultiStepLR.",
             .rows = schedule_multi_step_fields,
             .settings_size = sizeof(schedule_multi_step_settings)},
    .natural = TL__PER_EPOCH,
    .at = schedule_multi_step_at,
    .check = schedule_multi_step_check,
};

TL_PRIV const tl__member_head *tl__schedule_multi_step(void) { return &schedule_multi_step.head; }
