/* train:optimize as a program sees it: the same trials whatever the threads and however often it was interrupted, a
 * journal that survives torn lines, failed trials, early stopping, shards. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/context.h"
#include "base/text.h"
#include "lab/folder.h"
#include "support/failing.h"
#include "support/files.h"

static char folder[256];

static int setup(void **state)
{
    (void)state;
    files_begin(folder);
    char *text = malloc(65536);
    size_t used = (size_t)sprintf(text, "a,b,kind\n");
    unsigned seed = 1;
    for (int i = 0; i < 120; i++) {
        double x[2];
        for (int j = 0; j < 2; j++) seed = seed * 1103515245u + 12345u, x[j] = (double)(seed >> 16 & 1023) / 1023.0;
        used += (size_t)sprintf(text + used, "%.4f,%.4f,%s\n", x[0] + i % 3, x[1] - i % 3, i % 3 == 0 ? "red" : i % 3 == 1
                                    ? "green" : "blue");
    }
    files_text(folder, "made.csv", text);
    free(text);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    files_end(folder);
    return 0;
}

/* A config with this search: block, in a file of its own. */
static const char *config(const char *name, const char *search)
{
    char text[1500];
    snprintf(text, sizeof text, "data: {file: made.csv, target: kind, split: {validation: 0.3, test: 0.1}}\n"
             "network: {model: mlp, hidden_size: 8}\n"
             "training: {epochs: 8, learning_rate: 0.01, batch_size: 16}\nsearch: %s\n", search);
    static char paths[8][300];
    static int turn;
    char *path = paths[turn++ % 8];
    snprintf(path, 300, "%s", files_text(folder, name, text));
    return path;
}

/* Runs it; `stop` is the number of progress records after which it is cancelled (0: never). */
typedef struct counter { int left; } counter;

static bool count_down(void *user, const tl_progress *progress)
{
    counter *c = user;
    (void)progress;
    return c->left == 0 || --c->left > 0;
}

static tl_status optimize(const char *path, const char *out, const char *resume, int threads, int stop, tl_value **result,
                          tl_context **context, tl_error *error)
{
    tl_context_options of = TL_CONTEXT_OPTIONS;
    tl_options options = TL_OPTIONS;
    counter c = {stop};
    of.threads = threads;
    *context = tl_context_new(&of);
    options.out = files_path(folder, out);
    options.resume = resume;
    options.progress = count_down;
    options.progress_user = &c;
    memset(error, 0, sizeof *error);
    return tl_optimize(*context, path, &options, result, error);
}

/* trial,status,score,... of trials.csv without the seconds. */
static char *table(const char *search)
{
    char path[600];
    snprintf(path, sizeof path, "%s/trials.csv", search);
    char *text = files_read(path, NULL), *to = text;
    assert_non_null(text);
    int column = 0;
    for (char *c = text; *c; c++) {
        if (column != 5) *to++ = *c;
        if (*c == ',') column++;
        if (*c == '\n') column = 0;
    }
    *to = '\0';
    return text;
}

static const char SEARCH[] = "{method: tpe, trials: 14, stop: {method: asha, min_epochs: 2, factor: 2}, parameters: "
                             "{training.learning_rate: {min: 0.0001, max: 0.3, scale: log}, training.optimizer: [adam, "
                             "{type: sgd, momentum: 0.9}], network.hidden_size: [4, 8, 16]}}";

/* One after the other, four at a time, and interrupted again and again: the same table. */
static void test_same(void **state)
{
    (void)state;
    const char *path = config("same.yaml", SEARCH);
    tl_value *result;
    tl_context *context;
    tl_error error;
    char *wanted = NULL;
    for (int threads = 1; threads <= 4; threads += 3) {
        if (optimize(path, threads == 1 ? "one" : "four", NULL, threads, 0, &result, &context, &error) != TL_OK)
            fail_msg("%s", error.message);
        assert_int_equal(tl_value_integer(tl_value_get(result, "trials"), 0), 14);
        assert_true(tl_value_integer(tl_value_get(result, "stopped"), 0) > 0);
        assert_int_equal(tl_value_count(tl_value_get(result, "importance")), 3);
        double best = tl_value_number(tl_value_get(result, "best_score"), -1);
        assert_true(best == tl_value_number(tl_value_get(result, "best_trials[0].score"), -2));
        char *got = table(tl_value_text(tl_value_get(result, "folder"), ""));
        if (wanted) assert_string_equal(got, wanted);
        free(wanted);
        wanted = got;
        tl_value_free(context, result);
        tl_context_free(context);
    }
    tl_status status = TL_CANCELLED;
    int turns = 0;
    for (; status == TL_CANCELLED && turns < 100; turns++) {
        status = optimize(path, "pieces", turns ? "" : NULL, 1, 17, &result, &context, &error);
        if (status == TL_OK) {
            char *got = table(tl_value_text(tl_value_get(result, "folder"), ""));
            assert_string_equal(got, wanted);
            free(got);
            tl_value_free(context, result);
        }
        tl_context_free(context);
    }
    if (status != TL_OK) fail_msg("%s", error.message);
    assert_true(turns > 2);
    free(wanted);
}

/* A line that a crash cut off is passed over; a trial that a dead process had begun is done again; the journal of another
 * search is refused. */
static void test_journal(void **state)
{
    (void)state;
    const char *path = config("torn.yaml", SEARCH);
    tl_value *result;
    tl_context *context;
    tl_error error;
    char search[600], journal[700], *wanted, *text;
    assert_int_equal(optimize(path, "torn", NULL, 1, 0, &result, &context, &error), TL_OK);
    snprintf(search, sizeof search, "%s", tl_value_text(tl_value_get(result, "folder"), ""));
    snprintf(journal, sizeof journal, "%s/trials.jsonl", search);
    tl_value_free(context, result);
    tl_context_free(context);
    wanted = table(search);
    size_t size;
    text = files_read(journal, &size);
    for (int piece = 1; piece < 4; piece++) {
        FILE *file = fopen(journal, "wb");
        fwrite(text, 1, size * (size_t)piece / 4, file);
        fclose(file);
        if (optimize(path, "torn", search, 1, 0, &result, &context, &error) != TL_OK) fail_msg("%s", error.message);
        tl_value_free(context, result);
        tl_context_free(context);
        char *got = table(search);
        assert_string_equal(got, wanted);
        free(got);
    }
    free(text);
    free(wanted);
    const char *other = config("torn.yaml", "{method: random, trials: 3, parameters: {training.learning_rate: [0.1]}}");
    assert_int_equal(optimize(other, "torn", search, 1, 0, &result, &context, &error), TL_NOT_FOUND);
    assert_non_null(strstr(error.message, "is not a search with the settings"));
    tl_context_free(context);
}

/* A trial that cannot be trained is recorded as failed; more trials may be asked for later. */
static void test_failed(void **state)
{
    (void)state;
    tl_value *result;
    tl_context *context;
    tl_error error;
    const char *path = config("bad.yaml", "{method: grid, trials: 2, parameters: {training.optimizer: [adam, adm, sgd]}}");
    if (optimize(path, "bad", NULL, 2, 0, &result, &context, &error) != TL_OK) fail_msg("%s", error.message);
    assert_int_equal(tl_value_integer(tl_value_get(result, "failed"), 0), 1);
    assert_int_equal(tl_value_integer(tl_value_get(result, "best_trial"), 0), 1);
    char search[600], journal[700];
    snprintf(search, sizeof search, "%s", tl_value_text(tl_value_get(result, "folder"), ""));
    snprintf(journal, sizeof journal, "%s/trials.jsonl", search);
    tl_value_free(context, result);
    tl_context_free(context);
    char *text = files_read(journal, NULL);
    assert_non_null(strstr(text, "did you mean 'adam'"));
    free(text);
    path = config("bad.yaml", "{method: grid, parameters: {training.optimizer: [adam, adm, sgd]}}");
    assert_int_equal(optimize(path, "bad", search, 1, 0, &result, &context, &error), TL_OK);
    assert_int_equal(tl_value_integer(tl_value_get(result, "trials"), 0), 3);
    tl_value_free(context, result);
    tl_context_free(context);
    path = config("none.yaml", "{method: grid, parameters: {training.optimizer: [adm]}}");
    assert_int_equal(optimize(path, "none", NULL, 1, 0, &result, &context, &error), TL_BAD_DATA);
    assert_non_null(strstr(error.message, "no trial came to a result"));
    tl_context_free(context);
}

/* Three shards do the trials of one process. */
static void test_shards(void **state)
{
    (void)state;
    const char *path = config("parts.yaml", "{method: random, trials: 7, parameters: {training.learning_rate: {min: 0.001, "
                              "max: 0.1}}}");
    tl_value *result;
    tl_context *context;
    tl_error error;
    char *wanted, *got = NULL;
    assert_int_equal(optimize(path, "whole", NULL, 1, 0, &result, &context, &error), TL_OK);
    wanted = table(tl_value_text(tl_value_get(result, "folder"), ""));
    tl_value_free(context, result);
    for (int shard = 1; shard <= 3; shard++) {
        tl_options options = TL_OPTIONS;
        options.out = files_path(folder, "parts");
        options.shard = shard;
        options.shards = 3;
        if (tl_optimize(context, path, &options, &result, &error) != TL_OK) fail_msg("%s", error.message);
        free(got);
        got = table(tl_value_text(tl_value_get(result, "folder"), ""));
        tl_value_free(context, result);
    }
    assert_string_equal(got, wanted);
    tl_options options = TL_OPTIONS;
    options.shard = 1;
    options.shards = 2;
    assert_int_equal(tl_optimize(context, config("learns.yaml", SEARCH), &options, &result, &error), TL_BAD_CONFIG);
    assert_non_null(strstr(error.message, "shards know nothing of each other"));
    tl_context_free(context);
    free(wanted);
    free(got);
}

/* Out of memory at any place is an error, leaks nothing, and a later attempt goes on. */
static void test_memory(void **state)
{
    (void)state;
    const char *path = config("oom.yaml", "{method: tpe, trials: 12, parallel: 1, parameters: {training.learning_rate: {min: "
                              "0.001, max: 0.1}}}");
    tl_options options = TL_OPTIONS;
    options.out = files_path(folder, "oom");
    for (size_t at = 1; at < 40000; at += at < 60 ? 7 : at / 3) {
        failing memory = {.fail_at = at, .and_after = true};
        tl_allocator allocator = failing_allocator(&memory);
        tl_context_options of = TL_CONTEXT_OPTIONS;
        tl_context *context;
        tl_value *result = NULL;
        tl_error error = {0};
        of.allocator = &allocator;
        of.threads = 1;
        if (tl_context_make(&of, &context, NULL) != TL_OK) continue;
        tl_status status = tl_optimize(context, path, &options, &result, &error);
        if (status != TL_OK && status != TL_OUT_OF_MEMORY && status != TL_BAD_DATA)
            fail_msg("%d %s", status, error.message);
        tl_value_free(context, result);
        tl_context_free(context);
        assert_int_equal(memory.live, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same), cmocka_unit_test(test_journal), cmocka_unit_test(test_failed),
        cmocka_unit_test(test_shards), cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
