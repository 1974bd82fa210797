/* Starting from a trained model: what is loaded by name, what is told of the rest, what stays frozen, who learns slower. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/model.h"
#include "port/port.h"
#include "support/files.h"

static char folder[256];

static tl_model *make(tl_context *context, const char *hidden, size_t outputs)
{
    tl_graph *graph;
    tl_model *model;
    tl_error error = {0};
    char output[64];
    snprintf(output, sizeof output, "name: out, nodes: %zu", outputs);
    assert_int_equal(tl_graph_new(context, &graph), TL_OK);
    tl_node node = tl_graph_input(graph, "x", 4);
    node = tl_graph_add(graph, "hidden", node, hidden);
    node = tl_graph_add(graph, "dense", node, output);
    assert_int_equal(tl_model_new(context, graph, node, &model, &error), TL_OK);
    tl_graph_free(graph);
    return model;
}

static float *tensor_of(const tl_model *model, const char *name, size_t *size)
{
    for (int t = 0; t < tl__plan_tensor_count(model->plan); t++) {
        const tl__tensor *tensor = tl__plan_tensor(model->plan, t);
        if (size) *size = tensor->size;
        if (strcmp(tensor->name, name) == 0) return model->parameters + tensor->offset;
    }
    fail_msg("no tensor %s", name);
    return NULL;
}

static bool same_tensor(const tl_model *a, const tl_model *b, const char *name)
{
    size_t size, other;
    const float *x = tensor_of(a, name, &size), *y = tensor_of(b, name, &other);
    return size == other && memcmp(x, y, size * sizeof(float)) == 0;
}

/* Other weights than a new model has. */
static void disturb(tl_model *model)
{
    for (int t = 0; t < tl__plan_tensor_count(model->plan); t++) {
        const tl__tensor *tensor = tl__plan_tensor(model->plan, t);
        for (size_t i = 0; i < tensor->size; i++) model->parameters[tensor->offset + i] += 0.5f + (float)i;
    }
}

static int64_t number(const tl_value *report, const char *path)
{
    return tl_value_integer(tl_value_get(report, path), -1);
}

static void test_by_name_and_shape(void **state)
{
    (void)state;
    tl_error error = {0};
    tl_value *report;
    tl_context *context = tl_context_new(NULL);
    tl_model *base = make(context, "name: h, nodes: 5", 3), *other = make(context, "name: h, nodes: 5", 2);
    tl_model *fresh = make(context, "name: h, nodes: 5", 2);
    const char *path = files_path(folder, "base.safetensors");
    disturb(base);
    assert_int_equal(tl_model_save(base, path, &error), TL_OK);

    assert_int_equal(tl_model_transfer(other, path, NULL, &report, &error), TL_OK);
    assert_true(same_tensor(base, other, "h.weight"));
    assert_true(same_tensor(base, other, "h.bias"));
    assert_true(same_tensor(fresh, other, "out.weight"));
    assert_true(same_tensor(fresh, other, "out.bias"));
    assert_int_equal(number(report, "tensors"), 2);
    assert_int_equal(number(report, "of_tensors"), 4);
    assert_int_equal(number(report, "numbers"), 25);
    assert_int_equal(number(report, "of_numbers"), 25 + 12);
    assert_int_equal(number(report, "other_shape[0].here[0]"), 2);
    assert_int_equal(number(report, "other_shape[0].file[0]"), 3);
    assert_int_equal(tl_value_count(tl_value_get(report, "other_shape")), 2);
    assert_int_equal(tl_value_count(tl_value_get(report, "missing")), 0);
    tl_value_free(context, report);

    /* one layer of what fits */
    tl_model *one = make(context, "name: h, nodes: 5", 3), *start = make(context, "name: h, nodes: 5", 3);
    assert_int_equal(tl_model_transfer(one, path, "layers: [o?t]", &report, &error), TL_OK);
    assert_true(same_tensor(base, one, "out.weight"));
    assert_true(same_tensor(start, one, "h.weight"));
    assert_int_equal(number(report, "of_tensors"), 2);
    tl_value_free(context, report);

    /* a layer of which only the bias would fit is left alone */
    tl_model *narrow = make(context, "name: h, nodes: 7", 3), *new = make(context, "name: h, nodes: 7", 3);
    assert_int_equal(tl_model_transfer(narrow, path, NULL, &report, &error), TL_BAD_DATA);
    assert_non_null(strstr(error.message, "shape"));
    assert_true(same_tensor(new, narrow, "out.bias"));
    assert_null(report);

    tl_model_free(new);
    tl_model_free(narrow);
    tl_model_free(start);
    tl_model_free(one);
    tl_model_free(fresh);
    tl_model_free(other);
    tl_model_free(base);
    tl_context_free(context);
}

static void test_renamed(void **state)
{
    (void)state;
    tl_error error = {0};
    tl_value *report;
    tl_context *context = tl_context_new(NULL);
    tl_model *base = make(context, "name: net.fc1, nodes: 5", 3), *other = make(context, "name: h, nodes: 5", 3);
    const char *path = files_path(folder, "renamed.safetensors");
    disturb(base);
    assert_int_equal(tl_model_save(base, path, &error), TL_OK);
    assert_int_equal(tl_model_transfer(other, path, "layers: h", &report, &error), TL_BAD_DATA);
    assert_non_null(strstr(error.message, "transfer.rename"));
    assert_int_equal(tl_model_transfer(other, path, "rename: {net.: no, net.fc1: h}", &report, &error), TL_OK);
    for (size_t i = 0; i < 20; i++)
        assert_true(tensor_of(base, "net.fc1.weight", NULL)[i] == tensor_of(other, "h.weight", NULL)[i]);
    assert_int_equal(number(report, "tensors"), 4);
    tl_value_free(context, report);
    tl_model_free(other);
    tl_model_free(base);
    tl_context_free(context);
}

/* h.bias [5] in a type, as a file that another program wrote; h.weight is missing. */
static const char *write_typed(const char *type, const void *bytes, size_t size)
{
    char header[256], file[512];
    int length = snprintf(header, sizeof header,
                          "{\"h.bias\":{\"dtype\":\"%s\",\"shape\":[5],\"data_offsets\":[0,%zu]}}", type, size);
    memset(file, 0, 8);
    file[0] = (char)length;
    memcpy(file + 8, header, (size_t)length);
    memcpy(file + 8 + length, bytes, size);
    return files_write(folder, "typed.safetensors", file, 8 + (size_t)length + size);
}

static void check_typed(tl_context *context, const char *type, const void *bytes, size_t size, const float wanted[5])
{
    tl_error error = {0};
    tl_value *report;
    tl_model *model = make(context, "name: h, nodes: 5", 3);
    assert_int_equal(tl_model_transfer(model, write_typed(type, bytes, size), NULL, &report, &error), TL_OK);
    assert_memory_equal(tensor_of(model, "h.bias", NULL), wanted, 5 * sizeof(float));
    assert_int_equal(tl_value_count(tl_value_get(report, "missing")), 3);
    tl_value_free(context, report);
    tl_model_free(model);
}

/* The half floats are 1, -2, 65504, 2^-24 and 0.333251953125: IEEE 754's own examples. */
static void test_types(void **state)
{
    (void)state;
    static const unsigned char half[] = {0x00, 0x3c, 0x00, 0xc0, 0xff, 0x7b, 0x01, 0x00, 0x55, 0x35};
    static const float halves[] = {1.0f, -2.0f, 65504.0f, 0x1p-24f, 0.333251953125f};
    static const unsigned char brain[] = {0x80, 0x3f, 0x00, 0xc0, 0x49, 0x40, 0x00, 0x00, 0x80, 0xbf};
    static const float brains[] = {1.0f, -2.0f, 3.140625f, 0.0f, -1.0f};
    static const double wide[] = {1.0, -2.0, 0.1, 1e-60, 3.0};
    static const float narrow[] = {1.0f, -2.0f, 0.1f, 0.0f, 3.0f};
    static const float infinite[] = {1.0f, 2.0f, 3.0f, 4.0f, 1.0f / 0.0f};
    tl_error error = {0};
    tl_context *context = tl_context_new(NULL);
    check_typed(context, "F16", half, sizeof half, halves);
    check_typed(context, "BF16", brain, sizeof brain, brains);
    check_typed(context, "F64", wide, sizeof wide, narrow);
    check_typed(context, "F32", narrow, sizeof narrow, narrow);

    tl_model *model = make(context, "name: h, nodes: 5", 3), *same = make(context, "name: h, nodes: 5", 3);
    assert_int_equal(tl_model_transfer(model, write_typed("F32", infinite, sizeof infinite), NULL, NULL, &error),
                     TL_NOT_FINITE);
    assert_true(same_tensor(model, same, "h.bias"));
    assert_int_equal(tl_model_transfer(model, write_typed("I32", narrow, sizeof narrow), NULL, NULL, &error),
                     TL_UNSUPPORTED);
    assert_non_null(strstr(error.message, "I32"));
    tl_model_free(same);
    tl_model_free(model);
    tl_context_free(context);
}

static const float inputs[] = {0.1f, -0.4f, 0.8f, 0.3f, -0.9f, 0.2f, 0.5f, -0.7f};
static const float targets[] = {0.5f, -0.25f, 1.0f, 0.75f, -0.5f, 0.125f};

/* One step of plain SGD over all rows. */
static void train(tl_context *context, tl_model *model)
{
    tl_error error = {0};
    tl_dataset *data;
    assert_int_equal(tl_dataset_from_arrays(context, inputs, targets, 2, 4, 3, 0,
                                            "split: {validation: 0, test: 0}, normalize: none", &data, &error), TL_OK);
    assert_int_equal(tl_train(model, data, "epochs: 1, optimizer: sgd, learning_rate: 0.5, batch_size: 2", NULL, NULL,
                              &error), TL_OK);
    tl_dataset_free(data);
}

/* With plain SGD a step is rate times gradient, so half the rate moves half as far, to the bit where the weights are 0. */
static void test_frozen_and_slower(void **state)
{
    (void)state;
    tl_error error = {0};
    size_t size;
    tl_context *context = tl_context_new(NULL);
    tl_model *plain = make(context, "name: h, nodes: 5", 3), *half = make(context, "name: h, nodes: 5", 3);
    tl_model *kept = make(context, "name: h, nodes: 5", 3), *start = make(context, "name: h, nodes: 5", 3);
    memset(tensor_of(plain, "out.bias", NULL), 0, 3 * sizeof(float));
    memset(tensor_of(half, "out.bias", NULL), 0, 3 * sizeof(float));
    assert_int_equal(tl_model_transfer(half, NULL, "rate_factors: {out: 0.5}", NULL, &error), TL_OK);
    assert_int_equal(tl_model_transfer(kept, NULL, "freeze: [1..1]", NULL, &error), TL_OK);
    assert_true(same_tensor(kept, start, "h.weight"));
    assert_true(same_tensor(kept, start, "out.weight"));
    train(context, plain);
    train(context, half);
    train(context, kept);
    const float *far = tensor_of(plain, "out.bias", &size), *near = tensor_of(half, "out.bias", NULL);
    assert_int_equal(size, 3);
    for (size_t i = 0; i < size; i++) assert_true(far[i] != 0 && near[i] == 0.5f * far[i]);
    assert_true(same_tensor(plain, half, "h.weight"));
    assert_false(same_tensor(plain, start, "h.weight"));
    assert_true(same_tensor(kept, start, "h.weight"));
    assert_true(same_tensor(kept, start, "h.bias"));
    assert_false(same_tensor(kept, start, "out.weight"));

    /* what is frozen or slower stands in the file */
    tl_model *loaded;
    const char *path = files_path(folder, "half.safetensors");
    assert_int_equal(tl_model_save(half, path, &error), TL_OK);
    assert_int_equal(tl_model_load(context, path, &loaded, &error), TL_OK);
    assert_true(loaded->graph.nodes[2].common->rate_factor == 0.5);
    tl_model_free(loaded);
    tl_model_free(start);
    tl_model_free(kept);
    tl_model_free(half);
    tl_model_free(plain);
    tl_context_free(context);
}

static void refused(const char *settings, tl_status status, const char *part)
{
    tl_error error = {0};
    tl_context *context = tl_context_new(NULL);
    tl_model *model = make(context, "name: h, nodes: 5", 3);
    assert_int_equal(tl_model_transfer(model, NULL, settings, NULL, &error), status);
    if (!strstr(error.message, part)) fail_msg("'%s' does not say '%s'", error.message, part);
    tl_model_free(model);
    tl_context_free(context);
}

static void test_mistakes(void **state)
{
    (void)state;
    refused("freeze: [conv_*]", TL_BAD_CONFIG, "'conv_*' means no layer of this network; its layers are x, h, out");
    refused("freeze: [7..9]", TL_BAD_CONFIG, "'7..9' means no layer");
    refused("rate_factors: {h: 0}", TL_BAD_CONFIG, "above 0");
    refused("rate_factors: [h]", TL_BAD_CONFIG, "map");
    refused("freezes: [h]", TL_BAD_CONFIG, "freeze");
}

static int begin(void **state)
{
    (void)state;
    files_begin(folder);
    return 0;
}

static int end(void **state)
{
    (void)state;
    files_end(folder);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_name_and_shape), cmocka_unit_test(test_renamed), cmocka_unit_test(test_types),
        cmocka_unit_test(test_frozen_and_slower), cmocka_unit_test(test_mistakes),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
