/* Appending lines and reading them. */
#include "lab/lines.h"

#include "text/yaml.h"

enum { LINES_BYTES = 1 << 30, LINES_PIECE = 4096, LINES_NAP = 5 };    /* milliseconds */

/* Where the last whole line ends, looking backwards in pieces. */
static tl_status lines_whole(tl_context *context, const char *path, uint64_t *whole, uint64_t *size, tl_error *error)
{
    char piece[LINES_PIECE];
    tl__reader *reader;
    tl__file_mark mark;
    TL_TRY(tl__reader_open(context, path, &reader, error));
    tl_status status = tl__reader_mark(reader, &mark, error);
    *size = *whole = status == TL_OK ? mark.size : 0;
    for (bool found = false; status == TL_OK && !found && *whole > 0;) {
        size_t count = *whole < LINES_PIECE ? (size_t)*whole : LINES_PIECE;
        status = tl__reader_at(reader, *whole - count, piece, count, error);
        if (status != TL_OK) break;
        while (count > 0 && piece[count - 1] != '\n') count--, --*whole;
        found = count > 0;
    }
    tl__reader_close(reader);
    return status;
}

TL_PRIV tl_status tl__lines_append(tl_context *context, const char *path, const tl__buffer *text, tl_error *error)
{
    uint64_t whole, size;
    tl__file *file;
    if (!path || text->failed) return tl__fail_memory(error, text->size);
    if (tl__file_exists(path)) {
        TL_TRY(lines_whole(context, path, &whole, &size, error));
        if (whole < size) TL_TRY(tl__file_truncate(path, whole, error));
    }
    TL_TRY(tl__file_append_open(context, path, &file, error));
    tl_status status = tl__file_write(file, text->data, text->size, error);
    if (status == TL_OK) status = tl__file_flush(file, true, error);
    tl_status closed = tl__file_close(file, status == TL_OK ? error : NULL);
    return status == TL_OK ? closed : status;
}

/* Commas between the lines make one list of them. */
static void lines_join(const tl__buffer *text, tl__buffer *out)
{
    size_t end = text->size;
    bool any = false;
    while (end > 0 && text->data[end - 1] != '\n') end--;
    tl__buffer_char(out, '[');
    for (size_t at = 0; at < end;) {
        const char *stop = memchr(text->data + at, '\n', end - at);
        size_t size = (size_t)(stop - (text->data + at)) + 1;
        if (any && size > 1) tl__buffer_char(out, ',');
        tl__buffer_add(out, text->data + at, size);
        any |= size > 1;
        at += size;
    }
    tl__buffer_char(out, ']');
}

TL_PRIV tl_status tl__lines_read(tl_context *context, const char *path, tl__tree **out, tl_error *error)
{
    tl__buffer text, list;
    tl__tree *tree = NULL;
    tl__buffer_init(&text, &context->heap);
    tl__buffer_init(&list, &context->heap);
    tl_status status = tl__file_exists(path) ? tl__file_read(path, &text, LINES_BYTES, error) : TL_OK;
    if (status == TL_OK) lines_join(&text, &list);
    if (status == TL_OK && (list.failed || tl__tree_new(&context->heap, path, &tree) != TL_OK))
        status = tl__fail_memory(error, text.size);
    if (status == TL_OK) status = tl__json_parse(tree, list.data, list.size, error);
    tl__buffer_free(&list);
    tl__buffer_free(&text);
    if (status == TL_OK) *out = tree;
    else tl__tree_free(tree);
    return status;
}

TL_PRIV tl_status tl__lines_lock(tl_context *context, const char *path, int patience, tl__lock **out, tl_error *error)
{
    tl_error why = {0};
    if (!path) return tl__fail_memory(error, 256);
    tl_status status = tl__lock_take(context, path, out, &why);
    for (int waited = 0; status == TL_LOCKED && waited < patience; waited += LINES_NAP) {
        tl__sleep(1000 * LINES_NAP);
        status = tl__lock_take(context, path, out, &why);
    }
    if (status == TL_LOCKED) return tl__fail(error, status, "%s is held by another process; try again.", path);
    if (status != TL_OK && error) *error = why;
    return status;
}
