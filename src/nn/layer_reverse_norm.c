/* The way back of instance norm: y, of [time, channel], gets the scale and the mean that the channels of x have over
 * their time: out = y * sqrt(variance(x) + eps) + mean(x). Kim and others, "Reversible instance normalization for
 * accurate time-series forecasting against distribution shift", 2022. x may have more channels than y; its first ones
 * count. A channel is gathered into a row, so that its sums are those of rows. */
#include "base/math.h"
#include "nn/layer.h"

typedef struct reverse_norm_settings {
    double eps;
} reverse_norm_settings;

typedef struct reverse_norm_state {
    size_t ahead, past;          /* steps of y and x */
    size_t channels, wide;       /* channels of y and x */
} reverse_norm_state;

static const tl__field reverse_norm_rows[] = {
    {.name = "eps", .kind = TL__FIELD_FLOAT, .flags = TL__RESULT, .offset = offsetof(reverse_norm_settings, eps),
     .fallback = 1e-5, .min = 1e-12, .max = 1, .help = "added to the variance; as that of instance_norm"},
    {.name = NULL}
};

static const char *reverse_norm_shape(const tl__site *site, tl__shape *out)
{
    const tl__shape *x = tl__site_in(site, 1);
    *out = *tl__site_in(site, 0);
    if (out->rank != 2 || x->rank != 2 || x->dim[1] < out->dim[1])
        return "needs [time, channel] and, second, the series whose level it puts back, with as many channels or more,";
    return NULL;
}

static void reverse_norm_carve(const tl__site *site, tl__layer_memory *memory, void *block)
{
    reverse_norm_state *state = block;
    const tl__shape *y = tl__site_in(site, 0), *x = tl__site_in(site, 1);
    *state = (reverse_norm_state){y->dim[0], x->dim[0], y->dim[1], x->dim[1]};
    memory->worker = tl__size_round((state->past + 2 * state->ahead) * sizeof(float), 64);
    memory->keeps_input = true;
}

static void reverse_norm_gather(float *out, const float *x, size_t steps, size_t wide)
{
    for (size_t t = 0; t < steps; t++) out[t] = x[t * wide];
}

static size_t reverse_norm_past(const tl__pass *pass, const tl__op *op, size_t row)
{
    const reverse_norm_state *state = op->state;
    const int32_t *lengths = tl__op_lengths(pass, op, 1);
    return lengths ? (size_t)lengths[row] : state->past;
}

/* A channel of x into `column`, its mean and its scale. */
static void reverse_norm_moments(const tl__pass *pass, const tl__op *op, size_t row, size_t channel, float *column,
                                 float *mean, float *scale)
{
    const reverse_norm_state *state = op->state;
    const reverse_norm_settings *settings = op->settings;
    size_t past = reverse_norm_past(pass, op, row);
    float variance;
    reverse_norm_gather(column, op->in[1] + row * op->in_size[1] + channel, past, state->wide);
    pass->kernels->row_moments(mean, &variance, column, 1, past);
    *scale = tl__sqrt(variance + (float)settings->eps);
}

static void reverse_norm_forward_task(tl__pass *pass, tl__op *op, size_t task, void *scratch)
{
    const reverse_norm_state *state = op->state;
    size_t first, rows = tl__task_samples(pass, op, task, &first);
    float mean, scale;
    for (size_t r = first; r < first + rows; r++)
        for (size_t c = 0; c < state->channels; c++) {
            reverse_norm_moments(pass, op, r, c, scratch, &mean, &scale);
            for (size_t t = 0; t < state->ahead; t++) {
                size_t at = r * op->size + t * state->channels + c;
                op->out[at] = op->in[0][at] * scale + mean;
            }
        }
}

/* With s the scale and m the mean of n steps: dy = s * dout, ds = sum dout * y, dm = sum dout,
 * dx = dm / n + ds * (x - m) / (n * s). */
static void reverse_norm_backward_task(tl__pass *pass, tl__op *op, size_t task, void *scratch)
{
    const reverse_norm_state *state = op->state;
    size_t first, rows = tl__task_samples(pass, op, task, &first), ahead = state->ahead;
    float *x = scratch, *y = x + state->past, *dy = y + ahead, mean, scale;
    for (size_t r = first; r < first + rows; r++) {
        size_t past = reverse_norm_past(pass, op, r);
        float *dx = op->d_in[1] ? op->d_in[1] + r * op->in_size[1] : NULL;
        if (dx) memset(dx, 0, op->in_size[1] * sizeof *dx);
        for (size_t c = 0; c < state->channels; c++) {
            size_t at = r * op->size + c;
            reverse_norm_moments(pass, op, r, c, x, &mean, &scale);
            for (size_t t = 0; t < ahead && op->d_in[0]; t++)
                op->d_in[0][at + t * state->channels] = op->d_out[at + t * state->channels] * scale;
            if (!dx) continue;
            reverse_norm_gather(y, op->in[0] + at, ahead, state->channels);
            reverse_norm_gather(dy, op->d_out + at, ahead, state->channels);
            float level = pass->kernels->sum(dy, ahead, 1) / (float)past;
            float slope = pass->kernels->dot(dy, y, ahead, 1) / ((float)past * scale);
            for (size_t t = 0; t < past; t++) dx[t * state->wide + c] = (x[t] - mean) * slope + level;
        }
    }
}

static void reverse_norm_forward(tl__pass *pass, tl__op *op)
{
    tl__pass_samples(pass, op, 60.0, reverse_norm_forward_task);
}

static void reverse_norm_backward(tl__pass *pass, tl__op *op)
{
    if (op->d_in[0] || op->d_in[1]) tl__pass_samples(pass, op, 90.0, reverse_norm_backward_task);
}

TL_PRIV const tl__member_head *tl__layer_reverse_norm(void)
{
    static const tl__layer_example examples[] = {
        {"eps: 0.01", 2, {{2, {3, 2}}, {2, {3, 2}}}}, {"", 2, {{2, {5, 1}}, {2, {5, 3}}}}
    };
    static const tl__layer layer = {
        .head = {.name = "reverse_norm",
                 .help = "The way back of instance_norm, `from: [y, x]`: y gets the scale and the mean that the "
                         "channels of x have over time, y * sqrt(variance + eps) + mean (Kim and others, 2022). x is "
                         "what instance_norm read.",
                 .rows = reverse_norm_rows, .settings_size = sizeof(reverse_norm_settings)},
        .inputs_min = 2, .inputs_max = 2, .state_size = sizeof(reverse_norm_state), .shape = reverse_norm_shape,
        .keeps_time = tl__keeps_positions, .carve = reverse_norm_carve, .forward = reverse_norm_forward,
        .backward = reverse_norm_backward, .examples = examples, .example_count = (int)TL_COUNT(examples)
    };
    return &layer.head;
}
