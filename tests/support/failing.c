#include "support/failing.h"

#include <setjmp.h>
#include <stdlib.h>

#include <cmocka.h>

static void *failing_resize(void *user, void *block, size_t old_size, size_t new_size)
{
    failing *state = user;
    (void)old_size;
    if (new_size == 0) {
        if (block != NULL) state->live--;
        free(block);
        return NULL;
    }
    state->asked++;
    if (state->fail_at != 0 && (state->asked == state->fail_at || (state->and_after && state->asked > state->fail_at))) {
        state->failed++;
        return NULL;
    }
    void *made = realloc(block, new_size);
    if (made != NULL && block == NULL) state->live++;
    return made;
}

tl_allocator failing_allocator(failing *state)
{
    return (tl_allocator){failing_resize, state};
}

static bool failing_run(tl_status (*scenario)(tl__heap *heap, void *user), void *user, failing *state)
{
    tl__heap heap;
    tl_allocator allocator = failing_allocator(state);
    tl__heap_init(&heap, &allocator, 0);
    tl_status status = scenario(&heap, user);
    bool may_work = state->failed == 0 || !state->and_after;
    if (!(status == TL_OUT_OF_MEMORY && state->failed > 0) && !(status == TL_OK && may_work))
        fail_msg("allocation %zu failed (%zu did): status %d", state->fail_at, state->failed, (int)status);
    assert_int_equal(heap.in_use, 0);
    assert_int_equal(state->live, 0);
    return state->failed > 0;
}

size_t failing_sweep(tl_status (*scenario)(tl__heap *heap, void *user), void *user)
{
    for (size_t n = 1;; n++) {
        failing once = {.fail_at = n}, from_then = {.fail_at = n, .and_after = true};
        bool failed = failing_run(scenario, user, &once);
        failing_run(scenario, user, &from_then);
        if (!failed) return once.asked;
    }
}
