/* The order of an epoch: every position once, whole-part blocks are the plain permutation, windows are made of pieces
 * from all over the part, and places inside a window agree with the order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "data/order.h"

enum { MOST = 5000 };

static uint32_t pieces[MOST], order[MOST], plain[MOST];
static unsigned char seen[MOST];

static void draw(const tl__order *o, uint64_t seed, uint32_t epoch)
{
    uint32_t *out = order;
    tl__order_draw(o, seed, 0, epoch, pieces);
    for (size_t w = 0; w < o->windows; w++) {
        size_t rows = tl__order_window(o, pieces, seed, 0, epoch, w, out);
        assert_int_equal(rows, tl__order_window_rows(o, pieces, w));
        out += rows;
    }
    assert_int_equal(out - order, o->rows);
}

static void every_position_comes_once(void **state)
{
    (void)state;
    static const size_t rows[] = {1, 2, 15, 16, 17, 100, 1023, 4999}, blocks[] = {0, 1, 2, 15, 16, 17, 31, 32, 100, 999, 5000};
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        for (size_t b = 0; b < sizeof blocks / sizeof *blocks; b++) {
            tl__order o = tl__order_of(rows[r], blocks[b]);
            size_t at = 0;
            memset(seen, 0, sizeof seen);
            draw(&o, 7, 3);
            for (size_t i = 0; i < o.rows; i++) seen[order[i]]++;
            for (size_t i = 0; i < o.rows; i++) assert_int_equal(seen[i], 1);
            for (size_t w = 0; w < o.windows; w++) {
                size_t count = tl__order_window_rows(&o, pieces, w);
                if (blocks[b]) assert_true(count <= blocks[b] || o.windows == 1);
                memset(seen, 0, sizeof seen);
                for (size_t i = 0; i < count; i++) seen[tl__order_place(&o, pieces, w, order[at + i])]++;
                for (size_t i = 0; i < count; i++) assert_int_equal(seen[i], 1);
                at += count;
            }
        }
    }
}

static void a_block_of_all_rows_is_the_plain_permutation(void **state)
{
    (void)state;
    static const size_t blocks[] = {0, 777, 778, 100000};
    for (size_t b = 0; b < sizeof blocks / sizeof *blocks; b++) {
        for (uint32_t epoch = 0; epoch < 3; epoch++) {
            tl__random random;
            tl__order o = tl__order_of(777, blocks[b]);
            tl__random_init(&random, 42, TL__DRAW_SHUFFLE, 0, epoch, 0);
            tl__random_permutation(&random, plain, 777);
            draw(&o, 42, epoch);
            assert_int_equal(o.windows, 1);
            assert_memory_equal(order, plain, 777 * sizeof *order);
        }
    }
}

/* A window of 160 rows has ten consecutive ones from each of 16 places; another epoch and seed have others. */
static void windows_reach_over_the_part(void **state)
{
    (void)state;
    static uint32_t first[MOST];
    tl__order o = tl__order_of(4000, 160);
    draw(&o, 1, 0);
    assert_int_equal(o.piece, 10);
    assert_int_equal(o.windows, 25);
    size_t low = 0, high = 0;
    for (size_t i = 0; i < 160; i++) {
        low += order[i] < 2000;
        high += order[i] >= 2000;
    }
    assert_true(low >= 30 && high >= 30);
    memcpy(first, order, sizeof first);
    draw(&o, 1, 0);
    assert_memory_equal(order, first, 4000 * sizeof *order);
    draw(&o, 1, 1);
    assert_memory_not_equal(order, first, 4000 * sizeof *order);
    draw(&o, 2, 0);
    assert_memory_not_equal(order, first, 4000 * sizeof *order);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_position_comes_once),
        cmocka_unit_test(a_block_of_all_rows_is_the_plain_permutation),
        cmocka_unit_test(windows_reach_over_the_part),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
