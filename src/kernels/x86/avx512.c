/* The AVX-512 set. */
#include "kernels/conv.h"
#include "kernels/sets.h"

#if TL__HAS_AVX512
#include <immintrin.h>

#define AVX512_TARGET target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")
#define SET(name) avx512_##name
#define FN(type) static __attribute__((AVX512_TARGET)) type
#define INLINE(type) static inline __attribute__((unused, always_inline, AVX512_TARGET)) type
#define SET_NAME "avx512"
#define SET_CLASS TL__CANONICAL
#if TL__HAS_AVX2
#  define SET_NARROW tl__kernels_narrow()
#endif
#include "kernels/x86/vec_avx512.h"
#include "kernels/set.inc.h"

TL_PRIV const tl__kernels *tl__kernels_avx512(void)
{
    return tl__x86_level() >= TL__X86_AVX512 ? avx512_set : NULL;
}
#endif
