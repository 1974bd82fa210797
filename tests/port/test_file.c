/* Files, folders and locks as the system gives them; POSIX. */
#ifndef _GNU_SOURCE
#  define _GNU_SOURCE
#endif
#include "base/error.h"
#include "port/port.h"
#include "support/failing.h"
#include "support/files.h"

#include <setjmp.h>
#include <cmocka.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[256];
static tl_context *context;

static int begin(void **state)
{
    (void)state;
    files_begin(folder);
    context = tl_context_new(NULL);
    return context == NULL;
}

static int end(void **state)
{
    (void)state;
    size_t left = context->heap.in_use;
    tl_context *again = tl_context_new(NULL);
    size_t fresh = again->heap.in_use;
    tl_context_free(again);
    tl_context_free(context);
    files_end(folder);
    return left != fresh;
}

static void holds(const char *path, const char *expected)
{
    char *text = files_read(path, NULL);
    assert_non_null(text);
    assert_string_equal(text, expected);
    free(text);
}

static void replaces_whole(void **state)
{
    tl_error error = {0};
    const char *path = files_path(folder, "a");
    (void)state;
    assert_int_equal(tl__file_replace(path, "one", 3, false, &error), TL_OK);
    holds(path, "one");
    assert_int_equal(tl__file_replace(path, "second", 6, true, &error), TL_OK);
    holds(path, "second");
    assert_int_equal(tl__file_replace(path, "", 0, false, &error), TL_OK);
    holds(path, "");
    assert_int_equal(files_count(folder, ".tmp-"), 0);
}

static void commits_and_abandons(void **state)
{
    static char large[100000];
    tl_error error = {0};
    tl__file *file;
    const char *path = files_path(folder, "b");
    (void)state;
    memset(large, 'x', sizeof large - 1);
    assert_int_equal(tl__file_create(context, path, &file, &error), TL_OK);
    assert_int_equal(tl__file_write(file, "head ", 5, &error), TL_OK);
    assert_int_equal(tl__file_write(file, large, sizeof large - 1, &error), TL_OK);
    assert_int_equal(tl__file_flush(file, true, &error), TL_OK);
    assert_false(files_exist(path));
    assert_int_equal(tl__file_write(file, " tail", 5, &error), TL_OK);
    assert_int_equal(tl__file_commit(file, true, &error), TL_OK);
    char *text = files_read(path, NULL);
    assert_int_equal(strlen(text), sizeof large - 1 + 10);
    assert_memory_equal(text, "head xxx", 8);
    assert_string_equal(text + strlen(text) - 7, "xx tail");
    free(text);
    assert_int_equal(tl__file_create(context, path, &file, &error), TL_OK);
    assert_int_equal(tl__file_write(file, "never seen", 10, &error), TL_OK);
    tl__file_abandon(file);
    tl__file_abandon(NULL);
    assert_int_equal(files_count(folder, ".tmp-"), 0);
    text = files_read(path, NULL);
    assert_memory_equal(text, "head xxx", 8);
    free(text);
}

static void appends(void **state)
{
    tl_error error = {0};
    tl__file *file;
    const char *path = files_text(folder, "log", "before\n");
    (void)state;
    assert_int_equal(tl__file_append_open(context, path, &file, &error), TL_OK);
    assert_int_equal(tl__file_write(file, "one\n", 4, &error), TL_OK);
    assert_int_equal(tl__file_flush(file, false, &error), TL_OK);
    holds(path, "before\none\n");
    assert_int_equal(tl__file_write(file, "two\n", 4, &error), TL_OK);
    assert_int_equal(tl__file_close(file, &error), TL_OK);
    holds(path, "before\none\ntwo\n");
}

static void reads_whole_within_the_limit(void **state)
{
    static char content[200000];
    tl_error error = {0};
    tl__heap heap;
    tl__buffer out;
    (void)state;
    tl__heap_init(&heap, NULL, 0);
    tl__buffer_init(&out, &heap);
    for (size_t i = 0; i < sizeof content; i++) content[i] = (char)(i * 7);
    const char *path = files_write(folder, "c", content, sizeof content);
    tl__buffer_text(&out, "kept ");
    assert_int_equal(tl__file_read(path, &out, sizeof content, &error), TL_OK);
    assert_int_equal(out.size, sizeof content + 5);
    assert_memory_equal(out.data, "kept ", 5);
    assert_memory_equal(out.data + 5, content, sizeof content);
    tl__buffer_clear(&out);
    assert_int_equal(tl__file_read(path, &out, sizeof content - 1, &error), TL_OUT_OF_RANGE);
    assert_int_equal(out.size, 0);
    tl_error directory = {0};
    assert_int_equal(tl__file_read(folder, &out, 10, &directory), TL_IO);
    assert_int_equal(tl__file_read(files_text(folder, "empty", ""), &out, 0, &error), TL_OK);
    assert_int_equal(out.size, 0);
    assert_int_equal(tl__file_read("/dev/zero", &out, 1000, &error), TL_OUT_OF_RANGE);
    tl__buffer_free(&out);
    assert_int_equal(heap.in_use, 0);
}

/* At positions, in order, and what is said of a file that ends too soon. */
static void reads_at_positions(void **state)
{
    (void)state;
    const char *path = files_text(folder, "read.txt", "0123456789");
    char bytes[16] = "";
    size_t got, before = context->heap.in_use;
    tl_error error;
    tl__reader *reader;
    tl__file_mark mark, later;
    assert_int_equal(tl__reader_open(context, path, &reader, &error), TL_OK);
    assert_int_equal(context->heap.in_use - before, tl__reader_bytes());
    assert_int_equal(tl__reader_at(reader, 3, bytes, 4, &error), TL_OK);
    assert_memory_equal(bytes, "3456", 4);
    assert_int_equal(tl__reader_at(reader, 8, bytes, 4, &error), TL_BAD_FILE);
    assert_non_null(strstr(error.message, "shorter"));
    assert_int_equal(tl__reader_next(reader, bytes, 7, &got, &error), TL_OK);
    assert_int_equal(got, 7);
    assert_int_equal(tl__reader_next(reader, bytes, 7, &got, &error), TL_OK);
    assert_int_equal(got, 3);
    assert_memory_equal(bytes, "789", 3);
    assert_int_equal(tl__reader_mark(reader, &mark, &error), TL_OK);
    assert_int_equal(mark.size, 10);
    tl__file *file;
    assert_int_equal(tl__file_append_open(context, path, &file, &error), TL_OK);
    assert_int_equal(tl__file_write(file, "x", 1, &error), TL_OK);
    assert_int_equal(tl__file_close(file, &error), TL_OK);
    assert_int_equal(tl__reader_mark(reader, &later, &error), TL_OK);
    assert_int_equal(later.size, 11);
    tl__reader_close(reader);
    assert_int_equal(context->heap.in_use, before);
    assert_int_equal(tl__reader_open(context, files_path(folder, "none"), &reader, &error), TL_NOT_FOUND);
    assert_null(reader);
    assert_int_equal(tl__reader_open(context, folder, &reader, &error), TL_IO);
    tl__reader_close(NULL);
}

static void says_what_is_wrong(void **state)
{
    tl__buffer out;
    uint64_t size;
    (void)state;
    tl__buffer_init(&out, &context->heap);
    tl_error missing = {0};
    const char *path = files_path(folder, "none/such");
    assert_int_equal(tl__file_read(path, &out, 10, &missing), TL_NOT_FOUND);
    assert_non_null(strstr(missing.message, path));
    assert_non_null(strstr(missing.message, "no such file or folder"));
    assert_string_equal(missing.file, path);
    assert_int_equal(tl__file_size(path, &size, NULL), TL_NOT_FOUND);
    assert_int_equal(tl__file_remove(path, NULL), TL_NOT_FOUND);
    assert_int_equal(tl__file_replace(path, "x", 1, false, NULL), TL_NOT_FOUND);
    tl_error below_file = {0};
    files_text(folder, "plain", "x");
    assert_int_equal(tl__file_replace(files_path(folder, "plain/x"), "x", 1, false, &below_file), TL_IO);
    assert_non_null(strstr(below_file.message, "a part of the path is a file"));
    assert_int_equal(tl__file_replace(folder, "x", 1, false, NULL), TL_IO);    /* a folder stands in its place */
    char long_name[5000];
    memset(long_name, 'n', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    assert_int_equal(tl__file_replace(long_name, "x", 1, false, NULL), TL_IO);
    tl__file *file;
    assert_int_equal(tl__file_create(context, long_name, &file, NULL), TL_IO);
    assert_null(file);
    assert_int_equal(files_count(folder, ".tmp-"), 0);
}

static void full_disk_is_told(void **state)
{
    (void)state;
    if (!files_exist("/dev/full")) return;
    tl_error error = {0};
    tl__file *file;
    assert_int_equal(tl__file_append_open(context, "/dev/full", &file, &error), TL_OK);
    assert_int_equal(tl__file_write(file, "x", 1, &error), TL_OK);
    assert_int_equal(tl__file_flush(file, false, &error), TL_IO);
    assert_non_null(strstr(error.message, "/dev/full"));
    assert_non_null(strstr(error.message, "the disk is full"));
    assert_int_equal(tl__file_close(file, NULL), TL_OK);
}

/* A disk that takes 5000 bytes and no more, played by the limit of file sizes in a child. */
static void half_written_files_go(void **state)
{
    static char large[100000];
    (void)state;
    const char *path = files_text(folder, "old", "old");
    pid_t child = fork();
    if (child == 0) {
        const struct rlimit limit = {5000, 5000};
        tl_error error = {0};
        tl__file *file;
        signal(SIGXFSZ, SIG_IGN);
        if (setrlimit(RLIMIT_FSIZE, &limit) != 0) _exit(0);
        if (tl__file_replace(path, large, sizeof large, true, &error) != TL_IO) _exit(1);
        if (strstr(error.message, path) == NULL || strstr(error.message, "free some space") == NULL) _exit(2);
        if (tl__file_create(context, path, &file, NULL) != TL_OK) _exit(3);
        if (tl__file_write(file, large, 6000, NULL) != TL_OK) _exit(4);
        _exit(tl__file_commit(file, true, NULL) == TL_IO ? 0 : 5);
    }
    int status;
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
    holds(path, "old");
    assert_int_equal(files_count(folder, ".tmp-"), 0);
}

static void leftovers_go(void **state)
{
    tl_error error = {0};
    char kept[600], below[600];
    (void)state;
    strcpy(kept, files_path(folder, "killed"));
    assert_int_equal(tl__folder_make(kept, &error), TL_OK);
    files_text(kept, "model.tmp-123-0", "half");
    files_text(kept, "a.tmp-1-2.tmp-99-17", "half");
    files_text(kept, "model.tmp-123", "a name of the user");
    files_text(kept, "model.tmp-123-0.csv", "another");
    files_text(kept, ".tmp-1-2", "and one without a name before it");
    strcpy(below, files_path(kept, "charts"));
    assert_int_equal(tl__folder_make(below, &error), TL_OK);
    files_text(below, "loss.svg.tmp-5-0", "half");
    files_text(below, "loss.svg", "whole");
    assert_int_equal(tl__folder_clean(context, kept, &error), TL_OK);
    assert_int_equal(files_count(kept, ""), 4);
    assert_int_equal(files_count(below, ""), 2);
    assert_int_equal(tl__folder_clean_all(context, kept, &error), TL_OK);
    assert_int_equal(files_count(kept, ""), 4);
    assert_int_equal(files_count(below, ""), 1);
    assert_int_equal(tl__folder_clean(context, files_path(folder, "nothing"), NULL), TL_NOT_FOUND);
}

/* Root may write everywhere, so it tries as somebody else. */
static void permission_is_told(void **state)
{
    (void)state;
    char file[600], below[600];
    const char *path = files_path(folder, "closed");
    mkdir(path, 0500);
    chmod(folder, 0755);
    strcpy(file, files_path(folder, "closed/x"));
    strcpy(below, files_path(folder, "closed/a/b"));
    pid_t child = fork();
    if (child == 0) {
        tl_error error = {0}, made = {0};
        if (geteuid() == 0 && setuid(65534) != 0) _exit(1);
        if (tl__file_replace(file, "x", 1, false, &error) != TL_IO) _exit(2);
        if (strstr(error.message, "permission denied") == NULL) _exit(3);
        if (tl__folder_make(below, &made) != TL_IO || strstr(made.message, "permission denied") == NULL) _exit(4);
        _exit(0);
    }
    int status;
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
}

static void facts_about_files(void **state)
{
    uint64_t size;
    int64_t changed;
    const char *path = files_text(folder, "facts", "12345");
    (void)state;
    assert_true(tl__file_exists(path));
    assert_false(tl__folder_exists(path));
    assert_true(tl__folder_exists(folder));
    assert_false(tl__file_exists(folder));
    assert_int_equal(tl__file_size(path, &size, NULL), TL_OK);
    assert_int_equal(size, 5);
    assert_int_equal(tl__file_modified(path, &changed, NULL), TL_OK);
    assert_true(changed > 1500000000000000 && changed <= tl__now(context) + 10000000);
    assert_int_equal(tl__file_truncate(path, 2, NULL), TL_OK);
    holds(path, "12");
    assert_int_equal(tl__file_remove(path, NULL), TL_OK);
    assert_false(tl__file_exists(path));
}

static char listed[256];

static bool list_name(void *user, const char *name)
{
    int *most = user;
    strcat(listed, name);
    strcat(listed, " ");
    return --*most > 0;
}

static void folders(void **state)
{
    tl_error error = {0};
    char deep[600];
    (void)state;
    strcpy(deep, files_path(folder, "x/y/z"));
    assert_int_equal(tl__folder_make(deep, &error), TL_OK);
    assert_int_equal(tl__folder_make(deep, &error), TL_OK);
    assert_int_equal(tl__folder_make_new(deep, NULL), TL_EXISTS);
    assert_int_equal(tl__folder_make_new(files_path(deep, "new"), &error), TL_OK);
    files_text(deep, "b", "");
    files_text(deep, "a10", "");
    files_text(deep, "a9", "");
    files_text(deep, "B", "");
    int most = 100;
    assert_int_equal(tl__folder_list(context, deep, list_name, &most, &error), TL_OK);
    assert_string_equal(listed, "B a10 a9 b new ");
    listed[0] = '\0';
    most = 2;
    assert_int_equal(tl__folder_list(context, deep, list_name, &most, &error), TL_OK);
    assert_string_equal(listed, "B a10 ");
    assert_int_equal(tl__folder_list(context, files_path(folder, "nothing"), list_name, &most, NULL), TL_NOT_FOUND);
    assert_int_equal(tl__folder_make(files_path(deep, "b/c"), NULL), TL_IO);
    char current[4096], of_libc[4096];
    assert_true(tl__folder_current(current, sizeof current));
    assert_string_equal(current, getcwd(of_libc, sizeof of_libc));
    assert_false(tl__folder_current(current, 1));
}

static void locks_exclude_and_die(void **state)
{
    tl__lock *lock;
    char path[600];
    (void)state;
    strcpy(path, files_path(folder, "lock"));
    assert_int_equal(tl__lock_take(context, path, &lock, NULL), TL_OK);
    pid_t child = fork();
    if (child == 0) {
        tl__lock *second;
        tl_error error = {0};
        _exit(tl__lock_take(context, path, &second, &error) == TL_LOCKED && strstr(error.message, path) != NULL ? 0 : 1);
    }
    int status;
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
    tl__lock_release(lock);
    tl__lock_release(NULL);
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    child = fork();
    if (child == 0) {
        tl__lock *held;
        char c = tl__lock_take(context, path, &held, NULL) == TL_OK ? 'y' : 'n';
        if (write(ends[1], &c, 1) != 1) _exit(1);
        pause();
        _exit(0);
    }
    char c = 0;
    assert_int_equal(read(ends[0], &c, 1), 1);
    assert_int_equal(c, 'y');
    assert_int_equal(tl__lock_take(context, path, &lock, NULL), TL_LOCKED);
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    assert_int_equal(tl__lock_take(context, path, &lock, NULL), TL_OK);
    tl__lock_release(lock);
    close(ends[0]);
    close(ends[1]);
}

static tl_status scenario(tl__heap *heap, void *user)
{
    tl_context own = *context;
    tl__buffer out;
    int most = 100;
    own.heap = *heap;
    tl__buffer_init(&out, &own.heap);
    listed[0] = '\0';
    tl_status status = tl__file_read(user, &out, 1000, NULL);
    if (status == TL_OK) status = tl__folder_list(&own, folder, list_name, &most, NULL);
    tl__file *file = NULL;
    if (status == TL_OK) status = tl__file_create(&own, files_path(folder, "oom-out"), &file, NULL);
    if (file != NULL) tl__file_abandon(file);
    tl__lock *lock = NULL;
    if (status == TL_OK) status = tl__lock_take(&own, files_path(folder, "oom-lock"), &lock, NULL);
    tl__lock_release(lock);
    tl__buffer_free(&out);
    *heap = own.heap;
    return status;
}

static void out_of_memory(void **state)
{
    char path[600];
    (void)state;
    strcpy(path, files_text(folder, "oom", "some text"));
    failing_sweep(scenario, path);
    assert_int_equal(files_count(folder, ".tmp-"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replaces_whole), cmocka_unit_test(commits_and_abandons), cmocka_unit_test(appends),
        cmocka_unit_test(reads_whole_within_the_limit), cmocka_unit_test(reads_at_positions),
        cmocka_unit_test(says_what_is_wrong), cmocka_unit_test(full_disk_is_told),
        cmocka_unit_test(half_written_files_go),
        cmocka_unit_test(leftovers_go),
        cmocka_unit_test(permission_is_told), cmocka_unit_test(facts_about_files), cmocka_unit_test(folders),
        cmocka_unit_test(locks_exclude_and_die), cmocka_unit_test(out_of_memory),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
