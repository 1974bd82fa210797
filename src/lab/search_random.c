/* Each axis by itself from a stream of its own: another parameter more or less does not change what this one gets. */
#include "lab/search_method.h"
#include "lab/search_method_list.h"

static tl_status search_random_propose(const tl__search_view *view, size_t wanted, double *out, tl_error *error)
{
    const tl__space *space = view->space;
    (void)error;
    for (size_t i = 0; i < wanted; i++)
        for (size_t j = 0; j < space->count; j++) {
            tl__search_draws draws = tl__search_stream(view->seed, space->axes[j].key, view->first + (int64_t)i, 0);
            out[i * space->count + j] = tl__axis_value(&space->axes[j], tl__search_uniform(&draws));
        }
    return TL_OK;
}

TL_PRIV const tl__member_head *tl__search_random(void)
{
    static const tl__search_method method = {
        .head = {.name = "random", .help = "Each trial draws every parameter by itself (Bergstra and Bengio, 2012)."},
        .propose = search_random_propose};
    return &method.head;
}
