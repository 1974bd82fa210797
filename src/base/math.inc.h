/* Template: float elementary functions over a vector of lanes, instantiated by base/math.c (one lane) and by every
 * set of kernels. No include guard. The including file has defined SET(name) (prefixes names), INLINE(type) (linkage
 * and target attributes), the types V (float lanes), I (32-bit integer lanes) and the V_, I_ operations
 * (base/vec_scalar.h lists them).
 *
 * Coefficients: weighted minimax fits (Lawson) over the stated intervals, each rounded to float in turn and the rest
 * refitted. NaN passes through comparisons that are false for it. */

/* x = n*ln2 + r, |r| <= ln2/2: n by adding 1.5*2^23, r in two steps (n times the high part of ln2 is exact).
 * Gives q of expm1(r) = r + r^2 * q(r); fit: relative to exp 3.1e-9. `magic` is 1.5*2^23 + bias: the sum's lowest bits,
 * moved to the exponent's place, are then the float 2^(n + bias - 127), for 0 < n + bias < 255. */
INLINE(V) SET(v_exp_reduced)(V x, V magic, V *n_out, V *power, V *r_out)
{
    V shifted = V_FMA(x, V_SET(0x1.715476p+0f), magic);
    V n = V_SUB(shifted, magic);
    *n_out = n;
    *power = V_OF(I_SHL(I_OF(shifted), 23));
    V r = V_FMA(n, V_SET(-0x1.62e4p-1f), x);
    r = V_FMA(n, V_SET(-0x1.7f7d1cp-20f), r);
    V q = V_SET(0x1.6a4f8cp-10f);
    q = V_FMA(q, r, V_SET(0x1.123988p-7f));
    q = V_FMA(q, r, V_SET(0x1.5558aep-5f));
    q = V_FMA(q, r, V_SET(0x1.555492p-3f));
    *r_out = r;
    return V_FMA(q, r, V_SET(0x1.fffffcp-2f));
}

/* exp of -131 <= x <= 43, by way of 2^64 times it: only the last product rounds where the result is subnormal. */
INLINE(V) SET(v_exp_near)(V x)
{
    V n, r, power;
    V q = SET(v_exp_reduced)(x, V_SET(0x1.8p23f + 127 + 64), &n, &power, &r);
    V p = V_FMA(V_FMA(q, r, V_SET(1.0f)), r, V_SET(1.0f));
    return V_MUL(V_MUL(p, power), V_SET(0x1p-64f));
}

/* The same bits as v_exp, for x <= 0. */
INLINE(V) SET(v_exp_falling)(V x)
{
    return SET(v_exp_near)(V_MAX(V_SET(-104.0f), x));
}

INLINE(V) SET(v_exp)(V x)
{
    V n, r, power;
    x = V_MAX(V_SET(-104.0f), V_MIN(V_SET(89.0f), x));
    M up = V_LT(V_SET(0.0f), x);
    V magic = V_SELECT(up, V_SET(0x1.8p23f + 127 - 64), V_SET(0x1.8p23f + 127 + 64));
    V q = SET(v_exp_reduced)(x, magic, &n, &power, &r);
    V p = V_FMA(V_FMA(q, r, V_SET(1.0f)), r, V_SET(1.0f));
    return V_MUL(V_MUL(p, power), V_SELECT(up, V_SET(0x1p64f), V_SET(0x1p-64f)));
}

/* 2^n * expm1(r) + (2^n - 1), halved so that 2^128 is not needed. */
INLINE(V) SET(v_expm1)(V x)
{
    V n, r, half;
    x = V_MAX(V_SET(-18.0f), V_MIN(V_SET(89.0f), x));
    V q = SET(v_exp_reduced)(x, V_SET(0x1.8p23f + 126), &n, &half, &r);
    V p = V_FMA(V_MUL(r, r), q, r);
    V y = V_FMA(half, p, V_SUB(half, V_SET(0.5f)));
    return V_SELECT(V_EQ(n, V_SET(0.0f)), p, V_ADD(y, y));
}

/* log(x) + more, `more` within x's last place: x = 2^e * m, m in [sqrt(1/2), sqrt(2)), f = m - 1:
 * log(1+f) = f - f^2/2 + f^3*p(f); fit 7.7e-10. */
INLINE(V) SET(v_log_sum)(V x, V more)
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
    V y = V_FMA(V_MUL(f2, f), p, more);
    y = V_FMA(n, V_SET(0x1.7f7d1cp-20f), y);
    y = V_FMA(f2, V_SET(-0.5f), y);
    y = V_FMA(n, V_SET(0x1.62e4p-1f), V_ADD(f, y));
    y = V_SELECT(V_LE(x, V_SET(FLT_MAX)), y, x);
    y = V_SELECT(V_EQ(x, V_SET(0.0f)), V_OF(I_SET((int32_t)0xff800000)), y);
    return V_SELECT(V_LT(x, V_SET(0.0f)), V_OF(I_SET(0x7fc00000)), y);
}

INLINE(V) SET(v_log)(V x) { return SET(v_log_sum)(x, V_SET(0.0f)); }

/* log(w) + c/w, w = 1+u rounded and c what rounding lost. */
INLINE(V) SET(v_log1p)(V u)
{
    const V one = V_SET(1.0f);
    V w = V_ADD(one, u);
    V c = V_SELECT(V_LE(one, u), V_SUB(one, V_SUB(w, u)), V_SUB(u, V_SUB(w, one)));
    V y = SET(v_log_sum)(w, V_DIV(c, w));
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
    V n, r, power, a = SET(v_abs)(x), s = V_MUL(a, a);
    V p = V_SET(-0x1.7537fcp-8f);
    p = V_FMA(p, s, V_SET(0x1.5200cap-6f));
    p = V_FMA(p, s, V_SET(-0x1.b8368ep-5f));
    p = V_FMA(p, s, V_SET(0x1.1106fap-3f));
    p = V_FMA(p, s, V_SET(-0x1.555532p-2f));
    V small = V_FMA(V_MUL(a, s), p, a), most = V_MIN(V_SET(10.0f), a);
    V q = SET(v_exp_reduced)(V_ADD(most, most), V_SET(0x1.8p23f + 127), &n, &power, &r);
    V e = V_FMA(V_FMA(q, r, V_SET(1.0f)), r, V_SET(1.0f));
    V large = V_SUB(V_SET(1.0f), V_DIV(V_SET(2.0f), V_FMA(power, e, V_SET(1.0f))));
    return SET(v_copy_sign)(V_SELECT(V_LT(a, V_SET(0.625f)), small, large), x);
}

/* 1/(1 + exp(|x|)). With exp = 2^n * (1 + r + r^2*q) and everything divided by 2^32, so that the sum stays
 * finite where t is subnormal, the sum is kept as d + rest and the quotient corrected by what both left over. */
INLINE(V) SET(v_sigmoid_tail)(V x)
{
    const V one = V_SET(1.0f), unit = V_SET(0x1p-32f);
    V n, r, power;
    V q = SET(v_exp_reduced)(V_MIN(V_SET(104.0f), SET(v_abs)(x)), V_SET(0x1.8p23f + 127 - 32), &n, &power, &r);
    V p = V_FMA(V_MUL(r, r), q, r);
    V d = V_FMA(power, p, V_ADD(power, unit));
    V rest = V_FMA(power, p, V_SUB(unit, V_SUB(d, power)));
    V t = V_DIV(V_SET(-1.0f), d), left = V_FMA(t, rest, V_FMA(t, d, one));
    return V_MUL(V_FMA(t, left, t), V_SET(-0x1p-32f));
}

INLINE(V) SET(v_sigmoid)(V x)
{
    V t = SET(v_sigmoid_tail)(x);
    return V_SELECT(V_LT(x, V_SET(0.0f)), t, V_SUB(V_SET(1.0f), t));
}

/* sigmoid(x), and sigmoid(-x) without what 1 - sigmoid(x) loses. */
INLINE(V) SET(v_sigmoid_both)(V x, V *other)
{
    V t = SET(v_sigmoid_tail)(x), u = V_SUB(V_SET(1.0f), t);
    M below = V_LT(x, V_SET(0.0f));
    *other = V_SELECT(below, u, t);
    return V_SELECT(below, t, u);
}

/* log(1 + exp(-a)), a >= 0: e + e^2*p(e), fit 5.3e-9. */
INLINE(V) SET(v_softplus_tail)(V a)
{
    V e = SET(v_exp_falling)(V_SUB(V_SET(0.0f), a));
    V p = V_SET(-0x1.af579ep-9f);
    p = V_FMA(p, e, V_SET(0x1.491e78p-6f));
    p = V_FMA(p, e, V_SET(-0x1.d6b5b8p-5f));
    p = V_FMA(p, e, V_SET(0x1.b4b016p-4f));
    p = V_FMA(p, e, V_SET(-0x1.3a43cep-3f));
    p = V_FMA(p, e, V_SET(0x1.934b6cp-3f));
    p = V_FMA(p, e, V_SET(-0x1.ff23e8p-3f));
    p = V_FMA(p, e, V_SET(0x1.554dd0p-2f));
    p = V_FMA(p, e, V_SET(-0x1.ffffd2p-2f));
    return V_FMA(V_MUL(e, e), p, e);
}

/* b = max(-|x|, -14.5) and the normal distribution's P(b) = erfc(-b/sqrt 2)/2 as exp of a polynomial. Fit: error of P
 * 3e-8 of the larger of P and 0.05; where P < 1e-9 it is right to a factor of e. */
INLINE(V) SET(v_normal_tail)(V x, V *b_out)
{
    V b = V_MAX(V_SET(-14.5f), V_OF(I_OR(I_OF(x), I_SET((int32_t)0x80000000))));
    V g = V_SET(-0x1.fd9b7ep-28f);
    g = V_FMA(g, b, V_SET(-0x1.4fd8c8p-22f));
    g = V_FMA(g, b, V_SET(-0x1.56f938p-18f));
    g = V_FMA(g, b, V_SET(-0x1.5ad27ap-15f));
    g = V_FMA(g, b, V_SET(-0x1.52bf6cp-13f));
    g = V_FMA(g, b, V_SET(0x1.cfd932p-15f));
    g = V_FMA(g, b, V_SET(0x1.3f5896p-8f));
    g = V_FMA(g, b, V_SET(0x1.2a0e1ep-5f));
    g = V_FMA(g, b, V_SET(-0x1.45efd6p-2f));
    g = V_FMA(g, b, V_SET(0x1.988476p-1f));
    g = V_FMA(g, b, V_SET(-0x1.62e430p-1f));
    *b_out = b;
    return SET(v_exp_near)(g);
}

/* x*P(x), as max(x, 0) - |x|*P(-|x|). */
INLINE(V) SET(v_gelu)(V x)
{
    V b, tail = SET(v_normal_tail)(x, &b);
    return V_FMA(b, tail, V_SELECT(V_LE(x, V_SET(0.0f)), V_SET(0.0f), x));
}

/* P(x) + x*P'(x); for -|x| it is P(b)*h(b), fit of h 2.5e-8 of 1/P; the sum of both sides is 1. */
INLINE(V) SET(v_gelu_slope)(V x)
{
    V b, tail = SET(v_normal_tail)(x, &b);
    V h = V_SET(-0x1.22c9f4p-24f);
    h = V_FMA(h, b, V_SET(-0x1.5ff312p-19f));
    h = V_FMA(h, b, V_SET(-0x1.4524cep-15f));
    h = V_FMA(h, b, V_SET(-0x1.234664p-12f));
    h = V_FMA(h, b, V_SET(-0x1.e963b2p-11f));
    h = V_FMA(h, b, V_SET(0x1.661eb0p-12f));
    h = V_FMA(h, b, V_SET(0x1.408142p-6f));
    h = V_FMA(h, b, V_SET(0x1.bf433cp-4f));
    h = V_FMA(h, b, V_SET(-0x1.45ee0cp-1f));
    h = V_FMA(h, b, V_SET(0x1.9884a8p-1f));
    h = V_MUL(V_FMA(h, b, V_SET(1.0f)), tail);
    return V_SELECT(V_LT(x, V_SET(0.0f)), h, V_SUB(V_SET(1.0f), h));
}
