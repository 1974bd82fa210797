/* Batch norm over the last axis (features, channels): y = (x - mean) / sqrt(variance + eps) * weight + bias, with mean
 * and biased variance of the batch in training, running ones in evaluation. Ioffe and Szegedy 2015; conventions are
 * PyTorch's: running = (1 - momentum) * running + momentum * batch, the running variance from the unbiased one.
 *
 * Two passes over columns in blocks, then one over rows. A frozen layer uses its running statistics in training too.
 * Padding of sequences is no part of the batch: in a copy of the input, for which the output has room, it is 0 for the
 * sums and the mean for the squares of deviations, so that it adds nothing to either. The output is 0 there.
 *
 * Running statistics move in commit, after the loss is known to be finite; those of a feature that is always zero would
 * decay into subnormals and are settled as an optimizer's moments are. */
#include "nn/layer.h"

enum { BATCH_NORM_COLUMNS = 64 };

typedef struct batch_norm_settings {
    double momentum, eps;
    bool affine;
} batch_norm_settings;

typedef struct batch_norm_state {
    size_t columns, repeat;
    size_t step;                             /* rows of a position of the first axis */
    size_t real;                             /* rows of the batch that are no padding */
    int running;                             /* number of running_mean among the tensors */
    float *mean, *variance, *inverse;        /* [columns] each */
    float *sums;                             /* [2, columns]: gradients of weight and bias where nobody else keeps
                                                them */
} batch_norm_state;

static const tl__field batch_norm_rows[] = {
    {.name = "momentum", .kind = TL__FIELD_FLOAT, .flags = TL__RESULT,
     .offset = offsetof(batch_norm_settings, momentum),
     .fallback = 0.1, .min = 0, .max = 1, .help = "share of a batch in the running statistics"},
    {.name = "eps", .kind = TL__FIELD_FLOAT, .flags = TL__RESULT, .offset = offsetof(batch_norm_settings, eps),
     .fallback = 1e-5, .min = 1e-12, .max = 1, .help = "added to the variance"},
    {.name = "affine", .kind = TL__FIELD_BOOL, .flags = TL__RESULT, .offset = offsetof(batch_norm_settings, affine),
     .fallback = 1, .max = 1, .help = "learn a factor and an offset for each feature"},
    {.name = NULL}
};

static const char *batch_norm_shape(const tl__site *site, tl__shape *out)
{
    *out = *tl__site_in(site, 0);
    return NULL;
}

static int batch_norm_tensors(const tl__site *site, tl__tensor_spec *out)
{
    const batch_norm_settings *settings = site->settings;
    const tl__shape *shape = &site->node->shape;
    size_t columns = shape->dim[shape->rank - 1];
    int count = 0;
    if (settings->affine) {
        out[count++] = (tl__tensor_spec){.name = "weight", .rank = 1, .dim = {columns}, .init = TL__INIT_ONES};
        out[count++] = (tl__tensor_spec){.name = "bias", .rank = 1, .dim = {columns}, .init = TL__INIT_ZEROS};
    }
    out[count++] = (tl__tensor_spec){.name = "running_mean", .rank = 1, .dim = {columns}, .init = TL__INIT_ZEROS,
                                     .buffer = true};
    out[count++] = (tl__tensor_spec){.name = "running_var", .rank = 1, .dim = {columns}, .init = TL__INIT_ONES,
                                     .buffer = true};
    return count;
}

static void batch_norm_carve(const tl__site *site, tl__layer_memory *memory, void *block)
{
    batch_norm_state *state = block;
    const batch_norm_settings *settings = site->settings;
    const tl__shape *shape = &site->node->shape;
    state->columns = shape->dim[shape->rank - 1];
    state->repeat = tl__shape_size(shape) / state->columns;
    state->step = shape->rank > 1 ? state->repeat / shape->dim[0] : 1;
    state->running = settings->affine ? 2 : 0;
    state->mean = TL_CARVE(&memory->kept, float, state->columns);
    state->variance = TL_CARVE(&memory->kept, float, state->columns);
    state->inverse = TL_CARVE(&memory->kept, float, state->columns);
    state->sums = TL_CARVE(&memory->backward, float, 2 * state->columns);
    memory->keeps_input = true;
}

static bool batch_norm_uses_batch(const tl__pass *pass, const tl__op *op)
{
    return pass->training && !op->node->common->frozen;
}

/* Lengths of sequences where they matter; NULL: no row is padding. */
static const int32_t *batch_norm_lengths(const tl__pass *pass, const tl__op *op)
{
    return batch_norm_uses_batch(pass, op) && op->node->shape.rank > 1 ? tl__op_lengths(pass, op, 0) : NULL;
}

/* Columns of the rows [first, end) of `values` that are padding become 0, or those of `row`. */
static void batch_norm_fill(const batch_norm_state *state, const int32_t *lengths, float *values, const float *row,
                            size_t first, size_t end, size_t column, size_t count)
{
    for (size_t r = first; r < end; r++) {
        size_t sample = r / state->repeat, real = (size_t)lengths[sample] * state->step;
        float *to = values + r * state->columns + column;
        if (r % state->repeat < real) continue;
        if (row) memcpy(to, row + column, count * sizeof *to);
        else memset(to, 0, count * sizeof *to);
    }
}

static void batch_norm_inverse(const batch_norm_state *state, const tl__op *op, const float *variance, size_t first,
                               size_t count)
{
    const batch_norm_settings *settings = op->settings;
    float eps = (float)settings->eps;
    for (size_t j = first; j < first + count; j++) state->inverse[j] = 1.0f / tl__sqrt(variance[j] + eps);
}

static void batch_norm_statistics_task(tl__pass *pass, tl__op *op, size_t task, void *scratch)
{
    const batch_norm_state *state = op->state;
    size_t first = task * BATCH_NORM_COLUMNS, count = tl__size_min(BATCH_NORM_COLUMNS, state->columns - first);
    size_t rows = pass->rows * state->repeat;
    tl__cut cut = tl__pass_cut(pass, state->repeat);
    const int32_t *lengths = batch_norm_lengths(pass, op);
    const float *in = op->in[0];
    float real = (float)state->real;
    (void)scratch;
    if (!batch_norm_uses_batch(pass, op)) {
        memcpy(state->mean + first, op->tensor[state->running] + first, count * sizeof(float));
        batch_norm_inverse(state, op, op->tensor[state->running + 1], first, count);
        return;
    }
    if (lengths) {
        for (size_t r = 0; r < rows; r++)
            memcpy(op->out + r * state->columns + first, in + r * state->columns + first, count * sizeof *in);
        batch_norm_fill(state, lengths, op->out, NULL, 0, rows, first, count);
        in = op->out;
    }
    pass->kernels->column_sums(state->mean, in, rows, state->columns, cut, first, count);
    for (size_t j = first; j < first + count; j++) state->mean[j] /= real;
    if (lengths) batch_norm_fill(state, lengths, op->out, state->mean, 0, rows, first, count);
    pass->kernels->column_square_deviations(state->variance, in, state->mean, rows, state->columns, cut, first, count);
    for (size_t j = first; j < first + count; j++) state->variance[j] /= real;
    batch_norm_inverse(state, op, state->variance, first, count);
}

/* Rows of the last axis that a task works on. */
static size_t batch_norm_range(const tl__pass *pass, const batch_norm_state *state, size_t task, size_t *first)
{
    size_t block = tl__row_block(state->columns);
    *first = task * block;
    return tl__size_min(block, pass->rows * state->repeat - *first);
}

static const float *batch_norm_weight(const batch_norm_state *state, const tl__op *op, int index)
{
    return state->running ? op->tensor[index] : NULL;
}

static void batch_norm_forward_task(tl__pass *pass, tl__op *op, size_t task, void *scratch)
{
    const batch_norm_state *state = op->state;
    size_t first, rows = batch_norm_range(pass, state, task, &first), at = first * state->columns;
    (void)scratch;
    pass->kernels->batch_norm(op->out + at, op->in[0] + at, state->mean, state->inverse,
                              batch_norm_weight(state, op, 0), batch_norm_weight(state, op, 1), rows, state->columns);
    const int32_t *lengths = batch_norm_lengths(pass, op);
    if (lengths) batch_norm_fill(state, lengths, op->out, NULL, first, first + rows, 0, state->columns);
}

static void batch_norm_forward(tl__pass *pass, tl__op *op)
{
    batch_norm_state *state = op->state;
    size_t rows = pass->rows * state->repeat;
    const int32_t *lengths = batch_norm_lengths(pass, op);
    state->real = lengths ? 0 : rows;
    for (size_t i = 0; lengths && i < pass->rows; i++) state->real += (size_t)lengths[i] * state->step;
    double work = 20.0 * (double)(rows * state->columns);
    tl__pass_run(pass, op, tl__blocks(state->columns, BATCH_NORM_COLUMNS), work, batch_norm_statistics_task);
    tl__pass_run(pass, op, tl__blocks(rows, tl__row_block(state->columns)), work, batch_norm_forward_task);
}

static void batch_norm_commit(tl__pass *pass, tl__op *op)
{
    (void)pass;
    const batch_norm_state *state = op->state;
    const batch_norm_settings *settings = op->settings;
    float share = (float)settings->momentum, keep = (float)(1.0 - settings->momentum);
    float rows = (float)state->real, unbiased = rows > 1.0f ? rows / (rows - 1.0f) : 1.0f;
    float *mean = op->tensor[state->running], *variance = op->tensor[state->running + 1];
    for (size_t j = 0; j < state->columns; j++) {
        mean[j] = tl__settled(keep * mean[j] + share * state->mean[j]);
        variance[j] = tl__settled(keep * variance[j] + share * (state->variance[j] * unbiased));
    }
}

/* Where the gradients of weight and bias are summed: they are needed for dx even when nobody trains them. */
static float *batch_norm_sum(const batch_norm_state *state, const tl__op *op, int index)
{
    float *gradient = state->running ? op->gradient[index] : NULL;
    return gradient ? gradient : state->sums + (size_t)index * state->columns;
}

static void batch_norm_sums_task(tl__pass *pass, tl__op *op, size_t task, void *scratch)
{
    const batch_norm_state *state = op->state;
    size_t first = task * BATCH_NORM_COLUMNS, count = tl__size_min(BATCH_NORM_COLUMNS, state->columns - first);
    (void)scratch;
    pass->kernels->batch_norm_sums(batch_norm_sum(state, op, 0), batch_norm_sum(state, op, 1), op->d_out, op->in[0],
                                   state->mean, state->inverse, pass->rows * state->repeat, state->columns,
                                   tl__pass_cut(pass, state->repeat), first, count);
}

static void batch_norm_backward_task(tl__pass *pass, tl__op *op, size_t task, void *scratch)
{
    const batch_norm_state *state = op->state;
    size_t first, rows = batch_norm_range(pass, state, task, &first), at = first * state->columns;
    bool batch = batch_norm_uses_batch(pass, op);
    (void)scratch;
    pass->kernels->batch_norm_backward(op->d_in[0] + at, op->d_out + at, op->in[0] + at, state->mean, state->inverse,
                                       batch_norm_weight(state, op, 0), batch ? batch_norm_sum(state, op, 0) : NULL,
                                       batch ? batch_norm_sum(state, op, 1) : NULL,
                                       1.0f / (float)state->real, rows, state->columns);
    const int32_t *lengths = batch_norm_lengths(pass, op);
    if (lengths) batch_norm_fill(state, lengths, op->d_in[0], NULL, first, first + rows, 0, state->columns);
}

static void batch_norm_backward(tl__pass *pass, tl__op *op)
{
    const batch_norm_state *state = op->state;
    size_t rows = pass->rows * state->repeat;
    double work = 25.0 * (double)(rows * state->columns);
    if (batch_norm_uses_batch(pass, op) || op->gradient[0])
        tl__pass_run(pass, op, tl__blocks(state->columns, BATCH_NORM_COLUMNS), work, batch_norm_sums_task);
    if (op->d_in[0])
        tl__pass_run(pass, op, tl__blocks(rows, tl__row_block(state->columns)), work, batch_norm_backward_task);
}

static const char *batch_norm_refuses(const tl__site *site, size_t rows)
{
    const tl__shape *shape = &site->node->shape;
    if (site->node->common->frozen || rows * (tl__shape_size(shape) / shape->dim[shape->rank - 1]) > 1) return NULL;
    return "(batch_norm) cannot normalise over a batch of one row. Set training.drop_last: true, or a "
           "training.batch_size that does not leave one row over.";
}

static double batch_norm_flops(const tl__site *site) { return 4.0 * (double)tl__shape_size(&site->node->shape); }

TL_PRIV const tl__member_head *tl__layer_batch_norm(void)
{
    static const tl__layer_example examples[] = {
        {"", 1, {{1, {5}}}}, {"affine: false", 1, {{1, {70}}}}, {"momentum: 0.2, eps: 0.001", 1, {{2, {3, 4}}}},
        {"frozen: true", 1, {{1, {3}}}}
    };
    static const tl__layer layer = {
        .head = {.name = "batch_norm", .aliases = "batchnorm",
                 .help = "Each feature is brought to mean 0 and variance 1 over the batch, then scaled and shifted by "
                         "two learned numbers (Ioffe and Szegedy 2015); in evaluation by running statistics. "
                         "Conventions are PyTorch's. Padding of sequences does not count. Under gradient accumulation "
                         "it normalises over each micro-batch.",
                 .rows = batch_norm_rows, .settings_size = sizeof(batch_norm_settings)},
        .inputs_min = 1, .inputs_max = 1, .state_size = sizeof(batch_norm_state), .shape = batch_norm_shape,
        .keeps_time = tl__keeps_positions,
        .tensors = batch_norm_tensors, .carve = batch_norm_carve, .forward = batch_norm_forward,
        .backward = batch_norm_backward, .commit = batch_norm_commit, .refuses = batch_norm_refuses,
        .flops = batch_norm_flops, .examples = examples, .example_count = (int)TL_COUNT(examples)
    };
    return &layer.head;
}
