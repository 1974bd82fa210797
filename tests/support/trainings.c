/* Small trainings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/random.h"
#include "support/trainings.h"

void blobs(float *inputs, float *targets, size_t rows)
{
    static const float centres[3][2] = {{0, 2}, {2, -1}, {-2, -1}};
    for (size_t i = 0; i < rows; i++) {
        tl__random random;
        tl__random_init(&random, 1, TL__DRAW_GENERATE, 0, 0, (uint32_t)i);
        for (uint32_t k = 0; k < 2; k++) inputs[2 * i + k] = centres[i % 3][k] + tl__random_normal(&random, k);
        targets[i] = (float)(i % 3);
    }
}

static bool training_own_data(const training *t) { return t->options.model_id == NULL; }

static void training_make(training *t, const char *network, const char *settings, const char *folder)
{
    tl_error error = {0};
    tl_graph *graph;
    size_t outputs = tl__pipeline_width(t->data->pipeline);
    char last[32];
    if (strstr(settings, "loss: quantile")) outputs *= 3;
    assert_int_equal(tl_graph_new(t->context, &graph), TL_OK);
    const tl__sequence *sequence = t->data->pipeline->sequence;
    tl_node node = sequence ? tl_graph_input_shaped(graph, "x", (size_t[]){sequence->max_length, sequence->features}, 2)
                            : tl_graph_input(graph, "x", tl_dataset_features(t->data));
    if (sequence) node = tl_graph_add(graph, "gru", node, network);
    else if (network) node = tl_graph_add(graph, "dense", node, network);
    snprintf(last, sizeof last, "nodes: %d", (int)outputs);
    node = tl_graph_add(graph, "dense", node, last);
    if (tl_model_new(t->context, graph, node, &t->model, &error) != TL_OK) fail_msg("%s", error.message);
    tl_graph_free(graph);
    if (tl__train_read(t->context, settings, &t->arena, &t->tree, &t->settings, &error) != TL_OK) fail_msg("%s", error.message);
    t->options.settings = &t->settings;
    t->options.seed = 7;
    t->options.folder = folder;
    if (tl__trainer_new(t->model, t->data, &t->options, &t->trainer, &error) != TL_OK) fail_msg("%s", error.message);
}

void training_start(training *t, size_t rows, const char *network, const char *settings, const char *folder)
{
    tl_error error = {0};
    tl_context_options options = TL_CONTEXT_OPTIONS;
    float *inputs = malloc(rows * 2 * sizeof *inputs), *targets = malloc(rows * sizeof *targets);
    memset(t, 0, sizeof *t);
    options.threads = 1;
    assert_int_equal(tl_context_make(&options, &t->context, &error), TL_OK);
    blobs(inputs, targets, rows);
    if (tl_dataset_from_arrays(t->context, inputs, targets, rows, 2, 3, 3, "split: {validation: 0.25, test: 0.25}", &t->data,
                               &error) != TL_OK)
        fail_msg("%s", error.message);
    free(inputs);
    free(targets);
    training_make(t, network, settings, folder);
}

void training_begin(training *t, tl_dataset *data, const char *network, const char *settings, tl__trainer_options options)
{
    memset(t, 0, sizeof *t);
    t->context = data->context;
    t->data = data;
    t->options = options;
    t->options.model_id = "shared";
    training_make(t, network, settings, options.folder);
}

void training_over(training *t, tl_dataset *data, const char *network, const char *settings, const char *folder)
{
    training_begin(t, data, network, settings, (tl__trainer_options){.folder = folder});
}

void training_as_planned(training *t, tl_scores *scores)
{
    tl__memory plan;
    tl_error error = {0};
    tl__trainer_memory(t->trainer, &plan);
    tl__heap_reset_peak(&t->context->heap);
    if (tl__trainer_run(t->trainer, &error) != TL_OK) fail_msg("%s", error.message);
    for (int part = 0; part < 3; part++)
        assert_int_equal(tl__trainer_score(t->trainer, (tl_part)part, scores, &error), TL_OK);
    assert_int_equal(t->context->heap.peak, plan.total);
}

void training_end(training *t)
{
    tl__trainer_free(t->trainer);
    tl_model_free(t->model);
    tl__tree_free(t->tree);
    tl__arena_free(&t->arena);
    if (!training_own_data(t)) return;
    tl_dataset_free(t->data);
    tl_context_free(t->context);
}
