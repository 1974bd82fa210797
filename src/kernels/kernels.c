/* The choice of a set, and the names of activations. */
#include "kernels/kernels.h"

#include "kernels/sets.h"

typedef const tl__kernels *kernels_get(void);

static const struct kernels_entry {
    const char *name;
    kernels_get *get;   /* NULL: not in this build */
} kernels_order[] = {   /* best first */
#if TL__HAS_AVX512
    {"avx512", tl__kernels_avx512},
#else
    {"avx512", NULL},
#endif
#if TL__HAS_AVX2
    {"avx2", tl__kernels_avx2},
#else
    {"avx2", NULL},
#endif
#if TL__HAS_NEON || TL__HAS_NEON_V7
    {"neon", tl__kernels_neon},
#else
    {"neon", NULL},
#endif
#if TL__HAS_SSE2
    {"sse2", tl__kernels_sse2},
#else
    {"sse2", NULL},
#endif
    {"scalar", tl__kernels_scalar},
#if TL__X86
    {"soft", tl__kernels_soft},
#else
    {"soft", NULL},
#endif
};

/* A set's tables lie one behind the other. */
TL_PRIV const tl__kernels *tl__kernels_for(const tl__kernels *set, tl__caches caches)
{
    return set - set->caches + caches;
}

#if !TL__X86
TL_PRIV tl__caches tl__caches_here(void) { return TL__CACHES_MIDDLE; }
#endif

TL_PRIV const tl__kernels *tl__kernels_choose(const char *limit)
{
    size_t i = 0;
    if (limit != NULL)
        while (strcmp(kernels_order[i].name, limit) != 0)
            if (++i == TL_COUNT(kernels_order)) return NULL;
    for (; i < TL_COUNT(kernels_order); i++) {
        const tl__kernels *set = kernels_order[i].get != NULL ? kernels_order[i].get() : NULL;
        if (set != NULL) return tl__kernels_for(set, tl__caches_here());
    }
    return tl__kernels_for(tl__kernels_scalar(), tl__caches_here());   /* "soft" where plain C needs no second form */
}

TL_PRIV const tl__kernels *tl__kernels_list(size_t index)
{
    for (size_t i = 0; i < TL_COUNT(kernels_order); i++) {
        const tl__kernels *set = kernels_order[i].get != NULL ? kernels_order[i].get() : NULL;
        if (set != NULL && index-- == 0) return tl__kernels_for(set, tl__caches_here());
    }
    return NULL;
}

TL_PRIV const char *tl__numeric_class_name(tl__numeric_class numeric_class)
{
    return numeric_class == TL__CANONICAL ? "canonical" : "unfused";
}

static const char *const kernels_activation_names[] = {
#define KERNELS_NAME(kind, name) [kind] = name,
    TL__ACTIVATIONS(KERNELS_NAME)
#undef KERNELS_NAME
};

TL_PRIV const char *tl__activation_name(tl__activation kind) { return kernels_activation_names[kind]; }

TL_PRIV tl__activation tl__activation_find(const char *name)
{
    int kind = 0;
    while (kind < TL__ACTIVATION_COUNT && strcmp(kernels_activation_names[kind], name) != 0) kind++;
    return (tl__activation)kind;
}

TL_PRIV bool tl__activation_needs_pre(tl__activation kind)
{
    return kind == TL__GELU || kind == TL__GELU_TANH || kind == TL__SILU || kind == TL__SOFTPLUS ||
           kind == TL__MISH || kind == TL__HARDSWISH;
}

TL_PRIV float tl__activation_default(tl__activation kind)
{
    if (kind == TL__LEAKY_RELU) return 0.01f;
    return kind == TL__ELU || kind == TL__SOFTPLUS || kind == TL__HARDTANH ? 1.0f : 0.0f;
}
