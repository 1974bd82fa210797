/* Norms in their fixed order, clipping, and figures of gradients. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/math.h"
#include "kernels/kernels.h"
#include "nn/clip.h"

#include <math.h>

static void test_norms(void **state)
{
    static float values[10000];
    const tl__kernels *kernels = tl__kernels_choose(NULL);
    double blocks[3], sum = 0.0, exact = 0.0;
    (void)state;
    assert_true(tl__sum_of_squares(kernels, values, 0) == 0.0);
    values[0] = 3.0f, values[1] = -4.0f;
    assert_true(tl__sum_of_squares(kernels, values, 2) == 25.0);
    for (size_t i = 0; i < TL_COUNT(values); i++) {
        values[i] = (float)((i * 37) % 101) / 50.0f - 1.0f;
        exact += (double)values[i] * (double)values[i];
    }
    tl__sum_of_squares_blocks(kernels, values, TL_COUNT(values), 2, 3, &blocks[2]);
    tl__sum_of_squares_blocks(kernels, values, TL_COUNT(values), 0, 2, blocks);
    for (size_t b = 0; b < 3; b++) sum += blocks[b];
    assert_true(sum == tl__sum_of_squares(kernels, values, TL_COUNT(values)));
    assert_true(fabs(sum - exact) < 1e-6 * exact);
    for (size_t k = 0; tl__kernels_list(k); k++)
        if (tl__kernels_list(k)->numeric_class == kernels->numeric_class)
            assert_true(sum == tl__sum_of_squares(tl__kernels_list(k), values, TL_COUNT(values)));
}

/* Squares that a float cannot hold. */
static void test_extreme_norms(void **state)
{
    const tl__kernels *kernels = tl__kernels_choose(NULL);
    const float large[] = {1e30f, 1e30f}, small[] = {1e-30f, -1e-30f}, broken[] = {1.0f, NAN}, endless[] = {INFINITY, 1.0f};
    (void)state;
    assert_true(fabs(sqrt(tl__sum_of_squares(kernels, large, 2)) / (sqrt(2.0) * 1e30) - 1.0) < 1e-6);
    assert_true(fabs(sqrt(tl__sum_of_squares(kernels, small, 2)) / (sqrt(2.0) * 1e-30) - 1.0) < 1e-6);
    assert_true(isnan(tl__sum_of_squares(kernels, broken, 2)));
    assert_true(isinf(tl__sum_of_squares(kernels, endless, 2)));
}

/* Dead units: blocks of zeros are zero, and a tiny number among them is still seen, wherever it stands. */
static void test_zeros(void **state)
{
    static float values[5000];
    static const size_t places[] = {0, 15, 16, 4095, 4096, 4999};
    const tl__kernels *kernels = tl__kernels_choose(NULL);
    (void)state;
    for (size_t i = 0; i < TL_COUNT(values); i++) values[i] = i % 2 ? -0.0f : 0.0f;
    assert_true(tl__sum_of_squares(kernels, values, TL_COUNT(values)) == 0.0);
    for (size_t p = 0; p < TL_COUNT(places); p++) {
        values[places[p]] = -0x1p-140f;
        assert_true(tl__sum_of_squares(kernels, values, TL_COUNT(values)) == 0x1p-280);
        values[places[p]] = -0.0f;
    }
}

static void test_factor(void **state)
{
    (void)state;
    assert_true(tl__clip_factor(0.5, 1.0) == 1.0f);
    assert_true(tl__clip_factor(5.0, 1.0) == (float)(1.0 / (5.0 + 1e-6)));
    assert_true(tl__clip_factor(1e300, 0.0) == 1.0f);   /* no limit */
    assert_true(tl__clip_factor(0.0, 1.0) == 1.0f);
    assert_true(tl__clip_factor(NAN, 1.0) == 1.0f);
}

static void test_clipping(void **state)
{
    const tl__kernels *kernels = tl__kernels_choose(NULL);
    float values[] = {-5.0f, 0.25f, 7.0f, NAN, -INFINITY};
    (void)state;
    tl__clip_value(kernels, values, 5, 2.0f);
    assert_true(values[0] == -2.0f && values[1] == 0.25f && values[2] == 2.0f && isnan(values[3]) && values[4] == -2.0f);
    tl__clip_scale(kernels, values, 3, 0.5f);
    assert_true(values[0] == -1.0f && values[1] == 0.125f && values[2] == 1.0f);
    tl__clip_scale(kernels, values, 3, 1.0f);
    assert_true(values[0] == -1.0f);
}

static void test_figures(void **state)
{
    const float usual[] = {1.0f, -3.0f}, tiny[] = {1e-9f, -1e-8f}, large[] = {0.0f, -10.5f}, broken[] = {NAN, 1.0f};
    tl__gradient_figures f = {0};
    (void)state;
    tl__gradient_figures_add(usual, 2, &f);
    assert_true(f.sum_absolute == 4.0 && f.max_absolute == 3.0 && f.count == 2);
    tl__gradient_figures_add(large, 2, &f);
    assert_true(f.max_absolute == 10.5 && f.count == 4);
    f = (tl__gradient_figures){0};
    tl__gradient_figures_add(tiny, 2, &f);
    assert_true(f.max_absolute == (double)1e-8f && f.count == 2);
    tl__gradient_figures_add(broken, 2, &f);
    assert_true(isnan(f.max_absolute));
    tl__gradient_figures_add(usual, 2, &f);
    assert_true(isnan(f.max_absolute));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_norms),    cmocka_unit_test(test_extreme_norms), cmocka_unit_test(test_zeros), cmocka_unit_test(test_factor),
        cmocka_unit_test(test_clipping), cmocka_unit_test(test_figures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
