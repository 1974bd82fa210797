/* The growing text buffer. Its capacity doubles; one byte is always kept for the final NUL. */
#include "base/memory.h"
#include "base/text.h"

enum { BUFFER_FIRST = 256 };

TL_PRIV void tl__buffer_init(tl__buffer *buffer, tl__heap *heap)
{
    memset(buffer, 0, sizeof *buffer);
    buffer->heap = heap;
}

TL_PRIV bool tl__buffer_reserve(tl__buffer *buffer, size_t more)
{
    size_t need;
    if (buffer->failed) return false;
    if (!tl__size_add(buffer->size, more, &need) || !tl__size_add(need, 1, &need)) {
        buffer->failed = true;
        return false;
    }
    if (need <= buffer->capacity) return true;
    size_t capacity = buffer->capacity > SIZE_MAX / 2 ? need : tl__size_max(need, buffer->capacity * 2);
    capacity = tl__size_max(capacity, BUFFER_FIRST);
    char *data = tl__resize(buffer->heap, buffer->data, buffer->capacity, capacity);
    if (data == NULL && capacity > need) {
        capacity = need;
        data = tl__resize(buffer->heap, buffer->data, buffer->capacity, capacity);
    }
    if (data == NULL) {
        buffer->failed = true;
        return false;
    }
    buffer->data = data;
    buffer->capacity = capacity;
    return true;
}

TL_PRIV void tl__buffer_add(tl__buffer *buffer, const void *bytes, size_t size)
{
    if (!tl__buffer_reserve(buffer, size)) return;
    if (size > 0) memcpy(buffer->data + buffer->size, bytes, size);
    buffer->size += size;
    buffer->data[buffer->size] = '\0';
}

TL_PRIV void tl__buffer_text(tl__buffer *buffer, const char *text)
{
    tl__buffer_add(buffer, text, strlen(text));
}

TL_PRIV void tl__buffer_char(tl__buffer *buffer, char c)
{
    tl__buffer_add(buffer, &c, 1);
}

TL_PRIV void tl__buffer_format(tl__buffer *buffer, const char *format, ...)
{
    va_list list, again;
    if (!tl__buffer_reserve(buffer, 0)) return;
    va_start(list, format);
    va_copy(again, list);
    size_t room = buffer->capacity - buffer->size;
    size_t length = tl__format_list(buffer->data + buffer->size, room, format, list);
    if (length >= room) {
        buffer->data[buffer->size] = '\0';
        if (tl__buffer_reserve(buffer, length))
            tl__format_list(buffer->data + buffer->size, length + 1, format, again);
    }
    if (!buffer->failed) buffer->size += length;
    va_end(again);
    va_end(list);
}

TL_PRIV void tl__buffer_clear(tl__buffer *buffer)
{
    buffer->size = 0;
    buffer->failed = false;
    if (buffer->data != NULL) buffer->data[0] = '\0';
}

TL_PRIV void tl__buffer_free(tl__buffer *buffer)
{
    tl__free(buffer->heap, buffer->data, buffer->capacity);
    tl__buffer_init(buffer, buffer->heap);
}
