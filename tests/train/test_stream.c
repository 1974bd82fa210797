/* A training on streamed data: the bytes of one in memory with the same shuffle block, exactly the memory of the plan, and
 * the same end after a stop at any step. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "data/stream.h"
#include "port/port.h"
#include "support/data.h"
#include "support/files.h"
#include "support/trainings.h"
#include "text/npy.h"

static char folder[256];
static tl_context *context;

static void make_csv(void)
{
    enum { ROWS = 400 };
    static float inputs[2 * ROWS], targets[ROWS];
    char *text = malloc(ROWS * 64);
    size_t used = (size_t)sprintf(text, "a,b,w,y\n");
    blobs(inputs, targets, ROWS);
    for (int i = 0; i < ROWS; i++)
        used += (size_t)sprintf(text + used, "%.5f,%.5f,%d,c%d\n", (double)inputs[2 * i], (double)inputs[2 * i + 1], i % 3 + 1,
                                (int)targets[i]);
    files_text(folder, "blobs.csv", text);
    free(text);
}

/* Rows so wide that a thread makes batches of 330. */
static void make_wide(void)
{
    enum { ROWS = 1600, COLUMNS = 100 };
    char *text = malloc(ROWS * (COLUMNS + 1) * 12);
    size_t used = 0;
    for (unsigned i = 0, r = 7; i < ROWS; i++) {
        for (int k = 0; k < COLUMNS; k++, r = r * 1103515245u + 12345u)
            used += (size_t)sprintf(text + used, "%.3f,", (double)(r >> 20) / 500);
        used += (size_t)sprintf(text + used, "c%u\n", i % 3);
    }
    files_write(folder, "wide.csv", text, used);
    free(text);
}

static tl_dataset *load_file(const char *file, bool stream, const char *more)
{
    char text[1024];
    data_settings bound;
    tl_dataset *d = NULL;
    tl_error error = {0};
    snprintf(text, sizeof text, "file: %s, streaming: %s, cache_folder: '%s/rows', cache: 0, %s", file,
             stream ? "true" : "false", folder, more);
    assert_int_equal(data_settings_make(context, text, &bound), TL_OK);
    if (tl__dataset_load(context, &bound.block, folder, 3, &d, &error) != TL_OK) fail_msg("%s", error.message);
    data_settings_end(&bound);
    assert_int_equal(d->source[0].table->store != NULL, stream);
    return d;
}

static tl_dataset *load(bool stream, const char *more) { return load_file("blobs.csv, target: y", stream, more); }

/* The model's file and the history without times. */
static char *outcome(training *t, size_t *size)
{
    const char *path = files_path(folder, "model.safetensors");
    tl_error error = {0};
    if (tl_model_save(t->model, path, &error) != TL_OK) fail_msg("%s", error.message);
    size_t rows = tl__trainer_epochs(t->trainer);
    char *bytes = files_read(path, size);
    bytes = realloc(bytes, *size + rows * sizeof(tl__epoch));
    for (size_t i = 0; i < rows; i++) {
        tl__epoch epoch = *tl__trainer_epoch(t->trainer, i);
        epoch.seconds = 0;
        memcpy(bytes + *size, &epoch, sizeof epoch);
        *size += sizeof epoch;
    }
    return bytes;
}

static const char *const settings = "epochs: 3, batch_size: 16, learning_rate: 0.01, early_stopping: {patience: 5}";

static char *train_on(tl_dataset *d, const char *with, size_t *size)
{
    training t;
    tl__memory plan;
    tl_error error = {0};
    training_over(&t, d, "nodes: 8", with, NULL);
    tl__trainer_memory(t.trainer, &plan);
    tl__heap_reset_peak(&context->heap);
    size_t others = context->heap.in_use;
    if (tl__trainer_run(t.trainer, &error) != TL_OK) fail_msg("%s", error.message);
    tl_scores scores;
    for (int part = 0; part < 3; part++) assert_int_equal(tl__trainer_score(t.trainer, (tl_part)part, &scores, &error), TL_OK);
    assert_int_equal(context->heap.peak, plan.total);
    assert_true(plan.total > others);
    char *bytes = outcome(&t, size);
    training_end(&t);
    tl_dataset_free(d);
    context->threads = 1;
    return bytes;
}

/* Images so large that a thread makes batches of 330. */
static void make_wide_images(void)
{
    enum { ROWS = 1600, PIXELS = 100 };
    static unsigned char images[16 + ROWS * PIXELS] = {0, 0, 8, 3, 0, 0, ROWS >> 8, ROWS & 255, 0, 0, 0, 5, 0, 0, 0, 20};
    static unsigned char labels[8 + ROWS] = {0, 0, 8, 1, 0, 0, ROWS >> 8, ROWS & 255};
    for (unsigned i = 0; i < ROWS; i++) labels[8 + i] = (unsigned char)(i % 3);
    for (unsigned i = 0, r = 5; i < ROWS * PIXELS; i++, r = r * 1103515245u + 12345u)
        images[16 + i] = (unsigned char)((r >> 20) % 180 + i / PIXELS % 3 * 20);
    files_write(folder, "wide.idx", (const char *)images, sizeof images);
    files_write(folder, "wide-labels.idx", (const char *)labels, sizeof labels);
}

/* Arrays are read where they lie, with the labels in memory. */
static void make_arrays(void)
{
    enum { ROWS = 400, PIXELS = 12 };
    static unsigned char images[16 + ROWS * PIXELS] = {0, 0, 8, 3, 0, 0, ROWS >> 8, ROWS & 255, 0, 0, 0, 4, 0, 0, 0, 3};
    static unsigned char labels[8 + ROWS] = {0, 0, 8, 1, 0, 0, ROWS >> 8, ROWS & 255};
    for (unsigned i = 0; i < ROWS; i++) {
        labels[8 + i] = (unsigned char)(i % 3);
        for (unsigned k = 0; k < PIXELS; k++) images[16 + i * PIXELS + k] = (unsigned char)(i * (k + 7) % 241 + i % 3 * 4);
    }
    files_write(folder, "images.idx", (const char *)images, sizeof images);
    files_write(folder, "labels.idx", (const char *)labels, sizeof labels);
    make_wide_images();
    tl__buffer npy;
    float points[2 * ROWS], targets[ROWS];
    blobs(points, targets, ROWS);
    tl__buffer_init(&npy, &context->heap);
    tl__npy_put_header(&npy, 'f', 4, (size_t[]){ROWS, 3}, 2);
    for (int i = 0; i < ROWS; i++) {
        tl__buffer_add(&npy, &points[2 * i], 8);
        tl__buffer_add(&npy, &targets[i], 4);
    }
    files_write(folder, "points.npy", npy.data, npy.size);
    tl__buffer_free(&npy);
}

static const char pair[] = "{images: images.idx, labels: labels.idx}, target: label", points[] = "points.npy, target: -1";

/* Images are changed by their place, in memory as in a file, by a thread or none. */
static void augmented_images_are_the_same(void **state)
{
    static const char wide[] = "{images: wide.idx, labels: wide-labels.idx}, target: label",
        more[] = "augment: {flip_horizontal: 0.5, flip_vertical: 0.2, shift: 1, crop_padding: 2}, workers: 1";
    char with[300];
    char *first = NULL;
    size_t size = 0;
    (void)state;
    snprintf(with, sizeof with, "shuffle_block: 200, %s", more);
    for (int way = 0; way < 5; way++) {
        size_t n;
        context->threads = way % 2 + 1;
        tl_dataset *d = load_file(wide, way / 2 == 1, with);
        if (way == 4) d->cache_bytes = 1 << 24;
        char *bytes = train_on(d, "epochs: 2, batch_size: 330", &n);
        if (!first) {
            first = bytes;
            size = n;
            continue;
        }
        assert_int_equal(n, size);
        assert_memory_equal(bytes, first, n);
        free(bytes);
    }
    free(first);
}

static void equal_from_arrays(void **state)
{
    (void)state;
    static const char *const files[] = {pair, points}, *const cases[] = {"shuffle_block: 32", "shuffle_block: 100000",
                                                                         "shuffle: false", "normalize: minmax, shuffle_block: 7"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (int f = 0; f < 2; f++) {
            size_t n, m;
            char *a = train_on(load_file(files[f], false, cases[i]), settings, &n);
            char *b = train_on(load_file(files[f], true, cases[i]), settings, &m);
            assert_int_equal(n, m);
            assert_memory_equal(a, b, n);
            free(a), free(b);
        }
    }
}

static char *train(bool stream, const char *more, int threads, size_t *size)
{
    context->threads = threads;
    return train_on(load(stream, more), settings, size);
}

static char *train_wide(bool stream, const char *more, int threads, size_t *size)
{
    context->threads = threads;
    return train_on(load_file("wide.csv, target: -1", stream, more), "epochs: 2, batch_size: 330", size);
}

static void a_thread_changes_nothing(void **state)
{
    (void)state;
    static const char *const cases[] = {"shuffle_block: 200, workers: 1", "shuffle_block: 900, workers: 1",
                                        "shuffle: false, workers: 1"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t n, m, k;
        char *a = train_wide(false, cases[i], 1, &n), *b = train_wide(true, cases[i], 2, &m);
        char *c = train_wide(false, cases[i], 2, &k);
        assert_int_equal(n, m);
        assert_int_equal(n, k);
        assert_memory_equal(a, b, n);
        assert_memory_equal(a, c, n);
        free(a), free(b), free(c);
    }
}

static void equal_bytes_and_exact_memory(void **state)
{
    (void)state;
    static const char *const cases[] = {"shuffle_block: 32", "shuffle_block: 100, weight: w", "shuffle_block: 7",
                                        "shuffle_block: 100000", "shuffle: false", "shuffle_block: 64, normalize: minmax"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t n, m, k;
        char *a = train(false, cases[i], 1, &n), *b = train(true, cases[i], 1, &m), *c = train(true, cases[i], 2, &k);
        assert_int_equal(n, m);
        assert_int_equal(n, k);
        assert_memory_equal(a, b, n);
        assert_memory_equal(a, c, n);
        free(a), free(b), free(c);
    }
}

static void resumes(const char *file, const char *augment)
{
    size_t n, m;
    char more[200], other[200];
    snprintf(more, sizeof more, "shuffle_block: 48%s", augment);
    snprintf(other, sizeof other, "shuffle_block: 32%s", augment);
    char *whole = train_on(load_file(file, true, more), settings, &n), checkpoints[300], path[400];
    snprintf(checkpoints, sizeof checkpoints, "%s", files_path(folder, "checkpoints"));
    assert_int_equal(tl__folder_make(checkpoints, NULL), TL_OK);
    snprintf(path, sizeof path, "%s/checkpoint.safetensors", checkpoints);
    for (int64_t first = 1; first < 45; first += 4) {
        training t;
        tl_error error = {0};
        tl_status status = TL_CANCELLED;
        for (int go = 0; status == TL_CANCELLED; go++) {
            tl_dataset *d = load_file(file, true, more);
            training_over(&t, d, "nodes: 8", settings, checkpoints);
            if (go && tl__trainer_resume(t.trainer, path, &error) != TL_OK) fail_msg("%s", error.message);
            status = tl__trainer_run_steps(t.trainer, go ? 17 : first, &error);
            if (status != TL_CANCELLED && status != TL_OK) fail_msg("%s", error.message);
            if (status == TL_OK) {
                char *bytes = outcome(&t, &m);
                assert_int_equal(n, m);
                assert_memory_equal(bytes, whole, n);
                free(bytes);
            }
            training_end(&t);
            tl_dataset_free(d);
        }
    }
    /* another block is another order */
    training t;
    tl_error error = {0};
    tl_dataset *d = load_file(file, true, other);
    training_over(&t, d, "nodes: 8", settings, checkpoints);
    assert_int_equal(tl__trainer_resume(t.trainer, path, &error), TL_BAD_DATA);
    assert_non_null(strstr(error.message, "mixed 48 at a time and now are 32"));
    training_end(&t);
    tl_dataset_free(d);
    free(whole);
}

static void resumes_after_any_step(void **state)
{
    (void)state;
    resumes("blobs.csv, target: y", "");
    resumes(pair, ", augment: {flip_horizontal: 0.5, flip_vertical: 0.5, shift: 1, crop_padding: 2}");
    resumes(points, "");
}

static int begin(void **state)
{
    (void)state;
    files_begin(folder);
    tl_context_options options = TL_CONTEXT_OPTIONS;
    options.threads = 1;
    make_csv();
    make_wide();
    if (tl_context_make(&options, &context, NULL) != TL_OK) return -1;
    make_arrays();
    return 0;
}

static int end(void **state)
{
    (void)state;
    tl_context_free(context);
    files_end(folder);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_bytes_and_exact_memory),
        cmocka_unit_test(augmented_images_are_the_same), cmocka_unit_test(equal_from_arrays),
        cmocka_unit_test(a_thread_changes_nothing),
        cmocka_unit_test(resumes_after_any_step),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
