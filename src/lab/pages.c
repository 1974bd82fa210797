/* A document as pages of A4. Lines are broken at blanks by the letters' widths; a block that does not fit goes to the
 * next page, and a heading never stands alone at a page's end. */
#include "base/text.h"
#include "lab/document.h"

enum { PAGES_WIDTH = 595, PAGES_HEIGHT = 842, PAGES_MARGIN = 52, PAGES_ROOM = PAGES_WIDTH - 2 * PAGES_MARGIN,
       PAGES_FOOT = 40, PAGES_BODY = 10, PAGES_CELL = 9, PAGES_ROW = 15, PAGES_LINE = 512 };

typedef struct pages_at {
    const tl__document *document;
    tl__canvas canvas;
    double y;                    /* where the next thing begins */
    size_t page;
} pages_at;

static void pages_text(pages_at *pages, double x, double size, int ink, bool bold, tl__anchor anchor,
                           const char *text)
{
    const tl__text_style style = {.size = size, .ink = ink, .bold = bold, .anchor = anchor};
    pages->canvas.format->text(&pages->canvas, (tl__point){x, pages->y}, &style, text);
}

static void pages_foot(pages_at *pages)
{
    char number[32], title[PAGES_LINE];
    double keep = pages->y;
    pages->y = PAGES_HEIGHT - 26;
    tl__format(number, sizeof number, "%zu", pages->page);
    tl__text_fit(title, sizeof title, pages->document->title, 8, false, PAGES_ROOM - 40);
    pages_text(pages, PAGES_MARGIN, 8, TL__INK_MUTED, false, TL__ANCHOR_START, title);
    pages_text(pages, PAGES_WIDTH - PAGES_MARGIN, 8, TL__INK_MUTED, false, TL__ANCHOR_END, number);
    pages->y = keep;
}

static void pages_next(pages_at *pages)
{
    pages_foot(pages);
    pages->canvas.format->page(&pages->canvas);
    pages->page++;
    pages->y = PAGES_MARGIN;
}

static double pages_left(const pages_at *pages) { return PAGES_HEIGHT - PAGES_FOOT - pages->y; }

/* As many words as fit in the width: the bytes of the line; *next is where the next one begins. */
static size_t pages_line_of(const char *text, double size, bool bold, double width, char *line, const char **next)
{
    const char *at = text, *cut = NULL;
    char part[8];
    double used = 0;
    while (*at && *at != '\n' && (size_t)(at - text) < PAGES_LINE - 8) {
        const char *before = at;
        tl__text_next(&at);
        memcpy(part, before, (size_t)(at - before));
        part[at - before] = '\0';
        used += tl__text_width(part, size, bold);
        if (*before == ' ') cut = before;
        if (used > width) {
            at = cut && cut > text ? cut : before > text ? before : at;
            break;
        }
    }
    size_t count = (size_t)(at - text);
    memcpy(line, text, count);
    line[count] = '\0';
    if (*at != '\n')
        while (*at == ' ') at++;
    *next = *at == '\n' ? at + 1 : at;
    return count;
}

/* A paragraph, over pages if need be. Draws nothing and gives its height when `draw` is false. */
static double pages_paragraph(pages_at *pages, const char *text, double x, double width, double size, int ink,
                            bool draw)
{
    char line[PAGES_LINE];
    double lead = size * 1.4, height = 0;
    while (*text) {
        pages_line_of(text, size, false, width, line, &text);
        height += lead;
        if (!draw) continue;
        if (pages_left(pages) < lead) pages_next(pages);
        pages->y += lead;
        pages_text(pages, x, size, ink, false, TL__ANCHOR_START, line);
    }
    return height;
}

/* Of a picture with its words, and of the picture alone: drawn smaller than on a screen, and never larger than a
 * page. */
static double pages_picture_height(pages_at *pages, const tl__block *block, double *picture)
{
    const tl__picture *of = &block->picture;
    double words = pages_paragraph(pages, block->text, PAGES_MARGIN, PAGES_ROOM, 9, TL__INK_MUTED, false);
    double most = PAGES_HEIGHT - PAGES_FOOT - PAGES_MARGIN - words - 50;
    *picture = (PAGES_ROOM + 14.0) * (of->height > 0 ? of->height : 360) / (of->width > 0 ? of->width : 720);
    if (*picture > most) *picture = most;
    return *picture + words + 18;
}

static void pages_heading(pages_at *pages, const tl__block *block)
{
    double after = 90, picture;
    if (block->next && block->next->kind == TL__BLOCK_PICTURE)
        after = 40 + pages_picture_height(pages, block->next, &picture);
    if (pages_left(pages) < after) pages_next(pages);
    pages->y += pages->y > PAGES_MARGIN + 1 ? 30 : 14;
    pages_text(pages, PAGES_MARGIN, 14, TL__INK_TEXT, true, TL__ANCHOR_START, block->text);
    pages->y += 4;
}

static void pages_cards(pages_at *pages, const tl__block *block)
{
    enum { ACROSS = 3, GAP = 8, HIGH = 40 };
    double width = (PAGES_ROOM - GAP * (ACROSS - 1)) / (double)ACROSS;
    char text[PAGES_LINE];
    for (size_t i = 0; i + 1 < block->count; i += 2) {
        size_t column = i / 2 % ACROSS;
        if (column == 0) {
            if (i) pages->y += HIGH + GAP;
            if (pages_left(pages) < HIGH + GAP) pages_next(pages);
            if (i == 0) pages->y += GAP;
        }
        double x = PAGES_MARGIN + (width + GAP) * (double)column, y = pages->y;
        tl__draw_box(&pages->canvas, (tl__box){x, y, width, HIGH}, TL__INK_SCALE, 0.6);
        tl__text_fit(text, sizeof text, block->cells[i], 8, false, width - 16);
        pages->y = y + 14;
        pages_text(pages, x + 8, 8, TL__INK_MUTED, false, TL__ANCHOR_START, text);
        tl__text_fit(text, sizeof text, block->cells[i + 1], 13, true, width - 16);
        pages->y = y + 31;
        pages_text(pages, x + 8, 13, TL__INK_TEXT, true, TL__ANCHOR_START, text);
        pages->y = y;
    }
    pages->y += HIGH + GAP;
}

/* Widths of columns: as wide as their texts; the widest give way until all fit. */
static void pages_columns(const tl__block *block, double *widths, size_t columns, double room)
{
    double total = 0;
    for (size_t c = 0; c < columns; c++) {
        widths[c] = 0;
        for (size_t i = c; i < block->count; i += block->columns) {
            double width = tl__text_width(block->cells[i], PAGES_CELL, i < block->columns) + 14;
            if (width > widths[c]) widths[c] = width;
        }
        total += widths[c];
    }
    for (int turn = 0; total > room && turn < 4096; turn++) {
        size_t widest = 0;
        for (size_t c = 1; c < columns; c++)
            if (widths[c] > widths[widest]) widest = c;
        double less = total - room < 8 ? total - room : 8;
        widths[widest] -= less;
        total -= less;
    }
}

static void pages_row(pages_at *pages, const tl__block *block, size_t row, const double *widths, size_t columns)
{
    char text[PAGES_LINE];
    double x = PAGES_MARGIN, right = PAGES_MARGIN;
    for (size_t c = 0; c < columns; c++) right += widths[c];
    pages->y += PAGES_ROW;
    for (size_t c = 0; c < columns; c++) {
        bool bold = row == 0, start = c == 0 || block->level;
        tl__text_fit(text, sizeof text, block->cells[row * block->columns + c], PAGES_CELL, bold, widths[c] - 6);
        pages_text(pages, start ? x : x + widths[c] - 6, PAGES_CELL, bold ? TL__INK_MUTED : TL__INK_TEXT, bold,
                       start ? TL__ANCHOR_START : TL__ANCHOR_END, text);
        x += widths[c];
    }
    tl__draw_line(&pages->canvas, PAGES_MARGIN, pages->y + 4, right, pages->y + 4, TL__INK_GRID, row == 0 ? 1.2 : 0.6);
}

static void pages_table(pages_at *pages, const tl__block *block)
{
    enum { MOST = 24 };
    double widths[MOST];
    size_t columns = tl__size_min(block->columns, MOST), rows = block->columns ? block->count / block->columns : 0;
    pages_columns(block, widths, columns, PAGES_ROOM);
    double whole = PAGES_ROW * (double)rows + 24, page = PAGES_HEIGHT - PAGES_FOOT - PAGES_MARGIN;
    if (pages_left(pages) < (whole < page ? whole : 4 * PAGES_ROW)) pages_next(pages);
    if (*block->name) {
        pages->y += 4;
        pages_paragraph(pages, block->name, PAGES_MARGIN, PAGES_ROOM, 9, TL__INK_MUTED, true);
    }
    for (size_t r = 0; r < rows; r++) {
        if (pages_left(pages) < PAGES_ROW + 6) {
            pages_next(pages);
            if (r > 0) pages_row(pages, block, 0, widths, columns);
        }
        pages_row(pages, block, r, widths, columns);
    }
    pages->y += 10;
}

static void pages_picture(pages_at *pages, const tl__block *block)
{
    const tl__picture *picture = &block->picture;
    double width = picture->width > 0 ? picture->width : 720, zoom = (PAGES_ROOM + 14.0) / width, height;
    if (pages_left(pages) < pages_picture_height(pages, block, &height)) pages_next(pages);
    tl__pdf_zoom(&pages->canvas, (tl__point){PAGES_MARGIN - 14 * zoom, pages->y + 6}, zoom);
    picture->draw(picture->chart, &pages->canvas, (tl__box){0, 0, width, height / zoom});
    tl__pdf_zoom_end(&pages->canvas);
    pages->y += height + 6;
    pages_paragraph(pages, block->text, PAGES_MARGIN, PAGES_ROOM, 9, TL__INK_MUTED, true);
    pages->y += 12;
}

/* Lines in three columns of small letters. */
static void pages_code(pages_at *pages, const tl__block *block)
{
    enum { COLUMNS = 3, LEAD = 9 };
    const char *text = block->text;
    char line[PAGES_LINE];
    double width = PAGES_ROOM / (double)COLUMNS, top, lowest;
    if (pages_left(pages) < 120) pages_next(pages);
    pages->y += 10;
    pages_paragraph(pages, block->name, PAGES_MARGIN, PAGES_ROOM, PAGES_BODY, TL__INK_MUTED, true);
    top = lowest = pages->y + 4;
    pages->y = top;
    for (int column = 0; *text;) {
        if (pages_left(pages) < LEAD) {
            if (++column == COLUMNS) {
                pages_next(pages);
                top = lowest = pages->y;
                column = 0;
            }
            pages->y = top;
        }
        pages_line_of(text, 7, false, width - 8, line, &text);
        pages->y += LEAD;
        if (pages->y > lowest) lowest = pages->y;
        pages_text(pages, PAGES_MARGIN + width * column, 7, TL__INK_TEXT, false, TL__ANCHOR_START, line);
    }
    pages->y = lowest;
}

static void pages_note(pages_at *pages, const tl__block *block)
{
    static const int inks[] = {TL__INK_SERIES + 2, TL__INK_SERIES + 7, TL__INK_SERIES + 1};
    double width = PAGES_ROOM - 14, height = pages_paragraph(pages, block->text, 0, width, PAGES_BODY, 0,
                                                                           false);
    if (pages_left(pages) < height + 8) pages_next(pages);
    pages->y += 6;
    double top = pages->y;
    tl__draw_box(&pages->canvas, (tl__box){PAGES_MARGIN, top, 3, height + 4}, inks[block->level % 3], 1);
    pages_paragraph(pages, block->text, PAGES_MARGIN + 12, width, PAGES_BODY, TL__INK_TEXT, true);
    pages->y += 6;
}

static void pages_block(pages_at *pages, const tl__block *block)
{
    switch (block->kind) {
    case TL__BLOCK_HEADING: pages_heading(pages, block); break;
    case TL__BLOCK_TEXT:
        pages->y += 4;
        pages_paragraph(pages, block->text, PAGES_MARGIN, PAGES_ROOM, PAGES_BODY, TL__INK_TEXT, true);
        break;
    case TL__BLOCK_NOTE: pages_note(pages, block); break;
    case TL__BLOCK_CARDS: pages_cards(pages, block); break;
    case TL__BLOCK_TABLE: pages_table(pages, block); break;
    case TL__BLOCK_PICTURE: pages_picture(pages, block); break;
    case TL__BLOCK_CODE: pages_code(pages, block); break;
    }
}

TL_PRIV void tl__document_pdf(const tl__document *document, tl__buffer *out)
{
    pages_at pages = {.document = document, .page = 1, .y = PAGES_MARGIN};
    pages.canvas = (tl__canvas){.format = tl__canvas_pdf(), .width = PAGES_WIDTH, .height = PAGES_HEIGHT, .out = out,
                                .title = document->title, .description = document->subtitle};
    char title[PAGES_LINE];
    pages.canvas.format->begin(&pages.canvas);
    pages.y += 16;
    tl__text_fit(title, sizeof title, document->title, 20, true, PAGES_ROOM);
    pages_text(&pages, PAGES_MARGIN, 20, TL__INK_TEXT, true, TL__ANCHOR_START, title);
    pages.y += 4;
    pages_paragraph(&pages, document->subtitle, PAGES_MARGIN, PAGES_ROOM, PAGES_BODY, TL__INK_MUTED, true);
    pages.y += 6;
    for (const tl__block *block = document->first; block; block = block->next) pages_block(&pages, block);
    pages_foot(&pages);
    pages.canvas.format->end(&pages.canvas);
    if (document->failed) out->failed = true;
}
