/* Mean squared error: e^2, e = output - target. */
#include "kernels/kernels.h"
#include "nn/loss.h"
#include "nn/loss_list.h"

typedef struct loss_mse_settings {
    tl__loss_common common;
} loss_mse_settings;

static inline float loss_mse_element(float e, float *slope)
{
    *slope = 2.0f * e;
    return e * e;
}

#define LOSS_ROWS loss_mse_rows
#define LOSS_SETTINGS loss_mse_settings
#define LOSS_ELEMENT(settings, e, slope) loss_mse_element(e, slope)
#include "nn/loss_element.inc.h"

static const tl__field loss_mse_fields[] = {TL__LOSS_REDUCTION_ROW(loss_mse_settings), {0}};

static const tl__loss loss_mse = {
    .head = {.name = "mse",
             .aliases = "mean_squared_error l2",
             .help = "Mean squared error: (output - target)^2, mean over all values.",
             .rows = loss_mse_fields,
             .settings_size = sizeof(loss_mse_settings)},
    .fits = TL__FITS_VALUES,
    .rows = loss_mse_rows,
    .per_element = true,
};

TL_PRIV const tl__member_head *tl__loss_mse(void) { return &loss_mse.head; }
