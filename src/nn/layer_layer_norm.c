/* Layer norm: each row is brought to mean 0 and (biased) variance 1 over its last axes, then scaled and shifted:
 * y = (x - mean) / sqrt(variance + eps) * weight + bias. Ba, Kiros and Hinton 2016. */
#include "nn/layer.h"

enum { LAYER_NORM_COLUMNS = 64 };

typedef struct layer_norm_settings {
    int64_t axes;
    double eps;
    bool affine;
} layer_norm_settings;

typedef struct layer_norm_state {
    size_t columns, repeat;          /* numbers that are normalised together, and how many such groups a sample has */
    float *mean, *inverse;           /* [rows * repeat]; NULL in evaluation */
    size_t row_tasks;                /* of the running backward pass */
} layer_norm_state;

static const tl__field layer_norm_rows[] = {
    {.name = "axes", .kind = TL__FIELD_INT, .flags = TL__RESULT, .offset = offsetof(layer_norm_settings, axes),
     .fallback = 1, .min = 1, .max = TL__SHAPE_RANK, .help = "how many of the last axes are normalised together"},
    {.name = "eps", .kind = TL__FIELD_FLOAT, .flags = TL__RESULT, .offset = offsetof(layer_norm_settings, eps),
     .fallback = 1e-5, .min = 1e-12, .max = 1, .help = "added to the variance"},
    {.name = "affine", .kind = TL__FIELD_BOOL, .flags = TL__RESULT, .offset = offsetof(layer_norm_settings, affine),
     .fallback = 1, .max = 1, .help = "learn a factor and an offset for each number"},
    {.name = NULL}
};

static const char *layer_norm_shape(const tl__site *site, tl__shape *out)
{
    const layer_norm_settings *settings = site->settings;
    *out = *tl__site_in(site, 0);
    if (settings->axes > out->rank) return "needs an input of as many axes as `axes` says";
    return NULL;
}

static size_t layer_norm_columns(const tl__site *site)
{
    const layer_norm_settings *settings = site->settings;
    const tl__shape *shape = &site->node->shape;
    size_t columns = 1;
    for (int i = shape->rank - (int)settings->axes; i < shape->rank; i++) columns *= shape->dim[i];
    return columns;
}

static int layer_norm_tensors(const tl__site *site, tl__tensor_spec *out)
{
    const layer_norm_settings *settings = site->settings;
    const tl__shape *shape = &site->node->shape;
    if (!settings->affine) return 0;
    for (int t = 0; t < 2; t++) {
        out[t] = (tl__tensor_spec){.name = t ? "bias" : "weight", .rank = (int)settings->axes,
                                   .init = t ? TL__INIT_ZEROS : TL__INIT_ONES};
        for (int i = 0; i < out[t].rank; i++) out[t].dim[i] = shape->dim[shape->rank - out[t].rank + i];
    }
    return 2;
}

static void layer_norm_carve(const tl__site *site, tl__layer_memory *memory, void *block)
{
    layer_norm_state *state = block;
    state->columns = layer_norm_columns(site);
    state->repeat = tl__shape_size(&site->node->shape) / state->columns;
    if (!memory->training) return;
    state->mean = TL_CARVE(&memory->kept, float, memory->rows * state->repeat);
    state->inverse = TL_CARVE(&memory->kept, float, memory->rows * state->repeat);
    memory->keeps_input = true;
}

static size_t layer_norm_range(const tl__pass *pass, const layer_norm_state *state, size_t task, size_t *first)
{
    size_t block = tl__row_block(state->columns);
    *first = task * block;
    return tl__size_min(block, pass->rows * state->repeat - *first);
}

/* Where time is among what is normalised together: how many numbers of a sample are real. Samples are then groups of
 * their own size. */
static size_t layer_norm_real(const tl__pass *pass, const tl__op *op, size_t sample)
{
    const layer_norm_state *state = op->state;
    const int32_t *lengths = tl__op_lengths(pass, op, 0);
    const tl__shape *shape = &op->node->shape;
    return lengths ? (size_t)lengths[sample] * (state->columns / shape->dim[0]) : state->columns;
}

static bool layer_norm_mixes_time(const tl__pass *pass, const tl__op *op)
{
    const layer_norm_state *state = op->state;
    return state->repeat == 1 && op->node->shape.rank > 1 && tl__op_lengths(pass, op, 0);
}

static void layer_norm_forward_task(tl__pass *pass, tl__op *op, size_t task, void *scratch)
{
    const layer_norm_state *state = op->state;
    const layer_norm_settings *settings = op->settings;
    size_t first, rows = layer_norm_range(pass, state, task, &first), end = first + rows;
    bool mixes = layer_norm_mixes_time(pass, op);
    (void)scratch;
    for (size_t each = mixes ? 1 : rows; first < end; first += each) {
        size_t at = first * state->columns, real = mixes ? layer_norm_real(pass, op, first) : state->columns;
        pass->kernels->layer_norm(op->out + at, state->mean ? state->mean + first : NULL,
                                  state->inverse ? state->inverse + first : NULL, op->in[0] + at, op->tensor[0],
                                  op->tensor[1], (float)settings->eps, each, real);
        if (mixes) pass->kernels->fill(op->out + at + real, 0, state->columns - real);
    }
}

static void layer_norm_forward(tl__pass *pass, tl__op *op)
{
    const layer_norm_state *state = op->state;
    tl__pass_run(pass, op, tl__blocks(pass->rows * state->repeat, tl__row_block(state->columns)),
                 30.0 * (double)(pass->rows * op->size), layer_norm_forward_task);
}

static void layer_norm_backward_task(tl__pass *pass, tl__op *op, size_t task, void *scratch)
{
    const layer_norm_state *state = op->state;
    (void)scratch;
    if (task < state->row_tasks) {
        size_t first, rows = layer_norm_range(pass, state, task, &first), end = first + rows;
        bool mixes = layer_norm_mixes_time(pass, op);
        for (size_t each = mixes ? 1 : rows; first < end; first += each) {
            size_t at = first * state->columns, real = mixes ? layer_norm_real(pass, op, first) : state->columns;
            pass->kernels->layer_norm_backward(op->d_in[0] + at, op->d_out + at, op->in[0] + at, state->mean + first,
                                               state->inverse + first, op->tensor[0], each, real);
            if (mixes) pass->kernels->fill(op->d_in[0] + at + real, 0, state->columns - real);
        }
    } else {
        size_t first = (task - state->row_tasks) * LAYER_NORM_COLUMNS;
        pass->kernels->layer_norm_sums(op->gradient[0], op->gradient[1], op->d_out, op->in[0], state->mean,
                                       state->inverse, pass->rows * state->repeat, state->columns,
                                       tl__pass_cut(pass, state->repeat), first,
                                       tl__size_min(LAYER_NORM_COLUMNS, state->columns - first));
    }
}

static void layer_norm_backward(tl__pass *pass, tl__op *op)
{
    layer_norm_state *state = op->state;
    size_t groups = pass->rows * state->repeat;
    state->row_tasks = op->d_in[0] ? tl__blocks(groups, tl__row_block(state->columns)) : 0;
    size_t column_tasks = op->gradient[0] ? tl__blocks(state->columns, LAYER_NORM_COLUMNS) : 0;
    tl__pass_run(pass, op, state->row_tasks + column_tasks, 70.0 * (double)(pass->rows * op->size),
                 layer_norm_backward_task);
}

static double layer_norm_flops(const tl__site *site) { return 8.0 * (double)tl__shape_size(&site->node->shape); }

TL_PRIV const tl__member_head *tl__layer_layer_norm(void)
{
    static const tl__layer_example examples[] = {
        {"", 1, {{1, {6}}}}, {"affine: false, eps: 0.000001", 1, {{2, {3, 7}}}}, {"axes: 2", 1, {{2, {3, 4}}}},
        {"", 1, {{1, {100}}}}
    };
    static const tl__layer layer = {
        .head = {.name = "layer_norm", .aliases = "layernorm",
                 .help = "Each row is brought to mean 0 and variance 1 over its last axis (or `axes` of them), then "
                         "scaled and shifted by learned numbers (Ba, Kiros and Hinton 2016).",
                 .rows = layer_norm_rows, .settings_size = sizeof(layer_norm_settings)},
        .inputs_min = 1, .inputs_max = 1, .state_size = sizeof(layer_norm_state), .shape = layer_norm_shape,
        .keeps_time = tl__keeps_positions,
        .tensors = layer_norm_tensors, .carve = layer_norm_carve, .forward = layer_norm_forward,
        .backward = layer_norm_backward, .flops = layer_norm_flops, .examples = examples,
        .example_count = (int)TL_COUNT(examples)
    };
    return &layer.head;
}
