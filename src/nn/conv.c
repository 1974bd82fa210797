/* Convolutions, the part that conv1d and conv2d share: y = act(sum over taps and channels of x * w + b). Weights are
 * [out, in / groups, taps...] in files, as PyTorch has them, and [taps..., in / groups, out] in memory, so that vectors
 * run along the channels that are made.
 *
 * The gradient of the input is a convolution of the gradient of the output with the weights turned (mirrored, and
 * channels that are read and made exchanged); with a stride, one for each remainder of input positions by it. */
#include "nn/conv.h"

enum { CONV_BIAS_COLUMNS = 64 };

TL_PRIV const char *tl__conv_shape(const tl__site *site, tl__shape *out)
{
    const tl__conv_settings *settings = site->settings;
    const tl__shape *in = tl__site_in(site, 0);
    tl__patch_axis y, x;
    size_t channels = in->dim[in->rank - 1];
    if (settings->filters < 1) return "needs `filters: N`, the number of channels that it makes";
    if (channels % (size_t)settings->groups != 0 || settings->filters % settings->groups != 0)
        return "needs groups that divide both its filters and the channels of its input";
    const char *why = tl__patch_make(&settings->patch, in, &y, &x);
    if (!why) tl__patch_shape(in, &y, &x, (size_t)settings->filters, out);
    return why;
}

TL_PRIV int tl__conv_tensors(const tl__site *site, tl__tensor_spec *out)
{
    const tl__conv_settings *settings = site->settings;
    const tl__shape *in = tl__site_in(site, 0);
    tl__patch_axis y, x;
    tl__init_kind kind = tl__init_of(site->node->initialization);
    (void)tl__patch_make(&settings->patch, in, &y, &x);
    size_t n_out = (size_t)settings->filters, groups = (size_t)settings->groups;
    size_t read = in->dim[in->rank - 1] / groups, fan_in = read * y.size * x.size;
    size_t fan_out = n_out / groups * y.size * x.size;
    out[0] = (tl__tensor_spec){.name = "weight", .rank = 4, .dim = {n_out, read, y.size, x.size},
                               .order = {2, 3, 1, 0}, .fan_in = fan_in, .fan_out = fan_out, .init = kind,
                               .decays = true};
    if (in->rank == 2)
        out[0] = (tl__tensor_spec){.name = "weight", .rank = 3, .dim = {n_out, read, x.size}, .order = {2, 1, 0},
                                   .fan_in = fan_in, .fan_out = fan_out, .init = kind, .decays = true};
    out[1] = (tl__tensor_spec){.name = "bias", .rank = 1, .dim = {n_out}, .fan_in = fan_in, .fan_out = fan_out,
                               .init = kind == TL__INIT_PYTORCH ? kind : TL__INIT_ZEROS};
    return settings->bias ? 2 : 1;
}

TL_PRIV bool tl__conv_keeps_time(const tl__site *site)
{
    const tl__conv_settings *settings = site->settings;
    const tl__shape *in = tl__site_in(site, 0);
    tl__patch_axis y, x;
    return in->rank == 2 && !tl__patch_make(&settings->patch, in, &y, &x) && x.stride == 1 && x.out == x.in;
}

/* ---- plans ---- */

static tl__conv_axis conv_axis(const tl__patch_axis *axis)
{
    return (tl__conv_axis){.in = axis->in, .out = axis->out, .taps = axis->size, .step = axis->stride,
                           .spread = axis->dilation, .pad = (ptrdiff_t)axis->before};
}

/* Floats of a sample's row and of a sample, where a position has so many channels. */
static size_t conv_row(size_t width, size_t channels) { return width * channels; }

static void conv_plan(tl__conv_state *state, const tl__kernels *kernels, size_t rows, int pieces)
{
    tl__conv_space *space = &state->forward.space;
    space->samples = rows;
    state->rows = rows;
    state->forward.c_x = space->out;
    state->forward.c_y = conv_row(space->x.out, space->out);
    state->forward.c_sample = space->y.out * state->forward.c_y;
    state->gradient.space = *space;
    state->gradient.pieces = (size_t)pieces;
    kernels->conv_plan(&state->forward, &state->forward_plan);
    kernels->conv_gradient_plan(&state->gradient, &state->gradient_plan);
}

/* Along one axis, the input positions r, r + stride, ...: which output positions they take part in. False where no tap
 * reaches them. last: the last tap that does; each: from one to the next. */
static bool conv_back_axis(const tl__patch_axis *axis, size_t r, tl__conv_axis *out, size_t *last, size_t *each)
{
    size_t stride = axis->stride, place = r + axis->before, k = axis->size;
    *out = (tl__conv_axis){.in = axis->out, .out = (axis->in - r + stride - 1) / stride, .taps = 1, .step = 1,
                           .spread = 1};
    while (k > 0 && (place + (axis->size * stride - (k - 1)) * axis->dilation) % stride != 0) k--;
    if (k == 0) return false;
    *last = k - 1;
    for (*each = 1; *each * axis->dilation % stride != 0;) ++*each;
    out->taps = *last / *each + 1;
    out->spread = *each * axis->dilation / stride;
    out->pad = ((ptrdiff_t)(*last * axis->dilation) - (ptrdiff_t)place) / (ptrdiff_t)stride;
    return true;
}

/* The gradient of the input positions whose remainders by the strides are (ry, rx). */
static void conv_back(tl__conv_state *state, const tl__kernels *kernels, size_t ry, size_t rx)
{
    const tl__conv_space *space = &state->forward.space;
    const size_t made = space->out / space->groups, tap = made * space->in;
    size_t last_y = 0, last_x = 0, each_y = 1, each_x = 1;
    tl__conv *input = &state->input;
    *input = (tl__conv){.space = {.samples = state->rows, .in = space->out, .out = space->in, .groups = space->groups}};
    bool any = conv_back_axis(&state->y, ry, &input->space.y, &last_y, &each_y);
    if (conv_back_axis(&state->x, rx, &input->space.x, &last_x, &each_x) && any) {
        input->w = state->turned;
        if (input->w) input->w += ((state->y.size - 1 - last_y) * state->x.size + (state->x.size - 1 - last_x)) * tap;
        input->w_y = each_y * state->x.size * tap;
        input->w_x = each_x * tap;
    } else {   /* a row that does not exist: sums of nothing */
        input->w = state->turned;
        input->space.x = (tl__conv_axis){.in = state->x.out, .out = input->space.x.out, .taps = 1, .step = 1,
                                         .spread = 1};
        input->space.y = input->space.x;
        input->space.y.in = state->y.out;
        input->space.y.out = (state->y.in - ry + state->y.stride - 1) / state->y.stride;
        input->space.y.pad = (ptrdiff_t)input->space.y.out;
    }
    input->c_x = state->x.stride * space->in;
    input->c_y = state->y.stride * state->x.in * space->in;
    input->c_sample = state->y.in * state->x.in * space->in;
    kernels->conv_plan(input, &state->input_plan);
}

TL_PRIV void tl__conv_carve(const tl__site *site, tl__layer_memory *memory, void *block)
{
    tl__conv_state *state = block;
    const tl__conv_settings *settings = site->settings;
    const tl__shape *in = tl__site_in(site, 0);
    tl__conv_space *space = &state->forward.space;
    (void)tl__patch_make(&settings->patch, in, &state->y, &state->x);
    space->y = conv_axis(&state->y);
    space->x = conv_axis(&state->x);
    space->in = in->dim[in->rank - 1];
    space->out = (size_t)settings->filters;
    space->groups = (size_t)settings->groups;
    state->forward.w_x = space->in / space->groups * space->out;
    state->forward.w_y = state->x.size * state->forward.w_x;
    state->use = tl__activation_at(site);
    state->forward.activation = state->use.kind;
    state->forward.parameter = state->use.parameter;
    state->forward.limit = state->use.limit;
    if (memory->training && tl__activation_keeps_pre(&state->use))
        state->pre = TL_CARVE(&memory->kept, float, memory->rows * tl__shape_size(&site->node->shape));
    if (memory->training && memory->wants_gradient[0])
        state->turned = TL_CARVE(&memory->backward, float, state->y.size * state->forward.w_y);
    state->keeps_time = tl__conv_keeps_time(site);
    memory->keeps_input = true;
    memory->keeps_output = !tl__activation_is_identity(&state->use) && !tl__activation_keeps_pre(&state->use);

    conv_plan(state, memory->kernels, memory->rows, memory->pieces);
    memory->worker = state->forward_plan.scratch_bytes;
    if (!memory->training) return;
    memory->worker = tl__size_max(memory->worker, state->gradient_plan.scratch_bytes);
    for (size_t ry = 0; ry < state->y.stride && memory->wants_gradient[0]; ry++)
        for (size_t rx = 0; rx < state->x.stride; rx++) {
            if (ry >= state->y.in || rx >= state->x.in) continue;
            conv_back(state, memory->kernels, ry, rx);
            memory->worker = tl__size_max(memory->worker, state->input_plan.scratch_bytes);
        }
}

/* ---- forward ---- */

/* For tl__pool_pays: multiply-adds, and what is written. */
static double conv_work(const tl__conv_space *space)
{
    double positions = (double)space->samples * (double)(space->y.out * space->x.out);
    double taps = (double)(space->y.taps * space->x.taps) * (double)(space->in / space->groups);
    return positions * (2.0 * taps * (double)tl__size_max(space->out, 16) + 20.0 * (double)space->out);
}

/* Padding of sequences comes out as 0. */
static void conv_clear(const tl__pass *pass, const int32_t *lengths, float *values, size_t steps, size_t channels)
{
    for (size_t i = 0; lengths && i < pass->rows; i++)
        for (size_t t = (size_t)lengths[i]; t < steps; t++)
            pass->kernels->fill(values + (i * steps + t) * channels, 0, channels);
}

static void conv_forward_task(tl__pass *pass, tl__op *op, size_t task, void *scratch)
{
    const tl__conv_state *state = op->state;
    (void)pass;
    state->forward_plan.run(&state->forward, &state->forward_plan, task, scratch);
}

static void conv_rows_task(tl__pass *pass, tl__op *op, size_t task, void *scratch)
{
    const tl__conv_state *state = op->state;
    const size_t out = state->forward.space.out, block = tl__row_block(out), first = task * block;
    float *at = op->out + first * out;
    (void)scratch;
    tl__activation_forward(pass->kernels, &state->use, at, at,
                           tl__size_min(block, pass->rows * (op->size / out) - first), out);
}

TL_PRIV void tl__conv_forward(tl__pass *pass, tl__op *op)
{
    tl__conv_state *state = op->state;
    const size_t out = state->forward.space.out, positions = pass->rows * (op->size / out);
    if (pass->rows != state->rows) conv_plan(state, pass->kernels, pass->rows, pass->pieces);
    state->forward.space.source = state->gradient.space.source = op->in[0];
    state->forward.space.lengths = state->gradient.space.lengths =
        state->y.in == 1 ? tl__op_lengths(pass, op, 0) : NULL;
    state->forward.w = op->tensor[0];
    state->forward.bias = op->tensor[1];
    state->forward.c = op->out;
    state->forward.pre = state->pre;
    tl__pass_run(pass, op, state->forward_plan.tasks, conv_work(&state->forward.space), conv_forward_task);
    if (state->use.rows)
        tl__pass_run(pass, op, tl__blocks(positions, tl__row_block(out)), 100.0 * (double)(positions * out),
                     conv_rows_task);
    if (state->keeps_time) conv_clear(pass, state->forward.space.lengths, op->out, state->x.out, out);
}

TL_PRIV const float *tl__conv_saved(const tl__op *op, tl__activation_use *use)
{
    const tl__conv_state *state = op->state;
    if (state->use.rows || tl__activation_is_identity(&state->use)) return NULL;
    *use = state->use;
    return state->pre ? state->pre : op->out;
}

/* ---- the way back ---- */

/* dz = d_out * act'(saved), in place. */
static void conv_derivative_task(tl__pass *pass, tl__op *op, size_t task, void *scratch)
{
    const tl__conv_state *state = op->state;
    const size_t out = state->forward.space.out, block = tl__row_block(out), first = task * block, at = first * out;
    size_t rows = tl__size_min(block, pass->rows * (op->size / out) - first);
    (void)scratch;
    tl__activation_backward(pass->kernels, &state->use, op->d_out + at, op->d_out + at,
                            (state->pre ? state->pre : op->out) + at, rows, out);
}

static void conv_input_task(tl__pass *pass, tl__op *op, size_t task, void *scratch)
{
    const tl__conv_state *state = op->state;
    (void)pass;
    state->input_plan.run(&state->input, &state->input_plan, task, scratch);
}

static void conv_input(tl__pass *pass, tl__op *op)
{
    tl__conv_state *state = op->state;
    const tl__conv_space *space = &state->forward.space;
    pass->kernels->conv_turn(state->turned, op->tensor[0], state->y.size * state->x.size, space->in, space->out,
                             space->groups);
    for (size_t ry = 0; ry < tl__size_min(state->y.stride, state->y.in); ry++)
        for (size_t rx = 0; rx < tl__size_min(state->x.stride, state->x.in); rx++) {
            size_t at = (ry * state->x.in + rx) * space->in;
            conv_back(state, pass->kernels, ry, rx);
            state->input.space.source = op->d_out;
            state->input.c = op->d_in[0] + at;
            if (op->fused_saved) {
                state->input.activation = op->fused.kind;
                state->input.parameter = op->fused.parameter;
                state->input.limit = op->fused.limit;
                state->input.saved = op->fused_saved + at;
            }
            tl__pass_run(pass, op, state->input_plan.tasks, conv_work(&state->input.space), conv_input_task);
        }
    conv_clear(pass, space->lengths, op->d_in[0], state->x.in, space->in);
}

static void conv_gradient_task(tl__pass *pass, tl__op *op, size_t task, void *scratch)
{
    const tl__conv_state *state = op->state;
    const size_t out = state->forward.space.out, positions = op->size / out;
    if (task < state->gradient_plan.tasks) {
        state->gradient_plan.run_gradient(&state->gradient, &state->gradient_plan, task, scratch);
        return;
    }
    size_t first = (task - state->gradient_plan.tasks) * CONV_BIAS_COLUMNS;
    pass->kernels->column_sums(op->gradient[1], op->d_out, pass->rows * positions, out, tl__pass_cut(pass, positions),
                               first, tl__size_min(CONV_BIAS_COLUMNS, out - first));
}

TL_PRIV void tl__conv_backward(tl__pass *pass, tl__op *op)
{
    tl__conv_state *state = op->state;
    const size_t out = state->forward.space.out, positions = pass->rows * (op->size / out);
    if (!op->derivative_done && !tl__activation_is_identity(&state->use))
        tl__pass_run(pass, op, tl__blocks(positions, tl__row_block(out)), 30.0 * (double)(positions * out),
                     conv_derivative_task);
    if (op->gradient[0]) {
        state->gradient.space.samples = pass->rows;
        state->gradient.d = op->d_out;
        state->gradient.dw = op->gradient[0];
        tl__pass_run(pass, op, state->gradient_plan.tasks + (op->gradient[1] ? tl__blocks(out, CONV_BIAS_COLUMNS) : 0),
                     conv_work(&state->forward.space), conv_gradient_task);
    }
    if (op->d_in[0]) conv_input(pass, op);
}

TL_PRIV double tl__conv_flops(const tl__site *site)
{
    const tl__conv_settings *settings = site->settings;
    const tl__shape *in = tl__site_in(site, 0);
    tl__patch_axis y, x;
    (void)tl__patch_make(&settings->patch, in, &y, &x);
    double taps = (double)(y.size * x.size) * (double)(in->dim[in->rank - 1] / (size_t)settings->groups);
    return (double)tl__shape_size(&site->node->shape) * (2.0 * taps + (site->node->activation > 1 ? 2.0 : 1.0));
}
