/* The NEON set of ARMv7 with VFPv4. NEON there flushes subnormals to 0, so it is used for what is worth it, the chains
 * of the matrix product, and watched: the flags for a flushed operand (IDC) or result (UFC) are cleared before a
 * region and read after it; when one is set, the region is computed again by the VFP unit, which keeps subnormals.
 * All other functions, and the epilogue, are plain C on the VFP unit. */
#include "kernels/conv.h"
#include "kernels/sets.h"

#if TL__HAS_NEON_V7
#include <arm_neon.h>

#define FN(type) static type
#define INLINE(type) static inline __attribute__((unused, always_inline)) type

#define SET(name) neon_v7_##name
#define GEMM_CHAINS_ONLY
#include "kernels/arm/vec_neon_v7.h"
#include "kernels/vector.inc.h"
#include "kernels/gemm.inc.h"
#include "kernels/set_end.h"
#undef GEMM_CHAINS_ONLY

enum { NEON_V7_FLUSHED = 1 << 7 | 1 << 3 };   /* IDC, UFC */

static uint32_t neon_v7_flags(void)
{
    uint32_t flags;
    __asm__ volatile("vmrs %0, fpscr" : "=r"(flags) : : "memory");
    return flags;
}

static void neon_v7_set_flags(uint32_t flags) { __asm__ volatile("vmsr fpscr, %0" : : "r"(flags) : "memory"); }

#define FN(type) static type
#define INLINE(type) static inline __attribute__((unused, always_inline)) type
#define SET(name) neon_vfp_##name
#define SET_NAME "neon"
#define SET_CLASS TL__CANONICAL
#define SET_GEMM(name) neon_v7_##name
#include "kernels/vec_scalar.h"
#include "kernels/set.inc.h"

/* The same regions, strips as wide as NEON's: the scratch of one serves the other. */
static void neon_v7_gemm_run(const tl__gemm *call, const tl__gemm_plan *plan, size_t task, void *scratch)
{
    const uint32_t before = neon_v7_flags();
    neon_v7_set_flags(before & ~(uint32_t)NEON_V7_FLUSHED);
    tl__region at = neon_v7_gemm_chains(call, plan, task, scratch);
    const bool flushed = (neon_v7_flags() & NEON_V7_FLUSHED) != 0;
    neon_v7_set_flags(before);
    if (flushed) at = neon_vfp_gemm_chains(call, plan, task, scratch);
    neon_vfp_gemm_finish(call, plan, &at);
}

TL_PRIV const tl__kernels *tl__kernels_neon(void) { return neon_vfp_set; }
#endif
