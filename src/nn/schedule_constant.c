/* The rate as it is, or a share of it at the beginning (torch.optim.lr_scheduler.ConstantLR). */
#include "nn/schedule.h"
#include "nn/schedule_list.h"

typedef struct schedule_constant_settings {
    tl__schedule_common common;
    double factor;
    int64_t total_iters;
} schedule_constant_settings;

static void schedule_constant_at(const void *settings, double rate, int64_t index, int64_t total,
                                 const tl__schedule_state *state, tl__schedule_point *out)
{
    const schedule_constant_settings *constant = settings;
    (void)total, (void)state;
    out->learning_rate = index < constant->total_iters ? rate * constant->factor : rate;
}

static const tl__field schedule_constant_fields[] = {
    {.name = "factor", .kind = TL__FIELD_FLOAT, .flags = TL__RESULT,
     .offset = offsetof(schedule_constant_settings, factor),
     .fallback = 1.0, .max = 1e3, .help = "Share of the rate during total_iters"},
    {.name = "total_iters", .kind = TL__FIELD_INT, .flags = TL__RESULT,
     .offset = offsetof(schedule_constant_settings, total_iters), .max = 1e15, .unit = "epochs or steps",
     .help = "How long the factor holds"},
    TL__SCHEDULE_ROWS(schedule_constant_settings),
    {0}};

static const tl__schedule schedule_constant = {
    .head = {.name = "constant",
             .aliases = "none",
             .help = "The learning rate does not change (after a warm-up, if there is one).",
             .rows = schedule_constant_fields,
             .settings_size = sizeof(schedule_constant_settings)},
    .natural = TL__PER_EPOCH,
    .at = schedule_constant_at,
};

TL_PRIV const tl__member_head *tl__schedule_constant(void) { return &schedule_constant.head; }
