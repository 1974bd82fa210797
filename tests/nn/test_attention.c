/* Attention: one head against the formula in double; the same bits for all tiles and ways to cut the work; the future
 * is not seen, padding changes nothing, memory grows with the sequence and not with its square. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "kernels/kernels.h"
#include "nn/attention.h"
#include "support/nets.h"

enum { LONGEST = 150, WIDTH = 6, LD = 20, ROWS = LONGEST * LD };

/* Arrays of one head: queries, keys and values side by side in rows of LD. */
typedef struct head {
    float x[ROWS], out[ROWS], d_out[ROWS], dx[ROWS], largest[LONGEST], inverse[LONGEST], delta[LONGEST];
    float weights[LONGEST * LONGEST], d_weights[LONGEST * LONGEST];
} head;

typedef struct form {
    size_t queries, keys, padded;
    bool causal, weights;
    float rate;
} form;

static const form forms[] = {
    {150, 150, 150, false, false, 0}, {150, 150, 150, true, false, 0},   {33, 100, 140, false, true, 0},
    {70, 29, 30, true, true, 0.3f},   {20, 77, 80, true, false, 0.125f}, {1, 1, 1, true, false, 0},
    {17, 0, 3, false, true, 0},       {140, 16, 16, false, false, 0.5f}
};

static tl__attention call_of(head *h, const form *f, const tl__kernels *kernels, size_t block)
{
    tl__attention call = {.kernels = kernels, .queries = f->queries, .keys = f->keys, .padded = f->padded,
                          .width = WIDTH, .block = block, .causal = f->causal, .scale = 0.4f, .q = h->x,
                          .k = h->x + WIDTH, .v = h->x + 2 * WIDTH, .ldq = LD, .ldk = LD, .largest = h->largest,
                          .inverse = h->inverse, .out = h->out, .ldout = LD, .rate = f->rate, .ldweights = LONGEST,
                          .d_out = h->d_out, .dq = h->dx, .dk = h->dx + WIDTH, .dv = h->dx + 2 * WIDTH,
                          .delta = h->delta};
    if (f->weights) call.weights = h->weights;
    if (f->weights) call.d_weights = h->d_weights;
    tl__random_init(&call.random, 3, TL__DRAW_DROPOUT, 17, 2, 5);
    return call;
}

static head *head_new(void)
{
    head *h = calloc(1, sizeof *h);
    net_fill(h->x, ROWS, 1);
    net_fill(h->d_out, ROWS, 2);
    net_fill(h->d_weights, LONGEST * LONGEST, 3);
    return h;
}

/* whole: the way back in one call, else cut by queries, then by keys, in any order. */
static void head_run(head *h, const form *f, const tl__kernels *kernels, size_t block, bool whole)
{
    tl__attention call = call_of(h, f, kernels, block);
    size_t bytes = tl__attention_scratch(&call, true), blocks = (LONGEST + block - 1) / block;
    unsigned char *memory = malloc(bytes + 128), *scratch = memory + (-(uintptr_t)memory & 63);
    memset(scratch, 0x7f, bytes + 64);
    for (size_t b = blocks; b-- > 0;)
        if (b * block < f->queries)
            tl__attention_forward(&call, b * block, tl__size_min(f->queries, (b + 1) * block), scratch);
    if (whole) tl__attention_backward(&call, TL__ATTENTION_ALL, 0, SIZE_MAX, scratch);
    for (int part = TL__ATTENTION_QUERIES; part <= TL__ATTENTION_KEYS && !whole; part++)
        for (size_t b = blocks; b-- > 0;)
            if (b * block < (part == TL__ATTENTION_KEYS ? f->padded : f->queries))
                tl__attention_backward(&call, (tl__attention_part)part, b * block,
                                       tl__size_min((b + 1) * block,
                                                    part == TL__ATTENTION_KEYS ? SIZE_MAX : f->queries), scratch);
    for (size_t i = bytes; i < bytes + 64; i++) assert_int_equal(scratch[i], 0x7f);
    free(memory);
}

static void test_tiles_and_cuts_do_not_matter(void **state)
{
    (void)state;
    for (size_t i = 0; i < TL_COUNT(forms); i++) {
        head *expected = head_new();
        head_run(expected, &forms[i], tl__kernels_choose("scalar"), 160, true);
        for (size_t block = 16; block <= 160; block += 48)
            for (size_t k = 0; tl__kernels_list(k); k++)
                for (int whole = 0; whole < 2; whole++) {
                    const tl__kernels *kernels = tl__kernels_list(k);
                    head *got = head_new();
                    if (kernels->numeric_class == tl__kernels_choose("scalar")->numeric_class) {
                        head_run(got, &forms[i], kernels, block, whole);
                        assert_memory_equal(got, expected, sizeof *got);
                    }
                    free(got);
                }
        free(expected);
    }
}

/* The loss sum(out * d_out) + sum(weights * d_weights) by the formula; dropped: as the kernel draws it. */
static double loss_of(const head *h, const form *f, const double *x)
{
    double loss = 0;
    for (size_t i = 0; i < f->queries; i++) {
        size_t seen = f->causal ? tl__size_min(f->keys, i + 1) : f->keys;
        double e[LONGEST], sum = 0;
        for (size_t j = 0; j < seen; j++) {
            double score = 0;
            for (size_t p = 0; p < WIDTH; p++) score += x[i * LD + p] * x[j * LD + WIDTH + p];
            sum += e[j] = exp((double)0.4f * score);
        }
        for (size_t j = 0; j < seen; j++) {
            double w = e[j] / sum;
            tl__random random;
            tl__random_init(&random, 3, TL__DRAW_DROPOUT, 17, 2, 5);
            if (f->rate > 0)
                w = tl__random_uniform(&random, (uint32_t)(j << 16 | i)) >= f->rate ? w / (1 - (double)f->rate) : 0;
            if (f->weights) loss += w * (double)h->d_weights[i * LONGEST + j];
            for (size_t p = 0; p < WIDTH; p++)
                loss += w * x[j * LD + 2 * WIDTH + p] * (double)h->d_out[i * LD + p];
        }
    }
    return loss;
}

static void test_agrees_with_the_formula(void **state)
{
    (void)state;
    for (size_t f = 0; f < TL_COUNT(forms); f++) {
        head *h = head_new();
        double *x = calloc(ROWS, sizeof *x), loss = 0;
        head_run(h, &forms[f], tl__kernels_choose(NULL), 32, true);
        for (size_t i = 0; i < ROWS; i++) x[i] = (double)h->x[i];
        for (size_t i = 0; i < forms[f].queries; i++) {
            for (size_t p = 0; p < WIDTH; p++) loss += (double)h->out[i * LD + p] * (double)h->d_out[i * LD + p];
            for (size_t j = 0; forms[f].weights && j < forms[f].padded; j++)
                loss += (double)h->weights[i * LONGEST + j] * (double)h->d_weights[i * LONGEST + j];
        }
        double wanted = loss_of(h, &forms[f], x);
        if (!(fabs(loss - wanted) < 1e-4)) fail_msg("form %zu: %.9g, should be %.9g", f, loss, wanted);
        for (size_t i = 0; i < ROWS; i += 7) {
            double old = x[i], above, below;
            if (i % LD >= 3 * WIDTH) continue;
            x[i] = old + 1e-5, above = loss_of(h, &forms[f], x);
            x[i] = old - 1e-5, below = loss_of(h, &forms[f], x);
            x[i] = old;
            assert_true(fabs((above - below) / 2e-5 - (double)h->dx[i]) < 1e-4);
        }
        free(x);
        free(h);
    }
}

/* ---- Layers */

static const float *forward(net *n, const float *x, size_t rows, const int32_t *lengths)
{
    const float *out;
    tl__rows batch = {.inputs = x, .rows = rows, .lengths = lengths};
    assert_int_equal(tl__network_forward_rows(n->network, NULL, &batch, &out), TL_OK);
    return out;
}

static void test_the_future_is_not_seen(void **state)
{
    enum { TIME = 70, FEATURES = 6 };
    static float x[TIME * FEATURES], before[TIME * FEATURES];
    net n;
    (void)state;
    tl__plan_options options = net_options(1);
    net_init(&n);
    net_make(&n, "[{type: input, shape: [70, 6]}, {type: attention, heads: 3, causal: true}]", &options);
    net_fill(x, TIME * FEATURES, 4);
    memcpy(before, forward(&n, x, 1, NULL), sizeof before);
    for (size_t t = TIME; t-- > 0;) {
        for (size_t i = 0; i < FEATURES; i++) x[t * FEATURES + i] = t % 2 ? 1e30f : NAN;
        assert_memory_equal(forward(&n, x, 1, NULL), before, t * FEATURES * sizeof *before);
    }
    net_free(&n);
}

static void test_more_padding_changes_nothing(void **state)
{
    enum { ROWS_ = 3, SHORT = 9, LONG = 40, FEATURES = 4 };
    static const int32_t lengths[ROWS_] = {9, 1, 6};
    static float x[2][ROWS_ * LONG * FEATURES];
    static const char *const layers[] = {
        "[{type: input, shape: [9, 4]}, {type: attention, heads: 2}]",
        "[{type: input, shape: [40, 4]}, {type: attention, heads: 2}]"};
    net n[2];
    const float *out[2];
    (void)state;
    tl__plan_options options = net_options(ROWS_);
    for (int k = 0; k < 2; k++) {
        size_t time = k ? LONG : SHORT;
        net_init(&n[k]);
        net_make(&n[k], layers[k], &options);
        for (size_t r = 0; r < ROWS_; r++) {
            net_fill(x[k] + r * time * FEATURES, SHORT * FEATURES, (uint32_t)r);
            for (size_t i = (size_t)lengths[r] * FEATURES; i < time * FEATURES; i++)
                x[k][r * time * FEATURES + i] = k ? 7.0f : 100.0f;
        }
        out[k] = forward(&n[k], x[k], ROWS_, lengths);
    }
    for (size_t r = 0; r < ROWS_; r++)
        assert_memory_equal(out[0] + r * SHORT * FEATURES, out[1] + r * LONG * FEATURES,
                            (size_t)lengths[r] * FEATURES * sizeof(float));
    net_free(&n[0]);
    net_free(&n[1]);
}

static size_t bytes_for(size_t time)
{
    char layers[200];
    net n;
    tl__plan_totals totals;
    tl__plan_options options = net_options(2);
    net_init(&n);
    snprintf(layers, sizeof layers, "[{type: input, shape: [%zu, 8]}, {type: attention, heads: 2, dropout: 0.1}]",
             time);
    net_make(&n, layers, &options);
    tl__plan_totals_of(n.plan, &totals);
    net_free(&n);
    return totals.values + totals.scratch;
}

static void test_memory_grows_with_the_sequence(void **state)
{
    (void)state;
    for (size_t time = 1024; time <= 8192; time *= 2) assert_true(bytes_for(2 * time) <= bytes_for(time) * 21 / 10);
}

static void mistake(const char *layers, const char *expected)
{
    net n;
    tl_error error = {0};
    net_init(&n);
    assert_int_not_equal(net_layers(&n.graph, layers, &error), TL_OK);
    if (!strstr(error.message, expected)) fail_msg("%s", error.message);
    net_free(&n);
}

static void test_mistakes_are_told(void **state)
{
    (void)state;
    mistake("[{type: input, shape: [5, 6]}, {type: attention, heads: 4}]",
            "'attention' needs as many features as its `heads` divide evenly but 'input_1' (line 1) gives [5, 6]");
    mistake("[{type: input, shape: [6]}, {type: attention, heads: 2}]", "needs [time, features]");
    mistake("[{type: input, shape: [5, 6]}, attention]", "heads");
    mistake("[{type: input, name: x, shape: [5, 6]}, {type: dense, nodes: 4}, {type: attention, heads: 2, "
            "from: [x, dense_1]}]", "needs a memory of [time, features] that is as wide as what asks it");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tiles_and_cuts_do_not_matter),
        cmocka_unit_test(test_agrees_with_the_formula),
        cmocka_unit_test(test_the_future_is_not_seen),
        cmocka_unit_test(test_more_padding_changes_nothing),
        cmocka_unit_test(test_memory_grows_with_the_sequence),
        cmocka_unit_test(test_mistakes_are_told)
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
