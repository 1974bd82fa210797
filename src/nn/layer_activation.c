/* An activation as a layer of its own: y = act(x), elementwise, or softmax or log_softmax over the last axis.
 * `{type: relu}` is short for `{type: activation, activation: relu}`. */
#include "nn/layer.h"

typedef struct activation_state {
    tl__activation_use use;
    size_t columns, repeat;
} activation_state;

static const char *activation_shape(const tl__site *site, tl__shape *out)
{
    *out = *tl__site_in(site, 0);
    return NULL;
}

static bool activation_identity(const tl__site *site, bool training)
{
    tl__activation_use use = tl__activation_at(site);
    (void)training;
    return tl__activation_is_identity(&use);
}

static void activation_carve(const tl__site *site, tl__layer_memory *memory, void *block)
{
    activation_state *state = block;
    const tl__shape *shape = &site->node->shape;
    state->use = tl__activation_at(site);
    state->columns = shape->dim[shape->rank - 1];
    state->repeat = tl__shape_size(shape) / state->columns;
    memory->keeps_input = tl__activation_keeps_pre(&state->use);
    memory->keeps_output = !memory->keeps_input;
}

/* Rows of the last axis that a task works on. */
static size_t activation_range(const tl__pass *pass, const activation_state *state, size_t task, size_t *first)
{
    size_t block = tl__row_block(state->columns);
    *first = task * block;
    return tl__size_min(block, pass->rows * state->repeat - *first);
}

static void activation_forward_task(tl__pass *pass, tl__op *op, size_t task, void *scratch)
{
    const activation_state *state = op->state;
    size_t first, rows = activation_range(pass, state, task, &first), at = first * state->columns;
    (void)scratch;
    tl__activation_forward(pass->kernels, &state->use, op->out + at, op->in[0] + at, rows, state->columns);
}

static void activation_backward_task(tl__pass *pass, tl__op *op, size_t task, void *scratch)
{
    const activation_state *state = op->state;
    size_t first, rows = activation_range(pass, state, task, &first), at = first * state->columns;
    const float *saved = tl__activation_keeps_pre(&state->use) ? op->in[0] : op->out;
    (void)scratch;
    tl__activation_backward(pass->kernels, &state->use, op->d_in[0] + at, op->d_out + at, saved + at, rows,
                            state->columns);
}

static void activation_run(tl__pass *pass, tl__op *op, tl__op_fn *run)
{
    const activation_state *state = op->state;
    size_t tasks = tl__blocks(pass->rows * state->repeat, tl__row_block(state->columns));
    tl__pass_run(pass, op, tasks, 50.0 * (double)(pass->rows * op->size), run);
}

static void activation_forward(tl__pass *pass, tl__op *op) { activation_run(pass, op, activation_forward_task); }

static void activation_backward(tl__pass *pass, tl__op *op)
{
    if (op->d_in[0]) activation_run(pass, op, activation_backward_task);
}

TL_PRIV const tl__member_head *tl__layer_activation(void)
{
    static const tl__layer_example examples[] = {
        {"activation: relu", 1, {{1, {6}}}}, {"activation: leaky_relu, alpha: 0.2", 1, {{1, {33}}}},
        {"activation: elu", 1, {{2, {2, 3}}}}, {"activation: gelu", 1, {{1, {5}}}},
        {"activation: gelu_tanh", 1, {{1, {5}}}}, {"activation: silu", 1, {{1, {5}}}},
        {"activation: tanh", 1, {{3, {2, 2, 2}}}}, {"activation: sigmoid", 1, {{1, {5}}}},
        {"activation: softplus, alpha: 2", 1, {{1, {5}}}},
        {"activation: softplus, alpha: 2, threshold: 5", 1, {{1, {5}}}},
        {"activation: selu", 1, {{1, {33}}}}, {"activation: mish", 1, {{2, {3, 11}}}},
        {"activation: hardtanh, alpha: 0.75", 1, {{1, {33}}}}, {"activation: relu6", 1, {{1, {5}}}},
        {"activation: hardswish", 1, {{1, {5}}}}, {"activation: softmax", 1, {{2, {3, 4}}}},
        {"activation: log_softmax", 1, {{2, {3, 4}}}}, {"activation: log_softmax", 1, {{1, {1}}}},
        {"activation: none", 1, {{1, {3}}}}
    };
    static const tl__layer layer = {
        .head = {.name = "activation",
                 .help = "The activation alone, as a layer: relu, leaky_relu, elu, gelu, gelu_tanh, silu, tanh, "
                         "sigmoid, softplus, selu, mish, hardtanh, relu6, hardswish, or softmax or log_softmax over "
                         "the last axis. {type: relu} is short for it."},
        .inputs_min = 1, .inputs_max = 1, .takes_activation = true, .default_activation = true,
        .state_size = sizeof(activation_state), .shape = activation_shape, .keeps_time = tl__keeps_positions,
        .identity = activation_identity,
        .carve = activation_carve, .forward = activation_forward, .backward = activation_backward,
        .examples = examples, .example_count = (int)TL_COUNT(examples)
    };
    return &layer.head;
}
