/* Printing of numbers, correctly rounded.
 *
 * Shortest text (the idea of Schubfach, R. Giulietti 2020): all decimals that read back as v = m * 2^e lie between its
 * two half-way points. With k chosen so that 10^k <= width of that interval < 10^(k+1), it holds at most one multiple
 * of 10^(k+1), which then is the shortest, and at least one of 10^k, of which the nearest to v is. The interval is
 * scaled by a power of ten of 128 bits into 64.64 fixed point; a comparison closer than that arithmetic's error is
 * settled by the exact route instead: print with 1, 2, ... digits until it reads back.
 *
 * A given number of digits: the number in base 10^9, exactly, rounded half to even at the wanted digit; the usual few
 * digits of a number of usual size as one product of 128 bits, which is exact, too. */
#include "base/number.h"
#include "base/text.h"

/* --- shortest --- */

struct number_print_digits {
    char digit[24];
    int count;
    int exponent;    /* of the first digit */
};

static int number_print_floor_log10(int e, bool three_quarters)
{
    int64_t n = (int64_t)e * 315653 - (three_quarters ? 131072 : 0);
    return (int)(n >= 0 ? n >> 20 : -((-n + 1048575) >> 20));
}

static void number_print_take(struct number_print_digits *out, uint64_t n, int k)
{
    char reversed[24];
    int count = 0;
    while (n % 10 == 0) {
        n /= 10;
        k++;
    }
    for (; n > 0; n /= 10) reversed[count++] = (char)('0' + n % 10);
    for (int i = 0; i < count; i++) out->digit[i] = reversed[count - 1 - i];
    out->count = count;
    out->exponent = k + count - 1;
}

struct number_print_fixed { uint64_t whole, part; };

/* factor * power >> shift as 64.64 fixed point, truncated. */
static struct number_print_fixed number_print_scale(uint64_t factor, const tl__wide *power, int shift)
{
    uint64_t tail, carry;
    uint64_t middle = tl__wide_multiply(factor, power->low, &tail);
    uint64_t high = tl__wide_multiply(factor, power->high, &carry);
    uint64_t low = middle + carry;
    high += low < carry;
    if (shift >= 64) return (struct number_print_fixed){shift == 64 ? high : high >> (shift - 64),
        shift == 64 ? low : (high << (128 - shift)) | (low >> (shift - 64))};
    return (struct number_print_fixed){(high << (64 - shift)) | (low >> shift),
                                       (low << (64 - shift)) | (tail >> shift)};
}

/* Sign of a - b, or 0 when the error of the two could turn it. */
static int number_print_order(struct number_print_fixed a, struct number_print_fixed b)
{
    uint64_t whole = a.whole - b.whole, part = a.part - b.part;
    whole -= a.part < b.part;
    if ((whole == 0 && part < 16) || (whole == UINT64_MAX && part > UINT64_MAX - 16)) return 0;
    return whole >> 63 != 0 ? -1 : 1;
}

/* False: too close to call. */
static bool number_print_shortest(uint64_t m, int e, bool narrow, struct number_print_digits *out)
{
    int k = number_print_floor_log10(e, narrow);
    tl__wide power = tl__wide_power(-k);
    /* value * 2^64 = 4m * 2^(e-2) * power * 2^(exponent-127) * 2^64; the shift lies in 62..66, as value is 1 to 14
     * times m */
    int shift = 63 - power.exponent - (e - 2);
    struct number_print_fixed value = number_print_scale(4 * m, &power, shift);
    struct number_print_fixed low = number_print_scale(4 * m - (narrow ? 1 : 2), &power, shift);
    struct number_print_fixed high = number_print_scale(4 * m + 2, &power, shift);
    uint64_t tens = value.whole / 10 * 10;
    struct number_print_fixed under = {tens, 0}, over = {tens + 10, 0};
    int under_order = number_print_order(under, low), over_order = number_print_order(high, over);
    if (under_order == 0 || over_order == 0) return false;
    if (under_order > 0 && tens > 0 && over_order > 0) return false;
    if (over_order > 0 || (under_order > 0 && tens > 0)) {
        number_print_take(out, over_order > 0 ? tens + 10 : tens, k);
        return true;
    }
    struct number_print_fixed floor = {value.whole, 0}, ceiling = {value.whole + 1, 0};
    struct number_print_fixed half = {value.whole, (uint64_t)1 << 63};
    int floor_in = number_print_order(floor, low), ceiling_in = number_print_order(high, ceiling);
    int nearest = number_print_order(value, half);
    if (floor_in == 0 || ceiling_in == 0 || nearest == 0) return false;
    if (floor_in < 0 && ceiling_in < 0) return false;
    bool up = floor_in < 0 || (ceiling_in > 0 && nearest > 0);
    if (value.whole + (up ? 1 : 0) == 0) return false;
    number_print_take(out, value.whole + (up ? 1 : 0), k);
    return true;
}

/* --- exact --- */

/* word[UNIT] holds the ones (0..10^9-1), words before it the higher, words behind it the lower ones. */
enum { NUMBER_PRINT_UNIT = 36, NUMBER_PRINT_WORDS = 160, NUMBER_PRINT_BASE = 1000000000,
       NUMBER_PRINT_PRECISION = 1100 };

struct number_print_exact {
    int top, bottom;    /* words outside are 0; word[top] is not, but for zero itself */
    uint32_t word[NUMBER_PRINT_WORDS];
};

static void number_print_trim(struct number_print_exact *x)
{
    while (x->top < x->bottom && x->word[x->top] == 0) x->top++;
}

static void number_print_expand(struct number_print_exact *x, uint64_t m, int e)
{
    memset(x, 0, sizeof *x);
    x->top = NUMBER_PRINT_UNIT - 1;
    x->bottom = NUMBER_PRINT_UNIT;
    x->word[NUMBER_PRINT_UNIT] = (uint32_t)(m % NUMBER_PRINT_BASE);
    x->word[NUMBER_PRINT_UNIT - 1] = (uint32_t)(m / NUMBER_PRINT_BASE);
    number_print_trim(x);
    while (e > 0) {
        int shift = e < 29 ? e : 29;
        uint64_t carry = 0;
        for (int i = x->bottom; i >= x->top; i--) {
            carry += (uint64_t)x->word[i] << shift;
            x->word[i] = (uint32_t)(carry % NUMBER_PRINT_BASE);
            carry /= NUMBER_PRINT_BASE;
        }
        if (carry > 0) x->word[--x->top] = (uint32_t)carry;
        e -= shift;
    }
    while (e < 0) {
        int shift = -e < 9 ? -e : 9;
        uint32_t rest = 0;
        for (int i = x->top; i <= x->bottom; i++) {
            uint32_t word = x->word[i];
            x->word[i] = (word >> shift) + rest;
            rest = (word & (((uint32_t)1 << shift) - 1)) * ((uint32_t)NUMBER_PRINT_BASE >> shift);
        }
        if (rest > 0) x->word[++x->bottom] = rest;
        number_print_trim(x);
        e += shift;
    }
}

static uint32_t number_print_power(int n)
{
    uint32_t power = 1;
    while (n-- > 0) power *= 10;
    return power;
}

/* Word and power of ten within it of the digit that counts 10^position. */
static int number_print_place(int position, int *within)
{
    int words = position >= 0 ? position / 9 : -((8 - position) / 9);
    *within = position - 9 * words;
    return NUMBER_PRINT_UNIT - words;
}

static char number_print_digit(const struct number_print_exact *x, int position)
{
    int within, i = number_print_place(position, &within);
    if (i < x->top || i > x->bottom) return '0';
    return (char)('0' + x->word[i] / number_print_power(within) % 10);
}

/* Position of the first digit that is not 0; 0 for zero. */
static int number_print_first(const struct number_print_exact *x)
{
    int digits = 0;
    for (uint32_t word = x->word[x->top]; word > 0; word /= 10) digits++;
    return digits == 0 ? 0 : 9 * (NUMBER_PRINT_UNIT - x->top) + digits - 1;
}

/* Keep digits down to position; half to even. */
static void number_print_round(struct number_print_exact *x, int position)
{
    int within, i = number_print_place(position, &within);
    if (i > x->bottom) return;
    if (i < 1) i = 1;
    for (; x->top > i; x->word[--x->top] = 0) continue;
    uint32_t unit = number_print_power(within), low = x->word[i] % unit, half = unit / 2;
    int behind = i + 1;
    if (unit == 1) {
        low = behind <= x->bottom ? x->word[behind] : 0;
        half = NUMBER_PRINT_BASE / 2;
        behind++;
    }
    bool rest = false;
    for (; behind <= x->bottom; behind++) rest = rest || x->word[behind] != 0;
    bool odd = x->word[i] / unit % 2 != 0;
    bool up = low > half || (low == half && (rest || odd));
    x->word[i] -= x->word[i] % unit;
    x->bottom = i;
    if (up) x->word[i] += unit;
    for (; x->word[i] >= NUMBER_PRINT_BASE; i--) {
        x->word[i] -= NUMBER_PRINT_BASE;
        if (i == x->top) x->word[--x->top] = 0;
        x->word[i - 1]++;
    }
    number_print_trim(x);
}

/* The digits with fewest places that read back, by trying. */
static void number_print_search(uint64_t pattern, uint64_t m, int e, tl__number_type type,
                                struct number_print_digits *out)
{
    struct number_print_exact x;
    for (int count = 1; count <= 17; count++) {
        number_print_expand(&x, m, e);
        number_print_round(&x, number_print_first(&x) - (count - 1));
        int first = number_print_first(&x);
        for (int i = 0; i < count; i++) out->digit[i] = number_print_digit(&x, first - i);
        out->count = count;
        out->exponent = first;
        if (tl__number_nearest(out->digit, (size_t)count, first - (count - 1), type) == pattern) break;
    }
    while (out->count > 1 && out->digit[out->count - 1] == '0') out->count--;
}

/* --- layout --- */

static size_t number_print_exponent(char *out, int exponent)
{
    size_t n = 0;
    unsigned size = (unsigned)(exponent < 0 ? -exponent : exponent);
    out[n++] = 'e';
    out[n++] = exponent < 0 ? '-' : '+';
    if (size >= 100) out[n++] = (char)('0' + size / 100);
    out[n++] = (char)('0' + size / 10 % 10);
    out[n++] = (char)('0' + size % 10);
    return n;
}

/* Plain from 1e-4 to below 10^limit, with an exponent beyond. */
static size_t number_print_layout(char *out, const struct number_print_digits *d, int limit)
{
    size_t n = 0;
    if (d->exponent < -4 || d->exponent >= limit) {
        out[n++] = d->digit[0];
        if (d->count > 1) out[n++] = '.';
        for (int i = 1; i < d->count; i++) out[n++] = d->digit[i];
        return n + number_print_exponent(out + n, d->exponent);
    }
    for (int position = d->exponent > 0 ? d->exponent : 0; position >= 0 ||
         position > d->exponent - d->count; position--) {
        int i = d->exponent - position;
        if (position == -1) out[n++] = '.';
        out[n++] = i >= 0 && i < d->count ? d->digit[i] : '0';
    }
    return n;
}

static size_t number_print_special(char *out, uint64_t pattern, uint64_t infinite)
{
    memcpy(out, pattern > infinite ? "nan" : "inf", 3);
    return 3;
}

/* A pattern without sign. */
static size_t number_print_body(char *out, uint64_t pattern, tl__number_type type)
{
    struct number_print_digits digits;
    int e;
    uint64_t infinite = (uint64_t)(type.bits == 53 ? 0x7FF : 0xFF) << (type.bits - 1);
    if (pattern >= infinite) return number_print_special(out, pattern, infinite);
    if (pattern == 0) {
        out[0] = '0';
        return 1;
    }
    uint64_t m = tl__number_split(pattern, type, &e);
    bool narrow = m == (uint64_t)1 << (type.bits - 1) && e > type.least;
    if (e <= 0 && e > -type.bits && (m & (((uint64_t)1 << -e) - 1)) == 0) number_print_take(&digits, m >> -e, 0);
    else if (!number_print_shortest(m, e, narrow, &digits)) number_print_search(pattern, m, e, type, &digits);
    return number_print_layout(out, &digits, 16);
}

static size_t number_print_signed(char out[32], uint64_t pattern, bool negative, tl__number_type type)
{
    size_t n = 0;
    uint64_t infinite = (uint64_t)(type.bits == 53 ? 0x7FF : 0xFF) << (type.bits - 1);
    if (negative && pattern <= infinite) out[n++] = '-';
    n += number_print_body(out + n, pattern, type);
    out[n] = '\0';
    return n;
}

TL_PRIV size_t tl__print_double(char out[32], double value)
{
    uint64_t bits = tl__double_bits(value);
    return number_print_signed(out, bits & ~((uint64_t)1 << 63), bits >> 63 != 0, tl__number_double());
}

TL_PRIV size_t tl__print_float(char out[32], float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return number_print_signed(out, bits & 0x7FFFFFFFu, bits >> 31 != 0, tl__number_float());
}

static size_t number_print_plain(char *body, const struct number_print_exact *x, int first, int precision)
{
    size_t n = 0;
    for (int position = first > 0 ? first : 0; position >= -precision; position--) {
        if (position == -1) body[n++] = '.';
        body[n++] = number_print_digit(x, position);
    }
    return n;
}

static size_t number_print_scientific(char *body, const struct number_print_exact *x, int first, int precision)
{
    size_t n = 0;
    for (int i = 0; i <= precision; i++) {
        if (i == 1) body[n++] = '.';
        body[n++] = number_print_digit(x, first - i);
    }
    return n;
}

/* m * 2^e * 10^k rounded half to even, by one exact product. False: not a case of this, or 2^60 and more. */
static bool number_print_scaled(uint64_t m, int e, int k, uint64_t *out)
{
    const uint64_t half = (uint64_t)1 << 63;
    uint64_t power = 1, low, high, whole, rest;
    int shift = -e % 64;
    if (e >= 0 || e <= -128 || k < 0 || k > 19) return false;
    for (int i = 0; i < k; i++) power *= 10;
    high = tl__wide_multiply(m, power, &low);
    if (e <= -64) {
        whole = high >> shift;
        rest = shift ? (high << (64 - shift)) | (low >> shift) : low;
        low = shift ? low << (64 - shift) : 0;
    } else {
        if (high >> shift != 0) return false;
        whole = (high << (64 - shift)) | (low >> shift);
        rest = low << (64 - shift);
        low = 0;
    }
    if (whole >> 60 != 0) return false;
    *out = whole + (rest > half || (rest == half && (low != 0 || whole % 2 != 0)));
    return true;
}

/* The first `count` digits of m * 2^e without zeros at the end; false: not a case of this. */
static bool number_print_few(uint64_t m, int e, int count, struct number_print_digits *out)
{
    uint64_t limit = 1, whole;
    if (m >> 52 == 0 || count > 17) return false;
    for (int i = 0; i < count; i++) limit *= 10;
    int k = count - number_print_floor_log10(e + 52, false);   /* with k - 1 it has count digits, or one more */
    do {
        if (!number_print_scaled(m, e, --k, &whole)) return false;
    } while (whole >= limit);
    number_print_take(out, whole, -k);
    return true;
}

/* whole / 10^precision. */
static size_t number_print_point(char *out, uint64_t whole, int precision)
{
    char reversed[24];
    int count = 0;
    size_t n = 0;
    for (; whole > 0 || count <= precision; whole /= 10) reversed[count++] = (char)('0' + whole % 10);
    while (count > 0) {
        if (count == precision) out[n++] = '.';
        out[n++] = reversed[--count];
    }
    return n;
}

TL_PRIV size_t tl__number_format(char body[TL__NUMBER_BODY], double value, char kind, int precision)
{
    struct number_print_exact x;
    struct number_print_digits digits;
    uint64_t pattern = tl__double_bits(value) & ~((uint64_t)1 << 63), infinite = (uint64_t)0x7FF << 52;
    if (pattern >= infinite) return number_print_special(body, pattern, infinite);
    if (kind == 'g' && precision < 0) return number_print_body(body, pattern, tl__number_double());
    if (precision < 0) precision = 6;
    if (precision > NUMBER_PRINT_PRECISION) precision = NUMBER_PRINT_PRECISION;
    if (kind == 'g') precision = precision > 0 ? precision - 1 : 0;
    int e;
    uint64_t whole, m = tl__number_split(pattern, tl__number_double(), &e);
    if (kind == 'f' && number_print_scaled(m, e, precision, &whole)) return number_print_point(body, whole, precision);
    if (kind == 'g' && number_print_few(m, e, precision + 1, &digits))
        return number_print_layout(body, &digits, precision + 1);
    number_print_expand(&x, m, e);
    number_print_round(&x, kind == 'f' ? -precision : number_print_first(&x) - precision);
    int first = number_print_first(&x);
    if (kind == 'f') return number_print_plain(body, &x, first, precision);
    bool plain = kind == 'g' && first >= -4 && first <= precision;
    size_t n = plain ? number_print_plain(body, &x, first, precision - first)
                     : number_print_scientific(body, &x, first, precision);
    if (kind == 'g' && precision > (plain ? first : 0)) {
        while (body[n - 1] == '0') n--;
        if (body[n - 1] == '.') n--;
    }
    return plain ? n : n + number_print_exponent(body + n, first);
}
