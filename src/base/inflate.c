/* Decompression of DEFLATE (RFC 1951).
 *
 * Codes are decoded by two-level tables: 10 (lengths: 11) bits of input index the first, whose entries hold the symbol
 * and its code's length, or point to a second one for the longer codes. Input goes through a 64-bit reservoir, of which
 * one refill serves a whole length-distance pair (at most 15+5+15+13 = 48 bits). Past the end of the input the
 * reservoir is filled with zeros that are counted, and a stream that consumed any of them is truncated: so nothing is
 * read beyond the input, without a test per symbol. Output goes straight into the caller's buffer, which is also the
 * window. */
#include "base/inflate.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/hash.h"

enum {
    INFLATE_LENGTH_BITS = 11,
    INFLATE_DISTANCE_BITS = 9,
    INFLATE_LENGTH_ROOM = 2400,     /* entries; zlib's bound for 286 symbols, 15 bits, root 11 is 2342 */
    INFLATE_DISTANCE_ROOM = 600,    /* zlib's bound for 30 symbols, 15 bits, root 9 is 592 */
    INFLATE_MARGIN = 258 + 32,      /* one step may write this much past the current end */
    INFLATE_GIVEN_BACK = 16,        /* more than the reservoir gives back to the input at a block's end */
    INFLATE_LONGEST = 15
};

/* An entry: low byte the bits to take (all of the code in this table), then what it means. A literal's byte stands in
 * bits 16 to 23; where the bits behind it in the index are another literal's whole code, that byte follows in 24 to 31,
 * and both are taken. */
enum { INFLATE_LITERAL = 0x100, INFLATE_SUB = 0x200, INFLATE_END = 0x400, INFLATE_BAD = 0x800, INFLATE_TWO = 0x1000 };

struct inflate_bits {
    const unsigned char *in, *in_end;
    uint64_t bits;
    unsigned count;       /* bits in the reservoir */
    unsigned missing;     /* of them, bytes of zeros from beyond the end */
};

struct inflate_state {
    struct inflate_bits b;
    tl__buffer *out;
    tl__buffer *aside;    /* input that lies in out->data itself moves here before the output reaches it; NULL: it does
                             not */
    size_t start;         /* where this member's output begins in out */
    size_t limit;         /* out->size may not exceed it */
    uint32_t length_table[INFLATE_LENGTH_ROOM];
    uint32_t distance_table[INFLATE_DISTANCE_ROOM];
};

typedef enum inflate_result { INFLATE_OK, INFLATE_DAMAGED, INFLATE_TRUNCATED, INFLATE_LIMIT,
                              INFLATE_MEMORY } inflate_result;

/* At least 56 bits in the reservoir. Bits above `count` may be there already; they are those that come next. */
static inline void inflate_refill(struct inflate_bits *b)
{
    if (b->in_end - b->in >= 8) {
        b->bits |= tl__load64(b->in) << b->count;
        b->in += (63 - b->count) >> 3;
        b->count |= 56;
        return;
    }
    while (b->count <= 56) {
        if (b->in < b->in_end) b->bits |= (uint64_t)*b->in++ << b->count;
        else b->missing++;
        b->count += 8;
    }
}

static inline uint32_t inflate_take(struct inflate_bits *b, unsigned count)
{
    uint32_t value = (uint32_t)(b->bits & (((uint64_t)1 << count) - 1));
    b->bits >>= count;
    b->count -= count;
    return value;
}

/* Were zeros from beyond the end consumed? */
static bool inflate_truncated(const struct inflate_bits *b)
{
    return b->missing * 8 > b->count;
}

/* Give whole bytes that were not used back to the input. */
static bool inflate_align(struct inflate_bits *b)
{
    unsigned bytes = b->count / 8;
    if (bytes < b->missing) return false;
    b->in -= bytes - b->missing;
    b->bits = 0;
    b->count = 0;
    b->missing = 0;
    return true;
}

/* --- tables --- */

static uint32_t inflate_length_entry(unsigned symbol)
{
    static const uint16_t base[29] = {3,  4,  5,  6,  7,  8,  9,  10, 11,  13,  15,  17,  19,  23, 27,
                                      31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258};
    static const unsigned char extra[29] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5,
                                            5, 5, 5, 0};
    if (symbol < 256) return INFLATE_LITERAL | symbol << 16;
    if (symbol == 256) return INFLATE_END;
    if (symbol > 285) return INFLATE_BAD;
    return (uint32_t)base[symbol - 257] << 16 | (uint32_t)extra[symbol - 257] << 12;
}

static uint32_t inflate_distance_entry(unsigned symbol)
{
    if (symbol > 29) return INFLATE_BAD;
    unsigned extra = symbol < 4 ? 0 : symbol / 2 - 1;
    unsigned base = symbol < 4 ? symbol + 1 : ((2 + (symbol & 1)) << extra) + 1;
    return base << 16 | extra << 12;
}

static uint32_t inflate_code_entry(unsigned symbol)
{
    return symbol << 16;
}

static unsigned inflate_reverse(unsigned code, unsigned length)
{
    unsigned reversed = 0;
    for (; length > 0; length--, code >>= 1) reversed = reversed << 1 | (code & 1);
    return reversed;
}

/* Sub-tables for the codes longer than root: each as large as its longest code asks. */
static bool inflate_subtables(uint32_t *table, size_t room, unsigned root, const unsigned char *lengths,
                              const uint16_t *codes,
                              unsigned symbols)
{
    unsigned char longest[1 << INFLATE_LENGTH_BITS];
    size_t used = (size_t)1 << root;
    unsigned mask = (1u << root) - 1;
    memset(longest, 0, used);
    for (unsigned i = 0; i < symbols; i++)
        if (lengths[i] > root && lengths[i] > longest[codes[i] & mask]) longest[codes[i] & mask] = lengths[i];
    for (unsigned prefix = 0; prefix <= mask; prefix++) {
        if (longest[prefix] == 0) continue;
        unsigned bits = longest[prefix] - root;
        if (used + ((size_t)1 << bits) > room) return false;
        table[prefix] = (uint32_t)used << 16 | bits << 12 | INFLATE_SUB | root;
        for (size_t i = 0; i < (size_t)1 << bits; i++) table[used + i] = INFLATE_BAD;
        used += (size_t)1 << bits;
    }
    return true;
}

/* lengths[symbol] 0..15 -> table. False: more codes than bits allow, or fewer (but for a single code of one bit and,
 * when `may_be_empty`, none: deflate has them for unused distances). */
static bool inflate_build(uint32_t *table, size_t room, unsigned root, const unsigned char *lengths, unsigned symbols,
                          uint32_t entry(unsigned symbol), bool may_be_partial)
{
    uint16_t codes[288];
    unsigned counts[INFLATE_LONGEST + 1] = {0}, next[INFLATE_LONGEST + 1], longest = 0, used = 0;
    for (unsigned i = 0; i < symbols; i++) counts[lengths[i]]++;
    counts[0] = 0;
    for (unsigned bits = 1, code = 0; bits <= INFLATE_LONGEST; bits++) {
        code = (code + counts[bits - 1]) << 1;
        next[bits] = code;
        if (counts[bits] > 0) longest = bits;
        used += counts[bits] << (INFLATE_LONGEST - bits);
    }
    if (used > 1u << INFLATE_LONGEST) return false;
    if (used < 1u << INFLATE_LONGEST && !(may_be_partial && longest <= 1)) return false;
    for (unsigned i = 0; i < symbols; i++)
        if (lengths[i] > 0) codes[i] = (uint16_t)inflate_reverse(next[lengths[i]]++, lengths[i]);
        else codes[i] = 0;
    for (size_t i = 0; i < (size_t)1 << root; i++) table[i] = INFLATE_BAD;
    if (longest > root && !inflate_subtables(table, room, root, lengths, codes, symbols)) return false;
    for (unsigned i = 0; i < symbols; i++) {
        unsigned length = lengths[i], size = root, code = codes[i];
        uint32_t *place = table;
        if (length == 0) continue;
        if (length > root) {
            uint32_t sub = table[code & ((1u << root) - 1)];
            place = table + (sub >> 16);
            size = sub >> 12 & 15;
            code >>= root;
            length -= root;
        }
        for (size_t at = code; at < (size_t)1 << size; at += (size_t)1 << length) place[at] = entry(i) | length;
    }
    return true;
}

/* From the back: what follows an entry's literal stands before it in the table, still alone. */
static void inflate_pair_literals(uint32_t *table)
{
    for (uint32_t i = 1u << INFLATE_LENGTH_BITS; i-- > 0;) {
        uint32_t entry = table[i], bits = entry & 0xFF, next = table[i >> bits];
        if (!(entry & next & INFLATE_LITERAL) || bits + (next & 0xFF) > INFLATE_LENGTH_BITS) continue;
        table[i] = (entry + (next & 0xFF)) | INFLATE_TWO | (next & 0xFF0000) << 8;
    }
}

static inflate_result inflate_fixed(struct inflate_state *s)
{
    unsigned char lengths[288];
    for (unsigned i = 0; i < 288; i++) lengths[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
    inflate_build(s->length_table, INFLATE_LENGTH_ROOM, INFLATE_LENGTH_BITS, lengths, 288, inflate_length_entry, false);
    inflate_pair_literals(s->length_table);
    memset(lengths, 5, 32);
    inflate_build(s->distance_table, INFLATE_DISTANCE_ROOM, INFLATE_DISTANCE_BITS, lengths, 32, inflate_distance_entry,
                  false);
    return INFLATE_OK;
}

/* The code lengths of a dynamic block, themselves coded with 7-bit codes and repetitions. */
static bool inflate_lengths(struct inflate_state *s, unsigned char *lengths, unsigned total)
{
    unsigned at = 0;
    while (at < total) {
        inflate_refill(&s->b);
        if (inflate_truncated(&s->b)) return false;
        uint32_t code = s->distance_table[s->b.bits & 127];
        if (code & INFLATE_BAD) return false;
        inflate_take(&s->b, code & 0xFF);
        unsigned symbol = code >> 16, repeat, value = 0;
        if (symbol < 16) {
            lengths[at++] = (unsigned char)symbol;
            continue;
        }
        if (symbol == 16) {
            if (at == 0) return false;
            value = lengths[at - 1];
            repeat = 3 + inflate_take(&s->b, 2);
        } else {
            repeat = symbol == 17 ? 3 + inflate_take(&s->b, 3) : 11 + inflate_take(&s->b, 7);
        }
        if (repeat > total - at) return false;
        memset(lengths + at, (int)value, repeat);
        at += repeat;
    }
    return true;
}

static inflate_result inflate_dynamic(struct inflate_state *s)
{
    static const unsigned char order[19] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
    unsigned char lengths[320], code_lengths[19] = {0};
    inflate_refill(&s->b);
    unsigned literals = 257 + inflate_take(&s->b, 5), distances = 1 + inflate_take(&s->b, 5),
        codes = 4 + inflate_take(&s->b, 4);
    if (literals > 286 || distances > 30) return INFLATE_DAMAGED;
    for (unsigned i = 0; i < codes; i++) {
        inflate_refill(&s->b);
        code_lengths[order[i]] = (unsigned char)inflate_take(&s->b, 3);
    }
    if (!inflate_build(s->distance_table, INFLATE_DISTANCE_ROOM, 7, code_lengths, 19, inflate_code_entry, false)
        || !inflate_lengths(s, lengths, literals + distances) || lengths[256] == 0
        || !inflate_build(s->length_table, INFLATE_LENGTH_ROOM, INFLATE_LENGTH_BITS, lengths, literals,
                          inflate_length_entry, true)
        || !inflate_build(s->distance_table, INFLATE_DISTANCE_ROOM, INFLATE_DISTANCE_BITS, lengths + literals,
                          distances,
                          inflate_distance_entry, true))
        return inflate_truncated(&s->b) ? INFLATE_TRUNCATED : INFLATE_DAMAGED;
    inflate_pair_literals(s->length_table);
    return INFLATE_OK;
}

/* --- blocks --- */

/* Room for `more` bytes of output. Input that lies in the same block stays where it is as long as the output keeps away
 * from it; else what is left of it is copied aside. */
static bool inflate_room(struct inflate_state *s, size_t more)
{
    if (s->aside != NULL) {
        const unsigned char *out = (const unsigned char *)s->out->data + s->out->size;
        if ((size_t)(s->b.in - out) >= more + INFLATE_GIVEN_BACK) return true;
        size_t left = (size_t)(s->b.in_end - s->b.in);
        tl__buffer_add(s->aside, s->b.in - INFLATE_GIVEN_BACK, left + INFLATE_GIVEN_BACK);
        if (s->aside->failed) return false;
        s->b.in = (const unsigned char *)s->aside->data + INFLATE_GIVEN_BACK;
        s->b.in_end = s->b.in + left;
        s->aside = NULL;
    }
    return tl__buffer_reserve(s->out, more);
}

static inflate_result inflate_stored(struct inflate_state *s)
{
    inflate_refill(&s->b);
    inflate_take(&s->b, s->b.count & 7);
    inflate_refill(&s->b);
    unsigned length = inflate_take(&s->b, 16), inverse = inflate_take(&s->b, 16);
    if (!inflate_align(&s->b)) return INFLATE_TRUNCATED;
    if (length != (inverse ^ 0xFFFF)) return INFLATE_DAMAGED;
    if ((size_t)(s->b.in_end - s->b.in) < length) return INFLATE_TRUNCATED;
    if (length > s->limit - s->out->size) return INFLATE_LIMIT;
    if (!inflate_room(s, length)) return INFLATE_MEMORY;
    memmove(s->out->data + s->out->size, s->b.in, length);
    s->out->size += length;
    s->b.in += length;
    return INFLATE_OK;
}

/* May write up to 15 bytes more than length. */
static void inflate_copy(unsigned char *out, size_t distance, unsigned length)
{
    const unsigned char *from = out - distance, *end = out + length;
    if (distance >= 16) {
        do {
            memcpy(out, from, 16);
            out += 16;
            from += 16;
        } while (out < end);
    } else if (distance == 1) {
        memset(out, *from, length);
    } else {
        while (out < end) *out++ = *from++;
    }
}

static inline uint32_t inflate_look(const uint32_t *table, unsigned bits, const struct inflate_bits *b)
{
    return table[b->bits & ((1u << bits) - 1)];
}

/* The entry of a sub-table, where the first table points to one. */
static inline uint32_t inflate_look_further(const uint32_t *table, uint32_t entry, struct inflate_bits *b)
{
    if (TL_LIKELY(!(entry & INFLATE_SUB))) return entry;
    inflate_take(b, entry & 0xFF);
    return table[(entry >> 16) + (b->bits & ((1u << (entry >> 12 & 15)) - 1))];
}

/* One or two literals; writes two bytes. */
static inline unsigned char *inflate_put(unsigned char *out, uint32_t entry, struct inflate_bits *b)
{
    inflate_take(b, entry & 0xFF);
    out[0] = (unsigned char)(entry >> 16);
    out[1] = (unsigned char)(entry >> 24);
    return out + 1 + (entry / INFLATE_TWO & 1);
}

/* Base plus extra bits of a length or distance. */
static inline uint32_t inflate_value(uint32_t entry, struct inflate_bits *b)
{
    inflate_take(b, entry & 0xFF);
    return (entry >> 16) + inflate_take(b, entry >> 12 & 15);
}

/* Symbols until the block's end (*ended) or until out may have less than INFLATE_MARGIN bytes of room: out < last says
 * that there is more. */
static inflate_result inflate_run(struct inflate_state *s, unsigned char **out_place, const unsigned char *first,
                                  const unsigned char *last, bool *ended)
{
    struct inflate_bits b = s->b;
    unsigned char *out = *out_place;
    inflate_result result = INFLATE_OK;
    while (out < last) {
        inflate_refill(&b);
        if (b.missing > 8) break;
        uint32_t entry = inflate_look(s->length_table, INFLATE_LENGTH_BITS, &b);
        for (int i = 0; i < 3 && (entry & INFLATE_LITERAL); i++) {
            out = inflate_put(out, entry, &b);
            entry = inflate_look(s->length_table, INFLATE_LENGTH_BITS, &b);
        }
        if (entry & INFLATE_LITERAL) {
            out = inflate_put(out, entry, &b);
            continue;
        }
        inflate_refill(&b);
        entry = inflate_look_further(s->length_table, entry, &b);
        if (entry & INFLATE_LITERAL) {
            out = inflate_put(out, entry, &b);
            continue;
        }
        if (entry & (INFLATE_END | INFLATE_BAD)) {
            inflate_take(&b, entry & 0xFF);
            *ended = true;
            if (entry & INFLATE_BAD) result = INFLATE_DAMAGED;
            break;
        }
        uint32_t length = inflate_value(entry, &b);
        entry = inflate_look_further(s->distance_table, inflate_look(s->distance_table, INFLATE_DISTANCE_BITS, &b), &b);
        if (entry & INFLATE_BAD) result = INFLATE_DAMAGED;
        uint32_t distance = inflate_value(entry, &b);
        if (result != INFLATE_OK || distance > (size_t)(out - first)) {
            result = INFLATE_DAMAGED;
            break;
        }
        inflate_copy(out, distance, length);
        out += length;
    }
    s->b = b;
    *out_place = out;
    return inflate_truncated(&b) ? INFLATE_TRUNCATED : result;
}

static inflate_result inflate_symbols(struct inflate_state *s)
{
    for (bool ended = false; !ended;) {
        if (!inflate_room(s, 2 * INFLATE_MARGIN)) return INFLATE_MEMORY;
        unsigned char *data = (unsigned char *)s->out->data, *out = data + s->out->size;
        const unsigned char *end = s->aside != NULL ? s->b.in - INFLATE_GIVEN_BACK : data + s->out->capacity;
        inflate_result result = inflate_run(s, &out, data + s->start, end - INFLATE_MARGIN, &ended);
        s->out->size = (size_t)(out - data);
        if (result != INFLATE_OK) return result;
        if (s->out->size > s->limit) return INFLATE_LIMIT;
    }
    return INFLATE_OK;
}

static inflate_result inflate_stream(struct inflate_state *s)
{
    for (bool last = false; !last;) {
        inflate_result result = INFLATE_DAMAGED;
        inflate_refill(&s->b);
        last = inflate_take(&s->b, 1) != 0;
        uint32_t kind = inflate_take(&s->b, 2);
        if (kind == 0) {
            result = inflate_stored(s);
        } else if (kind < 3) {
            result = kind == 1 ? inflate_fixed(s) : inflate_dynamic(s);
            if (result == INFLATE_OK) result = inflate_symbols(s);
        }
        if (result != INFLATE_OK) return inflate_truncated(&s->b) ? INFLATE_TRUNCATED : result;
    }
    return inflate_align(&s->b) ? INFLATE_OK : INFLATE_TRUNCATED;
}

/* --- gzip --- */

TL_PRIV bool tl__is_gzip(const unsigned char *bytes, size_t size)
{
    return size >= 3 && bytes[0] == 0x1F && bytes[1] == 0x8B && bytes[2] == 8;
}

/* Length of a member's header, 0 when it is not one or does not end. */
static size_t inflate_gzip_header(const unsigned char *p, size_t size)
{
    enum { HEADER_CRC = 2, EXTRA = 4, NAME = 8, COMMENT = 16, RESERVED = 0xE0 };
    size_t at = 10;
    if (size < at || !tl__is_gzip(p, size) || (p[3] & RESERVED)) return 0;
    if (p[3] & EXTRA) {
        if (size - at < 2) return 0;
        size_t extra = (size_t)p[at] | (size_t)p[at + 1] << 8;
        at += 2;
        if (size - at < extra) return 0;
        at += extra;
    }
    for (unsigned flag = NAME; flag <= COMMENT; flag *= 2) {
        if (!(p[3] & flag)) continue;
        const unsigned char *end = memchr(p + at, 0, size - at);
        if (end == NULL) return 0;
        at = (size_t)(end - p) + 1;
    }
    if (p[3] & HEADER_CRC) {
        if (size - at < 2) return 0;
        at += 2;
    }
    return at;
}

static uint32_t inflate_u32(const unsigned char *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static size_t inflate_left(const struct inflate_state *s) { return (size_t)(s->b.in_end - s->b.in); }

/* One member from s->b.in, which then is behind it. */
static inflate_result inflate_member(struct inflate_state *s)
{
    size_t header = inflate_gzip_header(s->b.in, inflate_left(s));
    if (header == 0) return inflate_left(s) < 18 ? INFLATE_TRUNCATED : INFLATE_DAMAGED;
    s->b = (struct inflate_bits){s->b.in + header, s->b.in_end, 0, 0, 0};
    s->start = s->out->size;
    inflate_result result = inflate_stream(s);
    if (result != INFLATE_OK) return result;
    if (inflate_left(s) < 8) return INFLATE_TRUNCATED;
    size_t length = s->out->size - s->start;
    const char *data = s->out->data == NULL ? "" : s->out->data + s->start;
    if (tl__crc32(0, data, length) != inflate_u32(s->b.in) || (uint32_t)length != inflate_u32(s->b.in + 4))
        return INFLATE_DAMAGED;
    s->b.in += 8;
    return INFLATE_OK;
}

static tl_status inflate_fail(inflate_result result, size_t at, size_t limit, const char *name, tl_error *error)
{
    switch (result) {
    case INFLATE_OK: return TL_OK;
    case INFLATE_MEMORY: return tl__fail(error, TL_OUT_OF_MEMORY, "%s: out of memory while decompressing", name);
    case INFLATE_LIMIT:
        return tl__fail_at(error, TL_OUT_OF_RANGE, name, 0, 0, NULL,
                           "holds more than %zu bytes when decompressed; decompress "
                           "it first if that is right", limit);
    case INFLATE_TRUNCATED:
        return tl__fail_at(error, TL_BAD_FILE, name, 0, 0, NULL,
                           "the compressed data ends too early (at byte %zu); fetch or write "
                           "the file again", at);
    case INFLATE_DAMAGED: break;
    }
    return tl__fail_at(error, TL_BAD_FILE, name, 0, 0, NULL,
                       "the compressed data is damaged near byte %zu; fetch or write the file "
                       "again", at);
}

/* The last member's length as its trailer says it, if it is believable; else 0. */
static size_t inflate_expected(const unsigned char *bytes, size_t size, size_t limit)
{
    if (size < 18) return 0;
    size_t length = inflate_u32(bytes + size - 4);
    return length > limit || length / 1032 > size ? 0 : length;
}

/* All members of the input that s->b holds, appended to out. */
static tl_status inflate_members(struct inflate_state *s, size_t limit, const char *name, tl_error *error)
{
    size_t size = inflate_left(s), before = s->out->size;
    inflate_result result;
    s->limit = limit > SIZE_MAX - before ? SIZE_MAX : before + limit;
    do {
        result = inflate_member(s);
        while (result == INFLATE_OK && inflate_left(s) > 0 && *s->b.in == 0) s->b.in++;    /* padding of tapes and
                                                                                              blocks */
    } while (result == INFLATE_OK && inflate_left(s) > 0);
    if (result != INFLATE_OK) s->out->size = before;
    if (s->out->data != NULL) s->out->data[s->out->size] = '\0';
    return inflate_fail(result, size - inflate_left(s), limit, name, error);
}

TL_PRIV tl_status tl__gunzip(tl__buffer *out, const unsigned char *bytes, size_t size, size_t limit, const char *name,
                             tl_error *error)
{
    struct inflate_state state;
    if (out->failed) return inflate_fail(INFLATE_MEMORY, 0, limit, name, error);
    if (inflate_expected(bytes, size, limit) > 0) {
        tl__buffer_reserve(out, inflate_expected(bytes, size, limit) + 2 * INFLATE_MARGIN);
        out->failed = false;
    }
    state.out = out;
    state.aside = NULL;
    state.b = (struct inflate_bits){bytes, bytes + size, 0, 0, 0};
    return inflate_members(&state, limit, name, error);
}

TL_PRIV tl_status tl__gunzip_in_place(tl__buffer *buffer, size_t limit, const char *name, tl_error *error)
{
    struct inflate_state state;
    size_t size = buffer->size, expected = inflate_expected((const unsigned char *)buffer->data, size, limit);
    /* Stored blocks, of at least 5 bytes of head each 65,535, are the worst that the packed bytes can run behind. */
    size_t ahead = expected / 4096 + 4 * INFLATE_MARGIN + 64, total;
    tl__buffer aside;
    if (!tl__size_add(tl__size_max(expected, size), ahead, &total) || !tl__buffer_reserve(buffer, total - size))
        return inflate_fail(INFLATE_MEMORY, 0, limit, name, error);
    tl__buffer_init(&aside, buffer->heap);
    unsigned char *end = (unsigned char *)buffer->data + total;
    memmove(end - size, buffer->data, size);
    buffer->size = 0;
    state.out = buffer;
    state.aside = &aside;
    state.b = (struct inflate_bits){end - size, end, 0, 0, 0};
    tl_status status = inflate_members(&state, limit, name, error);
    tl__buffer_free(&aside);
    return status;
}

/* --- zlib --- */

static uint32_t inflate_adler(const unsigned char *bytes, size_t size)
{
    enum { MODULUS = 65521, SUMS = 5552 };    /* so many bytes before the sums can overflow */
    uint32_t a = 1, b = 0;
    while (size > 0) {
        size_t n = tl__size_min(size, SUMS);
        for (size_t i = 0; i < n; i++) {
            a += bytes[i];
            b += a;
        }
        a %= MODULUS;
        b %= MODULUS;
        bytes += n;
        size -= n;
    }
    return b << 16 | a;
}

/* Header, blocks, Adler-32; nothing may follow. */
static inflate_result inflate_zlib(struct inflate_state *s)
{
    enum { DEFLATE = 8, WINDOW_MOST = 7, DICTIONARY = 32 };
    const unsigned char *head = s->b.in;
    if (inflate_left(s) < 6) return INFLATE_TRUNCATED;
    bool known = (head[0] & 15) == DEFLATE && head[0] >> 4 <= WINDOW_MOST && !(head[1] & DICTIONARY);
    if (!known || (head[0] << 8 | head[1]) % 31) return INFLATE_DAMAGED;
    s->b.in += 2;
    inflate_result result = inflate_stream(s);
    if (result != INFLATE_OK) return result;
    if (inflate_left(s) < 4) return INFLATE_TRUNCATED;
    const unsigned char *p = s->b.in;
    uint32_t expected = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | (uint32_t)p[3];
    const unsigned char *data = (const unsigned char *)s->out->data + s->start;
    if (inflate_left(s) > 4 || inflate_adler(data, s->out->size - s->start) != expected) return INFLATE_DAMAGED;
    return INFLATE_OK;
}

TL_PRIV tl_status tl__unzlib(tl__buffer *out, const unsigned char *bytes, size_t size, size_t limit, const char *name,
                             tl_error *error)
{
    struct inflate_state state;
    size_t before = out->size;
    if (!tl__buffer_reserve(out, 2 * INFLATE_MARGIN)) return inflate_fail(INFLATE_MEMORY, 0, limit, name, error);
    state.out = out;
    state.aside = NULL;
    state.start = before;
    state.limit = limit > SIZE_MAX - before ? SIZE_MAX : before + limit;
    state.b = (struct inflate_bits){bytes, bytes + size, 0, 0, 0};
    inflate_result result = inflate_zlib(&state);
    if (result != INFLATE_OK) out->size = before;
    out->data[out->size] = '\0';
    return inflate_fail(result, size - inflate_left(&state), limit, name, error);
}
