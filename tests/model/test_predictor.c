/* Prediction: probabilities or values in the target's unit, from raw rows, without allocation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/trainings.h"

static void test_no_allocation(void **state)
{
    (void)state;
    training t;
    tl_error error = {0};
    tl_predictor *predictor;
    float inputs[2 * 9], targets[9], out[27], nan = strtof("nan", NULL);
    training_start(&t, 60, "nodes: 8", "epochs: 2", NULL);
    assert_int_equal(tl__trainer_run(t.trainer, &error), TL_OK);
    blobs(inputs, targets, 9);
    assert_int_equal(tl_predictor_new(t.model, 0, &predictor, &error), TL_INVALID);
    assert_int_equal(tl_predictor_new(t.model, 9, &predictor, &error), TL_OK);
    size_t calls = t.context->heap.calls;
    for (size_t rows = 0; rows <= 9; rows++) assert_int_equal(tl_predict(predictor, inputs, rows, out), TL_OK);
    assert_int_equal(tl_predict(predictor, inputs, 10, out), TL_OUT_OF_RANGE);
    inputs[3] = nan;
    assert_int_equal(tl_predict(predictor, inputs, 9, out), TL_NOT_FINITE);
    assert_int_equal(t.context->heap.calls, calls);
    tl_predictor_free(predictor);
    tl_predictor_free(NULL);
    training_end(&t);
}

static tl_model *trained(tl_context *context, tl_dataset *data, size_t inputs, const char *output, const char *settings)
{
    tl_graph *graph;
    tl_model *model;
    tl_error error = {0};
    assert_int_equal(tl_graph_new(context, &graph), TL_OK);
    if (tl_model_new(context, graph, tl_graph_add(graph, "dense", tl_graph_input(graph, "x", inputs), output), &model,
                     &error) != TL_OK)
        fail_msg("%s", error.message);
    if (tl_train(model, data, settings, NULL, NULL, &error) != TL_OK) fail_msg("%s", error.message);
    tl_graph_free(graph);
    return model;
}

/* One output tells two classes apart: [1 - p, p]. */
static void test_one_output_two_classes(void **state)
{
    (void)state;
    float inputs[40], targets[40], out[4], probe[2] = {-5, 5};
    tl_error error = {0};
    tl_context *context = tl_context_new(NULL);
    tl_dataset *data;
    tl_predictor *predictor;
    tl_scores scores;
    for (int i = 0; i < 40; i++) targets[i] = (inputs[i] = (float)(i - 20)) >= 0;
    assert_int_equal(tl_dataset_from_arrays(context, inputs, targets, 40, 1, 2, 2, "split: {validation: 0, test: 0}", &data,
                                            &error), TL_OK);
    tl_model *model = trained(context, data, 1, "nodes: 1", "epochs: 200, learning_rate: 0.1, loss: binary_cross_entropy");
    assert_int_equal(tl_model_outputs(model), 2);
    assert_int_equal(tl_predictor_new(model, 2, &predictor, &error), TL_OK);
    assert_int_equal(tl_predict(predictor, probe, 2, out), TL_OK);
    assert_true(out[0] > 0.8f && out[1] < 0.2f && out[2] < 0.2f && out[3] > 0.8f);
    assert_true(out[0] + out[1] > 0.9999f && out[0] + out[1] < 1.0001f);
    if (tl_score(model, data, TL_TRAIN, &scores, &error) != TL_OK) fail_msg("%s", error.message);
    assert_true(scores.accuracy > 0.9 && scores.auc > 0.99);
    tl_predictor_free(predictor);
    tl_model_free(model);
    tl_dataset_free(data);
    tl_context_free(context);
}

/* Values come back in the target's own unit: thousands here, though the network learned standardised ones. */
static void test_unit_of_the_target(void **state)
{
    (void)state;
    float inputs[50], targets[50], out[2], probe[2] = {0, 10};
    tl_error error = {0};
    tl_context *context = tl_context_new(NULL);
    tl_dataset *data;
    tl_predictor *predictor;
    for (int i = 0; i < 50; i++) targets[i] = 5000 + 100 * (inputs[i] = (float)i);
    assert_int_equal(tl_dataset_from_arrays(context, inputs, targets, 50, 1, 1, 0,
                                            "normalize_target: standard, split: {validation: 0, test: 0}", &data, &error),
                     TL_OK);
    tl_model *model = trained(context, data, 1, "nodes: 1", "epochs: 300, learning_rate: 0.05");
    assert_int_equal(tl_predictor_new(model, 2, &predictor, &error), TL_OK);
    assert_int_equal(tl_predict(predictor, probe, 2, out), TL_OK);
    assert_true(out[0] > 4990 && out[0] < 5010 && out[1] > 5990 && out[1] < 6010);
    tl_predictor_free(predictor);
    tl_model_free(model);
    tl_dataset_free(data);
    tl_context_free(context);
}

/* The rows of a predictor are those of the pipeline, bit by bit: with and without vectors, with a missing number. */
static void test_inputs_are_the_pipelines(void **state)
{
    enum { FEATURES = 11, ROWS = 30 };
    (void)state;
    float inputs[ROWS * FEATURES], targets[ROWS], ready[ROWS * FEATURES], want[ROWS], out[ROWS];
    const float *raw;
    tl_error error = {0};
    tl_context *context = tl_context_new(NULL);
    tl_dataset *data;
    tl_predictor *predictor;
    tl__plan *plan;
    tl__network *network;
    for (int i = 0; i < ROWS * FEATURES; i++) inputs[i] = (float)(i * 37 % 101) / 7.0f;
    for (int i = 0; i < ROWS; i++) targets[i] = inputs[i * FEATURES];
    inputs[5 * FEATURES + 3] = inputs[7 * FEATURES + 10] = strtof("nan", NULL);
    assert_int_equal(tl_dataset_from_arrays(context, inputs, targets, ROWS, FEATURES, 1, 0,
                                            "missing: median, split: {validation: 0, test: 0}", &data, &error), TL_OK);
    tl_model *model = trained(context, data, FEATURES, "nodes: 1", "epochs: 2");
    tl__plan_options options = {.kernels = context->kernels, .workers = 1, .max_rows = ROWS};
    assert_int_equal(tl__plan_new(&context->heap, &model->graph, &options, &plan, &error), TL_OK);
    assert_int_equal(tl__network_new(&context->heap, plan, model->parameters, &network, &error), TL_OK);
    assert_int_equal(tl__pipeline_apply(model->pipeline, inputs, ROWS, ready, NULL), TL_OK);
    assert_int_equal(tl__network_forward(network, NULL, ready, ROWS, &raw), TL_OK);
    memcpy(want, raw, sizeof want);
    tl__pipeline_restore(model->pipeline, want, ROWS);
    assert_int_equal(tl_predictor_new(model, ROWS, &predictor, &error), TL_OK);
    assert_int_equal(tl_predict(predictor, inputs, ROWS, out), TL_OK);
    assert_memory_equal(out, want, sizeof out);
    for (int i = 0; i < ROWS; i++) {
        assert_int_equal(tl_predict(predictor, inputs + i * FEATURES, 1, out), TL_OK);
        assert_memory_equal(out, want + i, sizeof *out);
    }
    inputs[0] = strtof("inf", NULL);
    assert_int_equal(tl_predict(predictor, inputs, ROWS, out), TL_NOT_FINITE);
    tl_predictor_free(predictor);
    tl__network_free(&context->heap, network);
    tl__plan_free(&context->heap, plan);
    tl_model_free(model);
    tl_dataset_free(data);
    tl_context_free(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_allocation), cmocka_unit_test(test_one_output_two_classes),
        cmocka_unit_test(test_unit_of_the_target), cmocka_unit_test(test_inputs_are_the_pipelines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
