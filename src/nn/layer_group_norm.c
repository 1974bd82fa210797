/* Group norm: the channels (the last axis) are cut into groups; each group of a sample, over all its positions, is
 * brought to mean 0 and (biased) variance 1, then each channel is scaled and shifted: y = (x - mean) / sqrt(variance +
 * eps) * weight + bias. Wu and He 2018. With as many groups as channels it is instance norm.
 *
 * A group's numbers are gathered into a row, so that its sums are those of layer norm over [position, channel]. */
#include "nn/layer.h"

enum { GROUP_NORM_COLUMNS = 64 };

typedef struct group_norm_settings {
    int64_t groups;
    double eps;
    bool affine;
} group_norm_settings;

typedef struct group_norm_state {
    size_t positions, channels, groups, width;   /* width: channels of a group */
    bool timed;                                  /* the first axis are positions of a sequence */
    size_t step;                                 /* positions of one of the first axis */
    float *mean, *inverse;                       /* [rows, groups]; NULL in evaluation */
    float *xhat;                                 /* [rows, size], on the way back */
    size_t row_tasks;                            /* of the running backward pass */
} group_norm_state;

static const tl__field group_norm_rows[] = {
    {.name = "groups", .kind = TL__FIELD_INT, .flags = TL__RESULT | TL__TUNE,
     .offset = offsetof(group_norm_settings, groups), .fallback = 1, .min = 1, .max = 1048576,
     .help = "how many; they divide the channels"},
    {.name = "eps", .kind = TL__FIELD_FLOAT, .flags = TL__RESULT, .offset = offsetof(group_norm_settings, eps),
     .fallback = 1e-5, .min = 1e-12, .max = 1, .help = "added to the variance"},
    {.name = "affine", .kind = TL__FIELD_BOOL, .flags = TL__RESULT, .offset = offsetof(group_norm_settings, affine),
     .fallback = 1, .max = 1, .help = "learn a factor and an offset for each channel"},
    {.name = NULL}
};

static size_t group_norm_channels(const tl__site *site)
{
    const tl__shape *shape = tl__site_in(site, 0);
    return shape->dim[shape->rank - 1];
}

static const char *group_norm_shape(const tl__site *site, tl__shape *out)
{
    const group_norm_settings *settings = site->settings;
    *out = *tl__site_in(site, 0);
    return group_norm_channels(site) % (size_t)settings->groups ? "needs `groups` that divide its channels" : NULL;
}

static int group_norm_tensors(const tl__site *site, tl__tensor_spec *out)
{
    const group_norm_settings *settings = site->settings;
    size_t channels = group_norm_channels(site);
    out[0] = (tl__tensor_spec){.name = "weight", .rank = 1, .dim = {channels}, .init = TL__INIT_ONES};
    out[1] = (tl__tensor_spec){.name = "bias", .rank = 1, .dim = {channels}, .init = TL__INIT_ZEROS};
    return settings->affine ? 2 : 0;
}

static void group_norm_carve(const tl__site *site, tl__layer_memory *memory, void *block)
{
    group_norm_state *state = block;
    const group_norm_settings *settings = site->settings;
    const tl__shape *shape = tl__site_in(site, 0);
    size_t size = tl__shape_size(shape);
    state->channels = group_norm_channels(site);
    state->positions = size / state->channels;
    state->groups = (size_t)settings->groups;
    state->width = state->channels / state->groups;
    state->timed = shape->rank > 1;
    state->step = state->timed ? state->positions / shape->dim[0] : 1;
    memory->worker = tl__size_round(2 * state->positions * state->width * sizeof(float), 64);
    if (!memory->training) return;
    state->mean = TL_CARVE(&memory->kept, float, memory->rows * state->groups);
    state->inverse = TL_CARVE(&memory->kept, float, memory->rows * state->groups);
    if (settings->affine) state->xhat = TL_CARVE(&memory->backward, float, memory->rows * size);
    memory->keeps_input = true;
}

/* Positions of a row that are real. */
static size_t group_norm_real(const tl__pass *pass, const tl__op *op, size_t row)
{
    const group_norm_state *state = op->state;
    const int32_t *lengths = state->timed ? tl__op_lengths(pass, op, 0) : NULL;
    return lengths ? (size_t)lengths[row] * state->step : state->positions;
}

static void group_norm_forward_task(tl__pass *pass, tl__op *op, size_t task, void *scratch)
{
    const group_norm_state *state = op->state;
    const group_norm_settings *settings = op->settings;
    const tl__kernels *k = pass->kernels;
    size_t channels = state->channels, width = state->width, first, rows = tl__task_samples(pass, op, task, &first);
    float *values = scratch;
    for (size_t r = first; r < first + rows; r++) {
        size_t real = group_norm_real(pass, op, r), at = r * op->size;
        for (size_t g = 0; g < state->groups; g++) {
            size_t place = r * state->groups + g;
            k->copy_rows(values, width, op->in[0] + at + g * width, channels, real, width);
            k->layer_norm(values, state->mean ? state->mean + place : NULL, state->mean ? state->inverse + place : NULL,
                          values, NULL, NULL, (float)settings->eps, 1, real * width);
            k->copy_rows(op->out + at + g * width, channels, values, width, real, width);
        }
        for (size_t p = 0; p < real && settings->affine; p++) {
            float *y = op->out + at + p * channels;
            k->multiply(y, y, op->tensor[0], channels);
            k->add(y, y, op->tensor[1], channels);
        }
        k->fill(op->out + at + real * channels, 0.0f, (state->positions - real) * channels);
    }
}

/* A group of a row on the way back: dx, and xhat for the sums over rows. */
static void group_norm_backward_group(tl__pass *pass, tl__op *op, size_t row, size_t group, size_t real, float *scratch)
{
    const group_norm_state *state = op->state;
    const tl__kernels *k = pass->kernels;
    size_t channels = state->channels, width = state->width, count = real * width;
    size_t at = row * op->size + group * width, place = row * state->groups + group;
    float *x = scratch, *dy = scratch + state->positions * width;
    k->copy_rows(x, width, op->in[0] + at, channels, real, width);
    if (op->d_in[0]) {
        k->copy_rows(dy, width, op->d_out + at, channels, real, width);
        for (size_t p = 0; p < real && op->tensor[0]; p++)
            k->multiply(dy + p * width, dy + p * width, op->tensor[0] + group * width, width);
        k->layer_norm_backward(dy, dy, x, state->mean + place, state->inverse + place, NULL, 1, count);
        k->copy_rows(op->d_in[0] + at, channels, dy, width, real, width);
    }
    if (!op->gradient[0]) return;
    k->normalize(x, x, state->mean[place], state->inverse[place], count);
    k->copy_rows(state->xhat + at, channels, x, width, real, width);
}

static void group_norm_backward_task(tl__pass *pass, tl__op *op, size_t task, void *scratch)
{
    const group_norm_state *state = op->state;
    size_t first, rows = tl__task_samples(pass, op, task, &first);
    for (size_t r = first; r < first + rows; r++) {
        size_t real = group_norm_real(pass, op, r), from = r * op->size + real * state->channels;
        for (size_t g = 0; g < state->groups; g++) group_norm_backward_group(pass, op, r, g, real, scratch);
        if (op->d_in[0]) pass->kernels->fill(op->d_in[0] + from, 0.0f, (r + 1) * op->size - from);
        if (op->gradient[0]) pass->kernels->fill(state->xhat + from, 0.0f, (r + 1) * op->size - from);
    }
}

static void group_norm_sums_task(tl__pass *pass, tl__op *op, size_t task, void *scratch)
{
    const group_norm_state *state = op->state;
    size_t first = task * GROUP_NORM_COLUMNS, count = tl__size_min(GROUP_NORM_COLUMNS, state->channels - first);
    size_t rows = pass->rows * state->positions;
    tl__cut cut = tl__pass_cut(pass, state->positions);
    (void)scratch;
    pass->kernels->column_dots(op->gradient[0], op->d_out, state->xhat, rows, state->channels, cut, first, count);
    pass->kernels->column_sums(op->gradient[1], op->d_out, rows, state->channels, cut, first, count);
}

static void group_norm_forward(tl__pass *pass, tl__op *op)
{
    tl__pass_samples(pass, op, 50.0, group_norm_forward_task);
}

static void group_norm_backward(tl__pass *pass, tl__op *op)
{
    const group_norm_state *state = op->state;
    if (op->d_in[0] || op->gradient[0]) tl__pass_samples(pass, op, 90.0, group_norm_backward_task);
    if (op->gradient[0])
        tl__pass_run(pass, op, tl__blocks(state->channels, GROUP_NORM_COLUMNS), 20.0 * (double)(pass->rows * op->size),
                     group_norm_sums_task);
}

static double group_norm_flops(const tl__site *site) { return 8.0 * (double)tl__shape_size(&site->node->shape); }

TL_PRIV const tl__member_head *tl__layer_group_norm(void)
{
    static const tl__layer_example examples[] = {
        {"", 1, {{2, {3, 4}}}}, {"groups: 3", 1, {{2, {5, 6}}}}, {"groups: 2, affine: false", 1, {{3, {2, 3, 4}}}},
        {"groups: 3, eps: 0.01", 1, {{2, {4, 3}}}}, {"groups: 2", 1, {{1, {10}}}}
    };
    static const tl__layer layer = {
        .head = {.name = "group_norm", .aliases = "groupnorm",
                 .help = "The channels in `groups`; each group of a sample, over all its positions, is brought to "
                         "mean 0 and variance 1, then each channel is scaled and shifted by learned numbers (Wu and "
                         "He, 2018).",
                 .rows = group_norm_rows, .settings_size = sizeof(group_norm_settings)},
        .inputs_min = 1, .inputs_max = 1, .state_size = sizeof(group_norm_state), .shape = group_norm_shape,
        .tensors = group_norm_tensors, .keeps_time = tl__keeps_positions, .carve = group_norm_carve,
        .forward = group_norm_forward, .backward = group_norm_backward, .flops = group_norm_flops,
        .examples = examples, .example_count = (int)TL_COUNT(examples)
    };
    return &layer.head;
}
