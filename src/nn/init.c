/* Initial weights: bounds and deviations from fan-in and fan-out, drawn by the tensor's name. Element i of a tensor is
 * a function of (seed, name, i) in file order, whatever the layout in memory. */
#include "nn/init.h"

#include "base/hash.h"
#include "base/math.h"
#include "base/random.h"
#include "base/text.h"
#include "nn/activation.h"
#include "nn/plan.h"

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
static void init_uniform(const tl__tensor *tensor, const tl__random *random, double bound, float *values)
{
    float r = (float)bound;
    for (size_t i = 0; i < tensor->size; i++)
        values[tl__tensor_place(tensor, i)] = (2.0f * tl__random_uniform(random, (uint32_t)i) - 1.0f) * r;
}

static void init_normal(const tl__tensor *tensor, const tl__random *random, double deviation, float *values)
{
    float sigma = (float)deviation;
    for (size_t i = 0; i < tensor->size; i++)
        values[tl__tensor_place(tensor, i)] = tl__random_normal(random, (uint32_t)i) * sigma;
}

static void init_orthogonal(const tl__tensor *tensor, const tl__random *random, float *values)
{
    size_t out = tensor->rank > 1 ? tensor->dim[0] : 1, in = tensor->size / out;
    bool inner = tensor->rank > 1 && tensor->stride[0] == 1;   /* the first axis is the last in memory */
    size_t row = inner ? 1 : in, column = inner ? out : 1;
    init_normal(tensor, random, 1.0, values);
    if (out <= in) init_orthonormalize(values, out, in, row, column);
    else init_orthonormalize(values, in, out, column, row);
}

static void init_sinusoids(const tl__tensor *tensor, float *values)
{
    size_t features = tensor->dim[1];
    for (size_t j = 0; j < features; j++) {
        double rate = tl__exp(-tl__log(10000.0) * (double)(j / 2 * 2) / (double)features);
        for (size_t t = 0; t < tensor->dim[0]; t++) {
            double angle = (double)t * rate;
            values[tl__tensor_place(tensor, t * features + j)] = (float)(j % 2 ? tl__cos(angle) : tl__sin(angle));
        }
    }
}

static void init_powers(const tl__tensor *tensor, float *values)
{
    for (size_t i = 0; i < tensor->dim[0]; i++) {
        double power = 1.0;
        for (size_t p = 0; p < tensor->dim[1]; p++, power *= (double)i / (double)tensor->dim[0])
            values[tl__tensor_place(tensor, i * tensor->dim[1] + p)] = (float)power;
    }
}

static void init_harmonics(const tl__tensor *tensor, float *values)
{
    const double turn = 6.283185307179586;
    size_t terms = tensor->dim[1], half = terms / 2;
    for (size_t i = 0; i < tensor->dim[0]; i++)
        for (size_t k = 0; k < half; k++) {
            double angle = turn * (double)((uint64_t)k * i % tensor->fan_out) / (double)tensor->fan_out;
            values[tl__tensor_place(tensor, i * terms + k)] = (float)tl__cos(angle);
            values[tl__tensor_place(tensor, i * terms + half + k)] = (float)tl__sin(angle);
        }
}

TL_PRIV void tl__init_fill(const tl__tensor *tensor, uint64_t seed, float *values)
{
    double a = (double)(tensor->fan_in ? tensor->fan_in : 1), both = a + (double)tensor->fan_out;
    tl__init_kind kind = (tl__init_kind)tensor->init;
    tl__random random;
    tl__random_init(&random, seed, TL__DRAW_INIT, tensor->key, 0, 0);
    switch (kind) {
    case TL__INIT_ZEROS: case TL__INIT_ONES:
        for (size_t i = 0; i < tensor->size; i++) values[i] = kind == TL__INIT_ONES ? 1.0f : 0.0f;
        break;
    case TL__INIT_XAVIER_UNIFORM: init_uniform(tensor, &random, tl__sqrt_d(6.0 / both), values); break;
    case TL__INIT_XAVIER_NORMAL: init_normal(tensor, &random, tl__sqrt_d(2.0 / both), values); break;
    case TL__INIT_HE_UNIFORM: init_uniform(tensor, &random, tl__sqrt_d(6.0 / a), values); break;
    case TL__INIT_HE_NORMAL: init_normal(tensor, &random, tl__sqrt_d(2.0 / a), values); break;
    case TL__INIT_LECUN_UNIFORM: init_uniform(tensor, &random, tl__sqrt_d(3.0 / a), values); break;
    case TL__INIT_LECUN_NORMAL: init_normal(tensor, &random, tl__sqrt_d(1.0 / a), values); break;
    case TL__INIT_PYTORCH: init_uniform(tensor, &random, tl__sqrt_d(1.0 / a), values); break;
    case TL__INIT_ORTHOGONAL: init_orthogonal(tensor, &random, values); break;
    case TL__INIT_SINUSOIDS: init_sinusoids(tensor, values); break;
    case TL__INIT_POWERS: init_powers(tensor, values); break;
    case TL__INIT_HARMONICS: init_harmonics(tensor, values); break;
    }
    for (size_t i = 0, row = tensor->zero_row ? tensor->size / tensor->dim[0] : 0; i < row; i++)
        values[tl__tensor_place(tensor, (tensor->zero_row - 1) * row + i)] = 0.0f;
}
