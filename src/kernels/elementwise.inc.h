/* Template: activations, elementwise arithmetic and the preparation of batches. */

/* twice sqrt(2/pi) * (x + 0.044715*x^3): 0.5*(1 + tanh(z)) is sigmoid(2z) */
INLINE(V) SET(gelu_tanh_inner)(V x)
{
    return V_MUL(V_SET(0x1.988454p+0f), V_FMA(V_SET(0x1.6e4e26p-5f), V_MUL(V_MUL(x, x), x), x));
}

/* With t = exp(-|x|), tanh(log(1 + exp(x))) = n/d, and 1 minus it = rest/d, each without a difference. */
INLINE(V) SET(mish_parts)(V x, V *n, V *d, V *rest)
{
    const V two = V_SET(2.0f);
    V t = SET(v_exp_falling)(V_SUB(ZERO, SET(v_abs)(x)));
    M above = V_LT(ZERO, x);
    *n = V_SELECT(above, V_FMA(two, t, ONE), V_MUL(t, V_ADD(t, two)));
    *rest = V_SELECT(above, V_MUL(two, V_MUL(t, t)), two);
    *d = V_ADD(*n, *rest);
    return t;
}

/* c and l: kernels.h's parameter and limit. */
INLINE(V) SET(activation)(tl__activation kind, V x, V c, V l)
{
    V z, t, u;
    switch (kind) {
    case TL__RELU: return V_SELECT(V_LE(x, ZERO), ZERO, x);
    case TL__LEAKY_RELU: return V_SELECT(V_LT(ZERO, x), x, V_MUL(c, x));
    case TL__ELU: return V_SELECT(V_LT(ZERO, x), x, V_MUL(c, SET(v_expm1)(x)));
    case TL__GELU: return SET(v_gelu)(x);
    case TL__GELU_TANH: return V_MUL(x, SET(v_sigmoid)(SET(gelu_tanh_inner)(x)));
    case TL__SILU: return V_MUL(x, SET(v_sigmoid)(x));
    case TL__TANH: return SET(v_tanh)(x);
    case TL__SIGMOID: return SET(v_sigmoid)(x);
    case TL__SOFTPLUS:
        z = V_MUL(c, x);
        t = SET(v_softplus_tail)(SET(v_abs)(z));   /* log(1+e^z) = max(z,0) + log(1+e^-|z|) */
        t = V_MUL(V_ADD(V_SELECT(V_LE(z, ZERO), ZERO, z), t), V_DIV(ONE, c));
        return V_SELECT(V_LT(l, z), x, t);
    case TL__SELU:
        t = V_MUL(V_SET(0x1.c212ccp+0f), SET(v_expm1)(x));
        return V_SELECT(V_LT(ZERO, x), V_MUL(V_SET(0x1.0cfabep+0f), x), t);
    case TL__MISH:
        SET(mish_parts)(x, &z, &t, &u);
        return V_MUL(x, V_DIV(z, t));
    case TL__HARDTANH:
        t = V_SUB(ZERO, c);
        x = V_SELECT(V_LT(x, t), t, x);
        return V_SELECT(V_LT(c, x), c, x);
    case TL__RELU6:
        x = V_SELECT(V_LE(x, ZERO), ZERO, x);
        return V_SELECT(V_LT(V_SET(6.0f), x), V_SET(6.0f), x);
    case TL__HARDSWISH:
        t = V_MUL(x, V_MUL(V_ADD(x, V_SET(3.0f)), V_SET(0x1.555556p-3f)));
        t = V_SELECT(V_LE(V_SET(3.0f), x), x, t);
        return V_SELECT(V_LE(x, V_SET(-3.0f)), ZERO, t);
    default: return x;
    }
}

/* dy * derivative at s: the output y, or x where tl__activation_needs_pre says so. */
INLINE(V) SET(activation_backward)(tl__activation kind, V dy, V s, V c, V l)
{
    V t, u, v, w;
    switch (kind) {
    case TL__RELU: return V_SELECT(V_LE(s, ZERO), ZERO, dy);
    case TL__LEAKY_RELU: return V_SELECT(V_LT(ZERO, s), dy, V_MUL(c, dy));
    case TL__ELU: return V_SELECT(V_LT(ZERO, s), dy, V_MUL(dy, V_ADD(s, c)));
    case TL__GELU: return V_MUL(dy, SET(v_gelu_slope)(s));
    case TL__GELU_TANH:
        s = V_MAX(V_SET(-32.0f), V_MIN(V_SET(32.0f), s));   /* 0 and 1 long before; squares stay finite */
        t = SET(v_sigmoid_both)(SET(gelu_tanh_inner)(s), &v);
        u = V_MUL(V_SET(0x1.988454p+0f), V_FMA(V_SET(0x1.12ba9cp-3f), V_MUL(s, s), ONE));   /* 3 * 0.044715 */
        return V_MUL(dy, V_MUL(t, V_FMA(V_MUL(s, v), u, ONE)));
    case TL__SILU:
        t = SET(v_sigmoid_both)(s, &v);
        return V_MUL(dy, V_MUL(t, V_FMA(s, v, ONE)));
    case TL__TANH: return V_MUL(dy, V_SUB(ONE, V_MUL(s, s)));
    case TL__SIGMOID: return V_MUL(dy, V_MUL(s, V_SUB(ONE, s)));
    case TL__SOFTPLUS:
        t = V_MUL(c, s);
        return V_SELECT(V_LT(l, t), dy, V_MUL(dy, SET(v_sigmoid)(t)));
    case TL__SELU:
        t = V_MUL(dy, V_ADD(s, V_SET(0x1.c212ccp+0f)));
        return V_SELECT(V_LT(ZERO, s), V_MUL(V_SET(0x1.0cfabep+0f), dy), t);
    case TL__MISH:   /* w + x*sigmoid(x)*(1 - w*w), w = n/d */
        s = V_MAX(V_SET(-128.0f), V_MIN(V_SET(128.0f), s));   /* 0 and 1 long before; no product of 0 and infinity */
        t = SET(mish_parts)(s, &u, &v, &w);
        w = V_MUL(V_DIV(w, v), V_DIV(V_ADD(u, v), v));
        t = V_DIV(V_SELECT(V_LT(ZERO, s), ONE, t), V_ADD(ONE, t));
        return V_MUL(dy, V_FMA(V_MUL(s, t), w, V_DIV(u, v)));
    case TL__HARDTANH:
        t = V_SELECT(V_LE(s, V_SUB(ZERO, c)), ZERO, dy);
        return V_SELECT(V_LE(c, s), ZERO, t);
    case TL__RELU6:
        t = V_SELECT(V_LE(s, ZERO), ZERO, dy);
        return V_SELECT(V_LE(V_SET(6.0f), s), ZERO, t);
    case TL__HARDSWISH:
        t = V_MUL(dy, V_FMA(s, V_SET(0x1.555556p-2f), V_SET(0.5f)));
        t = V_SELECT(V_LE(V_SET(3.0f), s), dy, t);
        return V_SELECT(V_LE(s, V_SET(-3.0f)), ZERO, t);
    default: return dy;
    }
}

/* One loop per kind, so that the choice stands outside of it. */
#define EACH_KIND(X)                                                                                           \
    X(TL__IDENTITY) X(TL__RELU) X(TL__LEAKY_RELU) X(TL__ELU) X(TL__GELU) X(TL__GELU_TANH) X(TL__SILU) X(TL__TANH) \
    X(TL__SIGMOID) X(TL__SOFTPLUS) X(TL__SELU) X(TL__MISH) X(TL__HARDTANH) X(TL__RELU6) X(TL__HARDSWISH)

FN(void) SET(activate)(tl__activation kind, float parameter, float limit, float *y, const float *x, size_t n)
{
    const V c = V_SET(parameter), l = V_SET(limit > 0.0f ? limit : 20.0f);
    (void)c, (void)l;
    switch (kind) {
#define KIND(k) case k: EACH_VECTOR(n, STORE(y + i, SET(activation)(k, LOAD(x + i), c, l));); break;
    EACH_KIND(KIND)
#undef KIND
    default: break;
    }
}

FN(void) SET(activate_backward)(tl__activation kind, float parameter, float limit, float *dx, const float *dy,
                                const float *saved, size_t n)
{
    const V c = V_SET(parameter), l = V_SET(limit > 0.0f ? limit : 20.0f);
    (void)c, (void)l;
    switch (kind) {
#define KIND(k) \
    case k: EACH_VECTOR(n, STORE(dx + i, SET(activation_backward)(k, LOAD(dy + i), LOAD(saved + i), c, l));); break;
    EACH_KIND(KIND)
#undef KIND
    default: break;
    }
}
#undef EACH_KIND

FN(void) SET(add)(float *y, const float *a, const float *b, size_t n)
{
    EACH_VECTOR(n, STORE(y + i, V_ADD(LOAD(a + i), LOAD(b + i))););
}

FN(void) SET(multiply)(float *y, const float *a, const float *b, size_t n)
{
    EACH_VECTOR(n, STORE(y + i, V_MUL(LOAD(a + i), LOAD(b + i))););
}

FN(void) SET(multiply_add)(float *y, const float *a, const float *b, size_t n)
{
    EACH_VECTOR(n, STORE(y + i, V_FMA(LOAD(a + i), LOAD(b + i), LOAD(y + i))););
}

FN(void) SET(scale)(float *y, const float *x, float factor, size_t n)
{
    EACH_VECTOR(n, STORE(y + i, V_MUL(V_SET(factor), LOAD(x + i))););
}

FN(void) SET(axpy)(float *y, float factor, const float *x, size_t n)
{
    EACH_VECTOR(n, STORE(y + i, V_FMA(V_SET(factor), LOAD(x + i), LOAD(y + i))););
}

FN(void) SET(clamp)(float *y, const float *x, float low, float high, size_t n)
{
    const V floor = V_SET(low), ceiling = V_SET(high);
    EACH_VECTOR(n, V v = LOAD(x + i); v = V_SELECT(V_LT(v, floor), floor, v);
                STORE(y + i, V_SELECT(V_LT(ceiling, v), ceiling, v)););
}

FN(void) SET(fill)(float *y, float value, size_t n)
{
    EACH_VECTOR(n, STORE(y + i, V_SET(value)););
}

FN(void) SET(copy)(float *y, const float *x, size_t n)
{
    if (n > 0) memmove(y, x, n * sizeof *y);
}

FN(void) SET(copy_rows)(float *y, size_t ldy, const float *x, size_t ldx, size_t rows, size_t columns)
{
    for (size_t row = 0; row < rows; row++)
        EACH_VECTOR(columns, STORE(y + row * ldy + i, LOAD(x + row * ldx + i)););
}

FN(void) SET(add_bias)(float *y, const float *x, const float *bias, size_t rows, size_t columns)
{
    for (size_t row = 0; row < rows; row++, x += columns, y += columns)
        EACH_VECTOR(columns, STORE(y + i, V_ADD(LOAD(x + i), LOAD(bias + i))););
}

FN(void) SET(normalize)(float *y, const float *x, float mean, float inverse, size_t n)
{
    EACH_VECTOR(n, STORE(y + i, V_MUL(V_SUB(LOAD(x + i), V_SET(mean)), V_SET(inverse))););
}

FN(void) SET(normalize_columns)(float *y, const float *x, const float *mean, const float *inverse, size_t rows,
                                size_t columns)
{
    for (size_t row = 0; row < rows; row++, x += columns, y += columns)
        EACH_VECTOR(columns, STORE(y + i, V_MUL(V_SUB(LOAD(x + i), LOAD(mean + i)), LOAD(inverse + i))););
}

INLINE(V) SET(load_u8)(const uint8_t *p, size_t count)
{
    float t[VN] = {0};
    if (count == VN) return V_LOAD_U8(p);
    for (size_t lane = 0; lane < count && lane < VN; lane++) t[lane] = (float)p[lane];
    return V_LOAD(t);
}

FN(void) SET(line_u8)(float *y, const uint8_t *x, const float line[4], size_t n)
{
    const V a = V_SET(line[0]), a_rest = V_SET(line[1]), b = V_SET(line[2]), b_rest = V_SET(line[3]);
    EACH_VECTOR(n, V v = SET(load_u8)(x + i, count); V p = V_MUL(v, a); V s = V_ADD(p, b); V t = V_SUB(s, p);
                V e = V_ADD(V_SUB(p, V_SUB(s, t)), V_SUB(b, t));
                STORE(y + i, V_ADD(s, V_ADD(V_FMA(v, a_rest, b_rest), e))););
}
FN(void) SET(one_hot)(float *y, const int32_t *classes, size_t rows, size_t columns)
{
    SET(fill)(y, 0.0f, rows * columns);
    for (size_t row = 0; row < rows; row++)
        if (classes[row] >= 0 && (uint32_t)classes[row] < columns) y[row * columns + (uint32_t)classes[row]] = 1.0f;
}
