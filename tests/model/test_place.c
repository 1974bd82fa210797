/* Models in given memory: exact sizes, any alignment, the same numbers as on the heap, and nothing but that memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/model.h"

static const int from_0[] = {0}, from_1[] = {1};
static const tl_setting two[] = {{"nodes", 2, NULL}}, one[] = {{"nodes", 1, NULL}};
static const tl_setting hidden[] = {{"nodes", 8, NULL}, {"activation", 0, "tanh"}};
static const tl_layer_description layers[] = {
    {"input", NULL, 0, two, 1}, {"dense", from_0, 1, hidden, 2}, {"dense", from_1, 1, one, 1},
};
static const float inputs[] = {0, 0, 0, 1, 1, 0, 1, 1}, targets[] = {0, 1, 1, 0};

static tl_model_description describe(const char *loss)
{
    return (tl_model_description){.layers = layers, .layer_count = 3, .seed = 7, .max_rows = 4, .loss = loss,
                                  .optimizer = "adam", .learning_rate = 0.05f};
}

static void test_learns_in_place(void **state)
{
    (void)state;
    tl_model_description xor = describe("mse");
    tl_model *model;
    size_t bytes = tl_model_bytes(&xor, TL_FOR_TRAINING);
    float out[4], loss = 1;
    assert_true(bytes > 0);
    unsigned char *memory = malloc(bytes + 64), *base = memory + (-(uintptr_t)memory & 15);
    memset(memory, 0xa5, bytes + 64);
    assert_int_equal(tl_model_place(&xor, TL_FOR_TRAINING, base, bytes - 1, &model), TL_OUT_OF_MEMORY);
    assert_int_equal(tl_model_place(&xor, TL_FOR_TRAINING, base + 1, bytes, &model), TL_INVALID);
    assert_int_equal(tl_model_place(&xor, TL_FOR_TRAINING, base, bytes, &model), TL_OK);
    for (int step = 0; step < 300; step++) loss = tl_train_step(model, inputs, targets, 4);
    assert_true(loss < 0.01f);
    assert_int_equal(tl_infer(model, inputs, 4, out), TL_OK);
    for (int i = 0; i < 4; i++) assert_true((out[i] - targets[i]) * (out[i] - targets[i]) < 0.04f);
    assert_true(tl_train_step(model, inputs, targets, 5) != tl_train_step(model, inputs, targets, 0));    /* NaN both */
    assert_int_equal(tl_infer(model, inputs, 5, out), TL_OUT_OF_RANGE);
    for (unsigned char *p = base + bytes; p < memory + bytes + 64; p++) assert_int_equal(*p, 0xa5);
    free(memory);
}

/* Wherever on its 16-byte line the memory begins, the bytes are enough and the numbers the same. */
static void test_alignments(void **state)
{
    (void)state;
    tl_model_description xor = describe("binary_cross_entropy");
    size_t bytes = tl_model_bytes(&xor, TL_FOR_TRAINING);
    unsigned char *memory = malloc(bytes + 128), *line = memory + (-(uintptr_t)memory & 63);
    float first[8], out[8];
    for (size_t skip = 0; skip < 64; skip += 16) {
        tl_model *model;
        assert_int_equal(tl_model_place(&xor, TL_FOR_TRAINING, line + skip, bytes, &model), TL_OK);
        for (int step = 0; step < 20; step++) tl_train_step(model, inputs, targets, 4);
        assert_int_equal(tl_infer(model, inputs, 4, out), TL_OK);
        for (int i = 0; i < 4; i++) assert_true(out[2 * i] + out[2 * i + 1] > 0.999f && out[2 * i] + out[2 * i + 1] < 1.001f);
        if (skip == 0) memcpy(first, out, sizeof out);
        assert_memory_equal(first, out, sizeof out);
    }
    free(memory);
}

/* Weights that are given in the order and layout of files: 1*a + 2*b + 3 through the identity. */
static void test_given_weights(void **state)
{
    (void)state;
    static const float weight[] = {1, 2}, bias[] = {3};
    static const float *const weights[] = {weight, bias};
    static const tl_layer_description plain[] = {{"input", NULL, 0, two, 1}, {"dense", from_0, 1, one, 1}};
    tl_model_description line = {.layers = plain, .layer_count = 2, .weights = weights, .weight_count = 2, .max_rows = 2};
    tl_model *model;
    size_t bytes = tl_model_bytes(&line, TL_FOR_PREDICTION);
    float in[] = {10, 100, -1, 1}, out[2];
    void *memory = malloc(bytes);
    assert_int_equal(tl_model_place(&line, TL_FOR_PREDICTION, memory, bytes, &model), TL_OK);
    assert_int_equal(tl_infer(model, in, 2, out), TL_OK);
    assert_true(out[0] >= 213 && out[0] <= 213 && out[1] >= 4 && out[1] <= 4);
    assert_true(tl_train_step(model, in, out, 2) != 0);
    line.weight_count = 1;
    assert_int_equal(tl_model_place(&line, TL_FOR_PREDICTION, memory, bytes, &model), TL_BAD_SHAPE);
    free(memory);
}

static void test_mistakes(void **state)
{
    (void)state;
    tl_model_description bad = describe("mse");
    bad.max_rows = 0;
    assert_int_equal(tl_model_bytes(&bad, TL_FOR_TRAINING), 0);
    bad = describe("msee");
    assert_int_equal(tl_model_bytes(&bad, TL_FOR_TRAINING), 0);
    bad = describe("mse");
    bad.optimizer = "adem";
    assert_int_equal(tl_model_bytes(&bad, TL_FOR_TRAINING), 0);
    assert_true(tl_model_bytes(&bad, TL_FOR_PREDICTION) > 0);
    static const tl_setting settings[] = {{"beta1", 2, NULL}};
    bad = describe("mse");
    bad.optimizer_settings = settings;
    bad.optimizer_setting_count = 1;
    assert_int_equal(tl_model_bytes(&bad, TL_FOR_TRAINING), 0);
    static const tl_layer_description forward[] = {{"input", NULL, 0, two, 1}, {"dense", from_1, 1, one, 1}};
    bad = describe("mse");
    bad.layers = forward;
    bad.layer_count = 2;
    assert_int_equal(tl_model_bytes(&bad, TL_FOR_TRAINING), 0);
    bad.layer_count = 0;
    assert_int_equal(tl_model_bytes(&bad, TL_FOR_TRAINING), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_learns_in_place), cmocka_unit_test(test_alignments), cmocka_unit_test(test_given_weights),
        cmocka_unit_test(test_mistakes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
