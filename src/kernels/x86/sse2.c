/* The SSE2 set. */
#include "kernels/conv.h"
#include "kernels/sets.h"

#if TL__HAS_SSE2
#include <immintrin.h>

#define SET(name) sse2_##name
#define FN(type) static __attribute__((target("sse2"))) type
#define INLINE(type) static inline __attribute__((unused, always_inline, target("sse2"))) type
#define SET_NAME "sse2"
#define SET_CLASS TL__UNFUSED
#include "kernels/x86/vec_sse2.h"
#include "kernels/set.inc.h"

TL_PRIV const tl__kernels *tl__kernels_sse2(void)
{
    return tl__x86_level() >= TL__X86_SSE2 ? sse2_set : NULL;
}
#endif
