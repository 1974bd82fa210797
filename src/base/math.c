/* Elementary functions: one-lane instances of base/math.inc.h, fma in software, and the doubles.
 *
 * Measured maximal errors in units of the last place, over all 2^32 arguments against libm in double
 * (tests/kernels/exhaust.c): exp 0.90, expm1 1.47, log 0.81, log1p 0.81, tanh 1.37, sigmoid 0.97, sin and cos 0.51.
 * Doubles, against long double on millions of random arguments (tests/base/test_math.c): exp 0.82, log 0.82, sin
 * 0.82, cos 0.77, pow 0.82.
 *
 * Doubles use Dekker's and Knuth's exact sums and products where one double is not enough; nothing is contracted. */
#include "base/math.h"

/* Round to odd: the product of two floats is exact in double, its sum with c is made exact (s + e), and where e is
 * not 0 the last bit of s is forced to 1, so that narrowing rounds as if it saw the exact sum. The fast way out is
 * right unless s is a midpoint between two floats or the result may be subnormal. */
TL_PRIV float tl__soft_fma(float a, float b, float c)
{
    double p = (double)a * (double)b;
    double s = p + (double)c;
    uint64_t bits = tl__double_bits(s);
    float fast = (float)s;
    if ((bits & 0x1fffffff) != 0x10000000 && (tl__float_bits(fast) & 0x7fffffff) > 0x00800000) return fast;
    double part = s - p;
    double e = (p - (s - part)) + ((double)c - part);
    if (e != 0.0 && (bits & 1) == 0) {
        bits = (e > 0.0) == (s > 0.0) ? bits + 1 : bits - 1;
        s = tl__bits_double(bits);
    }
    return (float)s;
}

/* Digit by digit: root and remainder of the mantissa in integers, then round to nearest by one more digit. */
#if !(defined(__SSE2__) || defined(__aarch64__) || (defined(__ARM_FP) && (__ARM_FP & 8)))
static double math_soft_sqrt(double x)
{
    uint64_t bits = tl__double_bits(x);
    if (x != x || x == 0.0) return x;
    if (bits >> 63) return tl__nan_d();
    if (bits == 0x7ff0000000000000u) return x;
    int exponent = (int)(bits >> 52);
    uint64_t m = bits & 0xfffffffffffffu;
    if (exponent != 0) m |= 0x10000000000000u;
    else for (exponent = 1; !(m >> 52); exponent--) m <<= 1;
    exponent -= 1023;
    if (exponent & 1) {
        m <<= 1;
        exponent--;
    }
    uint64_t root = 0, rest = 0;
    m <<= 10;   /* 64 bits: pairs from the top */
    for (int digit = 0; digit < 54; digit++) {
        rest = rest << 2 | m >> 62;
        m <<= 2;
        uint64_t trial = root << 2 | 1;
        root <<= 1;
        if (rest >= trial) {
            rest -= trial;
            root |= 1;
        }
    }
    root = (root >> 1) + (root & 1);   /* a tie cannot happen: 54 digits are never exact with the last one 1 */
    return tl__bits_double(((uint64_t)(exponent / 2 + 1022) << 52) + root);
}
#endif

TL_PRIV double tl__sqrt_d(double x)
{
#if defined(__SSE2__)
    double root;
    __asm__("sqrtsd %1, %0" : "=x"(root) : "x"(x));
    return root;
#elif defined(__aarch64__)
    double root;
    __asm__("fsqrt %d0, %d1" : "=w"(root) : "w"(x));
    return root;
#elif defined(__ARM_FP) && (__ARM_FP & 8)
    double root;
    __asm__("vsqrt.f64 %P0, %P1" : "=w"(root) : "w"(x));
    return root;
#else
    return math_soft_sqrt(x);
#endif
}

TL_PRIV float tl__sqrt(float x)
{
#if defined(__SSE2__)
    float root;
    __asm__("sqrtss %1, %0" : "=x"(root) : "x"(x));
    return root;
#elif defined(__aarch64__)
    float root;
    __asm__("fsqrt %s0, %s1" : "=w"(root) : "w"(x));
    return root;
#elif defined(__ARM_FP) && (__ARM_FP & 4)
    float root;
    __asm__("vsqrt.f32 %0, %1" : "=t"(root) : "t"(x));
    return root;
#else
    return (float)tl__sqrt_d((double)x);   /* rounding twice is harmless: 53 >= 2*24 + 2 */
#endif
}

#define SET(name) math_##name
#define INLINE(type) static inline TL_UNUSED type
#include "base/vec_scalar.h"
#include "base/math.inc.h"
#include "base/vec_end.h"

TL_PRIV float tl__expf(float x) { return math_v_exp(x); }
TL_PRIV float tl__expm1f(float x) { return math_v_expm1(x); }
TL_PRIV float tl__logf(float x) { return math_v_log(x); }
TL_PRIV float tl__log1pf(float x) { return math_v_log1p(x); }
TL_PRIV float tl__tanhf(float x) { return math_v_tanh(x); }
TL_PRIV float tl__sigmoidf(float x) { return math_v_sigmoid(x); }
TL_PRIV float tl__sinf(float x) { return (float)tl__sin((double)x); }
TL_PRIV float tl__cosf(float x) { return (float)tl__cos((double)x); }

/* An unevaluated sum of two doubles. */
struct math_pair { double high, low; };

static struct math_pair math_two_sum(double a, double b)
{
    double s = a + b, part = s - a;
    return (struct math_pair){s, (a - (s - part)) + (b - part)};
}

static struct math_pair math_two_product(double a, double b)
{
    double p = a * b, t = 134217729.0 * a, u = 134217729.0 * b;   /* 2^27 + 1 */
    double a1 = t - (t - a), a0 = a - a1, b1 = u - (u - b), b0 = b - b1;
    return (struct math_pair){p, ((a1 * b1 - p) + a1 * b0 + a0 * b1) + a0 * b0};
}

static struct math_pair math_pair_product(struct math_pair a, struct math_pair b)
{
    struct math_pair p = math_two_product(a.high, b.high);
    p.low += a.high * b.low + a.low * b.high;
    return math_two_sum(p.high, p.low);
}

/* c[0] + c[1] x + ... by Horner. */
static double math_polynomial(const double *c, int count, double x)
{
    double y = c[count - 1];
    for (int i = count - 2; i >= 0; i--) y = y * x + c[i];
    return y;
}

TL_PRIV double tl__floor(double x)
{
    if (!(tl__abs(x) < 0x1p52)) return x;
    double whole = (double)(int64_t)x;
    if (whole > x) whole -= 1.0;
    return whole == 0.0 && tl__double_bits(x) >> 63 ? -0.0 : whole;
}

static double math_power_of_two(int exponent) { return tl__bits_double((uint64_t)(exponent + 1023) << 52); }

/* Steps down are of 2^-969 so that what the last step multiplies is normal whenever the result is not 0. */
TL_PRIV double tl__scale(double x, int exponent)
{
    for (int i = 0; i < 2 && exponent > 1023; i++, exponent -= 1023) x *= 0x1p1023;
    for (int i = 0; i < 2 && exponent < -1022; i++, exponent += 969) x *= 0x1p-969;
    if (exponent > 1023) exponent = 1023;
    if (exponent < -1022) exponent = -1022;
    return x * math_power_of_two(exponent);
}

/* exp(x + low), |low| far below x's last place: x = k*ln2 + r, then the series of exp to r^13. */
static double math_exp_sum(double x, double low)
{
    static const double c[] = {1.0 / 2, 1.0 / 6, 1.0 / 24, 1.0 / 120, 1.0 / 720, 1.0 / 5040, 1.0 / 40320,
                               1.0 / 362880, 1.0 / 3628800, 1.0 / 39916800, 1.0 / 479001600, 1.0 / 6227020800};
    if (x != x) return x;
    if (x > 710.0) return tl__bits_double(0x7ff0000000000000u);
    if (x < -746.0) return 0.0;
    double k = tl__floor(x * 0x1.71547652b82fep+0 + 0.5);
    double high = x - k * 0x1.62e42fefp-1, rest = k * 0x1.473de6af278edp-34;
    double r = high - rest;
    double lost = ((high - r) - rest) + low;
    double q = r * r * math_polynomial(c, (int)TL_COUNT(c), r);
    return tl__scale(1.0 + (r + (q + lost * (1.0 + (r + q)))), (int)k);
}

TL_PRIV double tl__exp(double x) { return math_exp_sum(x, 0.0); }

/* x = 2^e * m, m in [sqrt(1/2), sqrt(2)); x positive and finite. */
static double math_split(double x, int *exponent)
{
    int e = 0;
    if (x < 0x1p-1022) {
        x *= 0x1p54;
        e = -54;
    }
    uint64_t bits = tl__double_bits(x) - 0x3fe6a09e667f3bcdu;
    int shift = (int)((int64_t)bits >> 52);
    *exponent = e + shift;
    return tl__bits_double(tl__double_bits(x) - ((uint64_t)(int64_t)shift << 52));
}

/* 1/3, 1/5, ..., 1/23: log((1+s)/(1-s)) = 2s + 2s^3 * sum c_i s^(2i). */
#define MATH_LOG_SERIES                                                                                            \
    {1.0 / 3, 1.0 / 5, 1.0 / 7, 1.0 / 9, 1.0 / 11, 1.0 / 13, 1.0 / 15, 1.0 / 17, 1.0 / 19, 1.0 / 21, 1.0 / 23}

TL_PRIV double tl__log(double x)
{
    static const double c[] = MATH_LOG_SERIES;
    if (x == 0.0) return tl__bits_double(0xfff0000000000000u);
    if (x < 0.0) return tl__nan_d();
    if (!tl__is_finite_d(x)) return x;
    int e;
    double f = math_split(x, &e) - 1.0, s = f / (2.0 + f), s2 = s * s, half = 0.5 * f * f;
    double rest = 2.0 * s2 * math_polynomial(c, (int)TL_COUNT(c), s2), n = (double)e;
    /* f - (f^2/2 - s*(f^2/2 + rest)): the large term is exact */
    double small = s * (half + rest) + n * 0x1.473de6af278edp-34;
    return n * 0x1.62e42fefp-1 - ((half - small) - f);
}

static struct math_pair math_log_pair(double x)
{
    static const double c[] = MATH_LOG_SERIES;
    int e;
    double m = math_split(x, &e), f = m - 1.0, n = (double)e;
    struct math_pair d = math_two_sum(1.0, m), s, s2, t, p;
    s.high = f / d.high;
    p = math_two_product(s.high, d.high);
    s.low = (((f - p.high) - p.low) - s.high * d.low) / d.high;
    s2 = math_pair_product(s, s);
    t = math_two_sum(c[0], s2.high * math_polynomial(c + 1, (int)TL_COUNT(c) - 1, s2.high));
    t.low += 0x1.5555555555555p-56;   /* what 1/3 lost */
    p = math_pair_product(s, math_pair_product(s2, t));
    t = math_two_sum(2.0 * s.high, 2.0 * p.high);
    t.low += 2.0 * s.low + 2.0 * p.low;
    p = math_two_sum(n * 0x1.62e42fefp-1, t.high);
    p.low += n * 0x1.473de6af278edp-34 + t.low;
    return math_two_sum(p.high, p.low);
}

TL_PRIV double tl__pow(double x, double y)
{
    const double infinity = tl__bits_double(0x7ff0000000000000u);
    double a = tl__abs(x), sign = 1.0;
    if (y == 0.0 || x == 1.0) return 1.0;
    if (x != x || y != y) return x + y;
    bool whole = tl__floor(y) == y, odd = whole && tl__floor(y * 0.5) != y * 0.5;
    if (tl__double_bits(x) >> 63) {
        if (odd) sign = -1.0;
        else if (!whole && a != 0.0 && a != infinity) return tl__nan_d();
    }
    if (a == 1.0) return sign;
    if (tl__abs(y) == infinity) return (a > 1.0) == (y > 0.0) ? infinity : 0.0;
    if (a == 0.0 || a == infinity) return (a == 0.0) == (y > 0.0) ? sign * 0.0 : sign * infinity;
    struct math_pair l = math_log_pair(a);
    double guess = y * l.high;
    if (guess > 710.0) return sign * infinity;
    if (guess < -746.0) return sign * 0.0;
    if (tl__abs(y) < 0x1p-900) return sign;   /* too small for the exact product, too small to matter */
    struct math_pair p = math_two_product(y, l.high);
    p.low += y * l.low;
    return sign * math_exp_sum(p.high, p.low);
}

/* The first 1,216 bits of 2/pi. */
static const uint32_t math_two_over_pi[] = {
    0xa2f9836eu, 0x4e441529u, 0xfc2757d1u, 0xf534ddc0u, 0xdb629599u, 0x3c439041u, 0xfe5163abu, 0xdebbc561u,
    0xb7246e3au, 0x424dd2e0u, 0x06492eeau, 0x09d1921cu, 0xfe1deb1cu, 0xb129a73eu, 0xe88235f5u, 0x2ebb4484u,
    0xe99c7026u, 0xb45f7e41u, 0x3991d639u, 0x835339f4u, 0x9c845f8bu, 0xbdf9283bu, 0x1ff897ffu, 0xde05980fu,
    0xef2f118bu, 0x5a0a6d1fu, 0x6d367ecfu, 0x27cb09b7u, 0x4f463f66u, 0x9e5fea2du, 0x7527bac7u, 0xebe5f17bu,
    0x3d0739f7u, 0x8a5292eau, 0x6bfb5fb1u, 0x1f8d5d08u, 0x56033046u, 0xfc7b6babu};

/* x*2/pi modulo 4 for large x > 0 (Payne and Hanek): the integer mantissa times the seven words of 2/pi that can
 * matter. Words of the product from the top: quarter turns, then fraction. */
static int math_reduce_large(double x, struct math_pair *r)
{
    enum { WORDS = 7 };
    uint64_t bits = tl__double_bits(x), mantissa = (bits & 0xfffffffffffffu) | 0x10000000000000u;
    int exponent = (int)(bits >> 52) - 1075, first = exponent > 2 ? (exponent - 2) / 32 : 0;
    uint32_t product[WORDS + 2] = {0}, part[2] = {(uint32_t)mantissa, (uint32_t)(mantissa >> 32)};
    for (int half = 0; half < 2; half++) {
        uint64_t carry = 0;
        for (int i = 0; i < WORDS; i++) {   /* least significant word first */
            carry += (uint64_t)part[half] * math_two_over_pi[first + WORDS - 1 - i] + product[i + half];
            product[i + half] = (uint32_t)carry;
            carry >>= 32;
        }
        product[WORDS + half] = (uint32_t)carry;
    }
    int point = 32 * (first + WORDS) - exponent, word = point / 32, bit = point % 32;
    /* words of the value shifted so that the fraction begins at a word: turns, then 4 words of fraction */
    uint32_t value[5];
    for (int i = 0; i < 5; i++) {
        uint64_t pair = (uint64_t)product[word - i];
        pair |= word - i + 1 < WORDS + 2 ? (uint64_t)product[word - i + 1] << 32 : 0;
        value[i] = (uint32_t)(pair >> bit);
    }
    int quarter = (int)(value[0] & 3);
    bool up = value[1] >> 31;
    if (up) {
        quarter = (quarter + 1) & 3;
        for (int i = 1; i < 5; i++) value[i] = ~value[i];   /* one unit of 2^-128 off: far below what counts */
    }
    double weight = 0x1p-32;
    struct math_pair sum = {0.0, 0.0};
    for (int i = 1; i < 5; i++, weight *= 0x1p-32) {
        struct math_pair next = math_two_sum(sum.high, (double)value[i] * weight);
        sum.high = next.high;
        sum.low += next.low;
    }
    struct math_pair half_pi = {0x1.921fb54442d18p+0, 0x1.1a62633145c07p-54};
    *r = math_pair_product(sum, half_pi);
    if (up) {
        r->high = -r->high;
        r->low = -r->low;
    }
    return quarter;
}

/* x = quarter*pi/2 + r, |r| <= pi/4 (a little more); x finite, >= 0. */
static int math_reduce(double x, struct math_pair *r)
{
    if (x <= 0x1.921fb54442d18p-1) {
        *r = (struct math_pair){x, 0.0};
        return 0;
    }
    if (x > 0x1p19) return math_reduce_large(x, r);
    double n = tl__floor(x * 0x1.45f306dc9c883p-1 + 0.5);
    double high = x - n * 0x1.921fb544p+0;   /* exact, as is the next product */
    struct math_pair s = math_two_sum(high, -(n * 0x1.0b4611a6p-34));
    *r = math_two_sum(s.high, s.low - n * 0x1.3198a2e037073p-69);
    return (int)n & 3;
}

static double math_sin_reduced(struct math_pair r)
{
    static const double c[] = {-1.0 / 6, 1.0 / 120, -1.0 / 5040, 1.0 / 362880, -1.0 / 39916800, 1.0 / 6227020800,
                               -1.0 / 1307674368000, 1.0 / 355687428096000};
    double s = r.high * r.high;
    return r.high + (s * r.high * math_polynomial(c, (int)TL_COUNT(c), s) + r.low * (1.0 - 0.5 * s));
}

static double math_cos_reduced(struct math_pair r)
{
    static const double c[] = {1.0 / 24, -1.0 / 720, 1.0 / 40320, -1.0 / 3628800, 1.0 / 479001600,
                               -1.0 / 87178291200, 1.0 / 20922789888000, -1.0 / 6402373705728000};
    double s = r.high * r.high, half = 0.5 * s, w = 1.0 - half;
    return w + (((1.0 - w) - half) + (s * s * math_polynomial(c, (int)TL_COUNT(c), s) - r.high * r.low));
}

static double math_sin_of(double x, int turn)
{
    struct math_pair r;
    if (!tl__is_finite_d(x)) return tl__nan_d();
    int quarter = (math_reduce(tl__abs(x), &r) + turn) & 3;
    double y = quarter & 1 ? math_cos_reduced(r) : math_sin_reduced(r);
    return quarter & 2 ? -y : y;
}

TL_PRIV double tl__sin(double x)
{
    double y = math_sin_of(x, 0);
    return tl__double_bits(x) >> 63 ? -y : y;
}

TL_PRIV double tl__cos(double x) { return math_sin_of(x, 1); }

#undef MATH_LOG_SERIES
