/* A header of four words, then samples. Room is made only when the file is long enough for what the header asks. */
#include "text/pnm.h"

typedef struct pnm_reader {
    const unsigned char *at, *end;
    const char *name;
    int line;
} pnm_reader;

static tl_status pnm_bad(const pnm_reader *r, tl_error *error, const char *why)
{
    return tl__fail_at(error, TL_BAD_FILE, r->name, r->line, 0, NULL, "this PGM or PPM file cannot be read: %s", why);
}

static bool pnm_blank(unsigned char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

TL_PRIV bool tl__is_pnm(const void *bytes, size_t size)
{
    const unsigned char *p = bytes;
    return size >= 3 && p[0] == 'P' && (p[1] == '2' || p[1] == '3' || p[1] == '5' || p[1] == '6') &&
           (pnm_blank(p[2]) || p[2] == '#');
}

static void pnm_skip(pnm_reader *r)
{
    bool comment = false;
    for (; r->at < r->end && (comment || pnm_blank(*r->at) || *r->at == '#'); r->at++) {
        if (*r->at == '#') comment = true;
        if (*r->at == '\n' || *r->at == '\r') comment = false;
        r->line += *r->at == '\n';
    }
}

/* The next number, after blanks and comments; false: there is none, or it is above `most`. */
static bool pnm_number(pnm_reader *r, uint32_t most, uint32_t *out)
{
    uint64_t value = 0;
    pnm_skip(r);
    if (r->at == r->end || *r->at < '0' || *r->at > '9') return false;
    for (; r->at < r->end && *r->at >= '0' && *r->at <= '9'; r->at++) {
        value = value * 10 + (uint64_t)(*r->at - '0');
        if (value > most) return false;
    }
    *out = (uint32_t)value;
    return true;
}

static uint8_t pnm_byte(uint32_t value, uint32_t most) { return (uint8_t)((value * 255 + most / 2) / most); }

static tl_status pnm_words(pnm_reader *r, tl__pixels *pixels, uint32_t most, tl_error *error)
{
    for (size_t i = 0; i < pixels->bytes; i++) {
        uint32_t value;
        if (!pnm_number(r, most, &value))
            return pnm_bad(r, error, r->at == r->end ? "it ends before its last pixel"
                                                     : "there is no sample from 0 to the greatest here");
        pixels->samples[i] = pnm_byte(value, most);
    }
    return TL_OK;
}

static void pnm_bytes(pnm_reader *r, tl__pixels *pixels, uint32_t most)
{
    const unsigned char *p = r->at;
    for (size_t i = 0; i < pixels->bytes; i++) {
        uint32_t value = *p++;
        if (most > 255) value = value << 8 | *p++;
        pixels->samples[i] = pnm_byte(value < most ? value : most, most);
    }
    r->at = p;
}

TL_PRIV tl_status tl__pnm_parse(tl__pixels *pixels, tl__heap *heap, const void *bytes, size_t size, const char *name,
                                tl_error *error)
{
    pnm_reader r = {bytes, (const unsigned char *)bytes + size, name, 1};
    uint32_t width, height, most;
    size_t needed;
    *pixels = (tl__pixels){0};
    if (!tl__is_pnm(bytes, size)) return pnm_bad(&r, error, "it does not begin with P2, P3, P5 or P6");
    bool text = r.at[1] < '5', colour = r.at[1] == '3' || r.at[1] == '6';
    r.at += 2;
    if (!pnm_number(&r, INT32_MAX, &width) || !pnm_number(&r, INT32_MAX, &height) || !pnm_number(&r, 65535, &most) ||
        width == 0 || height == 0 || most == 0)
        return pnm_bad(&r, error, "width, height and the greatest sample (1 to 65535) must follow its first word");
    if (!text && (r.at == r.end || !pnm_blank(*r.at))) return pnm_bad(&r, error, "a blank must follow its header");
    r.at += !text;
    size_t each = (colour ? 3 : 1) * (size_t)(text || most > 255 ? 2 : 1);    /* text: a digit and a blank */
    if (!tl__size_mul(width, height, &needed) || !tl__size_mul(needed, each, &needed) ||
        needed > (size_t)(r.end - r.at) + text)
        return pnm_bad(&r, error, "its header asks for more pixels than it holds");
    TL_TRY(tl__pixels_new(pixels, heap, height, width, colour ? 3 : 1, name, error));
    tl_status status = TL_OK;
    if (text) status = pnm_words(&r, pixels, most, error);
    else pnm_bytes(&r, pixels, most);
    if (text) pnm_skip(&r);
    while (r.at < r.end && pnm_blank(*r.at)) r.at++;
    if (status == TL_OK && r.at < r.end) status = pnm_bad(&r, error, "something follows its last pixel");
    if (status != TL_OK) tl__pixels_free(pixels);
    return status;
}
