/* Losses side by side: the numbers are weight * mean over the head's elements, summed, mean over rows, by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "kernels/kernels.h"
#include "nn/loss.h"

static const float outputs[] = {1, 2, 3, 0, -1, 2}, targets[] = {0, 0, 1, 1, 1, 2.5f};

static void near(float value, double wanted)
{
    double off = (double)value - wanted;
    if (off < -1e-6 || off > 1e-6) fail_msg("%.8g, not %.8g", (double)value, wanted);
}

static void test_two_heads(void **state)
{
    (void)state;
    tl__loss_common plain = {0};
    const tl__head_loss heads[] = {
        {.loss = tl__loss_find("mse", NULL), .settings = &plain, .weight = 0.7, .width = 2, .targets = 2},
        {.loss = tl__loss_find("mae", NULL), .settings = &plain, .weight = 0.3, .first = 2, .width = 1, .target = 2,
         .targets = 1},
    };
    tl__heads_settings settings = {.count = 2, .heads = heads, .steps = 1};
    const tl__loss *loss = tl__loss_heads();
    float gradient[6], row_losses[2], weights[] = {1, 3};
    tl__loss_call call = {.kernels = tl__kernels_choose(NULL), .settings = &settings, .outputs = outputs, .width = 3,
                          .targets = targets, .target_width = 3, .scale = 0.5, .gradient = gradient,
                          .row_losses = row_losses};
    assert_int_equal(tl__loss_width(loss, &settings, 3, false), 3);
    assert_true(tl__loss_denominator(loss, &settings, 3, targets, 3, NULL, 2) == 2);
    loss->rows(&call, 0, 1);
    loss->rows(&call, 1, 2);
    near(row_losses[0], 0.7 * 2.5 + 0.3 * 2);
    near(row_losses[1], 0.7 * 2.5 + 0.3 * 0.5);
    const double wanted[] = {0.35, 0.7, 0.15, -0.35, -0.7, -0.15};
    for (int i = 0; i < 6; i++) near(gradient[i], wanted[i]);

    call.weights = weights;    /* of rows */
    loss->rows(&call, 0, 2);
    near(row_losses[0], 2.35);
    near(row_losses[1], 3 * 1.9);
    near(gradient[3], 3 * -0.35);
}

/* A number and one of three classes: losses and gradients by NumPy, softmax of (0.5, -1, 2) and (0, 1, 0). */
static void test_head_of_classes(void **state)
{
    (void)state;
    struct { tl__loss_common common; double more[8]; } plain = {0}, weighted = {0};    /* as large as any loss's */
    const float factors[] = {2, 1, 0.5f};
    weighted.common.weights = factors;
    tl__head_loss heads[] = {
        {.loss = tl__loss_find("mse", NULL), .settings = &plain, .weight = 2, .width = 1, .targets = 1},
        {.loss = tl__loss_find("cross_entropy", NULL), .settings = &plain, .weight = 0.5, .first = 1, .width = 3,
         .target = 1, .targets = 1, .classes = true},
    };
    tl__heads_settings settings = {.count = 2, .heads = heads, .steps = 1};
    const float two[] = {1, 0.5f, -1, 2, 3, 0, 1, 0}, truth[] = {0, 2, 4, 0};
    float gradient[8], row_losses[2];
    tl__loss_call call = {.kernels = tl__kernels_choose(NULL), .settings = &settings, .outputs = two, .width = 4,
                          .targets = truth, .target_width = 2, .scale = 0.5, .gradient = gradient,
                          .row_losses = row_losses};
    assert_int_equal(tl__loss_width(tl__loss_heads(), &settings, 2, false), 4);
    tl__loss_heads()->rows(&call, 0, 2);
    near(row_losses[0], 2 * 1 + 0.5 * 0.2413112966);
    near(row_losses[1], 2 * 1 + 0.5 * 1.5514447139);
    const double wanted[] = {2, 0.0438226, 0.0097781, -0.0536007, -2, -0.1970146, 0.1440292, 0.0529854};
    for (int i = 0; i < 8; i++) near(gradient[i], wanted[i]);

    heads[1].settings = &weighted;    /* the factor of the class counts, and the mean stays over rows */
    tl__loss_heads()->rows(&call, 0, 2);
    near(row_losses[0], 2 * 1 + 0.5 * 0.5 * 0.2413112966);
    near(row_losses[1], 2 * 1 + 0.5 * 2 * 1.5514447139);
    near(gradient[5], 2 * -0.1970146);
}

/* A forecast of two steps: [steps, (one, two, three)], the first head has the first column, the second the others. */
static void test_steps(void **state)
{
    (void)state;
    tl__loss_common plain = {0};
    const tl__head_loss heads[] = {
        {.loss = tl__loss_find("mse", NULL), .settings = &plain, .weight = 0.7, .width = 1, .targets = 1},
        {.loss = tl__loss_find("mae", NULL), .settings = &plain, .weight = 0.3, .first = 1, .width = 2, .target = 1,
         .targets = 2},
    };
    tl__heads_settings settings = {.count = 2, .heads = heads, .steps = 2};
    float gradient[6], row_loss;
    tl__loss_call call = {.kernels = tl__kernels_choose(NULL), .settings = &settings, .outputs = outputs, .width = 6,
                          .targets = targets, .target_width = 6, .scale = 1, .gradient = gradient,
                          .row_losses = &row_loss};
    assert_int_equal(tl__loss_width(tl__loss_heads(), &settings, 3, false), 6);
    tl__loss_heads()->rows(&call, 0, 1);
    near(row_loss, 0.7 * (1 + 1) / 2 + 0.3 * (2 + 2 + 2 + 0.5) / 4);
    const double wanted[] = {0.7, 0.075, 0.075, -0.7, -0.075, -0.075};
    for (int i = 0; i < 6; i++) near(gradient[i], wanted[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_two_heads), cmocka_unit_test(test_head_of_classes),
                                       cmocka_unit_test(test_steps)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
