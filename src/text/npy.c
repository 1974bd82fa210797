/* The header is a Python dict literal with three keys in any order and spacing; a reader of just that, nothing more. */
#include "text/npy.h"

#include "base/text.h"

typedef struct npy_reader {
    const char *at, *end;
} npy_reader;

static tl_status npy_bad(tl_error *error, const char *name, const char *why)
{
    return tl__fail_at(error, TL_BAD_FILE, name, 0, 0, NULL, "this is not a npy file that can be read: %s", why);
}

static void npy_blanks(npy_reader *reader)
{
    while (reader->at < reader->end && (*reader->at == ' ' || *reader->at == '\n' || *reader->at == '\t')) reader->at++;
}

static bool npy_take(npy_reader *reader, const char *word)
{
    size_t size = strlen(word);
    npy_blanks(reader);
    if ((size_t)(reader->end - reader->at) < size || memcmp(reader->at, word, size) != 0) return false;
    reader->at += size;
    return true;
}

/* A quoted text without escapes. */
static bool npy_text(npy_reader *reader, const char **text, size_t *size)
{
    npy_blanks(reader);
    if (reader->at == reader->end || (*reader->at != '\'' && *reader->at != '"')) return false;
    char quote = *reader->at++;
    *text = reader->at;
    while (reader->at < reader->end && *reader->at != quote && *reader->at != '\\') reader->at++;
    if (reader->at == reader->end || *reader->at != quote) return false;
    *size = (size_t)(reader->at++ - *text);
    return true;
}

static tl_status npy_descr(npy_reader *reader, tl__npy *npy, const char *name, tl_error *error)
{
    const char *text;
    size_t size;
    if (!npy_text(reader, &text, &size)) {
        return tl__fail_at(error, TL_UNSUPPORTED, name, 0, 0, NULL,
                           "the array holds structures, which are not read; save a plain array of numbers");
    }
    size_t order = size > 0 && memchr("<>|=", text[0], 4) ? 1 : 0;
    npy->big_endian = order && text[0] == '>';
    if (size > order && text[order] == 'O') {
        return tl__fail_at(error, TL_UNSUPPORTED, name, 0, 0, NULL,
                           "the array holds Python objects, which are not read (they could run code); save it as "
                           "numbers, with array.astype('float32')");
    }
    bool known = size == order + 2 && memchr("biuf", text[order], 4) && memchr("1248", text[order + 1], 4);
    if (known) {
        npy->kind = text[order];
        npy->size = text[order + 1] - '0';
        known = (npy->kind != 'b' || npy->size == 1) && (npy->kind != 'f' || npy->size > 1);
    }
    if (known) return TL_OK;
    return tl__fail_at(error, TL_UNSUPPORTED, name, 0, 0, NULL,
                       "elements of type '%.*s' are not read; save the array as numbers, with array.astype('float32')",
                       (int)tl__size_min(size, 40), text);
}

static tl_status npy_shape(npy_reader *reader, tl__npy *npy, const char *name, tl_error *error)
{
    if (!npy_take(reader, "(")) return npy_bad(error, name, "its shape is not a tuple");
    while (!npy_take(reader, ")")) {
        const char *start = reader->at;
        int64_t size;
        while (reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9') reader->at++;
        if (!tl__parse_int(start, (size_t)(reader->at - start), &size))
            return npy_bad(error, name, "its shape is no list of numbers");
        if (npy->dims == TL__NPY_MAX_DIMS) return npy_bad(error, name, "it has more than 8 dimensions");
        if ((uint64_t)size > SIZE_MAX) return npy_bad(error, name, "a dimension is larger than memory");
        npy->shape[npy->dims++] = (size_t)size;
        if (!npy_take(reader, ",") && !npy_take(reader, ")")) return npy_bad(error, name, "its shape does not end");
        if (reader->at[-1] == ')') break;
    }
    return TL_OK;
}

static tl_status npy_header(npy_reader *reader, tl__npy *npy, const char *name, tl_error *error)
{
    unsigned seen = 0;
    if (!npy_take(reader, "{")) return npy_bad(error, name, "its header is not a dict");
    while (!npy_take(reader, "}")) {
        const char *key;
        size_t size;
        if (!npy_text(reader, &key, &size) || !npy_take(reader, ":"))
            return npy_bad(error, name, "its header is damaged");
        if (tl__same_text_n("descr", key, size)) {
            TL_TRY(npy_descr(reader, npy, name, error));
            seen |= 1;
        } else if (tl__same_text_n("fortran_order", key, size)) {
            npy->fortran = npy_take(reader, "True");
            if (!npy->fortran && !npy_take(reader, "False"))
                return npy_bad(error, name, "fortran_order is neither True nor False");
            seen |= 2;
        } else if (tl__same_text_n("shape", key, size)) {
            npy->dims = 0;
            TL_TRY(npy_shape(reader, npy, name, error));
            seen |= 4;
        } else {
            return npy_bad(error, name, "its header has an unknown key");
        }
        if (!npy_take(reader, ",")) {
            if (npy_take(reader, "}")) break;
            return npy_bad(error, name, "its header is damaged");
        }
    }
    npy_blanks(reader);
    if (seen != 7 || reader->at != reader->end)
        return npy_bad(error, name, "its header lacks descr, fortran_order or shape");
    return TL_OK;
}

TL_PRIV tl_status tl__npy_head(tl__npy *npy, const void *bytes, size_t size, uint64_t whole, size_t *start,
                               const char *name, tl_error *error)
{
    const unsigned char *b = bytes;
    size_t header, begin;
    memset(npy, 0, sizeof *npy);
    if (size < 10 || memcmp(b, "\x93NUMPY", 6) != 0)
        return npy_bad(error, name, "it does not begin with its signature");
    if (b[6] < 1 || b[6] > 3) return npy_bad(error, name, "its format version is not 1, 2 or 3");
    begin = b[6] == 1 ? 10 : 12;
    if (size < begin) return npy_bad(error, name, "it ends inside its header");
    header = (size_t)b[8] | (size_t)b[9] << 8;
    if (b[6] > 1) header |= (size_t)b[10] << 16 | (size_t)b[11] << 24;
    if (header > whole - begin) return npy_bad(error, name, "it ends inside its header");
    if (header > size - begin) return npy_bad(error, name, "its header is too long");
    npy_reader reader = {(const char *)b + begin, (const char *)b + begin + header};
    TL_TRY(npy_header(&reader, npy, name, error));
    uint64_t count = 1, length = 0, left = whole - begin - header;
    bool fits = true;
    for (int i = 0; i < npy->dims; i++) fits = fits && tl__u64_mul(count, npy->shape[i], &count);
    fits = fits && tl__u64_mul(count, (uint64_t)npy->size, &length);
    if (!fits || length != left) {
        return tl__fail_at(error, TL_BAD_FILE, name, 0, 0, NULL,
                           "the array's shape asks for %s than the %llu bytes that follow the header; the file is "
                           "damaged or was cut off",
                           fits && length < left ? "fewer bytes" : "more bytes", (unsigned long long)left);
    }
    *start = begin + header;
    return TL_OK;
}

TL_PRIV tl_status tl__npy_parse(tl__npy *npy, const void *bytes, size_t size, const char *name, tl_error *error)
{
    size_t start;
    TL_TRY(tl__npy_head(npy, bytes, size, size, &start, name, error));
    npy->count = (size - start) / (size_t)npy->size;
    npy->data = (const unsigned char *)bytes + start;
    return TL_OK;
}

/* ---- elements ---- */

/* Position in the file of the element with this C-order index. */
static size_t npy_position(const tl__npy *npy, size_t index)
{
    size_t position = 0, stride = 1;
    if (!npy->fortran || npy->dims < 2) return index;
    /* peel digits from the last dimension on; in Fortran order the first dimension is the fastest */
    size_t strides[TL__NPY_MAX_DIMS];
    for (int i = 0; i < npy->dims; i++) {
        strides[i] = stride;
        stride *= npy->shape[i];
    }
    for (int i = npy->dims - 1; i >= 0; i--) {
        position += index % npy->shape[i] * strides[i];
        index /= npy->shape[i];
    }
    return position;
}

static double npy_half(uint64_t bits)
{
    uint64_t exponent = bits >> 10 & 31, mantissa = bits & 1023;
    uint32_t single;
    float value;
    if (exponent == 0) {
        double small = (double)mantissa / 16777216.0;   /* 2^-24 */
        return bits >> 15 ? -small : small;
    }
    single = (uint32_t)((bits >> 15) << 31 | (exponent == 31 ? 255 : exponent + 112) << 23 | mantissa << 13);
    memcpy(&value, &single, sizeof value);
    return (double)value;
}

TL_PRIV double tl__npy_at(const tl__npy *npy, size_t index)
{
    const unsigned char *at = npy->data + npy_position(npy, index) * (size_t)npy->size;
    uint64_t bits = 0;
    for (int i = 0; i < npy->size; i++) {
        bits |= (uint64_t)at[i] << 8 * (npy->big_endian ? npy->size - 1 - i : i);
    }
    if (npy->kind == 'f') {
        double wide;
        float single;
        uint32_t low = (uint32_t)bits;
        if (npy->size == 2) return npy_half(bits);
        memcpy(&single, &low, sizeof single);
        memcpy(&wide, &bits, sizeof wide);
        return npy->size == 4 ? (double)single : wide;
    }
    if (npy->kind == 'b') return bits != 0;
    if (npy->kind == 'u') return (double)bits;
    uint64_t sign = (uint64_t)1 << (8 * npy->size - 1);
    return bits & sign ? -(double)(sign - (bits & (sign - 1))) : (double)bits;
}

/* ---- writing ---- */

TL_PRIV void tl__npy_put_header(tl__buffer *out, char kind, int size, const size_t *shape, int dims)
{
    char header[512];
    size_t used = tl__format(header, sizeof header, "{'descr': '%c%c%d', 'fortran_order': False, 'shape': (",
                             size == 1 ? '|' : '<', kind, size);
    for (int i = 0; i < dims && used < 400; i++) {
        used += tl__format(header + used, sizeof header - used, dims == 1 ? "%zu," : i ? ", %zu" : "%zu", shape[i]);
    }
    used += tl__format(header + used, sizeof header - used, "), }");
    size_t padded = tl__size_round(10 + used + 1, 64) - 10;
    while (used < padded - 1) header[used++] = ' ';
    header[used++] = '\n';
    tl__buffer_add(out, "\x93NUMPY\x01", 7);
    tl__buffer_char(out, 0);
    tl__buffer_char(out, (char)(padded & 255));
    tl__buffer_char(out, (char)(padded >> 8));
    tl__buffer_add(out, header, padded);
}

TL_PRIV void tl__npy_put_floats(tl__buffer *out, const float *values, const size_t *shape, int dims)
{
    size_t count = 1;
    tl__npy_put_header(out, 'f', 4, shape, dims);
    for (int i = 0; i < dims; i++) count *= shape[i];
    if (!tl__buffer_reserve(out, count * 4)) return;
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        unsigned char bytes[4] = {(unsigned char)bits, (unsigned char)(bits >> 8), (unsigned char)(bits >> 16),
                                  (unsigned char)(bits >> 24)};
        tl__buffer_add(out, bytes, 4);
    }
}
