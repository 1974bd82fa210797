/* Stochastic gradient descent with momentum, as torch.optim.SGD: the buffer starts as the first gradient. */
#include "nn/optimizer.h"
#include "nn/optimizer_list.h"

typedef struct optimizer_sgd_settings {
    double momentum, dampening;
    bool nesterov;
    double weight_decay;
} optimizer_sgd_settings;

static int optimizer_sgd_states(const void *settings)
{
    return ((const optimizer_sgd_settings *)settings)->momentum > 0.0;
}

static const char *optimizer_sgd_state_name(const void *settings, int index)
{
    (void)settings, (void)index;
    return "momentum_buffer";
}

static void optimizer_sgd_prepare(const void *settings, const tl__optimizer_request *request,
                                  tl__optimizer_factors *out)
{
    const optimizer_sgd_settings *sgd = settings;
    const bool buffered = sgd->momentum > 0.0;
    *out = (tl__optimizer_factors){
        .sgd = {.rate = (float)request->learning_rate,
                .momentum = buffered ? (float)(request->momentum > 0.0 ? request->momentum : sgd->momentum) : 0.0f,
                .dampened = (float)(1.0 - sgd->dampening),
                .l2 = (float)(sgd->weight_decay + request->l2),
                .gradient_scale = tl__optimizer_scale(request),
                .nesterov = sgd->nesterov,
                .first = request->step <= 1},
        .state = {buffered ? 1 : 0}};
}

static void optimizer_sgd_apply(const tl__kernels *kernels, const tl__optimizer_factors *factors, float *weights,
                                float *const *state, size_t first, const float *gradient, size_t count)
{
    kernels->sgd(&factors->sgd, weights + first, gradient, tl__optimizer_array(factors, state, 0, first),
                 count);
}

static tl_status optimizer_sgd_check(const void *settings, tl_error *error)
{
    const optimizer_sgd_settings *sgd = settings;
    if (sgd->nesterov && (sgd->momentum <= 0.0 || sgd->dampening != 0.0))
        return tl__fail(error, TL_BAD_CONFIG,
                        "The optimizer sgd with nesterov needs a momentum above 0 and no dampening; set momentum: 0.9 "
                        "or leave nesterov out.");
    return TL_OK;
}

static const tl__field optimizer_sgd_fields[] = {
    {.name = "momentum", .kind = TL__FIELD_FLOAT, .flags = TL__RESULT | TL__TUNE | TL__OPEN_MAX,
     .offset = offsetof(optimizer_sgd_settings, momentum), .max = 1.0,
     .tune = "{min: 0, max: 0.99}",
     .help = "How much of the last step is kept; 0: none"},
    {.name = "dampening", .kind = TL__FIELD_FLOAT, .flags = TL__RESULT,
     .offset = offsetof(optimizer_sgd_settings, dampening), .max = 1.0,
     .help = "How much less than the whole gradient joins the momentum"},
    {.name = "nesterov", .kind = TL__FIELD_BOOL, .flags = TL__RESULT,
     .offset = offsetof(optimizer_sgd_settings, nesterov), .help = "Look ahead along the momentum (Nesterov)"},
    TL__OPTIMIZER_DECAY_ROW(optimizer_sgd_settings, 0.0),
    {0}};

static const tl__optimizer optimizer_sgd = {
    .head = {.name = "sgd",
             .aliases = "momentum",
             .help = "Stochastic gradient descent: w -= rate * v, v = momentum * v + (1 - dampening) * g, the first v "
                     "is g. As torch.optim.SGD.",
             .rows = optimizer_sgd_fields,
             .settings_size = sizeof(optimizer_sgd_settings)},
    .states = optimizer_sgd_states,
    .state_name = optimizer_sgd_state_name,
    .prepare = optimizer_sgd_prepare,
    .apply = optimizer_sgd_apply,
    .check = optimizer_sgd_check,
};

TL_PRIV const tl__member_head *tl__optimizer_sgd(void) { return &optimizer_sgd.head; }
