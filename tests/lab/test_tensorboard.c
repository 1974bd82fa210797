/* Event files of runs: a resumed run's files together are one clean series, that of a run without interruption; and a
 * run whose events cannot be written goes on without them. */
#ifndef _FILE_OFFSET_BITS
#  define _FILE_OFFSET_BITS 64    /* where it matters, folders are read with 64-bit file numbers */
#endif
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <dirent.h>

#include "base/math.h"
#include "support/event_parts.h"
#include "support/files.h"
#include "trainlib.h"

enum { POINTS = 400, FILES = 8 };

static char folder[256], said[4096];

typedef struct point { int64_t step; float value; char tag[40]; } point;
typedef struct series { point points[POINTS]; int count, files; } series;

static int setup(void **state)
{
    char *text = malloc(32768);
    size_t used = (size_t)sprintf(text, "a,b,kind\n");
    unsigned random = 1;
    (void)state;
    files_begin(folder);
    for (int i = 0; i < 120; i++) {
        random = random * 1103515245u + 12345u;
        used += (size_t)sprintf(text + used, "%.4f,%.4f,%d\n", i % 3 + (random >> 16 & 1023) / 1023.0, i % 5 * 0.5,
                                i % 3);
    }
    files_text(folder, "made.csv", text);
    free(text);
    files_text(folder, "made.yaml", "data: {file: made.csv, target: kind, task: classification, "
                                    "split: {validation: 0.2, test: 0}}\n"
                                    "network: {layers: [{type: hidden, nodes: 8}, {type: output}]}\n"
                                    "training: {epochs: 6, learning_rate: 0.01, batch_size: 16}\n"
                                    "callbacks: {tensorboard: {update_every: 1}}\n");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    files_end(folder);
    return 0;
}

/* ---- a run ---- */

typedef struct stop { int64_t epoch; } stop;

static void listen(void *user, tl_log_level level, const char *line)
{
    (void)user;
    if (level <= TL_LOG_WARNING) snprintf(said + strlen(said), sizeof said - strlen(said), "%s\n", line);
}

static bool stop_after(void *user, const tl_progress *progress)
{
    const stop *at = user;
    return !at->epoch || !progress->epoch_end || progress->epoch < at->epoch;
}

static tl_status train(const char *out, int64_t until, const char *resume, const char *set, tl_run_result *result)
{
    tl_context_options of = TL_CONTEXT_OPTIONS;
    stop at = {until};
    of.threads = 1;
    of.log = listen;
    said[0] = '\0';
    tl_context *context = tl_context_new(&of);
    tl_options options = TL_OPTIONS;
    char place[300];
    tl_error error = {0};
    snprintf(place, sizeof place, "%s", files_path(folder, out));
    options.out = place;
    options.resume = resume;
    options.set = &set;
    options.set_count = set ? 1 : 0;
    options.progress = stop_after;
    options.progress_user = &at;
    tl_status status = tl_run(context, files_path(folder, "made.yaml"), &options, result, &error);
    if (status != TL_OK && status != TL_CANCELLED) fail_msg("%s", error.message);
    tl_context_free(context);
    return status;
}

/* ---- reading, as TensorBoard does: files by name, and a session's start makes later steps of before void ---- */

static void read_event(series *s, part event)
{
    uint64_t step = 0, bits = 0, start = 0;
    field(event, 2, 0, &step);
    part log = field(event, 7, 0, NULL);
    if (log.bytes && (field(log, 1, 0, &start), start == 1)) {
        int kept = 0;
        for (int i = 0; i < s->count; i++)
            if (s->points[i].step < (int64_t)step) s->points[kept++] = s->points[i];
        s->count = kept;
    }
    part value = field(field(event, 5, 0, NULL), 1, 0, NULL), tag = field(value, 1, 0, NULL);
    if (!value.bytes || !tag.bytes || tag.size >= sizeof s->points[0].tag || !field(value, 2, 0, &bits).bytes) return;
    assert_true(s->count < POINTS);
    point *p = &s->points[s->count++];
    memset(p, 0, sizeof *p);
    p->step = (int64_t)step;
    p->value = tl__bits_float((uint32_t)bits);
    memcpy(p->tag, tag.bytes, tag.size);
}

static int by_name(const void *a, const void *b) { return strcmp(a, b); }

static void read_run(const char *run, series *s)
{
    char names[FILES][512];
    *s = (series){.count = 0};
    DIR *dir = opendir(run);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
        if (strstr(entry->d_name, "tfevents")) snprintf(names[s->files++ % FILES], 512, "%s/%s", run, entry->d_name);
    closedir(dir);
    qsort(names, (size_t)s->files, sizeof names[0], by_name);
    for (int i = 0; i < s->files; i++) {
        size_t size;
        char *bytes = files_read(names[i], &size);
        part file = {(const unsigned char *)bytes, size};
        while (file.size) read_event(s, record(&file));
        free(bytes);
    }
}

static int by_tag(const void *a, const void *b)
{
    const point *x = a, *y = b;
    int tags = strcmp(x->tag, y->tag);
    return tags ? tags : (x->step > y->step) - (x->step < y->step);
}

/* Every tag has its steps once each. */
static void sort_clean(series *s)
{
    qsort(s->points, (size_t)s->count, sizeof s->points[0], by_tag);
    for (int i = 1; i < s->count; i++)
        if (by_tag(&s->points[i - 1], &s->points[i]) == 0)
            fail_msg("%s has step %d twice", s->points[i].tag, (int)s->points[i].step);
}

static void same_series(series *a, series *b)
{
    sort_clean(a);
    sort_clean(b);
    assert_int_equal(a->count, b->count);
    for (int i = 0; i < a->count; i++) {
        assert_string_equal(a->points[i].tag, b->points[i].tag);
        assert_int_equal(a->points[i].step, b->points[i].step);
        assert_memory_equal(&a->points[i].value, &b->points[i].value, sizeof a->points[i].value);
    }
}

static void test_resume(void **state)
{
    static series whole, both;
    static tl_run_result result;
    (void)state;
    assert_int_equal(train("whole", 0, NULL, NULL, &result), TL_OK);
    read_run(result.run, &whole);
    assert_int_equal(whole.count, 6 * (6 + 5));    /* loss/batch of 6 steps, five figures an epoch */
    assert_int_equal(train("part", 2, NULL, NULL, &result), TL_CANCELLED);
    assert_int_equal(train("part", 4, "", NULL, &result), TL_CANCELLED);
    assert_int_equal(train("part", 0, "", NULL, &result), TL_OK);
    read_run(result.run, &both);
    assert_int_equal(both.files, whole.files + 2);
    same_series(&whole, &both);
}

/* The process died after points that the last checkpoint does not know: they are said again, and count once. */
static void test_crash(void **state)
{
    static series whole, both;
    static tl_run_result result;
    char command[1500];
    (void)state;
    assert_int_equal(train("whole", 0, NULL, NULL, &result), TL_OK);
    read_run(result.run, &whole);
    assert_int_equal(train("crash", 2, NULL, NULL, &result), TL_CANCELLED);
    snprintf(command, sizeof command, "cp %s/checkpoints/checkpoint.safetensors %s/old", result.run, folder);
    assert_int_equal(files_run(command, NULL, 0), 0);
    assert_int_equal(train("crash", 4, "", NULL, &result), TL_CANCELLED);
    snprintf(command, sizeof command, "cp %s/old %s/checkpoints/checkpoint.safetensors", folder, result.run);
    assert_int_equal(files_run(command, NULL, 0), 0);
    assert_int_equal(train("crash", 0, "", NULL, &result), TL_OK);
    read_run(result.run, &both);
    same_series(&whole, &both);
}

static void test_unwritable(void **state)
{
    static series none;
    static tl_run_result result;
    (void)state;
    files_text(folder, "blocked", "a file where the folder should be\n");
    char set[400];
    snprintf(set, sizeof set, "callbacks.tensorboard.folder=%s", files_path(folder, "blocked"));
    assert_int_equal(train("blind", 0, NULL, set, &result), TL_OK);
    assert_int_equal(result.epochs, 6);
    assert_true(files_exist(result.model_path));
    if (!strstr(said, "TensorBoard's events are left out: ") || !strstr(said, "blocked")) fail_msg("%s", said);
    assert_null(strstr(strstr(said, "left out") + 1, "left out"));    /* once */
    read_run(result.run, &none);
    assert_int_equal(none.files, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_resume), cmocka_unit_test(test_crash),
                                       cmocka_unit_test(test_unwritable)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
