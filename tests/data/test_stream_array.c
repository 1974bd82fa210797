/* npy and IDX files streamed from where they lie are the data in memory; what cannot be, and what changes, is told. */
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

static void arrays_are_read_where_they_lie(void **state)
{
    (void)state;
    streamed_make_arrays(700);
    streamed_same("file: f4.npy, target: -1, task: regression, missing: mean, drop: [2]", true);
    streamed_same("file: f4.npy, target: [0, 3], task: regression, missing: drop, normalize: minmax, limit: 450", true);
    streamed_same("file: f8.npy, target: 2, task: regression, missing: drop", true);
    streamed_same("file: i4.npy, target: 0, task: regression, shuffle: false", true);
    streamed_same("file: u1.npy, target: -1, task: regression, weight: 4, split: {method: time}, time: 1", true);
    streamed_same("file: u1.npy, target: -1, task: regression, split: {method: kfold, folds: 4, fold: 1}", false);
    streamed_same("file: {images: images.npy, labels: labels.npy}, target: label", true);
    streamed_same("file: {images: floats.npy, labels: labels.npy}, target: label, missing: drop", false);
    streamed_same("file: {images: images.idx, labels: labels.idx}, target: label, normalize: minmax", true);
    streamed_same("file: {images: images.idx, labels: labels.npy}, target: label, normalize: none", false);
    streamed_same("file: {images: u1.npy, labels: labels.npy}, target: 1, task: regression", true);    /* the labels are an input */
    streamed_same("file: {images: f4.npy, labels: labels.idx}, test_file: {images: f4.npy, labels: labels.idx}, target: label, "
         "missing: mean", false);
    /* channels of colour images, each scaled by itself */
    streamed_make_npy("rgb.npy", 'u', 1, (size_t[]){700, 3, 2, 3}, 4);
    streamed_make_npy("deep.npy", 'f', 4, (size_t[]){700, 2, 2, 5}, 4);
    streamed_same("file: {images: rgb.npy, labels: labels.npy}, target: label, image: {scaling: channel}", true);
    streamed_same("file: {images: rgb.npy, labels: labels.npy}, target: label, image: {scaling: channel}, normalize: minmax", false);
    streamed_same("file: {images: deep.npy, labels: labels.idx}, target: label, image: {scaling: channel}, missing: mean", true);
    /* rows larger than one read */
    static const char wide[] = "file: {images: wide.npy, labels: twenty.npy}, target: label, missing: constant, missing_value: 1";
    streamed_make_npy("wide.npy", 'f', 4, (size_t[]){20, 700, 100}, 3);
    streamed_make_labels("twenty.npy", 20);
    tl_dataset *a, *b;
    assert_int_equal(streamed_load(wide, false, &a, NULL), TL_OK);
    assert_int_equal(streamed_load(wide, true, &b, NULL), TL_OK);
    assert_string_equal(a->hash, b->hash);
    size_t n, m;
    float *x = streamed_epoch(a, 3, 5, true, 0, 1, 0, &n), *y = streamed_epoch(b, 3, 5, true, 0, 1, 0, &m);
    assert_int_equal(n, m);
    assert_memory_equal(x, y, n * sizeof *x);
    free(x), free(y);
    tl_dataset_free(a);
    tl_dataset_free(b);
    assert_int_equal(files_count(files_path(folder, "rows"), ".npy"), 0);
    assert_int_equal(files_count(files_path(folder, "rows"), ".idx"), 0);
}

static void patch(const char *name, long at, const char *bytes, size_t size)
{
    FILE *file = fopen(files_path(folder, name), "r+b");
    assert_int_equal(fseek(file, at, SEEK_SET), 0);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    fclose(file);
}

static void arrays_that_cannot_be_streamed_are_refused(void **state)
{
    (void)state;
    static const char pair[] = "file: {images: images.npy, labels: labels.npy}, target: label";
    streamed_make_arrays(60);
    streamed_make_npy("i8.npy", 'i', 8, (size_t[]){60, 3}, 2);
    streamed_make_npy("none.npy", 'f', 4, (size_t[]){0, 3}, 2);
    streamed_make_npy("narrow.npy", 'f', 4, (size_t[]){3, 0}, 2);
    streamed_make_labels("few.npy", 59);
    files_write(folder, "packed.npy.gz", "\x1f\x8b\x08\0\0\0\0\0\0\3\3\0\0\0\0\0\0\0\0\0", 20);
    files_text(folder, "empty.npy", "");
    streamed_refused("file: i8.npy, target: 0", TL_UNSUPPORTED, "only npy files of uint8, int32, float32 or float64 in C order");
    streamed_refused("file: none.npy, target: 0", TL_BAD_DATA, "there are no rows");
    streamed_refused("file: narrow.npy, target: 0", TL_BAD_DATA, "there are no rows");
    streamed_refused("file: empty.npy, target: 0", TL_BAD_FILE, "the file is empty");
    streamed_refused("file: packed.npy.gz, target: 0", TL_UNSUPPORTED, "unpack it first");
    streamed_refused("file: {images: packed.npy.gz, labels: labels.npy}, target: label", TL_UNSUPPORTED, "unpack it first");
    streamed_refused("file: {images: images.npy, labels: few.npy}, target: label", TL_BAD_DATA, "there are 59 labels but 60 images");
    streamed_refused("file: {images: images.npy, labels: none.idx}, target: label", TL_NOT_FOUND, "no such file");
    streamed_refused("file: {images: images.npy, labels: u1.npy}, target: label", TL_BAD_DATA, "one number per image");
    streamed_refused("file: [u1.npy, u1.npy], target: 0", TL_UNSUPPORTED, "only csv files can be streamed as a list");
    streamed_refused("file: {images: images.npy}, target: 0", TL_UNSUPPORTED, "a pair {images: file, labels: file}");
    streamed_refused("file: f4.npy, target: -1, task: regression", TL_BAD_DATA, "has no value");
    patch("i4.npy", 6, "\1\0\xff\xff", 4);
    streamed_refused("file: i4.npy, target: 0", TL_BAD_FILE, "it ends inside its header");
    patch("u1.npy", 21, ">", 1);    /* one byte has no order */
    streamed_same("file: u1.npy, target: 0, task: regression", false);
    patch("f8.npy", 21, ">", 1);
    streamed_refused("file: f8.npy, target: 0", TL_UNSUPPORTED, "in C order");
    patch("images.idx", 2, "\x09", 1);
    streamed_refused("file: {images: images.idx, labels: labels.idx}, target: label", TL_UNSUPPORTED, "only IDX files of bytes");
    patch("images.idx", 2, "\x08", 1);
    patch("images.idx", 4, "\xff", 1);
    streamed_refused("file: {images: images.idx, labels: labels.idx}, target: label", TL_BAD_FILE, "more bytes than the 900");
    for (long size = 1440 + 127; size > 0; size -= size > 140 ? 93 : 7) {
        tl_dataset *d;
        assert_int_equal(truncate(files_path(folder, "images.npy"), size), 0);
        assert_int_equal(streamed_load(pair, true, &d, NULL), TL_BAD_FILE);
    }
    streamed_make_arrays(60);
    patch("images.npy", 128 + 1440, "x", 1);
    streamed_refused(pair, TL_BAD_FILE, "asks for fewer bytes than the 1441");
    /* an infinite value, and one that is infinite as a float, are told with their row */
    double wide = 1e300;
    patch("f8.npy", 128 + 8 * (7 * 31 + 2), (const char *)&wide, 8);
    streamed_refused("file: f8.npy, target: 0, task: regression, missing: mean", TL_BAD_DATA, "in row 31");
}

static void an_array_that_changes_in_use_is_told(void **state)
{
    (void)state;
    tl_dataset *d;
    tl_error error = {0};
    tl__batches *batches;
    tl__batch_options options = {.part = TL_TRAIN, .batch_size = 8, .shuffle = true, .shuffle_block = 32};
    streamed_make_arrays(300);
    if (streamed_load("file: {images: images.npy, labels: labels.npy}, target: label", true, &d, &error)) fail_msg("%s", error.message);
    assert_int_equal(tl__batches_new(d, &options, &batches, &error), TL_OK);
    assert_non_null(tl__batches_next(batches));
    assert_int_equal(truncate(files_path(folder, "images.npy"), 1000), 0);
    while (tl__batches_next(batches)) { }
    assert_int_equal(tl__batches_failure(batches, &error), TL_BAD_DATA);
    assert_non_null(strstr(error.message, "was changed while it was in use"));
    tl__batches_free(batches);
    tl_dataset_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arrays_are_read_where_they_lie),
        cmocka_unit_test(arrays_that_cannot_be_streamed_are_refused),
        cmocka_unit_test(an_array_that_changes_in_use_is_told),
    };
    return cmocka_run_group_tests(tests, streamed_begin, streamed_end);
}
