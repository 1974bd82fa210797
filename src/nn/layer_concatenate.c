/* Layers side by side along the last axis, in the order in which `from:` names them. */
#include "nn/layer.h"

static const char *concatenate_shape(const tl__site *site, tl__shape *out)
{
    *out = *tl__site_in(site, 0);
    for (int k = 1; k < site->node->input_count; k++) {
        const tl__shape *in = tl__site_in(site, k);
        bool fits = in->rank == out->rank;
        for (int i = 0; fits && i + 1 < out->rank; i++) fits = in->dim[i] == out->dim[i];
        if (!fits) return "needs inputs that differ in their last axis only";
        if (!tl__size_add(out->dim[out->rank - 1], in->dim[in->rank - 1], &out->dim[out->rank - 1]))
            return "needs inputs whose sizes can be added";
    }
    return NULL;
}

static void concatenate_carve(const tl__site *site, tl__layer_memory *memory, void *state)
{
    (void)site;
    (void)memory;
    (void)state;
}

/* Blocks of samples; a sample has `repeat` rows of the last axis. */
static void concatenate_task(tl__pass *pass, tl__op *op, size_t task, bool forward)
{
    const tl__shape *shape = &op->node->shape;
    size_t width = shape->dim[shape->rank - 1], repeat = op->size / width, block = tl__row_block(op->size);
    size_t first = task * block, rows = tl__size_min(block, pass->rows - first) * repeat, column = 0;
    for (int k = 0; k < op->input_count; k++) {
        size_t part = op->in_size[k] / repeat, outer = first * op->size + column, inner = first * op->in_size[k];
        column += part;
        if (forward)
            pass->kernels->copy_rows(op->out + outer, width, op->in[k] + inner, part, rows, part);
        else if (op->d_in[k])
            pass->kernels->copy_rows(op->d_in[k] + inner, part, op->d_out + outer, width, rows, part);
    }
}

static void concatenate_forward_task(tl__pass *pass, tl__op *op, size_t task, void *scratch)
{
    (void)scratch;
    concatenate_task(pass, op, task, true);
}

static void concatenate_backward_task(tl__pass *pass, tl__op *op, size_t task, void *scratch)
{
    (void)scratch;
    concatenate_task(pass, op, task, false);
}

static void concatenate_run(tl__pass *pass, tl__op *op, tl__op_fn *run)
{
    double work = 15.0 * (double)(pass->rows * op->size);
    tl__pass_run(pass, op, tl__blocks(pass->rows, tl__row_block(op->size)), work, run);
}

static void concatenate_forward(tl__pass *pass, tl__op *op) { concatenate_run(pass, op, concatenate_forward_task); }
static void concatenate_backward(tl__pass *pass, tl__op *op) { concatenate_run(pass, op, concatenate_backward_task); }

TL_PRIV const tl__member_head *tl__layer_concatenate(void)
{
    static const tl__layer_example examples[] = {
        {"", 2, {{1, {3}}, {1, {5}}}}, {"", 2, {{2, {3, 2}}, {2, {3, 4}}}}
    };
    static const tl__layer layer = {
        .head = {.name = "concatenate", .aliases = "concat",
                 .help = "Two or more layers, which `from:` names, side by side along the last axis."},
        .inputs_min = 2, .inputs_max = TL__NODE_INPUTS, .shape = concatenate_shape,
        .keeps_time = tl__keeps_positions, .carve = concatenate_carve,
        .forward = concatenate_forward, .backward = concatenate_backward, .examples = examples,
        .example_count = (int)TL_COUNT(examples)
    };
    return &layer.head;
}
