/* An allocator that fails when told to, and the sweep that fails each allocation of a scenario in turn. */
#ifndef TESTS_SUPPORT_FAILING_H
#define TESTS_SUPPORT_FAILING_H

#include "base/memory.h"

typedef struct failing {
    size_t asked;        /* blocks asked for or resized so far */
    size_t fail_at;      /* the call that fails, from 1; 0: none */
    bool and_after;      /* all later ones fail too */
    size_t live;         /* blocks that are not freed */
    size_t failed;
} failing;

tl_allocator failing_allocator(failing *state);

/* Run the scenario with its 1st, 2nd, 3rd ... allocation failing, alone and with all later ones, until nothing fails. Each
 * run must give TL_OUT_OF_MEMORY and leave nothing behind; TL_OK is right when nothing failed, or when one failure alone
 * could be made up for (a buffer that then grows by less). Returns the number of allocations. */
size_t failing_sweep(tl_status (*scenario)(tl__heap *heap, void *user), void *user);

#endif
