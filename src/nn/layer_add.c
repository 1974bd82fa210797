/* The sum of layers of one shape, in the order in which `from:` names them: residual connections. */
#include "nn/layer.h"

enum { ADD_BLOCK = 16384 };

static const char *add_shape(const tl__site *site, tl__shape *out)
{
    *out = *tl__site_in(site, 0);
    for (int k = 1; k < site->node->input_count; k++)
        if (!tl__shape_same(tl__site_in(site, k), out)) return "needs inputs of one shape";
    return NULL;
}

static void add_carve(const tl__site *site, tl__layer_memory *memory, void *state)
{
    (void)site;
    (void)memory;
    (void)state;
}

static size_t add_range(const tl__pass *pass, const tl__op *op, size_t task, size_t *first)
{
    *first = task * ADD_BLOCK;
    return tl__size_min(ADD_BLOCK, pass->rows * op->size - *first);
}

static void add_forward_task(tl__pass *pass, tl__op *op, size_t task, void *scratch)
{
    size_t first, count = add_range(pass, op, task, &first);
    (void)scratch;
    pass->kernels->add(op->out + first, op->in[0] + first, op->in[1] + first, count);
    for (int k = 2; k < op->input_count; k++)
        pass->kernels->add(op->out + first, op->out + first, op->in[k] + first, count);
}

static void add_backward_task(tl__pass *pass, tl__op *op, size_t task, void *scratch)
{
    size_t first, count = add_range(pass, op, task, &first);
    (void)scratch;
    for (int k = 0; k < op->input_count; k++)
        if (op->d_in[k]) pass->kernels->copy(op->d_in[k] + first, op->d_out + first, count);
}

static void add_forward(tl__pass *pass, tl__op *op)
{
    size_t size = pass->rows * op->size;
    tl__pass_run(pass, op, tl__blocks(size, ADD_BLOCK), 8.0 * (double)size * op->input_count, add_forward_task);
}

static void add_backward(tl__pass *pass, tl__op *op)
{
    size_t size = pass->rows * op->size;
    tl__pass_run(pass, op, tl__blocks(size, ADD_BLOCK), 8.0 * (double)size * op->input_count, add_backward_task);
}

TL_PRIV const tl__member_head *tl__layer_add(void)
{
    static const tl__layer_example examples[] = {
        {"", 2, {{1, {5}}, {1, {5}}}}, {"", 2, {{2, {3, 4}}, {2, {3, 4}}}}
    };
    static const tl__layer layer = {
        .head = {.name = "add", .help = "The sum of two or more layers of one shape, which `from:` names."},
        .inputs_min = 2, .inputs_max = TL__NODE_INPUTS, .shape = add_shape, .keeps_time = tl__keeps_positions,
        .carve = add_carve, .forward = add_forward,
        .backward = add_backward, .examples = examples, .example_count = (int)TL_COUNT(examples)
    };
    return &layer.head;
}
