/* Between trees and settings structs, by field lists. */
#ifndef TL_TEXT_BIND_H
#define TL_TEXT_BIND_H

#include "base/family.h"
#include "text/value.h"

/* Fill `block` (defaults first) from a map (NULL: defaults only). Every key must be a row, every scalar in its row's
 * type and range; all mistakes are reported, not only the first. `file` for messages; `path` is the block's own path
 * ("training", "" for the root). Texts and lists are put into `arena`; TREE and MEMBER rows point into the tree, which
 * must live as long as the block. */
TL_PRIV tl_status tl__bind(const tl__field *rows, void *block, const tl_value *map, const char *file, const char *path,
                           tl__arena *arena, tl_error *error);
/* The same without setting defaults first: only what the map mentions changes. */
TL_PRIV tl_status tl__bind_over(const tl__field *rows, void *block, const tl_value *map, const char *file,
                                const char *path, tl__arena *arena, tl_error *error);

/* A member of a family from a MEMBER row's value: finds it, allocates its settings in the arena and binds them. The key
 * `type` in its map is the name. Messages name the place of choice->settings, which may be the bare word. */
TL_PRIV tl_status tl__bind_member(const tl__family *family, const tl__member *choice, const char *file,
                                  const char *path,
                                  tl__arena *arena, const tl__member_head **member, void **settings, tl_error *error);

/* The block as a map: all rows with their values (absent optional blocks are left out). only_flags 0: all rows, else
 * those with one of these flags. */
TL_PRIV tl_value *tl__unbind(tl__builder *builder, tl_value *parent, const char *key, const tl__field *rows,
                             const void *block, unsigned only_flags);

/* The block as annotated YAML, a comment line per row (help, range, default), `indent` spaces deep. What has no value
 * stands as a comment. */
TL_PRIV void tl__unbind_yaml(tl__buffer *out, const tl__field *rows, const void *block, int indent);

/* Move values that stand under an alias to the path of their row; `rows` are the root's. A value given under both is a
 * mistake. Maps that become empty by it are removed unless they are rows. */
TL_PRIV tl_status tl__bind_aliases(const tl__field *rows, tl__tree *tree, tl_error *error);

/* The row at "training.early_stopping.patience" under the root's rows. Below a row that is no block (the settings of a
 * member, items of a list) it is that row. NULL: there is none; *suggestion (may be NULL) is then the nearest name at
 * the place where the path leaves the table, or NULL. */
TL_PRIV const tl__field *tl__row_at(const tl__field *rows, const char *path, const char **suggestion);

#endif
