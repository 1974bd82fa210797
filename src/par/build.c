/* What was compiled in, as words. */
#include "kernels/sets.h"

#if defined(TL_NO_THREADS) || defined(TL_FREESTANDING)
#  define BUILD_THREADS ""
#else
#  define BUILD_THREADS "threads "
#endif
#if defined(TL_NO_FILES) || defined(TL_FREESTANDING)
#  define BUILD_FILES ""
#else
#  define BUILD_FILES "files "
#endif
#if TL__HAS_AVX512
#  define BUILD_AVX512 "avx512,"
#else
#  define BUILD_AVX512 ""
#endif
#if TL__HAS_AVX2
#  define BUILD_AVX2 "avx2,"
#else
#  define BUILD_AVX2 ""
#endif
#if TL__HAS_SSE2
#  define BUILD_SSE2 "sse2,"
#else
#  define BUILD_SSE2 ""
#endif
#if TL__HAS_NEON
#  define BUILD_NEON "neon,"
#else
#  define BUILD_NEON ""
#endif

TL_API const char *tl_build_info(void)
{
    return BUILD_THREADS BUILD_FILES "simd:" BUILD_AVX512 BUILD_AVX2 BUILD_NEON BUILD_SSE2 "scalar";
}

#undef BUILD_THREADS
#undef BUILD_FILES
#undef BUILD_AVX512
#undef BUILD_AVX2
#undef BUILD_SSE2
#undef BUILD_NEON
