/* Protocol buffers on the wire: messages are written into a text buffer, field by field. Lengths are as short as they
 * can be, so that equal messages are equal bytes. A field of 0 is written where the caller writes it. */
#ifndef TL_TEXT_PROTOBUF_H
#define TL_TEXT_PROTOBUF_H

#include "base/memory.h"

TL_PRIV void tl__proto_varint(tl__buffer *out, uint64_t value);
TL_PRIV void tl__proto_int(tl__buffer *out, int field, int64_t value);
TL_PRIV void tl__proto_float(tl__buffer *out, int field, float value);
TL_PRIV void tl__proto_double(tl__buffer *out, int field, double value);
TL_PRIV void tl__proto_bytes(tl__buffer *out, int field, const void *bytes, size_t size);
TL_PRIV void tl__proto_text(tl__buffer *out, int field, const char *text);
/* A message inside, or a packed list: what is written up to the end belongs to it. Gives the mark for its end. */
TL_PRIV size_t tl__proto_begin(tl__buffer *out, int field);
TL_PRIV void tl__proto_end(tl__buffer *out, size_t mark);
TL_PRIV void tl__proto_packed_double(tl__buffer *out, double value);    /* one item of a packed list */

#endif
