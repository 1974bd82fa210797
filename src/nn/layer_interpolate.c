/* Interpolation along an axis from n to `size` positions. Output position i lies at s = (i + 1/2) n/size - 1/2, not
 * below 0, of the input:
 *     linear   y[i] = (1 - w) x[k] + w x[min(k + 1, n - 1)],  k = floor(s), w = s - k
 *     nearest  y[i] = x[floor(i n / size)]
 * which is PyTorch's, with align_corners off. An image is interpolated along its rows, then along its columns. */
#include "nn/layer.h"

enum { INTERPOLATE_LINEAR, INTERPOLATE_NEAREST };

static const char *const interpolate_modes[] = {"linear", "nearest", NULL};

typedef struct interpolate_settings {
    int64_t size, scale, axis;
    int mode;
} interpolate_settings;

typedef struct interpolate_state {
    tl__axis in;
    size_t size;
} interpolate_state;

static const tl__field interpolate_rows[] = {
    {.name = "size", .kind = TL__FIELD_INT, .flags = TL__RESULT, .offset = offsetof(interpolate_settings, size),
     .fallback = 0, .min = 0, .max = 1073741824, .help = "positions of the output; 0: as `scale` says"},
    {.name = "scale", .kind = TL__FIELD_INT, .flags = TL__RESULT, .offset = offsetof(interpolate_settings, scale),
     .fallback = 2, .min = 1, .max = 65536, .help = "without `size`: so many times the positions of the input"},
    {.name = "axis", .kind = TL__FIELD_INT, .flags = TL__RESULT, .offset = offsetof(interpolate_settings, axis),
     .fallback = 0, .min = -TL__SHAPE_RANK, .max = TL__SHAPE_RANK - 1,
     .help = "along which axis: 0 is time, or rows of an image; -1 is the last"},
    {.name = "mode", .kind = TL__FIELD_CHOICE, .flags = TL__RESULT, .offset = offsetof(interpolate_settings, mode),
     .choices = interpolate_modes, .help = "linear between the neighbours, or the nearest one"},
    {.name = NULL}
};

static const char *interpolate_shape(const tl__site *site, tl__shape *out)
{
    const interpolate_settings *settings = site->settings;
    tl__axis axis;
    *out = *tl__site_in(site, 0);
    if (!tl__axis_of(out, settings->axis, &axis)) return "needs an input that has its `axis`";
    if (settings->size) out->dim[axis.index] = (size_t)settings->size;
    else if (!tl__size_mul(axis.n, (size_t)settings->scale, &out->dim[axis.index]))
        return "needs fewer positions for its `scale`";
    return NULL;
}

static bool interpolate_keeps_time(const tl__site *site)
{
    const interpolate_settings *settings = site->settings;
    return tl__axis_keeps_time(site, settings->axis);
}

static void interpolate_carve(const tl__site *site, tl__layer_memory *memory, void *block)
{
    interpolate_state *state = block;
    const interpolate_settings *settings = site->settings;
    (void)memory;
    if (!tl__axis_of(tl__site_in(site, 0), settings->axis, &state->in)) return;
    state->size = site->node->shape.dim[state->in.index];
}

/* The two neighbours of an output position among n, and the weight of the second. */
static float interpolate_place(const tl__op *op, size_t i, size_t n, size_t size, size_t *low, size_t *high)
{
    const interpolate_settings *settings = op->settings;
    if (settings->mode == INTERPOLATE_NEAREST) {
        *low = *high = (size_t)((double)i * (double)n / (double)size);
        if (*low >= n) *low = *high = n - 1;
        return 0.0f;
    }
    float source = ((float)i + 0.5f) * ((float)n / (float)size) - 0.5f;
    if (source < 0.0f) source = 0.0f;
    *low = tl__size_min((size_t)source, n - 1);
    *high = tl__size_min(*low + 1, n - 1);
    return *low + 1 < n ? source - (float)*low : 0.0f;
}

/* Positions along the axis that are real. */
static size_t interpolate_real(const tl__pass *pass, const tl__op *op, size_t row)
{
    const interpolate_state *state = op->state;
    const int32_t *lengths = state->in.index == 0 ? tl__op_lengths(pass, op, 0) : NULL;
    return lengths ? (size_t)lengths[row] : state->in.n;
}

static void interpolate_forward_task(tl__pass *pass, tl__op *op, size_t task, void *scratch)
{
    const interpolate_state *state = op->state;
    size_t inner = state->in.inner, wide = state->in.n * inner, first, rows = tl__task_samples(pass, op, task, &first);
    (void)scratch;
    for (size_t r = first * state->in.outer; r < (first + rows) * state->in.outer; r++) {
        const float *x = op->in[0] + r * wide;
        float *y = op->out + r * state->size * inner;
        size_t n = interpolate_real(pass, op, r / state->in.outer), low, high;
        for (size_t i = 0; i < state->size; i++, y += inner) {
            float weight = interpolate_place(op, i, n, state->size, &low, &high), rest = 1.0f - weight;
            const float *a = x + low * inner, *b = x + high * inner;
            if (low == high) memcpy(y, a, inner * sizeof *y);
            else for (size_t k = 0; k < inner; k++) y[k] = rest * a[k] + weight * b[k];
        }
    }
}

static void interpolate_backward_task(tl__pass *pass, tl__op *op, size_t task, void *scratch)
{
    const interpolate_state *state = op->state;
    size_t inner = state->in.inner, wide = state->in.n * inner, first, rows = tl__task_samples(pass, op, task, &first);
    (void)scratch;
    for (size_t r = first * state->in.outer; r < (first + rows) * state->in.outer; r++) {
        const float *dy = op->d_out + r * state->size * inner;
        float *dx = op->d_in[0] + r * wide;
        size_t n = interpolate_real(pass, op, r / state->in.outer), low, high;
        memset(dx, 0, wide * sizeof *dx);
        for (size_t i = 0; i < state->size; i++, dy += inner) {
            float weight = interpolate_place(op, i, n, state->size, &low, &high), rest = 1.0f - weight;
            float *a = dx + low * inner, *b = dx + high * inner;
            for (size_t k = 0; k < inner; k++) a[k] += rest * dy[k];
            for (size_t k = 0; k < inner && low != high; k++) b[k] += weight * dy[k];
        }
    }
}

static void interpolate_forward(tl__pass *pass, tl__op *op)
{
    tl__pass_samples(pass, op, 60.0, interpolate_forward_task);
}

static void interpolate_backward(tl__pass *pass, tl__op *op)
{
    if (op->d_in[0]) tl__pass_samples(pass, op, 80.0, interpolate_backward_task);
}

TL_PRIV const tl__member_head *tl__layer_interpolate(void)
{
    static const tl__layer_example examples[] = {
        {"size: 7", 1, {{1, {3}}}}, {"size: 24, axis: -1", 1, {{2, {3, 5}}}}, {"size: 5", 1, {{2, {7, 2}}}},
        {"size: 5, mode: nearest", 1, {{2, {3, 3}}}}, {"scale: 3, axis: 1", 1, {{3, {2, 3, 2}}}},
        {"size: 6", 1, {{1, {1}}}}, {"size: 1, mode: nearest", 1, {{1, {4}}}}
    };
    static const tl__layer layer = {
        .head = {.name = "interpolate", .aliases = "upsample",
                 .help = "From n to `size` positions along an axis. Position i lies at s = (i + 1/2) n/size - 1/2, "
                         "not below 0, of the input; linear: y = (1 - w) x[k] + w x[k + 1], k = floor(s), w = s - k; "
                         "nearest: y = x[floor(i n / size)].",
                 .rows = interpolate_rows, .settings_size = sizeof(interpolate_settings)},
        .inputs_min = 1, .inputs_max = 1, .state_size = sizeof(interpolate_state), .shape = interpolate_shape,
        .keeps_time = interpolate_keeps_time, .carve = interpolate_carve, .forward = interpolate_forward,
        .backward = interpolate_backward, .examples = examples, .example_count = (int)TL_COUNT(examples)
    };
    return &layer.head;
}
