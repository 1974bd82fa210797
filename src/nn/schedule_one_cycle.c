/* One cycle (Smith and Topin, Super-Convergence, 2018): the rate climbs from max_lr / div_factor to max_lr, then falls
 * far below where it began, while the momentum goes the other way. As torch.optim.lr_scheduler.OneCycleLR. */
#include "base/math.h"
#include "nn/schedule.h"
#include "nn/schedule_list.h"

typedef struct schedule_one_cycle_settings {
    tl__schedule_common common;
    int64_t total_steps;
    double max_lr, pct_start, div_factor, final_div_factor, base_momentum, max_momentum;
    bool cycle_momentum, three_phase;
    int anneal;
} schedule_one_cycle_settings;

enum { SCHEDULE_ONE_CYCLE_COS, SCHEDULE_ONE_CYCLE_LINEAR };

static double schedule_one_cycle_between(const schedule_one_cycle_settings *cycle, double from, double to, double share)
{
    if (cycle->anneal == SCHEDULE_ONE_CYCLE_LINEAR) return from + (to - from) * share;
    return to + (from - to) / 2.0 * (tl__cos(TL__SCHEDULE_PI * share) + 1.0);
}

static void schedule_one_cycle_at(const void *settings, double rate, int64_t index, int64_t total,
                              const tl__schedule_state *state, tl__schedule_point *out)
{
    const schedule_one_cycle_settings *cycle = settings;
    const double length = (double)(cycle->total_steps > 0 ? cycle->total_steps : total);
    const double high = cycle->max_lr > 0.0 ? cycle->max_lr : rate, first = high / cycle->div_factor;
    const double last = first / cycle->final_div_factor, slow = cycle->max_momentum, quick = cycle->base_momentum;
    const struct { double end, rate, momentum; } turns[] = {
        {0.0, first, slow},
        {cycle->pct_start * length - 1.0, high, quick},
        {2.0 * cycle->pct_start * length - 2.0, first, slow},
        {length - 1.0, last, slow},
    };
    double now = (double)index < length - 1.0 ? (double)index : length - 1.0;
    size_t from = 0, to = 1;
    (void)state;
    while (to < 3 && now > turns[to].end) {
        from = to;
        to += to == 1 && !cycle->three_phase ? 2 : 1;
    }
    const double span = turns[to].end - turns[from].end, share = span > 0.0 ? (now - turns[from].end) / span : 1.0;
    out->learning_rate = schedule_one_cycle_between(cycle, turns[from].rate, turns[to].rate, share);
    if (cycle->cycle_momentum)
        out->momentum = schedule_one_cycle_between(cycle, turns[from].momentum, turns[to].momentum, share);
}

static const char *const schedule_one_cycle_anneals[] = {"cos", "linear", NULL};

static const tl__field schedule_one_cycle_fields[] = {
    {.name = "max_lr", .kind = TL__FIELD_FLOAT, .flags = TL__RESULT | TL__TUNE | TL__LOG,
     .offset = offsetof(schedule_one_cycle_settings, max_lr), .max = 1e6,
     .tune = "{min: 0.001, max: 0.1, scale: log}",
     .help = "The highest rate; 0: training.learning_rate"},
    {.name = "total_steps", .kind = TL__FIELD_INT, .flags = TL__RESULT,
     .offset = offsetof(schedule_one_cycle_settings, total_steps), .max = 1e15, .unit = "steps or epochs",
     .help = "Length of the cycle; 0: the whole run"},
    {.name = "pct_start", .kind = TL__FIELD_FLOAT, .flags = TL__RESULT | TL__TUNE | TL__OPEN_MIN | TL__OPEN_MAX,
     .offset = offsetof(schedule_one_cycle_settings, pct_start), .fallback = 0.3, .max = 1.0,
     .tune = "{min: 0.1, max: 0.5}",
     .help = "Share of the cycle in which the rate climbs"},
    {.name = "div_factor", .kind = TL__FIELD_FLOAT, .flags = TL__RESULT,
     .offset = offsetof(schedule_one_cycle_settings, div_factor), .fallback = 25.0, .min = 1.0, .max = 1e12,
     .help = "The first rate is max_lr divided by this"},
    {.name = "final_div_factor", .kind = TL__FIELD_FLOAT, .flags = TL__RESULT,
     .offset = offsetof(schedule_one_cycle_settings, final_div_factor), .fallback = 1e4, .min = 1.0, .max = 1e12,
     .help = "The last rate is the first one divided by this"},
    {.name = "cycle_momentum", .kind = TL__FIELD_BOOL, .flags = TL__RESULT,
     .offset = offsetof(schedule_one_cycle_settings, cycle_momentum), .fallback = 1.0,
     .help = "The momentum (beta1 of Adam's kind) falls while the rate climbs, and the other way round"},
    {.name = "base_momentum", .kind = TL__FIELD_FLOAT, .flags = TL__RESULT | TL__OPEN_MIN | TL__OPEN_MAX,
     .offset = offsetof(schedule_one_cycle_settings, base_momentum), .fallback = 0.85, .max = 1.0,
     .help = "Momentum at the highest rate"},
    {.name = "max_momentum", .kind = TL__FIELD_FLOAT, .flags = TL__RESULT | TL__OPEN_MIN | TL__OPEN_MAX,
     .offset = offsetof(schedule_one_cycle_settings, max_momentum), .fallback = 0.95, .max = 1.0,
     .help = "Momentum at the ends of the cycle"},
    {.name = "three_phase", .kind = TL__FIELD_BOOL, .flags = TL__RESULT,
     .offset = offsetof(schedule_one_cycle_settings, three_phase),
     .help = "Fall as symmetrically as it climbed, then to the last rate"},
    {.name = "anneal", .kind = TL__FIELD_CHOICE, .flags = TL__RESULT,
     .offset = offsetof(schedule_one_cycle_settings, anneal), .choices = schedule_one_cycle_anneals,
     .help = "Form of the ways up and down"},
    TL__SCHEDULE_ROWS(schedule_one_cycle_settings),
    {0}};

static const tl__schedule schedule_one_cycle = {
    .head = {.name = "one_cycle",
             .aliases = "onecycle",
             .help = "The rate climbs to max_lr and falls far below its start within one run; the momentum goes the "
                     "other way. Counts steps. As torch.optim.lr_scheduler.OneCycleLR; Smith and Topin, 2018.",
             .rows = schedule_one_cycle_fields,
             .settings_size = sizeof(schedule_one_cycle_settings)},
    .natural = TL__PER_STEP,
    .at = schedule_one_cycle_at,
};

TL_PRIV const tl__member_head *tl__schedule_one_cycle(void) { return &schedule_one_cycle.head; }
