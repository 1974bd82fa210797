/* image.scaling: channel: shift and scale of each channel as NumPy has them over the training part, whatever file the
 * images come from; kept by trees and copies of the pipeline, and used by predictions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/math.h"
#include "data/batch.h"
#include "model/model.h"
#include "support/data.h"
#include "support/files.h"
#include "text/npy.h"

enum { IMAGES = 6, VALUES = 12, CHANNELS = 3 };

static char folder[256];
static tl_context *context;

static int begin(void **state)
{
    tl_context_options options = TL_CONTEXT_OPTIONS;
    (void)state;
    options.threads = 1;
    files_begin(folder);
    return tl_context_make(&options, &context, NULL) != TL_OK;
}

static int end(void **state)
{
    (void)state;
    tl_context_free(context);
    files_end(folder);
    return 0;
}

static uint8_t pixel(int i) { return (uint8_t)((i * 37 + 90 * (i % CHANNELS)) % 251); }

static void write_npy(const char *name, char kind, int size)
{
    tl__buffer out;
    tl__buffer_init(&out, &context->heap);
    tl__npy_put_header(&out, kind, size, (size_t[]){IMAGES, 2, 2, CHANNELS}, 4);
    for (int i = 0; i < IMAGES * VALUES; i++) {
        uint8_t byte = pixel(i);
        float number = byte;
        tl__buffer_add(&out, size == 1 ? (const void *)&byte : (const void *)&number, (size_t)size);
    }
    files_write(folder, name, out.data, out.size);
    tl__buffer_free(&out);
}

static void write_files(void)
{
    static const unsigned char idx[] = {0, 0, 8, 4, 0, 0, 0, IMAGES, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, CHANNELS},
                               labels[] = {0, 0, 8, 1, 0, 0, 0, IMAGES, 0, 0, 0, 1, 1, 1};
    unsigned char bytes[sizeof idx + IMAGES * VALUES];
    memcpy(bytes, idx, sizeof idx);
    for (int i = 0; i < IMAGES * VALUES; i++) bytes[sizeof idx + (size_t)i] = pixel(i);
    files_write(folder, "x.idx", bytes, sizeof bytes);
    files_write(folder, "y.idx", labels, sizeof labels);
    write_npy("bytes.npy", 'u', 1);
    write_npy("floats.npy", 'f', 4);
    char command[900];
    snprintf(command, sizeof command, "mkdir %s/p %s/p/a %s/p/b", folder, folder, folder);
    assert_int_equal(files_run(command, NULL, 0), 0);
    for (int k = 0; k < IMAGES; k++) {
        unsigned char ppm[11 + VALUES] = "P6\n2 2\n255\n";
        char name[32];
        for (int i = 0; i < VALUES; i++) ppm[11 + i] = pixel(k * VALUES + i);
        snprintf(name, sizeof name, "p/%s/%d.ppm", k < 3 ? "a" : "b", k);
        files_write(folder, name, ppm, sizeof ppm);
    }
}

static tl_dataset *load(const char *file, const char *settings)
{
    char text[600];
    tl_dataset *data = NULL;
    tl_error error = {0};
    snprintf(text, sizeof text, "file: %s, split: {method: time, validation: 2, test: 0}, shuffle: false, %s", file, settings);
    data_settings bound;
    assert_int_equal(data_settings_make(context, text, &bound), TL_OK);
    if (tl__dataset_load(context, &bound.block, folder, 7, &data, &error) != TL_OK) fail_msg("%s", error.message);
    data_settings_end(&bound);
    return data;
}

static void near(double value, double wanted)
{
    if (!(tl__abs(value - wanted) <= 1e-12 * (1 + tl__abs(wanted)))) fail_msg("%.17g, not %.17g", value, wanted);
}

/* The first four images are the training part. */
static void check_lines(const tl__pipeline *pipeline, const double shift[3], const double scale[3])
{
    assert_int_equal(pipeline->inputs[0].channels, CHANNELS);
    for (int c = 0; c < CHANNELS; c++) {
        near(pipeline->inputs[0].lines[c].shift, shift[c]);
        near(pipeline->inputs[0].lines[c].scale, scale[c]);
    }
}

static const double mean[] = {126.5625, 128.0625, 129.5625},
                    deviation[] = {73.09836587605773, 71.03033572882786, 73.09836587605773};
static const char *const files[] = {"{images: x.idx, labels: y.idx}", "{images: bytes.npy, labels: y.idx}",
                                    "{images: floats.npy, labels: y.idx}", "p"};

static void test_as_numpy(void **state)
{
    static const double least[] = {0, 11, 3}, range[] = {246, 227, 246}, median[] = {123, 124.5, 126},
                        quartiles[] = {118.25, 118.25, 118.25};
    (void)state;
    write_files();
    for (size_t f = 0; f < TL_COUNT(files); f++) {
        tl_dataset *data = load(files[f], "image: {scaling: channel}");
        check_lines(data->pipeline, mean, deviation);
        for (size_t k = 0; k < IMAGES; k++) {
            float input[VALUES], target;
            assert_int_equal(tl_dataset_row(data, k < 4 ? TL_TRAIN : TL_VALIDATION, k < 4 ? k : k - 4, input, &target), TL_OK);
            for (int i = 0; i < VALUES; i++)
                near(input[i], (float)((pixel((int)k * VALUES + i) - data->pipeline->inputs[0].lines[i % 3].shift) /
                                       data->pipeline->inputs[0].lines[i % 3].scale));
        }
        tl_dataset_free(data);
        data = load(files[f], "normalize: minmax, image: {scaling: channel}");
        check_lines(data->pipeline, least, range);
        tl_dataset_free(data);
        data = load(files[f], "normalize: robust, image: {scaling: channel}");
        check_lines(data->pipeline, median, quartiles);
        tl_dataset_free(data);
        data = load(files[f], "image: {scaling: whole}");
        assert_int_equal(data->pipeline->inputs[0].channels, 0);
        near(data->pipeline->inputs[0].shift, 128.0625);
        near(data->pipeline->inputs[0].scale, 72.42594098169062);
        tl_dataset_free(data);
    }
}

/* Black of a border is that of each channel. */
static void test_border(void **state)
{
    (void)state;
    tl_dataset *data = load(files[0], "image: {scaling: channel}, augment: {crop_padding: 1}");
    tl__batches *batches;
    const tl__batch *batch;
    tl_error error = {0};
    tl__batch_options options = {.part = TL_TRAIN, .batch_size = 4, .augment = true};
    size_t black = 0;
    assert_int_equal(tl__batches_new(data, &options, &batches, &error), TL_OK);
    for (uint32_t epoch = 0; epoch < 4; epoch++) {
        tl__batches_start(batches, epoch, 0);
        while ((batch = tl__batches_next(batches)) != NULL) {
            for (size_t i = 0; i < batch->rows * VALUES; i += 3) {
                bool all = true;
                for (int c = 0; c < 3; c++) all = all && batch->inputs[i + (size_t)c] == (float)(-mean[c] / deviation[c]);
                black += all;
            }
        }
    }
    assert_true(black > 10);
    tl__batches_free(batches);
    tl_dataset_free(data);
}

static void test_kept_and_used(void **state)
{
    (void)state;
    tl_error error = {0};
    tl__tree *tree;
    tl__builder builder;
    tl__pipeline *read, *copy;
    tl_graph *graph;
    tl_model *model;
    tl_predictor *predictor;
    tl_dataset *data = load(files[0], "image: {scaling: channel}");
    assert_int_equal(tl__tree_new(&context->heap, NULL, &tree), TL_OK);
    tl__builder_init(&builder, tree);
    assert_int_equal(tl__pipeline_get(context, tl__pipeline_put(&builder, NULL, NULL, data->pipeline), "t", &read, &error), TL_OK);
    check_lines(read, mean, deviation);
    assert_int_equal(tl__pipeline_clone(context, read, &copy), TL_OK);
    tl__pipeline_free(read);
    check_lines(copy, mean, deviation);

    /* the same weights: rows scaled by the data, and raw ones scaled by the pipeline */
    float raw[VALUES], scaled[VALUES], target, expected[2], out[2];
    for (int i = 0; i < VALUES; i++) raw[i] = pixel(5 * VALUES + i);
    assert_int_equal(tl_dataset_row(data, TL_VALIDATION, 1, scaled, &target), TL_OK);
    assert_int_equal(tl_graph_new(context, &graph), TL_OK);
    tl_node node = tl_graph_add(graph, "dense", tl_graph_input(graph, "x", VALUES), "nodes: 2");
    assert_int_equal(tl_model_new(context, graph, node, &model, &error), TL_OK);
    assert_int_equal(tl_predictor_new(model, 1, &predictor, &error), TL_OK);
    assert_int_equal(tl_predict(predictor, scaled, 1, expected), TL_OK);
    tl_predictor_free(predictor);
    assert_int_equal(tl__model_set_pipeline(model, copy, &error), TL_OK);
    assert_int_equal(tl_predictor_new(model, 1, &predictor, &error), TL_OK);
    assert_int_equal(tl_predict(predictor, raw, 1, out), TL_OK);
    assert_memory_equal(out, expected, sizeof out);
    assert_int_equal(tl__pipeline_apply(copy, raw, 1, raw, NULL), TL_OK);
    assert_memory_equal(raw, scaled, sizeof raw);
    tl_predictor_free(predictor);

    /* what is read trusts nothing */
    tl_value *input = tl__value_child(builder.tree->root.first ? &builder.tree->root : NULL, "inputs")->first;
    tl_value *lines = tl__value_child(input, "channels");
    tl__value_child(lines->first, "scale")->kind = TL_TEXT;
    assert_int_equal(tl__pipeline_get(context, &tree->root, "t", &read, &error), TL_BAD_FILE);
    lines->count--;
    assert_int_equal(tl__pipeline_get(context, &tree->root, "t", &read, &error), TL_BAD_FILE);
    tl_graph_free(graph);
    tl_model_free(model);
    tl__pipeline_free(copy);
    tl__tree_free(tree);
    tl_dataset_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_as_numpy), cmocka_unit_test(test_border),
                                       cmocka_unit_test(test_kept_and_used)};
    return cmocka_run_group_tests(tests, begin, end);
}
