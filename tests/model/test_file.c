/* Model files: what is saved comes back to the bit, nothing else gets in, and nothing of the machine is in them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "port/port.h"
#include "support/failing.h"
#include "support/files.h"
#include "support/trainings.h"

static void trained(training *t, const char *settings)
{
    tl_error error = {0};
    training_start(t, 60, "nodes: 8, activation: gelu", settings, NULL);
    if (tl__trainer_run(t->trainer, &error) != TL_OK) fail_msg("%s", error.message);
}

static void predict(const tl_model *model, const float *inputs, size_t rows, float *out)
{
    tl_predictor *predictor;
    tl_error error = {0};
    assert_int_equal(tl_predictor_new(model, rows, &predictor, &error), TL_OK);
    assert_int_equal(tl_predict(predictor, inputs, rows, out), TL_OK);
    tl_predictor_free(predictor);
}

static void test_round_trip(void **state)
{
    (void)state;
    training t;
    tl_model *loaded;
    tl_error error = {0};
    tl_scores before, after;
    char folder[256];
    float inputs[2 * 20], targets[20], one[3], first[60], second[60];
    files_begin(folder);
    trained(&t, "epochs: 5, class_weights: [1, 2, 3], loss: {type: cross_entropy, label_smoothing: 0.1}");
    const char *path = files_path(folder, "a.safetensors"), *again = files_path(folder, "b.safetensors");
    assert_int_equal(tl_model_save(t.model, path, &error), TL_OK);
    if (tl_model_load(t.context, path, &loaded, &error) != TL_OK) fail_msg("%s", error.message);
    blobs(inputs, targets, 20);
    predict(t.model, inputs, 20, first);
    predict(loaded, inputs, 20, second);
    assert_memory_equal(first, second, sizeof first);
    for (size_t row = 0; row < 20; row++) {     /* a row's prediction does not depend on the others */
        predict(loaded, inputs + 2 * row, 1, one);
        assert_memory_equal(one, first + 3 * row, sizeof one);
    }
    assert_int_equal(tl_model_parameters(loaded), 2 * 8 + 8 + 8 * 3 + 3);
    assert_int_equal(tl_model_inputs(loaded), 2);
    assert_int_equal(tl_model_outputs(loaded), 3);
    assert_int_equal(tl_score(t.model, t.data, TL_TEST, &before, &error), TL_OK);
    if (tl_score(loaded, t.data, TL_TEST, &after, &error) != TL_OK) fail_msg("%s", error.message);
    assert_true(before.loss == after.loss && before.accuracy == after.accuracy);
    assert_int_equal(tl_model_save(loaded, again, &error), TL_OK);
    size_t size_a, size_b;
    char *a = files_read(path, &size_a), *b = files_read(again, &size_b);
    assert_int_equal(size_a, size_b);
    assert_memory_equal(a, b, size_a);
    free(a);
    free(b);
    tl_model_free(loaded);
    training_end(&t);
    files_end(folder);
}

/* A graph that is not a chain, with norms (which have buffers) and every kind of join. */
static void test_any_graph(void **state)
{
    (void)state;
    tl_error error = {0};
    tl_context *context = tl_context_new(NULL);
    tl_graph *graph;
    tl_model *model, *loaded;
    float in[3 * 4], first[4 * 2], second[4 * 2];
    char folder[256];
    for (int i = 0; i < 12; i++) in[i] = (float)(i * i % 7) - 3;
    files_begin(folder);
    assert_int_equal(tl_graph_new(context, &graph), TL_OK);
    tl_node x = tl_graph_input(graph, "x", 3);
    tl_node a = tl_graph_add(graph, "dense", x, "nodes: 4, activation: silu, initialization: he");
    tl_node b = tl_graph_add(graph, "batch_norm", tl_graph_add(graph, "dense", x, "nodes: 4, activation: tanh"), NULL);
    tl_node sum = tl_graph_join(graph, "add", (tl_node[]){a, b}, 2, NULL);
    tl_node all = tl_graph_join(graph, "concatenate", (tl_node[]){sum, a}, 2, NULL);
    tl_node y = tl_graph_add(graph, "dense", tl_graph_add(graph, "layer_norm", all, NULL), "nodes: 2");
    if (tl_model_new(context, graph, y, &model, &error) != TL_OK) fail_msg("%s", error.message);
    tl_graph_free(graph);
    predict(model, in, 4, first);
    const char *path = files_path(folder, "m.safetensors");
    assert_int_equal(tl_model_save(model, path, &error), TL_OK);
    if (tl_model_load(context, path, &loaded, &error) != TL_OK) fail_msg("%s", error.message);
    predict(loaded, in, 4, second);
    assert_memory_equal(first, second, sizeof first);
    tl_model_free(loaded);
    tl_model_free(model);
    tl_context_free(context);
    files_end(folder);
}

static void test_graph_mistakes(void **state)
{
    (void)state;
    tl_error error = {0};
    tl_context *context = tl_context_new(NULL);
    tl_graph *graph;
    tl_model *model;
    assert_int_equal(tl_graph_new(context, &graph), TL_OK);
    tl_node x = tl_graph_input(graph, "x", 3);
    tl_node bad = tl_graph_add(graph, "dens", x, "nodes: 3");
    assert_true(bad < 0);
    assert_true(tl_graph_add(graph, "dense", bad, "nodes: 3") < 0);      /* the first mistake is the one that is told */
    assert_int_not_equal(tl_model_new(context, graph, bad, &model, &error), TL_OK);
    assert_non_null(strstr(error.message, "dense"));
    tl_graph_free(graph);
    assert_int_equal(tl_graph_new(context, &graph), TL_OK);
    assert_true(tl_graph_input(graph, "x", 0) < 0);
    tl_graph_free(graph);
    assert_int_equal(tl_graph_new(context, &graph), TL_OK);
    error = (tl_error){0};
    assert_int_equal(tl_model_new(context, graph, 5, &model, &error), TL_INVALID);
    tl_graph_free(graph);
    tl_context_free(context);
}

static void test_not_finite_is_not_saved(void **state)
{
    (void)state;
    training t;
    tl_error error = {0};
    char folder[256];
    files_begin(folder);
    trained(&t, "epochs: 1");
    t.model->parameters[tl__plan_tensor(t.model->plan, 0)->offset] = strtof("nan", NULL);
    const char *path = files_path(folder, "a.safetensors");
    assert_int_equal(tl_model_save(t.model, path, &error), TL_NOT_FINITE);
    assert_non_null(strstr(error.message, tl__plan_tensor(t.model->plan, 0)->name));
    assert_false(files_exist(path));
    assert_int_equal(files_count(folder, "a"), 0);
    training_end(&t);
    files_end(folder);
}

/* Replace the first `from` of the file by `to` of the same length, load it, and expect a refusal that says `sentence`. */
static void expect_refusal(tl_context *context, const char *folder, const char *bytes, size_t size, const char *from,
                           const char *to, tl_status wanted, const char *sentence)
{
    tl_error error = {0};
    tl_model *model;
    char *copy = malloc(size);
    memcpy(copy, bytes, size);
    size_t at = 0, length = strlen(from);
    while (at + length <= size && memcmp(copy + at, from, length) != 0) at++;
    if (at + length > size) fail_msg("the file has no %s", from);
    memcpy(copy + at, to, length);
    const char *path = files_write(folder, "bad.safetensors", copy, size);
    tl_status status = tl_model_load(context, path, &model, &error);
    if (status != wanted || !strstr(error.message, sentence)) fail_msg("%s: %d %s", from, (int)status, error.message);
    free(copy);
}

static void test_damage(void **state)
{
    (void)state;
    training t;
    tl_error error = {0};
    tl_model *model;
    char folder[256];
    size_t size;
    files_begin(folder);
    trained(&t, "epochs: 1");
    const char *path = files_path(folder, "a.safetensors");
    assert_int_equal(tl_model_save(t.model, path, &error), TL_OK);
    char *bytes = files_read(path, &size);
    size_t used = t.context->heap.in_use;
    expect_refusal(t.context, folder, bytes, size, "dense_1.bias", "dense_1.bios", TL_BAD_FILE, "dense_1.bias");
    expect_refusal(t.context, folder, bytes, size, "\"format_version\":\"1\"", "\"format_version\":\"7\"", TL_BAD_VERSION,
                   "format 7");
    expect_refusal(t.context, folder, bytes, size, "\"softmax\"", "\"softmox\"", TL_BAD_FILE, "link");
    expect_refusal(t.context, folder, bytes, size, "\"network\":", "\"netwerk\":", TL_BAD_FILE, "network");
    expect_refusal(t.context, folder, bytes, size, "\\\"nodes\\\": 8", "\\\"nodes\\\": 9", TL_BAD_FILE, "shape");
    char *copy = malloc(size);
    memcpy(copy, bytes, size);
    memset(copy + size - 4, 0xff, 4);
    path = files_write(folder, "nan.safetensors", copy, size);
    error = (tl_error){0};
    assert_int_equal(tl_model_load(t.context, path, &model, &error), TL_NOT_FINITE);
    assert_non_null(strstr(error.message, "dense_2.weight"));
    memcpy(copy, bytes, size);
    copy[size - 5] ^= 1;    /* the lowest bit of a weight's exponent or mantissa: still a number */
    path = files_write(folder, "bit.safetensors", copy, size);
    error = (tl_error){0};
    assert_int_equal(tl_model_load(t.context, path, &model, &error), TL_BAD_FILE);
    assert_non_null(strstr(error.message, "damaged"));
    free(copy);
    for (size_t cut = 0; cut < size; cut += cut < 64 ? 1 : 37) {
        path = files_write(folder, "cut.safetensors", bytes, cut);
        error = (tl_error){0};
        assert_int_equal(tl_model_load(t.context, path, &model, &error), TL_BAD_FILE);
    }
    error = (tl_error){0};
    assert_int_equal(tl_model_load(t.context, files_path(folder, "none"), &model, &error), TL_NOT_FOUND);
    assert_int_equal(t.context->heap.in_use, used);
    free(bytes);
    training_end(&t);
    files_end(folder);
}

static tl_status load_once(tl__heap *heap, void *path)
{
    tl_context_options options = TL_CONTEXT_OPTIONS;
    tl_allocator allocator = heap->allocator;
    tl_context *context;
    tl_model *model;
    tl_error error = {0};
    options.allocator = &allocator;
    options.threads = 1;
    TL_TRY(tl_context_make(&options, &context, &error));
    tl_status status = tl_model_load(context, path, &model, &error);
    if (status == TL_OK) tl_model_free(model);
    tl_context_free(context);
    return status;
}

static void test_out_of_memory(void **state)
{
    (void)state;
    training t;
    tl_error error = {0};
    char folder[256], path[300];
    files_begin(folder);
    trained(&t, "epochs: 1");
    snprintf(path, sizeof path, "%s", files_path(folder, "a.safetensors"));
    assert_int_equal(tl_model_save(t.model, path, &error), TL_OK);
    assert_true(failing_sweep(load_once, path) > 20);
    training_end(&t);
    files_end(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip), cmocka_unit_test(test_any_graph), cmocka_unit_test(test_graph_mistakes),
        cmocka_unit_test(test_not_finite_is_not_saved), cmocka_unit_test(test_damage), cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
