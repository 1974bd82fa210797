/* A document of headings, paragraphs, tables, pictures and notes, made once and written as HTML (one file, with its
 * style sheet and pictures in it, nothing from outside) and as PDF. Texts may hold anything: writers escape them. */
#ifndef TL_LAB_DOCUMENT_H
#define TL_LAB_DOCUMENT_H

#include "base/context.h"
#include "plot/chart.h"

typedef enum tl__block_kind {
    TL__BLOCK_HEADING,
    TL__BLOCK_TEXT,
    TL__BLOCK_CARDS,             /* a table of two columns, shown as the figures that matter most */
    TL__BLOCK_TABLE,
    TL__BLOCK_PICTURE,
    TL__BLOCK_NOTE,              /* of `level`: 0 good, 1 to look at, 2 bad */
    TL__BLOCK_CODE               /* folded away in HTML; its heading is `name` */
} tl__block_kind;

typedef struct tl__block {
    struct tl__block *next;
    tl__block_kind kind;
    int level;
    const char *name;            /* of a picture: of its file; of a table and code: its caption */
    const char *text;
    tl__picture picture;
    size_t columns;              /* of a table: the first row is its head */
    const char **cells;
    size_t count, capacity;
} tl__block;

typedef struct tl__document {
    tl__arena *arena;            /* holds all of it */
    const char *title, *subtitle;
    tl__block *first, *last;
    bool failed;                 /* out of memory */
} tl__document;

TL_PRIV void tl__document_init(tl__document *document, tl__arena *arena, const char *title, const char *subtitle);
TL_PRIV void tl__document_heading(tl__document *document, const char *text);
TL_PRIV void tl__document_text(tl__document *document, const char *format, ...) TL_PRINTF(2, 3);
TL_PRIV void tl__document_note(tl__document *document, int level, const char *format, ...) TL_PRINTF(3, 4);
TL_PRIV void tl__document_code(tl__document *document, const char *caption, const char *text);
/* name: letters, digits, - and _; the caption says what the picture shows and how to read it. */
TL_PRIV void tl__document_picture(tl__document *document, const char *name, const tl__picture *picture,
                                  const char *caption);
TL_PRIV tl__block *tl__document_cards(tl__document *document);
TL_PRIV tl__block *tl__document_table(tl__document *document, const char *caption, size_t columns);
/* The next cell, row by row. A text of NULL is a dash. */
TL_PRIV void tl__document_cell(tl__document *document, tl__block *table, const char *format, ...) TL_PRINTF(3, 4);
TL_PRIV void tl__document_figure(tl__document *document, tl__block *table, double value, const char *unit);

/* Appended to out; what fails shows in out->failed. */
TL_PRIV void tl__document_html(const tl__document *document, tl__buffer *out);
TL_PRIV void tl__document_pdf(const tl__document *document, tl__buffer *out);

/* Text that may stand in HTML. */
TL_PRIV void tl__html_text(tl__buffer *out, const char *text);
/* A figure for people: four digits, "-" for NaN. */
TL_PRIV void tl__say_figure(char out[32], double value);

#endif
