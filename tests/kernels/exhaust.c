/* Walks all 2^32 arguments. Not run by make test.
 *   exhaust FUNCTION [STEP]   largest error of tl__FUNCTIONf against libm in double, in units of the last place
 *   exhaust sets ACTIVATION [STEP]   every canonical set against the first one, forward and backward
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
    {"log1p", tl__log1pf, log1p}, {"tanh", tl__tanhf, tanh}, {"erf", tl__erff, erf},
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

enum { EXHAUST_CHUNK = 16384 };

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
            set->activate(kind, tl__activation_default(kind), y[0], x, EXHAUST_CHUNK);
            set->activate_backward(kind, tl__activation_default(kind), y[1], ones, x, EXHAUST_CHUNK);
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
    const char *step_text = count > 2 + sets ? arguments[2 + sets] : "1";
    const uint64_t step = strtoull(step_text, NULL, 10);
    if (step == 0) return 2;
    if (sets) {
        tl__activation kind = tl__activation_find(arguments[2]);
        return kind == TL__ACTIVATION_COUNT ? 2 : exhaust_sets(kind, step);
    }
    for (size_t i = 0; count > 1 && i < TL_COUNT(exhaust_functions); i++)
        if (strcmp(exhaust_functions[i].name, arguments[1]) == 0) return exhaust_function(&exhaust_functions[i], step);
    fprintf(stderr, "usage: exhaust FUNCTION [STEP] | exhaust sets ACTIVATION [STEP]\n");
    return 2;
}
