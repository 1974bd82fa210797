/* The pipeline through the public interface: a run and its folder, interruption and resume, repeatability, out of memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/context.h"
#include "lab/folder.h"
#include "metrics/record.h"
#include "support/failing.h"
#include "support/files.h"

static char folder[256];
static const char *config_path;

/* Three classes of 40 rows around three centres, and a regression's column. */
static void make_data(void)
{
    char *text = malloc(65536);
    size_t used = (size_t)sprintf(text, "a,b,kind,value\n");
    unsigned state = 1;
    for (int i = 0; i < 120; i++) {
        double x[2];
        for (int j = 0; j < 2; j++) state = state * 1103515245u + 12345u, x[j] = (double)(state >> 16 & 1023) / 1023.0;
        used += (size_t)sprintf(text + used, "%.4f,%.4f,%s,%.4f\n", x[0] + i % 3, x[1] - i % 3, i % 3 == 0 ? "red" : i % 3 == 1
                                    ? "green" : "blue", x[0] + 2 * x[1]);
    }
    files_text(folder, "made.csv", text);
    free(text);
    config_path = files_text(folder, "made.yaml",
                             "data: {file: made.csv, target: kind, drop: value}\n"
                             "network: {layers: [{type: hidden, nodes: 8}, {type: output}]}\n"
                             "training: {epochs: 20, learning_rate: 0.01, batch_size: 16, checkpoint: {epochs: 5}}\n");
    static char kept[300];
    snprintf(kept, sizeof kept, "%s", config_path);
    config_path = kept;
}

static int setup(void **state)
{
    (void)state;
    files_begin(folder);
    make_data();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    files_end(folder);
    return 0;
}

static int64_t still_clock(void *user) { return *(int64_t *)user; }

static tl_context *context_at(int64_t *time, int threads)
{
    tl_context_options options = TL_CONTEXT_OPTIONS;
    options.threads = threads;
    options.clock = still_clock;
    options.clock_user = time;
    return tl_context_new(&options);
}

static void assert_same_file(const char *a, const char *b, const char *name)
{
    char path[700];
    size_t first_size, second_size;
    snprintf(path, sizeof path, "%s/%s", a, name);
    char *first = files_read(path, &first_size);
    snprintf(path, sizeof path, "%s/%s", b, name);
    char *second = files_read(path, &second_size);
    assert_non_null(first);
    assert_non_null(second);
    if (first_size != second_size || memcmp(first, second, first_size) != 0) fail_msg("%s differs", name);
    free(first);
    free(second);
}

/* Everything that it promises is in the folder, and nothing is left in memory. */
static void test_folder(void **state)
{
    (void)state;
    static const char *const names[] = {"config.yaml", "status.json", "metrics.csv", "metrics.json", "log",
                                        "norm_params.json", "model.safetensors", "checkpoints"};
    tl_context *context = tl_context_new(NULL);
    tl_error error = {0};
    tl_run_result result;
    tl_options options = TL_OPTIONS;
    size_t before = tl_context_memory(context);
    options.out = files_path(folder, "first");
    if (tl_run(context, config_path, &options, &result, &error) != TL_OK) fail_msg("%s", error.message);
    assert_int_equal(tl_context_memory(context), before);
    assert_string_equal(result.stopped, "completed");
    assert_int_equal(result.epochs, 20);
    assert_int_equal(result.train.samples, 72);
    assert_int_equal(result.test.samples, 24);
    assert_true(result.train.accuracy > 0.9);
    assert_true(result.test.mse != result.test.mse);
    for (size_t i = 0; i < TL_COUNT(names); i++) {
        char path[700];
        snprintf(path, sizeof path, "%s/%s", result.run, names[i]);
        if (!files_exist(path)) fail_msg("%s is missing", names[i]);
    }
    assert_int_equal(files_count(result.run, "tmp"), 0);
    assert_int_equal(files_count(result.run, "lock"), 0);
    tl_context_free(context);
}

/* metrics.json gives back the scores of the result. */
static void test_figures(void **state)
{
    (void)state;
    tl_context *context = tl_context_new(NULL);
    tl_run_result result;
    tl_options options = TL_OPTIONS;
    tl__tree *tree;
    tl_scores read;
    char path[700];
    options.out = files_path(folder, "figures");
    assert_int_equal(tl_run(context, config_path, &options, &result, NULL), TL_OK);
    snprintf(path, sizeof path, "%s/metrics.json", result.run);
    assert_int_equal(tl__json_read(context, path, &tree, NULL), TL_OK);
    tl__record_read(tl_value_get(&tree->root, "test"), &read);
    assert_int_equal(read.samples, result.test.samples);
    assert_float_equal(read.loss, result.test.loss, 0);
    assert_float_equal(read.accuracy, result.test.accuracy, 0);
    assert_float_equal(read.f1_macro, result.test.f1_macro, 0);
    assert_float_equal(read.auc, result.test.auc, 1e-12);
    assert_int_equal(tl_value_count(tl_value_get(&tree->root, "test.confusion")), 3);
    assert_int_equal(tl_value_count(tl_value_get(&tree->root, "test.roc")), 3);
    tl__tree_free(tree);
    tl_value *value, *evaluated;
    assert_int_equal(tl_run_result_value(context, &result, &value), TL_OK);
    options.data = NULL;
    assert_int_equal(tl_evaluate(context, result.run, &options, &evaluated, NULL), TL_OK);
    assert_float_equal(tl_value_number(tl_value_get(value, "test.loss"), 1),
                       tl_value_number(tl_value_get(evaluated, "test.loss"), 2), 1e-9);
    assert_float_equal(tl_value_number(tl_value_get(value, "validation.accuracy"), 1),
                       tl_value_number(tl_value_get(evaluated, "validation.accuracy"), 2), 0);
    tl_value_free(context, evaluated);
    tl_value_free(context, value);
    tl_context_free(context);
}

/* Under one clock, everything that is not a duration or a place is equal to the byte, for any number of threads. */
static void test_repeatable(void **state)
{
    (void)state;
    int64_t time = 1795255200000000;    /* 2026-11-21 10:00:00 */
    tl_run_result results[2];
    for (int i = 0; i < 2; i++) {
        tl_context *context = context_at(&time, i ? 3 : 1);
        tl_options options = TL_OPTIONS;
        options.out = files_path(folder, i ? "right" : "left");
        assert_int_equal(tl_run(context, config_path, &options, &results[i], NULL), TL_OK);
        tl_context_free(context);
    }
    assert_non_null(strstr(results[0].run, "made_20261121_100000"));
    assert_same_file(results[0].run, results[1].run, "model.safetensors");
    assert_same_file(results[0].run, results[1].run, "metrics.csv");
    assert_same_file(results[0].run, results[1].run, "norm_params.json");
}

static bool stop_at(void *user, const tl_progress *progress) { return !(progress->epoch_end && progress->epoch == *(int *)user); }

/* Stopped in the middle and resumed, twice: the same model, the same table. */
static void test_resume(void **state)
{
    (void)state;
    int64_t time = 1795255200000000;
    tl_run_result whole, part;
    tl_context *context = context_at(&time, 1);
    tl_options options = TL_OPTIONS;
    tl_error error = {0};
    tl_value *value;
    options.out = files_path(folder, "whole");
    assert_int_equal(tl_run(context, config_path, &options, &whole, NULL), TL_OK);
    options.out = files_path(folder, "parts");
    int epoch = 7;
    options.progress = stop_at;
    options.progress_user = &epoch;
    assert_int_equal(tl_run(context, config_path, &options, &part, &error), TL_CANCELLED);
    assert_int_equal(part.epochs, 7);
    assert_int_equal(tl_run_status(context, part.run, &options, &value, NULL), TL_OK);
    assert_string_equal(tl_value_text(tl_value_get(value, "state"), ""), "interrupted");
    tl_value_free(context, value);

    options.resume = "";
    epoch = 13;
    memset(&error, 0, sizeof error);
    if (tl_run(context, config_path, &options, &part, &error) != TL_CANCELLED) fail_msg("%s", error.message);
    assert_int_equal(part.epochs, 13);
    const char *const fixed[] = {"training.batch_size=8"};
    options.set = fixed;
    options.set_count = 1;
    options.resume = part.run;
    memset(&error, 0, sizeof error);
    char run[512];
    snprintf(run, sizeof run, "%s", part.run);
    options.resume = run;
    assert_int_equal(tl_run(context, NULL, &options, &part, &error), TL_BAD_CONFIG);
    assert_string_equal(error.setting, "training.batch_size");
    options.set_count = 0;
    options.progress = NULL;
    memset(&error, 0, sizeof error);
    if (tl_run(context, NULL, &options, &part, &error) != TL_OK) fail_msg("%s", error.message);
    assert_same_file(whole.run, part.run, "model.safetensors");
    assert_same_file(whole.run, part.run, "metrics.csv");
    assert_int_equal(tl_run(context, NULL, &options, &part, &error), TL_EXISTS);
    tl_context_free(context);
}

/* The users' example as it stands: 128 inputs, 64 targets. */
static void test_users_block(void **state)
{
    (void)state;
    char *text = malloc(1 << 20);
    size_t used = 0;
    unsigned draw = 7;
    for (int row = 0; row < 40; row++)
        for (int column = 0; column < 192; column++) {
            draw = draw * 1103515245u + 12345u;
            used += (size_t)sprintf(text + used, "%.3f%c", (double)(draw >> 16 & 2047) / 1024.0 - 1.0, column < 191 ? ',' : '\n');
        }
    files_text(folder, "wide.csv", text);
    used = (size_t)sprintf(text, "network:\n  layers:\n    - type: \"input\"\n      nodes: 128\n    - type: \"hidden\"\n"
        "      nodes: 256\n    - type: \"output\"\n      nodes: 64\n  activation: \"relu\"\n  initialization: \"xavier\"\n"
        "training:\n  learning_rate: 0.001\n  batch_size: 32\n  epochs: 100\n  optimizer: \"adam\"\n  loss: \"mse\"\n"
        "optimization:\n  dropout: 0.2\n  l2_reg: 0.01\n  early_stopping:\n    patience: 10\n    min_delta: 0.001\n"
        "data:\n  file: wide.csv\n  target: [");
    for (int column = 128; column < 192; column++) used += (size_t)sprintf(text + used, "%d%s", column, column < 191 ? ", " : "]\n");
    char path[300];
    snprintf(path, sizeof path, "%s", files_text(folder, "users.yaml", text));
    free(text);
    tl_context *context = tl_context_new(NULL);
    tl_run_result result;
    tl_error error = {0};
    tl_options options = TL_OPTIONS;
    options.out = files_path(folder, "users");
    if (tl_run(context, path, &options, &result, &error) != TL_OK) fail_msg("%s", error.message);
    assert_int_equal(result.parameters, 128 * 256 + 256 + 256 * 64 + 64);
    assert_true(result.test.mse > 0 && result.test.mse < 100);
    assert_true(result.test.accuracy != result.test.accuracy);
    tl_context_free(context);
}

typedef struct peak_watch {
    tl_context *context;
    size_t peak, calls;              /* at the last epoch's end; blocks asked for since the first one's */
} peak_watch;

static bool watch_peak(void *user, const tl_progress *progress)
{
    peak_watch *watch = user;
    if (!progress->epoch_end) return true;
    if (progress->epoch == 1) {
        tl__heap_reset_peak(&watch->context->heap);
        watch->calls = watch->context->heap.calls;
    }
    if (progress->epoch == progress->epochs) {
        watch->peak = watch->context->heap.peak;
        watch->calls = watch->context->heap.calls - watch->calls;
    }
    return true;
}

/* While it trains, a run holds what the plan says to the byte, and asks for nothing. */
static void test_plan(void **state)
{
    (void)state;
    tl_context *context = tl_context_new(NULL);
    peak_watch watch = {.context = context};
    tl_run_result result;
    tl_options options = TL_OPTIONS;
    options.out = files_path(folder, "plan");
    options.progress = watch_peak;
    options.progress_user = &watch;
    assert_int_equal(tl_run(context, config_path, &options, &result, NULL), TL_OK);
    assert_int_equal(watch.peak, result.memory_bytes);
    assert_int_equal(watch.calls, 0);
    tl_context_free(context);

    /* What --plan says before. */
    tl_value *plan;
    options.progress = NULL;
    context = tl_context_new(NULL);
    assert_int_equal(tl_plan(context, config_path, &options, &plan, NULL), TL_OK);
    assert_int_equal(tl_value_integer(tl_value_get(plan, "memory_bytes"), 0), result.memory_bytes);
    tl_value_free(context, plan);
    tl_context_free(context);
}

/* Too little memory is told, and leaves nothing behind. */
static void test_memory_limit(void **state)
{
    (void)state;
    const char *const set[] = {"network.layers=[{type: hidden, nodes: 3000}, {type: hidden, nodes: 3000}, {type: output}]"};
    tl_context_options options = TL_CONTEXT_OPTIONS;
    tl_options run_options = TL_OPTIONS;
    tl_error error = {0};
    tl_run_result result;
    options.memory_limit = 4 << 20;
    tl_context *context = tl_context_new(&options);
    size_t before = tl_context_memory(context);
    run_options.out = files_path(folder, "limit");
    run_options.set = set;
    run_options.set_count = 1;
    assert_int_equal(tl_run(context, config_path, &run_options, &result, &error), TL_OUT_OF_MEMORY);
    assert_non_null(strstr(error.message, "memory"));
    assert_int_equal(tl_context_memory(context), before);
    tl_context_free(context);
}

/* A streamed run: the model of one in memory, the memory that the plan says; predictions of a file block by block. */
static void test_streamed(void **state)
{
    (void)state;
    const char *const held[] = {"data.shuffle_block=20"}, *const streamed[] = {"data.shuffle_block=20", "data.streaming=true"};
    tl_context *context = tl_context_new(NULL);
    peak_watch watch = {.context = context};
    tl_run_result first, second;
    tl_options options = TL_OPTIONS;
    tl_error error = {0};
    tl_value *value;
    char path[300], here[300], there[300];
    snprintf(path, sizeof path, "%s", files_path(folder, "streamed"));
    snprintf(here, sizeof here, "%s", files_path(folder, "held.csv"));
    snprintf(there, sizeof there, "%s", files_path(folder, "streamed.csv"));
    options.out = path;
    options.set = held;
    options.set_count = 1;
    assert_int_equal(tl_run(context, config_path, &options, &first, &error), TL_OK);
    options.set = streamed;
    options.set_count = 2;
    options.progress = watch_peak;
    options.progress_user = &watch;
    if (tl_run(context, config_path, &options, &second, &error) != TL_OK) fail_msg("%s", error.message);
    assert_int_equal(watch.peak, second.memory_bytes);
    assert_int_equal(watch.calls, 0);
    size_t size, other;
    char *model = files_read(first.model_path, &size), *again = files_read(second.model_path, &other);
    assert_int_equal(size, other);
    assert_memory_equal(model, again, size);
    free(model), free(again);
    options.progress = NULL;
    assert_int_equal(tl_plan(context, config_path, &options, &value, &error), TL_OK);
    assert_int_equal(tl_value_integer(tl_value_get(value, "memory_bytes"), 0), second.memory_bytes);
    tl_value_free(context, value);
    assert_int_equal(files_count(files_path(folder, "streamed/output/cache"), "made.csv"), 1);

    const char *data = files_path(folder, "made.csv");
    options.data = data;
    options.format = "csv";
    options.output = here;
    options.set_count = 0;
    assert_int_equal(tl_predict_file(context, first.run, &options, &value, &error), TL_OK);
    tl_value_free(context, value);
    options.set_count = 2;
    options.output = there;
    if (tl_predict_file(context, first.run, &options, &value, &error) != TL_OK) fail_msg("%s", error.message);
    assert_int_equal(tl_value_integer(tl_value_get(value, "rows"), 0), 120);
    tl_value_free(context, value);
    model = files_read(here, &size), again = files_read(there, &other);
    assert_int_equal(size, other);
    assert_memory_equal(model, again, size);
    options.output = NULL;
    assert_int_equal(tl_predict_file(context, first.run, &options, &value, &error), TL_OK);
    assert_string_equal(tl_value_text(tl_value_get(value, "text"), ""), model);
    tl_value_free(context, value);
    free(model), free(again);
    options.format = "json";
    assert_int_equal(tl_predict_file(context, first.run, &options, &value, &error), TL_UNSUPPORTED);
    assert_non_null(strstr(error.message, "--format csv"));
    options.format = NULL;
    error = (tl_error){0};
    if (tl_evaluate(context, first.run, &options, &value, &error) != TL_OK) fail_msg("%s", error.message);
    tl_value_free(context, value);
    options.data = NULL;
    if (tl_evaluate(context, second.run, &options, &value, &error) != TL_OK) fail_msg("%s", error.message);
    tl_value_free(context, value);
    tl_context_free(context);
}

/* Each allocation of a whole run fails in turn. */
static void test_out_of_memory(void **state)
{
    (void)state;
    const char *const set[] = {"training.epochs=2", "data.limit=30"};
    tl_options options = TL_OPTIONS;
    options.set = set;
    options.set_count = 2;
    options.out = files_path(folder, "sweep");
    for (size_t n = 1;; n += n < 200 ? 1 : 7) {
        failing memory = {.fail_at = n};
        tl_allocator allocator = failing_allocator(&memory);
        tl_context_options context_options = TL_CONTEXT_OPTIONS;
        tl_context *context = NULL;
        tl_run_result result;
        context_options.allocator = &allocator;
        context_options.threads = 1;
        tl_status status = tl_context_make(&context_options, &context, NULL);
        if (status == TL_OK) {
            status = tl_run(context, config_path, &options, &result, NULL);
            tl_context_free(context);
        }
        if (memory.live != 0) fail_msg("allocation %zu failed: %zu blocks are left", n, memory.live);
        if (memory.failed == 0) {
            assert_int_equal(status, TL_OK);
            break;
        }
        if (status != TL_OUT_OF_MEMORY && status != TL_OK) fail_msg("allocation %zu failed: status %d", n, (int)status);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_folder),     cmocka_unit_test(test_figures),      cmocka_unit_test(test_repeatable),
        cmocka_unit_test(test_resume),     cmocka_unit_test(test_users_block),  cmocka_unit_test(test_memory_limit),
        cmocka_unit_test(test_streamed),
        cmocka_unit_test(test_plan),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
