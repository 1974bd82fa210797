/* Template: what works row by row: softmax and cross-entropy, layer norm, batch norm, dropout. */

/* The logarithm of one number by this set's own sequence. */
INLINE(float) SET(log_one)(float x)
{
    float t[VN];
    V_STORE(t, SET(v_log)(V_SET(x)));
    return t[0];
}

FN(void) SET(row_moments)(float *mean, float *variance, const float *x, size_t rows, size_t columns)
{
    const float n = (float)columns;
    for (size_t row = 0; row < rows; row++, x += columns) {
        float m = SET(reduce)(SET(SUM), x, NULL, NULL, 0.0f, 0.0f, columns, 1) / n;
        mean[row] = m;
        variance[row] = SET(reduce)(SET(DEVIATIONS), x, NULL, NULL, m, 0.0f, columns, 1) / n;
    }
}

FN(void) SET(softmax)(float *y, const float *x, size_t rows, size_t columns)
{
    SHORT_ROWS(rows, columns, SET(short_softmax)(y, x, rows, columns))
    for (size_t row = 0; row < rows; row++, x += columns, y += columns) {
        const V m = V_SET(SET(max)(x, columns));
        EACH_VECTOR(columns, STORE(y + i, SET(v_exp_falling)(V_SUB(LOAD(x + i), m))););
        const V s = V_SET(SET(reduce)(SET(SUM), y, NULL, NULL, 0.0f, 0.0f, columns, 1));
        EACH_VECTOR(columns, STORE(y + i, V_DIV(LOAD(y + i), s)););
    }
}

/* The maximum, the sum of exp(x - maximum), and its logarithm. */
INLINE(float) SET(log_sum)(float *max, float *sum, const float *x, size_t columns)
{
    *max = SET(max)(x, columns);
    *sum = SET(reduce)(SET(EXPONENTIALS), x, NULL, NULL, *max, 0.0f, columns, 1);
    return SET(log_one)(*sum);
}

FN(void) SET(log_softmax)(float *y, const float *x, size_t rows, size_t columns)
{
    SHORT_ROWS(rows, columns, SET(short_log_softmax)(y, x, rows, columns))
    for (size_t row = 0; row < rows; row++, x += columns, y += columns) {
        float max, sum, log = SET(log_sum)(&max, &sum, x, columns);
        EACH_VECTOR(columns, STORE(y + i, V_SUB(V_SUB(LOAD(x + i), V_SET(max)), V_SET(log))););
    }
}

FN(void) SET(logsumexp)(float *out, const float *x, size_t rows, size_t columns)
{
    SHORT_ROWS(rows, columns, SET(short_logsumexp)(out, x, rows, columns))
    for (size_t row = 0; row < rows; row++, x += columns) {
        float max, sum, log = SET(log_sum)(&max, &sum, x, columns);
        out[row] = max < -FLT_MAX ? SET(sum)(x, columns, 1) : max + log;   /* -infinity, or NaN if one is there */
    }
}

FN(void) SET(softmax_backward)(float *dx, const float *dy, const float *y, size_t rows, size_t columns)
{
    for (size_t row = 0; row < rows; row++, dx += columns, dy += columns, y += columns) {
        const V d = V_SET(SET(reduce)(SET(DOT), y, dy, NULL, 0.0f, 0.0f, columns, 1));
        EACH_VECTOR(columns, STORE(dx + i, V_MUL(LOAD(y + i), V_SUB(LOAD(dy + i), d))););
    }
}

FN(void) SET(log_softmax_backward)(float *dx, const float *dy, const float *y, size_t rows, size_t columns)
{
    for (size_t row = 0; row < rows; row++, dx += columns, dy += columns, y += columns) {
        const V s = V_SET(-SET(reduce)(SET(SUM), dy, NULL, NULL, 0.0f, 0.0f, columns, 1));
        EACH_VECTOR(columns, STORE(dx + i, V_FMA(SET(v_exp)(LOAD(y + i)), s, LOAD(dy + i))););
    }
}

/* factor * (softmax(x)*all - share*weights, and `own` less at the class). */
INLINE(void) SET(cross_entropy_gradient)(const tl__cross_entropy *call, float *y, const float *x, float max,
                                         float sum, size_t class, float all, float own, float share, float factor)
{
    const size_t columns = call->columns;
    const V m = V_SET(max), s = V_SET(sum);
    const float *weights = call->class_weights;
    EACH_VECTOR(columns, STORE(y + i, V_MUL(V_DIV(SET(v_exp_falling)(V_SUB(LOAD(x + i), m)), s), V_SET(all))););
    if (share != 0.0f)
        EACH_VECTOR(columns, V w = weights == NULL ? ONE : LOAD(weights + i);
                    STORE(y + i, V_SUB(LOAD(y + i), V_MUL(V_SET(share), w))););
    y[class] = y[class] - own;
    SET(scale)(y, y, factor, columns);
}

FN(void) SET(cross_entropy)(const tl__cross_entropy *call)
{
    const size_t columns = call->columns;
    const float *weights = call->class_weights, *x = call->x;
    float share = call->smoothing / (float)columns, total = (float)columns;
    if (weights != NULL) total = SET(reduce)(SET(SUM), weights, NULL, NULL, 0.0f, 0.0f, columns, 1);
    SHORT_ROWS(call->rows, columns, SET(short_cross_entropy)(call, share, total))
    for (size_t row = 0; row < call->rows; row++, x += columns) {
        float *gradient = call->gradient == NULL ? NULL : call->gradient + row * columns;
        if (call->classes[row] < 0) {
            call->loss[row] = 0.0f;
            if (gradient != NULL) SET(fill)(gradient, 0.0f, columns);
            continue;
        }
        const size_t class = (size_t)call->classes[row];
        float max, sum, log = SET(log_sum)(&max, &sum, x, columns);
        float own = (1.0f - call->smoothing) * (weights == NULL ? 1.0f : weights[class]);
        float loss = own * (log - (x[class] - max)), all = own;
        if (share != 0.0f) {
            loss = loss + share * SET(reduce)(SET(LIKELIHOOD), x, weights, NULL, max, log, columns, 1);
            all = own + share * total;
        }
        const float weight = call->row_weights == NULL ? 1.0f : call->row_weights[row];
        call->loss[row] = weight * loss;
        if (gradient != NULL)
            SET(cross_entropy_gradient)(call, gradient, x, max, sum, class, all, own, share,
                                        call->gradient_scale * weight);
    }
}

/* fma(xhat, gamma, beta), each part where it is. */
INLINE(V) SET(affine)(V hat, const float *gamma, const float *beta, size_t i, size_t count)
{
    if (gamma != NULL && beta != NULL) return V_FMA(hat, LOAD(gamma + i), LOAD(beta + i));
    if (gamma != NULL) return V_MUL(hat, LOAD(gamma + i));
    return beta != NULL ? V_ADD(hat, LOAD(beta + i)) : hat;
}

FN(void) SET(layer_norm)(float *y, float *mean, float *inverse, const float *x, const float *gamma, const float *beta,
                         float eps, size_t rows, size_t columns)
{
    for (size_t row = 0; row < rows; row++, x += columns, y += columns) {
        float m, v;
        SET(row_moments)(&m, &v, x, 1, columns);
        v = 1.0f / tl__sqrt(v + eps);
        if (mean != NULL) mean[row] = m;
        if (inverse != NULL) inverse[row] = v;
        EACH_VECTOR(columns, V hat = V_MUL(V_SUB(LOAD(x + i), V_SET(m)), V_SET(v));
                    STORE(y + i, SET(affine)(hat, gamma, beta, i, count)););
    }
}

FN(void) SET(layer_norm_backward)(float *dx, const float *dy, const float *x, const float *mean, const float *inverse,
                                  const float *gamma, size_t rows, size_t columns)
{
    const float n = (float)columns;
    for (size_t row = 0; row < rows; row++, x += columns, dy += columns, dx += columns) {
        const float m = mean[row], v = inverse[row];
        const V a = V_SET(SET(reduce)(SET(GAIN), dy, gamma, NULL, 0.0f, 0.0f, columns, 1) / n);
        const V b = V_SET(SET(reduce)(SET(GAIN_DOT), dy, gamma, x, m, v, columns, 1) / n);
        EACH_VECTOR(columns, V g = gamma == NULL ? LOAD(dy + i) : V_MUL(LOAD(dy + i), LOAD(gamma + i));
                    V hat = V_MUL(V_SUB(LOAD(x + i), V_SET(m)), V_SET(v));
                    STORE(dx + i, V_MUL(V_SET(v), V_SUB(V_FMA(V_SUB(ZERO, hat), b, g), a))););
    }
}

FN(void) SET(batch_norm)(float *y, const float *x, const float *mean, const float *inverse, const float *gamma,
                         const float *beta, size_t rows, size_t columns)
{
    for (size_t row = 0; row < rows; row++, x += columns, y += columns)
        EACH_VECTOR(columns, V hat = V_MUL(V_SUB(LOAD(x + i), LOAD(mean + i)), LOAD(inverse + i));
                    STORE(y + i, SET(affine)(hat, gamma, beta, i, count)););
}

FN(void) SET(batch_norm_backward)(float *dx, const float *dy, const float *x, const float *mean, const float *inverse,
                                  const float *gamma, const float *dgamma, const float *dbeta, float per_row,
                                  size_t rows, size_t columns)
{
    for (size_t row = 0; row < rows; row++, x += columns, dy += columns, dx += columns)
        EACH_VECTOR(columns, V g = LOAD(inverse + i), v = LOAD(dy + i);
                    if (gamma != NULL) g = V_MUL(LOAD(gamma + i), g);
                    if (dgamma != NULL) {
                        V hat = V_MUL(V_SUB(LOAD(x + i), LOAD(mean + i)), LOAD(inverse + i));
                        V a = V_MUL(LOAD(dbeta + i), V_SET(per_row));
                        V b = V_MUL(LOAD(dgamma + i), V_SET(per_row));
                        v = V_SUB(V_FMA(V_SUB(ZERO, hat), b, v), a);
                    }
                    STORE(dx + i, V_MUL(g, v)););
}
