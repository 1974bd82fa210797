/* Every change is one of rows and one of columns: where each row and each column of the result comes from is found
 * first, then an image is copied aside and drawn again. */
#include "data/augment.h"

#include "base/random.h"

enum { AUGMENT_BLACK = -1 };

/* Elements of a row's draws: uniform numbers, and whole ones, of which each takes two elements. */
enum { AUGMENT_HORIZONTAL, AUGMENT_VERTICAL };
enum { AUGMENT_SHIFT_Y = 1, AUGMENT_SHIFT_X, AUGMENT_CROP_Y, AUGMENT_CROP_X };

typedef struct augment_move {
    int64_t crop, shift;
    bool flip;
} augment_move;

static bool augment_is_image(const tl__input *input) { return !input->category && input->shape[2] > 0; }

TL_PRIV bool tl__augments(const tl_dataset *dataset)
{
    const tl__augment_settings *s = &dataset->augment;
    return s->flip_horizontal > 0 || s->flip_vertical > 0 || s->shift > 0 || s->crop_padding > 0;
}

TL_PRIV tl_status tl__augment_check(const tl_dataset *dataset, tl_error *error)
{
    const tl__augment_settings *s = &dataset->augment;
    const tl__pipeline *pipeline = dataset->pipeline;
    bool found = false;
    if (!tl__augments(dataset)) return TL_OK;
    for (size_t i = 0; !pipeline->forecast && i < pipeline->input_count; i++) {
        const tl__input *input = &pipeline->inputs[i];
        if (!augment_is_image(input)) continue;
        const char *name = s->shift > s->crop_padding ? "shift" : "crop_padding";
        int64_t most = s->shift > s->crop_padding ? s->shift : s->crop_padding;
        size_t side = tl__size_min(input->shape[0], input->shape[1]);
        found = true;
        if ((uint64_t)most >= side)
            return tl__fail_at(error, TL_BAD_CONFIG, NULL, 0, 0, "data.augment",
                               "data.augment.%s is %lld, but the images are %zu x %zu pixels; it must be less than "
                               "their smaller side", name, (long long)most, input->shape[0], input->shape[1]);
    }
    if (found) return TL_OK;
    return tl__fail_at(error, TL_BAD_CONFIG, NULL, 0, 0, "data.augment",
                       "data.augment changes images, but no column holds any; images are pictures (data.file: a "
                       "folder), and arrays of 3 or 4 dimensions in IDX and npy files");
}

TL_PRIV size_t tl__augment_room(const tl_dataset *dataset)
{
    const tl__pipeline *pipeline = dataset->pipeline;
    size_t most = 0;
    for (size_t i = 0; i < pipeline->input_count; i++) {
        const tl__input *input = &pipeline->inputs[i];
        if (augment_is_image(input))
            most = tl__size_max(most, input->features + input->shape[0] + input->shape[1]);
    }
    return most;
}

static augment_move augment_draw(const tl__random *random, const tl__augment_settings *s, bool vertical)
{
    uint32_t shifts = 2 * (uint32_t)s->shift + 1, crops = 2 * (uint32_t)s->crop_padding + 1;
    double flip = vertical ? s->flip_vertical : s->flip_horizontal;
    uint32_t shift = tl__random_below(random, vertical ? AUGMENT_SHIFT_Y : AUGMENT_SHIFT_X, shifts);
    uint32_t crop = tl__random_below(random, vertical ? AUGMENT_CROP_Y : AUGMENT_CROP_X, crops);
    float uniform = tl__random_uniform(random, vertical ? AUGMENT_VERTICAL : AUGMENT_HORIZONTAL);
    return (augment_move){.crop = (int64_t)crop - s->crop_padding, .shift = (int64_t)shift - s->shift,
                          .flip = (double)uniform < flip};
}

/* Where each place of a side comes from. */
static void augment_map(int32_t *from, size_t side, augment_move move)
{
    for (size_t i = 0; i < side; i++) {
        int64_t at = (int64_t)i + move.crop, last = (int64_t)side - 1;
        if (at < 0 || at > last) {
            from[i] = AUGMENT_BLACK;
            continue;
        }
        at += move.shift;
        at = at < 0 ? 0 : at > last ? last : at;
        from[i] = (int32_t)(move.flip ? last - at : at);
    }
}

/* Value x of a line of black pixels. */
static float augment_black(const tl__input *input, size_t x) { return tl__input_value(input, x, 0.0f); }

static void augment_line(const tl__input *input, float *to, const float *from, const int32_t *columns)
{
    const size_t width = input->shape[1], channels = input->shape[2];
    for (size_t x = 0; x < width; x++, to += channels) {
        const float *pixel = from + (columns[x] < 0 ? 0 : (size_t)columns[x] * channels);
        for (size_t c = 0; c < channels; c++) to[c] = columns[x] < 0 ? augment_black(input, c) : pixel[c];
    }
}

static void augment_image(const tl__input *input, augment_move down, augment_move across, float *image, float *room)
{
    const size_t height = input->shape[0], width = input->shape[1], channels = input->shape[2];
    const size_t line = width * channels;
    int32_t *rows = (int32_t *)(void *)(room + input->features), *columns = rows + height;
    augment_map(rows, height, down);
    augment_map(columns, width, across);
    memcpy(room, image, input->features * sizeof *room);
    for (size_t y = 0; y < height; y++, image += line) {
        if (rows[y] >= 0) augment_line(input, image, room + (size_t)rows[y] * line, columns);
        else for (size_t x = 0; x < line; x++) image[x] = augment_black(input, x);
    }
}

TL_PRIV void tl__augment_rows(const tl_dataset *dataset, uint32_t epoch, const uint32_t *order, size_t rows,
                              float *inputs, float *room)
{
    const tl__pipeline *pipeline = dataset->pipeline;
    for (size_t row = 0; row < rows; row++) {
        tl__random random;
        tl__random_init(&random, dataset->seed, TL__DRAW_AUGMENT, 0, epoch, order[row]);
        const augment_move down = augment_draw(&random, &dataset->augment, true);
        const augment_move across = augment_draw(&random, &dataset->augment, false);
        if (!down.flip && !across.flip && !down.crop && !down.shift && !across.crop && !across.shift) continue;
        for (size_t i = 0; i < pipeline->input_count; i++) {
            const tl__input *input = &pipeline->inputs[i];
            if (augment_is_image(input))
                augment_image(input, down, across, inputs + row * pipeline->features + input->offset, room);
        }
    }
}
