/* The wire format of protocol buffers, writing only. A length is put in front of what it counts once that is there. */
#include "text/protobuf.h"

#include "base/math.h"

enum { PROTOBUF_VARINT, PROTOBUF_64, PROTOBUF_SIZED, PROTOBUF_32 = 5 };

TL_PRIV void tl__proto_varint(tl__buffer *out, uint64_t value)
{
    for (; value >= 128; value >>= 7) tl__buffer_char(out, (char)(unsigned char)(value | 128));
    tl__buffer_char(out, (char)(unsigned char)value);
}

static void protobuf_key(tl__buffer *out, int field, int wire)
{
    tl__proto_varint(out, (uint64_t)field << 3 | (uint64_t)wire);
}

static void protobuf_little(tl__buffer *out, uint64_t bits, int bytes)
{
    for (int i = 0; i < bytes; i++) tl__buffer_char(out, (char)(unsigned char)(bits >> 8 * i));
}

TL_PRIV void tl__proto_int(tl__buffer *out, int field, int64_t value)
{
    protobuf_key(out, field, PROTOBUF_VARINT);
    tl__proto_varint(out, (uint64_t)value);
}

TL_PRIV void tl__proto_float(tl__buffer *out, int field, float value)
{
    protobuf_key(out, field, PROTOBUF_32);
    protobuf_little(out, tl__float_bits(value), 4);
}

TL_PRIV void tl__proto_packed_double(tl__buffer *out, double value)
{
    protobuf_little(out, tl__double_bits(value), 8);
}

TL_PRIV void tl__proto_double(tl__buffer *out, int field, double value)
{
    protobuf_key(out, field, PROTOBUF_64);
    tl__proto_packed_double(out, value);
}

TL_PRIV void tl__proto_bytes(tl__buffer *out, int field, const void *bytes, size_t size)
{
    protobuf_key(out, field, PROTOBUF_SIZED);
    tl__proto_varint(out, size);
    if (size) tl__buffer_add(out, bytes, size);
}

TL_PRIV void tl__proto_text(tl__buffer *out, int field, const char *text)
{
    tl__proto_bytes(out, field, text, strlen(text));
}

TL_PRIV size_t tl__proto_begin(tl__buffer *out, int field)
{
    protobuf_key(out, field, PROTOBUF_SIZED);
    return out->size;
}

TL_PRIV void tl__proto_end(tl__buffer *out, size_t mark)
{
    unsigned char length[10];
    size_t size = out->size - mark, count = 0;
    if (out->failed) return;
    for (uint64_t rest = size; count == 0 || rest; rest >>= 7)
        length[count++] = (unsigned char)((rest & 127) | (rest >= 128 ? 128 : 0));
    tl__buffer_add(out, length, count);    /* room; the bytes move there */
    if (out->failed) return;
    memmove(out->data + mark + count, out->data + mark, size);
    memcpy(out->data + mark, length, count);
}
