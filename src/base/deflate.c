/* Compression to DEFLATE (RFC 1951): repeats within 32 KiB are found through chains of equal three-byte beginnings, and
 * a match waits for the one that begins a byte later, which may be longer. Tokens are gathered into blocks; each is
 * written stored, with the fixed codes or with its own, whichever is shortest. */
#include "base/deflate.h"

#include "base/hash.h"

enum {
    DEFLATE_WINDOW = 32768,
    DEFLATE_HASHES = 32768,
    DEFLATE_TOKENS = 32768,          /* of a block */
    DEFLATE_CHAIN = 96,              /* candidates that are looked at */
    DEFLATE_ENOUGH = 130,            /* a match so long is taken as it is */
    DEFLATE_LITERALS = 286, DEFLATE_DISTANCES = 30, DEFLATE_CODES = 19,
    DEFLATE_STORED_MOST = 65535,
    DEFLATE_MOST = 0x7fffffff        /* bytes; positions are kept in 32 bits */
};

typedef struct deflate_code {
    uint16_t bits[DEFLATE_LITERALS + 2];
    uint8_t length[DEFLATE_LITERALS + 2];
} deflate_code;

typedef struct deflate_state {
    tl__buffer *out;
    const unsigned char *in;
    size_t size;
    uint64_t held;                   /* bits that wait for a whole byte */
    unsigned held_count;
    size_t block;                    /* where the block's bytes begin */
    size_t token_count;
    uint32_t head[DEFLATE_HASHES], before[DEFLATE_WINDOW];    /* positions + 1; 0: none */
    uint32_t tokens[DEFLATE_TOKENS]; /* a literal, or length << 16 | distance with length 3.. */
    uint32_t literals[DEFLATE_LITERALS], distances[DEFLATE_DISTANCES];
    deflate_code literal_code, distance_code;
} deflate_state;

static void deflate_put(deflate_state *state, uint32_t bits, unsigned count)
{
    state->held |= (uint64_t)bits << state->held_count;
    state->held_count += count;
    while (state->held_count >= 8) {
        tl__buffer_char(state->out, (char)(state->held & 255));
        state->held >>= 8;
        state->held_count -= 8;
    }
}

/* ---- codes ---- */

static const uint16_t deflate_length_base[] = {3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59,
                                               67, 83, 99, 115, 131, 163, 195, 227, 258};
static const uint8_t deflate_length_extra[] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4,
                                               5, 5, 5, 5, 0};
static const uint16_t deflate_distance_base[] = {1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385,
                                                 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385,
                                                 24577};

static unsigned deflate_length_symbol(unsigned length)
{
    unsigned s = 28;
    while (deflate_length_base[s] > length) s--;
    return s;
}

static unsigned deflate_distance_symbol(unsigned distance)
{
    unsigned s = 29;
    while (deflate_distance_base[s] > distance) s--;
    return s;
}

static unsigned deflate_distance_extra(unsigned symbol) { return symbol < 4 ? 0 : symbol / 2 - 1; }

typedef struct deflate_leaf { uint32_t weight; uint16_t symbol; } deflate_leaf;

#define SORT_NAME deflate_sort
#define SORT_TYPE deflate_leaf
#define SORT_USER int
#define SORT_BEFORE(user, b, a) ((b).weight < (a).weight)
#include "base/sort.inc.h"

/* Depths of Huffman's tree over weights that ascend, written over them (A. Moffat, J. Katajainen 1995). */
static void deflate_depths(deflate_leaf *w, size_t n)
{
    size_t root = 0, leaf = 2;
    w[0].weight += w[1].weight;
    for (size_t next = 1; next + 1 < n; next++) {
        if (leaf >= n || w[root].weight < w[leaf].weight) {
            w[next].weight = w[root].weight;
            w[root++].weight = (uint32_t)next;
        } else {
            w[next].weight = w[leaf++].weight;
        }
        if (leaf >= n || (root < next && w[root].weight < w[leaf].weight)) {
            w[next].weight += w[root].weight;
            w[root++].weight = (uint32_t)next;
        } else {
            w[next].weight += w[leaf++].weight;
        }
    }
    w[n - 2].weight = 0;
    for (size_t next = n - 2; next-- > 0;) w[next].weight = w[w[next].weight].weight + 1;
    size_t available = 1, used = 0, place = n;
    uint32_t depth = 0;
    root = n - 1;
    while (available > 0) {
        while (root > 0 && w[root - 1].weight == depth) used++, root--;
        while (available > used) w[--place].weight = depth, available--;
        available = 2 * used;
        depth++;
        used = 0;
    }
}

/* The numbers of codes of each length, none longer than `most`: too long ones are cut, and shorter ones made longer
 * until all fit. */
static void deflate_limit(uint32_t counts[33], unsigned most)
{
    uint32_t total = 0;
    for (unsigned i = most + 1; i < 33; i++) counts[most] += counts[i], counts[i] = 0;
    for (unsigned i = 1; i <= most; i++) total += counts[i] << (most - i);
    for (; total > 1u << most; total--) {
        unsigned i = most - 1;
        while (counts[i] == 0) i--;
        counts[most]--;
        counts[i]--;
        counts[i + 1] += 2;
    }
}

/* The bits of canonical codes of given lengths, as they are written: the first bit lowest. */
static void deflate_assign(deflate_code *code, size_t count)
{
    uint32_t counts[16] = {0}, next[16] = {0}, first = 0;
    for (size_t i = 0; i < count; i++) counts[code->length[i]]++;
    counts[0] = 0;
    for (unsigned i = 1; i < 16; i++) next[i] = first = (first + counts[i - 1]) << 1;
    for (size_t i = 0; i < count; i++) {
        unsigned length = code->length[i], reversed = 0;
        uint32_t bits = length ? next[length]++ : 0;
        for (unsigned b = 0; b < length; b++, bits >>= 1) reversed = reversed << 1 | (bits & 1);
        code->bits[i] = (uint16_t)reversed;
    }
}

/* The best code for symbols that occur so often. At least two get one, so that every reader takes it. */
static void deflate_make(deflate_code *code, const uint32_t *weights, size_t count, unsigned most)
{
    deflate_leaf leaves[DEFLATE_LITERALS], scratch[DEFLATE_LITERALS];
    uint32_t lengths[33] = {0};
    size_t used = 0;
    memset(code, 0, sizeof *code);
    for (size_t i = 0; i < count; i++)
        if (weights[i]) leaves[used++] = (deflate_leaf){weights[i], (uint16_t)i};
    for (size_t i = 0; used < 2; i++)
        if (weights[i] == 0) leaves[used++] = (deflate_leaf){1, (uint16_t)i};
    deflate_sort(leaves, scratch, used, 0);
    for (size_t i = 0; i < used; i++) scratch[i] = leaves[i];
    deflate_depths(scratch, used);
    for (size_t i = 0; i < used; i++) lengths[scratch[i].weight < 32 ? scratch[i].weight : 32]++;
    deflate_limit(lengths, most);
    size_t at = used;
    for (unsigned length = 1; length <= most; length++)
        for (uint32_t k = 0; k < lengths[length]; k++) code->length[leaves[--at].symbol] = (uint8_t)length;
    deflate_assign(code, count);
}

static void deflate_fixed(deflate_state *state)
{
    for (unsigned i = 0; i < DEFLATE_LITERALS + 2; i++)
        state->literal_code.length[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
    deflate_assign(&state->literal_code, DEFLATE_LITERALS + 2);
    for (unsigned i = 0; i < DEFLATE_DISTANCES; i++) state->distance_code.length[i] = 5;
    for (unsigned i = DEFLATE_DISTANCES; i < 32; i++) state->distance_code.length[i] = 5;
    deflate_assign(&state->distance_code, 32);
}

/* ---- blocks ---- */

/* Bits of the block's tokens in the codes as they are. */
static uint64_t deflate_cost(const deflate_state *state)
{
    uint64_t cost = 0;
    for (unsigned i = 0; i < DEFLATE_LITERALS; i++) {
        unsigned extra = i > 256 ? deflate_length_extra[i - 257] : 0;
        cost += (uint64_t)state->literals[i] * (state->literal_code.length[i] + extra);
    }
    for (unsigned i = 0; i < DEFLATE_DISTANCES; i++)
        cost += (uint64_t)state->distances[i] * (state->distance_code.length[i] + deflate_distance_extra(i));
    return cost;
}

static void deflate_tokens(deflate_state *state)
{
    const deflate_code *literals = &state->literal_code, *distances = &state->distance_code;
    for (size_t i = 0; i < state->token_count; i++) {
        unsigned length = state->tokens[i] >> 16, distance = state->tokens[i] & 0xffff;
        if (length == 0) {
            deflate_put(state, literals->bits[distance], literals->length[distance]);
            continue;
        }
        unsigned s = deflate_length_symbol(length), d = deflate_distance_symbol(distance);
        deflate_put(state, literals->bits[257 + s], literals->length[257 + s]);
        deflate_put(state, length - deflate_length_base[s], deflate_length_extra[s]);
        deflate_put(state, distances->bits[d], distances->length[d]);
        deflate_put(state, distance - deflate_distance_base[d], deflate_distance_extra(d));
    }
    deflate_put(state, literals->bits[256], literals->length[256]);
}

/* The lengths of both codes as runs: symbols 0..18 with what follows them in bits 8 and up. Their number. */
static size_t deflate_runs(const uint8_t *lengths, size_t count, uint16_t *runs)
{
    size_t used = 0;
    for (size_t i = 0; i < count;) {
        size_t run = 1;
        while (i + run < count && lengths[i + run] == lengths[i]) run++;
        size_t left = run;
        if (lengths[i] == 0) {
            while (left >= 3) {
                size_t part = left > 138 ? 138 : left;
                runs[used++] = (uint16_t)(part > 10 ? 18 | (part - 11) << 8 : 17 | (part - 3) << 8);
                left -= part;
            }
        } else {
            runs[used++] = lengths[i];
            for (left--; left >= 3;) {
                size_t part = left > 6 ? 6 : left;
                runs[used++] = (uint16_t)(16 | (part - 3) << 8);
                left -= part;
            }
        }
        while (left-- > 0) runs[used++] = lengths[i];
        i += run;
    }
    return used;
}

static void deflate_dynamic_head(deflate_state *state, const uint16_t *runs, size_t count, const deflate_code *code,
                                 size_t literals, size_t distances)
{
    static const uint8_t order[DEFLATE_CODES] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
    static const uint8_t extra[] = {2, 3, 7};
    size_t codes = DEFLATE_CODES;
    while (codes > 4 && code->length[order[codes - 1]] == 0) codes--;
    deflate_put(state, (uint32_t)(literals - 257), 5);
    deflate_put(state, (uint32_t)(distances - 1), 5);
    deflate_put(state, (uint32_t)(codes - 4), 4);
    for (size_t i = 0; i < codes; i++) deflate_put(state, code->length[order[i]], 3);
    for (size_t i = 0; i < count; i++) {
        unsigned symbol = runs[i] & 255;
        deflate_put(state, code->bits[symbol], code->length[symbol]);
        if (symbol >= 16) deflate_put(state, (uint32_t)(runs[i] >> 8), extra[symbol - 16]);
    }
}

static void deflate_stored(deflate_state *state, size_t end, bool last)
{
    for (size_t at = state->block; at < end || end == state->block;) {
        size_t part = tl__size_min(end - at, DEFLATE_STORED_MOST);
        deflate_put(state, last && at + part == end, 3);
        if (state->held_count) deflate_put(state, 0, 8 - state->held_count);
        deflate_put(state, (uint32_t)part, 16);
        deflate_put(state, (uint32_t)part ^ 0xffff, 16);
        tl__buffer_add(state->out, state->in + at, part);
        at += part;
        if (at == end) break;
    }
}

/* Ends the block before input byte `end`, in the shortest of the three ways. */
static void deflate_end_block(deflate_state *state, size_t end, bool last)
{
    uint8_t lengths[DEFLATE_LITERALS + DEFLATE_DISTANCES];
    uint16_t runs[DEFLATE_LITERALS + DEFLATE_DISTANCES];
    uint32_t weights[DEFLATE_CODES] = {0};
    deflate_code code;
    size_t literals = DEFLATE_LITERALS, distances = DEFLATE_DISTANCES;
    state->literals[256] = 1;
    deflate_fixed(state);
    uint64_t fixed = deflate_cost(state), stored = ((uint64_t)(end - state->block) + 5) * 8 + 7;
    deflate_make(&state->literal_code, state->literals, DEFLATE_LITERALS, 15);
    deflate_make(&state->distance_code, state->distances, DEFLATE_DISTANCES, 15);
    while (literals > 257 && state->literal_code.length[literals - 1] == 0) literals--;
    while (distances > 1 && state->distance_code.length[distances - 1] == 0) distances--;
    memcpy(lengths, state->literal_code.length, literals);
    memcpy(lengths + literals, state->distance_code.length, distances);
    size_t count = deflate_runs(lengths, literals + distances, runs);
    for (size_t i = 0; i < count; i++) weights[runs[i] & 255]++;
    deflate_make(&code, weights, DEFLATE_CODES, 7);
    uint64_t dynamic = deflate_cost(state) + 14 + 3 * DEFLATE_CODES + 2 * weights[16] + 3 * weights[17] +
                       7 * weights[18];
    for (unsigned i = 0; i < DEFLATE_CODES; i++) dynamic += (uint64_t)weights[i] * code.length[i];
    if (stored <= fixed && stored <= dynamic) {
        deflate_stored(state, end, last);
    } else {
        deflate_put(state, (uint32_t)last | (dynamic < fixed ? 4u : 2u), 3);
        if (dynamic < fixed) deflate_dynamic_head(state, runs, count, &code, literals, distances);
        else deflate_fixed(state);
        deflate_tokens(state);
    }
    state->block = end;
    state->token_count = 0;
    memset(state->literals, 0, sizeof state->literals);
    memset(state->distances, 0, sizeof state->distances);
}

/* ---- repeats ---- */

static size_t deflate_hash(const unsigned char *p)
{
    uint32_t three = (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16;
    return three * 2654435761u >> 17;
}

static void deflate_remember(deflate_state *state, size_t at)
{
    if (at + 3 > state->size) return;
    size_t hash = deflate_hash(state->in + at);
    state->before[at % DEFLATE_WINDOW] = state->head[hash];
    state->head[hash] = (uint32_t)at + 1;
}

/* The longest repeat of what begins at `at` that is longer than `least`; 0: none. */
static unsigned deflate_match(const deflate_state *state, size_t at, unsigned least, unsigned *distance)
{
    size_t most = tl__size_min(258, state->size - at), best = least;
    if (most < 3 || least >= most) return 0;
    uint32_t candidate = state->head[deflate_hash(state->in + at)];
    for (int tries = DEFLATE_CHAIN; candidate != 0 && tries > 0; tries--) {
        size_t from = candidate - 1, same = 0;
        if (at - from > DEFLATE_WINDOW - 300) break;
        const unsigned char *a = state->in + from, *b = state->in + at;
        if (a[best] == b[best])
            while (same < most && a[same] == b[same]) same++;
        if (same > best) best = same, *distance = (unsigned)(at - from);
        if (best >= most) break;
        uint32_t next = state->before[from % DEFLATE_WINDOW];
        if (next >= candidate) break;
        candidate = next;
    }
    return best > least && best >= 3 ? (unsigned)best : 0;
}

static void deflate_token(deflate_state *state, unsigned length, unsigned value, size_t next)
{
    state->tokens[state->token_count++] = length << 16 | value;
    if (length) {
        state->literals[257 + deflate_length_symbol(length)]++;
        state->distances[deflate_distance_symbol(value)]++;
    } else {
        state->literals[value]++;
    }
    if (state->token_count == DEFLATE_TOKENS) deflate_end_block(state, next, false);
}

static void deflate_all(deflate_state *state)
{
    size_t at = 0;
    while (at < state->size && !state->out->failed) {
        unsigned distance = 0, later = 0, length = deflate_match(state, at, 2, &distance);
        deflate_remember(state, at);
        while (length && length < DEFLATE_ENOUGH && at + 1 < state->size) {    /* is the next one longer? */
            unsigned longer = deflate_match(state, at + 1, length, &later);
            if (!longer) break;
            deflate_token(state, 0, state->in[at], at + 1);
            deflate_remember(state, ++at);
            length = longer;
            distance = later;
        }
        if (length) deflate_token(state, length, distance, at + length);
        else deflate_token(state, 0, state->in[at], at + 1);
        for (unsigned i = 1; i < length; i++) deflate_remember(state, at + i);
        at += length ? length : 1;
    }
    deflate_end_block(state, state->size, true);
    if (state->held_count) deflate_put(state, 0, 8 - state->held_count);
}

static void deflate_run(tl__buffer *out, const unsigned char *bytes, size_t size)
{
    bool fits = (uint64_t)size <= DEFLATE_MOST;
    deflate_state *state = fits ? tl__alloc(out->heap, sizeof *state) : NULL;
    if (!state) {
        out->failed = true;
        return;
    }
    memset(state, 0, sizeof *state);
    state->out = out;
    state->in = bytes;
    state->size = size;
    deflate_all(state);
    tl__free(out->heap, state, sizeof *state);
}

static void deflate_words(tl__buffer *out, uint32_t value, bool big)
{
    for (int i = 0; i < 4; i++) tl__buffer_char(out, (char)(value >> (big ? 24 - 8 * i : 8 * i) & 255));
}

TL_PRIV void tl__zlib(tl__buffer *out, const unsigned char *bytes, size_t size)
{
    uint32_t a = 1, b = 0;    /* Adler-32 */
    for (size_t i = 0; i < size;) {
        for (size_t end = i + tl__size_min(size - i, 5552); i < end; i++) a += bytes[i], b += a;
        a %= 65521;
        b %= 65521;
    }
    tl__buffer_add(out, "\x78\x9c", 2);
    deflate_run(out, bytes, size);
    deflate_words(out, b << 16 | a, true);
}

TL_PRIV void tl__gzip(tl__buffer *out, const unsigned char *bytes, size_t size)
{
    tl__buffer_add(out, "\x1f\x8b\x08\0\0\0\0\0\0\xff", 10);
    deflate_run(out, bytes, size);
    deflate_words(out, tl__crc32(0, bytes, size), false);
    deflate_words(out, (uint32_t)((uint64_t)size & 0xffffffffu), false);
}
