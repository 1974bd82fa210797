/* Recurrent layers: shapes, weights, memory, and who computes when.
 *
 * The kernels (kernels/recurrent.inc.h) take blocks of rows through all of their time; blocks and directions are the
 * tasks. What the way back leaves in `gates` is then an operand of ordinary products over all (row, step): the
 * gradients of weights and inputs. With two directions the gradient of the input is that of the first, then added that
 * of the second. */
#include "nn/recurrent.h"

#include "base/text.h"
#include "nn/expand.h"

enum { RECURRENT_COLUMNS = 64, RECURRENT_DIRECTIONS = 2 };

/* The products after the way back; those of the input come first. */
enum { RECURRENT_X, RECURRENT_IH, RECURRENT_HH, RECURRENT_NEW, RECURRENT_PRODUCTS };

typedef struct recurrent_direction {
    float *gates, *before, *cells;      /* kept */
    float *packed, *back, *sums;        /* NULL where the plan wants none */
} recurrent_direction;

typedef struct recurrent_state {
    tl__cell cell;
    bool bias;
    size_t directions, units, in, time;
    size_t sequence_at, h_at, c_at;     /* in a row of the output; SIZE_MAX: not there */
    size_t rows;                        /* which the plans are for; 0: not yet */
    recurrent_direction way[RECURRENT_DIRECTIONS];
    tl__recurrent_plan plan;
    tl__gemm_plan products[RECURRENT_PRODUCTS], more;   /* more: of the input, added */
} recurrent_state;

typedef char recurrent_state_fits[sizeof(recurrent_state) <= TL__RECURRENT_STATE_SIZE ? 1 : -1];

static tl__cell recurrent_cell(const tl__site *site)
{
    const tl__recurrent_settings *settings = site->settings;
    const tl__member_head *head = &site->node->layer->head;
    if (head == tl__layer_lstm()) return TL__CELL_LSTM;
    if (head == tl__layer_gru()) return TL__CELL_GRU;
    return settings->nonlinearity == 1 ? TL__CELL_RELU : TL__CELL_TANH;
}

static size_t recurrent_width(const tl__recurrent_settings *settings)
{
    return (size_t)settings->units * (settings->bidirectional ? 2 : 1);
}

/* Where the parts of an output row begin; gives its size, SIZE_MAX when that is too much. */
static size_t recurrent_places(const tl__site *site, size_t *sequence, size_t *h, size_t *c)
{
    const tl__recurrent_settings *settings = site->settings;
    size_t width = recurrent_width(settings), at = 0;
    *sequence = *h = *c = SIZE_MAX;
    if (settings->output == TL__RECURRENT_SEQUENCE || settings->output == TL__RECURRENT_ALL) {
        *sequence = 0;
        if (!tl__size_mul(tl__site_in(site, 0)->dim[0], width, &at)) return SIZE_MAX;
    }
    if (settings->output == TL__RECURRENT_SEQUENCE) return at;
    *h = at;
    if (!tl__size_add(at, width, &at)) return SIZE_MAX;
    if (settings->output == TL__RECURRENT_LAST || recurrent_cell(site) != TL__CELL_LSTM) return at;
    *c = at;
    return tl__size_add(at, width, &at) ? at : SIZE_MAX;
}

TL_PRIV const char *tl__recurrent_shape(const tl__site *site, tl__shape *out)
{
    const tl__recurrent_settings *settings = site->settings;
    const tl__shape *in = tl__site_in(site, 0);
    size_t sequence, h, c;
    if (settings->units < 1) return "needs `units: N`, the size of its state";
    if (in->rank != 2) return "needs [time, features] (a reshape layer makes that)";
    for (int k = 1; k < site->node->input_count; k++)
        if (tl__site_in(site, k)->rank != 1 || tl__site_in(site, k)->dim[0] != recurrent_width(settings))
            return "needs initial states of as many numbers as `units` says, twice as many in both directions";
    *out = *in;
    out->dim[1] = recurrent_width(settings);
    if (settings->output == TL__RECURRENT_SEQUENCE) return NULL;
    out->rank = 1;
    out->dim[0] = recurrent_places(site, &sequence, &h, &c);
    return out->dim[0] == SIZE_MAX ? "needs fewer units or steps" : NULL;
}

TL_PRIV bool tl__recurrent_keeps_time(const tl__site *site)
{
    const tl__recurrent_settings *settings = site->settings;
    return settings->output == TL__RECURRENT_SEQUENCE;
}

TL_PRIV int tl__recurrent_tensors(const tl__site *site, tl__tensor_spec *out)
{
    static const char *const names[] = {"weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0",
                                        "weight_ih_l0_reverse", "weight_hh_l0_reverse", "bias_ih_l0_reverse",
                                        "bias_hh_l0_reverse"};
    const tl__recurrent_settings *settings = site->settings;
    size_t units = (size_t)settings->units, rows = tl__cell_gates(recurrent_cell(site)) * units;
    tl__init_kind kind = tl__init_of(site->node->initialization);
    int count = 0;
    for (int i = 0; i < (settings->bidirectional ? 8 : 4); i++) {
        bool weight = i % 4 < 2, hidden = i % 2 == 1;
        size_t in = hidden ? units : tl__site_in(site, 0)->dim[1];
        if (!weight && !settings->bias) continue;
        out[count] = (tl__tensor_spec){.name = names[i], .rank = weight ? 2 : 1, .dim = {rows, weight ? in : 0},
                                       .fan_in = kind == TL__INIT_PYTORCH ? units : in, .fan_out = units,
                                       .init = weight || kind == TL__INIT_PYTORCH ? kind : TL__INIT_ZEROS,
                                       .decays = weight, .level = (int)settings->level + 1};
        if (weight) out[count].order[0] = 1;
        count++;
    }
    return count;
}

/* Number of a direction's first tensor; the others follow: w_ih, w_hh, b_ih, b_hh. */
static size_t recurrent_tensor(const recurrent_state *state, size_t way) { return way * (state->bias ? 4u : 2u); }

/* ---- Memory and plans */

/* One direction of a pass; without memory it is what plans need. */
static tl__recurrent recurrent_call(const recurrent_state *state, const tl__op *op, size_t way, size_t rows)
{
    tl__recurrent call = {.cell = state->cell, .reverse = way == 1, .rows = rows, .time = state->time,
                          .in = state->in, .units = state->units};
    const recurrent_direction *kept = &state->way[way];
    size_t first = recurrent_tensor(state, way), at = way * state->units, width = state->directions * state->units;
    if (!op) return call;
    call.x = op->in[0];
    call.w_ih = op->tensor[first];
    call.w_hh = op->tensor[first + 1];
    if (state->bias) {
        call.b_ih = op->tensor[first + 2];
        call.b_hh = op->tensor[first + 3];
    }
    call.packed = kept->packed;
    call.packed_back = kept->back;
    if (op->input_count > 1) call.h0 = op->in[1] + at;
    if (op->input_count > 2) call.c0 = op->in[2] + at;
    call.ld0 = width;
    if (state->sequence_at != SIZE_MAX) call.out = op->out + state->sequence_at + at;
    if (state->h_at != SIZE_MAX) call.h_n = op->out + state->h_at + at;
    if (state->c_at != SIZE_MAX) call.c_n = op->out + state->c_at + at;
    call.out_row = call.ld_n = op->size;
    call.out_step = width;
    call.gates = kept->gates;
    call.before = kept->before;
    call.cells = kept->cells;
    return call;
}

static tl__recurrent recurrent_call_back(const recurrent_state *state, const tl__op *op, size_t way, size_t rows)
{
    tl__recurrent call = recurrent_call(state, op, way, rows);
    size_t at = way * state->units;
    if (call.out) call.d_out = op->d_out + state->sequence_at + at;
    if (call.h_n) call.d_h_n = op->d_out + state->h_at + at;
    if (call.c_n) call.d_c_n = op->d_out + state->c_at + at;
    if (op->d_in[1]) call.d_h0 = op->d_in[1] + at;
    if (op->d_in[2]) call.d_c0 = op->d_in[2] + at;
    return call;
}

/* A product after the way back; without an op what its plan needs. False: it is not wanted. */
static bool recurrent_product(const recurrent_state *state, const tl__op *op, size_t way, int which, size_t rows,
                              tl__cut cut, tl__gemm *out)
{
    const recurrent_direction *kept = &state->way[way];
    size_t u = state->units, all = tl__cell_gates(state->cell) * u, ld = tl__cell_kept(state->cell) * u;
    size_t first = recurrent_tensor(state, way);
    bool gru = state->cell == TL__CELL_GRU;
    if (which == RECURRENT_X) {
        *out = (tl__gemm){.m = rows * state->time, .n = state->in, .k = all, .lda = ld, .ldb = all,
                          .b_transposed = true, .ldc = state->in, .accumulate = way > 0};
        if (!op) return true;
        out->a = kept->gates;
        out->b = op->tensor[first];
        return (out->c = op->d_in[0]) != NULL;
    }
    if (which == RECURRENT_NEW && !gru) return false;
    *out = (tl__gemm){.m = u, .n = all, .k = rows * state->time, .lda = u, .a_transposed = true, .ldb = ld,
                      .ldc = all, .cut = cut, .a = kept->before, .b = kept->gates};
    if (which == RECURRENT_IH) out->m = out->lda = state->in;
    if (which == RECURRENT_HH && gru) out->n = 2 * u;
    if (which == RECURRENT_NEW) out->n = u;
    if (!op) return true;
    if (which == RECURRENT_IH) out->a = op->in[0];
    if (which == RECURRENT_NEW) out->b += 3 * u;
    out->c = op->gradient[first + (which != RECURRENT_IH)];
    if (!out->c) return false;
    if (which == RECURRENT_NEW) out->c += 2 * u;
    return true;
}

static void recurrent_plans(recurrent_state *state, const tl__kernels *kernels, size_t rows, int pieces, bool training)
{
    tl__cut cut = {(size_t)pieces, state->time};
    tl__recurrent call = recurrent_call(state, NULL, 0, rows);
    tl__gemm product;
    state->rows = rows;
    kernels->recurrent_plan(&call, &state->plan);
    for (int i = 0; i < RECURRENT_PRODUCTS && training; i++)
        if (recurrent_product(state, NULL, 0, i, rows, cut, &product))
            kernels->gemm_plan(&product, &state->products[i]);
    if (!training || state->directions < 2) return;
    recurrent_product(state, NULL, 1, RECURRENT_X, rows, cut, &product);
    kernels->gemm_plan(&product, &state->more);
}

TL_PRIV void tl__recurrent_carve(const tl__site *site, tl__layer_memory *memory, void *block)
{
    recurrent_state *state = block;
    const tl__recurrent_settings *settings = site->settings;
    state->cell = recurrent_cell(site);
    state->bias = settings->bias;
    state->directions = settings->bidirectional ? 2 : 1;
    state->units = (size_t)settings->units;
    state->time = tl__site_in(site, 0)->dim[0];
    state->in = tl__site_in(site, 0)->dim[1];
    recurrent_places(site, &state->sequence_at, &state->h_at, &state->c_at);
    recurrent_plans(state, memory->kernels, memory->rows, memory->pieces, memory->training);
    size_t steps = memory->rows * state->time, kept = tl__cell_kept(state->cell) * state->units;
    for (size_t d = 0; d < state->directions; d++) {
        recurrent_direction *way = &state->way[d];
        if (state->plan.packed_floats) way->packed = TL_CARVE(&memory->forward, float, state->plan.packed_floats);
        if (!memory->training) continue;
        way->gates = TL_CARVE(&memory->kept, float, steps * kept);
        way->before = TL_CARVE(&memory->kept, float, steps * state->units);
        if (state->cell == TL__CELL_LSTM) way->cells = TL_CARVE(&memory->kept, float, steps * state->units);
        way->back = TL_CARVE(&memory->backward, float, state->plan.back_floats);
        way->sums = TL_CARVE(&memory->backward, float, kept);
    }
    memory->keeps_input = true;
    memory->worker = state->plan.scratch_bytes;
    if (!memory->training) return;
    for (int i = 0; i < RECURRENT_PRODUCTS; i++)
        memory->worker = tl__size_max(memory->worker, state->products[i].scratch_bytes);
    memory->worker = tl__size_max(memory->worker, state->more.scratch_bytes);
}

static void recurrent_replan(tl__pass *pass, recurrent_state *state)
{
    if (pass->rows != state->rows)
        recurrent_plans(state, pass->kernels, pass->rows, pass->pieces, state->way[0].gates != NULL);
}

/* ---- Forward and backward */

static double recurrent_work(const tl__pass *pass, const recurrent_state *state)
{
    double steps = (double)(state->directions * pass->rows * state->time), units = (double)state->units;
    return steps * units * (double)tl__cell_gates(state->cell) * (2.0 * (units + (double)state->in) + 40.0);
}

static void recurrent_pack_task(tl__pass *pass, tl__op *op, size_t task, void *scratch)
{
    const recurrent_state *state = op->state;
    tl__recurrent call = recurrent_call(state, op, task, pass->rows);
    (void)scratch;
    pass->kernels->recurrent_pack(&call, false, state->way[task].packed);
}

static void recurrent_pack_back_task(tl__pass *pass, tl__op *op, size_t task, void *scratch)
{
    const recurrent_state *state = op->state;
    tl__recurrent call = recurrent_call(state, op, task, pass->rows);
    (void)scratch;
    pass->kernels->recurrent_pack(&call, true, state->way[task].back);
}

static void recurrent_forward_task(tl__pass *pass, tl__op *op, size_t task, void *scratch)
{
    const recurrent_state *state = op->state;
    size_t blocks = tl__blocks(pass->rows, state->plan.block), first = task % blocks * state->plan.block;
    tl__recurrent call = recurrent_call(state, op, task / blocks, pass->rows);
    if (!state->plan.packed_floats) call.packed = NULL;
    call.lengths = tl__op_lengths(pass, op, 0);
    pass->kernels->recurrent_forward(&call, first, tl__size_min(state->plan.block, pass->rows - first), scratch);
}

static void recurrent_backward_task(tl__pass *pass, tl__op *op, size_t task, void *scratch)
{
    const recurrent_state *state = op->state;
    size_t blocks = tl__blocks(pass->rows, state->plan.block), first = task % blocks * state->plan.block;
    tl__recurrent call = recurrent_call_back(state, op, task / blocks, pass->rows);
    call.lengths = tl__op_lengths(pass, op, 0);
    pass->kernels->recurrent_backward(&call, first, tl__size_min(state->plan.block, pass->rows - first), scratch);
}

TL_PRIV void tl__recurrent_forward(tl__pass *pass, tl__op *op)
{
    recurrent_state *state = op->state;
    recurrent_replan(pass, state);
    size_t weights = tl__cell_gates(state->cell) * state->units * (state->in + state->units);
    if (state->plan.packed_floats)
        tl__pass_run(pass, op, state->directions, 4.0 * (double)(state->directions * weights), recurrent_pack_task);
    tl__pass_run(pass, op, state->directions * tl__blocks(pass->rows, state->plan.block), recurrent_work(pass, state),
                 recurrent_forward_task);
}

/* Tasks of the sums of a direction's columns, the gradients of its biases. */
static size_t recurrent_sums(const recurrent_state *state, const tl__op *op, size_t way)
{
    size_t first = recurrent_tensor(state, way) + 2;
    if (!state->bias || (!op->gradient[first] && !op->gradient[first + 1])) return 0;
    return tl__blocks(tl__cell_kept(state->cell) * state->units, RECURRENT_COLUMNS);
}

/* Tasks after the way back: the products of both directions but the second's gradient of the input, and the sums. */
static void recurrent_gradient_task(tl__pass *pass, tl__op *op, size_t task, void *scratch)
{
    const recurrent_state *state = op->state;
    size_t columns = tl__cell_kept(state->cell) * state->units;
    tl__gemm product;
    for (size_t way = 0; way < state->directions; way++) {
        size_t sums = recurrent_sums(state, op, way);
        for (int i = way > 0; i < RECURRENT_PRODUCTS; i++) {
            if (!recurrent_product(state, op, way, i, pass->rows, tl__pass_cut(pass, state->time), &product)) continue;
            if (task < state->products[i].tasks) {
                state->products[i].run(&product, &state->products[i], task, scratch);
                return;
            }
            task -= state->products[i].tasks;
        }
        if (task < sums) {
            size_t first = task * RECURRENT_COLUMNS;
            pass->kernels->column_sums(state->way[way].sums, state->way[way].gates, pass->rows * state->time, columns,
                                       tl__pass_cut(pass, state->time), first,
                                       tl__size_min(RECURRENT_COLUMNS, columns - first));
            return;
        }
        task -= sums;
    }
}

static size_t recurrent_gradient_tasks(const tl__pass *pass, const tl__op *op)
{
    const recurrent_state *state = op->state;
    size_t tasks = 0;
    tl__gemm product;
    for (size_t way = 0; way < state->directions; way++) {
        for (int i = way > 0; i < RECURRENT_PRODUCTS; i++)
            if (recurrent_product(state, op, way, i, pass->rows, tl__pass_cut(pass, state->time), &product))
                tasks += state->products[i].tasks;
        tasks += recurrent_sums(state, op, way);
    }
    return tasks;
}

static void recurrent_more_task(tl__pass *pass, tl__op *op, size_t task, void *scratch)
{
    const recurrent_state *state = op->state;
    tl__gemm product;
    recurrent_product(state, op, 1, RECURRENT_X, pass->rows, tl__pass_cut(pass, state->time), &product);
    state->more.run(&product, &state->more, task, scratch);
}

/* Sums of columns are the gradients of both biases; those of gru's third gate are not the same. */
static void recurrent_bias_gradients(const tl__pass *pass, const tl__op *op)
{
    const recurrent_state *state = op->state;
    size_t u = state->units, all = tl__cell_gates(state->cell) * u;
    for (size_t way = 0; way < state->directions && state->bias; way++) {
        size_t first = recurrent_tensor(state, way);
        const float *sums = state->way[way].sums;
        float *ih = op->gradient[first + 2], *hh = op->gradient[first + 3];
        if (ih) pass->kernels->copy(ih, sums, all);
        if (hh) pass->kernels->copy(hh, sums, all);
        if (hh && state->cell == TL__CELL_GRU) pass->kernels->copy(hh + 2 * u, sums + 3 * u, u);
    }
}

TL_PRIV void tl__recurrent_backward(tl__pass *pass, tl__op *op)
{
    recurrent_state *state = op->state;
    size_t weights = tl__cell_gates(state->cell) * state->units * state->units;
    tl__pass_run(pass, op, state->directions, 4.0 * (double)(state->directions * weights), recurrent_pack_back_task);
    tl__pass_run(pass, op, state->directions * tl__blocks(pass->rows, state->plan.block), recurrent_work(pass, state),
                 recurrent_backward_task);
    tl__pass_run(pass, op, recurrent_gradient_tasks(pass, op), recurrent_work(pass, state), recurrent_gradient_task);
    if (state->directions > 1 && op->d_in[0])
        tl__pass_run(pass, op, state->more.tasks, recurrent_work(pass, state) / 3.0, recurrent_more_task);
    recurrent_bias_gradients(pass, op);
}

TL_PRIV double tl__recurrent_flops(const tl__site *site)
{
    const tl__recurrent_settings *settings = site->settings;
    const tl__shape *in = tl__site_in(site, 0);
    double gates = (double)tl__cell_gates(recurrent_cell(site)), units = (double)settings->units;
    return (double)in->dim[0] * (settings->bidirectional ? 2.0 : 1.0) *
           (2.0 * gates * units * (units + (double)in->dim[1] + 1.0) + 3.0 * gates * units);
}

/* ---- Several layers */

#ifndef TL_FREESTANDING
TL_PRIV void tl__recurrent_expand(const tl__site *site, tl__expansion *out)
{
    static const char *const words[] = TL__RECURRENT_OUTPUTS;
    const tl__recurrent_settings *settings = site->settings;
    if (settings->num_layers < 2) return;
    if (site->node->input_count > 1) {
        tl__expand_refuse(out, "needs num_layers: 1 where it is given initial states; write its layers one by one");
        return;
    }
    for (int64_t i = 0; i < settings->num_layers; i++) {
        char part[24];
        bool last = i + 1 == settings->num_layers;
        tl__format(part, sizeof part, "l%d", (int)i);
        tl__expand(out, last ? NULL : part, NULL, 0,
                   "type: %s, units: %lld, level: %d, bidirectional: %s, bias: %s, output: %s%s",
                   site->node->layer->head.name, (long long)settings->units, (int)i,
                   settings->bidirectional ? "true" : "false", settings->bias ? "true" : "false",
                   last ? words[settings->output] : "sequence",
                   settings->nonlinearity == 1 ? ", nonlinearity: relu" : "");
        tl__format(part, sizeof part, "dropout%d", (int)i);
        if (!last && settings->dropout > 0)
            tl__expand(out, part, NULL, 0, "type: dropout, rate: %.17g", settings->dropout);
    }
}
#endif
