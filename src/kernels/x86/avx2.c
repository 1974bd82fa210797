/* The AVX2 set. */
#include "kernels/conv.h"
#include "kernels/sets.h"

#if TL__HAS_AVX2
#include <immintrin.h>

#define SET(name) avx2_##name
#define FN(type) static __attribute__((target("avx2,fma"))) type
#define INLINE(type) static inline __attribute__((unused, always_inline, target("avx2,fma"))) type
#define SET_NAME "avx2"
#define SET_CLASS TL__CANONICAL
#include "kernels/x86/vec_avx2.h"
#include "kernels/set.inc.h"

TL_PRIV const tl__kernels *tl__kernels_narrow(void) { return &avx2_set[0]; }

TL_PRIV const tl__kernels *tl__kernels_avx2(void)
{
    return tl__x86_level() >= TL__X86_AVX2 ? avx2_set : NULL;
}
#endif
