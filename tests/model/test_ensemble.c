/* An ensemble predicts the mean of its members' predictions: probabilities of classes, values, one sigmoid; for any
 * number of members; and only members of one kind make one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/ensemble.h"
#include "support/files.h"

enum { ROWS = 40, FEATURES = 3, MOST = 19 };

static float inputs[ROWS * FEATURES], labels[ROWS], values[ROWS];

static void make_data(void)
{
    uint32_t state = 7;
    for (int i = 0; i < ROWS * FEATURES; i++) {
        state = state * 1664525u + 1013904223u;
        inputs[i] = (float)(state >> 8) / 8388608.0f - 1.0f;
    }
    for (int i = 0; i < ROWS; i++) {
        labels[i] = (float)(i % 3);
        values[i] = 5.0f + inputs[i * FEATURES] * 2.0f;
    }
}

static tl_model *train(tl_context *context, uint64_t seed, size_t classes, size_t outputs, const char *settings,
                       const char *more)
{
    tl_error error = {0};
    tl_graph *graph;
    tl_model *model;
    tl_dataset *data;
    char output[64], how[128];
    float two[ROWS];
    for (int i = 0; i < ROWS; i++) two[i] = (float)(i % 2);
    context->seed = seed;
    snprintf(output, sizeof output, "nodes: %zu", outputs);
    snprintf(how, sizeof how, "epochs: 3, learning_rate: 0.05%s", more);
    assert_int_equal(tl_graph_new(context, &graph), TL_OK);
    tl_node node = tl_graph_input(graph, "x", FEATURES);
    node = tl_graph_add(graph, "hidden", node, seed % 2 ? "nodes: 4" : "nodes: 6, activation: tanh");
    node = tl_graph_add(graph, "dense", node, output);
    assert_int_equal(tl_model_new(context, graph, node, &model, &error), TL_OK);
    const float *targets = classes == 3 ? labels : classes == 2 ? two : values;
    assert_int_equal(tl_dataset_from_arrays(context, inputs, targets, ROWS, FEATURES, 1, classes, settings, &data,
                                            &error), TL_OK);
    assert_int_equal(tl_train(model, data, how, NULL, NULL, &error), TL_OK);
    tl_dataset_free(data);
    tl_graph_free(graph);
    return model;
}

static void predict(const tl_model *model, float *out)
{
    tl_predictor *predictor;
    tl_error error = {0};
    assert_int_equal(tl_predictor_new(model, ROWS, &predictor, &error), TL_OK);
    assert_int_equal(tl_predict(predictor, inputs, ROWS, out), TL_OK);
    tl_predictor_free(predictor);
}

static void check(size_t classes, size_t outputs, size_t count, const char *more)
{
    static const char *const names[MOST] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o",
                                            "p", "q", "r", "s"};
    tl_error error = {0};
    tl_context *context = tl_context_new(NULL);
    tl_model *members[MOST], *ensemble, *loaded;
    size_t width = classes ? classes : 1;
    static float one[ROWS * 3], all[ROWS * 3];
    static double mean[ROWS * 3];
    char folder[256];
    memset(mean, 0, sizeof mean);
    for (size_t m = 0; m < count; m++) {
        members[m] = train(context, m + 1, classes, outputs, "split: {validation: 0, test: 0}", more);
        predict(members[m], one);
        for (size_t i = 0; i < ROWS * width; i++) mean[i] += (double)one[i] / (double)count;
    }
    assert_int_equal(tl__ensemble_make(context, members, names, count, &ensemble, &error), TL_OK);
    assert_int_equal(tl_model_outputs(ensemble), tl_model_outputs(members[0]));
    predict(ensemble, all);
    for (size_t i = 0; i < ROWS * width; i++) {
        double off = (double)all[i] - mean[i];
        if (off < 0) off = -off;
        if (off > 1e-6 * (classes ? 1.0 : 10.0)) fail_msg("%zu: %.9g, not %.9g", i, (double)all[i], mean[i]);
    }
    /* it is a model like any other */
    files_begin(folder);
    assert_int_equal(tl_model_save(ensemble, files_path(folder, "e.safetensors"), &error), TL_OK);
    assert_int_equal(tl_model_load(context, files_path(folder, "e.safetensors"), &loaded, &error), TL_OK);
    predict(loaded, one);
    assert_memory_equal(one, all, ROWS * width * sizeof(float));
    files_end(folder);
    tl_model_free(loaded);
    tl_model_free(ensemble);
    for (size_t m = 0; m < count; m++) tl_model_free(members[m]);
    tl_context_free(context);
}

static void test_classes(void **state)
{
    (void)state;
    check(3, 3, 2, "");
    check(3, 3, MOST, "");
}

static void test_values(void **state)
{
    (void)state;
    check(0, 1, 3, "");
    check(0, 1, 9, "");
}

static void test_one_sigmoid(void **state)
{
    (void)state;
    check(2, 1, 5, ", loss: binary_cross_entropy");
    check(2, 2, 5, "");
}

static void test_mistakes(void **state)
{
    (void)state;
    static const char *const names[] = {"first", "second"};
    tl_error error = {0};
    tl_context *context = tl_context_new(NULL);
    tl_model *ensemble;
    tl_model *members[] = {train(context, 1, 3, 3, "split: {validation: 0, test: 0}", ""),
                           train(context, 2, 3, 3, "split: {validation: 0, test: 0.5}", "")};
    assert_int_equal(tl__ensemble_make(context, members, names, 2, &ensemble, &error), TL_BAD_DATA);
    assert_non_null(strstr(error.message, "first and second were trained on other rows"));
    assert_int_equal(tl__ensemble_make(context, members, names, 1, &ensemble, &error), TL_OUT_OF_RANGE);
    tl_model_free(members[0]);
    tl_model_free(members[1]);
    tl_context_free(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_classes), cmocka_unit_test(test_values), cmocka_unit_test(test_one_sigmoid),
        cmocka_unit_test(test_mistakes),
    };
    make_data();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
