/* Philox against the known answers of Random123 (kat_vectors), and what is built on it. */
#include "base/random.h"
#include "base/math.h"

#include <setjmp.h>
#include <cmocka.h>

static void known_answers(void **state)
{
    static const struct { uint32_t counter[4], key[2], out[4]; } cases[] = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u}},
        {{0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu}, {0xffffffffu, 0xffffffffu},
         {0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu}},
        {{0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u}, {0xa4093822u, 0x299f31d0u},
         {0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u}},
    };
    (void)state;
    for (size_t i = 0; i < TL_COUNT(cases); i++) {
        uint32_t out[4];
        tl__philox(out, cases[i].counter, cases[i].key);
        assert_memory_equal(out, cases[i].out, sizeof out);
    }
}

static void draws_depend_on_all_words(void **state)
{
    tl__random base, other;
    (void)state;
    tl__random_init(&base, 42, TL__DRAW_INIT, 1, 2, 3);
    uint32_t first = tl__random_u32(&base, 5);
    const struct { uint64_t seed; tl__purpose purpose; uint32_t node, step, row, element; } changes[] = {
        {43, TL__DRAW_INIT, 1, 2, 3, 5}, {42u + ((uint64_t)1 << 32), TL__DRAW_INIT, 1, 2, 3, 5}, {42, TL__DRAW_DROPOUT, 1, 2, 3, 5},
        {42, TL__DRAW_INIT, 2, 2, 3, 5}, {42, TL__DRAW_INIT, 1, 3, 3, 5}, {42, TL__DRAW_INIT, 1, 2, 4, 5}, {42, TL__DRAW_INIT, 1, 2, 3, 6},
    };
    for (size_t i = 0; i < TL_COUNT(changes); i++) {
        tl__random_init(&other, changes[i].seed, changes[i].purpose, changes[i].node, changes[i].step, changes[i].row);
        assert_int_not_equal(tl__random_u32(&other, changes[i].element), first);
    }
    tl__random_init(&other, 42, TL__DRAW_INIT, 1, 2, 3);
    assert_int_equal(tl__random_u32(&other, 5), first);
}

/* Sample moments lie within five standard errors. */
static void uniform_and_normal_moments(void **state)
{
    enum { COUNT = 200000 };
    double sum = 0, squares = 0, normal_sum = 0, normal_squares = 0, fourth = 0;
    tl__random random;
    (void)state;
    tl__random_init(&random, 7, TL__DRAW_USER, 0, 0, 0);
    for (uint32_t i = 0; i < COUNT; i++) {
        double u = (double)tl__random_uniform(&random, i), z = (double)tl__random_normal(&random, i);
        assert_true(u >= 0.0 && u < 1.0);
        assert_true(z > -6.5 && z < 6.5);
        sum += u;
        squares += u * u;
        normal_sum += z;
        normal_squares += z * z;
        fourth += z * z * z * z;
    }
    assert_true(tl__abs(sum / COUNT - 0.5) < 5 * 0.2887 / 447);
    assert_true(tl__abs(squares / COUNT - 1.0 / 3) < 5 * 0.2981 / 447);
    assert_true(tl__abs(normal_sum / COUNT) < 5.0 / 447);
    assert_true(tl__abs(normal_squares / COUNT - 1) < 5 * 1.4142 / 447);
    assert_true(tl__abs(fourth / COUNT - 3) < 5 * 9.798 / 447);
}

static void below_is_even(void **state)
{
    unsigned counts[7] = {0};
    tl__random random;
    (void)state;
    tl__random_init(&random, 1, TL__DRAW_USER, 0, 0, 0);
    for (uint32_t i = 0; i < 70000; i++) {
        uint32_t n = tl__random_below(&random, i, 7);
        assert_true(n < 7);
        counts[n]++;
        assert_int_equal(tl__random_below(&random, i, 1), 0);
        assert_true(tl__random_below(&random, i, 0xFFFFFFFFu) < 0xFFFFFFFFu);
    }
    for (int i = 0; i < 7; i++) assert_in_range(counts[i], 9500, 10500);
}

static void permutation_has_each_once(void **state)
{
    static uint32_t order[1000];
    unsigned firsts[3] = {0};
    tl__random random;
    (void)state;
    for (uint32_t n = 0; n < 1000; n = n * 3 + 1) {
        bool seen[1000] = {false};
        tl__random_init(&random, n, TL__DRAW_SHUFFLE, 0, 9, 0);
        tl__random_permutation(&random, order, n);
        for (uint32_t i = 0; i < n; i++) {
            assert_true(order[i] < n && !seen[order[i]]);
            seen[order[i]] = true;
        }
    }
    for (uint32_t step = 0; step < 3000; step++) {
        tl__random_init(&random, 5, TL__DRAW_SHUFFLE, 0, step, 0);
        tl__random_permutation(&random, order, 3);
        firsts[order[0]]++;
    }
    for (int i = 0; i < 3; i++) assert_in_range(firsts[i], 870, 1130);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_answers), cmocka_unit_test(draws_depend_on_all_words), cmocka_unit_test(uniform_and_normal_moments),
        cmocka_unit_test(below_is_even), cmocka_unit_test(permutation_has_each_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
