/* Compression: zlib streams (RFC 1950) and gzip files (RFC 1952) of DEFLATE (RFC 1951). Equal bytes give equal bytes,
 * on every machine. */
#ifndef TL_BASE_DEFLATE_H
#define TL_BASE_DEFLATE_H

#include "base/memory.h"

/* Append the bytes as one zlib stream. Takes half a megabyte of the buffer's heap meanwhile; out of memory, and more
 * than 2^31 - 1 bytes, show in out->failed. */
TL_PRIV void tl__zlib(tl__buffer *out, const unsigned char *bytes, size_t size);
/* The same as a gzip file of one member, without name and time. */
TL_PRIV void tl__gzip(tl__buffer *out, const unsigned char *bytes, size_t size);

#endif
