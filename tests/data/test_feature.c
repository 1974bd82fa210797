/* Features against pandas 3.1 (rolling, ewm, pct_change, shift; RSI by Wilder's averages written out), and their
 * promise: what happens later changes nothing before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/text.h"
#include "data/feature.h"
#include "text/bind.h"
#include "text/yaml.h"

enum { ROWS = 48, MOST = 16 };

static const double series[ROWS] = {
    44.875, 46.25,  45.25,  36.625, 32.375, 32.375, 42.875, 49.0,   41.125, 36.5,   28.0,   23.75,
    24.5,   21.5,   23.75,  31.75,  22.125, 28.75,  29.0,   21.625, 23.625, 19.25,  15.75,  25.125,
    21.5,   31.25,  30.875, 26.5,   32.875, 31.125, 30.0,   38.625, 39.875, 35.125, 34.125, 26.5,
    21.25,  24.625, 28.75,  30.75,  39.875, 49.25,  57.0,   55.125, 62.125, 64.375, 73.125, 72.0};

/* A member with settings as YAML has them, computed over `values`. */
typedef struct computed {
    tl__heap heap;
    tl__arena arena;
    tl__tree *tree;
    const tl__feature *member;
    void *settings;
    size_t outputs;
    double out[MOST][ROWS];
} computed;

static void bind(computed *c, const char *text)
{
    const tl__member_head *head;
    tl_error error = {0};
    tl__heap_init(&c->heap, NULL, 0);
    tl__arena_init(&c->arena, &c->heap);
    assert_int_equal(tl__tree_new(&c->heap, "test", &c->tree), TL_OK);
    assert_int_equal(tl__yaml_parse(c->tree, text, strlen(text), &error), TL_OK);
    tl__member choice = {tl_value_text(tl_value_get(&c->tree->root, "type"), NULL), &c->tree->root};
    if (tl__bind_member(tl__feature_family(), &choice, "test", "features", &c->arena, &head, &c->settings, &error) != TL_OK)
        fail_msg("%s", error.message);
    c->member = (const tl__feature *)(const void *)head;
    c->outputs = c->member->kind == TL__FEATURE_CLEANS ? 1 : c->member->outputs(c->settings);
    assert_true(c->outputs <= MOST);
}

static void compute(computed *c, const double *values, size_t rows)
{
    tl__feature_call call = {.settings = c->settings, .rows = rows, .values = values, .mean = 30.6625,
                             .deviation = 8.668858897417431, .out = c->out[0], .stride = ROWS};
    memset(c->out, 0, sizeof c->out);
    c->member->compute(&call);
}

static void end(computed *c)
{
    tl__tree_free(c->tree);
    tl__arena_free(&c->arena);
    assert_int_equal(c->heap.in_use, 0);
}

static void check(const computed *c, size_t output, const char *name, const size_t *steps, const double *wanted, size_t count)
{
    char word[64];
    c->member->name(c->settings, output, word, sizeof word);
    assert_string_equal(word, name);
    for (size_t i = 0; i < count; i++) {
        double far = c->out[output][steps[i]] - wanted[i], size = wanted[i] < 0 ? -wanted[i] : wanted[i];
        if (!(far <= 1e-12 * size && -far <= 1e-12 * size))
            fail_msg("%s[%zu] is %.17g, not %.17g", name, steps[i], c->out[output][steps[i]], wanted[i]);
    }
}

#define CHECK(output, name, ...) check(&c, output, name, at, (const double[]){__VA_ARGS__}, 3)
static const size_t at[] = {35, 40, 47};

static void test_as_pandas(void **state)
{
    (void)state;
    computed c;
    bind(&c, "{type: lag}");
    compute(&c, series, ROWS);
    assert_int_equal(c.outputs, 5);
    assert_int_equal(c.member->history(c.settings), 21);
    CHECK(0, "lag_1", 34.125, 30.75, 73.125);
    CHECK(1, "lag_3", 39.875, 24.625, 62.125);
    CHECK(2, "lag_7", 32.875, 35.125, 39.875);
    CHECK(3, "lag_14", 19.25, 30.875, 35.125);
    CHECK(4, "lag_21", 23.75, 21.625, 30.875);
    end(&c);
    bind(&c, "{type: rolling_mean, windows: [5, 20]}");
    compute(&c, series, ROWS);
    assert_int_equal(c.member->history(c.settings), 19);
    CHECK(0, "rolling_mean_5", 34.85, 29.05, 65.35);
    CHECK(1, "rolling_mean_20", 28.18125, 29.1875, 42.325);
    end(&c);
    bind(&c, "{type: rolling_std, windows: [5, 20]}");
    compute(&c, series, ROWS);
    CHECK(0, "rolling_std_5", 5.239871181622696, 7.081335502572945, 7.425883785786044);
    CHECK(1, "rolling_std_20", 6.388269857818768, 6.720268341290206, 16.176981697526436);
    end(&c);
    bind(&c, "{type: ema}");
    compute(&c, series, ROWS);
    assert_int_equal(c.member->history(c.settings), 0);
    CHECK(0, "ema_0.3", 32.12146477528533, 32.1094545847822, 64.03930388071151);
    check(&c, 0, "ema_0.3", (const size_t[]){0, 1}, (const double[]){44.875, 45.287499999999994}, 2);
    end(&c);
    bind(&c, "{type: rate_of_change, periods: [1, 5]}");
    compute(&c, series, ROWS);
    CHECK(0, "rate_of_change_1", -0.22344322344322343, 0.2967479674796747, -0.01538461538461533);
    CHECK(1, "rate_of_change_5", -0.1166666666666667, 0.5047169811320755, 0.26315789473684204);
    end(&c);
}

static void test_indicators(void **state)
{
    (void)state;
    computed c;
    bind(&c, "{type: rsi}");
    compute(&c, series, ROWS);
    assert_int_equal(c.member->history(c.settings), 14);
    CHECK(0, "rsi_14", 44.71990751685986, 56.69187010209057, 71.74932172734586);
    check(&c, 0, "rsi_14", (const size_t[]){14, 15}, (const double[]){33.26732673267327, 41.281329580485185}, 2);
    end(&c);
    bind(&c, "{type: macd}");
    compute(&c, series, ROWS);
    assert_int_equal(c.member->history(c.settings), 33);
    CHECK(0, "macd", 0.10572557393503601, 0.10728807831518239, 9.777581695938977);
    CHECK(1, "macd_signal", -0.8813765605927846, -0.693222021497032, 5.392496281155955);
    CHECK(2, "macd_histogram", 0.9871021345278206, 0.8005100998122144, 4.385085414783022);
    end(&c);
    bind(&c, "{type: bollinger}");
    compute(&c, series, ROWS);
    CHECK(0, "bollinger_upper", 40.6342805046603, 42.28771469289722, 73.85974274510576);
    CHECK(1, "bollinger_middle", 28.18125, 29.1875, 42.325);
    CHECK(2, "bollinger_lower", 15.728219495339692, 16.087285307102782, 10.790257254894247);
    end(&c);
}

/* One deviation around the mean of the first 30 values. */
static void test_outliers(void **state)
{
    (void)state;
    static const double wanted[ROWS] = {
        30.6625, 30.6625, 30.6625, 36.625, 32.375, 32.375, 32.375, 32.375, 32.375, 36.5,   28.0,   23.75,
        24.5,    24.5,    23.75,   31.75,  22.125, 28.75,  29.0,   29.0,   23.625, 23.625, 23.625, 25.125,
        25.125,  31.25,   30.875,  26.5,   32.875, 31.125, 30.0,   38.625, 38.625, 35.125, 34.125, 26.5,
        26.5,    24.625,  28.75,   30.75,  30.75,  30.75,  30.75,  30.75,  30.75,  30.75,  30.75,  30.75};
    computed c;
    bind(&c, "{type: outliers, sigma: 1}");
    compute(&c, series, ROWS);
    for (size_t t = 0; t < ROWS; t++) assert_true(c.out[0][t] == wanted[t]);
    memcpy(c.out[1], series, sizeof series);    /* in place */
    tl__feature_call call = {.settings = c.settings, .rows = ROWS, .values = c.out[1], .mean = 30.6625,
                             .deviation = 8.668858897417431, .out = c.out[1], .stride = ROWS};
    c.member->compute(&call);
    assert_memory_equal(c.out[1], wanted, sizeof wanted);
    end(&c);
}

/* Against Python's datetime. */
static void test_calendar(void **state)
{
    (void)state;
    static const double times[] = {1467380700, 1609459140, 1609718400, 1551335400};
    static const double wanted[][4] = {
        {0.2627118644067796, 0.5, -0.5, 0.008474576271186418},
        {0.06521739130434778, 0.5, -0.5, -0.2391304347826087},
        {0.16666666666666663, 0.0, -0.5, 0.0},
        {-0.5, 0.5, -0.4, 0.4},
        {-0.0013698630136986245, 0.5, -0.4917808219178082, -0.3410958904109589},
        {0.0, 0.5, -0.5, -0.34615384615384615},
        {0.045454545454545414, 0.5, -0.5, -0.40909090909090906},
    };
    static const char *const units[] = {"minute", "hour", "weekday", "day", "yearday", "week", "month"};
    computed c;
    bind(&c, "{type: calendar, units: [minute, hour, weekday, day, yearday, week, month]}");
    compute(&c, times, 4);
    for (size_t i = 0; i < 7; i++) check(&c, i, units[i], (const size_t[]){0, 1, 2, 3}, wanted[i], 4);
    end(&c);
}

/* Every member: the same values up to a step give the same features up to it, whatever comes after. */
static void test_causal(void **state)
{
    (void)state;
    const tl__family *family = tl__feature_family();
    assert_int_equal(family->count, 10);
    for (size_t m = 0; m < family->count; m++) {
        static computed whole, changed;
        char text[64];
        double other[ROWS];
        tl__format(text, sizeof text, "{type: %s}", tl__family_member(family, m)->name);
        bind(&whole, text);
        bind(&changed, text);
        compute(&whole, series, ROWS);
        for (size_t now = 0; now < ROWS; now++) {
            memcpy(other, series, sizeof other);
            for (size_t t = now + 1; t < ROWS; t++) other[t] = -1000.0 * (double)t + series[t];
            compute(&changed, other, ROWS);
            for (size_t o = 0; o < whole.outputs; o++)
                if (memcmp(whole.out[o], changed.out[o], (now + 1) * sizeof(double)) != 0)
                    fail_msg("%s: output %zu up to step %zu depends on later steps", text, o, now);
            compute(&changed, series, now + 1);    /* nor on there being later ones */
            for (size_t o = 0; o < whole.outputs; o++)
                assert_memory_equal(whole.out[o], changed.out[o], (now + 1) * sizeof(double));
        }
        end(&whole);
        end(&changed);
    }
}

static void test_corners(void **state)
{
    (void)state;
    static const double still[] = {0, 0, 0, 0, 0};
    static const char *const members[] = {"{type: lag}", "{type: rolling_mean}", "{type: rolling_std}", "{type: macd}",
                                          "{type: bollinger}", "{type: rsi}", "{type: rate_of_change}"};
    computed c;
    bind(&c, "{type: rsi, period: 2}");
    compute(&c, still, 5);
    assert_true(c.out[0][2] == 50);
    end(&c);
    bind(&c, "{type: rate_of_change}");
    compute(&c, still, 5);
    assert_true(c.out[0][3] == 0);
    end(&c);
    for (size_t m = 0; m < sizeof members / sizeof *members; m++)
        for (size_t rows = 0; rows < 3; rows++) {
            bind(&c, members[m]);
            compute(&c, series, rows);
            end(&c);
        }
    tl_error error = {0};
    bind(&c, "{type: macd, fast: 26, slow: 12}");
    assert_int_equal(c.member->check(c.settings, &error), TL_BAD_CONFIG);
    end(&c);
    bind(&c, "{type: calendar, units: [hour, moon]}");
    assert_int_equal(c.member->check(c.settings, &error), TL_BAD_CONFIG);
    assert_non_null(strstr(error.message, "'moon' is no unit"));
    end(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_pandas), cmocka_unit_test(test_indicators), cmocka_unit_test(test_outliers),
        cmocka_unit_test(test_calendar),  cmocka_unit_test(test_causal),     cmocka_unit_test(test_corners),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
