/* Binary cross entropy with logits, one independent yes or no per output: two classes on one output, several classes one
 * against the rest, or several targets of 0 to 1. For logit x, target y and positive weight a:
 * a*y * softplus(-x) + (1-y) * softplus(x), softplus(x) = max(x, 0) + log(1 + exp(-|x|)), which does not overflow. */
#include "kernels/kernels.h"
#include "nn/loss.h"
#include "nn/loss_list.h"

typedef struct loss_binary_cross_entropy_settings {
    tl__loss_common common;
    double positive_weight, label_smoothing;
} loss_binary_cross_entropy_settings;

static inline float loss_binary_cross_entropy_element(float x, float y, float positive, float *slope)
{
    const float size = tl__absf(x), tail = tl__log1pf(tl__expf(-size));
    const float above = (x > 0.0f ? x : 0.0f) + tail, below = (x < 0.0f ? -x : 0.0f) + tail;
    const float yes = positive * y, no = 1.0f - y;
    *slope = (yes + no) * tl__sigmoidf(x) - yes;
    return x == x ? yes * below + no * above : x;
}

static void loss_binary_cross_entropy_rows(const tl__loss_call *call, size_t first, size_t end)
{
    const loss_binary_cross_entropy_settings *settings = call->settings;
    const float smoothing = (float)settings->label_smoothing, positive = (float)settings->positive_weight;
    const float scale = (float)call->scale;
    for (size_t i = first; i < end; i++) {
        const float *outputs = call->outputs + i * call->width;
        float *gradient = call->gradient ? call->gradient + i * call->width : NULL;
        float weight = call->weights ? call->weights[i] : 1.0f, total = 0.0f;
        int32_t class = 0;
        if (call->target_width == 0) {
            class = tl__loss_class(call->targets[i], call->width == 1 ? 2 : call->width);
            if (class >= 0 && settings->common.weights) weight *= settings->common.weights[class];
            if (class < 0) weight = 0.0f;
        }
        for (size_t j = 0; j < call->width; j++) {
            float slope, y = call->target_width ? call->targets[i * call->target_width + j]
                             : call->width == 1 ? (float)(class == 1) : (float)(class == (int32_t)j);
            y = y * (1.0f - smoothing) + 0.5f * smoothing;
            total += loss_binary_cross_entropy_element(outputs[j], y, positive, &slope);
            if (gradient) gradient[j] = scale * weight * slope;
        }
        if (call->row_losses) call->row_losses[i] = class == -2 ? tl__bits_float(0x7fc00000u) : weight * total;
    }
}

static size_t loss_binary_cross_entropy_width(const void *settings, size_t targets, bool classes)
{
    (void)settings;
    return classes && targets == 2 ? 1 : targets;
}

static const tl__field loss_binary_cross_entropy_fields[] = {
    {.name = "positive_weight", .kind = TL__FIELD_FLOAT, .flags = TL__RESULT | TL__TUNE | TL__LOG | TL__OPEN_MIN,
     .offset = offsetof(loss_binary_cross_entropy_settings, positive_weight), .fallback = 1.0, .max = 1e30,
     .help = "Factor of the loss where the target is 1", .aliases = NULL},
    {.name = "label_smoothing", .kind = TL__FIELD_FLOAT, .flags = TL__RESULT | TL__TUNE | TL__OPEN_MAX,
     .offset = offsetof(loss_binary_cross_entropy_settings, label_smoothing), .max = 1.0,
     .help = "Draws the targets towards one half: y * (1 - s) + s / 2"},
    TL__LOSS_WEIGHTS_ROW(loss_binary_cross_entropy_settings),
    TL__LOSS_REDUCTION_ROW(loss_binary_cross_entropy_settings),
    {0}};

static const tl__loss loss_binary_cross_entropy = {
    .head = {.name = "binary_cross_entropy",
             .aliases = "bce bce_with_logits",
             .help = "Binary cross entropy of a sigmoid: -(y log p + (1-y) log(1-p)), mean over all outputs. Two classes take "
                     "one output, the probability of class 1; more classes are learned one against the rest; several "
                     "targets of 0 and 1 are independent.",
             .rows = loss_binary_cross_entropy_fields,
             .settings_size = sizeof(loss_binary_cross_entropy_settings)},
    .fits = TL__FITS_CLASSES | TL__FITS_VALUES,
    .link = TL__LINK_SIGMOID,
    .width = loss_binary_cross_entropy_width,
    .rows = loss_binary_cross_entropy_rows,
    .per_element = true,
    .weighted_mean = true,
};

TL_PRIV const tl__member_head *tl__loss_binary_cross_entropy(void) { return &loss_binary_cross_entropy.head; }
