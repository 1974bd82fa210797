/* All combinations, the last axis fastest. */
#include "base/math.h"
#include "lab/search_method.h"
#include "lab/search_method_list.h"

static tl_status search_grid_propose(const tl__search_view *view, size_t wanted, double *out, tl_error *error)
{
    const tl__space *space = view->space;
    (void)error;
    for (size_t i = 0; i < wanted; i++) {
        int64_t left = view->first + (int64_t)i;
        for (size_t j = space->count; j-- > 0;) {
            int64_t count = (int64_t)tl__axis_count(&space->axes[j]);
            out[i * space->count + j] = space->axes[j].min + (double)(count > 0 ? left % count : 0);
            if (count > 0) left /= count;
        }
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
