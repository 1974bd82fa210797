/* Smooth L1 (Girshick, Fast R-CNN, 2015): Huber's loss divided by its delta; beta 0 is the absolute error. */
#include "kernels/kernels.h"
#include "nn/loss.h"
#include "nn/loss_list.h"

typedef struct loss_smooth_l1_settings {
    tl__loss_common common;
    double beta;
} loss_smooth_l1_settings;

static inline float loss_smooth_l1_element(float beta, float e, float *slope)
{
    float size = tl__absf(e);
    if (size < beta) {
        *slope = e / beta;
        return 0.5f * e * e / beta;
    }
    *slope = e > 0.0f ? 1.0f : e < 0.0f ? -1.0f : e;
    return size - 0.5f * beta;
}

#define LOSS_ROWS loss_smooth_l1_rows
#define LOSS_SETTINGS loss_smooth_l1_settings
#define LOSS_ELEMENT(settings, e, slope) loss_smooth_l1_element((float)(settings)->beta, e, slope)
#include "nn/loss_element.inc.h"

static const tl__field loss_smooth_l1_fields[] = {
    {.name = "beta", .kind = TL__FIELD_FLOAT, .flags = TL__RESULT | TL__TUNE,
     .offset = offsetof(loss_smooth_l1_settings, beta), .fallback = 1.0, .max = 1e30,
     .tune = "{min: 0.1, max: 10, scale: log}",
     .help = "Size of an error from which the loss is straight; 0: mae"},
    TL__LOSS_REDUCTION_ROW(loss_smooth_l1_settings),
    {0}};

static const tl__loss loss_smooth_l1 = {
    .head = {.name = "smooth_l1",
             .help = "Smooth L1: e^2 / (2 beta) for |e| < beta, else |e| - beta / 2, e = output - target; mean over "
                     "all values. Girshick, Fast R-CNN, 2015.",
             .rows = loss_smooth_l1_fields,
             .settings_size = sizeof(loss_smooth_l1_settings)},
    .fits = TL__FITS_VALUES,
    .rows = loss_smooth_l1_rows,
    .per_element = true,
};

TL_PRIV const tl__member_head *tl__loss_smooth_l1(void) { return &loss_smooth_l1.head; }
