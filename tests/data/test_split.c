/* Properties of splits: every row in one part, sizes as asked for, classes in proportion, the same for the same seed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "data/split.h"
#include "support/failing.h"

enum { ROWS = 150, LARGEST = 1000 };

static tl__heap heap;
static int32_t labels[LARGEST];
static uint32_t groups[LARGEST], order[LARGEST];
static double times[LARGEST];
static unsigned char part[LARGEST], other[LARGEST];

static tl__split_settings settings(int method)
{
    return (tl__split_settings){.method = method, .train = -1, .validation = -1, .test = -1, .folds = 10, .fold = 1,
                                .stratified = true, .seed = -1};
}

static void split(const tl__split_settings *s, const tl__split_input *input, unsigned char *out)
{
    tl_error error = {0};
    if (tl__split(&heap, s, input, out, order, &error) != TL_OK) fail_msg("%s", error.message);
    assert_int_equal(heap.in_use, 0);
}

static size_t count(const unsigned char *parts, size_t rows, int which, int label)
{
    size_t n = 0;
    for (size_t i = 0; i < rows; i++) n += parts[i] == which && (label < 0 || labels[i] == label);
    return n;
}

static void stratified_keeps_proportions(void **state)
{
    (void)state;
    for (size_t i = 0; i < 1000; i++) labels[i] = i % 100 < 70 ? 0 : i % 100 < 97 ? 1 : 2;   /* 700, 270, 30 */
    tl__split_settings s = settings(TL__SPLIT_AUTO);
    tl__split_input input = {.rows = 1000, .labels = labels, .classes = 3, .seed = 7};
    split(&s, &input, part);
    static const size_t expected[3][3] = {{420, 162, 18}, {140, 54, 6}, {140, 54, 6}};
    for (int p = 0; p < 3; p++) {
        for (int c = 0; c < 3; c++) assert_int_equal(count(part, 1000, p, c), expected[p][c]);
    }
    split(&s, &input, other);
    assert_memory_equal(part, other, 1000);
    input.seed = 8;
    split(&s, &input, other);
    assert_memory_not_equal(part, other, 1000);
    s.validation = 100;
    s.test = 0.1234;
    split(&s, &input, part);
    assert_int_equal(count(part, 1000, TL_VALIDATION, -1), 100);
    assert_int_equal(count(part, 1000, TL_TEST, -1), 123);
    assert_int_equal(count(part, 1000, TL_TRAIN, -1), 777);
    /* each class within one row of its share */
    for (int c = 0; c < 3; c++) {
        double share = 123.0 * (double)(c == 0 ? 700 : c == 1 ? 270 : 30) / 1000;
        double got = (double)count(part, 1000, TL_TEST, c);
        assert_true(got > share - 1 && got < share + 1);
    }
}

static void largest_remainders_win(void **state)
{
    (void)state;
    /* shares of 7 rows of 10 + 10 + 1: 3.33, 3.33, 0.33: the missing row goes to the first class */
    for (size_t i = 0; i < 21; i++) labels[i] = i < 10 ? 0 : i < 20 ? 1 : 2;
    tl__split_settings s = settings(TL__SPLIT_STRATIFIED);
    tl__split_input input = {.rows = 21, .labels = labels, .classes = 3};
    s.test = 7;
    s.validation = 0;
    split(&s, &input, part);
    assert_int_equal(count(part, 21, TL_TEST, 0), 4);
    assert_int_equal(count(part, 21, TL_TEST, 1), 3);
    assert_int_equal(count(part, 21, TL_TEST, 2), 0);
}

static void folds_cover_and_are_apart(void **state)
{
    (void)state;
    unsigned char seen[ROWS] = {0};
    for (size_t i = 0; i < ROWS; i++) labels[i] = (int32_t)(i / 50);
    for (int64_t fold = 1; fold <= 10; fold++) {
        tl__split_settings s = settings(TL__SPLIT_KFOLD);
        tl__split_input input = {.rows = ROWS, .labels = labels, .classes = 3, .seed = 1};
        s.fold = fold;
        split(&s, &input, part);
        for (int c = 0; c < 3; c++) assert_int_equal(count(part, ROWS, TL_TEST, c), 5);
        assert_int_equal(count(part, ROWS, TL_TRAIN, -1), 135);
        for (size_t i = 0; i < ROWS; i++) seen[i] = (unsigned char)(seen[i] + (part[i] == TL_TEST));
        s.validation = 0.2;
        split(&s, &input, other);
        assert_int_equal(count(other, ROWS, TL_VALIDATION, -1), 27);
        for (int c = 0; c < 3; c++) assert_int_equal(count(other, ROWS, TL_VALIDATION, c), 9);
        for (size_t i = 0; i < ROWS; i++) assert_int_equal(other[i] == TL_TEST, part[i] == TL_TEST);
    }
    for (size_t i = 0; i < ROWS; i++) assert_int_equal(seen[i], 1);
}

static void folds_differ_by_one_row_at_most(void **state)
{
    (void)state;
    size_t smallest = 1000, largest = 0;
    for (size_t i = 0; i < 107; i++) labels[i] = i % 7 == 0 ? 1 : 0;   /* 91 and 16 */
    for (int64_t fold = 1; fold <= 6; fold++) {
        tl__split_settings s = settings(TL__SPLIT_KFOLD);
        tl__split_input input = {.rows = 107, .labels = labels, .classes = 2, .seed = 3};
        s.folds = 6;
        s.fold = fold;
        split(&s, &input, part);
        size_t n = count(part, 107, TL_TEST, -1), ones = count(part, 107, TL_TEST, 1);
        smallest = n < smallest ? n : smallest;
        largest = n > largest ? n : largest;
        assert_in_range(ones, 2, 3);
    }
    assert_int_equal(smallest, 17);
    assert_int_equal(largest, 18);
}

static void random_needs_no_classes(void **state)
{
    (void)state;
    tl__split_settings s = settings(TL__SPLIT_AUTO);
    tl__split_input input = {.rows = 10, .seed = 5};
    split(&s, &input, part);
    assert_int_equal(count(part, 10, TL_TRAIN, -1), 6);
    assert_int_equal(count(part, 10, TL_VALIDATION, -1), 2);
    assert_int_equal(count(part, 10, TL_TEST, -1), 2);
    input.test_elsewhere = true;
    split(&s, &input, part);
    assert_int_equal(count(part, 10, TL_TRAIN, -1), 8);
    assert_int_equal(count(part, 10, TL_TEST, -1), 0);
    input.rows = 1;
    s.validation = s.test = 0;
    split(&s, &input, part);
    assert_int_equal(part[0], TL_TRAIN);
}

static void time_keeps_the_order(void **state)
{
    (void)state;
    tl__split_settings s = settings(TL__SPLIT_TIME);
    for (size_t i = 0; i < 10; i++) times[i] = (double)((i * 7) % 10);   /* 0 7 4 1 8 5 2 9 6 3 */
    tl__split_input input = {.rows = 10, .times = times};
    s.train = 5;
    s.validation = 2;
    s.test = 2;
    split(&s, &input, part);
    for (size_t i = 0; i < 10; i++) {
        int expected = times[i] < 5 ? TL_TRAIN : times[i] < 7 ? TL_VALIDATION : times[i] < 9 ? TL_TEST : 3;
        assert_int_equal(part[i], expected);
        assert_true(times[order[i]] == (double)i);
    }
    input.times = NULL;
    split(&s, &input, part);
    for (size_t i = 0; i < 10; i++) assert_int_equal(part[i], i < 5 ? TL_TRAIN : i < 7 ? TL_VALIDATION : i < 9 ? TL_TEST : 3);
}

static void groups_stay_together(void **state)
{
    (void)state;
    tl__split_settings s = settings(TL__SPLIT_RANDOM);
    for (size_t i = 0; i < ROWS; i++) groups[i] = (uint32_t)(i * i % 23 % 20);
    tl__split_input input = {.rows = ROWS, .groups = groups, .group_count = 20, .seed = 2};
    split(&s, &input, part);
    for (size_t i = 0; i < ROWS; i++) {
        for (size_t k = 0; k < i; k++) {
            if (groups[i] == groups[k]) assert_int_equal(part[i], part[k]);
        }
    }
    for (int p = 0; p < 3; p++) assert_true(count(part, ROWS, p, -1) > 0);
    unsigned char seen[ROWS] = {0};
    s = settings(TL__SPLIT_KFOLD);
    s.folds = 4;
    for (s.fold = 1; s.fold <= 4; s.fold++) {
        split(&s, &input, part);
        for (size_t i = 0; i < ROWS; i++) seen[i] = (unsigned char)(seen[i] + (part[i] == TL_TEST));
        for (size_t i = 0; i < ROWS; i++) {
            for (size_t k = 0; k < i; k++) {
                if (groups[i] == groups[k]) assert_int_equal(part[i], part[k]);
            }
        }
    }
    for (size_t i = 0; i < ROWS; i++) assert_int_equal(seen[i], 1);
}

/* With a test part set apart the fold is the validation part; the test part is one and the same for all folds. */
static void folds_leave_the_test_part_alone(void **state)
{
    (void)state;
    unsigned char seen[ROWS] = {0}, test[ROWS];
    for (size_t i = 0; i < ROWS; i++) labels[i] = i % 10 < 7 ? 0 : i % 10 < 9 ? 1 : 2;   /* 105, 30, 15 */
    tl__split_settings s = settings(TL__SPLIT_KFOLD);
    tl__split_input input = {.rows = ROWS, .labels = labels, .classes = 3, .seed = 11};
    s.test = 0.2;
    s.folds = 5;
    s.validation = 0.3;    /* not used */
    for (s.fold = 1; s.fold <= 5; s.fold++) {
        split(&s, &input, part);
        static const size_t expected[3][3] = {{67, 19, 10}, {17, 5, 2}, {21, 6, 3}};
        for (int c = 0; c < 3; c++) {
            assert_int_equal(count(part, ROWS, TL_TEST, c), expected[2][c]);
            assert_in_range(count(part, ROWS, TL_VALIDATION, c), expected[1][c] - 1, expected[1][c] + 1);
        }
        assert_int_equal(count(part, ROWS, TL_VALIDATION, -1), 24);
        assert_int_equal(count(part, ROWS, TL_TRAIN, -1), 96);
        for (size_t i = 0; i < ROWS; i++) {
            seen[i] = (unsigned char)(seen[i] + (part[i] == TL_VALIDATION));
            if (s.fold == 1) test[i] = part[i] == TL_TEST;
            assert_int_equal(part[i] == TL_TEST, test[i]);
        }
    }
    for (size_t i = 0; i < ROWS; i++) assert_int_equal(seen[i], !test[i]);
    s.fold = 0;    /* all folds: the first stands for them, and the test part is the usual one */
    s.test = -1;
    split(&s, &input, other);
    s.fold = 1;
    s.test = 0.2;
    split(&s, &input, part);
    assert_memory_equal(part, other, ROWS);
    s.stratified = false;
    split(&s, &input, other);
    assert_memory_not_equal(part, other, ROWS);
    assert_int_equal(count(other, ROWS, TL_TEST, -1), 30);
    s.stratified = true;
    s.test = -1;
    input.test_elsewhere = true;
    split(&s, &input, part);
    assert_int_equal(count(part, ROWS, TL_VALIDATION, -1), 30);
    assert_int_equal(count(part, ROWS, TL_TEST, -1), 0);
}

/* The pieces are those of scikit-learn 1.5's TimeSeriesSplit(4) over 83 rows. */
static void folds_go_forward_in_time(void **state)
{
    (void)state;
    static const size_t begins[4] = {19, 35, 51, 67};
    tl__split_settings s = settings(TL__SPLIT_FORWARD);
    for (size_t i = 0; i < 104; i++) times[i] = (double)((i * 31) % 104);
    tl__split_input input = {.rows = 104, .times = times, .seed = 4};
    s.folds = 4;
    s.test = 21;
    for (s.fold = 1; s.fold <= 4; s.fold++) {
        split(&s, &input, part);
        size_t begin = begins[s.fold - 1];
        for (size_t i = 0; i < 104; i++) {
            size_t at = (size_t)times[i];
            int expected = at < begin ? TL_TRAIN : at < begin + 16 ? TL_VALIDATION : at < 83 ? 3 : TL_TEST;
            assert_int_equal(part[i], expected);
            assert_true(times[order[i]] == (double)i);
        }
    }
    input.rows = 83;    /* without a test part the fold is it */
    input.times = NULL;
    s.test = 0;
    s.fold = 2;
    split(&s, &input, part);
    for (size_t i = 0; i < 83; i++) assert_int_equal(part[i], i < 35 ? TL_TRAIN : i < 51 ? TL_TEST : 3);
}

static void group_folds_leave_the_test_part_alone(void **state)
{
    (void)state;
    unsigned char seen[ROWS] = {0}, test[ROWS];
    tl__split_settings s = settings(TL__SPLIT_KFOLD);
    for (size_t i = 0; i < ROWS; i++) groups[i] = (uint32_t)(i * i % 23 % 20);
    tl__split_input input = {.rows = ROWS, .groups = groups, .group_count = 20, .seed = 2};
    s.folds = 3;
    s.test = 0.2;
    for (s.fold = 1; s.fold <= 3; s.fold++) {
        split(&s, &input, part);
        for (size_t i = 0; i < ROWS; i++) {
            seen[i] = (unsigned char)(seen[i] + (part[i] == TL_VALIDATION));
            if (s.fold == 1) test[i] = part[i] == TL_TEST;
            assert_int_equal(part[i] == TL_TEST, test[i]);
            for (size_t k = 0; k < i; k++)
                if (groups[i] == groups[k]) assert_int_equal(part[i], part[k]);
        }
        assert_in_range(count(part, ROWS, TL_TEST, -1), 20, 40);
    }
    for (size_t i = 0; i < ROWS; i++) assert_int_equal(seen[i], !test[i]);
}

static void refuse(tl__split_settings s, tl__split_input input, const char *words)
{
    tl_error error = {0};
    assert_int_equal(tl__split(&heap, &s, &input, part, NULL, &error), TL_BAD_CONFIG);
    if (!strstr(error.message, words)) fail_msg("%s", error.message);
    assert_int_equal(heap.in_use, 0);
}

static void refuses_what_cannot_be(void **state)
{
    (void)state;
    tl__split_settings s = settings(TL__SPLIT_RANDOM);
    tl__split_input input = {.rows = 10};
    s.test = 11;
    refuse(s, input, "there are only 10");
    s.test = 5;
    s.validation = 5;
    refuse(s, input, "leaves no rows to train on");
    s = settings(TL__SPLIT_STRATIFIED);
    refuse(s, input, "needs classes");
    s = settings(TL__SPLIT_KFOLD);
    s.folds = 11;
    refuse(s, input, "larger than the number of rows");
    s.folds = 5;
    s.fold = 6;
    refuse(s, input, "folds count from 1");
    s = settings(TL__SPLIT_RANDOM);
    s.train = 9;
    refuse(s, input, "asks for 9 training");
    s = settings(TL__SPLIT_TIME);
    input.groups = groups;
    input.group_count = 2;
    refuse(s, input, "cannot be used with method time");
}

static tl_status split_on(tl__heap *on, void *user)
{
    tl__split_settings s = settings(*(int *)user);
    tl__split_input input = {.rows = 21, .labels = labels, .classes = 3, .groups = *(int *)user == TL__SPLIT_RANDOM ? groups : NULL,
                             .group_count = 20, .seed = 4};
    unsigned char parts[21];
    return tl__split(on, &s, &input, parts, NULL, NULL);
}

static void runs_out_of_memory_cleanly(void **state)
{
    (void)state;
    for (size_t i = 0; i < 21; i++) labels[i] = (int32_t)(i % 3);
    for (int method = TL__SPLIT_AUTO; method <= TL__SPLIT_KFOLD; method++) failing_sweep(split_on, &method);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(folds_leave_the_test_part_alone), cmocka_unit_test(folds_go_forward_in_time),
        cmocka_unit_test(group_folds_leave_the_test_part_alone),
        cmocka_unit_test(stratified_keeps_proportions), cmocka_unit_test(largest_remainders_win),
        cmocka_unit_test(folds_cover_and_are_apart),    cmocka_unit_test(folds_differ_by_one_row_at_most),
        cmocka_unit_test(random_needs_no_classes),      cmocka_unit_test(time_keeps_the_order),
        cmocka_unit_test(groups_stay_together),         cmocka_unit_test(refuses_what_cannot_be),
        cmocka_unit_test(runs_out_of_memory_cleanly),
    };
    tl__heap_init(&heap, NULL, 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
