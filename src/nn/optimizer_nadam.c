/* NAdam (Dozat, 2016): Adam with Nesterov's momentum, as torch.optim.NAdam. The momentum of step t is mu_t = beta1 *
 * (1 - 0.96^(t * momentum_decay) / 2); the product of all so far corrects the bias. It is found again at each step, so
 * that no state but the two moments is kept; the loop ends where the product no longer changes 1 - product. */
#include "nn/optimizer.h"
#include "nn/optimizer_list.h"

typedef struct optimizer_nadam_settings {
    double beta1, beta2, eps, weight_decay, momentum_decay;
} optimizer_nadam_settings;

enum { OPTIMIZER_NADAM_SCALE, OPTIMIZER_NADAM_L2, OPTIMIZER_NADAM_GAIN1, OPTIMIZER_NADAM_BETA2, OPTIMIZER_NADAM_GAIN2,
       OPTIMIZER_NADAM_ROOT, OPTIMIZER_NADAM_EPS, OPTIMIZER_NADAM_GRADIENT, OPTIMIZER_NADAM_MOMENT };

static int optimizer_nadam_states(const void *settings)
{
    (void)settings;
    return 2;
}

static const char *optimizer_nadam_state_name(const void *settings, int index)
{
    (void)settings;
    return index == 0 ? "exp_avg" : "exp_avg_sq";
}

static void optimizer_nadam_prepare(const void *settings, const tl__optimizer_request *request,
                                    tl__optimizer_factors *out)
{
    const optimizer_nadam_settings *nadam = settings;
    const double beta1 = request->momentum > 0.0 ? request->momentum : nadam->beta1, rate = request->learning_rate;
    const double decay = tl__pow(0.96, nadam->momentum_decay);
    double product = 1.0, power = decay;   /* power: 0.96^(t * momentum_decay) */
    for (int64_t t = 1; t <= request->step && product > 0x1p-60; t++, power *= decay)
        product *= beta1 * (1.0 - 0.5 * power);
    const double left2 = tl__optimizer_power(nadam->beta2, request->step);
    const double here = tl__pow(0.96, (double)request->step * nadam->momentum_decay);
    const double mu = beta1 * (1.0 - 0.5 * here), next = beta1 * (1.0 - 0.5 * (here * decay));
    *out = (tl__optimizer_factors){
        .value = {[OPTIMIZER_NADAM_SCALE] = tl__optimizer_scale(request),
                  [OPTIMIZER_NADAM_L2] = (float)(nadam->weight_decay + request->l2),
                  [OPTIMIZER_NADAM_GAIN1] = (float)(1.0 - beta1),
                  [OPTIMIZER_NADAM_BETA2] = (float)nadam->beta2,
                  [OPTIMIZER_NADAM_GAIN2] = (float)(1.0 - nadam->beta2),
                  [OPTIMIZER_NADAM_ROOT] = (float)(1.0 / tl__sqrt_d(1.0 - left2)),
                  [OPTIMIZER_NADAM_EPS] = (float)nadam->eps,
                  [OPTIMIZER_NADAM_GRADIENT] = (float)(rate * (1.0 - mu) / (1.0 - product)),
                  [OPTIMIZER_NADAM_MOMENT] = (float)(rate * next / (1.0 - product * next))},
        .state = {1, 2}};
}

/* No fused operation here, so both numeric classes give the same bits. */
static void optimizer_nadam_apply(const tl__kernels *kernels, const tl__optimizer_factors *factors, float *weights,
                                  float *const *state, size_t first, const float *gradient, size_t count)
{
    const float *f = factors->value;
    (void)kernels;
    for (size_t i = first; i < first + count; i++) {
        float g = f[OPTIMIZER_NADAM_SCALE] * gradient[i - first], w = weights[i];
        g += f[OPTIMIZER_NADAM_L2] * w;
        float m = state[0][i], v = state[1][i];
        m += f[OPTIMIZER_NADAM_GAIN1] * (g - m);
        v = f[OPTIMIZER_NADAM_BETA2] * v + f[OPTIMIZER_NADAM_GAIN2] * g * g;
        state[0][i] = m = tl__settled(m);
        state[1][i] = v = tl__settled(v);
        float below = tl__sqrt(v) * f[OPTIMIZER_NADAM_ROOT] + f[OPTIMIZER_NADAM_EPS];
        w -= f[OPTIMIZER_NADAM_GRADIENT] * (g / below);
        weights[i] = w - f[OPTIMIZER_NADAM_MOMENT] * (m / below);
    }
}

static const tl__field optimizer_nadam_fields[] = {
    TL__OPTIMIZER_BETA_ROWS(optimizer_nadam_settings),
    {.name = "momentum_decay", .kind = TL__FIELD_FLOAT, .flags = TL__RESULT,
     .offset = offsetof(optimizer_nadam_settings, momentum_decay), .fallback = 0.004, .max = 1e6,
     .help = "How fast the momentum grows to beta1"},
    TL__OPTIMIZER_EPS_ROW(optimizer_nadam_settings, 1e-8),
    TL__OPTIMIZER_DECAY_ROW(optimizer_nadam_settings, 0.0),
    {0}};

static const tl__optimizer optimizer_nadam = {
    .head = {.name = "nadam",
             .help = "NAdam: adam with Nesterov's momentum, whose momentum grows over the steps. As torch.optim.NAdam; "
                     "Dozat, 2016.",
             .rows = optimizer_nadam_fields,
             .settings_size = sizeof(optimizer_nadam_settings)},
    .states = optimizer_nadam_states,
    .state_name = optimizer_nadam_state_name,
    .prepare = optimizer_nadam_prepare,
    .apply = optimizer_nadam_apply,
};

TL_PRIV const tl__member_head *tl__optimizer_nadam(void) { return &optimizer_nadam.head; }
