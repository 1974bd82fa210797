/* Statuses and errors: how a failing function says what happened, where, and what to do.
 *
 * A message is one or more whole sentences, a line each: "FILE:LINE:COLUMN: what is wrong; the remedy". The first
 * mistake fixes status, file, line, column and setting; the following are appended to the text and counted. */
#ifndef TL_BASE_ERROR_H
#define TL_BASE_ERROR_H

#include "base/base.h"

/* Record a mistake (error may be NULL) and return the status, so that callers write `return tl__fail(...)`. */
TL_PRIV tl_status tl__fail(tl_error *error, tl_status status, const char *format, ...) TL_PRINTF(3, 4);

/* The same with a place: file may be NULL, line and column 0 (then left out of the text), setting NULL. */
TL_PRIV tl_status tl__fail_at(tl_error *error, tl_status status, const char *file, int line, int column,
                              const char *setting, const char *format, ...) TL_PRINTF(7, 8);

/* Out of memory, with the bytes that were asked for. */
TL_PRIV tl_status tl__fail_memory(tl_error *error, size_t bytes);

#endif
