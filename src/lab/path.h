/* Paths as text: no file is looked at. A folder "" is the current one. Both / and \ are taken as separators where the
 * system does so; what is made has /. */
#ifndef TL_LAB_PATH_H
#define TL_LAB_PATH_H

#include "base/memory.h"

TL_PRIV bool tl__path_absolute(const char *path);
/* All give NULL when memory is out. */
TL_PRIV const char *tl__path_join(tl__arena *arena, const char *folder, const char *path);   /* an absolute path
                                                                                                stays */
TL_PRIV const char *tl__path_folder(tl__arena *arena, const char *path);   /* "a/b.csv" -> "a", "b.csv" -> "" */
TL_PRIV const char *tl__path_stem(tl__arena *arena, const char *path);     /* "a/b.csv.gz" -> "b" */
TL_PRIV const char *tl__path_name(const char *path);                       /* "a/b.csv" -> "b.csv" */
TL_PRIV bool tl__path_ends(const char *path, const char *ending);          /* and is longer than it */
TL_PRIV bool tl__path_is_config(const char *path);                         /* by its ending */
/* How `path` is called from within `folder`; both are relative to the current folder or absolute. Where only one of the
 * two is absolute, or `folder` climbs out of the current one, `current` (absolute; may be NULL) is needed, and without
 * it the path stays as it is. */
TL_PRIV const char *tl__path_from(tl__arena *arena, const char *folder, const char *path, const char *current);

#endif
