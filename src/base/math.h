/* Own elementary functions: the same bits on every machine, compiler and optimisation level.
 *
 * Floats: each function is one sequence of add, multiply, divide, compare-and-select and tl__fma, written once in
 * base/math.inc.h and instantiated here lane by lane and in every vector set of kernels/, so that a layer that calls
 * tl__expf and a kernel that uses 16 lanes give equal bits. NaN goes in, NaN comes out (its sign and payload are not
 * part of the contract). Subnormal arguments and results are exact citizens.
 * Doubles: plain operations in a fixed order, for schedules, metrics and settings; never in a hot loop.
 * The measured maximal errors stand at the head of base/math.c. */
#ifndef TL_BASE_MATH_H
#define TL_BASE_MATH_H

#include "base/base.h"

static inline uint32_t tl__float_bits(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline float tl__bits_float(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static inline uint64_t tl__double_bits(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline double tl__bits_double(uint64_t bits)
{
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* No number, the quiet one of all machines. */
static inline float tl__nan(void) { return tl__bits_float(0x7fc00000u); }
static inline double tl__nan_d(void) { return tl__bits_double(0x7ff8000000000000u); }

static inline bool tl__is_finite(float x) { return (tl__float_bits(x) & 0x7f800000u) != 0x7f800000u; }
static inline bool tl__is_finite_d(double x) { return (tl__double_bits(x) >> 52 & 0x7ff) != 0x7ff; }
static inline float tl__absf(float x) { return tl__bits_float(tl__float_bits(x) & 0x7fffffffu); }
static inline double tl__abs(double x) { return tl__bits_double(tl__double_bits(x) & 0x7fffffffffffffffu); }

/* a*b + c with one rounding, without an FMA unit. */
TL_PRIV float tl__soft_fma(float a, float b, float c);

/* a*b + c with one rounding: by hardware where this unit is compiled for it, else by tl__soft_fma. */
static inline float tl__fma(float a, float b, float c)
{
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
    return __builtin_fmaf(a, b, c);
#else
    return tl__soft_fma(a, b, c);
#endif
}

TL_PRIV float tl__sqrt(float x);       /* correctly rounded (IEEE 754) */
TL_PRIV double tl__sqrt_d(double x);   /* correctly rounded (IEEE 754) */

TL_PRIV float tl__expf(float x);
TL_PRIV float tl__expm1f(float x);
TL_PRIV float tl__logf(float x);       /* of 0: -infinity; of negative numbers: NaN */
TL_PRIV float tl__log1pf(float x);
TL_PRIV float tl__tanhf(float x);
TL_PRIV float tl__sigmoidf(float x);   /* 1 / (1 + exp(-x)) */
TL_PRIV float tl__sinf(float x);       /* of infinity: NaN */
TL_PRIV float tl__cosf(float x);

TL_PRIV double tl__exp(double x);
TL_PRIV double tl__log(double x);
TL_PRIV double tl__pow(double x, double y);   /* special cases as in C11 annex F */
TL_PRIV double tl__sin(double x);
TL_PRIV double tl__cos(double x);
TL_PRIV double tl__floor(double x);
/* x * 2^exponent with one rounding. */
TL_PRIV double tl__scale(double x, int exponent);

#endif
