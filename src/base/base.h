/* What every file of the library starts from: the public types, linkage of internals,
 * the arithmetic environment that the numeric contract needs, and checked sizes.
 *
 * Linkage: functions that cross files are declared TL_PRIV and named tl__*. In the archive they are hidden,
 * in the single unit (trainlib.c) they are static. Only functions cross files, never data: "static extern"
 * cannot be written. */
#ifndef TL_BASE_BASE_H
#define TL_BASE_BASE_H

#include "trainlib.h"

#include <float.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef TL_FREESTANDING
/* Without a C library only memcpy, memset, memmove and memcmp are there. */
static inline size_t tl__strlen(const char *text)
{
    const char *end = text;
    while (*end != 0) end++;
    return (size_t)(end - text);
}

static inline int tl__strcmp(const char *a, const char *b)
{
    while (*a != 0 && *a == *b) a++, b++;
    return (unsigned char)*a - (unsigned char)*b;
}
#  define strlen tl__strlen
#  define strcmp tl__strcmp
#endif

#if defined(TL_SINGLE_UNIT) && defined(TL_FREESTANDING) && defined(__GNUC__)
/* Headers of layers that are left out declare statics without a body. */
#  pragma GCC diagnostic ignored "-Wunused-function"
#endif

#ifdef TL_SINGLE_UNIT
#  if defined(__GNUC__)
#    define TL_PRIV static __attribute__((unused))
#  else
#    define TL_PRIV static
#  endif
#elif defined(__GNUC__) && !defined(_WIN32)
#  define TL_PRIV __attribute__((visibility("hidden")))
#else
#  define TL_PRIV
#endif

/* The bits of a result may not depend on how a vendor compiles us: a product and a sum are fused only where
 * the source says so (tl__fma), and float expressions are evaluated as float. */
#if defined(__clang__)
#  pragma clang fp contract(off)
#elif defined(__GNUC__)
#  pragma GCC optimize("fp-contract=off")
#  if defined(__aarch64__)
/* GCC 12 takes functions that store through an address it has rewritten as a difference for such that store nothing,
 * and leaves out calls of them; so it is not to look for functions without effects. */
#    pragma GCC optimize("no-ipa-pure-const", "no-ipa-modref")
#  endif
#endif
#if defined(__FAST_MATH__)
#  error "trainlib: -ffast-math breaks the numeric contract; compile without it"
#endif
#if defined(FLT_EVAL_METHOD) && FLT_EVAL_METHOD != 0 && !defined(TL_ALLOW_EXCESS_PRECISION)
#  error "trainlib: float arithmetic must be evaluated as float (on 32-bit x86: -msse2 -mfpmath=sse)"
#endif

#if defined(__GNUC__)
#  if defined(__MINGW32__) && !defined(__clang__)
#    define TL_PRINTF(text_argument, first) __attribute__((format(gnu_printf, text_argument, first)))
#  else
#    define TL_PRINTF(text_argument, first) __attribute__((format(printf, text_argument, first)))
#  endif
#  define TL_LIKELY(x) __builtin_expect(!!(x), 1)
#  define TL_UNUSED __attribute__((unused))
#else
#  define TL_PRINTF(text_argument, first)
#  define TL_LIKELY(x) (x)
#  define TL_UNUSED
#endif

/* For the library's own invariants only, never for what a user, a file or a machine can get wrong. */
#ifdef TL_CHECKED
#  define TL_ASSERT(x) ((x) ? (void)0 : __builtin_trap())
#else
#  define TL_ASSERT(x) ((void)0)
#endif

#define TL_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Return the status of a call that failed. */
#define TL_TRY(call) \
    do { \
        tl_status try_status_ = (call); \
        if (try_status_ != TL_OK) return try_status_; \
    } while (0)

/* Sizes are checked before they are used: false, and *out untouched, on overflow. */
static inline bool tl__size_mul(size_t a, size_t b, size_t *out)
{
    if (a != 0 && b > SIZE_MAX / a) return false;
    *out = a * b;
    return true;
}

static inline bool tl__u64_mul(uint64_t a, uint64_t b, uint64_t *out)
{
    if (a != 0 && b > UINT64_MAX / a) return false;
    *out = a * b;
    return true;
}

static inline bool tl__size_add(size_t a, size_t b, size_t *out)
{
    if (b > SIZE_MAX - a) return false;
    *out = a + b;
    return true;
}

static inline size_t tl__size_min(size_t a, size_t b) { return a < b ? a : b; }
static inline size_t tl__size_max(size_t a, size_t b) { return a > b ? a : b; }

/* Round up to a multiple of a power of two; the caller knows that it cannot overflow. */
static inline size_t tl__size_round(size_t n, size_t power_of_two)
{
    return (n + power_of_two - 1) & ~(power_of_two - 1);
}

#endif
