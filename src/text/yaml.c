/* YAML, the part of version 1.2 that settings need, into trees.
 *
 * What you can write: maps and lists in lines (block) and in braces and brackets (flow), nested as you like; plain
 * texts, also over several lines; texts in single quotes (only '' is special) and in double quotes (with all escapes of
 * YAML, also over several lines); literal (|) and folded (>) texts with - + and a digit for indentation; comments; ---
 * before and ... after the document; a list at the same indentation as its key; JSON, as it is a part of YAML.
 *
 * What is refused, with a sentence that names it: anchors (&name), aliases (*name), tags (!name), directives (%NAME),
 * several documents in one file, keys that are no words (? key, a list or map as key, an empty key), merge keys (<<).
 *
 * What is a mistake beyond YAML's own rules: a key that stands twice in a map, nesting deeper than 64, more than a
 * million values, files beyond 64 MiB. More lenient than YAML's rules: a closing ] or } may stand at the indentation of
 * the line that opened it, and keys may be longer than 1,024 characters.
 *
 * Scalars that are not quoted get a kind by YAML's core schema and keep their text: `no` is a text, and a setting that
 * wants a text reads `5` as one.
 *
 * How it works: recursive descent, one function per form, each beginning at its first character. Whether a scalar is a
 * value or the first key of a map is seen from the colon after it. */
#include "text/yaml.h"

#include "base/text.h"
#include "text/yaml_scan.h"

enum {
    YAML_COMPACT = 1,      /* after "- ": a map or list may begin on the same line */
    YAML_LIST_HERE = 2     /* a key's value: its list may have the key's own indentation */
};

static tl_status yaml_block_node(tl__yaml *yaml, tl_value *value, int parent, unsigned flags);
static tl_status yaml_flow_value(tl__yaml *yaml, tl_value *value, int parent);

/* --- values --- */

static tl_status yaml_new(tl__yaml *yaml, tl_value *parent, tl_value **out)
{
    if (++yaml->values > TL__YAML_MAX_VALUES)
        return tl__yaml_fail(yaml, yaml->at, "more than %d values in one file", (int)TL__YAML_MAX_VALUES);
    *out = tl__put_new(&yaml->builder, parent);
    return *out != NULL ? TL_OK : tl__fail_memory(yaml->error, sizeof **out);
}

static void yaml_set_null(tl_value *value)
{
    value->kind = TL_NULL;
    value->text = "";
    value->line = value->key_line;
    value->column = value->key_column;
}

static void yaml_set_scalar(tl_value *value, const tl__yaml_text *scalar)
{
    value->text = scalar->text;
    value->text_size = scalar->size;
    value->quoted = scalar->quoted;
    value->line = scalar->line;
    value->column = scalar->column;
    if (scalar->quoted) value->kind = TL_TEXT;
    else tl__value_resolve(value);
}

/* A list or map opens: at most so deep, since the reader recurses. */
static tl_status yaml_open(tl__yaml *yaml, tl_value *value, tl_kind kind, int line, int column)
{
    if (++yaml->depth > TL__YAML_MAX_DEPTH)
        return tl__yaml_fail(yaml, yaml->at, "lists and maps are nested more than %d deep", (int)TL__YAML_MAX_DEPTH);
    value->kind = kind;
    value->line = line;
    value->column = column;
    return TL_OK;
}

static tl_status yaml_close_map(tl__yaml *yaml, const tl_value *map)
{
    bool failed = false;
    const tl_value *first = NULL, *again = tl__value_repeated(yaml->tree->arena.heap, map, &first, &failed);
    yaml->depth--;
    if (failed) return tl__fail_memory(yaml->error, map->count * sizeof map);
    if (again == NULL) return TL_OK;
    return tl__fail_at(yaml->error, TL_BAD_CONFIG, yaml->tree->file, again->key_line, again->key_column, NULL,
                       "the key '%.*s' stands twice in one map, here and in line %d, column %d; remove one of them",
                       again->key_size < 100 ? (int)again->key_size : 100, again->key, first->key_line,
                       first->key_column);
}

/* The entry of a key, its colon already read. */
static tl_status yaml_new_entry(tl__yaml *yaml, tl_value *map, const tl__yaml_text *key, size_t key_at, tl_value **out)
{
    if (!key->quoted && key->size == 2 && memcmp(key->text, "<<", 2) == 0)
        return tl__yaml_refuse(yaml, key_at, TL__YAML_MERGE_KEY);
    TL_TRY(yaml_new(yaml, map, out));
    (*out)->key = key->text;
    (*out)->key_size = key->size;
    (*out)->key_line = key->line;
    (*out)->key_column = key->column;
    return TL_OK;
}

/* --- flow: [a, b], {a: 1} --- */

/* To the next character inside brackets, over lines and comments. */
static tl_status yaml_flow_next(tl__yaml *yaml, int parent, size_t open)
{
    tl__yaml_next(yaml);
    int c = tl__yaml_peek(yaml, 0);
    if (yaml->end)
        return tl__yaml_fail(yaml, open, "the %c that stands here is not closed", yaml->text[open]);
    bool closes = (c == ']' || c == '}') && yaml->indent == parent;
    if (!yaml->fresh || yaml->indent > parent || closes) return TL_OK;
    if (yaml->tabs) return tl__yaml_fail_tab(yaml);
    return tl__yaml_fail(yaml, yaml->at, "this line stands inside brackets and has to be indented deeper than the "
                                         "block around them");
}

/* Is this the colon between a key and its value? After quotes and brackets no blank is needed. */
static bool yaml_flow_colon(const tl__yaml *yaml, bool adjacent)
{
    int next = tl__yaml_peek(yaml, 1);
    return tl__yaml_peek(yaml, 0) == ':' && (adjacent || tl__yaml_is_space(next) || tl__yaml_is_flow(next));
}

/* What follows the colon, perhaps nothing. */
static tl_status yaml_flow_after_colon(tl__yaml *yaml, tl_value *value, int parent, size_t open)
{
    yaml->at++;
    TL_TRY(yaml_flow_next(yaml, parent, open));
    int c = tl__yaml_peek(yaml, 0);
    if (c != ',' && c != ']' && c != '}') return yaml_flow_value(yaml, value, parent);
    yaml_set_null(value);
    return TL_OK;
}

static tl_status yaml_flow_entry(tl__yaml *yaml, tl_value *map, int parent, size_t open)
{
    tl__yaml_text key;
    tl_value *value;
    size_t key_at = yaml->at;
    int c = tl__yaml_peek(yaml, 0);
    if (c == '[' || c == '{') return tl__yaml_refuse(yaml, key_at, TL__YAML_COLLECTION_KEY);
    TL_TRY(tl__yaml_scan_scalar(yaml, &key, parent, true));
    TL_TRY(yaml_new_entry(yaml, map, &key, key_at, &value));
    TL_TRY(yaml_flow_next(yaml, parent, open));
    if (yaml_flow_colon(yaml, key.quoted)) return yaml_flow_after_colon(yaml, value, parent, open);
    yaml_set_null(value);
    return TL_OK;
}

/* An item of a list: a value, or `key: value`, which is a map of one entry. */
static tl_status yaml_flow_item(tl__yaml *yaml, tl_value *list, int parent, size_t open)
{
    tl_value *item, *value;
    tl__yaml_text key;
    size_t from = yaml->at;
    int c = tl__yaml_peek(yaml, 0);
    TL_TRY(yaml_new(yaml, list, &item));
    if (c == '[' || c == '{') {
        TL_TRY(yaml_flow_value(yaml, item, parent));
        tl__yaml_skip_blanks(yaml);
        if (yaml_flow_colon(yaml, true)) return tl__yaml_refuse(yaml, from, TL__YAML_COLLECTION_KEY);
        return TL_OK;
    }
    TL_TRY(tl__yaml_scan_scalar(yaml, &key, parent, true));
    tl__yaml_skip_blanks(yaml);
    if (!yaml_flow_colon(yaml, key.quoted)) {
        yaml_set_scalar(item, &key);
        return TL_OK;
    }
    if (!key.one_line) return tl__yaml_fail(yaml, from, "a key in a list has to stand on one line with its colon");
    TL_TRY(yaml_open(yaml, item, TL_MAP, key.line, key.column));
    TL_TRY(yaml_new_entry(yaml, item, &key, from, &value));
    TL_TRY(yaml_flow_after_colon(yaml, value, parent, open));
    yaml->depth--;
    return TL_OK;
}

/* A list or map from its bracket to the closing one. */
static tl_status yaml_flow_collection(tl__yaml *yaml, tl_value *value, int parent)
{
    size_t open = yaml->at;
    bool map = tl__yaml_peek(yaml, 0) == '{', comma_wanted = false;
    int line, column;
    tl__yaml_place(yaml, open, &line, &column);
    TL_TRY(yaml_open(yaml, value, map ? TL_MAP : TL_LIST, line, column));
    yaml->at++;
    for (;;) {
        TL_TRY(yaml_flow_next(yaml, parent, open));
        int c = tl__yaml_peek(yaml, 0);
        if (c == (map ? '}' : ']')) break;
        if (c == ',' && !comma_wanted) return tl__yaml_fail(yaml, yaml->at, "nothing stands before this comma");
        if (c == ',') {
            yaml->at++;
        } else if (comma_wanted) {
            return tl__yaml_fail(yaml, yaml->at, "a comma or the closing %c of line %d is missing before this",
                                 map ? '}' : ']', line);
        } else if (map) {
            TL_TRY(yaml_flow_entry(yaml, value, parent, open));
        } else {
            TL_TRY(yaml_flow_item(yaml, value, parent, open));
        }
        comma_wanted = !comma_wanted;
    }
    yaml->at++;
    if (map) return yaml_close_map(yaml, value);
    yaml->depth--;
    return TL_OK;
}

static tl_status yaml_flow_value(tl__yaml *yaml, tl_value *value, int parent)
{
    tl__yaml_text scalar;
    int c = tl__yaml_peek(yaml, 0);
    if (c == '[' || c == '{') return yaml_flow_collection(yaml, value, parent);
    TL_TRY(tl__yaml_scan_scalar(yaml, &scalar, parent, true));
    yaml_set_scalar(value, &scalar);
    return TL_OK;
}

/* --- block: maps and lists in lines --- */

static bool yaml_at_dash(const tl__yaml *yaml)
{
    return tl__yaml_peek(yaml, 0) == '-' && tl__yaml_is_space(tl__yaml_peek(yaml, 1));
}

/* After a scalar or bracket: does the colon of a key follow on this line? */
static bool yaml_block_colon(tl__yaml *yaml)
{
    tl__yaml_skip_blanks(yaml);
    return tl__yaml_peek(yaml, 0) == ':' && tl__yaml_is_space(tl__yaml_peek(yaml, 1));
}

/* After an entry, to the next of the same block: *more is false when the block is over. */
static tl_status yaml_block_next(tl__yaml *yaml, int column, bool *more)
{
    tl__yaml_next(yaml);
    *more = false;
    if (yaml->end) return TL_OK;
    if (!yaml->fresh) {
        if (tl__yaml_peek(yaml, 0) == '#')
            return tl__yaml_fail(yaml, yaml->at, "a comment needs a blank before its '#'");
        return tl__yaml_fail(yaml, yaml->at, "the value ends before this; put the whole value in quotes, or begin a "
                                             "new line");
    }
    if (yaml->tabs) return tl__yaml_fail_tab(yaml);
    if (yaml->indent > column)
        return tl__yaml_fail(yaml, yaml->at, "this line is indented by %d, but the lines of its block by %d",
                             yaml->indent,
                             column);
    *more = yaml->indent == column;
    return TL_OK;
}

static tl_status yaml_check_key(tl__yaml *yaml, const tl__yaml_text *key, size_t key_at)
{
    if (key->one_line) return TL_OK;
    if (key->quoted) return tl__yaml_fail(yaml, key_at, "a key has to stand on one line with its colon");
    return tl__yaml_fail(yaml, yaml->at, "this line is indented deeper than the one above and so goes on with its "
                                         "value, which cannot hold a colon; check the indentation");
}

/* The next key of a block map, up to its colon. */
static tl_status yaml_block_key(tl__yaml *yaml, tl__yaml_text *key, size_t *key_at, int column)
{
    int c = tl__yaml_peek(yaml, 0);
    *key_at = yaml->at;
    if (yaml_at_dash(yaml))
        return tl__yaml_fail(yaml, yaml->at, "a list item stands among the keys of a map; indent it, or give it a key");
    if (c == '[' || c == '{') return tl__yaml_refuse(yaml, yaml->at, TL__YAML_COLLECTION_KEY);
    TL_TRY(tl__yaml_scan_scalar(yaml, key, column, false));
    if (!yaml_block_colon(yaml))
        return tl__yaml_fail(yaml, *key_at, "'%.*s' has no colon after it; write it as key: value, or indent it if it "
                             "belongs to the value above", key->size < 60 ? (int)key->size : 60, key->text);
    return yaml_check_key(yaml, key, *key_at);
}

/* A map whose first key was read; its colon stands here. */
static tl_status yaml_block_map(tl__yaml *yaml, tl_value *map, int column, tl__yaml_text *key, size_t key_at)
{
    bool more;
    TL_TRY(yaml_open(yaml, map, TL_MAP, key->line, key->column));
    for (;;) {
        tl_value *value;
        yaml->at++;
        TL_TRY(yaml_new_entry(yaml, map, key, key_at, &value));
        TL_TRY(yaml_block_node(yaml, value, column, YAML_LIST_HERE));
        TL_TRY(yaml_block_next(yaml, column, &more));
        if (!more) return yaml_close_map(yaml, map);
        TL_TRY(yaml_block_key(yaml, key, &key_at, column));
    }
}

/* A list from its first dash. */
static tl_status yaml_block_list(tl__yaml *yaml, tl_value *list, int column)
{
    bool more = true;
    int line, place;
    tl__yaml_place(yaml, yaml->at, &line, &place);
    TL_TRY(yaml_open(yaml, list, TL_LIST, line, place));
    while (more && yaml_at_dash(yaml)) {
        tl_value *item;
        TL_TRY(yaml_new(yaml, list, &item));
        tl__yaml_place(yaml, yaml->at, &item->key_line, &item->key_column);
        yaml->at++;
        TL_TRY(yaml_block_node(yaml, item, column, YAML_COMPACT));
        TL_TRY(yaml_block_next(yaml, column, &more));
    }
    yaml->depth--;
    return TL_OK;
}

/* A scalar, or the map whose first key it is. */
static tl_status yaml_block_scalar_or_map(tl__yaml *yaml, tl_value *value, int parent, bool may_open)
{
    tl__yaml_text scalar;
    size_t from = yaml->at;
    int column = (int)(yaml->at - yaml->line_start);
    bool tabs = yaml->tabs;
    TL_TRY(tl__yaml_scan_scalar(yaml, &scalar, parent, false));
    if (!yaml_block_colon(yaml)) {
        yaml_set_scalar(value, &scalar);
        return TL_OK;
    }
    TL_TRY(yaml_check_key(yaml, &scalar, from));
    if (!may_open)
        return tl__yaml_fail(yaml, yaml->at, "a second colon on this line; put the value in quotes, or its first key "
                                             "on a line of its own");
    if (tabs) {
        yaml->at = from;
        return tl__yaml_fail_tab(yaml);
    }
    return yaml_block_map(yaml, value, column, &scalar, from);
}

static tl_status yaml_block_node(tl__yaml *yaml, tl_value *value, int parent, unsigned flags)
{
    tl__yaml_text scalar;
    tl__yaml_next(yaml);
    bool list_here = (flags & YAML_LIST_HERE) && yaml->indent == parent && yaml_at_dash(yaml);
    if (yaml->end || (yaml->fresh && yaml->indent <= parent && !list_here)) {
        yaml_set_null(value);
        return TL_OK;
    }
    size_t from = yaml->at;
    int c = tl__yaml_peek(yaml, 0);
    bool may_open = yaml->fresh || (flags & YAML_COMPACT);
    if (may_open && yaml_at_dash(yaml))
        return yaml->tabs ? tl__yaml_fail_tab(yaml)
                          : yaml_block_list(yaml, value, (int)(yaml->at - yaml->line_start));
    if (c == '|' || c == '>') {
        TL_TRY(tl__yaml_scan_block(yaml, &scalar, parent));
        yaml_set_scalar(value, &scalar);
        return TL_OK;
    }
    if (c != '[' && c != '{') return yaml_block_scalar_or_map(yaml, value, parent, may_open);
    TL_TRY(yaml_flow_collection(yaml, value, parent));
    if (yaml_block_colon(yaml)) return tl__yaml_refuse(yaml, from, TL__YAML_COLLECTION_KEY);
    return TL_OK;
}

/* --- documents --- */

/* After the document: nothing but comments and ... */
static tl_status yaml_document_end(tl__yaml *yaml)
{
    for (;;) {
        tl__yaml_next(yaml);
        int c = tl__yaml_peek(yaml, 0);
        if (c < 0) return TL_OK;
        if (!yaml->end && !yaml->fresh)
            return tl__yaml_fail(yaml, yaml->at, "only a comment may stand after this; begin a new line");
        if (c == '%' && yaml->fresh) return tl__yaml_refuse(yaml, yaml->at, TL__YAML_DIRECTIVE);
        if (!yaml->end || c == '-') return tl__yaml_refuse(yaml, yaml->at, TL__YAML_DOCUMENTS);
        yaml->at += 3;
    }
}

static tl_status yaml_document(tl__yaml *yaml)
{
    bool more;
    tl__yaml_next(yaml);
    if (tl__yaml_peek(yaml, 0) == '%' && yaml->at == yaml->line_start)
        return tl__yaml_refuse(yaml, yaml->at, TL__YAML_DIRECTIVE);
    if (yaml->end && tl__yaml_peek(yaml, 0) == '-') yaml->at += 3;
    TL_TRY(yaml_block_node(yaml, &yaml->tree->root, -1, 0));
    if (!yaml->end) {
        TL_TRY(yaml_block_next(yaml, 0, &more));
        if (more)
            return tl__yaml_fail(yaml, yaml->at, "the document ends before this line; indent it if it belongs to the "
                                                 "value above, or write it as key: value like the others");
    }
    return yaml_document_end(yaml);
}

/* The bytes that no YAML file may hold, looked for once. */
static tl_status yaml_check_bytes(tl__yaml *yaml)
{
    if (yaml->size > TL__YAML_MAX_BYTES)
        return tl__yaml_fail(yaml, 0, "the file has more than %d MiB", (int)(TL__YAML_MAX_BYTES >> 20));
    if (!tl__is_utf8(yaml->text, yaml->size)) {
        size_t at = 0;
        for (size_t size = 1; at + size <= yaml->size && size <= 4;) {
            if (!tl__is_utf8(yaml->text + at, size)) {
                size++;
                continue;
            }
            at += size;
            size = 1;
        }
        return tl__yaml_fail(yaml, at, "this is not UTF-8; save the file in that encoding");
    }
    for (size_t at = 0; at < yaml->size; at++) {
        unsigned char c = (unsigned char)yaml->text[at];
        if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7F)
            return tl__yaml_fail(yaml, at, "the byte 0x%x is no text; remove it, or write \"\\x%x%x\" in double quotes",
                                 (unsigned)c, (unsigned)c / 16, (unsigned)c % 16);
    }
    return TL_OK;
}

static tl_status yaml_parse(tl__tree *tree, const char *text, size_t size, int first_column, tl_error *error)
{
    tl__yaml yaml = {.tree = tree, .error = error, .text = text, .size = size, .ready = SIZE_MAX,
                     .line = 1, .column = first_column, .first_column = first_column};
    memset(&tree->root, 0, sizeof tree->root);
    tl__builder_init(&yaml.builder, tree);
    tl__buffer_init(&yaml.scratch, tree->arena.heap);
    TL_TRY(yaml_check_bytes(&yaml));
    if (size >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) yaml.at = yaml.line_start = yaml.counted = 3;
    tl_status status = yaml_document(&yaml);
    tl__buffer_free(&yaml.scratch);
    return status;
}

TL_PRIV tl_status tl__yaml_parse(tl__tree *tree, const char *text, size_t size, tl_error *error)
{
    return yaml_parse(tree, text, size, 1, error);
}

TL_PRIV tl_status tl__yaml_parse_settings(tl__tree *tree, const char *text, size_t size, tl_error *error)
{
    tl__buffer braced;
    tl__buffer_init(&braced, tree->arena.heap);
    tl__buffer_char(&braced, '{');
    tl__buffer_add(&braced, text, size);
    tl__buffer_text(&braced, "\n}");   /* a comment at the end does not hide the brace */
    tl_status status = braced.failed ? tl__fail_memory(error, size + 3)
                                     : yaml_parse(tree, braced.data, braced.size, 0, error);
    tl__buffer_free(&braced);
    return status;
}
