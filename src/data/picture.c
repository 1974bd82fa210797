/* Channels first, then size: what is resized has the channels that are kept. */
#include "data/picture.h"

#include "text/png.h"
#include "text/pnm.h"

enum { PICTURE_BITS = 22, PICTURE_MOST_SIDE = 1 << 20 };

TL_PRIV void tl__pictures_init(tl__pictures *pictures, tl__heap *heap, const tl__image_settings *settings)
{
    *pictures = (tl__pictures){.heap = heap, .settings = settings};
    tl__arena_init(&pictures->arena, heap);
}

TL_PRIV void tl__pictures_free(tl__pictures *pictures) { tl__arena_free(&pictures->arena); }

TL_PRIV bool tl__is_picture(const void *bytes, size_t size)
{
    return tl__is_png(bytes, size) || tl__is_pnm(bytes, size);
}

/* ---- reading ---- */

static const char *picture_kind(const unsigned char *p, size_t size)
{
    if (size >= 2 && p[0] == 0xFF && p[1] == 0xD8) return "a JPEG file";
    if (size >= 4 && memcmp(p, "GIF8", 4) == 0) return "a GIF file";
    if (size >= 2 && memcmp(p, "BM", 2) == 0) return "a BMP file";
    if (size >= 12 && memcmp(p, "RIFF", 4) == 0 && memcmp(p + 8, "WEBP", 4) == 0) return "a WebP file";
    if (size >= 4 && (memcmp(p, "II*", 4) == 0 || memcmp(p, "MM\0*", 4) == 0)) return "a TIFF file";
    return "no picture that can be read";
}

static bool picture_colour(const tl__pixels *pixels) { return pixels->channels >= 3; }

static tl_status picture_fits(const tl__pictures *pictures, const tl__pixels *pixels, const char *name, tl_error *error)
{
    const tl__image_settings *settings = pictures->settings;
    bool size = (settings->height > 0 || pixels->height == pictures->shape[0]) &&
                (settings->width > 0 || pixels->width == pictures->shape[1]);
    if (!size)
        return tl__fail_at(error, TL_BAD_DATA, name, 0, 0, "data.image",
                           "this picture is %zu x %zu pixels (height x width), but '%s' is %zu x %zu; to bring all to "
                           "one size, say data.image: {height: %zu, width: %zu}",
                           pixels->height, pixels->width, pictures->first, pictures->shape[0], pictures->shape[1],
                           pictures->shape[0], pictures->shape[1]);
    if (settings->channels <= 0 && pictures->shape[2] == 1 && picture_colour(pixels))
        return tl__fail_at(error, TL_BAD_DATA, name, 0, 0, "data.image.channels",
                           "this picture has colours, but '%s' is grey; say data.image: {channels: 3}, or 1 to make "
                           "all grey", pictures->first);
    return TL_OK;
}

TL_PRIV tl_status tl__picture_read(tl__pictures *pictures, const void *bytes, size_t size, const char *name,
                                   tl__pixels *out, tl_error *error)
{
    const tl__image_settings *settings = pictures->settings;
    if (tl__is_png(bytes, size)) {
        TL_TRY(tl__png_parse(out, pictures->heap, bytes, size, name, error));
    } else if (tl__is_pnm(bytes, size)) {
        TL_TRY(tl__pnm_parse(out, pictures->heap, bytes, size, name, error));
    } else {
        return tl__fail_at(error, TL_UNSUPPORTED, name, 0, 0, NULL,
                           "this is %s; pictures are read from PNG, PGM and PPM files, so convert it first",
                           picture_kind(bytes, size));
    }
    tl_status status = TL_OK;
    if (!pictures->first) {
        pictures->shape[0] = settings->height > 0 ? (size_t)settings->height : out->height;
        pictures->shape[1] = settings->width > 0 ? (size_t)settings->width : out->width;
        pictures->shape[2] = settings->channels > 0 ? (size_t)settings->channels : picture_colour(out) ? 3 : 1;
        pictures->first = tl__arena_text(&pictures->arena, name);
        if (!pictures->first) status = tl__fail_memory(error, strlen(name));
    }
    if (status == TL_OK) status = picture_fits(pictures, out, name, error);
    if (status != TL_OK) tl__pixels_free(out);
    return status;
}

/* ---- channels ---- */

/* A pixel of `from` channels as `to`: 1, 3 or 4. */
static void picture_pixel(const uint8_t *x, size_t from, uint8_t *y, size_t to)
{
    bool colour = from >= 3;
    if (to == 1) {
        uint32_t grey = !colour ? x[0] : (19595u * x[0] + 38470u * x[1] + 7471u * x[2] + 0x8000u) >> 16;
        y[0] = (uint8_t)grey;
        return;
    }
    for (size_t c = 0; c < 3; c++) y[c] = x[colour ? c : 0];
    if (to == 4) y[3] = from % 2 ? 255 : x[from - 1];
}

static void picture_channels(const tl__pixels *pixels, uint8_t *out, size_t channels)
{
    const uint8_t *x = pixels->samples;
    for (size_t i = pixels->height * pixels->width; i > 0; i--, x += pixels->channels, out += channels)
        picture_pixel(x, pixels->channels, out, channels);
}

/* ---- size ---- */

/* For each of `to` places along a side of `from`: the first source, how many, and their weights [to, most]. */
typedef struct picture_filter {
    size_t most, bytes;
    uint32_t *first, *count;
    int32_t *weights;
    void *block;
} picture_filter;

static double picture_triangle(double x)
{
    if (x < 0) x = -x;
    return x < 1 ? 1 - x : 0;
}

static void picture_weigh(picture_filter *filter, size_t from, size_t to)
{
    const double scale = (double)from / (double)to, wide = scale > 1 ? scale : 1;
    for (size_t i = 0; i < to; i++) {
        const double center = ((double)i + 0.5) * scale;
        double low = center - wide + 0.5, high = center + wide + 0.5, sum = 0;
        size_t begin = low > 0 ? (size_t)low : 0, end = tl__size_min(from, (size_t)high);
        for (size_t k = begin; k < end; k++) sum += picture_triangle(((double)k - center + 0.5) / wide);
        filter->first[i] = (uint32_t)begin;
        filter->count[i] = (uint32_t)(end - begin);
        for (size_t k = begin; k < end; k++) {
            double weight = picture_triangle(((double)k - center + 0.5) / wide) / sum;
            filter->weights[i * filter->most + k - begin] = (int32_t)(weight * (1 << PICTURE_BITS) + 0.5);
        }
    }
}

static tl_status picture_filter_new(tl__heap *heap, picture_filter *filter, size_t from, size_t to, tl_error *error)
{
    size_t ratio = from / to + 1, weights, floats;
    filter->most = 2 * ratio + 3;
    if (!tl__size_mul(to, filter->most + 2, &floats) || !tl__size_mul(floats, sizeof(int32_t), &filter->bytes))
        return tl__fail_memory(error, SIZE_MAX);
    filter->block = tl__alloc_zero(heap, filter->bytes, 1);
    if (!filter->block) return tl__fail_memory(error, filter->bytes);
    weights = to * filter->most;
    filter->weights = filter->block;
    filter->first = (uint32_t *)filter->block + weights;
    filter->count = filter->first + to;
    picture_weigh(filter, from, to);
    return TL_OK;
}

/* One line of samples, `next` apart, as one of `to`. */
static void picture_side(const picture_filter *filter, const uint8_t *x, size_t next, uint8_t *out, size_t next_out,
                         size_t to)
{
    for (size_t i = 0; i < to; i++) {
        const int32_t *weights = filter->weights + i * filter->most;
        const uint8_t *from = x + filter->first[i] * next;
        int64_t sum = 1 << (PICTURE_BITS - 1);
        for (size_t k = 0; k < filter->count[i]; k++) sum += (int64_t)weights[k] * from[k * next];
        sum /= 1 << PICTURE_BITS;
        out[i * next_out] = (uint8_t)(sum > 255 ? 255 : sum);
    }
}

TL_PRIV tl_status tl__picture_resize(tl__heap *heap, const uint8_t *samples, size_t height, size_t width,
                                     size_t channels, uint8_t *out, size_t to_height, size_t to_width,
                                     tl_error *error)
{
    picture_filter across = {0}, down = {0};
    size_t bytes;
    if (!tl__size_mul(height, to_width, &bytes) || !tl__size_mul(bytes, channels, &bytes))
        return tl__fail_memory(error, SIZE_MAX);
    uint8_t *narrow = tl__alloc(heap, bytes);
    tl_status status = narrow ? picture_filter_new(heap, &across, width, to_width, error)
                              : tl__fail_memory(error, bytes);
    if (status == TL_OK) status = picture_filter_new(heap, &down, height, to_height, error);
    for (size_t line = 0; status == TL_OK && line < height; line++)
        for (size_t c = 0; c < channels; c++)
            picture_side(&across, samples + line * width * channels + c, channels,
                         narrow + line * to_width * channels + c, channels, to_width);
    for (size_t i = 0; status == TL_OK && i < to_width * channels; i++)
        picture_side(&down, narrow + i, to_width * channels, out + i, to_width * channels, to_height);
    tl__free(heap, across.block, across.bytes);
    tl__free(heap, down.block, down.bytes);
    tl__free(heap, narrow, bytes);
    return status;
}

TL_PRIV tl_status tl__picture_draw(const tl__pictures *pictures, const tl__pixels *pixels, const char *name,
                                   uint8_t *row, tl_error *error)
{
    const size_t *shape = pictures->shape, channels = shape[2];
    if (pixels->height == shape[0] && pixels->width == shape[1]) {
        picture_channels(pixels, row, channels);
        return TL_OK;
    }
    if (pixels->height > PICTURE_MOST_SIDE || pixels->width > PICTURE_MOST_SIDE)
        return tl__fail_at(error, TL_OUT_OF_RANGE, name, 0, 0, NULL,
                           "this picture is too large to be resized; a side may have %d pixels", PICTURE_MOST_SIDE);
    size_t bytes = pixels->height * pixels->width;
    if (!tl__size_mul(bytes, channels, &bytes)) return tl__fail_memory(error, SIZE_MAX);
    uint8_t *all = tl__alloc(pictures->heap, bytes);
    if (!all) return tl__fail_memory(error, bytes);
    picture_channels(pixels, all, channels);
    tl_status status = tl__picture_resize(pictures->heap, all, pixels->height, pixels->width, channels, row, shape[0],
                                          shape[1], error);
    tl__free(pictures->heap, all, bytes);
    return status;
}
