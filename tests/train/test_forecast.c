/* Trainings on windows: the plan is exact, a run in pieces has the bits of a whole one, and scores are what the windows
 * say one by one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/math.h"
#include "data/windows.h"
#include "port/port.h"
#include "support/data.h"
#include "support/files.h"
#include "support/trainings.h"

#include <math.h>

enum { STEPS = 200 };

static tl_dataset *waves(tl_context *context, const char *settings)
{
    static char text[1 << 14];
    size_t used = (size_t)snprintf(text, sizeof text, "a,b\n");
    tl_dataset *data = NULL;
    tl_error error = {0};
    for (int i = 0; i < STEPS; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%d,%d.%d\n", i % 12 * 3 + i / 40, i * i % 17, i % 10);
    if (data_set(context, text, settings, &data, &error) != TL_OK) fail_msg("%s", error.message);
    return data;
}

#define WAVES "task: forecast, target: all, season: 12, window: {input_size: 6, horizon: 4}"
static const char *const settings[] = {
    "epochs: 3, batch_size: 16", "epochs: 2, batch_size: 7, loss: huber, gradient_shards: 2, validation_batch_size: 5, keep: last"};

static tl_context *context_new(void)
{
    tl_context *context;
    tl_context_options options = TL_CONTEXT_OPTIONS;
    options.threads = 1;
    assert_int_equal(tl_context_make(&options, &context, NULL), TL_OK);
    return context;
}

static void test_plan_is_exact(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        training t;
        tl_scores scores;
        tl_context *context = context_new();
        tl_dataset *data = waves(context, WAVES);
        training_over(&t, data, "nodes: 8", settings[i], NULL);
        training_as_planned(&t, &scores);
        training_end(&t);
        tl_dataset_free(data);
        tl_context_free(context);
    }
}

/* What the scores say against each window predicted alone. */
static void test_scores(void **state)
{
    (void)state;
    training t;
    tl_scores scores;
    tl_predictor *predictor;
    tl_error error = {0};
    tl_context *context = context_new();
    tl_dataset *data = waves(context, WAVES);
    const tl__forecast *f = data->pipeline->forecast;
    training_over(&t, data, "nodes: 8", settings[0], NULL);
    assert_int_equal(tl__trainer_run(t.trainer, &error), TL_OK);
    assert_int_equal(tl__trainer_score(t.trainer, TL_TEST, &scores, &error), TL_OK);
    if (tl_predictor_new(t.model, 1, &predictor, &error) != TL_OK) fail_msg("%s", error.message);
    double squares = 0, absolute = 0, last = 0, season = 0, count = 0;
    for (size_t i = 0; i < tl_dataset_rows(data, TL_TEST); i++) {
        float in[12], target[8], out[8], naive[8];
        assert_int_equal(tl_dataset_row(data, TL_TEST, i, in, target), TL_OK);
        for (int k = 0; k < 12; k++)    /* raw values, as a user of the predictor has them */
            in[k] = (float)((double)in[k] * f->channels[k % 2].scale[0] + f->channels[k % 2].shift[0]);
        assert_int_equal(tl_predict(predictor, in, 1, out), TL_OK);
        tl__window_repeat_last(data, TL_TEST, i, naive);
        for (int k = 0; k < 8; k++, count++) {
            double e = ((double)out[k] - f->channels[k % 2].shift[0]) / f->channels[k % 2].scale[0] - (double)target[k];
            squares += e * e;
            absolute += tl__abs(e);
            last += ((double)naive[k] - (double)target[k]) * ((double)naive[k] - (double)target[k]);
        }
        assert_true(tl__window_seasonal(data, TL_TEST, i, naive));
        for (int k = 0; k < 8; k++) season += ((double)naive[k] - (double)target[k]) * ((double)naive[k] - (double)target[k]);
    }
    assert_true(tl__abs(scores.mse - squares / count) < 1e-5 && tl__abs(scores.mae - absolute / count) < 1e-5);
    assert_true(tl__abs(scores.loss - scores.mse) < 1e-6);
    assert_true(tl__abs(scores.repeat_last_mse - last / count) < 1e-12);
    assert_true(tl__abs(scores.seasonal_mse - season / count) < 1e-12);
    tl_predictor_free(predictor);
    training_end(&t);
    tl_dataset_free(data);
    tl_context_free(context);
}

static double number(const tl_value *map, const char *path) { return tl_value_number(tl_value_get(map, path), -1e30); }

static double mean(const tl_value *list)
{
    double sum = 0;
    for (size_t i = 0; i < tl_value_count(list); i++) sum += tl_value_number(tl_value_at(list, i), 0);
    return sum / (double)tl_value_count(list);
}

/* mean |x_t - x_(t-12)| of a target over the training part, in its own unit. */
static double naive_error(const tl_dataset *data, size_t target)
{
    const tl__part_rows *train = &data->part[TL_TRAIN];
    const tl__series *series = train->from->series;
    size_t end = train->rows[train->count - 1] + 4;
    double sum = 0;
    for (size_t t = 12; t < end; t++)
        sum += fabs((double)series->values[t * 2 + target] - (double)series->values[(t - 12) * 2 + target]);
    return sum / (double)(end - 12) * data->pipeline->forecast->channels[target].scale[0];
}

/* The record of a part: what its figures must be by each other, by the scores, and scaled errors by hand. */
static void test_record(void **state)
{
    (void)state;
    training t;
    tl_scores scores, recorded;
    tl__tree *tree;
    tl__builder builder;
    tl_error error = {0};
    tl_context *context = context_new();
    tl_dataset *data = waves(context, WAVES);
    const tl__forecast *f = data->pipeline->forecast;
    training_over(&t, data, "nodes: 8", "epochs: 3, batch_size: 16, loss: quantile", NULL);
    assert_int_equal(tl__trainer_run(t.trainer, &error), TL_OK);
    assert_int_equal(tl__trainer_score(t.trainer, TL_TEST, &scores, &error), TL_OK);
    tl__trainer_release(t.trainer);
    assert_int_equal(tl__tree_new(&context->heap, NULL, &tree), TL_OK);
    tl__builder_init(&builder, tree);
    tl_value *root = tl__put_map(&builder, NULL, NULL);
    assert_int_equal(tl__trainer_record(t.trainer, TL_TEST, &builder, root, "test", &recorded, &error), TL_OK);
    const tl_value *test = tl_value_get(root, "test");
    assert_true(recorded.mse == scores.mse && recorded.mae == scores.mae && recorded.loss == scores.loss);
    assert_true(number(test, "mse") == scores.mse && number(test, "loss") == scores.loss);
    assert_true(fabs(number(test, "intervals[0].nominal") - 0.8) < 1e-12);
    assert_int_equal(tl_value_count(tl_value_get(test, "by_step.mse")), 4);
    assert_true(fabs(mean(tl_value_get(test, "by_step.mse")) - scores.mse) < 1e-12);
    assert_true(fabs((number(test, "original.by_target.a.mae") + number(test, "original.by_target.b.mae")) / 2 -
                     number(test, "original.mae")) < 1e-12);
    double scaled = 0, season = 0, count = 0;
    for (size_t i = 0; i < tl_dataset_rows(data, TL_TEST); i++) {
        float in[12], target[8], naive[8];
        assert_int_equal(tl_dataset_row(data, TL_TEST, i, in, target), TL_OK);
        assert_true(tl__window_seasonal(data, TL_TEST, i, naive));
        for (int k = 0; k < 8; k++, count++) {
            double e = fabs((double)naive[k] - (double)target[k]);
            season += e;
            scaled += e * f->channels[k % 2].scale[0] / naive_error(data, (size_t)k % 2);
        }
    }
    assert_true(fabs(number(test, "baselines.seasonal_naive.mae") - season / count) < 1e-12);
    assert_true(fabs(number(test, "baselines.seasonal_naive.original.mase") - scaled / count) < 1e-6);
    const double last = number(test, "baselines.repeat_last.mse"), naive = number(test, "baselines.seasonal_naive.mse");
    assert_true(last == scores.repeat_last_mse && naive == scores.seasonal_mse);
    assert_string_equal(tl_value_text(tl_value_get(test, "against.mse.baseline"), ""),
                        last <= naive ? "repeat_last" : "seasonal_naive");
    const double gain = number(test, "against.mse.difference");
    assert_true(fabs(gain - (scores.mse - (last <= naive ? last : naive))) < 1e-6);
    assert_true(number(test, "against.mse.low") < gain && gain < number(test, "against.mse.high"));
    assert_int_equal(tl__trainer_record(t.trainer, TL_TRAIN, &builder, root, "train", &recorded, &error), TL_OK);
    assert_true(number(root, "train.mse") == recorded.mse && !tl_value_get(root, "train.original"));
    tl__tree_free(tree);
    training_end(&t);
    tl_dataset_free(data);
    tl_context_free(context);
}

static void saved(training *t, const char *folder, tl__buffer *out)
{
    char path[300];
    tl_error error = {0};
    snprintf(path, sizeof path, "%s/model.safetensors", folder);
    tl__buffer_init(out, &t->context->heap);
    if (tl_model_save(t->model, path, &error) != TL_OK) fail_msg("%s", error.message);
    assert_int_equal(tl__file_read(path, out, SIZE_MAX, &error), TL_OK);
}

/* Stopped after every 5 steps and resumed in a fresh trainer: the model's bytes. */
static void test_resume(void **state)
{
    (void)state;
    training t;
    char folder[256], path[300];
    tl__buffer whole, pieces;
    tl_error error = {0};
    tl_context *context = context_new();
    tl_dataset *data = waves(context, WAVES);
    files_begin(folder);
    snprintf(path, sizeof path, "%s/checkpoint.safetensors", folder);
    training_over(&t, data, "nodes: 8", settings[0], folder);
    assert_int_equal(tl__trainer_run(t.trainer, &error), TL_OK);
    saved(&t, folder, &whole);
    training_end(&t);
    for (tl_status status = TL_CANCELLED, first = 1; status == TL_CANCELLED; first = 0) {
        training_over(&t, data, "nodes: 8", settings[0], folder);
        if (!first && tl__trainer_resume(t.trainer, path, &error) != TL_OK) fail_msg("%s", error.message);
        status = tl__trainer_run_steps(t.trainer, 5, &error);
        if (status != TL_OK && status != TL_CANCELLED) fail_msg("%s", error.message);
        if (status == TL_OK) saved(&t, folder, &pieces);
        training_end(&t);
    }
    assert_int_equal(whole.size, pieces.size);
    assert_memory_equal(whole.data, pieces.data, whole.size);
    tl__buffer_free(&whole);
    tl__buffer_free(&pieces);
    files_end(folder);
    tl_dataset_free(data);
    tl_context_free(context);
}

/* Each series in its own scaling: a predictor that is told the series gives what the score is made of. */
static float place_value(int step, int place) { return place ? 100.0f * (float)(step * 7 % 12) + 900 : (float)(step * 5 % 9); }

static void test_predictor_of_series(void **state)
{
    enum { PLACE_STEPS = 60, PLACE_TRAIN = 40, PAST = 4, AHEAD = 2 };
    static char text[1 << 12];
    static const char *const names[] = {"north", "south"};
    training t;
    tl_scores scores;
    tl_predictor *predictor;
    tl_error error = {0};
    (void)state;
    tl_context *context = context_new();
    tl_dataset *data = NULL;
    size_t used = (size_t)snprintf(text, sizeof text, "place,a\n");
    double scale[2], sum = 0, count = 0;
    for (int i = 0; i < 2 * PLACE_STEPS; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s,%g\n", names[i % 2], (double)place_value(i / 2, i % 2));
    if (data_set(context, text, "task: forecast, target: a, series: place, scaling: series, window: {input_size: 4, horizon: 2}, "
                 "split: {method: time, train: 40, validation: 10, test: 10}", &data, &error) != TL_OK)
        fail_msg("%s", error.message);
    for (int place = 0; place < 2; place++) {
        double mean = 0, squares = 0;
        for (int i = 0; i < PLACE_TRAIN; i++) mean += (double)place_value(i, place) / PLACE_TRAIN;
        for (int i = 0; i < PLACE_TRAIN; i++) squares += pow((double)place_value(i, place) - mean, 2) / PLACE_TRAIN;
        scale[place] = sqrt(squares);
    }
    training_over(&t, data, "nodes: 8", "epochs: 3, batch_size: 16", NULL);
    if (tl__trainer_run(t.trainer, &error) != TL_OK) fail_msg("%s", error.message);
    assert_int_equal(tl__trainer_score(t.trainer, TL_TEST, &scores, &error), TL_OK);

    float raw[PAST], out[AHEAD];
    assert_int_equal(tl_predictor_new(t.model, 2, &predictor, &error), TL_OK);
    assert_int_equal(tl_predict(predictor, raw, 1, out), TL_INVALID);
    assert_int_equal(tl_predictor_series(predictor, "east", &error), TL_NOT_FOUND);
    assert_non_null(strstr(error.message, "'east'"));
    for (size_t k = 0; k < data->part[TL_TEST].count; k++) {
        size_t row = tl__dataset_row_id(data, TL_TEST, k);
        int place = (int)row % 2, step = (int)row / 2;
        for (int i = 0; i < PAST; i++) raw[i] = place_value(step - PAST + i, place);
        assert_int_equal(tl_predictor_series(predictor, names[place], &error), TL_OK);
        assert_int_equal(tl_predict(predictor, raw, 1, out), TL_OK);
        for (int i = 0; i < AHEAD; i++) {
            sum += tl__abs((double)out[i] - (double)place_value(step + i, place)) / scale[place];
            count += 1;
        }
    }
    assert_true(count > 20 && tl__abs(sum / count - scores.mae) < 1e-5 * scores.mae);
    raw[1] = tl__bits_float(0x7fc00000u);
    assert_int_equal(tl_predict(predictor, raw, 1, out), TL_NOT_FINITE);
    tl_predictor_free(predictor);
    training_end(&t);
    tl_dataset_free(data);
    tl_context_free(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_plan_is_exact), cmocka_unit_test(test_scores),
                                       cmocka_unit_test(test_record),
                                       cmocka_unit_test(test_resume),
                                       cmocka_unit_test(test_predictor_of_series)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
