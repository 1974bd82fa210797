/* Pooling: the largest number or the mean of each patch, channel by channel. The largest remembers which it was (one
 * number for each output, in training), so that the way back need not look for it; the derivative of the layer before
 * rides along there: of relu in the same pass, of others right after it. */
#include "nn/pooling.h"

static bool pooling_is_global(const tl__site *site) { return site->node->layer->head.settings_size == 0; }

/* The axes; a global layer's patch is the whole. */
static const char *pooling_axes(const tl__site *site, tl__patch_axis *y, tl__patch_axis *x)
{
    const tl__shape *in = tl__site_in(site, 0);
    if (in->rank < 2) return "needs [time, channel] or [height, width, channel]";
    if (!pooling_is_global(site)) {
        tl__pooling_settings settings = *(const tl__pooling_settings *)site->settings;
        settings.patch.stride_is_size = true;
        return tl__patch_make(&settings.patch, in, y, x);
    }
    *x = (tl__patch_axis){.in = in->dim[in->rank - 2], .out = 1, .size = in->dim[in->rank - 2], .stride = 1,
                          .dilation = 1};
    *y = (tl__patch_axis){.in = 1, .out = 1, .size = 1, .stride = 1, .dilation = 1};
    if (in->rank == 3) y->in = y->size = in->dim[0];
    return NULL;
}

TL_PRIV const char *tl__pooling_shape(const tl__site *site, tl__shape *out)
{
    const tl__shape *in = tl__site_in(site, 0);
    tl__patch_axis y, x;
    const char *why = pooling_axes(site, &y, &x);
    if (!why) tl__patch_shape(in, &y, &x, in->dim[in->rank - 1], out);
    return why;
}

TL_PRIV const char *tl__pooling_global_shape(const tl__site *site, tl__shape *out)
{
    const tl__shape *in = tl__site_in(site, 0);
    tl__patch_axis y, x;
    const char *why = pooling_axes(site, &y, &x);
    if (!why) *out = (tl__shape){.rank = 1, .dim = {in->dim[in->rank - 1]}};
    return why;
}

TL_PRIV bool tl__pooling_keeps_time(const tl__site *site)
{
    tl__patch_axis y, x;
    return tl__site_in(site, 0)->rank == 2 && !pooling_is_global(site) && !pooling_axes(site, &y, &x) &&
           x.stride == 1 && x.out == x.in;
}

static tl__conv_axis pooling_axis(const tl__patch_axis *axis)
{
    return (tl__conv_axis){.in = axis->in, .out = axis->out, .taps = axis->size, .step = axis->stride,
                           .spread = axis->dilation, .pad = (ptrdiff_t)axis->before};
}

static void pooling_carve(const tl__site *site, tl__layer_memory *memory, tl__pooling_state *state)
{
    const tl__shape *in = tl__site_in(site, 0);
    tl__patch_axis y, x;
    (void)pooling_axes(site, &y, &x);
    state->keeps_time = tl__pooling_keeps_time(site);
    state->call.y = pooling_axis(&y);
    state->call.x = pooling_axis(&x);
    state->call.after_y = y.after;
    state->call.after_x = x.after;
    state->call.channels = in->dim[in->rank - 1];
    if (!pooling_is_global(site))
        state->call.counts_padding = ((const tl__pooling_settings *)site->settings)->count_include_pad;
    if (memory->training && state->largest && memory->wants_gradient[0]) {
        state->call.chosen = TL_CARVE(&memory->kept, float, memory->rows * tl__shape_size(&site->node->shape));
        memory->keeps_output = true;
    }
}

TL_PRIV void tl__pooling_carve_max(const tl__site *site, tl__layer_memory *memory, void *state)
{
    ((tl__pooling_state *)state)->largest = true;
    pooling_carve(site, memory, state);
}

TL_PRIV void tl__pooling_carve_avg(const tl__site *site, tl__layer_memory *memory, void *state)
{
    pooling_carve(site, memory, state);
}

/* Rows of positions (forward) or samples (back) of a task, each `size` floats of the input. */
static size_t pooling_range(size_t task, size_t size, size_t all, size_t *first)
{
    size_t block = tl__row_block(size);
    *first = task * block;
    return tl__size_min(block, all - *first);
}

static size_t pooling_row(const tl__pooling *call) { return call->y.step * call->x.in * call->channels; }

static void pooling_forward_task(tl__pass *pass, tl__op *op, size_t task, void *scratch)
{
    const tl__pooling_state *state = op->state;
    const tl__pooling *call = &state->call;
    size_t first, rows = pooling_range(task, pooling_row(call), pass->rows * call->y.out, &first);
    (void)scratch;
    (state->largest ? pass->kernels->max_pool : pass->kernels->avg_pool)(call, first, rows);
}

TL_PRIV void tl__pooling_forward(tl__pass *pass, tl__op *op)
{
    tl__pooling_state *state = op->state;
    tl__pooling *call = &state->call;
    size_t steps = call->x.out, size = steps * call->channels;
    call->source = op->in[0];
    call->c = op->out;
    call->lengths = call->y.in == 1 ? tl__op_lengths(pass, op, 0) : NULL;
    tl__pass_run(pass, op, tl__blocks(pass->rows * call->y.out, tl__row_block(pooling_row(call))),
                 4.0 * (double)(pass->rows * op->in_size[0]), pooling_forward_task);
    for (size_t i = 0; i < pass->rows && call->lengths && state->keeps_time; i++) {
        size_t real = (size_t)call->lengths[i];
        pass->kernels->fill(op->out + (i * steps + real) * call->channels, 0, size - real * call->channels);
    }
}

static void pooling_backward_task(tl__pass *pass, tl__op *op, size_t task, void *scratch)
{
    const tl__pooling_state *state = op->state;
    size_t first, rows = pooling_range(task, op->in_size[0], pass->rows, &first), at = first * op->in_size[0];
    (void)scratch;
    (state->largest ? pass->kernels->max_pool_backward : pass->kernels->avg_pool_backward)(&state->call, first, rows);
    if (op->fused_saved && !state->call.relu)
        tl__activation_backward(pass->kernels, &op->fused, op->d_in[0] + at, op->d_in[0] + at, op->fused_saved + at,
                                rows, op->in_size[0]);
}

TL_PRIV void tl__pooling_backward(tl__pass *pass, tl__op *op)
{
    tl__pooling_state *state = op->state;
    if (!op->d_in[0]) return;
    state->call.d = op->d_out;
    state->call.dx = op->d_in[0];
    state->call.relu = state->largest && op->fused_saved && op->fused.kind == TL__RELU;
    tl__pass_run(pass, op, tl__blocks(pass->rows, tl__row_block(op->in_size[0])),
                 8.0 * (double)(pass->rows * op->in_size[0]), pooling_backward_task);
}
