/* Walks all 2^32 arguments. Not run by make test.
 *   exhaust FUNCTION [STEP]   largest error of tl__FUNCTIONf against libm in double, in units of the last place
 *   exhaust sets ACTIVATION [STEP]   every canonical set against the first one, forward and backward
 *   exhaust activation ACTIVATION [STEP [SET]]   largest errors of value and derivative against libm in double: in units
 *       of the last place, and in 2^-24 of the larger of 1 and the value, which is what matters near a zero
 * STEP walks every STEP-th argument. */
#include "kernels/kernels.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static double exhaust_sigmoid(double x) { return x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x)); }

static const struct exhaust_function {
    const char *name;
    float (*ours)(float);
    double (*reference)(double);
} exhaust_functions[] = {
    {"exp", tl__expf, exp},    {"expm1", tl__expm1f, expm1}, {"log", tl__logf, log},
    {"log1p", tl__log1pf, log1p}, {"tanh", tl__tanhf, tanh},
    {"sigmoid", tl__sigmoidf, exhaust_sigmoid}, {"sin", tl__sinf, sin}, {"cos", tl__cosf, cos},
};

/* |got - want| in floats' spacing at want; 0 when both overflow alike or both are NaN. */
static double exhaust_error(float got, double want)
{
    if (want != want || got != got) return want != want && got != got ? 0.0 : HUGE_VAL;
    if ((float)want == got && isinf(got)) return 0.0;
    if (isinf(got) || isinf(want)) return HUGE_VAL;
    int exponent = (int)(tl__double_bits(want) >> 52 & 0x7ff) - 1023;
    if (exponent < -126) exponent = -126;
    return fabs((double)got - want) * tl__scale(1.0, 23 - exponent);
}

static double exhaust_gelu(double x) { return x * erfc(-x * 0.70710678118654752) / 2; }
static double exhaust_gelu_slope(double x)
{
    return erfc(-x * 0.70710678118654752) / 2 + x * exp(-x * x / 2) * 0.39894228040143268;
}
static double exhaust_inner(double x) { return 2 * 0.79788456080286536 * (x + 0.044715 * x * x * x); }
static double exhaust_gelu_tanh(double x) { return x * exhaust_sigmoid(exhaust_inner(x)); }
static double exhaust_gelu_tanh_slope(double x)
{
    double s = exhaust_sigmoid(exhaust_inner(x)), rest = exhaust_sigmoid(-exhaust_inner(x));
    return s + x * s * rest * 2 * 0.79788456080286536 * (1 + 3 * 0.044715 * x * x);
}
static double exhaust_silu(double x) { return x * exhaust_sigmoid(x); }
static double exhaust_silu_slope(double x) { return exhaust_sigmoid(x) * (1 + x * exhaust_sigmoid(-x)); }
static double exhaust_elu(double x) { return x > 0 ? x : expm1(x); }
static double exhaust_softplus(double x) { return x > 20 ? x : (x > 0 ? x : 0) + log1p(exp(-fabs(x))); }
static double exhaust_softplus_slope(double x) { return x > 20 ? 1 : exhaust_sigmoid(x); }
static double exhaust_selu(double x)
{
    return x > 0 ? 1.0507009873554805 * x : 1.0507009873554805 * 1.6732632423543772 * expm1(x);
}
static double exhaust_mish(double x) { return x * tanh(exhaust_softplus(x)); }
static double exhaust_mish_slope(double x)
{
    double w = tanh(exhaust_softplus(x)), c = cosh(exhaust_softplus(x));
    return w + (x > 300 ? 0 : x * exhaust_sigmoid(x) / (c * c));
}
static double exhaust_hardswish(double x) { return x <= -3 ? 0 : x >= 3 ? x : x * (x + 3) / 6; }
static double exhaust_hardswish_slope(double x) { return x <= -3 ? 0 : x >= 3 ? 1 : x / 3 + 0.5; }

static const struct exhaust_activation {
    tl__activation kind;
    double (*value)(double), (*slope)(double);   /* slope NULL: comes from the output */
} exhaust_activations[] = {
    {TL__GELU, exhaust_gelu, exhaust_gelu_slope}, {TL__GELU_TANH, exhaust_gelu_tanh, exhaust_gelu_tanh_slope},
    {TL__SILU, exhaust_silu, exhaust_silu_slope}, {TL__SOFTPLUS, exhaust_softplus, exhaust_softplus_slope},
    {TL__ELU, exhaust_elu, NULL},                 {TL__TANH, tanh, NULL},
    {TL__SIGMOID, exhaust_sigmoid, NULL},         {TL__SELU, exhaust_selu, NULL},
    {TL__MISH, exhaust_mish, exhaust_mish_slope}, {TL__HARDSWISH, exhaust_hardswish, exhaust_hardswish_slope},
};

enum { EXHAUST_CHUNK = 16384 };

static void exhaust_worst(double *worst, float *at, double error, float x)
{
    if (error <= *worst) return;
    *worst = error;
    *at = x;
}

/* Infinite arguments are left out: the formulas have no value at one of them. */
static int exhaust_activation(const struct exhaust_activation *a, uint64_t step, const tl__kernels *set)
{
    static float x[EXHAUST_CHUNK], ones[EXHAUST_CHUNK], y[2][EXHAUST_CHUNK];
    double worst[4] = {0};
    float at[4] = {0};
    for (size_t i = 0; i < EXHAUST_CHUNK; i++) ones[i] = 1.0f;
    for (uint64_t bits = 0; bits < (uint64_t)1 << 32;) {
        for (size_t i = 0; i < EXHAUST_CHUNK; i++, bits += step) x[i] = tl__bits_float((uint32_t)bits);
        set->activate(a->kind, 1.0f, 0.0f, y[0], x, EXHAUST_CHUNK);
        if (a->slope != NULL) set->activate_backward(a->kind, 1.0f, 0.0f, y[1], ones, x, EXHAUST_CHUNK);
        for (size_t i = 0; i < EXHAUST_CHUNK; i++) {
            for (int side = 0; side < 2; side++) {
                double want = side == 0 ? a->value((double)x[i]) : a->slope != NULL ? a->slope((double)x[i]) : 0.0;
                if (!tl__is_finite(x[i]) || (side == 1 && a->slope == NULL) || want != want) continue;
                double size = fabs(want) > 1.0 ? fabs(want) : 1.0;
                exhaust_worst(&worst[2 * side], &at[2 * side], exhaust_error(y[side][i], want), x[i]);
                exhaust_worst(&worst[2 * side + 1], &at[2 * side + 1],
                              fabs((double)y[side][i] - want) / size * 0x1p24, x[i]);
            }
        }
    }
    printf("%s, %s: value %.4g ulp at %.6g, %.3f of 2^-24 at %.6g; derivative %.4g ulp at %.6g, %.3f of 2^-24 at %.6g\n",
           tl__activation_name(a->kind), set->name, worst[0], (double)at[0], worst[1], (double)at[1], worst[2],
           (double)at[2], worst[3], (double)at[3]);
    return 0;
}

static int exhaust_function(const struct exhaust_function *f, uint64_t step)
{
    double worst = 0.0;
    uint32_t at = 0;
    for (uint64_t bits = 0; bits < (uint64_t)1 << 32; bits += step) {
        float x = tl__bits_float((uint32_t)bits);
        double error = exhaust_error(f->ours(x), f->reference((double)x));
        if (error > worst) {
            worst = error;
            at = (uint32_t)bits;
        }
    }
    printf("%s: %.4f ulp at %a\n", f->name, worst, (double)tl__bits_float(at));
    return 0;
}

static int exhaust_sets(tl__activation kind, uint64_t step)
{
    static float x[EXHAUST_CHUNK], ones[EXHAUST_CHUNK], want[2][EXHAUST_CHUNK], got[2][EXHAUST_CHUNK];
    uint64_t bits = 0, different = 0;
    for (size_t i = 0; i < EXHAUST_CHUNK; i++) ones[i] = 1.0f;
    while (bits < (uint64_t)1 << 32) {
        for (size_t i = 0; i < EXHAUST_CHUNK; i++, bits += step) x[i] = tl__bits_float((uint32_t)bits);
        const tl__kernels *set;
        bool reference = true;
        for (size_t s = 0; (set = tl__kernels_list(s)) != NULL; s++) {
            if (set->numeric_class != TL__CANONICAL || strcmp(set->name, "soft") == 0) continue;
            float(*y)[EXHAUST_CHUNK] = reference ? want : got;
            set->activate(kind, tl__activation_default(kind), 0.0f, y[0], x, EXHAUST_CHUNK);
            set->activate_backward(kind, tl__activation_default(kind), 0.0f, y[1], ones, x, EXHAUST_CHUNK);
            for (size_t i = 0; !reference && i < 2 * EXHAUST_CHUNK; i++) {
                float a = want[i / EXHAUST_CHUNK][i % EXHAUST_CHUNK], b = got[i / EXHAUST_CHUNK][i % EXHAUST_CHUNK];
                if (tl__float_bits(a) != tl__float_bits(b) && (a == a || b == b)) different++;
            }
            reference = false;
        }
    }
    printf("%s: %llu differences between sets\n", tl__activation_name(kind), (unsigned long long)different);
    return different != 0;
}

int main(int count, char **arguments)
{
    const bool sets = count > 2 && strcmp(arguments[1], "sets") == 0;
    const bool activation = count > 2 && strcmp(arguments[1], "activation") == 0;
    const char *step_text = count > 2 + (sets || activation) ? arguments[2 + (sets || activation)] : "1";
    const uint64_t step = strtoull(step_text, NULL, 10);
    if (step == 0) return 2;
    if (sets) {
        tl__activation kind = tl__activation_find(arguments[2]);
        return kind == TL__ACTIVATION_COUNT ? 2 : exhaust_sets(kind, step);
    }
    const tl__kernels *set = tl__kernels_choose(activation && count > 4 ? arguments[4] : NULL);
    for (size_t i = 0; activation && set != NULL && i < TL_COUNT(exhaust_activations); i++)
        if (exhaust_activations[i].kind == tl__activation_find(arguments[2]))
            return exhaust_activation(&exhaust_activations[i], step, set);
    for (size_t i = 0; count > 1 && i < TL_COUNT(exhaust_functions); i++)
        if (strcmp(exhaust_functions[i].name, arguments[1]) == 0) return exhaust_function(&exhaust_functions[i], step);
    fprintf(stderr, "usage: exhaust FUNCTION [STEP] | sets ACTIVATION [STEP] | activation ACTIVATION [STEP [SET]]\n");
    return 2;
}
