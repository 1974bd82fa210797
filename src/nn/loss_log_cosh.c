/* Log-cosh: log(cosh(e)), written as |e| + log(1 + exp(-2|e|)) - log 2, which does not overflow. Below |e| = 1/32 that
 * difference would lose the digits that count, so a series takes over: e^2/2 - e^4/12 + e^6/45 (next term under 2^-24). */
#include "kernels/kernels.h"
#include "nn/loss.h"
#include "nn/loss_list.h"

typedef struct loss_log_cosh_settings {
    tl__loss_common common;
} loss_log_cosh_settings;

static inline float loss_log_cosh_element(float e, float *slope)
{
    float size = tl__absf(e);
    *slope = tl__tanhf(e);
    if (size < 0.03125f) {
        float square = e * e;
        return square * (0.5f - square * (0x1.555556p-4f - square * 0x1.6c16c2p-6f));
    }
    return (size - 0x1.62e43p-1f) + tl__log1pf(tl__expf(-2.0f * size));
}

#define LOSS_ROWS loss_log_cosh_rows
#define LOSS_SETTINGS loss_log_cosh_settings
#define LOSS_ELEMENT(settings, e, slope) loss_log_cosh_element(e, slope)
#include "nn/loss_element.inc.h"

static const tl__field loss_log_cosh_fields[] = {TL__LOSS_REDUCTION_ROW(loss_log_cosh_settings), {0}};

static const tl__loss loss_log_cosh = {
    .head = {.name = "log_cosh",
             .aliases = "logcosh",
             .help = "Logarithm of the hyperbolic cosine of the error: like mse for small errors, like mae for large ones; "
                     "mean over all values.",
             .rows = loss_log_cosh_fields,
             .settings_size = sizeof(loss_log_cosh_settings)},
    .fits = TL__FITS_VALUES,
    .rows = loss_log_cosh_rows,
    .per_element = true,
};

TL_PRIV const tl__member_head *tl__loss_log_cosh(void) { return &loss_log_cosh.head; }
