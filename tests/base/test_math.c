/* Elementary functions: fma in software against libm's, errors against libm, special arguments. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/math.h"

#include <math.h>

static uint64_t state_word = 88172645463325252u;

static uint64_t draw(void)
{
    state_word ^= state_word << 13;
    state_word ^= state_word >> 7;
    state_word ^= state_word << 17;
    return state_word;
}

/* Products whose bits crowd around ties, addends far above, near and far below, results down to the subnormals. */
static void soft_fma_is_correctly_rounded(void **state)
{
    (void)state;
    for (int i = 0; i < 10000000; i++) {
        uint64_t r = draw(), s = draw();
        uint32_t low = i % 3 == 0 ? 0x807fffffu : i % 3 == 1 ? 0x807ff000u : 0x80700001u;
        int spread = i % 4 == 0 ? 250 : i % 4 == 1 ? 60 : 24, base = i % 5 == 0 ? 1 : i % 5 == 1 ? 50 : 110;
        int first = base + (int)(s % (unsigned)spread) % (255 - base);
        int second = base + (int)(s / 256 % (unsigned)spread) % (255 - base);
        float a = tl__bits_float(((uint32_t)r & low) | (uint32_t)first << 23);
        float b = tl__bits_float(((uint32_t)(r >> 32) & low) | (uint32_t)second << 23);
        float c = tl__bits_float(((uint32_t)(s >> 32) & 0x80000003u) | (uint32_t)(s >> 24 & 255) % 255 << 23);
        if (i % 7 == 0) c = -(a * b);
        float want = fmaf(a, b, c), got = tl__soft_fma(a, b, c);
        if (tl__float_bits(want) != tl__float_bits(got) && (want == want || got == got))
            fail_msg("fma(%a, %a, %a) is %a, not %a", (double)a, (double)b, (double)c, (double)want, (double)got);
    }
}

static void soft_fma_specials(void **state)
{
    const float v[] = {0.0f, -0.0f, 1.0f, -1.0f, INFINITY, -INFINITY, NAN, FLT_MAX, -FLT_MAX, FLT_MIN, 0x1p-149f, -0x1p-149f};
    (void)state;
    for (size_t i = 0; i < TL_COUNT(v); i++)
        for (size_t j = 0; j < TL_COUNT(v); j++)
            for (size_t k = 0; k < TL_COUNT(v); k++) {
                float want = fmaf(v[i], v[j], v[k]), got = tl__soft_fma(v[i], v[j], v[k]);
                assert_true((want != want && got != got) || tl__float_bits(want) == tl__float_bits(got));
            }
}

static double sigmoid(double x) { return x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x)); }

static void floats_stay_within_their_errors(void **state)
{
    static const struct { float (*ours)(float); double (*reference)(double); double limit; } f[] = {
        {tl__expf, exp, 1.0},     {tl__expm1f, expm1, 1.5}, {tl__logf, log, 1.0}, {tl__log1pf, log1p, 1.0},
        {tl__tanhf, tanh, 1.5},   {tl__sigmoidf, sigmoid, 1.0},
        {tl__sinf, sin, 0.501},   {tl__cosf, cos, 0.501}};
    (void)state;
    for (size_t i = 0; i < TL_COUNT(f); i++) {
        for (uint64_t bits = 0; bits < (uint64_t)1 << 32; bits += 14831) {
            float x = tl__bits_float((uint32_t)bits), got = f[i].ours(x);
            double want = f[i].reference((double)x);
            if (want != want) {
                assert_true(got != got);
            } else if (!((float)want == got)) {
                int exponent;
                (void)frexp(want, &exponent);
                double unit = ldexp(1.0, (exponent < -125 ? -125 : exponent) - 24);
                if (!(fabs((double)got - want) <= f[i].limit * unit))
                    fail_msg("function %zu at %a: %a", i, (double)x, (double)got);
            }
        }
    }
}

static double error_in_units(double got, long double want)
{
    int exponent;
    if ((double)want == got && isinf(got)) return 0.0;
    (void)frexpl(want, &exponent);
    return (double)(fabsl((long double)got - want) / ldexpl(1.0L, (exponent < -1021 ? -1021 : exponent) - 53));
}

static double between(double low, double high) { return low + (high - low) * (double)(draw() >> 11) * 0x1p-53; }

static void doubles_stay_within_one_unit(void **state)
{
    /* Where long double is double, the reference may be off by a unit itself. */
    const double limit = LDBL_MANT_DIG > DBL_MANT_DIG ? 1.0 : 2.1;
    (void)state;
    for (int i = 0; i < 300000; i++) {
        double x = between(-745, 710), y = between(-20, 20), p = tl__bits_double(draw() >> 1), q = between(-20, 20);
        assert_true(error_in_units(tl__exp(x), expl(x)) < limit);
        assert_true(error_in_units(tl__exp(y / 20), expl(y / 20)) < limit);
        if (tl__is_finite_d(p)) {
            assert_true(error_in_units(tl__log(p), logl(p)) < limit);
            assert_true(error_in_units(tl__sin(p), sinl(p)) < limit);
            assert_true(error_in_units(tl__cos(p), cosl(p)) < limit);
        }
        assert_true(error_in_units(tl__sin(q), sinl(q)) < limit);
        assert_true(error_in_units(tl__cos(q), cosl(q)) < limit);
        p = tl__exp(y);
        assert_true(error_in_units(tl__pow(p, q), powl(p, q)) < limit);
        p = between(0.9, 1.0);
        assert_true(error_in_units(tl__pow(p, (double)(i % 5000)), powl(p, (double)(i % 5000))) < limit);
    }
}

static void doubles_at_special_points(void **state)
{
    const double v[] = {0.0, -0.0, 1, -1, 2, -2, 3, -3, 0.5, -0.5, INFINITY, -INFINITY, NAN, 1e300, -1e300, 5e-324, 0x1p53};
    (void)state;
    for (size_t i = 0; i < TL_COUNT(v); i++) {
        for (size_t j = 0; j < TL_COUNT(v); j++) {
            double want = pow(v[i], v[j]), got = tl__pow(v[i], v[j]);
            assert_true((want != want && got != got) || signbit(want) == signbit(got));
            assert_true(want != want || want == got || fabs(want - got) <= 2.3e-16 * fabs(want));
        }
        assert_true(v[i] != v[i] || (tl__floor(v[i]) == floor(v[i]) && signbit(tl__floor(v[i])) == signbit(floor(v[i]))));
    }
    assert_true(tl__log(0.0) == -INFINITY && isnan(tl__log(-1.0)) && tl__log(INFINITY) == INFINITY);
    assert_true(tl__exp(-INFINITY) == 0.0 && tl__exp(INFINITY) == INFINITY && isnan(tl__exp(NAN)));
    assert_true(isnan(tl__sin(INFINITY)) && isnan(tl__cos(NAN)) && tl__cos(0.0) == 1.0);
    assert_true(tl__sin(-0.0) == 0.0 && signbit(tl__sin(-0.0)));
    assert_true(tl__pow(10.0, 2.0) == 100.0 && tl__pow(2.0, -3.0) == 0.125);
}

static void roots_floors_and_scales(void **state)
{
    (void)state;
    for (int i = 0; i < 1000000; i++) {
        double x = tl__bits_double(draw());
        int exponent = (int)(draw() % 4400) - 2200;
        if (x != x) continue;
        double root = tl__sqrt_d(fabs(x));
        float f = tl__bits_float((uint32_t)draw() & 0x7f7fffff);
        assert_true(root == sqrt(fabs(x)));
        assert_true(tl__sqrt(f) == sqrtf(f));
        assert_true(tl__scale(x, exponent) == scalbn(x, exponent));
        x = between(-100, 100);
        assert_true(tl__floor(x) == floor(x));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(soft_fma_is_correctly_rounded), cmocka_unit_test(soft_fma_specials),
        cmocka_unit_test(floats_stay_within_their_errors), cmocka_unit_test(doubles_stay_within_one_unit),
        cmocka_unit_test(doubles_at_special_points), cmocka_unit_test(roots_floors_and_scales),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
