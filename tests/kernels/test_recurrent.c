/* Recurrent kernels: all canonical sets against the contract of kernels.h, written down once more as simply as possible. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "kernels/kernels.h"

enum { ROWS = 9, TIME = 5, IN = 3, UNITS = 19, GATES = 4 * UNITS, STEPS = ROWS * TIME };

static float x[STEPS * IN], w_ih[IN * GATES], w_hh[UNITS * GATES], b_ih[GATES], b_hh[GATES];
static float h0[ROWS * UNITS], c0[ROWS * UNITS], d_out[STEPS * UNITS], d_h_n[ROWS * UNITS], d_c_n[ROWS * UNITS];
static const int32_t lengths[ROWS] = {5, 1, 3, 2, 5, 4, 1, 1, 3};

typedef struct results {
    float out[STEPS * UNITS], h_n[ROWS * UNITS], c_n[ROWS * UNITS], gates[STEPS * GATES], before[STEPS * UNITS];
    float cells[STEPS * UNITS], slopes[STEPS * GATES], d_h0[ROWS * UNITS], d_c0[ROWS * UNITS];
} results;

static void draw(float *values, size_t count)
{
    static uint32_t state = 1;
    for (size_t i = 0; i < count; i++) values[i] = (float)((state = state * 1664525u + 1013904223u) >> 9) * 0x1p-22f - 1.0f;
}

static void draw_all(void)
{
    draw(x, TL_COUNT(x));
    draw(w_ih, TL_COUNT(w_ih));
    draw(w_hh, TL_COUNT(w_hh));
    draw(b_ih, TL_COUNT(b_ih));
    draw(b_hh, TL_COUNT(b_hh));
    draw(h0, TL_COUNT(h0));
    draw(c0, TL_COUNT(c0));
    draw(d_out, TL_COUNT(d_out));
    draw(d_h_n, TL_COUNT(d_h_n));
    draw(d_c_n, TL_COUNT(d_c_n));
}

/* ---- The contract */

static float chain(float acc, const float *a, const float *w, size_t ld, size_t terms)
{
    for (size_t p = 0; p < terms; p++) acc = tl__fma(a[p], w[p * ld], acc);
    return acc;
}

/* One step of one row: h and c become the next ones, gates what is kept. */
static void plain_step(tl__cell cell, const float *in, float *h, float *c, float *gates)
{
    size_t ld = tl__cell_gates(cell) * UNITS;
    float next[UNITS], z[4];
    for (size_t u = 0; u < UNITS; u++) {
        for (size_t q = 0; q < tl__cell_gates(cell); q++) {
            size_t j = q * UNITS + u;
            z[q] = chain(0.0f, in, w_ih + j, ld, IN);
            if (cell == TL__CELL_GRU && q == 2) {
                z[2] += b_ih[j];
                z[3] = chain(0.0f + b_hh[j], h, w_hh + j, ld, UNITS);
            } else {
                z[q] = chain(z[q] + (b_ih[j] + b_hh[j]), h, w_hh + j, ld, UNITS);
            }
        }
        if (cell == TL__CELL_LSTM) {
            float i = tl__sigmoidf(z[0]), f = tl__sigmoidf(z[1]), g = tl__tanhf(z[2]), o = tl__sigmoidf(z[3]);
            c[u] = tl__fma(f, c[u], i * g);
            next[u] = o * tl__tanhf(c[u]);
            gates[u] = i, gates[UNITS + u] = f, gates[2 * UNITS + u] = g, gates[3 * UNITS + u] = o;
        } else if (cell == TL__CELL_GRU) {
            float r = tl__sigmoidf(z[0]), k = tl__sigmoidf(z[1]), n = tl__tanhf(tl__fma(r, z[3], z[2]));
            next[u] = tl__fma(k, h[u] - n, n);
            gates[u] = r, gates[UNITS + u] = k, gates[2 * UNITS + u] = n, gates[3 * UNITS + u] = z[3];
        } else {
            gates[u] = next[u] = cell == TL__CELL_RELU ? (z[0] <= 0.0f ? 0.0f : z[0]) : tl__tanhf(z[0]);
        }
    }
    memcpy(h, next, sizeof next);
}

static void plain_slopes(tl__cell cell, const float *gates, const float *before, const float *c, const float *c_before,
                         float *dh, float *dc, float *dz)
{
    float carry[UNITS] = {0}, columns[GATES];
    size_t ld = tl__cell_gates(cell) * UNITS;
    for (size_t u = 0; u < UNITS; u++) {
        float i = gates[u], d = dh[u];
        if (cell == TL__CELL_LSTM) {
            float f = gates[UNITS + u], g = gates[2 * UNITS + u], o = gates[3 * UNITS + u], t = tl__tanhf(c[u]);
            float e = tl__fma(d * o, 1.0f - t * t, dc[u]);
            dz[u] = (e * g) * (i * (1.0f - i));
            dz[UNITS + u] = (e * c_before[u]) * (f * (1.0f - f));
            dz[2 * UNITS + u] = (e * i) * (1.0f - g * g);
            dz[3 * UNITS + u] = (d * t) * (o * (1.0f - o));
            dc[u] = e * f;
        } else if (cell == TL__CELL_GRU) {
            float k = gates[UNITS + u], n = gates[2 * UNITS + u], b = gates[3 * UNITS + u];
            float da = (d * (1.0f - k)) * (1.0f - n * n);
            dz[u] = (da * b) * (i * (1.0f - i));
            dz[UNITS + u] = (d * (before[u] - n)) * (k * (1.0f - k));
            dz[2 * UNITS + u] = da;
            dz[3 * UNITS + u] = da * i;
            carry[u] = d * k;
        } else {
            dz[u] = cell == TL__CELL_RELU ? (i <= 0.0f ? 0.0f : d) : d * (1.0f - i * i);
        }
    }
    memcpy(columns, dz, sizeof columns);
    if (cell == TL__CELL_GRU) memcpy(columns + 2 * UNITS, dz + 3 * UNITS, UNITS * sizeof(float));
    for (size_t u = 0; u < UNITS; u++) {
        float acc = chain(0.0f, columns, w_hh + u * ld, 1, ld);
        dh[u] = cell == TL__CELL_GRU ? carry[u] + acc : acc;
    }
}

static void plain_row(tl__cell cell, bool reverse, bool full, size_t row, results *r)
{
    size_t length = full ? TIME : (size_t)lengths[row], kept = tl__cell_kept(cell) * UNITS;
    float h[UNITS], c[UNITS], dh[UNITS], dc[UNITS];
    memcpy(h, h0 + row * UNITS, sizeof h);
    memcpy(c, c0 + row * UNITS, sizeof c);
    for (size_t s = 0; s < length; s++) {
        size_t at = row * TIME + (reverse ? length - 1 - s : s);
        memcpy(r->before + at * UNITS, h, sizeof h);
        plain_step(cell, x + at * IN, h, c, r->gates + at * kept);
        memcpy(r->out + at * UNITS, h, sizeof h);
        memcpy(r->cells + at * UNITS, c, sizeof c);
    }
    memcpy(r->h_n + row * UNITS, h, sizeof h);
    memcpy(r->c_n + row * UNITS, c, sizeof c);
    memcpy(dh, d_h_n + row * UNITS, sizeof dh);
    memcpy(dc, d_c_n + row * UNITS, sizeof dc);
    for (size_t s = length; s-- > 0;) {
        size_t at = row * TIME + (reverse ? length - 1 - s : s);
        const float *before = s == 0 ? c0 + row * UNITS : r->cells + (reverse ? at + 1 : at - 1) * UNITS;
        for (size_t u = 0; u < UNITS; u++) dh[u] += d_out[at * UNITS + u];
        plain_slopes(cell, r->gates + at * kept, r->before + at * UNITS, r->cells + at * UNITS, before, dh, dc,
                     r->slopes + at * kept);
    }
    memcpy(r->d_h0 + row * UNITS, dh, sizeof dh);
    memcpy(r->d_c0 + row * UNITS, dc, sizeof dc);
}

/* ---- The kernels */

static void run(const tl__kernels *k, tl__cell cell, bool reverse, bool full, size_t rows, results *r)
{
    bool lstm = cell == TL__CELL_LSTM;
    tl__recurrent call = {.cell = cell, .reverse = reverse, .rows = rows, .time = TIME, .in = IN, .units = UNITS,
                          .lengths = full ? NULL : lengths, .x = x, .w_ih = w_ih, .w_hh = w_hh, .b_ih = b_ih,
                          .b_hh = b_hh, .h0 = h0, .c0 = c0, .ld0 = UNITS, .out = r->out, .out_row = TIME * UNITS,
                          .out_step = UNITS, .h_n = r->h_n, .c_n = lstm ? r->c_n : NULL, .ld_n = UNITS,
                          .gates = r->gates, .before = r->before, .cells = r->cells, .d_out = d_out, .d_h_n = d_h_n,
                          .d_c_n = d_c_n, .d_h0 = r->d_h0, .d_c0 = lstm ? r->d_c0 : NULL};
    tl__recurrent_plan plan;
    k->recurrent_plan(&call, &plan);
    float *packed = calloc(plan.packed_floats + 1, sizeof(float)), *back = calloc(plan.back_floats, sizeof(float));
    void *memory = malloc(plan.scratch_bytes + 64);
    unsigned char *scratch = (unsigned char *)memory + (64 - (uintptr_t)memory % 64);
    if (plan.packed_floats) k->recurrent_pack(&call, false, packed);
    if (plan.packed_floats) call.packed = packed;
    k->recurrent_pack(&call, true, back);
    call.packed_back = back;
    for (size_t i = 0; i < rows; i += plan.block)
        k->recurrent_forward(&call, i, rows - i < plan.block ? rows - i : plan.block, scratch);
    memcpy(r->slopes, r->gates, sizeof r->slopes);
    call.gates = r->slopes;
    for (size_t i = 0; i < rows; i += plan.block)
        k->recurrent_backward(&call, i, rows - i < plan.block ? rows - i : plan.block, scratch);
    free(memory);
    free(packed);
    free(back);
}

#define SAME(field) assert_memory_equal(got.field, want.field, sizeof got.field)

static void sets_keep_the_contract(void **state)
{
    static results want, got;
    static const size_t counts[] = {1, 3, ROWS};
    const tl__kernels *k;
    (void)state;
    draw_all();
    for (unsigned form = 0; form < TL__CELLS * 12u; form++) {
        tl__cell cell = (tl__cell)(form / 12);
        size_t rows = counts[form % 3];
        bool reverse = form / 3 % 2, full = form / 6 % 2;
        memset(&want, 0, sizeof want);
        for (size_t row = 0; row < rows; row++) plain_row(cell, reverse, full, row, &want);
        for (size_t s = 0; (k = tl__kernels_list(s)) != NULL; s++) {
            if (k->numeric_class != TL__CANONICAL) continue;
            memset(&got, 0, sizeof got);
            run(k, cell, reverse, full, rows, &got);
            SAME(out);
            SAME(h_n);
            SAME(gates);
            SAME(before);
            SAME(slopes);
            SAME(d_h0);
            if (cell != TL__CELL_LSTM) continue;
            SAME(c_n);
            SAME(cells);
            SAME(d_c0);
        }
    }
}

/* A network's last batch runs in the memory of a full one. */
static void memory_grows_with_rows(void **state)
{
    const tl__kernels *k;
    (void)state;
    for (size_t s = 0; (k = tl__kernels_list(s)) != NULL; s++)
        for (unsigned form = 0; form < 32; form++) {
            tl__recurrent_plan most = {0};
            for (size_t rows = 1; rows < 3000; rows += 1 + rows / 9) {
                tl__recurrent call = {.cell = (tl__cell)(form % 4), .rows = rows, .time = 3,
                                      .in = form & 4 ? 7 : 300, .units = form & 8 ? 5 : form & 16 ? 64 : 512};
                tl__recurrent_plan plan;
                k->recurrent_plan(&call, &plan);
                assert_true(plan.scratch_bytes >= most.scratch_bytes && plan.packed_floats >= most.packed_floats &&
                            plan.back_floats >= most.back_floats && plan.block >= 1);
                most = plan;
            }
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sets_keep_the_contract),
        cmocka_unit_test(memory_grows_with_rows)
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
