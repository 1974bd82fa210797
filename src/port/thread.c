/* Threads on the heap, the same for every system. */
#include "port/port.h"

TL_PRIV tl_status tl__thread_start(tl__heap *heap, void (*run)(void *user), void *user, tl__thread **out)
{
    void *memory = tl__alloc(heap, tl__thread_bytes());
    *out = NULL;
    if (memory == NULL) return TL_OUT_OF_MEMORY;
    tl_status status = tl__thread_start_at(memory, run, user);
    if (status != TL_OK) tl__free(heap, memory, tl__thread_bytes());
    else *out = memory;
    return status;
}

TL_PRIV void tl__thread_join(tl__heap *heap, tl__thread *thread)
{
    if (thread == NULL) return;
    tl__thread_wait(thread);
    tl__free(heap, thread, tl__thread_bytes());
}
