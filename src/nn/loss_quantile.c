/* Quantile (pinball) loss, Koenker and Bassett 1978: max(q*e, (q-1)*e), e = target - output. A target has an output per
 * quantile, next to each other: outputs are [rows, targets, quantiles]. */
#include "kernels/kernels.h"
#include "nn/loss.h"
#include "nn/loss_list.h"

typedef struct loss_quantile_settings {
    tl__loss_common common;
    tl__float_list quantiles;
} loss_quantile_settings;

/* A struct that was not filled from text (a board's) may leave the list empty: the same three as in the row. */
static tl__float_list loss_quantile_list(const loss_quantile_settings *settings)
{
    static const double usual[] = {0.1, 0.5, 0.9};
    if (settings && settings->quantiles.count > 0) return settings->quantiles;
    return (tl__float_list){TL_COUNT(usual), usual};
}

static const double *loss_quantile_levels(const void *settings, size_t *count)
{
    const tl__float_list list = loss_quantile_list(settings);
    *count = list.count;
    return list.items;
}

static size_t loss_quantile_width(const void *settings, size_t targets, bool classes)
{
    size_t width;
    (void)classes;
    return tl__size_mul(targets, loss_quantile_list(settings).count, &width) ? width : 0;
}

static void loss_quantile_rows(const tl__loss_call *call, size_t first, size_t end)
{
    const tl__float_list quantiles = loss_quantile_list(call->settings);
    const float scale = (float)call->scale;
    for (size_t i = first; i < end; i++) {
        const float *outputs = call->outputs + i * call->width;
        float *gradient = call->gradient ? call->gradient + i * call->width : NULL;
        const float weight = call->weights ? call->weights[i] : 1.0f, factor = scale * weight;
        double total = 0.0;
        for (size_t t = 0, at = 0; t < call->width / quantiles.count; t++) {
            const float target = call->targets[i * call->target_width + t];
            for (size_t k = 0; k < quantiles.count; k++, at++) {
                const float q = (float)quantiles.items[k], e = target - outputs[at];
                /* at e = 0 the middle of both slopes, as the maximum of two equal numbers has it */
                float slope = e > 0.0f ? -q : e < 0.0f ? 1.0f - q : e == 0.0f ? 0.5f - q : e;
                total += (double)(e > 0.0f ? q * e : (q - 1.0f) * e);
                if (gradient) gradient[at] = factor * slope;
            }
        }
        if (call->row_losses) call->row_losses[i] = weight * (float)total;
    }
}

static tl_status loss_quantile_check(const void *settings, size_t targets, bool classes, tl_error *error)
{
    const tl__float_list quantiles = loss_quantile_list(settings);
    (void)targets, (void)classes;
    for (size_t k = 1; k < quantiles.count; k++)
        if (!(quantiles.items[k - 1] < quantiles.items[k]))
            return tl__fail(error, TL_BAD_CONFIG,
                            "The quantiles of the loss must grow, but %g stands before %g; sort them.",
                            quantiles.items[k - 1], quantiles.items[k]);
    return TL_OK;
}

static const tl__field loss_quantile_fields[] = {
    {.name = "quantiles", .kind = TL__FIELD_FLOAT_LIST, .flags = TL__RESULT | TL__OPEN_MIN | TL__OPEN_MAX,
     .offset = offsetof(loss_quantile_settings, quantiles), .max = 1.0, .text = "[0.1, 0.5, 0.9]",
     .help = "Quantiles to predict, ascending; each target gets an output for each"},
    TL__LOSS_REDUCTION_ROW(loss_quantile_settings),
    {0}};

static const tl__loss loss_quantile = {
    .head = {.name = "quantile",
             .aliases = "pinball",
             .help = "Quantile (pinball) loss: max(q*e, (q-1)*e), e = target - output, mean over all targets and "
                     "quantiles. Koenker and Bassett, Regression Quantiles, 1978.",
             .rows = loss_quantile_fields,
             .settings_size = sizeof(loss_quantile_settings)},
    .fits = TL__FITS_VALUES,
    .width = loss_quantile_width,
    .rows = loss_quantile_rows,
    .per_element = true,
    .check = loss_quantile_check,
    .levels = loss_quantile_levels,
};

TL_PRIV const tl__member_head *tl__loss_quantile(void) { return &loss_quantile.head; }
