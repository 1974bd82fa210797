/* Several losses side by side, each over columns of its own of outputs and targets: the loss of a network with several
 * heads. A row's loss is the sum of weight * mean of the head's elements, so the weights say how much each head counts,
 * however many values it has; the mean is over rows (also where a head weighs classes). Not in the list of losses:
 * train/bind.c makes it from `heads`. */
#include "kernels/kernels.h"
#include "nn/loss.h"

/* A head's loss of one step of a row, and its gradient. Outputs and targets begin at this step's. */
static float head_losses_one(const tl__loss_call *call, const tl__head_loss *head, size_t row, size_t output,
                             size_t target, double share)
{
    float loss = 0.0f;
    tl__loss_call own = {.kernels = call->kernels,
                         .settings = head->settings,
                         .outputs = call->outputs + output + head->first,
                         .width = head->width,
                         .targets = call->targets + target + head->target,
                         .target_width = head->classes ? 0 : head->targets,
                         .weights = call->weights ? call->weights + row : NULL,
                         .scale = call->scale * share,
                         .gradient = call->gradient ? call->gradient + output + head->first : NULL,
                         .row_losses = call->row_losses ? &loss : NULL};
    head->loss->rows(&own, 0, 1);
    return (float)share * loss;
}

static void head_losses_rows(const tl__loss_call *call, size_t first, size_t end)
{
    const tl__heads_settings *settings = call->settings;
    size_t steps = settings->steps, outputs = call->width / steps, targets = call->target_width / steps;
    for (size_t i = first; i < end; i++) {
        float total = 0.0f;
        for (size_t h = 0; h < settings->count; h++) {
            const tl__head_loss *head = &settings->heads[h];
            double elements = head->loss->per_element ? (double)(head->width * steps) : (double)steps;
            for (size_t s = 0; s < steps; s++)
                total += head_losses_one(call, head, i, i * call->width + s * outputs,
                                         i * call->target_width + s * targets, head->weight / elements);
        }
        if (call->row_losses) call->row_losses[i] = total;
    }
}

static size_t head_losses_width(const void *block, size_t targets, bool classes)
{
    const tl__heads_settings *settings = block;
    size_t width = 0;
    (void)targets;
    (void)classes;
    for (size_t h = 0; h < settings->count; h++) width += settings->heads[h].width * settings->steps;
    return width;
}

TL_PRIV const tl__loss *tl__loss_heads(void)
{
    static const tl__loss loss = {
        .head = {.name = "heads", .help = "Sum of the heads' losses, each times its weight.",
                 .settings_size = sizeof(tl__heads_settings)},
        .fits = TL__FITS_VALUES, .rows = head_losses_rows, .width = head_losses_width,
    };
    return &loss;
}
