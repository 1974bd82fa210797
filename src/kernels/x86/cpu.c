/* What this x86 processor and its operating system can run: CPUID features, and by XGETBV whether the system saves
 * the wide registers. Features, never model numbers. And how large its second-level cache is. */
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

/* Bytes of the second-level cache; 0: this leaf does not tell. */
static size_t cpu_second_level(unsigned leaf)
{
    unsigned a, b, c, d;
    for (unsigned i = 0; i < 16 && __get_cpuid_count(leaf, i, &a, &b, &c, &d) && (a & 0x1f) != 0; i++)
        if ((a >> 5 & 7) == 2 && (a & 0x1f) != 2)   /* not one of instructions */
            return (size_t)((b & 0xfff) + 1) * ((b >> 12 & 0x3ff) + 1) * ((b >> 22) + 1) * ((size_t)c + 1);
    return 0;
}

TL_PRIV tl__caches tl__caches_here(void)
{
    unsigned a, b, c, d = 0;
    size_t bytes = cpu_second_level(4);
    if (bytes == 0 && __get_cpuid(0x80000001u, &a, &b, &c, &d) && (c >> 22 & 1)) bytes = cpu_second_level(0x8000001du);
    if (bytes == 0) return TL__CACHES_MIDDLE;
    return bytes < 512 * 1024 ? TL__CACHES_SMALL : bytes < 1024 * 1024 ? TL__CACHES_MIDDLE : TL__CACHES_LARGE;
}
#endif
