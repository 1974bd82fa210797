/* Exact resume: a training that stops after any step and goes on from its checkpoint ends with the same bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "port/port.h"
#include "support/files.h"
#include "support/trainings.h"

enum { ROWS = 60 };

/* The model's file and all rows of the history but the times. */
static void outcome(training *t, const char *folder, tl__buffer *out)
{
    char path[300];
    tl_error error = {0};
    snprintf(path, sizeof path, "%s/model.safetensors", folder);
    tl__buffer_init(out, &t->context->heap);
    if (tl_model_save(t->model, path, &error) != TL_OK) fail_msg("%s", error.message);
    assert_int_equal(tl__file_read(path, out, SIZE_MAX, &error), TL_OK);
    for (size_t i = 0; i < tl__trainer_epochs(t->trainer); i++) {
        tl__epoch epoch = *tl__trainer_epoch(t->trainer, i);
        epoch.seconds = 0;
        tl__buffer_add(out, &epoch, sizeof epoch);
    }
}

static void run_whole(const char *settings, const char *network, char **bytes, size_t *size, int64_t *steps)
{
    training t;
    char folder[256];
    tl__buffer out;
    tl_error error = {0};
    files_begin(folder);
    training_start(&t, ROWS, network, settings, folder);
    if (tl__trainer_run(t.trainer, &error) != TL_OK) fail_msg("%s", error.message);
    outcome(&t, folder, &out);
    *bytes = malloc(out.size);
    memcpy(*bytes, out.data, *size = out.size);
    *steps = 0;
    for (size_t i = 0; i < tl__trainer_epochs(t.trainer); i++) *steps += (int64_t)tl__trainer_epoch(t.trainer, i)->batches;
    tl__buffer_free(&out);
    training_end(&t);
    files_end(folder);
}

/* Stop after `first` steps, then after every `stride` more, each time in a fresh trainer with a fresh model. */
static void run_in_pieces(const char *settings, const char *network, int64_t first, int64_t stride, const char *whole,
                          size_t size)
{
    training t;
    char folder[256], path[300];
    tl__buffer out;
    tl_error error = {0};
    files_begin(folder);
    snprintf(path, sizeof path, "%s/checkpoint.safetensors", folder);
    training_start(&t, ROWS, network, settings, folder);
    tl_status status = tl__trainer_run_steps(t.trainer, first, &error);
    while (status == TL_CANCELLED) {
        training_end(&t);
        error = (tl_error){0};
        training_start(&t, ROWS, network, settings, folder);
        if (tl__trainer_resume(t.trainer, path, &error) != TL_OK) fail_msg("step %d: %s", (int)first, error.message);
        status = tl__trainer_run_steps(t.trainer, stride, &error);
    }
    if (status != TL_OK) fail_msg("step %d: %s", (int)first, error.message);
    outcome(&t, folder, &out);
    if (out.size != size || memcmp(out.data, whole, size) != 0) fail_msg("stopped after step %d: the end differs", (int)first);
    tl__buffer_free(&out);
    training_end(&t);
    files_end(folder);
}

static void check(const char *settings, const char *network)
{
    char *whole;
    size_t size;
    int64_t steps;
    run_whole(settings, network, &whole, &size, &steps);
    for (int64_t step = 0; step <= steps; step++) run_in_pieces(settings, network, step, INT64_MAX, whole, size);
    run_in_pieces(settings, network, 1, 1, whole, size);
    free(whole);
}

static void test_every_step(void **state)
{
    (void)state;
    check("epochs: 4, batch_size: 8, early_stopping: {patience: 3}", "nodes: 8, activation: tanh");
}

static void test_optimizers(void **state)
{
    (void)state;
    check("epochs: 3, batch_size: 12, optimizer: {type: sgd, momentum: 0.9, nesterov: true}", "nodes: 8");
    check("epochs: 3, batch_size: 12, optimizer: rmsprop, gradient_clip: 0.1", "nodes: 8");
    check("epochs: 3, batch_size: 12, optimizer: adagrad, l2_reg: 0.01, gradient_clip: 0.02, gradient_clip_by: largest", "nodes: 8");
    check("epochs: 3, batch_size: 12, optimizer: {type: adamw, weight_decay: 0.1}, gradient_clip_value: 0.01", "nodes: 8");
    check("epochs: 3, batch_size: 12, optimizer: amsgrad, drop_last: true", "nodes: 8");
}

static void test_schedules(void **state)
{
    (void)state;
    check("epochs: 5, batch_size: 15, lr_scheduler: {type: reduce_on_plateau, patience: 1, factor: 0.5}", "nodes: 8");
    check("epochs: 4, batch_size: 15, lr_scheduler: {type: cosine_annealing, t_max: 4}", "nodes: 8");
    check("epochs: 4, batch_size: 15, lr_scheduler: one_cycle", "nodes: 8");
}

static void test_pieces(void **state)
{
    (void)state;
    check("epochs: 3, batch_size: 4, accumulation: 2, gradient_shards: 4", "nodes: 8");
    check("epochs: 3, batch_size: 10, keep: last", "nodes: 8");
    check("epochs: 4, batch_size: 10, class_weights: balanced, loss: focal, monitor: balanced_accuracy", "nodes: 8");
}

static void test_patience_files(void **state)
{
    (void)state;
    check("epochs: 9, batch_size: 30, learning_rate: 0.5, keep: patience, early_stopping: {patience: 3, min_delta: 0.2}",
          "nodes: 8");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_step), cmocka_unit_test(test_optimizers), cmocka_unit_test(test_schedules),
        cmocka_unit_test(test_pieces), cmocka_unit_test(test_patience_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
