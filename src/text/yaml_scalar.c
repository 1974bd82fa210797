/* The scalars of YAML: plain, single- and double-quoted, literal and folded (YAML 1.2.2, chapters 7.3 and 8.1).
 *
 * Folding, which all but the literal share: a single line break becomes a blank, a row of k breaks becomes k-1 line
 * feeds; blanks around the break are dropped. */
#include "text/yaml_scan.h"

/* The end of a scalar: what was gathered, as a text of the tree. */
static tl_status yaml_scalar_end(tl__yaml *yaml, tl__yaml_text *out)
{
    if (!yaml->scratch.failed) {
        out->size = yaml->scratch.size;
        out->text = tl__arena_copy(&yaml->tree->arena, out->size > 0 ? yaml->scratch.data : "", out->size);
        if (out->text != NULL) return TL_OK;
    }
    return tl__fail_memory(yaml->error, yaml->scratch.size + 1);
}

static void yaml_scalar_fold(tl__yaml *yaml, size_t breaks)
{
    if (breaks == 1) tl__buffer_char(&yaml->scratch, ' ');
    for (size_t i = 1; i < breaks; i++) tl__buffer_char(&yaml->scratch, '\n');
}

/* Over blanks and breaks to the next character; the number of breaks. *indent: the spaces at the start of its line. */
static size_t yaml_scalar_breaks(tl__yaml *yaml, int *indent)
{
    size_t breaks = 0;
    *indent = 0;
    for (;;) {
        size_t from = yaml->at;
        while (tl__yaml_peek(yaml, 0) == ' ') yaml->at++;
        *indent = (int)(yaml->at - from);
        tl__yaml_skip_blanks(yaml);
        if (!tl__yaml_is_break(tl__yaml_peek(yaml, 0))) return breaks;
        tl__yaml_skip_break(yaml);
        breaks++;
    }
}

/* --- plain --- */

/* May a plain scalar have this character here? `first` of its line is not after a blank of the same line. */
static bool yaml_plain_goes_on(const tl__yaml *yaml, bool flow, bool first)
{
    int c = tl__yaml_peek(yaml, 0), next = tl__yaml_peek(yaml, 1);
    if (c < 0 || tl__yaml_is_break(c)) return false;
    if (c == ':') return !(tl__yaml_is_space(next) || (flow && tl__yaml_is_flow(next)));
    if (c == '#') return !(first || tl__yaml_is_blank((unsigned char)yaml->text[yaml->at - 1]));
    return !(flow && tl__yaml_is_flow(c));
}

static tl_status yaml_plain(tl__yaml *yaml, tl__yaml_text *out, int parent, bool flow)
{
    for (;;) {
        size_t from = yaml->at, line_start = yaml->line_start, end;
        while (yaml_plain_goes_on(yaml, flow, yaml->at == from)) yaml->at++;
        for (end = yaml->at; end > from && tl__yaml_is_blank((unsigned char)yaml->text[end - 1]);) end--;
        tl__buffer_add(&yaml->scratch, yaml->text + from, end - from);
        bool line_ends = tl__yaml_is_break(tl__yaml_peek(yaml, 0));
        int indent;
        size_t breaks = line_ends ? yaml_scalar_breaks(yaml, &indent) : 0;
        if (!line_ends || indent <= parent || tl__yaml_at_marker(yaml) || !yaml_plain_goes_on(yaml, flow, true)) {
            yaml->at = end;
            yaml->line_start = line_start;
            return TL_OK;
        }
        yaml_scalar_fold(yaml, breaks);
        out->one_line = false;
    }
}

static tl_status yaml_plain_start(tl__yaml *yaml, bool flow)
{
    int c = tl__yaml_peek(yaml, 0), next = tl__yaml_peek(yaml, 1);
    bool alone = tl__yaml_is_space(next) || (flow && tl__yaml_is_flow(next));
    if (c == '&') return tl__yaml_refuse(yaml, yaml->at, TL__YAML_ANCHOR);
    if (c == '*') return tl__yaml_refuse(yaml, yaml->at, TL__YAML_ALIAS);
    if (c == '!') return tl__yaml_refuse(yaml, yaml->at, TL__YAML_TAG);
    if (c == '?' && alone) return tl__yaml_refuse(yaml, yaml->at, TL__YAML_COMPLEX_KEY);
    if (c == ':' && alone) return tl__yaml_refuse(yaml, yaml->at, TL__YAML_EMPTY_KEY);
    if (c == '-' && alone)
        return tl__yaml_fail(yaml, yaml->at, flow ? "inside [ ] and { } items are separated by commas, not begun with "
                                                    "'-'"
                                                  : "a list in lines cannot begin here; put its first '-' on a line of "
                                                    "its own");
    if (c == '#') return tl__yaml_fail(yaml, yaml->at, "a comment needs a blank before its '#'");
    if (c > 0 && memchr(",[]{}|>%@`", c, 10) != NULL)
        return tl__yaml_fail(yaml, yaml->at, "a value cannot begin with '%c'; put it in quotes if it is a text", c);
    return TL_OK;
}

/* --- quoted --- */

/* Line breaks inside quotes: what follows has to be indented like the rest of the value. */
static tl_status yaml_quoted_breaks(tl__yaml *yaml, tl__yaml_text *out, int parent, size_t *breaks)
{
    int indent;
    *breaks = yaml_scalar_breaks(yaml, &indent);
    out->one_line = false;
    if (yaml->at == yaml->size) return TL_OK;
    if (tl__yaml_at_marker(yaml))
        return tl__yaml_fail(yaml, yaml->at, "the document ends inside the quotes that begin in line %d", out->line);
    if (indent <= parent)
        return tl__yaml_fail(yaml, yaml->at,
                             "this line belongs to the quoted text that begins in line %d and has to be indented "
                             "deeper",
                             out->line);
    return TL_OK;
}

static bool yaml_escape_hex(const tl__yaml *yaml, size_t ahead, size_t digits, uint32_t *code)
{
    *code = 0;
    for (size_t i = 0; i < digits; i++) {
        int c = tl__yaml_peek(yaml, ahead + i);
        int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10 : 16;
        if (digit == 16) return false;
        *code = *code * 16 + (uint32_t)digit;
    }
    return true;
}

/* After a backslash and x, u or U: a character by its number; two \u halves of a surrogate pair make one. */
static tl_status yaml_escape_code(tl__yaml *yaml, size_t digits)
{
    uint32_t code, low;
    char bytes[4];
    if (!yaml_escape_hex(yaml, 1, digits, &code))
        return tl__yaml_fail(yaml, yaml->at - 1, "\\%c is followed by %zu hexadecimal digits", tl__yaml_peek(yaml, 0),
                             digits);
    if (digits == 4 && code >= 0xD800 && code < 0xDC00 && tl__yaml_peek(yaml, 5) == '\\' &&
        tl__yaml_peek(yaml, 6) == 'u' && yaml_escape_hex(yaml, 7, 4, &low) && low >= 0xDC00 && low < 0xE000) {
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
        yaml->at += 6;
    }
    if (code > 0x10FFFF || (code >= 0xD800 && code < 0xE000))
        return tl__yaml_fail(yaml, yaml->at - 1, "this escape names no character of Unicode");
    tl__buffer_add(&yaml->scratch, bytes, tl__utf8_put(bytes, code));
    yaml->at += 1 + digits;
    return TL_OK;
}

/* At the backslash. */
static tl_status yaml_escape(tl__yaml *yaml, tl__yaml_text *out, int parent)
{
    static const char names[] = "abtnvfre\"/\\ \t", meanings[] = "\a\b\t\n\v\f\r\x1B\"/\\ \t";
    static const struct { char name; const char *bytes; } wide[] = {
        {'N', "\xC2\x85"}, {'_', "\xC2\xA0"}, {'L', "\xE2\x80\xA8"}, {'P', "\xE2\x80\xA9"}};
    yaml->at++;
    int c = tl__yaml_peek(yaml, 0);
    if (tl__yaml_is_break(c)) {
        size_t breaks;
        TL_TRY(yaml_quoted_breaks(yaml, out, parent, &breaks));
        for (size_t i = 1; i < breaks; i++) tl__buffer_char(&yaml->scratch, '\n');
        return TL_OK;
    }
    if (c == 'x' || c == 'u' || c == 'U') return yaml_escape_code(yaml, c == 'x' ? 2 : c == 'u' ? 4 : 8);
    const char *known = c > 0 ? strchr(names, c) : NULL;
    if (known != NULL || c == '0') {
        tl__buffer_char(&yaml->scratch, c == '0' ? '\0' : meanings[known - names]);
        yaml->at++;
        return TL_OK;
    }
    for (size_t i = 0; i < TL_COUNT(wide); i++)
        if (c == wide[i].name) {
            tl__buffer_text(&yaml->scratch, wide[i].bytes);
            yaml->at++;
            return TL_OK;
        }
    if (c > 0x20 && c < 0x7F)
        return tl__yaml_fail(yaml, yaml->at - 1,
                             "\\%c is no escape; for a backslash itself write \\\\, or use single quotes", c);
    return tl__yaml_fail(yaml, yaml->at - 1, "a lone backslash; write \\\\, or use single quotes");
}

static tl_status yaml_quoted(tl__yaml *yaml, tl__yaml_text *out, int parent)
{
    size_t open = yaml->at;
    int quote = tl__yaml_peek(yaml, 0);
    yaml->at++;
    for (;;) {
        size_t from = yaml->at, breaks;
        int c = tl__yaml_peek(yaml, 0);
        if (c < 0) return tl__yaml_fail(yaml, open, "the text that begins here has no closing %c", quote);
        if (c == quote && (c == '"' || tl__yaml_peek(yaml, 1) != quote)) {
            yaml->at++;
            return TL_OK;
        }
        if (c == quote) {
            tl__buffer_char(&yaml->scratch, '\'');
            yaml->at += 2;
        } else if (c == '\\' && quote == '"') {
            TL_TRY(yaml_escape(yaml, out, parent));
        } else if (tl__yaml_is_blank(c) || tl__yaml_is_break(c)) {
            tl__yaml_skip_blanks(yaml);
            if (tl__yaml_is_break(tl__yaml_peek(yaml, 0))) {
                TL_TRY(yaml_quoted_breaks(yaml, out, parent, &breaks));
                yaml_scalar_fold(yaml, breaks);
            } else {
                tl__buffer_add(&yaml->scratch, yaml->text + from, yaml->at - from);
            }
        } else {
            while (c >= 0 && c != quote && c != '\\' && !tl__yaml_is_space(c)) {
                yaml->at++;
                c = tl__yaml_peek(yaml, 0);
            }
            if (c == '\\' && quote == '\'') yaml->at++;
            tl__buffer_add(&yaml->scratch, yaml->text + from, yaml->at - from);
        }
    }
}

TL_PRIV tl_status tl__yaml_scan_scalar(tl__yaml *yaml, tl__yaml_text *out, int parent, bool flow)
{
    int c = tl__yaml_peek(yaml, 0);
    memset(out, 0, sizeof *out);
    tl__yaml_place(yaml, yaml->at, &out->line, &out->column);
    tl__buffer_clear(&yaml->scratch);
    out->quoted = c == '"' || c == '\'';
    out->one_line = true;
    if (out->quoted) {
        TL_TRY(yaml_quoted(yaml, out, parent));
    } else {
        TL_TRY(yaml_plain_start(yaml, flow));
        TL_TRY(yaml_plain(yaml, out, parent, flow));
    }
    return yaml_scalar_end(yaml, out);
}

/* --- literal and folded --- */

struct yaml_block {
    bool folded;
    char chomp;        /* '-' drop the last line end, '+' keep all, 0: keep one */
    int indent;        /* of the text */
    size_t breaks;     /* line ends that were read and not yet written */
    bool begun;        /* a line was written */
    bool deeper;       /* the line before began with a blank: not folded */
};

/* | or >, then an indentation digit and a chomping sign in any order, then perhaps a comment. */
static tl_status yaml_block_header(tl__yaml *yaml, struct yaml_block *block, int parent)
{
    block->folded = tl__yaml_peek(yaml, 0) == '>';
    block->indent = -1;
    yaml->at++;
    for (int i = 0; i < 2; i++) {
        int c = tl__yaml_peek(yaml, 0);
        if ((c == '-' || c == '+') && block->chomp == 0) block->chomp = (char)c;
        else if (c >= '1' && c <= '9' && block->indent < 0) block->indent = (parent < 0 ? 0 : parent) + c - '0';
        else break;
        yaml->at++;
    }
    size_t from = yaml->at;
    tl__yaml_skip_blanks(yaml);
    if (tl__yaml_peek(yaml, 0) == '#' && yaml->at > from)
        while (tl__yaml_peek(yaml, 0) >= 0 && !tl__yaml_is_break(tl__yaml_peek(yaml, 0))) yaml->at++;
    if (tl__yaml_peek(yaml, 0) < 0) return TL_OK;
    if (!tl__yaml_is_break(tl__yaml_peek(yaml, 0)))
        return tl__yaml_fail(yaml, yaml->at, "after | or > only - or +, a digit from 1 to 9 and a comment may stand; "
                                             "the text begins on the next line");
    tl__yaml_skip_break(yaml);
    return TL_OK;
}

/* The text's indentation is that of its first line that is not empty. */
static tl_status yaml_block_find_indent(tl__yaml *yaml, struct yaml_block *block, int parent)
{
    int deepest = 0, spaces = 0;
    for (size_t at = yaml->at; at < yaml->size; at++) {
        int c = (unsigned char)yaml->text[at];
        if (c == ' ') {
            spaces++;
        } else if (tl__yaml_is_break(c)) {
            if (spaces > deepest) deepest = spaces;
            spaces = 0;
        } else {
            if (deepest > spaces && spaces > parent)
                return tl__yaml_fail(yaml, at, "an empty line before this first line of the text is indented deeper "
                                               "than it");
            block->indent = spaces > parent ? spaces : parent + 1;
            return TL_OK;
        }
    }
    if (spaces > deepest) deepest = spaces;
    block->indent = deepest > parent ? deepest : parent + 1;
    return TL_OK;
}

static void yaml_block_line(tl__yaml *yaml, struct yaml_block *block)
{
    size_t from = yaml->at;
    bool deeper = tl__yaml_is_blank(tl__yaml_peek(yaml, 0));
    if (block->folded && block->begun && !block->deeper && !deeper)
        yaml_scalar_fold(yaml, block->breaks);
    else
        for (size_t i = 0; i < block->breaks; i++) tl__buffer_char(&yaml->scratch, '\n');
    for (int c = tl__yaml_peek(yaml, 0); c >= 0 && !tl__yaml_is_break(c); c = tl__yaml_peek(yaml, 0)) yaml->at++;
    tl__buffer_add(&yaml->scratch, yaml->text + from, yaml->at - from);
    block->begun = true;
    block->deeper = deeper;
}

TL_PRIV tl_status tl__yaml_scan_block(tl__yaml *yaml, tl__yaml_text *out, int parent)
{
    struct yaml_block block = {0};
    memset(out, 0, sizeof *out);
    tl__yaml_place(yaml, yaml->at, &out->line, &out->column);
    tl__buffer_clear(&yaml->scratch);
    out->quoted = true;
    TL_TRY(yaml_block_header(yaml, &block, parent));
    if (block.indent < 0) TL_TRY(yaml_block_find_indent(yaml, &block, parent));
    while (yaml->at < yaml->size && !tl__yaml_at_marker(yaml)) {
        int spaces = 0;
        while (spaces < block.indent && tl__yaml_peek(yaml, 0) == ' ') {
            yaml->at++;
            spaces++;
        }
        int c = tl__yaml_peek(yaml, 0);
        if (c >= 0 && !tl__yaml_is_break(c)) {
            if (spaces < block.indent && c == '\t')
                return tl__yaml_fail(yaml, yaml->at, "a tab stands in the indentation of a text; indent with spaces");
            if (spaces < block.indent) {
                yaml->at = yaml->line_start;
                break;
            }
            yaml_block_line(yaml, &block);
            block.breaks = 1;   /* the end of the file ends a line too */
        }
        if (yaml->at == yaml->size) break;
        tl__yaml_skip_break(yaml);
        if (c < 0 || tl__yaml_is_break(c)) block.breaks++;
    }
    size_t kept = block.chomp == '+' ? block.breaks : block.chomp == 0 && block.begun && block.breaks > 0 ? 1 : 0;
    for (size_t i = 0; i < kept; i++) tl__buffer_char(&yaml->scratch, '\n');
    return yaml_scalar_end(yaml, out);
}
