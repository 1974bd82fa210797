/* A curve from a few numbers: weights of fixed curves over `size` steps, along the last axis.
 *     trend         y[i] = sum over p of x[p] (i / size)^p
 *     seasonality   y[i] = sum over k < K of x[k] cos(2 pi k i / period) + x[K + k] sin(2 pi k i / period)
 * The interpretable blocks of N-BEATS (Oreshkin and others 2020). The curves lie in the file as a buffer, [size,
 * terms]. */
#include "nn/layer.h"

enum { BASIS_TREND, BASIS_SEASONALITY };

static const char *const basis_kinds[] = {"trend", "seasonality", NULL};

typedef struct basis_settings {
    int64_t size, period;
    int kind;
} basis_settings;

typedef struct basis_state {
    size_t repeat, in, out;      /* rows of a sample, terms, steps */
    size_t rows;                 /* of samples, which the products are planned for; 0: not yet */
    tl__gemm forward, input;
    tl__gemm_plan forward_plan, input_plan;
} basis_state;

static const tl__field basis_rows[] = {
    {.name = "kind", .kind = TL__FIELD_CHOICE, .flags = TL__RESULT, .offset = offsetof(basis_settings, kind),
     .choices = basis_kinds, .help = "powers of time, or cosines and sines"},
    {.name = "size", .kind = TL__FIELD_INT, .flags = TL__RESULT | TL__REQUIRED,
     .offset = offsetof(basis_settings, size), .min = 1, .max = 16777216, .unit = "steps",
     .help = "steps of the curve"},
    {.name = "period", .kind = TL__FIELD_INT, .flags = TL__RESULT, .offset = offsetof(basis_settings, period),
     .max = 16777216, .unit = "steps", .help = "of the slowest wave of a seasonality; 0: size"},
    {.name = NULL}
};

static size_t basis_terms(const tl__site *site)
{
    const tl__shape *in = tl__site_in(site, 0);
    return in->dim[in->rank - 1];
}

static const char *basis_shape(const tl__site *site, tl__shape *out)
{
    const basis_settings *settings = site->settings;
    *out = *tl__site_in(site, 0);
    if (settings->kind == BASIS_SEASONALITY && basis_terms(site) % 2)
        return "needs an even number of features, half of them for cosines,";
    out->dim[out->rank - 1] = (size_t)settings->size;
    return NULL;
}

static int basis_tensors(const tl__site *site, tl__tensor_spec *out)
{
    const basis_settings *settings = site->settings;
    out[0] = (tl__tensor_spec){.name = "basis", .rank = 2, .dim = {(size_t)settings->size, basis_terms(site)},
                               .order = {1, 0}, .buffer = true,
                               .fan_out = (size_t)(settings->period ? settings->period : settings->size),
                               .init = settings->kind == BASIS_TREND ? TL__INIT_POWERS : TL__INIT_HARMONICS};
    return 1;
}

static void basis_plan(basis_state *state, const tl__kernels *kernels, size_t rows)
{
    size_t m = rows * state->repeat, in = state->in, out = state->out;
    state->rows = rows;
    state->forward = (tl__gemm){.m = m, .n = out, .k = in, .lda = in, .ldb = out, .ldc = out};
    state->input = (tl__gemm){.m = m, .n = in, .k = out, .lda = out, .ldb = out, .b_transposed = true, .ldc = in};
    kernels->gemm_plan(&state->forward, &state->forward_plan);
    kernels->gemm_plan(&state->input, &state->input_plan);
}

static void basis_carve(const tl__site *site, tl__layer_memory *memory, void *block)
{
    basis_state *state = block;
    state->in = basis_terms(site);
    state->out = (size_t)((const basis_settings *)site->settings)->size;
    state->repeat = tl__shape_size(tl__site_in(site, 0)) / state->in;
    basis_plan(state, memory->kernels, memory->rows);
    memory->worker = state->forward_plan.scratch_bytes;
    if (memory->training && memory->wants_gradient[0])
        memory->worker = tl__size_max(memory->worker, state->input_plan.scratch_bytes);
}

static void basis_forward_task(tl__pass *pass, tl__op *op, size_t task, void *scratch)
{
    const basis_state *state = op->state;
    (void)pass;
    state->forward_plan.run(&state->forward, &state->forward_plan, task, scratch);
}

static void basis_input_task(tl__pass *pass, tl__op *op, size_t task, void *scratch)
{
    const basis_state *state = op->state;
    (void)pass;
    state->input_plan.run(&state->input, &state->input_plan, task, scratch);
}

static double basis_work(const tl__pass *pass, const basis_state *state)
{
    return 2.0 * (double)(pass->rows * state->repeat) * (double)state->in * (double)state->out;
}

static void basis_forward(tl__pass *pass, tl__op *op)
{
    basis_state *state = op->state;
    if (pass->rows != state->rows) basis_plan(state, pass->kernels, pass->rows);
    state->forward.a = op->in[0];
    state->forward.b = op->tensor[0];
    state->forward.c = op->out;
    tl__pass_run(pass, op, state->forward_plan.tasks, basis_work(pass, state), basis_forward_task);
}

static void basis_backward(tl__pass *pass, tl__op *op)
{
    basis_state *state = op->state;
    if (!op->d_in[0]) return;
    state->input.a = op->d_out;
    state->input.b = op->tensor[0];
    state->input.c = op->d_in[0];
    tl__pass_run(pass, op, state->input_plan.tasks, basis_work(pass, state), basis_input_task);
}

static double basis_flops(const tl__site *site)
{
    return 2.0 * (double)tl__shape_size(&site->node->shape) * (double)basis_terms(site);
}

TL_PRIV const tl__member_head *tl__layer_basis(void)
{
    static const tl__layer_example examples[] = {
        {"size: 7", 1, {{1, {3}}}}, {"kind: seasonality, size: 5, period: 3", 1, {{2, {3, 4}}}},
        {"kind: seasonality, size: 9", 1, {{1, {6}}}}, {"size: 1", 1, {{2, {2, 1}}}}
    };
    static const tl__layer layer = {
        .head = {.name = "basis",
                 .help = "A curve of `size` steps from the weights of fixed curves: trend, y[i] = sum of x[p] (i / "
                         "size)^p; seasonality, y[i] = sum of x[k] cos(2 pi k i / period) + x[K + k] sin(2 pi k i / "
                         "period), k < K (Oreshkin and others, 2020).",
                 .rows = basis_rows, .settings_size = sizeof(basis_settings)},
        .inputs_min = 1, .inputs_max = 1, .state_size = sizeof(basis_state), .shape = basis_shape,
        .tensors = basis_tensors, .keeps_time = tl__keeps_positions, .carve = basis_carve, .forward = basis_forward,
        .backward = basis_backward,
        .flops = basis_flops, .examples = examples, .example_count = (int)TL_COUNT(examples)
    };
    return &layer.head;
}
