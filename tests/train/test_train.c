/* Training as a whole: it learns, it stops where it should, it keeps the weights it should, it takes the memory it said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "port/port.h"
#include "support/failing.h"
#include "support/files.h"
#include "support/trainings.h"
#include "train/stopping.h"

static double absolute(double x) { return x < 0 ? -x : x; }

/* ---- learning, through the public interface ---- */

static tl_model *dense(tl_context *context, size_t inputs, const char *hidden, const char *output)
{
    tl_graph *graph;
    tl_model *model;
    tl_error error = {0};
    assert_int_equal(tl_graph_new(context, &graph), TL_OK);
    tl_node node = tl_graph_input(graph, "x", inputs);
    if (hidden) node = tl_graph_add(graph, "dense", node, hidden);
    node = tl_graph_add(graph, "dense", node, output);
    if (tl_model_new(context, graph, node, &model, &error) != TL_OK) fail_msg("%s", error.message);
    tl_graph_free(graph);
    return model;
}

static void test_xor(void **state)
{
    (void)state;
    static const float inputs[] = {0, 0, 0, 1, 1, 0, 1, 1}, targets[] = {0, 1, 1, 0};
    tl_error error = {0};
    tl_context *context = tl_context_new(NULL);
    tl_dataset *data;
    tl_predictor *predictor;
    float out[8];
    assert_int_equal(tl_dataset_from_arrays(context, inputs, targets, 4, 2, 2, 2,
                                            "split: {validation: 0, test: 0}, normalize: none", &data, &error), TL_OK);
    tl_model *model = dense(context, 2, "nodes: 8, activation: tanh", "nodes: 2");
    if (tl_train(model, data, "epochs: 300, batch_size: 4, learning_rate: 0.05", NULL, NULL, &error) != TL_OK)
        fail_msg("%s", error.message);
    assert_int_equal(tl_predictor_new(model, 4, &predictor, &error), TL_OK);
    assert_int_equal(tl_predict(predictor, inputs, 4, out), TL_OK);
    for (int i = 0; i < 4; i++) {
        assert_true(absolute((double)out[2 * i] + (double)out[2 * i + 1] - 1) < 1e-6);
        assert_true(out[2 * i + 1 - (int)targets[i]] < 0.05f);
    }
    assert_int_equal(tl_predict(predictor, inputs, 5, out), TL_OUT_OF_RANGE);
    tl_predictor_free(predictor);
    tl_model_free(model);
    tl_dataset_free(data);
    tl_context_free(context);
}

/* y = 3 a - 2 b + 0.5 is found, in the target's own unit, whatever the data's scaling. */
static void test_linear(void **state)
{
    (void)state;
    enum { COUNT = 200 };
    float inputs[COUNT * 2], targets[COUNT], wanted[2], probe[4] = {10, -4, 2, 2};
    tl_error error = {0};
    tl_context *context = tl_context_new(NULL);
    tl_dataset *data;
    tl_predictor *predictor;
    tl_scores scores;
    for (int i = 0; i < COUNT; i++) {
        inputs[2 * i] = (float)(i % 17) - 3;
        inputs[2 * i + 1] = (float)(i % 23) * 0.5f;
        targets[i] = 3 * inputs[2 * i] - 2 * inputs[2 * i + 1] + 0.5f;
    }
    assert_int_equal(tl_dataset_from_arrays(context, inputs, targets, COUNT, 2, 1, 0, "normalize: standard", &data, &error),
                     TL_OK);
    tl_model *model = dense(context, 2, NULL, "nodes: 1");
    if (tl_train(model, data, "epochs: 400, learning_rate: 0.02, lr_scheduler: {type: cosine_annealing, t_max: 400}", NULL,
                 NULL, &error) != TL_OK)
        fail_msg("%s", error.message);
    assert_int_equal(tl_score(model, data, TL_TEST, &scores, &error), TL_OK);
    assert_true(scores.r2 > 0.9999 && scores.mae < 0.05 && scores.accuracy != scores.accuracy);
    assert_int_equal(tl_predictor_new(model, 2, &predictor, &error), TL_OK);
    assert_int_equal(tl_predict(predictor, probe, 2, wanted), TL_OK);
    assert_true(absolute((double)wanted[0] - 38.5) < 0.1);
    assert_true(absolute((double)wanted[1] - 2.5) < 0.1);
    tl_predictor_free(predictor);
    tl_model_free(model);
    tl_dataset_free(data);
    tl_context_free(context);
}

static void test_iris(void **state)
{
    (void)state;
    tl_error error = {0};
    tl_context *context = tl_context_new(NULL);
    tl_dataset *data;
    tl_scores scores;
    if (tl_dataset_read(context, "examples/c-api/iris.csv",
                        "target: -1, split: {validation: 0.2, test: 0.2}, normalize: standard", &data, &error) != TL_OK)
        fail_msg("%s", error.message);
    tl_model *model = dense(context, 4, "nodes: 16, activation: relu", "nodes: 3");
    if (tl_train(model, data, "epochs: 100, learning_rate: 0.01, early_stopping: {patience: 20}", NULL, NULL, &error) != TL_OK)
        fail_msg("%s", error.message);
    assert_int_equal(tl_score(model, data, TL_TEST, &scores, &error), TL_OK);
    assert_int_equal(scores.samples, 30);
    assert_true(scores.accuracy > 0.9 && scores.auc > 0.95 && scores.f1_macro > 0.9);
    assert_string_equal(tl_model_class(model, 0), "Iris-setosa");
    assert_null(tl_model_class(model, 3));
    tl_model_free(model);
    tl_dataset_free(data);
    tl_context_free(context);
}

static tl_status train_iris(const char *output, const char *loss, float probabilities[3], tl_error *error)
{
    static const float sample[] = {6.1f, 2.8f, 4.7f, 1.2f};
    char settings[96];
    tl_context *context = tl_context_new(NULL);
    tl_dataset *data;
    tl_predictor *predictor;
    assert_int_equal(tl_dataset_read(context, "examples/c-api/iris.csv", "target: -1", &data, error), TL_OK);
    tl_model *model = dense(context, 4, "nodes: 8, activation: relu", output);
    snprintf(settings, sizeof settings, "epochs: 5, loss: %s", loss);
    tl_status status = tl_train(model, data, settings, NULL, NULL, error);
    if (status == TL_OK) {
        assert_int_equal(tl_predictor_new(model, 1, &predictor, error), TL_OK);
        assert_int_equal(tl_predict(predictor, sample, 1, probabilities), TL_OK);
        tl_predictor_free(predictor);
    }
    tl_model_free(model);
    tl_dataset_free(data);
    tl_context_free(context);
    return status;
}

/* Softmax on the output under a loss that makes it itself is that softmax, not a second one. */
static void test_output_activation(void **state)
{
    (void)state;
    static const char *const losses[] = {"cross_entropy", "focal"};
    float plain[3], named[3];
    tl_error error = {0};
    for (size_t i = 0; i < TL_COUNT(losses); i++) {
        assert_int_equal(train_iris("nodes: 3", losses[i], plain, &error), TL_OK);
        assert_int_equal(train_iris("nodes: 3, activation: softmax", losses[i], named, &error), TL_OK);
        assert_memory_equal(plain, named, sizeof plain);
    }
    assert_int_equal(train_iris("nodes: 3, activation: sigmoid", "cross_entropy", named, &error), TL_BAD_CONFIG);
    assert_non_null(strstr(error.message, "has the activation sigmoid, but training.loss cross_entropy makes probabilities "
                                          "of its outputs by softmax; leave the activation out"));
    assert_int_equal(train_iris("nodes: 3, activation: tanh", "cross_entropy", named, &error), TL_OK);
}

/* ---- stopping ---- */

/* Losses are planted; the rule is A3's and B7's. */
static void test_stopping_delta(void **state)
{
    (void)state;
    static const double losses[] = {1.0, 0.9, 0.8995, 0.899, 0.8985, 0.5, 0.6, 0.7, 0.8};
    tl__stopping stopping;
    tl__stopping_init(&stopping, 3, 0.001, 0);
    for (int64_t epoch = 1; epoch <= 9; epoch++) {
        bool stop = tl__stopping_update(&stopping, epoch, 0.1, losses[epoch - 1], true);
        /* 0.8985 beats 0.9 by 0.0015, though no single step did by 0.001. */
        assert_int_equal(stop, epoch == 9);
        if (epoch == 5) assert_int_equal(stopping.bad, 0);
    }
    assert_int_equal(stopping.trigger, 9);
    assert_int_equal(tl__stopping_restore(&stopping), 6);
}

static void test_stopping_ratio(void **state)
{
    (void)state;
    tl__stopping stopping;
    tl__stopping_init(&stopping, 2, 0, 1.15);
    assert_false(tl__stopping_update(&stopping, 1, 1.0, 1.14, true));    /* within the ratio */
    assert_int_equal(stopping.bad, 0);
    assert_false(tl__stopping_update(&stopping, 2, 0.5, 0.6, true));     /* better, but 1.2 apart */
    assert_int_equal(stopping.bad, 1);
    assert_true(stopping.by_ratio);
    assert_true(tl__stopping_update(&stopping, 3, 0.4, 0.5, true));
    assert_int_equal(tl__stopping_restore(&stopping), 1);
}

static void test_stopping_corners(void **state)
{
    (void)state;
    double nan = strtod("nan", NULL);
    tl__stopping stopping;
    tl__best best;
    tl__stopping_init(&stopping, 2, 0, 0);
    assert_false(tl__stopping_update(&stopping, 1, 1, nan, true));       /* NaN never gets better */
    assert_true(tl__stopping_update(&stopping, 2, 1, nan, true));
    assert_int_equal(tl__stopping_restore(&stopping), 0);                /* the initial weights */
    tl__stopping_init(&stopping, 0, 0, 0);
    for (int64_t epoch = 1; epoch < 50; epoch++) assert_false(tl__stopping_update(&stopping, epoch, 1, 1, true));
    tl__stopping_init(&stopping, 1, 0, 1.15);
    assert_false(tl__stopping_update(&stopping, 1, 1, 5, false));        /* no validation: train_loss alone */
    tl__best_init(&best, true);
    assert_false(tl__best_update(&best, 1, nan));
    assert_true(tl__best_update(&best, 2, 0.5));
    assert_false(tl__best_update(&best, 3, 0.5));
    assert_true(tl__best_update(&best, 4, 0.6));
    assert_int_equal(best.epoch, 4);
}

/* The weights of epoch trigger - patience come back: those of a training that ended there. */
static void test_patience_restores(void **state)
{
    (void)state;
    training t, shorter;
    tl__train_result result;
    tl_error error = {0};
    char settings[100];
    training_start(&t, 60, "nodes: 8", "epochs: 50, learning_rate: 0.3, keep: patience, early_stopping: {patience: 3, "
                   "min_delta: 0.05}", NULL);
    assert_int_equal(tl__trainer_run(t.trainer, &error), TL_OK);
    tl__trainer_result(t.trainer, &result);
    assert_string_equal(result.stopped, "early_stopping_triggered");
    assert_string_equal(result.trigger, "early_stopping_patience_exceeded");
    assert_true(result.epochs < 50);
    assert_int_equal(result.kept_epoch, result.epochs - 3);
    snprintf(settings, sizeof settings, "epochs: %d, learning_rate: 0.3, keep: last", (int)result.kept_epoch);
    training_start(&shorter, 60, "nodes: 8", settings, NULL);
    assert_int_equal(tl__trainer_run(shorter.trainer, &error), TL_OK);
    size_t bytes = tl__plan_parameter_floats(t.model->plan) * sizeof(float);
    assert_memory_equal(t.model->parameters, shorter.model->parameters, bytes);
    training_end(&shorter);
    training_end(&t);
}

static void test_best_is_kept(void **state)
{
    (void)state;
    training t, shorter;
    tl__train_result result;
    tl_error error = {0};
    tl_scores scores;
    char settings[100];
    training_start(&t, 60, "nodes: 8", "epochs: 30, learning_rate: 0.1", NULL);
    assert_int_equal(tl__trainer_run(t.trainer, &error), TL_OK);
    tl__trainer_result(t.trainer, &result);
    assert_string_equal(result.stopped, "completed");
    assert_int_equal(result.epochs, 30);
    assert_int_equal(result.kept_epoch, result.best_epoch);
    double lowest = tl__trainer_epoch(t.trainer, (size_t)result.best_epoch - 1)->val_loss;
    for (size_t i = 0; i < 30; i++) assert_true(tl__trainer_epoch(t.trainer, i)->val_loss >= lowest);
    assert_int_equal(tl__trainer_score(t.trainer, TL_VALIDATION, &scores, &error), TL_OK);
    assert_true(scores.loss == lowest);
    snprintf(settings, sizeof settings, "epochs: %d, learning_rate: 0.1, keep: last", (int)result.best_epoch);
    training_start(&shorter, 60, "nodes: 8", settings, NULL);
    assert_int_equal(tl__trainer_run(shorter.trainer, &error), TL_OK);
    assert_memory_equal(t.model->parameters, shorter.model->parameters,
                        tl__plan_parameter_floats(t.model->plan) * sizeof(float));
    training_end(&shorter);
    training_end(&t);
}

static void test_nan_names_the_layer(void **state)
{
    (void)state;
    training t;
    tl__train_result result;
    tl_error error = {0};
    training_start(&t, 60, "nodes: 8", "epochs: 20, learning_rate: 1000, optimizer: sgd, loss: cross_entropy, l2_reg: 100000",
                   NULL);
    assert_int_equal(tl__trainer_run(t.trainer, &error), TL_NOT_FINITE);
    assert_non_null(strstr(error.message, "dense_"));
    assert_non_null(strstr(error.message, "epoch "));
    assert_non_null(strstr(error.message, "step "));
    tl__trainer_result(t.trainer, &result);
    assert_string_equal(result.stopped, "nan");
    for (size_t i = 0; i < tl__plan_parameter_floats(t.model->plan); i++)
        assert_true(t.model->parameters[i] - t.model->parameters[i] == 0);
    training_end(&t);
}

/* ---- cancel ---- */

static bool stop_at_third_epoch(void *user, const tl_progress *progress)
{
    int *calls = user;
    ++*calls;
    return !(progress->epoch_end && progress->epoch == 3);
}

static void test_progress_cancels(void **state)
{
    (void)state;
    training t;
    tl__train_result result;
    tl_error error = {0};
    int calls = 0;
    training_start(&t, 60, "nodes: 8", "epochs: 50", NULL);
    tl_status status = tl_train(t.model, t.data, "epochs: 50", stop_at_third_epoch, &calls, &error);
    assert_int_equal(status, TL_CANCELLED);
    assert_true(calls >= 3);
    assert_non_null(strstr(error.message, "epoch 4"));
    assert_int_equal(tl__trainer_run(t.trainer, &error), TL_OK);    /* the request is used up */
    tl__trainer_result(t.trainer, &result);
    assert_int_equal(result.epochs, 50);
    training_end(&t);
}

static void cancel_later(void *user)
{
    tl__sleep(20000);
    tl_cancel(user);
}

static void test_cancel_from_another_thread(void **state)
{
    (void)state;
    training t;
    tl_error error = {0};
    tl__heap heap;
    tl__thread *thread;
    tl__heap_init(&heap, NULL, 0);
    training_start(&t, 60, "nodes: 8", "epochs: 1000000", NULL);
    if (tl__thread_start(&heap, cancel_later, t.context, &thread) != TL_OK) {
        training_end(&t);
        return;
    }
    assert_int_equal(tl__trainer_run(t.trainer, &error), TL_CANCELLED);
    tl__thread_join(&heap, thread);
    training_end(&t);
}

/* ---- memory ---- */

static tl_status count_calls(void *user, const tl__trainer *trainer, const tl_progress *progress, tl_error *error)
{
    (void)trainer, (void)error;
    size_t *calls = ((size_t **)user)[0];
    const tl__heap *heap = ((tl__heap **)user)[1];
    if (progress->epoch == 1 && progress->step == 1) *calls = heap->calls;
    assert_int_equal(heap->calls, *calls);
    return TL_OK;
}

/* The heap holds what the plan says, to the byte, and a step asks for nothing. */
static void check_plan(const char *settings, const char *folder)
{
    training t;
    tl__memory plan;
    tl__train_result result;
    tl_error error = {0};
    size_t calls = 0, sum = 0;
    training_start(&t, 60, "nodes: 8", settings, folder);
    tl__trainer_free(t.trainer);
    void *user[2] = {&calls, &t.context->heap};
    tl__listener listener = {.batch = count_calls, .user = user};
    t.options.listeners = &listener;
    t.options.listener_count = 1;
    assert_int_equal(tl__trainer_new(t.model, t.data, &t.options, &t.trainer, &error), TL_OK);
    tl__trainer_memory(t.trainer, &plan);
    for (int i = 0; i < plan.count; i++) sum += plan.lines[i].bytes;
    assert_int_equal(sum, plan.total);
    tl__heap_reset_peak(&t.context->heap);
    if (tl__trainer_run(t.trainer, &error) != TL_OK) fail_msg("%s", error.message);
    assert_int_equal(t.context->heap.peak, plan.total);
    tl_scores scores;
    for (int part = 0; part < 3; part++)
        assert_int_equal(tl__trainer_score(t.trainer, (tl_part)part, &scores, &error), TL_OK);
    assert_int_equal(t.context->heap.peak, plan.total);
    tl__trainer_result(t.trainer, &result);
    assert_int_equal(result.memory_bytes, plan.total);
    training_end(&t);
}

static void test_plan_is_exact(void **state)
{
    (void)state;
    check_plan("epochs: 3, batch_size: 8", NULL);
    check_plan("epochs: 3, batch_size: 7, optimizer: sgd, keep: last", NULL);
    check_plan("epochs: 3, batch_size: 4, accumulation: 4, gradient_shards: 8, validation_batch_size: 100", NULL);
    check_plan("epochs: 3, batch_size: 8, recompute: true", NULL);
    check_plan("epochs: 5, keep: patience, early_stopping: {patience: 4}", NULL);
    char folder[256];
    files_begin(folder);
    check_plan("epochs: 12, batch_size: 8, checkpoint: {epochs: 1, steps: 2}", folder);
    check_plan("epochs: 5, keep: patience, early_stopping: {patience: 4}, checkpoint: {epochs: 2}", folder);
    files_end(folder);
}

/* From arrays to a predictor, over an allocator that fails. */
static tl_status set_up(tl__heap *heap, void *user)
{
    (void)user;
    static const float inputs[] = {0, 0, 0, 1, 1, 0, 1, 1}, targets[] = {0, 1, 1, 0};
    tl_context_options options = TL_CONTEXT_OPTIONS;
    tl_allocator allocator = heap->allocator;
    tl_context *context;
    tl_error error = {0};
    tl_dataset *data = NULL;
    tl_graph *graph = NULL;
    tl_model *model = NULL;
    options.allocator = &allocator;
    options.threads = 1;
    TL_TRY(tl_context_make(&options, &context, &error));
    tl_status status = tl_dataset_from_arrays(context, inputs, targets, 4, 2, 2, 2, "split: {validation: 0, test: 0}", &data,
                                              &error);
    if (status == TL_OK) status = tl_graph_new(context, &graph);
    if (status == TL_OK) {
        tl_node node = tl_graph_add(graph, "dense", tl_graph_input(graph, "x", 2), "nodes: 3");
        status = tl_model_new(context, graph, tl_graph_add(graph, "dense", node, "nodes: 2"), &model, &error);
    }
    if (status == TL_OK) status = tl_train(model, data, "epochs: 2, batch_size: 2", NULL, NULL, &error);
    tl_scores scores;
    tl_predictor *predictor = NULL;
    if (status == TL_OK) status = tl_score(model, data, TL_TRAIN, &scores, &error);
    if (status == TL_OK) status = tl_predictor_new(model, 4, &predictor, &error);
    tl_predictor_free(predictor);
    tl_model_free(model);
    tl_graph_free(graph);
    tl_dataset_free(data);
    tl_context_free(context);
    return status;
}

static void test_out_of_memory(void **state)
{
    (void)state;
    assert_true(failing_sweep(set_up, NULL) > 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_xor), cmocka_unit_test(test_linear), cmocka_unit_test(test_iris), cmocka_unit_test(test_output_activation),
        cmocka_unit_test(test_stopping_delta), cmocka_unit_test(test_stopping_ratio),
        cmocka_unit_test(test_stopping_corners), cmocka_unit_test(test_patience_restores),
        cmocka_unit_test(test_best_is_kept), cmocka_unit_test(test_nan_names_the_layer),
        cmocka_unit_test(test_progress_cancels), cmocka_unit_test(test_cancel_from_another_thread),
        cmocka_unit_test(test_plan_is_exact), cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
