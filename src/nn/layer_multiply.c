/* The product of two layers of one shape, number by number: a gate is a sigmoid layer times what it lets through. */
#include "nn/layer.h"

enum { MULTIPLY_BLOCK = 16384 };

static const char *multiply_shape(const tl__site *site, tl__shape *out)
{
    *out = *tl__site_in(site, 0);
    return tl__shape_same(tl__site_in(site, 1), out) ? NULL : "needs two inputs of one shape";
}

static void multiply_carve(const tl__site *site, tl__layer_memory *memory, void *state)
{
    (void)site;
    (void)state;
    memory->keeps_input = true;
}

static size_t multiply_range(const tl__pass *pass, const tl__op *op, size_t task, size_t *first)
{
    *first = task * MULTIPLY_BLOCK;
    return tl__size_min(MULTIPLY_BLOCK, pass->rows * op->size - *first);
}

static void multiply_forward_task(tl__pass *pass, tl__op *op, size_t task, void *scratch)
{
    size_t first, count = multiply_range(pass, op, task, &first);
    (void)scratch;
    pass->kernels->multiply(op->out + first, op->in[0] + first, op->in[1] + first, count);
}

static void multiply_backward_task(tl__pass *pass, tl__op *op, size_t task, void *scratch)
{
    size_t first, count = multiply_range(pass, op, task, &first);
    (void)scratch;
    for (int k = 0; k < 2; k++)
        if (op->d_in[k])
            pass->kernels->multiply(op->d_in[k] + first, op->d_out + first, op->in[1 - k] + first, count);
}

static void multiply_run(tl__pass *pass, tl__op *op, tl__op_fn *run)
{
    size_t size = pass->rows * op->size;
    tl__pass_run(pass, op, tl__blocks(size, MULTIPLY_BLOCK), 20.0 * (double)size, run);
}

static void multiply_forward(tl__pass *pass, tl__op *op) { multiply_run(pass, op, multiply_forward_task); }
static void multiply_backward(tl__pass *pass, tl__op *op) { multiply_run(pass, op, multiply_backward_task); }

TL_PRIV const tl__member_head *tl__layer_multiply(void)
{
    static const tl__layer_example examples[] = {
        {"", 2, {{1, {5}}, {1, {5}}}}, {"", 2, {{2, {3, 7}}, {2, {3, 7}}}}, {"", 2, {{1, {1}}, {1, {1}}}}
    };
    static const tl__layer layer = {
        .head = {.name = "multiply", .aliases = "gate",
                 .help = "The product, number by number, of the two layers that `from:` names: a gate is a layer with "
                         "a sigmoid times what it lets through."},
        .inputs_min = 2, .inputs_max = 2, .shape = multiply_shape, .keeps_time = tl__keeps_positions,
        .carve = multiply_carve, .forward = multiply_forward, .backward = multiply_backward, .examples = examples,
        .example_count = (int)TL_COUNT(examples)
    };
    return &layer.head;
}
