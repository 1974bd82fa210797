/* Event files taken apart by hand: records with their checksums, and the fields of messages. */
#ifndef TESTS_SUPPORT_EVENT_PARTS_H
#define TESTS_SUPPORT_EVENT_PARTS_H

#include "base/hash.h"

typedef struct part { const unsigned char *bytes; size_t size; } part;

static inline uint64_t varint(part *p)
{
    uint64_t value = 0;
    for (int shift = 0;; shift += 7) {
        assert_true(p->size > 0);
        unsigned char byte = *p->bytes++;
        p->size--;
        value |= (uint64_t)(byte & 127) << shift;
        if (byte < 128) return value;
    }
}

static inline uint64_t little(const unsigned char *bytes, int count)
{
    uint64_t value = 0;
    for (int i = 0; i < count; i++) value |= (uint64_t)bytes[i] << 8 * i;
    return value;
}

/* The nth field of that number in a message; *number for varints and fixed ones. */
static inline part field(part message, int wanted, int nth, uint64_t *number)
{
    while (message.size) {
        uint64_t key = varint(&message), value = 0;
        part inside = {message.bytes, 0};
        if ((key & 7) == 0) value = varint(&message);
        else if ((key & 7) == 2) {
            inside.size = (size_t)varint(&message);
            inside.bytes = message.bytes;
        } else {
            inside.size = (key & 7) == 1 ? 8 : 4;
            value = little(inside.bytes = message.bytes, (int)inside.size);
        }
        assert_true(inside.size <= message.size || (key & 7) == 0);
        if ((key & 7) != 0) message.bytes += inside.size, message.size -= inside.size;
        if ((int)(key >> 3) != wanted || nth-- > 0) continue;
        if (number) *number = value;
        return inside;
    }
    return (part){NULL, 0};
}

static inline uint32_t masked(const unsigned char *bytes, size_t size)
{
    uint32_t crc = tl__crc32c(0, bytes, size);
    return (crc >> 15 | crc << 17) + 0xa282ead8u;
}

static inline part record(part *file)
{
    assert_true(file->size >= 16);
    uint64_t size = little(file->bytes, 8);
    assert_int_equal(little(file->bytes + 8, 4), masked(file->bytes, 8));
    assert_true(size + 16 <= file->size);
    part event = {file->bytes + 12, (size_t)size};
    assert_int_equal(little(event.bytes + size, 4), masked(event.bytes, event.size));
    file->bytes += size + 16;
    file->size -= (size_t)size + 16;
    return event;
}

#endif
