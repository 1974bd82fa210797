/* RMSprop (Hinton's lecture 6e, 2012; centered: Graves 2013), as torch.optim.RMSprop. State, in this order: square_avg,
 * grad_avg when centered, momentum_buffer when there is momentum. */
#include "nn/optimizer.h"
#include "nn/optimizer_list.h"

typedef struct optimizer_rmsprop_settings {
    double alpha, eps, momentum;
    bool centered;
    double weight_decay;
} optimizer_rmsprop_settings;

static int optimizer_rmsprop_states(const void *settings)
{
    const optimizer_rmsprop_settings *rmsprop = settings;
    return 1 + (rmsprop->centered ? 1 : 0) + (rmsprop->momentum > 0.0 ? 1 : 0);
}

static const char *optimizer_rmsprop_state_name(const void *settings, int index)
{
    if (index == 0) return "square_avg";
    return index == 1 && ((const optimizer_rmsprop_settings *)settings)->centered ? "grad_avg" : "momentum_buffer";
}

static void optimizer_rmsprop_prepare(const void *settings, const tl__optimizer_request *request,
                                      tl__optimizer_factors *out)
{
    const optimizer_rmsprop_settings *rmsprop = settings;
    const bool buffered = rmsprop->momentum > 0.0;
    *out = (tl__optimizer_factors){
        .rmsprop = {.rate = (float)request->learning_rate,
                    .alpha = (float)rmsprop->alpha,
                    .one_minus_alpha = (float)(1.0 - rmsprop->alpha),
                    .eps = (float)rmsprop->eps,
                    .momentum = buffered ? (float)(request->momentum > 0.0 ? request->momentum : rmsprop->momentum) :
                    0.0f,
                    .l2 = (float)(rmsprop->weight_decay + request->l2),
                    .gradient_scale = tl__optimizer_scale(request)},
        .state = {1, rmsprop->centered ? 2 : 0, !buffered ? 0 : rmsprop->centered ? 3 : 2}};
}

static void optimizer_rmsprop_apply(const tl__kernels *kernels, const tl__optimizer_factors *factors, float *weights,
                                    float *const *state, size_t first, const float *gradient, size_t count)
{
    kernels->rmsprop(&factors->rmsprop, weights + first, gradient,
                     tl__optimizer_array(factors, state, 0, first),
                     tl__optimizer_array(factors, state, 1, first), tl__optimizer_array(factors, state, 2, first),
                     count);
}

static const tl__field optimizer_rmsprop_fields[] = {
    {.name = "alpha", .kind = TL__FIELD_FLOAT, .flags = TL__RESULT | TL__TUNE | TL__OPEN_MAX,
     .offset = offsetof(optimizer_rmsprop_settings, alpha), .fallback = 0.99, .max = 1.0,
     .tune = "{min: 0.8, max: 0.999}",
     .help = "How much of the mean squared gradient is kept at each step"},
    {.name = "momentum", .kind = TL__FIELD_FLOAT, .flags = TL__RESULT | TL__TUNE | TL__OPEN_MAX,
     .offset = offsetof(optimizer_rmsprop_settings, momentum), .max = 1.0,
     .tune = "{min: 0, max: 0.99}",
     .help = "How much of the last step is kept; 0: none"},
    {.name = "centered", .kind = TL__FIELD_BOOL, .flags = TL__RESULT,
     .offset = offsetof(optimizer_rmsprop_settings, centered), .help = "Divide by the spread of the gradient instead"},
    TL__OPTIMIZER_EPS_ROW(optimizer_rmsprop_settings, 1e-8),
    TL__OPTIMIZER_DECAY_ROW(optimizer_rmsprop_settings, 0.0),
    {0}};

static const tl__optimizer optimizer_rmsprop = {
    .head = {.name = "rmsprop",
             .help = "RMSprop: w -= rate * g / (sqrt(v) + eps), v = alpha * v + (1 - alpha) * g^2. As "
                     "torch.optim.RMSprop.",
             .rows = optimizer_rmsprop_fields,
             .settings_size = sizeof(optimizer_rmsprop_settings)},
    .states = optimizer_rmsprop_states,
    .state_name = optimizer_rmsprop_state_name,
    .prepare = optimizer_rmsprop_prepare,
    .apply = optimizer_rmsprop_apply,
};

TL_PRIV const tl__member_head *tl__optimizer_rmsprop(void) { return &optimizer_rmsprop.head; }
