/* Pictures as rows: sizes and channels as Pillow makes them, folders of classes, paths in a table, and mistakes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "data/picture.h"
#include "support/data.h"
#include "support/files.h"

/* Random samples, and what Pillow's resize (BILINEAR) and convert make of them. */
static const uint8_t grey_7x5[] = {
    68, 32, 130, 60, 253, 230, 241, 194, 107, 48, 249, 14, 199, 221, 1, 228, 136, 117, 52, 162, 15, 11, 13, 4, 195,
    110, 216, 14, 113, 224, 253, 119, 176, 118, 112
};
static const uint8_t to_3x2[] = {
    101, 128, 169, 99, 136, 117
};
static const uint8_t to_11x9[] = {
    68, 52, 41, 103, 105, 60, 183, 247, 232, 236, 241, 110, 86, 61, 90, 110, 123, 155, 186, 215, 228, 234, 180,
    143, 95, 68, 119, 228, 108, 84, 188, 214, 223, 108, 132, 154, 107, 125, 190, 89, 72, 169, 154, 129, 1, 104,
    220, 161, 129, 117, 76, 82, 152, 82, 15, 7, 53, 104, 75, 98, 160, 112, 114, 182, 95, 14, 22, 29, 36, 33, 88,
    187, 143, 141, 197, 107, 25, 79, 113, 155, 165, 160, 144, 150, 153, 151, 112, 79, 113, 163, 227, 245, 204, 119,
    155, 160, 123, 115, 112
};
static const uint8_t to_7x2[] = {
    102, 106, 92, 156, 103, 201, 171, 49, 133, 115, 156, 113, 172, 55
};
static const uint8_t to_1x1[] = {
    125
};
static const uint8_t to_14x5[] = {
    68, 59, 41, 57, 106, 113, 78, 108, 205, 247, 236, 233, 238, 241, 194, 172, 129, 92, 63, 98, 199, 190, 73, 60,
    153, 205, 216, 221, 1, 58, 171, 205, 159, 131, 122, 101, 68, 80, 135, 125, 52, 15, 11, 12, 13, 11, 6, 52, 147,
    174, 131, 137, 190, 166, 65, 14, 113, 141, 196, 231, 246, 220, 153, 133, 162, 162, 133, 117, 114, 112
};
static const uint8_t rgb_4x3[] = {
    235, 148, 11, 213, 51, 95, 151, 61, 170, 216, 97, 155, 145, 255, 201, 17, 245, 124, 206, 212, 88, 187, 191, 44,
    224, 55, 83, 201, 189, 250, 15, 240, 22, 157, 201, 87
};
static const uint8_t rgb_to_3x5[] = {
    228, 119, 36, 182, 56, 133, 197, 86, 159, 180, 172, 93, 154, 125, 122, 195, 130, 118, 107, 252, 178, 112, 229,
    106, 193, 197, 57, 173, 158, 151, 110, 221, 124, 146, 207, 64, 217, 95, 133, 108, 215, 136, 114, 213, 68
};
static const uint8_t rgb_to_grey[] = {
    158, 104, 100, 139, 216, 163, 196, 173, 109, 200, 148, 175
};

static tl_context context;

static void resizes(const uint8_t *from, size_t h, size_t w, size_t c, const uint8_t *to, size_t to_h, size_t to_w)
{
    uint8_t got[256];
    assert_int_equal(tl__picture_resize(&context.heap, from, h, w, c, got, to_h, to_w, NULL), TL_OK);
    assert_memory_equal(got, to, to_h * to_w * c);
}

static void resizes_as_pillow(void **state)
{
    (void)state;
    resizes(grey_7x5, 5, 7, 1, to_3x2, 2, 3);
    resizes(grey_7x5, 5, 7, 1, to_11x9, 9, 11);
    resizes(grey_7x5, 5, 7, 1, to_7x2, 2, 7);
    resizes(grey_7x5, 5, 7, 1, to_1x1, 1, 1);
    resizes(grey_7x5, 5, 7, 1, to_14x5, 5, 14);
    resizes(grey_7x5, 5, 7, 1, grey_7x5, 5, 7);
    resizes(rgb_4x3, 3, 4, 3, rgb_to_3x5, 5, 3);
}

static void draw(size_t from, const uint8_t *samples, int64_t to, const char *expected, size_t size)
{
    uint8_t row[64], copy[64];
    const tl__image_settings settings = {-1, -1, to, NULL, TL__IMAGE_WHOLE};
    tl__pictures pictures;
    tl__pixels pixels = {1, 2, from, copy, 2 * from, &context.heap};
    memcpy(copy, samples, 2 * from);
    tl__pictures_init(&pictures, &context.heap, &settings);
    memcpy(pictures.shape, (size_t[3]){1, 2, (size_t)to}, sizeof pictures.shape);
    assert_int_equal(tl__picture_draw(&pictures, &pixels, "t", row, NULL), TL_OK);
    assert_memory_equal(row, expected, size);
    tl__pictures_free(&pictures);
}

static void converts_channels(void **state)
{
    uint8_t grey[12];
    const tl__image_settings settings = {-1, -1, 1, NULL, TL__IMAGE_WHOLE};
    tl__pictures pictures;
    (void)state;
    tl__pixels pixels = {3, 4, 3, (uint8_t *)(uintptr_t)rgb_4x3, 36, &context.heap};
    tl__pictures_init(&pictures, &context.heap, &settings);
    memcpy(pictures.shape, (size_t[3]){3, 4, 1}, sizeof pictures.shape);
    assert_int_equal(tl__picture_draw(&pictures, &pixels, "t", grey, NULL), TL_OK);
    assert_memory_equal(grey, rgb_to_grey, 12);
    tl__pictures_free(&pictures);
    draw(1, (const uint8_t *)"\1\2", 3, "\1\1\1\2\2\2", 6);
    draw(1, (const uint8_t *)"\1\2", 4, "\1\1\1\377\2\2\2\377", 8);
    draw(2, (const uint8_t *)"\1\11\2\10", 1, "\1\2", 2);
    draw(2, (const uint8_t *)"\1\11\2\10", 4, "\1\1\1\11\2\2\2\10", 8);
    draw(4, (const uint8_t *)"\1\2\3\4\5\6\7\10", 3, "\1\2\3\5\6\7", 6);
    draw(4, (const uint8_t *)"\1\2\3\4\5\6\7\10", 4, "\1\2\3\4\5\6\7\10", 8);
    draw(4, (const uint8_t *)"\7\7\7\0\10\10\10\1", 1, "\7\10", 2);
}

/* ---- files ---- */

static tl_status read_by(tl_context *reader, const char *file, const char *settings, tl__table **out, tl_error *error)
{
    data_settings bound;
    const tl_value value = {.kind = TL_TEXT, .text = file, .text_size = strlen(file)};
    TL_TRY(data_settings_make(reader, settings, &bound));
    tl_status status = tl__table_read(reader, &value, &bound.block, NULL, NULL, "data.file", out, error);
    data_settings_end(&bound);
    return status;
}

static tl_status read_table(const char *file, const char *settings, tl__table **out, tl_error *error)
{
    return read_by(&context, file, settings, out, error);
}

static void refuses(const char *file, const char *settings, const char *words)
{
    tl__table *table = NULL;
    tl_error error = {0};
    size_t before = context.heap.in_use;
    tl_status status = read_table(file, settings, &table, &error);
    if (status == TL_OK || !strstr(error.message, words)) fail_msg("%d: %s", (int)status, error.message);
    assert_int_equal(context.heap.in_use, before);
}

static void make_folder(const char *root, const char *name)
{
    assert_int_equal(mkdir(files_path(root, name), 0777), 0);
}

static void reads_a_folder_of_classes(void **state)
{
    char root[256];
    tl__table *table;
    tl_error error = {0};
    (void)state;
    files_begin(root);
    refuses(root, "", "no pictures");
    make_folder(root, "dog");
    make_folder(root, "Cat");
    make_folder(root, ".hidden");
    files_text(root, "dog/b.pgm", "P2 2 1 255 5 6");
    files_text(root, "dog/a.PGM", "P2 2 1 255 3 4");
    files_text(root, "dog/notes.txt", "none of ours");
    refuses(root, "", "Cat: there are no pictures");
    files_text(root, "Cat/10.pgm", "P2 2 1 255 1 2");
    files_text(root, "Cat/9.pgm", "P2 2 1 255 7 8");
    files_text(root, "README", "none of ours");
    if (read_table(root, "", &table, &error) != TL_OK) fail_msg("%s", error.message);
    const tl__column *image = &table->columns[0], *class = &table->columns[1];
    assert_true(table->rows == 4 && table->column_count == 2 && table->named);
    assert_true(image->type == TL__COLUMN_U8 && image->width == 2);
    assert_true(image->shape[0] == 1 && image->shape[1] == 2 && image->shape[2] == 1);
    assert_memory_equal(image->values, "\1\2\7\10\3\4\5\6", 8);
    assert_memory_equal(class->values, ((int32_t[]){0, 0, 1, 1}), 16);
    assert_true(class->word_count == 2 && !strcmp(class->words[0], "Cat") && !strcmp(class->words[1], "dog"));
    tl__table_free(table);
    assert_int_equal(read_table(root, "limit: 2, image: {height: 2, width: 1, channels: 3}", &table, &error), TL_OK);
    assert_true(table->rows == 2 && table->columns[0].width == 6 && table->columns[1].word_count == 1);
    assert_memory_equal(table->columns[0].values, "\2\2\2\2\2\2\10\10\10\10\10\10", 12);
    tl__table_free(table);
    files_text(root, "dog/c.ppm", "P3 2 1 255 1 1 1 1 1 1");
    refuses(root, "", "has colours, but");
    files_text(root, "dog/c.ppm", "P2 1 2 255 1 1");
    refuses(root, "", "2 x 1 pixels (height x width)");
    refuses(root, "", "data.image: {height: 1, width: 2}");
    files_text(root, "dog/c.ppm", "\377\330\377");
    refuses(root, "", "a JPEG file");
    files_text(root, "dog/c.ppm", "P2 1 2 255 1");
    refuses(root, "", "dog/c.ppm");
    files_text(root, "x.pgm", "P2 2 1 255 5 6");
    refuses(root, "", "both pictures");
    make_folder(root, "Cat/more");
    remove(files_path(root, "x.pgm"));
    refuses(root, "", "folder 'more'");
    files_end(root);
}

/* The same rows whatever the number of threads, and of several mistakes always the first. */
static void threads_share_pictures(void **state)
{
    enum { PICTURES = 101 };
    char root[256], name[32], text[64];
    (void)state;
    files_begin(root);
    for (int i = 0; i < PICTURES; i++) {
        snprintf(name, sizeof name, "%03d.pgm", i);
        snprintf(text, sizeof text, "P2 2 1 255 %d %d", i, 2 * i % 256);
        files_text(root, name, text);
    }
    for (int threads = 1; threads < 6; threads += 2) {
        tl_context_options options = TL_CONTEXT_OPTIONS;
        tl_context *reader;
        tl__table *table;
        tl_error error = {0};
        options.threads = threads;
        assert_int_equal(tl_context_make(&options, &reader, &error), TL_OK);
        for (size_t limit = PICTURES; limit > 0; limit /= 3) {
            snprintf(text, sizeof text, "limit: %zu", limit);
            if (read_by(reader, root, text, &table, &error) != TL_OK) fail_msg("%s", error.message);
            assert_int_equal(table->rows, limit);
            const uint8_t *samples = table->columns[0].values;
            for (size_t i = 0; i < limit; i++) assert_true(samples[2 * i] == i && samples[2 * i + 1] == 2 * i % 256);
            tl__table_free(table);
        }
        files_text(root, "093.pgm", "P2 1 1 255 0");
        files_text(root, "040.pgm", "\377\330\377");
        files_text(root, "041.pgm", "GIF8");
        files_text(root, "017.pgm", "");
        const size_t before = reader->heap.in_use;
        assert_int_not_equal(read_by(reader, root, "", &table, &error), TL_OK);
        assert_non_null(strstr(error.message, "017.pgm"));
        remove(files_path(root, "017.pgm"));
        assert_int_equal(read_by(reader, root, "", &table, &error), TL_UNSUPPORTED);
        assert_non_null(strstr(error.message, "040.pgm"));
        assert_int_equal(reader->heap.in_use, before);
        for (int i = 17; i < 94; i += i == 17 ? 23 : i == 40 ? 1 : 52) {
            snprintf(name, sizeof name, "%03d.pgm", i);
            snprintf(text, sizeof text, "P2 2 1 255 %d %d", i, 2 * i % 256);
            files_text(root, name, text);
        }
        tl_context_free(reader);
    }
    files_end(root);
}

static void reads_pictures_alone(void **state)
{
    char root[256];
    tl__table *table;
    tl_error error = {0};
    (void)state;
    files_begin(root);
    files_text(root, "b.pgm", "P2 2 1 255 5 6");
    const char *path = files_text(root, "a.pgm", "P2 2 1 255 3 4");
    assert_int_equal(read_table(root, "", &table, &error), TL_OK);
    assert_true(table->rows == 2 && table->column_count == 1);
    assert_memory_equal(table->columns[0].values, "\3\4\5\6", 4);
    tl__table_free(table);
    assert_int_equal(read_table(path, "", &table, &error), TL_OK);
    assert_true(table->rows == 1 && table->column_count == 1 && table->columns[0].shape[1] == 2);
    tl__table_free(table);
    files_end(root);
}

static void reads_paths_of_a_table(void **state)
{
    char root[256], text[600];
    tl__table *table;
    tl_error error = {0};
    (void)state;
    files_begin(root);
    make_folder(root, "in");
    files_text(root, "in/a.pgm", "P2 2 1 255 3 4");
    files_text(root, "in/b.pgm", "P2 2 1 255 5 6");
    snprintf(text, sizeof text, "size,file,y\n1.5,in/b.pgm,u\n2.5,%s/in/a.pgm,v\n3.5,in/b.pgm,v\n", root);
    const char *path = files_text(root, "t.csv", text);
    if (read_table(path, "image: {column: file}", &table, &error) != TL_OK) fail_msg("%s", error.message);
    assert_true(table->rows == 3 && table->column_count == 3);
    assert_string_equal(table->columns[1].name, "file");
    assert_true(table->columns[1].width == 2 && table->columns[1].shape[2] == 1);
    assert_memory_equal(table->columns[1].values, "\5\6\3\4\5\6", 6);
    tl__table_free(table);
    assert_int_equal(read_table(path, "image: {column: -2}", &table, &error), TL_OK);
    assert_true(table->columns[1].width == 2);
    tl__table_free(table);
    refuses(path, "image: {column: fil}", "did you mean 'file'");
    refuses(path, "image: {column: y}", "/u: ");
    files_text(root, "t.csv", "file,y\nin/a.pgm,u\n,v\n");
    refuses(path, "image: {column: fil}", "data.header: true");
    refuses(path, "image: {column: file}", "row 1 has no path");
    files_text(root, "t.csv", "file,y\nin/a.pgm,u\nin/c.pgm,v\n");
    refuses(path, "image: {column: file}", "in/c.pgm");
    files_end(root);
}

static void a_set_keeps_the_shape(void **state)
{
    char root[256], settings[400];
    tl_error error = {0};
    data_settings bound;
    tl_dataset *set;
    (void)state;
    files_begin(root);
    make_folder(root, "a");
    make_folder(root, "b");
    for (int i = 0; i < 10; i++) {
        char name[32], text[64];
        snprintf(name, sizeof name, "%c/%d.ppm", i % 2 ? 'a' : 'b', i);
        snprintf(text, sizeof text, "P3 2 1 255 %d 1 2 3 4 %d", i, 9 * i);
        files_text(root, name, text);
    }
    snprintf(settings, sizeof settings, "file: %s", root);
    assert_int_equal(data_settings_make(&context, settings, &bound), TL_OK);
    if (tl__dataset_load(&context, &bound.block, NULL, 3, &set, &error) != TL_OK) fail_msg("%s", error.message);
    const tl__pipeline *pipeline = set->pipeline;
    assert_true(pipeline->classification && pipeline->outputs == 2 && pipeline->features == 6);
    assert_memory_equal(pipeline->inputs[0].shape, ((size_t[3]){1, 2, 3}), sizeof pipeline->inputs[0].shape);
    tl__tree *tree;
    tl__builder builder;
    tl__pipeline *again;
    assert_int_equal(tl__tree_new(&context.heap, NULL, &tree), TL_OK);
    tl__builder_init(&builder, tree);
    tl_value *value = tl__pipeline_put(&builder, NULL, NULL, pipeline);
    assert_int_equal(tl__pipeline_get(&context, value, "p", &again, &error), TL_OK);
    assert_memory_equal(again->inputs[0].shape, ((size_t[3]){1, 2, 3}), sizeof again->inputs[0].shape);
    tl__pipeline_free(again);
    tl_value *shape = (tl_value *)(uintptr_t)tl__value_child(tl__value_child(value, "inputs")->first, "shape");
    shape->first->integer = 2;
    assert_int_equal(tl__pipeline_get(&context, value, "p", &again, &error), TL_BAD_FILE);
    tl__tree_free(tree);
    tl_dataset_free(set);
    bound.block.streaming = TL__STREAMING_TRUE;
    assert_int_equal(tl__dataset_load(&context, &bound.block, NULL, 3, &set, &error), TL_UNSUPPORTED);
    assert_non_null(strstr(error.message, "cannot be streamed"));
    data_settings_end(&bound);
    files_end(root);
}

static int begin(void **state)
{
    (void)state;
    data_context(&context);
    return 0;
}

static int end(void **state)
{
    (void)state;
    data_context_end(&context);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(resizes_as_pillow), cmocka_unit_test(converts_channels),
        cmocka_unit_test(reads_a_folder_of_classes), cmocka_unit_test(threads_share_pictures),
        cmocka_unit_test(reads_pictures_alone),
        cmocka_unit_test(reads_paths_of_a_table), cmocka_unit_test(a_set_keeps_the_shape),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
