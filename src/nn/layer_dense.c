/* y = act(x W^T + b) over the last axis, W [out, in] in files and [in, out] in memory: forward and weight gradient then
 * read both operands along their rows. The activation is fused into the product; on the way back the derivative of the
 * layer before is fused into the input gradient where that layer allows it (op->fused).
 *
 * The way back: dz and the input gradient in `backward`; tiles of the weight gradient and blocks of columns of the bias
 * gradient are tasks of their own, which may go on into the optimizer while the tile is in the cache. */
#include "nn/layer.h"

enum { DENSE_BIAS_COLUMNS = 64 };

typedef struct dense_settings {
    int64_t nodes;
    bool bias;
} dense_settings;

/* Where a tile of the weight gradient goes when it is not stored. */
typedef struct dense_sink {
    const tl__optimizer_step *update;
    size_t first, columns;     /* the weights' first element among all parameters; of a row */
} dense_sink;

typedef struct dense_state {
    tl__activation_use use;
    float *pre;                /* [rows, out]: pre-activations, for activations that need them on the way back */
    size_t repeat;             /* rows of the product per sample: the axes before the last */
    size_t in, out;
    size_t workers;            /* threads at most */
    size_t rows;               /* of samples, which the products are planned for; 0: not yet */
    tl__gemm forward, weight, input;
    tl__gemm_plan forward_plan, weight_plan, sink_plan, input_plan;
    dense_sink sink;
    size_t weight_tasks;       /* of the running backward pass */
} dense_state;

static const tl__field dense_rows[] = {
    {.name = "nodes", .kind = TL__FIELD_INT, .flags = TL__RESULT | TL__TUNE | TL__REQUIRED,
     .offset = offsetof(dense_settings, nodes), .min = 1, .max = 1073741824, .unit = "units",
     .help = "number of outputs"},
    {.name = "bias", .kind = TL__FIELD_BOOL, .flags = TL__RESULT, .offset = offsetof(dense_settings, bias),
     .fallback = 1,
     .max = 1, .help = "add a number of its own to each output"},
    {.name = NULL}
};

static const char *dense_shape(const tl__site *site, tl__shape *out)
{
    const dense_settings *settings = site->settings;
    if (settings->nodes < 1) return "needs `nodes: N`, the number of outputs";
    *out = *tl__site_in(site, 0);
    if (out->rank > 2) return "needs [features] or [time, features] (a flatten layer makes that)";
    out->dim[out->rank - 1] = (size_t)settings->nodes;
    return NULL;
}

static size_t dense_in(const tl__site *site)
{
    const tl__shape *in = tl__site_in(site, 0);
    return in->dim[in->rank - 1];
}

static size_t dense_repeat(const tl__site *site)
{
    const tl__shape *in = tl__site_in(site, 0);
    return in->rank == 2 ? in->dim[0] : 1;
}

static int dense_tensors(const tl__site *site, tl__tensor_spec *out)
{
    const dense_settings *settings = site->settings;
    size_t n_in = dense_in(site), n_out = (size_t)settings->nodes;
    tl__init_kind kind = tl__init_of(site->node->initialization);
    out[0] = (tl__tensor_spec){.name = "weight", .rank = 2, .dim = {n_out, n_in}, .order = {1, 0}, .fan_in = n_in,
                               .fan_out = n_out, .init = kind, .decays = true};
    out[1] = (tl__tensor_spec){.name = "bias", .rank = 1, .dim = {n_out}, .fan_in = n_in, .fan_out = n_out,
                               .init = kind == TL__INIT_PYTORCH ? kind : TL__INIT_ZEROS};
    return settings->bias ? 2 : 1;
}

static void dense_take(void *user, size_t row, size_t column, float *values, size_t count)
{
    const dense_sink *sink = user;
    tl__optimizer_take(sink->update, sink->first + row * sink->columns + column, values, count);
}

/* For tl__pool_pays: a product costs as if it were some columns wide, and what it makes is written. */
static double dense_work(size_t m, size_t n, size_t k)
{
    return 2.0 * (double)m * (double)tl__size_max(n, 16) * (double)k + 20.0 * (double)m * (double)n;
}

/* The three products for `rows` samples, without their pointers, and their plans. */
static void dense_plan(dense_state *state, const tl__kernels *kernels, size_t rows, int pieces)
{
    size_t m = rows * state->repeat, n_in = state->in, n_out = state->out;
    state->rows = rows;
    state->forward = (tl__gemm){.m = m, .n = n_out, .k = n_in, .lda = n_in, .ldb = n_out, .ldc = n_out,
                                .activation = state->use.kind, .parameter = state->use.parameter,
                                .limit = state->use.limit, .pre = state->pre, .ldpre = n_out,
                                .workers = state->workers};
    state->weight = (tl__gemm){.m = n_in, .n = n_out, .k = m, .lda = n_in, .a_transposed = true, .ldb = n_out,
                               .ldc = n_out, .cut = {(size_t)pieces, state->repeat}, .workers = state->workers};
    state->input = (tl__gemm){.m = m, .n = n_in, .k = n_out, .lda = n_out, .ldb = n_out, .b_transposed = true,
                              .ldc = n_in, .ldsaved = n_in, .workers = state->workers};
    kernels->gemm_plan(&state->forward, &state->forward_plan);
    kernels->gemm_plan(&state->weight, &state->weight_plan);
    state->weight.take = dense_take;
    state->weight.take_user = &state->sink;
    kernels->gemm_plan(&state->weight, &state->sink_plan);
    kernels->gemm_plan(&state->input, &state->input_plan);
}

static void dense_pointers(dense_state *state, const tl__op *op)
{
    state->forward.a = state->weight.a = op->in[0];
    state->forward.b = state->input.b = op->tensor[0];
    state->forward.bias = op->tensor[1];
    state->forward.c = op->out;
    state->weight.b = state->input.a = op->d_out;
    state->weight.c = op->gradient[0];
    state->input.c = op->d_in[0];
    if (op->fused_saved) {
        state->input.activation = op->fused.kind;
        state->input.parameter = op->fused.parameter;
        state->input.limit = op->fused.limit;
        state->input.saved = op->fused_saved;
    }
}

static void dense_carve(const tl__site *site, tl__layer_memory *memory, void *block)
{
    dense_state *state = block;
    const dense_settings *settings = site->settings;
    state->use = tl__activation_at(site);
    state->in = dense_in(site);
    state->out = (size_t)settings->nodes;
    state->repeat = dense_repeat(site);
    state->workers = memory->workers;
    if (memory->training && tl__activation_keeps_pre(&state->use))
        state->pre = TL_CARVE(&memory->kept, float, memory->rows * state->repeat * state->out);
    memory->keeps_input = true;
    memory->keeps_output = !tl__activation_is_identity(&state->use) && !tl__activation_keeps_pre(&state->use);

    dense_plan(state, memory->kernels, memory->rows, memory->pieces);
    memory->worker = state->forward_plan.scratch_bytes;
    if (memory->training) {
        memory->worker = tl__size_max(memory->worker, state->weight_plan.scratch_bytes);
        memory->worker = tl__size_max(memory->worker, state->sink_plan.scratch_bytes);
        if (memory->wants_gradient[0])
            memory->worker = tl__size_max(memory->worker, state->input_plan.scratch_bytes);
    }
}

static void dense_forward_task(tl__pass *pass, tl__op *op, size_t task, void *scratch)
{
    const dense_state *state = op->state;
    (void)pass;
    state->forward_plan.run(&state->forward, &state->forward_plan, task, scratch);
}

static void dense_rows_task(tl__pass *pass, tl__op *op, size_t task, void *scratch)
{
    const dense_state *state = op->state;
    size_t block = tl__row_block(state->out), first = task * block;
    size_t rows = tl__size_min(block, pass->rows * state->repeat - first);
    (void)scratch;
    tl__activation_forward(pass->kernels, &state->use, op->out + first * state->out, op->out + first * state->out, rows,
                           state->out);
}

static void dense_forward(tl__pass *pass, tl__op *op)
{
    dense_state *state = op->state;
    size_t m = pass->rows * state->repeat;
    if (pass->rows != state->rows) dense_plan(state, pass->kernels, pass->rows, pass->pieces);
    dense_pointers(state, op);
    tl__pass_run(pass, op, state->forward_plan.tasks,
                 dense_work(m, state->out, state->in), dense_forward_task);
    if (state->use.rows)
        tl__pass_run(pass, op, tl__blocks(m, tl__row_block(state->out)), 100.0 * (double)(m * state->out),
                     dense_rows_task);
}

static const float *dense_saved(const tl__op *op, tl__activation_use *use)
{
    const dense_state *state = op->state;
    if (state->use.rows || tl__activation_is_identity(&state->use)) return NULL;
    *use = state->use;
    return state->pre ? state->pre : op->out;
}

/* dz = d_out * act'(saved), in place. */
static void dense_derivative_task(tl__pass *pass, tl__op *op, size_t task, void *scratch)
{
    const dense_state *state = op->state;
    size_t block = tl__row_block(state->out), first = task * block;
    size_t rows = tl__size_min(block, pass->rows * state->repeat - first), at = first * state->out;
    (void)scratch;
    tl__activation_backward(pass->kernels, &state->use, op->d_out + at, op->d_out + at,
                            (state->pre ? state->pre : op->out) + at, rows, state->out);
}

static void dense_input_task(tl__pass *pass, tl__op *op, size_t task, void *scratch)
{
    const dense_state *state = op->state;
    (void)pass;
    state->input_plan.run(&state->input, &state->input_plan, task, scratch);
}

static void dense_backward(tl__pass *pass, tl__op *op)
{
    dense_state *state = op->state;
    size_t m = pass->rows * state->repeat;
    if (!op->derivative_done && !tl__activation_is_identity(&state->use))
        tl__pass_run(pass, op, tl__blocks(m, tl__row_block(state->out)), 30.0 * (double)(m * state->out),
                     dense_derivative_task);
    if (op->d_in[0])
        tl__pass_run(pass, op, state->input_plan.tasks, dense_work(m, state->in, state->out), dense_input_task);
}

static size_t dense_gradient_tasks(tl__pass *pass, tl__op *op, double *work)
{
    dense_state *state = op->state;
    double weights = (double)state->in * (double)state->out;
    if (!op->gradient[0]) return 0;
    state->weight.take = pass->update ? dense_take : NULL;
    if (pass->update)
        state->sink = (dense_sink){pass->update, (size_t)(op->tensor[0] - pass->update->parameters), state->out};
    state->weight_tasks = pass->update ? state->sink_plan.tasks : state->weight_plan.tasks;
    *work += dense_work(state->in, state->out, pass->rows * state->repeat) + (pass->update ? 40.0 * weights : 0.0);
    return state->weight_tasks + (op->gradient[1] ? tl__blocks(state->out, DENSE_BIAS_COLUMNS) : 0);
}

static void dense_gradient_task(tl__pass *pass, tl__op *op, size_t task, void *scratch)
{
    const dense_state *state = op->state;
    if (task < state->weight_tasks) {
        const tl__gemm_plan *plan = pass->update ? &state->sink_plan : &state->weight_plan;
        plan->run(&state->weight, plan, task, scratch);
        return;
    }
    size_t first = (task - state->weight_tasks) * DENSE_BIAS_COLUMNS;
    size_t count = tl__size_min(DENSE_BIAS_COLUMNS, state->out - first);
    pass->kernels->column_sums(op->gradient[1], op->d_out, pass->rows * state->repeat, state->out,
                               tl__pass_cut(pass, state->repeat), first, count);
    if (pass->update)
        tl__optimizer_take(pass->update, (size_t)(op->tensor[1] - pass->update->parameters) + first,
                           op->gradient[1] + first, count);
}

static double dense_flops(const tl__site *site)
{
    const dense_settings *settings = site->settings;
    return 2.0 * (double)dense_repeat(site) * (double)dense_in(site) * (double)settings->nodes +
           (double)tl__shape_size(&site->node->shape) * (site->node->activation > 1 ? 2.0 : 1.0);
}

TL_PRIV const tl__member_head *tl__layer_dense(void)
{
    static const tl__layer_example examples[] = {
        {"nodes: 5, activation: relu", 1, {{1, {7}}}},
        {"nodes: 3, activation: gelu", 1, {{1, {4}}}},
        {"nodes: 4, activation: softmax", 1, {{1, {3}}}},
        {"nodes: 6, bias: false, activation: tanh", 1, {{2, {3, 4}}}},
        {"nodes: 1, activation: none", 1, {{1, {1}}}},
        {"nodes: 33, activation: elu, alpha: 0.5, initialization: orthogonal", 1, {{1, {19}}}}
    };
    static const tl__layer layer = {
        .head = {.name = "dense", .aliases = "hidden output",
                 .help = "Every output is a weighted sum of all inputs: y = act(x W^T + b), over the last axis. "
                         "`hidden` and `dense` are the same; `output` takes no default activation, since softmax and "
                         "sigmoid belong to the loss.",
                 .rows = dense_rows, .settings_size = sizeof(dense_settings)},
        .inputs_min = 1, .inputs_max = 1, .takes_activation = true, .default_activation = true,
        .state_size = sizeof(dense_state), .shape = dense_shape, .keeps_time = tl__keeps_positions,
        .tensors = dense_tensors, .carve = dense_carve,
        .forward = dense_forward, .backward = dense_backward, .gradient_tasks = dense_gradient_tasks,
        .gradient_task = dense_gradient_task, .saved = dense_saved, .applies_derivative = true,
        .flops = dense_flops, .examples = examples, .example_count = (int)TL_COUNT(examples)
    };
    return &layer.head;
}
