/* Template: optimizer steps (formulas in kernels.h) and dropout. */

/* A running moment below 2^-120 becomes +0; NaN stays. */
INLINE(V) SET(settled)(V v)
{
    return V_SELECT(V_LT(SET(v_abs)(v), V_SET(0x1p-120f)), ZERO, v);
}

/* The gradient with its factor and the decay that acts through it. */
#define GRADIENT V_FMA(V_SET(step->l2), LOAD(w + i), V_MUL(V_SET(step->gradient_scale), LOAD(gradient + i)))

FN(void) SET(sgd)(const tl__sgd *step, float *w, const float *gradient, float *buffer, size_t n)
{
    const V back = V_SET(-step->rate), momentum = V_SET(step->momentum), dampened = V_SET(step->dampened);
    if (buffer == NULL) {
        EACH_VECTOR(n, STORE(w + i, V_FMA(back, GRADIENT, LOAD(w + i))););
        return;
    }
    EACH_VECTOR(n, V g = GRADIENT;
                V b = SET(settled)(step->first ? g : V_FMA(momentum, LOAD(buffer + i), V_MUL(dampened, g)));
                STORE(buffer + i, b);
                V u = step->nesterov ? V_FMA(momentum, b, g) : b;
                STORE(w + i, V_FMA(back, u, LOAD(w + i))););
}

FN(void) SET(rmsprop)(const tl__rmsprop *step, float *w, const float *gradient, float *square, float *average,
                      float *buffer, size_t n)
{
    const V back = V_SET(-step->rate), momentum = V_SET(step->momentum), alpha = V_SET(step->alpha),
            rest = V_SET(step->one_minus_alpha), eps = V_SET(step->eps);
    EACH_VECTOR(n, V g = GRADIENT;
                V s = SET(settled)(V_FMA(V_MUL(rest, g), g, V_MUL(alpha, LOAD(square + i))));
                V q = s;
                STORE(square + i, s);
                if (average != NULL) {
                    V m = LOAD(average + i);
                    m = SET(settled)(V_FMA(rest, V_SUB(g, m), m));
                    STORE(average + i, m);
                    q = V_FMA(V_SUB(ZERO, m), m, s);
                    q = V_SELECT(V_LT(q, ZERO), ZERO, q);
                }
                V u = V_DIV(g, V_ADD(V_SQRT(q), eps));
                if (buffer != NULL) {
                    u = SET(settled)(V_FMA(momentum, LOAD(buffer + i), u));
                    STORE(buffer + i, u);
                }
                STORE(w + i, V_FMA(back, u, LOAD(w + i))););
}

FN(void) SET(adagrad)(const tl__adagrad *step, float *w, const float *gradient, float *square, size_t n)
{
    const V back = V_SET(-step->rate), eps = V_SET(step->eps);
    EACH_VECTOR(n, V g = GRADIENT; V s = SET(settled)(V_FMA(g, g, LOAD(square + i)));
                STORE(square + i, s);
                STORE(w + i, V_FMA(back, V_DIV(g, V_ADD(V_SQRT(s), eps)), LOAD(w + i))););
}

FN(void) SET(adam)(const tl__adam *step, float *w, const float *gradient, float *m, float *v, float *largest, size_t n)
{
    const V back = V_SET(-step->step_size), rest1 = V_SET(step->one_minus_beta1), beta2 = V_SET(step->beta2),
            rest2 = V_SET(step->one_minus_beta2), root = V_SET(step->root_scale), eps = V_SET(step->eps),
            keep = V_SET(step->keep);
    EACH_VECTOR(n, V g = GRADIENT; V old = LOAD(m + i);
                V first = SET(settled)(V_FMA(rest1, V_SUB(g, old), old));
                V second = SET(settled)(V_FMA(V_MUL(rest2, g), g, V_MUL(beta2, LOAD(v + i))));
                STORE(m + i, first);
                STORE(v + i, second);
                if (largest != NULL) {
                    V l = LOAD(largest + i);
                    second = V_SELECT(V_LT(l, second), second, l);
                    STORE(largest + i, second);
                }
                V u = V_DIV(first, V_FMA(V_SQRT(second), root, eps));
                STORE(w + i, V_FMA(back, u, V_MUL(keep, LOAD(w + i)))););
}
#undef GRADIENT

/* Philox4x32-10 (base/random.h) with one counter per lane. The four words of counter c belong to elements 4c..4c+3;
 * I_QUADS turns four vectors of words, counters placed as I_COUNTERS says, into four of consecutive elements. */
INLINE(void) SET(draw)(I word[4], uint32_t first_counter, const tl__random *random, uint32_t row)
{
    uint32_t key0 = random->key[0], key1 = random->key[1];
    I c0 = I_ADD(I_SET((int32_t)first_counter), I_COUNTERS), c1 = I_SET((int32_t)row);
    I c2 = I_SET((int32_t)random->counter[2]), c3 = I_SET((int32_t)random->counter[3]);
    for (int round = 0; round < 10; round++) {
        I high0, low0, high1, low1;
        I_WIDE(high0, low0, c0, 0xd2511f53u);
        I_WIDE(high1, low1, c2, 0xcd9e8d57u);
        c0 = I_XOR(I_XOR(high1, c1), I_SET((int32_t)key0));
        c2 = I_XOR(I_XOR(high0, c3), I_SET((int32_t)key1));
        c1 = low1;
        c3 = low0;
        key0 += 0x9e3779b9u;
        key1 += 0xbb67ae85u;
    }
    word[0] = c0;
    word[1] = c1;
    word[2] = c2;
    word[3] = c3;
    I_QUADS(word);
}

FN(void) SET(dropout)(float *y, const float *x, size_t rows, size_t columns, float p, const tl__random *random,
                      uint32_t first_row)
{
    const V bound = V_SET(p * 0x1p24f), scale = V_SET(1.0f / (1.0f - p));
    for (size_t row = 0; row < rows; row++, x += columns, y += columns) {
        for (size_t column = 0; column < columns; column += 4 * VN) {
            I word[4];
            SET(draw)(word, random->counter[0] + (uint32_t)(column / 4), random, first_row + (uint32_t)row);
            for (size_t q = 0; q < 4; q++) {
                const size_t i = column + q * VN, count = SET(left)(columns, i);
                if (count == 0) break;
                V u = V_FROM_I(I_SHR(word[q], 8));
                STORE(y + i, V_SELECT(V_LE(bound, u), V_MUL(LOAD(x + i), scale), ZERO));
            }
        }
    }
}
