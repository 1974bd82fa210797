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
    tl__heads_settings settings = {.count = 2, .heads = heads};
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

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_two_heads)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
