/* Template: the weights of attention and their way back (formulas in kernels.h). Scores lie as keys x queries, so a
 * lane of a register is a query: maxima and sums over keys are chains of whole registers, and nothing is summed across
 * lanes. In a causal block a vector of queries has keys that all its lanes see, a few that some see, and the rest. */

/* A vector of queries: how many lanes it has, the keys that all of them see and those that at least one sees. */
typedef struct SET(view) {
    size_t count, all, some;
} SET(view);

INLINE(SET(view)) SET(view_of)(size_t keys, size_t queries, size_t i, bool causal, size_t first)
{
    SET(view) view = {SET(left)(queries, i), keys, keys};
    if (causal) {
        view.all = tl__size_min(keys, first + i + 1);
        view.some = tl__size_min(keys, first + i + view.count);
    }
    return view;
}

/* The lanes that do not see key j. */
INLINE(M) SET(hidden)(SET(view) view, size_t j)
{
    static const float lane[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    return V_LT(V_LOAD(lane), V_SET((float)(int)(j + 1 - view.all)));
}

/* Runs the statements for the keys begin .. end-1 with p at key j's vector. */
#define EACH_KEY(begin, end, ...)                                                \
    for (size_t j = (begin); j < (end); j++) {                                   \
        float *p = x + j * ld;                                                   \
        __VA_ARGS__                                                              \
    }

INLINE(V) SET(attention_largest)(float *x, size_t ld, SET(view) view)
{
    const size_t count = view.count;
    const V lowest = V_OF(I_SET((int32_t)0xff800000));
    V m = lowest;
    EACH_KEY(0, view.all, m = SET(larger)(LOAD(p), m);)
    EACH_KEY(view.all, view.some, m = SET(larger)(V_SELECT(SET(hidden)(view, j), lowest, LOAD(p)), m);)
    return m;
}

/* The same of four vectors whose lanes see all keys; one chain alone would wait for itself. */
INLINE(void) SET(attention_largest_four)(float *largest, float *x, size_t ld, size_t keys, size_t count)
{
    V m0 = V_OF(I_SET((int32_t)0xff800000)), m1 = m0, m2 = m0, m3 = m0;
    EACH_KEY(0, keys, m0 = SET(larger)(V_LOAD(p), m0); m1 = SET(larger)(V_LOAD(p + VN), m1);
             m2 = SET(larger)(V_LOAD(p + 2 * VN), m2); m3 = SET(larger)(LOAD(p + 3 * VN), m3);)
    V_STORE(largest, m0);
    V_STORE(largest + VN, m1);
    V_STORE(largest + 2 * VN, m2);
    STORE(largest + 3 * VN, m3);
}

FN(void) SET(attention_weights)(float *x, size_t ld, float *largest, float *inverse, size_t keys, size_t queries,
                                bool causal, size_t first, float scale)
{
    size_t done = 0;
    for (; !causal && queries - done > 3 * VN; done += tl__size_min(queries - done, 4 * VN))
        SET(attention_largest_four)(largest + done, x + done, ld, keys, SET(left)(queries, done + 3 * VN));
    for (size_t i = 0; i < queries; i += VN, x += VN) {
        const SET(view) view = SET(view_of)(keys, queries, i, causal, first);
        const size_t count = view.count;
        const V m = i < done ? SET(load)(largest + i, count) : SET(attention_largest)(x, ld, view);
        V s = ZERO;
        EACH_KEY(0, view.all, const V e = SET(v_exp_falling)(V_MUL(V_SET(scale), V_SUB(LOAD(p), m)));
                 s = V_ADD(s, e);
                 STORE(p, e);)
        EACH_KEY(view.all, view.some, const M hidden = SET(hidden)(view, j);
                 const V e = SET(v_exp_falling)(V_MUL(V_SET(scale), V_SUB(LOAD(p), m)));
                 s = V_SELECT(hidden, s, V_ADD(s, e));
                 STORE(p, V_SELECT(hidden, ZERO, e));)
        const V r = V_DIV(ONE, s);
        EACH_KEY(0, view.all, STORE(p, V_MUL(LOAD(p), r));)
        EACH_KEY(view.all, view.some,
                 STORE(p, V_SELECT(SET(hidden)(view, j), ZERO, V_MUL(LOAD(p), r)));)
        EACH_KEY(view.some, keys, STORE(p, ZERO);)
        SET(store)(largest + i, m, count);
        SET(store)(inverse + i, r, count);
    }
}

FN(void) SET(attention_slopes)(float *x, float *d, size_t ld, const float *largest, const float *inverse,
                               float *delta, bool given, size_t keys, size_t queries, bool causal, size_t first,
                               float scale)
{
    for (size_t i = 0; i < queries; i += VN, x += VN, d += VN) {
        const SET(view) view = SET(view_of)(keys, queries, i, causal, first);
        const size_t count = view.count;
        const V m = LOAD(largest + i), r = LOAD(inverse + i);
        V sum = ZERO;
        EACH_KEY(0, view.all, const V w = V_MUL(SET(v_exp_falling)(V_MUL(V_SET(scale), V_SUB(LOAD(p), m))), r);
                 sum = V_FMA(w, LOAD(d + j * ld), sum);
                 STORE(p, w);)
        EACH_KEY(view.all, view.some, const M hidden = SET(hidden)(view, j);
                 const V w = V_MUL(SET(v_exp_falling)(V_MUL(V_SET(scale), V_SUB(LOAD(p), m))), r);
                 sum = V_SELECT(hidden, sum, V_FMA(w, LOAD(d + j * ld), sum));
                 STORE(p, V_SELECT(hidden, ZERO, w));)
        if (given) sum = LOAD(delta + i);
        EACH_KEY(0, view.all, float *q = d + j * ld;
                 STORE(q, V_MUL(V_MUL(LOAD(p), V_SUB(LOAD(q), sum)), V_SET(scale)));)
        EACH_KEY(view.all, view.some, float *q = d + j * ld;
                 const V s = V_MUL(V_MUL(LOAD(p), V_SUB(LOAD(q), sum)), V_SET(scale));
                 STORE(q, V_SELECT(SET(hidden)(view, j), ZERO, s));)
        EACH_KEY(view.some, keys, STORE(p, ZERO); STORE(d + j * ld, ZERO);)
        if (!given) SET(store)(delta + i, sum, count);
    }
}
#undef EACH_KEY

FN(void) SET(attention_triangle)(float *c, size_t ldc, const float *a, size_t lda, const float *b, size_t ldb,
                                 size_t keys, size_t queries, size_t columns, bool of_keys)
{
    const size_t rows = of_keys ? keys : queries, next = of_keys ? lda : 1, step = of_keys ? 1 : lda;
    for (size_t row = 0; row < rows; row++, c += ldc, a += next) {
        const size_t begin = of_keys ? row : 0, end = of_keys ? queries : tl__size_min(row + 1, keys);
        EACH_VECTOR(columns, V acc = of_keys ? ZERO : LOAD(c + i);
                    for (size_t t = begin; t < end; t++) acc = V_FMA(V_SET(a[t * step]), LOAD(b + t * ldb + i), acc);
                    STORE(c + i, acc););
    }
}
