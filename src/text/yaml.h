/* The YAML subset (written down in yaml.c) and JSON, both into trees. */
#ifndef TL_TEXT_YAML_H
#define TL_TEXT_YAML_H

#include "text/value.h"

/* Whole texts, in the place of what the tree held; tree->file names them in messages. Depth, nodes and sizes are
 * limited. An empty document is TL_NULL. */
TL_PRIV tl_status tl__yaml_parse(tl__tree *tree, const char *text, size_t size, tl_error *error);
/* The inside of a flow map, "nodes: 16, activation: relu", as C programs give settings. Empty: an empty map. */
TL_PRIV tl_status tl__yaml_parse_settings(tl__tree *tree, const char *text, size_t size, tl_error *error);
/* What the subset leaves out: the words that a refusal names, NULL after the last. */
TL_PRIV const char *tl__yaml_refusal(size_t index);
/* A key that stands twice in a JSON map is kept twice (bind reports it). */
TL_PRIV tl_status tl__json_parse(tl__tree *tree, const char *text, size_t size, tl_error *error);

/* indent 0: one line. Numbers print shortest; NaN and infinities are null. */
TL_PRIV void tl__json_write(tl__buffer *out, const tl_value *value, int indent);
TL_PRIV void tl__json_string(tl__buffer *out, const char *text, size_t size);   /* quoted and escaped */
/* Reads back as the same tree by tl__yaml_parse. */
TL_PRIV void tl__yaml_write(tl__buffer *out, const tl_value *value, int indent);
/* A scalar as it must be written in YAML: quoted only where it has to be. */
TL_PRIV void tl__yaml_scalar(tl__buffer *out, const char *text, size_t size);
TL_PRIV void tl__yaml_number(tl__buffer *out, double number);   /* .nan, .inf, -.inf where there is no other way */
/* The shortest text of a finite double that no reader takes for an integer: "5.0". Returns its length. */
TL_PRIV size_t tl__print_number(char out[40], double number);

#endif
