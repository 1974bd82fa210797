/* What the printing and the reading of floating-point numbers share: their parts, powers of ten to 128 bits, and the
 * exact comparison that settles what 128 bits leave open. */
#ifndef TL_BASE_NUMBER_H
#define TL_BASE_NUMBER_H

#include "base/math.h"

/* A binary format: significand bits (the hidden one included) and the exponent of the smallest subnormal. */
typedef struct tl__number_type { int bits, least; } tl__number_type;
static inline tl__number_type tl__number_double(void) { return (tl__number_type){53, -1074}; }
static inline tl__number_type tl__number_float(void) { return (tl__number_type){24, -149}; }

static inline bool tl__number_negative(double value) { return tl__double_bits(value) >> 63 != 0; }

/* A finite value as its pattern without sign (the type's own encoding) into significand * 2^exponent. */
static inline uint64_t tl__number_split(uint64_t pattern, tl__number_type type, int *exponent)
{
    uint64_t hidden = (uint64_t)1 << (type.bits - 1), field = pattern >> (type.bits - 1);
    *exponent = type.least + (field > 0 ? (int)field - 1 : 0);
    return (pattern & (hidden - 1)) | (field > 0 ? hidden : 0);
}

/* 10^q, q in -351..350: (high:low) * 2^(exponent - 127) with the top bit of high set; low is too small by less than 4,
 * and exact for q in 0..26. */
typedef struct tl__wide { uint64_t high, low; int exponent; } tl__wide;
TL_PRIV tl__wide tl__wide_power(int q);
/* The upper half of a * b; the lower goes to *low. */
TL_PRIV uint64_t tl__wide_multiply(uint64_t a, uint64_t b, uint64_t *low);

/* Sign of digits * 10^exponent - significand * 2^binary. `digits` are at most 800 characters 0..9;
 * `more` says that digits other than 0 were left out behind them. */
TL_PRIV int tl__number_compare(const char *digits, size_t count, bool more, int exponent, uint64_t significand,
                               int binary);

/* The nearest number of the type (ties to even) as a pattern without sign; the digits as above. The infinite pattern
 * on overflow. */
TL_PRIV uint64_t tl__number_nearest(const char *digits, size_t count, int exponent, tl__number_type type);

/* Body of a number without sign, for printf's f, e and g; precision -1: 6 for f and e, the shortest text that reads
 * back for g. Precisions beyond 1100 are 1100. Returns the length; no final NUL. */
enum { TL__NUMBER_BODY = 1536 };
TL_PRIV size_t tl__number_format(char body[TL__NUMBER_BODY], double value, char kind, int precision);

#endif
