/* The sort: stable, and right at every count and for every order that is there already. */
#include "base/base.h"

#include <setjmp.h>
#include <cmocka.h>

typedef struct item {
    int key, place;
} item;

#define SORT_NAME sort_items
#define SORT_TYPE item
#define SORT_USER int
#define SORT_BEFORE(sign, b, a) (sign) * (b).key < (sign) * (a).key
#include "base/sort.inc.h"

enum { MOST = 70 };

static void check(const int *keys, int count, int sign)
{
    item items[MOST], scratch[MOST];
    bool seen[MOST] = {false};
    for (int i = 0; i < count; i++) items[i] = (item){keys[i], i};
    sort_items(items, scratch, (size_t)count, sign);
    for (int i = 0; i < count; i++) {
        assert_int_equal(items[i].key, keys[items[i].place]);
        assert_false(seen[items[i].place]);
        seen[items[i].place] = true;
        if (i == 0) continue;
        assert_true(sign * items[i - 1].key <= sign * items[i].key);
        if (items[i - 1].key == items[i].key) assert_true(items[i - 1].place < items[i].place);
    }
}

static void every_count(void **state)
{
    (void)state;
    int keys[MOST];
    for (int count = 0; count <= MOST; count++) {
        for (int ties = 1; ties <= MOST; ties += 23) {
            for (int i = 0; i < count; i++) keys[i] = i * 37 % 71 / ties;
            check(keys, count, 1);
            check(keys, count, -1);
        }
        for (int i = 0; i < count; i++) keys[i] = i;
        check(keys, count, 1);
        check(keys, count, -1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_count)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
