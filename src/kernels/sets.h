/* What a build holds: each set's first table behind a function that gives NULL when the processor cannot run it.
 * TL_SIMD_NONE leaves plain C only; TL_NO_AVX512, TL_NO_AVX2, TL_NO_SSE2, TL_NO_NEON leave one set out. */
#ifndef TL_KERNELS_SETS_H
#define TL_KERNELS_SETS_H

#include "kernels/kernels.h"

#if defined(__GNUC__) && (defined(__x86_64__) || defined(__i386__)) && defined(__SSE2__) && !defined(TL_SIMD_NONE)
#  define TL__X86 1
#else
#  define TL__X86 0
#endif
/* gcc for Windows does not align the stack for wide registers (gcc bug 54412). */
#if TL__X86 && !(defined(_WIN32) && !defined(__clang__))
#  define TL__X86_WIDE 1
#else
#  define TL__X86_WIDE 0
#endif
#if TL__X86_WIDE && !defined(TL_NO_AVX512)
#  define TL__HAS_AVX512 1
#else
#  define TL__HAS_AVX512 0
#endif
#if TL__X86_WIDE && !defined(TL_NO_AVX2)
#  define TL__HAS_AVX2 1
#else
#  define TL__HAS_AVX2 0
#endif
#if TL__X86 && !defined(TL_NO_SSE2)
#  define TL__HAS_SSE2 1
#else
#  define TL__HAS_SSE2 0
#endif
#if defined(__ARM_NEON) && !defined(TL_SIMD_NONE) && !defined(TL_NO_NEON)
#  define TL__ARM 1
#else
#  define TL__ARM 0
#endif
#if TL__ARM && defined(__aarch64__)
#  define TL__HAS_NEON 1
#else
#  define TL__HAS_NEON 0
#endif
#if TL__ARM && !defined(__aarch64__) && defined(__ARM_FEATURE_FMA)
#  define TL__HAS_NEON_V7 1
#else
#  define TL__HAS_NEON_V7 0
#endif

#if TL__X86
typedef enum tl__x86_set { TL__X86_SSE2, TL__X86_FMA, TL__X86_AVX2, TL__X86_AVX512 } tl__x86_set;
TL_PRIV tl__x86_set tl__x86_level(void);   /* the highest that can run */
TL_PRIV const tl__kernels *tl__kernels_soft(void);
#endif
#if TL__HAS_AVX512
TL_PRIV const tl__kernels *tl__kernels_avx512(void);
#endif
#if TL__HAS_AVX2
TL_PRIV const tl__kernels *tl__kernels_avx2(void);
TL_PRIV const tl__kernels *tl__kernels_narrow(void);   /* the same, for AVX-512: the processor is known to run it */
#endif
#if TL__HAS_SSE2
TL_PRIV const tl__kernels *tl__kernels_sse2(void);
#endif
#if TL__HAS_NEON || TL__HAS_NEON_V7
TL_PRIV const tl__kernels *tl__kernels_neon(void);
#endif
TL_PRIV const tl__kernels *tl__kernels_scalar(void);
TL_PRIV tl__caches tl__caches_here(void);   /* of this machine; asks it each time */

#endif
