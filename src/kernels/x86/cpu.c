/* What this x86 processor and its operating system can run: CPUID features, and by XGETBV whether the system saves
 * the wide registers. Features, never model numbers. */
#include "kernels/sets.h"

#if TL__X86
#include <cpuid.h>

static unsigned cpu_saved_registers(void)
{
    unsigned low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

TL_PRIV tl__x86_set tl__x86_level(void)
{
    unsigned a, b, c, d, saved = 0;
    if (!__get_cpuid(1, &a, &b, &c, &d)) return TL__X86_SSE2;
    const bool fma = c >> 12 & 1, avx = c >> 28 & 1;
    if (c >> 27 & 1) saved = cpu_saved_registers();
    if (!fma || !avx || (saved & 0x6) != 0x6) return TL__X86_SSE2;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || !(b >> 5 & 1)) return TL__X86_FMA;
    const unsigned wide = 1u << 16 | 1u << 17 | 1u << 30 | 1u << 31;   /* F, DQ, BW, VL */
    return (b & wide) == wide && (saved & 0xe6) == 0xe6 ? TL__X86_AVX512 : TL__X86_AVX2;
}
#endif
