/* Mean absolute error: |e|, e = output - target. The slope at 0 is 0. */
#include "kernels/kernels.h"
#include "nn/loss.h"
#include "nn/loss_list.h"

typedef struct loss_mae_settings {
    tl__loss_common common;
} loss_mae_settings;

static inline float loss_mae_element(float e, float *slope)
{
    *slope = e > 0.0f ? 1.0f : e < 0.0f ? -1.0f : e;   /* e itself: 0, or NaN handed on */
    return tl__absf(e);
}

#define LOSS_ROWS loss_mae_rows
#define LOSS_SETTINGS loss_mae_settings
#define LOSS_ELEMENT(settings, e, slope) loss_mae_element(e, slope)
#include "nn/loss_element.inc.h"

static const tl__field loss_mae_fields[] = {TL__LOSS_REDUCTION_ROW(loss_mae_settings), {0}};

static const tl__loss loss_mae = {
    .head = {.name = "mae",
             .aliases = "mean_absolute_error l1",
             .help = "Mean absolute error: |output - target|, mean over all values. Outliers weigh less than in mse.",
             .rows = loss_mae_fields,
             .settings_size = sizeof(loss_mae_settings)},
    .fits = TL__FITS_VALUES,
    .rows = loss_mae_rows,
    .per_element = true,
};

TL_PRIV const tl__member_head *tl__loss_mae(void) { return &loss_mae.head; }
