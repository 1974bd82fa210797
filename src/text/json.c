/* JSON (RFC 8259), strictly: into trees, and trees out.
 *
 * The parser does not recurse: the open lists and maps stand in an array of TL__VALUE_MAX_DEPTH pointers, and each
 * round of its loop reads one value or closes one. Whole numbers that fit 64 bits are integers, others doubles; numbers
 * beyond the doubles are mistakes. Texts must be UTF-8 and escapes must make UTF-8, so half a surrogate pair is a
 * mistake. A key that stands twice is kept twice. A byte order mark at the start is skipped. */
#include "base/text.h"
#include "text/yaml.h"

enum { JSON_MAX_VALUES = 1 << 24, JSON_MAX_INDENT = 16 };

struct json_state {
    tl__tree *tree;
    tl__builder builder;
    const char *text;
    size_t size, at;
    size_t counted;        /* up to here, line and column are known */
    int line, column;
    tl_error *error;
    size_t depth, values;
    tl_value *open[TL__VALUE_MAX_DEPTH];
};

static void json_place(struct json_state *state, size_t at)
{
    for (; state->counted < at; state->counted++) {
        unsigned char c = (unsigned char)state->text[state->counted];
        if (c == '\n') {
            if (state->line < INT_MAX) state->line++;
            state->column = 1;
        } else if ((c & 0xC0) != 0x80 && state->column < INT_MAX) {
            state->column++;
        }
    }
}

#define JSON_FAIL(state, ...) \
    (json_place((state), (state)->at), \
     tl__fail_at((state)->error, TL_BAD_FILE, (state)->tree->file, (state)->line, (state)->column, NULL, __VA_ARGS__))

static int json_peek(const struct json_state *state)
{
    return state->at < state->size ? (unsigned char)state->text[state->at] : -1;
}

static void json_blanks(struct json_state *state)
{
    for (int c = json_peek(state); c == ' ' || c == '\t' || c == '\n' || c == '\r'; c = json_peek(state)) state->at++;
}

/* "what is expected" and what stands there instead. */
static tl_status json_expected(struct json_state *state, const char *what)
{
    int c = json_peek(state);
    if (c < 0) return JSON_FAIL(state, "the JSON text ends where %s should follow; the file may be cut off", what);
    if (c > 0x20 && c < 0x7F) return JSON_FAIL(state, "%s should stand here, not '%c'", what, c);
    return JSON_FAIL(state, "%s should stand here, not the byte 0x%x", what, (unsigned)c);
}

static bool json_hex4(const struct json_state *state, size_t at, unsigned *out)
{
    if (state->size - at < 4) return false;
    *out = 0;
    for (size_t i = at; i < at + 4; i++) {
        char c = state->text[i];
        unsigned digit = c >= '0' && c <= '9' ? (unsigned)(c - '0') : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
                         : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A') + 10 : 16;
        if (digit == 16) return false;
        *out = *out * 16 + digit;
    }
    return true;
}

TL_PRIV size_t tl__utf8_put(char out[4], uint32_t code)
{
    if (code < 0x80) return out[0] = (char)code, 1;
    size_t size = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = size; i-- > 1; code >>= 6) out[i] = (char)(0x80 | (code & 0x3F));
    out[0] = (char)(lead[size] | code);
    return size;
}

/* After "\u": one code point, from two escapes where it takes a pair. */
static tl_status json_unicode(struct json_state *state, char *out, size_t *size)
{
    unsigned code, low;
    if (!json_hex4(state, state->at, &code)) return JSON_FAIL(state, "\\u is followed by four hexadecimal digits");
    if (code >= 0xD800 && code < 0xE000) {
        bool pair = code < 0xDC00 && state->size - state->at >= 10 && state->text[state->at + 4] == '\\' &&
                    state->text[state->at + 5] == 'u' && json_hex4(state, state->at + 6, &low) && low >= 0xDC00 &&
                    low < 0xE000;
        if (!pair) return JSON_FAIL(state, "half of a surrogate pair, which is no character; write both halves");
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
        state->at += 6;
    }
    state->at += 4;
    *size += tl__utf8_put(out + *size, code);
    return TL_OK;
}

/* The text that begins at the quote; its bytes go into the arena. */
static tl_status json_text(struct json_state *state, const char **out, size_t *out_size)
{
    static const char escapes[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    size_t end = ++state->at, size = 0;
    while (end < state->size && state->text[end] != '"') end += state->text[end] == '\\' ? 2 : 1;
    if (end >= state->size) {
        state->at--;
        return JSON_FAIL(state, "the text that begins here has no closing quote");
    }
    /* an escape is never shorter than what it stands for */
    char *copy = tl__arena_push(&state->tree->arena, end - state->at + 1);
    if (copy == NULL) return tl__fail_memory(state->error, end - state->at + 1);
    while (state->at < end) {
        char c = state->text[state->at];
        if ((unsigned char)c < 0x20)
            return JSON_FAIL(state, "the byte 0x%x stands in a text; write it as \\u00%x%x", (unsigned)c,
                             (unsigned)c / 16, (unsigned)c % 16);
        state->at++;
        if (c != '\\') {
            copy[size++] = c;
            continue;
        }
        char escape = state->text[state->at];
        const char *known = escape != '\0' ? strchr(escapes, escape) : NULL;
        if (known != NULL) {
            copy[size++] = meanings[known - escapes];
            state->at++;
        } else if (escape == 'u') {
            state->at++;
            TL_TRY(json_unicode(state, copy, &size));
        } else {
            return JSON_FAIL(state, "a backslash is followed by one of \" \\ / b f n r t u; for a backslash itself "
                                    "write \\\\");
        }
    }
    state->at = end + 1;
    copy[size] = '\0';
    *out = copy;
    *out_size = size;
    return TL_OK;
}

static size_t json_digits(struct json_state *state)
{
    size_t from = state->at;
    for (int c = json_peek(state); c >= '0' && c <= '9'; c = json_peek(state)) state->at++;
    return state->at - from;
}

static tl_status json_number(struct json_state *state, tl_value *value)
{
    size_t from = state->at;
    bool whole = true;
    if (json_peek(state) == '-') state->at++;
    bool zero = json_peek(state) == '0';
    size_t digits = json_digits(state);
    if (digits == 0) return json_expected(state, "a digit");
    if (zero && digits > 1) return JSON_FAIL(state, "a number does not begin with 0 before other digits");
    if (json_peek(state) == '.') {
        whole = false;
        state->at++;
        if (json_digits(state) == 0) return json_expected(state, "a digit after the point");
    }
    if (json_peek(state) == 'e' || json_peek(state) == 'E') {
        whole = false;
        state->at++;
        if (json_peek(state) == '+' || json_peek(state) == '-') state->at++;
        if (json_digits(state) == 0) return json_expected(state, "a digit of the exponent");
    }
    value->text_size = state->at - from;
    value->text = tl__arena_copy(&state->tree->arena, state->text + from, value->text_size);
    if (value->text == NULL) return tl__fail_memory(state->error, value->text_size + 1);
    bool minus_zero = value->text[0] == '-' && zero;
    if (whole && !minus_zero && tl__parse_int(value->text, value->text_size, &value->integer)) {
        value->kind = TL_INTEGER;
        value->number = (double)value->integer;
        return TL_OK;
    }
    value->kind = TL_NUMBER;
    if (!tl__parse_double(value->text, value->text_size, &value->number) || value->number - value->number != 0) {
        state->at = from;
        return JSON_FAIL(state, "the number is too large; the largest is about 1.8e308");
    }
    return TL_OK;
}

static tl_status json_word(struct json_state *state, tl_value *value)
{
    static const struct { const char *word; tl_kind kind; int truth; } words[] = {
        {"true", TL_BOOL, 1}, {"false", TL_BOOL, 0}, {"null", TL_NULL, 0}};
    for (size_t i = 0; i < TL_COUNT(words); i++) {
        size_t size = strlen(words[i].word);
        if (state->size - state->at < size || memcmp(state->text + state->at, words[i].word, size) != 0) continue;
        value->kind = words[i].kind;
        value->integer = words[i].truth;
        value->text = words[i].word;
        value->text_size = size;
        state->at += size;
        return TL_OK;
    }
    return json_expected(state, "a value");
}

/* The value that begins here; a list or map is only opened. */
static tl_status json_value(struct json_state *state, tl_value *value)
{
    int c = json_peek(state);
    json_place(state, state->at);
    value->line = state->line;
    value->column = state->column;
    if (++state->values > JSON_MAX_VALUES)
        return JSON_FAIL(state, "more than %d values in one JSON text", (int)JSON_MAX_VALUES);
    if (c == '[' || c == '{') {
        if (state->depth == TL__VALUE_MAX_DEPTH)
            return JSON_FAIL(state, "lists and maps are nested more than %d deep", (int)TL__VALUE_MAX_DEPTH);
        value->kind = c == '[' ? TL_LIST : TL_MAP;
        state->open[state->depth++] = value;
        state->at++;
        return TL_OK;
    }
    if (c == '"') {
        TL_TRY(json_text(state, &value->text, &value->text_size));
        value->kind = TL_TEXT;
        value->quoted = true;
        return TL_OK;
    }
    if (c == '-' || (c >= '0' && c <= '9')) return json_number(state, value);
    return json_word(state, value);
}

/* The next item of the innermost open list or map, or its end. */
static tl_status json_item(struct json_state *state)
{
    tl_value *parent = state->open[state->depth - 1];
    bool map = parent->kind == TL_MAP;
    const char *key = NULL;
    size_t key_size = 0;
    int key_line = 0, key_column = 0;
    json_blanks(state);
    if (json_peek(state) == (map ? '}' : ']')) {
        state->at++;
        state->depth--;
        return TL_OK;
    }
    if (parent->count > 0) {
        if (json_peek(state) != ',') return json_expected(state, map ? "a comma or '}'" : "a comma or ']'");
        state->at++;
        json_blanks(state);
    }
    if (map) {
        if (json_peek(state) != '"') return json_expected(state, "a key in double quotes");
        json_place(state, state->at);
        key_line = state->line;
        key_column = state->column;
        TL_TRY(json_text(state, &key, &key_size));
        json_blanks(state);
        if (json_peek(state) != ':') return json_expected(state, "a colon");
        state->at++;
        json_blanks(state);
    }
    tl_value *value = tl__put_new(&state->builder, parent);
    if (value == NULL) return tl__fail_memory(state->error, sizeof *value);
    value->key = key;
    value->key_size = key_size;
    value->key_line = key_line;
    value->key_column = key_column;
    return json_value(state, value);
}

/* The place of the first byte that is not UTF-8. */
static tl_status json_bad_utf8(struct json_state *state)
{
    while (state->at < state->size) {
        size_t left = state->size - state->at, size = 1;
        while (size <= 4 && size <= left && !tl__is_utf8(state->text + state->at, size)) size++;
        if (size > 4 || size > left) break;
        state->at += size;
    }
    return JSON_FAIL(state, "this is not UTF-8; save the file in that encoding");
}

TL_PRIV tl_status tl__json_parse(tl__tree *tree, const char *text, size_t size, tl_error *error)
{
    struct json_state state;
    state.tree = tree;
    state.text = text;
    state.size = size;
    state.at = state.counted = 0;
    state.line = state.column = 1;
    state.error = error;
    state.depth = state.values = 0;
    memset(&tree->root, 0, sizeof tree->root);
    tl__builder_init(&state.builder, tree);
    if (!tl__is_utf8(text, size)) return json_bad_utf8(&state);
    if (size >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) state.at = state.counted = 3;
    json_blanks(&state);
    TL_TRY(json_value(&state, &tree->root));
    while (state.depth > 0) TL_TRY(json_item(&state));
    json_blanks(&state);
    if (state.at < size) return json_expected(&state, "nothing more");
    return TL_OK;
}

/* --- writing --- */

TL_PRIV void tl__json_string(tl__buffer *out, const char *text, size_t size)
{
    static const char shorts[] = "\b\f\n\r\t\"\\", letters[] = "bfnrt\"\\";
    size_t from = 0;
    tl__buffer_char(out, '"');
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7F) continue;
        tl__buffer_add(out, text + from, i - from);
        from = i + 1;
        const char *found = c != 0 ? strchr(shorts, c) : NULL;
        if (found != NULL) tl__buffer_format(out, "\\%c", letters[found - shorts]);
        else tl__buffer_format(out, "\\u00%x%x", (unsigned)c / 16, (unsigned)c % 16);
    }
    tl__buffer_add(out, text + from, size - from);
    tl__buffer_char(out, '"');
}

static void json_new_line(tl__buffer *out, int indent, size_t depth)
{
    if (indent <= 0) return;
    tl__buffer_char(out, '\n');
    for (size_t i = 0; i < depth * (size_t)indent; i++) tl__buffer_char(out, ' ');
}

TL_PRIV size_t tl__print_number(char out[40], double number)
{
    size_t size = tl__print_double(out, number);
    for (size_t i = 0; i < size; i++)
        if ((out[i] < '0' || out[i] > '9') && out[i] != '-') return size;
    memcpy(out + size, ".0", 3);
    return size + 2;
}

static void json_write_number(tl__buffer *out, double number)
{
    char text[40];
    if (number - number != 0) {
        tl__buffer_text(out, "null");
        return;
    }
    tl__buffer_add(out, text, tl__print_number(text, number));
}

static void json_write_value(tl__buffer *out, const tl_value *value, int indent, size_t depth)
{
    if (out->failed) return;
    switch (value->kind) {
    case TL_NULL: tl__buffer_text(out, "null"); return;
    case TL_BOOL: tl__buffer_text(out, value->integer != 0 ? "true" : "false"); return;
    case TL_INTEGER: tl__buffer_format(out, "%lld", (long long)value->integer); return;
    case TL_NUMBER: json_write_number(out, value->number); return;
    case TL_TEXT: tl__json_string(out, value->text, value->text_size); return;
    case TL_LIST:
    case TL_MAP: break;
    }
    bool map = value->kind == TL_MAP;
    tl__buffer_char(out, map ? '{' : '[');
    for (const tl_value *child = value->first; child != NULL; child = child->next) {
        if (child != value->first) tl__buffer_text(out, indent > 0 ? "," : ", ");
        json_new_line(out, indent, depth + 1);
        if (map) {
            tl__json_string(out, child->key, child->key_size);
            tl__buffer_text(out, ": ");
        }
        json_write_value(out, child, indent, depth + 1);
    }
    if (value->count > 0) json_new_line(out, indent, depth);
    tl__buffer_char(out, map ? '}' : ']');
}

TL_PRIV void tl__json_write(tl__buffer *out, const tl_value *value, int indent)
{
    json_write_value(out, value, indent > JSON_MAX_INDENT ? JSON_MAX_INDENT : indent, 0);
}

#undef JSON_FAIL
