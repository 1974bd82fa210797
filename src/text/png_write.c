/* PNG out: signature, header, one chunk of compressed rows, end. */
#include "text/png_write.h"

#include "base/deflate.h"
#include "base/hash.h"

static void png_write_number(tl__buffer *out, size_t value)
{
    for (int shift = 24; shift >= 0; shift -= 8) tl__buffer_char(out, (char)(value >> shift & 255));
}

/* Closes the chunk whose length stands at `begin`. */
static void png_write_end_chunk(tl__buffer *out, size_t begin)
{
    if (out->failed) return;
    size_t size = out->size - begin - 8;
    for (int i = 0; i < 4; i++) out->data[begin + (size_t)i] = (char)(size >> (24 - 8 * i) & 255);
    png_write_number(out, tl__crc32(0, out->data + begin + 4, size + 4));
}

static size_t png_write_begin_chunk(tl__buffer *out, const char *type)
{
    size_t begin = out->size;
    png_write_number(out, 0);
    tl__buffer_add(out, type, 4);
    return begin;
}

static int png_write_paeth(int a, int b, int c)
{
    int pa = b - c, pb = a - c, pc = pa + pb;
    pa = pa < 0 ? -pa : pa, pb = pb < 0 ? -pb : pb, pc = pc < 0 ? -pc : pc;
    return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
}

/* A filtered row. Bytes without a left neighbour have 0 there, the first row has zeros above. */
static void png_write_filter(int filter, const uint8_t *row, const uint8_t *above, size_t bytes, size_t step,
                             uint8_t *out)
{
    size_t i = 0;
    for (; i < step && i < bytes; i++)
        out[i] = (uint8_t)(row[i] - (filter == 1 ? 0 : above[i]));
    if (filter == 1) for (; i < bytes; i++) out[i] = (uint8_t)(row[i] - row[i - step]);
    else if (filter == 2) for (; i < bytes; i++) out[i] = (uint8_t)(row[i] - above[i]);
    else for (; i < bytes; i++)
        out[i] = (uint8_t)(row[i] - png_write_paeth(row[i - step], above[i], above[i - step]));
}

/* The sum of its bytes as signed numbers, which is small where it will compress well; it may stop above `enough`. */
static size_t png_write_sum(const uint8_t *row, size_t bytes, size_t enough)
{
    enum { PIECE = 256 };
    size_t sum = 0;
    for (size_t i = 0; i < bytes && sum < enough;) {
        size_t end = bytes - i < PIECE ? bytes : i + PIECE;
        for (; i < end; i++) {
            unsigned minus = row[i] >> 7;
            sum += (row[i] ^ ((0u - minus) & 255u)) + minus;
        }
    }
    return sum;
}

/* All rows, each behind the number of its filter. Rows like the one above, as many of a chart are, are known at once;
 * the other two filters, none and the mean, never win by much in drawings. scratch: [2 * row] */
static void png_write_rows(const tl__pixels *pixels, uint8_t *out, uint8_t *scratch)
{
    size_t row = pixels->width * pixels->channels;
    memset(scratch + row, 0, row);
    for (size_t y = 0; y < pixels->height; y++, out += row + 1) {
        static const uint8_t filters[] = {2, 1, 4};
        const uint8_t *samples = pixels->samples + y * row, *above = y ? samples - row : scratch + row;
        size_t best = SIZE_MAX;
        if (y > 0 && memcmp(samples, above, row) == 0) {
            out[0] = 2;
            memset(out + 1, 0, row);
            continue;
        }
        for (size_t f = 0; f < TL_COUNT(filters) && best > 0; f++) {
            png_write_filter(filters[f], samples, above, row, pixels->channels, scratch);
            size_t sum = png_write_sum(scratch, row, best);
            if (sum >= best) continue;
            best = sum;
            out[0] = filters[f];
            memcpy(out + 1, scratch, row);
        }
    }
}

TL_PRIV void tl__png_write(tl__buffer *out, const tl__pixels *pixels)
{
    static const char types[] = {0, 0, 4, 2, 6};    /* by channels */
    size_t row, size, all, begin;
    if (!tl__size_mul(pixels->width, pixels->channels, &row) || !tl__size_mul(row + 1, pixels->height, &size) ||
        !tl__size_mul(row, 2, &all) || !tl__size_add(size, all, &all) || (uint64_t)pixels->width > 0x7fffffff ||
        (uint64_t)pixels->height > 0x7fffffff) {
        out->failed = true;
        return;
    }
    uint8_t *rows = tl__alloc(out->heap, all);
    if (!rows) {
        out->failed = true;
        return;
    }
    tl__buffer_add(out, "\x89PNG\r\n\x1a\n", 8);
    begin = png_write_begin_chunk(out, "IHDR");
    png_write_number(out, pixels->width);
    png_write_number(out, pixels->height);
    const char header[] = {8, types[pixels->channels], 0, 0, 0};
    tl__buffer_add(out, header, sizeof header);
    png_write_end_chunk(out, begin);
    png_write_rows(pixels, rows, rows + size);
    begin = png_write_begin_chunk(out, "IDAT");
    tl__zlib(out, rows, size);
    png_write_end_chunk(out, begin);
    begin = png_write_begin_chunk(out, "IEND");
    png_write_end_chunk(out, begin);
    tl__free(out->heap, rows, all);
}
