/* Log-cosh: log(cosh(e)), written as |e| + log(1 + exp(-2|e|)) - log 2, which does not overflow. Below |e| = 1/32 that
 * difference would lose the digits that count, so a series takes over: e^2/2 - e^4/12 + e^6/45 (next term under
 * 2^-24). */
#include "kernels/kernels.h"
#include "nn/loss.h"
#include "nn/loss_list.h"

typedef struct loss_log_cosh_settings {
    tl__loss_common common;
} loss_log_cosh_settings;

/* tail: log(1 + exp(-2|e|)). */
static float loss_log_cosh_element(float e, float tail)
{
    const float size = tl__absf(e), square = e * e;
    if (size < 0.03125f) return square * (0.5f - square * (0x1.555556p-4f - square * 0x1.6c16c2p-6f));
    return (size - 0x1.62e43p-1f) + tail;
}

static void loss_log_cosh_rows(const tl__loss_call *call, size_t first, size_t end)
{
    enum { LOSS_CHUNK = 64 };
    const float scale = (float)call->scale;
    float total = 0.0f;
    for (size_t at = first * call->width, i = first, j = 0; at < end * call->width; at += LOSS_CHUNK) {
        const size_t count = tl__size_min(LOSS_CHUNK, end * call->width - at);
        float e[LOSS_CHUNK], tail[LOSS_CHUNK], slope[LOSS_CHUNK];
        for (size_t k = 0; k < count; k++) {
            e[k] = call->outputs[at + k] - call->targets[at + k];
            tail[k] = -2.0f * tl__absf(e[k]);
        }
        call->kernels->activate(TL__SOFTPLUS, 1.0f, 0.0f, tail, tail, count);
        call->kernels->activate(TL__TANH, 0.0f, 0.0f, slope, e, count);
        for (size_t k = 0; k < count; k++) {
            const float weight = call->weights ? call->weights[i] : 1.0f;
            total += loss_log_cosh_element(e[k], tail[k]);
            if (call->gradient) call->gradient[at + k] = scale * weight * slope[k];
            if (++j < call->width) continue;
            if (call->row_losses) call->row_losses[i] = weight * total;
            total = 0.0f;
            i++;
            j = 0;
        }
    }
}

static const tl__field loss_log_cosh_fields[] = {TL__LOSS_REDUCTION_ROW(loss_log_cosh_settings), {0}};

static const tl__loss loss_log_cosh = {
    .head = {.name = "log_cosh",
             .aliases = "logcosh",
             .help = "Logarithm of the hyperbolic cosine of the error: like mse for small errors, like mae for large "
                     "ones; mean over all values.",
             .rows = loss_log_cosh_fields,
             .settings_size = sizeof(loss_log_cosh_settings)},
    .fits = TL__FITS_VALUES,
    .rows = loss_log_cosh_rows,
    .per_element = true,
};

TL_PRIV const tl__member_head *tl__loss_log_cosh(void) { return &loss_log_cosh.head; }
