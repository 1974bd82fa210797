/* Heads that learn classes beside a number: the plan is exact, the figures of each head are those of the predictions, and
 * so is a model that was saved. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/math.h"
#include "support/data.h"
#include "support/trainings.h"
#include "text/value.h"

enum { ROWS = 60 };

static tl_dataset *mixed(tl_context *context)
{
    static char text[1 << 13];
    size_t used = (size_t)snprintf(text, sizeof text, "x,y,size,kind\n");
    tl_dataset *data = NULL;
    tl_error error = {0};
    for (int i = 0; i < ROWS; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%d,%d,%d.5,%s\n", i * 7 % 11, i * 5 % 13,
                                 i * 7 % 11 + 2 * (i * 5 % 13), (const char *[]){"a", "b", "c"}[i * 7 % 11 / 4]);
    if (data_set(context, text, "target: [size, kind], class_targets: kind, split: {validation: 12, test: 9}", &data,
                 &error) != TL_OK)
        fail_msg("%s", error.message);
    return data;
}

/* Of the test part, by hand from what tl_predict gives of raw rows. */
static void check_predictions(const tl_model *model, const tl_dataset *data, double mae, double accuracy)
{
    tl_predictor *predictor;
    tl_error error = {0};
    const tl__part_rows *test = &data->part[TL_TEST];
    const tl__column *const *column = data->source[0].columns;
    double off = 0, right = 0;
    assert_int_equal(tl_predictor_new(model, 1, &predictor, &error), TL_OK);
    for (size_t k = 0; k < test->count; k++) {
        size_t row = test->rows[k];
        const float *truth = data->source[0].targets + row * 2;
        float raw[] = {(float)tl__column_at(column[0], row, 0), (float)tl__column_at(column[1], row, 0)}, out[4];
        assert_int_equal(tl_predict(predictor, raw, 1, out), TL_OK);
        size_t top = out[2] > out[1] ? 2 : 1;
        top = out[3] > out[top] ? 3 : top;
        off += tl__abs((double)out[0] - (double)truth[0]);
        right += (float)(top - 1) == truth[1];
        assert_true(tl__abs((double)(out[1] + out[2] + out[3]) - 1) < 1e-6);
    }
    assert_true(tl__abs(off / (double)test->count - mae) < 1e-5 * mae);
    assert_true(tl__abs(right / (double)test->count - accuracy) < 1e-12);
    tl_predictor_free(predictor);
}

static void test_mixed(void **state)
{
    static const char *const settings[] = {
        "epochs: 3, batch_size: 8, heads: [{target: size, weight: 0.7}, {target: kind, loss: cross_entropy, weight: 0.3}]",
        "epochs: 2, batch_size: 6, gradient_shards: 2, accumulation: 2, keep: last, heads: [{target: size, loss: mae}, "
        "{target: kind, loss: focal}]"};
    (void)state;
    for (int i = 0; i < 2; i++) {
        training t;
        tl_scores scores;
        tl_error error = {0};
        tl_context *context;
        tl_model *loaded;
        tl__tree *tree;
        tl__builder builder;
        tl_context_options options = TL_CONTEXT_OPTIONS;
        options.threads = 1;
        assert_int_equal(tl_context_make(&options, &context, NULL), TL_OK);
        tl_dataset *data = mixed(context);
        training_over(&t, data, "nodes: 9", settings[i], NULL);
        training_as_planned(&t, &scores);

        assert_int_equal(tl__tree_new(&context->heap, NULL, &tree), TL_OK);
        tl__builder_init(&builder, tree);
        tl_value *root = tl__put_map(&builder, NULL, NULL);
        assert_int_equal(tl__trainer_record(t.trainer, TL_TEST, &builder, root, "test", &scores, &error), TL_OK);
        double mae = tl_value_number(tl_value_get(root, "test.targets.size.mae"), -1);
        double accuracy = tl_value_number(tl_value_get(root, "test.targets.kind.accuracy"), -1);
        assert_true(mae > 0 && mae == scores.mae && accuracy > 0);
        check_predictions(t.model, data, mae, accuracy);

        assert_int_equal(tl_model_save(t.model, "test_heads.safetensors", &error), TL_OK);
        assert_int_equal(tl_model_load(context, "test_heads.safetensors", &loaded, &error), TL_OK);
        remove("test_heads.safetensors");
        check_predictions(loaded, data, mae, accuracy);
        assert_int_equal(tl_model_outputs(loaded), 4);
        assert_int_equal(tl_model_targets(loaded), 2);
        assert_string_equal(tl_model_target(loaded, 1), "kind");
        assert_null(tl_model_target(loaded, 2));
        assert_int_equal(tl_model_target_classes(loaded, 0), 0);
        assert_int_equal(tl_model_target_classes(loaded, 1), 3);
        assert_string_equal(tl_model_target_class(loaded, 1, 2), "c");
        assert_null(tl_model_target_class(loaded, 1, 3));
        assert_null(tl_model_class(loaded, 0));
        tl_model_free(loaded);
        tl__tree_free(tree);
        training_end(&t);
        tl_dataset_free(data);
        tl_context_free(context);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_mixed)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
