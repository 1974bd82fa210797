/* Making a document: blocks in an arena, in the order they are read. */
#include "lab/document.h"

#include "base/math.h"
#include "base/text.h"

TL_PRIV void tl__document_init(tl__document *document, tl__arena *arena, const char *title, const char *subtitle)
{
    *document = (tl__document){.arena = arena, .title = title, .subtitle = subtitle};
}

static tl__block *document_add(tl__document *document, tl__block_kind kind)
{
    tl__block *block = tl__arena_push_zero(document->arena, 1, sizeof *block);
    if (!block) {
        document->failed = true;
        return NULL;
    }
    block->kind = kind;
    block->text = block->name = "";
    if (document->last) document->last->next = block;
    else document->first = block;
    document->last = block;
    return block;
}

static const char *document_format(tl__document *document, const char *format, va_list list)
{
    va_list again;
    va_copy(again, list);
    size_t size = tl__format_list(NULL, 0, format, again);
    va_end(again);
    char *text = tl__arena_push(document->arena, size + 1);
    if (text) tl__format_list(text, size + 1, format, list);
    else document->failed = true;
    return text ? text : "";
}

static const char *document_keep(tl__document *document, const char *text)
{
    const char *kept = tl__arena_text(document->arena, text ? text : "");
    if (!kept) document->failed = true;
    return kept ? kept : "";
}

TL_PRIV void tl__document_heading(tl__document *document, const char *text)
{
    tl__block *block = document_add(document, TL__BLOCK_HEADING);
    if (block) block->text = document_keep(document, text);
}

TL_PRIV void tl__document_text(tl__document *document, const char *format, ...)
{
    va_list list;
    tl__block *block = document_add(document, TL__BLOCK_TEXT);
    va_start(list, format);
    if (block) block->text = document_format(document, format, list);
    va_end(list);
}

TL_PRIV void tl__document_note(tl__document *document, int level, const char *format, ...)
{
    va_list list;
    tl__block *block = document_add(document, TL__BLOCK_NOTE);
    va_start(list, format);
    if (block) {
        block->level = level;
        block->text = document_format(document, format, list);
    }
    va_end(list);
}

TL_PRIV void tl__document_code(tl__document *document, const char *caption, const char *text)
{
    tl__block *block = document_add(document, TL__BLOCK_CODE);
    if (!block) return;
    block->name = document_keep(document, caption);
    block->text = document_keep(document, text);
}

TL_PRIV void tl__document_picture(tl__document *document, const char *name, const tl__picture *picture,
                                  const char *caption)
{
    tl__block *block = document_add(document, TL__BLOCK_PICTURE);
    if (!block) return;
    block->name = document_keep(document, name);
    block->picture = *picture;
    block->text = document_keep(document, caption);
    if (!block->picture.description) block->picture.description = block->text;
}

TL_PRIV tl__block *tl__document_table(tl__document *document, const char *caption, size_t columns)
{
    tl__block *block = document_add(document, TL__BLOCK_TABLE);
    if (!block) return NULL;
    block->columns = columns;
    block->name = document_keep(document, caption);
    return block;
}

TL_PRIV tl__block *tl__document_cards(tl__document *document)
{
    tl__block *block = document_add(document, TL__BLOCK_CARDS);
    if (block) block->columns = 2;
    return block;
}

TL_PRIV void tl__document_cell(tl__document *document, tl__block *table, const char *format, ...)
{
    va_list list;
    if (!table) return;
    if (table->count == table->capacity) {
        size_t capacity = table->capacity ? 2 * table->capacity : 32;
        const char **cells = tl__arena_push(document->arena, capacity * sizeof *cells);
        if (!cells) {
            document->failed = true;
            return;
        }
        if (table->count) memcpy(cells, table->cells, table->count * sizeof *cells);
        table->cells = cells;
        table->capacity = capacity;
    }
    va_start(list, format);
    table->cells[table->count++] = document_format(document, format, list);
    va_end(list);
}

TL_PRIV void tl__say_figure(char out[32], double value)
{
    double size = tl__abs(value);
    if (!tl__is_finite_d(value)) tl__format(out, 32, "%s", value != value ? "-" : value > 0 ? "inf" : "-inf");
    else if (size >= 1e6 || (size < 1e-4 && size > 0)) tl__format(out, 32, "%.3e", value);
    else if (size >= 1000) tl__format(out, 32, "%.0f", value), tl__group_digits(value < 0 ? out + 1 : out, 31);
    else if (size >= 100) tl__format(out, 32, "%.1f", value);
    else if (size >= 10) tl__format(out, 32, "%.2f", value);
    else if (size >= 1) tl__format(out, 32, "%.3f", value);
    else tl__format(out, 32, "%.4f", value);
}

TL_PRIV void tl__document_figure(tl__document *document, tl__block *table, double value, const char *unit)
{
    char text[32];
    if (unit && unit[0] == '%' && value == value) {
        tl__document_cell(document, table, "%.1f %%", value * 100);
        return;
    }
    tl__say_figure(text, value);
    tl__document_cell(document, table, "%s%s%s", text, unit && *unit && value == value ? " " : "",
                      unit && value == value ? unit : "");
}
