/* Chunks are walked once; the compressed pixels, which may be cut into many chunks, are put together, unpacked to
 * exactly the size that the header asks for, and only then is room made for the picture. A pass of an interlaced
 * picture is a small picture of its own, whose pixels lie dx and dy apart. */
#include "text/png.h"

#include "base/hash.h"
#include "base/inflate.h"

enum { PNG_GREY = 0, PNG_RGB = 2, PNG_PALETTE = 3, PNG_GREY_ALPHA = 4, PNG_RGB_ALPHA = 6 };
enum { PNG_HEADER = 8, PNG_CHUNK = 12, PNG_MOST_SIDE = 0x7FFFFFFF };

typedef struct png_file {
    const char *name;
    tl__heap *heap;
    uint32_t width, height;
    unsigned depth, type, samples;       /* of a pixel, as stored */
    bool interlaced;
    const unsigned char *palette;        /* [colours, 3] */
    unsigned colours;
    const unsigned char *transparent;    /* tRNS */
    unsigned transparent_size;
    bool has_end;
    tl__buffer packed;                   /* all IDAT, where there are several */
    const unsigned char *only;           /* the IDAT, where there is one */
    size_t only_size;
} png_file;

static const unsigned char png_signature[PNG_HEADER] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};

static uint32_t png_u32(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | (uint32_t)p[3];
}

static tl_status png_bad(tl_error *error, const png_file *png, const char *why)
{
    return tl__fail_at(error, TL_BAD_FILE, png->name, 0, 0, NULL, "this PNG file cannot be read: %s", why);
}

TL_PRIV bool tl__is_png(const void *bytes, size_t size)
{
    return size >= PNG_HEADER && memcmp(bytes, png_signature, PNG_HEADER) == 0;
}

/* ---- chunks ---- */

static tl_status png_head(png_file *png, const unsigned char *p, size_t size, tl_error *error)
{
    static const unsigned char samples[7] = {1, 0, 3, 1, 2, 0, 4};
    static const unsigned depths[7] = {1 | 2 | 4 | 8 | 16, 0, 8 | 16, 1 | 2 | 4 | 8, 8 | 16, 0, 8 | 16};
    if (size != 13) return png_bad(error, png, "its header is not 13 bytes long");
    png->width = png_u32(p);
    png->height = png_u32(p + 4);
    png->depth = p[8];
    png->type = p[9];
    png->interlaced = p[12] == 1;
    bool powers = png->depth && (png->depth & (png->depth - 1)) == 0 && png->depth <= 16;
    if (png->type > 6 || !powers || !(depths[png->type] & png->depth) || p[10] || p[11] || p[12] > 1)
        return png_bad(error, png, "its header asks for a kind of pixels, compression, filter or interlacing that PNG "
                                   "does not have");
    if (png->width == 0 || png->height == 0 || png->width > PNG_MOST_SIDE || png->height > PNG_MOST_SIDE)
        return png_bad(error, png, "its width or height is 0 or too large");
    png->samples = samples[png->type];
    return TL_OK;
}

static tl_status png_data(png_file *png, const unsigned char *p, size_t size, tl_error *error)
{
    if (!png->only && png->packed.size == 0) {
        png->only = p;
        png->only_size = size;
        return TL_OK;
    }
    if (png->only) tl__buffer_add(&png->packed, png->only, png->only_size);
    png->only = NULL;
    tl__buffer_add(&png->packed, p, size);
    return png->packed.failed ? tl__fail_memory(error, size) : TL_OK;
}

static tl_status png_chunk(png_file *png, const unsigned char *type, const unsigned char *p, size_t size,
                           tl_error *error)
{
    if (memcmp(type, "IHDR", 4) == 0) return png_bad(error, png, "it has two headers");
    if (memcmp(type, "IDAT", 4) == 0) return size ? png_data(png, p, size, error) : TL_OK;
    if (memcmp(type, "PLTE", 4) == 0) {
        if (png->palette || size % 3 || size == 0 || size > 768) return png_bad(error, png, "its palette is damaged");
        png->palette = p;
        png->colours = (unsigned)(size / 3);
    } else if (memcmp(type, "tRNS", 4) == 0) {
        bool fits = png->type == PNG_PALETTE ? size <= 256 : size == 2 * (size_t)png->samples && png->samples % 2;
        if (!fits) return png_bad(error, png, "its transparency (tRNS) does not fit its kind of pixels");
        png->transparent = p;
        png->transparent_size = (unsigned)size;
    } else if (memcmp(type, "IEND", 4) == 0) {
        png->has_end = true;
    } else if (!(type[0] & 0x20)) {
        return png_bad(error, png, "it has a critical chunk that is not known");
    }
    return TL_OK;
}

static tl_status png_chunks(png_file *png, const unsigned char *bytes, size_t size, tl_error *error)
{
    bool first = true;
    if (!tl__is_png(bytes, size)) return png_bad(error, png, "it does not begin as PNG files do");
    for (size_t at = PNG_HEADER; !png->has_end;) {
        if (size - at < PNG_CHUNK || png_u32(bytes + at) > size - at - PNG_CHUNK)
            return png_bad(error, png, "it ends inside a chunk; the file was cut off");
        size_t length = png_u32(bytes + at);
        const unsigned char *type = bytes + at + 4;
        if (tl__crc32(0, type, length + 4) != png_u32(type + 4 + length))
            return png_bad(error, png, "a chunk's CRC is wrong; the file is damaged");
        if (first && memcmp(type, "IHDR", 4) != 0) return png_bad(error, png, "it does not begin with its header");
        TL_TRY(first ? png_head(png, type + 4, length, error) : png_chunk(png, type, type + 4, length, error));
        first = false;
        at += PNG_CHUNK + length;
    }
    if (png->type == PNG_PALETTE && !png->palette) return png_bad(error, png, "it has no palette");
    if (!png->only && png->packed.size == 0) return png_bad(error, png, "it has no pixels");
    return TL_OK;
}

/* ---- rows ---- */

typedef struct png_pass {
    uint32_t x, y, dx, dy;     /* of its first pixel, and from one to the next */
    uint32_t width, height;    /* in pixels; either may be 0 */
    size_t row;                /* bytes of a row, without the filter's */
} png_pass;

/* Pass 0..6 of Adam7, or the whole. */
static png_pass png_pass_of(const png_file *png, int number)
{
    static const unsigned char adam[7][4] = {{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4},
                                             {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}};
    png_pass pass = {0, 0, 1, 1, png->width, png->height, 0};
    if (png->interlaced) {
        const unsigned char *a = adam[number];
        pass = (png_pass){a[0], a[1], a[2], a[3], 0, 0, 0};
        if (png->width > pass.x) pass.width = (png->width - pass.x - 1) / pass.dx + 1;
        if (png->height > pass.y) pass.height = (png->height - pass.y - 1) / pass.dy + 1;
    }
    /* at most 2^31 * 64 bits, which may be more than a size_t holds: the sum over all rows is checked */
    uint64_t bits = (uint64_t)pass.width * png->samples * png->depth;
    pass.row = (size_t)((bits + 7) / 8 > SIZE_MAX ? SIZE_MAX : (bits + 7) / 8);
    return pass;
}

static int png_passes(const png_file *png) { return png->interlaced ? 7 : 1; }

/* Bytes of all rows with their filters' bytes; false: more than a size_t holds. */
static bool png_size(const png_file *png, size_t *out)
{
    *out = 0;
    for (int i = 0; i < png_passes(png); i++) {
        png_pass pass = png_pass_of(png, i);
        size_t bytes;
        if (pass.width == 0 || pass.height == 0) continue;
        if (!tl__size_add(pass.row, 1, &bytes) || !tl__size_mul(bytes, pass.height, &bytes)) return false;
        if (!tl__size_add(*out, bytes, out)) return false;
    }
    return true;
}

static inline int png_distance(int a) { return a < 0 ? -a : a; }

/* The one of left, up and corner that is nearest to left + up - corner; without branches, which nothing could guess. */
static inline unsigned char png_paeth(int left, int up, int corner)
{
    int from_left = png_distance(up - corner), from_up = png_distance(left - corner);
    int from_corner = png_distance(left + up - 2 * corner);
    int other = from_up <= from_corner ? up : corner, nearest = from_up <= from_corner ? from_up : from_corner;
    return (unsigned char)(from_left <= nearest ? left : other);
}

static inline void png_paeth_row(unsigned char *row, const unsigned char *up, size_t size, size_t step)
{
    for (size_t i = 0; i < step && i < size; i++) row[i] = (unsigned char)(row[i] + up[i]);
    for (size_t i = step; i < size; i++)
        row[i] = (unsigned char)(row[i] + png_paeth(row[i - step], up[i], up[i - step]));
}

/* In place; up NULL: the first row of a pass. Bytes `step` apart belong to pixels next to each other. */
static bool png_unfilter(unsigned filter, unsigned char *row, const unsigned char *up, size_t size, size_t step)
{
    if (filter == 4 && !up) filter = 1;    /* the nearest to left + 0 - 0 */
    for (size_t i = step; filter == 1 && i < size; i++) row[i] = (unsigned char)(row[i] + row[i - step]);
    for (size_t i = 0; filter == 2 && up && i < size; i++) row[i] = (unsigned char)(row[i] + up[i]);
    for (size_t i = 0; filter == 3 && i < size; i++) {
        int left = i < step ? 0 : row[i - step], above = up ? up[i] : 0;
        row[i] = (unsigned char)(row[i] + (left + above) / 2);
    }
    if (filter == 4 && step == 1) png_paeth_row(row, up, size, 1);    /* constants make these loops faster */
    else if (filter == 4 && step == 3) png_paeth_row(row, up, size, 3);
    else if (filter == 4 && step == 4) png_paeth_row(row, up, size, 4);
    else if (filter == 4) png_paeth_row(row, up, size, step);
    return filter <= 4;
}

/* ---- pixels ---- */

/* Sample i of a row, as stored: 0..2^depth - 1. */
static inline unsigned png_sample(const unsigned char *row, size_t i, unsigned depth)
{
    if (depth == 8) return row[i];
    if (depth == 16) return (unsigned)row[2 * i] << 8 | row[2 * i + 1];
    size_t bit = i * depth;
    return (unsigned)row[bit / 8] >> (8 - depth - bit % 8) & ((1u << depth) - 1);
}

static inline uint8_t png_byte(unsigned value, unsigned depth)
{
    if (depth == 8) return (uint8_t)value;
    if (depth == 16) return (uint8_t)((value * 255 + 32767) / 65535);
    return (uint8_t)(value * 255 / ((1u << depth) - 1));
}

/* False: the palette has no such colour. */
static bool png_colour(const png_file *png, unsigned index, uint8_t *out)
{
    if (index >= png->colours) return false;
    memcpy(out, png->palette + 3 * (size_t)index, 3);
    if (png->transparent) out[3] = index < png->transparent_size ? png->transparent[index] : 255;
    return true;
}

static bool png_pixel(const png_file *png, const unsigned char *row, size_t x, uint8_t *out)
{
    unsigned n = png->samples;
    bool same = png->transparent != NULL;
    if (png->type == PNG_PALETTE) return png_colour(png, png_sample(row, x, png->depth), out);
    for (unsigned i = 0; i < n; i++) {
        unsigned value = png_sample(row, x * n + i, png->depth);
        out[i] = png_byte(value, png->depth);
        same = same && value == ((unsigned)png->transparent[2 * i] << 8 | png->transparent[2 * i + 1]);
    }
    if (png->transparent) out[n] = same ? 0 : 255;
    return true;
}

static size_t png_channels(const png_file *png)
{
    return (png->type == PNG_PALETTE ? 3 : png->samples) + (png->transparent != NULL);
}

static tl_status png_draw(const png_file *png, unsigned char *rows, tl__pixels *pixels, tl_error *error)
{
    size_t step = tl__size_max(1, (size_t)png->samples * png->depth / 8);
    const bool as_they_are = png->depth == 8 && png->type != PNG_PALETTE && !png->transparent && !png->interlaced;
    for (int number = 0; number < png_passes(png); number++) {
        const png_pass pass = png_pass_of(png, number);
        const unsigned char *up = NULL;
        for (uint32_t y = 0; pass.width > 0 && y < pass.height; y++) {
            unsigned char *row = rows + 1;
            if (!png_unfilter(rows[0], row, up, pass.row, step)) return png_bad(error, png, "it has an unknown filter");
            uint8_t *line = pixels->samples + ((size_t)pass.y + (size_t)y * pass.dy) * png->width * pixels->channels;
            if (as_they_are) memcpy(line, row, pass.row);
            for (uint32_t x = 0; x < pass.width && !as_they_are; x++) {
                size_t at = ((size_t)pass.x + (size_t)x * pass.dx) * pixels->channels;
                if (!png_pixel(png, row, x, line + at))
                    return png_bad(error, png, "a pixel's colour is not in its palette");
            }
            up = row;
            rows = row + pass.row;
        }
    }
    return TL_OK;
}

static tl_status png_pixels(png_file *png, tl__buffer *rows, tl__pixels *pixels, tl_error *error)
{
    size_t size, packed = png->only ? png->only_size : png->packed.size;
    const unsigned char *from = png->only ? png->only : (const unsigned char *)png->packed.data;
    if (!png_size(png, &size)) return png_bad(error, png, "it has more pixels than this machine can count");
    if (size / 1032 > packed) return png_bad(error, png, "its header asks for more pixels than it can hold");
    TL_TRY(tl__unzlib(rows, from, packed, size, png->name, error));
    tl__buffer_free(&png->packed);
    if (rows->size != size) return png_bad(error, png, "it holds fewer pixels than its header asks for");
    TL_TRY(tl__pixels_new(pixels, png->heap, png->height, png->width, png_channels(png), png->name, error));
    tl_status status = png_draw(png, (unsigned char *)rows->data, pixels, error);
    if (status != TL_OK) tl__pixels_free(pixels);
    return status;
}

TL_PRIV tl_status tl__png_parse(tl__pixels *pixels, tl__heap *heap, const void *bytes, size_t size, const char *name,
                                tl_error *error)
{
    png_file png = {.name = name, .heap = heap};
    tl__buffer rows;
    *pixels = (tl__pixels){0};
    tl__buffer_init(&png.packed, heap);
    tl__buffer_init(&rows, heap);
    tl_status status = png_chunks(&png, bytes, size, error);
    if (status == TL_OK) status = png_pixels(&png, &rows, pixels, error);
    tl__buffer_free(&png.packed);
    tl__buffer_free(&rows);
    return status;
}
