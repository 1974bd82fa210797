/* Reading of the numbers that most files hold, straight from a text that goes on behind them: digits eight at a time,
 * and the value by one multiplication or division. What it does not take (more than 19 digits, large exponents, words)
 * is for tl__parse_double. */
#ifndef TL_BASE_NUMBER_SCAN_H
#define TL_BASE_NUMBER_SCAN_H

#include "base/bytes.h"
#include "base/math.h"

enum { TL__SCAN_ROOM = 64 };    /* bytes from the start that must be readable, whatever they are */

/* (-1)^negative * digits * 10^exponent */
typedef struct tl__scanned {
    uint64_t digits;
    int exponent;
    bool negative;
} tl__scanned;

/* Digits among the first eight bytes of the word: how many from the first on, and their number. */
static inline unsigned tl__scan_digits(uint64_t word, uint64_t *number)
{
    uint64_t x = word ^ 0x3030303030303030u;
    unsigned n = tl__first_byte(((x + 0x7676767676767676u) | x) & 0x8080808080808080u);
    x = n ? x << (64 - 8 * n) : 0;    /* zeros before the digits make eight of them */
    x = x * 10 + (x >> 8);
    *number = ((x & 0x000000FF000000FFu) * 0x000F424000000064u +
               ((x >> 16) & 0x000000FF000000FFu) * 0x0000271000000001u) >> 32;
    return n;
}

static inline uint64_t tl__scan_power(unsigned n)
{
    static const uint32_t powers[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};
    return powers[n];
}

/* The places behind the decimal mark, added to *digits; NULL: too many. */
static inline const char *tl__scan_fraction(const char *p, uint64_t *digits, int *places)
{
    uint64_t part;
    unsigned n = tl__scan_digits(tl__load64(p), &part);
    *digits = *digits * tl__scan_power(n) + part;
    *places = (int)n;
    if (n < 8) return p + n;
    n = tl__scan_digits(tl__load64(p + 8), &part);
    *digits = *digits * tl__scan_power(n) + part;
    *places += (int)n;
    for (p += 8 + n; n == 8 && (unsigned char)(*p - '0') <= 9; p++) {
        if (++*places > 19) return NULL;
        *digits = *digits * 10 + (uint64_t)(*p - '0');
    }
    return p;
}

static inline const char *tl__scan_exponent(const char *p, int *exponent)
{
    bool negative = *p == '-';
    uint64_t number;
    p += negative || *p == '+';
    unsigned n = tl__scan_digits(tl__load64(p), &number);
    if (n == 0 || n > 4) return NULL;
    *exponent += negative ? -(int)number : (int)number;
    return p + n;
}

/* The number at p: [-] digits [mark digits] [e [+-] digits]; the byte behind it, or NULL where there is none that this
 * function takes. */
static inline const char *tl__scan_number(const char *p, char mark, tl__scanned *out)
{
    uint64_t digits;
    int places = 0;
    out->negative = *p == '-';
    p += out->negative;
    unsigned n = tl__scan_digits(tl__load64(p), &digits);
    p += n;
    unsigned whole = digits ? n : 0, any = n;
    if (n == 8) {
        for (; (unsigned char)(*p - '0') <= 9; p++) {
            if (++whole > 19) return NULL;
            digits = digits * 10 + (uint64_t)(*p - '0');
        }
    }
    if (*p == mark) {
        p = tl__scan_fraction(p + 1, &digits, &places);
        if (!p) return NULL;
    }
    if (any + (unsigned)places == 0 || whole + (unsigned)places > 19) return NULL;
    out->digits = digits;
    out->exponent = -places;
    return (*p | 0x20) == 'e' ? tl__scan_exponent(p + 1, &out->exponent) : p;
}

static inline double tl__scan_scale(double value, int exponent)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    return exponent < 0 ? value / powers[-exponent] : value * powers[exponent];
}

/* The nearest double, where digits and power of ten are doubles themselves (Clinger 1990); false: they are not. */
static inline bool tl__scan_double(const tl__scanned *number, double *out)
{
    if (number->digits > (uint64_t)1 << 53 || number->exponent < -22 || number->exponent > 22) return false;
    double value = tl__scan_scale((double)(int64_t)number->digits, number->exponent);
    *out = number->negative ? -value : value;
    return true;
}

/* The float that the nearest double rounds to. Up to 19 digits lose at most 3 ulp of a double on the way, so the float
 * is certain unless the double comes to lie beside the middle of two floats; false: it does, or is no normal float. */
static inline bool tl__scan_float(const tl__scanned *number, float *out)
{
    if (number->exponent < -22 || number->exponent > 22) return false;
    bool cut = number->digits > (uint64_t)1 << 53;
    double value = cut ? (double)(int64_t)(number->digits >> 1) * 2.0 : (double)(int64_t)number->digits;
    value = tl__scan_scale(value, number->exponent);
    uint64_t beside = (tl__double_bits(value) & 0x1FFFFFFFu) - (0x10000000u - 8);
    if (cut && beside <= 16) return false;
    if (!(value >= 0x1p-126 && value < 0x1p127) && number->digits) return false;
    *out = (float)(number->negative ? -value : value);
    return true;
}

#endif
