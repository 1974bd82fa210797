/* Multi-head attention (Vaswani et al. 2017) over [time, feature]: every position asks all positions, of its own
 * sequence or of another one (the memory), and takes the mean of their values, weighted by how well their keys fit.
 * Parameters are named and shaped as in PyTorch: in_proj_weight [3E, E] has the rows of queries, keys and values.
 *
 * Projections are matrix products over all positions; what happens inside a head is in nn/attention.c. Over its own
 * sequence one product makes queries, keys and values, side by side; over a memory there are two. */
#include "nn/attention.h"

#include "base/math.h"
#include "nn/layer.h"

enum { ATTENTION_COLUMNS = 64, ATTENTION_FEW = 1 << 16 /* floats of samples in the second-level cache */ };

typedef struct attention_settings {
    int64_t heads;
    bool causal, bias, weights;
    double dropout;
} attention_settings;

/* A projection: `columns` of the 3E from `at` on, made from input number `input`, for `length` positions. */
typedef struct attention_part {
    size_t length, at, columns;
    float *values, *d_values;        /* [rows * length, columns] */
} attention_part;

typedef struct attention_state {
    size_t width, heads, block;
    size_t columns;                  /* of a row of the output */
    int parts;                       /* 1, or with a memory 2 */
    attention_part part[2];
    float *mixed, *d_mixed;          /* [rows * queries, width]: all heads' results, before the last projection */
    float *largest, *inverse, *delta;   /* [rows, heads, queries] */
    tl__gemm call;                   /* the product that runs */
    tl__gemm_plan plan;
    tl__attention_part back;         /* what runs of the way back */
    size_t blocks;                   /* tasks of a head */
} attention_state;

static const tl__field attention_rows[] = {
    {.name = "heads", .kind = TL__FIELD_INT, .flags = TL__RESULT | TL__TUNE | TL__REQUIRED,
     .offset = offsetof(attention_settings, heads), .min = 1, .max = 65536,
     .help = "how many heads share the width; they must divide it"},
    {.name = "causal", .kind = TL__FIELD_BOOL, .flags = TL__RESULT, .offset = offsetof(attention_settings, causal),
     .max = 1, .help = "a position sees itself and those before it only"},
    {.name = "bias", .kind = TL__FIELD_BOOL, .flags = TL__RESULT, .offset = offsetof(attention_settings, bias),
     .fallback = 1, .max = 1, .help = "add numbers of their own to the projections"},
    {.name = "dropout", .kind = TL__FIELD_FLOAT, .flags = TL__RESULT | TL__LIVE | TL__TUNE,
     .offset = offsetof(attention_settings, dropout), .max = 1,
     .help = "probability that a weight of a position is set to zero in training"},
    {.name = "weights", .kind = TL__FIELD_BOOL, .flags = TL__RESULT, .offset = offsetof(attention_settings, weights),
     .max = 1, .help = "put the weights of all heads beside the result: heads * positions more columns"},
    {.name = NULL}
};

static const tl__shape *attention_memory(const tl__site *site)
{
    return tl__site_in(site, site->node->input_count > 1 ? 1 : 0);
}

static const char *attention_shape(const tl__site *site, tl__shape *out)
{
    const attention_settings *settings = site->settings;
    const tl__shape *memory = attention_memory(site);
    size_t beside;
    if (settings->heads < 1) return "needs `heads: N`, the number of heads";
    *out = *tl__site_in(site, 0);
    if (out->rank != 2) return "needs [time, features]";
    if (memory->rank != 2 || memory->dim[1] != out->dim[1])
        return "needs a memory of [time, features] that is as wide as what asks it";
    if (out->dim[1] % (size_t)settings->heads != 0) return "needs as many features as its `heads` divide evenly";
    if (!settings->weights) return NULL;
    if (!tl__size_mul((size_t)settings->heads, memory->dim[0], &beside) ||
        !tl__size_add(out->dim[1], beside, &out->dim[1]))
        return "needs fewer heads or positions to put their weights beside the result";
    return NULL;
}

static int attention_tensors(const tl__site *site, tl__tensor_spec *out)
{
    const attention_settings *settings = site->settings;
    tl__init_kind kind = tl__init_of(site->node->initialization);
    size_t width = tl__site_in(site, 0)->dim[1];
    int count = 0;
    out[count++] = (tl__tensor_spec){.name = "in_proj_weight", .rank = 2, .dim = {3 * width, width}, .order = {1, 0},
                                     .fan_in = width, .fan_out = 3 * width, .decays = true,
                                     .init = kind == TL__INIT_PYTORCH ? TL__INIT_XAVIER_UNIFORM : kind};
    if (settings->bias)
        out[count++] = (tl__tensor_spec){.name = "in_proj_bias", .rank = 1, .dim = {3 * width}, .init = TL__INIT_ZEROS};
    out[count++] = (tl__tensor_spec){.name = "out_proj.weight", .rank = 2, .dim = {width, width}, .order = {1, 0},
                                     .fan_in = width, .fan_out = width, .init = kind, .decays = true};
    if (settings->bias)
        out[count++] = (tl__tensor_spec){.name = "out_proj.bias", .rank = 1, .dim = {width}, .init = TL__INIT_ZEROS};
    return count;
}

/* A head as it is planned; pointers come when it runs. */
static tl__attention attention_head(const attention_state *state, const tl__kernels *kernels, bool causal)
{
    const attention_part *keys = &state->part[state->parts - 1];
    tl__attention head = {.kernels = kernels, .queries = state->part[0].length, .keys = keys->length,
                          .padded = keys->length, .width = state->width / state->heads, .block = state->block,
                          .causal = causal, .ldq = state->part[0].columns, .ldk = keys->columns,
                          .ldout = state->width, .ldweights = state->columns};
    head.scale = 1.0f / tl__sqrt((float)head.width);
    return head;
}

/* ---- Projections: products without their pointers */

static tl__gemm attention_in(const attention_state *state, const attention_part *part, size_t rows)
{
    return (tl__gemm){.m = rows * part->length, .n = part->columns, .k = state->width, .lda = state->width,
                      .ldb = 3 * state->width, .ldc = part->columns};
}

static tl__gemm attention_in_back(const attention_state *state, const attention_part *part, size_t rows)
{
    return (tl__gemm){.m = rows * part->length, .n = state->width, .k = part->columns, .lda = part->columns,
                      .ldb = 3 * state->width, .b_transposed = true, .ldc = state->width};
}

static tl__gemm attention_in_weight(const attention_state *state, const attention_part *part, size_t rows,
                                    int pieces)
{
    return (tl__gemm){.m = state->width, .n = part->columns, .k = rows * part->length, .lda = state->width,
                      .a_transposed = true, .ldb = part->columns, .ldc = 3 * state->width,
                      .cut = {(size_t)pieces, part->length}};
}

static tl__gemm attention_out(const attention_state *state, size_t rows)
{
    return (tl__gemm){.m = rows * state->part[0].length, .n = state->width, .k = state->width, .lda = state->width,
                      .ldb = state->width, .ldc = state->columns};
}

static tl__gemm attention_out_back(const attention_state *state, size_t rows)
{
    return (tl__gemm){.m = rows * state->part[0].length, .n = state->width, .k = state->width, .lda = state->columns,
                      .ldb = state->width, .b_transposed = true, .ldc = state->width};
}

static tl__gemm attention_out_weight(const attention_state *state, size_t rows, int pieces)
{
    return (tl__gemm){.m = state->width, .n = state->width, .k = rows * state->part[0].length, .lda = state->width,
                      .a_transposed = true, .ldb = state->columns, .ldc = state->width,
                      .cut = {(size_t)pieces, state->part[0].length}};
}

static void attention_measure(tl__layer_memory *memory, tl__gemm call)
{
    tl__gemm_plan plan;
    memory->kernels->gemm_plan(&call, &plan);
    memory->worker = tl__size_max(memory->worker, plan.scratch_bytes);
}

static void attention_carve(const tl__site *site, tl__layer_memory *memory, void *block)
{
    attention_state *state = block;
    const attention_settings *settings = site->settings;
    size_t queries = tl__site_in(site, 0)->dim[0], keys = attention_memory(site)->dim[0], rows = memory->rows;
    bool training = memory->training;
    state->width = tl__site_in(site, 0)->dim[1];
    state->heads = (size_t)settings->heads;
    state->columns = site->node->shape.dim[1];
    state->parts = site->node->input_count;
    state->block = tl__attention_block(queries, keys);
    state->part[0] = (attention_part){.length = queries, .columns = (state->parts == 1 ? 3 : 1) * state->width};
    state->part[1] = (attention_part){.length = keys, .at = state->width, .columns = 2 * state->width};
    for (int i = 0; i < state->parts; i++) {
        attention_part *part = &state->part[i];
        part->values = TL_CARVE(&memory->kept, float, rows * part->length * part->columns);
        if (training) part->d_values = TL_CARVE(&memory->backward, float, rows * part->length * part->columns);
        attention_measure(memory, attention_in(state, part, rows));
        if (training) attention_measure(memory, attention_in_weight(state, part, rows, memory->pieces));
        if (memory->wants_gradient[i]) attention_measure(memory, attention_in_back(state, part, rows));
    }
    state->mixed = TL_CARVE(&memory->kept, float, rows * queries * state->width);
    state->largest = TL_CARVE(&memory->kept, float, rows * state->heads * queries);
    state->inverse = TL_CARVE(&memory->kept, float, rows * state->heads * queries);
    attention_measure(memory, attention_out(state, rows));
    tl__attention head = attention_head(state, memory->kernels, settings->causal);
    memory->worker = tl__size_max(memory->worker, tl__attention_scratch(&head, training));
    if (!training) return;
    state->d_mixed = TL_CARVE(&memory->backward, float, rows * queries * state->width);
    state->delta = TL_CARVE(&memory->backward, float, rows * state->heads * queries);
    attention_measure(memory, attention_out_back(state, rows));
    attention_measure(memory, attention_out_weight(state, rows, memory->pieces));
    memory->keeps_input = true;
}

/* Tensors in memory: in_proj_weight 0, in_proj_bias 1, out_proj.weight 2, out_proj.bias 3; biases may be missing. */
static float *attention_tensor(const tl__op *op, float *const *tensors, int which)
{
    const attention_settings *settings = op->settings;
    if (settings->bias) return tensors[which];
    return which & 1 ? NULL : tensors[which / 2];
}

/* ---- The same for samples [first, first + rows) of a pass, with pointers */

static tl__gemm attention_in_of(const tl__op *op, int i, size_t first, size_t rows)
{
    const attention_state *state = op->state;
    const attention_part *part = &state->part[i];
    const float *bias = attention_tensor(op, op->tensor, 1);
    tl__gemm call = attention_in(state, part, rows);
    call.a = op->in[i] + first * part->length * state->width;
    call.b = attention_tensor(op, op->tensor, 0) + part->at;
    call.bias = bias ? bias + part->at : NULL;
    call.c = part->values + first * part->length * part->columns;
    return call;
}

static tl__gemm attention_in_back_of(const tl__op *op, int i, size_t first, size_t rows)
{
    const attention_state *state = op->state;
    const attention_part *part = &state->part[i];
    tl__gemm call = attention_in_back(state, part, rows);
    call.a = part->d_values + first * part->length * part->columns;
    call.b = attention_tensor(op, op->tensor, 0) + part->at;
    call.c = op->d_in[i] + first * part->length * state->width;
    return call;
}

static tl__gemm attention_out_of(const tl__op *op, size_t first, size_t rows)
{
    const attention_state *state = op->state;
    tl__gemm call = attention_out(state, rows);
    call.a = state->mixed + first * state->part[0].length * state->width;
    call.b = attention_tensor(op, op->tensor, 2);
    call.bias = attention_tensor(op, op->tensor, 3);
    call.c = op->out + first * op->size;
    return call;
}

static tl__gemm attention_out_back_of(const tl__op *op, size_t first, size_t rows)
{
    const attention_state *state = op->state;
    tl__gemm call = attention_out_back(state, rows);
    call.a = op->d_out + first * op->size;
    call.b = attention_tensor(op, op->tensor, 2);
    call.c = state->d_mixed + first * state->part[0].length * state->width;
    return call;
}

static void attention_product_task(tl__pass *pass, tl__op *op, size_t task, void *scratch)
{
    const attention_state *state = op->state;
    (void)pass;
    state->plan.run(&state->call, &state->plan, task, scratch);
}

/* On all threads. */
static void attention_product(tl__pass *pass, tl__op *op, tl__gemm call)
{
    attention_state *state = op->state;
    state->call = call;
    pass->kernels->gemm_plan(&state->call, &state->plan);
    tl__pass_run(pass, op, state->plan.tasks,
                 2.0 * (double)call.m * (double)call.k * (double)call.n + 20.0 * (double)call.m * (double)call.n,
                 attention_product_task);
}

/* Inside a task. */
static void attention_product_here(const tl__pass *pass, tl__gemm call, void *scratch)
{
    tl__gemm_plan plan;
    pass->kernels->gemm_plan(&call, &plan);
    for (size_t task = 0; task < plan.tasks; task++) plan.run(&call, &plan, task, scratch);
}

/* ---- Heads */

static tl__attention attention_at(const tl__pass *pass, const tl__op *op, size_t head_number)
{
    const attention_state *state = op->state;
    const attention_settings *settings = op->settings;
    const attention_part *q = &state->part[0], *k = &state->part[state->parts - 1];
    size_t row = head_number / state->heads, number = head_number % state->heads;
    const int32_t *lengths = tl__op_lengths(pass, op, state->parts - 1);
    tl__attention head = attention_head(state, pass->kernels, settings->causal);
    size_t at = number * head.width, q_at = row * q->length * q->columns + at;
    size_t k_at = row * k->length * k->columns + (state->parts == 1 ? state->width : 0) + at;
    size_t out_at = row * q->length * state->width + at, saved_at = head_number * q->length;
    if (lengths) head.keys = (size_t)lengths[row];
    head.q = q->values + q_at;
    head.k = k->values + k_at;
    head.v = head.k + state->width;
    head.out = state->mixed + out_at;
    head.largest = state->largest + saved_at;
    head.inverse = state->inverse + saved_at;
    if (settings->weights)
        head.weights = op->out + row * op->size + state->width + number * k->length;
    head.rate = pass->training ? (float)settings->dropout : 0.0f;
    tl__random_init(&head.random, pass->seed, TL__DRAW_DROPOUT, op->key + (uint32_t)number * 0x9e3779b9u, pass->step,
                    (uint32_t)(pass->first_row + row));
    if (!state->d_mixed) return head;
    head.d_out = state->d_mixed + out_at;
    head.d_weights = settings->weights ? op->d_out + (head.weights - op->out) : NULL;
    head.dq = q->d_values + q_at;
    head.dk = k->d_values + k_at;
    head.dv = head.dk + state->width;
    head.delta = state->delta + saved_at;
    return head;
}

static void attention_forward_task(tl__pass *pass, tl__op *op, size_t task, void *scratch)
{
    const attention_state *state = op->state;
    tl__attention head = attention_at(pass, op, task / state->blocks);
    size_t first = task % state->blocks * state->block;
    tl__attention_forward(&head, first, tl__size_min(first + state->block, head.queries), scratch);
}

static void attention_backward_task(tl__pass *pass, tl__op *op, size_t task, void *scratch)
{
    const attention_state *state = op->state;
    tl__attention head = attention_at(pass, op, task / state->blocks);
    size_t first = task % state->blocks * state->block, end = first + state->block;
    if (state->back == TL__ATTENTION_QUERIES) end = tl__size_min(end, head.queries);
    tl__attention_backward(&head, state->back, first, end, scratch);
}

/* Of one product of all heads, with the exponentials beside it. */
static double attention_work(const attention_state *state, size_t rows)
{
    double scores = (double)(rows * state->part[0].length) * (double)state->part[state->parts - 1].length;
    return scores * (2.0 * (double)state->width + 20.0 * (double)state->heads);
}

/* ---- Passes. A few samples go all the way while they are in the cache; where that gives too few tasks for the
 * threads, products and heads are cut one after the other. */

static size_t attention_few(const attention_state *state)
{
    size_t floats = state->part[0].length * (state->part[0].columns + 2 * state->width);
    if (state->parts > 1) floats += state->part[1].length * (state->part[1].columns + state->width);
    return tl__size_max(1, ATTENTION_FEW / floats);
}

/* Tasks of a few samples, or 0. */
static size_t attention_tasks(const tl__pass *pass, const attention_state *state)
{
    size_t threads = (size_t)tl__pool_threads(pass->pool), tasks = tl__blocks(pass->rows, attention_few(state));
    return threads == 1 || tasks >= 4 * threads ? tasks : 0;
}

static void attention_forward_few(tl__pass *pass, tl__op *op, size_t task, void *scratch)
{
    const attention_state *state = op->state;
    size_t first = task * attention_few(state), rows = tl__size_min(attention_few(state), pass->rows - first);
    for (int i = 0; i < state->parts; i++)
        attention_product_here(pass, attention_in_of(op, i, first, rows), scratch);
    for (size_t i = 0; i < rows * state->heads; i++) {
        tl__attention head = attention_at(pass, op, first * state->heads + i);
        tl__attention_forward(&head, 0, head.queries, scratch);
    }
    attention_product_here(pass, attention_out_of(op, first, rows), scratch);
}

static void attention_forward(tl__pass *pass, tl__op *op)
{
    attention_state *state = op->state;
    size_t tasks = attention_tasks(pass, state), rows = pass->rows;
    double work = 2.0 * attention_work(state, rows);
    if (tasks > 0) {
        tl__pass_run(pass, op, tasks, work + 4.0 * (double)(rows * op->size * state->width), attention_forward_few);
        return;
    }
    for (int i = 0; i < state->parts; i++) attention_product(pass, op, attention_in_of(op, i, 0, rows));
    state->blocks = tl__blocks(state->part[0].length, state->block);
    tl__pass_run(pass, op, rows * state->heads * state->blocks, work, attention_forward_task);
    attention_product(pass, op, attention_out_of(op, 0, rows));
}

/* Heads read and write short pieces of far rows, each of which would wait for its lines; read in order they come in a
 * stream (the way back of 64 x 60 x 64: 0.7 to 1.0 of the time; prefetch instructions did less). */
static void attention_fetch(const float *values, size_t size)
{
    for (size_t at = 0; at < size; at += 16) (void)*(const volatile float *)(values + at);
}

static void attention_backward_few(tl__pass *pass, tl__op *op, size_t task, void *scratch)
{
    const attention_state *state = op->state;
    size_t first = task * attention_few(state), rows = tl__size_min(attention_few(state), pass->rows - first);
    for (int i = 0; i < state->parts; i++) {
        const attention_part *part = &state->part[i];
        size_t size = part->length * part->columns;
        attention_fetch(part->values + first * size, rows * size);
        attention_fetch(part->d_values + first * size, rows * size);
    }
    attention_product_here(pass, attention_out_back_of(op, first, rows), scratch);
    for (size_t i = 0; i < rows * state->heads; i++) {
        tl__attention head = attention_at(pass, op, first * state->heads + i);
        tl__attention_backward(&head, TL__ATTENTION_ALL, 0, SIZE_MAX, scratch);
    }
    for (int i = 0; i < state->parts; i++)
        if (op->d_in[i]) attention_product_here(pass, attention_in_back_of(op, i, first, rows), scratch);
}

static void attention_backward_run(tl__pass *pass, tl__op *op, tl__attention_part back, size_t length, double products)
{
    attention_state *state = op->state;
    state->back = back;
    state->blocks = tl__blocks(length, state->block);
    tl__pass_run(pass, op, pass->rows * state->heads * state->blocks, products * attention_work(state, pass->rows),
                 attention_backward_task);
}

static void attention_input_gradients(tl__pass *pass, tl__op *op)
{
    const attention_state *state = op->state;
    size_t tasks = attention_tasks(pass, state), rows = pass->rows;
    if (tasks > 0) {
        tl__pass_run(pass, op, tasks,
                     5.0 * attention_work(state, rows) + 8.0 * (double)(rows * op->size * state->width),
                     attention_backward_few);
        return;
    }
    attention_product(pass, op, attention_out_back_of(op, 0, rows));
    attention_backward_run(pass, op, TL__ATTENTION_QUERIES, state->part[0].length, 3.0);
    attention_backward_run(pass, op, TL__ATTENTION_KEYS, state->part[state->parts - 1].length, 4.0);
    for (int i = 0; i < state->parts; i++)
        if (op->d_in[i]) attention_product(pass, op, attention_in_back_of(op, i, 0, rows));
}

/* Sums of biases' gradients: blocks of columns of the projections, then of the output. */
static void attention_bias_task(tl__pass *pass, tl__op *op, size_t task, void *scratch)
{
    const attention_state *state = op->state;
    (void)scratch;
    for (int i = 0; i < state->parts; i++) {
        const attention_part *part = &state->part[i];
        size_t tasks = tl__blocks(part->columns, ATTENTION_COLUMNS), first = task * ATTENTION_COLUMNS;
        if (task < tasks) {
            pass->kernels->column_sums(attention_tensor(op, op->gradient, 1) + part->at, part->d_values,
                                       pass->rows * part->length, part->columns, tl__pass_cut(pass, part->length),
                                       first, tl__size_min(ATTENTION_COLUMNS, part->columns - first));
            return;
        }
        task -= tasks;
    }
    pass->kernels->column_sums(attention_tensor(op, op->gradient, 3), op->d_out, pass->rows * state->part[0].length,
                               state->columns, tl__pass_cut(pass, state->part[0].length), task * ATTENTION_COLUMNS,
                               tl__size_min(ATTENTION_COLUMNS, state->width - task * ATTENTION_COLUMNS));
}

static void attention_weight_gradients(tl__pass *pass, tl__op *op)
{
    attention_state *state = op->state;
    size_t rows = pass->rows, columns = tl__blocks(state->width, ATTENTION_COLUMNS);
    float *in = attention_tensor(op, op->gradient, 0), *out = attention_tensor(op, op->gradient, 2);
    if (!in) return;
    for (int i = 0; i < state->parts; i++) {
        const attention_part *part = &state->part[i];
        tl__gemm call = attention_in_weight(state, part, rows, pass->pieces);
        call.a = op->in[i];
        call.b = part->d_values;
        call.c = in + part->at;
        attention_product(pass, op, call);
        columns += tl__blocks(part->columns, ATTENTION_COLUMNS);
    }
    tl__gemm call = attention_out_weight(state, rows, pass->pieces);
    call.a = state->mixed;
    call.b = op->d_out;
    call.c = out;
    attention_product(pass, op, call);
    if (attention_tensor(op, op->gradient, 1))
        tl__pass_run(pass, op, columns, 4.0 * (double)(rows * state->part[0].length * state->width),
                     attention_bias_task);
}

static void attention_backward(tl__pass *pass, tl__op *op)
{
    attention_input_gradients(pass, op);
    attention_weight_gradients(pass, op);
}

static size_t attention_heads(const tl__site *site, size_t *queries, size_t *keys)
{
    const attention_settings *settings = site->settings;
    *queries = tl__site_in(site, 0)->dim[0];
    *keys = attention_memory(site)->dim[0];
    return (size_t)settings->heads;
}

/* The forward pass of one head again: what else it writes has the same bits as before. */
static void attention_look(tl__pass *pass, tl__op *op, size_t row, size_t number, float *out)
{
    const attention_state *state = op->state;
    tl__attention head = attention_at(pass, op, row * state->heads + number);
    head.weights = out;
    head.ldweights = head.padded;
    tl__attention_forward(&head, 0, head.queries, pass->scratch);
}

static double attention_flops(const tl__site *site)
{
    const attention_settings *settings = site->settings;
    double queries = (double)tl__site_in(site, 0)->dim[0], keys = (double)attention_memory(site)->dim[0];
    double width = (double)tl__site_in(site, 0)->dim[1];
    double projected = site->node->input_count > 1 ? queries + 2.0 * keys : 3.0 * queries;
    return 2.0 * width * width * (projected + queries) +
           queries * keys * (4.0 * width + 20.0 * (double)settings->heads);
}

TL_PRIV const tl__member_head *tl__layer_attention(void)
{
    static const tl__layer_example examples[] = {
        {"heads: 2", 1, {{2, {3, 4}}}},
        {"heads: 1, bias: false", 1, {{2, {1, 1}}}},
        {"heads: 3, causal: true", 1, {{2, {5, 6}}}},
        {"heads: 2, weights: true, dropout: 0.25", 1, {{2, {4, 2}}}},
        {"heads: 2", 2, {{2, {3, 4}}, {2, {5, 4}}}},
        {"heads: 1, causal: true, dropout: 0.1, weights: true", 2, {{2, {5, 3}}, {2, {2, 3}}}},
        {"heads: 1, causal: true", 2, {{2, {2, 2}}, {2, {4, 2}}}}
    };
    static const tl__layer layer = {
        .head = {.name = "attention", .aliases = "multihead_attention mha",
                 .help = "Multi-head attention over [time, features]: each head is softmax(Q K^T / sqrt(d)) V with Q, "
                         "K and V linear in the input and d its width divided by `heads`; the heads side by side go "
                         "through a last linear map. `from: [x, memory]` asks another sequence of the same width "
                         "(Vaswani and others, 2017).",
                 .rows = attention_rows, .settings_size = sizeof(attention_settings)},
        .inputs_min = 1, .inputs_max = 2, .state_size = sizeof(attention_state), .shape = attention_shape,
        .keeps_time = tl__keeps_positions,
        .tensors = attention_tensors, .carve = attention_carve, .forward = attention_forward,
        .backward = attention_backward, .flops = attention_flops, .heads = attention_heads,
        .attention = attention_look, .examples = examples, .example_count = (int)TL_COUNT(examples)
    };
    return &layer.head;
}
