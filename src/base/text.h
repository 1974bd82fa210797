/* Text without a locale: formatting, numbers in and out, comparison and suggestions.
 *
 * Formatting knows %s %.*s %c %d %i %u %ld %lu %lld %llu %zu %x %llx %% with width, '-', '0' and for doubles
 * %g (shortest text that reads back as the same double), %.Ng, %.Nf and %.Ne (correctly rounded). */
#ifndef TL_BASE_TEXT_H
#define TL_BASE_TEXT_H

#include "base/base.h"

/* Like snprintf: returns the length of the whole text, writes at most size bytes with the final NUL. */
TL_PRIV size_t tl__format(char *out, size_t size, const char *format, ...) TL_PRINTF(3, 4);
TL_PRIV size_t tl__format_list(char *out, size_t size, const char *format, va_list list);

/* Correctly rounded. `text[0..size)` must be a number from its first to its last byte, in the grammar
 * [+-] digits [. digits] [e [+-] digits]; also .5 and 5. ; nan, inf, infinity in any case (with sign).
 * False when it is not. Overflow gives infinity, underflow 0 or a subnormal. */
TL_PRIV bool tl__parse_double(const char *text, size_t size, double *out);
/* Decimal digits with an optional sign; false when it is not one or it does not fit. */
TL_PRIV bool tl__parse_int(const char *text, size_t size, int64_t *out);

/* Shortest text that reads back as the same number; at most 32 bytes with the NUL. "nan", "inf", "-inf". */
TL_PRIV size_t tl__print_double(char out[32], double value);
TL_PRIV size_t tl__print_float(char out[32], float value);   /* shortest that reads back as the same float */

/* A comma between groups of three of the text's leading digits, where there are more than three: 12345.6 becomes
 * 12,345.6. As it was where it does not fit. */
TL_PRIV void tl__group_digits(char *text, size_t size);

TL_PRIV bool tl__same_text(const char *a, const char *b);
TL_PRIV bool tl__same_text_n(const char *a, const char *b, size_t b_size);   /* b is not terminated */

/* Keeps the candidate nearest to `wanted` (Levenshtein distance with transpositions, ignoring case, at most a
 * third of its length): call for each candidate, starting with *best NULL; in the end *best is what to
 * suggest, or NULL. */
typedef struct tl__suggestion {
    const char *wanted, *best;
    size_t distance;
} tl__suggestion;
TL_PRIV void tl__suggest(tl__suggestion *suggestion, const char *candidate);

/* Is text[0..size) valid UTF-8 (no overlong forms, no surrogates)? */
TL_PRIV bool tl__is_utf8(const char *text, size_t size);

#endif
