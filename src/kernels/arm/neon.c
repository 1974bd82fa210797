/* The NEON set of AArch64. */
#include "kernels/conv.h"
#include "kernels/sets.h"

#if TL__HAS_NEON
#include <arm_neon.h>

#define SET(name) neon_##name
#define FN(type) static type
#define INLINE(type) static inline __attribute__((unused, always_inline)) type
#define SET_NAME "neon"
#define SET_CLASS TL__CANONICAL
#include "kernels/arm/vec_neon.h"
#include "kernels/set.inc.h"

TL_PRIV const tl__kernels *tl__kernels_neon(void) { return neon_set; }
#endif
