/* Template: float elementary functions over a vector of lanes, instantiated by base/math.c (one lane) and by every
 * set of kernels. No include guard. The including file has defined SET(name) (prefixes names), INLINE(type) (linkage
 * and target attributes), the types V (float lanes), I (32-bit integer lanes) and the V_, I_ operations
 * (base/vec_scalar.h lists them).
 *
 * Coefficients: weighted minimax fits (Lawson) over the stated intervals, each rounded to float in turn and the rest
 * refitted. NaN passes through comparisons that are false for it. */

/* x = n*ln2 + r, |r| <= ln2/2: n by adding 1.5*2^23, r in two steps (n times the high part of ln2 is exact).
 * Gives q of expm1(r) = r + r^2 * q(r); fit: relative to exp 3.1e-9. */
INLINE(V) SET(v_exp_reduced)(V x, V *n_out, I *exponent, V *r_out)
{
    const V magic = V_SET(0x1.8p23f);
    V shifted = V_FMA(x, V_SET(0x1.715476p+0f), magic);
    V n = V_SUB(shifted, magic);
    *n_out = n;
    *exponent = I_SUB(I_OF(shifted), I_OF(magic));
    V r = V_FMA(n, V_SET(-0x1.62e4p-1f), x);
    r = V_FMA(n, V_SET(-0x1.7f7d1cp-20f), r);
    V q = V_SET(0x1.6a4f8cp-10f);
    q = V_FMA(q, r, V_SET(0x1.123988p-7f));
    q = V_FMA(q, r, V_SET(0x1.5558aep-5f));
    q = V_FMA(q, r, V_SET(0x1.555492p-3f));
    *r_out = r;
    return V_FMA(q, r, V_SET(0x1.fffffcp-2f));
}

/* 2^e for -126 <= e <= 127. */
INLINE(V) SET(v_power_of_two)(I e)
{
    return V_OF(I_SHL(I_ADD(e, I_SET(127)), 23));
}

INLINE(V) SET(v_exp)(V x)
{
    V n, r;
    I e;
    x = V_SELECT(V_LT(V_SET(89.0f), x), V_SET(89.0f), x);
    x = V_SELECT(V_LT(x, V_SET(-104.0f)), V_SET(-104.0f), x);
    V q = SET(v_exp_reduced)(x, &n, &e, &r);
    V p = V_ADD(V_SET(1.0f), r), lost = V_ADD(V_SUB(V_SET(1.0f), p), r);   /* 1 + r = p + lost, exactly */
    p = V_ADD(p, V_FMA(V_MUL(r, r), q, lost));
#ifdef V_SCALE
    (void)e;
    return V_SCALE(p, n);
#else
    (void)n;
    I half = I_SAR(e, 1);   /* in two steps: only the last one rounds, where the result is subnormal */
    p = V_MUL(p, SET(v_power_of_two)(half));
    return V_MUL(p, SET(v_power_of_two)(I_SUB(e, half)));
#endif
}

/* 2^n * expm1(r) + (2^n - 1), halved so that 2^128 is not needed. */
INLINE(V) SET(v_expm1)(V x)
{
    V n, r;
    I e;
    x = V_SELECT(V_LT(V_SET(89.0f), x), V_SET(89.0f), x);
    x = V_SELECT(V_LT(x, V_SET(-18.0f)), V_SET(-18.0f), x);
    V q = SET(v_exp_reduced)(x, &n, &e, &r);
    V p = V_FMA(V_MUL(r, r), q, r);
    V half = SET(v_power_of_two)(I_SUB(e, I_SET(1)));
    V y = V_FMA(half, p, V_SUB(half, V_SET(0.5f)));
    return V_SELECT(V_EQ(n, V_SET(0.0f)), p, V_ADD(y, y));
}

/* x = 2^e * m, m in [sqrt(1/2), sqrt(2)), f = m - 1: log(1+f) = f - f^2/2 + f^3*p(f); fit 7.7e-10. */
INLINE(V) SET(v_log)(V x)
{
    V tiny = V_SELECT(V_LT(x, V_SET(0x1p-126f)), V_SET(-23.0f), V_SET(0.0f));
    I i = I_OF(V_SELECT(V_LT(x, V_SET(0x1p-126f)), V_MUL(x, V_SET(0x1p23f)), x));
    I e = I_SAR(I_SUB(i, I_SET(0x3f3504f3)), 23);
    V m = V_OF(I_SUB(i, I_SHL(e, 23)));
    V n = V_ADD(V_FROM_I(e), tiny);
    V f = V_SUB(m, V_SET(1.0f));
    V p = V_SET(0x1.14760cp-4f);
    p = V_FMA(p, f, V_SET(-0x1.de02bcp-4f));
    p = V_FMA(p, f, V_SET(0x1.e6bf3ap-4f));
    p = V_FMA(p, f, V_SET(-0x1.fc2886p-4f));
    p = V_FMA(p, f, V_SET(0x1.233ba8p-3f));
    p = V_FMA(p, f, V_SET(-0x1.555c46p-3f));
    p = V_FMA(p, f, V_SET(0x1.99a476p-3f));
    p = V_FMA(p, f, V_SET(-0x1.000006p-2f));
    p = V_FMA(p, f, V_SET(0x1.555548p-2f));
    V f2 = V_MUL(f, f);
    V y = V_MUL(V_MUL(f2, f), p);
    y = V_FMA(n, V_SET(0x1.7f7d1cp-20f), y);
    y = V_FMA(f2, V_SET(-0.5f), y);
    y = V_FMA(n, V_SET(0x1.62e4p-1f), V_ADD(f, y));
    y = V_SELECT(V_LE(x, V_SET(FLT_MAX)), y, x);
    y = V_SELECT(V_EQ(x, V_SET(0.0f)), V_OF(I_SET((int32_t)0xff800000)), y);
    return V_SELECT(V_LT(x, V_SET(0.0f)), V_OF(I_SET(0x7fc00000)), y);
}

/* log(w) + c/w, w = 1+u rounded and c what rounding lost. */
INLINE(V) SET(v_log1p)(V u)
{
    const V one = V_SET(1.0f);
    V w = V_ADD(one, u);
    V c = V_SELECT(V_LE(one, u), V_SUB(one, V_SUB(w, u)), V_SUB(u, V_SUB(w, one)));
    V y = SET(v_log)(w);
    y = V_SELECT(V_EQ(w, V_SET(0.0f)), y, V_ADD(y, V_DIV(c, w)));
    return V_SELECT(V_LE(u, V_SET(FLT_MAX)), y, u);
}

INLINE(V) SET(v_abs)(V x)
{
    return V_OF(I_AND(I_OF(x), I_SET(0x7fffffff)));
}

INLINE(V) SET(v_copy_sign)(V magnitude, V sign)
{
    return V_OF(I_OR(I_OF(magnitude), I_AND(I_OF(sign), I_SET((int32_t)0x80000000))));
}

/* Below 0.625 a + a^3*p(a^2), fit 4.5e-9; above 1 - 2/(exp(2a) + 1). */
INLINE(V) SET(v_tanh)(V x)
{
    V a = SET(v_abs)(x);
    V s = V_MUL(a, a);
    V p = V_SET(-0x1.7537fcp-8f);
    p = V_FMA(p, s, V_SET(0x1.5200cap-6f));
    p = V_FMA(p, s, V_SET(-0x1.b8368ep-5f));
    p = V_FMA(p, s, V_SET(0x1.1106fap-3f));
    p = V_FMA(p, s, V_SET(-0x1.555532p-2f));
    V small = V_FMA(V_MUL(a, s), p, a);
    V e = SET(v_exp)(V_ADD(a, a));
    V large = V_SUB(V_SET(1.0f), V_DIV(V_SET(2.0f), V_ADD(e, V_SET(1.0f))));
    return SET(v_copy_sign)(V_SELECT(V_LT(a, V_SET(0.625f)), small, large), x);
}

/* Below 0.875 a + a*p(a^2), fit 8.7e-10; above 1 - exp(-g(a)), fit 8.7e-11; from 4 on it is 1. */
INLINE(V) SET(v_erf)(V x)
{
    V a = SET(v_abs)(x);
    a = V_SELECT(V_LT(V_SET(4.0f), a), V_SET(4.0f), a);
    V s = V_MUL(a, a);
    V p = V_SET(0x1.4a23c0p-14f);
    p = V_FMA(p, s, V_SET(-0x1.a4d7dcp-11f));
    p = V_FMA(p, s, V_SET(0x1.5431f8p-8f));
    p = V_FMA(p, s, V_SET(-0x1.b7ff94p-6f));
    p = V_FMA(p, s, V_SET(0x1.ce2d5cp-4f));
    p = V_FMA(p, s, V_SET(-0x1.812740p-2f));
    p = V_FMA(p, s, V_SET(0x1.06eba8p-3f));
    V small = V_FMA(p, a, a);
    V g = V_SET(0x1.571e58p-16f);
    g = V_FMA(g, a, V_SET(-0x1.bfd5dcp-12f));
    g = V_FMA(g, a, V_SET(0x1.0f093ep-8f));
    g = V_FMA(g, a, V_SET(-0x1.9a0bd8p-6f));
    g = V_FMA(g, a, V_SET(0x1.baf01ep-4f));
    g = V_FMA(g, a, V_SET(0x1.4456a0p-1f));
    g = V_FMA(g, a, V_SET(0x1.2123d8p+0f));
    g = V_FMA(g, a, V_SET(-0x1.53cb1cp-13f));
    V large = V_SUB(V_SET(1.0f), SET(v_exp)(V_SUB(V_SET(0.0f), g)));
    return SET(v_copy_sign)(V_SELECT(V_LT(a, V_SET(0.875f)), small, large), x);
}

/* From exp(-|x|), which cannot overflow. */
INLINE(V) SET(v_sigmoid)(V x)
{
    V e = SET(v_exp)(V_SUB(V_SET(0.0f), SET(v_abs)(x)));
    V top = V_SELECT(V_LT(x, V_SET(0.0f)), e, V_SET(1.0f));
    return V_DIV(top, V_ADD(V_SET(1.0f), e));
}
