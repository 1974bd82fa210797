/* Huber (1964): e^2 / 2 up to |e| = delta, then straight with slope delta. */
#include "kernels/kernels.h"
#include "nn/loss.h"
#include "nn/loss_list.h"

typedef struct loss_huber_settings {
    tl__loss_common common;
    double delta;
} loss_huber_settings;

static inline float loss_huber_element(float delta, float e, float *slope)
{
    float size = tl__absf(e);
    if (size > delta) {
        *slope = e > 0.0f ? delta : -delta;
        return delta * (size - 0.5f * delta);
    }
    *slope = e;
    return 0.5f * e * e;
}

#define LOSS_ROWS loss_huber_rows
#define LOSS_SETTINGS loss_huber_settings
#define LOSS_ELEMENT(settings, e, slope) loss_huber_element((float)(settings)->delta, e, slope)
#include "nn/loss_element.inc.h"

static const tl__field loss_huber_fields[] = {
    {.name = "delta", .kind = TL__FIELD_FLOAT, .flags = TL__RESULT | TL__TUNE | TL__LOG | TL__OPEN_MIN,
     .offset = offsetof(loss_huber_settings, delta), .fallback = 1.0, .max = 1e30,
     .tune = "{min: 0.1, max: 10, scale: log}",
     .help = "Size of an error from which the loss grows straight"},
    TL__LOSS_REDUCTION_ROW(loss_huber_settings),
    {0}};

static const tl__loss loss_huber = {
    .head = {.name = "huber",
             .help = "Huber's loss: e^2 / 2 for |e| <= delta, else delta * (|e| - delta / 2), e = output - target; "
                     "mean over all values. Huber, Robust Estimation of a Location Parameter, 1964.",
             .rows = loss_huber_fields,
             .settings_size = sizeof(loss_huber_settings)},
    .fits = TL__FITS_VALUES,
    .rows = loss_huber_rows,
    .per_element = true,
};

TL_PRIV const tl__member_head *tl__loss_huber(void) { return &loss_huber.head; }
