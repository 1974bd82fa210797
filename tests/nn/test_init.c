/* Initial weights: bounds and moments of each kind, draws by name, orthonormal rows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/hash.h"
#include "nn/activation.h"
#include "nn/init.h"
#include "nn/plan.h"

enum { OUT = 60, IN = 90 };

/* A matrix, in memory as in files or transposed. */
static void fill(tl__init_kind kind, uint64_t seed, const char *name, size_t out, size_t in, bool transposed,
                 float *values)
{
    tl__tensor tensor = {.rank = 2, .dim = {out, in}, .stride = {in, 1}, .size = out * in, .fan_in = in, .fan_out = out,
                         .init = (int)kind, .key = tl__name_hash(name)};
    if (transposed) {
        tensor.reordered = true;
        tensor.stride[0] = 1;
        tensor.stride[1] = out;
    }
    tl__init_fill(&tensor, seed, values);
}

static void moments(tl__init_kind kind, double *mean, double *variance, double *largest)
{
    float *values = malloc(OUT * IN * sizeof(float));
    fill(kind, 3, "layer.weight", OUT, IN, false, values);
    *mean = *variance = *largest = 0;
    for (int i = 0; i < OUT * IN; i++) {
        double x = (double)values[i];
        *mean += x;
        *variance += x * x;
        if (x > *largest) *largest = x;
        if (-x > *largest) *largest = -x;
    }
    *mean /= OUT * IN;
    *variance /= OUT * IN;
    free(values);
}

static void test_bounds_and_moments(void **state)
{
    (void)state;
    static const struct {
        tl__init_kind kind;
        double variance, bound;   /* bound 0: normal */
    } kinds[] = {
        {TL__INIT_XAVIER_UNIFORM, 2.0 / (OUT + IN), 0.2}, {TL__INIT_XAVIER_NORMAL, 2.0 / (OUT + IN), 0},
        {TL__INIT_HE_UNIFORM, 2.0 / IN, 0.258198889747161}, {TL__INIT_HE_NORMAL, 2.0 / IN, 0},
        {TL__INIT_LECUN_UNIFORM, 1.0 / IN, 0.182574185835055}, {TL__INIT_LECUN_NORMAL, 1.0 / IN, 0},
        {TL__INIT_PYTORCH, 1.0 / (3.0 * IN), 0.105409255338946}, {TL__INIT_ORTHOGONAL, 1.0 / IN, 0}};
    for (size_t i = 0; i < TL_COUNT(kinds); i++) {
        double mean, variance, largest, deviation;
        moments(kinds[i].kind, &mean, &variance, &largest);
        deviation = kinds[i].bound > 0 ? kinds[i].bound : 1.0;
        assert_true(mean < 0.03 * deviation && mean > -0.03 * deviation);
        assert_true(variance > 0.94 * kinds[i].variance && variance < 1.06 * kinds[i].variance);
        if (kinds[i].bound > 0) assert_true(largest <= kinds[i].bound * 1.000001 && largest > 0.98 * kinds[i].bound);
    }
}

static void check_orthonormal(size_t out, size_t in, bool transposed)
{
    float *w = malloc(out * in * sizeof(float));
    fill(TL__INIT_ORTHOGONAL, 5, "w", out, in, transposed, w);
    bool rows = out <= in;
    size_t count = rows ? out : in, length = rows ? in : out;
    for (size_t a = 0; a < count; a++)
        for (size_t b = 0; b <= a; b++) {
            double dot = 0;
            for (size_t k = 0; k < length; k++) {
                size_t i = rows ? a : k, j = rows ? k : a, i2 = rows ? b : k, j2 = rows ? k : b;
                dot += (double)(transposed ? w[j * out + i] : w[i * in + j]) *
                       (double)(transposed ? w[j2 * out + i2] : w[i2 * in + j2]);
            }
            dot -= a == b;
            assert_true(dot < 1e-6 && dot > -1e-6);
        }
    free(w);
}

static void test_orthogonal(void **state)
{
    (void)state;
    check_orthonormal(7, 7, false);
    check_orthonormal(5, 30, true);
    check_orthonormal(30, 5, false);
    check_orthonormal(40, 8, true);
    check_orthonormal(1, 1, false);
}

/* The same numbers in file order whatever lies in memory; others for another name or seed. */
static void test_draws_go_by_name(void **state)
{
    (void)state;
    float a[12], b[12], c[12], d[12];
    fill(TL__INIT_HE_NORMAL, 1, "a.weight", 3, 4, false, a);
    fill(TL__INIT_HE_NORMAL, 1, "a.weight", 3, 4, true, b);
    fill(TL__INIT_HE_NORMAL, 1, "b.weight", 3, 4, false, c);
    fill(TL__INIT_HE_NORMAL, 2, "a.weight", 3, 4, false, d);
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 4; j++) assert_memory_equal(&a[i * 4 + j], &b[j * 3 + i], sizeof(float));
    assert_memory_not_equal(a, c, sizeof a);
    assert_memory_not_equal(a, d, sizeof a);
}

/* Four axes in another order: file and memory hold the same numbers, and drawn ones are those of the plain order. */
static void test_axes_in_another_order(void **state)
{
    (void)state;
    enum { A = 5, B = 2, C = 3, D = 4, ALL = A * B * C * D };
    tl__tensor plain = {.name = "k", .rank = 4, .dim = {A, B, C, D}, .stride = {B * C * D, C * D, D, 1}, .size = ALL,
                        .fan_in = B * C * D, .fan_out = A, .init = TL__INIT_PYTORCH};
    tl__tensor other = plain;   /* in memory [C, D, B, A] */
    const size_t stride[] = {1, A, D * B * A, B * A};
    float file[ALL], memory[ALL], back[ALL];
    memcpy(other.stride, stride, sizeof stride);
    other.reordered = true;
    tl__init_fill(&plain, 7, file);
    tl__init_fill(&other, 7, memory);
    for (size_t a = 0; a < A; a++)
        for (size_t b = 0; b < B; b++)
            for (size_t c = 0; c < C; c++)
                for (size_t d = 0; d < D; d++)
                    assert_true(file[((a * B + b) * C + c) * D + d] == memory[((c * D + d) * B + b) * A + a]);
    tl__tensor_to_file(&other, back, memory);
    assert_memory_equal(back, file, sizeof file);
    tl__tensor_from_file(&other, back, file);
    assert_memory_equal(back, memory, sizeof file);
    other.init = TL__INIT_ORTHOGONAL;
    tl__init_fill(&other, 7, memory);
    for (size_t a = 0; a < A; a++)
        for (size_t b = 0; b <= a; b++) {
            double dot = 0;
            for (size_t i = 0; i < B * C * D; i++) dot += (double)memory[i * A + a] * (double)memory[i * A + b];
            dot -= a == b;
            assert_true(dot < 1e-6 && dot > -1e-6);
        }
}

static void test_words(void **state)
{
    (void)state;
    static const char *const words[] = TL__INIT_WORDS;
    for (int i = 0; words[i]; i++) assert_int_equal(tl__init_word(words[i]), i);
    assert_int_equal(tl__init_word("xaver"), -1);
    assert_int_equal(tl__init_of(0), TL__INIT_PYTORCH);
    assert_int_equal(tl__init_of(tl__init_word("glorot")), TL__INIT_XAVIER_UNIFORM);
    assert_int_equal(tl__init_of(tl__init_word("kaiming_normal")), TL__INIT_HE_NORMAL);
    assert_int_equal(tl__init_of(tl__init_word("zeros")), TL__INIT_ZEROS);
    assert_int_equal(tl__init_of(tl__init_word("ones")), TL__INIT_ONES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bounds_and_moments), cmocka_unit_test(test_orthogonal),
        cmocka_unit_test(test_draws_go_by_name), cmocka_unit_test(test_axes_in_another_order),
        cmocka_unit_test(test_words)
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
