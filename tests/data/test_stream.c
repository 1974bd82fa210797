/* Streamed data is the data: parts, pipeline, hashes, batches and report are those of the same file in memory; what cannot
 * be streamed is refused; the file of rows is used again, made again when it should be, and never half written. */
#define _DEFAULT_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <signal.h>
#include <unistd.h>

#include <cmocka.h>

#include "data/batch.h"
#include "data/stream.h"
#include "support/data.h"
#include "support/failing.h"
#include "support/files.h"
#include "support/streamed.h"
#include "text/npy.h"
#include "text/yaml.h"

#define context streamed_context
#define folder streamed_folder


static void streamed_data_is_the_data(void **state)
{
    (void)state;
    streamed_make_csv("mixed.csv", 700, false);
    streamed_make_csv("wide.csv", 7000, true);
    streamed_make_csv("test.csv", 90, false);
    streamed_same("file: mixed.csv, target: y, missing: drop, drop: [g]", true);
    streamed_same("file: mixed.csv, target: y, missing: mean, weight: w, split: {group: g}", false);
    streamed_same("file: mixed.csv, target: c, missing: constant, missing_value: 3, normalize: minmax, time: n, split: {method: time}, drop: g",
         true);
    streamed_same("file: mixed.csv, target: [b, c], missing: drop, normalize: none, drop: [g, y], normalize_target: robust", false);
    streamed_same("file: mixed.csv, target: y, missing: mean, drop: g, limit: 300, split: {method: kfold, folds: 4, fold: 2}", true);
    streamed_same("file: mixed.csv, target: y, missing: mean, drop: g, skip_rows: 0, types: {a: category, b: category}, max_categories: 5000",
         false);
    streamed_same("file: mixed.csv, target: y, missing: mean, drop: g, classes: [up, down], shuffle: false", true);
    streamed_same("file: mixed.csv, test_file: test.csv, target: y, missing: drop, drop: g", true);
    streamed_same("file: wide.csv, target: y, missing: drop, drop: [g, word]", false);
    streamed_same("file: [mixed.csv, test.csv, wide.csv], target: y, missing: drop, drop: g", true);
}

/* Files where a piece's end falls on each byte of a line end, and files without a line of names. */
static void pieces_end_anywhere(void **state)
{
    (void)state;
    enum { PIECE = 1 << 20 };
    for (int shift = 0; shift < 12; shift++) {
        char *text = malloc(PIECE + 4096);
        size_t used = 0;
        while (used < PIECE - 40) used += (size_t)sprintf(text + used, "%zu,1.5,x\r\n", used % 977);
        memset(text + used, '7', 80);
        used = (size_t)(PIECE - 20 + shift);
        used += (size_t)sprintf(text + used, ",2.5,\"y\r\nz\"\r\n\r\n");
        for (int i = 0; i < 60; i++) used += (size_t)sprintf(text + used, "%d,3.5,x\r\n", i);
        files_write(folder, "shift.csv", text, used - (size_t)(shift % 3));
        free(text);
        streamed_same("file: shift.csv, target: 1, task: regression, drop: [0]", false);
    }
}

static void what_cannot_be_streamed_is_refused(void **state)
{
    (void)state;
    streamed_make_csv("mixed.csv", 100, false);
    files_text(folder, "rows.json", "[{\"a\": 1, \"y\": 2}]");
    files_write(folder, "rows.csv.gz", "\x1f\x8b\x08\0\0\0\0\0\0\3\3\0\0\0\0\0\0\0\0\0", 20);
    files_text(folder, "empty.csv", "");
    files_text(folder, "names.csv", "a,b,c\n");
    files_text(folder, "ragged.csv", "a,b\n1,2\n3\n");
    files_text(folder, "other.csv", "a,x,c\n1,2,3\n");
    files_text(folder, "quote.csv", "a,b\n1,2\n3,\"x\n");
    streamed_refused("file: mixed.csv, target: y, normalize: robust", TL_UNSUPPORTED, "use standard or minmax");
    streamed_refused("file: mixed.csv, target: y, missing: median", TL_UNSUPPORTED, "use mean, drop or constant");
    streamed_refused("file: mixed.csv, target: y, missing: forward", TL_UNSUPPORTED, "data.streaming: false");
    streamed_refused("file: rows.json, target: y", TL_UNSUPPORTED, "only csv, npy and idx files can be streamed, and this is json");
    streamed_refused("file: rows.csv.gz, target: y", TL_UNSUPPORTED, "unpack it first");
    streamed_refused("file: {images: mixed.csv, labels: mixed.csv}, target: y", TL_UNSUPPORTED,
            "only npy and idx files can be streamed as a pair, and this is csv");
    streamed_refused("file: [mixed.csv, ragged.csv], target: y, missing: drop", TL_BAD_FILE, "this row has 2 cells but the first one has 9");
    streamed_refused("file: [names.csv, other.csv], target: c, header: true", TL_BAD_DATA, "column 1 is not 'b' as in 'names.csv'");
    streamed_refused("file: [mixed.csv, none.csv], target: y, missing: drop", TL_NOT_FOUND, "none.csv");
    streamed_refused("file: none.csv, target: y", TL_NOT_FOUND, "no such file");
    streamed_refused("file: empty.csv, target: y", TL_BAD_FILE, "the file is empty");
    streamed_refused("file: names.csv, target: c, header: true", TL_BAD_FILE, "no rows");
    streamed_refused("file: ragged.csv", TL_BAD_FILE, "this row has 1 cell");
    streamed_refused("file: quote.csv", TL_BAD_FILE, "never closed");
    streamed_refused("file: mixed.csv, target: y", TL_BAD_DATA, "has no value");
    streamed_refused("file: mixed.csv, target: nothing, missing: drop", TL_NOT_FOUND, "data.target");
}

/* auto streams by the size of the files and the limit, nothing else. */
static void the_size_decides(void **state)
{
    (void)state;
    static const struct { const char *more; bool streams; } cases[] = {
        {"", false}, {", memory_limit: 1", true}, {", memory_limit: 3", false}, {", memory_limit: 1, streaming: false", false}};
    streamed_make_csv("large.csv", 4000, true);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[1200];
        data_settings bound;
        tl_dataset *d;
        tl_error error = {0};
        snprintf(text, sizeof text, "file: large.csv, target: y, missing: drop, drop: [g, word], cache_folder: '%s/rows'%s",
                 folder, cases[i].more);
        assert_int_equal(data_settings_make(&context, text, &bound), TL_OK);
        if (tl__dataset_load(&context, &bound.block, folder, 1, &d, &error) != TL_OK) fail_msg("%s", error.message);
        assert_int_equal(d->source[0].table->store != NULL, cases[i].streams);
        assert_int_equal(d->shuffle_block > 0, cases[i].streams);
        tl_dataset_free(d);
        data_settings_end(&bound);
    }
}

/* ---- the file of rows ---- */

static const char *const plain = "file: cached.csv, target: y, missing: drop, drop: g";

static const char *named_file(const char *streamed_begin)
{
    static char path[600];
    char name[300];
    char command[600];
    snprintf(command, sizeof command, "ls '%s/rows' | grep '^%s'", folder, streamed_begin);
    assert_int_equal(files_run(command, name, sizeof name), 0);
    name[strcspn(name, "\n")] = '\0';
    snprintf(path, sizeof path, "%s/rows/%s", folder, name);
    return path;
}

static const char *only_file(void) { return named_file("cached"); }

static char *load_hash(void)
{
    tl_dataset *d;
    tl_error error = {0};
    if (streamed_load(plain, true, &d, &error) != TL_OK) fail_msg("%s", error.message);
    char *hash = strdup(d->hash);
    tl_dataset_free(d);
    return hash;
}

static void it_is_used_again(void **state)
{
    (void)state;
    struct stat first, second;
    streamed_make_csv("cached.csv", 300, false);
    char *hash = load_hash(), *again = load_hash();
    assert_string_equal(hash, again);
    free(again);
    assert_int_equal(stat(only_file(), &first), 0);
    again = load_hash();
    assert_int_equal(stat(only_file(), &second), 0);
    assert_int_equal(first.st_ino, second.st_ino);
    free(again);
    streamed_make_csv("cached.csv", 301, false);    /* another source: made again, in its place */
    again = load_hash();
    assert_string_not_equal(hash, again);
    assert_int_equal(files_count(files_path(folder, "rows"), "cached"), 1);
    free(hash), free(again);
}

/* Cut off anywhere or changed anywhere, it is told from a whole one and made again. */
static void damage_is_seen(void **state)
{
    (void)state;
    size_t size;
    streamed_make_csv("cached.csv", 60, false);
    char *hash = load_hash(), path[600], *bytes;
    snprintf(path, sizeof path, "%s", only_file());
    bytes = files_read(path, &size);
    for (size_t cut = 0; cut < size; cut += cut < 200 || cut + 200 > size ? 1 : 97) {
        FILE *file = fopen(path, "wb");
        assert_int_equal(fwrite(bytes, 1, cut, file), cut);
        fclose(file);
        char *again = load_hash();
        assert_string_equal(again, hash);
        free(again);
    }
    for (size_t at = 0; at < size; at += 3) {
        if (at >= 16 && at < 64) continue;    /* zeros that mean nothing */
        bytes[at] = (char)(bytes[at] ^ 0x55);
        FILE *file = fopen(path, "wb");
        assert_int_equal(fwrite(bytes, 1, size, file), size);
        fclose(file);
        bytes[at] = (char)(bytes[at] ^ 0x55);
        char *again = load_hash();
        assert_string_equal(again, hash);
        free(again);
    }
    free(bytes), free(hash);
}

static void a_change_in_use_is_told(void **state)
{
    (void)state;
    tl_dataset *d;
    tl_error error = {0};
    tl__batches *batches;
    tl__batch_options options = {.part = TL_TRAIN, .batch_size = 8, .shuffle = true, .shuffle_block = 32};
    streamed_make_csv("cached.csv", 300, false);
    if (streamed_load(plain, true, &d, &error) != TL_OK) fail_msg("%s", error.message);
    assert_int_equal(tl__batches_new(d, &options, &batches, &error), TL_OK);
    assert_non_null(tl__batches_next(batches));
    FILE *file = fopen(only_file(), "ab");
    fputc('x', file);
    fclose(file);
    while (tl__batches_next(batches)) { }
    assert_int_equal(tl__batches_failure(batches, &error), TL_BAD_DATA);
    assert_non_null(strstr(error.message, "was changed while it was in use"));
    tl__batches_free(batches);
    tl_dataset_free(d);
    unlink(only_file());
}

/* The report reads the rows too, and says what kept it from that. */
static void a_report_that_cannot_be_read_is_told(void **state)
{
    (void)state;
    tl_dataset *d;
    tl_error error = {0};
    tl__tree *tree;
    tl__builder builder;
    tl_value *report;
    data_settings bound;
    streamed_make_csv("cached.csv", 300, false);
    if (streamed_load(plain, true, &d, &error) != TL_OK) fail_msg("%s", error.message);
    assert_int_equal(truncate(only_file(), 500), 0);
    assert_int_equal(data_settings_make(&context, plain, &bound), TL_OK);
    assert_int_equal(tl__tree_new(&context.heap, NULL, &tree), TL_OK);
    tl__builder_init(&builder, tree);
    assert_int_equal(tl__dataset_report(&builder, NULL, NULL, d, &bound.block, &report, &error), TL_BAD_DATA);
    assert_non_null(strstr(error.message, "was changed while it was in use"));
    tl__tree_free(tree);
    data_settings_end(&bound);
    tl_dataset_free(d);
    unlink(only_file());
}

/* Batches so large that a thread makes them. */
static void the_thread_makes_the_same_batches(void **state)
{
    (void)state;
    enum { ROWS = 4000, COLUMNS = 40 };
    static const struct { size_t size, block; bool shuffle; size_t first; } cases[] = {
        {820, 500, true, 0}, {900, 2000, true, 2}, {850, 100000, true, 0}, {1000, 777, true, 1}, {820, 0, false, 0}};
    char *text = malloc(ROWS * (COLUMNS + 1) * 12);
    size_t used = 0;
    for (unsigned i = 0, r = 1; i < ROWS; i++) {
        for (int k = 0; k < COLUMNS; k++, r = r * 1103515245u + 12345u)
            used += (size_t)sprintf(text + used, "%.2f,", (double)(r >> 16) / 100);
        used += (size_t)sprintf(text + used, "%u\n", i % 3);
    }
    files_write(folder, "many.csv", text, used);
    free(text);
    tl_dataset *a = NULL, *b = NULL;
    tl_error error = {0};
    static const char settings[] = "file: many.csv, target: -1, task: classification, split: {validation: 0, test: 0.05}";
    if (streamed_load(settings, false, &a, &error) != TL_OK) fail_msg("%s", error.message);
    if (streamed_load(settings, true, &b, &error) != TL_OK) fail_msg("%s", error.message);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        tl__batch_options options = {.part = TL_TRAIN, .batch_size = cases[i].size, .shuffle = cases[i].shuffle,
                                     .shuffle_block = cases[i].block};
        size_t n, m, alone = tl__batches_bytes(b, &options);
        float *x = streamed_epoch(a, cases[i].size, cases[i].block, cases[i].shuffle, 0, 4, cases[i].first, &n);
        context.threads = 2;
        options.workers = 1;
        assert_true(tl__batches_bytes(b, &options) > alone);    /* it has a thread */
        float *y = streamed_epoch(b, cases[i].size, cases[i].block, cases[i].shuffle, 1, 4, cases[i].first, &m);
        context.threads = 1;
        assert_int_equal(n, m);
        assert_memory_equal(x, y, n * sizeof *x);
        free(x), free(y);
    }
    /* what the thread cannot read is told by the batch that lacks it */
    tl__batches *batches;
    tl__batch_options options = {.part = TL_TRAIN, .batch_size = 820, .shuffle = true, .shuffle_block = 500, .workers = 1};
    context.threads = 2;
    assert_int_equal(tl__batches_new(b, &options, &batches, &error), TL_OK);
    assert_non_null(tl__batches_next(batches));
    FILE *file = fopen(named_file("many"), "ab");
    fputc('x', file);
    fclose(file);
    while (tl__batches_next(batches)) { }
    assert_int_equal(tl__batches_failure(batches, &error), TL_BAD_DATA);
    assert_non_null(strstr(error.message, "was changed while it was in use"));
    tl__batches_free(batches);
    context.threads = 1;
    unlink(named_file("many"));
    tl_dataset_free(a);
    tl_dataset_free(b);
}

/* An allocator that changes the source before the allocation with this number. */
typedef struct changing {
    size_t asked, change_at;
    int how;                       /* 0: a row more; 1: only another time; 2: cut off inside a row */
    bool changed, writing;         /* writing: a file of rows was begun then */
} changing;

static void *changing_resize(void *user, void *block, size_t old_size, size_t new_size)
{
    changing *state = user;
    (void)old_size;
    if (new_size == 0) {
        free(block);
        return NULL;
    }
    if (++state->asked == state->change_at) {
        char path[300];
        snprintf(path, sizeof path, "%s", files_path(folder, "changing.csv"));
        struct timespec times[2] = {{1000, 0}, {1000, 0}};
        FILE *file = state->how ? NULL : fopen(path, "ab");
        if (file) fputs("1,2,3,red,2024-01-11,1,p1,1,up\n", file), fclose(file);
        if (state->how == 1) utimensat(AT_FDCWD, path, times, 0);
        if (state->how == 2) assert_int_equal(truncate(path, 2000), 0);
        state->changed = true;
        state->writing = files_count(files_path(folder, "rows"), ".tmp-") > 0;
    }
    return realloc(block, new_size);
}

/* Whenever the source changes, the rows are those of one state of it, or the change is told and nothing is left. */
static void a_source_that_changes_is_told(void **state)
{
    (void)state;
    enum { ROWS = 40 };
    size_t told[3] = {0}, told_late[3] = {0};
    char rows[300];
    snprintf(rows, sizeof rows, "%s/rows", folder);
    for (int how = 0; how < 3; how++) {
        changing change = {.how = how};
        do {
            tl_allocator allocator = {changing_resize, &change};
            tl_context kept = context;
            tl_dataset *d = NULL;
            tl_error error = {0};
            streamed_make_csv("changing.csv", ROWS, false);
            change = (changing){.change_at = change.change_at + 1, .how = how};
            tl__heap_init(&context.heap, &allocator, 0);
            tl_status status = streamed_load("file: changing.csv, target: y, missing: drop, drop: g", true, &d, &error);
            size_t read = status == TL_OK ? d->source[0].table->rows : 0;
            tl_dataset_free(d);
            assert_int_equal(context.heap.in_use, 0);
            context = kept;
            assert_int_equal(files_count(rows, ".tmp-"), 0);
            if (status == TL_OK) {
                assert_true(how == 2 || read == ROWS || read == ROWS + 1);
                unlink(named_file("changing"));
                continue;
            }
            assert_int_equal(files_count(rows, "changing"), 0);
            bool tells = status == TL_BAD_DATA && strstr(error.message, "was changed while it was read") &&
                         !strchr(error.message, '\n');
            if (!tells && how < 2) fail_msg("%d, %zu: %s", how, change.change_at, error.message);
            told[how] += tells;
            told_late[how] += tells && change.writing;
        } while (change.changed);
        assert_true(told[how] > 5 && told_late[how] > 0);
    }
}

/* In a child with a limit on the size of files, as a full disk; and without the right to write. */
static int child(void (*prepare)(void), const char *part)
{
    pid_t pid = fork();
    if (pid == 0) {
        tl_dataset *d = NULL;
        tl_error error = {0};
        prepare();
        tl_status status = streamed_load(plain, true, &d, &error);
        _exit(status == TL_IO && strstr(error.message, part) ? 0 : 1);
    }
    int status;
    waitpid(pid, &status, 0);
    return status;
}

static void small_files_only(void)
{
    struct rlimit limit = {5000, 5000};
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &limit);
}

static void nobody(void)
{
    if (geteuid() == 0 && setuid(65534) != 0) _exit(2);
}

static void a_full_disk_and_a_closed_folder_are_told(void **state)
{
    (void)state;
    char rows[300];
    streamed_make_csv("cached.csv", 900, false);
    snprintf(rows, sizeof rows, "%s/rows", folder);
    chmod(folder, 0755);
    mkdir(rows, 0755);
    assert_int_equal(child(small_files_only, "free some space"), 0);
    assert_int_equal(files_count(rows, "cached"), 0);
    chmod(rows, 0500);
    assert_int_equal(child(nobody, "permission denied"), 0);
    chmod(rows, 0755);
}

/* Killed at any time while the file of rows is made, a later run makes it and removes what was left. */
static void a_kill_leaves_nothing(void **state)
{
    (void)state;
    char rows[300];
    streamed_make_csv("cached.csv", 6000, false);
    snprintf(rows, sizeof rows, "%s/rows", folder);
    char *hash = load_hash();
    for (int i = 0; i < 20; i++) {
        unlink(only_file());
        pid_t pid = fork();
        if (pid == 0) {
            free(load_hash());
            _exit(0);
        }
        usleep((unsigned)i * 700);
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        char *again = load_hash();
        assert_string_equal(again, hash);
        free(again);
        if (files_count(rows, ".tmp-") != 0) {    /* the file was whole, so nobody cleaned: the next that is made does */
            unlink(only_file());
            free(load_hash());
        }
        assert_int_equal(files_count(rows, ".tmp-"), 0);
    }
    free(hash);
}

static tl_status scenario(tl__heap *heap, void *settings)
{
    tl_context own = context;
    tl_dataset *d = NULL;
    tl__batches *batches = NULL;
    tl__batch_options options = {.part = TL_TRAIN, .batch_size = 8, .shuffle = true, .shuffle_block = 32};
    own.heap = *heap;
    tl_context kept = context;
    context = own;
    tl_status status = streamed_load(settings, true, &d, NULL);
    if (status == TL_OK) status = tl__batches_new(d, &options, &batches, NULL);
    while (status == TL_OK && tl__batches_next(batches)) { }
    if (status == TL_OK) status = tl__batches_failure(batches, NULL);
    tl__batches_free(batches);
    tl_dataset_free(d);
    *heap = context.heap;
    context = kept;
    return status;
}

static tl_status scenario_afresh(tl__heap *heap, void *settings)
{
    char command[600];
    snprintf(command, sizeof command, "rm -f '%s'/rows/oom*", folder);
    assert_int_equal(files_run(command, NULL, 0), 0);
    return scenario(heap, settings);
}

static void out_of_memory(void **state)
{
    (void)state;
    streamed_make_csv("oom.csv", 40, false);
    static char rows[] = "file: oom.csv, target: y, missing: drop, drop: g";
    static char pair[] = "file: {images: images.idx, labels: labels.npy}, target: label";
    assert_true(failing_sweep(scenario_afresh, rows) > 40);
    assert_true(failing_sweep(scenario, rows) > 20);
    streamed_make_arrays(40);
    assert_true(failing_sweep(scenario, pair) > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(streamed_data_is_the_data),
        cmocka_unit_test(pieces_end_anywhere),
        cmocka_unit_test(what_cannot_be_streamed_is_refused),
        cmocka_unit_test(the_size_decides),
        cmocka_unit_test(it_is_used_again),
        cmocka_unit_test(damage_is_seen),
        cmocka_unit_test(a_change_in_use_is_told),
        cmocka_unit_test(a_report_that_cannot_be_read_is_told),
        cmocka_unit_test(the_thread_makes_the_same_batches),
        cmocka_unit_test(a_source_that_changes_is_told),
        cmocka_unit_test(a_full_disk_and_a_closed_folder_are_told),
        cmocka_unit_test(a_kill_leaves_nothing),
        cmocka_unit_test(out_of_memory),
    };
    return cmocka_run_group_tests(tests, streamed_begin, streamed_end);
}
