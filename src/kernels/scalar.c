/* The complete set in plain C, which every machine has. On x86 it is there twice: with the processor's fma, which
 * builds for any x86-64 may not use unasked, and with the fma in software, which needs nothing. */
#include "kernels/conv.h"
#include "kernels/sets.h"

#if defined(__GNUC__)
#  define SCALAR_INLINE static inline __attribute__((unused, always_inline))
#else
#  define SCALAR_INLINE static inline
#endif

#if TL__X86
#define SET(name) scalar_##name
#define FN(type) static __attribute__((target("fma"))) type
#define INLINE(type) SCALAR_INLINE __attribute__((target("fma"))) type
#define SET_NAME "scalar"
#define SET_CLASS TL__CANONICAL
#define V_FMA(a, b, c) __builtin_fmaf(a, b, c)
#include "kernels/vec_scalar.h"
#include "kernels/set.inc.h"

#define SET(name) scalar_soft_##name
#define FN(type) static type
#define INLINE(type) SCALAR_INLINE type
#define SET_NAME "soft"
#define SET_CLASS TL__CANONICAL
#define V_FMA(a, b, c) tl__soft_fma(a, b, c)
#include "kernels/vec_scalar.h"
#include "kernels/set.inc.h"

TL_PRIV const tl__kernels *tl__kernels_scalar(void)
{
    return tl__x86_level() >= TL__X86_FMA ? scalar_set : NULL;
}

TL_PRIV const tl__kernels *tl__kernels_soft(void) { return scalar_soft_set; }
#else
#define SET(name) scalar_##name
#define FN(type) static type
#define INLINE(type) SCALAR_INLINE type
#define SET_NAME "scalar"
#define SET_CLASS TL__CANONICAL
#include "kernels/vec_scalar.h"
#include "kernels/set.inc.h"

TL_PRIV const tl__kernels *tl__kernels_scalar(void) { return scalar_set; }
#endif
