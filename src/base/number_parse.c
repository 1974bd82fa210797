/* Reading of numbers, correctly rounded.
 *
 * The first 19 digits w give bounds: w * 10^q <= value <= (w + 1) * 10^q, each as a product with a power of ten of 128
 * bits. Where both ends of that interval round to the same number, that is the answer; else the two are neighbours, and
 * big integers compare the text with the point half-way between them. Small exponents take the exact shortcut of one
 * multiplication or division (Clinger 1990). */
#include "base/number.h"
#include "base/text.h"

enum { NUMBER_PARSE_DIGITS = 19 };

struct number_parse_text {
    const char *digits;    /* from the first that is not 0; '.' may be among them */
    size_t count;          /* of digits, without '.' */
    int64_t exponent;      /* of the last digit */
    bool negative;
};

static bool number_parse_word(const char *text, size_t size, const char *word)
{
    for (size_t i = 0; i < size; i++) {
        char c = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] + 32) : text[i];
        if (word[i] == '\0' || c != word[i]) return false;
    }
    return word[size] == '\0';
}

static bool number_parse_special(const char *text, size_t size, bool negative, double *out)
{
    uint64_t sign = negative ? (uint64_t)1 << 63 : 0;
    if (number_parse_word(text, size, "nan")) *out = tl__bits_double((uint64_t)0x7FF8 << 48);
    else if (number_parse_word(text, size, "inf") || number_parse_word(text, size, "infinity"))
        *out = tl__bits_double(sign | (uint64_t)0x7FF << 52);
    else return false;
    return true;
}

/* The exponent part: [+-] digits; clamped to +-10^9. */
static bool number_parse_exponent(const char *text, size_t size, int64_t *out)
{
    size_t i = 0;
    bool negative = false;
    int64_t n = 0;
    if (i < size && (text[i] == '+' || text[i] == '-')) negative = text[i++] == '-';
    if (i == size) return false;
    for (; i < size; i++) {
        if (text[i] < '0' || text[i] > '9') return false;
        if (n < 1000000000) n = n * 10 + (text[i] - '0');
    }
    *out = negative ? -n : n;
    return true;
}

/* Take the unsigned text apart; *w gets the first 19 digits. */
static bool number_parse_scan(const char *text, size_t size, struct number_parse_text *parts, uint64_t *w,
                              size_t *w_count)
{
    bool point = false, any = false;
    size_t i = 0;
    *w = 0;
    *w_count = 0;
    for (; i < size; i++) {
        char c = text[i];
        if (c == '.' && !point) {
            point = true;
            continue;
        }
        if (c < '0' || c > '9') break;
        any = true;
        if (point) parts->exponent--;
        if (parts->count == 0) {
            if (c == '0') continue;
            parts->digits = text + i;
        }
        parts->count++;
        if (*w_count < NUMBER_PARSE_DIGITS) {
            *w = *w * 10 + (uint64_t)(c - '0');
            (*w_count)++;
        }
    }
    if (!any) return false;
    if (i == size) return true;
    if (text[i] != 'e' && text[i] != 'E') return false;
    int64_t exponent;
    if (!number_parse_exponent(text + i + 1, size - i - 1, &exponent)) return false;
    parts->exponent += exponent;
    return true;
}

/* Nearest pattern, ties to even, of (high:low) * 2^(exponent - 127), the top bit of high set. */
static uint64_t number_parse_round(uint64_t high, uint64_t low, int exponent, tl__number_type type)
{
    int unit = exponent - (type.bits - 1);    /* of the significand's last bit */
    if (unit < type.least) unit = type.least;
    int drop = 63 - (exponent - unit);        /* bits of high behind the significand */
    if (drop > 64) return 0;
    uint64_t kept = drop == 64 ? 0 : high >> drop, half = (uint64_t)1 << (drop - 1);
    uint64_t rest = drop == 64 ? high : high & (2 * half - 1);
    if (rest > half || (rest == half && (low > 0 || (kept & 1) != 0))) kept++;
    uint64_t infinite = ((uint64_t)1 << (type.bits == 53 ? 11 : 8)) - 1;
    /* a significand that reaches the next power of two carries into the exponent field by itself */
    uint64_t hidden = (uint64_t)1 << (type.bits - 1);
    uint64_t pattern = kept < hidden ? kept :
        (((uint64_t)(unit - type.least) + 1) << (type.bits - 1)) + (kept - hidden);
    return pattern >= infinite << (type.bits - 1) ? infinite << (type.bits - 1) : pattern;
}

/* w * 10^q with the error of the power (and of w itself) added when `upper`. */
static uint64_t number_parse_product(uint64_t w, int q, bool upper, tl__number_type type)
{
    tl__wide power = tl__wide_power(q);
    int shift = 0;
    while (w >> 63 == 0) {
        w <<= 1;
        shift++;
    }
    uint64_t tail, carry;
    uint64_t middle = tl__wide_multiply(w, power.low, &tail);
    uint64_t high = tl__wide_multiply(w, power.high, &carry);
    uint64_t low = middle + carry;
    high += low < carry;
    bool exact = q >= 0 && q <= 26;
    if (exact && tail > 0) low |= 1;          /* sticky: never a tie that is none */
    if (upper && !exact) {
        low += 8;
        if (low < 8 && ++high == 0) return number_parse_round((uint64_t)1 << 63, 0, power.exponent + 65 - shift, type);
    }
    int exponent = power.exponent + 64 - shift;
    if (high >> 63 == 0) {
        high = (high << 1) | (low >> 63);
        low <<= 1;
        exponent--;
    }
    return number_parse_round(high, low, exponent, type);
}

/* Copies the significant digits without the point; false when they are more than the big integers take. */
static size_t number_parse_copy(const struct number_parse_text *parts, char *out, size_t most, bool *more)
{
    size_t n = 0;
    *more = false;
    const char *at = parts->digits;
    for (size_t i = 0; i < parts->count; at++) {
        if (*at == '.') continue;
        if (n < most) out[n++] = *at;
        else if (*at != '0') *more = true;
        i++;
    }
    return n;
}

static uint64_t number_parse_nearest(const struct number_parse_text *parts, uint64_t w, size_t w_count,
                                     tl__number_type type)
{
    char digits[800];
    bool more;
    size_t cut = parts->count - w_count;
    uint64_t infinite = (((uint64_t)1 << (type.bits == 53 ? 11 : 8)) - 1) << (type.bits - 1);
    if (w == 0) return 0;
    int64_t q = parts->exponent + (int64_t)cut;
    if (q > 308) return infinite;
    if (q < -343) return 0;
    uint64_t low = number_parse_product(w, (int)q, false, type);
    uint64_t high = number_parse_product(cut > 0 ? w + 1 : w, (int)q, true, type);
    if (low == high) return low;
    int binary;
    uint64_t significand = tl__number_split(low, type, &binary);
    size_t count = number_parse_copy(parts, digits, sizeof digits, &more);
    int exponent = (int)(parts->exponent + (int64_t)(parts->count - count));
    int order = tl__number_compare(digits, count, more, exponent, 2 * significand + 1, binary - 1);
    return order > 0 || (order == 0 && (significand & 1) != 0) ? high : low;
}

TL_PRIV uint64_t tl__number_nearest(const char *digits, size_t count, int exponent, tl__number_type type)
{
    struct number_parse_text parts = {0};
    uint64_t w;
    size_t w_count;
    parts.digits = digits;
    if (!number_parse_scan(digits, count, &parts, &w, &w_count)) return 0;
    parts.exponent += exponent;
    return number_parse_nearest(&parts, w, w_count, type);
}

/* w * 10^q where w and 10^|q| are doubles: one rounding, so it is correct. */
static bool number_parse_exact(uint64_t w, int64_t q, double *out)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    if (w > (uint64_t)1 << 53 || q < -22 || q > 22) return false;
    double value = (double)w;
    *out = q < 0 ? value / powers[-q] : value * powers[q];
    return true;
}

TL_PRIV bool tl__parse_double(const char *text, size_t size, double *out)
{
    struct number_parse_text parts = {0};
    uint64_t w;
    size_t w_count;
    if (size > 0 && (text[0] == '+' || text[0] == '-')) {
        parts.negative = text[0] == '-';
        text++;
        size--;
    }
    if (!number_parse_scan(text, size, &parts, &w, &w_count))
        return number_parse_special(text, size, parts.negative, out);
    double value;
    if (parts.count > w_count || !number_parse_exact(w, parts.exponent, &value))
        value = tl__bits_double(number_parse_nearest(&parts, w, w_count, tl__number_double()));
    *out = parts.negative ? -value : value;
    return true;
}

TL_PRIV bool tl__parse_int(const char *text, size_t size, int64_t *out)
{
    uint64_t n = 0;
    size_t i = 0;
    bool negative = false;
    if (size > 0 && (text[0] == '+' || text[0] == '-')) {
        negative = text[0] == '-';
        i = 1;
    }
    uint64_t most = (uint64_t)INT64_MAX + (negative ? 1 : 0);
    if (i == size) return false;
    for (; i < size; i++) {
        if (text[i] < '0' || text[i] > '9') return false;
        uint64_t digit = (uint64_t)(text[i] - '0');
        if (n > (most - digit) / 10) return false;
        n = n * 10 + digit;
    }
    *out = !negative ? (int64_t)n : n == 0 ? 0 : -(int64_t)(n - 1) - 1;
    return true;
}
