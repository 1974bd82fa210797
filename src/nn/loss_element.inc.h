/* Template: the rows function of a loss over single values. Before including it define
 *   LOSS_ROWS              the function's name
 *   LOSS_SETTINGS          the settings' type
 *   LOSS_ELEMENT(s, e, d)  an expression: the loss of e = output - target, which stores its slope in *(d); s: settings
 * The elements of a row are summed by the kernels' sum, in chunks of LOSS_CHUNK that are added in order. */
static void LOSS_ROWS(const tl__loss_call *call, size_t first, size_t end)
{
    enum { LOSS_CHUNK = 256 };
    const LOSS_SETTINGS *settings = call->settings;
    const float scale = (float)call->scale;
    (void)settings;
    for (size_t i = first; i < end; i++) {
        const float *outputs = call->outputs + i * call->width, *targets = call->targets + i * call->width;
        float *gradient = call->gradient ? call->gradient + i * call->width : NULL;
        const float weight = call->weights ? call->weights[i] : 1.0f, factor = scale * weight;
        float losses[LOSS_CHUNK], total = 0.0f;
        for (size_t at = 0; at < call->width; at += LOSS_CHUNK) {
            size_t count = tl__size_min(LOSS_CHUNK, call->width - at);
            for (size_t j = 0; j < count; j++) {
                float slope;
                losses[j] = LOSS_ELEMENT(settings, outputs[at + j] - targets[at + j], &slope);
                if (gradient) gradient[at + j] = factor * slope;
            }
            total += count == 1 ? losses[0] : call->kernels->sum(losses, count, 1);
        }
        if (call->row_losses) call->row_losses[i] = weight * total;
    }
}
#undef LOSS_ROWS
#undef LOSS_SETTINGS
#undef LOSS_ELEMENT
