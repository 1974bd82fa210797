/* A range of an axis: y = x[first : first + count]. */
#include "nn/layer.h"

typedef struct slice_settings {
    int64_t axis, first, count;
} slice_settings;

typedef struct slice_state {
    tl__axis in;
    size_t first, count;
} slice_state;

static const tl__field slice_rows[] = {
    {.name = "axis", .kind = TL__FIELD_INT, .flags = TL__RESULT, .offset = offsetof(slice_settings, axis),
     .fallback = -1, .min = -TL__SHAPE_RANK, .max = TL__SHAPE_RANK - 1,
     .help = "the axis it is a part of: 0 is time, or rows of an image; -1 is the last, features"},
    {.name = "first", .kind = TL__FIELD_INT, .flags = TL__RESULT, .offset = offsetof(slice_settings, first),
     .fallback = 0, .min = -1073741824, .max = 1073741824,
     .help = "where it begins, from 0; below 0 from the end, -1 is the last"},
    {.name = "count", .kind = TL__FIELD_INT, .flags = TL__RESULT, .offset = offsetof(slice_settings, count),
     .fallback = 0, .min = 0, .max = 1073741824, .help = "how many; 0: all from there to the end"},
    {.name = NULL}
};

/* False: it reaches beyond the input. */
static bool slice_range(const tl__site *site, slice_state *out)
{
    const slice_settings *settings = site->settings;
    if (!tl__axis_of(tl__site_in(site, 0), settings->axis, &out->in)) return false;
    int64_t n = (int64_t)out->in.n, first = settings->first < 0 ? settings->first + n : settings->first;
    int64_t count = settings->count ? settings->count : n - first;
    if (first < 0 || count < 1 || first > n - count) return false;
    out->first = (size_t)first;
    out->count = (size_t)count;
    return true;
}

static const char *slice_shape(const tl__site *site, tl__shape *out)
{
    slice_state state;
    *out = *tl__site_in(site, 0);
    if (!slice_range(site, &state)) return "needs an input that has the range `first`, `count` on its `axis`";
    out->dim[state.in.index] = state.count;
    return NULL;
}

static bool slice_identity(const tl__site *site, bool training)
{
    slice_state state;
    (void)training;
    return slice_range(site, &state) && state.count == state.in.n;
}

static bool slice_keeps_time(const tl__site *site)
{
    const slice_settings *settings = site->settings;
    return tl__axis_keeps_time(site, settings->axis) || slice_identity(site, true);
}

static void slice_carve(const tl__site *site, tl__layer_memory *memory, void *state)
{
    (void)memory;
    slice_range(site, state);
}

/* Where a row's range lies among its real positions; false: all of them are real. */
static bool slice_short(const tl__pass *pass, const tl__op *op, size_t row, int64_t *first, size_t *real)
{
    const slice_settings *settings = op->settings;
    const slice_state *state = op->state;
    const int32_t *lengths = state->in.index == 0 ? tl__op_lengths(pass, op, 0) : NULL;
    if (!lengths || (size_t)lengths[row] == state->in.n) return false;
    *real = (size_t)lengths[row];
    *first = settings->first < 0 ? (int64_t)*real + settings->first : settings->first;
    return true;
}

/* Rows of their own lengths: an end-relative range is relative to the row's own end; what is not real gives 0. */
static void slice_copy_short(const tl__op *op, size_t row, int64_t from, size_t real, bool forward)
{
    const slice_state *state = op->state;
    size_t inner = state->in.inner;
    float *out = (forward ? op->out : op->d_out) + row * op->size;
    if (!forward) memset(op->d_in[0] + row * op->in_size[0], 0, op->in_size[0] * sizeof(float));
    for (size_t i = 0; i < state->count; i++, from++, out += inner) {
        bool is_real = from >= 0 && (size_t)from < real;
        size_t at = row * op->in_size[0] + (is_real ? (size_t)from : 0) * inner;
        if (forward && is_real) memcpy(out, op->in[0] + at, inner * sizeof(float));
        else if (forward) memset(out, 0, inner * sizeof(float));
        else if (is_real) memcpy(op->d_in[0] + at, out, inner * sizeof(float));
    }
}

static void slice_short_rows(const tl__pass *pass, const tl__op *op, size_t first, size_t rows, bool forward)
{
    const slice_state *state = op->state;
    int64_t from;
    size_t real;
    if (state->in.index != 0 || !tl__op_lengths(pass, op, 0)) return;
    for (size_t r = first; r < first + rows; r++)
        if (slice_short(pass, op, r, &from, &real)) slice_copy_short(op, r, from, real, forward);
}

static void slice_forward_task(tl__pass *pass, tl__op *op, size_t task, void *scratch)
{
    const slice_state *state = op->state;
    size_t inner = state->in.inner, wide = state->in.n * inner, part = state->count * inner, first;
    size_t rows = tl__task_samples(pass, op, task, &first) * state->in.outer;
    (void)scratch;
    pass->kernels->copy_rows(op->out + first * op->size, part,
                             op->in[0] + first * op->in_size[0] + state->first * inner, wide, rows, part);
    slice_short_rows(pass, op, first, rows / state->in.outer, true);
}

static void slice_backward_task(tl__pass *pass, tl__op *op, size_t task, void *scratch)
{
    const slice_state *state = op->state;
    size_t inner = state->in.inner, wide = state->in.n * inner, part = state->count * inner, first;
    size_t rows = tl__task_samples(pass, op, task, &first) * state->in.outer;
    float *dx = op->d_in[0] + first * op->in_size[0];
    (void)scratch;
    pass->kernels->fill(dx, 0.0f, rows * wide);
    pass->kernels->copy_rows(dx + state->first * inner, wide, op->d_out + first * op->size, part, rows, part);
    slice_short_rows(pass, op, first, rows / state->in.outer, false);
}

static void slice_forward(tl__pass *pass, tl__op *op) { tl__pass_samples(pass, op, 10.0, slice_forward_task); }

static void slice_backward(tl__pass *pass, tl__op *op)
{
    if (op->d_in[0]) tl__pass_samples(pass, op, 15.0, slice_backward_task);
}

TL_PRIV const tl__member_head *tl__layer_slice(void)
{
    static const tl__layer_example examples[] = {
        {"first: 1, count: 3", 1, {{1, {7}}}}, {"axis: 0, first: -2", 1, {{2, {5, 3}}}},
        {"axis: 1, first: 1, count: 2", 1, {{3, {2, 4, 3}}}}, {"", 1, {{1, {1}}}}
    };
    static const tl__layer layer = {
        .head = {.name = "slice",
                 .help = "A range of an axis, y = x[first : first + count]: the last step of a series (axis: 0, "
                         "first: -1), some of its channels.",
                 .rows = slice_rows, .settings_size = sizeof(slice_settings)},
        .inputs_min = 1, .inputs_max = 1, .state_size = sizeof(slice_state), .shape = slice_shape,
        .identity = slice_identity, .keeps_time = slice_keeps_time, .carve = slice_carve, .forward = slice_forward,
        .backward = slice_backward, .examples = examples, .example_count = (int)TL_COUNT(examples)
    };
    return &layer.head;
}
