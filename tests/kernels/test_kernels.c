/* Kernels: every set equals the plain one of its class to the bit; the plain one equals the contract written down
 * once more as simply as possible; and both agree with PyTorch. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "kernels/cases.h"
#include "kernels/conv.h"
#include "kernels/torch_values.h"

#include <math.h>

/* The class `unfused` in plain C: what the SSE2 set is compared with. */
#define SET(name) unfused_##name
#define FN(type) static type
#define INLINE(type) static inline type
#define SET_NAME "unfused"
#define SET_CLASS TL__UNFUSED
#define V_FMA(a, b, c) ((a) * (b) + (c))
#include "kernels/vec_scalar.h"
#include "kernels/set.inc.h"

enum { RECORDS_MAX = 40000 };
typedef struct records {
    const char *names[RECORDS_MAX];
    uint64_t hashes[RECORDS_MAX];
    size_t count;
} records;

static void record(void *user, const char *name, uint64_t hash)
{
    records *r = user;
    assert_true(r->count < RECORDS_MAX);
    r->names[r->count] = name;
    r->hashes[r->count++] = hash;
}

static records reference, other;

static void compare(const tl__kernels *set)
{
    bool overrun;
    other.count = 0;
    assert_true(cases_run(set, record, &other, &overrun));
    assert_false(overrun);
    assert_int_equal(other.count, reference.count);
    for (size_t i = 0; i < reference.count; i++)
        if (reference.hashes[i] != other.hashes[i])
            fail_msg("%s: case %zu of %s differs", set->name, i, reference.names[i]);
}

/* The bits themselves: equal on every machine, new only with a new TL_NUMERICS_VERSION. */
static uint64_t hash_of_all(void)
{
    uint64_t hash = 1469598103934665603u;
    for (size_t i = 0; i < reference.count; i++) hash = (hash ^ reference.hashes[i]) * 1099511628211u;
    return hash;
}

static void canonical_sets_are_equal(void **state)
{
    const tl__kernels *set;
    bool overrun;
    (void)state;
    reference.count = 0;
    assert_true(cases_run(tl__kernels_choose("scalar"), record, &reference, &overrun));
    assert_false(overrun);
    assert_true(reference.count > 5000);
    assert_int_equal(hash_of_all(), 0x7fdf77355bae189u);
    for (size_t i = 0; (set = tl__kernels_list(i)) != NULL; i++)
        if (set->numeric_class == TL__CANONICAL) compare(set);
}

static void unfused_sets_are_equal(void **state)
{
    const tl__kernels *set;
    bool overrun;
    (void)state;
    reference.count = 0;
    assert_true(cases_run(unfused_set, record, &reference, &overrun));
    assert_int_equal(hash_of_all(), 0x8ee72ce03e415ed9u);
    for (size_t i = 0; (set = tl__kernels_list(i)) != NULL; i++)
        if (set->numeric_class == TL__UNFUSED) compare(set);
}

static void sets_are_chosen_by_name(void **state)
{
    (void)state;
    assert_ptr_equal(tl__kernels_choose(NULL), tl__kernels_list(0));
    assert_null(tl__kernels_choose("avx9"));
    assert_null(tl__kernels_choose(""));
    const char *names[] = {"avx512", "avx2", "neon", "sse2", "scalar", "soft"};
    for (size_t i = 0; i < TL_COUNT(names); i++) assert_non_null(tl__kernels_choose(names[i]));
    assert_int_equal(tl__kernels_choose("scalar")->numeric_class, TL__CANONICAL);
    assert_string_equal(tl__numeric_class_name(TL__UNFUSED), "unfused");
    for (int kind = 0; kind < TL__ACTIVATION_COUNT; kind++)
        assert_int_equal(tl__activation_find(tl__activation_name((tl__activation)kind)), kind);
    assert_int_equal(tl__activation_find("rely"), TL__ACTIVATION_COUNT);
}

/* ---- the contract, as kernels.h words it ---- */

enum { LENGTH = 13000 };
static float xs[LENGTH], ys[LENGTH];

static void fill_inputs(void)
{
    uint32_t r = 12345;
    for (int i = 0; i < LENGTH; i++) {
        r = r * 1664525u + 1013904223u;
        xs[i] = (float)(int32_t)r * 0x1p-30f;
        r = r * 1664525u + 1013904223u;
        ys[i] = (float)(int32_t)r * 0x1p-31f;
    }
}

typedef float leaf_fn(size_t begin, size_t end);

static float lanes_of_products(size_t begin, size_t end)
{
    float lane[32] = {0};
    for (size_t i = 0; i < (end - begin + 31) / 32 * 32; i++)
        lane[i % 32] = begin + i < end ? tl__fma(xs[begin + i], ys[begin + i], lane[i % 32])
                                       : tl__fma(0.0f, 0.0f, lane[i % 32]);
    for (int half = 16; half > 0; half /= 2)
        for (int i = 0; i < half; i++) lane[i] = lane[i] + lane[i + half];
    return lane[0];
}

static float chain_of_products(size_t begin, size_t end)
{
    float acc = 0.0f;
    for (size_t i = begin; i < end; i++) acc = tl__fma(xs[i], ys[i], acc);
    return acc;
}

/* Rule 6, for parts first .. first + count - 1 of `size` terms each (blocks), ending at `end`. */
static float tree_of_blocks(leaf_fn *leaf, size_t begin, size_t end)
{
    size_t count = (end - begin + 4095) / 4096, h = 1;
    if (count <= 1) return leaf(begin, end);
    while (h * 2 < count) h *= 2;
    return tree_of_blocks(leaf, begin, begin + h * 4096) + tree_of_blocks(leaf, begin + h * 4096, end);
}

/* The same for pieces of n samples of `unit` terms each. */
static float tree_of_pieces(leaf_fn *leaf, size_t n, tl__cut cut, size_t first, size_t count)
{
    if (count == 1)
        return tree_of_blocks(leaf, tl__piece(n, cut.pieces, first) * cut.unit,
                              tl__piece(n, cut.pieces, first + 1) * cut.unit);
    count /= 2;
    return tree_of_pieces(leaf, n, cut, first, count) + tree_of_pieces(leaf, n, cut, first + count, count);
}

/* All tasks of a product; gives their number. Its plan knows neither data nor epilogue, as a network's. */
static size_t run_gemm(const tl__kernels *k, const tl__gemm *call)
{
    tl__gemm_plan plan;
    tl__gemm bare = *call;
    bare.a = bare.b = bare.bias = bare.saved = NULL;
    bare.c = bare.pre = NULL;
    bare.activation = TL__IDENTITY;
    k->gemm_plan(&bare, &plan);
    void *scratch = malloc(plan.scratch_bytes);
    for (size_t task = 0; task < plan.tasks; task++) plan.run(call, &plan, task, scratch);
    free(scratch);
    return plan.tasks;
}

static void sums_keep_the_contract(void **state)
{
    static const size_t lengths[] = {0, 1, 31, 33, 4096, 4097, 8192, 12289, 13000}, units[] = {1, 3, 5000};
    const tl__kernels *k = tl__kernels_choose("scalar");
    (void)state;
    fill_inputs();
    for (size_t i = 0; i < TL_COUNT(lengths); i++) {
        for (size_t pieces = 1; pieces <= 16; pieces *= 2) {
            size_t n = lengths[i];
            float want = tree_of_pieces(lanes_of_products, n, (tl__cut){pieces, 1}, 0, pieces);
            float got = k->dot(xs, ys, n, pieces), c = -1.0f, column = -1.0f;
            assert_memory_equal(&want, &got, sizeof want);
            for (size_t u = 0; u < TL_COUNT(units); u++) {
                const tl__cut cut = {pieces, units[u]};
                const size_t samples = n / cut.unit, terms = samples * cut.unit;
                want = tree_of_pieces(chain_of_products, samples, cut, 0, pieces);
                tl__gemm call = {.m = 1, .n = 1, .k = terms, .a = xs, .lda = n + 1, .b = ys, .ldb = 1,
                                 .c = &c, .ldc = 1, .cut = cut};
                assert_int_equal(run_gemm(k, &call), 1);
                k->column_dots(&column, xs, ys, terms, 1, cut, 0, 1);
                assert_memory_equal(&want, &c, sizeof want);
                assert_memory_equal(&want, &column, sizeof want);
            }
        }
    }
}

static void leaves_end_with_one_value(void **state)
{
    (void)state;
    for (size_t n = 0; n < 200000; n += 3911) {
        for (size_t pieces = 1; pieces <= 64; pieces *= 2) {
            tl__leaves walk = tl__leaves_start(n, (tl__cut){pieces, 1});
            size_t terms = 0;
            do {
                assert_true(walk.begin == terms && walk.end - walk.begin <= TL__BLOCK);
                terms = walk.end;
                (void)tl__leaves_merges(&walk);
                assert_true(walk.depth > 0 && walk.depth < 16);
            } while (tl__leaves_next(&walk));
            assert_int_equal(terms, n);
            assert_int_equal(walk.depth, 1);
        }
    }
}

static void gemm_epilogue_is_in_order(void **state)
{
    const tl__kernels *k = tl__kernels_choose(NULL);
    float a[6] = {1, 2, 3, 4, 5, 6}, b[6] = {1, -1, 2, -2, 3, -3}, bias[2] = {-14, 40};
    float c[4] = {100, 100, 100, 100}, pre[4], saved[4] = {0, 1, 1, 0};
    tl__gemm call = {.m = 2, .n = 2, .k = 3, .a = a, .lda = 3, .b = b, .ldb = 2, .c = c, .ldc = 2, .bias = bias,
                     .activation = TL__RELU, .pre = pre, .ldpre = 2};
    (void)state;
    run_gemm(k, &call);
    /* products: 14 -14 / 32 -32 */
    const float want_pre[4] = {0, 26, 18, 8}, want[4] = {0, 26, 18, 8};
    assert_memory_equal(pre, want_pre, sizeof pre);
    assert_memory_equal(c, want, sizeof c);
    call.bias = NULL;
    call.pre = NULL;
    call.saved = saved;
    call.ldsaved = 2;
    call.accumulate = true;
    run_gemm(k, &call);
    const float more[4] = {0, 12, 50, 8};
    assert_memory_equal(c, more, sizeof c);
}

typedef struct taken {
    float *values;
    unsigned char *times;
    size_t columns;
} taken;

static void take_values(void *user, size_t row, size_t column, float *values, size_t count)
{
    taken *to = user;
    for (size_t i = 0; i < count; i++) {
        to->values[row * to->columns + column + i] = values[i];
        to->times[row * to->columns + column + i]++;
        values[i] = NAN;
    }
}

static void taken_values_are_the_stored_ones(void **state)
{
    enum { MOST = 190 * 270 };
    static const size_t ms[] = {0, 1, 2, 3, 13, 14, 29, 190}, ns[] = {0, 1, 10, 31, 33, 129, 270}, ks[] = {0, 1, 33};
    static float stored[MOST], values[MOST], pre[2][MOST];
    static unsigned char times[MOST];
    const tl__kernels *k;
    unsigned turn = 0;
    (void)state;
    fill_inputs();
    for (size_t s = 0; (k = tl__kernels_list(s)) != NULL; s++)
        for (size_t x = 0; x < TL_COUNT(ms) * TL_COUNT(ns) * TL_COUNT(ks) * 4; x++, turn++) {
            size_t m = ms[x % TL_COUNT(ms)], n = ns[x / TL_COUNT(ms) % TL_COUNT(ns)];
            tl__gemm call = {.m = m, .n = n, .k = ks[x / (4 * TL_COUNT(ms) * TL_COUNT(ns))], .a = xs, .b = ys,
                             .c = stored, .ldc = n, .a_transposed = turn & 1, .b_transposed = turn >> 1 & 1,
                             .cut.pieces = (size_t)1 << turn % 3, .bias = turn % 5 ? xs : NULL,
                             .activation = turn % 3 ? TL__RELU : TL__TANH, .pre = turn % 7 ? pre[0] : NULL, .ldpre = n,
                             .saved = turn % 4 ? NULL : xs, .ldsaved = 3};
            call.lda = call.a_transposed ? m : call.k;
            call.ldb = call.b_transposed ? call.k : n;
            run_gemm(k, &call);
            taken to = {values, times, n};
            memset(times, 0, sizeof times);
            if (call.pre) call.pre = pre[1];
            call.c = NULL;
            call.take = take_values;
            call.take_user = &to;
            run_gemm(k, &call);
            for (size_t i = 0; i < m * n; i++) assert_int_equal(times[i], 1);
            assert_memory_equal(values, stored, m * n * sizeof *values);
            assert_memory_equal(pre[0], pre[1], sizeof pre[0]);
        }
}

/* Products that are computed as their transpose; added to -0, they go the straight way. */
static void turned_products_are_the_straight_ones(void **state)
{
    enum { MOST = 200 * 150, INPUTS = 600000 };
    static const size_t sizes[][4] = {   /* m, n, k, transposed: 1 a, 2 b */
        {128, 10, 33, 1}, {131, 10, 4100, 1}, {32, 3, 8, 1}, {200, 11, 300, 1}, {66, 5, 9, 1}, {150, 17, 40, 1},
        {32, 200, 64, 2}, {31, 150, 130, 2}, {9, 130, 18, 2}, {17, 129, 900, 2}, {5, 21, 11, 2}, {12, 48, 5000, 2},
    };
    static float a[INPUTS], b[INPUTS], c[2][MOST], pre[2][MOST];
    static unsigned char times[MOST];
    const tl__kernels *k;
    (void)state;
    fill_inputs();
    for (size_t i = 0; i < INPUTS; i++) a[i] = xs[i * 7 % LENGTH];
    for (size_t i = 0; i < INPUTS; i++) b[i] = ys[i * 11 % LENGTH];
    for (size_t s = 0; (k = tl__kernels_list(s)) != NULL; s++)
        for (size_t x = 0; x < TL_COUNT(sizes) * 32; x++) {
            const size_t *size = sizes[x / 32];
            const bool take = x & 1, far = x & 2;
            tl__gemm call = {.m = size[0], .n = size[1], .k = size[2], .a = a, .b = b, .c = c[0], .ldc = size[1],
                             .a_transposed = size[3] == 1, .b_transposed = size[3] == 2, .cut = {.pieces = x & 4 ? 4 : 1}};
            call.lda = far ? 1100 : call.a_transposed ? call.m : call.k;
            call.ldb = far ? 1101 : call.b_transposed ? call.k : call.n;
            if (call.lda * (call.a_transposed ? call.k : call.m) > INPUTS) continue;
            if (call.ldb * (call.b_transposed ? call.n : call.k) > INPUTS) continue;
            if (!take) {
                call.ldc = size[1] + 7;
                if (x & 8) call.activation = TL__RELU;
                if (x & 16) call.bias = xs + 5;
                if ((x & 24) == 8) call.saved = ys, call.ldsaved = size[1] + 1;
                if ((x & 12) == 12) call.activation = TL__TANH, call.pre = x & 16 ? pre[0] : NULL, call.ldpre = size[1];
            }
            for (size_t i = 0; i < MOST; i++) c[0][i] = c[1][i] = -0.0f;
            taken to = {c[0], times, call.n};
            memset(times, 0, sizeof times);
            if (take) call.c = NULL, call.take = take_values, call.take_user = &to;
            run_gemm(k, &call);
            for (size_t i = 0; take && i < call.m * call.n; i++) assert_int_equal(times[i], 1);
            call.take = NULL;
            call.c = c[1];
            call.accumulate = true;
            if (call.pre) call.pre = pre[1];
            run_gemm(k, &call);
            assert_memory_equal(c[0], c[1], sizeof c[0]);
            assert_memory_equal(pre[0], pre[1], sizeof pre[0]);
        }
}

/* Large strides have b packed and a copied. */
static void far_rows_give_the_same_bits(void **state)
{
    enum { MOST = 13000 };
    static const size_t ms[] = {1, 2, 3, 40, 70}, ns[] = {1, 10, 33, 64, 150}, ks[] = {0, 1, 9, 40};
    static float a[120 * 1100], b[160 * 1100], c[2][MOST];
    const tl__kernels *k;
    (void)state;
    fill_inputs();
    for (size_t i = 0; i < TL_COUNT(a); i++) a[i] = xs[i * 7 % LENGTH];
    for (size_t i = 0; i < TL_COUNT(b); i++) b[i] = ys[i * 11 % LENGTH];
    for (size_t s = 0; (k = tl__kernels_list(s)) != NULL; s++)
        for (size_t x = 0; x < TL_COUNT(ms) * TL_COUNT(ns) * TL_COUNT(ks) * 8; x++) {
            size_t m = ms[x % 5], n = ns[x / 5 % 5], terms = ks[x / 25 % 4], pieces = x / 100 % 2 ? 4 : 1;
            float columns[40 * 150];
            tl__gemm call = {.m = m, .n = n, .k = terms, .a = a, .lda = 1100, .b = b, .ldb = 1100, .c = c[0], .ldc = n,
                             .a_transposed = x / 200 & 1, .b_transposed = x / 400 & 1, .cut.pieces = pieces};
            run_gemm(k, &call);
            for (size_t p = 0; p < terms; p++)
                for (size_t j = 0; j < n; j++)
                    columns[p * n + j] = b[call.b_transposed ? j * 1100 + p : p * 1100 + j];
            static float near_a[70 * 40];
            for (size_t i = 0; i < m; i++)
                for (size_t p = 0; p < terms; p++)
                    near_a[i * terms + p] = a[call.a_transposed ? p * 1100 + i : i * 1100 + p];
            tl__gemm plain = {.m = m, .n = n, .k = terms, .a = near_a, .lda = terms, .b = columns, .ldb = n, .c = c[1],
                              .ldc = n, .cut.pieces = pieces};
            run_gemm(k, &plain);
            assert_memory_equal(c[0], c[1], m * n * sizeof(float));
        }
}

/* Blocks of rows, steps of terms and columns kept packed differ with the caches; the plain way has none of them. */
static void sizes_of_caches_give_the_same_bits(void **state)
{
    enum { M = 301, N = 71, K = 1031, FAR = 1100 };
    static const size_t terms[] = {97, 530, K};
    static float a[K * FAR], b[K * FAR], near_a[M * K], near_b[K * N], want[M * N], got[M * N];
    const tl__kernels *set;
    (void)state;
    fill_inputs();
    for (size_t i = 0; i < TL_COUNT(a); i++) a[i] = xs[i * 7 % LENGTH];
    for (size_t i = 0; i < TL_COUNT(b); i++) b[i] = ys[i * 11 % LENGTH];
    for (size_t s = 0; (set = tl__kernels_list(s)) != NULL; s++)
        for (size_t form = 0; form < 4 * TL_COUNT(terms); form++) {
            const size_t k = terms[form / 4];
            tl__gemm call = {.m = M, .n = N, .k = k, .a = a, .lda = FAR, .b = b, .ldb = FAR, .c = got, .ldc = N,
                             .a_transposed = form & 1, .b_transposed = form & 2};
            for (size_t p = 0; p < k; p++) {
                for (size_t i = 0; i < M; i++) near_a[i * k + p] = a[form & 1 ? p * FAR + i : i * FAR + p];
                for (size_t j = 0; j < N; j++) near_b[p * N + j] = b[form & 2 ? j * FAR + p : p * FAR + j];
            }
            tl__gemm plain = {.m = M, .n = N, .k = k, .a = near_a, .lda = k, .b = near_b, .ldb = N, .c = want,
                              .ldc = N};
            run_gemm(set, &plain);
            for (int caches = 0; caches < TL__CACHES_COUNT; caches++) {
                const tl__kernels *sized = tl__kernels_for(set, (tl__caches)caches);
                assert_int_equal(sized->caches, caches);
                assert_string_equal(sized->name, set->name);
                call.workers = (size_t)caches;
                memset(got, 0xff, sizeof got);
                run_gemm(sized, &call);
                assert_memory_equal(got, want, sizeof got);
            }
        }
}

/* A batch's last rows run in the scratch of a full one, as rows of c and as terms. */
static void gemm_scratch_grows_with_rows_and_terms(void **state)
{
    const tl__kernels *k;
    (void)state;
    for (size_t s = 0; (k = tl__kernels_list(s)) != NULL; s++)
        for (unsigned form = 0; form < 128 * TL__CACHES_COUNT; form++)
            for (size_t n = 1; n < 5000; n = n * 3 + 1)
                for (size_t fixed = 1; fixed < 9000; fixed = fixed * 4 + 3) {
                    size_t most = 0;
                    for (size_t rows = 1; rows < 9000; rows += 1 + rows / 7) {
                        tl__gemm call = {.m = form & 1 ? rows : fixed, .n = n, .k = form & 1 ? fixed : rows,
                                         .a_transposed = form & 2, .b_transposed = form & 4,
                                         .lda = form & 64 ? 16384 : 16385, .ldb = 20000, .ldc = n,
                                         .cut.pieces = form & 8 ? 8 : 1, .accumulate = form & 16,
                                         .take = form & 32 ? take_values : NULL};
                        tl__gemm_plan plan;
                        tl__kernels_for(k, (tl__caches)(form / 128))->gemm_plan(&call, &plan);
                        assert_true(plan.scratch_bytes >= most);
                        most = plan.scratch_bytes;
                    }
                }
}

/* ---- PyTorch ---- */

static void assert_near(float got, double want)
{
    if (!(fabs((double)got - want) <= 2e-6 + 2e-6 * fabs(want))) fail_msg("%.9g instead of %.9g", (double)got, want);
}

static void assert_all_near(const float *got, const double *want, size_t n)
{
    for (size_t i = 0; i < n; i++) assert_near(got[i], want[i]);
}

static void activations_agree_with_pytorch(void **state)
{
    const tl__kernels *k;
    (void)state;
    for (size_t s = 0; (k = tl__kernels_list(s)) != NULL; s++) {
        for (size_t i = 0; i < TL_COUNT(torch_activations); i++) {
            const struct torch_activation *a = &torch_activations[i];
            float y[TORCH_POINTS], dx[TORCH_POINTS], ones[TORCH_POINTS];
            k->fill(ones, 1.0f, TORCH_POINTS);
            k->activate(a->kind, a->parameter, a->limit, y, torch_x, TORCH_POINTS);
            assert_all_near(y, a->y, TORCH_POINTS);
            const float *saved = tl__activation_needs_pre(a->kind) ? torch_x : y;
            k->activate_backward(a->kind, a->parameter, a->limit, dx, ones, saved, TORCH_POINTS);
            assert_all_near(dx, a->slope, TORCH_POINTS);
        }
    }
}

static void optimizers_agree_with_pytorch(void **state)
{
    const tl__kernels *k;
    (void)state;
    for (size_t s = 0; (k = tl__kernels_list(s)) != NULL; s++) {
        float w[9][TORCH_WEIGHTS], buffer[2][TORCH_WEIGHTS] = {{0}}, square[3][TORCH_WEIGHTS] = {{0}};
        float average[TORCH_WEIGHTS] = {0}, momentum[TORCH_WEIGHTS] = {0}, m[3][TORCH_WEIGHTS] = {{0}};
        float v[3][TORCH_WEIGHTS] = {{0}}, largest[TORCH_WEIGHTS] = {0};
        const size_t n = TORCH_WEIGHTS;
        for (int i = 0; i < 9; i++) memcpy(w[i], torch_w, sizeof torch_w);
        for (int t = 1; t <= TORCH_STEPS; t++) {
            const float *g = torch_gradients[t - 1];
            tl__sgd sgd = {0.1f, 0.9f, 0.8f, 0.01f, 1.0f, false, t == 1};
            k->sgd(&sgd, w[0], g, buffer[0], n);
            sgd = (tl__sgd){0.1f, 0.9f, 1.0f, 0.0f, 1.0f, true, t == 1};
            k->sgd(&sgd, w[1], g, buffer[1], n);
            k->sgd(&sgd, w[2], g, NULL, n);
            tl__rmsprop rms = {0.01f, 0.9f, 0.1f, 1e-6f, 0.0f, 0.0f, 1.0f};
            k->rmsprop(&rms, w[3], g, square[0], NULL, NULL, n);
            rms.momentum = 0.5f;
            rms.l2 = 0.01f;
            k->rmsprop(&rms, w[4], g, square[1], average, momentum, n);
            tl__adagrad adagrad = {(float)(0.1 / (1 + (t - 1) * 0.1)), 1e-8f, 0.0f, 1.0f};
            k->adagrad(&adagrad, w[5], g, square[2], n);
            double b1 = 1 - tl__pow(0.9, t), b2 = 1 - tl__pow(0.999, t);
            tl__adam adam = {(float)(0.01 / b1), 0.1f, 0.999f, 0.001f, (float)(1 / sqrt(b2)), 1e-8f, 1.0f, 0.01f, 1.0f};
            k->adam(&adam, w[6], g, m[0], v[0], NULL, n);
            adam.l2 = 0.0f;
            k->adam(&adam, w[8], g, m[2], v[2], largest, n);
            adam.keep = 0.999f;
            k->adam(&adam, w[7], g, m[1], v[1], NULL, n);
        }
        const double *want[9] = {torch_sgd, torch_nesterov, torch_plain, torch_rmsprop, torch_rmsprop_centered,
                                 torch_adagrad, torch_adam, torch_adamw, torch_amsgrad};
        for (int i = 0; i < 9; i++) assert_all_near(w[i], want[i], n);
    }
}

static void moments_settle_at_zero(void **state)
{
    const tl__kernels *k = tl__kernels_choose(NULL);
    float w = 1.0f, m = 0x1p-119f, v = 0x1.01p-120f, g = 0.0f;
    tl__adam adam = {1e-3f, 0.1f, 0.999f, 0.001f, 1.0f, 1e-8f, 1.0f, 0.0f, 1.0f};
    (void)state;
    for (int step = 0; step < 20; step++) {
        k->adam(&adam, &w, &g, &m, &v, NULL, 1);
        assert_true(m == 0.0f || m >= 0x1p-120f);
        assert_true(v == 0.0f || v >= 0x1p-120f);
    }
    assert_true(m == 0.0f && v == 0.0f && w == 1.0f);
}

static void rows_agree_with_pytorch(void **state)
{
    const tl__kernels *k;
    (void)state;
    for (size_t s = 0; (k = tl__kernels_list(s)) != NULL; s++) {
        float y[12], z[12], dx[12], mean[4], inverse[4], loss[3], sums[4], more[4];
        k->softmax(y, torch_logits, 3, 4);
        assert_all_near(y, torch_softmax, 12);
        k->log_softmax(z, torch_logits, 3, 4);
        assert_all_near(z, torch_log_softmax, 12);
        k->logsumexp(loss, torch_logits, 3, 4);
        assert_all_near(loss, torch_logsumexp, 3);
        k->softmax_backward(dx, torch_upstream, y, 3, 4);
        assert_all_near(dx, torch_softmax_gradient, 12);
        k->log_softmax_backward(dx, torch_upstream, z, 3, 4);
        assert_all_near(dx, torch_log_softmax_gradient, 12);
        tl__cross_entropy call = {.rows = 3, .columns = 4, .x = torch_logits, .classes = torch_classes,
                                  .class_weights = torch_class_weights, .smoothing = 0.1f, .gradient_scale = 1.0f,
                                  .loss = loss, .gradient = dx};
        k->cross_entropy(&call);
        assert_all_near(loss, torch_loss, 3);
        assert_all_near(dx, torch_loss_gradient, 12);

        k->layer_norm(y, mean, inverse, torch_logits, torch_gamma, torch_beta, 1e-5f, 3, 4);
        assert_all_near(y, torch_layer_norm, 12);
        k->layer_norm_backward(dx, torch_upstream, torch_logits, mean, inverse, torch_gamma, 3, 4);
        assert_all_near(dx, torch_layer_norm_gradient, 12);
        k->layer_norm_sums(sums, more, torch_upstream, torch_logits, mean, inverse, 3, 4, (tl__cut){1, 1}, 0, 4);
        assert_all_near(sums, torch_layer_norm_gamma, 4);
        assert_all_near(more, torch_layer_norm_beta, 4);

        k->column_sums(mean, torch_logits, 3, 4, (tl__cut){1, 1}, 0, 4);
        k->scale(mean, mean, 1.0f / 3.0f, 4);
        k->column_square_deviations(inverse, torch_logits, mean, 3, 4, (tl__cut){1, 1}, 0, 4);
        for (int j = 0; j < 4; j++) inverse[j] = 1.0f / tl__sqrt(inverse[j] / 3.0f + 1e-5f);
        k->batch_norm(y, torch_logits, mean, inverse, torch_gamma, torch_beta, 3, 4);
        assert_all_near(y, torch_batch_norm, 12);
        k->batch_norm_sums(sums, more, torch_upstream, torch_logits, mean, inverse, 3, 4, (tl__cut){1, 1}, 0, 4);
        assert_all_near(sums, torch_batch_norm_gamma, 4);
        assert_all_near(more, torch_batch_norm_beta, 4);
        k->batch_norm_backward(dx, torch_upstream, torch_logits, mean, inverse, torch_gamma, sums, more,
                               1.0f / 3.0f, 3, 4);
        assert_all_near(dx, torch_batch_norm_gradient, 12);
    }
}

static void dropout_draws_by_place(void **state)
{
    const tl__kernels *k;
    (void)state;
    fill_inputs();
    for (size_t s = 0; (k = tl__kernels_list(s)) != NULL; s++) {
        tl__random random;
        float y[5 * 77];
        size_t kept = 0;
        tl__random_init(&random, 42, TL__DRAW_DROPOUT, 7, 3, 0);
        k->dropout(y, xs, 5, 77, 0.25f, &random, 1000);
        for (uint32_t i = 0; i < 5 * 77; i++) {
            random.counter[1] = 1000 + i / 77;
            bool keep = tl__random_uniform(&random, i % 77) >= 0.25f;
            assert_true(y[i] == (keep ? xs[i] * (1.0f / 0.75f) : 0.0f));
            kept += keep;
        }
        assert_true(kept > 250 && kept < 330);
    }
}

/* Column i of a block, as kernels.h words it: weights w of the scores x, then their way back from d. */
static void attention_column(float *w, float *d, float *delta, const float *x, size_t ld, size_t keys, float scale)
{
    float m = -INFINITY, s = 0, sum = 0;
    for (size_t j = 0; j < keys; j++) m = x[j * ld] > m ? x[j * ld] : m;
    for (size_t j = 0; j < keys; j++) s = s + tl__expf(scale * (x[j * ld] - m));
    for (size_t j = 0; j < keys; j++) w[j * ld] = tl__expf(scale * (x[j * ld] - m)) * (1.0f / s);
    for (size_t j = 0; j < keys; j++) sum = tl__fma(w[j * ld], d[j * ld], sum);
    for (size_t j = 0; j < keys; j++) d[j * ld] = w[j * ld] * (d[j * ld] - sum) * scale;
    *delta = sum;
}

static void attention_keeps_the_contract(void **state)
{
    enum { KEYS = 37, QUERIES = 21, LD = 24 };
    static float x[KEYS * LD], d[KEYS * LD], w[KEYS * LD], slopes[KEYS * LD], got[2][KEYS * LD];
    (void)state;
    fill_inputs();
    for (int form = 0; form < 3; form++) {
        const tl__kernels *k;
        size_t first = form == 2 ? 16 : 0;
        float deltas[LD], largest[LD], inverse[LD], delta[LD];
        for (size_t i = 0; i < KEYS * LD; i++) {
            x[i] = 5 * xs[i];
            d[i] = slopes[i] = ys[i];
            w[i] = 0;
        }
        for (size_t i = 0; i < QUERIES; i++) {
            size_t keys = form ? tl__size_min(KEYS, first + i + 1) : KEYS;
            attention_column(w + i, slopes + i, deltas + i, x + i, LD, keys, 0.3f);
            for (size_t j = keys; j < KEYS; j++) slopes[j * LD + i] = 0;
        }
        for (size_t s = 0; (k = tl__kernels_list(s)) != NULL; s++) {
            if (k->numeric_class != TL__CANONICAL) continue;
            memcpy(got[0], x, sizeof x);
            k->attention_weights(got[0], LD, largest, inverse, KEYS, QUERIES, form > 0, first, 0.3f);
            for (int again = 0; again < 2; again++) {
                for (size_t j = 0; j < KEYS; j++) assert_memory_equal(got[0] + j * LD, w + j * LD, QUERIES * sizeof *w);
                memcpy(got[0], x, sizeof x);
                memcpy(got[1], d, sizeof d);
                k->attention_slopes(got[0], got[1], LD, largest, inverse, delta, again > 0, KEYS, QUERIES, form > 0,
                                    first, 0.3f);
                for (size_t j = 0; j < KEYS; j++)
                    assert_memory_equal(got[1] + j * LD, slopes + j * LD, QUERIES * sizeof *w);
                assert_memory_equal(delta, deltas, QUERIES * sizeof *delta);
            }
        }
    }
}

/* A chain in two calls is the chain in one, for all forms of a product. */
static void chains_go_on(void **state)
{
    static const size_t ms[] = {1, 3, 16, 100}, ns[] = {1, 16, 33, 70}, ks[] = {1, 5, 60};
    static float whole[7000], parts[7000];
    const tl__kernels *k;
    (void)state;
    fill_inputs();
    for (size_t s = 0; (k = tl__kernels_list(s)) != NULL; s++)
        for (size_t x = 0; x < TL_COUNT(ms) * TL_COUNT(ns) * TL_COUNT(ks) * 4; x++) {
            size_t m = ms[x % 4], n = ns[x / 4 % 4], terms = ks[x / 16 % 3], cut = terms / 3;
            tl__gemm call = {.m = m, .n = n, .k = terms, .a = xs, .b = ys, .c = whole, .ldc = n,
                             .a_transposed = x / 48 & 1, .b_transposed = x / 96 & 1};
            call.lda = call.a_transposed ? m : terms;
            call.ldb = call.b_transposed ? terms : n;
            run_gemm(k, &call);
            call.c = parts;
            call.k = cut;
            run_gemm(k, &call);
            call.a += call.a_transposed ? cut * m : cut;
            call.b += call.b_transposed ? cut : cut * n;
            call.k = terms - cut;
            call.go_on = true;
            run_gemm(k, &call);
            assert_memory_equal(parts, whole, m * n * sizeof *parts);
        }
}

static void specials_pass_through(void **state)
{
    const tl__kernels *k;
    const float x[4] = {NAN, -0.0f, INFINITY, -INFINITY};
    (void)state;
    for (size_t s = 0; (k = tl__kernels_list(s)) != NULL; s++) {
        float y[4];
        k->activate(TL__RELU, 0.0f, 0.0f, y, x, 4);
        assert_true(y[0] != y[0] && y[1] == 0.0f && y[2] == INFINITY && y[3] == 0.0f);
        k->clamp(y, x, -1.0f, 1.0f, 4);
        assert_true(y[0] != y[0] && y[2] == 1.0f && y[3] == -1.0f);
        assert_true(k->any_nonfinite(x, 1) && !k->any_nonfinite(x + 1, 1) && k->any_nonfinite(x + 1, 2));
        assert_true(k->max(x, 4) == INFINITY && k->max(x, 2) == 0.0f && k->max(x, 0) == -INFINITY);
        k->logsumexp(y, x + 3, 1, 1);
        assert_true(y[0] == -INFINITY);
        k->softmax(y, x, 1, 2);
        assert_true(y[0] != y[0] && y[1] != y[1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(canonical_sets_are_equal),
        cmocka_unit_test(unfused_sets_are_equal),
        cmocka_unit_test(sets_are_chosen_by_name),
        cmocka_unit_test(sums_keep_the_contract),
        cmocka_unit_test(leaves_end_with_one_value),
        cmocka_unit_test(gemm_epilogue_is_in_order),
        cmocka_unit_test(taken_values_are_the_stored_ones),
        cmocka_unit_test(far_rows_give_the_same_bits),
        cmocka_unit_test(turned_products_are_the_straight_ones),
        cmocka_unit_test(sizes_of_caches_give_the_same_bits),
        cmocka_unit_test(gemm_scratch_grows_with_rows_and_terms),
        cmocka_unit_test(activations_agree_with_pytorch),
        cmocka_unit_test(optimizers_agree_with_pytorch),
        cmocka_unit_test(moments_settle_at_zero),
        cmocka_unit_test(rows_agree_with_pytorch),
        cmocka_unit_test(dropout_draws_by_place),
        cmocka_unit_test(attention_keeps_the_contract),
        cmocka_unit_test(chains_go_on),
        cmocka_unit_test(specials_pass_through),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
