/* Trainings on sequences: the plan is exact, and a predictor gives what the scores were made of. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/math.h"
#include "support/data.h"
#include "support/trainings.h"

enum { SEQUENCES = 30, LONGEST = 7 };

static tl_dataset *walks(tl_context *context)
{
    static char text[1 << 14];
    size_t used = (size_t)snprintf(text, sizeof text, "id,x,y,class\n");
    tl_dataset *data = NULL;
    tl_error error = {0};
    for (int i = 0; i < SEQUENCES; i++)
        for (int t = 0; t <= i % LONGEST; t++)
            used += (size_t)snprintf(text + used, sizeof text - used, "w%d,%d,%d.%d,%s\n", i, t * (i % 2 ? 1 : -1), i % 5, t,
                                     i % 2 ? "up" : "down");
    if (data_set(context, text, "sequence: {id: id}, split: {validation: 8, test: 6}, cache: 0", &data, &error) != TL_OK)
        fail_msg("%s", error.message);
    return data;
}

static void test_walks(void **state)
{
    static const char *const settings[] = {"epochs: 3, batch_size: 8",
                                           "epochs: 2, batch_size: 6, gradient_shards: 2, accumulation: 2, keep: last"};
    (void)state;
    for (int i = 0; i < 2; i++) {
        training t;
        tl_scores scores;
        tl_predictor *predictor;
        tl_error error = {0};
        tl_context *context;
        tl_context_options options = TL_CONTEXT_OPTIONS;
        options.threads = 1;
        assert_int_equal(tl_context_make(&options, &context, NULL), TL_OK);
        tl_dataset *data = walks(context);
        training_over(&t, data, "units: 5", settings[i], NULL);
        training_as_planned(&t, &scores);

        /* Raw rows filled up with NaN: as many are right as the last score, of the test part, says. */
        assert_int_equal(tl_predictor_new(t.model, 1, &predictor, &error), TL_OK);
        const tl__part_rows *test = &data->part[TL_TEST];
        size_t right = 0, columns = data->pipeline->sequence->raw;
        assert_int_equal(tl_model_inputs(t.model), LONGEST * columns);
        for (size_t k = 0; k < test->count; k++) {
            float raw[LONGEST * 2], out[2];
            size_t row = test->rows[k];
            const tl__column *const *column = data->source[0].columns;
            int number = atoi(tl__dataset_sequence_id(data, TL_TEST, k) + 1);
            for (int step = 0; step < LONGEST; step++)
                for (size_t c = 0; c < 2; c++)
                    raw[step * 2 + (int)c] = step > number % LONGEST ? tl__bits_float(0x7fc00000u)
                                             : (float)tl__column_at(column[c], row + (size_t)step, 0);
            assert_int_equal(tl_predict(predictor, raw, 1, out), TL_OK);
            right += (out[1] > out[0]) == (number % 2 == 1);
        }
        assert_true(tl__abs((double)right / (double)test->count - scores.accuracy) < 1e-9);
        tl_predictor_free(predictor);
        training_end(&t);
        tl_dataset_free(data);
        tl_context_free(context);
    }
}

/* A flat input would take features for steps. */
static void test_flat_input_is_refused(void **state)
{
    (void)state;
    tl_context *context;
    tl_graph *graph;
    tl_model *model;
    tl_error error = {0};
    tl_context_options options = TL_CONTEXT_OPTIONS;
    assert_int_equal(tl_context_make(&options, &context, NULL), TL_OK);
    tl_dataset *data = walks(context);
    assert_int_equal(tl_graph_new(context, &graph), TL_OK);
    tl_node node = tl_graph_input(graph, "x", tl_dataset_features(data));
    node = tl_graph_add(graph, "dense", node, "nodes: 2");
    assert_int_equal(tl_model_new(context, graph, node, &model, &error), TL_OK);
    assert_int_equal(tl__model_set_pipeline(model, data->pipeline, &error), TL_BAD_SHAPE);
    assert_non_null(strstr(error.message, "shape: [7, 2]"));
    tl_graph_free(graph);
    tl_model_free(model);
    tl_dataset_free(data);
    tl_context_free(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_walks), cmocka_unit_test(test_flat_input_is_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
