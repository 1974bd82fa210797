/* Decompression of gzip files (RFC 1952) and zlib streams (RFC 1950): DEFLATE (RFC 1951) with a header and a check. */
#ifndef TL_BASE_INFLATE_H
#define TL_BASE_INFLATE_H

#include "base/memory.h"

/* True when the bytes begin like a gzip file. */
TL_PRIV bool tl__is_gzip(const unsigned char *bytes, size_t size);

/* Append the decompressed bytes of a whole gzip file (several members too) to out. At most `limit` bytes come
 * out. CRC and length of each member are checked. After a
 * failure out is as it was. `name` is for the message. */
TL_PRIV tl_status tl__gunzip(tl__buffer *out, const unsigned char *bytes, size_t size, size_t limit, const char *name,
                             tl_error *error);

/* The same for a gzip file that fills a buffer: its decompressed bytes take its place. The packed bytes are moved to
 * the end of the room for the unpacked ones and used up from there, so both together need little more than the unpacked
 * ones alone. */
TL_PRIV tl_status tl__gunzip_in_place(tl__buffer *buffer, size_t limit, const char *name, tl_error *error);

/* Append the decompressed bytes of one zlib stream, which fills `bytes`, to out; otherwise as tl__gunzip. */
TL_PRIV tl_status tl__unzlib(tl__buffer *out, const unsigned char *bytes, size_t size, size_t limit, const char *name,
                             tl_error *error);

#endif
