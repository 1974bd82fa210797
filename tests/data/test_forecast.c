/* Series from files: the steps of windows, parts in time, scaling, what is told of bad data, and that nothing of the
 * future is seen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "data/batch.h"
#include "data/series.h"
#include "data/windows.h"
#include "support/data.h"
#include "support/failing.h"

#define FORECAST "task: forecast, normalize: none, "

static tl_context context;

static tl_dataset *set(const char *text, const char *settings)
{
    tl_dataset *made = NULL;
    tl_error error = {0};
    if (data_set(&context, text, settings, &made, &error) != TL_OK) fail_msg("%s: %s", settings, error.message);
    return made;
}

/* Hours from 2020-01-06 (a Monday) on: a = 10 i, b = 10 i + 1, c = 10 i + 2 at step i. */
static const char *table(size_t first, size_t rows)
{
    static char text[1 << 16];
    size_t used = (size_t)snprintf(text, sizeof text, "time,a,b,c\n");
    for (size_t i = first; i < first + rows; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "2020-01-%02zu %02zu:00,%zu,%zu,%zu\n", 6 + i / 24, i % 24,
                                 10 * i, 10 * i + 1, 10 * i + 2);
    return text;
}

static void row_is(const tl_dataset *d, tl_part part, size_t index, const float *inputs, const float *targets)
{
    float in[256], out[256];
    const tl__pipeline *p = d->pipeline;
    assert_true(p->features <= 256 && p->outputs <= 256);
    assert_int_equal(tl_dataset_row(d, part, index, in, out), TL_OK);
    for (size_t i = 0; i < p->features; i++)
        if (in[i] != inputs[i]) fail_msg("input %zu is %g, not %g", i, (double)in[i], (double)inputs[i]);
    for (size_t i = 0; i < p->outputs; i++)
        if (out[i] != targets[i]) fail_msg("target %zu is %g, not %g", i, (double)out[i], (double)targets[i]);
}

static void test_windows(void **state)
{
    (void)state;
    tl_dataset *d = set(table(0, 30), FORECAST "time: time, target: all, window: {input_size: 3, horizon: 2}, "
                                               "split: {train: 10, validation: 6, test: 8}");
    assert_int_equal(tl_dataset_features(d), 9);
    assert_int_equal(tl_dataset_outputs(d), 6);
    assert_int_equal(tl_dataset_rows(d, TL_TRAIN), 6);      /* 10 - 3 - 2 + 1 */
    assert_int_equal(tl_dataset_rows(d, TL_VALIDATION), 5); /* 6 - 2 + 1: inputs reach back into the training part */
    assert_int_equal(tl_dataset_rows(d, TL_TEST), 7);
    assert_string_equal(data_rows(d, TL_TRAIN), "3 4 5 6 7 8");
    assert_string_equal(data_rows(d, TL_VALIDATION), "10 11 12 13 14");
    assert_string_equal(data_rows(d, TL_TEST), "16 17 18 19 20 21 22");
    row_is(d, TL_TRAIN, 0, (float[]){0, 1, 2, 10, 11, 12, 20, 21, 22}, (float[]){30, 31, 32, 40, 41, 42});
    row_is(d, TL_VALIDATION, 0, (float[]){70, 71, 72, 80, 81, 82, 90, 91, 92}, (float[]){100, 101, 102, 110, 111, 112});
    row_is(d, TL_TEST, 6, (float[]){190, 191, 192, 200, 201, 202, 210, 211, 212}, (float[]){220, 221, 222, 230, 231, 232});
    assert_int_equal(d->pipeline->forecast->season, 24);
    assert_string_equal(d->note, "");
    float naive[6];
    tl__window_repeat_last(d, TL_TEST, 0, naive);
    assert_memory_equal(naive, ((float[]){150, 151, 152, 150, 151, 152}), sizeof naive);
    assert_false(tl__window_seasonal(d, TL_TEST, 0, naive));    /* a day before it there is nothing */
    tl_dataset_free(d);
    d = set(table(0, 30), FORECAST "target: all, window: {input_size: 3, horizon: 2, stride: 4}, season: 3, "
                                   "split: {train: 0.5, validation: 0.2, test: 0.3}");
    assert_string_equal(data_rows(d, TL_TRAIN), "3 7 11");
    assert_string_equal(data_rows(d, TL_VALIDATION), "15 16 17 18 19");
    assert_int_equal(tl_dataset_rows(d, TL_TEST), 8);
    assert_non_null(strstr(d->note, "in the order of 'time', the only column of dates"));
    assert_true(tl__window_seasonal(d, TL_TEST, 0, naive));
    assert_memory_equal(naive, ((float[]){180, 181, 182, 190, 191, 192}), sizeof naive);
    tl_dataset_free(d);
}

/* The field's parts: fractions are cut, validation takes the rest. 7588 steps of exchange_rate: 5311, 760, 1517. */
static void test_fractions(void **state)
{
    (void)state;
    static char text[7588 * 6 + 10];
    size_t used = (size_t)sprintf(text, "x\n");
    for (int i = 0; i < 7588; i++) used += (size_t)sprintf(text + used, "%d\n", i % 1000);
    tl_dataset *d = set(text, FORECAST "target: all, window: {input_size: 96, horizon: 96}, "
                                       "split: {train: 0.7, validation: 0.1, test: 0.2}");
    assert_int_equal(tl_dataset_rows(d, TL_TRAIN), 5311 - 96 - 96 + 1);
    assert_int_equal(tl_dataset_rows(d, TL_VALIDATION), 760 - 96 + 1);
    assert_int_equal(tl_dataset_rows(d, TL_TEST), 1422);
    assert_int_equal(d->pipeline->forecast->season, 0);
    tl_dataset_free(d);
}

/* One target, covariates of both kinds, the hour: the past has all of them, behind it stands what is known ahead. */
static void test_covariates(void **state)
{
    (void)state;
    tl_dataset *d = set(table(0, 30), FORECAST "target: b, covariates: {past: [c], future: [a]}, calendar: [hour], "
                                               "window: {input_size: 2, horizon: 2}");
    float in[12], out[2];
    assert_int_equal(tl_dataset_features(d), 2 * 4 + 2 * 2);
    assert_int_equal(tl_dataset_row(d, TL_TRAIN, 0, in, out), TL_OK);
    const float wanted[12] = {1, 2, 0, -0.5f, 11, 12, 10, (float)(1 / 23.0 - 0.5), 20, (float)(2 / 23.0 - 0.5), 30,
                              (float)(3 / 23.0 - 0.5)};
    assert_memory_equal(in, wanted, sizeof in);
    assert_true(out[0] == 21 && out[1] == 31);
    tl_dataset_free(d);
    d = set(table(0, 30), FORECAST "target: b, drop: [a], window: {input_size: 1, horizon: 1}");    /* the rest is past */
    row_is(d, TL_TRAIN, 0, (float[]){1, 2}, (float[]){11});
    tl_dataset_free(d);
}

static const tl__channel *channel(const tl_dataset *d, size_t i) { return &d->pipeline->forecast->channels[i]; }

/* Statistics of the training part only, and of the steps that have all features. */
static void test_scaling(void **state)
{
    (void)state;
    tl_dataset *d = set("x\n1\n2\n3\n4\n100\n200\n300\n400\n", "task: forecast, target: all, "
                        "window: {input_size: 1, horizon: 1}, split: {train: 4, validation: 2, test: 2}");
    assert_true(channel(d, 0)->shift[0] == 2.5 && channel(d, 0)->scale[0] == 1.118033988749895);
    float own[2];
    tl__dataset_targets(d, TL_TEST, 0, 2, own);
    assert_true(own[0] == 300 && own[1] == 400);
    tl_dataset_free(d);
    d = set("x\n1\n2\n3\n4\n100\n200\n300\n400\n", "task: forecast, target: all, features: [{type: lag, lags: 1}], "
            "window: {input_size: 1, horizon: 1}, split: {train: 4, validation: 2, test: 2}");
    assert_true(channel(d, 0)->shift[0] == 3 && channel(d, 1)->shift[0] == 2);    /* steps 2 to 4 */
    assert_non_null(strstr(d->note, "1 steps at the start of series are left out, since features"));
    assert_string_equal(data_rows(d, TL_TRAIN), "2 3");
    tl_dataset_free(d);
    d = set("x\n1\n2\n3\n2\n99\n2\n300\n2\n", FORECAST "target: all, features: [outliers], "
            "window: {input_size: 1, horizon: 1}, split: {train: 4, validation: 2, test: 2}");
    row_is(d, TL_TEST, 0, (float[]){2}, (float[]){2});    /* 99 and 300 are beyond three deviations of 1, 2, 3, 2 */
    tl_dataset_free(d);
}

static const char *const in_long_form = "id,day,v\nbeta,2021-03-01,5\nalpha,2021-03-01,1\nalpha,2021-03-02,2\nbeta,2021-03-02,6\n"
                                        "alpha,2021-03-04,4\nalpha,2021-03-03,3\nbeta,2021-03-03,7\nbeta,2021-03-04,8\n"
                                        "beta,2021-03-05,9\nalpha,2021-03-05,5\nalpha,2021-03-06,6\nbeta,2021-03-06,10\n";

static void test_long_form(void **state)
{
    (void)state;
    tl_dataset *d = set(in_long_form, "task: forecast, series: id, time: day, target: v, split: {train: 4, validation: 0, "
                                      "test: 2}, window: {input_size: 2, horizon: 1}");
    const tl__forecast *f = d->pipeline->forecast;
    assert_int_equal(f->series_count, 2);
    assert_int_equal(f->sets, 2);
    size_t beta = tl__forecast_series(f, "beta"), alpha = tl__forecast_series(f, "alpha");
    assert_true(channel(d, 0)->shift[beta] == 6.5 && channel(d, 0)->shift[alpha] == 2.5);
    assert_int_equal(tl_dataset_rows(d, TL_TRAIN), 4);    /* two of each series, none across */
    assert_int_equal(tl_dataset_rows(d, TL_VALIDATION), 0);
    assert_int_equal(tl_dataset_rows(d, TL_TEST), 4);
    assert_string_equal(data_rows(d, TL_TRAIN), "6 7 5 4");
    assert_non_null(strstr(d->note, "1 stand behind a later one"));
    float in[2], out, own;
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(tl_dataset_row(d, TL_TRAIN, i, in, &out), TL_OK);
        float rise = in[1] - in[0], next = out - in[1];    /* both rise by one a day, scaled alike */
        assert_true(rise > 0.89f && rise < 0.9f && rise - next < 1e-6f && next - rise < 1e-6f);
    }
    tl__dataset_targets(d, TL_TEST, 0, 1, &own);
    assert_true(own == 9);
    tl_dataset_free(d);
    d = set(in_long_form, FORECAST "series: id, time: day, target: v, scaling: whole, split: {validation: 0, test: 2}, "
                                   "window: {input_size: 2, horizon: 1}");
    assert_int_equal(d->pipeline->forecast->sets, 1);
    row_is(d, TL_TEST, 2, (float[]){3, 4}, (float[]){5});
    tl_dataset_free(d);
}

/* ---- what is told ---- */

static void test_told(void **state)
{
    (void)state;
    tl_dataset *d = set("t,x\n2020-01-01,1\n2020-01-03,3\n2020-01-02,2\n2020-01-04,\n2020-01-07,7\n2020-01-08,8\n2020-01-09,\n",
                        FORECAST "target: x, missing: forward, window: {input_size: 1, horizon: 1}, split: {validation: 0, test: 2}");
    assert_non_null(strstr(d->note, "not in the order of 't': 1 stand behind a later one"));
    assert_non_null(strstr(d->note, "column 't' has 1 gap, in which 2 steps are missing, the first after 2020-01-04"));
    assert_non_null(strstr(d->note, "1 missing cells took the value before them"));
    assert_non_null(strstr(d->note, "1 steps at the end of series have no targets"));
    row_is(d, TL_TEST, 0, (float[]){3}, (float[]){7});
    tl_dataset_free(d);
    d = set("t,x,y\n1,,4\n2,,5\n3,6,6\n4,7,\n5,8,8\n6,9,9\n", FORECAST "time: t, target: all, missing: forward, "
            "window: {input_size: 1, horizon: 1}, split: {validation: 0, test: 1}");
    assert_non_null(strstr(d->note, "2 steps at the start of series are left out, since a column has no value yet"));
    row_is(d, TL_TRAIN, 1, (float[]){7, 6}, (float[]){8, 8});
    tl_dataset_free(d);
}

static void test_refused(void **state)
{
    (void)state;
#define W "task: forecast, window: {input_size: 2, horizon: 2}, "
    const char *plain = "t,x,w\n2020-01-01,1,a\n2020-01-02,2,b\n2020-01-03,3,c\n2020-01-04,4,d\n2020-01-05,5,e\n2020-01-06,6,f\n";
    data_refused("t,x\n2020-01-01,1\n2020-01-01,2\n2020-01-02,3\n", W "time: t", TL_BAD_DATA,
                 "rows 0 and 1 have the same time, 2020-01-01; keep one of them, or name the column that tells series apart");
    data_refused("s,t,x\na,1,1\nb,1,2\na,1,2\n", W "time: t, series: s", TL_BAD_DATA,
                 "rows 0 and 2 of series 'a' have the same time, 1; keep one of them");
    data_refused("t,x\n2020-01-01,1\n,2\n", W "time: t", TL_BAD_DATA, "column 't' has missing cells");
    data_refused("t,x\n1,1\n2,\n3,3\n", W "time: t", TL_BAD_DATA, "column 'x' has no value at 2 (row 1; 1 of its cells");
    data_refused(plain, "target: x, task: forecast, window: {input_size: 3, horizon: 2}", TL_BAD_DATA,
                 "a window takes 5 steps (input_size 3 and horizon 2), but the training part of t.csv has 4; make data.window.input_size");
    data_refused(plain, "target: x, task: forecast, window: {input_size: 2, horizon: 2}, features: [{type: lag, lags: [3]}]",
                 TL_BAD_DATA, "a window takes 7 steps (input_size 2 and horizon 2, and features 3 before them)");
    data_refused(plain, "target: x, task: forecast, window: {input_size: 200, horizon: 24}", TL_BAD_DATA,
                 "a window takes 224 steps");
    data_refused(plain, "target: x, task: forecast, window: {input_size: 1, horizon: 2}, split: {validation: 0, test: 1}",
                 TL_BAD_DATA, "the test part of t.csv has 1 steps, fewer than data.window.horizon (2)");
    data_refused(plain, W "target: x, split: {train: 5, validation: 5, test: 5}", TL_BAD_CONFIG,
                 "data.split asks for 5 steps of training, 5 of validation and 5 of test, but there are 6");
    data_refused(plain, W "target: w", TL_BAD_DATA, "column 'w' holds texts");
    data_refused(plain, W "target: z", TL_NOT_FOUND, "z");
    data_refused(plain, W "target: x, split: {method: random}", TL_BAD_CONFIG, "divided in the order of time");
    data_refused(plain, W "target: x, weight: w", TL_BAD_CONFIG, "windows have no weights");
    data_refused(plain, W "target: x, missing: mean", TL_BAD_CONFIG, "missing values of series");
    data_refused(plain, W "target: x, calendar: [hours]", TL_BAD_CONFIG, "'hours' is no unit of the calendar");
    data_refused("x\n1\n2\n3\n4\n5\n6\n", W "target: x, calendar: [hour]", TL_BAD_CONFIG, "units of the calendar need dates");
    data_refused(plain, W "target: x, features: [{type: lag, of: [y]}]", TL_BAD_CONFIG,
                 "lag is of 'y', which is neither target nor covariate");
    data_refused(plain, W "target: x, features: [lagg]", TL_BAD_CONFIG, "lagg");
#undef W
}

/* ---- no look ahead ---- */

enum { LATER_ROWS = 120, LATER_CUT = 60 };

static const char *wavy(double after)
{
    static char text[1 << 15];
    size_t used = (size_t)snprintf(text, sizeof text, "time,p,q\n");
    for (int i = 0; i < LATER_ROWS; i++) {
        double scale = i < LATER_CUT ? 1 : after;
        used += (size_t)snprintf(text + used, sizeof text - used, "2020-%02d-%02d,%.4f,%.4f\n", 1 + i / 28, 1 + i % 28,
                                 scale * (50 + i % 7 + 0.1 * i), scale * (20 + i * i % 11));
    }
    return text;
}

/* Values from a step on change: scaling, training windows and every window's inputs before it keep their bits. */
static void test_nothing_of_the_future(void **state)
{
    (void)state;
    const char *settings = "task: forecast, target: p, time: time, window: {input_size: 5, horizon: 3}, "
                           "split: {train: 50, validation: 30, test: 40}, calendar: [weekday], features: [outliers, lag, "
                           "{type: rolling_mean, windows: [5], of: [p, q]}, rolling_std, ema, rate_of_change, rsi, macd, bollinger]";
    tl_dataset *one = set(wavy(1), settings), *two = set(wavy(-3), settings);
    const tl__series *a = one->source[0].series, *b = two->source[0].series;
    size_t cut = LATER_CUT - one->pipeline->forecast->history;
    assert_int_equal(a->width, b->width);
    assert_int_equal(a->width, 2 + 5 + 2 + 1 + 1 + 1 + 1 + 3 + 3 + 1);
    assert_memory_equal(a->values, b->values, cut * a->width * sizeof(float));
    assert_memory_not_equal(a->values + cut * a->width, b->values + cut * a->width, a->width * sizeof(float));
    for (size_t c = 0; c < a->width; c++) {
        assert_true(channel(one, c)->shift[0] == channel(two, c)->shift[0]);
        assert_true(channel(one, c)->scale[0] == channel(two, c)->scale[0]);
    }
    tl_dataset_free(one);
    tl_dataset_free(two);
}

/* ---- kept with a model ---- */

static void same_windows(const tl_dataset *a, tl_part part, const tl_dataset *b, size_t first)
{
    float x[512], y[512], u[64], v[64];
    for (size_t i = 0; i < tl_dataset_rows(a, part); i++) {
        assert_int_equal(tl_dataset_row(a, part, i, x, u), TL_OK);
        assert_int_equal(tl_dataset_row(b, TL_TEST, first + i, y, v), TL_OK);
        assert_memory_equal(x, y, tl_dataset_features(a) * sizeof *x);
        assert_memory_equal(u, v, tl_dataset_outputs(a) * sizeof *u);
    }
}

/* The same file through the pipeline as a model keeps it: through its tree and back. */
static void test_kept(void **state)
{
    (void)state;
    static const char *const settings[] = {
        "task: forecast, target: p, time: time, window: {input_size: 5, horizon: 3}, split: {train: 50, validation: 30, test: "
        "40}, calendar: [weekday, month], covariates: {future: [q]}, features: [outliers, {type: lag, lags: [2]}, rsi]",
        "task: forecast, target: all, window: {input_size: 4, horizon: 2}, normalize: robust, season: 7"};
    for (int i = 0; i < 2; i++) {
        tl_dataset *d = set(wavy(1), settings[i]), *again = NULL;
        tl__pipeline *read = NULL;
        tl__tree *tree;
        tl__builder builder;
        tl_error error = {0};
        assert_int_equal(tl__tree_new(&context.heap, NULL, &tree), TL_OK);
        tl__builder_init(&builder, tree);
        tl__pipeline_put(&builder, NULL, NULL, d->pipeline);
        if (tl__pipeline_get(&context, &tree->root, "model", &read, &error) != TL_OK) fail_msg("%s", error.message);
        tl__tree_free(tree);
        const char *text = wavy(1);
        if (tl__dataset_apply_bytes(&context, read, text, strlen(text), "t.csv", &(tl__data_settings){.trim = true,
            .separator = "auto", .decimal = ".", .quote = "\"", .format = "csv", .max_categories = 256}, &again, &error) != TL_OK)
            fail_msg("%s", error.message);
        assert_int_equal(tl_dataset_rows(again, TL_TEST),
                         LATER_ROWS - read->forecast->history - read->forecast->input_size - read->forecast->horizon + 1);
        same_windows(d, TL_TRAIN, again, 0);
        same_windows(d, TL_TEST, again, tl_dataset_rows(again, TL_TEST) - tl_dataset_rows(d, TL_TEST));
        assert_true(read->forecast->season == d->pipeline->forecast->season);
        tl__pipeline_free(read);
        tl_dataset_free(again);
        tl_dataset_free(d);
    }
}

static void test_damaged(void **state)
{
    (void)state;
    static const char *const paths[] = {"forecast.input_size=0", "forecast.horizon=-1", "forecast.channels=[]",
                                        "forecast.targets=[]", "forecast.step=nan", "forecast.steps=never",
                                        "forecast.channels.0.scale=0", "forecast.features=[{type: none}]", "forecast.past=7",
                                        "forecast.input_size=99999999999"};
    tl_dataset *d = set(wavy(1), "task: forecast, target: all, window: {input_size: 4, horizon: 2}");
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        tl__tree *tree;
        tl__builder builder;
        tl__pipeline *read = NULL;
        char path[64];
        const char *value = strchr(paths[i], '=');
        snprintf(path, sizeof path, "%.*s", (int)(value - paths[i]), paths[i]);
        assert_int_equal(tl__tree_new(&context.heap, NULL, &tree), TL_OK);
        tl__builder_init(&builder, tree);
        tl__pipeline_put(&builder, NULL, NULL, d->pipeline);
        tl_error error = {0};
        tl_status set_status = tl__value_set(tree, path, value + 1, "test", &error);
        if (set_status == TL_OK && tl__pipeline_get(&context, &tree->root, "model", &read, &error) == TL_OK)
            fail_msg("%s is taken", paths[i]);
        tl__tree_free(tree);
    }
    tl_dataset_free(d);
}

/* ---- batches, and no memory ---- */

static void test_batches(void **state)
{
    (void)state;
    tl_dataset *d = set(wavy(1), "task: forecast, target: all, window: {input_size: 4, horizon: 2}");
    tl__batches *batches;
    tl__batch_options options = {.part = TL_TRAIN, .batch_size = 7, .shuffle = true, .cache_bytes = 1 << 20};
    tl_error error = {0};
    float in[8], out[4];
    size_t before = context.heap.in_use, seen = 0;
    assert_int_equal(tl__batches_new(d, &options, &batches, &error), TL_OK);
    assert_int_equal(context.heap.in_use - before, tl__batches_bytes(d, &options));
    for (const tl__batch *batch; (batch = tl__batches_next(batches)) != NULL; seen += batch->rows)
        for (size_t i = 0; i < batch->rows; i++) {
            assert_int_equal(tl_dataset_row(d, TL_TRAIN, batch->order[i], in, out), TL_OK);
            assert_memory_equal(in, batch->inputs + i * 8, sizeof in);
            assert_memory_equal(out, batch->targets + i * 4, sizeof out);
        }
    assert_int_equal(seen, tl_dataset_rows(d, TL_TRAIN));
    tl__batches_free(batches);
    tl_dataset_free(d);
}

static tl_status make_on(tl__heap *heap, void *user)
{
    tl_context own = context;
    tl_dataset *made = NULL;
    own.heap = *heap;
    tl_status status = data_set(&own, in_long_form, user, &made, NULL);
    tl_dataset_free(made);
    *heap = own.heap;
    return status;
}

static void test_out_of_memory(void **state)
{
    (void)state;
    char one[] = "task: forecast, series: id, time: day, target: v, window: {input_size: 1, horizon: 1}, calendar: [weekday], "
                 "features: [outliers, {type: lag, lags: [1]}], split: {validation: 0, test: 2}, normalize: robust";
    failing_sweep(make_on, one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_windows),   cmocka_unit_test(test_fractions), cmocka_unit_test(test_covariates),
        cmocka_unit_test(test_scaling),   cmocka_unit_test(test_long_form), cmocka_unit_test(test_told),
        cmocka_unit_test(test_refused),   cmocka_unit_test(test_nothing_of_the_future),
        cmocka_unit_test(test_kept),      cmocka_unit_test(test_damaged),   cmocka_unit_test(test_batches),
        cmocka_unit_test(test_out_of_memory),
    };
    data_context(&context);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return failed + (context.heap.in_use != 0);
}
