/* Field lists: one row per setting, and everything that knows settings reads the rows: the YAML reader,
 * validation, --set, train:configure, --explain, live changes, search ranges, the reference page.
 *
 * A settings block is a plain struct and a list of rows that ends with a row without a name. Rows are static const
 * data of the file that owns the block and are reached through a function (data does not cross files). */
#ifndef TL_BASE_FIELD_H
#define TL_BASE_FIELD_H

#include "base/base.h"

typedef enum tl__field_kind {
    TL__FIELD_INT,          /* int64_t */
    TL__FIELD_FLOAT,        /* double */
    TL__FIELD_BOOL,         /* bool */
    TL__FIELD_TEXT,         /* const char *, NULL when absent and without default */
    TL__FIELD_CHOICE,       /* int: index into choices */
    TL__FIELD_INT_LIST,     /* tl__int_list; a scalar is a list of one */
    TL__FIELD_FLOAT_LIST,   /* tl__float_list; a scalar is a list of one */
    TL__FIELD_TEXT_LIST,    /* tl__text_list; a scalar is a list of one */
    TL__FIELD_BLOCK,        /* a struct with rows of its own, laid inside this one */
    TL__FIELD_MEMBER,       /* tl__member: a member of a family by name, `adam` or `{type: adam, beta1: 0.9}` */
    TL__FIELD_TREE          /* const tl_value *: kept as it was read; its owner reads it (layers, heads, search) */
} tl__field_kind;

enum {
    TL__RESULT = 1,     /* changes results: part of model files and of the comparison of runs */
    TL__LIVE = 2,       /* may change while a run is on */
    TL__TUNE = 4,       /* a search may vary it */
    TL__LOG = 8,        /* ranges are searched on a logarithmic scale */
    TL__PATH = 16,      /* a file or folder, relative to the config file */
    TL__REQUIRED = 32,  /* no default: absent is a mistake */
    TL__OPEN_MIN = 64,  /* min itself is not allowed */
    TL__OPEN_MAX = 128, /* max itself is not allowed */
    TL__OPTIONAL = 256, /* a block that is off unless it is mentioned; its struct begins with `bool present` */
    TL__AUTO = 512      /* the word `auto` is allowed: INT and FLOAT then hold `fallback` as it stands in the row */
};

typedef struct tl__int_list { size_t count; const int64_t *items; } tl__int_list;
typedef struct tl__float_list { size_t count; const double *items; } tl__float_list;
typedef struct tl__text_list { size_t count; const char *const *items; } tl__text_list;

/* A choice of a family's member with the settings that were given to it (bound by the family, later). */
typedef struct tl__member {
    const char *name;            /* as written; the family checks it */
    const tl_value *settings;    /* the map or the word it was written as, or NULL (the default) */
} tl__member;

typedef struct tl__field tl__field;
struct tl__field {
    const char *name;            /* the key in its block */
    tl__field_kind kind;
    unsigned flags;
    size_t offset;               /* in the block's struct */
    double fallback;             /* INT, FLOAT, BOOL, CHOICE: the default */
    double min, max;             /* INT, FLOAT and their lists (each item): the range; both 0: any finite number */
    const char *text;            /* TEXT, MEMBER and the lists: the default as YAML would say it, or NULL */
    const char *const *choices;  /* CHOICE: the words, NULL-terminated. INT_LIST: words for the numbers -1, -2, ... */
    const tl__field *rows;       /* BLOCK: its rows */
    const char *unit;            /* "rows", "epochs", ...; NULL: a pure number or no number */
    const char *help;            /* one line, no full stop */
    const char *aliases;         /* other full paths that mean this setting, separated by blanks, or NULL */
    const char *tune;            /* what a search tries when it names the setting only, as YAML: a list or {min, max,
                                    scale}. CHOICE and BOOL may leave it out: all values */
    const char *family;          /* MEMBER: the family's word ("optimizer"), for messages and --explain */
};

/* Fill `block` with the defaults of all rows (blocks inside blocks too; optional ones are absent). List defaults
 * and member names point into the rows; lists with a default are filled by text/bind.h, which can read them. */
TL_PRIV void tl__field_defaults(const tl__field *rows, void *block);

/* The row of a key, or NULL; *suggestion then is the nearest name or NULL (suggestion may be NULL). */
TL_PRIV const tl__field *tl__field_find(const tl__field *rows, const char *name, size_t size, const char **suggestion);

/* Numbers, words of a choice and switches of the rows that have the flag, blocks inside too, from one struct to
 * another. */
TL_PRIV void tl__field_take(const tl__field *rows, unsigned flag, void *into, const void *from);

/* The allowed range in words: "a whole number from 1 to 1048576", "one of: stratified, random, time". */
TL_PRIV void tl__field_range(char *out, size_t size, const tl__field *row);

#endif
