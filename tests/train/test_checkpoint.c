/* Checkpoints: what they tell, what they refuse, and that they hold everything that matters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "port/port.h"
#include "support/failing.h"
#include "support/files.h"
#include "support/trainings.h"
#include "train/checkpoint.h"
#include "train/trainer.h"

static const char usual[] = "epochs: 7, batch_size: 8, lr_scheduler: {type: reduce_on_plateau, patience: 1, threshold: 0.9}, "
                            "early_stopping: {patience: 5, min_delta: 0.5}";

/* A training that was stopped after 13 steps of 4 an epoch. */
static void stopped(const char *folder, const char *settings)
{
    training t;
    tl_error error = {0};
    training_start(&t, 60, "nodes: 8", settings, folder);
    assert_int_equal(tl__trainer_run_steps(t.trainer, 13, &error), TL_CANCELLED);
    training_end(&t);
}

static void test_look(void **state)
{
    (void)state;
    char folder[256];
    tl_context *context = tl_context_new(NULL);
    tl__checkpoint_info info;
    tl_error error = {0};
    files_begin(folder);
    stopped(folder, usual);
    assert_int_equal(tl__checkpoint_look(context, files_path(folder, "checkpoint.safetensors"), &info, &error), TL_OK);
    assert_string_equal(info.id, "checkpoint-epoch-3");
    assert_int_equal(info.epoch, 3);
    assert_int_equal(info.step, 1);
    assert_true(info.loss > 0);
    assert_false(info.ended);
    assert_int_equal(strlen(info.time), 20);
    assert_int_equal(files_count(folder, "tmp"), 0);
    /* It is a model too. */
    tl_model *model;
    assert_int_equal(tl_model_load(context, files_path(folder, "checkpoint.safetensors"), &model, &error), TL_OK);
    tl_model_free(model);
    tl_context_free(context);
    files_end(folder);
}

static void expect_refusal(const char *path, const char *network, const char *settings, size_t rows, tl_status wanted,
                           const char *sentence)
{
    training t;
    tl_error error = {0};
    training_start(&t, rows, network, settings, NULL);
    tl_status status = tl__trainer_resume(t.trainer, path, &error);
    if (status != wanted || !strstr(error.message, sentence)) fail_msg("%d %s\nlacks %s", (int)status, error.message, sentence);
    training_end(&t);
}

static void test_refusals(void **state)
{
    (void)state;
    char folder[256], other[200];
    files_begin(folder);
    stopped(folder, usual);
    const char *path = files_path(folder, "checkpoint.safetensors");
    expect_refusal(path, "nodes: 9", usual, 60, TL_BAD_FILE, "the network is not the one");
    expect_refusal(path, "nodes: 8, activation: tanh", usual, 60, TL_BAD_FILE, "the network is not the one");
    expect_refusal(path, "nodes: 8", usual, 61, TL_BAD_DATA, "");
    snprintf(other, sizeof other, "%s, optimizer: sgd", usual);
    expect_refusal(path, "nodes: 8", other, 60, TL_BAD_CONFIG, "training.optimizer is not what it was");
    snprintf(other, sizeof other, "%s, gradient_shards: 2", usual);
    expect_refusal(path, "nodes: 8", other, 60, TL_BAD_CONFIG, "training.gradient_shards");
    expect_refusal(path, "nodes: 8", "epochs: 6, batch_size: 4", 60, TL_BAD_CONFIG, "training.batch_size");
    expect_refusal(files_path(folder, "none"), "nodes: 8", usual, 60, TL_NOT_FOUND, "none");
    files_end(folder);
}

/* Rows that may change live may differ: more epochs go on where the checkpoint ended. */
static void test_live_rows(void **state)
{
    (void)state;
    training t;
    tl_error error = {0};
    tl__train_result result;
    char folder[256];
    files_begin(folder);
    training_start(&t, 60, "nodes: 8", "epochs: 3, batch_size: 8", folder);
    assert_int_equal(tl__trainer_run(t.trainer, &error), TL_OK);
    training_end(&t);
    training_start(&t, 60, "nodes: 8", "epochs: 5, batch_size: 8, learning_rate: 0.01", folder);
    const char *path = files_path(folder, "checkpoint.safetensors");
    if (tl__trainer_resume(t.trainer, path, &error) != TL_OK) fail_msg("%s", error.message);
    if (tl__trainer_run(t.trainer, &error) != TL_OK) fail_msg("%s", error.message);
    tl__trainer_result(t.trainer, &result);
    assert_int_equal(result.epochs, 5);
    assert_int_equal(tl__trainer_epochs(t.trainer), 5);
    assert_true(tl__trainer_epoch(t.trainer, 3)->learning_rate > tl__trainer_epoch(t.trainer, 2)->learning_rate);
    training_end(&t);
    files_end(folder);
}

/* A file of a version that knew an array less, and one whose list of files leads elsewhere. */
static void test_other_versions(void **state)
{
    (void)state;
    static const char settings[] = "epochs: 7, batch_size: 8, keep: patience, early_stopping: {patience: 3}";
    static const struct { const char *was, *is, *says; } cases[] = {
        {"\"training.kept\"", "\"training.else\"", "'training.kept' is not in this checkpoint; another version of trainlib"},
        {"\\\"hash\\\": \\\"", "\\\"hash\\\": \\\"../../", "weights is damaged"},
    };
    for (size_t i = 0; i < TL_COUNT(cases); i++) {
        char folder[256];
        size_t size;
        files_begin(folder);
        stopped(folder, settings);
        char *bytes = files_read(files_path(folder, "checkpoint.safetensors"), &size), *at = bytes;
        size_t length = strlen(cases[i].was);
        while (at + length < bytes + size && memcmp(at, cases[i].was, length) != 0) at++;
        assert_true(at + length < bytes + size);
        memcpy(at, cases[i].is, strlen(cases[i].is));
        expect_refusal(files_write(folder, "other.safetensors", bytes, size), "nodes: 8", settings, 60, TL_BAD_FILE,
                       cases[i].says);
        free(bytes);
        files_end(folder);
    }
}

static void test_damage(void **state)
{
    (void)state;
    char folder[256];
    size_t size;
    files_begin(folder);
    stopped(folder, usual);
    char *bytes = files_read(files_path(folder, "checkpoint.safetensors"), &size);
    for (size_t cut = 0; cut < size; cut += 211) {
        const char *path = files_write(folder, "cut.safetensors", bytes, cut);
        expect_refusal(path, "nodes: 8", usual, 60, TL_BAD_FILE, "");
    }
    size_t at = 0;
    while (memcmp(bytes + at, "canonical", 9) != 0 && memcmp(bytes + at, "unfused", 7) != 0) at++;
    bytes[at] = 'x';
    expect_refusal(files_path(folder, "cut.safetensors"), "nodes: 8", usual, 60, TL_BAD_FILE, "");
    expect_refusal(files_write(folder, "n.safetensors", bytes, size), "nodes: 8", usual, 60, TL_BAD_NUMERICS, "numerics");
    free(bytes);
    files_end(folder);
}

/* Resume, add `change` to a number of the state, and run to the end. */
static void resumed_end(const char *path, size_t number, double change, tl__epoch rows[8], float weights[128])
{
    training t;
    tl_error error = {0};
    training_start(&t, 60, "nodes: 8", usual, NULL);
    if (tl__trainer_resume(t.trainer, path, &error) != TL_OK) fail_msg("%s", error.message);
    ((double *)(void *)&t.trainer->state)[number] += change;
    tl__trainer_load_state(t.trainer);
    tl__trainer_run(t.trainer, &error);
    memset(rows, 0, 8 * sizeof *rows);
    for (size_t k = 0; k < tl__trainer_epochs(t.trainer) && k < 8; k++) {
        rows[k] = *tl__trainer_epoch(t.trainer, k);
        rows[k].seconds = 0;
    }
    size_t floats = tl__plan_parameter_floats(t.model->plan);
    assert_true(floats <= 128);
    memset(weights, 0, 128 * sizeof *weights);
    memcpy(weights, t.model->parameters, floats * sizeof *weights);
    training_end(&t);
}

/* Each number of the state that is changed after a resume changes the end: none is saved in vain, none forgotten. What a
 * later step overwrites, or what only tells of the past, is listed. */
static void test_state_matters(void **state)
{
    (void)state;
    char folder[256];
    files_begin(folder);
    stopped(folder, usual);
    const char *path = files_path(folder, "checkpoint.safetensors");
    tl__epoch right[8], wrong[8];
    float weights[2][128];
    static const size_t told[] = {
        offsetof(tl__train_state, ended), offsetof(tl__train_state, learning_rate), offsetof(tl__train_state, element_mean),
        offsetof(tl__train_state, element_max), offsetof(tl__train_state, trigger), offsetof(tl__train_state, by_ratio),
        offsetof(tl__train_state, error_sum), offsetof(tl__train_state, last_val_loss),
        offsetof(tl__train_state, last_accuracy), offsetof(tl__train_state, last_train_loss),
        offsetof(tl__train_state, seconds), offsetof(tl__train_state, epoch_seconds), offsetof(tl__train_state, cooldown),
        offsetof(tl__train_state, reductions), offsetof(tl__train_state, history), offsetof(tl__train_state, norm_max),
        offsetof(tl__train_state, best_epoch), offsetof(tl__train_state, epoch), offsetof(tl__train_state, step),
    };
    resumed_end(path, 0, 0, right, weights[0]);
    for (size_t i = 0; i < TL__TRAIN_STATE_SIZE; i++) {
        bool skip = false, same = true;
        for (size_t k = 0; k < TL_COUNT(told); k++) skip = skip || told[k] == i * sizeof(double);
        for (int way = 0; way < 2 && !skip; way++) {
            resumed_end(path, i, way ? 30 : -3, wrong, weights[1]);
            same = same && memcmp(right, wrong, sizeof right) == 0 && memcmp(weights[0], weights[1], sizeof weights[0]) == 0;
        }
        if (!skip && same) fail_msg("number %d of the state makes no difference", (int)i);
    }
    files_end(folder);
}

/* A value that is not finite in one batch: the statistics of batch norm stay clean, the model can be saved. */
static void test_nan_leaves_statistics(void **state)
{
    (void)state;
    float inputs[80], targets[40];
    tl_error error = {0};
    tl_context *context = tl_context_new(NULL);
    tl_graph *graph;
    tl_model *model;
    tl_dataset *data;
    blobs(inputs, targets, 40);
    assert_int_equal(tl_dataset_from_arrays(context, inputs, targets, 40, 2, 3, 3,
                                            "split: {validation: 0, test: 0}, normalize: none", &data, &error), TL_OK);
    assert_int_equal(tl_graph_new(context, &graph), TL_OK);
    tl_node node = tl_graph_add(graph, "dense", tl_graph_input(graph, "x", 2), "nodes: 6, activation: none");
    node = tl_graph_add(graph, "dense", tl_graph_add(graph, "batch_norm", node, NULL), "nodes: 3");
    if (tl_model_new(context, graph, node, &model, &error) != TL_OK) fail_msg("%s", error.message);
    tl_status status = tl_train(model, data, "epochs: 50, optimizer: sgd, learning_rate: 1000, l2_reg: 1000000", NULL, NULL,
                                &error);
    assert_int_equal(status, TL_NOT_FINITE);
    for (size_t i = 0; i < tl__plan_parameter_floats(model->plan); i++)
        assert_true(model->parameters[i] - model->parameters[i] == 0);
    tl_model_free(model);
    tl_graph_free(graph);
    tl_dataset_free(data);
    tl_context_free(context);
}

/* A folder that is not there: the end says so, and the model still has good weights. */
static void test_no_folder(void **state)
{
    (void)state;
    training t;
    tl_error error = {0};
    tl__train_result result;
    training_start(&t, 60, "nodes: 8", "epochs: 3", "/nonexistent/folder");
    assert_int_not_equal(tl__trainer_run(t.trainer, &error), TL_OK);
    assert_non_null(strstr(error.message, "/nonexistent/folder"));
    tl__trainer_result(t.trainer, &result);
    assert_string_equal(result.stopped, "failed");
    assert_int_equal(result.epochs, 3);
    assert_int_equal(result.kept_epoch, result.best_epoch);
    training_end(&t);
}

/* Training with checkpoints, then going on from one, over an allocator that fails. */
static tl_status checkpointed(tl__heap *heap, void *folder)
{
    static const float inputs[] = {0, 0, 0, 1, 1, 0, 1, 1}, targets[] = {0, 1, 1, 0};
    tl_context_options options = TL_CONTEXT_OPTIONS;
    tl_allocator allocator = heap->allocator;
    tl_context *context;
    tl_error error = {0};
    tl_dataset *data = NULL;
    tl_graph *graph = NULL;
    tl_model *model = NULL;
    tl__train_settings settings;
    tl__arena arena;
    tl__tree *tree = NULL;
    options.allocator = &allocator;
    options.threads = 1;
    TL_TRY(tl_context_make(&options, &context, &error));
    tl_status status = tl__train_read(context, "epochs: 3, batch_size: 2, keep: patience, early_stopping: {patience: 2}", &arena,
                                      &tree, &settings, &error);
    if (status == TL_OK)
        status = tl_dataset_from_arrays(context, inputs, targets, 4, 2, 2, 2, "split: {validation: 0, test: 0}", &data, &error);
    if (status == TL_OK) status = tl_graph_new(context, &graph);
    if (status == TL_OK)
        status = tl_model_new(context, graph, tl_graph_add(graph, "dense", tl_graph_input(graph, "x", 2), "nodes: 2"), &model,
                              &error);
    for (int session = 0; session < 2 && status == TL_OK; session++) {
        tl__trainer *trainer = NULL;
        tl__trainer_options how = {.settings = &settings, .seed = 3, .folder = folder};
        status = tl__trainer_new(model, data, &how, &trainer, &error);
        if (status == TL_OK && session == 1)
            status = tl__trainer_resume(trainer, files_path(folder, "checkpoint.safetensors"), &error);
        if (status == TL_OK) status = session ? tl__trainer_run(trainer, &error) : tl__trainer_run_steps(trainer, 3, &error);
        if (status == TL_CANCELLED && session == 0) status = TL_OK;
        tl__trainer_free(trainer);
    }
    tl_model_free(model);
    tl_graph_free(graph);
    tl_dataset_free(data);
    if (tree) tl__tree_free(tree);
    tl__arena_free(&arena);
    tl_context_free(context);
    return status;
}

static void test_out_of_memory(void **state)
{
    (void)state;
    char folder[256];
    files_begin(folder);
    assert_true(failing_sweep(checkpointed, folder) > 50);
    assert_int_equal(files_count(folder, "tmp"), 0);
    files_end(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_look), cmocka_unit_test(test_refusals), cmocka_unit_test(test_live_rows),
        cmocka_unit_test(test_other_versions),
        cmocka_unit_test(test_damage), cmocka_unit_test(test_state_matters), cmocka_unit_test(test_nan_leaves_statistics),
        cmocka_unit_test(test_no_folder), cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
