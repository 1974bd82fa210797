/* Gathered bytes of images have the very bits of (value - shift) / scale, by every set of kernels. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/math.h"
#include "kernels/kernels.h"
#include "support/data.h"

enum { ROWS = 50, WIDTH = 35 };

static tl_context context;
static uint32_t drawn = 1;

static uint32_t draw(uint32_t below)
{
    drawn = drawn * 1664525u + 1013904223u;
    return (drawn >> 8) % below;
}

static tl_dataset *images(uint32_t lowest, uint32_t range, const char *settings)
{
    tl__table *table;
    tl__column *image, *label;
    tl_dataset *set = NULL;
    tl_error error = {0};
    data_settings bound;
    assert_int_equal(tl__table_new(&context, "images", &table), TL_OK);
    assert_int_equal(tl__table_add(table, "image", TL__COLUMN_U8, WIDTH, ROWS, &image), TL_OK);
    image = NULL;
    assert_int_equal(tl__table_add(table, "y", TL__COLUMN_U8, 1, ROWS, &label), TL_OK);
    image = &table->columns[0];
    for (size_t i = 0; i < ROWS * WIDTH; i++) {
        ((uint8_t *)image->values)[i] = (uint8_t)(draw(3) ? lowest + draw(range) : lowest);
    }
    for (size_t i = 0; i < ROWS; i++) ((uint8_t *)label->values)[i] = (uint8_t)(i % 2);
    table->rows = ROWS;
    table->named = true;
    assert_int_equal(data_settings_make(&context, settings, &bound), TL_OK);
    if (tl__dataset_make(&context, table, NULL, &bound.block, 1, &set, &error) != TL_OK) fail_msg("%s", error.message);
    data_settings_end(&bound);
    return set;
}

/* How many of the columns' lines were straight. */
static int check_images(uint32_t lowest, uint32_t range, const char *settings)
{
    float out[ROWS * WIDTH];
    uint32_t order[ROWS];
    tl_dataset *set = images(lowest, range, settings);
    const tl__part_rows *part = &set->part[TL_TRAIN];
    const tl__input *input = &set->pipeline->inputs[0];
    const uint8_t *values = part->from->columns[0]->values;
    for (uint32_t i = 0; i < part->count; i++) order[i] = (i * 7 + 3) % (uint32_t)part->count;
    for (size_t count = 0; count <= part->count; count += 7) {
        for (size_t i = 0; i < ROWS * WIDTH; i++) out[i] = 77;
        assert_int_equal(tl__dataset_gather(set, TL_TRAIN, order, 0, count, out, NULL, NULL, NULL, NULL, NULL), TL_OK);
        for (size_t i = 0; i < count * WIDTH; i++) {
            float expected = tl__input_value(input, 0, values[part->rows[order[i / WIDTH]] * WIDTH + i % WIDTH]);
            assert_int_equal(tl__float_bits(out[i]), tl__float_bits(expected));
        }
        assert_true(count == ROWS || out[count * WIDTH] == 77);
    }
    bool straight = part->from->byte_maps[0]->draw != NULL;
    tl_dataset_free(set);
    return straight;
}

static void bytes_keep_their_bits(void **state)
{
    static const char *const ways[] = {"standard", "minmax", "robust", "none"};
    (void)state;
    for (size_t s = 0; (context.kernels = tl__kernels_list(s)) != NULL; s++) {
        int straight = 0;
        for (int round = 0; round < 80; round++) {
            char settings[128];
            uint32_t lowest = draw(200), range = 1 + draw(256 - lowest);
            snprintf(settings, sizeof settings, "target: y, split: {validation: 0, test: 0}, normalize: %s",
                     ways[round % 4]);
            straight += check_images(lowest, range, settings);
        }
        assert_true(straight > 60);
    }
    context.kernels = NULL;
    check_images(0, 256, "target: y, split: {validation: 0, test: 0}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(bytes_keep_their_bits)};
    data_context(&context);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return failed + (context.heap.in_use != 0);
}
