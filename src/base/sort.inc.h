/* A stable merge sort as a static function: libc's qsort leaves the order of ties open, and results may not depend on
 * it. No include guard. The including file defines
 *
 *     SORT_NAME                    void SORT_NAME(SORT_TYPE *items, SORT_TYPE *scratch, size_t count, SORT_USER user)
 *     SORT_TYPE, SORT_USER         of the items, and of what the comparison needs besides them
 *     SORT_BEFORE(user, b, a)      does b, which stands behind a, belong before it? False for ties
 *
 * scratch has room for all items; the sorted ones end up in items. */
static void SORT_NAME(SORT_TYPE *items, SORT_TYPE *scratch, size_t count, SORT_USER user)
{
    SORT_TYPE *from = items, *to = scratch;
    (void)user;
    for (size_t run = 1; run < count; run *= 2) {
        for (size_t begin = 0; begin < count; begin += 2 * run) {
            size_t middle = tl__size_min(begin + run, count), end = tl__size_min(begin + 2 * run, count);
            size_t a = begin, b = middle;
            for (size_t i = begin; i < end; i++) {
                bool first = b == end || (a < middle && !(SORT_BEFORE(user, from[b], from[a])));
                to[i] = from[first ? a++ : b++];
            }
        }
        SORT_TYPE *other = from;
        from = to;
        to = other;
    }
    if (from != items) memcpy(items, from, count * sizeof *items);
}
#undef SORT_NAME
#undef SORT_TYPE
#undef SORT_USER
#undef SORT_BEFORE
