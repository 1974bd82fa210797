/* A letter is a path of the middle of its strokes, in hundredths of an em across; up, 0 is the baseline, 50 the height
 * of small letters, 70 that of capitals, -20 the depth of descenders, each at the middle of a stroke there. A path's
 * steps, with numbers between them: M x y go there; L x y a straight line; h x y and v x y a quarter of an ellipse that
 * begins level or upright; Q x y x y a quadratic curve; D x y a dot. */
#include "plot/font.h"

#include "base/math.h"

static const char *const font_ascii[] = {    /* from ! to ~ */
    "M14 70L14 22D14 2", "M11 70L11 50M25 70L25 50", "M21 70L13 0M43 70L35 0M7 46L52 46M4 23L49 23",
    "M46 54v28 66h10 51v28 36h47 19v28 3h8 17M28 76L28 -7",
    "M8 53v21 70h34 53v21 36h8 53M55 17v68 34h81 17v68 0h55 17M64 70L25 0",
    "M61 0L21 49Q17 54 17 59v29 70h41 59Q41 50 26 41Q8 31 8 17v26 0Q49 0 55 34", "M10 70L10 50",
    "M26 74Q11 54 11 27Q11 0 26 -20", "M7 74Q22 54 22 27Q22 0 7 -20", "M19 70L19 48M10 64L28 54M28 64L10 54",
    "M29 52L29 8M7 30L51 30", "D14 2M14 1L10 -11", "M6 26L27 26", "D14 2", "M25 72L3 -3",
    "M8 35v28 70h48 35v28 0h8 35", "M14 55L31 70L31 0", "M9 51v28 70h47 51Q47 41 34 28L8 0L48 0",
    "M9 54v27 70h45 54v28 37L21 37M28 37h48 18v27 0h7 17", "M39 0L39 70L6 19L51 19",
    "M44 70L15 70L11 35Q17 44 28 44h48 22v27 0h7 15", "M46 57v30 70h8 34L8 22v28 0h48 22v28 44h8 22",
    "M7 70L48 70Q27 40 22 0", "M28 38h10 54v28 70h46 54v28 38h48 19v28 0h8 19v28 38",
    "M10 13v26 0h48 36L48 48v28 70h8 48v28 26h48 48", "D14 2D14 46", "D14 46D14 2M14 1L10 -11",
    "M50 52L8 30L50 8", "M7 40L51 40M7 20L51 20", "M8 52L50 30L8 8", "M10 52v28 70h46 52Q46 43 37 36Q28 29 28 20D28 2",
    "M69 31v50 50h31 31v50 12h69 31M69 50L69 22v79 12h93 37v53 73h8 28v52 -16L69 -14",
    "M4 0L33 70L62 0M13 23L53 23", "M11 37L36 37h58 19v36 0L11 0L11 70L35 70h54 54v35 37",
    "M66 49v38 70h7 35v38 0h66 21", "M11 0L11 70L34 70h65 35v34 0L11 0", "M60 70L12 70L12 0L61 0M12 37L56 37",
    "M57 70L12 70L12 0M12 36L52 36", "M68 51v39 70h7 35v39 0h70 25L70 33L42 33", "M11 0L11 70M61 0L61 70M11 37L61 37",
    "M14 0L14 70", "M40 70L40 20v22 0h5 20", "M12 0L12 70M60 70L12 24M29 40L62 0", "M11 70L11 0L52 0",
    "M11 0L11 70L42 6L72 70L72 0", "M11 0L11 70L61 0L61 70", "M7 35v39 70h71 35v39 0h7 35",
    "M12 0L12 70L39 70h60 51v39 32L12 32", "M7 35v39 70h71 35v39 0h7 35M47 17L68 -4",
    "M12 0L12 70L40 70h61 52v40 34L12 34M40 34L63 0", "M58 52v33 70h9 53v33 36h61 18v33 0h7 20",
    "M4 70L57 70M30.5 70L30.5 0", "M11 70L11 25v36 0h61 25L61 70", "M4 70L33 0L62 70", "M4 70L25 0L47 68L69 0L90 70",
    "M6 70L61 0M61 70L6 0", "M4 70L33 31L62 70M33 31L33 0", "M7 70L55 70L6 0L56 0", "M24 74L10 74L10 -19L24 -19",
    "M3 72L25 -3", "M4 74L18 74L18 -19L4 -19", "M6 36L23 70L41 36", "M0 -17L56 -17", "M8 72L20 60",
    "M10 39v26 50h44 36L44 0M44 29L25 28h9 14v24 0h44 16", "M11 70L11 0M11 25v29 50h47 25v29 0h11 25",
    "M43 34v26 50h8 25v26 0h43 16", "M45 70L45 0M45 25v27 50h9 25v27 0h45 25", "M9 26L47 26v28 50h9 25v28 0h46 13",
    "M26 70L24 70h13 58L13 0M4 50L25 50", "M45 50L45 -4v27 -20h11 -11M45 25v27 50h9 25v27 0h45 25",
    "M11 70L11 0M11 30v29 50h45 32L45 0", "M11 50L11 0D11 69", "M11 50L11 -9v1 -20D11 69",
    "M11 70L11 0M42 50L11 19M23 31L44 0", "M11 70L11 0", "M11 50L11 0M11 31v27 50h42 34L42 0M42 31v58 50h73 34L73 0",
    "M11 50L11 0M11 30v29 50h45 32L45 0", "M8 25v28 50h48 25v28 0h8 25", "M11 50L11 -20M11 25v29 50h47 25v29 0h11 25",
    "M45 50L45 -20M45 25v27 50h9 25v27 0h45 25", "M11 50L11 0M11 28v27 50L31 50",
    "M42 38v25 50h9 37v25 26h43 13v25 0h7 12", "M13 64L13 12v24 0L26 0M4 50L25 50",
    "M11 50L11 18v27 0h45 20M45 50L45 0", "M5 50L25 0L45 50", "M5 50L20 0L36 48L52 0L67 50", "M6 50L44 0M44 50L6 0",
    "M5 50L25 2M45 50L22 -11Q18 -20 6 -20", "M7 50L43 50L7 0L43 0",
    "M29 74L27 74h17 64L17 38v7 27h17 16L17 -9v27 -19L29 -19", "M13 74L13 -20",
    "M5 74L7 74h17 64L17 38v27 27h17 16L17 -9v7 -19L5 -19", "M8 26Q14 38 24 33Q34 26 40 25Q48 24 51 35",
};

static const struct { uint16_t code; const char *path; } font_others[] = {
    {0xb0, "M9 57v20 70h31 57v20 44h9 57"}, {0xb1, "M29 58L29 20M7 39L51 39M7 4L51 4"}, {0xb7, "D14 28"},
    {0xb2, "M6 60v16 70h26 60L5 40L28 40"}, {0xb3, "M6 70L26 70L15 58h27 49v16 38L5 40"},
    {0xb5, "M11 50L11 -20M11 18v27 0h45 20M45 50L45 0"}, {0x3bc, "M11 50L11 -20M11 18v27 0h45 20M45 50L45 0"},
    {0xd7, "M12 47L46 13M46 47L12 13"}, {0xf7, "M7 30L51 30D29 48D29 12"},
    {0xdf, "M11 0L11 54v27 70h42 56v27 40h46 18v24 0L20 0"}, {0xe6, "M9 39v22 50h44 36L44 0M44 29L22 28h6 14v20 0h44 "
     "14M44 26L82 26v64 50h44 30M44 16v64 0h81 12"}, {0xf8, "M8 25v28 50h48 25v28 0h8 25M48 52L8 -2"},
    {0xd8, "M7 35v39 70h71 35v39 0h7 35M68 72L10 -2"}, {0x131, "M11 50L11 0"},
    {0x2013, "M3 26L53 26"}, {0x2014, "M3 26L97 26"}, {0x2018, "M13 70L9 56"}, {0x2019, "M13 70L9 54"},
    {0x201c, "M14 70L10 56M26 70L22 56"}, {0x201d, "M14 70L10 54M26 70L22 54"}, {0x2022, "M13 31L22 31M13 27L22 27"},
    {0x2026, "D17 2D50 2D83 2"}, {0x2192, "M8 28L90 28M74 42L91 28L74 14"}, {0x2212, "M7 30L51 30"},
    {0x2264, "M48 62L8 42L48 22M8 6L48 6"}, {0x2265, "M8 62L48 42L8 22M8 6L48 6"},
};

/* Letters with accents: which letter, which accent; from U+00C0 on. ' ' is neither. */
static const char font_letters[] = "AAAAAA CEEEEIIII NOOOOO  UUUUY  aaaaaa ceeeeiiii nooooo  uuuuy y";
static const char font_marks[] =   "`'^~:o ,`'^:`'^: ~`'^~:  `'^:'  `'^~:o ,`'^:`'^: ~`'^~:  `'^:' :";

/* Accents about x = 0, over small letters. */
static const char *font_accent(char mark)
{
    switch (mark) {
    case '`': return "M-9 74L2 61";
    case '\'': return "M9 74L-2 61";
    case '^': return "M-11 61L0 73L11 61";
    case '~': return "M-13 63Q-9 73 -2 69Q7 63 12 71";
    case ':': return "D-9 67D9 67";
    case 'o': return "M-8 68v0 76h8 68v0 60h-8 68";
    default: return "M2 0L-1 -7Q7 -9 4 -14Q0 -19 -7 -16";
    }
}

enum { FONT_QUARTER = 8, FONT_POINTS = 64 };

/* How a letter's numbers become pixels. */
typedef struct font_pen {
    tl__raster *raster;
    tl__point origin;
    double size, width;          /* pixels of an em and of a stroke */
    double level[4];             /* pixels above the baseline of -20, 0, 50 and 70 */
    double shift_x, shift_y;     /* hundredths; of an accent */
    bool upwards;
    tl__point line[FONT_POINTS];
    size_t count;
    double x, y;                 /* where the pen is, in hundredths */
} font_pen;

static tl__point font_place(const font_pen *pen, double x, double y)
{
    static const double at[] = {-20, 0, 50, 70};
    x = (x + pen->shift_x) * pen->size / 100;
    y += pen->shift_y;
    size_t k = y < 0 ? 0 : y < 50 ? 1 : 2;
    y = pen->level[k] + (pen->level[k + 1] - pen->level[k]) * (y - at[k]) / (at[k + 1] - at[k]);
    return pen->upwards ? (tl__point){pen->origin.x - y, pen->origin.y - x}
                        : (tl__point){pen->origin.x + x, pen->origin.y - y};
}

static void font_flush(font_pen *pen)
{
    if (pen->count > 1) tl__raster_stroke(pen->raster, pen->line, pen->count, pen->width, true, 0, 0);
    pen->count = 0;
}

static void font_to(font_pen *pen, double x, double y)
{
    if (pen->count < FONT_POINTS) pen->line[pen->count++] = font_place(pen, x, y);
}

static void font_step(font_pen *pen, char step, const double *n)
{
    size_t last = step == 'Q' ? 2 : 0;
    double x0 = pen->x, y0 = pen->y, x1 = n[last], y1 = n[last + 1];
    if (step == 'M' || step == 'D') font_flush(pen);
    if (step == 'D') tl__raster_circle(pen->raster, font_place(pen, x1, y1), pen->width * 0.62);
    if (step == 'M' || step == 'L') font_to(pen, x1, y1);
    for (int i = 1; i <= FONT_QUARTER && (step == 'h' || step == 'v'); i++) {
        double turn = 1.5707963267948966 * i / FONT_QUARTER, s = tl__sin(turn), c = 1 - tl__cos(turn);
        font_to(pen, x0 + (x1 - x0) * (step == 'h' ? s : c), y0 + (y1 - y0) * (step == 'h' ? c : s));
    }
    for (int i = 1; i <= FONT_QUARTER && step == 'Q'; i++) {
        double t = (double)i / FONT_QUARTER, a = (1 - t) * (1 - t), b = 2 * t * (1 - t);
        font_to(pen, a * x0 + b * n[0] + t * t * x1, a * y0 + b * n[1] + t * t * y1);
    }
    pen->x = x1;
    pen->y = y1;
}

static double font_number(const char **path)
{
    const char *p = *path;
    double value = 0, unit = 1;
    while (*p == ' ') p++;
    bool minus = *p == '-';
    for (p += minus; *p >= '0' && *p <= '9'; p++) value = value * 10 + (*p - '0');
    if (*p == '.')
        for (p++; *p >= '0' && *p <= '9'; p++) value += (*p - '0') * (unit /= 10);
    *path = p;
    return minus ? -value : value;
}

static void font_path(font_pen *pen, const char *path)
{
    while (*path) {
        char step = *path++;
        double n[4];
        for (int i = 0; i < (step == 'Q' ? 4 : 2); i++) n[i] = font_number(&path);
        font_step(pen, step, n);
    }
    font_flush(pen);
}

static const char *font_find(uint32_t code)
{
    if (code > ' ' && code <= '~') return font_ascii[code - '!'];
    for (size_t i = 0; i < TL_COUNT(font_others); i++)
        if (font_others[i].code == code) return font_others[i].path;
    return NULL;
}

/* A letter that is not known is a box. */
static void font_letter(font_pen *pen, uint32_t code)
{
    const char *path = font_find(code);
    if (code == ' ' || code == 0xa0) return;
    if (path) {
        font_path(pen, path);
        return;
    }
    size_t k = code >= 0xc0 && code <= 0xff ? code - 0xc0 : 6;
    char letter = font_letters[k];
    if (letter == ' ') {
        font_path(pen, "M8 0L8 70L48 70L48 0L8 0");
        return;
    }
    char text[] = {letter, '\0'};
    font_path(pen, letter == 'i' ? font_find(0x131) : font_find((unsigned char)letter));
    pen->shift_x = tl__text_width(text, 50, false);
    pen->shift_y = letter < 'a' && font_marks[k] != ',' ? 18 : 0;
    font_path(pen, font_accent(font_marks[k]));
    pen->shift_x = pen->shift_y = 0;
}

static double font_whole(double x) { return tl__floor(x + 0.5); }

TL_PRIV void tl__font_text(tl__raster *raster, tl__point at, const char *text, double size, bool bold, bool upwards)
{
    double width = size * (bold ? 0.125 : 0.083);
    font_pen pen = {.raster = raster, .origin = at, .size = size, .width = width < 1 ? 1 : width, .upwards = upwards};
    double half = pen.width / 2;
    pen.level[0] = half - font_whole(0.205 * size);
    pen.level[1] = half;
    pen.level[2] = font_whole(0.53 * size) - half;
    pen.level[3] = font_whole(0.725 * size) - half;
    if (upwards) pen.origin.x = font_whole(at.x);
    else pen.origin.y = font_whole(at.y);
    while (*text) {
        const char *from = text;
        char one[5] = "";
        uint32_t code = tl__text_next(&text);
        memcpy(one, from, tl__size_min((size_t)(text - from), 4));
        font_letter(&pen, code);
        double step = tl__text_width(one, size, bold);
        if (upwards) pen.origin.y -= step;
        else pen.origin.x += step;
    }
}
