/* Augmentation: each image is a change of the given one that the settings allow, all of them come, and what comes
 * depends on (seed, epoch, position) alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "data/augment.h"
#include "data/batch.h"
#include "support/data.h"

enum { ROWS = 200, HEIGHT = 5, WIDTH = 4, CHANNELS = 2, WHOLE = HEIGHT * WIDTH * CHANNELS };

static tl_context context;

/* Image r: its byte (y, x, c) is 1 + (r * 7 + 40 y + 10 x + c) % 250, so that no place is like another; a second column
 * x holds r. */
static uint8_t byte_at(size_t r, size_t y, size_t x, size_t c) { return (uint8_t)(1 + (r * 7 + 40 * y + 10 * x + c) % 250); }

static tl_status make(const char *settings, tl_dataset **out, tl_error *error)
{
    tl__table *table;
    tl__column *image, *number, *label;
    data_settings bound;
    assert_int_equal(tl__table_new(&context, "images", &table), TL_OK);
    assert_int_equal(tl__table_add(table, "image", TL__COLUMN_U8, WHOLE, ROWS, &image), TL_OK);
    memcpy(image->shape, ((size_t[3]){HEIGHT, WIDTH, CHANNELS}), sizeof image->shape);
    for (size_t i = 0; i < ROWS * WHOLE; i++)
        ((uint8_t *)image->values)[i] = byte_at(i / WHOLE, i % WHOLE / (WIDTH * CHANNELS), i / CHANNELS % WIDTH, i % CHANNELS);
    assert_int_equal(tl__table_add(table, "x", TL__COLUMN_F32, 1, ROWS, &number), TL_OK);
    for (size_t i = 0; i < ROWS; i++) ((float *)number->values)[i] = (float)i;
    assert_int_equal(tl__table_add(table, "y", TL__COLUMN_U8, 1, ROWS, &label), TL_OK);
    for (size_t i = 0; i < ROWS; i++) ((uint8_t *)label->values)[i] = (uint8_t)(i % 3);
    table->rows = ROWS;
    table->named = true;
    char all[400];
    snprintf(all, sizeof all, "normalize: none, task: classification, split: {validation: 0, test: 0}%s%s", settings[0] ? ", " : "",
             settings);
    assert_int_equal(data_settings_make(&context, all, &bound), TL_OK);
    tl_status status = tl__dataset_make(&context, table, NULL, &bound.block, 11, out, error);
    data_settings_end(&bound);
    return status;
}

static tl_dataset *set(const char *augment)
{
    char text[300];
    tl_error error = {0};
    tl_dataset *made;
    snprintf(text, sizeof text, "augment: {%s}", augment);
    if (make(text, &made, &error) != TL_OK) fail_msg("%s", error.message);
    return made;
}

/* The rows of an epoch by position: [ROWS, WHOLE + 1]. */
static float *epoch(const tl_dataset *d, uint32_t number, tl__batch_options options)
{
    float *out = calloc(ROWS * (WHOLE + 1), sizeof *out);
    tl__batches *batches;
    size_t before = context.heap.in_use, bytes = tl__batches_bytes(d, &options);
    options.augment = true;
    bytes = tl__batches_bytes(d, &options);
    assert_int_equal(tl__batches_new(d, &options, &batches, NULL), TL_OK);
    assert_int_equal(context.heap.in_use - before, bytes);
    for (int part = 0; part < 2; part++) {    /* the second half as after a resume */
        size_t half = tl__batches_count(batches) / 2;
        const tl__batch *batch;
        tl__batches_start(batches, number, part ? half : 0);
        for (size_t n = 0; (part || n < half) && (batch = tl__batches_next(batches)) != NULL; n++)
            for (size_t i = 0; i < batch->rows; i++)
                memcpy(out + batch->order[i] * (WHOLE + 1), batch->inputs + i * (WHOLE + 1), (WHOLE + 1) * sizeof *out);
    }
    tl__batches_free(batches);
    return out;
}

static const tl__batch_options plain = {.part = TL_TRAIN, .batch_size = 16, .shuffle = true};

/* Is the row what these changes make of image r? */
static bool is(const float *row, size_t r, int down, int across, bool black, bool upside, bool mirrored)
{
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++) {
            int v = y + down, u = x + across;
            bool outside = v < 0 || u < 0 || v >= HEIGHT || u >= WIDTH;
            v = v < 0 ? 0 : v >= HEIGHT ? HEIGHT - 1 : v;
            u = u < 0 ? 0 : u >= WIDTH ? WIDTH - 1 : u;
            if (upside) v = HEIGHT - 1 - v;
            if (mirrored) u = WIDTH - 1 - u;
            for (size_t c = 0; c < CHANNELS; c++) {
                float expected = black && outside ? 0 : byte_at(r, (size_t)v, (size_t)u, c);
                if (row[(size_t)(y * WIDTH + x) * CHANNELS + c] != expected) return false;
            }
        }
    return row[WHOLE] == (float)r;
}

static void flips_are_mirrors(void **state)
{
    (void)state;
    static const char *const settings[] = {"flip_horizontal: 1", "flip_vertical: 1", "flip_horizontal: 0.25, flip_vertical: 0.5"};
    for (size_t s = 0; s < 3; s++) {
        tl_dataset *d = set(settings[s]);
        size_t count[2][2] = {{0}};
        for (uint32_t e = 0; e < 5; e++) {
            float *rows = epoch(d, e, plain);
            for (size_t r = 0; r < ROWS; r++) {
                int found = 0;
                for (int kind = 0; kind < 4; kind++)
                    if (is(rows + r * (WHOLE + 1), r, 0, 0, false, kind & 1, kind & 2)) count[kind & 1][kind / 2]++, found++;
                assert_int_equal(found, 1);
            }
            free(rows);
        }
        if (s == 0) assert_int_equal(count[0][1], 5 * ROWS);
        if (s == 1) assert_int_equal(count[1][0], 5 * ROWS);
        if (s == 2) {    /* expected: 375 375 125 125 */
            assert_in_range(count[0][0], 315, 435);
            assert_in_range(count[1][0], 315, 435);
            assert_in_range(count[0][1], 85, 165);
            assert_in_range(count[1][1], 85, 165);
        }
        tl_dataset_free(d);
    }
}

static void moves_are_uniform(void **state)
{
    (void)state;
    for (int black = 0; black < 2; black++) {
        enum { MOST = 2, SIDE = 2 * MOST + 1 };
        tl_dataset *d = set(black ? "crop_padding: 2" : "shift: 2");
        size_t count[SIDE][SIDE] = {{0}};
        for (uint32_t e = 0; e < 10; e++) {
            float *rows = epoch(d, e, plain);
            for (size_t r = 0; r < ROWS; r++) {
                int found = 0;
                for (int at = 0; at < SIDE * SIDE; at++)
                    if (is(rows + r * (WHOLE + 1), r, at / SIDE - MOST, at % SIDE - MOST, black, false, false))
                        count[at / SIDE][at % SIDE]++, found++;
                assert_int_equal(found, 1);
            }
            free(rows);
        }
        for (int at = 0; at < SIDE * SIDE; at++) assert_in_range(count[at / SIDE][at % SIDE], 45, 120);    /* 80 each */
        tl_dataset_free(d);
    }
}

static void draws_depend_on_seed_epoch_and_position(void **state)
{
    (void)state;
    tl_dataset *d = set("flip_horizontal: 0.5, flip_vertical: 0.5, shift: 1, crop_padding: 1");
    const tl__batch_options ways[] = {
        {.part = TL_TRAIN, .batch_size = 7, .shuffle = true},
        {.part = TL_TRAIN, .batch_size = ROWS, .shuffle = false},
        {.part = TL_TRAIN, .batch_size = 16, .shuffle = true, .cache_bytes = 1 << 20},
        {.part = TL_TRAIN, .batch_size = 33, .shuffle = false, .cache_bytes = 1 << 20},
        {.part = TL_TRAIN, .batch_size = 16, .shuffle = true, .shuffle_block = 32},
    };
    float *first = epoch(d, 3, plain), *other = epoch(d, 4, plain);
    size_t same = 0, size = ROWS * (WHOLE + 1) * sizeof *first;
    for (size_t w = 0; w < TL_COUNT(ways); w++) {
        float *rows = epoch(d, 3, ways[w]);
        assert_memory_equal(rows, first, size);
        free(rows);
    }
    for (size_t r = 0; r < ROWS; r++) same += !memcmp(first + r * (WHOLE + 1), other + r * (WHOLE + 1), WHOLE * sizeof *first);
    assert_true(same < ROWS / 10);
    d->seed++;
    float *rows = epoch(d, 3, plain);
    assert_memory_not_equal(rows, first, size);
    free(rows);
    free(first);
    free(other);
    tl_dataset_free(d);
}

/* The rows themselves, for evaluation and statistics, stay what they are. */
static void other_batches_are_left_alone(void **state)
{
    (void)state;
    tl_dataset *d = set("flip_horizontal: 1");
    tl__batches *batches;
    tl__batch_options options = plain;
    const tl__batch *batch;
    assert_int_equal(tl__batches_new(d, &options, &batches, NULL), TL_OK);
    tl__batches_start(batches, 0, 0);
    while ((batch = tl__batches_next(batches)) != NULL)
        for (size_t i = 0; i < batch->rows; i++)
            assert_true(is(batch->inputs + i * (WHOLE + 1), batch->order[i], 0, 0, false, false, false));
    tl__batches_free(batches);
    tl_dataset_free(d);
}

static void refused(const char *settings, const char *words)
{
    tl_dataset *d;
    tl_error error = {0};
    assert_int_equal(make(settings, &d, &error), TL_BAD_CONFIG);
    if (!strstr(error.message, words)) fail_msg("%s", error.message);
}

static void mistakes_have_a_sentence(void **state)
{
    (void)state;
    refused("augment: {shift: 4}", "data.augment.shift is 4, but the images are 5 x 4 pixels");
    refused("augment: {crop_padding: 9, shift: 4}", "data.augment.crop_padding is 9");
    refused("drop: image, augment: {flip_vertical: 0.1}", "no column holds any");
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
        cmocka_unit_test(flips_are_mirrors), cmocka_unit_test(moves_are_uniform),
        cmocka_unit_test(draws_depend_on_seed_epoch_and_position), cmocka_unit_test(other_batches_are_left_alone),
        cmocka_unit_test(mistakes_have_a_sentence),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
