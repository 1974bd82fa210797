/* Binary cross entropy with logits, one independent yes or no per output: two classes on one output, several classes
 * one against the rest, or several targets of 0 to 1. For logit x, target y and positive weight a: a*y * softplus(-x)
 * + (1-y) * softplus(x), softplus(x) = max(x, 0) + log(1 + exp(-|x|)), which does not overflow. */
#include "kernels/kernels.h"
#include "nn/loss.h"
#include "nn/loss_list.h"

typedef struct loss_binary_cross_entropy_settings {
    tl__loss_common common;
    double positive_weight, label_smoothing;
} loss_binary_cross_entropy_settings;

enum { LOSS_BINARY_CROSS_ENTROPY_CHUNK = 64 };

/* What the row adds to each of its elements. */
typedef struct loss_binary_cross_entropy_row {
    float weight;
    int32_t class;                   /* below 0: the row does not count */
} loss_binary_cross_entropy_row;

static loss_binary_cross_entropy_row loss_binary_cross_entropy_row_of(const tl__loss_call *call, size_t i)
{
    const float *class_weights = ((const loss_binary_cross_entropy_settings *)call->settings)->common.weights;
    loss_binary_cross_entropy_row row = {call->weights ? call->weights[i] : 1.0f, 0};
    if (call->target_width > 0) return row;
    row.class = tl__loss_class(call->targets[i], call->width == 1 ? 2 : call->width);
    if (row.class < 0) row.weight = 0.0f;
    else if (class_weights) row.weight *= class_weights[row.class];
    return row;
}

static float loss_binary_cross_entropy_target(const tl__loss_call *call, size_t i, size_t j, int32_t class)
{
    if (call->target_width > 0) return call->targets[i * call->target_width + j];
    return call->width == 1 ? (float)(class == 1) : (float)(class == (int32_t)j);
}

/* The elements of all rows lie one after the other, so chunks of them go through the kernels whatever the width:
 * tail = log(1 + exp(-|x|)), p = sigmoid(x). */
static void loss_binary_cross_entropy_rows(const tl__loss_call *call, size_t first, size_t end)
{
    enum { LOSS_CHUNK = LOSS_BINARY_CROSS_ENTROPY_CHUNK };
    const loss_binary_cross_entropy_settings *settings = call->settings;
    const float smoothing = (float)settings->label_smoothing, positive = (float)settings->positive_weight;
    const float scale = (float)call->scale;
    loss_binary_cross_entropy_row row = {0.0f, 0};
    float total = 0.0f;
    for (size_t at = first * call->width, i = first, j = 0; at < end * call->width; at += LOSS_CHUNK) {
        const size_t count = tl__size_min(LOSS_CHUNK, end * call->width - at);
        float x[LOSS_CHUNK], tail[LOSS_CHUNK], p[LOSS_CHUNK];
        memcpy(x, call->outputs + at, count * sizeof *x);
        for (size_t k = 0; k < count; k++) tail[k] = -tl__absf(x[k]);
        call->kernels->activate(TL__SOFTPLUS, 1.0f, 0.0f, tail, tail, count);
        call->kernels->activate(TL__SIGMOID, 0.0f, 0.0f, p, x, count);
        for (size_t k = 0; k < count; k++) {
            if (j == 0) row = loss_binary_cross_entropy_row_of(call, i);
            const float hard = loss_binary_cross_entropy_target(call, i, j, row.class);
            const float y = hard * (1.0f - smoothing) + 0.5f * smoothing;
            const float yes = positive * y, no = 1.0f - y;
            total += yes * ((x[k] < 0.0f ? -x[k] : 0.0f) + tail[k]) + no * ((x[k] > 0.0f ? x[k] : 0.0f) + tail[k]);
            if (call->gradient) call->gradient[at + k] = scale * row.weight * ((yes + no) * p[k] - yes);
            if (++j < call->width) continue;
            if (row.class == -2) total = tl__nan(), row.weight = 1.0f;
            if (call->row_losses) call->row_losses[i] = row.weight * total;
            total = 0.0f;
            i++;
            j = 0;
        }
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
     .tune = "{min: 0.1, max: 10, scale: log}",
     .help = "Factor of the loss where the target is 1", .aliases = NULL},
    {.name = "label_smoothing", .kind = TL__FIELD_FLOAT, .flags = TL__RESULT | TL__TUNE | TL__OPEN_MAX,
     .offset = offsetof(loss_binary_cross_entropy_settings, label_smoothing), .max = 1.0,
     .tune = "{min: 0, max: 0.3}",
     .help = "Draws the targets towards one half: y * (1 - s) + s / 2"},
    TL__LOSS_WEIGHTS_ROW(loss_binary_cross_entropy_settings),
    TL__LOSS_REDUCTION_ROW(loss_binary_cross_entropy_settings),
    {0}};

static const tl__loss loss_binary_cross_entropy = {
    .head = {.name = "binary_cross_entropy",
             .aliases = "bce bce_with_logits",
             .help = "Binary cross entropy of a sigmoid: -(y log p + (1-y) log(1-p)), mean over all outputs. Two "
                     "classes take one output, the probability of class 1; more classes are learned one against the "
                     "rest; several targets of 0 and 1 are independent.",
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
