/* Adagrad (Duchi, Hazan and Singer, 2011), as torch.optim.Adagrad. */
#include "nn/optimizer.h"
#include "nn/optimizer_list.h"

typedef struct optimizer_adagrad_settings {
    double lr_decay, initial, eps, weight_decay;
} optimizer_adagrad_settings;

static int optimizer_adagrad_states(const void *settings)
{
    (void)settings;
    return 1;
}

static const char *optimizer_adagrad_state_name(const void *settings, int index)
{
    (void)settings, (void)index;
    return "sum";
}

static float optimizer_adagrad_start(const void *settings, int index)
{
    (void)index;
    return (float)((const optimizer_adagrad_settings *)settings)->initial;
}

static void optimizer_adagrad_prepare(const void *settings, const tl__optimizer_request *request,
                                      tl__optimizer_factors *out)
{
    const optimizer_adagrad_settings *adagrad = settings;
    *out = (tl__optimizer_factors){
        .adagrad = {.rate = (float)(request->learning_rate / (1.0 + (double)(request->step - 1) * adagrad->lr_decay)),
                    .eps = (float)adagrad->eps,
                    .l2 = (float)(adagrad->weight_decay + request->l2),
                    .gradient_scale = tl__optimizer_scale(request)},
        .state = {1}};
}

static void optimizer_adagrad_apply(const tl__kernels *kernels, const tl__optimizer_factors *factors, float *weights,
                                    float *const *state, size_t first, const float *gradient, size_t count)
{
    kernels->adagrad(&factors->adagrad, weights + first, gradient,
                     tl__optimizer_array(factors, state, 0, first),
                     count);
}

static const tl__field optimizer_adagrad_fields[] = {
    {.name = "lr_decay", .kind = TL__FIELD_FLOAT, .flags = TL__RESULT | TL__TUNE,
     .offset = offsetof(optimizer_adagrad_settings, lr_decay), .max = 1e6,
     .tune = "{min: 0, max: 0.01}",
     .help = "The rate at step t is rate / (1 + (t - 1) * lr_decay)"},
    {.name = "initial_accumulator_value", .kind = TL__FIELD_FLOAT, .flags = TL__RESULT,
     .offset = offsetof(optimizer_adagrad_settings, initial), .max = 1e30,
     .help = "What the sums of squares start from"},
    TL__OPTIMIZER_EPS_ROW(optimizer_adagrad_settings, 1e-10),
    TL__OPTIMIZER_DECAY_ROW(optimizer_adagrad_settings, 0.0),
    {0}};

static const tl__optimizer optimizer_adagrad = {
    .head = {.name = "adagrad",
             .help = "Adagrad: w -= rate * g / (sqrt(sum of g^2) + eps). As torch.optim.Adagrad; Duchi et al., 2011.",
             .rows = optimizer_adagrad_fields,
             .settings_size = sizeof(optimizer_adagrad_settings)},
    .states = optimizer_adagrad_states,
    .state_name = optimizer_adagrad_state_name,
    .state_start = optimizer_adagrad_start,
    .prepare = optimizer_adagrad_prepare,
    .apply = optimizer_adagrad_apply,
};

TL_PRIV const tl__member_head *tl__optimizer_adagrad(void) { return &optimizer_adagrad.head; }
