/* All combinations, the last axis fastest. Of those that differ only in what does not count, one is proposed. */
#include "base/math.h"
#include "lab/search_method.h"
#include "lab/search_method_list.h"

static void search_grid_point(const tl__space *space, int64_t number, double *out)
{
    for (size_t j = space->count; j-- > 0;) {
        int64_t count = (int64_t)tl__axis_count(&space->axes[j]);
        out[j] = space->axes[j].min + (double)(count > 0 ? number % count : 0);
        if (count > 0) number /= count;
    }
}

/* Is it the first of its like? */
static bool search_grid_first(const tl__space *space, const double *point)
{
    for (size_t j = 0; j < space->count; j++)
        if (point[j] != space->axes[j].min && !tl__space_counts(space, j, point)) return false;
    return true;
}

TL_PRIV int64_t tl__search_grid_count(const tl__space *space, int64_t all)
{
    double point[TL__SPACE_AXES];
    int64_t count = 0;
    for (int64_t i = 0; i < all; i++) {
        search_grid_point(space, i, point);
        count += search_grid_first(space, point);
    }
    return count;
}

static tl_status search_grid_propose(const tl__search_view *view, size_t wanted, double *out, tl_error *error)
{
    const tl__space *space = view->space;
    int64_t seen = -1, number = 0;
    (void)error;
    for (size_t i = 0; i < wanted; number++) {
        double *point = out + i * space->count;
        search_grid_point(space, number, point);
        seen += search_grid_first(space, point);
        if (search_grid_first(space, point) && seen >= view->first) i++;
    }
    return TL_OK;
}

TL_PRIV const tl__member_head *tl__search_grid(void)
{
    static const tl__search_method method = {
        .head = {.name = "grid", .help = "All combinations of lists, the last parameter fastest."},
        .propose = search_grid_propose};
    return &method.head;
}
