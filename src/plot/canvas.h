/* What charts are drawn on: pages of points (1/72 inch), the origin at the top left. Colours are named by what they
 * mean (inks), so that a page can have a light and a dark dress; a canvas turns them into its format. Three formats
 * are there: SVG, whose texts stay texts; PNG, by our own rasterizer and letters; PDF, of vectors and Helvetica. The
 * bytes of a drawing are the same on every machine and at any time. */
#ifndef TL_PLOT_CANVAS_H
#define TL_PLOT_CANVAS_H

#include "base/memory.h"

enum { TL__SERIES_COLOURS = 8, TL__SCALE_COLOURS = 32 };

typedef enum tl__ink {
    TL__INK_PAPER,
    TL__INK_TEXT,
    TL__INK_MUTED,              /* labels of ticks */
    TL__INK_GRID,
    TL__INK_SERIES,             /* + 0..TL__SERIES_COLOURS - 1: Okabe and Ito's palette, told apart by all eyes */
    TL__INK_SCALE = TL__INK_SERIES + TL__SERIES_COLOURS,     /* + 0..TL__SCALE_COLOURS - 1: little to much, in equal
                                                                steps for the eye */
    TL__INK_SIGNED = TL__INK_SCALE + TL__SCALE_COLOURS,      /* + 0..: below, about the middle, above */
    TL__INKS = TL__INK_SIGNED + TL__SCALE_COLOURS
} tl__ink;

typedef enum tl__anchor { TL__ANCHOR_START, TL__ANCHOR_MIDDLE, TL__ANCHOR_END } tl__anchor;

typedef struct tl__point { double x, y; } tl__point;
typedef struct tl__box { double x, y, width, height; } tl__box;

typedef struct tl__stroke {
    int ink;
    double width;               /* points */
    bool dashed;
    double opacity;             /* 0: as 1 */
} tl__stroke;

typedef struct tl__text_style {
    double size;                /* points */
    int ink;
    tl__anchor anchor;
    bool bold, upwards;         /* upwards: turned by a quarter to the left */
} tl__text_style;

typedef struct tl__canvas tl__canvas;
typedef struct tl__canvas_format {
    const char *name;           /* "svg": also the file's ending */
    void (*begin)(tl__canvas *canvas);
    void (*page)(tl__canvas *canvas);    /* one more page; NULL: this format has one */
    void (*line)(tl__canvas *canvas, const tl__point *points, size_t count, const tl__stroke *stroke);
    void (*area)(tl__canvas *canvas, const tl__point *points, size_t count, int ink, double opacity);
    void (*dot)(tl__canvas *canvas, tl__point at, double radius, int ink, double opacity);
    /* at: the foot of the first letter, of the middle or of the last, by the anchor. */
    void (*text)(tl__canvas *canvas, tl__point at, const tl__text_style *style, const char *text);
    void (*end)(tl__canvas *canvas);
} tl__canvas_format;

struct tl__canvas {
    const tl__canvas_format *format;
    double width, height;       /* of a page */
    tl__buffer *out;            /* the file's bytes; its `failed` tells of memory. Takes from its heap */
    const char *title, *description;     /* for readers that do not see the picture; NULL: none */
    double scale;               /* png: pixels of a point; 0: 2 */
    bool dark;                  /* png, pdf: the dark dress; an SVG has both and follows its reader's wish */
    bool part;                  /* svg: part of a page of HTML, which has tl__svg_style */
    void *own;                  /* the format's, between begin and end */
};

TL_PRIV const tl__canvas_format *tl__canvas_svg(void);
TL_PRIV const tl__canvas_format *tl__canvas_png(void);
TL_PRIV const tl__canvas_format *tl__canvas_pdf(void);
/* From here on a PDF's drawings are put at `to` and made so many times as large; until tl__pdf_zoom_end. */
TL_PRIV void tl__pdf_zoom(tl__canvas *canvas, tl__point to, double zoom);
TL_PRIV void tl__pdf_zoom_end(tl__canvas *canvas);
TL_PRIV const tl__canvas_format *tl__canvas_find(const char *name);   /* NULL: none is named so */

/* The style sheet that gives the inks their colours on light and on dark pages, for HTML that holds SVGs. */
TL_PRIV void tl__svg_style(tl__buffer *out);

/* 0xRRGGBB. */
TL_PRIV uint32_t tl__ink_colour(int ink, bool dark);
/* The ink of a colour scale for a part 0..1 of its way. */
TL_PRIV int tl__ink_at(int scale, double part);

/* Width of a text in points, in a sans-serif of Helvetica's widths. */
TL_PRIV double tl__text_width(const char *text, double size, bool bold);
/* The text as far as it fits in `width`, with an ellipsis where it is cut; at most size - 1 bytes, whole characters. */
TL_PRIV void tl__text_fit(char *out, size_t size, const char *text, double points, bool bold, double width);
/* The next character of a text in UTF-8, which moves on; 0 at the end. Broken bytes are U+FFFD. */
TL_PRIV uint32_t tl__text_next(const char **text);

/* Shorthands for charts. */
TL_PRIV void tl__draw_line(tl__canvas *canvas, double x0, double y0, double x1, double y1, int ink, double width);
TL_PRIV void tl__draw_box(tl__canvas *canvas, tl__box box, int ink, double opacity);
TL_PRIV void tl__draw_text(tl__canvas *canvas, double x, double y, double size, int ink, tl__anchor anchor,
                           const char *text);

#endif
