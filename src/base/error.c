/* Errors. The message grows by a line per mistake until it is full; what does not fit is cut at a whole UTF-8
 * character and ends in "...", and is counted all the same. */
#include "base/error.h"
#include "base/text.h"

/* The longest prefix of text[0..size) that does not end inside a UTF-8 character. */
static size_t error_whole(const char *text, size_t size)
{
    size_t start = size;
    while (start > 0 && size - start < 4 && ((unsigned char)text[start - 1] & 0xC0) == 0x80) start--;
    if (start == 0) return size;
    unsigned char lead = (unsigned char)text[start - 1];
    size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
    return start - 1 + length > size ? start - 1 : size;
}

/* Cut text, of which size bytes with the NUL were kept, so that it ends in dots. */
static void error_cut(char *text, size_t size)
{
    size_t keep = error_whole(text, size - 4);
    memcpy(text + keep, "...", 4);
}

static void error_copy(char *out, size_t size, const char *text)
{
    if (text != NULL && tl__format(out, size, "%s", text) >= size) error_cut(out, size);
}

static void error_append(tl_error *error, const char *place, const char *format, va_list list)
{
    size_t used = strlen(error->message);
    size_t room = sizeof error->message - used;
    char *out = error->message + used;
    if (room < 8) return;
    size_t length = used > 0 ? 1 : 0;
    if (used > 0) out[0] = '\n';
    length += tl__format(out + length, room - length, "%s", place);
    if (length < room) length += tl__format_list(out + length, room - length, format, list);
    if (length >= room) error_cut(out, room);
}

static void error_list(tl_error *error, tl_status status, const char *file, int line, int column, const char *setting,
                       const char *format, va_list list)
{
    char place[sizeof error->file + 32] = "";
    if (error->mistakes == 0) {
        error->status = status;
        error->line = line;
        error->column = column;
        error_copy(error->file, sizeof error->file, file);
        error_copy(error->setting, sizeof error->setting, setting);
    }
    if (file != NULL && file[0] != '\0') {
        char name[sizeof error->file];
        name[0] = '\0';
        error_copy(name, sizeof name, file);
        if (line > 0 && column > 0) tl__format(place, sizeof place, "%s:%d:%d: ", name, line, column);
        else if (line > 0) tl__format(place, sizeof place, "%s:%d: ", name, line);
        else tl__format(place, sizeof place, "%s: ", name);
    }
    error_append(error, place, format, list);
    error->mistakes++;
}

TL_PRIV tl_status tl__fail(tl_error *error, tl_status status, const char *format, ...)
{
    if (error == NULL) return status;
    va_list list;
    va_start(list, format);
    error_list(error, status, NULL, 0, 0, NULL, format, list);
    va_end(list);
    return status;
}

TL_PRIV tl_status tl__fail_at(tl_error *error, tl_status status, const char *file, int line, int column,
                              const char *setting, const char *format, ...)
{
    if (error == NULL) return status;
    va_list list;
    va_start(list, format);
    error_list(error, status, file, line, column, setting, format, list);
    va_end(list);
    return status;
}

TL_PRIV tl_status tl__fail_memory(tl_error *error, size_t bytes)
{
    return tl__fail(error, TL_OUT_OF_MEMORY,
                    "out of memory: %zu bytes more were needed; free memory, raise the memory limit or make the work "
                    "smaller",
                    bytes);
}
