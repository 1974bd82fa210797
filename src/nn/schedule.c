/* The family of schedules; the warm-up that may stand in front of any of them. */
#include "nn/schedule.h"
#include "base/math.h"
#include "nn/schedule_list.h"

static tl__member_fn *const schedule_members[] = {
#define TL__X(name) tl__schedule_##name,
    TL__SCHEDULES(TL__X)
#undef TL__X
};
static const tl__family schedule_family = {"schedule", schedule_members, TL_COUNT(schedule_members)};

TL_PRIV const tl__family *tl__schedule_family(void) { return &schedule_family; }

TL_PRIV const tl__schedule *tl__schedule_find(const char *name, tl_error *error)
{
    return (const tl__schedule *)(const void *)tl__family_find(&schedule_family, name, NULL, 0, 0,
                                                               "training.lr_scheduler",
                                                              error);
}

TL_PRIV void tl__schedule_start(tl__schedule_state *state)
{
    *state = (tl__schedule_state){.best = tl__nan_d()};
}

TL_PRIV void tl__schedule_at(const tl__schedule *schedule, const void *settings, const tl__schedule_time *time,
                             const tl__schedule_state *state, tl__schedule_point *out)
{
    const tl__schedule_common *common = settings;
    const bool steps = (common->per == TL__PER_AUTO ? schedule->natural : common->per) == TL__PER_STEP;
    const int64_t index = steps ? time->step : time->epoch, total = steps ? time->steps : time->epochs;
    const int64_t after = index < common->warmup ? 0 : index - common->warmup;
    out->momentum = 0.0;
    schedule->at(settings, time->learning_rate, after, total > common->warmup ? total - common->warmup : 1, state, out);
    if (index < common->warmup)
        out->learning_rate *= common->warmup_start +
                              (1.0 - common->warmup_start) * ((double)index / (double)common->warmup);
}

TL_PRIV void tl__schedule_report(const tl__schedule *schedule, const void *settings, double learning_rate,
                                 double metric,
                                 tl__schedule_state *state)
{
    if (schedule->report) schedule->report(settings, learning_rate, metric, state);
}

TL_PRIV tl_status tl__schedule_check(const tl__schedule *schedule, const void *settings, tl_error *error)
{
    return schedule->check ? schedule->check(settings, error) : TL_OK;
}
