/* One walk over all functions of a kernel set with odd sizes, misaligned arrays, poisoned destinations and numbers of
 * every kind, the same for every set: each result is given to a sink as (function's name, hash). Sets of one class
 * must give equal sequences. Used by test_kernels.c and by hash_kernels.c, which needs no test framework. */
#ifndef TESTS_KERNELS_CASES_H
#define TESTS_KERNELS_CASES_H

#include "kernels/kernels.h"

#include <stdio.h>
#include <stdlib.h>

typedef void cases_sink(void *user, const char *name, uint64_t hash);

typedef struct cases {
    const tl__kernels *set;
    cases_sink *sink;
    void *user;
    uint64_t random;
    bool overrun;            /* a function wrote outside its destination */
    float *in[6];            /* inputs, CASES_MAX numbers each */
    float *out[4];           /* destinations with CASES_GUARD poisoned numbers on both sides */
    int32_t *classes;
    uint8_t *bytes;
} cases;

enum { CASES_MAX = 40000, CASES_GUARD = 64 };
#define CASES_POISON 0x7fa5a5a5u

static uint32_t cases_draw(cases *c)
{
    c->random ^= c->random << 13;
    c->random ^= c->random >> 7;
    c->random ^= c->random << 17;
    return (uint32_t)(c->random >> 32);
}

/* kind 0: (-2, 2); 1: magnitudes 2^-80..2^80; 2: up to 8, down into the subnormals; 3: any bits, NaN too. */
static float cases_number(cases *c, int kind)
{
    uint32_t bits = cases_draw(c);
    if (kind == 0) return ((float)(int32_t)(bits >> 8) - 8388608.0f) * 0x1p-22f;
    if (kind == 1) return tl__bits_float((bits & 0x807fffffu) | (47 + (bits >> 23) % 160) << 23);
    if (kind == 2) return tl__bits_float((bits & 0x807fffffu) | ((bits >> 23) % 130) << 23);
    return tl__bits_float(bits);
}

static void cases_fill(cases *c, int kind)
{
    for (int a = 0; a < 6; a++)
        for (int i = 0; i < CASES_MAX; i++) c->in[a][i] = cases_number(c, kind);
    for (int i = 0; i < CASES_MAX; i++) c->bytes[i] = (uint8_t)cases_draw(c);
}

static float *cases_out(cases *c, int which, size_t offset)
{
    for (int i = 0; i < CASES_MAX + 2 * CASES_GUARD; i++) {
        uint32_t poison = CASES_POISON;
        memcpy(&c->out[which][i], &poison, 4);
    }
    return c->out[which] + CASES_GUARD + offset;
}

/* FNV-1a of the numbers, any NaN as one, and a look at the poison around them. */
static void cases_report(cases *c, const char *name, int which, const float *x, size_t n)
{
    uint64_t hash = 1469598103934665603u;
    for (size_t i = 0; i < n; i++) {
        uint32_t bits = tl__float_bits(x[i]);
        if ((bits & 0x7fffffffu) > 0x7f800000u) bits = 0x7fc00000u;
        for (int byte = 0; byte < 4; byte++) {
            hash ^= bits >> 8 * byte & 255;
            hash *= 1099511628211u;
        }
    }
    if (which >= 0) {
        const float *begin = c->out[which], *end = begin + CASES_MAX + 2 * CASES_GUARD;
        for (const float *p = begin; p < end; p++)
            if ((p < x || p >= x + n) && tl__float_bits(*p) != CASES_POISON) c->overrun = true;
    }
    c->sink(c->user, name, hash);
}

#define CASES_SIZES {0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 23, 31, 32, 33, 47, 63, 64, 65, 100, 127, 1000, 1029}

static void cases_elementwise(cases *c)
{
    static const size_t sizes[] = CASES_SIZES;
    const tl__kernels *k = c->set;
    for (size_t s = 0; s < TL_COUNT(sizes); s++) {
        size_t n = sizes[s], at = s % 5;
        const float *x = c->in[0] + s % 3, *y = c->in[1] + s % 4, *z = c->in[2] + s % 7;
        float *o;
#define CASES_ONE(name, ...) o = cases_out(c, 0, at), __VA_ARGS__, cases_report(c, name, 0, o, n)
        CASES_ONE("add", k->add(o, x, y, n));
        CASES_ONE("multiply", k->multiply(o, x, y, n));
        CASES_ONE("multiply_add", k->copy(o, z, n), k->multiply_add(o, x, y, n));
        CASES_ONE("scale", k->scale(o, x, y[0], n));
        CASES_ONE("axpy", k->copy(o, z, n), k->axpy(o, y[0], x, n));
        CASES_ONE("clamp", k->clamp(o, x, -0.5f, 1.25f, n));
        CASES_ONE("fill", k->fill(o, x[0], n));
        CASES_ONE("copy", k->copy(o, x, n));
        CASES_ONE("normalize", k->normalize(o, x, y[0], z[0], n));
        CASES_ONE("line_u8", k->line_u8(o, c->bytes + at, x, n));
        for (int a = 0; a < TL__ACTIVATION_COUNT; a++) {
            float p = a == TL__SOFTPLUS ? 1.5f : 0.25f, l = s % 2 ? 0.0f : 0.75f;   /* of softplus; 0: 20 */
            CASES_ONE(tl__activation_name((tl__activation)a), k->activate((tl__activation)a, p, l, o, x, n));
            CASES_ONE(tl__activation_name((tl__activation)a),
                      k->activate_backward((tl__activation)a, p, l, o, y, x, n));
        }
    }
    for (size_t columns = 1; columns < 40; columns += 3) {
        size_t rows = 7, n = rows * columns, at = columns % 4;
        float *o;
        CASES_ONE("copy_rows", k->copy_rows(o, columns, c->in[0], columns + 3, rows, columns));
        CASES_ONE("add_bias", k->add_bias(o, c->in[0] + 1, c->in[1], rows, columns));
        CASES_ONE("normalize_columns", k->normalize_columns(o, c->in[0], c->in[1], c->in[2] + 1, rows, columns));
        CASES_ONE("one_hot", k->one_hot(o, c->classes, rows, columns));
    }
}

static void cases_reductions(cases *c)
{
    static const size_t sizes[] = {0, 1, 5, 16, 31, 32, 33, 63, 100, 4095, 4096, 4097, 9000, 20000, 39000};
    const tl__kernels *k = c->set;
    float o[5];
    for (size_t s = 0; s < TL_COUNT(sizes); s++) {
        size_t n = sizes[s];
        const float *x = c->in[0] + s % 3, *y = c->in[1] + s % 4;
        for (size_t pieces = 1; pieces <= 8; pieces *= 2) {
            o[0] = k->sum(x, n, pieces);
            o[1] = k->sum_squares(x, n, pieces);
            o[2] = k->dot(x, y, n, pieces);
            o[3] = k->max(x, n);
            o[4] = k->any_nonfinite(x, n) ? 1.0f : 0.0f;
            cases_report(c, "sum", -1, o, 1);
            cases_report(c, "sum_squares", -1, o + 1, 1);
            cases_report(c, "dot", -1, o + 2, 1);
            cases_report(c, "max", -1, o + 3, 1);
            cases_report(c, "any_nonfinite", -1, o + 4, 1);
        }
    }
    static const size_t shapes[][2] = {{0, 5},     {1, 1},    {3, 17},   {9, 64},   {33, 83},
                                       {300, 130}, {4096, 9}, {4097, 9}, {19000, 2}};
    for (size_t s = 0; s < TL_COUNT(shapes); s++) {
        size_t rows = shapes[s][0], columns = shapes[s][1], n = columns, at = s % 3;
        const float *x = c->in[0], *y = c->in[1] + 1, *m = c->in[2], *v = c->in[3];
        for (size_t form = 0; form < 4; form++) {
            const tl__cut cut = {(size_t)1 << (form < 3 ? form : 2), form < 3 ? 1 : 3};
            float *p, *q;
            if (rows % cut.unit != 0) continue;
            p = cases_out(c, 0, at);
            k->column_sums(p, x, rows, columns, cut, 0, n);
            cases_report(c, "column_sums", 0, p, n);
            p = cases_out(c, 0, at);
            k->column_dots(p, x, y, rows, columns, cut, 0, n);
            cases_report(c, "column_dots", 0, p, n);
            p = cases_out(c, 0, at);
            k->column_square_deviations(p, x, m, rows, columns, cut, 0, n / 2);
            k->column_square_deviations(p, x, m, rows, columns, cut, n / 2, n - n / 2);
            cases_report(c, "column_square_deviations", 0, p, n);
            p = cases_out(c, 0, at);
            q = cases_out(c, 1, at);
            k->layer_norm_sums(p, q, x, y, m, v, rows, columns, cut, 0, n);
            cases_report(c, "layer_norm_sums", 0, p, n);
            cases_report(c, "layer_norm_sums", 1, q, n);
            p = cases_out(c, 0, at);
            k->batch_norm_sums(p, NULL, x, y, m, v, rows, columns, cut, 0, n);
            cases_report(c, "batch_norm_sums", 0, p, n);
        }
    }
}

static void cases_cross_entropy(cases *c, size_t rows, size_t columns, size_t at)
{
    for (int form = 0; form < 8; form++) {
        tl__cross_entropy call = {.rows = rows, .columns = columns, .x = c->in[0] + at, .classes = c->classes,
                                  .class_weights = form & 1 ? c->in[1] : NULL,
                                  .row_weights = form & 2 ? c->in[2] : NULL,
                                  .smoothing = form & 4 ? 0.1f : 0.0f, .gradient_scale = 0.03f};
        int32_t kept[8];
        for (size_t i = 0; i < 8; i++) {
            kept[i] = c->classes[i];
            c->classes[i] = (int32_t)(i % columns) - (i == 3 ? 100 : 0);
        }
        call.loss = cases_out(c, 0, at);
        call.gradient = cases_out(c, 1, at);
        c->set->cross_entropy(&call);
        cases_report(c, "cross_entropy", 0, call.loss, rows);
        cases_report(c, "cross_entropy", 1, call.gradient, rows * columns);
        memcpy(c->classes, kept, sizeof kept);
    }
}

static void cases_rows(cases *c)
{
    static const size_t widths[] = {1, 2, 3, 7, 8, 10, 15, 16, 17, 31, 32, 33, 64, 65, 100, 4100};
    const tl__kernels *k = c->set;
    const float *x = c->in[0] + 1, *y = c->in[1] + 2, *m = c->in[2] + 3, *v = c->in[3], *g = c->in[4] + 1;
    const float *b = c->in[5] + 5;
    for (size_t s = 0; s < TL_COUNT(widths); s++) {
        size_t rows = 5, columns = widths[s], n = rows * columns, at = s % 4;
        float *o, *p, *q;
        p = cases_out(c, 1, at);
        q = cases_out(c, 2, at);
        k->row_moments(p, q, x, rows, columns);
        cases_report(c, "row_moments", 1, p, rows);
        cases_report(c, "row_moments", 2, q, rows);
        CASES_ONE("softmax", k->softmax(o, x, rows, columns));
        CASES_ONE("log_softmax", k->log_softmax(o, x, rows, columns));
        p = cases_out(c, 1, at);
        k->logsumexp(p, x, rows, columns);
        cases_report(c, "logsumexp", 1, p, rows);
        CASES_ONE("softmax_backward", k->softmax_backward(o, x, y, rows, columns));
        CASES_ONE("log_softmax_backward", k->log_softmax_backward(o, x, y, rows, columns));
        cases_cross_entropy(c, rows, columns, at);
        p = cases_out(c, 1, at);
        q = cases_out(c, 2, at);
        CASES_ONE("layer_norm", k->layer_norm(o, p, q, x, s % 3 ? g : NULL, s % 4 ? b : NULL, 1e-5f, rows, columns));
        cases_report(c, "layer_norm", 1, p, rows);
        cases_report(c, "layer_norm", 2, q, rows);
        CASES_ONE("layer_norm_backward", k->layer_norm_backward(o, y, x, m, v, s % 2 ? g : NULL, rows, columns));
        CASES_ONE("batch_norm", k->batch_norm(o, x, m, v, s % 3 ? g : NULL, s % 4 ? b : NULL, rows, columns));
        CASES_ONE("batch_norm_backward",
                  k->batch_norm_backward(o, y, x, m, v, s % 2 ? g : NULL, s % 3 ? b : NULL, s % 3 ? m : NULL, 0.2f,
                                         rows, columns));
        tl__random random = {{7, 9 + (uint32_t)s}, {0, 0, 3, 0x12345678u}};
        CASES_ONE("dropout", k->dropout(o, x, rows, columns, 0.3f, &random, 100));
        CASES_ONE("dropout", k->dropout(o, x, rows, columns, s % 2 ? 0.0f : 1.0f, &random, 4294967294u));
    }
}

/* What short_rows.inc.h does many rows at a time: groups whole, in part and several; in place. */
static void cases_short_rows(cases *c)
{
    static const size_t widths[] = {1, 2, 3, 4, 5, 10, 13, 26, 31, 32, 33}, heights[] = {1, 4, 16, 17, 35};
    const tl__kernels *k = c->set;
    for (size_t s = 0; s < TL_COUNT(widths) * TL_COUNT(heights); s++) {
        size_t columns = widths[s / TL_COUNT(heights)], rows = heights[s % TL_COUNT(heights)], n = rows * columns;
        const float *x = c->in[0] + s % 3;
        int32_t classes[35];
        float *o = cases_out(c, 0, s % 4);
        for (size_t i = 0; i < rows; i++) classes[i] = i % 7 == 5 ? -1 : (int32_t)(i * 5 % columns);
        k->copy(o, x, n), k->softmax(o, o, rows, columns), cases_report(c, "softmax", 0, o, n);
        k->copy(o, x, n), k->log_softmax(o, o, rows, columns), cases_report(c, "log_softmax", 0, o, n);
        o = cases_out(c, 1, s % 4), k->logsumexp(o, x, rows, columns), cases_report(c, "logsumexp", 1, o, rows);
        tl__cross_entropy call = {.rows = rows, .columns = columns, .classes = classes,
                                  .class_weights = s & 1 ? c->in[1] : NULL, .row_weights = s & 2 ? c->in[2] : NULL,
                                  .smoothing = s % 3 == 1 ? 0.1f : 0.0f, .gradient_scale = 0.03f};
        call.loss = cases_out(c, 1, s % 4);
        call.x = call.gradient = o = cases_out(c, 0, s % 5);
        k->copy(o, x, n);
        k->cross_entropy(&call);
        cases_report(c, "cross_entropy", 1, call.loss, rows);
        cases_report(c, "cross_entropy", 0, o, n);
    }
}

static void cases_optimizers(cases *c)
{
    static const size_t sizes[] = CASES_SIZES;
    const tl__kernels *k = c->set;
    for (size_t s = 0; s < TL_COUNT(sizes); s++) {
        size_t n = sizes[s], at = s % 5;
        const float *gradient = c->in[0] + s % 3;
        float *o[4], *state;
        for (int form = 0; form < 6; form++) {
            for (int i = 0; i < 4; i++) {
                o[i] = cases_out(c, i, at);
                for (size_t j = 0; j < n; j++) o[i][j] = i == 0 ? c->in[1][j] : tl__absf(c->in[1 + i][j]);
            }
            const char *name = "sgd";
            if (form < 2) {
                tl__sgd step = {0.01f, 0.9f, 0.7f, 1e-4f, 0.5f, form == 1, s % 2 == 0};
                state = s % 3 ? o[1] : NULL;
                k->sgd(&step, o[0], gradient, state, n);
            } else if (form < 4) {
                name = "rmsprop";
                tl__rmsprop step = {0.01f, 0.99f, 0.01f, 1e-8f, 0.9f, 1e-4f, 0.5f};
                k->rmsprop(&step, o[0], gradient, o[1], form == 2 ? o[2] : NULL, s % 2 ? o[3] : NULL, n);
            } else if (form < 5) {
                name = "adam";
                tl__adam step = {0.01f, 0.1f, 0.999f, 0.001f, 3.0f, 1e-8f, 0.999f, 1e-4f, 0.5f};
                k->adam(&step, o[0], gradient, o[1], o[2], s % 2 ? o[3] : NULL, n);
            } else {
                name = "adagrad";
                tl__adagrad step = {0.01f, 1e-10f, 1e-4f, 0.5f};
                k->adagrad(&step, o[0], gradient, o[1], n);
            }
            for (int i = 0; i < 4; i++) cases_report(c, name, i, o[i], n);
        }
    }
}

/* All epilogues in turn; rows of c are further apart than they are long. */
static void cases_gemm_one(cases *c, size_t m, size_t n, size_t k, int transposed, size_t pieces, unsigned turn)
{
    size_t at = turn % 5, pad = turn % 3;
    tl__gemm call = {.m = m, .n = n, .k = k, .a = c->in[0] + at, .b = c->in[1] + turn % 3, .cut.pieces = pieces};
    call.cut.unit = k % 3 == 0 ? 3 : 1;
    call.a_transposed = transposed & 1;
    call.b_transposed = transposed >> 1 & 1;
    call.lda = (call.a_transposed ? m : k) + pad;
    call.ldb = (call.b_transposed ? k : n) + turn % 2;
    call.ldc = n;
    if (!call.a_transposed && turn % 3 == 0 && m < 30 && k < 1024) call.lda = 1024;
    if (call.lda * (call.a_transposed ? k : m) > CASES_MAX - 8) return;
    if (call.ldb * (call.b_transposed ? n : k) > CASES_MAX - 8) return;
    call.c = cases_out(c, 0, at);
    call.pre = turn % 4 == 1 ? cases_out(c, 1, at) : NULL;
    call.ldpre = n;
    call.bias = turn % 3 == 1 ? c->in[2] : NULL;
    call.activation = (tl__activation)(turn % TL__ACTIVATION_COUNT);
    call.parameter = 0.5f;
    call.saved = turn % 7 == 2 ? c->in[3] : NULL;
    call.ldsaved = n;
    call.accumulate = turn % 11 == 3;
    call.workers = turn % 4;
    for (size_t i = 0; call.accumulate && i < m * n; i++) call.c[i] = c->in[4][i];
    tl__gemm_plan plan;
    c->set->gemm_plan(&call, &plan);
    size_t bytes = plan.scratch_bytes;
    void *memory = malloc(bytes + 128);
    if (memory == NULL) exit(1);
    unsigned char *scratch = (unsigned char *)memory + (64 - (uintptr_t)memory % 64);
    memset(scratch, 0x7f, bytes + 32);
    for (size_t task = plan.tasks; task-- > 0;) plan.run(&call, &plan, task, scratch);
    for (size_t i = bytes; i < bytes + 32; i++)
        if (scratch[i] != 0x7f) c->overrun = true;
    free(memory);
    cases_report(c, "gemm", 0, call.c, m * n);
    if (call.pre != NULL) cases_report(c, "gemm", 1, call.pre, m * n);
}

static void cases_gemm(cases *c, int kind)
{
    static const size_t ms[] = {1, 2, 3, 5, 14, 15, 29, 100}, ns[] = {1, 3, 10, 16, 17, 33, 65, 150};
    static const size_t ks[] = {0, 1, 7, 64, 330};
    unsigned turn = (unsigned)kind;
    for (size_t i = 0; i < TL_COUNT(ms); i++)
        for (size_t j = 0; j < TL_COUNT(ns); j++)
            for (size_t p = 0; p < TL_COUNT(ks); p++)
                for (int transposed = 0; transposed < 4; transposed++, turn++)
                    if (kind == 0 || turn % 5 == 0)
                        cases_gemm_one(c, ms[i], ns[j], ks[p], transposed, (size_t)1 << turn % 4, turn);
    for (size_t n = 1; kind == 0 && n <= 72; n++)   /* few rows: lines of all lengths, and what stands behind them */
        for (size_t m = 1; m <= 3; m++) cases_gemm_one(c, m, n, 3, n % 4 == 1 ? 2 : 0, 1, turn++);
    for (int transposed = 0; transposed < 4; transposed++) {
        cases_gemm_one(c, 3, 2, 9000, transposed, 1, turn++);
        cases_gemm_one(c, 3, 3, 12289, transposed, 4, turn++);
        cases_gemm_one(c, 1, 1, 39000, transposed, 1, turn++);
        cases_gemm_one(c, 190, 150, 20, transposed, 1, turn++);
    }
}

/* Blocks of scores with vectors whole and in part, keys seen by all lanes, by some and by none. */
static void cases_attention(cases *c)
{
    static const size_t sizes[] = {1, 2, 7, 16, 17, 31, 33, 49, 64, 70};
    const tl__kernels *k = c->set;
    for (size_t s = 0; s < TL_COUNT(sizes) * TL_COUNT(sizes) * 2; s++) {
        size_t keys = sizes[s / 2 % TL_COUNT(sizes)], queries = sizes[s / 2 / TL_COUNT(sizes)], ld = queries + s % 4;
        size_t first = s % 3 ? 0 : 16, n = keys * ld, at = s % 5;
        const float *x = c->in[0] + s % 3, scale = s % 7 ? 0.25f : 1.0f;
        float *o = cases_out(c, 0, at), *p = cases_out(c, 1, at), *q = cases_out(c, 2, at), *d;
        for (size_t i = 0; i < n; i++) o[i] = x[i];
        k->attention_weights(o, ld, p, q, keys, queries, s % 2, first, scale);
        cases_report(c, "attention_weights", 0, o, n);
        cases_report(c, "attention_weights", 1, p, queries);
        cases_report(c, "attention_weights", 2, q, queries);
        o = cases_out(c, 0, at), d = cases_out(c, 1, at), p = cases_out(c, 2, at);
        for (size_t i = 0; i < n; i++) o[i] = x[i], d[i] = c->in[1][i];
        if (s % 5 == 0) k->copy(p, c->in[4], queries);
        k->attention_slopes(o, d, ld, c->in[2], c->in[3], p, s % 5 == 0, keys, queries, s % 2, first, scale);
        cases_report(c, "attention_slopes", 0, o, n);
        cases_report(c, "attention_slopes", 1, d, n);
        cases_report(c, "attention_slopes", 2, p, queries);
        if (keys > 17 || queries > 17) continue;
        size_t rows = s % 2 ? keys : queries, columns = s % 3 ? 5 : 33;
        o = cases_out(c, 0, at);
        for (size_t i = 0; i < rows * columns; i++) o[i] = c->in[5][i];
        k->attention_triangle(o, columns, x, ld, c->in[1], columns + 2, keys, queries, columns, s % 2);
        cases_report(c, "attention_triangle", 0, o, rows * columns);
    }
}
#include "kernels/cases_patch.h"
#include "kernels/cases_recurrent.h"

/* False when memory is out. */
static bool cases_run(const tl__kernels *set, cases_sink *sink, void *user, bool *overrun)
{
    cases c = {.set = set, .sink = sink, .user = user, .random = 88172645463325252u};
    bool ok = true;
    for (int a = 0; a < 6; a++) ok &= (c.in[a] = malloc(CASES_MAX * sizeof(float))) != NULL;
    for (int a = 0; a < 4; a++) ok &= (c.out[a] = malloc((CASES_MAX + 2 * CASES_GUARD) * sizeof(float))) != NULL;
    ok &= (c.classes = malloc(64 * sizeof(int32_t))) != NULL;
    ok &= (c.bytes = malloc(CASES_MAX)) != NULL;
    for (int kind = 0; ok && kind < 4; kind++) {
        cases_fill(&c, kind);
        for (int i = 0; i < 64; i++) c.classes[i] = (int32_t)(cases_draw(&c) % 40) - 3;
        cases_elementwise(&c);
        cases_reductions(&c);
        cases_rows(&c);
        cases_short_rows(&c);
        cases_optimizers(&c);
        cases_gemm(&c, kind);
        cases_attention(&c);
        cases_patches(&c, kind);
        cases_recurrent(&c);
    }
    for (int a = 0; a < 6; a++) free(c.in[a]);
    for (int a = 0; a < 4; a++) free(c.out[a]);
    free(c.classes);
    free(c.bytes);
    *overrun = c.overrun;
    return ok;
}

#undef CASES_ONE
#undef CASES_SIZES
#endif
