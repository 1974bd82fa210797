/* Softmax cross entropy over class numbers, with class weights and label smoothing; the arithmetic is the kernels'
 * fused softmax and loss. A row with class t, weights w and smoothing s over K classes costs (1-s) * w_t * -log p_t +
 * s/K * sum over k of w_k * -log p_k; the mean divides by the sum of w_t, as PyTorch has it. */
#include "kernels/kernels.h"
#include "nn/loss.h"
#include "nn/loss_list.h"

typedef struct loss_cross_entropy_settings {
    tl__loss_common common;
    double label_smoothing;
} loss_cross_entropy_settings;

static void loss_cross_entropy_rows(const tl__loss_call *call, size_t first, size_t end)
{
    enum { LOSS_CHUNK = 64 };
    const loss_cross_entropy_settings *settings = call->settings;
    const float invalid = tl__nan();
    for (size_t i = first; i < end; i += LOSS_CHUNK) {
        int32_t classes[LOSS_CHUNK];
        float losses[LOSS_CHUNK];
        size_t rows = tl__size_min(LOSS_CHUNK, end - i);
        for (size_t r = 0; r < rows; r++) classes[r] = tl__loss_class(call->targets[i + r], call->width);
        tl__cross_entropy kernel = {
            .rows = rows,
            .columns = call->width,
            .x = call->outputs + i * call->width,
            .classes = classes,
            .class_weights = settings->common.weights,
            .row_weights = call->weights ? call->weights + i : NULL,
            .smoothing = (float)settings->label_smoothing,
            .gradient_scale = (float)call->scale,
            .loss = call->row_losses ? call->row_losses + i : losses,
            .gradient = call->gradient ? call->gradient + i * call->width : NULL,
        };
        call->kernels->cross_entropy(&kernel);
        for (size_t r = 0; r < rows; r++)
            if (classes[r] == -2) kernel.loss[r] = invalid;
    }
}

static tl_status loss_cross_entropy_check(const void *settings, size_t targets, bool classes, tl_error *error)
{
    (void)settings;
    if (classes && targets < 2)
        return tl__fail(error, TL_BAD_DATA,
                        "The target has one class only, so there is nothing to learn; check data.target and the rows.");
    return TL_OK;
}

static const tl__field loss_cross_entropy_fields[] = {
    {.name = "label_smoothing", .kind = TL__FIELD_FLOAT, .flags = TL__RESULT | TL__TUNE | TL__OPEN_MAX,
     .offset = offsetof(loss_cross_entropy_settings, label_smoothing), .max = 1.0,
     .tune = "{min: 0, max: 0.3}",
     .help = "Share of the target's probability that is spread evenly over all classes"},
    TL__LOSS_WEIGHTS_ROW(loss_cross_entropy_settings),
    TL__LOSS_REDUCTION_ROW(loss_cross_entropy_settings),
    {0}};

static const tl__loss loss_cross_entropy = {
    .head = {.name = "cross_entropy",
             .aliases = "ce categorical_cross_entropy crossentropy",
             .help = "Softmax cross entropy: -log of the true class's probability, times its class weight; the mean "
                     "divides by the sum of these weights. Label smoothing: Szegedy et al., 2016.",
             .rows = loss_cross_entropy_fields,
             .settings_size = sizeof(loss_cross_entropy_settings)},
    .fits = TL__FITS_CLASSES,
    .link = TL__LINK_SOFTMAX,
    .rows = loss_cross_entropy_rows,
    .weighted_mean = true,
    .check = loss_cross_entropy_check,
};

TL_PRIV const tl__member_head *tl__loss_cross_entropy(void) { return &loss_cross_entropy.head; }
