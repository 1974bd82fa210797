/* Half a cosine from the rate down to eta_min over t_max, then up again, as torch.optim.lr_scheduler.CosineAnnealingLR
 * (Loshchilov and Hutter, 2017). */
#include "base/math.h"
#include "nn/schedule.h"
#include "nn/schedule_list.h"

typedef struct schedule_cosine_annealing_settings {
    tl__schedule_common common;
    int64_t t_max;
    double eta_min;
} schedule_cosine_annealing_settings;

static void schedule_cosine_annealing_at(const void *settings, double rate, int64_t index, int64_t total,
                               const tl__schedule_state *state, tl__schedule_point *out)
{
    const schedule_cosine_annealing_settings *cosine = settings;
    const int64_t half = cosine->t_max > 0 ? cosine->t_max : total;
    (void)state;
    /* the angle within one period, so that it stays exact however long the run */
    const double angle = TL__SCHEDULE_PI * (double)(index % (2 * half)) / (double)half;
    out->learning_rate = cosine->eta_min + (rate - cosine->eta_min) * ((1.0 + tl__cos(angle)) / 2.0);
}

static const tl__field schedule_cosine_annealing_fields[] = {
    {.name = "t_max", .kind = TL__FIELD_INT, .flags = TL__RESULT | TL__TUNE,
     .offset = offsetof(schedule_cosine_annealing_settings, t_max), .fallback = 100, .max = 1e15,
     .unit = "epochs or steps", .help = "How long the way down takes; 0: the whole run"},
    {.name = "eta_min", .kind = TL__FIELD_FLOAT, .flags = TL__RESULT,
     .offset = offsetof(schedule_cosine_annealing_settings, eta_min), .fallback = 1e-6, .max = 1e6,
     .help = "The lowest rate"},
    TL__SCHEDULE_ROWS(schedule_cosine_annealing_settings),
    {0}};

static const tl__schedule schedule_cosine_annealing = {
    .head = {.name = "cosine_annealing",
             .aliases = "cosine",
             .help = "The rate falls to eta_min along half a cosine over t_max epochs: eta_min + (rate - eta_min) * (1 "
                     "+ cos(pi * i / t_max)) / 2. As torch.optim.lr_scheduler.CosineAnnealingLR.",
             .rows = schedule_cosine_annealing_fields,
             .settings_size = sizeof(schedule_cosine_annealing_settings)},
    .natural = TL__PER_EPOCH,
    .at = schedule_cosine_annealing_at,
};

TL_PRIV const tl__member_head *tl__schedule_cosine_annealing(void) { return &schedule_cosine_annealing.head; }
