/* Kullback-Leibler divergence from target probabilities to a softmax: sum of t * (log t - log p), terms with t = 0
 * count 0. With `logits: false` the outputs are log-probabilities already, as torch.nn.KLDivLoss takes them. */
#include "kernels/kernels.h"
#include "nn/loss.h"
#include "nn/loss_list.h"

typedef struct loss_kl_div_settings {
    tl__loss_common common;
    bool logits;
} loss_kl_div_settings;

static void loss_kl_div_rows(const tl__loss_call *call, size_t first, size_t end)
{
    const loss_kl_div_settings *settings = call->settings;
    const float scale = (float)call->scale;
    for (size_t i = first; i < end; i++) {
        const float *outputs = call->outputs + i * call->width, *targets = call->targets + i * call->width;
        float *gradient = call->gradient ? call->gradient + i * call->width : NULL;
        const float weight = call->weights ? call->weights[i] : 1.0f, factor = scale * weight;
        float norm = 0.0f;
        double total = 0.0, mass = 0.0;
        if (settings->logits) call->kernels->logsumexp(&norm, outputs, 1, call->width);
        for (size_t j = 0; j < call->width; j++) {
            mass += (double)targets[j];
            if (targets[j] > 0.0f) total += (double)(targets[j] * (tl__logf(targets[j]) - (outputs[j] - norm)));
        }
        for (size_t j = 0; gradient && j < call->width; j++)
            gradient[j] =
                factor * ((settings->logits ? (float)mass * tl__expf(outputs[j] - norm) : 0.0f) - targets[j]);
        if (call->row_losses) call->row_losses[i] = weight * (float)total;
    }
}

static const tl__field loss_kl_div_fields[] = {
    {.name = "logits", .kind = TL__FIELD_BOOL, .flags = TL__RESULT, .offset = offsetof(loss_kl_div_settings, logits),
     .fallback = 1.0, .help = "Outputs are raw scores; false: they are logarithms of probabilities"},
    TL__LOSS_REDUCTION_ROW(loss_kl_div_settings),
    {0}};

static const tl__loss loss_kl_div = {
    .head = {.name = "kl_div",
             .aliases = "kullback_leibler",
             .help = "Kullback-Leibler divergence from the target's probabilities to the softmax of the outputs: "
                     "t * (log t - log p), mean over all values as in torch.nn.KLDivLoss.",
             .rows = loss_kl_div_fields,
             .settings_size = sizeof(loss_kl_div_settings)},
    .fits = TL__FITS_VALUES,
    .link = TL__LINK_SOFTMAX,
    .rows = loss_kl_div_rows,
    .per_element = true,
};

TL_PRIV const tl__member_head *tl__loss_kl_div(void) { return &loss_kl_div.head; }
