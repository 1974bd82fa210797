/* What the files of the YAML reader share: where the reader stands, and the steps below the structure.
 *
 * `at` only goes forward, but for the look-ahead of plain scalars. tl__yaml_next goes to the next thing that is neither
 * blank nor comment and notes how it was reached: on a line of its own (fresh, with the line's indentation) or on the
 * line where the reader stood. Indentation is counted in spaces; `parent` is that of the block around, -1 outside
 * all. */
#ifndef TL_TEXT_YAML_SCAN_H
#define TL_TEXT_YAML_SCAN_H

#include "text/value.h"

enum {
    TL__YAML_MAX_BYTES = 64 << 20,
    TL__YAML_MAX_DEPTH = 64,
    TL__YAML_MAX_VALUES = 1000000
};

typedef struct tl__yaml {
    tl__tree *tree;
    tl__builder builder;
    tl_error *error;
    const char *text;
    size_t size, at;
    size_t line_start;       /* of the line that `at` is on */
    size_t ready;            /* where tl__yaml_next stopped last */
    bool fresh;              /* what stands here is the first on its line */
    bool tabs;               /* a tab stands in the blanks before it */
    bool end;                /* nothing is left, or --- or ... stands here */
    int indent;              /* spaces at the start of its line, when fresh */
    size_t counted;          /* up to here, line and column are known */
    int line, column;
    int first_column;        /* of the text's first character */
    size_t depth, values;
    tl__buffer scratch;      /* the scalar that is being read */
} tl__yaml;

typedef struct tl__yaml_text {
    const char *text;
    size_t size;
    bool quoted;
    bool one_line;
    int line, column;
} tl__yaml_text;

typedef enum tl__yaml_construct {
    TL__YAML_ANCHOR, TL__YAML_ALIAS, TL__YAML_TAG, TL__YAML_DIRECTIVE, TL__YAML_DOCUMENTS, TL__YAML_COMPLEX_KEY,
    TL__YAML_COLLECTION_KEY, TL__YAML_EMPTY_KEY, TL__YAML_MERGE_KEY, TL__YAML_CONSTRUCTS
} tl__yaml_construct;

static inline int tl__yaml_peek(const tl__yaml *yaml, size_t ahead)
{
    return ahead < yaml->size - yaml->at ? (unsigned char)yaml->text[yaml->at + ahead] : -1;
}

static inline bool tl__yaml_is_break(int c) { return c == '\n' || c == '\r'; }
static inline bool tl__yaml_is_blank(int c) { return c == ' ' || c == '\t'; }
/* Or the end. */
static inline bool tl__yaml_is_space(int c) { return c < 0 || tl__yaml_is_blank(c) || tl__yaml_is_break(c); }
static inline bool tl__yaml_is_flow(int c) { return c == ',' || c == '[' || c == ']' || c == '{' || c == '}'; }

/* Line and column of a byte; backwards only for messages. */
TL_PRIV void tl__yaml_place(tl__yaml *yaml, size_t at, int *line, int *column);
/* A mistake at `at`. */
TL_PRIV tl_status tl__yaml_fail(tl__yaml *yaml, size_t at, const char *format, ...) TL_PRINTF(3, 4);
/* A construct that the subset leaves out. */
TL_PRIV tl_status tl__yaml_refuse(tl__yaml *yaml, size_t at, tl__yaml_construct construct);
/* A tab where indentation has to be. */
TL_PRIV tl_status tl__yaml_fail_tab(tl__yaml *yaml);

TL_PRIV void tl__yaml_skip_break(tl__yaml *yaml);    /* LF, CRLF or CR */
TL_PRIV void tl__yaml_skip_blanks(tl__yaml *yaml);   /* within the line */
TL_PRIV bool tl__yaml_at_marker(const tl__yaml *yaml);   /* --- or ... at the start of a line */
TL_PRIV void tl__yaml_next(tl__yaml *yaml);

/* The scalars (yaml_scalar.c). A plain or quoted one, from its first character; lines that go on with it are indented
 * deeper than parent. */
TL_PRIV tl_status tl__yaml_scan_scalar(tl__yaml *yaml, tl__yaml_text *out, int parent, bool flow);
/* A literal or folded one, from its | or >. */
TL_PRIV tl_status tl__yaml_scan_block(tl__yaml *yaml, tl__yaml_text *out, int parent);

#endif
