/* Trees of values with the places they were read from: what YAML and JSON become, and what commands return.
 *
 * A root owns the arena of its whole tree; only roots are freed. Children hang in a linked list in the order they were
 * written. A plain YAML scalar keeps its text and is typed by the row that reads it, so `target: no` is a column: kind
 * is what YAML 1.2's core schema makes of it, `text` what was written. */
#ifndef TL_TEXT_VALUE_H
#define TL_TEXT_VALUE_H

#include "base/context.h"
#include "base/error.h"

struct tl_value {
    tl_kind kind;
    bool quoted;              /* a text that was quoted (or a block scalar): never another type */
    int line, column;         /* where the value begins, from 1 (in characters); 0: made by a program */
    int key_line, key_column; /* where its key begins */
    const char *key;          /* in a map: NUL-terminated, key_size bytes; NULL in a list */
    size_t key_size;
    const char *text;         /* scalars as written; texts: their bytes, NUL-terminated. NULL: made by a program */
    size_t text_size;
    double number;            /* TL_NUMBER and TL_INTEGER */
    int64_t integer;          /* TL_INTEGER; TL_BOOL: 0 or 1 */
    const char *file;         /* where it came from, when that is not the tree's file: "--set" */
    tl_value *first, *last, *next;
    size_t count;
};

/* A root: the value, then what it owns. tl_value * and tl__tree * of a root are the same address. */
typedef struct tl__tree {
    tl_value root;
    tl__arena arena;
    const char *file;         /* the name for messages; NULL: none */
} tl__tree;

enum { TL__VALUE_MAX_DEPTH = 512 };   /* of what is parsed, so that functions over trees may recurse */

TL_PRIV tl_status tl__tree_new(tl__heap *heap, const char *file, tl__tree **out);   /* root is TL_NULL */
TL_PRIV void tl__tree_free(tl__tree *tree);

/* Building: all give NULL when out of memory and then set `failed`, which is checked once, at the end. */
typedef struct tl__builder {
    tl__tree *tree;
    bool failed;
} tl__builder;
TL_PRIV void tl__builder_init(tl__builder *builder, tl__tree *tree);
/* A null at the end of parent, its key not set: what the parsers fill. parent NULL: the root itself. */
TL_PRIV tl_value *tl__put_new(tl__builder *builder, tl_value *parent);
/* key NULL: append to a list. parent NULL: the root itself. Keys are not checked for being there already. */
TL_PRIV tl_value *tl__put_map(tl__builder *builder, tl_value *parent, const char *key);
TL_PRIV tl_value *tl__put_list(tl__builder *builder, tl_value *parent, const char *key);
TL_PRIV tl_value *tl__put_text(tl__builder *builder, tl_value *parent, const char *key, const char *text);
TL_PRIV tl_value *tl__put_text_n(tl__builder *builder, tl_value *parent, const char *key, const char *text,
                                 size_t size);
TL_PRIV tl_value *tl__put_number(tl__builder *builder, tl_value *parent, const char *key, double number);
TL_PRIV tl_value *tl__put_integer(tl__builder *builder, tl_value *parent, const char *key, int64_t integer);
TL_PRIV tl_value *tl__put_bool(tl__builder *builder, tl_value *parent, const char *key, bool value);
TL_PRIV tl_value *tl__put_null(tl__builder *builder, tl_value *parent, const char *key);
/* With the places that it was read from. */
TL_PRIV tl_value *tl__put_copy(tl__builder *builder, tl_value *parent, const char *key, const tl_value *value);

/* Give `target` the contents of `source`, deeply; its key, place and position among its siblings stay. */
TL_PRIV void tl__value_fill(tl__builder *builder, tl_value *target, const tl_value *source);

TL_PRIV tl_value *tl__value_child(const tl_value *map, const char *key);   /* direct child, or NULL */
TL_PRIV tl_value *tl__value_child_n(const tl_value *map, const char *key, size_t size);
TL_PRIV void tl__value_detach(tl_value *parent, tl_value *child);          /* take a child out of its parent */
/* The same kinds, keys, texts and numbers in the same order; places do not count. NaN equals NaN. */
TL_PRIV bool tl__value_equal(const tl_value *a, const tl_value *b);
/* Rows {setting: "training.epochs", a, b} at the end of `list` for all that differs below two values; null: one does
 * not have it. Maps are gone through in a's order, then what only b has. path: what stands before; "" at the root. */
TL_PRIV void tl__value_differences(tl__builder *builder, tl_value *list, const char *path, const tl_value *a,
                                   const tl_value *b);
/* The first entry of a map whose key stands before it already, *first its forerunner; NULL: none. Takes memory for
 * large maps; when there is none, *failed. */
TL_PRIV const tl_value *tl__value_repeated(tl__heap *heap, const tl_value *map, const tl_value **first, bool *failed);
/* What a plain YAML scalar is under YAML 1.2's core schema: fills kind, number and integer from text and text_size. */
TL_PRIV void tl__value_resolve(tl_value *value);
TL_PRIV size_t tl__utf8_put(char out[4], uint32_t code);   /* the bytes of a character; their number */
/* Make or replace the value at "a.b[2].c" with one that is parsed from `text` as a YAML flow value, as --set does; maps
 * on the way are made, an index may be one past the end. Messages name `origin` ("--set") as the file of such values;
 * it is kept and not copied. */
TL_PRIV tl_status tl__value_set(tl__tree *tree, const char *path, const char *text, const char *origin,
                                tl_error *error);

#endif
