/* What a build holds: each set's table behind a function, NULL when the processor cannot run it. */
#ifndef TL_KERNELS_SETS_H
#define TL_KERNELS_SETS_H

#include "kernels/kernels.h"

#if defined(__GNUC__) && (defined(__x86_64__) || defined(__i386__)) && defined(__SSE2__) && !defined(TL_SIMD_NONE)
#  define TL__X86 1
#else
#  define TL__X86 0
#endif

TL_PRIV const tl__kernels *tl__kernels_scalar(void);

#endif
