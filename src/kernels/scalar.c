/* The complete set in plain C, which every machine has: with the fma of tl__fma. */
#include "kernels/leaves.h"
#include "kernels/sets.h"

#define SET(name) scalar_##name
#define FN(type) static type
#define INLINE(type) static inline type
#define SET_NAME "scalar"
#define SET_CLASS TL__CANONICAL
#include "kernels/vec_scalar.h"
#include "kernels/set.inc.h"

TL_PRIV const tl__kernels *tl__kernels_scalar(void) { return &scalar_set; }
