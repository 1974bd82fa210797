/* Scores of forecasts: against numpy's figures of the same windows, by step, channel and series; naive forecasts by
 * hand; corners. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "metrics/forecast_score.h"

#include <math.h>

enum { WINDOWS = 13, HORIZON = 3, CHANNELS = 2, SERIES = 3, LEVELS = 3, OUTPUTS = HORIZON * CHANNELS };

static const double levels[] = {0.1, 0.5, 0.9};
static const double scales[SERIES][CHANNELS] = {{0.5, 2.0}, {0.25, NAN}, {3.0, 0.0}};
static double truth[WINDOWS][OUTPUTS], predicted[WINDOWS][OUTPUTS], quantiles[WINDOWS][OUTPUTS * LEVELS];
static double last[WINDOWS][CHANNELS];

static double drawn(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return (double)(*state >> 8) * 0x1p-24;
}

static void make_windows(void)
{
    uint32_t state = 5;
    for (int w = 0; w < WINDOWS; w++) {
        for (int c = 0; c < CHANNELS; c++) last[w][c] = drawn(&state) * 4 - 2;
        for (int i = 0; i < OUTPUTS; i++) {
            truth[w][i] = drawn(&state) * 8 - 3;
            predicted[w][i] = truth[w][i] + drawn(&state) * 2 - 0.8;
            quantiles[w][i * LEVELS] = predicted[w][i] - drawn(&state);
            quantiles[w][i * LEVELS + 1] = predicted[w][i];
            quantiles[w][i * LEVELS + 2] = predicted[w][i] + drawn(&state);
        }
    }
    truth[4][1 * CHANNELS] = NAN;
}

static const tl__forecast_shape shape = {HORIZON, CHANNELS, SERIES, LEVELS, levels, false};

/* Places a score in one of three blocks. */
static void score_new(int block, tl__forecast_score *score, const tl__forecast_shape *of)
{
    static double blocks[3][200];
    tl__carver carver = {0};
    tl__forecast_score_carve(&carver, score, of);
    assert_false(carver.overflow);
    assert_true(carver.used <= sizeof blocks[0]);
    memset(blocks[block], 0xFF, sizeof blocks[0]);
    carver = (tl__carver){.base = (unsigned char *)blocks[block]};
    tl__forecast_score_carve(&carver, score, of);
    tl__forecast_score_begin(score);
}

static tl__window_loss add(tl__forecast_score *score, int w)
{
    const tl__forecast_window window = {
        .truth = tl__of_doubles(truth[w]), .predicted = tl__of_doubles(predicted[w]),
        .quantiles = tl__of_doubles(quantiles[w]), .last = tl__of_doubles(last[w]),
        .scale = tl__of_doubles(scales[w % SERIES]), .series = (size_t)(w % SERIES),
    };
    return tl__forecast_score_add(score, &window);
}

static void near(double got, double want)
{
    if (!(fabs(got - want) <= 1e-12 * (1.0 + fabs(want)))) fail_msg("%.17g is not %.17g", got, want);
}

/* numpy 2.4: numbers, mse, mae, rmse, mape, smape, wape, mase, direction, mean pinball, pinball of each level, coverage
 * and width of the interval. */
static const struct { tl__forecast_by by; size_t index; double want[15]; } expected[] = {
    {TL__BY_ALL, 0, {77.0, 0.3346070363826096, 0.4893739177035048, 0.5784522766681877, 0.3784096540897425,
                     37.79181409437182, 0.2063010076462048, 0.7797908806950791, 0.948051948051948, 0.17494191919570365,
                     0.18270422851884527, 0.2446869588517524, 0.09743457021651326, 0.5194805194805194,
                     0.9616222668003727}},
    {TL__BY_STEP, 0, {26.0, 0.28371636724956595, 0.43923379916411176, 0.5326503236172545, 0.39534220009730664,
                      34.54674220945707, 0.19932542977433065, 0.7341721294102845, 0.8846153846153846,
                      0.15389262353762603, 0.160783224105835, 0.21961689958205588, 0.08127774692498718,
                      0.6153846153846154, 1.06438236282422}},
    {TL__BY_STEP, 1, {25.0, 0.38695254570189014, 0.5324615936279298, 0.6220550986061364, 0.3947328490169937,
                      37.933874712134894, 0.21474754750340364, 0.6071428546718523, 1.0, 0.1867693697611491,
                      0.20700853157043458, 0.2662307968139649, 0.08706878089904785, 0.56, 0.9585880041122437}},
    {TL__BY_STEP, 2, {26.0, 0.3351654850163447, 0.49808357862325825, 0.5789347847697051, 0.3457817283444366,
                      40.900289231437455, 0.20434564639376282, 0.9884661010018101, 0.9615384615384616,
                      0.18461866623316056, 0.18125571076686567, 0.24904178931162912, 0.12355849862098692,
                      0.38461538461538464, 0.8617797310535724}},
    {TL__BY_CHANNEL, 0, {38.0, 0.30755656569506956, 0.4552676313801815, 0.5545778265447237, 0.3693331498638883,
                         40.84856748267983, 0.19692671890615712, 0.9926875229467423, 0.9473684210526315,
                         0.17103333018328012, 0.17291647531484303, 0.22763381569009075, 0.11254969954490657, 0.5,
                         0.9533764265085521}},
    {TL__BY_CHANNEL, 1, {39.0, 0.3609639052576484, 0.5226056838646913, 0.6008027174186618, 0.38725342743801056,
                         34.8134389980717, 0.21498779356095962, 0.24045272032419843, 0.9487179487179487,
                         0.17875028797703932, 0.19224101369197552, 0.26130284193234565, 0.08270700830679674,
                         0.5384615384615384, 0.9696566752898388}},
    {TL__BY_SERIES, 0, {30.0, 0.32900123878984444, 0.502087189356486, 0.5735862958525461, 0.4630236895235237,
                        43.93453920596537, 0.21286613846650665, 0.6434952982266744, 0.9, 0.17445080796877543,
                        0.16991913358370464, 0.251043594678243, 0.10238969564437865, 0.6666666666666666,
                        1.105280061562856}},
    {TL__BY_SERIES, 1, {23.0, 0.35457372846622764, 0.5049784639607304, 0.5954609378172742, 0.3393935003237668,
                        41.894648299181355, 0.23033951504896708, 1.8717698270624332, 0.9565217391304348,
                        0.16680381609045938, 0.1534274913435397, 0.2524892319803652, 0.09449472494747328,
                        0.4782608695652174, 0.8435683094936869}},
    {TL__BY_SERIES, 2, {24.0, 0.32247953679343183, 0.45852797130743667, 0.5678728174454486, 0.310032590489909,
                        26.18152492527074, 0.17902497482682084, 0.11954913602934945, 1.0, 0.1833548237052229,
                        0.22674247031410544, 0.22926398565371833, 0.09405801514784494, 0.375, 0.8951850657661756}},
};

static void test_figures(void **state)
{
    tl__forecast_score score;
    (void)state;
    make_windows();
    score_new(0, &score, &shape);
    for (int w = 0; w < WINDOWS; w++) add(&score, w);
    assert_int_equal(score.windows, WINDOWS);
    for (size_t k = 0; k < TL_COUNT(expected); k++) {
        const double *want = expected[k].want;
        tl__forecast_figures f;
        tl__forecast_interval interval;
        tl__forecast_score_figures(&score, expected[k].by, expected[k].index, &f);
        const double got[] = {f.numbers, f.mse, f.mae, f.rmse, f.mape, f.smape, f.wape, f.mase, f.direction, f.pinball};
        for (size_t i = 0; i < TL_COUNT(got); i++) near(got[i], want[i]);
        for (size_t q = 0; q < LEVELS; q++)
            near(tl__forecast_score_pinball(&score, expected[k].by, expected[k].index, q), want[10 + q]);
        tl__forecast_score_interval(&score, expected[k].by, expected[k].index, 0, &interval);
        near(interval.nominal, 0.8);
        near(interval.coverage, want[13]);
        near(interval.width, want[14]);
    }
}

/* The errors alone are those among all figures. */
static void test_errors_only(void **state)
{
    const tl__forecast_shape less = {HORIZON, CHANNELS, SERIES, LEVELS, levels, true};
    tl__forecast_score all, errors;
    tl__forecast_figures f, g;
    (void)state;
    make_windows();
    score_new(0, &all, &shape);
    score_new(1, &errors, &less);
    for (int w = 0; w < WINDOWS; w++) {
        add(&all, w);
        add(&errors, w);
    }
    for (size_t k = 0; k < TL_COUNT(expected); k++) {
        tl__forecast_interval a, b;
        tl__forecast_score_figures(&all, expected[k].by, expected[k].index, &f);
        tl__forecast_score_figures(&errors, expected[k].by, expected[k].index, &g);
        assert_true(f.numbers == g.numbers && f.mse == g.mse && f.mae == g.mae && f.rmse == g.rmse);
        assert_true(f.pinball == g.pinball && isnan(g.mape) && isnan(g.smape) && isnan(g.wape) && isnan(g.mase));
        assert_true(isnan(g.direction));
        tl__forecast_score_interval(&all, expected[k].by, expected[k].index, 0, &a);
        tl__forecast_score_interval(&errors, expected[k].by, expected[k].index, 0, &b);
        assert_true(a.coverage == b.coverage && a.width == b.width);
    }
}

/* Windows in two scores, one after the other; and the losses of single windows. */
static void test_parts(void **state)
{
    tl__forecast_score whole, parts[2];
    double absolute = 0.0, numbers = 0.0;
    (void)state;
    make_windows();
    score_new(0, &whole, &shape);
    for (int i = 0; i < 2; i++) score_new(1 + i, &parts[i], &shape);
    for (int w = 0; w < WINDOWS; w++) {
        tl__window_loss loss = add(&whole, w), again = add(&parts[w >= 6], w);
        assert_true(loss.absolute == again.absolute && loss.squared == again.squared);
        absolute += loss.absolute * (w == 4 ? 5 : 6);
        numbers += w == 4 ? 5 : 6;
    }
    near(absolute / numbers, expected[0].want[2]);
    tl__forecast_score_merge(&parts[0], &parts[1]);
    assert_int_equal(parts[0].windows, WINDOWS);
    for (size_t i = 0; i < (1 + HORIZON + CHANNELS + SERIES) * whole.width; i++) near(parts[0].rows[i], whole.rows[i]);
}

/* One window of floats with nothing beside it; no windows; a truth of which nothing is known; a failed forecast. */
static void test_corners(void **state)
{
    const tl__forecast_shape plain = {.horizon = 2, .channels = 1};
    const float y[] = {1.0f, -2.0f}, p[] = {1.5f, -2.0f}, nothing[] = {NAN, NAN}, failed[] = {1.0f, NAN};
    tl__forecast_score score;
    tl__forecast_figures f;
    (void)state;
    score_new(0, &score, &plain);
    tl__forecast_score_figures(&score, TL__BY_ALL, 0, &f);
    assert_true(f.numbers == 0.0 && isnan(f.mse) && isnan(f.rmse) && isnan(f.smape) && isnan(f.wape));
    tl__forecast_window window = {.truth = tl__of_floats(nothing), .predicted = tl__of_floats(p)};
    tl__window_loss loss = tl__forecast_score_add(&score, &window);
    assert_true(isnan(loss.absolute) && isnan(loss.squared));
    window.truth = tl__of_floats(y);
    loss = tl__forecast_score_add(&score, &window);
    assert_true(loss.absolute == 0.25 && loss.squared == 0.125);
    tl__forecast_score_figures(&score, TL__BY_ALL, 0, &f);
    assert_true(f.numbers == 2.0 && f.mse == 0.125 && f.mae == 0.25 && f.mape == 0.25 && f.wape == 0.5 / 3.0);
    assert_true(isnan(f.mase) && isnan(f.direction) && isnan(f.pinball));
    tl__forecast_score_figures(&score, TL__BY_STEP, 1, &f);
    assert_true(f.numbers == 1.0 && f.mae == 0.0 && f.wape == 0.0);
    window.predicted = tl__of_floats(failed);
    tl__forecast_score_add(&score, &window);
    tl__forecast_score_figures(&score, TL__BY_ALL, 0, &f);
    assert_true(isnan(f.mae) && isnan(f.mse));
    const tl__forecast_shape large = {.horizon = SIZE_MAX / 8, .channels = 1};
    tl__carver carver = {0};
    tl__forecast_score_carve(&carver, &score, &large);
    assert_true(carver.overflow);
}

static void test_naive(void **state)
{
    const double history[] = {1, 10, 2, 20, 3, 30, 5, 50, NAN, 80};    /* five steps of two channels */
    double out[14];
    (void)state;
    tl__naive_last(tl__of_doubles(history), 4, 2, 2, out);
    const double repeated[] = {5, 50, 5, 50};
    assert_memory_equal(out, repeated, sizeof repeated);
    assert_true(tl__naive_seasonal(tl__of_doubles(history), 4, 2, 3, 7, out));
    const double seasons[] = {2, 20, 3, 30, 5, 50, 2, 20, 3, 30, 5, 50, 2, 20};
    assert_memory_equal(out, seasons, sizeof seasons);
    assert_true(tl__naive_seasonal(tl__of_doubles(history), 4, 2, 4, 1, out));
    assert_true(out[0] == 1 && out[1] == 10);
    assert_false(tl__naive_seasonal(tl__of_doubles(history), 4, 2, 5, 1, out));
    assert_false(tl__naive_seasonal(tl__of_doubles(history), 4, 2, 0, 1, out));
    near(tl__naive_error(tl__of_doubles(history), 5, 2, 1, 1), (10.0 + 10.0 + 20.0 + 30.0) / 4.0);
    near(tl__naive_error(tl__of_doubles(history), 5, 2, 1, 2), (20.0 + 30.0 + 50.0) / 3.0);
    near(tl__naive_error(tl__of_doubles(history), 5, 2, 0, 1), (1.0 + 1.0 + 2.0) / 3.0);    /* pairs without a NaN */
    assert_true(isnan(tl__naive_error(tl__of_doubles(history), 5, 2, 0, 4)));
    assert_true(isnan(tl__naive_error(tl__of_doubles(history), 5, 2, 1, 5)));
    assert_true(isnan(tl__naive_error(tl__of_doubles(history), 5, 2, 1, 0)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_figures), cmocka_unit_test(test_errors_only), cmocka_unit_test(test_parts), cmocka_unit_test(test_corners),
        cmocka_unit_test(test_naive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
