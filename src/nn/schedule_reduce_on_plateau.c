/* The rate is cut when the monitored metric stops to improve, as torch.optim.lr_scheduler.ReduceLROnPlateau. The only
 * schedule with a memory (tl__schedule_state); a reduction is a product with what the rate was. */
#include "base/math.h"
#include "nn/schedule.h"
#include "nn/schedule_list.h"

typedef struct schedule_reduce_on_plateau_settings {
    tl__schedule_common common;
    int64_t patience, cooldown;
    double factor, min_lr, threshold;
    int mode, threshold_mode;
} schedule_reduce_on_plateau_settings;

enum { SCHEDULE_REDUCE_ON_PLATEAU_MIN, SCHEDULE_REDUCE_ON_PLATEAU_MAX };
enum { SCHEDULE_REDUCE_ON_PLATEAU_RELATIVE, SCHEDULE_REDUCE_ON_PLATEAU_ABSOLUTE };

static void schedule_reduce_on_plateau_at(const void *settings, double rate, int64_t index, int64_t total,
                                const tl__schedule_state *state, tl__schedule_point *out)
{
    (void)settings, (void)index, (void)total;
    out->learning_rate = state->reductions > 0 ? state->rate : rate;
}

/* NaN is no improvement. */
static bool schedule_reduce_on_plateau_better(const schedule_reduce_on_plateau_settings *plateau, double metric,
                                              double best)
{
    const bool absolute = plateau->threshold_mode == SCHEDULE_REDUCE_ON_PLATEAU_ABSOLUTE;
    if (best != best) return metric == metric;
    if (plateau->mode == SCHEDULE_REDUCE_ON_PLATEAU_MIN)
        return metric < (absolute ? best - plateau->threshold : best * (1.0 - plateau->threshold));
    return metric > (absolute ? best + plateau->threshold : best * (1.0 + plateau->threshold));
}

static void schedule_reduce_on_plateau_report(const void *settings, double rate, double metric,
                                              tl__schedule_state *state)
{
    const schedule_reduce_on_plateau_settings *plateau = settings;
    if (schedule_reduce_on_plateau_better(plateau, metric, state->best)) {
        state->best = metric;
        state->bad = 0;
    } else {
        state->bad++;
    }
    if (state->cooldown > 0) {
        state->cooldown--;
        state->bad = 0;
    }
    if (state->bad <= plateau->patience) return;
    const double old = state->reductions > 0 ? state->rate : rate;
    double new = old * plateau->factor;
    if (new < plateau->min_lr) new = plateau->min_lr;
    if (old - new > 1e-8) {
        state->rate = new;
        state->reductions++;
    }
    state->cooldown = plateau->cooldown;
    state->bad = 0;
}

static const char *const schedule_reduce_on_plateau_modes[] = {"min", "max", NULL};
static const char *const schedule_reduce_on_plateau_thresholds[] = {"rel", "abs", NULL};

static const tl__field schedule_reduce_on_plateau_fields[] = {
    {.name = "patience", .kind = TL__FIELD_INT, .flags = TL__RESULT | TL__LIVE | TL__TUNE,
     .offset = offsetof(schedule_reduce_on_plateau_settings, patience), .fallback = 5, .max = 1e9, .unit = "epochs",
     .tune = "{min: 2, max: 20, scale: log}",
     .help = "How many epochs without improvement are waited for"},
    {.name = "factor", .kind = TL__FIELD_FLOAT, .flags = TL__RESULT | TL__TUNE | TL__OPEN_MIN | TL__OPEN_MAX,
     .offset = offsetof(schedule_reduce_on_plateau_settings, factor), .fallback = 0.5, .max = 1.0,
     .tune = "{min: 0.1, max: 0.8}",
     .help = "Factor of the rate at each reduction"},
    {.name = "min_lr", .kind = TL__FIELD_FLOAT, .flags = TL__RESULT,
     .offset = offsetof(schedule_reduce_on_plateau_settings, min_lr), .fallback = 1e-6, .max = 1e6,
     .help = "The lowest rate"},
    {.name = "threshold", .kind = TL__FIELD_FLOAT, .flags = TL__RESULT,
     .offset = offsetof(schedule_reduce_on_plateau_settings, threshold), .fallback = 1e-4, .max = 1e30,
     .help = "What counts as an improvement"},
    {.name = "threshold_mode", .kind = TL__FIELD_CHOICE, .flags = TL__RESULT,
     .offset = offsetof(schedule_reduce_on_plateau_settings, threshold_mode),
     .choices = schedule_reduce_on_plateau_thresholds,
     .help = "Is the threshold a share of the best value or a difference from it"},
    {.name = "cooldown", .kind = TL__FIELD_INT, .flags = TL__RESULT,
     .offset = offsetof(schedule_reduce_on_plateau_settings, cooldown), .max = 1e9, .unit = "epochs",
     .help = "How long after a reduction nothing is counted"},
    {.name = "mode", .kind = TL__FIELD_CHOICE, .flags = TL__RESULT,
     .offset = offsetof(schedule_reduce_on_plateau_settings, mode), .choices = schedule_reduce_on_plateau_modes,
     .help = "Is the metric better when it is smaller (min) or larger (max)"},
    TL__SCHEDULE_ROWS(schedule_reduce_on_plateau_settings),
    {0}};

static const tl__schedule schedule_reduce_on_plateau = {
    .head = {.name = "reduce_on_plateau",
             .aliases = "plateau",
             .help = "The rate is multiplied by factor when the monitored metric has not improved for patience epochs. "
                     "As torch.optim.lr_scheduler.ReduceLROnPlateau.",
             .rows = schedule_reduce_on_plateau_fields,
             .settings_size = sizeof(schedule_reduce_on_plateau_settings)},
    .natural = TL__PER_EPOCH,
    .at = schedule_reduce_on_plateau_at,
    .report = schedule_reduce_on_plateau_report,
};

TL_PRIV const tl__member_head *tl__schedule_reduce_on_plateau(void) { return &schedule_reduce_on_plateau.head; }
