/* Focal loss (Lin et al., 2017): -alpha_t * (1 - p_t)^gamma * log p_t, p_t the probability of the true class by a softmax,
 * or by a sigmoid when two classes share one output. The mean divides by the number of rows, not by the alphas.
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
    const float power = gamma == 0.0 ? 1.0f : gamma == 1.0 ? q : gamma == 2.0 ? q * q : (float)tl__pow((double)q, gamma);
    if (gamma == 0.0)
        *slope = -1.0f;
    else if (q > 0.0f)
        *slope = (float)gamma * (power / q) * (p * log_p) - power;
    else
        *slope = q == 0.0f ? -power : q;   /* the limit for p = 1; NaN is handed on */
    return power * -log_p;
}

/* Logarithm of the true class's probability. *norm: what turns logits into logarithms of probabilities; for one output, the
 * logit of the true class. */
static float loss_focal_log_p(const tl__loss_call *call, const float *outputs, int32_t class, float *norm)
{
    if (call->width > 1) {
        call->kernels->logsumexp(norm, outputs, 1, call->width);
        return outputs[class] - *norm;
    }
    float z = class == 1 ? outputs[0] : -outputs[0];
    *norm = z;
    return (z < 0.0f ? z : 0.0f) - tl__log1pf(tl__expf(-tl__absf(z)));
}

static void loss_focal_rows(const tl__loss_call *call, size_t first, size_t end)
{
    const loss_focal_settings *settings = call->settings;
    const float scale = (float)call->scale;
    for (size_t i = first; i < end; i++) {
        const float *outputs = call->outputs + i * call->width;
        float *gradient = call->gradient ? call->gradient + i * call->width : NULL;
        const int32_t class = tl__loss_class(call->targets[i], call->width == 1 ? 2 : call->width);
        if (class < 0) {
            if (gradient) memset(gradient, 0, call->width * sizeof *gradient);
            if (call->row_losses) call->row_losses[i] = class == -2 ? tl__bits_float(0x7fc00000u) : 0.0f;
            continue;
        }
        float norm, slope, weight = call->weights ? call->weights[i] : 1.0f;
        if (settings->common.weights) weight *= settings->common.weights[class];
        const float loss = loss_focal_row(settings->gamma, loss_focal_log_p(call, outputs, class, &norm), &slope);
        if (call->row_losses) call->row_losses[i] = weight * loss;
        if (!gradient) continue;
        const float factor = scale * weight * slope;
        if (call->width == 1) {
            gradient[0] = (class == 1 ? factor : -factor) * tl__sigmoidf(-norm);
            continue;
        }
        for (size_t j = 0; j < call->width; j++) {
            float p = tl__expf(outputs[j] - norm);
            gradient[j] = factor * (j == (size_t)class ? -tl__expm1f(outputs[j] - norm) : -p);
        }
    }
}

/* alpha: a list has one per class; a scalar a is [1 - a, a] for two classes and the same factor for all of more; absent,
 * [0.25, 0.75] for two classes, and for more those of training.class_weights, else balanced ones. */
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
                        "The focal loss has %zu alphas but the target has %zu classes; give one alpha per class, or one for all, "
                        "or leave alpha out.", alpha.count, targets);
    return TL_OK;
}

static const tl__field loss_focal_fields[] = {
    {.name = "alpha", .kind = TL__FIELD_FLOAT_LIST, .flags = TL__RESULT,
     .offset = offsetof(loss_focal_settings, alpha), .max = 1e30,
     .help = "Class factors in class order; one number a is [1 - a, a] for two classes. Absent: [0.25, 0.75] for two, "
             "balanced weights for more"},
    {.name = "gamma", .kind = TL__FIELD_FLOAT, .flags = TL__RESULT | TL__TUNE,
     .offset = offsetof(loss_focal_settings, gamma), .fallback = 2.0, .max = 100.0,
     .help = "How much rows that are already right are turned down; 0: weighted cross entropy"},
    TL__LOSS_WEIGHTS_ROW(loss_focal_settings),
    TL__LOSS_REDUCTION_ROW(loss_focal_settings),
    {0}};

static const tl__loss loss_focal = {
    .head = {.name = "focal",
             .help = "Focal loss: -alpha_t (1 - p_t)^gamma log p_t of the true class t, mean over rows. It turns down the rows "
                     "that are already right. Lin et al., Focal Loss for Dense Object Detection, 2017.",
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
