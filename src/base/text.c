/* Text without a locale: the formatter, comparison, suggestions, UTF-8.
 *
 * The formatter writes into a sink that counts all characters and keeps those that fit, so that measuring and
 * writing are one code. */
#include "base/text.h"
#include "base/number.h"

struct text_sink {
    char *out;
    size_t size;      /* of out, with the NUL */
    size_t length;    /* of the whole text */
};

struct text_spec {
    bool left, zero, plus;
    int width;
    int precision;    /* -1: none given */
    int longs;        /* 0 int, 1 long, 2 long long, 3 size_t; -1 and below: short */
};

static void text_put(struct text_sink *sink, char c)
{
    if (sink->length + 1 < sink->size) sink->out[sink->length] = c;
    sink->length++;
}

static void text_put_n(struct text_sink *sink, const char *text, size_t size)
{
    if (sink->length < sink->size) {
        size_t fits = tl__size_min(size, sink->size - sink->length);
        if (fits > 0) memcpy(sink->out + sink->length, text, fits);
    }
    sink->length += size;
}

static void text_fill(struct text_sink *sink, char c, size_t wanted, size_t have)
{
    for (; have < wanted; have++) text_put(sink, c);
}

/* A body with its sign, padded to the width: blanks before, zeros between sign and body, or blanks behind. */
static void text_put_padded(struct text_sink *sink, const struct text_spec *spec, const char *sign, const char *body,
                            size_t size)
{
    size_t width = spec->width > 0 ? (size_t)spec->width : 0, length = strlen(sign) + size;
    if (!spec->left && !spec->zero) text_fill(sink, ' ', width, length);
    text_put_n(sink, sign, strlen(sign));
    if (!spec->left && spec->zero) text_fill(sink, '0', width, length);
    text_put_n(sink, body, size);
    if (spec->left) text_fill(sink, ' ', width, length);
}

static void text_integer(struct text_sink *sink, const struct text_spec *spec, uint64_t value, bool negative,
                         unsigned base,
                         bool upper)
{
    const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    char body[72];
    size_t at = sizeof body;
    size_t least = spec->precision < 0 ? 1 : tl__size_min((size_t)spec->precision, 64);
    do {
        if (value == 0 && sizeof body - at >= least) break;
        body[--at] = digits[value % base];
        value /= base;
    } while (value > 0 || sizeof body - at < least);
    text_put_padded(sink, spec, negative ? "-" : spec->plus ? "+" : "", body + at, sizeof body - at);
}

static void text_double(struct text_sink *sink, const struct text_spec *given, double value, char kind)
{
    struct text_spec spec = *given;
    char body[TL__NUMBER_BODY];
    bool negative = tl__number_negative(value);
    if (!(value - value >= 0.0)) spec.zero = false;    /* not finite */
    if (value != value) negative = false;
    const char *sign = negative ? "-" : spec.plus ? "+" : "";
    size_t size = tl__number_format(body, negative ? -value : value, kind, spec.precision);
    text_put_padded(sink, &spec, sign, body, size);
}

static int text_read_int(const char **format, va_list *list)
{
    int n = 0;
    if (**format == '*') {
        (*format)++;
        return va_arg(*list, int);
    }
    for (; **format >= '0' && **format <= '9'; (*format)++)
        if (n < 100000) n = n * 10 + (**format - '0');
    return n;
}

static void text_read_spec(struct text_spec *spec, const char **at, va_list *list)
{
    memset(spec, 0, sizeof *spec);
    for (;; (*at)++) {
        if (**at == '-') spec->left = true;
        else if (**at == '0') spec->zero = true;
        else if (**at == '+') spec->plus = true;
        else break;
    }
    spec->width = text_read_int(at, list);
    if (spec->width < 0) {
        spec->left = true;
        spec->width = spec->width < -100000 ? 100000 : -spec->width;
    }
    spec->precision = -1;
    if (**at == '.') {
        (*at)++;
        spec->precision = text_read_int(at, list);
    }
    for (;; (*at)++) {
        if (**at == 'l') spec->longs++;
        else if (**at == 'z') spec->longs = 3;
        else if (**at == 'h') spec->longs--;
        else break;
    }
}

static void text_signed(struct text_sink *sink, const struct text_spec *spec, va_list *list)
{
    int64_t value;
    switch (spec->longs) {
    case 3: value = (int64_t)va_arg(*list, ptrdiff_t); break;
    case 2: value = va_arg(*list, long long); break;
    case 1: value = va_arg(*list, long); break;
    default: value = va_arg(*list, int); break;
    }
    uint64_t size = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    text_integer(sink, spec, size, value < 0, 10, false);
}

static void text_unsigned(struct text_sink *sink, const struct text_spec *spec, va_list *list, char kind)
{
    uint64_t value;
    switch (spec->longs) {
    case 3: value = va_arg(*list, size_t); break;
    case 2: value = va_arg(*list, unsigned long long); break;
    case 1: value = va_arg(*list, unsigned long); break;
    default: value = va_arg(*list, unsigned); break;
    }
    text_integer(sink, spec, value, false, kind == 'u' ? 10 : 16, kind == 'X');
}

static void text_string(struct text_sink *sink, const struct text_spec *spec, const char *text)
{
    if (text == NULL) text = "(null)";
    size_t size = 0, most = spec->precision < 0 ? SIZE_MAX : (size_t)spec->precision;
    while (size < most && text[size] != '\0') size++;
    text_put_padded(sink, spec, "", text, size);
}

TL_PRIV size_t tl__format_list(char *out, size_t size, const char *format, va_list arguments)
{
    struct text_sink sink = {out, size, 0};
    va_list list;
    va_copy(list, arguments);
    for (const char *at = format; *at != '\0'; at++) {
        struct text_spec spec;
        if (*at != '%') {
            text_put(&sink, *at);
            continue;
        }
        at++;
        text_read_spec(&spec, &at, &list);
        if (*at == '\0') break;
        switch (*at) {
        case 'd': case 'i': text_signed(&sink, &spec, &list); break;
        case 'u': case 'x': case 'X': text_unsigned(&sink, &spec, &list, *at); break;
        case 'f': case 'e': case 'g': text_double(&sink, &spec, va_arg(list, double), *at); break;
        case 's': text_string(&sink, &spec, va_arg(list, const char *)); break;
        case 'c': {
            char c = (char)va_arg(list, int);
            text_put_padded(&sink, &spec, "", &c, 1);
            break;
        }
        default: text_put(&sink, *at); break;
        }
    }
    va_end(list);
    if (size > 0) out[tl__size_min(sink.length, size - 1)] = '\0';
    return sink.length;
}

TL_PRIV size_t tl__format(char *out, size_t size, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    size_t length = tl__format_list(out, size, format, list);
    va_end(list);
    return length;
}

TL_PRIV void tl__group_digits(char *text, size_t size)
{
    size_t digits = 0, length = strlen(text);
    while (text[digits] >= '0' && text[digits] <= '9') digits++;
    size_t commas = digits ? (digits - 1) / 3 : 0;
    if (length + commas >= size) return;
    memmove(text + digits + commas, text + digits, length - digits + 1);
    for (size_t i = digits, left = commas; left > 0; i--) {
        text[i - 1 + left] = text[i - 1];
        if ((digits - i + 1) % 3 == 0) text[i - 2 + left--] = ',';
    }
}

TL_PRIV bool tl__same_text(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

TL_PRIV bool tl__same_text_n(const char *a, const char *b, size_t b_size)
{
    for (size_t i = 0; i < b_size; i++)
        if (a[i] == '\0' || a[i] != b[i]) return false;
    return a[b_size] == '\0';
}

/* --- suggestions --- */

enum { TEXT_LONGEST_NAME = 63 };

static char text_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Optimal string alignment: insertions, deletions, replacements and swaps of neighbours cost 1 each. */
static size_t text_distance(const char *a, size_t a_size, const char *b, size_t b_size)
{
    unsigned char rows[3][TEXT_LONGEST_NAME + 1];
    for (size_t j = 0; j <= b_size; j++) rows[0][j] = (unsigned char)j;
    for (size_t i = 1; i <= a_size; i++) {
        unsigned char *row = rows[i % 3], *above = rows[(i + 2) % 3], *two_above = rows[(i + 1) % 3];
        row[0] = (unsigned char)i;
        for (size_t j = 1; j <= b_size; j++) {
            char x = text_lower(a[i - 1]), y = text_lower(b[j - 1]);
            size_t best = tl__size_min(above[j], row[j - 1]) + 1u;
            best = tl__size_min(best, above[j - 1] + (x == y ? 0u : 1u));
            if (i > 1 && j > 1 && x == text_lower(b[j - 2]) && y == text_lower(a[i - 2]))
                best = tl__size_min(best, two_above[j - 2] + 1u);
            row[j] = (unsigned char)best;
        }
    }
    return rows[a_size % 3][b_size];
}

TL_PRIV void tl__suggest(tl__suggestion *suggestion, const char *candidate)
{
    size_t wanted = strlen(suggestion->wanted), size = strlen(candidate);
    if (wanted > TEXT_LONGEST_NAME || size > TEXT_LONGEST_NAME) return;
    size_t distance = text_distance(suggestion->wanted, wanted, candidate, size);
    if (distance > wanted / 3) return;
    if (suggestion->best != NULL && distance >= suggestion->distance) return;
    suggestion->best = candidate;
    suggestion->distance = distance;
}

TL_PRIV bool tl__is_utf8(const char *text, size_t size)
{
    const unsigned char *s = (const unsigned char *)text;
    size_t i = 0;
    while (i < size) {
        unsigned char lead = s[i++];
        if (lead < 0x80) continue;
        size_t more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
        if (lead < 0xC2 || lead > 0xF4 || size - i < more) return false;
        unsigned char low = 0x80, high = 0xBF;    /* of the second byte: no overlong forms, surrogates, beyond
                                                     U+10FFFF */
        if (lead == 0xE0) low = 0xA0;
        if (lead == 0xED) high = 0x9F;
        if (lead == 0xF0) low = 0x90;
        if (lead == 0xF4) high = 0x8F;
        if (s[i] < low || s[i] > high) return false;
        for (size_t k = 1; k < more; k++)
            if ((s[i + k] & 0xC0) != 0x80) return false;
        i += more;
    }
    return true;
}
