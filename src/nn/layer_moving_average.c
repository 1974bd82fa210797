/* The moving average of a series, its trend: position t is the mean of the `kernel` positions around it, and beyond
 * both ends the first and the last value go on. What `subtract` leaves of the series is the remainder. The
 * decomposition of Autoformer (Wu and others, 2021) and DLinear (Zeng and others, 2023).
 *
 * A sum is a chain of additions with ascending time, over all series of a sample side by side. */
#include "nn/layer.h"

typedef struct moving_average_settings {
    int64_t kernel, axis;
} moving_average_settings;

typedef struct moving_average_state {
    tl__axis in;
    size_t kernel;
    float factor;
} moving_average_state;

static const tl__field moving_average_rows[] = {
    {.name = "kernel", .kind = TL__FIELD_INT, .flags = TL__RESULT | TL__TUNE,
     .offset = offsetof(moving_average_settings, kernel), .fallback = 25, .min = 1, .max = 65535, .unit = "steps",
     .help = "how many positions are averaged; odd"},
    {.name = "axis", .kind = TL__FIELD_INT, .flags = TL__RESULT, .offset = offsetof(moving_average_settings, axis),
     .fallback = 0, .min = -TL__SHAPE_RANK, .max = TL__SHAPE_RANK - 1,
     .help = "along which axis: 0 is time; -1 is the last"},
    {.name = NULL}
};

static const char *moving_average_shape(const tl__site *site, tl__shape *out)
{
    const moving_average_settings *settings = site->settings;
    tl__axis axis;
    *out = *tl__site_in(site, 0);
    if (settings->kernel % 2 == 0) return "needs an odd `kernel`, so that it has a middle,";
    return tl__axis_of(out, settings->axis, &axis) ? NULL : "needs an input that has its `axis`";
}

static void moving_average_carve(const tl__site *site, tl__layer_memory *memory, void *block)
{
    moving_average_state *state = block;
    const moving_average_settings *settings = site->settings;
    tl__axis_of(tl__site_in(site, 0), settings->axis, &state->in);
    state->kernel = (size_t)settings->kernel;
    state->factor = 1.0f / (float)settings->kernel;
    memory->worker = tl__size_round((state->in.n + state->kernel) * state->in.inner * sizeof(float), 64);
}

static size_t moving_average_real(const tl__pass *pass, const tl__op *op, size_t row)
{
    const moving_average_state *state = op->state;
    const int32_t *lengths = state->in.index == 0 ? tl__op_lengths(pass, op, 0) : NULL;
    return lengths ? (size_t)lengths[row] : state->in.n;
}

static void moving_average_forward_task(tl__pass *pass, tl__op *op, size_t task, void *scratch)
{
    const moving_average_state *state = op->state;
    const tl__kernels *k = pass->kernels;
    size_t inner = state->in.inner, wide = state->in.n * inner, side = state->kernel / 2, first;
    size_t rows = tl__task_samples(pass, op, task, &first);
    float *padded = scratch;
    for (size_t r = first * state->in.outer; r < (first + rows) * state->in.outer; r++) {
        const float *x = op->in[0] + r * wide;
        float *y = op->out + r * wide;
        size_t real = moving_average_real(pass, op, r / state->in.outer) * inner;
        for (size_t i = 0; i < side; i++) memcpy(padded + i * inner, x, inner * sizeof *x);
        memcpy(padded + side * inner, x, real * sizeof *x);
        for (size_t i = 0; i < side; i++)
            memcpy(padded + (side + i) * inner + real, x + real - inner, inner * sizeof *x);
        k->copy(y, padded, real);
        for (size_t i = 1; i < state->kernel; i++) k->add(y, y, padded + i * inner, real);
        k->scale(y, y, state->factor, real);
        k->fill(y + real, 0.0f, wide - real);
    }
}

static void moving_average_backward_task(tl__pass *pass, tl__op *op, size_t task, void *scratch)
{
    const moving_average_state *state = op->state;
    const tl__kernels *k = pass->kernels;
    size_t inner = state->in.inner, wide = state->in.n * inner, side = state->kernel / 2, first;
    size_t rows = tl__task_samples(pass, op, task, &first);
    float *padded = scratch;
    for (size_t r = first * state->in.outer; r < (first + rows) * state->in.outer; r++) {
        float *dy = op->d_out + r * wide, *dx = op->d_in[0] + r * wide;
        size_t real = moving_average_real(pass, op, r / state->in.outer) * inner;
        k->scale(dy, dy, state->factor, real);
        k->fill(padded, 0.0f, real + 2 * side * inner);
        for (size_t i = 0; i < state->kernel; i++) k->add(padded + i * inner, padded + i * inner, dy, real);
        k->copy(dx, padded + side * inner, real);
        for (size_t i = 0; i < side; i++) {
            k->add(dx, dx, padded + i * inner, inner);
            k->add(dx + real - inner, dx + real - inner, padded + (side + i) * inner + real, inner);
        }
        k->fill(dx + real, 0.0f, wide - real);
    }
}

static void moving_average_run(tl__pass *pass, tl__op *op, tl__op_fn *run)
{
    const moving_average_state *state = op->state;
    tl__pass_samples(pass, op, 10.0 + 2.0 * (double)state->kernel, run);
}

static void moving_average_forward(tl__pass *pass, tl__op *op)
{
    moving_average_run(pass, op, moving_average_forward_task);
}

static void moving_average_backward(tl__pass *pass, tl__op *op)
{
    if (op->d_in[0]) moving_average_run(pass, op, moving_average_backward_task);
}

static double moving_average_flops(const tl__site *site)
{
    const moving_average_settings *settings = site->settings;
    return (double)settings->kernel * (double)tl__shape_size(&site->node->shape);
}

TL_PRIV const tl__member_head *tl__layer_moving_average(void)
{
    static const tl__layer_example examples[] = {
        {"kernel: 3", 1, {{2, {5, 3}}}}, {"axis: -1", 1, {{2, {2, 9}}}}, {"kernel: 5, axis: 1", 1, {{3, {2, 4, 3}}}},
        {"kernel: 7", 1, {{1, {1}}}}, {"kernel: 1", 1, {{1, {3}}}}
    };
    static const tl__layer layer = {
        .head = {.name = "moving_average",
                 .help = "The trend of a series: y[t] is the mean of the `kernel` values around t, where beyond the "
                         "ends the first and the last value go on. `subtract` gives the remainder (Wu and others, "
                         "2021; Zeng and others, 2023).",
                 .rows = moving_average_rows, .settings_size = sizeof(moving_average_settings)},
        .inputs_min = 1, .inputs_max = 1, .state_size = sizeof(moving_average_state), .shape = moving_average_shape,
        .keeps_time = tl__keeps_positions, .carve = moving_average_carve, .forward = moving_average_forward,
        .backward = moving_average_backward, .flops = moving_average_flops, .examples = examples,
        .example_count = (int)TL_COUNT(examples)
    };
    return &layer.head;
}
