/* Returns and their figures against numpy. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "metrics/trading.h"

#include <math.h>

static void near(double got, double want)
{
    if (!(fabs(got - want) <= 1e-13 * (1.0 + fabs(want)))) fail_msg("%.17g is not %.17g", got, want);
}

static void test_numpy(void **state)
{
    (void)state;
    static const double prices[] = {100, 102, 101, 105, 103, 103, 98, 99.5, 110.25, 104};
    static const double positions[] = {1, 1, -1, -1, 0, 0.5, 1, 1, -0.25};
    static const double wanted[] = {
        0.018000000000000016, -0.009803921568627416, -0.04360396039603964, 0.01904761904761909, -0.002,
        -0.025271844660194165, 0.014306122448979663, 0.1080402010050252, 0.011672335600907026,
    };
    double returns[9];
    tl__trading figures;
    tl__trading_returns(prices, positions, 9, 0.002, returns);
    for (int i = 0; i < 9; i++) near(returns[i], wanted[i]);
    tl__trading_summary(returns, positions, 9, 252, &figures);
    near(figures.total, 0.08662506489447064);
    near(figures.mean, 0.01004295016418553);
    near(figures.deviation, 0.04247461907328337);
    near(figures.sharpe, 3.7534625350738255);
    near(figures.drawdown, 0.06121205979256117);
    assert_int_equal(figures.trades, 6);
}

static void test_corners(void **state)
{
    (void)state;
    static const double flat[] = {5, 5, 5}, none[] = {0, 0}, fall[] = {4, 1, 1}, bought[] = {1, 1};
    double returns[2];
    tl__trading figures;
    tl__trading_returns(flat, none, 2, 0.1, returns);
    tl__trading_summary(returns, none, 2, 252, &figures);
    assert_true(figures.total == 0 && figures.drawdown == 0 && figures.sharpe != figures.sharpe && figures.trades == 0);
    tl__trading_returns(fall, bought, 2, 0, returns);
    tl__trading_summary(returns, NULL, 2, 252, &figures);
    near(figures.total, -0.75);
    near(figures.drawdown, 0.75);
    tl__trading_summary(returns, NULL, 1, 252, &figures);
    assert_true(figures.deviation == 0 && figures.sharpe != figures.sharpe);
    tl__trading_summary(returns, NULL, 0, 252, &figures);
    assert_true(figures.total == 0 && figures.sharpe != figures.sharpe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_numpy), cmocka_unit_test(test_corners)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
