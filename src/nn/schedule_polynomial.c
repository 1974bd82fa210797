/* rate * (1 - i / total)^power down to 0, as torch.optim.lr_scheduler.PolynomialLR; power 1 is a straight line. */
#include "base/math.h"
#include "nn/schedule.h"
#include "nn/schedule_list.h"

typedef struct schedule_polynomial_settings {
    tl__schedule_common common;
    int64_t total_iters;
    double power;
} schedule_polynomial_settings;

static void schedule_polynomial_at(const void *settings, double rate, int64_t index, int64_t total,
                                   const tl__schedule_state *state, tl__schedule_point *out)
{
    const schedule_polynomial_settings *polynomial = settings;
    const int64_t length = polynomial->total_iters > 0 ? polynomial->total_iters : total;
    (void)state;
    out->learning_rate =
        index < length ? rate * tl__pow(1.0 - (double)index / (double)length, polynomial->power) : 0.0;
}

static const tl__field schedule_polynomial_fields[] = {
    {.name = "total_iters", .kind = TL__FIELD_INT, .flags = TL__RESULT,
     .offset = offsetof(schedule_polynomial_settings, total_iters), .max = 1e15, .unit = "epochs or steps",
     .help = "How long the way down takes; 0: the whole run"},
    {.name = "power", .kind = TL__FIELD_FLOAT, .flags = TL__RESULT | TL__TUNE | TL__OPEN_MIN,
     .offset = offsetof(schedule_polynomial_settings, power), .fallback = 1.0, .max = 100.0,
     .help = "1: a straight line; larger: fast first"},
    TL__SCHEDULE_ROWS(schedule_polynomial_settings),
    {0}};

static const tl__schedule schedule_polynomial = {
    .head = {.name = "polynomial",
             .aliases = "linear",
             .help = "The rate falls to 0 as (1 - i / total_iters)^power. As torch.optim.lr_scheduler.PolynomialLR.",
             .rows = schedule_polynomial_fields,
             .settings_size = sizeof(schedule_polynomial_settings)},
    .natural = TL__PER_EPOCH,
    .at = schedule_polynomial_at,
};

TL_PRIV const tl__member_head *tl__schedule_polynomial(void) { return &schedule_polynomial.head; }
