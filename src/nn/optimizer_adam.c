/* Adam (Kingma and Ba, 2015) and its relatives, which are the same kernel under other factors: AMSGrad (Reddi et al.,
 * 2018) divides by the largest second moment so far, AdamW (Loshchilov and Hutter, 2019) shrinks the weights instead
 * of changing the gradient, RAdam (Liu et al., 2020) scales the step until the second moment can be trusted. As
 * torch.optim has them. State: exp_avg, exp_avg_sq, and max_exp_avg_sq with amsgrad. */
#include "nn/optimizer.h"
#include "nn/optimizer_list.h"

typedef struct optimizer_adam_settings {
    double beta1, beta2, eps, weight_decay;
    bool amsgrad;
} optimizer_adam_settings;

static int optimizer_adam_states(const void *settings)
{
    return ((const optimizer_adam_settings *)settings)->amsgrad ? 3 : 2;
}

static const char *optimizer_adam_state_name(const void *settings, int index)
{
    (void)settings;
    return index == 0 ? "exp_avg" : index == 1 ? "exp_avg_sq" : "max_exp_avg_sq";
}

static double optimizer_adam_beta1(const optimizer_adam_settings *adam, const tl__optimizer_request *request)
{
    return request->momentum > 0.0 ? request->momentum : adam->beta1;
}

static void optimizer_adam_prepare(const void *settings, const tl__optimizer_request *request,
                                   tl__optimizer_factors *out)
{
    const optimizer_adam_settings *adam = settings;
    const double beta1 = optimizer_adam_beta1(adam, request);
    const double left1 = tl__optimizer_power(beta1, request->step);
    const double left2 = tl__optimizer_power(adam->beta2, request->step);
    *out = (tl__optimizer_factors){
        .adam = {.step_size = (float)(request->learning_rate / (1.0 - left1)),
                 .one_minus_beta1 = (float)(1.0 - beta1),
                 .beta2 = (float)adam->beta2,
                 .one_minus_beta2 = (float)(1.0 - adam->beta2),
                 .root_scale = (float)(1.0 / tl__sqrt_d(1.0 - left2)),
                 .eps = (float)adam->eps,
                 .keep = 1.0f,
                 .l2 = (float)(adam->weight_decay + request->l2),
                 .gradient_scale = tl__optimizer_scale(request)},
        .state = {1, 2, adam->amsgrad ? 3 : 0}};
}

static void optimizer_adam_w_prepare(const void *settings, const tl__optimizer_request *request,
                                     tl__optimizer_factors *out)
{
    const optimizer_adam_settings *adam = settings;
    optimizer_adam_prepare(settings, request, out);
    out->adam.l2 = 0.0f;
    out->adam.keep = (float)(1.0 - request->learning_rate * (adam->weight_decay + request->l2));
}

/* Until the variance is tractable (length of the moving average above 5) the step is momentum alone: root_scale 0 and
 * eps 1 make the kernel's denominator 1. */
static void optimizer_adam_radam_prepare(const void *settings, const tl__optimizer_request *request,
                                         tl__optimizer_factors *out)
{
    const optimizer_adam_settings *adam = settings;
    const double steps = (double)request->step, power = tl__optimizer_power(adam->beta2, request->step);
    const double longest = 2.0 / (1.0 - adam->beta2) - 1.0, length = longest - 2.0 * steps * power / (1.0 - power);
    optimizer_adam_prepare(settings, request, out);
    if (length > 5.0) {
        double rectify = (length - 4.0) * (length - 2.0) * longest / ((longest - 4.0) * (longest - 2.0) * length);
        double bias = 1.0 - tl__optimizer_power(optimizer_adam_beta1(adam, request), request->step);
        out->adam.step_size = (float)(request->learning_rate / bias * tl__sqrt_d(rectify) * tl__sqrt_d(1.0 - power));
        out->adam.root_scale = 1.0f;
    } else {
        out->adam.root_scale = 0.0f;
        out->adam.eps = 1.0f;
    }
}

static void optimizer_adam_apply(const tl__kernels *kernels, const tl__optimizer_factors *factors, float *weights,
                                 float *const *state, size_t first, const float *gradient, size_t count)
{
    kernels->adam(&factors->adam, weights + first, gradient, tl__optimizer_array(factors, state, 0, first),
                  tl__optimizer_array(factors, state, 1, first), tl__optimizer_array(factors, state, 2, first), count);
}

#define OPTIMIZER_ADAM_ROW(value)                                                                           \
    {.name = "amsgrad", .kind = TL__FIELD_BOOL, .flags = TL__RESULT,                                        \
     .offset = offsetof(optimizer_adam_settings, amsgrad), .fallback = value,                               \
     .help = "Divide by the largest mean squared gradient so far"}

static const tl__field optimizer_adam_fields[] = {TL__OPTIMIZER_BETA_ROWS(optimizer_adam_settings),
                                                  TL__OPTIMIZER_EPS_ROW(optimizer_adam_settings, 1e-8),
                                                  TL__OPTIMIZER_DECAY_ROW(optimizer_adam_settings, 0.0),
                                                  OPTIMIZER_ADAM_ROW(0.0),
                                                  {0}};
static const tl__field optimizer_adam_w_fields[] = {TL__OPTIMIZER_BETA_ROWS(optimizer_adam_settings),
                                                   TL__OPTIMIZER_EPS_ROW(optimizer_adam_settings, 1e-8),
                                                   TL__OPTIMIZER_DECAY_ROW(optimizer_adam_settings, 0.01),
                                                   OPTIMIZER_ADAM_ROW(0.0),
                                                   {0}};
static const tl__field optimizer_adam_amsgrad_fields[] = {TL__OPTIMIZER_BETA_ROWS(optimizer_adam_settings),
                                                     TL__OPTIMIZER_EPS_ROW(optimizer_adam_settings, 1e-8),
                                                     TL__OPTIMIZER_DECAY_ROW(optimizer_adam_settings, 0.0),
                                                     OPTIMIZER_ADAM_ROW(1.0),
                                                     {0}};
static const tl__field optimizer_adam_radam_fields[] = {TL__OPTIMIZER_BETA_ROWS(optimizer_adam_settings),
                                                   TL__OPTIMIZER_EPS_ROW(optimizer_adam_settings, 1e-8),
                                                   TL__OPTIMIZER_DECAY_ROW(optimizer_adam_settings, 0.0),
                                                   {0}};
#undef OPTIMIZER_ADAM_ROW

static const tl__optimizer optimizer_adam = {
    .head = {.name = "adam",
             .help = "Adam: w -= rate * m' / (sqrt(v') + eps), m and v the running means of g and g^2, primed: divided "
                     "by 1 - beta^step. As torch.optim.Adam; Kingma and Ba, 2015.",
             .rows = optimizer_adam_fields,
             .settings_size = sizeof(optimizer_adam_settings)},
    .states = optimizer_adam_states,
    .state_name = optimizer_adam_state_name,
    .prepare = optimizer_adam_prepare,
    .apply = optimizer_adam_apply,
};

static const tl__optimizer optimizer_adam_w = {
    .head = {.name = "adamw",
             .help = "AdamW: as adam, but weight decay and l2_reg shrink the weights before each step instead of "
                     "changing the gradient. As torch.optim.AdamW; Loshchilov and Hutter, 2019.",
             .rows = optimizer_adam_w_fields,
             .settings_size = sizeof(optimizer_adam_settings)},
    .states = optimizer_adam_states,
    .state_name = optimizer_adam_state_name,
    .prepare = optimizer_adam_w_prepare,
    .apply = optimizer_adam_apply,
};

static const tl__optimizer optimizer_adam_amsgrad = {
    .head = {.name = "amsgrad",
             .help = "AMSGrad: adam that divides by the largest mean squared gradient so far. As torch.optim.Adam with "
                     "amsgrad; Reddi et al., 2018.",
             .rows = optimizer_adam_amsgrad_fields,
             .settings_size = sizeof(optimizer_adam_settings)},
    .states = optimizer_adam_states,
    .state_name = optimizer_adam_state_name,
    .prepare = optimizer_adam_prepare,
    .apply = optimizer_adam_apply,
};

static const tl__optimizer optimizer_adam_radam = {
    .head = {.name = "radam",
             .help = "RAdam: adam whose first steps are scaled by how far the mean squared gradient can be trusted. As "
                     "torch.optim.RAdam; Liu et al., 2020.",
             .rows = optimizer_adam_radam_fields,
             .settings_size = sizeof(optimizer_adam_settings)},
    .states = optimizer_adam_states,
    .state_name = optimizer_adam_state_name,
    .prepare = optimizer_adam_radam_prepare,
    .apply = optimizer_adam_apply,
};

TL_PRIV const tl__member_head *tl__optimizer_adam(void) { return &optimizer_adam.head; }
TL_PRIV const tl__member_head *tl__optimizer_adamw(void) { return &optimizer_adam_w.head; }
TL_PRIV const tl__member_head *tl__optimizer_amsgrad(void) { return &optimizer_adam_amsgrad.head; }
TL_PRIV const tl__member_head *tl__optimizer_radam(void) { return &optimizer_adam_radam.head; }
