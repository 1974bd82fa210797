/* Focal loss (Lin et al., 2017): -alpha_t * (1 - p_t)^gamma * log p_t, p_t the probability of the true class by a
 * softmax, or by a sigmoid when two classes share one output. The mean divides by the number of rows, not by the
 * alphas.
 *
 * With L = log p_t and q = 1 - p_t = -expm1(L), the slope in L is D = -alpha * (q^g - g * q^(g-1) * p_t * L), and the
 * gradient of logit j is D * ([j = t] - p_j). q from expm1 keeps its digits where p_t is nearly 1. */
#include "kernels/kernels.h"
#include "nn/loss.h"
#include "nn/loss_list.h"

typedef struct loss_focal_settings {
    tl__loss_common common;
    tl__float_list alpha;
    double gamma;
} loss_focal_settings;

/* The loss of one row, without its weight, and its slope in the logarithm of the true class's probability. */
static float loss_focal_row(double gamma, float log_p, float *slope)
{
    const float q = -tl__expm1f(log_p), p = tl__expf(log_p);
    const float power =
        gamma == 0.0 ? 1.0f : gamma == 1.0 ? q : gamma == 2.0 ? q * q : (float)tl__pow((double)q, gamma);
    if (gamma == 0.0)
        *slope = -1.0f;
    else if (q > 0.0f)
        *slope = (float)gamma * (power / q) * (p * log_p) - power;
    else
        *slope = q == 0.0f ? -power : q;   /* the limit for p = 1; NaN is handed on */
    return power * -log_p;
}

/* Two classes on one output. z is the logit of the true class. */
static void loss_focal_one_output(const tl__loss_call *call, size_t i, int32_t class, float weight)
{
    const loss_focal_settings *settings = call->settings;
    const float z = class == 1 ? call->outputs[i] : -call->outputs[i];
    const float log_p = (z < 0.0f ? z : 0.0f) - tl__log1pf(tl__expf(-tl__absf(z)));
    float slope, loss = loss_focal_row(settings->gamma, log_p, &slope);
    if (call->row_losses) call->row_losses[i] = weight * loss;
    if (!call->gradient) return;
    const float factor = (float)call->scale * weight * slope * tl__sigmoidf(-z);
    call->gradient[i] = class == 1 ? factor : -factor;
}

/* log_p: logarithm of the true class's probability. The row's gradient holds the softmax when this begins. */
static void loss_focal_outputs(const tl__loss_call *call, size_t i, int32_t class, float weight, float log_p)
{
    const loss_focal_settings *settings = call->settings;
    float slope, loss = loss_focal_row(settings->gamma, log_p, &slope);
    if (call->row_losses) call->row_losses[i] = weight * loss;
    if (!call->gradient) return;
    float *gradient = call->gradient + i * call->width;
    const float factor = (float)call->scale * weight * slope;
    for (size_t j = 0; j < call->width; j++) gradient[j] = -factor * gradient[j];
    gradient[class] = factor * -tl__expm1f(log_p);
}

/* A row whose class number is below 0 or too large. */
static void loss_focal_leave_out(const tl__loss_call *call, size_t i, int32_t class)
{
    if (call->gradient) memset(call->gradient + i * call->width, 0, call->width * sizeof *call->gradient);
    if (call->row_losses) call->row_losses[i] = class == -2 ? tl__nan() : 0.0f;
}

static void loss_focal_rows(const tl__loss_call *call, size_t first, size_t end)
{
    enum { LOSS_CHUNK = 32 };
    const float *class_weights = ((const loss_focal_settings *)call->settings)->common.weights;
    for (size_t begin = first; begin < end; begin += LOSS_CHUNK) {
        const size_t rows = tl__size_min(LOSS_CHUNK, end - begin), width = call->width;
        const float *outputs = call->outputs + begin * width;
        float log_p[LOSS_CHUNK];
        int32_t class[LOSS_CHUNK];
        if (width > 1) call->kernels->logsumexp(log_p, outputs, rows, width);
        for (size_t r = 0; r < rows; r++) {
            class[r] = tl__loss_class(call->targets[begin + r], width == 1 ? 2 : width);
            if (width > 1 && class[r] >= 0) log_p[r] = outputs[r * width + (size_t)class[r]] - log_p[r];
        }
        if (width > 1 && call->gradient) call->kernels->softmax(call->gradient + begin * width, outputs, rows, width);
        for (size_t r = 0; r < rows; r++) {
            const size_t i = begin + r;
            float weight = call->weights ? call->weights[i] : 1.0f;
            if (class[r] >= 0 && class_weights) weight *= class_weights[class[r]];
            if (class[r] < 0) loss_focal_leave_out(call, i, class[r]);
            else if (width == 1) loss_focal_one_output(call, i, class[r], weight);
            else loss_focal_outputs(call, i, class[r], weight, log_p[r]);
        }
    }
}

/* alpha: a list has one per class; a scalar a is [1 - a, a] for two classes and the same factor for all of more;
 * absent, [0.25, 0.75] for two classes, and for more those of training.class_weights, else balanced ones. */
static bool loss_focal_own_weights(const void *settings, size_t classes, const double *given, const double *balanced,
                                   float *out)
{
    const tl__float_list alpha = ((const loss_focal_settings *)settings)->alpha;
    static const double usual[] = {0.25, 0.75};
    if (alpha.count == 1 && classes == 2) {
        out[0] = (float)(1.0 - alpha.items[0]);
        out[1] = (float)alpha.items[0];
        return true;
    }
    const double *from = alpha.count == classes ? alpha.items : classes == 2 ? usual : balanced;
    if (alpha.count == 0 && given) from = given;
    if (alpha.count == 0 && !from) return false;
    for (size_t k = 0; k < classes; k++) out[k] = (float)(alpha.count == 1 ? alpha.items[0] : from[k]);
    return true;
}

static tl_status loss_focal_check(const void *settings, size_t targets, bool classes, tl_error *error)
{
    const tl__float_list alpha = ((const loss_focal_settings *)settings)->alpha;
    if (classes && alpha.count > 1 && alpha.count != targets)
        return tl__fail(error, TL_BAD_CONFIG,
                        "The focal loss has %zu alphas but the target has %zu classes; give one alpha per class, or "
                        "one for all, or leave alpha out.", alpha.count, targets);
    return TL_OK;
}

static const tl__field loss_focal_fields[] = {
    {.name = "alpha", .kind = TL__FIELD_FLOAT_LIST, .flags = TL__RESULT,
     .offset = offsetof(loss_focal_settings, alpha), .max = 1e30,
     .help = "Class factors in class order; one number a is [1 - a, a] for two classes. Absent: [0.25, 0.75] for two, "
             "balanced weights for more"},
    {.name = "gamma", .kind = TL__FIELD_FLOAT, .flags = TL__RESULT | TL__TUNE,
     .offset = offsetof(loss_focal_settings, gamma), .fallback = 2.0, .max = 100.0,
     .tune = "{min: 0, max: 5}",
     .help = "How much rows that are already right are turned down; 0: weighted cross entropy"},
    TL__LOSS_WEIGHTS_ROW(loss_focal_settings),
    TL__LOSS_REDUCTION_ROW(loss_focal_settings),
    {0}};

static const tl__loss loss_focal = {
    .head = {.name = "focal",
             .help = "Focal loss: -alpha_t (1 - p_t)^gamma log p_t of the true class t, mean over rows. It turns down "
                     "the rows that are already right. Lin et al., Focal Loss for Dense Object Detection, 2017.",
             .rows = loss_focal_fields,
             .settings_size = sizeof(loss_focal_settings)},
    .fits = TL__FITS_CLASSES,
    .link = TL__LINK_SOFTMAX,
    .rows = loss_focal_rows,
    .one_output = true,
    .own_weights = loss_focal_own_weights,
    .check = loss_focal_check,
};

TL_PRIV const tl__member_head *tl__loss_focal(void) { return &loss_focal.head; }
