/* Files of one JSON value a line that are only ever appended to: journals of versions, changes and trials. A line that
 * a crash has torn, the last without an end, does not count and is cut off before the next is written. */
#ifndef TL_LAB_LINES_H
#define TL_LAB_LINES_H

#include "port/port.h"
#include "text/value.h"

/* Appends text, whole lines, and syncs it. For who alone writes to the file, or holds its lock. */
TL_PRIV tl_status tl__lines_append(tl_context *context, const char *path, const tl__buffer *text, tl_error *error);
/* All whole lines as one list; an empty one where there is no file. Messages name the file and the line. */
TL_PRIV tl_status tl__lines_read(tl_context *context, const char *path, tl__tree **out, tl_error *error);
/* A lock that another may hold for a moment: waits for so many milliseconds, then TL_LOCKED. */
TL_PRIV tl_status tl__lines_lock(tl_context *context, const char *path, int patience, tl__lock **out, tl_error *error);

#endif
