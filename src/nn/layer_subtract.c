/* The first input minus the second: what a decomposition or a block has left over. */
#include "nn/layer.h"

enum { SUBTRACT_BLOCK = 16384 };

static const char *subtract_shape(const tl__site *site, tl__shape *out)
{
    *out = *tl__site_in(site, 0);
    return tl__shape_same(tl__site_in(site, 1), out) ? NULL : "needs two inputs of one shape";
}

static size_t subtract_range(const tl__pass *pass, const tl__op *op, size_t task, size_t *first)
{
    *first = task * SUBTRACT_BLOCK;
    return tl__size_min(SUBTRACT_BLOCK, pass->rows * op->size - *first);
}

static void subtract_forward_task(tl__pass *pass, tl__op *op, size_t task, void *scratch)
{
    size_t first, count = subtract_range(pass, op, task, &first);
    (void)scratch;
    pass->kernels->copy(op->out + first, op->in[0] + first, count);
    pass->kernels->axpy(op->out + first, -1.0f, op->in[1] + first, count);
}

static void subtract_backward_task(tl__pass *pass, tl__op *op, size_t task, void *scratch)
{
    size_t first, count = subtract_range(pass, op, task, &first);
    (void)scratch;
    if (op->d_in[0]) pass->kernels->copy(op->d_in[0] + first, op->d_out + first, count);
    if (op->d_in[1]) pass->kernels->scale(op->d_in[1] + first, op->d_out + first, -1.0f, count);
}

static void subtract_run(tl__pass *pass, tl__op *op, tl__op_fn *run)
{
    size_t size = pass->rows * op->size;
    tl__pass_run(pass, op, tl__blocks(size, SUBTRACT_BLOCK), 20.0 * (double)size, run);
}

static void subtract_forward(tl__pass *pass, tl__op *op) { subtract_run(pass, op, subtract_forward_task); }
static void subtract_backward(tl__pass *pass, tl__op *op) { subtract_run(pass, op, subtract_backward_task); }

TL_PRIV const tl__member_head *tl__layer_subtract(void)
{
    static const tl__layer_example examples[] = {
        {"", 2, {{1, {5}}, {1, {5}}}}, {"", 2, {{2, {3, 7}}, {2, {3, 7}}}}, {"", 2, {{1, {1}}, {1, {1}}}}
    };
    static const tl__layer layer = {
        .head = {.name = "subtract", .help = "The first of the two layers that `from:` names minus the second."},
        .inputs_min = 2, .inputs_max = 2, .shape = subtract_shape, .keeps_time = tl__keeps_positions,
        .carve = tl__carve_nothing, .forward = subtract_forward, .backward = subtract_backward, .examples = examples,
        .example_count = (int)TL_COUNT(examples)
    };
    return &layer.head;
}
