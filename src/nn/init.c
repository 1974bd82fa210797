/* Initial weights: bounds and deviations from fan-in and fan-out, drawn by the tensor's name. Element i of a tensor is
 * a function of (seed, name, i) in file order, whatever the layout in memory. */
#include "nn/init.h"

#include "base/hash.h"
#include "base/math.h"
#include "base/random.h"
#include "base/text.h"
#include "nn/activation.h"

TL_PRIV int tl__init_word(const char *word)
{
    static const char *const words[] = TL__INIT_WORDS;
    for (int i = 0; words[i]; i++)
        if (tl__same_text(words[i], word)) return i;
    return -1;
}

TL_PRIV tl__init_kind tl__init_of(int word)
{
#define INIT_KIND(name, kind) kind,
    static const tl__init_kind kinds[] = {TL__INIT_LIST(INIT_KIND)};
#undef INIT_KIND
    return kinds[word];
}

/* A tensor in memory: element [i][j] of the file's [out, in] lies at i*row + j*column. */
typedef struct init_matrix {
    float *values;
    size_t out, in, row, column;
} init_matrix;

/* Modified Gram-Schmidt over `count` vectors of `length` numbers that are `step` floats apart; the vectors begin `next`
 * floats apart. Every vector is orthogonalised twice, which is enough for float accuracy (Giraud et al. 2005). */
static void init_orthonormalize(float *values, size_t count, size_t length, size_t next, size_t step)
{
    for (size_t i = 0; i < count; i++) {
        float *v = values + i * next;
        for (int again = 0; again < 2; again++)
            for (size_t j = 0; j < i; j++) {
                const float *u = values + j * next;
                double dot = 0;
                for (size_t k = 0; k < length; k++) dot += (double)u[k * step] * (double)v[k * step];
                for (size_t k = 0; k < length; k++)
                    v[k * step] = (float)((double)v[k * step] - dot * (double)u[k * step]);
            }
        double squares = 0;
        for (size_t k = 0; k < length; k++) squares += (double)v[k * step] * (double)v[k * step];
        double factor = squares > 0 ? 1.0 / tl__sqrt_d(squares) : 0.0;
        for (size_t k = 0; k < length; k++) v[k * step] = (float)((double)v[k * step] * factor);
    }
}

/* U(-bound, bound). */
static void init_uniform(const tl__random *random, double bound, const init_matrix *m)
{
    float r = (float)bound;
    for (size_t i = 0; i < m->out; i++)
        for (size_t j = 0; j < m->in; j++) {
            float u = tl__random_uniform(random, (uint32_t)(i * m->in + j));
            m->values[i * m->row + j * m->column] = (2.0f * u - 1.0f) * r;
        }
}

static void init_normal(const tl__random *random, double deviation, const init_matrix *m)
{
    float sigma = (float)deviation;
    for (size_t i = 0; i < m->out; i++)
        for (size_t j = 0; j < m->in; j++)
            m->values[i * m->row + j * m->column] = tl__random_normal(random, (uint32_t)(i * m->in + j)) * sigma;
}

TL_PRIV void tl__init_fill(tl__init_kind kind, uint64_t seed, const char *name, size_t out, size_t in, size_t fan_in,
                           size_t fan_out, bool transposed, float *values)
{
    init_matrix m = {values, out, in, transposed ? 1 : in, transposed ? out : 1};
    double a = (double)(fan_in ? fan_in : 1), both = a + (double)fan_out;
    tl__random random;
    tl__random_init(&random, seed, TL__DRAW_INIT, tl__name_hash(name), 0, 0);
    switch (kind) {
    case TL__INIT_ZEROS: case TL__INIT_ONES:
        for (size_t i = 0; i < out * in; i++) values[i] = kind == TL__INIT_ONES ? 1.0f : 0.0f;
        break;
    case TL__INIT_XAVIER_UNIFORM: init_uniform(&random, tl__sqrt_d(6.0 / both), &m); break;
    case TL__INIT_XAVIER_NORMAL: init_normal(&random, tl__sqrt_d(2.0 / both), &m); break;
    case TL__INIT_HE_UNIFORM: init_uniform(&random, tl__sqrt_d(6.0 / a), &m); break;
    case TL__INIT_HE_NORMAL: init_normal(&random, tl__sqrt_d(2.0 / a), &m); break;
    case TL__INIT_LECUN_UNIFORM: init_uniform(&random, tl__sqrt_d(3.0 / a), &m); break;
    case TL__INIT_LECUN_NORMAL: init_normal(&random, tl__sqrt_d(1.0 / a), &m); break;
    case TL__INIT_PYTORCH: init_uniform(&random, tl__sqrt_d(1.0 / a), &m); break;
    case TL__INIT_ORTHOGONAL:
        init_normal(&random, 1.0, &m);
        if (out <= in) init_orthonormalize(values, out, in, m.row, m.column);
        else init_orthonormalize(values, in, out, m.column, m.row);
        break;
    }
}
